// SPDX-License-Identifier: GPL-2.0-or-later
/* The child's side of VMBus as a model. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

/* ---- Memory ---- */

#define LOW_PAGES   (GUEST_LOW_SIZE / 4096)
#define TOTAL_PAGES (LOW_PAGES + GUEST_HIGH_SIZE / 4096)

uint64_t guest_page(struct guest *guest)
{
	/* 2741 and the number of pages have no common divisor. */
	const uint32_t index = guest->next_page++ * 2741u % TOTAL_PAGES;
	const uint64_t pfn =
		index < LOW_PAGES ? index
				  : (GUEST_HIGH_GPA >> 12) + index - LOW_PAGES;

	memset(guest_at(guest, pfn), 0, 4096);
	return pfn;
}

void *guest_at(struct guest *guest, uint64_t pfn)
{
	return memory_at(&guest->memory, pfn << 12, 4096);
}

/* ---- SynIC ---- */

static bool synic_post_message(struct synic_port *synic, uint32_t vp,
			       uint32_t sint, const void *payload, size_t size)
{
	struct guest *const guest = synic->owner;

	assert_true(size <= VMBUS_MESSAGE_MAX);
	if (guest->message_count >= guest->slots) {
		guest->refused++;
		return false;
	}

	struct guest_message *const message =
		&guest->messages[guest->message_count++];

	*message = (struct guest_message){.vp = vp, .sint = sint, .size = size};
	memcpy(message->bytes, payload, size);
	return true;
}

static void synic_signal_event(struct synic_port *synic, uint32_t vp,
			       uint32_t sint, uint32_t flag)
{
	struct guest *const guest = synic->owner;

	assert_true(flag < VMBUS_MAX_CHANNELS);
	guest->events[flag]++;
	guest->event_vp = vp;
	guest->event_sint = sint;
}

static bool synic_listen(struct synic_port *synic, uint32_t connection, bool on)
{
	struct guest *const guest = synic->owner;

	assert_true(connection < GUEST_CONNECTIONS);
	if (on && guest->listen_fails)
		return false;
	assert_true(guest->listening[connection] != on);
	guest->listening[connection] = on;
	return true;
}

void guest_init(struct guest *guest)
{
	guest_start(guest, aligned_alloc(4096, GUEST_LOW_SIZE),
		    aligned_alloc(4096, GUEST_HIGH_SIZE));
}

void guest_start(struct guest *guest, uint8_t *low, uint8_t *high)
{
	memset(guest, 0, sizeof(*guest));
	guest->memory.count = 2;
	guest->memory.ranges[0] = (struct memory_range){0, GUEST_LOW_SIZE, low};
	guest->memory.ranges[1] =
		(struct memory_range){GUEST_HIGH_GPA, GUEST_HIGH_SIZE, high};
	fake_clock_init(&guest->clock);
	guest->slots = 1;
	guest->next_gpadl = 0xe1e10;
	guest->synic = (struct synic_port){
		.post_message = synic_post_message,
		.signal_event = synic_signal_event,
		.listen = synic_listen,
		.owner = guest,
	};
	guest->server = vmbus_server_create(&guest->memory, &guest->synic,
					    &guest->clock.clock);
}

void guest_stop(struct guest *guest)
{
	vmbus_server_destroy(guest->server);
	assert_null(guest->clock.timer);
}

void guest_destroy(struct guest *guest)
{
	guest_stop(guest);
	free(guest->memory.ranges[0].base);
	free(guest->memory.ranges[1].base);
}

/* ---- Messages ---- */

void guest_post(struct guest *guest, const void *message, size_t size)
{
	/* Exactly as large as sent, so that reading beyond is found. */
	void *const copy = malloc(size ? size : 1);

	memcpy(copy, message, size);
	guest->synic.message(guest->synic.server,
			     VMBUS_MESSAGE_CONNECTION_ID_5_0, copy, size);
	free(copy);
}

struct guest_message guest_take(struct guest *guest)
{
	assert_true(guest->message_count > 0);

	const struct guest_message first = guest->messages[0];

	guest->message_count--;
	memmove(guest->messages, guest->messages + 1,
		guest->message_count * sizeof(first));
	guest->synic.ready(guest->synic.server);
	return first;
}

struct guest_message guest_expect(struct guest *guest, uint32_t type)
{
	const struct guest_message message = guest_take(guest);

	assert_int_equal(message.header.type, type);
	return message;
}

void guest_expect_none(struct guest *guest)
{
	assert_int_equal(guest->message_count, 0);
}

bool guest_contact(struct guest *guest, uint32_t version)
{
	struct vmbus_initiate_contact contact = {
		.header.type = VMBUS_MSG_INITIATE_CONTACT,
		.version = version,
		.target_vp = 1,
	};

	if (version >= VMBUS_VERSION_5_0)
		contact.target_sint = 2;
	else
		contact.interrupt_page = 0x5000;
	guest_post(guest, &contact, sizeof(contact));

	const struct guest_message answer =
		guest_expect(guest, VMBUS_MSG_VERSION_RESPONSE);

	assert_int_equal(answer.vp, 1);
	assert_int_equal(answer.sint, 2);
	assert_int_equal(answer.size, sizeof(answer.version));
	return answer.version.supported;
}

unsigned int guest_offers(struct guest *guest,
			  struct vmbus_offer_channel *offers, unsigned int max)
{
	const struct vmbus_header request = {
		.type = VMBUS_MSG_REQUEST_OFFERS,
	};
	unsigned int count = 0;

	guest_post(guest, &request, sizeof(request));
	while (true) {
		const struct guest_message message = guest_take(guest);

		if (message.header.type == VMBUS_MSG_ALL_OFFERS_DELIVERED)
			return count;
		assert_int_equal(message.header.type, VMBUS_MSG_OFFER_CHANNEL);
		assert_int_equal(message.size, 196);
		if (count < max)
			offers[count] = message.offer;
		count++;
	}
}

static void gpadl_bodies(struct guest *guest, uint32_t id, const uint64_t *pfns,
			 uint32_t count)
{
	uint32_t number = 0;

	while (count) {
		const uint32_t here = count < VMBUS_GPADL_BODY_MAX_PFNS
					      ? count
					      : VMBUS_GPADL_BODY_MAX_PFNS;
		uint64_t buffer[VMBUS_MESSAGE_MAX / 8];
		struct vmbus_gpadl_body *const body = (void *)buffer;

		*body = (struct vmbus_gpadl_body){
			.header.type = VMBUS_MSG_GPADL_BODY,
			.message_number = ++number,
			.gpadl = id,
		};
		memcpy(body->pfns, pfns, here * 8);
		guest_expect_none(guest); /* not before the last one */
		guest_post(guest, body, sizeof(*body) + here * 8);
		pfns += here;
		count -= here;
	}
}

uint32_t guest_gpadl(struct guest *guest, uint32_t relid, const uint64_t *pfns,
		     uint32_t count)
{
	const uint32_t id = guest->next_gpadl++;
	const uint32_t first = count < VMBUS_GPADL_HEADER_MAX_PFNS
				       ? count
				       : VMBUS_GPADL_HEADER_MAX_PFNS;
	const uint32_t range[2] = {count * 4096, 0};
	uint8_t buffer[VMBUS_MESSAGE_MAX];
	const struct vmbus_gpadl_header header = {
		.header.type = VMBUS_MSG_GPADL_HEADER,
		.relid = relid,
		.gpadl = id,
		.range_buffer_length = (uint16_t)(8 + count * 8),
		.range_count = 1,
	};

	memcpy(buffer, &header, sizeof(header));
	memcpy(buffer + sizeof(header), range, sizeof(range));
	memcpy(buffer + sizeof(header) + 8, pfns, first * 8);
	guest_post(guest, buffer, sizeof(header) + 8 + first * 8);
	gpadl_bodies(guest, id, pfns + first, count - first);

	const struct guest_message answer =
		guest_expect(guest, VMBUS_MSG_GPADL_CREATED);

	assert_int_equal(answer.gpadl_created.gpadl, id);
	assert_int_equal(answer.gpadl_created.relid, relid);
	assert_int_equal(answer.gpadl_created.status, 0);
	return id;
}

void guest_gpadl_teardown(struct guest *guest, uint32_t relid, uint32_t gpadl)
{
	const struct vmbus_gpadl_teardown teardown = {
		.header.type = VMBUS_MSG_GPADL_TEARDOWN,
		.relid = relid,
		.gpadl = gpadl,
	};

	guest_post(guest, &teardown, sizeof(teardown));
}

/* ---- Channels ---- */

static void ring_attach(struct guest *guest, struct guest_ring *ring,
			const uint64_t *pfns, uint32_t pages)
{
	ring->header = guest_at(guest, pfns[0]);
	ring->size = (pages - 1) * 4096;
	ring->header->feature_bits = VMBUS_RING_FEATURE_PENDING_SEND_SIZE;
	for (uint32_t i = 1; i < pages; i++)
		ring->pages[i - 1] = guest_at(guest, pfns[i]);
}

uint32_t guest_open(struct guest *guest,
		    const struct vmbus_offer_channel *offer, uint32_t pages,
		    struct guest_channel *channel)
{
	uint64_t pfns[2 * GUEST_RING_PAGES_MAX];

	*channel = (struct guest_channel){
		.guest = guest,
		.relid = offer->relid,
		.connection = offer->connection_id,
		.next_transaction = 1,
	};
	for (uint32_t i = 0; i < 2 * pages; i++)
		pfns[i] = guest_page(guest);
	ring_attach(guest, &channel->out, pfns, pages);
	ring_attach(guest, &channel->in, pfns + pages, pages);
	channel->gpadl = guest_gpadl(guest, channel->relid, pfns, 2 * pages);

	const struct vmbus_open_channel open = {
		.header.type = VMBUS_MSG_OPEN_CHANNEL,
		.relid = channel->relid,
		.open_id = 0x4711,
		.ring_gpadl = channel->gpadl,
		.target_vp = 3,
		.downstream_offset_pages = pages,
	};

	guest_post(guest, &open, sizeof(open));

	const struct guest_message answer =
		guest_expect(guest, VMBUS_MSG_OPEN_CHANNEL_RESULT);

	assert_int_equal(answer.open_result.relid, channel->relid);
	assert_int_equal(answer.open_result.open_id, 0x4711);
	return answer.open_result.status;
}

void guest_close(struct guest_channel *channel)
{
	const struct vmbus_close_channel close = {
		.header.type = VMBUS_MSG_CLOSE_CHANNEL,
		.relid = channel->relid,
	};

	guest_post(channel->guest, &close, sizeof(close));
}

void guest_signal(struct guest_channel *channel)
{
	struct guest *const guest = channel->guest;

	channel->signals++;
	guest->synic.signalled(guest->synic.server, channel->connection);
}

/* Byte by byte: slow, and unlike what is tested. */
static void ring_put(struct guest_ring *ring, uint32_t *at, const void *from,
		     size_t size)
{
	for (size_t i = 0; i < size; i++) {
		ring->pages[*at / 4096][*at % 4096] =
			((const uint8_t *)from)[i];
		*at = (*at + 1) % ring->size;
	}
}

static void ring_get(const struct guest_ring *ring, uint32_t *at, void *to,
		     size_t size)
{
	for (size_t i = 0; i < size; i++) {
		((uint8_t *)to)[i] = ring->pages[*at / 4096][*at % 4096];
		*at = (*at + 1) % ring->size;
	}
}

static uint32_t ring_used(const struct guest_ring *ring, uint32_t write,
			  uint32_t read)
{
	return (write + ring->size - read) % ring->size;
}

bool guest_send(struct guest_channel *channel,
		const struct guest_packet *packet)
{
	struct guest_ring *const ring = &channel->out;
	struct vmbus_ring_header *const header = ring->header;
	struct vmbus_packet_descriptor descriptor = packet->descriptor;
	const uint64_t zero = 0;
	const size_t padding = (8 - packet->payload_size % 8) % 8;
	const size_t length = sizeof(descriptor) + packet->header_size +
			      packet->payload_size + padding;
	const uint32_t old = header->write_index;
	const uint32_t read =
		__atomic_load_n(&header->read_index, __ATOMIC_ACQUIRE);
	uint32_t at = old;
	const uint64_t trailer = (uint64_t)old << 32;

	if (ring->size - ring_used(ring, old, read) <= length + 8) {
		header->pending_send_size = (uint32_t)length + 8;
		return false;
	}
	header->pending_send_size = 0;
	descriptor.data_offset8 = (uint16_t)((16 + packet->header_size) / 8);
	descriptor.length8 = (uint16_t)(length / 8);
	ring_put(ring, &at, &descriptor, sizeof(descriptor));
	ring_put(ring, &at, packet->header, packet->header_size);
	ring_put(ring, &at, packet->payload, packet->payload_size);
	ring_put(ring, &at, &zero, padding);
	ring_put(ring, &at, &trailer, sizeof(trailer));
	__atomic_store_n(&header->write_index, at, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!channel->quiet &&
	    !__atomic_load_n(&header->interrupt_mask, __ATOMIC_SEQ_CST) &&
	    __atomic_load_n(&header->read_index, __ATOMIC_SEQ_CST) == old)
		guest_signal(channel);
	return true;
}

bool guest_receive(struct guest_channel *channel, struct guest_packet *packet)
{
	struct guest_ring *const ring = &channel->in;
	struct vmbus_ring_header *const header = ring->header;
	const uint32_t write =
		__atomic_load_n(&header->write_index, __ATOMIC_ACQUIRE);
	const uint32_t read = header->read_index;
	uint32_t at = read;
	uint64_t trailer;

	if (write == read)
		return false;
	ring_get(ring, &at, &packet->descriptor, sizeof(packet->descriptor));

	const uint32_t offset = packet->descriptor.data_offset8 * 8u;
	const uint32_t length = packet->descriptor.length8 * 8u;

	assert_true(offset >= 16 && offset <= length);
	assert_true(length + 8 <= ring_used(ring, write, read));
	packet->header_size = offset - 16;
	packet->payload_size = length - offset;
	assert_true(packet->header_size <= sizeof(packet->header));
	assert_true(packet->payload_size <= sizeof(packet->payload));
	ring_get(ring, &at, packet->header, packet->header_size);
	ring_get(ring, &at, packet->payload, packet->payload_size);
	ring_get(ring, &at, &trailer, sizeof(trailer));
	assert_int_equal(trailer >> 32, read);
	__atomic_store_n(&header->read_index, at, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);

	const uint32_t wanted =
		__atomic_load_n(&header->pending_send_size, __ATOMIC_SEQ_CST);
	const uint32_t now =
		__atomic_load_n(&header->write_index, __ATOMIC_SEQ_CST);
	const uint32_t free_after = ring->size - ring_used(ring, now, at);
	const uint32_t free_before = free_after - (length + 8);

	if (wanted && free_after > wanted && free_before <= wanted)
		guest_signal(channel);
	return true;
}

void guest_packet_pages(struct guest_packet *packet, uint32_t offset,
			uint32_t size, const uint64_t *pfns)
{
	const uint32_t head[4] = {0, 1, size, offset};
	const uint32_t count = (offset + size + 4095) / 4096;

	packet->descriptor.type = VMBUS_PACKET_GPA_DIRECT;
	memcpy(packet->header, head, sizeof(head));
	memcpy(packet->header + sizeof(head), pfns, count * 8);
	packet->header_size = sizeof(head) + count * 8;
}
