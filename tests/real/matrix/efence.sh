# SPDX-License-Identifier: MIT
# A program under efence, which makes two maps or more of each allocation.
NEEDS=sh
VERIFY=20
SECONDS_MAX=120

AFTER=$(ls /usr/lib/libefence.so.0 /usr/lib/*/libefence.so.0 2>/dev/null | head -1)
[ -n "$AFTER" ] || NEEDS=libefence.so.0
export EF_DISABLE_BANNER=1 DUMA_DISABLE_BANNER=1

run() {
	"$TARGETS/efence_1000"
	echo "ended with $?"
}
