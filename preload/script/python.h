/* SPDX-License-Identifier: MIT */
/*
 * Which functions of a python script are running when a call is made. A C stack is the same for all
 * lines of a script, so the interpreter's own frames are read. A call site is thus a C stack
 * together with the code object and the instruction of each of the script's frames.
 *
 * The frames are read without asking the kernel whether they are there. A thread's frames are
 * changed by that thread alone, which is making this call, and their code objects live as long as
 * the frames. So it only has to be certain that the first frame read is the thread's current one:
 *
 *  - up to 3.12, a cframe on the C stack leads to it. It belongs to the call of the evaluation
 *    function in whose C frame it lies, and a stack with the same C frames has it in the same place;
 *  - in 3.13, the thread's state does, which is alive while the thread is attached to it.
 *
 * A thread that is not attached (it has released the GIL) loses its state and frames when another
 * thread finalizes the interpreter. So these are read only under the lock, and only if the state is
 * in the interpreter's list and nobody is finalizing it: another thread that wants to unmap them
 * has to wait for the lock. Everything else is read with process_vm_readv(2).
 */
#ifndef VMT_SCRIPT_PYTHON_H
#define VMT_SCRIPT_PYTHON_H

#include "core/stack/cpython.h"
#include "state/state.h"

/* The interpreter of this process. */
struct vmt_python {
	_Atomic uint32_t is_known;
	struct vmt_cpython_layout layout;
	uint64_t runtime; /* address of _PyRuntime */
	struct vmt_range text; /* the interpreter's code */
	uint64_t code_type; /* addresses of types */
	uint64_t text_type;
	uint64_t bytes_type;
	/* 3.12 and later: the variable of each thread that points to the state it is attached to */
	int64_t variable; /* its distance from the thread pointer; 0 = see index */
	uint64_t index; /* address of its tls_index (__tls_get_addr); 0 = unknown */
	uint64_t link; /* where the list had the state that was looked up last; under the lock */
};

extern struct vmt_python vmt_python __attribute__((visibility("hidden")));

static inline bool vmt_python_is_known(void)
{
	return VMT_UNLIKELY(atomic_load_explicit(&vmt_python.is_known, memory_order_acquire) != 0);
}

/* vmt_walk.anchor: the current frame is found by the thread's state. */
#define VMT_PYTHON_BY_THREAD UINT32_MAX

static inline uint64_t vmt_python_word(uint64_t addr)
{
	return *(const volatile uint64_t *)(uintptr_t)addr;
}

static inline uint8_t vmt_python_byte(uint64_t addr)
{
	return *(const volatile uint8_t *)(uintptr_t)addr;
}

/*
 * Returns the state that this thread is attached to; 0 = none, or not known. The state itself is
 * not read.
 */
static inline uint64_t vmt_python_attached(void)
{
	const struct vmt_thread *thread = vmt_thread();
	const struct vmt_cpython_layout *layout = &vmt_python.layout;
	uint64_t current;

	if (layout->current == VMT_CPYTHON_NONE)
		return thread->python_at ? vmt_python_word(thread->python_at) : 0;
	current = vmt_python_word(vmt_python.runtime + layout->current);
	return current == thread->python_state ? current : 0;
}

static inline uint64_t vmt_python_mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
	return hash ^ hash >> 32;
}

/*
 * Identifies a frame by its code object and instruction. After a code object was freed, another one
 * may lie at its address, so some of its members are included. The products do not wait for each
 * other, which matters where 32 frames are compared for a call.
 */
static inline uint64_t vmt_python_hash_frame(uint64_t hash, uint64_t frame)
{
	const struct vmt_cpython_layout *layout = &vmt_python.layout;
	uint64_t code = vmt_python_word(frame + layout->code);

	uint64_t line = vmt_python_word(code + layout->firstlineno) << 32;
	uint64_t word =
		code * UINT64_C(0x9e3779b97f4a7c15) +
		vmt_python_word(frame + layout->instr) * UINT64_C(0xc2b2ae3d27d4eb4f) +
		(vmt_python_word(code + layout->filename) ^ line) * UINT64_C(0xd6e8feb86659fd93) +
		vmt_python_word(code + layout->qualname) * UINT64_C(0xa0761d6478bd642f) +
		vmt_python_word(code + layout->linetable) * UINT64_C(0xe7037ed1a0b428db);

	return vmt_python_mix(hash, word ^ word >> 29);
}

static inline bool vmt_python_is_shim(uint64_t frame)
{
	return vmt_python_byte(frame + vmt_python.layout.owner) == VMT_CPYTHON_OWNED_BY_CSTACK;
}

/*
 * Returns the hash of the frames from the current one on, as vmt_python_look() would compute it; 0
 * = it cannot be computed in this way. sp, anchor: those of a stack with the same C frames as in an
 * earlier look.
 */
static inline uint64_t vmt_python_hash(uint64_t sp, uint32_t anchor)
{
	const struct vmt_cpython_layout *layout = &vmt_python.layout;
	uint64_t state = vmt_python_attached();
	uint64_t hash = 1;
	uint64_t frame;

	if (!state)
		return 0;
	frame = vmt_python_word(anchor == VMT_PYTHON_BY_THREAD ? state + layout->current_frame :
								 sp + anchor);
	for (unsigned count = 0; frame && count < VMT_SCRIPT_FRAMES_MAX;
	     frame = vmt_python_word(frame + layout->previous)) {
		if (vmt_python_is_shim(frame))
			continue;
		hash = vmt_python_hash_frame(hash, frame);
		count++;
	}
	return hash;
}

/*
 * Find the script's frames of a stack that was just walked, and note their hash and anchor in the
 * stack. Returns false if it is uncertain what runs: then there are no frames, and the stack may
 * not be remembered. Under the lock.
 */
bool vmt_python_look(struct vmt_walk *stack, struct vmt_script *ret_script);

/* Is there an interpreter among the loaded modules? Called by the constructor. */
void vmt_python_open(void);

/* Is the interpreter being finalized? */
bool vmt_python_is_ending(void);

/* Copy memory that may be absent. */
bool vmt_python_peek(uint64_t addr, void *buffer, size_t size);

#endif
