/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of VMBus about the connection and about channels. */
#include "protocols.h"

#include "abi/hypercall.h"

#define OFFERS	       64
#define RELID_NOBODYS  2000u
#define LIST_NOBODYS   0x77777777u
#define VP_NOBODYS     4000u
#define MESSAGES_MANY  300
#define REPLIES_UNREAD 200

static const struct vmbus_guid types[DEVICE_COUNT] = {
	[DEVICE_STORAGE] = VMBUS_GUID_SCSI,
	[DEVICE_NETWORK] = VMBUS_GUID_NETWORK,
	[DEVICE_KEYBOARD] = VMBUS_GUID_KEYBOARD,
	[DEVICE_MOUSE] = VMBUS_GUID_MOUSE,
	[DEVICE_SHUTDOWN] = VMBUS_GUID_SHUTDOWN,
	[DEVICE_HEARTBEAT] = VMBUS_GUID_HEARTBEAT,
	[DEVICE_TIMESYNC] = VMBUS_GUID_TIME_SYNC,
	[DEVICE_KVP] = VMBUS_GUID_KVP,
};

struct vmbus_channel channels[DEVICE_COUNT];
static struct vmbus_rings rings[DEVICE_COUNT];

/* The one that these deeds are done to. */
static struct vmbus_channel *const victim = &channels[DEVICE_MOUSE];

static bool offers_take(void)
{
	static struct vmbus_offer_channel offers[OFFERS];
	const size_t count = vmbus_offers(offers, OFFERS);
	size_t i;

	for (i = 0; i < DEVICE_COUNT; i++) {
		const struct vmbus_offer_channel *const offer =
			vmbus_find(offers, count, &types[i]);

		if (!offer)
			return false;
		channels[i].offer = *offer;
		channels[i].rings = &rings[i];
		channels[i].is_open = false;
	}
	return true;
}

bool bus_connect(void)
{
	return vmbus_connect(VMBUS_VERSION_5_3) && offers_take();
}

const void *bus_say(const void *message, size_t size)
{
	static struct hv_message last;
	const struct vmbus_tl_connect_request ping = {
		.header.type = VMBUS_MSG_TL_CONNECT_REQUEST};
	struct hv_message next;
	const struct vmbus_header *const header = (const void *)next.payload;
	const void *said = NULL;

	if (message)
		vmbus_post(message, size);
	vmbus_post(&ping, sizeof(ping));
	while (vmbus_take(&next) &&
	       header->type != VMBUS_MSG_TL_CONNECT_RESULT) {
		last = next;
		said = last.payload;
	}
	return said;
}

bool bus_works(void)
{
	return !bus_say(NULL, 0);
}

static bool others_work(void)
{
	return storage_works() && keyboard_works();
}

/* ---- Messages ---- */

static bool message_empty(void)
{
	return bus_say(&types, 0);
}

static bool message_short(void)
{
	const struct vmbus_header open = {.type = VMBUS_MSG_OPEN_CHANNEL};

	return bus_say(&open, sizeof(open));
}

static bool message_unknown(void)
{
	const struct vmbus_header message = {.type = 99};

	return bus_say(&message, sizeof(message));
}

static bool message_of_host(void)
{
	const struct vmbus_offer_channel offer = {
		.header.type = VMBUS_MSG_OFFER_CHANNEL, .relid = 3};

	return bus_say(&offer, sizeof(offer));
}

static bool message_connection(void)
{
	static struct hv_input_post_message post __attribute__((aligned(256)));
	uint64_t status;

	post = (struct hv_input_post_message){
		.connection_id = VMBUS_MONITOR_CONNECTION_ID,
		.message_type = VMBUS_SYNIC_MESSAGE_TYPE,
		.payload_size = sizeof(struct vmbus_header),
	};
	status = vmbus_call(HVCALL_POST_MESSAGE, (uint64_t)&post, 0);
	return status & HV_HYPERCALL_RESULT_STATUS_MASK;
}

/* No answer, and the host's log does not fill. */
static bool message_flood(void)
{
	const struct vmbus_header message = {.type = 98};
	int i;

	for (i = 0; i < MESSAGES_MANY; i++)
		vmbus_post(&message, sizeof(message));
	return bus_say(NULL, 0);
}

/* The answers that are not read are lost; a new contact begins from nothing. */
static bool answers_unread(void)
{
	const struct vmbus_tl_connect_request ping = {
		.header.type = VMBUS_MSG_TL_CONNECT_REQUEST};
	int i;

	for (i = 0; i < REPLIES_UNREAD; i++)
		vmbus_post(&ping, sizeof(ping));
	return !bus_connect();
}

/* ---- Opening and closing ---- */

static bool open_refused(const struct vmbus_open_channel *wrong)
{
	struct vmbus_open_channel open = *wrong;
	const struct vmbus_open_channel_result *answer;

	open.header.type = VMBUS_MSG_OPEN_CHANNEL;
	open.open_id = 0x4321;
	answer = bus_say(&open, sizeof(open));
	return answer && answer->header.type == VMBUS_MSG_OPEN_CHANNEL_RESULT &&
	       answer->open_id == open.open_id && answer->status;
}

static bool open_nobodys(void)
{
	return open_refused(&(struct vmbus_open_channel){
		.relid = RELID_NOBODYS,
		.ring_gpadl = LIST_NOBODYS,
		.downstream_offset_pages = VMBUS_RING_PAGES,
	});
}

static bool open_relid_huge(void)
{
	return open_refused(&(struct vmbus_open_channel){
		.relid = 0xffffffff,
		.ring_gpadl = LIST_NOBODYS,
		.downstream_offset_pages = VMBUS_RING_PAGES,
	});
}

static bool open_without_list(void)
{
	return open_refused(&(struct vmbus_open_channel){
		.relid = victim->offer.relid,
		.ring_gpadl = LIST_NOBODYS,
		.downstream_offset_pages = VMBUS_RING_PAGES,
	});
}

/* A channel's open with a list of the mouse's rings; refused, as it has to. */
static bool open_with_list(uint32_t relid, uint32_t downstream)
{
	const uint32_t list = list_new();
	bool refused;

	if (!vmbus_share(victim->offer.relid, list, victim->rings,
			 sizeof(*victim->rings)))
		return false;
	refused = open_refused(&(struct vmbus_open_channel){
		.relid = relid,
		.ring_gpadl = list,
		.downstream_offset_pages = downstream,
	});
	return vmbus_unshare(victim->offer.relid, list) && refused;
}

static bool open_list_of_other(void)
{
	return open_with_list(channels[DEVICE_KVP].offer.relid,
			      VMBUS_RING_PAGES);
}

static bool open_downstream_none(void)
{
	return open_with_list(victim->offer.relid, 0);
}

static bool open_downstream_beyond(void)
{
	return open_with_list(victim->offer.relid, 2 * VMBUS_RING_PAGES);
}

static bool open_ring_one_page(void)
{
	return open_with_list(victim->offer.relid, 1);
}

static bool open_index_outside(void)
{
	bool refused;

	victim->rings->out.header.write_index = VMBUS_RING_DATA + 8;
	refused = open_with_list(victim->offer.relid, VMBUS_RING_PAGES);
	victim->rings->out.header.write_index = 0;
	return refused;
}

static bool victim_open(void)
{
	victim->gpadl = list_new();
	return vmbus_channel_open(victim);
}

static bool open_twice(void)
{
	bool refused;

	victim_open();
	refused = open_refused(&(struct vmbus_open_channel){
		.relid = victim->offer.relid,
		.ring_gpadl = victim->gpadl,
		.downstream_offset_pages = VMBUS_RING_PAGES,
	});
	return vmbus_channel_signal(victim) && vmbus_channel_close(victim) &&
	       refused;
}

/* Its events come nowhere, which is the guest's loss. */
static bool open_vp_nobodys(void)
{
	const struct vmbus_modify_channel modify = {
		.header.type = VMBUS_MSG_MODIFY_CHANNEL,
		.relid = channels[DEVICE_KEYBOARD].offer.relid,
		.target_vp = VP_NOBODYS,
	};
	struct vmbus_modify_channel back = modify;
	bool worked;

	if (!keyboard_works() || !bus_say(&modify, sizeof(modify)))
		return true;
	worked = keyboard_works();
	back.target_vp = 0;
	return !bus_say(&back, sizeof(back)) || !worked;
}

static bool close_message(uint32_t relid)
{
	const struct vmbus_close_channel close = {
		.header.type = VMBUS_MSG_CLOSE_CHANNEL, .relid = relid};

	return bus_say(&close, sizeof(close));
}

static bool close_nobodys(void)
{
	return close_message(RELID_NOBODYS);
}

static bool close_not_open(void)
{
	return close_message(victim->offer.relid);
}

static bool close_twice(void)
{
	return !victim_open() || close_message(victim->offer.relid) ||
	       !vmbus_channel_close(victim);
}

static bool modify_nobodys(void)
{
	const struct vmbus_modify_channel modify = {
		.header.type = VMBUS_MSG_MODIFY_CHANNEL,
		.relid = RELID_NOBODYS,
	};
	const struct vmbus_modify_channel_response *const answer =
		bus_say(&modify, sizeof(modify));

	return answer &&
	       answer->header.type == VMBUS_MSG_MODIFY_CHANNEL_RESPONSE &&
	       answer->status;
}

static bool release_not_rescinded(void)
{
	const struct vmbus_relid_released released = {
		.header.type = VMBUS_MSG_RELID_RELEASED,
		.relid = victim->offer.relid,
	};

	return bus_say(&released, sizeof(released)) || !victim_open() ||
	       !vmbus_channel_close(victim);
}

static bool signal_nobodys(void)
{
	struct vmbus_channel nobodys = *victim;

	nobodys.offer.connection_id += RELID_NOBODYS;
	return !vmbus_channel_signal(&nobodys);
}

static bool signal_not_open(void)
{
	return !vmbus_channel_signal(victim);
}

/* ---- The connection ---- */

static bool offers_twice(void)
{
	const struct vmbus_header request = {.type = VMBUS_MSG_REQUEST_OFFERS};
	const struct vmbus_header *const answer =
		bus_say(&request, sizeof(request));

	return answer && answer->type != VMBUS_MSG_ALL_OFFERS_DELIVERED;
}

/* A contact that is refused, all channels being in use; then a right one. */
static bool contact_refused(uint32_t version, uint8_t sint)
{
	const struct vmbus_initiate_contact contact = {
		.header.type = VMBUS_MSG_INITIATE_CONTACT,
		.version = version,
		.target_sint = sint,
	};
	struct vmbus_version_response answer;

	if (!others_work() || !victim_open())
		return false;
	vmbus_post(&contact, sizeof(contact));
	return vmbus_expect(VMBUS_MSG_VERSION_RESPONSE, &answer,
			    sizeof(answer)) &&
	       !answer.supported && bus_connect();
}

static bool contact_version(void)
{
	return contact_refused(VMBUS_VERSION(9, 9), VMBUS_SINT);
}

/* The answer comes where all messages came before there was a choice. */
static bool contact_sint(void)
{
	return contact_refused(VMBUS_VERSION_5_3, 16);
}

static bool contact_in_use(void)
{
	return !others_work() || !victim_open() || !bus_connect();
}

/* Nothing but contact is heard when there is none. */
static bool unloaded(void)
{
	const struct vmbus_header unload = {.type = VMBUS_MSG_UNLOAD};
	const struct vmbus_header request = {.type = VMBUS_MSG_REQUEST_OFFERS};
	const struct vmbus_close_channel close = {
		.header.type = VMBUS_MSG_CLOSE_CHANNEL, .relid = 1};
	struct vmbus_header answer;

	if (!others_work() || !victim_open())
		return true;
	vmbus_post(&unload, sizeof(unload));
	if (!vmbus_expect(VMBUS_MSG_UNLOAD_RESPONSE, &answer, sizeof(answer)))
		return true;
	vmbus_post(&request, sizeof(request));
	vmbus_post(&close, sizeof(close));
	return !bus_connect();
}

static const struct deed deeds[] = {
	{"message-empty", IGNORED, message_empty, false},
	{"message-cut-short", IGNORED, message_short, false},
	{"message-unknown", IGNORED, message_unknown, false},
	{"message-of-the-host", IGNORED, message_of_host, false},
	{"message-to-no-connection", REFUSED, message_connection, false},
	{"message-flood", IGNORED, message_flood, false},
	{"answers-unread", IGNORED, answers_unread, false},
	{"open-of-nobody", REFUSED, open_nobodys, false},
	{"open-id-huge", REFUSED, open_relid_huge, false},
	{"open-without-list", REFUSED, open_without_list, false},
	{"open-list-of-another", REFUSED, open_list_of_other, false},
	{"open-no-first-ring", REFUSED, open_downstream_none, false},
	{"open-no-second-ring", REFUSED, open_downstream_beyond, false},
	{"open-ring-without-data", REFUSED, open_ring_one_page, false},
	{"open-index-outside", REFUSED, open_index_outside, false},
	{"open-twice", REFUSED, open_twice, false},
	{"processor-of-nobody", IGNORED, open_vp_nobodys, false},
	{"close-of-nobody", IGNORED, close_nobodys, false},
	{"close-not-open", IGNORED, close_not_open, false},
	{"close-twice", IGNORED, close_twice, false},
	{"modify-of-nobody", REFUSED, modify_nobodys, false},
	{"release-not-rescinded", IGNORED, release_not_rescinded, false},
	{"signal-to-nobody", REFUSED, signal_nobodys, false},
	{"signal-not-open", REFUSED, signal_not_open, false},
	{"offers-twice", IGNORED, offers_twice, false},
	{"contact-version-unknown", REFUSED, contact_version, false},
	{"contact-interrupt-outside", REFUSED, contact_sint, false},
	{"contact-in-use", IGNORED, contact_in_use, false},
	{"message-after-unload", IGNORED, unloaded, false},
};

const struct protocol bus_protocol = {
	.name = "bus",
	.works = bus_works,
	.others_work = others_work,
	DEEDS,
};
