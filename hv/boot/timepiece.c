/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counter of known rate that the TSC is measured against. */
#include "timepiece.h"
#include "../x86/paging.h"
#include "../x86/register.h"

#define PM_TIMER_HZ  3579545u /* ACPI 6.4, 4.8.2.1 */
#define FEMTOSECONDS 1000000000000000ull

/* HPET specification 1.0a, 2.3.4 on: indexes of quadwords */
#define HPET_CAPABILITIES  (0x00 / 8)
#define HPET_CONFIGURATION (0x10 / 8)
#define HPET_COUNTER	   (0xf0 / 8)
#define HPET_ENABLE	   BIT(0)

static uint16_t pm_timer_port;
static volatile uint64_t *hpet;

static uint64_t read_pm_timer(void)
{
	return port_read32(pm_timer_port);
}

static uint64_t read_hpet(void)
{
	return hpet[HPET_COUNTER];
}

struct tsc_reference timepiece_find(const struct acpi_facts *facts)
{
	if (facts->pm_timer_port != 0) {
		pm_timer_port = facts->pm_timer_port;
		/* Some have 32 bits, all have 24. */
		return (struct tsc_reference){"PM timer", read_pm_timer,
					      0xffffff, PM_TIMER_HZ};
	}
	if (facts->hpet.value == 0)
		return (struct tsc_reference){0};
	/* Left counting: the parent sets it up from the start anyway. */
	hpet = paging_map_device(facts->hpet);
	hpet[HPET_CONFIGURATION] |= HPET_ENABLE;
	return (struct tsc_reference){"HPET", read_hpet, UINT32_MAX,
				      FEMTOSECONDS /
					      (hpet[HPET_CAPABILITIES] >> 32)};
}
