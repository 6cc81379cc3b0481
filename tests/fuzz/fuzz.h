/* SPDX-License-Identifier: MIT */
/*
 * Shared by the fuzz targets. Each target is a function called by libFuzzer or by driver.c. It
 * returns 0 whatever the bytes are, and aborts if a promise is broken that no sanitizer checks.
 */
#ifndef VMT_FUZZ_H
#define VMT_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

/* Text for a terminal: a terminal must not interpret anything that came from the input. */
static inline void fuzz_must_be_printable(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		fuzz_must((c >= ' ' && c != 0x7f) || c == '\n', "no control characters");
		fuzz_must(c != 0xc2 || (i + 1 < size && (unsigned char)text[i + 1] >= 0xa0),
			  "nor those of Latin-1");
	}
}

#endif
