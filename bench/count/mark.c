// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mark NUMBER|on|off|less-on|less-off: a line of the counting plugin, or its
 * profile, for scripts in the machine.
 */
#include <stdlib.h>
#include <string.h>

/* In mark.S; the others are PROFILE_ON and those after it, in count.c. */
void mark(unsigned int number);
void mark_profile_0(void);
void mark_profile_1(void);
void mark_profile_2(void);
void mark_profile_3(void);

static const struct {
	const char *name;
	void (*run)(void);
} words[] = {
	{"on", mark_profile_0},
	{"off", mark_profile_1},
	{"less-on", mark_profile_2},
	{"less-off", mark_profile_3},
};

int main(int argc, char **argv)
{
	size_t i;

	if (argc != 2)
		return 2;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(argv[1], words[i].name)) {
			words[i].run();
			return 0;
		}
	}
	mark((unsigned int)atoi(argv[1]) & 0xff);
	return 0;
}
