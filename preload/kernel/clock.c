/* SPDX-License-Identifier: MIT */
/*
 * Time, from the vdso: no system call, no lock, no vector register. Every call needs the time, so
 * the vdso is called directly; libc would go through its own pages and those of ld.so.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <time.h>

#include "filter/filter.h"
#include "os/elf.h"
#include "os/sys.h"
#include "state/state.h"

static bool may_call(void)
{
	const long any[6] = { 0 };

	return vmt_filter_is_open() || vmt_filter_may(SYS_clock_gettime, any);
}

/* For a kernel without a vdso (vdso=0), and for a program that has taken the vdso away. */
static int ask_kernel(clockid_t id, struct timespec *ret_time)
{
	return may_call() ? (int)vmt_sys2(SYS_clock_gettime, id, ret_time) : -EPERM;
}

static int (*get_time)(clockid_t id, struct timespec *ret_time) VMT_DATA = ask_kernel;

void vmt_clock_open(uint64_t vdso)
{
	const ElfW(Ehdr) *header = (const void *)vdso;
	struct dl_phdr_info info = { .dlpi_addr = vdso };
	struct vmt_elf elf;
	uint64_t address;

	if (!header)
		return;
	info.dlpi_phdr = (const void *)(vdso + header->e_phoff);
	info.dlpi_phnum = header->e_phnum;
	address = vmt_elf_open(&info, &elf) ? vmt_elf_find(&elf, "__vdso_clock_gettime") : 0;
	if (address)
		__builtin_memcpy(&get_time, &address, sizeof(get_time));
}

void vmt_clock_forget_vdso(void)
{
	__atomic_store_n(&get_time, ask_kernel, __ATOMIC_RELAXED);
}

VMT_HOT static uint64_t clock_of(clockid_t id)
{
	struct timespec time = { 0, 0 };

	get_time(id, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* If the vdso cannot read the clock, it makes a system call, but never for a coarse clock. */
uint64_t vmt_clock(void)
{
	return clock_of(VMT_LIKELY(may_call()) ? CLOCK_MONOTONIC : CLOCK_MONOTONIC_COARSE);
}

VMT_HOT uint64_t vmt_clock_since_start(const struct vmt_state *state)
{
	uint64_t now = clock_of(CLOCK_MONOTONIC_COARSE);

	return now > state->process.start_ns ? now - state->process.start_ns : 0;
}

uint64_t vmt_clock_wall(void)
{
	return clock_of(may_call() ? CLOCK_REALTIME : CLOCK_REALTIME_COARSE);
}
