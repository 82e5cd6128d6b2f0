#!/usr/bin/env bash
# Installs the pinned checkers into .tools/bin, where they are missing or of another version.
#   scripts/tools.sh golangci-lint govulncheck
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly bin="$root/.tools/bin"

# install NAME PACKAGE VERSION: the version is read from the program itself.
install() {
  local name="$1" package="$2" version="$3"
  if [ -x "$bin/$name" ] && go version -m "$bin/$name" | grep -q "^[[:space:]]*mod[[:space:]].*[[:space:]]$version[[:space:]]"; then
    return 0
  fi
  echo "installing $name $version" >&2
  mkdir -p "$bin"
  GOBIN="$bin" GOWORK=off GOFLAGS= go install "$package@$version"
}

for tool in "$@"; do
  case "$tool" in
  golangci-lint) install golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint v2.15.0 ;;
  govulncheck) install govulncheck golang.org/x/vuln/cmd/govulncheck v1.9.0 ;;
  *)
    echo "scripts/tools.sh: unknown tool $tool" >&2
    exit 2
    ;;
  esac
done
