/* SPDX-License-Identifier: MIT */
/*
 * Writes baselines: programs and call sites in the order of the summary, which is always the same.
 * An existing file stays complete until the new one is. Prints nothing.
 */
#include "check/baseline.h"
#include "util/value.h"
#include "util/must.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* has_both: there are fork children, and other processes. */
static json_t *site_of(const struct vmt_summary_site *site, bool has_both)
{
	json_t *object = json_object();

	json_object_set_new(object, "call", vmt_value_string(site->call));
	json_object_set_new(object, "maps", json_integer(site->maps));
	if (site->at_end != site->maps)
		json_object_set_new(object, "at_end", json_integer(site->at_end));
	if (site->forked)
		json_object_set_new(object, "forked", json_integer(site->forked));
	if (has_both && site->unforked != site->maps)
		json_object_set_new(object, "unforked", json_integer(site->unforked));
	if (site->most > site->maps)
		json_object_set_new(object, "most", json_integer(site->most));
	json_object_set_new(object, "stack", vmt_value_lines(vmt_summary_frames(site)));
	return object;
}

static json_t *program_of(const struct vmt_summary_program *program)
{
	const struct vmt_summary_site *site;
	json_t *object = json_object();
	json_t *sites = json_array();
	bool has_both = program->fork_children && program->processes > program->fork_children;

	for (site = program->sites; site; site = site->hh.next) {
		if (site->maps || site->most > 0 || site->forked)
			json_array_append_new(sites, site_of(site, has_both));
	}
	json_object_set_new(object, "program", vmt_value_string(program->name));
	json_object_set_new(object, "growth", json_integer(program->growth));
	if (program->has_forked)
		json_object_set_new(object, "forked", json_integer(program->forked));
	if (has_both && program->unforked != program->growth)
		json_object_set_new(object, "unforked", json_integer(program->unforked));
	if (program->torn_down)
		vmt_value_add_number(object, "given_back", program->torn_down);
	if (program->merged >= 0)
		json_object_set_new(object, "merged", json_integer(program->merged));
	json_object_set_new(object, "sites", sites);
	return object;
}

static json_t *root_of(const struct vmt_summary *summary)
{
	const struct vmt_summary_program *program;
	json_t *root = json_object();
	json_t *programs = json_array();
	json_t *phase;

	json_object_set_new(root, "schema", json_string(VMT_BASELINE_SCHEMA));
	if (summary->test)
		json_object_set_new(root, "test", vmt_value_string(summary->test));
	if (summary->with_lines)
		json_object_set_new(root, "lines", json_true());
	json_object_set_new(root, "fork_children", json_true());
	if (summary->from || summary->to) {
		phase = json_object();
		json_object_set_new(phase, "from", vmt_value_string(summary->from));
		json_object_set_new(phase, "to", vmt_value_string(summary->to));
		vmt_value_add_number(phase, "warmup", summary->warmup);
		json_object_set_new(root, "phase", phase);
	}
	for (program = summary->programs; program; program = program->hh.next) {
		if (program->peak || !program->uncompared) /* some process was recorded */
			json_array_append_new(programs, program_of(program));
	}
	json_object_set_new(root, "programs", programs);
	return root;
}

/*
 * Returns the real name of the file to replace, also when path is a link to it; NULL if there is no
 * such file.
 */
static char *replaceable(const char *path)
{
	struct stat status;

	if (lstat(path, &status))
		return errno == ENOENT ? vmt_must_copy(path) : NULL;
	if (S_ISREG(status.st_mode))
		return vmt_must_copy(path);
	if (!S_ISLNK(status.st_mode) || stat(path, &status) || !S_ISREG(status.st_mode))
		return NULL;
	return realpath(path, NULL);
}

static int write_to(FILE *file, const json_t *root)
{
	int ret = 0;

	errno = 0;
	if (json_dumpf(root, file, JSON_INDENT(1)) || fputc('\n', file) == EOF)
		ret = errno ? -errno : -EIO;
	if (fclose(file) && !ret)
		ret = -errno;
	return ret;
}

int vmt_baseline_save(const char *path, const struct vmt_summary *summary)
{
	char *real = replaceable(path);
	/* A device or a pipe is written to; replacing it by a file would break the machine. */
	char *target = real ? vmt_must_format("%s.new", real) : vmt_must_copy(path);
	FILE *file = fopen(target, "we");
	json_t *root = root_of(summary);
	int ret = file ? write_to(file, root) : -errno;

	if (!ret && real && rename(target, real))
		ret = -errno;
	if (ret && file && real)
		unlink(target);
	json_decref(root);
	free(target);
	free(real);
	return ret;
}
