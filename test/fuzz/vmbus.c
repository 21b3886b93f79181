/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VMBus server: messages in any order and shape, page lists, rings that
 * the child scribbles on, and devices that offer, rescind, hold and send.
 */
#include "fuzz.h"

#include "test/unit/worker/vmbus/toy.h"
#include "worker/vmbus/channel.h"

#define TOYS  3u
#define PAGES 24u

static struct guest guest;
static struct toy toys[TOYS];
static unsigned int holds[TOYS]; /* asked for in all, and released */
static unsigned int released[TOYS];
static uint64_t pages[PAGES];
static struct fuzz input;

/* ---- Messages ---- */

static void raw(void)
{
	uint8_t message[256] = {0};
	size_t size;

	message[0] = fuzz_8(&input) % 32;
	size = 8 + fuzz_8(&input) % 248u;
	fuzz_bytes(&input, message + 8, size - 8);
	guest_post(&guest, message, fuzz_8(&input) & 15 ? size : size % 8);
}

static void contact(void)
{
	static const uint32_t versions[] = {
		VMBUS_VERSION_2_4, VMBUS_VERSION_4_0, VMBUS_VERSION_5_0,
		VMBUS_VERSION_5_3, 0x70000};
	const uint8_t which = fuzz_8(&input);
	struct vmbus_initiate_contact message = {
		.header.type = VMBUS_MSG_INITIATE_CONTACT,
		.version = versions[which % 5],
		.target_vp = which >> 5,
	};

	if (message.version >= VMBUS_VERSION_5_0)
		message.target_sint = which & 16 ? fuzz_8(&input) : 2;
	guest_post(&guest, &message, sizeof(message));
}

static uint64_t page(void)
{
	const uint8_t which = fuzz_8(&input);

	return which < 240 ? pages[which % PAGES] : fuzz_64(&input);
}

static void page_list(void)
{
	uint64_t buffer[VMBUS_MESSAGE_MAX / 8] = {0};
	const uint8_t lie = fuzz_8(&input);
	const uint32_t count = 1 + fuzz_8(&input) % 26;
	uint32_t here = count > 26 ? 26 : count;
	struct vmbus_gpadl_header header = {
		.header.type = VMBUS_MSG_GPADL_HEADER,
		.relid = fuzz_8(&input) % 6,
		.gpadl = fuzz_8(&input) % 8,
		.range_buffer_length = (uint16_t)(8 + count * 8),
		.range_count = 1,
	};
	uint32_t range[2] = {count * 4096, 0};

	if (lie < 8)
		header.range_buffer_length = fuzz_16(&input);
	else if (lie < 12)
		header.range_count = fuzz_16(&input);
	else if (lie < 20)
		range[0] = fuzz_32(&input);
	else if (lie < 24)
		range[1] = fuzz_32(&input);
	else if (lie < 32)
		here = 1;
	memcpy(buffer, &header, sizeof(header));
	memcpy((uint8_t *)buffer + sizeof(header), range, 8);
	for (uint32_t i = 0; i < here; i++) {
		const uint64_t number = page();

		memcpy((uint8_t *)buffer + sizeof(header) + 8 + i * 8, &number,
		       8);
	}
	guest_post(&guest, buffer, sizeof(header) + 8 + here * 8);
}

static void page_list_more(void)
{
	uint64_t buffer[VMBUS_MESSAGE_MAX / 8] = {0};
	struct vmbus_gpadl_body *const body = (void *)buffer;
	const uint32_t count = fuzz_8(&input) % 29;

	body->header.type = VMBUS_MSG_GPADL_BODY;
	body->message_number = fuzz_8(&input);
	body->gpadl = fuzz_8(&input) % 8;
	for (uint32_t i = 0; i < count; i++)
		body->pfns[i] = page();
	guest_post(&guest, body, sizeof(*body) + count * 8);
}

static void open_channel(void)
{
	struct vmbus_open_channel open = {
		.header.type = VMBUS_MSG_OPEN_CHANNEL,
		.relid = fuzz_8(&input) % 6,
		.ring_gpadl = fuzz_8(&input) % 8,
		.target_vp = fuzz_8(&input),
	};

	open.downstream_offset_pages = fuzz_8(&input);
	guest_post(&guest, &open, sizeof(open));
}

/* Those that name a channel and nothing else, or a page list too. */
static void about_channel(unsigned int which)
{
	static const uint32_t types[] = {
		VMBUS_MSG_CLOSE_CHANNEL, VMBUS_MSG_RELID_RELEASED,
		VMBUS_MSG_GPADL_TEARDOWN, VMBUS_MSG_MODIFY_CHANNEL};
	uint32_t message[8] = {types[which & 3]};

	message[2] = fuzz_8(&input) % 6;
	message[3] = fuzz_8(&input) % 8;
	guest_post(&guest, message, 24);
}

static void about_connection(unsigned int which)
{
	static const uint32_t types[] = {VMBUS_MSG_REQUEST_OFFERS,
					 VMBUS_MSG_UNLOAD};
	const struct vmbus_header message = {.type = types[which & 1]};

	guest_post(&guest, &message, sizeof(message));
}

/* ---- Memory ---- */

static void poke(void)
{
	uint8_t *const at = guest_at(&guest, pages[fuzz_8(&input) % PAGES]);
	const uint16_t where = fuzz_16(&input);

	/* Mostly the four numbers of a ring's header. */
	if (where & 0x8000)
		fuzz_bytes(&input, at + where % 4064, fuzz_8(&input) % 32);
	else
		memcpy(at + where % 4 * 4, &(uint32_t){fuzz_16(&input)}, 4);
}

/* A packet at the end of an open channel's ring, as a child writes it. */
static void packet(void)
{
	struct vmbus_channel *const channel =
		toys[fuzz_8(&input) % TOYS].channel;
	struct vmbus_packet_descriptor descriptor = {
		.type = fuzz_8(&input) % 16,
		.data_offset8 = fuzz_8(&input) % 16,
		.length8 = fuzz_16(&input) % 600,
		.flags = 1,
	};
	const uint8_t *from = (const void *)&descriptor;
	struct vmbus_ring_header *header;
	uint32_t at;

	if (!channel || !channel->ring_pages || !vmbus_channel_is_open(channel))
		return;
	header = channel->in.header;
	at = header->write_index % channel->in.size;
	for (size_t i = 0; i < sizeof(descriptor); i++) {
		const uint32_t place = (at + (uint32_t)i) % channel->in.size;

		channel->in.pages[place / 4096][place % 4096] = from[i];
	}
	header->write_index =
		(at + descriptor.length8 * 8u + 8) % channel->in.size;
}

/* ---- The devices ---- */

static void hold(unsigned int i, unsigned int count)
{
	holds[i] += count;
	toys[i].hold += count;
}

static void let_go(unsigned int i)
{
	if (holds[i] - toys[i].hold <= released[i])
		return;
	released[i]++;
	vmbus_channel_release(toys[i].channel);
}

static void send(struct toy *toy)
{
	const struct vmbus_packet packet = {
		.type = VMBUS_PACKET_IN_BAND,
		.payload = toy->last_payload,
		.payload_size = fuzz_16(&input) % 9000,
	};

	vmbus_channel_send(toy->channel, &packet);
}

static void use_pages(struct toy *toy)
{
	struct gpadl *const gpadl =
		vmbus_channel_gpadl_acquire(toy->channel, fuzz_8(&input) % 8);
	const uint32_t offset = fuzz_32(&input);
	const uint16_t size = fuzz_16(&input) % 9000;
	struct span spans[4];

	if (!gpadl)
		return;
	gpadl_spans(gpadl, offset, size, spans, 4);
	gpadl_read(gpadl, offset, toy->last_payload, size);
	gpadl_write(gpadl, offset, toy->last_payload, size);
	vmbus_channel_gpadl_release(toy->channel, gpadl);
}

static void device(void)
{
	const uint8_t which = fuzz_8(&input);
	const unsigned int i = which >> 4 & 3 ? (which >> 4 & 3) - 1 : 0;
	struct toy *const toy = &toys[i];

	switch (which & 15) {
	case 0:
		toy->echo = !toy->echo;
		break;
	case 1:
		toy->refuse_open = !toy->refuse_open;
		break;
	case 2:
		toy->refuse_packets = !toy->refuse_packets;
		break;
	case 3:
		if (!toy->refuse_packets)
			vmbus_channel_resume(toy->channel);
		break;
	case 4:
		hold(i, 1);
		break;
	case 5:
	case 6:
		let_go(i);
		break;
	case 7:
		vmbus_channel_offer(toy->channel);
		break;
	case 8:
		vmbus_channel_rescind(toy->channel);
		break;
	case 9:
		vmbus_channel_break(toy->channel, "fuzzed");
		break;
	case 10:
		use_pages(toy);
		break;
	default:
		send(toy);
	}
}

/* ---- All of it ---- */

static void slots(void)
{
	const uint8_t which = fuzz_8(&input);

	guest.slots = 1 + which % GUEST_MESSAGES_MAX;
	guest.listen_fails = which > 250;
}

static void take(unsigned int count)
{
	while (count-- && guest.message_count)
		guest_take(&guest);
}

static void step(void)
{
	const uint8_t operation = fuzz_8(&input);
	const unsigned int detail = operation >> 4;

	switch (operation & 15) {
	case 0:
		raw();
		break;
	case 1:
		contact();
		break;
	case 2:
		about_connection(detail ? 0 : 1);
		break;
	case 3:
		page_list();
		break;
	case 4:
		page_list_more();
		break;
	case 5:
		open_channel();
		break;
	case 6:
		about_channel(detail);
		break;
	case 7:
		guest.synic.signalled(guest.synic.server,
				      detail ? EVENT_CONNECTION_BASE + detail
					     : fuzz_32(&input));
		break;
	case 8:
		take(1 + detail * 4);
		break;
	case 9:
		fake_clock_advance(&guest.clock, 1000ull << detail);
		break;
	case 10:
		poke();
		break;
	case 11:
	case 12:
		packet();
		break;
	case 13:
		device();
		break;
	case 14:
		slots();
		break;
	default:
		if (detail == 0)
			vmbus_server_reset(guest.server);
		else if (detail & 1)
			vmbus_server_batch_begin(guest.server);
		else if (guest.server->batch)
			vmbus_server_batch_end(guest.server);
	}
}

static void start(void)
{
	static uint8_t *low, *high;

	if (!low) {
		low = fuzz_pages(GUEST_LOW_SIZE);
		high = fuzz_pages(GUEST_HIGH_SIZE);
	}
	fuzz_pages_clear(low, GUEST_LOW_SIZE);
	fuzz_pages_clear(high, GUEST_HIGH_SIZE);
	guest_start(&guest, low, high);
	for (unsigned int i = 0; i < TOYS; i++) {
		holds[i] = released[i] = 0;
		toy_create(&toys[i], &guest, (uint16_t)i, i == 2);
	}
	for (unsigned int i = 0; i < PAGES; i++)
		pages[i] = guest_page(&guest);
}

static void stop(void)
{
	while (guest.server->batch)
		vmbus_server_batch_end(guest.server);
	vmbus_server_reset(guest.server);
	for (unsigned int i = 0; i < TOYS; i++) {
		while (holds[i] - toys[i].hold > released[i])
			let_go(i);
	}
	FUZZ_CHECK(vmbus_server_idle(guest.server));
	FUZZ_CHECK(guest.server->gpadls.count == 0);
	for (unsigned int i = 0; i < TOYS; i++) {
		FUZZ_CHECK(toys[i].closed <= toys[i].opened);
		vmbus_channel_destroy(toys[i].channel);
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
