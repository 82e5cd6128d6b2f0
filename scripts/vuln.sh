#!/usr/bin/env bash
# Looks for known vulnerabilities that this code reaches, with govulncheck.
#   - one that is reached in a dependency fails: there is a version to move to, or a call to drop
#   - one in Go's own library is printed and does not fail: the build machine's Go decides, and
#     a newer Go, not a commit here, mends it
#   - where the database cannot be reached it says so and goes on: an offline build is no failure
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/tools.sh govulncheck
out="$(mktemp)"
trap 'rm -f "$out"' EXIT

# Findings with a trace to a function are those that are called. OSV ids repeat, one per call.
called() {
  awk '/^Vulnerability #/ { id = $NF } /^ *(Standard library|Module: )/ { print id, ($1 == "Module:" ? $2 : "stdlib") }' "$out" | sort -u
}

check() {
  local module="$1" status=0
  (cd "$module" && ../.tools/bin/govulncheck ./...) >"$out" 2>&1 || status=$?
  case "$status" in
  0)
    echo "govulncheck: $module: nothing known is reached"
    ;;
  3)
    cat "$out"
    if called | grep -qv ' stdlib$'; then
      echo "govulncheck: $module reaches a dependency with a known vulnerability" >&2
      return 1
    fi
    echo "govulncheck: $module: only in Go itself; build with a newer Go"
    ;;
  *)
    if grep -qE 'vuln\.go\.dev|dial tcp|no such host|fetching vulnerabilities|proxyconnect' "$out"; then
      echo "govulncheck: $module: NOT CHECKED, the vulnerability database cannot be reached: $(tail -n 1 "$out")"
      return 0
    fi
    cat "$out" >&2
    return 1
    ;;
  esac
}

failed=0
for module in schemas pkg services; do
  check "$module" || failed=1
done
exit "$failed"
