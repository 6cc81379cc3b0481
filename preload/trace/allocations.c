/* SPDX-License-Identifier: MIT */
/*
 * Counts are summed over all threads at most a few hundred times a second, and only when there are
 * memory calls. So the recording of a killed program is a few ms behind, or one allocation in 128.
 * See allocations.h.
 */
#include "trace/allocations.h"

#include "malloc/malloc.h"
#include "store/recording.h"
#include "modules/modules.h"

#define BEHIND 128 /* one in this many allocations may be missing in the recording */

/* Functions of the same module are one allocator; mostly there is only one. */
static struct {
	struct vmt_rec_allocator item[VMT_ALLOCATORS_MAX];
	uint32_t count;
	uint32_t of[VMT_MALLOC_FUNCTIONS]; /* the allocator of each function */
	uint64_t published; /* when it was published, as vmt_clock_since_start() */
	uint64_t due; /* publish again when this thread has made so many allocations */
} allocators VMT_DATA = { .count = 0 };

/* In the order of enum vmt_malloc_event: which function it belongs to, and what it counts as. */
static const struct {
	uint8_t function;
	uint8_t allocations;
	uint8_t frees;
} meaning[VMT_MALLOC_EVENTS] = {
	[VMT_MALLOC] = { VMT_MALLOC, 1, 0 },
	[VMT_FREE] = { VMT_FREE, 0, 1 },
	[VMT_CALLOC] = { VMT_CALLOC, 1, 0 },
	[VMT_REALLOC] = { VMT_REALLOC, 0, 0 },
	[VMT_REALLOCARRAY] = { VMT_REALLOCARRAY, 0, 0 },
	[VMT_MEMALIGN] = { VMT_MEMALIGN, 1, 0 },
	[VMT_POSIX_MEMALIGN] = { VMT_POSIX_MEMALIGN, 1, 0 },
	[VMT_ALIGNED_ALLOC] = { VMT_ALIGNED_ALLOC, 1, 0 },
	[VMT_VALLOC] = { VMT_VALLOC, 1, 0 },
	[VMT_PVALLOC] = { VMT_PVALLOC, 1, 0 },
	[VMT_REALLOC_NEW] = { VMT_REALLOC, 1, 0 },
	[VMT_REALLOC_GONE] = { VMT_REALLOC, 0, 1 },
	[VMT_REALLOCARRAY_NEW] = { VMT_REALLOCARRAY, 1, 0 },
};

/* A function's first byte is not a return address, so the next byte is looked up. */
static uint32_t module_of(struct vmt_state *state, uint64_t function)
{
	return vmt_modules_frame_of(state, function + 1).module;
}

static uint32_t allocator_in(uint32_t module, uint32_t flags)
{
	uint32_t i = 0;

	while (i < allocators.count && allocators.item[i].module != module)
		i++;
	if (i == VMT_ALLOCATORS_MAX)
		return 0;
	if (i == allocators.count) {
		allocators.item[i] = (struct vmt_rec_allocator){ .module = module };
		allocators.count++;
	}
	allocators.item[i].flags |= flags;
	return i;
}

static void find_allocators(struct vmt_state *state)
{
	uint64_t before = vmt_malloc_before();

	for (uint32_t i = 0; i < VMT_MALLOC_FUNCTIONS; i++)
		allocators.of[i] = allocator_in(module_of(state, vmt_malloc_next(i)), 0);
	allocators.item[0].flags |= VMT_ALLOCATOR_NEXT;
	if (vmt_malloc_has_new())
		allocators.item[0].flags |= VMT_ALLOCATOR_HAS_NEW;
	if (before)
		allocator_in(module_of(state, before), VMT_ALLOCATOR_BEFORE);
}

void vmt_allocations_start(struct vmt_state *state)
{
	if (!state->options.malloc)
		return;
	vmt_malloc_look_at_allocator();
	find_allocators(state);
	vmt_allocations_publish(state);
}

static void sum_up(void)
{
	struct vmt_malloc_count sums[VMT_MALLOC_EVENTS];

	vmt_malloc_sum(sums);
	for (uint32_t i = 0; i < allocators.count; i++) {
		struct vmt_rec_allocator *item = &allocators.item[i];

		item->allocations = item->frees = item->resizes = item->bytes = 0;
	}
	for (uint32_t i = 0; i < VMT_MALLOC_EVENTS; i++) {
		struct vmt_rec_allocator *item =
			&allocators.item[allocators.of[meaning[i].function]];

		item->allocations += meaning[i].allocations ? sums[i].calls : 0;
		item->frees += meaning[i].frees ? sums[i].calls : 0;
		item->resizes += meaning[i].allocations || meaning[i].frees ? 0 : sums[i].calls;
		item->bytes += sums[i].bytes;
	}
}

static void write_item(struct vmt_state *state, uint32_t index)
{
	struct vmt_rec_allocator *to =
		vmt_recording_element(state, VMT_SECTION_ALLOCATORS, index, 1);
	struct vmt_rec_allocator from = allocators.item[index];

	if (!to)
		return;
	vmt_recording_begin(state, &to->seq);
	from.seq = to->seq;
	*to = from;
	vmt_recording_end(state, &to->seq);
}

/* A child that frees its parent's memory may have freed more than it has made. */
static uint64_t greatest(uint64_t most, uint64_t made, uint64_t freed)
{
	return made > freed && made - freed > most ? made - freed : most;
}

/*
 * What was freed since the counts were last summed up may have been freed after all that was made
 * since.
 */
static void note_most(struct vmt_rec_allocator *item, uint64_t freed_before)
{
	uint64_t made = item->inherited + item->allocations;

	item->live_most = greatest(item->live_most, made, item->frees);
	item->live_bound = greatest(item->live_bound, made, freed_before);
}

void vmt_allocations_publish(struct vmt_state *state)
{
	uint64_t freed[VMT_ALLOCATORS_MAX];

	for (uint32_t i = 0; i < allocators.count; i++)
		freed[i] = allocators.item[i].frees;
	sum_up();
	for (uint32_t i = 0; i < allocators.count; i++) {
		/* Allocations that fail count as well, so that the counts are too high after that. */
		if (!state->counters.section[VMT_SECTION_FAILURES].used)
			note_most(&allocators.item[i], freed[i]);
		write_item(state, i);
	}
}

/* Returns the calls of malloc and calloc by this thread, as far as its own block tells. */
static uint64_t made_by_thread(void)
{
	const struct vmt_malloc_block *block = vmt_malloc_own ? vmt_malloc_own : &vmt_malloc_shared;

	return block->count[VMT_MALLOC].calls + block->count[VMT_CALLOC].calls;
}

bool vmt_allocations_is_free(const struct vmt_done *done, const struct vmt_walk *stack)
{
	const struct vmt_malloc_freed *last;

	if (!vmt_malloc_own || !stack->count ||
	    (done->call != VMT_CALL_MUNMAP && done->call != VMT_CALL_MPROTECT &&
	     done->call != VMT_CALL_MADVISE && done->call != VMT_CALL_MMAP))
		return false;
	last = &vmt_malloc_own->count[VMT_FREE].last;
	return last->caller == (uint32_t)stack->pc[0] &&
	       (uint32_t)(last->pointer - (uint32_t)done->args[0]) < (uint64_t)done->args[1];
}

VMT_HOT void vmt_allocations_tick(struct vmt_state *state, uint64_t time)
{
	uint64_t mine;

	if (!allocators.count || !state->recording.base)
		return;
	mine = made_by_thread();
	if (VMT_LIKELY(time == allocators.published && mine < allocators.due))
		return;
	vmt_allocations_publish(state);
	allocators.published = time;
	allocators.due = mine + allocators.item[0].allocations / BEHIND + 1;
}

void vmt_allocations_start_child(struct vmt_state *state)
{
	if (!state->recording.base) { /* nobody reads the counts */
		vmt_malloc_start_child();
		return;
	}
	if (allocators.count)
		sum_up();
	for (uint32_t i = 0; i < allocators.count; i++) {
		struct vmt_rec_allocator *item = &allocators.item[i];

		item->inherited += item->allocations - item->frees;
		item->frees = item->live_most = item->live_bound = 0;
	}
	vmt_malloc_start_child();
	allocators.due = 0;
	vmt_allocations_publish(state);
}
