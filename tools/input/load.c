/* SPDX-License-Identifier: MIT */
/*
 * Finds and maps recordings, and never writes to them; see load.h. A recording may come from
 * anywhere; the view decides whether it is valid.
 */
#include "input/liveness.h"
#include "input/load.h"
#include "util/message.h"
#include "util/must.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEAR_PERCENT 95u /* of vm.max_map_count */
#define COPIES       20 /* the most that are tried to have one of a single moment */
#define COPY_MAX     (UINT64_C(1) << 28) /* bytes; a recording that is larger is read in place */

static int complain(const char *name, int error)
{
	if (error == -EINVAL)
		vmt_message("%s is not a file; name a recording (*.vmt) or a directory of them.",
			    name);
	else
		vmt_message("%s: %s; name a recording (*.vmt) or a directory of them.", name,
			    strerror(-error));
	return error;
}

/* For a recording that somebody truncates while it is read. */
static void on_bus_error(int number)
{
	static const char text[] = "vmatrace: a recording became shorter while it was read; "
				   "read it again.\n";

	(void)number;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(VMT_EXIT_FAILED);
	_exit(VMT_EXIT_USAGE);
}

static void catch_bus_errors(void)
{
	struct sigaction action = { .sa_handler = on_bus_error };

	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, NULL);
}

/*
 * A memfd is as long as it may ever become, and addresses may be scarce here too (ulimit -v). A
 * recording grows by less than this until its header is read again.
 */
static size_t size_in_use(int fd, size_t size)
{
	struct vmt_rec_header header;
	size_t in_use;

	if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
	    memcmp(header.magic, VMT_RECORD_MAGIC, sizeof(header.magic)) ||
	    header.file_size < sizeof(header) || header.file_size > size)
		return size;
	in_use = 4 * (size_t)header.file_size + (1 << 20);
	return in_use < size ? in_use : size;
}

static int map_file(struct vmt_loaded_recording *recording, int fd)
{
	struct stat stat;

	if (fstat(fd, &stat))
		return -errno;
	if (!S_ISREG(stat.st_mode))
		return S_ISDIR(stat.st_mode) ? -EISDIR : -EINVAL;
	catch_bus_errors();
	recording->size = size_in_use(fd, (size_t)stat.st_size);
	recording->data = NULL;
	if (!recording->size)
		return 0;
	recording->data = mmap(NULL, recording->size, PROT_READ, MAP_SHARED, fd, 0);
	return recording->data == MAP_FAILED ? -errno : 0;
}

static void release(struct vmt_loaded_recording *recording)
{
	if (recording->data)
		munmap(recording->data, recording->size);
	free(recording->name);
}

/* Is what was copied from one view at the same places in the other? */
static bool is_alike(const struct vmt_view *one, const struct vmt_view *two)
{
	for (uint32_t id = 0; id < VMT_SECTION_COUNT; id++) {
		if (one->section[id].data && one->section[id].data != two->section[id].data)
			return false;
	}
	return true;
}

static void *copy_view(const struct vmt_loaded_recording *recording)
{
	struct vmt_view view = recording->view, next;
	void *copy = mmap(NULL, recording->size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (copy == MAP_FAILED)
		return NULL;
	for (int i = 0; !vmt_view_copy(&view, copy) && i < COPIES; i++) {
		if (vmt_view_open(recording->data, recording->size, &next) ||
		    !is_alike(&view, &next))
			break;
		view = next;
	}
	return copy;
}

/*
 * While names are looked up, a process that runs goes on recording calls. Counts of call sites, which
 * are read later, would then be of another moment than the table of maps, and a leak would look as
 * if some of it were given back.
 */
static void keep_moment(struct vmt_loaded_recording *recording)
{
	struct vmt_view view;
	void *copy;

	if (recording->view.header.end != VMT_END_RUNNING ||
	    recording->view.header.file_size > COPY_MAX || vmt_liveness_is_gone(&recording->view))
		return;
	copy = copy_view(recording);
	if (!copy)
		return;
	if (vmt_view_open(copy, recording->size, &view)) {
		munmap(copy, recording->size);
		return;
	}
	munmap(recording->data, recording->size);
	recording->data = copy;
	recording->is_copy = true;
	recording->view = view;
}

static int append_view(struct vmt_recordings *recordings,
		       const struct vmt_loaded_recording *recording)
{
	struct vmt_loaded_recording *item =
		realloc(recordings->item, (recordings->count + 1) * sizeof(*item));

	if (!item)
		return -ENOMEM;
	recordings->item = item;
	item[recordings->count++] = *recording;
	return 0;
}

static int complain_of_damage(const char *name)
{
	vmt_message("%s is damaged: impossible records are left out, and the rest is not certain; "
		    "record it again.",
		    name);
	return -EBADMSG;
}

/* A damaged recording is added as well, since its report says so. */
static int add(struct vmt_recordings *recordings, int fd, const char *name)
{
	struct vmt_loaded_recording recording = { .name = strdup(name) };
	int ret = recording.name ? map_file(&recording, fd) : -ENOMEM;

	if (ret) {
		free(recording.name);
		return complain(name, ret);
	}
	ret = vmt_view_open(recording.data, recording.size, &recording.view);
	if (!ret)
		keep_moment(&recording);
	if (!ret)
		ret = vmt_damage_examine(&recording.view);
	if (ret)
		vmt_message("%s is not a readable recording: %s (at byte %llu); record it again.",
			    name, recording.view.error,
			    (unsigned long long)recording.view.error_offset);
	else
		ret = append_view(recordings, &recording);
	if (ret)
		release(&recording);
	else if (vmt_view_is_damaged(&recording.view))
		ret = complain_of_damage(name);
	return ret;
}

int vmt_load_fd(struct vmt_recordings *recordings, int fd)
{
	char name[32];

	snprintf(name, sizeof(name), "descriptor %d", fd);
	return add(recordings, fd, name);
}

static int add_file(struct vmt_recordings *recordings, const char *path)
{
	/* these flags open even a FIFO without waiting */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int ret;

	if (fd < 0)
		return complain(path, -errno);
	ret = add(recordings, fd, path);
	close(fd);
	return ret;
}

static int by_start(const void *a, const void *b)
{
	const struct vmt_rec_header *one = &((const struct vmt_loaded_recording *)a)->view.header;
	const struct vmt_rec_header *two = &((const struct vmt_loaded_recording *)b)->view.header;

	if (one->start_realtime != two->start_realtime)
		return one->start_realtime < two->start_realtime ? -1 : 1;
	return (one->image > two->image) - (one->image < two->image);
}

bool vmt_load_is_recording_name(const char *name)
{
	const char *end = strrchr(name, '.');

	return end && !strcmp(end, ".vmt");
}

/* Is the name EXE.PID.vmt or EXE.PID-N.vmt? */
static bool is_of_process(const char *name, pid_t pid)
{
	char middle[32];
	const char *found = NULL;
	const char *next = name;

	snprintf(middle, sizeof(middle), ".%d", (int)pid);
	while ((next = strstr(next, middle)))
		found = next++;
	if (!found || !vmt_load_is_recording_name(name))
		return false;
	found += strlen(middle);
	return !strcmp(found, ".vmt") || *found == '-';
}

/* pid 0 stands for every process. */
static int add_directory(struct vmt_recordings *recordings, const char *path, pid_t pid)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char *file;
	int result = 0;
	int ret;

	if (!dir)
		return complain(path, -errno);
	while ((entry = readdir(dir))) {
		if (!vmt_load_is_recording_name(entry->d_name) ||
		    (pid && !is_of_process(entry->d_name, pid)))
			continue;
		if (asprintf(&file, "%s/%s", path, entry->d_name) < 0)
			break;
		ret = add_file(recordings, file);
		result = ret ? ret : result;
		free(file);
	}
	closedir(dir);
	return result;
}

int vmt_load_path(struct vmt_recordings *recordings, const char *path)
{
	size_t before = recordings->count;
	struct stat stat_buffer;
	int ret;

	if (stat(path, &stat_buffer))
		return complain(path, -errno);
	if (!S_ISDIR(stat_buffer.st_mode))
		return add_file(recordings, path);
	ret = add_directory(recordings, path, 0);
	if (recordings->count == before) {
		if (!ret)
			vmt_message("%s holds no recordings (*.vmt); make some with "
				    "vmatrace run -o %s -- PROGRAM.",
				    path, path);
		return ret ? ret : -ENOENT;
	}
	qsort(recordings->item + before, recordings->count - before, sizeof(*recordings->item),
	      by_start);
	return ret;
}

int vmt_load_process(struct vmt_recordings *recordings, const char *directory, pid_t pid,
		     uint64_t since)
{
	struct vmt_recordings all = { NULL, 0 };
	const struct vmt_loaded_recording *last = NULL;
	int ret = add_directory(&all, directory, pid);

	for (size_t i = 0; i < all.count; i++) {
		if (all.item[i].view.header.start_realtime >= since &&
		    (!last || by_start(&all.item[i], last) > 0))
			last = &all.item[i];
	}
	if (last)
		ret = add_file(recordings, last->name);
	else if (!ret)
		ret = -ENOENT;
	vmt_load_free(&all);
	return ret;
}

/* The links are only read, never followed: other users may have made them. */
static const char lost_ending[] = ".lost";

bool vmt_load_is_lost_name(const char *name)
{
	const char *end = strrchr(name, '.');

	return end && end > name && !strcmp(end, lost_ending);
}

/*
 * Get what the link says, unless it is older than `since` (ns since 1970) or no link. The clock of a
 * file system may be a tick behind.
 */
static bool read_link(int directory, const char *name, uint64_t since, char text[NAME_MAX + 1])
{
	struct stat stat;
	ssize_t length;

	if (fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) ||
	    (uint64_t)stat.st_mtim.tv_sec * 1000000000 + (uint64_t)stat.st_mtim.tv_nsec +
			    100000000 <
		    since)
		return false;
	length = readlinkat(directory, name, text, NAME_MAX);
	if (length <= 0)
		return false;
	text[length] = '\0';
	return true;
}

static void tell_lost(const char *path, const char *directory, uint64_t since,
		      void (*found)(void *userdata, const char *program), void *userdata)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char why[NAME_MAX + 1];
	char *program;

	while (dir && (entry = readdir(dir))) {
		if (!vmt_load_is_lost_name(entry->d_name) ||
		    !read_link(dirfd(dir), entry->d_name, since, why))
			continue;
		program = vmt_must(
			strndup(entry->d_name, strlen(entry->d_name) - strlen(lost_ending)));
		vmt_message("%s ran at least once without a recording in %s: %s.", program,
			    directory, why);
		if (found)
			found(userdata, program);
		free(program);
	}
	if (dir)
		closedir(dir);
}

void vmt_load_tell_lost(const char *directory, uint64_t since,
			void (*found)(void *userdata, const char *program), void *userdata)
{
	char *others = vmt_must_format("%s/" VMT_LOAD_LOST, directory);

	tell_lost(directory, directory, since, found, userdata);
	tell_lost(others, directory, since, found, userdata);
	free(others);
}

static uint64_t peak_growth(const struct vmt_rec_header *header)
{
	return header->maps_peak > header->maps_start ? header->maps_peak - header->maps_start : 0;
}

/* Is this the program of which the child began as a copy? */
static bool is_copied(const struct vmt_view *parent, const struct vmt_view *child)
{
	struct vmt_view_string one = vmt_view_string(parent, parent->header.exe);
	struct vmt_view_string two = vmt_view_string(child, child->header.exe);

	return parent->header.pid == child->header.parent_pid && one.length == two.length &&
	       !memcmp(one.bytes, two.bytes, one.length) &&
	       parent->header.start_realtime <= child->header.start_realtime &&
	       parent->header.maps_peak >= child->header.maps_start;
}

/* Returns the parent, if that has made more maps than the child has added; else the child. */
static size_t parent_of(const struct vmt_recordings *recordings, size_t child)
{
	const struct vmt_view *view = &recordings->item[child].view;

	for (size_t i = 0; i < recordings->count; i++) {
		const struct vmt_view *parent = &recordings->item[i].view;

		if (i != child && is_copied(parent, view) &&
		    peak_growth(&parent->header) > peak_growth(&view->header))
			return i;
	}
	return child;
}

/*
 * Growth rises from each to the next, so that this ends. A child that came near the limit is of
 * interest for itself: its calls fail.
 */
size_t vmt_load_origin(const struct vmt_recordings *recordings, size_t at)
{
	const struct vmt_rec_header *header = &recordings->item[at].view.header;
	size_t next;

	if (header->maps_peak >= header->maps_limit / 100 * NEAR_PERCENT)
		return at;
	while ((next = parent_of(recordings, at)) != at)
		at = next;
	return at;
}

void vmt_load_put_aside(const struct vmt_loaded_recording *recording)
{
	if (recording->data && !recording->is_copy)
		madvise(recording->data, recording->size, MADV_DONTNEED);
}

void vmt_load_free(struct vmt_recordings *recordings)
{
	for (size_t i = 0; i < recordings->count; i++)
		release(&recordings->item[i]);
	free(recordings->item);
	recordings->item = NULL;
	recordings->count = 0;
}
