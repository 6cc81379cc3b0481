/* SPDX-License-Identifier: MIT */
/*
 * Which test a baseline is of. A baseline of another test would let a leak pass: call sites of two
 * programs may have the same names. Used by the command check.
 */
#ifndef VMT_CHECK_TEST_H
#define VMT_CHECK_TEST_H

#include "cmd/check_options.h"

/*
 * Returns what --test said, or else the way from the baseline's folder to the program, which is the
 * same wherever the repository lies. NULL if it has no such way, as a program of the system.
 * The caller frees it.
 */
char *vmt_check_test(const struct vmt_check *check, const char *baseline);

/*
 * Was the baseline saved of this test? What --test said must be the same. A program that lies
 * elsewhere may be the same one, in another build: a message says so, and the answer is yes.
 */
bool vmt_check_test_is(const struct vmt_check *check, const char *path,
		       const struct vmt_summary *base);

/* May --save replace the file, if there is one? What is no baseline may be replaced. */
bool vmt_check_test_may_replace(const struct vmt_check *check);

#endif
