/* SPDX-License-Identifier: MIT */
/*
 * Valgrind's thread checkers, helgrind and drd, know no lock of ours and would report each access to
 * our memory as a data race. memcheck would report that the library compares words of the program's
 * stacks that the program has not written, and reads modules that valgrind has mapped. All of them
 * take requests from the program by an instruction sequence that does nothing on a processor: the
 * numbers are those of VALGRIND_HG_DISABLE_CHECKING, ANNOTATE_BENIGN_RACE_SIZED,
 * VALGRIND_STACK_REGISTER and VALGRIND_DISABLE_ERROR_REPORTING, in valgrind/helgrind.h,
 * valgrind/drd.h and valgrind/valgrind.h. Their interface is stable.
 */
#ifndef VMT_VALGRIND_H
#define VMT_VALGRIND_H

#include <stddef.h>
#include <stdint.h>

#define VMT_VALGRIND_TOOL(a, b)      ((unsigned long)(a) << 24 | (unsigned long)(b) << 16)
#define VMT_VALGRIND_HELGRIND_IGNORE (VMT_VALGRIND_TOOL('H', 'G') + 256 + 39)
#define VMT_VALGRIND_HELGRIND_CHECK  (VMT_VALGRIND_TOOL('H', 'G') + 256 + 40)
#define VMT_VALGRIND_DRD_IGNORE      (VMT_VALGRIND_TOOL('D', 'R') + 2)
#define VMT_VALGRIND_DRD_CHECK       (VMT_VALGRIND_TOOL('D', 'R') + 3)
#define VMT_VALGRIND_STACK           0x1501
#define VMT_VALGRIND_ERRORS          0x1801

/* A request that the running tool does not know, or any outside of valgrind, does nothing. */
static inline void vmt_valgrind_request(unsigned long request, uint64_t start, uint64_t size)
{
	const volatile unsigned long args[6] = { request, start, size };
	unsigned long result = 0;

	__asm__ volatile("rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi\n\t"
			 "xchgq %%rbx, %%rbx"
			 : "+d"(result)
			 : "a"(args)
			 : "cc", "memory");
}

/* Report no races in this range. */
static inline void vmt_valgrind_ignore(uint64_t start, uint64_t size)
{
	vmt_valgrind_request(VMT_VALGRIND_HELGRIND_IGNORE, start, size);
	vmt_valgrind_request(VMT_VALGRIND_DRD_IGNORE, start, size);
}

/* The range is the program's again. */
static inline void vmt_valgrind_check(uint64_t start, uint64_t size)
{
	vmt_valgrind_request(VMT_VALGRIND_HELGRIND_CHECK, start, size);
	vmt_valgrind_request(VMT_VALGRIND_DRD_CHECK, start, size);
}

/* The range holds stacks: when rsp moves there, what lies in between is not part of a stack. */
static inline void vmt_valgrind_stacks(uint64_t start, uint64_t end)
{
	vmt_valgrind_request(VMT_VALGRIND_STACK, start, end);
}

/* Report none of this thread's errors, until vmt_valgrind_end() is called as often as this. */
static inline void vmt_valgrind_begin(void)
{
	vmt_valgrind_request(VMT_VALGRIND_ERRORS, 1, 0);
}

static inline void vmt_valgrind_end(void)
{
	vmt_valgrind_request(VMT_VALGRIND_ERRORS, UINT64_MAX, 0);
}

#endif
