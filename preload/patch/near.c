/* SPDX-License-Identifier: MIT */
/*
 * There is one such page, for one module: the main program. All other modules are within reach. The
 * page is mapped from this library's file, so that no memory is ever writable and executable. See
 * near.h.
 */
#include "patch/near.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "os/elf.h"
#include "os/shim.h"
#include "os/sys.h"
#include "patch/code.h"

#define LEAP_SIZE 16u
#define STEP      (UINT64_C(1) << 20)
#define TRIES     64u

static VMT_DATA const char *own_file = NULL;
static VMT_DATA uint64_t page = 0;
static VMT_DATA unsigned used = 0;
static VMT_DATA uint64_t targets[VMT_PAGE_SIZE / LEAP_SIZE] = { 0 };

static uint64_t map_at(int fd, uint64_t addr)
{
	long ret = vmt_filter_own6(SYS_mmap, (long)addr, (long)VMT_PAGE_SIZE, PROT_READ | PROT_EXEC,
				   MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, 0);

	/* A kernel before 4.17 treats the address as a hint. */
	if (!vmt_sys_failed(ret) && (uint64_t)ret != addr)
		vmt_sys2(SYS_munmap, ret, VMT_PAGE_SIZE);
	return (uint64_t)ret == addr ? addr : 0;
}

/* Below the program, since its heap grows above it. */
static void make_page(uint64_t addr)
{
	uint64_t at = addr & ~(STEP - 1);
	long fd = vmt_sys4(SYS_openat, AT_FDCWD, own_file, O_RDONLY | O_CLOEXEC, 0);

	if (vmt_sys_failed(fd))
		return;
	for (unsigned i = 0; i < TRIES && !page && at > STEP; i++) {
		at -= STEP;
		page = map_at((int)fd, at);
	}
	vmt_sys1(SYS_close, fd);
}

/* Returns an address within reach of addr that leads on to target, or 0. */
static uint64_t find_leap(const struct vmt_writing *writing, uint64_t addr, uint64_t target)
{
	uint8_t code[VMT_CODE_LEAP_SIZE];
	uint64_t leap;

	if (!page)
		make_page(addr);
	if (!page)
		return 0;
	for (unsigned i = 0; i < used; i++)
		if (targets[i] == target)
			return page + i * LEAP_SIZE;
	leap = page + used * LEAP_SIZE;
	vmt_code_make_leap(target, code);
	if (used == VMT_COUNT(targets) || vmt_writing_apart(writing, leap, code, sizeof(code)))
		return 0;
	targets[used++] = target;
	return leap;
}

static int find_own_file(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size, (void)unused;
	if (!vmt_elf_has(info, (uint64_t)(uintptr_t)find_own_file))
		return 0;
	own_file = info->dlpi_name;
	return 1;
}

void vmt_near_open(void)
{
	vmt_elf_each(find_own_file, NULL);
}

struct vmt_range vmt_near_close(void)
{
	own_file = NULL;
	return (struct vmt_range){ page, page ? page + VMT_PAGE_SIZE : 0 };
}

int vmt_near_lead(const struct vmt_writing *writing, uint64_t addr, uint64_t target)
{
	int ret = vmt_writing_jump(writing, addr, target);
	uint64_t leap;

	if (ret != -ERANGE || !own_file)
		return ret;
	leap = find_leap(writing, addr, target);
	return leap ? vmt_writing_jump(writing, addr, leap) : ret;
}
