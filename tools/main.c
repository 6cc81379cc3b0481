/* SPDX-License-Identifier: MIT */
/*
 * The command line of vmatrace: the table of commands, and options that belong to none of them.
 * Each command is in a file of its own, so there is no other logic here.
 */
#include "cmd/commands.h"
#include "cmd/man.h"
#include "run/locate.h"
#include "util/message.h"
#include "util/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef VMT_VERSION
#define VMT_VERSION "unknown"
#endif

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "run", vmt_cmd_run, "run a program, record its maps, report at its end" },
	{ "try", vmt_cmd_try, "run a program with remedies in effect, and compare" },
	{ "report", vmt_cmd_report, "report from recordings" },
	{ "top", vmt_cmd_top, "watch a traced process while it runs" },
	{ "check", vmt_cmd_check, "fail when maps grow: limits, baselines, for CI" },
	{ "diff", vmt_cmd_diff, "compare two runs or baselines" },
	{ "export", vmt_cmd_export, "metrics of running processes, for Prometheus" },
	{ "maps", vmt_cmd_maps, "explain the maps of any running process" },
};

static void print_help(void)
{
	puts("Usage: vmatrace COMMAND [OPTIONS] ...\n"
	     "\n"
	     "Find the call sites that use up vm.max_map_count.\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].help);
	puts("\n"
	     "  vmatrace COMMAND --help   options of a command\n"
	     "  vmatrace --print-lib      path of the library, for LD_PRELOAD\n"
	     "  vmatrace --version");
}

static int run_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	print_help();
	return 0;
}

static int print_library(void)
{
	char path[4096];

	if (vmt_locate_library(path, sizeof(path))) {
		vmt_message("libvmatrace.so is not beside this tool; install both, or build both.");
		return VMT_EXIT_FAILED;
	}
	puts(path);
	return 0;
}

static int refuse_command(const char *name)
{
	struct vmt_nearest nearest = { NULL, 0 };

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		vmt_nearest_try(&nearest, name, strlen(name), commands[i].name);
	if (nearest.name)
		vmt_message("there is no command \"%s\"; is %s meant? vmatrace --help lists them.",
			    name, nearest.name);
	else
		vmt_message("there is no command \"%s\"; vmatrace --help lists them.", name);
	return VMT_EXIT_USAGE;
}

static int help_of(char *name)
{
	static char option[] = "--help";
	char *arguments[] = { name, option, NULL };

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(name, commands[i].name))
			return commands[i].run(2, arguments);
	}
	return refuse_command(name);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "help"))
		return help_of(argv[2]);
	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		print_help();
		return argc < 2 ? VMT_EXIT_USAGE : 0;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("vmatrace " VMT_VERSION);
		return 0;
	}
	if (!strcmp(argv[1], "--print-lib"))
		return print_library();
	if (!strcmp(argv[1], "--help=man"))
		return vmt_man_print(NULL, "find what uses up vm.max_map_count", run_help);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		if (argc == 3 && !strcmp(argv[2], "--help=man"))
			return vmt_man_print(commands[i].name, commands[i].help, commands[i].run);
		return commands[i].run(argc - 1, argv + 1);
	}
	return refuse_command(argv[1]);
}
