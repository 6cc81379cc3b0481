/* SPDX-License-Identifier: MIT */
/*
 * Names from ELF symbol tables and DWARF line tables, by libdwfl (which also knows /usr/lib/debug
 * and, if they may be asked, debuginfod's servers). A module is opened once, each place looked up
 * once. The files may be anybody's: nothing here trusts a path without its build-id.
 */
#include "input/debuginfod.h"
#include "symbols/functions.h"
#include "symbols/inlined.h"
#include "symbols/modulefile.h"
#include "symbols/perfmap.h"
#include "symbols/qualified.h"
#include "symbols/symbols.h"
#include "symbols/units.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include <elfutils/libdw.h>
#include <libiberty/demangle.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct known {
	uint64_t offset;
	struct vmt_symbol symbol;
	struct vmt_symbol *callers; /* of inlined code, each pointing to the next */
	UT_hash_handle hh;
};

struct module {
	char *path;
	uint8_t build_id[64];
	size_t build_id_length;
	Dwfl *dwfl;
	Dwfl_Module *handle; /* NULL: no usable file */
	struct vmt_functions functions;
	struct vmt_units *units;
	struct vmt_inlined *inlined;
	struct known *known;
	struct module *next;
};

struct vmt_symbols {
	char *directory;
	bool wants_callers;
	char *debug_path; /* where libdw looks for the debug files of stripped modules */
	Dwfl_Callbacks callbacks;
	struct module *modules;
	struct vmt_perfmap generated; /* of the process looked at last */
};

/* libdw follows only absolute paths to .build-id/ trees; its own default comes first. */
static void set_directory(struct vmt_symbols *symbols, const char *directory)
{
	char *absolute = realpath(directory, NULL);

	symbols->directory = strdup(directory);
	if (absolute && asprintf(&symbols->debug_path, ":.debug:/usr/lib/debug:%s", absolute) < 0)
		symbols->debug_path = NULL;
	free(absolute);
}

struct vmt_symbols *vmt_symbols_new(const char *directory)
{
	struct vmt_symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	if (directory)
		set_directory(symbols, directory);
	symbols->callbacks = (Dwfl_Callbacks){
		.find_elf = vmt_debuginfod_find_elf,
		.find_debuginfo = vmt_debuginfod_find_debuginfo,
		.section_address = dwfl_offline_section_address,
		.debuginfo_path = symbols->debug_path ? &symbols->debug_path : NULL,
	};
	return symbols;
}

static void load_module(const struct vmt_symbols *symbols, struct module *module)
{
	const struct vmt_modulefile wanted = { module->path, module->build_id,
					       module->build_id_length };
	int fd = vmt_modulefile_open(&wanted, symbols->directory, &symbols->callbacks);

	if (fd < 0)
		return;
	module->dwfl = dwfl_begin(&symbols->callbacks);
	if (module->dwfl) /* takes the descriptor over when it succeeds */
		module->handle = dwfl_report_offline(module->dwfl, module->path, module->path, fd);
	if (!module->handle) {
		close(fd);
		return;
	}
	dwfl_report_end(module->dwfl, NULL, NULL);
	vmt_functions_read(&module->functions, module->handle);
}

static bool is_module(const struct module *module, const struct vmt_symbols_module *wanted)
{
	return module->build_id_length == wanted->build_id_length &&
	       !memcmp(module->build_id, wanted->build_id, wanted->build_id_length) &&
	       strlen(module->path) == wanted->path_length &&
	       !memcmp(module->path, wanted->path, wanted->path_length);
}

static struct module *get_module(struct vmt_symbols *symbols,
				 const struct vmt_symbols_module *wanted)
{
	struct module *module;

	if (wanted->build_id_length > sizeof(module->build_id))
		return NULL;
	/* The one asked for comes to the front: stacks have a few modules, programs hundreds. */
	for (struct module **at = &symbols->modules; *at; at = &(*at)->next) {
		module = *at;
		if (!is_module(module, wanted))
			continue;
		*at = module->next;
		module->next = symbols->modules;
		symbols->modules = module;
		return module;
	}
	module = calloc(1, sizeof(*module));
	if (!module)
		return NULL;
	module->path = strndup(wanted->path, wanted->path_length);
	memcpy(module->build_id, wanted->build_id, wanted->build_id_length);
	module->build_id_length = wanted->build_id_length;
	module->next = symbols->modules;
	symbols->modules = module;
	if (module->path)
		load_module(symbols, module);
	return module;
}

static const char *demangle(const char *name)
{
	const char *version = strchr(name, '@'); /* of the symbol: main@@GLIBC_2.34 */
	char *plain = NULL;

	if (version)
		return strndup(name, (size_t)(version - name));
	if (vmt_is_mangled(name))
		plain = cplus_demangle(name, DMGL_AUTO | DMGL_ANSI);
	return plain ? plain : strdup(name);
}

/* The whole name where it is asked for: what is inlined often has a short one only. */
static const char *name_inlined(const char *name, Dwarf_Die *function, bool is_whole)
{
	char *whole = is_whole && !vmt_is_mangled(name) ? vmt_qualified_name(function) : NULL;

	return whole ? whole : demangle(name);
}

static void set_file(struct vmt_symbol *symbol, const char *file, const char *directory,
		     uint32_t line)
{
	size_t n = directory ? strlen(directory) : 0;

	symbol->file = file;
	symbol->directory = directory;
	symbol->short_file =
		n && !strncmp(file, directory, n) && file[n] == '/' ? file + n + 1 : file;
	symbol->line = line;
}

static void find_line(Dwarf_Die *unit, uint64_t address, struct vmt_symbol *symbol)
{
	const char *directory;
	const char *file;
	uint32_t line;

	if (vmt_units_line(unit, address, &file, &directory, &line))
		set_file(symbol, file, directory, line);
}

/* What the function inlined at an address was inlined into. */
static void find_callers(struct known *known, struct vmt_inlined_path *path, const char *outermost)
{
	struct vmt_inlined_caller callers[VMT_INLINED_CALLERS];
	size_t count = vmt_inlined_callers(path, callers);

	known->callers = count ? calloc(count, sizeof(*known->callers)) : NULL;
	for (size_t i = 0; i < count && known->callers; i++) {
		struct vmt_symbol *caller = &known->callers[i];
		const char *name = callers[i].name ? callers[i].name : outermost;

		caller->function = callers[i].name ? name_inlined(name, callers[i].function, true) :
				   name            ? demangle(name) :
						     NULL;
		if (callers[i].file)
			set_file(caller, callers[i].file, known->symbol.directory, callers[i].line);
		*(i == 0 ? &known->symbol.caller : &caller[-1].caller) = caller;
	}
}

static void look_up(struct module *module, uint64_t offset, bool wants_callers, struct known *known)
{
	struct vmt_inlined_path path = { .count = 0 };
	const char *inlined;
	const char *name;
	Dwarf_Addr bias = 0;
	Dwarf_Die *unit;
	uint64_t address;

	if (!module->handle ||
	    !vmt_modulefile_address(dwfl_module_getelf(module->handle, &bias), offset, &address))
		return;
	address += bias;
	name = vmt_functions_find(&module->functions, address);
	unit = vmt_units_find(&module->units, module->handle, address, &bias);
	if (unit) {
		find_line(unit, address - bias, &known->symbol);
		vmt_inlined_find(&module->inlined, unit, address - bias, &path);
	}
	inlined = vmt_inlined_name(&path);
	if (inlined && wants_callers)
		find_callers(known, &path, name);
	if (inlined)
		known->symbol.function =
			name_inlined(inlined, &path.function[path.count - 1], wants_callers);
	else if (name)
		known->symbol.function = demangle(name);
}

void vmt_symbols_want_callers(struct vmt_symbols *symbols)
{
	symbols->wants_callers = true;
}

bool vmt_symbols_find(struct vmt_symbols *symbols, const struct vmt_symbols_module *wanted,
		      uint64_t offset, struct vmt_symbol *ret_symbol)
{
	struct module *module = get_module(symbols, wanted);
	struct known *known = NULL;

	if (!module)
		return false;
	HASH_FIND(hh, module->known, &offset, sizeof(offset), known);
	if (!known) {
		known = calloc(1, sizeof(*known));
		if (!known)
			return false;
		known->offset = offset;
		look_up(module, offset, symbols->wants_callers, known);
		HASH_ADD(hh, module->known, offset, sizeof(offset), known);
	}
	*ret_symbol = known->symbol;
	return known->symbol.function || known->symbol.file;
}

bool vmt_symbols_find_generated(struct vmt_symbols *symbols, uint32_t pid, uint64_t since,
				uint32_t page, uint64_t offset, struct vmt_symbol *ret_symbol)
{
	const char *name = NULL;

	if (!page)
		return false;
	if (symbols->generated.pid != pid) {
		vmt_perfmap_free(&symbols->generated);
		vmt_perfmap_read(&symbols->generated, pid, since, symbols->directory);
	}
	/* The three highest bits of the address are not recorded; only one value has code. */
	for (uint64_t high = 0; high < 8 && !name; high++)
		name = vmt_perfmap_find(&symbols->generated,
					(high << 44 | (uint64_t)page << 12) + offset);
	*ret_symbol = (struct vmt_symbol){ .function = name };
	return name != NULL;
}

static void free_function(const struct vmt_symbol *symbol)
{
	union {
		const char *constant;
		void *owned; /* made by demangle */
	} name = { symbol->function };

	free(name.owned);
}

static void free_module(struct module *module)
{
	struct known *known;
	struct known *next;

	HASH_ITER(hh, module->known, known, next)
	{
		HASH_DEL(module->known, known);
		free_function(&known->symbol);
		for (const struct vmt_symbol *at = known->symbol.caller; at; at = at->caller)
			free_function(at);
		free(known->callers);
		free(known);
	}
	vmt_functions_free(&module->functions);
	vmt_inlined_free(&module->inlined);
	vmt_units_free(module->units);
	if (module->dwfl)
		dwfl_end(module->dwfl);
	free(module->path);
	free(module);
}

void vmt_symbols_free(struct vmt_symbols *symbols)
{
	struct module *next;

	if (!symbols)
		return;
	for (struct module *module = symbols->modules; module; module = next) {
		next = module->next;
		free_module(module);
	}
	vmt_perfmap_free(&symbols->generated);
	free(symbols->directory);
	free(symbols->debug_path);
	free(symbols);
}
