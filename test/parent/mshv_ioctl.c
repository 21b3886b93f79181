// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks /dev/mshv everything, each call right once and wrong in each way it can
 * be, and runs a small guest through the whole path: one PASS or FAIL per
 * check. Runs as root inside the parent partition; exit status 1 if anything
 * failed.
 *
 *   mshv_ioctl [LIVES]    all checks; so many partitions live at the end (20)
 *   mshv_ioctl --spin     nothing but a guest that computes until it is killed
 */
#include "vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define BAD_POINTER   ((void *)0x1000)
#define UNKNOWN_IOCTL MSHV_IO(0x7f)
#define CONNECTION    0x100u

/* ---- device ---- */

static void device_checks(int device)
{
	struct mshv_create_partition_v2 create = {.pt_flags = 1ULL << 6};
	struct mshv_bulkhead_probe probe;
	struct hv_input_get_partition_property property = {.property_code = 1};
	struct hv_output_get_partition_property value;
	struct mshv_root_hvcall call = {
		.code = HVCALL_CREATE_PARTITION,
		.in_sz = sizeof(property),
		.in_ptr = (uintptr_t)&property,
		.out_sz = sizeof(value),
		.out_ptr = (uintptr_t)&value,
	};
	int fd;

	check_refused(device, UNKNOWN_IOCTL, NULL, ENOTTY,
		      "device: unknown ioctl");
	check_refused(device, MSHV_CREATE_PARTITION, BAD_POINTER, EFAULT,
		      "create: bad pointer");
	check_refused(device, MSHV_CREATE_PARTITION, &create, EINVAL,
		      "create: unknown flag");
	create = (struct mshv_create_partition_v2){.pt_isolation = 1};
	check_refused(device, MSHV_CREATE_PARTITION, &create, EINVAL,
		      "create: isolation");
	create = (struct mshv_create_partition_v2){
		.pt_flags = 1u << MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES,
		.pt_num_cpu_fbanks = 1};
	check_refused(device, MSHV_CREATE_PARTITION, &create, EINVAL,
		      "create v2: bank count");
	create.pt_num_cpu_fbanks = MSHV_NUM_CPU_FEATURES_BANKS;
	create.pt_rsvd1[1] = 1;
	check_refused(device, MSHV_CREATE_PARTITION, &create, EINVAL,
		      "create v2: reserved");
	create.pt_rsvd1[1] = 0;
	fd = ioctl(device, MSHV_CREATE_PARTITION, &create);
	check(fd >= 0, "create v2");
	close(fd);

	check_refused(device, MSHV_ROOT_HVCALL, &call, EINVAL,
		      "device call: not allowed");
	call.code = HVCALL_SET_VP_REGISTERS;
	check_refused(device, MSHV_ROOT_HVCALL, &call, EINVAL,
		      "device call: not about itself");
	call.code = HVCALL_GET_PARTITION_PROPERTY;
	check(vmm_hypercall(device, &call) < 0 &&
		      call.status == HV_STATUS_UNKNOWN_PROPERTY,
	      "device call: status of an unknown property");
	call.status = 0;
	property.property_code = HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS;
	check(!vmm_hypercall(device, &call) &&
		      value.property_value & 1ULL << 32,
	      "device call: own privileges");
	check(!ioctl(device, MSHV_BULKHEAD_PROBE, &probe) &&
		      probe.version == MSHV_BULKHEAD_VERSION,
	      "probe");
}

static void log_checks(int device)
{
	char text[4096];
	struct mshv_hv_log log = {.buf_ptr = (uintptr_t)text};
	uint64_t cursor;

	check_refused(device, MSHV_HV_LOG, &log, EINVAL, "log: no room");
	log.buf_sz = 16;
	check(!ioctl(device, MSHV_HV_LOG, &log) && log.buf_sz == 16 &&
		      log.cursor >= 16,
	      "log: first bytes");
	cursor = log.cursor;
	log.buf_sz = sizeof(text);
	check(!ioctl(device, MSHV_HV_LOG, &log) &&
		      log.cursor == cursor + log.buf_sz,
	      "log: goes on at the cursor");
	log.buf_sz = 16;
	log.buf_ptr = 0x1000;
	log.cursor = 0;
	check_refused(device, MSHV_HV_LOG, &log, EFAULT, "log: bad buffer");
}

/* ---- partition ---- */

static void partition_checks(void)
{
	struct mshv_create_partition create = {.pt_flags =
						       1u << MSHV_PT_BIT_LAPIC};
	struct mshv_create_vp vp = {.vp_index = 0};
	const int device = open("/dev/mshv", O_RDWR | O_CLOEXEC);
	const int partition = ioctl(device, MSHV_CREATE_PARTITION, &create);

	check(partition >= 0, "create");
	check_refused(partition, UNKNOWN_IOCTL, NULL, ENOTTY,
		      "partition: unknown ioctl");
	check_refused(partition, MSHV_CREATE_VP, &vp, EINVAL,
		      "vp before initialize");
	check(!ioctl(partition, MSHV_INITIALIZE_PARTITION), "initialize");
	check_refused(partition, MSHV_INITIALIZE_PARTITION, NULL, EINVAL,
		      "initialize twice");
	check_refused(partition, MSHV_CREATE_VP, BAD_POINTER, EFAULT,
		      "vp: bad pointer");
	vp.vp_index = 100000;
	check_refused(partition, MSHV_CREATE_VP, &vp, EINVAL,
		      "vp: index too large");
	close(partition);
	close(device);
}

static void memory_checks(struct vmm *vmm)
{
	uint8_t *memory = mmap(NULL, 0x8000, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct mshv_user_mem_region good = {
		.size = 0x4000,
		.guest_pfn = 0x10000,
		.userspace_addr = (uintptr_t)memory,
		.flags = 1u << MSHV_SET_MEM_BIT_WRITABLE,
	};
	const uint8_t unmap = 1u << MSHV_SET_MEM_BIT_UNMAP;
	struct mshv_user_mem_region region;
	const int fd = vmm->partition;

#define BAD(field, value, error, what)                                         \
	do {                                                                   \
		region = good;                                                 \
		region.field = value;                                          \
		check_refused(fd, MSHV_SET_GUEST_MEMORY, &region, error,       \
			      what);                                           \
	} while (0)
	check_refused(fd, MSHV_SET_GUEST_MEMORY, BAD_POINTER, EFAULT,
		      "memory: bad pointer");
	BAD(size, 0, EINVAL, "memory: no size");
	BAD(size, 0x4001, EINVAL, "memory: odd size");
	BAD(size, ~0xfffULL, EINVAL, "memory: size wraps");
	BAD(userspace_addr, good.userspace_addr + 1, EINVAL,
	    "memory: odd address");
	BAD(userspace_addr, 0x1000, EFAULT, "memory: nothing there");
	BAD(userspace_addr, 1ULL << 63, EFAULT, "memory: kernel address");
	BAD(flags, 0x80, EINVAL, "memory: unknown flag");
	BAD(rsvd[3], 1, EINVAL, "memory: reserved");
	BAD(guest_pfn, ~0ULL, EINVAL, "memory: guest page too high");
	BAD(flags, unmap, EINVAL, "memory: unmap what is not there");
	region = good;
	check(!ioctl(fd, MSHV_SET_GUEST_MEMORY, &region), "memory: map");
	BAD(guest_pfn, good.guest_pfn + 3, EEXIST,
	    "memory: overlap at the end");
	BAD(guest_pfn, good.guest_pfn - 3, EEXIST,
	    "memory: overlap at the start");
	region = good;
	region.flags = unmap;
	region.size = 0x3000;
	check_refused(fd, MSHV_SET_GUEST_MEMORY, &region, EINVAL,
		      "memory: unmap a part");
	region.size = good.size;
	check(!ioctl(fd, MSHV_SET_GUEST_MEMORY, &region), "memory: unmap");
	region = good;
	check(!ioctl(fd, MSHV_SET_GUEST_MEMORY, &region), "memory: map again");
	region.flags = unmap;
	check(!ioctl(fd, MSHV_SET_GUEST_MEMORY, &region),
	      "memory: unmap again");
#undef BAD
	munmap(memory, 0x8000);
}

static void large_memory_checks(struct vmm *vmm)
{
	const size_t size = 8u << 20;
	uint8_t *area = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *memory =
		(uint8_t *)(((uintptr_t)area + (2u << 20) - 1) & ~0x1fffffUL);
	struct mshv_user_mem_region region = {
		.size = size + 0x3000,
		.guest_pfn = 0x100000,
		.userspace_addr = (uintptr_t)memory,
		.flags = 1u << MSHV_SET_MEM_BIT_WRITABLE,
	};

	madvise(memory, size, MADV_HUGEPAGE);
	memset(memory, 1, size + 0x3000);
	check(!ioctl(vmm->partition, MSHV_SET_GUEST_MEMORY, &region),
	      "memory: 8 MiB and a bit");
	region.flags = 1u << MSHV_SET_MEM_BIT_UNMAP;
	check(!ioctl(vmm->partition, MSHV_SET_GUEST_MEMORY, &region),
	      "memory: and away");
	munmap(area, 2 * size);
}

static void access_checks(struct vmm *vmm)
{
	uint8_t bitmap[64];
	struct mshv_gpap_access_bitmap user = {.access_type = 2,
					       .page_count = 8,
					       .bitmap_ptr = (uintptr_t)bitmap};

	check_refused(vmm->partition, MSHV_GET_GPAP_ACCESS_BITMAP, &user,
		      EINVAL, "access: unknown type");
	user.access_type = MSHV_GPAP_ACCESS_TYPE_DIRTY;
	user.access_op = 3;
	check_refused(vmm->partition, MSHV_GET_GPAP_ACCESS_BITMAP, &user,
		      EINVAL, "access: unknown operation");
	user.access_op = 0;
	user.page_count = 0;
	check_refused(vmm->partition, MSHV_GET_GPAP_ACCESS_BITMAP, &user,
		      EINVAL, "access: no pages");
}

/* ---- interrupts and events ---- */

static void routing_checks(struct vmm *vmm)
{
	struct {
		struct mshv_user_irq_table head;
		struct mshv_user_irq_entry entries[2];
	} table = {.head.nr = MSHV_MAX_GUEST_IRQS + 1};
	const int fd = vmm->partition;

	check_refused(fd, MSHV_SET_MSI_ROUTING, &table, EINVAL,
		      "routing: too many");
	table.head.nr = 1;
	table.head.rsvd = 1;
	check_refused(fd, MSHV_SET_MSI_ROUTING, &table, EINVAL,
		      "routing: reserved");
	table.head.rsvd = 0;
	table.entries[0].gsi = MSHV_MAX_GUEST_IRQS;
	check_refused(fd, MSHV_SET_MSI_ROUTING, &table, EINVAL,
		      "routing: GSI too large");
	table.entries[0].gsi = 0;
	table.head.nr = 2;
	check_refused(fd, MSHV_SET_MSI_ROUTING, &table, EINVAL,
		      "routing: GSI twice");
	check_refused(fd, MSHV_SET_MSI_ROUTING, BAD_POINTER, EFAULT,
		      "routing: bad pointer");
	table.head.nr = 0;
	check(!ioctl(fd, MSHV_SET_MSI_ROUTING, &table), "routing: none");
	table.entries[0] = (struct mshv_user_irq_entry){
		.gsi = 5, .address_lo = 0xfee00000u, .data = VMM_VECTOR};
	table.head.nr = 1;
	check(!ioctl(fd, MSHV_SET_MSI_ROUTING, &table), "routing: one");
}

static void irqfd_checks(struct vmm *vmm, int event)
{
	struct mshv_user_irqfd irqfd = {.fd = 0, .gsi = 5};
	const int fd = vmm->partition;

	check_refused(fd, MSHV_IRQFD, &irqfd, EINVAL, "irqfd: not an eventfd");
	irqfd.fd = -1;
	check_refused(fd, MSHV_IRQFD, &irqfd, EBADF, "irqfd: no file");
	irqfd.fd = event;
	irqfd.flags = 4;
	check_refused(fd, MSHV_IRQFD, &irqfd, EINVAL, "irqfd: unknown flag");
	irqfd.flags = 1u << MSHV_IRQFD_BIT_DEASSIGN;
	check_refused(fd, MSHV_IRQFD, &irqfd, ENOENT,
		      "irqfd: remove what is not there");
	irqfd.flags = 0;
	irqfd.gsi = MSHV_MAX_GUEST_IRQS;
	check_refused(fd, MSHV_IRQFD, &irqfd, EINVAL, "irqfd: GSI too large");
	irqfd.gsi = 5;
	irqfd.flags = 1u << MSHV_IRQFD_BIT_RESAMPLE;
	irqfd.resamplefd = -1;
	check_refused(fd, MSHV_IRQFD, &irqfd, EBADF, "irqfd: no resample file");
	irqfd.flags = 0;
	check(!ioctl(fd, MSHV_IRQFD, &irqfd), "irqfd: assign");
	check_refused(fd, MSHV_IRQFD, &irqfd, EBUSY, "irqfd: assign twice");
	irqfd.flags = 1u << MSHV_IRQFD_BIT_DEASSIGN;
	check(!ioctl(fd, MSHV_IRQFD, &irqfd), "irqfd: remove");
	irqfd.flags = 0;
	check(!ioctl(fd, MSHV_IRQFD, &irqfd), "irqfd: assign again");
}

static void ioeventfd_checks(struct vmm *vmm, int event)
{
	struct mshv_user_ioeventfd user = {
		.addr = 0x500000, .len = 3, .fd = event};
	const int fd = vmm->partition;

	check_refused(fd, MSHV_IOEVENTFD, &user, EINVAL, "ioeventfd: length 3");
	user.len = 16;
	check_refused(fd, MSHV_IOEVENTFD, &user, EINVAL,
		      "ioeventfd: length 16");
	user.len = 4;
	user.flags = 8;
	check_refused(fd, MSHV_IOEVENTFD, &user, EINVAL,
		      "ioeventfd: unknown flag");
	user.flags = 1u << MSHV_IOEVENTFD_BIT_PIO;
	check_refused(fd, MSHV_IOEVENTFD, &user, EOPNOTSUPP, "ioeventfd: port");
	user.flags = 1u << MSHV_IOEVENTFD_BIT_DEASSIGN;
	check_refused(fd, MSHV_IOEVENTFD, &user, ENOENT,
		      "ioeventfd: remove what is not there");
	user.flags = 0;
	check(!ioctl(fd, MSHV_IOEVENTFD, &user), "ioeventfd: assign");
	check_refused(fd, MSHV_IOEVENTFD, &user, EEXIST,
		      "ioeventfd: assign twice");
	user.flags = 1u << MSHV_IOEVENTFD_BIT_DEASSIGN;
	check(!ioctl(fd, MSHV_IOEVENTFD, &user), "ioeventfd: remove");
}

static void event_port_checks(struct vmm *vmm, int event)
{
	struct mshv_event_port port = {.connection_id = CONNECTION, .fd = -1};
	const int fd = vmm->partition;

	check_refused(fd, MSHV_EVENT_PORT, &port, EBADF, "event port: no file");
	port.fd = event;
	port.flags = 2;
	check_refused(fd, MSHV_EVENT_PORT, &port, EINVAL,
		      "event port: unknown flag");
	port.flags = 0;
	port.rsvd = 1;
	check_refused(fd, MSHV_EVENT_PORT, &port, EINVAL,
		      "event port: reserved");
	port.rsvd = 0;
	port.connection_id = 1u << 24;
	check_refused(fd, MSHV_EVENT_PORT, &port, EINVAL,
		      "event port: id too large");
	port.connection_id = CONNECTION;
	port.flags = 1;
	check_refused(fd, MSHV_EVENT_PORT, &port, ENOENT,
		      "event port: remove what is not there");
	port.flags = 0;
	check(!ioctl(fd, MSHV_EVENT_PORT, &port), "event port: assign");
	check_refused(fd, MSHV_EVENT_PORT, &port, EEXIST,
		      "event port: assign twice");
	port.flags = 1;
	check(!ioctl(fd, MSHV_EVENT_PORT, &port), "event port: remove");
	port.flags = 0;
	check(!ioctl(fd, MSHV_EVENT_PORT, &port), "event port: assign again");
}

/* ---- virtual processor ---- */

/* Reads RAX so many times in one call: input and output of every size around
 * those that the module keeps on its stack. */
static void size_checks(struct vmm *vmm, unsigned int times)
{
	struct {
		struct hv_input_get_vp_registers head;
		uint32_t names[16];
	} input = {0};
	struct hv_register_value values[16] = {0};
	struct mshv_root_hvcall call = {
		.code = HVCALL_GET_VP_REGISTERS,
		.reps = (uint16_t)times,
		.in_sz = (uint16_t)(sizeof(input.head) + times * 4),
		.in_ptr = (uintptr_t)&input,
		.out_sz = (uint16_t)(times * sizeof(values[0])),
		.out_ptr = (uintptr_t)values,
	};
	unsigned int right = 0;

	for (unsigned int i = 0; i < times; i++)
		input.names[i] = HV_REGISTER_RAX;
	check(!vmm_hypercall(vmm->vp, &call), "vp call: any size");
	while (right < times && values[right].u64 == 0x1234)
		right++;
	check(right == times, "vp call: all of the output");
	call.reps = (uint16_t)times;
	call.status = 0;
	call.out_ptr = 0x1000;
	check_refused(vmm->vp, MSHV_ROOT_HVCALL, &call, EFAULT,
		      "vp call: bad output");
}

static void vp_checks(struct vmm *vmm)
{
	struct mshv_create_vp create = {.vp_index = 0};
	struct mshv_root_hvcall call = {.code = HVCALL_GET_VP_REGISTERS};
	struct hv_register_value value = {.u64 = 0x1234};
	uint8_t buffer[32];

	check_refused(vmm->partition, MSHV_CREATE_VP, &create, EEXIST,
		      "vp: index twice");
	check_refused(vmm->vp, UNKNOWN_IOCTL, NULL, ENOTTY,
		      "vp: unknown ioctl");
	check(mmap(NULL, 4096, PROT_READ, MAP_SHARED, vmm->vp, 2 * 4096) ==
		      MAP_FAILED,
	      "vp: no third page");
	check(mmap(NULL, 8192, PROT_READ, MAP_SHARED, vmm->vp, 0) == MAP_FAILED,
	      "vp: one page at a time");
	check(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, vmm->vp, 0) ==
		      MAP_FAILED,
	      "vp: not privately");

	check_refused(vmm->vp, MSHV_ROOT_HVCALL, &call, EINVAL,
		      "vp call: no input");
	call.in_sz = sizeof(buffer);
	call.in_ptr = 0x1000;
	check_refused(vmm->vp, MSHV_ROOT_HVCALL, &call, EFAULT,
		      "vp call: bad input");
	call.in_ptr = (uintptr_t)buffer;
	call.in_sz = 4097;
	check_refused(vmm->vp, MSHV_ROOT_HVCALL, &call, EINVAL,
		      "vp call: input too large");
	call.in_sz = sizeof(buffer);
	call.out_sz = 16;
	check_refused(vmm->vp, MSHV_ROOT_HVCALL, &call, EINVAL,
		      "vp call: no output buffer");
	call.out_sz = 0;
	call.rsvd[0] = 1;
	check_refused(vmm->vp, MSHV_ROOT_HVCALL, &call, EINVAL,
		      "vp call: reserved");
	call.rsvd[0] = 0;
	call.status = 1;
	check_refused(vmm->vp, MSHV_ROOT_HVCALL, &call, EINVAL,
		      "vp call: status given");

	check(!vmm_register_set(vmm, HV_REGISTER_RAX, value), "register: set");
	value.u64 = 0;
	check(!vmm_register_get(vmm, HV_REGISTER_RAX, &value) &&
		      value.u64 == 0x1234,
	      "register: get what was set");
	for (unsigned int times = 1; times <= 16; times++)
		size_checks(vmm, times);
	check(vmm_register_get(vmm, 0x7fff0000, &value) < 0,
	      "register: unknown name");
}

static void state_checks(struct vmm *vmm)
{
	uint8_t *buffer = aligned_alloc(4096, 16 * 4096);
	struct mshv_get_set_vp_state state = {.type = MSHV_VP_STATE_COUNT,
					      .buf_sz = 4096,
					      .buf_ptr = (uintptr_t)buffer};
	const struct hv_local_apic_state *apic = (const void *)buffer;

	check_refused(vmm->vp, MSHV_GET_VP_STATE, &state, EINVAL,
		      "state: unknown type");
	state.type = MSHV_VP_STATE_LAPIC;
	state.buf_sz = 100;
	check_refused(vmm->vp, MSHV_GET_VP_STATE, &state, EINVAL,
		      "state: odd size");
	state.buf_sz = 4096;
	state.buf_ptr += 8;
	check_refused(vmm->vp, MSHV_GET_VP_STATE, &state, EINVAL,
		      "state: odd address");
	state.buf_ptr = 0x1000;
	check_refused(vmm->vp, MSHV_GET_VP_STATE, &state, EFAULT,
		      "state: bad address");
	state.buf_ptr = (uintptr_t)buffer;
	memset(buffer, 0xff, 4096);
	check(!ioctl(vmm->vp, MSHV_GET_VP_STATE, &state), "state: local APIC");
	check(apic->spurious == 0xff && apic->id == 0,
	      "state: the APIC is fresh from reset");
	check(!ioctl(vmm->vp, MSHV_SET_VP_STATE, &state),
	      "state: local APIC back");
	state.type = MSHV_VP_STATE_SYNTHETIC_TIMERS;
	check(!ioctl(vmm->vp, MSHV_GET_VP_STATE, &state) &&
		      state.buf_sz == sizeof(struct hv_synthetic_timers_state),
	      "state: synthetic timers");
	state = (struct mshv_get_set_vp_state){.type = MSHV_VP_STATE_XSAVE,
					       .buf_sz = 16 * 4096,
					       .buf_ptr = (uintptr_t)buffer};
	check(!ioctl(vmm->vp, MSHV_GET_VP_STATE, &state) && state.buf_sz >= 576,
	      "state: XSAVE");
	free(buffer);
}

/* ---- the guest ---- */

static bool is_port(const struct mshv_run_vp *run, uint8_t access, uint32_t rax)
{
	const struct hv_message *message = (const void *)run->msg_buf;
	const struct hv_io_port_intercept *body =
		(const void *)message->payload;

	return message->header.type == HVMSG_IO_PORT_INTERCEPT &&
	       body->port == 0x3f8 && body->header.access_type == access &&
	       (access == HV_INTERCEPT_ACCESS_READ ||
		((uint32_t)body->rax & (body->access_info & 4 ? ~0u : 0xffu)) ==
			rax);
}

/* Past the intercepted instruction, by the register page. */
static void skip(struct vmm *vmm, uint64_t length)
{
	vmm->registers->rip += length;
	vmm->registers->dirty |= HV_REGISTER_PAGE_DIRTY_RIP;
}

static void skip_reported(struct vmm *vmm)
{
	const struct hv_intercept_header *header =
		(const void *)vmm->message->payload;

	skip(vmm, header->instruction_length_and_cr8 &
			  HV_INTERCEPT_INSTRUCTION_LENGTH_MASK);
}

static int run(struct vmm *vmm, struct mshv_run_vp *run)
{
	memset(run, 0, sizeof(*run));
	return ioctl(vmm->vp, MSHV_RUN_VP, run);
}

static void io_checks(struct vmm *vmm)
{
	struct mshv_run_vp result;
	const struct hv_memory_intercept *memory =
		(const void *)((const struct hv_message *)(const void *)
				       result.msg_buf)
			->payload;
	uint32_t type;

	check_refused(vmm->vp, MSHV_RUN_VP, BAD_POINTER, EFAULT,
		      "run: bad pointer");
	check(!memcmp(vmm->message, &(uint32_t){HVMSG_IO_PORT_INTERCEPT}, 4),
	      "run: the message is in the page all the same");
	check(vmm->registers->is_valid && vmm->registers->version == 1,
	      "run: the register page is valid");
	skip_reported(vmm);
	check(!run(vmm, &result) &&
		      is_port(&result, HV_INTERCEPT_ACCESS_READ, 0),
	      "run: port read");
	vmm->registers->gprs[HV_GPR_RAX] = 'z';
	vmm->registers->dirty |= HV_REGISTER_PAGE_DIRTY_GPR;
	skip_reported(vmm);
	check(!run(vmm, &result) &&
		      is_port(&result, HV_INTERCEPT_ACCESS_WRITE, 'z'),
	      "run: the guest reads what the register page says");
	skip_reported(vmm);
	check(!run(vmm, &result), "run: on to unmapped memory");
	memcpy(&type, result.msg_buf, sizeof(type));
	check((type == HVMSG_UNMAPPED_GPA || type == HVMSG_GPA_INTERCEPT) &&
		      memory->gpa == 0x400000 &&
		      memory->header.access_type == HV_INTERCEPT_ACCESS_WRITE,
	      "run: unmapped memory");
	skip(vmm, 10); /* movl $imm32, moffs with a 32-bit address */
}

static void event_checks(struct vmm *vmm, int event)
{
	struct mshv_run_vp result;
	uint64_t count = 0;

	check(!run(vmm, &result) &&
		      is_port(&result, HV_INTERCEPT_ACCESS_WRITE, 0),
	      "event: SignalEvent to the port succeeds");
	check(read(event, &count, sizeof(count)) == sizeof(count) && count == 1,
	      "event: the eventfd counted one");
	skip_reported(vmm);
	check(!run(vmm, &result) && is_port(&result, HV_INTERCEPT_ACCESS_WRITE,
					    HV_STATUS_INVALID_CONNECTION_ID),
	      "event: SignalEvent elsewhere is refused");
	check(read(event, &count, sizeof(count)) < 0 && errno == EAGAIN,
	      "event: and counted nowhere");
	skip_reported(vmm);
}

static void on_alarm(int number)
{
	(void)number;
}

static void alarm_after(long microseconds)
{
	const struct itimerval timer = {.it_value.tv_usec = microseconds};

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void interrupt_checks(struct vmm *vmm, int irq_event)
{
	const uint64_t one = 1;
	struct mshv_run_vp result;

	alarm_after(300000);
	check(run(vmm, &result) < 0 && errno == EINTR,
	      "signal: ends RUN_VP of a halted guest");
	alarm_after(300000);
	check(run(vmm, &result) < 0 && errno == EINTR, "signal: and again");
	for (int i = 0; i < 3; i++) {
		check(write(irq_event, &one, sizeof(one)) == sizeof(one),
		      "irqfd: write");
		alarm_after(900000);
		check(!run(vmm, &result) &&
			      is_port(&result, HV_INTERCEPT_ACCESS_WRITE, 'I'),
		      "irqfd: the guest took its interrupt");
		skip_reported(vmm);
	}
	alarm_after(300000);
	check(run(vmm, &result) < 0 && errno == EINTR,
	      "irqfd: and no more than that");
}

static void stats_checks(struct vmm *vmm)
{
	struct mshv_partition_stats stats = {.vp_index = ~0u};

	check(!ioctl(vmm->partition, MSHV_PARTITION_STATS, &stats),
	      "statistics");
	check(stats.stats.parent_intercepts >= 5,
	      "statistics: intercepts were counted");
	check(stats.stats.run_time > 0, "statistics: the guest took time");
	stats.vp_index = 77;
	check(ioctl(vmm->partition, MSHV_PARTITION_STATS, &stats) < 0,
	      "statistics: of a vp that is not there");
}

/* ---- lives ---- */

static void survivor_checks(struct vmm *vmm)
{
	struct hv_register_value value;

	close(vmm->partition);
	vmm->partition = -1;
	check(!vmm_register_get(vmm, HV_REGISTER_RIP, &value),
	      "life: a vp outlives its partition's descriptor");
}

static bool whole_life(void)
{
	struct vmm vmm;
	struct mshv_run_vp result;
	const bool good = !vmm_partition(&vmm) && !vmm_memory(&vmm) &&
			  !vmm_vp(&vmm) && !vmm_guest(&vmm) &&
			  !run(&vmm, &result) &&
			  is_port(&result, HV_INTERCEPT_ACCESS_WRITE, 'A');

	vmm_close(&vmm);
	return good;
}

/* A guest that computes for ever: ends by a signal, or with the partition. */
static int spin(void)
{
	struct mshv_run_vp result;
	struct vmm vmm;

	if (vmm_partition(&vmm) || vmm_memory(&vmm) || vmm_vp(&vmm) ||
	    vmm_guest(&vmm))
		return 1;
	vmm.memory[VMM_ENTRY] = 0xeb; /* jmp to itself */
	vmm.memory[VMM_ENTRY + 1] = 0xfe;
	run(&vmm, &result);
	return 2;
}

/* A process that dies while its guest runs takes everything with it. */
static void death_checks(void)
{
	for (int i = 0; i < 3; i++) {
		const pid_t child = fork();
		int status;

		if (child == 0)
			_exit(spin());
		usleep(300000);
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		check(WIFSIGNALED(status),
		      "life: killed while its guest spins");
	}
}

static void *other_vp(void *argument)
{
	struct vmm *vmm = argument;
	struct hv_register_value value;

	for (int i = 0; i < 2000; i++)
		vmm_register_get(vmm, HV_REGISTER_EXPLICIT_SUSPEND, &value);
	return NULL;
}

/* More CPUID results than there is room for: refused, and in finite time. */
static void memory_hunger_checks(struct vmm *vmm)
{
	struct hv_input_register_intercept_result input = {
		.intercept_type = HV_INTERCEPT_TYPE_CPUID,
		.cpuid = {.input_eax = 0x1000, .subleaf_specific = 1},
	};
	struct mshv_root_hvcall call = {
		.code = HVCALL_REGISTER_INTERCEPT_RESULT,
		.in_sz = sizeof(input),
		.in_ptr = (uintptr_t)&input,
	};
	int result = 0;

	for (uint32_t i = 0; i < 4096 && !result; i++) {
		input.cpuid.input_ecx = i;
		call.status = 0;
		result = vmm_hypercall(vmm->partition, &call);
	}
	check(result < 0, "call: more results than there is room for");
}

static void guest_checks(void)
{
	const int event = eventfd(0, EFD_NONBLOCK),
		  irq_event = eventfd(0, EFD_NONBLOCK);
	pthread_t thread;
	struct vmm vmm;

	check(!vmm_partition(&vmm), "guest: partition");
	log_checks(vmm.device);
	memory_checks(&vmm);
	large_memory_checks(&vmm);
	check(!vmm_memory(&vmm), "guest: memory");
	check(!vmm_vp(&vmm), "guest: vp and its pages");
	if (vmm.vp < 0 || !vmm.registers || !vmm.message || !vmm.memory)
		return;
	vp_checks(&vmm);
	state_checks(&vmm);
	access_checks(&vmm);
	routing_checks(&vmm);
	irqfd_checks(&vmm, irq_event);
	ioeventfd_checks(&vmm, event);
	event_port_checks(&vmm, event);
	check(!vmm_guest(&vmm), "guest: registers");
	io_checks(&vmm);
	event_checks(&vmm, event);
	pthread_create(&thread, NULL, other_vp, &vmm);
	interrupt_checks(&vmm, irq_event);
	pthread_join(thread, NULL);
	stats_checks(&vmm);
	memory_hunger_checks(&vmm);
	survivor_checks(&vmm);
	vmm_close(&vmm);
}

int main(int argc, char **argv)
{
	const int lives = argc > 1 ? atoi(argv[1]) : 20;
	const struct sigaction action = {.sa_handler = on_alarm};
	const int device = open("/dev/mshv", O_RDWR | O_CLOEXEC);
	int lived = 0;

	if (argc > 1 && !strcmp(argv[1], "--spin"))
		return spin();
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGALRM, &action, NULL);
	if (device < 0) {
		printf("FAIL /dev/mshv: %s\n", strerror(errno));
		return 1;
	}
	device_checks(device);
	close(device);
	partition_checks();
	guest_checks();
	death_checks();
	while (lived < lives && whole_life())
		lived++;
	check(lived == lives,
	      "life: from creation to the first port write, many times");
	printf("%s mshv_ioctl: %u failed\n", check_failures() ? "FAIL" : "PASS",
	       check_failures());
	return check_failures() != 0;
}
