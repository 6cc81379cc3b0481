#!/bin/bash
# SPDX-License-Identifier: MIT
# Reports for other people's viewers: each format is read by a reader that is not ours, says the
# same as the JSON report, and is valid with names that are made to break it. The JSON report keeps
# to its schema, doc/report.schema.json.
. "$(dirname "$0")/../lib.sh"
HERE=$ROOT/tests/cli
cd "$TMP" || exit 2
export PYTHONPATH=$TMP PYTHONDONTWRITEBYTECODE=1
FORMATS="folded csv speedscope chrome openmetrics pprof"

# Splits, a burst, a failure, a mark, and a child of two programs.
make_program() {
	cat >program.c <<-'END'
		#include "vmatrace.h"
		#include <sys/mman.h>
		#include <sys/wait.h>
		#include <unistd.h>
		static __attribute__((noinline)) void split(char *p, int n)
		{
			for (int i = 0; i < n; i += 2)
				mprotect(p + i * 4096, 4096, PROT_NONE);
		}
		static inline __attribute__((always_inline)) char *make(int n)
		{
			return mmap(0, n * 4096L, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		}
		int main(int argc, char **argv)
		{
			char *p = make(200);
			split(p, 200);
			munmap(p, 200 * 4096L);
			VMATRACE_MARK("half, \"way\"");
			mmap(0, 1L << 60, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			split(make(60), 60);
			if (argc == 1 && !fork())
				execl(argv[0], argv[0], "child", (char *)0);
			wait(0);
			return 0;
		}
	END
	cc -g -O1 -I"$ROOT/preload" program.c -o "$1"
}

# read_back NAME FORMAT FILE JSON: the reader takes it and agrees
read_back() {
	local said
	said=$(/usr/bin/python3 "$HERE/export_check.py" "$2" "$3" "$4" 2>&1) && pass "$1" || fail "$1" "$said"
}

# all NAME RECORDING: every format of it
all() {
	local name=$1 format
	shift
	"$TOOL" report --format=json "$@" >"$name.json" 2>err || fail "$name-json" "$(cat err)"
	for format in $FORMATS; do
		if "$TOOL" report --format=$format -o "$name.$format" "$@" >out 2>err && [ ! -s err ]; then
			read_back "$name-$format" $format "$name.$format" "$name.json"
		else
			fail "$name-$format" "$(cat out err)"
		fi
	done
	for format in peak created split merged bytes; do
		"$TOOL" report --format=folded --value=$format "$@" >out
		read_back "$name-folded-$format" folded=$format out "$name.json"
	done
	keeps_to "$name-schema" report "$name.json"
}

contents() {
	check folded-stack grep -qE '^program-[0-9]+;.*;main;split;mprotect_\[k\] [1-9][0-9]$' real.folded
	check folded-inlined grep -qE ';main;make;mmap_\[k\] 1$' real.folded
	check folded-startup grep -qE '^program-[0-9]+;\[startup\] [0-9]+$' real.folded
	check csv-where grep -qE '"split program.c:[0-9]+"' real.csv
	check metrics-where grep -qE '^vmatrace_site_maps\{.*call="mprotect",where="split program.c:[0-9]+"\} [1-9][0-9]$' \
		real.openmetrics
	check metrics-promtool sh -c 'promtool check metrics <real.openmetrics >out 2>&1 && [ ! -s out ]'
	check chrome-failure grep -qF '"name":"mmap failed: ENOMEM"' real.chrome
	check chrome-mark grep -qF '"name":"half, \"way\"","ph":"i"' real.chrome
	"$TOOL" report --format=speedscope --value=split -o out rec
	check speedscope-value [ "$(jq -r '.profiles[.activeProfileIndex].name' out | cut -d, -f2)" = " split" ]
	"$TOOL" report --format=pprof rec >out
	check pprof-same-bytes cmp out real.pprof
}

# viewers NAME: flamegraph.pl draws all maps, without a word, and pprof counts as the JSON report does.
viewers() {
	local name=$1 value wanted said
	perl /usr/share/perl5/Devel/NYTProf/flamegraph.pl --minwidth=0 --countname=maps "$name.folded" >"$name.svg" 2>err
	check "$name-flamegraph-quiet" [ ! -s err ]
	check "$name-flamegraph-xml" xmllint --noout "$name.svg"
	wanted=$(jq '[.processes[].sites[].live] | add' "$name.json" | sed ':a; s/\([0-9]\)\([0-9]\{3\}\)\>/\1,\2/; ta')
	check "$name-flamegraph-all" grep -qF "<title>all ($wanted maps, 100%)</title>" "$name.svg"
	for value in live peak created split merged bytes; do
		wanted=$(jq "[.processes[].sites[].$(echo $value | sed s/peak/live_at_peak/)] | add" "$name.json")
		said=$(HOME=$TMP go tool pprof -top -unit=B -sample_index=$value "$name.pprof" 2>&1)
		if grep -qE "Total samples = ${wanted}B? *$" <<<"$said"; then
			pass "$name-go-pprof-$value" "$wanted"
		else
			fail "$name-go-pprof-$value" "$wanted, but $(head -6 <<<"$said")"
		fi
	done
}

one_process() {
	local pid
	pid=$(jq '.processes[0].pid' real.json)
	"$TOOL" report --format=folded --pid="$pid" rec >out
	check one-process sh -c '[ -s out ] && ! grep -qv "^program;" out'
	"$TOOL" report --format=openmetrics --pid="$pid" --top=1 rec >out
	check one-process-top [ "$(grep -c '^vmatrace_site_maps{' out)" = 1 ]
	cp "$(ls rec/*.vmt | head -1)" twice.vmt
	"$TOOL" report --format=openmetrics twice.vmt >once
	"$TOOL" report --format=openmetrics twice.vmt twice.vmt >twice
	check metrics-twice sh -c 'tail -1 once | grep -q "^# EOF$" && cmp once twice'
}

hostile() {
	local code
	cc -D_GNU_SOURCE -I"$ROOT/preload" "$HERE/make_hostile.c" -o make_hostile || exit 2
	./make_hostile hostile.vmt 4194999
	for code in 0 1 2 3; do
		# One name is longer than any line, one begins like a formula, none has an end like others.
		printf '7f00000010%d0 10 %s\n' $((code + 1)) "$(printf '=f%d"\\;,\033[1m\377\302\205<b> %%s 9' $code)"
	done >perf-4194999.map
	head -c 5000 /dev/zero | tr '\0' ';' | sed 's/^/7f0000001010 10 /' >>perf-4194999.map
	all hostile --symbols="$TMP" hostile.vmt
	check hostile-names-found grep -q '=f1' hostile.folded
	./make_hostile other.vmt 4194998
	all hostile-two --symbols="$TMP" hostile.vmt other.vmt
}

refusals() {
	local format
	"$TOOL" report --format=yaml rec >out 2>err
	check unknown-format [ $? = 2 ]
	check unknown-format-said grep -qF \
		"the format is text, html, json, folded, speedscope, pprof, chrome, openmetrics or csv, not yaml" err
	"$TOOL" report --format=csv -f json rec >out 2>err
	check two-formats [ $? = 2 ]
	check two-formats-said grep -qF 'a format was given already, so it cannot be json' err
	check two-formats-nothing [ ! -s out ]
	check same-format-twice "$TOOL" report --format=csv -f csv rec
	for format in text json html; do
		"$TOOL" diff --format=$format -o nowhere/x rec rec >out 2>err
		check diff-no-folder-$format [ $? = 2 ]
		check diff-no-folder-$format-said grep -qF 'nowhere/x: No such file or directory' err
	done
	"$TOOL" run -o other-run --report=html --report-file=nowhere/x -- ./program child 2>err
	check run-no-folder-said grep -qF 'cannot write the report to nowhere/x: No such file or directory' err
	"$TOOL" report --format=folded --value=size rec >out 2>err
	check unknown-value [ $? = 2 ]
	check unknown-value-said grep -qF 'the value is live, peak, created, split, merged or bytes, not size' err
	for format in $FORMATS; do
		"$TOOL" report --format=$format -o /dev/full rec >out 2>err
		check full-disk-$format [ $? = 125 ]
		"$TOOL" report --format=$format nowhere.vmt >out 2>err
		check no-recording-$format [ $? = 2 ]
		"$TOOL" report --help >out
		check help-$format grep -qw $format out
	done
	script -qec "$TOOL report --format=pprof rec" /dev/null >out 2>&1 </dev/null
	check pprof-terminal grep -q "not for terminals: name a file with -o" out
	script -qec "$TOOL run -o run --report=pprof -- ./program child" /dev/null >out 2>&1 </dev/null
	check run-pprof-terminal grep -q "not for terminals: name a file with --report-file" out
	check run-pprof "$TOOL" run -o run --report=pprof --report-file=run.pprof -- ./program child
	"$TOOL" report --format=json run >run.json
	read_back run-pprof-file pprof run.pprof run.json
}

# What each command writes as JSON has a schema.
schemas() {
	local id
	for id in $(grep -rhoE 'vmatrace\.[a-z]+/[0-9]+' "$ROOT/tools" | sort -u); do
		check "schema-of-$id" jq -e --arg id "$id" '.properties.schema.const == $id' \
			"$ROOT/doc/$(expr "$id" : 'vmatrace\.\([a-z]*\)').schema.json"
	done
}

# Any byte may be damaged: a report or a refusal will do, a crash will not.
damaged() {
	local i format status crashes=0
	for i in $(seq 0 3 "${DAMAGES:-60}"); do
		cp hostile.vmt damaged.vmt
		printf '\377' | dd of=damaged.vmt bs=1 seek=$((i * 37 % 1024 + i / 30 * 4096)) conv=notrunc 2>/dev/null
		for format in $FORMATS; do
			timeout 20 "$TOOL" report --format=$format damaged.vmt >/dev/null 2>&1
			status=$?
			[ $status = 0 ] || [ $status = 2 ] || crashes=$((crashes + 1))
		done
	done
	check damaged [ $crashes = 0 ]
}

protoc --python_out=. -I"$HERE" profile.proto || exit 2
make_program program || exit 2
traced real-run report=0 ./program
mv real-run/rec rec
all real rec
contents
viewers real
check pprof-names sh -c 'HOME=. go tool pprof -top -sample_index=peak real.pprof | grep -qE "^ +0 .* main$"'
one_process
hostile
viewers hostile
refusals
schemas
damaged
finish
