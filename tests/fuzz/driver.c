/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target without libFuzzer: over the files of a corpus, and over damaged copies of
 * each of them, so that the corpus is a test like any other. Says how much it ran; fails
 * when there was nothing to run.
 *
 *   TARGET [--damage=N] FILE|DIR...    N damaged copies of each file at most (default 400)
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static unsigned long damage_max = 400;
static unsigned long inputs;
static unsigned long copies;

/* Run on a copy of exactly this size, so that a sanitizer sees any read beyond it. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

/* Change each byte, and end the input before it; if there are too many, spread evenly. */
static void run_damaged(uint8_t *data, size_t size)
{
	static const uint8_t change[] = { 0xff, 0x01, 0x80 };
	size_t step = damage_max ? 2 * size / damage_max + 1 : size + 1;

	for (size_t i = inputs % step; damage_max && i < size; i += step, copies += 2) {
		uint8_t mask = change[(i / step + inputs) % sizeof(change)];

		data[i] ^= mask;
		run(data, size);
		data[i] ^= mask;
		run(data, i);
	}
}

static int run_file(const char *path)
{
	FILE *file = fopen(path, "re");
	struct stat status;
	uint8_t *data = NULL;
	size_t size = 0;
	bool is_read = false;

	if (file && !fstat(fileno(file), &status)) {
		size = (size_t)status.st_size;
		data = malloc(size + 1);
		is_read = data && fread(data, 1, size, file) == size;
	}
	if (file)
		fclose(file);
	if (is_read) {
		inputs++;
		run(data, size);
		run_damaged(data, size);
	} else {
		fprintf(stderr, "%s cannot be read\n", path);
	}
	free(data);
	return is_read ? 0 : 1;
}

static int run_path(const char *path)
{
	struct dirent *entry;
	char *file;
	DIR *dir = opendir(path);
	int ret = 0;

	if (!dir)
		return run_file(path);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || asprintf(&file, "%s/%s", path, entry->d_name) < 0)
			continue;
		ret |= run_file(file);
		free(file);
	}
	closedir(dir);
	return ret;
}

int main(int argc, char **argv)
{
	int ret = 0;

	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "--damage=", 9))
			damage_max = strtoul(argv[i] + 9, NULL, 10);
		else
			ret |= run_path(argv[i]);
	}
	printf("%lu inputs, %lu damaged copies\n", inputs, copies);
	return inputs ? ret : 1;
}
