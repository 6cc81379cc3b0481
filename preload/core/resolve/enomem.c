/* SPDX-License-Identifier: MIT */
/* The limits are checked in the order in which the kernel checks them; see enomem.h. */
#include "core/resolve/enomem.h"

#include <asm/mman.h>
#include <linux/errno.h>
#include <linux/mman.h>

bool vmt_enomem_is_wanted(const struct vmt_done *done)
{
	if (done->call == VMT_CALL_BRK)
		return (uint64_t)done->result < (uint64_t)done->args[0];
	return done->result == -ENOMEM || done->result == -EAGAIN || done->result == -EPERM;
}

static bool is_fixed(const struct vmt_done *done)
{
	return (done->args[3] & MAP_FIXED) != 0;
}

/* The lowest count of maps at which this call can fail because of the limit. */
static uint64_t least_at_limit(const struct vmt_done *done, uint64_t limit)
{
	switch (done->call) {
	case VMT_CALL_MMAP: return is_fixed(done) ? limit : limit + 1;
	case VMT_CALL_BRK:
	case VMT_CALL_SHMAT:
	case VMT_CALL_IO_SETUP: return limit + 1;
	case VMT_CALL_MUNMAP:
	case VMT_CALL_REMAP_FILE_PAGES: return limit;
	case VMT_CALL_MREMAP: return limit - 5; /* mm/mremap.c: map_count + 2 >= limit - 3 */
	default: return limit - 1; /* a call may split two maps */
	}
}

static uint64_t length_of(const struct vmt_done *done)
{
	switch (done->call) {
	case VMT_CALL_MREMAP:
		return (uint64_t)done->args[2] > (uint64_t)done->args[1] ?
			       (uint64_t)done->args[2] - (uint64_t)done->args[1] :
			       0;
	case VMT_CALL_BRK:
		return (uint64_t)done->args[0] > done->brk ? (uint64_t)done->args[0] - done->brk :
							     0;
	case VMT_CALL_MMAP:
	case VMT_CALL_MLOCK:
	case VMT_CALL_MLOCK2:
	case VMT_CALL_MPROTECT:
	case VMT_CALL_PKEY_MPROTECT: return (uint64_t)done->args[1];
	default: return 0;
	}
}

static bool exceeds(uint64_t used, uint64_t more, uint64_t limit)
{
	uint64_t total;

	return limit != VMT_UNLIMITED &&
	       (__builtin_add_overflow(used, more, &total) || total > limit);
}

/*
 * mlockall(MCL_CURRENT) needs room for all addresses. Who has locked more than the limit already
 * is not bound by it (CAP_IPC_LOCK).
 */
static bool exceeds_lock_limit(const struct vmt_done *done, const struct vmt_resources *has)
{
	if (has->locked > has->locked_limit)
		return false;
	if (done->call == VMT_CALL_MLOCKALL)
		return done->args[0] & MCL_CURRENT && has->address_space > has->locked_limit;
	return exceeds(has->locked, length_of(done), has->locked_limit);
}

static bool adds_memory(const struct vmt_done *done)
{
	return done->call == VMT_CALL_MMAP || done->call == VMT_CALL_BRK ||
	       done->call == VMT_CALL_MREMAP || done->call == VMT_CALL_SHMAT;
}

static bool locks_memory(const struct vmt_done *done)
{
	return done->call == VMT_CALL_MLOCK || done->call == VMT_CALL_MLOCK2 ||
	       done->call == VMT_CALL_MLOCKALL ||
	       (done->call == VMT_CALL_MMAP && (done->args[3] & MAP_LOCKED));
}

/* Is the memory private and writable? RLIMIT_DATA and the commit limit count only such memory. */
static bool is_data(const struct vmt_done *done)
{
	if (done->call == VMT_CALL_MMAP)
		return (done->args[2] & PROT_WRITE) && (done->args[3] & MAP_TYPE) == MAP_PRIVATE;
	if (done->call == VMT_CALL_MPROTECT || done->call == VMT_CALL_PKEY_MPROTECT)
		return (done->args[2] & PROT_WRITE) != 0;
	return done->call == VMT_CALL_BRK || done->call == VMT_CALL_MREMAP;
}

/* All pages are reserved when they are mapped. */
static bool is_huge(const struct vmt_done *done)
{
	return done->call == VMT_CALL_MMAP && done->result == -ENOMEM &&
	       (done->args[3] & (MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE)) ==
		       (MAP_ANONYMOUS | MAP_HUGETLB);
}

/*
 * After mlockall(MCL_FUTURE) new memory is locked as soon as it is mapped, and mremap locks what
 * it adds to locked memory. For this alone mmap and mremap return EAGAIN; brk
 * does not say why, so there must be locked memory.
 */
static bool is_locked_at_once(const struct vmt_done *done, const struct vmt_resources *has,
			      uint64_t length)
{
	if (!adds_memory(done) || !exceeds(has->locked, length, has->locked_limit))
		return false;
	return done->call == VMT_CALL_BRK ? has->locked > 0 : done->result == -EAGAIN;
}

static bool has_hole(const struct vmt_space *space, const struct vmt_done *done)
{
	uint64_t at = vmt_page_down((uint64_t)done->args[0]);
	uint64_t end = vmt_page_up((uint64_t)done->args[0] + (uint64_t)done->args[1]);

	if (done->call == VMT_CALL_MUNMAP || adds_memory(done) || done->call == VMT_CALL_MLOCKALL)
		return false;
	while (at < end) {
		const struct vmt_map *map = vmt_space_find(space, at);

		if (!map)
			return true;
		at = map->vma.end;
	}
	return false;
}

static bool is_beyond_addresses(const struct vmt_done *done)
{
	uint64_t length = length_of(done);

	if (length >= VMT_ADDRESS_END)
		return true;
	return done->call == VMT_CALL_MMAP && is_fixed(done) &&
	       (uint64_t)done->args[0] > VMT_ADDRESS_END - length;
}

/* Is there a gap of that length anywhere? Only asked when nothing else explains the failure. */
static bool has_gap(const struct vmt_space *space, uint64_t length)
{
	uint64_t at = 0x10000;

	for (struct vmt_map *map = vmt_space_first(space); map; map = vmt_space_next(map)) {
		if (map->vma.start >= at && map->vma.start - at >= length)
			return true;
		at = map->vma.end;
	}
	return at < VMT_ADDRESS_END && VMT_ADDRESS_END - at >= length;
}

static enum vmt_reason reason_of_size(const struct vmt_space *space, const struct vmt_done *done,
				      const struct vmt_resources *has)
{
	uint64_t length = length_of(done);

	if (is_beyond_addresses(done))
		return VMT_REASON_ADDRESS_SPACE;
	if (locks_memory(done) && exceeds_lock_limit(done, has))
		return VMT_REASON_RLIMIT_MEMLOCK;
	if (adds_memory(done) && exceeds(has->address_space, length, has->address_space_limit))
		return VMT_REASON_RLIMIT_AS;
	if (is_data(done) && exceeds(has->data, length, has->data_limit))
		return VMT_REASON_RLIMIT_DATA;
	/* memory of huge pages is not counted against the commit limit */
	if (is_huge(done))
		return has_gap(space, length) ? VMT_REASON_HUGE_PAGES : VMT_REASON_ADDRESS_SPACE;
	if (is_locked_at_once(done, has, length))
		return VMT_REASON_RLIMIT_MEMLOCK;
	if (is_data(done) && has->commit_left != VMT_UNLIMITED && length > has->commit_left)
		return VMT_REASON_OVERCOMMIT;
	if (has_hole(space, done))
		return VMT_REASON_HOLE;
	if (adds_memory(done) && !has_gap(space, length))
		return VMT_REASON_ADDRESS_SPACE;
	return VMT_REASON_UNKNOWN;
}

enum vmt_reason vmt_enomem_reason(const struct vmt_space *space, const struct vmt_done *done,
				  uint64_t maps, const struct vmt_resources *resources)
{
	uint64_t limit = resources->map_limit;
	enum vmt_reason reason;

	if (done->call != VMT_CALL_BRK && done->result == -EPERM) {
		if (locks_memory(done))
			/* even one page exceeds the limit, which is 0 */
			return VMT_REASON_RLIMIT_MEMLOCK;
		return done->call == VMT_CALL_MUNMAP || done->call == VMT_CALL_MPROTECT ||
				       done->call == VMT_CALL_PKEY_MPROTECT ||
				       done->call == VMT_CALL_MREMAP ||
				       done->call == VMT_CALL_MMAP ?
			       VMT_REASON_SEALED :
			       VMT_REASON_UNKNOWN;
	}
	/* mmap checks the count of maps before anything else; other calls do so later. */
	if (limit && done->call == VMT_CALL_MMAP && maps >= limit + 1)
		return VMT_REASON_MAP_LIMIT;
	reason = reason_of_size(space, done, resources);
	if (reason == VMT_REASON_UNKNOWN && limit && maps >= least_at_limit(done, limit))
		return VMT_REASON_MAP_LIMIT;
	if (reason == VMT_REASON_UNKNOWN && done->result == -EAGAIN && locks_memory(done))
		return VMT_REASON_RLIMIT_MEMLOCK;
	return reason;
}
