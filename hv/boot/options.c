/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own command line. */
#include "options.h"
#include "../lib/print.h"
#include "../lib/string.h"

#define PORT_COM1 0x3f8
#define PORT_COM2 0x2f8

/* A part of the command line: from start, length characters. */
struct word {
	const char *start;
	size_t length;
};

static bool word_is(const struct word *word, const char *text)
{
	return strlen(text) == word->length &&
	       strncmp(word->start, text, word->length) == 0;
}

static bool read_log(const struct word *value, struct boot_options *options)
{
	if (word_is(value, "com1"))
		options->log_port = PORT_COM1;
	else if (word_is(value, "com2"))
		options->log_port = PORT_COM2;
	else if (word_is(value, "none"))
		options->log_port = 0;
	else
		return false;
	return true;
}

/* Decimal digits; returns how many there were. At most 12: no overflow. */
static size_t read_digits(const struct word *value, uint64_t *number)
{
	size_t i = 0;

	*number = 0;
	while (i < value->length && i < 12 && value->start[i] >= '0' &&
	       value->start[i] <= '9')
		*number = *number * 10 + (uint64_t)(value->start[i++] - '0');
	return i;
}

static bool read_lps(const struct word *value, struct boot_options *options)
{
	uint64_t number;

	if (read_digits(value, &number) != value->length || number == 0 ||
	    number > UINT32_MAX)
		return false;
	options->lps = (uint32_t)number;
	return true;
}

static unsigned int shift_of(char unit)
{
	switch (unit) {
	case 'K':
		return 10;
	case 'M':
		return 20;
	case 'G':
		return 30;
	}
	return 0;
}

static bool read_pool(const struct word *value, struct boot_options *options)
{
	uint64_t number;
	size_t digits = read_digits(value, &number);
	unsigned int shift = 0;

	if (digits + 1 == value->length) {
		shift = shift_of(value->start[digits]);
		if (shift == 0)
			return false;
	} else if (digits != value->length) {
		return false;
	}
	if (number == 0 || number > UINT64_MAX >> 24 >> shift)
		return false;
	options->pool_size = number << shift;
	return true;
}

static const struct {
	const char *name;
	bool (*read)(const struct word *value, struct boot_options *options);
} known[] = {
	{"log=", read_log},
	{"lps=", read_lps},
	{"pool=", read_pool},
};

static bool read_option(const struct word *word, struct boot_options *options)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		size_t length = strlen(known[i].name);

		if (word->length >= length &&
		    strncmp(word->start, known[i].name, length) == 0)
			return known[i].read(
				&(struct word){word->start + length,
					       word->length - length},
				options);
	}
	return false;
}

static void complain(const struct word *word)
{
	print("boot: unknown option: ");
	for (size_t i = 0; i < word->length; i++)
		print("%c", word->start[i]);
	print("\n");
}

void options_parse(const char *command_line, struct boot_options *options)
{
	const char *at = command_line;

	*options =
		(struct boot_options){.log_port = PORT_COM2, .lps = UINT32_MAX};
	while (*at != '\0') {
		struct word word = {.start = at};

		while (*at != '\0' && *at != ' ')
			at++;
		word.length = (size_t)(at - word.start);
		if (word.length > 0 && !read_option(&word, options))
			complain(&word);
		while (*at == ' ')
			at++;
	}
}
