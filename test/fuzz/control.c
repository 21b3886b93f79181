/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker's control socket: bytes that a client sends, in pieces, to a
 * machine without processors. An input is pieces, each behind its length.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "worker/core/machine.h"

static struct machine machine;
static struct sockaddr_un address = {.sun_family = AF_UNIX};

static bool power_button(struct machine *of)
{
	(void)of;
	return true;
}

static enum input_result key(void *keyboard, const struct input_key *pressed)
{
	(void)keyboard;
	FUZZ_CHECK(pressed->code >= 1 && pressed->code <= 0x7f);
	return pressed->code == 1 ? INPUT_ABSENT : INPUT_TAKEN;
}

static enum input_result point(void *pointer, const struct input_pointer *at)
{
	(void)pointer;
	FUZZ_CHECK(at->x <= INPUT_POINTER_MAX && at->y <= INPUT_POINTER_MAX);
	FUZZ_CHECK(at->buttons <= INPUT_BUTTONS);
	return at->x == 1 ? INPUT_ABSENT : INPUT_TAKEN;
}

static void remove_socket(void)
{
	control_close(&machine.control);
}

static void start(void)
{
	static const struct machine_type type = {.name = "fuzzed",
						 .power_button = power_button};

	machine.type = &type;
	machine.config.name = strdup("fuzzed");
	machine.config.machine = strdup("enlightened");
	machine.partition.fd = -1;
	machine.input = (struct input){.key = key, .point = point};
	pthread_cond_init(&machine.changed, NULL);
	snprintf(address.sun_path, sizeof(address.sun_path),
		 "/tmp/bulkhead-fuzz.%d", (int)getpid());
	FUZZ_CHECK(loop_create(&machine.loop) == 0);
	FUZZ_CHECK(control_open(&machine.control, &machine, address.sun_path) ==
		   0);
	atexit(remove_socket);
}

/* Whether the client is still one. */
static bool offer(int fd, const uint8_t *data, size_t size)
{
	struct control_client *const client = &machine.control.clients[0];

	if (size && send(fd, data, size, MSG_NOSIGNAL) != (ssize_t)size)
		return false;
	client->watch.ready(client->watch.owner, 0);
	return client->used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct loop_watch *const listening = &machine.control.listening;
	struct fuzz fuzz = {data, size, 0};
	uint8_t piece[512];
	char answers[4096];
	bool there = true;

	if (!machine.type)
		start();
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	FUZZ_CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) ==
		   0);
	listening->ready(listening->owner, 0);
	while (there && fuzz_more(&fuzz)) {
		const size_t length = fuzz_8(&fuzz) * 2u;

		there = offer(fd, piece, fuzz_bytes(&fuzz, piece, length));
		while (recv(fd, answers, sizeof(answers), MSG_DONTWAIT) > 0)
			;
	}
	close(fd);
	if (there)
		offer(-1, NULL, 0);
	for (unsigned int i = 0; i < CONTROL_CLIENTS_MAX; i++)
		FUZZ_CHECK(!machine.control.clients[i].used);
	machine.ending = false;
	return 0;
}
