/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory and string functions, small rather than fast except on pages. */
#include <stdint.h>
#include "string.h"

/* String instructions: fast on every processor, and short. By quadwords, for
 * where each round of one costs as much as an instruction. */
void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	size_t quadwords = size / 8, rest = size % 8;
	void *result = to;

	__asm__ volatile("rep movsq\n\tmov %3, %2\n\trep movsb"
			 : "+&D"(to), "+&S"(from), "+&c"(quadwords)
			 : "r"(rest)
			 : "memory");
	return result;
}

void *memset(void *to, int value, size_t size)
{
	void *start = to;

	__asm__ volatile("rep stosb"
			 : "+D"(to), "+c"(size)
			 : "a"(value)
			 : "memory");
	return start;
}

void *memmove(void *to, const void *from, size_t size)
{
	unsigned char *target = to;
	const unsigned char *source = from;

	if ((uintptr_t)target - (uintptr_t)source >= size)
		return memcpy(to, from, size);
	/* The target starts inside the source: from the end. */
	while (size-- > 0)
		target[size] = source[size];
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *left = a;
	const unsigned char *right = b;

	for (size_t i = 0; i < size; i++)
		if (left[i] != right[i])
			return left[i] - right[i];
	return 0;
}

size_t strlen(const char *s)
{
	size_t length = 0;

	while (s[length] != '\0')
		length++;
	return length;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char left = (unsigned char)a[i];
		unsigned char right = (unsigned char)b[i];

		if (left != right)
			return left - right;
		if (left == '\0')
			break;
	}
	return 0;
}
