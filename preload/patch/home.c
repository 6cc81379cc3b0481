/* SPDX-License-Identifier: MIT */
/*
 * errno belongs to the program, so it is read only where libc has just set it, and restored. See
 * home.h.
 */
#include "patch/home.h"

#include <errno.h>

#include "os/elf.h"
#include "os/sys.h"
#include "patch/code.h"
#include "patch/gate.h"

void vmt_home_find(const struct dl_phdr_info *libc)
{
	struct vmt_elf elf;
	uint64_t entry = vmt_elf_open(libc, &elf) ? vmt_elf_find(&elf, "syscall") : 0;

	vmt_gate_libc_syscall = entry ? vmt_code_find_syscall(entry) : 0;
}

void vmt_home_step_aside(void)
{
	__atomic_store_n(&vmt_gate_is_aside, 1, __ATOMIC_SEQ_CST);
}

bool vmt_home_is_aside(void)
{
	return __atomic_load_n(&vmt_gate_is_aside, __ATOMIC_RELAXED) != 0;
}

long vmt_home_call(long nr, const long args[6])
{
	int saved = errno;
	long ret;

	if (!vmt_gate_libc_syscall)
		return vmt_sys6(nr, args[0], args[1], args[2], args[3], args[4], args[5]);
	ret = vmt_gate_call_libc_syscall(nr, args);
	if (ret == -1)
		ret = -errno;
	errno = saved;
	return ret;
}
