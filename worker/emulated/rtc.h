/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An MC146818 real-time clock with 128 bytes of CMOS memory, ports 70h-71h. */
#pragma once

#include "worker/device.h"

#define RTC_SIZE  128u
#define RTC_PORTS 2u

/* CMOS bytes that others have a use for. */
#define RTC_CMOS_SHUTDOWN 0x0fu
#define RTC_CMOS_CENTURY  0x32u

struct rtc {
	struct clock *clock;
	struct irq_line *irq; /* IRQ 8 */
	struct device_timer timer;

	uint8_t index;		/* port 70h, with bit 7: NMI masked */
	uint8_t cmos[RTC_SIZE]; /* 0-9 and the century: while frozen only */

	/* The clock shows base_seconds + (now - base_ns), since 1970. */
	int64_t base_seconds;
	uint64_t base_ns;
	int64_t adjustment; /* what the child set, beside the wall's time */
	uint64_t used_ns;   /* time registers were last read */

	int64_t flagged_seconds; /* update and alarm flags are right to here */
	uint64_t flagged_ns;	 /* likewise the periodic flag */
};

/* device is a struct rtc. */
extern const struct io_operations rtc_operations;

void rtc_init(struct rtc *rtc, struct clock *clock, struct irq_line *irq);
void rtc_reset(struct rtc *rtc);

/*
 * What firmware leaves in the CMOS about RAM, in bytes: below 4 GiB (from 0,
 * holes not counted) and above.
 */
void rtc_set_memory(struct rtc *rtc, uint64_t below, uint64_t above);
void rtc_set_cmos(struct rtc *rtc, uint8_t at, uint8_t value);

uint8_t rtc_read(struct rtc *rtc, uint64_t offset);
void rtc_write(struct rtc *rtc, uint64_t offset, uint8_t value);
