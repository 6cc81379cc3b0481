/* SPDX-License-Identifier: MIT */
/* Identifies the file of a new map, as /proc/self/maps would, by the descriptor that was mapped. */
#ifndef VMT_FILE_ID_H
#define VMT_FILE_ID_H

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "state/state.h"

/* The device as a map has it, from a number that fstat(2) has returned. */
static inline uint32_t vmt_file_id_dev(uint64_t device)
{
	return vmt_vma_dev(gnu_dev_major(device), gnu_dev_minor(device));
}

/* On hugetlbfs, blocks are huge pages, and so are the units of maps. */
static inline bool vmt_file_id_has_huge_pages(const struct stat *st)
{
	return st->st_blksize > 65536;
}

/*
 * fstat(2) on the descriptor that the call has mapped; 0 or -errno. The answer is kept until
 * vmt_file_id_forget(), when the call has been accounted for: it is asked once.
 */
long vmt_file_id_look(struct vmt_state *state, int fd, struct stat *ret_st);
void vmt_file_id_forget(struct vmt_state *state);

/* The function `file` of struct vmt_kernel_ops; context is the state. */
int vmt_file_id_file(void *context, int fd, struct vmt_vma *vma);

/* The program's own file is in the table already, so its device can be compared without asking. */
void vmt_file_id_start(struct vmt_state *state);

#endif
