/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The root of everything a worker holds: one child. */
#include "machine.h"
#include "hvcall.h"
#include "vp.h"
#include "worker/backend/console.h"

#include <errno.h>
#include <string.h>

static void port_event(struct machine_port *port, enum machine_event event,
		       const char *why)
{
	static const enum control_exit exits[] = {
		[MACHINE_POWER_OFF] = CONTROL_EXIT_POWER_OFF,
		[MACHINE_RESET] = CONTROL_EXIT_RESET,
		[MACHINE_BROKEN] = CONTROL_EXIT_CRASH,
	};
	static const char *const words[] = {
		[MACHINE_POWER_OFF] = "powers off",
		[MACHINE_RESET] = "resets",
		[MACHINE_BROKEN] = "cannot go on",
	};
	struct machine *machine = (struct machine *)port;

	if (machine->ending)
		return;
	device_log("machine", "%s: %s", words[event], why);
	/* Asked to restart, it may know only how to power off. */
	if (event == MACHINE_POWER_OFF && machine->restart)
		event = MACHINE_RESET;
	machine_end(machine, exits[event]);
}

/* A child without serial has no console. */
static int open_console(struct machine *machine)
{
	const struct console_options options = {
		.path = machine->config.serial_file,
	};

	if (!machine->config.has_serial)
		return 0;
	machine->console = console_create(&options);
	if (!machine->console) {
		int error = -errno;

		device_log("console", "%s: %s",
			   options.path ? options.path : "console",
			   strerror(-error));
		machine->exit = CONTROL_EXIT_CONFIG;
		return error;
	}
	return console_loop_open(&machine->console_loop, &machine->loop,
				 machine->console);
}

static int open_partition(struct machine *machine)
{
	const struct partition_options options = {
		.hide_hypervisor = machine->type->hide_hypervisor,
	};
	int error =
		guest_memory_create(&machine->memory, machine->config.memory);

	if (error) {
		device_log("memory", "%llu bytes: %s",
			   (unsigned long long)machine->config.memory,
			   strerror(-error));
		return error;
	}
	error = partition_create(&machine->partition, &options);
	if (error)
		return error;
	return partition_map(&machine->partition, &machine->memory.view);
}

static int create_vps(struct machine *machine)
{
	machine->vps = device_allocate(machine->config.processors *
				       sizeof(*machine->vps));
	for (unsigned int i = 0; i < machine->config.processors; i++) {
		int error = vp_create(&machine->vps[i], machine, i);

		if (error)
			return error;
		machine->vp_count = i + 1;
	}
	return 0;
}

int machine_create(struct machine *machine, const struct machine_type *type)
{
	int error;

	machine->type = type;
	machine->exit = CONTROL_EXIT_ERROR;
	machine->partition = (struct partition){.fd = -1};
	machine->port = (struct machine_port){port_event, machine};
	pthread_cond_init(&machine->changed, NULL);
	error = loop_create(&machine->loop);
	if (error)
		return error;
	error = open_console(machine);
	if (!error)
		error = open_partition(machine);
	if (error)
		return error;
	irq_init(&machine->irq, machine);
	synic_init(&machine->synic, machine);
	error = create_vps(machine);
	if (!error)
		error = type->build(machine);
	return error;
}

void machine_destroy(struct machine *machine)
{
	if (machine->devices && machine->type->destroy)
		machine->type->destroy(machine);
	if (machine->console) {
		console_loop_close(&machine->console_loop);
		console_flush(machine->console, 1000);
		console_destroy(machine->console);
	}
	if (machine->synic.machine)
		synic_destroy(&machine->synic);
	if (machine->irq.machine)
		irq_destroy(&machine->irq);
	for (unsigned int i = 0; i < machine->vp_count; i++)
		vp_destroy(&machine->vps[i]);
	device_free(machine->vps);
	if (machine->partition.fd >= 0)
		partition_destroy(&machine->partition);
	guest_memory_destroy(&machine->memory);
	loop_destroy(&machine->loop);
}

static bool all_parked(const struct machine *machine)
{
	for (unsigned int i = 0; i < machine->vp_count; i++)
		if (machine->vps[i].running && !machine->vps[i].parked)
			return false;
	return true;
}

/*
 * A signal that arrives just before the thread enters the kernel is lost, so
 * they are repeated until every thread has seen why.
 */
static void halt_vps(struct machine *machine)
{
	atomic_store(&machine->halting, true);
	pthread_cond_broadcast(&machine->changed);
	while (!all_parked(machine)) {
		struct timespec until;

		for (unsigned int i = 0; i < machine->vp_count; i++)
			vp_kick(&machine->vps[i]);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 5000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000;
		}
		pthread_cond_timedwait(&machine->changed, &machine->loop.lock,
				       &until);
	}
}

/* Where the hypervisor cannot stop it, the child sees a gap. */
static void freeze_reference_time(const struct machine *machine, bool freeze)
{
	int error =
		hvcall_set_property(machine->partition.fd,
				    HV_PARTITION_PROPERTY_TIME_FREEZE, freeze);

	if (error)
		device_log("machine", "reference time: %s", strerror(-error));
}

void machine_pause(struct machine *machine)
{
	if (machine->paused || machine->ending)
		return;
	machine->paused = true;
	halt_vps(machine);
	freeze_reference_time(machine, true);
	loop_freeze(&machine->loop);
}

void machine_resume(struct machine *machine)
{
	if (!machine->paused || machine->ending)
		return;
	machine->paused = false;
	atomic_store(&machine->halting, false);
	loop_thaw(&machine->loop);
	freeze_reference_time(machine, false);
	if (machine->services.resumed)
		machine->services.resumed(machine->services.owner);
	pthread_cond_broadcast(&machine->changed);
}

enum machine_asked machine_ask_end(struct machine *machine, bool restart)
{
	const struct services *services = &machine->services;

	machine->restart = restart;
	if (services->shut_down &&
	    services->shut_down(services->owner, restart))
		return MACHINE_ASKED_SERVICE;
	if (machine->type->power_button && machine->type->power_button(machine))
		return MACHINE_ASKED_BUTTON;
	return MACHINE_ASKED_NOBODY;
}

void machine_end(struct machine *machine, enum control_exit exit)
{
	if (machine->ending)
		return;
	machine->ending = true;
	machine->exit = exit;
	atomic_store(&machine->halting, true);
	pthread_cond_broadcast(&machine->changed);
	loop_end(&machine->loop);
}

const char *machine_state(const struct machine *machine)
{
	if (machine->ending)
		return CONTROL_STATE_ENDING;
	if (machine->paused)
		return CONTROL_STATE_PAUSED;
	if (!machine->vp_count || !machine->vps[0].running)
		return CONTROL_STATE_STARTING;
	return CONTROL_STATE_RUNNING;
}

void machine_run(struct machine *machine)
{
	int error = 0;

	loop_lock(&machine->loop);
	loop_thaw(&machine->loop);
	for (unsigned int i = 0; i < machine->vp_count && !error; i++)
		error = vp_start(&machine->vps[i]);
	if (error)
		machine_end(machine, CONTROL_EXIT_ERROR);
	loop_unlock(&machine->loop);

	loop_run(&machine->loop);

	loop_lock(&machine->loop);
	halt_vps(machine);
	loop_unlock(&machine->loop);
	for (unsigned int i = 0; i < machine->vp_count; i++)
		vp_join(&machine->vps[i]);
}
