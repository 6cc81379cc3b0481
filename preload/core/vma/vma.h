/* SPDX-License-Identifier: MIT */
/*
 * The attributes of one VMA: what /proc/PID/maps shows of it, and what is known besides.
 */
#ifndef VMT_VMA_H
#define VMT_VMA_H

#include "core/base/base.h"
#include "core/recording/record.h"

#define VMT_MAP_STORED UINT32_C(0x3f) /* the bits of vmt_vma.flags that a recording holds */

/*
 * Bits of vmt_vma.flags besides those of record.h: what merge_rules.h keeps; nobody else reads
 * them.
 */
#define VMT_MAP_TOUCHED    (UINT32_C(1) << 8) /* has been accessible */
#define VMT_MAP_WRITTEN    (UINT32_C(1) << 9) /* has been writable */
#define VMT_MAP_CHANGED    (UINT32_C(1) << 10) /* by the call under way */
#define VMT_MAP_ADVISED(i) (UINT32_C(1) << (11 + (i)))
#define VMT_MAP_ADVICE     (UINT32_C(0x7f) << 11)
#define VMT_MAP_KNOWN      (UINT32_C(0x3ff) << 8)

/* vmt_vma.vma_class: maps of equal class had equal hidden attributes when they were made. */
enum vmt_vma_class {
	VMT_CLASS_UNKNOWN, /* equal to nothing */
	VMT_CLASS_PLAIN, /* mmap, private and anonymous */
	VMT_CLASS_STACK, /* the same with MAP_STACK */
	VMT_CLASS_BRK,
	VMT_CLASS_NORESERVE, /* the first two with MAP_NORESERVE */
	VMT_CLASS_NORESERVE_STACK,
	VMT_CLASS_FILE, /* of a call: a number for each mapping of a file */
	VMT_CLASS_FIRST, /* the first that stands for one call's map */
};
enum vmt_answer { VMT_ANSWER_NO, VMT_ANSWER_YES, VMT_ANSWER_MAYBE };

/* A device in 12 and 20 bits, as the kernel has it (linux/kdev_t.h): what vmt_vma holds of it. */
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
struct vmt_vma {
	uint64_t start;
	uint64_t end;
	uint64_t offset; /* in the file; 0 for anonymous memory */
	uint64_t inode;
	uint32_t dev; /* vmt_dev(); 0 for anonymous memory */
	uint32_t flags; /* VMT_MAP_* */
	uint32_t vma_class; /* enum vmt_vma_class, or a number of its own */
	uint32_t anon; /* the number of the anon_vma that it surely has (anon_vma.h); 0: unknown */
	uint32_t left_anon; /* …and what is known of that of its neighbours */
	uint32_t right_anon;
};

static inline bool vmt_vma_is_file(const struct vmt_vma *vma)
{
	return vma->inode || vma->dev;
}

static inline bool vmt_vma_same_file(const struct vmt_vma *a, const struct vmt_vma *b)
{
	return a->inode == b->inode && a->dev == b->dev;
}

/* What is left of it from start on, which lies in it: a file's offset goes along. */
static inline void vmt_vma_cut_front(struct vmt_vma *vma, uint64_t start)
{
	if (vmt_vma_is_file(vma))
		vma->offset += start - vma->start;
	vma->start = start;
}

/* Are two touching maps such that only hidden attributes could keep them apart? */
bool vmt_vma_continues(const struct vmt_vma *left, const struct vmt_vma *right);

/* Same bounds, rwxs, file and offset? */
bool vmt_vma_same(const struct vmt_vma *a, const struct vmt_vma *b);

#endif
