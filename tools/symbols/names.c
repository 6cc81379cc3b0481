/* SPDX-License-Identifier: MIT */
/*
 * A frame of a recording is a module and a return address in it; this asks the symbols
 * for the call before it. Used by both report formats, so that they agree.
 */
#include "symbols/names.h"

bool vmt_names_find(struct vmt_symbols *symbols, const struct vmt_view *view, uint64_t index,
		    struct vmt_symbol *ret_symbol)
{
	struct vmt_symbols_module wanted;
	struct vmt_rec_module module;
	struct vmt_rec_frame frame;
	struct vmt_view_string path;

	if (!vmt_view_frame(view, index, &frame) || !frame.offset ||
	    !vmt_view_module(view, frame.module, &module))
		return false;
	if (module.kind == VMT_MODULE_JIT)
		return vmt_symbols_find_generated(symbols, view->header.pid,
						  view->header.start_realtime, frame.map_page,
						  frame.offset - 1, ret_symbol);
	if (module.kind != VMT_MODULE_FILE)
		return false;
	path = vmt_view_string(view, module.path);
	if (!path.length)
		return false;
	wanted = (struct vmt_symbols_module){
		.path = path.bytes,
		.path_length = path.length,
		.build_id = module.build_id,
		.build_id_length = module.build_id_length,
	};
	return vmt_symbols_find(symbols, &wanted, frame.offset - 1, ret_symbol);
}
