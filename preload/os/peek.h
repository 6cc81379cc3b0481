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

#define VMT_PEEK_WORDS 8u

/*
 * Copy count words, VMT_PEEK_WORDS at most, each from its own address, by one system call. Returns
 * how many were copied: it ends at the first that is not there.
 */
static inline unsigned vmt_peek_words(long pid, const uint64_t *addr, uint64_t *words,
				      unsigned count)
{
	struct iovec here = { words, count * sizeof(*words) };
	struct iovec there[VMT_PEEK_WORDS];
	long n;

	for (unsigned i = 0; i < count; i++)
		there[i] = (struct iovec){ (void *)(uintptr_t)addr[i], sizeof(*words) };
	n = vmt_filter_own6(SYS_process_vm_readv, pid, (long)&here, 1, (long)there, count, 0);
	return n > 0 ? (unsigned)((size_t)n / sizeof(*words)) : 0;
}

#endif
