/* SPDX-License-Identifier: MIT */
/*
 * A module is identified by device and inode. The kernel is asked for its path and build-id once,
 * when its first frame is seen. See modules.h.
 */
#include "modules/modules.h"

#include "kernel/ask.h"
#include "store/publish.h"

static bool is_module(const struct vmt_rec_module *module, const struct vmt_vma *vma, uint32_t kind)
{
	return module->kind == kind && module->inode == vma->inode &&
	       vmt_vma_dev(module->dev_major, module->dev_minor) == vma->dev;
}

static uint32_t add_module(struct vmt_state *state, const struct vmt_vma *vma, uint32_t kind)
{
	char path[1024];
	struct vmt_rec_module *module;
	size_t length = 0;

	if (state->modules.count == VMT_MODULES_MAX) {
		vmt_state_note(state, VMT_NOTE_MODULES_FULL);
		return VMT_NO_INDEX;
	}
	module = &state->modules.item[state->modules.count];
	*module = (struct vmt_rec_module){ .inode = vma->inode,
					   .dev_major = vmt_vma_dev_major(vma->dev),
					   .dev_minor = vmt_vma_dev_minor(vma->dev),
					   .kind = kind };
	if (kind == VMT_MODULE_FILE)
		length = vmt_ask_name(state, vma->start, path, sizeof(path), module->build_id,
				      &module->build_id_length);
	if (kind == VMT_MODULE_JIT)
		module->path = vmt_publish_string(state, "jit", 3);
	else if (kind == VMT_MODULE_VDSO)
		module->path = vmt_publish_string(state, "[vdso]", 6);
	else if (kind == VMT_MODULE_FILE)
		module->path = vmt_publish_string(state, path, length);
	vmt_publish_module(state, state->modules.count);
	return state->modules.count++;
}

static uint32_t find_module(struct vmt_state *state, const struct vmt_vma *vma, uint32_t kind)
{
	uint32_t last = state->modules.last;

	if (last < state->modules.count && is_module(&state->modules.item[last], vma, kind))
		return last;
	for (uint32_t i = 0; i < state->modules.count; i++) {
		if (is_module(&state->modules.item[i], vma, kind)) {
			state->modules.last = i;
			return i;
		}
	}
	return add_module(state, vma, kind);
}

static uint32_t kind_of(const struct vmt_state *state, const struct vmt_vma *vma)
{
	if (vma->inode)
		return VMT_MODULE_FILE;
	return vma->start == state->image.vdso ? VMT_MODULE_VDSO : VMT_MODULE_JIT;
}

struct vmt_rec_frame vmt_modules_frame_of(void *context, uint64_t addr)
{
	struct vmt_state *state = context;
	struct vmt_map *map = vmt_space_find(&state->space, addr - 1);

	if (!map)
		return (struct vmt_rec_frame){ .module = VMT_NO_INDEX, .offset = addr };

	const struct vmt_vma *vma = &map->vma;

	return (struct vmt_rec_frame){
		.module = find_module(state, vma, kind_of(state, vma)),
		.map_page =
			kind_of(state, vma) == VMT_MODULE_JIT ? (uint32_t)(vma->start >> 12) : 0,
		.offset = addr - vma->start + vma->offset,
	};
}

void vmt_modules_learn(struct vmt_state *state)
{
	struct vmt_map *map = vmt_space_first(&state->space);

	for (; map; map = vmt_space_next(map))
		if (vmt_vma_is_code(&map->vma) && !(map->vma.flags & VMT_MAP_OWN))
			find_module(state, &map->vma, VMT_MODULE_FILE);
}

/* A script has no device, and a hash of its path in place of the inode. */
uint32_t vmt_modules_script(struct vmt_state *state, const char *path, size_t length, uint64_t hash)
{
	const struct vmt_vma file = { .inode = hash };
	uint32_t count = state->modules.count;
	uint32_t index = find_module(state, &file, VMT_MODULE_SCRIPT);

	if (index != VMT_NO_INDEX && index == count) {
		state->modules.item[index].path = vmt_publish_string(state, path, length);
		vmt_publish_module(state, index);
	}
	return index;
}
