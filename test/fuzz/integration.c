/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Integration services: a child that answers each of them with anything. */
#include "bus.h"

#include "worker/synthetic/heartbeat.h"
#include "worker/synthetic/kvp.h"
#include "worker/synthetic/shutdown.h"
#include "worker/synthetic/timesync.h"

static struct heartbeat *heartbeat;
static struct timesync *timesync;
static struct shutdown *stopper;
static struct kvp *kvp;
static struct guest_packet last[BUS_CHANNELS]; /* that the child was sent */

static void taken(struct guest_channel *channel)
{
	last[channel - bus.channels] = bus.received;
}

/* With one of the versions that were offered, or another one. */
static void negotiate(struct guest_channel *channel)
{
	struct guest_packet *const packet = &last[channel - bus.channels];
	struct vmbus_ic_negotiate *const message = (void *)packet->payload;
	const uint8_t which = fuzz_8(&bus.input);
	const unsigned int at = message->framework_version_count + (which & 7u);

	bus_receive(channel);
	if (packet->payload_size < sizeof(*message) + 8)
		return;
	message->header.message_size = 16;
	message->versions[0] = message->versions[which >> 3 & 1];
	if ((uint8_t *)&message->versions[at + 1] <=
	    packet->payload + packet->payload_size)
		message->versions[1] = message->versions[at];
	message->framework_version_count = 1;
	message->message_version_count = 1;
	message->header.flags =
		VMBUS_IC_FLAG_TRANSACTION | VMBUS_IC_FLAG_RESPONSE;
	if (which >= 240)
		((uint8_t *)message)[fuzz_8(&bus.input) % 44] =
			fuzz_8(&bus.input);
	bus_send_inband(channel, message, packet->payload_size);
}

/* What came, sent back with some bytes of it changed. */
static void answer(struct guest_channel *channel)
{
	struct guest_packet *const packet = &last[channel - bus.channels];
	struct vmbus_ic_header *const header = (void *)packet->payload;
	uint8_t changes = fuzz_8(&bus.input) % 8;
	size_t size;

	bus_receive(channel);
	size = packet->payload_size;
	if (size < sizeof(*header))
		return;
	header->flags = VMBUS_IC_FLAG_TRANSACTION | VMBUS_IC_FLAG_RESPONSE;
	header->status = 0;
	while (changes--) {
		const uint16_t at = fuzz_16(&bus.input);
		const uint16_t where =
			at & 0x8000 ? sizeof(*header) + at % 64 : at;

		packet->payload[where % size] = fuzz_8(&bus.input);
	}
	if (fuzz_8(&bus.input) > 250)
		size = fuzz_16(&bus.input) % sizeof(packet->payload);
	bus_send_inband(channel, packet->payload, size);
}

static void look(void)
{
	const struct kvp_facts *const facts = kvp_facts(kvp);

	heartbeat_state(heartbeat);
	shutdown_state(stopper);
	FUZZ_CHECK(!facts == (kvp_state(kvp) != KVP_KNOWN));
	if (!facts)
		return;
	FUZZ_CHECK(facts->item_count <= KVP_ITEMS_MAX);
	FUZZ_CHECK(facts->adapter_count <= KVP_ADAPTERS_MAX);
	for (unsigned int i = 0; i < facts->item_count; i++) {
		FUZZ_CHECK(memchr(facts->items[i].key, 0, KVP_KEY_SIZE));
		FUZZ_CHECK(memchr(facts->items[i].value, 0, KVP_VALUE_SIZE));
	}
	for (unsigned int i = 0; i < facts->adapter_count; i++)
		FUZZ_CHECK(memchr(facts->adapters[i].addresses, 0,
				  KVP_VALUE_SIZE));
}

static bool reference(void *owner, uint64_t *time)
{
	(void)owner;
	*time = bus.guest.clock.now_ns / 100;
	return bus.opens & 1;
}

static void refused(void *owner, uint32_t flags)
{
	(void)owner;
	(void)flags;
}

static void act(unsigned int operation, unsigned int detail)
{
	struct guest_channel *const channel =
		&bus.channels[detail % BUS_CHANNELS];

	switch (operation) {
	case 0:
	case 1:
		negotiate(channel);
		break;
	case 2:
		timesync_set(timesync);
		break;
	case 3:
		shutdown_ask(stopper, detail & 7);
		break;
	case 4:
		kvp_refresh(kvp);
		break;
	case 5:
		look();
		break;
	case 6:
		fake_clock_advance(&bus.guest.clock, 1000000000ull << detail);
		break;
	default:
		answer(channel);
	}
}

static struct integration_options options(uint8_t number)
{
	return (struct integration_options){
		.server = bus.guest.server,
		.clock = &bus.guest.clock.clock,
		.instance = {{number}},
	};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bus.ring_pages = 8;
	bus.taken = taken;
	bus.act = act;
	memset(last, 0, sizeof(last));
	bus_start(data, size);
	heartbeat =
		heartbeat_create((struct integration_options[]){options(1)});
	timesync = timesync_create(&(struct timesync_options){
		.integration = options(2), .reference = reference});
	stopper = shutdown_create(&(struct shutdown_options){
		.integration = options(3), .refused = refused});
	kvp = kvp_create(&(struct kvp_options){
		.integration = options(4),
		.macs = {"02:00:00:00:00:01", "02:00:00:00:00:02"}});
	bus_connect();
	bus_run();
	heartbeat_destroy(heartbeat);
	timesync_destroy(timesync);
	shutdown_destroy(stopper);
	kvp_destroy(kvp);
	bus_stop();
	return 0;
}
