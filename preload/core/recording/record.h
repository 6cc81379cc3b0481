/* SPDX-License-Identifier: MIT */
/*
 * The recording: one file (or memfd) per process image, written by the library
 * while the program runs and readable at any moment, also after SIGKILL.
 *
 * Layout: a header of one page, then sections of fixed-size elements. Offsets,
 * no pointers; native endianness, which the header tells. Every record that can
 * change after it was written begins with a sequence word: even = consistent,
 * odd = being written (a reader retries; after the writer's death it skips a range, and takes
 * a site's counters as they are, which only grow).
 * Live counts are derived from the ranges by the reader, so that sums agree.
 *
 * doc/format.md tells all of it, and what may be changed without a new version: new sections at the
 * end of the list, new fields at the end of an element or in what is reserved (zero until now).
 */
#ifndef VMT_RECORD_H
#define VMT_RECORD_H

#include <assert.h>

#include "core/base/base.h"
#include "core/base/calls.h"

#define VMT_RECORD_MAGIC   "VMATRACE" /* 8 bytes, no terminator */
#define VMT_RECORD_VERSION 1u
#define VMT_RECORD_ENDIAN  0x01020304u
#define VMT_BUILD_ID_MAX   20u
#define VMT_NO_INDEX       UINT32_MAX
#define VMT_SUM_VERSION    1u
#define VMT_SUMS_MAX       16u

/* Section numbers; elements are the structures named behind. */
enum vmt_section_id {
	VMT_SECTION_STRINGS, /* char: paths, command line; not terminated */
	VMT_SECTION_MODULES, /* struct vmt_rec_module */
	VMT_SECTION_SITES, /* struct vmt_rec_site; 0 and 1 are pseudo-sites */
	VMT_SECTION_FRAMES, /* struct vmt_rec_frame */
	VMT_SECTION_CALLS, /* struct vmt_rec_counters, indexed by enum vmt_call_id */
	VMT_SECTION_RANGES, /* struct vmt_rec_range */
	VMT_SECTION_TIMELINE, /* struct vmt_rec_bucket */
	VMT_SECTION_FAILURES, /* struct vmt_rec_failure */
	VMT_SECTION_MARKS, /* struct vmt_rec_mark */
	VMT_SECTION_MARK_VALUES, /* struct vmt_rec_mark_value */
	VMT_SECTION_SITE_TIMES, /* struct vmt_rec_site_time, one for each site */
	VMT_SECTION_ALLOCATORS, /* struct vmt_rec_allocator */
	VMT_SECTION_COUNT,
};

struct vmt_rec_section {
	uint64_t offset; /* bytes from the start of the recording, 64-aligned */
	uint64_t capacity; /* elements there is room for */
	uint64_t used; /* elements in use (ranges: highest slot ever used + 1) */
	uint32_t size; /* bytes of one element */
	uint32_t reserved;
};

/* A string: bytes [offset, offset + length) of the strings section. */
struct vmt_rec_string {
	uint32_t offset;
	uint32_t length;
};

/* How the image ended (vmt_rec_header.end). */
enum vmt_end {
	VMT_END_RUNNING, /* also: killed, nobody was left to say */
	VMT_END_EXIT,
	VMT_END_SIGNAL, /* written by `vmatrace run` */
	VMT_END_EXEC,
};

/*
 * What the thread that holds the library's lock is at (vmt_rec_header.doing). Of a process that
 * was killed it says what was left half-done: its calls are made and recorded one after the other.
 */
enum vmt_doing {
	VMT_DOING_NOTHING, /* the lock is free, or just taken or given back */
	VMT_DOING_SITE, /* looking the call's stack up, or recording a new one */
	VMT_DOING_CALL, /* the system call itself */
	VMT_DOING_MAPS, /* learning what it did, and changing the ranges */
	VMT_DOING_COUNTS, /* counting it: site, call, header */
	VMT_DOING_COUNT,
};

/* vmt_rec_header.doors */
#define VMT_DOOR_WRAPPERS UINT32_C(1)
#define VMT_DOOR_SITES    UINT32_C(2)
#define VMT_DOOR_TRAPS    UINT32_C(4)

/* vmt_rec_header.notes: what the reader of a report must know. */
#define VMT_NOTE_NO_MEM_FILE   (UINT64_C(1) << 0) /* /proc/self/mem cannot be opened */
#define VMT_NOTE_WRITE_REFUSED (UINT64_C(1) << 1) /* …or not written: libc's sites not caught */
#define VMT_NOTE_NO_PATTERN    (UINT64_C(1) << 2) /* libc has no known call sites */
#define VMT_NOTE_SITES_PARTIAL (UINT64_C(1) << 3) /* some call sites were not caught */
#define VMT_NOTE_SECCOMP \
	(UINT64_C(1) << 4) /* a filter is active: the kernel is no longer asked \
			    */
#define VMT_NOTE_SITES_FULL  (UINT64_C(1) << 5) /* more call sites than room */
#define VMT_NOTE_RANGES_FULL (UINT64_C(1) << 6) /* more maps than room */
#define VMT_NOTE_MEMORY_FULL (UINT64_C(1) << 7) /* the library's memory ceiling was reached */
#define VMT_NOTE_DISK_FULL   (UINT64_C(1) << 8) /* the recording could not grow */
#define VMT_NOTE_NO_PROC     (UINT64_C(1) << 9) /* /proc/self/maps cannot be read */
#define VMT_NOTE_NO_QUERY    (UINT64_C(1) << 10) /* no PROCMAP_QUERY (Linux < 6.11) */
#define VMT_NOTE_VALGRIND    (UINT64_C(1) << 11) /* under valgrind: its own maps are not seen */
#define VMT_NOTE_INLINE_CALLS \
	(UINT64_C(1) << 12) /* a module makes system calls of its own, not caught */
#define VMT_NOTE_SWITCHED_OFF (UINT64_C(1) << 13) /* tracing stopped before the end */
#define VMT_NOTE_NO_UNWIND    (UINT64_C(1) << 14) /* libc has no unwind tables */
#define VMT_NOTE_MODULES_FULL (UINT64_C(1) << 15)
#define VMT_NOTE_TEXT_LARGE   (UINT64_C(1) << 16) /* "unseen", and a module was not searched */
#define VMT_NOTE_BY_ADDRESS   (UINT64_C(1) << 17) /* calls are let through by their address: off */
#define VMT_NOTE_NOT_LONGER   (UINT64_C(1) << 18) /* the recording's file could not be extended */
#define VMT_NOTE_NEW_KERNEL \
	(UINT64_C(1) << 19) /* newer than any tried: asked rather than reasoned */

struct vmt_rec_header {
	char magic[8];
	uint32_t version;
	uint32_t endian;
	uint32_t header_size;
	uint32_t section_count;
	uint64_t file_size; /* bytes up to the end of the last section */
	uint32_t page_size;
	uint32_t pid;
	uint32_t parent_pid;
	uint32_t image; /* 1 = first image of this pid, 2 = after its first exec, … */
	uint64_t start_realtime; /* ns since 1970 when the library was ready */
	uint64_t start_monotonic; /* ns, CLOCK_MONOTONIC */
	uint64_t end_monotonic; /* ns; 0 while running */
	struct vmt_rec_string exe; /* path */
	struct vmt_rec_string command; /* arguments, separated by NUL bytes */
	struct vmt_rec_string kernel; /* uname release */
	struct vmt_rec_string options; /* VMATRACE_OPTIONS as given */
	struct vmt_rec_string cwd;

	uint32_t doing; /* enum vmt_doing; changes at any time, no sequence word guards it */
	uint32_t reserved0;
	uint32_t seq; /* of what follows, up to the sections */
	uint32_t end; /* enum vmt_end */
	int32_t status; /* exit status or signal number */
	uint32_t doors;
	uint64_t notes;

	/* Counts of maps, the library's own left out. */
	uint64_t maps_start;
	uint64_t maps_now;
	uint64_t maps_peak;
	uint64_t maps_peak_time; /* ns since start_monotonic */
	uint64_t maps_limit; /* vm.max_map_count; 0 = unknown */
	uint64_t maps_own;
	uint64_t maps_kernel; /* UINT64_MAX = was not read */
	uint32_t peak_epoch; /* see vmt_rec_site.peak_epoch */
	uint32_t pid_namespace; /* inode of /proc/self/ns/pid, which pid is a number of; 0 = unknown
				 */

	uint64_t calls_seen; /* all memory calls, also those that change no map */
	uint64_t calls_derived; /* results worked out without asking the kernel */
	uint64_t asked_query;
	uint64_t asked_probe;
	uint64_t asked_maps;
	uint64_t unseen;
	uint64_t lost;
	uint64_t relearned;
	uint64_t truncated; /* call sites with a stack that is cut */
	uint64_t deferred; /* calls made without the lock and learnt afterwards */
	uint64_t verified; /* whole-table comparisons made by verify=N */
	uint64_t bucket_ns; /* width of one timeline bucket; see struct vmt_rec_bucket */
	uint64_t asked_files; /* fstat calls that told which file a new map shows */
	uint64_t threads; /* at the exit, or when a call failed last; 0 = not known */
	uint32_t sum_version; /* 0: there are no sums; see seal.h */
	uint32_t sum_header;
	uint32_t sum[VMT_SUMS_MAX]; /* of each section, as it was when the process ended */
	uint64_t reserved2[5];

	struct vmt_rec_section section[VMT_SECTION_COUNT];
};
static_assert(sizeof(struct vmt_rec_header) <= 4096, "the header is one page");
static_assert(VMT_SECTION_COUNT <= VMT_SUMS_MAX, "each section has a sum");

/* Counters of one call site or of one system call. */
struct vmt_rec_counters {
	uint64_t calls;
	uint64_t failed;
	uint64_t created;
	uint64_t split;
	uint64_t merged;
	uint64_t removed;
};
static_assert(sizeof(struct vmt_rec_counters) == 48, "on disk");

#define VMT_SITE_STARTUP 0u
#define VMT_SITE_UNSEEN  1u
#define VMT_SITE_FIRST   2u /* first real site */

#define VMT_SITE_TRUNCATED \
	UINT32_C(1) /* the stack is deeper than what was kept, or could not be walked */
#define VMT_SITE_LOST UINT32_C(2) /* stands for calls recorded without a stack */

struct vmt_rec_site {
	uint32_t seq;
	uint32_t flags;
	uint16_t call; /* enum vmt_call_id */
	uint16_t frame_count;
	uint32_t frame_first; /* index into the frames section; innermost first */
	struct vmt_rec_counters counters;
	uint64_t live; /* maps put by this site now; readers recount it from the ranges */
	uint64_t live_at_peak; /* valid if peak_epoch equals the header's; else live holds */
	uint32_t peak_epoch;
	uint32_t reserved;
	uint64_t inherited; /* maps that a fork child had of it from the start; they are in live */
	uint64_t reserved2[3];
};
static_assert(sizeof(struct vmt_rec_site) == 120, "on disk");

/* module: index into the modules section, VMT_NO_INDEX = unknown. offset: in the file; for
 * a module that is no file (JIT code, [vdso]) the offset in the map. It is the address that the
 * call returns to: look up offset - 1 to find the line of the call. */
struct vmt_rec_frame {
	uint32_t module;
	uint32_t map_page; /* JIT code: bits 12 to 43 of the address of the map; otherwise 0 */
	uint64_t offset;
};
static_assert(sizeof(struct vmt_rec_frame) == 16, "on disk");

/* Kinds of module. */
enum vmt_module_kind {
	VMT_MODULE_FILE,
	VMT_MODULE_JIT, /* anonymous executable memory; path is "jit" */
	VMT_MODULE_VDSO,
};

struct vmt_rec_module {
	uint64_t inode;
	uint32_t dev_major;
	uint32_t dev_minor;
	struct vmt_rec_string path;
	uint32_t kind; /* enum vmt_module_kind */
	uint32_t build_id_length; /* 0 = none */
	uint8_t build_id[VMT_BUILD_ID_MAX];
	uint32_t reserved;
};
static_assert(sizeof(struct vmt_rec_module) == 56, "on disk");

/* vmt_rec_range.flags and struct vmt_map.flags: what /proc/PID/maps shows… */
#define VMT_MAP_READ    UINT32_C(1)
#define VMT_MAP_WRITE   UINT32_C(2)
#define VMT_MAP_EXEC    UINT32_C(4)
#define VMT_MAP_SHARED  UINT32_C(8)
#define VMT_MAP_VISIBLE UINT32_C(15)
/* …and what only the calls tell. */
#define VMT_MAP_OWN   (UINT32_C(1) << 4) /* belongs to the library */
#define VMT_MAP_STACK (UINT32_C(1) << 5) /* grows downwards by page faults */
/*
 * What smaps shows (VmFlags), where it was read: of a process with calls that were not seen, at its
 * exit. Bit 9 + n is the nth pair of letters.
 */
#define VMT_MAP_HAS_ATTRIBUTES    (UINT32_C(1) << 8)
#define VMT_MAP_ATTRIBUTE(n)      (UINT32_C(1) << (9 + (n)))
#define VMT_MAP_ATTRIBUTE_LETTERS "lolfsrrrdcwfddhgnhmgacnrumuwuislhtde"
#define VMT_MAP_USED              (UINT32_C(1) << 31) /* in a recording: the slot holds a map */

struct vmt_rec_range {
	uint32_t seq;
	uint32_t flags;
	uint32_t mapped_by; /* site */
	uint32_t put_by; /* site */
	uint64_t start;
	uint64_t end;
	uint64_t offset; /* in the file; 0 for anonymous memory */
	uint64_t inode;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint64_t time; /* of put_by's call, ns since start_monotonic */
};
static_assert(sizeof(struct vmt_rec_range) == 64, "on disk");

/*
 * The count of maps within [bucket * bucket_ns, …) since start; max == 0: no call in it, the count
 * stayed what it was at the end of the bucket before. When all buckets are used, two become one.
 * There is room for two timelines, each of half the section: that of 2^n times the narrowest width
 * is the first if n is even, the second if n is odd. So the wider one is made beside the
 * narrower one, and becomes the valid one by one store, to the header's bucket_ns.
 */
struct vmt_rec_bucket {
	uint32_t min;
	uint32_t max;
	uint32_t last;
	uint32_t reserved;
};
static_assert(sizeof(struct vmt_rec_bucket) == 16, "on disk");

#define VMT_TIMELINE_NS      UINT64_C(1000000) /* the narrowest bucket */
#define VMT_TIMELINE_BUCKETS UINT64_C(1024)
#define VMT_SITE_TIME_NS     UINT64_C(32000000) /* the narrowest bucket of a site */
#define VMT_SITE_BUCKETS     32u

/*
 * One site's live maps in a bucket of its own timeline, with the steps within a call. max == 0:
 * no change in it. Between two such buckets the site had what `first` of the later one says;
 * behind the last one, what it has now.
 */
struct vmt_rec_site_bucket {
	uint32_t first; /* before the first change */
	uint32_t min;
	uint32_t max;
};

/* Each site's buckets widen on their own, when a change comes that lies beyond the last. */
struct vmt_rec_site_time {
	uint32_t seq;
	uint32_t shift; /* a bucket is VMT_SITE_TIME_NS << shift wide */
	struct vmt_rec_site_bucket bucket[VMT_SITE_BUCKETS];
};
static_assert(sizeof(struct vmt_rec_site_time) == 392, "on disk");

enum vmt_reason {
	VMT_REASON_UNKNOWN,
	VMT_REASON_MAP_LIMIT,
	VMT_REASON_RLIMIT_AS,
	VMT_REASON_RLIMIT_DATA,
	VMT_REASON_RLIMIT_MEMLOCK,
	VMT_REASON_OVERCOMMIT,
	VMT_REASON_ADDRESS_SPACE,
	VMT_REASON_LOCKED,
	VMT_REASON_SEALED,
	VMT_REASON_HOLE,
};

struct vmt_rec_failure {
	uint64_t time;
	uint32_t site;
	uint32_t error; /* errno */
	uint32_t reason; /* enum vmt_reason */
	uint32_t reserved;
	uint64_t maps; /* count at that moment, own left out */
	uint64_t length; /* bytes asked for */
};

struct vmt_rec_mark {
	uint64_t time;
	uint64_t maps;
	struct vmt_rec_string name;
	uint32_t epoch; /* 1 for the first mark */
	uint32_t reserved;
};

/*
 * What a site was at marks: written when the site first changes after one or more marks. It holds
 * for mark number `epoch` and for those before it back to the site's previous value. A site
 * without a value for a mark is still what it was at that mark.
 */
struct vmt_rec_mark_value {
	uint32_t site;
	uint32_t epoch; /* marks are numbered from 1 in order */
	uint64_t live;
	int64_t net;
	uint64_t calls;
};
static_assert(sizeof(struct vmt_rec_mark_value) == 32, "on disk");

#define VMT_ALLOCATORS_MAX 8u

#define VMT_ALLOCATOR_NEXT    UINT32_C(1) /* malloc goes to this one */
#define VMT_ALLOCATOR_BEFORE  UINT32_C(2) /* its malloc comes before the library's: not counted */
#define VMT_ALLOCATOR_HAS_NEW UINT32_C(4) /* it defines operator new, which is not counted */

/* What went through the allocation functions of one module. Up to date to within a few ms. */
struct vmt_rec_allocator {
	uint32_t seq;
	uint32_t flags; /* VMT_ALLOCATOR_* */
	uint32_t module; /* index into the modules section */
	uint32_t reserved;
	uint64_t allocations; /* calls; those that failed included */
	uint64_t frees; /* calls; those of NULL left out */
	uint64_t resizes; /* realloc of what was there; neither of the above */
	uint64_t bytes; /* asked for in all */
	uint64_t inherited; /* live ones that a fork child began with */
	uint64_t reserved2[2];
};
static_assert(sizeof(struct vmt_rec_allocator) == 72, "on disk");

#endif
