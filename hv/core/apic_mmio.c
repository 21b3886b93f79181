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

/* The address size picks the form of ModRM and of a direct offset. */
enum address_size {
	ADDRESS_16 = 2,
	ADDRESS_32 = 4,
	ADDRESS_64 = 8
};

/* An instruction as far as it has been looked at. */
struct decoder {
	uint8_t bytes[INSTRUCTION_MAX];
	unsigned int count;    /* how many of them there are */
	unsigned int position; /* of the next to look at */
	bool long_mode;
	bool big; /* the code segment's default is 32 bit */
	uint8_t rex;
	bool operand_prefix;
	bool address_prefix;
};

/* A 32-bit MOV to or from the page. */
struct mov {
	bool store;
	bool immediate;
	uint8_t gpr; /* enum virt_gpr, unless immediate */
	uint32_t value;
};

/* Moves past size bytes; false where the instruction has fewer. */
static bool skip(struct decoder *decoder, unsigned int size)
{
	decoder->position += size;
	return decoder->position <= decoder->count;
}

static bool next(struct decoder *decoder, uint8_t *byte)
{
	if (decoder->position >= decoder->count)
		return false;
	*byte = decoder->bytes[decoder->position++];
	return true;
}

/* Which prefixes there are; *opcode is the first byte that is none. */
static bool decode_prefixes(struct decoder *decoder, uint8_t *opcode)
{
	while (next(decoder, opcode)) {
		switch (*opcode) {
		case 0x66:
			decoder->operand_prefix = true;
			break;
		case 0x67:
			decoder->address_prefix = true;
			break;
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0x64:
		case 0x65:
			break;
		default:
			if (!decoder->long_mode || (*opcode & 0xf0) != 0x40)
				return true;
			/* REX counts only right before the opcode. */
			decoder->rex = *opcode;
			if (!next(decoder, opcode))
				return false;
			return (*opcode & 0xf0) != 0x40;
		}
	}
	return false;
}

static enum address_size address_size(const struct decoder *decoder)
{
	if (decoder->long_mode)
		return decoder->address_prefix ? ADDRESS_32 : ADDRESS_64;
	return decoder->big != decoder->address_prefix ? ADDRESS_32
						       : ADDRESS_16;
}

static bool operand_is_32_bit(const struct decoder *decoder)
{
	if (decoder->long_mode)
		return !decoder->operand_prefix && !(decoder->rex & REX_W);
	return decoder->big != decoder->operand_prefix;
}

/* Bytes of displacement, and SIB, behind a 16-bit ModRM. */
static bool skip_address_16(struct decoder *decoder, uint8_t modrm)
{
	switch (modrm >> 6) {
	case 0:
		return skip(decoder, (modrm & 7) == 6 ? 2 : 0);
	case 1:
		return skip(decoder, 1);
	default:
		return skip(decoder, 2);
	}
}

static bool skip_address_32(struct decoder *decoder, uint8_t modrm)
{
	uint8_t base = modrm & 7;

	if (base == 4) {
		if (!next(decoder, &base))
			return false;
		base &= 7;
	}
	switch (modrm >> 6) {
	case 0:
		return skip(decoder, base == 5 ? 4 : 0);
	case 1:
		return skip(decoder, 1);
	default:
		return skip(decoder, 4);
	}
}

/* ModRM with a memory operand; *reg is its middle field with REX.R. */
static bool decode_modrm(struct decoder *decoder, uint8_t *reg)
{
	uint8_t modrm;

	if (!next(decoder, &modrm) || modrm >> 6 == 3)
		return false;
	*reg = (modrm >> 3 & 7) | (decoder->rex & REX_R ? 8 : 0);
	return address_size(decoder) == ADDRESS_16
		       ? skip_address_16(decoder, modrm)
		       : skip_address_32(decoder, modrm);
}

static bool decode_immediate(struct decoder *decoder, struct mov *mov)
{
	uint8_t extension;

	if (!decode_modrm(decoder, &extension) || (extension & 7) != 0 ||
	    !skip(decoder, sizeof(mov->value)))
		return false;
	memcpy(&mov->value,
	       &decoder->bytes[decoder->position - sizeof(mov->value)],
	       sizeof(mov->value));
	mov->immediate = true;
	return true;
}

static bool decode_mov(struct decoder *decoder, struct mov *mov)
{
	uint8_t opcode;

	if (!decode_prefixes(decoder, &opcode) || !operand_is_32_bit(decoder))
		return false;
	switch (opcode) {
	case 0x89: /* MOV r/m32, r32 */
		mov->store = true;
		return decode_modrm(decoder, &mov->gpr);
	case 0x8b: /* MOV r32, r/m32 */
		return decode_modrm(decoder, &mov->gpr);
	case 0xc7: /* MOV r/m32, imm32 */
		mov->store = true;
		return decode_immediate(decoder, mov);
	case 0xa1: /* MOV EAX, moffs32 */
		return skip(decoder, address_size(decoder));
	case 0xa3: /* MOV moffs32, EAX */
		mov->store = true;
		return skip(decoder, address_size(decoder));
	default:
		return false;
	}
}

static void decoder_start(struct vp *vp, const struct virt_intercept *intercept,
			  struct decoder *decoder)
{
	uint16_t code = vp_register(vp, HV_REGISTER_CS).segment.attributes;

	decoder->long_mode =
		(vp_register(vp, HV_REGISTER_EFER).u64 & EFER_LMA) &&
		(code & SEGMENT_LONG);
	decoder->big = code & SEGMENT_BIG;
	decoder->count = intercept->byte_count;
	if (decoder->count)
		memcpy(decoder->bytes, intercept->bytes, decoder->count);
	else
		decoder->count = gva_fetch(vp, decoder->bytes, INSTRUCTION_MAX);
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
	struct virt_intercept done = *intercept;
	struct decoder decoder = {0};
	struct mov mov = {.gpr = VIRT_RAX};

	if (memory->page_walk || (memory->access & VIRT_ACCESS_EXECUTE))
		return false;
	decoder_start(vp, intercept, &decoder);
	/* Memory may have changed since silicon looked at it. */
	if (!decode_mov(&decoder, &mov) ||
	    mov.store != (bool)(memory->access & VIRT_ACCESS_WRITE))
		return false;
	access_page(vp, (uint32_t)memory->gpa.value & PAGE_MASK, &mov);
	done.instruction_length = (uint8_t)decoder.position;
	virt->vp_skip(vp->virt, &done);
	return true;
}
