/* SPDX-License-Identifier: MIT */
/* Names are as far apart as the letters that were left out, added or replaced. See nearest.h. */
#include "util/nearest.h"

#include <string.h>

#define LONGEST 32u

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static size_t distance(const char *typed, size_t n, const char *name, size_t length)
{
	size_t row[LONGEST + 1], before, above;

	for (size_t i = 0; i <= length; i++)
		row[i] = i;
	for (size_t k = 1; k <= n; k++) {
		before = row[0];
		row[0] = k;
		for (size_t i = 1; i <= length; i++) {
			above = row[i];
			row[i] = least(above + 1, row[i - 1] + 1,
				       before + (typed[k - 1] != name[i - 1]));
			before = above;
		}
	}
	return row[length];
}

void vmt_nearest_try(struct vmt_nearest *nearest, const char *typed, size_t n, const char *name)
{
	size_t length = strlen(name), far;

	if (!n || n > LONGEST || length > LONGEST)
		return;
	/* What was typed may be a part: "sort-by" for "sort". */
	far = !strncmp(typed, name, n < length ? n : length) ? 1 : distance(typed, n, name, length);
	if (far > 2 || far >= n || (nearest->name && far >= nearest->distance))
		return;
	*nearest = (struct vmt_nearest){ name, far };
}
