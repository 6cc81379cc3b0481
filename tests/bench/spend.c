/* SPDX-License-Identifier: MIT */
/*
 * The cost of a program: `spend [-n RUNS] [-e NAME=VALUE]... [-i FILE] [-o FILE [-x]] PROGRAM
 * ARGS...` prints the nanoseconds by wall clock and by processor, and the largest resident KiB, of
 * one run (the mean of several). Children count if the program waits for them. The variables are
 * set for the program only, so a preloaded library is not loaded here. With -x the wall clock time
 * is that of the exit only: it begins at the CLOCK_MONOTONIC (ns) that the program has written into
 * FILE. Called by scripts/bench.sh. If the program fails, that is an error and not a measurement.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct spent {
	double wall;
	double cpu;
	long resident;
};

struct order {
	char **argv;
	char **environment;
	const char *input;
	const char *output;
	int is_of_exit;
};

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double of_timeval(struct timeval time)
{
	return (double)time.tv_sec * 1e9 + (double)time.tv_usec * 1e3;
}

static pid_t start(const struct order *order)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int ret;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, order->input, O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, order->output,
					 O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ret = posix_spawnp(&pid, order->argv[0], &actions, NULL, order->argv, order->environment);
	posix_spawn_file_actions_destroy(&actions);
	if (ret) {
		fprintf(stderr, "spend: %s: %s\n", order->argv[0], strerror(ret));
		exit(127);
	}
	return pid;
}

static double read_end(const char *path)
{
	FILE *file = fopen(path, "r");
	double end;

	if (!file || fscanf(file, "%lf", &end) != 1) {
		fprintf(stderr, "spend: %s says no time\n", path);
		exit(1);
	}
	fclose(file);
	return end;
}

static struct spent run(const struct order *order)
{
	struct spent spent;
	struct rusage usage;
	int status;
	pid_t pid;

	spent.wall = now_ns();
	pid = start(order);
	while (wait4(pid, &status, 0, &usage) < 0) {
		if (errno != EINTR)
			exit(125);
	}
	spent.wall = now_ns() - (order->is_of_exit ? read_end(order->output) : spent.wall);
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "spend: %s ended with wait status %d\n", order->argv[0], status);
		exit(1);
	}
	spent.cpu = of_timeval(usage.ru_utime) + of_timeval(usage.ru_stime);
	spent.resident = usage.ru_maxrss;
	return spent;
}

/* Returns the environment with one more variable, which replaces one of the same name. */
static char **with_variable(char **environment, char *variable)
{
	size_t length = (size_t)(strchrnul(variable, '=') - variable) + 1;
	size_t n = 0;
	char **more;

	while (environment[n])
		n++;
	more = calloc(n + 2, sizeof(*more));
	if (!more)
		exit(125);
	n = 0;
	for (char **old = environment; *old; old++) {
		if (strncmp(*old, variable, length))
			more[n++] = *old;
	}
	more[n] = variable;
	return more;
}

int main(int argc, char **argv)
{
	struct order order = { NULL, environ, "/dev/null", "/dev/null", 0 };
	struct spent sum = { 0, 0, 0 };
	long runs = 1;
	int option;

	while ((option = getopt(argc, argv, "+n:e:i:o:x")) != -1) {
		switch (option) {
		case 'n': runs = atol(optarg); break;
		case 'e': order.environment = with_variable(order.environment, optarg); break;
		case 'i': order.input = optarg; break;
		case 'o': order.output = optarg; break;
		case 'x': order.is_of_exit = 1; break;
		default: return 2;
		}
	}
	order.argv = argv + optind;
	if (optind == argc || runs < 1) {
		fprintf(stderr,
			"usage: spend [-n RUNS] [-e NAME=VALUE]... [-i FILE] [-o FILE [-x]] "
			"PROGRAM ARGS...\n");
		return 2;
	}
	for (long i = 0; i < runs; i++) {
		struct spent spent = run(&order);

		sum.wall += spent.wall;
		sum.cpu += spent.cpu;
		sum.resident = spent.resident > sum.resident ? spent.resident : sum.resident;
	}
	printf("%.0f %.0f %ld\n", sum.wall / (double)runs, sum.cpu / (double)runs, sum.resident);
	return 0;
}
