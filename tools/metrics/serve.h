/* SPDX-License-Identifier: MIT */
/* Metrics over HTTP, for Prometheus to scrape. */
#ifndef VMT_SERVE_H
#define VMT_SERVE_H

#include "metrics/gather.h"

/*
 * Answer requests at "ADDRESS:PORT" until a signal ends it; the address is a number, port 0 means
 * any free one. Returns the tool's exit status, after a message if it is not 0.
 */
int vmt_serve(struct vmt_gather *gather, const char *address);

#endif
