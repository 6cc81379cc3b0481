/* SPDX-License-Identifier: MIT */
/* Compares like with like; see align.h. Pure. */
#include "check/align.h"

/*
 * A baseline of an older version does not say what was given back, nor who had it. If so many maps of
 * its growth are no call site's, they are these.
 */
static bool is_older_without(const struct vmt_summary_program *program,
			     const struct vmt_summary_program *base)
{
	return program->torn_down >= VMT_ALIGN_TEARDOWN && !base->torn_down &&
	       base->growth - vmt_summary_maps(base) >= VMT_ALIGN_TEARDOWN;
}

static int64_t most_of(const struct vmt_summary_site *site)
{
	if (!site)
		return 0;
	return site->most > site->at_end ? site->most : site->at_end;
}

static void align_site(struct vmt_summary_program *program, struct vmt_summary_site *site,
		       struct vmt_summary_site *old, bool is_older)
{
	int64_t most = most_of(old);

	if (!is_older && !program->torn_down_apart && site->maps > site->at_end &&
	    site->maps > most) {
		program->torn_down_named += site->maps - most;
		if (old)
			old->maps = most;
		return;
	}
	site->before_end = site->maps;
	site->maps = site->at_end;
	if (old)
		old->maps = old->at_end;
}

static void align_program(struct vmt_summary_program *program, struct vmt_summary_program *base)
{
	bool is_older = is_older_without(program, base);
	struct vmt_summary_site *site;

	if (is_older) {
		base->torn_down = (uint64_t)(base->growth - vmt_summary_maps(base));
		base->torn_down_apart = base->torn_down;
	}
	program->is_aligned = program->torn_down_apart || base->torn_down_apart;
	if (!program->is_aligned)
		return;
	for (site = base->sites; site; site = site->hh.next) {
		if (!vmt_summary_find_site(program, site->key))
			site->maps = site->at_end;
	}
	for (site = program->sites; site; site = site->hh.next)
		align_site(program, site, vmt_summary_find_site(base, site->key), is_older);
}

void vmt_align(struct vmt_summary *summary, struct vmt_summary *base)
{
	struct vmt_summary_program *program = summary->programs;

	for (; program; program = program->hh.next) {
		struct vmt_summary_program *same = vmt_summary_find_program(base, program->name);

		if (same)
			align_program(program, same);
	}
}
