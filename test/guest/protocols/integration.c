/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The integration services: each asks, and gets wrong answers. */
#include "protocols.h"

#include "abi/vmbus/integration.h"

#define PIPE_SIZE 8u
/* With one version of each. */
#define ANSWER_SIZE                                                            \
	((uint32_t)(sizeof(struct vmbus_ic_negotiate) +                        \
		    2 * sizeof(struct vmbus_ic_version)))
#define HEADER_SIZE ((uint32_t)sizeof(struct vmbus_ic_header))

/* The service that deeds are done to, and the version that it is to use. */
struct service {
	enum device device;
	struct vmbus_ic_version version;
	bool asks_at_once; /* something besides the version */
};

static const struct service *service;

/* What the host has said, and with what it is answered; KVP's are the largest.
 */
static struct {
	struct vmbus_packet_descriptor descriptor;
	union {
		struct vmbus_ic_header header;
		struct vmbus_ic_heartbeat heartbeat;
		struct vmbus_ic_negotiate negotiate;
		union vmbus_kvp_message kvp;
	};
} said;

static struct vmbus_channel *channel(void)
{
	return &channels[service->device];
}

/* The host's next message, turned into an answer to it. */
static bool hear(void)
{
	if (!vmbus_channel_receive(channel(), &said, sizeof(said)))
		return false;
	said.header.flags = VMBUS_IC_FLAG_TRANSACTION | VMBUS_IC_FLAG_RESPONSE;
	return true;
}

/* Once the host has taken what was said before: two of KVP's are more than a
 * ring holds. */
static bool tell(size_t size)
{
	vmbus_wait_until(channel_is_taken, channel());
	channel_say(channel(), 0, &said.header, size);
	return false;
}

static size_t said_size(void)
{
	return PIPE_SIZE + said.header.pipe.size;
}

/* The host's lists become one version of each. */
static bool hear_versions(void)
{
	if (!hear() || said.header.message_type != VMBUS_IC_NEGOTIATE)
		return false;
	said.negotiate.framework_version_count = 1;
	said.negotiate.message_version_count = 1;
	said.negotiate.versions[0] = (struct vmbus_ic_version){3, 0};
	said.negotiate.versions[1] = service->version;
	said.header.message_size = (uint16_t)(ANSWER_SIZE - HEADER_SIZE);
	said.header.pipe.size = ANSWER_SIZE - PIPE_SIZE;
	return true;
}

static bool set_up(void)
{
	if (!hear_versions())
		return false;
	tell(ANSWER_SIZE);
	return true;
}

/* What it asks first, once there is a version. */
static bool hear_question(void)
{
	return set_up() && hear() &&
	       said.header.message_type != VMBUS_IC_NEGOTIATE;
}

/* Opened anew, it asks for versions, and then what it always asks. */
static bool works(void)
{
	channel_finish(channel());
	channel()->gpadl = list_new();
	return vmbus_channel_open(channel()) &&
	       (service->asks_at_once ? hear_question() : set_up());
}

/* ---- Wrong answers to the question for versions ---- */

static bool answer_empty(void)
{
	hear_versions();
	return tell(0);
}

static bool answer_without_header(void)
{
	hear_versions();
	return tell(16);
}

static bool pipe_size_huge(void)
{
	hear_versions();
	said.header.pipe.size = 0xffffffff;
	return tell(ANSWER_SIZE);
}

static bool pipe_size_short(void)
{
	hear_versions();
	said.header.pipe.size = 8;
	return tell(ANSWER_SIZE);
}

static bool message_size_huge(void)
{
	hear_versions();
	said.header.message_size = 0xffff;
	return tell(ANSWER_SIZE);
}

static bool versions_cut_short(void)
{
	hear_versions();
	said.header.message_size -= 4;
	return tell(ANSWER_SIZE);
}

static bool versions_never_offered(void)
{
	hear_versions();
	said.negotiate.versions[1] = (struct vmbus_ic_version){99, 0};
	return tell(ANSWER_SIZE);
}

static bool versions_many(void)
{
	hear_versions();
	said.negotiate.message_version_count = 0xffff;
	return tell(ANSWER_SIZE);
}

static bool transaction_wrong(void)
{
	hear_versions();
	said.header.transaction_id++;
	return tell(ANSWER_SIZE);
}

static bool question_itself(void)
{
	hear_versions();
	said.header.flags = VMBUS_IC_FLAG_TRANSACTION | VMBUS_IC_FLAG_REQUEST;
	return tell(ANSWER_SIZE);
}

static bool type_wrong(void)
{
	hear_versions();
	said.header.message_type = VMBUS_IC_VSS;
	return tell(ANSWER_SIZE);
}

static bool completion(void)
{
	const struct vmbus_packet packet = {
		.type = VMBUS_PACKET_COMPLETION,
		.transaction_id = 1,
		.payload = &said.header,
		.payload_size = ANSWER_SIZE,
	};

	hear_versions();
	vmbus_channel_send(channel(), &packet);
	return false;
}

/* The second one answers nothing, or something else. */
static bool answer_twice(void)
{
	hear_versions();
	tell(ANSWER_SIZE);
	return tell(ANSWER_SIZE);
}

/* ---- Wrong answers to what it asks then ---- */

static bool beat_wrong(void)
{
	hear_question();
	said.heartbeat.sequence += 9;
	return tell(said_size());
}

static bool answer_cut_short(void)
{
	hear_question();
	said.header.message_size = 4;
	said.header.pipe.size = HEADER_SIZE - PIPE_SIZE + 4;
	return tell(HEADER_SIZE + 4);
}

static bool answer_again(void)
{
	hear_question();
	said.header.status = VMBUS_IC_STATUS_FAIL;
	said.heartbeat.sequence++;
	tell(said_size());
	return tell(said_size());
}

static bool pair_key_huge(void)
{
	hear_question();
	said.kvp.enumerate.key_size = 0xfffffffe;
	return tell(said_size());
}

static bool pair_key_odd(void)
{
	hear_question();
	said.kvp.enumerate.key_size = 3;
	return tell(said_size());
}

static bool pair_value_huge(void)
{
	hear_question();
	said.kvp.enumerate.key_size = 4;
	said.kvp.enumerate.value_size = 4096;
	return tell(said_size());
}

#define DEEDS_OF_VERSIONS                                                      \
	{"answer-empty", CLOSED, answer_empty, true},                          \
		{"answer-without-header", CLOSED, answer_without_header,       \
		 true},                                                        \
		{"pipe-size-huge", CLOSED, pipe_size_huge, true},              \
		{"pipe-size-cut-short", CLOSED, pipe_size_short, true},        \
		{"message-size-huge", CLOSED, message_size_huge, true},        \
		{"versions-cut-short", CLOSED, versions_cut_short, true},      \
		{"versions-never-offered", CLOSED, versions_never_offered,     \
		 true},                                                        \
		{"versions-many", CLOSED, versions_many, true},                \
		{"transaction-wrong", CLOSED, transaction_wrong, true},        \
		{"question-itself", CLOSED, question_itself, true},            \
		{"type-wrong", CLOSED, type_wrong, true},                      \
	{                                                                      \
		"completion-of-nothing", CLOSED, completion, true              \
	}

static const struct deed shutdown_deeds[] = {
	DEEDS_OF_VERSIONS,
	{"answer-twice", CLOSED, answer_twice, true},
};

static const struct deed heartbeat_deeds[] = {
	{"answer-twice", CLOSED, answer_twice, true},
	{"beat-out-of-sequence", CLOSED, beat_wrong, true},
	{"answer-cut-short", CLOSED, answer_cut_short, true},
	{"answer-again", CLOSED, answer_again, true},
};

static const struct deed timesync_deeds[] = {
	{"answer-twice", CLOSED, answer_twice, true},
	{"answer-again", CLOSED, answer_again, true},
};

static const struct deed kvp_deeds[] = {
	{"versions-cut-short", CLOSED, versions_cut_short, true},
	{"answer-twice", CLOSED, answer_twice, true},
	{"answer-cut-short", CLOSED, answer_cut_short, true},
	{"answer-again", CLOSED, answer_again, true},
	{"key-huge", CLOSED, pair_key_huge, true},
	{"key-odd", CLOSED, pair_key_odd, true},
	{"value-huge", CLOSED, pair_value_huge, true},
};

#define SERVICE(what, number, major, asks)                                     \
	static const struct service what##_service = {                         \
		number, {major, 0}, asks};                                     \
	static void what##_begin(void)                                         \
	{                                                                      \
		service = &what##_service;                                     \
	}                                                                      \
	const struct protocol what##_protocol = {                              \
		.name = #what,                                                 \
		.channel = &channels[number],                                  \
		.begin = what##_begin,                                         \
		.set_up = set_up,                                              \
		.works = works,                                                \
		.others_work = storage_works,                                  \
		.deeds = what##_deeds,                                         \
		.count = sizeof(what##_deeds) / sizeof(what##_deeds[0]),       \
	}

SERVICE(shutdown, DEVICE_SHUTDOWN, 3, false);
SERVICE(heartbeat, DEVICE_HEARTBEAT, 3, true);
SERVICE(timesync, DEVICE_TIMESYNC, 3, true);
SERVICE(kvp, DEVICE_KVP, 4, true);
