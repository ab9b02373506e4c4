#!/usr/bin/env bash
# The Python environment for working on the code: .venv, from the hashed locks.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v uv >/dev/null || python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore uv
[ -x .venv/bin/python ] || uv venv --quiet --python 3.11 .venv
for lock in runner operator dev; do
    uv pip install --quiet --compile-bytecode --python .venv/bin/python --require-hashes -r "requirements/$lock.txt"
done
uv pip install --quiet --python .venv/bin/python --no-deps --editable .
touch .venv/.installed
