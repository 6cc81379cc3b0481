/* SPDX-License-Identifier: MIT */
/*
 * Machine code as bytes: finding system call sites and writing jumps over
 * them (x86-64). Knows nothing of modules or of what is to be caught.
 */
#ifndef VMT_CODE_H
#define VMT_CODE_H

#include "core/base/base.h"

#define VMT_CODE_SITE_SIZE 7 /* mov $nr, %eax; syscall */
#define VMT_CODE_JUMP_SIZE 5
#define VMT_CODE_LEAP_SIZE 14
#define VMT_CODE_MOV_SIZE  5 /* mov $nr, %eax */
#define VMT_CODE_CMP_SIZE  6 /* cmp $-4095, %rax */
#define VMT_CODE_LOAD_SIZE 7 /* mov x(%rip), %rdx */

/* What follows a system call at the entry of a function. */
enum vmt_code_tail {
	VMT_CODE_TAIL_NONE, /* anything else */
	VMT_CODE_TAIL_ERRNO, /* cmp $-4095, %rax; jae .+3; ret: as in most of libc */
	VMT_CODE_TAIL_RDX, /* mov x(%rip), %rdx: brk */
};

struct vmt_code_site {
	uint64_t addr;
	uint32_t nr;
	bool is_exact; /* can be patched */
	bool is_probed; /* would be exact, but for a breakpoint over the first byte */
	enum vmt_code_tail tail;
	uint8_t moved; /* bytes of plain instructions between the mov and the system call */
};

#define VMT_CODE_MOVED_MAX 11u

/*
 * The next system call in [*from, end) whose number can be told. Exact: the
 * seven bytes `mov $nr, %eax; syscall`, or the same with a few plain instructions between.
 * Otherwise there is a similar mov a few instructions before, or a breakpoint in its place, which
 * is a guess and good for a warning. Moves *from on. Returns false, with *from = end, if there is
 * none. The text must be readable.
 */
bool vmt_code_next_site(uint64_t *from, uint64_t end, struct vmt_code_site *ret_site);

/* Do the bytes that a jump needs lie in one cache line, so that threads see all or none? */
static inline bool vmt_code_is_in_one_line(uint64_t addr)
{
	return addr % 64 + VMT_CODE_JUMP_SIZE <= 64;
}

/*
 * The system call instruction in a function as syscall(3), if the tail called ERRNO above follows
 * it; 0 if not.
 */
uint64_t vmt_code_find_home(uint64_t entry);

/*
 * The first instruction behind the entry of libc's _exit that loads the number of exit_group into a
 * register; 0 if there is none. The arguments are still where they were at the entry.
 */
uint64_t vmt_code_find_exit(uint64_t entry);

/* A short jump near the entry that leads back into the bytes that are overwritten at `at`? */
bool vmt_code_has_jump_into(const uint8_t *entry, const uint8_t *at);

/*
 * Has the process one thread only, so that nobody runs what is written over? False where that
 * cannot be told.
 */
bool vmt_code_is_alone(void);

/* `jmp target`, as it is to stand at addr. False if that is too far. */
bool vmt_code_make_jump(uint64_t addr, uint64_t target, uint8_t ret_code[VMT_CODE_JUMP_SIZE]);

/* `jmp *0(%rip)` and the address behind it: as far as you like. */
void vmt_code_make_leap(uint64_t target, uint8_t ret_code[VMT_CODE_LEAP_SIZE]);

/* Write instructions to be moved, and nops up to VMT_CODE_MOVED_MAX. Returns 0 or -errno. */
int vmt_code_write_moved(int mem, uint64_t addr, const struct vmt_code_site *site);

/* Open the calling process's memory for writing. Returns a descriptor or -errno. */
int vmt_code_open(void);

/*
 * Write `jmp target` at addr through that descriptor, in one call, exactly
 * VMT_CODE_JUMP_SIZE bytes. Returns 0, -ERANGE (target is too far) or -errno.
 */
int vmt_code_write_jump(int mem, uint64_t addr, uint64_t target);

/*
 * The same to any distance, in 14 bytes, where nobody runs yet. Changes no register. Returns 0 or
 * -errno.
 */
int vmt_code_write_leap(int mem, uint64_t addr, uint64_t target);

#endif
