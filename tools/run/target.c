/* SPDX-License-Identifier: MIT */
/*
 * Examines a program before it is started. What cannot be read is let pass; the kernel decides
 * then. Used by the command run. See target.h.
 */
#include "run/needed.h"
#include "run/target.h"
#include "util/message.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SCRIPTS_MAX 5 /* the kernel's limit: an interpreter may be a script itself */

__attribute__((format(printf, 3, 4))) static int refuse(struct vmt_target *target, int status,
							const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(target->problem, sizeof(target->problem), format, args);
	va_end(args);
	return status;
}

static int cannot_trace(struct vmt_target *target, const char *path, const char *why)
{
	return refuse(target, VMT_EXIT_FAILED,
		      "%s %s, so no library can be preloaded into it; start it without vmatrace "
		      "and look at it with vmatrace maps PID.",
		      path, why);
}

static const char *machine_name(unsigned machine)
{
	switch (machine) {
	case EM_AARCH64: return "is a program for 64-bit ARM";
	case EM_ARM: return "is a program for 32-bit ARM";
	case EM_RISCV: return "is a program for RISC-V";
	case EM_PPC64: return "is a program for 64-bit PowerPC";
	case EM_S390: return "is a program for s390";
	default: return "is a program for another kind of processor";
	}
}

/* Is the command the dynamic linker itself? It preloads, although nothing loads it. */
static bool is_dynamic_linker(const char *path)
{
	const char *base = strrchr(path, '/');

	base = base ? base + 1 : path;
	return !strncmp(base, "ld-linux", 8) || !strncmp(base, "ld-2.", 5) ||
	       !strcmp(base, "ld.so");
}

/* Read the interpreter from the program headers; false: a static program. */
static bool read_interpreter(int fd, const Elf64_Ehdr *elf, char *ret, size_t size)
{
	Elf64_Phdr header;
	off_t at = (off_t)elf->e_phoff;

	for (unsigned i = 0; i < elf->e_phnum; i++, at += elf->e_phentsize) {
		if (pread(fd, &header, sizeof(header), at) != sizeof(header))
			return false;
		if (header.p_type != PT_INTERP)
			continue;
		if (header.p_filesz >= size)
			header.p_filesz = size - 1;
		memset(ret, 0, size);
		return pread(fd, ret, header.p_filesz, (off_t)header.p_offset) > 0;
	}
	return false;
}

/*
 * A sanitizer's runtime ends a program with another library before it, unless it is told not to
 * check.
 */
static int check_sanitizer(struct vmt_target *target, const char *path, int fd)
{
	const char *options = getenv("ASAN_OPTIONS");

	if ((options && strstr(options, "verify_asan_link_order=")) ||
	    (!vmt_needed_has(fd, "libasan.so") && !vmt_needed_has(fd, "libclang_rt.asan")))
		return 0;
	return refuse(target, VMT_EXIT_FAILED,
		      "%s is built with AddressSanitizer, which refuses to start after a preloaded "
		      "library; set ASAN_OPTIONS=verify_asan_link_order=0.",
		      path);
}

static int check_elf(struct vmt_target *target, const char *path, int fd, const Elf64_Ehdr *elf)
{
	char interpreter[PATH_MAX];

	if (elf->e_ident[EI_DATA] == ELFDATA2LSB && elf->e_ident[EI_CLASS] == ELFCLASS32)
		return cannot_trace(target, path,
				    elf->e_machine == EM_X86_64 ? "is an x32 program" :
								  "is a 32-bit program");
	if (elf->e_ident[EI_DATA] != ELFDATA2LSB || elf->e_machine != EM_X86_64)
		return cannot_trace(target, path, machine_name(elf->e_machine));
	if (elf->e_phentsize < sizeof(Elf64_Phdr))
		return 0;
	if (!read_interpreter(fd, elf, interpreter, sizeof(interpreter)))
		return is_dynamic_linker(path) ? 0 :
						 cannot_trace(target, path, "is statically linked");
	if (strstr(interpreter, "ld-musl"))
		return cannot_trace(target, path, "is linked with musl instead of glibc");
	return check_sanitizer(target, path, fd);
}

static int check_rights(struct vmt_target *target, const char *path, const struct stat *stat)
{
	if (stat->st_mode & S_ISUID && stat->st_uid != getuid())
		return cannot_trace(target, path, "is setuid");
	if (stat->st_mode & S_ISGID && stat->st_mode & S_IXGRP && stat->st_gid != getgid())
		return cannot_trace(target, path, "is setgid");
	if (getuid() && getxattr(path, "security.capability", NULL, 0) > 0)
		return cannot_trace(target, path, "has file capabilities");
	return 0;
}

/* Read the interpreter of "#! /path argument". */
static bool parse_script(char *line, char *ret, size_t size)
{
	char *start = line + 2 + strspn(line + 2, " \t");
	size_t n = strcspn(start, " \t\n\r");

	if (line[0] != '#' || line[1] != '!' || !n || n >= size)
		return false;
	memcpy(ret, start, n);
	ret[n] = '\0';
	return true;
}

/* Examine one file; *ret_next becomes its interpreter if it is a script, or "". */
static int check_file(struct vmt_target *target, const char *path, char *ret_next, size_t size)
{
	union {
		Elf64_Ehdr elf;
		char line[256];
	} start = { .line = "" };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int ret = 0;
	ssize_t n;

	ret_next[0] = '\0';
	if (fd < 0)
		return 0;
	n = read(fd, start.line, sizeof(start.line) - 1);
	if (n >= (ssize_t)sizeof(start.elf) && !memcmp(start.elf.e_ident, ELFMAG, SELFMAG))
		ret = check_elf(target, path, fd, &start.elf);
	else
		parse_script(start.line, ret_next, size);
	close(fd);
	return ret;
}

static int check_chain(struct vmt_target *target)
{
	char path[PATH_MAX];
	char next[PATH_MAX];
	struct stat stat_buffer;
	int ret;

	strcpy(path, target->path);
	for (int i = 0; i < SCRIPTS_MAX && path[0]; i++) {
		if (stat(path, &stat_buffer))
			return refuse(target, VMT_EXIT_NOT_FOUND,
				      "%s: the interpreter %s is missing; install it.",
				      target->path, path);
		ret = check_file(target, path, next, sizeof(next));
		/* The kernel ignores setuid bits of scripts. */
		if (!ret && !next[0])
			ret = check_rights(target, path, &stat_buffer);
		if (ret)
			return ret;
		strcpy(path, next);
	}
	return 0;
}

static int check_executable(struct vmt_target *target)
{
	struct stat stat_buffer;

	if (stat(target->path, &stat_buffer))
		return refuse(target,
			      errno == ENOENT || errno == ENOTDIR ? VMT_EXIT_NOT_FOUND :
								    VMT_EXIT_CANNOT,
			      "%s: %s; give the path of a program.", target->path, strerror(errno));
	if (S_ISDIR(stat_buffer.st_mode))
		return refuse(target, VMT_EXIT_CANNOT, "%s is a directory; give a program.",
			      target->path);
	if (access(target->path, X_OK))
		return refuse(target, VMT_EXIT_CANNOT, "%s cannot be executed: %s; try chmod +x.",
			      target->path, strerror(errno));
	return 0;
}

/* Search PATH; false if no executable has that name. */
static bool search_path(const char *name, struct vmt_target *target)
{
	const char *path = getenv("PATH");
	struct stat stat_buffer;

	path = path ? path : "/bin:/usr/bin";
	for (;;) {
		size_t n = strcspn(path, ":");

		if (snprintf(target->path, sizeof(target->path), "%.*s%s%s", (int)n, path,
			     n ? "/" : "./", name) < (int)sizeof(target->path) &&
		    !access(target->path, X_OK) && !stat(target->path, &stat_buffer) &&
		    S_ISREG(stat_buffer.st_mode))
			return true;
		if (!path[n])
			return false;
		path += n + 1;
	}
}

int vmt_target_check(const char *name, struct vmt_target *ret_target)
{
	int ret;

	ret_target->problem[0] = '\0';
	if (strlen(name) >= sizeof(ret_target->path))
		return refuse(ret_target, VMT_EXIT_CANNOT, "The program's name is too long.");
	if (strchr(name, '/'))
		strcpy(ret_target->path, name);
	else if (!search_path(name, ret_target))
		return refuse(ret_target, VMT_EXIT_NOT_FOUND,
			      "%s: not found in PATH; give its path.", name);
	ret = check_executable(ret_target);
	return ret ? ret : check_chain(ret_target);
}
