/* SPDX-License-Identifier: MIT */
/*
 * A unit of a large program contains thousands of functions, and a report asks for hundreds of
 * addresses in it. So there is one pass over the unit, and a binary search for each address. The
 * tables are not trusted: inconsistent ones give no names. See inlined.h.
 */
#include "symbols/inlined.h"
#include "util/sorted.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include <dwarf.h>
#include <stdlib.h>

struct function {
	uint64_t start; /* the first member, for sorted.h */
	uint64_t end;
	Dwarf_Off die;
};

struct vmt_inlined {
	Dwarf_Off offset; /* the unit's offset */
	struct function *item;
	size_t count;
	size_t room;
	UT_hash_handle hh;
};

static void add_range(struct vmt_inlined *unit, uint64_t start, uint64_t end, Dwarf_Off die)
{
	struct function *more;

	if (unit->count == unit->room) {
		more = realloc(unit->item, (2 * unit->room + 16) * sizeof(*more));
		if (!more)
			return;
		unit->item = more;
		unit->room = 2 * unit->room + 16;
	}
	unit->item[unit->count++] = (struct function){ start, end, die };
}

static int add_function(Dwarf_Die *die, void *unit)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(die, at, &base, &start, &end)) > 0)
		add_range(unit, start, end, dwarf_dieoffset(die));
	return DWARF_CB_OK;
}

static struct vmt_inlined *get_unit(struct vmt_inlined **units, Dwarf_Die *die)
{
	Dwarf_Off offset = dwarf_dieoffset(die);
	struct vmt_inlined *unit = NULL;

	HASH_FIND(hh, *units, &offset, sizeof(offset), unit);
	if (unit)
		return unit;
	unit = calloc(1, sizeof(*unit));
	if (!unit)
		return NULL;
	unit->offset = offset;
	dwarf_getfuncs(die, add_function, unit, 0);
	if (unit->count)
		qsort(unit->item, unit->count, sizeof(*unit->item), vmt_sorted_by_number);
	HASH_ADD(hh, *units, offset, sizeof(offset), unit);
	return unit;
}

static const struct function *find_function(const struct vmt_inlined *unit, uint64_t address)
{
	size_t n = vmt_sorted_up_to(unit->item, unit->count, sizeof(*unit->item), address);

	return n && address < unit->item[n - 1].end ? &unit->item[n - 1] : NULL;
}

/* Names in C have a linkage name only if an alias came in, like glibc's __GI_…. */
static const char *name_of(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name =
		dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));

	if (name && vmt_inlined_is_mangled(name))
		return name;
	return dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));
}

static uint64_t number_of(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value = 0;

	return dwarf_formudata(dwarf_attr(die, name, &attribute), &value) ? 0 : value;
}

static const char *call_file(Dwarf_Die *unit, Dwarf_Die *inlined)
{
	Dwarf_Files *files;
	size_t count;

	if (dwarf_getsrcfiles(unit, &files, &count))
		return NULL;
	return dwarf_filesrc(files, number_of(inlined, DW_AT_call_file), NULL, NULL);
}

static bool is_scope(Dwarf_Die *die)
{
	int tag = dwarf_tag(die);

	return tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block;
}

/* Scopes are nested: the child that contains the address contains all inner scopes. */
void vmt_inlined_find(struct vmt_inlined **units, Dwarf_Die *die, uint64_t address,
		      struct vmt_inlined_path *ret_path)
{
	const struct vmt_inlined *unit = get_unit(units, die);
	const struct function *function = unit ? find_function(unit, address) : NULL;
	Dwarf_CU *cu = die->cu;
	Dwarf_Die scope, child;
	int ret;

	ret_path->unit = die;
	ret_path->count = 0;
	if (!function || !dwarf_offdie(dwarf_cu_getdwarf(cu), function->die, &scope))
		return;
	for (int depth = 0; depth < VMT_INLINED_NESTING; depth++) {
		ret = dwarf_child(&scope, &child);
		while (!ret && !(is_scope(&child) && dwarf_haspc(&child, address) > 0))
			ret = dwarf_siblingof(&child, &child);
		if (ret)
			break;
		scope = child;
		if (dwarf_tag(&scope) == DW_TAG_inlined_subroutine)
			ret_path->function[ret_path->count++] = scope;
	}
}

const char *vmt_inlined_name(struct vmt_inlined_path *path)
{
	return path->count ? name_of(&path->function[path->count - 1]) : NULL;
}

size_t vmt_inlined_callers(struct vmt_inlined_path *path,
			   struct vmt_inlined_caller ret_callers[VMT_INLINED_CALLERS])
{
	size_t n = 0;

	for (size_t i = path->count; i-- > 0;) {
		Dwarf_Die *inlined = &path->function[i];

		if (n == VMT_INLINED_CALLERS)
			n--;
		ret_callers[n++] = (struct vmt_inlined_caller){
			.name = i ? name_of(&path->function[i - 1]) : NULL,
			.function = i ? &path->function[i - 1] : NULL,
			.file = call_file(path->unit, inlined),
			.line = (uint32_t)number_of(inlined, DW_AT_call_line),
		};
	}
	return n;
}

void vmt_inlined_free(struct vmt_inlined **units)
{
	struct vmt_inlined *unit;
	struct vmt_inlined *next;

	HASH_ITER(hh, *units, unit, next)
	{
		HASH_DEL(*units, unit);
		free(unit->item);
		free(unit);
	}
}
