/* SPDX-License-Identifier: MIT */
/*
 * core/stack/callsites.c: a stack is one site however often it is seen and wherever its code lies;
 * a full table loses stacks, not calls.
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "core/stack/callsites.h"

static unsigned char block[8 << 20] __attribute__((aligned(16)));
static struct vmt_arena arena;
static struct vmt_callsites sites;
static uint64_t base; /* where the only module is loaded */
static unsigned asked, added;
static struct vmt_rec_frame last_frames[VMT_FRAMES_MAX];

static struct vmt_rec_frame frame_of(void *context, uint64_t addr)
{
	(void)context;
	asked++;
	return (struct vmt_rec_frame){ .module = 1, .offset = addr - base };
}

static void note_added(void *context, struct vmt_site *site, const struct vmt_rec_frame *frames)
{
	(void)context;
	cr_assert_eq(sites.by_id[site->id], site);
	for (uint32_t i = 0; i < site->frame_count; i++)
		last_frames[i] = frames[i];
	added++;
}

static const struct vmt_callsites_ops ops = { .frame_of = frame_of, .added = note_added };

static int start(size_t size, uint32_t room)
{
	base = 0x1000;
	asked = added = 0;
	vmt_arena_init(&arena, block, size);
	return vmt_callsites_init(&sites, &arena, room, &ops);
}

static struct vmt_site *intern(enum vmt_call_id call, uint32_t count, const uint64_t *pc)
{
	return vmt_callsites_intern(
		&sites, &(struct vmt_callsites_stack){ .call = call, .count = count, .pc = pc });
}

static const struct vmt_range everything = { 0, UINT64_MAX };
static const uint64_t stack[] = { 0x1111, 0x2222, 0x3333 };

Test(sites, start_up_and_unseen_come_first)
{
	cr_assert_eq(start(sizeof(block), 100), 0);
	cr_assert_eq(sites.count, 2);
	cr_assert_eq(added, 2);
	cr_assert_eq(sites.by_id[VMT_SITE_UNSEEN]->frame_count, 0);
}

Test(sites, the_same_stack_is_the_same_site)
{
	cr_assert_eq(start(sizeof(block), 100), 0);

	struct vmt_site *site = intern(VMT_CALL_MMAP, 3, stack);

	cr_assert_eq(site->id, VMT_SITE_FIRST);
	cr_assert_eq(site->frame_count, 3);
	cr_assert(vmt_callsites_is_stack(site, last_frames));
	last_frames[1].offset++;
	cr_assert(!vmt_callsites_is_stack(site, last_frames));
	cr_assert_eq(intern(VMT_CALL_MMAP, 3, stack), site);
	cr_assert_eq(asked, 3, "the second time without looking up modules");
}

Test(sites, call_depth_and_addresses_tell_sites_apart)
{
	const uint64_t other[] = { 0x1111, 0x2222, 0x3334 };

	cr_assert_eq(start(sizeof(block), 100), 0);

	struct vmt_site *site = intern(VMT_CALL_MMAP, 3, stack);

	cr_assert_neq(intern(VMT_CALL_MUNMAP, 3, stack), site);
	cr_assert_neq(intern(VMT_CALL_MMAP, 2, stack), site);
	cr_assert_neq(intern(VMT_CALL_MMAP, 3, other), site);
	cr_assert_eq(sites.count, 6);
}

Test(sites, code_loaded_elsewhere_is_the_same_site)
{
	const uint64_t moved[] = { 0x91111, 0x92222, 0x93333 };

	cr_assert_eq(start(sizeof(block), 100), 0);

	struct vmt_site *site = intern(VMT_CALL_MMAP, 3, stack);

	base += 0x90000;
	vmt_callsites_forget_addresses(&sites, everything);
	cr_assert_eq(intern(VMT_CALL_MMAP, 3, moved), site);
	cr_assert_neq(intern(VMT_CALL_MMAP, 3, stack), site, "other code at the old addresses");
}

Test(sites, only_stacks_through_the_code_that_is_gone_are_forgotten)
{
	const uint64_t other[] = { 0x1111, 0x5555 };
	struct vmt_site *through, *beside;

	cr_assert_eq(start(sizeof(block), 100), 0);
	through = intern(VMT_CALL_MMAP, 3, stack);
	beside = intern(VMT_CALL_MMAP, 2, other);
	asked = 0;
	vmt_callsites_forget_addresses(&sites, (struct vmt_range){ 0x2000, 0x2222 });
	cr_assert_eq(intern(VMT_CALL_MMAP, 2, other), beside);
	cr_assert_eq(asked, 0, "it is still known by its addresses");
	cr_assert_eq(intern(VMT_CALL_MMAP, 3, stack), through);
	cr_assert_eq(asked, 3, "a return address at the end of the range belongs to it");
}

Test(sites, forgetting_gives_memory_back)
{
	cr_assert_eq(start(sizeof(block), 100), 0);
	vmt_callsites_forget_addresses(&sites, everything);
	for (unsigned round = 0; round < 20000; round++) {
		cr_assert_eq(intern(VMT_CALL_MMAP, 3, stack)->id, VMT_SITE_FIRST);
		vmt_callsites_forget_addresses(&sites, everything);
	}
	cr_assert_lt(arena.used, 1 << 17);
}

Test(sites, an_empty_stack_is_a_site_too)
{
	cr_assert_eq(start(sizeof(block), 100), 0);

	struct vmt_site *site = intern(VMT_CALL_BRK, 0, stack);

	cr_assert_eq(site->frame_count, 0);
	cr_assert_eq(intern(VMT_CALL_BRK, 0, stack), site);
	cr_assert_eq(intern(VMT_CALL_BRK, 0, NULL), site);
}

Test(sites, a_cut_stack_is_marked)
{
	cr_assert_eq(start(sizeof(block), 100), 0);

	struct vmt_site *site = vmt_callsites_intern(
		&sites, &(struct vmt_callsites_stack){ VMT_CALL_MMAP, 3, true, stack, 0, 0, 0 });

	cr_assert_eq(site->flags, VMT_SITE_TRUNCATED);
}

Test(sites, many_sites_are_all_found_again)
{
	struct vmt_site *site[3000];

	cr_assert_eq(start(sizeof(block), 5000), 0);
	for (uint64_t i = 0; i < VMT_COUNT(site); i++)
		site[i] = intern(VMT_CALL_MMAP, 1, (uint64_t[]){ base + i });
	vmt_callsites_forget_addresses(&sites, everything);
	for (uint64_t i = 0; i < VMT_COUNT(site); i++) {
		cr_assert_eq(intern(VMT_CALL_MMAP, 1, (uint64_t[]){ base + i }), site[i]);
		cr_assert_eq(site[i]->id, VMT_SITE_FIRST + i);
	}
}

Test(sites, a_full_table_keeps_one_site_a_call_for_what_is_lost)
{
	struct vmt_site *last = NULL;

	cr_assert_eq(start(sizeof(block), 40), 0);
	for (uint64_t i = 0; i < 100; i++)
		last = intern(VMT_CALL_MMAP, 1, (uint64_t[]){ base + i });
	cr_assert_eq(last->flags, VMT_SITE_LOST);
	cr_assert_eq(last->call, VMT_CALL_MMAP);
	cr_assert_eq(last->frame_count, 0);
	cr_assert_eq(intern(VMT_CALL_MMAP, 1, (uint64_t[]){ base }), sites.by_id[VMT_SITE_FIRST],
		     "sites from before are still known");
	for (unsigned call = VMT_CALL_MMAP; call < VMT_CALL_COUNT; call++)
		cr_assert_eq(intern((enum vmt_call_id)call, 1, (uint64_t[]){ 1 })->call, call);
	cr_assert_leq(sites.count, 40);
}

Test(sites, a_table_too_small_for_the_pseudo_sites_is_refused)
{
	cr_assert_eq(start(sizeof(block), 1), -ENOMEM);
	cr_assert_eq(start(16, 100), -ENOMEM);
}

/* Every block size: memory runs out in the record, the frames, either index. */
Test(sites, out_of_memory_loses_stacks_only)
{
	for (size_t size = 2048; size < 200000; size += size < 60000 ? 16 : 1024) {
		if (start(size, 100))
			continue;
		for (uint64_t i = 0; i < 60; i++) {
			struct vmt_site *site =
				intern(VMT_CALL_MMAP, 2, (uint64_t[]){ base + i, base });

			cr_assert_not_null(site);
			cr_assert_lt(site->id, sites.count);
		}
		vmt_callsites_forget_addresses(&sites, everything);
		cr_assert_not_null(intern(VMT_CALL_MMAP, 3, stack));
	}
}
