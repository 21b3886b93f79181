/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest virtual addresses: walks by the vp's own page tables. */
#include "gva.h"

#include "gpa.h"
#include "vp.h"

#define CR0_WP	 BIT(16)
#define CR0_PG	 BIT(31)
#define CR4_PAE	 BIT(5)
#define CR4_PSE	 BIT(4)
#define EFER_LMA BIT(10)
#define EFER_NXE BIT(11)
#define CS_LONG	 0x2000u

#define PTE_PRESENT BIT(0)
#define PTE_WRITE   BIT(1)
#define PTE_USER    BIT(2)
#define PTE_LARGE   BIT(7)
#define PTE_NX	    BIT(63)
#define PTE_ADDRESS 0x000ffffffffff000ull

#define ERROR_PRESENT BIT(0)
#define ERROR_WRITE   BIT(1)
#define ERROR_USER    BIT(2)
#define ERROR_FETCH   BIT(4)

struct walk {
	struct vp *vp;
	const struct gva_query *query;
	uint64_t cr0;
	uint64_t cr4;
	uint64_t efer;
	unsigned int entry_size; /* 8, or 4 without PAE */
	unsigned int index_bits;
	uint64_t rights;     /* AND of the entries' W and U */
	uint64_t no_execute; /* OR of their NX */
	uint32_t *error;
};

static bool read_entry(struct walk *walk, uint64_t table, unsigned int level,
		       uint64_t *entry)
{
	unsigned int shift = PAGE_SHIFT + walk->index_bits * level;
	uint64_t index =
		(walk->query->gva.value >> shift) & (BIT(walk->index_bits) - 1);
	gpa_t at = GPA(table + index * walk->entry_size);

	*entry = 0;
	if (!gpa_read(walk->vp->partition, at, entry, walk->entry_size)) {
		*walk->error |= GVA_UNMAPPED;
		return false;
	}
	return *entry & PTE_PRESENT;
}

static bool permitted(struct walk *walk)
{
	const struct gva_query *query = walk->query;

	*walk->error |= ERROR_PRESENT;
	if (query->user && !(walk->rights & PTE_USER))
		return false;
	if ((query->access & VIRT_ACCESS_WRITE) &&
	    !(walk->rights & PTE_WRITE) &&
	    (query->user || (walk->cr0 & CR0_WP)))
		return false;
	return !((query->access & VIRT_ACCESS_EXECUTE) && walk->no_execute &&
		 (walk->efer & EFER_NXE));
}

static bool walk_tables(struct walk *walk, uint64_t table, unsigned int levels,
			gpa_t *gpa)
{
	uint64_t gva = walk->query->gva.value;

	for (unsigned int level = levels; level-- > 0;) {
		unsigned int shift = PAGE_SHIFT + walk->index_bits * level;
		bool pae_top = levels == 3 && level == 2;
		uint64_t entry;

		if (!read_entry(walk, table, level, &entry))
			return false;
		if (!pae_top) {
			walk->rights &= entry;
			walk->no_execute |= entry & PTE_NX;
		}
		bool large = level > 0 && !pae_top && (entry & PTE_LARGE) &&
			     (walk->entry_size == 8 || (walk->cr4 & CR4_PSE));

		table = entry & PTE_ADDRESS;
		if (level == 0 || large) {
			uint64_t mask = BIT(shift) - 1;

			*gpa = GPA((table & ~mask) | (gva & mask));
			return permitted(walk);
		}
	}
	return false;
}

bool gva_translate(struct vp *vp, const struct gva_query *query, gpa_t *gpa,
		   uint32_t *error)
{
	struct walk walk = {
		.vp = vp,
		.query = query,
		.cr0 = vp_register(vp, HV_REGISTER_CR0).u64,
		.cr4 = vp_register(vp, HV_REGISTER_CR4).u64,
		.efer = vp_register(vp, HV_REGISTER_EFER).u64,
		.entry_size = 8,
		.index_bits = 9,
		.rights = ~0ull,
		.error = error,
	};
	uint64_t cr3 = vp_register(vp, HV_REGISTER_CR3).u64;

	*error = (query->access & VIRT_ACCESS_WRITE ? ERROR_WRITE : 0) |
		 (query->access & VIRT_ACCESS_EXECUTE ? ERROR_FETCH : 0) |
		 (query->user ? ERROR_USER : 0);
	if (!(walk.cr0 & CR0_PG)) {
		*gpa = GPA(query->gva.value & 0xffffffff);
		return true;
	}
	if (walk.efer & EFER_LMA)
		return walk_tables(&walk, cr3 & PTE_ADDRESS, 4, gpa);
	if (walk.cr4 & CR4_PAE)
		return walk_tables(&walk, cr3 & 0xffffffe0, 3, gpa);
	walk.entry_size = 4;
	walk.index_bits = 10;
	return walk_tables(&walk, cr3 & 0xfffff000, 2, gpa);
}

unsigned int gva_fetch(struct vp *vp, uint8_t *bytes, unsigned int count)
{
	struct hv_segment_register cs = vp_register(vp, HV_REGISTER_CS).segment;
	const struct virt_registers *registers = &vp->virt->registers;
	struct gva_query query = {.access = VIRT_ACCESS_EXECUTE,
				  .user = registers->cpl == 3};
	unsigned int done = 0;

	bool is_long = (vp_register(vp, HV_REGISTER_EFER).u64 & EFER_LMA) &&
		       (cs.attributes & CS_LONG);

	query.gva = GVA(is_long ? registers->rip
				: (uint32_t)(cs.base + registers->rip));
	while (done < count) {
		uint64_t part = PAGE_SIZE - (query.gva.value & PAGE_MASK);
		uint32_t error;
		gpa_t gpa;

		if (part > count - done)
			part = count - done;
		if (!gva_translate(vp, &query, &gpa, &error) ||
		    !gpa_read(vp->partition, gpa, bytes + done, part))
			break;
		done += (unsigned int)part;
		query.gva.value += part;
	}
	return done;
}
