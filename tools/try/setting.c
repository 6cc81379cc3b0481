/* SPDX-License-Identifier: MIT */
/* See setting.h. The environment is our own, which the program gets. */
#include "try/setting.h"
#include "core/base/tunables.h"
#include "util/must.h"

#include <stdio.h>
#include <string.h>

static const char tunables_name[] = "GLIBC_TUNABLES";

static uint32_t tunable_bit(const struct vmt_setting *setting)
{
	return vmt_tunables_bit(setting->tunable, strlen(setting->tunable));
}

static bool is_by_tunable(const struct vmt_setting *setting)
{
	return !setting->variable ||
	       vmt_tunables_read(getenv(tunables_name)) & tunable_bit(setting);
}

void vmt_setting_words(const struct vmt_setting *setting, char *ret_words, size_t size)
{
	uint32_t tunables = vmt_tunables_read(getenv(tunables_name));

	if (!is_by_tunable(setting))
		snprintf(ret_words, size, "%s=%s in the environment", setting->variable,
			 setting->value);
	else if (tunables & tunable_bit(setting))
		snprintf(ret_words, size, "%s=%s in GLIBC_TUNABLES, which sets it now%s%s",
			 setting->tunable, setting->value,
			 setting->variable ? " and overrides " : "",
			 setting->variable ? setting->variable : "");
	else if (tunables)
		snprintf(ret_words, size, "%s=%s appended to GLIBC_TUNABLES with ':'",
			 setting->tunable, setting->value);
	else
		snprintf(ret_words, size, "GLIBC_TUNABLES=%s=%s in the environment",
			 setting->tunable, setting->value);
}

/* What GLIBC_TUNABLES has of other names, and the setting behind it. */
static char *merged(const struct vmt_setting *setting)
{
	const char *at = getenv(tunables_name);
	size_t length = strlen(setting->tunable);
	struct vmt_tunables_part part;
	char *text = vmt_must_copy("");

	while (at && vmt_tunables_next(&at, &part)) {
		char *longer;

		if (part.name_length == length && !memcmp(part.text, setting->tunable, length))
			continue;
		longer = vmt_must_format("%s%.*s:", text, (int)part.length, part.text);
		free(text);
		text = longer;
	}
	at = text;
	text = vmt_must_format("%s=%s%s=%s", tunables_name, at, setting->tunable, setting->value);
	free((char *)(uintptr_t)at);
	return text;
}

char *vmt_setting_text(const struct vmt_setting *setting)
{
	return is_by_tunable(setting) ? merged(setting) :
					vmt_must_format("%s=%s", setting->variable, setting->value);
}

char *vmt_setting_now(const struct vmt_setting *setting)
{
	const char *at = getenv(tunables_name), *own = NULL;
	size_t length = strlen(setting->tunable);
	struct vmt_tunables_part part, last = { .text = NULL };

	while (at && vmt_tunables_next(&at, &part)) {
		if (part.length > length && part.name_length == length &&
		    !memcmp(part.text, setting->tunable, length))
			last = part;
	}
	if (last.text)
		return vmt_must_format("%.*s", (int)(last.length - length - 1),
				       last.text + length + 1);
	if (setting->variable)
		own = getenv(setting->variable);
	return own ? vmt_must_copy(own) : NULL;
}

bool vmt_setting_is_overridden(const struct vmt_setting *setting, uint32_t tunables)
{
	uint32_t ours = vmt_tunables_read(getenv(tunables_name));

	return is_by_tunable(setting) ? ours != tunables : tunables & tunable_bit(setting);
}

void vmt_setting_make(const struct vmt_setting *setting, struct vmt_setting_saved *ret_saved)
{
	struct vmt_setting_saved saved = { NULL, NULL };
	char *equals;

	if (setting->tunable) {
		saved.name = vmt_setting_text(setting);
		equals = strchr(saved.name, '=');
		*equals = '\0';
		if (getenv(saved.name))
			saved.value = vmt_must_copy(getenv(saved.name));
		setenv(saved.name, equals + 1, 1);
	}
	if (ret_saved) {
		*ret_saved = saved;
		return;
	}
	free(saved.name);
	free(saved.value);
}

void vmt_setting_undo(struct vmt_setting_saved *saved)
{
	if (saved->name && saved->value)
		setenv(saved->name, saved->value, 1);
	else if (saved->name)
		unsetenv(saved->name);
	free(saved->name);
	free(saved->value);
	*saved = (struct vmt_setting_saved){ NULL, NULL };
}
