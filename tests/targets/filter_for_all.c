/* SPDX-License-Identifier: MIT */
/*
 * Four threads map and unmap while the first installs a seccomp filter for all of them
 * (SECCOMP_FILTER_FLAG_TSYNC) that kills for what none of them does. By the raw call, which libseccomp
 * makes, and by prctl for the thread alone if `prctl` asks for it.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "target.h"

#define THREADS 4
#define BEFORE	100
#define AFTER	300

static atomic_int running;
static atomic_int goes_on = 1;

static void *work(void *unused)
{
	(void)unused;
	for (int i = 0; i < BEFORE; i++)
		map_and_cut();
	atomic_fetch_add(&running, 1);
	while (atomic_load(&goes_on))
		map_and_cut();
	for (int i = 0; i < AFTER; i++)
		map_and_cut();
	return NULL;
}

#define KILL(nr) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), \
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

static void install(int by_prctl)
{
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		KILL(SYS_ioctl), KILL(SYS_getpid), KILL(SYS_tgkill), KILL(SYS_sigaltstack),
		KILL(SYS_pread64), KILL(SYS_openat), KILL(SYS_mremap), KILL(SYS_fallocate),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(steps) / sizeof(steps[0]), steps };

	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	if (by_prctl)
		REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
	else
		REQUIRE(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,
				&program) == 0);
}

int main(int argc, char **argv)
{
	pthread_t thread[THREADS];

	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&thread[i], NULL, work, NULL) == 0);
	while (atomic_load(&running) < THREADS)
		map_and_cut();
	install(argc > 1 && !strcmp(argv[1], "prctl"));
	atomic_store(&goes_on, 0);
	for (int i = 0; i < AFTER; i++)
		map_and_cut();
	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_join(thread[i], NULL) == 0);
	if (write(1, "done\n", 5) != 5)
		return 1;
	return 8;
}
