/* SPDX-License-Identifier: MIT */
/* Finds and describes them; prints nothing. Used by the writers of a verdict. See gone.h. */
#include "verdict/gone.h"
#include "util/lines.h"
#include "util/must.h"

#define FRAMES 4u /* functions named of a stack */
#define PART   4 /* a site explains a finding if it had at least a quarter of its maps */

/* Returns how many lines both texts begin with. */
static size_t same_at_start(const char *a, const char *b)
{
	size_t lines = 0;

	for (;;) {
		size_t n = strcspn(a, "\n");

		if (!n || n != strcspn(b, "\n") || memcmp(a, b, n))
			return lines;
		lines++;
		if (!a[n] || !b[n])
			return lines;
		a += n + 1;
		b += n + 1;
	}
}

/* Returns how many whole lines both texts end with. */
static size_t same_at_end(const char *a, const char *b)
{
	const char *x = a + strlen(a), *y = b + strlen(b);
	size_t lines = 0;

	while (x > a && y > b && x[-1] == y[-1]) {
		x--;
		y--;
		lines += *x == '\n';
	}
	return lines + ((x == a || x[-1] == '\n') && (y == b || y[-1] == '\n') && *x && *x != '\n');
}

static size_t shared_frames(const struct vmt_summary_site *a, const struct vmt_summary_site *b)
{
	const char *one = vmt_summary_frames(a), *two = vmt_summary_frames(b);

	return same_at_start(one, two) + same_at_end(one, two);
}

static bool is_gone(const struct vmt_finding *finding, const struct vmt_summary_site *site)
{
	const struct vmt_summary_site *now = vmt_summary_find_site(finding->program, site->key);

	return site->maps > 0 && (!now || now->maps <= 0) && !vmt_summary_is_unseen(site);
}

/* Of stacks that share only their outermost function, one that had more maps is another matter. */
static bool may_explain(const struct vmt_finding *finding, const struct vmt_summary_site *site)
{
	int64_t more = finding->maps - finding->base;

	return !strcmp(site->call, finding->site->call) && site->maps * PART >= more &&
	       is_gone(finding, site) &&
	       (site->maps <= more || shared_frames(finding->site, site) > 1);
}

static bool is_likelier(const struct vmt_finding *finding, const struct vmt_summary_site *a,
			const struct vmt_summary_site *b)
{
	size_t one = shared_frames(finding->site, a), two = shared_frames(finding->site, b);
	int64_t more = finding->maps - finding->base;

	return one != two ? one > two : llabs(more - a->maps) < llabs(more - b->maps);
}

/* Does the site explain another finding better? It was one place in the baseline, and is one place now. */
static bool is_others(const struct vmt_verdict *verdict, const struct vmt_finding *finding,
		      const struct vmt_summary_site *site)
{
	size_t shared = shared_frames(finding->site, site);
	int64_t apart = llabs(finding->maps - finding->base - site->maps);

	for (size_t i = 0; i < verdict->count; i++) {
		const struct vmt_finding *other = &verdict->finding[i];
		size_t others;

		if (other == finding || other->rule != VMT_RULE_PER_SITE ||
		    other->program != finding->program || !may_explain(other, site))
			continue;
		others = shared_frames(other->site, site);
		if (others > shared ||
		    (others == shared && llabs(other->maps - other->base - site->maps) < apart))
			return true;
	}
	return false;
}

static void leave_to_others(const struct vmt_verdict *verdict, const struct vmt_finding *finding,
			    struct vmt_gone *gone)
{
	size_t count = 0;

	for (size_t i = 0; i < gone->count; i++) {
		if (!is_others(verdict, finding, gone->site[i]))
			gone->site[count++] = gone->site[i];
	}
	gone->count = count;
}

/* Put a site where it belongs among the likeliest. */
static void insert(struct vmt_gone *gone, const struct vmt_finding *finding,
		   const struct vmt_summary_site *site)
{
	size_t at = gone->count;

	while (at && is_likelier(finding, site, gone->site[at - 1]))
		at--;
	if (at == VMT_GONE_MOST)
		return;
	gone->count += gone->count < VMT_GONE_MOST;
	for (size_t i = gone->count - 1; i > at; i--)
		gone->site[i] = gone->site[i - 1];
	gone->site[at] = site;
}

/* Keep as many as it takes. */
static void cut(struct vmt_gone *gone, int64_t more)
{
	size_t count = 0;

	while (count < gone->count && more > 0)
		more -= gone->site[count++]->maps;
	gone->count = count;
}

void vmt_gone_find(const struct vmt_verdict *verdict, const struct vmt_finding *finding,
		   struct vmt_gone *ret_gone)
{
	const struct vmt_summary_program *base = NULL;
	const struct vmt_summary_site *site;

	*ret_gone = (struct vmt_gone){ .count = 0 };
	if (verdict->base && finding->rule == VMT_RULE_PER_SITE)
		base = vmt_summary_find_program(verdict->base, finding->program->name);
	for (site = base ? base->sites : NULL; site; site = site->hh.next) {
		if (may_explain(finding, site))
			insert(ret_gone, finding, site);
	}
	leave_to_others(verdict, finding, ret_gone);
	cut(ret_gone, finding->maps - finding->base);
}

/* Functions of the C++ library between the project's say nothing of where these were. */
static bool is_library(const char *function)
{
	return !strncmp(function, "std::", 5) || !strncmp(function, "__gnu_cxx::", 11);
}

/* "mmap in page, fill, main (30 maps)": the functions without their modules. */
static char *describe(const struct vmt_summary_site *site)
{
	const char *at = vmt_summary_frames(site);
	char *names = vmt_must_copy("");
	struct vmt_number number;
	char *longer;
	uint32_t i = 0;

	while (*at) {
		size_t n = strcspn(at, "\n");
		const char *mark = memchr(at, '!', n);
		const char *function = mark ? mark + 1 : at;

		if (i && is_library(function)) {
			at += n + (at[n] == '\n');
			continue;
		}
		longer = i < FRAMES ? vmt_must_format("%s%s%.*s", names, i ? ", " : "",
						      (int)(at + n - function), function) :
				      vmt_must_format("%s, ...", names);
		free(names);
		names = longer;
		if (i++ == FRAMES)
			break;
		at += n + (at[n] == '\n');
	}
	longer = vmt_must_format("%s in %s (%s map%s)", site->call, names,
				 vmt_lines_number_plain(&number, site->maps),
				 site->maps == 1 ? "" : "s");
	free(names);
	return longer;
}

/* How many maps more than in the baseline has the program, whatever its call sites are called? */
static int64_t new_in_all(const struct vmt_verdict *verdict, const struct vmt_finding *finding)
{
	const struct vmt_summary_program *base =
		vmt_summary_find_program(verdict->base, finding->program->name);

	return vmt_summary_maps(finding->program) - (base ? vmt_summary_maps(base) : 0);
}

/* What the gone call sites had need not be all: the rest is new. Several findings may be of one. */
static char *advice_for(const struct vmt_gone *gone, int64_t more, int64_t all)
{
	struct vmt_number number[2];
	int64_t maps = 0;

	for (size_t i = 0; i < gone->count; i++)
		maps += gone->site[i]->maps;
	if (maps >= more && all > 0)
		return vmt_must_format("these may be the same maps, but in all the program has %s "
				       "map%s more than in the baseline: look for %s before you "
				       "save it again",
				       vmt_lines_number_plain(&number[0], all), all == 1 ? "" : "s",
				       all == 1 ? "it" : "them");
	if (maps >= more)
		return vmt_must_copy("these are the same maps; save the baseline again");
	return vmt_must_format("%s of these maps are the same and %s %s new: look at %s before you "
			       "save the baseline again",
			       vmt_lines_number_plain(&number[0], maps),
			       vmt_lines_number_plain(&number[1], more - maps),
			       more - maps == 1 ? "is" : "are", more - maps == 1 ? "it" : "them");
}

char *vmt_gone_note(const struct vmt_verdict *verdict, const struct vmt_finding *finding)
{
	struct vmt_gone gone;
	char *names, *advice, *note;

	vmt_gone_find(verdict, finding, &gone);
	if (!gone.count)
		return NULL;
	names = describe(gone.site[0]);
	for (size_t i = 1; i < gone.count; i++) {
		char *name = describe(gone.site[i]);
		char *longer = vmt_must_format("%s and %s", names, name);

		free(name);
		free(names);
		names = longer;
	}
	advice = advice_for(&gone, finding->maps - finding->base, new_in_all(verdict, finding));
	note = vmt_must_format("%s of the baseline %s gone: if a function was only renamed or "
			       "moved, %s",
			       names, gone.count == 1 ? "is" : "are", advice);
	free(advice);
	free(names);
	return note;
}
