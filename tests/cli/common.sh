# SPDX-License-Identifier: MIT
# For the tests of the command line; sourced, not run. $VMATRACE is the tool under test. The library
# beside it is replaced by a fake one, so that only the tool is tested.
# Usage of each test: sh NAME.sh [PATH-OF-VMATRACE]

here=$(cd "$(dirname "$0")" && pwd)
core="$here/../../preload"
tool=${1:-${BUILD:-$here/../../build}/tools/vmatrace}
[ -x "$tool" ] || {
	echo "not built: $tool. Build it: ninja -C build" >&2
	exit 2
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

mkdir -p "$work/tools" "$work/preload"
cp "$tool" "$work/tools/vmatrace"
VMATRACE="$work/tools/vmatrace"
CC=${CC:-cc}
$CC -D_GNU_SOURCE -g -O2 -I"$core" "$here/make_recording.c" -o "$work/make_recording" || exit 2
$CC -D_GNU_SOURCE -shared -fPIC -I"$core" "$here/fake_library.c" \
	-o "$work/preload/libvmatrace.so" || exit 2
cd "$work" || exit 2

# check WHAT CONDITION...: the condition is a command
check()
{
	what=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $what"
	fi
}

# status WANTED COMMAND...: the exit status is WANTED; output goes to ./out and ./err
status()
{
	wanted=$1
	shift
	"$@" >out 2>err
	got=$?
	[ "$got" = "$wanted" ] || { echo "  status $got instead of $wanted: $*"; cat err; false; }
}

has()
{
	grep -q -- "$2" "$1" || { echo "  no \"$2\" in $1:"; cat "$1"; false; }
}

finish()
{
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
	exit
}
