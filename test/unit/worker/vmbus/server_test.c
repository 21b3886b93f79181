// SPDX-License-Identifier: GPL-2.0-or-later
/* The server: connecting, offers, page lists, closing, hostile messages. */
#include "toy.h"

#include <string.h>

static struct guest guest;
static struct toy toy;

static int setup(void **state)
{
	(void)state;
	guest_init(&guest);
	toy_create(&toy, &guest, 0, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vmbus_channel_destroy(toy.channel);
	guest_destroy(&guest);
	return 0;
}

static void connect(struct vmbus_offer_channel *offer)
{
	assert_true(guest_contact(&guest, VMBUS_VERSION_5_3));
	assert_int_equal(guest_offers(&guest, offer, 1), 1);
}

static void connect_open(struct vmbus_offer_channel *offer,
			 struct guest_channel *channel)
{
	connect(offer);
	assert_int_equal(guest_open(&guest, offer, 4, channel), 0);
}

static void post(uint32_t type, const uint32_t *words, unsigned int count)
{
	uint32_t message[16] = {type};

	for (unsigned int i = 0; i < count; i++)
		message[2 + i] = words[i];
	guest_post(&guest, message, 8 + count * 4);
}

/* ---- Versions ---- */

static void test_versions(void **state)
{
	static const struct {
		uint32_t version;
		bool accepted;
		uint32_t connection;
	} cases[] = {
		{VMBUS_VERSION_6_0, false, 0},
		{VMBUS_VERSION_5_3, true, 4},
		{VMBUS_VERSION_5_2, true, 4},
		{VMBUS_VERSION_5_1, true, 4},
		{VMBUS_VERSION_5_0, true, 4},
		{VMBUS_VERSION_4_1, true, VMBUS_VERSION_4_1},
		{VMBUS_VERSION_4_0, true, VMBUS_VERSION_4_0},
		{VMBUS_VERSION_3_0, true, VMBUS_VERSION_3_0},
		{VMBUS_VERSION_2_4, true, VMBUS_VERSION_2_4},
		{VMBUS_VERSION(1, 1), false, 0},
		{VMBUS_VERSION(0, 13), false, 0},
		{0, false, 0},
		{0xffffffff, false, 0},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vmbus_initiate_contact contact = {
			.header.type = VMBUS_MSG_INITIATE_CONTACT,
			.version = cases[i].version,
			.target_vp = 5,
			.target_sint = 2,
		};

		guest_post(&guest, &contact, sizeof(contact));

		const struct guest_message answer =
			guest_expect(&guest, VMBUS_MSG_VERSION_RESPONSE);

		assert_int_equal(answer.vp, 5);
		assert_int_equal(answer.sint, 2);
		assert_int_equal(answer.version.supported, cases[i].accepted);
		assert_int_equal(answer.version.connection_state, 0);
		if (cases[i].accepted)
			assert_int_equal(answer.version.message_connection_id,
					 cases[i].connection);
	}
}

static void test_contact_names_sint(void **state)
{
	struct vmbus_initiate_contact contact = {
		.header.type = VMBUS_MSG_INITIATE_CONTACT,
		.version = VMBUS_VERSION_5_3,
		.target_sint = 7,
	};

	(void)state;
	guest_post(&guest, &contact, sizeof(contact));
	assert_int_equal(guest_expect(&guest, VMBUS_MSG_VERSION_RESPONSE).sint,
			 7);
	contact.target_sint = 16;
	guest_post(&guest, &contact, sizeof(contact));
	assert_false(guest_expect(&guest, VMBUS_MSG_VERSION_RESPONSE)
			     .version.supported);
	contact.target_sint = 2;
	contact.target_vtl = 2;
	guest_post(&guest, &contact, sizeof(contact));
	assert_false(guest_expect(&guest, VMBUS_MSG_VERSION_RESPONSE)
			     .version.supported);
	/* Before 5.0 the same bytes are the interrupt page. */
	contact.version = VMBUS_VERSION_4_1;
	guest_post(&guest, &contact, sizeof(contact));

	const struct guest_message old =
		guest_expect(&guest, VMBUS_MSG_VERSION_RESPONSE);

	assert_true(old.version.supported);
	assert_int_equal(old.sint, 2);
}

/* As Linux 7.x steps down; and nothing is offered before acceptance. */
static void test_step_down(void **state)
{
	struct vmbus_offer_channel offer;

	(void)state;
	assert_false(guest_contact(&guest, VMBUS_VERSION_6_0));
	post(VMBUS_MSG_REQUEST_OFFERS, NULL, 0);
	guest_expect_none(&guest);
	connect(&offer);
}

static void test_both_connection_ids(void **state)
{
	const struct vmbus_header request = {.type = VMBUS_MSG_UNLOAD};
	static const struct {
		uint32_t id;
		bool heard;
	} cases[] = {{1, true}, {4, true}, {2, false}, {0, false}};

	(void)state;
	assert_true(guest_contact(&guest, VMBUS_VERSION_5_3));
	for (unsigned int i = 0; i < 4; i++) {
		guest.synic.message(guest.synic.server, cases[i].id, &request,
				    sizeof(request));
		if (cases[i].heard)
			guest_expect(&guest, VMBUS_MSG_UNLOAD_RESPONSE);
		else
			guest_expect_none(&guest);
	}
}

/* ---- Offers ---- */

static void test_offer_content(void **state)
{
	struct vmbus_offer_channel offer;
	const struct vmbus_guid type = VMBUS_GUID_HEARTBEAT;

	(void)state;
	connect(&offer);
	assert_memory_equal(&offer.interface_type, &type, sizeof(type));
	assert_memory_equal(offer.interface_instance.bytes, "\1\2\3\0", 4);
	assert_int_equal(offer.flags, 1);
	assert_int_equal(offer.mmio_megabytes, 8);
	assert_int_equal(offer.user_defined[2], 6);
	assert_in_range(offer.relid, 1, 2047);
	assert_int_equal(offer.monitor_allocated, 0);
	assert_int_equal(offer.dedicated_interrupt, 1);
	assert_int_equal(offer.sub_index, 0);
	/* The first group of a GUID is little endian on the wire. */
	assert_int_equal(offer.interface_type.bytes[0], 0x39);
	assert_int_equal(offer.interface_type.bytes[3], 0x57);
	/* Asked twice: the end again, no second offer. */
	assert_int_equal(guest_offers(&guest, NULL, 0), 0);
}

static void test_many_offers_one_slot(void **state)
{
	static struct toy toys[100];
	static bool seen[VMBUS_MAX_CHANNELS];
	static struct vmbus_offer_channel offers[101];

	(void)state;
	for (unsigned int i = 0; i < 100; i++)
		toy_create(&toys[i], &guest, 0, false);
	assert_true(guest_contact(&guest, VMBUS_VERSION_5_3));
	assert_int_equal(guest_offers(&guest, offers, 101), 101);
	assert_true(guest.refused > 0); /* the slot was busy on the way */
	for (unsigned int i = 0; i < 101; i++) {
		assert_false(seen[offers[i].relid]);
		seen[offers[i].relid] = true;
	}
	for (unsigned int i = 0; i < 100; i++)
		vmbus_channel_destroy(toys[i].channel);
}

static void test_relids_run_out(void **state)
{
	static struct vmbus_channel *channels[VMBUS_MAX_CHANNELS];
	const struct vmbus_channel_options options = {.operations =
							      &toy_operations};
	unsigned int count = 0;

	(void)state;
	while ((channels[count] = vmbus_channel_create(guest.server, &options)))
		count++;
	assert_int_equal(count, 2047 - 1);
	while (count--)
		vmbus_channel_destroy(channels[count]);
}

/* Later: a channel offered and taken back while connected. */
static void test_offer_and_rescind(void **state)
{
	struct toy late;
	struct vmbus_offer_channel offer;

	(void)state;
	toy_create(&late, &guest, 0, true);
	connect(&offer);
	guest_expect_none(&guest);
	vmbus_channel_offer(late.channel);

	const struct vmbus_offer_channel offered =
		guest_expect(&guest, VMBUS_MSG_OFFER_CHANNEL).offer;

	vmbus_channel_rescind(late.channel);
	assert_int_equal(guest_expect(&guest, VMBUS_MSG_RESCIND_CHANNEL_OFFER)
				 .rescind.relid,
			 offered.relid);
	/* Wanted again, but the child still has the old one. */
	vmbus_channel_offer(late.channel);
	guest_expect_none(&guest);
	post(VMBUS_MSG_RELID_RELEASED, &offered.relid, 1);
	guest_expect(&guest, VMBUS_MSG_OFFER_CHANNEL);
	vmbus_channel_destroy(late.channel);
}

static void test_rescind_open_channel(void **state)
{
	struct vmbus_offer_channel offer;
	struct guest_channel channel;
	const uint32_t relid = 1;

	(void)state;
	connect_open(&offer, &channel);
	toy.hold = 1;
	guest_send(&channel, &(struct guest_packet){.descriptor = {.type = 6}});
	vmbus_channel_rescind(toy.channel);
	assert_int_equal(toy.closed, 1);
	guest_expect(&guest, VMBUS_MSG_RESCIND_CHANNEL_OFFER);
	guest_close(&channel);
	guest_gpadl_teardown(&guest, channel.relid, channel.gpadl);
	guest_expect_none(&guest);
	vmbus_channel_release(toy.channel);
	guest_expect(&guest, VMBUS_MSG_GPADL_TORNDOWN);
	post(VMBUS_MSG_RELID_RELEASED, &relid, 1);
	guest_expect_none(&guest);
	/* It can live again. */
	vmbus_channel_offer(toy.channel);
	offer = guest_expect(&guest, VMBUS_MSG_OFFER_CHANNEL).offer;
	assert_int_equal(guest_open(&guest, &offer, 4, &channel), 0);
	assert_int_equal(toy.opened, 2);
}

/* The next offer waits until the last life's requests are done. */
static void test_offer_waits_for_requests(void **state)
{
	struct vmbus_offer_channel offer;
	struct guest_channel channel;

	(void)state;
	connect_open(&offer, &channel);
	toy.hold = 1;
	guest_send(&channel, &(struct guest_packet){.descriptor = {.type = 6}});
	vmbus_channel_rescind(toy.channel);
	guest_expect(&guest, VMBUS_MSG_RESCIND_CHANNEL_OFFER);
	vmbus_channel_offer(toy.channel);
	post(VMBUS_MSG_RELID_RELEASED, &channel.relid, 1);
	guest_expect_none(&guest);
	vmbus_channel_release(toy.channel);
	guest_expect(&guest, VMBUS_MSG_GPADL_TORNDOWN);
	guest_expect(&guest, VMBUS_MSG_OFFER_CHANNEL);
}

/* ---- Opening and closing ---- */

static void test_open_close_reopen(void **state)
{
	struct vmbus_offer_channel offer;
	struct guest_channel channel;

	(void)state;
	connect_open(&offer, &channel);
	assert_true(guest.listening[channel.connection]);
	for (unsigned int i = 1; i < 10; i++) {
		assert_int_equal(toy.opened, i);
		guest_close(&channel);
		assert_int_equal(toy.closed, i);
		assert_false(guest.listening[channel.connection]);
		guest_gpadl_teardown(&guest, channel.relid, channel.gpadl);
		assert_int_equal(guest_expect(&guest, VMBUS_MSG_GPADL_TORNDOWN)
					 .gpadl_torndown.gpadl,
				 channel.gpadl);
		assert_int_equal(guest_open(&guest, &offer, 4, &channel), 0);
	}
}

static void test_teardown_waits_for_close(void **state)
{
	struct vmbus_offer_channel offer;
	struct guest_channel channel;

	(void)state;
	connect_open(&offer, &channel);
	guest_gpadl_teardown(&guest, channel.relid, channel.gpadl);
	guest_expect_none(&guest); /* the rings are still in use */
	toy.hold = 2;
	for (unsigned int i = 0; i < 2; i++)
		guest_send(&channel,
			   &(struct guest_packet){.descriptor = {.type = 6}});
	guest_close(&channel);
	assert_int_equal(toy.closed, 1);
	guest_expect_none(&guest); /* requests in flight */
	vmbus_channel_release(toy.channel);
	guest_expect_none(&guest);
	vmbus_channel_release(toy.channel);
	guest_expect(&guest, VMBUS_MSG_GPADL_TORNDOWN);
}

static uint32_t try_open(const uint32_t words[5])
{
	uint32_t message[2 + 5 + 30] = {VMBUS_MSG_OPEN_CHANNEL};

	memcpy(message + 2, words, 20);
	guest_post(&guest, message, sizeof(message));

	const struct guest_message answer =
		guest_expect(&guest, VMBUS_MSG_OPEN_CHANNEL_RESULT);

	assert_int_equal(answer.open_result.relid, words[0]);
	assert_int_equal(answer.open_result.open_id, words[1]);
	return answer.open_result.status;
}

static void test_open_refused(void **state)
{
	struct vmbus_offer_channel offer;
	uint64_t pfns[6];

	(void)state;
	connect(&offer);
	for (unsigned int i = 0; i < 6; i++)
		pfns[i] = guest_page(&guest);

	const uint32_t gpadl = guest_gpadl(&guest, offer.relid, pfns, 6);

	/* relid, open id, gpadl, vp, downstream offset */
	assert_int_not_equal(try_open((uint32_t[]){99, 7, gpadl, 0, 3}), 0);
	assert_int_not_equal(try_open((uint32_t[]){0xffffffff, 7, gpadl, 0, 3}),
			     0);
	for (uint32_t down = 0; down < 10; down++)
		if (down < 2 || down > 4)
			assert_int_not_equal(
				try_open((uint32_t[]){offer.relid, 7, gpadl, 0,
						      down}),
				0);
	assert_int_not_equal(
		try_open((uint32_t[]){offer.relid, 7, 12345, 0, 3}), 0);
	/* A ring whose header is nonsense. */
	((struct vmbus_ring_header *)guest_at(&guest, pfns[0]))->write_index =
		5;
	assert_int_not_equal(
		try_open((uint32_t[]){offer.relid, 7, gpadl, 0, 3}), 0);
	((struct vmbus_ring_header *)guest_at(&guest, pfns[0]))->write_index =
		0;
	guest.listen_fails = true;
	assert_int_not_equal(
		try_open((uint32_t[]){offer.relid, 7, gpadl, 0, 3}), 0);
	guest.listen_fails = false;
	assert_int_equal(toy.opened, 0);
	toy.refuse_open = true;
	assert_int_not_equal(
		try_open((uint32_t[]){offer.relid, 7, gpadl, 0, 3}), 0);
	toy.refuse_open = false;
	assert_int_equal(try_open((uint32_t[]){offer.relid, 7, gpadl, 0, 3}),
			 0);
	/* Twice. */
	assert_int_not_equal(
		try_open((uint32_t[]){offer.relid, 7, gpadl, 0, 3}), 0);
	/* No page list is left referenced by the failures. */
	guest_close(
		&(struct guest_channel){.guest = &guest, .relid = offer.relid});
	guest_gpadl_teardown(&guest, offer.relid, gpadl);
	guest_expect(&guest, VMBUS_MSG_GPADL_TORNDOWN);
}

static void test_modify_channel(void **state)
{
	struct vmbus_offer_channel offer;
	struct guest_channel channel;
	struct guest_packet packet;
	uint32_t words[2];

	(void)state;
	connect_open(&offer, &channel);
	toy.echo = true;
	assert_true(guest_send(
		&channel, &(struct guest_packet){.descriptor = {.type = 6}}));
	assert_true(guest_receive(&channel, &packet));
	assert_int_equal(guest.event_vp, 3); /* what Open said */
	assert_int_equal(guest.event_sint, 2);
	words[0] = channel.relid;
	words[1] = 1;
	post(VMBUS_MSG_MODIFY_CHANNEL, words, 2);
	assert_int_equal(guest_expect(&guest, VMBUS_MSG_MODIFY_CHANNEL_RESPONSE)
				 .modify.status,
			 0);
	assert_true(guest_send(
		&channel, &(struct guest_packet){.descriptor = {.type = 6}}));
	assert_int_equal(guest.event_vp, 1);
	words[0] = 77;
	post(VMBUS_MSG_MODIFY_CHANNEL, words, 2);
	assert_int_not_equal(
		guest_expect(&guest, VMBUS_MSG_MODIFY_CHANNEL_RESPONSE)
			.modify.status,
		0);
	/* Before 5.3 there is no answer. */
	assert_true(guest_contact(&guest, VMBUS_VERSION_5_2));
	guest_offers(&guest, &offer, 1);
	words[0] = offer.relid;
	post(VMBUS_MSG_MODIFY_CHANNEL, words, 2);
	guest_expect_none(&guest);
}

/* ---- Unload, kexec, reset ---- */

static void test_unload_and_contact_again(void **state)
{
	struct vmbus_offer_channel offer;
	struct guest_channel channel;

	(void)state;
	for (unsigned int i = 1; i < 5; i++) {
		connect_open(&offer, &channel);
		post(VMBUS_MSG_UNLOAD, NULL, 0);
		assert_int_equal(toy.closed, i);
		guest_expect(&guest, VMBUS_MSG_UNLOAD_RESPONSE);
		guest_expect_none(&guest);
		/* Gone is gone. */
		guest_close(&channel);
		guest_expect_none(&guest);
	}
}

static void test_unload_waits_for_requests(void **state)
{
	struct vmbus_offer_channel offer;
	struct guest_channel channel;

	(void)state;
	connect_open(&offer, &channel);
	toy.hold = 1;
	guest_send(&channel, &(struct guest_packet){.descriptor = {.type = 6}});
	post(VMBUS_MSG_UNLOAD, NULL, 0);
	guest_expect_none(&guest);
	assert_false(vmbus_server_idle(guest.server));
	/* Meanwhile nothing else is heard. */
	post(VMBUS_MSG_REQUEST_OFFERS, NULL, 0);
	guest_expect_none(&guest);
	vmbus_channel_release(toy.channel);
	assert_true(vmbus_server_idle(guest.server));
	guest_expect(&guest, VMBUS_MSG_UNLOAD_RESPONSE);
}

/* A crash kernel may not unload: the new contact waits all the same. */
static void test_contact_while_connected(void **state)
{
	struct vmbus_offer_channel offer;
	struct guest_channel channel;
	const struct vmbus_initiate_contact contact = {
		.header.type = VMBUS_MSG_INITIATE_CONTACT,
		.version = VMBUS_VERSION_5_3,
		.target_vp = 2,
		.target_sint = 2,
	};

	(void)state;
	connect_open(&offer, &channel);
	toy.hold = 1;
	guest_send(&channel, &(struct guest_packet){.descriptor = {.type = 6}});
	guest_post(&guest, &contact, sizeof(contact));
	guest_expect_none(&guest);
	vmbus_channel_release(toy.channel);
	assert_int_equal(guest_expect(&guest, VMBUS_MSG_VERSION_RESPONSE).vp,
			 2);
	assert_int_equal(guest_offers(&guest, &offer, 1), 1);
	assert_int_equal(guest_open(&guest, &offer, 4, &channel), 0);
}

static void test_contact_drops_what_was_unread(void **state)
{
	(void)state;
	assert_true(guest_contact(&guest, VMBUS_VERSION_5_3));
	post(VMBUS_MSG_REQUEST_OFFERS, NULL, 0);
	/* One offer is in the slot; the rest must not follow it. */
	assert_true(guest.message_count == 1);
	guest.message_count = 0;
	assert_true(guest_contact(&guest, VMBUS_VERSION_5_3));
	guest_expect_none(&guest);
}

static void test_reset(void **state)
{
	struct vmbus_offer_channel offer;
	struct guest_channel channel;

	(void)state;
	connect_open(&offer, &channel);
	toy.hold = 1;
	guest_send(&channel, &(struct guest_packet){.descriptor = {.type = 6}});
	vmbus_server_reset(guest.server);
	assert_int_equal(toy.closed, 1);
	assert_false(vmbus_server_idle(guest.server));
	vmbus_channel_release(toy.channel);
	assert_true(vmbus_server_idle(guest.server));
	guest_expect_none(&guest);
	connect_open(&offer, &channel);
}

/* ---- Page lists ---- */

static void test_long_list(void **state)
{
	struct vmbus_offer_channel offer;
	uint64_t pfns[300];
	uint8_t data[5000];
	uint8_t back[5000];
	struct span spans[8];

	(void)state;
	connect(&offer);
	for (unsigned int i = 0; i < 300; i++)
		pfns[i] = guest_page(&guest);
	for (unsigned int i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);

	const uint32_t id = guest_gpadl(&guest, offer.relid, pfns, 300);
	struct gpadl *const gpadl =
		vmbus_channel_gpadl_acquire(toy.channel, id);

	assert_non_null(gpadl);
	assert_true(gpadl_write(gpadl, 299 * 4096 - 5000, data, 5000));
	assert_memory_equal(guest_at(&guest, pfns[298]), data + 904, 4096);
	assert_true(gpadl_read(gpadl, 299 * 4096 - 5000, back, 5000));
	assert_memory_equal(back, data, 5000);
	assert_false(gpadl_read(gpadl, 300 * 4096 - 100, back, 101));
	assert_false(gpadl_write(gpadl, UINT64_MAX, back, 2));
	assert_int_equal(gpadl_spans(gpadl, 100, 8000, spans, 8), 2);
	assert_int_equal(spans[0].size, 3996);
	assert_int_equal(gpadl_spans(gpadl, 100, 8000, spans, 1), 0);
	assert_int_equal(gpadl_spans(gpadl, 0, 301 * 4096, spans, 8), 0);
	/* Torn down only after its last user. */
	guest_gpadl_teardown(&guest, offer.relid, id);
	guest_expect_none(&guest);
	assert_null(vmbus_channel_gpadl_acquire(toy.channel, id));
	vmbus_channel_gpadl_release(toy.channel, gpadl);
	guest_expect(&guest, VMBUS_MSG_GPADL_TORNDOWN);
	/* Again, and one that never was: as gone as can be. */
	guest_gpadl_teardown(&guest, offer.relid, id);
	guest_expect(&guest, VMBUS_MSG_GPADL_TORNDOWN);
}

struct list {
	struct vmbus_header header;
	uint32_t relid;
	uint32_t id;
	uint16_t length;
	uint16_t ranges;
	uint32_t bytes;
	uint32_t offset;
	uint64_t pfns[4] __attribute__((packed));
} __attribute__((packed));

static uint32_t post_list(const struct list *list, size_t size)
{
	guest_post(&guest, list, size);

	const struct guest_message answer =
		guest_expect(&guest, VMBUS_MSG_GPADL_CREATED);

	assert_int_equal(answer.gpadl_created.gpadl, list->id);
	return answer.gpadl_created.status;
}

static void test_bad_lists(void **state)
{
	struct vmbus_offer_channel offer;
	struct list good = {
		.header.type = VMBUS_MSG_GPADL_HEADER,
		.id = 5,
		.length = 8 + 16,
		.ranges = 1,
		.bytes = 8192,
	};
	struct list bad;

	(void)state;
	connect(&offer);
	good.relid = offer.relid;
	good.pfns[0] = guest_page(&guest);
	good.pfns[1] = guest_page(&guest);

	const size_t size = 20 + 8 + 16;

#define EXPECT_BAD(change)                                                     \
	do {                                                                   \
		bad = good;                                                    \
		change;                                                        \
		assert_int_not_equal(post_list(&bad, size), 0);                \
	} while (0)
	EXPECT_BAD(bad.relid = 44);
	EXPECT_BAD(bad.relid = 0xffffffff);
	EXPECT_BAD(bad.ranges = 0);
	EXPECT_BAD(bad.ranges = 2);
	EXPECT_BAD(bad.length = 8);
	EXPECT_BAD(bad.length = 0);
	EXPECT_BAD(bad.length = 8 + 12);
	EXPECT_BAD(bad.length = 8 + 8);
	EXPECT_BAD(bad.length = 0xffff);
	EXPECT_BAD(bad.bytes = 0);
	EXPECT_BAD(bad.bytes = 8193);
	EXPECT_BAD(bad.bytes = 4096);
	EXPECT_BAD(bad.bytes = 0xffffffff);
	EXPECT_BAD(bad.offset = 1);
	EXPECT_BAD(bad.offset = 4096);
	EXPECT_BAD(bad.offset = 0xffffffff);
	EXPECT_BAD(bad.pfns[1] = UINT64_MAX);
	EXPECT_BAD(bad.pfns[1] = UINT64_MAX >> 12);
	EXPECT_BAD(bad.pfns[1] = GUEST_LOW_SIZE / 4096);
	assert_int_equal(post_list(&good, size), 0);
	assert_int_not_equal(post_list(&good, size), 0); /* the id is taken */
	/* Too short for its own head: no answer, nothing read beyond. */
	guest_post(&guest, &good, 19);
	guest_expect_none(&guest);
	good.id++;
	guest_post(&guest, &good, 20);
	assert_int_not_equal(guest_expect(&guest, VMBUS_MSG_GPADL_CREATED)
				     .gpadl_created.status,
			     0);
}

static void test_bad_bodies(void **state)
{
	struct vmbus_offer_channel offer;
	struct list list = {
		.header.type = VMBUS_MSG_GPADL_HEADER,
		.id = 5,
		.length = 8 + 24,
		.ranges = 1,
		.bytes = 3 * 4096,
	};
	uint64_t body[2 + 8] = {VMBUS_MSG_GPADL_BODY};

	(void)state;
	connect(&offer);
	list.relid = offer.relid;
	list.pfns[0] = guest_page(&guest);
	for (unsigned int i = 2; i < 10; i++)
		body[i] = list.pfns[0];
	/* For nothing. */
	((uint32_t *)body)[3] = 4;
	guest_post(&guest, body, 16 + 8);
	guest_expect_none(&guest);
	((uint32_t *)body)[3] = 5;
	/* More than was announced. */
	guest_post(&guest, &list, 20 + 8 + 8);
	guest_expect_none(&guest);
	guest_post(&guest, body, 16 + 3 * 8);
	assert_int_not_equal(guest_expect(&guest, VMBUS_MSG_GPADL_CREATED)
				     .gpadl_created.status,
			     0);
	/* Half a page number. */
	guest_post(&guest, &list, 20 + 8 + 8);
	guest_post(&guest, body, 16 + 12);
	assert_int_not_equal(guest_expect(&guest, VMBUS_MSG_GPADL_CREATED)
				     .gpadl_created.status,
			     0);
	/* Not complete: cannot be used. */
	guest_post(&guest, &list, 20 + 8 + 8);
	assert_null(vmbus_channel_gpadl_acquire(toy.channel, 5));
	guest_post(&guest, body, 16 + 2 * 8);
	assert_int_equal(guest_expect(&guest, VMBUS_MSG_GPADL_CREATED)
				 .gpadl_created.status,
			 0);
	/* Complete: more is refused and it stays. */
	guest_post(&guest, body, 16 + 8);
	assert_int_not_equal(guest_expect(&guest, VMBUS_MSG_GPADL_CREATED)
				     .gpadl_created.status,
			     0);

	struct gpadl *const gpadl = vmbus_channel_gpadl_acquire(toy.channel, 5);

	assert_non_null(gpadl);
	vmbus_channel_gpadl_release(toy.channel, gpadl);
}

/* What a child can make the worker keep is bounded. */
static void test_too_many_lists(void **state)
{
	struct vmbus_offer_channel offer;
	struct list list = {
		.header.type = VMBUS_MSG_GPADL_HEADER,
		.length = 8 + 8,
		.ranges = 1,
		.bytes = 4096,
	};
	unsigned int created = 0;

	(void)state;
	connect(&offer);
	list.relid = offer.relid;
	list.pfns[0] = guest_page(&guest);
	for (list.id = 1; list.id < 2000; list.id++)
		created += post_list(&list, 20 + 8 + 8) == 0;
	assert_int_equal(created, GPADL_COUNT_MAX);
}

/* ---- Hostile messages ---- */

static void test_short_and_unknown(void **state)
{
	const uint8_t zeroes[240] = {0};

	(void)state;
	assert_true(guest_contact(&guest, VMBUS_VERSION_5_3));
	for (size_t size = 0; size < 8; size++)
		guest_post(&guest, zeroes, size);
	for (uint32_t type = 0; type < 40; type++) {
		uint32_t message[2] = {type, 0};

		if (type == VMBUS_MSG_REQUEST_OFFERS ||
		    type == VMBUS_MSG_UNLOAD)
			continue;
		guest_post(&guest, message, sizeof(message));
		guest_expect_none(&guest);
	}
	for (uint32_t type = 27; type < 0xffffff00; type += 0x1234567) {
		post(type, (uint32_t[]){1, 2, 3}, 3);
		guest_expect_none(&guest);
	}
}

static void test_tl_connect_and_monitor(void **state)
{
	struct vmbus_tl_connect_request request = {
		.header.type = VMBUS_MSG_TL_CONNECT_REQUEST,
		.endpoint_id = {{1, 2}},
		.service_id = {{3, 4}},
	};
	const uint32_t pages[4] = {0x1000, 0, 0x2000, 0};

	(void)state;
	assert_true(guest_contact(&guest, VMBUS_VERSION_5_3));
	guest_post(&guest, &request, sizeof(request));

	const struct guest_message answer =
		guest_expect(&guest, VMBUS_MSG_TL_CONNECT_RESULT);

	assert_int_not_equal(answer.tl_connect.status, 0);
	assert_memory_equal(&answer.tl_connect.endpoint_id,
			    &request.endpoint_id, 16);
	post(VMBUS_MSG_MODIFY_CONNECTION, pages, 4);
	guest_expect(&guest, VMBUS_MSG_MODIFY_CONNECTION_RESPONSE);
}

static void test_messages_never_read(void **state)
{
	(void)state;
	assert_true(guest_contact(&guest, VMBUS_VERSION_5_3));
	for (uint32_t i = 0; i < 10000; i++)
		guest_gpadl_teardown(&guest, 1, i);
	/* Bounded; and a new contact finds everything as it should be. */
	guest.message_count = 0;
	assert_true(guest_contact(&guest, VMBUS_VERSION_5_3));
	assert_int_equal(guest_offers(&guest, NULL, 0), 1);
}

/* Random messages with mostly likely numbers in them. */
static void test_random_messages(void **state)
{
	struct fake_random random = {42};
	uint64_t pages[8];

	(void)state;
	for (unsigned int i = 0; i < 8; i++)
		pages[i] = guest_page(&guest);
	toy.echo = true;
	for (unsigned int i = 0; i < 200000; i++) {
		uint8_t message[240] = {0};
		uint32_t *const words = (uint32_t *)(void *)message;
		const size_t size = fake_random_below(&random, 4)
					    ? 240
					    : fake_random_below(&random, 241);

		for (unsigned int j = 0; j < 60; j++)
			words[j] = fake_random_below(&random, 6);
		words[0] = fake_random_below(&random, 28);
		if ((words[0] == VMBUS_MSG_INITIATE_CONTACT ||
		     words[0] == VMBUS_MSG_UNLOAD) &&
		    fake_random_below(&random, 8))
			words[0] = VMBUS_MSG_OPEN_CHANNEL;
		if (words[0] == VMBUS_MSG_INITIATE_CONTACT) {
			words[2] = VMBUS_VERSION_5_3;
			words[4] = 2; /* SINT, VTL */
		}
		if (words[0] == VMBUS_MSG_OPEN_CHANNEL)
			words[2] = 1;
		if (words[0] == VMBUS_MSG_GPADL_HEADER) {
			const uint32_t count =
				1 + fake_random_below(&random, 6);

			words[2] = 1;
			words[4] = 1u << 16 | (8 + count * 8);
			words[5] = count * 4096;
			words[6] = 0;
			memcpy(message + 28, pages, sizeof(pages));
		}
		guest_post(&guest, message, size);
		if (fake_random_below(&random, 4) == 0)
			guest.synic.signalled(guest.synic.server, 0x10001);
		while (guest.message_count)
			guest_take(&guest);
		fake_clock_advance(&guest.clock, 1000);
	}
	assert_true(toy.opened > 100);
	assert_true(toy.closed + 1 >= toy.opened);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_versions),
		TEST(test_contact_names_sint),
		TEST(test_step_down),
		TEST(test_both_connection_ids),
		TEST(test_offer_content),
		TEST(test_many_offers_one_slot),
		TEST(test_relids_run_out),
		TEST(test_offer_and_rescind),
		TEST(test_rescind_open_channel),
		TEST(test_offer_waits_for_requests),
		TEST(test_open_close_reopen),
		TEST(test_teardown_waits_for_close),
		TEST(test_open_refused),
		TEST(test_modify_channel),
		TEST(test_unload_and_contact_again),
		TEST(test_unload_waits_for_requests),
		TEST(test_contact_while_connected),
		TEST(test_contact_drops_what_was_unread),
		TEST(test_reset),
		TEST(test_long_list),
		TEST(test_bad_lists),
		TEST(test_bad_bodies),
		TEST(test_too_many_lists),
		TEST(test_short_and_unknown),
		TEST(test_tl_connect_and_monitor),
		TEST(test_messages_never_read),
		TEST(test_random_messages),
	};

	return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
