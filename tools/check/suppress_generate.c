/* SPDX-License-Identifier: MIT */
/*
 * Proposes suppressions that make a check pass, for a file that people comment on and for the
 * message. The verdict is given again with each line, because a line may cover several call sites,
 * and because only the worst call site is named for growth. Used by the command check.
 */
#include "check/suppress_line.h"
#include "check/verdict.h"
#include "util/lines.h"
#include "util/must.h"

#define NEAR 4u /* functions that a line names; more where these tell too little */

/* Copy the existing lines, which keep their counts in the original. */
static void copy_lines(struct vmt_suppressions *copy, const struct vmt_suppressions *original)
{
	char error[VMT_SUPPRESS_ERROR_MAX];

	*copy = (struct vmt_suppressions){ NULL, 0 };
	for (size_t i = 0; i < original->count; i++) {
		const struct vmt_suppression *item = &original->item[i];
		char *line =
			vmt_must_format("%s:%s", vmt_suppress_type_name(item->type), item->pattern);

		if (vmt_suppress_parse(copy, line, strlen(line), error))
			abort(); /* it was understood before */
		free(line);
	}
}

bool vmt_suppress_is_possible(const struct vmt_finding *finding)
{
	return finding->site &&
	       (finding->rule == VMT_RULE_MAX_GROWTH || finding->rule == VMT_RULE_PER_SITE);
}

bool vmt_suppress_lacks_line(const struct vmt_finding *finding)
{
	const struct vmt_summary_part *part;
	struct vmt_summary_site alone;
	bool is_lacking;
	char *line;

	if (!vmt_suppress_is_possible(finding))
		return false;
	part = finding->site->part;
	do {
		alone = vmt_summary_part_of(finding->site, part);
		line = vmt_suppress_line(&alone, 1);
		is_lacking = !line && (!part || part->maps > 0);
		free(line);
		part = part ? part->next : NULL;
	} while (part && !is_lacking);
	return is_lacking;
}

/* Call sites that a line covers besides the one that it is for. */
struct others {
	uint64_t sites;
	uint64_t maps;
};

/* mmap, and the mprotect beside it of what it mapped: another call, in the same functions. */
static bool is_twin(const struct vmt_summary_site *a, const struct vmt_summary_site *b)
{
	if (!strcmp(a->call, b->call) || a->stack.count != b->stack.count)
		return false;
	for (uint32_t i = 0; i < a->stack.count; i++) {
		const char *of_a = a->stack.frame[i].function, *of_b = b->stack.frame[i].function;

		if (!of_a || !of_b || strcmp(of_a, of_b))
			return false;
	}
	return true;
}

/* How many maps of another call site, which it has now, does the line cover that no other line does? */
static uint64_t count_covered(const struct vmt_suppressions *tried,
			      const struct vmt_suppression *item,
			      const struct vmt_summary_site *site)
{
	const struct vmt_summary_part *part = site->part;
	uint64_t maps = 0;

	do {
		struct vmt_summary_site alone = vmt_summary_part_of(site, part);
		int64_t its = part ? part->maps : site->maps;

		if (its > 0 && vmt_suppress_covers(item, &alone) &&
		    !vmt_suppress_find(tried, &alone))
			maps += (uint64_t)its;
		part = part ? part->next : NULL;
	} while (part);
	return maps;
}

/* Those that another line covers already do not count, nor does a twin, which is no other matter. */
static struct others count_others(const struct vmt_verdict *verdict,
				  const struct vmt_suppressions *tried,
				  const struct vmt_suppression *item,
				  const struct vmt_summary_site *wanted)
{
	const struct vmt_summary_program *program = verdict->summary->programs;
	const struct vmt_summary_site *site;
	struct others others = { 0, 0 };
	uint64_t maps;

	for (; program; program = program->hh.next) {
		for (site = program->sites; site; site = site->hh.next) {
			if (site->key == wanted->key || site->maps <= 0 || is_twin(site, wanted))
				continue;
			maps = count_covered(tried, item, site);
			others.sites += maps > 0;
			others.maps += maps;
		}
	}
	return others;
}

/* Returns false for a line that does not suppress what it is for. */
static bool try_line(const struct vmt_verdict *verdict, const struct vmt_suppressions *tried,
		     const char *line, const struct vmt_summary_site *site,
		     struct others *ret_others)
{
	struct vmt_suppressions one = { NULL, 0 };
	char error[VMT_SUPPRESS_ERROR_MAX];
	bool is_good = !vmt_suppress_parse(&one, line, strlen(line), error) && one.count &&
		       vmt_suppress_covers(&one.item[0], site);

	if (is_good)
		*ret_others = count_others(verdict, tried, &one.item[0], site);
	vmt_suppress_free(&one);
	return is_good;
}

/*
 * Find the line that covers the fewest other call sites: the functions around the call, and as many
 * more as it takes. Returns NULL if there is none.
 */
static char *find_line(const struct vmt_verdict *verdict, const struct vmt_suppressions *tried,
		       const struct vmt_summary_site *site, struct others *ret_others)
{
	uint32_t most = vmt_suppress_line_depth(site);
	struct others others;
	char *best = NULL;

	for (uint32_t depth = most < NEAR ? most : NEAR; depth <= most; depth++) {
		char *line = vmt_suppress_line(site, depth);

		if (line && try_line(verdict, tried, line, site, &others) &&
		    (!best || others.sites < ret_others->sites)) {
			free(best);
			best = vmt_must_copy(line);
			*ret_others = others;
		}
		free(line);
		if (!best || !ret_others->sites)
			break;
	}
	return best;
}

/* Its function is in every stack, so only its line tells the call apart. */
static char *add_numbered(char *text)
{
	char *longer =
		vmt_must_format("%s%sfits this line number only: generate it again when lines "
				"were added above",
				text ? text : "", text ? ", and " : "");

	free(text);
	return longer;
}

/* "suppresses everything of libpool.so.3, in this run 2 more call sites with 9 maps"; or NULL. */
static char *warning_of(const struct vmt_summary_site *site, const char *line,
			const struct others *others)
{
	char *extent = vmt_suppress_line_extent(site, line);
	struct vmt_number number[2];
	char *more = NULL;
	char *text = NULL;

	if (others->sites)
		more = vmt_must_format(
			"%s more call site%s with %s map%s",
			vmt_lines_number(&number[0], others->sites), others->sites == 1 ? "" : "s",
			vmt_lines_number(&number[1], others->maps), others->maps == 1 ? "" : "s");
	if (extent || more)
		text = vmt_must_format("suppresses %s%s%s", extent ? extent : "",
				       !more  ? "" :
				       extent ? ", in this run " :
						"in this run ",
				       more ? more : "");
	free(more);
	free(extent);
	return vmt_suppress_line_is_numbered(site) ? add_numbered(text) : text;
}

/* Returns whether a new line was added for a part of the finding's call site. */
static bool add_line(struct vmt_proposals *proposals, const struct vmt_verdict *verdict,
		     struct vmt_suppressions *tried, const struct vmt_finding *finding,
		     const struct vmt_summary_site *alone)
{
	char error[VMT_SUPPRESS_ERROR_MAX];
	struct others others = { 0, 0 };
	char *line;

	if (vmt_suppress_find(tried, alone))
		return false;
	line = find_line(verdict, tried, alone, &others);
	if (!line || vmt_suppress_parse(tried, line, strlen(line), error)) {
		free(line);
		return false;
	}
	proposals->item =
		vmt_must_grow(proposals->item, proposals->count, sizeof(*proposals->item));
	proposals->item[proposals->count++] = (struct vmt_proposal){
		.reason = vmt_must_copy(finding->message),
		.line = line,
		.warning = warning_of(alone, line, &others),
	};
	return true;
}

/* A line of the source may be that of one part, so each that has maps needs a line that covers it. */
static bool add_lines(struct vmt_proposals *proposals, const struct vmt_verdict *verdict,
		      struct vmt_suppressions *tried, const struct vmt_finding *finding)
{
	const struct vmt_summary_part *part = finding->site ? finding->site->part : NULL;
	const struct vmt_summary_part *likely;
	bool is_added = false;

	if (!vmt_suppress_is_possible(finding))
		return false;
	likely = finding->base > 0 ?
			 vmt_summary_likely_part(finding->site, finding->maps - finding->base) :
			 NULL;
	if (likely && &likely->stack == finding->stack) {
		struct vmt_summary_site alone = vmt_summary_part_of(finding->site, likely);

		return add_line(proposals, verdict, tried, finding, &alone);
	}
	do {
		struct vmt_summary_site alone = vmt_summary_part_of(finding->site, part);

		if (!part || part->maps > 0)
			is_added |= add_line(proposals, verdict, tried, finding, &alone);
		part = part ? part->next : NULL;
	} while (part);
	return is_added;
}

/* Judge once with the lines tried so far. Returns whether another round is needed. */
static bool try_again(struct vmt_proposals *proposals, const struct vmt_verdict *verdict,
		      struct vmt_suppressions *tried)
{
	struct vmt_verdict again = *verdict;
	bool has_more = false;

	again.suppressions = tried;
	again.finding = NULL;
	again.count = again.sites = 0;
	again.maps = 0;
	vmt_verdict_judge(&again);
	for (size_t i = 0; i < again.count; i++)
		has_more |= add_lines(proposals, verdict, tried, &again.finding[i]);
	vmt_verdict_free(&again);
	return has_more;
}

void vmt_suppress_propose(struct vmt_proposals *ret_proposals, const struct vmt_verdict *verdict)
{
	struct vmt_suppressions tried;

	*ret_proposals = (struct vmt_proposals){ NULL, 0 };
	copy_lines(&tried, verdict->suppressions);
	while (try_again(ret_proposals, verdict, &tried))
		;
	vmt_suppress_free(&tried);
}

void vmt_suppress_forget(struct vmt_proposals *proposals)
{
	while (proposals->count) {
		struct vmt_proposal *item = &proposals->item[--proposals->count];

		free(item->reason);
		free(item->line);
		free(item->warning);
	}
	free(proposals->item);
}

/* A name in the comment may contain a newline, so control characters are replaced. */
static void put_comment(FILE *stream, const char *before, const char *text, const char *more)
{
	fprintf(stream, "# %s", before);
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' ? '?' : *text, stream);
	fprintf(stream, "%s\n", more);
}

/* Why there is no line for a finding. */
static void put_impossible(FILE *stream, const struct vmt_finding *finding)
{
	if (!vmt_suppress_is_possible(finding))
		put_comment(stream, "", finding->message, "; no suppression lifts this limit");
	else if (vmt_suppress_lacks_line(finding))
		put_comment(stream, "", finding->message,
			    "; there is no line for it that would not suppress all of the program");
}

void vmt_suppress_generate(FILE *stream, const struct vmt_verdict *verdict)
{
	struct vmt_proposals proposals;

	for (size_t i = 0; i < verdict->count; i++)
		put_impossible(stream, &verdict->finding[i]);
	vmt_suppress_propose(&proposals, verdict);
	for (size_t i = 0; i < proposals.count; i++) {
		if (!i || strcmp(proposals.item[i].reason, proposals.item[i - 1].reason))
			put_comment(stream, "", proposals.item[i].reason, "");
		if (proposals.item[i].warning)
			put_comment(stream, "The line ", proposals.item[i].warning, "");
		fprintf(stream, "%s\n", proposals.item[i].line);
	}
	vmt_suppress_forget(&proposals);
}
