/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does all deeds and says what came of each. */
#include "protocols.h"
#include "../tests/check.h"

#define VECTOR	      0x40u
#define PATIENCE      200000000ull /* 20 s, in 100 ns */
#define POLLS	      64
#define CLOSING_SPACE 10500000ull /* 1.05 s: the host's log has a limit */

static const struct protocol *const protocols[] = {
	&bus_protocol,	    &list_protocol,	 &ring_protocol,
	&further_protocol,  &storage_protocol,	 &network_protocol,
	&rndis_protocol,    &keyboard_protocol,	 &mouse_protocol,
	&shutdown_protocol, &heartbeat_protocol, &timesync_protocol,
	&kvp_protocol,
};

static struct {
	uint32_t good;
	uint32_t failed;
	uint32_t closed;
	uint64_t closed_time;
} state;

/* ---- What the client of VMBus needs ---- */

uint64_t vmbus_call(uint64_t control, uint64_t input, uint64_t output)
{
	return call(control, input, output);
}

bool vmbus_wait_until(bool (*is_true)(const void *about), const void *about)
{
	const uint64_t start = time_now();
	uint32_t polls = 0;

	while (!is_true(about)) {
		if (++polls % POLLS == 0 && time_now() - start > PATIENCE)
			return false;
		__asm__ volatile("pause" ::: "memory");
	}
	return true;
}

/* ---- Channels ---- */

uint32_t list_new(void)
{
	static uint32_t last = 0x1000;

	return ++last;
}

void channel_finish(struct vmbus_channel *channel)
{
	if (channel->is_open)
		vmbus_channel_close(channel);
}

bool channel_say(struct vmbus_channel *channel, uint64_t transaction,
		 const void *payload, size_t size)
{
	const struct vmbus_packet packet = {
		.type = VMBUS_PACKET_IN_BAND,
		.flags = transaction ? VMBUS_PACKET_FLAG_COMPLETION_REQUESTED
				     : 0,
		.transaction_id = transaction,
		.payload = payload,
		.payload_size = size,
	};

	return vmbus_channel_send(channel, &packet);
}

bool channel_is_taken(const void *channel)
{
	const volatile struct vmbus_ring_header *const header =
		&((const struct vmbus_channel *)channel)->rings->out.header;

	return header->read_index == header->write_index ||
	       !vmbus_channel_signal(channel);
}

static bool is_gone(const void *channel)
{
	return !vmbus_channel_signal(channel);
}

static void finish(const struct protocol *protocol)
{
	if (!protocol->channel || !protocol->channel->is_open)
		return;
	channel_finish(protocol->channel);
	if (protocol->closed)
		protocol->closed();
}

static bool restart(const struct protocol *protocol, bool raw)
{
	if (!protocol->channel)
		return true;
	finish(protocol);
	protocol->channel->gpadl = list_new();
	return vmbus_channel_open(protocol->channel) &&
	       (raw || protocol->set_up());
}

/* ---- Deeds ---- */

/* NULL, or what is wrong. */
static const char *judge(const struct protocol *protocol,
			 const struct deed *deed, bool refused)
{
	if (refused != (deed->wanted == REFUSED))
		return refused ? "an error" : "no error";
	if (deed->wanted == CLOSED) {
		if (!vmbus_wait_until(is_gone, protocol->channel))
			return "not closed";
		if (!restart(protocol, false))
			return "cannot be opened again";
	} else if (deed->raw && !protocol->set_up()) {
		return "cannot be set up any more";
	}
	if (!protocol->works())
		return "works no more";
	return protocol->others_work() ? NULL : "others work no more";
}

void closing_expect(void)
{
	while (time_now() - state.closed_time < CLOSING_SPACE)
		__asm__ volatile("pause");
	state.closed_time = time_now();
	state.closed++;
}

static void run(const struct protocol *protocol, const struct deed *deed)
{
	static const char *const words[] = {[IGNORED] = "ignored",
					    [REFUSED] = "error",
					    [CLOSED] = "closed"};
	const char *wrong;

	if (deed->wanted == CLOSED)
		closing_expect();
	wrong = deed->raw && !restart(protocol, true)
			? "the channel does not open"
			: judge(protocol, deed, deed->run());
	print("deed ");
	print(protocol->name);
	print("-");
	print(deed->name);
	print(": ");
	if (!wrong) {
		state.good++;
		print("ok (");
		print(words[deed->wanted]);
		print(")\n");
		return;
	}
	state.failed++;
	print("FAILED: ");
	print(wrong);
	print("\n");
	restart(protocol, false);
}

static void run_all(const struct protocol *protocol)
{
	size_t i;

	if (protocol->begin)
		protocol->begin();
	if (!restart(protocol, false)) {
		state.failed++;
		print("FAILED: no channel for ");
		print(protocol->name);
		print("\n");
		return;
	}
	for (i = 0; i < protocol->count; i++)
		run(protocol, &protocol->deeds[i]);
	finish(protocol);
}

void protocols_run(void)
{
	size_t i;

	if (!calls_enable()) {
		print("FAILED: no hypercalls\n");
		return;
	}
	vmbus_synic_start(VECTOR);
	if (!bus_connect()) {
		print("FAILED: no connection\n");
		return;
	}
	for (i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		run_all(protocols[i]);
	print("deeds: ");
	print_number(state.good);
	print(" ok, ");
	print_number(state.failed);
	print(" failed, ");
	print_number(state.closed);
	print(" channels closed\n");
}
