// SPDX-License-Identifier: GPL-2.0-or-later
/* A network driver as a model, and the link of its adapter. */
#include "netguest.h"

#include <stdlib.h>
#include <string.h>

/* ---- The link ---- */

static void link_send(struct network_link *link,
		      const struct network_frame *frame)
{
	struct netguest *const netguest = link->owner;
	struct netguest_sent *sent;
	uint64_t there = 0;

	for (unsigned int i = 0; i < frame->span_count; i++)
		there += frame->spans[i].size;
	assert_int_equal(there, frame->size);
	netguest->sent_total++;
	if (netguest->sent_count < NETGUEST_SENT_MAX) {
		sent = &netguest->sent[netguest->sent_count++];
		sent->bytes = malloc(frame->size);
		sent->size = frame->size;
		sent->offload = frame->offload;
		spans_read(frame->spans, frame->span_count, 0, sent->bytes,
			   frame->size);
	}
	if (netguest->sending)
		netguest->sending(netguest);
}

static void link_resume(struct network_link *link)
{
	((struct netguest *)link->owner)->resumed++;
}

bool netguest_arrive(struct netguest *netguest, const void *bytes,
		     uint32_t size, const struct network_offload *offload)
{
	/* In three pieces, exactly as large, so that reading beyond shows. */
	const uint32_t cut[4] = {0, size / 3, size / 2, size};
	struct span spans[3];
	struct network_frame frame = {spans, 3, size, {0}};
	bool taken;

	if (offload)
		frame.offload = *offload;
	for (unsigned int i = 0; i < 3; i++) {
		const uint32_t piece = cut[i + 1] - cut[i];

		spans[i] = (struct span){malloc(piece ? piece : 1), piece};
		memcpy(spans[i].base, (const uint8_t *)bytes + cut[i], piece);
	}
	taken = netguest->link.receive(netguest->link.device, &frame);
	for (unsigned int i = 0; i < 3; i++)
		free(spans[i].base);
	return taken;
}

/* ---- Life ---- */

void netguest_open(struct netguest *netguest)
{
	assert_int_equal(guest_open(&netguest->guest, &netguest->offer,
				    netguest->channel_pages,
				    &netguest->channel),
			 0);
}

void netguest_init(struct netguest *netguest, uint32_t mtu)
{
	memset(netguest, 0, sizeof(*netguest));
	guest_init(&netguest->guest);
	netguest->link = (struct network_link){
		.mtu = mtu,
		.send = link_send,
		.resume = link_resume,
		.owner = netguest,
	};

	const struct netvsp_options options = {
		.name = "network",
		.server = netguest->guest.server,
		.memory = &netguest->guest.memory,
		.instance = {{7}},
		.mac = {2, 0x15, 0x5d, 1, 2, 3},
		.link = &netguest->link,
	};

	netguest->netvsp = netvsp_create(&options);
	assert_non_null(netguest->netvsp);
	assert_ptr_equal(netguest->link.device, netguest->netvsp);
	for (unsigned int i = 0; i < NETGUEST_SCRATCH; i++)
		netguest->scratch_pfns[i] = guest_page(&netguest->guest);
	netguest->next_transaction = 0x1000;
	netguest->channel_pages = 16;
	assert_true(guest_contact(&netguest->guest, VMBUS_VERSION_5_3));
	assert_int_equal(guest_offers(&netguest->guest, &netguest->offer, 1),
			 1);
	netguest_open(netguest);
}

void netguest_forget(struct netguest *netguest)
{
	while (netguest->sent_count)
		free(netguest->sent[--netguest->sent_count].bytes);
	while (netguest->received_count)
		free(netguest->received[--netguest->received_count].bytes);
}

void netguest_destroy(struct netguest *netguest)
{
	netguest_forget(netguest);
	netvsp_destroy(netguest->netvsp);
	assert_null(netguest->link.device);
	assert_null(netguest->link.receive);
	assert_null(netguest->link.carrier);
	guest_destroy(&netguest->guest);
}

/* ---- Buffers, as the driver sees them ---- */

static void buffer_copy(struct netguest *netguest, const uint64_t *pfns,
			uint32_t offset, void *bytes, uint32_t size, bool write)
{
	for (uint32_t i = 0; i < size; i++, offset++) {
		uint8_t *const page =
			guest_at(&netguest->guest, pfns[offset / 4096]);
		uint8_t *const byte = (uint8_t *)bytes + i;

		if (write)
			page[offset % 4096] = *byte;
		else
			*byte = page[offset % 4096];
	}
}

/* ---- What comes ---- */

void netguest_answer(struct netguest *netguest, uint64_t transaction)
{
	struct guest_packet packet = {
		.descriptor = {.type = VMBUS_PACKET_COMPLETION,
			       .transaction_id = transaction},
		.payload_size = 8,
	};
	const uint32_t body[2] = {NVSP_SEND_RNDIS_PACKET_COMPLETE,
				  netguest->answer_fails ? 2 : 1};

	memcpy(packet.payload, body, sizeof(body));
	assert_true(guest_send(&netguest->channel, &packet));
}

static void take_range(struct netguest *netguest, uint32_t channel_type,
		       uint64_t transaction,
		       const struct vmbus_transfer_page_range *range)
{
	struct netguest_message *message;

	/* What Linux asks of each. */
	assert_true(range->byte_count <= netguest->section.sub_allocation_size);
	assert_true(range->byte_offset + range->byte_count <=
		    netguest->receive_pages * 4096);
	assert_int_equal(
		range->byte_offset % netguest->section.sub_allocation_size, 0);
	assert_true(netguest->received_count < NETGUEST_RECEIVED_MAX);
	message = &netguest->received[netguest->received_count++];
	*message = (struct netguest_message){
		.channel_type = channel_type,
		.transaction = transaction,
		.offset = range->byte_offset,
		.size = range->byte_count,
		.bytes = malloc(range->byte_count),
	};
	buffer_copy(netguest, netguest->receive_pfns, range->byte_offset,
		    message->bytes, range->byte_count, false);
}

static void take_transfer(struct netguest *netguest,
			  const struct guest_packet *packet)
{
	struct nvsp_message message = {0};
	uint16_t set;
	uint32_t count;

	memcpy(&message, packet->payload, sizeof(message.type) + 12);
	memcpy(&set, packet->header, sizeof(set));
	memcpy(&count, packet->header + 4, sizeof(count));
	assert_int_equal(message.type, NVSP_SEND_RNDIS_PACKET);
	assert_int_equal(set, NVSP_RECEIVE_BUFFER_ID);
	assert_int_equal(packet->header_size, 8 + 8 * count);
	assert_true(count > 0);
	for (uint32_t i = 0; i < count; i++) {
		struct vmbus_transfer_page_range range;

		memcpy(&range, packet->header + 8 + 8 * i, sizeof(range));
		take_range(netguest, message.rndis_packet.channel_type,
			   packet->descriptor.transaction_id, &range);
	}
	if (!netguest->keep)
		netguest_answer(netguest, packet->descriptor.transaction_id);
}

void netguest_poll(struct netguest *netguest)
{
	static struct guest_packet packet;

	while (guest_receive(&netguest->channel, &packet)) {
		const size_t expected =
			netguest->version >= NVSP_VERSION_6_1 ? 40 : 28;

		if (packet.descriptor.type == VMBUS_PACKET_TRANSFER_PAGES) {
			take_transfer(netguest, &packet);
			continue;
		}
		assert_int_equal(packet.descriptor.type,
				 VMBUS_PACKET_COMPLETION);
		memcpy(&netguest->answer, packet.payload, 40);
		/* A refused version has no size of its own. */
		if (netguest->answer.type != NVSP_INIT_COMPLETE)
			assert_int_equal(packet.payload_size,
					 (expected + 7) / 8 * 8);
		netguest->completions++;
		netguest->last_completion = packet.descriptor.transaction_id;
	}
}

/* ---- NVSP ---- */

static struct guest_packet nvsp_packet(const struct nvsp_message *message,
				       uint64_t transaction, bool answer)
{
	struct guest_packet packet = {
		.descriptor = {.type = VMBUS_PACKET_IN_BAND,
			       .flags = answer,
			       .transaction_id = transaction},
		.payload_size = sizeof(*message),
	};

	memcpy(packet.payload, message, sizeof(*message));
	return packet;
}

/* Sends a packet that wants an answer; the answer's type. */
static uint32_t packet_ask(struct netguest *netguest,
			   const struct guest_packet *packet)
{
	const unsigned int before = netguest->completions;

	assert_true(guest_send(&netguest->channel, packet));
	netguest_poll(netguest);
	if (netguest->completions == before)
		return 0;
	assert_int_equal(netguest->completions, before + 1);
	assert_int_equal(netguest->last_completion,
			 packet->descriptor.transaction_id);
	return netguest->answer.type;
}

uint32_t netguest_ask(struct netguest *netguest,
		      const struct nvsp_message *message)
{
	const struct guest_packet packet =
		nvsp_packet(message, ++netguest->next_transaction, true);

	return packet_ask(netguest, &packet);
}

void netguest_tell(struct netguest *netguest,
		   const struct nvsp_message *message)
{
	const struct guest_packet packet =
		nvsp_packet(message, ++netguest->next_transaction, false);
	const unsigned int before = netguest->completions;

	assert_true(guest_send(&netguest->channel, &packet));
	netguest_poll(netguest);
	assert_int_equal(netguest->completions, before);
}

bool netguest_negotiate(struct netguest *netguest, uint32_t version)
{
	const uint32_t before = netguest->version;

	netguest->version = version;
	if (netguest_ask(netguest,
			 &(struct nvsp_message){.type = NVSP_INIT,
						.init = {version, version}}) !=
	    NVSP_INIT_COMPLETE)
		return false;
	if (netguest->answer.init_complete.status == NVSP_STATUS_SUCCESS) {
		assert_int_equal(
			netguest->answer.init_complete.negotiated_version,
			version);
		return true;
	}
	netguest->version = before;
	return false;
}

void netguest_configure(struct netguest *netguest, uint32_t frame_max,
			uint32_t capabilities)
{
	netguest_tell(netguest, &(struct nvsp_message){
					.type = NVSP_SEND_NDIS_CONFIG,
					.ndis_config = {.mtu = frame_max,
							.capabilities_low =
								capabilities}});
}

static void pages_take(struct netguest *netguest, uint64_t *pfns,
		       uint32_t count)
{
	assert_true(count <= NETGUEST_PAGES_MAX);
	for (uint32_t i = 0; i < count; i++)
		pfns[i] = guest_page(&netguest->guest);
}

bool netguest_receive_buffer(struct netguest *netguest, uint32_t pages)
{
	const struct nvsp_send_receive_buffer_complete *const complete =
		&netguest->answer.receive_buffer_complete;

	pages_take(netguest, netguest->receive_pfns, pages);
	netguest->receive_pages = pages;
	netguest->receive_gpadl =
		guest_gpadl(&netguest->guest, netguest->channel.relid,
			    netguest->receive_pfns, pages);
	if (netguest_ask(netguest,
			 &(struct nvsp_message){
				 .type = NVSP_SEND_RECEIVE_BUFFER,
				 .send_buffer = {netguest->receive_gpadl,
						 NVSP_RECEIVE_BUFFER_ID, 0}}) !=
	    NVSP_SEND_RECEIVE_BUFFER_COMPLETE)
		return false;
	if (complete->status != NVSP_STATUS_SUCCESS)
		return false;
	netguest->section = complete->sections[0];
	/* What Linux asks. */
	assert_int_equal(complete->section_count, 1);
	assert_int_equal(netguest->section.offset, 0);
	assert_true(netguest->section.sub_allocation_size >= 68);
	assert_true(netguest->section.sub_allocation_count > 0);
	assert_true(netguest->section.sub_allocation_size *
			    netguest->section.sub_allocation_count <=
		    pages * 4096);
	return true;
}

bool netguest_send_buffer(struct netguest *netguest, uint32_t pages)
{
	pages_take(netguest, netguest->send_pfns, pages);
	netguest->send_pages = pages;
	netguest->send_gpadl =
		guest_gpadl(&netguest->guest, netguest->channel.relid,
			    netguest->send_pfns, pages);
	if (netguest_ask(netguest,
			 &(struct nvsp_message){
				 .type = NVSP_SEND_SEND_BUFFER,
				 .send_buffer = {netguest->send_gpadl,
						 NVSP_SEND_BUFFER_ID, 0}}) !=
	    NVSP_SEND_SEND_BUFFER_COMPLETE)
		return false;
	netguest->send_section_size =
		netguest->answer.send_buffer_complete.section_size;
	return netguest->answer.send_buffer_complete.status ==
	       NVSP_STATUS_SUCCESS;
}

void netguest_bring_up(struct netguest *netguest, uint32_t version,
		       uint32_t frame_max)
{
	const bool recent = version >= NVSP_VERSION_5;

	assert_true(netguest_negotiate(netguest, version));
	if (version >= NVSP_VERSION_2)
		netguest_configure(
			netguest, frame_max,
			NVSP_CAPABILITY_IEEE8021Q |
				(recent ? NVSP_CAPABILITY_SRIOV |
						  NVSP_CAPABILITY_TEAMING
					: 0));
	netguest_tell(netguest, &(struct nvsp_message){
					.type = NVSP_SEND_NDIS_VERSION,
					.ndis_version = {6, recent ? 30 : 1}});
	assert_true(netguest_receive_buffer(netguest, 64));
	assert_true(netguest_send_buffer(netguest, 16));
	assert_int_equal(netguest_initialize(netguest), 0);
	netguest_filter(netguest, RNDIS_FILTER_DIRECTED |
					  RNDIS_FILTER_BROADCAST |
					  RNDIS_FILTER_ALL_MULTICAST);
}

/* ---- RNDIS ---- */

/* Pages each as a range of its own, as Linux does it. */
static void packet_pages(struct netguest *netguest, struct guest_packet *packet,
			 const uint8_t *bytes, uint32_t size)
{
	uint32_t head[2] = {0, 0};
	size_t at = sizeof(head);
	uint32_t offset = 1000;

	while (size) {
		const uint32_t piece =
			size < 4096 - offset ? size : 4096 - offset;
		const uint64_t pfn = netguest->scratch_pfns[head[1]];
		const uint32_t range[2] = {piece, offset};

		memcpy((uint8_t *)guest_at(&netguest->guest, pfn) + offset,
		       bytes, piece);
		memcpy(packet->header + at, range, sizeof(range));
		memcpy(packet->header + at + 8, &pfn, sizeof(pfn));
		at += 16;
		head[1]++;
		bytes += piece;
		size -= piece;
		offset = 0;
	}
	memcpy(packet->header, head, sizeof(head));
	packet->header_size = at;
	packet->descriptor.type = VMBUS_PACKET_GPA_DIRECT;
}

static uint32_t send_on(struct netguest *netguest, uint32_t channel_type,
			enum netguest_place place,
			const struct netguest_sent *what)
{
	const uint32_t section = 3;
	uint32_t in_section = place == NETGUEST_PAGES	? 0
			      : place == NETGUEST_SPLIT ? 64
							: what->size;
	const struct nvsp_message message = {
		.type = NVSP_SEND_RNDIS_PACKET,
		.rndis_packet = {channel_type,
				 in_section ? section : NVSP_NO_SEND_SECTION,
				 in_section},
	};
	struct guest_packet packet =
		nvsp_packet(&message, ++netguest->next_transaction, true);

	if (in_section)
		buffer_copy(netguest, netguest->send_pfns,
			    section * netguest->send_section_size, what->bytes,
			    in_section, true);
	if (place != NETGUEST_SECTION)
		packet_pages(netguest, &packet, what->bytes + in_section,
			     what->size - in_section);
	if (packet_ask(netguest, &packet) != NVSP_SEND_RNDIS_PACKET_COMPLETE)
		return NVSP_STATUS_NONE;
	return netguest->answer.rndis_packet_complete.status;
}

uint32_t netguest_send(struct netguest *netguest, enum netguest_place place,
		       const void *bytes, uint32_t size)
{
	const struct netguest_sent what = {
		(uint8_t *)(uintptr_t)bytes, size, {0}};

	return send_on(netguest, NVSP_CHANNEL_DATA, place, &what);
}

uint32_t netguest_control(struct netguest *netguest, const void *message,
			  uint32_t size)
{
	const struct netguest_sent what = {
		(uint8_t *)(uintptr_t)message, size, {0}};

	return send_on(netguest, NVSP_CHANNEL_CONTROL, NETGUEST_PAGES, &what);
}

const struct netguest_message *netguest_reply(struct netguest *netguest,
					      uint32_t type)
{
	const struct netguest_message *const message = &netguest->received[0];
	struct rndis_header header;

	assert_int_equal(netguest->received_count, 1);
	assert_int_equal(message->channel_type, NVSP_CHANNEL_CONTROL);
	memcpy(&header, message->bytes, sizeof(header));
	assert_int_equal(header.type, type);
	assert_int_equal(header.length, message->size);
	return message;
}

uint32_t netguest_initialize(struct netguest *netguest)
{
	const struct rndis_initialize request = {
		.header = {RNDIS_INITIALIZE, sizeof(request)},
		.request_id = ++netguest->next_request,
		.major_version = 1,
		.max_transfer_size = 0x4000,
	};
	struct rndis_initialize_complete complete;

	netguest_forget(netguest);
	assert_int_equal(netguest_control(netguest, &request, sizeof(request)),
			 NVSP_STATUS_SUCCESS);
	memcpy(&complete,
	       netguest_reply(netguest, RNDIS_INITIALIZE_COMPLETE)->bytes,
	       sizeof(complete));
	netguest_forget(netguest);
	assert_int_equal(complete.request_id, request.request_id);
	assert_int_equal(complete.header.length, sizeof(complete));
	assert_int_equal(complete.major_version, 1);
	assert_int_equal(complete.medium, 0);
	assert_true(complete.max_packets_per_message >= 1);
	assert_true(complete.packet_alignment_factor >= 2);
	assert_true(complete.max_transfer_size >= 65536);
	return complete.status;
}

uint32_t netguest_query(struct netguest *netguest, uint32_t oid, void *to,
			uint32_t *size)
{
	uint8_t buffer[sizeof(struct rndis_request) + 512] = {0};
	const uint32_t input = *size >= 4 && ((uint32_t *)to)[0] ? *size : 0;
	const struct rndis_request request = {
		.header = {RNDIS_QUERY, (uint32_t)sizeof(request) + input},
		.request_id = ++netguest->next_request,
		.oid = oid,
		.buffer_length = input,
		.buffer_offset = sizeof(request) - 8,
	};
	struct rndis_query_complete complete;
	const struct netguest_message *message;

	netguest_forget(netguest);
	memcpy(buffer, &request, sizeof(request));
	memcpy(buffer + sizeof(request), to, input);
	assert_int_equal(
		netguest_control(netguest, buffer, request.header.length),
		NVSP_STATUS_SUCCESS);
	message = netguest_reply(netguest, RNDIS_QUERY_COMPLETE);
	memcpy(&complete, message->bytes, sizeof(complete));
	assert_int_equal(complete.request_id, request.request_id);
	assert_true(complete.buffer_length <= *size);
	assert_int_equal(complete.header.length,
			 sizeof(complete) + complete.buffer_length);
	if (complete.buffer_length)
		memcpy(to, message->bytes + 8 + complete.buffer_offset,
		       complete.buffer_length);
	*size = complete.buffer_length;
	netguest_forget(netguest);
	return complete.status;
}

uint32_t netguest_set(struct netguest *netguest, uint32_t oid, const void *from,
		      uint32_t size)
{
	uint8_t buffer[sizeof(struct rndis_request) + 512] = {0};
	const struct rndis_request request = {
		.header = {RNDIS_SET, (uint32_t)sizeof(request) + size},
		.request_id = ++netguest->next_request,
		.oid = oid,
		.buffer_length = size,
		.buffer_offset = sizeof(request) - 8,
	};
	struct rndis_set_complete complete;

	netguest_forget(netguest);
	memcpy(buffer, &request, sizeof(request));
	memcpy(buffer + sizeof(request), from, size);
	assert_int_equal(
		netguest_control(netguest, buffer, request.header.length),
		NVSP_STATUS_SUCCESS);
	memcpy(&complete, netguest_reply(netguest, RNDIS_SET_COMPLETE)->bytes,
	       sizeof(complete));
	assert_int_equal(complete.request_id, request.request_id);
	netguest_forget(netguest);
	return complete.status;
}

void netguest_filter(struct netguest *netguest, uint32_t filter)
{
	assert_int_equal(netguest_set(netguest, RNDIS_OID_CURRENT_PACKET_FILTER,
				      &filter, sizeof(filter)),
			 0);
}

uint32_t netguest_packet(uint8_t *message, const void *frame, uint32_t size,
			 const struct netguest_about *words)
{
	struct rndis_packet packet = {
		.header.type = RNDIS_PACKET,
		.data_length = size,
	};
	uint32_t at = sizeof(packet);

	for (uint32_t type = 0; words && type < NETGUEST_WORDS; type++) {
		const uint32_t info[4] = {16, type, 12, words[type].word};

		if (!words[type].present)
			continue;
		memcpy(message + at, info, sizeof(info));
		at += sizeof(info);
	}
	if (at > sizeof(packet)) {
		packet.per_packet_info_offset = sizeof(packet) - 8;
		packet.per_packet_info_length = at - (uint32_t)sizeof(packet);
	}
	packet.data_offset = at - 8;
	packet.header.length = at + size;
	memcpy(message, &packet, sizeof(packet));
	memcpy(message + at, frame, size);
	return packet.header.length;
}

uint32_t netguest_frame(const struct netguest_message *message,
			const uint8_t **frame, struct netguest_about *words)
{
	struct rndis_packet packet;
	uint32_t at;

	memset(words, 0, NETGUEST_WORDS * sizeof(*words));
	assert_int_equal(message->channel_type, NVSP_CHANNEL_DATA);
	memcpy(&packet, message->bytes, sizeof(packet));
	assert_int_equal(packet.header.type, RNDIS_PACKET);
	assert_int_equal(packet.header.length, message->size);
	/* What FreeBSD asks: in order, aligned, without gaps between. */
	assert_int_equal(packet.data_offset % 4, 0);
	assert_int_equal(packet.oob_data_length, 0);
	assert_int_equal(packet.data_offset + 8 + packet.data_length,
			 message->size);
	at = packet.per_packet_info_offset + 8;
	if (packet.per_packet_info_length)
		assert_int_equal(at, sizeof(packet));
	else
		at = sizeof(packet);
	while (at < sizeof(packet) + packet.per_packet_info_length) {
		uint32_t info[4];

		memcpy(info, message->bytes + at, sizeof(info));
		assert_int_equal(info[0], 16);
		assert_true(info[1] < NETGUEST_WORDS);
		assert_int_equal(info[2], 12);
		assert_false(words[info[1]].present);
		words[info[1]] = (struct netguest_about){true, info[3]};
		at += 16;
	}
	assert_int_equal(at, packet.data_offset + 8);
	*frame = message->bytes + at;
	return packet.data_length;
}
