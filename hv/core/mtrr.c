/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory type range registers: a guest's notes to itself. */
#include "cpuid_processor.h"
#include "msr_table.h"
#include "vp.h"

#define MTRR_CAP	    0xfe
#define MTRR_VARIABLE_FIRST 0x200
#define MTRR_VARIABLE_LAST  0x20f
#define MTRR_DEFAULT	    0x2ff

/* Eight variable ranges, fixed ranges, write combining. */
#define CAP_VALUE (8 | BIT(8) | BIT(10))

#define DEFAULT_RESERVED (~(BIT(11) | BIT(10) | 0xffull))
#define MASK_VALID	 BIT(11)

/* UC, WC, WT, WP, WB */
static bool type_valid(uint8_t type)
{
	return type <= 6 && type != 2 && type != 3;
}

/* Eleven registers of eight types each. Intel volume 3, table 12-9. */
static uint64_t *fixed(struct msr_state *state, uint32_t msr)
{
	if (msr == 0x250)
		return &state->mtrr_fixed[0];
	if (msr <= 0x259)
		return &state->mtrr_fixed[1 + msr - 0x258];
	return &state->mtrr_fixed[3 + msr - 0x268];
}

static uint64_t *place(struct msr_state *state, uint32_t msr)
{
	if (msr == MTRR_DEFAULT)
		return &state->mtrr_default;
	if (msr > MTRR_VARIABLE_LAST)
		return fixed(state, msr);
	unsigned int range = (msr - MTRR_VARIABLE_FIRST) / 2;

	return msr & 1 ? &state->mtrr_mask[range] : &state->mtrr_base[range];
}

static bool variable_valid(uint32_t msr, uint64_t value)
{
	if (value >> cpuid_host()->address_bits)
		return false;
	if (msr & 1)
		return !(value & (PAGE_MASK & ~MASK_VALID));
	return !(value & 0xf00) && type_valid((uint8_t)value);
}

static bool valid(uint32_t msr, uint64_t value)
{
	if (msr == MTRR_DEFAULT)
		return !(value & DEFAULT_RESERVED) &&
		       type_valid((uint8_t)value);
	if (msr <= MTRR_VARIABLE_LAST)
		return variable_valid(msr, value);
	for (unsigned int i = 0; i < 8; i++) {
		if (!type_valid((uint8_t)(value >> 8 * i)))
			return false;
	}
	return true;
}

bool mtrr_read(struct msr_access *access)
{
	access->value = access->msr == MTRR_CAP
				? CAP_VALUE
				: *place(&access->vp->msr, access->msr);
	return true;
}

bool mtrr_write(struct msr_access *access)
{
	if (!valid(access->msr, access->value))
		return false;
	*place(&access->vp->msr, access->msr) = access->value;
	return true;
}
