/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: baselines. A baseline that was accepted, saved and read again must be the same. The
 * files are memfds of this process.
 */
#include "check/baseline.h"
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char *dump(const struct vmt_summary *summary)
{
	const struct vmt_summary_program *program;
	const struct vmt_summary_site *site;
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		abort();
	fprintf(stream, "%s %d %s %s %llu\n", summary->test ? summary->test : "-",
		summary->with_lines, summary->from ? summary->from : "-",
		summary->to ? summary->to : "-",
		summary->from || summary->to ? (unsigned long long)summary->warmup : 0);
	for (program = summary->programs; program; program = program->hh.next) {
		fprintf(stream, "%s %lld\n", program->name, (long long)program->growth);
		for (site = program->sites; site; site = site->hh.next) {
			if (site->maps)
				fprintf(stream, "%lld %s\n", (long long)site->maps, site->key);
		}
	}
	fclose(stream);
	return text;
}

static void save_and_load(const struct vmt_summary *summary)
{
	char error[VMT_BASELINE_ERROR_MAX] = "";
	char path[] = "/tmp/vmatrace-fuzz-XXXXXX";
	char *before = dump(summary);
	struct vmt_summary again;
	char *after;
	int fd = mkstemp(path);

	if (fd < 0)
		abort();
	close(fd);
	fuzz_must(!vmt_baseline_save(path, summary), "a baseline can be saved");
	fuzz_must(!vmt_baseline_load(path, &again, error), "what was saved can be read");
	after = dump(&again);
	if (strcmp(before, after))
		fprintf(stderr, "%s---\n%s", before, after);
	fuzz_must(!strcmp(before, after), "what is read is what was saved");
	vmt_summary_free(&again);
	unlink(path);
	free(before);
	free(after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[VMT_BASELINE_ERROR_MAX] = "";
	struct vmt_summary summary;
	char path[64];
	int fd = memfd_create("baseline", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	(void)vmt_baseline_is(path);
	if (!vmt_baseline_load(path, &summary, error))
		save_and_load(&summary);
	else
		fuzz_must(error[0] && !summary.programs, "an error has words, and no baseline");
	vmt_summary_free(&summary);
	close(fd);
	return 0;
}
