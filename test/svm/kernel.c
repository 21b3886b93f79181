/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The least a kernel needs around the back end: pages, a log, interrupts. */
#include "../../hv/lib/string.h"
#include "../../hv/x86/cpu.h"
#include "../../hv/x86/register.h"
#include "test.h"

#define LOG_PORT     0xe9
#define EXIT_PORT    0xf4
#define HEAP	     0x1000000ul
#define HEAP_PAGES   16384u
#define APIC	     0xfee00000ul
#define TIMER_VECTOR 0x40

const struct virt_backend *virt = &svm_backend;
volatile uint32_t interrupts_taken;
uint32_t test_pages_taken;
static uint32_t pages_fresh;
static uint64_t free_list;
static unsigned int failures, passes;

void main(void);
void interrupt(uint64_t vector, uint64_t rip);

/* Everything below 4 GiB is mapped where it is. */
void *cpu_map(spa_t page)
{
	return (void *)page.value;
}

uint32_t cpu_lp(void)
{
	return 0;
}

void cpu_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	register_cpuid(leaf, subleaf, out);
}

static void print_char(char c)
{
	port_write8(LOG_PORT, (uint8_t)c);
}

static void print_text(const char *text)
{
	while (*text)
		print_char(*text++);
}

static void print_hex(uint64_t value)
{
	bool begun = false;

	for (int shift = 60; shift >= 0; shift -= 4) {
		unsigned int digit = value >> shift & 0xf;

		begun |= digit || !shift;
		if (begun)
			print_char("0123456789abcdef"[digit]);
	}
}

static void print_decimal(uint64_t value)
{
	if (value >= 10)
		print_decimal(value / 10);
	print_char((char)('0' + value % 10));
}

static void print_failure(const char *what, const char *file, int line)
{
	failures++;
	print_text("FAIL ");
	print_text(file);
	print_text(":");
	print_decimal((unsigned int)line);
	print_text(": ");
	print_text(what);
	print_char('\n');
}

void check_at(const char *what, const char *file, int line, bool good)
{
	if (good)
		passes++;
	else
		print_failure(what, file, line);
}

void check_equal_at(struct check_place place, uint64_t a, uint64_t b)
{
	if (a == b) {
		passes++;
		return;
	}
	print_failure(place.what, place.file, place.line);
	print_text("  is ");
	print_hex(a);
	print_text(", not ");
	print_hex(b);
	print_char('\n');
}

void report(const char *what, uint64_t value)
{
	print_text(what);
	print_text(": ");
	print_decimal(value);
	print_char('\n');
}

static spa_t page_take(struct page_source *source)
{
	uint64_t page = free_list;

	(void)source;
	if (page)
		free_list = *(uint64_t *)page;
	else if (pages_fresh == HEAP_PAGES)
		return SPA(0);
	else
		page = HEAP + pages_fresh++ * PAGE_SIZE;
	memset((void *)page, 0, PAGE_SIZE);
	test_pages_taken++;
	return SPA(page);
}

static void page_give(struct page_source *source, spa_t page)
{
	(void)source;
	test_pages_taken--;
	*(uint64_t *)page.value = free_list;
	free_list = page.value;
}

struct page_source test_pages = {.take = page_take, .give = page_give};

static void apic_write(uint32_t offset, uint32_t value)
{
	*(volatile uint32_t *)(APIC + offset) = value;
}

void interrupt(uint64_t vector, uint64_t rip)
{
	if (vector == TIMER_VECTOR) {
		interrupts_taken++;
		apic_write(0xb0, 0);
		return;
	}
	print_text("FAIL exception ");
	print_hex(vector);
	print_text(" at ");
	print_hex(rip);
	print_text("\n");
	port_write8(EXIT_PORT, 1);
	for (;;)
		__asm__ volatile("cli; hlt");
}

struct gate {
	uint16_t offset_0;
	uint16_t selector;
	uint16_t type;
	uint16_t offset_16;
	uint32_t offset_32;
	uint32_t reserved;
};

static void interrupts_start(void)
{
	static struct gate idt[256];
	static struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) idtr;
	extern const uint8_t vectors[];

	for (unsigned int i = 0; i < 256; i++) {
		uint64_t entry = (uint64_t)vectors + 16 * i;

		idt[i] = (struct gate){
			.offset_0 = (uint16_t)entry,
			.selector = 8,
			.type = 0x8e00,
			.offset_16 = (uint16_t)(entry >> 16),
			.offset_32 = (uint32_t)(entry >> 32),
		};
	}
	idtr.limit = sizeof(idt) - 1;
	idtr.base = (uint64_t)idt;
	__asm__ volatile("lidt %0" : : "m"(idtr));
	port_write8(0x21, 0xff);
	port_write8(0xa1, 0xff);
	apic_write(0xf0, 0x1ff);
	apic_write(0x3e0, 0xb);
}

/* One interrupt after that many APIC timer ticks. */
void timer_start(uint32_t ticks)
{
	apic_write(0x320, TIMER_VECTOR);
	apic_write(0x380, ticks);
}

void interrupts_let_in(void)
{
	__asm__ volatile("sti; nop; cli");
}

void main(void)
{
	const char *reason;

	interrupts_start();
	if (!svm_backend.supported(&reason)) {
		print_text("FAIL ");
		print_text(reason);
		print_char('\n');
	} else {
		check(svm_backend.lp_start(page_take(NULL)) ==
		      HV_STATUS_SUCCESS);
		cases_exit();
		cases_event();
		cases_state();
	}
	print_decimal(passes);
	print_text(" passed, ");
	print_decimal(failures);
	print_text(" failed");
	print_char('\n');
	port_write8(EXIT_PORT, failures || !passes);
}
