// SPDX-License-Identifier: GPL-2.0-or-later
/* The child's side of an integration service, as hv_utils plays it. */
#include "ic.h"

#include <string.h>

#define RING_PAGES 8

void ic_init(struct ic *ic)
{
	memset(ic, 0, sizeof(*ic));
	guest_init(&ic->guest);
}

struct integration_options ic_options(struct ic *ic)
{
	return (struct integration_options){
		.server = ic->guest.server,
		.clock = &ic->guest.clock.clock,
		.instance = {{7}},
	};
}

void ic_open(struct ic *ic)
{
	assert_true(guest_contact(&ic->guest, VMBUS_VERSION_5_3));
	assert_int_equal(guest_offers(&ic->guest, &ic->offer, 1), 1);
	ic_reopen(ic);
	fake_log_lines = 0; /* the server has told of the connection */
}

void ic_reopen(struct ic *ic)
{
	assert_int_equal(
		guest_open(&ic->guest, &ic->offer, RING_PAGES, &ic->channel),
		0);
}

bool ic_receive(struct ic *ic)
{
	return guest_receive(&ic->channel, &ic->packet);
}

void *ic_expect(struct ic *ic, uint16_t type)
{
	const struct vmbus_ic_header *const header = (void *)ic->packet.payload;

	assert_true(ic_receive(ic));
	assert_int_equal(ic->packet.descriptor.type, VMBUS_PACKET_IN_BAND);
	assert_int_equal(ic->packet.descriptor.flags, 0);
	assert_true(ic->packet.payload_size >= sizeof(*header));
	assert_int_equal(header->pipe.type, VMBUS_PIPE_DATA);
	assert_in_range(ic->packet.payload_size, header->pipe.size + 8u,
			header->pipe.size + 15u);
	assert_int_equal(header->message_size, header->pipe.size - 20);
	assert_int_equal(header->message_type, type);
	assert_int_equal(header->flags,
			 VMBUS_IC_FLAG_TRANSACTION | VMBUS_IC_FLAG_REQUEST);
	assert_int_equal(header->status, 0);
	return ic->packet.payload;
}

void ic_send(struct ic *ic, size_t size)
{
	ic->packet.payload_size = size;
	assert_true(guest_send(&ic->channel, &ic->packet));
}

void ic_answer(struct ic *ic, uint32_t status)
{
	struct vmbus_ic_header *const header = (void *)ic->packet.payload;

	header->flags = VMBUS_IC_FLAG_TRANSACTION | VMBUS_IC_FLAG_RESPONSE;
	header->status = status;
	ic_send(ic, ic->packet.payload_size);
}

void ic_choose(struct ic *ic, uint16_t framework, uint16_t major,
	       uint16_t minor)
{
	struct vmbus_ic_negotiate *const message =
		ic_expect(ic, VMBUS_IC_NEGOTIATE);

	/* Linux leaves the rest of the host's lists behind these. */
	message->header.message_size = 16;
	message->framework_version_count = framework ? 1 : 0;
	message->message_version_count = framework ? 1 : 0;
	message->versions[0] = (struct vmbus_ic_version){framework, 0};
	message->versions[1] = (struct vmbus_ic_version){major, minor};
	ic_answer(ic, 0);
}

void ic_close(struct ic *ic)
{
	guest_close(&ic->channel);
	guest_gpadl_teardown(&ic->guest, ic->offer.relid, ic->channel.gpadl);
	guest_expect(&ic->guest, VMBUS_MSG_GPADL_TORNDOWN);
}

void ic_expect_broken(struct ic *ic, const char *why)
{
	assert_int_equal(fake_log_lines, 1);
	assert_non_null(strstr(fake_log_last, why));
	fake_log_lines = 0;
	/* What comes is not looked at any more, and nothing more is said. */
	ic_send(ic, 8);
	assert_false(ic_receive(ic));
	assert_int_equal(fake_log_lines, 0);
	ic_close(ic);
}
