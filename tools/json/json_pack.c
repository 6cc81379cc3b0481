/* SPDX-License-Identifier: MIT */
/*
 * See json_pack.h. A call site is mostly keys, and a stack mostly frames that other stacks have as
 * well: of 1,000 call sites a tenth of the bytes is left.
 */
#include "json/json_pack.h"
#include "util/must.h"
#include "util/numbered.h"

#define TAG_ARRAY (-1)
#define TAG_STACK (-2)

struct vmt_json_pack {
	struct vmt_numbered *shape; /* by its keys, as JSON */
	struct vmt_numbered *frame; /* the same */
	json_t *shapes;
	json_t *frames;
};

struct vmt_json_pack *vmt_json_pack_new(void)
{
	struct vmt_json_pack *pack = vmt_must_alloc(1, sizeof(*pack));

	pack->shapes = json_array();
	pack->frames = json_array();
	return pack;
}

void vmt_json_pack_free(struct vmt_json_pack *pack)
{
	vmt_numbered_free(pack->shape);
	vmt_numbered_free(pack->frame);
	json_decref(pack->shapes);
	json_decref(pack->frames);
	free(pack);
}

json_t *vmt_json_pack_shapes(const struct vmt_json_pack *pack)
{
	return pack->shapes;
}

json_t *vmt_json_pack_frames(const struct vmt_json_pack *pack)
{
	return pack->frames;
}

static json_int_t number_of(struct vmt_numbered **list, const json_t *value, bool *ret_is_new)
{
	char *text = vmt_must(json_dumps(value, JSON_COMPACT));
	json_int_t number = vmt_numbered(list, text, strlen(text), ret_is_new);

	free(text);
	return number;
}

static json_t *pack_value(struct vmt_json_pack *pack, const char *key, json_t *value);

static json_int_t shape_of(struct vmt_json_pack *pack, json_t *object)
{
	json_t *keys = json_array();
	json_int_t number;
	const char *key;
	json_t *value;
	bool is_new;

	json_object_foreach(object, key, value)
	{
		json_array_append_new(keys, json_string(key));
	}
	number = number_of(&pack->shape, keys, &is_new);
	if (is_new)
		json_array_append(pack->shapes, keys);
	json_decref(keys);
	return number;
}

static json_t *pack_object(struct vmt_json_pack *pack, json_t *object)
{
	json_t *packed = json_array();
	const char *key;
	json_t *value;

	json_array_append_new(packed, json_integer(shape_of(pack, object)));
	json_object_foreach(object, key, value)
	{
		json_array_append_new(packed, pack_value(pack, key, value));
	}
	return packed;
}

static json_t *pack_array(struct vmt_json_pack *pack, json_t *array)
{
	json_t *packed = json_array();
	json_t *value;
	size_t i;

	json_array_append_new(packed, json_integer(TAG_ARRAY));
	json_array_foreach(array, i, value)
	{
		json_array_append_new(packed, pack_value(pack, "", value));
	}
	return packed;
}

static json_t *pack_stack(struct vmt_json_pack *pack, json_t *stack)
{
	json_t *packed = json_array();
	json_t *frame;
	bool is_new;
	size_t i;

	json_array_append_new(packed, json_integer(TAG_STACK));
	json_array_foreach(stack, i, frame)
	{
		json_int_t number = number_of(&pack->frame, frame, &is_new);

		if (is_new)
			json_array_append_new(pack->frames, pack_object(pack, frame));
		json_array_append_new(packed, json_integer(number));
	}
	return packed;
}

static json_t *pack_value(struct vmt_json_pack *pack, const char *key, json_t *value)
{
	if (json_is_object(value))
		return pack_object(pack, value);
	if (!json_is_array(value))
		return json_incref(value);
	return strcmp(key, "stack") ? pack_array(pack, value) : pack_stack(pack, value);
}

json_t *vmt_json_pack(struct vmt_json_pack *pack, const char *key, json_t *value)
{
	json_t *packed = pack_value(pack, key, value);

	json_decref(value);
	return packed;
}
