/* SPDX-License-Identifier: MIT */
/*
 * Messages to the tool's user: a sentence on standard error that begins with "vmatrace: ". Apart
 * from this, only main.c and the commands print.
 */
#ifndef VMT_MESSAGE_H
#define VMT_MESSAGE_H

#include <stdbool.h>

/* Exit statuses, as used by env(1) and the sanitizers. */
#define VMT_EXIT_USAGE     2 /* wrong usage, or an invalid recording */
#define VMT_EXIT_FAILED    125 /* vmatrace itself failed */
#define VMT_EXIT_CANNOT    126 /* the program was found but cannot be run */
#define VMT_EXIT_NOT_FOUND 127

void vmt_message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print no messages, or print them again: while a screen of curses would be disturbed. */
void vmt_message_mute(bool is_muted);

/* Remove a file that could not be written completely. A device or a pipe is kept. */
void vmt_message_give_up(const char *path);

#endif
