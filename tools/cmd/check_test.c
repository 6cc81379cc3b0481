/* SPDX-License-Identifier: MIT */
/* Names a test, and compares its name with that in a baseline: see check_test.h. */
#include "cmd/check_test.h"
#include "check/baseline.h"
#include "util/message.h"
#include "util/must.h"

#include <sys/stat.h>

/* The folder of a file that need not exist, without links; NULL if there is no such folder. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name =
		slash ? vmt_must_format("%.*s", (int)(slash - path + 1), path) : vmt_must_copy(".");
	char *real = realpath(name, NULL);

	free(name);
	return real;
}

/* The way from a folder to a file; NULL if they have nothing in common but "/". */
static char *way(const char *folder, const char *file)
{
	size_t i = 0, common = 0;
	char *way = NULL, *longer;

	for (; folder[i] && folder[i] == file[i]; i++) {
		if (folder[i] == '/')
			common = i;
	}
	if (!folder[i] && file[i] == '/')
		common = i;
	if (!common)
		return NULL;
	way = vmt_must_copy(file + common + 1);
	for (const char *up = folder + common; (up = strchr(up, '/')); up++) {
		longer = vmt_must_format("../%s", way);
		free(way);
		way = longer;
	}
	return way;
}

char *vmt_check_test(const struct vmt_check *check, const char *baseline)
{
	char *folder, *program, *found;

	if (check->test)
		return vmt_must_copy(check->test);
	if (!check->command || !strchr(check->command[0], '/'))
		return NULL;
	folder = folder_of(baseline);
	program = realpath(check->command[0], NULL);
	found = folder && program ? way(folder, program) : NULL;
	free(folder);
	free(program);
	return found;
}

bool vmt_check_test_is(const struct vmt_check *check, const char *path,
		       const struct vmt_summary *base)
{
	char *test = vmt_check_test(check, path);
	bool is_same = !test || !base->test || !strcmp(test, base->test);

	if (!is_same && check->test)
		vmt_message("%s is the baseline of another test, %.200s: this one is %.200s. Each "
			    "needs a file of its own.",
			    path, base->test, test);
	else if (!is_same)
		vmt_message("%s is the baseline of %.200s, and this is %.200s: is it the same "
			    "program?",
			    path, base->test, test);
	free(test);
	return is_same || !check->test;
}

bool vmt_check_test_may_replace(const struct vmt_check *check)
{
	char error[VMT_BASELINE_ERROR_MAX];
	struct vmt_summary old;
	struct stat status;
	bool may;

	if (stat(check->save, &status) || !S_ISREG(status.st_mode) ||
	    vmt_baseline_load(check->save, &old, error))
		return true;
	may = vmt_check_test_is(check, check->save, &old);
	vmt_summary_free(&old);
	return may;
}
