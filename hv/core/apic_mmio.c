/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decodes MOVs on the local-APIC page, the only decoder in the hypervisor. */
#include "apic_mmio.h"

#include "../lib/string.h"
#include "apic.h"
#include "gva.h"
#include "vp.h"

#define INSTRUCTION_MAX 15

/* Attributes of a segment register */
#define SEGMENT_LONG BIT(13)
#define SEGMENT_BIG  BIT(14)
#define EFER_LMA     BIT(10)

#define REX_R 4
#define REX_W 8

/* An instruction as far as it has been looked at. */
struct decoder {
	uint8_t bytes[INSTRUCTION_MAX];
	unsigned int count;    /* how many of them there are */
	unsigned int position; /* of the next to look at; beyond: it is cut */
	uint8_t rex;
	unsigned int operand_size; /* bytes, 2 to 8 */
	unsigned int address_size;
};

/* A 32-bit MOV to or from the page. */
struct mov {
	bool store;
	bool immediate;
	uint8_t gpr; /* enum virt_gpr, unless immediate */
	uint32_t value;
};

/* The next byte; beyond the last there are zeroes. */
static uint8_t next(struct decoder *decoder)
{
	unsigned int position = decoder->position++;

	return position < decoder->count ? decoder->bytes[position] : 0;
}

/* Takes prefixes in; returns the opcode. */
static uint8_t decode_prefixes(struct decoder *decoder, bool long_mode,
			       bool big)
{
	bool operand = false, address = false;
	uint8_t byte = next(decoder);

	for (;; byte = next(decoder)) {
		if (byte == 0x66)
			operand = true;
		else if (byte == 0x67)
			address = true;
		else if ((byte & 0xe7) != 0x26 && byte != 0x64 && byte != 0x65)
			break; /* segments mean nothing: the address is known */
	}
	/* REX counts only right before the opcode. */
	if (long_mode && (byte & 0xf0) == 0x40) {
		decoder->rex = byte;
		byte = next(decoder);
	}
	decoder->operand_size = decoder->rex & REX_W		? 8
				: (long_mode || big) != operand ? 4
								: 2;
	decoder->address_size = long_mode	 ? (address ? 4 : 8)
				: big != address ? 4
						 : 2;
	return byte;
}

/* ModRM with a memory operand, SIB and displacement; *reg is its middle field
 * with REX.R. */
static bool decode_modrm(struct decoder *decoder, uint8_t *reg)
{
	uint8_t modrm = next(decoder);
	uint8_t mode = modrm >> 6, base = modrm & 7;
	bool small = decoder->address_size == 2;
	unsigned int displacement = mode == 1 ? 1 : small ? 2 : 4;

	*reg = (modrm >> 3 & 7) | (decoder->rex & REX_R ? 8 : 0);
	if (!small && base == 4)
		base = next(decoder) & 7;
	/* One base less: there it stands for a displacement alone. */
	if (mode != 0 || base == (small ? 6 : 5))
		decoder->position += displacement;
	return mode != 3;
}

/* Opcodes 89, 8B, C7 /0, A1 and A3 with operands of 32 bits. */
static bool decode_mov(struct decoder *decoder, uint8_t opcode, struct mov *mov)
{
	bool known = true;

	switch (opcode) {
	case 0x89: /* MOV r/m32, r32 */
	case 0x8b: /* MOV r32, r/m32 */
		known = decode_modrm(decoder, &mov->gpr);
		break;
	case 0xc7: /* MOV r/m32, imm32 */
		known = decode_modrm(decoder, &mov->gpr) && !(mov->gpr & 7);
		mov->immediate = true;
		for (unsigned int shift = 0; shift < 32; shift += 8)
			mov->value |= (uint32_t)next(decoder) << shift;
		break;
	case 0xa1: /* MOV EAX, moffs32 */
	case 0xa3: /* MOV moffs32, EAX */
		mov->gpr = VIRT_RAX;
		decoder->position += decoder->address_size;
		break;
	default:
		return false;
	}
	mov->store = opcode != 0x8b && opcode != 0xa1;
	return known && decoder->operand_size == 4 &&
	       decoder->position <= decoder->count;
}

/* The page as x2APIC mode has it, or without an APIC: nothing is there. */
static void access_page(struct vp *vp, uint32_t offset, const struct mov *mov)
{
	const struct apic *apic = &vp->apic;
	uint64_t *gpr = &vp->virt->registers.gpr[mov->gpr];
	bool there = apic_is_enabled(apic) && !apic_is_x2apic(apic);

	if (!mov->store)
		*gpr = there ? apic_page_read(vp, offset) : 0xffffffff;
	else if (there)
		apic_page_write(vp, offset,
				mov->immediate ? mov->value : (uint32_t)*gpr);
}

bool apic_mmio(struct vp *vp, const struct virt_intercept *intercept)
{
	const struct virt_gpa_access *memory = &intercept->memory;
	uint16_t code = vp_register(vp, HV_REGISTER_CS).segment.attributes;
	bool long_mode = (code & SEGMENT_LONG) &&
			 (vp_register(vp, HV_REGISTER_EFER).u64 & EFER_LMA);
	struct virt_intercept done = *intercept;
	struct decoder decoder = {.count = intercept->byte_count};
	struct mov mov = {0};
	uint8_t opcode;

	if (memory->page_walk || (memory->access & VIRT_ACCESS_EXECUTE))
		return false;
	memcpy(decoder.bytes, intercept->bytes, decoder.count);
	if (!decoder.count)
		decoder.count = gva_fetch(vp, decoder.bytes, INSTRUCTION_MAX);
	opcode = decode_prefixes(&decoder, long_mode, code & SEGMENT_BIG);
	/* Memory may have changed since silicon looked at it. */
	if (!decode_mov(&decoder, opcode, &mov) ||
	    mov.store != (bool)(memory->access & VIRT_ACCESS_WRITE))
		return false;
	access_page(vp, (uint32_t)memory->gpa.value & PAGE_MASK, &mov);
	done.instruction_length = (uint8_t)decoder.position;
	virt->vp_skip(vp->virt, &done);
	return true;
}
