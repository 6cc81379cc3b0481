/* SPDX-License-Identifier: MIT */
/*
 * Call sites of a recording by their place: the same system call from the same instruction of the
 * user's code, on whatever way that was reached. Needs no names. Part of explain_record.h.
 */
#include "core/report/report.h"
#include "explain/explain_record.h"

#include <stdlib.h>

struct key {
	uint64_t offset;
	uint32_t module;
	uint32_t call;
	uint32_t site;
};

static int by_place(const void *a, const void *b)
{
	const struct key *one = a, *two = b;

	if (one->module != two->module)
		return one->module < two->module ? -1 : 1;
	if (one->offset != two->offset)
		return one->offset < two->offset ? -1 : 1;
	return (one->call > two->call) - (one->call < two->call);
}

static int by_place_and_site(const void *a, const void *b)
{
	const struct key *one = a, *two = b;
	int order = by_place(a, b);

	return order ? order : (one->site > two->site) - (one->site < two->site);
}

static bool read_key(const struct vmt_view *view, uint32_t index, struct key *ret_key)
{
	struct vmt_rec_frame frame;
	struct vmt_rec_site site;
	uint64_t user;

	if (!vmt_view_site(view, index, &site))
		return false;
	user = vmt_report_user_frame(view, &site);
	if (user == UINT64_MAX || !vmt_view_frame(view, user, &frame))
		return false;
	*ret_key = (struct key){ frame.offset, frame.module, site.call, index };
	return true;
}

uint32_t *vmt_explain_places(const struct vmt_view *view, uint32_t sites)
{
	uint32_t *place = calloc((size_t)sites + 1, sizeof(*place));
	struct key *key = calloc((size_t)sites + 1, sizeof(*key));
	size_t n = 0, first = 0;

	for (uint32_t i = 0; place && key && i < sites; i++) {
		place[i] = i;
		n += i >= VMT_SITE_FIRST && read_key(view, i, &key[n]);
	}
	if (n)
		qsort(key, n, sizeof(*key), by_place_and_site);
	for (size_t i = 1; i < n; i++) {
		first = by_place(&key[first], &key[i]) ? i : first;
		place[key[i].site] = key[first].site;
	}
	if (!key) {
		free(place);
		place = NULL;
	}
	free(key);
	return place;
}
