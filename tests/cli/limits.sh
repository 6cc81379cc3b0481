#!/bin/bash
# SPDX-License-Identifier: MIT
# Every limit of vmatrace check from both sides, in maps and in per cent; exit statuses; the usage
# of all commands; and the limit that the library keeps by itself, without the tool.
. "$(dirname "$0")/../lib.sh"
HERE=$ROOT/tests/cli
cd "$TMP" || exit 2
export TMPDIR=$TMP
. "$HERE/check_common.sh"

limits() {
	local maps peak
	maps=$("$TOOL" report --format=json rec | jq '.processes[0].maps.now')
	peak=$("$TOOL" report --format=json rec | jq '.processes[0].maps.peak')
	status max-maps 0 "$TOOL" check --max-maps="$maps" rec
	status max-maps-less 23 "$TOOL" check --max-maps=$((maps - 1)) rec
	status max-peak 0 "$TOOL" check --max-peak="$peak" rec
	status max-peak-less 23 "$TOOL" check --max-peak=$((peak - 1)) rec
	status max-growth 23 "$TOOL" check --max-growth=10 rec
	has max-growth-most out '^==[0-9]+==   50 of them by mprotect here, more than any other call site:$'
	has max-growth-line out "#0  guard pool.c:$(line_of GUARD)"
	status two-limits 23 "$TOOL" check --max-growth=10 --max-maps=50 rec
	has two-limits-said out 'check failed: .*, limit 50 \(and 1 more\)$'
	status max-growth-percent 0 "$TOOL" check --max-growth=1000% rec
	status per-site-alone 23 "$TOOL" check --per-site=49 rec
	status unseen 0 "$TOOL" check --allow-unseen=0 rec
	status other-program 2 "$TOOL" check --max-maps=1 --program='x*' rec
	status this-program 23 "$TOOL" check --max-maps=1 --program='unit-*' rec
	status no-limit 2 "$TOOL" check rec
	status no-operand 2 "$TOOL" check --max-maps=1
	status bad-number 2 "$TOOL" check --max-maps=-1 rec
	status percent-of-nothing 2 "$TOOL" check --max-maps=10% rec
	status warmup-alone 2 "$TOOL" check --warmup=1 --max-growth=0 rec
	status bad-format 2 "$TOOL" check --max-maps=1 --format=yaml rec
	status no-such-recording 2 "$TOOL" check --max-maps=1 nowhere
	status full-disk 125 "$TOOL" check --max-maps=60000 -o /dev/full rec
	status help 0 "$TOOL" check --help
	check help-100-columns sh -c '! grep -E "^.{101}" out'
}

# Maps are gone at the end: the verdict names who held them at the peak.
burst() {
	cc -g -O1 -x c - -o burst <<-'END'
		#include <sys/mman.h>
		static void kept(void)
		{
			for (int i = 0; i < 20; i++)
				mmap(0, 4096, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		}
		static void burst(void)
		{
			char *p = mmap(0, 200 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			for (int i = 0; i < 200; i += 2)
				mprotect(p + i * 4096, 4096, PROT_NONE);
			munmap(p, 200 * 4096);
		}
		int main(void)
		{
			kept();
			burst();
			return 0;
		}
	END
	status burst 23 "$TOOL" check --max-peak=100 -- ./burst
	has burst-most err '(199|200) of them by mprotect here'
	has burst-place err '#0  burst .*:11$'
	status burst-over 23 "$TOOL" check --max-maps=30 -- ./burst
	has burst-over-kept err '#0  kept .*:5$'
}

# One loop reads the options of all commands: the same words for the same mistakes.
usage() {
	local command
	for command in run report diff check top maps; do
		status "usage-$command-unknown" 2 "$TOOL" $command --nonsense
		has "usage-$command-unknown-said" err \
			"^vmatrace: unknown option --nonsense; see vmatrace $command --help\.$"
		status "usage-$command-bare" 2 "$TOOL" $command
		has "usage-$command-bare-said" err "; see vmatrace $command --help\.$"
	done
	for command in "run --dir=X=--output" "run --log_path=X=--report-file" "report --colour=--color" \
		"top --intervall=2=--interval" "try --trie=x=--try" "check --max-growht=3=--max-growth"; do
		status "usage-meant-${command%=*}" 2 "$TOOL" ${command%=--*}
		has "usage-meant-${command%=*}-said" err "; is ${command##*=} meant\? See"
	done
	status usage-repot 2 "$TOOL" repot
	has usage-repot-said err 'there is no command "repot"; is report meant\?'
	status usage-no-value 2 "$TOOL" report --top
	has usage-no-value-said err 'a value is missing after --top'
	status usage-number 2 "$TOOL" report --top=1x rec
	has usage-number-said err 'not a number: 1x'
	status usage-sign 2 "$TOOL" report --top=-1 rec
	status usage-too-much 2 "$TOOL" top --count=99999999999 $$
}

# Limits in per cent refer to the baseline, or to the maps at the start. NAME OPTIONS MOST: the
# limit MOST passes, and one less does not.
percent_of() {
	local name=$1 options=$2 most=$3
	# shellcheck disable=SC2086
	{
	status "$name" 0 "$TOOL" check $options=$most% rec
	status "$name-less" 23 "$TOOL" check $options=$((most - 1))% rec
	}
}

percents() {
	local start growth heap
	start=$("$TOOL" report --format=json rec | jq '.processes[0].maps.start')
	"$TOOL" check --save=now.json rec
	growth=$(jq '.programs[0].growth' now.json)
	# The first map of the heap is no growth, unless there is a baseline, which has it as well.
	heap=$(jq '[.programs[0].sites[] | select(.call == "brk").maps] | add // 0' now.json)
	percent_of growth-of-start --max-growth $((((growth - heap) * 100 + start - 1) / start))
	# 50 maps now, 40 then: 25 per cent more. What was 0 may grow by no per cent at all.
	jq '(.programs[0].sites[] | select(.call == "mprotect").maps) = 40' now.json >then.json
	percent_of site-of-baseline "--baseline=then.json --per-site" 25
	jq '(.programs[0].growth) = 40' now.json >then.json
	percent_of growth-of-baseline "--baseline=then.json --max-growth" \
		$((((growth - 40) * 100 + 39) / 40))
	jq 'del(.programs[0].sites[] | select(.call == "mprotect"))' now.json >then.json
	status site-of-nothing 23 "$TOOL" check --baseline=then.json --per-site=1000% rec
	status site-huge 0 "$TOOL" check --baseline=now.json --per-site=1000000000000% rec
}

unseen() {
	status unseen-allowed 0 "$TOOL" check --allow-unseen=10 -- "$TARGETS/inline_syscalls"
	status unseen-more 23 "$TOOL" check --allow-unseen=9 -- "$TARGETS/inline_syscalls"
	has unseen-said err 'inline_syscalls: 10 maps were changed by calls that were not'
	status unseen-warned 0 "$TOOL" check --max-maps=1000 -- "$TARGETS/inline_syscalls"
	has unseen-warning err '10 maps were changed .*; --allow-unseen=0 makes this an error.$'
	# A leak of calls that are not seen has no call site to blame, but it is a leak.
	"$TOOL" check --save=seen.json -- "$TARGETS/inline_syscalls" >out 2>err
	status unseen-as-before 0 "$TOOL" check --baseline=seen.json --per-site=0 -- \
		"$TARGETS/inline_syscalls"
	jq 'del(.programs[0].sites[] | select(.call == "unseen")) | .programs[0].growth -= 10' \
		seen.json >fewer.json
	status unseen-leak 23 "$TOOL" check --baseline=fewer.json --generate-suppressions=lines \
		-- "$TARGETS/inline_syscalls"
	has unseen-leak-said err '^==[0-9]+==   \+10 by calls that were not seen  \(10, in the baseline 0\)$'
	status unseen-leak-per-site 23 "$TOOL" check --baseline=fewer.json --per-site=9 -- \
		"$TARGETS/inline_syscalls"
	status unseen-leak-suppressed 0 "$TOOL" check --baseline=fewer.json --suppressions=lines \
		-- "$TARGETS/inline_syscalls"
	status unseen-leak-allowed 0 "$TOOL" check --baseline=fewer.json --allow-unseen=10 -- \
		"$TARGETS/inline_syscalls"
	status unseen-diff 0 "$TOOL" diff fewer.json seen.json
	has unseen-diff-said out '^ +\+10 +0 +10 +.*unseen'
}

statuses() {
	status not-found 127 "$TOOL" check --max-maps=1 -- ./nowhere
	status not-a-program 126 "$TOOL" check --max-maps=1 -- ./pool.c
	TMPDIR=/nowhere status no-temporary 125 "$TOOL" check --max-maps=1 -- ./unit-tests
	has no-temporary-said err 'cannot make the temporary directory /nowhere/.*; set TMPDIR'
	status no-place-to-save 125 "$TOOL" check --save=/nowhere/maps.json rec
	# shellcheck disable=SC2016
	status killed 137 "$TOOL" check --max-maps=1 -- sh -c 'kill -9 $$'
	has killed-verdict err 'check failed: [a-z]*sh has'
}

# The library judges by itself, for test runners that cannot use a launcher.
library_alone() {
	local growth
	growth=$("$TOOL" report --format=json rec | jq '.processes[0].maps | .now - .start')
	alone alone 23 max_growth=0 ./unit-tests
	has alone-said err "ERROR: $growth maps more than at the start, and max_growth is 0;$"
	has alone-said-how err 'report=1 shows their call sites$'
	check alone-output [ "$(cat out)" = fine ]
	alone alone-allowed 0 "max_growth=$growth" ./unit-tests
	check alone-allowed-quiet [ ! -s err ]
	alone alone-less 23 "max_growth=$((growth - 1))" ./unit-tests
	alone alone-status 9 max_growth=0:exitcode=9 ./unit-tests
	alone alone-program-failed 3 max_growth=0 ./unit-tests 3
	alone alone-status-0 23 max_growth=0 ./unit-tests 256
	alone alone-exec 23 max_growth=0 sh -c 'exec ./unit-tests'
	alone alone-child 0 max_growth=10 sh -c './unit-tests; exit 0'
	alone alone-children 23 max_growth=10:children=report sh -c './unit-tests'
	alone alone-no-limit 0 exitcode=9 ./unit-tests
	# What exit handlers give back was kept, as it is for check.
	cc -g -O1 -x c - -o handlers <<-'END'
		#include <stdlib.h>
		#include <sys/mman.h>
		static char *kept[60];
		static void give_back(void)
		{
			for (int i = 0; i < 60; i++)
				munmap(kept[i], 4096);
		}
		int main(void)
		{
			atexit(give_back);
			for (int i = 0; i < 60; i++)
				kept[i] = mmap(0, 4096, i & 1 ? PROT_READ : PROT_NONE,
					       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			return 0;
		}
	END
	alone alone-kept 23 max_growth=40 ./handlers
	has alone-kept-said err 'ERROR: 6[0-9] maps more than at the start before the end gave'
	alone alone-kept-allowed 0 max_growth=70 ./handlers
}

story_source
story_build -DGUARD || exit 2
"$TOOL" run --report=none -o rec -- ./unit-tests >/dev/null
limits
percents
burst
unseen
statuses
library_alone
usage
finish
