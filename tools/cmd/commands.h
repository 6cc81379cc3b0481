/* SPDX-License-Identifier: MIT */
/*
 * The commands of the tool, each in a file of its own. A command gets its own name as argv[0],
 * parses its options with getopt_long, and returns the tool's exit status. Commands do not call
 * each other; main.c has the table.
 */
#ifndef VMT_COMMANDS_H
#define VMT_COMMANDS_H

int vmt_cmd_check(int argc, char **argv);
int vmt_cmd_diff(int argc, char **argv);
int vmt_cmd_export(int argc, char **argv);
int vmt_cmd_maps(int argc, char **argv);
int vmt_cmd_report(int argc, char **argv);
int vmt_cmd_run(int argc, char **argv);
int vmt_cmd_top(int argc, char **argv);
int vmt_cmd_try(int argc, char **argv);

#endif
