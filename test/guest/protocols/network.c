/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network adapter: NVSP messages, the two buffers, transfers. */
#include "network.h"

#define FRAME_MAX   1514u
#define BUFFER_TINY 1u

static struct vmbus_channel *const channel = &channels[DEVICE_NETWORK];
static uint8_t receive_buffer[NETWORK_PAGES * HV_PAGE_SIZE]
	__attribute__((aligned(HV_PAGE_SIZE)));
uint8_t network_send_buffer[NETWORK_PAGES * HV_PAGE_SIZE]
	__attribute__((aligned(HV_PAGE_SIZE)));

static uint32_t receive_list, send_list;
static uint64_t transactions;

/* Transfers of the adapter's that have not been looked at. */
struct transfer {
	uint64_t transaction;
	uint32_t offset;
	uint32_t size;
};
#define TRANSFERS 128
static struct transfer transfers[TRANSFERS];
static unsigned int transfer_count;

/* ---- Packets ---- */

struct received {
	struct vmbus_packet_descriptor descriptor;
	union {
		struct nvsp_message message;
		struct {
			uint16_t set;
			uint8_t sender_owns;
			uint8_t reserved;
			uint32_t range_count;
			struct vmbus_transfer_page_range range;
		} pages;
		uint64_t words[64];
	};
};

/* The next packet; a transfer is noted. */
static bool next(struct received *received)
{
	if (!vmbus_channel_receive(channel, received, sizeof(*received)))
		return false;
	if (received->descriptor.type == VMBUS_PACKET_TRANSFER_PAGES &&
	    transfer_count < TRANSFERS)
		transfers[transfer_count++] = (struct transfer){
			received->descriptor.transaction_id,
			received->pages.range.byte_offset,
			received->pages.range.byte_count,
		};
	return true;
}

static bool answer_take(uint64_t transaction, struct nvsp_message *answer)
{
	struct received received;

	do {
		if (!next(&received))
			return false;
	} while (received.descriptor.type != VMBUS_PACKET_COMPLETION ||
		 received.descriptor.transaction_id != transaction);
	*answer = received.message;
	return true;
}

bool network_ask(const struct nvsp_message *message,
		 struct nvsp_message *answer)
{
	return channel_say(channel, ++transactions, message,
			   sizeof(*message)) &&
	       answer_take(transactions, answer);
}

bool network_tell(const struct nvsp_message *message)
{
	channel_say(channel, ++transactions, message, sizeof(*message));
	return false;
}

static bool transfer_first(struct transfer *transfer)
{
	struct received received;
	unsigned int i;

	while (!transfer_count)
		if (!next(&received))
			return false;
	*transfer = transfers[0];
	for (i = 1; i < transfer_count; i++)
		transfers[i - 1] = transfers[i];
	transfer_count--;
	return true;
}

void network_acknowledge(uint64_t transaction)
{
	const struct nvsp_message message = {
		.type = NVSP_SEND_RNDIS_PACKET_COMPLETE,
		.rndis_packet_complete = {NVSP_STATUS_SUCCESS},
	};
	const struct vmbus_packet packet = {
		.type = VMBUS_PACKET_COMPLETION,
		.transaction_id = transaction,
		.payload = &message,
		.payload_size = sizeof(message),
	};

	vmbus_channel_send(channel, &packet);
}

uint64_t network_receive_only(void)
{
	struct transfer transfer = {0};

	transfer_first(&transfer);
	return transfer.transaction;
}

bool network_receive(void *message, size_t capacity)
{
	struct transfer transfer;
	size_t i;

	if (!transfer_first(&transfer) ||
	    transfer.offset >= sizeof(receive_buffer) ||
	    transfer.size > sizeof(receive_buffer) - transfer.offset)
		return false;
	for (i = 0; i < transfer.size && i < capacity; i++)
		((uint8_t *)message)[i] = receive_buffer[transfer.offset + i];
	network_acknowledge(transfer.transaction);
	return true;
}

/* ---- Sends ---- */

uint32_t network_send_as(uint32_t section, uint32_t size)
{
	const struct nvsp_message message = {
		.type = NVSP_SEND_RNDIS_PACKET,
		.rndis_packet = {NVSP_CHANNEL_CONTROL, section, size},
	};
	struct nvsp_message answer;

	if (!network_ask(&message, &answer) ||
	    answer.type != NVSP_SEND_RNDIS_PACKET_COMPLETE)
		return NVSP_STATUS_NONE;
	return answer.rndis_packet_complete.status;
}

uint32_t network_send(uint32_t size)
{
	return network_send_as(0, size);
}

uint32_t network_send_page(uint64_t page, uint32_t size)
{
	const struct nvsp_message message = {
		.type = NVSP_SEND_RNDIS_PACKET,
		.rndis_packet = {NVSP_CHANNEL_CONTROL, NVSP_NO_SEND_SECTION, 0},
	};
	const struct {
		uint32_t head[2];
		uint32_t byte_count;
		uint32_t byte_offset;
		uint64_t page;
	} ranges = {{0, 1}, size, 0, page};
	const struct vmbus_packet packet = {
		.type = VMBUS_PACKET_GPA_DIRECT,
		.flags = VMBUS_PACKET_FLAG_COMPLETION_REQUESTED,
		.transaction_id = ++transactions,
		.header = &ranges,
		.header_size = sizeof(ranges),
		.payload = &message,
		.payload_size = sizeof(message),
	};
	struct nvsp_message answer;

	if (!vmbus_channel_send(channel, &packet) ||
	    !answer_take(transactions, &answer))
		return NVSP_STATUS_NONE;
	return answer.rndis_packet_complete.status;
}

/* ---- Setting up ---- */

static bool versions_ask(uint32_t least, uint32_t most)
{
	const struct nvsp_message init = {.type = NVSP_INIT,
					  .init = {least, most}};
	struct nvsp_message answer;

	return network_ask(&init, &answer) &&
	       answer.type == NVSP_INIT_COMPLETE &&
	       answer.init_complete.status == NVSP_STATUS_SUCCESS;
}

static bool config_tell(void)
{
	const struct nvsp_message config = {
		.type = NVSP_SEND_NDIS_CONFIG,
		.ndis_config = {.mtu = FRAME_MAX},
	};
	struct nvsp_message answer;

	return network_ask(&config, &answer);
}

/* The status that the adapter answers with. */
static uint32_t buffer_give(uint32_t type, uint32_t list, uint16_t id)
{
	const struct nvsp_message message = {.type = type,
					     .send_buffer = {list, id, 0}};
	struct nvsp_message answer;

	if (!network_ask(&message, &answer))
		return NVSP_STATUS_NONE;
	return type == NVSP_SEND_RECEIVE_BUFFER
		       ? answer.receive_buffer_complete.status
		       : answer.send_buffer_complete.status;
}

static bool buffers_share(void)
{
	receive_list = list_new();
	send_list = list_new();
	return vmbus_share(channel->offer.relid, receive_list, receive_buffer,
			   sizeof(receive_buffer)) &&
	       vmbus_share(channel->offer.relid, send_list, network_send_buffer,
			   sizeof(network_send_buffer));
}

static bool buffers_give(void)
{
	return buffers_share() &&
	       buffer_give(NVSP_SEND_RECEIVE_BUFFER, receive_list,
			   NVSP_RECEIVE_BUFFER_ID) == NVSP_STATUS_SUCCESS &&
	       buffer_give(NVSP_SEND_SEND_BUFFER, send_list,
			   NVSP_SEND_BUFFER_ID) == NVSP_STATUS_SUCCESS;
}

static bool rndis_begin(void)
{
	const struct rndis_initialize message = {
		.header = {RNDIS_INITIALIZE, sizeof(message)},
		.request_id = 1,
		.major_version = 1,
		.max_transfer_size = 0x4000,
	};
	struct rndis_initialize_complete answer;

	*(struct rndis_initialize *)(void *)network_send_buffer = message;
	return network_send(sizeof(message)) == NVSP_STATUS_SUCCESS &&
	       network_receive(&answer, sizeof(answer)) &&
	       answer.header.type == RNDIS_INITIALIZE_COMPLETE &&
	       answer.status == RNDIS_STATUS_SUCCESS;
}

static bool set_up_nvsp(void)
{
	transfer_count = 0;
	return versions_ask(NVSP_VERSION_6_1, NVSP_VERSION_6_1) &&
	       config_tell();
}

/* After a deed: some of it may be done already. */
bool network_set_up(void)
{
	return set_up_nvsp() && buffers_give() && rndis_begin();
}

bool network_works(void)
{
	static uint32_t id = 100;
	const struct rndis_keepalive message = {
		.header = {RNDIS_KEEPALIVE, sizeof(message)},
		.request_id = ++id,
	};
	struct rndis_keepalive_complete answer;

	*(struct rndis_keepalive *)(void *)network_send_buffer = message;
	return network_send(sizeof(message)) == NVSP_STATUS_SUCCESS &&
	       network_receive(&answer, sizeof(answer)) &&
	       answer.header.type == RNDIS_KEEPALIVE_COMPLETE &&
	       answer.request_id == id;
}

void network_closed(void)
{
	if (receive_list)
		vmbus_unshare(channel->offer.relid, receive_list);
	if (send_list)
		vmbus_unshare(channel->offer.relid, send_list);
	receive_list = 0;
	send_list = 0;
	transfer_count = 0;
}

/* ---- Before there is a version ---- */

static bool buffer_before_version(void)
{
	return network_tell(&(struct nvsp_message){
		.type = NVSP_SEND_RECEIVE_BUFFER, .send_buffer = {1, 1, 0}});
}

static bool send_before_version(void)
{
	return network_tell(&(struct nvsp_message){
		.type = NVSP_SEND_RNDIS_PACKET,
		.rndis_packet = {NVSP_CHANNEL_DATA, 0, 64},
	});
}

static bool version_unknown(void)
{
	return !versions_ask(0x00090009, 0x00090009);
}

static bool version_backwards(void)
{
	return !versions_ask(NVSP_VERSION_6, NVSP_VERSION_2);
}

static bool message_newer_than_version(void)
{
	versions_ask(NVSP_VERSION_1, NVSP_VERSION_1);
	return network_tell(&(struct nvsp_message){
		.type = NVSP_SEND_NDIS_CONFIG,
		.ndis_config = {.mtu = FRAME_MAX},
	});
}

/* ---- Messages ---- */

static bool version_again(void)
{
	return !versions_ask(NVSP_VERSION_1, NVSP_VERSION_6_1);
}

static bool message_short(void)
{
	const uint32_t type[2] = {NVSP_SEND_SEND_BUFFER, 0};

	channel_say(channel, ++transactions, type, sizeof(type));
	return false;
}

static bool message_empty(void)
{
	channel_say(channel, ++transactions, NULL, 0);
	return false;
}

static bool message_unknown(void)
{
	return network_tell(&(struct nvsp_message){.type = 0x7777});
}

static bool message_of_host(void)
{
	return network_tell(&(struct nvsp_message){.type = NVSP_INIT_COMPLETE});
}

static bool packet_cancel(void)
{
	const struct nvsp_message message = {.type = NVSP_INIT};
	const struct vmbus_packet packet = {
		.type = VMBUS_PACKET_CANCEL,
		.payload = &message,
		.payload_size = sizeof(message),
	};

	vmbus_channel_send(channel, &packet);
	return false;
}

static bool config_in_use(void)
{
	return network_tell(&(struct nvsp_message){
		.type = NVSP_SEND_NDIS_CONFIG,
		.ndis_config = {.mtu = 9000},
	});
}

static bool channels_more(void)
{
	const struct nvsp_message message = {
		.type = NVSP_SUBCHANNEL,
		.subchannel_request = {NVSP_SUBCHANNEL_ALLOCATE, 0xffffffff},
	};
	struct nvsp_message answer;

	return network_ask(&message, &answer) &&
	       answer.subchannel_complete.status != NVSP_STATUS_SUCCESS;
}

/* ---- Buffers ---- */

static bool is_refused(uint32_t status)
{
	return status == NVSP_STATUS_FAILURE;
}

static bool receive_list_nobodys(void)
{
	return set_up_nvsp() &&
	       is_refused(buffer_give(NVSP_SEND_RECEIVE_BUFFER, list_new(),
				      NVSP_RECEIVE_BUFFER_ID));
}

static bool send_list_nobodys(void)
{
	return set_up_nvsp() &&
	       is_refused(buffer_give(NVSP_SEND_SEND_BUFFER, list_new(),
				      NVSP_SEND_BUFFER_ID));
}

static bool send_list_tiny(void)
{
	const uint32_t list = list_new();
	bool refused;

	refused = set_up_nvsp() &&
		  vmbus_share(channel->offer.relid, list, network_send_buffer,
			      BUFFER_TINY * HV_PAGE_SIZE) &&
		  is_refused(buffer_give(NVSP_SEND_SEND_BUFFER, list,
					 NVSP_SEND_BUFFER_ID));
	return vmbus_unshare(channel->offer.relid, list) && refused;
}

/* The rings' own list is no list of another channel's. */
static bool receive_list_of_other(void)
{
	return set_up_nvsp() &&
	       is_refused(buffer_give(NVSP_SEND_RECEIVE_BUFFER,
				      channels[DEVICE_STORAGE].gpadl,
				      NVSP_RECEIVE_BUFFER_ID));
}

static bool receive_buffer_twice(void)
{
	return is_refused(buffer_give(NVSP_SEND_RECEIVE_BUFFER, receive_list,
				      NVSP_RECEIVE_BUFFER_ID));
}

static bool send_buffer_twice(void)
{
	return is_refused(buffer_give(NVSP_SEND_SEND_BUFFER, send_list,
				      NVSP_SEND_BUFFER_ID));
}

static bool revoke(uint32_t type, uint16_t id)
{
	return network_tell(
		&(struct nvsp_message){.type = type, .revoke_buffer = {id, 0}});
}

static bool revoke_receive_wrong(void)
{
	return revoke(NVSP_REVOKE_RECEIVE_BUFFER, 0x1234);
}

static bool revoke_send_wrong(void)
{
	return revoke(NVSP_REVOKE_SEND_BUFFER, 0x1234);
}

static bool revoke_nothing(void)
{
	set_up_nvsp();
	return revoke(NVSP_REVOKE_RECEIVE_BUFFER, NVSP_RECEIVE_BUFFER_ID);
}

/* The host keeps them until the channel is closed, and goes on. */
static bool list_torn_down(uint32_t list)
{
	const struct vmbus_gpadl_teardown teardown = {
		.header.type = VMBUS_MSG_GPADL_TEARDOWN,
		.relid = channel->offer.relid,
		.gpadl = list,
	};

	return bus_say(&teardown, sizeof(teardown)) || !network_works();
}

static bool receive_list_in_use(void)
{
	return list_torn_down(receive_list);
}

static bool send_list_in_use(void)
{
	return list_torn_down(send_list);
}

/* ---- Transfers ---- */

static bool answer_of_nothing(void)
{
	network_acknowledge(0x123456789abcdefull);
	return false;
}

/* A message of the adapter's that is not acknowledged yet. */
static uint64_t transfer_ask(void)
{
	const struct rndis_keepalive message = {
		.header = {RNDIS_KEEPALIVE, sizeof(message)},
	};

	*(struct rndis_keepalive *)(void *)network_send_buffer = message;
	network_send(sizeof(message));
	return network_receive_only();
}

static bool answer_section_outside(void)
{
	const uint64_t transaction = transfer_ask();

	network_acknowledge(transaction);
	network_acknowledge(transaction | 0xfffffff0);
	return false;
}

/* Of the first buffer that there was: it may have crossed its revocation. */
static bool answer_of_old_buffer(void)
{
	network_acknowledge(1ull << 32);
	return false;
}

static bool answer_twice(void)
{
	const uint64_t transaction = transfer_ask();

	network_acknowledge(transaction);
	network_acknowledge(transaction);
	return false;
}

static bool closed_in_use(void)
{
	transfer_ask();
	transfer_ask();
	channel_finish(channel);
	network_closed();
	channel->gpadl = list_new();
	return !vmbus_channel_open(channel) || !network_set_up();
}

/* More sections than there are: the rest waits until some come back. */
static bool answers_none(void)
{
	const struct rndis_keepalive message = {
		.header = {RNDIS_KEEPALIVE, sizeof(message)},
	};
	struct rndis_keepalive_complete answer;
	uint32_t asked = 0;

	while (asked < 200) {
		*(struct rndis_keepalive *)(void *)network_send_buffer =
			message;
		if (network_send(sizeof(message)) != NVSP_STATUS_SUCCESS)
			break;
		asked++;
	}
	if (asked == 200)
		return false;
	while (asked--)
		if (!network_receive(&answer, sizeof(answer)))
			return false;
	return true;
}

static const struct deed deeds[] = {
	{"buffer-before-version", CLOSED, buffer_before_version, true},
	{"send-before-version", CLOSED, send_before_version, true},
	{"version-unknown", REFUSED, version_unknown, true},
	{"version-backwards", REFUSED, version_backwards, true},
	{"message-newer-than-version", CLOSED, message_newer_than_version,
	 true},
	{"receive-list-of-nobody", REFUSED, receive_list_nobodys, true},
	{"receive-list-of-another", REFUSED, receive_list_of_other, true},
	{"send-list-of-nobody", REFUSED, send_list_nobodys, true},
	{"send-list-tiny", REFUSED, send_list_tiny, true},
	{"revoke-nothing", CLOSED, revoke_nothing, true},
	{"version-again", REFUSED, version_again, false},
	{"message-cut-short", CLOSED, message_short, false},
	{"message-empty", CLOSED, message_empty, false},
	{"message-unknown", CLOSED, message_unknown, false},
	{"message-of-the-host", CLOSED, message_of_host, false},
	{"packet-cancel", CLOSED, packet_cancel, false},
	{"config-in-use", CLOSED, config_in_use, false},
	{"channels-more", REFUSED, channels_more, false},
	{"receive-buffer-twice", REFUSED, receive_buffer_twice, false},
	{"send-buffer-twice", REFUSED, send_buffer_twice, false},
	{"revoke-receive-wrong", CLOSED, revoke_receive_wrong, false},
	{"revoke-send-wrong", CLOSED, revoke_send_wrong, false},
	{"answer-of-nothing", CLOSED, answer_of_nothing, false},
	{"answer-section-outside", CLOSED, answer_section_outside, false},
	{"answer-of-old-buffer", IGNORED, answer_of_old_buffer, false},
	{"answer-twice", CLOSED, answer_twice, false},
	{"answers-none", REFUSED, answers_none, false},
	{"closed-in-use", IGNORED, closed_in_use, false},
	{"receive-list-in-use", IGNORED, receive_list_in_use, false},
	{"send-list-in-use", IGNORED, send_list_in_use, false},
};

const struct protocol network_protocol = {
	.name = "network",
	.channel = &channels[DEVICE_NETWORK],
	.set_up = network_set_up,
	.works = network_works,
	.closed = network_closed,
	.others_work = storage_works,
	DEEDS,
};
