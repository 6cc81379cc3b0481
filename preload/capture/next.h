/* SPDX-License-Identifier: MIT */
/*
 * The definitions behind the exported wrappers: libc's, or another interposer's. All are NULL until
 * the constructor has resolved them; until then a wrapper makes the system call itself.
 */
#ifndef VMT_NEXT_H
#define VMT_NEXT_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct vmt_next {
	long (*syscall)(long nr, ...); /* has to be first: entries.S jumps through it */
	void *(*mmap)(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
	void *(*mmap64)(void *addr, size_t len, int prot, int flags, int fd, off64_t offset);
	int (*munmap)(void *addr, size_t len);
	int (*mprotect)(void *addr, size_t len, int prot);
	int (*pkey_mprotect)(void *addr, size_t len, int prot, int pkey);
	void *(*mremap)(void *addr, size_t old_len, size_t new_len, int flags, ...);
	int (*remap_file_pages)(void *addr, size_t len, int prot, size_t pgoff, int flags);
	int (*madvise)(void *addr, size_t len, int advice);
	int (*posix_madvise)(void *addr, size_t len, int advice);
	ssize_t (*process_madvise)(int pidfd, const struct iovec *ranges, size_t count, int advice,
				   unsigned int flags);
	int (*mlock)(const void *addr, size_t len);
	int (*mlock2)(const void *addr, size_t len, unsigned int flags);
	int (*munlock)(const void *addr, size_t len);
	int (*mlockall)(int flags);
	int (*munlockall)(void);
	void *(*shmat)(int id, const void *addr, int flags);
	int (*shmdt)(const void *addr);
	int (*prctl)(int op, ...);
	int (*ioctl)(int fd, unsigned long request, ...);
	int (*close)(int fd);
	int (*personality)(unsigned long persona);
	void (*exit)(int status); /* _exit */
	void (*leave)(int status); /* exit; only its address is used */
	int (*fclose)(void *stream);
	void **error_stream; /* the variable stderr of stdio */
	int (*chroot)(const char *path);
	int (*setuid)(uid_t user);
	int (*seteuid)(uid_t user);
	int (*setreuid)(uid_t real, uid_t effective);
	int (*setresuid)(uid_t real, uid_t effective, uid_t saved);
	int (*mallopt)(int parameter, int value);
};

extern struct vmt_next vmt_next;

/* Look all of them up, without dlsym. The constructor calls this once. */
void vmt_next_resolve(void);

#endif
