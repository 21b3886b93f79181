/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The storage controller: requests of any content on good rings, disks that
 * answer in any order, channels closed and a server reset in between.
 */
#include "fuzz.h"

#include "abi/vmbus/storage.h"
#include "test/unit/worker/backend/disk.h"
#include "test/unit/worker/vmbus/guest.h"
#include "worker/backend/scsi_disk.h"
#include "worker/synthetic/storvsp.h"

#define DISKS	   2u
#define DISK_SIZE  (256u << 10)
#define PAGES	   8u
#define RING_PAGES 5u

static struct guest guest;
static struct disk disks[DISKS];
static struct scsi_device *units[DISKS];
static struct storvsp *storvsp;
static struct vmbus_offer_channel offers[4];
static unsigned int offer_count;
static struct guest_channel channels[4]; /* guest is NULL: not open */
static uint64_t pages[PAGES];
static struct fuzz input;
static struct guest_packet packet;

static void send(struct guest_channel *channel, size_t size)
{
	packet.payload_size = size;
	packet.descriptor.flags = 1;
	packet.descriptor.transaction_id = channel->next_transaction++;
	if (channel->guest)
		guest_send(channel, &packet);
}

static void control(struct guest_channel *channel)
{
	struct storvsp_packet message = {
		.operation = fuzz_8(&input) % 16,
		.flags = 1,
	};

	if (message.operation == STORVSP_CREATE_SUB_CHANNELS)
		message.sub_channel_count = fuzz_8(&input) % 8;
	else if (message.operation == STORVSP_QUERY_PROTOCOL_VERSION)
		message.protocol_version.version =
			fuzz_8(&input) & 7 ? STORVSP_VERSION_WIN10
					   : fuzz_16(&input);
	memset(&packet.descriptor, 0, sizeof(packet.descriptor));
	packet.descriptor.type = VMBUS_PACKET_IN_BAND;
	packet.header_size = 0;
	memcpy(packet.payload, &message, sizeof(message));
	send(channel, sizeof(message));
}

static void command(struct guest_channel *channel)
{
	const uint8_t which = fuzz_8(&input);
	struct storvsp_packet message = {
		.operation = STORVSP_EXECUTE_SRB,
		.flags = 1,
		.srb = {.length = 52, .sense_length = 20},
	};
	uint64_t list[PAGES];
	const uint16_t offset = fuzz_8(&input) * 16u;
	uint32_t size = fuzz_8(&input) * 128u;

	if (size > PAGES * 4096 - offset)
		size = PAGES * 4096 - offset;
	message.srb.lun = which & 3;
	message.srb.target = which > 250;
	message.srb.direction = which >> 2 & 3;
	message.srb.cdb_length = which & 16 ? 16 : fuzz_8(&input);
	message.srb.transfer_length = which & 32 ? fuzz_32(&input) : size;
	fuzz_bytes(&input, message.srb.cdb, which & 64 ? 16 : 10);
	for (unsigned int i = 0; i < PAGES; i++)
		list[i] = pages[(which + i) % PAGES];
	if (which >= 240)
		list[which % PAGES] = fuzz_64(&input);
	memset(&packet.descriptor, 0, sizeof(packet.descriptor));
	packet.descriptor.type = VMBUS_PACKET_IN_BAND;
	packet.header_size = 0;
	if (size)
		guest_packet_pages(&packet, offset, size, list);
	memcpy(packet.payload, &message, sizeof(message));
	send(channel, sizeof(message));
}

static void raw(struct guest_channel *channel)
{
	memset(&packet.descriptor, 0, sizeof(packet.descriptor));
	packet.descriptor.type = fuzz_8(&input) % 16;
	packet.header_size = fuzz_8(&input) % 8 * 8u;
	fuzz_bytes(&input, packet.header, packet.header_size);
	memset(packet.payload, 0, 128);
	fuzz_bytes(&input, packet.payload, fuzz_8(&input) % 80);
	send(channel, fuzz_8(&input) % 128);
}

static void receive(struct guest_channel *channel)
{
	static struct guest_packet answer;

	while (channel->guest && guest_receive(channel, &answer))
		FUZZ_CHECK(answer.descriptor.type == VMBUS_PACKET_COMPLETION);
}

/* ---- Channels ---- */

static void drop_messages(void)
{
	while (guest.message_count)
		guest_take(&guest);
}

static void answer_all(void)
{
	for (unsigned int i = 0; i < DISKS; i++)
		disk_answer_all(&disks[i]);
}

static void close_channel(struct guest_channel *channel)
{
	if (channel->guest)
		guest_close(channel);
	channel->guest = NULL;
}

static void connect(void)
{
	drop_messages();
	memset(channels, 0, sizeof(channels));
	answer_all();
	FUZZ_CHECK(guest_contact(&guest, VMBUS_VERSION_5_3));
	offer_count = guest_offers(&guest, offers, 4);
	FUZZ_CHECK(offer_count >= 1);
	if (offer_count > 4)
		offer_count = 4;
}

static void open_channel(unsigned int i)
{
	if (i >= offer_count || channels[i].guest)
		return;
	answer_all();
	drop_messages();
	if (guest_open(&guest, &offers[i], RING_PAGES, &channels[i]))
		channels[i].guest = NULL;
}

static void reset(void)
{
	vmbus_server_reset(guest.server);
	connect();
	open_channel(0);
}

/* ---- All of it ---- */

static void answer_one(unsigned int detail)
{
	struct disk *const disk = &disks[detail & 1];

	disk->fail = detail & 8 ? fuzz_8(&input) % (BLOCK_EUNSUPPORTED + 1) : 0;
	if (disk->pending_count)
		disk_answer(disk, fuzz_8(&input) % disk->pending_count);
}

static void step(void)
{
	const uint8_t operation = fuzz_8(&input);
	const unsigned int detail = operation >> 4;
	struct guest_channel *const channel = &channels[detail & 1];

	switch (operation & 15) {
	case 0:
	case 1:
		control(channel);
		break;
	case 2:
		raw(channel);
		break;
	case 3:
		if (detail == 0)
			reset();
		else
			close_channel(channel);
		break;
	case 4:
		open_channel(detail & 3);
		break;
	case 5:
		connect();
		open_channel(0);
		break;
	case 6:
	case 7:
		answer_one(detail);
		break;
	case 8:
		answer_all();
		break;
	case 9:
		receive(channel);
		break;
	case 10:
		fake_clock_advance(&guest.clock, 1000ull << detail);
		break;
	default:
		command(channel);
	}
	drop_messages();
}

static void start(void)
{
	struct storvsp_options options = {
		.name = "disks",
		.memory = &guest.memory,
		.sub_channels = 3,
	};
	static uint8_t *low, *high;

	if (!low) {
		low = fuzz_pages(GUEST_LOW_SIZE);
		high = fuzz_pages(GUEST_HIGH_SIZE);
	}
	fuzz_pages_clear(low, GUEST_LOW_SIZE);
	fuzz_pages_clear(high, GUEST_HIGH_SIZE);
	guest_start(&guest, low, high);
	guest.slots = GUEST_MESSAGES_MAX;
	for (unsigned int i = 0; i < DISKS; i++) {
		if (!disks[i].data)
			disk_init(&disks[i], DISK_SIZE, i ? 4096 : 512);
		disks[i].device.readonly = i;
		units[i] = scsi_disk_create(&disks[i].device);
		options.luns[i] = units[i];
	}
	options.server = guest.server;
	storvsp = storvsp_create(&options);
	for (unsigned int i = 0; i < PAGES; i++)
		pages[i] = guest_page(&guest);
	connect();
	open_channel(0);
}

static void stop(void)
{
	answer_all();
	for (unsigned int i = 0; i < 2; i++)
		receive(&channels[i]);
	vmbus_server_reset(guest.server);
	answer_all();
	FUZZ_CHECK(storvsp_in_flight(storvsp) == 0);
	FUZZ_CHECK(vmbus_server_idle(guest.server));
	storvsp_destroy(storvsp);
	for (unsigned int i = 0; i < DISKS; i++) {
		FUZZ_CHECK(disks[i].pending_count == 0);
		FUZZ_CHECK(disks[i].plugged == 0);
		scsi_disk_destroy(units[i]);
	}
	guest_stop(&guest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = (struct fuzz){data, size, 0};
	start();
	while (fuzz_more(&input))
		step();
	stop();
	return 0;
}
