/* SPDX-License-Identifier: MIT */
/* See other_lines.h. */
#include "verdict/other_lines.h"
#include "util/lines.h"
#include "util/must.h"

/* Functions of generated code may share a call site, and those of java have no lines. */
static bool is_other(const struct vmt_stack_frame *one, const struct vmt_stack_frame *two)
{
	return one->line != two->line ||
	       (one->function && two->function && strcmp(one->function, two->function));
}

const struct vmt_summary_part *vmt_other_lines_next(const struct vmt_finding *finding,
						    const struct vmt_summary_part *after)
{
	const struct vmt_summary_part *part = after ? after->next : NULL;
	const struct vmt_stack_frame *named = vmt_verdict_place(finding), *place;

	if (!after && finding->site && finding->base > 0)
		part = finding->site->part;
	for (; part; part = part->next) {
		place = part->maps > 0 ? vmt_stack_blame(&part->stack) : NULL;
		if (place && named && is_other(place, named))
			return part;
	}
	return NULL;
}

char *vmt_other_lines_words(const struct vmt_summary_part *part)
{
	char *where = vmt_stack_where(vmt_stack_blame(&part->stack)), *words;
	struct vmt_number number;

	words = vmt_must_format("or %s, which has %s of them", where,
				vmt_lines_number_plain(&number, part->maps));
	free(where);
	return words;
}

const char *vmt_other_lines_unknown(const struct vmt_finding *finding)
{
	const struct vmt_stack_frame *named = vmt_verdict_place(finding);

	/* Elsewhere lines move too often to compare them. */
	if (named && named->is_script && !named->is_user)
		return "the baseline does not say which of these had more; one with --lines does";
	return "the baseline does not say which of these had more";
}

char *vmt_other_lines_note(const struct vmt_finding *finding)
{
	const struct vmt_summary_part *part = vmt_other_lines_next(finding, NULL);
	char *note = NULL, *longer, *words;

	for (; part; part = vmt_other_lines_next(finding, part)) {
		words = vmt_other_lines_words(part);
		longer = vmt_must_format("%s%s%s", note ? note : "", note ? ", " : "", words);
		free(words);
		free(note);
		note = longer;
	}
	if (!note)
		return NULL;
	longer = vmt_must_format("%s: %s", note, vmt_other_lines_unknown(finding));
	free(note);
	return longer;
}
