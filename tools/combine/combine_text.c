/* SPDX-License-Identifier: MIT */
/* Merged recordings as text. See combine.h. */
#include "core/base/calls.h"
#include "combine/combine.h"
#include "combine/combine_order.h"
#include "util/lines.h"
#include "util/must.h"

#include <errno.h>
#include <inttypes.h>

#define TOP   10u
#define DEPTH 8u

static void put_spread(struct vmt_lines *lines, const char *name, const uint64_t *sorted, size_t n)
{
	struct vmt_number numbers[3];

	vmt_lines_add(lines, 10, "  %-6s  median %s, 90 %% have up to %s, most %s", name,
		      vmt_lines_number(&numbers[0], vmt_combine_median(sorted, n)),
		      vmt_lines_number(&numbers[1], vmt_combine_p90(sorted, n)),
		      vmt_lines_number(&numbers[2], sorted[n - 1]));
}

static void put_limit(struct vmt_lines *lines, const struct vmt_combine_program *program)
{
	struct vmt_number numbers[3];

	if (!program->limit)
		return;
	vmt_lines_add(lines, 10,
		      "  limit   %s; %s of the recordings reached 80 %% of it, and in %s calls "
		      "failed because of it",
		      vmt_lines_number(&numbers[0], program->limit),
		      vmt_lines_number(&numbers[1], program->near),
		      vmt_lines_number(&numbers[2], program->refused));
}

static void put_head(struct vmt_lines *lines, const struct vmt_combine *combine,
		     const struct vmt_combine_program *program)
{
	uint64_t *maps = vmt_combine_sorted(program, false);
	uint64_t *peak = vmt_combine_sorted(program, true);
	struct vmt_number numbers[2];

	vmt_lines_add(lines, 10, "vmatrace: %s recording%s of %s, %s %s",
		      vmt_lines_number(&numbers[0], program->runs), program->runs == 1 ? "" : "s",
		      program->name,
		      vmt_lines_number(&numbers[1], program->builds ? program->builds : 1),
		      program->builds > 1 ? "builds" : "build");
	put_spread(lines, "maps", maps, program->runs);
	put_spread(lines, "peak", peak, program->runs);
	put_limit(lines, program);
	vmt_lines_add(lines, 10, "  most    %s", program->highest);
	if (program->inexact)
		vmt_lines_add(lines, 10, "  note    %s of the recordings are not exact",
			      vmt_lines_number(&numbers[0], program->inexact));
	if (program->became)
		vmt_lines_add(lines, 10,
			      "  note    %s more became another program and are left out",
			      vmt_lines_number(&numbers[0], program->became));
	if (program->other)
		vmt_lines_add(lines, 10, "  note    %s maps of further call sites are left out",
			      vmt_lines_number(&numbers[0], program->other));
	if (combine->bad)
		vmt_lines_add(lines, 10,
			      "  note    %s recordings could not be read, or are damaged",
			      vmt_lines_number(&numbers[0], combine->bad));
	free(maps);
	free(peak);
}

static char *where_of(const struct vmt_combine_site *site)
{
	const struct vmt_stack_frame *frame = vmt_stack_blame(&site->stack);

	return frame ? vmt_stack_where(frame) : vmt_must_copy("[no stack]");
}

static void put_row(struct vmt_lines *lines, const struct vmt_combine_site *site)
{
	struct vmt_number numbers[4];
	char *where = where_of(site);

	vmt_lines_add(lines, 14, "%10s %10s %8s %8s  %-8s %s",
		      vmt_lines_number(&numbers[0], site->peak),
		      vmt_lines_number(&numbers[1], site->live),
		      vmt_lines_number(&numbers[2], site->recordings),
		      vmt_lines_number(&numbers[3], site->most), vmt_calls_name(site->call), where);
	free(where);
}

static void put_merged_stack(struct vmt_lines *lines, const struct vmt_combine_site *site,
			     uint32_t depth)
{
	for (uint32_t i = 0; i < site->stack.count && i < depth; i++) {
		char *where = vmt_stack_where(&site->stack.frame[i]);

		vmt_lines_add(lines, 8, "    #%-2" PRIu32 " %s", i, where);
		free(where);
	}
	if (site->stack.count > depth)
		vmt_lines_add(lines, 8, "    … %" PRIu32 " more", site->stack.count - depth);
}

static void put_sites(struct vmt_lines *lines, const struct vmt_combine_program *program,
		      uint64_t top, uint32_t depth)
{
	const struct vmt_combine_site **sites = vmt_combine_sites(program);
	size_t count = HASH_COUNT(program->sites);
	struct vmt_number number;

	vmt_lines_add(lines, 0, "%s", "");
	vmt_lines_add(lines, 0, "%10s %10s %8s %8s  %-8s %s", "peak", "live", "in", "most", "call",
		      "where");
	for (size_t i = 0; i < count && i < top; i++)
		put_row(lines, sites[i]);
	if (count > top)
		vmt_lines_add(lines, 0, "%s more call sites",
			      vmt_lines_number(&number, count - top));
	for (size_t i = 0; i < count && i < top && i < 3; i++) {
		vmt_lines_add(lines, 0, "%s", "");
		put_row(lines, sites[i]);
		put_merged_stack(lines, sites[i], depth);
	}
	free(sites);
}

static void put_others(struct vmt_lines *lines, const struct vmt_combine *combine,
		       const struct vmt_combine_program *shown)
{
	const struct vmt_combine_program *program;
	struct vmt_number numbers[2];

	for (program = combine->programs; program; program = program->hh.next) {
		if (program != shown && program->runs)
			vmt_lines_add(
				lines, 10, "  other   %s recordings of %s, peak %s (--program=%s)",
				vmt_lines_number(&numbers[0], program->runs), program->name,
				vmt_lines_number(&numbers[1], program->top.peak), program->name);
	}
}

int vmt_combine_text(FILE *stream, const struct vmt_combine *combine,
		     const struct vmt_combine_program *program, uint64_t top, uint32_t depth)
{
	struct vmt_lines lines = { .width = 80 };

	put_head(&lines, combine, program);
	put_others(&lines, combine, program);
	put_sites(&lines, program, top ? top : TOP, depth ? depth : DEPTH);
	for (size_t i = 0; i < lines.count; i++)
		fprintf(stream, "%s\n", lines.line[i]);
	vmt_lines_free(&lines);
	return fflush(stream) || ferror(stream) ? errno ? -errno : -EIO : 0;
}
