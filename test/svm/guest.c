/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests for the cases: 2 MiB of memory, flat segments, an IDT to fill. */
#include "../../hv/lib/string.h"
#include "../../hv/x86/cpu.h"
#include "../../hv/x86/register.h"
#include "test.h"

bool guest_is_parent;

static void put(struct guest *guest, uint32_t at, uint64_t value)
{
	memcpy(guest->memory + at, &value, sizeof(value));
}

static void set_segment(struct guest *guest, uint32_t name, uint16_t selector,
			uint16_t attributes)
{
	struct hv_register_value value = {
		.segment = {.selector = selector,
			    .attributes = attributes,
			    .limit = 0xffffffff},
	};

	check(virt->vp_set(guest->vp, name, &value));
}

static void set_table(struct guest *guest, uint32_t name, uint64_t base,
		      uint16_t limit)
{
	struct hv_register_value value = {
		.table = {.base = base, .limit = limit},
	};

	check(virt->vp_set(guest->vp, name, &value));
}

uint64_t guest_get(struct guest *guest, uint32_t name)
{
	struct hv_register_value value;

	check(virt->vp_get(guest->vp, name, &value));
	return value.u64;
}

bool guest_set(struct guest *guest, uint32_t name, uint64_t value)
{
	struct hv_register_value wide = {.u64 = value};

	return virt->vp_set(guest->vp, name, &wide);
}

static void make_memory(struct guest *guest, const uint8_t *begin,
			const uint8_t *end)
{
	static uint64_t next = 0x8000000; /* above the page heap */
	struct virt_mapping mapping = {
		.size = LARGE_PAGE_SIZE,
		.rights = VIRT_MAP_READ | VIRT_MAP_WRITE | VIRT_MAP_EXECUTE,
	};

	guest->spa = SPA(next);
	guest->memory = (uint8_t *)next;
	memset(guest->memory, 0, GUEST_MEMORY);
	memcpy(guest->memory + GUEST_CODE, begin, (size_t)(end - begin));
	guest->space.pages = &test_pages;
	mapping.spa = guest->spa;
	check(virt->space_map(&guest->space, &mapping) == HV_STATUS_SUCCESS);
}

struct virt_vp *guest_vp(struct guest *guest)
{
	const struct virt_vp_config config = {
		.parent = guest_is_parent,
		.space = &guest->space,
		.pages = &test_pages,
		.own_port = guest_is_parent ? 0x2f8 : 0,
	};

	return virt->vp_create(&config);
}

void guest_start_real(struct guest *guest, const uint8_t *begin,
		      const uint8_t *end)
{
	memset(guest, 0, sizeof(*guest));
	make_memory(guest, begin, end);
	guest->vp = guest_vp(guest);
	virt->vp_switch(NULL, guest->vp);
}

void guest_start(struct guest *guest, const uint8_t *begin, const uint8_t *end)
{
	guest_start_real(guest, begin, end);
	put(guest, GUEST_TABLES, (GUEST_TABLES + 0x1000) | 7);
	put(guest, GUEST_TABLES + 0x1000, (GUEST_TABLES + 0x2000) | 7);
	put(guest, GUEST_TABLES + 0x2000, 0x87);
	/* The second 2 MiB of the virtual space are above all memory. */
	put(guest, GUEST_TABLES + 0x2008, 0x200087);
	put(guest, GUEST_GDT + GUEST_CODE32, 0x00cf9b000000ffff);
	put(guest, GUEST_GDT + GUEST_CODE64, 0x00af9b000000ffff);
	put(guest, GUEST_GDT + GUEST_DATA, 0x00cf93000000ffff);

	set_table(guest, HV_REGISTER_GDTR, GUEST_GDT, 0x1f);
	set_table(guest, HV_REGISTER_IDTR, GUEST_IDT, 0xfff);
	set_segment(guest, HV_REGISTER_CS, GUEST_CODE64, 0xa09b);
	set_segment(guest, HV_REGISTER_SS, GUEST_DATA, 0xc093);
	set_segment(guest, HV_REGISTER_DS, GUEST_DATA, 0xc093);
	set_segment(guest, HV_REGISTER_ES, GUEST_DATA, 0xc093);
	check(guest_set(guest, HV_REGISTER_EFER,
			EFER_LME | EFER_LMA | EFER_NXE));
	check(guest_set(guest, HV_REGISTER_CR3, GUEST_TABLES));
	check(guest_set(guest, HV_REGISTER_CR4, CR4_PAE));
	check(guest_set(guest, HV_REGISTER_CR0,
			CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_PE));
	guest->vp->registers.rip = GUEST_CODE;
	guest->vp->registers.gpr[VIRT_RSP] = GUEST_STACK;
}

void guest_end(struct guest *guest)
{
	virt->vp_switch(guest->vp, NULL);
	virt->vp_destroy(guest->vp, &test_pages);
	while (!virt->space_release(&guest->space, 1))
		;
}

enum virt_intercept_kind guest_run(struct guest *guest)
{
	do {
		memset(&guest->intercept, 0x5a, sizeof(guest->intercept));
		virt->vp_run(guest->vp, &guest->intercept);
		interrupts_let_in();
	} while (guest->intercept.kind == VIRT_HOST &&
		 !guest->intercept.interrupted.valid);
	return guest->intercept.kind;
}

void guest_skip(struct guest *guest)
{
	virt->vp_skip(guest->vp, &guest->intercept);
}

void guest_gate(struct guest *guest, unsigned int vector, uint64_t handler)
{
	uint64_t address = GUEST_CODE + handler;

	put(guest, GUEST_IDT + 16 * vector,
	    (address & 0xffff) | GUEST_CODE64 << 16 | 0x8e00ull << 32 |
		    (address >> 16 & 0xffff) << 48);
}

void guest_inject(struct guest *guest, enum virt_event_type type,
		  uint8_t vector)
{
	const struct virt_event event = {
		.valid = true,
		.type = (uint8_t)type,
		.vector = vector,
	};

	virt->vp_inject(guest->vp, &event);
}
