/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole machines: what answers where, who is wired to whom, what is told. */
#define _GNU_SOURCE
#include "../vmbus/fake.h"
#include "host.h"
#include "model.h"
#include "worker/backend/console.h"
#include "worker/emulated/acpi_pm.h"
#include "worker/emulated/acpi_reduced.h"
#include "worker/machine/linux.h"
#include "worker/machine/machines.h"
#include "worker/machine/parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RAM	      (64ull << 20)
#define SETUP_SECTORS 3u
#define KERNEL_SIZE   ((SETUP_SECTORS + 1) * 512 + 5000u)
#define PREFERRED     0x1000000u
#define ENTRY	      (PREFERRED + 0x200)
#define COM1	      PARTS_COM1_PORT
#define PM_PORT	      0x600u

static struct world {
	struct machine machine;
	char kernel[MODEL_PATH_SIZE];
	char disk[MODEL_PATH_SIZE];
	enum machine_event event;
	unsigned int events;
	bool intr; /* the 8259's wire */
} world;

static char child_name[] = "web";
static char missing[] = "/nowhere/at/all";

static void on_event(struct machine_port *port, enum machine_event event,
		     const char *why)
{
	(void)port;
	(void)why;
	world.event = event;
	world.events++;
}

static void on_intr(struct irq_line *line, bool level)
{
	(void)line;
	world.intr = level;
}

static bool post_message(struct synic_port *port, uint32_t vp, uint32_t sint,
			 const void *payload, size_t size)
{
	(void)port;
	(void)vp;
	(void)sint;
	(void)payload;
	(void)size;
	return true;
}

static void signal_event(struct synic_port *port, uint32_t vp, uint32_t sint,
			 uint32_t flag)
{
	(void)port;
	(void)vp;
	(void)sint;
	(void)flag;
}

static bool listen_on(struct synic_port *port, uint32_t connection, bool on)
{
	(void)port;
	(void)connection;
	(void)on;
	return true;
}

static void save_kernel(void)
{
	static uint8_t image[KERNEL_SIZE];
	const uint64_t preferred = PREFERRED;

	image[0x1f1] = SETUP_SECTORS;
	image[0x1fe] = 0x55;
	image[0x1ff] = 0xaa;
	memcpy(image + 0x200, "\xeb\x6aHdrS\x0f\x02", 8);
	memset(image + 0x22c, 0x7f, 4);
	image[0x236] = 1;
	memcpy(image + 0x238, "\xff\x07", 2);
	memcpy(image + 0x258, &preferred, 8);
	image[0x262] = 0x40;
	model_file(world.kernel, image, sizeof(image));
}

static int set_up(void **state)
{
	static uint8_t sectors[1 << 16];
	struct machine *machine = &world.machine;

	(void)state;
	memset(&world, 0, sizeof(world));
	memset(&host, 0, sizeof(host));
	host.tsc_khz = 2000000;
	save_kernel();
	model_file(world.disk, sectors, sizeof(sectors));
	machine->memory.view = (struct memory){1, {{0, RAM, calloc(1, RAM)}}};
	assert_int_equal(loop_create(&machine->loop), 0);
	loop_thaw(&machine->loop);
	machine->port.event = on_event;
	machine->irq.extint.set = on_intr;
	machine->synic.port = (struct synic_port){
		.post_message = post_message,
		.signal_event = signal_event,
		.listen = listen_on,
	};
	machine->console = console_create(&(struct console_options){0});
	machine->config.name = child_name;
	machine->config.memory = RAM;
	machine->config.processors = 2;
	machine->config.kernel = world.kernel;
	machine->config.cmdline = (char *)"console=ttyS0";
	return 0;
}

static int tear_down(void **state)
{
	struct machine *machine = &world.machine;

	(void)state;
	if (machine->devices)
		machine->type->destroy(machine);
	assert_null(machine->devices);
	console_destroy(machine->console);
	loop_destroy(&machine->loop);
	free(machine->memory.view.ranges[0].base);
	unlink(world.kernel);
	unlink(world.disk);
	return 0;
}

static int build(const struct machine_type *type)
{
	world.machine.type = type;
	return type->build(&world.machine);
}

static uint64_t in(uint64_t port, unsigned int size)
{
	return io_map_read(&world.machine.io, IO_PORT, port, size);
}

static void out(uint64_t port, uint64_t value)
{
	io_map_write(&world.machine.io, IO_PORT, port, 1, value);
}

/* Input number of the I/O APIC leads to vector of processor 0. */
static void route(unsigned int number, uint8_t vector)
{
	struct io_map *io = &world.machine.io;

	io_map_write(io, IO_MEMORY, IOAPIC_BASE, 4, 0x11 + number * 2);
	io_map_write(io, IO_MEMORY, IOAPIC_BASE + 0x10, 4, 0);
	io_map_write(io, IO_MEMORY, IOAPIC_BASE, 4, 0x10 + number * 2);
	io_map_write(io, IO_MEMORY, IOAPIC_BASE + 0x10, 4, vector);
}

/* Whether the ACPI tables have this name. */
static bool described(const char *name)
{
	const uint8_t *base = world.machine.memory.view.ranges[0].base;

	return memmem(base + 0xe0000, 0x20000, name, strlen(name));
}

static const char *cmdline(void)
{
	return (const char *)world.machine.memory.view.ranges[0].base +
	       LINUX_CMDLINE;
}

static void check_start(void)
{
	assert_int_equal(host.rip, ENTRY);
	assert_int_equal(host.rsi, LINUX_BOOT_PARAMS);
}

static void prints(const char *text)
{
	const uint64_t before = console_written(world.machine.console);

	for (const char *at = text; *at; at++)
		out(COM1, (uint8_t)*at);
	assert_int_equal(console_written(world.machine.console),
			 before + strlen(text));
}

/* What a person types is at COM1. */
static void types(char letter)
{
	struct console_backend *console = world.machine.console;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(console_attach(console, pair[0]), 0);
	assert_int_equal(write(pair[1], &letter, 1), 1);
	console_service(console);
	assert_true(in(COM1 + 5, 1) & 1);
	assert_int_equal(in(COM1, 1), letter);
	console_detach(console, pair[0]);
	close(pair[0]);
	close(pair[1]);
}

static void test_kinds(void **state)
{
	(void)state;
	assert_ptr_equal(machine_type_find("pc"), &machine_pc);
	assert_ptr_equal(machine_type_find("enlightened"),
			 &machine_enlightened);
	assert_null(machine_type_find("toaster"));
	assert_true(machine_pc.hide_hypervisor);
	assert_false(machine_enlightened.hide_hypervisor);
}

static void connect_everything(void)
{
	struct config *config = &world.machine.config;

	config->disk_count = 2;
	config->disks[0].file = world.disk;
	config->disks[1].file = world.kernel;
	config->disks[1].readonly = true;
	assert_int_equal(truncate(world.kernel, 8192), 0);
	config->network_count = 1;
	config->networks[0] = (struct config_network){.mtu = 1500};
}

static void test_enlightened(void **state)
{
	struct machine *machine = &world.machine;

	(void)state;
	connect_everything();
	assert_int_equal(build(&machine_enlightened), 0);
	check_start();
	assert_string_equal(cmdline(), "console=ttyS0");
	assert_true(described("VMBus"));
	assert_true(described("PWRB"));
	assert_true(described("COM1"));
	assert_true(described("_S5_"));
	assert_false(described("RTC_"));
	assert_non_null(machine->input.key);
	assert_non_null(machine->input.point);
	assert_non_null(machine->network.set_link);
	prints("hello");
	types('x');
	out(PM_PORT + ACPI_REDUCED_RESET, ACPI_REDUCED_RESET_VALUE);
	assert_int_equal(world.events, 1);
	assert_int_equal(world.event, MACHINE_RESET);
	/* The clock answers, a PIT does not. */
	out(0x70, 0);
	assert_int_not_equal(in(0x71, 1), 0xff);
	assert_int_equal(in(0x40, 1), 0xff);
}

static void test_enlightened_button(void **state)
{
	(void)state;
	assert_int_equal(build(&machine_enlightened), 0);
	route(9, 0x39);
	assert_true(machine_enlightened.power_button(&world.machine));
	assert_int_equal(host.interrupts, 1);
	assert_int_equal(host.interrupt.vector, 0x39);
	assert_true(in(PM_PORT + ACPI_REDUCED_EVENTS, 1) &
		    ACPI_REDUCED_POWER_BUTTON);
	out(PM_PORT + ACPI_REDUCED_SLEEP_CONTROL, ACPI_REDUCED_S5 << 2 | 0x20);
	assert_int_equal(world.event, MACHINE_POWER_OFF);
}

static void test_without_serial(void **state)
{
	struct machine *machine = &world.machine;

	(void)state;
	console_destroy(machine->console);
	machine->console = NULL;
	assert_int_equal(build(&machine_enlightened), 0);
	assert_false(described("COM1"));
	assert_int_equal(in(COM1 + 5, 1), 0xff);
	machine_enlightened.destroy(machine);
	memset(&machine->io, 0, sizeof(machine->io));
	assert_int_equal(build(&machine_pc), 0);
	assert_false(described("COM1"));
	assert_int_equal(in(COM1 + 5, 1), 0xff);
}

static void refused(const struct machine_type *type, int error,
		    const char *reason)
{
	struct machine *machine = &world.machine;

	assert_int_equal(build(type), error);
	if (!strstr(fake_log_last, reason))
		fail_msg("\"%s\" does not say \"%s\"", fake_log_last, reason);
	type->destroy(machine);
	memset(&machine->io, 0, sizeof(machine->io));
}

static void test_enlightened_refused(void **state)
{
	struct machine *machine = &world.machine;
	const struct io_range taken = {IO_PORT, PM_PORT, 1,
				       NULL,	NULL,	 "other"};

	(void)state;
	machine->exit = CONTROL_EXIT_ERROR;
	assert_int_equal(io_map_add(&machine->io, &taken), 0);
	refused(&machine_enlightened, -EEXIST, "acpi");
	assert_int_equal(machine->exit, CONTROL_EXIT_ERROR);
	host.error = -EIO;
	refused(&machine_enlightened, -EIO, "setting registers");
	machine->config.disk_count = 2;
	machine->config.disks[0].file = world.disk;
	machine->config.disks[1].file = missing;
	refused(&machine_enlightened, -EINVAL, missing);
	assert_int_equal(machine->exit, CONTROL_EXIT_CONFIG);
	machine->config.disk_count = 0;
	machine->exit = CONTROL_EXIT_ERROR;
	machine->config.kernel = missing;
	refused(&machine_enlightened, -ENOENT, missing);
	assert_int_equal(machine->exit, CONTROL_EXIT_CONFIG);
}

static void test_pc(void **state)
{
	struct machine *machine = &world.machine;

	(void)state;
	assert_int_equal(build(&machine_pc), 0);
	check_start();
	assert_string_equal(cmdline(),
			    "console=ttyS0 tsc_early_khz=2000000 tsc=reliable "
			    "no_timer_check");
	assert_false(described("VMBus"));
	assert_true(described("COM1"));
	assert_true(described("RTC_"));
	prints("hello");
	types('y');
	assert_true(machine_pc.power_button(machine));
	assert_true(in(PM_PORT + ACPI_PM_EVENT, 2) & 1 << 8);
	out(0xcf9, ACPI_PM_RESET_VALUE);
	assert_int_equal(world.event, MACHINE_RESET);
}

/* COM1's interrupt reaches the 8259 pair and the I/O APIC. */
static void test_pc_interrupts(void **state)
{
	struct machine *machine = &world.machine;

	(void)state;
	assert_int_equal(build(&machine_pc), 0);
	out(0x20, 0x11);
	out(0x21, 0x30);
	out(0x21, 0x04);
	out(0x21, 0x01);
	out(0x21, 0xef);
	route(4, 0x44);
	out(COM1 + 4, 0x08);
	out(COM1 + 1, 0x02);
	assert_true(world.intr);
	assert_int_equal(machine->irq.acknowledge(machine->irq.pic), 0x34);
	assert_int_equal(host.interrupts, 1);
	assert_int_equal(host.interrupt.vector, 0x44);
	assert_false(host.interrupt.level);
	/* A level that stays comes again when it was ended. */
	route(4, 0);
	io_map_write(&machine->io, IO_MEMORY, IOAPIC_BASE + 0x10, 4,
		     0x8000 | 0x45);
	assert_int_equal(host.interrupt.vector, 0x45);
	assert_true(host.interrupt.level);
	host.interrupts = 0;
	machine->irq.end(machine->irq.ioapic, 0x45);
	assert_int_equal(host.interrupts, 1);
}

static void test_pc_words_given(void **state)
{
	(void)state;
	world.machine.config.cmdline =
		(char *)"tsc_early_khz=1 tsc=unstable no_timer_check";
	assert_int_equal(build(&machine_pc), 0);
	assert_string_equal(cmdline(),
			    "tsc_early_khz=1 tsc=unstable no_timer_check");
}

static void test_pc_refused(void **state)
{
	static char words[4097];
	struct config *config = &world.machine.config;

	(void)state;
	config->disk_count = 1;
	refused(&machine_pc, -ENOTSUP, "no disk controller");
	config->disk_count = 0;
	config->network_count = 1;
	refused(&machine_pc, -ENOTSUP, "no network card");
	config->network_count = 0;
	memset(words, 'a', sizeof(words) - 1);
	config->cmdline = words;
	refused(&machine_pc, -E2BIG, "too long");
	assert_int_equal(world.machine.exit, CONTROL_EXIT_CONFIG);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_kinds),
		TEST(test_enlightened),
		TEST(test_enlightened_button),
		TEST(test_without_serial),
		TEST(test_enlightened_refused),
		TEST(test_pc),
		TEST(test_pc_interrupts),
		TEST(test_pc_words_given),
		TEST(test_pc_refused),
	};

	return cmocka_run_group_tests_name("machines", tests, NULL, NULL);
}
