/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks the guest's page tables, in every paging mode. */
#include "insn.h"
#include "x86.h"

#define ENTRY_PRESENT	 (1ULL << 0)
#define ENTRY_WRITABLE	 (1ULL << 1)
#define ENTRY_USER	 (1ULL << 2)
#define ENTRY_ACCESSED	 (1ULL << 5)
#define ENTRY_DIRTY	 (1ULL << 6)
#define ENTRY_LARGE	 (1ULL << 7)
#define ENTRY_NO_EXECUTE (1ULL << 63)
#define ENTRY_ADDRESS	 0x000ffffffffff000ULL

/* What the levels passed so far allow. */
struct walk {
	const struct insn_cpu *cpu;
	const struct memory *memory;
	uint64_t linear;
	uint32_t access;
	bool writable;
	bool user;
	bool executable;
};

struct table_shape {
	unsigned int levels;
	unsigned int index_bits;
	unsigned int entry_size;
};

static struct table_shape shape_of(const struct insn_cpu *cpu)
{
	if (cpu->efer & EFER_LMA)
		return (struct table_shape){cpu->cr4 & CR4_LA57 ? 5 : 4, 9, 8};
	if (cpu->cr4 & CR4_PAE)
		return (struct table_shape){3, 9, 8};
	return (struct table_shape){2, 10, 4};
}

static bool page_fault(const struct walk *walk, bool present,
		       struct insn_fault *fault)
{
	uint32_t code = walk->access & (INSN_ACCESS_WRITE | INSN_ACCESS_USER);
	bool reports_fetch =
		(walk->cpu->efer & EFER_NXE) || (walk->cpu->cr4 & CR4_SMEP);

	if (reports_fetch)
		code |= walk->access & INSN_ACCESS_FETCH;
	if (present)
		code |= INSN_ACCESS_PRESENT;
	*fault = (struct insn_fault){
		.vector = VECTOR_PF,
		.has_error_code = true,
		.error_code = code,
		.address = walk->linear,
	};
	return false;
}

static bool allowed(const struct walk *walk)
{
	const struct insn_cpu *cpu = walk->cpu;
	bool by_user = walk->access & INSN_ACCESS_USER;
	bool write = walk->access & INSN_ACCESS_WRITE;
	bool fetch = walk->access & INSN_ACCESS_FETCH;

	if (by_user && !walk->user)
		return false;
	if (write && !walk->writable && (by_user || (cpu->cr0 & CR0_WP)))
		return false;
	if (fetch && !walk->executable)
		return false;
	if (!by_user && walk->user) {
		if (fetch)
			return !(cpu->cr4 & CR4_SMEP);
		return !(cpu->cr4 & CR4_SMAP) || (cpu->rflags & RFLAGS_AC);
	}
	return true;
}

/* A null pointer when the table lies outside RAM. */
static bool entry_read(const struct walk *walk, uint64_t gpa, unsigned int size,
		       uint64_t *entry)
{
	*entry = 0;
	return memory_read(walk->memory, gpa, entry, size);
}

/* The processor's own walks run beside this one, so bits are set atomically. */
static void entry_mark(const struct walk *walk, uint64_t gpa, unsigned int size,
		       uint64_t bits)
{
	void *at = memory_at(walk->memory, gpa, size);

	if (!at)
		return;
	if (size == 8)
		__atomic_fetch_or((uint64_t *)at, bits, __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_or((uint32_t *)at, (uint32_t)bits,
				  __ATOMIC_SEQ_CST);
}

static void walk_narrow(struct walk *walk, uint64_t entry, bool restricts)
{
	/* The four top entries of PAE paging carry no rights. */
	if (!restricts)
		return;
	walk->writable = walk->writable && (entry & ENTRY_WRITABLE);
	walk->user = walk->user && (entry & ENTRY_USER);
	if ((walk->cpu->efer & EFER_NXE) && (entry & ENTRY_NO_EXECUTE))
		walk->executable = false;
}

static uint64_t leaf_address(const struct table_shape *shape, uint64_t entry,
			     uint64_t linear, unsigned int shift)
{
	uint64_t offset = linear & ((1ULL << shift) - 1);
	uint64_t base = entry & ENTRY_ADDRESS & ~((1ULL << shift) - 1);

	/* A 4 MiB page keeps address bits 39:32 in bits 20:13 (PSE-36). */
	if (shape->entry_size == 4 && shift == 22)
		base |= ((entry >> 13) & 0xff) << 32;
	return base | offset;
}

static bool is_leaf(const struct walk *walk, const struct table_shape *shape,
		    unsigned int level, uint64_t entry)
{
	if (level == 1)
		return true;
	if (!(entry & ENTRY_LARGE))
		return false;
	if (shape->levels == 2)
		return walk->cpu->cr4 & CR4_PSE;
	/* 2 MiB everywhere, 1 GiB in long mode only. */
	return level == 2 || (level == 3 && shape->levels >= 4);
}

static uint64_t root_of(const struct walk *walk,
			const struct table_shape *shape)
{
	if (shape->levels == 3)
		return walk->cpu->cr3 & 0xffffffe0u;
	if (shape->levels == 2)
		return walk->cpu->cr3 & 0xfffff000u;
	return walk->cpu->cr3 & ENTRY_ADDRESS;
}

static bool walk_tables(struct walk *walk, uint64_t *gpa,
			struct insn_fault *fault)
{
	const struct table_shape shape = shape_of(walk->cpu);
	uint64_t table = root_of(walk, &shape);

	for (unsigned int level = shape.levels;; level--) {
		unsigned int shift = 12 + (level - 1) * shape.index_bits;
		uint64_t index = (walk->linear >> shift) &
				 ((1ULL << shape.index_bits) - 1);
		bool pae_top = shape.levels == 3 && level == 3;

		if (pae_top)
			index &= 3;

		uint64_t at = table + index * shape.entry_size;
		uint64_t entry;

		if (!entry_read(walk, at, shape.entry_size, &entry) ||
		    !(entry & ENTRY_PRESENT))
			return page_fault(walk, false, fault);
		walk_narrow(walk, entry, !pae_top);
		if (is_leaf(walk, &shape, level, entry)) {
			uint64_t bits = ENTRY_ACCESSED;

			if (!allowed(walk))
				return page_fault(walk, true, fault);
			if (walk->access & INSN_ACCESS_WRITE)
				bits |= ENTRY_DIRTY;
			if ((entry & bits) != bits)
				entry_mark(walk, at, shape.entry_size, bits);
			*gpa = leaf_address(&shape, entry, walk->linear, shift);
			return true;
		}
		if (!pae_top && !(entry & ENTRY_ACCESSED))
			entry_mark(walk, at, shape.entry_size, ENTRY_ACCESSED);
		table = entry & ENTRY_ADDRESS;
	}
}

bool insn_translate(const struct insn_cpu *cpu, const struct memory *memory,
		    uint64_t linear, uint32_t access, uint64_t *gpa,
		    struct insn_fault *fault)
{
	struct walk walk = {
		.cpu = cpu,
		.memory = memory,
		.linear = linear,
		.access = access,
		.writable = true,
		.user = true,
		.executable = true,
	};

	if (!(cpu->cr0 & CR0_PG)) {
		*gpa = linear;
		return true;
	}
	return walk_tables(&walk, gpa, fault);
}
