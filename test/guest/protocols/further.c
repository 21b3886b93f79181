/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A further channel of the SCSI controller: its life hangs on the first's. */
#include "storage.h"

static struct vmbus_channel *const first = &channels[DEVICE_STORAGE];
static struct vmbus_rings rings;
static struct vmbus_channel further = {.rings = &rings};

/* Asks for one, and takes its offer. */
static bool further_make(void)
{
	struct storage_request request =
		storage_operation(STORVSP_CREATE_SUB_CHANNELS);
	struct storvsp_packet answer;

	request.packet.sub_channel_count = 1;
	return storage_ask(&request, &answer) && !answer.status &&
	       vmbus_expect(VMBUS_MSG_OFFER_CHANNEL, &further.offer,
			    sizeof(further.offer)) &&
	       further.offer.sub_index == 1;
}

static bool further_open(void)
{
	further.gpadl = list_new();
	return further_make() && vmbus_channel_open(&further);
}

/* Closes the first, with which the other goes: its offer is taken back. */
static bool first_close(void)
{
	const struct vmbus_close_channel close = {
		.header.type = VMBUS_MSG_CLOSE_CHANNEL,
		.relid = first->offer.relid,
	};
	struct vmbus_rescind_channel_offer rescind;

	first->is_open = false;
	vmbus_post(&close, sizeof(close));
	return vmbus_expect(VMBUS_MSG_RESCIND_CHANNEL_OFFER, &rescind,
			    sizeof(rescind)) &&
	       rescind.relid == further.offer.relid &&
	       vmbus_unshare(first->offer.relid, first->gpadl);
}

/* Its number is the host's again. */
static const void *further_release(void)
{
	const struct vmbus_relid_released released = {
		.header.type = VMBUS_MSG_RELID_RELEASED,
		.relid = further.offer.relid,
	};

	return bus_say(&released, sizeof(released));
}

/* The channels as they are found by the next deed. */
static bool all_close(void)
{
	if (further.is_open)
		vmbus_channel_close(&further);
	return first_close() && !further_release();
}

static bool is_completed(const struct storvsp_packet *packet, uint32_t *status)
{
	const struct vmbus_packet out = {
		.type = VMBUS_PACKET_IN_BAND,
		.flags = VMBUS_PACKET_FLAG_COMPLETION_REQUESTED,
		.transaction_id = 1,
		.payload = packet,
		.payload_size = sizeof(*packet),
	};
	struct {
		struct vmbus_packet_descriptor descriptor;
		struct storvsp_packet packet;
	} received;

	if (!vmbus_channel_send(&further, &out) ||
	    !vmbus_channel_receive(&further, &received, sizeof(received)))
		return false;
	*status = received.packet.status;
	return true;
}

/* Setting up is for the first channel. */
static bool set_up_on_further(void)
{
	const struct storage_request request =
		storage_operation(STORVSP_BEGIN_INITIALIZATION);
	uint32_t status = 0;

	return further_open() && is_completed(&request.packet, &status) &&
	       all_close() && status;
}

/* It is there already: there is no second offer. */
static bool made_twice(void)
{
	struct storage_request request =
		storage_operation(STORVSP_CREATE_SUB_CHANNELS);
	struct storvsp_packet answer;

	request.packet.sub_channel_count = 1;
	return !further_make() || !storage_ask(&request, &answer) ||
	       answer.status || !bus_works() || !all_close();
}

static bool first_closed_first(void)
{
	const struct vmbus_close_channel close = {
		.header.type = VMBUS_MSG_CLOSE_CHANNEL,
		.relid = further.offer.relid,
	};

	if (!further_open() || !first_close())
		return true;
	further.is_open = false;
	return vmbus_channel_signal(&further) ||
	       bus_say(&close, sizeof(close)) ||
	       !vmbus_unshare(further.offer.relid, further.gpadl) ||
	       further_release();
}

static bool opened_after_rescind(void)
{
	bool refused;

	if (!further_make() || !first_close())
		return false;
	further.gpadl = list_new();
	refused = !vmbus_channel_open(&further);
	return vmbus_unshare(further.offer.relid, further.gpadl) && refused &&
	       !further_release();
}

static bool released_twice(void)
{
	return !further_make() || !first_close() || further_release() ||
	       further_release();
}

/* Not released, the number is not given again, and nothing else is. */
static bool not_released(void)
{
	struct storage_request request =
		storage_operation(STORVSP_CREATE_SUB_CHANNELS);
	struct storvsp_packet answer;
	const struct vmbus_header *offer;

	request.packet.sub_channel_count = 1;
	if (!further_make() || !first_close() || !storage_works() ||
	    !storage_ask(&request, &answer) || answer.status || !bus_works())
		return true;
	offer = further_release();
	return !offer || offer->type != VMBUS_MSG_OFFER_CHANNEL || !all_close();
}

/* A ring that is not valid closes one of them, and only that. */
static bool ring_broken(void)
{
	if (!further_open())
		return true;
	closing_expect();
	rings.out.header.write_index = 0xfffffff8;
	while (vmbus_channel_signal(&further))
		;
	return !storage_works() || !all_close();
}

static const struct deed deeds[] = {
	{"set-up-on-it", REFUSED, set_up_on_further, false},
	{"made-twice", IGNORED, made_twice, false},
	{"first-closed-first", IGNORED, first_closed_first, false},
	{"opened-after-rescind", REFUSED, opened_after_rescind, false},
	{"released-twice", IGNORED, released_twice, false},
	{"not-released", IGNORED, not_released, false},
	{"ring-broken", IGNORED, ring_broken, false},
};

const struct protocol further_protocol = {
	.name = "further",
	.channel = &channels[DEVICE_STORAGE],
	.set_up = storage_set_up,
	.works = storage_works,
	.others_work = keyboard_works,
	DEEDS,
};
