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
	size_t *by_pid;	/* all recordings by their pid, and of one pid in their order */
	size_t *parent;	/* SIZE_MAX: not recorded */
	size_t *child;	/* the first one of each; SIZE_MAX: none */
	size_t *next;	/* of the same parent */
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

static int by_pid(const void *a, const void *b, void *context)
{
	size_t one = *(const size_t *)a;
	size_t two = *(const size_t *)b;
	uint32_t pid_one = header_of(context, one)->pid;
	uint32_t pid_two = header_of(context, two)->pid;

	if (pid_one != pid_two)
		return pid_one < pid_two ? -1 : 1;
	return (one > two) - (one < two);
}

/* Where the recordings of a pid begin in by_pid; there may be tens of thousands in all. */
static size_t first_of(const struct tree *tree, uint32_t pid)
{
	size_t low = 0;
	size_t high = tree->recordings->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (header_of(tree, tree->by_pid[middle])->pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The image of the same process that called exec, or SIZE_MAX. */
static size_t image_before(const struct tree *tree, const struct vmt_rec_header *child)
{
	for (size_t i = first_of(tree, child->pid); i < tree->recordings->count; i++) {
		const struct vmt_rec_header *header = header_of(tree, tree->by_pid[i]);

		if (header->pid != child->pid)
			break;
		if (header->image + 1 == child->image &&
		    header->start_realtime <= child->start_realtime)
			return tree->by_pid[i];
	}
	return SIZE_MAX;
}

/* The last image of the process that was running when this one began. */
static size_t parent_of(const struct tree *tree, size_t index)
{
	const struct vmt_rec_header *child = header_of(tree, index);
	size_t parent = image_before(tree, child);

	if (parent != SIZE_MAX || child->parent_pid == child->pid)
		return parent;
	for (size_t i = first_of(tree, child->parent_pid); i < tree->recordings->count; i++) {
		const struct vmt_rec_header *header = header_of(tree, tree->by_pid[i]);

		if (header->pid != child->parent_pid)
			break;
		if (header->start_realtime <= child->start_realtime)
			parent = tree->by_pid[i];
	}
	return parent;
}

static void find_parents(struct tree *tree)
{
	size_t count = tree->recordings->count;

	for (size_t i = 0; i < count; i++)
		tree->by_pid[i] = i;
	qsort_r(tree->by_pid, count, sizeof(*tree->by_pid), by_pid, tree);
	for (size_t i = 0; i < count; i++) {
		tree->parent[i] = parent_of(tree, i);
		tree->child[i] = SIZE_MAX;
	}
	for (size_t i = count; i-- > 0;) {
		size_t parent = tree->parent[i];

		if (parent == SIZE_MAX)
			continue;
		tree->next[i] = tree->child[parent];
		tree->child[parent] = i;
	}
}

static void put_below(struct tree *tree, size_t index, unsigned depth)
{
	size_t i = tree->child[index];

	tree->is_printed[index] = true;
	tree->nesting++;
	put_line(tree, index, depth < DEPTH_MAX ? depth : DEPTH_MAX);
	for (; tree->nesting < NESTING_MAX && i != SIZE_MAX; i = tree->next[i]) {
		if (tree->is_printed[i])
			continue;
		/* After exec it is still the same process. */
		put_below(tree, i, depth + (header_of(tree, i)->pid != header_of(tree, index)->pid));
	}
	tree->nesting--;
}

static void put_all(struct tree *tree)
{
	size_t count = tree->recordings->count;

	find_parents(tree);
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
	size_t count = recordings->count;
	size_t *numbers = calloc(4 * count + 1, sizeof(*numbers));
	struct tree tree = {
		.stream = stream,
		.recordings = recordings,
		.is_printed = calloc(count + 1, sizeof(bool)),
		.by_pid = numbers,
		.parent = numbers + count,
		.child = numbers + 2 * count,
		.next = numbers + 3 * count,
		.chosen = chosen,
	};

	if (tree.is_printed && numbers)
		put_all(&tree);
	free(tree.is_printed);
	free(numbers);
}
