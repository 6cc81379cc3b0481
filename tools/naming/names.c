/* SPDX-License-Identifier: MIT */
/*
 * A frame of a recording is a module and a return address in it. This asks the symbols about the
 * call before that address, and about each function inlined there. All commands use it, so that
 * they agree.
 */
#include "naming/names.h"
#include "naming/libraries.h"
#include "naming/v8name.h"
#include "util/must.h"

#include <string.h>
#include <sys/stat.h>

static bool find_module(const struct vmt_view *view, const struct vmt_rec_module *module,
			struct vmt_symbols_module *ret_wanted)
{
	struct vmt_view_string path = vmt_view_string(view, module->path);

	*ret_wanted = (struct vmt_symbols_module){
		.path = path.bytes,
		.path_length = path.length,
		.build_id = module->build_id,
		.build_id_length = module->build_id_length,
	};
	return path.length;
}

/* Without the folder that the program was started in. */
static const char *without_folder(const struct vmt_view *view, const char *file)
{
	struct vmt_view_string folder = vmt_view_string(view, view->header.cwd);

	if (folder.length > 1 && !strncmp(file, folder.bytes, folder.length) &&
	    file[folder.length] == '/')
		return file + folder.length + 1;
	return file;
}

/* The name, the file and the line of a script's frame are in the recording itself. */
static bool find_script(struct vmt_symbols *symbols, const struct vmt_view *view,
			const struct vmt_rec_frame *frame, struct vmt_symbol *ret_symbol)
{
	struct vmt_view_string file, function;
	uint32_t line;

	if (!vmt_view_script(view, frame, &file, &function, &line))
		return false;
	*ret_symbol = (struct vmt_symbol){
		.file = file.length ? vmt_symbols_text(symbols, file.bytes, file.length) : NULL,
		.line = line,
		.is_system = vmt_report_is_system(file),
	};
	if (function.length)
		ret_symbol->function = vmt_symbols_text(symbols, function.bytes, function.length);
	if (ret_symbol->file)
		ret_symbol->short_file = without_folder(view, ret_symbol->file);
	return ret_symbol->function || ret_symbol->file;
}

static bool find_generated(struct vmt_symbols *symbols, const struct vmt_view *view,
			   const struct vmt_rec_frame *frame, struct vmt_symbol *ret_symbol)
{
	if (!vmt_symbols_find_generated(symbols, view->header.pid, view->header.start_realtime,
					frame->map_page, frame->offset - 1, ret_symbol))
		return false;
	if (vmt_v8name_parse(symbols, ret_symbol->function, ret_symbol))
		ret_symbol->short_file = without_folder(view, ret_symbol->file);
	return true;
}

bool vmt_names_find(struct vmt_symbols *symbols, const struct vmt_view *view, uint64_t index,
		    struct vmt_symbol *ret_symbol)
{
	struct vmt_symbols_module wanted;
	struct vmt_rec_module module;
	struct vmt_rec_frame frame;

	if (!vmt_view_frame(view, index, &frame) || !frame.offset ||
	    !vmt_view_module(view, frame.module, &module))
		return false;
	if (module.kind == VMT_MODULE_SCRIPT)
		return find_script(symbols, view, &frame, ret_symbol);
	if (module.kind == VMT_MODULE_JIT)
		return find_generated(symbols, view, &frame, ret_symbol);
	if (module.kind != VMT_MODULE_FILE || !find_module(view, &module, &wanted))
		return false;
	return vmt_symbols_find(symbols, &wanted, frame.offset - 1, ret_symbol);
}

/* A frame in the file of a module. */
struct file_frame {
	struct vmt_rec_module recorded; /* the build-id in `module` points into this */
	struct vmt_symbols_module module;
	struct vmt_symbols_place place;
	struct vmt_view_string path;
	uint32_t number; /* of the module */
};

static bool find_frame(const struct vmt_view *view, uint64_t index, struct file_frame *ret)
{
	struct vmt_rec_frame frame;

	if (!vmt_view_frame(view, index, &frame) || !frame.offset ||
	    !vmt_view_module(view, frame.module, &ret->recorded) ||
	    ret->recorded.kind != VMT_MODULE_FILE ||
	    !find_module(view, &ret->recorded, &ret->module))
		return false;
	ret->place = (struct vmt_symbols_place){ &ret->module, frame.offset };
	ret->path = vmt_view_string(view, ret->recorded.path);
	ret->number = frame.module;
	return true;
}

/*
 * Find a function in the project's own libraries. A system function that ended in a jump is not to
 * blame.
 */
static bool find_in_modules(const struct vmt_names *names, const char *name,
			    struct vmt_symbol *ret_symbol)
{
	uint64_t count = vmt_view_count(names->view, VMT_SECTION_MODULES);
	struct vmt_symbols_module wanted;
	struct vmt_rec_module module;
	struct vmt_view_string path;

	for (uint64_t i = 0; i < count; i++) {
		if (!vmt_view_module(names->view, i, &module) || module.kind != VMT_MODULE_FILE ||
		    !find_module(names->view, &module, &wanted))
			continue;
		path = vmt_view_string(names->view, module.path);
		if (!vmt_report_is_runtime(path) && !vmt_report_is_system(path) &&
		    vmt_symbols_tail_named(names->symbols, &wanted, name, ret_symbol)) {
			ret_symbol->other_module = (uint32_t)i + 1;
			return true;
		}
	}
	return false;
}

/* Is a file among the maps of the recording? Devices are called differently by some file systems. */
static bool is_mapped(const struct vmt_view *view, const char *path)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_RANGES);
	struct vmt_rec_range range;
	struct stat file;

	if (stat(path, &file))
		return false;
	for (uint64_t i = 0; i < count; i++) {
		if (vmt_view_range(view, i, &range) && range.flags & VMT_MAP_USED &&
		    range.inode == file.st_ino)
			return true;
	}
	return false;
}

static bool find_in_library(const struct vmt_names *names, const struct vmt_library *library,
			    const char *name, struct vmt_symbol *ret_symbol)
{
	struct vmt_view_string path = { library->path, (uint32_t)strlen(library->path) };
	struct vmt_symbols_module wanted = { .path = path.bytes,
					     .path_length = path.length,
					     .build_id = (const uint8_t *)"" };
	struct vmt_symbol symbol;

	if (vmt_report_is_runtime(path) || vmt_report_is_system(path) ||
	    !vmt_symbols_tail_named(names->symbols, &wanted, name, &symbol) ||
	    (library->is_guess && !is_mapped(names->view, library->path)))
		return false;
	*ret_symbol = (struct vmt_symbol){
		.function = symbol.function,
		.is_tail = true,
		.other_path = vmt_symbols_text(names->symbols, path.bytes, path.length),
	};
	return true;
}

/*
 * A library whose only function of interest ends in a jump has no frame, so the recording does not
 * know it. It is found as the loader found it. Its build-id is not known, so neither is the line.
 */
static bool find_in_libraries(const struct vmt_names *names, const struct file_frame *call,
			      const char *name, struct vmt_symbol *ret_symbol)
{
	char *file = vmt_must(strndup(call->path.bytes, call->path.length));
	struct vmt_libraries libraries;
	bool found = false;

	vmt_libraries_read(&libraries, file);
	for (size_t i = 0; i < libraries.count && !found; i++)
		found = find_in_library(names, &libraries.item[i], name, ret_symbol);
	vmt_libraries_free(&libraries);
	free(file);
	return found;
}

static bool is_calls_own(const struct vmt_rec_site *site, const char *name)
{
	const char *call = vmt_calls_name(site->call);

	return !strncmp(name, call, strlen(call)) || !strcmp(name, "syscall") ||
	       !strcmp(name, "sbrk");
}

/* Functions are bound on their first call: until then the callee is the loader. */
static bool is_loader(struct vmt_view_string path)
{
	struct vmt_view_string base = vmt_report_base_name(path);

	return base.length > 3 && !memcmp(base.bytes, "ld-", 3);
}

bool vmt_names_find_tail(const struct vmt_names *names, const struct vmt_rec_site *site,
			 uint64_t index, struct vmt_symbol *ret_symbol)
{
	bool is_innermost = index == site->frame_first;
	struct vmt_symbols_callee callee;
	struct file_frame call, inside;

	if (!find_frame(names->view, index, &call) || vmt_report_is_runtime(call.path) ||
	    !vmt_symbols_callee(names->symbols, &call.place, &callee))
		return false;
	if (is_innermost && callee.name && is_calls_own(site, callee.name))
		return false;
	if (!is_innermost &&
	    (!find_frame(names->view, index - 1, &inside) ||
	     (callee.name && is_loader(inside.path)) ||
	     !vmt_symbols_is_outside(names->symbols, &inside.place, &call.module, &callee)))
		return false;
	if (callee.name)
		return find_in_modules(names, callee.name, ret_symbol) ||
		       find_in_libraries(names, &call, callee.name, ret_symbol);
	call.place.offset = callee.offset;
	if (!vmt_symbols_tail_at(names->symbols, &call.place, ret_symbol))
		return false;
	ret_symbol->other_module = call.number + 1;
	return true;
}

/* Did the program's own code call it through a pointer, so that something may be missing between? */
static bool is_by_pointer(const struct vmt_names *names, const struct vmt_rec_site *site,
			  struct vmt_report_spot spot)
{
	struct vmt_symbols_callee callee = { .name = NULL };
	struct file_frame call;

	return spot.frame == site->frame_first && !spot.level &&
	       find_frame(names->view, spot.frame, &call) && !vmt_report_is_runtime(call.path) &&
	       !vmt_report_is_system(call.path) &&
	       !vmt_symbols_callee(names->symbols, &call.place, &callee) && callee.is_by_pointer;
}

bool vmt_names_find_spot(const struct vmt_names *names, const struct vmt_rec_site *site,
			 struct vmt_report_spot spot, struct vmt_symbol *ret_symbol)
{
	const struct vmt_report_spot asked = spot;
	struct vmt_symbol symbol;

	if (vmt_names_find_tail(names, site, spot.frame, &symbol)) {
		if (!spot.level) {
			*ret_symbol = symbol;
			return true;
		}
		spot.level--;
	}
	if (!vmt_names_find(names->symbols, names->view, spot.frame, &symbol))
		return false;
	for (; spot.level && symbol.caller; spot.level--)
		symbol = *symbol.caller;
	symbol.is_by_pointer = is_by_pointer(names, site, asked);
	*ret_symbol = symbol;
	return !spot.level;
}

bool vmt_names_resolve(void *context, const struct vmt_rec_site *site, struct vmt_report_spot spot,
		       struct vmt_report_place *ret_place)
{
	const struct vmt_names *names = context;
	struct vmt_symbol symbol;

	if (!vmt_names_find_spot(names, site, spot, &symbol))
		return false;
	*ret_place = (struct vmt_report_place){
		.function = symbol.function,
		.file = names->is_verbose ? symbol.file : symbol.short_file,
		.line = symbol.line,
		.is_system = symbol.is_system,
		.is_script = symbol.is_script,
		.is_tail = symbol.is_tail,
		.is_by_pointer = symbol.is_by_pointer,
		.other_module = symbol.other_module,
		.other_path = symbol.other_path,
	};
	return true;
}
