// SPDX-License-Identifier: GPL-2.0-or-later
/* The storage channel: opened, and one small request again and again. */
#include "abi/vmbus/storage.h"
#include "guest.h"
#include "test/guest/vmbus.h"

#define GPADL	 0xe1e10u
#define CDB_SIZE 6u /* TEST UNIT READY: all zeros */
#define OFFERS	 64

static struct vmbus_rings rings;
static struct vmbus_channel channel = {.rings = &rings, .gpadl = GPADL};

/* One packet came back: it is taken, unread. */
static void receive(void)
{
	volatile struct vmbus_ring_header *const header = &rings.in.header;

	vmbus_channel_wait(&channel);
	header->read_index = header->write_index;
}

static void send(const struct storvsp_packet *payload)
{
	const struct vmbus_packet packet = {
		.type = VMBUS_PACKET_IN_BAND,
		.flags = VMBUS_PACKET_FLAG_COMPLETION_REQUESTED,
		.transaction_id = 1,
		.payload = payload,
		.payload_size = sizeof(*payload),
	};

	vmbus_channel_send(&channel, &packet);
}

static void ask(uint32_t operation)
{
	struct storvsp_packet packet = {
		.operation = operation,
		.flags = STORVSP_FLAG_REQUEST_COMPLETION,
	};

	if (operation == STORVSP_QUERY_PROTOCOL_VERSION)
		packet.protocol_version.version = STORVSP_VERSION_WIN10;
	send(&packet);
	receive();
}

static bool channel_open(void)
{
	static const struct vmbus_guid scsi = VMBUS_GUID_SCSI;
	static struct vmbus_offer_channel offers[OFFERS];
	const struct vmbus_offer_channel *const offer =
		vmbus_find(offers, vmbus_offers(offers, OFFERS), &scsi);

	if (!offer)
		return false;
	channel.offer = *offer;
	return vmbus_channel_open(&channel);
}

bool storage_open(void)
{
	static bool tried, is_open;

	if (tried)
		return is_open;
	tried = true;
	if (!hyperv_is_here())
		return false;
	vmbus_synic_start(VECTOR_SYNIC);
	if (!vmbus_connect(VMBUS_VERSION_5_0) || !channel_open())
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
	static const struct storvsp_packet packet = {
		.operation = STORVSP_EXECUTE_SRB,
		.flags = STORVSP_FLAG_REQUEST_COMPLETION,
		.srb =
			{
				.length = STORVSP_SRB_SIZE,
				.cdb_length = CDB_SIZE,
				.sense_length = STORVSP_SENSE_SIZE,
				.direction = STORVSP_DATA_NONE,
			},
	};

	send(&packet);
	receive();
}
