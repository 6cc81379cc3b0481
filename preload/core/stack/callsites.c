/* SPDX-License-Identifier: MIT */
/*
 * Interning of stacks. A stack that was seen before takes one look-up by raw addresses; a new one
 * is resolved to modules and offsets first.
 */
#include "core/stack/callsites.h"

#include <linux/errno.h>

#define XXH_INLINE_ALL
#define XXH_VECTOR 0 /* scalar code only: the library must not touch vector registers */
#define XXH_NO_STDLIB
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <xxhash.h>
#pragma GCC diagnostic pop

/*
 * uthash uses the low bits, and stops growing for good when they are badly distributed. The low
 * bits of one multiplication are, for adjacent pages; so the high bits are folded in.
 */
inline unsigned vmt_callsites_key(uint64_t key)
{
	uint64_t mixed = (key >> 12) * UINT64_C(0x9e3779b97f4a7c15);

	mixed = (mixed ^ mixed >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (unsigned)(mixed ^ mixed >> 32);
}

struct vmt_raw_entry {
	uint64_t hash;
	uint32_t call;
	uint32_t count;
	uint64_t script;
	uint64_t *pc;
	struct vmt_site *site;
	struct vmt_raw_entry *next_same;
	UT_hash_handle hh;
};

struct frames_hash {
	uint64_t index;
	uint64_t check;
};

/* What the macros of uthash use. */
struct arena_holder {
	struct vmt_arena *arena;
};

static uint64_t hash_bytes(const void *bytes, size_t size, uint64_t seed)
{
	return XXH64(bytes, size, seed);
}

static struct vmt_site *new_site(struct vmt_callsites *sites, uint32_t call)
{
	struct vmt_site *site;

	if (sites->count == sites->room)
		return NULL;
	site = vmt_arena_alloc(sites->arena, sizeof(*site));
	if (!site)
		return NULL;
	*site = (struct vmt_site){ .id = sites->count,
				   .call = (uint16_t)call,
				   .frame_first = VMT_NO_INDEX };
	return site;
}

static void add_site(struct vmt_callsites *sites, struct vmt_site *site,
		     const struct vmt_rec_frame *frames)
{
	sites->by_id[sites->count] = site;
	/* a handler that jumps out here leaves no site that is counted but not there */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	sites->count++;
	sites->ops->added(sites->ops->context, site, frames);
}

int vmt_callsites_init(struct vmt_callsites *sites, struct vmt_arena *arena, uint32_t room,
		       const struct vmt_callsites_ops *ops)
{
	*sites = (struct vmt_callsites){ .arena = arena, .room = room, .ops = ops };
	sites->by_id = vmt_arena_alloc(arena, sizeof(struct vmt_site *) * room);
	if (!sites->by_id)
		return -ENOMEM;
	for (int i = 0; i < 2; i++) {
		struct vmt_site *site = new_site(sites, VMT_CALL_NONE);

		if (!site)
			return -ENOMEM;
		add_site(sites, site, NULL);
	}
	return 0;
}

static bool is_same_raw(const struct vmt_raw_entry *entry, const struct vmt_callsites_stack *stack)
{
	if (entry->call != stack->call || entry->count != stack->count ||
	    entry->script != stack->script)
		return false;
	for (uint32_t i = 0; i < stack->count; i++)
		if (entry->pc[i] != stack->pc[i])
			return false;
	return true;
}

static struct vmt_raw_entry *find_raw(struct vmt_callsites *sites, uint64_t hash,
				      const struct vmt_callsites_stack *stack)
{
	struct vmt_raw_entry *entry = NULL;

	HASH_FIND(hh, sites->by_raw, &hash, sizeof(hash), entry);
	while (entry && !is_same_raw(entry, stack))
		entry = entry->next_same;
	return entry;
}

static void remember_raw(struct vmt_callsites *sites, uint64_t hash,
			 const struct vmt_callsites_stack *stack, struct vmt_site *site)
{
	struct arena_holder *space = &(struct arena_holder){ sites->arena };
	struct vmt_raw_entry *head = NULL;
	struct vmt_raw_entry *entry = vmt_arena_alloc(sites->arena, sizeof(*entry));

	if (!entry)
		return;
	*entry = (struct vmt_raw_entry){
		.hash = hash,
		.call = stack->call,
		.count = stack->count,
		.script = stack->script,
		.site = site,
	};
	entry->pc = vmt_arena_alloc(sites->arena, sizeof(uint64_t) * stack->count);
	if (!entry->pc) {
		vmt_arena_free(sites->arena, entry, sizeof(*entry));
		return;
	}
	for (uint32_t i = 0; i < stack->count; i++)
		entry->pc[i] = stack->pc[i];
	HASH_FIND(hh, sites->by_raw, &hash, sizeof(hash), head);
	if (head) {
		entry->next_same = head->next_same;
		head->next_same = entry;
		return;
	}
	HASH_ADD(hh, sites->by_raw, hash, sizeof(entry->hash), entry);
	if (!entry->hh.tbl) {
		vmt_arena_free(sites->arena, entry->pc, sizeof(uint64_t) * stack->count);
		vmt_arena_free(sites->arena, entry, sizeof(*entry));
	}
}

/* A second seed makes a second hash: with 128 bits, different stacks are never taken for one. */
#define CHECK_SEED UINT64_C(0x766d6174726163)

static struct frames_hash hash_frames(const struct vmt_rec_frame *frames, uint32_t count,
				      uint32_t call)
{
	const size_t size = sizeof(*frames) * count;

	return (struct frames_hash){ hash_bytes(frames, size, call),
				     hash_bytes(frames, size, call ^ CHECK_SEED) };
}

/* A stack as it is recorded. */
struct recorded {
	struct vmt_rec_frame frame[VMT_FRAMES_MAX];
	uint32_t count;
	bool is_truncated;
};

static bool is_same_site(const struct vmt_site *site, const struct vmt_callsites_stack *stack,
			 uint32_t count, struct frames_hash hash)
{
	return site->call == stack->call && site->frame_count == count &&
	       site->frame_hash == hash.index && site->frame_check == hash.check;
}

bool vmt_callsites_is_stack(const struct vmt_site *site, const struct vmt_rec_frame *frames)
{
	struct frames_hash hash = hash_frames(frames, site->frame_count, site->call);

	return site->frame_hash == hash.index && site->frame_check == hash.check;
}

static struct vmt_site *find_site(struct vmt_callsites *sites, struct frames_hash hash,
				  const struct vmt_callsites_stack *stack, uint32_t count)
{
	struct vmt_site *site = NULL;

	HASH_FIND(hh, sites->by_frames, &hash.index, sizeof(hash.index), site);
	while (site && !is_same_site(site, stack, count, hash))
		site = site->next_same;
	return site;
}

static bool index_site(struct vmt_callsites *sites, struct vmt_site *site)
{
	struct arena_holder *space = &(struct arena_holder){ sites->arena };
	struct vmt_site *head = NULL;

	HASH_FIND(hh, sites->by_frames, &site->frame_hash, sizeof(site->frame_hash), head);
	if (head) {
		site->next_same = head->next_same;
		head->next_same = site;
		return true;
	}
	HASH_ADD(hh, sites->by_frames, frame_hash, sizeof(site->frame_hash), site);
	return site->hh.tbl != NULL;
}

static struct vmt_site *make_site(struct vmt_callsites *sites, struct frames_hash hash,
				  const struct vmt_callsites_stack *stack,
				  const struct recorded *recorded)
{
	struct vmt_site *site = new_site(sites, stack->call);

	if (!site)
		return NULL;
	site->flags = recorded->is_truncated ? VMT_SITE_TRUNCATED : 0;
	site->asked = stack->asked;
	site->frame_count = (uint16_t)recorded->count;
	site->frame_hash = hash.index;
	site->frame_check = hash.check;
	if (!index_site(sites, site)) {
		vmt_arena_free(sites->arena, site, sizeof(*site));
		return NULL;
	}
	add_site(sites, site, recorded->frame);
	return site;
}

/*
 * There is no room for more sites: all further calls of one kind share a site without a stack.
 * Every later call asks for this site, so it is found without a search.
 */
static bool make_lost_site(struct vmt_callsites *sites, uint32_t call, struct vmt_site **ret_site)
{
	struct vmt_site *site = sites->lost[call];

	if (!site) {
		site = new_site(sites, call);
		if (!site)
			return false;
		site->flags = VMT_SITE_LOST;
		add_site(sites, site, NULL);
		sites->lost[call] = site;
	}
	*ret_site = site;
	return true;
}

/* The last slots of the table are reserved for make_lost_site(): one for each system call. */
static bool is_nearly_full(const struct vmt_callsites *sites)
{
	return sites->room - sites->count <= VMT_CALL_COUNT;
}

/* Resolve the stack. A script's functions stand before the frame that runs them. */
static void record(const struct vmt_callsites *sites, const struct vmt_callsites_stack *stack,
		   struct recorded *ret)
{
	const struct vmt_callsites_ops *ops = sites->ops;

	ret->count = 0;
	ret->is_truncated = stack->is_truncated;
	for (uint32_t i = 0; i < stack->count; i++) {
		uint32_t room = VMT_FRAMES_MAX - ret->count;
		uint32_t more = 0;

		if (stack->script && ops->script_at)
			more = ops->script_at(ops->context, i, &ret->frame[ret->count], room);
		if (more >= room) {
			ret->count = VMT_FRAMES_MAX;
			ret->is_truncated = true;
			return;
		}
		ret->count += more;
		ret->frame[ret->count++] = ops->frame_of(ops->context, stack->pc[i]);
	}
}

/* Kept out of vmt_callsites_intern(), which most calls take: the frames need 1 KiB of stack. */
__attribute__((noinline)) static struct vmt_site *
intern_by_frames(struct vmt_callsites *sites, uint64_t raw_hash,
		 const struct vmt_callsites_stack *stack)
{
	struct recorded recorded;
	struct frames_hash hash;
	struct vmt_site *site;

	record(sites, stack, &recorded);
	hash = hash_frames(recorded.frame, recorded.count, stack->call);
	site = find_site(sites, hash, stack, recorded.count);
	if (!site && !is_nearly_full(sites))
		site = make_site(sites, hash, stack, &recorded);
	if (!site && !make_lost_site(sites, stack->call, &site))
		return sites->by_id[VMT_SITE_UNSEEN];
	if (!(site->flags & VMT_SITE_LOST))
		remember_raw(sites, raw_hash, stack, site);
	return site;
}

static uint64_t hash_raw(const struct vmt_callsites_stack *stack)
{
	uint64_t hash = stack->hash;

	for (uint32_t i = 0; !stack->hash && i < stack->count; i++)
		hash = vmt_pc_hash(hash, stack->pc[i]);
	hash = (hash + stack->call + stack->script) * VMT_STACK_HASH_SCALE;
	return hash ^ hash >> 32;
}

struct vmt_site *vmt_callsites_intern(struct vmt_callsites *sites,
				      const struct vmt_callsites_stack *stack)
{
	uint64_t hash = hash_raw(stack);
	struct vmt_raw_entry *entry = find_raw(sites, hash, stack);

	if (VMT_LIKELY(entry != NULL))
		return entry->site;
	return intern_by_frames(sites, hash, stack);
}

static void free_raw_chain(struct vmt_callsites *sites, struct vmt_raw_entry *entry)
{
	while (entry) {
		struct vmt_raw_entry *same = entry->next_same;

		vmt_arena_free(sites->arena, entry->pc, sizeof(uint64_t) * entry->count);
		vmt_arena_free(sites->arena, entry, sizeof(*entry));
		entry = same;
	}
}

/* A return address may lie at the very end, after a call that does not return. */
static bool leads_through(const struct vmt_raw_entry *entry, struct vmt_range gone)
{
	for (; entry; entry = entry->next_same)
		for (uint32_t i = 0; i < entry->count; i++)
			if (entry->pc[i] >= gone.start && entry->pc[i] <= gone.end)
				return true;
	return false;
}

void vmt_callsites_forget_addresses(struct vmt_callsites *sites, struct vmt_range gone)
{
	struct arena_holder *space = &(struct arena_holder){ sites->arena };
	struct vmt_raw_entry *entry = sites->by_raw;

	while (entry) {
		struct vmt_raw_entry *after = entry->hh.next;

		if (leads_through(entry, gone)) {
			HASH_DELETE(hh, sites->by_raw, entry);
			free_raw_chain(sites, entry);
		}
		entry = after;
	}
}

void vmt_callsites_reindex(struct vmt_callsites *sites)
{
	sites->by_raw = NULL;
	sites->by_frames = NULL;
	for (uint32_t id = VMT_SITE_FIRST; id < sites->count; id++) {
		struct vmt_site *site = sites->by_id[id];

		site->next_same = NULL;
		if (!(site->flags & VMT_SITE_LOST))
			index_site(sites, site);
	}
}
