/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An 8254 interval timer (Intel order number 231164) as a PC wires it.
 *
 * Nothing ticks: a channel is the moment it began to count, and what its
 * counter and output are follows from the clock. Only channel 0 needs a
 * timer, for the rising edges of IRQ 0.
 */
#include "worker/emulated/pit.h"

#include "worker/emulated/bytes.h"

enum pit_mode {
	PIT_TERMINAL_COUNT,
	PIT_ONE_SHOT,
	PIT_RATE,
	PIT_SQUARE,
	PIT_SOFTWARE_STROBE,
	PIT_HARDWARE_STROBE,
};

#define PIT_CONTROL_WORD 3u

#define ACCESS_LOW  1u
#define ACCESS_BOTH 3u

#define READ_BACK_NO_COUNT  0x20u
#define READ_BACK_NO_STATUS 0x10u

#define CONTROL_GATE	0x01u
#define CONTROL_KEPT	0x0fu
#define CONTROL_REFRESH 0x10u
#define CONTROL_OUTPUT	0x20u
#define REFRESH_NS	15085u /* half of the memory refresh's period */

#define SECOND_NS 1000000000u

/*
 * A child may ask for an interrupt every microsecond; it gets one as often
 * as this, and never a queue of those that were missed.
 */
#define PIT_SHORTEST_NS 50000u

static uint64_t pit_ticks(uint64_t ns)
{
	return ns / SECOND_NS * PIT_FREQUENCY +
	       ns % SECOND_NS * PIT_FREQUENCY / SECOND_NS;
}

/* The first nanosecond at which so many ticks have passed. */
static uint64_t pit_nanoseconds(uint64_t ticks)
{
	return ticks / PIT_FREQUENCY * SECOND_NS +
	       (ticks % PIT_FREQUENCY * SECOND_NS + PIT_FREQUENCY - 1) /
		       PIT_FREQUENCY;
}

static uint64_t pit_now(struct pit *pit)
{
	return pit->clock->now_ns(pit->clock);
}

static bool pit_is_periodic(const struct pit_channel *channel)
{
	return channel->mode == PIT_RATE || channel->mode == PIT_SQUARE;
}

/* Modes whose counting is begun by the gate, not by the count. */
static bool pit_is_triggered(const struct pit_channel *channel)
{
	return channel->mode == PIT_ONE_SHOT ||
	       channel->mode == PIT_HARDWARE_STROBE;
}

static uint32_t pit_modulus(const struct pit_channel *channel)
{
	return channel->bcd ? 10000 : 0x10000;
}

static uint64_t channel_raw_ticks(const struct pit_channel *channel,
				  uint64_t now)
{
	uint64_t ticks = channel->past_ticks;

	if (channel->running)
		ticks += pit_ticks(now - channel->start_ns);
	return ticks;
}

/*
 * Ticks counted since the cycle began in which the present count took over;
 * a count that waited for the end of a cycle takes over here.
 */
static uint64_t channel_ticks(struct pit_channel *channel, uint64_t now)
{
	uint64_t ticks = channel_raw_ticks(channel, now);

	if (!channel->next_count || ticks < channel->next_ticks)
		return ticks;
	if (channel->running)
		channel->start_ns += pit_nanoseconds(channel->next_ticks -
						     channel->past_ticks);
	channel->past_ticks =
		channel->running ? 0 : ticks - channel->next_ticks;
	channel->count = channel->next_count;
	channel->next_count = 0;
	return channel_raw_ticks(channel, now);
}

static void channel_start(struct pit_channel *channel, uint64_t now)
{
	if (channel->next_count)
		channel->count = channel->next_count;
	channel->next_count = 0;
	channel->past_ticks = 0;
	channel->start_ns = now;
	channel->running = channel->count != 0 &&
			   (channel->gate || pit_is_triggered(channel));
}

/* Whether the counter has begun a cycle since the control word. */
static bool channel_begun(const struct pit_channel *channel)
{
	return channel->running || channel->past_ticks;
}

static bool channel_output(struct pit_channel *channel, uint64_t now)
{
	const uint64_t ticks = channel_ticks(channel, now);
	const uint64_t count = channel->count;
	const bool begun = channel_begun(channel);

	switch ((enum pit_mode)channel->mode) {
	case PIT_TERMINAL_COUNT:
		return begun && ticks >= count;
	case PIT_ONE_SHOT:
		return !begun || ticks >= count;
	case PIT_RATE:
		return !channel->running || ticks % count != count - 1;
	case PIT_SQUARE:
		return !channel->running || ticks % count < (count + 1) / 2;
	case PIT_SOFTWARE_STROBE:
	case PIT_HARDWARE_STROBE:
		break;
	}
	return !begun || ticks != count;
}

/* A binary value as the counter shows it. */
static uint16_t channel_encode(const struct pit_channel *channel,
			       uint64_t value)
{
	uint16_t digits = 0;

	value %= pit_modulus(channel);
	if (!channel->bcd)
		return (uint16_t)value;
	for (unsigned int shift = 0; shift < 16; shift += 4) {
		digits = (uint16_t)(digits | (value % 10) << shift);
		value /= 10;
	}
	return digits;
}

/* What was written, as a count: zero stands for the largest. */
static uint32_t channel_decode(const struct pit_channel *channel,
			       uint16_t written)
{
	uint32_t value = written;

	if (channel->bcd)
		value = (written & 0xfu) + (written >> 4 & 0xfu) * 10 +
			(written >> 8 & 0xfu) * 100 + (written >> 12) * 1000u;
	/* In BCD, digits above 9 can reach past it. */
	value %= pit_modulus(channel);
	return value ? value : pit_modulus(channel);
}

static uint16_t channel_counter(struct pit_channel *channel, uint64_t now)
{
	const uint64_t ticks = channel_ticks(channel, now);
	const uint64_t count = channel->count;
	const uint64_t modulus = pit_modulus(channel);
	uint64_t half;

	if (!count)
		return 0;
	switch ((enum pit_mode)channel->mode) {
	case PIT_RATE:
		return channel_encode(channel, count - ticks % count);
	case PIT_SQUARE:
		/*
		 * Counts down by two, twice a cycle, from an even number; the
		 * first half of an odd count is one tick longer.
		 */
		half = (count + 1) / 2;
		if (ticks % count < half)
			half = ticks % count;
		else
			half = ticks % count - half;
		return channel_encode(channel, (count & ~1ull) - 2 * half);
	case PIT_TERMINAL_COUNT:
	case PIT_ONE_SHOT:
	case PIT_SOFTWARE_STROBE:
	case PIT_HARDWARE_STROBE:
		break;
	}
	/* The others go on through zero. */
	return channel_encode(channel, count + modulus - ticks % modulus);
}

/* Ticks until the output next rises, counted from the cycle's start; 0: no */
static uint64_t channel_next_rise(struct pit_channel *channel, uint64_t now)
{
	const uint64_t ticks = channel_ticks(channel, now);
	const uint64_t count = channel->count;

	if (!channel->running)
		return 0;
	switch ((enum pit_mode)channel->mode) {
	case PIT_RATE:
	case PIT_SQUARE:
		return (ticks / count + 1) * count;
	case PIT_TERMINAL_COUNT:
	case PIT_ONE_SHOT:
		return ticks < count ? count : 0;
	case PIT_SOFTWARE_STROBE:
	case PIT_HARDWARE_STROBE:
		break;
	}
	return ticks <= count ? count + 1 : 0;
}

/* Sets IRQ 0 as it is now and the timer to its next rising edge. */
static void pit_schedule(struct pit *pit)
{
	struct pit_channel *channel = &pit->channels[0];
	const uint64_t now = pit_now(pit);
	const uint64_t rise = channel_next_rise(channel, now);
	uint64_t deadline;

	irq_set(pit->irq, channel_output(channel, now));
	pit->clock->disarm(&pit->timer);
	if (!rise)
		return;
	deadline =
		channel->start_ns + pit_nanoseconds(rise - channel->past_ticks);
	if (deadline < now + PIT_SHORTEST_NS && pit_is_periodic(channel))
		deadline = now + PIT_SHORTEST_NS;
	pit->clock->arm(&pit->timer, deadline);
}

/* The fall before the rise was too short, or too long ago, for a timer. */
static void pit_timer_expired(void *owner)
{
	struct pit *pit = owner;

	irq_set(pit->irq, false);
	irq_set(pit->irq, true);
	pit_schedule(pit);
}

static void pit_load(struct pit *pit, struct pit_channel *channel,
		     uint16_t written)
{
	const uint64_t now = pit_now(pit);
	uint32_t count = channel_decode(channel, written);

	/* One is not a cycle; the chip does odd things, we the shortest. */
	if (count == 1 && pit_is_periodic(channel))
		count = 2;
	if (pit_is_triggered(channel)) {
		channel->next_count = count;
		channel->next_ticks = UINT64_MAX; /* until the next trigger */
		if (!channel->running)
			channel->count = count;
	} else if (pit_is_periodic(channel) && channel->running) {
		const uint64_t ticks = channel_ticks(channel, now);

		channel->next_count = count;
		channel->next_ticks =
			(ticks / channel->count + 1) * channel->count;
	} else {
		channel->next_count = count;
		channel_start(channel, now);
	}
}

static void pit_write_count(struct pit *pit, struct pit_channel *channel,
			    uint8_t value)
{
	if (channel->access == ACCESS_LOW) {
		pit_load(pit, channel, value);
	} else if (channel->access != ACCESS_BOTH) {
		pit_load(pit, channel, (uint16_t)(value << 8));
	} else if (channel->writes_high) {
		channel->writes_high = false;
		pit_load(pit, channel,
			 (uint16_t)(value << 8 | channel->write_low));
	} else {
		channel->writes_high = true;
		channel->write_low = value;
		/* The first byte stops a one-time count. */
		if (channel->mode == PIT_TERMINAL_COUNT)
			channel->running = false, channel->past_ticks = 0;
	}
}

static void channel_latch_count(struct pit_channel *channel, uint64_t now)
{
	if (channel->latched) /* the first latch wins until it is read */
		return;
	channel->latch = channel_counter(channel, now);
	channel->latched = channel->access == ACCESS_BOTH ? 2 : 1;
}

static void channel_latch_status(struct pit_channel *channel, uint64_t now)
{
	const bool output = channel_output(channel, now);
	const bool null_count =
		!channel->count || channel->next_count || channel->writes_high;

	if (channel->status_latched)
		return;
	channel->status_latched = true;
	channel->status =
		(uint8_t)(output << 7 | null_count << 6 | channel->access << 4 |
			  channel->mode << 1 | channel->bcd);
}

static void pit_read_back(struct pit *pit, uint8_t value)
{
	const uint64_t now = pit_now(pit);

	for (unsigned int i = 0; i < PIT_CHANNELS; i++) {
		if (!(value & 2u << i))
			continue;
		if (!(value & READ_BACK_NO_COUNT))
			channel_latch_count(&pit->channels[i], now);
		if (!(value & READ_BACK_NO_STATUS))
			channel_latch_status(&pit->channels[i], now);
	}
}

static void pit_write_control_word(struct pit *pit, uint8_t value)
{
	const unsigned int select = value >> 6;
	const uint8_t access = value >> 4 & 3;
	uint8_t mode = value >> 1 & 7;
	struct pit_channel *channel;

	if (select >= PIT_CHANNELS) {
		pit_read_back(pit, value);
		return;
	}
	channel = &pit->channels[select];
	if (!access) {
		channel_latch_count(channel, pit_now(pit));
		return;
	}
	if (mode > PIT_HARDWARE_STROBE)
		mode -= 4; /* 6 and 7 are 2 and 3 */
	*channel = (struct pit_channel){
		.mode = mode,
		.access = access,
		.bcd = value & 1,
		.gate = channel->gate,
	};
}

/*
 * A write moves the next edge; one that is due already must not be lost
 * because its timer is late.
 */
static void pit_settle(struct pit *pit)
{
	if (pit->timer.armed && pit->timer.deadline_ns <= pit_now(pit)) {
		pit->clock->disarm(&pit->timer);
		pit_timer_expired(pit);
	}
}

/* The counter's byte that is next, from a latch or as it runs. */
static uint8_t pit_read_count(struct pit *pit, struct pit_channel *channel)
{
	uint16_t value = channel->latch;
	bool high = channel->access == 2;

	if (!channel->latched)
		value = channel_counter(channel, pit_now(pit));
	else
		channel->latched--;
	if (channel->access == ACCESS_BOTH) {
		high = channel->reads_high;
		channel->reads_high = !high;
	}
	return (uint8_t)(high ? value >> 8 : value);
}

uint8_t pit_read(struct pit *pit, uint64_t offset)
{
	struct pit_channel *channel;

	if (offset >= PIT_CHANNELS)
		return 0xff; /* the control word cannot be read */
	channel = &pit->channels[offset];
	if (channel->status_latched) {
		channel->status_latched = false;
		return channel->status;
	}
	return pit_read_count(pit, channel);
}

void pit_write(struct pit *pit, uint64_t offset, uint8_t value)
{
	pit_settle(pit);
	offset %= PIT_PORTS;
	if (offset == PIT_CONTROL_WORD)
		pit_write_control_word(pit, value);
	else
		pit_write_count(pit, &pit->channels[offset], value);
	pit_schedule(pit);
}

static void channel_set_gate(struct pit_channel *channel, bool gate,
			     uint64_t now)
{
	const uint64_t ticks = channel_ticks(channel, now);

	if (gate == channel->gate)
		return;
	channel->gate = gate;
	if (pit_is_triggered(channel)) {
		if (gate && channel->count) /* the edge is the trigger */
			channel_start(channel, now);
	} else if (pit_is_periodic(channel)) {
		channel->running = false;
		if (gate)
			channel_start(channel, now);
	} else if (channel->count) { /* holds the counter */
		channel->past_ticks = ticks;
		channel->start_ns = now;
		channel->running = gate;
	}
}

uint8_t pit_read_control(struct pit *pit)
{
	const uint64_t now = pit_now(pit);
	uint8_t value = pit->control;

	if (now / REFRESH_NS & 1)
		value |= CONTROL_REFRESH;
	if (pit_output(pit, 2))
		value |= CONTROL_OUTPUT;
	return value;
}

/* The speaker bit is kept; nobody listens. */
void pit_write_control(struct pit *pit, uint8_t value)
{
	pit->control = value & CONTROL_KEPT;
	channel_set_gate(&pit->channels[2], value & CONTROL_GATE, pit_now(pit));
}

bool pit_output(struct pit *pit, unsigned int channel)
{
	return channel_output(&pit->channels[channel % PIT_CHANNELS],
			      pit_now(pit));
}

void pit_reset(struct pit *pit)
{
	for (unsigned int i = 0; i < PIT_CHANNELS; i++)
		pit->channels[i] = (struct pit_channel){
			.mode = PIT_SQUARE,
			.access = ACCESS_BOTH,
			.gate = i != 2, /* soldered to high, but for 2 */
		};
	pit->control = 0;
	pit_schedule(pit);
}

void pit_init(struct pit *pit, struct clock *clock, struct irq_line *irq)
{
	*pit = (struct pit){.clock = clock, .irq = irq};
	pit->timer = (struct device_timer){
		.clock = clock,
		.expired = pit_timer_expired,
		.owner = pit,
	};
	pit_reset(pit);
}

static uint8_t pit_read_one(void *device, uint64_t offset)
{
	return pit_read(device, offset);
}

static void pit_write_one(void *device, uint64_t offset, uint8_t value)
{
	pit_write(device, offset, value);
}

static uint64_t pit_io_read(void *device, uint64_t offset, unsigned int size)
{
	return bytes_read(device, offset, size, pit_read_one);
}

static void pit_io_write(void *device, uint64_t offset, unsigned int size,
			 uint64_t value)
{
	bytes_write(device, offset, (struct bytes_value){value, size},
		    pit_write_one);
}

const struct io_operations pit_operations = {pit_io_read, pit_io_write};

static uint64_t pit_control_io_read(void *device, uint64_t offset,
				    unsigned int size)
{
	(void)offset;
	(void)size;
	return pit_read_control(device);
}

static void pit_control_io_write(void *device, uint64_t offset,
				 unsigned int size, uint64_t value)
{
	(void)offset;
	(void)size;
	pit_write_control(device, (uint8_t)value);
}

const struct io_operations pit_control_operations = {
	pit_control_io_read,
	pit_control_io_write,
};
