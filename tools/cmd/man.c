/* SPDX-License-Identifier: MIT */
/*
 * Turns a command's help into its manual page. It relies on the help's form: "Usage:" first,
 * paragraphs at the margin, options indented with at least two spaces before their description, as
 * are the commands of a list.
 * Used by main.c when vmatrace is built. help2man would need perl for a build, puts further lines of
 * the synopsis into the description, and calls every page vmatrace(1).
 */
#include "cmd/man.h"
#include "util/message.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum block {
	BLOCK_NONE,
	BLOCK_SYNOPSIS,
	BLOCK_TEXT,
	BLOCK_OPTION,
	BLOCK_EXAMPLE,
};

/* Write text with roff's special characters escaped. */
static void put(const char *text, size_t n)
{
	if (n && (*text == '.' || *text == '\''))
		fputs("\\&", stdout);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\\')
			fputs("\\e", stdout);
		else if (text[i] == '-')
			fputs("\\-", stdout);
		else
			putchar(text[i]);
	}
}

static void put_man_line(const char *text)
{
	put(text, strlen(text));
	putchar('\n');
}

/* Returns where the description in "  -x, --long=ARG  text" begins; NULL if this line has none. */
static const char *description_of(const char *option)
{
	const char *at = strstr(option, "  ");

	if (!at)
		return NULL;
	at += strspn(at, " ");
	return *at ? at : NULL;
}

static void put_option(const char *line)
{
	const char *text = description_of(line);
	size_t n = text ? (size_t)(text - line) : strlen(line);

	while (n && line[n - 1] == ' ')
		n--;
	fputs(".TP\n.B ", stdout);
	put(line, n);
	putchar('\n');
	if (text)
		put_man_line(text);
}

/* An option, or a command of a list: the name stands before its description. */
static bool is_item(const char *line, size_t indent)
{
	return indent <= 8 &&
	       (line[indent] == '-' || (indent <= 2 && description_of(line + indent)));
}

/* Returns what kind of line this is, after a block of the kind `before`. */
static enum block block_of(const char *line, size_t indent, enum block before)
{
	if (!indent)
		return BLOCK_TEXT;
	if (is_item(line, indent))
		return BLOCK_OPTION;
	if (before == BLOCK_OPTION && indent > 8)
		return BLOCK_OPTION;
	return BLOCK_EXAMPLE;
}

static enum block put_body(const char *line, enum block before)
{
	size_t indent = strspn(line, " ");
	enum block block = block_of(line, indent, before);

	if (before == BLOCK_EXAMPLE && block != BLOCK_EXAMPLE)
		puts(".fi");
	if (block == BLOCK_EXAMPLE && before != BLOCK_EXAMPLE)
		puts(".PP\n.nf");
	if (block == BLOCK_TEXT && before != BLOCK_TEXT)
		puts(".PP");
	if (block == BLOCK_OPTION && is_item(line, indent))
		put_option(line + indent);
	else
		put_man_line(line + (block == BLOCK_EXAMPLE ? 0 : indent));
	return block;
}

static void convert(FILE *help)
{
	enum block block = BLOCK_NONE;
	char line[1024];

	while (fgets(line, sizeof(line), help)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "Usage: ", 7)) {
			fputs(".SH SYNOPSIS\n.B ", stdout);
			put_man_line(line + 7);
			block = BLOCK_SYNOPSIS;
		} else if (!*line) {
			if (block == BLOCK_SYNOPSIS)
				puts(".SH DESCRIPTION");
			else if (block == BLOCK_EXAMPLE)
				puts(".fi");
			block = BLOCK_NONE;
		} else if (block == BLOCK_SYNOPSIS) {
			fputs(".br\n.B ", stdout);
			put_man_line(line + strspn(line, " "));
		} else {
			block = put_body(line, block);
		}
	}
	if (block == BLOCK_EXAMPLE)
		puts(".fi");
}

/* Returns a file with the output of --help; NULL with errno set on failure. */
static FILE *help_of(const char *name, int (*run)(int argc, char **argv))
{
	char command[64];
	char option[] = "--help";
	char *argv[] = { command, option, NULL };
	FILE *file = tmpfile();
	int keep = dup(STDOUT_FILENO);

	snprintf(command, sizeof(command), "%s", name);
	if (!file || keep < 0)
		return NULL;
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	run(2, argv);
	fflush(stdout);
	dup2(keep, STDOUT_FILENO);
	close(keep);
	rewind(file);
	return file;
}

static void put_see_also(bool is_command)
{
	puts(".SH EXIT STATUS\n0 when all went well, 2 for bad usage or a bad recording, 125 when "
	     "vmatrace itself\nfailed; run exits with the status of its program.");
	puts(is_command ? ".SH SEE ALSO\n.BR vmatrace (1),\n.BR vmatrace\\-cases (7)" :
			  ".SH SEE ALSO\n.BR vmatrace\\-run (1),\n.BR vmatrace\\-report (1),\n"
			  ".BR vmatrace\\-cases (7),\n"
			  ".BR proc (5),\n.BR mmap (2)");
}

int vmt_man_print(const char *name, const char *summary, int (*run)(int argc, char **argv))
{
	FILE *help = help_of(name ? name : "vmatrace", run);
	char title[64];

	if (!help) {
		vmt_message("cannot create a temporary file for the manual page: %s",
			    strerror(errno));
		return VMT_EXIT_FAILED;
	}
	snprintf(title, sizeof(title), "vmatrace%s%s", name ? "-" : "", name ? name : "");
	fputs(".TH \"", stdout);
	for (const char *at = title; *at; at++)
		putchar(toupper((unsigned char)*at));
	puts("\" 1 \"\" \"vmatrace " VMT_VERSION "\" \"User Commands\"\n.SH NAME");
	put(title, strlen(title));
	fputs(" \\- ", stdout);
	put_man_line(summary);
	convert(help);
	fclose(help);
	put_see_also(name != NULL);
	return 0;
}
