/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own command line. */
#include "options.h"
#include "../lib/print.h"
#include "../lib/string.h"

#define WORD_MAX 64u /* no option is as long */

/* What stands behind name in word, or NULL. */
static const char *value_of(const char *word, const char *name)
{
	size_t length = strlen(name);

	return strncmp(word, name, length) == 0 ? word + length : NULL;
}

/* At most 12 decimal digits, and one of units; 0 where there is no number. */
static uint64_t number(const char *text, const char *units)
{
	unsigned int shift = 0;
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < 12 && text[i] >= '0' && text[i] <= '9'; i++)
		value = value * 10 + (uint64_t)(text[i] - '0');
	for (unsigned int unit = 0; units[unit] != '\0'; unit++)
		if (text[i] == units[unit])
			shift = 10 * (unit + 1);
	if (text[i + (shift != 0)] != '\0' || value > UINT64_MAX >> 24 >> shift)
		return 0;
	return value << shift;
}

static bool read_log(const char *value, struct boot_options *options)
{
	static const struct {
		const char *name;
		uint16_t port;
	} logs[] = {{"com1", 0x3f8}, {"com2", 0x2f8}, {"none", 0}};

	for (size_t i = 0; i < ARRAY_SIZE(logs); i++) {
		if (strcmp(value, logs[i].name) != 0)
			continue;
		options->log_port = logs[i].port;
		return true;
	}
	return false;
}

static bool read_option(const char *word, struct boot_options *options)
{
	const char *value;
	uint64_t found = 0;

	if ((value = value_of(word, "log=")) != NULL)
		return read_log(value, options);
	if ((value = value_of(word, "lps=")) != NULL) {
		found = number(value, "");
		if (found != 0 && found <= UINT32_MAX)
			options->lps = (uint32_t)found;
		return found != 0 && found <= UINT32_MAX;
	}
	if ((value = value_of(word, "pool=")) != NULL)
		found = number(value, "KMG");
	if (found != 0)
		options->pool_size = found;
	return found != 0;
}

void options_parse(const char *command_line, struct boot_options *options)
{
	char word[WORD_MAX];
	size_t length = 0;

	*options = (struct boot_options){.log_port = 0x2f8, .lps = UINT32_MAX};
	for (const char *at = command_line;; at++) {
		if (*at != ' ' && *at != '\0') {
			if (length < WORD_MAX - 1)
				word[length++] = *at;
			continue;
		}
		word[length] = '\0';
		if (length != 0 && !read_option(word, options))
			print("boot: unknown option: %s\n", word);
		length = 0;
		if (*at == '\0')
			break;
	}
}
