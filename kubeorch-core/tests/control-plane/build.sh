#!/usr/bin/env bash
# Builds the control plane and prints where it is. Cold this takes minutes, from Go's build cache seconds.
# Go 1.26: what 1.27 builds has no working OpenAPI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export GOTOOLCHAIN=local
version=$(awk '$1 == "k8s.io/kubernetes" { print $2 }' go.mod)
minor=${version#v1.}
stamp=k8s.io/component-base/version
target=$(cd ../../.. && mkdir -p "${CARGO_TARGET_DIR:-target}" && cd "${CARGO_TARGET_DIR:-target}" && pwd)

# The same flags always, or Go builds everything again.
go build -mod=readonly -trimpath -o "$target/control-plane" \
  -ldflags "-s -w -X $stamp.gitVersion=$version -X $stamp.gitMajor=1 -X $stamp.gitMinor=${minor%%.*}" .
echo "$target/control-plane"
