#!/usr/bin/env bash
# Builds a release once more, from a copy of the commit in another folder and with
# empty caches of Go and zig, and compares every archive byte for byte:
#
#     server/release/twice.sh bin/release ZIG VERSION [OS/ARCH]...
set -euo pipefail
cd "$(dirname "$0")/../.."
release=$(realpath "$1") zig=$(realpath "$2") version=$3
shift 3
[ -z "$(git status --porcelain)" ] || { echo "commit first: the copy is of the commit" >&2; exit 1; }
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
git archive --prefix=elsewhere/ HEAD | tar x -C "$work"
cp -r server/ort/embedded "$work/elsewhere/server/ort/" # what is pinned by its checksum need not be fetched again
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH GOCACHE=$work/go ZIG_GLOBAL_CACHE_DIR=$work/zig ZIG_LOCAL_CACHE_DIR=$work/zig
cd "$work/elsewhere"
go run ./frontend/build >&2
go run ./server/release --zig "$zig" --version "$version" --out "$work/out" "$@"
for archive in "$work"/out/semirest-*; do
	cmp "$archive" "$release/$(basename "$archive")"
	echo "$(basename "$archive"): equal bytes" >&2
done
