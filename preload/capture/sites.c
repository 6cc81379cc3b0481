/* SPDX-License-Identifier: MIT */
/*
 * Which call sites are caught, and by which stub. Must never touch this
 * library's own text, whose system calls are the way to the kernel. The
 * constructor calls open and hook_exit; scan and forget run within mmap and
 * munmap, in any thread, so stubs are handed out without a lock.
 *
 * Where the jump is written: over the mov, so that a thread that the kernel restarts finds its
 * system call instruction. But at the entry of a function of libc's, over that instruction and what
 * follows, while no other thread is there, and the mov is kept. For that is where uprobes are put,
 * and when the kernel takes one away it writes back the first byte that the *file* has: over the
 * first byte of a jump that would leave broken code. The mov kept, a probe may come and go, and calls
 * are seen all the while.
 */
#include "sites.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#include "core/calls.h"
#include "core/record.h"
#include "elf.h"
#include "gate.h"
#include "libc.h"
#include "near.h"
#include "shim.h"
#include "sys.h"
#include "text.h"

VMT_DATA uint8_t vmt_sites_caught[VMT_SITES_NR_MAX] = { 0 };
static VMT_DATA _Atomic bool sites_open = false;
static VMT_DATA bool exit_hooked = false;

bool vmt_sites_are_open(void)
{
	return atomic_load_explicit(&sites_open, memory_order_relaxed);
}

bool vmt_sites_exit_is_hooked(void)
{
	return exit_hooked;
}

#if defined(__x86_64__)

/* Larger modules are left out: reading 100 MB of a browser's text takes seconds on a cold disk. */
#define OTHER_TEXT_MAX (UINT64_C(4) << 20)
/* What is written in Go ends the process by a call of its own. To look for it takes 0.2 ms a MiB. */
#define GO_TEXT_MAX    (UINT64_C(64) << 20)

static VMT_DATA struct vmt_range libc_text = { 0, 0 };
static VMT_DATA bool text_left_out = false;

/* One pass over the modules that are loaded already. */
struct pass {
	struct vmt_sites_result result;
	uint64_t libc;		/* an address within */
	uint64_t ld_so;		/* where it is loaded; 0 if it was started as a program */
	uint64_t self;		/* an address within */
	int mem;		/* /proc/self/mem, or -errno */
	bool is_alone;		/* no second thread */
	bool is_libc;		/* the module that is being looked at */
	bool is_go;		/* …has a program written in Go in it */
};

/* ioctl and close change maps on rare arguments only and are frequent: not caught here.
 * arch_prctl may replace the register that thread-local storage is reached by: neither. */
static bool is_wanted(uint32_t nr)
{
	switch (nr) {
	case SYS_clone:
	case SYS_fork:
	case SYS_execve:
	case SYS_execveat:
	case SYS_personality:
	case SYS_kill:
	case SYS_tkill:
	case SYS_tgkill:
	case SYS_rt_sigqueueinfo:
	case SYS_rt_tgsigqueueinfo:
		return true;
	case SYS_ioctl:
	case SYS_close:
	case SYS_arch_prctl:
		return false;
	default:
		return vmt_call_of_nr(nr) != VMT_CALL_NONE;
	}
}

/* Make stub i return to addr, if it is free or (a module was loaded again) does so already. */
static bool claim_stub(int i, uint64_t owner, uint64_t addr)
{
	return __atomic_compare_exchange_n(&vmt_gate_return[i], &owner, addr, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* Of stubs [first, first + count) take one for the site that goes on at addr. */
static int take_stub(int first, int count, uint32_t nr, uint64_t addr)
{
	const uint64_t owners[] = { addr, 0 };

	for (size_t n = 0; n < VMT_COUNT(owners); n++) {
		for (int i = first; i < first + count; i++) {
			if (!claim_stub(i, owners[n], addr))
				continue;
			__atomic_store_n(&vmt_gate_nr[i], nr, __ATOMIC_RELEASE);
			return i;
		}
	}
	return -ENOSPC;
}

static int lead_to_stub(int mem, uint64_t addr, int stub)
{
	int ret;

	if (stub < 0)
		return stub;
	/* The stub's words are in place before the jump can be seen. */
	ret = vmt_near_lead(mem, addr,
		      (uint64_t)vmt_gate_stubs + (uint64_t)stub * VMT_GATE_STUB_SIZE);
	if (ret < 0)
		__atomic_store_n(&vmt_gate_return[stub], 0, __ATOMIC_RELEASE);
	return ret;
}

/* The ways out of a process or a thread. libc's own ends in _exit: see vmt_sites_hook_exit. */
static bool is_exit(const struct vmt_text_site *site)
{
	return site->is_exact && (site->nr == SYS_exit_group || site->nr == SYS_exit);
}

/* Nothing comes back from there, so that no stub is taken. */
static int patch_exit(int mem, const struct vmt_text_site *site)
{
	return vmt_near_lead(mem, site->addr,
		       (uint64_t)(site->nr == SYS_exit ? vmt_gate_exit_thread : vmt_gate_exit_group));
}

/* A jump over the mov. */
static int patch_site(int mem, const struct vmt_text_site *site)
{
	bool is_clone = site->nr == SYS_clone;

	if (!site->is_exact)
		return -ENOTSUP;
	if (is_exit(site))
		return patch_exit(mem, site);
	return lead_to_stub(mem, site->addr,
			    take_stub(is_clone ? VMT_GATE_CLONE_FIRST : 0,
				      is_clone ? VMT_GATE_CLONE_STUBS : VMT_GATE_PLAIN_STUBS,
				      site->nr, site->addr + VMT_TEXT_SITE_SIZE));
}

/* A jump behind the mov. */
static int patch_entry(int mem, const struct vmt_text_site *site)
{
	uint64_t next = site->addr + VMT_TEXT_SITE_SIZE;
	int32_t distance;
	int stub;

	if (site->tail == VMT_TEXT_TAIL_ERRNO) {
		stub = take_stub(VMT_GATE_KEPT_FIRST, VMT_GATE_KEPT_STUBS, site->nr,
				 next + VMT_TEXT_CMP_SIZE);
	} else {
		next += VMT_TEXT_LOAD_SIZE;
		stub = take_stub(VMT_GATE_BRK_FIRST, VMT_GATE_BRK_STUBS, site->nr, next);
		if (stub >= 0) {
			__builtin_memcpy(&distance, (const void *)(next - 4), sizeof(distance));
			vmt_gate_brk_rdx = *(const uint64_t *)(next + (uint64_t)(int64_t)distance);
		}
	}
	return lead_to_stub(mem, site->addr + VMT_TEXT_MOV_SIZE, stub);
}

/* exact: leave out those that are guessed. */
static bool next_wanted(struct vmt_range *text, bool exact, struct vmt_text_site *ret_site)
{
	while (vmt_text_next_site(&text->start, text->end, ret_site)) {
		if (is_wanted(ret_site->nr) && (ret_site->is_exact || ret_site->is_probed || !exact))
			return true;
	}
	return false;
}

/* In a module that is not libc: the ways out as well. */
static bool next_of_other(struct vmt_range *text, bool exact, struct vmt_text_site *ret_site)
{
	while (vmt_text_next_site(&text->start, text->end, ret_site)) {
		if (is_exit(ret_site) || (is_wanted(ret_site->nr) && (ret_site->is_exact || !exact)))
			return true;
	}
	return false;
}

/* To step aside, what is kept there is led to libc's syscall(3). */
static bool may_patch_entry(const struct pass *pass, const struct vmt_text_site *site)
{
	return pass->is_alone && pass->is_libc && vmt_gate_home &&
	       site->tail != VMT_TEXT_TAIL_NONE;
}

static int try_patch(struct pass *pass, const struct vmt_text_site *site)
{
	int ret;

	if (pass->mem < 0)
		return pass->mem;
	if (may_patch_entry(pass, site))
		ret = patch_entry(pass->mem, site);
	else if (pass->is_alone || vmt_text_is_in_one_line(site->addr))
		ret = patch_site(pass->mem, site);
	else
		return -EBUSY;
	if (ret < 0 && ret != -ERANGE && ret != -ENOSPC && ret != -ENOTSUP)
		pass->result.notes |= VMT_NOTE_WRITE_REFUSED;
	return ret;
}

static void patch_libc_text(struct pass *pass, struct vmt_range text)
{
	bool is_libc = pass->is_libc;
	struct vmt_text_site site;

	while (next_wanted(&text, true, &site)) {
		bool is_caught = try_patch(pass, &site) == 0;

		pass->result.found++;
		pass->result.patched += is_caught;
		if (is_libc && !is_caught)
			vmt_sites_caught[site.nr] = 2;
		else if (is_libc && !vmt_sites_caught[site.nr])
			vmt_sites_caught[site.nr] = 1;
	}
}

static bool is_left_out(uint64_t start, uint64_t end, bool is_go)
{
	bool is_large = end - start > (is_go ? GO_TEXT_MAX : OTHER_TEXT_MAX);

	if (is_large)
		text_left_out = true;	/* never taken back, so that writing it needs no order */
	return is_large;
}

bool vmt_sites_left_out(void)
{
	return text_left_out;
}

static void patch_other_text(struct pass *pass, struct vmt_range text)
{
	struct vmt_text_site site;

	if (is_left_out(text.start, text.end, pass->is_go))
		return;
	while (next_of_other(&text, false, &site)) {
		bool is_caught = try_patch(pass, &site) == 0;

		pass->result.other_found += !is_exit(&site);
		pass->result.other_patched += is_caught && !is_exit(&site);
	}
}

static struct vmt_range segment_of(const struct dl_phdr_info *info, size_t index)
{
	uint64_t start = info->dlpi_addr + info->dlpi_phdr[index].p_vaddr;

	return (struct vmt_range){ start, start + info->dlpi_phdr[index].p_filesz };
}

static bool module_has(const struct dl_phdr_info *info, uint64_t addr)
{
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    vmt_range_has(segment_of(info, i), addr))
			return true;
	}
	return false;
}

/* libc's own syscall(3), whoever else exports one. */
static void find_home(const struct dl_phdr_info *info)
{
	struct vmt_elf elf;
	uint64_t entry = vmt_elf_open(info, &elf) ? vmt_elf_find(&elf, "syscall") : 0;

	vmt_gate_home = entry ? vmt_text_find_home(entry) : 0;
}

static int patch_module(struct dl_phdr_info *info, size_t size, void *data)
{
	struct pass *pass = data;
	bool is_ld_so = pass->ld_so && info->dlpi_addr == pass->ld_so;

	(void)size;
	if (module_has(info, pass->self))
		return 0;
	pass->is_libc = module_has(info, pass->libc);
	pass->is_go = vmt_elf_is_go(info);
	if (pass->is_libc)
		find_home(info);
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type != PT_LOAD || (segment->p_flags & (PF_R | PF_X)) != (PF_R | PF_X))
			continue;
		if (pass->is_libc)
			libc_text = segment_of(info, i);
		if (pass->is_libc || is_ld_so)
			patch_libc_text(pass, segment_of(info, i));
		else
			patch_other_text(pass, segment_of(info, i));
	}
	return 0;
}

static void note_misses(struct vmt_sites_result *result, int mem)
{
	if (mem < 0)
		result->notes |= VMT_NOTE_NO_MEM_FILE;
	if (!result->found)
		result->notes |= VMT_NOTE_NO_PATTERN;
	else if (result->patched && result->patched < result->found)
		result->notes |= VMT_NOTE_SITES_PARTIAL;
	if (result->other_patched < result->other_found)
		result->notes |= VMT_NOTE_INLINE_CALLS;
}

int vmt_sites_open(struct vmt_sites_result *ret_result)
{
	struct pass pass = {
		.libc = vmt_libc.inside,
		.ld_so = vmt_libc_auxiliary(AT_BASE),
		.self = (uint64_t)vmt_sites_open,
		.mem = vmt_text_open(),
		.is_alone = vmt_text_is_alone(),
	};

	vmt_near_open();
	vmt_elf_each(patch_module, &pass);
	pass.result.near = vmt_near_close();
	if (pass.mem >= 0)
		vmt_sys1(SYS_close, pass.mem);
	note_misses(&pass.result, pass.mem);
	*ret_result = pass.result;
	if (pass.mem < 0)
		return pass.mem;
	if (!pass.result.patched)
		return pass.result.found ? -EACCES : -ENOENT;
	atomic_store_explicit(&sites_open, true, memory_order_release);
	return 0;
}

int vmt_sites_scan(uint64_t start, uint64_t end, int file)
{
	struct vmt_range text = { start, end };
	struct vmt_text_site site;
	int patched = 0;
	int mem = -1;

	if (!vmt_sites_are_open() ||
	    is_left_out(start, end, end - start > OTHER_TEXT_MAX && vmt_elf_is_go_file(file)))
		return 0;
	while (next_of_other(&text, true, &site)) {
		if (mem < 0)
			mem = vmt_text_open();
		if (mem < 0)
			break;
		patched += patch_site(mem, &site) == 0;
	}
	if (mem >= 0)
		vmt_sys1(SYS_close, mem);
	return patched;
}

void vmt_sites_forget(uint64_t start, uint64_t end)
{
	struct vmt_range gone = { start, end };

	for (int i = 0; i < VMT_GATE_STUBS; i++) {
		uint64_t addr = __atomic_load_n(&vmt_gate_return[i], __ATOMIC_RELAXED);

		if (addr && vmt_range_has(gone, addr - 1))
			__atomic_store_n(&vmt_gate_return[i], 0, __ATOMIC_RELEASE);
	}
}

/* Not over the entry itself, where a uprobe may be put: see above. */
static const uint8_t *place_in_exit(void)
{
	/* libc's, and not another interposer's: exit() would not come by that. */
	const uint8_t *entry = (const void *)vmt_libc.last_exit;
	uint64_t at;

	if (!vmt_range_has(libc_text, (uint64_t)entry))
		return NULL;
	at = vmt_text_find_exit((uint64_t)entry);
	if (at && !vmt_text_has_jump_into(entry, (const uint8_t *)at))
		return (const uint8_t *)at;
	return vmt_text_has_jump_into(entry, entry) ? NULL : entry;
}

int vmt_sites_hook_exit(void)
{
	const uint8_t *place = place_in_exit();
	int mem;
	int ret;

	if (!place)
		return -ENOENT;
	if (!vmt_text_is_in_one_line((uint64_t)place) && !vmt_text_is_alone())
		return -EBUSY;
	mem = vmt_text_open();
	if (mem < 0)
		return mem;
	ret = vmt_text_write_jump(mem, (uint64_t)place, (uint64_t)vmt_gate_exit);
	vmt_sys1(SYS_close, mem);
	exit_hooked = ret == 0;
	return ret;
}

void vmt_sites_step_aside(void)
{
	__atomic_store_n(&vmt_gate_is_aside, 1, __ATOMIC_SEQ_CST);
}

bool vmt_sites_are_aside(void)
{
	return __atomic_load_n(&vmt_gate_is_aside, __ATOMIC_RELAXED) != 0;
}

long vmt_sites_call_home(long nr, const long args[6])
{
	int saved = errno;
	long ret;

	if (!vmt_gate_home)
		return vmt_sys6(nr, args[0], args[1], args[2], args[3], args[4], args[5]);
	ret = vmt_gate_call_home(nr, args);
	if (ret == -1)
		ret = -errno;
	errno = saved;
	return ret;
}

#else /* no gate for this architecture yet: the wrappers are the only door */

bool vmt_sites_left_out(void)
{
	return false;
}

int vmt_sites_open(struct vmt_sites_result *ret_result)
{
	*ret_result = (struct vmt_sites_result){ .notes = VMT_NOTE_NO_PATTERN };
	return -ENOSYS;
}

int vmt_sites_scan(uint64_t start, uint64_t end, int file)
{
	(void)start;
	(void)end;
	(void)file;
	return 0;
}

void vmt_sites_forget(uint64_t start, uint64_t end)
{
	(void)start;
	(void)end;
}

int vmt_sites_hook_exit(void)
{
	return -ENOSYS;
}

void vmt_sites_step_aside(void)
{
}

bool vmt_sites_are_aside(void)
{
	return false;
}

long vmt_sites_call_home(long nr, const long args[6])
{
	return vmt_sys6(nr, args[0], args[1], args[2], args[3], args[4], args[5]);
}

#endif
