/* SPDX-License-Identifier: MIT */
/* What is loaded of a process that goes on: here this process, with a recording that it writes. */
#include "input/liveness.h"
#include "input/load.h"
#include "sample_recording.h"

#include <criterion/criterion.h>
#include <sys/mman.h>
#include <unistd.h>

static struct sample sample;
static struct vmt_recordings loaded;

static int load(enum vmt_end end)
{
	int fd = memfd_create("recording", 0);

	sample_demo(&sample);
	sample.header->pid = (uint32_t)getpid();
	sample.header->start_realtime = vmt_liveness_now(CLOCK_REALTIME);
	sample.header->end = end;
	cr_assert_eq(write(fd, sample.data, sizeof(sample.data)), sizeof(sample.data));
	cr_assert_eq(vmt_load_fd(&loaded, fd), 0);
	cr_assert_eq(loaded.count, 1);
	return fd;
}

/* The map of call site 2 is unmapped. */
static void unmap(int fd)
{
	struct vmt_rec_range *range = sample_at(&sample, VMT_SECTION_RANGES, 24);

	range->flags = 0;
	cr_assert_eq(pwrite(fd, sample.data, sizeof(sample.data), 0), sizeof(sample.data));
}

Test(load, of_a_process_that_runs_a_moment_is_kept)
{
	const struct vmt_view *view;
	int fd = load(VMT_END_RUNNING);

	view = &loaded.item[0].view;
	unmap(fd);
	cr_assert_eq(vmt_view_totals_of_site(view, 2).live, 1);
	cr_assert_eq(vmt_view_maps_now(view), 25);
	vmt_load_put_aside(&loaded.item[0]);
	cr_assert_eq(vmt_view_totals_of_site(view, 2).live, 1, "it is read again later");
	vmt_load_free(&loaded);
}

Test(load, of_one_that_has_ended_no_copy_is_needed)
{
	int fd = load(VMT_END_EXIT);

	cr_assert_not(loaded.item[0].is_copy);
	vmt_load_put_aside(&loaded.item[0]);
	cr_assert_eq(vmt_view_totals_of_site(&loaded.item[0].view, 2).live, 1);
	vmt_load_free(&loaded);
	close(fd);
}
