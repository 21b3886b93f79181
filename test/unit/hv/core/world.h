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

/* Lets microseconds pass; whatever timers of vp are due expire. */
void world_pass_us(struct vp *vp, uint64_t us);
