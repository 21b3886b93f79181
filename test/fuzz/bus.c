/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device on VMBus that is fuzzed, and the child that does it. */
#include "bus.h"

#define OPENS_MAX 32u /* page lists that one input can make */

struct fuzz_bus bus;

/* ---- Packets ---- */

void bus_send(struct guest_channel *channel, size_t size)
{
	bus.sent.payload_size = size;
	bus.sent.descriptor.transaction_id = channel->next_transaction++;
	if (channel->guest)
		guest_send(channel, &bus.sent);
}

void bus_clear(uint16_t type)
{
	bus.sent.descriptor = (struct vmbus_packet_descriptor){
		.type = type, .flags = VMBUS_PACKET_FLAG_COMPLETION_REQUESTED};
	bus.sent.header_size = 0;
}

void bus_send_inband(struct guest_channel *channel, const void *payload,
		     size_t size)
{
	bus_clear(VMBUS_PACKET_IN_BAND);
	memcpy(bus.sent.payload, payload, size);
	bus_send(channel, size);
}

static void send_raw(struct guest_channel *channel)
{
	size_t size;

	bus_clear(fuzz_8(&bus.input) % 16);
	bus.sent.header_size = fuzz_8(&bus.input) % 8 * 8u;
	fuzz_bytes(&bus.input, bus.sent.header, bus.sent.header_size);
	size = fuzz_8(&bus.input);
	fuzz_bytes(&bus.input, bus.sent.payload, size);
	bus_send(channel, size);
}

void bus_receive(struct guest_channel *channel)
{
	/* The device may send more while it is read from, but not for ever. */
	for (unsigned int i = 0; i < 1000 && channel->guest &&
				 guest_receive(channel, &bus.received);
	     i++)
		if (bus.taken)
			bus.taken(channel);
}

/* ---- Channels ---- */

static void drop_messages(void)
{
	while (bus.guest.message_count)
		guest_take(&bus.guest);
}

static void settle(void)
{
	if (bus.settle)
		bus.settle();
	drop_messages();
}

static void open_channel(unsigned int i)
{
	struct guest_channel *const channel = &bus.channels[i];

	if (i >= bus.offer_count || channel->guest || bus.opens == OPENS_MAX)
		return;
	bus.opens++;
	settle();
	if (guest_open(&bus.guest, &bus.offers[i], bus.ring_pages, channel))
		channel->guest = NULL;
	else if (bus.opened)
		bus.opened(i);
}

static void close_channel(struct guest_channel *channel)
{
	if (channel->guest)
		guest_close(channel);
	channel->guest = NULL;
}

void bus_connect(void)
{
	drop_messages();
	memset(bus.channels, 0, sizeof(bus.channels));
	settle();
	FUZZ_CHECK(guest_contact(&bus.guest, VMBUS_VERSION_5_3));
	bus.offer_count = guest_offers(&bus.guest, bus.offers, BUS_CHANNELS);
	FUZZ_CHECK(bus.offer_count >= 1);
	if (bus.offer_count > BUS_CHANNELS)
		bus.offer_count = BUS_CHANNELS;
	open_channel(0);
}

void bus_reset(void)
{
	memset(bus.channels, 0, sizeof(bus.channels));
	vmbus_server_reset(bus.guest.server);
	if (bus.settle)
		bus.settle();
	FUZZ_CHECK(vmbus_server_idle(bus.guest.server));
}

/* ---- All of it ---- */

static void step(void)
{
	const uint8_t operation = fuzz_8(&bus.input);
	const unsigned int detail = operation >> 4;
	struct guest_channel *const channel =
		&bus.channels[detail % BUS_CHANNELS];

	switch (operation & 15) {
	case 0:
		send_raw(channel);
		break;
	case 1:
		close_channel(channel);
		break;
	case 2:
		open_channel(detail % BUS_CHANNELS);
		break;
	case 3:
		if (detail < 4)
			bus_reset();
		if (detail < 8)
			bus_connect();
		break;
	case 4:
		bus_receive(channel);
		break;
	case 5:
		fake_clock_advance(&bus.guest.clock, 1000ull << detail * 2);
		break;
	default:
		bus.act((operation & 15) - 6, detail);
	}
	drop_messages();
}

void bus_run(void)
{
	while (fuzz_more(&bus.input))
		step();
	for (unsigned int i = 0; i < BUS_CHANNELS; i++)
		bus_receive(&bus.channels[i]);
	bus_reset();
}

void bus_start(const uint8_t *data, size_t size)
{
	static uint8_t *low, *high;

	if (!low) {
		low = fuzz_pages(GUEST_LOW_SIZE);
		high = fuzz_pages(GUEST_HIGH_SIZE);
	}
	fuzz_pages_clear(low, GUEST_LOW_SIZE);
	fuzz_pages_clear(high, GUEST_HIGH_SIZE);
	guest_start(&bus.guest, low, high);
	bus.guest.slots = GUEST_MESSAGES_MAX;
	bus.input = (struct fuzz){data, size, 0};
	bus.opens = 0;
	for (unsigned int i = 0; i < BUS_PAGES; i++)
		bus.pages[i] = guest_page(&bus.guest);
}

void bus_stop(void)
{
	guest_stop(&bus.guest);
}
