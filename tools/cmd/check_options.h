/* SPDX-License-Identifier: MIT */
/* The options of vmatrace check, parsed and completed; see cmd_check.c. */
#ifndef VMT_CHECK_OPTIONS_H
#define VMT_CHECK_OPTIONS_H

#include "check/verdict.h"

enum vmt_check_format {
	VMT_CHECK_TEXT,
	VMT_CHECK_JSON,
	VMT_CHECK_JUNIT,
	VMT_CHECK_SARIF,
	VMT_CHECK_GITHUB,
};

struct vmt_check {
	struct vmt_summary_options summary;
	struct vmt_limit limit[VMT_RULE_COUNT];
	bool may_move; /* --per-site was not given, but is implied */
	bool has_limits; /* false if only --save was asked for */
	const char *baseline;
	const char *save;
	const char *test; /* what the test is called, or NULL */
	const char *save_with; /* how a wrapper saves a baseline, or NULL */
	const char *suppressions;
	bool generate;
	const char *generate_file; /* NULL: standard output */
	enum vmt_check_format format;
	const char *output;
	int exitcode;
	bool is_exitcode_first; /* it also replaces the status of a program that failed */
	char **paths; /* recordings to judge */
	size_t path_count;
	char **command; /* or a program to run */
};

/* Returns -1 to go on; otherwise the exit status, after a message or the help text. */
int vmt_check_parse(int argc, char **argv, struct vmt_check *ret_check);

#endif
