/* SPDX-License-Identifier: MIT */
/*
 * Explains what the maps of a process are, why neighbours do not merge, and what would make them
 * fewer. Pure: it works on an array of maps in address order, from /proc/PID/maps or from a
 * recording. It may answer "cannot be known", but never guesses. Used by the commands maps and
 * report.
 */
#ifndef VMT_EXPLAIN_H
#define VMT_EXPLAIN_H

#include "core/recording/view.h"
#include "input/explain_map.h"

/* A larger hole is not what was cut out, but space between regions of the address space. */
#define VMT_EXPLAIN_HOLE_MAX (UINT64_C(64) << 20)
#define VMT_EXPLAIN_ARENA    (UINT64_C(64) << 20) /* HEAP_MAX_SIZE of glibc on 64 bits */

/* Why two touching maps are not one. */
enum vmt_apart {
	VMT_APART_FILE, /* another file, or a file beside anonymous memory */
	VMT_APART_SHARING,
	VMT_APART_SPECIAL, /* a map of the kernel or a driver that never merges */
	VMT_APART_NAME,
	VMT_APART_OFFSET, /* the same file, but the offset does not continue */
	VMT_APART_PROTECTION, /* they differ in protection, and in nothing of the above */
	VMT_APART_ADVICE,
	VMT_APART_LOCK,
	VMT_APART_ACCOUNTING,
	VMT_APART_USERFAULTFD,
	VMT_APART_FLAGS, /* other flags */
	VMT_APART_POLICY,
	VMT_APART_KEY, /* protection key */
	VMT_APART_UNKNOWN, /* alike in everything that is known */
	VMT_APART_COUNT,
};

enum vmt_pattern {
	VMT_PATTERN_DEBUGGER,
	VMT_PATTERN_GUARDS,
	VMT_PATTERN_THREADS,
	VMT_PATTERN_DECOMMIT,
	VMT_PATTERN_HOLES,
	VMT_PATTERN_WX,
	VMT_PATTERN_BARRIERS,
	VMT_PATTERN_ARENAS,
	VMT_PATTERN_FILES,
	VMT_PATTERN_SHARED,
	VMT_PATTERN_PIECES,
	VMT_PATTERN_DELETED,
	VMT_PATTERN_ADVICE,
	VMT_PATTERN_LOCKS,
	VMT_PATTERN_POLICY,
	VMT_PATTERN_NAMES,
	VMT_PATTERN_ACCOUNTING,
	VMT_PATTERN_FORK,
	VMT_PATTERN_ALIKE,
	VMT_PATTERN_UNSEEN,
	VMT_PATTERN_ENDED_THREADS,
	VMT_PATTERN_ARENA_HEAPS,
	VMT_PATTERN_RESERVED,
	VMT_PATTERN_CODE_LEFT,
	VMT_PATTERN_KEYS,
	VMT_PATTERN_USERFAULTFD,
	VMT_PATTERN_FILE_PROTECTION,
	VMT_PATTERN_MAPPED_OVER,
	VMT_PATTERN_REMAPPED,
	VMT_PATTERN_VIEWS,
	VMT_PATTERN_DEVICES,
	VMT_PATTERN_HUGE_FILES,
	VMT_PATTERN_COMMITTED,
	VMT_PATTERN_AGAIN,
	VMT_PATTERN_OVER_MEMORY,
	VMT_PATTERN_ZERO_DEVICE,
	VMT_PATTERN_HEADERS,
	VMT_PATTERN_GUARDED,
	VMT_PATTERN_COUNT,
};
static_assert(VMT_PATTERN_COUNT < 62, "bits of vmt_explain_map.shows");

/* Patterns that save fewer maps are not mentioned. */
#define VMT_EXPLAIN_LEAST 16u

#define VMT_EXPLAIN_GIVERS 8u

struct vmt_explain_kind {
	enum vmt_kind kind;
	const char *detail; /* NULL = none */
	uint64_t maps;
	uint64_t bytes;
};

struct vmt_explain_neighbours {
	enum vmt_apart why;
	/*
	 * protections (a << 4 | b, a < b); or the differing flags; or, for VMT_APART_UNKNOWN, the
	 * call that cut them (enum vmt_call_id)
	 */
	uint64_t detail;
	uint32_t site; /* the site whose call put the boundary; VMT_NO_INDEX = unknown */
	uint64_t pairs;
};

/* Who made most of something: a place in the program, and its share. */
struct vmt_explain_share {
	uint32_t site; /* the site at this place that made most; VMT_NO_INDEX = unknown */
	uint64_t part; /* made by all sites of the place */
	uint64_t all; /* made by everybody */
};

struct vmt_explain_pattern {
	enum vmt_pattern pattern;
	uint64_t maps; /* maps that show it */
	uint64_t saves; /* how many of these the remedy saves */
	bool is_open; /* the saving is unknown, and saves is 0 */
	struct vmt_explain_share by;
	/* of VMT_PATTERN_GUARDED: who made the guards; site VMT_NO_INDEX = not known, or none */
	struct vmt_explain_share guards;
	/* a site that gave as many pieces another attribute, perhaps the same ones; VMT_NO_INDEX = none */
	uint32_t beside;
};

/* How calls of mprotect close memory (PROT_NONE). */
enum vmt_closer {
	VMT_CLOSER_NONE, /* they do not, or are few */
	VMT_CLOSER_ALONE, /* what they close is a map of its own, as a guard is */
	VMT_CLOSER_JOINS, /* nearly each joins what it closes with what had been closed before */
};

/* What is known about the process apart from its maps. */
struct vmt_explain_facts {
	const uint64_t *stack_pointers; /* of its threads, ascending */
	size_t stack_pointer_count;
	uint64_t threads; /* 0 = unknown */
	uint32_t sites; /* put_by is always less than this; 0 = there are no sites */
	bool is_fork_child; /* it is certain that it has not called exec since the fork */
	uint64_t threads_left; /* threads at the end, or at the last failure; 0 = unknown */
	bool has_no_addresses; /* a call failed because no addresses were left */
	bool is_over_rlimit; /* a call failed because of RLIMIT_AS */
	uint32_t tunables; /* what GLIBC_TUNABLES has: see tunables.h; 0 also if not known */
	bool gives_write; /* calls of mprotect make memory writable, again and again */
	enum vmt_apart given; /* the attribute that most calls gave; UNKNOWN = none */
	uint64_t given_calls; /* how many calls */
	bool has_one_cut; /* the calls that cut maps did so for the sake of one attribute */
	struct {
		uint32_t site;
		uint64_t calls; /* that succeeded; 0 = none */
	} busiest[VMT_CALL_COUNT]; /* the site that made most calls of each system call */
	struct {
		uint32_t site;
		uint64_t calls; /* 0 = none */
	} giver[VMT_EXPLAIN_GIVERS]; /* sites that gave maps attributes but cut few, most calls first */
	/* for each site, a number that sites of one place share; NULL = all differ */
	const uint32_t *place;
	const uint64_t *calls; /* of each site's place, those that succeeded; NULL = not known */
	const uint64_t *own_calls; /* of each site alone; NULL = not known */
	const uint8_t *closer; /* of each site's place, enum vmt_closer; NULL = not known */
};

struct vmt_explain {
	struct vmt_explain_map *map;
	size_t count;
	struct vmt_explain_kind *kinds; /* most maps first; none is empty */
	size_t kind_count;
	struct vmt_explain_neighbours *pairs; /* most pairs first */
	size_t pairs_count;
	struct vmt_explain_pattern patterns[VMT_PATTERN_COUNT]; /* most savings first */
	size_t pattern_count;
	uint64_t touching; /* pairs of maps without a hole in between */
	uint64_t holes;
	uint64_t holes_punched; /* holes made by munmap, as far as a recording tells */
	uint64_t punched_bytes; /* the total size of these */
	uint64_t punched_small; /* those of them up to VMT_EXPLAIN_HOLE_MAX, and their size */
	uint64_t punched_small_bytes;
	struct vmt_explain_share punched_by;
	uint64_t largest_hole;
	uint64_t alone; /* maps of memory that touch no other map */
	uint64_t alone_code; /* how many of these are executable */
	uint64_t alone_size; /* the most frequent size of these, bytes */
	uint64_t alone_alike; /* how many have this size */
	struct vmt_explain_share alone_by;
	const char *alone_of; /* the allocator whose blocks most of these are; NULL = none */
	bool flags_known; /* for all maps */
	bool is_java; /* a JVM is loaded */
	bool are_views; /* parts of files are mapped more than once */
	uint32_t advice; /* what most pieces of VMT_PATTERN_ADVICE were given; 0 = not known */
	bool are_moved; /* most of VMT_PATTERN_ALIKE are where mremap put them */
	bool are_copies; /* most of VMT_PATTERN_AGAIN are private and writable */
	bool are_files; /* most of VMT_PATTERN_OVER_MEMORY are of files */
	bool are_of_one; /* most of VMT_PATTERN_GUARDS were cut from one of few maps */
	bool are_shared; /* most of VMT_PATTERN_HOLES are in shared memory */
	bool are_small; /* most of VMT_PATTERN_DECOMMIT are no larger than guards */
	bool are_left; /* most of VMT_PATTERN_GUARDS were mapped without access, and kept so */
	bool are_closed; /* most of VMT_PATTERN_MAPPED_OVER have no access */
	bool are_kept; /* VMT_PATTERN_ENDED_THREADS may be kept by glibc for new threads */
	bool are_trimmed; /* most of VMT_PATTERN_HOLES are what was cut off the ends of maps */
	const char *holes_of; /* the allocator that punched most holes; NULL = none, or not known */
	struct vmt_explain_facts facts; /* a copy; what it points to stays the caller's */
};

#define VMT_EXPLAIN_HEAP_LEAST (UINT64_C(64) << 10) /* collectors take no smaller pieces */

/* May the pieces that touch no other be heaps of a garbage collector? */
static inline bool vmt_explain_is_heap_like(const struct vmt_explain *explain)
{
	return explain->alone_size >= VMT_EXPLAIN_HEAP_LEAST;
}

/* Are most maps pieces that touch no other, so that no pattern explains more? */
static inline bool vmt_explain_is_mostly_alone(const struct vmt_explain *explain)
{
	return explain->alone > explain->count / 2 &&
	       (!explain->pattern_count || explain->patterns[0].maps < explain->alone / 2);
}

/*
 * Explain map[0, count), which must be in address order, have its kinds set, and stay valid.
 * Returns 0 or -ENOMEM; free the result in either case.
 */
VMT_MUST_CHECK int vmt_explain(struct vmt_explain_map *map, size_t count,
			       const struct vmt_explain_facts *facts,
			       struct vmt_explain *ret_explain);
void vmt_explain_free(struct vmt_explain *explain);

/* The steps of an explanation. */
VMT_MUST_CHECK int vmt_explain_kinds(struct vmt_explain_map *map, size_t count,
				     const struct vmt_explain_facts *facts);
enum vmt_apart vmt_explain_apart(const struct vmt_explain_map *a, const struct vmt_explain_map *b,
				 uint64_t *ret_detail);
/*
 * The attribute for whose sake a call cuts maps, whether or not it still differs; UNKNOWN = there
 * are several.
 */
enum vmt_apart vmt_explain_cut(uint32_t call);
VMT_MUST_CHECK int vmt_explain_patterns(struct vmt_explain *explain);

/*
 * Returns an array of zeroes with a count for each site, to be freed. NULL without sites or without
 * memory; the other functions accept NULL.
 */
uint64_t *vmt_explain_by_site(const struct vmt_explain_facts *facts);
void vmt_explain_count_site(uint64_t *by_site, const struct vmt_explain_facts *facts, uint32_t site,
			    uint64_t n);
struct vmt_explain_share vmt_explain_share_of(const uint64_t *by_site,
					      const struct vmt_explain_facts *facts);

/* Returns the call that the site made, which put one of the maps; VMT_CALL_NONE = not known. */
uint8_t vmt_explain_call_of(const struct vmt_explain_map *map, size_t count, uint32_t site);

/* Is it of a file in memory, but not shared with anybody, as modules loaded from a memfd are? */
bool vmt_explain_is_memfd(const struct vmt_explain_map *map);
/* Are most maps of shared memory such? */
bool vmt_explain_are_memfds(const struct vmt_explain *explain);

static inline bool vmt_explain_touch(const struct vmt_explain_map *a,
				     const struct vmt_explain_map *b)
{
	return a->end == b->start;
}

/* Is it memory of the program's own that grows down (MAP_GROWSDOWN), not the main stack? */
static inline bool vmt_explain_is_grown_down(const struct vmt_explain_map *map)
{
	return map->flags & VMT_MAP_STACK && !map->inode && map->mapped_by != VMT_NO_INDEX &&
	       map->mapped_by >= VMT_SITE_FIRST;
}

/* Is it private memory without a file? */
static inline bool vmt_explain_is_anonymous(const struct vmt_explain_map *map)
{
	return !map->inode && !(map->flags & VMT_MAP_SHARED) && map->kind != VMT_KIND_VDSO &&
	       map->kind != VMT_KIND_KERNEL && map->kind != VMT_KIND_DEVICE &&
	       map->kind != VMT_KIND_STACK;
}

/*
 * Is the name an attribute? Only [anon:NAME] is; [heap] and paths are just how the kernel shows
 * other maps.
 */
static inline bool vmt_explain_has_own_name(const struct vmt_explain_map *map)
{
	return map->name && map->name_length > 6 && !__builtin_memcmp(map->name, "[anon", 5);
}

/*
 * Does the name end in " (deleted)"? The kernel appends this to the path of a removed file, but it
 * may also be part of a file's name.
 */
static inline bool vmt_explain_ends_deleted(const struct vmt_explain_map *map)
{
	static const char end[] = " (deleted)";
	size_t n = sizeof(end) - 1;

	return map->name && map->name_length > n &&
	       !__builtin_memcmp(map->name + map->name_length - n, end, n);
}

/* Words for people, and identifiers for JSON. Never NULL. */
const char *vmt_explain_kind_word(enum vmt_kind kind);
/* For use in a sentence: "maps of memory", "of files". */
const char *vmt_explain_kind_plain(const struct vmt_explain_map *map);
const char *vmt_explain_apart_word(enum vmt_apart why);
const char *vmt_explain_apart_id(enum vmt_apart why);
const char *vmt_explain_pattern_id(enum vmt_pattern pattern);
/* Derived from the shape alone, or from known calls. */
const char *vmt_explain_pattern_word(const struct vmt_explain *explain, enum vmt_pattern pattern);
const char *vmt_explain_remedy(const struct vmt_explain *explain, enum vmt_pattern pattern);
/* The remedy for holes that this allocator's library punched; "" = no allocator. tunables: see facts. */
const char *vmt_explain_holes_remedy(const char *allocator, uint32_t tunables);
/* Further advice in whole sentences; NULL = none. */
const char *vmt_explain_also(enum vmt_pattern pattern);
/* The size of a pattern: the maps it saves, or if that is unknown, the maps that show it. */
uint64_t vmt_explain_weight(const struct vmt_explain_pattern *pattern);
/* What pieces are that touch no other map, and the advice for them. */
const char *vmt_explain_alone_word(const struct vmt_explain *explain);
const char *vmt_explain_alone_remedy(const struct vmt_explain *explain);
/* A detail: "rw-p, ---p" or "hg nh" (in words "MADV_HUGEPAGE, ..."); "" if there is none. */
const char *vmt_explain_detail(enum vmt_apart why, uint64_t detail, bool in_words, char *text,
			       size_t size);

/* The cost of so many maps, from figures measured on Linux 6.18. */
struct vmt_explain_cost {
	uint64_t bytes_low; /* kernel memory if no page has been written */
	uint64_t bytes_high; /* kernel memory if every map has been written */
	uint64_t fork_low; /* ns that a fork takes longer */
	uint64_t fork_high;
	/* per cent that a fault for reading takes longer, in scattered memory */
	unsigned fault_low;
	unsigned fault_high; /* the same for writing */
};
struct vmt_explain_cost vmt_explain_cost(uint64_t maps);

#endif
