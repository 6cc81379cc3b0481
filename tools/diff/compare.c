/* SPDX-License-Identifier: MIT */
/*
 * Compares two summaries: call sites are matched by program and key, and sorted by how much they
 * changed. Loading reports what is wrong with a file; nothing else here prints. See compare.h.
 */
#include "check/baseline.h"
#include "diff/compare.h"
#include "util/message.h"
#include "util/must.h"

#include <errno.h>

static int explain(int ret, const struct vmt_summary_options *options)
{
	const char *from = options->phase.from;

	if (!ret)
		return 0;
	if (ret == -ENOSPC)
		vmt_message(
			"there were more marks than a recording has room for (1,024, and 65,536 "
			"changes of call sites between them); make fewer, or run fewer rounds.");
	else if (ret == -ERANGE)
		vmt_message("the marks \"%s\" and \"%s\" were not made often enough or not in "
			    "this order (--warmup=%llu); look at \"marks\" in vmatrace report "
			    "--format=json.",
			    from ? from : "start", options->phase.to ? options->phase.to : "end",
			    (unsigned long long)options->phase.warmup);
	else if (from && options->phase.to)
		vmt_message("no process made both marks \"%s\" and \"%s\"; "
			    "VMATRACE_MARK(\"NAME\") of vmatrace.h makes them.",
			    from, options->phase.to);
	else if (from || options->phase.to)
		vmt_message(
			"no process made the mark \"%s\"; VMATRACE_MARK(\"NAME\") of vmatrace.h "
			"makes it.",
			from ? from : options->phase.to);
	else
		vmt_message("no process of a program \"%s\" was recorded; look at the list in "
			    "vmatrace report.",
			    options->program ? options->program : "*");
	return VMT_EXIT_USAGE;
}

struct lost {
	struct vmt_summary *summary;
	const struct vmt_summary_options *options;
};

static void count_lost(void *userdata, const char *program)
{
	const struct lost *lost = userdata;
	struct vmt_summary_program *item;

	if (!vmt_summary_wants(lost->options, program, NULL))
		return;
	item = vmt_summary_program(lost->summary, program);
	item->uncompared++;
	if (!item->pid) /* the lines of its finding begin with that of another one */
		item->pid = lost->summary->programs->pid;
}

int vmt_compare_load(char **paths, size_t count, const struct vmt_summary_options *options,
		     struct vmt_summary *ret_summary)
{
	struct vmt_recordings recordings = { NULL, 0 };
	struct lost lost = { ret_summary, options };
	int ret = 0;

	vmt_summary_init(ret_summary, options);
	for (size_t i = 0; i < count && !ret; i++)
		ret = vmt_load_path(&recordings, paths[i]);
	if (ret)
		ret = VMT_EXIT_USAGE; /* a message has been printed already */
	else
		ret = explain(vmt_summary_read(ret_summary, &recordings, options), options);
	for (size_t i = 0; i < count && !ret; i++)
		vmt_load_tell_lost(paths[i], 0, count_lost, &lost);
	if (!ret)
		vmt_summary_sort(ret_summary);
	vmt_load_free(&recordings);
	return ret;
}

static int load_baseline(const char *path, struct vmt_summary *ret_summary)
{
	char error[VMT_BASELINE_ERROR_MAX];

	if (!vmt_baseline_load(path, ret_summary, error))
		return 0;
	vmt_message("%s is not a usable baseline: %s; save it again with vmatrace check --save.",
		    path, error);
	return VMT_EXIT_USAGE;
}

int vmt_compare_load_two(char *const paths[2], const struct vmt_summary_options *options,
			 struct vmt_summary ret_summaries[2])
{
	struct vmt_recordings recordings[2] = { { NULL, 0 }, { NULL, 0 } };
	struct vmt_summary_options with = *options;
	int ret = 0;

	with.with_most = true;
	for (int i = 0; i < 2 && !ret; i++) {
		if (vmt_baseline_is(paths[i]))
			ret = load_baseline(paths[i], &ret_summaries[i]);
		else if (vmt_load_path(&recordings[i], paths[i]))
			ret = VMT_EXIT_USAGE; /* a message has been printed already */
	}
	for (int i = 0; i < 2 && !ret; i++) {
		if (!recordings[i].count)
			continue;
		with.twins = &recordings[!i];
		vmt_summary_init(&ret_summaries[i], &with);
		ret = explain(vmt_summary_read(&ret_summaries[i], &recordings[i], &with), &with);
	}
	vmt_load_free(&recordings[0]);
	vmt_load_free(&recordings[1]);
	return ret;
}

static void add_difference(struct vmt_comparison *comparison, const char *program,
			   const struct vmt_summary_site *site, const struct vmt_summary_site *was,
			   int64_t before, int64_t after)
{
	struct vmt_difference *item;

	if (before == after)
		return;
	comparison->item = vmt_must_grow(comparison->item, comparison->count, sizeof(*item));
	item = &comparison->item[comparison->count++];
	comparison->change += after - before;
	*item = (struct vmt_difference){
		.program = program,
		.site = site,
		.was = was,
		.kind = !before        ? "added" :
			!after         ? "gone" :
			after > before ? "grown" :
					 "shrunk",
		.before = before,
		.after = after,
	};
}

static int64_t magnitude(const struct vmt_difference *item)
{
	return item->after > item->before ? item->after - item->before : item->before - item->after;
}

/* Growth comes before an equal loss, then names decide, so that the order is always the same. */
static int by_change(const void *a, const void *b)
{
	const struct vmt_difference *one = a;
	const struct vmt_difference *two = b;
	int order;

	if (magnitude(one) != magnitude(two))
		return magnitude(one) > magnitude(two) ? -1 : 1;
	if ((one->after > one->before) != (two->after > two->before))
		return one->after > one->before ? -1 : 1;
	order = strcmp(one->program, two->program);
	return order ? order : strcmp(one->site->key, two->site->key);
}

static void add_program(struct vmt_comparison *comparison, const struct vmt_summary_program *before,
			const struct vmt_summary_program *after)
{
	const struct vmt_summary_site *site = after ? after->sites : NULL;
	const struct vmt_summary_site *other;

	for (; site; site = site->hh.next) {
		other = vmt_summary_find_site(before, site->key);
		add_difference(comparison, after->name, site, other, other ? other->maps : 0,
			       site->maps);
	}
	for (site = before ? before->sites : NULL; site; site = site->hh.next) {
		if (!vmt_summary_find_site(after, site->key))
			add_difference(comparison, before->name, site, NULL, site->maps, 0);
	}
}

void vmt_compare(const struct vmt_summary *before, const struct vmt_summary *after,
		 struct vmt_comparison *ret_comparison)
{
	const struct vmt_summary_program *program;

	*ret_comparison = (struct vmt_comparison){ .before = before, .after = after };
	for (program = after->programs; program; program = program->hh.next) {
		ret_comparison->growth_after += program->growth;
		add_program(ret_comparison, vmt_summary_find_program(before, program->name),
			    program);
	}
	for (program = before->programs; program; program = program->hh.next) {
		ret_comparison->growth_before += program->growth;
		if (!vmt_summary_find_program(after, program->name))
			add_program(ret_comparison, program, NULL);
	}
	if (ret_comparison->count)
		qsort(ret_comparison->item, ret_comparison->count, sizeof(*ret_comparison->item),
		      by_change);
}

void vmt_compare_free(struct vmt_comparison *comparison)
{
	free(comparison->item);
	*comparison = (struct vmt_comparison){ .item = NULL };
}
