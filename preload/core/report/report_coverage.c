/* SPDX-License-Identifier: MIT */
/*
 * How far the text report can be trusted, and what limited it; each note is a sentence that says
 * what to do. Pure like the rest (report.h). The names of the recording's numbers are here as well.
 */
#include "core/report/report_parts.h"

#include <linux/errno.h>

static const char *const notes[] = {
	"/proc/self/mem cannot be opened (no /proc, or a seccomp filter), so only the program's "
	"calls are caught, not libc's own, which appear as \"unseen\".",
	"The kernel refuses writes to /proc/self/mem, so only the program's calls are caught, not "
	"libc's own, which appear as \"unseen\".",
	"vmatrace recognises no call sites in this libc, so only the program's calls are caught, "
	"not libc's own, which appear as \"unseen\".",
	"Some of libc's call sites could not be patched; their calls are \"unseen\".",
	"A seccomp filter is active that may forbid some of vmatrace's own system calls, so "
	"vmatrace did without them: if the filter allows creating processes, set filter=probe.",
	"There were more call sites than there is room for: later ones share one entry. Raise "
	"max_sites= or max_size=.",
	"There were more maps than the recording has room for: kinds, patterns and bytes cover "
	"only some of them. Raise max_maps= or max_size=.",
	"There was no more memory for vmatrace itself (ulimit -v?): some calls have no stack.",
	"The disk is full: the recording is incomplete. Set dir= to a place with room.",
	"/proc/self/maps cannot be read, so nothing could be compared with the kernel, "
	"and if that was so from the start, no stack is known: mount /proc.",
	"This kernel has no PROCMAP_QUERY (Linux 6.11): queries take longer, results are the same.",
	"Running under valgrind: the maps that valgrind makes itself are not seen.",
	"A module makes system calls directly, bypassing libc; what they change is \"unseen\".",
	"Tracing was switched off before the end: the figures are those of that moment.",
	"This C library has no unwind tables: its callers are guessed, and its own frames are "
	"missing.",
	"There were more modules than there is room for: frames in later ones have no names.",
	"A module is too large to be searched for direct system calls; what those change is "
	"\"unseen\".",
	"The program allows system calls only from certain addresses (Syscall User Dispatch, or a "
	"seccomp filter), which would refuse vmatrace's own calls, so vmatrace stopped tracing.",
	"The recording's file could not be extended (its directory can no longer be reached, or "
	"ulimit -f is too low): the recording is incomplete.",
	"vmatrace was not tested on this version of Linux: it queries the kernel wherever maps may "
	"have merged, which takes longer.",
	"The program had child processes, which are not in this report: children=report prints "
	"reports of theirs as well, and `vmatrace run` records them all.",
};

const char *vmt_report_note(uint32_t bit)
{
	return bit < VMT_COUNT(notes) ? notes[bit] : NULL;
}

const char *vmt_report_errno(uint32_t error)
{
	switch (error) {
	case ENOMEM: return "ENOMEM";
	case EINVAL: return "EINVAL";
	case EAGAIN: return "EAGAIN";
	case EPERM: return "EPERM";
	case EACCES: return "EACCES";
	case EEXIST: return "EEXIST";
	case EFAULT: return "EFAULT";
	case EBADF: return "EBADF";
	case EBUSY: return "EBUSY";
	case ENODEV: return "ENODEV";
	case EIO: return "EIO";
	default: return NULL;
	}
}

const char *vmt_report_signal(uint32_t number)
{
	static const char *const names[] = {
		NULL,       "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",  "SIGTRAP",   "SIGABRT",
		"SIGBUS",   "SIGFPE",  "SIGKILL",   "SIGUSR1", "SIGSEGV", "SIGUSR2",   "SIGPIPE",
		"SIGALRM",  "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP",   "SIGTSTP",
		"SIGTTIN",  "SIGTTOU", "SIGURG",    "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF",
		"SIGWINCH", "SIGIO",   "SIGPWR",    "SIGSYS",
	};

	return number < VMT_COUNT(names) ? names[number] : NULL;
}

static const char *doors_of(const struct vmt_rec_header *header)
{
	return header->doors & VMT_DOOR_SITES ? " (libc's own included)" :
						" (without those inside libc)";
}

/* "0.3" percent of the whole, rounded up so that 0.0 means none. */
static void put_per_cent(struct vmt_fmt *fmt, uint64_t part, uint64_t whole)
{
	uint64_t tenths = whole ? (part * 1000 + whole - 1) / whole : 0;

	vmt_fmt_num(fmt, tenths / 10, 0);
	vmt_fmt_str(fmt, ".");
	vmt_fmt_num(fmt, tenths % 10, 0);
	vmt_fmt_str(fmt, " %");
}

/* How the results of the calls were obtained; printed with verbosity=1. */
static void put_asked(struct vmt_report *text)
{
	const struct vmt_rec_header *header = &text->view->header;
	uint64_t asked = header->calls_seen > header->calls_derived ?
				 header->calls_seen - header->calls_derived :
				 0;
	struct vmt_fmt *fmt = &text->fmt;

	vmt_fmt_str(fmt, "  results ");
	vmt_fmt_num(fmt, header->calls_derived, 0);
	vmt_fmt_str(fmt, " derived, ");
	vmt_fmt_num(fmt, asked, 0);
	vmt_fmt_str(fmt, " obtained from the kernel, ");
	put_per_cent(fmt, asked, header->calls_seen);
	vmt_fmt_str(fmt, " of the calls (query ");
	vmt_fmt_num(fmt, header->asked_query, 0);
	vmt_fmt_str(fmt, ", probe ");
	vmt_fmt_num(fmt, header->asked_probe, 0);
	vmt_fmt_str(fmt, ", maps ");
	vmt_fmt_num(fmt, header->asked_maps, 0);
	vmt_fmt_str(fmt, ")");
	if (header->asked_files) {
		vmt_fmt_str(fmt, "; ");
		vmt_fmt_count(fmt, header->asked_files, "file");
		vmt_fmt_str(fmt, " identified by fstat");
	}
	if (header->verified) {
		vmt_fmt_str(fmt, "; compared with the whole kernel table ");
		vmt_fmt_count(fmt, header->verified, "time");
	}
	vmt_fmt_wrap(fmt, 10);
}

#define NOTES_OF_NO_LOOK \
	(VMT_NOTE_SECCOMP | VMT_NOTE_NO_PROC | VMT_NOTE_SWITCHED_OFF | VMT_NOTE_BY_ADDRESS)

/* If the library was alive at the end but could not compare, a note gives the reason. */
static const char *why_not_compared(const struct vmt_rec_header *header)
{
	if (header->end == VMT_END_EXEC)
		return "; not compared with the kernel's table before it became another program";
	if (header->end == VMT_END_EXIT && (header->notes & NOTES_OF_NO_LOOK))
		return "; not compared with the kernel's table at the end";
	if (header->end == VMT_END_EXIT)
		return "; the kernel's table could not be read at the end, so NOTHING was "
		       "compared with it";
	return "; its end was not seen, so NOTHING was compared with the kernel's table";
}

static void put_verdict(struct vmt_report *text)
{
	const struct vmt_rec_header *header = &text->view->header;
	struct vmt_fmt *fmt = &text->fmt;

	if (vmt_view_is_damaged(text->view)) {
		vmt_fmt_str(fmt, "; the recording is DAMAGED, so nothing here is certain");
	} else if (header->end == VMT_END_RUNNING && !text->options->is_gone &&
		   !(header->notes & VMT_NOTE_SWITCHED_OFF)) {
		vmt_fmt_str(fmt, "; will be compared with the kernel's table at the end");
	} else if (header->maps_kernel == UINT64_MAX) {
		vmt_fmt_str(fmt, why_not_compared(header));
	} else if (header->maps_kernel != header->maps_now) {
		vmt_fmt_str(fmt, "; NOT equal to the kernel's table, which has ");
		vmt_fmt_count(fmt, header->maps_kernel, "map");
	} else {
		vmt_fmt_str(fmt, vmt_view_is_exact(text->view) ?
					 "; equal to the kernel's table" :
					 "; equal to the kernel's table now, but not at all times");
	}
}

/*
 * A full disk, or a file that cannot grow, is the reason why there was no room: options for more
 * room would not help.
 */
uint64_t vmt_report_notes_shown(const struct vmt_rec_header *header)
{
	const uint64_t room = VMT_NOTE_SITES_FULL | VMT_NOTE_RANGES_FULL | VMT_NOTE_MODULES_FULL;

	if (header->notes & VMT_NOTE_DISK_FULL)
		return header->notes & ~(room | VMT_NOTE_NOT_LONGER);
	return header->notes & VMT_NOTE_NOT_LONGER ? header->notes & ~room : header->notes;
}

static uint32_t notes_set(const struct vmt_view *view)
{
	uint32_t n = view->is_torn + vmt_view_is_damaged(view);

	for (uint32_t bit = 0; bit < VMT_COUNT(notes); bit++)
		n += vmt_report_notes_shown(&view->header) >> bit & 1;
	return n;
}

void vmt_report_seen(struct vmt_report *text)
{
	const struct vmt_rec_header *header = &text->view->header;
	uint64_t concurrent = vmt_view_concurrent(text->view);
	struct vmt_fmt *fmt = &text->fmt;

	vmt_fmt_str(fmt, "  seen    ");
	vmt_fmt_count(fmt, header->calls_seen, "memory call");
	vmt_fmt_str(fmt, doors_of(header));
	vmt_fmt_str(fmt, "; ");
	vmt_fmt_num(fmt, header->unseen, 0);
	vmt_fmt_str(fmt, " unseen, ");
	if (concurrent) {
		vmt_fmt_num(fmt, concurrent, 0);
		vmt_fmt_str(fmt, " concurrent, ");
	}
	vmt_fmt_num(fmt, header->lost, 0);
	vmt_fmt_str(fmt, " lost");
	if (header->relearned) {
		vmt_fmt_str(fmt, ", table reread or guessed ");
		vmt_fmt_count(fmt, header->relearned, "time");
	}
	if (header->truncated) {
		vmt_fmt_str(fmt, ", ");
		vmt_fmt_count(fmt, header->truncated, "stack");
		vmt_fmt_str(fmt, " cut short");
	}
	put_verdict(text);
	if (notes_set(text->view)) {
		vmt_fmt_str(fmt, "; ");
		vmt_fmt_count(fmt, notes_set(text->view), "note");
		vmt_fmt_str(fmt, " at the end");
	}
	vmt_fmt_wrap(fmt, 10);
}

/* "modules, maps": the sections that differ from what the library wrote. */
static void put_damaged(struct vmt_report *text)
{
	const char *between = "";

	for (uint32_t id = 0; id < VMT_SECTION_COUNT; id++) {
		if (!(text->view->damaged >> id & 1))
			continue;
		vmt_fmt_str(&text->fmt, between);
		vmt_fmt_str(&text->fmt, vmt_damage_section_name(id));
		between = ", ";
	}
}

static void put_damage(struct vmt_report *text)
{
	struct vmt_fmt *fmt = &text->fmt;

	vmt_fmt_str(fmt, "  note    The recording is damaged: ");
	if (text->view->damaged) {
		vmt_fmt_str(fmt, "it was changed after the process ended (");
		put_damaged(text);
		vmt_fmt_str(fmt, ")");
	}
	if (text->view->left_out) {
		vmt_fmt_str(fmt, text->view->damaged ? "; " : "");
		vmt_fmt_count(fmt, text->view->left_out, "impossible record");
		vmt_fmt_str(fmt, " left out");
	}
	vmt_fmt_str(fmt, ". Record it again.");
	vmt_fmt_wrap(fmt, 10);
}

void vmt_report_notes(struct vmt_report *text)
{
	if (vmt_view_is_damaged(text->view))
		put_damage(text);
	if (text->options->verbose)
		put_asked(text);
	for (uint32_t bit = 0; bit < VMT_COUNT(notes); bit++) {
		if (!(vmt_report_notes_shown(&text->view->header) >> bit & 1))
			continue;
		vmt_fmt_str(&text->fmt, "  note    ");
		vmt_fmt_str(&text->fmt, notes[bit]);
		vmt_fmt_wrap(&text->fmt, 10);
	}
	if (text->view->is_torn) {
		vmt_fmt_str(&text->fmt,
			    "  note    The program was stopped while the header was being written, "
			    "so a figure may be one call behind.");
		vmt_fmt_wrap(&text->fmt, 10);
	}
}
