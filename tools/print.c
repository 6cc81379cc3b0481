/* SPDX-License-Identifier: MIT */
/*
 * The text report of the core, given names and a stream; and the choice of format.
 * Used by the commands report and run. What a report says is decided in the core.
 */
#include "print.h"
#include "json.h"
#include "names.h"
#include "text.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct text_context {
	FILE *stream;
	struct vmt_symbols *symbols;
	const struct vmt_view *view;
	bool verbose;
};

bool vmt_print_format(const char *text, enum vmt_format *ret_format)
{
	static const char *const names[] = { "none", "text", "json" };

	for (size_t i = 0; i < VMT_COUNT(names); i++) {
		if (!strcmp(text, names[i])) {
			*ret_format = (enum vmt_format)i;
			return true;
		}
	}
	return false;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* When the process began, ns since 1970 and a clock tick exact; 0 = unknown. */
static uint64_t begin_of(uint32_t pid)
{
	char text[1024];
	unsigned long long ticks = 0;
	const char *end;
	FILE *file;
	size_t n;

	snprintf(text, sizeof(text), "/proc/%u/stat", pid);
	file = fopen(text, "re");
	if (!file)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	end = strrchr(text, ')');	/* the name before it may hold anything */
	if (!end || sscanf(end + 1, " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
				    " %*s %*s %*s %*s %*s %llu", &ticks) != 1)
		return 0;
	return now_ns(CLOCK_REALTIME) - now_ns(CLOCK_BOOTTIME) +
	       ticks * (1000000000 / (unsigned long long)sysconf(_SC_CLK_TCK));
}

bool vmt_print_is_gone(const struct vmt_view *view)
{
	const struct vmt_rec_header *header = &view->header;

	if (kill((pid_t)header->pid, 0) && errno == ESRCH)
		return true;
	/* Two seconds: clocks may have been set meanwhile. */
	return begin_of(header->pid) > header->start_realtime + 2000000000;
}

static void emit(void *context, const char *bytes, size_t n)
{
	struct text_context *text = context;

	fwrite(bytes, 1, n, text->stream);
}

static bool resolve(void *context, uint64_t frame, struct vmt_text_place *ret_place)
{
	struct text_context *text = context;
	struct vmt_symbol symbol;

	if (!vmt_names_find(text->symbols, text->view, frame, &symbol))
		return false;
	ret_place->function = symbol.function;
	ret_place->file = text->verbose ? symbol.file : symbol.short_file;
	ret_place->line = symbol.line;
	return true;
}

static void print_text(FILE *stream, const struct vmt_recording *recording,
		       const struct vmt_print_options *options, struct vmt_symbols *symbols)
{
	const struct vmt_view *view = &recording->view;
	uint64_t sites = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_view_tally *tally = calloc(sites + 1, sizeof(*tally));
	struct text_context context = { stream, symbols, view, options->verbose };
	struct vmt_text_ops ops = { emit, resolve, &context, tally };
	struct vmt_text_options text = {
		.top = options->top,
		.depth = options->depth,
		.colour = options->colour,
		.verbose = options->verbose,
		.is_gone = vmt_print_is_gone(view),
		.now = now_ns(CLOCK_MONOTONIC),
	};

	if (text.is_gone)
		text.now = 0;
	if (tally)
		vmt_view_tally(view, tally, sites);
	vmt_text_report(view, &text, &ops);
	free(tally);
}

int vmt_print(FILE *stream, const struct vmt_recordings *recordings,
	      const struct vmt_print_options *options)
{
	struct vmt_symbols *symbols = vmt_symbols_new(options->symbols);
	int ret = 0;

	if (!symbols)
		return -ENOMEM;
	if (options->format == VMT_FORMAT_JSON)
		ret = vmt_json_write(stream, recordings, symbols);
	for (size_t i = 0; options->format == VMT_FORMAT_TEXT && i < recordings->count; i++) {
		if (i)
			fputc('\n', stream);
		print_text(stream, &recordings->item[i], options, symbols);
	}
	vmt_symbols_free(symbols);
	if (!ret && (fflush(stream) || ferror(stream)))
		ret = errno ? -errno : -EIO;
	return ret;
}
