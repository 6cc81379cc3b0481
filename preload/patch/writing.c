/* SPDX-License-Identifier: MIT */
/*
 * The second way makes a whole map writable at once, since the kernel would not merge a written
 * part with an unwritten part again. Afterwards the map must become executable again, which SELinux
 * (execmod), PR_SET_MDWE and filters may forbid. So this is first tried on a page of the same file.
 * See writing.h.
 */
#include "patch/writing.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "os/shim.h"
#include "os/sys.h"
#include "patch/code.h"
#include "patch/gate.h"

#define TEXT     (PROT_READ | PROT_EXEC)
#define WRITABLE (PROT_READ | PROT_WRITE)
#define TRIES    3 /* of making text executable again, which succeeded on the page that was tried */

static VMT_DATA int mem_error = 0;

/* Write a byte of our own text, unchanged. */
static int try_mem(void)
{
	int mem = vmt_code_open();
	long ret;

	if (mem < 0)
		return mem;
	ret = vmt_sys4(SYS_pwrite64, mem, vmt_gate_stubs, 1, vmt_gate_stubs);
	vmt_sys1(SYS_close, mem);
	return ret == 1 ? 0 : -EACCES;
}

void vmt_writing_choose(bool by_mprotect)
{
	mem_error = by_mprotect ? -EACCES : try_mem();
}

int vmt_writing_mem_error(void)
{
	return mem_error;
}

static bool may_execute_again(int file)
{
	long page = vmt_filter_own6(SYS_mmap, 0, VMT_PAGE_SIZE, TEXT, MAP_PRIVATE, file, 0);
	bool ok;

	if (vmt_sys_failed(page))
		return false;
	ok = !vmt_sys_failed(vmt_sys3(SYS_mprotect, page, VMT_PAGE_SIZE, WRITABLE));
	if (ok) {
		volatile uint8_t *byte = (volatile uint8_t *)page;

		*byte = *byte;
		ok = !vmt_sys_failed(vmt_sys3(SYS_mprotect, page, VMT_PAGE_SIZE, TEXT));
	}
	vmt_sys2(SYS_munmap, page, VMT_PAGE_SIZE);
	return ok;
}

int vmt_writing_begin(struct vmt_writing *writing, struct vmt_range map, int file)
{
	long ret;

	*writing = (struct vmt_writing){ -1, { 0, 0 } };
	if (!mem_error) {
		writing->mem = vmt_code_open();
		return writing->mem < 0 ? writing->mem : 0;
	}
	if (file < 0 || !may_execute_again(file))
		return -EACCES;
	ret = vmt_sys3(SYS_mprotect, map.start, map.end - map.start, WRITABLE);
	if (vmt_sys_failed(ret))
		return (int)ret;
	writing->map = map;
	return 0;
}

int vmt_writing_jump(const struct vmt_writing *writing, uint64_t addr, uint64_t target)
{
	uint8_t code[VMT_CODE_JUMP_SIZE];

	if (writing->mem >= 0)
		return vmt_code_write_jump(writing->mem, addr, target);
	if (!vmt_range_has(writing->map, addr))
		return -EFAULT;
	if (!vmt_code_make_jump(addr, target, code))
		return -ERANGE;
	__builtin_memcpy((void *)addr, code, sizeof(code));
	return 0;
}

int vmt_writing_apart(const struct vmt_writing *writing, uint64_t addr, const uint8_t *code,
		      size_t size)
{
	uint64_t page = vmt_page_down(addr);
	long ret;

	if (writing->mem >= 0)
		return vmt_code_write(writing->mem, addr, code, size);
	ret = vmt_sys3(SYS_mprotect, page, VMT_PAGE_SIZE, WRITABLE);
	if (vmt_sys_failed(ret))
		return (int)ret;
	__builtin_memcpy((void *)addr, code, size);
	return (int)vmt_sys6(SYS_mprotect, (long)page, (long)VMT_PAGE_SIZE, TEXT, 0, 0, 0);
}

void vmt_writing_end(struct vmt_writing *writing)
{
	const struct vmt_range map = writing->map;

	if (writing->mem >= 0)
		vmt_sys1(SYS_close, writing->mem);
	for (int i = 0; i < TRIES && map.end; i++)
		if (!vmt_sys_failed(vmt_sys6(SYS_mprotect, (long)map.start,
					     (long)(map.end - map.start), TEXT, 0, 0, 0)))
			break;
	*writing = (struct vmt_writing){ -1, { 0, 0 } };
}
