/* SPDX-License-Identifier: MIT */
/* Reading memory of the process that may not be there, or may go away at any moment. */
#ifndef VMT_PEEK_H
#define VMT_PEEK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "os/sys.h"

/*
 * Copy size bytes from addr; pid is the process's own. Returns how many were copied, or -errno as
 * process_vm_readv(2): -EFAULT if there is nothing at addr, -EPERM where a filter forbids the call.
 */
static inline long vmt_peek(long pid, uint64_t addr, void *buffer, size_t size)
{
	const struct iovec here = { buffer, size };
	const struct iovec there = { (void *)(uintptr_t)addr, size };

	return vmt_filter_own6(SYS_process_vm_readv, pid, (long)&here, 1, (long)&there, 1, 0);
}

#endif
