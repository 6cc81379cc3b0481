/* SPDX-License-Identifier: MIT */
/* Keeps as many maps as its argument and $MORE say. See ../twins/maps.h. */
#include "maps.h"

int main(int argc, char **argv)
{
	return keep(argc > 1 ? atoi(argv[1]) : 0, getenv("MORE"));
}
