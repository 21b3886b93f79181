/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log: formatted lines into a ring that the parent can read, and a sink. */
#pragma once

#include <stdarg.h>
#include <stdint.h>
#include "types.h"

/* Where each character also goes (the debug UART); NULL for nowhere. */
typedef void (*print_sink)(char c);

/* Sets the sink; the ring keeps what was printed before. */
void print_set_sink(print_sink sink);

/*
 * Appends to the log: %d %u %x %lx %lu %ld %llx %c %s %p %%, with width, '0'
 * and '-'. A line starts with who: "lp0: ", "p3: ", "p3 vp1: ". Safe on every
 * logical processor at once; a line never interleaves with another.
 */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void vprint(const char *format, va_list arguments);

/*
 * Copies log text from *cursor (a count of bytes since boot) into buffer;
 * returns how many bytes, and moves *cursor past them. Text that the ring has
 * already overwritten is skipped.
 */
size_t print_read(uint64_t *cursor, char *buffer, size_t size);

/* From now on no line waits for another: the holder of the log may be dead. */
void print_panicking(void);

/*
 * Our own mistake: prints the invariant, place and registers, stops this
 * logical processor for good. Never for what a partition did.
 */
void panic(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

#define assert(invariant)                                                      \
	((invariant)                                                           \
		 ? (void)0                                                     \
		 : panic("%s:%d: broken: %s", __FILE__, __LINE__, #invariant))
