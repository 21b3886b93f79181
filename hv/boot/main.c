/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the first line of C to the first instruction of the parent: a table of
 * contents. */
#include "main.h"
#include "../core/hypervisor.h"
#include "../lib/print.h"
#include "../virt/virt.h"
#include "../x86/tsc.h"
#include "../x86/cpu.h"
#include "../x86/descriptor.h"
#include "../x86/feature.h"
#include "../x86/interrupt.h"
#include "../x86/local_apic.h"
#include "../x86/paging.h"
#include "../x86/processor.h"
#include "../x86/uart.h"
#include "acpi.h"
#include "linux.h"
#include "options.h"
#include "pic.h"
#include "reserve.h"
#include "startup.h"
#include "timepiece.h"

#define VIRTUAL_APIC_HZ_MAX 4000000000ull

_Static_assert(LPS_MAX == PROCESSORS_MAX, "one bound for both rooms");
_Static_assert(LPS_MAX == ACPI_PROCESSORS_MAX, "one bound for both rooms");

const struct virt_backend *virt;

/* Everything that boot finds out; used by the boot processor alone. */
static struct {
	struct boot_info info;
	struct boot_options options;
	struct acpi_facts acpi;
	struct hypervisor_config config;
} boot;

/* What was printed before there was a sink goes out as well. */
static void start_console(void)
{
	uint64_t cursor = 0;
	char c;

	boot.config.log_port = boot.options.log_port;
	if (boot.config.log_port == 0 || !uart_start(boot.config.log_port)) {
		boot.config.log_port = 0;
		return;
	}
	while (print_read(&cursor, &c, 1) == 1)
		uart_write(c);
	print_set_sink(uart_write);
}

static void start_processor(void)
{
	processor_init(boot_stack, 0);
	descriptor_load();
	interrupt_start();
	feature_start();
	feature_enable();
}

static void read_loader(uint32_t magic, uint32_t information)
{
	bool known = multiboot_parse(magic, SPA(information), &boot.info);

	options_parse(boot.info.command_line, &boot.options);
	start_console();
	if (!known)
		panic("boot: the loader speaks neither Multiboot 1 nor 2");
	print("Bulkhead hypervisor: started by %s, %s firmware\n",
	      boot.info.loader, boot.info.efi ? "UEFI" : "BIOS");
	print("boot: processor: %s\n", features()->brand);
}

static void start_memory(void)
{
	const struct reserve_wish wish = {
		.lps = MIN(boot.options.lps,
			   MAX(boot.acpi.processor_count, 1u)),
		.pool_size = boot.options.pool_size,
	};

	if (!reserve_memory(&boot.info.memory, &wish, &boot.config))
		panic("boot: no room for the page pool below 4 GiB");
	for (uint32_t i = 0; i < boot.config.hidden_count; i++) {
		const struct spa_range *range = &boot.config.hidden[i];

		print("boot: hypervisor memory 0x%lx-0x%lx\n",
		      range->base.value, range->base.value + range->size - 1);
	}
	paging_start(&reserve_source,
		     SPA(memory_map_ram_end(&boot.info.memory)),
		     boot_stack + PROCESSOR_GUARD_OFFSET);
}

static void measure_clock(void)
{
	const struct tsc_reference reference = timepiece_find(&boot.acpi);
	struct tsc_rates rates;

	if (reference.read == NULL)
		panic("boot: neither a PM timer nor an HPET to measure with");
	tsc_calibrate(&reference, &rates);
	local_apic_timer_start(rates.tsc_hz, rates.timer_hz);
	boot.config.tsc_hz = rates.tsc_hz;
	boot.config.apic_hz = rates.tsc_hz <= VIRTUAL_APIC_HZ_MAX
				      ? rates.tsc_hz
				      : rates.tsc_hz / 2;
	print("boot: TSC: %lu.%06lu MHz, within %lu Hz, by the %s%s\n",
	      rates.tsc_hz / 1000000, rates.tsc_hz % 1000000,
	      rates.tsc_error_hz, reference.name,
	      features()->invariant_tsc ? ", invariant" : "");
	print("boot: local APIC: %s, timer %lu.%06lu MHz\n",
	      features()->x2apic ? "x2APIC" : "xAPIC", rates.timer_hz / 1000000,
	      rates.timer_hz % 1000000);
}

static void choose_backend(void)
{
	const char *reason = "";

	if (!svm_backend.supported(&reason))
		panic("boot: no virtualization on this processor: %s", reason);
	virt = &svm_backend;
	print("boot: virtualization: %s\n", virt->name);
	print("boot: DMA: unprotected\n");
}

void boot_main(uint32_t magic, uint32_t information)
{
	start_processor();
	read_loader(magic, information);
	pic_quiet();
	acpi_read(&boot.info, &boot.acpi);
	start_memory();
	local_apic_start();
	local_apic_enable(0);
	measure_clock();
	startup_processors(&boot.acpi, &boot.info.memory,
			   MIN(boot.options.lps, LPS_MAX), &boot.config);
	choose_backend();
	hypervisor_start(&boot.config);
	linux_load(&boot.info, hypervisor_parent_vp(0));
	startup_release();
	hypervisor_run();
}
