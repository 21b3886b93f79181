/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves messages between the child and its worker: a VMBus contact and what
 * it offers, more messages than a slot holds, one that nobody expects. */
#include "check.h"
#include "synic.h"

#include "abi/hypercall.h"
#include "abi/msr.h"
#include "abi/vmbus/channel.h"

#define SINT   HV_SYNIC_VMBUS_SINT
#define VECTOR 0x58u
#define OFFERS 64u

static uint64_t post(uint32_t connection, const void *body, uint32_t size)
{
	struct hv_input_post_message *message = (void *)call_input;
	uint32_t i;

	message->connection_id = connection;
	message->reserved = 0;
	message->message_type = HVMSG_VMBUS;
	message->payload_size = size;
	for (i = 0; i < size; i++)
		message->payload[i] = ((const uint8_t *)body)[i];
	return call(HVCALL_POST_MESSAGE, (uint64_t)call_input, 0) & 0xffff;
}

/* The type of the next message, 0 when there is none; keep copies it. */
static uint32_t next(void *keep, uint32_t size)
{
	struct hv_message *slot = synic_slot(SINT);
	uint32_t type, i;

	if (!wait_word(&slot->header.type, HVMSG_VMBUS))
		return 0;
	type = ((const struct vmbus_header *)(const void *)slot->payload)->type;
	for (i = 0; i < size; i++)
		((uint8_t *)keep)[i] = ((const uint8_t *)slot->payload)[i];
	synic_release(SINT);
	return type;
}

static uint64_t contact(uint32_t version)
{
	const bool modern = version >= VMBUS_VERSION_5_0;
	struct vmbus_initiate_contact body = {
		.header.type = VMBUS_MSG_INITIATE_CONTACT,
		.version = version,
		.interrupt_page = 0,
		.monitor_page_parent_to_child = 0x400000,
		.monitor_page_child_to_parent = 0x401000,
	};

	if (modern)
		body.target_sint = SINT;
	return post(modern ? VMBUS_MESSAGE_CONNECTION_ID_5_0
			   : VMBUS_MESSAGE_CONNECTION_ID,
		    &body, sizeof(body));
}

static void unload(uint32_t connection)
{
	const struct vmbus_header header = {.type = VMBUS_MSG_UNLOAD};

	EXPECT_IS(post(connection, &header, sizeof(header)), HV_STATUS_SUCCESS);
	EXPECT_IS(next(NULL, 0), VMBUS_MSG_UNLOAD_RESPONSE);
}

static void old_contact(void)
{
	struct vmbus_version_response response;

	synic_on(SINT, VECTOR);
	EXPECT_IS(contact(VMBUS_VERSION_4_0), HV_STATUS_SUCCESS);
	EXPECT_IS(next(&response, sizeof(response)),
		  VMBUS_MSG_VERSION_RESPONSE);
	EXPECT_IS(response.supported, 1);
	interrupts_on();
	interrupts_off();
	EXPECT_IS(interrupts[0].count[VECTOR], 1);
	unload(VMBUS_MESSAGE_CONNECTION_ID);
	synic_off();
}

static void new_contact(void)
{
	struct vmbus_version_response response;

	synic_on(SINT, VECTOR);
	EXPECT_IS(contact(VMBUS_VERSION_5_3), HV_STATUS_SUCCESS);
	EXPECT_IS(next(&response, sizeof(response)),
		  VMBUS_MSG_VERSION_RESPONSE);
	EXPECT_IS(response.supported, 1);
	EXPECT_IS(response.message_connection_id,
		  VMBUS_MESSAGE_CONNECTION_ID_5_0);
	unload(VMBUS_MESSAGE_CONNECTION_ID_5_0);
	synic_off();
}

static void declined(void)
{
	struct vmbus_version_response response;

	synic_on(SINT, VECTOR);
	EXPECT_IS(contact(VMBUS_VERSION_6_0), HV_STATUS_SUCCESS);
	EXPECT_IS(next(&response, sizeof(response)),
		  VMBUS_MSG_VERSION_RESPONSE);
	EXPECT_IS(response.supported, 0);
	synic_off();
}

/* More messages than the slot holds: each waits for the one before. */
static void offers(void)
{
	const struct vmbus_header request = {.type = VMBUS_MSG_REQUEST_OFFERS};
	uint32_t count = 0, type;

	synic_on(SINT, VECTOR);
	EXPECT_IS(contact(VMBUS_VERSION_5_3), HV_STATUS_SUCCESS);
	EXPECT_IS(next(NULL, 0), VMBUS_MSG_VERSION_RESPONSE);
	EXPECT_IS(post(VMBUS_MESSAGE_CONNECTION_ID_5_0, &request,
		       sizeof(request)),
		  HV_STATUS_SUCCESS);
	for (type = next(NULL, 0);
	     type == VMBUS_MSG_OFFER_CHANNEL && count < OFFERS;
	     type = next(NULL, 0))
		count++;
	EXPECT_IS(type, VMBUS_MSG_ALL_OFFERS_DELIVERED);
	EXPECT(count >= 5); /* the integration services at least */
	unload(VMBUS_MESSAGE_CONNECTION_ID_5_0);
	synic_off();
}

/* An answer that had no place to go is lost; the next one comes. */
static void nowhere(void)
{
	synic_on(SINT, VECTOR);
	msr_set(HV_MSR_SCONTROL, 0);
	EXPECT_IS(contact(VMBUS_VERSION_4_0), HV_STATUS_SUCCESS);
	wait_moment();
	EXPECT_IS(synic_slot(SINT)->header.type, HVMSG_NONE);
	msr_set(HV_MSR_SCONTROL, 1);
	wait_moment();
	synic_release(SINT);
	EXPECT_IS(contact(VMBUS_VERSION_4_0), HV_STATUS_SUCCESS);
	EXPECT_IS(next(NULL, 0), VMBUS_MSG_VERSION_RESPONSE);
	unload(VMBUS_MESSAGE_CONNECTION_ID);
	synic_off();
}

static void garbage(void)
{
	static const uint8_t bytes[240];
	struct vmbus_version_response response;

	synic_on(SINT, VECTOR);
	EXPECT_IS(post(VMBUS_MESSAGE_CONNECTION_ID, bytes, 240),
		  HV_STATUS_SUCCESS);
	EXPECT_IS(post(VMBUS_MESSAGE_CONNECTION_ID, bytes, 1),
		  HV_STATUS_SUCCESS);
	EXPECT_IS(contact(VMBUS_VERSION_4_0), HV_STATUS_SUCCESS);
	EXPECT_IS(next(&response, sizeof(response)),
		  VMBUS_MSG_VERSION_RESPONSE);
	EXPECT_IS(response.supported, 1);
	unload(VMBUS_MESSAGE_CONNECTION_ID);
	synic_off();
}

#define H NEEDS_HYPERVISOR

static const struct check checks[] = {
	{"message-contact-4.0", old_contact, H},
	{"message-contact-5.3", new_contact, H},
	{"message-contact-declined", declined, H},
	{"message-offers", offers, H},
	{"message-nowhere", nowhere, H},
	{"message-garbage", garbage, H},
};
CHAPTER(message);
