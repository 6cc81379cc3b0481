/* SPDX-License-Identifier: MIT */
/*
 * libc is the last module that defines __libc_start_main; modules before it may be libraries that
 * interpose that function. See libc.h.
 */
#include "os/libc.h"

#include "os/elf.h"
#include "os/shim.h"

struct vmt_libc vmt_libc VMT_DATA = { .inside = 0 };

static int look_at(struct dl_phdr_info *info, size_t size, void *context)
{
	struct vmt_elf elf;
	uint64_t start;

	(void)size, (void)context;
	if (!vmt_elf_open(info, &elf))
		return 0;
	start = vmt_elf_find(&elf, "__libc_start_main");
	if (!start || !vmt_elf_has(info, start))
		return 0;
	vmt_libc = (struct vmt_libc){
		.inside = start,
		.is_glibc = vmt_elf_find(&elf, "gnu_get_libc_version") != 0,
		.environment = vmt_elf_find(&elf, "__environ"),
		.on_exit = vmt_elf_find(&elf, "on_exit"),
	};
	/* glibc has one function for this. In musl, both _exit and exit call _Exit. */
	vmt_libc.last_exit = vmt_elf_find(&elf, vmt_libc.is_glibc ? "_exit" : "_Exit");
	return 0;
}

void vmt_libc_find(void)
{
	vmt_elf_each(look_at, NULL);
}

/*
 * glibc passes the environment to constructors before it sets its own variable. musl passes
 * nothing, but has set the variable.
 */
char **vmt_libc_environment(char **arguments)
{
	char **environment = NULL;

	if (vmt_libc.is_glibc)
		return arguments;
	if (vmt_libc.environment)
		__builtin_memcpy(&environment, (const void *)(uintptr_t)vmt_libc.environment,
				 sizeof(environment));
	return environment;
}

bool vmt_libc_on_exit(void (*function)(int status, void *unused))
{
	int (*on_exit)(void (*function)(int status, void *unused), void *argument);

	if (!vmt_libc.on_exit)
		return false;
	__builtin_memcpy(&on_exit, &vmt_libc.on_exit, sizeof(on_exit));
	return on_exit(function, NULL) == 0;
}
