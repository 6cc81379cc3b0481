/* SPDX-License-Identifier: MIT */
/* The attributes of one VMA: those that /proc/PID/maps shows, and those known from calls. */
#ifndef VMT_VMA_H
#define VMT_VMA_H

#include "core/base/base.h"
#include "core/recording/record.h"

#define VMT_MAP_STORED UINT32_C(0x3f) /* the bits of vmt_vma.flags that are stored in a recording */

/* Bits of vmt_vma.flags in addition to those of record.h; only the merge rules use them. */
#define VMT_MAP_TOUCHED    (UINT32_C(1) << 8) /* the map has been accessible */
#define VMT_MAP_WRITTEN    (UINT32_C(1) << 9) /* the map has been writable */
#define VMT_MAP_CHANGED    (UINT32_C(1) << 10) /* changed by the current call */
#define VMT_MAP_ADVISED(i) (UINT32_C(1) << (11 + (i)))
#define VMT_MAP_ADVICE     (UINT32_C(0x7f) << 11)
#define VMT_MAP_KNOWN      (UINT32_C(0x3ff) << 8)

/* vmt_vma.vma_class: maps of equal class had the same hidden attributes when they were made. */
enum vmt_vma_class {
	VMT_CLASS_UNKNOWN, /* not equal to any class, itself included */
	VMT_CLASS_PLAIN, /* mmap, private and anonymous */
	VMT_CLASS_STACK, /* the same with MAP_STACK */
	VMT_CLASS_BRK,
	VMT_CLASS_NORESERVE, /* the first two with MAP_NORESERVE */
	VMT_CLASS_NORESERVE_STACK,
	VMT_CLASS_FILE, /* given by a call: each mapping of a file gets a number */
	VMT_CLASS_FIRST, /* the first of the numbers that stand for one call's map */
};
enum vmt_answer { VMT_ANSWER_NO, VMT_ANSWER_YES, VMT_ANSWER_MAYBE };

/* A device number in 12 and 20 bits, as in the kernel (linux/kdev_t.h); used in vmt_vma. */
static inline uint32_t vmt_vma_dev(uint32_t major, uint32_t minor)
{
	return major << 20 | (minor & 0xfffff);
}

static inline uint32_t vmt_vma_dev_major(uint32_t dev)
{
	return dev >> 20;
}

static inline uint32_t vmt_vma_dev_minor(uint32_t dev)
{
	return dev & 0xfffff;
}

/* What /proc/PID/maps shows of a map, and what is known of its hidden attributes. */
struct vmt_vma {
	uint64_t start;
	uint64_t end;
	uint64_t offset; /* in the file, bytes; 0 for anonymous memory */
	uint64_t inode;
	uint32_t dev; /* vmt_vma_dev(); 0 for anonymous memory */
	uint32_t flags; /* VMT_MAP_* */
	uint32_t vma_class; /* enum vmt_vma_class, or a number from VMT_CLASS_FIRST on */
	/* the number of the anon_vma that the map certainly has (anon_vma.h); 0 = unknown */
	uint32_t anon;
	/* number of the cut at its left end, 0 = none, and a bit: may have an anon_vma since */
	uint32_t left_anon;
	uint32_t right_anon;
};

static inline bool vmt_vma_is_file(const struct vmt_vma *vma)
{
	return vma->inode || vma->dev;
}

static inline bool vmt_vma_is_code(const struct vmt_vma *vma)
{
	return (vma->flags & VMT_MAP_EXEC) && vma->inode;
}

static inline bool vmt_vma_same_file(const struct vmt_vma *a, const struct vmt_vma *b)
{
	return a->inode == b->inode && a->dev == b->dev;
}

/* Cut off what lies before start, an address in the map. A file's offset moves along. */
static inline void vmt_vma_cut_front(struct vmt_vma *vma, uint64_t start)
{
	if (vmt_vma_is_file(vma))
		vma->offset += start - vma->start;
	vma->start = start;
}

/* Do two maps touch and look alike, so that only hidden attributes could keep them from merging? */
static inline bool vmt_vma_continues(const struct vmt_vma *left, const struct vmt_vma *right)
{
	if (left->end != right->start || !vmt_vma_same_file(left, right))
		return false;
	if ((left->flags ^ right->flags) & (VMT_MAP_VISIBLE | VMT_MAP_OWN))
		return false;
	return !vmt_vma_is_file(left) || left->offset + (left->end - left->start) == right->offset;
}

/* Do the two have the same bounds, protections, file and offset? */
static inline bool vmt_vma_same(const struct vmt_vma *a, const struct vmt_vma *b)
{
	return a->start == b->start && a->end == b->end && a->offset == b->offset &&
	       vmt_vma_same_file(a, b) && !((a->flags ^ b->flags) & VMT_MAP_VISIBLE);
}

#endif
