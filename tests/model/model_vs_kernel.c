/* SPDX-License-Identifier: MIT */
/*
 * The core's table against the kernel: an ordinary program keeps a table of its own maps, makes
 * random memory calls and compares everything after each of them. Not preloaded, one thread, no
 * stdio or malloc between start and end.
 *
 *	model_vs_kernel [--calls=N] [--seed=N] [--ask=auto|query|probe|maps] [--forks=N] [--stacks]
 *			[--plain] [--alloc]
 */
#include "model.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

struct plan {
	unsigned long calls;
	unsigned long forks; /* after so many calls, a child continues; 0 = never */
	uint64_t seed;
	bool plain; /* ask the kernel wherever a merge is possible */
	bool alloc; /* only calls that allocators make */
	bool stacks; /* include maps that grow when they are accessed */
	enum way way;
};

static enum way way_of(const char *name)
{
	static const char *const names[] = { "query", "probe", "maps", "auto" };

	for (unsigned i = 0; i < VMT_COUNT(names); i++)
		if (strcmp(name, names[i]) == 0)
			return (enum way)i;
	exit(2);
}

static struct plan plan_of(int argc, char **argv)
{
	static const struct option options[] = { { "calls", required_argument, NULL, 'c' },
						 { "seed", required_argument, NULL, 's' },
						 { "ask", required_argument, NULL, 'a' },
						 { "forks", required_argument, NULL, 'f' },
						 { "alloc", no_argument, NULL, 'l' },
						 { "plain", no_argument, NULL, 'p' },
						 { "stacks", no_argument, NULL, 't' },
						 { NULL, 0, NULL, 0 } };
	struct plan plan = { .calls = 20000, .way = WAY_AUTO };
	int option;

	if (getrandom(&plan.seed, sizeof(plan.seed), 0) != sizeof(plan.seed))
		plan.seed = (uint64_t)getpid();
	plan.seed %= 1000000000;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'c')
			plan.calls = strtoul(optarg, NULL, 10);
		else if (option == 's')
			plan.seed = strtoull(optarg, NULL, 10);
		else if (option == 'f')
			plan.forks = strtoul(optarg, NULL, 10);
		else if (option == 'l')
			plan.alloc = true;
		else if (option == 'p')
			plan.plain = true;
		else if (option == 't')
			plan.stacks = true;
		else if (option == 'a')
			plan.way = way_of(optarg);
		else
			exit(2);
	}
	return plan;
}

/* The parent only waits, and passes the child's verdict on. */
static void go_on_in_child(void)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		model_forked();
		return;
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		_exit(3);
	_exit(WEXITSTATUS(status));
}

static void fault_in_stack(void)
{
	volatile char deep[256 * 1024];

	for (size_t i = 0; i < sizeof(deep); i += 1024)
		deep[i] = 1;
}

int main(int argc, char **argv)
{
	static char label[64];
	struct plan plan = plan_of(argc, argv);

	snprintf(label, sizeof(label), "model_vs_kernel: seed %" PRIu64, plan.seed);
	fault_in_stack();
	steps_open(plan.seed, plan.stacks, plan.alloc);
	model_start(plan.way, !plan.plain, plan.stacks, label);
	while (figures.calls < plan.calls) {
		unsigned long old = figures.calls;

		steps_make();
		if (plan.forks && old / plan.forks != figures.calls / plan.forks)
			go_on_in_child();
	}
	dprintf(1,
		"%s: %lu calls, %lu failed: 0 differ; %lu changed nothing, %lu derived, "
		"%lu asked (%lu boundaries, %lu walks)\n",
		label, figures.calls, figures.failed, figures.nothing, figures.derived,
		figures.asked, figures.questions, figures.walks);
	return 0;
}
