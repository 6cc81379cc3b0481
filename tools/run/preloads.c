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

static bool is_one_of(const char *const *words, const char *word, size_t length)
{
	for (; *words; words++) {
		if (strlen(*words) == length && !memcmp(*words, word, length))
			return true;
	}
	return false;
}

/* Does the command change the environment of what it starts, or run its argument as a shell does? */
static bool takes_assignments(const char *word, size_t length)
{
	static const char *const words[] = { "env",   "export", "declare", "typeset",   "unset",
					     "eval",  "su",     "sudo",    "doas",      "make",
					     "watch", "script", "flock",   "hyperfine", NULL };
	const char *slash = memrchr(word, '/', length);
	const char *base = slash ? slash + 1 : word;
	size_t n = length - (size_t)(base - word);

	return (n >= 2 && !memcmp(base + n - 2, "sh", 2)) || is_one_of(words, base, n);
}

/* May an assignment to the environment of a command follow this word? */
static bool is_before_command(const char *word, size_t length)
{
	static const char *const words[] = { "if", "then", "elif", "else", "while", "until",
					     "do", "time", "!",    "{",    NULL };
	size_t n = 0;

	while (n < length && is_word(word[n]))
		n++;
	return is_one_of(words, word, length) || (n && n < length && word[n] == '=');
}

/* Returns the text of a command inside of a word, in $(…) or `…`, that begins before at; or NULL. */
static const char *substituted(const char *word, const char *at)
{
	for (const char *p = at - 1; p >= word; p--) {
		if (*p == '`' || (*p == '(' && p > word && p[-1] == '$'))
			return p + 1;
	}
	return NULL;
}

/* Is it no mere argument of another command, as in "echo LD_PRELOAD=x"? Only its line is examined. */
static bool is_for_command(const char *text, const char *at)
{
	bool is_first = true; /* no command before it */
	bool is_taken = false;
	const char *p = at;

	while (p > text && p[-1] != '\n')
		p--;
	while (p < at) {
		size_t n = length_of_word(p);
		const char *inner = substituted(p, at);

		if (strchr(" \t;&|()", *p)) {
			is_first |= *p != ' ' && *p != '\t';
			is_taken &= *p == ' ' || *p == '\t';
			p++;
		} else if (p + n <= at) {
			is_first &= is_before_command(p, n);
			is_taken |= takes_assignments(p, n);
			p += n;
		} else if (inner || (is_taken && (*p == '"' || *p == '\''))) {
			p = inner ? inner : p + 1;
			is_first = true;
			is_taken = false;
		} else {
			break;
		}
	}
	return is_first || is_taken;
}

static bool is_set_in(const char *text)
{
	const size_t n = sizeof(variable) - 1;

	for (const char *at = text; (at = strstr(at, variable)); at += n) {
		if ((at > text && is_word(at[-1])) || is_word(at[n]) || is_comment(text, at) ||
		    !is_for_command(text, at))
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
	bool is_taken = false;

	for (; *command; command++) {
		if (is_taken && is_set_in(*command))
			return true;
		is_taken |= takes_assignments(*command, strlen(*command));
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
