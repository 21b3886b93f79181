// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The child's packets to the link.
 *
 * A send is a run of RNDIS messages: bytes of a send-buffer section, of pages
 * that the packet names, or of the one and then the other. Everything is sent
 * when the packet is answered, so nothing of the child's stays in use.
 */
#include "netvsp_device.h"

#include <string.h>

#include "segment.h"

/* Of all that is said about one frame. */
#define PER_PACKET_MAX 256u

/* In one send: more than drivers are told, less than would take long. */
#define MESSAGES_MAX 64u

/* What the child says about a frame. */
struct frame_request {
	bool checksum;
	bool large_send;
	bool vlan;
	uint32_t checksum_word;
	uint32_t large_send_word;
	uint32_t vlan_word;
};

/* A send's bytes, of which messages are cut off. */
struct message {
	struct netvsp_lane *lane;
	struct vmbus_spans spans;
	uint64_t offset; /* this message's first byte */
	uint32_t size;
};

/* ---- To the link ---- */

static void count_sent(struct netvsp *netvsp, const struct frame *frame)
{
	struct netvsp_statistics *const statistics = &netvsp->statistics;
	const uint8_t *const address = frame_head_const(frame);

	statistics->out_frames++;
	statistics->out_bytes += frame_size(frame);
	if (!(address[0] & 1))
		return;
	for (unsigned int i = 0; i < NETWORK_MAC_SIZE; i++) {
		if (address[i] == 0xff)
			continue;
		statistics->out_multicast++;
		return;
	}
	statistics->out_broadcast++;
}

static void frame_send(struct netvsp_lane *lane, struct frame *frame,
		       const struct network_offload *offload)
{
	struct netvsp *const netvsp = lane->netvsp;
	struct network_link *const link = netvsp->options.link;
	const struct network_frame wire = {
		.spans = lane->wire,
		.span_count =
			frame_spans(frame, lane->wire, NETVSP_SPANS_MAX + 1),
		.size = frame_size(frame),
		.offload = *offload,
	};

	count_sent(netvsp, frame);
	link->send(link, &wire);
}

static void frame_tag(struct frame *frame, const struct frame_request *request)
{
	const uint32_t word = request->vlan_word;

	if (!request->vlan)
		return;
	frame_vlan_insert(frame,
			  (uint16_t)((word & RNDIS_VLAN_PRIORITY_MASK) << 13 |
				     (word & RNDIS_VLAN_CFI ? 1u << 12 : 0) |
				     (word >> RNDIS_VLAN_ID_SHIFT & 0xfff)));
}

/*
 * A frame whose checksum field holds the pseudo-header's sum: the link adds
 * the rest, or we do.
 */
static void frame_finish(struct netvsp_lane *lane, struct frame *frame,
			 const struct frame_request *request,
			 struct network_offload *offload)
{
	struct netvsp *const netvsp = lane->netvsp;
	const uint16_t offset = frame_checksum_offset(frame);

	if (!netvsp->options.link->checksums) {
		netvsp->statistics.out_checksums++;
		frame_checksum(frame, frame->layout.transport, offset);
		frame_tag(frame, request);
		frame_send(lane, frame, offload);
		return;
	}
	frame_tag(frame, request);
	offload->checksum_missing = true;
	offload->checksum_start = frame->layout.transport;
	offload->checksum_offset = offset;
	if (offload->segmentation != NETWORK_WHOLE)
		offload->header_size = frame->layout.payload;
	frame_send(lane, frame, offload);
}

/* ---- One frame, as its kind wants ---- */

static bool send_plain(struct netvsp_lane *lane,
		       const struct frame_request *request)
{
	struct frame *const frame = &lane->frame;

	frame_tag(frame, request);
	frame_send(lane, frame, &(struct network_offload){0});
	return true;
}

static bool send_checksum(struct netvsp_lane *lane,
			  const struct frame_request *request)
{
	struct frame *const frame = &lane->frame;
	const uint32_t word = request->checksum_word;

	if (!frame_parse(frame))
		return false;
	if (word & RNDIS_TX_CHECKSUM_IP_HEADER)
		frame_ip_checksum(frame);
	if (!(word & (RNDIS_TX_CHECKSUM_TCP | RNDIS_TX_CHECKSUM_UDP)))
		return send_plain(lane, request);
	if (!frame->layout.protocol)
		return false;
	frame_trim(frame);
	frame_pseudo_checksum(frame);
	frame_finish(lane, frame, request, &(struct network_offload){0});
	return true;
}

/* The link cuts: it is given one frame with what each segment needs. */
static void send_large_whole(struct netvsp_lane *lane,
			     const struct frame_request *request,
			     uint32_t segment_size)
{
	struct frame *const frame = &lane->frame;
	struct network_offload offload = {
		.segmentation = frame->layout.ipv4 ? NETWORK_TCP_IPV4
						   : NETWORK_TCP_IPV6,
		.segment_size = (uint16_t)segment_size,
	};

	segment_set_length(frame);
	frame_ip_checksum(frame);
	frame_pseudo_checksum(frame);
	frame_finish(lane, frame, request, &offload);
}

static void send_large_cut(struct netvsp_lane *lane,
			   const struct frame_request *request,
			   const struct segment_cut *cut)
{
	if (cut->count > 1)
		lane->netvsp->statistics.out_segmented++;
	for (uint32_t i = 0; i < cut->count; i++) {
		segment_make(cut, i, &lane->segment);
		frame_finish(lane, &lane->segment, request,
			     &(struct network_offload){0});
	}
}

static bool send_large(struct netvsp_lane *lane,
		       const struct frame_request *request)
{
	const struct network_link *const link = lane->netvsp->options.link;
	const uint32_t segment_size =
		request->large_send_word & RNDIS_LSO_MSS_MASK;
	struct frame *const frame = &lane->frame;
	const struct frame_layout *const layout = &frame->layout;
	struct segment_cut cut;

	/* The first version, which tells of what was sent, is not offered. */
	if (!(request->large_send_word & RNDIS_LSO_VERSION_2) ||
	    !frame_parse(frame) || !segment_begin(&cut, frame, segment_size))
		return false;
	if (layout->payload - layout->network + segment_size > link->mtu ||
	    layout->end - layout->network > FRAME_IP_MAX)
		return false;
	if (cut.count > 1 && link->checksums && link->segments &&
	    !segment_first_differs(frame))
		send_large_whole(lane, request, segment_size);
	else
		send_large_cut(lane, request, &cut);
	return true;
}

static uint32_t frame_limit(const struct netvsp_lane *lane,
			    const struct frame_request *request)
{
	const uint32_t headers = FRAME_ETHERNET_SIZE + FRAME_VLAN_SIZE;

	return headers + (request->large_send
				  ? FRAME_IP_MAX
				  : lane->netvsp->options.link->mtu);
}

static bool send_one(struct netvsp_lane *lane,
		     const struct frame_request *request,
		     const struct frame_source *source)
{
	if (source->size > frame_limit(lane, request) ||
	    !frame_read(&lane->frame, source))
		return false;
	if (request->large_send)
		return send_large(lane, request);
	if (request->checksum)
		return send_checksum(lane, request);
	return send_plain(lane, request);
}

/* ---- RNDIS packet messages ---- */

static void request_note(struct frame_request *request, uint32_t type,
			 uint32_t word)
{
	switch (type) {
	case RNDIS_PPI_CHECKSUM:
		request->checksum = true;
		request->checksum_word = word;
		break;
	case RNDIS_PPI_LSO:
		request->large_send = true;
		request->large_send_word = word;
		break;
	case RNDIS_PPI_VLAN:
		request->vlan = true;
		request->vlan_word = word;
		break;
	default: /* such as hash values, which nothing here needs */
		break;
	}
}

static bool request_parse(struct frame_request *request, const uint8_t *bytes,
			  uint32_t size)
{
	while (size) {
		struct rndis_per_packet_info info;
		uint32_t word = 0;

		if (size < sizeof(info))
			return false;
		memcpy(&info, bytes, sizeof(info));
		if (info.size < sizeof(info) || info.size > size ||
		    info.data_offset > info.size)
			return false;
		if (info.size - info.data_offset >= sizeof(word)) {
			memcpy(&word, bytes + info.data_offset, sizeof(word));
			request_note(request, info.type, word);
		}
		bytes += info.size;
		size -= info.size;
	}
	return true;
}

static bool message_read(const struct message *message, uint64_t offset,
			 void *to, uint32_t size)
{
	return offset <= message->size && size <= message->size - offset &&
	       spans_read(message->spans.spans, message->spans.count,
			  message->offset + offset, to, size) == size;
}

/* Its offsets count from behind the header. */
static bool packet_message(const struct message *message)
{
	struct netvsp_lane *const lane = message->lane;
	struct netvsp *const netvsp = lane->netvsp;
	struct frame_request request = {0};
	struct rndis_packet packet;
	uint8_t information[PER_PACKET_MAX];

	if (!message_read(message, 0, &packet, sizeof(packet)))
		return false;

	const uint64_t data =
		(uint64_t)packet.data_offset + sizeof(struct rndis_header);
	const uint64_t about = (uint64_t)packet.per_packet_info_offset +
			       sizeof(struct rndis_header);
	const uint32_t about_size = packet.per_packet_info_length;

	if (data > message->size || packet.data_length > message->size - data ||
	    about_size > sizeof(information))
		return false;
	if (about_size &&
	    (!message_read(message, about, information, about_size) ||
	     !request_parse(&request, information, about_size)))
		return false;
	if (!netvsp->link_up) {
		netvsp->statistics.out_discarded++;
		return true;
	}
	return send_one(lane, &request,
			&(struct frame_source){
				.spans = message->spans.spans,
				.span_count = message->spans.count,
				.offset = message->offset + data,
				.size = packet.data_length,
			});
}

static uint32_t control_message(const struct message *message)
{
	uint8_t copy[RNDIS_MESSAGE_MAX];

	/* Settings are made on the first channel. */
	if (message->lane->index || message->size > sizeof(copy) ||
	    !message_read(message, 0, copy, message->size))
		return NVSP_STATUS_FAILURE;
	return rndis_message(message->lane->netvsp, copy, message->size);
}

static uint32_t message_handle(const struct message *message, uint32_t type)
{
	struct netvsp *const netvsp = message->lane->netvsp;

	if (type != RNDIS_PACKET)
		return control_message(message);
	if (netvsp->rndis.initialized && packet_message(message))
		return NVSP_STATUS_SUCCESS;
	netvsp->statistics.out_errors++;
	return NVSP_STATUS_FAILURE;
}

/* ---- A send ---- */

static bool send_spans(struct netvsp_lane *lane,
		       const struct nvsp_send_rndis_packet *message,
		       const struct vmbus_packet *packet,
		       struct vmbus_spans *spans)
{
	struct vmbus_spans pages = {0};

	*spans = (struct vmbus_spans){lane->spans, NETVSP_SPANS_MAX, 0, 0};
	if (message->send_section_index != NVSP_NO_SEND_SECTION &&
	    !send_buffer_spans(&lane->netvsp->send, message->send_section_index,
			       message->send_section_size, spans))
		return false;
	if (packet->type != VMBUS_PACKET_GPA_DIRECT)
		return spans->bytes != 0;
	pages.spans = lane->spans + spans->count;
	pages.capacity = spans->capacity - spans->count;
	if (!vmbus_packet_spans(packet, lane->netvsp->options.memory,
				NETVSP_TRANSFER_MAX + 1, &pages))
		return false;
	spans->count += pages.count;
	spans->bytes += pages.bytes;
	return spans->bytes && spans->bytes <= NETVSP_TRANSFER_MAX;
}

uint32_t netvsp_transmit(struct netvsp_lane *lane,
			 const struct nvsp_send_rndis_packet *send,
			 const struct vmbus_packet *packet)
{
	struct message message = {.lane = lane};
	uint32_t status = NVSP_STATUS_SUCCESS;
	unsigned int count = 0;

	if (!send_spans(lane, send, packet, &message.spans))
		return NVSP_STATUS_FAILURE;
	/* What the link does in between may end in a closed channel. */
	while (message.offset < message.spans.bytes &&
	       vmbus_channel_is_open(lane->channel)) {
		const uint64_t left = message.spans.bytes - message.offset;
		struct rndis_header header;

		message.size = left < UINT32_MAX ? (uint32_t)left : UINT32_MAX;
		if (!message_read(&message, 0, &header, sizeof(header)) ||
		    header.length < sizeof(header) ||
		    header.length > message.size || count++ == MESSAGES_MAX)
			return NVSP_STATUS_FAILURE;
		message.size = header.length;
		if (message_handle(&message, header.type) !=
		    NVSP_STATUS_SUCCESS)
			status = NVSP_STATUS_FAILURE;
		message.offset += header.length;
	}
	return status;
}
