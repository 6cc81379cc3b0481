/* SPDX-License-Identifier: MIT */
/*
 * Finds the thread's state and walks its frames. Any contradiction ends the search without a
 * result, because a wrong line would be worse than none. See python.h.
 */
#include "script/python.h"

#include <sys/syscall.h>

#include "os/libc.h"
#include "os/peek.h"
#include "os/sys.h"

#define THREADS_MOST  256u /* states examined for a thread that is seen for the first time */
#define FRAMES_MOST   4096u /* frames followed in search of the C frame that runs them */
#define TABLE_MOST    4096u /* bytes of a table of lines that are compared */
#define VARIABLE_MOST UINT64_C(1 << 20)

struct vmt_python vmt_python VMT_DATA = { .is_known = 0 };

bool vmt_python_peek(uint64_t addr, void *buffer, size_t size)
{
	return vmt_peek(vmt_state->process.pid, addr, buffer, size) == (long)size;
}

static bool peek_word(uint64_t addr, uint64_t *ret_word)
{
	return vmt_python_peek(addr, ret_word, sizeof(*ret_word));
}

static uint64_t thread_pointer(void)
{
	return (uint64_t)(uintptr_t)__builtin_thread_pointer();
}

/*
 * Is this the calling thread's state, and alive? Then it is in its interpreter's list. This is
 * asked for each call of a thread that has released the GIL, so it is one system call, mostly: the
 * list has the state where it had it the last time.
 */
static bool is_mine(uint64_t state)
{
	const struct vmt_cpython_layout *layout = &vmt_python.layout;
	const uint64_t addr[4] = { state + layout->thread_id, state + layout->prev,
				   state + layout->interpreter, vmt_python.link };
	uint64_t word[4] = { 0 }, link;
	unsigned count = vmt_peek_words(vmt_state->process.pid, addr, word, 4);

	if (count < 3 || word[0] != thread_pointer())
		return false;
	link = word[1] ? word[1] + layout->next : word[2] + layout->threads;
	if (count == 4 && link == addr[3])
		return word[3] == state;
	vmt_python.link = link;
	return peek_word(link, &link) && link == state;
}

/* Search all states; in an interpreter's list, the newest is the first. */
static uint64_t search_states(void)
{
	const struct vmt_cpython_layout *layout = &vmt_python.layout;
	uint64_t interpreter, state, id;
	unsigned count = 0;

	if (!peek_word(vmt_python.runtime + layout->interpreters, &interpreter))
		return 0;
	while (interpreter && count++ < THREADS_MOST) {
		if (!peek_word(interpreter + layout->threads, &state))
			return 0;
		while (state && count++ < THREADS_MOST) {
			if (!peek_word(state + layout->thread_id, &id))
				return 0;
			if (id == thread_pointer() && is_mine(state))
				return state;
			if (!peek_word(state + layout->next, &state))
				return 0;
		}
		if (!peek_word(interpreter + layout->next_interpreter, &interpreter))
			return 0;
	}
	return 0;
}

/*
 * The thread's variable in the storage of a module, as __tls_get_addr finds it in glibc: a vector
 * with two words for each module, preceded by its size.
 */
static uint64_t find_in_vector(void)
{
	uint64_t index[2], vector, size, block;

	if (!vmt_libc.is_glibc || !peek_word(vmt_python.index, &index[0]) ||
	    !peek_word(vmt_python.index + 8, &index[1]) ||
	    !peek_word(thread_pointer() + 8, &vector) || !peek_word(vector - 16, &size) ||
	    index[0] > size || index[0] > 4096 || !peek_word(vector + 16 * index[0], &block) ||
	    !block || block == UINT64_MAX)
		return 0;
	return block + index[1];
}

/*
 * Find the thread's variable. It counts only if it leads to the thread's own state, and if it lies
 * in storage that lasts as long as the thread.
 */
static void learn_variable(struct vmt_thread *thread)
{
	uint64_t at = vmt_python.variable ? thread_pointer() + (uint64_t)vmt_python.variable :
		      vmt_python.index    ? find_in_vector() :
					    0;
	uint64_t state;

	if (!at || thread_pointer() - at > VARIABLE_MOST || at % 8)
		return;
	if (peek_word(at, &state) && state && is_mine(state))
		thread->python_at = at;
}

static uint64_t find_state(void)
{
	struct vmt_thread *thread = vmt_thread();
	uint64_t state = 0;

	if (thread->is_shared)
		return 0;
	if (vmt_python.layout.current == VMT_CPYTHON_NONE) {
		if (!thread->python_at)
			learn_variable(thread);
		state = vmt_python_attached();
		if (state)
			return state;
	}
	state = thread->python_state;
	if (!state || !is_mine(state))
		state = search_states();
	thread->python_state = state;
	return state;
}

/* The state of the thread that finalizes the interpreter; 0 = none does */
static uint64_t finalizing_state(void)
{
	return vmt_python_word(vmt_python.runtime + vmt_python.layout.finalizing);
}

/* May the frames of this state go away, since another thread finalizes the interpreter? */
static bool is_leaving(uint64_t state)
{
	uint64_t finalizing = finalizing_state();

	return finalizing && finalizing != state;
}

bool vmt_python_is_ending(void)
{
	return vmt_python_is_known() && finalizing_state() &&
	       vmt_python_word(vmt_python.runtime + vmt_python.layout.interpreters);
}

/* Find the C frame of the interpreter that addr lies in; UINT32_MAX = none. */
static uint32_t level_of(const struct vmt_walk *stack, uint64_t addr)
{
	for (uint32_t i = 0; i + 1 < stack->count; i++) {
		if (addr >= stack->sp + stack->slot[i] + 8 && addr < stack->sp + stack->slot[i + 1])
			return vmt_range_has(vmt_python.text, stack->pc[i]) ? i : UINT32_MAX;
	}
	return UINT32_MAX;
}

static bool has_interpreter(const struct vmt_walk *stack)
{
	for (uint32_t i = 0; i < stack->count; i++) {
		if (vmt_range_has(vmt_python.text, stack->pc[i]))
			return true;
	}
	return false;
}

/* The frames of one call of the evaluation function, and of the calls before it. */
struct look {
	const struct vmt_walk *stack;
	struct vmt_script *script;
	uint64_t frame;
	uint64_t cframe; /* 0: the interpreter has none */
	uint32_t first; /* the first frame whose C frame is not known yet */
	uint32_t level; /* of the cframe */
};

static void set_levels(struct look *look, uint32_t level)
{
	for (; look->first < look->script->count; look->first++)
		look->script->frame[look->first].level = level;
}

/*
 * Go on to the cframe of the call before this one. Returns false if there is none, or if it cannot
 * be right.
 */
static bool next_cframe(struct look *look, uint64_t frame)
{
	const struct vmt_cpython_layout *layout = &vmt_python.layout;

	set_levels(look, look->level);
	if (!look->cframe)
		return true;
	look->cframe = vmt_python_word(look->cframe + layout->previous_cframe);
	look->level = level_of(look->stack, look->cframe);
	return look->level != UINT32_MAX &&
	       vmt_python_word(look->cframe + layout->current_frame) == frame;
}

static void add_frame(struct look *look)
{
	struct vmt_script *script = look->script;
	struct vmt_script_frame *to = &script->frame[script->count++];

	to->code = vmt_python_word(look->frame + vmt_python.layout.code);
	to->instr = vmt_python_word(look->frame + vmt_python.layout.instr);
	to->level = UINT32_MAX;
	script->hash = vmt_python_hash_frame(script->hash, look->frame);
}

/* Is the frame the last one of its call of the evaluation function? */
static bool is_last(const struct look *look)
{
	uint32_t is_entry = vmt_python.layout.is_entry;

	return is_entry == VMT_CPYTHON_NONE ? vmt_python_is_shim(look->frame) :
					      vmt_python_byte(look->frame + is_entry) != 0;
}

/* Follow the frames. Those whose C frame is not found stay without a level. */
static void follow(struct look *look)
{
	const struct vmt_cpython_layout *layout = &vmt_python.layout;
	struct vmt_script *script = look->script;
	bool has_level = look->cframe != 0;

	for (unsigned steps = 0; look->frame && steps < FRAMES_MOST; steps++) {
		bool is_shim = vmt_python_is_shim(look->frame);
		uint64_t previous = vmt_python_word(look->frame + layout->previous);

		if (script->count == VMT_SCRIPT_FRAMES_MAX &&
		    (has_level || look->first == script->count))
			break;
		if (!is_shim && script->count < VMT_SCRIPT_FRAMES_MAX)
			add_frame(look);
		if (is_last(look)) {
			if (is_shim && !has_level) {
				look->level = level_of(look->stack, look->frame);
				if (look->level == UINT32_MAX)
					return;
			}
			if (!next_cframe(look, previous))
				return;
		}
		look->frame = previous;
	}
	if (has_level)
		set_levels(look, look->level);
}

/* Is this the name of a file, or of the runtime's own code ("<frozen …>")? */
static bool is_lasting(uint64_t name)
{
	uint64_t text = name + vmt_python.layout.ascii;
	bool is_ascii = vmt_python_byte(name + 32) & 64;

	return is_ascii && (vmt_python_byte(text) != '<' || vmt_python_byte(text + 1) == 'f');
}

/*
 * Code made from a string may be freed, and followed by other code at the same address with the
 * same members, so its lines are compared as well.
 */
static bool hash_table(struct vmt_script *script, uint64_t code)
{
	uint64_t name = vmt_python_word(code + vmt_python.layout.filename);
	uint64_t table = vmt_python_word(code + vmt_python.layout.linetable);
	uint64_t size, word;

	if (is_lasting(name))
		return true;
	script->is_volatile = true;
	size = vmt_python_word(table + 16);
	if (size > TABLE_MOST)
		return false;
	/* a bytes object ends with a NUL, and is as long as whole words */
	for (uint64_t at = 0; at < size; at += sizeof(word)) {
		uint64_t left = size - at;

		word = vmt_python_word(table + 32 + at);
		if (left < sizeof(word))
			word &= (UINT64_C(1) << 8 * left) - 1;
		script->hash = vmt_python_mix(script->hash, word);
	}
	return true;
}

static bool hash_tables(struct vmt_script *script)
{
	for (uint32_t i = 0; i < script->count; i++) {
		if (!hash_table(script, script->frame[i].code))
			return false;
	}
	return true;
}

/* Find the current frame, and the anchor by which it is found again (vmt_walk.anchor). */
static bool find_first(struct look *look, uint64_t state, struct vmt_walk *stack)
{
	const struct vmt_cpython_layout *layout = &vmt_python.layout;

	if (layout->cframe == VMT_CPYTHON_NONE) {
		look->frame = vmt_python_word(state + layout->current_frame);
		stack->anchor = VMT_PYTHON_BY_THREAD;
		return true;
	}
	look->cframe = vmt_python_word(state + layout->cframe);
	look->level = level_of(stack, look->cframe);
	if (look->level == UINT32_MAX)
		return false;
	look->frame = vmt_python_word(look->cframe + layout->current_frame);
	stack->anchor = (uint32_t)(look->cframe + layout->current_frame - stack->sp);
	return true;
}

bool vmt_python_look(struct vmt_walk *stack, struct vmt_script *ret_script)
{
	struct look look = { .stack = stack, .script = ret_script, .level = UINT32_MAX };
	uint64_t state;

	ret_script->count = 0;
	ret_script->hash = 1;
	ret_script->is_volatile = false;
	if (!has_interpreter(stack))
		return true;
	if (stack->has_signal)
		return false;
	state = find_state();
	if (!state)
		return true;
	if (is_leaving(state))
		return false;
	/* if it fails, none of the C frames belongs to the evaluation function */
	if (!find_first(&look, state, stack) || !look.frame)
		return true;
	follow(&look);
	if (!hash_tables(ret_script))
		return false;
	stack->script = ret_script->hash;
	return true;
}
