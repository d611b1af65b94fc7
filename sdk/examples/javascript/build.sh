#!/usr/bin/env bash
# Makes build/json.wasm; `build.sh fetch` only installs the tools. Needs Node 20 and npm.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

npm ci --no-audit --no-fund --loglevel=error
[[ "${1:-}" != fetch ]] || exit 0

# The encoder wants one folder: the world's package, and below `deps` those that it names.
rm -rf build
mkdir -p build/wit/deps/host
cp ../../wit/step/*.wit build/wit/
cp ../../wit/host/*.wit build/wit/deps/host/
node build.js
