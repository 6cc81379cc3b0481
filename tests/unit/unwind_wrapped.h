/* SPDX-License-Identifier: MIT */
/*
 * For code that is linked into a copy of the library in front of its unwinder (unit/unwind_check.c,
 * bench/stack_times.c): the functions that ld's --wrap inserts, the originals behind them, and the
 * line that is written at the end of a process.
 */
#ifndef UNWIND_WRAPPED_H
#define UNWIND_WRAPPED_H

#include <fcntl.h>
#include <sys/syscall.h>

#include "os/sys.h"
#include "unwind/unwind_recall.h"

void __real_vmt_unwind(const struct vmt_regs *regs, struct vmt_walk *ret_stack);
void __wrap_vmt_unwind(const struct vmt_regs *regs, struct vmt_walk *ret_stack);
bool __real_vmt_unwind_recall_find(const struct vmt_regs *regs, struct vmt_range bounds,
				   uint32_t call, struct vmt_recalled *ret_whole);
bool __wrap_vmt_unwind_recall_find(const struct vmt_regs *regs, struct vmt_range bounds,
				   uint32_t call, struct vmt_recalled *ret_whole);
_Noreturn void __real_vmt_last_act(int status);
_Noreturn void __wrap_vmt_last_act(int status);
/* The end by a system call of the program's own. */
_Noreturn void __real_vmt_last_act_claimed(int status);
_Noreturn void __wrap_vmt_last_act_claimed(int status);

/* In a single write, so that lines of processes that end at the same time are not mixed. */
static inline void append_line(const char *path, const char *line, int length)
{
	long fd = vmt_sys4(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0666);

	vmt_sys3(SYS_write, fd, line, length);
	vmt_sys1(SYS_close, fd);
}

#endif
