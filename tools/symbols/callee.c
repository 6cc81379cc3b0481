/* SPDX-License-Identifier: MIT */
/*
 * Decodes the two ways in which compilers call a known function: "call function", which reaches
 * another module's function through a jump in .plt, and "call *slot(%rip)" of -fno-plt. The name of
 * the function in a slot is in the relocation that fills the slot. The files are not trusted:
 * libelf checks offsets. See callee.h.
 */
#include "symbols/callee.h"
#include "symbols/modulefile.h"

#include <string.h>

#define RELOCATIONS_MAX 200000u /* relocations searched for one slot */

static bool read_code(Elf *elf, uint64_t address, uint8_t *bytes, size_t n)
{
	uint64_t offset;
	Elf_Data *data;

	if (!vmt_modulefile_offset(elf, address, &offset))
		return false;
	data = elf_getdata_rawchunk(elf, (int64_t)offset, n, ELF_T_BYTE);
	if (!data || !data->d_buf || data->d_size < n)
		return false;
	memcpy(bytes, data->d_buf, n);
	return true;
}

static uint64_t relative(uint64_t next, const uint8_t *bytes)
{
	int32_t distance;

	memcpy(&distance, bytes, sizeof(distance));
	return next + (uint64_t)(int64_t)distance;
}

static const char *symbol_of(Elf *elf, Elf_Scn *symbols, uint64_t number)
{
	Elf_Data *data = symbols ? elf_getdata(symbols, NULL) : NULL;
	GElf_Shdr header;
	GElf_Sym symbol;

	if (!data || !gelf_getshdr(symbols, &header) || number > INT32_MAX ||
	    !gelf_getsym(data, (int)number, &symbol))
		return NULL;
	return elf_strptr(elf, header.sh_link, symbol.st_name);
}

static const char *name_in(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, uint64_t slot)
{
	Elf_Data *data = elf_getdata(section, NULL);
	uint64_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	GElf_Rela rela;

	for (uint64_t i = 0; data && i < count && i < RELOCATIONS_MAX; i++) {
		if (gelf_getrela(data, (int)i, &rela) && rela.r_offset == slot)
			return symbol_of(elf, elf_getscn(elf, header->sh_link),
					 GELF_R_SYM(rela.r_info));
	}
	return NULL;
}

/* Returns the name of the function whose address the loader stores in the slot. */
static const char *name_of_slot(Elf *elf, uint64_t slot)
{
	Elf_Scn *section = NULL;
	const char *name = NULL;
	GElf_Shdr header;

	while (!name && (section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_RELA &&
		    header.sh_flags & SHF_ALLOC)
			name = name_in(elf, section, &header, slot);
	}
	return name && *name ? name : NULL;
}

/* Is this "jmp *slot(%rip)", after an optional endbr64 and with an optional bnd prefix? */
static bool is_stub(Elf *elf, uint64_t address, uint64_t *ret_slot)
{
	static const uint8_t endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	uint8_t code[11];
	size_t n = 0;

	if (!read_code(elf, address, code, sizeof(code)))
		return false;
	if (!memcmp(code, endbr, sizeof(endbr)))
		n = sizeof(endbr);
	n += code[n] == 0xf2;
	if (n + 6 > sizeof(code) || code[n] != 0xff || code[n + 1] != 0x25)
		return false;
	*ret_slot = relative(address + n + 6, code + n + 2);
	return true;
}

static bool is_x86_64(Elf *elf)
{
	GElf_Ehdr header;

	return elf && gelf_getehdr(elf, &header) && header.e_machine == EM_X86_64;
}

#define LONGEST_CALL 8u /* bytes of a call through a pointer in memory */
#define LOADED_IN    4096u /* bytes before a call, in which its register may be loaded… */
#define LOADED_NEAR  64u /* …if it is one that other calls may change */

/* Returns the register that a call goes through, or -1. code: the bytes up to the return address. */
static int register_of(const uint8_t *code)
{
	if (code[6] != 0xff || (code[7] & 0xf8) != 0xd0)
		return -1;
	return (code[7] & 7) | (code[5] == 0x41 ? 8 : 0);
}

/* Does the code end in "call *(...)", with a register, an index or a distance, or both? */
static bool is_through_memory(const uint8_t *code)
{
	return (code[6] == 0xff && (code[7] & 0xf8) == 0x10 && (code[7] & 6) != 4) ||
	       (code[5] == 0xff &&
		(code[6] == 0x14 || ((code[6] & 0xf8) == 0x50 && code[6] != 0x54))) ||
	       (code[4] == 0xff && code[5] == 0x54) ||
	       (code[2] == 0xff && ((code[3] & 0xf8) == 0x90 || code[3] == 0x15) &&
		code[3] != 0x94) ||
	       (code[1] == 0xff && (code[2] == 0x94 || code[2] == 0x14));
}

/* Was the register loaded with a known function, as -fno-plt does before several calls of it? */
static bool is_loaded(Elf *elf, uint64_t address, int number)
{
	uint8_t code[LOADED_IN];
	bool is_kept = number == 3 || number == 5 || number >= 12; /* rbx, rbp, r12 to r15 */
	uint64_t n = is_kept ? LOADED_IN : LOADED_NEAR, start;

	/* Less where the code begins in between. */
	while (n > 16 && (address < n || !read_code(elf, address - n, code, n)))
		n /= 2;
	start = address - n;
	for (size_t i = 0; n > 16 && i + 7 <= n; i++) {
		int to = (code[i + 2] >> 3 & 7) | (code[i] & 4 ? 8 : 0);

		if ((code[i] & 0xfb) == 0x48 && code[i + 1] == 0x8b && (code[i + 2] & 0xc7) == 5 &&
		    to == number && name_of_slot(elf, relative(start + i + 7, code + i + 3)))
			return true;
	}
	return false;
}

static bool is_by_pointer(Elf *elf, uint64_t address)
{
	uint8_t code[LONGEST_CALL];
	int number;

	if (!read_code(elf, address - sizeof(code), code, sizeof(code)) ||
	    (code[6] == 0x0f && code[7] == 0x05)) /* syscall */
		return false;
	number = register_of(code);
	return number < 0 ? is_through_memory(code) : !is_loaded(elf, address, number);
}

bool vmt_callee_find(Elf *elf, uint64_t address, struct vmt_callee *ret_callee)
{
	struct vmt_callee callee = { .name = NULL };
	uint8_t code[6];
	uint64_t slot;

	*ret_callee = callee;
	if (!is_x86_64(elf) || address < LONGEST_CALL ||
	    !read_code(elf, address - sizeof(code), code, sizeof(code)))
		return false;
	if (code[0] == 0xff && code[1] == 0x15) {
		slot = relative(address, code + 2);
	} else if (code[1] == 0xe8) {
		callee.address = relative(address, code + 2);
		if (!is_stub(elf, callee.address, &slot)) {
			*ret_callee = callee;
			return true;
		}
	} else {
		ret_callee->is_by_pointer = is_by_pointer(elf, address);
		return false;
	}
	callee.name = name_of_slot(elf, slot);
	callee.is_by_pointer = !callee.name;
	*ret_callee = callee;
	return callee.name;
}

#define JUMP_MAX     6u /* bytes of a jump or a call that are read */
#define FUNCTION_MAX 4096u /* bytes of a function that is examined */

/* What may be an instruction that leads out of a function. */
struct way_out {
	uint64_t target; /* 0: there is none */
	uint64_t slot; /* the jump goes through this slot; or 0 */
	uint32_t length; /* so many bytes are certainly not the beginning of another one */
	bool is_call;
	bool is_by_pointer; /* a register or memory says at run time where to */
};

/* Read a relative call or jump, with or without a condition, or a jump through a pointer. */
static struct way_out way_out_of(const uint8_t *code, uint64_t address)
{
	struct way_out way = { .length = 1 };

	if (code[0] == 0xeb || (code[0] & 0xf0) == 0x70) {
		way.target = address + 2 + (uint64_t)(int64_t)(int8_t)code[1];
		return way;
	}
	if (code[0] == 0xe8 || code[0] == 0xe9) {
		way.length = 5;
		way.is_call = code[0] == 0xe8;
	} else if ((code[0] == 0x0f && (code[1] & 0xf0) == 0x80) ||
		   (code[0] == 0xff && code[1] == 0x25)) {
		way.length = 6;
	} else {
		way.is_by_pointer = code[0] == 0xff && (code[1] & 0x38) == 0x20;
		return way;
	}
	way.target = relative(address + way.length, code + way.length - 4);
	if (code[0] == 0xff)
		way.slot = way.target;
	return way;
}

/*
 * Is a jump to where a register or memory says all that is left of a function? That of a switch is followed
 * by the cases.
 */
static bool is_last_by_pointer(const uint8_t *code, uint64_t left)
{
	uint8_t mode = code[1] >> 6, base = code[1] & 7;
	bool has_index = mode != 3 && base == 4;
	uint64_t length = 2u + has_index;

	if (has_index)
		base = code[2] & 7;
	if (mode == 1)
		length += 1;
	else if (mode == 2 || (mode == 0 && base == 5))
		length += 4;
	return code[0] == 0xff && (code[1] & 0x38) == 0x20 && length == left;
}

static bool is_same_callee(const struct vmt_callee *one, const struct vmt_callee *two)
{
	return one->name && two->name ? !strcmp(one->name, two->name) :
					one->name == two->name && one->address == two->address;
}

/* Take note of a jump. Returns false if what it leads to is unknown, or is not what others lead to. */
static bool note_jump(Elf *elf, struct way_out way, struct vmt_callee *found)
{
	struct vmt_callee callee = { .name = NULL };

	if (way.slot || is_stub(elf, way.target, &way.slot))
		callee.name = name_of_slot(elf, way.slot);
	else
		callee.address = way.target;
	if ((found->name || found->address) && !is_same_callee(found, &callee))
		return false;
	found->name = callee.name;
	found->address = callee.address;
	return found->name || found->address;
}

/*
 * Where instructions begin is known only behind those with a long distance to a place in the file, which
 * hardly any other bytes have. A part of another instruction may look like a short jump or one through a
 * pointer, and then the certainty is lost.
 */
bool vmt_callee_jump(Elf *elf, uint64_t start, uint64_t end, struct vmt_callee *ret_callee)
{
	uint8_t code[FUNCTION_MAX + JUMP_MAX] = { 0 };
	uint64_t at = start, ignored;
	bool is_certain = true;

	*ret_callee = (struct vmt_callee){ .name = NULL };
	if (!is_x86_64(elf) || end <= start || end - start > FUNCTION_MAX ||
	    !read_code(elf, start, code, end - start))
		return false;
	while (at < end) {
		const uint8_t *here = code + (at - start);
		struct way_out way = way_out_of(here, at);

		ret_callee->has_syscall |= here[0] == 0x0f && here[1] == 0x05;
		ret_callee->is_by_pointer |= is_last_by_pointer(here, end - at) &&
					     !(way.slot && name_of_slot(elf, way.slot));
		is_certain &= !way.is_by_pointer;
		if (way.target && !vmt_modulefile_offset(elf, way.target, &ignored))
			way = (struct way_out){ .length = 1 };
		at += way.length;
		if (is_certain && way.target && !way.is_call &&
		    !(way.target >= start && way.target < end))
			is_certain = note_jump(elf, way, ret_callee);
	}
	return is_certain && (ret_callee->name || ret_callee->address);
}

bool vmt_callee_is_signal(Elf *elf, uint64_t address)
{
	static const uint8_t sigreturn[] = { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 };
	uint8_t code[sizeof(sigreturn)];

	return is_x86_64(elf) && read_code(elf, address, code, sizeof(code)) &&
	       !memcmp(code, sigreturn, sizeof(code));
}

bool vmt_callee_is_thunk(const char *name)
{
	static const char *const starts[] = { "__x86_indirect_", "__llvm_", "_ZTh", "_ZTv",
					      "_ZTc" };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		if (!strncmp(name, starts[i], strlen(starts[i])))
			return true;
	}
	return false;
}
