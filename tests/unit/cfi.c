/* SPDX-License-Identifier: MIT */
/*
 * The CFI reader against what readelf says of real libraries, row by row, and
 * against tables that were cut and damaged (built with -fsanitize=address,undefined, any read
 * outside the copy ends the test). VMT_CFI_FILES="A B C" names other files to
 * compare; cfi_against_readelf.sh sets it.
 */
#include <criterion/criterion.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/stack/cfi.h"

struct image {
	uint8_t *bytes; /* the segments at their virtual addresses, from 0 */
	size_t size;
	uint64_t hdr; /* virtual address of .eh_frame_hdr, 0 = none */
};

static size_t image_size(const Elf64_Ehdr *elf, const Elf64_Phdr *phdr)
{
	size_t size = 0;

	for (int i = 0; i < elf->e_phnum; i++)
		if (phdr[i].p_type == PT_LOAD && phdr[i].p_vaddr + phdr[i].p_memsz > size)
			size = phdr[i].p_vaddr + phdr[i].p_memsz;
	return size;
}

static struct image load_image(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat info;
	struct image image = { 0 };
	const uint8_t *file;
	const Elf64_Ehdr *elf;
	const Elf64_Phdr *phdr;

	cr_assert(fd >= 0 && fstat(fd, &info) == 0, "%s", path);
	file = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	cr_assert(file != MAP_FAILED);
	elf = (const void *)file;
	phdr = (const void *)(file + elf->e_phoff);
	image.size = image_size(elf, phdr);
	image.bytes = mmap(NULL, image.size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	cr_assert(image.bytes != MAP_FAILED);
	for (int i = 0; i < elf->e_phnum; i++) {
		if (phdr[i].p_type == PT_LOAD)
			memcpy(image.bytes + phdr[i].p_vaddr, file + phdr[i].p_offset,
			       phdr[i].p_filesz);
		if (phdr[i].p_type == PT_GNU_EH_FRAME)
			image.hdr = phdr[i].p_vaddr;
	}
	munmap((void *)(uintptr_t)file, (size_t)info.st_size);
	return image;
}

static struct vmt_cfi_module module_of(const struct image *image)
{
	uint64_t base = (uint64_t)(uintptr_t)image->bytes;

	return (struct vmt_cfi_module){ base + image->hdr, { base, base + image->size } };
}

/* One comparison: the position in readelf's output, and the result. */
struct comparison {
	struct image image;
	struct vmt_cfi_module module;
	int column_cfa;
	int column_bp; /* -1: the FDE does not mention the register */
	int column_bx;
	int column_ra;
	uint64_t start; /* of the row read last; UINT64_MAX = none */
	char cfa[24];
	char bp[24];
	char bx[24];
	char ra[24];
	uint64_t rows;
	uint64_t inexpressible;
	uint64_t different;
};

static void describe_cfa(const struct vmt_cfi_row *row, char *text, size_t size)
{
	static const char *const names[] = {
		"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp",
		"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"
	};
	enum vmt_cfi_cfa cfa = vmt_cfi_row_cfa(row);

	if (cfa == VMT_CFA_SP || cfa == VMT_CFA_BP)
		snprintf(text, size, "%s%+d", cfa == VMT_CFA_SP ? "rsp" : "rbp", row->cfa_offset);
	else if (cfa == VMT_CFA_REGISTER)
		snprintf(text, size, "%s%+d", names[row->cfa_extra], row->cfa_offset);
	else
		snprintf(text, size, "%s", cfa == VMT_CFA_END ? "end" : "exp");
}

static bool is_same_slot(int words, const char *theirs)
{
	char text[24];

	snprintf(text, sizeof(text), "c%+d", words * 8);
	return !strcmp(theirs, text);
}

/* A register that no instruction has mentioned: readelf prints u or nothing. */
static bool is_unchanged(const char *theirs)
{
	return !strcmp(theirs, "u") || !strcmp(theirs, "s") || !strcmp(theirs, "");
}

static bool is_same_bp(const struct vmt_cfi_row *row, const char *theirs)
{
	switch (vmt_cfi_row_bp(row)) {
	case VMT_BP_SAME: return is_unchanged(theirs);
	case VMT_BP_AT_CFA: return is_same_slot(row->bp_words, theirs);
	case VMT_BP_LOST: return !strcmp(theirs, "u");
	default: return !strcmp(theirs, "exp");
	}
}

/* rbx may be lost: a few functions save it in a register, and fewer save it far away. */
static bool is_same_bx(const struct vmt_cfi_row *row, const char *theirs)
{
	if (row->bx_words == VMT_BX_LOST)
		return true;
	return row->bx_words == VMT_BX_SAME ? is_unchanged(theirs) :
					      is_same_slot(row->bx_words, theirs);
}

/* "exp" says nothing about an expression, except for the PLT's, which the reader computes. */
static bool is_same_row(const struct vmt_cfi_row *row, const struct comparison *with)
{
	char text[24];
	enum vmt_cfi_cfa cfa = vmt_cfi_row_cfa(row);

	if (!strcmp(with->ra, "u") || cfa == VMT_CFA_END)
		return !strcmp(with->ra, "u") && cfa == VMT_CFA_END;
	describe_cfa(row, text, sizeof(text));
	if (strcmp(with->cfa, text) != 0 && (strcmp(with->cfa, "exp") != 0 || cfa != VMT_CFA_SP))
		return false;
	return is_same_bp(row, with->bp) && is_same_bx(row, with->bx) &&
	       (!strcmp(with->ra, "c-8") || cfa == VMT_CFA_SIGNAL);
}

static void compare_at(struct comparison *with, uint64_t pc)
{
	struct vmt_cfi_row row = { 0 };
	int ret = vmt_cfi_row(&with->module, (uint64_t)(uintptr_t)with->image.bytes + pc, &row);

	with->rows++;
	if (ret == -ENOTSUP) {
		with->inexpressible++;
		return;
	}
	if (ret == 0 && is_same_row(&row, with))
		return;
	if (with->different++ < 5)
		fprintf(stderr, "%#lx: %s rbp=%s ra=%s, but %d kinds %#x offset %d words %d\n", pc,
			with->cfa, with->bp, with->ra, ret, row.kinds, row.cfa_offset,
			row.bp_words);
}

/* The row read last extends up to end: compare its first and its last byte. */
static void finish_row(struct comparison *with, uint64_t end)
{
	if (with->start < end) {
		compare_at(with, with->start);
		compare_at(with, end - 1);
	}
	with->start = UINT64_MAX;
}

static void read_columns(struct comparison *with, char *line)
{
	int column = 0;

	with->column_bp = with->column_bx = -1;
	for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n"), column++) {
		if (!strcmp(word, "CFA"))
			with->column_cfa = column;
		else if (!strcmp(word, "rbp"))
			with->column_bp = column;
		else if (!strcmp(word, "rbx"))
			with->column_bx = column;
		else if (!strcmp(word, "ra"))
			with->column_ra = column;
	}
}

static void read_row(struct comparison *with, char *line)
{
	int column = 1;
	uint64_t start = strtoull(strtok(line, " \n"), NULL, 16);

	finish_row(with, start);
	with->start = start;
	with->bp[0] = with->bx[0] = '\0';
	for (char *word = strtok(NULL, " \n"); word; word = strtok(NULL, " \n")) {
		if (word[0] == '(') /* "r8 (r8)" is one column */
			continue;
		if (column == with->column_cfa)
			snprintf(with->cfa, sizeof(with->cfa), "%s", word);
		else if (column == with->column_bp)
			snprintf(with->bp, sizeof(with->bp), "%s", word);
		else if (column == with->column_bx)
			snprintf(with->bx, sizeof(with->bx), "%s", word);
		else if (column == with->column_ra)
			snprintf(with->ra, sizeof(with->ra), "%s", word);
		column++;
	}
}

/* Rows of an FDE come between its title and an empty line; CIEs have rows too, which are skipped.
 */
static void read_output(struct comparison *with, FILE *output)
{
	char line[512];
	uint64_t end = 0;
	bool is_ours = false;
	bool is_fde = false;

	with->start = UINT64_MAX;
	while (fgets(line, sizeof(line), output)) {
		char *range = strstr(line, " pc=");

		if (!strncmp(line, "Contents", 8)) {
			is_ours = strstr(line, ".eh_frame") != NULL;
		} else if (strstr(line, " CIE ") || range) {
			is_fde = range && is_ours;
			end = range ? strtoull(strstr(range, "..") + 2, NULL, 16) : 0;
		} else if (strstr(line, "LOC")) {
			read_columns(with, line);
		} else if (line[0] == '\n') {
			finish_row(with, end);
		} else if (is_fde && strlen(line) > 17 && line[16] == ' ') {
			read_row(with, line);
		}
	}
	finish_row(with, end);
}

static void compare_file(const char *path)
{
	char command[PATH_MAX + 64];
	struct comparison with = { .image = load_image(path) };
	FILE *output;

	with.module = module_of(&with.image);
	snprintf(command, sizeof(command), "readelf -W --debug-dump=frames-interp '%s' 2>/dev/null",
		 path);
	output = popen(command, "r");
	cr_assert(output);
	read_output(&with, output);
	pclose(output);
	printf("%s: %lu rows, %lu inexpressible, %lu different\n", path, with.rows,
	       with.inexpressible, with.different);
	cr_expect(with.rows > 0 && with.different == 0, "%s", path);
	/* The small ones contain setjmp, vfork and libgcc's own unwinder. */
	cr_expect(with.inexpressible <= with.rows / 1000 + 12, "%s", path);
	munmap(with.image.bytes, with.image.size);
}

Test(cfi, rows_equal_those_of_readelf)
{
	const char *named = getenv("VMT_CFI_FILES");
	char *files = strdup(named ? named :
				     "/lib64/ld-linux-x86-64.so.2 "
				     "/lib/x86_64-linux-gnu/libc.so.6");

	for (char *save, *path = strtok_r(files, " ", &save); path;
	     path = strtok_r(NULL, " ", &save))
		compare_file(path);
	free(files);
}

/* Copy ld.so's tables into a block of exactly their size, which is the whole module. */
static struct vmt_cfi_module copy_tables(const struct image *image, uint8_t *copy, size_t size)
{
	uint64_t base = (uint64_t)(uintptr_t)copy;

	memcpy(copy, image->bytes + image->hdr, size);
	return (struct vmt_cfi_module){ base, { base, base + size } };
}

static size_t tables_size(const struct image *image)
{
	size_t size = image->size - image->hdr;

	return size < 24576 ? size : 24576;
}

static void look_up_many(const struct vmt_cfi_module *module, const struct image *image,
			 unsigned int *seed)
{
	struct vmt_cfi_row row;

	for (int i = 0; i < 200; i++) {
		uint64_t vaddr = (uint64_t)rand_r(seed) % image->hdr;
		int ret = vmt_cfi_row(module, module->hdr - image->hdr + vaddr, &row);

		cr_assert(ret == 0 || ret == -ENOENT || ret == -ENOTSUP || ret == -EBADMSG);
	}
}

Test(cfi, damaged_tables_are_not_read_beyond_their_bounds)
{
	struct image image = load_image("/lib64/ld-linux-x86-64.so.2");
	size_t size = tables_size(&image);
	unsigned int seed = (unsigned int)getpid();

	printf("seed %u\n", seed);
	for (int round = 0; round < 500; round++) {
		uint8_t *copy = malloc(size);
		struct vmt_cfi_module module = copy_tables(&image, copy, size);

		/*
		 * The header is damaged only in every eighth round, since that hides everything
		 * else.
		 */
		for (int i = 0; i < 200; i++)
			copy[round % 8 ? 12 + (size_t)rand_r(&seed) % (size - 12) :
					 (size_t)rand_r(&seed) % size] = (uint8_t)rand_r(&seed);
		look_up_many(&module, &image, &seed);
		free(copy);
	}
}

Test(cfi, cut_tables_are_not_read_beyond_their_end)
{
	struct image image = load_image("/lib64/ld-linux-x86-64.so.2");
	unsigned int seed = 1;

	for (size_t size = 0; size < tables_size(&image); size += size < 64 ? 1 : 97) {
		uint8_t *copy = malloc(size);
		struct vmt_cfi_module module = copy_tables(&image, copy, size);

		look_up_many(&module, &image, &seed);
		free(copy);
	}
}
