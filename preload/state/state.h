/* SPDX-License-Identifier: MIT */
/*
 * The library's state: one structure in its own private memory, so that fork gives
 * the child a copy of its own, and a few bytes of thread-local storage.
 */
#ifndef VMT_STATE_H
#define VMT_STATE_H

#include <assert.h>
#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/options.h"
#include "core/recording/layout.h"
#include "core/recording/record.h"
#include "core/resolve/effect.h"
#include "core/stack/callsites.h"
#include "os/fd.h"
#include "os/shim.h"
#include "state/end.h"
#include "sync/deferred.h"
#include "sync/lock.h"

enum vmt_phase {
	VMT_PHASE_UNINIT,
	VMT_PHASE_STARTING,
	VMT_PHASE_ON,
	VMT_PHASE_OFF, /* for good: calls are passed through */
};

/* What a holder of the lock is changing, for a thread that takes the lock over. */
enum vmt_dirty {
	VMT_DIRTY_NOT,
	VMT_DIRTY_SPACE,
	VMT_DIRTY_SITES,
};

/* process/: this process image, and how it was started. */
struct vmt_this_process {
	uint64_t start_ns; /* CLOCK_MONOTONIC when recording began; times count from here */
	uint32_t pid;
	uint32_t parent_pid;
	_Atomic uint32_t closing; /* a thread is making the last act */
	bool is_root; /* the user started this process, so it prints a report */
	bool is_first; /* only the kernel and ld.so had made maps before this library */
	bool is_last_act; /* the process ends after what is being done now */
	bool is_forking; /* the lock's holder is making a fork, and changes nothing meanwhile */
};

/* process/: addresses, texts and a number that the image started with. */
struct vmt_image {
	uint64_t waited_faults; /* VMT_STAT_WAITED_FAULTS at the start; exec keeps the number */
	uint64_t brk; /* the program break, which brk changes */
	uint64_t vdso;
	uint64_t vdso_from; /* the vdso and its data begin here, or above */
	uint64_t main_sp; /* an address on the stack that the kernel made */
	char **environment;
	char start_folder[256]; /* dir and log_path are relative to this */
};

#define VMT_OWN_MAX 32u

/* own/: all zeroes in a fork child (MADV_WIPEONFORK), so what stands here belongs to one process. */
struct vmt_alive_page {
	_Atomic uint32_t alive; /* enum vmt_alive, see vmt_alive */
	_Atomic uint32_t lost; /* calls made while another thread made the child's first one */
	uint32_t pid; /* of a fork child, which its vfork child does not have; 0: not known */
	uint64_t last_owner; /* see vmt_gate_last_owner */
};

/* own/: the library's own maps and memory. */
struct vmt_own {
	/* the maps; the first two are the state and the library */
	struct vmt_range range[VMT_OWN_MAX];
	unsigned count;
	struct vmt_alive_page *alive_page;
	void *space_block; /* the last and largest block of the table's arena */
	size_t space_block_size;
	size_t left; /* bytes that the library may still take */
	bool has_race_checker; /* the program runs under valgrind's helgrind or drd */
};

/* own/: where vmt_own.range lies, for a quick answer. */
struct vmt_own_hull {
	struct vmt_range bounds; /* all ranges lie in here… */
	struct vmt_range gap; /* …but none in here, the largest hole */
};

/*
 * own/: where messages go. The library's descriptors are high-numbered, close-on-exec, and may be
 * closed by the program. Most of the time they are -1: they are opened when they are needed.
 */
struct vmt_log {
	struct vmt_fd error; /* standard error as it was at the start; not ours */
	struct vmt_fd now; /* where messages go now */
	struct vmt_fd file; /* identifies the file of log_path; its number means nothing */
	bool is_file; /* log_path is in use */
	bool is_kept; /* keep `now` open: its name may become unreachable */
	bool is_blocked; /* nobody reads it: nothing more is said */
	bool is_full; /* there was no room on its disk, which nobody has been told yet */
	bool is_quiet; /* nothing is said until vmt_log_open_child() */
	uint32_t waited_ms; /* for its reader, in total */
	char name[560]; /* of log_path's file; "" = there is none */
};

/* A file system, and whether fstat names its files as /proc/self/maps does (file_id.c). */
struct vmt_file_id {
	uint64_t number;
	bool is_used;
	bool is_compared;
	bool agrees;
	bool is_ordinary; /* its maps have no attributes of their own */
};

#define VMT_DEVICES_MAX 8u

/* What fstat has told of the descriptor that the present call has mapped (file_id.h). */
struct vmt_looked {
	bool is_known;
	int fd;
	uint64_t device;
	uint64_t inode;
	bool is_plain; /* a regular file, and not of huge pages */
};

/* kernel/: how the kernel can be asked. */
struct vmt_kernel {
	bool query_works; /* PROCMAP_QUERY */
	struct vmt_file_id device[VMT_DEVICES_MAX];
	struct vmt_looked looked;
	struct vmt_fd maps; /* /proc/self/maps, where it is kept open */
	bool keeps_maps; /* keep it open for good */
	uint32_t ordinary_files; /* how often a mapped file was found to be an ordinary one */
	bool may_leave_maps; /* a fork child may lack a map: MADV_DONTFORK, or a device's */
	/* how often it was opened since maps_since; or questions while it is kept open */
	_Atomic uint32_t maps_opened;
	_Atomic uint64_t maps_since;
};

/* kernel/: how far the merge rules may be relied on (confidence.h). */
struct vmt_confidence {
	enum vmt_noreserve noreserve;
	uint32_t since_sample; /* calls since the last sample */
	bool knows_anon_vmas; /* see anon_vma.h */
	bool no_deriving; /* READ_IMPLIES_EXEC: protections differ from those asked for */
	bool no_reasoning; /* derive=plain, refuted, or changed by PR_SET_MEMORY_MERGE */
};

#define VMT_OUTGROWN_MAX   8u
#define VMT_OUTGROWN_PARTS 64u /* several sections, each doubled many times within a second */

/* A part of the file, or of our addresses, that is unused since a section has been moved. */
struct vmt_outgrown {
	uint64_t start;
	uint64_t length;
};

/* store/: the recording. */
struct vmt_recording {
	unsigned char *base; /* NULL: nothing is published */
	struct vmt_rec_header *header;
	uint64_t size; /* mapped bytes, perhaps more than the file has */
	uint64_t length; /* of the file; header.file_size of it is in use */
	uint64_t ready[VMT_SECTION_COUNT]; /* bytes of each section with blocks behind them */
	uint32_t new_slot; /* ranges from here on were never used */
	uint32_t *free_slots; /* slots of ranges that were used and are free again */
	uint32_t free_count;
	uint32_t free_slot; /* the last slot that became free, not in the list; or VMT_NO_INDEX */
	bool is_lost; /* somebody has truncated the file: what is stored goes nowhere */
	bool is_file; /* it is in the file system, where blocks can run out */
	uint32_t full; /* a bit for each section that cannot grow, or has no more blocks */
};

/* store/: the file behind the recording. */
struct vmt_recording_file {
	struct vmt_fd fd;
	char path[512];
	char program[256]; /* the base name of the executable; "" = not looked up yet */
	int error; /* why this process, or one before it, could not make it in dir: -errno, or 0 */
#ifdef VMT_KILL_POINTS
	uint64_t kill_at; /* see recording.h */
#endif
};

/* store/: how the recording grows (extend.h). */
struct vmt_growth {
	uint64_t most[VMT_SECTION_COUNT]; /* elements that each section may grow to */
	struct vmt_outgrown map[VMT_OUTGROWN_MAX]; /* older, smaller maps of the file */
	struct vmt_outgrown part[VMT_OUTGROWN_PARTS]; /* older places of sections */
	unsigned map_count;
	unsigned part_count;
	uint64_t time; /* when a section was moved last, ns since start_ns */
};

#define VMT_EPOCHS_OF_MARK 4096u

/* store/: what remains to be written, and to which bucket. */
struct vmt_publish {
	struct vmt_rec_bucket *bucket; /* the timeline's present bucket… */
	uint64_t bucket_end; /* …until then, ns since start_ns; 0 = there is none */
	/* so much for each mark so far, and 1 for each time that the end has begun (modules/ending.h) */
	uint32_t mark_epoch;
	bool is_ending; /* the end seems to have begun */
	bool header_is_behind; /* more of it has changed than vmt_publish_done() writes */
	bool files_are_behind; /* asked_files has changed */
};

/* report/: messages that are due when the lock is free (failure.h). */
struct vmt_alarms {
	uint64_t from; /* this many maps are near the limit; UINT64_MAX: the limit is unknown */
	uint32_t said; /* enum vmt_alarm */
	_Atomic uint32_t due; /* enum vmt_alarm */
	_Atomic uint32_t graces; /* waits of calls that failed and were not looked at yet */
	_Atomic uint32_t reporting_limit; /* the limit was met, and its report is waited for */
};

/* report/: what printing a report needs. */
struct vmt_reporting {
	char library[400]; /* this library's path */
	char tool[512]; /* the vmatrace tool's path; "" = none */
	struct vmt_rec_failure limit_failure; /* the last call that failed because of the limit */
	uint64_t earlier_start; /* when the following process was started */
	long earlier; /* the process that prints a report while the program goes on; 0 = none */
	_Atomic uint32_t printing; /* a thread or that process uses the following members */
	char **environment; /* for the tool */
	size_t environment_size;
	void *stack;
	size_t stack_size;
	bool is_known_missing; /* it was said at the start why there will be no report */
};

#define VMT_SCRIPT_FRAMES_MAX 32u /* of a script's functions, the innermost of a stack */
#define VMT_SCRIPT_NAMES      512u

/* A function of a script that is running; see script/python.h. */
struct vmt_script_frame {
	uint64_t code;
	uint64_t instr;
	uint32_t level; /* the number of the C frame that runs it; UINT32_MAX = not to be shown */
	struct vmt_rec_frame as; /* how it is recorded */
};

/* script/: the functions on one stack, innermost first. */
struct vmt_script {
	uint32_t count;
	bool is_volatile; /* some code may be replaced without notice */
	bool is_resolved; /* the frames are known as they are recorded */
	uint64_t hash;
	struct vmt_script_frame frame[VMT_SCRIPT_FRAMES_MAX];
};

/* trace/: names of functions that the recording has already. */
struct vmt_script_name {
	uint64_t hash;
	struct vmt_rec_string text;
};

/* modules/: the modules that frames lie in. */
struct vmt_modules {
	struct vmt_rec_module *item; /* as they are recorded */
	uint32_t count;
	uint32_t last; /* the index that was found last */
	struct vmt_script_name name[VMT_SCRIPT_NAMES];
};

/* trace/: userfaultfds with registered maps (user_args.h). */
struct vmt_userfault {
	_Atomic bool is_used;
	_Atomic int fd[16]; /* descriptors + 1; 0 = free */
	_Atomic uint64_t below; /* no map was registered at or above this address, */
	_Atomic uint64_t under; /* nor below the complement of this (0 = none at all) */
};

/* trace/ and unwind/: code that the current call has mapped or unmapped. */
struct vmt_code_change {
	uint64_t mapped; /* the address; 0 = none */
	bool is_many; /* more than one was mapped */
	bool is_gone; /* a module was unmapped */
};

/* trace/ and unwind/: where that code lies, or lay. */
struct vmt_code_place {
	struct vmt_range gone; /* contains all that was unmapped */
	uint64_t headers_of; /* the start of code whose file has its headers; 0 = not known */
};

/* safety/ */
struct vmt_safety {
	_Atomic bool has_signals; /* threads of the program send each other signals */
	bool has_bus_handler; /* see bus.h */
};

/*
 * The last part of the state is what nearly every call reads or writes, on a single page: while the
 * kernel works on a call, most of it drops out of the caches. The first page is what else a fork
 * child writes at its first call, since each page that it writes is copied.
 */
struct vmt_state {
	struct vmt_image image;
	struct vmt_own own;
	struct vmt_arena arena; /* sites, modules, everything but the table */
	_Atomic uint64_t passed[VMT_CALL_COUNT]; /* call/: calls that could change no map */
	uint32_t stacks_recalled; /* call/: in pieces, by calls under the lock */
	struct vmt_kernel kernel;
	struct vmt_recording_file recording_file;
	struct vmt_growth growth;
	struct vmt_parts parts; /* trace/: of the maps in the table */
	struct vmt_modules modules; /* the names at its end may lie on further pages */
	struct vmt_log log;
	struct vmt_reporting reporting;
	struct vmt_userfault userfault;
	struct vmt_options options;
	struct vmt_callsites_ops sites_ops;
	struct vmt_malloc_block *malloc_blocks; /* see malloc/malloc.h */
	struct vmt_code_place code_place;
	uint64_t verify_calls; /* trace/: since the last comparison for verify=N */
	bool is_filter_unknown; /* filter/: nothing is known of an inherited seccomp filter */
	struct vmt_ending ending;
	struct vmt_script script; /* of the call that is being made, under the lock */

	/*
	 * Scratch memory, used under the lock or by the constructor. A function that uses it
	 * leaves nothing there for another one.
	 */
	struct vmt_resolution resolution; /* of a call, or of the whole table */
	char text[65536] __attribute__((aligned(16))); /* for reading a file */

	_Alignas(VMT_PAGE_SIZE) struct vmt_callsites sites;
	struct vmt_recording recording;
	struct vmt_rec_counters calls[VMT_CALL_COUNT];
	struct vmt_rec_header counters; /* the private copy of the recording's header */
	struct vmt_arena space_arena; /* for the table; discarded as a whole when that is rebuilt */
	struct vmt_space_ops space_ops;
	struct vmt_space space;
	struct vmt_publish publish;
	struct vmt_this_process process;
	struct vmt_alarms alarms;
	struct vmt_confidence confidence;
	struct vmt_code_change code;
	struct vmt_safety safety;
	bool room_is_due; /* trace/: see room.h */
	bool is_verifying; /* trace/: the option verify=N */
	_Atomic uint32_t dirty; /* enum vmt_dirty */
	struct vmt_range loader; /* ld.so */
	struct vmt_own_hull own_hull;
	struct vmt_lock lock;
	struct vmt_deferred deferred;
};
static_assert(offsetof(struct vmt_state, deferred.order) - offsetof(struct vmt_state, sites) <=
		      VMT_PAGE_SIZE,
	      "what nearly every call reads or writes is one page");
static_assert(offsetof(struct vmt_state, modules.name) <= VMT_PAGE_SIZE,
	      "what else a fork child writes at its first call is one page");

/* What is remembered for each thread. */
struct vmt_thread {
	uint32_t tid;
	uint32_t pid; /* that tid was learnt in */
	volatile uint64_t held_sp; /* see lock.h */
	volatile uint64_t room[2]; /* own_stack.h: where the program's stack is used, by sp */
	uint64_t mask_until; /* blocks_bus holds until then, ns since start_ns; see bus.h */
	bool blocks_bus;
	bool has_unblocked; /* SIGBUS, which the program blocks, until the lock is left */
	bool is_shared; /* clone gave a thread no storage of its own: nothing is remembered here */
	volatile uint64_t stack[2]; /* see vmt_thread_stack() */
	volatile uint32_t stack_writes;
	struct vmt_fd maps; /* see mapsfile.h; type 0 = none, since 0 is a descriptor */
	uint64_t python_state; /* see script/python.h: the thread's state… */
	uint64_t python_at; /* …and the address of the variable that points to it */
};

extern _Atomic uint32_t vmt_phase; /* enum vmt_phase */
extern struct vmt_state *vmt_state;
enum vmt_alive { VMT_ALIVE_WIPED, VMT_ALIVE, VMT_ALIVE_STARTING };
extern _Atomic uint32_t *vmt_alive; /* enum vmt_alive; wiped in a fork child (MADV_WIPEONFORK) */

/* One address, known when the library is loaded: no call for it. */
extern __thread struct vmt_thread vmt_this_thread
	__attribute__((tls_model("initial-exec"), visibility("hidden")));

static inline struct vmt_thread *vmt_thread(void)
{
	return &vmt_this_thread;
}

/*
 * The bounds of the stack that the thread was last seen on; empty: not known. They are two words. A
 * signal handler may run between their accesses, and store the bounds of its own stack. It has
 * finished when this code goes on, so it is enough to count the writes.
 */
static inline struct vmt_range vmt_thread_stack(const struct vmt_thread *thread)
{
	struct vmt_range bounds;
	uint32_t writes;

	if (VMT_UNLIKELY(thread->is_shared))
		return (struct vmt_range){ 0, 0 };
	do {
		writes = thread->stack_writes;
		bounds = (struct vmt_range){ thread->stack[0], thread->stack[1] };
	} while (writes != thread->stack_writes);
	return bounds;
}

/* A handler that interrupts this finds a range without an end. */
static inline void vmt_thread_set_stack(struct vmt_thread *thread, struct vmt_range bounds)
{
	uint32_t writes;

	do {
		writes = ++thread->stack_writes;
		thread->stack[1] = 0;
		thread->stack[0] = bounds.start;
		thread->stack[1] = bounds.end;
	} while (writes != thread->stack_writes);
}

static inline bool vmt_state_is_on(void)
{
	return atomic_load_explicit(&vmt_phase, memory_order_acquire) == VMT_PHASE_ON;
}

/* Is this the process that the state belongs to (and not its vfork child)? */
bool vmt_state_is_ours(const struct vmt_state *state);

/* What the user is to be told when the lock is free (failure.h); each once. */
enum vmt_alarm {
	VMT_ALARM_80 = 1, /* per cent of the limit are reached */
	VMT_ALARM_95 = 2,
	VMT_ALARM_LIMIT = 4,
	VMT_ALARM_DISK = 8, /* the recording cannot grow */
	VMT_ALARM_CUT = 16, /* somebody has cut the recording short, and it was given up */
};

/* Under the lock. */
static inline void vmt_state_raise(struct vmt_state *state, enum vmt_alarm alarm)
{
	if (state->alarms.said & alarm)
		return;
	state->alarms.said |= alarm;
	atomic_fetch_or_explicit(&state->alarms.due, (uint32_t)alarm, memory_order_relaxed);
}

/* For whoever takes the lock over: which structure is being changed. Under the lock. */
static inline void vmt_state_set_dirty(struct vmt_state *state, enum vmt_dirty dirty)
{
	atomic_store_explicit(&state->dirty, dirty, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
}

/* Does this process print a report, and messages? Children do so only if they were asked to. */
static inline bool vmt_state_reports(const struct vmt_state *state)
{
	return state->process.is_root || state->options.children;
}

static inline void vmt_state_note(struct vmt_state *state, uint64_t note)
{
	state->counters.notes |= note;
	state->publish.header_is_behind = true;
}

/* Find the kernel's own function for the time; vdso: where it lies, 0 = there is none. */
void vmt_clock_open(uint64_t vdso);

/* The vdso is about to be unmapped, moved or protected: call the kernel from now on. */
void vmt_clock_forget_vdso(void);

/* ns since the recording began; coarse (a few ms). */
uint64_t vmt_clock_since_start(const struct vmt_state *state);

/* Monotonic clock, ns. */
uint64_t vmt_clock(void);

/* ns since 1970. */
uint64_t vmt_clock_wall(void);

#endif
