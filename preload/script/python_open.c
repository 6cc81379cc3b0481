/* SPDX-License-Identifier: MIT */
/*
 * Finds a CPython among the loaded modules, by the symbols that it exports. See python.h.
 */
#include "script/python.h"

#include "os/elf.h"

static struct vmt_range text_of(const struct dl_phdr_info *info)
{
	struct vmt_range text = { 0, 0 };

	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type != PT_LOAD ||
		    (segment->p_flags & (PF_X | PF_R)) != (PF_X | PF_R))
			continue;
		text.start = info->dlpi_addr + segment->p_vaddr;
		text.end = text.start + segment->p_memsz;
	}
	return text;
}

static int64_t number_at(const uint8_t *at)
{
	int32_t number;

	__builtin_memcpy(&number, at, sizeof(number));
	return number;
}

static bool begins_with(const uint8_t **code, const char *bytes, size_t size)
{
	if (__builtin_memcmp(*code, bytes, size))
		return false;
	*code += size;
	return true;
}

#define SKIP(code, bytes) begins_with(&(code), bytes, sizeof(bytes) - 1)

/*
 * Find out where the function that returns the thread's state reads it from. The linker has put one
 * of three forms into its code: %fs:NUMBER; a number in the GOT; __tls_get_addr with an index.
 */
static void read_getter(const uint8_t *code)
{
	int64_t distance;

	SKIP(code, "\xf3\x0f\x1e\xfa"); /* endbr64 */
	if (SKIP(code, "\x64\x48\x8b\x04\x25")) { /* mov %fs:NUMBER, %rax; ret */
		if (code[4] == 0xc3)
			vmt_python.variable = number_at(code);
		return;
	}
	if (SKIP(code, "\x48\x8b\x05")) { /* mov NUMBER(%rip), %rax; mov %fs:(%rax), %rax; ret */
		distance = number_at(code);
		code += 4;
		if (!__builtin_memcmp(code, "\x64\x48\x8b\x00\xc3", 5))
			vmt_python.variable = (int64_t)vmt_python_word((uint64_t)(uintptr_t)code +
								       (uint64_t)distance);
		return;
	}
	SKIP(code, "\x48\x83\xec\x08"); /* sub $8, %rsp */
	if (!SKIP(code, "\x66\x48\x8d\x3d")) /* data16 lea NUMBER(%rip), %rdi */
		return;
	distance = number_at(code);
	code += 4;
	/* data16 data16 rex.W call __tls_get_addr, or through the GOT; mov (%rax), %rax */
	if ((!__builtin_memcmp(code, "\x66\x66\x48\xe8", 4) ||
	     !__builtin_memcmp(code, "\x66\x48\xff\x15", 4)) &&
	    !__builtin_memcmp(code + 8, "\x48\x8b\x00", 3))
		vmt_python.index = (uint64_t)(uintptr_t)code + (uint64_t)distance;
}

static uint64_t find_getter(const struct vmt_elf *elf)
{
	uint64_t getter = vmt_elf_find(elf, "PyThreadState_GetUnchecked"); /* 3.13 */

	return getter ? getter : vmt_elf_find(elf, "_PyThreadState_UncheckedGet");
}

static int look(struct dl_phdr_info *info, size_t size, void *context)
{
	struct vmt_elf elf;
	uint64_t version, getter;

	(void)size, (void)context;
	if (vmt_python_is_known() || !vmt_elf_open(info, &elf))
		return 0;
	version = vmt_elf_find(&elf, "Py_Version"); /* since 3.11 */
	if (!version)
		return 0;
	vmt_python.runtime = vmt_elf_find(&elf, "_PyRuntime");
	vmt_python.code_type = vmt_elf_find(&elf, "PyCode_Type");
	vmt_python.text_type = vmt_elf_find(&elf, "PyUnicode_Type");
	vmt_python.bytes_type = vmt_elf_find(&elf, "PyBytes_Type");
	vmt_python.text = text_of(info);
	getter = find_getter(&elf);
	if (!vmt_python.runtime || !vmt_python.code_type || !vmt_python.text_type ||
	    !vmt_python.bytes_type ||
	    !vmt_cpython_layout(*(const uint32_t *)(uintptr_t)version,
				(const uint64_t *)(uintptr_t)vmt_python.runtime,
				&vmt_python.layout))
		return 0;
	if (vmt_python.layout.current == VMT_CPYTHON_NONE && vmt_range_has(vmt_python.text, getter))
		read_getter((const uint8_t *)(uintptr_t)getter);
	atomic_store_explicit(&vmt_python.is_known, 1, memory_order_release);
	return 0;
}

void vmt_python_open(void)
{
	vmt_elf_each(look, NULL);
}
