/* SPDX-License-Identifier: MIT */
/*
 * The tree of processes above a text report: who started whom, and who has many maps. Pids come
 * from files and may form circles; each recording is printed once. Used by print_text.c.
 */
#include "core/base/printable.h"
#include "input/liveness.h"
#include "report/tree.h"
#include "util/lines.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX   20u /* of the indentation */
#define NESTING_MAX 5000u
#define LINES_MAX   10u /* lines of a tree that leaves room for the report */
#define LINES_FEW   6u /* lines of a larger tree */
#define NAMES_MAX   4u /* programs without a line whose names are listed */

/* A process. If it became other programs by exec, the last one represents them all. */
struct process {
	bool is_last; /* this recording is the last image of its process */
	bool is_shown;
	bool is_printed;
	size_t last; /* the last image of the same process */
	size_t parent; /* the last image of the parent process; SIZE_MAX: it was not recorded */
	size_t child; /* the first child with a line; SIZE_MAX: none */
	size_t next; /* the next child of the same parent */
	uint64_t peak; /* over all images */
};

struct tree {
	FILE *stream;
	const struct vmt_recordings *recordings;
	struct process *process; /* one element for each recording */
	size_t *by_pid; /* all recordings, sorted by pid; those of one pid in their order */
	uint32_t *equal_pids; /* those that several processes have */
	size_t equal_count;
	size_t chosen;
	size_t count; /* the number of processes */
	size_t shown;
	unsigned nesting;
};

static const struct vmt_rec_header *header_of(const struct tree *tree, size_t index)
{
	return &tree->recordings->item[index].view.header;
}

/* Remove the directories from the program's path. */
static struct vmt_view_string without_directory(struct vmt_view_string command)
{
	uint32_t from = 0;

	for (uint32_t i = 0; i < command.length && command.bytes[i]; i++) {
		if (command.bytes[i] == '/')
			from = i + 1;
	}
	return (struct vmt_view_string){ command.bytes + from, command.length - from };
}

/* Print at most room bytes; the ends of arguments become spaces. */
static void put_text(FILE *stream, struct vmt_view_string text, size_t room)
{
	char copy[512];
	size_t n = text.length < room ? text.length : room;

	n = n < sizeof(copy) ? n : sizeof(copy);
	for (size_t i = 0; i < n; i++)
		copy[i] = text.bytes[i] ? text.bytes[i] : ' ';
	vmt_printable(copy, n);
	fwrite(copy, 1, n, stream);
}

/* The arguments, separated by spaces, the program without its directory; at most room bytes. */
static void put_command(FILE *stream, const struct vmt_view *view, size_t room)
{
	struct vmt_view_string command = vmt_view_string(view, view->header.command);

	if (!command.length)
		command = vmt_view_string(view, view->header.exe);
	while (command.length && !command.bytes[command.length - 1])
		command.length--;
	command = without_directory(command);
	put_text(stream, command, room);
	fputc('\n', stream);
}

static int by_number(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, two = *(const uint32_t *)b;

	return (one > two) - (one < two);
}

/* Containers and the machine that they run on give out the same numbers: find these. */
static void find_equal_pids(struct tree *tree)
{
	size_t n = 0;

	for (size_t i = 0; i < tree->recordings->count; i++) {
		if (tree->process[i].is_shown)
			tree->equal_pids[n++] = header_of(tree, i)->pid;
	}
	qsort(tree->equal_pids, n, sizeof(*tree->equal_pids), by_number);
	for (size_t i = 1; i < n; i++) {
		if (tree->equal_pids[i] == tree->equal_pids[i - 1])
			tree->equal_pids[tree->equal_count++] = tree->equal_pids[i];
	}
}

static bool has_namesake(const struct tree *tree, size_t index)
{
	return bsearch(&header_of(tree, index)->pid, tree->equal_pids, tree->equal_count,
		       sizeof(*tree->equal_pids), by_number) != NULL;
}

/* The recording's file tells processes with equal pids apart, and is what report takes. */
static void put_file(FILE *stream, const char *name)
{
	const char *base = strrchr(name, '/');

	base = base ? base + 1 : name;
	put_text(stream, (struct vmt_view_string){ base, (uint32_t)strlen(base) }, strlen(base));
	fputc('\n', stream);
}

static void put_line(struct tree *tree, size_t index, unsigned depth)
{
	const struct vmt_view *view = &tree->recordings->item[index].view;
	const struct vmt_rec_header *header = &view->header;
	uint64_t now = vmt_view_maps_now(view);
	char end[32];
	struct vmt_number maps, growth, peak;

	vmt_liveness_end(view, end, sizeof(end));
	fprintf(tree->stream, "%c%8u %9s %9s %9s  %-8s ",
		tree->process[tree->chosen].last == index ? '>' : ' ', header->pid,
		vmt_lines_number(&maps, now),
		vmt_lines_number_signed(&growth, (int64_t)(now - header->maps_start)),
		vmt_lines_number(&peak, tree->process[index].peak), end);
	fprintf(tree->stream, "%*s", (int)(2 * depth), "");
	if (has_namesake(tree, index))
		put_file(tree->stream, tree->recordings->item[index].name);
	else
		put_command(tree->stream, view, 30 > 2 * depth ? 30 - 2 * depth : 1);
}

static bool began_before(const struct tree *tree, size_t one, size_t two)
{
	uint64_t first = header_of(tree, one)->start_realtime;
	uint64_t second = header_of(tree, two)->start_realtime;

	return first != second ? first < second : one < two;
}

/* A pid combined with its namespace, since containers reuse pids. */
static uint64_t number_in(const struct vmt_rec_header *header, uint32_t pid)
{
	return (uint64_t)header->pid_namespace << 32 | pid;
}

static uint64_t number_of(const struct tree *tree, size_t index)
{
	return number_in(header_of(tree, index), header_of(tree, index)->pid);
}

static int by_pid(const void *a, const void *b, void *context)
{
	size_t one = *(const size_t *)a;
	size_t two = *(const size_t *)b;
	uint64_t pid_one = number_of(context, one);
	uint64_t pid_two = number_of(context, two);

	if (pid_one != pid_two)
		return pid_one < pid_two ? -1 : 1;
	return (one > two) - (one < two);
}

/* Returns where the recordings of a pid begin in by_pid; there may be tens of thousands. */
static size_t first_of(const struct tree *tree, uint64_t number)
{
	size_t low = 0;
	size_t high = tree->recordings->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (number_of(tree, tree->by_pid[middle]) < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Returns the recording of the program that became this one by exec; SIZE_MAX: there is none. */
static size_t image_before(const struct tree *tree, size_t index)
{
	uint64_t number = number_of(tree, index);
	size_t last = SIZE_MAX;

	for (size_t i = first_of(tree, number); i < tree->recordings->count; i++) {
		size_t other = tree->by_pid[i];

		if (number_of(tree, other) != number)
			break;
		if (began_before(tree, other, index) &&
		    (last == SIZE_MAX || began_before(tree, last, other)))
			last = other;
	}
	/* After any other end, the pid was given to another process. */
	return last != SIZE_MAX && header_of(tree, last)->end == VMT_END_EXEC ? last : SIZE_MAX;
}

/* Returns the last image of the parent that was running when this one began. */
static size_t parent_of(const struct tree *tree, size_t index)
{
	const struct vmt_rec_header *child = header_of(tree, index);
	uint64_t number = number_in(child, child->parent_pid);
	size_t parent = SIZE_MAX;

	if (child->parent_pid == child->pid)
		return SIZE_MAX;
	for (size_t i = first_of(tree, number); i < tree->recordings->count; i++) {
		const struct vmt_rec_header *header = header_of(tree, tree->by_pid[i]);

		if (number_of(tree, tree->by_pid[i]) != number)
			break;
		if (header->start_realtime <= child->start_realtime)
			parent = tree->by_pid[i];
	}
	return parent;
}

/* Follow a process back to its first image, which is the one its parent started. */
static void add_process(struct tree *tree, size_t last)
{
	struct process *process = &tree->process[last];
	size_t first = last;

	process->is_last = true;
	tree->count++;
	for (size_t i = last; i != SIZE_MAX && tree->process[i].last == SIZE_MAX;
	     i = image_before(tree, i)) {
		uint64_t peak = header_of(tree, i)->maps_peak;

		tree->process[i].last = last;
		process->peak = peak > process->peak ? peak : process->peak;
		first = i;
	}
	process->parent = parent_of(tree, first);
}

static void find_processes(struct tree *tree)
{
	size_t count = tree->recordings->count;
	size_t before;

	for (size_t i = 0; i < count; i++)
		tree->by_pid[i] = i;
	qsort_r(tree->by_pid, count, sizeof(*tree->by_pid), by_pid, tree);
	for (size_t i = 0; i < count; i++)
		tree->process[i] =
			(struct process){ .is_last = true, .last = SIZE_MAX, .child = SIZE_MAX };
	for (size_t i = 0; i < count; i++) {
		before = image_before(tree, i);
		if (before != SIZE_MAX)
			tree->process[before].is_last = false;
	}
	for (size_t i = 0; i < count; i++) {
		if (tree->process[i].is_last)
			add_process(tree, i);
	}
	for (size_t i = 0; i < count; i++) {
		if (tree->process[i].parent != SIZE_MAX)
			tree->process[i].parent = tree->process[tree->process[i].parent].last;
	}
}

static void show(struct tree *tree, size_t index)
{
	tree->shown += !tree->process[index].is_shown;
	tree->process[index].is_shown = true;
}

static size_t highest_hidden(const struct tree *tree)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < tree->recordings->count; i++) {
		if (tree->process[i].is_last && !tree->process[i].is_shown &&
		    (found == SIZE_MAX || tree->process[i].peak > tree->process[found].peak))
			found = i;
	}
	return found;
}

/*
 * Choose the lines: the selected process, its ancestors, and the processes with the highest peaks.
 */
static void choose_lines(struct tree *tree, bool all)
{
	size_t max = all || tree->count <= LINES_MAX ? tree->count : LINES_FEW;
	size_t next = tree->process[tree->chosen].last;

	/* If all fit, there is no need to find the highest. */
	for (size_t i = 0; max == tree->count && i < tree->recordings->count; i++) {
		if (tree->process[i].is_last)
			show(tree, i);
	}
	for (; next != SIZE_MAX && tree->shown < max && !tree->process[next].is_shown;
	     next = tree->process[next].parent)
		show(tree, next);
	while (tree->shown < max && (next = highest_hidden(tree)) != SIZE_MAX)
		show(tree, next);
}

/* Returns the nearest ancestor with a line; SIZE_MAX: none. */
static size_t shown_parent(const struct tree *tree, size_t index)
{
	size_t parent = tree->process[index].parent;

	for (unsigned i = 0; i < NESTING_MAX && parent != SIZE_MAX; i++) {
		if (tree->process[parent].is_shown)
			return parent;
		parent = tree->process[parent].parent;
	}
	return SIZE_MAX;
}

/* Link children below their parents, in their order. */
static void chain_lines(struct tree *tree)
{
	for (size_t i = tree->recordings->count; i-- > 0;) {
		size_t parent = tree->process[i].is_shown ? shown_parent(tree, i) : SIZE_MAX;

		if (parent == SIZE_MAX)
			continue;
		tree->process[i].next = tree->process[parent].child;
		tree->process[parent].child = i;
	}
}

static void put_below(struct tree *tree, size_t index, unsigned depth)
{
	size_t i = tree->process[index].child;

	tree->process[index].is_printed = true;
	tree->nesting++;
	put_line(tree, index, depth < DEPTH_MAX ? depth : DEPTH_MAX);
	for (; tree->nesting < NESTING_MAX && i != SIZE_MAX; i = tree->process[i].next) {
		if (!tree->process[i].is_printed)
			put_below(tree, i, depth + 1);
	}
	tree->nesting--;
}

static bool is_hidden(const struct tree *tree, size_t index)
{
	return tree->process[index].is_last && !tree->process[index].is_shown;
}

static struct vmt_view_string program_of(const struct tree *tree, size_t index)
{
	const struct vmt_view *view = &tree->recordings->item[index].view;

	return without_directory(vmt_view_string(view, view->header.exe));
}

/* Returns how many hidden processes run the same program; 0 if an earlier one runs it, too. */
static uint64_t count_alike(const struct tree *tree, size_t index)
{
	struct vmt_view_string name = program_of(tree, index);
	uint64_t count = 0;

	for (size_t i = 0; i < tree->recordings->count; i++) {
		struct vmt_view_string other = program_of(tree, i);

		if (!is_hidden(tree, i) || other.length != name.length ||
		    memcmp(other.bytes, name.bytes, name.length))
			continue;
		if (i < index)
			return 0;
		count++;
	}
	return count;
}

/* "and 10 more, peak 42 at most: bash 6, readlink 3, basename" */
static void put_rest(const struct tree *tree)
{
	size_t next = highest_hidden(tree);
	size_t names = 0;
	struct vmt_number text;

	if (next == SIZE_MAX)
		return;
	fprintf(tree->stream, "      and %zu more, peak %s at most:", tree->count - tree->shown,
		vmt_lines_number(&text, tree->process[next].peak));
	for (size_t i = 0; i < tree->recordings->count && names <= NAMES_MAX; i++) {
		struct vmt_view_string name = program_of(tree, i);
		uint64_t count = is_hidden(tree, i) ? count_alike(tree, i) : 0;

		if (!count)
			continue;
		fputs(names == NAMES_MAX ? ", ..." : names ? ", " : " ", tree->stream);
		if (names < NAMES_MAX)
			put_text(tree->stream, name, 12);
		if (count > 1 && names < NAMES_MAX)
			fprintf(tree->stream, " %s", vmt_lines_number(&text, count));
		names++;
	}
	fputs(" (-v)\n", tree->stream);
}

static void put_all(struct tree *tree, bool all)
{
	size_t count = tree->recordings->count;

	find_processes(tree);
	choose_lines(tree, all);
	find_equal_pids(tree);
	chain_lines(tree);
	fprintf(tree->stream, "%zu process%s", tree->count, tree->count == 1 ? "" : "es");
	if (count > tree->count)
		fprintf(tree->stream, " (%zu programs, by exec)", count);
	fputs("; details of the marked one follow, --pid=PID shows another", tree->stream);
	if (tree->equal_count)
		fputs("\n(report DIR/FILE, of those with equal pids)", tree->stream);
	fputs("\n\n", tree->stream);
	fprintf(tree->stream, "      pid      maps    growth      peak  end      command\n");
	for (size_t i = 0; i < count; i++) {
		if (tree->process[i].is_shown && !tree->process[i].is_printed &&
		    shown_parent(tree, i) == SIZE_MAX)
			put_below(tree, i, 0);
	}
	/* Processes in a circle have a parent, but no ancestor without one. */
	for (size_t i = 0; i < count; i++) {
		if (tree->process[i].is_shown && !tree->process[i].is_printed)
			put_below(tree, i, 0);
	}
	put_rest(tree);
	fputc('\n', tree->stream);
}

void vmt_tree_print(FILE *stream, const struct vmt_recordings *recordings, size_t chosen, bool all)
{
	struct tree tree = {
		.stream = stream,
		.recordings = recordings,
		.process = calloc(recordings->count, sizeof(struct process)),
		.by_pid = calloc(recordings->count, sizeof(size_t)),
		.equal_pids = calloc(recordings->count, sizeof(uint32_t)),
		.chosen = chosen,
	};

	if (tree.process && tree.by_pid && tree.equal_pids)
		put_all(&tree, all);
	free(tree.equal_pids);
	free(tree.by_pid);
	free(tree.process);
}
