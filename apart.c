#include "ends.h"
static void *held[1000];
static int n;
static void *block(void) { return mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0); }
static void give_back(void)
{
	while (n)
		munmap(held[--n], 4096);
}
int main(int argc, char **argv)
{
	void *used[400];
	int leak = atoi(argv[1]), most = argc > 2 ? atoi(argv[2]) : 400;

	ENDS_WITH(give_back);
	for (int i = 0; i < most; i++)
		used[i] = block();
	for (int i = 0; i < most; i++)
		if (i < leak)
			held[n++] = used[i];
		else
			munmap(used[i], 4096);
	END();
	return 0;
}
