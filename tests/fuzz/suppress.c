/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: suppressions. Accepted lines are tried on a call site, and the line that would
 * suppress that site must do so.
 */
#include "check/suppress.h"
#include "check/suppress_line.h"
#include "fuzz.h"

#include <string.h>

static char *text_of(const uint8_t *data, size_t size)
{
	char *text = calloc(size + 1, 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	return text;
}

/* A call site whose names come from the input, too: half is a pattern, half a name. */
static void match(const struct vmt_suppressions *all, const uint8_t *data, size_t size)
{
	char *function = text_of(data, size);
	char module[] = "libpool.so.3";
	char file[] = "src/pool.c";
	char call[] = "mmap";
	struct vmt_stack_frame frame = {
		.module = module,
		.function = function,
		.file = file,
		.line = 61,
		.is_user = true,
	};
	struct vmt_summary_site site = { .call = call, .stack = { &frame, 1 }, .is_cut = size & 1 };
	struct vmt_suppressions own = { NULL, 0 };
	char error[VMT_SUPPRESS_ERROR_MAX];
	char *line = vmt_suppress_line(&site, UINT32_MAX);

	(void)vmt_suppress_find(all, &site);
	if (!vmt_suppress_parse(&own, line, strlen(line), error) && own.count)
		fuzz_must(vmt_suppress_find(&own, &site) != NULL, "a proposed line suppresses");
	vmt_suppress_free(&own);
	free(line);
	free(function);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vmt_suppressions all = { NULL, 0 };
	char error[VMT_SUPPRESS_ERROR_MAX] = "";

	if (vmt_suppress_parse(&all, (const char *)data, size, error)) {
		fuzz_must(!all.count, "nothing of a bad list is kept");
		fuzz_must(error[0] && memchr(error, '\0', sizeof(error)), "an error has words");
		fuzz_must_be_printable(error, strlen(error));
	}
	match(&all, data + size / 2, size - size / 2);
	vmt_suppress_free(&all);
	return 0;
}
