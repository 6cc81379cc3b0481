/* SPDX-License-Identifier: MIT */
/*
 * A text is searched, not understood: a wrong guess costs a line that says "if". See preloads.h.
 */
#include "run/preloads.h"
#include "util/must.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCRIPT_MAX  65536u
#define SCRIPTS_MAX 64u

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

/* Is a # before it on its line, that begins a word? */
static bool is_comment(const char *text, const char *at)
{
	for (; at > text && at[-1] != '\n'; at--) {
		if (at[-1] == '#' && (at - 1 == text || isspace((unsigned char)at[-2])))
			return true;
	}
	return false;
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

static char *sentence(const char *where)
{
	return vmt_must_format("%s replaces LD_PRELOAD: programs that are started so are not "
			       "traced unless it names both libraries, separated by a space "
			       "(LD_PRELOAD=\"OTHER $LD_PRELOAD\").",
			       where);
}

/* Returns the beginning of a text file, to be freed by the caller; NULL if it is something else. */
static char *text_of_script(const char *path)
{
	struct stat file;
	/* a device may do something when it is opened */
	bool is_file = !stat(path, &file) && S_ISREG(file.st_mode);
	int fd = is_file ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
	char *text = fd < 0 ? NULL : vmt_must_alloc(SCRIPT_MAX + 1, 1);
	ssize_t n = text ? pread(fd, text, SCRIPT_MAX, 0) : 0;

	if (fd >= 0)
		close(fd);
	if (n > 2 && !memchr(text, '\0', (size_t)n))
		return text;
	free(text);
	return NULL;
}

/* The scripts that were found so far; each is searched once. */
struct scripts {
	char *path[SCRIPTS_MAX];
	size_t count;
};

static void add_script(struct scripts *scripts, const char *path)
{
	for (size_t i = 0; i < scripts->count; i++) {
		if (!strcmp(scripts->path[i], path))
			return;
	}
	if (scripts->count < SCRIPTS_MAX)
		scripts->path[scripts->count++] = vmt_must_copy(path);
}

/*
 * The value of a variable is not known. After "$DIR/" or "$(dirname "$0")/" the rest of the path is
 * taken as relative to the folder of the script.
 */
static void add_named(struct scripts *scripts, const char *folder, const char *word)
{
	bool has_variable = *word == '$';
	char *beside;

	if (has_variable)
		word += strcspn(word, "/");
	if (!has_variable && !access(word, R_OK)) {
		add_script(scripts, word);
		return;
	}
	beside = vmt_must_format("%s%s", folder, word + (*word == '/'));
	if (!access(beside, R_OK))
		add_script(scripts, beside);
	free(beside);
}

/* Words that can be paths of scripts have a slash, or the ending of a script's name. */
static bool is_path(const char *word)
{
	size_t length = strlen(word);

	return strchr(word, '/') || (length > 3 && !strcmp(word + length - 3, ".sh"));
}

/* Add the scripts that are named in a text, which calls them with or without a shell. */
static void add_called(struct scripts *scripts, const char *path, const char *text)
{
	static const char ends[] = " \t\n;&|<>`=\"'(){}";
	const char *slash = strrchr(path, '/');
	char *folder = vmt_must_format("%.*s", slash ? (int)(slash + 1 - path) : 0, path);

	for (const char *at = text + strspn(text, ends); *at; at += strspn(at, ends)) {
		size_t length = strcspn(at, ends);
		char *word = vmt_must(strndup(at, length));

		if (is_path(word) && !is_comment(text, at))
			add_named(scripts, folder, word);
		free(word);
		at += length;
	}
	free(folder);
}

/* Programs in other languages name files for many purposes, so only a shell's scripts are followed. */
static bool is_of_a_shell(const char *text)
{
	size_t length = strcspn(text, "\n");

	return text[0] == '#' && text[1] == '!' && memmem(text, length, "sh", 2);
}

/* Frees the scripts. found: what is known already, or NULL. */
static char *find_in_scripts(struct scripts *scripts, char *found)
{
	/* The list grows meanwhile. */
	for (size_t i = 0; i < scripts->count; i++) {
		char *text = found ? NULL : text_of_script(scripts->path[i]);

		if (text && is_set_in(text))
			found = sentence(scripts->path[i]);
		else if (text && is_of_a_shell(text))
			add_called(scripts, scripts->path[i], text);
		free(text);
	}
	for (size_t i = 0; i < scripts->count; i++)
		free(scripts->path[i]);
	return found;
}

bool vmt_preloads_are_given(char *const *command)
{
	for (; *command; command++) {
		if (is_set_in(*command))
			return true;
	}
	return false;
}

char *vmt_preloads_find(char *const *command)
{
	struct scripts scripts = { .count = 0 };
	char *found = vmt_preloads_are_given(command) ? sentence("the command line") : NULL;

	for (; *command && !found; command++) {
		add_script(&scripts, *command);
		if (strpbrk(*command, " ;&|\n"))
			add_called(&scripts, "", *command);
	}
	return find_in_scripts(&scripts, found);
}
