#!/bin/bash
# SPDX-License-Identifier: MIT
# Generated code has names when the runtime writes a perf map. Under node --perf-basic-prof the
# report must name the user's script, not the runtime that runs it.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

if ! has_program node; then
	fail jit "nodejs is not installed"
	finish
fi
cat >leak.js <<'END'
const kept = [];
function leakBuffers(count) {
	for (let i = 0; i < count; i++)
		kept.push(Buffer.alloc(1 << 20));	// the line
}
for (let i = 0; i < 200; i++)
	leakBuffers(2);
process.kill(process.pid, 'SIGKILL');
END
traced node "" node --perf-basic-prof leak.js
pid=$(cat node/pid)
"$TOOL" report --top=100 --format=json node/rec >json 2>json.err
frames=$(jq -r '.processes[0].sites[].stack[] | select(.function == "leakBuffers" and .line == 2).file' json |
	grep -c '/leak.js$')
if [ "$frames" -gt 0 ]; then pass perf-map "in $frames frames"; else fail perf-map "$(cat json.err)"; fi
"$TOOL" report --top=100 node/rec >text
if grep -qE ' mmap new +leakBuffers leak.js:2$' text; then
	pass script-first "$(grep -m1 leakBuffers text)"
else
	fail script-first "$(grep -m3 ' mmap new ' text | tr '\n' ';')"
fi
"$TOOL" report --top=100 --by=function node/rec >text
check by-function grep -qE ' leakBuffers leak.js:2$' text
"$TOOL" report --top=100 --function='*leakBuffers*' node/rec >text
check filter grep -qE ' leakBuffers leak.js:2$' text
check 80-columns sh -c '! grep -E "^.{81}" text'

# The recording is moved elsewhere, together with its perf map.
mkdir elsewhere
mv "/tmp/perf-$pid.map" elsewhere/
"$TOOL" report --top=100 node/rec >text
check without-its-map sh -c '! grep -q leakBuffers text'
"$TOOL" report --top=100 --symbols=elsewhere node/rec >text
check elsewhere grep -qE ' leakBuffers leak.js:2$' text
finish
