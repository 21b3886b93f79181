/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a device stands on in a test. */
#include "fake.h"

#include <string.h>

static unsigned int log_lines;

void device_log(const char *device, const char *format, ...)
{
	(void)device;
	(void)format;
	log_lines++;
}

unsigned int fake_log_lines(void)
{
	return log_lines;
}

static uint64_t fake_now(struct clock *clock)
{
	return ((struct fake_clock *)clock)->now_ns;
}

static int64_t fake_wall(struct clock *clock)
{
	struct fake_clock *fake = (struct fake_clock *)clock;

	return fake->wall_seconds + (int64_t)(fake->now_ns / 1000000000);
}

static void fake_disarm(struct device_timer *timer)
{
	struct fake_clock *fake = (struct fake_clock *)timer->clock;
	struct device_timer **at = &fake->timers;

	while (*at && *at != timer)
		at = &(*at)->next;
	if (*at)
		*at = timer->next;
	timer->armed = false;
}

static void fake_arm(struct device_timer *timer, uint64_t deadline_ns)
{
	struct fake_clock *fake = (struct fake_clock *)timer->clock;

	fake_disarm(timer);
	timer->deadline_ns = deadline_ns;
	timer->armed = true;
	timer->next = fake->timers;
	fake->timers = timer;
}

void fake_clock_init(struct fake_clock *fake)
{
	*fake = (struct fake_clock){
		.clock = {fake_now, fake_wall, fake_arm, fake_disarm},
	};
}

static struct device_timer *fake_first(struct fake_clock *fake)
{
	struct device_timer *first = fake->timers;

	for (struct device_timer *t = first; t; t = t->next) {
		if (t->deadline_ns < first->deadline_ns)
			first = t;
	}
	return first;
}

void fake_clock_advance(struct fake_clock *fake, uint64_t ns)
{
	const uint64_t end = fake->now_ns + ns;
	struct device_timer *timer;

	while ((timer = fake_first(fake)) && timer->deadline_ns <= end) {
		if (timer->deadline_ns > fake->now_ns)
			fake->now_ns = timer->deadline_ns;
		fake_disarm(timer);
		fake->expirations++;
		timer->expired(timer->owner);
	}
	fake->now_ns = end;
}

static void fake_line_set(struct irq_line *line, bool level)
{
	struct fake_line *fake = (struct fake_line *)line;

	if (level && !fake->level)
		fake->rises++;
	fake->level = level;
}

void fake_line_init(struct fake_line *fake)
{
	*fake = (struct fake_line){.line.set = fake_line_set};
}

static void fake_console_write(struct console *console, const uint8_t *data,
			       size_t size)
{
	struct fake_console *fake = (struct fake_console *)console;

	assert_true(fake->size + size <= sizeof(fake->data));
	memcpy(&fake->data[fake->size], data, size);
	fake->size += size;
}

void fake_console_init(struct fake_console *fake)
{
	*fake = (struct fake_console){.console.write = fake_console_write};
}

static void fake_machine_event(struct machine_port *port,
			       enum machine_event event, const char *why)
{
	struct fake_machine *fake = (struct fake_machine *)port;

	fake->power_offs += event == MACHINE_POWER_OFF;
	fake->resets += event == MACHINE_RESET;
	fake->why = why;
}

void fake_machine_init(struct fake_machine *fake)
{
	*fake = (struct fake_machine){.port.event = fake_machine_event};
}
