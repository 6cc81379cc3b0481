/* SPDX-License-Identifier: MIT */
/* Fuzz target: VMATRACE_OPTIONS, whose value may be anything. */
#include "core/base/options.h"
#include "fuzz.h"

#include <string.h>

static void complain(void *context, const char *message)
{
	++*(int *)context;
	fuzz_must(message[0] && !strchr(message, '\n'), "a complaint is one line");
	fuzz_must_be_printable(message, strlen(message));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int complaints = 0;
	struct vmt_options_ops ops = { complain, &complaints };
	struct vmt_options options;
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	vmt_options_init(&options);
	fuzz_must(vmt_options_parse(&options, text, &ops) == complaints,
		  "every complaint is counted");
	fuzz_must(memchr(options.log_path, '\0', sizeof(options.log_path)) &&
			  memchr(options.dir, '\0', sizeof(options.dir)),
		  "paths are terminated");
	fuzz_must(options.ask <= VMT_ASK_MAPS, "a way of asking that there is");
	free(text);
	return 0;
}
