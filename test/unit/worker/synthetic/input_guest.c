/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's side of keyboard and mouse. */
#include "input_guest.h"

#include <string.h>

struct vmbus_offer_channel input_guest_offer(struct guest *guest)
{
	struct vmbus_offer_channel offer;

	assert_true(guest_contact(guest, VMBUS_VERSION_5_3));
	assert_int_equal(guest_offers(guest, &offer, 1), 1);
	return offer;
}

bool input_guest_send(struct guest_channel *channel, uint64_t transaction,
		      const void *payload, size_t size)
{
	static struct guest_packet packet;

	packet.descriptor = (struct vmbus_packet_descriptor){
		.type = VMBUS_PACKET_IN_BAND,
		.flags = transaction ? VMBUS_PACKET_FLAG_COMPLETION_REQUESTED
				     : 0,
		.transaction_id = transaction,
	};
	packet.header_size = 0;
	packet.payload_size = size;
	memcpy(packet.payload, payload, size);
	return guest_send(channel, &packet);
}

size_t input_guest_expect(struct guest_channel *channel, void *payload,
			  size_t capacity)
{
	static struct guest_packet packet;

	assert_true(guest_receive(channel, &packet));
	assert_int_equal(packet.descriptor.type, VMBUS_PACKET_IN_BAND);
	assert_int_equal(packet.descriptor.flags, 0);
	assert_int_equal(packet.header_size, 0);
	memset(payload, 0, capacity);
	memcpy(payload, packet.payload,
	       packet.payload_size < capacity ? packet.payload_size : capacity);
	return packet.payload_size;
}

void input_guest_expect_completion(struct guest_channel *channel,
				   uint64_t transaction)
{
	static struct guest_packet packet;

	assert_true(guest_receive(channel, &packet));
	assert_int_equal(packet.descriptor.type, VMBUS_PACKET_COMPLETION);
	assert_int_equal(packet.descriptor.transaction_id, transaction);
	assert_int_equal(packet.payload_size, 0);
}

void input_guest_expect_none(struct guest_channel *channel)
{
	static struct guest_packet packet;

	assert_false(guest_receive(channel, &packet));
}
