/* SPDX-License-Identifier: MIT */
/*
 * Door 1: the memory calls that libc exports, in the order of "see also" in mmap(2). They must work
 * before the constructor has run, in any thread and signal handler, and must not recurse. brk and
 * sbrk are left to libc, which keeps the break in a variable of its own; they are seen through door
 * 2 only.
 */
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/uio.h>

#include "capture/wrap.h"

VMT_HOT VMT_EXPORT void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	if (USE_NEXT(mmap, SYS_mmap))
		return vmt_next.mmap(addr, len, prot, flags, fd, offset);
	return (void *)as_errno(call6(SYS_mmap, (long)addr, (long)len, prot, flags, fd, offset));
}

VMT_HOT VMT_EXPORT void *mmap64(void *addr, size_t len, int prot, int flags, int fd, off64_t offset)
{
	if (USE_NEXT(mmap64, SYS_mmap))
		return vmt_next.mmap64(addr, len, prot, flags, fd, offset);
	return (void *)as_errno(call6(SYS_mmap, (long)addr, (long)len, prot, flags, fd, offset));
}

VMT_HOT VMT_EXPORT int munmap(void *addr, size_t len)
{
	if (USE_NEXT(munmap, SYS_munmap))
		return vmt_next.munmap(addr, len);
	return (int)as_errno(call2(SYS_munmap, addr, len));
}

VMT_HOT VMT_EXPORT int mprotect(void *addr, size_t len, int prot)
{
	if (USE_NEXT(mprotect, SYS_mprotect))
		return vmt_next.mprotect(addr, len, prot);
	return (int)as_errno(call3(SYS_mprotect, addr, len, prot));
}

VMT_EXPORT int pkey_mprotect(void *addr, size_t len, int prot, int pkey)
{
	if (USE_NEXT(pkey_mprotect, SYS_pkey_mprotect))
		return vmt_next.pkey_mprotect(addr, len, prot, pkey);
	if (pkey == -1)
		return (int)as_errno(call3(SYS_mprotect, addr, len, prot));
	return (int)as_errno(call4(SYS_pkey_mprotect, addr, len, prot, pkey));
}

VMT_EXPORT void *mremap(void *addr, size_t old_len, size_t new_len, int flags, ...)
{
	void *new_addr = NULL;
	va_list list;

	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) {
		va_start(list, flags);
		new_addr = va_arg(list, void *);
		va_end(list);
	}
	if (USE_NEXT(mremap, SYS_mremap))
		return vmt_next.mremap(addr, old_len, new_len, flags, new_addr);
	return (void *)as_errno(call5(SYS_mremap, addr, old_len, new_len, flags, new_addr));
}

VMT_EXPORT int remap_file_pages(void *addr, size_t len, int prot, size_t pgoff, int flags)
{
	if (USE_NEXT(remap_file_pages, SYS_remap_file_pages))
		return vmt_next.remap_file_pages(addr, len, prot, pgoff, flags);
	return (int)as_errno(call5(SYS_remap_file_pages, addr, len, prot, pgoff, flags));
}

VMT_EXPORT int madvise(void *addr, size_t len, int advice)
{
	if (USE_NEXT(madvise, SYS_madvise))
		return vmt_next.madvise(addr, len, advice);
	return (int)as_errno(call3(SYS_madvise, addr, len, advice));
}

/* Returns the error instead of setting errno. MADV_DONTNEED does nothing, as in glibc. */
VMT_EXPORT int posix_madvise(void *addr, size_t len, int advice)
{
	if (USE_NEXT(posix_madvise, SYS_madvise))
		return vmt_next.posix_madvise(addr, len, advice);
	if (advice == POSIX_MADV_DONTNEED)
		return 0;
	return (int)-call3(SYS_madvise, addr, len, advice);
}

VMT_EXPORT ssize_t process_madvise(int pidfd, const struct iovec *ranges, size_t count, int advice,
				   unsigned int flags)
{
	if (USE_NEXT(process_madvise, SYS_process_madvise))
		return vmt_next.process_madvise(pidfd, ranges, count, advice, flags);
	return as_errno(call5(SYS_process_madvise, pidfd, ranges, count, advice, flags));
}

VMT_EXPORT int mlock(const void *addr, size_t len)
{
	if (USE_NEXT(mlock, SYS_mlock))
		return vmt_next.mlock(addr, len);
	return (int)as_errno(call2(SYS_mlock, addr, len));
}

VMT_EXPORT int mlock2(const void *addr, size_t len, unsigned int flags)
{
	if (USE_NEXT(mlock2, SYS_mlock2) && vmt_patch_catch(SYS_mlock))
		return vmt_next.mlock2(addr, len, flags);
	if (!flags)
		return (int)as_errno(call2(SYS_mlock, addr, len));
	return (int)as_errno(call3(SYS_mlock2, addr, len, flags));
}

VMT_EXPORT int munlock(const void *addr, size_t len)
{
	if (USE_NEXT(munlock, SYS_munlock))
		return vmt_next.munlock(addr, len);
	return (int)as_errno(call2(SYS_munlock, addr, len));
}

VMT_EXPORT int mlockall(int flags)
{
	if (USE_NEXT(mlockall, SYS_mlockall))
		return vmt_next.mlockall(flags);
	return (int)as_errno(call1(SYS_mlockall, flags));
}

VMT_EXPORT int munlockall(void)
{
	if (USE_NEXT(munlockall, SYS_munlockall))
		return vmt_next.munlockall();
	return (int)as_errno(call0(SYS_munlockall));
}

VMT_EXPORT void *shmat(int id, const void *addr, int flags)
{
	if (USE_NEXT(shmat, SYS_shmat))
		return vmt_next.shmat(id, addr, flags);
	return (void *)as_errno(call3(SYS_shmat, id, addr, flags));
}

VMT_EXPORT int shmdt(const void *addr)
{
	if (USE_NEXT(shmdt, SYS_shmdt))
		return vmt_next.shmdt(addr);
	return (int)as_errno(call1(SYS_shmdt, addr));
}
