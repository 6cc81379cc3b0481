/* SPDX-License-Identifier: MIT */
/*
 * The attributes of one VMA: what /proc/PID/maps shows of it, and what is known besides.
 */
#ifndef VMT_VMA_H
#define VMT_VMA_H

#include "core/base/base.h"
#include "core/recording/record.h"

#define VMT_MAP_STORED UINT32_C(0x3f)	/* the bits of vmt_look.flags that a recording holds */

/* Bits of vmt_look.flags besides those of record.h: what merge_rules.h keeps; nobody else reads them. */
#define VMT_MAP_TOUCHED	   (UINT32_C(1) << 8)	/* has been accessible */
#define VMT_MAP_WRITTEN	   (UINT32_C(1) << 9)	/* has been writable */
#define VMT_MAP_CHANGED	   (UINT32_C(1) << 10)	/* by the call under way */
#define VMT_MAP_ADVISED(i) (UINT32_C(1) << (11 + (i)))
#define VMT_MAP_ADVICE	   (UINT32_C(0x7f) << 11)
#define VMT_MAP_KNOWN	   (UINT32_C(0x3ff) << 8)

/* vmt_look.kin: maps of equal kin had equal hidden attributes when they were made. */
enum vmt_kin {
	VMT_KIN_UNKNOWN,	/* equal to nothing */
	VMT_KIN_PLAIN,	/* mmap, private and anonymous */
	VMT_KIN_STACK,	/* the same with MAP_STACK */
	VMT_KIN_BRK,
	VMT_KIN_NORESERVE,	/* the first two with MAP_NORESERVE */
	VMT_KIN_NORESERVE_STACK,
	VMT_KIN_FILE,	/* of a call: a number for each mapping of a file */
	VMT_KIN_FIRST,	/* the first that stands for one call's map */
};
enum vmt_answer { VMT_ANSWER_NO, VMT_ANSWER_YES, VMT_ANSWER_MAYBE };

/* A device in 12 and 20 bits, as the kernel has it (linux/kdev_t.h): what vmt_look holds of it. */
static inline uint32_t vmt_dev(uint32_t major, uint32_t minor)
{
	return major << 20 | (minor & 0xfffff);
}

static inline uint32_t vmt_dev_major(uint32_t dev)
{
	return dev >> 20;
}

static inline uint32_t vmt_dev_minor(uint32_t dev)
{
	return dev & 0xfffff;
}

/* What a map looks like: all that /proc/PID/maps shows of it. */
struct vmt_look {
	uint64_t start;
	uint64_t end;
	uint64_t offset;	/* in the file; 0 for anonymous memory */
	uint64_t inode;
	uint32_t dev;	/* vmt_dev(); 0 for anonymous memory */
	uint32_t flags;	/* VMT_MAP_* */
	uint32_t kin;	/* enum vmt_kin, or a number of its own */
	uint32_t anon;	/* the number of the anon_vma that it surely has (anon_vma.h); 0: unknown */
	uint32_t left_tie;	/* …and what is known of that of its neighbours */
	uint32_t right_tie;
};

static inline bool vmt_look_is_file(const struct vmt_look *look)
{
	return look->inode || look->dev;
}

static inline bool vmt_look_same_file(const struct vmt_look *a, const struct vmt_look *b)
{
	return a->inode == b->inode && a->dev == b->dev;
}

/* What is left of it from start on, which lies in it: a file's offset goes along. */
static inline void vmt_look_cut_front(struct vmt_look *look, uint64_t start)
{
	if (vmt_look_is_file(look) && VMT_FAULT != 2)
		look->offset += start - look->start;
	look->start = start;
}

/* Are two touching maps such that only hidden attributes could keep them apart? */
bool vmt_look_continues(const struct vmt_look *left, const struct vmt_look *right);

/* Same bounds, rwxs, file and offset? */
bool vmt_look_same(const struct vmt_look *a, const struct vmt_look *b);

#endif
