/* SPDX-License-Identifier: MIT */
/*
 * Arrays sorted by a number: arrays of uint64_t, or of structs whose first member is one. Used for
 * tables of modules and of processes.
 */
#ifndef VMT_SORTED_H
#define VMT_SORTED_H

#include <stddef.h>
#include <stdint.h>

/* A comparison for qsort: by the uint64_t that each element is or begins with. */
static inline int vmt_sorted_by_number(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, two = *(const uint64_t *)b;

	return (one > two) - (one < two);
}

/* Returns how many elements, of size bytes each, have at most this number. */
static inline size_t vmt_sorted_up_to(const void *array, size_t count, size_t size, uint64_t number)
{
	size_t low = 0;
	size_t high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (*(const uint64_t *)((const char *)array + middle * size) <= number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#endif
