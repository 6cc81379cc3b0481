/* SPDX-License-Identifier: MIT */
/*
 * Scopes of an address by libdw. dwarf_getscopes goes from an inlined function to where that was
 * written; who it was inlined into tells dwarf_getscopes_die. Prints nothing.
 */
#include "inlines.h"
#include "inlined.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stdlib.h>

static const char *name_of(Dwarf_Die *function)
{
	Dwarf_Attribute attribute;
	const char *name = dwarf_formstring(dwarf_attr_integrate(function, DW_AT_linkage_name,
								 &attribute));

	/* C has linkage names only where an alias got in, like glibc's __GI_…. */
	if (name && vmt_is_mangled(name))
		return name;
	return dwarf_formstring(dwarf_attr_integrate(function, DW_AT_name, &attribute));
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

/* The innermost inlined function at the address; false when the code is the function's own. */
static bool find_innermost(Dwarf_Die *unit, uint64_t address, Dwarf_Die *ret_die)
{
	Dwarf_Die *scopes = NULL;
	int count = dwarf_getscopes(unit, address, &scopes);
	bool found = false;

	for (int i = 0; i < count && !found && dwarf_tag(&scopes[i]) != DW_TAG_subprogram; i++) {
		found = dwarf_tag(&scopes[i]) == DW_TAG_inlined_subroutine;
		*ret_die = scopes[i];
	}
	free(scopes);
	return found;
}

size_t vmt_inlines_find(Dwarf_Die *unit, uint64_t address,
			struct vmt_inline ret_inlines[VMT_INLINES_MAX])
{
	Dwarf_Die *scopes = NULL;
	Dwarf_Die innermost;
	size_t n = 0;
	int count;

	if (!find_innermost(unit, address, &innermost))
		return 0;
	count = dwarf_getscopes_die(&innermost, &scopes);
	ret_inlines[0] = (struct vmt_inline){ .name = NULL };
	for (int i = 0; i < count && dwarf_tag(&scopes[i]) != DW_TAG_subprogram; i++) {
		if (dwarf_tag(&scopes[i]) != DW_TAG_inlined_subroutine)
			continue;
		ret_inlines[n].name = name_of(&scopes[i]);
		n += n + 1 < VMT_INLINES_MAX;
		ret_inlines[n] = (struct vmt_inline){
			.file = call_file(unit, &scopes[i]),
			.line = (uint32_t)number_of(&scopes[i], DW_AT_call_line),
		};
	}
	free(scopes);
	return n ? n + 1 : 0;
}
