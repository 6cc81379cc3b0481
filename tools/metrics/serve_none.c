/* SPDX-License-Identifier: MIT */
/* Stands in for serve.c when vmatrace is built without libevent. */
#include "metrics/serve.h"
#include "util/message.h"

int vmt_serve(struct vmt_gather *gather, const char *address)
{
	(void)gather, (void)address;
	vmt_message("this vmatrace was built without libevent, so it cannot listen; write a file "
		    "with --output and --interval for node_exporter instead.");
	return VMT_EXIT_USAGE;
}
