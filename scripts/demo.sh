#!/bin/bash
# SPDX-License-Identifier: MIT
# Build vmatrace and show it at work: the demonstration program (map 12 KiB, unmap the middle
# page, map it again), or the program given as arguments, with the report on the terminal.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -eu
. "$(dirname "$0")/usage.sh"
no_options "$@"
ROOT=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-$ROOT/build}
"$ROOT/scripts/setup.sh" build
{
	[ -f "$BUILD/build.ninja" ] || meson setup "$BUILD" "$ROOT"
	ninja -C "$BUILD" preload/libvmatrace.so tools/vmatrace tests/targets/demo12k
} >"${TMPDIR:-/tmp}/vmatrace-build.$$.log" 2>&1 || {
	cat "${TMPDIR:-/tmp}/vmatrace-build.$$.log" >&2
	exit 1
}
rm -f "${TMPDIR:-/tmp}/vmatrace-build.$$.log"
[ $# -gt 0 ] || set -- "$BUILD/tests/targets/demo12k"
echo "\$ LD_PRELOAD=${BUILD#"$PWD"/}/preload/libvmatrace.so $*"
LD_PRELOAD=$BUILD/preload/libvmatrace.so exec "$@"
