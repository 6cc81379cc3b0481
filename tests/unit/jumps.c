/* SPDX-License-Identifier: MIT */
/*
 * Where a function jumps to, if it can only be one place: code of this program's own file, read as that
 * of a traced module would be.
 */
#include "symbols/callee.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern const char __ehdr_start[];

#define CODE(name, instructions)                                                     \
	extern const char jump_##name[], jump_##name##_end[];                        \
	__asm__(".pushsection .text\njump_" #name ":\n" instructions "\njump_" #name \
		"_end:\n.popsection");

CODE(target, "ret")
CODE(other, "ret; .skip 200, 0x90") /* what comes behind is far from the two */
CODE(by_plt, "test %rdi, %rdi; je 1f; jmp getppid@plt; 1: ret")
CODE(by_slot, "jmp *getppid@GOTPCREL(%rip)")
CODE(to_one, "call jump_other; jmp jump_target; nopw 0(%rax,%rax); jmp jump_target")
CODE(on_condition, "cmp $1, %edi; .byte 0x0f, 0x84; .long jump_target - . - 4; ret")
CODE(near, "ret")
CODE(to_near, "jmp jump_near")
CODE(to_near_or_plt, "test %edi, %edi; je jump_near; jmp getppid@plt")
CODE(to_two, "test %edi, %edi; je 1f; jmp jump_target; 1: jmp jump_other")
CODE(to_one_or_plt, "test %edi, %edi; je 1f; jmp jump_target; 1: jmp getppid@plt")
CODE(by_register, "test %edi, %edi; je 1f; jmp jump_target; 1: jmp *%rax")
CODE(by_memory, "jmp *8(%rdi)")
CODE(nowhere, "1: dec %edi; .byte 0x0f, 0x85; .long 1b - . - 4; ret")
CODE(system_call, "mov $39, %eax; syscall; jmp jump_target")

static const char *name_of(uint64_t address)
{
	if (address == (uint64_t)(jump_target - __ehdr_start))
		return "target";
	return address == (uint64_t)(jump_near - __ehdr_start) ? "near" : "elsewhere";
}

/* Returns the function's name, with " syscall" if there is one; no name if it is not certain. */
static const char *jump_of(const char *start, const char *end)
{
	static char result[40];
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct vmt_callee callee;
	const char *name = "";
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	cr_assert_not_null(elf);
	if (vmt_callee_jump(elf, (uint64_t)(start - __ehdr_start), (uint64_t)(end - __ehdr_start),
			    &callee))
		name = callee.name ? callee.name : name_of(callee.address);
	snprintf(result, sizeof(result), "%s%s", name, callee.has_syscall ? " syscall" : "");
	elf_end(elf);
	close(fd);
	return result;
}

#define JUMP(name) jump_of(jump_##name, jump_##name##_end)

Test(jumps, a_function_of_another_module)
{
	(void)getppid();
	cr_assert_str_eq(JUMP(by_plt), "getppid");
	cr_assert_str_eq(JUMP(by_slot), "getppid");
}

Test(jumps, a_function_of_the_same_file)
{
	cr_assert_str_eq(JUMP(to_one), "target");
	cr_assert_str_eq(JUMP(on_condition), "target");
	cr_assert_str_eq(JUMP(to_near), "near");
}

Test(jumps, one_of_two_is_not_certain)
{
	cr_assert_str_eq(JUMP(to_two), "");
	cr_assert_str_eq(JUMP(to_one_or_plt), "");
	cr_assert_str_eq(JUMP(to_near_or_plt), "");
	cr_assert_str_eq(JUMP(by_register), "");
	cr_assert_str_eq(JUMP(by_memory), "");
}

Test(jumps, within_the_function)
{
	cr_assert_str_eq(JUMP(nowhere), "");
	cr_assert_str_eq(JUMP(target), "");
}

Test(jumps, a_system_call_of_its_own)
{
	cr_assert_str_eq(JUMP(system_call), "target syscall");
}
