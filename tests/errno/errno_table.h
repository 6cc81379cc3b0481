/* SPDX-License-Identifier: MIT */
/*
 * Shared by the parts of errno_table: where the trials take place, and how a trial is made. A trial
 * is one memory call with one set of arguments, on an area that looks the same before each.
 */
#ifndef ERRNO_TABLE_H
#define ERRNO_TABLE_H

#include <stddef.h>

#define PAGE 4096L

/*
 * The kernel places nothing here unasked. Each trial of a seal has an area of its own, since a seal
 * is for ever.
 */
#define AREA       0x3000000000L
#define AREA_PAGES 64L

/* Addresses that no process has. */
#define KERNEL   (-0x7fff80000000L)
#define NEARLY_0 (-PAGE)
#define TOP      0x7ffffffff000L

struct pair {
	long address;
	long length;
};

/* Descriptors and identifiers, good and bad. */
struct files {
	int good;
	int read_only;
	int write_only;
	int folder;
	int null; /* /dev/null: cannot be mapped */
	int pipe;
	int zero;
	int closed;
	int segment;
	int userfault;
	int self; /* a pidfd of this process */
};

extern struct files files;
extern long area; /* AREA, or where the current sealing trial takes place */

/*
 * Lay the area out anew, make system call nr by libc's function or by syscall(2) in turn, and print
 * the result, errno and what became of the area.
 */
void trial(long nr, long a, long b, long c, long d, long e, long f);

/* Likewise, without laying the area out; by_libc selects the way. */
void trial_as_is(int by_libc, long nr, const long args[6]);

/* Layout of the area: eight pages of each kind, see lay_out() in errno_table.c. */
#define WRITTEN   (area)
#define HOLE      (area + 8 * PAGE)
#define FILE_MAP  (area + 12 * PAGE)
#define SHARED    (area + 16 * PAGE)
#define NO_ACCESS (area + 20 * PAGE)
#define PLAIN     (area + 24 * PAGE)

/*
 * Valid, invalid and boundary ranges; none starts low and ends high, since that would be
 * everything.
 */
size_t ranges(const struct pair **ret_pairs);

void try_ranges(void); /* calls on a range of addresses */
void try_new_maps(void); /* mmap, mremap, brk, shmat */
void try_rare(void); /* io_setup, userfaultfd, prctl, process_madvise… */
void try_seals(void);

#endif
