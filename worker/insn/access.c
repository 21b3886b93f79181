/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory as an instruction sees it: segments, pages, RAM and registers. */
#include "access.h"
#include "x86.h"

#include <string.h>

#define PAGE_SIZE 4096u

bool access_long_mode(const struct insn_cpu *cpu)
{
	return (cpu->efer & EFER_LMA) &&
	       (cpu->segments[INSN_CS].attributes & SEGMENT_LONG);
}

static bool segment_fault(struct insn_context *context,
			  enum insn_segment segment)
{
	*context->fault = (struct insn_fault){
		.vector = segment == INSN_SS ? VECTOR_SS : VECTOR_GP,
		.has_error_code = true,
	};
	return false;
}

static bool canonical(const struct insn_cpu *cpu, uint64_t linear)
{
	unsigned int bits = cpu->cr4 & CR4_LA57 ? 57 : 48;
	int64_t top = (int64_t)linear >> (bits - 1);

	return top == 0 || top == -1;
}

static bool within_limit(const struct hv_segment_register *segment,
			 uint64_t offset, unsigned int size)
{
	uint64_t last = offset + size - 1;
	bool data = !(segment->attributes & SEGMENT_TYPE_CODE);

	if (data && (segment->attributes & SEGMENT_TYPE_EXPAND_DOWN)) {
		uint64_t top = segment->attributes & SEGMENT_BIG ? 0xffffffffu
								 : 0xffffu;

		return offset > segment->limit && last <= top;
	}
	return last <= segment->limit;
}

static bool linear_address(struct insn_context *context,
			   const struct access_reference *reference,
			   uint64_t *linear)
{
	const struct insn_cpu *cpu = context->cpu;
	const struct hv_segment_register *segment =
		&cpu->segments[reference->segment];

	if (access_long_mode(cpu)) {
		bool based = reference->segment >= INSN_FS;

		*linear = reference->offset + (based ? segment->base : 0);
		if (!canonical(cpu, *linear) ||
		    !canonical(cpu, *linear + reference->size - 1))
			return segment_fault(context, reference->segment);
		return true;
	}
	if (!within_limit(segment, reference->offset, reference->size))
		return segment_fault(context, reference->segment);
	*linear = (segment->base + reference->offset) & 0xffffffffu;
	return true;
}

static bool resolve_part(struct insn_context *context, uint64_t linear,
			 uint32_t access, struct access_target *target)
{
	return insn_translate(context->cpu, context->bus->memory, linear,
			      access, &target->parts[target->part_count].gpa,
			      context->fault);
}

bool access_resolve(struct insn_context *context,
		    const struct access_reference *reference,
		    struct access_target *target)
{
	uint32_t access = reference->write ? INSN_ACCESS_WRITE : 0;
	unsigned int left = reference->size;
	uint64_t linear;

	if (context->cpu->cpl == 3)
		access |= INSN_ACCESS_USER;
	if (!linear_address(context, reference, &linear))
		return false;
	for (target->part_count = 0; left; target->part_count++) {
		unsigned int room = PAGE_SIZE - (linear & (PAGE_SIZE - 1));
		unsigned int size = left < room ? left : room;

		if (!resolve_part(context, linear, access, target))
			return false;
		target->parts[target->part_count].size = size;
		linear += size;
		if (!access_long_mode(context->cpu))
			linear &= 0xffffffffu;
		left -= size;
	}
	return true;
}

/* Registers are touched only with sizes that a processor can make. */
static unsigned int bus_step(unsigned int size)
{
	return size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1;
}

static void part_read(const struct insn_context *context, uint64_t gpa,
		      uint8_t *to, unsigned int size)
{
	const struct insn_bus *bus = context->bus;

	if (memory_read(bus->memory, gpa, to, size))
		return;
	while (size) {
		unsigned int step = bus_step(size);
		uint64_t value = bus->read(bus->owner, IO_MEMORY, gpa, step);

		memcpy(to, &value, step);
		gpa += step;
		to += step;
		size -= step;
	}
}

static void part_write(const struct insn_context *context, uint64_t gpa,
		       const uint8_t *from, unsigned int size)
{
	const struct insn_bus *bus = context->bus;

	if (memory_write(bus->memory, gpa, from, size))
		return;
	while (size) {
		unsigned int step = bus_step(size);
		uint64_t value = 0;

		memcpy(&value, from, step);
		bus->write(bus->owner, IO_MEMORY, gpa, step, value);
		gpa += step;
		from += step;
		size -= step;
	}
}

uint64_t access_read(const struct insn_context *context,
		     const struct access_target *target)
{
	uint8_t bytes[8] = {0};
	unsigned int at = 0;
	uint64_t value;

	for (unsigned int i = 0; i < target->part_count; i++) {
		part_read(context, target->parts[i].gpa, bytes + at,
			  target->parts[i].size);
		at += target->parts[i].size;
	}
	memcpy(&value, bytes, sizeof(value));
	return value;
}

void access_write(const struct insn_context *context,
		  const struct access_target *target, uint64_t value)
{
	uint8_t bytes[8];
	unsigned int at = 0;

	memcpy(bytes, &value, sizeof(bytes));
	for (unsigned int i = 0; i < target->part_count; i++) {
		part_write(context, target->parts[i].gpa, bytes + at,
			   target->parts[i].size);
		at += target->parts[i].size;
	}
}
