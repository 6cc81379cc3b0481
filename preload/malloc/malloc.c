/* SPDX-License-Identifier: MIT */
/*
 * Called before the constructor (by ld.so, and by constructors that run earlier), in destructors,
 * handlers, threads and fork children. It never allocates, locks or waits. A thread's first call is
 * slow, and finds counters for it; every other call costs an addition or two and a jump. See
 * malloc.h.
 */
#include "malloc/malloc.h"

#include <linux/errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "malloc/early.h"
#include "os/elf.h"
#include "os/shim.h"
#include "os/sys.h"
#include "patch/code.h"
#include "state/state.h"

#define PROBES 32 /* blocks examined to find one whose thread is gone */
#define NOBODY UINT32_MAX /* an owner that is not known, and is assumed to be alive */

/* Declared here, since <malloc.h> is not available with every C library. */
void *memalign(size_t alignment, size_t size);
void *pvalloc(size_t size);

/* Adjacent, in the order of enum vmt_malloc_function; malloc_entry.S uses the first two by name. */
VMT_DATA void *(*vmt_malloc_next_malloc)(size_t size) __attribute__((aligned(128))) = NULL;
VMT_DATA void (*vmt_malloc_next_free)(void *old) = NULL;

struct others {
	void *(*calloc)(size_t count, size_t size);
	void *(*realloc)(void *old, size_t size);
	void *(*reallocarray)(void *old, size_t count, size_t size);
	void *(*memalign)(size_t alignment, size_t size);
	int (*posix_memalign)(void **ret, size_t alignment, size_t size);
	void *(*aligned_alloc)(size_t alignment, size_t size);
	void *(*valloc)(size_t size);
	void *(*pvalloc)(size_t size);
};
static struct others next VMT_DATA = { .calloc = NULL };

#define FIRST_IN_NEXT VMT_CALLOC

/* In the order of enum vmt_malloc_function and of the pointers above. */
static const char names[VMT_MALLOC_FUNCTIONS][16] = {
	"malloc",   "free",           "calloc",        "realloc", "reallocarray",
	"memalign", "posix_memalign", "aligned_alloc", "valloc",  "pvalloc",
};

static struct {
	bool has_new;
	bool array_is_counted;
	uint64_t libc; /* where libc is loaded */
	uint64_t before;
	struct vmt_malloc_block *blocks; /* NULL before the constructor has run */
	_Atomic uint32_t used;
	_Atomic uint32_t probe;
} door VMT_DATA __attribute__((aligned(128))) = { .blocks = NULL };

struct vmt_malloc_block vmt_malloc_shared VMT_DATA = { .owner = NOBODY };

/* The thread's block, and whether none was left for this thread. */
__thread struct vmt_malloc_block *vmt_malloc_own __attribute__((tls_model("initial-exec")));
static __thread bool is_refused __attribute__((tls_model("initial-exec")));

struct search {
	uint64_t found[VMT_MALLOC_FUNCTIONS];
	uint64_t before[VMT_MALLOC_FUNCTIONS];
	bool is_after;
};

static int search_module(struct dl_phdr_info *info, size_t size, void *context)
{
	struct search *search = context;
	struct vmt_elf elf;

	(void)size;
	if (vmt_elf_has(info, (uint64_t)(uintptr_t)&door)) {
		search->is_after = true;
		return 0;
	}
	if (!vmt_elf_open(info, &elf))
		return 0;
	if (vmt_elf_find(&elf, "__libc_start_main")) /* the last module wins, see libc.c */
		door.libc = elf.base;
	for (size_t i = 0; i < VMT_MALLOC_FUNCTIONS; i++) {
		uint64_t *to = search->is_after ? &search->found[i] : &search->before[i];

		if (!*to)
			*to = vmt_elf_find(&elf, names[i]);
	}
	return 0;
}

/* The order of modules is the order of symbol look-up, unless a module was loaded later. */
static void resolve(void)
{
	struct search search = { .is_after = false };
	void *(*malloc_found)(size_t size);

	vmt_elf_each(search_module, &search);
	door.before = search.before[VMT_MALLOC];
	for (size_t i = 0; i < VMT_MALLOC_FUNCTIONS;
	     i++) /* if we are linked behind libc, libc is next all the same */
		if (!search.found[i])
			search.found[i] = search.before[i];
	static_assert(sizeof(next) == (VMT_MALLOC_FUNCTIONS - FIRST_IN_NEXT) * sizeof(uint64_t),
		      "one pointer for each name");
	__builtin_memcpy(&vmt_malloc_next_free, &search.found[VMT_FREE], sizeof(uint64_t));
	__builtin_memcpy(&next, &search.found[FIRST_IN_NEXT], sizeof(next));
	__builtin_memcpy(&malloc_found, &search.found[VMT_MALLOC], sizeof(uint64_t));
	vmt_early_take_back(malloc_found, &vmt_malloc_next_free, &next.realloc, &next.reallocarray);
	vmt_malloc_next_malloc = malloc_found; /* assigned last, since is_ready() tests it */
}

/*
 * Before this library is relocated, neither libc's functions nor thread-local storage can be
 * reached.
 */
static bool is_relocated(void)
{
	return dl_iterate_phdr != NULL;
}

/*
 * Are the next definitions known? Looking them up may lead back here: a sanitizer that wants to be
 * told of the look-up starts at that moment, and allocates.
 */
static bool is_ready(void)
{
	static VMT_DATA _Atomic bool is_resolving = false;

	if (VMT_LIKELY(vmt_malloc_next_malloc != NULL))
		return true;
	if (!is_relocated() || atomic_exchange(&is_resolving, true))
		return false;
	resolve();
	atomic_store(&is_resolving, false);
	return vmt_malloc_next_malloc != NULL;
}

void vmt_malloc_resolve(void)
{
	(void)is_ready();
}

static bool is_wrapped(const char *name)
{
	for (size_t i = 0; i < VMT_MALLOC_FUNCTIONS; i++)
		if (__builtin_strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Make the module call its own functions, as if it had been linked with -Bsymbolic. */
static void bind_to_itself(const struct vmt_elf *elf)
{
	struct vmt_elf_slot slot;
	int mem = -1;

	for (size_t at = 0; vmt_elf_next_slot(elf, &at, &slot);) {
		if (!is_wrapped(slot.name))
			continue;
		if (mem < 0)
			mem = vmt_code_open(); /* the slot may be read-only by now (RELRO) */
		if (mem < 0)
			return;
		vmt_sys4(SYS_pwrite64, mem, &slot.function, sizeof(slot.function), slot.slot);
	}
	if (mem >= 0)
		vmt_sys1(SYS_close, mem);
}

static int look_at_allocator(struct dl_phdr_info *info, size_t size, void *context)
{
	struct vmt_elf elf;

	(void)size, (void)context;
	if (!vmt_elf_open(info, &elf))
		return 0;
	if (vmt_elf_has(info, vmt_malloc_next(VMT_REALLOCARRAY)))
		door.array_is_counted = elf.base != door.libc;
	if (vmt_elf_has(info, vmt_malloc_next(VMT_MALLOC)) && elf.base != door.libc) {
		door.has_new = vmt_elf_find(&elf, "_Znwm") != 0;
		bind_to_itself(&elf);
	}
	return 0;
}

/*
 * Write `mov %fs:offset, %rax`, with two prefixes that change nothing, so that it is as long as the
 * instructions it replaces.
 */
static void load_directly(int mem, const uint8_t *at)
{
	uint8_t code[VMT_MALLOC_LOAD_SIZE] = { 0x64, 0x48, 0x8b, 0x04, 0x25 };
	uint64_t thread;
	int32_t offset;

	__asm__("mov %%fs:0, %0" : "=r"(thread));
	offset = (int32_t)((uint64_t)(uintptr_t)&vmt_malloc_own - thread);
	__builtin_memcpy(code + sizeof(code) - sizeof(offset), &offset, sizeof(offset));
	vmt_sys4(SYS_pwrite64, mem, code, sizeof(code), at);
}

static void jump_directly(int mem, const uint8_t *at, enum vmt_malloc_function function)
{
	vmt_code_write_jump(mem, (uint64_t)(uintptr_t)at, vmt_malloc_next(function));
}

/*
 * Fill in what was unknown when the code was assembled. The jump still goes through a pointer if
 * the definition is too far away, and everything stays as it was if the code cannot be written.
 */
static void complete_entries(void)
{
	int mem = vmt_code_open();

	if (mem < 0)
		return;
	load_directly(mem, vmt_malloc_load);
	load_directly(mem, vmt_malloc_free_load);
	jump_directly(mem, vmt_malloc_jump, VMT_MALLOC);
	jump_directly(mem, vmt_malloc_free_jump, VMT_FREE);
	vmt_sys1(SYS_close, mem);
}

void vmt_malloc_start(struct vmt_malloc_block *blocks)
{
	door.blocks = blocks;
	complete_entries();
}

void vmt_malloc_look_at_allocator(void)
{
	vmt_elf_each(look_at_allocator, NULL);
}

/* This is one instruction, so that a signal handler on this thread runs before or after it. */
static inline void add_to_block(uint64_t *to, uint64_t n)
{
	__asm__("addq %1, %0" : "+m"(*to) : "er"(n) : "cc");
}

static uint32_t thread_id(void)
{
	long thread = vmt_sys0(SYS_gettid);

	return vmt_sys_failed(thread) ? NOBODY : (uint32_t)thread;
}

static bool is_gone(uint32_t owner)
{
	return owner != NOBODY && vmt_sys3(SYS_tgkill, vmt_state->process.pid, owner, 0) == -ESRCH;
}

/* Find a block that was never used, or whose thread has ended. */
static struct vmt_malloc_block *find_block(void)
{
	uint32_t self = thread_id();
	uint32_t index = atomic_load_explicit(&door.used, memory_order_relaxed);

	if (index < VMT_MALLOC_BLOCKS)
		index = atomic_fetch_add_explicit(&door.used, 1, memory_order_relaxed);
	if (index < VMT_MALLOC_BLOCKS) {
		atomic_store_explicit(&door.blocks[index].owner, self, memory_order_relaxed);
		return &door.blocks[index];
	}
	for (int i = 0; i < PROBES && self != NOBODY; i++) {
		uint32_t at = atomic_fetch_add_explicit(&door.probe, 1, memory_order_relaxed);
		struct vmt_malloc_block *block = &door.blocks[at % VMT_MALLOC_BLOCKS];
		uint32_t owner = atomic_load_explicit(&block->owner, memory_order_relaxed);

		if (is_gone(owner) && atomic_compare_exchange_strong(&block->owner, &owner, self))
			return block;
	}
	return NULL;
}

/*
 * Returns whether the next definitions are known; until then, thread-local storage may be out of
 * reach.
 */
static bool count_slowly(enum vmt_malloc_function event, uint64_t calls, uint64_t bytes)
{
	bool ready = is_ready();

	if (ready && !vmt_malloc_own && door.blocks && !is_refused) {
		struct vmt_malloc_block *block = find_block();

		is_refused = !block;
		if (block)
			atomic_store_explicit(&block->own, (uint64_t)(uintptr_t)&vmt_malloc_own,
					      memory_order_relaxed);
		vmt_malloc_own = block;
	}
	if (ready && vmt_malloc_own) {
		add_to_block(&vmt_malloc_own->count[event].calls, calls);
		add_to_block(&vmt_malloc_own->count[event].bytes, bytes);
		return true;
	}
	__atomic_fetch_add(&vmt_malloc_shared.count[event].calls, calls, __ATOMIC_RELAXED);
	__atomic_fetch_add(&vmt_malloc_shared.count[event].bytes, bytes, __ATOMIC_RELAXED);
	return ready;
}

__attribute__((always_inline)) static inline void count(struct vmt_malloc_count *to, uint64_t calls,
							uint64_t bytes)
{
	add_to_block(&to->calls, calls);
	if (!__builtin_constant_p(bytes) || bytes)
		add_to_block(&to->bytes, bytes);
}

/*
 * A wrapper counts and then jumps. The case without a block is a separate function: inlined, it
 * would make the compiler save the arguments in every call, for something that happens once in a
 * thread.
 */
#define WRAP(type, name, parameters, arguments, event, calls, bytes)           \
	__attribute__((noinline, cold)) static type name##_slowly parameters   \
	{                                                                      \
		if (VMT_UNLIKELY(!count_slowly(event, calls, bytes)))          \
			return vmt_early_##name arguments;                     \
		return next.name arguments;                                    \
	}                                                                      \
                                                                               \
	VMT_EXPORT type name parameters                                        \
	{                                                                      \
		if (VMT_UNLIKELY(!next.name) || VMT_UNLIKELY(!vmt_malloc_own)) \
			return name##_slowly arguments;                        \
		count(&vmt_malloc_own->count[event], calls, bytes);            \
		return next.name arguments;                                    \
	}

/* On overflow, a size that no allocator can give. */
static inline size_t product(size_t n, size_t size)
{
	size_t bytes;

	return VMT_UNLIKELY(__builtin_mul_overflow(n, size, &bytes)) ? 0 : bytes;
}

/* libc's reallocarray calls realloc, which is wrapped as well. */
#define ARRAY_CALLS door.array_is_counted
#define ARRAY_EVENT (old ? VMT_REALLOCARRAY : VMT_REALLOCARRAY_NEW)

static_assert(VMT_MALLOC == 0 && VMT_FREE == 1 && sizeof(struct vmt_malloc_count) == 16 &&
		      offsetof(struct vmt_malloc_block, count[VMT_FREE].last.pointer) == 24 &&
		      offsetof(struct vmt_malloc_block, count[VMT_FREE].last.caller) == 28,
	      "as in malloc_entry.S");

/* malloc and free for a thread without a block: malloc_entry.S jumps here. */
__attribute__((cold)) void *vmt_malloc_slowly(size_t size)
{
	if (!count_slowly(VMT_MALLOC, 1, size))
		return vmt_early_get(size, 0);
	return vmt_malloc_next_malloc(size);
}

__attribute__((cold)) void vmt_malloc_free_slowly(void *old)
{
	if (!count_slowly(VMT_FREE, old != NULL, 0))
		return;
	if (vmt_malloc_own)
		vmt_malloc_own->count[VMT_FREE].last = (struct vmt_malloc_freed){
			(uint32_t)(uintptr_t)old,
			(uint32_t)(uintptr_t)__builtin_return_address(0),
		};
	vmt_malloc_next_free(old);
}

WRAP(void *, calloc, (size_t n, size_t size), (n, size), VMT_CALLOC, 1, product(n, size))
WRAP(void *, reallocarray, (void *old, size_t n, size_t size), (old, n, size), ARRAY_EVENT,
     ARRAY_CALLS, ARRAY_CALLS *product(n, size))
WRAP(void *, memalign, (size_t alignment, size_t size), (alignment, size), VMT_MEMALIGN, 1, size)
WRAP(int, posix_memalign, (void **ret, size_t alignment, size_t size), (ret, alignment, size),
     VMT_POSIX_MEMALIGN, 1, size)
WRAP(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size), VMT_ALIGNED_ALLOC,
     1, size)
WRAP(void *, valloc, (size_t size), (size), VMT_VALLOC, 1, size)
WRAP(void *, pvalloc, (size_t size), (size), VMT_PVALLOC, 1, size)

static inline enum vmt_malloc_function realloc_event(const void *old)
{
	return VMT_UNLIKELY(!old) ? VMT_REALLOC_NEW : VMT_REALLOC;
}

__attribute__((noinline, cold)) static void *realloc_slowly(void *old, size_t size)
{
	if (!count_slowly(realloc_event(old), 1, size))
		return vmt_early_realloc(old, size);
	return next.realloc(old, size);
}

/*
 * realloc to size 0: glibc and jemalloc free the block and return NULL, mimalloc returns a block of
 * size 0.
 */
__attribute__((noinline, cold)) static void *realloc_to_nothing(void *old)
{
	void *result;

	result = is_ready() ? next.realloc(old, 0) : NULL;
	count_slowly(result ? VMT_REALLOC : VMT_REALLOC_GONE, 1, 0);
	return result;
}

VMT_EXPORT void *(realloc)(void *old, size_t size)
{
	if (VMT_UNLIKELY(!size && old))
		return realloc_to_nothing(old);
	if (VMT_UNLIKELY(!next.realloc) || VMT_UNLIKELY(!vmt_malloc_own))
		return realloc_slowly(old, size);
	count(&vmt_malloc_own->count[realloc_event(old)], 1, size);
	return next.realloc(old, size);
}

static void add_block(struct vmt_malloc_count sums[VMT_MALLOC_EVENTS],
		      const struct vmt_malloc_block *block)
{
	for (size_t i = 0; i < VMT_MALLOC_EVENTS; i++) {
		sums[i].calls += __atomic_load_n(&block->count[i].calls, __ATOMIC_RELAXED);
		if (i != VMT_FREE)
			sums[i].bytes += __atomic_load_n(&block->count[i].bytes, __ATOMIC_RELAXED);
	}
}

void vmt_malloc_sum(struct vmt_malloc_count ret_sums[VMT_MALLOC_EVENTS])
{
	uint32_t used = atomic_load_explicit(&door.used, memory_order_relaxed);

	__builtin_memset(ret_sums, 0, VMT_MALLOC_EVENTS * sizeof(*ret_sums));
	add_block(ret_sums, &vmt_malloc_shared);
	for (uint32_t i = 0; i < used && i < VMT_MALLOC_BLOCKS; i++)
		add_block(ret_sums, &door.blocks[i]);
}

/* Written through the kernel: of a thread that has ended, the pointer may be gone. */
void vmt_malloc_give_up(void)
{
	uint32_t used = atomic_load_explicit(&door.used, memory_order_relaxed);
	struct vmt_malloc_block *blocks = door.blocks;
	struct vmt_malloc_block *none = NULL;
	struct iovec here = { &none, sizeof(none) };

	door.blocks = NULL;
	vmt_malloc_own = NULL;
	is_refused = true;
	for (uint32_t i = 0; blocks && i < used && i < VMT_MALLOC_BLOCKS; i++) {
		struct iovec there = { (void *)blocks[i].own, sizeof(none) };

		if (blocks[i].own && !is_gone(blocks[i].owner))
			vmt_sys6(SYS_process_vm_writev, vmt_state->process.pid, (long)&here, 1,
				 (long)&there, 1, 0);
	}
}

void vmt_malloc_start_child(void)
{
	uint32_t used = atomic_load_explicit(&door.used, memory_order_relaxed);
	const struct vmt_malloc_block none = { .owner = NOBODY };

	vmt_malloc_own = NULL;
	is_refused = false;
	for (uint32_t i = 0; i < used && i < VMT_MALLOC_BLOCKS; i++)
		door.blocks[i] = none;
	if (__builtin_memcmp(&vmt_malloc_shared, &none, sizeof(none)))
		vmt_malloc_shared = none;
	VMT_RESET(door.used, 0);
}

uint64_t vmt_malloc_next(enum vmt_malloc_function function)
{
	uint64_t address[VMT_MALLOC_FUNCTIONS];

	__builtin_memcpy(&address[VMT_MALLOC], &vmt_malloc_next_malloc, sizeof(*address));
	__builtin_memcpy(&address[VMT_FREE], &vmt_malloc_next_free, sizeof(*address));
	__builtin_memcpy(&address[FIRST_IN_NEXT], &next, sizeof(next));
	return address[function];
}

uint64_t vmt_malloc_before(void)
{
	return door.before;
}

bool vmt_malloc_has_new(void)
{
	return door.has_new;
}
