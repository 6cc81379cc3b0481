/* SPDX-License-Identifier: MIT */
/* Reserved memory is only touched once it is used. See memory.h. */
#include "own/memory.h"

#include <fcntl.h>
#include <linux/errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "core/base/scan.h"
#include "malloc/malloc.h"
#include "os/fd.h"
#include "os/signals.h"
#include "os/sys.h"
#include "os/valgrind.h"
#include "patch/gate.h"
#include "safety/own_stack.h"
#include "unwind/unwind_modules.h"

#define SPARE_STACK       (UINT64_C(128) * 1024)
#define LAST_STACK        (UINT64_C(64) * 1024)
#define SPARE_ENVIRONMENT (UINT64_C(64) * 1024)
#define UNWIND_CACHE      (UINT64_C(3072) * 1024)
#define SITE_COST         UINT64_C(1400) /* bytes of a site: record, frames, raw addresses, index */
/* bytes of a map: record, index, and its part of an outcome of all maps */
#define MAP_COST    UINT64_C(500)
#define FLOOR       (UINT64_C(8) * 1024 * 1024)
#define FIRST_BLOCK (UINT64_C(1024) * 1024)

/* Sizes for when addresses are scarce. */
#define SMALL_BLOCK (UINT64_C(192) * 1024)
#define SMALL_CACHE (UINT64_C(128) * 1024)
#define SMALL_MAPS  16384u
#define SMALL_SITES 2000u
#define SMALL_SHARE 16u /* the library takes at most this part of the free addresses */

extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

/* The hole above a range of ours, up to the next range of ours; empty above the last one. */
static struct vmt_range gap_above(const struct vmt_state *state, uint64_t end)
{
	struct vmt_range gap = { end, UINT64_MAX };

	for (unsigned i = 0; i < state->own.count; i++)
		if (state->own.range[i].start >= end && state->own.range[i].start < gap.end)
			gap.end = state->own.range[i].start;
	return gap.end == UINT64_MAX ? (struct vmt_range){ end, end } : gap;
}

static void find_bounds(struct vmt_state *state)
{
	struct vmt_range bounds = { UINT64_MAX, 0 };
	struct vmt_range largest = { 0, 0 };

	for (unsigned i = 0; i < state->own.count; i++) {
		const struct vmt_range *own = &state->own.range[i];
		struct vmt_range gap = gap_above(state, own->end);

		if (own->start < bounds.start)
			bounds.start = own->start;
		if (own->end > bounds.end)
			bounds.end = own->end;
		if (gap.end - gap.start > largest.end - largest.start)
			largest = gap;
	}
	state->own_hull.bounds = bounds;
	state->own_hull.gap = largest;
}

void vmt_memory_own(struct vmt_state *state, const void *start, size_t size)
{
	uint64_t addr = (uint64_t)(uintptr_t)start;

	if (state->own.count == VMT_OWN_MAX)
		return;
	state->own.range[state->own.count++] =
		(struct vmt_range){ vmt_page_down(addr), vmt_page_up(addr + size) };
	find_bounds(state);
	if (state->own.has_race_checker)
		vmt_valgrind_ignore(addr, size);
}

void vmt_memory_ignore_races(struct vmt_state *state)
{
	state->own.has_race_checker = true;
	for (unsigned i = 0; i < state->own.count; i++) {
		const struct vmt_range own = state->own.range[i];

		vmt_valgrind_ignore(own.start, own.end - own.start);
	}
}

void vmt_memory_disown(struct vmt_state *state, const void *start)
{
	for (unsigned i = 0; i < state->own.count; i++) {
		const struct vmt_range own = state->own.range[i];

		if (own.start != (uint64_t)(uintptr_t)start)
			continue;
		if (state->own.has_race_checker)
			vmt_valgrind_check(own.start, own.end - own.start);
		state->own.range[i] = state->own.range[--state->own.count];
	}
}

void vmt_memory_drop(struct vmt_state *state, void *start, size_t size)
{
	struct vmt_map *map = vmt_space_at(&state->space, (uint64_t)(uintptr_t)start);

	vmt_sys2(SYS_munmap, start, size);
	vmt_memory_disown(state, start);
	if (map && (map->vma.flags & VMT_MAP_OWN))
		vmt_space_remove(&state->space, map);
}

/* Open a file of zeroes: where there is no /dev/zero, as in a chroot, one of this size. */
static long open_zeroes(size_t size)
{
	long fd = vmt_sys4(SYS_openat, AT_FDCWD, "/dev/zero", O_RDONLY | O_CLOEXEC, 0);

	if (!vmt_sys_failed(fd))
		return fd;
	fd = vmt_sys2(SYS_memfd_create, "vmatrace", MFD_CLOEXEC);
	if (!vmt_sys_failed(fd) && !vmt_sys_failed(vmt_sys2(SYS_ftruncate, fd, size)))
		return fd;
	if (!vmt_sys_failed(fd))
		vmt_sys1(SYS_close, fd);
	return -ENOENT;
}

/* Protections are always these, as ld.so asks for them as well, and a filter might look. */
static long map_at(void *at, size_t size, int flags, long fd)
{
	return vmt_filter_own6(SYS_mmap, (long)at, (long)size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_NORESERVE | flags, fd, 0);
}

void *vmt_memory_map(size_t size)
{
	const struct vmt_signals signals = vmt_signals_hold();
	long fd = open_zeroes(size);
	long ret = -ENOENT;

	if (fd >= 0) {
		ret = map_at(NULL, size, 0, fd);
		vmt_sys1(SYS_close, fd);
	}
	vmt_signals_release(&signals);
	return vmt_sys_failed(ret) ? NULL : (void *)ret;
}

/*
 * Private memory that is writable counts as data (RLIMIT_DATA), unless it may grow down like a stack
 * (is_data_mapping() in the kernel). This does not grow, since the page below is taken, and merges
 * with nothing, since the pages on both sides are a file's.
 */
static unsigned char *map_between(size_t size, long fd)
{
	const size_t total = size + 2 * VMT_PAGE_SIZE;
	long start = map_at(NULL, total, MAP_ANONYMOUS | MAP_GROWSDOWN, -1);
	unsigned char *at = (void *)start;

	if (vmt_sys_failed(start))
		return NULL;
	if (!vmt_sys_failed(map_at(at, VMT_PAGE_SIZE, MAP_FIXED, fd)) &&
	    !vmt_sys_failed(map_at(at + VMT_PAGE_SIZE + size, VMT_PAGE_SIZE, MAP_FIXED, fd)))
		return at + VMT_PAGE_SIZE;
	vmt_sys2(SYS_munmap, start, total);
	return NULL;
}

static unsigned char *map_apart(size_t size)
{
	const struct vmt_signals signals = vmt_signals_hold();
	long fd = open_zeroes(VMT_PAGE_SIZE);
	unsigned char *start = fd >= 0 ? map_between(size, fd) : NULL;

	if (fd >= 0)
		vmt_sys1(SYS_close, fd);
	vmt_signals_release(&signals);
	return start;
}

static unsigned char *next_part(unsigned char **at, size_t size)
{
	unsigned char *piece = *at;

	*at += vmt_page_up(size);
	return piece;
}

/* Returns a field of /proc/self/statm in bytes; 0 if it is not known. */
static uint64_t used(const char *statm, unsigned field)
{
	return vmt_scan_field(statm, __builtin_strlen(statm), field) * VMT_PAGE_SIZE;
}

/* Returns how much of a limit is left; UINT64_MAX without a limit, or if it is not known. */
static uint64_t left_of(int resource, const char *statm, unsigned field)
{
	struct rlimit limit;

	if (vmt_sys_failed(vmt_sys4(SYS_prlimit64, 0, resource, 0, &limit)) ||
	    limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return limit.rlim_cur > used(statm, field) ? limit.rlim_cur - used(statm, field) : 0;
}

/* Returns how much of a limit is left; field: the one of /proc/self/statm that counts for it. */
static uint64_t limit_left(int resource, unsigned field)
{
	char statm[100] = "";

	vmt_fd_read_file("/proc/self/statm", statm, sizeof(statm) - 1);
	return left_of(resource, statm, field);
}

static uint64_t addresses_left(void)
{
	return limit_left(RLIMIT_AS, 0);
}

/* Map memory, and note that it is ours; as data only where it has to be, and there is plenty. */
static void *map_own(size_t size, struct vmt_range *ret_own)
{
	unsigned char *start = map_apart(size);
	size_t beside = start ? VMT_PAGE_SIZE : 0;

	if (!start && size <= limit_left(RLIMIT_DATA, 5) / 2)
		start = vmt_memory_map(size);
	*ret_own = (struct vmt_range){ (uint64_t)(uintptr_t)start - beside,
				       (uint64_t)(uintptr_t)start + size + beside };
	return start;
}

static void own_range(struct vmt_state *state, struct vmt_range own)
{
	vmt_memory_own(state, (const void *)(uintptr_t)own.start, own.end - own.start);
}

void *vmt_memory_block(struct vmt_state *state, size_t least, size_t *size)
{
	const uint64_t share = addresses_left() / SMALL_SHARE / VMT_PAGE_SIZE * VMT_PAGE_SIZE;
	size_t wanted = *size < state->own.left ? *size : state->own.left;
	struct vmt_range own;
	void *block = NULL;

	if (wanted > share)
		wanted = share;
	if (wanted > least && wanted >= SMALL_BLOCK && state->own.count < VMT_OWN_MAX)
		block = map_own(vmt_page_up(wanted), &own);
	if (!block)
		return NULL;
	own_range(state, own);
	state->own.left -= wanted;
	*size = wanted;
	return block;
}

/* How large the library's parts are at the start. */
struct sizes {
	size_t sites;
	size_t maps;
	size_t slots;
	size_t cache;
	size_t total;
};

#define MODULES_SIZE (VMT_MODULES_MAX * sizeof(struct vmt_rec_module))
#define BLOCKS_SIZE  (VMT_MALLOC_BLOCKS * sizeof(struct vmt_malloc_block))

static struct sizes sizes_of(const struct vmt_options *options, size_t block, size_t cache)
{
	struct sizes sizes = {
		.sites = vmt_page_up(block + options->max_sites * sizeof(struct vmt_site *)),
		.maps = block,
		.slots = vmt_page_up(options->max_maps * sizeof(uint32_t)),
		.cache = cache,
	};

	sizes.total = vmt_page_up(sizeof(struct vmt_state)) + sizes.sites + sizes.maps +
		      sizes.slots + vmt_page_up(MODULES_SIZE) + vmt_page_up(BLOCKS_SIZE) +
		      SPARE_STACK + sizes.cache + vmt_page_up(VMT_UNWIND_MODULES_SIZE) +
		      SPARE_ENVIRONMENT + LAST_STACK + VMT_PAGE_SIZE +
		      VMT_OWN_STACKS * VMT_OWN_STACK_SIZE;
	return sizes;
}

static struct sizes choose_sizes(struct vmt_options *options)
{
	struct sizes sizes = sizes_of(options, FIRST_BLOCK, UNWIND_CACHE);

	if (sizes.total <= addresses_left() / SMALL_SHARE)
		return sizes;
	if (options->max_maps > SMALL_MAPS)
		options->max_maps = SMALL_MAPS;
	if (options->max_sites > SMALL_SITES)
		options->max_sites = SMALL_SITES;
	return sizes_of(options, SMALL_BLOCK, SMALL_CACHE);
}

static void cut_up(struct vmt_state *state, unsigned char *at, const struct sizes *sizes)
{
	vmt_arena_init(&state->arena, next_part(&at, sizes->sites), sizes->sites);
	vmt_arena_extend_late(&state->arena); /* call sites come one by one */
	state->own.space_block = next_part(&at, sizes->maps);
	state->own.space_block_size = sizes->maps;
	state->recording.free_slots = (void *)next_part(&at, sizes->slots);
	state->modules.item = (void *)next_part(&at, MODULES_SIZE);
	state->malloc_blocks = (void *)next_part(&at, BLOCKS_SIZE);
	vmt_unwind_set_cache(next_part(&at, sizes->cache), sizes->cache);
	vmt_unwind_modules_set(next_part(&at, VMT_UNWIND_MODULES_SIZE));
	state->reporting.environment = (void *)next_part(&at, SPARE_ENVIRONMENT);
	state->own.alive_page = (void *)next_part(&at, VMT_PAGE_SIZE);
	/* this also separates alive_page from the edge */
	state->reporting.stack = next_part(&at, SPARE_STACK);
	state->reporting.stack_size = SPARE_STACK;
	vmt_gate_last_stack = (uint64_t)(uintptr_t)next_part(&at, LAST_STACK) + LAST_STACK;
	state->reporting.environment_size = SPARE_ENVIRONMENT;
	vmt_own_stack_open(state, next_part(&at, VMT_OWN_STACKS * VMT_OWN_STACK_SIZE));
}

struct vmt_state *vmt_memory_make(const struct vmt_options *options)
{
	struct vmt_options chosen = *options;
	const struct sizes sizes = choose_sizes(&chosen);
	bool is_much = sizes.total > addresses_left() / 2;
	struct vmt_range own;
	unsigned char *base = is_much ? NULL : map_own(sizes.total, &own);
	unsigned char *at = base;
	struct vmt_state *state;

	if (!base)
		return NULL;
	state = (void *)next_part(&at, sizeof(*state));
	state->options = chosen;
	cut_up(state, at, &sizes);
	state->own.left = 2 * FLOOR + chosen.max_sites * SITE_COST + chosen.max_maps * MAP_COST;
	own_range(state, own);
	vmt_memory_own(state, __ehdr_start, (size_t)(_end - __ehdr_start));
	return state;
}

/*
 * Only anonymous memory can be wiped (mm/madvise.c), and a page of the program with the same advice
 * would merge with ours. So the page lies in the middle of our own memory.
 */
int vmt_memory_make_alive(struct vmt_state *state)
{
	struct vmt_alive_page *page = state->own.alive_page;
	long ret =
		vmt_filter_own6(SYS_mmap, (long)page, (long)VMT_PAGE_SIZE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (vmt_sys_failed(ret))
		return (int)ret;
	ret = vmt_sys3(SYS_madvise, page, VMT_PAGE_SIZE, MADV_WIPEONFORK);
	/* a filter refuses it: a fork child will be recognised by its pid, at its end */
	if (ret == -EPERM)
		return 0;
	if (vmt_sys_failed(ret))
		return (int)ret;
	vmt_gate_last_owner = &page->last_owner;
	vmt_alive = &page->alive;
	*vmt_alive = VMT_ALIVE;
	return 0;
}
