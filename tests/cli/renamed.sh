#!/bin/bash
# SPDX-License-Identifier: MIT
# vmatrace check where what a baseline knows has another name now, or two programs have one name.
. "$(dirname "$0")/../lib.sh"
HERE=$ROOT/tests/cli
cd "$TMP" || exit 2
export TMPDIR=$TMP
. "$HERE/check_common.sh"

# joined: what was said as one line, without the prefix of each line
joined() {
	sed 's/^==[0-9]*== *//' "$WORK/err" | tr '\n' ' '
}

# A function with a new name is a new call site, and what it holds is red. The call site that is gone is
# named, since its maps are these.
renamed() {
	local gone='mmap in keep_page, fill, main \(30 maps\) of the baseline is gone: if a function'
	local format
	compile renamed
	"$TOOL" check --save=names.json -- ./renamed
	for how in NEW_NAME EXTRACTED; do
		cc -g -O1 -D$how "$HERE/alarms/renamed.c" -o renamed || exit 2
		status "renamed-$how" 23 "$TOOL" check --per-site=1 --baseline=names.json -- ./renamed
		joined >words
		has "renamed-$how-said" words "note: $gone was only renamed or moved, these are the same maps; save"
		check "renamed-$how-80-columns" sh -c 'grep -A3 note: err | wc -L | grep -qE "^[5-7][0-9]|80$"'
	done
	cc -g -O1 -DNEW_NAME -DMORE=5 "$HERE/alarms/renamed.c" -o renamed || exit 2
	for format in json junit sarif github; do
		GITHUB_STEP_SUMMARY=step.md "$TOOL" check --per-site=1 --baseline=names.json -f $format \
			-o renamed.$format -- ./renamed 2>err
		has "renamed-$format" renamed.$format "$gone.* 30 of these maps are the same and 5 are new: look at"
	done
	keeps_to renamed-schema check renamed.json
	check renamed-fields [ "$(jq -c '.findings[0].gone' renamed.json)" = \
		'[{"call":"mmap","maps":30,"stack":["renamed!keep_page","renamed!fill","renamed!main"]}]' ]
	has renamed-step step.md '30 maps&#41; of the baseline is gone'
	# Two gone call sites have more maps than one that holds more: some are new all the same.
	compile renamed
	"$TOOL" check --save=two.json -- ./renamed 8
	cc -g -O1 -DNEW_NAME -DMORE=5 "$HERE/alarms/renamed.c" -o renamed || exit 2
	status renamed-two 23 "$TOOL" check --per-site=1 --baseline=two.json -- ./renamed 8
	joined >words
	has renamed-two-said words 'these may be the same maps, but in all the program has 5 maps more than in the baseline: look for them before'
	check renamed-two-save sh -c '! grep -q "these are the same maps; save" words'
	# It explains one of two that hold more: the likelier one.
	compile renamed
	"$TOOL" check --save=once.json -- ./renamed
	cc -g -O1 -DNEW_NAME "$HERE/alarms/renamed.c" -o renamed || exit 2
	"$TOOL" check --per-site=1 --baseline=once.json -f json -o once.out -- ./renamed 12 2>err
	check renamed-once [ "$(jq -c '[.findings[] | [.maps, (.gone | length)]] | sort' once.out)" = '[[12,0],[30,1]]' ]
	# Nothing is gone where a call site holds more, or there is another one.
	compile renamed
	status not-renamed 23 "$TOOL" check --baseline=names.json -- ./renamed 30
	check not-renamed-said sh -c '! grep -q note: err'
}

# Functions of the C++ library do not take the place of the one that was renamed.
renamed_class() {
	cat >class.cc <<-'END'
		#include <sys/mman.h>
		#include <memory>
		#include <vector>
		struct Block {
			void *at;
			explicit Block(int i)
				: at(mmap(0, 4096, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {}
		};
		static std::vector<std::unique_ptr<Block>> blocks;
		__attribute__((noinline)) static void NAME(int n)
		{
			for (int i = 0; i < n; i++)
				blocks.push_back(std::make_unique<Block>(i));
		}
		int main() { NAME(30); return 0; }
	END
	c++ -g -O0 -DNAME=fill_blocks class.cc -o class || exit 2
	"$TOOL" check --save=class.json -- ./class
	c++ -g -O0 -DNAME=enlist_blocks class.cc -o class || exit 2
	status renamed-class 23 "$TOOL" check --per-site=1 --baseline=class.json -- ./class
	joined >words
	has renamed-class-said words 'note: mmap in Block::Block, fill_blocks, main \(30 maps\) of the baseline is gone'
}

# Two executables of one name are one program for a baseline: this is said, with both paths, and either
# can be asked about.
twins() {
	local leak
	compile renamed
	mkdir a b
	mv renamed a/unit
	cp a/unit b/unit
	status twins-save 0 "$TOOL" check --save=twins.json -- sh -c 'a/unit 40; b/unit 30'
	has twins-save-said err "/a/unit and .*/b/unit are both called unit and are judged as one program: of each"
	status twins-hide 0 "$TOOL" check --baseline=twins.json -- sh -c 'a/unit 40; b/unit 39'
	has twins-hide-said err "^vmatrace: $TMP/a/unit and $TMP/b/unit are both"
	has twins-hide-advice err "--program=$TMP/b/unit"
	status twins-alone-save 0 "$TOOL" check --program=b/unit --save=b.json -- sh -c 'a/unit 40; b/unit 30'
	check twins-alone-quiet sh -c '! grep -q "both called" err'
	for leak in 0:30 23:39; do
		status "twins-alone-$leak" "${leak%:*}" "$TOOL" check --program=$TMP/b/unit --baseline=b.json -- \
			sh -c "a/unit 40; b/unit ${leak#*:}"
	done
	status twins-no-such 2 "$TOOL" check --program=c/unit --baseline=b.json -- sh -c 'b/unit; true'
	# A copy that only becomes the other is no twin.
	status twins-exec 0 "$TOOL" check --max-growth=99 -- sh -c 'b/unit; b/unit'
	check twins-exec-quiet sh -c '! grep -q "both called" err'
}

# A baseline has no lines, so the line that is named need not be the one that leaks: the others are named, too.
other_lines() {
	compile other_lines
	status other-lines-save 0 "$TOOL" check --save=lines.json -- ./other_lines 0
	status other-lines 23 "$TOOL" check --baseline=lines.json -- ./other_lines 12
	has other-lines-named err '\+12 by mmap in open_volume .*other_lines.c:15  \(52, in the baseline 40\)'
	has other-lines-said err 'or open_volume .*other_lines.c:14, which has 40 of them'
	"$TOOL" check --format=json -o lines.out --baseline=lines.json -- ./other_lines 12 2>err
	check other-lines-json [ "$(jq -c '.findings[0].other_lines | map([.function, .line, .maps])' \
		lines.out)" = '[["open_volume",14,40]]' ]
	keeps_to other-lines-schema check lines.out
	for format in junit sarif github; do
		"$TOOL" check --format=$format -o lines.out --baseline=lines.json -- ./other_lines 12 2>err
		has other-lines-$format lines.out \
			'or open_volume .*other_lines.c:14, which has 40 of them: the baseline does not say which of these had more'
	done
}

# Of two plug-ins from one source only the modules differ.
plugins() {
	compile plugin
	for name in first second; do
		cc -g -O1 -fPIC -shared -DPLUGIN "$HERE/alarms/plugin.c" -o $name.so || exit 2
	done
	status plugins 23 "$TOOL" check --per-site=5 -- ./plugin ./first.so ./second.so
	for name in first second; do
		has plugins-$name err "by mmap in plug_run .*plugin.c:[0-9]+ of $name.so$"
	done
}

renamed
renamed_class
plugins
twins
other_lines
finish
