/* SPDX-License-Identifier: MIT */
/* What GLIBC_TUNABLES sets, as glibc reads it. */
#include "core/base/tunables.h"

#include <criterion/criterion.h>

#define SET   VMT_TUNABLES_SET
#define ARENA VMT_TUNABLES_ARENA_MAX
#define CACHE VMT_TUNABLES_STACK_CACHE
#define NONE  VMT_TUNABLES_NO_STACK_CACHE

static const struct example {
	const char *text;
	uint32_t expected;
} examples[] = {
	{ NULL, 0 },
	{ "", 0 },
	{ ":::", 0 },
	{ "glibc.malloc.check=3", SET },
	{ "glibc.malloc.arena_max=8", SET | ARENA },
	{ ":glibc.malloc.check=3::glibc.malloc.arena_max=8:", SET | ARENA },
	{ "glibc.malloc.arena_max=8:glibc.malloc.mmap_threshold=0x1000",
	  SET | ARENA | VMT_TUNABLES_MMAP_THRESHOLD },
	{ "glibc.malloc.arena_max", SET },
	{ "glibc.malloc.arena_max:x=1", SET },
	{ "glibc.malloc.arena_maximum=8", SET },
	{ "xglibc.malloc.arena_max=8", SET },
	{ "x=glibc.malloc.arena_max=8", SET },
	{ "glibc.pthread.stack_cache_size=4096", SET | CACHE },
	{ "glibc.pthread.stack_cache_size=0", SET | CACHE | NONE },
	{ "glibc.pthread.stack_cache_size=0x00:a=b", SET | CACHE | NONE },
	{ "glibc.pthread.stack_cache_size=", SET | CACHE },
	{ "glibc.pthread.stack_cache_size=0:glibc.pthread.stack_cache_size=010", SET | CACHE },
	{ "glibc.pthread.stack_cache_size=1:glibc.pthread.stack_cache_size=0", SET | CACHE | NONE },
};

Test(tunables, examples)
{
	for (size_t i = 0; i < VMT_COUNT(examples); i++) {
		uint32_t bits = vmt_tunables_read(examples[i].text);

		cr_expect(bits == examples[i].expected, "%s: %x instead of %x",
			  examples[i].text ? examples[i].text : "not set", bits,
			  examples[i].expected);
	}
}
