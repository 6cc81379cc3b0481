/* SPDX-License-Identifier: MIT */
/*
 * The four functions that compilers call implicitly. libc's versions use vector registers, which
 * the call-site stubs do not save; these are used inside the library only.
 */
#include <stddef.h>
#include <stdint.h>

/*
 * Keep the compiler from turning a loop into a call of the very function it is in; for clang,
 * -fno-builtin does this.
 */
#ifdef __clang__
#define HIDDEN __attribute__((visibility("hidden")))
#else
#define HIDDEN __attribute__((visibility("hidden"), optimize("no-tree-loop-distribute-patterns")))
#endif

void *memcpy(void *restrict to, const void *restrict from, size_t size) HIDDEN;
void *memmove(void *to, const void *from, size_t size) HIDDEN;
void *memset(void *to, int byte, size_t size) HIDDEN;
int memcmp(const void *a, const void *b, size_t size) HIDDEN;
size_t strlen(const char *text) HIDDEN;
int strcmp(const char *a, const char *b) HIDDEN;

/* Read before it is written, so that the two may overlap. The compiler makes this two moves. */
static void copy_eight(unsigned char *to, const unsigned char *from)
{
	uint64_t eight;

	__builtin_memcpy(&eight, from, 8);
	__builtin_memcpy(to, &eight, 8);
}

/* `to` may lie in what is copied only if it lies below `from`. */
static void copy_up(unsigned char *to, const unsigned char *from, size_t size)
{
	for (; size >= 8; size -= 8, to += 8, from += 8)
		copy_eight(to, from);
	while (size--)
		*to++ = *from++;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	copy_up(to, from, size);
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	if (t <= f || t >= f + size) {
		copy_up(t, f, size);
		return to;
	}
	for (; size >= 8; size -= 8)
		copy_eight(t + size - 8, f + size - 8);
	while (size--)
		t[size] = f[size];
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	unsigned char *t = to;
	uint64_t eight = (unsigned char)byte * UINT64_C(0x0101010101010101);

	/*
	 * Speed matters a little: the buckets of a hash table are 16 KiB, and each dlclose makes a
	 * new one.
	 */
	for (; size >= 8; size -= 8, t += 8)
		__builtin_memcpy(t, &eight, 8);
	while (size--)
		*t++ = (unsigned char)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *x = a;
	const unsigned char *y = b;

	for (; size--; x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (unsigned char)*a - (unsigned char)*b;
}
