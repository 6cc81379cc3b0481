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
#include "sync/deferred.h"
#include "sync/lock.h"

enum vmt_phase {
	VMT_PHASE_UNINIT,
	VMT_PHASE_STARTING,
	VMT_PHASE_ON,
	VMT_PHASE_OFF, /* for good: calls are passed through */
};

/* What a holder of the lock was changing, should it be robbed. */
enum vmt_dirty {
	VMT_DIRTY_NOT,
	VMT_DIRTY_SPACE,
	VMT_DIRTY_SITES,
};

#define VMT_OWN_MAX     32u
#define VMT_DEVICES_MAX 8u

struct vmt_module {
	struct vmt_rec_module rec;
};

/* A file system, and whether fstat names its files as /proc/self/maps does (file_id.c). */
struct vmt_file_id {
	uint64_t number;
	bool is_used;
	bool is_compared;
	bool agrees;
	bool is_ordinary; /* its file system maps files as they are */
};

/*
 * Descriptors of our own: high-numbered, close-on-exec, and perhaps closed by the program. All are
 * -1 most of the time: they are opened when they are needed.
 */
struct vmt_fds {
	struct vmt_fd maps; /* /proc/self/maps, where it is kept open */
	struct vmt_fd record;
	struct vmt_fd error; /* what standard error was at the start: no descriptor of ours */
	struct vmt_fd log; /* where messages go now; see log.c */
	struct vmt_fd log_file; /* what log_path is; its number says nothing */
	bool log_is_file; /* log_path */
	bool log_is_kept; /* its name may lead nowhere any more */
};

#define VMT_OUTGROWN_MAX   8u
#define VMT_OUTGROWN_PARTS 64u /* several sections, each doubled many times within a second */

/*
 * A part of the file, or of our addresses, that is no longer used since a section has been moved.
 */
struct vmt_outgrown {
	uint64_t start;
	uint64_t length;
};

struct vmt_recording {
	unsigned char *base; /* NULL: nothing is published */
	struct vmt_rec_header *header;
	uint64_t size; /* mapped, and perhaps more than there is of the file */
	uint64_t length; /* of the file; what is used of it is header.file_size */
	uint64_t ready[VMT_SECTION_COUNT]; /* bytes of each section with blocks behind them */
	uint32_t new_slot; /* of the ranges: from here on never used */
	uint32_t *free_slots; /* used, and given back */
	uint32_t free_count;
	uint32_t free_slot; /* the last one given back, beside them; VMT_NO_INDEX = none */
	bool is_lost; /* somebody has cut the file short: what is stored goes nowhere */
	bool is_file; /* in the file system: blocks can run out */
	uint32_t full; /* bit of each section that cannot grow, or can have no more blocks */
};

/* How the recording grows (extend.h). */
struct vmt_growth {
	uint64_t most[VMT_SECTION_COUNT]; /* elements that each section may grow to */
	struct vmt_outgrown map[VMT_OUTGROWN_MAX]; /* older, smaller maps of the file */
	struct vmt_outgrown part[VMT_OUTGROWN_PARTS]; /* older places of sections */
	unsigned map_count;
	unsigned part_count;
	uint64_t time; /* when a section was moved last, ns since start_ns */
};

/*
 * What nearly every call reads or writes stands together at the end, before what is large, and on
 * one page: the kernel's part of a call has thrown most of it out of the caches.
 */
struct vmt_state {
	struct vmt_fds fds;
	uint32_t parent_pid;
	bool is_filter_unknown; /* an inherited seccomp filter that nothing is known of */
	bool is_root; /* the process that the user started: it prints */
	bool is_first; /* nobody but the kernel and ld.so had made maps before us */
	enum vmt_noreserve noreserve;
	bool knows_anon_vmas; /* see anon_vma.h */
	bool log_is_blocked; /* nobody reads it: nothing more is said */
	uint32_t log_waited_ms; /* for who reads it */
	bool query_works;
	bool is_last_act; /* after what is done now the process ends */

	struct vmt_growth growth;
	struct vmt_arena arena; /* sites, modules, everything but the table */
	void *space_memory; /* the last and largest block of the table's */
	size_t space_memory_size;
	size_t memory_left; /* of the ceiling: bytes that may still be had */
	struct vmt_resolution resolution;
	struct vmt_callsites_ops sites_ops;
	struct vmt_malloc_block *malloc_blocks; /* see malloc/malloc.h */
	struct vmt_module *modules;
	uint32_t module_count;
	uint32_t last_module;
	uint64_t brk; /* the program break */
	uint64_t vdso;
	uint64_t main_sp; /* an address on the stack that the kernel has made */
	_Atomic bool has_userfault;
	_Atomic bool has_signals; /* its threads send signals to it */
	_Atomic int userfault[16]; /* see user_args.h: descriptors + 1, 0 = free */
	_Atomic uint64_t userfault_below; /* no map was registered at or above this address, */
	_Atomic uint64_t userfault_under; /* nor below this one's complement (0 = none at all) */
	struct vmt_range own[VMT_OWN_MAX];
	unsigned own_count;
	struct vmt_file_id devices[VMT_DEVICES_MAX];

	_Atomic uint32_t closing; /* somebody is making the last act */
	_Atomic uint64_t passed[VMT_CALL_COUNT]; /* calls that could change no map */
	struct vmt_rec_failure limit_failure; /* the last call that failed for the limit's sake */
	uint32_t alarms_said;
	uint32_t stacks_recalled; /* in pieces, by the calls under the lock */
#ifdef VMT_KILL_POINTS
	uint64_t kill_at; /* see publish.c */
#endif
	struct vmt_options options;
	_Atomic uint64_t maps_since; /* see mapsfile.c: openings are counted from this time on… */
	_Atomic uint32_t maps_opened; /* …so many, or questions while it is kept open */
	bool maps_is_kept_for_good;
	char recording_path[512];
	char start_folder[256]; /* what dir and log_path are relative to */
	char log_name[560]; /* of log_path's file; "" = there is none */
	char library[400]; /* our own path */
	char tool[512]; /* path of the vmatrace tool; "" = none */
	char **environment;
	void *alive_page;
	_Atomic uint32_t printing; /* a thread uses what follows */
	char **spare_environment; /* for starting the tool */
	size_t spare_environment_size;
	void *spare_stack;
	size_t spare_stack_size;
	char text[65536]
		__attribute__((aligned(16))); /* for reading /proc/self/maps; under the lock */

	_Alignas(VMT_PAGE_SIZE) struct vmt_callsites sites;
	struct vmt_recording recording;
	struct vmt_rec_counters calls[VMT_CALL_COUNT];
	struct vmt_rec_header counters; /* the private copy of what the header publishes */
	struct vmt_arena space_arena; /* the table: thrown away whole when it is rebuilt */
	struct vmt_space_ops space_ops;
	struct vmt_space space;
	const struct vmt_site *caller; /* of the call that is being accounted for; NULL = of none */
	struct vmt_rec_bucket *tick_at; /* the timeline's bucket of the present… */
	uint64_t tick_end; /* …until then, ns since start_ns; 0 = not begun */
	uint64_t start_ns;
	uint64_t call_time; /* of the call that is being accounted for, ns since start_ns */
	uint64_t calls_since_verify;
	uint64_t alarm_from; /* so many maps are near the limit; UINT64_MAX: it is not known */
	uint32_t pid;
	uint32_t mark_epoch; /* marks so far */
	uint32_t since_sample; /* calls since the kernel was asked about one for sure */
	_Atomic uint32_t alarms_due; /* to be said when the lock is free */
	_Atomic uint32_t dirty; /* enum vmt_dirty */
	bool no_deriving; /* READ_IMPLIES_EXEC: protections are not what was asked for */
	bool no_reasoning; /* derive=plain, refuted, or not as the rules have it
			      (PR_SET_MEMORY_MERGE) */
	bool verifies; /* there is options.verify */
	bool code_is_gone; /* a module was unmapped during this call */
	bool room_is_due; /* see room.h */
	bool code_is_many; /* …mapped, more than one */
	uint64_t code_is_new; /* …mapped, here; 0 = none */
	struct vmt_range loader; /* ld.so */
	struct vmt_range own_bounds; /* all of own[] lies in there… */
	struct vmt_range own_gap; /* …but nothing in here, the largest hole in it */
	bool has_bus_handler; /* see bus.h */
	bool header_is_behind; /* more of it has changed than vmt_publish_done() writes */
	struct vmt_lock lock;
	struct vmt_deferred deferred;
};
static_assert(offsetof(struct vmt_state, deferred.order) - offsetof(struct vmt_state, sites) <=
		      VMT_PAGE_SIZE,
	      "what nearly every call reads or writes is one page");

struct vmt_thread {
	uint32_t tid;
	uint32_t pid; /* that tid was learnt in */
	volatile uint64_t held_sp; /* see lock.h */
	volatile uint64_t room[2]; /* own_stack.h: where the program's stack is used, by sp */
	uint64_t mask_until; /* blocks_bus holds until then, ns since start_ns; see bus.h */
	bool blocks_bus;
	bool has_unblocked; /* SIGBUS, which the program blocks, until the lock is left */
	bool is_shared; /* clone gave a thread no storage of its own: nothing is remembered here */
	volatile uint64_t stack[2]; /* what is known of vmt_bounds_of() */
	volatile uint32_t stack_writes;
	struct vmt_fd maps; /* see mapsfile.h; number 0 = none */
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
	if (state->alarms_said & alarm)
		return;
	state->alarms_said |= alarm;
	atomic_fetch_or_explicit(&state->alarms_due, (uint32_t)alarm, memory_order_relaxed);
}

/* For whoever takes the lock over: which structure is being changed. Under the lock. */
static inline void vmt_state_set_dirty(struct vmt_state *state, enum vmt_dirty dirty)
{
	atomic_store_explicit(&state->dirty, dirty, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void vmt_note(struct vmt_state *state, uint64_t note)
{
	state->counters.notes |= note;
	state->header_is_behind = true;
}

/* Find the kernel's own function for the time; vdso: where it lies, 0 = there is none. */
void vmt_clock_open(uint64_t vdso);

/* ns since the recording began; coarse (a few ms). */
uint64_t vmt_clock_since_start(const struct vmt_state *state);

/* Monotonic clock, ns. */
uint64_t vmt_clock(void);

/* ns since 1970. */
uint64_t vmt_clock_wall(void);

#endif
