/* SPDX-License-Identifier: MIT */
/*
 * getopt_long with the same behaviour for all commands. Used by every cmd_*.c and by the parser of
 * check. It never ends the tool. See arguments.h.
 */
#include "cmd/arguments.h"
#include "util/message.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int vmt_arguments_refuse(const struct vmt_arguments *arguments, const char *problem,
			 const char *what)
{
	vmt_message("%s%s; see vmatrace %s --help.", problem, what, arguments->command);
	return VMT_EXIT_USAGE;
}

/*
 * Which format would be written if there were two? All commands call the option so; a second one that
 * says the same is no contradiction.
 */
static bool contradicts(int option, const char *value, const char **format)
{
	const char *before = *format;

	if (option != VMT_ARGUMENTS_FORMAT)
		return false;
	*format = value;
	return before && strcmp(before, value) != 0;
}

int vmt_arguments_parse(const struct vmt_arguments *arguments, int argc, char **argv, void *request)
{
	const char *problem, *format = NULL;
	int option;

	while ((option = getopt_long(argc, argv, arguments->letters, arguments->options, NULL)) !=
	       -1) {
		if (option == 'h') {
			fputs(arguments->help, stdout);
			return 0;
		}
		if (option == '?' || option == ':')
			return vmt_arguments_refuse(arguments,
						    option == ':' ? "a value is missing after " :
								    "unknown option ",
						    argv[optind - 1]);
		problem = arguments->set(request, option, optarg);
		if (!problem && contradicts(option, optarg, &format))
			problem = "a format was given already, so it cannot be ";
		if (problem)
			return vmt_arguments_refuse(arguments, problem, optarg);
	}
	return -1;
}

bool vmt_arguments_number(const char *text, uint64_t max, uint64_t *ret_number)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	/* strtoull accepts a sign and spaces, which a count must not have. */
	if (!isdigit((unsigned char)*text) || *end || errno || value > max)
		return false;
	*ret_number = value;
	return true;
}

bool vmt_arguments_is_json(const char *text, bool *ret_json)
{
	if (strcmp(text, "json") && strcmp(text, "text"))
		return false;
	*ret_json = !strcmp(text, "json");
	return true;
}
