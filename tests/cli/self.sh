#!/bin/bash
# SPDX-License-Identifier: MIT
# vmatrace under its own check, as a project would use it: each command of the tool is traced by the
# library of this build, and compared with the baseline in tests/cli/golden/vmatrace.json, where the
# heap is the one map that may stay. What the tool opens for one recording, module or process must
# be closed again, so their number must not matter. After an intended change:
#
#   tests/cli/self.sh --update     save that baseline anew
. "$(dirname "$0")/../lib.sh"
BASELINE=$ROOT/tests/cli/golden/vmatrace.json
unset DEBUGINFOD_URLS GITHUB_WORKSPACE CI_PROJECT_DIR WORKSPACE
cd "$TMP" || exit 2
export TMPDIR=$TMP

record() {
	local i
	for i in 1 2 3 4 5 6 7 8; do
		"$TOOL" run --report=none -o many -- "$TARGETS/guard_pages" || exit 2
	done
	mkdir one && cp "$(find many -name '*.vmt' | head -1)" one/
	"$TOOL" check --save=saved.json one || exit 2
	cat /proc/$$/maps >maps.txt
}

# own NAME WANTED ARGUMENTS...: check the tool's maps when it runs with these arguments. WANTED is
# its status; a failed check does not change a failure's status, so the verdict is compared as well.
# VERDICT: the one wanted.
own() {
	local name=$1 wanted=$2 got
	shift 2
	"$TOOL" check --baseline="$BASELINE" --allow-unseen=0 --program=vmatrace -- \
		"$TOOL" "$@" >out 2>err </dev/null
	got=$?
	if [ $got = "$wanted" ] && grep -q "check ${VERDICT:-passed}" err; then
		pass "$name" "$(tail -1 err | cut -c1-70)"
	else
		fail "$name" "status $got instead of $wanted: $* $(grep -v '^$' err | head -9 | tr '\n' ' ')"
	fi
}

# A library that leaks ten maps must not pass.
leak() {
	cc -shared -fPIC -o leak.so -x c - <<-'END'
		#include <sys/mman.h>
		__attribute__((constructor)) static void leak(void)
		{
			for (int i = 0; i < 10; i++)
				mmap(0, 4096, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		}
	END
	LD_PRELOAD=$TMP/leak.so VERDICT=failed own leak 23 --version
	check leak-named grep -q 'by mmap in leak' err
}

if [ "${1:-}" = --update ]; then
	record
	"$TOOL" check --save="$BASELINE" --program=vmatrace -- "$TOOL" report one >/dev/null
	exit
fi
record
own version 0 --version
own report 0 report one
own report-many 0 report many
own report-json 0 report --format=json many
own check-passes 0 check --baseline=saved.json --format=sarif one
own check-fails 23 check --max-maps=1 --format=json many
own diff 0 diff saved.json one
own maps 0 maps $$
own maps-file 0 maps maps.txt
own maps-all 0 maps --all
own maps-watch 0 maps --watch --interval=1 --count=2 $$
own top 0 top --plain --interval=0.1 --count=3 one
own run 0 run --report-file=report -o again -- "$TARGETS/demo12k"
own damaged 2 report maps.txt
leak
finish
