/* SPDX-License-Identifier: MIT */
/*
 * The choice of a report's format, and whether its process is still there.
 * Used by the commands report, run and top. What a report says is decided elsewhere.
 */
#include "print.h"
#include "json.h"
#include "print_text.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

uint64_t vmt_print_now(clockid_t clock)
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
	return vmt_print_now(CLOCK_REALTIME) - vmt_print_now(CLOCK_BOOTTIME) +
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

int vmt_print(FILE *stream, const struct vmt_recordings *recordings,
	      const struct vmt_print_options *options)
{
	struct vmt_symbols *symbols = vmt_symbols_new(options->symbols);
	int ret = 0;

	if (!symbols)
		return -ENOMEM;
	if (options->format == VMT_FORMAT_JSON)
		ret = vmt_json_write(stream, recordings, symbols);
	if (options->format == VMT_FORMAT_TEXT)
		vmt_print_text(stream, recordings, options, symbols);
	vmt_symbols_free(symbols);
	if (!ret && (fflush(stream) || ferror(stream)))
		ret = errno ? -errno : -EIO;
	return ret;
}
