// SPDX-License-Identifier: MIT
// Exceptions in several threads, out of a failed allocation as well; prints what was caught.
#include <cstdio>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static int deep(int n)
{
	std::string here(100 * n + 1, 'x');

	if (n == 0)
		throw std::runtime_error("deep");
	return deep(n - 1) + static_cast<int>(here.size());
}

static void work(int *caught)
{
	for (int i = 0; i < 50; i++) {
		try {
			deep(i % 20);
		} catch (const std::exception &e) {
			*caught += e.what()[0] == 'd';
		}
	}
}

int main()
{
	volatile size_t too_much = size_t(1) << 60;
	int caught[8] = {}, sum = 0;
	std::vector<std::thread> threads;

	for (int &c : caught)
		threads.emplace_back(work, &c);
	for (std::thread &thread : threads)
		thread.join();
	for (int c : caught)
		sum += c;
	try {
		delete[] new char[too_much];
	} catch (const std::bad_alloc &) {
		sum += 1000;
	}
	std::printf("%d caught\n", sum);
	return 0;
}
