/* SPDX-License-Identifier: MIT */
/*
 * Messages in the wire format of protocol buffers, as far as a profile needs it: non-negative
 * numbers, bytes, nested messages, packed numbers. Fields that are 0 or empty are left out, as in
 * proto3.
 */
#ifndef VMT_PROTOBUF_H
#define VMT_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

/* Must be zeroed before its first use. */
struct vmt_protobuf {
	unsigned char *data;
	size_t used;
	size_t room;
};

void vmt_protobuf_number(struct vmt_protobuf *message, uint32_t field, uint64_t value);

/*
 * Add bytes, a string, or a message. An empty value is written too, since elements of lists may be
 * empty.
 */
void vmt_protobuf_bytes(struct vmt_protobuf *message, uint32_t field, const void *bytes, size_t n);

/* Add a nested message, and empty it for reuse. */
void vmt_protobuf_message(struct vmt_protobuf *message, uint32_t field, struct vmt_protobuf *inner);

/* Add a number to a list, which vmt_protobuf_message() then adds as a whole. */
void vmt_protobuf_packed(struct vmt_protobuf *list, uint64_t value);

/* Append fields that were written separately. */
void vmt_protobuf_append(struct vmt_protobuf *message, const struct vmt_protobuf *fields);

void vmt_protobuf_free(struct vmt_protobuf *message);

#endif
