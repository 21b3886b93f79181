/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formats log lines into a ring of 64 KiB and passes them on to a sink. */
#include "print.h"
#include "spinlock.h"
#include "string.h"

#define RING_SIZE 65536u

static struct {
	struct spinlock lock;
	print_sink sink;
	uint64_t
		written; /* bytes since boot; the ring holds the last of them */
	bool panicking;	 /* whoever holds the lock may be dead */
	char ring[RING_SIZE];
} journal;

/* One conversion of a format: %[0][width][l|ll|z]{u,x}, %s or %% */
struct conversion {
	bool zeros;
	bool wide; /* 64 bits */
	unsigned int width;
	char type;
};

static void emit(char c)
{
	journal.ring[journal.written % RING_SIZE] = c;
	__atomic_store_n(&journal.written, journal.written + 1,
			 __ATOMIC_RELEASE);
	if (journal.sink != NULL)
		journal.sink(c);
}

static void emit_number(const struct conversion *how, uint64_t value)
{
	unsigned int base = how->type == 'x' ? 16 : 10;
	char text[64];
	size_t start = sizeof(text);

	do {
		text[--start] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);
	while (start != 0 && sizeof(text) - start < how->width)
		text[--start] = how->zeros ? '0' : ' ';
	while (start < sizeof(text))
		emit(text[start++]);
}

static const char *parse(const char *format, struct conversion *how)
{
	*how = (struct conversion){0};
	how->zeros = *format == '0';
	for (; *format >= '0' && *format <= '9'; format++)
		how->width = how->width * 10 + (unsigned int)(*format - '0');
	for (; *format == 'l' || *format == 'z'; format++)
		how->wide = true;
	how->type = *format;
	return *format == '\0' ? format : format + 1;
}

/* The caller's va_list, so that its address can be passed on. */
struct arguments {
	va_list list;
};

static void emit_conversion(const struct conversion *how,
			    struct arguments *from)
{
	const char *text;

	switch (how->type) {
	case 'u':
	case 'x':
		emit_number(how, how->wide ? va_arg(from->list, uint64_t)
					   : va_arg(from->list, unsigned int));
		break;
	case 's':
		text = va_arg(from->list, const char *);
		for (text = text ? text : "(null)"; *text; text++)
			emit(*text);
		break;
	case '%':
		emit('%');
		break;
	default:
		emit('?'); /* not known here: visible, and nothing consumed */
	}
}

/* Gives up on a lock whose holder may have been what failed. */
static void take_or_break(void)
{
	if (!__atomic_load_n(&journal.panicking, __ATOMIC_RELAXED))
		spinlock_take(&journal.lock);
}

static void give_unless_broken(void)
{
	if (!__atomic_load_n(&journal.panicking, __ATOMIC_RELAXED))
		spinlock_give(&journal.lock);
}

void print_panicking(void)
{
	__atomic_store_n(&journal.panicking, true, __ATOMIC_RELAXED);
}

void print_set_sink(print_sink sink)
{
	take_or_break();
	journal.sink = sink;
	give_unless_broken();
}

void vprint(const char *format, va_list arguments)
{
	struct arguments from;

	va_copy(from.list, arguments);
	take_or_break();
	while (*format != '\0') {
		struct conversion how;

		if (*format != '%') {
			emit(*format++);
			continue;
		}
		format = parse(format + 1, &how);
		emit_conversion(&how, &from);
	}
	give_unless_broken();
	va_end(from.list);
}

void print(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprint(format, arguments);
	va_end(arguments);
}

size_t print_read(uint64_t *cursor, char *buffer, size_t size)
{
	size_t count = 0;

	take_or_break();
	if (*cursor > journal.written)
		*cursor = journal.written;
	if (journal.written - *cursor > RING_SIZE)
		*cursor = journal.written - RING_SIZE;
	while (count < size && *cursor < journal.written) {
		buffer[count++] = journal.ring[*cursor % RING_SIZE];
		*cursor += 1;
	}
	give_unless_broken();
	return count;
}
