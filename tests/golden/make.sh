#!/bin/bash
# SPDX-License-Identifier: MIT
# How the golden recordings were made: once for each version of the format, never again. They
# have to stay readable as they are (golden.sh).
#
#   tests/golden/make.sh NAME      adds NAME-exit and NAME-killed, .vmt.gz and .json; BUILD: the build folder
set -eu
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=$(cd "${BUILD:-$ROOT/build}" && pwd)
HERE=$ROOT/tests/golden
PLACE=/tmp/vmatrace-golden	# recorded: the same for everybody
NAME=${1:?usage: make.sh NAME}

rm -rf "$PLACE"
mkdir "$PLACE"
gcc -O1 -g -o "$PLACE/sample" "$HERE/sample.c"
cp "$BUILD/tools/vmatrace" "$BUILD/preload/libvmatrace.so" "$PLACE"
for end in exit killed; do
	(cd "$PLACE" && env -i ./vmatrace run -o "$end" --report=none -O max_size=1 -O max_maps=1000 \
		-O max_sites=100 -- ./sample "$end") || true
	mv "$PLACE/$end"/sample.*.vmt "$PLACE/recording.vmt"
	gzip -9nc "$PLACE/recording.vmt" >"$HERE/$NAME-$end.vmt.gz"
	"$BUILD/tools/vmatrace" report --format=json "$PLACE/recording.vmt" |
		jq -f "$HERE/kept.jq" >"$HERE/$NAME-$end.json"
done
rm -rf "$PLACE"
ls -l "$HERE/$NAME"-*
