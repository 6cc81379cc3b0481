#!/bin/sh
# SPDX-License-Identifier: MIT
# For test runners that accept a launcher or wrapper: runs a test program under vmatrace check, with
# a baseline of its own if there is one.
#
#   vmatrace-check.sh PROGRAM ARGUMENTS...
#
#   VMATRACE          the tool (vmatrace)
#   VMATRACE_BASELINE folder of baselines (vmatrace-baselines): PROGRAM.json or
#                     PROGRAM-ARGUMENTS.json, in the same folder as the program has in the build
#                     or project; a program without one is only run, with a message
#   VMATRACE_SAVE=1   write these baselines instead of comparing
#   VMATRACE_REQUIRE=1 a program without a baseline fails (status 2), so that none is forgotten
#   VMATRACE_NAME     of one test: the name of its baseline, where program and arguments are those
#                     of another test
#   VMATRACE_CHECK    more options for vmatrace check, such as --per-site=16 or --suppressions=FILE;
#                     if there are limits among them, programs without a baseline are checked as well
#   VMATRACE_REPORTS  folder for a JUnit report of each program
#   VMATRACE_STATUS   status of a check that fails or cannot judge, also if the program failed by
#                     itself; or TERM: end by that signal. For test runners that otherwise pass over
#                     a status, as that of a test that is meant to fail
#
# The baseline of another test is neither used nor replaced (status 2), and the reason is said.
# meson.build.example and CMakeLists.example.txt beside this file show how test runners call it.
set -eu
[ $# -gt 0 ] || {
	echo "usage: $0 PROGRAM ARGUMENTS..." >&2
	exit 2
}
# What lists tests is no test: gtest_discover_tests and its like run it while the build is made.
for argument; do
	case $argument in
	--gtest_list_tests | --list-tests | --list-test-cases | --list-test-names-only) exec "$@" ;;
	esac
done
tool=${VMATRACE:-vmatrace}
folder=${VMATRACE_BASELINE:-vmatrace-baselines}

# Of a test that is meant to fail, or that its output decides about, ctest ignores the status, but not a
# signal.
FAILED=198
end_with() {
	if [ "$1" = $FAILED ] && [ "${VMATRACE_STATUS:-}" = TERM ]; then
		echo "$0: the check failed and ends by SIGTERM, since this test's status is not what counts" >&2
		kill -s TERM $$
	fi
	exit "$1"
}

refuse() {
	echo "$0: $*" >&2
	case ${VMATRACE_STATUS:-2} in
	TERM) end_with $FAILED ;;
	*) exit "${VMATRACE_STATUS:-2}" ;;
	esac
}

# check OPTIONS... -- PROGRAM ARGUMENTS...: with the status that was asked for
check() {
	case ${VMATRACE_STATUS:-} in
	'') exec "$tool" check "$@" ;;
	TERM)
		status=0
		"$tool" check --exitcode=$FAILED --exitcode-first "$@" || status=$?
		end_with $status
		;;
	*) exec "$tool" check --exitcode="$VMATRACE_STATUS" --exitcode-first "$@" ;;
	esac
}

# The whole path of a file, without links among its folders.
whole() {
	if [ "${1##*/}" = .. ] && dir=$(cd "$1" 2>/dev/null && pwd -P); then
		echo "$dir"
	elif dir=$(cd "$(dirname -- "$1")" 2>/dev/null && pwd -P); then
		echo "${dir%/}/$(basename -- "$1")"
	else
		echo "$1"
	fi
}

# The outermost folder of a build that this folder is in: a build may contain others.
build_of() {
	dir=$1 found=
	while [ -n "$dir" ]; do
		for mark in meson-private CMakeCache.txt config.status; do
			[ ! -e "$dir/$mark" ] || found=$dir
		done
		dir=${dir%/*}
	done
	echo "$found"
}

# Names begin in the build, or else in the project, which is where the folder of baselines lies.
here=$(pwd -P)
project=$(whole "$folder")
project=${project%/*}
root_of() {
	for root in "$(build_of "${1%/*}")" "$project" "$here"; do
		case $1 in
		"${root:-//}"/*) echo "$root" && return ;;
		esac
	done
}

# without TEXT PART: the text with this part taken out wherever it is
without() {
	rest=$1 text=
	while [ "${rest#*"$2"}" != "$rest" ]; do
		text=$text${rest%%"$2"*}
		rest=${rest#*"$2"}
	done
	printf '%s' "$text$rest"
}

# Is this path one of those in which names begin?
is_root() {
	for root in "$(build_of "${program%/*}")" "$(build_of "$here")" "$project" "$here"; do
		[ -z "$root" ] || [ "${1%/}" != "$root" ] || return 0
	done
	return 1
}

# The text with the paths in it that lead upwards, or all that are absolute, as they are without that and
# without links. Test runners name a script by the way from the build folder, which differs between these.
resolved() {
	rest=$2 text=
	while :; do
		path=${rest%%[ =\'\"]*}
		rest=${rest#"$path"}
		case $1$path in
		upwards*/../* | upwards../* | upwards*/.. | upwards.. | absolute/?*)
			[ ! -d "${path%/*}/" ] || path=$(whole "$path")
			;;
		esac
		! is_root "$path" || path=.
		text=$text$path
		[ -n "$rest" ] || break
		text=$text${rest%"${rest#?}"}
		rest=${rest#?}
	done
	printf '%s' "$text"
}

without_roots() {
	argument=$1
	for root in "$(build_of "${program%/*}")" "$(build_of "$here")" "$project" "$here"; do
		[ -z "$root" ] || argument=$(without "$argument" "$root/")
	done
	printf '%s' "$argument"
}

# An argument as it is on every machine: paths begin in the build or project, and of those to other
# places only the last part is kept.
portable() {
	if [ -z "$as_given" ]; then
		set -- "$(without_roots "$(resolved upwards "$1")")"
		set -- "$(resolved absolute "$1")"
	fi
	without_roots "$1" | sed "s,\(^\|[ ='\"]\)/[^ '\"]*/,\1,g"
}

# The program's place: programs of the system have their name only.
place_of() {
	root=$(root_of "$program")
	if [ -n "$root" ]; then
		echo "${program#"$root"/}"
	elif [ "$program" = "$(whole "$(command -v "${1##*/}" || echo /)")" ]; then
		echo "${1##*/}"
	else
		echo "${program#/}"
	fi
}

# The same program with other arguments is another test. The name is short enough for a file; the
# test's own, which is saved in the baseline, has all of them.
name_of() {
	ending=
	for argument; do
		ending=$ending-$(portable "$argument" | tr -c 'A-Za-z0-9._=\n-' _)
	done
	[ ${#ending} -le 120 ] || ending=$(printf '%.100s-%s' "$ending" "$(echo "$ending" | cksum | cut -d' ' -f1)")
	printf '%s' "$place$ending"
}
test_of() {
	test=$place
	for argument; do test="$test $(portable "$argument")"; done
	printf '%s' "$test"
}

# Versions before this one used the program's name without its folder, and saved no test's name.
old_name_of() {
	name=$(basename "$1")
	shift
	for argument; do
		name=$name-$(basename -- "$argument" | tr -c 'A-Za-z0-9._=\n-' _)
	done
	printf '%.150s' "$name"
}

# is_alone FILE...: there is no other file of the same name in its build or project, so that an old
# baseline must be of this one
is_alone() {
	for file; do
		case $file in
		*/*) file=$(whole "$file") ;;
		*) continue ;;
		esac
		root=$(root_of "$file")
		[ -n "$root" ] || continue
		[ -f "$file" ] || return 1
		[ "$(find "$root" -name "${file##*/}" -type f ! -path '*/.libs/*' | wc -l)" -le 1 ] || return 1
	done
}

has_test() { grep -q '^ *"test": ' "$1"; }

# Versions before this one left paths that lead upwards as they were: ../tests/run.sh.
find_as_given() {
	as_given=1
	given=$folder/$(shift && name_of "$@").json
	if [ -e "$given" ] && has_test "$given"; then
		baseline=$given
		test=$(shift && test_of "$@")
	fi
	as_given=
}

# Find the baseline: the test's own, or one of an older version, if it can be of no other test.
find_baseline() {
	old=$folder/$(old_name_of "$@").json
	[ "$VMATRACE_SAVE" = 0 ] && [ -z "$VMATRACE_NAME" ] || return 0
	[ -e "$baseline" ] || find_as_given "$@"
	[ -e "$baseline" ] || [ ! -e "$old" ] || has_test "$old" || baseline=$old
	if [ -e "$baseline" ] && ! has_test "$baseline" && ! is_alone "$@"; then
		refuse "$baseline does not say of which test it is, and there are others with the same name;" \
			"VMATRACE_SAVE=1 makes a baseline for each"
	fi
}

as_given=
VMATRACE_SAVE=${VMATRACE_SAVE:-0} VMATRACE_NAME=${VMATRACE_NAME:-}
program=$1
[ "${1#*/}" != "$1" ] || program=$(command -v -- "$1" || echo "/$1")
program=$(whole "$program")
place=$(place_of "$1")
name=$(shift && name_of "$@")
test=$(shift && test_of "$@")
if [ -n "$VMATRACE_NAME" ]; then
	name=$VMATRACE_NAME
	test="$name: $place"
fi
case /$name/ in
*/../* | //*) refuse "a baseline cannot be called $name" ;;
esac
baseline=$folder/$name.json
find_baseline "$@"
unset VMATRACE_NAME

if [ "$VMATRACE_SAVE" = 1 ]; then
	mkdir -p "$(dirname "$baseline")"
	# Of the test's options those that say what is counted: a baseline is compared only with the same.
	counted=
	for option in ${VMATRACE_CHECK:-}; do
		case $option in
		--from=* | --to=* | --warmup=* | --lines) counted="$counted $option" ;;
		esac
	done
	# shellcheck disable=SC2086
	check $counted --test="$test" --save="$baseline" -- "$@"
fi
if [ ! -e "$baseline" ] && [ "${VMATRACE_REQUIRE:-0}" = 1 ]; then
	refuse "$1 has no baseline $baseline, and VMATRACE_REQUIRE=1; VMATRACE_SAVE=1 makes it"
fi
if [ ! -e "$baseline" ] && [ -z "${VMATRACE_CHECK:-}" ]; then
	echo "$0: $1 is not checked: there is no $baseline; VMATRACE_SAVE=1 makes it" >&2
	exec "$@"
fi
# Word splitting is meant: several options.
# shellcheck disable=SC2086
set -- ${VMATRACE_CHECK:-} -- "$@"
[ ! -e "$baseline" ] || set -- --test="$test" --baseline="$baseline" "$@"
if [ -n "${VMATRACE_REPORTS:-}" ]; then
	mkdir -p "$VMATRACE_REPORTS"
	set -- --format=junit --output="$VMATRACE_REPORTS/$(echo "$name" | tr / .).xml" "$@"
elif [ "${GITHUB_ACTIONS:-}" = true ]; then
	set -- --format=github "$@"
fi
export VMATRACE_SAVE_WITH="VMATRACE_SAVE=1 (in $folder)"
check "$@"
