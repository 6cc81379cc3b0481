/* SPDX-License-Identifier: MIT */
/*
 * The only place that prints errors. A message is a sentence that names the file or pid and the
 * next step. It never ends the tool.
 */
#include "core/base/printable.h"
#include "util/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_silent;

void vmt_message_mute(bool is_muted)
{
	is_silent = is_muted;
}

void vmt_message(const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	if (is_silent)
		return;
	fflush(stdout);
	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	/*
	 * Names in the message come from others: they must neither move the cursor nor begin a
	 * line.
	 */
	if (n >= 0)
		vmt_printable(text, (size_t)n);
	fputs("vmatrace: ", stderr);
	fputs(n < 0 ? format : text, stderr);
	fputc('\n', stderr);
	if (n >= 0)
		free(text);
}

void vmt_message_give_up(const char *path)
{
	struct stat status;

	if (!lstat(path, &status) && S_ISREG(status.st_mode))
		unlink(path);
}
