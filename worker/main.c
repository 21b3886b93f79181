/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One child: bulkhead-worker --config FILE --control SOCKET [--console-fd N].
 */
#include "worker/backend/console.h"
#include "worker/core/confine.h"
#include "worker/core/log.h"
#include "worker/core/machine.h"
#include "worker/machine/machines.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
	const char *config;
	const char *control;
	int console_fd; /* -1: none */
	bool help;
};

static void usage(FILE *to)
{
	fputs("usage: bulkhead-worker --config FILE --control SOCKET "
	      "[--console-fd N]\n"
	      "Runs one child; hvctl starts it. Example:\n"
	      "  bulkhead-worker --config /run/bulkhead/web.json "
	      "--control /run/bulkhead/web.sock\n",
	      to);
}

/* False: not understood. */
static bool parse(int count, char **words, struct arguments *arguments)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"control", required_argument, NULL, 's'},
		{"console-fd", required_argument, NULL, 'f'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	*arguments = (struct arguments){.console_fd = -1};
	while ((option = getopt_long(count, words, "", options, NULL)) != -1) {
		if (option == 'c')
			arguments->config = optarg;
		else if (option == 's')
			arguments->control = optarg;
		else if (option == 'f')
			arguments->console_fd = atoi(optarg);
		else if (option == 'h')
			arguments->help = true;
		else
			return false;
	}
	return arguments->help ||
	       (arguments->config && arguments->control && optind == count);
}

/* Lock held. */
static int attach(struct machine *machine, const struct arguments *arguments)
{
	int error =
		control_open(&machine->control, machine, arguments->control);

	if (error) {
		device_log("control", "%s: %s", arguments->control,
			   strerror(-error));
		return error;
	}
	if (arguments->console_fd < 0 || !machine->console)
		return 0;
	error = console_attach(machine->console, arguments->console_fd);
	if (error)
		device_log("console", "descriptor %d: %s",
			   arguments->console_fd, strerror(-error));
	return error;
}

/* The kernel's threads for a disk count as ours. */
#define THREADS_OF_DISKS 128u

static int give_up(const struct machine *machine)
{
	struct confine_options options = {
		.threads = machine->config.processors + THREADS_OF_DISKS,
	};

	for (unsigned int i = 0; i < machine->config.network_count; i++)
		if (!machine->config.networks[i].bridge)
			options.sockets = true;
	return confine(&options);
}

static int run(struct machine *machine, const struct machine_type *type,
	       const struct arguments *arguments)
{
	int error = machine_create(machine, type);

	if (!error) {
		loop_lock(&machine->loop);
		error = attach(machine, arguments);
		loop_unlock(&machine->loop);
	}
	if (!error)
		error = give_up(machine);
	if (!error)
		machine_run(machine);
	control_close(&machine->control);
	machine_destroy(machine);
	return (int)machine->exit;
}

int main(int count, char **words)
{
	struct arguments arguments;
	const struct machine_type *type;
	struct machine *machine;
	char text[512];
	int exit_code = CONTROL_EXIT_CONFIG;

	if (!parse(count, words, &arguments)) {
		usage(stderr);
		return CONTROL_EXIT_CONFIG;
	}
	if (arguments.help) {
		usage(stdout);
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	machine = device_allocate(sizeof(*machine));
	if (config_read(&machine->config, arguments.config, text,
			sizeof(text))) {
		fprintf(stderr, "bulkhead-worker: %s\n", text);
		device_free(machine);
		return CONTROL_EXIT_CONFIG;
	}
	log_open(machine->config.name);
	type = machine_type_find(machine->config.machine);
	if (type)
		exit_code = run(machine, type, &arguments);
	else
		device_log("worker", "there is no machine \"%s\"",
			   machine->config.machine);
	log_open("worker");
	config_free(&machine->config);
	device_free(machine);
	return exit_code;
}
