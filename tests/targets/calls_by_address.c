/* SPDX-License-Identifier: MIT */
/*
 * System calls are let through by the address that they come from, as emulators and sandboxes do.
 * Calls made from libc's text are let through (under a filter ld.so's as well); any other call
 * fails, or ends the program.
 *
 *	calls_by_address dispatch|everywhere|filter|filter_twice|kill return|exit|_exit|exit_group
 *
 * With `everywhere`, calls from all of memory are let through, so nothing changes.
 */
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "filter.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON           1
#endif

struct text {
	uint64_t start;
	uint64_t end;
};

static struct text libc_text, ld_so_text;

static int note_text(struct dl_phdr_info *info, size_t size, void *unused)
{
	struct text *text = strstr(info->dlpi_name, "/libc.so.6") ? &libc_text :
			    strstr(info->dlpi_name, "/ld-linux")  ? &ld_so_text :
								    NULL;

	(void)size, (void)unused;
	for (int i = 0; text && i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type != PT_LOAD || !(info->dlpi_phdr[i].p_flags & PF_X))
			continue;
		text->start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
		text->end = text->start + info->dlpi_phdr[i].p_memsz;
	}
	return 0;
}

static void dispatch(uint64_t start, uint64_t length)
{
	/* Old kernels lack this; then neither the plain nor the traced run uses it. */
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, start, length, NULL))
		printf("no dispatch: %s\n", strerror(errno));
}

/*
 * Let calls from these addresses through: six steps for each 4 GiB that they lie in, since a filter
 * has only half of an address at a time. Returns how many steps that are.
 */
static unsigned short let_through(struct sock_filter *steps, struct text text)
{
	const uint32_t at = offsetof(struct seccomp_data, instruction_pointer);
	unsigned short count = 0;

	REQUIRE(text.start && text.end - text.start < UINT32_MAX);
	while (text.start < text.end) {
		uint64_t next = ((text.start >> 32) + 1) << 32;
		uint32_t last = (uint32_t)((text.end < next ? text.end : next) - 1);
		const struct sock_filter one[] = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at + 4),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(text.start >> 32), 0, 4),
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at),
			BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)text.start, 0, 2),
			BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 1, 0),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		};

		memcpy(steps + count, one, sizeof(one));
		count += sizeof(one) / sizeof(one[0]);
		text.start = next;
	}
	return count;
}

static void filter(uint32_t otherwise)
{
	struct sock_filter steps[32];
	unsigned short count = let_through(steps, libc_text);

	count += let_through(steps + count, ld_so_text);
	steps[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, otherwise);

	struct sock_fprog program = { count, steps };

	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) == -1 && errno == EFAULT);
	REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

/*
 * Install a filter that looks at call numbers only, and forbids calls that this program does not
 * make.
 */
static void filter_by_number(void)
{
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	set_filter(steps, sizeof(steps) / sizeof(steps[0]));
}

static void *in_thread(void *unused)
{
	for (int i = 0; i < 100; i++)
		map_and_cut();
	return unused;
}

static void on_signal(int number)
{
	(void)number;
	map_and_cut();
}

/* Make a memory call in each of the ways that libc offers. */
static void use_all(void)
{
	char *end = sbrk((intptr_t)PAGE);
	char *at = map_pages(4);
	pthread_t thread;
	int status;
	pid_t child;

	REQUIRE(end != (void *)-1 && (*end = 1) && brk(end) == 0);
	REQUIRE((at = mremap(at, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE)) != MAP_FAILED);
	REQUIRE(madvise(at, PAGE, MADV_DONTFORK) == 0 && mlock(at, PAGE) == 0);
	REQUIRE(munmap(at, 8 * PAGE) == 0);
	REQUIRE(munmap((void *)1, PAGE) == -1 && errno == EINVAL);
	REQUIRE(madvise(at + 1, PAGE, 99) == -1 && errno == EINVAL);
	REQUIRE(syscall(SYS_munmap, 1, PAGE) == -1 && errno == EINVAL);
	at = (char *)syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(at != MAP_FAILED && syscall(SYS_munmap, at, PAGE) == 0);
	for (int i = 0; i < 200; i++)
		map_and_cut();
	REQUIRE(pthread_create(&thread, NULL, in_thread, NULL) == 0);
	REQUIRE(pthread_join(thread, NULL) == 0);
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	free(malloc(1 << 20));
	child = fork();
	if (child == 0) {
		map_and_cut();
		_exit(7);
	}
	REQUIRE(child > 0 && waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "dispatch";
	const char *way = argc > 2 ? argv[2] : "return";

	dl_iterate_phdr(note_text, NULL);
	use_all();
	if (strcmp(how, "everywhere") == 0)
		dispatch(0, UINT64_MAX >> 1);
	else if (strcmp(how, "dispatch") == 0)
		dispatch(libc_text.start, libc_text.end - libc_text.start);
	else if (strcmp(how, "filter_twice") == 0)
		filter_by_number();
	if (strncmp(how, "filter", 6) == 0)
		filter(SECCOMP_RET_ERRNO | EPERM);
	else if (strcmp(how, "kill") == 0)
		filter(SECCOMP_RET_KILL_PROCESS);
	use_all();
	puts("all done");
	fflush(stdout);
	if (strcmp(way, "exit") == 0)
		exit(3);
	if (strcmp(way, "_exit") == 0)
		_exit(4);
	if (strcmp(way, "exit_group") == 0)
		syscall(SYS_exit_group, 5);
	return 6;
}
