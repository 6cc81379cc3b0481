/* SPDX-License-Identifier: MIT */
/*
 * Functions whose names depend on how they were compiled: of templates, an anonymous namespace,
 * lambdas, a thread. MORE: maps that one of them has more.
 */
#include <string>
#include <sys/mman.h>
#include <thread>

#ifndef MORE
#define MORE 0
#endif

template <class T> struct Pool {
	void grow(int count)
	{
		for (int i = 0; i < count; i++)
			mmap(nullptr, 4096, i & 1 ? PROT_READ : PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
};

namespace {
struct Local {
};
}

static int init()
{
	Pool<Local> pool;

	pool.grow(4);
	return 1;
}

int at_start = init();

int main()
{
	Pool<int> numbers;
	Pool<std::string> texts;

	numbers.grow(4 + MORE);
	texts.grow(6);
	auto twice = [&] { numbers.grow(2); };
	twice();
	std::thread thread([&] { texts.grow(4); });
	thread.join();
	return 0;
}
