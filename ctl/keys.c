/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of keys and characters of a US keyboard as scan codes, set 1. */
#include "keys.h"
#include "memory.h"

#include <stdint.h>
#include <string.h>

#define KEY_RELEASE 0x80
#define KEY_SHIFT   0x2a

/* second is 0 for all keys but one. */
struct key {
	const char *name;
	uint16_t first, second;
};

static const struct key names[] = {
	{"esc", 0x01, 0},	   {"minus", 0x0c, 0},
	{"equal", 0x0d, 0},	   {"backspace", 0x0e, 0},
	{"tab", 0x0f, 0},	   {"leftbracket", 0x1a, 0},
	{"rightbracket", 0x1b, 0}, {"enter", 0x1c, 0},
	{"return", 0x1c, 0},	   {"ctrl", 0x1d, 0},
	{"semicolon", 0x27, 0},	   {"apostrophe", 0x28, 0},
	{"grave", 0x29, 0},	   {"shift", KEY_SHIFT, 0},
	{"backslash", 0x2b, 0},	   {"comma", 0x33, 0},
	{"dot", 0x34, 0},	   {"slash", 0x35, 0},
	{"rshift", 0x36, 0},	   {"kpmultiply", 0x37, 0},
	{"alt", 0x38, 0},	   {"space", 0x39, 0},
	{"capslock", 0x3a, 0},	   {"f1", 0x3b, 0},
	{"f2", 0x3c, 0},	   {"f3", 0x3d, 0},
	{"f4", 0x3e, 0},	   {"f5", 0x3f, 0},
	{"f6", 0x40, 0},	   {"f7", 0x41, 0},
	{"f8", 0x42, 0},	   {"f9", 0x43, 0},
	{"f10", 0x44, 0},	   {"numlock", 0x45, 0},
	{"scrolllock", 0x46, 0},   {"kp7", 0x47, 0},
	{"kp8", 0x48, 0},	   {"kp9", 0x49, 0},
	{"kpminus", 0x4a, 0},	   {"kp4", 0x4b, 0},
	{"kp5", 0x4c, 0},	   {"kp6", 0x4d, 0},
	{"kpplus", 0x4e, 0},	   {"kp1", 0x4f, 0},
	{"kp2", 0x50, 0},	   {"kp3", 0x51, 0},
	{"kp0", 0x52, 0},	   {"kpdot", 0x53, 0},
	{"less", 0x56, 0}, /* beside the left shift, where there is one */
	{"f11", 0x57, 0},	   {"f12", 0x58, 0},
	{"kpenter", 0xe01c, 0},	   {"rctrl", 0xe01d, 0},
	{"mute", 0xe020, 0},	   {"volumedown", 0xe02e, 0},
	{"volumeup", 0xe030, 0},   {"kpdivide", 0xe035, 0},
	{"print", 0xe037, 0},	   {"sysrq", 0xe037, 0},
	{"ralt", 0xe038, 0},	   {"altgr", 0xe038, 0},
	{"break", 0xe046, 0}, /* pause with control held down */
	{"home", 0xe047, 0},	   {"up", 0xe048, 0},
	{"pageup", 0xe049, 0},	   {"left", 0xe04b, 0},
	{"right", 0xe04d, 0},	   {"end", 0xe04f, 0},
	{"down", 0xe050, 0},	   {"pagedown", 0xe051, 0},
	{"insert", 0xe052, 0},	   {"del", 0xe053, 0},
	{"delete", 0xe053, 0},	   {"super", 0xe05b, 0},
	{"rsuper", 0xe05c, 0},	   {"menu", 0xe05d, 0},
	{"power", 0xe05e, 0},	   {"sleep", 0xe05f, 0},
	{"wake", 0xe063, 0},	   {"pause", 0xe11d, 0x45},
};

/* Keys beside each other, whose codes follow each other. */
static const struct {
	uint16_t first;
	const char *plain;
	const char *shifted;
} rows[] = {
	{0x02, "1234567890-=", "!@#$%^&*()_+"},
	{0x0f, "\t", ""},
	{0x10, "qwertyuiop[]\n", "QWERTYUIOP{}"},
	{0x1e, "asdfghjkl;'`", "ASDFGHJKL:\"~"},
	{0x2b, "\\zxcvbnm,./", "|ZXCVBNM<>?"},
	{0x39, " ", ""},
};

/* The code of the key that types a character; 0: none does. */
static uint16_t key_of(char character, bool *shift)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *plain = strchr(rows[i].plain, character);
		const char *shifted = strchr(rows[i].shifted, character);

		if (!character || (!plain && !shifted))
			continue;
		*shift = !plain;
		return (uint16_t)(rows[i].first +
				  (plain ? plain - rows[i].plain
					 : shifted - rows[i].shifted));
	}
	return 0;
}

static void append(json_t *events, const struct key *key, bool release)
{
	const int bit = release ? KEY_RELEASE : 0;

	json_array_append_new(events, json_integer(key->first | bit));
	if (key->second)
		json_array_append_new(events, json_integer(key->second | bit));
}

/* A name, or the character that the key types without shift. */
static bool find(const char *name, size_t size, struct key *key)
{
	bool shift = true;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strncmp(names[i].name, name, size) &&
		    !names[i].name[size]) {
			*key = names[i];
			return true;
		}
	}
	*key = (struct key){0};
	if (size == 1)
		key->first = key_of(*name, &shift);
	return key->first && !shift;
}

bool keys_chord(const char *chord, json_t *events, char **error)
{
	struct key held[KEYS_HELD_MAX];
	const char *at = chord;
	size_t count = 0;

	while (count == 0 || *at++ == '-') {
		const size_t size = strcspn(at, "-");

		if (count == KEYS_HELD_MAX) {
			*error = memory_print("\"%s\": more than %d keys",
					      chord, KEYS_HELD_MAX);
			return false;
		}
		if (!find(at, size, &held[count])) {
			*error = memory_print("there is no key \"%.*s\"",
					      (int)size, at);
			return false;
		}
		at += size;
		count++;
	}
	for (size_t i = 0; i < count; i++)
		append(events, &held[i], false);
	while (count)
		append(events, &held[--count], true);
	return true;
}

/* The bytes of one character in UTF-8; what is not UTF-8 counts byte by byte.
 */
static int character_size(const char *text)
{
	const unsigned char first = (unsigned char)*text;
	const int size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;

	if (first < 0xc0)
		return 1;
	for (int i = 1; i < size; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 1;
	return size;
}

bool keys_text(const char *text, json_t *events, char **error)
{
	static const struct key shift_key = {"shift", KEY_SHIFT, 0};

	for (size_t n = 1; *text; n++, text++) {
		bool shift;
		const struct key key = {"", key_of(*text, &shift), 0};

		if (!key.first) {
			*error = memory_print("character %zu, \"%.*s\", is not "
					      "on a US keyboard",
					      n, character_size(text), text);
			return false;
		}
		if (shift)
			append(events, &shift_key, false);
		append(events, &key, false);
		append(events, &key, true);
		if (shift)
			append(events, &shift_key, true);
	}
	return true;
}
