// SPDX-License-Identifier: GPL-2.0-or-later
/* What devices stand on in a test. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned int fake_log_lines;
char fake_log_last[256];

void device_log(const char *device, const char *format, ...)
{
	va_list arguments;

	(void)device;
	va_start(arguments, format);
	vsnprintf(fake_log_last, sizeof(fake_log_last), format, arguments);
	va_end(arguments);
	fake_log_lines++;
	if (getenv("TEST_VERBOSE"))
		fprintf(stderr, "%s: %s\n", device, fake_log_last);
}

void *device_allocate(size_t size)
{
	void *const memory = calloc(1, size);

	if (!memory)
		abort();
	return memory;
}

void device_free(void *memory)
{
	free(memory);
}

void *memory_at(const struct memory *memory, uint64_t gpa, uint64_t size)
{
	for (unsigned int i = 0; i < memory->count; i++) {
		const struct memory_range *const range = &memory->ranges[i];

		if (gpa >= range->gpa && size <= range->size &&
		    gpa - range->gpa <= range->size - size)
			return range->base + (gpa - range->gpa);
	}
	return NULL;
}

bool memory_read(const struct memory *memory, uint64_t gpa, void *to,
		 uint64_t size)
{
	const void *const from = memory_at(memory, gpa, size);

	if (from)
		memcpy(to, from, size);
	return from;
}

bool memory_write(const struct memory *memory, uint64_t gpa, const void *from,
		  uint64_t size)
{
	void *const to = memory_at(memory, gpa, size);

	if (to)
		memcpy(to, from, size);
	return to;
}

static uint64_t fake_now(struct clock *clock)
{
	return ((struct fake_clock *)clock)->now_ns;
}

static int64_t fake_wall(struct clock *clock)
{
	(void)clock;
	return 0;
}

static int64_t fake_wall_ns(struct clock *clock)
{
	const struct fake_clock *const fake = (struct fake_clock *)clock;

	return fake->wall_ns + (int64_t)fake->now_ns;
}

static void fake_disarm(struct device_timer *timer)
{
	struct fake_clock *const fake = (struct fake_clock *)timer->clock;
	struct device_timer **at = &fake->timer;

	if (!timer->armed)
		return;
	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	timer->next = NULL;
	timer->armed = false;
}

static void fake_arm(struct device_timer *timer, uint64_t deadline_ns)
{
	struct fake_clock *const fake = (struct fake_clock *)timer->clock;
	struct device_timer **at = &fake->timer;

	fake_disarm(timer);
	while (*at && (*at)->deadline_ns <= deadline_ns)
		at = &(*at)->next;
	timer->next = *at;
	*at = timer;
	timer->deadline_ns = deadline_ns;
	timer->armed = true;
}

void fake_clock_init(struct fake_clock *fake)
{
	*fake = (struct fake_clock){
		.clock = {fake_now, fake_wall, fake_arm, fake_disarm,
			  fake_wall_ns},
	};
}

/* What is armed again meanwhile has its turn in the next call. */
bool fake_clock_advance(struct fake_clock *fake, uint64_t ns)
{
	unsigned int due = 0;
	bool ran = false;

	fake->now_ns += ns;
	for (struct device_timer *timer = fake->timer;
	     timer && timer->deadline_ns <= fake->now_ns; timer = timer->next)
		due++;
	while (due-- && fake->timer &&
	       fake->timer->deadline_ns <= fake->now_ns) {
		struct device_timer *const timer = fake->timer;

		fake_disarm(timer);
		timer->expired(timer->owner);
		ran = true;
	}
	return ran;
}

uint32_t fake_random(struct fake_random *random)
{
	random->state =
		random->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random->state >> 33);
}

uint32_t fake_random_below(struct fake_random *random, uint32_t below)
{
	return fake_random(random) % below;
}
