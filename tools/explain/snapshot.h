/* SPDX-License-Identifier: MIT */
/*
 * The maps of one process at one moment, read and explained. The command maps prints what is
 * gathered here.
 */
#ifndef VMT_SNAPSHOT_H
#define VMT_SNAPSHOT_H

#include "explain/explain.h"
#include "input/process.h"
#include "input/procmaps.h"
#include "util/lines.h"

enum vmt_snapshot_flags {
	VMT_SNAPSHOT_FLAGS_FEW, /* if there are few maps */
	VMT_SNAPSHOT_FLAGS_ALWAYS,
	VMT_SNAPSHOT_FLAGS_NEVER,
};

struct vmt_snapshot_options {
	enum vmt_snapshot_flags flags;
};

struct vmt_snapshot {
	const char *file; /* NULL = the maps come from a process */
	struct vmt_process process;
	struct vmt_procmaps maps;
	struct vmt_explain explain;
	uint64_t limit; /* 0 = unknown */
	uint64_t *stack_pointers;
	size_t stack_pointer_count;
};

/*
 * what: a pid, or the name of a file, which must stay valid. Returns 0, or -errno and a sentence
 * that describes the problem. Free the result in either case.
 */
int vmt_snapshot_take(const char *what, const struct vmt_snapshot_options *options,
		      struct vmt_snapshot *ret_snapshot, char *ret_problem, size_t size);
void vmt_snapshot_free(struct vmt_snapshot *snapshot);

/* "java (991): 61,204 maps, 93 % of vm.max_map_count (65,530)" */
void vmt_snapshot_headline(struct vmt_lines *lines, const struct vmt_snapshot *snapshot);

#endif
