#!/bin/bash
# SPDX-License-Identifier: MIT
# The library on the kernel of Debian 12, under qemu, whichever kernel runs here: the core's table
# and the library's are compared with that kernel's after each of some thousand calls, and the
# demonstration is run. The kernel is fetched once. scripts/kernels.sh does more, on other kernels
# as well.
#
#   CALLS, SEED	of each run; the seed is printed
. "$(dirname "$0")/lib.sh"
. "$ROOT/tests/kernel/guest.sh"

cat >"$TMP/commands" <<END
export CALLS=${CALLS:-1200} SEED=${SEED:-$((RANDOM * 32768 + RANDOM))} LIMIT=900
. /src/tests/kernel/plan.sh
model auto
model maps --ask=maps
random auto "" 1
random plain derive=plain 1
random threads "" 4
demonstration
END
WANTED=7

if ! guest_kernel bookworm; then
	fail boot "no kernel: the package of Debian's could not be fetched"
elif ! guest_root; then
	fail boot "its initramfs could not be made"
elif ! GUEST_LIMIT=1800 guest_run "$TMP/commands" "$TMP/printed"; then
	fail boot "it did not come to its end: $(tail -3 "$TMP/printed" | tr '\n' ' ' | cut -c1-300)"
fi
grep -aE '^(ok|FAIL) ' "$TMP/printed" 2>/dev/null
PASSED=$((PASSED + $(grep -ac '^ok ' "$TMP/printed")))
FAILED=$((FAILED + $(grep -ac '^FAIL ' "$TMP/printed")))
check kernel_is_another grep -aq '^kernel 6\.1\.' "$TMP/printed"
[ $((PASSED + FAILED)) -gt "$WANTED" ] || fail all_have_run "only $PASSED of $WANTED"
finish
