/* SPDX-License-Identifier: MIT */
/* Memory that a library of the system allocates for its user; declared here, without its header. */
#include <stddef.h>

void *gzopen(const char *path, const char *mode);
int gzbuffer(void *file, unsigned size);
int gzwrite(void *file, const void *bytes, unsigned length);

__attribute__((noinline)) static int use_library(void)
{
	void *file = gzopen("/dev/null", "w");

	/* Buffers so large that each is a map of its own. */
	return file && !gzbuffer(file, 1 << 20) && gzwrite(file, "x", 1) == 1 ? 0 : 1;
}

int main(void)
{
	return use_library();
}
