/* SPDX-License-Identifier: MIT */
/*
 * Two tables: recorded stacks by call, modules and offsets, which are found without looking up a
 * name, and call sites by names, to which they lead. So each different stack is named once, however
 * many recordings have it. See combine.h.
 */
#include "input/load.h"
#include "combine/combine.h"
#include "combine/progress.h"
#include "util/message.h"
#include "util/must.h"

#include "core/report/report.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

/* A frame of a key; bytes are compared, so there is no padding. */
struct key_frame {
	uint64_t offset; /* 0 in generated code, whose places mean nothing in another process */
	uint32_t module; /* number of a vmt_combine_module */
	uint32_t reserved;
};
static_assert(sizeof(struct key_frame) == 16, "no padding");

struct vmt_combine_known {
	struct vmt_combine_site *site; /* NULL: beyond VMT_COMBINE_SITES_MAX */
	struct key_frame *key; /* the program and call, then the frames */
	UT_hash_handle hh;
};

/* A build-id, or the base name of a file that has none. */
struct vmt_combine_module {
	char *key;
	uint32_t number;
	UT_hash_handle hh;
};

/* The recording that is being read. */
struct reader {
	struct vmt_combine *combine;
	struct vmt_combine_program *program;
	const struct vmt_view *view;
	uint32_t *module; /* the number of each module of the recording */
	uint64_t modules;
	uint32_t program_number;
};

static uint32_t number_module(struct vmt_combine *combine, char *key, bool *ret_new)
{
	struct vmt_combine_module *module;

	HASH_FIND_STR(combine->modules, key, module);
	*ret_new = !module;
	if (module) {
		free(key);
		return module->number;
	}
	module = vmt_must_alloc(1, sizeof(*module));
	module->key = key;
	module->number = HASH_COUNT(combine->modules) + 1;
	HASH_ADD_KEYPTR(hh, combine->modules, module->key, strlen(module->key), module);
	return module->number;
}

static char *module_key(const struct vmt_view *view, const struct vmt_rec_module *module)
{
	struct vmt_view_string base = vmt_report_base_name(vmt_view_string(view, module->path));
	char *key = vmt_must_format("%u/", module->kind);

	if (!module->build_id_length) {
		free(key);
		return vmt_must_format("%u:%.*s", module->kind, (int)base.length, base.bytes);
	}
	for (uint32_t i = 0; i < module->build_id_length && i < VMT_BUILD_ID_MAX; i++) {
		char *longer = vmt_must_format("%s%02x", key, module->build_id[i]);

		free(key);
		key = longer;
	}
	return key;
}

static bool is_executable(const struct vmt_view *view, const struct vmt_rec_module *module)
{
	struct vmt_view_string exe = vmt_view_string(view, view->header.exe);
	struct vmt_view_string path = vmt_view_string(view, module->path);

	return exe.length == path.length && !memcmp(exe.bytes, path.bytes, path.length);
}

/* A build of the program is counted when it is seen for the first time. */
static void count_build(struct reader *reader, const struct vmt_rec_module *module)
{
	char *id = module_key(reader->view, module);
	bool is_new;

	number_module(reader->combine,
		      vmt_must_format("build of %s: %s", reader->program->name, id), &is_new);
	reader->program->builds += is_new;
	free(id);
}

static void number_modules(struct reader *reader)
{
	struct vmt_rec_module module;
	bool is_new;

	reader->modules = vmt_view_count(reader->view, VMT_SECTION_MODULES);
	reader->module = vmt_must_alloc(reader->modules, sizeof(*reader->module));
	for (uint64_t i = 0; i < reader->modules; i++) {
		if (!vmt_view_module(reader->view, i, &module))
			continue;
		reader->module[i] =
			number_module(reader->combine, module_key(reader->view, &module), &is_new);
		if (is_executable(reader->view, &module))
			count_build(reader, &module);
	}
}

static struct key_frame key_of_frame(const struct reader *reader, uint64_t index)
{
	struct vmt_rec_frame frame;
	struct key_frame key = { .offset = 0 };

	if (!vmt_view_frame(reader->view, index, &frame) || frame.module >= reader->modules)
		return key;
	key.module = reader->module[frame.module];
	key.offset = frame.map_page ? 0 : frame.offset;
	return key;
}

/* Returns the number of elements in ret_key, which has room for VMT_FRAMES_MAX + 1. */
static size_t read_key(const struct reader *reader, const struct vmt_rec_site *site,
		       struct key_frame *ret_key)
{
	uint32_t count = vmt_view_frame_count(reader->view, site);

	ret_key[0] = (struct key_frame){ .offset = site->call, .module = reader->program_number };
	for (uint32_t i = 0; i < count; i++)
		ret_key[i + 1] = key_of_frame(reader, (uint64_t)site->frame_first + i);
	return count + 1;
}

static bool has_all_names(const struct vmt_stack *stack)
{
	for (uint32_t i = 0; i < stack->count; i++) {
		if (stack->frame[i].is_user && !stack->frame[i].function)
			return false;
	}
	return true;
}

/* Stacks without names are equal only if they are at the same places in the same builds. */
static char *name_key(const struct vmt_combine *combine, uint32_t call,
		      const struct vmt_stack *stack)
{
	char *names = vmt_stack_key(stack, false);
	char *key;

	if (has_all_names(stack))
		key = vmt_must_format("%u\n%s", call, names);
	else
		key = vmt_must_format("%u\n%s\n%u", call, names, HASH_COUNT(combine->known));
	free(names);
	return key;
}

static struct vmt_combine_site *name_site(const struct reader *reader,
					  const struct vmt_rec_site *recorded)
{
	struct vmt_combine_site *site;
	struct vmt_stack stack;
	char *key;

	if (HASH_COUNT(reader->program->sites) >= VMT_COMBINE_SITES_MAX)
		return NULL;
	vmt_stack_read(&stack, reader->view, recorded, reader->combine->symbols);
	key = name_key(reader->combine, recorded->call, &stack);
	HASH_FIND_STR(reader->program->sites, key, site);
	if (site) {
		free(key);
		vmt_stack_free(&stack);
		return site;
	}
	site = vmt_must_alloc(1, sizeof(*site));
	site->key = key;
	site->call = recorded->call;
	site->stack = stack;
	HASH_ADD_KEYPTR(hh, reader->program->sites, site->key, strlen(site->key), site);
	return site;
}

/* Returns NULL if there is no room for another. */
static struct vmt_combine_site *find_site(const struct reader *reader,
					  const struct vmt_rec_site *recorded)
{
	struct key_frame key[VMT_FRAMES_MAX + 1];
	struct vmt_combine *combine = reader->combine;
	size_t size = read_key(reader, recorded, key) * sizeof(*key);
	struct vmt_combine_known *known;

	HASH_FIND(hh, combine->known, key, size, known);
	if (known)
		return known->site;
	if (HASH_COUNT(combine->known) >= VMT_COMBINE_SITES_MAX)
		return NULL;
	known = vmt_must_alloc(1, sizeof(*known));
	known->site = name_site(reader, recorded);
	known->key = vmt_must(malloc(size));
	memcpy(known->key, key, size);
	HASH_ADD_KEYPTR(hh, combine->known, known->key, size, known);
	return known->site;
}

static void combine_site(struct reader *reader, uint64_t index, uint64_t live)
{
	struct vmt_combine_site *site;
	struct vmt_rec_site recorded;
	uint64_t peak;

	if (!vmt_view_site(reader->view, index, &recorded))
		return;
	peak = vmt_view_live_at_peak(reader->view, &recorded, live);
	if (peak > INT64_MAX)
		peak = 0;
	if (!live && !peak)
		return;
	site = find_site(reader, &recorded);
	if (!site) {
		reader->program->other += live > peak ? live : peak;
		return;
	}
	site->live += live;
	site->peak += peak;
	site->calls += recorded.counters.calls;
	site->current += live > peak ? live : peak;
}

static void add_sites(struct reader *reader)
{
	uint64_t count = vmt_view_count(reader->view, VMT_SECTION_SITES);
	struct vmt_view_totals *totals = vmt_must_alloc(count, sizeof(*totals));
	struct vmt_combine_site *site;

	vmt_view_totals(reader->view, totals, count);
	for (uint64_t i = VMT_SITE_FIRST; i < count; i++)
		combine_site(reader, i, totals[i].live);
	free(totals);
	for (site = reader->program->sites; site; site = site->hh.next) {
		site->recordings += site->current != 0;
		if (site->current > site->most)
			site->most = site->current;
		site->current = 0;
	}
}

static void add_run(struct vmt_combine_program *program,
		    const struct vmt_loaded_recording *recording)
{
	const struct vmt_view *view = &recording->view;
	struct vmt_combine_run run = { vmt_view_maps_now(view), view->header.maps_peak };
	uint64_t limit = view->header.maps_limit;

	program->run = vmt_must_grow(program->run, program->runs, sizeof(*program->run));
	program->run[program->runs++] = run;
	program->near += limit && run.peak >= limit - limit / 5;
	program->refused += vmt_report_is_limit_reached(view);
	program->inexact += !vmt_view_is_exact(view);
	if (limit && (!program->limit || limit < program->limit))
		program->limit = limit;
	if (program->highest && run.peak <= program->top.peak)
		return;
	free(program->highest);
	program->highest = vmt_must_copy(recording->name);
	program->top = run;
}

static struct vmt_combine_program *find_program(struct vmt_combine *combine,
						const struct vmt_view *view)
{
	struct vmt_view_string base = vmt_report_base_name(vmt_view_string(view, view->header.exe));
	char *name = vmt_must(strndup(base.bytes, base.length));
	struct vmt_combine_program *program;

	HASH_FIND_STR(combine->programs, name, program);
	if (program) {
		free(name);
		return program;
	}
	program = vmt_must_alloc(1, sizeof(*program));
	program->name = name;
	HASH_ADD_KEYPTR(hh, combine->programs, program->name, strlen(program->name), program);
	return program;
}

static void add_recording(struct vmt_combine *combine, const struct vmt_loaded_recording *recording)
{
	struct reader reader = { .combine = combine, .view = &recording->view };
	bool is_new;

	reader.program = find_program(combine, reader.view);
	if (reader.view->header.end == VMT_END_EXEC) {
		reader.program->became++;
		return;
	}
	reader.program_number = number_module(
		combine, vmt_must_format("program %s", reader.program->name), &is_new);
	number_modules(&reader);
	add_run(reader.program, recording);
	add_sites(&reader);
	free(reader.module);
}

struct names {
	char **item;
	size_t count;
};

static void add_name(struct names *names, char *name)
{
	names->item = vmt_must_grow(names->item, names->count, sizeof(*names->item));
	names->item[names->count++] = name;
}

/* The recordings of a directory. Anything else, and an empty one, is left to vmt_load_path(). */
static void list(struct names *names, const char *path)
{
	size_t before = names->count;
	struct dirent *entry;
	DIR *dir = opendir(path);

	while (dir && (entry = readdir(dir))) {
		if (vmt_load_is_recording_name(entry->d_name))
			add_name(names, vmt_must_format("%s/%s", path, entry->d_name));
	}
	if (dir)
		closedir(dir);
	if (names->count == before)
		add_name(names, vmt_must_copy(path));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A recording that was named twice counts once. */
static void sort_names(struct names *names)
{
	size_t kept = 0;

	qsort(names->item, names->count, sizeof(*names->item), by_text);
	for (size_t i = 0; i < names->count; i++) {
		if (kept && !strcmp(names->item[kept - 1], names->item[i]))
			free(names->item[i]);
		else
			names->item[kept++] = names->item[i];
	}
	names->count = kept;
}

int vmt_combine_read(struct vmt_combine *ret_combine, char **path, size_t count,
		     const char *symbols)
{
	struct vmt_progress progress;
	struct names names = { NULL, 0 };
	int result = 0;

	*ret_combine = (struct vmt_combine){ .symbols = vmt_must(vmt_symbols_new(symbols)) };
	for (size_t i = 0; i < count; i++)
		list(&names, path[i]);
	sort_names(&names);
	vmt_progress_begin(&progress, names.count);
	for (size_t i = 0; i < names.count; i++) {
		struct vmt_recordings one = { NULL, 0 };
		int ret = vmt_load_path(&one, names.item[i]);

		for (size_t k = 0; k < one.count; k++)
			add_recording(ret_combine, &one.item[k]);
		ret_combine->read += one.count;
		ret_combine->bad += ret != 0;
		result = ret ? ret : result;
		vmt_load_free(&one);
		free(names.item[i]);
		vmt_progress_step(&progress, i + 1);
	}
	vmt_progress_end(&progress);
	free(names.item);
	return result;
}

const struct vmt_combine_program *vmt_combine_find(const struct vmt_combine *combine,
						   const char *name)
{
	const struct vmt_combine_program *program = combine->programs, *found = NULL;

	for (; program; program = program->hh.next) {
		if (!program->runs || (name && strcmp(program->name, name) != 0))
			continue;
		if (!found || program->top.peak > found->top.peak)
			found = program;
	}
	return found;
}

static void free_program(struct vmt_combine_program *program)
{
	struct vmt_combine_site *site, *next;

	HASH_ITER(hh, program->sites, site, next)
	{
		HASH_DEL(program->sites, site);
		vmt_stack_free(&site->stack);
		free(site->key);
		free(site);
	}
	free(program->run);
	free(program->highest);
	free(program->name);
	free(program);
}

void vmt_combine_free(struct vmt_combine *combine)
{
	struct vmt_combine_program *program, *next_program;
	struct vmt_combine_known *known, *next_known;
	struct vmt_combine_module *module, *next_module;

	HASH_ITER(hh, combine->programs, program, next_program)
	{
		HASH_DEL(combine->programs, program);
		free_program(program);
	}
	HASH_ITER(hh, combine->known, known, next_known)
	{
		HASH_DEL(combine->known, known);
		free(known->key);
		free(known);
	}
	HASH_ITER(hh, combine->modules, module, next_module)
	{
		HASH_DEL(combine->modules, module);
		free(module->key);
		free(module);
	}
	vmt_symbols_free(combine->symbols);
}
