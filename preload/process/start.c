/* SPDX-License-Identifier: MIT */
/*
 * The constructor sets up options, memory, the recording, the doors, and the table as it is at that
 * moment. Because of -z initfirst, it runs before the constructors of all other libraries (getenv
 * does not work yet). Whatever fails, the program goes on.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <linux/errno.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "capture/next.h"
#include "core/base/line.h"
#include "core/base/scan.h"
#include "core/base/tunables.h"
#include "core/base/uapi.h"
#include "filter/filter.h"
#include "filter/probe.h"
#include "kernel/ask.h"
#include "kernel/confidence.h"
#include "kernel/file_id.h"
#include "kernel/mapsfile.h"
#include "malloc/malloc.h"
#include "os/fd.h"
#include "os/auxv.h"
#include "os/libc.h"
#include "os/sys.h"
#include "os/valgrind.h"
#include "own/log.h"
#include "own/memory.h"
#include "patch/gate.h"
#include "patch/patch.h"
#include "process/exit.h"
#include "remedy/remedy.h"
#include "report/find_tool.h"
#include "safety/bus.h"
#include "safety/spare.h"
#include "script/python.h"
#include "store/lost.h"
#include "store/publish.h"
#include "store/timeline.h"
#include "trace/account.h"
#include "trace/allocations.h"
#include "modules/ending.h"
#include "modules/modules.h"
#include "unwind/unwind_learn.h"
#include "unwind/unwind_modules.h"
#include "unwind/unwind_rows.h"

#define MAPS_LEAST   100000
#define MAPS_MOST    4000000
#define USAGE_STATUS 2

static const char *find_variable(char **environment, const char *name)
{
	size_t length = __builtin_strlen(name);

	for (; environment && *environment; environment++)
		if (__builtin_memcmp(*environment, name, length) == 0 &&
		    (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

static uint64_t read_number(const char *path)
{
	char text[32] = "";

	vmt_fd_read_file(path, text, sizeof(text) - 1);
	return vmt_scan_number(text, text + sizeof(text));
}

static bool contains(const char *text, const char *what)
{
	return text && vmt_scan_find(text, __builtin_strlen(text), what);
}

/*
 * Is the parent traced as well? The environment of its own start tells. If not, the user has
 * started this process, and it prints its report.
 */
static bool has_traced_parent(uint64_t parent, char *buffer, size_t size)
{
	char path[40];
	struct vmt_line line = vmt_line_in(path, sizeof(path));
	long length;

	vmt_line_add(&line, "/proc/");
	vmt_line_add_number(&line, parent);
	vmt_line_add(&line, "/environ");
	length = vmt_fd_read_file(path, buffer, size);
	for (long at = 0; at < length;) {
		long end = at;

		while (end < length && buffer[end])
			end++;
		if (end - at > 11 && __builtin_memcmp(buffer + at, "LD_PRELOAD=", 11) == 0 &&
		    vmt_scan_find(buffer + at, (size_t)(end - at), "libvmatrace.so"))
			return true;
		at = end + 1;
	}
	return false;
}

/*
 * When this library is preloaded, its constructor runs before all others (-z initfirst), so all
 * maps were made by the kernel and ld.so. An auditing library may have made some before.
 */
static bool is_first(char **environment)
{
	const char *preload = find_variable(environment, "LD_PRELOAD");

	return contains(preload, "libvmatrace.so") && !find_variable(environment, "LD_AUDIT");
}

static void complain(void *context, const char *message)
{
	vmt_log(context, message);
}

static void ignore(void *context, const char *message)
{
	(void)context, (void)message;
}

static void read_options(struct vmt_options *options, const char *text, uint64_t limit)
{
	const struct vmt_options_ops silent = { ignore, NULL };

	vmt_options_init(options);
	if (text)
		vmt_options_parse(options, text, &silent);
	if (options->max_maps == 0)
		options->max_maps = limit + MAPS_LEAST / 100;
	if (options->max_maps < MAPS_LEAST && options->max_maps > limit)
		options->max_maps = MAPS_LEAST;
	if (options->max_maps > MAPS_MOST)
		options->max_maps = MAPS_MOST;
}

/* Complain about the options, now that there is a log to complain in. */
static void check_options(struct vmt_state *state, const char *text)
{
	const struct vmt_options_ops loud = { complain, state };
	struct vmt_options again = state->options;

	if (text && vmt_options_parse(&again, text, &loud) && state->options.strict) {
		vmt_log(state, "strict=1: stopping because of the above");
		vmt_sys6(SYS_exit_group, USAGE_STATUS, 0, 0, 0, 0, 0);
	}
	for (size_t i = 0; state->options.help && vmt_options_help(i); i++)
		vmt_log(state, vmt_options_help(i));
}

static void describe_process(struct vmt_state *state, const char *options)
{
	const char *name = (const char *)vmt_auxv(AT_EXECFN); /* what execve was given */
	struct vmt_rec_header *header = &state->counters;
	struct utsname uname;
	long length = vmt_sys4(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", state->text,
			       sizeof(state->text));

	if (length > 0)
		header->exe = vmt_publish_string(state, state->text, (size_t)length);
	length = vmt_fd_read_file("/proc/self/cmdline", state->text, sizeof(state->text));
	if (length > 0)
		header->command = vmt_publish_string(state, state->text, (size_t)length);
	else if (name)
		header->command = vmt_publish_string(state, name, __builtin_strlen(name));
	length = vmt_sys2(SYS_getcwd, state->text, sizeof(state->text));
	if (length > 1)
		header->cwd = vmt_publish_string(state, state->text, (size_t)length - 1);
	if (!vmt_sys_failed(vmt_sys1(SYS_uname, &uname)))
		header->kernel =
			vmt_publish_string(state, uname.release, __builtin_strlen(uname.release));
	header->tunables =
		vmt_tunables_read(find_variable(state->image.environment, "GLIBC_TUNABLES"));
	if (options)
		header->options = vmt_publish_string(state, options, __builtin_strlen(options));
}

static void say_no_recording(struct vmt_state *state, int error)
{
	char message[400];
	struct vmt_line line = vmt_line_in(message, sizeof(message));

	state->reporting.is_known_missing = error == -EFBIG || !state->options.dir[0];
	if (error == -EFBIG) {
		vmt_log(state,
			"no recording and no report: the file size limit (ulimit -f) is too low");
		return;
	}
	if (!state->options.dir[0]) {
		vmt_line_add(&line, "no report: ");
		vmt_line_add(&line, error == -EINVAL || error == -ENOSYS || error == -EPERM ?
					    "the kernel provides no memfd for the recording" :
					    vmt_lost_why(error));
		vmt_log(state, message);
		return;
	}
	vmt_line_add(&line, "cannot write a recording in dir='");
	vmt_line_add(&line, state->options.dir);
	vmt_line_add(&line, "': ");
	vmt_line_add(&line, vmt_lost_why(error));
	vmt_line_add(&line, state->options.report == VMT_REPORT_ALWAYS ?
				    ". There will only be the report at exit" :
				    ". Nothing of this run will be kept");
	vmt_log(state, message);
}

static void open_recording(struct vmt_state *state, const char *options)
{
	int ret;

	vmt_publish_describe(state);
	ret = vmt_publish_open(state);
	if (ret && state->process.is_root)
		say_no_recording(state, ret);
	if (ret && state->options.dir[0]) {
		state->recording_file.error = ret;
		vmt_lost_leave(state, vmt_lost_why(ret));
		state->options.dir[0] = '\0';
		ret = vmt_publish_open(state);
	}
	if (ret)
		return;
	vmt_memory_own(state, state->recording.base, state->recording.size);
	if (vmt_patch_catch(SYS_rt_sigaction))
		vmt_bus_open(state);
	describe_process(state, options);
}

/* Set if no function of libc could be hooked or asked to call us. */
static bool ends_by_destructor VMT_DATA = false;

/* Used if libc's _exit could not be hooked: runs after all handlers that the program installs. */
static void at_exit(int status, void *unused)
{
	(void)unused;
	vmt_exit_end(status);
}

static void open_doors(struct vmt_state *state)
{
	struct vmt_patch_result result;

	state->counters.doors = VMT_DOOR_WRAPPERS;
	vmt_next_resolve();
	if (!vmt_libc.inside && state->process.is_root)
		vmt_log(state,
			"vmatrace does not know this C library, so it sees only calls of exported "
			"functions");
	vmt_patch_want_actions = state->options.dir[0] != '\0';
	if (state->options.sites) {
		if (vmt_patch_open(state->options.sites == VMT_SITES_MPROTECT, &result) == 0)
			state->counters.doors |= VMT_DOOR_SITES;
		vmt_state_note(state, result.notes);
		if (!vmt_range_is_empty(result.near))
			vmt_memory_own(state, (void *)result.near.start, VMT_PAGE_SIZE);
		vmt_patch_hook_exit();
	}
	ends_by_destructor = !vmt_patch_exit_is_hooked() && !vmt_libc_on_exit(at_exit);
}

/* The destructors of other libraries may run after this one, and the status is unknown. */
__attribute__((destructor)) static void end(void)
{
	if (ends_by_destructor)
		vmt_exit_end(0);
}

static int start_counting(struct vmt_state *state)
{
	int ret = vmt_account_init(state);

	if (ret)
		return ret;
	for (uint32_t id = 0; id < state->sites.count; id++)
		vmt_publish_site(state, state->sites.by_id[id]);
	state->image.brk = (uint64_t)vmt_sys1(SYS_brk, 0);
	ret = vmt_account_start(state);
	if (ret)
		return ret;
	vmt_unwind_learn_none(state);
	state->process.is_first = false; /* not any more, in case the table is filled again */
	vmt_file_id_start(state);
	vmt_confidence_find_loader(state);
	vmt_account_begin(state);
	state->counters.asked_maps = 0;
	vmt_timeline_tick(state, 0);
	ret = vmt_publish_whole_header(state);
	if (ret && state->process.is_root)
		say_no_recording(state, ret);
	return 0;
}

/* Valgrind preloads a library of the tool's. */
static bool has_valgrind_tool(const struct vmt_state *state, const char *tool)
{
	return contains(find_variable(state->image.environment, "LD_PRELOAD"), tool);
}

/* Valgrind makes maps without system calls of the program. */
static void look_for_valgrind(struct vmt_state *state)
{
	if (has_valgrind_tool(state, "vgpreload"))
		vmt_state_note(state, VMT_NOTE_VALGRIND);
	if (has_valgrind_tool(state, "vgpreload_memcheck"))
		vmt_valgrind_stacks((uint64_t)(uintptr_t)state->reporting.stack,
				    vmt_gate_own_stacks_end);
	if (has_valgrind_tool(state, "vgpreload_helgrind") ||
	    has_valgrind_tool(state, "vgpreload_drd"))
		vmt_memory_ignore_races(state);
}

/* Files are opened by name later, when the program may have called chdir. */
static void find_start_folder(struct vmt_state *state)
{
	const struct vmt_options *options = &state->options;

	if ((options->dir[0] && options->dir[0] != '/') ||
	    (options->log_path[0] && options->log_path[0] != '/'))
		vmt_sys2(SYS_getcwd, state->image.start_folder, sizeof(state->image.start_folder));
}

/* Without a state there is no log to write to. */
static void say_no_state(void)
{
	static const char text[] = "vmatrace: there is not enough address space or memory (ulimit "
				   "-v, -d); the program runs untraced\n";

	if (vmt_probe_has_no_filter())
		vmt_sys6(SYS_write, 2, (long)text, sizeof(text) - 1, 0, 0, 0);
}

/* The file contains a hexadecimal number. */
static unsigned long read_personality(void)
{
	long personality = vmt_sys1(SYS_personality, VMT_PERSONALITY_QUERY);
	char text[16] = "";

	if (!vmt_sys_failed(personality))
		return (unsigned long)personality;
	personality = 0;
	vmt_fd_read_file("/proc/self/personality", text, sizeof(text) - 1);
	for (const char *at = text; *at > ' '; at++)
		personality = personality * 16 + (*at <= '9' ? *at - '0' : *at - 'a' + 10);
	return (unsigned long)personality;
}

static struct vmt_state *make_state(char **environment)
{
	const char *text = find_variable(environment, "VMATRACE_OPTIONS");
	uint64_t limit = read_number("/proc/sys/vm/max_map_count");
	struct vmt_options options;
	struct vmt_state *state;

	read_options(&options, text, limit);
	state = vmt_memory_make(&options);
	/* a chroot without /dev/zero: map memory in another way */
	if (!state && vmt_probe_has_no_filter()) {
		vmt_filter_set_allowed(VMT_FILTER_ALL);
		state = vmt_memory_make(&options);
	}
	if (!state)
		return NULL;
	state->image.environment = environment;
	state->is_verifying = options.verify != 0;
#ifdef VMT_KILL_POINTS
	text = find_variable(environment, "VMATRACE_KILL_AT");
	state->recording_file.kill_at =
		text ? vmt_scan_number(text, text + __builtin_strlen(text)) : 0;
#endif
	state->image.vdso = vmt_auxv(AT_SYSINFO_EHDR);
	vmt_clock_open(state->image.vdso);
	vmt_spare_open(state);
	vmt_probe_filter(state, options.filter == VMT_FILTER_PROBE);
	find_start_folder(state);
	state->counters.maps_limit = limit;
	state->process.is_first = is_first(environment);
	vmt_confidence_open(state);
	state->alarms.from = limit ? limit * 80 / 100 : UINT64_MAX;
	state->image.main_sp = (uint64_t)(uintptr_t)__builtin_frame_address(0);
	state->kernel.maps.number = -1;
	state->recording_file.fd.number = -1;
	state->log.error.number = -1;
	state->log.now.number = -1;
	state->process.is_root =
		!has_traced_parent(state->process.parent_pid, state->text, sizeof(state->text));
	if (state->process.is_root)
		state->image.waited_faults = vmt_fd_own_stat(VMT_STAT_WAITED_FAULTS);
	return state;
}

/* A child that prints no report says nothing about its options either. */
static void open_log(struct vmt_state *state, const char *text)
{
	const bool is_quiet = !vmt_state_reports(state);

	vmt_log_open(state, is_quiet);
	if (!is_quiet)
		check_options(state, text);
}

/* What nearly every process will ask for, while the list of maps is open. */
static void learn_early(struct vmt_state *state)
{
	struct vmt_range stack;

	vmt_bounds_of((uint64_t)(uintptr_t)__builtin_frame_address(0), &stack);
	if (vmt_auxv(AT_ENTRY))
		vmt_modules_frame_of(state, vmt_auxv(AT_ENTRY) + 1);
	vmt_ending_find(state);
}

static void begin(char **arguments)
{
	struct vmt_state *state;
	char **environment;
	const char *text;

	/* first, since a sanitizer that starts while we look for symbols allocates memory */
	vmt_malloc_resolve();
	vmt_libc_find();
	environment = vmt_libc_environment(arguments);
	text = find_variable(environment, "VMATRACE_OPTIONS");
	state = make_state(environment);
	if (!state) {
		say_no_state();
		vmt_next_resolve();
		return;
	}
	vmt_state = state;
	vmt_malloc_start(state->malloc_blocks);
	atomic_store_explicit(&vmt_phase, VMT_PHASE_STARTING, memory_order_release);
	open_log(state, text);
	if (!state->process.is_root && !state->options.follow_children) {
		vmt_next_resolve();
		return;
	}
	vmt_ask_open(state);
	look_for_valgrind(state);
	state->confidence.no_deriving = (read_personality() & READ_IMPLIES_EXEC) != 0;
	vmt_unwind_modules_load();
	vmt_python_open();
	if (vmt_libc.inside && vmt_unwind_rows_are_missing(vmt_libc.last_exit))
		vmt_state_note(state, VMT_NOTE_NO_UNWIND);
	vmt_find_tool_beside(state);
	vmt_find_tool_copy_environment(state);
	open_doors(state);
	if (vmt_memory_make_alive(state)) {
		vmt_log(state, "this kernel has no MADV_WIPEONFORK (Linux 4.14); the program runs "
			       "untraced");
		return;
	}
	open_recording(state, text);
	if (start_counting(state)) {
		vmt_log(state,
			"there is not enough memory for the table; the program runs untraced");
		return;
	}
	vmt_allocations_start(state);
	learn_early(state);
	if (state->options.markers)
		vmt_filter_mark_own();
	vmt_log_marker(state, "vmatrace: ready");
	if (state->options.remedies)
		vmt_remedy_open(state->options.remedies);
	vmt_call_prepare(has_valgrind_tool(state, "vgpreload_memcheck"));
	atomic_store_explicit(&vmt_phase, VMT_PHASE_ON, memory_order_release);
}

__attribute__((constructor)) static void start(int argc, char **argv, char **arguments)
{
	(void)argc, (void)argv;
	vmt_valgrind_begin();
	begin(arguments);
	vmt_mapsfile_done();
	vmt_valgrind_end();
}
