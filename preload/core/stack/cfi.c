/* SPDX-License-Identifier: MIT */
/*
 * This half of the CFI reader (cfi.h) finds the instructions for a pc: the sorted table in
 * .eh_frame_hdr leads from the pc to its FDE, and the FDE names its CIE.
 *
 * It must not read outside the module's bounds, nor trust a length or an offset that it has not
 * checked. Called in signal handlers, on small stacks.
 */
#include "core/stack/cfi.h"

#include <linux/errno.h>

#include "core/stack/cfi_read.h"

/* Return the body of the CIE or FDE at address, after its length. */
static struct vmt_cfi_reader read_entry(const struct vmt_cfi_module *module, uint64_t address)
{
	struct vmt_cfi_reader all = { address, module->bounds.end,
				      !vmt_range_has(module->bounds, address) };
	uint64_t len = vmt_cfi_read_unsigned(&all, 4);

	if (len == 0xffffffff)
		len = vmt_cfi_read_unsigned(&all, 8);
	return vmt_cfi_take(&all, len);
}

static int64_t table_value(const struct vmt_cfi_module *module, uint64_t table, uint64_t word)
{
	struct vmt_cfi_reader from = { table + word * 4, module->bounds.end, false };

	return vmt_cfi_read_signed(&from, 4);
}

/*
 * Return the FDE with the highest start at or below pc, or 0. The caller has checked the table's
 * bounds.
 */
static uint64_t search_table(const struct vmt_cfi_module *module, uint64_t table, uint64_t count,
			     uint64_t pc)
{
	int64_t wanted = (int64_t)(pc - module->hdr);
	uint64_t low = 0;
	uint64_t high = count;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (table_value(module, table, middle * 2) <= wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? module->hdr + (uint64_t)table_value(module, table, low * 2 - 1) : 0;
}

static int find_fde(const struct vmt_cfi_module *module, uint64_t pc, uint64_t *ret_fde)
{
	struct vmt_cfi_reader hdr = { module->hdr, module->bounds.end,
				      !vmt_range_has(module->bounds, module->hdr) };
	uint64_t version = vmt_cfi_read_unsigned(&hdr, 1);
	uint8_t frame_encoding = (uint8_t)vmt_cfi_read_unsigned(&hdr, 1);
	uint8_t count_encoding = (uint8_t)vmt_cfi_read_unsigned(&hdr, 1);
	uint8_t table_encoding = (uint8_t)vmt_cfi_read_unsigned(&hdr, 1);
	uint64_t count;
	uint64_t table;

	if (hdr.bad || version != 1)
		return -EBADMSG;
	/* No linker writes any other kind of table, and libgcc does not search any other. */
	if (count_encoding == VMT_PE_OMIT || table_encoding != (VMT_PE_DATAREL | VMT_PE_SDATA4))
		return -ENOENT;
	if (frame_encoding != VMT_PE_OMIT)
		(void)vmt_cfi_read_pointer(&hdr, frame_encoding, module->hdr);
	count = vmt_cfi_read_pointer(&hdr, count_encoding, module->hdr);
	table = hdr.at;
	if (count > UINT32_MAX || vmt_cfi_take(&hdr, count * 8).bad)
		return -EBADMSG;
	*ret_fde = search_table(module, table, count, pc);
	return *ret_fde ? 0 : -ENOENT;
}

/* Handle one letter of an augmentation string; false when its meaning is unknown. */
static bool read_augmentation(struct vmt_cfi_reader *data, char letter,
			      struct vmt_cfi_program *program)
{
	uint8_t encoding;

	switch (letter) {
	case 'R': program->encoding = (uint8_t)vmt_cfi_read_unsigned(data, 1); return true;
	case 'L': (void)vmt_cfi_read_unsigned(data, 1); return true;
	case 'P':
		encoding = (uint8_t)vmt_cfi_read_unsigned(data, 1);
		(void)vmt_cfi_read_format(data, encoding);
		return true;
	case 'S': /* marks a signal frame; the frame's rules say so, too */ return true;
	default: return false;
	}
}

static int read_augmentations(struct vmt_cfi_reader *body, struct vmt_cfi_reader letters,
			      struct vmt_cfi_program *program)
{
	struct vmt_cfi_reader data;
	char letter = (char)vmt_cfi_read_unsigned(&letters, 1);

	if (!letter)
		return 0;
	if (letter != 'z')
		return -EOPNOTSUPP;
	program->has_augmentation = true;
	data = vmt_cfi_take(body, vmt_cfi_read_uleb(body));
	while ((letter = (char)vmt_cfi_read_unsigned(&letters, 1)) != 0) {
		if (!read_augmentation(&data, letter, program))
			break; /* an unknown letter: the length of the data lets us skip it */
	}
	return data.bad ? -EBADMSG : 0;
}

static int read_cie(const struct vmt_cfi_module *module, uint64_t address,
		    struct vmt_cfi_program *program)
{
	struct vmt_cfi_reader body = read_entry(module, address);
	uint64_t id = vmt_cfi_read_unsigned(&body, 4);
	uint64_t version = vmt_cfi_read_unsigned(&body, 1);
	struct vmt_cfi_reader letters = body;
	uint64_t return_register;
	int ret;

	if (id != 0 || (version != 1 && version != 3))
		return -EBADMSG;
	while (vmt_cfi_read_unsigned(&body, 1) != 0) {
	}
	program->code_align = vmt_cfi_read_uleb(&body);
	program->data_align = vmt_cfi_read_sleb(&body);
	return_register = version == 1 ? vmt_cfi_read_unsigned(&body, 1) : vmt_cfi_read_uleb(&body);
	if (body.bad || return_register != VMT_CFI_RA)
		return -EBADMSG;
	ret = read_augmentations(&body, letters, program);
	program->cie = body;
	return body.bad ? -EBADMSG : ret;
}

/*
 * Find pc's FDE and its instructions. noinline, so that this frame is off the stack when they run.
 */
__attribute__((noinline)) static int read_fde(const struct vmt_cfi_module *module, uint64_t pc,
					      struct vmt_cfi_program *program)
{
	struct vmt_cfi_reader body;
	uint64_t fde;
	uint64_t here;
	uint64_t back;
	uint64_t len;
	int ret = find_fde(module, pc, &fde);

	if (ret < 0)
		return ret;
	body = read_entry(module, fde);
	here = body.at;
	back = vmt_cfi_read_unsigned(&body, 4);
	if (body.bad || back == 0)
		return -EBADMSG;
	ret = read_cie(module, here - back, program);
	if (ret < 0)
		return ret;
	program->start = vmt_cfi_read_pointer(&body, program->encoding, 0);
	len = vmt_cfi_read_format(&body, program->encoding);
	if (program->has_augmentation)
		(void)vmt_cfi_take(&body, vmt_cfi_read_uleb(&body));
	program->fde = body;
	if (body.bad)
		return -EBADMSG;
	return pc - program->start < len ? 0 : -ENOENT;
}

int vmt_cfi_row(const struct vmt_cfi_module *module, uint64_t pc, struct vmt_cfi_row *ret_row)
{
	struct vmt_cfi_program program = { .encoding = 0 };
	int ret = read_fde(module, pc, &program);

	return ret < 0 ? ret : vmt_cfi_run(&program, pc, ret_row);
}
