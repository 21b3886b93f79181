// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The smallest monitor that KVM allows, to measure ioeventfd and irqfd alone:
 * the guest's doorbell is an eventfd, a thread answers each by an irqfd.
 *
 *   kvm-signal GUEST [COMMAND LINE]
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEMORY_SIZE (64u << 20)
#define HEADER_SIZE 1024u
#define LOAD_AT	    0x100000u
#define GDT_AT	    0x6000u
#define PARAMS_AT   0x7000u
#define LINE_AT	    0x9000u
#define LINE_FIELD  0x228u
#define TSS_AT	    0xfffbd000u
#define DOORBELL    0x500u
#define COM1	    0x3f8u
#define END_PORT    0x604u
#define ANSWER_GSI  24u
#define VECTOR	    0x44u /* the guest's VECTOR_EVENT */
#define ENTRIES_MAX 128

struct monitor {
	int kvm;
	int vm;
	int vcpu;
	uint8_t *memory;
	struct kvm_run *run;
	int doorbell;
	int answer;
};

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static int call(int fd, unsigned long request, void *argument, const char *what)
{
	const int result = ioctl(fd, request, argument);

	if (result < 0)
		give_up(what);
	return result;
}

static void load(struct monitor *monitor, const char *path, const char *line)
{
	static const uint64_t gdt[] = {0, 0, 0x00cf9b000000ffffull,
				       0x00cf93000000ffffull};
	const uint32_t line_at = LINE_AT;
	FILE *const file = fopen(path, "rb");

	if (!file || fseek(file, HEADER_SIZE, SEEK_SET))
		give_up(path);
	if (!fread(monitor->memory + LOAD_AT, 1, LOAD_AT, file))
		give_up(path);
	fclose(file);
	memcpy(monitor->memory + GDT_AT, gdt, sizeof(gdt));
	memcpy(monitor->memory + PARAMS_AT + LINE_FIELD, &line_at,
	       sizeof(line_at));
	strncpy((char *)monitor->memory + LINE_AT, line, 1023);
}

static void make_vm(struct monitor *monitor)
{
	struct kvm_userspace_memory_region region = {
		.memory_size = MEMORY_SIZE,
	};

	monitor->vm = call(monitor->kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
	call(monitor->vm, KVM_SET_TSS_ADDR, (void *)(uintptr_t)TSS_AT,
	     "KVM_SET_TSS_ADDR");
	call(monitor->vm, KVM_CREATE_IRQCHIP, NULL, "KVM_CREATE_IRQCHIP");
	monitor->memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (monitor->memory == MAP_FAILED)
		give_up("mmap");
	region.userspace_addr = (uintptr_t)monitor->memory;
	call(monitor->vm, KVM_SET_USER_MEMORY_REGION, &region,
	     "KVM_SET_USER_MEMORY_REGION");
}

static void make_signals(struct monitor *monitor)
{
	struct kvm_ioeventfd in = {
		.addr = DOORBELL,
		.len = 1,
		.flags = KVM_IOEVENTFD_FLAG_PIO,
	};
	struct kvm_irqfd out = {.gsi = ANSWER_GSI};
	struct kvm_irq_routing *const routing =
		calloc(1, sizeof(*routing) + sizeof(routing->entries[0]));

	if (!routing)
		give_up("calloc");
	routing->nr = 1;
	routing->entries[0] = (struct kvm_irq_routing_entry){
		.gsi = ANSWER_GSI,
		.type = KVM_IRQ_ROUTING_MSI,
		.u.msi = {.address_lo = 0xfee00000u, .data = VECTOR},
	};
	call(monitor->vm, KVM_SET_GSI_ROUTING, routing, "KVM_SET_GSI_ROUTING");
	free(routing);
	monitor->doorbell = eventfd(0, EFD_CLOEXEC);
	monitor->answer = eventfd(0, EFD_CLOEXEC);
	in.fd = monitor->doorbell;
	out.fd = (uint32_t)monitor->answer;
	call(monitor->vm, KVM_IOEVENTFD, &in, "KVM_IOEVENTFD");
	call(monitor->vm, KVM_IRQFD, &out, "KVM_IRQFD");
}

static void make_vcpu(struct monitor *monitor)
{
	struct kvm_cpuid2 *const cpuid = calloc(
		1, sizeof(*cpuid) + ENTRIES_MAX * sizeof(cpuid->entries[0]));
	const int size = call(monitor->kvm, KVM_GET_VCPU_MMAP_SIZE, NULL,
			      "KVM_GET_VCPU_MMAP_SIZE");

	if (!cpuid)
		give_up("calloc");
	monitor->vcpu =
		call(monitor->vm, KVM_CREATE_VCPU, NULL, "KVM_CREATE_VCPU");
	monitor->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
			    MAP_SHARED, monitor->vcpu, 0);
	if (monitor->run == MAP_FAILED)
		give_up("mmap of the vcpu");
	cpuid->nent = ENTRIES_MAX;
	call(monitor->kvm, KVM_GET_SUPPORTED_CPUID, cpuid,
	     "KVM_GET_SUPPORTED_CPUID");
	call(monitor->vcpu, KVM_SET_CPUID2, cpuid, "KVM_SET_CPUID2");
	free(cpuid);
}

/* 32 bits, flat, as the Linux boot protocol's 32-bit entry wants it. */
static void set_registers(const struct monitor *monitor)
{
	struct kvm_segment data = {
		.limit = 0xffffffffu,
		.selector = 0x18,
		.type = 3,
		.present = 1,
		.s = 1,
		.db = 1,
		.g = 1,
	};
	struct kvm_segment code = data;
	struct kvm_regs registers = {
		.rip = LOAD_AT,
		.rsi = PARAMS_AT,
		.rflags = 2,
	};
	struct kvm_sregs system;

	code.selector = 0x10;
	code.type = 11;
	call(monitor->vcpu, KVM_GET_SREGS, &system, "KVM_GET_SREGS");
	system.cs = code;
	system.ds = system.es = system.ss = system.fs = system.gs = data;
	system.gdt = (struct kvm_dtable){.base = GDT_AT, .limit = 31};
	system.cr0 |= 1;
	call(monitor->vcpu, KVM_SET_SREGS, &system, "KVM_SET_SREGS");
	call(monitor->vcpu, KVM_SET_REGS, &registers, "KVM_SET_REGS");
}

static void *answer(void *argument)
{
	const struct monitor *const monitor = argument;
	const uint64_t one = 1;
	uint64_t count;

	while (read(monitor->doorbell, &count, sizeof(count)) ==
	       sizeof(count)) {
		if (write(monitor->answer, &one, sizeof(one)) != sizeof(one))
			give_up("irqfd");
	}
	return NULL;
}

/* False at the guest's end. */
static bool handle_io(struct kvm_run *run)
{
	uint8_t *const data = (uint8_t *)run + run->io.data_offset;

	if (run->io.direction == KVM_EXIT_IO_IN) {
		memset(data, 0xff, (size_t)run->io.size * run->io.count);
		return true;
	}
	if (run->io.port == COM1)
		putchar(*data);
	return run->io.port != END_PORT;
}

static bool handle(struct kvm_run *run)
{
	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		return handle_io(run);
	case KVM_EXIT_MMIO:
		if (!run->mmio.is_write)
			memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
		return true;
	case KVM_EXIT_SHUTDOWN:
		return false;
	default:
		fprintf(stderr, "kvm-signal: exit reason %u\n",
			run->exit_reason);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct monitor monitor = {.kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC)};
	pthread_t thread;

	if (argc < 2) {
		fprintf(stderr, "usage: kvm-signal GUEST [COMMAND LINE]\n");
		return 2;
	}
	if (monitor.kvm < 0)
		give_up("/dev/kvm");
	make_vm(&monitor);
	load(&monitor, argv[1], argc > 2 ? argv[2] : "");
	make_signals(&monitor);
	make_vcpu(&monitor);
	set_registers(&monitor);
	if (pthread_create(&thread, NULL, answer, &monitor))
		give_up("pthread_create");
	do
		call(monitor.vcpu, KVM_RUN, NULL, "KVM_RUN");
	while (handle(monitor.run));
	fflush(stdout);
	return 0;
}
