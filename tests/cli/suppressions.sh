#!/bin/bash
# SPDX-License-Identifier: MIT
# The lines that vmatrace check offers suppress what was found, and not the leaks to come.
. "$(dirname "$0")/../lib.sh"
WORK=$TMP
. "$(dirname "$0")/check_common.sh"
cd "$TMP" || exit 2

# A pattern of main, or of the program, is found in every stack: it would hide all leaks to come.
cat >mainleak.c <<'EOF'
#include <sys/mman.h>
#define PAGE(i) mmap(0, 4096, (i) & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
__attribute__((noinline)) void *other(int i)
{
	return PAGE(i);
}
int main(int argc, char **argv)
{
	for (int i = 0; i < 100; i++)
		PAGE(i);
	for (int i = 0; argc > 1 && i < 50; i++)
		other(i);
	return !argv;
}
EOF
${CC:-cc} -g -O1 mainleak.c -o mainleak || exit 2
status main-leak 23 "$TOOL" check --per-site=0 --generate-suppressions=main.supp -- ./mainleak
has main-by-line main.supp '^(vma|split):mainleak.c:[0-9]+\$$'
has main-by-line-said err '^  (vma|split):mainleak.c:[0-9]+\$$'
has main-numbered main.supp '^# The line fits this line number only: generate it again when lines were added'
has main-numbered-said err '^    \(fits this line number only: generate it'
check main-columns [ "$(grep -A2 '^  [a-z]*:' err | wc -L)" -le 80 ]
status main-suppressed 0 "$TOOL" check --per-site=0 --suppressions=main.supp -- ./mainleak
status main-not-all 23 "$TOOL" check --per-site=0 --suppressions=main.supp -- ./mainleak more
strip mainleak
status main-stripped 23 "$TOOL" check --per-site=0 --generate-suppressions=main.supp -- ./mainleak
check main-no-line sh -c '! grep -v "^#" main.supp'
has main-no-line-said err 'allow more with --per-site\.$'
# So is the function that a thread starts with, in every stack of the thread.
cat >thread.c <<'EOF'
#include <pthread.h>
#include <sys/mman.h>
#define PAGE(i) mmap(0, 4096, (i) & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
__attribute__((noinline)) static void *other(long i)
{
	return PAGE(i);
}
static void *worker(void *more)
{
	for (long i = 0; i < 100; i++)
		PAGE(i);
	for (long i = 0; more && i < 50; i++)
		other(i);
	return more;
}
int main(int argc, char **argv)
{
	pthread_t thread;

	return pthread_create(&thread, 0, worker, argc > 1 ? argv : 0) || pthread_join(thread, 0);
}
EOF
${CC:-cc} -g -O1 -pthread thread.c -o thread || exit 2
status thread-leak 23 "$TOOL" check --per-site=20 --generate-suppressions=thread.supp -- ./thread
has thread-by-line thread.supp '^(vma|split):thread.c:[0-9]+\$$'
status thread-suppressed 0 "$TOOL" check --per-site=20 --suppressions=thread.supp -- ./thread
status thread-not-all 23 "$TOOL" check --per-site=20 --suppressions=thread.supp -- ./thread more
strip --strip-debug thread
status thread-no-lines 23 "$TOOL" check --per-site=20 --generate-suppressions=thread.supp -- ./thread
has thread-by-name thread.supp '^(vma|split):\^worker\$$'
# Calls in several lines of such a function are one call site, but a line is for itself.
cat >lines.c <<'EOF'
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#define PAGE(i) mmap(0, 4096, (i) & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
static int known, leak;
static void *worker(void *unused)
{
	for (int i = 0; i < known; i++)
		PAGE(i); /* KNOWN worker */
	for (int i = 0; i < leak; i++)
		PAGE(i); /* LEAK worker */
	return unused;
}
int main(int argc, char **argv)
{
	pthread_t thread;

	known = atoi(argv[1]);
	leak = atoi(argv[2]);
	if (argc > 3)
		return pthread_create(&thread, 0, worker, 0) || pthread_join(thread, 0);
	for (int i = 0; i < known; i++)
		PAGE(i); /* KNOWN main */
	for (int i = 0; i < leak; i++)
		PAGE(i); /* LEAK main */
	return 0;
}
EOF
cat >lines.py <<'EOF'
import mmap, sys
kept = []
for i in range(int(sys.argv[1])):
    kept.append(mmap.mmap(-1, 4096, prot=1 << i % 2))  # KNOWN module
for i in range(int(sys.argv[2])):
    kept.append(mmap.mmap(-1, 4096, prot=1 << i % 2))  # LEAK module
EOF
${CC:-cc} -g -O1 -pthread lines.c -o lines || exit 2
# one_line STATUS TEST "OPTIONS" KNOWN LEAK: check of $program, with so many maps in the two lines
one_line() {
	# shellcheck disable=SC2086 # words
	status "$name-$2" "$1" "$TOOL" check $3 -- $program "$4" "$5" $kind
}
# each_line NAME FILE MARK LIMIT PROGRAM [KIND]: a leak beside maps that are suppressed by their line
each_line() {
	local name=$1 file=$2 limit=--per-site=$4 program=$5 kind=${6:-} known leak supp
	known=$(grep -n "KNOWN $3" "$2" | cut -d: -f1) leak=$(grep -n "LEAK $3" "$2" | cut -d: -f1)
	supp=--suppressions=$name.supp
	one_line 23 both "$limit --generate-suppressions=$name.both" 60 50
	has "$name-both-known" "$name.both" "^vma:$file:$known\\$\$"
	has "$name-both-leak" "$name.both" "^vma:$file:$leak\\$\$"
	has "$name-both-said" err "^  vma:$file:$leak\\$\$"
	one_line 0 both-suppressed "$limit --suppressions=$name.both" 60 50
	one_line 0 both-growth "--max-growth=90 --suppressions=$name.both" 90 120
	echo "vma:$file:$known\$" >"$name.supp"
	one_line 0 alone "$limit $supp" 60 0
	one_line 23 less "$limit $supp" 60 50
	has "$name-less-maps" err "\+50 by mmap in .* .*$file:$leak$"
	check "$name-less-used" sh -c '! grep -q "matched nothing" err'
	has "$name-less-counted" err "^ +1 +60  vma:$file:$known"
	one_line 23 more "$limit $supp --generate-suppressions=$name.rest" 60 70
	has "$name-more-maps" err "\+70 by mmap in .* .*$file:$leak$"
	check "$name-more-used" sh -c '! grep -q "matched nothing" err'
	check "$name-more-line" [ "$(grep -v '^#' "$name.rest")" = "vma:$file:$leak\$" ]
	one_line 23 growth "--max-growth=90 $supp" 90 120
	has "$name-growth-line" err "$file:$leak"
	one_line 0 saved "--save=$name.json" 5 5
	one_line 23 more-than-saved "--baseline=$name.json $limit $supp" 60 50
	one_line 23 grown "--baseline=$name.json $supp" 60 90
	one_line 0 known-grown "--baseline=$name.json $supp" 90 5
}
each_line lines-main lines.c main 0 ./lines
each_line lines-thread lines.c worker 20 ./lines thread
each_line lines-python lines.py module 20 "${PYTHON:-python3} lines.py"
# A line that names the function is for all of them.
echo 'vma:^main$' >lines.supp
status lines-by-name 0 "$TOOL" check --per-site=0 --suppressions=lines.supp -- ./lines 20 50
# What is suppressed in workers is so by its line, too, and excuses nothing of their parent.
cat >workers.c <<'EOF'
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#define PAGE(i) mmap(0, 4096, (i) & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
int main(int argc, char **argv)
{
	for (int worker = 0; worker < 2; worker++) {
		if (!fork()) {
			for (int i = 0; i < atoi(argv[1]); i++)
				PAGE(i); /* KNOWN worker */
			for (int i = 0; i < atoi(argv[2]); i++)
				PAGE(i); /* LEAK worker */
			_exit(argc > 4);
		}
		wait(0);
	}
	for (int i = 0; i < atoi(argv[3]); i++)
		PAGE(i); /* PARENT */
	return 0;
}
EOF
${CC:-cc} -g -O1 workers.c -o workers || exit 2
place() { echo "workers.c:$(grep -n "PAGE(i); /. $1" workers.c | cut -d: -f1)"; }
echo "vma:$(place 'KNOWN worker')\$" >workers.supp
status workers-saved 0 "$TOOL" check --save=workers.json -- ./workers 4 0 4
for limit in --suppressions=workers.supp "--suppressions=workers.supp --per-site=9"; do
	# shellcheck disable=SC2086 # words
	{
		status "workers-known ${limit#* }" 0 "$TOOL" check --baseline=workers.json $limit -- ./workers 90 0 4
		status "workers-leak ${limit#* }" 23 "$TOOL" check --baseline=workers.json $limit -- ./workers 90 60 4
		has "workers-leak-line ${limit#* }" err "\+56 by mmap in main $(place 'LEAK worker')"
		status "workers-parent ${limit#* }" 23 "$TOOL" check --baseline=workers.json $limit -- ./workers 90 0 60
		has "workers-parent-line ${limit#* }" err "\+56 by mmap in main $(place PARENT)"
	}
done
# Where only a part has names, what is left over is said: the lines alone do not make it pass.
cat >part.c <<'EOF'
#include <sys/mman.h>
#define PAGE(prot) mmap(0, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
int named(int i);
#ifdef LIBRARY
int named(int i)
{
	return PAGE(i & 1 ? PROT_READ : PROT_NONE) == MAP_FAILED;
}
#else
static __attribute__((noinline)) int hidden(void)
{
	return PAGE(PROT_READ | PROT_WRITE) == MAP_FAILED;
}
int main(void)
{
	int failed = 0;

	for (int i = 0; i < 50; i++)
		failed += named(i) + hidden();
	return failed;
}
#endif
EOF
${CC:-cc} -g -O1 -shared -fPIC -DLIBRARY part.c -o libpart.so || exit 2
${CC:-cc} -s -O1 part.c -o part -L. -lpart -Wl,-rpath,"$TMP" || exit 2
status part 23 "$TOOL" check --per-site=0 -- ./part
has part-line err '^  vma:\^named\$$'
has part-left-over err '^1 call site without names has no suppression; allow for it with --per-site=N\.$'

# A helper that maps for others: the line is for the one that called it, however many helpers are
# between the two, and not for what another caller leaks some day.
cat >helper.c <<'EOF'
#include <stdlib.h>
#include <sys/mman.h>
#define NOINLINE __attribute__((noinline)) static
#define HELPER(name, next) NOINLINE int name(int i) { return next(i) + 1; }
NOINLINE int page(int i)
{
	return mmap(0, 4096, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	       MAP_FAILED;
}
static inline __attribute__((always_inline)) int guarded(int i)
{
	return page(i) + 1;
}
HELPER(cache, guarded)
HELPER(session, guarded)
HELPER(fourth, page)
HELPER(third, fourth)
HELPER(second, third)
HELPER(first, second)
HELPER(near_one, first)
HELPER(near_two, first)
int main(int argc, char **argv)
{
	int n = 0, deep = argc > 3;

	for (int i = 0; argc > 1 && i < atoi(argv[1]); i++)
		n += deep ? near_one(i) : cache(i);
	for (int i = 0; argc > 2 && i < atoi(argv[2]); i++)
		n += deep ? near_two(i) : session(i);
	return n == 1;
}
EOF
${CC:-cc} -g -O1 -fno-optimize-sibling-calls helper.c -o helper || exit 2
status helper 23 "$TOOL" check --per-site=9 --generate-suppressions=helper.supp -- ./helper 50 0
has helper-line helper.supp '^vma:\^page\$ by \^guarded\$ by \^cache\$ by \^main\$$'
check helper-alone [ "$(grep -c 'The line' helper.supp)" = 0 ]
status helper-suppressed 0 "$TOOL" check --per-site=9 --suppressions=helper.supp -- ./helper 50 0
status helper-other 23 "$TOOL" check --per-site=9 --suppressions=helper.supp -- ./helper 50 30
has helper-other-said err '\+30 by mmap in page'
# What main itself calls may be called by others some day.
cat >shared.c <<'EOF'
#include <stdlib.h>
#include <sys/mman.h>
#define NOINLINE __attribute__((noinline))
NOINLINE int page(void) { return mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED; }
NOINLINE int cache(int n)
{
	int failed = 0;

	while (n-- > 0)
		failed += page();
	return failed;
}
int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 0; argc > 1 && i < atoi(argv[1]); i++)
		failed += page();
	return failed + cache(argc > 2 ? atoi(argv[2]) : 0);
}
EOF
${CC:-cc} -g -O1 -fno-optimize-sibling-calls shared.c -o shared || exit 2
status shared 23 "$TOOL" check --max-growth=5 --generate-suppressions=shared.supp -- ./shared 9
has shared-line shared.supp '^vma:\^page\$ by \^main\$$'
status shared-suppressed 0 "$TOOL" check --max-growth=5 --suppressions=shared.supp -- ./shared 30
status shared-other 23 "$TOOL" check --max-growth=5 --suppressions=shared.supp -- ./shared 9 30
# What leaks elsewhere below the same function, through others, is another matter.
cat >below.c <<'EOF'
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#define NOINLINE __attribute__((noinline)) static
#define BLOCK 8192
NOINLINE char *block(void)
{
	char *p = mmap(0, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED || mprotect(p, 4096, PROT_NONE) ? 0 : p;
}
NOINLINE int hold(int is_kept)
{
	char *p = block();

	return !p || (!is_kept && munmap(p, BLOCK));
}
NOINLINE int work(int is_kept)
{
	return hold(is_kept) + !hold(0);
}
NOINLINE int serve(const char *leak)
{
	int failed = 0;

	for (int i = 0; i < 20; i++) {
		failed += hold(!strcmp(leak, "session")) + !work(!strcmp(leak, "round"));
		if (!strcmp(leak, "daemon"))
			failed += !block();
	}
	return failed;
}
int main(int argc, char **argv)
{
	return serve(argc > 1 ? argv[1] : "");
}
EOF
${CC:-cc} -g -O1 -fno-optimize-sibling-calls below.c -o below || exit 2
status below 23 "$TOOL" check --max-growth=9 --generate-suppressions=below.supp -- ./below daemon
has below-line below.supp '^(vma|split):\^block\$ by \^serve\$ by \^main\$$'
check below-not-wider sh -c '! grep "\$ in ^" below.supp'
status below-suppressed 0 "$TOOL" check --max-growth=9 --suppressions=below.supp -- ./below daemon
status below-session 23 "$TOOL" check --max-growth=9 --suppressions=below.supp -- ./below session
status below-round 23 "$TOOL" check --max-growth=9 --suppressions=below.supp -- ./below round
# The mprotect of what an mmap beside it has mapped is no other matter that the line would hide.
cat >beside.c <<'EOF'
#include <sys/mman.h>
__attribute__((noinline)) static int page(void)
{
	char *p = mmap(0, 16384, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED || mprotect(p, 4096, PROT_NONE);
}
int main(void)
{
	int failed = 0;

	for (int i = 0; i < 100; i++)
		failed += page();
	return failed;
}
EOF
${CC:-cc} -g -O1 -fno-optimize-sibling-calls beside.c -o beside || exit 2
status beside 23 "$TOOL" check --per-site=9 --generate-suppressions=beside.supp -- ./beside
has beside-line beside.supp '^vma:\^page\$ by \^main\$$'
check beside-no-warning sh -c '! grep -q "more call site" beside.supp err'
status beside-suppressed 0 "$TOOL" check --per-site=9 --suppressions=beside.supp -- ./beside
# Where other call sites of the same run share the functions around the call, more are named.
status deep 23 "$TOOL" check --per-site=9 --generate-suppressions=deep.supp -- ./helper 50 2 deep
has deep-line deep.supp '^vma:\^page\$ by (\^[a-z]+\$ by ){4}\^near_one\$ by \^main\$$'
status deep-suppressed 0 "$TOOL" check --per-site=9 --suppressions=deep.supp -- ./helper 50 2 deep
status deep-other 23 "$TOOL" check --per-site=9 --suppressions=deep.supp -- ./helper 50 30 deep
# A line of an earlier version is as wide as it was.
echo 'vma:^page$' >wide.supp
status helper-as-before 0 "$TOOL" check --per-site=9 --suppressions=wide.supp -- ./helper 50 30
# What covers a whole library says so, and what else that is.
cat >hidden.c <<'EOF'
#include <sys/mman.h>
extern int (*const hidden[2])(int i);
#ifdef LIBRARY
#define PAGE(prot) (mmap(0, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
static int many(int i)
{
	return PAGE(i & 1 ? PROT_READ : PROT_NONE);
}
static int few(int i)
{
	return PAGE(i & 1 ? PROT_READ : PROT_NONE) + 1;
}
int (*const hidden[2])(int) = { many, few };
#else
__attribute__((noinline)) static int rare(int i)
{
	return hidden[1](i) + 1;
}
int main(void)
{
	int n = 0;

	for (int i = 0; i < 50; i++)
		n += hidden[0](i);
	for (int i = 0; i < 3; i++)
		n += rare(i);
	return n == 1;
}
#endif
EOF
${CC:-cc} -s -O1 -shared -fPIC -DLIBRARY hidden.c -o libhidden.so || exit 2
${CC:-cc} -g -O1 hidden.c -o hidden -L. -lhidden -Wl,-rpath,"$TMP" || exit 2
status library 23 "$TOOL" check --per-site=9 --generate-suppressions=library.supp -- ./hidden
has library-line library.supp '^vma:\^libhidden.so\$$'
has library-warned library.supp \
	'^# The line suppresses everything of libhidden.so, in this run 1 more call site with 3 maps$'
has library-warned-here err '^    \(suppresses everything of libhidden.so, in this run 1 more'
check library-columns [ "$(grep -A2 '^  vma:' err | wc -L)" -le 80 ]
status library-suppressed 0 "$TOOL" check --per-site=9 --suppressions=library.supp -- ./hidden
has main-why main.supp 'no line for it that would not suppress all of the program$'
finish
