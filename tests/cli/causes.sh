#!/bin/bash
# SPDX-License-Identifier: MIT
# Causes that are seen from the calls and not from the shape of the remaining maps: the cause stands
# in the first ten lines of the report, with the call site, and no remedy is advised whose condition
# is known to be false.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

# first NAME: the report's first lines as one line, without its margin; of two, the one of the end
first() {
	awk '/^vmatrace: this second report is/ { text = ""; next } { text = text $0 "\n" } END { printf "%s", text }' "$1.txt" |
		sed -n '/^==[0-9]*== vmatrace: [^0-9]/,$p' | head -"${LINES_SHOWN:-14}" |
		sed -E 's/^==[0-9]+== ?//; s/^ +/ /' | tr -d '\n'
}

# run WAY [COUNT]: record the program; its report goes to WAY.txt
run() {
	timeout -k 5 120 "$TOOL" run -o "$1.rec" -- "$TARGETS/${PROGRAM:-causes}" "$@" >"$1.txt" 2>&1
	"$TOOL" report --format=json "$1.rec" >"$1.json" 2>>"$1.txt"
}

# says WAY WANT [WRONG]: the first lines must match WANT, and no line may match WRONG
says() {
	local text
	text=$(first "$1")
	if ! grep -qE "$2" <<<"$text"; then
		fail "$1" "not '$2' in: $text"
	elif [ -n "${3:-}" ] && tr -d '\n' <"$1.txt" | sed -E 's/==[0-9]+== +/ /g' | grep -qE "$3"; then
		fail "$1" "'$3' in: $text"
	else
		pass "$1" "$(grep -oE "$2" <<<"$text" | head -1 | cut -c1-150)"
	fi
}

# holds WAY FILTER: a condition on the process in JSON
holds() {
	check "$1: $2" jq -e ".processes[-1] | $2" "$1.json"
}

run advise-unseen 6000
holds advise-unseen '.maps.now >= .maps.start + 5998 and .maps.kernel == .maps.now'
holds advise-unseen '.coverage.lost == 0'
# Without a recording, the library's own memory grows while the maps are learnt at the end.
VMATRACE_OPTIONS=log_path=bare LD_PRELOAD=$LIB "$TARGETS/causes" advise-unseen 6000 >/dev/null
check "bare: own maps are not counted" grep -q "equal to the kernel's table now" bare.*

# A recording that could not grow has not all maps; those that it has are not told as the cause.
mkdir short.rec
(ulimit -f 160 && LD_PRELOAD=$LIB VMATRACE_OPTIONS=dir=short.rec:report=0 "$TARGETS/causes" rings 1000)
"$TOOL" report short.rec >short.txt 2>&1
check "short: no cause" sh -c 'grep -q "2,0[0-9]* at the end" short.txt && ! grep -Eq "   (cause|kinds) " short.txt'
check "short: one reason" sh -c 'grep -q "could not be extended" short.txt && ! grep -q "than the recording has room" short.txt'

# The list of failures is bounded, their number is not.
run read-chunks 70000
says read-chunks 'failure mmap failed 4,[0-9]{3} times: ENOMEM, because the process had 65,[0-9]+ maps .*; first in read_chunks [^ ]*causes.c:[0-9]+.*pthread_create: EAGAIN.*cause'

# many WAY PATTERN TEXT [WRONG]: the same for 1,000 of them, and the pattern in JSON
many() {
	run "$1" 1000
	says "$1" "cause +$3" "${4:-}"
	holds "$1" ".patterns[0].pattern == \"$2\""
}

many advise-unseen unseen-calls 'changed by system calls that were not seen .*: (99[0-9]|1,00[0-9]) of 1,0[0-9]+ maps +and +advice \(madvise\) for pieces of a range: (99[0-9]|1,00[0-9]) of 1,0[0-9]+ maps help +strace -f -k' \
	'map the range anew'
many rings mapped-twice 'the same part of a file mapped more than once, as rings are: (1,99[0-9]|2,00[0-9]) of 2,0[0-9]+ maps, by mmap in rings [^ ]*causes.c:[0-9]+, none given back \(a leak, unless all are in use\) help +unmap all maps of each' \
	'map each file once'
many dirty-pages file-protection 'protection of pieces of a mapped file, changed one by one \(mprotect\): (1,99[0-9]|2,00[0-9]) of 2,0[0-9]+ maps, by mprotect in dirty_pages [^ ]*causes.c:[0-9]+ help +-1,999 maps?: the file is already mapped as a whole' \
	'map each file once'
many watch-pages file-protection 'protection of pieces of a mapped file, .*, by mprotect in watch_pages' 'map each file once'
many overlay mapped-over 'maps put over pieces of a mapped file \(MAP_FIXED\): [12],[0-9]+ of 2,0[0-9]+ maps, by mmap in overlay' \
	'map each file once'
many reorder remapped-pages 'pages of a file in another order \(MAP_FIXED, remap_file_pages\): (1,99[0-9]|2,000) of 2,0[0-9]+ maps, by remap_file_pages in reorder' \
	'map each file once'
many unjoined ended-threads 'stacks of threads that have ended and were neither joined nor detached: [12],[0-9]+ of 2,0[0-9]+ maps, by mprotect in unjoined.* help .*stack_cache_size=0 in the environment shows which started these' \
	'fewer threads|MADV_GUARD_INSTALL'
many threads thread-stacks 'a stack and a guard for each thread: [12],[0-9]+ of 2,0[0-9]+ maps, by mprotect in threads [^ ]*causes.c:[0-9]+ help +-[12],[0-9]+ maps?: fewer threads \(a pool\), or guards' \
	'have ended|JDK'
many code-in-heap code-left 'pieces of memory made writable and executable \(rwx\) and left so: .*, by mprotect in code_in_heap' \
	'no pattern with a known remedy is recognised'
many islands userfaultfd-islands 'pieces of a range registered with userfaultfd: (1,99[0-9]|2,00[0-9]) of 2,0[0-9]+ maps, by ioctl in islands'
run reserve 64
says reserve 'failure mmap failed once: ENOMEM, because of no free addresses of that length; in reserve_much .*cause +address ranges reserved without access .*, of which little is in use: 4,[0-9]+ of 4,[0-9]+ maps, by mprotect in reserve_much [^ ]*causes.c:[0-9]+ help +addresses ran out, not maps' \
	'MADV_DONTNEED|to the limit'
many one-arena arena-heaps 'heaps of 64 MiB of glibc.s malloc arenas, most of each in use: 6[0-9]+ of 6[0-9]+ maps, .*by mprotect in grow_one_arena [^ ]*causes.c:[0-9]+ help +-6[0-9]+ maps?: MALLOC_ARENA_MAX=1' \
	'MALLOC_ARENA_MAX=2'
many advise-file madvise-islands 'advice \(madvise\) for pieces of a range: (1,99[0-9]|2,00[0-9]) of 2,0[0-9]+ maps, by madvise in advise_file' \
	'map each file once'
many requests device-maps 'maps of devices and kernel objects \(io_uring, GPU, perf\), which never merge: 1,000 of 1,0[0-9]+ maps, by mmap in requests [^ ]*causes.c:[0-9]+, none given back' \
	'map each file once|small files'
many huge-objects huge-pages 'huge pages of many files or calls, which never merge: 1,000 of 1,0[0-9]+ maps, by mmap in huge_objects' \
	'map each file once|small files'
many punch-file punched-holes 'holes punched into memory by munmap: 1,000 of 1,0[0-9]+ maps, by munmap in punch_file' \
	'map each file once'
many copy-over mapped-over 'maps put over pieces of a mapped file \(MAP_FIXED\): (1,999|2,000) of 2,0[0-9]+ maps, by mmap in copy_over' \
	'map each file once'

# Maps that look alike are told apart by what the calls asked for.
many commit-regions committed-pieces 'pieces of a range without access \(PROT_NONE\), made accessible one by one: (1,99[0-9]|2,000) of 2,0[0-9]+ maps, by mprotect in commit_regions [^ ]*causes.c:[0-9]+ help +-1,99[0-9] maps?: map the range readable and writable with MAP_NORESERVE' \
	'MADV_DONTNEED'
many decommit-regions prot-none-decommit 'memory without access \(PROT_NONE\), given back or reserved: (1,99[0-9]|2,000) of 2,0[0-9]+ maps, by mprotect in decommit_regions .*help +-1,99[0-9] maps?: give pages back by MADV_DONTNEED' \
	'made accessible one by one'
many attach-again mapped-again 'the same part of the same file mapped again and again: 1,000 of 1,0[0-9]+ maps, by shmat in attach_again [^,]*, none given back .*help +-999 maps?: map it once and use that map' \
	'map each file'
many seal-objects write-barriers 'memory made read-only piece by piece: .* help +-1,99[0-9] maps?: keep what is read-only together' \
	'detect writes by other means'
many compile-each wx-flips 'code made executable piece by piece, with data between: ' 'code flipped'
many free-blocks punched-holes 'holes punched into memory by munmap: 9[0-9]+ of 1,0[0-9]+ maps, by munmap in free_blocks .*help +-9[0-9]+ maps?: a larger M_MMAP_THRESHOLD' \
	'MADV_DONTNEED'
many grow-arrays alike 'memory moved by mremap, which does not merge with its neighbours: ' 'map the range anew'
many keep-from-children madvise-islands 'advice \(madvise\) for pieces of a range: (1,99[0-9]|2,000) of 2,0[0-9]+ maps, by madvise in keep_from_children .*help +-1,99[0-9] maps?: .*MADV_DOFORK' \
	'why they did not merge is unknown'

# Flags of mmap and numbers of calls tell these apart: see the program.
PROGRAM=causes_told
many advise-first madvise-islands 'advice \(madvise\) for pieces of a range: (1,99[0-9]|2,00[0-9]) of 2,0[0-9]+ maps, .*help +-1,99[0-9] maps: ' \
	'look alike'
many unmap-blocks prot-none-decommit 'memory without access \(PROT_NONE\), given back or reserved: (1,99[0-9]|2,000) of 2,0[0-9]+ maps, by mmap in map_at [^ ]*:[0-9]+ in unmap_blocks help +-1,99[0-9] maps: give pages back by MADV_DONTNEED' \
	'a guard page for each object'
many quarantine guard-pages 'a guard page for each object: (1,99[0-9]|2,00[0-9]) of 2,0[0-9]+ maps, by mprotect in with_guards' \
	'made accessible one by one|MAP_NORESERVE'
run second-guards 400
says second-guards 'cause +a stack and a guard for each thread: 1,[12][0-9]{2} of 1,2[0-9]+ maps, ' 'look alike'
many clear-over mapped-over-memory 'memory mapped over pieces of earlier maps \(MAP_FIXED\), with another protection or other flags: (1,99[0-9]|2,000) of 2,0[0-9]+ maps, by mmap in map_at [^ ]*:[0-9]+ in clear_over help +-1,99[0-9] maps: clear pages by MADV_DONTNEED' \
	'map the range anew'
many align-each punched-holes 'ends of maps cut off by munmap, as for alignment: (99[0-9]|1,00[0-9]) of 1,0[0-9]+ maps, by munmap in align_each [^ ]*:[0-9]+ help +-99[0-9] maps: take aligned pieces' \
	'keep the range'
many three-views remapped-pages 'pages of a file in another order \(MAP_FIXED, remap_file_pages\): (2,99[0-9]|3,000) of 3,0[0-9]+ maps, by mmap in three_views [^ ]*:[0-9]+ help +larger pieces' \
	'map each file'
many zero-device zero-device 'memory mapped from /dev/zero, which never merges: 1,000 of 1,0[0-9]+ maps, by mmap in zero_device [^ ]*:[0-9]+ help +-99[0-9] maps: MAP_ANONYMOUS' \
	'io_uring'
many seal-among-code write-barriers 'memory made read-only piece by piece: (1,99[0-9]|2,000) of 2,0[0-9]+ maps, by mprotect in seal_among_code' \
	'left so'
for way in make-channels share-objects; do
	many $way headers-apart "many mappings of files or shared memory, each of two maps or more because a part \\(a header\\) has another protection: (1,99[0-9]|2,000) of 2,0[0-9]+ maps, by mmap in .*help +-1,99[0-9] maps: unmap those" \
		'userfaultfd|mapped as a whole'
done
# What ran out are addresses, so who holds these comes before causes of many maps.
(
	ulimit -v 1000000
	run map-segments 300
	run fill-beside-index 300
)
says map-segments 'failure mmap failed .*cause +addresses, not maps: 9[0-9]{2} MiB of 9[0-9]{2} MiB, by mmap in map_segments [^ ]*:[0-9]+ help +unmap what .*also +a guard page for each object'
# What was mapped once for all is not what grew up to the limit; and no limit of maps was met.
says fill-beside-index 'cause +addresses, not maps: 3[0-9]{2} MiB of 9[0-9]{2} MiB, by mmap in fill_beside_index [^ ]*:[0-9]+ help .* and +600 MiB that a few calls mapped, by mmap in map_index'
many private-copies mapped-again 'the same part of the same file mapped again and again: 1,000 of 1,0[0-9]+ maps, .* help +-999 maps: read the file into memory' \
	'map it once'
many close-again committed-pieces 'pieces of a range without access \(PROT_NONE\), made accessible one by one: (1,99[0-9]|2,000) of 2,0[0-9]+ maps, by mprotect in close_again' \
	'look alike but'
run any-protection 1000
says any-protection 'cause +pieces cut from what mmap in map_at [^,]+ mapped, 1.00 for each call, none given back: 99[0-9] of 1,0[0-9]+ maps, by mprotect in any_protection' \
	'read-only piece by piece|left so'
run undo-guards 1000
says undo-guards 'cause +a guard page for each object: 201 of 2[0-9]+ maps, by mprotect in protect_one .*90 % given back' 'none given back'
run keep-secrets 1000
says keep-secrets 'cause +a guard page for each object: .* help +-[12],[0-9]+ maps: MADV_GUARD_INSTALL .* makes no map, if mlock and madvise, which cut at the same places'

many load-over mapped-over-memory 'pieces of files mapped over a range of memory \(MAP_FIXED\): (1,99[0-9]|2,000) of 2,0[0-9]+ maps, by mmap in load_over [^ ]*:[0-9]+ help +-1,99[0-9] maps: read the pieces' \
	'map each file'
run make-contexts 200
says make-contexts 'cause +maps of devices and kernel objects [^:]*: 200 of 2[0-9]+ maps, by io_setup in make_contexts' \
	'small files'
many lock-every-other lock-islands 'mlock of pieces of a range: 99[0-9] of 1,0[0-9]+ maps, ' 'map the range anew'
many close-contents guard-pages 'a guard page for each object: .* help +-1,99[0-9] maps: MADV_GUARD_INSTALL .*if the pages hold nothing: it drops'
many drop-shared punched-holes 'holes punched into memory by munmap: 1,000 of 1,0[0-9]+ maps, by munmap in drop_shared [^ ]*:[0-9]+ help +-999 maps: keep the range and give pages back by MADV_REMOVE'

# The shape alone would mislead: see the program.
PROGRAM=causes_mixed
many open-again mapped-again 'the same part of the same file mapped again and again: 1,000 of 1,0[0-9]+ maps, by mmap in open_again [^,]*, none given back .*help +-999 maps?: map it once' \
	'nobody can open'
many move-views remapped-pages 'pages of a file in another order \(MAP_FIXED, remap_file_pages\): (1,99[0-9]|2,000) of 2,0[0-9]+ maps, by mmap in move_views .*help +-1,99[0-9] maps?: read the pages' \
	'mapped privately'
run signal-stacks 1000
says signal-stacks '(cause|and) +a stack and a guard for each thread: [^:]* maps, [a-z ]*by mprotect in signal_stacks'
says signal-stacks '(cause|and) +a guard page for each object: [^:]* maps, [a-z ]*by mprotect in use_signal_stack'
many bind-each mbind-islands 'NUMA policy \(mbind\) for pieces of a range: (99[0-9]|1,00[0-9]) of 1,0[0-9]+ maps, by mbind in bind_each'
many bind-committed mbind-islands 'NUMA policy \(mbind\) for pieces of a range: (99[0-9]|1,00[0-9]) of 1,0[0-9]+ maps, by mbind in bind_committed'
many advise-committed madvise-islands 'advice \(madvise\) for pieces of a range: (99[0-9]|1,00[0-9]) of 1,0[0-9]+ maps, by madvise in advise_committed'
many lock-committed lock-islands 'mlock of pieces of a range: (99[0-9]|1,00[0-9]) of 1,0[0-9]+ maps, (mostly|50 % of them) by mlock2? in lock_committed'
many advise-every-other madvise-islands 'advice \(madvise\) for pieces of a range: (99[0-9]|1,00[0-9]) of 1,0[0-9]+ maps, mostly by madvise in advise_every_other' \
	'look alike'
run lock-and-hide 1000
says lock-and-hide 'by mlock in lock_and_hide [^ ]* .*help +-999 maps: .*; if madvise in lock_and_hide [^ ]* cuts at the same places, only both together save so many'
for way in aligned each; do
	run reserve-$way 1000
	says reserve-$way 'cause +address ranges reserved without access \(PROT_NONE\), of which little is in use: (1,99[0-9]|2,000) of 2,0[0-9]+ maps, by mprotect in reserve_'$way \
		'malloc arenas|a guard page for each object'
done
run grow-down 1000
says grow-down 'cause +maps of stacks that grow \(MAP_GROWSDOWN\), 1.00 for each call, none given back: 1,000 of 1,0[0-9]+ maps, by mmap in grow_down [^ ]*:[0-9]+ help .* without MAP_GROWSDOWN' \
	'1,00[0-9] main stack|garbage-collected'
run scatter-code 1000
says scatter-code 'cause +pieces of code that touch no other map: 1,000 of 1,0[0-9]+ maps .*, by mmap in scatter_code [^ ]*:[0-9]+, none given back' \
	'garbage-collected'
run scatter-data 1000
says scatter-data 'cause +pieces of memory that touch no other: 1,000 of 1,0[0-9]+ maps .*, by mmap in scatter_data [^ ]*:[0-9]+.*help +no call makes these one map: unmap them, each as a whole,' \
	'garbage-collected'
run load-plugins 40
says load-plugins 'cause +libraries that were loaded while it ran \(dlopen\), 40 of them: (19[0-9]|20[0-9]|160) of 2?[0-9]{2} maps, most by mmap in load_plugins [^ ]*:[0-9]+ help +close those' \
	'cut larger pieces'
run run-image 5
says run-image 'cause +pieces cut from what mmap in run_image [^ ]*:[0-9]+ mapped: 20 of 4[0-9] maps, by mprotect in protect_every_other' \
	'dlopen'
run delete-each 1000
says delete-each 'cause +(a map for each of many files|files that have been deleted): 1,000 of 1,0[0-9]+ maps, by mmap in delete_each [^ ]*:[0-9]+, none given back'
# Each of these was taken for another way once: see the program.
PROGRAM=causes_apart
many look-up mapped-again 'the same part of the same file mapped again and again: 1,000 of 1,0[0-9]+ maps, by mmap in map_at [^ ]*:[0-9]+ in look_up, none given back .*help +-999 maps: map it once' \
	'dlopen|dlclose'
run map-images 250
says map-images 'cause +maps of files, 0.80 for each call, none given back: 1,000 of 1,0[0-9]+ maps, by mmap in map_at [^ ]*:[0-9]+ in map_images help +unmap them' \
	'dlopen|dlclose|map each file once'
run map-modules 300
says map-modules 'cause +maps of parts of a file with code in memory \(memfd\), 0.75 for each call, none given back: 900 of 9[0-9]+ maps, by mmap in map_at [^ ]*:[0-9]+ in map_modules' \
	'maps of shared memory|dlopen'
many map-code one-map-per-shared-memory 'a map for each of many files in memory \(memfd\): 1,000 of 1,0[0-9]+ maps, by mmap in map_at [^ ]*:[0-9]+ in map_code' \
	'pieces of shared memory'
run load-from-memory 40
says load-from-memory 'cause +libraries that were loaded while it ran \(dlopen\), 40 of them: (19[0-9]|20[0-9]|160) of 2?[0-9]{2} maps, most by mmap in load_from_memory [^ ]*:[0-9]+ help +close those' \
	'as rings are'
many patch-code file-protection 'protection of pieces of a mapped file, changed one by one \(mprotect\): (1,99[0-9]|2,000) of 2,0[0-9]+ maps, by mprotect in patch_code' \
	'dlopen'
# Why they are two is known to those that read the flags, or try it.
many mend-code alike 'neighbours that look alike but did not merge: .* help +-[0-9,]+ maps: see first what keeps them apart \(vmatrace maps --flags, or try\); where nothing does' \
	'map the range anew'
many give-code-back prot-none-decommit 'memory without access \(PROT_NONE\), given back or reserved: (1,99[0-9]|2,000) of 2,0[0-9]+ maps, by mmap in map_at [^ ]*:[0-9]+ in give_code_back help +-1,99[0-9] maps: give pages back by MADV_DONTNEED .*where they are guards' \
	'a guard page for each object'
many open-slots committed-pieces 'pieces of a range without access \(PROT_NONE\), made accessible one by one: 2,00[01] of 2,0[0-9]+ maps, by mprotect in open_slots [^ ]*:[0-9]+ help +-2,000 maps: map the range readable and writable' \
	'instead of mprotect'
many place-at-random committed-pieces 'pieces of a range without access \(PROT_NONE\), made accessible one by one: 1,[78][0-9]{2} of 1,[78][0-9]+ maps, by mprotect in place_at_random [^ ]*:[0-9]+ help +-1,[78]' \
	'a guard page for each object'
many map-between-guards guard-pages 'a guard page for each object: 2,00[0-9] of 2,0[0-9]+ maps, by mmap in map_at [^ ]*:[0-9]+ in map_between_guards, none given back .*help +-(1,99[0-9]|2,000) maps: map objects and guards together' \
	'instead of mprotect'
many give-shared-back mapped-over 'memory without access \(PROT_NONE\) put over pieces of a mapped file: (1,99[0-9]|2,000) of 2,0[0-9]+ maps, by mmap in map_at [^ ]*:[0-9]+ in give_shared_back help +-1,99[0-9] maps: leave the file mapped; MADV_REMOVE' \
	'mapped privately'
many close-given-back guard-pages 'a guard page for each object: .* help +-1,99[0-9] maps: MADV_GUARD_INSTALL .*; pages that are only given back need MADV_DONTNEED alone'
run keep-secret 200
says keep-secret 'cause +a map for each of many pieces of shared memory: 200 of 2[0-9]+ maps, by mmap in map_at [^ ]*:[0-9]+ in keep_secret' \
	'small files'
run cache-results 1000
says cache-results 'cause +maps of memory, 1.00 for each call, none given back: (1,99[0-9]|2,000) of 2,0[0-9]+ maps, by mmap in map_at' \
	'look alike'
run run-frames 1000
says run-frames 'cause +maps of code without a file, 1.00 for each call' \
	'made read-only piece by piece: ([2-9][0-9]{2}|[0-9],[0-9]+) of|keep what is read-only'
# Of several causes, each with more than a twentieth of the growth is told, if need be without what helps.
run four-ways 2000
LINES_SHOWN=24 says four-ways 'cause +the same part of the same file mapped again and again: 1,000 of .* and +a guard page for each object: 80[01] of .* and +advice \(madvise\) for pieces of a range: (399|400) of .* and +a map for each of many pieces of shared memory: 200 of '
holds four-ways '.maps as $maps | [.patterns[].maps] | add <= $maps.now - $maps.start'
PROGRAM=causes

# Where no pattern explains the maps, the cause says who cut what, and how often.
run move-pieces 1000
says move-pieces 'cause +pieces cut from what mmap in [^,]+ mapped, 3.00 for each call, none given back: 2,99[0-9] of 3,0[0-9]+ maps, by mremap in move_pieces [^ ]*causes.c:[0-9]+' \
	'MADV_GUARD_INSTALL'

# Growth that comes with work is known after a thousand calls, however short the run is; maps that
# are given back are no growth.
run hoard 2000
says hoard 'growth +\+(1,99[0-9]|2,0[0-9]+): steady, 1.00 maps a call of mmap in hoard, none given back; 6[0-9],[0-9]{3} more calls to the limit' \
	'the run is too short'
holds hoard 'any(.sites[]; .per_call.course == "steady" and .per_call.maps > 0.99 and .per_call.given_back == 0 and
	(.per_call.calls_left | . > 60000 and . < 65530))'
says hoard 'cause +maps of memory, 1.00 for each call, none given back: (1,99[0-9]|2,00[0-9]) of 2,0[0-9]+ maps, by mmap in hoard' \
	'read-only piece by piece|userfaultfd'
# Of two sites that are called by turns, one is named, and both count in what a call of it adds: the
# calls to the limit are then what remains divided by this.
PROGRAM=case_fibers
run mprotect 2000 </dev/null
says mprotect 'steady, 2.00 maps a call of (mmap|mprotect) in make_stack \(1.00 its own\), none given back; 3[01],[0-9]{3} more calls to the limit'
PROGRAM=causes
# If a call site holds more maps than those that show a pattern, it comes first, and the pattern has
# a line of its own.
run hoard-and-guard 1000
says hoard-and-guard 'cause +maps of memory, 1.00 for each call, none given back: (99[0-9]|1,00[0-9]) of 1,2[0-9]+ maps, by mmap in hoard.*and +a guard page for each object: (19[0-9]|20[0-2]) of 1,2[0-9]+ maps, by mprotect in hoard_and_guard'
run hoard 500
says hoard 'growth +\+[45][0-9]+: the run is too short'
run use 2000
holds use 'any(.sites[]; .per_call.course == "given-back" and .per_call.given_back == 1)'
says use 'maps +.*peak' 'steady'

# Something has ended, was moved, or stays as it was after the start.
PROGRAM=causes_ended
run join-all 300
says join-all 'cause +stacks of threads that have ended, kept by glibc for new ones \(or neither joined nor detached\): [56][0-9]{2} of 6[0-9]{2} maps, by mprotect in start_small .* help +-[56][0-9]{2} maps: GLIBC_TUNABLES=glibc.pthread.stack_cache_size=0' \
	'fewer threads \(a pool\)'
run open-in-each 150
says open-in-each 'cause .*a stack and a guard for each thread: [0-9]+ of [67][0-9]{2} maps' 'have ended'
holds open-in-each '[.patterns[] | select(.pattern == "ended-threads")] == []'
# (what the moves have cut as well is not in the number of maps that show it: no promise)
many gather-pieces alike 'memory moved by mremap, which does not merge with its neighbours: (99[0-9]|1,00[0-9]) of 2,0[0-9]+ maps, by mremap in gather_pieces [^ ]*:[0-9]+ help +grow in larger steps' \
	'help +-[0-9,]+ maps: grow'
run move-into 1000
says move-into 'cause +pieces cut from what mmap in map_pages [^ ]+ (in move_into )?mapped, 2.00 for each call, none given back: (1,99|2,00)[0-9] of 3,0[0-9]+ maps, by mremap in move_into [^ ]+ help +copy in place of moving' \
	'MADV_GUARD_INSTALL'
run forget-guards 1000
says forget-guards 'cause +guards \(PROT_NONE\) left mapped when the memory beside them was unmapped: (99[0-9]|1,00[0-9]) of 1,0[0-9]+ maps, .*help +unmap guards together with the memory' \
	'reserved addresses|MADV_GUARD_INSTALL'
many mix-flags accounting 'memory accounted for piece by piece: (99[0-9]|1,00[0-9]) of 1,0[0-9]+ maps, by mmap in map_with .* help +-99[0-9] maps: map the whole range with MAP_NORESERVE' \
	'map the range anew'
run grow-blocks 500
says grow-blocks "cause +large blocks of glibc's malloc, each in a map of its own: 25[0-9] of 2[0-9]+ maps .*help +a larger M_MMAP_THRESHOLD" \
	'garbage-collected'
run start-up 1000
says start-up 'growth +\+(1,99[0-9]|2,00[0-9]): a plateau since' 'steady|a leak'
holds start-up 'any(.sites[]; .per_call.course == "one-off")'
run rise-and-fall 200
says rise-and-fall 'growth +\+?[0-9]: (a sawtooth|bursts): ([3-9]|10) times up to 4[0-9]{2} and back to [0-9]+'
PROGRAM=causes

# What the run's GLIBC_TUNABLES sets takes precedence over MALLOC_…, and is to be changed there; what
# else it has is to stay.
GLIBC_TUNABLES=glibc.malloc.arena_max=8 run one-arena 1000
says one-arena 'help +-6[0-9]+ maps?: glibc.malloc.arena_max=1 in GLIBC_TUNABLES, which sets it now and overrides MALLOC_ARENA_MAX: the main heap is one map' \
	'MALLOC_ARENA_MAX=1'
GLIBC_TUNABLES=glibc.malloc.mmap_threshold=131072 run free-blocks 1000
says free-blocks 'help +-9[0-9]+ maps?: a larger M_MMAP_THRESHOLD \(mallopt, or glibc.malloc.mmap_threshold in GLIBC_TUNABLES, which sets it now and overrides MALLOC_MMAP_THRESHOLD_\)'
PROGRAM=causes_ended
GLIBC_TUNABLES=glibc.malloc.mmap_threshold=131072 run grow-blocks 500
says grow-blocks 'help +a larger M_MMAP_THRESHOLD \(mallopt, or glibc.malloc.mmap_threshold in GLIBC_TUNABLES, '
GLIBC_TUNABLES=glibc.malloc.arena_max=8 run join-all 300
says join-all "help +-[56][0-9]{2} maps: glibc.pthread.stack_cache_size=0 appended to GLIBC_TUNABLES with ':' " 'TUNABLES=glibc'
GLIBC_TUNABLES=glibc.pthread.stack_cache_size=41943040 run join-all 300
says join-all 'help +-[56][0-9]{2} maps: glibc.pthread.stack_cache_size=0 in GLIBC_TUNABLES, which sets it now ' 'TUNABLES=glibc'
PROGRAM=causes
# With a size of 0, glibc keeps no stacks: they were not joined, and the first that started them is known.
GLIBC_TUNABLES=glibc.pthread.stack_cache_size=0 run unjoined 60
says unjoined 'cause +stacks of threads that have ended and were neither joined nor detached: 1[0-9]{2} of 1[0-9]{2} maps.* help .*join them \(pthread_join\)' \
	'TUNABLES|kept by glibc'
# A fork child has its parent's environment.
cat >forks.c <<'END'
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
	static char *block[400];

	if (fork())
		return wait(NULL) < 0;
	for (int i = 0; i < 400; i++)
		block[i] = malloc(200000);
	for (int i = 0; i < 400; i += 2)
		free(block[i]);
	return 0;
}
END
${CC:-cc} -O0 forks.c -o forks || exit 2
GLIBC_TUNABLES=glibc.malloc.mmap_threshold=131072 "$TOOL" run -o forks.rec -- ./forks >forks.txt 2>&1
"$TOOL" report --format=json forks.rec >forks.json
check "in a child" jq -e 'any(.processes[].patterns[]; .remedy | contains("mmap_threshold in GLIBC_TUNABLES"))' forks.json

# Each of the first two causes has its help, however long the names are that the causes have.
cat >named.c <<'END'
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#define NOINLINE __attribute__((noinline, noclone))
NOINLINE char *PUT(char *at, unsigned long size, int prot, int fd)
{
	char *got = mmap(at, size, prot, fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
	return got == MAP_FAILED ? _exit(1), got : got;
}
NOINLINE void SHUT(char *at)
{
	if (mprotect(at, 4096, PROT_NONE))
		_exit(2);
}
NOINLINE void OPEN(int fd, int count)
{
	for (int i = 0; i < count; i++) {
		PUT(0, 4096, PROT_READ, fd);
		SHUT(PUT(0, 2 * 4096, PROT_READ | PROT_WRITE, -1));
	}
}
int main(int count, char **arguments)
{
	int fd = open(arguments[0], O_RDONLY);

	OPEN(fd, 900 + count);
	return 0;
}
END
long=$(printf 'segment_of_the_cache_of_files_%.0s' 1 2 3 4 5 6)
for name in x "$long"; do
	${CC:-cc} -g -O1 "-DPUT=put_$name" "-DSHUT=shut_$name" "-DOPEN=open_$name" named.c -o named || exit 2
	"$TOOL" run -o "named-${#name}.rec" -- ./named >"named-${#name}.txt" 2>&1
	LINES_SHOWN=40 says "named-${#name}" '(cause|and) +the same part of the same file mapped again and again: 901 of'
	for help in 'map it once and use that map' 'MADV_GUARD_INSTALL'; do
		check "named-${#name}: $help" sh -c 'sed -E "s/^==[0-9]+== +//" "$0" | tr "\n" " " |
			grep -Eq -e "-[89][0-9]+ maps: $1"' "named-${#name}.txt" "$help"
	done
done

# At the exit the allocator has given back what it held, but whose malloc that was is known.
for name in libjemalloc.so.2 libefence.so.0; do
	mkdir "$name.rec"
	LD_PRELOAD="$LIB $(library $name)" VMATRACE_OPTIONS="report=0:dir=$name.rec" EF_DISABLE_BANNER=1 \
		MALLOC_CONF=retain:false,dirty_decay_ms:0,muzzy_decay_ms:0 "$TARGETS/case_churn" 2000 </dev/null >/dev/null
	"$TOOL" report "$name.rec" >"$name.txt" 2>&1
	says $name "cause +of the [0-9,]+ maps at the peak: [0-9,]+ by [a-z]+ in fill_and_evict [^ ]*:[0-9]+ \\(malloc of $name[.0-9]*\\)"
done

# Parts of a file with code that are mapped without its beginning, as a lisp does with its heap image,
# are no libraries.
cat >image.c <<'END'
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
int main(int count, char **arguments)
{
	int fd = open(arguments[count - 1], O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || ftruncate(fd, 400 * 4096))
		return 1;
	for (int i = 1; i < 400; i += 4)
		if (mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, i * 4096L) == MAP_FAILED)
			return 1;
	return 0;
}
END
${CC:-cc} -g -O1 image.c -o image || exit 2
check image-runs env LD_PRELOAD="$LIB" VMATRACE_OPTIONS=report=0:dir=. ./image image.core
"$TOOL" report image.*.vmt >image.txt 2>&1
check image-cause sh -c 'grep -q "^SUMMARY" image.txt && grep -q " cause " image.txt'
check image-is-no-library sh -c '! grep -Eq "dlopen|libraries that" image.txt'

# A fork child has not loaded what it inherits, and cannot help it.
cat >inherits.py <<'END'
import bz2, ctypes, decimal, json, lzma, mmap, os, sqlite3, ssl, zlib
child = os.fork()
kept = [mmap.mmap(-1, 4096, prot=mmap.PROT_READ) for i in range(0 if child else 100)]
os.waitpid(child, 0) if child else os._exit(0)
END
mkdir inherits
LD_PRELOAD=$LIB VMATRACE_OPTIONS=dir=inherits:report=0 /usr/bin/python3 inherits.py
for file in inherits/*.vmt; do
	"$TOOL" report "$file" 2>&1 | sed 's/^==[0-9]*== *//' | tr '\n' ' ' >inherits.txt
	grep -q 'inherits.py:3' inherits.txt || continue
	echo "$file" >>inherits.found
	check inherits grep -Eq '(and|cause) +libraries that its parent had loaded before the fork \(dlopen\), [0-9]+ of them' inherits.txt
	check inherits-no-help sh -c '! grep -q "close those that are no longer used" inherits.txt'
done
check inherits-child [ "$(wc -l <inherits.found)" = 1 ]
finish
