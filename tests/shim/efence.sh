#!/bin/bash
# SPDX-License-Identifier: MIT
# Electric Fence makes about two maps for each allocation. The report must name the line that calls
# malloc for them, not a line of the debugger.
. "$(dirname "$0")/../lib.sh"

efence=$(ls /usr/lib/libefence.so* /usr/lib/*/libefence.so* 2>/dev/null | head -1)
if [ -z "$efence" ]; then
	fail efence "electric-fence is not installed"
	finish
fi
export AFTER=$efence EF_DISABLE_BANNER=1
same_and_true efence "$TARGETS/efence_1000"
line=$(grep -n 'the line that the report must name' "$ROOT/tests/targets/efence_1000.c" |
	cut -d: -f1)
maps=$(jq --argjson line "$line" '[.processes[0].sites[] |
	select(any(.stack[]; (.file // "" | endswith("efence_1000.c")) and .line == $line)) |
	.live] | add // 0' "$TMP/efence/traced/json" 2>/dev/null)
if [ "${maps:-0}" -ge 1900 ] && [ "${maps:-0}" -le 2100 ]; then
	pass efence_line "$maps maps for 1,000 allocations at efence_1000.c:$line"
else
	fail efence_line "${maps:-no} maps at efence_1000.c:$line, wanted about 2,000"
fi

# The program dies of the limit before its 40,000th allocation; its own message says little of this.
traced "$TMP/many" "" "$TARGETS/efence_1000" 40000
for said in 'failed: ENOMEM, because' "efence_1000.c:$line" 'vm.max_map_count is'; do
	if grep -qsF "$said" "$TMP"/many/log.*; then
		pass "40000 says '$said'"
	else
		fail "40000 says '$said'" "$(head -c 300 "$TMP"/many/log.* "$TMP/many/err" 2>/dev/null)"
	fi
done
finish
