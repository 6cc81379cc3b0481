/* SPDX-License-Identifier: MIT */
/*
 * The program may close any descriptor, and get its number for a file of its own. So after an
 * unexpected answer to PROCMAP_QUERY, /proc/self/maps is opened again, once. See ask.h.
 */
#include "kernel/ask.h"

#include <fcntl.h>
#include <linux/errno.h>
#include <sys/syscall.h>

#include "core/base/uapi.h"
#include "core/vma/mapsline.h"
#include "filter/filter.h"
#include "kernel/mapsfile.h"
#include "os/sys.h"
#include "own/memory.h"

#define QUERY_COVERING_OR_NEXT 0x10
#define QUERY_VISIBLE          0x0f /* the same bits as VMT_MAP_VISIBLE */

#define PR_GET_MEMORY_MERGE_ 68 /* Linux 6.4; exec keeps it */

/* Lengths that no address space can hold: with page tables of five levels, and of four. */
#define PROBE_LENGTH_5 0xffffffffff0000UL
#define PROBE_LENGTH_4 0x7fffffff0000UL

/*
 * A seccomp filter can skip a call and have it return 0 (SECCOMP_RET_ERRNO of no error). What was
 * not answered must not be taken for a map: a walk from map to map would never end.
 */
static int query_once(int maps, struct vmt_procmap_query *query)
{
	int ret;

	query->size = sizeof(*query);
	ret = (int)vmt_sys3(SYS_ioctl, maps, VMT_PROCMAP_QUERY, query);
	return ret == 0 && query->vma_end <= query->query_addr ? -EPERM : ret;
}

static bool may_ioctl(void)
{
	const long ask[6] = { 0, (long)VMT_PROCMAP_QUERY };

	return vmt_filter_is_open() || vmt_filter_may(SYS_ioctl, ask);
}

static bool is_answer(int ret)
{
	return ret == 0 || ret == -ENOENT || ret == -ENAMETOOLONG;
}

/* /proc is out of reach. Its ENOENT must not be taken for "nothing is mapped". */
static int no_maps(struct vmt_state *state, int error)
{
	/* for lack of descriptors, asking may work later */
	if (error != -EMFILE && error != -ENFILE)
		vmt_state_note(state, VMT_NOTE_NO_PROC);
	return -EBADF;
}

/* Ask through the open file; if its number has been reused, open the real one and ask again. */
static int query_by(struct vmt_state *state, struct vmt_mapsfile *maps,
		    struct vmt_procmap_query *query)
{
	int ret = maps->number;

	if (VMT_UNLIKELY(ret < 0))
		return no_maps(state, ret);
	ret = query_once(maps->number, query);
	if (VMT_LIKELY(is_answer(ret)))
		return ret;
	if (ret == -EPERM) /* refused by a seccomp filter */
		return -EBADF;
	vmt_mapsfile_forget(state, maps);
	*maps = vmt_mapsfile_for_query(state);
	if (maps->number < 0)
		return no_maps(state, maps->number);
	return query_once(maps->number, query);
}

/* Under the lock; the file is closed when the lock is left. */
static int query(struct vmt_state *state, struct vmt_procmap_query *query)
{
	struct vmt_mapsfile maps = vmt_mapsfile_for_query(state);

	return query_by(state, &maps, query);
}

static void vma_of(const struct vmt_procmap_query *query, struct vmt_vma *vma)
{
	*vma = (struct vmt_vma){
		.start = query->vma_start,
		.end = query->vma_end,
		.offset = query->vma_offset,
		.inode = query->inode,
		.dev = vmt_vma_dev(query->dev_major, query->dev_minor),
		.flags = (uint32_t)query->vma_flags & QUERY_VISIBLE,
	};
}

static int walk_by_query(struct vmt_state *state, struct vmt_range range,
			 struct vmt_outcome *outcome)
{
	struct vmt_mapsfile maps = vmt_mapsfile_for_query(state);

	for (uint64_t addr = range.start; addr < range.end;) {
		struct vmt_procmap_query ask = { .query_addr = addr,
						 .query_flags = QUERY_COVERING_OR_NEXT };
		struct vmt_vma vma;
		int ret = query_by(state, &maps, &ask);

		state->counters.asked_query++;
		if (ret == -ENOENT)
			return 0;
		if (ret)
			return ret;
		if (ask.vma_start >= range.end)
			return 0;
		vma_of(&ask, &vma);
		vmt_memory_flag(state, &vma);
		vmt_outcome_append(outcome, &vma);
		addr = vma.end;
		vmt_lock_go_on(&state->lock);
	}
	return 0;
}

struct text_reader {
	struct vmt_mapsfile maps;
	bool is_broken; /* there was more text, but it could not be read */
	uint64_t offset; /* the position in the file */
	char *buffer;
	size_t size;
	size_t at;
	size_t filled;
	bool is_cut; /* the rest of the line returned last has not been read */
};

static bool refill(struct text_reader *reader)
{
	size_t rest = reader->filled - reader->at;

	__builtin_memmove(reader->buffer, reader->buffer + reader->at, rest);
	reader->at = 0;
	reader->filled = rest;

	long got = vmt_sys4(SYS_pread64, reader->maps.number, reader->buffer + rest,
			    reader->size - rest, reader->offset);

	if (got <= 0) {
		reader->is_broken |= got < 0;
		return false;
	}
	reader->filled += (size_t)got;
	reader->offset += (uint64_t)got;
	return true;
}

/*
 * The rest of the line is not needed, and may be longer than the buffer. False at the end of the
 * file.
 */
static bool skip_line(struct text_reader *reader)
{
	for (;;) {
		while (reader->at < reader->filled)
			if (reader->buffer[reader->at++] == '\n')
				return true;
		if (!refill(reader))
			return false;
	}
}

/*
 * Read the next line, which stays valid until the next call; false at the end of the file. If a
 * line is longer than the buffer, its beginning is returned: a path has up to 4 KiB, and four times
 * as much when it is escaped.
 */
static bool next_line(struct text_reader *reader, struct vmt_mapsline *ret_line)
{
	if (reader->is_cut && !skip_line(reader))
		return false;
	for (;;) {
		const char *text = reader->buffer + reader->at;
		size_t length = 0;

		while (reader->at + length < reader->filled && text[length] != '\n')
			length++;
		reader->is_cut = length == reader->size;
		if (reader->at + length == reader->filled && !reader->is_cut) {
			if (!refill(reader))
				return false;
			continue;
		}
		reader->at += reader->is_cut ? length : length + 1;
		if (vmt_mapsline_parse(text, length, ret_line) == 0)
			return true;
		if (reader->is_cut && !skip_line(reader))
			return false;
	}
}

static int open_text(struct vmt_state *state, char *buffer, size_t size, struct text_reader *reader)
{
	*reader = (struct text_reader){ .maps = vmt_mapsfile_for_reading(state),
					.buffer = buffer,
					.size = size };
	return refill(reader) ? 0 : -ENOENT;
}

static int walk_by_text(struct vmt_state *state, struct vmt_range range,
			struct vmt_outcome *outcome)
{
	struct text_reader reader;
	struct vmt_mapsline line = { .vma = { .start = UINT64_MAX } };

	if (open_text(state, state->text, sizeof(state->text), &reader))
		return -ENOENT;
	state->counters.asked_maps++;
	while (next_line(&reader, &line)) {
		if (line.vma.start >= range.end)
			break;
		if (line.vma.end <= range.start || vmt_mapsline_is_vsyscall(&line))
			continue;
		line.vma.vma_class = vmt_mapsline_class(&line);
		vmt_memory_flag(state, &line.vma);
		vmt_outcome_append(outcome, &line.vma);
	}
	return reader.is_broken ? -EIO : 0;
}

bool vmt_ask_is_possible(void)
{
	const long open[6] = { 0, 0, O_RDONLY | O_CLOEXEC };

	return vmt_filter_is_open() || vmt_filter_may(SYS_openat, open);
}

static bool may_query(const struct vmt_state *state)
{
	return state->kernel.query_works && may_ioctl() &&
	       (state->options.ask == VMT_ASK_AUTO || state->options.ask == VMT_ASK_QUERY);
}

int vmt_ask_walk(void *context, struct vmt_range range, struct vmt_outcome *outcome)
{
	struct vmt_state *state = context;

	if (may_query(state))
		return walk_by_query(state, range, outcome);
	return walk_by_text(state, range, outcome);
}

static int boundary_by_query(struct vmt_state *state, const struct vmt_vma *right)
{
	struct vmt_procmap_query ask = { .query_addr = right->start };
	struct vmt_vma vma;

	int ret = query(state, &ask);

	state->counters.asked_query++;
	if (ret)
		return ret == -EBADF ? -EBADF : -ENOENT;
	vma_of(&ask, &vma);
	if (((vma.flags ^ right->flags) & VMT_MAP_VISIBLE) || vma.end < right->end)
		return -ESTALE;
	return vma.start == right->start ? 1 : 0;
}

/*
 * mremap(b - page, two pages, huge) always fails: with EFAULT where two maps meet, and with ENOMEM
 * (EAGAIN if locked) inside one map. Hugetlb maps and sealed maps answer differently.
 */
static long probe(uint64_t addr, uint64_t length)
{
	return vmt_sys5(SYS_mremap, addr, 2 * VMT_PAGE_SIZE, length, 0, 0);
}

/* Since 6.17, a length beyond the address space is refused before any map is examined. */
static int boundary_by_probe(struct vmt_state *state, const struct vmt_vma *right)
{
	long ret = probe(right->start - VMT_PAGE_SIZE, PROBE_LENGTH_5);

	if (ret == -EINVAL)
		ret = probe(right->start - VMT_PAGE_SIZE, PROBE_LENGTH_4);
	state->counters.asked_probe++;
	if (ret == -EFAULT)
		return 1;
	if (ret == -ENOMEM || ret == -EAGAIN)
		return 0;
	return -ENOENT;
}

static bool may_probe(void)
{
	const long ask[6] = { 0, (long)(2 * VMT_PAGE_SIZE), (long)PROBE_LENGTH_5, 0, 0, 0 };

	return vmt_filter_is_open() || vmt_filter_may(SYS_mremap, ask);
}

/*
 * Opening the list of maps for a query takes thirty times as long as a probe. A map that a probe
 * cannot tell (a sealed one) is queried.
 */
static bool is_probed_first(const struct vmt_state *state, const struct vmt_vma *right)
{
	return state->options.ask == VMT_ASK_AUTO && !vmt_mapsfile_is_open(state) &&
	       !vmt_vma_is_file(right) && !(right->flags & VMT_MAP_SHARED) && may_probe();
}

int vmt_ask_boundary(void *context, const struct vmt_vma *right)
{
	struct vmt_state *state = context;
	int ret = -ENOENT;

	if (state->options.ask == VMT_ASK_MAPS)
		return -EPERM;
	if (is_probed_first(state, right))
		ret = boundary_by_probe(state, right);
	if (ret >= 0)
		return ret;
	ret = may_query(state) ? boundary_by_query(state, right) : -EBADF;
	return ret == -EBADF ? boundary_by_probe(state, right) : ret;
}

bool vmt_ask_is_alone(void *context)
{
	struct vmt_state *state = context;

	return vmt_deferred_is_quiet(&state->deferred);
}

int vmt_ask_vma(struct vmt_state *state, uint64_t addr, struct vmt_vma *ret_vma)
{
	struct vmt_procmap_query ask = { .query_addr = addr };
	struct text_reader reader;
	struct vmt_mapsline line;
	int ret;

	if (may_query(state)) {
		state->counters.asked_query++;
		if (query(state, &ask))
			return -ENOENT;
		vma_of(&ask, ret_vma);
		return 0;
	}
	if (open_text(state, state->text, sizeof(state->text), &reader))
		return -ENOENT;
	state->counters.asked_maps++;
	ret = -ENOENT;
	while (ret && next_line(&reader, &line) && line.vma.start <= addr) {
		if (line.vma.end <= addr)
			continue;
		*ret_vma = line.vma;
		ret = 0;
	}
	return ret;
}

void vmt_ask_open(struct vmt_state *state)
{
	struct vmt_procmap_query ask = { .query_addr = (uint64_t)(uintptr_t)state };
	struct vmt_mapsfile maps = vmt_mapsfile_for_query(state);

	state->kernel.query_works = false;
	if (maps.number < 0) {
		no_maps(state, maps.number);
		return;
	}
	state->confidence.no_reasoning |=
		vmt_sys5(SYS_prctl, PR_GET_MEMORY_MERGE_, 0, 0, 0, 0) == 1;
	state->kernel.query_works = may_ioctl() && query_once(maps.number, &ask) == 0;
	if (!state->kernel.query_works && may_ioctl())
		vmt_state_note(state, VMT_NOTE_NO_QUERY);
}

int vmt_ask_everything(struct vmt_state *state, struct vmt_outcome *outcome)
{
	return walk_by_text(state, (struct vmt_range){ 0, UINT64_MAX }, outcome);
}

static size_t name_by_text(struct vmt_state *state, uint64_t addr, char *path, size_t size)
{
	struct text_reader reader;
	struct vmt_mapsline line;
	size_t length = 0;

	if (open_text(state, state->text, sizeof(state->text), &reader))
		return 0;
	while (next_line(&reader, &line) && line.vma.start <= addr) {
		if (line.vma.end <= addr)
			continue;
		length = line.name_length < size ? line.name_length : size - 1;
		__builtin_memcpy(path, line.name, length);
	}
	return length;
}

size_t vmt_ask_name(struct vmt_state *state, uint64_t addr, char *path, size_t size,
		    uint8_t build_id[VMT_BUILD_ID_MAX], uint32_t *ret_build_id_length)
{
	struct vmt_procmap_query ask = {
		.query_addr = addr,
		.vma_name_addr = (uint64_t)(uintptr_t)path,
		.vma_name_size = (uint32_t)size,
		.build_id_addr = (uint64_t)(uintptr_t)build_id,
		.build_id_size = VMT_BUILD_ID_MAX,
	};

	*ret_build_id_length = 0;
	__builtin_memset(path, 0, size); /* valgrind does not know that the query writes here */
	if (!may_ioctl() || !state->kernel.query_works)
		return name_by_text(state, addr, path, size);
	if (query(state, &ask) == 0) {
		*ret_build_id_length = ask.build_id_size;
		return ask.vma_name_size ? ask.vma_name_size - 1 : 0;
	}
	return name_by_text(state, addr, path, size);
}

/* Stream the file through a buffer that holds the longest path; this runs outside the lock. */
static bool bounds_by_text(struct vmt_state *state, uint64_t sp, struct vmt_range *ret_bounds)
{
	char buffer[4096 + 128];
	struct text_reader reader;
	struct vmt_mapsline line;
	bool is_found = false;

	if (open_text(state, buffer, sizeof(buffer), &reader)) {
		vmt_mapsfile_close(&reader.maps);
		return false;
	}
	while (!is_found && next_line(&reader, &line) && line.vma.start <= sp) {
		is_found = line.vma.end > sp && (line.vma.flags & VMT_MAP_READ);
		*ret_bounds = (struct vmt_range){ line.vma.start, line.vma.end };
	}
	vmt_mapsfile_close(&reader.maps);
	return is_found;
}

bool vmt_ask_bounds(struct vmt_state *state, uint64_t sp, struct vmt_range *ret_bounds)
{
	struct vmt_procmap_query ask = { .query_addr = sp };
	struct vmt_mapsfile maps;
	int ret;

	if (!may_ioctl() || !state->kernel.query_works)
		return bounds_by_text(state, sp, ret_bounds);
	maps = vmt_mapsfile_for_query(state);
	ret = query_by(state, &maps, &ask);
	vmt_mapsfile_close(&maps);
	if (ret || !(ask.vma_flags & VMT_MAP_READ))
		return false;
	*ret_bounds = (struct vmt_range){ ask.vma_start, ask.vma_end };
	return true;
}
