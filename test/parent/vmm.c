// SPDX-License-Identifier: GPL-2.0-or-later
/* Opens partitions for the checks and puts the 32-bit guest into one. */
#include "vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define GDT			0x2800u
#define IDT			0x2000u
#define STACK			0x8000u
#define GDT_CODE		0x00cf9b000000ffffULL
#define GDT_DATA		0x00cf93000000ffffULL
#define SEGMENT_CODE_ATTRIBUTES 0xc09b
#define SEGMENT_DATA_ATTRIBUTES 0xc093

static unsigned int failures;

void check(bool passed, const char *what)
{
	printf("%s %s\n", passed ? "PASS" : "FAIL", what);
	failures += !passed;
}

void check_refused(int fd, unsigned long request, void *arguments, int error,
		   const char *what)
{
	const int result = ioctl(fd, request, arguments);
	const int got = result < 0 ? errno : 0;

	check(got == error, what);
	if (got != error)
		printf("     expected %s, got %d (%s)\n", strerror(error),
		       result, strerror(got));
}

unsigned int check_failures(void)
{
	return failures;
}

int vmm_hypercall(int fd, struct mshv_root_hvcall *call)
{
	return ioctl(fd, MSHV_ROOT_HVCALL, call);
}

int vmm_partition(struct vmm *vmm)
{
	struct mshv_create_partition arguments = {
		.pt_flags = 1u << MSHV_PT_BIT_LAPIC | 1u << MSHV_PT_BIT_X2APIC |
			    1u << MSHV_PT_BIT_GPA_SUPER_PAGES,
	};

	*vmm = (struct vmm){.device = -1, .partition = -1, .vp = -1};
	vmm->device = open("/dev/mshv", O_RDWR | O_CLOEXEC);
	if (vmm->device < 0)
		return -1;
	vmm->partition = ioctl(vmm->device, MSHV_CREATE_PARTITION, &arguments);
	if (vmm->partition < 0)
		return -1;
	return ioctl(vmm->partition, MSHV_INITIALIZE_PARTITION);
}

int vmm_memory(struct vmm *vmm)
{
	struct mshv_user_mem_region region = {
		.size = VMM_MEMORY_SIZE,
		.flags = 1u << MSHV_SET_MEM_BIT_WRITABLE |
			 1u << MSHV_SET_MEM_BIT_EXECUTABLE,
	};

	vmm->memory = mmap(NULL, VMM_MEMORY_SIZE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (vmm->memory == MAP_FAILED) {
		vmm->memory = NULL;
		return -1;
	}
	region.userspace_addr = (uintptr_t)vmm->memory;
	return ioctl(vmm->partition, MSHV_SET_GUEST_MEMORY, &region);
}

int vmm_vp(struct vmm *vmm)
{
	struct mshv_create_vp arguments = {.vp_index = 0};
	void *page;

	vmm->vp = ioctl(vmm->partition, MSHV_CREATE_VP, &arguments);
	if (vmm->vp < 0)
		return -1;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, vmm->vp, 0);
	if (page == MAP_FAILED)
		return -1;
	vmm->registers = page;
	page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, vmm->vp,
		    MSHV_VP_MMAP_OFFSET_INTERCEPT_MESSAGE * 4096);
	if (page == MAP_FAILED)
		return -1;
	vmm->message = page;
	return 0;
}

int vmm_register_set(struct vmm *vmm, uint32_t name,
		     struct hv_register_value value)
{
	struct {
		struct hv_input_set_vp_registers head;
		struct hv_register_assoc element;
	} input = {.element = {.name = name, .value = value}};
	struct mshv_root_hvcall call = {
		.code = HVCALL_SET_VP_REGISTERS,
		.reps = 1,
		.in_sz = sizeof(input),
		.in_ptr = (uintptr_t)&input,
	};

	return vmm_hypercall(vmm->vp, &call);
}

int vmm_register_get(struct vmm *vmm, uint32_t name,
		     struct hv_register_value *value)
{
	struct {
		struct hv_input_get_vp_registers head;
		uint32_t name;
	} __attribute__((packed)) input = {.name = name};
	struct mshv_root_hvcall call = {
		.code = HVCALL_GET_VP_REGISTERS,
		.reps = 1,
		.in_sz = sizeof(input),
		.in_ptr = (uintptr_t)&input,
		.out_sz = sizeof(*value),
		.out_ptr = (uintptr_t)value,
	};

	return vmm_hypercall(vmm->vp, &call);
}

static void tables_write(struct vmm *vmm)
{
	const uint64_t gdt[] = {0, GDT_CODE, GDT_DATA};
	const uint32_t isr = VMM_ENTRY + (uint32_t)(guest_isr - guest_code);
	const uint64_t gate = (isr & 0xffff) | 8ULL << 16 | 0x8e00ULL << 32 |
			      (uint64_t)(isr >> 16) << 48;

	memcpy(vmm->memory + GDT, gdt, sizeof(gdt));
	memcpy(vmm->memory + IDT + VMM_VECTOR * 8, &gate, sizeof(gate));
	memcpy(vmm->memory + VMM_ENTRY, guest_code,
	       (size_t)(guest_code_end - guest_code));
}

/* Flat protected mode without paging, at the guest's first instruction. */
int vmm_guest(struct vmm *vmm)
{
	const struct hv_segment_register code = {
		.limit = 0xffffffff,
		.selector = 8,
		.attributes = SEGMENT_CODE_ATTRIBUTES};
	const struct hv_segment_register data = {
		.limit = 0xffffffff,
		.selector = 16,
		.attributes = SEGMENT_DATA_ATTRIBUTES};
	const struct {
		uint32_t name;
		struct hv_register_value value;
	} registers[] = {
		{HV_REGISTER_CR0, {.u64 = 0x11}},
		{HV_REGISTER_CS, {.segment = code}},
		{HV_REGISTER_SS, {.segment = data}},
		{HV_REGISTER_DS, {.segment = data}},
		{HV_REGISTER_ES, {.segment = data}},
		{HV_REGISTER_GDTR, {.table = {.base = GDT, .limit = 23}}},
		{HV_REGISTER_IDTR, {.table = {.base = IDT, .limit = 0x7ff}}},
		{HV_REGISTER_RSP, {.u64 = STACK}},
		{HV_REGISTER_RIP, {.u64 = VMM_ENTRY}},
		{HV_REGISTER_RFLAGS, {.u64 = 2}},
	};

	tables_write(vmm);
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		if (vmm_register_set(vmm, registers[i].name,
				     registers[i].value))
			return -1;
	return 0;
}

void vmm_close(struct vmm *vmm)
{
	if (vmm->registers)
		munmap(vmm->registers, 4096);
	if (vmm->message)
		munmap((void *)(uintptr_t)vmm->message, 4096);
	if (vmm->vp >= 0)
		close(vmm->vp);
	if (vmm->partition >= 0)
		close(vmm->partition);
	if (vmm->device >= 0)
		close(vmm->device);
	if (vmm->memory)
		munmap(vmm->memory, VMM_MEMORY_SIZE);
	*vmm = (struct vmm){.device = -1, .partition = -1, .vp = -1};
}
