/* SPDX-License-Identifier: MIT */
/*
 * filter/bpf.c: what filters answer if arguments are known, unknown or examined. If the filter
 * cannot be followed, the answer is no.
 */
#include <criterion/criterion.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "filter/bpf.h"

#define LOAD(field)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF(value)    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, 1)
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_##what)

#define ALLOWS(program, ...) \
	vmt_bpf_allows(program, VMT_COUNT(program), &(struct vmt_bpf_call){ __VA_ARGS__ })

Test(bpf, a_list_of_what_is_allowed)
{
	const struct sock_filter program[] = {
		LOAD(arch),           BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
		ANSWER(KILL_PROCESS), LOAD(nr),
		IF(SYS_read),         ANSWER(ALLOW),
		IF(SYS_write),        ANSWER(LOG),
		ANSWER(ERRNO),
	};

	cr_assert(ALLOWS(program, .nr = SYS_read));
	cr_assert(ALLOWS(program, .nr = SYS_write));
	cr_assert(!ALLOWS(program, .nr = SYS_ioctl));
}

Test(bpf, an_error_will_do_for_some_calls)
{
	const struct sock_filter program[] = {
		LOAD(nr),      IF(SYS_read), ANSWER(ERRNO),
		IF(SYS_write), ANSWER(TRAP), ANSWER(KILL_THREAD),
	};

	cr_assert(!ALLOWS(program, .nr = SYS_read));
	cr_assert(ALLOWS(program, .nr = SYS_read, .errors_will_do = true));
	cr_assert(!ALLOWS(program, .nr = SYS_write, .errors_will_do = true));
	cr_assert(!ALLOWS(program, .nr = SYS_ioctl, .errors_will_do = true));
}

Test(bpf, an_unknown_argument_goes_both_ways)
{
	const struct sock_filter program[] = {
		LOAD(args[1]),
		IF(7),
		ANSWER(TRAP),
		ANSWER(ALLOW),
	};

	cr_assert(!ALLOWS(program, .nr = SYS_ioctl));
	cr_assert(!ALLOWS(program, .nr = SYS_ioctl, .arg = { 0, 7 }, .known = 2));
	cr_assert(ALLOWS(program, .nr = SYS_ioctl, .arg = { 0, 8 }, .known = 2));
}

Test(bpf, an_unknown_argument_that_makes_no_difference)
{
	const struct sock_filter program[] = {
		LOAD(args[0]),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 3),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_X, 0, 0, 1),
		ANSWER(ALLOW),
		ANSWER(LOG),
	};

	cr_assert(ALLOWS(program, .nr = SYS_clone));
}

Test(bpf, flags_under_a_mask)
{
	const struct sock_filter program[] = {
		LOAD(args[0]),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x7e020000, 0, 1),
		ANSWER(ERRNO),
		ANSWER(ALLOW),
	};

	cr_assert(ALLOWS(program, .nr = SYS_clone, .arg = { 0x4100 }, .known = 1));
	cr_assert(!ALLOWS(program, .nr = SYS_clone, .arg = { 0x10000000 }, .known = 1));
}

Test(bpf, the_upper_half_of_an_argument)
{
	const struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2]) + 4),
		IF(1),
		ANSWER(ALLOW),
		ANSWER(KILL_THREAD),
	};

	cr_assert(ALLOWS(program, .arg = { 0, 0, 1L << 32 }, .known = 4));
	cr_assert(!ALLOWS(program, .arg = { 0, 0, 1 }, .known = 4));
}

Test(bpf, the_address_that_a_call_comes_from)
{
	const struct sock_filter program[] = {
		LOAD(instruction_pointer),
		IF(0x1000),
		ANSWER(ALLOW),
		ANSWER(KILL_PROCESS),
	};

	cr_assert(ALLOWS(program, .nr = SYS_read, .pc = 0x1000));
	cr_assert(!ALLOWS(program, .nr = SYS_read, .pc = 0x2000));
	cr_assert(vmt_bpf_is_by_address(program, VMT_COUNT(program)));
	cr_assert(!vmt_bpf_is_by_address(program + 1, VMT_COUNT(program) - 1));
}

Test(bpf, what_cannot_be_followed_is_a_no)
{
	const struct sock_filter endless[] = { LOAD(nr) };
	const struct sock_filter stored[] = {
		BPF_STMT(BPF_LD | BPF_IMM, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_ST, 0),
		BPF_STMT(BPF_LD | BPF_MEM, 0),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_filter branches[201];

	for (size_t i = 0; i < 200; i += 2) {
		branches[i] = (struct sock_filter)LOAD(args[0]);
		branches[i + 1] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)i, 0, 0);
	}
	branches[200] = (struct sock_filter)ANSWER(ALLOW);
	cr_assert(!ALLOWS(endless, .nr = 0));
	cr_assert(!ALLOWS(stored, .nr = 0));
	cr_assert(!ALLOWS(branches, .nr = 0));
	cr_assert(ALLOWS(branches, .nr = 0, .known = 1));
}

/* Meaningless numbers must do no harm either. */
Test(bpf, any_bytes)
{
	struct sock_filter program[64];
	uint32_t seed = 1;

	for (unsigned round = 0; round < 20000; round++) {
		for (size_t i = 0; i < sizeof(program); i++) {
			seed = seed * 1103515245 + 12345;
			((unsigned char *)program)[i] = (unsigned char)(seed >> 16);
		}
		(void)ALLOWS(program, .nr = SYS_read);
	}
}
