// SPDX-License-Identifier: GPL-2.0-or-later
/* A guest's channels of VMBus, and the packets on their rings. */
#include "vmbus.h"

#include "abi/hypercall.h"

#define STATUS_NONE 0xffffffffu

static uint32_t open_status(const struct vmbus_channel *channel)
{
	const struct vmbus_open_channel open = {
		.header.type = VMBUS_MSG_OPEN_CHANNEL,
		.relid = channel->offer.relid,
		.open_id = channel->gpadl,
		.ring_gpadl = channel->gpadl,
		.downstream_offset_pages = VMBUS_RING_PAGES,
	};
	struct vmbus_open_channel_result result;

	vmbus_post(&open, sizeof(open));
	if (!vmbus_expect(VMBUS_MSG_OPEN_CHANNEL_RESULT, &result,
			  sizeof(result)))
		return STATUS_NONE;
	return result.status;
}

bool vmbus_channel_open(struct vmbus_channel *channel)
{
	struct vmbus_rings *const rings = channel->rings;
	volatile uint64_t *word;

	for (word = (void *)rings; word < (uint64_t *)(void *)(rings + 1);
	     word++)
		*word = 0;
	rings->out.header.feature_bits = VMBUS_RING_FEATURE_PENDING_SEND_SIZE;
	rings->in.header.feature_bits = VMBUS_RING_FEATURE_PENDING_SEND_SIZE;
	channel->is_open = vmbus_share(channel->offer.relid, channel->gpadl,
				       rings, sizeof(*rings)) &&
			   open_status(channel) == 0;
	return channel->is_open;
}

bool vmbus_channel_close(struct vmbus_channel *channel)
{
	const struct vmbus_close_channel close = {
		.header.type = VMBUS_MSG_CLOSE_CHANNEL,
		.relid = channel->offer.relid,
	};

	channel->is_open = false;
	return vmbus_post(&close, sizeof(close)) &&
	       vmbus_unshare(channel->offer.relid, channel->gpadl);
}

bool vmbus_channel_signal(const struct vmbus_channel *channel)
{
	return !(vmbus_call(HVCALL_SIGNAL_EVENT | HV_HYPERCALL_FAST,
			    channel->offer.connection_id, 0) &
		 HV_HYPERCALL_RESULT_STATUS_MASK);
}

/* Where the next byte goes. */
static uint32_t put(struct vmbus_ring *ring, uint32_t at, const void *bytes,
		    size_t size)
{
	const uint32_t *const words = bytes;
	size_t i;

	for (i = 0; i < size / 4; i++) {
		*(uint32_t *)(void *)(ring->data + at) = words[i];
		at = (at + 4) % VMBUS_RING_DATA;
	}
	return at;
}

void vmbus_channel_put(struct vmbus_channel *channel,
		       const struct vmbus_packet *packet)
{
	static const uint32_t zero;
	struct vmbus_ring *const ring = &channel->rings->out;
	const size_t before =
		sizeof(struct vmbus_packet_descriptor) + packet->header_size;
	const size_t padding = packet->payload_size % 8;
	const struct vmbus_packet_descriptor descriptor = {
		.type = packet->type,
		.data_offset8 = (uint16_t)(before / VMBUS_PACKET_UNIT) ^
				packet->wrong_offset8,
		.length8 = (uint16_t)((before + packet->payload_size + 7) /
				      VMBUS_PACKET_UNIT) ^
			   packet->wrong_length8,
		.flags = packet->flags,
		.transaction_id = packet->transaction_id,
	};
	const struct vmbus_packet_trailer trailer = {
		.write_index = ring->header.write_index,
	};
	uint32_t at = ring->header.write_index;

	at = put(ring, at, &descriptor, sizeof(descriptor));
	at = put(ring, at, packet->header, packet->header_size);
	at = put(ring, at, packet->payload, packet->payload_size);
	at = put(ring, at, &zero, padding);
	at = put(ring, at, &trailer, sizeof(trailer));
	__atomic_store_n(&ring->header.write_index, at, __ATOMIC_SEQ_CST);
}

bool vmbus_channel_send(struct vmbus_channel *channel,
			const struct vmbus_packet *packet)
{
	vmbus_channel_put(channel, packet);
	return vmbus_channel_signal(channel);
}

static bool has_packet(const void *ring)
{
	const volatile struct vmbus_ring_header *const header = ring;

	return header->write_index != header->read_index;
}

bool vmbus_channel_wait(const struct vmbus_channel *channel)
{
	return vmbus_wait_until(has_packet, &channel->rings->in.header);
}

static uint32_t get(const struct vmbus_ring *ring, uint32_t at, void *bytes,
		    size_t size)
{
	uint32_t *const words = bytes;
	size_t i;

	for (i = 0; i < size / 4; i++) {
		words[i] = *(const uint32_t *)(const void *)(ring->data + at);
		at = (at + 4) % VMBUS_RING_DATA;
	}
	return at;
}

size_t vmbus_channel_receive(struct vmbus_channel *channel, void *buffer,
			     size_t capacity)
{
	struct vmbus_ring *const ring = &channel->rings->in;
	const uint32_t at = ring->header.read_index;
	struct vmbus_packet_descriptor descriptor;
	size_t size;

	if (!vmbus_channel_wait(channel))
		return 0;
	get(ring, at, &descriptor, sizeof(descriptor));
	size = descriptor.length8 * VMBUS_PACKET_UNIT;
	get(ring, at, buffer, size < capacity ? size : capacity);
	__atomic_store_n(
		&ring->header.read_index,
		(uint32_t)((at + size + sizeof(struct vmbus_packet_trailer)) %
			   VMBUS_RING_DATA),
		__ATOMIC_SEQ_CST);
	/* The host may wait for room. */
	if (ring->header.pending_send_size)
		vmbus_channel_signal(channel);
	return size;
}
