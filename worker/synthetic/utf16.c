/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text as a child sends it, made fit for JSON and a terminal. */
#include "utf16.h"

#include <stdbool.h>
#include <string.h>

struct source {
	const uint8_t *at;
	size_t left; /* units */
};

static uint32_t unit_at(const struct source *source, size_t index)
{
	uint16_t unit = 0;

	if (index < source->left)
		memcpy(&unit, source->at + index * sizeof(unit), sizeof(unit));
	return unit;
}

static bool is_half(uint32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdfff;
}

/* The next character; 0 at the end. */
static uint32_t take(struct source *source)
{
	uint32_t character = unit_at(source, 0);
	const uint32_t second = unit_at(source, 1);
	size_t units = 1;

	if (!character)
		return 0;
	if (character < 0xdc00 && is_half(character) && second >= 0xdc00 &&
	    is_half(second)) {
		character = 0x10000 + ((character & 0x3ff) << 10) +
			    (second & 0x3ff);
		units = 2;
	} else if (is_half(character) || character < ' ' ||
		   (character >= 0x7f && character < 0xa0)) {
		character = '?';
	}
	source->at += units * sizeof(uint16_t);
	source->left -= units;
	return character;
}

/* How many bytes of UTF-8 were made. */
static size_t encode(uint32_t character, uint8_t bytes[4])
{
	const size_t count = character < 0x80	   ? 1
			     : character < 0x800   ? 2
			     : character < 0x10000 ? 3
						   : 4;
	static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = count; i-- > 1; character >>= 6)
		bytes[i] = (uint8_t)(0x80 | (character & 0x3f));
	bytes[0] = (uint8_t)(lead[count] | character);
	return count;
}

void utf16_to_utf8(const void *from, size_t count, char *to, size_t size)
{
	struct source source = {from, count};
	uint32_t character;
	size_t used = 0;

	while ((character = take(&source))) {
		uint8_t bytes[4];
		const size_t wanted = encode(character, bytes);

		if (used + wanted >= size)
			break;
		memcpy(to + used, bytes, wanted);
		used += wanted;
	}
	to[used] = '\0';
}

void utf16_from_ascii(const char *from, uint16_t *to, size_t count)
{
	size_t i = 0;

	for (; i + 1 < count && from[i]; i++)
		to[i] = (uint8_t)from[i];
	to[i] = 0;
}
