/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI's fixed hardware of a PC (ACPI specification 6.5, section 4.8).
 *
 * There is no legacy mode: SCI_EN is always set, and the FADT is to give no
 * SMI command port. Of the sleep states only S5 exists.
 */
#include "worker/emulated/acpi_pm.h"

#include "worker/emulated/bytes.h"

#define PM1_TIMER	 0x0001u
#define PM1_GLOBAL	 0x0020u
#define PM1_POWER_BUTTON 0x0100u
#define PM1_SLEEP_BUTTON 0x0200u
#define PM1_RTC		 0x0400u
#define PM1_WAKE	 0x8000u
#define PM1_STATUS_ALL                                                         \
	(PM1_TIMER | 0x0010u | PM1_GLOBAL | PM1_POWER_BUTTON |                 \
	 PM1_SLEEP_BUTTON | PM1_RTC | PM1_WAKE)
#define PM1_ENABLE_ALL                                                         \
	(PM1_TIMER | PM1_GLOBAL | PM1_POWER_BUTTON | PM1_SLEEP_BUTTON | PM1_RTC)

#define PM1_SCI_ENABLE	 0x0001u
#define PM1_CONTROL_KEPT 0x1c02u /* SLP_TYP, BM_RLD */
#define PM1_SLEEP_TYPE	 10
#define PM1_SLEEP	 0x2000u

#define TIMER_FREQUENCY 3579545u
#define SECOND_NS	1000000000u

#define RESET_KEPT 0x0au
#define RESET_NOW  0x04u

static uint64_t acpi_pm_ticks(struct acpi_pm *pm)
{
	struct clock *clock = pm->options.clock;
	const uint64_t ns = clock->now_ns(clock);

	return ns / SECOND_NS * TIMER_FREQUENCY +
	       ns % SECOND_NS * TIMER_FREQUENCY / SECOND_NS;
}

/* TMR_STS is set whenever the counter's highest bit changes. */
static unsigned int acpi_pm_top_bit(const struct acpi_pm *pm)
{
	return pm->options.timer_32_bits ? 31 : 23;
}

static uint32_t acpi_pm_timer(struct acpi_pm *pm)
{
	const uint64_t mask = (2ull << acpi_pm_top_bit(pm)) - 1;

	return (uint32_t)(acpi_pm_ticks(pm) & mask);
}

static void acpi_pm_update(struct acpi_pm *pm)
{
	struct clock *clock = pm->options.clock;
	const unsigned int top = acpi_pm_top_bit(pm);
	const uint64_t ticks = acpi_pm_ticks(pm);
	uint64_t next;

	if (ticks >> top != pm->flagged_ticks >> top)
		pm->status |= PM1_TIMER;
	pm->flagged_ticks = ticks;
	irq_set(pm->options.sci, pm->status & pm->enable);

	clock->disarm(&pm->timer);
	if (!(pm->enable & PM1_TIMER) || (pm->status & PM1_TIMER))
		return;
	next = ((ticks >> top) + 1) << top;
	clock->arm(&pm->timer, next / TIMER_FREQUENCY * SECOND_NS +
				       (next % TIMER_FREQUENCY * SECOND_NS +
					TIMER_FREQUENCY - 1) /
					       TIMER_FREQUENCY);
}

static void acpi_pm_timer_expired(void *owner)
{
	acpi_pm_update(owner);
}

static void acpi_pm_sleep(struct acpi_pm *pm)
{
	struct machine_port *machine = pm->options.machine;
	const unsigned int type = pm->control >> PM1_SLEEP_TYPE & 7;

	if (type == ACPI_PM_S5) {
		machine->event(machine, MACHINE_POWER_OFF, "ACPI S5");
		return;
	}
	device_log("acpi", "sleep type %u does not exist, awake again", type);
	pm->status |= PM1_WAKE;
	acpi_pm_update(pm);
}

static void acpi_pm_write_control(struct acpi_pm *pm, uint16_t value)
{
	pm->control = value & PM1_CONTROL_KEPT;
	if (value & PM1_SLEEP)
		acpi_pm_sleep(pm);
}

/* The 16-bit register at an offset below the timer's. */
static uint16_t acpi_pm_register(struct acpi_pm *pm, uint64_t offset)
{
	switch (offset & ~1ull) {
	case ACPI_PM_EVENT:
		acpi_pm_update(pm);
		return pm->status;
	case ACPI_PM_EVENT + 2:
		return pm->enable;
	case ACPI_PM_CONTROL:
		return pm->control | PM1_SCI_ENABLE;
	}
	return 0;
}

uint8_t acpi_pm_read(struct acpi_pm *pm, uint64_t offset)
{
	if (offset >= ACPI_PM_TIMER)
		return (uint8_t)(acpi_pm_timer(pm) >> 8 * (offset & 3));
	return (uint8_t)(acpi_pm_register(pm, offset) >> 8 * (offset & 1));
}

/* Bits under mask of the register at an even offset. */
static void acpi_pm_write_register(struct acpi_pm *pm, uint64_t offset,
				   uint16_t value, uint16_t mask)
{
	acpi_pm_update(pm);
	switch (offset) {
	case ACPI_PM_EVENT: /* ones clear */
		pm->status &= (uint16_t) ~(value & mask & PM1_STATUS_ALL);
		break;
	case ACPI_PM_EVENT + 2:
		value = (uint16_t)((pm->enable & ~mask) | (value & mask));
		pm->enable = value & PM1_ENABLE_ALL;
		break;
	case ACPI_PM_CONTROL:
		value = (uint16_t)((pm->control & ~mask) | (value & mask));
		acpi_pm_write_control(pm, value);
		break;
	}
	acpi_pm_update(pm);
}

void acpi_pm_write(struct acpi_pm *pm, uint64_t offset, unsigned int size,
		   uint64_t value)
{
	if (size == 1) {
		const unsigned int shift = 8 * (offset & 1);

		acpi_pm_write_register(pm, offset & ~1ull,
				       (uint16_t)((value & 0xff) << shift),
				       (uint16_t)(0xffu << shift));
		return;
	}
	for (unsigned int i = 0; i + 1 < size; i += 2)
		acpi_pm_write_register(pm, offset + i,
				       (uint16_t)(value >> 8 * i), 0xffff);
}

void acpi_pm_power_button(struct acpi_pm *pm)
{
	pm->status |= PM1_POWER_BUTTON;
	acpi_pm_update(pm);
}

void acpi_pm_reset(struct acpi_pm *pm)
{
	pm->status = 0;
	pm->enable = 0;
	pm->control = 0;
	pm->reset = 0;
	pm->flagged_ticks = acpi_pm_ticks(pm);
	acpi_pm_update(pm);
}

void acpi_pm_init(struct acpi_pm *pm, const struct acpi_pm_options *options)
{
	*pm = (struct acpi_pm){.options = *options};
	pm->timer = (struct device_timer){
		.clock = options->clock,
		.expired = acpi_pm_timer_expired,
		.owner = pm,
	};
	acpi_pm_reset(pm);
}

static uint8_t acpi_pm_read_one(void *device, uint64_t offset)
{
	return acpi_pm_read(device, offset);
}

static uint64_t acpi_pm_io_read(void *device, uint64_t offset,
				unsigned int size)
{
	struct acpi_pm *pm = device;

	/* All bytes of the timer at one moment. */
	if (offset == ACPI_PM_TIMER && size == 4)
		return acpi_pm_timer(pm);
	return bytes_read(device, offset, size, acpi_pm_read_one);
}

static void acpi_pm_io_write(void *device, uint64_t offset, unsigned int size,
			     uint64_t value)
{
	acpi_pm_write(device, offset, size, value);
}

const struct io_operations acpi_pm_operations = {
	acpi_pm_io_read,
	acpi_pm_io_write,
};

static uint64_t acpi_pm_reset_read(void *device, uint64_t offset,
				   unsigned int size)
{
	struct acpi_pm *pm = device;

	(void)offset;
	(void)size;
	return pm->reset;
}

/* As the PIIX's: bit 1 chooses hard or soft, bit 2 does it. */
static void acpi_pm_reset_write(void *device, uint64_t offset,
				unsigned int size, uint64_t value)
{
	struct acpi_pm *pm = device;
	struct machine_port *machine = pm->options.machine;

	(void)offset;
	(void)size;
	pm->reset = value & RESET_KEPT;
	if (value & RESET_NOW)
		machine->event(machine, MACHINE_RESET, "reset register");
}

const struct io_operations acpi_pm_reset_operations = {
	acpi_pm_reset_read,
	acpi_pm_reset_write,
};
