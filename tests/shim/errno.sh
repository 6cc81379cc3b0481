#!/bin/bash
# SPDX-License-Identifier: MIT
# Result, errno and effect of every memory call with good, bad and boundary arguments are the same
# with the library as without it, through each door and with each way of asking the kernel, and the
# table is right after every call.
. "$(dirname "$0")/../lib.sh"
TABLE=$BUILD/tests/errno/errno_table

plain "$TMP/plain" "$TABLE"
# Once more as in a new container, where segments of shared memory are counted from 0 again.
fresh=
unshare --ipc true 2>/dev/null && fresh="unshare --ipc"
plain "$TMP/again" $fresh "$TABLE"
lines=$(wc -l <"$TMP/plain/out")
[ "$(cat "$TMP/plain/status")" = 0 ] && [ "$lines" -gt 3000 ] && cmp -s "$TMP"/{plain,again}/out &&
	pass errno_plain "$lines calls, the same twice; $(grep -c 'errno 77' "$TMP/plain/out") succeed" ||
	fail errno_plain "status $(cat "$TMP/plain/status"), $lines lines: $(differences \
		"$TMP/plain" "$TMP/again") $(head -c 200 "$TMP/plain/err")"

# Every call that the library knows must occur in the table of arguments.
missing=$(sed -n 's/.*\[VMT_CALL_[A-Z_0-9]*\] = "\([a-z_0-9]*\)".*/\1/p' "$ROOT/preload/core/base/calls.c" |
	grep -vxE 'none|close' | while read -r name; do
		grep -q "^$name(" "$TMP/plain/out" || echo "$name"
	done | tr '\n' ' ')
[ -z "$missing" ] && [ -f "$ROOT/preload/core/base/calls.c" ] && pass errno_complete || fail errno_complete "never tried: $missing"

for options in verify=1:ask=query verify=1:ask=probe verify=1:ask=maps sites=0; do
	dir=$TMP/${options//[:=]/-}
	traced "$dir" "$options" "$TABLE"
	difference=$(differences "$TMP/plain" "$dir")
	# brk has no exported function: without the second door its effect is unseen.
	ALLOW=$([ $options = sites=0 ] && echo unseen) judge "$dir"
	if [ -z "$difference$PROBLEMS" ]; then
		pass "errno_${options//[:=]/-}" "$DETAIL"
	else
		fail "errno_${options//[:=]/-}" "$difference$PROBLEMS$DETAIL $(grep -h verify: "$dir"/log.* |
			head -c 400)"
	fi
done
finish
