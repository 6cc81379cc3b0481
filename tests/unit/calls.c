/* SPDX-License-Identifier: MIT */
/*
 * core/base/calls.c: every identifier has a name, and the numbers written out there
 * are those of this machine's kernel headers.
 */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/syscall.h>

#include "core/base/calls.h"

Test(calls, every_identifier_has_a_name_of_its_own)
{
	for (uint32_t id = 0; id < VMT_CALL_COUNT; id++) {
		cr_assert_not_null(vmt_calls_name(id), "identifier %u", id);
		for (uint32_t other = 0; other < id; other++)
			cr_assert_str_neq(vmt_calls_name(id), vmt_calls_name(other));
	}
}

Test(calls, unknown_identifiers_have_a_name_too)
{
	cr_assert_str_eq(vmt_calls_name(VMT_CALL_COUNT), "?");
	cr_assert_str_eq(vmt_calls_name(UINT32_MAX), "?");
	cr_assert_str_eq(vmt_calls_name(VMT_CALL_NONE), "none");
}

Test(calls, numbers_outside_the_table_are_no_memory_calls)
{
	static const long numbers[] = { -1, 511, 512, 513, 0x40000009, INT64_MAX, INT64_MIN };

	for (size_t i = 0; i < VMT_COUNT(numbers); i++)
		cr_assert_eq(vmt_calls_of_nr(numbers[i]), VMT_CALL_NONE, "%ld", numbers[i]);
}

Test(calls, calls_without_effect_on_maps_have_no_identifier)
{
	static const long numbers[] = { SYS_read,    SYS_openat, SYS_clone,     SYS_execve,
					SYS_mincore, SYS_msync,  SYS_exit_group };

	for (size_t i = 0; i < VMT_COUNT(numbers); i++)
		cr_assert_eq(vmt_calls_of_nr(numbers[i]), VMT_CALL_NONE, "%ld", numbers[i]);
}

/* clang-format off */
#define SAME(name, id) { #name, SYS_##name, VMT_CALL_##id }
/* clang-format on */

Test(calls, numbers_agree_with_the_headers)
{
	static const struct {
		const char *name;
		long nr;
		uint32_t id;
	} calls[] = {
		SAME(mmap, MMAP),
		SAME(munmap, MUNMAP),
		SAME(mprotect, MPROTECT),
		SAME(pkey_mprotect, PKEY_MPROTECT),
		SAME(mremap, MREMAP),
		SAME(brk, BRK),
		SAME(madvise, MADVISE),
		SAME(process_madvise, PROCESS_MADVISE),
		SAME(mlock, MLOCK),
		SAME(mlock2, MLOCK2),
		SAME(munlock, MUNLOCK),
		SAME(mlockall, MLOCKALL),
		SAME(munlockall, MUNLOCKALL),
		SAME(mbind, MBIND),
		SAME(shmat, SHMAT),
		SAME(shmdt, SHMDT),
		SAME(remap_file_pages, REMAP_FILE_PAGES),
		SAME(io_setup, IO_SETUP),
		SAME(io_destroy, IO_DESTROY),
		SAME(prctl, PRCTL),
		SAME(ioctl, IOCTL),
		SAME(close, CLOSE),
#ifdef SYS_arch_prctl
		SAME(arch_prctl, ARCH_PRCTL),
#endif
#ifdef SYS_set_mempolicy_home_node
		SAME(set_mempolicy_home_node, SET_MEMPOLICY_HOME_NODE),
#endif
#ifdef SYS_mseal
		SAME(mseal, MSEAL),
#endif
	};

	for (size_t i = 0; i < VMT_COUNT(calls); i++) {
		cr_assert_eq(vmt_calls_of_nr(calls[i].nr), calls[i].id, "%s", calls[i].name);
		cr_assert_str_eq(vmt_calls_name(calls[i].id), calls[i].name);
	}
}

Test(calls, every_identifier_but_none_has_at_most_one_number)
{
	uint32_t seen[VMT_CALL_COUNT] = { 0 };

	for (long nr = 0; nr < 600; nr++)
		seen[vmt_calls_of_nr(nr)]++;
	for (uint32_t id = VMT_CALL_NONE + 1; id < VMT_CALL_COUNT; id++)
		cr_assert_leq(seen[id], 1, "%s", vmt_calls_name(id));
}
