/* SPDX-License-Identifier: MIT */
/*
 * 3.11 and 3.12 do not describe their structures, but these did not change within a version. 3.13
 * describes them in _Py_DebugOffsets, whose offsets are used if they are plausible. See cpython.h.
 */
#include "core/stack/cpython.h"

#define MINOR(version)    ((version) >> 16)
#define IS_FINAL(version) (((version) >> 4 & 15) == 15)

/* Frames that are being torn down could still be current before 3.11.2. */
#define FIRST_3_11 0x030b0200u

static const struct vmt_cpython_layout layout_3_11 = {
	.finalizing = 24,
	.interpreters = 40,
	.current = 576,
	.next_interpreter = 0,
	.threads = 16,
	.prev = 0,
	.next = 8,
	.interpreter = 16,
	.thread_id = 152,
	.cframe = 56,
	.current_frame = 8,
	.previous_cframe = 16,
	.code = 32,
	.instr = 56,
	.previous = 48,
	.owner = 69,
	.is_entry = 68,
	.firstlineno = 72,
	.filename = 112,
	.qualname = 128,
	.linetable = 136,
	.bytecode = 184,
	.ascii = 48,
	.compact = 72,
};

static const struct vmt_cpython_layout layout_3_12 = {
	.finalizing = 24,
	.interpreters = 40,
	.current = VMT_CPYTHON_NONE,
	.next_interpreter = 0,
	.threads = 72,
	.prev = 0,
	.next = 8,
	.interpreter = 16,
	.thread_id = 136,
	.cframe = 56,
	.current_frame = 0,
	.previous_cframe = 8,
	.code = 0,
	.instr = 56,
	.previous = 8,
	.owner = 70,
	.is_entry = VMT_CPYTHON_NONE,
	.firstlineno = 68,
	.filename = 112,
	.qualname = 128,
	.linetable = 136,
	.bytecode = 192,
	.ascii = 40,
	.compact = 56,
};

/* Words of _Py_DebugOffsets. */
enum {
	COOKIE,
	VERSION,
	FREE_THREADED,
	RUNTIME_FINALIZING = 4,
	RUNTIME_INTERPRETERS,
	INTERPRETER_NEXT = 8,
	INTERPRETER_THREADS,
	THREAD_PREV = 20,
	THREAD_NEXT,
	THREAD_INTERPRETER,
	THREAD_CURRENT_FRAME,
	THREAD_ID,
	FRAME_PREVIOUS = 29,
	FRAME_EXECUTABLE,
	FRAME_INSTR,
	FRAME_OWNER = 33,
	CODE_FILENAME = 35,
	CODE_QUALNAME = 37,
	CODE_LINETABLE,
	CODE_FIRSTLINENO,
	CODE_BYTECODE = 43,
	OBJECT_TYPE = 45,
	BYTES_SIZE = 65,
	BYTES_VALUE,
	TEXT_STATE = 68,
	TEXT_LENGTH,
	TEXT_ASCII_SIZE,
};

#define STRUCTURE_MOST UINT64_C(1 << 20)

/* Members whose offset is the same in all these versions. */
static bool are_objects_known(const uint64_t offsets[VMT_CPYTHON_OFFSETS])
{
	return offsets[OBJECT_TYPE] == 8 && offsets[BYTES_SIZE] == 16 &&
	       offsets[BYTES_VALUE] == 32 && offsets[TEXT_LENGTH] == 16 &&
	       offsets[TEXT_STATE] == 32 && offsets[TEXT_ASCII_SIZE] == 40;
}

static bool is_plausible(uint32_t version, const uint64_t offsets[VMT_CPYTHON_OFFSETS])
{
	if (__builtin_memcmp(&offsets[COOKIE], "xdebugpy", 8) || offsets[VERSION] != version ||
	    offsets[FREE_THREADED] || !are_objects_known(offsets))
		return false;
	for (unsigned i = RUNTIME_FINALIZING; i < VMT_CPYTHON_OFFSETS; i++) {
		if (offsets[i] >= STRUCTURE_MOST)
			return false;
	}
	return true;
}

static bool read_offsets(uint32_t version, const uint64_t offsets[VMT_CPYTHON_OFFSETS],
			 struct vmt_cpython_layout *ret)
{
	if (!is_plausible(version, offsets))
		return false;
	*ret = (struct vmt_cpython_layout){
		.finalizing = (uint32_t)offsets[RUNTIME_FINALIZING],
		.interpreters = (uint32_t)offsets[RUNTIME_INTERPRETERS],
		.current = VMT_CPYTHON_NONE,
		.next_interpreter = (uint32_t)offsets[INTERPRETER_NEXT],
		.threads = (uint32_t)offsets[INTERPRETER_THREADS],
		.prev = (uint32_t)offsets[THREAD_PREV],
		.next = (uint32_t)offsets[THREAD_NEXT],
		.interpreter = (uint32_t)offsets[THREAD_INTERPRETER],
		.thread_id = (uint32_t)offsets[THREAD_ID],
		.cframe = VMT_CPYTHON_NONE,
		.current_frame = (uint32_t)offsets[THREAD_CURRENT_FRAME],
		.previous_cframe = VMT_CPYTHON_NONE,
		.code = (uint32_t)offsets[FRAME_EXECUTABLE],
		.instr = (uint32_t)offsets[FRAME_INSTR],
		.previous = (uint32_t)offsets[FRAME_PREVIOUS],
		.owner = (uint32_t)offsets[FRAME_OWNER],
		.is_entry = VMT_CPYTHON_NONE,
		.firstlineno = (uint32_t)offsets[CODE_FIRSTLINENO],
		.filename = (uint32_t)offsets[CODE_FILENAME],
		.qualname = (uint32_t)offsets[CODE_QUALNAME],
		.linetable = (uint32_t)offsets[CODE_LINETABLE],
		.bytecode = (uint32_t)offsets[CODE_BYTECODE],
		.ascii = 40,
		.compact = 56,
	};
	return ret->thread_id < 1024 && ret->current_frame < 1024 && ret->bytecode < 1024;
}

bool vmt_cpython_layout(uint32_t version, const uint64_t runtime[VMT_CPYTHON_OFFSETS],
			struct vmt_cpython_layout *ret_layout)
{
	if (!IS_FINAL(version))
		return false;
	switch (MINOR(version)) {
	case 0x030b: *ret_layout = layout_3_11; return version >= FIRST_3_11;
	case 0x030c: *ret_layout = layout_3_12; return true;
	case 0x030d: return read_offsets(version, runtime, ret_layout);
	default: return false;
	}
}

/*
 * Read a number of any length: six bits in each byte, the lowest first; 0x40 means that more
 * bytes follow.
 */
static bool read_number(const uint8_t **at, const uint8_t *end, uint32_t *ret_number)
{
	uint64_t number = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		if (*at == end || shift > 30)
			return false;
		byte = *(*at)++;
		number |= (uint64_t)(byte & 63) << shift;
		shift += 6;
	} while (byte & 64);
	*ret_number = (uint32_t)number;
	return true;
}

/* Kinds of entries, which differ in how the difference of lines and the columns are stored. */
#define KIND_ONE_LINE  10u
#define KIND_NO_COLUMN 13u
#define KIND_LONG      14u
#define KIND_NO_LINE   15u

/* The lowest bit of a difference is its sign. */
static bool add_difference(const uint8_t **at, const uint8_t *end, int64_t *line)
{
	uint32_t number;

	if (!read_number(at, end, &number))
		return false;
	*line += number & 1 ? -(int64_t)(number >> 1) : (int64_t)(number >> 1);
	return true;
}

/*
 * The first byte of an entry holds its kind and the number of two-byte instructions that it stands
 * for. It has the highest bit set, and no other byte has.
 */
uint32_t vmt_cpython_line(const uint8_t *table, size_t size, uint32_t first_line, uint32_t at)
{
	const uint8_t *end = table + size;
	int64_t line = first_line;
	uint64_t address = 0;

	while (table != end) {
		uint8_t start = *table++;
		unsigned kind = (start >> 3) & 15;

		if (!(start & 128))
			return 0;
		if (kind == KIND_NO_COLUMN || kind == KIND_LONG) {
			if (!add_difference(&table, end, &line))
				return 0;
		} else if (kind > KIND_ONE_LINE && kind < KIND_NO_COLUMN) {
			line += kind - KIND_ONE_LINE;
		}
		address += 2 * ((start & 7u) + 1);
		if (at < address)
			return kind == KIND_NO_LINE || line <= 0 || line > INT32_MAX ?
				       0 :
				       (uint32_t)line;
		while (table != end && !(*table & 128))
			table++;
	}
	return 0;
}

static size_t put_character(uint32_t character, char *text)
{
	if (character < 0x80) {
		text[0] = (char)character;
		return 1;
	}
	if (character < 0x800) {
		text[0] = (char)(0xc0 | character >> 6);
		text[1] = (char)(0x80 | (character & 63));
		return 2;
	}
	if (character < 0x10000) {
		text[0] = (char)(0xe0 | character >> 12);
		text[1] = (char)(0x80 | (character >> 6 & 63));
		text[2] = (char)(0x80 | (character & 63));
		return 3;
	}
	text[0] = (char)(0xf0 | character >> 18);
	text[1] = (char)(0x80 | (character >> 12 & 63));
	text[2] = (char)(0x80 | (character >> 6 & 63));
	text[3] = (char)(0x80 | (character & 63));
	return 4;
}

static uint32_t character_at(const void *characters, size_t index, unsigned width)
{
	uint32_t character = 0;

	__builtin_memcpy(&character, (const char *)characters + index * width, width);
	return character;
}

size_t vmt_cpython_text(const void *characters, size_t count, unsigned width, char *text,
			size_t room)
{
	size_t n = 0;

	if (width != 1 && width != 2 && width != 4)
		return 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t character = character_at(characters, i, width);

		if (room - n < 4 || character > 0x10ffff)
			return 0;
		/*
		 * Python uses half of a surrogate pair for each byte of a file's name that is not
		 * UTF-8.
		 */
		if (character >= 0xdc80 && character <= 0xdcff)
			text[n++] = (char)(character - 0xdc00);
		else
			n += put_character(character, text + n);
	}
	return n;
}
