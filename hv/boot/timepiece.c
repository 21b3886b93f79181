/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counter of known rate that the TSC is measured against. */
#include "timepiece.h"
#include "../x86/paging.h"
#include "../x86/register.h"

#define PM_TIMER_HZ  3579545u /* ACPI 6.4, 4.8.2.1 */
#define FEMTOSECONDS 1000000000000000ull

/* HPET specification 1.0a, 2.3.4 on */
#define HPET_CAPABILITIES  0x00
#define HPET_CONFIGURATION 0x10
#define HPET_COUNTER	   0xf0
#define HPET_ENABLE	   BIT(0)

static struct {
	struct tsc_reference reference;
	uint16_t port;
	volatile uint64_t *hpet;
} timepiece;

static uint64_t read_pm_timer(void)
{
	return port_read32(timepiece.port) & timepiece.reference.mask;
}

static uint64_t read_hpet(void)
{
	return timepiece.hpet[HPET_COUNTER / 8] & timepiece.reference.mask;
}

static void use_pm_timer(const struct acpi_facts *facts)
{
	timepiece.port = facts->pm_timer_port;
	timepiece.reference = (struct tsc_reference){
		.name = "PM timer",
		.read = read_pm_timer,
		.mask = facts->pm_timer_32bit ? UINT32_MAX : 0xffffff,
		.hz = PM_TIMER_HZ,
	};
}

/* Left counting: the parent sets up the HPET from the start anyway. */
static void use_hpet(const struct acpi_facts *facts)
{
	volatile uint64_t *hpet = paging_map_device(SPA(facts->hpet));

	hpet[HPET_CONFIGURATION / 8] |= HPET_ENABLE;
	timepiece.hpet = hpet;
	timepiece.reference = (struct tsc_reference){
		.name = "HPET",
		.read = read_hpet,
		.mask = UINT32_MAX,
		.hz = FEMTOSECONDS / (hpet[HPET_CAPABILITIES / 8] >> 32),
	};
}

const struct tsc_reference *timepiece_find(const struct acpi_facts *facts)
{
	if (facts->pm_timer_port != 0)
		use_pm_timer(facts);
	else if (facts->hpet != 0)
		use_hpet(facts);
	else
		return NULL;
	return &timepiece.reference;
}
