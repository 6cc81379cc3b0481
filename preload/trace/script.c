/* SPDX-License-Identifier: MIT */
/*
 * Names and lines are read when a call site is new, from copies of the interpreter's objects. If
 * one of the objects is not what it should be, the stack gets no frames of a script. See script.h.
 */
#include "trace/script.h"

#include "store/publish.h"
#include "modules/modules.h"

#define CODE_SIZE 256u
#define STR_SIZE  64u
#define NAME_ROOM 256u
#define PATH_ROOM 1024u

static uint64_t word_in(const unsigned char *at)
{
	uint64_t word;

	__builtin_memcpy(&word, at, sizeof(word));
	return word;
}

/* Is this a live object of the type? An object begins with its reference count. */
static bool is_object(const unsigned char *object, uint64_t type)
{
	return word_in(object) != 0 && word_in(object + 8) == type;
}

/*
 * Copy a str as UTF-8, or only its beginning if it is too long and may_cut is set. Returns the
 * length; 0 = failed.
 */
static size_t read_text(struct vmt_state *state, uint64_t at, bool may_cut, char *text, size_t room)
{
	const struct vmt_cpython_layout *layout = &vmt_python.layout;
	unsigned char head[STR_SIZE];
	uint64_t length, most;
	uint32_t kind, width;

	if (!vmt_python_peek(at, head, sizeof(head)) || !is_object(head, vmt_python.text_type))
		return 0;
	length = word_in(head + 16);
	kind = head[32];
	width = kind >> 2 & 7;
	most = kind & 64 ? room - 4 : room / 4; /* characters that are certain to fit */
	if (length > most && !may_cut)
		return 0;
	if (length > most)
		length = most;
	if (!(kind & 32) || (width != 1 && width != 2 && width != 4) ||
	    !vmt_python_peek(at + (kind & 64 ? layout->ascii : layout->compact), state->text,
			     length * width))
		return 0;
	return vmt_cpython_text(state->text, length, width, text, room);
}

static uint64_t hash_text(const char *text, size_t length)
{
	uint64_t hash = length + 1;
	uint64_t word;

	for (size_t at = 0; at < length; at += sizeof(word)) {
		word = 0;
		__builtin_memcpy(&word, text + at,
				 length - at < sizeof(word) ? length - at : sizeof(word));
		hash = vmt_python_mix(hash, word);
	}
	return hash;
}

/* The function's name in the recording. A few are written more than once. */
static struct vmt_rec_string publish_name(struct vmt_state *state, const char *text, size_t length)
{
	uint64_t hash = hash_text(text, length);
	struct vmt_script_name *name = &state->modules.name[hash % VMT_SCRIPT_NAMES];

	if (name->hash != hash || name->text.length != length)
		*name = (struct vmt_script_name){ hash, vmt_publish_string(state, text, length) };
	return name->text;
}

/*
 * Look up the line in the code object's table. Returns 0 if there is none, or if the table is too
 * large to be read.
 */
static bool line_of(struct vmt_state *state, uint64_t table, uint32_t first, uint64_t at,
		    uint32_t *ret_line)
{
	unsigned char head[STR_SIZE];
	uint64_t size;

	*ret_line = 0;
	if (!vmt_python_peek(table, head, 32) || !is_object(head, vmt_python.bytes_type))
		return false;
	size = word_in(head + 16);
	if (size > sizeof(state->text))
		return true;
	if (!vmt_python_peek(table + 32, state->text, size))
		return false;
	*ret_line = vmt_cpython_line((const uint8_t *)state->text, size, first, (uint32_t)at);
	return true;
}

/*
 * Turn a function into a frame. Returns false if something is not what it should be. A function
 * that has not really begun yet is left out (no level), as in the interpreter's own tracebacks.
 */
static bool resolve(struct vmt_state *state, struct vmt_script_frame *frame)
{
	const struct vmt_cpython_layout *layout = &vmt_python.layout;
	uint64_t at = frame->instr - frame->code - layout->bytecode;
	unsigned char code[CODE_SIZE];
	char path[PATH_ROOM];
	char name[NAME_ROOM];
	struct vmt_rec_string text;
	size_t path_length, length;
	uint32_t line;

	if (!vmt_python_peek(frame->code, code, sizeof(code)) ||
	    !is_object(code, vmt_python.code_type))
		return false;
	/* the first instruction that is traced; 3.11 stores the one before the present one */
	if ((int64_t)at < 2 * (int64_t)(uint32_t)word_in(code + layout->bytecode - 16)) {
		frame->level = UINT32_MAX;
		return true;
	}
	path_length = read_text(state, word_in(code + layout->filename), false, path, sizeof(path));
	length = read_text(state, word_in(code + layout->qualname), true, name, sizeof(name));
	if (at >= 2 * word_in(code + 16) || !path_length || !length ||
	    !line_of(state, word_in(code + layout->linetable),
		     (uint32_t)word_in(code + layout->firstlineno), at, &line))
		return false;
	text = publish_name(state, name, length);
	frame->as = (struct vmt_rec_frame){
		.module =
			vmt_modules_script(state, path, path_length, hash_text(path, path_length)),
		.map_page = text.offset,
		.offset = line | (uint64_t)text.length << 32,
	};
	return true;
}

void vmt_script_look(struct vmt_state *state, struct vmt_walk *stack)
{
	if (!vmt_python_look(stack, &state->script)) {
		stack->is_doubtful = true;
		stack->script = 0;
	}
	if (state->script.is_volatile)
		stack->is_doubtful = true;
	state->script.is_resolved = false;
}

static void resolve_all(struct vmt_state *state)
{
	struct vmt_script *script = &state->script;

	script->is_resolved = true;
	for (uint32_t i = 0; i < script->count; i++) {
		if (!resolve(state, &script->frame[i])) {
			script->count = 0;
			return;
		}
	}
}

uint32_t vmt_script_at(void *context, uint32_t level, struct vmt_rec_frame *room, uint32_t most)
{
	struct vmt_state *state = context;
	struct vmt_script *script = &state->script;
	uint32_t count = 0;

	if (!script->is_resolved)
		resolve_all(state);
	for (uint32_t i = 0; i < script->count && count < most; i++) {
		if (script->frame[i].level == level)
			room[count++] = script->frame[i].as;
	}
	return count;
}
