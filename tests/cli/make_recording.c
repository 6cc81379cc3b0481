/* SPDX-License-Identifier: MIT */
/*
 * make_recording FILE [SITES [PID [PARENT START [exec]]]]: a recording whose call sites are stacks
 * of this very program and of libc, so that the tool's names can be compared with the source. Used
 * by the shell tests beside it; needs no library.
 */
#define SAMPLE_SCALE 64u
#include "../unit/sample_recording.h"

#include <execinfo.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct sample sample;
static void *pcs[2][32];
static int counts[2];

/* Returns the module index of a mapped file, which is added with its build-id if it is new. */
static uint32_t module_of(const char *path, const ElfW(Nhdr) * note)
{
	uint64_t count = sample.header->section[VMT_SECTION_MODULES].used;
	struct vmt_rec_module *module;
	uint32_t index;

	for (uint64_t i = 0; i < count; i++) {
		module = sample_at(&sample, VMT_SECTION_MODULES, i);
		if (module->path.length == strlen(path) &&
		    !memcmp(sample_at(&sample, VMT_SECTION_STRINGS, module->path.offset), path,
			    strlen(path)))
			return (uint32_t)i;
	}
	index = sample_module(&sample, path);
	module = sample_at(&sample, VMT_SECTION_MODULES, index);
	if (note) {
		module->build_id_length = note->n_descsz;
		memcpy(module->build_id, (const char *)(note + 1) + 4, note->n_descsz);
	}
	return index;
}

static const ElfW(Nhdr) * build_id_note(const struct dl_phdr_info *info)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		const char *at = (const char *)info->dlpi_addr + header->p_vaddr;
		const char *end = at + header->p_memsz;

		while (header->p_type == PT_NOTE && at < end) {
			const ElfW(Nhdr) *note = (const void *)at;

			if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4)
				return note;
			at += sizeof(*note) + ((note->n_namesz + 3) & ~3u) +
			      ((note->n_descsz + 3) & ~3u);
		}
	}
	return NULL;
}

static int add_frame(struct dl_phdr_info *info, size_t size, void *data)
{
	uint64_t pc = *(const uint64_t *)data - info->dlpi_addr;
	char exe[4096];
	const char *path = info->dlpi_name;
	ssize_t n;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type != PT_LOAD || pc - header->p_vaddr >= header->p_memsz)
			continue;
		n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
		if (!*path && n > 0) {
			exe[n] = '\0';
			path = exe;
		}
		sample_frame(&sample, module_of(path, build_id_note(info)),
			     pc - header->p_vaddr + header->p_offset);
		return 1;
	}
	return 0;
}

__attribute__((noinline)) static int compare(const void *a, const void *b)
{
	if (!counts[0])
		counts[0] = backtrace(pcs[0], 32); /* LINE-COMPARE */
	return *(const int *)a - *(const int *)b;
}

static inline __attribute__((always_inline)) void inlined(void)
{
	counts[1] = backtrace(pcs[1], 32); /* LINE-INLINED */
}

__attribute__((noinline)) static void sort(void)
{
	int numbers[] = { 3, 1, 2 };

	qsort(numbers, 3, sizeof(numbers[0]), compare); /* LINE-SORT */
	inlined();
	__asm__ volatile("" : : "r"(numbers) : "memory");
}

static void add_sites(int sites)
{
	for (int i = 0; i < sites; i++) {
		int which = i & 1;

		for (int k = 0; k < counts[which]; k++)
			dl_iterate_phdr(add_frame, &pcs[which][k]);
		/*
		 * Sites beyond the second get other offsets in libc, each of which is looked up
		 * separately.
		 */
		if (i > 1)
			((struct vmt_rec_frame *)sample_at(
				 &sample, VMT_SECTION_FRAMES,
				 sample.header->section[VMT_SECTION_FRAMES].used - 1))
				->offset += (uint64_t)i;
		sample_site(&sample, VMT_CALL_MMAP, (uint16_t)counts[which],
			    (struct vmt_rec_counters){ .calls = 1, .created = 1 });
		sample_range(&sample, 0x10000000 + (uint64_t)i * 8192, 1, 2 + (uint32_t)i);
	}
}

int main(int argc, char **argv)
{
	FILE *file = argc > 1 ? fopen(argv[1], "w") : NULL;

	if (!file)
		return 2;
	sort();
	sample_init(&sample);
	if (argc > 3)
		sample.header->pid = (uint32_t)atoi(argv[3]);
	if (argc > 5) {
		sample.header->parent_pid = (uint32_t)atoi(argv[4]);
		sample.header->start_realtime += (uint64_t)atoi(argv[5]);
	}
	if (argc > 6)
		sample.header->end = VMT_END_EXEC;
	add_sites(argc > 2 ? atoi(argv[2]) : 2);
	if (getenv("START")) /* this many more maps at the start, of a parent */
		sample.header->maps_start += (uint64_t)atoi(getenv("START"));
	if (getenv("PEAK")) { /* this many more maps at the peak, all of the second call site */
		struct vmt_rec_site *second = sample_at(&sample, VMT_SECTION_SITES, 3);

		sample.header->maps_peak += (uint64_t)atoi(getenv("PEAK"));
		second->live_at_peak += (uint64_t)atoi(getenv("PEAK"));
		second->peak_epoch = sample.header->peak_epoch;
	}
	return fwrite(sample.data, sizeof(sample.data), 1, file) == 1 && !fclose(file) ? 0 : 1;
}
