/* SPDX-License-Identifier: MIT */
/*
 * A sorted index of function symbols. libdw's own look-up walks the whole table for each address,
 * which takes a millisecond in programs like node; a binary search is enough. A symbol without a size
 * (_init, __do_global_dtors_aux, assembly) reaches up to the next one, if the table has all symbols.
 * Used by symbols.c.
 */
#include "symbols/functions.h"
#include "symbols/inlined.h"
#include "util/sorted.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

/*
 * The best name among aliases: mmap rather than __mmap or mmap64, a global one rather than a local
 * one.
 */
static uint32_t rank_of(const char *name, int binding)
{
	uint32_t rank = (uint32_t)strnlen(name, 4000);

	for (; *name == '_'; name++)
		rank += 10000;
	return rank + (binding == STB_LOCAL ? 5000 : 0);
}

static int by_start(const void *a, const void *b)
{
	const struct vmt_function *one = a;
	const struct vmt_function *two = b;

	if (one->start != two->start)
		return one->start < two->start ? -1 : 1;
	return (one->rank > two->rank) - (one->rank < two->rank);
}

static bool is_function(const GElf_Sym *symbol)
{
	int type = GELF_ST_TYPE(symbol->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol->st_shndx != SHN_UNDEF;
}

/* A label, where code of another name begins. Those of aarch64's linker ($x) are none. */
static bool is_label(const GElf_Sym *symbol, const char *name)
{
	return GELF_ST_TYPE(symbol->st_info) == STT_NOTYPE && symbol->st_shndx != SHN_UNDEF &&
	       symbol->st_shndx < SHN_LORESERVE && *name != '$';
}

/* Returns where the section of a symbol ends, or its start if that is not known. */
static uint64_t end_of_section(Elf *elf, GElf_Word section, uint64_t start, const GElf_Sym *symbol)
{
	Elf_Scn *at = elf && section < SHN_LORESERVE ? elf_getscn(elf, section) : NULL;
	GElf_Shdr header;

	if (!at || !gelf_getshdr(at, &header) || symbol->st_value < header.sh_addr ||
	    symbol->st_value - header.sh_addr >= header.sh_size)
		return start;
	return start + header.sh_size - (symbol->st_value - header.sh_addr);
}

/* Read one symbol; false if it is no code. Without a size, it ends with its section for now. */
static bool read_symbol(Dwfl_Module *module, int index, struct vmt_function *ret_function)
{
	GElf_Word section = SHN_UNDEF;
	Elf *elf = NULL;
	GElf_Sym symbol;
	GElf_Addr addr;
	const char *name =
		dwfl_module_getsym_info(module, index, &symbol, &addr, &section, &elf, NULL);
	bool is_code = name && *name && is_function(&symbol);

	if (!name || !*name || (!is_code && !is_label(&symbol, name)))
		return false;
	*ret_function = (struct vmt_function){
		.start = addr,
		.end = addr,
		.name = name,
		.rank = rank_of(name, GELF_ST_BIND(symbol.st_info)),
		.is_local = is_code && GELF_ST_BIND(symbol.st_info) == STB_LOCAL,
		.is_sized = symbol.st_size,
	};
	if (is_code)
		ret_function->end = symbol.st_size ? addr + symbol.st_size :
						     end_of_section(elf, section, addr, &symbol);
	return true;
}

/*
 * Symbols without a size, and labels, are within what has one, or they begin where nothing else is
 * known to be: then they end where the next symbol begins. Without a full table that is not known.
 */
static void limit_unsized(struct vmt_functions *functions)
{
	uint64_t sized_up_to = 0;

	for (size_t i = 0; i < functions->count; i++) {
		struct vmt_function *at = &functions->item[i];
		size_t next = i + 1;

		if (at->is_sized && at->end > sized_up_to)
			sized_up_to = at->end;
		if (at->is_sized)
			continue;
		while (next < functions->count && functions->item[next].start == at->start)
			next++;
		if (!functions->is_whole || at->start < sized_up_to)
			at->end = at->start;
		else if (next < functions->count && functions->item[next].start < at->end)
			at->end = functions->item[next].start;
	}
}

static void drop_empty(struct vmt_functions *functions)
{
	size_t kept = 0;

	for (size_t i = 0; i < functions->count; i++) {
		if (functions->item[i].end > functions->item[i].start)
			functions->item[kept++] = functions->item[i];
	}
	functions->count = kept;
}

void vmt_functions_read(struct vmt_functions *functions, Dwfl_Module *module)
{
	int count = dwfl_module_getsymtab(module);

	functions->count = 0;
	functions->is_whole = false;
	functions->item = count > 0 ? calloc((size_t)count, sizeof(*functions->item)) : NULL;
	for (int i = 0; functions->item && i < count; i++) {
		struct vmt_function *function = &functions->item[functions->count];

		if (!read_symbol(module, i, function))
			continue;
		functions->is_whole |= function->is_local;
		functions->count++;
	}
	if (functions->count)
		qsort(functions->item, functions->count, sizeof(*functions->item), by_start);
	limit_unsized(functions);
	drop_empty(functions);
}

const struct vmt_function *vmt_functions_at(const struct vmt_functions *functions, uint64_t addr)
{
	size_t n =
		vmt_sorted_up_to(functions->item, functions->count, sizeof(*functions->item), addr);

	/*
	 * The best name of an address comes first; a shorter function may lie inside a longer one.
	 */
	for (int tries = 0; n > 0 && tries < 16; tries++, n--) {
		const struct vmt_function *found = &functions->item[n - 1];

		if (addr >= found->end)
			continue;
		while (found > functions->item && found[-1].start == found->start &&
		       addr < found[-1].end)
			found--;
		return found;
	}
	return NULL;
}

const char *vmt_functions_find(const struct vmt_functions *functions, uint64_t addr)
{
	const struct vmt_function *found = vmt_functions_at(functions, addr);

	return found ? found->name : NULL;
}

/* Compare two names up to their versions. */
static int compare_names(const char *one, const char *two)
{
	size_t n = strcspn(one, "@"), m = strcspn(two, "@");
	int order = memcmp(one, two, n < m ? n : m);

	return order ? order : (n > m) - (n < m);
}

static int by_name(const void *a, const void *b)
{
	const struct vmt_function *one = *(const struct vmt_function *const *)a;
	const struct vmt_function *two = *(const struct vmt_function *const *)b;
	int order = compare_names(one->name, two->name);

	return order ? order : (one > two) - (one < two);
}

static void sort_by_name(struct vmt_functions *functions)
{
	functions->by_name = calloc(functions->count + 1, sizeof(*functions->by_name));
	if (!functions->by_name)
		return;
	for (size_t i = 0; i < functions->count; i++)
		functions->by_name[i] = &functions->item[i];
	qsort(functions->by_name, functions->count, sizeof(*functions->by_name), by_name);
}

const struct vmt_function *vmt_functions_named(struct vmt_functions *functions, const char *name)
{
	size_t low = 0, high = functions->count;

	if (!functions->by_name)
		sort_by_name(functions);
	if (!functions->by_name)
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_names(functions->by_name[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < functions->count && !compare_names(functions->by_name[low]->name, name) ?
		       functions->by_name[low] :
		       NULL;
}

bool vmt_functions_is_piece(const char *name, const char *whole)
{
	size_t n = strcspn(whole, "@");

	return !strncmp(name, whole, n) && (!name[n] || strchr(".@", name[n]));
}

bool vmt_functions_has_name(const struct vmt_functions *functions, const struct vmt_function *at,
			    const char *name)
{
	for (uint64_t start = at->start;
	     at < functions->item + functions->count && at->start == start; at++) {
		if (vmt_functions_is_piece(at->name, name))
			return true;
	}
	return false;
}

char *vmt_functions_plain_name(const char *name)
{
	/* a version in the symbol's name, as in main@@GLIBC_2.34 */
	const char *version = strchr(name, '@');
	char *plain = NULL;

	if (version)
		return strndup(name, (size_t)(version - name));
	if (vmt_inlined_is_mangled(name))
		plain = cplus_demangle(name, DMGL_AUTO | DMGL_ANSI);
	return plain ? plain : strdup(name);
}

void vmt_functions_free(struct vmt_functions *functions)
{
	free(functions->by_name);
	free(functions->item);
	functions->by_name = NULL;
	functions->item = NULL;
	functions->count = 0;
}
