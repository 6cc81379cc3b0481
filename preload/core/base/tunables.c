/* SPDX-License-Identifier: MIT */
/* Reads the text as glibc does: of a name that is set more than once, the last value holds. */
#include "core/base/tunables.h"

static const struct {
	const char *name;
	uint32_t bit;
} tunables[] = {
	{ "glibc.malloc.arena_max", VMT_TUNABLES_ARENA_MAX },
	{ "glibc.malloc.mmap_threshold", VMT_TUNABLES_MMAP_THRESHOLD },
	{ "glibc.pthread.stack_cache_size", VMT_TUNABLES_STACK_CACHE },
};

bool vmt_tunables_next(const char **at, struct vmt_tunables_part *ret_part)
{
	const char *text = *at;
	size_t length = 0, name_length;

	while (*text == ':')
		text++;
	while (text[length] && text[length] != ':' && text[length] != '=')
		length++;
	name_length = length;
	while (text[length] && text[length] != ':')
		length++;
	*at = text + length;
	if (!length)
		return false;
	*ret_part = (struct vmt_tunables_part){ text, length, name_length };
	return true;
}

uint32_t vmt_tunables_bit(const char *name, size_t length)
{
	for (size_t i = 0; i < VMT_COUNT(tunables); i++) {
		if (length == __builtin_strlen(tunables[i].name) &&
		    !__builtin_memcmp(name, tunables[i].name, length))
			return tunables[i].bit;
	}
	return 0;
}

/* "0", "00", "0x0" */
static bool is_zero(const char *text, size_t length)
{
	if (length > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
		text += 2;
		length -= 2;
	}
	for (size_t i = 0; i < length; i++) {
		if (text[i] != '0')
			return false;
	}
	return length > 0;
}

uint32_t vmt_tunables_read(const char *text)
{
	struct vmt_tunables_part part;
	uint32_t bits = 0;

	while (text && vmt_tunables_next(&text, &part)) {
		uint32_t bit = vmt_tunables_bit(part.text, part.name_length);

		bits |= VMT_TUNABLES_SET;
		if (part.length == part.name_length) /* without a value, nothing is set */
			continue;
		bits |= bit;
		if (bit != VMT_TUNABLES_STACK_CACHE)
			continue;
		bits &= ~VMT_TUNABLES_NO_STACK_CACHE;
		if (is_zero(part.text + part.name_length + 1, part.length - part.name_length - 1))
			bits |= VMT_TUNABLES_NO_STACK_CACHE;
	}
	return bits;
}
