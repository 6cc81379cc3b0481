/* SPDX-License-Identifier: MIT */
/*
 * See remedy.h. This runs before the lock is taken, in any thread and signal handler. So it keeps
 * no state except two counters and the notes of pair.h, and asks the kernel for all that it must know.
 */
#include "remedy/remedy.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "core/base/options.h"
#include "core/base/uapi.h"
#include "core/vma/change.h"
#include "filter/filter.h"
#include "os/sys.h"
#include "remedy/look.h"
#include "remedy/pair.h"
#include "remedy/reserve.h"

#define GUARD_MOST (UINT64_C(64) << 10) /* the largest piece that is taken for a guard */
#define FILL_MOST  (UINT64_C(64) << 20) /* the largest range whose contents are examined */
#define KEPT_MOST \
	(UINT64_C(1) << 40) /* bytes of addresses that may be kept instead of being unmapped */

uint32_t vmt_remedies;
static _Atomic bool has_guards; /* a guard was installed in place of a protection */
static _Atomic uint64_t kept;

static struct vmt_range range_of(const long args[6])
{
	uint64_t start = (uint64_t)args[0];

	return (struct vmt_range){ start, start + vmt_page_up((uint64_t)args[1]) };
}

static bool is_plain(const long args[6])
{
	struct vmt_range range = range_of(args);

	return !(range.start & (VMT_PAGE_SIZE - 1)) && range.end > range.start;
}

static void put_call(struct vmt_remedy_plan *plan, long nr, uint64_t start, uint64_t end,
		     long third)
{
	struct vmt_remedy_call *call = &plan->call[plan->count++];

	*call = (struct vmt_remedy_call){ .nr = nr,
					  .args = { (long)start, (long)(end - start), third } };
}

/*
 * Plan the program's own call with one argument changed. With a length of 0 the call does nothing.
 */
static void put_changed(struct vmt_remedy_plan *plan, long nr, const long args[6], unsigned which,
			long value)
{
	struct vmt_remedy_call *call = &plan->call[plan->count++];

	*call = (struct vmt_remedy_call){ .nr = nr };
	for (unsigned i = 0; i < 6; i++)
		call->args[i] = i == which ? value : args[i];
}

static bool is_within(struct vmt_range range, const struct vmt_look *look)
{
	return range.start >= look->start && range.end <= look->end;
}

/* An access to the guard raises SIGSEGV as before, but with another si_code. */
static bool find_guard(const long args[6], struct vmt_remedy_plan *plan)
{
	struct vmt_range range = range_of(args);
	struct vmt_look look;

	if (range.end - range.start > FILL_MOST || !vmt_look_at(range.start, &look) || !look.prot ||
	    !is_within(range, &look) || !vmt_look_is_untouched(range))
		return false;
	put_call(plan, SYS_madvise, range.start, range.end, MADV_GUARD_INSTALL_);
	atomic_store_explicit(&has_guards, true, memory_order_relaxed);
	return true;
}

/*
 * [--- stack ---------] is reserved as a whole, and then all but its ends is made accessible. The
 * remedy makes the whole accessible, and its ends become guards. What was reserved beside it is in the same map,
 * and another thread may be opening that.
 */
static bool find_opened(const long args[6], struct vmt_remedy_plan *plan)
{
	struct vmt_range range = range_of(args), reserved, low, high;
	struct vmt_look look;

	if (!vmt_look_at(range.start, &look) || look.prot || !is_within(range, &look) ||
	    !vmt_reserve_take(range, GUARD_MOST, &reserved) || !is_within(reserved, &look))
		return false;
	low = (struct vmt_range){ reserved.start, range.start };
	high = (struct vmt_range){ range.end, reserved.end };
	if (reserved.end - reserved.start == range.end - range.start ||
	    !vmt_look_is_untouched(low) || !vmt_look_is_untouched(high))
		return false;
	/*
	 * The order matters: a guard gives its map an anon_vma, and if the map does not yet look
	 * like its neighbours, that is one of its own.
	 */
	put_call(plan, SYS_mprotect, reserved.start, reserved.end, args[2]);
	if (low.end > low.start)
		put_call(plan, SYS_madvise, low.start, low.end, MADV_GUARD_INSTALL_);
	if (high.end > high.start)
		put_call(plan, SYS_madvise, high.start, high.end, MADV_GUARD_INSTALL_);
	atomic_store_explicit(&has_guards, true, memory_order_relaxed);
	return true;
}

static bool find_guards(const long args[6], struct vmt_remedy_plan *plan)
{
	if (args[2] == PROT_NONE)
		return find_guard(args, plan);
	if (find_opened(args, plan))
		return true;
	if (!atomic_load_explicit(&has_guards, memory_order_relaxed))
		return false;
	put_call(plan, SYS_madvise, range_of(args).start, range_of(args).end, MADV_GUARD_REMOVE_);
	plan->call[0].may_fail = true;
	plan->then_own = true;
	return true;
}

/*
 * A range that is larger than a guard is memory that is given back: it keeps its protection. So
 * does a smaller one whose pages were given back just before, and that is still untouched.
 */
static bool find_decommit(const long args[6], struct vmt_remedy_plan *plan)
{
	struct vmt_range range = range_of(args);
	struct vmt_look look;

	if (args[2] != PROT_NONE || !vmt_look_at(range.start, &look) ||
	    look.prot != (PROT_READ | PROT_WRITE) || !is_within(range, &look))
		return false;
	if (range.end - range.start <= VMT_PAIR_MOST &&
	    !(vmt_pair_take(range, VMT_PAIR_GIVEN_BACK) && vmt_look_is_untouched(range))) {
		vmt_pair_note(range, VMT_PAIR_CLOSED);
		return false;
	}
	put_changed(plan, SYS_mprotect, args, 1, 0);
	return true;
}

/*
 * The pages of a small range are given back. If it was readable and writable, and was closed just
 * before, it becomes so again; otherwise it may be closed now.
 */
static bool find_given_back(const long args[6], struct vmt_remedy_plan *plan)
{
	struct vmt_range range = range_of(args);
	struct vmt_look look;

	if (!is_plain(args))
		return false;
	if (!vmt_pair_take(range, VMT_PAIR_CLOSED)) {
		vmt_pair_note(range, VMT_PAIR_GIVEN_BACK);
		return false;
	}
	if (!vmt_look_at(range.start, &look) || look.prot || !is_within(range, &look))
		return false;
	put_call(plan, SYS_madvise, range.start, range.end, MADV_DONTNEED);
	put_call(plan, SYS_mprotect, range.start, range.end, PROT_READ | PROT_WRITE);
	return true;
}

static bool find_protect(const long args[6], struct vmt_remedy_plan *plan)
{
	if (!is_plain(args) || args[2] & ~(PROT_READ | PROT_WRITE | PROT_EXEC))
		return false;
	if (vmt_remedies & VMT_REMEDY_DECOMMIT && find_decommit(args, plan))
		return true;
	return vmt_remedies & VMT_REMEDY_GUARDS && find_guards(args, plan);
}

/*
 * Is this advice that cuts maps and can be left out? Without it the memory is forked, dumped, and
 * made huge like all other memory. MADV_WIPEONFORK is kept, because programs protect secrets with
 * it.
 */
static bool cuts(long advice)
{
	return vmt_change_is_flag_advice(advice) && advice != MADV_WIPEONFORK &&
	       advice != MADV_KEEPONFORK;
}

/*
 * Reserved addresses become readable and writable at once; pages that nobody touches cost no
 * memory.
 */
static bool find_reserved(const long args[6], struct vmt_remedy_plan *plan)
{
	long wanted = MAP_PRIVATE | MAP_ANONYMOUS, ignored = MAP_NORESERVE;

	if (args[2] != PROT_NONE || (args[3] & ~ignored) != wanted ||
	    (uint64_t)args[1] <= 2 * GUARD_MOST)
		return false;
	put_changed(plan, SYS_mmap, args, 2, PROT_READ | PROT_WRITE);
	plan->call[0].args[3] |= MAP_NORESERVE;
	return true;
}

/* Memory is replaced by a map without access: its pages are dropped, and its map stays. */
static bool find_replaced(const long args[6], struct vmt_remedy_plan *plan)
{
	long wanted = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	struct vmt_look look;

	if (args[2] != PROT_NONE || (args[3] & ~(long)MAP_NORESERVE) != wanted || !is_plain(args) ||
	    !vmt_look_at((uint64_t)args[0], &look) || look.prot != (PROT_READ | PROT_WRITE) ||
	    !is_within(range_of(args), &look))
		return false;
	put_call(plan, SYS_madvise, range_of(args).start, range_of(args).end, MADV_DONTNEED);
	plan->returns_address = true;
	return true;
}

/* Memory is replaced by a guard: its pages are dropped as well where the guard is no map. */
static bool find_guard_over(const long args[6], struct vmt_remedy_plan *plan)
{
	struct vmt_range range = range_of(args);
	struct vmt_look look;

	if (range.end - range.start > FILL_MOST || !vmt_look_at(range.start, &look) || !look.prot ||
	    !is_within(range, &look))
		return false;
	put_call(plan, SYS_madvise, range.start, range.end, MADV_GUARD_INSTALL_);
	atomic_store_explicit(&has_guards, true, memory_order_relaxed);
	return true;
}

/* The same is done by mmap over a part of a map: guards are made, or what is between them. */
static bool find_fixed(const long args[6], struct vmt_remedy_plan *plan)
{
	const long ignored = MAP_NORESERVE | MAP_STACK;
	const long wanted = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	if ((args[3] & ~ignored) != wanted || !is_plain(args))
		return false;
	plan->returns_address = true;
	if (args[2] == PROT_NONE)
		return find_guard_over(args, plan);
	return (uint64_t)args[1] <= FILL_MOST && vmt_look_is_untouched(range_of(args)) &&
	       find_opened(args, plan);
}

/* A stack that is accessible as a whole has no guard, and stacks that touch are one map. */
static bool find_stack(const long args[6], struct vmt_remedy_plan *plan)
{
	const long wanted = MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK;

	if (args[2] != PROT_NONE || (args[3] & ~(long)MAP_NORESERVE) != wanted)
		return false;
	put_changed(plan, SYS_mmap, args, 2, PROT_READ | PROT_WRITE);
	return true;
}

static bool find_mmap(const long args[6], struct vmt_remedy_plan *plan)
{
	if (vmt_remedies & VMT_REMEDY_GUARDS && find_fixed(args, plan))
		return true;
	*plan = (struct vmt_remedy_plan){ .count = 0 };
	if (vmt_remedies & VMT_REMEDY_STACKS && find_stack(args, plan))
		return true;
	if (vmt_remedies & VMT_REMEDY_DECOMMIT &&
	    (find_reserved(args, plan) || find_replaced(args, plan)))
		return true;
	if (!(vmt_remedies & VMT_REMEDY_NORESERVE) || !(args[3] & MAP_PRIVATE) ||
	    args[3] & (MAP_HUGETLB | MAP_NORESERVE))
		return false;
	put_changed(plan, SYS_mmap, args, 3, args[3] | MAP_NORESERVE);
	return true;
}

/*
 * The middle of a map is not unmapped; only its pages are dropped. Its addresses are not used
 * again, so there is a limit to this.
 */
static bool find_hole(const long args[6], struct vmt_remedy_plan *plan)
{
	struct vmt_range range = range_of(args);
	struct vmt_look look;

	if (!is_plain(args) || !vmt_look_at(range.start, &look) || !look.prot ||
	    range.start <= look.start || range.end >= look.end ||
	    atomic_fetch_add_explicit(&kept, range.end - range.start, memory_order_relaxed) >
		    KEPT_MOST)
		return false;
	put_call(plan, SYS_madvise, range.start, range.end, MADV_DONTNEED);
	return true;
}

/*
 * Calls that can be left out, since they do little but cut maps: with a length of 0 the kernel does
 * nothing.
 */
static bool find_left_out(long nr, const long args[6], struct vmt_remedy_plan *plan)
{
	bool is_lock = nr == SYS_mlock || nr == SYS_mlock2 || nr == SYS_munlock;

	if (nr == SYS_prctl ? args[0] != PR_SET_VMA_ : !is_lock && !is_plain(args))
		return false;
	put_changed(plan, nr, args, nr == SYS_prctl ? 3 : 1, 0);
	if (is_lock) /* the kernel rounds the address down, and the length up from there */
		plan->call[0].args[0] = (long)vmt_page_down((uint64_t)args[0]);
	return true;
}

static uint32_t remedy_of(long nr, const long args[6])
{
	switch (nr) {
	case SYS_madvise: return cuts(args[2]) ? VMT_REMEDY_ADVICE : 0;
	case SYS_mlock:
	case SYS_mlock2:
	case SYS_munlock: return VMT_REMEDY_LOCKS;
	case SYS_mbind:
	case SYS_set_mempolicy_home_node: return VMT_REMEDY_POLICY;
	case SYS_prctl: return VMT_REMEDY_NAMES;
	default: return 0;
	}
}

bool vmt_remedy_find(long nr, const long args[6], struct vmt_remedy_plan *ret_plan)
{
	*ret_plan = (struct vmt_remedy_plan){ .count = 0 };
	if (!vmt_filter_is_open())
		return false;
	switch (nr) {
	case SYS_mprotect: return find_protect(args, ret_plan);
	case SYS_mmap: return find_mmap(args, ret_plan);
	case SYS_madvise:
		if (args[2] == MADV_DONTNEED)
			return vmt_remedies & VMT_REMEDY_DECOMMIT &&
			       find_given_back(args, ret_plan);
		break;
	case SYS_munmap:
		vmt_reserve_forget((uint64_t)args[0]);
		return vmt_remedies & VMT_REMEDY_HOLES && find_hole(args, ret_plan);
	default: break;
	}
	return remedy_of(nr, args) & vmt_remedies && find_left_out(nr, args, ret_plan);
}

void vmt_remedy_made(long nr, const long args[6], long result)
{
	uint64_t start = (uint64_t)result;

	if (nr == SYS_mmap && args[2] == PROT_NONE && args[3] & MAP_ANONYMOUS &&
	    !vmt_sys_failed(result))
		vmt_reserve_note(
			(struct vmt_range){ start, start + vmt_page_up((uint64_t)args[1]) });
}

/*
 * The whole range that was to hold guards, or was given back, loses its access again; then the
 * program's own call makes the middle accessible, or gives the range back.
 */
void vmt_remedy_undo(struct vmt_remedy_plan *plan, unsigned failed)
{
	for (unsigned i = 0; i < failed; i++) {
		plan->call[i].nr = SYS_mprotect;
		plan->call[i].args[2] = PROT_NONE;
	}
}

void vmt_remedy_open(uint32_t remedies)
{
	if (vmt_sys_failed(vmt_sys3(SYS_madvise, 0, 0, MADV_GUARD_INSTALL_)))
		remedies &= ~(uint32_t)VMT_REMEDY_GUARDS;
	vmt_remedies = remedies;
}
