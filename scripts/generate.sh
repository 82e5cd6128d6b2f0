#!/bin/sh
# Generates schemas/gen from schemas/proto with pinned generators (in .tools/bin,
# installed when missing).
#
#   scripts/generate.sh            generate
#   scripts/generate.sh --check    fail when the committed code is not what the
#                                  protos give, when `buf lint` complains, or when the
#                                  protos break the wire format that was committed
set -eu

BUF_VERSION=1.75.0
PROTOC_GEN_GO_VERSION=1.36.12
VTPROTO_VERSION=0.6.0
CONNECT_VERSION=1.21.1

root=$(cd "$(dirname "$0")/.." && pwd)
bin="$root/.tools/bin"
mkdir -p "$bin"
PATH="$bin:$PATH"
export PATH

# install MODULE-PATH VERSION NAME: the stamp beside the binary names its version.
install_tool() {
	stamp="$bin/.$3.version"
	if [ -x "$bin/$3" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$2" ]; then
		return
	fi
	echo "installing $3 $2" >&2
	GOBIN="$bin" GOWORK=off go install "$1@v$2"
	echo "$2" >"$stamp"
}

install_tools() {
	install_tool github.com/bufbuild/buf/cmd/buf "$BUF_VERSION" buf
	install_tool google.golang.org/protobuf/cmd/protoc-gen-go "$PROTOC_GEN_GO_VERSION" protoc-gen-go
	install_tool github.com/planetscale/vtprotobuf/cmd/protoc-gen-go-vtproto "$VTPROTO_VERSION" protoc-gen-go-vtproto
	install_tool connectrpc.com/connect/cmd/protoc-gen-connect-go "$CONNECT_VERSION" protoc-gen-connect-go
}

# generate DIR: writes DIR/gen.
generate() {
	(cd "$root/schemas" && buf generate --output "$1")
}

check_current() {
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	generate "$tmp"
	if ! diff -r "$tmp/gen" "$root/schemas/gen" >&2; then
		echo "schemas/gen is not current: run scripts/generate.sh and commit the result" >&2
		exit 1
	fi
}

# What is committed is what consumers may be running: no change may break it. A change
# that is not committed yet is held against the last commit; with nothing changed, as in
# CI, the last commit is held against the one before it.
check_breaking() {
	base=HEAD
	if git -C "$root" diff --quiet HEAD -- schemas/proto 2>/dev/null; then
		base=HEAD^
	fi
	if ! git -C "$root" rev-parse --verify --quiet "$base:schemas/proto" >/dev/null; then
		echo "no protos in an earlier commit: nothing to compare with" >&2
		return
	fi
	mkdir -p "$tmp/last"
	git -C "$root" archive "$base" schemas/proto schemas/buf.yaml | tar -x -C "$tmp/last"
	(cd "$root/schemas" && buf breaking --against "$tmp/last/schemas")
}

case "${1:-}" in
"")
	install_tools
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	generate "$tmp"
	rm -rf "$root/schemas/gen"
	cp -R "$tmp/gen" "$root/schemas/gen"
	;;
--check)
	install_tools
	(cd "$root/schemas" && buf lint)
	check_current
	check_breaking
	;;
*)
	echo "usage: scripts/generate.sh [--check]" >&2
	exit 2
	;;
esac
