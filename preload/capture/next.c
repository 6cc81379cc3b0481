/* SPDX-License-Identifier: MIT */
/*
 * Finds the next definition of each wrapped function, in the modules behind this library, as
 * dlsym(RTLD_NEXT) would. dlsym itself takes locks and memory, and its symbol has different
 * versions in different versions of glibc. Functions that no module defines stay NULL.
 */
#include "capture/next.h"

#include <stddef.h>

#include "os/elf.h"
#include "os/shim.h"

VMT_DATA struct vmt_next vmt_next = { .syscall = NULL };

struct name {
	char text[24];
	size_t offset; /* offset of the pointer in struct vmt_next */
};

/* clang-format off */
#define NAME(member, text) { text, offsetof(struct vmt_next, member) }
/* clang-format on */

static const struct name names[] = {
	NAME(mmap, "mmap"),
	NAME(mmap64, "mmap64"),
	NAME(munmap, "munmap"),
	NAME(mprotect, "mprotect"),
	NAME(pkey_mprotect, "pkey_mprotect"),
	NAME(mremap, "mremap"),
	NAME(remap_file_pages, "remap_file_pages"),
	NAME(madvise, "madvise"),
	NAME(posix_madvise, "posix_madvise"),
	NAME(process_madvise, "process_madvise"),
	NAME(mlock, "mlock"),
	NAME(mlock2, "mlock2"),
	NAME(munlock, "munlock"),
	NAME(mlockall, "mlockall"),
	NAME(munlockall, "munlockall"),
	NAME(shmat, "shmat"),
	NAME(shmdt, "shmdt"),
	NAME(prctl, "prctl"),
	NAME(ioctl, "ioctl"),
	NAME(close, "close"),
	NAME(personality, "personality"),
	NAME(syscall, "syscall"),
	NAME(exit, "_exit"),
	NAME(leave, "exit"),
	NAME(fclose, "fclose"),
	NAME(error_stream, "stderr"),
	NAME(chroot, "chroot"),
	NAME(setuid, "setuid"),
	NAME(seteuid, "seteuid"),
	NAME(setreuid, "setreuid"),
	NAME(setresuid, "setresuid"),
	NAME(mallopt, "mallopt"),
};

static int search_module(struct dl_phdr_info *info, size_t size, void *context)
{
	bool *is_behind = context;
	struct vmt_elf elf;

	(void)size;
	if (vmt_elf_has(info, (uint64_t)(uintptr_t)&vmt_next)) {
		*is_behind = true;
		return 0;
	}
	if (!*is_behind || !vmt_elf_open(info, &elf))
		return 0;
	for (size_t i = 0; i < VMT_COUNT(names); i++) {
		char *slot = (char *)&vmt_next + names[i].offset;
		uint64_t found;

		__builtin_memcpy(&found, slot, sizeof(found));
		if (!found)
			found = vmt_elf_find(&elf, names[i].text);
		__builtin_memcpy(slot, &found, sizeof(found));
	}
	return 0;
}

void vmt_next_resolve(void)
{
	bool is_behind = false;

	vmt_elf_each(search_module, &is_behind);
}
