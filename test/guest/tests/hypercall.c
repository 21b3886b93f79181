/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves that a child may make the calls that are its own, that each way to
 * get one wrong has its status, and that all of its parent's are refused. */
#include "check.h"

#include "abi/bulkhead.h"
#include "abi/hypercall.h"
#include "abi/msr.h"

#define STATUS(result) ((result)&HV_HYPERCALL_RESULT_STATUS_MASK)
#define REP(count)     ((uint64_t)(count) << HV_HYPERCALL_REP_COUNT_SHIFT)

#define HOLE	   0x20000000ull
#define CONNECTION 0x7777u /* nobody's */

static const uint64_t input = (uint64_t)call_input;
static const uint64_t output = (uint64_t)call_output;

static struct hv_input_post_message *message(void)
{
	struct hv_input_post_message *message = (void *)call_input;

	for (size_t i = 0; i < 512; i++)
		call_input[i] = 0;
	message->connection_id = CONNECTION;
	message->message_type = 1;
	message->payload_size = 16;
	return message;
}

static uint64_t post(void)
{
	return STATUS(call(HVCALL_POST_MESSAGE, input, 0));
}

static void post_unknown(void)
{
	message();
	EXPECT_IS(post(), HV_STATUS_INVALID_CONNECTION_ID);
}

static void post_too_long(void)
{
	message()->payload_size = HV_MESSAGE_PAYLOAD_SIZE + 1;
	EXPECT_IS(post(), HV_STATUS_INVALID_PARAMETER);
	message()->payload_size = ~0u;
	EXPECT_IS(post(), HV_STATUS_INVALID_PARAMETER);
}

static void post_type(void)
{
	message()->message_type = 0x80000001;
	EXPECT_IS(post(), HV_STATUS_INVALID_PARAMETER);
}

static void post_form(void)
{
	message();
	EXPECT_IS(STATUS(call_fast(HVCALL_POST_MESSAGE, CONNECTION, 1)),
		  HV_STATUS_INVALID_HYPERCALL_INPUT);
	EXPECT_IS(STATUS(call(HVCALL_POST_MESSAGE | REP(1), input, 0)),
		  HV_STATUS_INVALID_HYPERCALL_INPUT);
	EXPECT_IS(STATUS(call(HVCALL_POST_MESSAGE |
				      1ull << HV_HYPERCALL_REP_START_SHIFT,
			      input, 0)),
		  HV_STATUS_INVALID_HYPERCALL_INPUT);
	EXPECT_IS(STATUS(call(HVCALL_POST_MESSAGE |
				      1ull << HV_HYPERCALL_VARHEAD_SHIFT,
			      input, 0)),
		  HV_STATUS_INVALID_HYPERCALL_INPUT);
}

static void post_reserved_bits(void)
{
	uint32_t bit;

	message();
	for (bit = 0; bit < 64; bit++) {
		if (!((HV_HYPERCALL_RESERVED_MASK | HV_HYPERCALL_NESTED) >>
			      bit &
		      1))
			continue;
		EXPECT_IS(STATUS(call(HVCALL_POST_MESSAGE | 1ull << bit, input,
				      0)),
			  HV_STATUS_INVALID_HYPERCALL_INPUT);
	}
}

static void post_placement(void)
{
	message();
	EXPECT_IS(STATUS(call(HVCALL_POST_MESSAGE, input + 4, 0)),
		  HV_STATUS_INVALID_ALIGNMENT);
	EXPECT_IS(STATUS(call(HVCALL_POST_MESSAGE, input + PAGE - 248, 0)),
		  HV_STATUS_INVALID_HYPERCALL_INPUT);
	EXPECT_IS(STATUS(call(HVCALL_POST_MESSAGE, HOLE, 0)),
		  HV_STATUS_INVALID_HYPERCALL_INPUT);
	EXPECT_IS(STATUS(call(HVCALL_POST_MESSAGE, 1ull << 60, 0)),
		  HV_STATUS_INVALID_HYPERCALL_INPUT);
	EXPECT_IS(STATUS(call(HVCALL_POST_MESSAGE, 0xfee00000, 0)),
		  HV_STATUS_INVALID_HYPERCALL_INPUT);
}

static void signal_unknown(void)
{
	EXPECT_IS(STATUS(call_fast(HVCALL_SIGNAL_EVENT, CONNECTION, 0)),
		  HV_STATUS_INVALID_CONNECTION_ID);
	call_input[0] = CONNECTION;
	EXPECT_IS(STATUS(call(HVCALL_SIGNAL_EVENT, input, 0)),
		  HV_STATUS_INVALID_CONNECTION_ID);
}

static void signal_reserved(void)
{
	EXPECT_IS(STATUS(call_fast(HVCALL_SIGNAL_EVENT, 1ull << 48 | CONNECTION,
				   0)),
		  HV_STATUS_INVALID_PARAMETER);
	call_input[0] = 1ull << 63 | CONNECTION;
	EXPECT_IS(STATUS(call(HVCALL_SIGNAL_EVENT, input, 0)),
		  HV_STATUS_INVALID_PARAMETER);
}

static void signal_placement(void)
{
	EXPECT_IS(STATUS(call(HVCALL_SIGNAL_EVENT, input + 1, 0)),
		  HV_STATUS_INVALID_ALIGNMENT);
	EXPECT_IS(STATUS(call(HVCALL_SIGNAL_EVENT, HOLE, 0)),
		  HV_STATUS_INVALID_HYPERCALL_INPUT);
	EXPECT_IS(STATUS(call(HVCALL_SIGNAL_EVENT | REP(1), input, 0)),
		  HV_STATUS_INVALID_HYPERCALL_INPUT);
}

/* Not there, and not told to be: leaf 4 recommends none of them. */
static void not_offered(void)
{
	static const uint16_t codes[] = {
		HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE,
		HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST,
		HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX,
		HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX,
		HVCALL_SEND_SYNTHETIC_CLUSTER_IPI,
		HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX,
		HVCALL_NOTIFY_LONG_SPIN_WAIT,
		HVCALL_START_VP,
		HVCALL_ENABLE_VP_VTL,
		HVCALL_POST_DEBUG_DATA,
		HVCALL_RETARGET_DEVICE_INTERRUPT,
		HVCALL_FLUSH_GUEST_PHYSICAL_ADDRESS_SPACE,
		HVCALL_QUERY_EXTENDED_CAPABILITIES,
		HVCALL_MEMORY_HEAT_HINT,
		HVCALL_DISPATCH_VP,
		0x0000,
		0x0001,
		0x7fff,
		0xffff,
	};
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		EXPECT_IS(STATUS(call(codes[i], input, output)),
			  HV_STATUS_INVALID_HYPERCALL_CODE);
		EXPECT_IS(STATUS(call_fast(codes[i], 0, 0)),
			  HV_STATUS_INVALID_HYPERCALL_CODE);
		EXPECT_IS(STATUS(call(codes[i] | REP(1), input, output)),
			  HV_STATUS_INVALID_HYPERCALL_CODE);
	}
}

/* Refused whatever the input says, and the output stays what it was. */
static void expect_denied(uint64_t control, uint64_t target)
{
	size_t i;

	for (i = 0; i < 512; i++) {
		call_input[i] = 0;
		call_output[i] = 0x5555;
	}
	call_input[0] = target;
	EXPECT_IS(STATUS(call(control, input, output)),
		  HV_STATUS_ACCESS_DENIED);
	for (i = 0; i < 512; i++)
		EXPECT_IS(call_output[i], 0x5555);
}

static const uint16_t parents_simple[] = {
	HVCALL_GET_PARTITION_ID,
	HVCALL_CREATE_PARTITION,
	HVCALL_INITIALIZE_PARTITION,
	HVCALL_FINALIZE_PARTITION,
	HVCALL_DELETE_PARTITION,
	HVCALL_GET_PARTITION_PROPERTY,
	HVCALL_SET_PARTITION_PROPERTY,
	HVCALL_GET_PARTITION_PROPERTY_EX,
	HVCALL_INSTALL_INTERCEPT,
	HVCALL_REGISTER_INTERCEPT_RESULT,
	HVCALL_TRANSLATE_VIRTUAL_ADDRESS,
	HVCALL_CREATE_VP,
	HVCALL_DELETE_VP,
	HVCALL_MAP_VP_STATE_PAGE,
	HVCALL_UNMAP_VP_STATE_PAGE,
	HVCALL_GET_VP_STATE,
	HVCALL_SET_VP_STATE,
	HVCALL_POST_MESSAGE_DIRECT,
	HVCALL_SIGNAL_EVENT_DIRECT,
	HVCALL_ASSERT_VIRTUAL_INTERRUPT,
	HVCALL_CLEAR_VIRTUAL_INTERRUPT,
	HVCALL_CREATE_PORT,
	HVCALL_DELETE_PORT,
	HVCALL_CONNECT_PORT,
	HVCALL_DISCONNECT_PORT,
	HVCALL_BULKHEAD_GET_STATS,
	HVCALL_BULKHEAD_READ_LOG,
	HVCALL_BULKHEAD_SET_SCHEDULE,
};

static const uint16_t parents_rep[] = {
	HVCALL_DEPOSIT_MEMORY,	    HVCALL_WITHDRAW_MEMORY,
	HVCALL_MAP_GPA_PAGES,	    HVCALL_UNMAP_GPA_PAGES,
	HVCALL_GET_VP_REGISTERS,    HVCALL_SET_VP_REGISTERS,
	HVCALL_GET_VP_CPUID_VALUES, HVCALL_GET_VP_INDEX_FROM_APIC_ID,
};

static void expect_all_denied(uint64_t target)
{
	size_t i;

	for (i = 0; i < sizeof(parents_simple) / sizeof(uint16_t); i++)
		expect_denied(parents_simple[i], target);
	for (i = 0; i < sizeof(parents_rep) / sizeof(uint16_t); i++)
		expect_denied(parents_rep[i] | REP(1), target);
}

static void denied_on_itself(void)
{
	expect_all_denied(HV_PARTITION_ID_SELF);
}

static void denied_on_parent(void)
{
	expect_all_denied(1);
}

static void denied_on_others(void)
{
	expect_all_denied(2);
	expect_all_denied(3);
}

/* Form is looked at before anything else: reps where they have none, or the
 * other way round. */
static void form_first(void)
{
	size_t i;

	for (i = 0; i < sizeof(parents_simple) / sizeof(uint16_t); i++)
		EXPECT_IS(
			STATUS(call(parents_simple[i] | REP(1), input, output)),
			HV_STATUS_INVALID_HYPERCALL_INPUT);
	for (i = 0; i < sizeof(parents_rep) / sizeof(uint16_t); i++) {
		EXPECT_IS(STATUS(call(parents_rep[i], input, output)),
			  HV_STATUS_INVALID_HYPERCALL_INPUT);
		EXPECT_IS(STATUS(call(
				  parents_rep[i] | REP(1) |
					  1ull << HV_HYPERCALL_REP_START_SHIFT,
				  input, output)),
			  HV_STATUS_INVALID_HYPERCALL_INPUT);
	}
}

static void no_repetitions_done(void)
{
	EXPECT_IS(call(HVCALL_MAP_GPA_PAGES | REP(3), input, output) >> 32, 0);
}

/* RAX and what the call may change; nothing else. */
static void keeps_registers(void)
{
	uint64_t sum = 0;
	uint64_t rax = HVCALL_SIGNAL_EVENT | HV_HYPERCALL_FAST;

	__asm__ volatile("mov %[control], %%rcx\n\t"
			 "mov $0x7777, %%edx\n\t"
			 "mov $0x1111, %%ebx\n\tmov $0x2222, %%esi\n\t"
			 "mov $0x3333, %%edi\n\tmov $0x4444, %%r9d\n\t"
			 "mov $0x5555, %%r12d\n\tmov $0x6666, %%r15d\n\t"
			 "vmmcall\n\t"
			 "mov %%rbx, %[sum]\n\tadd %%rsi, %[sum]\n\t"
			 "add %%rdi, %[sum]\n\tadd %%r9, %[sum]\n\t"
			 "add %%r12, %[sum]\n\tadd %%r15, %[sum]"
			 : [control] "+a"(rax), [sum] "=&r"(sum)
			 :
			 : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
			   "r11", "r12", "r15", "memory");
	EXPECT_IS(rax, HV_STATUS_INVALID_CONNECTION_ID);
	EXPECT_IS(sum, 0x16665);
}

static void hidden(void)
{
	EXPECT_IS(TRY("vmmcall", ::"c"(HVCALL_SIGNAL_EVENT)
		      : "rax", "memory"),
		  VECTOR_UD);
}

static void others_instruction(void)
{
	EXPECT_IS(TRY("vmcall", ::"c"(HVCALL_SIGNAL_EVENT)
		      : "rax", "memory"),
		  VECTOR_UD);
}

static volatile uint64_t second_wrong;

static void call_on_second(void)
{
	uint32_t i;

	for (i = 0; i < 200; i++) {
		uint64_t rax;

		__asm__ volatile("vmmcall"
				 : "=a"(rax)
				 : "c"(HVCALL_SIGNAL_EVENT | HV_HYPERCALL_FAST),
				   "d"(1ull << 48)
				 : "r8", "r9", "r10", "r11", "memory");
		second_wrong += rax != HV_STATUS_INVALID_PARAMETER;
	}
}

static void both_at_once(void)
{
	uint32_t i;

	second_wrong = 0;
	second_begin(call_on_second);
	for (i = 0; i < 200; i++)
		EXPECT_IS(STATUS(call(HVCALL_CREATE_VP, input, output)),
			  HV_STATUS_ACCESS_DENIED);
	EXPECT(second_end());
	EXPECT_IS(second_wrong, 0);
}

#define H NEEDS_HYPERVISOR

static const struct check checks[] = {
	{"hypercall-post-message-unknown", post_unknown, H},
	{"hypercall-post-message-too-long", post_too_long, H},
	{"hypercall-post-message-type", post_type, H},
	{"hypercall-post-message-form", post_form, H},
	{"hypercall-post-message-reserved-bits", post_reserved_bits, H},
	{"hypercall-post-message-placement", post_placement, H},
	{"hypercall-signal-event-unknown", signal_unknown, H},
	{"hypercall-signal-event-reserved", signal_reserved, H},
	{"hypercall-signal-event-placement", signal_placement, H},
	{"hypercall-not-offered", not_offered, H},
	{"hypercall-parents-on-itself", denied_on_itself, H},
	{"hypercall-parents-on-parent", denied_on_parent, H},
	{"hypercall-parents-on-others", denied_on_others, H},
	{"hypercall-form-first", form_first, H},
	{"hypercall-denied-does-nothing", no_repetitions_done, H},
	{"hypercall-keeps-registers", keeps_registers, H},
	{"hypercall-other-vendors", others_instruction, 0},
	{"hypercall-hidden", hidden, NEEDS_HIDDEN},
	{"hypercall-both-at-once", both_at_once, H | NEEDS_SECOND},
};
CHAPTER(hypercall);
