/* SPDX-License-Identifier: MIT */
/* Keeps 40 maps. See maps.h. */
#include "../maps.h"

int main(int argc, char **argv)
{
	return keep(40, argc > 1 ? argv[1] : getenv("MORE"));
}
