/* SPDX-License-Identifier: MIT */
/*
 * Makes up names from offsets, in place of tools/symbols/symbols.c: fuzz targets must not open the
 * files that an input names.
 */
#include "input/debuginfod.h"
#include "symbols/functions.h"
#include "symbols/symbols.h"

#include <stdlib.h>
#include <string.h>

struct vmt_symbols {
	char unused;
};

struct vmt_symbols *vmt_symbols_new(const char *directory)
{
	(void)directory;
	return calloc(1, sizeof(struct vmt_symbols));
}

void vmt_symbols_free(struct vmt_symbols *symbols)
{
	free(symbols);
}

void vmt_symbols_add_twin(struct vmt_symbols *symbols, const struct vmt_symbols_module *twin)
{
	(void)symbols;
	(void)twin;
}

bool vmt_symbols_find(struct vmt_symbols *symbols, const struct vmt_symbols_module *module,
		      uint64_t offset, struct vmt_symbol *ret_symbol)
{
	static const struct vmt_symbol outer = { .function = "outer", .line = 1 };
	static const char *const names[] = { "f", "g::operator()<int, (char)10>", "main",
					     "h\033[2J.constprop.0" };

	(void)symbols;
	if (!module->path_length || offset % 5 == 4)
		return false;
	*ret_symbol = (struct vmt_symbol){
		.function = names[offset % 4],
		.file = offset % 3 ? "/home/me/src/file.c" : NULL,
		.short_file = offset % 3 ? "src/file.c" : NULL,
		.line = (uint32_t)offset,
		.is_system = offset % 7 == 1,
		.caller = offset % 3 == 1 ? &outer : NULL,
	};
	return true;
}

bool vmt_symbols_is_whole(struct vmt_symbols *symbols, const struct vmt_symbols_module *module)
{
	(void)symbols;
	return module->path_length & 1;
}

bool vmt_symbols_callee(struct vmt_symbols *symbols, const struct vmt_symbols_place *call,
			struct vmt_symbols_callee *ret_callee)
{
	(void)symbols;
	*ret_callee = (struct vmt_symbols_callee){
		.name = call->offset % 2 ? "f" : NULL,
		.offset = call->offset,
		.is_by_pointer = call->offset % 3,
	};
	return call->offset % 11 < 2;
}

bool vmt_symbols_is_signal(struct vmt_symbols *symbols, const struct vmt_symbols_module *module,
			   uint64_t offset)
{
	(void)symbols, (void)module;
	return offset % 7 == 0;
}

bool vmt_symbols_is_outside(struct vmt_symbols *symbols, const struct vmt_symbols_place *place,
			    const struct vmt_symbols_module *caller,
			    const struct vmt_symbols_callee *callee)
{
	(void)symbols, (void)caller, (void)callee;
	return place->offset % 3;
}

bool vmt_symbols_named(struct vmt_symbols *symbols, const struct vmt_symbols_module *module,
		       const char *name, uint64_t *ret_offset)
{
	(void)symbols, (void)module;
	*ret_offset = (uint8_t)*name;
	return true;
}

bool vmt_symbols_jump(struct vmt_symbols *symbols, const struct vmt_symbols_place *function,
		      struct vmt_symbols_callee *ret_callee)
{
	(void)symbols;
	*ret_callee = (struct vmt_symbols_callee){
		.name = function->offset % 2 ? "f" : NULL,
		.offset = function->offset + 1,
	};
	return function->offset % 7 < 5;
}

bool vmt_symbols_tail_at(struct vmt_symbols *symbols, const struct vmt_symbols_place *place,
			 struct vmt_symbol *ret_symbol)
{
	bool found = vmt_symbols_find(symbols, place->module, place->offset, ret_symbol);

	ret_symbol->caller = NULL;
	ret_symbol->is_tail = true;
	return found;
}

bool vmt_symbols_find_generated(struct vmt_symbols *symbols, uint32_t pid, uint64_t since,
				uint32_t page, uint64_t offset, struct vmt_symbol *ret_symbol)
{
	(void)symbols, (void)pid, (void)since, (void)offset;
	if (!page)
		return false;
	*ret_symbol = (struct vmt_symbol){ .function = "JS:*tick /srv/\033[2Japp.js:12" };
	return true;
}

char *vmt_functions_plain_name(const char *name)
{
	return strdup(name);
}

bool vmt_debuginfod_is_allowed(void)
{
	return false;
}

void vmt_debuginfod_allow(bool show_progress)
{
	(void)show_progress;
}

/* All texts are the same: nobody would free copies. */
const char *vmt_symbols_text(struct vmt_symbols *symbols, const char *bytes, size_t n)
{
	(void)symbols;
	return n && *bytes ? "script" : "";
}
