/* SPDX-License-Identifier: MIT */
/*
 * Names from ELF symbol tables and DWARF line tables, by libdwfl (which also knows /usr/lib/debug
 * and, if allowed, debuginfod servers). Each module is opened once, and each place is looked up
 * once. The files are not trusted: a path alone is not enough without its build-id.
 */
#include "symbols/callee.h"
#include "input/debuginfod.h"
#include "symbols/functions.h"
#include "symbols/inlined.h"
#include "symbols/modulefile.h"
#include "symbols/perfmap.h"
#include "symbols/texts.h"
#include "symbols/twins.h"
#include "symbols/qualified.h"
#include "symbols/symbols.h"
#include "symbols/units.h"
#include "util/headroom.h"
#include "util/source.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include <elfutils/libdw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct known {
	uint64_t offset;
	struct vmt_symbol symbol;
	struct vmt_symbol *callers; /* the functions it was inlined into, as a list */
	bool is_call; /* callee is set; see is_call_known */
	bool is_call_known; /* it has been looked up */
	struct vmt_callee callee;
	bool is_jump; /* likewise of the function that begins here: the only jump out of it */
	bool is_jump_known;
	struct vmt_callee jump;
	UT_hash_handle hh;
};

struct module {
	char *path;
	uint8_t build_id[64];
	size_t build_id_length;
	Dwfl *dwfl;
	Dwfl_Module *handle; /* NULL: there is no usable file */
	bool has_room; /* for reading its debug information */
	struct vmt_functions functions;
	struct vmt_units *units;
	struct vmt_inlined *inlined;
	struct known *known;
	struct module *next;
};

struct vmt_symbols {
	char *directory;
	char *debug_path; /* where libdw looks for debug files of stripped modules */
	Dwfl_Callbacks callbacks;
	struct module *modules;
	struct vmt_twin *twins;
	struct vmt_perfmap generated; /* of the process asked for last */
	struct vmt_text *texts;
};

/* libdw accepts only absolute paths to .build-id/ trees, and its own default comes first. */
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

void vmt_symbols_add_twin(struct vmt_symbols *symbols, const struct vmt_symbols_module *twin)
{
	vmt_twins_add(&symbols->twins, twin);
}

static void load_module(const struct vmt_symbols *symbols, struct module *module)
{
	const struct vmt_modulefile wanted = { module->path, module->build_id,
					       module->build_id_length };
	int fd = vmt_modulefile_open(&wanted, symbols->directory, &symbols->callbacks);
	const char *debug_file = NULL;
	uint64_t size = 0;
	struct stat file;

	fd = vmt_twins_better(symbols->twins, &wanted, fd);
	if (fd < 0)
		return;
	if (!fstat(fd, &file))
		size = (uint64_t)file.st_size;
	module->dwfl = dwfl_begin(&symbols->callbacks);
	if (module->dwfl) /* on success, libdwfl owns the descriptor */
		module->handle = dwfl_report_offline(module->dwfl, module->path, module->path, fd);
	if (!module->handle) {
		close(fd);
		return;
	}
	dwfl_report_end(module->dwfl, NULL, NULL);
	vmt_functions_read(&module->functions, module->handle);
	/* It is known by now, because it has functions as well. */
	dwfl_module_info(module->handle, NULL, NULL, NULL, NULL, NULL, NULL, &debug_file);
	if (debug_file && !stat(debug_file, &file))
		size += (uint64_t)file.st_size;
	module->has_room = vmt_headroom_is_enough(size);
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
	/* Move the module to the front: a stack has only a few modules, a program hundreds. */
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

/* An inlined function often has only a short name in the debug information. */
static const char *name_inlined(const char *name, Dwarf_Die *function)
{
	char *whole = vmt_inlined_is_mangled(name) ? NULL : vmt_qualified_name(function);

	return whole ? whole : vmt_functions_plain_name(name);
}

static void set_file(struct vmt_symbol *symbol, const char *file, const char *directory,
		     uint32_t line)
{
	size_t n = directory ? strlen(directory) : 0;
	char *path = vmt_source_path(directory, file);

	symbol->is_system = vmt_source_is_system(path);
	free(path);
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

/* Find what the function inlined at an address was inlined into. */
static void find_callers(struct known *known, struct vmt_inlined_path *path, const char *outermost)
{
	struct vmt_inlined_caller callers[VMT_INLINED_CALLERS];
	size_t count = vmt_inlined_callers(path, callers);

	known->callers = count ? calloc(count, sizeof(*known->callers)) : NULL;
	for (size_t i = 0; i < count && known->callers; i++) {
		struct vmt_symbol *caller = &known->callers[i];
		const char *name = callers[i].name ? callers[i].name : outermost;

		caller->function = callers[i].name ? name_inlined(name, callers[i].function) :
				   name            ? vmt_functions_plain_name(name) :
						     NULL;
		if (callers[i].file)
			set_file(caller, callers[i].file, known->symbol.directory, callers[i].line);
		*(i == 0 ? &known->symbol.caller : &caller[-1].caller) = caller;
	}
}

static void look_up(struct module *module, uint64_t offset, struct known *known)
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
	unit = module->has_room ? vmt_units_find(&module->units, module->handle, address, &bias) :
				  NULL;
	if (unit) {
		find_line(unit, address - bias, &known->symbol);
		vmt_inlined_find(&module->inlined, unit, address - bias, &path);
	}
	inlined = vmt_inlined_name(&path);
	if (inlined)
		find_callers(known, &path, name);
	if (inlined)
		known->symbol.function = name_inlined(inlined, &path.function[path.count - 1]);
	else if (name)
		known->symbol.function = vmt_functions_plain_name(name);
}

static struct known *get_known(struct module *module, uint64_t offset)
{
	struct known *known = NULL;

	HASH_FIND(hh, module->known, &offset, sizeof(offset), known);
	if (known)
		return known;
	known = calloc(1, sizeof(*known));
	if (!known)
		return NULL;
	known->offset = offset;
	look_up(module, offset, known);
	HASH_ADD(hh, module->known, offset, sizeof(offset), known);
	return known;
}

bool vmt_symbols_find(struct vmt_symbols *symbols, const struct vmt_symbols_module *wanted,
		      uint64_t offset, struct vmt_symbol *ret_symbol)
{
	struct module *module = get_module(symbols, wanted);
	const struct known *known = module ? get_known(module, offset) : NULL;

	if (!known)
		return false;
	*ret_symbol = known->symbol;
	return known->symbol.function || known->symbol.file;
}

bool vmt_symbols_is_whole(struct vmt_symbols *symbols, const struct vmt_symbols_module *wanted)
{
	const struct module *module = get_module(symbols, wanted);

	return module && module->functions.is_whole;
}

static Elf *elf_of(const struct module *module, Dwarf_Addr *ret_bias)
{
	*ret_bias = 0;
	return module && module->handle ? dwfl_module_getelf(module->handle, ret_bias) : NULL;
}

bool vmt_symbols_callee(struct vmt_symbols *symbols, const struct vmt_symbols_place *call,
			struct vmt_symbols_callee *ret_callee)
{
	struct module *module = get_module(symbols, call->module);
	struct known *known = module ? get_known(module, call->offset - 1) : NULL;
	Dwarf_Addr bias;
	Elf *elf = elf_of(module, &bias);
	uint64_t address;

	if (!known || !elf)
		return false;
	if (!known->is_call_known)
		known->is_call = vmt_modulefile_address(elf, call->offset, &address) &&
				 vmt_callee_find(elf, address, &known->callee);
	known->is_call_known = true;
	ret_callee->name = known->callee.name;
	ret_callee->is_by_pointer = known->callee.is_by_pointer;
	return known->is_call &&
	       (known->callee.name ||
		vmt_modulefile_offset(elf, known->callee.address, &ret_callee->offset));
}

static const struct vmt_function *function_at(const struct module *module, uint64_t offset)
{
	Dwarf_Addr bias;
	Elf *elf = elf_of(module, &bias);
	uint64_t address;

	return elf && vmt_modulefile_address(elf, offset, &address) ?
		       vmt_functions_at(&module->functions, address + bias) :
		       NULL;
}

static bool is_after_signal(const struct module *module, uint64_t offset)
{
	Dwarf_Addr bias;
	Elf *elf = elf_of(module, &bias);
	uint64_t address;

	return elf && vmt_modulefile_address(elf, offset, &address) &&
	       vmt_callee_is_signal(elf, address);
}

bool vmt_symbols_is_signal(struct vmt_symbols *symbols, const struct vmt_symbols_module *module,
			   uint64_t offset)
{
	return is_after_signal(get_module(symbols, module), offset);
}

bool vmt_symbols_is_outside(struct vmt_symbols *symbols, const struct vmt_symbols_place *place,
			    const struct vmt_symbols_module *caller,
			    const struct vmt_symbols_callee *callee)
{
	struct module *module = get_module(symbols, place->module);
	const struct vmt_function *at = function_at(module, place->offset - 1);
	struct module *other = at ? get_module(symbols, caller) : NULL;
	const struct vmt_function *called;

	if (!other || is_after_signal(module, place->offset))
		return false;
	if (callee->name)
		return !vmt_functions_has_name(&module->functions, at, callee->name);
	called = function_at(other, callee->offset);
	return called && (other != module || (called->start != at->start &&
					      !vmt_functions_is_piece(at->name, called->name)));
}

bool vmt_symbols_named(struct vmt_symbols *symbols, const struct vmt_symbols_module *wanted,
		       const char *name, uint64_t *ret_offset)
{
	struct module *module = get_module(symbols, wanted);
	Dwarf_Addr bias;
	Elf *elf = elf_of(module, &bias);
	const struct vmt_function *function =
		elf ? vmt_functions_named(&module->functions, name) : NULL;

	return function && vmt_modulefile_offset(elf, function->start - bias, ret_offset);
}

bool vmt_symbols_jump(struct vmt_symbols *symbols, const struct vmt_symbols_place *function,
		      struct vmt_symbols_callee *ret_callee)
{
	struct module *module = get_module(symbols, function->module);
	const struct vmt_function *at = function_at(module, function->offset);
	struct known *known = at ? get_known(module, function->offset) : NULL;
	const struct vmt_function *to;
	Dwarf_Addr bias;
	Elf *elf = elf_of(module, &bias);

	*ret_callee = (struct vmt_symbols_callee){ .name = NULL };
	if (!known)
		return false;
	if (!known->is_jump_known)
		known->is_jump =
			vmt_callee_jump(elf, at->start - bias, at->end - bias, &known->jump);
	known->is_jump_known = true;
	*ret_callee = (struct vmt_symbols_callee){ .name = known->jump.name,
						   .is_by_pointer = known->jump.is_by_pointer,
						   .has_syscall = known->jump.has_syscall };
	if (!known->is_jump || known->jump.name)
		return known->is_jump;
	to = vmt_functions_at(&module->functions, known->jump.address + bias);
	return to && !vmt_functions_is_piece(to->name, at->name) &&
	       vmt_modulefile_offset(elf, known->jump.address, &ret_callee->offset);
}

bool vmt_symbols_tail_at(struct vmt_symbols *symbols, const struct vmt_symbols_place *place,
			 struct vmt_symbol *ret_symbol)
{
	struct module *module = get_module(symbols, place->module);
	const struct vmt_function *function = function_at(module, place->offset);
	const struct vmt_symbol *symbol;
	const struct known *known;
	Dwarf_Addr bias;
	Elf *elf = elf_of(module, &bias);
	uint64_t address;

	if (!function || !vmt_modulefile_address(elf, place->offset, &address) ||
	    function->start != address + bias || vmt_callee_is_thunk(function->name))
		return false;
	known = get_known(module, place->offset);
	if (!known)
		return false;
	for (symbol = &known->symbol; symbol->caller; symbol = symbol->caller)
		;
	*ret_symbol = *symbol;
	ret_symbol->is_tail = true;
	return symbol->function;
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
	/*
	 * The three highest bits of the address are not recorded; only one of their values has
	 * code.
	 */
	for (uint64_t high = 0; high < 8 && !name; high++)
		name = vmt_perfmap_find(&symbols->generated,
					(high << 44 | (uint64_t)page << 12) + offset);
	*ret_symbol = (struct vmt_symbol){ .function = name };
	return name != NULL;
}

const char *vmt_symbols_text(struct vmt_symbols *symbols, const char *bytes, size_t n)
{
	return vmt_texts_keep(&symbols->texts, bytes, n);
}

static void free_function(const struct vmt_symbol *symbol)
{
	union {
		const char *constant;
		void *owned; /* allocated by vmt_functions_plain_name() */
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
	vmt_twins_free(symbols->twins);
	vmt_perfmap_free(&symbols->generated);
	vmt_texts_free(symbols->texts);
	free(symbols->directory);
	free(symbols->debug_path);
	free(symbols);
}
