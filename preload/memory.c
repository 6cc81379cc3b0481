/* SPDX-License-Identifier: MIT */
/*
 * See memory.h. Everything is reserved at once and only touched when used.
 */
#include "memory.h"

#include <fcntl.h>
#include <linux/errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "capture/malloc.h"
#include "sys.h"

#define SPARE_STACK  (UINT64_C(128) * 1024)
#define SPARE_ENVIRONMENT (UINT64_C(64) * 1024)
#define UNWIND_CACHE (UINT64_C(3072) * 1024)
#define SITE_COST    UINT64_C(1400)	/* record, frames, raw addresses, index */
#define MAP_COST     UINT64_C(500)	/* record, index, and a sketch of all maps */
#define FLOOR	     (UINT64_C(8) * 1024 * 1024)

extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

void vmt_memory_own(struct vmt_state *state, const void *start, size_t size)
{
	uint64_t addr = (uint64_t)(uintptr_t)start;

	if (state->own_count < VMT_OWN_MAX)
		state->own[state->own_count++] = (struct vmt_range){ vmt_page_down(addr),
								     vmt_page_up(addr + size) };
}

void vmt_memory_disown(struct vmt_state *state, const void *start)
{
	for (unsigned i = 0; i < state->own_count; i++)
		if (state->own[i].start == (uint64_t)(uintptr_t)start)
			state->own[i] = state->own[--state->own_count];
}

static void *map_zero(size_t size)
{
	long fd = vmt_sys4(SYS_openat, AT_FDCWD, "/dev/zero", O_RDWR | O_CLOEXEC, 0);
	long ret;

	if (vmt_sys_failed(fd)) {	/* a chroot without it */
		fd = vmt_sys2(SYS_memfd_create, "vmatrace", MFD_CLOEXEC);
		if (vmt_sys_failed(fd) || vmt_sys_failed(vmt_sys2(SYS_ftruncate, fd, size)))
			return NULL;
	}
	ret = vmt_sys6(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_NORESERVE, fd, 0);
	vmt_sys1(SYS_close, fd);
	return vmt_sys_failed(ret) ? NULL : (void *)ret;
}

static unsigned char *carve(unsigned char **at, size_t size)
{
	unsigned char *piece = *at;

	*at += vmt_page_up(size);
	return piece;
}

struct vmt_state *vmt_memory_make(const struct vmt_options *options)
{
	size_t sites = FLOOR + options->max_sites * SITE_COST;
	size_t maps = FLOOR + options->max_maps * MAP_COST;
	size_t slots = options->max_maps * sizeof(uint32_t);
	size_t modules = VMT_MODULES_MAX * sizeof(struct vmt_module);
	size_t blocks = VMT_MALLOC_BLOCKS * sizeof(struct vmt_malloc_block);
	size_t total = vmt_page_up(sizeof(struct vmt_state)) + vmt_page_up(sites) +
		       vmt_page_up(maps) + vmt_page_up(slots) + vmt_page_up(modules) + vmt_page_up(blocks) +
		       SPARE_STACK + UNWIND_CACHE + SPARE_ENVIRONMENT + VMT_PAGE_SIZE;
	unsigned char *base = map_zero(total);
	unsigned char *at = base;
	struct vmt_state *state;

	if (!base)
		return NULL;
	state = (void *)carve(&at, sizeof(*state));
	state->options = *options;
	vmt_arena_init(&state->arena, carve(&at, sites), sites);
	state->space_memory = carve(&at, maps);
	state->space_memory_size = maps;
	state->recording.free_slots = (void *)carve(&at, slots);
	state->modules = (void *)carve(&at, modules);
	state->malloc_blocks = (void *)carve(&at, blocks);
	vmt_unwind_set_cache(carve(&at, UNWIND_CACHE), UNWIND_CACHE);
	state->spare_environment = (void *)carve(&at, SPARE_ENVIRONMENT);
	state->alive_page = carve(&at, VMT_PAGE_SIZE);
	state->spare_stack = carve(&at, SPARE_STACK);	/* also keeps alive_page from the edge */
	state->spare_stack_size = SPARE_STACK;
	state->spare_environment_size = SPARE_ENVIRONMENT;
	vmt_memory_own(state, base, total);
	vmt_memory_own(state, __ehdr_start, (size_t)(_end - __ehdr_start));
	return state;
}

/*
 * Only anonymous memory can be wiped (mm/madvise.c), and a program's page with the same advice
 * would merge with it: so it lies in the middle of our own memory.
 */
int vmt_memory_make_alive(struct vmt_state *state)
{
	long ret = vmt_sys6(SYS_mmap, (long)state->alive_page, (long)VMT_PAGE_SIZE,
			    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (vmt_sys_failed(ret))
		return (int)ret;
	ret = vmt_sys3(SYS_madvise, state->alive_page, VMT_PAGE_SIZE, MADV_WIPEONFORK);
	if (vmt_sys_failed(ret))
		return (int)ret;
	vmt_alive = state->alive_page;
	*vmt_alive = VMT_ALIVE;
	return 0;
}
