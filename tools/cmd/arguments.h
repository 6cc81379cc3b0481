/* SPDX-License-Identifier: MIT */
/*
 * The loop over options that all commands share: --help, unknown options, missing values and
 * the sentence about what is wrong are the same everywhere. A command says which
 * options it has and what each does to its request.
 */
#ifndef VMT_ARGUMENTS_H
#define VMT_ARGUMENTS_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

struct vmt_arguments {
	const char *command; /* "top": named in complaints */
	const char *help; /* what --help prints */
	const char *letters; /* as getopt wants them, beginning with ":" or "+:" */
	const struct option *options;
	/* Take over an option; NULL, or what is wrong with its value, which is printed behind. */
	const char *(*set)(void *request, int option, char *value);
};

/* -1: go on with argv[optind]; otherwise the exit status, after a message or the help text. */
int vmt_arguments_parse(const struct vmt_arguments *arguments, int argc, char **argv,
			void *request);

/* Complain of bad usage: problem, then what it is about. Returns the exit status. */
int vmt_arguments_refuse(const struct vmt_arguments *arguments, const char *problem,
			 const char *what);

/* A whole number of at most max, decimal and nothing else; ret_number is otherwise untouched. */
bool vmt_arguments_number(const char *text, uint64_t max, uint64_t *ret_number);

/* "json" or "text"; false for anything else. */
bool vmt_arguments_is_json(const char *text, bool *ret_json);

#endif
