#!/usr/bin/env bash
# gofmt, go vet and golangci-lint over the three modules. Changes nothing.
#   scripts/lint.sh [gofmt|vet|golangci]    one of them, or all
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly modules=(schemas pkg services)

check_gofmt() {
  local unformatted
  unformatted="$(gofmt -l "${modules[@]}" | grep -v '\.pb\.go$' || true)"
  if [ -n "$unformatted" ]; then
    printf 'gofmt would change:\n%s\n' "$unformatted" >&2
    return 1
  fi
}

check_vet() {
  go vet ./schemas/... ./pkg/... ./services/...
}

# golangci-lint wants one module at a time.
check_golangci() {
  scripts/tools.sh golangci-lint
  local module failed=0
  for module in "${modules[@]}"; do
    echo "golangci-lint: $module"
    (cd "$module" && ../.tools/bin/golangci-lint run --allow-parallel-runners --config ../.golangci.yml ./...) || failed=1
  done
  return "$failed"
}

case "${1:-all}" in
gofmt) check_gofmt ;;
vet) check_vet ;;
golangci) check_golangci ;;
all)
  check_gofmt
  check_vet
  check_golangci
  ;;
*)
  echo 'usage: scripts/lint.sh [gofmt|vet|golangci]' >&2
  exit 2
  ;;
esac
