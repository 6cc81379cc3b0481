/* SPDX-License-Identifier: MIT */
/* What /proc says about another process. */
#pragma once

#include <stdbool.h>

/* Returns its state as ps(1) shows it ('R': it waits for nothing but a processor); 0 if it is not known. */
char vmt_pid_state(long pid);

/*
 * Has the process not ended, reaped or not? This opens no descriptor, whose number another thread may
 * need. It errs where there is no /proc: there, a process is running until it is reaped.
 */
bool vmt_pid_is_running(long pid);
