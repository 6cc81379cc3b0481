/* SPDX-License-Identifier: MIT */
/*
 * Every wrapped function once with success and once with failure: prints
 * results and errno, which must be the same with and without the library.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul

extern int site_check(void);

/* Print the value if it is small or an error, otherwise only that there is one. */
static void show(const char *name, long ret)
{
	int error = errno;

	printf("%s %s%ld errno %d\n", name, ret > 4096 ? "address " : "", ret > 4096 ? 0 : ret,
	       error);
	errno = 77;
}

#define SHOW(call) show(#call, (long)(call))

static void modify(char *p)
{
	struct iovec range = { p, PAGE };

	SHOW(mprotect(p, PAGE, PROT_READ));
	SHOW(mprotect(p + 1, PAGE, PROT_READ));
	SHOW(pkey_mprotect(p, PAGE, PROT_READ | PROT_WRITE, -1));
	SHOW(pkey_mprotect(p, PAGE, PROT_READ | PROT_WRITE, 14));
	SHOW(madvise(p, PAGE, MADV_DONTFORK));
	SHOW(madvise(p, PAGE, 12345));
	SHOW(posix_madvise(p, PAGE, POSIX_MADV_RANDOM));
	SHOW(posix_madvise(p, PAGE, POSIX_MADV_DONTNEED));
	SHOW(posix_madvise(p + 1, PAGE, POSIX_MADV_RANDOM));
	SHOW(process_madvise(-1, &range, 1, MADV_COLD, 0));
	SHOW(mlock(p, PAGE));
	SHOW(mlock2(p, PAGE, 1));
	SHOW(mlock2(p, PAGE, 64));
	SHOW(mlock2(p, PAGE, 0));
	SHOW(munlock(p, PAGE));
	SHOW(munlock(p, ~0ul));
	SHOW(mlockall(0));
	SHOW(munlockall());
	SHOW(remap_file_pages(p, PAGE, 0, 0, 0));
}

static void move(void)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *q = mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
	char *to = mmap64(NULL, 16 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	SHOW(q);
	SHOW(mremap(q, 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to));
	SHOW(mremap(q + 1, PAGE, PAGE, 0));
	SHOW(munmap(to, 16 * PAGE));
	SHOW(munmap(to + 1, PAGE));
}

static void share(void)
{
	int id = shmget(IPC_PRIVATE, PAGE, 0600);
	void *p = shmat(id, NULL, 0);

	SHOW(p);
	SHOW(shmdt(p));
	SHOW(shmdt(p));
	SHOW(shmat(-1, NULL, 0));
	shmctl(id, IPC_RMID, NULL);
}

static void indirect(void)
{
	unsigned long context = 0;
	long p = syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);
	int pid;

	show("syscall(SYS_mmap)", p);
	SHOW(syscall(SYS_munmap, p, PAGE));
	SHOW(syscall(SYS_munmap, p + 1, PAGE));
	SHOW(syscall(SYS_close, -1));
	SHOW(syscall(-1));
	SHOW(syscall(100000));
	SHOW(syscall(SYS_io_setup, 1, &context));
	SHOW(syscall(SYS_io_destroy, context));
	SHOW(syscall(SYS_io_setup, 0, &context));
	SHOW(syscall(SYS_arch_prctl, 0x9999, 0));
	SHOW(prctl(PR_SET_NAME, "renamed"));
	SHOW(prctl(12345678, 0, 0, 0, 0));
	SHOW(ioctl(-1, UFFDIO_REGISTER, NULL));
	SHOW(ioctl(-1, FIONREAD, &pid));
	SHOW(brk(sbrk(0)));
	pid = (int)syscall(SYS_clone, 17, 0, 0, 0, 0);
	if (!pid)
		syscall(SYS_exit_group, 3);
	waitpid(pid, &pid, 0);
	SHOW(WEXITSTATUS(pid));
}

int main(void)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	setvbuf(stdout, NULL, _IONBF, 0);
	errno = 77;
	SHOW(p);
	SHOW(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	SHOW(mmap64(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0));
	modify(p);
	move();
	share();
	indirect();
	SHOW(site_check());
	return 5;
}
