#!/bin/sh
# SPDX-License-Identifier: MIT
# For test runners that take a launcher or wrapper: runs a test program under vmatrace check, with
# a baseline of its own if there is one.
#
#   vmatrace-check.sh PROGRAM ARGUMENTS...
#
#   VMATRACE          the tool (vmatrace)
#   VMATRACE_BASELINE folder of baselines, NAME.json for each program (vmatrace-baselines);
#                     a program without one is only run
#   VMATRACE_SAVE=1   write these baselines instead of comparing
#   VMATRACE_CHECK    more options for vmatrace check, as --per-site=16 or --suppressions=FILE
#   VMATRACE_REPORTS  folder for a JUnit report of each program
#
# meson:  meson test --wrapper=scripts/ci/vmatrace-check.sh
# ctest:  cmake -DCMAKE_TEST_LAUNCHER=…, or the property TEST_LAUNCHER (CMake 3.29)
set -eu
[ $# -gt 0 ] || {
	echo "usage: $0 PROGRAM ARGUMENTS..." >&2
	exit 2
}
tool=${VMATRACE:-vmatrace}
folder=${VMATRACE_BASELINE:-vmatrace-baselines}
name=$(basename "$1")
baseline=$folder/$name.json

if [ "${VMATRACE_SAVE:-0}" = 1 ]; then
	mkdir -p "$folder"
	exec "$tool" check --save="$baseline" -- "$@"
fi
[ -e "$baseline" ] || [ -n "${VMATRACE_CHECK:-}" ] || exec "$@"
# Word splitting is meant: several options.
# shellcheck disable=SC2086
set -- ${VMATRACE_CHECK:-} -- "$@"
[ ! -e "$baseline" ] || set -- --baseline="$baseline" "$@"
if [ -n "${VMATRACE_REPORTS:-}" ]; then
	mkdir -p "$VMATRACE_REPORTS"
	set -- --format=junit --output="$VMATRACE_REPORTS/$name.xml" "$@"
elif [ "${GITHUB_ACTIONS:-}" = true ]; then
	set -- --format=github "$@"
fi
exec "$tool" check "$@"
