/* SPDX-License-Identifier: MIT */
/*
 * modules_come_and_go COUNT close|keep: loads COUNT copies of inline_munmap.so, each at an address
 * of its own, and lets each of them unmap something. A copy is closed at once, or all are kept.
 * Every sixteenth copy is also called from a thread.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>

#include "target.h"

typedef long unmap_function(void *at, size_t length);

static char folder[] = "/tmp/modules.XXXXXX";

static void copy(const char *from, const char *to)
{
	static char bytes[1 << 20];
	int in = open(from, O_RDONLY);
	int out = open(to, O_WRONLY | O_CREAT, 0700);
	ssize_t size = read(in, bytes, sizeof(bytes));

	REQUIRE(size > 0 && size < (ssize_t)sizeof(bytes) &&
		write(out, bytes, (size_t)size) == size);
	close(in);
	close(out);
}

static void *in_thread(void *function)
{
	REQUIRE(((unmap_function *)function)(map_pages(2), 2 * PAGE) == 0);
	return NULL;
}

static void use(void *module, int number)
{
	void *found = dlsym(module, "inline_munmap");
	unmap_function *unmap;
	pthread_t thread;

	REQUIRE(found);
	memcpy(&unmap, &found, sizeof(unmap));
	REQUIRE(unmap(map_pages(2), 2 * PAGE) == 0);
	REQUIRE(unmap((void *)1, PAGE) == -EINVAL);
	if (number % 16)
		return;
	REQUIRE(pthread_create(&thread, NULL, in_thread, found) == 0);
	REQUIRE(pthread_join(thread, NULL) == 0);
}

int main(int argc, char **argv)
{
	long count = argument(argc, argv, 1, 500);
	int closes = argc > 2 && strcmp(argv[2], "close") == 0;
	char original[4096], path[128];
	ssize_t length = readlink("/proc/self/exe", original, sizeof(original) - 64);

	REQUIRE(length > 0 && mkdtemp(folder));
	original[length] = '\0';
	strcpy(strrchr(original, '/'), "/inline_munmap.so");
	for (int i = 0; i < count; i++) {
		void *module, *place;
		Dl_info info;

		snprintf(path, sizeof(path), "%s/%d.so", folder, i);
		copy(original, path);
		module = dlopen(path, RTLD_NOW);
		REQUIRE(module);
		use(module, i);
		place = dlsym(module, "inline_munmap");
		REQUIRE(dladdr(place, &info));
		place = info.dli_fbase;
		unlink(path);
		if (!closes)
			continue;
		REQUIRE(dlclose(module) == 0);
		/* Occupy the place, so that the next copy is loaded elsewhere. */
		REQUIRE(mmap(place, 5 * PAGE, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1,
			     0) == place);
	}
	rmdir(folder);
	printf("%ld modules\n", count);
	return 0;
}
