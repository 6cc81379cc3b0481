/* SPDX-License-Identifier: MIT */
/*
 * The tree of processes above a text report: who started whom, and whose maps are
 * many. Numbers of processes come from files and may lead in circles; each recording is
 * printed once. Used by print_text.c.
 */
#include "tree.h"
#include "print.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX   20u	/* of the indentation */
#define NESTING_MAX 5000u

struct tree {
	FILE *stream;
	const struct vmt_recordings *recordings;
	bool *is_printed;
	size_t *parent;	/* SIZE_MAX: not recorded */
	size_t chosen;
	unsigned nesting;
};

static const struct vmt_rec_header *header_of(const struct tree *tree, size_t index)
{
	return &tree->recordings->item[index].view.header;
}

/* 12,345 */
static const char *number(char buffer[32], uint64_t value, bool with_sign)
{
	int64_t as_signed = (int64_t)value;
	uint64_t left = with_sign && as_signed < 0 ? -value : value;
	size_t at = 31;
	int n = 0;

	buffer[at] = '\0';
	do {
		if (n && n % 3 == 0)
			buffer[--at] = ',';
		buffer[--at] = (char)('0' + left % 10);
		left /= 10;
		n++;
	} while (left);
	if (with_sign && value)
		buffer[--at] = as_signed < 0 ? '-' : '+';
	return buffer + at;
}

static void format_end(char *text, size_t size, const struct vmt_view *view)
{
	const struct vmt_rec_header *header = &view->header;
	const char *name = vmt_text_signal((uint32_t)header->status);

	if (header->end == VMT_END_EXIT)
		snprintf(text, size, "exit %d", header->status & 255);
	else if (header->end == VMT_END_SIGNAL && name)
		snprintf(text, size, "%s", name);
	else if (header->end == VMT_END_SIGNAL)
		snprintf(text, size, "signal %d", header->status);
	else if (header->end == VMT_END_EXEC)
		snprintf(text, size, "exec");
	else
		snprintf(text, size, vmt_print_is_gone(view) ? "killed?" : "running");
}

/* The arguments with spaces between, the program without its directory, at most room bytes. */
static void put_command(FILE *stream, const struct vmt_view *view, size_t room)
{
	struct vmt_view_string command = vmt_view_string(view, view->header.command);
	uint32_t from = 0;

	if (!command.length)
		command = vmt_view_string(view, view->header.exe);
	while (command.length && !command.bytes[command.length - 1])
		command.length--;
	for (uint32_t i = 0; i < command.length && command.bytes[i]; i++) {
		if (command.bytes[i] == '/')
			from = i + 1;
	}
	for (uint32_t i = from; i < command.length && i - from < room; i++) {
		unsigned char c = (unsigned char)command.bytes[i];

		fputc(!c ? ' ' : c < ' ' || c == 127 ? '?' : c, stream);
	}
	fputc('\n', stream);
}

static void put_line(struct tree *tree, size_t index, unsigned depth)
{
	const struct vmt_view *view = &tree->recordings->item[index].view;
	const struct vmt_rec_header *header = &view->header;
	uint64_t now = vmt_view_maps_now(view);
	char end[32];
	char maps[32];
	char growth[32];
	char peak[32];

	format_end(end, sizeof(end), view);
	fprintf(tree->stream, "%c%8u %9s %9s %9s  %-8s ", index == tree->chosen ? '>' : ' ',
		header->pid, number(maps, now, false), number(growth, now - header->maps_start, true),
		number(peak, header->maps_peak, false), end);
	fprintf(tree->stream, "%*s", (int)(2 * depth), "");
	put_command(tree->stream, view, 30 > 2 * depth ? 30 - 2 * depth : 1);
}

/* The last image of the process that was running when this one began. */
static size_t parent_of(const struct tree *tree, size_t index)
{
	const struct vmt_rec_header *child = header_of(tree, index);
	size_t parent = SIZE_MAX;

	for (size_t i = 0; i < tree->recordings->count; i++) {
		const struct vmt_rec_header *header = header_of(tree, i);

		if (i == index || header->start_realtime > child->start_realtime)
			continue;
		if (header->pid == child->pid && header->image + 1 == child->image)
			return i;
		if (header->pid == child->parent_pid && header->pid != child->pid)
			parent = i;
	}
	return parent;
}

static void put_below(struct tree *tree, size_t index, unsigned depth)
{
	tree->is_printed[index] = true;
	tree->nesting++;
	put_line(tree, index, depth < DEPTH_MAX ? depth : DEPTH_MAX);
	for (size_t i = 0; tree->nesting < NESTING_MAX && i < tree->recordings->count; i++) {
		if (tree->is_printed[i] || tree->parent[i] != index)
			continue;
		/* After exec it is still the same process. */
		put_below(tree, i, depth + (header_of(tree, i)->pid != header_of(tree, index)->pid));
	}
	tree->nesting--;
}

static void put_all(struct tree *tree)
{
	size_t count = tree->recordings->count;

	for (size_t i = 0; i < count; i++)
		tree->parent[i] = parent_of(tree, i);
	fprintf(tree->stream, "%zu processes; below the one marked, --pid=PID shows another\n\n",
		count);
	fprintf(tree->stream, "      pid      maps    growth      peak  end      command\n");
	for (size_t i = 0; i < count; i++) {
		if (!tree->is_printed[i] && tree->parent[i] == SIZE_MAX)
			put_below(tree, i, 0);
	}
	/* Those in a circle have a parent, and nobody above them. */
	for (size_t i = 0; i < count; i++) {
		if (!tree->is_printed[i])
			put_below(tree, i, 0);
	}
	fputc('\n', tree->stream);
}

void vmt_tree_print(FILE *stream, const struct vmt_recordings *recordings, size_t chosen)
{
	struct tree tree = {
		.stream = stream,
		.recordings = recordings,
		.is_printed = calloc(recordings->count, sizeof(bool)),
		.parent = calloc(recordings->count, sizeof(size_t)),
		.chosen = chosen,
	};

	if (tree.is_printed && tree.parent)
		put_all(&tree);
	free(tree.is_printed);
	free(tree.parent);
}
