/* SPDX-License-Identifier: MIT */
/*
 * A file may have been cut or replaced, so everything that is read from it is checked against its
 * size. See function_names.h.
 */
#include "report/function_names.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "os/fd.h"
#include "os/sys.h"

#define SIZE_MAX_MAPPED (UINT64_C(1) << 30)

/*
 * Returns [offset, offset + count * size) of the file; NULL if the file does not contain all of it.
 */
static const void *part_of(const struct vmt_function_names_file *file, uint64_t offset,
			   uint64_t count, uint64_t size)
{
	uint64_t length;

	if (__builtin_mul_overflow(count, size, &length) || offset > file->size ||
	    length > file->size - offset || offset % 8)
		return NULL;
	return file->base + offset;
}

static void use_table(struct vmt_function_names_file *file, const ElfW(Shdr) * sections,
		      uint64_t count, const ElfW(Shdr) * table)
{
	const ElfW(Shdr) * strings;

	if (table->sh_link >= count)
		return;
	strings = &sections[table->sh_link];
	file->symbol_count = table->sh_size / sizeof(*file->symbols);
	file->symbols = part_of(file, table->sh_offset, file->symbol_count, sizeof(*file->symbols));
	if (strings->sh_offset > file->size || strings->sh_size > file->size - strings->sh_offset)
		file->symbols = NULL;
	file->strings = (const char *)file->base + strings->sh_offset;
	file->strings_size = strings->sh_size;
	if (!file->strings_size || file->strings[file->strings_size - 1])
		file->symbols = NULL; /* the table's last name would have no end */
}

/* Use the full table of symbols, or if that was stripped, the dynamic linker's. */
static void find_symbols(struct vmt_function_names_file *file)
{
	const ElfW(Ehdr) *header = part_of(file, 0, 1, sizeof(*header));
	const ElfW(Shdr) * sections, *found = NULL;

	if (!header || __builtin_memcmp(header->e_ident, ELFMAG, SELFMAG) ||
	    header->e_shentsize != sizeof(*sections) ||
	    header->e_phentsize != sizeof(*file->segments))
		return;
	file->segment_count = header->e_phnum;
	file->segments = part_of(file, header->e_phoff, header->e_phnum, sizeof(*file->segments));
	sections = part_of(file, header->e_shoff, header->e_shnum, sizeof(*sections));
	for (uint64_t i = 0; sections && i < header->e_shnum; i++)
		if (sections[i].sh_type == SHT_SYMTAB ||
		    (sections[i].sh_type == SHT_DYNSYM && !found))
			found = &sections[i];
	if (found && file->segments)
		use_table(file, sections, header->e_shnum, found);
}

/* With calls that ld.so makes, too, so that any seccomp filter lets them through. */
static void map_file(struct vmt_function_names_file *file, const char *path)
{
	struct stat status;
	long fd = vmt_sys4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	long ret;

	if (vmt_sys_failed(fd))
		return;
	if (!vmt_sys_failed(vmt_fd_status((int)fd, &status)) && S_ISREG(status.st_mode) &&
	    status.st_size > 0 && (uint64_t)status.st_size <= SIZE_MAX_MAPPED) {
		file->size = (uint64_t)status.st_size;
		ret = vmt_filter_own6(SYS_mmap, 0, status.st_size, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE, fd, 0);
		if (!vmt_sys_failed(ret))
			file->base = (const unsigned char *)ret;
	}
	vmt_sys1(SYS_close, fd);
	if (file->base)
		find_symbols(file);
}

static void close_file(struct vmt_function_names_file *file)
{
	if (file->base)
		vmt_sys2(SYS_munmap, file->base, file->size);
	*file = (struct vmt_function_names_file){ .module = 0 };
}

static void open_module(struct vmt_function_names *names, uint32_t index,
			struct vmt_function_names_file *file)
{
	struct vmt_rec_module module;
	struct vmt_view_string name;
	char path[512];

	file->module = index + 1;
	if (!vmt_view_module(names->view, index, &module) || module.kind != VMT_MODULE_FILE)
		return;
	name = vmt_view_string(names->view, module.path);
	if (!name.length || name.length >= sizeof(path))
		return;
	__builtin_memcpy(path, name.bytes, name.length);
	path[name.length] = '\0';
	map_file(file, path);
}

static const struct vmt_function_names_file *file_of(struct vmt_function_names *names,
						     uint32_t module)
{
	for (unsigned i = 0; i < VMT_NAMES_FILES; i++)
		if (names->file[i].module == module + 1)
			return &names->file[i];
	names->last = (names->last + 1) % VMT_NAMES_FILES;
	close_file(&names->file[names->last]);
	open_module(names, module, &names->file[names->last]);
	return &names->file[names->last];
}

/*
 * Frames have offsets in the file, symbols have addresses. False if no segment contains the offset.
 */
static bool address_of(const struct vmt_function_names_file *file, uint64_t offset,
		       uint64_t *ret_address)
{
	for (uint64_t i = 0; i < file->segment_count; i++) {
		const ElfW(Phdr) *segment = &file->segments[i];

		if (segment->p_type != PT_LOAD || offset < segment->p_offset ||
		    offset - segment->p_offset >= segment->p_filesz)
			continue;
		*ret_address = offset - segment->p_offset + segment->p_vaddr;
		return true;
	}
	return false;
}

static const char *copy(char *to, size_t room, struct vmt_view_string from)
{
	size_t n = from.length < room - 1 ? from.length : room - 1;

	__builtin_memcpy(to, from.bytes, n);
	to[n] = '\0';
	return n ? to : NULL;
}

/* The recording itself has the names of scripts' functions; its texts have no terminators. */
static bool find_script(struct vmt_function_names *names, const struct vmt_rec_frame *frame,
			struct vmt_report_place *ret_place)
{
	struct vmt_view_string file, function;
	uint32_t line;

	if (!vmt_view_script(names->view, frame, &file, &function, &line))
		return false;
	*ret_place = (struct vmt_report_place){
		.function = copy(names->script, sizeof(names->script), function),
		.file = copy(names->script_file, sizeof(names->script_file), file),
		.line = line,
		.is_system = vmt_report_is_system(file),
	};
	return ret_place->function || ret_place->file;
}

bool vmt_function_names_resolve(void *context, const struct vmt_rec_site *site,
				struct vmt_report_spot spot, struct vmt_report_place *ret_place)
{
	struct vmt_function_names *names = context;
	const struct vmt_function_names_file *file;
	struct vmt_rec_frame frame;
	uint64_t address;

	(void)site;
	if (spot.level || !vmt_view_frame(names->view, spot.frame, &frame) || !frame.offset)
		return false;
	if (find_script(names, &frame, ret_place))
		return true;
	file = file_of(names, frame.module);
	/* The return address belongs to the call before it. */
	if (!file->symbols || !address_of(file, frame.offset - 1, &address))
		return false;
	for (uint64_t i = 0; i < file->symbol_count; i++) {
		const ElfW(Sym) *symbol = &file->symbols[i];

		if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || address < symbol->st_value ||
		    address - symbol->st_value >= symbol->st_size ||
		    symbol->st_name >= file->strings_size)
			continue;
		*ret_place =
			(struct vmt_report_place){ .function = file->strings + symbol->st_name };
		return true;
	}
	return false;
}

void vmt_function_names_close(struct vmt_function_names *names)
{
	for (unsigned i = 0; i < VMT_NAMES_FILES; i++)
		close_file(&names->file[i]);
}
