// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Synthetic network adapter: channels, and the NVSP messages on them.
 *
 * Every packet is done with when it is answered. An answer that finds no room
 * on the ring waits in its lane; when too many do, packets wait on the ring.
 */
#include "netvsp_device.h"

#include <string.h>

#define FRAME_DEFAULT 1514u /* of a driver that does not say */
#define FRAME_MIN     590u  /* 576 bytes of IP: RFC 791 */

/* Longer since version 6.1, though no message needs it. */
#define MESSAGE_SIZE_OLD 28u

/* The driver splits no message in more pieces. */
#define MDL_CHAIN_MAX 34u

size_t netvsp_message_size(const struct netvsp *netvsp)
{
	return netvsp->version >= NVSP_VERSION_6_1 ? sizeof(struct nvsp_message)
						   : MESSAGE_SIZE_OLD;
}

/* ---- Answers ---- */

static bool completion_send(struct netvsp_lane *lane,
			    const struct netvsp_completion *completion)
{
	return vmbus_channel_complete(lane->channel, completion->transaction_id,
				      &completion->message,
				      netvsp_message_size(lane->netvsp));
}

static void packet_answer(struct netvsp_lane *lane,
			  const struct vmbus_packet *packet,
			  const struct nvsp_message *message)
{
	const struct netvsp_completion completion = {packet->transaction_id,
						     *message};
	const unsigned int last =
		(lane->done_first + lane->done_count) % NETVSP_DONE_MAX;

	if (!packet->completion_requested ||
	    !vmbus_channel_is_open(lane->channel))
		return;
	if (!lane->done_count && completion_send(lane, &completion))
		return;
	/* No room; unless the ring is not valid, which has closed it. */
	if (!vmbus_channel_is_open(lane->channel))
		return;
	lane->done[last] = completion;
	lane->done_count++;
}

static bool done_send(struct netvsp_lane *lane)
{
	while (lane->done_count) {
		if (!completion_send(lane, &lane->done[lane->done_first]))
			return false;
		lane->done_first = (lane->done_first + 1) % NETVSP_DONE_MAX;
		lane->done_count--;
	}
	return true;
}

/* ---- NVSP messages ---- */

static void handle_init(struct netvsp_lane *lane,
			const struct nvsp_message *message,
			const struct vmbus_packet *packet)
{
	static const uint32_t versions[] = {
		NVSP_VERSION_1, NVSP_VERSION_2, NVSP_VERSION_4,
		NVSP_VERSION_5, NVSP_VERSION_6, NVSP_VERSION_6_1,
	};
	struct netvsp *const netvsp = lane->netvsp;
	const struct nvsp_init asked = message->init;
	struct nvsp_message answer = {
		.type = NVSP_INIT_COMPLETE,
		.init_complete = {.max_mdl_chain_length = MDL_CHAIN_MAX,
				  .status = NVSP_STATUS_FAILURE},
	};
	uint32_t version = 0;

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (versions[i] >= asked.min_version &&
		    versions[i] <= asked.max_version)
			version = versions[i];
	/* What has buffers keeps the version that it got them with. */
	if (version && !netvsp->receive.gpadl && !netvsp->send.gpadl &&
	    !netvsp->rndis.initialized) {
		netvsp->version = version;
		netvsp->frame_max = FRAME_DEFAULT;
		netvsp->vlan_aside = false;
		answer.init_complete.negotiated_version = version;
		answer.init_complete.status = NVSP_STATUS_SUCCESS;
	}
	packet_answer(lane, packet, &answer);
}

/* What NDIS the driver is of makes no difference to us. */
static void handle_ndis_version(struct netvsp_lane *lane,
				const struct nvsp_message *message,
				const struct vmbus_packet *packet)
{
	packet_answer(lane, packet, message);
}

static void handle_ndis_config(struct netvsp_lane *lane,
			       const struct nvsp_message *message,
			       const struct vmbus_packet *packet)
{
	struct netvsp *const netvsp = lane->netvsp;
	const struct nvsp_ndis_config *const config = &message->ndis_config;
	const uint32_t most = netvsp->options.link->mtu + FRAME_ETHERNET_SIZE;

	if (netvsp->receive.gpadl) {
		vmbus_channel_break(lane->channel,
				    "its frames change with buffers in use");
		return;
	}
	netvsp->frame_max = config->mtu < most ? config->mtu : most;
	if (netvsp->frame_max < FRAME_MIN)
		netvsp->frame_max = FRAME_MIN;
	netvsp->vlan_aside =
		config->capabilities_low & NVSP_CAPABILITY_IEEE8021Q;
	packet_answer(lane, packet, message);
}

static void handle_receive_buffer(struct netvsp_lane *lane,
				  const struct nvsp_message *message,
				  const struct vmbus_packet *packet)
{
	struct receive_buffer *const buffer = &lane->netvsp->receive;
	struct nvsp_message answer = {
		.type = NVSP_SEND_RECEIVE_BUFFER_COMPLETE,
		.receive_buffer_complete = {.status = NVSP_STATUS_FAILURE},
	};
	struct gpadl *const gpadl =
		buffer->gpadl
			? NULL
			: vmbus_channel_gpadl_acquire(
				  lane->channel, message->send_buffer.gpadl);

	if (gpadl &&
	    receive_buffer_attach(buffer, gpadl, lane->netvsp->frame_max)) {
		buffer->id = message->send_buffer.id;
		answer.receive_buffer_complete =
			(struct nvsp_send_receive_buffer_complete){
				.status = NVSP_STATUS_SUCCESS,
				.section_count = 1,
				.sections = {{
					0,
					buffer->section_size,
					buffer->section_count,
					buffer->section_size *
						buffer->section_count,
				}},
			};
	} else if (gpadl) {
		vmbus_channel_gpadl_release(lane->channel, gpadl);
	}
	packet_answer(lane, packet, &answer);
}

static void handle_revoke_receive(struct netvsp_lane *lane,
				  const struct nvsp_message *message,
				  const struct vmbus_packet *packet)
{
	struct netvsp *const netvsp = lane->netvsp;

	if (!netvsp->receive.gpadl ||
	    netvsp->receive.id != message->revoke_buffer.id) {
		vmbus_channel_break(lane->channel,
				    "it revokes a receive buffer it has not");
		return;
	}
	receive_buffer_detach(&netvsp->receive, lane->channel);
	packet_answer(lane, packet, message);
}

static void handle_send_buffer(struct netvsp_lane *lane,
			       const struct nvsp_message *message,
			       const struct vmbus_packet *packet)
{
	struct send_buffer *const buffer = &lane->netvsp->send;
	struct nvsp_message answer = {
		.type = NVSP_SEND_SEND_BUFFER_COMPLETE,
		.send_buffer_complete = {.status = NVSP_STATUS_FAILURE},
	};
	struct gpadl *const gpadl =
		buffer->gpadl
			? NULL
			: vmbus_channel_gpadl_acquire(
				  lane->channel, message->send_buffer.gpadl);

	if (gpadl && send_buffer_attach(buffer, gpadl)) {
		buffer->id = message->send_buffer.id;
		answer.send_buffer_complete =
			(struct nvsp_send_send_buffer_complete){
				NVSP_STATUS_SUCCESS,
				buffer->section_size,
			};
	} else if (gpadl) {
		vmbus_channel_gpadl_release(lane->channel, gpadl);
	}
	packet_answer(lane, packet, &answer);
}

static void handle_revoke_send(struct netvsp_lane *lane,
			       const struct nvsp_message *message,
			       const struct vmbus_packet *packet)
{
	struct netvsp *const netvsp = lane->netvsp;

	if (!netvsp->send.gpadl ||
	    netvsp->send.id != message->revoke_buffer.id) {
		vmbus_channel_break(lane->channel,
				    "it revokes a send buffer it has not");
		return;
	}
	send_buffer_detach(&netvsp->send, lane->channel);
	packet_answer(lane, packet, message);
}

static void handle_rndis(struct netvsp_lane *lane,
			 const struct nvsp_message *message,
			 const struct vmbus_packet *packet)
{
	const struct nvsp_message answer = {
		.type = NVSP_SEND_RNDIS_PACKET_COMPLETE,
		.rndis_packet_complete = {netvsp_transmit(
			lane, &message->rndis_packet, packet)},
	};

	packet_answer(lane, packet, &answer);
}

/* There is no other path than this one. */
static void handle_data_path(struct netvsp_lane *lane,
			     const struct nvsp_message *message,
			     const struct vmbus_packet *packet)
{
	packet_answer(lane, packet, message);
}

static void handle_subchannels(struct netvsp_lane *lane,
			       const struct nvsp_message *message,
			       const struct vmbus_packet *packet)
{
	const struct nvsp_message answer = {
		.type = NVSP_SUBCHANNEL,
		.subchannel_complete = {NVSP_STATUS_FAILURE, 0},
	};

	(void)message;
	packet_answer(lane, packet, &answer);
}

struct operation {
	void (*handle)(struct netvsp_lane *lane,
		       const struct nvsp_message *message,
		       const struct vmbus_packet *packet);
	size_t size;	  /* of the message's body, at least */
	uint32_t version; /* since which there is such a message */
	bool any_channel; /* else only the first */
};

static const struct operation operations[] = {
	[NVSP_INIT] = {handle_init, sizeof(struct nvsp_init), 0, false},
	[NVSP_SEND_NDIS_VERSION] = {handle_ndis_version,
				    sizeof(struct nvsp_ndis_version),
				    NVSP_VERSION_1, false},
	[NVSP_SEND_RECEIVE_BUFFER] = {handle_receive_buffer,
				      sizeof(struct nvsp_send_buffer),
				      NVSP_VERSION_1, false},
	[NVSP_REVOKE_RECEIVE_BUFFER] = {handle_revoke_receive, sizeof(uint16_t),
					NVSP_VERSION_1, false},
	[NVSP_SEND_SEND_BUFFER] = {handle_send_buffer,
				   sizeof(struct nvsp_send_buffer),
				   NVSP_VERSION_1, false},
	[NVSP_REVOKE_SEND_BUFFER] = {handle_revoke_send, sizeof(uint16_t),
				     NVSP_VERSION_1, false},
	[NVSP_SEND_RNDIS_PACKET] = {handle_rndis,
				    sizeof(struct nvsp_send_rndis_packet),
				    NVSP_VERSION_1, true},
	[NVSP_SEND_NDIS_CONFIG] = {handle_ndis_config,
				   sizeof(struct nvsp_ndis_config),
				   NVSP_VERSION_2, false},
	[NVSP_SWITCH_DATA_PATH] = {handle_data_path, sizeof(uint32_t),
				   NVSP_VERSION_4, false},
	[NVSP_SUBCHANNEL] = {handle_subchannels,
			     sizeof(struct nvsp_subchannel_request),
			     NVSP_VERSION_5, false},
};

/* ---- Packets ---- */

static const struct operation *operation_find(const struct netvsp_lane *lane,
					      uint32_t type, size_t size)
{
	const struct operation *operation;

	if (type >= sizeof(operations) / sizeof(operations[0]))
		return NULL;
	operation = &operations[type];
	if (!operation->handle || size < operation->size ||
	    lane->netvsp->version < operation->version ||
	    (lane->index && !operation->any_channel))
		return NULL;
	return operation;
}

static void lane_completion(struct netvsp_lane *lane,
			    const struct vmbus_packet *packet)
{
	if (receive_buffer_answer(&lane->netvsp->receive,
				  packet->transaction_id,
				  lane->index) == ANSWER_INVALID)
		vmbus_channel_break(lane->channel,
				    "an answer to what was not sent");
}

static bool lane_packet(struct vmbus_channel *channel,
			const struct vmbus_packet *packet)
{
	struct netvsp_lane *const lane = vmbus_channel_owner(channel);
	const size_t size = packet->payload_size < sizeof(struct nvsp_message)
				    ? packet->payload_size
				    : sizeof(struct nvsp_message);
	struct nvsp_message message = {0};
	const struct operation *operation;

	if (packet->type == VMBUS_PACKET_COMPLETION) {
		lane_completion(lane, packet);
		return true;
	}
	if (lane->done_count == NETVSP_DONE_MAX) {
		lane->refused = true;
		return false;
	}
	memcpy(&message, packet->payload, size);
	if ((packet->type != VMBUS_PACKET_IN_BAND &&
	     packet->type != VMBUS_PACKET_GPA_DIRECT) ||
	    size < sizeof(message.type)) {
		vmbus_channel_break(channel, "not a network packet");
		return true;
	}
	operation =
		operation_find(lane, message.type, size - sizeof(message.type));
	if (operation)
		operation->handle(lane, &message, packet);
	else
		vmbus_channel_break(channel,
				    "a network message that cannot be now");
	return true;
}

/* Sections came free, or a control message waits for one no longer. */
static void lane_drained(struct vmbus_channel *channel)
{
	struct netvsp_lane *const lane = vmbus_channel_owner(channel);

	rndis_flush(lane->netvsp);
	netvsp_receive_resume(lane);
}

static void lane_writable(struct vmbus_channel *channel)
{
	struct netvsp_lane *const lane = vmbus_channel_owner(channel);

	lane->blocked = false;
	if (!done_send(lane))
		return;
	rndis_flush(lane->netvsp);
	netvsp_receive_resume(lane);
	if (!lane->refused)
		return;
	lane->refused = false;
	vmbus_channel_resume(channel);
}

/* ---- Channels ---- */

static bool lane_opened(struct vmbus_channel *channel)
{
	struct netvsp_lane *const lane = vmbus_channel_owner(channel);

	lane->refused = false;
	return true;
}

static void lane_closed(struct vmbus_channel *channel)
{
	struct netvsp_lane *const lane = vmbus_channel_owner(channel);
	struct netvsp *const netvsp = lane->netvsp;

	lane->refused = false;
	lane->blocked = false;
	lane->done_count = 0;
	/* The buffers were made for the first channel. */
	if (!lane->index) {
		receive_buffer_detach(&netvsp->receive, channel);
		send_buffer_detach(&netvsp->send, channel);
		rndis_reset(netvsp);
		netvsp->version = 0;
	}
	/* What the link kept for this driver is not to come to the next. */
	netvsp_receive_resume(lane);
}

static const struct vmbus_device_operations lane_operations = {
	.opened = lane_opened,
	.closed = lane_closed,
	.packet = lane_packet,
	.drained = lane_drained,
	.writable = lane_writable,
};

static bool lane_create(struct netvsp *netvsp, uint8_t index)
{
	struct netvsp_lane *const lane = &netvsp->lanes[index];
	const struct vmbus_channel_options options = {
		.name = netvsp->options.name,
		.type = VMBUS_GUID_NETWORK,
		.instance = netvsp->options.instance,
		.flags = VMBUS_OFFER_ENUMERATE_DEVICE_INTERFACE,
		.sub_index = index,
		.deferred = index > 0,
		.operations = &lane_operations,
		.owner = lane,
	};

	lane->netvsp = netvsp;
	lane->index = index;
	lane->channel = vmbus_channel_create(netvsp->options.server, &options);
	return lane->channel != NULL;
}

/* ---- The link ---- */

static void netvsp_carrier(void *device, bool up)
{
	struct netvsp *const netvsp = device;

	netvsp->link_up = up;
	rndis_flush(netvsp);
}

void netvsp_network_changed(struct netvsp *netvsp)
{
	netvsp->rndis.change_due = netvsp->rndis.initialized;
	rndis_flush(netvsp);
}

/* ---- Life ---- */

struct netvsp *netvsp_create(const struct netvsp_options *options)
{
	struct netvsp *const netvsp = device_allocate(sizeof(*netvsp));
	struct network_link *const link = options->link;

	netvsp->options = *options;
	netvsp->link_up = true;
	memcpy(netvsp->mac, options->mac, sizeof(netvsp->mac));
	while (netvsp->lane_count < NETVSP_LANES_MAX) {
		if (!lane_create(netvsp, (uint8_t)netvsp->lane_count)) {
			netvsp_destroy(netvsp);
			return NULL;
		}
		netvsp->lane_count++;
	}
	link->receive = netvsp_receive;
	link->carrier = netvsp_carrier;
	link->device = netvsp;
	return netvsp;
}

void netvsp_destroy(struct netvsp *netvsp)
{
	struct network_link *const link = netvsp->options.link;

	link->receive = NULL;
	link->carrier = NULL;
	link->device = NULL;
	while (netvsp->lane_count)
		vmbus_channel_destroy(
			netvsp->lanes[--netvsp->lane_count].channel);
	device_free(netvsp);
}

struct netvsp_statistics netvsp_statistics_read(const struct netvsp *netvsp)
{
	return netvsp->statistics;
}

struct netvsp_state netvsp_state_read(const struct netvsp *netvsp)
{
	const struct receive_buffer *const receive = &netvsp->receive;
	struct netvsp_state state = {
		.nvsp_version = netvsp->version,
		.packet_filter = netvsp->rndis.filter,
		.receive_sections = receive->section_count,
		.receive_sections_in_use =
			receive->section_count - receive->free_count,
		.send_sections = netvsp->send.section_count,
		.link_up = netvsp->link_up,
	};

	if (netvsp->version)
		state.mtu = netvsp->frame_max - FRAME_ETHERNET_SIZE;
	memcpy(state.mac, netvsp->mac, sizeof(state.mac));
	return state;
}
