/* SPDX-License-Identifier: MIT */
/*
 * A list of files by build-id. Two runs have a few hundred modules, so that it is searched from the
 * front. See twins.h.
 */
#include "symbols/twins.h"

#include <stdlib.h>
#include <string.h>

struct vmt_twin {
	char *path;
	uint8_t build_id[64];
	size_t build_id_length;
	struct vmt_twin *next;
};

static bool has_id(const struct vmt_twin *twin, const uint8_t *id, size_t length)
{
	return twin->build_id_length == length && !memcmp(twin->build_id, id, length);
}

static bool is_known(const struct vmt_twin *twin, const struct vmt_symbols_module *module)
{
	for (; twin; twin = twin->next) {
		if (has_id(twin, module->build_id, module->build_id_length) &&
		    strlen(twin->path) == module->path_length &&
		    !memcmp(twin->path, module->path, module->path_length))
			return true;
	}
	return false;
}

void vmt_twins_add(struct vmt_twin **twins, const struct vmt_symbols_module *module)
{
	struct vmt_twin *twin;

	if (!module->build_id_length || module->build_id_length > sizeof(twin->build_id) ||
	    is_known(*twins, module))
		return;
	twin = calloc(1, sizeof(*twin));
	if (!twin)
		return;
	twin->path = strndup(module->path, module->path_length);
	if (!twin->path) {
		free(twin);
		return;
	}
	memcpy(twin->build_id, module->build_id, module->build_id_length);
	twin->build_id_length = module->build_id_length;
	twin->next = *twins;
	*twins = twin;
}

int vmt_twins_better(const struct vmt_twin *twins, const struct vmt_modulefile *module, int fd)
{
	for (; twins; twins = twins->next) {
		if (has_id(twins, module->build_id, module->build_id_length))
			fd = vmt_modulefile_better(fd, module, twins->path);
	}
	return fd;
}

void vmt_twins_free(struct vmt_twin *twins)
{
	while (twins) {
		struct vmt_twin *next = twins->next;

		free(twins->path);
		free(twins);
		twins = next;
	}
}
