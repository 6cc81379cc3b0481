/* SPDX-License-Identifier: MIT */
/*
 * Messages in the wire format of protocol buffers, as far as a profile needs it: numbers that are
 * not negative, bytes, messages in messages, packed numbers. Fields that are 0 or empty are left
 * out, as proto3 does.
 */
#ifndef VMT_PROTOBUF_H
#define VMT_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed to begin with. */
struct vmt_protobuf {
	unsigned char *data;
	size_t used;
	size_t room;
};

void vmt_protobuf_number(struct vmt_protobuf *message, uint32_t field, uint64_t value);

/* Bytes, a string, or another message; also if they are empty, which elements of lists may be. */
void vmt_protobuf_bytes(struct vmt_protobuf *message, uint32_t field, const void *bytes, size_t n);

/* The same of a message, which is emptied for the next one. */
void vmt_protobuf_message(struct vmt_protobuf *message, uint32_t field, struct vmt_protobuf *inner);

/* A number of a list that vmt_protobuf_message() adds as a whole. */
void vmt_protobuf_packed(struct vmt_protobuf *list, uint64_t value);

/* Fields that were written apart. */
void vmt_protobuf_append(struct vmt_protobuf *message, const struct vmt_protobuf *fields);

void vmt_protobuf_free(struct vmt_protobuf *message);

#endif
