/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What messages of the hypervisor make the worker do. */
#include "fake.h"
#include "abi/hypercall.h"
#include "abi/msr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define RIP 0x1000u

/* ---- A device with one register ---- */

static struct {
	uint64_t value;
	uint64_t offset;
	unsigned int size;
	unsigned int reads, writes;
} device;

static uint64_t device_read(void *owner, uint64_t offset, unsigned int size)
{
	(void)owner;
	device.offset = offset;
	device.size = size;
	device.reads++;
	return device.value;
}

static void device_write(void *owner, uint64_t offset, unsigned int size,
			 uint64_t value)
{
	(void)owner;
	device.offset = offset;
	device.size = size;
	device.value = value;
	device.writes++;
}

static const struct io_operations operations = {device_read, device_write};

static int set_up(void **state)
{
	static bool pages = true;
	const struct io_range port = {IO_PORT,	   0x3f8, 8,
				      &operations, NULL,  "port"};
	const struct io_range memory = {IO_MEMORY,   0xfec00000, 0x1000,
					&operations, NULL,	 "memory"};

	*state = &pages;
	memset(&device, 0, sizeof(device));
	fake_init(true);
	assert_int_equal(io_map_add(&fake.machine.io, &port), 0);
	assert_int_equal(io_map_add(&fake.machine.io, &memory), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_end();
	return 0;
}

static void *message(uint32_t type, unsigned int length)
{
	struct hv_message *to = &fake.vps[0].message;
	struct hv_intercept_header *header = (void *)to->payload;

	memset(to, 0, sizeof(*to));
	to->header.type = type;
	header->rip = RIP;
	header->instruction_length_and_cr8 = (uint8_t)length;
	header->execution_state =
		HV_EXECUTION_STATE_EFER_LMA | HV_EXECUTION_STATE_CR0_PE;
	return to->payload;
}

static void deliver(void)
{
	vp_intercepted(&fake.vps[0]);
}

/* The page of a vp in 64-bit mode without paging. */
static struct hv_register_page *long_mode(void)
{
	struct hv_register_page *page = &fake.pages[0];

	page->rip = RIP;
	page->cr0 = 1;
	page->efer = 0x500;
	page->cs.attributes = 0xa09b;
	page->ss.attributes = 0xc093;
	return page;
}

/* ---- Ports ---- */

static struct hv_io_port_intercept *port_message(uint8_t access, uint8_t info)
{
	struct hv_io_port_intercept *body = message(HVMSG_IO_PORT_INTERCEPT, 2);

	body->header.access_type = access;
	body->port = 0x3f9;
	body->access_info = info;
	body->rax = 0xaabbccddeeff0011;
	return body;
}

static void test_port_write(void **state)
{
	(void)state;
	port_message(HV_INTERCEPT_ACCESS_WRITE, 2);
	deliver();
	assert_int_equal(device.writes, 1);
	assert_int_equal(device.value, 0x0011);
	assert_int_equal(device.offset, 1);
	assert_int_equal(device.size, 2);
	assert_int_equal(fake.pages[0].rip, RIP + 2);
	assert_int_equal(fake.pages[0].dirty, HV_REGISTER_PAGE_DIRTY_RIP);
	assert_int_equal(fake.vps[0].counts[VP_COUNT_IO_PORT], 1);
}

static void test_port_read(void **state)
{
	(void)state;
	device.value = 0x12345678;
	port_message(HV_INTERCEPT_ACCESS_READ, 1);
	deliver();
	assert_int_equal(fake.pages[0].gprs[HV_GPR_RAX], 0xaabbccddeeff0078);
	port_message(HV_INTERCEPT_ACCESS_READ, 4);
	deliver();
	assert_int_equal(fake.pages[0].gprs[HV_GPR_RAX], 0x12345678);
}

static void test_port_by_hypercall(void **state)
{
	(void)state;
	fake.vps[0].page = NULL;
	device.value = 0x77;
	port_message(HV_INTERCEPT_ACCESS_READ, 1);
	deliver();
	assert_int_equal(fake_register(0, HV_REGISTER_RAX)->u64,
			 0xaabbccddeeff0077);
	assert_int_equal(fake_register(0, HV_REGISTER_RIP)->u64, RIP + 2);
}

static void test_port_string(void **state)
{
	struct hv_register_page *page = long_mode();
	static const uint8_t bytes[] = {0xf3, 0x6e}; /* rep outsb */
	struct hv_io_port_intercept *body = port_message(
		HV_INTERCEPT_ACCESS_WRITE,
		1 | HV_IO_PORT_ACCESS_STRING | HV_IO_PORT_ACCESS_REP);

	(void)state;
	memcpy(body->instruction_bytes, bytes, sizeof(bytes));
	body->instruction_byte_count = sizeof(bytes);
	page->gprs[HV_GPR_RDX] = 0x3f8;
	page->gprs[HV_GPR_RCX] = 3;
	page->gprs[HV_GPR_RSI] = 0x2000;
	memcpy(fake.ram + 0x2000, "abc", 3);
	deliver();
	assert_int_equal(device.writes, 3);
	assert_int_equal(device.value, 'c');
	assert_int_equal(page->gprs[HV_GPR_RCX], 0);
	assert_int_equal(page->rip, RIP + 2);
}

static void test_shadow_ends(void **state)
{
	struct hv_io_port_intercept *body =
		port_message(HV_INTERCEPT_ACCESS_WRITE, 1);
	const struct hv_register_value old = {
		.u64 = HV_INTERRUPT_STATE_SHADOW |
		       HV_INTERRUPT_STATE_NMI_MASKED};

	(void)state;
	hvcall_set_register(0, 0, HV_REGISTER_INTERRUPT_STATE, old);
	body->header.execution_state |= HV_EXECUTION_STATE_INTERRUPT_SHADOW;
	deliver();
	assert_int_equal(fake_register(0, HV_REGISTER_INTERRUPT_STATE)->u64,
			 HV_INTERRUPT_STATE_NMI_MASKED);
}

/* ---- Memory ---- */

static struct hv_memory_intercept *memory_message(const uint8_t *bytes,
						  uint8_t count)
{
	struct hv_memory_intercept *body = message(HVMSG_UNMAPPED_GPA, 0);

	if (count)
		memcpy(body->instruction_bytes, bytes, count);
	body->instruction_byte_count = count;
	return body;
}

static void test_memory_write(void **state)
{
	static const uint8_t bytes[] = {0x89, 0x0b}; /* mov [rbx],ecx */
	struct hv_register_page *page = long_mode();

	(void)state;
	memory_message(bytes, sizeof(bytes));
	page->gprs[HV_GPR_RBX] = 0xfec00010;
	page->gprs[HV_GPR_RCX] = 0x55;
	deliver();
	assert_int_equal(device.value, 0x55);
	assert_int_equal(device.offset, 0x10);
	assert_int_equal(page->rip, RIP + 2);
}

/* No bytes came along: they are fetched from where the vp stands. */
static void test_memory_read_fetched(void **state)
{
	struct hv_register_page *page = long_mode();

	(void)state;
	memory_message(NULL, 0);
	memcpy(fake.ram + RIP, "\x8b\x03", 2); /* mov eax,[rbx] */
	page->gprs[HV_GPR_RBX] = 0xfec00000;
	device.value = 0x99;
	deliver();
	assert_int_equal(page->gprs[HV_GPR_RAX], 0x99);
	assert_int_equal(page->rip, RIP + 2);
}

static uint64_t pending(void)
{
	const struct hv_register_value *value =
		fake_register(0, HV_REGISTER_PENDING_EVENT0);

	return value ? value->u128.low : 0;
}

static void test_memory_execute(void **state)
{
	struct hv_memory_intercept *body = memory_message(NULL, 0);

	(void)state;
	long_mode();
	body->header.access_type = HV_INTERCEPT_ACCESS_EXECUTE;
	deliver();
	assert_int_equal(pending(), 1 | 6ULL << 16);
	assert_int_equal(fake.pages[0].dirty, 0);
}

static void test_memory_unsupported(void **state)
{
	static const uint8_t bytes[] = {0x0f, 0x11, 0x03}; /* movups */

	(void)state;
	long_mode();
	memory_message(bytes, sizeof(bytes));
	deliver();
	assert_int_equal(pending(), 1 | 6ULL << 16);
}

static void test_memory_fault(void **state)
{
	static const uint8_t bytes[] = {0x89, 0x0b};
	struct hv_register_page *page = long_mode();

	(void)state;
	memory_message(bytes, sizeof(bytes));
	page->cr0 |= 1u << 31;
	page->cr4 = 0x20;
	page->cr3 = 0x4000; /* empty tables */
	page->gprs[HV_GPR_RBX] = 0x123000;
	deliver();
	assert_int_equal(pending(), 1 | 1 << 8 | 14ULL << 16 | 2ULL << 32);
	assert_int_equal(
		fake_register(0, HV_REGISTER_PENDING_EVENT0)->u128.high,
		0x123000);
	assert_int_equal(page->rip, RIP);
}

/* ---- MSR, CPUID ---- */

static void test_msr_unknown(void **state)
{
	struct hv_msr_intercept *body = message(HVMSG_MSR_INTERCEPT, 2);

	(void)state;
	body->msr = 0x1234;
	deliver();
	assert_int_equal(pending(), 1 | 1 << 8 | 13ULL << 16);
}

static void test_msr_reset(void **state)
{
	struct hv_msr_intercept *body = message(HVMSG_MSR_INTERCEPT, 0);

	(void)state;
	body->msr = HV_MSR_RESET;
	body->rax = 1;
	body->header.access_type = HV_INTERCEPT_ACCESS_WRITE;
	deliver();
	assert_int_equal(fake.event_count, 1);
	assert_int_equal(fake.event, MACHINE_RESET);
	assert_int_equal(pending(), 0);
}

static void test_cpuid(void **state)
{
	struct hv_cpuid_intercept *body = message(HVMSG_CPUID_INTERCEPT, 2);

	(void)state;
	body->default_rax = 1;
	body->default_rbx = 2;
	body->default_rcx = 3;
	body->default_rdx = 4;
	deliver();
	assert_int_equal(fake.pages[0].gprs[HV_GPR_RAX], 1);
	assert_int_equal(fake.pages[0].gprs[HV_GPR_RBX], 2);
	assert_int_equal(fake.pages[0].gprs[HV_GPR_RCX], 3);
	assert_int_equal(fake.pages[0].gprs[HV_GPR_RDX], 4);
	assert_int_equal(fake.pages[0].rip, RIP + 2);
}

/* ---- Hypercalls ---- */

static struct {
	uint32_t connection;
	uint8_t payload[240];
	size_t size;
	unsigned int messages, signals, readies;
} server;

static void server_message(void *owner, uint32_t connection,
			   const void *payload, size_t size)
{
	(void)owner;
	server.connection = connection;
	memcpy(server.payload, payload, size);
	server.size = size;
	server.messages++;
}

static void server_signalled(void *owner, uint32_t connection)
{
	(void)owner;
	server.connection = connection;
	server.signals++;
}

static void server_ready(void *owner)
{
	(void)owner;
	server.readies++;
}

static struct synic_port *connect_server(void)
{
	struct synic_port *port = &fake.machine.synic.port;

	memset(&server, 0, sizeof(server));
	port->message = server_message;
	port->signalled = server_signalled;
	port->ready = server_ready;
	return port;
}

static uint64_t hypercall(uint64_t control, uint64_t input)
{
	struct hv_hypercall_intercept *body =
		message(HVMSG_HYPERCALL_INTERCEPT, 3);

	body->rcx = control;
	body->rdx = input;
	deliver();
	assert_int_equal(fake.pages[0].rip, RIP + 3);
	return fake.pages[0].gprs[HV_GPR_RAX];
}

static void post(uint32_t connection, uint32_t type, uint32_t size)
{
	const struct hv_input_post_message input = {
		.connection_id = connection,
		.message_type = type,
		.payload_size = size,
		.payload = "hello",
	};

	memcpy(fake.ram + 0x3000, &input, sizeof(input));
}

static void test_post_message(void **state)
{
	(void)state;
	connect_server();
	post(4, 1, 6);
	assert_int_equal(hypercall(HVCALL_POST_MESSAGE, 0x3000), 0);
	assert_int_equal(server.messages, 1);
	assert_int_equal(server.connection, 4);
	assert_int_equal(server.size, 6);
	assert_string_equal((char *)server.payload, "hello");
}

static void test_post_message_refused(void **state)
{
	(void)state;
	connect_server();
	post(7, 1, 6);
	assert_int_equal(hypercall(HVCALL_POST_MESSAGE, 0x3000),
			 HV_STATUS_INVALID_CONNECTION_ID);
	post(1, 1, 241);
	assert_int_equal(hypercall(HVCALL_POST_MESSAGE, 0x3000),
			 HV_STATUS_INVALID_PARAMETER);
	post(1, 0x80000001, 6);
	assert_int_equal(hypercall(HVCALL_POST_MESSAGE, 0x3000),
			 HV_STATUS_INVALID_PARAMETER);
	post(1, 1, 6);
	assert_int_equal(hypercall(HVCALL_POST_MESSAGE, 0x3004),
			 HV_STATUS_INVALID_ALIGNMENT);
	assert_int_equal(hypercall(HVCALL_POST_MESSAGE, 0x3f80),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(hypercall(HVCALL_POST_MESSAGE, FAKE_RAM),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(
		hypercall(HVCALL_POST_MESSAGE | HV_HYPERCALL_FAST, 0x3000),
		HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(hypercall(HVCALL_POST_MESSAGE | 1ULL << 60, 0x3000),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(server.messages, 0);
}

static void test_signal_event(void **state)
{
	struct synic_port *port = connect_server();
	const struct hv_input_signal_event input = {.connection_id = 0x12};

	(void)state;
	assert_int_equal(
		hypercall(HVCALL_SIGNAL_EVENT | HV_HYPERCALL_FAST, 0x12),
		HV_STATUS_INVALID_CONNECTION_ID);
	assert_true(port->listen(port, 0x12, true));
	assert_int_equal(
		hypercall(HVCALL_SIGNAL_EVENT | HV_HYPERCALL_FAST, 0x12), 0);
	assert_int_equal(server.signals, 1);
	memcpy(fake.ram + 0x3000, &input, sizeof(input));
	assert_int_equal(hypercall(HVCALL_SIGNAL_EVENT, 0x3000), 0);
	assert_int_equal(server.signals, 2);
	assert_int_equal(server.connection, 0x12);
	assert_true(port->listen(port, 0x12, false));
	assert_int_equal(hypercall(HVCALL_SIGNAL_EVENT, 0x3000),
			 HV_STATUS_INVALID_CONNECTION_ID);
}

static void test_unknown_hypercall(void **state)
{
	(void)state;
	assert_int_equal(hypercall(0x7777, 0),
			 HV_STATUS_INVALID_HYPERCALL_CODE);
}

static void test_hypercall_32(void **state)
{
	struct hv_hypercall_intercept *body =
		message(HVMSG_HYPERCALL_INTERCEPT, 0);

	(void)state;
	connect_server();
	post(1, 1, 6);
	body->header.execution_state = HV_EXECUTION_STATE_CR0_PE;
	body->rax = HVCALL_POST_MESSAGE;
	body->rcx = 0x3000;
	body->rsi = 1; /* the output pointer */
	fake.pages[0].gprs[HV_GPR_RDX] = 99;
	deliver();
	assert_int_equal(server.messages, 1);
	assert_int_equal(fake.pages[0].gprs[HV_GPR_RAX], 0);
	assert_int_equal(fake.pages[0].gprs[HV_GPR_RDX], 0);
	assert_int_equal(fake.pages[0].rip, RIP + 3);
}

/* ---- SynIC towards the child ---- */

static void test_message_busy(void **state)
{
	struct synic_port *port = connect_server();
	struct hv_sint_deliverable *body;

	(void)state;
	fake.status = HV_STATUS_OBJECT_IN_USE;
	assert_false(port->post_message(port, 1, 2, "abc", 3));
	assert_int_equal(
		fake_register(1, HV_REGISTER_DELIVERABILITY_NOTIFICATIONS)->u64,
		1ULL << 50);
	body = message(HVMSG_SYNIC_SINT_DELIVERABLE, 0);
	body->deliverable_sints = 1 << 2;
	fake.vps[0].wanted = 1ULL << 50;
	deliver();
	assert_int_equal(server.readies, 1);
	assert_int_equal(fake.vps[0].wanted, 0);
}

static void test_message_posted(void **state)
{
	struct synic_port *port = connect_server();
	struct hv_input_post_message_direct input;
	struct hv_message posted;

	(void)state;
	assert_true(port->post_message(port, 1, 2, "abc", 3));
	memcpy(&input, fake.calls[0].input, sizeof(input));
	memcpy(&posted, input.message, sizeof(posted));
	assert_int_equal(fake.calls[0].code, HVCALL_POST_MESSAGE_DIRECT);
	assert_int_equal(input.vp_index, 1);
	assert_int_equal(input.sint_index, 2);
	assert_int_equal(posted.header.type, 1);
	assert_int_equal(posted.header.payload_size, 3);
	assert_memory_equal(posted.payload, "abc", 3);
	/* A vp that does not exist: dropped, not retried for ever. */
	assert_true(port->post_message(port, 2, 2, "abc", 3));
	assert_int_equal(fake.call_count, 1);
}

static void test_event_signalled(void **state)
{
	struct synic_port *port = connect_server();
	struct hv_input_signal_event_direct input;

	(void)state;
	port->signal_event(port, 1, 2, 77);
	memcpy(&input, fake.calls[0].input, sizeof(input));
	assert_int_equal(fake.calls[0].code, HVCALL_SIGNAL_EVENT_DIRECT);
	assert_int_equal(input.target_vp, 1);
	assert_int_equal(input.target_sint, 2);
	assert_int_equal(input.flag_number, 77);
}

/* ---- Interrupts ---- */

static bool pic_wants_more;

static uint8_t acknowledge(void *pic)
{
	(void)pic;
	irq_set(&fake.machine.irq.extint, false);
	if (pic_wants_more)
		irq_set(&fake.machine.irq.extint, true);
	pic_wants_more = false;
	return 0x30;
}

static uint64_t wanted(void)
{
	const struct hv_register_value *value =
		fake_register(0, HV_REGISTER_DELIVERABILITY_NOTIFICATIONS);

	return value ? value->u64 : 0;
}

static void test_extint(void **state)
{
	struct irq *irq = &fake.machine.irq;
	const struct hv_register_value none = {0};

	(void)state;
	irq->acknowledge = acknowledge;
	irq_set(&irq->extint, true);
	assert_int_equal(wanted(), HV_DELIVERABILITY_INTERRUPT);
	hvcall_set_register(0, 0, HV_REGISTER_DELIVERABILITY_NOTIFICATIONS,
			    none);
	pic_wants_more = true;
	message(HVMSG_INTERRUPTION_DELIVERABLE, 0);
	deliver();
	assert_int_equal(pending(), 1 | 5 << 1 | 0x30 << 8);
	/* Another one waits: asked for again. */
	assert_int_equal(wanted(), HV_DELIVERABILITY_INTERRUPT);
	assert_int_equal(fake.pages[0].dirty, 0);
}

static void test_extint_withdrawn(void **state)
{
	struct irq *irq = &fake.machine.irq;

	(void)state;
	irq->acknowledge = acknowledge;
	irq_set(&irq->extint, true);
	irq_set(&irq->extint, false);
	message(HVMSG_INTERRUPTION_DELIVERABLE, 0);
	deliver();
	assert_int_equal(pending(), 0);
}

static uint8_t ended_vector;

static void ended(void *ioapic, uint8_t vector)
{
	(void)ioapic;
	ended_vector = vector;
}

static void test_eoi(void **state)
{
	struct hv_message *to = &fake.vps[0].message;
	const struct hv_apic_eoi_message body = {0, 0x41};

	(void)state;
	fake.machine.irq.end = ended;
	message(HVMSG_APIC_EOI, 0);
	memcpy(to->payload, &body, sizeof(body));
	deliver();
	assert_int_equal(ended_vector, 0x41);
}

static void test_interrupt_sent(void **state)
{
	const struct irq_message interrupt = {
		.type = HV_INTERRUPT_TYPE_LOWEST_PRIORITY,
		.destination = 3,
		.vector = 0x55,
		.logical = true,
	};
	struct hv_input_assert_virtual_interrupt input;

	(void)state;
	irq_send(&fake.machine.irq, &interrupt);
	memcpy(&input, fake.calls[0].input, sizeof(input));
	assert_int_equal(input.control, 1ULL << 33 | 1);
	assert_int_equal(input.destination, 3);
	assert_int_equal(input.vector, 0x55);
}

/* ---- Ends ---- */

static void test_triple_fault(void **state)
{
	(void)state;
	long_mode();
	message(HVMSG_UNRECOVERABLE_EXCEPTION, 0);
	deliver();
	assert_int_equal(fake.event_count, 1);
	assert_int_equal(fake.event, MACHINE_BROKEN);
}

static void test_unknown_message(void **state)
{
	(void)state;
	message(0x80012345, 0);
	deliver();
	assert_int_equal(fake.event_count, 0);
	assert_int_equal(fake.vps[0].counts[VP_COUNT_OTHER], 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_port_write),
		TEST(test_port_read),
		TEST(test_port_by_hypercall),
		TEST(test_port_string),
		TEST(test_shadow_ends),
		TEST(test_memory_write),
		TEST(test_memory_read_fetched),
		TEST(test_memory_execute),
		TEST(test_memory_unsupported),
		TEST(test_memory_fault),
		TEST(test_msr_unknown),
		TEST(test_msr_reset),
		TEST(test_cpuid),
		TEST(test_post_message),
		TEST(test_post_message_refused),
		TEST(test_signal_event),
		TEST(test_unknown_hypercall),
		TEST(test_hypercall_32),
		TEST(test_message_busy),
		TEST(test_message_posted),
		TEST(test_event_signalled),
		TEST(test_extint),
		TEST(test_extint_withdrawn),
		TEST(test_eoi),
		TEST(test_interrupt_sent),
		TEST(test_triple_fault),
		TEST(test_unknown_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
