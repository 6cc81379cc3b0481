/* SPDX-License-Identifier: MIT */
/*
 * The model under test: a table of this process, kept up to date by the core. After every call it
 * is compared with the text of /proc/self/maps: all maps, the change of their number, the live
 * counts, and that every question to the kernel was necessary.
 */
#include "model.h"
#include "pieces.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "os/sys.h"

#define SITES         (VMT_SITE_FIRST + VMT_CALL_COUNT)
#define QUESTIONS_MAX 64

struct figures figures;

static unsigned char memory[32 << 20] __attribute__((aligned(16)));
static struct vmt_arena arena;
static struct vmt_space space;
static struct vmt_resolution resolution;
static struct vmt_kernel_ops kernel;
static enum way way_used;
static uint64_t brk_now;
static struct text before, after;
static int64_t live[SITES];
static uint64_t questions[QUESTIONS_MAX];
static size_t question_count;
static const char *model_label = "";
static bool with_stacks;

static int note_question(void *context, const struct vmt_vma *right)
{
	(void)context;
	if (question_count < QUESTIONS_MAX)
		questions[question_count++] = right->start;
	return kernel.boundary(kernel.context, right);
}

static void note_live(void *context, uint32_t site, int delta)
{
	(void)context;
	live[site] += delta;
}

static const struct vmt_effect_ops live_ops = { .live = note_live };

static void show(const char *title, const struct vmt_vma *vma, uint32_t mapped, uint32_t put)
{
	dprintf(2, "  %-6s %lx-%lx %c%c%c%c %lx %x:%x %lu   mapped by %u, put by %u\n", title,
		vma->start, vma->end, vma->flags & VMT_MAP_READ ? 'r' : '-',
		vma->flags & VMT_MAP_WRITE ? 'w' : '-', vma->flags & VMT_MAP_EXEC ? 'x' : '-',
		vma->flags & VMT_MAP_SHARED ? 's' : 'p', vma->offset, vmt_vma_dev_major(vma->dev),
		vmt_vma_dev_minor(vma->dev), vma->inode, mapped, put);
}

static bool is_near(const struct vmt_vma *vma, uint64_t addr)
{
	return vma->end + 4 * PAGE >= addr && vma->start <= addr + 4 * PAGE;
}

static _Noreturn void differ(const char *what, const struct vmt_done *done, uint64_t addr)
{
	dprintf(2, "%s: DIFFERS after call %lu: %s\n", model_label, figures.calls, what);
	dprintf(2, "  %s(%lx, %lx, %lx, %lx, %lx, %lx) = %lx\n", vmt_calls_name(done->call),
		done->args[0], done->args[1], done->args[2], done->args[3], done->args[4],
		done->args[5], done->result);
	for (size_t i = 0; i < before.count; i++)
		if (is_near(&before.vma[i], addr))
			show("before", &before.vma[i], 0, 0);
	for (size_t i = 0; i < after.count; i++)
		if (is_near(&after.vma[i], addr))
			show("kernel", &after.vma[i], 0, 0);
	for (struct vmt_map *map = vmt_space_first(&space); map; map = vmt_space_next(map))
		if (is_near(&map->vma, addr))
			show("model", &map->vma, map->mapped_by, map->put_by);
	exit(1);
}

/* The recorded start of a stack may be out of date until a call comes near it. */
static bool is_same(const struct vmt_map *map, const struct vmt_vma *vma)
{
	struct vmt_vma grown = map->vma;

	if (map->vma.flags & VMT_MAP_STACK && vma->start < grown.start)
		grown.start = vma->start;
	return vmt_vma_same(&grown, vma);
}

static void compare_maps(const struct vmt_done *done)
{
	struct vmt_map *map = vmt_space_first(&space);

	for (size_t i = 0; i < after.count; i++, map = vmt_space_next(map)) {
		if (!map || !is_same(map, &after.vma[i]))
			differ("the maps", done, after.vma[i].start);
		if (vmt_space_at(&space, map->vma.start) != map)
			differ("the index by start", done, map->vma.start);
	}
	if (map || space.count != after.count)
		differ("the number of maps", done, map ? map->vma.start : 0);
}

static void compare_counts(const struct vmt_done *done, const struct vmt_effect *effect)
{
	const struct vmt_counts *unseen = &effect->unseen;
	int64_t net = (int64_t)after.count - (int64_t)before.count;
	uint64_t addr = (uint64_t)done->args[0];

	if (vmt_counts_net(&effect->call) != net)
		differ("net", done, addr);
	if (unseen->created || unseen->split || unseen->merged || unseen->removed)
		differ("unseen", done, addr);
	if (effect->out_of_memory)
		differ("out of memory", done, addr);
}

/* Compare each of the four counts with what two readings of the maps tell by themselves. */
static void compare_pieces(const struct vmt_done *done, const struct vmt_effect *effect)
{
	const struct vmt_counts *ours = &effect->call;
	struct vmt_counts theirs;
	char what[160];

	if (!pieces_count(&before, &after, done, &theirs))
		differ("pages from nowhere", done, (uint64_t)done->args[0]);
	if (memcmp(ours, &theirs, sizeof(theirs)) == 0)
		return;
	snprintf(what, sizeof(what),
		 "created %lu, split %lu, merged %lu, removed %lu; by the maps %lu %lu %lu %lu",
		 ours->created, ours->split, ours->merged, ours->removed, theirs.created,
		 theirs.split, theirs.merged, theirs.removed);
	differ(what, done, (uint64_t)done->args[0]);
}

static void compare_live(const struct vmt_done *done)
{
	int64_t counted[SITES] = { 0 };

	for (struct vmt_map *map = vmt_space_first(&space); map; map = vmt_space_next(map))
		counted[map->put_by]++;
	if (memcmp(counted, live, sizeof(live)) != 0)
		differ("live counts", done, (uint64_t)done->args[0]);
}

/* Offsets are compared again here, not by the core's own predicate. */
static void check_questions(const struct vmt_done *done)
{
	for (size_t q = 0; q < question_count; q++) {
		for (size_t i = 1; i < after.count; i++) {
			const struct vmt_vma *left = &after.vma[i - 1];
			const struct vmt_vma *right = &after.vma[i];

			if (right->start != questions[q] || left->end != right->start)
				continue;
			if (left->inode != right->inode || left->flags != right->flags ||
			    (left->inode &&
			     left->offset + (left->end - left->start) != right->offset))
				differ("a needless question", done, right->start);
		}
	}
	question_count = 0;
}

/*
 * All files here are on ordinary file systems, and a descriptor always refers to the same open
 * file.
 */
static int file_of(void *context, int fd, struct vmt_vma *vma)
{
	struct stat st;

	(void)context;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return -1;
	vma->inode = st.st_ino;
	vma->dev = vmt_vma_dev(major(st.st_dev), minor(st.st_dev));
	return 1;
}

static void learn(const struct vmt_done *done, struct vmt_effect *effect)
{
	const struct vmt_kernel_ops ops = { .walk = kernel.walk,
					    .boundary = note_question,
					    .file = file_of };
	struct vmt_change change;
	struct vmt_simple simple;

	space.rules.is_sample = figures.calls % 16 == 0;
	if (vmt_change_decode_simple(done, &simple) &&
	    vmt_fast_apply(&space, &simple, VMT_SITE_FIRST + done->call, figures.calls, &live_ops,
			   effect)) {
		figures.derived++;
		return;
	}
	vmt_change_decode(done, &change);
	if (change.how == VMT_CHANGE_NOTHING) {
		figures.nothing++;
		return;
	}
	vmt_resolve_file(&space, &change, &ops);
	if (vmt_fast_range_apply(&space, &change, VMT_SITE_FIRST + done->call, figures.calls,
				 &live_ops, effect)) {
		figures.derived++;
		return;
	}
	if (vmt_resolve(&space, &change, &ops, &resolution) == VMT_RESOLVED_DERIVED)
		figures.derived++;
	else
		figures.asked++;
	vmt_effect_apply(&space, &change, &resolution, VMT_SITE_FIRST + done->call, figures.calls,
			 &live_ops, effect);
	if (space.rules.is_refuted)
		differ("what seemed known", done, (uint64_t)done->args[0]);
}

long model_call(long nr, long a, long b, long c, long d, long e, long f)
{
	struct vmt_done done = { .call = vmt_calls_of_nr(nr),
				 .args = { a, b, c, d, e, f },
				 .brk = brk_now,
				 .is_loaders = true };
	struct vmt_effect effect = { .out_of_memory = false };

	if (with_stacks)
		text_read(&before); /* accesses have moved the starts of stacks */
	done.result = vmt_sys6(nr, a, b, c, d, e, f);
	if (done.call == VMT_CALL_IO_SETUP && !vmt_sys_failed(done.result))
		done.aio = *(const uint64_t *)b;
	figures.calls++;
	figures.failed += vmt_sys_failed(done.result) != 0;
	if (done.call == VMT_CALL_BRK)
		brk_now = (uint64_t)done.result;
	if (vmt_change_is_possible(done.call, done.args))
		learn(&done, &effect);
	else
		figures.nothing++;
	text_read(&after);
	compare_maps(&done);
	compare_counts(&done, &effect);
	compare_pieces(&done, &effect);
	check_questions(&done);
	if (figures.calls % 64 == 0)
		compare_live(&done);
	before = after;
	return done.result;
}

static void take_over(void)
{
	ways_open(way_used, &kernel);
	if (way_used == WAY_QUERY && !ways_can_query()) {
		dprintf(2, "model_vs_kernel: no PROCMAP_QUERY here, skipped\n");
		exit(77);
	}
	text_read(&before);
}

/* What does MAP_NORESERVE mean on this machine? */
static enum vmt_noreserve noreserve_of(void)
{
	char mode = 0;
	int fd = open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, &mode, 1) != 1)
		return VMT_NORESERVE_UNKNOWN;
	close(fd);
	return mode == '2' ? VMT_NORESERVE_IGNORED : VMT_NORESERVE_KEPT;
}

void model_start(enum way way, bool reasons, bool stacks, const char *label)
{
	struct utsname name;

	with_stacks = stacks;
	way_used = way;
	model_label = label;
	vmt_arena_init(&arena, memory, sizeof(memory));
	vmt_space_init(&space, &arena, NULL);
	space.rules.reasons = reasons;
	space.rules.noreserve = noreserve_of();
	uname(&name);
	space.rules.knows_anon_vmas = vmt_anon_vma_rules_hold(name.release);
	vmt_outcome_init(&resolution.outcome, &arena);
	brk_now = (uint64_t)vmt_sys1(SYS_brk, 0);
	take_over();
	for (size_t i = 0; i < before.count; i++) {
		if (!vmt_space_insert(&space, &before.vma[i], VMT_SITE_STARTUP, VMT_SITE_STARTUP,
				      0))
			exit(3);
		live[VMT_SITE_STARTUP]++;
	}
}

static bool is_there(const struct vmt_vma *vma)
{
	for (size_t i = 0; i < before.count; i++)
		if (before.vma[i].start == vma->start)
			return true;
	return false;
}

/*
 * Maps with MADV_DONTFORK do not exist in the child; where the core claims to know that, it must be
 * right.
 */
void model_forked(void)
{
	struct vmt_map *next;

	take_over();
	after = before;
	for (struct vmt_map *map = vmt_space_first(&space); map; map = next) {
		bool is_advised = map->vma.flags & VMT_MAP_ADVISED(0);

		next = vmt_space_next(map);
		if (map->vma.vma_class ? is_advised : !is_there(&map->vma)) {
			live[map->put_by]--;
			vmt_space_remove(&space, map);
		}
	}
	vmt_merge_rules_forget(&space);
	compare_maps(&(struct vmt_done){ .call = VMT_CALL_NONE });
}
