#!/bin/bash
# SPDX-License-Identifier: MIT
# The page of report --format=html in a headless Chromium: it says the same as the JSON report,
# works with pointer and keyboard, runs no code that names contain, and is quick with 60,000 maps.
#
# scripts/gallery.sh makes the pictures of this page in the README.
. "$(dirname "$0")/lib.sh"
cd "$TMP" || exit 2

# Splits, merges, a mark, a failure, and children that are other programs.
cat >program.c <<'END'
#include "vmatrace.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
static __attribute__((noinline)) void split(char *p, int n)
{
	for (int i = 0; i < n; i += 2)
		mprotect(p + i * 4096L, 4096, PROT_NONE);
}
static __attribute__((noinline)) char *make(int n)
{
	return mmap(0, n * 4096L, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void apart(int n)
{
	for (int i = 0; i < n; i++)
		mmap((char *)0x100000000000 + i * 8192L, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 0;
	char *p = make(n);
	split(p, n / 2);
	VMATRACE_MARK("half way");
	mmap(0, 1L << 60, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	split(p + n / 2 * 4096L, n - n / 2);
	apart(20);
	char *q = make(100);
	split(q, 100);
	mprotect(q, 100 * 4096L, PROT_READ);
	munmap(q, 100 * 4096L);
	if (argc > 2 && !fork())
		execl(argv[0], argv[0], argv[2], (char *)0);
	wait(0);
	return 0;
}
END
cc -g -O1 -I"$ROOT/preload" program.c -o program || exit 2

# page NAME RECORDING...
page() {
	local name=$1
	shift
	"$TOOL" report --format=html -o "$name.html" "$@" >out 2>err && [ ! -s err ] ||
		fail "$name-written" "$(cat out err)"
}

# in_browser SCRIPT WHAT...: run a script of tests/html, and count its lines
in_browser() {
	local word name detail lines
	lines=$(timeout -k 5 "${LIMIT:-120}" node "$ROOT/tests/html/$1" "${@:2}" 2>&1)
	while read -r word name detail; do
		case $word in
		ok) pass "$name" "$detail" ;;
		*) fail "$2-${name:-ended}" "$detail" ;;
		esac
	done <<<"$lines"
}
browse() { in_browser page_check.js "$@"; }

real() {
	traced real report=0 ./program 4000 600
	page real real/rec
	"$TOOL" report --format=json -o real.json real/rec
	browse real real.html real.json
}

diff() {
	traced before report=0 ./program 200
	traced after report=0 ./program 900
	"$TOOL" diff --format=html -o diff.html before/rec after/rec 2>err && [ ! -s err ] || fail diff-written "$(cat err)"
	"$TOOL" diff --format=json -o diff.json before/rec after/rec
	browse diff diff.html diff.json
	"$TOOL" check --max-growth=100000 --save=base.json after/rec >out 2>&1
	"$TOOL" diff --format=html before/rec base.json >out 2>err
	check diff-of-baseline [ $? = 2 ]
	check diff-of-baseline-said grep -q "not of the baseline base.json" err
	"$TOOL" diff --format=html base.json after/rec >out 2>err
	check diff-to-baseline grep -q '"diff":' out
}

# What is locked is known from the kernel, while the program runs.
locks() {
	local job pid=
	mkfifo input
	mkdir -p locks/rec
	: >ready
	LD_PRELOAD=$LIB VMATRACE_OPTIONS=dir=locks/rec:report=0 "$TARGETS/pattern_locks" plain 1000 \
		<input >ready &
	job=$!
	exec 9>input
	wait_ready $job
	page locks locks/rec
	exec 9>&-
	wait $job
	browse shows locks.html anonymous
	check locked-is-said grep -q '"not locked"' locks.html
}

# Narrow guards between wide stacks, files that touch, reservations longer than what is folded away.
shows() {
	cat >reserving.c <<-'END'
		#include <sys/mman.h>
		#include <unistd.h>
		int main(void)
		{
			char byte;
			for (long i = 0; i < 60; i++) {
				char *at = mmap(0, 8L << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
				mprotect(at + 4096, 65536, PROT_READ | PROT_WRITE);
			}
			return read(0, &byte, 1) < 0;
		}
	END
	cc -g reserving.c -o reserving || exit 2
	# Pages of one file, backwards.
	cat >views.c <<-'END'
		#define _GNU_SOURCE
		#include <fcntl.h>
		#include <sys/mman.h>
		#include <unistd.h>
		int main(void)
		{
			int fd = open("pages", O_RDWR | O_CREAT, 0600);
			char *at = mmap(0, 2 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (ftruncate(fd, 2 << 20))
				return 1;
			for (long i = 0; i < 512; i++)
				mmap(at + i * 4096, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, fd, (511 - i) * 4096);
			return 0;
		}
	END
	cc -g views.c -o views || exit 2
	# The two differ in what a recording does not have; which call cut them is known.
	cat >sessions.c <<-'END'
		#include <sys/mman.h>
		int main(void)
		{
			for (int i = 0; i < 600; i++) {
				char *at = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
				madvise(at, 16384, MADV_DONTDUMP);
				if (i % 3)
					munmap(at + 16384, 49152);
			}
			return 0;
		}
	END
	cc -g sessions.c -o sessions || exit 2
	mkdir segments
	traced fibers report=0 "$TARGETS/case_fibers" mprotect 1000 </dev/null
	traced files report=0 "$TARGETS/case_segments" segments 1000 </dev/null
	traced reserves report=0 ./reserving </dev/null
	traced viewed report=0 ./views </dev/null
	traced advised report=0 ./sessions </dev/null
	page sessions advised/rec
	page views viewed/rec
	page fibers fibers/rec
	page files files/rec
	page reserves reserves/rec
	# The page says what the text report says, word for word: both come from one place.
	/usr/bin/python3 - fibers.html >of-page <<-'END'
		import json, re, sys
		data = re.search(r'id="data">(.*?)</script>', open(sys.argv[1]).read(), re.S)[1]
		data = json.loads(data)
		print("\n".join(data["pages"][data["first"]]["text"]))
	END
	"$TOOL" report fibers/rec | sed 's/^==[0-9]*== \{0,1\}//' >as-text
	check text-of-report [ -s as-text ]
	check text-is-the-same cmp of-page as-text
	browse shows fibers.html guard anonymous
	browse shows files.html file
	browse shows views.html file
	browse shows reserves.html reserved anonymous
	browse shows sessions.html anonymous hole
}

# One line at many stacks is one row, and what happened to maps that are gone is told first.
rows() {
	cat >rows.c <<-'END'
		#include <sys/mman.h>
		static char *at;
		/* ends in a jump, so that the stack lacks it */
		static __attribute__((optimize("optimize-sibling-calls"))) int close_page(char *page)
		{
			return mprotect(page, 4096, PROT_NONE);
		}
		static int (*volatile change)(char *page) = close_page;
		static __attribute__((noinline)) void guard(int depth)
		{
			if (depth)
				guard(depth - 1);
			else
				for (int i = 0; i < 4; i++)
					change(at += 8192);
			__asm__ volatile("");
		}
		int main(int argc, char **argv)
		{
			long size = 1L << 20;
			char *p = at = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			for (int depth = 0; depth < 25; depth++)
				guard(depth);
			return argc > 1 ? munmap(p, size) : 0;
		}
	END
	cc -g -O1 -fno-optimize-sibling-calls rows.c -o rows || exit 2
	traced kept report=0 ./rows </dev/null
	traced gone report=0 ./rows gone </dev/null
	page kept kept/rec
	page gone gone/rec
	"$TOOL" report kept/rec >as-text
	check reason-is-the-most-frequent grep -q 'differ in protection (mostly rw-p,' as-text
	in_browser rows_check.js kept.html gone.html
}

large() {
	traced large report=0 ./program 60000
	page large large/rec
	browse large large.html
}

# A page for each program, the maps of which are nothing but what names do.
hostile() {
	local i files=
	cc -D_GNU_SOURCE -I"$ROOT/preload" "$ROOT/tests/cli/make_hostile.c" -o make_hostile || exit 2
	./make_hostile hostile.vmt 4194999
	printf '7f0000001%d10 10 %s\n' 0 '</script><script>window.hostile=3</script>' >perf-4194999.map
	printf '7f0000001020 10 <img src=x onerror=window.hostile=4>\n' >>perf-4194999.map
	printf '7f0000001030 10 \xe2\x80\xa8window.hostile=5\xe2\x80\xa9\xe2\x80\xae\xe2\x81\xa6<!--\n' >>perf-4194999.map
	head -c 5000 /dev/zero | tr '\0' '<' | sed 's/^/7f0000001040 10 /' >>perf-4194999.map
	page hostile --symbols="$TMP" hostile.vmt
	check names-are-in-it grep -q 'u003c/script' hostile.html
	check no-end-of-script [ "$(grep -o '</script' hostile.html | wc -l)" = 2 ]
	for i in $(seq 12); do
		cp hostile.vmt damaged$i.vmt
		printf '\377' | dd of=damaged$i.vmt bs=1 seek=$((i * 337 % 900 + i / 4 * 4096)) conv=notrunc 2>/dev/null
		"$TOOL" report --format=html -o damaged$i.html damaged$i.vmt 2>/dev/null && files+=" damaged$i.html"
	done
	check damaged-are-read [ -n "$files" ]
	browse hostile hostile.html $files
}

sizes() {
	traced sites report=0 "$TARGETS/many_sites" 1000
	page sites sites/rec
	"$TOOL" report --format=json -o sites.json sites/rec
	check a-thousand-sites [ "$(jq '.processes[0].sites | length' sites.json)" -ge 1000 ]
	if [ "$(stat -c %s sites.html)" -lt 1048576 ]; then
		pass under-1-MiB "$(stat -c '%s bytes' sites.html)"
	else
		fail under-1-MiB "$(stat -c '%s bytes' sites.html)"
	fi
}

refusals() {
	"$TOOL" report --format=htm real/rec >out 2>err
	check unknown-format [ $? = 2 ]
	check unknown-format-said grep -q 'not htm' err
	"$TOOL" report --format=html -o nowhere/page.html real/rec >out 2>err
	check no-folder [ $? = 2 ]
	check no-folder-said grep -q 'nowhere/page.html: No such file' err
	"$TOOL" report --format=html -o /dev/full real/rec >out 2>err
	check full-disk [ $? = 125 ]
	mkdir empty
	"$TOOL" report --format=html -o page.html empty >out 2>err
	check no-recordings [ $? = 2 ]
	check no-recordings-said [ "$(wc -l <err)" -ge 1 ]
	check no-page [ ! -e page.html ]
	: >nothing.vmt
	"$TOOL" report --format=html -o page.html nothing.vmt >out 2>err
	check empty-recording [ $? = 2 ]
}

# The pictures that the README shows exist, and show the page as it is now.
gallery() {
	local said shown
	said=$("$ROOT/scripts/gallery.sh" --check 2>&1) && pass gallery-is-new || fail gallery-is-new "$said"
	shown=$(grep -oE 'doc/gallery/[a-z-]+\.png' "$ROOT/README.md" | sort -u)
	check gallery-is-shown [ "$shown" = "$(cd "$ROOT" && echo doc/gallery/*.png | tr ' ' '\n')" ]
}

real
diff
shows
locks
rows
large
hostile
gallery
sizes
refusals
finish
