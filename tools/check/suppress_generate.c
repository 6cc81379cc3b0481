/* SPDX-License-Identifier: MIT */
/*
 * Writes suppressions that make a check pass, into a file for people to comment on. The verdict is
 * given again with each line, because a line may cover several call sites, and because only the
 * worst call site is named for growth. Used by the command check.
 */
#include "check/verdict.h"
#include "util/must.h"

/* Copy the existing lines, which keep their counts in the original. */
static void copy_lines(struct vmt_suppressions *copy, const struct vmt_suppressions *original)
{
	*copy = (struct vmt_suppressions){ vmt_must_alloc(original->count, sizeof(*copy->item)),
					   original->count };
	for (size_t i = 0; i < copy->count; i++)
		copy->item[i] = (struct vmt_suppression){
			.type = original->item[i].type,
			.pattern = vmt_must_copy(original->item[i].pattern),
		};
}

/* A name in the comment may contain a newline, so control characters are replaced. */
static void put_comment(FILE *stream, const char *text, const char *more)
{
	fputs("# ", stream);
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' ? '?' : *text, stream);
	fprintf(stream, "%s\n", more);
}

bool vmt_suppress_is_possible(const struct vmt_finding *finding)
{
	return finding->site &&
	       (finding->rule == VMT_RULE_MAX_GROWTH || finding->rule == VMT_RULE_PER_SITE);
}

/* Why there is no line for a finding. */
static void put_impossible(FILE *stream, const struct vmt_finding *finding)
{
	char *line = NULL;

	if (!vmt_suppress_is_possible(finding))
		put_comment(stream, finding->message, "; no suppression lifts this limit");
	else if (!(line = vmt_suppress_line(finding->site)))
		put_comment(stream, finding->message,
			    "; there is no line for it that would not suppress all of the program");
	free(line);
}

/* Returns whether a new line was added. */
static bool add_line(FILE *stream, struct vmt_suppressions *tried,
		     const struct vmt_finding *finding)
{
	char error[VMT_SUPPRESS_ERROR_MAX];
	char *line;
	int ret;

	if (!vmt_suppress_is_possible(finding) || vmt_suppress_find(tried, finding->site))
		return false;
	line = vmt_suppress_line(finding->site);
	if (!line)
		return false;
	ret = vmt_suppress_parse(tried, line, strlen(line), error);
	if (!ret) {
		put_comment(stream, finding->message, "");
		fprintf(stream, "%s\n", line);
	}
	free(line);
	return !ret && vmt_suppress_find(tried, finding->site);
}

/* Judge once with the lines tried so far. Returns whether another round is needed. */
static bool try_again(FILE *stream, const struct vmt_verdict *verdict,
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
		has_more |= add_line(stream, tried, &again.finding[i]);
	vmt_verdict_free(&again);
	return has_more;
}

void vmt_suppress_generate(FILE *stream, const struct vmt_verdict *verdict)
{
	struct vmt_suppressions tried;

	for (size_t i = 0; i < verdict->count; i++)
		put_impossible(stream, &verdict->finding[i]);
	copy_lines(&tried, verdict->suppressions);
	while (try_again(stream, verdict, &tried))
		;
	vmt_suppress_free(&tried);
}
