/* SPDX-License-Identifier: MIT */
/*
 * What the kernel's interface has and the headers of Debian 12 lack; the names end in an underscore
 * where newer headers define them.
 */
#ifndef VMT_UAPI_H
#define VMT_UAPI_H

#include <asm/ioctl.h>
#include <stdint.h>

/* include/uapi/asm-generic/mman-common.h, Linux 6.13 */
#define MADV_GUARD_INSTALL_ 102
#define MADV_GUARD_REMOVE_  103

/* include/uapi/linux/prctl.h: Linux 5.17, and 6.4 */
#define PR_SET_VMA_          0x53564d41
#define PR_SET_MEMORY_MERGE_ 67

#define VMT_PERSONALITY_QUERY 0xffffffffUL /* personality(2) with this argument only reads */

/* struct procmap_query of include/uapi/linux/fs.h, Linux 6.11 */
struct vmt_procmap_query {
	uint64_t size;
	uint64_t query_flags;
	uint64_t query_addr;
	uint64_t vma_start;
	uint64_t vma_end;
	uint64_t vma_flags;
	uint64_t vma_page_size;
	uint64_t vma_offset;
	uint64_t inode;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint32_t vma_name_size;
	uint32_t build_id_size;
	uint64_t vma_name_addr;
	uint64_t build_id_addr;
};
#define VMT_PROCMAP_QUERY _IOWR('f', 17, struct vmt_procmap_query)

/* Bits of vma_flags in the answer: the same as VMT_MAP_VISIBLE. */
#define VMT_QUERY_READ   1u
#define VMT_QUERY_WRITE  2u
#define VMT_QUERY_EXEC   4u
#define VMT_QUERY_SHARED 8u

#endif
