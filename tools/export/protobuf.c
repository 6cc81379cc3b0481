/* SPDX-License-Identifier: MIT */
/*
 * A field is a key (its number and its encoding) and a value. Numbers are written in groups of
 * seven bits, the lowest first. See protobuf.h.
 */
#include "export/protobuf.h"
#include "util/must.h"

enum wire_type {
	WIRE_NUMBER = 0,
	WIRE_BYTES = 2,
};

static void append_bytes(struct vmt_protobuf *message, const void *bytes, size_t n)
{
	if (n > message->room - message->used) {
		message->room = (message->room + n) * 2;
		message->data = vmt_must(realloc(message->data, message->room));
	}
	if (n)
		memcpy(message->data + message->used, bytes, n);
	message->used += n;
}

void vmt_protobuf_packed(struct vmt_protobuf *list, uint64_t value)
{
	unsigned char bytes[10];
	size_t n = 0;

	for (; value > 127; value >>= 7)
		bytes[n++] = (unsigned char)(value | 128);
	bytes[n++] = (unsigned char)value;
	append_bytes(list, bytes, n);
}

void vmt_protobuf_number(struct vmt_protobuf *message, uint32_t field, uint64_t value)
{
	if (!value)
		return;
	vmt_protobuf_packed(message, field << 3 | WIRE_NUMBER);
	vmt_protobuf_packed(message, value);
}

void vmt_protobuf_bytes(struct vmt_protobuf *message, uint32_t field, const void *bytes, size_t n)
{
	vmt_protobuf_packed(message, field << 3 | WIRE_BYTES);
	vmt_protobuf_packed(message, n);
	append_bytes(message, bytes, n);
}

void vmt_protobuf_message(struct vmt_protobuf *message, uint32_t field, struct vmt_protobuf *inner)
{
	vmt_protobuf_bytes(message, field, inner->data, inner->used);
	inner->used = 0;
}

void vmt_protobuf_append(struct vmt_protobuf *message, const struct vmt_protobuf *fields)
{
	append_bytes(message, fields->data, fields->used);
}

void vmt_protobuf_free(struct vmt_protobuf *message)
{
	free(message->data);
	*message = (struct vmt_protobuf){ NULL, 0, 0 };
}
