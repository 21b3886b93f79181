// SPDX-License-Identifier: GPL-2.0-or-later
/* The storage controller, driven as storvsc drives it, and worse. */
#include "../vmbus/guest.h"

#include <string.h>

#include "../backend/disk.h"
#include "abi/vmbus/storage.h"
#include "worker/backend/scsi_disk.h"
#include "worker/synthetic/storvsp.h"

#define DISK_SIZE (4u << 20)

static struct guest guest;
static struct disk disks[2];
static struct scsi_device *units[2];
static struct storvsp *storvsp;
static struct vmbus_offer_channel offer;
static struct guest_channel channel;
static unsigned int sub_channels;

static void create(void)
{
	const struct storvsp_options options = {
		.name = "disks",
		.server = guest.server,
		.memory = &guest.memory,
		.instance = {{9}},
		.luns = {units[0], [5] = units[1]},
		.sub_channels = sub_channels,
	};

	storvsp = storvsp_create(&options);
	assert_non_null(storvsp);
	guest.message_count = 0; /* the offer to a connection that was */
	assert_true(guest_contact(&guest, VMBUS_VERSION_5_3));
	assert_int_equal(guest_offers(&guest, &offer, 1), 1);
	assert_int_equal(guest_open(&guest, &offer, 16, &channel), 0);
}

static int setup(void **state)
{
	(void)state;
	guest_init(&guest);
	for (unsigned int i = 0; i < 2; i++) {
		disk_init(&disks[i], DISK_SIZE, 512);
		units[i] = scsi_disk_create(&disks[i].device);
		for (uint32_t j = 0; j < DISK_SIZE; j++)
			disks[i].data[j] = (uint8_t)(j * 3 + j / 4096 + i);
	}
	sub_channels = 0;
	create();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++)
		disk_answer_all(&disks[i]);
	storvsp_destroy(storvsp);
	for (unsigned int i = 0; i < 2; i++) {
		scsi_disk_destroy(units[i]);
		disk_destroy(&disks[i]);
	}
	guest_destroy(&guest);
	return 0;
}

/* ---- Speaking to it ---- */

static struct guest_packet request_of(const struct storvsp_packet *packet,
				      size_t size, uint64_t transaction)
{
	struct guest_packet request = {
		.descriptor = {.type = VMBUS_PACKET_IN_BAND,
			       .flags = 1,
			       .transaction_id = transaction},
		.payload_size = size,
	};

	memcpy(request.payload, packet, size);
	return request;
}

static bool receive_on(struct guest_channel *from, struct storvsp_packet *to,
		       uint64_t *transaction)
{
	static struct guest_packet answer;

	memset(to, 0, sizeof(*to));
	if (!guest_receive(from, &answer))
		return false;
	assert_int_equal(answer.descriptor.type, VMBUS_PACKET_COMPLETION);
	assert_int_equal(answer.header_size, 0);
	assert_in_range(answer.payload_size, 48, 64);
	memcpy(to, answer.payload, answer.payload_size);
	assert_int_equal(to->operation, STORVSP_COMPLETE_IO);
	*transaction = answer.descriptor.transaction_id;
	return true;
}

static struct storvsp_packet expect_answer(uint64_t transaction)
{
	struct storvsp_packet packet;
	uint64_t got;

	assert_true(receive_on(&channel, &packet, &got));
	assert_int_equal(got, transaction);
	return packet;
}

static struct storvsp_packet control(struct storvsp_packet packet)
{
	static uint64_t transaction = 0x1000;
	const struct guest_packet request =
		request_of(&packet, sizeof(packet), ++transaction);

	assert_true(guest_send(&channel, &request));
	return expect_answer(transaction);
}

static uint32_t control_status(uint32_t operation)
{
	return control((struct storvsp_packet){.operation = operation,
					       .flags = 1})
		.status;
}

static uint32_t version_status(uint16_t version)
{
	struct storvsp_packet packet = {.operation =
						STORVSP_QUERY_PROTOCOL_VERSION};

	packet.protocol_version.version = version;
	return control(packet).status;
}

/* As Linux brings the controller up. */
static void bring_up(void)
{
	struct storvsp_packet answer;

	assert_int_equal(control_status(STORVSP_BEGIN_INITIALIZATION), 0);
	assert_int_equal(version_status(STORVSP_VERSION_WIN10), 0);
	answer = control(
		(struct storvsp_packet){.operation = STORVSP_QUERY_PROPERTIES});
	assert_int_equal(answer.status, 0);
	assert_int_equal(answer.properties.max_channels, sub_channels);
	assert_int_equal(answer.properties.flags, sub_channels ? 1 : 0);
	assert_int_equal(answer.properties.max_transfer_bytes, 1 << 20);
	assert_int_equal(control_status(STORVSP_END_INITIALIZATION), 0);
}

struct command {
	uint8_t lun;
	uint8_t target;
	uint8_t cdb[16];
	uint8_t direction;
	uint32_t length;
	uint32_t offset;      /* in the first page */
	const uint64_t *pfns; /* NULL: no data */
};

static struct guest_packet command_packet(const struct command *command,
					  uint64_t transaction)
{
	struct storvsp_packet packet = {
		.operation = STORVSP_EXECUTE_SRB,
		.flags = 1,
		.srb =
			{
				.length = 52,
				.target = command->target,
				.lun = command->lun,
				.cdb_length = 16,
				.sense_length = 20,
				.direction = command->direction,
				.transfer_length = command->length,
			},
	};

	memcpy(packet.srb.cdb, command->cdb, 16);

	struct guest_packet request =
		request_of(&packet, sizeof(packet), transaction);

	if (command->pfns)
		guest_packet_pages(&request, command->offset, command->length,
				   command->pfns);
	return request;
}

static bool command_send(const struct command *command, uint64_t transaction)
{
	const struct guest_packet request =
		command_packet(command, transaction);

	return guest_send(&channel, &request);
}

static struct storvsp_packet command_run(const struct command *command)
{
	static uint64_t transaction = 1;

	assert_true(command_send(command, ++transaction));
	disk_answer_all(&disks[0]);
	disk_answer_all(&disks[1]);
	return expect_answer(transaction);
}

/* READ(10) or WRITE(10). */
static struct command transfer(uint8_t opcode, uint32_t block, uint32_t blocks,
			       const uint64_t *pfns)
{
	return (struct command){
		.cdb = {opcode, 0, 0, 0, (uint8_t)(block >> 8), (uint8_t)block,
			0, (uint8_t)(blocks >> 8), (uint8_t)blocks},
		.direction = opcode == 0x28,
		.length = blocks * 512,
		.pfns = pfns,
	};
}

static void pages_take(uint64_t *pfns, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		pfns[i] = guest_page(&guest);
}

/* ---- Bringing up ---- */

static void test_bring_up(void **state)
{
	(void)state;
	assert_int_equal(offer.flags & 1, 1);
	bring_up();
	/* Again, as after a driver was bound anew. */
	bring_up();
}

static void test_versions(void **state)
{
	static const uint16_t good[] = {0x0602, 0x0600, 0x0501, 0x0402, 0x0200};

	(void)state;
	assert_int_equal(control_status(STORVSP_BEGIN_INITIALIZATION), 0);
	assert_int_not_equal(version_status(0x0700), 0);
	assert_int_not_equal(version_status(0), 0);
	/* A refused version leaves none. */
	assert_int_not_equal(control_status(STORVSP_QUERY_PROPERTIES), 0);
	assert_int_not_equal(control_status(STORVSP_END_INITIALIZATION), 0);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(version_status(good[i]), 0);
}

static void test_commands_before_ready(void **state)
{
	const struct command command = {.cdb = {0}};

	(void)state;
	assert_int_not_equal(command_run(&command).status, 0);
	assert_int_not_equal(control_status(STORVSP_RESET_BUS), 0);
}

static void test_unknown_operations(void **state)
{
	(void)state;
	bring_up();
	for (uint32_t operation = 0; operation < 100; operation++)
		if (operation < 3 || operation == 11 || operation == 12 ||
		    operation > 13)
			assert_int_not_equal(control_status(operation), 0);
	assert_int_not_equal(control_status(0xffffffff), 0);
	/* Not allowed here. */
	assert_int_equal(control_status(STORVSP_CREATE_SUB_CHANNELS), 0);
	assert_int_not_equal(
		control((struct storvsp_packet){
				.operation = STORVSP_CREATE_SUB_CHANNELS,
				.sub_channel_count = 1})
			.status,
		0);
}

/* Hosts of old had 48-byte packets: so their guests still do. */
static void test_short_packets(void **state)
{
	struct storvsp_packet packet = {.operation =
						STORVSP_BEGIN_INITIALIZATION};
	struct guest_packet request = request_of(&packet, 48, 1);
	struct guest_packet answer;

	(void)state;
	assert_true(guest_send(&channel, &request));
	assert_true(guest_receive(&channel, &answer));
	assert_int_equal(answer.payload_size, 48);
	request = request_of(&packet, 40, 2);
	assert_true(guest_send(&channel, &request));
	assert_false(guest_receive(&channel, &answer));
	assert_non_null(strstr(fake_log_last, "not a storage packet"));
}

/* ---- Commands ---- */

static void test_read_and_write(void **state)
{
	uint64_t pfns[4];
	struct storvsp_packet answer;

	(void)state;
	bring_up();
	pages_take(pfns, 4);

	struct command command = transfer(0x28, 16, 16, pfns);

	answer = command_run(&command);
	assert_int_equal(answer.status, 0);
	assert_int_equal(answer.srb.srb_status, 1);
	assert_int_equal(answer.srb.scsi_status, 0);
	assert_int_equal(answer.srb.transfer_length, 8192);
	assert_memory_equal(guest_at(&guest, pfns[0]), disks[0].data + 8192,
			    4096);
	assert_memory_equal(guest_at(&guest, pfns[1]), disks[0].data + 12288,
			    4096);
	/* Unaligned, onto the other disk. */
	memset(guest_at(&guest, pfns[2]), 0x5a, 4096);
	memset(guest_at(&guest, pfns[3]), 0xa5, 4096);
	command = transfer(0x2a, 8, 8, pfns + 2);
	command.offset = 1024;
	command.lun = 5;
	answer = command_run(&command);
	assert_int_equal(answer.srb.srb_status, 1);
	assert_int_equal(disks[1].data[4096], 0x5a);
	assert_int_equal(disks[1].data[4096 + 3071], 0x5a);
	assert_int_equal(disks[1].data[4096 + 3072], 0xa5);
	assert_int_equal(disks[1].data[8191], 0xa5);
	assert_int_equal(disks[0].data[4096], (uint8_t)(4096 * 3 + 1));
	assert_int_equal(storvsp_in_flight(storvsp), 0);
}

static void test_largest_transfer(void **state)
{
	static uint64_t pfns[258];
	struct storvsp_packet answer;

	(void)state;
	bring_up();
	pages_take(pfns, 258);

	struct command command = transfer(0x28, 0, 2048, pfns);

	command.offset = 512; /* 257 pages touched */
	answer = command_run(&command);
	assert_int_equal(answer.srb.srb_status, 1);
	assert_int_equal(answer.srb.transfer_length, 1 << 20);
	assert_memory_equal(guest_at(&guest, pfns[256]),
			    disks[0].data + (1 << 20) - 512, 512);
	command = transfer(0x28, 0, 2049, pfns);
	answer = command_run(&command);
	assert_int_equal(answer.srb.srb_status, SRB_STATUS_INVALID_REQUEST);
	assert_int_equal(answer.srb.transfer_length, 0);
}

static void test_sense(void **state)
{
	uint64_t pfn = guest_page(&guest);
	struct command command = transfer(0x28, 0xffff, 1, &pfn);
	struct storvsp_packet answer;

	(void)state;
	bring_up();
	answer = command_run(&command);
	assert_int_equal(answer.status, 0);
	assert_int_equal(answer.srb.srb_status, 0x84);
	assert_int_equal(answer.srb.scsi_status, 2);
	assert_int_equal(answer.srb.sense_length, 18);
	assert_int_equal(answer.srb.sense[2], 5);
	assert_int_equal(answer.srb.sense[12], 0x21);
	assert_int_equal(answer.srb.sense[18], 0);
	assert_int_equal(answer.srb.transfer_length, 0);
	disks[0].fail = BLOCK_EIO;
	command = transfer(0x2a, 0, 1, &pfn);
	answer = command_run(&command);
	assert_int_equal(answer.srb.sense[2], 3);
}

static void test_residual(void **state)
{
	uint64_t pfn = guest_page(&guest);
	const struct command command = {
		.cdb = {0x12, 0, 0, 0, 255},
		.direction = 1,
		.length = 255,
		.pfns = &pfn,
	};
	struct storvsp_packet answer;

	(void)state;
	bring_up();
	answer = command_run(&command);
	assert_int_equal(answer.srb.srb_status, 1);
	assert_int_equal(answer.srb.transfer_length, 96);
	assert_memory_equal((uint8_t *)guest_at(&guest, pfn) + 8, "BULKHEAD",
			    8);
}

static void test_addresses(void **state)
{
	struct command command = {.cdb = {0}};

	(void)state;
	bring_up();
	assert_int_equal(command_run(&command).srb.srb_status, 1);
	command.target = 1;
	assert_int_equal(command_run(&command).srb.srb_status,
			 SRB_STATUS_INVALID_LUN);
	command.target = 0;
	for (unsigned int lun = 0; lun < 256; lun++) {
		command.lun = (uint8_t)lun;
		assert_int_equal(command_run(&command).srb.srb_status,
				 lun == 0 || lun == 5 ? 1
						      : SRB_STATUS_INVALID_LUN);
	}
}

static void test_report_luns(void **state)
{
	uint64_t pfn = guest_page(&guest);
	struct command command = {
		.cdb = {0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0},
		.direction = 1,
		.length = 256,
		.pfns = &pfn,
	};
	const uint8_t *const list = guest_at(&guest, pfn);

	(void)state;
	bring_up();
	assert_int_equal(command_run(&command).srb.transfer_length, 24);
	assert_int_equal(list[3], 16);
	assert_int_equal(list[9], 0);
	assert_int_equal(list[17], 5);
	command.cdb[8] = 0;
	command.cdb[9] = 16;
	assert_int_equal(command_run(&command).srb.transfer_length, 16);
	command.cdb[2] = 1;
	assert_int_equal(command_run(&command).srb.transfer_length, 8);
}

/*
 * Linux looks at every path and target, takes each INQUIRY for a success and
 * removes unit 0 of path 0 when another's REPORT LUNS is refused.
 */
static void test_nothing_elsewhere(void **state)
{
	uint64_t pfn = guest_page(&guest);
	struct command command = {
		.cdb = {0x12, 0, 0, 0, 36, 0},
		.target = 1,
		.direction = 1,
		.length = 36,
		.pfns = &pfn,
	};
	const uint8_t *const data = guest_at(&guest, pfn);
	struct storvsp_packet answer;

	(void)state;
	bring_up();
	answer = command_run(&command);
	assert_int_equal(answer.srb.srb_status, 1);
	assert_int_equal(answer.srb.transfer_length, 36);
	assert_int_equal(data[0], 0x7f);
	command.cdb[0] = 0xa0;
	command.cdb[4] = 0;
	command.cdb[9] = 36;
	answer = command_run(&command);
	assert_int_equal(answer.srb.srb_status, 1);
	assert_int_equal(answer.srb.transfer_length, 8);
	assert_int_equal(data[3], 0);
}

/* ---- Much at once ---- */

static void test_out_of_order_and_one_signal(void **state)
{
	uint64_t pfns[8];
	struct storvsp_packet packet;
	uint64_t transaction;
	unsigned int events;

	(void)state;
	bring_up();
	pages_take(pfns, 8);
	channel.quiet = true;
	for (unsigned int i = 0; i < 8; i++) {
		const struct command command =
			transfer(0x28, i * 8, 8, &pfns[i]);

		assert_true(command_send(&command, 100 + i));
	}
	guest_signal(&channel);
	channel.quiet = false;
	assert_int_equal(disks[0].pending_count, 8);
	assert_int_equal(disks[0].plugs, 1); /* submitted together */
	assert_int_equal(disks[0].plugged, 0);
	assert_int_equal(storvsp_in_flight(storvsp), 8);
	events = guest.events[channel.relid];
	vmbus_server_batch_begin(guest.server);
	for (unsigned int i = 8; i-- > 0;)
		disk_answer(&disks[0], i);
	vmbus_server_batch_end(guest.server);
	assert_int_equal(guest.events[channel.relid], events + 1);
	for (unsigned int i = 8; i-- > 0;) {
		assert_true(receive_on(&channel, &packet, &transaction));
		assert_int_equal(transaction, 100 + i);
		assert_memory_equal(guest_at(&guest, pfns[i]),
				    disks[0].data + i * 4096, 4096);
	}
	assert_false(receive_on(&channel, &packet, &transaction));
}

/* More than the pool holds: the rest waits on the ring, none is lost. */
static void test_pool_runs_out(void **state)
{
	uint64_t pfn = guest_page(&guest);
	const struct command command = transfer(0x28, 0, 1, &pfn);
	struct storvsp_packet packet;
	uint64_t transaction;
	uint64_t sent = 0;
	uint64_t received = 0;

	(void)state;
	bring_up();
	while (command_send(&command, sent + 1))
		sent++;
	assert_int_equal(disks[0].pending_count, 256);
	assert_true(sent > 256);
	while (received < sent) {
		while (disks[0].pending_count)
			disk_answer(&disks[0], 0);
		while (receive_on(&channel, &packet, &transaction))
			assert_int_equal(transaction, ++received);
	}
	assert_int_equal(storvsp_in_flight(storvsp), 0);
}

/* A fast disk answers while packets are being taken: all in one pass. */
static void test_fast_disk(void **state)
{
	uint64_t pfn = guest_page(&guest);
	const struct command command = transfer(0x28, 0, 1, &pfn);
	struct storvsp_packet packet;
	uint64_t transaction;
	uint64_t received = 0;
	unsigned int events;

	(void)state;
	bring_up();
	disks[0].at_once = true;
	channel.quiet = true;
	for (uint64_t i = 1; i <= 280; i++)
		assert_true(command_send(&command, i));
	channel.quiet = false;
	events = guest.events[channel.relid];
	guest_signal(&channel);
	assert_int_equal(storvsp_in_flight(storvsp), 0);
	assert_int_equal(guest.events[channel.relid], events + 1);
	while (receive_on(&channel, &packet, &transaction))
		assert_int_equal(transaction, ++received);
	assert_int_equal(received, 280);
}

/* The child does not read its answers: they wait, in order. */
static void test_answers_wait_for_room(void **state)
{
	const struct command command = {.cdb = {0}};
	struct storvsp_packet packet;
	uint64_t transaction;
	uint64_t sent = 0;
	uint64_t received = 0;

	(void)state;
	bring_up();
	for (unsigned int i = 0; i < 5000; i++)
		if (command_send(&command, sent + 1))
			sent++;
	/* The ring back is full, the pool is full, the ring here is full. */
	assert_int_equal(storvsp_in_flight(storvsp), 256);
	assert_false(command_send(&command, 0));
	while (receive_on(&channel, &packet, &transaction))
		assert_int_equal(transaction, ++received);
	assert_int_equal(received, sent);
	assert_int_equal(storvsp_in_flight(storvsp), 0);
}

static void test_reset_waits(void **state)
{
	uint64_t pfn = guest_page(&guest);
	const struct command command = transfer(0x28, 0, 1, &pfn);
	struct storvsp_packet packet = {.operation = STORVSP_RESET_BUS};
	const struct guest_packet request =
		request_of(&packet, sizeof(packet), 77);
	struct storvsp_packet answer;
	uint64_t transaction;

	(void)state;
	bring_up();
	for (unsigned int i = 0; i < 3; i++)
		assert_true(command_send(&command, i));
	assert_true(guest_send(&channel, &request));
	assert_true(command_send(&command, 3));
	disk_answer(&disks[0], 0);
	disk_answer(&disks[0], 0);
	for (unsigned int i = 0; i < 2; i++)
		assert_true(receive_on(&channel, &answer, &transaction));
	assert_false(receive_on(&channel, &answer, &transaction));
	disk_answer(&disks[0], 0);
	assert_true(receive_on(&channel, &answer, &transaction));
	assert_int_equal(transaction, 2);
	assert_true(receive_on(&channel, &answer, &transaction));
	assert_int_equal(transaction, 77);
	assert_int_equal(answer.status, 0);
	disk_answer_all(&disks[0]); /* what came after it */
	assert_true(receive_on(&channel, &answer, &transaction));
	assert_int_equal(transaction, 3);
}

/* Closing with requests in flight: the child's pages are still in use. */
static void test_close_waits(void **state)
{
	uint64_t pfn = guest_page(&guest);
	const struct command command = transfer(0x28, 0, 1, &pfn);

	(void)state;
	bring_up();
	for (unsigned int i = 0; i < 3; i++)
		assert_true(command_send(&command, i));
	guest_close(&channel);
	guest_gpadl_teardown(&guest, channel.relid, channel.gpadl);
	guest_expect_none(&guest);
	disk_answer(&disks[0], 2);
	disk_answer(&disks[0], 0);
	guest_expect_none(&guest);
	disk_answer(&disks[0], 0);
	guest_expect(&guest, VMBUS_MSG_GPADL_TORNDOWN);
	/* And from the beginning. */
	assert_int_equal(guest_open(&guest, &offer, 16, &channel), 0);
	assert_int_not_equal(command_run(&command).status, 0);
	bring_up();
	assert_int_equal(command_run(&command).srb.srb_status, 1);
}

static void test_close_with_answers_waiting(void **state)
{
	const struct command command = {.cdb = {0}};

	(void)state;
	bring_up();
	for (uint64_t i = 0; i < 5000; i++)
		command_send(&command, i);
	assert_int_equal(storvsp_in_flight(storvsp), 256);
	guest_close(&channel);
	assert_int_equal(storvsp_in_flight(storvsp), 0);
	guest_gpadl_teardown(&guest, channel.relid, channel.gpadl);
	guest_expect(&guest, VMBUS_MSG_GPADL_TORNDOWN);
	assert_int_equal(guest_open(&guest, &offer, 16, &channel), 0);
	bring_up();
}

static void test_no_completion_requested(void **state)
{
	struct storvsp_packet packet = {.operation =
						STORVSP_BEGIN_INITIALIZATION};
	struct guest_packet request = request_of(&packet, sizeof(packet), 5);
	struct guest_packet answer;

	(void)state;
	request.descriptor.flags = 0;
	assert_true(guest_send(&channel, &request));
	assert_false(guest_receive(&channel, &answer));
	assert_int_equal(storvsp_in_flight(storvsp), 0);
	/* And answers to nothing are taken. */
	request.descriptor.type = VMBUS_PACKET_COMPLETION;
	assert_true(guest_send(&channel, &request));
	assert_false(guest_receive(&channel, &answer));
	bring_up();
}

/* ---- Sub-channels ---- */

static int setup_sub_channels(void **state)
{
	setup(state);
	storvsp_destroy(storvsp);
	sub_channels = 3;
	create();
	return 0;
}

static void test_sub_channels(void **state)
{
	struct vmbus_offer_channel sub;
	struct guest_channel second;
	uint64_t pfn = guest_page(&guest);
	const struct command command = transfer(0x28, 0, 1, &pfn);
	const struct guest_packet request = command_packet(&command, 55);
	struct storvsp_packet answer;
	uint64_t transaction;

	(void)state;
	bring_up();
	assert_int_equal(
		control((struct storvsp_packet){
				.operation = STORVSP_CREATE_SUB_CHANNELS,
				.sub_channel_count = 2})
			.status,
		0);
	sub = guest_expect(&guest, VMBUS_MSG_OFFER_CHANNEL).offer;
	assert_int_equal(sub.sub_index, 1);
	assert_memory_equal(&sub.interface_instance, &offer.interface_instance,
			    16);
	assert_int_equal(
		guest_expect(&guest, VMBUS_MSG_OFFER_CHANNEL).offer.sub_index,
		2);
	guest_expect_none(&guest);
	assert_int_equal(guest_open(&guest, &sub, 8, &second), 0);
	assert_true(guest_send(&second, &request));
	disk_answer_all(&disks[0]);
	/* The answer comes where the request went. */
	assert_false(receive_on(&channel, &answer, &transaction));
	assert_true(receive_on(&second, &answer, &transaction));
	assert_int_equal(transaction, 55);
	assert_int_equal(answer.srb.srb_status, 1);
	/* The primary closes: the others are taken back. */
	guest_close(&channel);
	assert_int_equal(guest_expect(&guest, VMBUS_MSG_RESCIND_CHANNEL_OFFER)
				 .rescind.relid,
			 sub.relid);
	guest_expect(&guest, VMBUS_MSG_RESCIND_CHANNEL_OFFER);
	guest_expect_none(&guest);
}

/* A reset on one channel waits for the requests of the others. */
static void test_reset_across_channels(void **state)
{
	struct vmbus_offer_channel sub;
	struct guest_channel second;
	uint64_t pfn = guest_page(&guest);
	const struct command command = transfer(0x28, 0, 1, &pfn);
	const struct guest_packet request = command_packet(&command, 55);
	struct storvsp_packet packet = {.operation = STORVSP_RESET_BUS};
	const struct guest_packet reset =
		request_of(&packet, sizeof(packet), 77);
	struct storvsp_packet answer;
	uint64_t transaction;

	(void)state;
	bring_up();
	control((struct storvsp_packet){.operation =
						STORVSP_CREATE_SUB_CHANNELS,
					.sub_channel_count = 1});
	sub = guest_expect(&guest, VMBUS_MSG_OFFER_CHANNEL).offer;
	assert_int_equal(guest_open(&guest, &sub, 8, &second), 0);
	assert_true(guest_send(&second, &request));
	assert_true(guest_send(&channel, &reset));
	assert_false(receive_on(&channel, &answer, &transaction));
	disk_answer_all(&disks[0]);
	assert_true(receive_on(&channel, &answer, &transaction));
	assert_int_equal(transaction, 77);
	/* Initialization belongs to the first channel. */
	packet.operation = STORVSP_BEGIN_INITIALIZATION;

	const struct guest_packet begin =
		request_of(&packet, sizeof(packet), 78);

	assert_true(receive_on(&second, &answer, &transaction));
	assert_true(guest_send(&second, &begin));
	assert_true(receive_on(&second, &answer, &transaction));
	assert_int_not_equal(answer.status, 0);
}

/* What one channel's answers set free on another goes on a little later. */
static void test_reset_freed_by_other_channel(void **state)
{
	struct vmbus_offer_channel sub;
	struct guest_channel second;
	uint64_t pfn = guest_page(&guest);
	const struct command command = transfer(0x28, 0, 1, &pfn);
	const struct guest_packet request = command_packet(&command, 55);
	struct storvsp_packet packet = {.operation = STORVSP_RESET_LUN};
	const struct guest_packet reset =
		request_of(&packet, sizeof(packet), 77);
	struct storvsp_packet answer;
	uint64_t transaction;

	(void)state;
	bring_up();
	control((struct storvsp_packet){.operation =
						STORVSP_CREATE_SUB_CHANNELS,
					.sub_channel_count = 1});
	sub = guest_expect(&guest, VMBUS_MSG_OFFER_CHANNEL).offer;
	assert_int_equal(guest_open(&guest, &sub, 8, &second), 0);
	assert_true(guest_send(&second, &request));
	assert_true(guest_send(&channel, &reset));
	disks[0].at_once = true;
	assert_true(guest_send(&second, &request));
	assert_false(receive_on(&channel, &answer, &transaction));
	assert_true(fake_clock_advance(&guest.clock, 0));
	assert_true(receive_on(&channel, &answer, &transaction));
	assert_int_equal(transaction, 77);
	for (unsigned int i = 0; i < 2; i++)
		assert_true(receive_on(&second, &answer, &transaction));
}

/* ---- Hostile ---- */

static void test_hostile_commands(void **state)
{
	uint64_t pfns[2] = {guest_page(&guest), 0x12345678};
	struct command command = transfer(0x28, 0, 16, pfns);
	struct guest_packet request;

	(void)state;
	bring_up();
	/* A page outside of RAM. */
	assert_int_equal(command_run(&command).srb.srb_status,
			 SRB_STATUS_INVALID_REQUEST);
	assert_int_equal(disks[0].counts[BLOCK_READ], 0);
	/* Less memory than it says it transfers. */
	command = transfer(0x28, 0, 8, pfns);
	request = command_packet(&command, 9);
	((struct storvsp_packet *)(void *)request.payload)
		->srb.transfer_length = 8192;
	assert_true(guest_send(&channel, &request));
	assert_int_equal(expect_answer(9).srb.srb_status,
			 SRB_STATUS_INVALID_REQUEST);
	/* None at all. */
	request.descriptor.type = VMBUS_PACKET_IN_BAND;
	request.header_size = 0;
	assert_true(guest_send(&channel, &request));
	assert_int_equal(expect_answer(9).srb.srb_status,
			 SRB_STATUS_INVALID_REQUEST);
	/* More memory than it transfers: only that is used. */
	command = transfer(0x28, 0, 8, pfns);
	request = command_packet(&command, 9);
	((struct storvsp_packet *)(void *)request.payload)
		->srb.transfer_length = 512;
	((struct storvsp_packet *)(void *)request.payload)->srb.cdb[8] = 1;
	memset(guest_at(&guest, pfns[0]), 0, 4096);
	assert_true(guest_send(&channel, &request));
	disk_answer_all(&disks[0]);
	assert_int_equal(expect_answer(9).srb.transfer_length, 512);
	assert_int_equal(((uint8_t *)guest_at(&guest, pfns[0]))[512], 0);
	/* A CDB longer than there is room for, and none. */
	request = command_packet(&command, 9);
	((struct storvsp_packet *)(void *)request.payload)->srb.cdb_length = 17;
	assert_true(guest_send(&channel, &request));
	assert_int_equal(expect_answer(9).srb.srb_status,
			 SRB_STATUS_INVALID_REQUEST);
	((struct storvsp_packet *)(void *)request.payload)->srb.cdb_length = 0;
	assert_true(guest_send(&channel, &request));
	assert_int_equal(expect_answer(9).srb.srb_status,
			 SRB_STATUS_INVALID_REQUEST);
}

/* Anything on the ring: answers or a stopped channel; then a fresh start. */
static void test_garbage(void **state)
{
	struct fake_random random = {11};
	static struct guest_packet request;
	static struct guest_packet answer;
	uint64_t pfns[8];
	unsigned int answers = 0;
	unsigned int reopened = 0;

	(void)state;
	pages_take(pfns, 8);
	bring_up();
	for (unsigned int i = 0; i < 200000; i++) {
		struct storvsp_packet *const packet = (void *)request.payload;

		memset(&request, 0, sizeof(request));
		request.descriptor.flags = 1;
		request.descriptor.type =
			fake_random_below(&random, 500) ? 6 : 1;
		request.payload_size = fake_random_below(&random, 300) ? 64 : 8;
		for (unsigned int j = 0; j < 64; j++)
			request.payload[j] =
				(uint8_t)fake_random_below(&random, 5);
		packet->operation = fake_random_below(&random, 3)
					    ? 3
					    : fake_random_below(&random, 16);
		packet->srb.transfer_length =
			fake_random_below(&random, 9) * 512;
		packet->srb.cdb[0] = (uint8_t)fake_random(&random);
		if (fake_random_below(&random, 4))
			guest_packet_pages(
				&request, fake_random_below(&random, 4096),
				fake_random_below(&random, 28000), pfns);
		guest_send(&channel, &request);
		if (disks[0].pending_count && fake_random_below(&random, 2))
			disk_answer(&disks[0],
				    fake_random_below(&random,
						      disks[0].pending_count));
		while (guest_receive(&channel, &answer))
			answers++;
		if (fake_random_below(&random, 1000) == 0) {
			guest_close(&channel);
			disk_answer_all(&disks[0]);
			guest_gpadl_teardown(&guest, channel.relid,
					     channel.gpadl);
			guest_expect(&guest, VMBUS_MSG_GPADL_TORNDOWN);
			assert_int_equal(storvsp_in_flight(storvsp), 0);
			assert_int_equal(
				guest_open(&guest, &offer, 16, &channel), 0);
			bring_up();
			reopened++;
			/* Only so much memory in this model. */
			if (reopened == 100)
				break;
		}
	}
	assert_true(answers > 1000);
	assert_true(reopened > 50);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_bring_up),
		TEST(test_versions),
		TEST(test_commands_before_ready),
		TEST(test_unknown_operations),
		TEST(test_short_packets),
		TEST(test_read_and_write),
		TEST(test_largest_transfer),
		TEST(test_sense),
		TEST(test_residual),
		TEST(test_addresses),
		TEST(test_report_luns),
		TEST(test_nothing_elsewhere),
		TEST(test_out_of_order_and_one_signal),
		TEST(test_pool_runs_out),
		TEST(test_fast_disk),
		TEST(test_answers_wait_for_room),
		TEST(test_reset_waits),
		TEST(test_close_waits),
		TEST(test_close_with_answers_waiting),
		TEST(test_no_completion_requested),
		cmocka_unit_test_setup_teardown(test_sub_channels,
						setup_sub_channels, teardown),
		cmocka_unit_test_setup_teardown(test_reset_across_channels,
						setup_sub_channels, teardown),
		cmocka_unit_test_setup_teardown(
			test_reset_freed_by_other_channel, setup_sub_channels,
			teardown),
		TEST(test_hostile_commands),
		TEST(test_garbage),
	};

	return cmocka_run_group_tests_name("storvsp", tests, NULL, NULL);
}
