/* SPDX-License-Identifier: MIT */
/*
 * make_hostile FILE [PID]: a recording in which the program's path, its modules' paths and a mark
 * have names that would break a format which does not escape them: quotes, separators, newlines,
 * controls, what is no UTF-8, 4 KiB. Frames in generated code take their names from perf-PID.map.
 */
#define SAMPLE_SCALE 64u
#include "../unit/sample_recording.h"

#include <stdio.h>
#include <stdlib.h>

#define HOSTILE \
	"a\"b'c;d,e\\f\ng\rh\ti\x1b[31mj\x7f{}[]<script>&\xff\xc3(\xe2\x80\xae\xc2\x9b %s 12"
#define CODE 0x7f0000001000u

static struct sample sample;

/* A path of 4 KiB, the last name of which is 255 bytes long. */
static uint32_t long_module(void)
{
	char path[4096];

	memset(path, '/', sizeof(path));
	for (size_t i = 0; i < sizeof(path) - 1; i++) {
		if (i % 256)
			path[i] = i % 7 ? 'x' : ';';
	}
	path[sizeof(path) - 1] = '\0';
	return sample_module(&sample, path);
}

static void add_site(enum vmt_call_id call, uint64_t at)
{
	uint32_t site = sample_site(
		&sample, call, 3,
		(struct vmt_rec_counters){ .calls = 3, .created = 2, .split = 1, .merged = 1 });

	sample_range(&sample, at, 1, site);
}

static void add_moments(void)
{
	struct vmt_rec_failure *failure = sample_add(&sample, VMT_SECTION_FAILURES);
	struct vmt_rec_mark *mark = sample_add(&sample, VMT_SECTION_MARKS);

	*failure = (struct vmt_rec_failure){
		.site = 2, .error = 12, .reason = VMT_REASON_MAP_LIMIT, .maps = 3, .time = 5000
	};
	*mark = (struct vmt_rec_mark){ .name = sample_string(&sample, HOSTILE, strlen(HOSTILE)),
				       .maps = 3,
				       .epoch = 1 };
}

int main(int argc, char **argv)
{
	FILE *file = argc > 1 ? fopen(argv[1], "w") : NULL;
	uint32_t module, generated, of_4_kib;

	if (!file)
		return 2;
	sample_init(&sample);
	if (argc > 2)
		sample.header->pid = (uint32_t)atoi(argv[2]);
	sample.header->exe = sample_string(&sample, "/=" HOSTILE, 2 + strlen(HOSTILE));
	module = sample_module(&sample, "/lib/-" HOSTILE);
	of_4_kib = long_module();
	generated = sample_module(&sample, "jit");
	((struct vmt_rec_module *)sample_at(&sample, VMT_SECTION_MODULES, generated))->kind =
		VMT_MODULE_JIT;
	for (uint32_t i = 0; i < 4; i++) {
		struct vmt_rec_frame *frame;

		sample_frame(&sample, generated, 0x11 + 16 * i);
		frame = sample_at(&sample, VMT_SECTION_FRAMES,
				  sample.header->section[VMT_SECTION_FRAMES].used - 1);
		frame->map_page = (uint32_t)(CODE >> 12);
		sample_frame(&sample, module, 0x1000 + i);
		sample_frame(&sample, of_4_kib, 0x2000 + i);
		add_site(i & 1 ? VMT_CALL_MPROTECT : VMT_CALL_MMAP, 0x10000000 + i * 8192);
	}
	sample_range(&sample, 0x20000000, 1, VMT_SITE_STARTUP);
	sample.header->maps_start = 1;
	add_moments();
	return fwrite(sample.data, sizeof(sample.data), 1, file) == 1 && !fclose(file) ? 0 : 1;
}
