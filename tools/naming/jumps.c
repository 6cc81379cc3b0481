/* SPDX-License-Identifier: MIT */
/*
 * Looks for the function that a call names, as the loader did: among the project's modules, the
 * allocator's, those of the system. See jumps.h.
 */
#include "core/report/report.h"
#include "naming/jumps.h"
#include "naming/libraries.h"
#include "symbols/functions.h"
#include "util/must.h"

#include <string.h>
#include <sys/stat.h>

bool vmt_jumps_file(const struct vmt_view *view, const struct vmt_rec_module *module,
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

/* A place in the file of a module: where a call returned to, or where a function begins. */
struct file_place {
	struct vmt_rec_module recorded; /* the build-id in `module` points into this */
	struct vmt_symbols_module module;
	struct vmt_symbols_place place;
	struct vmt_view_string path;
	uint32_t number; /* of the module; VMT_NO_INDEX: the recording does not have it */
};

struct search {
	struct vmt_symbols *symbols;
	const struct vmt_view *view;
	const struct vmt_rec_site *site;
	struct file_place at;
	struct vmt_jumps *jumps;
};

static bool find_file(const struct vmt_view *view, uint32_t number, struct file_place *ret)
{
	if (!vmt_view_module(view, number, &ret->recorded) ||
	    ret->recorded.kind != VMT_MODULE_FILE ||
	    !vmt_jumps_file(view, &ret->recorded, &ret->module))
		return false;
	ret->place = (struct vmt_symbols_place){ &ret->module, 0 };
	ret->path = vmt_view_string(view, ret->recorded.path);
	ret->number = number;
	return true;
}

static bool find_frame(const struct vmt_view *view, uint64_t index, struct file_place *ret)
{
	struct vmt_rec_frame frame;

	if (!vmt_view_frame(view, index, &frame) || !frame.offset ||
	    !find_file(view, frame.module, ret))
		return false;
	ret->place.offset = frame.offset;
	return true;
}

/* Functions are bound on their first call: until then the callee is the loader. */
static bool is_loader(struct vmt_view_string path)
{
	return vmt_report_starts_with(vmt_report_base_name(path), "ld-");
}

/* The C library itself, whose functions make system calls without a jump to another one. */
static bool is_libc(struct vmt_view_string path)
{
	struct vmt_view_string base = vmt_report_base_name(path);

	return is_loader(path) || vmt_report_starts_with(base, "libc.so") ||
	       vmt_report_starts_with(base, "libc-") || vmt_report_starts_with(base, "libpthread");
}

/* In the order of search. */
enum group {
	GROUP_PROJECT,
	GROUP_ALLOCATOR, /* one of the system that malloc goes to */
	GROUP_LIBC,
	GROUP_SYSTEM,
	GROUP_NONE, /* vmatrace's own library */
};

static bool is_allocators(const struct vmt_view *view, uint32_t number)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_ALLOCATORS);
	struct vmt_rec_allocator allocator;

	for (uint64_t i = 0; i < count; i++) {
		if (vmt_view_allocator(view, i, &allocator) && allocator.module == number &&
		    allocator.flags & (VMT_ALLOCATOR_NEXT | VMT_ALLOCATOR_BEFORE))
			return true;
	}
	return false;
}

/* Find a function of the module that malloc goes to. */
static bool find_next(const struct search *search, const char *name, struct file_place *ret)
{
	uint64_t count = vmt_view_count(search->view, VMT_SECTION_ALLOCATORS);
	struct vmt_rec_allocator allocator;

	for (uint64_t i = 0; i < count; i++) {
		if (vmt_view_allocator(search->view, i, &allocator) &&
		    allocator.flags & VMT_ALLOCATOR_NEXT)
			return find_file(search->view, allocator.module, ret) &&
			       vmt_symbols_named(search->symbols, &ret->module, name,
						 &ret->place.offset);
	}
	return false;
}

static enum group group_of(const struct vmt_view *view, const struct file_place *place)
{
	if (!vmt_report_is_runtime(place->path) && !vmt_report_is_system(place->path))
		return GROUP_PROJECT;
	if (vmt_report_starts_with(vmt_report_base_name(place->path), "libvmatrace"))
		return GROUP_NONE;
	if (is_libc(place->path))
		return GROUP_LIBC;
	return is_allocators(view, place->number) ? GROUP_ALLOCATOR : GROUP_SYSTEM;
}

static bool find_in_group(const struct search *search, enum group group, const char *name,
			  struct file_place *ret)
{
	uint64_t count = vmt_view_count(search->view, VMT_SECTION_MODULES);

	for (uint64_t i = 0; i < count; i++) {
		if (find_file(search->view, (uint32_t)i, ret) &&
		    group_of(search->view, ret) == group &&
		    vmt_symbols_named(search->symbols, &ret->module, name, &ret->place.offset))
			return true;
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

static bool find_in_library(const struct search *search, const struct vmt_library *library,
			    const char *name)
{
	struct vmt_view_string path = { library->path, (uint32_t)strlen(library->path) };
	struct vmt_symbols_module wanted = { .path = path.bytes,
					     .path_length = path.length,
					     .build_id = (const uint8_t *)"" };
	struct vmt_symbols_place place = { &wanted, 0 };
	struct vmt_symbol symbol;

	if (vmt_report_is_runtime(path) || vmt_report_is_system(path) ||
	    !vmt_symbols_named(search->symbols, &wanted, name, &place.offset) ||
	    !vmt_symbols_tail_at(search->symbols, &place, &symbol) ||
	    (library->is_guess && !is_mapped(search->view, library->path)))
		return false;
	search->jumps->item[search->jumps->count++] = (struct vmt_symbol){
		.function = symbol.function,
		.is_tail = true,
		.other_path = vmt_symbols_text(search->symbols, path.bytes, path.length),
	};
	return true;
}

/*
 * A library whose only function of interest ends in a jump has no frame, so the recording does not
 * know it. It is found as the loader found it. Its build-id is not known, so neither is the line.
 */
static bool add_from_libraries(const struct search *search, const char *name)
{
	char *file = vmt_must(strndup(search->at.path.bytes, search->at.path.length));
	struct vmt_libraries libraries;
	bool found = false;

	vmt_libraries_read(&libraries, file);
	for (size_t i = 0; i < libraries.count && !found; i++)
		found = find_in_library(search, &libraries.item[i], name);
	vmt_libraries_free(&libraries);
	free(file);
	return found;
}

/* C++ libraries define "operator delete" and the like, and the C library does not. */
static bool is_operator(const char *name)
{
	static const char *const starts[] = { "_Znw", "_Zna", "_Zdl", "_Zda" };

	for (size_t i = 0; i < VMT_COUNT(starts); i++) {
		if (!strncmp(name, starts[i], strlen(starts[i])))
			return true;
	}
	return false;
}

/* The name is all that is known of it. */
static void add_operator(const struct search *search, const char *name)
{
	char *plain = vmt_must(vmt_functions_plain_name(name));

	search->jumps->item[search->jumps->count++] = (struct vmt_symbol){
		.function = vmt_symbols_text(search->symbols, plain, strlen(plain)),
		.is_tail = true,
		.is_system = true,
		.other_path = "",
	};
	free(plain);
}

static bool is_calls_own(const struct vmt_rec_site *site, const char *name)
{
	const char *call = vmt_calls_name(site->call);

	return !strncmp(name, call, strlen(call)) || !strcmp(name, "syscall") ||
	       !strcmp(name, "sbrk");
}

/* Add the function that begins at search->at, of which this is the group. */
static bool add_function(const struct search *search, enum group group)
{
	struct vmt_symbol *symbol = &search->jumps->item[search->jumps->count];
	struct vmt_symbols_callee callee = { .has_syscall = false };

	vmt_symbols_jump(search->symbols, &search->at.place, &callee);
	/* One that made the call itself is not on the stack either, and has not jumped. */
	if ((group != GROUP_PROJECT && callee.has_syscall) ||
	    !vmt_symbols_tail_at(search->symbols, &search->at.place, symbol))
		return false;
	symbol->is_by_pointer = group == GROUP_PROJECT && callee.is_by_pointer;
	symbol->other_module = search->at.number + 1;
	symbol->is_system |= group != GROUP_PROJECT;
	search->jumps->is_own |= !search->jumps->count && group == GROUP_PROJECT;
	search->jumps->count++;
	return true;
}

static void go_to(struct search *search, const struct file_place *found)
{
	search->at = *found;
	search->at.place.module = &search->at.module;
	search->at.module.build_id = search->at.recorded.build_id;
}

/* Go to the function of this name and add it, or add what else is known. Returns false at the end. */
static bool add_named(struct search *search, const char *name, bool is_innermost)
{
	enum group group;
	struct file_place found;

	for (group = GROUP_PROJECT; group < GROUP_NONE; group++) {
		if (find_in_group(search, group, name, &found))
			break;
		if (group == GROUP_PROJECT && !search->jumps->count &&
		    add_from_libraries(search, name)) {
			search->jumps->is_own = true;
			return false;
		}
		if (!is_innermost)
			return false;
	}
	if (group == GROUP_NONE && is_operator(name))
		add_operator(search, name);
	if (group == GROUP_NONE || group == GROUP_LIBC)
		return false;
	go_to(search, &found);
	return add_function(search, group);
}

/* Add what the last function jumped to. */
static bool add_next(struct search *search)
{
	struct vmt_symbols_callee callee;

	if (search->jumps->count == VMT_JUMPS_MAX ||
	    !vmt_symbols_jump(search->symbols, &search->at.place, &callee))
		return false;
	if (callee.name)
		return !is_calls_own(search->site, callee.name) &&
		       add_named(search, callee.name, true);
	search->at.place.offset = callee.offset;
	return add_function(search, group_of(search->view, &search->at));
}

/* Follow the jumps from what the call of a frame names. The frame is at search->at. */
static void follow(struct search *search, uint64_t index)
{
	bool is_innermost = index == search->site->frame_first, goes_on;
	bool is_runtime = search->jumps->caller_is_runtime;
	struct vmt_symbols_callee callee;
	struct file_place inside;

	if ((is_runtime && !is_innermost) ||
	    !vmt_symbols_callee(search->symbols, &search->at.place, &callee))
		return;
	if (callee.name ? is_innermost && is_calls_own(search->site, callee.name) : is_runtime)
		return;
	if (!is_innermost &&
	    (!find_frame(search->view, index - 1, &inside) ||
	     (callee.name && is_loader(inside.path)) ||
	     !vmt_symbols_is_outside(search->symbols, &inside.place, &search->at.module, &callee)))
		return;
	if (callee.name) {
		goes_on = add_named(search, callee.name, is_innermost);
	} else {
		search->at.place.offset = callee.offset;
		goes_on = add_function(search, GROUP_PROJECT);
	}
	/* Where others are on the stack, so is what it jumped to. */
	if (!is_innermost && search->jumps->count)
		search->jumps->item[0].is_by_pointer = false;
	while (goes_on && is_innermost)
		goes_on = add_next(search);
}

/* The allocator's free is known to be missing. Add it if the jumps have not led to the allocator. */
static void add_free(struct search *search)
{
	struct vmt_jumps *jumps = search->jumps;
	struct file_place found;
	enum group group;

	if (jumps->count == VMT_JUMPS_MAX || !find_next(search, "free", &found) ||
	    found.number == search->at.number)
		return;
	group = group_of(search->view, &found);
	go_to(search, &found);
	if (add_function(search, group) && group == GROUP_PROJECT)
		jumps->is_own = false;
}

void vmt_jumps_find(struct vmt_symbols *symbols, const struct vmt_view *view,
		    const struct vmt_rec_site *site, uint64_t index, struct vmt_jumps *ret_jumps)
{
	struct search search = { symbols, view, site, .jumps = ret_jumps };

	ret_jumps->count = 0;
	ret_jumps->is_own = false;
	ret_jumps->caller_is_runtime = false;
	if (!find_frame(view, index, &search.at))
		return;
	ret_jumps->caller_is_runtime = vmt_report_is_runtime(search.at.path);
	follow(&search, index);
	if (index == site->frame_first && site->flags & VMT_SITE_OF_FREE)
		add_free(&search);
}

bool vmt_jumps_is_by_pointer(struct vmt_symbols *symbols, const struct vmt_view *view,
			     const struct vmt_rec_site *site, uint64_t index)
{
	struct vmt_symbols_callee callee = { .name = NULL };
	struct file_place call;

	return index == site->frame_first && find_frame(view, index, &call) &&
	       !vmt_report_is_runtime(call.path) && !vmt_report_is_system(call.path) &&
	       !vmt_symbols_callee(symbols, &call.place, &callee) && callee.is_by_pointer;
}
