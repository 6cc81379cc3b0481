/* SPDX-License-Identifier: MIT */
/*
 * Finds call sites in machine code, and writes jumps over them. It must not use libc, since it runs
 * inside system calls of the program, when a module appears. Called by patch.c only.
 */
#include "patch/code.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "os/sys.h"
#include "patch/plain.h"

#define LOOK_BACK    8 /* how far before a system call instructions are examined */
#define LOOSE_MAX    40
#define SHARED_MAX   96
#define ENTRY_ALIGN  16 /* alignment of functions in libc */
#define TAIL_SIZE    9
#define ENTRY_MAX    48 /* bytes of a short function that are examined */
#define MOV_EAX      0xb8
#define AX           0 /* registers, as instructions count them */
#define CX           1
#define BREAKPOINT   0xcc
#define BYTES(value) ((value)*UINT64_C(0x0101010101010101))

static uint64_t load64(uint64_t addr)
{
	uint64_t word;

	__builtin_memcpy(&word, (const void *)addr, sizeof(word));
	return word;
}

static bool has_zero_byte(uint64_t word)
{
	return ((word - BYTES(0x01)) & ~word & BYTES(0x80)) != 0;
}

/*
 * Is the b8 at p the first byte of `mov $imm32, %eax`, or the b9 that of a mov to ecx? It is not if
 * it belongs to `mov $imm32, %r8d` or `movabs` (a REX prefix with B or W precedes it), or is the
 * displacement of `movl $imm32, -72(%base)`. When in doubt, a site is missed rather than broken.
 */
static bool is_mov_number(const uint8_t *p)
{
	if ((p[-1] & 0xf1) == 0x41 || (p[-1] & 0xf8) == 0x48)
		return false;
	if (p[-2] == 0xc7 && (p[-1] & 0xf8) == 0x40)
		return false;
	return !(p[-3] == 0xc7 && p[-2] == 0x44);
}

/* Could these five bytes be `mov $nr, %eax`? No call number reaches 2^16. */
static bool is_mov_nr(const uint8_t *p)
{
	return p[0] == MOV_EAX && p[3] == 0 && p[4] == 0;
}

/* The same, where a debugger or a uprobe has put a breakpoint over the first byte. */
static bool is_probed_mov_nr(const uint8_t *p)
{
	return p[0] == BREAKPOINT && (p[1] || p[2]) && p[3] == 0 && p[4] == 0;
}

static uint32_t nr_of(const uint8_t *p)
{
	return (uint32_t)p[1] | (uint32_t)p[2] << 8;
}

/* Advance *at to the next 0f 05. These bytes are rare, so eight are examined at a time. */
static bool find_syscall(uint64_t *at, uint64_t end)
{
	while (*at + 2 <= end) {
		const uint8_t *p = (const uint8_t *)*at;

		if (*at + 9 <= end &&
		    !has_zero_byte((load64(*at) ^ BYTES(0x0f)) | (load64(*at + 1) ^ BYTES(0x05)))) {
			*at += 8;
			continue;
		}
		if (p[0] == 0x0f && p[1] == 0x05)
			return true;
		(*at)++;
	}
	return false;
}

static bool can_move(uint64_t first, uint64_t mov, uint64_t syscall)
{
	const uint8_t *between = (const uint8_t *)mov + VMT_CODE_MOV_SIZE;

	return mov >= first + 3 && syscall - (uint64_t)between <= VMT_CODE_MOVED_MAX &&
	       is_mov_number((const uint8_t *)mov) &&
	       vmt_plain_are(between, (const uint8_t *)syscall, AX);
}

/*
 * Find a mov that other instructions separate from the system call. If these cannot be moved, the
 * site is only reported.
 */
static bool find_loose_mov(uint64_t first, uint64_t syscall, struct vmt_code_site *ret_site)
{
	for (uint64_t at = syscall - 6; at >= first && at + LOOSE_MAX >= syscall; at--) {
		if (!is_mov_nr((const uint8_t *)at))
			continue;
		*ret_site = (struct vmt_code_site){ .addr = at, .nr = nr_of((const uint8_t *)at) };
		ret_site->is_exact = can_move(first, at, syscall);
		if (ret_site->is_exact)
			ret_site->moved = (uint8_t)(syscall - at - VMT_CODE_MOV_SIZE);
		return true;
	}
	return false;
}

/*
 * Find `mov %ecx, %eax; syscall`, or the same with another register, that is preceded by `mov $nr,
 * %ecx`. Usually several calls share the number's mov, as in liburing, and the site is only
 * reported. In mmap of glibc before 2.38, however, only plain instructions are between: they are
 * moved, and the mov to eax with them, which does nothing there. rcx is lost by a system call, so
 * nobody misses the number in it.
 */
static bool find_shared_mov(uint64_t first, uint64_t syscall, struct vmt_code_site *ret_site)
{
	const uint8_t *copy = (const uint8_t *)syscall - 2;
	unsigned int reg = copy[1] >> 3 & 7u;
	uint8_t mov = (uint8_t)(MOV_EAX + reg);

	if (copy[0] != 0x89 || (copy[1] & 0xc7) != 0xc0 || mov == MOV_EAX)
		return false;
	for (uint64_t at = syscall - 7; at >= first && at + SHARED_MAX >= syscall; at--) {
		const uint8_t *p = (const uint8_t *)at;
		uint64_t size = syscall - at - VMT_CODE_MOV_SIZE;

		if (p[0] != mov || p[3] || p[4])
			continue;
		*ret_site = (struct vmt_code_site){ .addr = at, .nr = nr_of(p) };
		ret_site->is_exact = reg == CX && at >= first + 3 && is_mov_number(p) &&
				     size <= VMT_CODE_MOVED_MAX &&
				     vmt_plain_are(p + VMT_CODE_MOV_SIZE, copy, CX);
		if (ret_site->is_exact)
			ret_site->moved = (uint8_t)size;
		return true;
	}
	return false;
}

/*
 * Is this cmp $-4095, %rax; jae .+3; ret, or the equivalent cmp $-4096; ja? The two differ for one
 * value only, which no call returns.
 */
static bool is_errno_tail(const uint8_t *p)
{
	return p[0] == 0x48 && p[1] == 0x3d && p[2] <= 1 && p[3] == 0xf0 && p[4] == 0xff &&
	       p[5] == 0xff && p[6] == (p[2] ? 0x73 : 0x77) && p[7] == 1 && p[8] == 0xc3;
}

static enum vmt_code_tail tail_of(uint64_t mov, uint32_t nr, uint64_t end)
{
	const uint8_t *p = (const uint8_t *)mov + VMT_CODE_SITE_SIZE;

	if (mov % ENTRY_ALIGN || mov + VMT_CODE_SITE_SIZE + TAIL_SIZE > end)
		return VMT_CODE_TAIL_NONE;
	if (is_errno_tail(p))
		return VMT_CODE_TAIL_ERRNO;
	return nr == SYS_brk && p[0] == 0x48 && p[1] == 0x8b && p[2] == 0x15 ? VMT_CODE_TAIL_RDX :
									       VMT_CODE_TAIL_NONE;
}

bool vmt_code_next_site(uint64_t *from, uint64_t end, struct vmt_code_site *ret_site)
{
	uint64_t first = *from;
	uint64_t at = first + LOOK_BACK;

	while (find_syscall(&at, end)) {
		const uint8_t *p = (const uint8_t *)at - VMT_CODE_JUMP_SIZE;
		bool is_exact = is_mov_nr(p) && is_mov_number(p);
		bool is_probed = is_probed_mov_nr(p);

		at += 2;
		*from = at - LOOK_BACK;
		if (is_exact || is_probed)
			*ret_site = (struct vmt_code_site){ (uint64_t)p,
							    nr_of(p),
							    is_exact,
							    is_probed,
							    tail_of((uint64_t)p, nr_of(p), end),
							    0 };
		if (is_exact || is_probed || find_shared_mov(first, at - 2, ret_site) ||
		    find_loose_mov(first, at - 2, ret_site))
			return true;
	}
	*from = end;
	return false;
}

uint64_t vmt_code_find_syscall(uint64_t entry)
{
	for (uint64_t at = entry; at < entry + ENTRY_MAX; at++) {
		const uint8_t *p = (const uint8_t *)at;

		if (p[0] == 0x0f && p[1] == 0x05)
			return is_errno_tail(p + 2) ? at : 0;
	}
	return 0;
}

uint64_t vmt_code_find_exit(uint64_t entry)
{
	for (uint64_t at = entry + 1; at < entry + ENTRY_MAX; at++) {
		const uint8_t *p = (const uint8_t *)at;

		if ((p[0] & 0xf8) == MOV_EAX && p[1] == SYS_exit_group && !p[2] && !p[3] && !p[4])
			/* REX.B: the register is r8d or above */
			return p[-1] == 0x41 ? at - 1 : at;
	}
	return 0;
}

bool vmt_code_has_jump_into(const uint8_t *entry, const uint8_t *at)
{
	for (const uint8_t *p = entry; p < entry + 128; p++) {
		const uint8_t *target = p + 2 + (int8_t)p[1];

		if ((*p == 0xeb || (*p & 0xf0) == 0x70) && target > at &&
		    target < at + VMT_CODE_JUMP_SIZE)
			return true;
	}
	return false;
}

/*
 * The task directory has two links of its own and one for each thread. Without /proc,
 * unshare(CLONE_THREAD) tells: it changes nothing, and fails if there is a second thread.
 */
bool vmt_code_is_alone(void)
{
	struct stat status;
	long ret = vmt_sys4(SYS_newfstatat, AT_FDCWD, "/proc/self/task", &status, 0);

	if (!vmt_sys_failed(ret))
		return status.st_nlink <= 3;
	return ret == -ENOENT && vmt_sys1(SYS_unshare, CLONE_THREAD) == 0;
}

int vmt_code_open(void)
{
	return (int)vmt_sys4(SYS_openat, AT_FDCWD, "/proc/self/mem", O_WRONLY | O_CLOEXEC, 0);
}

int vmt_code_write(int mem, uint64_t addr, const uint8_t *code, size_t size)
{
	long ret = vmt_sys4(SYS_pwrite64, mem, code, size, addr);

	if (vmt_sys_failed(ret))
		return (int)ret;
	return ret == (long)size ? 0 : -EIO;
}

bool vmt_code_make_jump(uint64_t addr, uint64_t target, uint8_t ret_code[VMT_CODE_JUMP_SIZE])
{
	int64_t distance = (int64_t)(target - (addr + VMT_CODE_JUMP_SIZE));
	int32_t rel = (int32_t)distance;

	if (rel != distance)
		return false;
	ret_code[0] = 0xe9;
	__builtin_memcpy(ret_code + 1, &rel, sizeof(rel));
	return true;
}

int vmt_code_write_jump(int mem, uint64_t addr, uint64_t target)
{
	uint8_t code[VMT_CODE_JUMP_SIZE];

	if (!vmt_code_make_jump(addr, target, code))
		return -ERANGE;
	return vmt_code_write(mem, addr, code, sizeof(code));
}

void vmt_code_make_moved(const struct vmt_code_site *site, uint8_t ret_code[VMT_CODE_MOVED_MAX])
{
	__builtin_memset(ret_code, 0x90, VMT_CODE_MOVED_MAX);
	__builtin_memcpy(ret_code, (const void *)(site->addr + VMT_CODE_MOV_SIZE), site->moved);
}

void vmt_code_make_leap(uint64_t target, uint8_t ret_code[VMT_CODE_LEAP_SIZE])
{
	ret_code[0] = 0xff;
	ret_code[1] = 0x25;
	__builtin_memset(ret_code + 2, 0, 4);
	__builtin_memcpy(ret_code + 6, &target, sizeof(target));
}
