/* SPDX-License-Identifier: MIT */
/*
 * The one place that prints errors. A message is a sentence which names the file or
 * pid it is about and the next step; it never ends the tool.
 */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>

void vmt_message(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("vmatrace: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}
