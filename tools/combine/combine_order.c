/* SPDX-License-Identifier: MIT */
/* Sorts; see combine_order.h. */
#include "combine/combine_order.h"
#include "util/must.h"

static int by_number(const void *a, const void *b)
{
	const uint64_t *one = a, *two = b;

	return (*one > *two) - (*one < *two);
}

uint64_t *vmt_combine_sorted(const struct vmt_combine_program *program, bool is_peak)
{
	uint64_t *sorted = vmt_must_alloc(program->runs, sizeof(*sorted));

	for (size_t i = 0; i < program->runs; i++)
		sorted[i] = is_peak ? program->run[i].peak : program->run[i].maps;
	qsort(sorted, program->runs, sizeof(*sorted), by_number);
	return sorted;
}

uint64_t vmt_combine_median(const uint64_t *sorted, size_t count)
{
	uint64_t low = sorted[(count - 1) / 2], high = sorted[count / 2];

	return low + (high - low) / 2;
}

uint64_t vmt_combine_p90(const uint64_t *sorted, size_t count)
{
	return sorted[count - 1 - count / 10];
}

/* Equal sites are ordered by key, so that the order of the recordings does not matter. */
static int by_peak(const void *a, const void *b)
{
	const struct vmt_combine_site *one = *(const struct vmt_combine_site *const *)a;
	const struct vmt_combine_site *two = *(const struct vmt_combine_site *const *)b;

	if (one->peak != two->peak)
		return one->peak < two->peak ? 1 : -1;
	if (one->live != two->live)
		return one->live < two->live ? 1 : -1;
	return strcmp(one->key, two->key);
}

const struct vmt_combine_site **vmt_combine_sites(const struct vmt_combine_program *program)
{
	const struct vmt_combine_site **sites =
		vmt_must_alloc(HASH_COUNT(program->sites), sizeof(const struct vmt_combine_site *));
	const struct vmt_combine_site *site;
	size_t count = 0;

	for (site = program->sites; site; site = site->hh.next)
		sites[count++] = site;
	qsort(sites, count, sizeof(*sites), by_peak);
	return sites;
}
