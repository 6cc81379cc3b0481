/* SPDX-License-Identifier: MIT */
/*
 * The loop over options that all commands share, so that --help, unknown options, missing values
 * and complaints work the same everywhere. A command describes its options and what each does.
 */
#ifndef VMT_ARGUMENTS_H
#define VMT_ARGUMENTS_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#define VMT_ARGUMENTS_FORMAT 'f' /* what set() gets for --format; it can be given once */

struct vmt_arguments {
	const char *command; /* "top": the command's name in complaints */
	const char *help; /* the text of --help */
	const char *letters; /* the letters for getopt, beginning with ":" or "+:" */
	const struct option *options;
	/*
	 * Handle an option. Returns NULL, or what is wrong with its value, which is printed after
	 * it.
	 */
	const char *(*set)(void *request, int option, char *value);
};

/*
 * Returns -1 to go on with argv[optind]; otherwise the exit status, after a message or the help
 * text.
 */
int vmt_arguments_parse(const struct vmt_arguments *arguments, int argc, char **argv,
			void *request);

/* Complain of wrong usage: problem, then what it is about. Returns the exit status. */
int vmt_arguments_refuse(const struct vmt_arguments *arguments, const char *problem,
			 const char *what);

/*
 * Parse a whole decimal number of at most max; false, with ret_number untouched, for anything else.
 */
bool vmt_arguments_number(const char *text, uint64_t max, uint64_t *ret_number);

/* Parse "json" or "text"; false for anything else. */
bool vmt_arguments_is_json(const char *text, bool *ret_json);

#endif
