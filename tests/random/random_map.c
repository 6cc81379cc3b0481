/* SPDX-License-Identifier: MIT */
/*
 * Random calls that make, remove and move maps: mmap of every kind, munmap, mremap in all its
 * modes. Nearly all of them fail now and then, as they are meant to.
 */
#include "random.h"

#include <stdlib.h>
#include <sys/mman.h>

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08 /* Linux 6.11; Debian 12's headers are older */
#endif

static int random_prot(struct worker *worker)
{
	/* Programs mostly use read-write memory, and that is what merges. */
	return random_once(worker, 2) ? PROT_READ | PROT_WRITE : (int)random_below(worker, 8);
}

static bool is_in_block(const struct worker *worker, const char *at)
{
	return at >= worker->block && at < worker->block + worker->block_pages * PAGE;
}

void random_keep(struct worker *worker, char *at, size_t pages)
{
	struct free_map *list = worker->free_map;

	if (pages == 0)
		return;
	if (worker->free_count == FREE_MAX) {
		munmap(list[0].at, list[0].pages * PAGE);
		for (size_t i = 1; i < FREE_MAX; i++)
			list[i - 1] = list[i];
		worker->free_count--;
	}
	list[worker->free_count++] = (struct free_map){ at, pages };
}

static int anonymous_flags(struct worker *worker)
{
	static const int more[] = { MAP_NORESERVE, MAP_STACK, MAP_LOCKED, MAP_POPULATE };
	const int flags = MAP_ANONYMOUS;

	switch (random_below(worker, 10)) {
	case 0: return flags | MAP_SHARED;
	case 1: return flags | MAP_DROPPABLE;
	case 2:
	case 3: return flags | MAP_PRIVATE | more[random_below(worker, 4)];
	case 4:
		return flags | MAP_PRIVATE | more[random_below(worker, 4)] |
		       more[random_below(worker, 4)];
	default: return flags | MAP_PRIVATE;
	}
}

static int random_file(struct worker *worker)
{
	const struct files *files = worker->files;
	const int fds[] = { files->first,     files->first,  files->second,
			    files->read_only, files->memory, files->zero };

	return fds[random_below(worker, 6)];
}

void random_mmap(struct worker *worker)
{
	const struct free_map range = random_range(worker);
	const bool is_anonymous = random_below(worker, 3) != 0;
	const bool is_free = random_once(worker, 5);
	int flags = is_anonymous ? anonymous_flags(worker) :
				   (random_once(worker, 2) ? MAP_SHARED : MAP_PRIVATE);
	int fd = is_anonymous ? -1 : random_file(worker);
	size_t page = 0;
	char *at;

	/* Half of the file maps continue where a neighbour of the same file would end. */
	if (!is_anonymous)
		page = random_once(worker, 2) ?
			       (size_t)(range.at - worker->arena) / PAGE % FILE_PAGES :
			       random_below(worker, FILE_PAGES);
	if (!is_free)
		flags |= random_once(worker, 8) ? MAP_FIXED_NOREPLACE : MAP_FIXED;
	at = mmap(is_free ? NULL : range.at, range.pages * PAGE, random_prot(worker), flags, fd,
		  (off_t)(page * PAGE));
	if (at != MAP_FAILED && is_free)
		random_keep(worker, at, range.pages);
}

void random_munmap(struct worker *worker)
{
	const struct free_map range = random_range(worker);

	munmap(range.at, range.pages * PAGE);
}

/* Remember what now lies outside the arenas, so that it can be found again. */
static void keep_moved(struct worker *worker, char *at, size_t pages)
{
	if (at != MAP_FAILED && !is_in_block(worker, at))
		random_keep(worker, at, pages);
}

static void move_in_arena(struct worker *worker, int flags)
{
	const struct free_map from = random_range(worker);
	const struct free_map to = random_range(worker);
	size_t new_pages = from.pages;

	/* Another length: a single map, which is resized on the way. */
	if (random_once(worker, 3))
		new_pages = 1 + random_below(worker, 10);
	if (to.at + new_pages * PAGE > worker->block + worker->block_pages * PAGE)
		return;
	mremap(from.at, from.pages * PAGE, new_pages * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | flags,
	       to.at);
}

static void resize(struct worker *worker, int flags)
{
	const struct free_map from = random_range(worker);
	const size_t most = worker->block_pages - (size_t)(from.at - worker->block) / PAGE;
	size_t new_pages = 1 + random_below(worker, 2 * from.pages);

	/* Growth in place must not leave the arenas. */
	if (new_pages > most)
		new_pages = most;
	keep_moved(worker, mremap(from.at, from.pages * PAGE, new_pages * PAGE, flags), new_pages);
}

void random_mremap(struct worker *worker)
{
	const struct free_map from = random_range(worker);
	const struct free_map to = random_range(worker);

	switch (random_below(worker, 8)) {
	case 0:
	case 1: resize(worker, 0); break;
	case 2: resize(worker, MREMAP_MAYMOVE); break;
	case 3:
		keep_moved(worker,
			   mremap(from.at, from.pages * PAGE, from.pages * PAGE,
				  MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL),
			   from.pages);
		break;
	case 4: move_in_arena(worker, MREMAP_DONTUNMAP); break;
	case 5:
		if (random_once(worker, 2))
			mremap(from.at, 0, to.pages * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to.at);
		else
			keep_moved(worker, mremap(from.at, 0, from.pages * PAGE, MREMAP_MAYMOVE),
				   from.pages);
		break;
	default: move_in_arena(worker, 0);
	}
}

/* Like malloc's arenas: reserved at once, made accessible page by page, given back from the end. */
void random_heap(struct worker *worker)
{
	const size_t pages = 1 + random_below(worker, 3);
	char *end = worker->heap + worker->heap_used * PAGE;

	if (!worker->heap) {
		worker->heap = mmap(NULL, HEAP_PAGES * PAGE, PROT_NONE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		worker->heap = worker->heap == MAP_FAILED ? NULL : worker->heap;
		worker->heap_used = 0;
	} else if (worker->heap_used + pages > HEAP_PAGES || random_once(worker, 40)) {
		munmap(worker->heap, HEAP_PAGES * PAGE);
		worker->heap = NULL;
	} else if (worker->heap_used > pages && random_once(worker, 4)) {
		if (!mprotect(end - pages * PAGE, pages * PAGE, PROT_NONE))
			worker->heap_used -= pages;
	} else if (!mprotect(end, pages * PAGE, PROT_READ | PROT_WRITE)) {
		worker->heap_used += pages;
		if (random_once(worker, 2))
			*(volatile char *)end = 1;
	}
}
