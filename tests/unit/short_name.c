/* SPDX-License-Identifier: MIT */
/* Names that are too long for a line of the report: what distinguishes functions is kept longest. */
#include "core/report/short_name.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct example {
	const char *name;
	size_t room;
	const char *expected;
} examples[] = {
	{ "make_object", 20, "make_object" },
	{ "make_object", 10, "make_ob..." },
	{ "make_object", 1, "mak..." },
	{ "secure::GuardedBuffer::protect_edges", 36, "secure::GuardedBuffer::protect_edges" },
	{ "secure::GuardedBuffer::protect_edges", 31, "...GuardedBuffer::protect_edges" },
	{ "secure::GuardedBuffer::protect_edges", 20, "...protect_edges" },
	{ "secure::GuardedBuffer::protect_edges", 12, "...protec..." },
	{ "Cache<std::string, A<B> >::get", 16, "Cache<...>::get" },
	{ "Cache<std::string, A<B> >::get", 10, "...get" },
	{ "std::vector<int>::emplace_back<int>", 30, "...emplace_back<...>" },
	{ "a::operator<", 10, "...oper..." },
	{ "bits::less<int, char>::operator<", 24, "...less<...>::operator<" },
	{ "bits::less<int, char>::operator<<", 30, "bits::less<...>::operator<<" },
	{ "(anonymous namespace)::serve_one", 20, "...serve_one" },
	{ "pool::round()::{lambda(a::b)#1}::operator()", 20, "...operator()" },
	{ "broken<<<<<<<", 8, "broke..." },
	{ "ends::with::", 8, "...wi..." },
	{ "", 8, "" },
};

Test(short_name, examples)
{
	char buffer[VMT_SHORT_NAME_MAX];

	for (size_t i = 0; i < VMT_COUNT(examples); i++) {
		const struct example *at = &examples[i];
		size_t n = vmt_short_name(at->name, strlen(at->name), at->room, buffer);

		cr_expect(n == strlen(at->expected) && !memcmp(buffer, at->expected, n),
			  "%s in %zu: %.*s instead of %s", at->name, at->room, (int)n, buffer,
			  at->expected);
	}
}

/* Any bytes, in any room: never more than the room, nor than the buffer. */
Test(short_name, bounds)
{
	static const char letters[] = "a:<>(){} operator";
	char name[600], buffer[VMT_SHORT_NAME_MAX];
	unsigned random = 1;

	for (int round = 0; round < 20000; round++) {
		size_t length, room, n;

		for (size_t i = 0; i < sizeof(name); i++) {
			random = random * 1103515245 + 12345;
			name[i] = letters[(random >> 16) % (sizeof(letters) - 1)];
		}
		length = random % sizeof(name);
		room = (random >> 8) % 300;
		n = vmt_short_name(name, length, room, buffer);
		cr_assert(n <= VMT_SHORT_NAME_MAX && (n <= room || n <= 6), "%zu bytes in %zu", n,
			  room);
	}
}
