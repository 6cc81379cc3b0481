#!/bin/sh
# SPDX-License-Identifier: MIT
# For test runners that accept a launcher or wrapper: runs a test program under vmatrace check, with
# a baseline of its own if there is one.
#
#   vmatrace-check.sh PROGRAM ARGUMENTS...
#
#   VMATRACE          the tool (vmatrace)
#   VMATRACE_BASELINE folder of baselines (vmatrace-baselines): PROGRAM.json, or
#                     PROGRAM-ARGUMENTS.json; a program without one is only run, with a message
#   VMATRACE_SAVE=1   write these baselines instead of comparing
#   VMATRACE_REQUIRE=1 a program without a baseline fails (status 2), so that none is forgotten
#   VMATRACE_CHECK    more options for vmatrace check, such as --per-site=16 or --suppressions=FILE;
#                     if there are limits among them, programs without a baseline are checked as well
#   VMATRACE_REPORTS  folder for a JUnit report of each program
#
# meson.build.example and CMakeLists.example.txt beside this file show how test runners call it.
set -eu
[ $# -gt 0 ] || {
	echo "usage: $0 PROGRAM ARGUMENTS..." >&2
	exit 2
}
tool=${VMATRACE:-vmatrace}
folder=${VMATRACE_BASELINE:-vmatrace-baselines}

# The same program with other arguments is another test. Folders differ from machine to machine.
name_of() {
	name=$(basename "$1")
	shift
	for argument; do
		name=$name-$(basename -- "$argument" | tr -c 'A-Za-z0-9._=\n-' _)
	done
	printf '%.150s' "$name"
}
name=$(name_of "$@")
baseline=$folder/$name.json

if [ "${VMATRACE_SAVE:-0}" = 1 ]; then
	mkdir -p "$folder"
	exec "$tool" check --save="$baseline" -- "$@"
fi
if [ ! -e "$baseline" ] && [ "${VMATRACE_REQUIRE:-0}" = 1 ]; then
	echo "$0: $1 has no baseline $baseline, and VMATRACE_REQUIRE=1; VMATRACE_SAVE=1 makes it" >&2
	exit 2
fi
if [ ! -e "$baseline" ] && [ -z "${VMATRACE_CHECK:-}" ]; then
	echo "$0: $1 is not checked: there is no $baseline; VMATRACE_SAVE=1 makes it" >&2
	exec "$@"
fi
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
VMATRACE_SAVE_WITH="VMATRACE_SAVE=1 (in $folder)" exec "$tool" check "$@"
