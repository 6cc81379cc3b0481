#!/bin/bash
# SPDX-License-Identifier: MIT
# How the golden recordings were made: once for each version of the format, never again. They
# have to stay readable as they are (golden.sh).
#
#   tests/golden/make.sh NAME      adds NAME-exit and NAME-killed, .vmt.gz and .json, and NAME-python, which
#                                  also has .lines; BUILD: the build folder
set -eu
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=$(cd "${BUILD:-$ROOT/build}" && pwd)
HERE=$ROOT/tests/golden
PLACE=/tmp/vmatrace-golden	# recorded: the same for everybody
NAME=${1:?usage: make.sh NAME}

rm -rf "$PLACE"
mkdir "$PLACE"
gcc -O1 -g -I "$ROOT/preload" -o "$PLACE/sample" "$HERE/sample.c"
cp "$BUILD/tools/vmatrace" "$BUILD/preload/libvmatrace.so" "$PLACE"
cp "$(readlink -f /usr/bin/python3)" "$PLACE/python3"
cp "$HERE/sample.py" "$PLACE"

# record END COMMAND...
record() {
	local end=$1
	shift
	(cd "$PLACE" && env -i ./vmatrace run -o "$end" --report=none -O max_size=1 -O max_maps=1000 \
		-O max_sites=100 -- "$@") || true
	mv "$PLACE/$end"/*.vmt "$PLACE/recording.vmt"
	gzip -9nc "$PLACE/recording.vmt" >"$HERE/$NAME-$end.vmt.gz"
	"$BUILD/tools/vmatrace" report --format=json "$PLACE/recording.vmt" >"$PLACE/json"
	jq -f "$HERE/kept.jq" "$PLACE/json" >"$HERE/$NAME-$end.json"
}

record exit ./sample exit
record killed ./sample killed
record python ./python3 -I -S sample.py
jq -r -f "$HERE/lines.jq" "$PLACE/json" >"$HERE/$NAME-python.lines"
# The reader's libc may have other symbols than the recorder's: which frames are inlined depends on them.
jq 'del(.. | .stack?)' "$HERE/$NAME-python.json" >"$PLACE/json"
mv "$PLACE/json" "$HERE/$NAME-python.json"
rm -rf "$PLACE"
ls -l "$HERE/$NAME"-*
