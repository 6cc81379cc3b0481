/* SPDX-License-Identifier: MIT */
/*
 * One map as it is explained, and what is given to explain it by. Filled from /proc/PID/maps or
 * from a recording.
 */
#ifndef VMT_EXPLAIN_MAP_H
#define VMT_EXPLAIN_MAP_H

#include "core/recording/record.h"

enum vmt_kind {
	VMT_KIND_ANONYMOUS, /* memory of which no more is known */
	VMT_KIND_THREAD_STACK,
	VMT_KIND_GUARD, /* at most 16 KiB without any access, beside memory */
	VMT_KIND_RESERVED, /* more than that without any access */
	VMT_KIND_HEAP, /* what brk made */
	VMT_KIND_ALLOCATOR, /* heap of an allocator; detail = its module */
	VMT_KIND_JIT, /* executable, no file */
	VMT_KIND_FILE,
	VMT_KIND_DELETED, /* a file that has no name any more */
	VMT_KIND_LIBRARY, /* of a file that is mapped executable, and its .bss */
	VMT_KIND_SHARED, /* shared memory, memfd */
	VMT_KIND_HUGE, /* huge pages (MAP_HUGETLB, hugetlbfs), private or shared */
	VMT_KIND_DEVICE,
	VMT_KIND_STACK, /* of the first thread */
	VMT_KIND_VDSO,
	VMT_KIND_KERNEL, /* others that the kernel makes itself: [aio] */
	VMT_KIND_COUNT,
};

/* What only an owner can tell: from stacks of a recording, or thread registers. */
enum vmt_hint {
	VMT_HINT_NONE,
	VMT_HINT_THREAD_STACK,
	VMT_HINT_ALLOCATOR,
	VMT_HINT_HEAP,
	VMT_HINT_VDSO,
	VMT_HINT_LIBRARY,
	VMT_HINT_EXISTS, /* its file does, though the name ends in " (deleted)" */
	VMT_HINT_DEVICE, /* by the file system that the file without a name is on */
	VMT_HINT_HUGE,
	VMT_HINT_SHARED,
};

#define VMT_SHOWS_ALONE (UINT64_C(1) << 63) /* memory that touches no other */

struct vmt_explain_map {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	uint64_t inode;
	uint64_t vm_flags; /* see vmflags.h; VMT_VMFLAGS_KNOWN = they are known */
	const char *name; /* as the kernel shows it, not terminated; NULL = not known */
	const char *detail; /* of the kind, terminated; NULL = none */
	uint32_t name_length;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint32_t flags; /* VMT_MAP_VISIBLE, VMT_MAP_STACK */
	uint32_t put_by; /* site, or VMT_NO_INDEX */
	uint32_t mapped_by; /* the same, of the call that mapped its first byte */
	uint32_t policy; /* of NUMA, a number for each; 1 = default, 0 = not known */
	uint8_t key; /* of protection; known where vm_flags are */
	uint8_t kind; /* enum vmt_kind */
	uint8_t hint; /* enum vmt_hint, given */
	uint8_t put_call; /* enum vmt_call_id of put_by; VMT_CALL_NONE = not known */
	bool is_arena; /* part of a heap of a glibc arena; set with the kind */
	uint8_t apart; /* 1 + enum vmt_apart, from the map below; 0 = a hole */
	uint64_t shows; /* patterns, a bit for each (enum vmt_pattern); VMT_SHOWS_ALONE */
};

#endif
