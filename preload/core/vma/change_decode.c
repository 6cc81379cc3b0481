/* SPDX-License-Identifier: MIT */
/*
 * One small decoder for each system call. The rules are those of Linux 5.10 to 6.18 (mm/mmap.c,
 * mm/vma.c, mm/mremap.c, mm/madvise.c, mm/mprotect.c); where versions differ, the decoder has the
 * kernel asked.
 */
#include "core/vma/change_decode.h"

#include "core/vma/merge_rules.h"

#include <asm/mman.h>
#include <linux/errno.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/shm.h>

#include "core/base/uapi.h"
#include "core/recording/record.h"

/* The headers of Debian 12 lack these. */
#define MAP_TYPE_MASK     0x0f
#define MREMAP_DONTUNMAP_ 4

static bool failed(const struct vmt_done *done)
{
	return done->result < 0 && done->result >= -4095;
}

static struct vmt_range pages(uint64_t start, uint64_t length)
{
	return (struct vmt_range){ start, start + vmt_page_up(length) };
}

static bool is_aligned(uint64_t addr)
{
	return (addr & (VMT_PAGE_SIZE - 1)) == 0;
}

/* Would the kernel refuse the range before it looks at any map? */
static bool is_bad_range(uint64_t start, uint64_t length)
{
	uint64_t end;

	return !is_aligned(start) || vmt_page_up(length) < length ||
	       __builtin_add_overflow(start, vmt_page_up(length), &end);
}

/* Is it private anonymous memory, with no flag that shows in maps or changes its size? */
static bool is_plain_anonymous(uint64_t flags)
{
	uint64_t known = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_FIXED_NOREPLACE |
			 MAP_NORESERVE | MAP_STACK | MAP_POPULATE | MAP_LOCKED | MAP_NONBLOCK |
			 MAP_DENYWRITE | MAP_EXECUTABLE | MAP_32BIT | MAP_GROWSDOWN;

	return (flags & MAP_TYPE_MASK) == MAP_PRIVATE && (flags & MAP_ANONYMOUS) &&
	       !(flags & ~known);
}

/* A file's map looks as the arguments say, provided that the file is an ordinary one. */
static bool is_plain_file(uint64_t flags)
{
	uint64_t known = MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_FIXED_NOREPLACE |
			 MAP_NORESERVE | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_32BIT | MAP_NONBLOCK;
	uint64_t type = flags & MAP_TYPE_MASK;

	return (type == MAP_PRIVATE || type == MAP_SHARED) && !(flags & ~known);
}

static uint32_t prot_flags(long prot)
{
	return (prot & PROT_READ ? VMT_MAP_READ : 0) | (prot & PROT_WRITE ? VMT_MAP_WRITE : 0) |
	       (prot & PROT_EXEC ? VMT_MAP_EXEC : 0);
}

/* Does this mmap unmap what lies at its address? */
static bool is_fixed(uint64_t flags)
{
	return (flags & MAP_FIXED) && !(flags & MAP_FIXED_NOREPLACE);
}

/*
 * A failed mmap changes nothing unless it was to replace something: before 6.11 the old range is
 * gone by then, later a split may remain (mm/vma.c, vms_abort_munmap_vmas).
 */
static void decode_mmap(const struct vmt_done *done, struct vmt_change *change)
{
	uint64_t flags = (uint64_t)done->args[3];
	uint64_t length = (uint64_t)done->args[1];
	bool fixed = is_fixed(flags);

	change->length = length;
	if (failed(done)) {
		uint64_t addr = (uint64_t)done->args[0];

		if (!fixed || is_bad_range(addr, length) || length == 0)
			return;
		change->how = VMT_CHANGE_WALK;
		change->window[0] = change->gone[0] = pages(addr, length);
		return;
	}

	change->fresh = pages((uint64_t)done->result, length);
	change->window[0] = change->fresh;
	if (fixed)
		change->gone[0] = change->fresh;
	change->flags = prot_flags(done->args[2]);
	if (flags & MAP_GROWSDOWN && flags & MAP_ANONYMOUS)
		change->flags |= VMT_MAP_STACK;
	change->how = is_plain_anonymous(flags) ? VMT_CHANGE_DERIVE : VMT_CHANGE_WALK;
	if (is_plain_file(flags)) {
		change->how = VMT_CHANGE_DERIVE;
		change->is_file = true;
		change->is_loaders = done->is_loaders;
		change->fd = (int)done->args[4];
		change->offset = (uint64_t)done->args[5];
		change->flags |= (flags & MAP_TYPE_MASK) == MAP_SHARED ? VMT_MAP_SHARED : 0;
	}
	if (flags & MAP_HUGETLB) { /* the kernel rounds the length up to a huge page */
		change->how = fixed ? VMT_CHANGE_EVERYTHING : VMT_CHANGE_WALK;
		change->fresh.end = 0;
	}
}

static void decode_munmap(const struct vmt_done *done, struct vmt_change *change)
{
	uint64_t addr = (uint64_t)done->args[0];
	uint64_t length = (uint64_t)done->args[1];

	change->length = length;
	if (is_bad_range(addr, length) || length == 0)
		return;
	change->how = failed(done) ? VMT_CHANGE_WALK : VMT_CHANGE_DERIVE;
	change->window[0] = pages(addr, length);
	change->gone[0] = change->window[0];
}

/* A call that failed midway has changed the maps before the hole (or the sealed map). */
static void decode_protect(const struct vmt_done *done, struct vmt_change *change)
{
	uint64_t addr = (uint64_t)done->args[0];
	uint64_t length = (uint64_t)done->args[1];
	long prot = done->args[2];

	change->length = length;
	if (is_bad_range(addr, length) || length == 0)
		return;
	change->how = VMT_CHANGE_DERIVE;
	change->met_hole = done->result == -ENOMEM;
	if ((failed(done) && !change->met_hole) || (prot & (PROT_GROWSDOWN | PROT_GROWSUP)))
		change->how = VMT_CHANGE_WALK;
	change->window[0] = pages(addr, length);
	change->protect = change->window[0];
	change->flags = prot_flags(prot);
	if (prot & PROT_GROWSDOWN)
		change->how = VMT_CHANGE_EVERYTHING;
}

static void decode_attributes(const struct vmt_done *done, struct vmt_change *change, uint64_t addr,
			      uint64_t length)
{
	change->length = length;
	if (is_bad_range(addr, length) || length == 0)
		return;
	change->how = failed(done) ? VMT_CHANGE_WALK : VMT_CHANGE_DERIVE;
	change->window[0] = pages(addr, length);
	change->advise = change->window[0];
}

static void decode_madvise(const struct vmt_done *done, struct vmt_change *change)
{
	decode_attributes(done, change, (uint64_t)done->args[0], (uint64_t)done->args[1]);
	if (done->args[2] == MADV_GUARD_INSTALL_) { /* it cuts nothing, even when it fails midway */
		change->touched = change->advise;
		change->advise = (struct vmt_range){ 0, 0 };
		if (change->how == VMT_CHANGE_WALK)
			change->how = VMT_CHANGE_DERIVE;
	} else if (done->result == -ENOMEM && change->how == VMT_CHANGE_WALK) {
		change->how = VMT_CHANGE_DERIVE;
		change->met_hole = true;
	}
}

/* mlock rounds its address down (mm/mlock.c, do_mlock). */
static void decode_mlock(const struct vmt_done *done, struct vmt_change *change)
{
	uint64_t addr = (uint64_t)done->args[0];
	uint64_t length = (uint64_t)done->args[1];
	uint64_t total;

	change->length = length;
	if (__builtin_add_overflow(length, addr & (VMT_PAGE_SIZE - 1), &total))
		return;
	decode_attributes(done, change, vmt_page_down(addr), total);
	change->length = length;
}

/*
 * mremap turns [addr, addr + old) into [result, result + new). The destination of MREMAP_FIXED is
 * unmapped first, then the tail that a smaller size cuts off. Both are gone even if the call fails
 * later (mm/mremap.c, mremap_to).
 */
static void decode_mremap_failed(const struct vmt_done *done, struct vmt_change *change)
{
	uint64_t addr = (uint64_t)done->args[0];
	uint64_t old_length = vmt_page_up((uint64_t)done->args[1]);
	uint64_t new_length = vmt_page_up((uint64_t)done->args[2]);
	uint64_t kept = old_length < new_length ? old_length : new_length;
	bool fixed = (done->args[3] & (MREMAP_FIXED | MREMAP_DONTUNMAP_)) != 0;

	if (!is_aligned(addr) || (!fixed && new_length >= old_length))
		return;
	change->how = VMT_CHANGE_WALK;
	change->window[0] = pages(addr, old_length);
	if (new_length < old_length)
		change->gone[0] = pages(addr + new_length, old_length - new_length);
	if (done->args[3] & MREMAP_FIXED && !is_bad_range((uint64_t)done->args[4], new_length)) {
		change->window[1] = pages((uint64_t)done->args[4], new_length);
		change->gone[1] = change->window[1];
		if (done->args[3] & MREMAP_DONTUNMAP_) {
			change->fresh = change->window[1];
			change->copied = change->window[0];
			return;
		}
		/* the range had several maps, and the first may have moved */
		change->from = pages(addr, kept);
		change->to = change->window[1].start;
	}
}

static void decode_mremap(const struct vmt_done *done, struct vmt_change *change)
{
	uint64_t addr = (uint64_t)done->args[0];
	uint64_t old_length = vmt_page_up((uint64_t)done->args[1]);
	uint64_t new_length = vmt_page_up((uint64_t)done->args[2]);
	uint64_t to = (uint64_t)done->result;
	uint64_t kept = old_length < new_length ? old_length : new_length;
	bool copies = done->args[3] & MREMAP_DONTUNMAP_ || old_length == 0;

	change->length = new_length;
	if (failed(done)) {
		decode_mremap_failed(done, change);
		return;
	}
	change->how = copies ? VMT_CHANGE_WALK : VMT_CHANGE_DERIVE;
	change->remapped = pages(addr, kept);
	change->window[0] = pages(addr, old_length);
	if (to != addr) {
		change->window[1] = pages(to, new_length);
		if (done->args[3] & MREMAP_FIXED)
			change->gone[1] = change->window[1];
	}
	if (copies) {
		change->fresh = pages(to, new_length);
		change->copied = change->window[0];
		return;
	}
	if (to != addr) {
		change->from = pages(addr, kept);
		change->to = to;
	}
	if (new_length < old_length)
		change->gone[0] = pages(addr + new_length, old_length - new_length);
	if (new_length > old_length) {
		change->grown = pages(to + old_length, new_length - old_length);
		change->grown_of = addr + old_length - VMT_PAGE_SIZE;
		if (to == addr)
			change->window[0] = pages(addr, new_length);
	}
}

static void decode_brk(const struct vmt_done *done, struct vmt_change *change)
{
	uint64_t before = vmt_page_up(done->brk);
	uint64_t after = vmt_page_up((uint64_t)done->result);

	if (done->brk == 0) {
		change->how = done->args[0] ? VMT_CHANGE_EVERYTHING : VMT_CHANGE_NOTHING;
		return;
	}
	if (after == before)
		return;
	change->how = VMT_CHANGE_DERIVE;
	if (after < before) {
		change->gone[0] = change->window[0] = (struct vmt_range){ after, before };
		return;
	}
	change->grown = change->window[0] = (struct vmt_range){ before, after };
	change->grown_of = before - VMT_PAGE_SIZE;
	change->flags = VMT_MAP_READ | VMT_MAP_WRITE;
	change->length = after - before;
}

static void decode_new_map_at(uint64_t start, struct vmt_change *change)
{
	change->how = VMT_CHANGE_WALK;
	change->fresh.start = start;
	change->window[0] = (struct vmt_range){ start, start + VMT_PAGE_SIZE };
}

static void decode_shmat(const struct vmt_done *done, struct vmt_change *change)
{
	if (failed(done)) {
		change->how =
			done->args[2] & SHM_REMAP ? VMT_CHANGE_EVERYTHING : VMT_CHANGE_NOTHING;
		return;
	}
	decode_new_map_at((uint64_t)done->result, change);
	if (done->args[2] & SHM_REMAP)
		change->how = VMT_CHANGE_EVERYTHING;
}

/* An aio_context_t is the address of its ring (fs/aio.c). */
static void decode_new_map(const struct vmt_done *done, struct vmt_change *change)
{
	bool is_ring = done->call == VMT_CALL_IO_SETUP;

	if (!failed(done))
		decode_new_map_at(is_ring ? done->aio : (uint64_t)done->result, change);
}

static void decode_remap_file_pages(const struct vmt_done *done, struct vmt_change *change)
{
	uint64_t start = vmt_page_down((uint64_t)done->args[0]);
	uint64_t length = vmt_page_down((uint64_t)done->args[1]);

	change->length = length;
	if (length == 0 || is_bad_range(start, length))
		return;
	change->how = VMT_CHANGE_WALK;
	change->window[0] = pages(start, length);
	change->gone[0] = change->window[0];
	if (!failed(done))
		change->fresh = change->window[0];
}

/* PR_SET_MEMORY_MERGE changes a flag of every map. */
static void decode_prctl(const struct vmt_done *done, struct vmt_change *change)
{
	if (done->args[0] == PR_SET_MEMORY_MERGE_ && !failed(done))
		change->how = VMT_CHANGE_EVERYTHING;
	if (done->args[0] == PR_SET_VMA_)
		decode_attributes(done, change, (uint64_t)done->args[2], (uint64_t)done->args[3]);
}

/* The program passed the range in memory; it was read from there, if the call succeeded. */
static void decode_user_range(const struct vmt_done *done, struct vmt_change *change)
{
	change->how = VMT_CHANGE_EVERYTHING;
	if (failed(done) || vmt_range_is_empty(done->user_range))
		return;
	change->how = VMT_CHANGE_WALK;
	change->window[0] = done->user_range;
	change->length = done->user_range.end - done->user_range.start;
}

/*
 * Address hints and MAP_FIXED_NOREPLACE replace nothing. A MAP_GROWSDOWN map is left out because it
 * may have grown already.
 */
static bool is_simple_mmap(const struct vmt_done *done)
{
	uint64_t flags = (uint64_t)done->args[3];

	return done->call == VMT_CALL_MMAP && is_plain_anonymous(flags) && !is_fixed(flags) &&
	       !(flags & MAP_GROWSDOWN);
}

VMT_HOT bool vmt_change_decode_simple(const struct vmt_done *done, struct vmt_simple *simple)
{
	uint64_t start = (uint64_t)done->args[0];
	uint64_t length = (uint64_t)done->args[1];

	if (failed(done))
		return false;
	if (done->call == VMT_CALL_MUNMAP && !is_bad_range(start, length) && length != 0) {
		simple->range = pages(start, length);
		simple->is_fresh = false;
		return true;
	}
	if (!is_simple_mmap(done))
		return false;
	simple->range = pages((uint64_t)done->result, length);
	simple->is_fresh = true;
	simple->flags = prot_flags(done->args[2]);
	simple->new_class = vmt_vma_class_of_mmap(done->args[2], (unsigned long)done->args[3]);
	return true;
}

static void decode_unless_failed(const struct vmt_done *done, struct vmt_change *change)
{
	change->how = failed(done) ? VMT_CHANGE_NOTHING : VMT_CHANGE_EVERYTHING;
}

static void decode_other(const struct vmt_done *done, struct vmt_change *change)
{
	switch (done->call) {
	case VMT_CALL_REMAP_FILE_PAGES: decode_remap_file_pages(done, change); break;
	case VMT_CALL_PRCTL: decode_prctl(done, change); break;
	case VMT_CALL_SHMAT: decode_shmat(done, change); break;
	case VMT_CALL_IO_SETUP:
	case VMT_CALL_MAP_SHADOW_STACK: decode_new_map(done, change); break;
	case VMT_CALL_SHMDT:
	case VMT_CALL_IO_DESTROY:
	case VMT_CALL_ARCH_PRCTL:
	/* for a userfaultfd: maps that were registered with it may merge again */
	case VMT_CALL_CLOSE: decode_unless_failed(done, change); break;
	case VMT_CALL_PROCESS_MADVISE:
	case VMT_CALL_IOCTL: decode_user_range(done, change); break;
	case VMT_CALL_MLOCKALL:
	case VMT_CALL_MUNLOCKALL: change->how = VMT_CHANGE_EVERYTHING; break;
	default: break;
	}
}

void vmt_change_decode(const struct vmt_done *done, struct vmt_change *change)
{
	*change = (struct vmt_change){ .how = VMT_CHANGE_NOTHING, .failed = failed(done) };
	switch (done->call) {
	case VMT_CALL_MMAP: decode_mmap(done, change); break;
	case VMT_CALL_MUNMAP: decode_munmap(done, change); break;
	case VMT_CALL_MPROTECT:
	case VMT_CALL_PKEY_MPROTECT: decode_protect(done, change); break;
	case VMT_CALL_MREMAP: decode_mremap(done, change); break;
	case VMT_CALL_BRK: decode_brk(done, change); break;
	case VMT_CALL_MADVISE: decode_madvise(done, change); break;
	case VMT_CALL_MLOCK:
	case VMT_CALL_MLOCK2:
	case VMT_CALL_MUNLOCK: decode_mlock(done, change); break;
	case VMT_CALL_MBIND:
	case VMT_CALL_SET_MEMPOLICY_HOME_NODE:
	case VMT_CALL_MSEAL:
		decode_attributes(done, change, (uint64_t)done->args[0], (uint64_t)done->args[1]);
		break;
	default: decode_other(done, change);
	}
	if (change->how == VMT_CHANGE_DERIVE)
		vmt_merge_rules_decode(done, change);
}
