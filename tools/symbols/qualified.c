/* SPDX-License-Identifier: MIT */
/*
 * A function that is inlined everywhere has no symbol, and a function in an anonymous namespace or
 * a lambda has no linkage name: the debug information calls it "grow" or "operator()". Its
 * namespace, class or enclosing function are found on the way down to it from its unit. The tables
 * are not trusted, so the number of steps is limited. Used by symbols.c.
 */
#include "symbols/qualified.h"
#include "util/must.h"

#include <dwarf.h>
#include <stdbool.h>

#define STEPS_MAX 200 /* steps into scopes, and to declarations */

static bool is_cplusplus(Dwarf_Die *unit)
{
	switch (dwarf_srclang(unit)) {
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14: return true;
	default: return false;
	}
}

/* Go to the declaration of what is defined or inlined here; false if it is declared here. */
static bool go_to_origin(Dwarf_Die *die)
{
	static const unsigned links[] = { DW_AT_abstract_origin, DW_AT_specification };
	Dwarf_Attribute attribute;
	Dwarf_Die origin;

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (dwarf_attr(die, links[i], &attribute) &&
		    dwarf_formref_die(&attribute, &origin)) {
			*die = origin;
			return true;
		}
	}
	return false;
}

static const char *name_of(Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);

	switch (dwarf_tag(die)) {
	case DW_TAG_namespace: return name ? name : "(anonymous namespace)";
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type: return name ? name : "{lambda}";
	case DW_TAG_subprogram: return name;
	default: return NULL;
	}
}

static void append(char **text, const char *name)
{
	char *longer = vmt_must_format("%s%s%s", *text, **text ? "::" : "", name);

	free(*text);
	*text = longer;
}

/* Go to the last child that does not begin behind the target: it is the target, or contains it. */
static bool go_down(Dwarf_Die *scope, Dwarf_Off target)
{
	Dwarf_Die next;

	if (dwarf_child(scope, &next))
		return false;
	do {
		if (dwarf_dieoffset(&next) > target ||
		    dwarf_dieoffset(&next) <= dwarf_dieoffset(scope))
			break;
		*scope = next;
	} while (!dwarf_siblingof(scope, &next));
	return dwarf_dieoffset(scope) <= target;
}

static void put_name(char **text, Dwarf_Die *die, int *steps)
{
	Dwarf_Die scope, origin;
	Dwarf_Off target;

	while (*steps > 0 && go_to_origin(die))
		--*steps;
	target = dwarf_dieoffset(die);
	if (!dwarf_diecu(die, &scope, NULL, NULL))
		return;
	while (--*steps > 0 && go_down(&scope, target) && dwarf_dieoffset(&scope) != target) {
		origin = scope;
		if (go_to_origin(&origin)) {
			**text = '\0';
			put_name(text, &origin, steps);
		} else if (name_of(&scope)) {
			append(text, name_of(&scope));
		}
	}
	if (name_of(die))
		append(text, name_of(die));
}

char *vmt_qualified_name(Dwarf_Die *function)
{
	int steps = STEPS_MAX;
	Dwarf_Die die = *function;
	Dwarf_Die unit;
	char *text;

	if (!dwarf_diecu(&die, &unit, NULL, NULL) || !is_cplusplus(&unit))
		return NULL;
	text = vmt_must_copy("");
	put_name(&text, &die, &steps);
	if (*text)
		return text;
	free(text);
	return NULL;
}
