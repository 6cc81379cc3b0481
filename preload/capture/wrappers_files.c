/* SPDX-License-Identifier: MIT */
/*
 * Calls that change no map but may take something away from the library: descriptor 2, where the
 * report goes, and the paths by which the library opens files. The calls are passed on unchanged,
 * after the library has opened the files that it needs later.
 */
#include <sys/types.h>
#include <unistd.h>

#include "capture/wrap.h"

int fclose(void *stream); /* stdio.h cannot be included here */

VMT_EXPORT int fclose(void *stream)
{
	if (VMT_UNLIKELY(!vmt_next.fclose)) /* NULL before the constructor has run */
		vmt_next_resolve();
	if (vmt_next.error_stream && stream == *vmt_next.error_stream)
		before_error_closes();
	return vmt_next.fclose(stream);
}

VMT_EXPORT int chroot(const char *path)
{
	before_leaving();
	if (vmt_next.chroot)
		return vmt_next.chroot(path);
	return (int)as_errno(vmt_sys6(SYS_chroot, (long)path, 0, 0, 0, 0, 0));
}

VMT_EXPORT int setuid(uid_t user)
{
	before_leaving();
	if (vmt_next.setuid)
		return vmt_next.setuid(user);
	return (int)as_errno(vmt_sys6(SYS_setuid, user, 0, 0, 0, 0, 0));
}

VMT_EXPORT int seteuid(uid_t user)
{
	before_leaving();
	if (vmt_next.seteuid)
		return vmt_next.seteuid(user);
	return (int)as_errno(vmt_sys6(SYS_setresuid, -1, user, -1, 0, 0, 0));
}

VMT_EXPORT int setreuid(uid_t real, uid_t effective)
{
	before_leaving();
	if (vmt_next.setreuid)
		return vmt_next.setreuid(real, effective);
	return (int)as_errno(vmt_sys6(SYS_setreuid, real, effective, 0, 0, 0, 0));
}

VMT_EXPORT int setresuid(uid_t real, uid_t effective, uid_t saved)
{
	before_leaving();
	if (vmt_next.setresuid)
		return vmt_next.setresuid(real, effective, saved);
	return (int)as_errno(vmt_sys6(SYS_setresuid, real, effective, saved, 0, 0, 0));
}
