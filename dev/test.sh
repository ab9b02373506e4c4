#!/usr/bin/env bash
# Everything that CI runs, cheapest first. Nothing is skipped: a missing part is a failure with a message.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

missing=()
for program in ffmpeg espeak-ng node npm chromium; do
    command -v "$program" >/dev/null || missing+=("${program/#node/nodejs}")
done
if ((${#missing[@]})); then # only these: Node.js from elsewhere brings its own npm, and Debian's npm would not go with it
    step "Debian packages: ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
step "style and arrows";        make --no-print-directory lint
step "types, generated files, unit tests, documentation, validators, rules"
make --no-print-directory --jobs=2 --keep-going --output-sync=target unit types verify docs validators rules
step "cluster and images";      make --no-print-directory up
step "ArgoCD and Helm";         make --no-print-directory argocd
step "integration tests";       make --no-print-directory integration
step "the demo";                make --no-print-directory demo
step "the page";                make --no-print-directory page
step "end-to-end tests";        make --no-print-directory e2e
step "all done"
