/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text to the first serial port. */
#include "guest.h"

#define COM1 0x3f8

void print(const char *text)
{
	for (; *text; text++)
		port_write(COM1, (uint8_t)*text);
}

void print_number(uint64_t number)
{
	char text[21];
	char *digit = text + sizeof(text) - 1;

	*digit = '\0';
	do {
		*--digit = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	print(digit);
}

void print_hex(uint64_t number)
{
	int shift;

	print("0x");
	for (shift = 60; shift >= 0; shift -= 4)
		port_write(COM1,
			   (uint8_t) "0123456789abcdef"[number >> shift & 15]);
}
