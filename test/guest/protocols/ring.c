/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rings: indices and lengths, done to those of the SCSI controller. */
#include "storage.h"

/* Their answers are more than a ring holds. */
#define ANSWERS_MANY 180u
#define ROUNDS_MOST  1000u

/* Of a packet of the controller's, in units of 8 bytes. */
#define OFFSET_RIGHT 2u
#define LENGTH_RIGHT 10u

static struct vmbus_channel *const channel = &channels[DEVICE_STORAGE];

static void signal(void)
{
	vmbus_channel_signal(channel);
}

static struct vmbus_ring_header *out(void)
{
	return &channel->rings->out.header;
}

/* An operation whose descriptor has other lengths. */
static bool descriptor_put(uint16_t offset8, uint16_t length8)
{
	const struct storage_request request =
		storage_operation(STORVSP_QUERY_PROPERTIES);
	const struct vmbus_packet packet = {
		.type = VMBUS_PACKET_IN_BAND,
		.transaction_id = 1,
		.payload = &request.packet,
		.payload_size = sizeof(request.packet),
		.wrong_offset8 = offset8 ^ OFFSET_RIGHT,
		.wrong_length8 = length8 ^ LENGTH_RIGHT,
	};

	vmbus_channel_send(channel, &packet);
	return false;
}

static bool write_index_outside(void)
{
	out()->write_index = VMBUS_RING_DATA + 8;
	signal();
	return false;
}

static bool write_index_huge(void)
{
	out()->write_index = 0xfffffff8;
	signal();
	return false;
}

static bool write_index_odd(void)
{
	out()->write_index += 4;
	signal();
	return false;
}

/* Eight bytes more than there were: no packet is that small. */
static bool write_index_early(void)
{
	out()->write_index = (out()->write_index + 8) % VMBUS_RING_DATA;
	signal();
	return false;
}

static bool length_none(void)
{
	return descriptor_put(OFFSET_RIGHT, 0);
}

static bool length_beyond_written(void)
{
	return descriptor_put(OFFSET_RIGHT, 20);
}

static bool length_beyond_ring(void)
{
	return descriptor_put(OFFSET_RIGHT, VMBUS_RING_DATA / 8 + 1);
}

static bool length_most(void)
{
	return descriptor_put(OFFSET_RIGHT, 0xffff);
}

static bool offset_none(void)
{
	return descriptor_put(0, LENGTH_RIGHT);
}

static bool offset_beyond(void)
{
	return descriptor_put(0xffff, LENGTH_RIGHT);
}

/* ---- The ring of answers ---- */

/* Asks as long as the host takes requests; no answer is read. */
static void ask_many(void)
{
	const struct storage_request request =
		storage_operation(STORVSP_QUERY_PROPERTIES);
	uint32_t i;

	for (i = 0; i < ANSWERS_MANY; i++) {
		storage_put(&request, i + 1);
		if (i % 60 != 59)
			continue;
		signal();
		if (!vmbus_wait_until(channel_is_taken, channel))
			return;
	}
}

/* The host finds it when it looks for room. */
static bool read_index_outside(void)
{
	channel->rings->in.header.read_index = 0xfffffff8;
	ask_many();
	return false;
}

static bool read_index_odd(void)
{
	channel->rings->in.header.read_index += 4;
	ask_many();
	return false;
}

/* What waits for room comes when there is some. */
static bool answers_unread(void)
{
	struct storvsp_packet answer;
	uint32_t i;

	ask_many();
	for (i = 0; i < ANSWERS_MANY; i++)
		if (!storage_answer(i + 1, &answer))
			return true;
	return false;
}

static bool pending_size_huge(void)
{
	out()->pending_send_size = 0xffffffff;
	return !storage_works();
}

static bool features_none(void)
{
	channel->rings->in.header.feature_bits = 0;
	return answers_unread();
}

/* Nothing new is there: the host looks, and waits. */
static bool signals_for_nothing(void)
{
	uint32_t i;

	for (i = 0; i < ROUNDS_MOST; i++)
		signal();
	return false;
}

static const struct deed deeds[] = {
	{"write-index-outside", CLOSED, write_index_outside, false},
	{"write-index-huge", CLOSED, write_index_huge, false},
	{"write-index-odd", CLOSED, write_index_odd, false},
	{"write-index-early", CLOSED, write_index_early, false},
	{"length-none", CLOSED, length_none, false},
	{"length-beyond-written", CLOSED, length_beyond_written, false},
	{"length-beyond-ring", CLOSED, length_beyond_ring, false},
	{"length-most", CLOSED, length_most, false},
	{"offset-none", CLOSED, offset_none, false},
	{"offset-beyond", CLOSED, offset_beyond, false},
	{"read-index-outside", CLOSED, read_index_outside, false},
	{"read-index-odd", CLOSED, read_index_odd, false},
	{"answers-unread", IGNORED, answers_unread, false},
	{"pending-size-huge", IGNORED, pending_size_huge, false},
	{"features-none", IGNORED, features_none, false},
	{"signals-for-nothing", IGNORED, signals_for_nothing, false},
};

const struct protocol ring_protocol = {
	.name = "ring",
	.channel = &channels[DEVICE_STORAGE],
	.set_up = storage_set_up,
	.works = storage_works,
	.others_work = keyboard_works,
	DEEDS,
};
