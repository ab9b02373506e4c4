#!/usr/bin/env bash
# What the service's page has from others, into static/vendor, which git ignores and the image and the wheel carry. Done once for a lock.
# Needs npm. Without it the page works, and plays sound on a plain bar instead of a waveform.
set -euo pipefail
cd "$(dirname "$0")/../runner/transcription_runner/serve/page"
vendor=static/vendor
[ ! -e "$vendor/LICENSE" ] || [ package-lock.json -nt "$vendor/LICENSE" ] || exit 0
command -v npm >/dev/null || { echo "npm is missing: the service's page will have no waveform" >&2; exit 1; }
fetched=$(mktemp -d)
trap 'rm -rf "$fetched"' EXIT
cp package.json package-lock.json "$fetched"
(cd "$fetched" && npm ci --no-audit --no-fund --ignore-scripts --silent)
mkdir -p "$vendor"
cp "$fetched/node_modules/wavesurfer.js/dist/wavesurfer.esm.js" "$vendor/"
cp "$fetched/node_modules/wavesurfer.js/LICENSE" "$vendor/"
touch "$vendor/LICENSE"
