/* SPDX-License-Identifier: MIT */
/*
 * Makes pairs of touching maps at random. From its own calls the program knows in which attributes
 * the two differ; some pairs differ in none any more, but were not merged. It writes a line for
 * each pair, "ADDRESS ATTRIBUTE,ATTRIBUTE..." (the address of the boundary; "-" = they differ in
 * none), and stays until its input ends. Arguments: file to write, number of pairs, seed.
 */
#include "pattern.h"

#include <fcntl.h>
#include <linux/mempolicy.h>
#include <linux/userfaultfd.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#define SIDE     (2 * PAGE)
#define STEP     (16 * PAGE)
#define BASE     0x500000000000
#define NR_MSEAL 462
#define STACK    (1u << 31) /* in advice: MAP_STACK, which means MADV_NOHUGEPAGE since 6.7 */
#define UNSURE   (STACK | 64 | 128) /* MADV_MERGEABLE is ignored for some maps */

/* What is known of one side of a pair from the calls. */
struct side {
	char *at;
	int prot;
	unsigned advice;
	int lock;
	int policy;
	int key;
	int file; /* 0 = none; 1 and 2 are the same file, opened twice */
	long offset;
	bool is_shared;
	bool is_unreserved;
	bool was_writable;
	bool has_uffd;
	bool is_sealed;
	unsigned long own_file; /* shared anonymous memory is a file of its own for each mmap */
};

static unsigned long long state;
static int fds[4], uffd, pkey;
static unsigned long shared_files;

static unsigned dice(unsigned sides)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(state >> 33) % sides;
}

static int random_prot(void)
{
	static const int prots[] = { PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE,
				     PROT_READ | PROT_EXEC, PROT_READ | PROT_WRITE };

	return prots[dice(5)];
}

static void map_side(struct side *side, size_t bytes)
{
	unsigned sort = dice(10);
	char *at = side->at;
	int flags = MAP_FIXED;

	*side = (struct side){ .at = at, .prot = random_prot() };
	if (sort == 8) {
		side->is_shared = true;
		side->own_file = ++shared_files;
	} else if (sort >= 6) {
		side->file = 1 + (int)dice(3);
		side->is_shared = side->file != 2 && dice(2);
		side->offset = (long)dice(3) * (long)SIDE;
	} else {
		side->is_unreserved = sort == 5;
		flags |= side->is_unreserved ? MAP_NORESERVE : 0;
		if (sort == 4) {
			flags |= MAP_STACK;
			side->advice = STACK;
		}
	}
	flags |= side->is_shared ? MAP_SHARED : MAP_PRIVATE;
	flags |= side->file ? 0 : MAP_ANONYMOUS;
	side->was_writable = side->prot & PROT_WRITE;
	REQUIRE(mmap(at, bytes, side->prot, flags, fds[side->file], side->offset) == at);
}

/* Make both sides as one map, or each as a map of its own. */
static void make_pair(struct side pair[2], char *at)
{
	pair[0].at = at;
	pair[1].at = at + SIDE;
	if (dice(3)) {
		map_side(&pair[0], 2 * SIDE);
		pair[1] = pair[0];
		pair[1].at = at + SIDE;
		pair[1].offset += pair[0].file || pair[0].own_file ? (long)SIDE : 0;
	} else {
		map_side(&pair[0], SIDE);
		map_side(&pair[1], SIDE);
	}
}

static void advise(struct side *side)
{
	static const struct {
		int advice;
		unsigned set;
		unsigned clear;
	} advices[] = {
		{ MADV_DONTFORK, 1, 0 },      { MADV_DOFORK, 0, 1 },
		{ MADV_DONTDUMP, 2, 0 },      { MADV_DODUMP, 0, 2 },
		{ MADV_RANDOM, 4, 8 },        { MADV_SEQUENTIAL, 8, 4 },
		{ MADV_NORMAL, 0, 12 },       { MADV_WIPEONFORK, 16, 0 },
		{ MADV_KEEPONFORK, 0, 16 },   { MADV_HUGEPAGE, 32, 64 | STACK },
		{ MADV_NOHUGEPAGE, 64, 32 },  { MADV_MERGEABLE, 128, 0 },
		{ MADV_UNMERGEABLE, 0, 128 },
	};
	unsigned i = dice(sizeof(advices) / sizeof(advices[0]));

	if (madvise(side->at, SIDE, advices[i].advice) == 0)
		side->advice = (side->advice & ~advices[i].clear) | advices[i].set;
	if (side->advice & 64)
		side->advice &= ~STACK;
}

static void lock(struct side *side)
{
	int how = (int)dice(3);
	int ret = how == 0 ? munlock(side->at, SIDE) :
		  how == 1 ? mlock(side->at, SIDE) :
			     (int)syscall(SYS_mlock2, side->at, SIDE, 1);

	/* ENOMEM: the range is locked, but not all of it could be read in. */
	if (ret == 0 || errno == ENOMEM)
		side->lock = how;
}

static void bind(struct side *side)
{
	static const int modes[] = { MPOL_DEFAULT, MPOL_BIND, MPOL_INTERLEAVE };
	unsigned long node = 1;
	int i = (int)dice(3);

	if (syscall(SYS_mbind, side->at, SIDE, modes[i], i ? &node : NULL, i ? 64 : 0, 0) == 0)
		side->policy = i;
}

static void protect(struct side *side)
{
	int prot = random_prot();

	if (pkey > 0 && dice(5) == 0) {
		int key = dice(2) ? pkey : 0;

		if (syscall(SYS_pkey_mprotect, side->at, SIDE, prot, key))
			return;
		side->key = key;
	} else if (mprotect(side->at, SIDE, prot)) {
		return;
	}
	side->prot = prot;
	side->was_writable |= (prot & PROT_WRITE) != 0;
}

static void touch(struct side *side)
{
	volatile char *at = side->at + dice(2) * PAGE;

	if (side->has_uffd || side->key)
		return;
	if (side->prot & PROT_WRITE)
		*at = 1;
	else if (side->prot & PROT_READ)
		(void)*at;
}

static void watch(struct side *side)
{
	struct uffdio_register range = {
		.range = { (unsigned long)side->at, SIDE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (uffd < 0)
		return;
	if (dice(2) && ioctl(uffd, UFFDIO_REGISTER, &range) == 0)
		side->has_uffd = true;
	else if (ioctl(uffd, UFFDIO_UNREGISTER, &range.range) == 0)
		side->has_uffd = false;
}

/* The memory is written to elsewhere and then moved here: the kernel remembers where it was. */
static void replace(struct side *side)
{
	char *from;

	if (side->is_sealed)
		return;
	from = map_pages(2);
	from[0] = 1;
	REQUIRE(mremap(from, SIDE, SIDE, MREMAP_MAYMOVE | MREMAP_FIXED, side->at) == side->at);
	*side = (struct side){
		.at = side->at,
		.prot = PROT_READ | PROT_WRITE,
		.was_writable = true,
	};
}

static void alter(struct side *side)
{
	switch (dice(9)) {
	case 0:
	case 1: protect(side); return;
	case 2:
	case 3: advise(side); return;
	case 4: lock(side); return;
	case 5: bind(side); return;
	case 6: touch(side); return;
	case 7: watch(side); return;
	default:
		if (dice(4) == 0)
			replace(side);
		else if (dice(8) == 0 && syscall(NR_MSEAL, side->at, SIDE, 0) == 0)
			side->is_sealed = true;
	}
}

static void say(FILE *out, bool differs, const char *attribute, bool *is_first)
{
	if (!differs)
		return;
	fprintf(out, "%s%s", *is_first ? "" : ",", attribute);
	*is_first = false;
}

static void tell(FILE *out, const struct side *a, const struct side *b)
{
	bool same_file = (a->file + 1) / 2 == (b->file + 1) / 2 && a->own_file == b->own_file;
	bool is_file = a->file || a->own_file;
	bool is_first = true;

	fprintf(out, "%lx ", (unsigned long)b->at);
	say(out, !same_file, "file", &is_first);
	say(out, a->is_shared != b->is_shared, "sharing", &is_first);
	say(out, same_file && is_file && a->offset + (long)SIDE != b->offset, "offset", &is_first);
	say(out, a->prot != b->prot, "protection", &is_first);
	say(out, (a->advice ^ b->advice) & ~UNSURE, "advice", &is_first);
	say(out, (a->advice ^ b->advice) & UNSURE, "advice?", &is_first);
	say(out, a->lock != b->lock, "lock", &is_first);
	say(out, a->policy != b->policy, "policy", &is_first);
	say(out, a->key != b->key, "protection-key", &is_first);
	say(out, a->has_uffd != b->has_uffd, "userfaultfd", &is_first);
	/*
	 * The flags also differ if one is sealed, or comes from a descriptor that cannot be written
	 * to.
	 */
	say(out, a->is_sealed != b->is_sealed || a->file != b->file, "flags", &is_first);
	/* Memory that is not writable any more may or may not be accounted. */
	say(out, a->is_unreserved != b->is_unreserved || a->was_writable || b->was_writable,
	    "accounting?", &is_first);
	fputs(is_first ? "-\n" : "\n", out);
}

static void open_all(void)
{
	struct uffdio_api api = { .api = UFFD_API };

	fds[0] = -1;
	for (int i = 1; i < 4; i += 2) {
		char name[] = "/tmp/neighbours.XXXXXX";

		fds[i] = mkstemp(name);
		REQUIRE(fds[i] >= 0 && ftruncate(fds[i], 64 * (off_t)PAGE) == 0);
		if (i == 1)
			fds[2] = open(name, O_RDONLY | O_CLOEXEC);
		REQUIRE(unlink(name) == 0);
	}
	REQUIRE(fds[2] >= 0);
	uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	if (uffd >= 0 && ioctl(uffd, UFFDIO_API, &api))
		uffd = -1;
	pkey = (int)syscall(SYS_pkey_alloc, 0, 0);
}

int main(int argc, char **argv)
{
	FILE *out = argc > 1 ? fopen(argv[1], "we") : NULL;
	long pairs = argument(argc, argv, 2, 1000);

	REQUIRE(out);
	state = (unsigned long long)argument(argc, argv, 3, 1) * 2654435761u;
	open_all();
	for (long i = 0; i < pairs; i++) {
		struct side pair[2];

		make_pair(pair, (char *)BASE + i * (long)STEP);
		for (unsigned n = dice(7); n; n--)
			alter(&pair[dice(2)]);
		tell(out, &pair[0], &pair[1]);
	}
	REQUIRE(fclose(out) == 0);

	stay();
	return 0;
}
