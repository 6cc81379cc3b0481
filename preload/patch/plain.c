/* SPDX-License-Identifier: MIT */
/* When in doubt, an instruction is refused rather than moved. See plain.h. */
#include "patch/plain.h"

#define REX_MASK 0xf0
#define REX      0x40
#define REX_WIDE 8 /* operands of 64 bits */
#define REX_REG  4 /* the fourth bit of ModRM's middle register */
#define REX_BASE 1 /* the fourth bit of ModRM's lowest register */
#define AX       0
#define SP       4

static bool is_free(unsigned int reg, unsigned int number)
{
	return reg != AX && reg != SP && reg != number;
}

/* mov, add, or, and, sub, xor from one register to another; movslq. */
static bool is_between_registers(uint8_t opcode, uint8_t rex)
{
	switch (opcode) {
	case 0x89:
	case 0x8b:
	case 0x01:
	case 0x03:
	case 0x09:
	case 0x0b:
	case 0x21:
	case 0x23:
	case 0x29:
	case 0x2b:
	case 0x31:
	case 0x33: return true;
	case 0x63: return (rex & REX_WIDE) != 0;
	default: return false;
	}
}

/*
 * add, or, and, sub, xor, cmp or mov with a constant: returns the bytes of the constant; 0 =
 * another instruction.
 */
static long constant_size(uint8_t opcode, unsigned int operation)
{
	const unsigned int adc = 2;
	const unsigned int sbb = 3;

	if (opcode == 0xc7)
		return operation == 0 ? 4 : 0;
	if (operation == adc || operation == sbb)
		return 0;
	return opcode == 0x83 ? 1 : opcode == 0x81 ? 4 : 0;
}

/* Returns the length of the instruction at p; 0 = it is not plain. */
static long length_of(const uint8_t *p, const uint8_t *end, unsigned int number)
{
	uint8_t rex = (p[0] & REX_MASK) == REX ? p[0] : 0;
	const uint8_t *at = p + (rex != 0);
	unsigned int reg, base;
	long size;

	if (end - at < 2)
		return 0;
	/* mov of a 32-bit constant; of a 64-bit constant with REX_WIDE */
	if ((at[0] & 0xf8) == 0xb8) {
		base = (at[0] & 7u) | (rex & REX_BASE) << 3;
		return !(rex & REX_WIDE) && is_free(base, number) ? at + 5 - p : 0;
	}
	if (at[1] >> 6 != 3) /* the operand is in memory */
		return 0;
	reg = (at[1] >> 3 & 7u) | (rex & REX_REG) << 1;
	base = (at[1] & 7u) | (rex & REX_BASE) << 3;
	if (is_between_registers(at[0], rex))
		return is_free(reg, number) && is_free(base, number) ? at + 2 - p : 0;
	size = constant_size(at[0], at[1] >> 3 & 7u);
	return size && is_free(base, number) ? at + 2 + size - p : 0;
}

bool vmt_plain_are(const uint8_t *start, const uint8_t *end, unsigned int number)
{
	while (start < end) {
		long length = length_of(start, end, number);

		if (length == 0)
			return false;
		start += length;
	}
	return start == end;
}
