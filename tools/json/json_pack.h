/* SPDX-License-Identifier: MIT */
/*
 * The values of the JSON report in fewer bytes, for a page that holds them. Nothing is
 * lost; tools/html/page/data.js reads them back.
 *
 *   object  [shape, value...]    the keys of each shape are written once
 *   array   [-1, value...]
 *   stack   [-2, number...]      its frames, each of which is written once
 */
#ifndef VMT_JSON_PACK_H
#define VMT_JSON_PACK_H

#include <jansson.h>

struct vmt_json_pack;

struct vmt_json_pack *vmt_json_pack_new(void);
void vmt_json_pack_free(struct vmt_json_pack *pack);

/* The value of an object's key, which is taken over; a new one is returned. */
json_t *vmt_json_pack(struct vmt_json_pack *pack, const char *key, json_t *value);

/* What all that was packed refers to: the keys of each shape, and the frames. The pack's own. */
json_t *vmt_json_pack_shapes(const struct vmt_json_pack *pack);
json_t *vmt_json_pack_frames(const struct vmt_json_pack *pack);

#endif
