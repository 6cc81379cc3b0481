/* SPDX-License-Identifier: MIT */
/*
 * Which bytes are taken for a call site that can be patched. A plain program: prints what is wrong;
 * status 0 if nothing is.
 */
#include <stdio.h>
#include <string.h>

#include "patch/code.h"

static int failures;

/*
 * Put code at each offset of a page of nops. want: its first site must be at code + want; -1 =
 * none.
 */
static void expect(const char *what, const void *code, size_t size, int want)
{
	static uint8_t page[4096];

	for (size_t offset = 8; offset + size <= 128; offset++) {
		struct vmt_code_site site = { .is_exact = false };
		uint64_t from = (uint64_t)page;
		bool is_found;

		memset(page, 0x90, sizeof(page));
		memcpy(page + offset, code, size);
		is_found = vmt_code_next_site(&from, (uint64_t)page + offset + size, &site) &&
			   site.is_exact;
		if (is_found != (want >= 0) ||
		    (is_found &&
		     (site.addr != (uint64_t)page + offset + (unsigned)want || site.nr != 9))) {
			printf("%s at %zu: found %d\n", what, offset, is_found);
			failures++;
			return;
		}
	}
}

#define EXPECT(what, want, ...)                                \
	do {                                                   \
		static const uint8_t code[] = { __VA_ARGS__ }; \
		expect(what, code, sizeof(code), want);        \
	} while (0)

/* The bytes after a call are examined at the entry of a function, and nowhere else. */
static void expect_tail(const char *what, const void *code, size_t size, enum vmt_code_tail want)
{
	static uint8_t page[4096] __attribute__((aligned(64)));

	for (size_t offset = 32; offset <= 33; offset++) {
		struct vmt_code_site site = { .is_exact = false };
		uint64_t from = (uint64_t)page;

		memset(page, 0x90, sizeof(page));
		memcpy(page + offset, code, size);
		vmt_code_next_site(&from, (uint64_t)page + sizeof(page), &site);
		if (site.tail != (offset % 16 ? VMT_CODE_TAIL_NONE : want)) {
			printf("%s at %zu: tail %d\n", what, offset, (int)site.tail);
			failures++;
		}
	}
}

#define EXPECT_TAIL(what, want, ...)                           \
	do {                                                   \
		static const uint8_t code[] = { __VA_ARGS__ }; \
		expect_tail(what, code, sizeof(code), want);   \
	} while (0)

static void look_at_tails(void)
{
	EXPECT_TAIL("munmap", VMT_CODE_TAIL_ERRNO, 0xb8, 11, 0, 0, 0, 0x0f, 0x05, 0x48, 0x3d, 1,
		    0xf0, 0xff, 0xff, 0x73, 1, 0xc3);
	EXPECT_TAIL("shmdt", VMT_CODE_TAIL_ERRNO, 0xb8, 67, 0, 0, 0, 0x0f, 0x05, 0x48, 0x3d, 0,
		    0xf0, 0xff, 0xff, 0x77, 1, 0xc3);
	EXPECT_TAIL("one that a probe is on", VMT_CODE_TAIL_ERRNO, 0xcc, 11, 0, 0, 0, 0x0f, 0x05,
		    0x48, 0x3d, 1, 0xf0, 0xff, 0xff, 0x73, 1, 0xc3);
	EXPECT_TAIL("another limit", VMT_CODE_TAIL_NONE, 0xb8, 11, 0, 0, 0, 0x0f, 0x05, 0x48, 0x3d,
		    1, 0xe0, 0xff, 0xff, 0x73, 1, 0xc3);
	EXPECT_TAIL("brk", VMT_CODE_TAIL_RDX, 0xb8, 12, 0, 0, 0, 0x0f, 0x05, 0x48, 0x8b, 0x15, 1, 2,
		    3, 4);
	EXPECT_TAIL("munmap with brk's", VMT_CODE_TAIL_NONE, 0xb8, 11, 0, 0, 0, 0x0f, 0x05, 0x48,
		    0x8b, 0x15, 1, 2, 3, 4);
}

/* Reported, but not to be patched. */
static void look_at_shared_mov(void)
{
	static const uint8_t code[] = { 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
					0xba, 11,   0,    0,    0,    0x48, 0x8b, 0x7b,
					0x50, 0x89, 0xd0, 0x0f, 0x05, 0x90 };
	struct vmt_code_site site = { .is_exact = true };
	uint64_t from = (uint64_t)code;

	if (!vmt_code_next_site(&from, (uint64_t)code + sizeof(code), &site) || site.is_exact ||
	    site.nr != 11) {
		printf("mov edx, eax: number %u\n", site.nr);
		failures++;
	}
}

static void look_into_functions(void)
{
	static const uint8_t exits[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x41, 0xb8, 231, 0,
					 0,    0,    0xba, 60,   0,    0,    0 };
	static const uint8_t calls[] = { 0x48, 0x89, 0xf8, 0x0f, 0x05, 0x48, 0x3d,
					 1,    0xf0, 0xff, 0xff, 0x73, 1,    0xc3 };
	uint8_t code[96] = { 0 };

	memcpy(code, exits, sizeof(exits));
	if (vmt_code_find_exit((uint64_t)code) != (uint64_t)code + 4) {
		printf("the place in _exit was not found\n");
		failures++;
	}
	if (vmt_code_find_syscall((uint64_t)code)) {
		printf("a system call in _exit was found\n");
		failures++;
	}
	memcpy(code, calls, sizeof(calls));
	if (vmt_code_find_syscall((uint64_t)code) != (uint64_t)code + 3) {
		printf("the system call in syscall() was not found\n");
		failures++;
	}
}

static void count_neighbours(void)
{
	static const uint8_t one[] = { 0xb8, 9, 0, 0, 0, 0x0f, 0x05 };
	uint8_t text[8 + 3 * sizeof(one)];
	struct vmt_code_site site;
	uint64_t from = (uint64_t)text;
	int count = 0;

	memset(text, 0x90, sizeof(text));
	for (int i = 0; i < 3; i++)
		memcpy(text + 8 + (size_t)i * sizeof(one), one, sizeof(one));
	while (vmt_code_next_site(&from, (uint64_t)text + sizeof(text), &site))
		count += site.is_exact;
	if (count != 3) {
		printf("three sites in a row: found %d\n", count);
		failures++;
	}
}

int main(void)
{
	EXPECT("a site", 0, 0xb8, 9, 0, 0, 0, 0x0f, 0x05);
	EXPECT("after endbr64", 4, 0xf3, 0x0f, 0x1e, 0xfa, 0xb8, 9, 0, 0, 0, 0x0f, 0x05);
	EXPECT("no system call", -1, 0xb8, 9, 0, 0, 0, 0x0f, 0x06);
	EXPECT("a large number", -1, 0xb8, 9, 0, 1, 0, 0x0f, 0x05);
	EXPECT("mov to r8d", -1, 0x41, 0xb8, 9, 0, 0, 0, 0x0f, 0x05);
	EXPECT("movabs", -1, 0x48, 0xb8, 9, 0, 0, 0, 0x0f, 0x05, 0, 0);
	EXPECT("movl to the stack", -1, 0xc7, 0x44, 0x24, 0xb8, 9, 0, 0, 0, 0x0f, 0x05);
	EXPECT("movl below rbp", -1, 0xc7, 0x45, 0xb8, 9, 0, 0, 0, 0x0f, 0x05);
	EXPECT("a plain instruction between", 0, 0xb8, 9, 0, 0, 0, 0x89, 0xf7, 0x0f, 0x05);
	EXPECT("one that reads memory", -1, 0xb8, 9, 0, 0, 0, 0x8b, 0x37, 0x0f, 0x05);
	EXPECT("mmap of glibc 2.31", 0, 0xb9, 9, 0, 0, 0, 0x31, 0xff, 0x41, 0x83, 0xca, 0x40, 0x89,
	       0xc8, 0x0f, 0x05);
	EXPECT("the number in ecx is used", -1, 0xb9, 9, 0, 0, 0, 0x01, 0xcf, 0x89, 0xc8, 0x0f,
	       0x05);
	EXPECT("the number in edx", -1, 0xba, 9, 0, 0, 0, 0x31, 0xff, 0x89, 0xd0, 0x0f, 0x05);
	EXPECT("mov to r9d", -1, 0x41, 0xb9, 9, 0, 0, 0, 0x89, 0xc8, 0x0f, 0x05);
	EXPECT("too many between", -1, 0xb9, 9, 0, 0, 0, 0xbe, 1, 2, 3, 4, 0xbf, 1, 2, 3, 4, 0x89,
	       0xc8, 0x0f, 0x05);
	EXPECT("mov edi, edx before", 2, 0x89, 0xd7, 0xb8, 9, 0, 0, 0, 0x0f, 0x05);
	EXPECT("one that a probe is on", -1, 0xcc, 9, 0, 0, 0, 0x0f, 0x05);
	look_at_tails();
	look_at_shared_mov();
	look_into_functions();
	count_neighbours();
	return failures != 0;
}
