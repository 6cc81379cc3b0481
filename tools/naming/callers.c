/* SPDX-License-Identifier: MIT */
/*
 * Compares the stacks of a place's sites from the function that is blamed outwards, by the names of
 * the project's own functions. See callers.h.
 */
#include "core/report/report.h"
#include "core/report/short_name.h"
#include "naming/callers.h"
#include "naming/place.h"
#include "naming/stack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHORT  50u /* letters of a function's name; templates have longer ones */
#define MOST   90u /* percent of the weight */
#define FEW    20u /* of so many maps that are made, others make at least one to be compared */
#define TEXT   160u /* bytes of a caller with its place */
#define STACKS 64u /* those with most weight are compared: a place may have thousands */

/* The stack of one site, and where it goes on. */
struct way {
	uint32_t site;
	uint64_t weight;
	uint64_t made; /* maps */
	struct vmt_stack stack;
	uint32_t at; /* the frame that is compared now; stack.count: it has ended */
	uint32_t inlined; /* up to here, frames are of what the blamed function was inlined into */
	bool with_line; /* calls from two lines of a function differ */
	bool with_system; /* none of its frames is the project's own */
	bool is_script; /* the runtime's frames say nothing */
};

static int by_weight(const void *a, const void *b)
{
	const struct way *one = a, *two = b;

	if (one->weight != two->weight)
		return one->weight > two->weight ? -1 : 1;
	return (one->site > two->site) - (one->site < two->site);
}

static void go_on(struct way *way)
{
	const struct vmt_stack_frame *frame;

	for (; way->at < way->stack.count; way->at++) {
		frame = &way->stack.frame[way->at];
		if (frame->function && (frame->is_script || !way->is_script) &&
		    (frame->is_own || (way->with_system && frame->is_user)))
			return;
	}
}

static void read_way(const struct vmt_callers *callers, struct way *way)
{
	const struct vmt_stack_frame *blamed;
	struct vmt_rec_site site;

	if (!vmt_view_site(callers->view, way->site, &site))
		return;
	vmt_stack_read(&way->stack, callers->view, &site, callers->symbols);
	blamed = vmt_stack_blame(&way->stack);
	if (!blamed)
		return;
	way->with_system = !blamed->is_own;
	way->is_script = blamed->is_script;
	way->made = site.counters.created + site.counters.split;
	way->inlined = (uint32_t)(blamed - way->stack.frame);
	way->at = way->inlined + 1;
	/* A function that ended in a jump is found by its caller's frame, but was not inlined into that. */
	while (way->inlined < way->stack.count &&
	       way->stack.frame[way->inlined].offset == blamed->offset &&
	       (way->inlined < way->at || !*way->stack.frame[way->inlined - 1].mark))
		way->inlined++;
	go_on(way);
}

static const char *function_at(const struct way *way)
{
	return way->at < way->stack.count ? way->stack.frame[way->at].function : "";
}

static uint32_t line_at(const struct way *way)
{
	return way->with_line && way->at < way->stack.count ? way->stack.frame[way->at].line : 0;
}

/* Scripts have functions of the same name: that of the file itself is "<module>" in each. */
static bool is_same_caller(const struct way *a, const struct way *b)
{
	const char *one = function_at(a), *two = function_at(b);
	const char *files[2];

	if (strcmp(one, two) || *one != '<')
		return !strcmp(one, two);
	files[0] = a->stack.frame[a->at].file;
	files[1] = b->stack.frame[b->at].file;
	return files[0] && files[1] ? !strcmp(files[0], files[1]) : files[0] == files[1];
}

static bool is_same_call(const struct way *a, const struct way *b)
{
	return is_same_caller(a, b) && line_at(a) == line_at(b);
}

/* Go outwards to where the stacks part, or stay there. Returns false if they do not. */
static bool find_parting(struct way *way, size_t count)
{
	for (;;) {
		for (size_t i = 1; i < count; i++) {
			if (!is_same_call(&way[i], &way[0]))
				return true;
		}
		if (!*function_at(&way[0]))
			return false;
		for (size_t i = 0; i < count; i++) {
			way[i].at++;
			go_on(&way[i]);
		}
	}
}

/* Likewise by the lines of the functions, which are the same, but not of what the place was inlined into. */
static bool find_parting_line(struct way *way, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		way[i].at = way[i].inlined;
		way[i].with_line = true;
		go_on(&way[i]);
	}
	return find_parting(way, count);
}

static uint64_t weight_of(const struct way *way, size_t count, const struct way *like)
{
	uint64_t weight = 0;

	for (size_t i = 0; i < count; i++)
		weight += is_same_call(&way[i], like) ? way[i].weight : 0;
	return weight;
}

/* The function of this frame, after a word. */
static void put_way_name(const struct way *way, const char *word, char *text, size_t size)
{
	const struct vmt_stack_frame *frame = &way->stack.frame[way->at];
	char name[VMT_SHORT_NAME_MAX], source[VMT_PLACE_SOURCE_MAX];
	int length = (int)vmt_short_name(frame->function, strlen(frame->function), SHORT, name);

	vmt_place_put_source(frame->short_file, frame->line, source);
	snprintf(text, size, "%s %.*s%s%s", word, length, name, source, frame->mark);
}

/* Is it the outermost function that the place was inlined into, which is told with it? */
static bool is_told(const struct way *way)
{
	uint32_t i = way->at + 1;

	while (i < way->inlined && !way->stack.frame[i].is_own)
		i++;
	return way->at < way->inlined && i == way->inlined;
}

static bool is_through(const struct way *way)
{
	return way->at < way->inlined && !is_told(way);
}

/* "called by grow src/pool.c:40", of a function that the blamed one was inlined into "through grow …" */
static void put_caller(const struct way *way, char *text, size_t size)
{
	put_way_name(way, is_through(way) ? " through" : " called by", text, size);
}

/* The heaviest site of a function comes first, and its line is told. Returns count if there is none. */
static size_t heaviest_of(const struct way *way, size_t count, uint64_t all)
{
	size_t i = 0;

	while (i < count && (!*function_at(&way[i]) ||
			     weight_of(way, count, &way[i]) < all - all / 100 * (100 - MOST)))
		i++;
	return i;
}

/* Move those that come through the function of way[like] to the front. Returns their number. */
static size_t keep_alike(struct way *way, size_t count, size_t like)
{
	struct way first = way[like], other;
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		if (!is_same_call(&way[i], &first))
			continue;
		other = way[used];
		way[used++] = way[i];
		way[i] = other;
	}
	return used;
}

/*
 * Does the function of way[like] keep much more of what it makes than the others? Then these use the
 * functions below it as they should.
 */
static bool is_apart(const struct way *way, size_t count, size_t like)
{
	double weight[2] = { 0, 0 }, made[2] = { 0, 0 };

	for (size_t i = 0; i < count; i++) {
		bool is_alike = is_same_call(&way[i], &way[like]);

		weight[is_alike] += (double)way[i].weight;
		made[is_alike] += (double)way[i].made;
	}
	return made[0] * FEW >= made[1] && weight[0] * made[1] * 2 < weight[1] * made[0];
}

/* Beyond a function that others come through as well, and keep nothing, it is the one that does. */
static unsigned find_heaviest(struct way *way, size_t count, uint64_t all, char *text, size_t size)
{
	size_t i = heaviest_of(way, count, all);
	unsigned percent = 100;

	while (i < count) {
		percent = (unsigned)vmt_report_percent(weight_of(way, count, &way[i]), all);
		if (is_told(&way[i]))
			text[0] = '\0';
		else
			put_caller(&way[i], text, size);
		count = keep_alike(way, count, i);
		if (count < 2 || !find_parting(way, count))
			return percent;
		i = heaviest_of(way, count, all);
		if (i < count && !is_apart(way, count, i))
			return percent;
	}
	return percent;
}

/* Returns the function other than `but` that has most, by its heaviest site; NULL: there is none. */
static const struct way *find_most(const struct way *way, size_t count, const struct way *but,
				   uint64_t *ret_weight)
{
	const struct way *most = NULL;

	*ret_weight = 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t weight = weight_of(way, count, &way[i]);

		if (!*function_at(&way[i]) || weight <= *ret_weight ||
		    (but && is_same_caller(&way[i], but)))
			continue;
		most = &way[i];
		*ret_weight = weight;
	}
	return most;
}

static unsigned long long percent_of(uint64_t part, uint64_t all)
{
	return (part * 100 + all / 2) / all;
}

/* A second function that has next to nothing is not worth a name. */
static unsigned find_two(struct way *way, size_t count, uint64_t all, char *text, size_t size)
{
	uint64_t weight[2] = { 0, 0 };
	const struct way *one = find_most(way, count, NULL, &weight[0]);
	const struct way *two = one ? find_most(way, count, one, &weight[1]) : NULL;
	unsigned long long percent[2];
	char name[TEXT];
	int used;

	if (!one || one->with_line || weight[0] >= all - all / 100 * (100 - MOST))
		return 0;
	percent[0] = percent_of(weight[0], all);
	percent[1] = percent_of(weight[1], all);
	put_caller(one, name, sizeof(name));
	used = snprintf(text, size, " %llu %%%s", percent[0], name);
	if (two && percent[1] && (size_t)used < size) {
		put_way_name(two, is_through(two) ? " through" : " by", name, sizeof(name));
		snprintf(text + used, size - (size_t)used, " and %llu %%%s", percent[1], name);
	}
	return (unsigned)(percent[0] + percent[1]);
}

/* find: writes what it finds, and returns how many percent of all that is. */
static unsigned describe(const struct vmt_callers *callers, uint32_t place,
			 unsigned (*find)(struct way *way, size_t count, uint64_t all, char *text,
					  size_t size),
			 char *text, size_t size)
{
	struct way *way = calloc((size_t)callers->sites + 1, sizeof(*way));
	unsigned percent = 100;
	size_t count = 0, used;
	uint64_t all = 0;

	text[0] = '\0';
	for (uint32_t i = VMT_SITE_FIRST; way && i < callers->sites; i++) {
		if ((callers->place ? callers->place[i] : i) != place)
			continue;
		way[count++] = (struct way){ .site = i, .weight = callers->weight[i] };
		all += callers->weight[i];
	}
	if (way)
		qsort(way, count, sizeof(*way), by_weight);
	used = count < STACKS ? count : STACKS;
	for (size_t i = 0; used > 1 && i < used; i++)
		read_way(callers, &way[i]);
	if (all && used > 1 && (find_parting(way, used) || find_parting_line(way, used)))
		percent = find(way, used, all, text, size);
	for (size_t i = 0; i < used; i++)
		vmt_stack_free(&way[i].stack);
	free(way);
	return percent;
}

unsigned vmt_callers_describe(const struct vmt_callers *callers, uint32_t place, char *text,
			      size_t size)
{
	return describe(callers, place, find_heaviest, text, size);
}

void vmt_callers_describe_two(const struct vmt_callers *callers, uint32_t place, char *text,
			      size_t size)
{
	describe(callers, place, find_two, text, size);
}
