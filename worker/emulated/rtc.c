/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An MC146818 real-time clock (Motorola data sheet) with CMOS memory.
 *
 * The time shown is computed from the machine's clock when it is read. It is
 * brought back to the wall's time, in whole seconds, whenever the child has
 * not looked for a while: never between two reads of one look, which would
 * tear the time apart behind the back of the update-in-progress bit.
 */
#include "worker/emulated/rtc.h"

#include "worker/emulated/bytes.h"

enum rtc_register {
	RTC_SECONDS = 0,
	RTC_SECONDS_ALARM = 1,
	RTC_MINUTES = 2,
	RTC_MINUTES_ALARM = 3,
	RTC_HOURS = 4,
	RTC_HOURS_ALARM = 5,
	RTC_WEEKDAY = 6,
	RTC_DAY = 7,
	RTC_MONTH = 8,
	RTC_YEAR = 9,
	RTC_A = 10,
	RTC_B = 11,
	RTC_C = 12,
	RTC_D = 13,
};

#define A_UPDATING 0x80u
#define A_DIVIDER  0x70u
#define A_RESET	   0x60u /* divider bits 11x hold the clock */
#define A_RATE	   0x0fu
#define A_32768_HZ 0x20u

#define B_SET	   0x80u
#define B_PERIODIC 0x40u
#define B_ALARM	   0x20u
#define B_UPDATE   0x10u
#define B_SQUARE   0x08u
#define B_BINARY   0x04u
#define B_24_HOURS 0x02u

#define C_IRQ	0x80u
#define C_FLAGS 0x70u /* in the places of B's enables */

#define D_VALID 0x80u

#define ALARM_ANY 0xc0u
#define HOUR_PM	  0x80u

#define SECOND_NS   1000000000u
#define UPDATING_NS 244000u /* UIP is set so long before a change */
#define RESYNC_NS   2000000000u
#define DAY	    86400

struct rtc_time {
	int64_t year;
	unsigned int month, day, weekday, hour, minute, second;
};

static uint64_t rtc_now(struct rtc *rtc)
{
	return rtc->clock->now_ns(rtc->clock);
}

static bool rtc_frozen(const struct rtc *rtc)
{
	return (rtc->cmos[RTC_B] & B_SET) ||
	       (rtc->cmos[RTC_A] & A_RESET) == A_RESET;
}

static int64_t rtc_seconds(const struct rtc *rtc, uint64_t now)
{
	return rtc->base_seconds + (int64_t)((now - rtc->base_ns) / SECOND_NS);
}

/* Nanoseconds to the next change of the time. */
static uint64_t rtc_to_next_second(const struct rtc *rtc, uint64_t now)
{
	return SECOND_NS - (now - rtc->base_ns) % SECOND_NS;
}

static bool rtc_is_time(uint8_t at)
{
	return at == RTC_SECONDS || at == RTC_MINUTES || at == RTC_HOURS ||
	       (at >= RTC_WEEKDAY && at <= RTC_YEAR) || at == RTC_CMOS_CENTURY;
}

/* ---- Calendar (proleptic Gregorian, years from 0) ---- */

static int64_t days_from_civil(int64_t year, unsigned int month,
			       unsigned int day)
{
	/* Years begin in March, so that the leap day is the last one. */
	const int64_t y = month <= 2 ? year - 1 : year;
	const int64_t era = (y >= 0 ? y : y - 399) / 400;
	const int64_t of_era = y - era * 400;
	const int64_t of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

static struct rtc_time rtc_break_down(int64_t seconds)
{
	int64_t days = seconds / DAY;
	int64_t rest = seconds % DAY;
	struct rtc_time time;
	int64_t year, of_year;

	if (rest < 0) {
		rest += DAY;
		days--;
	}
	time.hour = (unsigned int)(rest / 3600);
	time.minute = (unsigned int)(rest / 60 % 60);
	time.second = (unsigned int)(rest % 60);
	/* Day 0 was a Thursday; Sunday is 1. */
	time.weekday = (unsigned int)(((days % 7) + 7 + 4) % 7) + 1;

	year = 1970 + days / 365;
	while (days_from_civil(year, 1, 1) > days)
		year--;
	while (days_from_civil(year + 1, 1, 1) <= days)
		year++;
	time.year = year;
	time.month = 12;
	while (days_from_civil(year, time.month, 1) > days)
		time.month--;
	of_year = days_from_civil(year, time.month, 1);
	time.day = (unsigned int)(days - of_year) + 1;
	return time;
}

static int64_t rtc_assemble(const struct rtc_time *time)
{
	return days_from_civil(time->year, time->month, time->day) * DAY +
	       time->hour * 3600 + time->minute * 60 + time->second;
}

/* ---- Registers' formats ---- */

static uint8_t rtc_encode(const struct rtc *rtc, unsigned int value)
{
	if (rtc->cmos[RTC_B] & B_BINARY)
		return (uint8_t)value;
	return (uint8_t)(value / 10 << 4 | value % 10);
}

static unsigned int rtc_decode(const struct rtc *rtc, uint8_t value)
{
	if (rtc->cmos[RTC_B] & B_BINARY)
		return value;
	return (value >> 4) * 10u + (value & 15u);
}

static uint8_t rtc_encode_hour(const struct rtc *rtc, unsigned int hour)
{
	if (rtc->cmos[RTC_B] & B_24_HOURS)
		return rtc_encode(rtc, hour);
	return (uint8_t)(rtc_encode(rtc, (hour + 11) % 12 + 1) |
			 (hour >= 12 ? HOUR_PM : 0));
}

static unsigned int rtc_decode_hour(const struct rtc *rtc, uint8_t value)
{
	unsigned int hour;

	if (rtc->cmos[RTC_B] & B_24_HOURS)
		return rtc_decode(rtc, value);
	hour = rtc_decode(rtc, value & (uint8_t)~HOUR_PM) % 12;
	return hour + ((value & HOUR_PM) ? 12 : 0);
}

static uint8_t rtc_time_register(const struct rtc *rtc, uint8_t at,
				 int64_t seconds)
{
	const struct rtc_time time = rtc_break_down(seconds);

	switch (at) {
	case RTC_SECONDS:
		return rtc_encode(rtc, time.second);
	case RTC_MINUTES:
		return rtc_encode(rtc, time.minute);
	case RTC_HOURS:
		return rtc_encode_hour(rtc, time.hour);
	case RTC_WEEKDAY:
		return rtc_encode(rtc, time.weekday);
	case RTC_DAY:
		return rtc_encode(rtc, time.day);
	case RTC_MONTH:
		return rtc_encode(rtc, time.month);
	case RTC_YEAR:
		return rtc_encode(rtc, (unsigned int)(time.year % 100));
	default:
		return rtc_encode(rtc, (unsigned int)(time.year / 100));
	}
}

static const uint8_t time_registers[] = {
	RTC_SECONDS, RTC_MINUTES, RTC_HOURS, RTC_WEEKDAY,
	RTC_DAY,     RTC_MONTH,	  RTC_YEAR,  RTC_CMOS_CENTURY,
};

/* The time into the registers, where it stands until it is set going. */
static void rtc_freeze(struct rtc *rtc, uint64_t now)
{
	const int64_t seconds = rtc_seconds(rtc, now);

	for (unsigned int i = 0; i < sizeof(time_registers); i++)
		rtc->cmos[time_registers[i]] =
			rtc_time_register(rtc, time_registers[i], seconds);
}

static unsigned int at_least_one(unsigned int value)
{
	return value ? value : 1;
}

/*
 * Takes the time over from the registers. Values out of range carry over,
 * as a day 31 of a short month does.
 */
static void rtc_thaw(struct rtc *rtc, uint64_t now)
{
	const struct rtc_time time = {
		.year = rtc_decode(rtc, rtc->cmos[RTC_CMOS_CENTURY]) * 100 +
			rtc_decode(rtc, rtc->cmos[RTC_YEAR]),
		.month = (at_least_one(rtc_decode(rtc, rtc->cmos[RTC_MONTH])) -
			  1) % 12 +
			 1,
		.day = at_least_one(rtc_decode(rtc, rtc->cmos[RTC_DAY])),
		.hour = rtc_decode_hour(rtc, rtc->cmos[RTC_HOURS]),
		.minute = rtc_decode(rtc, rtc->cmos[RTC_MINUTES]),
		.second = rtc_decode(rtc, rtc->cmos[RTC_SECONDS]),
	};

	rtc->base_seconds = rtc_assemble(&time);
	rtc->base_ns = now;
	rtc->flagged_seconds = rtc->base_seconds;
	rtc->adjustment =
		rtc->base_seconds - rtc->clock->wall_seconds(rtc->clock);
}

/*
 * The machine's clock stands still while the child is paused, and the wall's
 * may be stepped. A second off is only the two being out of phase.
 */
static void rtc_follow_wall(struct rtc *rtc, uint64_t now)
{
	const bool fresh = now - rtc->used_ns < RESYNC_NS;
	int64_t error;

	rtc->used_ns = now;
	if (fresh || rtc_frozen(rtc))
		return;
	error = rtc->clock->wall_seconds(rtc->clock) + rtc->adjustment -
		rtc_seconds(rtc, now);
	if (error >= -1 && error <= 1)
		return;
	rtc->base_seconds += error;
	rtc->flagged_seconds += error;
}

/* ---- Interrupts ---- */

/* Nanoseconds of the periodic interrupt; 0: none. */
static uint64_t rtc_period_ns(const struct rtc *rtc)
{
	unsigned int rate = rtc->cmos[RTC_A] & A_RATE;

	if (!rate)
		return 0;
	if (rate <= 2 && (rtc->cmos[RTC_A] & A_DIVIDER) == A_32768_HZ)
		rate += 7; /* 256 and 128 Hz once more */
	return ((uint64_t)SECOND_NS << (rate - 1)) / 32768;
}

static bool rtc_alarm_field(const struct rtc *rtc, uint8_t at, uint8_t shown)
{
	const uint8_t wanted = rtc->cmos[at];

	return (wanted & ALARM_ANY) == ALARM_ANY || wanted == shown;
}

static bool rtc_alarm_at(const struct rtc *rtc, int64_t seconds)
{
	const unsigned int of_day =
		(unsigned int)(((seconds % DAY) + DAY) % DAY);

	return rtc_alarm_field(rtc, RTC_SECONDS_ALARM,
			       rtc_encode(rtc, of_day % 60)) &&
	       rtc_alarm_field(rtc, RTC_MINUTES_ALARM,
			       rtc_encode(rtc, of_day / 60 % 60)) &&
	       rtc_alarm_field(rtc, RTC_HOURS_ALARM,
			       rtc_encode_hour(rtc, of_day / 3600));
}

/* Sets the flags of all that has happened up to now. */
static void rtc_catch_up(struct rtc *rtc, uint64_t now)
{
	const uint64_t period = rtc_period_ns(rtc);
	uint8_t *flags = &rtc->cmos[RTC_C];
	int64_t seconds;

	if (period && now / period != rtc->flagged_ns / period)
		*flags |= B_PERIODIC;
	rtc->flagged_ns = now;
	if (rtc_frozen(rtc))
		return;
	seconds = rtc_seconds(rtc, now);
	if (seconds > rtc->flagged_seconds)
		*flags |= B_UPDATE;
	if (seconds - rtc->flagged_seconds > DAY) /* once round is all */
		rtc->flagged_seconds = seconds - DAY;
	while (!(*flags & B_ALARM) && rtc->flagged_seconds < seconds) {
		if (rtc_alarm_at(rtc, ++rtc->flagged_seconds))
			*flags |= B_ALARM;
	}
	rtc->flagged_seconds = seconds;
}

/*
 * Sets the line, and the timer to what could raise it next. A raised line
 * stays so until register C is read: nothing to wait for until then.
 */
static void rtc_schedule(struct rtc *rtc)
{
	const uint64_t now = rtc_now(rtc);
	const uint64_t period = rtc_period_ns(rtc);
	const uint8_t enabled = rtc->cmos[RTC_B];
	uint64_t deadline = UINT64_MAX;

	rtc_catch_up(rtc, now);
	rtc->clock->disarm(&rtc->timer);
	if (rtc->cmos[RTC_C] & enabled & C_FLAGS) {
		rtc->cmos[RTC_C] |= C_IRQ;
		irq_set(rtc->irq, true);
		return;
	}
	rtc->cmos[RTC_C] &= (uint8_t)~C_IRQ;
	irq_set(rtc->irq, false);
	if ((enabled & B_PERIODIC) && period)
		deadline = (now / period + 1) * period;
	if ((enabled & (B_ALARM | B_UPDATE)) && !rtc_frozen(rtc) &&
	    now + rtc_to_next_second(rtc, now) < deadline)
		deadline = now + rtc_to_next_second(rtc, now);
	if (deadline != UINT64_MAX)
		rtc->clock->arm(&rtc->timer, deadline);
}

static void rtc_timer_expired(void *owner)
{
	rtc_schedule(owner);
}

/* ---- Access ---- */

static uint8_t rtc_read_flags(struct rtc *rtc)
{
	uint8_t flags;

	rtc_schedule(rtc);
	flags = rtc->cmos[RTC_C];
	rtc->cmos[RTC_C] = 0;
	rtc_schedule(rtc);
	return flags;
}

static uint8_t rtc_read_a(struct rtc *rtc, uint64_t now)
{
	uint8_t value = rtc->cmos[RTC_A];

	if (!rtc_frozen(rtc) && rtc_to_next_second(rtc, now) <= UPDATING_NS)
		value |= A_UPDATING;
	return value;
}

static uint8_t rtc_read_data(struct rtc *rtc)
{
	const uint8_t at = rtc->index % RTC_SIZE;
	const uint64_t now = rtc_now(rtc);

	if (at == RTC_C)
		return rtc_read_flags(rtc);
	if (at == RTC_A || rtc_is_time(at))
		rtc_follow_wall(rtc, now);
	if (at == RTC_A)
		return rtc_read_a(rtc, now);
	if (rtc_is_time(at) && !rtc_frozen(rtc))
		return rtc_time_register(rtc, at, rtc_seconds(rtc, now));
	return rtc->cmos[at];
}

/* Registers A and B: time stands still and goes on by bits of both. */
static void rtc_write_control(struct rtc *rtc, uint8_t at, uint8_t value)
{
	const uint64_t now = rtc_now(rtc);
	const bool before = rtc_frozen(rtc);

	rtc_catch_up(rtc, now);
	if (at == RTC_A)
		value &= (uint8_t)~A_UPDATING;
	else if (value & B_SET) /* data sheet: SET clears UIE */
		value &= (uint8_t)~B_UPDATE;
	/* Registers are laid down in the format in force before. */
	if (!before)
		rtc_freeze(rtc, now);
	rtc->cmos[at] = value;
	if (before && !rtc_frozen(rtc))
		rtc_thaw(rtc, now);
	rtc_schedule(rtc);
}

static void rtc_write_time(struct rtc *rtc, uint8_t at, uint8_t value)
{
	const uint64_t now = rtc_now(rtc);

	if (rtc_frozen(rtc)) {
		rtc->cmos[at] = value;
		return;
	}
	rtc_catch_up(rtc, now);
	rtc_freeze(rtc, now);
	rtc->cmos[at] = value;
	rtc_thaw(rtc, now);
	rtc_schedule(rtc);
}

static void rtc_write_data(struct rtc *rtc, uint8_t value)
{
	const uint8_t at = rtc->index % RTC_SIZE;

	if (at == RTC_A || at == RTC_B) {
		rtc_write_control(rtc, at, value);
	} else if (rtc_is_time(at)) {
		rtc_write_time(rtc, at, value);
	} else if (at != RTC_C && at != RTC_D) { /* those are read only */
		rtc_catch_up(rtc, rtc_now(rtc)); /* by the old alarm */
		rtc->cmos[at] = value;
	}
}

uint8_t rtc_read(struct rtc *rtc, uint64_t offset)
{
	/* Port 70h cannot be read on a PC/AT. */
	return offset % RTC_PORTS ? rtc_read_data(rtc) : 0xff;
}

void rtc_write(struct rtc *rtc, uint64_t offset, uint8_t value)
{
	if (offset % RTC_PORTS)
		rtc_write_data(rtc, value);
	else
		rtc->index = value;
}

void rtc_set_cmos(struct rtc *rtc, uint8_t at, uint8_t value)
{
	rtc->cmos[at % RTC_SIZE] = value;
}

static void rtc_set_cmos16(struct rtc *rtc, uint8_t at, uint64_t value)
{
	if (value > 0xffff)
		value = 0xffff;
	rtc->cmos[at] = (uint8_t)value;
	rtc->cmos[at + 1] = (uint8_t)(value >> 8);
}

void rtc_set_memory(struct rtc *rtc, uint64_t below, uint64_t above)
{
	const uint64_t mib = 1024 * 1024;
	const uint64_t extended = below > mib ? (below - mib) / 1024 : 0;
	const uint64_t high = below > 16 * mib ? (below - 16 * mib) / 65536 : 0;

	rtc_set_cmos16(rtc, 0x15, 640);	     /* KiB below 1 MiB */
	rtc_set_cmos16(rtc, 0x17, extended); /* KiB above 1 MiB */
	rtc_set_cmos16(rtc, 0x30, extended);
	rtc_set_cmos16(rtc, 0x34, high); /* 64 KiB above 16 MiB */
	above /= 65536;			 /* 64 KiB above 4 GiB */
	rtc_set_cmos16(rtc, 0x5b, above & 0xffff);
	rtc->cmos[0x5d] = (uint8_t)(above >> 16);
}

/* The battery keeps time and memory; interrupts are off. */
void rtc_reset(struct rtc *rtc)
{
	rtc_write_control(rtc, RTC_B,
			  rtc->cmos[RTC_B] & (uint8_t) ~(B_PERIODIC | B_ALARM |
							 B_UPDATE | B_SQUARE));
	rtc->cmos[RTC_C] = 0;
	rtc->index = 0;
	rtc_schedule(rtc);
}

void rtc_init(struct rtc *rtc, struct clock *clock, struct irq_line *irq)
{
	*rtc = (struct rtc){.clock = clock, .irq = irq};
	rtc->timer = (struct device_timer){
		.clock = clock,
		.expired = rtc_timer_expired,
		.owner = rtc,
	};
	rtc->base_ns = clock->now_ns(clock);
	rtc->base_seconds = clock->wall_seconds(clock);
	rtc->used_ns = rtc->base_ns;
	rtc->flagged_ns = rtc->base_ns;
	rtc->flagged_seconds = rtc->base_seconds;
	rtc->cmos[RTC_A] = A_32768_HZ | 6; /* 1024 Hz */
	rtc->cmos[RTC_B] = B_24_HOURS;
	rtc->cmos[RTC_D] = D_VALID;
	rtc_reset(rtc);
}

static uint8_t rtc_read_one(void *device, uint64_t offset)
{
	return rtc_read(device, offset);
}

static void rtc_write_one(void *device, uint64_t offset, uint8_t value)
{
	rtc_write(device, offset, value);
}

static uint64_t rtc_io_read(void *device, uint64_t offset, unsigned int size)
{
	return bytes_read(device, offset, size, rtc_read_one);
}

static void rtc_io_write(void *device, uint64_t offset, unsigned int size,
			 uint64_t value)
{
	bytes_write(device, offset, (struct bytes_value){value, size},
		    rtc_write_one);
}

const struct io_operations rtc_operations = {rtc_io_read, rtc_io_write};
