/* SPDX-License-Identifier: MIT */
/*
 * Large programs have tens of thousands of units: their ranges are sorted, and an address takes a
 * binary search. The tables are not trusted: a unit's claim is checked. See units.h.
 */
#include "symbols/units.h"
#include "util/sorted.h"

#include <dwarf.h>
#include <stdlib.h>

struct range {
	uint64_t start; /* the first member, for sorted.h */
	uint64_t end;
	Dwarf_Die *unit; /* belongs to libdwfl */
	Dwarf_Addr bias;
};

struct vmt_units {
	struct range *item;
	size_t count;
	size_t room;
};

static bool add(struct vmt_units *units, const struct range *range)
{
	struct range *more;

	if (units->count == units->room) {
		more = realloc(units->item, (2 * units->room + 64) * sizeof(*more));
		if (!more)
			return false;
		units->item = more;
		units->room = 2 * units->room + 64;
	}
	units->item[units->count++] = *range;
	return true;
}

static struct vmt_units *read_units(Dwfl_Module *module)
{
	struct vmt_units *units = calloc(1, sizeof(*units));
	struct range range = { .unit = NULL };
	Dwarf_Addr base, start, end;
	ptrdiff_t at;

	while (units && (range.unit = dwfl_module_nextcu(module, range.unit, &range.bias))) {
		for (at = 0; (at = dwarf_ranges(range.unit, at, &base, &start, &end)) > 0;) {
			range.start = start + range.bias;
			range.end = end + range.bias;
			if (start < end && !add(units, &range))
				break;
		}
	}
	if (units && units->count)
		qsort(units->item, units->count, sizeof(*units->item), vmt_sorted_by_number);
	return units;
}

static const struct range *search(const struct vmt_units *units, uint64_t address)
{
	size_t n = vmt_sorted_up_to(units->item, units->count, sizeof(*units->item), address);

	return n && address < units->item[n - 1].end ? &units->item[n - 1] : NULL;
}

static bool has_address(Dwarf_Die *unit, uint64_t address)
{
	return unit && dwarf_haspc(unit, address) > 0;
}

Dwarf_Die *vmt_units_find(struct vmt_units **units, Dwfl_Module *module, uint64_t address,
			  Dwarf_Addr *ret_bias)
{
	Dwarf_Die *unit = dwfl_module_addrdie(module, address, ret_bias);
	const struct range *range;

	/* For an address without a unit (like _start), libdw returns the unit before it. */
	if (has_address(unit, address - *ret_bias))
		return unit;
	if (!*units)
		*units = read_units(module);
	range = *units ? search(*units, address) : NULL;
	if (!range || !has_address(range->unit, address - range->bias))
		return NULL;
	*ret_bias = range->bias;
	return range->unit;
}

void vmt_units_free(struct vmt_units *units)
{
	if (units)
		free(units->item);
	free(units);
}

bool vmt_units_line(Dwarf_Die *unit, uint64_t address, const char **ret_file,
		    const char **ret_directory, uint32_t *ret_line)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, address);
	const char *file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
	Dwarf_Attribute attribute;
	int number = 0;

	if (!file)
		return false;
	dwarf_lineno(line, &number);
	*ret_file = file;
	*ret_directory = dwarf_formstring(dwarf_attr_integrate(unit, DW_AT_comp_dir, &attribute));
	*ret_line = number > 0 ? (uint32_t)number : 0;
	return true;
}
