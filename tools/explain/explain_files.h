/* SPDX-License-Identifier: MIT */
/* Describes the files of a kind of maps by what their paths have in common. */
#ifndef VMT_EXPLAIN_FILES_H
#define VMT_EXPLAIN_FILES_H

#include "explain/explain.h"

/* Files of one directory with one extension; "*" stands for what differs: in /data/idx, *.dvd */
struct vmt_explain_files {
	char *pattern;
	uint64_t maps;
};

/* Find the groups with most maps of a kind, at most count. Returns their number. */
size_t vmt_explain_top_files(const struct vmt_explain *explain, enum vmt_kind kind,
			     struct vmt_explain_files *ret_files, size_t count);
void vmt_explain_free_files(struct vmt_explain_files *files, size_t count);

#endif
