/* SPDX-License-Identifier: MIT */
/*
 * Compares what the tool says of pairs of neighbours with what the program that made them
 * knows (tests/targets/neighbours.c): a reason that is none of those in which they differ is
 * wrong; "unknown" is wrong only where the flags are known and something differs.
 *
 *	neighbours_check PAIRS MAPS [NUMA_MAPS]		a text of maps or smaps
 *	neighbours_check PAIRS RECORDING.vmt
 */
#include "explain/explain_record.h"
#include "input/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long pairs, apart, named, unknown, wrong;

static const struct vmt_explain_map *find(const struct vmt_explain_map *map, size_t count,
					  unsigned long start)
{
	for (size_t i = 1; i < count; i++) {
		if (map[i].start == start)
			return &map[i];
		if (map[i].start < start && map[i].end > start)
			return NULL;
	}
	return NULL;
}

/* Does the list contain the word? "word?" counts as well. */
static bool is_among(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += n) {
		if ((at == list || at[-1] == ',') && strchr(",?\n", at[n]))
			return true;
	}
	return false;
}

/* A difference in "flags", or one that ends in "?", may be none. */
static bool is_certain(const char *list)
{
	size_t n;

	for (const char *at = list; *at && *at != '-'; at += n + 1) {
		n = strcspn(at, ",\n");
		if (at[n - 1] != '?' && strncmp(at, "flags", 5))
			return true;
	}
	return false;
}

static void complain(const char *problem, unsigned long at, const char *list, const char *reason)
{
	if (wrong++ < 10)
		printf("%s: %lx differs in %.*s, the tool says %s\n", problem, at,
		       (int)strcspn(list, "\n"), list, reason);
}

static void compare(const struct vmt_explain_map *map, size_t count, unsigned long at,
		    const char *list)
{
	const struct vmt_explain_map *right = find(map, count, at);
	const char *reason;

	pairs++;
	if (!right) {
		if (is_certain(list))
			complain("joined", at, list, "nothing");
		return;
	}
	apart++;
	reason = vmt_explain_apart_id((enum vmt_apart)(right->apart - 1));
	if (right->apart - 1 == VMT_APART_UNKNOWN) {
		unknown++;
		if (is_certain(list) && right->vm_flags && right[-1].vm_flags)
			complain("missed", at, list, reason);
	} else if (!right->apart || !is_among(list, reason)) {
		complain("wrong", at, list, right->apart ? reason : "a hole");
	} else {
		named++;
	}
}

static int compare_all(const char *name, const struct vmt_explain_map *map, size_t count)
{
	FILE *file = fopen(name, "re");
	char line[256], list[256];
	unsigned long at;

	if (!file)
		return 2;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx %253s", &at, list) != 2)
			continue;
		strcat(list, "\n");
		compare(map, count, at, list);
	}
	fclose(file);
	printf("%lu pairs, %lu of them apart: %lu named, %lu unknown, %lu wrong\n", pairs, apart,
	       named, unknown, wrong);
	return wrong || !apart;
}

static int check_maps(const char *list, const char *maps, const char *policies)
{
	static const struct vmt_explain_facts nothing = { .threads = 0 };
	struct vmt_explain explain;
	struct vmt_procmaps text;

	if (vmt_procmaps_read(maps, &text) ||
	    (policies && vmt_procmaps_read_policies(&text, policies)) ||
	    vmt_explain(text.map, text.count, &nothing, &explain))
		return 2;
	return compare_all(list, text.map, text.count);
}

static int check_recording(const char *list, const char *name)
{
	struct vmt_recordings recordings = { NULL, 0 };
	struct vmt_explain_record record;

	if (vmt_load_path(&recordings, name) || !recordings.count ||
	    vmt_explain_record(&recordings.item[0].view, vmt_symbols_new(NULL), &record))
		return 2;
	return compare_all(list, record.map, record.count);
}

int main(int argc, char **argv)
{
	size_t n = argc > 2 ? strlen(argv[2]) : 0;

	if (argc < 3)
		return 2;
	if (n > 4 && !strcmp(argv[2] + n - 4, ".vmt"))
		return check_recording(argv[1], argv[2]);
	return check_maps(argv[1], argv[2], argc > 3 ? argv[3] : NULL);
}
