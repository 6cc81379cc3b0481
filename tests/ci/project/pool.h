/* SPDX-License-Identifier: MIT */
/* A small library for the tests of scripts/ci: objects of a page each, cut from large chunks. */
#ifndef POOL_H
#define POOL_H

/* A page that is never given back, or NULL. */
char *pool_object(void);

#endif
