#!/bin/bash
# SPDX-License-Identifier: MIT
# Remedies are tried on programs that know nothing of them: the measured savings are those that a
# report promises, within 5 %, and output and status stay the same. Where a program relies on a call
# that a remedy leaves out, the table says so.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

# columns NAME ROW: peak, end, promised, measured, output, time, status of a row, without commas
columns() {
	awk -v row="$2" '$1 == row { print; exit }' "$1.txt" | tr -d ,
}

# tried NAME COMMAND...: write the table to NAME.txt, and the program's own output to NAME.out
tried() {
	local name=$1
	shift
	timeout -k 5 300 "$TOOL" try --report-file="$name.txt" ${ONLY:+--try=$ONLY} -- "$@" \
		>"$name.out" 2>"$name.err" </dev/null
	STATUS=$?
}

# holds NAME ROW: a promise was made, the measured value is within 5 % of it, and output and status
# are the same
holds() {
	local row peak end promised measured output
	row=$(columns "$1" "$2")
	read -r _ peak end promised measured output _ <<<"$row"
	if [ "${promised:-0}" -lt 0 ] && [ $((20 * (measured - promised))) -le $((-promised)) ] &&
		[ $((20 * (promised - measured))) -le $((-promised)) ] && [ "$output" = same ] &&
		! grep -q DIFFERS <<<"$row"; then
		pass "$1: $2" "promised $promised, measured $measured, $end maps at the end"
	else
		fail "$1: $2" "${row:-no row} of: $(head -c 600 "$1.txt" "$1.err")"
	fi
}

# This needs Linux 6.13; before that the library leaves mprotect as it is, and nothing is measured.
has_guards() {
	python3 -c 'import ctypes, sys
sys.exit(ctypes.CDLL(None).madvise(None, 0, 102) != 0)'
}

own=$TARGETS/tried
for way in guard between secrets threads decommit given-closed closed-given punch islands arenas; do
	"$own" $way >"$way.plain"
done

tried decommit "$own" decommit
holds decommit decommit
check "decommit: output is the program's" cmp decommit.plain decommit.out
# Blocks that are as small as guards: closed just after they were given back, or just before.
for way in given-closed closed-given; do
	ONLY=decommit tried $way "$own" $way
	holds $way decommit
	check "$way: output is the program's" cmp $way.plain $way.out
	check "$way: nothing to explain" sh -c '! grep -q "saved little" "$0.txt"' $way
done
# The same blocks are guards if they are not given back: the text says that they were left.
ONLY=decommit tried closed-only "$own" closed-only
check "closed-only: nothing is measured" grep -qE '^decommit .* -[0-9]+ +0 +same ' closed-only.txt
check "closed-only: and why" sh -c 'tr -s "\n " " " <closed-only.txt |
	grep -q "saved little of what was promised: .*up to 16 KiB"'

tried punch "$own" punch
holds punch holes
check "punch: output is the program's" cmp punch.plain punch.out
# Memory that a fork child must not see keeps its advice, so nothing is promised.
cat >wiped.c <<'EOF_WIPED'
#define _GNU_SOURCE
#include <sys/mman.h>
int main(void)
{
	char *at = mmap(0, 800 * 4096l, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (long i = 0; i < 300; i++)
		if (madvise(at + 2 * i * 4096, 4096, MADV_WIPEONFORK))
			return 1;
	return 0;
}
EOF_WIPED
${CC:-cc} -O1 wiped.c -o wiped || exit 2
tried wiped ./wiped
check "wiped: nothing is promised, nor measured" [ "$(columns wiped advice | awk '{ print $4, $5 }')" = "0 same" ]
check "wiped: and why" sh -c 'tr -s "\n " " " <wiped.txt | grep -q "not MADV_WIPEONFORK) left out"'
tried islands "$own" islands
for remedy in advice locks policy; do
	holds islands $remedy
done
holds islands advice,locks,policy

# The program itself asks for many arenas, which would override the environment.
tried arenas "$own" arenas
holds arenas arenas
check "arenas: output is the program's" cmp arenas.plain arenas.out

# A program that does not end: the help says what to do, and that works.
"$TOOL" try --help >help.txt
grep -q 'vmatrace try -- timeout 60 PROGRAM' help.txt && pass limit-said || fail limit-said
ONLY=locks tried limit timeout 0.1 sleep 60
[ "$STATUS" = 124 ] && [ -n "$(columns limit '(none)')" ] && pass limit "$(columns limit '(none)')" ||
	fail limit "status $STATUS: $(head -c 300 limit.txt limit.err)"

# The same in JSON.
timeout -k 5 300 "$TOOL" try --format=json --report-file=try.json --try=locks -- "$own" islands \
	>/dev/null 2>err
keeps_to "JSON" try try.json
check "JSON: same as the table" jq -e '.remedies | length == 1 and .[0].name == "locks" and
	.[0].output == "same" and .[0].same_status and
	(.[0].promised - .[0].measured | fabs) <= (.[0].promised | fabs) / 20' try.json
"$TOOL" try --format=csv -- true 2>err
check "no such format" [ $? = 2 ]

if has_guards; then
	tried guard "$own" guard
	holds guard guards
	check "guard: output is the program's" cmp guard.plain guard.out
	# Guards are what mmap leaves of a range, or puts over a part of it.
	tried between "$own" between
	holds between guards
	check "between: output is the program's" cmp between.plain between.out
	# Each page is also locked and kept from dumps, so only all remedies together help.
	tried secrets "$own" secrets
	holds secrets guards,advice,locks
	tried threads "$own" threads
	holds threads guards
	holds threads stacks
	tried fibers "$TARGETS/case_fibers" mprotect 400
	check "fibers: output varies by itself" grep -qE '^guards .* varies ' fibers.txt
	LD_PRELOAD=$(library libefence.so.0) EF_DISABLE_BANNER=1 tried efence "$TARGETS/efence_1000"
	holds efence guards
	# What a table cannot show, and why it shows little: no reason is given that was not looked at.
	cat >ends.c <<-'END'
	#define _GNU_SOURCE
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>
	#include <sys/mman.h>
	#define PAGE 4096l
	static char *map(long pages)
	{
		return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	static char *guarded(void)
	{
		char *block = map(3);
		return mprotect(block + 2 * PAGE, PAGE, PROT_NONE) ? NULL : block;
	}
	static int read_only(long pieces)
	{
		char *range = map(2 * pieces + 1);
		for (long i = 0; i < pieces; i++)
			if (mprotect(range + (2 * i + 1) * PAGE, PAGE, PROT_READ))
				return 1;
		return 0;
	}
	static int maps(void)
	{
		FILE *file = fopen("/proc/self/maps", "r");
		int c, n = 0;
		while ((c = getc(file)) != EOF)
			n += c == '\n';
		fclose(file);
		return n;
	}
	int main(int argc, char **argv)
	{
		static char *block[300];
		const char *how = argc > 1 ? argv[1] : "";
		for (int i = 0; i < 300; i++)
			block[i] = guarded();
		for (int i = 0; i < 33000 && !strcmp(how, "dies"); i++)
			if (!guarded())
				return puts("no memory");
		if (!strcmp(how, "limit"))
			while (!read_only(1000))
				;
		if (!strcmp(how, "others") && maps() < 300)
			read_only(400);
		/* Small ranges are closed beside larger ones, from which they cannot be told at the end. */
		for (long i = 0; i < 300 && !strcmp(how, "partly"); i++) {
			char *range = map(16);
			mprotect(range, 8 * PAGE, PROT_NONE);
			if (i % 3 == 0)
				mprotect(range + 8 * PAGE, 2 * PAGE, PROT_NONE);
		}
		if (!strcmp(how, "peak")) {
			for (int i = 0; i < 300; i++)
				munmap(block[i], 3 * PAGE);
			read_only(40);
		}
		return 0;
	}
	END
	${CC:-cc} -O1 ends.c -o ends || exit 2
	for way in limit others; do
		ONLY=guards tried $way ./ends $way
		check "$way: no reason that was not looked at" sh -c '! grep -qE "range that holds|saved little of what" $0.txt' $way
	done
	check "limit: nothing is measured" grep -qE '^guards +65,[0-9]+ +65,[0-9]+ +-[0-9]+ +\(limit\) ' limit.txt
	check "limit: what is left" sh -c 'tr -s "\n " " " <limit.txt | grep -qE "[Bb]oth runs ended at the limit.* 59[0-9] maps could be saved without it, and none with it"'
	check "others: what is left" sh -c 'tr -s "\n " " " <others.txt | grep -qE "59[0-9] maps could be saved without it, and none with it: there are more of another kind"'
	ONLY=guards tried dies ./ends dies
	check "dies: saved by the remedy" grep -qE '^guards +[0-9]{2} .* saved +[0-9.]+ s 0$' dies.txt
	check "dies: no word of a difference" sh -c '! grep -q DIFFERS dies.txt'
	ONLY=decommit tried partly ./ends partly
	check "partly: why it saved less" sh -c 'tr -s "\n " " " <partly.txt | grep -qE "decommit [0-9,]+ [0-9,]+ -(59|60)[0-9] -(39|40)[0-9] same .*It saved less than was promised: a range of up to 16 KiB is closed"'
	tried peak ./ends peak
	check "peak: a remedy for what there was at the peak" grep -qE '^guards +[0-9]+ +[0-9]+ +-(2[5-9]|[3-6].)[0-9] +same ' peak.txt
else
	tried guard "$own" guard
	check "guard: nothing is measured on this kernel" grep -qE '^guards .* 0 +same ' guard.txt
fi

# Memory that is closed beside guards takes two remedies: both are tried, and promised together only.
tried guarded "$TARGETS/pattern_guarded" - apart
for remedy in guards decommit; do
	check "guarded: $remedy is not promised alone" [ "$(columns guarded $remedy | wc -w)" = 8 ]
done
check "guarded: decommit saves nothing" [ "$(columns guarded decommit | awk '{ print ($4 > -30) }')" = 1 ]
check "guarded: both are promised" [ "$(columns guarded guards,decommit | awk '{ print $4 }')" = -600 ]
! has_guards || check "guarded: as promised" [ "$(columns guarded guards,decommit | awk '{ print $5 }')" = -600 ]
check "guarded: no other allocator" [ -z "$(columns guarded jemalloc)" ]

# All rows are of one moment, and the heading says which: here the peak, since most is given back. What
# is left, which a report promises to save, is of another moment.
cat >past.c <<'EOF_PAST'
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#define PAGE 4096l
int main(int argc, char **argv)
{
	long kept = argc > 1 ? atol(argv[1]) : 0;
	char *advised = mmap(NULL, 600 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *locked = mmap(NULL, 400 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (long i = 0; i < 300; i++)
		if (madvise(advised + 2 * i * PAGE, PAGE, MADV_DONTFORK) ||
		    (i < 200 && mlock(locked + 2 * i * PAGE, PAGE)))
			return 1;
	munmap(locked, 400 * PAGE);
	return kept < 300 && munmap(advised + 2 * kept * PAGE, (600 - 2 * kept) * PAGE);
}
EOF_PAST
${CC:-cc} -O1 past.c -o past || exit 2
for kept in 60 290; do
	ONLY="advice --try=locks" tried past$kept ./past $kept
done
check "past60: the heading" grep -qE ' at the peak -' past60.txt
check "past60: advice is measured at the peak, and not promised" \
	[ "$(columns past60 advice | awk '{ print ($4 < -590 && $5 == "same") }')" = 1 ]
check "past60: locks are measured at the peak" [ "$(columns past60 locks | awk '{ print ($4 < -390) }')" = 1 ]
check "past290: the heading" grep -qE ' at the end -' past290.txt
holds past290 advice
check "past290: locks save nothing at the end" [ "$(columns past290 locks | awk '{ print ($4 > -5) }')" = 1 ]
timeout -k 5 300 "$TOOL" try --format=json --report-file=past.json --try=advice -- ./past 60
keeps_to "JSON of a peak" try past.json
check "JSON: measured at the peak" jq -e '.measured_at == "peak" and .remedies[0].promised == null' past.json

# A malloc in a library of its own can be exchanged for another one; it cannot in the program itself.
cat >own_malloc.c <<'EOF_MALLOC'
#define _GNU_SOURCE
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
static char first[1 << 20], *next = first;
void *malloc(size_t size)
{
	char *at;
	if (size < 8192) {
		at = next;
		next += (size + 31) & ~15ul;
		*(size_t *)at = size;
		return at + 16;
	}
	at = mmap(NULL, size + 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(at + ((size + 4095 + 16) & ~4095ul), 4096, PROT_NONE);
	*(size_t *)at = size;
	return at + 16;
}
void free(void *at) { (void)at; }
void *calloc(size_t n, size_t size) { return memset(malloc(n * size), 0, n * size); }
void *realloc(void *old, size_t size)
{
	size_t had = old ? ((size_t *)old)[-2] : 0;
	return had >= size ? old : memcpy(malloc(size), old ? old : first, had);
}
EOF_MALLOC
printf '#include <stdlib.h>\nint main(void) { for (int i = 0; i < 200; i++) *(volatile char *)malloc(9000) = 1; return 0; }\n' >uses_malloc.c
${CC:-cc} -O1 -fno-builtin -fPIC -shared own_malloc.c -o libown_malloc.so &&
	${CC:-cc} -O0 uses_malloc.c -o in_library -L. -lown_malloc -Wl,-rpath,"$PWD" &&
	${CC:-cc} -O0 -fno-builtin uses_malloc.c own_malloc.c -o in_program || exit 2
tried in_library ./in_library
tried in_program ./in_program
for allocator in jemalloc:libjemalloc.so.2 tcmalloc:libtcmalloc_minimal.so.4 mimalloc:libmimalloc.so.2; do
	[ -e "$(library "${allocator#*:}")" ] || continue
	check "in a library: ${allocator%:*} is tried" [ "$(columns in_library "${allocator%:*}" | awk '{ print ($4 < -300) }')" = 1 ]
	check "in the program: ${allocator%:*} is not" [ -z "$(columns in_program "${allocator%:*}")" ]
done

# Threads reserve ranges beside one another and open their middles at the same time: none is another's guard.
cat >opens.c <<'EOF_OPENS'
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#define PAGE 4096l
static void *work(void *seed)
{
	unsigned state = (unsigned)(long)seed;
	for (int i = 0; i < 4000; i++) {
		long size = (1 + rand_r(&state) % 4) * PAGE;
		char *at = mmap(NULL, size + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (mprotect(at + PAGE, size, PROT_READ | PROT_WRITE))
			exit(1);
		memset(at + PAGE, 7, size);
		if (i % 20 == 0)
			continue;
		if (at[PAGE] != 7 || munmap(at, size + 2 * PAGE))
			exit(2);
	}
	return NULL;
}
int main(void)
{
	pthread_t thread[3];
	for (long i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, work, (void *)i);
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	return 0;
}
EOF_OPENS
${CC:-cc} -O1 -pthread opens.c -o opens || exit 2
for round in 1 2 3; do
	ONLY=guards tried opens ./opens
	check "opens: no thread is harmed, $round" grep -qE '^guards .* same +[0-9.]+ s 0$' opens.txt
done
! has_guards || check "opens: saved" [ "$(columns opens guards | awk '{ print ($5 < -500 || $4 < -500) }')" = 1 ]

# In place of one allocator, the others are tried, but for one that is there to find errors.
cat >holds.c <<'EOF_HOLDS'
#include <stdlib.h>
#include <string.h>
int main(void)
{
	static char *at[20000];
	for (int i = 0; i < 20000; i++)
		at[i] = memset(malloc(20000), 1, 20000);
	for (int i = 0; i < 20000; i++)
		if (i % 4)
			free(at[i]);
	return 0;
}
EOF_HOLDS
${CC:-cc} -O1 holds.c -o holds || exit 2
if [ -e "$(library libjemalloc.so.2)" ] && [ -e "$(library libmimalloc.so.2)" ]; then
	LD_PRELOAD=$(library libjemalloc.so.2) MALLOC_CONF=retain:false,dirty_decay_ms:0 tried holds ./holds
	check "under jemalloc: mimalloc is tried" [ "$(columns holds mimalloc | awk '{ print ($4 < -3000) }')" = 1 ]
	check "under jemalloc: jemalloc is not" [ -z "$(columns holds jemalloc)" ]
fi

# glibc keeps the stacks of joined threads: with what the report advises, it does not.
tried kept "$TARGETS/causes_ended" join-all 300
holds kept stack-cache

# A remedy is wrong for this program: the table says so, and hides nothing.
tried relies "$own" relies
check "relies: status is the program's" [ "$STATUS" = 3 ]
check "relies: output differs" grep -qE '^decommit .* DIFFERS ' relies.txt
check "relies: status differs" grep -qE '^decommit .* 0 DIFFERS$' relies.txt
check "relies: what may be noticed" grep -q 'raises no SIGSEGV' relies.txt

# Each run reads the same input.
echo "the same line" >input
for how in file pipe; do
	case $how in
	file) timeout 60 "$TOOL" try --report-file=read.txt -- "$own" islands read <input >read.out ;;
	pipe) cat input | timeout 60 "$TOOL" try --report-file=read.txt -- "$own" islands read >read.out ;;
	esac
	check "input from a $how" sh -c 'grep -q "the same line" read.out && grep -qE "^advice .* same " read.txt'
done

# Remedies one at a time, as recorded by `run`; the table is always exact.
ONLY=locks tried only "$own" islands
check "only one" [ "$(grep -cE '^(advice|policy|locks) ' only.txt)" = 1 ]
"$TOOL" run --try=advice,locks,policy -O verify=1 -o run.rec -- "$own" islands >/dev/null 2>run.txt
check "run --try: exact" grep -q "equal to the kernel's table" run.txt
check "run --try: fewer maps" sh -c '[ "$("$0" report --format=json run.rec |
	jq ".processes[0].maps.now - .processes[0].maps.start")" -lt 16 ]' "$TOOL"
"$TOOL" run --try=wishes -- true 2>err
check "run --try: no such remedy" [ $? = 2 ]
check "run --try: names them" grep -q 'guards, names, advice' err
"$TOOL" try --try=wishes -- true 2>err
check "no such remedy" [ $? = 2 ]

# No remedy applies to a plain program, which is run only once.
tried none "$TARGETS/brk_moves"
check "none applies" grep -q 'No remedy applies' none.txt

# What only led to a program that was not traced is not that program: there is no verdict about it.
printf '#!/bin/sh\nexport LD_PRELOAD=\nexec "%s" islands\n' "$own" >start.sh
chmod +x start.sh
# untraced NAME PROGRAM COMMAND...
untraced() {
	local name=$1 program=$2
	shift 2
	tried "$name" "$@"
	check "$name: status" [ "$STATUS" = 2 ]
	check "$name: said" grep -qE "^vmatrace: [^ ]*$program became another program, which was not traced: " "$name.err"
	check "$name: no verdict" [ ! -s "$name.txt" ]
	check "$name: output is the program's" cmp islands.plain "$name.out"
}
untraced preload-set env env LD_PRELOAD= "$own" islands
untraced preload-exported '(sh|dash|bash)' ./start.sh
untraced preload-set-below env timeout 60 env LD_PRELOAD= "$own" islands
# A helper that is not traced is said, and the program itself is tried.
ONLY=advice tried helper sh -c 'env LD_PRELOAD= true; "$0" islands; exit $?' "$own"
check "helper: said" grep -q '^vmatrace: env became another program, which was not traced: ' helper.err
check "helper: the program is tried" grep -q '^advice ' helper.txt

# What the environment says of malloc is promised, unless the program calls mallopt, which overrides it.
cat >blocks.c <<'EOF_BLOCKS'
#include <stdlib.h>
int main(void)
{
	static char *block[2000];

	for (int i = 0; i < 2000; i++) {
		block[i] = malloc(9000);
		block[i][0] = 1;
	}
	for (int i = 0; i < 2000; i += 2)
		free(block[i]);
	for (int i = 1; ALL && i < 2000; i += 2)
		free(block[i]);
	return 0;
}
EOF_BLOCKS
${CC:-cc} -O0 -g -DALL=0 blocks.c -o blocks || exit 2
${CC:-cc} -O0 -g -DALL=1 blocks.c -o gone || exit 2
MALLOC_MMAP_THRESHOLD_=4096 ONLY=mmap-threshold tried blocks ./blocks
holds blocks mmap-threshold
MALLOC_MMAP_THRESHOLD_=4096 tried gone ./gone
check "holes that are gone at the end" [ "$(columns gone mmap-threshold | awk '{ print $2 < 100 }')" = 1 ]
ONLY=mmap-threshold tried mallopt "$TARGETS/causes" free-blocks 1000
check "mallopt: nothing is promised" [ "$(columns mallopt mmap-threshold | awk '{ print NF ":" $4 }')" = 8:0 ]
check "mallopt: said" grep -q 'program calls mallopt, which may override' mallopt.txt

# GLIBC_TUNABLES takes precedence over the variables MALLOC_…: a setting that it has is changed there,
# others stay, and the text says so.
# reads NAME TEXT: the notes of the table, as one line, have TEXT
reads() {
	check "$1: $2" sh -c 'tr -s "\n " " " <"$0.txt" | grep -qF -- "$1"' "$1" "$2"
}
export GLIBC_TUNABLES=glibc.malloc.arena_max=64:glibc.malloc.check=0
tried tuned-arenas "$own" arenas
holds tuned-arenas arenas
reads tuned-arenas 'arenas: glibc.malloc.arena_max=2 in GLIBC_TUNABLES, which sets it now and overrides MALLOC_ARENA_MAX;'
"$TOOL" run --try=arenas -o tuned.rec -- "$own" arenas >/dev/null 2>&1
check "run --try=arenas: fewer maps" sh -c '[ "$("$0" report --format=json tuned.rec |
	jq ".processes[0].maps.now - .processes[0].maps.start")" -lt 60 ]' "$TOOL"
GLIBC_TUNABLES=glibc.malloc.mmap_threshold=4096
ONLY=mmap-threshold tried tuned-blocks ./blocks
holds tuned-blocks mmap-threshold
reads tuned-blocks 'glibc.malloc.mmap_threshold=33554432 in GLIBC_TUNABLES, which sets it now'
# What the program is started with is seen as it is, and what cannot help is not promised.
unset GLIBC_TUNABLES
ONLY=mmap-threshold tried started env GLIBC_TUNABLES=glibc.malloc.mmap_threshold=4096 ./blocks
check "started: nothing is promised" [ "$(columns started mmap-threshold | awk '{ print NF ":" $4 }')" = 8:0 ]
reads started 'mmap-threshold: glibc.malloc.mmap_threshold=33554432 in GLIBC_TUNABLES; what starts the program sets GLIBC_TUNABLES, so it has to be changed there'
show='echo "$GLIBC_TUNABLES" >>seen; exec "$0" join-all 300'
for before in '' glibc.malloc.check=0 glibc.pthread.stack_cache_size=99999999:glibc.malloc.check=0; do
	rm -f seen
	GLIBC_TUNABLES=$before ONLY=stack-cache tried kept-too sh -c "$show" "$TARGETS/causes_ended"
	holds kept-too stack-cache
	check "kept-too: '$before' is kept" [ "$(tail -1 seen)" = "$(sed -E 's/glibc.pthread[^:]*:?//; s/.$/&:/' <<<"$before")glibc.pthread.stack_cache_size=0" ]
	case $before in
	'') reads kept-too 'stack-cache: GLIBC_TUNABLES=glibc.pthread.stack_cache_size=0 in the environment' ;;
	*pthread*) reads kept-too 'stack-cache: glibc.pthread.stack_cache_size=0 in GLIBC_TUNABLES, which sets it now (' ;;
	*) reads kept-too "stack-cache: glibc.pthread.stack_cache_size=0 appended to GLIBC_TUNABLES with ':' (" ;;
	esac
done
GLIBC_TUNABLES=glibc.malloc.check=0 timeout 100 "$TOOL" try --format=json --report-file=tuned.json --try=stack-cache \
	-- "$TARGETS/causes_ended" join-all 300 >/dev/null 2>err
keeps_to "JSON with a variable" try tuned.json
check "JSON: the variable" jq -e '.remedies[0].variable == "GLIBC_TUNABLES=glibc.malloc.check=0:glibc.pthread.stack_cache_size=0"' tuned.json
finish
