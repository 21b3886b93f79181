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
#include "multiboot.h"
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
	struct reservation reservation;
	struct tsc_rates rates;
	struct hypervisor_config config;
} boot;

static void print_mib(const char *what, const struct memory_range *range)
{
	print("boot: %s: %lu KiB at %lx\n", what,
	      (range->end - range->base) >> 10, range->base);
}

/* What was printed before there was a sink goes out as well. */
static void start_console(void)
{
	uint64_t cursor = 0;
	char c;

	if (boot.options.log_port == 0 || !uart_start(boot.options.log_port)) {
		boot.options.log_port = 0;
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

static void print_banner(bool known_loader)
{
	print("Bulkhead hypervisor: started by %s, %s firmware\n",
	      boot.info.loader, boot.info.efi ? "UEFI" : "BIOS");
	if (!known_loader)
		panic("boot: the loader speaks neither Multiboot 1 nor 2");
	print("boot: processor: %s\n", features()->brand);
}

static void hide(const struct memory_range *range)
{
	boot.config.hidden[boot.config.hidden_count++] = (struct spa_range){
		.base = SPA(range->base),
		.size = range->end - range->base,
	};
}

/* What the core may touch for partitions: not the devices in the holes. */
static void list_ram(void)
{
	struct hypervisor_config *config = &boot.config;

	_Static_assert(RAM_RANGES_MAX >= MEMORY_RANGES_MAX, "all fit");
	for (uint32_t i = 0; i < boot.info.memory.count; i++) {
		const struct memory_range *range = &boot.info.memory.ranges[i];
		uint64_t base = (range->base + PAGE_MASK) & ~(uint64_t)PAGE_MASK;
		uint64_t end = range->end & ~(uint64_t)PAGE_MASK;
		struct spa_range *ram = &config->ram[config->ram_count];

		if (base >= end || (range->type != MEMORY_RAM &&
				    range->type != MEMORY_HYPERVISOR &&
				    range->type != MEMORY_LOADED))
			continue;
		if (config->ram_count &&
		    ram[-1].base.value + ram[-1].size == base) {
			ram[-1].size += end - base;
			continue;
		}
		*ram = (struct spa_range){ SPA(base), end - base };
		config->ram_count++;
	}
}

static void reserve(void)
{
	struct reservation *reservation = &boot.reservation;
	uint32_t processors = MAX(boot.acpi.processor_count, 1u);
	const struct reserve_wish wish = {
		.lps = MIN(boot.options.lps, processors),
		.pool_size = boot.options.pool_size,
	};

	for (uint32_t i = 0; i < boot.info.module_count; i++) {
		const struct boot_module *module = &boot.info.modules[i];
		uint64_t end = module->base.value + module->size;

		memory_map_mark(
			&boot.info.memory,
			&(struct memory_range){module->base.value,
					       (end + PAGE_MASK) &
						       ~(uint64_t)PAGE_MASK,
					       MEMORY_LOADED});
	}
	print("boot: memory: %lu MiB\n",
	      memory_map_ram_size(&boot.info.memory) >> 20);
	if (!reserve_memory(&boot.info.memory, &wish, reservation))
		panic("boot: no room for the page pool below 4 GiB");
	hide(&reservation->image);
	hide(&reservation->own);
	boot.config.pool = (struct spa_range){
		.base = SPA(reservation->pool.base),
		.size = reservation->pool.end - reservation->pool.base,
	};
	list_ram();
	print_mib("image", &reservation->image);
	print_mib("page pool", &reservation->pool);
}

static void measure_clock(void)
{
	const struct tsc_reference *reference = timepiece_find(&boot.acpi);
	struct tsc_rates *rates = &boot.rates;

	if (reference == NULL)
		panic("boot: neither a PM timer nor an HPET to measure with");
	tsc_calibrate(reference, rates);
	local_apic_timer_start(rates->tsc_hz, rates->timer_hz);
	boot.config.tsc_hz = rates->tsc_hz;
	boot.config.apic_hz = rates->tsc_hz <= VIRTUAL_APIC_HZ_MAX
				      ? rates->tsc_hz
				      : rates->tsc_hz / 2;
	print("boot: TSC: %lu.%06lu MHz, within %lu Hz, by the %s%s\n",
	      rates->tsc_hz / 1000000, rates->tsc_hz % 1000000,
	      rates->tsc_error_hz, reference->name,
	      features()->invariant_tsc ? ", invariant" : "");
	print("boot: local APIC: %s, timer %lu.%06lu MHz%s\n",
	      local_apic_is_x2apic() ? "x2APIC" : "xAPIC",
	      rates->timer_hz / 1000000, rates->timer_hz % 1000000,
	      features()->tsc_deadline ? ", by TSC deadline" : "");
}

static void start_other_processors(void)
{
	struct hypervisor_config *config = &boot.config;
	const struct startup_plan plan = {
		.acpi = &boot.acpi,
		.memory = &boot.info.memory,
		.pages = &boot.reservation,
		.lps_max = MIN(boot.options.lps, LPS_MAX),
		.tsc_hz = config->tsc_hz,
	};

	config->lps = startup_processors(&plan, config->apic_id);
	config->tsc_synchronous =
		startup_clocks_agree(config->lps, config->tsc_hz);
	print("boot: lps: %u of %u, their TSCs %s\n", config->lps,
	      boot.acpi.processor_count + boot.acpi.processors_left_out,
	      config->tsc_synchronous ? "agree" : "DISAGREE");
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
	bool known;

	start_processor();
	boot.info.loader = "an unknown loader";
	known = multiboot_parse(magic, SPA(information), &boot.info);
	options_parse(boot.info.command_line, &boot.options);
	start_console();
	print_banner(known);
	pic_quiet();
	acpi_read(&boot.info, &boot.acpi);
	reserve();
	paging_start(&boot.reservation.source,
		     SPA(memory_map_ram_end(&boot.info.memory)),
		     (uintptr_t)boot_stack + PROCESSOR_GUARD_OFFSET);
	local_apic_start();
	local_apic_enable(0);
	measure_clock();
	start_other_processors();
	choose_backend();
	boot.config.log_port = boot.options.log_port;
	hypervisor_start(&boot.config);
	linux_load(&boot.info, &boot.acpi, hypervisor_parent_vp(0));
	startup_release();
	hypervisor_run();
}
