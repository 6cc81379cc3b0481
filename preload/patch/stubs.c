/* SPDX-License-Identifier: MIT */
/* A stub is in use if it has a return address; 0 = free. See stubs.h. */
#include "patch/stubs.h"

#include <assert.h>
#include <errno.h>
#include <sys/syscall.h>

#include "os/peek.h"
#include "os/shim.h"
#include "os/sys.h"
#include "patch/code.h"
#include "patch/gate.h"

uint64_t vmt_stubs_address(int stub)
{
	bool is_moved =
		stub >= VMT_GATE_MOVED_FIRST && stub < VMT_GATE_MOVED_FIRST + VMT_GATE_MOVED_STUBS;
	uint64_t first = is_moved ? VMT_GATE_MOVED_FIRST : 0;

	return (uint64_t)(is_moved ? vmt_gate_moved : vmt_gate_stubs) +
	       ((uint64_t)stub - first) * VMT_GATE_STUB_SIZE;
}

/* No plain stub from this one on was ever in use. Changed at the start and under the lock. */
static int plain_end VMT_DATA = 0;

/* Make stub i return to addr, if it is free or does so already (a module was loaded again). */
static bool claim_stub(int i, uint64_t owner, uint64_t addr)
{
	return __atomic_compare_exchange_n(&vmt_gate_return[i], &owner, addr, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

int vmt_stubs_take(int first, int count, uint32_t nr, uint64_t addr)
{
	const uint64_t owners[] = { addr, 0 };

	for (size_t n = 0; n < VMT_COUNT(owners); n++) {
		for (int i = first; i < first + count; i++) {
			if (!claim_stub(i, owners[n], addr))
				continue;
			if (i >= plain_end && i < VMT_GATE_PLAIN_STUBS)
				plain_end = i + 1;
			__atomic_store_n(&vmt_gate_nr[i], nr, __ATOMIC_RELEASE);
			return i;
		}
	}
	return -ENOSPC;
}

void vmt_stubs_give_back(int stub)
{
	__atomic_store_n(&vmt_gate_return[stub], 0, __ATOMIC_RELEASE);
}

/* May the moved instructions be written, and will they be executed? */
static bool may_move(const struct vmt_writing *writing, const struct vmt_code_site *site)
{
	/* A child on a stack of its own starts at the site's system call, where nothing was moved. */
	return site->nr != SYS_clone && site->nr != SYS_clone3 &&
	       (writing->mem >= 0 || vmt_code_is_alone());
}

int vmt_stubs_take_moved(const struct vmt_writing *writing, const struct vmt_code_site *site)
{
	uint8_t code[VMT_CODE_MOVED_MAX];
	int stub;

	static_assert(VMT_CODE_MOVED_MAX == VMT_GATE_MOVED_MAX, "as much as there is room for");
	if (!may_move(writing, site))
		return -ENOTSUP;
	stub = vmt_stubs_take(VMT_GATE_MOVED_FIRST, VMT_GATE_MOVED_STUBS, site->nr,
			      site->addr + VMT_CODE_SITE_SIZE + site->moved);
	if (stub < 0)
		return stub;
	vmt_code_make_moved(site, code);
	if (vmt_writing_apart(writing, vmt_stubs_address(stub), code, sizeof(code)) == 0)
		return stub;
	vmt_stubs_give_back(stub);
	return -ENOTSUP;
}

/*
 * Is there (still, or again) a jump to this stub? The kernel reads it, since the text may be gone.
 */
static bool is_led_to(uint64_t site, int stub)
{
	uint8_t code[VMT_CODE_JUMP_SIZE];
	uint8_t want[VMT_CODE_JUMP_SIZE];
	long ret = vmt_peek(vmt_sys0(SYS_getpid), site, code, sizeof(code));

	if (ret != (long)sizeof(code))
		return ret != -EFAULT;
	return vmt_code_make_jump(site, vmt_stubs_address(stub), want) &&
	       __builtin_memcmp(code, want, sizeof(code)) == 0;
}

static void forget(int first, int stubs_end, struct vmt_range gone)
{
	for (int i = first; i < stubs_end; i++) {
		uint64_t addr = __atomic_load_n(&vmt_gate_return[i], __ATOMIC_RELAXED);

		if (addr && vmt_range_has(gone, addr - 1) &&
		    !is_led_to(addr - VMT_CODE_SITE_SIZE, i))
			__atomic_store_n(&vmt_gate_return[i], 0, __ATOMIC_RELEASE);
	}
}

void vmt_stubs_forget(uint64_t start, uint64_t end)
{
	struct vmt_range gone = { start, end };

	forget(0, plain_end, gone);
	forget(VMT_GATE_PLAIN_STUBS, VMT_GATE_MOVED_FIRST, gone);
}
