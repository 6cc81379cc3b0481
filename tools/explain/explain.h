/* SPDX-License-Identifier: MIT */
/*
 * What the maps of a process are, why neighbours do not merge, and what would make them
 * fewer. Pure: works on an array of maps in address order, whether it came from
 * /proc/PID/maps or from a recording. "Cannot be known" is an answer, a guess is not.
 * Used by the commands maps and report.
 */
#ifndef VMT_EXPLAIN_H
#define VMT_EXPLAIN_H

#include "input/explain_map.h"

#define VMT_EXPLAIN_ARENA (UINT64_C(64) << 20) /* HEAP_MAX_SIZE of glibc on 64 bits */

/* Why two maps that touch are two. */
enum vmt_apart {
	VMT_APART_FILE, /* another file, or a file beside anonymous memory */
	VMT_APART_SHARING,
	VMT_APART_SPECIAL, /* of the kernel or a driver: never merges */
	VMT_APART_NAME,
	VMT_APART_OFFSET, /* the same file, but not the next piece of it */
	VMT_APART_PROTECTION, /* and in nothing of the above */
	VMT_APART_ADVICE,
	VMT_APART_LOCK,
	VMT_APART_ACCOUNTING,
	VMT_APART_USERFAULTFD,
	VMT_APART_FLAGS, /* others */
	VMT_APART_POLICY,
	VMT_APART_KEY, /* protection key */
	VMT_APART_UNKNOWN, /* alike in all that is known */
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
	VMT_PATTERN_COUNT,
};
static_assert(VMT_PATTERN_COUNT < 63, "bits of vmt_explain_map.shows");

/* Patterns that save less are not worth a word. */
#define VMT_EXPLAIN_LEAST 16u

struct vmt_explain_kind {
	enum vmt_kind kind;
	const char *detail; /* NULL = none */
	uint64_t maps;
	uint64_t bytes;
};

struct vmt_explain_neighbours {
	enum vmt_apart why;
	/* protections (a << 4 | b, a < b), the flags that differ, or (why unknown) the call
	 * that cut them, enum vmt_call_id */
	uint64_t detail;
	uint32_t site; /* whose call put the boundary; VMT_NO_INDEX = not known */
	uint64_t pairs;
};

/* Who made most of something: a place in the program, and how much of it is its doing. */
struct vmt_explain_share {
	uint32_t site; /* the one that made most of those there; VMT_NO_INDEX = not known */
	uint64_t part; /* by all sites of the place… */
	uint64_t all; /* …of so many */
};

struct vmt_explain_pattern {
	enum vmt_pattern pattern;
	uint64_t maps; /* that show it */
	uint64_t saves; /* of these, how many the remedy does without… */
	bool is_open; /* …where that can be told; else 0 */
	struct vmt_explain_share by;
};

/* What is known of the process besides its maps. */
struct vmt_explain_facts {
	const uint64_t *stack_pointers; /* of its threads, ascending */
	size_t stack_pointer_count;
	uint64_t threads; /* 0 = not known */
	uint32_t sites; /* put_by is below; 0 = there are none */
	bool is_fork_child; /* that has not called exec since, for certain */
	uint64_t threads_left; /* at the end, or at the last failure; 0 = not known */
	bool has_no_addresses; /* a call failed for lack of them */
	const uint32_t
		*place; /* of each site: the same for those of one place; NULL = all differ */
};

struct vmt_explain {
	struct vmt_explain_map *map;
	size_t count;
	struct vmt_explain_kind *kinds; /* most maps first, none empty */
	size_t kind_count;
	struct vmt_explain_neighbours *pairs; /* most pairs first */
	size_t pairs_count;
	struct vmt_explain_pattern patterns[VMT_PATTERN_COUNT]; /* most saved first */
	size_t pattern_count;
	uint64_t touching; /* pairs without a hole between */
	uint64_t holes;
	uint64_t holes_punched; /* of these by munmap, where a recording tells… */
	uint64_t punched_bytes; /* …their size together… */
	struct vmt_explain_share punched_by;
	uint64_t largest_hole;
	uint64_t alone; /* maps of memory that touch no other… */
	uint64_t alone_size; /* …and of these the most frequent size, in bytes… */
	uint64_t alone_alike; /* …which so many have */
	struct vmt_explain_share alone_by;
	bool flags_known; /* of all maps */
	bool is_java; /* a JVM is loaded */
	bool are_views; /* pieces of files are mapped more than once */
	struct vmt_explain_facts facts; /* as given; what it points to stays the caller's */
};

/* Most are pieces that touch no other, and no pattern says so better. */
static inline bool vmt_explain_is_mostly_alone(const struct vmt_explain *explain)
{
	return explain->alone > explain->count / 2 &&
	       (!explain->pattern_count || explain->patterns[0].maps < explain->alone / 2);
}

/*
 * Explain map[0, count), which is in address order and stays the caller's; its kinds are
 * set. Returns 0 or -ENOMEM; free the result in any case.
 */
VMT_MUST_CHECK int vmt_explain(struct vmt_explain_map *map, size_t count,
			       const struct vmt_explain_facts *facts,
			       struct vmt_explain *ret_explain);
void vmt_explain_free(struct vmt_explain *explain);

/* The parts of it. */
VMT_MUST_CHECK int vmt_explain_kinds(struct vmt_explain_map *map, size_t count,
				     const struct vmt_explain_facts *facts);
enum vmt_apart vmt_explain_apart(const struct vmt_explain_map *a, const struct vmt_explain_map *b,
				 uint64_t *ret_detail);
/* The attribute that a call cuts maps for, whether or not it still differs; UNKNOWN = several. */
enum vmt_apart vmt_explain_cut(uint32_t call);
VMT_MUST_CHECK int vmt_explain_patterns(struct vmt_explain *explain);

/*
 * Counts by site: zeroes, to be freed; NULL where there are no sites (or is no memory), which the
 * others take for nothing known.
 */
uint64_t *vmt_explain_by_site(const struct vmt_explain_facts *facts);
void vmt_explain_count_site(uint64_t *by_site, const struct vmt_explain_facts *facts, uint32_t site,
			    uint64_t n);
struct vmt_explain_share vmt_explain_share_of(const uint64_t *by_site,
					      const struct vmt_explain_facts *facts);

static inline bool vmt_explain_touch(const struct vmt_explain_map *a,
				     const struct vmt_explain_map *b)
{
	return a->end == b->start;
}

#define VMT_MAP_ACCESS (VMT_MAP_READ | VMT_MAP_WRITE | VMT_MAP_EXEC)

/* Private memory without a file. */
static inline bool vmt_explain_is_anonymous(const struct vmt_explain_map *map)
{
	return !map->inode && !(map->flags & VMT_MAP_SHARED) && map->kind != VMT_KIND_VDSO &&
	       map->kind != VMT_KIND_KERNEL && map->kind != VMT_KIND_DEVICE &&
	       map->kind != VMT_KIND_STACK;
}

/* Only [anon:NAME] is an attribute; [heap] and paths are how the kernel shows others. */
static inline bool vmt_explain_has_own_name(const struct vmt_explain_map *map)
{
	return map->name && map->name_length > 6 && !__builtin_memcmp(map->name, "[anon", 5);
}

/* What the kernel puts behind the path of a file that is gone, and others may put into a name. */
static inline bool vmt_explain_ends_deleted(const struct vmt_explain_map *map)
{
	static const char end[] = " (deleted)";
	size_t n = sizeof(end) - 1;

	return map->name && map->name_length > n &&
	       !__builtin_memcmp(map->name + map->name_length - n, end, n);
}

/* Words: for people and as identifiers in JSON. Never NULL. */
const char *vmt_explain_kind_word(enum vmt_kind kind);
/* The same in a sentence: "maps of memory", "of files". */
const char *vmt_explain_kind_plain(const struct vmt_explain_map *map);
const char *vmt_explain_apart_word(enum vmt_apart why);
const char *vmt_explain_apart_id(enum vmt_apart why);
const char *vmt_explain_pattern_id(enum vmt_pattern pattern);
/* By shape alone, or as calls are known to have made it. */
const char *vmt_explain_pattern_word(const struct vmt_explain *explain, enum vmt_pattern pattern);
const char *vmt_explain_remedy(const struct vmt_explain *explain, enum vmt_pattern pattern);
/* More to say of it, whole sentences; NULL = nothing. */
const char *vmt_explain_also(enum vmt_pattern pattern);
/* What a pattern is measured by: the maps saved, or where that is open those that show it. */
uint64_t vmt_explain_weight(const struct vmt_explain_pattern *pattern);
/* What there is to do about pieces that touch no other. */
const char *vmt_explain_alone_remedy(void);
/* "rw-p, ---p" or "hg nh" (in words "MADV_HUGEPAGE, ..."): a detail; "" if nothing. */
const char *vmt_explain_detail(enum vmt_apart why, uint64_t detail, bool in_words, char *text,
			       size_t size);

/* What so many maps cost, from figures measured on Linux 6.18. */
struct vmt_explain_cost {
	uint64_t bytes_low; /* kernel memory: no page written… */
	uint64_t bytes_high; /* …every map written to */
	uint64_t fork_low; /* ns that a fork takes longer */
	uint64_t fork_high;
	unsigned fault_low; /* per cent that a fault in scattered memory takes longer: reading… */
	unsigned fault_high; /* …and writing */
};
struct vmt_explain_cost vmt_explain_cost(uint64_t maps);

#endif
