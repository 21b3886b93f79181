// SPDX-License-Identifier: GPL-2.0-or-later
/* The guest's side of VMBus as far as one channel needs it. */
#include "abi/vmbus/channel.h"
#include "abi/hypercall.h"
#include "abi/msr.h"
#include "abi/synic.h"
#include "guest.h"

#define PAGE 4096

static struct hv_message_page messages __attribute__((aligned(PAGE)));
static struct hv_event_flags_page flags __attribute__((aligned(PAGE)));
static struct hv_input_post_message post __attribute__((aligned(256)));

static void copy(void *to, const void *from, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
}

static uint64_t address(const void *object)
{
	return (uint64_t)(uintptr_t)object;
}

static void synic_init(void)
{
	msr_write(HV_MSR_SIMP, address(&messages) | HV_MSR_PAGE_ENABLE);
	msr_write(HV_MSR_SIEFP, address(&flags) | HV_MSR_PAGE_ENABLE);
	msr_write(HV_MSR_SINT0 + VMBUS_SINT, VECTOR_SYNIC);
	msr_write(HV_MSR_SCONTROL, HV_MSR_SCONTROL_ENABLE);
}

/* The first 64 are as many channels as a child here ever has. */
void vmbus_flags_clear(void)
{
	__atomic_exchange_n(&flags.sints[VMBUS_SINT].quads[0], 0,
			    __ATOMIC_SEQ_CST);
}

bool vmbus_post(const void *message, size_t size)
{
	post = (struct hv_input_post_message){
		.connection_id = VMBUS_MESSAGE_CONNECTION_ID_5_0,
		.message_type = VMBUS_SYNIC_MESSAGE_TYPE,
		.payload_size = (uint32_t)size,
	};
	copy(post.payload, message, size);
	return !(hyperv_call(HVCALL_POST_MESSAGE, address(&post), 0) &
		 HV_HYPERCALL_RESULT_STATUS_MASK);
}

/* The slot is read without trusting an interrupt: one may be for events. */
static void message_take(struct hv_message *message)
{
	volatile struct hv_message *const slot = &messages.slots[VMBUS_SINT];

	__asm__ volatile("cli" ::: "memory");
	while (!slot->header.type)
		__asm__ volatile("sti; hlt; cli" ::: "memory");
	copy(message, (const void *)(uintptr_t)slot, sizeof(*message));
	slot->header.type = HVMSG_NONE;
	msr_write(HV_MSR_EOM, 0);
}

void vmbus_expect(uint32_t type, void *message, size_t size)
{
	struct hv_message next;
	const struct vmbus_header *const header = (const void *)next.payload;

	do
		message_take(&next);
	while (header->type != type);
	copy(message, next.payload, size);
}

bool vmbus_connect(void)
{
	const struct vmbus_initiate_contact contact = {
		.header.type = VMBUS_MSG_INITIATE_CONTACT,
		.version = VMBUS_VERSION_5_0,
		.target_sint = VMBUS_SINT,
	};
	struct vmbus_version_response response;

	synic_init();
	if (!vmbus_post(&contact, sizeof(contact)))
		return false;
	vmbus_expect(VMBUS_MSG_VERSION_RESPONSE, &response, sizeof(response));
	return response.supported;
}

static bool is_same(const void *a, const void *b)
{
	const uint64_t *const left = a, *const right = b;

	return left[0] == right[0] && left[1] == right[1];
}

bool vmbus_find(const void *guid, struct vmbus_offer_channel *offer)
{
	const struct vmbus_header request = {.type = VMBUS_MSG_REQUEST_OFFERS};
	bool found = false;
	struct hv_message next;
	const struct vmbus_offer_channel *const one =
		(const void *)next.payload;

	vmbus_post(&request, sizeof(request));
	do {
		message_take(&next);
		if (one->header.type == VMBUS_MSG_OFFER_CHANNEL &&
		    is_same(&one->interface_type, guid)) {
			*offer = *one;
			found = true;
		}
	} while (one->header.type != VMBUS_MSG_ALL_OFFERS_DELIVERED);
	return found;
}
