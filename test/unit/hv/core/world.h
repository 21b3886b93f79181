/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fake machine with a parent on it, and children made for a test. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "hv/core/partition.h"
#include "hv/core/vp.h"
#include "test/fake/fake.h"

#define WORLD_CHILD_MEMORY (1ull << 20)

/* cmocka's set-up and tear-down: two logical processors, the parent. */
int world_setup(void **state);
int world_teardown(void **state);

/* An enlightened child: vps, all explicitly suspended, and 1 MiB of memory. */
struct partition *world_child(uint32_t vps);

/* What the guest has at gpa. */
void *world_memory(const struct partition *partition, uint64_t gpa);

/* Reads and writes by MSR; the test fails on a fault. */
uint64_t world_rdmsr(struct vp *vp, uint32_t msr);
void world_wrmsr(struct vp *vp, uint32_t msr, uint64_t value);
bool world_wrmsr_faults(struct vp *vp, uint32_t msr, uint64_t value);
bool world_rdmsr_faults(struct vp *vp, uint32_t msr);

/* Enables the vp's APIC, and x2APIC mode if asked. */
void world_apic_on(struct vp *vp, bool x2apic);

/* Whether vector waits in IRR; and takes it as silicon would. */
bool world_requested(const struct vp *vp, uint8_t vector);

/* The vector the vp would take now, taken; VECTOR_NONE if there is none. */
int world_take(struct vp *vp);

/*
 * Logical processor index goes on until it is about to run a guest, or waits.
 * Then world_running() tells which vp that is, NULL if it waits. Guests do what
 * fake.guest says when it goes on the next time. The test itself plays lp 0
 * otherwise.
 */
void world_run(uint32_t lp);
struct vp *world_running(uint32_t lp);

/*
 * A hypercall of the parent's vp 0 as a 64-bit guest makes it; its input and
 * output lie in the parent's memory. Done again while the hypervisor asks for
 * that; all other processors go on a step in between.
 */
struct world_call {
	uint16_t code;
	uint32_t reps;
	const void *input; /* size bytes, or two words if fast */
	uint32_t size;
	uint32_t variable; /* bytes of it that are a variable header */
	bool fast;
	void *output; /* NULL: not wanted */
	uint32_t output_size;
	uint32_t entries; /* out: how often it was entered */
	uint32_t done;	  /* out: reps completed */
};
enum hv_status world_call(struct world_call *call);

/* The short form: one input structure, no reps, no output. */
enum hv_status world_do(uint16_t code, const void *input, uint32_t size);

/* Sets or reads one register of a vp of a child, by hypercall. */
enum hv_status world_set(struct vp *vp, uint32_t name, uint64_t value);
enum hv_status world_get(struct vp *vp, uint32_t name,
			 struct hv_register_value *value);

/* Deletes a child by hypercall, however many processors run it. */
void world_delete(struct partition *child);

/* Lets microseconds pass; whatever timers of vp are due expire. */
void world_pass_us(struct vp *vp, uint64_t us);
