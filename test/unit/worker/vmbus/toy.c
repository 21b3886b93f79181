// SPDX-License-Identifier: GPL-2.0-or-later
/* A device that does what the test says. */
#include "toy.h"

#include <string.h>

static bool toy_opened(struct vmbus_channel *channel)
{
	struct toy *const toy = vmbus_channel_owner(channel);

	toy->opened++;
	return !toy->refuse_open;
}

static void toy_closed(struct vmbus_channel *channel)
{
	struct toy *const toy = vmbus_channel_owner(channel);

	toy->closed++;
	assert_false(vmbus_channel_is_open(channel));
	assert_false(vmbus_channel_complete(channel, 0, NULL, 0));
}

static bool toy_packet(struct vmbus_channel *channel,
		       const struct vmbus_packet *packet)
{
	struct toy *const toy = vmbus_channel_owner(channel);

	if (toy->refuse_packets)
		return false;
	toy->packets++;
	toy->last_type = packet->type;
	toy->last_transaction = packet->transaction_id;
	toy->last_header_size = packet->header_size;
	toy->last_size = packet->payload_size;
	assert_true(packet->payload_size <= sizeof(toy->last_payload));
	memcpy(toy->last_payload, packet->payload, packet->payload_size);
	if (toy->hold) {
		toy->hold--;
		vmbus_channel_hold(channel);
	}
	if (toy->echo &&
	    !vmbus_channel_complete(channel, packet->transaction_id,
				    packet->payload, packet->payload_size))
		toy->unsent++;
	return true;
}

static void toy_drained(struct vmbus_channel *channel)
{
	struct toy *const toy = vmbus_channel_owner(channel);

	toy->drained++;
}

static void toy_writable(struct vmbus_channel *channel)
{
	struct toy *const toy = vmbus_channel_owner(channel);

	toy->writable++;
	while (toy->unsent && vmbus_channel_complete(channel, 0, "late", 4))
		toy->unsent--;
}

const struct vmbus_device_operations toy_operations = {
	.opened = toy_opened,
	.closed = toy_closed,
	.packet = toy_packet,
	.drained = toy_drained,
	.writable = toy_writable,
};

void toy_create(struct toy *toy, struct guest *guest, uint16_t sub_index,
		bool deferred)
{
	const struct vmbus_channel_options options = {
		.name = "toy",
		.type = VMBUS_GUID_HEARTBEAT,
		.instance = {{1, 2, 3}},
		.flags = VMBUS_OFFER_ENUMERATE_DEVICE_INTERFACE,
		.mmio_megabytes = 8,
		.sub_index = sub_index,
		.deferred = deferred,
		.user_defined = {4, 5, 6},
		.operations = &toy_operations,
		.owner = toy,
	};

	memset(toy, 0, sizeof(*toy));
	toy->channel = vmbus_channel_create(guest->server, &options);
	assert_non_null(toy->channel);
}
