/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network adapter: NVSP messages in any order, RNDIS of any content in
 * send-buffer sections and in pages, frames and offers of a link, answers to
 * transfers that were made or not.
 */
#include "bus.h"

#include "abi/vmbus/network.h"
#include "worker/synthetic/netvsp.h"

#define RECEIVE_PAGES 40u
#define SEND_PAGES    16u
#define KEPT	      16u /* transfers that are not answered yet */
#define MTU	      1500u
#define SECTION	      6144u

static struct netvsp *netvsp;
static struct network_link link_;
static uint64_t receive_pages[RECEIVE_PAGES];
static uint64_t send_pages[SEND_PAGES];
static uint32_t receive_list, send_list;
static uint64_t kept[KEPT];
static unsigned int kept_count;
static uint64_t sum; /* over all that was sent, so that it is read */

/* What a length or an offset may be told to be. */
static uint32_t lie(void)
{
	const uint8_t kind = fuzz_8(&bus.input);

	return kind & 1 ? fuzz_16(&bus.input) % 2048 : fuzz_32(&bus.input);
}

/* ---- The link ---- */

static void link_send(struct network_link *link,
		      const struct network_frame *frame)
{
	const struct network_offload *const offload = &frame->offload;
	uint64_t size = 0;

	(void)link;
	for (unsigned int i = 0; i < frame->span_count; i++) {
		const uint8_t *const bytes = frame->spans[i].base;

		for (size_t j = 0; j < frame->spans[i].size; j += 64)
			sum += bytes[j];
		if (frame->spans[i].size)
			sum += bytes[frame->spans[i].size - 1];
		size += frame->spans[i].size;
	}
	FUZZ_CHECK(size == frame->size && size >= 14);
	if (offload->checksum_missing)
		FUZZ_CHECK((uint64_t)offload->checksum_start +
				   offload->checksum_offset + 2 <=
			   size);
	if (offload->segmentation != NETWORK_WHOLE) {
		FUZZ_CHECK(link_.segments);
		FUZZ_CHECK(offload->segment_size > 0);
		FUZZ_CHECK(offload->header_size <= size);
	} else {
		FUZZ_CHECK(size <= MTU + 22); /* with two tags */
	}
}

static void link_resume(struct network_link *link)
{
	(void)link;
}

static void arrive(struct fuzz *input)
{
	static uint8_t bytes[4096];
	const uint8_t which = fuzz_8(input);
	const uint32_t size = which & 1 ? fuzz_16(input) % sizeof(bytes) : 64;
	const size_t head = fuzz_bytes(input, bytes, fuzz_8(input) % 80);
	const struct span spans[2] = {
		{bytes, head < size ? head : size},
		{bytes + head, size - (head < size ? head : size)}};
	struct network_frame frame = {
		.spans = spans, .span_count = 2, .size = size};

	frame.offload.checksum_missing = which & 2;
	frame.offload.checksum_verified = which & 4;
	frame.offload.segmentation = (which >> 3 & 3) % 3;
	if (which & 2 || frame.offload.segmentation) {
		frame.offload.checksum_start = fuzz_8(input);
		frame.offload.checksum_offset = fuzz_8(input);
		frame.offload.segment_size = fuzz_16(input);
		frame.offload.header_size = fuzz_8(input);
	}
	if (link_.receive)
		link_.receive(link_.device, &frame);
}

/* ---- NVSP ---- */

static void message(struct guest_channel *channel)
{
	static const uint8_t types[] = {NVSP_INIT,
					NVSP_SEND_NDIS_VERSION,
					NVSP_SEND_RECEIVE_BUFFER,
					NVSP_REVOKE_RECEIVE_BUFFER,
					NVSP_SEND_SEND_BUFFER,
					NVSP_REVOKE_SEND_BUFFER,
					NVSP_SEND_RNDIS_PACKET,
					NVSP_SEND_NDIS_CONFIG,
					NVSP_SWITCH_DATA_PATH,
					NVSP_SUBCHANNEL};
	const uint8_t which = fuzz_8(&bus.input);
	struct nvsp_message nvsp = {.type = types[which % sizeof(types)]};

	switch (nvsp.type) {
	case NVSP_SEND_RECEIVE_BUFFER:
		nvsp.send_buffer.gpadl = which & 128 ? send_list : receive_list;
		break;
	case NVSP_SEND_SEND_BUFFER:
		nvsp.send_buffer.gpadl = which & 128 ? receive_list : send_list;
		break;
	case NVSP_REVOKE_RECEIVE_BUFFER:
	case NVSP_REVOKE_SEND_BUFFER:
		break;
	default:
		fuzz_bytes(&bus.input, nvsp.bytes, 16);
	}
	bus_send_inband(channel, &nvsp, which & 64 ? which % 40 : sizeof(nvsp));
}

/* RNDIS of size bytes is in section 0; it goes from there or from pages. */
static void send_rndis(struct guest_channel *channel, uint32_t type,
		       uint32_t size)
{
	const uint8_t which = fuzz_8(&bus.input);
	struct nvsp_message nvsp = {
		.type = NVSP_SEND_RNDIS_PACKET,
		.rndis_packet = {type, 0, size},
	};

	bus_clear(VMBUS_PACKET_IN_BAND);
	if (which & 1) {
		const uint32_t in_section = which & 2 ? 64 : 0;

		if (!in_section)
			nvsp.rndis_packet.send_section_index =
				NVSP_NO_SEND_SECTION;
		nvsp.rndis_packet.send_section_size = in_section;
		if (size > in_section)
			guest_packet_pages(&bus.sent, in_section,
					   size - in_section, send_pages);
	} else if (which & 4) {
		nvsp.rndis_packet.send_section_index = which >> 3;
	}
	memcpy(bus.sent.payload, &nvsp, sizeof(nvsp));
	bus_send(channel, sizeof(nvsp));
}

/* ---- RNDIS ---- */

static void put(uint32_t offset, const void *from, uint32_t size)
{
	const uint8_t *bytes = from;

	while (size) {
		const uint32_t at = offset % 4096;
		const uint32_t piece = size < 4096 - at ? size : 4096 - at;
		const uint64_t page = send_pages[offset / 4096 % SEND_PAGES];

		memcpy((uint8_t *)guest_at(&bus.guest, page) + at, bytes,
		       piece);
		offset += piece;
		bytes += piece;
		size -= piece;
	}
}

static void control(struct guest_channel *channel)
{
	static const uint32_t types[] = {
		RNDIS_INITIALIZE, RNDIS_HALT,	   RNDIS_QUERY, RNDIS_SET,
		RNDIS_RESET,	  RNDIS_KEEPALIVE, RNDIS_QUERY, RNDIS_SET};
	static const uint32_t oids[] = {RNDIS_OID_SUPPORTED_LIST,
					RNDIS_OID_HARDWARE_STATUS,
					RNDIS_OID_MEDIA_SUPPORTED,
					RNDIS_OID_MEDIA_IN_USE,
					RNDIS_OID_MAXIMUM_LOOKAHEAD,
					RNDIS_OID_MAXIMUM_FRAME_SIZE,
					RNDIS_OID_LINK_SPEED,
					RNDIS_OID_TRANSMIT_BUFFER_SPACE,
					RNDIS_OID_RECEIVE_BUFFER_SPACE,
					RNDIS_OID_TRANSMIT_BLOCK_SIZE,
					RNDIS_OID_RECEIVE_BLOCK_SIZE,
					RNDIS_OID_VENDOR_ID,
					RNDIS_OID_VENDOR_DESCRIPTION,
					RNDIS_OID_CURRENT_PACKET_FILTER,
					RNDIS_OID_CURRENT_LOOKAHEAD,
					RNDIS_OID_DRIVER_VERSION,
					RNDIS_OID_MAXIMUM_TOTAL_SIZE,
					RNDIS_OID_MAC_OPTIONS,
					RNDIS_OID_MEDIA_CONNECT_STATUS,
					RNDIS_OID_MAXIMUM_SEND_PACKETS,
					RNDIS_OID_VENDOR_DRIVER_VERSION,
					RNDIS_OID_TRANSMIT_OK,
					RNDIS_OID_RECEIVE_OK,
					RNDIS_OID_TRANSMIT_ERROR,
					RNDIS_OID_RECEIVE_ERROR,
					RNDIS_OID_RECEIVE_NO_BUFFER,
					RNDIS_OID_STATISTICS,
					RNDIS_OID_RSS_CAPABILITIES,
					RNDIS_OID_RSS_PARAMETERS,
					RNDIS_OID_FRIENDLY_NAME,
					RNDIS_OID_CONFIG_PARAMETER,
					RNDIS_OID_OFFLOAD_ENCAPSULATION,
					RNDIS_OID_PERMANENT_ADDRESS,
					RNDIS_OID_CURRENT_ADDRESS,
					RNDIS_OID_MULTICAST_LIST,
					RNDIS_OID_MAXIMUM_LIST_SIZE,
					RNDIS_OID_OFFLOAD_CONFIGURATION,
					RNDIS_OID_OFFLOAD_PARAMETERS,
					RNDIS_OID_OFFLOAD_CAPABILITIES};
	const uint8_t which = fuzz_8(&bus.input);
	const uint8_t body = fuzz_8(&bus.input) % 100;
	struct rndis_request request = {
		.header = {types[which & 7], sizeof(request) + body},
		.request_id = which,
		.oid = which & 8 ? fuzz_32(&bus.input)
				 : oids[fuzz_8(&bus.input) %
					(sizeof(oids) / sizeof(oids[0]))],
		.buffer_length = body,
		.buffer_offset = sizeof(request) - 8,
	};
	uint8_t bytes[128];

	fuzz_bytes(&bus.input, bytes, body);
	if (which >= 240)
		((uint32_t *)&request)[fuzz_8(&bus.input) % 7] = lie();
	put(0, &request, sizeof(request));
	put(sizeof(request), bytes, body);
	send_rndis(channel, NVSP_CHANNEL_CONTROL, sizeof(request) + body);
}

/* Ethernet to TCP or UDP, true enough that offloads can be made. */
static uint32_t frame(uint8_t *bytes, uint8_t which)
{
	static const uint8_t ipv4[] = {2, 0, 0,	   0, 0, 9,  2,	 0, 0, 0, 0,  1,
				       8, 0, 0x45, 0, 0, 60, 0,	 0, 0, 0, 64, 6,
				       0, 0, 10,   0, 2, 15, 10, 0, 2, 2};
	static const uint8_t ipv6[] = {2, 0, 0, 0,  0,	  9,	2,    0,
				       0, 0, 0, 1,  0x86, 0xdd, 0x60, 0,
				       0, 0, 0, 40, 6,	  64};
	const uint32_t size =
		which & 2 ? fuzz_16(&bus.input) % SECTION : 60 + which;

	memset(bytes, 0, SECTION);
	if (which & 1)
		memcpy(bytes, ipv6, sizeof(ipv6));
	else
		memcpy(bytes, ipv4, sizeof(ipv4));
	bytes[which & 1 ? 54 + 12 : 34 + 12] = 0x50;
	if (which & 4)
		fuzz_bytes(&bus.input, bytes + fuzz_8(&bus.input), 8);
	bytes[which & 1 ? 18 : 16] = (uint8_t)((size - 14) >> 8);
	bytes[which & 1 ? 19 : 17] = (uint8_t)(size - 14);
	return size;
}

static void packet(struct guest_channel *channel)
{
	static uint8_t bytes[SECTION];
	const uint8_t which = fuzz_8(&bus.input);
	const uint8_t words = fuzz_8(&bus.input) % 4;
	const uint32_t size = frame(bytes, which);
	struct rndis_packet rndis = {
		.header.type = RNDIS_PACKET,
		.data_length = size,
		.data_offset = sizeof(rndis) - 8 + words * 16,
	};

	rndis.header.length = sizeof(rndis) + words * 16 + size;
	rndis.per_packet_info_offset = words ? sizeof(rndis) - 8 : 0;
	rndis.per_packet_info_length = words * 16u;
	for (uint32_t i = 0; i < words; i++) {
		const uint32_t info[4] = {16, fuzz_8(&bus.input) % 12, 12,
					  fuzz_32(&bus.input)};

		put(sizeof(rndis) + i * 16, info, 16);
	}
	if (which >= 224)
		((uint32_t *)&rndis)[fuzz_8(&bus.input) % 11] = lie();
	put(0, &rndis, sizeof(rndis));
	put(sizeof(rndis) + words * 16, bytes, size);
	send_rndis(channel, NVSP_CHANNEL_DATA,
		   sizeof(rndis) + words * 16 + size);
}

/* ---- The driver ---- */

static void taken(struct guest_channel *channel)
{
	(void)channel;
	if (bus.received.descriptor.type == VMBUS_PACKET_TRANSFER_PAGES &&
	    kept_count < KEPT)
		kept[kept_count++] = bus.received.descriptor.transaction_id;
}

static void answer(struct guest_channel *channel, unsigned int detail)
{
	const struct nvsp_message nvsp = {
		.type = NVSP_SEND_RNDIS_PACKET_COMPLETE,
		.rndis_packet_complete = {NVSP_STATUS_SUCCESS},
	};

	bus_receive(channel);
	bus_clear(VMBUS_PACKET_IN_BAND);
	while (kept_count && channel->guest) {
		bus.sent.descriptor.type = VMBUS_PACKET_COMPLETION;
		bus.sent.descriptor.flags = 0;
		memcpy(bus.sent.payload, &nvsp, sizeof(nvsp));
		bus.sent.payload_size = sizeof(nvsp);
		bus.sent.descriptor.transaction_id =
			detail ? kept[--kept_count] : fuzz_32(&bus.input);
		if (!guest_send(channel, &bus.sent) || !detail)
			break;
	}
}

static void bring_up(struct guest_channel *channel, unsigned int detail)
{
	static const uint32_t versions[] = {NVSP_VERSION_1, NVSP_VERSION_2,
					    NVSP_VERSION_5, NVSP_VERSION_6_1};
	const uint32_t version = versions[detail & 3];
	const struct nvsp_message messages[] = {
		{.type = NVSP_INIT, .init = {version, version}},
		{.type = NVSP_SEND_NDIS_CONFIG,
		 .ndis_config = {.mtu = MTU + 14, .capabilities_low = detail}},
		{.type = NVSP_SEND_RECEIVE_BUFFER,
		 .send_buffer = {receive_list, NVSP_RECEIVE_BUFFER_ID, 0}},
		{.type = NVSP_SEND_SEND_BUFFER,
		 .send_buffer = {send_list, NVSP_SEND_BUFFER_ID, 0}},
	};
	struct rndis_initialize initialize = {
		.header = {RNDIS_INITIALIZE, sizeof(initialize)},
		.major_version = 1,
		.max_transfer_size = 0x4000,
	};

	for (unsigned int i = 0; i < 4; i++)
		if (i != 1 || detail & 3)
			bus_send_inband(channel, &messages[i],
					sizeof(messages[i]));
	put(0, &initialize, sizeof(initialize));
	send_rndis(channel, NVSP_CHANNEL_CONTROL, sizeof(initialize));
	bus_receive(channel);
}

/* The same pages each time, under another name. */
static void opened(unsigned int index)
{
	const uint32_t relid = bus.channels[index].relid;

	kept_count = 0;
	receive_list =
		guest_gpadl(&bus.guest, relid, receive_pages, RECEIVE_PAGES);
	send_list = guest_gpadl(&bus.guest, relid, send_pages, SEND_PAGES);
}

static void take_pages(void)
{
	for (unsigned int i = 0; i < RECEIVE_PAGES; i++)
		receive_pages[i] = guest_page(&bus.guest);
	for (unsigned int i = 0; i < SEND_PAGES; i++)
		send_pages[i] = guest_page(&bus.guest);
}

static void network(unsigned int detail)
{
	if (detail < 4)
		netvsp_network_changed(netvsp);
	else if (link_.carrier)
		link_.carrier(link_.device, detail & 1);
}

static void act(unsigned int operation, unsigned int detail)
{
	struct guest_channel *const channel = &bus.channels[0];

	switch (operation) {
	case 0:
		message(channel);
		break;
	case 1:
		bring_up(channel, detail);
		break;
	case 2:
		network(detail);
		break;
	case 3:
	case 4:
		arrive(&bus.input);
		break;
	case 5:
		answer(channel, detail);
		break;
	case 6:
	case 7:
		control(channel);
		break;
	default:
		packet(channel);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t kind = size ? data[0] : 0;

	link_ = (struct network_link){
		.mtu = MTU,
		.checksums = kind & 128,
		.segments = kind & 64,
		.send = link_send,
		.resume = link_resume,
	};
	bus.ring_pages = 5;
	bus.opened = opened;
	bus.taken = taken;
	bus.act = act;
	bus_start(data, size);
	take_pages();
	netvsp = netvsp_create(&(struct netvsp_options){
		.name = "net",
		.server = bus.guest.server,
		.memory = &bus.guest.memory,
		.mac = {2, 0, 0, 0, 0, 1},
		.link = &link_,
	});
	bus_connect();
	bus_run();
	netvsp_state_read(netvsp);
	netvsp_destroy(netvsp);
	bus_stop();
	return 0;
}
