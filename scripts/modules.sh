#!/usr/bin/env bash
# What the workspace hides: each module has to stand on its own go.mod.
#   scripts/modules.sh isolated   build and vet each module with GOWORK=off
#   scripts/modules.sh tidy       fail where go mod tidy would change something
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export GOWORK=off

case "${1:-}" in
isolated)
  for module in schemas pkg services; do
    echo "GOWORK=off: $module"
    (cd "$module" && go build ./... && go vet ./...)
  done
  ;;
tidy)
  for module in schemas pkg services; do
    (cd "$module" && go mod tidy -diff)
  done
  ;;
*)
  echo 'usage: scripts/modules.sh isolated|tidy' >&2
  exit 2
  ;;
esac
