/* SPDX-License-Identifier: MIT */
/*
 * The words of an explanation: for people, and as identifiers in JSON, which never change. Remedies
 * name the version that they need. Pure; part of explain.h.
 */
#include "core/base/tunables.h"
#include "explain/explain.h"
#include "input/vmflags.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

const char *vmt_explain_kind_word(enum vmt_kind kind)
{
	static const char *const words[VMT_KIND_COUNT] = {
		[VMT_KIND_ANONYMOUS] = "anonymous",
		[VMT_KIND_THREAD_STACK] = "thread stack",
		[VMT_KIND_GUARD] = "guard",
		[VMT_KIND_RESERVED] = "reserved",
		[VMT_KIND_HEAP] = "heap",
		[VMT_KIND_ALLOCATOR] = "allocator heap",
		[VMT_KIND_JIT] = "JIT code",
		[VMT_KIND_FILE] = "file",
		[VMT_KIND_DELETED] = "deleted file",
		[VMT_KIND_LIBRARY] = "library",
		[VMT_KIND_SHARED] = "shared memory",
		[VMT_KIND_HUGE] = "huge pages",
		[VMT_KIND_DEVICE] = "device",
		[VMT_KIND_STACK] = "main stack",
		[VMT_KIND_VDSO] = "vdso",
		[VMT_KIND_KERNEL] = "kernel",
	};

	return kind < VMT_KIND_COUNT ? words[kind] : "unknown";
}

const char *vmt_explain_kind_plain(const struct vmt_explain_map *map)
{
	switch (map->kind) {
	case VMT_KIND_ANONYMOUS:
		return vmt_explain_is_grown_down(map) ? "stacks that grow (MAP_GROWSDOWN)" :
							"memory";
	case VMT_KIND_THREAD_STACK: return "threads' stacks";
	case VMT_KIND_GUARD: return "guards";
	case VMT_KIND_RESERVED: return "reserved addresses";
	case VMT_KIND_HEAP: return "the heap (brk)";
	case VMT_KIND_ALLOCATOR: return "an allocator";
	case VMT_KIND_JIT: return "code without a file";
	case VMT_KIND_FILE: return "files";
	case VMT_KIND_DELETED: return "files that have been deleted";
	case VMT_KIND_LIBRARY: return "libraries (dlopen)";
	case VMT_KIND_DEVICE: return "devices";
	default: return vmt_explain_kind_word((enum vmt_kind)map->kind);
	}
}

static const struct {
	const char *id;
	const char *word;
	const char *remedy;
	const char *also;
} patterns[VMT_PATTERN_COUNT] = {
	[VMT_PATTERN_DEBUGGER] = { "debugging-allocator",
				   "allocations of a debugging allocator, each with a guard",
				   "turn it off (Electric Fence, DUMA), or set vm.max_map_count to "
				   "more than twice the number of allocations",
				   "Both make two maps for each allocation by design." },
	[VMT_PATTERN_GUARDS] = { "guard-pages", "a guard page for each object",
				 "MADV_GUARD_INSTALL (Linux 6.13) instead of mprotect(PROT_NONE) "
				 "makes no map",
				 "One guard for a whole pool of objects helps as well." },
	[VMT_PATTERN_THREADS] = { "thread-stacks", "a stack and a guard for each thread",
				  "fewer threads (a pool), or guards that are no maps",
				  "pthread_attr_setguardsize(0), and MADV_GUARD_INSTALL (Linux "
				  "6.13) on the "
				  "lowest page." },
	[VMT_PATTERN_DECOMMIT] = { "prot-none-decommit",
				   "memory without access (PROT_NONE), given back or reserved",
				   "give pages back by MADV_DONTNEED or MADV_FREE (Linux 4.5) and "
				   "leave the "
				   "protection as it is",
				   "Map such ranges readable and writable with "
				   "MAP_NORESERVE. jemalloc gives back like this where "
				   "vm.overcommit_memory is 2." },
	[VMT_PATTERN_HOLES] = { "punched-holes", "holes punched into memory by munmap",
				"keep the range and give pages back by MADV_DONTNEED",
				"jemalloc: retain:true, the default since 5.0 on 64-bit Linux." },
	[VMT_PATTERN_WX] = { "wx-flips", "code flipped between writable and executable",
			     "keep code and data in regions of their own and flip each as a whole",
			     ".NET 7 and later: DOTNET_EnableWriteXorExecute=0 turns this off." },
	[VMT_PATTERN_BARRIERS] = { "write-barriers", "memory made read-only piece by piece",
				   "detect writes by other means: userfaultfd's write protection "
				   "(Linux 5.7) makes no map, nor does card marking in the program",
				   "Boehm's collector does this in its incremental mode "
				   "(GC_ENABLE_INCREMENTAL)." },
	[VMT_PATTERN_ARENAS] = { "malloc-arenas", "glibc's malloc arenas, 2 maps each",
				 "MALLOC_ARENA_MAX=2 in the environment (glibc 2.10), or in the "
				 "program if it calls mallopt(M_ARENA_MAX)",
				 "In the program: mallopt(M_ARENA_MAX, 2) before the first "
				 "thread." },
	[VMT_PATTERN_FILES] = { "one-map-per-file", "a map for each of many files",
				"unmap files that are no longer used; read small files instead of "
				"mapping them, or keep their contents in one file "
				"that is mapped once",
				"Lucene: compound files. Files that were deleted can just be "
				"unmapped." },
	[VMT_PATTERN_SHARED] = { "one-map-per-shared-memory",
				 "a map for each of many pieces of shared memory",
				 "unmap pieces that are no longer used; share a few large ones and "
				 "use parts of them: shared memory never merges",
				 "PyTorch: each tensor that is shared is a map; share one that "
				 "holds them all." },
	[VMT_PATTERN_PIECES] = { "pieces-of-files", "many maps of pieces of the same file",
				 "map each file once, as a whole, and use pieces of that map",
				 "memfd:doublemapper belongs to .NET 7 and later: "
				 "DOTNET_EnableWriteXorExecute=0 turns it off." },
	[VMT_PATTERN_DELETED] = { "deleted-files", "files that have been deleted",
				  "unmap them when they are no longer used: nobody can open these "
				  "files any more",
				  "Until then, their disk space is not freed." },
	[VMT_PATTERN_ADVICE] = { "madvise-islands", "advice (madvise) for pieces of a range",
				 "give the advice once, to the whole range, or undo it when it is "
				 "no longer needed",
				 "After MADV_DOFORK, MADV_DODUMP, MADV_NORMAL the pieces merge "
				 "again; MADV_HUGEPAGE and MADV_NOHUGEPAGE have no opposite." },
	[VMT_PATTERN_LOCKS] = { "lock-islands", "mlock of pieces of a range",
				"keep memory that needs locking in one place and lock it once",
				"mlock2(MLOCK_ONFAULT) (Linux 4.4) over the whole range locks only "
				"pages in use." },
	[VMT_PATTERN_POLICY] = { "mbind-islands", "NUMA policy (mbind) for pieces of a range",
				 "one mbind over the whole range; keep memory of one policy "
				 "together",
				 "Or set_mempolicy in the thread that first touches the memory: it "
				 "makes no map." },
	[VMT_PATTERN_NAMES] = { "names", "names for pieces of a range (PR_SET_VMA_ANON_NAME)",
				"one name for the whole range, or none",
				"Maps with different names never merge, nor do named and unnamed "
				"ones." },
	[VMT_PATTERN_ACCOUNTING] = { "accounting", "memory accounted for piece by piece",
				     "map the whole range with MAP_NORESERVE",
				     "Pieces that were ever writable count towards the commit "
				     "limit, others do not, and the two do not merge. Up to twice "
				     "as many go where each was closed again before the next was "
				     "written to." },
	[VMT_PATTERN_FORK] = { "fork-tainted", "memory inherited by fork, which no longer merges",
			       "let the parent make it one map before it forks, or let the child "
			       "map it anew (or exec)",
			       "Memory that was written to before a fork keeps its boundaries in "
			       "the child." },
	[VMT_PATTERN_ALIKE] = { "alike", "neighbours that look alike but did not merge",
				"map the range anew, as a whole",
				"The reason is not visible here: flags (vmatrace maps --flags "
				"shows them), or memory moved by mremap or inherited by fork." },
	[VMT_PATTERN_UNSEEN] = { "unseen-calls",
				 "changed by system calls that were not seen (not made by libc): "
				 "their caller is unknown",
				 "strace -f -k -e trace=%memory PROGRAM shows who calls, or perf "
				 "trace with --call-graph",
				 "Runtimes like Go's make system calls themselves." },
	[VMT_PATTERN_ENDED_THREADS] = { "ended-threads",
					"stacks of threads that have ended and were neither joined "
					"nor detached",
					"join them (pthread_join), or start them detached",
					"glibc keeps up to 40 MiB of the stacks of joined threads "
					"for new ones." },
	[VMT_PATTERN_ARENA_HEAPS] = { "arena-heaps",
				      "heaps of 64 MiB of glibc's malloc arenas, most of each in "
				      "use",
				      "MALLOC_ARENA_MAX=1 in the environment (glibc 2.10): the "
				      "main heap is one map",
				      "Or use another allocator: in glibc a thread's arena grows "
				      "only by such heaps, 2 maps each. M_MMAP_THRESHOLD gives "
				      "large blocks maps of their own." },
	[VMT_PATTERN_RESERVED] = { "reserved-ranges",
				   "address ranges reserved without access (PROT_NONE), of which "
				   "little is in use",
				   "share one reservation among several, or reserve less for each",
				   "Each is two maps: the part in use and the rest." },
	[VMT_PATTERN_CODE_LEFT] = { "code-left",
				    "pieces of memory made writable and executable (rwx) and left "
				    "so",
				    "keep code in maps of its own, or set the protection back "
				    "before it is freed",
				    "malloc does not reset the protection of freed memory before "
				    "handing it out again." },
	[VMT_PATTERN_KEYS] = { "protection-keys",
			       "protection keys for pieces of a range (pkey_mprotect)",
			       "keep memory with the same key together, and set the key "
			       "once",
			       NULL },
	[VMT_PATTERN_USERFAULTFD] = { "userfaultfd-islands",
				      "pieces of a range registered with userfaultfd",
				      "register the whole range once (UFFDIO_REGISTER) and tell "
				      "pieces apart in the handler",
				      NULL },
	[VMT_PATTERN_FILE_PROTECTION] = { "file-protection",
					  "protection of pieces of a mapped file, changed one by "
					  "one (mprotect)",
					  "the file is already mapped as a whole; detect writes "
					  "without mprotect (userfaultfd's write "
					  "protection, soft-dirty, PAGEMAP_SCAN), or change larger "
					  "pieces",
					  "Write protection by userfaultfd (Linux 5.7, of files in "
					  "shared memory 5.19) makes no "
					  "map; PAGEMAP_SCAN is Linux 6.7." },
	[VMT_PATTERN_MAPPED_OVER] = { "mapped-over",
				      "maps put over pieces of a mapped file (MAP_FIXED)",
				      "if the file can be mapped privately, write the pieces into "
				      "its map; else map over "
				      "larger pieces",
				      "Each makes up to two maps: its own, and the file's rest "
				      "behind it." },
	[VMT_PATTERN_REMAPPED] = { "remapped-pages",
				   "pages of a file in another order (MAP_FIXED, "
				   "remap_file_pages)",
				   "read the pages where they are needed (pread), or find them "
				   "through an index",
				   "Since Linux 4.0 each piece in another order is a map." },
	[VMT_PATTERN_VIEWS] = { "mapped-twice",
				"the same part of a file mapped more than once, as rings are",
				"unmap all maps of each when it is no longer used; if it need not "
				"be mapped twice, one map is enough",
				NULL },
	[VMT_PATTERN_DEVICES] = { "device-maps",
				  "maps of devices and kernel objects (io_uring, GPU, perf), which "
				  "never merge",
				  "fewer of them, each for several threads or uses; unmap and "
				  "close those that are no longer used",
				  NULL },
	[VMT_PATTERN_HUGE_FILES] = { "huge-pages",
				     "huge pages of many files or calls, which never merge",
				     "one larger file or map for them all, used in parts", NULL },
	[VMT_PATTERN_COMMITTED] = { "committed-pieces",
				    "pieces of a range without access (PROT_NONE), made accessible "
				    "one by one",
				    "map the range readable and writable with MAP_NORESERVE "
				    "(and guards by MADV_GUARD_INSTALL, Linux 6.13), or make "
				    "larger pieces accessible",
				    "Pages that are never touched take no memory, whatever their "
				    "protection." },
	[VMT_PATTERN_AGAIN] = { "mapped-again",
				"the same part of the same file mapped again and again",
				"map it once and use that map, or unmap each map (munmap, shmdt) "
				"when it is no longer used",
				NULL },
	[VMT_PATTERN_OVER_MEMORY] = { "mapped-over-memory",
				      "memory mapped over pieces of earlier maps (MAP_FIXED), with "
				      "another protection or other flags",
				      "clear pages by MADV_DONTNEED, or pass the protection and "
				      "flags (MAP_NORESERVE, MAP_LOCKED) of the memory beside it",
				      NULL },
	[VMT_PATTERN_ZERO_DEVICE] = { "zero-device",
				      "memory mapped from /dev/zero, which never merges",
				      "MAP_ANONYMOUS in place of /dev/zero: neighbours become one "
				      "map",
				      NULL },
	[VMT_PATTERN_HEADERS] = { "headers-apart",
				  "many mappings of files or shared memory, each of two maps or "
				  "more because a part (a header) has another protection",
				  "unmap those that are no longer used; several in one file and one "
				  "mapping, with what is read-only together",
				  NULL },
	[VMT_PATTERN_GUARDED] = { "guarded-decommit",
				  "memory closed (PROT_NONE) when it is given back, as one map with "
				  "a guard beside it",
				  "two changes together: give pages back by MADV_DONTNEED or "
				  "MADV_FREE (Linux 4.5) and leave the protection as it is, and "
				  "guard by MADV_GUARD_INSTALL (Linux 6.13); after the first alone, "
				  "each guard is a map of its own",
				  "Map such ranges readable and writable with MAP_NORESERVE." },
};

const char *vmt_explain_pattern_id(enum vmt_pattern pattern)
{
	return patterns[pattern < VMT_PATTERN_COUNT ? pattern : VMT_PATTERN_ALIKE].id;
}

static const struct vmt_explain_pattern *found(const struct vmt_explain *explain,
					       enum vmt_pattern pattern)
{
	for (size_t i = 0; i < explain->pattern_count; i++) {
		if (explain->patterns[i].pattern == pattern)
			return &explain->patterns[i];
	}
	return NULL;
}

/* Has no call given advice? Then flags of mmap mean the same to the kernel. */
static bool is_by_flags(const struct vmt_explain *explain)
{
	return explain->facts.sites && explain->flags_known &&
	       !explain->facts.busiest[VMT_CALL_MADVISE].calls &&
	       !explain->facts.busiest[VMT_CALL_PROCESS_MADVISE].calls &&
	       !found(explain, VMT_PATTERN_UNSEEN);
}

const char *vmt_explain_pattern_word(const struct vmt_explain *explain, enum vmt_pattern pattern)
{
	if (pattern == VMT_PATTERN_ADVICE && is_by_flags(explain))
		return "memory mapped with other flags (MAP_STACK, MAP_DROPPABLE) than what lies "
		       "beside it";
	if (pattern == VMT_PATTERN_SHARED && vmt_explain_are_memfds(explain))
		return "a map for each of many files in memory (memfd)";
	if (pattern == VMT_PATTERN_HOLES && !explain->facts.sites)
		return "holes between pieces of memory, as munmap leaves them";
	if (pattern == VMT_PATTERN_ALIKE && explain->are_moved)
		return "memory moved by mremap, which does not merge with its neighbours";
	if (pattern == VMT_PATTERN_OVER_MEMORY && explain->are_files)
		return "pieces of files mapped over a range of memory (MAP_FIXED)";
	if (pattern == VMT_PATTERN_MAPPED_OVER && explain->are_closed)
		return "memory without access (PROT_NONE) put over pieces of a mapped file";
	if (pattern == VMT_PATTERN_HOLES && explain->are_trimmed && !explain->holes_of)
		return "ends of maps cut off by munmap, as for alignment";
	if (pattern == VMT_PATTERN_WX && explain->facts.sites && !explain->facts.gives_write)
		return "code made executable piece by piece, with data between";
	if (pattern == VMT_PATTERN_ENDED_THREADS && explain->are_kept)
		return "stacks of threads that have ended, kept by glibc for new ones (or neither "
		       "joined nor detached)";
	if (pattern == VMT_PATTERN_ENDED_THREADS && !explain->facts.sites)
		return "judging by their size, stacks of threads that have ended and were neither "
		       "joined nor detached";
	return patterns[pattern < VMT_PATTERN_COUNT ? pattern : VMT_PATTERN_ALIKE].word;
}

/* Which remedy there is instead of this advice of madvise(2)? */
static const char *remedy_of_advice(const struct vmt_explain *explain)
{
	switch (explain->advice) {
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
		return "give it once, to the whole range; prctl(PR_SET_THP_DISABLE) turns huge "
		       "pages off for the whole process without advice";
	case MADV_DONTFORK:
		return "give it once, to the whole range, and MADV_DOFORK when it is no longer "
		       "needed; since Linux 5.12 pinned memory (RDMA) needs none";
	case MADV_DONTDUMP:
		return "give it once, to the whole range, or undo it when it is no longer needed "
		       "(MADV_DODUMP); /proc/PID/coredump_filter leaves out memory without advice";
	case MADV_MERGEABLE:
		return "give it once, to the whole range; prctl(PR_SET_MEMORY_MERGE) (Linux 6.4) "
		       "is for the whole process";
	case MADV_WIPEONFORK: return "keep what is to be wiped at fork in one range";
	default: return patterns[VMT_PATTERN_ADVICE].remedy;
	}
}

const char *vmt_explain_holes_remedy(const char *allocator, uint32_t tunables)
{
	bool is_libcs = !strncmp(allocator, "libc.so", 7) || !strncmp(allocator, "libc-2", 6);

	if (is_libcs && tunables & VMT_TUNABLES_MMAP_THRESHOLD)
		return "a larger M_MMAP_THRESHOLD (mallopt, or glibc.malloc.mmap_threshold in "
		       "GLIBC_TUNABLES, which sets it now and overrides MALLOC_MMAP_THRESHOLD_): "
		       "smaller blocks are no maps";
	if (is_libcs)
		return "a larger M_MMAP_THRESHOLD (mallopt, or MALLOC_MMAP_THRESHOLD_ in the "
		       "environment): smaller blocks are no maps";
	if (!strncmp(allocator, "libjemalloc", 11))
		return "retain:true in MALLOC_CONF, jemalloc's default since 5.0 on 64-bit Linux";
	return patterns[VMT_PATTERN_HOLES].remedy;
}

/* Were pieces locked, advised about and so on as often as there are guards? Then they still differ. */
static bool differs_as_well(const struct vmt_explain *explain, enum vmt_pattern pattern)
{
	const struct vmt_explain_pattern *at = found(explain, pattern);

	return at && explain->facts.given_calls >= VMT_EXPLAIN_LEAST &&
	       explain->facts.given_calls >= at->maps / 4;
}

static const char *remedy_of_guards(const struct vmt_explain *explain)
{
	if (differs_as_well(explain, VMT_PATTERN_GUARDS))
		return "MADV_GUARD_INSTALL (Linux 6.13) instead of mprotect(PROT_NONE) makes no "
		       "map, if mlock and madvise, which cut at the same places, are left out or "
		       "are for whole ranges";
	if (explain->are_of_one)
		return "MADV_GUARD_INSTALL (Linux 6.13) instead of mprotect(PROT_NONE) makes no "
		       "map, if the pages hold nothing: it drops their contents; pages that are "
		       "only given back need MADV_DONTNEED alone";
	return explain->are_left ?
		       "map objects and guards together, readable and writable, and guard by "
		       "MADV_GUARD_INSTALL (Linux 6.13), which makes no map" :
		       patterns[VMT_PATTERN_GUARDS].remedy;
}

static const char *remedy_of_ended_threads(const struct vmt_explain *explain)
{
	uint32_t tunables = explain->facts.tunables;

	if (explain->are_kept && tunables & VMT_TUNABLES_STACK_CACHE)
		return "glibc.pthread.stack_cache_size=0 in GLIBC_TUNABLES, which sets it now "
		       "(glibc 2.34), keeps none; fewer threads at a time, and joined or detached";
	if (explain->are_kept && tunables & VMT_TUNABLES_SET)
		return "glibc.pthread.stack_cache_size=0 appended to GLIBC_TUNABLES with ':' "
		       "(glibc 2.34) keeps none; fewer threads at a time, and joined or detached";
	if (explain->are_kept)
		return "GLIBC_TUNABLES=glibc.pthread.stack_cache_size=0 in the environment (glibc "
		       "2.34) keeps none; fewer threads at a time, and joined or detached";
	if (!explain->facts.sites || tunables & VMT_TUNABLES_NO_STACK_CACHE)
		return patterns[VMT_PATTERN_ENDED_THREADS].remedy;
	return tunables & VMT_TUNABLES_SET ?
		       "join them (pthread_join), or start them detached; where several places "
		       "start threads, glibc.pthread.stack_cache_size=0 in GLIBC_TUNABLES shows "
		       "which started these, since a stack is named by its first thread" :
		       "join them (pthread_join), or start them detached; where several places "
		       "start threads, GLIBC_TUNABLES=glibc.pthread.stack_cache_size=0 in the "
		       "environment shows which started these, since a stack is named by its first "
		       "thread";
}

static const char *remedy_of_arenas(const struct vmt_explain *explain, enum vmt_pattern pattern)
{
	if (!(explain->facts.tunables & VMT_TUNABLES_ARENA_MAX))
		return patterns[pattern].remedy;
	return pattern == VMT_PATTERN_ARENAS ?
		       "glibc.malloc.arena_max=2 in GLIBC_TUNABLES, which sets it now and "
		       "overrides MALLOC_ARENA_MAX, or in the program if it calls "
		       "mallopt(M_ARENA_MAX)" :
		       "glibc.malloc.arena_max=1 in GLIBC_TUNABLES, which sets it now and "
		       "overrides MALLOC_ARENA_MAX: the main heap is one map";
}

static const char *remedy_of_decommit(const struct vmt_explain *explain)
{
	if (explain->are_small)
		return "give pages back by MADV_DONTNEED or MADV_FREE (Linux 4.5) and leave the "
		       "protection as it is; where they are guards, MADV_GUARD_INSTALL (Linux "
		       "6.13) makes no map";
	/* From outside it cannot be known whether a guard is part of what was given back. */
	if (!explain->facts.sites && found(explain, VMT_PATTERN_GUARDS))
		return "give pages back by MADV_DONTNEED or MADV_FREE (Linux 4.5) and leave the "
		       "protection as it is; a guard in such a range stays a map, unless it is made "
		       "by MADV_GUARD_INSTALL (Linux 6.13) as well";
	return patterns[VMT_PATTERN_DECOMMIT].remedy;
}

const char *vmt_explain_remedy(const struct vmt_explain *explain, enum vmt_pattern pattern)
{
	if (pattern == VMT_PATTERN_ADVICE && is_by_flags(explain))
		return "the same flags for all, or a range for each kind; since Linux 6.7, "
		       "MAP_STACK keeps huge pages away, and so neighbours apart";
	if (pattern == VMT_PATTERN_ADVICE)
		return remedy_of_advice(explain);
	if (pattern == VMT_PATTERN_HOLES && explain->holes_of)
		return vmt_explain_holes_remedy(explain->holes_of, explain->facts.tunables);
	if (pattern == VMT_PATTERN_OVER_MEMORY && explain->are_files)
		return "read the pieces into the memory (pread) in place of mapping them over it";
	if (pattern == VMT_PATTERN_HOLES && explain->are_shared)
		return "keep the range and give pages back by MADV_REMOVE";
	if (pattern == VMT_PATTERN_HOLES && explain->are_trimmed)
		return "take aligned pieces from one larger map";
	if (pattern == VMT_PATTERN_AGAIN && explain->are_copies)
		return "read the file into memory where a copy of its own is needed, or unmap each "
		       "map when it is no longer used";
	if (pattern == VMT_PATTERN_ALIKE && explain->are_moved)
		return "grow in larger steps, or copy into one range instead of moving";
	if (pattern == VMT_PATTERN_GUARDS)
		return remedy_of_guards(explain);
	if (pattern == VMT_PATTERN_DECOMMIT)
		return remedy_of_decommit(explain);
	if (pattern == VMT_PATTERN_MAPPED_OVER && explain->are_closed)
		return "leave the file mapped; MADV_REMOVE gives back pages of shared memory, and "
		       "MADV_DONTNEED those of other files";
	if (pattern == VMT_PATTERN_REMAPPED && found(explain, pattern) &&
	    found(explain, pattern)->is_open)
		return explain->is_java ?
			       "larger pages (-XX:+UseLargePages), or -XX:+ZGenerational (JDK 21), "
			       "which maps the heap once and not three times" :
			       "larger pieces, and one map of each where more are not needed";
	if (pattern == VMT_PATTERN_BARRIERS && explain->facts.sites && !explain->facts.gives_write)
		return "keep what is read-only together and protect it at once; to detect writes, "
		       "userfaultfd's write protection (Linux 5.7) makes no map";
	if (pattern == VMT_PATTERN_THREADS && explain->is_java)
		return "fewer threads (a pool, or virtual threads since JDK 21), or guards that "
		       "are no maps";
	if (pattern == VMT_PATTERN_ENDED_THREADS)
		return remedy_of_ended_threads(explain);
	if (pattern == VMT_PATTERN_ARENAS || pattern == VMT_PATTERN_ARENA_HEAPS)
		return remedy_of_arenas(explain, pattern);
	if (pattern == VMT_PATTERN_RESERVED &&
	    (explain->facts.has_no_addresses || explain->facts.is_over_rlimit))
		return "addresses ran out, not maps: share one reservation among "
		       "several, or reserve less for each";
	if (pattern == VMT_PATTERN_ALIKE && !explain->flags_known)
		return "see first what keeps them apart (vmatrace maps --flags, or try); where "
		       "nothing does, map the range afresh, as a whole";
	if (pattern == VMT_PATTERN_PIECES && explain->are_views)
		return "map each file as a whole, once for each protection, and use pieces of "
		       "these maps";
	return patterns[pattern < VMT_PATTERN_COUNT ? pattern : VMT_PATTERN_ALIKE].remedy;
}

const char *vmt_explain_also(enum vmt_pattern pattern)
{
	return patterns[pattern < VMT_PATTERN_COUNT ? pattern : VMT_PATTERN_ALIKE].also;
}
