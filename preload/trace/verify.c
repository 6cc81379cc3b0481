/* SPDX-License-Identifier: MIT */
/*
 * The text of /proc/self/maps is read whichever way of asking is in use, so that the table is
 * compared with another source than the one it was made from. See verify.h.
 */
#include "trace/verify.h"

#include <sys/syscall.h>

#include "kernel/ask.h"
#include "core/base/line.h"
#include "os/sys.h"
#include "own/log.h"
#include "trace/account.h"
#include "trace/script.h"

static void add_vma(struct vmt_line *line, const struct vmt_vma *vma)
{
	vmt_line_add_hex(line, vma->start);
	vmt_line_add(line, "-");
	vmt_line_add_hex(line, vma->end);
	vmt_line_add(line, vma->flags & VMT_MAP_READ ? " r" : " -");
	vmt_line_add(line, vma->flags & VMT_MAP_WRITE ? "w" : "-");
	vmt_line_add(line, vma->flags & VMT_MAP_EXEC ? "x" : "-");
	vmt_line_add(line, vma->flags & VMT_MAP_SHARED ? "s " : "p ");
	vmt_line_add_hex(line, vma->offset);
	vmt_line_add(line, " ");
	vmt_line_add_hex(line, vmt_vma_dev_major(vma->dev));
	vmt_line_add(line, ":");
	vmt_line_add_hex(line, vmt_vma_dev_minor(vma->dev));
	vmt_line_add(line, " ");
	vmt_line_add_number(line, vma->inode);
}

static void add_call(struct vmt_line *line, const struct vmt_done *done)
{
	vmt_line_add(line, vmt_calls_name(done->call));
	vmt_line_add(line, "(");
	for (unsigned i = 0; i < VMT_COUNT(done->args); i++) {
		vmt_line_add(line, i ? ", 0x" : "0x");
		vmt_line_add_hex(line, (uint64_t)done->args[i]);
	}
	vmt_line_add(line, ") = 0x");
	vmt_line_add_hex(line, (uint64_t)done->result);
}

_Noreturn static void say_and_stop(struct vmt_state *state, const char *text)
{
	if (vmt_log_fd(state) < 0)
		vmt_log_open(state, false); /* a fork child has no log, since it prints no report */
	vmt_log(state, text);
	for (;;)
		vmt_sys6(SYS_exit_group, VMT_VERIFY_STATUS, 0, 0, 0, 0, 0);
}

_Noreturn static void stop(struct vmt_state *state, const struct vmt_map *ours,
			   const struct vmt_vma *kernel, const struct vmt_done *last)
{
	char text[800];
	struct vmt_line line = vmt_line_in(text, sizeof(text));

	vmt_line_add(&line, "verify: the table differs from the kernel. Table: ");
	if (ours)
		add_vma(&line, &ours->vma);
	else
		vmt_line_add(&line, "nothing");
	vmt_line_add(&line, " Kernel: ");
	if (kernel)
		add_vma(&line, kernel);
	else
		vmt_line_add(&line, "nothing");
	vmt_line_add(&line, " After call ");
	vmt_line_add_number(&line, state->counters.calls_seen);
	vmt_line_add(&line, ": ");
	add_call(&line, last);
	say_and_stop(state, text);
}

/* A stack grows by page faults, which are not seen: adopt its new start. */
static bool is_grown_stack(const struct vmt_map *map, const struct vmt_vma *vma)
{
	struct vmt_vma same = *vma;

	same.start = map->vma.start;
	return (map->vma.flags & VMT_MAP_STACK) && vma->start < map->vma.start &&
	       vmt_vma_same(&map->vma, &same);
}

static bool is_comparable(struct vmt_state *state)
{
	return vmt_ask_is_possible() && vmt_deferred_is_quiet(&state->deferred);
}

/* Read all maps of the kernel's; NULL if that is not possible now. */
static const struct vmt_outcome *read_maps(struct vmt_state *state)
{
	struct vmt_outcome *outcome = &state->resolution.outcome;

	vmt_outcome_clear(outcome);
	outcome->expected = state->space.count;
	return vmt_ask_everything(state, outcome) || outcome->out_of_memory ? NULL : outcome;
}

/* The first place at which the table and the kernel differ. */
struct difference {
	const struct vmt_map *map; /* NULL: the table has ended */
	const struct vmt_vma *vma; /* NULL: the kernel's maps have */
};

/* Returns whether there is any. may_grow: a stack that has grown is none. */
static bool find_difference(struct vmt_state *state, const struct vmt_outcome *outcome,
			    bool may_grow, struct difference *ret)
{
	struct vmt_map *map = vmt_space_first(&state->space);
	size_t i = 0;

	for (; map && i < outcome->count; i++, map = vmt_space_next(map)) {
		const struct vmt_vma *vma = &outcome->map[i].vma;

		if (!vmt_vma_same(&map->vma, vma) && !(may_grow && is_grown_stack(map, vma)))
			break;
	}
	*ret = (struct difference){ map, i < outcome->count ? &outcome->map[i].vma : NULL };
	return ret->map || ret->vma;
}

static void compare_maps(struct vmt_state *state, const struct vmt_done *last)
{
	const struct vmt_outcome *outcome = read_maps(state);
	struct difference first;

	if (!outcome || !is_comparable(state))
		return;
	if (find_difference(state, outcome, true, &first))
		stop(state, first.map, first.vma, last);
	state->counters.verified++;
	state->publish.header_is_behind = true;
}

bool vmt_verify_is_equal(struct vmt_state *state, uint64_t *ret_count)
{
	const struct vmt_outcome *outcome = read_maps(state);
	struct difference first;

	if (!outcome)
		return false;
	*ret_count = outcome->count;
	return !find_difference(state, outcome, false, &first);
}

void vmt_verify_table(struct vmt_state *state, const struct vmt_done *last)
{
	if (++state->verify_calls < state->options.verify)
		return;
	if (!is_comparable(state))
		return; /* compare at the next call instead */
	state->verify_calls = 0;
	uint64_t asked = state->counters.asked_maps;

	compare_maps(state, last);
	state->counters.asked_maps = asked; /* the comparison did not answer a call */
}

void vmt_verify_recalled(struct vmt_state *state, enum vmt_call_id call,
			 const struct vmt_regs *regs, uint32_t site)
{
	struct vmt_walk stack;
	struct vmt_callsites_stack raw = { .call = call };

	vmt_unwind_plain(regs, &stack);
	raw.count = stack.count;
	raw.is_truncated = stack.flags & VMT_WALK_TRUNCATED;
	raw.pc = stack.pc;
	if (vmt_python_is_known())
		vmt_script_look(state, &stack);
	raw.script = stack.script;
	if (vmt_account_intern(state, &raw)->id == site)
		return;
	say_and_stop(state, "verify: a remembered stack was used for a different stack.");
}
