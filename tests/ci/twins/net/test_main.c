/* SPDX-License-Identifier: MIT */
/* Keeps no maps, or LEAK. See maps.h. */
#include "../maps.h"

int main(int argc, char **argv)
{
	return keep(LEAK, argc > 1 ? argv[1] : getenv("MORE"));
}
