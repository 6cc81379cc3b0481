/* SPDX-License-Identifier: MIT */
/* Fields are looked for by name, at the beginning of a line. See status.h. */
#include "filter/status.h"

#include "core/base/scan.h"

void vmt_status_read(const char *text, size_t length, struct vmt_status *ret_status)
{
	*ret_status = (struct vmt_status){
		.pid = vmt_scan_number_after(text, length, "\nPid:"),
		.parent = vmt_scan_number_after(text, length, "\nPPid:"),
		.seccomp = vmt_scan_number_after(text, length, "\nSeccomp:"),
		.filters = vmt_scan_number_after(text, length, "\nSeccomp_filters:"),
		.no_new_privileges = vmt_scan_number_after(text, length, "\nNoNewPrivs:") != 0,
	};
}
