/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that reads messages and a poster, truly at once, on two threads: no
 * message is lost, doubled, or left waiting for an EOM that nobody writes.
 */
#include "world.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "abi/msr.h"

#define SINT	 2
#define MESSAGES 20000

static struct vp *vp;
static struct hv_message_page *messages;

struct stream {
	struct synic_source source;
	uint32_t next;
	uint32_t posted; /* atomic: numbers below may be sent */
};

static bool stream_fill(struct synic_source *source, struct hv_message *message)
{
	struct stream *stream = CONTAINER(source, struct stream, source);
	uint32_t posted = __atomic_load_n(&stream->posted, __ATOMIC_ACQUIRE);

	if (stream->next == posted)
		return false;
	message->header.type = 1;
	message->payload_words[0] = stream->next++;
	return stream->next < posted;
}

static struct stream stream = {.source.fill = stream_fill};

static void *poster(void *argument)
{
	for (uint32_t i = 0; i < MESSAGES; i++) {
		__atomic_store_n(&stream.posted, i + 1, __ATOMIC_RELEASE);
		synic_post(vp, SINT, &stream.source);
		if (i % 64 == 0)
			sched_yield();
	}
	return argument;
}

/* As a guest does it: type 0, a fence, the flag, EOM. */
static void guest_reads(void)
{
	struct hv_message *slot = &messages->slots[SINT];

	for (uint32_t expected = 0; expected < MESSAGES;) {
		if (!__atomic_load_n(&slot->header.type, __ATOMIC_ACQUIRE)) {
			sched_yield();
			continue;
		}
		assert_int_equal(slot->payload_words[0], expected);
		expected++;
		__atomic_store_n(&slot->header.type, 0, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&slot->header.flags, __ATOMIC_SEQ_CST) &
		    HV_MESSAGE_FLAG_PENDING)
			world_wrmsr(vp, HV_MSR_EOM, 0);
	}
}

static void every_message_once_and_in_order(void **state)
{
	pthread_t thread;

	(void)state;
	alarm(60); /* a message that waits for ever ends the test */
	world_setup(state);
	struct partition *child = world_child(1);

	vp = child->vps[0];
	messages = world_memory(child, 0x4000);
	list_init(&stream.source.node);
	world_apic_on(vp, true);
	world_wrmsr(vp, HV_MSR_SIMP, 0x4001);
	world_wrmsr(vp, HV_MSR_SINT0 + SINT, 0xf3);
	world_wrmsr(vp, HV_MSR_SCONTROL, 1);
	assert_int_equal(pthread_create(&thread, NULL, poster, NULL), 0);
	guest_reads();
	pthread_join(thread, NULL);
	world_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_once_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
