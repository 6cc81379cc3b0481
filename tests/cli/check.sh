#!/bin/bash
# SPDX-License-Identifier: MIT
# vmatrace check and diff, end to end, with the real library: the case of a guard page for each
# object, baselines, phases, suppressions, every format, and the launcher for test runners. Sixteen
# threads that use malloc never raise an alarm, and three leaked maps a round always do.
#
# RUNS=N          how often the threads run (30)
# SARIF_SCHEMA=F  the published schema, to validate against it as well
# JUNIT_SCHEMA=F  the schema of Jenkins' xUnit plugin
. "$(dirname "$0")/../lib.sh"
HERE=$ROOT/tests/cli
THREADS=$BUILD/tests/cli/check_threads
cd "$TMP" || exit 2
export TMPDIR=$TMP	# where check keeps its recordings
. "$HERE/check_common.sh"

# is_sarif FILE: valid, and each result names a rule by its number and by its name.
is_sarif() {
	local schema
	for schema in "$HERE/sarif.schema.json" ${SARIF_SCHEMA:+"$SARIF_SCHEMA"}; do
		/usr/bin/python3 -m jsonschema -i "$1" "$schema" 2>&1 || return 1
	done
	jq -e '.runs[0] | .tool.driver.rules as $rules |
		all(.results[]; .ruleId == $rules[.ruleIndex].id)' "$1"
}

is_junit() {
	local schema
	for schema in "$HERE/junit.xsd" ${JUNIT_SCHEMA:+"$JUNIT_SCHEMA"}; do
		xmllint --noout --schema "$schema" "$1" || return 1
	done
}

story() {
	story_source
	story_build || fail story "no compiler"
	status save 0 "$TOOL" check --save=maps.json -- ./unit-tests
	check save-quiet [ ! -s err ]
	check save-program-output [ "$(cat out)" = fine ]
	status clean 0 "$TOOL" check --baseline=maps.json -- ./unit-tests
	check clean-is-one-line [ "$(wc -l <err)" = 1 ]
	has clean-summary err '^SUMMARY: vmatrace: check passed'
	story_build -DGUARD
	status guard-pages-fail 23 "$TOOL" check --baseline=maps.json -- ./unit-tests
	has story-count err 'ERROR: vmatrace: 50 maps more than the baseline at 1 call site'
	has story-line err \
		"\+50 by mprotect in guard pool.c:$(line_of GUARD)  \(50, in the baseline 0\)$"
	has story-caller err "#1  pool_object pool.c:$(line_of CALL)$"
	has story-way-out err 'save a new baseline with --save=maps.json, or$'
	has story-suppression err '^  split:\^guard\$ by \^pool_object\$ by \^main\$$'
	has story-summary err '^SUMMARY: vmatrace: check failed: \+50 maps at 1 call site$'
	check story-80-columns sh -c '! grep -E "^.{81}" err'
	status tolerance 0 "$TOOL" check --baseline=maps.json --per-site=50 -- ./unit-tests
	status tolerance-less 23 "$TOOL" check --baseline=maps.json --per-site=49 -- ./unit-tests
	status exitcode 9 "$TOOL" check --exitcode=9 --baseline=maps.json -- ./unit-tests
	status program-fails-first 3 "$TOOL" check --baseline=maps.json -- ./unit-tests 3
	has program-fails-verdict err 'check failed: \+50'
	check no-files-left [ -z "$(ls -d "$TMP"/vmatrace-check.* 2>/dev/null)" ]
}

suppressed() {
	printf '# guards are wanted\nsplit:^guard$\n' >supp
	status suppressed 0 "$TOOL" check --baseline=maps.json --suppressions=supp -- ./unit-tests
	has suppressed-table err '^ +1 +50  split:\^guard\$'
	status suppressed-growth 0 "$TOOL" check --baseline=maps.json --max-growth=0 \
		--suppressions=supp -- ./unit-tests
	printf 'vma:pool.c\nvma:never_there\n' >supp
	status suppressed-by-file 0 "$TOOL" check --baseline=maps.json --suppressions=supp -- ./unit-tests
	has unused-warning err 'supp:2: vma:never_there matched nothing'
	printf 'vma:guard\nleak:x\n' >supp
	status bad-suppressions 2 "$TOOL" check --baseline=maps.json --suppressions=supp -- ./unit-tests
	has bad-suppressions-line err 'supp: line 2'
	"$TOOL" check --baseline=maps.json --generate-suppressions -- ./unit-tests 2>err |
		grep -v fine >generated
	status generated 0 "$TOOL" check --baseline=maps.json --suppressions=generated -- ./unit-tests
	cc -g -O1 test.c -x c - -L. -lpool -Wl,-rpath,'$ORIGIN' -o unit-tests <<-'END'
		const char vmatrace_default_suppressions[] = "# kept\nsplit:^guard$\nvma:never\n";
	END
	status suppressed-by-program 0 "$TOOL" check --baseline=maps.json -- ./unit-tests
	check suppressed-by-program-quiet sh -c '! grep -q never err'
	default_suppressions
	story_build
	status fix-passes 0 "$TOOL" check --baseline=maps.json -- ./unit-tests
	story_build -DGUARD
}

# The header also works in C++, where a const array is otherwise not visible, and in a stripped
# program that exports the array.
default_suppressions() {
	cc -g -O1 -c test.c -o test.o
	c++ -O2 -fdata-sections -fvisibility=hidden -x c++ -c -o defaults.o \
		-I"$ROOT/preload" - <<-'END'
		#include <vmatrace.h>
		const char vmatrace_default_suppressions[] = "split:^guard$\n";
	END
	c++ test.o defaults.o -L. -lpool -Wl,-rpath,'$ORIGIN' -o unit-tests
	status suppressed-by-c++ 0 "$TOOL" check --baseline=maps.json -- ./unit-tests
	c++ test.o defaults.o -L. -lpool -Wl,-rpath,'$ORIGIN' -Wl,--gc-sections -rdynamic -s \
		-o unit-tests
	status suppressed-by-stripped 0 "$TOOL" check --max-growth=2 -- ./unit-tests
	has suppressed-by-stripped-used err '^ +1 +50  split:\^guard\$'
	rm unit-tests
}

# Suppressions by what the maps are: thread stacks, maps of files, cut maps.
types() {
	cc -g -O1 -pthread -x c - -o kinds <<-'END'
		#include <fcntl.h>
		#include <pthread.h>
		#include <sys/mman.h>
		#include <unistd.h>
		static void *wait_long(void *nothing) { pause(); return nothing; }
		static void map_files(void)
		{
			int fd = open("/proc/self/exe", O_RDONLY);
			for (int i = 0; i < 10; i++)
				mmap(0, 4096, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE, fd, 0);
		}
		static void cut(void)
		{
			char *p = mmap(0, 20 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			for (int i = 0; i < 20; i += 2)
				mprotect(p + i * 4096, 4096, PROT_NONE);
		}
		int main(void)
		{
			pthread_t thread;
			for (int i = 0; i < 10; i++)
				pthread_create(&thread, 0, wait_long, 0);
			map_files();
			cut();
			_exit(0);
		}
	END
	local limits="--max-growth=6 --per-site=5"
	# shellcheck disable=SC2086
	{
	printf 'stack:*\nfile:*\nsplit:^cut$\n' >supp
	status types 0 "$TOOL" check $limits --suppressions=supp -- ./kinds
	check types-used [ "$(grep -cE '^ +[1-9] +(9|[12][0-9])  (stack|file|split):' err)" = 3 ]
	local type blamed
	for type in stack:wait_long file:map_files split:cut; do
		blamed=${type#*:}
		sed "/^${type%:*}/d" <<<$'stack:*\nfile:*\nsplit:^cut$' >supp
		status "type-${type%:*}-wanted" 23 "$TOOL" check $limits --suppressions=supp -- ./kinds
		[ "$blamed" = wait_long ] && blamed=main
		has "type-${type%:*}-blamed" err "in $blamed "
	done
	}
}

formats() {
	local format
	"$TOOL" run --report=none -o rec -- ./unit-tests >/dev/null
	for format in text json junit sarif github; do
		GITHUB_STEP_SUMMARY=$TMP/step.md status "format-$format" 23 \
			"$TOOL" check --baseline=maps.json --format=$format -o out.$format rec
		has "format-$format-log" out '^SUMMARY: vmatrace: check failed'
		"$TOOL" check --max-maps=60000 --max-peak=60000 --format=$format -o clean.$format rec \
			>/dev/null || fail "format-$format-clean"
	done
	check json "$(jq -e '.schema == "vmatrace.check/1" and .verdict == "fail" and
		.findings[0].maps == 50 and .findings[0].file == "pool.c" and
		.findings[0].line == '"$(line_of GUARD)" out.json)"
	keeps_to json-schema check out.json clean.json
	check json-clean [ "$(jq -r .verdict clean.json)" = pass ]
	check junit-schema is_junit out.junit
	check junit-schema-clean is_junit clean.junit
	has junit-case out.junit 'name="per-site: mprotect in guard, pool_object, main"'
	has junit-failure out.junit \
		"<failure type=\"per-site\" message=\"pool.c:$(line_of GUARD): \+50 maps"
	check sarif-schema is_sarif out.sarif
	check sarif-schema-clean is_sarif clean.sarif
	check sarif-place [ "$(jq -r '.runs[0].results[0].locations[0].physicalLocation |
		"\(.artifactLocation.uri):\(.region.startLine)"' out.sarif)" = "pool.c:$(line_of GUARD)" ]
	has github out.github "^::error file=pool.c,line=$(line_of GUARD),title=A call site holds [a-z ]*::\+50"
	has github-program out.github '^::error [^:]*::\+50 .*, of unit-tests%0A'
	has github-step-program step.md '^### Memory maps: failed \(unit&#45;tests\)$'
	has github-step-what step.md '^\| \+50 .*, of unit&#45;tests \|$'
	has github-step step.md "^\| \+50 \| 50 \| 0 \| pool.c:$(line_of GUARD) \|"
	has github-step-callers step.md '\| pool&#95;object pool.c:[0-9]+, main \| &#43;50 maps by'
}

# The names of this program and its folder would break each format if they were not escaped.
escaping() {
	local odd='a%,:<&>"x|`b'
	mkdir -p odd && cp pool.c libpool.so odd/ && cp unit-tests "odd/$odd"
	strip -s odd/libpool.so "odd/$odd"	# where there is no source to point to
	(cd odd && "$TOOL" run --report=none -o rec -- "./$odd" >/dev/null)
	for format in json junit sarif github; do
		"$TOOL" check --max-maps=1 --format=$format odd/rec >odd.$format 2>err
	done
	check escaped-json jq -e . odd.json
	check escaped-sarif is_sarif odd.sarif
	check escaped-sarif-place [ "$(jq -r '.runs[0].results[0].locations[0].physicalLocation |
		"\(.artifactLocation.uri):\(.region.startLine)"' odd.sarif)" = \
		"odd/a%25,%3A%3C%26%3E%22x%7C%60b:1" ]
	check escaped-junit is_junit odd.junit
	has escaped-github odd.github \
		'^::error title=A process [a-z ]*::a%25,:<&>"x\|`b has [0-9]+ maps'
	has no-names odd.github '%0A#2 a%25,:<&>"x\|`b\+0x[0-9a-f]+%0A'
	check escaped-github-lines [ "$(grep -c '^::' odd.github)" = 1 ]
	odd=$'a\n::error::b\r'
	cp unit-tests "$odd"
	for format in text json junit sarif github; do
		"$TOOL" check --max-maps=1 --format=$format -- "./$odd" 2>&1
	done >odd.all
	check escaped-newline [ "$(grep -cE '^::' odd.all)" = 1 ]
}

# Baselines of the first version, as they lie in people's repositories, are read as they were meant.
golden() {
	local old=$HERE/golden/baseline-1.json phase=$HERE/golden/baseline-1-phase.json
	check golden jq -e . "$old" "$phase"
	status golden-read 0 "$TOOL" diff --format=json "$old" "$phase"
	check golden-values [ "$(jq -c '[.growth_before, .growth_after,
		(.sites[] | [.program, .kind, .call, .before, .after, .stack[-1]])]' out)" = \
		'[2,30,["server","added","mprotect",0,32,"server!main:93"],'\
'["server","added","mmap",0,-2,"server!main:90"],["unit-tests","gone","brk",1,0,"[heap]"],'\
'["unit-tests","gone","mmap",1,0,"unit-tests!main"]]' ]
	status golden-phase 2 "$TOOL" check --baseline="$phase" rec
	has golden-phase-said err 'saved with other --from, --to, --warmup or --lines'
	status golden-phase-same 2 "$TOOL" check --baseline="$phase" --lines --from=round --to=done \
		--warmup=2 rec
	has golden-phase-no-marks err 'no process made both marks "round" and "done"'
}

# ./chance JOINED MORE: of eight maps, JOINED lie side by side and merge, as happens with random
# addresses in real programs; MORE maps do not depend on that.
chance() {
	cc -g -O1 -x c - -o chance <<-'END'
		#define _GNU_SOURCE
		#include <stdlib.h>
		#include <sys/mman.h>
		#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)
		int main(int argc, char **argv)
		{
			char *p = mmap(0, 256 * 4096, PROT_NONE, ANONYMOUS, -1, 0);
			int joined = argc > 1 ? atoi(argv[1]) : 0, more = argc > 2 ? atoi(argv[2]) : 0;
			munmap(p, 256 * 4096);
			for (int i = 0; i < 8; i++)
				mmap(p + 4096 * (i < joined ? 1 + i : 16 + 2 * i), 4096, PROT_READ,
				     ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
			for (int i = 0; i < more; i++)
				mmap(p + 4096 * (100 + 2 * i), 4096, PROT_READ,
				     ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
			return 0;
		}
	END
	status chance 0 "$TOOL" check --save=chance.json -- ./chance 8
	check chance-kept [ "$(jq -c '.programs[0] | [.growth, .merged]' chance.json)" = "[1,7]" ]
	status chance-less 0 "$TOOL" check --baseline=chance.json -- ./chance 4
	status chance-exactly 23 "$TOOL" check --baseline=chance.json --per-site=0 -- ./chance 4
	status chance-too-often 23 "$TOOL" check --baseline=chance.json -- ./chance 3
	status chance-and-growth 23 "$TOOL" check --baseline=chance.json -- ./chance 8 1
	has chance-and-growth-said err '^SUMMARY: vmatrace: check failed: \+1 map at 1 call site$'
	status chance-both 23 "$TOOL" check --baseline=chance.json -- ./chance 6 1
	jq 'del(.programs[0].merged)' chance.json >old.json
	status chance-unknown 23 "$TOOL" check --baseline=old.json -- ./chance 6
	# A baseline of several runs has the highest figures of all runs.
	for i in 6 2 8; do
		"$TOOL" run --report=none -o several -- ./chance $i
	done
	status several 0 "$TOOL" check --save=several.json several
	status several-passes 0 "$TOOL" check --baseline=several.json --per-site=0 -- ./chance 2
	status several-fails 23 "$TOOL" check --baseline=several.json --per-site=0 -- ./chance 0
}

# same NAME COMMAND...: ten runs save the same baseline
same() {
	local name=$1 i
	shift
	for i in 1 2 3 4 5 6 7 8 9 10; do
		"$TOOL" check --save="same.$i" -- "$@" >/dev/null 2>&1 </dev/null
	done
	check "ten-runs-$name" [ "$(md5sum same.* | cut -c1-32 | uniq -c | awk '{ print $1 }')" = 10 ]
}

baselines() {
	local i
	echo '{' >bad.json
	status bad-baseline 2 "$TOOL" check --baseline=bad.json rec
	status recording-as-baseline 2 "$TOOL" check --baseline=rec/*.vmt rec
	"$TOOL" check --save=saved.json rec
	status saved-passes 0 "$TOOL" check --baseline=saved.json rec
	status other-phase 2 "$TOOL" check --baseline=saved.json --lines rec
	"$TOOL" check --save=shell.json -- sh -c './unit-tests; exit 0' >/dev/null
	status other-child 0 "$TOOL" check --baseline=shell.json -- sh -c './unit-tests; ./kinds; exit 0'
	has other-child-said err 'the program kinds is not in the baseline and was not compared'
	status other-child-required 23 "$TOOL" check --require-baseline --baseline=shell.json -- \
		sh -c './unit-tests; ./kinds; exit 0'
	has other-child-required-said err 'kinds is not in the baseline, so nothing was compared; save it'
	status all-in-baseline 0 "$TOOL" check --require-baseline --baseline=shell.json -- \
		sh -c './unit-tests; exit 0'
	status require-no-baseline 2 "$TOOL" check --require-baseline --max-growth=5 -- ./unit-tests
	has require-no-baseline-said err '--require-baseline needs --baseline=FILE'
	status other-program-alone 2 "$TOOL" check --baseline=saved.json -- ./kinds
	has other-program-said err 'saved.json has none of the programs that ran, such as kinds'
	check no-addresses sh -c '! grep -qE "0x|[0-9]{5}" saved.json'
	same unit-tests ./unit-tests
	# Here addresses decide how many maps merge, so baselines differ, but there is no alarm.
	export PYTHONHASHSEED=0
	"$TOOL" check --save=python.json -- /usr/bin/python3 -c 'import json, re' >out 2>err
	for i in 1 2 3 4 5; do
		status "python-$i" 0 "$TOOL" check --baseline=python.json -- /usr/bin/python3 -c \
			'import json, re'
	done
	unset PYTHONHASHSEED
	# The program is built again in another folder, with other line numbers: names and baseline
	# stay the same.
	sed -i '1i\\' pool.c && story_build -DGUARD -Wl,-Ttext-segment=0x40000
	status rebuilt 0 "$TOOL" check --baseline=saved.json -- ./unit-tests
}

diffs() {
	status diff 0 "$TOOL" diff maps.json rec
	has diff-added out '^ +\+50 +0 +50  mprotect  unit-tests, added'
	has diff-place out 'at pool.c:'
	has diff-summary out '^SUMMARY: vmatrace: \+50 maps, 1 call site changed$'
	"$TOOL" diff --format=json rec maps.json >diff.json
	keeps_to diff-schema diff diff.json
	keeps_to baseline-schema baseline maps.json
	check diff-json [ "$(jq -c '[.schema, .change, .sites[0].kind, .sites[0].before]' diff.json)" = \
		'["vmatrace.diff/1",-50,"gone",50]' ]
	"$TOOL" check --save=now.json rec
	jq '(.programs[0].sites[] | select(.call == "mprotect").maps) = 20 |
		(.programs[0].sites[] | select(.call == "brk").maps) = 4' now.json >then.json
	status diff-changes 0 "$TOOL" diff then.json now.json
	check diff-sorted [ "$(awk '/unit-tests, / { print $1, $2, $3, $4, $6 }' out | tr '\n' ';')" = \
		"+30 20 50 mprotect grown;-3 4 1 brk shrunk;" ]
	status diff-same 0 "$TOOL" diff rec rec
	has diff-same-summary out '^SUMMARY: vmatrace: \+?0 maps, 0 call sites changed$'
	status diff-one 2 "$TOOL" diff rec
	echo '{' >bad.json
	status diff-bad 2 "$TOOL" diff rec bad.json
}

# An allocator is called from many stacks: what its function holds comes first, and the list has an end.
diffs_by_place() {
	${CC:-cc} -g -O1 "$HERE/alarms/many_stacks.c" -o many || exit 2
	"$TOOL" run --report=none -o many.before -- ./many
	MORE=1 "$TOOL" run --report=none -o many.after -- ./many
	status diff-places 0 "$TOOL" diff many.before many.after
	check diff-programs [ "$(sed -n 2p out | awk '{ print $1, $3 - $2, $4, $6 - $5, $7 }')" = \
		"+80 80 +80 80 many" ]
	check diff-places-first [ "$(sed -n 5p out | tr -s ' ')" = " +80 80 160 16 many mmap in many!take" ]
	check diff-top [ "$(grep -c 'many, grown$' out)" = 10 ]
	has diff-top-rest out '^ +and 6 more call sites \(--top=N\)$'
	has diff-places-summary out '^SUMMARY: vmatrace: \+80 maps, 16 call sites changed$'
	"$TOOL" diff --top=99 many.before many.after >out
	check diff-top-all [ "$(grep -c 'many, grown$' out)" = 16 ]
	# Numbers have separators, as in a report.
	"$TOOL" run --report=none -o few.rec -- "$TARGETS/case_fibers" mprotect 10 </dev/null >/dev/null
	"$TOOL" run --report=none -o many.rec -- "$TARGETS/case_fibers" mprotect 1210 </dev/null >/dev/null
	status diff-thousands 0 "$TOOL" diff few.rec many.rec
	has diff-thousands-site out '^ +\+1,200 +10 +1,210  mprotect  case_fibers, grown$'
	has diff-thousands-program out '^ +\+2,400 +2[0-9] +2,4[0-9][0-9] +\+2,40[0-9] .* case_fibers$'
	status thousands 23 "$TOOL" check --per-site=5 many.rec
	has thousands-said out '^SUMMARY: vmatrace: check failed: \+2,420 maps at 2 call sites$'
	status thousands-growth 23 "$TOOL" check --max-growth=1000 many.rec
	has thousands-growth-said out '^SUMMARY: .* grew by 2,42[0-9] maps, limit 1,000$'
	status thousands-maps 23 "$TOOL" check --max-maps=1000 many.rec
	has thousands-maps-said out '^SUMMARY: .* has 2,4[0-9][0-9] maps at the end, limit 1,000$'
	"$TOOL" run --report=none -o gone.rec -- env LD_PRELOAD= true 2>/dev/null
	status diff-vanished 0 "$TOOL" diff gone.rec gone.rec
	has diff-vanished-said err '^vmatrace: gone.rec: env became another program, which was not traced'
}

# A stripped program is compared by the names of the other run's file, if that is the same build.
diffs_stripped() {
	local how
	cat >twins.c <<'END'
#include <stdlib.h>
#include <sys/mman.h>
static inline __attribute__((always_inline)) void *keep_page(void)
{
	return mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}
__attribute__((noinline)) void fill(int n)
{
	for (int i = 0; i < n; i++)
		if (!keep_page())
			abort();
}
int main(int argc, char **argv)
{
	fill(argc > 1 ? atoi(argv[1]) : 20);
	return 0;
}
END
	mkdir with without
	${CC:-cc} -g -O2 -Wl,--build-id twins.c -o with/twins
	"$TOOL" run --report=none -o twins.rec -- with/twins
	for how in -g -s; do
		strip $how -o without/twins with/twins
		rm -rf stripped.rec
		"$TOOL" run --report=none -o stripped.rec -- without/twins 25
		status diff-stripped$how 0 "$TOOL" diff twins.rec stripped.rec
		has diff-stripped$how-one out '^ +\+5 +20 +25  mmap  twins, grown'
		has diff-stripped$how-summary out 'SUMMARY: vmatrace: \+5 maps, 1 call site changed$'
	done
	mv with/twins with/hidden
	"$TOOL" diff twins.rec stripped.rec >out 2>err
	has diff-no-names err 'frames of twins have no name in either run .*--symbols=DIR'
	mv with/hidden with/twins
	"$TOOL" check --save=saved-twins.json twins.rec 2>/dev/null
	mv with/twins with/gone
	status diff-unnamed 0 "$TOOL" diff saved-twins.json stripped.rec
	has diff-unnamed-said err 'frames of twins have no name .stripped'
}

# The launcher, called as meson's --wrapper and ctest's TEST_LAUNCHER call it.
launcher() {
	local run=$ROOT/scripts/ci/vmatrace-check.sh
	export VMATRACE=$TOOL
	status launcher-no-baseline 3 "$run" ./unit-tests 3
	VMATRACE_SAVE=1 status launcher-save 0 "$run" ./unit-tests
	status launcher 0 "$run" ./unit-tests
	cp maps.json vmatrace-baselines/unit-tests.json
	status launcher-fails 23 "$run" ./unit-tests
	VMATRACE_CHECK=--per-site=50 status launcher-options 0 "$run" ./unit-tests
	VMATRACE_REPORTS=reports status launcher-reports 23 "$run" ./unit-tests
	check launcher-junit is_junit reports/unit-tests.xml
	GITHUB_ACTIONS=true status launcher-github 23 "$run" ./unit-tests
	has launcher-annotation err '^::error file=pool.c'
	rm vmatrace-baselines/unit-tests.json
	for save in 1 0; do
		VMATRACE_SAVE=$save VMATRACE_CHECK="--per-site=50 --lines" status launcher-lines-$save 0 "$run" ./unit-tests
	done
	unset VMATRACE
}

phases() {
	local mark='--from=round --to=done'
	# shellcheck disable=SC2086
	{
	status phase-clean 0 "$TOOL" check $mark --warmup=2 --max-growth=64 -- "$THREADS" 8 0
	status phase-leak 23 "$TOOL" check $mark --warmup=2 --max-growth=64 -- "$THREADS" 30 1
	# The maps of all call sites at a mark add up to those of the process, and so does their
	# growth.
	"$TOOL" run --report=none -o marked -- "$THREADS" 12 1 >/dev/null 2>&1
	check marks-of-sites sh -c "'$TOOL' report --format=json marked | jq -e '.processes[0] |
		.maps.start as \$start | (.marks | length) >= 13 and all(.marks[];
		([.sites[].live] | add) == .maps and ([.sites[].net] | add) == .maps - \$start)'"
	fields marks-fields marked
	status phase-missing 2 "$TOOL" check --from=nowhere -- "$THREADS" 1 0
	has phase-missing-named err 'no process made the mark "nowhere"'
	status phase-too-short 2 "$TOOL" check $mark --warmup=5 --max-growth=0 -- "$THREADS" 3 0
	}
	status example-phase 0 "$TOOL" check --from=work --to=worked --per-site=0 --max-growth=0 \
		-- "$BUILD/tests/cli/no_growth"
	status example-untraced 77 "$BUILD/tests/cli/no_growth"
}

# The tolerance is above the variation of malloc arenas (see soak.sh), and below the leak.
threads() {
	local runs=${RUNS:-30} false=0 missed=0 i
	local options="--from=round --to=done --warmup=3 --per-site=32 --max-growth=64"
	for ((i = 0; i < runs; i++)); do
		# shellcheck disable=SC2086
		"$TOOL" check $options -- "$THREADS" 15 0 >out 2>err || {
			false=$((false + 1))
			cat err
		}
	done
	for ((i = 0; i < runs; i++)); do
		# shellcheck disable=SC2086
		"$TOOL" check $options -- "$THREADS" 30 1 >out 2>err
		[ $? = 23 ] && grep -q 'by mprotect in leak .*check_threads.c' err ||
			missed=$((missed + 1))
	done
	check threads-no-false-alarm [ $false = 0 ]
	check threads-every-leak [ $missed = 0 ]
	echo "     $runs runs: $false false alarms; $runs runs with a leak: $missed missed"
}

story
suppressed
types
formats
escaping
diffs
diffs_by_place
diffs_stripped
golden
baselines
chance
launcher
phases
threads
finish
