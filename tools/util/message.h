/* SPDX-License-Identifier: MIT */
/*
 * What the tool says to its user: one sentence on standard error, beginning with
 * "vmatrace: ". Besides main.c and the commands nothing prints.
 */
#ifndef VMT_MESSAGE_H
#define VMT_MESSAGE_H

/* Exit statuses, as env(1) and the sanitizers have them. */
#define VMT_EXIT_USAGE     2 /* bad usage or a bad recording */
#define VMT_EXIT_FAILED    125 /* vmatrace itself could not do it */
#define VMT_EXIT_CANNOT    126 /* the program was found but cannot be run */
#define VMT_EXIT_NOT_FOUND 127

void vmt_message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A file that could not be written to its end is removed; a device or a pipe stays. */
void vmt_message_give_up(const char *path);

#endif
