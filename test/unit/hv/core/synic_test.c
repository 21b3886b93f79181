/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SynIC: message slots, the pending flag, event flags, SINTs. */
#include "world.h"

#include <signal.h>
#include <sys/mman.h>

#include "abi/msr.h"
#include "hv/core/synic.h"

#define VECTOR 0xf3
#define SINT   2
#define SIMP   0x4000
#define SIEFP  0x5000

static struct vp *vp;
static struct hv_message_page *messages;
static struct hv_event_flags_page *flags;

/* Sends one message a number, from next up to last. */
struct counter {
	struct synic_source source;
	uint32_t next;
	uint32_t last;
};

static bool counter_fill(struct synic_source *source,
			 struct hv_message *message)
{
	struct counter *counter = CONTAINER(source, struct counter, source);

	if (counter->next > counter->last)
		return false;
	message->header.type = 1;
	message->header.payload_size = 4;
	message->payload[0] = (uint8_t)counter->next++;
	return counter->next <= counter->last;
}

static void counter_init(struct counter *counter, uint32_t first, uint32_t last)
{
	*counter = (struct counter){
		.source.fill = counter_fill, .next = first, .last = last};
	list_init(&counter->source.node);
}

static int setup(void **state)
{
	world_setup(state);
	struct partition *child = world_child(1);

	vp = child->vps[0];
	messages = world_memory(child, SIMP);
	flags = world_memory(child, SIEFP);
	world_apic_on(vp, true);
	return 0;
}

static void enable(void)
{
	world_wrmsr(vp, HV_MSR_SIMP, SIMP | 1);
	world_wrmsr(vp, HV_MSR_SIEFP, SIEFP | 1);
	world_wrmsr(vp, HV_MSR_SINT0 + SINT, VECTOR);
	world_wrmsr(vp, HV_MSR_SCONTROL, 1);
}

/* The guest's part: reads, empties, and says so if asked to. */
static uint8_t read_message(void)
{
	struct hv_message *slot = &messages->slots[SINT];
	uint8_t number = slot->payload[0];

	assert_int_equal(slot->header.type, 1);
	slot->header.type = 0;
	if (slot->header.flags & HV_MESSAGE_FLAG_PENDING)
		world_wrmsr(vp, HV_MSR_EOM, 0);
	return number;
}

static void reset_values(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(world_rdmsr(vp, HV_MSR_SINT0 + i), 0x10000);
	assert_int_equal(world_rdmsr(vp, HV_MSR_SCONTROL), 0);
	assert_int_equal(world_rdmsr(vp, HV_MSR_SIMP), 0);
	assert_int_equal(world_rdmsr(vp, HV_MSR_SIEFP), 0);
	assert_int_equal(world_rdmsr(vp, HV_MSR_EOM), 0);
	assert_int_equal(world_rdmsr(vp, HV_MSR_SVERSION), 1);
	assert_true(world_wrmsr_faults(vp, HV_MSR_SVERSION, 1));
	assert_true(world_rdmsr_faults(vp, HV_MSR_SIRBP));
	assert_true(world_wrmsr_faults(vp, HV_MSR_SIRBP, 0));
	world_wrmsr(hypervisor_parent_vp(0), HV_MSR_SIRBP, 0x3001);
	assert_int_equal(world_rdmsr(hypervisor_parent_vp(0), HV_MSR_SIRBP),
			 0x3001);
}

static void a_sint_needs_a_vector_unless_quiet(void **state)
{
	(void)state;
	assert_true(world_wrmsr_faults(vp, HV_MSR_SINT0, 15));
	assert_int_equal(world_rdmsr(vp, HV_MSR_SINT0), 0x10000);
	world_wrmsr(vp, HV_MSR_SINT0, 16);
	world_wrmsr(vp, HV_MSR_SINT0, HV_SINT_MASKED);
	world_wrmsr(vp, HV_MSR_SINT0, HV_SINT_POLLING);
}

static void messages_come_one_by_one(void **state)
{
	struct counter counter;

	(void)state;
	enable();
	counter_init(&counter, 1, 3);
	synic_post(vp, SINT, &counter.source);
	assert_int_equal(messages->slots[SINT].header.payload_size, 4);
	assert_true(messages->slots[SINT].header.flags & 1);
	assert_int_equal(world_take(vp), VECTOR);
	assert_int_equal(read_message(), 1);
	assert_int_equal(read_message(), 2);
	assert_false(messages->slots[SINT].header.flags & 1);
	assert_int_equal(read_message(), 3);
	assert_int_equal(messages->slots[SINT].header.type, 0);
	assert_false(vp->synic.queued);
	assert_true(list_empty(&counter.source.node));
}

static void a_busy_slot_is_marked_and_served_at_eoi(void **state)
{
	struct counter first, second;

	(void)state;
	enable();
	counter_init(&first, 1, 1);
	counter_init(&second, 2, 2);
	synic_post(vp, SINT, &first.source);
	assert_false(messages->slots[SINT].header.flags & 1);
	assert_int_equal(world_take(vp), VECTOR);
	synic_post(vp, SINT, &second.source);
	synic_post(vp, SINT, &second.source); /* once is enough */
	assert_true(messages->slots[SINT].header.flags & 1);
	messages->slots[SINT].header.type = 0;
	apic_eoi(vp);
	assert_int_equal(messages->slots[SINT].payload[0], 2);
	assert_int_equal(world_take(vp), VECTOR);
	/* The end of some other interrupt is none of its business. */
	counter_init(&first, 3, 3);
	synic_post(vp, SINT, &first.source);
	apic_eoi(vp);
	apic_post(vp, 0x40, false);
	assert_int_equal(world_take(vp), 0x40);
	messages->slots[SINT].header.type = 0;
	apic_eoi(vp);
	assert_int_equal(messages->slots[SINT].header.type, 0);
	world_wrmsr(vp, HV_MSR_EOM, 0);
	assert_int_equal(messages->slots[SINT].payload[0], 3);
}

static void nothing_is_lost_while_the_page_is_away(void **state)
{
	struct counter counter;

	(void)state;
	counter_init(&counter, 7, 7);
	synic_post(vp, SINT, &counter.source);
	assert_true(vp->synic.queued);
	world_wrmsr(vp, HV_MSR_SINT0 + SINT, VECTOR);
	world_wrmsr(vp, HV_MSR_SCONTROL, 1);
	/* Beyond the guest's memory, then where it is. */
	world_wrmsr(vp, HV_MSR_SIMP, WORLD_CHILD_MEMORY | 1);
	assert_true(vp->synic.queued);
	world_wrmsr(vp, HV_MSR_SIMP, SIMP | 1);
	assert_int_equal(messages->slots[SINT].payload[0], 7);
	assert_false(vp->synic.queued);
	assert_int_equal(world_take(vp), VECTOR);
}

static void reset_keeps_what_others_have_queued(void **state)
{
	struct counter first, second;

	(void)state;
	enable();
	counter_init(&first, 1, 1);
	counter_init(&second, 2, 2);
	synic_post(vp, SINT, &first.source);
	synic_post(vp, SINT, &second.source);
	synic_reset(vp);
	assert_int_equal(world_rdmsr(vp, HV_MSR_SIMP), 0);
	messages->slots[SINT].header.type = 0;
	world_wrmsr(vp, HV_MSR_EOM, 0);
	assert_int_equal(messages->slots[SINT].header.type, 0);
	enable();
	assert_int_equal(messages->slots[SINT].payload[0], 2);
}

static void withdrawing_empties_the_queue(void **state)
{
	struct counter first, second;

	(void)state;
	enable();
	counter_init(&first, 1, 1);
	counter_init(&second, 2, 2);
	synic_post(vp, SINT, &first.source);
	synic_post(vp, SINT, &second.source);
	synic_withdraw(vp, SINT, &second.source);
	synic_withdraw(vp, SINT, &second.source);
	assert_false(vp->synic.queued);
	assert_int_equal(read_message(), 1);
	assert_int_equal(messages->slots[SINT].header.type, 0);
}

/* The slot was found busy, and is about to be marked: just then the guest
 * empties it, having seen no mark. */
static void guest_empties_slot(int signal_number)
{
	(void)signal_number;
	mprotect(messages, PAGE_SIZE, PROT_READ | PROT_WRITE);
	messages->slots[SINT].header.type = 0;
}

static void a_slot_emptied_at_the_worst_moment_is_used(void **state)
{
	struct sigaction old, action = {.sa_handler = guest_empties_slot};
	struct counter first, second;

	(void)state;
	enable();
	counter_init(&first, 1, 1);
	counter_init(&second, 2, 2);
	synic_post(vp, SINT, &first.source);
	sigaction(SIGSEGV, &action, &old);
	mprotect(messages, PAGE_SIZE, PROT_READ);
	synic_post(vp, SINT, &second.source);
	sigaction(SIGSEGV, &old, NULL);
	/* Nobody will write EOM: it must be there already. */
	assert_int_equal(messages->slots[SINT].payload[0], 2);
	assert_int_equal(read_message(), 2);
	assert_false(vp->synic.queued);
}

static void a_source_with_nothing_makes_room_for_the_next(void **state)
{
	struct counter nothing, something;

	(void)state;
	enable();
	counter_init(&nothing, 2, 1);
	counter_init(&something, 5, 5);
	vp->synic.control = 0;
	synic_post(vp, SINT, &nothing.source);
	synic_post(vp, SINT, &something.source);
	world_wrmsr(vp, HV_MSR_SCONTROL, 1);
	assert_int_equal(read_message(), 5);
	assert_false(vp->synic.queued);
}

static void quiet_sints_get_messages_without_interrupts(void **state)
{
	static const uint64_t quiet[] = {HV_SINT_MASKED | VECTOR,
					 HV_SINT_POLLING | VECTOR};
	bool newly;

	(void)state;
	enable();
	for (unsigned int i = 0; i < ARRAY_SIZE(quiet); i++) {
		struct counter counter;

		counter_init(&counter, 9, 9);
		world_wrmsr(vp, HV_MSR_SINT0 + SINT, quiet[i]);
		synic_post(vp, SINT, &counter.source);
		assert_int_equal(read_message(), 9);
		assert_int_equal(synic_signal(vp, SINT, 100 + i, &newly), 0);
		assert_true(newly);
		assert_int_equal(world_take(vp), VECTOR_NONE);
	}
}

static void auto_eoi_leaves_nothing_in_service(void **state)
{
	bool newly;

	(void)state;
	enable();
	world_wrmsr(vp, HV_MSR_SINT0 + SINT, HV_SINT_AUTO_EOI | VECTOR);
	synic_signal(vp, SINT, 1, &newly);
	assert_int_equal(world_take(vp), VECTOR);
	assert_int_equal(vp->apic.isr_top, 0);
	synic_signal(vp, SINT, 2, &newly);
	assert_int_equal(world_take(vp), VECTOR);
	world_wrmsr(vp, HV_MSR_SINT0 + SINT, VECTOR);
	synic_signal(vp, SINT, 3, &newly);
	assert_int_equal(world_take(vp), VECTOR);
	assert_int_equal(vp->apic.isr_top, VECTOR);
}

static void a_flag_interrupts_only_when_new(void **state)
{
	bool newly;

	(void)state;
	assert_int_equal(synic_signal(vp, SINT, 5, &newly),
			 HV_STATUS_INVALID_SYNIC_STATE);
	enable();
	assert_int_equal(synic_signal(vp, SINT, 77, &newly), 0);
	assert_true(newly);
	assert_int_equal(flags->sints[SINT].quads[1], 1ull << 13);
	assert_int_equal(world_take(vp), VECTOR);
	apic_eoi(vp);
	assert_int_equal(synic_signal(vp, SINT, 77, &newly), 0);
	assert_false(newly);
	assert_int_equal(world_take(vp), VECTOR_NONE);
	assert_int_equal(synic_signal(vp, SINT, 2047, &newly), 0);
	assert_int_equal(vp->counters[VP_COUNT_FLAGS], 2);
	assert_int_equal(flags->sints[SINT].bytes[255], 0x80);
	assert_int_equal(synic_signal(vp, SINT, 2048, &newly),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(synic_signal(vp, 16, 0, &newly),
			 HV_STATUS_INVALID_PARAMETER);
}

static void direct_messages(void **state)
{
	struct hv_message message = {.header = {.type = 1,
						.payload_size = 240,
						.flags = 0xff,
						.sender = 42}};

	(void)state;
	memset(message.payload, 0x5a, sizeof(message.payload));
	assert_int_equal(synic_post_direct(vp, SINT, &message),
			 HV_STATUS_INVALID_SYNIC_STATE);
	enable();
	assert_int_equal(synic_post_direct(vp, SINT, &message), 0);
	assert_int_equal(world_take(vp), VECTOR);
	assert_int_equal(messages->slots[SINT].header.sender, 42);
	assert_int_equal(messages->slots[SINT].header.flags, 0);
	assert_memory_equal(messages->slots[SINT].payload, message.payload,
			    240);
	assert_int_equal(synic_post_direct(vp, SINT, &message),
			 HV_STATUS_OBJECT_IN_USE);
	assert_int_equal(synic_post_direct(vp, 16, &message),
			 HV_STATUS_INVALID_PARAMETER);
	message.header.payload_size = 241;
	assert_int_equal(synic_post_direct(vp, SINT, &message),
			 HV_STATUS_INVALID_PARAMETER);
	message.header.payload_size = 0;
	message.header.type = 0;
	assert_int_equal(synic_post_direct(vp, SINT, &message),
			 HV_STATUS_INVALID_PARAMETER);
}

static void a_wanted_slot_is_announced_when_free(void **state)
{
	const struct hv_message message = {.header.type = 1};

	(void)state;
	enable();
	synic_want_deliverable(vp, 1 << SINT);
	assert_int_equal(vp->sint_deliverable, 1 << SINT);
	assert_true(vp->requests & VP_REQUEST_SYNIC);
	vp->sint_deliverable = 0;

	assert_int_equal(synic_post_direct(vp, SINT, &message), 0);
	synic_want_deliverable(vp, 1 << SINT);
	assert_int_equal(vp->sint_deliverable, 0);
	/* The guest is made to say when it has read it. */
	assert_true(messages->slots[SINT].header.flags & 1);
	messages->slots[SINT].header.type = 0;
	world_wrmsr(vp, HV_MSR_EOM, 0);
	assert_int_equal(vp->sint_deliverable, 1 << SINT);
	vp->sint_deliverable = 0;
	world_wrmsr(vp, HV_MSR_EOM, 0); /* once only */
	assert_int_equal(vp->sint_deliverable, 0);

	/* No longer wanted: no longer announced. */
	assert_int_equal(synic_post_direct(vp, SINT, &message), 0);
	synic_want_deliverable(vp, 1 << SINT);
	synic_want_deliverable(vp, 0);
	messages->slots[SINT].header.type = 0;
	world_wrmsr(vp, HV_MSR_EOM, 0);
	assert_int_equal(vp->sint_deliverable, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(reset_values),
		TEST(a_sint_needs_a_vector_unless_quiet),
		TEST(messages_come_one_by_one),
		TEST(a_busy_slot_is_marked_and_served_at_eoi),
		TEST(nothing_is_lost_while_the_page_is_away),
		TEST(reset_keeps_what_others_have_queued),
		TEST(withdrawing_empties_the_queue),
		TEST(a_slot_emptied_at_the_worst_moment_is_used),
		TEST(a_source_with_nothing_makes_room_for_the_next),
		TEST(quiet_sints_get_messages_without_interrupts),
		TEST(auto_eoi_leaves_nothing_in_service),
		TEST(a_flag_interrupts_only_when_new),
		TEST(direct_messages),
		TEST(a_wanted_slot_is_announced_when_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
