/* SPDX-License-Identifier: MIT */
/*
 * The recording: one file (or memfd) for each process image, written by the library while the
 * program runs, and readable at any moment, also after SIGKILL.
 *
 * The layout is a header of one page, followed by sections of fixed-size elements. It uses offsets,
 * never pointers, and the native byte order, which the header states. Every record that can change
 * after it was written begins with a sequence word: even = consistent, odd = being written. A
 * reader that finds it odd tries again. If the writer has died, the reader skips a range, but uses
 * a site's counters as they are, since they only grow. Readers derive live counts from the ranges,
 * so that sums agree.
 *
 * doc/format.md describes the format, and which changes do not need a new version: new sections at
 * the end of the list, new fields at the end of an element or in reserved space (zero until now).
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

/* Section numbers; the comment names the type of the section's elements. */
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
	VMT_SECTION_SITE_TIMES, /* struct vmt_rec_site_time, one for each site: empty in new ones */
	VMT_SECTION_ALLOCATORS, /* struct vmt_rec_allocator */
	VMT_SECTION_SITE_ROWS, /* struct vmt_rec_site_time, see vmt_rec_site.time_row */
	VMT_SECTION_COUNT,
};

struct vmt_rec_section {
	uint64_t offset; /* bytes from the start of the recording; a multiple of 64 */
	uint64_t capacity; /* elements that the section has room for */
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
	VMT_END_RUNNING, /* or it was killed, so that nothing could be written */
	VMT_END_EXIT,
	VMT_END_SIGNAL, /* written by `vmatrace run` */
	VMT_END_EXEC,
};

/*
 * What the thread that holds the library's lock is doing (vmt_rec_header.doing). After a kill this
 * shows what was left half-done, since calls are made and recorded one after the other.
 */
enum vmt_doing {
	VMT_DOING_NOTHING, /* the lock is free, or is just being taken or left */
	VMT_DOING_SITE, /* looking up the call's stack, or recording a new one */
	VMT_DOING_CALL, /* making the system call itself */
	VMT_DOING_MAPS, /* learning what the call did, and changing the ranges */
	VMT_DOING_COUNTS, /* updating the counts: site, system call, header */
	VMT_DOING_COUNT,
};

/* vmt_rec_header.doors */
#define VMT_DOOR_WRAPPERS UINT32_C(1)
#define VMT_DOOR_SITES    UINT32_C(2)

/* vmt_rec_header.notes: what a reader of the report must know. */
#define VMT_NOTE_NO_MEM_FILE   (UINT64_C(1) << 0) /* /proc/self/mem cannot be opened */
#define VMT_NOTE_WRITE_REFUSED (UINT64_C(1) << 1) /* it cannot be written: libc's sites uncaught */
#define VMT_NOTE_NO_PATTERN    (UINT64_C(1) << 2) /* libc has no call sites that are recognised */
#define VMT_NOTE_SITES_PARTIAL (UINT64_C(1) << 3) /* some call sites were not caught */
#define VMT_NOTE_SECCOMP       (UINT64_C(1) << 4) /* a filter may refuse some of our own calls */
#define VMT_NOTE_SITES_FULL    (UINT64_C(1) << 5) /* more call sites than room */
#define VMT_NOTE_RANGES_FULL   (UINT64_C(1) << 6) /* more maps than room */
#define VMT_NOTE_MEMORY_FULL   (UINT64_C(1) << 7) /* the library's memory ceiling was reached */
#define VMT_NOTE_DISK_FULL     (UINT64_C(1) << 8) /* the recording could not grow */
#define VMT_NOTE_NO_PROC       (UINT64_C(1) << 9) /* /proc/self/maps cannot be read */
#define VMT_NOTE_NO_QUERY      (UINT64_C(1) << 10) /* no PROCMAP_QUERY (Linux < 6.11) */
#define VMT_NOTE_VALGRIND      (UINT64_C(1) << 11) /* valgrind's own maps are not seen */
#define VMT_NOTE_INLINE_CALLS  (UINT64_C(1) << 12) /* a module makes calls that are not caught */
#define VMT_NOTE_SWITCHED_OFF  (UINT64_C(1) << 13) /* tracing stopped before the end */
#define VMT_NOTE_NO_UNWIND     (UINT64_C(1) << 14) /* libc has no unwind tables */
#define VMT_NOTE_MODULES_FULL  (UINT64_C(1) << 15)
#define VMT_NOTE_TEXT_LARGE    (UINT64_C(1) << 16) /* a module was too large to search */
#define VMT_NOTE_BY_ADDRESS    (UINT64_C(1) << 17) /* calls are let through by address: off */
#define VMT_NOTE_NOT_LONGER    (UINT64_C(1) << 18) /* the recording could not be extended */
#define VMT_NOTE_UNTRIED       (UINT64_C(1) << 19) /* not tested on this kernel: it is asked more */
#define VMT_NOTE_CHILDREN \
	(UINT64_C(1) << 20) /* child processes were neither recorded nor reported */

struct vmt_rec_header {
	char magic[8];
	uint32_t version;
	uint32_t endian;
	uint32_t header_size;
	uint32_t section_count;
	uint64_t file_size; /* bytes used, up to the end of the last section */
	uint32_t page_size;
	uint32_t pid;
	uint32_t parent_pid;
	uint32_t image; /* 1 = the first image of this pid, 2 = the image after its first exec, … */
	uint64_t start_realtime; /* when the library was ready, ns since 1970 */
	uint64_t start_monotonic; /* ns, CLOCK_MONOTONIC */
	uint64_t end_monotonic; /* ns; 0 while running */
	struct vmt_rec_string exe; /* path */
	struct vmt_rec_string command; /* arguments, separated by NUL bytes */
	struct vmt_rec_string kernel; /* uname release */
	struct vmt_rec_string options; /* VMATRACE_OPTIONS as given */
	struct vmt_rec_string cwd;

	uint32_t doing; /* enum vmt_doing; may change at any time, not guarded by a sequence word */
	uint32_t tunables; /* GLIBC_TUNABLES at the start: VMT_TUNABLES_SET and so on */
	uint32_t seq; /* the sequence word of the following fields, up to the sections */
	uint32_t end; /* enum vmt_end */
	int32_t status; /* exit status or signal number */
	uint32_t doors;
	uint64_t notes;

	/* Counts of maps, without the library's own. */
	uint64_t maps_start;
	uint64_t maps_now;
	uint64_t maps_peak;
	uint64_t maps_peak_time; /* ns since start_monotonic */
	uint64_t maps_limit; /* vm.max_map_count; 0 = unknown */
	uint64_t maps_own;
	uint64_t maps_kernel; /* UINT64_MAX = the kernel was not asked */
	uint32_t peak_epoch; /* see vmt_rec_site.peak_epoch */
	/* inode of /proc/self/ns/pid, the namespace that pid belongs to; 0 = unknown */
	uint32_t pid_namespace;

	uint64_t calls_seen; /* all memory calls, including those that change no map */
	uint64_t calls_derived; /* calls whose result was derived without asking the kernel */
	uint64_t asked_query;
	uint64_t asked_probe;
	uint64_t asked_maps;
	uint64_t unseen;
	uint64_t lost;
	uint64_t relearned; /* the whole table was read anew, or a result was guessed */
	uint64_t truncated; /* call sites whose stack was cut */
	uint64_t deferred; /* calls made without the lock and applied afterwards */
	uint64_t verified; /* comparisons of the whole table made by verify=N */
	uint64_t bucket_ns; /* width of one timeline bucket; see struct vmt_rec_bucket */
	uint64_t asked_files; /* fstat calls made to identify the file of a new map */
	uint64_t threads; /* counted at exit, or when a call last failed; 0 = unknown */
	uint32_t sum_version; /* 0: there are no sums; see seal.h */
	uint32_t sum_header;
	uint32_t sum[VMT_SUMS_MAX]; /* of each section, as it was when the process ended */
	/* threads and processes that clone did not start; why, of the first (enum vmt_reason) */
	uint64_t threads_refused;
	uint64_t forks_refused;
	uint32_t refused_error; /* errno; 0 = none was refused */
	uint32_t refused_reason;
	uint64_t refused_limit; /* the value of that limit; 0 = unknown */
	/* maps_now before the first call that was made because the program ended; 0 = unknown */
	uint32_t maps_before_end;
	uint32_t ending_us; /* from then to the end; UINT32_MAX = so long or longer */

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
#define VMT_SITE_FIRST   2u /* the first real site */

#define VMT_SITE_TRUNCATED UINT32_C(1) /* the stack was too deep, or could not be walked */
#define VMT_SITE_LOST      UINT32_C(2) /* stands for all calls recorded without a stack */
#define VMT_SITE_OF_END    UINT32_C(4) /* its calls were made because the program ended */
#define VMT_SITE_CHANGED   UINT32_C(8) /* the site has changed since then: see before_end */
#define VMT_SITE_OF_FREE   UINT32_C(16) /* free made the call, and has ended in a jump */

/*
 * The third argument of mmap, mprotect, pkey_mprotect and madvise: a protection or an advice; of
 * mmap, from bit 8 on, the flags as well (none in recordings of versions that did not keep them).
 * Calls of one line nearly always ask for the same.
 */
#define VMT_ASKED_KNOWN (UINT32_C(1) << 31)
#define VMT_ASKED_FLAGS 8u
#define VMT_ASKED_MMAP  UINT32_C(0x3fffff) /* these flags of mmap; not sizes of huge pages */

/*
 * One site's live maps in a bucket of its own timeline, including values within a call. max == 0:
 * nothing changed in it. Between two buckets with changes the site had what `first` of the later
 * one says; after the last one it has its present value.
 */
struct vmt_rec_site_bucket {
	uint32_t first; /* the value before the first change */
	uint32_t min;
	uint32_t max;
};

struct vmt_rec_site {
	uint32_t seq;
	uint32_t flags;
	uint16_t call; /* enum vmt_call_id */
	uint16_t frame_count;
	uint32_t frame_first; /* index into the frames section; innermost first */
	struct vmt_rec_counters counters;
	uint64_t live; /* maps put by this site now; readers count them from the ranges instead */
	/* valid if peak_epoch equals the header's; otherwise live is the value */
	uint64_t live_at_peak;
	uint32_t peak_epoch;
	uint32_t asked; /* what its first call asked for: VMT_ASKED_KNOWN and the bits below it */
	uint64_t inherited; /* maps of this site that a fork child started with; included in live */
	/* the number and the content of the one narrowest bucket that the site changed in */
	uint32_t only_at;
	struct vmt_rec_site_bucket only;
	uint32_t time_row; /* the timeline: element time_row - 1 of SITE_ROWS; 0 = see `only` */
	uint32_t before_end; /* live before the program ended, if VMT_SITE_CHANGED */
};
static_assert(sizeof(struct vmt_rec_site) == 120, "on disk");

/*
 * module: index into the modules section; VMT_NO_INDEX = unknown. offset: in the file, or in the
 * map for a module that is no file (JIT code, [vdso]). This is the address that the call returns
 * to: look up offset - 1 to find the line of the call. A frame of a script has no address: map_page
 * is where the function's name is in the section of strings, offset is its line (0 = none) and, from
 * bit 32 on, the length of the name. It stands before the interpreter's frame that runs it.
 */
struct vmt_rec_frame {
	uint32_t module;
	uint32_t map_page; /* JIT code: bits 12 to 43 of the map's address; scripts: see above */
	uint64_t offset;
};
static_assert(sizeof(struct vmt_rec_frame) == 16, "on disk");

/* Kinds of module. */
enum vmt_module_kind {
	VMT_MODULE_FILE,
	VMT_MODULE_JIT, /* anonymous executable memory; its path is "jit" */
	VMT_MODULE_VDSO,
	VMT_MODULE_SCRIPT, /* a file of a script; see vmt_rec_frame */
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

/* vmt_rec_range.flags and struct vmt_map.flags. These are visible in /proc/PID/maps: */
#define VMT_MAP_READ    UINT32_C(1)
#define VMT_MAP_WRITE   UINT32_C(2)
#define VMT_MAP_EXEC    UINT32_C(4)
#define VMT_MAP_SHARED  UINT32_C(8)
#define VMT_MAP_ACCESS  (VMT_MAP_READ | VMT_MAP_WRITE | VMT_MAP_EXEC)
#define VMT_MAP_VISIBLE UINT32_C(15)
/* These are known from the calls alone: */
#define VMT_MAP_OWN   (UINT32_C(1) << 4) /* belongs to the library */
#define VMT_MAP_STACK (UINT32_C(1) << 5) /* grows downwards by page faults */
/*
 * Attributes from VmFlags in smaps, read at exit from a process with unseen calls. Bit 9 + n stands
 * for the nth pair of letters.
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
	uint64_t time; /* when put_by's call was made, ns since start_monotonic */
};
static_assert(sizeof(struct vmt_rec_range) == 64, "on disk");

/*
 * The lowest, highest and last count of maps within [bucket * bucket_ns, …) since start. max == 0:
 * no call was made in it, so the count stayed what it was at the end of the bucket before. When all
 * buckets are used, each two become one. The section has room for two timelines, one in each half:
 * a timeline whose buckets are 2^n times the narrowest width lies in the first half if n is even,
 * in the second if n is odd. The wider timeline is thus made beside the narrower one, and becomes
 * valid with one store, to the header's bucket_ns.
 */
struct vmt_rec_bucket {
	uint32_t min;
	uint32_t max;
	uint32_t last;
	uint32_t calls; /* how many were made in it; recordings of older versions have 0 */
};
static_assert(sizeof(struct vmt_rec_bucket) == 16, "on disk");

#define VMT_TIMELINE_NS      UINT64_C(1000000) /* the narrowest bucket */
#define VMT_TIMELINE_BUCKETS UINT64_C(1024)
#define VMT_SITE_TIME_NS     UINT64_C(32000000) /* the narrowest bucket of a site */
#define VMT_SITE_BUCKETS     32u

/*
 * The timeline of a site that changed in more than one of the narrowest buckets. Each site's
 * buckets widen on their own, when a change falls beyond the last bucket.
 */
struct vmt_rec_site_time {
	uint32_t seq;
	uint32_t shift; /* a bucket is VMT_SITE_TIME_NS << shift wide */
	struct vmt_rec_site_bucket bucket[VMT_SITE_BUCKETS];
};
static_assert(sizeof(struct vmt_rec_site_time) == 392, "on disk");

/*
 * Put the site's only bucket into a timeline that is empty, with buckets as wide as it takes to have
 * room for this one.
 */
static inline void vmt_rec_site_time_begin(struct vmt_rec_site_time *time,
					   const struct vmt_rec_site *site)
{
	while (site->only_at >> time->shift >= VMT_SITE_BUCKETS)
		time->shift++;
	time->bucket[site->only_at >> time->shift] = site->only;
}

enum vmt_reason {
	VMT_REASON_UNKNOWN,
	VMT_REASON_MAP_LIMIT,
	VMT_REASON_RLIMIT_AS,
	VMT_REASON_RLIMIT_DATA,
	VMT_REASON_RLIMIT_MEMLOCK,
	VMT_REASON_OVERCOMMIT,
	VMT_REASON_ADDRESS_SPACE,
	VMT_REASON_SEALED = 8, /* 7 was never used */
	VMT_REASON_HOLE,
	VMT_REASON_HUGE_PAGES,
	/* of a thread or process that was not started: */
	VMT_REASON_RLIMIT_NPROC,
	VMT_REASON_CGROUP_PIDS,
	VMT_REASON_THREADS_MAX,
	VMT_REASON_PID_MAX,
};

struct vmt_rec_failure {
	uint64_t time;
	uint32_t site;
	uint32_t error; /* errno */
	uint32_t reason; /* enum vmt_reason */
	uint32_t reserved;
	uint64_t maps; /* the count of maps at that moment, without the library's own */
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
 * A site's values at marks. They are written when the site first changes after one or more marks,
 * and hold for mark number `epoch` and all marks before it, back to the site's previous value. A
 * site without a value for a mark still has the values that it had at that mark.
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

#define VMT_ALLOCATOR_NEXT UINT32_C(1) /* the program's malloc calls go to this one */
/* its malloc comes before the library's, so it is not counted */
#define VMT_ALLOCATOR_BEFORE  UINT32_C(2)
#define VMT_ALLOCATOR_HAS_NEW UINT32_C(4) /* it defines operator new, which is not counted */

/* The calls to the allocation functions of one module. Up to date to within a few ms. */
struct vmt_rec_allocator {
	uint32_t seq;
	uint32_t flags; /* VMT_ALLOCATOR_* */
	uint32_t module; /* index into the modules section */
	uint32_t reserved;
	uint64_t allocations; /* calls, including those that failed */
	uint64_t frees; /* calls, except free(NULL) */
	uint64_t resizes; /* realloc of an existing block; in neither of the above */
	uint64_t bytes; /* requested in total */
	uint64_t inherited; /* live blocks that a fork child started with */
	uint64_t live_most; /* the most live at once that were seen; 0 in old recordings */
	uint64_t live_bound; /* no more than so many were live at once; 0 in old recordings */
};
static_assert(sizeof(struct vmt_rec_allocator) == 72, "on disk");

#endif
