/* SPDX-License-Identifier: MIT */
/* Maps of a class in containers of the C++ library, and maps made deep below a function of libc. */
#include <cstdlib>
#include <memory>
#include <vector>
#include <sys/mman.h>
#define DEEP(name, next)                    \
	[[gnu::noinline]] static int name() \
	{                                   \
		return next() + 1;          \
	}
struct region {
	char *page;
	region()
	    : page(static_cast<char *>(mmap(nullptr, 8192, PROT_READ | PROT_WRITE,
					    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)))
	{
		if (mprotect(page + 4096, 4096, PROT_NONE))
			abort();
	}
};
struct session {
	region in;
	int id;
	explicit session(int i) : id(i)
	{
	}
};
static std::vector<std::shared_ptr<session>> kept;
[[gnu::noinline]] static void accept_loop(int i)
{
	kept.push_back(std::make_shared<session>(i)); // LINE-ACCEPT
}
[[gnu::noinline]] static int d1()
{
	static int n;
	return mmap(nullptr, 4096, n++ & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) == MAP_FAILED;
}
DEEP(d2, d1)
DEEP(d3, d2)
DEEP(d4, d3)
DEEP(d5, d4)
DEEP(d6, d5)
DEEP(d7, d6)
DEEP(d8, d7)
DEEP(d9, d8)
DEEP(d10, d9)

static int compare(const void *, const void *)
{
	return d10() * 0;
}
[[gnu::noinline]] static void sort_all(int *numbers)
{
	qsort(numbers, 2, sizeof(int), compare);
}
int main(int argc, char **)
{
	for (int i = 0; i < 20; i++)
		accept_loop(i);
	int numbers[2] = { 2, argc };
	for (int i = 0; i < 60; i++)
		sort_all(numbers);
}
