/* SPDX-License-Identifier: MIT */
/*
 * A frame of a recording is a module and a return address in it. This asks the symbols about the
 * call before that address, and about each function inlined there. All commands use it, so that
 * they agree.
 */
#include "naming/names.h"
#include "naming/jitname.h"
#include "naming/jumps.h"

#include <string.h>

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
	if (vmt_jitname_parse(symbols, ret_symbol->function, ret_symbol) && ret_symbol->file)
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
	if (module.kind != VMT_MODULE_FILE || !vmt_jumps_file(view, &module, &wanted))
		return false;
	/* Only the C library has this code, and nothing before it has called the handler. */
	if (vmt_report_is_runtime(vmt_view_string(view, module.path)) &&
	    vmt_symbols_is_signal(symbols, &wanted, frame.offset)) {
		*ret_symbol = (struct vmt_symbol){ .function = "<signal handler called>",
						   .is_signal = true };
		return true;
	}
	return vmt_symbols_find(symbols, &wanted, frame.offset - 1, ret_symbol);
}

bool vmt_names_is_whole(struct vmt_symbols *symbols, const struct vmt_view *view, uint64_t index)
{
	struct vmt_symbols_module wanted;
	struct vmt_rec_module module;
	struct vmt_rec_frame frame;

	return vmt_view_frame(view, index, &frame) &&
	       vmt_view_module(view, frame.module, &module) && module.kind == VMT_MODULE_FILE &&
	       vmt_jumps_file(view, &module, &wanted) && vmt_symbols_is_whole(symbols, &wanted);
}

/* Returns how many of the functions that are missing are told: the last of them, up to this number. */
static uint32_t find_tails(const struct vmt_names *names, const struct vmt_rec_site *site,
			   uint64_t index, struct vmt_jumps *ret_jumps)
{
	vmt_jumps_find(names->symbols, names->view, site, index, ret_jumps);
	if (ret_jumps->caller_is_runtime)
		return 0;
	return ret_jumps->is_own && ret_jumps->count ? 1 : ret_jumps->count;
}

bool vmt_names_find_tail(const struct vmt_names *names, const struct vmt_rec_site *site,
			 uint64_t index, uint32_t level, struct vmt_symbol *ret_symbol)
{
	struct vmt_jumps jumps;
	uint32_t count = find_tails(names, site, index, &jumps);

	if (level >= count)
		return false;
	*ret_symbol = jumps.item[count - 1 - level];
	return true;
}

bool vmt_names_find_spot(const struct vmt_names *names, const struct vmt_rec_site *site,
			 struct vmt_report_spot spot, struct vmt_symbol *ret_symbol)
{
	struct vmt_jumps jumps;
	uint32_t tails = find_tails(names, site, spot.frame, &jumps), level = spot.level;
	struct vmt_symbol symbol;

	if (level < tails) {
		*ret_symbol = jumps.item[tails - 1 - level];
		return true;
	}
	if (!vmt_names_find(names->symbols, names->view, spot.frame, &symbol))
		return false;
	for (level -= tails; level && symbol.caller; level--)
		symbol = *symbol.caller;
	symbol.is_by_pointer = !spot.level && vmt_jumps_is_by_pointer(names->symbols, names->view,
								      site, spot.frame);
	*ret_symbol = symbol;
	return !level;
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
