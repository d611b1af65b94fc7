#!/usr/bin/env bash
# Makes build/procfile.wasm; `build.sh fetch` only installs the tools. Needs Python 3.10 or newer with venv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

mkdir -p build
[[ -d build/venv ]] || python3 -m venv build/venv
build/venv/bin/pip install --quiet --disable-pip-version-check --requirement requirements.txt
[[ "${1:-}" != fetch ]] || exit 0

# --stub-wasi: a plugin has no clock, no randomness and no files, so what the interpreter would ask for is a trap.
rm -f build/procfile.wasm
build/venv/bin/componentize-py --quiet -d ../../wit/host -d ../../wit/import-analyzer \
  -w kubeorch:import-analyzer/plugin@0.1.0 componentize procfile --stub-wasi --output build/procfile.wasm
