/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The storage controller: requests of any content, disks that answer in any
 * order, channels closed and a server reset in between.
 */
#include "bus.h"

#include "abi/vmbus/storage.h"
#include "test/unit/worker/backend/disk.h"
#include "worker/backend/scsi_disk.h"
#include "worker/synthetic/storvsp.h"

#define DISKS	  2u
#define DISK_SIZE (256u << 10)

static struct disk disks[DISKS];
static struct scsi_device *units[DISKS];
static struct storvsp *storvsp;

static void control(struct guest_channel *channel)
{
	struct fuzz *const input = &bus.input;
	struct storvsp_packet message = {
		.operation = fuzz_8(input) % 16,
		.flags = 1,
	};

	if (message.operation == STORVSP_CREATE_SUB_CHANNELS)
		message.sub_channel_count = fuzz_8(input) % 8;
	else if (message.operation == STORVSP_QUERY_PROTOCOL_VERSION)
		message.protocol_version.version =
			fuzz_8(input) & 7 ? STORVSP_VERSION_WIN10
					  : fuzz_16(input);
	bus_send_inband(channel, &message, sizeof(message));
}

/* As Linux brings the controller up. */
static void bring_up(struct guest_channel *channel)
{
	static const uint32_t operations[] = {
		STORVSP_BEGIN_INITIALIZATION, STORVSP_QUERY_PROTOCOL_VERSION,
		STORVSP_QUERY_PROPERTIES, STORVSP_END_INITIALIZATION};

	for (unsigned int i = 0; i < 4; i++) {
		struct storvsp_packet message = {.operation = operations[i],
						 .flags = 1};

		message.protocol_version.version = STORVSP_VERSION_WIN10;
		bus_send_inband(channel, &message, sizeof(message));
	}
}

static void data_pages(uint8_t which, uint16_t offset, uint32_t size)
{
	uint64_t list[BUS_PAGES];

	for (unsigned int i = 0; i < BUS_PAGES; i++)
		list[i] = bus.pages[(which + i) % BUS_PAGES];
	if (which >= 240)
		list[which % BUS_PAGES] = fuzz_64(&bus.input);
	guest_packet_pages(&bus.sent, offset, size, list);
}

static void command(struct guest_channel *channel)
{
	struct fuzz *const input = &bus.input;
	const uint8_t which = fuzz_8(input);
	struct storvsp_packet message = {
		.operation = STORVSP_EXECUTE_SRB,
		.flags = 1,
		.srb = {.length = 52, .sense_length = 20},
	};
	const uint16_t offset = (uint16_t)(fuzz_8(input) * 16u);
	uint32_t size = fuzz_8(input) * 128u;

	if (size > BUS_PAGES * 4096 - offset)
		size = BUS_PAGES * 4096 - offset;
	message.srb.lun = which & 3;
	message.srb.target = which > 250;
	message.srb.direction = which >> 2 & 3;
	message.srb.cdb_length = which & 16 ? 16 : fuzz_8(input);
	message.srb.transfer_length = which & 32 ? fuzz_32(input) : size;
	fuzz_bytes(input, message.srb.cdb, which & 64 ? 16 : 10);
	bus_clear(VMBUS_PACKET_IN_BAND);
	if (size)
		data_pages(which, offset, size);
	memcpy(bus.sent.payload, &message, sizeof(message));
	bus_send(channel, sizeof(message));
}

static void taken(struct guest_channel *channel)
{
	(void)channel;
	FUZZ_CHECK(bus.received.descriptor.type == VMBUS_PACKET_COMPLETION);
}

static void answer_one(unsigned int detail)
{
	struct disk *const disk = &disks[detail & 1];
	const uint8_t fail = detail & 8 ? fuzz_8(&bus.input) : 0;

	disk->fail = fail % (BLOCK_EUNSUPPORTED + 1);
	if (disk->pending_count)
		disk_answer(disk, fuzz_8(&bus.input) % disk->pending_count);
}

/* An answer makes room for another request, of any disk's. */
static void settle(void)
{
	while (disks[0].pending_count || disks[1].pending_count) {
		disk_answer_all(&disks[0]);
		disk_answer_all(&disks[1]);
	}
}

static void act(unsigned int operation, unsigned int detail)
{
	struct guest_channel *const channel = &bus.channels[detail & 1];

	switch (operation) {
	case 0:
		control(channel);
		break;
	case 1:
		bring_up(channel);
		break;
	case 2:
	case 3:
		answer_one(detail);
		break;
	case 4:
		settle();
		break;
	default:
		command(channel);
	}
}

static void create(void)
{
	struct storvsp_options options = {
		.name = "disks",
		.server = bus.guest.server,
		.memory = &bus.guest.memory,
		.sub_channels = 3,
	};

	for (unsigned int i = 0; i < DISKS; i++) {
		if (!disks[i].data)
			disk_init(&disks[i], DISK_SIZE, i ? 4096 : 512);
		disks[i].device.readonly = i;
		units[i] = scsi_disk_create(&disks[i].device);
		options.luns[i] = units[i];
	}
	storvsp = storvsp_create(&options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bus.ring_pages = 5;
	bus.settle = settle;
	bus.taken = taken;
	bus.act = act;
	bus_start(data, size);
	create();
	bus_connect();
	bus_run();
	FUZZ_CHECK(storvsp_in_flight(storvsp) == 0);
	storvsp_destroy(storvsp);
	for (unsigned int i = 0; i < DISKS; i++) {
		FUZZ_CHECK(disks[i].pending_count == 0);
		FUZZ_CHECK(disks[i].plugged == 0);
		scsi_disk_destroy(units[i]);
	}
	bus_stop();
	return 0;
}
