/* SPDX-License-Identifier: MIT */
/*
 * Decides which call sites are patched, and with which stub. It must never touch this library's own
 * text, whose system calls are the way to the kernel. The constructor calls vmt_patch_open() and
 * vmt_patch_hook_exit(). vmt_patch_scan() and vmt_stubs_forget() run inside mmap and munmap, in any
 * thread, so stubs are allocated without a lock.
 *
 * Where is the jump written? Usually over the mov, so that a thread whose call the kernel restarts
 * finds its system call instruction. At the entry of a function in libc, however, the jump goes
 * over the system call instruction and the bytes after it, while there is no other thread, and the
 * mov is kept. The reason is that uprobes are placed on entries. When the kernel removes a uprobe,
 * it writes back the first byte that the *file* has; if that byte were the first of a jump, broken
 * code would remain. With the mov kept, a probe may come and go, and calls are seen all the time.
 */
#include "patch/patch.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#include "core/base/calls.h"
#include "core/recording/record.h"
#include "os/elf.h"
#include "os/auxv.h"
#include "os/libc.h"
#include "os/shim.h"
#include "os/signals.h"
#include "os/sys.h"
#include "patch/code.h"
#include "patch/gate.h"
#include "patch/home.h"
#include "patch/near.h"
#include "patch/stubs.h"
#include "patch/unread.h"
#include "patch/writing.h"

VMT_DATA bool vmt_patch_want_actions = false;
VMT_DATA uint8_t vmt_patch_caught[VMT_PATCH_NR_MAX] = { 0 };
static VMT_DATA _Atomic bool sites_open = false;
static VMT_DATA bool exit_hooked = false;

bool vmt_patch_are_open(void)
{
	return atomic_load_explicit(&sites_open, memory_order_relaxed);
}

bool vmt_patch_exit_is_hooked(void)
{
	return exit_hooked;
}

/* Larger modules are left out: reading 100 MB of a browser's text takes seconds on a cold disk. */
#define OTHER_TEXT_MAX (UINT64_C(4) << 20)
/*
 * A Go program ends the process by a call of its own. Searching for that call takes 0.2 ms a MiB.
 */
#define GO_TEXT_MAX (UINT64_C(64) << 20)

/* A map of text, and the file it comes from. */
struct mapped_text {
	struct vmt_range map;
	const char *path;
};

static VMT_DATA struct vmt_range libc_text = { 0, 0 };
static VMT_DATA struct mapped_text libc_place = { { 0, 0 }, NULL };
static VMT_DATA bool has_skipped_text = false;

/* One pass over the modules that are loaded already. */
struct pass {
	struct vmt_patch_result result;
	uint64_t libc; /* an address in libc */
	uint64_t ld_so; /* where ld.so is loaded; 0 if it was started as a program */
	uint64_t self; /* an address in this library */
	bool is_alone; /* there is no second thread */
	/* The segment that is being patched: */
	bool is_libc;
	bool is_go; /* does the module contain a Go program? */
	struct mapped_text place;
	struct vmt_writing writing;
	bool is_begun;
	int error; /* why the segment cannot be written to */
};

/*
 * ioctl and close are frequent, and change maps with rare arguments only, so they are not patched
 * here. Neither is arch_prctl, which may change the register that thread-local storage is reached
 * by.
 */
static bool is_wanted(uint32_t nr)
{
	switch (nr) {
	case SYS_clone:
	case SYS_clone3:
	case SYS_fork:
	case SYS_execve:
	case SYS_execveat:
	case SYS_personality:
	case SYS_sigaltstack:
	case SYS_kill:
	case SYS_tkill:
	case SYS_tgkill:
	case SYS_rt_sigqueueinfo:
	case SYS_rt_tgsigqueueinfo: return true;
	case SYS_rt_sigaction: return vmt_patch_want_actions;
	case SYS_ioctl:
	case SYS_close:
	case SYS_arch_prctl: return false;
	default: return vmt_calls_of_nr(nr) != VMT_CALL_NONE;
	}
}

static int lead_to_stub(const struct vmt_writing *writing, uint64_t addr, int stub)
{
	int ret;

	if (stub < 0)
		return stub;
	/* The stub's words were set before the jump becomes visible. */
	ret = vmt_near_lead(writing, addr, vmt_stubs_address(stub));
	if (ret < 0)
		vmt_stubs_give_back(stub);
	return ret;
}

/*
 * Is it a call that ends a process or a thread? libc's own are in _exit: see vmt_patch_hook_exit().
 */
static bool is_exit(const struct vmt_code_site *site)
{
	return site->is_exact && !site->moved &&
	       (site->nr == SYS_exit_group || site->nr == SYS_exit);
}

/* Such a call does not return, so it needs no stub. */
static int patch_exit(const struct vmt_writing *writing, const struct vmt_code_site *site)
{
	return vmt_near_lead(
		writing, site->addr,
		(uint64_t)(site->nr == SYS_exit ? vmt_gate_exit_thread : vmt_gate_exit_group));
}

static int take_stub(const struct vmt_code_site *site)
{
	uint64_t next = site->addr + VMT_CODE_SITE_SIZE;

	switch (site->nr) {
	case SYS_clone:
		return vmt_stubs_take(VMT_GATE_CLONE_FIRST, VMT_GATE_CLONE_STUBS, site->nr, next);
	case SYS_clone3:
		return vmt_stubs_take(VMT_GATE_CLONE3_FIRST, VMT_GATE_CLONE3_STUBS, site->nr, next);
	default: return vmt_stubs_take(0, VMT_GATE_PLAIN_STUBS, site->nr, next);
	}
}

/* Write the jump over the mov. */
static int patch_site(const struct vmt_writing *writing, const struct vmt_code_site *site)
{
	if (!site->is_exact)
		return -ENOTSUP;
	if (is_exit(site))
		return patch_exit(writing, site);
	if (site->moved)
		return lead_to_stub(writing, site->addr, vmt_stubs_take_moved(writing, site));
	return lead_to_stub(writing, site->addr, take_stub(site));
}

/* Write the jump behind the mov. */
static int patch_entry(const struct vmt_writing *writing, const struct vmt_code_site *site)
{
	uint64_t next = site->addr + VMT_CODE_SITE_SIZE;
	int32_t distance;
	int stub;

	if (site->tail == VMT_CODE_TAIL_ERRNO) {
		stub = vmt_stubs_take(VMT_GATE_KEPT_FIRST, VMT_GATE_KEPT_STUBS, site->nr,
				      next + VMT_CODE_CMP_SIZE);
	} else {
		next += VMT_CODE_LOAD_SIZE;
		stub = vmt_stubs_take(VMT_GATE_BRK_FIRST, VMT_GATE_BRK_STUBS, site->nr, next);
		if (stub >= 0) {
			__builtin_memcpy(&distance, (const void *)(next - 4), sizeof(distance));
			vmt_gate_brk_site = next;
			vmt_gate_brk_rdx = *(const uint64_t *)(next + (uint64_t)(int64_t)distance);
		}
	}
	return lead_to_stub(writing, site->addr + VMT_CODE_MOV_SIZE, stub);
}

/* exact: skip sites whose number is guessed. */
static bool next_wanted(struct vmt_range *text, bool exact, struct vmt_code_site *ret_site)
{
	while (vmt_code_next_site(&text->start, text->end, ret_site)) {
		if (is_wanted(ret_site->nr) &&
		    (ret_site->is_exact || ret_site->is_probed || !exact))
			return true;
	}
	return false;
}

/* In modules other than libc, the calls that exit are wanted as well. */
static bool next_of_other(struct vmt_range *text, bool exact, struct vmt_code_site *ret_site)
{
	while (vmt_code_next_site(&text->start, text->end, ret_site)) {
		if (is_exit(ret_site) ||
		    (is_wanted(ret_site->nr) && (ret_site->is_exact || !exact)))
			return true;
	}
	return false;
}

/*
 * See writing.h: the text may be writable for a moment, so there must be no other thread, and this
 * one must not be in that text.
 */
static int begin_writing(struct vmt_writing *writing, const struct mapped_text *place,
			 bool is_alone)
{
	long file = -1;
	int ret;

	if (vmt_writing_mem_error()) {
		if (!is_alone)
			return -EBUSY;
		file = vmt_sys4(SYS_openat, AT_FDCWD, place->path, O_RDONLY | O_CLOEXEC, 0);
	}
	ret = vmt_writing_begin(writing, place->map, (int)file);
	if (file >= 0)
		vmt_sys1(SYS_close, file);
	return ret;
}

/*
 * When the library steps aside, calls from a patched entry are made by libc's syscall(3), so that
 * must be known.
 */
static bool may_patch_entry(const struct pass *pass, const struct vmt_code_site *site)
{
	return pass->is_alone && pass->is_libc && vmt_gate_libc_syscall &&
	       site->tail != VMT_CODE_TAIL_NONE;
}

static int try_patch(struct pass *pass, const struct vmt_code_site *site)
{
	int ret;

	if (!pass->is_begun) {
		pass->is_begun = true;
		pass->error = begin_writing(&pass->writing, &pass->place, pass->is_alone);
	}
	if (pass->error)
		return pass->error;
	if (may_patch_entry(pass, site))
		ret = patch_entry(&pass->writing, site);
	else if (pass->is_alone || vmt_code_is_in_one_line(site->addr))
		ret = patch_site(&pass->writing, site);
	else
		return -EBUSY;
	if (ret < 0 && ret != -ERANGE && ret != -ENOSPC && ret != -ENOTSUP)
		pass->result.notes |= VMT_NOTE_WRITE_REFUSED;
	return ret;
}

/*
 * A call that is not seen although it changes maps. glibc contains map_shadow_stack, but calls it
 * only where there are shadow stacks.
 */
static bool is_missed(const struct vmt_code_site *site)
{
	const uint32_t map_shadow_stack = 453;

	return site->nr != map_shadow_stack && vmt_calls_of_nr(site->nr) != VMT_CALL_NONE;
}

static void patch_libc_text(struct pass *pass, struct vmt_range text)
{
	bool is_libc = pass->is_libc;
	struct vmt_code_site site;

	while (next_wanted(&text, false, &site)) {
		bool is_caught = try_patch(pass, &site) == 0;

		pass->result.found += is_caught || is_missed(&site);
		pass->result.patched += is_caught;
		if (is_libc && !is_caught)
			vmt_patch_caught[site.nr] = 2;
		else if (is_libc && !vmt_patch_caught[site.nr])
			vmt_patch_caught[site.nr] = 1;
	}
}

/* Is the text too large to be searched? If so, vmt_patch_has_skipped() says so from now on. */
static bool leaves_out(uint64_t start, uint64_t end, bool is_go)
{
	bool is_large = end - start > (is_go ? GO_TEXT_MAX : OTHER_TEXT_MAX);

	if (is_large)
		has_skipped_text = true; /* never reset, so writing it needs no memory order */
	return is_large;
}

bool vmt_patch_has_skipped(void)
{
	return has_skipped_text;
}

static void patch_other_text(struct pass *pass, struct vmt_range text)
{
	struct vmt_code_site site;

	if (leaves_out(text.start, text.end, pass->is_go))
		return;
	while (next_of_other(&text, false, &site)) {
		bool is_caught = try_patch(pass, &site) == 0;

		if (is_exit(&site))
			continue;
		pass->result.other_found += is_caught || is_missed(&site);
		pass->result.other_patched += is_caught;
	}
}

static struct vmt_range segment_of(const struct dl_phdr_info *info, size_t index)
{
	uint64_t start = info->dlpi_addr + info->dlpi_phdr[index].p_vaddr;

	return (struct vmt_range){ start, start + info->dlpi_phdr[index].p_filesz };
}

/* The main program has an empty name. */
static struct mapped_text place_of(const struct dl_phdr_info *info, size_t index)
{
	const char *name = info->dlpi_name;
	uint64_t start = info->dlpi_addr + info->dlpi_phdr[index].p_vaddr;
	uint64_t end = start + info->dlpi_phdr[index].p_memsz;

	return (struct mapped_text){ { vmt_page_down(start), vmt_page_up(end) },
				     name && *name ? name : "/proc/self/exe" };
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

static bool is_text(const ElfW(Phdr) * segment)
{
	return segment->p_type == PT_LOAD && (segment->p_flags & (PF_R | PF_X)) == (PF_R | PF_X);
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
		vmt_home_find(info);
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		if (!is_text(&info->dlpi_phdr[i]))
			continue;
		pass->place = place_of(info, i);
		pass->is_begun = false;
		if (pass->is_libc) {
			libc_text = segment_of(info, i);
			libc_place = pass->place;
		}
		if (pass->is_libc || is_ld_so)
			patch_libc_text(pass, segment_of(info, i));
		else
			patch_other_text(pass, segment_of(info, i));
		if (pass->is_begun && !pass->error) {
			vmt_writing_end(&pass->writing);
			vmt_unread_note(pass->place.map);
		}
	}
	return 0;
}

static void note_misses(struct vmt_patch_result *result)
{
	int error = vmt_writing_mem_error();

	if (error && !result->patched)
		result->notes |= error == -EACCES ? VMT_NOTE_WRITE_REFUSED : VMT_NOTE_NO_MEM_FILE;
	if (!result->found)
		result->notes |= VMT_NOTE_NO_PATTERN;
	else if (result->patched && result->patched < result->found)
		result->notes |= VMT_NOTE_SITES_PARTIAL;
	if (result->other_patched < result->other_found)
		result->notes |= VMT_NOTE_INLINE_CALLS;
}

int vmt_patch_open(bool by_mprotect, struct vmt_patch_result *ret_result)
{
	struct pass pass = {
		.libc = vmt_libc.inside,
		.ld_so = vmt_auxv(AT_BASE),
		.self = (uint64_t)vmt_patch_open,
		.is_alone = vmt_code_is_alone(),
	};

	vmt_writing_choose(by_mprotect);
	vmt_near_open();
	vmt_elf_each(patch_module, &pass);
	pass.result.near = vmt_near_close();
	note_misses(&pass.result);
	*ret_result = pass.result;
	if (!pass.result.patched)
		return pass.result.found ? -EACCES : -ENOENT;
	atomic_store_explicit(&sites_open, true, memory_order_release);
	return 0;
}

/* The file is only examined for a large module. */
static bool is_go(const struct vmt_patch_module *module)
{
	return module->text.end - module->text.start > OTHER_TEXT_MAX &&
	       vmt_elf_is_go_file(module->file);
}

static int scan(const struct vmt_patch_module *module)
{
	struct vmt_range text = module->text;
	struct vmt_writing writing;
	struct vmt_code_site site;
	bool is_begun = false;
	int missed = 0;

	if (!vmt_patch_are_open() || leaves_out(text.start, text.end, is_go(module)))
		return 0;
	while (next_of_other(&text, false, &site)) {
		if (!is_begun && vmt_writing_begin(&writing, module->map, module->file))
			return -EACCES;
		is_begun = true;
		missed += patch_site(&writing, &site) < 0 && is_missed(&site);
	}
	if (!is_begun)
		return VMT_PATCH_NONE;
	vmt_writing_end(&writing);
	return missed ? -ENOSPC : 0;
}

int vmt_patch_scan(const struct vmt_patch_module *module)
{
	const struct vmt_signals signals = vmt_signals_hold();
	int ret = scan(module);

	vmt_signals_release(&signals);
	return ret;
}

/* Not over the entry itself, where a uprobe may be placed (see the top of this file). */
static const uint8_t *place_in_exit(void)
{
	/* libc's own: exit() would not come through another interposer's. */
	const uint8_t *entry = (const void *)vmt_libc.last_exit;
	uint64_t at;

	if (!vmt_range_has(libc_text, (uint64_t)entry))
		return NULL;
	at = vmt_code_find_exit((uint64_t)entry);
	if (at && !vmt_code_has_jump_into(entry, (const uint8_t *)at))
		return (const uint8_t *)at;
	return vmt_code_has_jump_into(entry, entry) ? NULL : entry;
}

int vmt_patch_hook_exit(void)
{
	const uint8_t *place = place_in_exit();
	bool is_alone = vmt_code_is_alone();
	struct vmt_writing writing;
	int ret;

	if (!place)
		return -ENOENT;
	if (!vmt_code_is_in_one_line((uint64_t)place) && !is_alone)
		return -EBUSY;
	ret = begin_writing(&writing, &libc_place, is_alone);
	if (ret < 0)
		return ret;
	ret = vmt_writing_jump(&writing, (uint64_t)place, (uint64_t)vmt_gate_exit);
	vmt_writing_end(&writing);
	exit_hooked = ret == 0;
	return ret;
}
