// SPDX-License-Identifier: GPL-2.0-or-later
/* A guest's messages of VMBus: contact, offers, page lists. */
#include "vmbus.h"

#include "abi/hypercall.h"
#include "abi/msr.h"

#define LIST_WORDS                                                             \
	(sizeof(struct vmbus_gpadl_header) / 4 + 2 +                           \
	 2 * VMBUS_GPADL_HEADER_MAX_PFNS)

struct hv_event_flags_page vmbus_flags __attribute__((aligned(HV_PAGE_SIZE)));

static struct hv_message_page messages __attribute__((aligned(HV_PAGE_SIZE)));
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

static void msr_set(uint32_t number, uint64_t value)
{
	__asm__ volatile("wrmsr" ::"c"(number), "a"((uint32_t)value),
			 "d"((uint32_t)(value >> 32))
			 : "memory");
}

void vmbus_synic_start(uint8_t vector)
{
	msr_set(HV_MSR_SIMP, address(&messages) | HV_MSR_PAGE_ENABLE);
	msr_set(HV_MSR_SIEFP, address(&vmbus_flags) | HV_MSR_PAGE_ENABLE);
	msr_set(HV_MSR_SINT0 + VMBUS_SINT, vector);
	msr_set(HV_MSR_SCONTROL, HV_MSR_SCONTROL_ENABLE);
}

bool vmbus_post(const void *message, size_t size)
{
	post = (struct hv_input_post_message){
		.connection_id = VMBUS_MESSAGE_CONNECTION_ID_5_0,
		.message_type = VMBUS_SYNIC_MESSAGE_TYPE,
		.payload_size = (uint32_t)size,
	};
	copy(post.payload, message, size);
	return !(vmbus_call(HVCALL_POST_MESSAGE, address(&post), 0) &
		 HV_HYPERCALL_RESULT_STATUS_MASK);
}

static bool slot_is_full(const void *slot)
{
	const volatile struct hv_message *const message = slot;

	return message->header.type != HVMSG_NONE;
}

/* The slot is read without trusting an interrupt: one may be for events. */
bool vmbus_take(struct hv_message *message)
{
	volatile struct hv_message *const slot = &messages.slots[VMBUS_SINT];

	if (!vmbus_wait_until(slot_is_full, &messages.slots[VMBUS_SINT]))
		return false;
	copy(message, (const void *)(uintptr_t)slot, sizeof(*message));
	slot->header.type = HVMSG_NONE;
	msr_set(HV_MSR_EOM, 0);
	return true;
}

bool vmbus_expect(uint32_t type, void *message, size_t size)
{
	struct hv_message next;
	const struct vmbus_header *const header = (const void *)next.payload;

	do {
		if (!vmbus_take(&next))
			return false;
	} while (header->type != type);
	copy(message, next.payload, size);
	return true;
}

bool vmbus_connect(uint32_t version)
{
	const struct vmbus_initiate_contact contact = {
		.header.type = VMBUS_MSG_INITIATE_CONTACT,
		.version = version,
		.target_sint = VMBUS_SINT,
	};
	struct vmbus_version_response response;

	return vmbus_post(&contact, sizeof(contact)) &&
	       vmbus_expect(VMBUS_MSG_VERSION_RESPONSE, &response,
			    sizeof(response)) &&
	       response.supported;
}

size_t vmbus_offers(struct vmbus_offer_channel *offers, size_t count)
{
	const struct vmbus_header request = {.type = VMBUS_MSG_REQUEST_OFFERS};
	struct hv_message next;
	const struct vmbus_offer_channel *const one =
		(const void *)next.payload;
	size_t found = 0;

	vmbus_post(&request, sizeof(request));
	do {
		if (!vmbus_take(&next))
			return 0;
		if (one->header.type == VMBUS_MSG_OFFER_CHANNEL &&
		    found < count)
			copy(&offers[found++], one, sizeof(*one));
	} while (one->header.type != VMBUS_MSG_ALL_OFFERS_DELIVERED);
	return found;
}

static bool is_same(const struct vmbus_guid *a, const struct vmbus_guid *b)
{
	size_t i;

	for (i = 0; i < sizeof(a->bytes); i++)
		if (a->bytes[i] != b->bytes[i])
			return false;
	return true;
}

const struct vmbus_offer_channel *
vmbus_find(const struct vmbus_offer_channel *offers, size_t count,
	   const struct vmbus_guid *type)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (is_same(&offers[i].interface_type, type))
			return &offers[i];
	return NULL;
}

bool vmbus_share(uint32_t relid, uint32_t gpadl, const void *base, size_t size)
{
	/* Header, one range, its page numbers; aligned to 4 only. */
	uint32_t message[LIST_WORDS] = {0};
	struct vmbus_gpadl_header *const header = (void *)message;
	uint32_t *const range = message + sizeof(*header) / 4;
	const uint32_t pages = (uint32_t)(size / HV_PAGE_SIZE);
	struct vmbus_gpadl_created created;
	uint32_t i;

	*header = (struct vmbus_gpadl_header){
		.header.type = VMBUS_MSG_GPADL_HEADER,
		.relid = relid,
		.gpadl = gpadl,
		.range_buffer_length = (uint16_t)(8 + 8 * pages),
		.range_count = 1,
	};
	range[0] = (uint32_t)size;
	for (i = 0; i < pages; i++)
		range[2 + 2 * i] = (uint32_t)(address(base) / HV_PAGE_SIZE) + i;
	vmbus_post(message, sizeof(*header) + 8 + 8 * pages);
	return vmbus_expect(VMBUS_MSG_GPADL_CREATED, &created,
			    sizeof(created)) &&
	       !created.status;
}

bool vmbus_unshare(uint32_t relid, uint32_t gpadl)
{
	const struct vmbus_gpadl_teardown teardown = {
		.header.type = VMBUS_MSG_GPADL_TEARDOWN,
		.relid = relid,
		.gpadl = gpadl,
	};
	struct vmbus_gpadl_torndown torndown;

	/* Another list's may come before. */
	vmbus_post(&teardown, sizeof(teardown));
	do {
		if (!vmbus_expect(VMBUS_MSG_GPADL_TORNDOWN, &torndown,
				  sizeof(torndown)))
			return false;
	} while (torndown.gpadl != gpadl);
	return true;
}
