// SPDX-License-Identifier: GPL-2.0-or-later
/* The storage channel: opened, and one small request again and again. */
#include "abi/hypercall.h"
#include "abi/vmbus/channel.h"
#include "abi/vmbus/ring.h"
#include "abi/vmbus/storage.h"
#include "guest.h"

#define PAGE	    4096u
#define RING_PAGES  4u /* each: header and data */
#define DATA_SIZE   ((RING_PAGES - 1) * PAGE)
#define GPADL	    0xe1e10u
#define GPADL_WORDS (sizeof(struct vmbus_gpadl_header) / 4 + 2 + 4 * RING_PAGES)
#define CDB_SIZE    6u /* TEST UNIT READY: all zeros */

struct ring {
	struct vmbus_ring_header header;
	uint8_t data[DATA_SIZE];
};

struct request {
	struct vmbus_packet_descriptor descriptor;
	struct storvsp_packet packet;
	struct vmbus_packet_trailer trailer;
};

static struct {
	struct ring out;
	struct ring in;
} rings __attribute__((aligned(PAGE)));
static uint32_t connection;

static void describe_rings(uint32_t relid)
{
	/* Header, one range, its page numbers; aligned to 4 only. */
	uint32_t message[GPADL_WORDS] = {0};
	struct vmbus_gpadl_header *const header = (void *)message;
	uint32_t *const range = message + sizeof(*header) / 4;
	struct vmbus_gpadl_created created;
	uint32_t i;

	*header = (struct vmbus_gpadl_header){
		.header.type = VMBUS_MSG_GPADL_HEADER,
		.relid = relid,
		.gpadl = GPADL,
		.range_buffer_length = (2 + 2 * 2 * RING_PAGES) * 4,
		.range_count = 1,
	};
	range[0] = sizeof(rings);
	for (i = 0; i < 2 * RING_PAGES; i++)
		range[2 + 2 * i] = (uint32_t)((uintptr_t)&rings / PAGE) + i;
	vmbus_post(message, sizeof(message));
	vmbus_expect(VMBUS_MSG_GPADL_CREATED, &created, sizeof(created));
}

static bool channel_open(const struct vmbus_offer_channel *offer)
{
	const struct vmbus_open_channel open = {
		.header.type = VMBUS_MSG_OPEN_CHANNEL,
		.relid = offer->relid,
		.open_id = 1,
		.ring_gpadl = GPADL,
		.downstream_offset_pages = RING_PAGES,
	};
	struct vmbus_open_channel_result result;

	rings.out.header.feature_bits = VMBUS_RING_FEATURE_PENDING_SEND_SIZE;
	rings.in.header.feature_bits = VMBUS_RING_FEATURE_PENDING_SEND_SIZE;
	describe_rings(offer->relid);
	vmbus_post(&open, sizeof(open));
	vmbus_expect(VMBUS_MSG_OPEN_CHANNEL_RESULT, &result, sizeof(result));
	connection = offer->connection_id;
	return !result.status;
}

/* Puts the request on the ring and tells the other side. */
static void send(struct request *request)
{
	const uint32_t *const words = (const void *)request;
	volatile struct vmbus_ring_header *const header = &rings.out.header;
	uint32_t at = header->write_index;
	size_t i;

	request->descriptor = (struct vmbus_packet_descriptor){
		.type = VMBUS_PACKET_IN_BAND,
		.data_offset8 = sizeof(request->descriptor) / VMBUS_PACKET_UNIT,
		.length8 = (sizeof(*request) - sizeof(request->trailer)) /
			   VMBUS_PACKET_UNIT,
		.flags = VMBUS_PACKET_FLAG_COMPLETION_REQUESTED,
		.transaction_id = 1,
	};
	request->trailer.write_index = at;
	for (i = 0; i < sizeof(*request) / 4; i++) {
		*(uint32_t *)(void *)(rings.out.data + at) = words[i];
		at = (at + 4) % DATA_SIZE;
	}
	__atomic_store_n(&header->write_index, at, __ATOMIC_SEQ_CST);
	hyperv_call(HVCALL_SIGNAL_EVENT | HV_HYPERCALL_FAST, connection, 0);
}

/* One packet came back: it is taken, unread. */
static void receive(void)
{
	volatile struct vmbus_ring_header *const header = &rings.in.header;

	__asm__ volatile("cli" ::: "memory");
	while (header->write_index == header->read_index)
		__asm__ volatile("sti; hlt; cli" ::: "memory");
	header->read_index = header->write_index;
	__asm__ volatile("sti" ::: "memory");
}

static void ask(uint32_t operation)
{
	struct request request = {
		.packet =
			{
				.operation = operation,
				.flags = STORVSP_FLAG_REQUEST_COMPLETION,
			},
	};

	if (operation == STORVSP_QUERY_PROTOCOL_VERSION)
		request.packet.protocol_version.version = STORVSP_VERSION_WIN10;
	send(&request);
	receive();
}

bool storage_open(void)
{
	static const struct vmbus_guid scsi = VMBUS_GUID_SCSI;
	static bool tried, is_open;
	struct vmbus_offer_channel offer;

	if (tried)
		return is_open;
	tried = true;
	if (!hyperv_is_here() || !vmbus_connect() ||
	    !vmbus_find(&scsi, &offer) || !channel_open(&offer))
		return false;
	ask(STORVSP_BEGIN_INITIALIZATION);
	ask(STORVSP_QUERY_PROTOCOL_VERSION);
	ask(STORVSP_QUERY_PROPERTIES);
	ask(STORVSP_END_INITIALIZATION);
	is_open = true;
	return true;
}

void storage_ping(void)
{
	struct request request = {
		.packet =
			{
				.operation = STORVSP_EXECUTE_SRB,
				.flags = STORVSP_FLAG_REQUEST_COMPLETION,
				.srb =
					{
						.length = STORVSP_SRB_SIZE,
						.cdb_length = CDB_SIZE,
						.sense_length =
							STORVSP_SENSE_SIZE,
						.direction = STORVSP_DATA_NONE,
					},
			},
	};

	send(&request);
	receive();
}
