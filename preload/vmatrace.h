/* SPDX-License-Identifier: MIT */
/*
 * vmatrace from inside the program. All of these are weak: a program that uses them links and
 * runs without the library too, and then they do nothing.
 *
 *	#include <vmatrace.h>
 *
 *	VMATRACE_MARK("warm");	     // a named moment, for `vmatrace check --from=warm`
 *	long maps = VMATRACE_MAPS(); // the program's maps now, -1 when not traced
 */
#ifndef VMATRACE_H
#define VMATRACE_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Note the moment in the recording, with the maps of every call site at it. name is copied, cut to
 * 200 bytes. A recording has room for 1,024 of them; check says when there were more.
 */
__attribute__((weak)) void vmatrace_mark(const char *name);

/* The program's maps now, the library's own left out; -1 when nothing is recorded. */
__attribute__((weak)) long vmatrace_maps(void);

/*
 * A program may define this, a line each as in a file for `vmatrace check --suppressions=`:
 *
 *	const char vmatrace_default_suppressions[] = "stack:^worker_main$\n";
 */
extern __attribute__((weak, visibility("default"))) const char vmatrace_default_suppressions[];

#define VMATRACE_MARK(name) (vmatrace_mark ? vmatrace_mark(name) : (void)0)
#define VMATRACE_MAPS()     (vmatrace_maps ? vmatrace_maps() : -1L)

#ifdef __cplusplus
}
#endif

#endif
