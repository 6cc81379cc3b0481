/* SPDX-License-Identifier: MIT */
/*
 * A text is searched, not understood: a wrong guess costs a line that says "if". See preloads.h.
 */
#include "run/preloads.h"
#include "util/must.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SCRIPT_MAX 65536u

static const char variable[] = "LD_PRELOAD";

static bool is_word(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_';
}

/* Returns the length of a word of the shell with its quotes; a backslash is nothing special. */
static size_t length_of_word(const char *text)
{
	size_t n = 0;
	char quote = '\0';

	for (; text[n] && (quote || !strchr(" \t\n;&|)", text[n])); n++) {
		if (quote ? text[n] == quote : text[n] == '"' || text[n] == '\'')
			quote = quote ? '\0' : text[n];
	}
	return n;
}

/* "LD_PRELOAD=x" without the library, and without the value that there was. */
static bool replaces(const char *value)
{
	char *word = vmt_must(strndup(value, length_of_word(value)));
	bool result = !strstr(word, "libvmatrace") && !strstr(word, variable);

	free(word);
	return result;
}

/* "unset LD_PRELOAD", "env -u LD_PRELOAD" */
static bool is_removed(const char *text, const char *at)
{
	static const char *const words[] = { "unset ", "-u ", "--unset=" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t n = strlen(words[i]);

		if ((size_t)(at - text) >= n && !strncmp(at - n, words[i], n))
			return true;
	}
	return false;
}

static bool is_comment(const char *text, const char *at)
{
	while (at > text && at[-1] != '\n')
		at--;
	return at[strspn(at, " \t")] == '#';
}

static bool is_set_in(const char *text)
{
	const size_t n = sizeof(variable) - 1;

	for (const char *at = text; (at = strstr(at, variable)); at += n) {
		if ((at > text && is_word(at[-1])) || is_word(at[n]) || is_comment(text, at))
			continue;
		if (is_removed(text, at) || (at[n] == '=' && replaces(at + n + 1)))
			return true;
	}
	return false;
}

static bool is_set_by_script(const char *path)
{
	/* these flags open even a FIFO without waiting */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text = fd < 0 ? NULL : vmt_must_alloc(SCRIPT_MAX + 1, 1);
	ssize_t n = text ? pread(fd, text, SCRIPT_MAX, 0) : 0;
	bool found = n > 2 && !memchr(text, '\0', (size_t)n) && is_set_in(text);

	free(text);
	if (fd >= 0)
		close(fd);
	return found;
}

static char *sentence(const char *where)
{
	return vmt_must_format("%s replaces LD_PRELOAD: programs that are started so are not "
			       "traced unless it names both libraries, separated by a space "
			       "(LD_PRELOAD=\"OTHER $LD_PRELOAD\").",
			       where);
}

char *vmt_preloads_find(char *const *command)
{
	for (; *command; command++) {
		if (is_set_by_script(*command))
			return sentence(*command);
		if (is_set_in(*command))
			return sentence("the command line");
	}
	return NULL;
}
