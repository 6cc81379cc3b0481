/* SPDX-License-Identifier: MIT */
/*
 * The list of modules: an added module is found with its own tables, to the byte; a dropped or
 * replaced one, or one too many, is not; and readers see consistent entries while the list changes.
 */
#include "unwind/unwind_modules.h"

#include <pthread.h>
#include <stdio.h>

/* size of a module: headers and tables, and text in the second half */
#define SIZE   UINT64_C(0x10000)
#define ROUNDS 20000
#define CHECK(what)                                               \
	do {                                                      \
		if (!(what)) {                                    \
			printf("line %d: %s\n", __LINE__, #what); \
			failures++;                               \
		}                                                 \
	} while (0)

static _Alignas(64) char memory[VMT_UNWIND_MODULES_SIZE];
static int failures;
static int is_over;

static bool add(uint64_t base, uint64_t only)
{
	const ElfW(Phdr) headers[] = {
		{ .p_type = PT_LOAD, .p_flags = PF_R, .p_vaddr = 0, .p_memsz = SIZE / 2 },
		{ .p_type = PT_LOAD,
		  .p_flags = PF_R | PF_X,
		  .p_vaddr = SIZE / 2,
		  .p_memsz = SIZE / 2 },
		{ .p_type = PT_GNU_EH_FRAME, .p_flags = PF_R, .p_vaddr = 0x100, .p_memsz = 8 },
	};
	const struct dl_phdr_info info = { .dlpi_addr = base,
					   .dlpi_phdr = headers,
					   .dlpi_phnum = 3 };

	return vmt_unwind_modules_add(&info, only);
}

static void drop(uint64_t start, uint64_t end)
{
	vmt_unwind_modules_drop((struct vmt_range){ start, end });
}

/* Is the module at base the one that contains pc? */
static bool is_whole(const struct vmt_unwind_module *module, uint64_t base)
{
	return module->text.start == base + SIZE / 2 && module->text.end == base + SIZE &&
	       module->tables.hdr == base + 0x100 && module->tables.bounds.start == base &&
	       module->tables.bounds.end == base + SIZE / 2;
}

static bool is_found(uint64_t pc, uint64_t base)
{
	struct vmt_unwind_module module;

	return vmt_unwind_modules_find(pc, &module) && is_whole(&module, base);
}

static bool is_unknown(uint64_t pc)
{
	struct vmt_unwind_module module;

	return !vmt_unwind_modules_find(pc, &module);
}

static void check_edges(void)
{
	CHECK(is_unknown(3 * SIZE));
	CHECK(add(5 * SIZE, 0) && add(3 * SIZE, 0) && add(4 * SIZE, 0));
	for (uint64_t base = 3 * SIZE; base <= 5 * SIZE; base += SIZE) {
		CHECK(is_unknown(base + SIZE / 2 - 1));
		CHECK(is_found(base + SIZE / 2, base));
		CHECK(is_found(base + SIZE - 1, base));
	}
	CHECK(is_unknown(6 * SIZE));
}

static void check_changes(void)
{
	CHECK(add(4 * SIZE + 0x1000, 0)); /* another module in its place */
	CHECK(is_found(5 * SIZE, 4 * SIZE + 0x1000) && is_unknown(4 * SIZE + SIZE / 2));
	drop(5 * SIZE, 5 * SIZE + 0x1000); /* only the tables of the last one */
	CHECK(is_unknown(6 * SIZE - 1) && is_found(3 * SIZE + SIZE / 2, 3 * SIZE));
	CHECK(add(9 * SIZE, 9 * SIZE) && is_unknown(9 * SIZE + SIZE / 2));
	CHECK(add(9 * SIZE, 10 * SIZE - 1) && is_found(10 * SIZE - 1, 9 * SIZE));
	drop(0, UINT64_MAX);
	CHECK(is_unknown(10 * SIZE - 1) && is_unknown(3 * SIZE + SIZE / 2));
}

static void check_full(void)
{
	uint64_t i;

	for (i = 1; i <= VMT_UNWIND_MODULES_MAX; i++)
		CHECK(add(i * SIZE, 0));
	CHECK(!add(i * SIZE, 0));
	CHECK(add(5 * SIZE, 0)); /* it is known already */
	CHECK(is_found(i * SIZE - 1, (i - 1) * SIZE));
	drop(0, UINT64_MAX);
}

/* One module is always there, another one comes and goes; neither is ever seen half-changed. */
static void *look_up(void *unused)
{
	struct vmt_unwind_module module;

	while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
		/* Each answer counts alone: the module may come or go before the next question. */
		if (vmt_unwind_modules_find(3 * SIZE - 1, &module) && !is_whole(&module, 2 * SIZE))
			__atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
	}
	return unused;
}

static void check_races(void)
{
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, look_up, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		add(SIZE, 0);
		add(2 * SIZE, 0);
		drop(SIZE, 2 * SIZE);
	}
	__atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

int main(void)
{
	vmt_unwind_modules_set(memory);
	check_edges();
	check_changes();
	check_full();
	check_races();
	printf("%d failures\n", failures);
	return failures != 0;
}
