#!/usr/bin/env bash
# Fetches Apache Kafka for the tests that run on the real broker, into .tools/kafka (or $IOLAUS_TOOLS/kafka):
#   libs/*.jar          Kafka and what it needs, through Maven
#   log4j2.properties   its log goes to standard output, warnings and worse
#   kafka.jsa           a class archive, which makes each start about twice as fast (left out with --no-archive)
# Needs Java 17 or newer and Maven. Running it again is quick and changes nothing.
set -euo pipefail

readonly KAFKA_VERSION='4.4.0'
readonly SCALA_VERSION='2.13'
readonly LOG4J_VERSION='2.25.5'
readonly KAFKA_CLUSTER_ID='aW9sYXVzLXNldHVwLWNscw'

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
home="${IOLAUS_TOOLS:-$root/.tools}/kafka"
archive=yes
work=''
broker=''

say() { printf 'setup-real: %s\n' "$*"; }
die() {
  printf 'setup-real: %s\n' "$*" >&2
  exit 1
}

cleanup() {
  if [ -n "$broker" ]; then kill -9 "$broker" 2>/dev/null || true; fi
  if [ -n "$work" ]; then rm -rf "$work"; fi
}
trap cleanup EXIT

write_pom() {
  cat >"$work/pom.xml" <<POM
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>io.iolaus</groupId>
  <artifactId>real-kafka</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_$SCALA_VERSION</artifactId>
      <version>$KAFKA_VERSION</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId>
      <version>$LOG4J_VERSION</version>
    </dependency>
  </dependencies>
</project>
POM
}

write_log_config() {
  cat >"$home/log4j2.properties" <<'LOG'
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %c{1} %m%n
LOG
}

fetch_jars() {
  local stamp="$home/libs/.version"
  if [ "$(cat "$stamp" 2>/dev/null)" = "$KAFKA_VERSION $LOG4J_VERSION" ]; then
    say "Apache Kafka $KAFKA_VERSION: present"
    return 0
  fi
  say "Apache Kafka $KAFKA_VERSION: fetching through Maven (43 MB)"
  rm -rf "$home/libs" "$home/kafka.jsa"
  mkdir -p "$home/libs"
  write_pom
  (cd "$work" && mvn -q -B dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$home/libs") ||
    die 'Maven could not fetch Kafka'
  [ -f "$home/libs/kafka_$SCALA_VERSION-$KAFKA_VERSION.jar" ] || die 'Maven ended well but Kafka is not there'
  printf '%s' "$KAFKA_VERSION $LOG4J_VERSION" >"$stamp"
  say "Apache Kafka $KAFKA_VERSION: $(find "$home/libs" -name '*.jar' | wc -l) jars installed"
}

# make_archive records the classes of one start and orderly stop. The archive fits only the same
# flags, jars and folder that pkg/testbackend starts the broker with; elsewhere Java ignores it.
make_archive() {
  if [ -f "$home/kafka.jsa" ]; then
    say 'class archive: present'
    return 0
  fi
  say 'class archive: recording one start of the broker'
  local port=$((20000 + RANDOM % 8000)) flags=(-Xmx256m -Xms64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1
    "-Dlog4j2.configurationFile=$home/log4j2.properties" -cp "$home/libs/*")
  cat >"$work/server.properties" <<PROPS
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.quorum.bootstrap.servers=127.0.0.1:$((port + 1))
log.dirs=$work/log
offsets.topic.replication.factor=1
PROPS
  java "${flags[@]}" kafka.tools.StorageTool format --standalone -t "$KAFKA_CLUSTER_ID" -c "$work/server.properties" >/dev/null
  java -XX:ArchiveClassesAtExit="$home/kafka.jsa.new" "${flags[@]}" kafka.Kafka "$work/server.properties" >"$work/out" 2>&1 &
  broker=$!
  local tries=0
  until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ] || ! kill -0 "$broker" 2>/dev/null; then
      say 'class archive: the broker did not start, going without it'
      return 0
    fi
    sleep 0.1
  done
  sleep 1
  kill -TERM "$broker"
  wait "$broker" || true
  broker=''
  if [ -f "$home/kafka.jsa.new" ]; then
    mv "$home/kafka.jsa.new" "$home/kafka.jsa"
    say 'class archive: made'
  else
    say 'class archive: Java made none, going without it'
  fi
}

main() {
  if [ "${1:-}" = '--no-archive' ]; then archive=no; fi
  command -v java >/dev/null || die 'Java 17 or newer is needed (Debian: openjdk-17-jre-headless)'
  mkdir -p "$home"
  work="$(mktemp -d "$home/work.XXXXXX")"
  if [ ! -f "$home/libs/.version" ]; then
    command -v mvn >/dev/null || die 'Maven is needed to fetch Kafka (Debian: maven)'
  fi
  fetch_jars
  write_log_config
  if [ "$archive" = yes ]; then make_archive; fi
  say 'done'
}

main "$@"
