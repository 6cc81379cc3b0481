/* SPDX-License-Identifier: MIT */
/* many_stacks: one function, called from sixteen others, makes twice as many maps when MORE is set. */
#include <stdlib.h>
#include <sys/mman.h>

static int pages;

__attribute__((noinline)) static void *take(void)
{
	void *last = NULL;

	for (int i = 0; i < pages; i++)
		last = mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return last;
}

#define FROM(n)                                                \
	__attribute__((noinline)) static void *from_##n(void)  \
	{                                                      \
		void *page = take();                           \
                                                               \
		__asm__ volatile("" : : "r"(page) : "memory"); \
		return page;                                   \
	}
#define FOUR(n) FROM(n##0) FROM(n##1) FROM(n##2) FROM(n##3)
#define CALL(n) from_##n##0(), from_##n##1(), from_##n##2(), from_##n##3()

FOUR(1)
FOUR(2)
FOUR(3)
FOUR(4)

int main(void)
{
	pages = getenv("MORE") ? 10 : 5;
	CALL(1);
	CALL(2);
	CALL(3);
	CALL(4);
	return 0;
}
