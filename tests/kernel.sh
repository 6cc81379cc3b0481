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

# A guest that hangs is ended; one that stops early is no success. No machine is needed to see this.
stub() {	# NAME COMMANDS
	mkdir -p "$TMP/$1" && printf '#!/bin/bash\n%s\n' "$2" >"$TMP/$1/qemu-system-x86_64" &&
		chmod +x "$TMP/$1/qemu-system-x86_64"
	: >"$TMP/nothing" && : >"$TMP/root.cpio"
	! KERNEL=none GUEST_QUIET=1 PATH=$TMP/$1:$PATH guest_run "$TMP/nothing" "$TMP/$1/printed"
}
stub hangs 'echo $$ >"${0%/*}/pid"; echo begun; exec sleep 1000'
status=$?
case $status$GUEST_WHY in
"0it was ended, having printed nothing for 1 s, after "*)
	# On a busy machine it may have been ended before it wrote its pid.
	! kill -0 "$(cat "$TMP/hangs/pid" 2>/dev/null)" 2>/dev/null && pass guest_that_hangs "$GUEST_WHY" ||
		fail guest_that_hangs "it still runs"
	;;
*) fail guest_that_hangs "$GUEST_WHY" ;;
esac
stub stops 'echo Kernel panic' && [ "$GUEST_WHY" = 'it stopped before its end, after "Kernel panic"' ] &&
	pass guest_that_stops "$GUEST_WHY" || fail guest_that_stops "$GUEST_WHY"
# What is no call of kernels.sh starts nothing.
for arguments in "sid woody" "sid --all"; do
	# shellcheck disable=SC2086
	said=$(PATH=$TMP/stops:$PATH timeout 20 "$ROOT/scripts/kernels.sh" $arguments 2>&1)
	[ $? = 2 ] && [ "$(echo "$said" | wc -l)" = 1 ] && pass refused "$said" ||
		fail refused "kernels.sh $arguments: $said"
done
said=$(timeout 20 "$ROOT/scripts/kernels.sh" sid --help) && echo "$said" | grep -q GUEST_QUIET &&
	pass kernels_help || fail kernels_help "$said"

if ! guest_kernel bookworm; then
	fail boot "no kernel: the package of Debian's could not be fetched"
elif ! guest_root; then
	fail boot "its initramfs could not be made"
elif ! GUEST_QUIET=900 guest_run "$TMP/commands" "$TMP/printed"; then
	fail boot "$GUEST_WHY"
fi
grep -aE '^(ok|FAIL) ' "$TMP/printed" 2>/dev/null
good=$(grep -ac '^ok ' "$TMP/printed")
bad=$(grep -ac '^FAIL ' "$TMP/printed")
PASSED=$((PASSED + good))
FAILED=$((FAILED + bad))
check kernel_is_another grep -aq '^kernel 6\.1\.' "$TMP/printed"
[ $((good + bad)) = "$WANTED" ] || fail all_have_run "only $((good + bad)) of $WANTED"
finish
