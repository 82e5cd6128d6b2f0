#!/usr/bin/env bash
# Measures all figures of docs/benchmarks.md and prints them as one table, with the command for
# each. Needs an idle machine for about three quarters of an hour; --short is a form of some minutes
# for CI, whose figures only show that everything runs.
set -euo pipefail
cd "$(dirname "$0")/.."

short=''
case "${1:-}" in
  '') ;;
  --short) short=1 ;;
  *) echo "usage: scripts/bench.sh [--short]" >&2; exit 2 ;;
esac

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
bench="$work/bench"
go build -o "$bench" ./services/bench
[ -x bin/iolaus ] || make build

echo "$(date -u +%Y-%m-%dT%H:%MZ), $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(go version | cut -d' ' -f3), load $(cut -d' ' -f1 /proc/loadavg)"
echo
echo '| figure | measured | at least |'
echo '|---|---|---|'

# measure ARGUMENT...: one measurement; its command stands above its rows.
measure() {
  echo "| \`go run ./services/bench $*\` | | |"
  "$bench" "$@" 2>"$work/stderr" || { cat "$work/stderr" >&2; echo "| failed | | |"; failed=1; }
}

failed=''
if [ -n "$short" ]; then
  measure throughput --format protobuf --rate 10000 --for 5s --warm 1s --accounts 2000
  measure throughput --format json --rate 10000 --for 5s --warm 1s --accounts 2000
  measure naive --events 20000
  measure latency --for 10s --rate 1000 --scale 0.02
  measure replay --scale 1:200 --seeds 1
  measure redis-bytes --scale 1:200
  measure growth --accounts 2000
else
  measure throughput --format protobuf
  measure throughput --format protobuf --find --for 30s
  measure throughput --format json
  measure throughput --format json --find --for 30s
  measure naive
  measure latency
  measure replay
  measure redis-bytes
  measure growth
  measure first-suspension
fi
[ -z "$failed" ]
