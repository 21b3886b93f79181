/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the cases of the AMD back end's test kernel are written with. */
#pragma once

#include "../../hv/virt/virt.h"

/* A guest has 2 MiB of memory; its code is copied to GUEST_CODE. */
#define GUEST_MEMORY LARGE_PAGE_SIZE
#define GUEST_TABLES 0x1000u /* identity, 2 MiB pages, three frames */
#define GUEST_GDT    0x4000u
#define GUEST_IDT    0x5000u
#define GUEST_STACK  0x8000u /* top */
#define GUEST_CODE   0x10000u
#define GUEST_CODE32 0x08
#define GUEST_CODE64 0x10
#define GUEST_DATA   0x18

struct guest {
	struct virt_space space;
	struct virt_vp *vp;
	uint8_t *memory;
	spa_t spa;
	struct virt_intercept intercept;
};

/* Code of a case, between GUEST(name) and its end, runs in 64-bit mode. */
#define GUEST(name, code)                                                      \
	extern const uint8_t name##_begin[], name##_end[];                     \
	__asm__(".pushsection .rodata\n" #name "_begin:\n" code "\n" #name     \
		"_end:\n"                                                      \
		".popsection")

/* Starts code in 64-bit mode, ring 0, interrupts off; or in real mode. */
void guest_start(struct guest *guest, const uint8_t *begin, const uint8_t *end);
void guest_start_real(struct guest *guest, const uint8_t *begin,
		      const uint8_t *end);
#define guest_begin(guest, name) guest_start(guest, name##_begin, name##_end)
#define guest_begin_real(guest, name)                                          \
	guest_start_real(guest, name##_begin, name##_end)
void guest_end(struct guest *guest);

/* Another processor of the same guest memory, as guest_start leaves it. */
struct virt_vp *guest_vp(struct guest *guest);

/* Runs until something other than a physical interrupt comes. */
enum virt_intercept_kind guest_run(struct guest *guest);
void guest_skip(struct guest *guest);
void guest_gate(struct guest *guest, unsigned int vector, uint64_t handler);
void guest_inject(struct guest *guest, enum virt_event_type type,
		  uint8_t vector);
uint64_t guest_get(struct guest *guest, uint32_t name);
bool guest_set(struct guest *guest, uint32_t name, uint64_t value);

/* For the next guest_start(): the parent's tables. */
extern bool guest_is_parent;

/* A check that fails names itself. */
struct check_place {
	const char *what;
	const char *file;
	int line;
};
void check_at(const char *what, const char *file, int line, bool good);
void check_equal_at(struct check_place place, uint64_t a, uint64_t b);
#define check(condition) check_at(#condition, __FILE__, __LINE__, condition)
#define check_equal(a, b)                                                      \
	check_equal_at((struct check_place){#a, __FILE__, __LINE__}, a, b)

void report(const char *what, uint64_t value);

/* Interrupts that the hypervisor's side took, and its own timer. */
extern volatile uint32_t interrupts_taken;
void timer_start(uint32_t ticks);
void interrupts_let_in(void);

extern struct page_source test_pages;
extern uint32_t test_pages_taken;

void cases_exit(void);
void cases_event(void);
void cases_state(void);
