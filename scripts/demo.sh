#!/usr/bin/env bash
# Runs the main job on embedded backends: the campaigns of the 2026 reports in a stream of
# honest traffic. On a terminal it goes on until Ctrl-C, with the page to look at; elsewhere
# it ends by itself with a summary.
set -euo pipefail
cd "$(dirname "$0")/.."
data=demo-data
rm -rf "$data"
args=(up --data "$data" --scenario press --scale "${SCALE:-1:20}" --seed "${SEED:-1}")
if [ -t 1 ]; then
  exec bin/iolaus "${args[@]}" "$@"
fi
exec bin/iolaus "${args[@]}" --until-done --out "$data/out" --no-browser "$@"
