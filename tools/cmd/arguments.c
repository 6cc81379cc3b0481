/* SPDX-License-Identifier: MIT */
/*
 * getopt_long with the same behaviour for all commands. Used by every cmd_*.c and by the parser of
 * check. It never ends the tool. See arguments.h.
 */
#include "cmd/arguments.h"
#include "util/message.h"
#include "util/nearest.h"

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

/* What the library, or another tool, calls an option, and what it is called here. */
static const char *const others[][2] = {
	{ "dir", "output" },
	{ "directory", "output" },
	{ "log_path", "report-file" },
	{ "log-file", "report-file" },
};

static const char *find_option(const struct vmt_arguments *arguments, const char *typed, size_t n)
{
	struct vmt_nearest nearest = { NULL, 0 };

	for (const struct option *option = arguments->options; option->name; option++) {
		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
			if (strlen(others[i][0]) == n && !strncmp(typed, others[i][0], n) &&
			    !strcmp(option->name, others[i][1]))
				return option->name;
		}
		vmt_nearest_try(&nearest, typed, n, option->name);
	}
	return nearest.name;
}

static int refuse_unknown(const struct vmt_arguments *arguments, const char *text)
{
	const char *name = NULL;

	if (!strncmp(text, "--", 2))
		name = find_option(arguments, text + 2, strcspn(text + 2, "="));
	if (!name)
		return vmt_arguments_refuse(arguments, "unknown option ", text);
	vmt_message("unknown option %s; is --%s meant? See vmatrace %s --help.", text, name,
		    arguments->command);
	return VMT_EXIT_USAGE;
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
		if (option == '?')
			return refuse_unknown(arguments, argv[optind - 1]);
		if (option == ':')
			return vmt_arguments_refuse(arguments, "a value is missing after ",
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
