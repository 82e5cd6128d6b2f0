#!/usr/bin/env bash
# Runs on Apache Kafka and on a Redis Cluster what the other tests run on the embedded
# backends. scripts/setup-real.sh comes first. IOLAUS_LONG=1 gives the long form.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
go="${GO:-go}"

echo '== Apache Kafka: the broker itself, stages, sink, exact windows'
IOLAUS_TEST_KAFKA=real "$go" test -tags realkafka -count=1 -p 1 -timeout 45m \
  ./pkg/testbackend/... ./pkg/kafka/... ./pkg/stage/... ./services/sink/... ./services/exact/...

echo '== Redis Cluster of three masters: exact windows'
IOLAUS_TEST_REDIS=cluster "$go" test -count=1 -timeout 45m -run '^Test(Undisturbed|Disturbed)$' ./services/exact/...
