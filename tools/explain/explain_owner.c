/* SPDX-License-Identifier: MIT */
/*
 * Examines a stack from the innermost frame outwards, as long as the frames belong to the C library
 * or an allocator; the program's own function names mean nothing. Even a stripped libc exports
 * malloc and pthread_create. See explain_owner.h.
 */
#include "core/report/report.h"
#include "explain/explain_owner.h"
#include "naming/jumps.h"
#include "naming/names.h"

#include <string.h>

#define FRAMES_MAX 12u

static bool is_any(struct vmt_view_string text, const char *const *starts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (vmt_report_starts_with(text, starts[i]))
			return true;
	}
	return false;
}

static bool is_libc(struct vmt_view_string base)
{
	static const char *const names[] = { "libc.so", "libc-", "libpthread", "ld-musl" };

	return is_any(base, names, VMT_COUNT(names));
}

static bool is_loader(struct vmt_view_string base)
{
	static const char *const names[] = { "ld-linux", "ld-2", "ld.so", "ld64.so" };

	return is_any(base, names, VMT_COUNT(names));
}

static bool is_allocator(struct vmt_view_string base)
{
	static const char *const names[] = {
		"libjemalloc", "libtcmalloc", "libmimalloc", "libefence", "libduma",
		"libhoard",    "libsnmalloc", "librpmalloc", "libscudo",  "libhardened_malloc",
	};

	return is_any(base, names, VMT_COUNT(names));
}

static bool is_allocation(const char *function)
{
	static const char *const names[] = {
		"malloc",     "calloc",        "realloc",        "reallocarray",
		"memalign",   "aligned_alloc", "posix_memalign", "valloc",
		"pvalloc",    "sysmalloc",     "_int_malloc",    "new_heap",
		"arena_get2", "__libc_malloc", "__libc_calloc",  "__libc_realloc",
	};

	for (size_t i = 0; function && i < VMT_COUNT(names); i++) {
		if (!strcmp(function, names[i]))
			return true;
	}
	return false;
}

/* With libc's debugging information, the innermost function that was inlined is named. */
static bool is_thread_start(const char *function)
{
	return function && (!strncmp(function, "pthread_create", 14) ||
			    !strncmp(function, "__pthread_create", 16) ||
			    !strncmp(function, "allocate_stack", 14) ||
			    !strncmp(function, "setup_stack_prot", 16));
}

/* musl's loader and its libc are one file, in which only this name tells that a library is loaded. */
static bool is_loading(const char *function)
{
	return function && !strcmp(function, "dlopen");
}

/* Does this frame decide? If not, the next outer one is examined. */
static bool decides(struct vmt_explain_owner *owner, struct vmt_view_string base,
		    const char *function)
{
	if (is_loader(base) || (is_libc(base) && is_loading(function))) {
		owner->hint = VMT_HINT_LIBRARY;
		return true;
	}
	if (is_libc(base) && is_thread_start(function)) {
		owner->hint = VMT_HINT_THREAD_STACK;
		return true;
	}
	if (is_allocator(base) || is_allocation(function)) {
		owner->hint = VMT_HINT_ALLOCATOR;
		owner->module = base;
		return true;
	}
	return !is_libc(base);
}

/* A function that a stack tells of, and its module. */
struct step {
	struct vmt_view_string base; /* the name of the module's file */
	uint32_t module;
	const char *function; /* or NULL */
};

static bool find_base(const struct vmt_view *view, uint32_t index, struct step *ret_step)
{
	struct vmt_rec_module module;

	if (!vmt_view_module(view, index, &module))
		return false;
	ret_step->base = vmt_report_base_name(vmt_view_string(view, module.path));
	ret_step->module = index;
	return true;
}

/* A function that is not on the stack because it ended in a jump. */
static bool find_jump(const struct vmt_view *view, const struct vmt_symbol *jumped,
		      struct step *ret_step)
{
	ret_step->function = jumped->function;
	return jumped->other_module && find_base(view, jumped->other_module - 1, ret_step);
}

/* The last of those that a frame led to decides: it comes before the frame itself. */
static bool jump_decides(struct vmt_explain_owner *owner, const struct vmt_view *view,
			 const struct vmt_rec_site *site, struct vmt_symbols *symbols,
			 uint64_t index)
{
	struct vmt_jumps jumps;
	struct step step;

	vmt_jumps_find(symbols, view, site, index, &jumps);
	return jumps.count && find_jump(view, &jumps.item[jumps.count - 1], &step) &&
	       decides(owner, step.base, step.function);
}

static bool find_frame(const struct vmt_view *view, struct vmt_symbols *symbols, uint64_t index,
		       struct step *ret_step)
{
	struct vmt_rec_frame frame;
	struct vmt_symbol symbol;

	if (!vmt_view_frame(view, index, &frame) || !find_base(view, frame.module, ret_step))
		return false;
	ret_step->function = vmt_names_find(symbols, view, index, &symbol) ? symbol.function : NULL;
	return true;
}

struct vmt_explain_owner vmt_explain_owner(const struct vmt_view *view,
					   const struct vmt_rec_site *site,
					   struct vmt_symbols *symbols)
{
	struct vmt_explain_owner owner = { .call = site->call, .asked = site->asked };
	uint32_t count = vmt_view_frame_count(view, site);
	struct step step;

	if (site->call == VMT_CALL_BRK)
		owner.hint = VMT_HINT_HEAP;
	for (uint32_t i = 0; !owner.hint && i < count && i < FRAMES_MAX; i++) {
		uint64_t index = (uint64_t)site->frame_first + i;

		if (jump_decides(&owner, view, site, symbols, index))
			break;
		if (!find_frame(view, symbols, index, &step))
			break;
		owner.is_programs = !i && !is_libc(step.base) && !is_allocator(step.base);
		if (decides(&owner, step.base, step.function))
			break;
	}
	return owner;
}

/*
 * Functions that give memory back; and in libc's allocator, functions that end in a jump, so that
 * their caller is not on the stack.
 */
static bool is_inside(const char *function, bool is_libcs)
{
	static const char *const names[] = {
		"free",         "cfree",        "__libc_free", "_int_free",       "_int_realloc",
		"munmap_chunk", "mremap_chunk", "systrim",     "heap_trim",       "grow_heap",
		"shrink_heap",  "tcache_init",  "malloc_trim", "__libc_memalign", "_mid_memalign",
	};
	size_t n = is_libcs ? VMT_COUNT(names) : 1;

	for (size_t i = 0; function && i < n; i++) {
		size_t length = strlen(names[i]);

		/* a piece that the compiler has split off, as "tcache_init.part.0" */
		if (!strncmp(function, names[i], length) &&
		    (!function[length] || function[length] == '.'))
			return true;
	}
	return false;
}

/*
 * Is the module recorded as the one that malloc goes to? In the program's own module, only
 * functions with an allocator's names count.
 */
static bool is_recorded(const struct vmt_view *view, uint32_t index)
{
	struct vmt_view_string exe = vmt_view_string(view, view->header.exe);
	uint64_t count = vmt_view_count(view, VMT_SECTION_ALLOCATORS);
	struct vmt_rec_allocator allocator;
	struct vmt_rec_module module;
	struct vmt_view_string path;

	if (!vmt_view_module(view, index, &module))
		return false;
	path = vmt_view_string(view, module.path);
	if (path.length == exe.length && !memcmp(path.bytes, exe.bytes, exe.length))
		return false;
	for (uint64_t i = 0; i < count; i++) {
		if (vmt_view_allocator(view, i, &allocator) && allocator.module == index &&
		    allocator.flags & (VMT_ALLOCATOR_NEXT | VMT_ALLOCATOR_BEFORE))
			return true;
	}
	return false;
}

static bool is_inside_allocator(const struct vmt_view *view, const struct step *step)
{
	return is_allocator(step->base) ||
	       (!is_libc(step->base) && is_recorded(view, step->module)) ||
	       is_allocation(step->function) || is_inside(step->function, is_libc(step->base));
}

/* Returns the module that malloc goes to, or VMT_NO_INDEX. */
static uint32_t next_allocator(const struct vmt_view *view)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_ALLOCATORS);
	struct vmt_rec_allocator allocator;
	uint32_t found = VMT_NO_INDEX;

	for (uint64_t i = 0; i < count; i++) {
		if (!vmt_view_allocator(view, i, &allocator))
			continue;
		if (allocator.flags & VMT_ALLOCATOR_BEFORE)
			return allocator.module;
		if (allocator.flags & VMT_ALLOCATOR_NEXT)
			found = allocator.module;
	}
	return found;
}

/* Those of the C++ library call the allocator, and do nothing else with memory. */
static bool is_operator(const struct vmt_symbol *symbol)
{
	return symbol->is_system && symbol->function &&
	       (!strncmp(symbol->function, "operator new", 12) ||
		!strncmp(symbol->function, "operator delete", 15));
}

/* Returns the allocator that a frame led to by functions that ended in jumps, or VMT_NO_INDEX. */
static uint32_t jumped_into(const struct vmt_view *view, const struct vmt_rec_site *site,
			    struct vmt_symbols *symbols, uint64_t index)
{
	struct vmt_jumps jumps;
	struct step step;

	vmt_jumps_find(symbols, view, site, index, &jumps);
	for (uint32_t i = jumps.count; i-- > 0;) {
		if (find_jump(view, &jumps.item[i], &step) && is_inside_allocator(view, &step))
			return step.module;
		if (is_operator(&jumps.item[i]))
			return next_allocator(view);
	}
	return VMT_NO_INDEX;
}

uint32_t vmt_explain_allocator(const struct vmt_view *view, const struct vmt_rec_site *site,
			       struct vmt_symbols *symbols)
{
	uint32_t count = vmt_view_frame_count(view, site);
	struct step step;
	uint32_t module;

	for (uint32_t i = 0; i < count && i < FRAMES_MAX; i++) {
		uint64_t index = (uint64_t)site->frame_first + i;

		module = jumped_into(view, site, symbols, index);
		if (module != VMT_NO_INDEX)
			return module;
		if (!find_frame(view, symbols, index, &step))
			break;
		if (is_inside_allocator(view, &step))
			return step.module;
		if (!is_libc(step.base))
			break;
	}
	return VMT_NO_INDEX;
}

bool vmt_explain_is_libcs_free(const struct vmt_view *view, const struct vmt_rec_site *site,
			       struct vmt_symbols *symbols)
{
	struct step step;

	return site->call == VMT_CALL_MUNMAP &&
	       find_base(view, vmt_explain_allocator(view, site, symbols), &step) &&
	       is_libc(step.base);
}
