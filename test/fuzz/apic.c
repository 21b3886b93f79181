/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual local APIC: registers by MSR and by page, the decoder of MOVs on
 * that page, interrupts, their ends, timers, and its state saved and restored.
 */
#include "fuzz.h"

#include "hv/core/apic_mmio.h"
#include "test/unit/hv/core/world.h"

static struct fuzz input;
static struct vp *vps[2];

static void registers(struct vp *vp, unsigned int kind)
{
	const uint32_t offset = fuzz_8(&input) * 16u % 0x400;
	uint64_t value;

	switch (kind) {
	case 0:
		apic_msr_read(vp, 0x800 + offset / 16, &value);
		break;
	case 1:
		apic_msr_write(vp, 0x800 + offset / 16,
			       fuzz_number(&input, offset == 0x300 ? 8 : 4));
		break;
	case 2:
		apic_page_read(vp, offset);
		break;
	default:
		apic_page_write(vp, offset, fuzz_32(&input));
	}
}

static void mode(struct vp *vp)
{
	static const uint64_t modes[] = {0, APIC_BASE_ENABLED,
					 APIC_BASE_ENABLED | APIC_BASE_X2APIC,
					 APIC_BASE_X2APIC};
	const uint8_t which = fuzz_8(&input);
	uint64_t value = (vp->apic.base & ~modes[2]) | modes[which & 3];

	if (which & 128)
		value ^= fuzz_64(&input);
	apic_msr_write(vp, 0x1b, value);
}

static void send(struct vp *vp)
{
	const uint8_t which = fuzz_8(&input);
	const struct apic_message message = {
		.destination = which & 1 ? fuzz_32(&input) : fuzz_8(&input),
		.logical = which & 2,
		.level = which & 4,
		.x2apic = which & 8,
		.mode = (enum apic_mode)(which >> 5),
		.vector = fuzz_8(&input),
	};

	apic_send(vp->partition, &message);
}

/* Saved and restored it is the same, if it could be restored at all. */
static void state(struct vp *vp)
{
	struct hv_local_apic_state saved, again;
	const uint8_t changes = fuzz_8(&input) & 3;

	apic_state_get(vp, &saved);
	for (uint8_t i = 0; i < changes; i++)
		((uint8_t *)&saved)[fuzz_16(&input) % sizeof(saved)] =
			fuzz_8(&input);
	if (!apic_state_set(vp, &saved) || changes)
		return;
	apic_state_get(vp, &again);
	FUZZ_CHECK(memcmp(&saved, &again, sizeof(saved)) == 0);
}

static void mmio(struct vp *vp)
{
	static const uint16_t kinds[] = {0xa09b, 0xc09b, 0x009b};
	const uint8_t which = fuzz_8(&input);
	const struct hv_register_value cs = {
		.segment = {.limit = 0xffffffff,
			    .attributes = kinds[which % 3]}};
	const struct hv_register_value efer = {.u64 = which % 3 ? 0 : 0x500};
	struct virt_intercept intercept = {
		.kind = VIRT_GPA,
		.byte_count = which & 4 ? which >> 4 : 15,
		.memory = {.gpa = GPA(APIC_PAGE_GPA + fuzz_16(&input) % 4096),
			   .access = which & 8 ? VIRT_ACCESS_WRITE
					       : VIRT_ACCESS_READ},
	};
	const uint64_t rip = vp->virt->registers.rip;

	virt->vp_set(vp->virt, HV_REGISTER_CS, &cs);
	virt->vp_set(vp->virt, HV_REGISTER_EFER, &efer);
	fuzz_bytes(&input, intercept.bytes, 15);
	if (apic_mmio(vp, &intercept))
		FUZZ_CHECK(vp->virt->registers.rip - rip - 1 < 15);
	else
		FUZZ_CHECK(vp->virt->registers.rip == rip);
}

static void pass(struct vp *vp, uint64_t time)
{
	fake.now += time;
	/* A timer that stays due is one that nobody could ever serve. */
	for (unsigned int i = 0; vp->timers.deadline <= fake.now; i++) {
		FUZZ_CHECK(i < 16);
		timer_expire(vp, fake.now);
	}
}

static void step(void)
{
	const uint8_t operation = fuzz_8(&input);
	struct vp *vp = vps[operation >> 7];

	switch (operation & 15) {
	case 4:
		mode(vp);
		break;
	case 5:
		apic_post(vp, fuzz_8(&input), operation & 16);
		break;
	case 6:
		send(vp);
		break;
	case 7:
	case 8:
		world_take(vp);
		break;
	case 9:
	case 10:
		apic_eoi(vp);
		break;
	case 11:
		pass(vp, (uint64_t)fuzz_16(&input) << (operation >> 4 & 7) * 4);
		break;
	case 12:
		state(vp);
		break;
	case 13:
		vp->virt->registers.cr8 = operation >> 4 & 7;
		break;
	case 14:
		mmio(vp);
		break;
	case 15:
		if (operation & 64)
			apic_reset(vp);
		else
			apic_icr_write(vp, fuzz_64(&input));
		break;
	default:
		registers(vp, operation & 3);
	}
}

static void check(const struct apic *apic)
{
	unsigned int top = 0;

	for (unsigned int i = 8; i > 0 && !top; i--)
		if (apic->isr[i - 1])
			top = i * 32 - 1 -
			      (unsigned int)__builtin_clz(apic->isr[i - 1]);
	FUZZ_CHECK(apic->isr_top == top);
	FUZZ_CHECK(((apic->irr[0] | apic->isr[0]) & 0xffff) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = (struct fuzz){data, size, 0};
	world_setup(NULL);
	for (unsigned int i = 0; i < 2; i++) {
		vps[i] = hypervisor_parent_vp(i);
		world_apic_on(vps[i], i);
	}
	while (fuzz_more(&input)) {
		step();
		check(&vps[0]->apic);
		check(&vps[1]->apic);
	}
	world_teardown(NULL);
	return 0;
}
