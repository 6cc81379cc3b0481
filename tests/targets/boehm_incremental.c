/* SPDX-License-Identifier: MIT */
/*
 * The Boehm collector in incremental mode stops threads by signals, protects its heap with
 * mprotect, and learns of writes by SIGSEGV. Meanwhile two more threads map and unmap.
 */
#define GC_THREADS
#include <gc.h>
#include <pthread.h>
#include <stdatomic.h>

#include "target.h"

struct node {
	struct node *next;
	char payload[200];
};

static atomic_int finished;
static atomic_ulong maps_made;

static void *keep_mapping(void *unused)
{
	(void)unused;
	while (!atomic_load(&finished)) {
		map_and_cut();
		atomic_fetch_add(&maps_made, 1);
		if (GC_MALLOC(64) == NULL)
			exit(3);
	}
	return NULL;
}

static size_t build_and_count(size_t length)
{
	struct node *head = NULL;
	size_t count = 0;

	for (size_t i = 0; i < length; i++) {
		struct node *node = GC_MALLOC(sizeof(*node));

		REQUIRE(node);
		node->next = head;
		head = node;
	}
	for (; head; head = head->next)
		count++;
	return count;
}

int main(int argc, char **argv)
{
	const long rounds = argument(argc, argv, 1, 60);
	pthread_t threads[2];
	size_t count = 0;
	double start;

	GC_set_warn_proc(GC_ignore_warn_proc);
	GC_INIT();
	GC_enable_incremental();
	for (int i = 0; i < 2; i++)
		REQUIRE(pthread_create(&threads[i], NULL, keep_mapping, NULL) == 0);
	start = seconds_now();
	for (long i = 0; i < rounds; i++)
		count += build_and_count(5000);
	print_rate("rounds", (double)rounds / (seconds_now() - start));
	print_rate("mutations", (double)atomic_load(&maps_made) / (seconds_now() - start));
	atomic_store(&finished, 1);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	printf("%ld rounds, %zu nodes\n", rounds, count);
	return 0;
}
