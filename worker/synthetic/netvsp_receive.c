// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The link's frames to the child.
 *
 * A frame goes into a section of the receive buffer, as an RNDIS packet with
 * what is known of it; one that is to be cut goes into several, which are one
 * transfer. The sections are the child's until it answers.
 *
 * Every checksum is made before the child sees the frame, though it would
 * take our word for it: a child that forwards frames passes on what it got.
 */
#include "netvsp_device.h"

#include <string.h>

#include "segment.h"

/* An RNDIS packet's header with both things that may be said of a frame. */
struct packet_header {
	struct rndis_packet packet;
	struct {
		struct rndis_per_packet_info header;
		uint32_t word;
	} about[2];
};

/* A frame on its way in, and what is said of it. */
struct arrival {
	struct netvsp *netvsp;
	struct netvsp_lane *lane;
	const struct network_frame *wire;
	bool tagged;
	uint16_t tci;
	bool checked; /* its checksum is right: made here, or verified */
};

/* ---- Into a section ---- */

static uint32_t transport_word(const struct arrival *arrival,
			       const struct frame_layout *layout)
{
	const struct rndis_offloads *const offloads =
		&arrival->netvsp->rndis.offloads;
	const bool tcp = layout->protocol == FRAME_PROTOCOL_TCP;
	const bool wanted = tcp ? (layout->ipv4 ? offloads->receive_tcp4
						: offloads->receive_tcp6)
				: (layout->ipv4 ? offloads->receive_udp4
						: offloads->receive_udp6);

	if (!arrival->checked || !layout->protocol || !wanted)
		return 0;
	return tcp ? RNDIS_RX_CHECKSUM_TCP_SUCCEEDED
		   : RNDIS_RX_CHECKSUM_UDP_SUCCEEDED;
}

static uint32_t checksum_word(const struct arrival *arrival,
			      const struct frame *frame)
{
	const uint32_t word = transport_word(arrival, &frame->layout);

	if (!arrival->netvsp->rndis.offloads.receive_ip ||
	    !frame_ip_is_right(frame))
		return word;
	return word | RNDIS_RX_CHECKSUM_IP_SUCCEEDED;
}

static void header_say(struct packet_header *header, uint32_t type,
		       uint32_t word)
{
	struct rndis_packet *const packet = &header->packet;
	const uint32_t size = sizeof(header->about[0]);
	const uint32_t index = packet->per_packet_info_length / size;

	packet->per_packet_info_offset =
		sizeof(*packet) - sizeof(packet->header);
	packet->per_packet_info_length += size;
	header->about[index].header = (struct rndis_per_packet_info){
		.size = size,
		.type = type,
		.data_offset = sizeof(struct rndis_per_packet_info),
	};
	header->about[index].word = word;
}

/* The size of what is written, the frame included. */
static uint32_t header_make(const struct arrival *arrival,
			    const struct frame *frame,
			    struct packet_header *header)
{
	struct rndis_packet *const packet = &header->packet;
	const uint32_t word = checksum_word(arrival, frame);
	uint32_t size;

	*header = (struct packet_header){
		.packet = {.header.type = RNDIS_PACKET,
			   .data_length = frame_size(frame)},
	};
	if (word)
		header_say(header, RNDIS_PPI_CHECKSUM, word);
	if (arrival->tagged)
		header_say(
			header, RNDIS_PPI_VLAN,
			(uint32_t)arrival->tci >> 13 |
				(arrival->tci & 1u << 12 ? RNDIS_VLAN_CFI : 0) |
				(arrival->tci & 0xfffu) << RNDIS_VLAN_ID_SHIFT);
	size = (uint32_t)sizeof(*packet) + packet->per_packet_info_length;
	packet->data_offset = size - (uint32_t)sizeof(packet->header);
	packet->header.length = size + frame_size(frame);
	return packet->header.length;
}

static void section_copy(const struct receive_buffer *buffer, uint64_t at,
			 const struct frame *frame)
{
	struct frame_walk walk = {0};
	struct span span;

	while (frame_next(frame, &walk, &span)) {
		gpadl_write(buffer->gpadl, at, span.base, span.size);
		at += span.size;
	}
}

/* Returns how many bytes of the section are used. */
static uint32_t section_fill(const struct arrival *arrival, uint32_t section,
			     const struct frame *frame)
{
	const struct receive_buffer *const buffer = &arrival->netvsp->receive;
	const uint64_t at = (uint64_t)section * buffer->section_size;
	struct packet_header header;
	const uint32_t size = header_make(arrival, frame, &header);
	const uint32_t before = size - frame_size(frame);

	gpadl_write(buffer->gpadl, at, &header, before);
	section_copy(buffer, at + before, frame);
	return size;
}

/* ---- Transfers ---- */

bool netvsp_transfer_send(struct netvsp_lane *lane,
			  const struct netvsp_transfer *transfer)
{
	struct netvsp *const netvsp = lane->netvsp;
	struct receive_buffer *const buffer = &netvsp->receive;
	const struct nvsp_message message = {
		.type = NVSP_SEND_RNDIS_PACKET,
		.rndis_packet = {.channel_type = transfer->channel_type,
				 .send_section_index = NVSP_NO_SEND_SECTION},
	};
	struct {
		struct {
			uint16_t set;
			uint16_t owner;
			uint32_t count;
		} head;
		struct vmbus_transfer_page_range ranges[NETVSP_RANGES_MAX];
	} header;
	struct vmbus_packet packet = {
		.type = VMBUS_PACKET_TRANSFER_PAGES,
		.completion_requested = true,
		.transaction_id =
			receive_buffer_transaction(buffer, transfer->first),
		.header = &header,
		.payload = &message,
		.payload_size = netvsp_message_size(netvsp),
	};
	uint32_t section = transfer->first;

	header.head.set = buffer->id;
	header.head.owner = 0;
	header.head.count = transfer->count;
	for (uint32_t i = 0; i < transfer->count; i++) {
		header.ranges[i] = (struct vmbus_transfer_page_range){
			.byte_count = transfer->sizes[i],
			.byte_offset = section * buffer->section_size,
		};
		section = buffer->sections[section].next;
	}
	packet.header_size = sizeof(header.head) +
			     transfer->count * sizeof(header.ranges[0]);
	buffer->sections[transfer->first].first = true;
	buffer->sections[transfer->first].lane = lane->index;
	if (vmbus_channel_send(lane->channel, &packet))
		return true;
	/* A ring that is not valid has closed the channel, and all with it. */
	if (buffer->gpadl)
		receive_buffer_give(buffer, transfer->first);
	return false;
}

/* ---- Frames ---- */

static bool is_broadcast(const uint8_t *address)
{
	static const uint8_t all[NETWORK_MAC_SIZE] = {0xff, 0xff, 0xff,
						      0xff, 0xff, 0xff};

	return !memcmp(address, all, sizeof(all));
}

static bool is_listed(const struct rndis *rndis, const uint8_t *address)
{
	for (unsigned int i = 0; i < rndis->multicast_count; i++)
		if (!memcmp(rndis->multicast[i], address, NETWORK_MAC_SIZE))
			return true;
	return false;
}

/* An address that it chose outlives the driver that chose it. */
static bool is_address_of(const struct netvsp *netvsp, const uint8_t *address)
{
	return !memcmp(address, netvsp->mac, NETWORK_MAC_SIZE) ||
	       !memcmp(address, netvsp->options.mac, NETWORK_MAC_SIZE);
}

/* Whether the child asked for frames to this address. */
static bool is_wanted(const struct netvsp *netvsp, const uint8_t *address)
{
	const struct rndis *const rndis = &netvsp->rndis;
	const uint32_t filter = rndis->filter;

	if (filter & RNDIS_FILTER_PROMISCUOUS)
		return true;
	if (is_broadcast(address))
		return filter & RNDIS_FILTER_BROADCAST;
	if (!(address[0] & 1))
		return filter & RNDIS_FILTER_DIRECTED &&
		       is_address_of(netvsp, address);
	return filter & RNDIS_FILTER_ALL_MULTICAST ||
	       (filter & RNDIS_FILTER_MULTICAST && is_listed(rndis, address));
}

/* Frames to one address, and the bytes of all of them. */
static void count_received(struct netvsp *netvsp, const uint8_t *address,
			   uint32_t frames, uint64_t bytes)
{
	struct netvsp_statistics *const statistics = &netvsp->statistics;

	statistics->in_frames += frames;
	statistics->in_bytes += bytes;
	if (is_broadcast(address))
		statistics->in_broadcast += frames;
	else if (address[0] & 1)
		statistics->in_multicast += frames;
}

/* The link keeps the frame until there is what it needs. */
static bool arrival_wait(struct arrival *arrival, uint32_t wanted)
{
	struct netvsp_lane *const lane = arrival->lane;

	lane->waiting = true;
	lane->wanted = wanted;
	lane->blocked = !wanted;
	arrival->netvsp->statistics.in_no_room++;
	return false;
}

static bool arrival_discard(const struct arrival *arrival)
{
	arrival->netvsp->statistics.in_discarded++;
	return true;
}

/* The transfer was not sent: no room, or the ring broke and all with it. */
static bool arrival_unsent(struct arrival *arrival)
{
	if (!vmbus_channel_is_open(arrival->lane->channel))
		return arrival_discard(arrival);
	return arrival_wait(arrival, 0);
}

static bool arrival_bad(const struct arrival *arrival)
{
	arrival->netvsp->statistics.in_errors++;
	return true;
}

static bool arrive_whole(struct arrival *arrival)
{
	struct netvsp *const netvsp = arrival->netvsp;
	struct frame *const frame = &arrival->lane->in_frame;
	const struct network_offload *const offload = &arrival->wire->offload;
	const uint32_t moved = arrival->tagged ? FRAME_VLAN_SIZE : 0;
	struct netvsp_transfer transfer = {
		.channel_type = NVSP_CHANNEL_DATA,
		.count = 1,
	};

	if (offload->checksum_missing) {
		if (offload->checksum_start < moved ||
		    !frame_checksum(frame, offload->checksum_start - moved,
				    offload->checksum_offset))
			return arrival_bad(arrival);
		netvsp->statistics.in_checksums++;
	}
	arrival->checked =
		offload->checksum_missing || offload->checksum_verified;
	/* Headers that make no sense are the child's to judge. */
	if (!frame_parse(frame))
		arrival->checked = false;
	transfer.first = receive_buffer_take(&netvsp->receive, 1);
	if (transfer.first == SECTION_NONE)
		return arrival_wait(arrival, 1);
	transfer.sizes[0] = section_fill(arrival, transfer.first, frame);
	if (!netvsp_transfer_send(arrival->lane, &transfer))
		return arrival_unsent(arrival);
	count_received(netvsp, frame_head_const(frame), 1, frame_size(frame));
	return true;
}

/* Cuts as many segments as one transfer holds; false: no room on the ring. */
static bool arrive_some(const struct arrival *arrival,
			const struct segment_cut *cut, uint32_t from)
{
	struct netvsp *const netvsp = arrival->netvsp;
	struct frame *const segment = &arrival->lane->in_segment;
	const uint32_t left = cut->count - from;
	struct netvsp_transfer transfer = {
		.channel_type = NVSP_CHANNEL_DATA,
		.count = left < NETVSP_RANGES_MAX ? left : NETVSP_RANGES_MAX,
	};
	uint32_t section =
		receive_buffer_take(&netvsp->receive, transfer.count);
	uint64_t bytes = 0;

	transfer.first = section;
	for (uint32_t i = 0; i < transfer.count; i++) {
		segment_make(cut, from + i, segment);
		frame_checksum(segment, segment->layout.transport,
			       frame_checksum_offset(segment));
		transfer.sizes[i] = section_fill(arrival, section, segment);
		section = netvsp->receive.sections[section].next;
		bytes += frame_size(segment);
	}
	if (!netvsp_transfer_send(arrival->lane, &transfer))
		return false;
	count_received(netvsp, frame_head_const(cut->whole), transfer.count,
		       bytes);
	return true;
}

static bool arrive_segments(struct arrival *arrival)
{
	struct netvsp *const netvsp = arrival->netvsp;
	struct frame *const frame = &arrival->lane->in_frame;
	uint32_t size = arrival->wire->offload.segment_size;
	struct segment_cut cut;

	if (!frame_parse(frame) || frame->layout.payload >= netvsp->frame_max)
		return arrival_bad(arrival);
	/* Where to cut is free: no more than the child can take. */
	if (size > netvsp->frame_max - frame->layout.payload)
		size = netvsp->frame_max - frame->layout.payload;
	if (!segment_begin(&cut, frame, size))
		return arrival_bad(arrival);
	if (cut.count > netvsp->receive.section_count)
		return arrival_discard(arrival);
	if (cut.count > netvsp->receive.free_count)
		return arrival_wait(arrival, cut.count);
	arrival->checked = true;
	for (uint32_t i = 0; i < cut.count; i += NETVSP_RANGES_MAX) {
		if (arrive_some(arrival, &cut, i))
			continue;
		/* What the child has cannot come again: TCP repeats the rest */
		return i ? arrival_discard(arrival) : arrival_unsent(arrival);
	}
	netvsp->statistics.in_segmented++;
	return true;
}

static bool is_ready(const struct netvsp *netvsp)
{
	return netvsp->receive.gpadl && netvsp->rndis.initialized &&
	       netvsp->link_up;
}

/* Where further channels are, the frame's hash would choose. */
static struct netvsp_lane *arrival_lane(struct netvsp *netvsp)
{
	return &netvsp->lanes[0];
}

bool netvsp_receive(void *device, const struct network_frame *wire)
{
	struct netvsp *const netvsp = device;
	struct arrival arrival = {
		.netvsp = netvsp,
		.lane = arrival_lane(netvsp),
		.wire = wire,
	};
	struct frame *const frame = &arrival.lane->in_frame;
	const struct frame_source source = {wire->spans, wire->span_count, 0,
					    wire->size};
	uint32_t limit = netvsp->frame_max;

	if (!is_ready(netvsp))
		return arrival_discard(&arrival);
	if (!frame_read(frame, &source))
		return arrival_bad(&arrival);
	if (!is_wanted(netvsp, frame_head_const(frame))) {
		netvsp->statistics.in_filtered++;
		return true;
	}
	if (netvsp->vlan_aside)
		arrival.tagged = frame_vlan_remove(frame, &arrival.tci);
	if (wire->offload.segmentation != NETWORK_WHOLE)
		return arrive_segments(&arrival);
	if (!arrival.tagged)
		limit += FRAME_VLAN_SIZE;
	if (frame_size(frame) > limit)
		return arrival_discard(&arrival);
	return arrive_whole(&arrival);
}

void netvsp_receive_resume(struct netvsp_lane *lane)
{
	struct netvsp *const netvsp = lane->netvsp;
	struct network_link *const link = netvsp->options.link;

	if (!lane->waiting || lane->blocked)
		return;
	if (netvsp->receive.gpadl && lane->wanted > netvsp->receive.free_count)
		return;
	lane->waiting = false;
	lane->wanted = 0;
	if (link->resume)
		link->resume(link);
}
