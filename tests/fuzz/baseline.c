/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: baselines. What was accepted, saved and read again must be the same. The files
 * are memory files of this process.
 */
#include "check/baseline.h"
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char *dump(const struct vmt_census *census)
{
	const struct vmt_census_program *program;
	const struct vmt_census_site *site;
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		abort();
	fprintf(stream, "%d %s %s %llu\n", census->with_lines, census->from ? census->from : "-",
		census->to ? census->to : "-", census->from || census->to ? (unsigned long long)census->warmup : 0);
	for (program = census->programs; program; program = program->hh.next) {
		fprintf(stream, "%s %lld\n", program->name, (long long)program->growth);
		for (site = program->sites; site; site = site->hh.next) {
			if (site->maps)
				fprintf(stream, "%lld %s\n", (long long)site->maps, site->key);
		}
	}
	fclose(stream);
	return text;
}

static void save_and_load(const struct vmt_census *census)
{
	char error[VMT_BASELINE_ERROR_MAX] = "";
	char path[] = "/tmp/vmatrace-fuzz-XXXXXX";
	char *before = dump(census);
	struct vmt_census again;
	char *after;
	int fd = mkstemp(path);

	if (fd < 0)
		abort();
	close(fd);
	fuzz_must(!vmt_baseline_save(path, census), "a baseline can be saved");
	fuzz_must(!vmt_baseline_load(path, &again, error), "what was saved can be read");
	after = dump(&again);
	if (strcmp(before, after))
		fprintf(stderr, "%s---\n%s", before, after);
	fuzz_must(!strcmp(before, after), "what is read is what was saved");
	vmt_census_free(&again);
	unlink(path);
	free(before);
	free(after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[VMT_BASELINE_ERROR_MAX] = "";
	struct vmt_census census;
	char path[64];
	int fd = memfd_create("baseline", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	(void)vmt_baseline_is(path);
	if (!vmt_baseline_load(path, &census, error))
		save_and_load(&census);
	else
		fuzz_must(error[0] && !census.programs, "an error has words, and no baseline");
	vmt_census_free(&census);
	close(fd);
	return 0;
}
