/* SPDX-License-Identifier: MIT */
/*
 * Machine code as bytes: finds system call sites, and writes jumps over them (x86-64). What is
 * patched, and in which modules, is decided elsewhere.
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

/* The instructions after a system call at the entry of a function. */
enum vmt_code_tail {
	VMT_CODE_TAIL_NONE, /* anything else */
	VMT_CODE_TAIL_ERRNO, /* cmp $-4095, %rax; jae .+3; ret: most of libc */
	VMT_CODE_TAIL_RDX, /* mov x(%rip), %rdx: brk */
};

struct vmt_code_site {
	uint64_t addr;
	uint32_t nr;
	bool is_exact; /* the site can be patched */
	bool is_probed; /* the site would be exact without the breakpoint over its first byte */
	enum vmt_code_tail tail;
	uint8_t moved; /* bytes of plain instructions between the mov and the system call */
};

#define VMT_CODE_MOVED_MAX 11u

/*
 * Find the next system call in [*from, end) whose number can be told, and advance *from. An exact
 * site consists of the seven bytes `mov $nr, %eax; syscall`, or has a few plain instructions
 * between the two. An inexact site has a similar mov a few instructions before the call, or a
 * breakpoint in its place; its number is a guess, good enough for a warning. Returns false, with
 * *from = end, if there is none. The text must be readable.
 */
bool vmt_code_next_site(uint64_t *from, uint64_t end, struct vmt_code_site *ret_site);

/* Do the bytes of a jump lie in one cache line, so that other threads see all of them or none? */
static inline bool vmt_code_is_in_one_line(uint64_t addr)
{
	return addr % 64 + VMT_CODE_JUMP_SIZE <= 64;
}

/*
 * Returns the address of the system call instruction in a function like syscall(3), if
 * VMT_CODE_TAIL_ERRNO follows it; otherwise 0.
 */
uint64_t vmt_code_find_syscall(uint64_t entry);

/*
 * Returns the address of the first instruction after the entry of libc's _exit that loads the
 * number of exit_group into a register, or 0. The function's arguments are still in their registers
 * there.
 */
uint64_t vmt_code_find_exit(uint64_t entry);

/* Does a short jump near the entry lead back into the bytes that are overwritten at `at`? */
bool vmt_code_has_jump_into(const uint8_t *entry, const uint8_t *at);

/*
 * Does the process have only one thread, so that no thread can be in the bytes that are
 * overwritten? False if that cannot be told.
 */
bool vmt_code_is_alone(void);

/* Make `jmp target` as it has to be at addr. False if the target is too far. */
bool vmt_code_make_jump(uint64_t addr, uint64_t target, uint8_t ret_code[VMT_CODE_JUMP_SIZE]);

/*
 * Make `jmp *0(%rip)` followed by the target's address, which reaches any distance and changes no
 * register.
 */
void vmt_code_make_leap(uint64_t target, uint8_t ret_code[VMT_CODE_LEAP_SIZE]);

/* Copy the site's instructions that are moved, and add nops up to VMT_CODE_MOVED_MAX. */
void vmt_code_make_moved(const struct vmt_code_site *site, uint8_t ret_code[VMT_CODE_MOVED_MAX]);

/* Open the calling process's memory for writing. Returns a descriptor or -errno. */
int vmt_code_open(void);

/*
 * Write `jmp target` at addr through mem: one write of exactly VMT_CODE_JUMP_SIZE bytes. Returns 0,
 * -ERANGE (target is too far) or -errno.
 */
int vmt_code_write_jump(int mem, uint64_t addr, uint64_t target);

/* Write code in one write. Returns 0 or -errno. */
int vmt_code_write(int mem, uint64_t addr, const uint8_t *code, size_t size);

#endif
