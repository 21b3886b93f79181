/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Key-value exchange. One round asks for every pair of the child's own pool,
 * then for every adapter; its results replace those of the last one when it
 * is through.
 */
#include "kvp.h"
#include "utf16.h"

#include <string.h>

#define ROUND_NS  20000000000ULL /* between rounds */
#define DAEMON_NS 5000000000ULL	 /* between looks for a daemon */

/* What facts may be younger than when somebody wants fresh ones. */
#define FRESH_NS 2000000000ULL

struct kvp {
	struct integration integration;
	struct device_timer timer;
	enum kvp_state state;
	bool adapters;	   /* the round has come to these */
	uint32_t index;	   /* what was asked for last, of pairs or adapters */
	uint64_t facts_ns; /* when facts were complete */
	struct kvp_facts facts;
	struct kvp_facts fresh;		 /* of the round under way */
	union vmbus_kvp_message message; /* to be sent; large for a stack */
};

static uint64_t now_ns(const struct kvp *kvp)
{
	struct clock *const clock = kvp->timer.clock;

	return clock->now_ns(clock);
}

static void kvp_arm(struct kvp *kvp, uint64_t delay_ns)
{
	kvp->timer.clock->arm(&kvp->timer, now_ns(kvp) + delay_ns);
}

/* ---- Asking ---- */

static void kvp_ask(struct kvp *kvp)
{
	union vmbus_kvp_message *const message = &kvp->message;

	memset(message, 0, sizeof(*message));
	if (kvp->adapters) {
		message->ip.operation = VMBUS_KVP_GET_IP;
		utf16_from_ascii(kvp->fresh.adapters[kvp->index].mac,
				 message->ip.adapter,
				 sizeof(message->ip.adapter) /
					 sizeof(message->ip.adapter[0]));
	} else {
		message->enumerate.operation = VMBUS_KVP_ENUMERATE;
		message->enumerate.pool = VMBUS_KVP_POOL_AUTO;
		message->enumerate.index = kvp->index;
	}
	/* Without room the timer begins another round. */
	integration_request(&kvp->integration, message, sizeof(*message));
}

static void kvp_begin(struct kvp *kvp)
{
	kvp->adapters = false;
	kvp->index = 0;
	kvp->fresh.item_count = 0;
	kvp_ask(kvp);
}

/* A daemon may take long; as long as it owes an answer, no round begins. */
static void kvp_expired(void *owner)
{
	struct kvp *const kvp = owner;

	if (!kvp->integration.waiting)
		kvp_begin(kvp);
	kvp_arm(kvp, kvp->state == KVP_KNOWN ? ROUND_NS : DAEMON_NS);
}

static void kvp_finish(struct kvp *kvp)
{
	kvp->facts = kvp->fresh;
	kvp->facts_ns = now_ns(kvp);
	kvp->state = KVP_KNOWN;
	kvp_arm(kvp, ROUND_NS);
}

static void kvp_next(struct kvp *kvp, bool adapters, uint32_t index)
{
	kvp->adapters = adapters;
	kvp->index = index;
	if (adapters && index >= kvp->fresh.adapter_count)
		kvp_finish(kvp);
	else
		kvp_ask(kvp);
}

/* ---- Answers ---- */

static bool size_is_sound(uint32_t size, size_t limit)
{
	return size <= limit && size % sizeof(uint16_t) == 0;
}

static void number_to_text(uint32_t number, char *text)
{
	char digits[10];
	size_t count = 0;

	do
		digits[count++] = (char)('0' + number % 10);
	while (number /= 10);
	while (count)
		*text++ = digits[--count];
	*text = '\0';
}

/* False: it makes no sense. */
static bool item_read(struct kvp_item *item,
		      const struct vmbus_kvp_enumerate *answer)
{
	uint32_t number;

	if (!size_is_sound(answer->key_size, sizeof(answer->key)) ||
	    !size_is_sound(answer->value_size, sizeof(answer->value)))
		return false;
	utf16_to_utf8(answer->key, answer->key_size / sizeof(uint16_t),
		      item->key, sizeof(item->key));
	if (answer->value_type != VMBUS_KVP_TYPE_U32) {
		utf16_to_utf8(answer->value,
			      answer->value_size / sizeof(uint16_t),
			      item->value, sizeof(item->value));
		return true;
	}
	memcpy(&number, answer->value, sizeof(number));
	number_to_text(number, item->value);
	return true;
}

/* The end of the pool, or a child that has no daemon to ask. */
static void kvp_pool_over(struct kvp *kvp, uint32_t status)
{
	if (status == VMBUS_IC_STATUS_NO_MORE || kvp->index) {
		kvp_next(kvp, true, 0);
		return;
	}
	kvp->state = KVP_NO_DAEMON;
	kvp_arm(kvp, DAEMON_NS);
}

static void kvp_item_answered(struct kvp *kvp,
			      const struct vmbus_kvp_enumerate *answer)
{
	struct kvp_facts *const fresh = &kvp->fresh;

	if (answer->header.status) {
		kvp_pool_over(kvp, answer->header.status);
		return;
	}
	if (!item_read(&fresh->items[fresh->item_count], answer)) {
		integration_break(&kvp->integration,
				  "a pair longer than its place");
		return;
	}
	/* A child may have more to say than anybody wants to hear. */
	if (++fresh->item_count == KVP_ITEMS_MAX)
		kvp_next(kvp, true, 0);
	else
		kvp_next(kvp, false, kvp->index + 1);
}

static void kvp_adapter_answered(struct kvp *kvp,
				 const struct vmbus_kvp_ip *answer)
{
	struct kvp_adapter *const adapter = &kvp->fresh.adapters[kvp->index];
#define TEXT(from, to)                                                         \
	utf16_to_utf8((const uint8_t *)answer +                                \
			      offsetof(struct vmbus_kvp_ip, from),             \
		      sizeof(answer->from) / sizeof(uint16_t), adapter->to,    \
		      sizeof(adapter->to))

	adapter->known = !answer->header.status;
	if (adapter->known) {
		adapter->dhcp = answer->dhcp;
		TEXT(addresses, addresses);
		TEXT(masks, masks);
		TEXT(gateways, gateways);
		TEXT(name_servers, name_servers);
	}
#undef TEXT
	kvp_next(kvp, true, kvp->index + 1);
}

static void kvp_answered(void *owner, const void *message, size_t size)
{
	struct kvp *const kvp = owner;
	const union vmbus_kvp_message *const answer = message;

	(void)size;
	if (kvp->adapters)
		kvp_adapter_answered(kvp, &answer->ip);
	else
		kvp_item_answered(kvp, &answer->enumerate);
}

/* ---- The service ---- */

static void kvp_ready(void *owner)
{
	struct kvp *const kvp = owner;

	kvp->state = KVP_ASKING;
	kvp_begin(kvp);
	kvp_arm(kvp, DAEMON_NS);
}

static void kvp_closed(void *owner)
{
	struct kvp *const kvp = owner;

	kvp->state = KVP_NONE;
	if (kvp->timer.armed)
		kvp->timer.clock->disarm(&kvp->timer);
}

static const struct integration_service service = {
	.name = "kvp",
	.type = VMBUS_GUID_KVP,
	.message_type = VMBUS_IC_KVP,
	.versions = {{3, 0}, {4, 0}, {5, 0}},
	.version_count = 3,
	.answer_size = sizeof(union vmbus_kvp_message),
	.ready = kvp_ready,
	.answered = kvp_answered,
	.closed = kvp_closed,
};

enum kvp_state kvp_state(const struct kvp *kvp)
{
	/* A kernel answers only once a daemon is there, or after a minute. */
	if (kvp->integration.state == INTEGRATION_NEGOTIATING)
		return KVP_NO_DAEMON;
	return kvp->state;
}

const struct kvp_facts *kvp_facts(const struct kvp *kvp)
{
	return kvp_state(kvp) == KVP_KNOWN ? &kvp->facts : NULL;
}

void kvp_refresh(struct kvp *kvp)
{
	if (kvp->state == KVP_KNOWN && !kvp->integration.waiting &&
	    now_ns(kvp) - kvp->facts_ns >= FRESH_NS)
		kvp_begin(kvp);
}

static void kvp_take_macs(struct kvp *kvp, const struct kvp_options *options)
{
	struct kvp_facts *const fresh = &kvp->fresh;

	while (fresh->adapter_count < KVP_ADAPTERS_MAX &&
	       options->macs[fresh->adapter_count][0]) {
		memcpy(fresh->adapters[fresh->adapter_count].mac,
		       options->macs[fresh->adapter_count], KVP_MAC_SIZE);
		fresh->adapter_count++;
	}
}

struct kvp *kvp_create(const struct kvp_options *options)
{
	struct kvp *const kvp = device_allocate(sizeof(*kvp));

	kvp_take_macs(kvp, options);
	kvp->timer = (struct device_timer){
		.clock = options->integration.clock,
		.expired = kvp_expired,
		.owner = kvp,
	};
	if (integration_init(&kvp->integration, &options->integration, &service,
			     kvp))
		return kvp;
	device_free(kvp);
	return NULL;
}

void kvp_destroy(struct kvp *kvp)
{
	integration_destroy(&kvp->integration);
	device_free(kvp);
}
