/* SPDX-License-Identifier: MIT */
/* Parses the release string of uname(2); see kernel.h. */
#include "core/base/kernel.h"

static unsigned number_at(const char **at)
{
	unsigned number = 0;

	while (**at >= '0' && **at <= '9' && number < 1000)
		number = number * 10 + (unsigned)(*(*at)++ - '0');
	return number;
}

unsigned vmt_kernel_number(const char *release)
{
	unsigned major = number_at(&release);

	if (*release++ != '.')
		return 0;
	return VMT_KERNEL(major, number_at(&release));
}

bool vmt_kernel_is_tried(const char *release)
{
	unsigned number = vmt_kernel_number(release);

	return number >= VMT_KERNEL_OLDEST_TRIED && number <= VMT_KERNEL_NEWEST_TRIED;
}
