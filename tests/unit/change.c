/* SPDX-License-Identifier: MIT */
/*
 * core/vma/change_decode.c: which bytes went, came, moved or changed, from arguments and result alone.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>

#include "drawing.h"

#include "core/vma/change_decode.h"

#define MOVE (MREMAP_MAYMOVE | MREMAP_FIXED)
#define OK   DRAWN_OK

static struct vmt_change decode(struct vmt_done done)
{
	struct vmt_change change;

	vmt_change_decode(&done, &change);
	return change;
}

static void assert_range(struct vmt_range range, int at, int pages)
{
	cr_assert_eq(range.start, (uint64_t)DRAWN_AT(at), "starts at %lx", range.start);
	cr_assert_eq(range.end, (uint64_t)DRAWN_AT(at + pages), "ends at %lx", range.end);
}

Test(change, munmap_takes_its_range)
{
	struct vmt_change change = decode(drawn_munmap(2, 3, OK));

	cr_assert_eq(change.how, VMT_CHANGE_DERIVE);
	assert_range(change.window[0], 2, 3);
	assert_range(change.gone[0], 2, 3);
	cr_assert(vmt_range_is_empty(change.window[1]));
}

Test(change, lengths_are_rounded_up)
{
	struct vmt_done done = drawn_munmap(2, 0, OK);

	done.args[1] = 4097;
	assert_range(decode(done).gone[0], 2, 2);
}

Test(change, bad_ranges_change_nothing)
{
	struct vmt_done done = drawn_munmap(2, 0, -EINVAL);

	cr_assert_eq(decode(done).how, VMT_CHANGE_NOTHING, "length 0");
	done.args[1] = -4096;
	cr_assert_eq(decode(done).how, VMT_CHANGE_NOTHING, "past the end");
	done = drawn_munmap(2, 1, -EINVAL);
	done.args[0] += 8;
	cr_assert_eq(decode(done).how, VMT_CHANGE_NOTHING, "not aligned");
}

Test(change, failed_calls_that_may_leave_something_are_walked)
{
	cr_assert_eq(decode(drawn_munmap(0, 1, -EPERM)).how, VMT_CHANGE_WALK);
	cr_assert_eq(decode(drawn_mprotect(0, 1, R, -EACCES)).how, VMT_CHANGE_WALK);
	cr_assert_eq(decode(drawn_madvise(0, 1, MADV_DONTDUMP, -EAGAIN)).how, VMT_CHANGE_WALK);
	cr_assert_eq(decode(drawn_madvise(0, 1, MADV_DONTDUMP, -EINVAL)).how, VMT_CHANGE_WALK);
	cr_assert_eq(decode(drawn_mmap(MAP_FIXED, 0, 1, RW, -ENOMEM)).how, VMT_CHANGE_WALK);
	cr_assert_eq(decode(drawn_mremap(MOVE, 0, 1, 1, 4, -ENOMEM)).how, VMT_CHANGE_WALK);
}

Test(change, what_stops_at_a_hole_is_derived)
{
	struct vmt_done mlock = drawn_munmap(0, 1, -ENOMEM);

	mlock.call = VMT_CALL_MLOCK;
	cr_assert(decode(drawn_mprotect(0, 1, R, -ENOMEM)).met_hole);
	cr_assert(decode(drawn_madvise(0, 1, MADV_DONTDUMP, -ENOMEM)).met_hole);
	cr_assert_not(decode(drawn_mprotect(0, 1, R, -EACCES)).met_hole);
	cr_assert_not(decode(drawn_madvise(0, 1, MADV_DONTDUMP, OK)).met_hole);
	cr_assert_not(decode(mlock).met_hole);
	cr_assert_eq(decode(mlock).how, VMT_CHANGE_WALK);
}

Test(change, failed_calls_that_leave_nothing_are_not)
{
	cr_assert_eq(decode(drawn_mmap(0, 0, 1, RW, -ENOMEM)).how, VMT_CHANGE_NOTHING);
	cr_assert_eq(decode(drawn_mmap(MAP_FIXED_NOREPLACE, 0, 1, RW, -EEXIST)).how,
		     VMT_CHANGE_NOTHING);
	cr_assert_eq(decode(drawn_mremap(MREMAP_MAYMOVE, 0, 1, 4, 0, -ENOMEM)).how,
		     VMT_CHANGE_NOTHING);
}

Test(change, private_anonymous_mmap_is_derived)
{
	struct vmt_change change = decode(drawn_mmap(MAP_NORESERVE, 1, 2, RW, OK));

	cr_assert_eq(change.how, VMT_CHANGE_DERIVE);
	assert_range(change.fresh, 1, 2);
	cr_assert(vmt_range_is_empty(change.gone[0]));
	cr_assert_eq(change.flags, VMT_MAP_READ | VMT_MAP_WRITE);
}

Test(change, mmap_of_files_shared_memory_and_huge_pages_is_asked)
{
	cr_assert(decode(drawn_mmap(MAP_PRIVATE, 1, 2, RW, OK)).is_file);
	cr_assert_eq(decode(drawn_mmap(MAP_SHARED | MAP_ANONYMOUS, 1, 2, RW, OK)).how,
		     VMT_CHANGE_WALK);
	cr_assert_eq(decode(drawn_mmap(MAP_HUGETLB, 1, 2, RW, OK)).how, VMT_CHANGE_WALK);
	cr_assert_eq(decode(drawn_mmap(MAP_HUGETLB | MAP_FIXED, 1, 2, RW, OK)).how,
		     VMT_CHANGE_EVERYTHING);
}

Test(change, map_fixed_takes_what_was_there)
{
	assert_range(decode(drawn_mmap(MAP_FIXED, 1, 2, RW, OK)).gone[0], 1, 2);
	cr_assert(vmt_range_is_empty(
		decode(drawn_mmap(MAP_FIXED | MAP_FIXED_NOREPLACE, 1, 2, RW, OK)).gone[0]));
}

Test(change, mremap_has_two_windows)
{
	struct vmt_change change = decode(drawn_mremap(MOVE, 0, 3, 2, 5, OK));

	assert_range(change.window[0], 0, 3);
	assert_range(change.window[1], 5, 2);
	assert_range(change.gone[0], 2, 1);
	assert_range(change.gone[1], 5, 2);
	assert_range(change.from, 0, 2);
	cr_assert_eq(change.to, DRAWN_AT(5));
}

/* Linux unmaps the tail before it finds the rest of the range to be several maps. */
Test(change, failing_mremap_that_shrinks_has_unmapped_the_tail)
{
	struct vmt_change change = decode(drawn_mremap(MOVE, 0, 3, 2, 5, -EFAULT));

	cr_assert_eq(change.how, VMT_CHANGE_WALK);
	assert_range(change.window[0], 0, 3);
	assert_range(change.gone[0], 2, 1);
	assert_range(change.gone[1], 5, 2);
	assert_range(change.from, 0, 2);
}

Test(change, mremap_that_grows_in_place_has_one)
{
	struct vmt_change change = decode(drawn_mremap(0, 1, 2, 4, 1, OK));

	assert_range(change.window[0], 1, 4);
	assert_range(change.grown, 3, 2);
	cr_assert_eq(change.grown_of, DRAWN_AT(2));
	cr_assert(vmt_range_is_empty(change.window[1]));
}

Test(change, mlock_rounds_its_address_down)
{
	struct vmt_done done = { .call = VMT_CALL_MLOCK, .args = { DRAWN_AT(1) + 100, 4096 } };

	assert_range(decode(done).advise, 1, 2);
}

Test(change, brk_within_a_page_changes_nothing)
{
	struct vmt_done done = drawn_brk(1, 1);

	done.brk -= 100;
	cr_assert_eq(decode(done).how, VMT_CHANGE_NOTHING);
	cr_assert_eq(decode(drawn_brk(3, 3)).how, VMT_CHANGE_NOTHING);
}

Test(change, brk_with_an_unknown_break_learns_everything)
{
	struct vmt_done done = drawn_brk(0, 2);

	done.brk = 0;
	cr_assert_eq(decode(done).how, VMT_CHANGE_EVERYTHING);
	done.args[0] = 0;
	cr_assert_eq(decode(done).how, VMT_CHANGE_NOTHING, "only asks where it is");
}

Test(change, advice_that_changes_no_map_is_not_our_business)
{
	static const long harmless[] = { MADV_DONTNEED, MADV_FREE, MADV_WILLNEED, MADV_REMOVE, 22 };
	static const long flags[] = { MADV_DONTFORK, MADV_HUGEPAGE, MADV_NORMAL, MADV_MERGEABLE };

	for (size_t i = 0; i < VMT_COUNT(harmless); i++)
		cr_assert_not(
			vmt_change_is_possible(VMT_CALL_MADVISE, (long[6]){ 0, 0, harmless[i] }));
	for (size_t i = 0; i < VMT_COUNT(flags); i++)
		cr_assert(vmt_change_is_possible(VMT_CALL_MADVISE, (long[6]){ 0, 0, flags[i] }));
}

Test(change, of_prctl_ioctl_and_close_only_some_matter)
{
	cr_assert_not(vmt_change_is_possible(VMT_CALL_PRCTL, (long[6]){ PR_SET_NAME }));
	cr_assert(vmt_change_is_possible(VMT_CALL_PRCTL, (long[6]){ 0x53564d41 }));
	cr_assert_not(vmt_change_is_possible(VMT_CALL_IOCTL, (long[6]){ 1, 0x5401 }));
	cr_assert(vmt_change_is_possible(VMT_CALL_IOCTL, (long[6]){ 1, (long)0xc020aa00 }));
	cr_assert_not(vmt_change_is_possible(VMT_CALL_NONE, (long[6]){ 0 }));
}

Test(change, shmat_tells_no_end)
{
	struct vmt_done done = { .call = VMT_CALL_SHMAT, .result = DRAWN_AT(3) };
	struct vmt_change change = decode(done);

	cr_assert_eq(change.how, VMT_CHANGE_WALK);
	cr_assert_eq(change.fresh.start, DRAWN_AT(3));
	cr_assert_eq(change.fresh.end, 0);
	done.args[2] = SHM_REMAP;
	cr_assert_eq(decode(done).how, VMT_CHANGE_EVERYTHING);
	done.result = -EINVAL;
	cr_assert_eq(decode(done).how, VMT_CHANGE_EVERYTHING);
}

Test(change, a_range_passed_in_memory_narrows_the_walk)
{
	struct vmt_done done = { .call = VMT_CALL_IOCTL,
				 .user_range = { DRAWN_AT(2), DRAWN_AT(4) } };

	cr_assert_eq(decode(done).how, VMT_CHANGE_WALK);
	assert_range(decode(done).window[0], 2, 2);
	done.call = VMT_CALL_PROCESS_MADVISE;
	assert_range(decode(done).window[0], 2, 2);
	done.result = -ENOMEM;
	cr_assert_eq(decode(done).how, VMT_CHANGE_EVERYTHING, "it may have come half-way");
}

Test(change, populating_and_locking_are_slow)
{
	cr_assert(vmt_change_is_slow(VMT_CALL_MMAP, (long[6]){ 0, 0, 0, MAP_POPULATE }));
	cr_assert_not(vmt_change_is_slow(VMT_CALL_MMAP, (long[6]){ 0, 0, 0, MAP_PRIVATE }));
	cr_assert(vmt_change_is_slow(VMT_CALL_MLOCK, (long[6]){ 0 }));
	cr_assert_not(vmt_change_is_slow(VMT_CALL_MUNMAP, (long[6]){ 0 }));
}

/* A change is simple if, and only if, the whole decoder agrees. Returns whether it is. */
static bool is_simple(struct vmt_done done)
{
	struct vmt_change change = decode(done);
	struct vmt_simple simple;

	if (!vmt_change_decode_simple(&done, &simple))
		return false;
	cr_assert_eq(change.how, VMT_CHANGE_DERIVE);
	cr_assert_eq(simple.is_fresh, !vmt_range_is_empty(change.fresh));
	cr_assert_eq(simple.is_fresh, vmt_range_is_empty(change.gone[0]), "not both");
	cr_assert_eq(simple.range.start, change.window[0].start);
	cr_assert_eq(simple.range.end, change.window[0].end);
	cr_assert(vmt_range_is_empty(change.window[1]) && !change.is_file);
	cr_assert(!simple.is_fresh || simple.flags == change.flags);
	cr_assert(!simple.is_fresh || simple.new_class == change.new_class);
	return true;
}

Test(change, anonymous_memory_that_replaces_nothing_is_simple)
{
	const long hidden[] = { 0,         MAP_NORESERVE,
				MAP_STACK, MAP_FIXED_NOREPLACE,
				MAP_32BIT, MAP_FIXED | MAP_FIXED_NOREPLACE };
	const long other[] = { MAP_FIXED, MAP_GROWSDOWN, MAP_HUGETLB, MAP_SHARED | MAP_ANONYMOUS,
			       MAP_PRIVATE };

	for (size_t i = 0; i < VMT_COUNT(hidden); i++)
		for (long prot = 0; prot < 8; prot++)
			cr_assert(is_simple(drawn_mmap(hidden[i], 1, 2, prot, OK)), "%zu", i);
	for (size_t i = 0; i < VMT_COUNT(other); i++)
		cr_assert_not(is_simple(drawn_mmap(other[i], 1, 2, RW, OK)), "%zu", i);
	cr_assert_not(is_simple(drawn_mmap(0, 1, 2, RW, -ENOMEM)));
}

Test(change, memory_given_back_is_simple)
{
	cr_assert(is_simple(drawn_munmap(2, 3, OK)));
	cr_assert_not(is_simple(drawn_munmap(2, 3, -ENOMEM)));
	cr_assert_not(is_simple(drawn_mprotect(2, 3, R, OK)));
}

/* Whatever the arguments: no crash, and windows that are ranges. */
Test(change, any_arguments_are_survived)
{
	static const long odd[] = { 0, 1, 4095, 4096, -1, -4096, -4095, INT64_MAX, INT64_MIN, 3 };
	struct vmt_done done = { .call = VMT_CALL_NONE };

	for (unsigned call = 0; call < VMT_CALL_COUNT; call++)
		for (unsigned i = 0; i < 10000; i++) {
			done.call = (enum vmt_call_id)call;
			done.args[0] = odd[i % 10];
			done.args[1] = odd[i / 10 % 10];
			done.args[2] = odd[i / 100 % 10];
			done.args[3] = odd[i / 1000];
			done.result = i % 3 ? odd[i % 7] : 0;
			is_simple(done);
		}
}
