/* SPDX-License-Identifier: MIT */
/*
 * One map to be explained, and the facts that explain it. Filled from /proc/PID/maps or from a
 * recording.
 */
#ifndef VMT_EXPLAIN_MAP_H
#define VMT_EXPLAIN_MAP_H

#include "core/recording/record.h"

enum vmt_kind {
	VMT_KIND_ANONYMOUS, /* memory of which nothing more is known */
	VMT_KIND_THREAD_STACK,
	VMT_KIND_GUARD, /* at most 16 KiB without access, next to memory */
	VMT_KIND_RESERVED, /* a larger range without access */
	VMT_KIND_HEAP, /* made by brk */
	VMT_KIND_ALLOCATOR, /* an allocator's heap; detail = the allocator's module */
	VMT_KIND_JIT, /* executable memory without a file */
	VMT_KIND_FILE,
	VMT_KIND_DELETED, /* a file whose name has been removed */
	VMT_KIND_LIBRARY, /* a file that is also mapped executable, or its .bss */
	VMT_KIND_SHARED, /* shared memory, memfd */
	VMT_KIND_HUGE, /* huge pages (MAP_HUGETLB, hugetlbfs), private or shared */
	VMT_KIND_DEVICE,
	VMT_KIND_STACK, /* the first thread's stack */
	VMT_KIND_VDSO,
	VMT_KIND_KERNEL, /* other maps that the kernel makes: [aio] */
	VMT_KIND_COUNT,
};

/* Known only from an owner: from stacks of a recording, or from thread registers. */
enum vmt_hint {
	VMT_HINT_NONE,
	VMT_HINT_THREAD_STACK,
	VMT_HINT_ALLOCATOR,
	VMT_HINT_HEAP,
	VMT_HINT_VDSO,
	VMT_HINT_LIBRARY,
	VMT_HINT_EXISTS, /* the file exists, although the map's name ends in " (deleted)" */
	VMT_HINT_DEVICE, /* known by the file system of a file without a name */
	VMT_HINT_HUGE,
	VMT_HINT_SHARED,
	VMT_HINT_ZERO_DEVICE, /* /dev/zero */
};

#define VMT_SHOWS_ALONE   (UINT64_C(1) << 63) /* memory that touches no other map */
#define VMT_SHOWS_LIBRARY (UINT64_C(1) << 62) /* of a library that was loaded at run time */

struct vmt_explain_map {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	uint64_t inode;
	uint64_t vm_flags; /* see vmflags.h; includes VMT_VMFLAGS_KNOWN if they are known */
	uint64_t time; /* of put_by's call, in ns since the start; 0 = unknown */
	const char *name; /* as the kernel shows it, not NUL-terminated; NULL = unknown */
	const char *detail; /* details of the kind, NUL-terminated; NULL = none */
	uint32_t name_length;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint32_t flags; /* VMT_MAP_VISIBLE, VMT_MAP_STACK */
	uint32_t put_by; /* site, or VMT_NO_INDEX */
	uint32_t mapped_by; /* the site whose call mapped the first byte */
	uint32_t policy; /* NUMA policy: a number for each; 1 = default, 0 = unknown */
	uint8_t key; /* protection key; known if vm_flags are */
	uint8_t kind; /* enum vmt_kind */
	uint8_t hint; /* enum vmt_hint, set by the caller */
	uint32_t put_asked; /* of put_by, struct vmt_rec_site; 0 = not known */
	uint8_t put_call; /* enum vmt_call_id of put_by; VMT_CALL_NONE = unknown */
	bool is_programs; /* neither libc nor an allocator made the call that mapped it */
	bool is_loaders; /* the loader (ld.so) made the call that put it there */
	bool is_threads; /* pthread_create made that call */
	bool is_arena; /* part of a heap of a glibc arena; set along with the kind */
	uint8_t apart; /* 1 + enum vmt_apart: why the map below is another map; 0 = a hole */
	uint64_t shows; /* a bit for each enum vmt_pattern that the map shows; VMT_SHOWS_* */
};

#endif
