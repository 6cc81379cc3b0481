/* SPDX-License-Identifier: MIT */
/*
 * Settings of glibc that are made in the environment. Where GLIBC_TUNABLES has one, a variable
 * MALLOC_… has no effect, and the setting is changed there; the rest of it stays as the user has it.
 */
#ifndef VMT_SETTING_H
#define VMT_SETTING_H

#include "core/base/base.h"

struct vmt_setting {
	const char *variable; /* MALLOC_ARENA_MAX; NULL: only a tunable sets it */
	const char *tunable; /* glibc.malloc.arena_max; NULL: nothing is set */
	const char *value;
};

/* What to set in our environment, in words of at most 128 bytes; ret_words has size bytes. */
void vmt_setting_words(const struct vmt_setting *setting, char *ret_words, size_t size);

/* Returns "NAME=VALUE", what has to be in our environment, from malloc. */
char *vmt_setting_text(const struct vmt_setting *setting);

/*
 * Does a process whose GLIBC_TUNABLES has these bits (tunables.h) not see what is set here, since
 * what starts it sets that variable itself?
 */
bool vmt_setting_is_overridden(const struct vmt_setting *setting, uint32_t tunables);

/* Returns the value that holds in our environment now, from malloc; NULL: none. */
char *vmt_setting_now(const struct vmt_setting *setting);

/*
 * Set it, and put back what was there before, which is not kept if ret_saved is NULL. Without a
 * setting nothing happens.
 */
struct vmt_setting_saved {
	char *name;
	char *value; /* NULL: it was not set */
};
void vmt_setting_make(const struct vmt_setting *setting, struct vmt_setting_saved *ret_saved);
void vmt_setting_undo(struct vmt_setting_saved *saved);

#endif
