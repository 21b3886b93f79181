/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves that page tables mean what they say: edits, accessed and dirty bits,
 * protection, and tables that lie where the hypervisor has its own ideas. */
#include "check.h"

#include "abi/msr.h"

#define PRESENT	 1ull
#define WRITABLE 2ull
#define USER	 4ull
#define ACCESSED 0x20ull
#define DIRTY	 0x40ull
#define LARGE	 0x80ull
#define NO_EXEC	 (1ull << 63)

/* A window of tables of its own: entry 8 of the directory pointers. */
#define WINDOW 0x200000000ull
#define HOLE   0x90000000ull

extern uint64_t page_pdpt[];

static volatile uint64_t directory[512] __attribute__((aligned(PAGE)));
static volatile uint64_t table[512] __attribute__((aligned(PAGE)));
static volatile uint64_t pages[3][512] __attribute__((aligned(PAGE)));

static volatile uint64_t *const window = (volatile uint64_t *)WINDOW;

static void map(uint64_t entry)
{
	pages[0][0] = 0xaaaa;
	pages[1][0] = 0xbbbb;
	directory[0] = (uint64_t)table | PRESENT | WRITABLE;
	table[0] = entry;
	table[1] = (uint64_t)pages[2] | PRESENT | WRITABLE;
	page_pdpt[8] = (uint64_t)directory | PRESENT | WRITABLE;
	tlb_flush(window);
	tlb_flush(window + 512);
}

static uint64_t page(uint32_t index, uint64_t rights)
{
	return (uint64_t)pages[index] | PRESENT | rights;
}

static void edit(void)
{
	uint32_t i;

	map(page(0, WRITABLE));
	for (i = 0; i < 100; i++) {
		EXPECT_IS(*window, 0xaaaa);
		table[0] = page(1, WRITABLE);
		tlb_flush(window);
		EXPECT_IS(*window, 0xbbbb);
		table[0] = page(0, WRITABLE);
		cr3_write(cr3_read());
	}
}

static void edit_above(void)
{
	static volatile uint64_t other[512] __attribute__((aligned(PAGE)));

	map(page(0, WRITABLE));
	other[0] = page(1, WRITABLE);
	EXPECT_IS(*window, 0xaaaa);
	directory[0] = (uint64_t)other | PRESENT | WRITABLE;
	tlb_flush(window);
	EXPECT_IS(*window, 0xbbbb);
	page_pdpt[8] = 0;
	cr3_write(cr3_read());
	EXPECT_IS(TRY("mov (%0), %%rax", ::"r"(window) : "rax"), VECTOR_PF);
}

/* Global entries outlive CR3, not a change of PGE. */
static void global(void)
{
	const uint64_t cr4 = cr4_read();

	cr4_write(cr4 | CR4_PGE);
	map(page(0, WRITABLE | 0x100));
	EXPECT_IS(*window, 0xaaaa);
	table[0] = page(1, WRITABLE | 0x100);
	cr4_write(cr4);
	EXPECT_IS(*window, 0xbbbb);
}

static void unmapped(void)
{
	map(0);
	EXPECT_IS(TRY("mov (%0), %%rax", ::"r"(window) : "rax"), VECTOR_PF);
	EXPECT_IS(exception_last.error, 0);
	EXPECT_IS(exception_last.cr2, WINDOW);
	table[0] = page(0, WRITABLE);
	EXPECT_IS(*window, 0xaaaa);
}

static void accessed(void)
{
	map(page(0, WRITABLE));
	EXPECT_IS(table[0] & (ACCESSED | DIRTY), 0);
	EXPECT_IS(*window, 0xaaaa);
	EXPECT_IS(table[0] & (ACCESSED | DIRTY), ACCESSED);
	EXPECT(directory[0] & ACCESSED);
	EXPECT(page_pdpt[8] & ACCESSED);
}

static void dirty(void)
{
	map(page(0, WRITABLE));
	*window = 1;
	EXPECT_IS(table[0] & (ACCESSED | DIRTY), ACCESSED | DIRTY);
	table[0] = page(0, WRITABLE);
	tlb_flush(window);
	EXPECT_IS(*window, 1);
	EXPECT_IS(table[0] & DIRTY, 0);
	*window = 2;
	EXPECT(table[0] & DIRTY);
}

static void write_protect(void)
{
	const uint64_t cr0 = cr0_read();

	map(page(0, 0));
	cr0_write(cr0 | CR0_WP);
	EXPECT_IS(TRY("movq $1, (%0)", ::"r"(window) : "memory"), VECTOR_PF);
	EXPECT_IS(exception_last.error, 3);
	cr0_write(cr0 & ~CR0_WP);
	EXPECT_IS(TRY("movq $1, (%0)", ::"r"(window) : "memory"), NO_EXCEPTION);
	EXPECT_IS(pages[0][0], 1);
	cr0_write(cr0);
}

static void no_execute(void)
{
	const uint64_t efer = msr_get(EFER);

	msr_set(EFER, efer | EFER_NXE);
	map(page(0, WRITABLE | NO_EXEC));
	*(volatile uint8_t *)pages[0] = 0xc3;
	EXPECT_IS(TRY("mov %%rsp, %%rcx\n\tmovq $2f, fault_resume\n\t"
		      "call *%0\n2:\tmov %%rcx, %%rsp",
		      ::"r"(window)
		      : "rcx", "memory"),
		  VECTOR_PF);
	EXPECT_IS(exception_last.error, 0x11);
	EXPECT_IS(exception_last.cr2, WINDOW);
	table[0] = page(0, WRITABLE);
	tlb_flush(window);
	msr_set(EFER, efer);
}

static void reserved_bit(void)
{
	map(page(0, WRITABLE) | 1ull << 51);
	EXPECT_IS(TRY("mov (%0), %%rax", ::"r"(window) : "rax"), VECTOR_PF);
	EXPECT(exception_last.error & 8);
}

static void no_execute_off(void)
{
	map(page(0, WRITABLE | NO_EXEC)); /* reserved while NXE is 0 */
	EXPECT_IS(TRY("mov (%0), %%rax", ::"r"(window) : "rax"), VECTOR_PF);
	EXPECT(exception_last.error & 8);
}

static void large(void)
{
	map(0);
	directory[0] = 0x200000ull | PRESENT | WRITABLE | LARGE;
	tlb_flush(window);
	EXPECT_IS(
		*(volatile uint64_t *)(WINDOW + (uint64_t)pages[1] - 0x200000),
		0xbbbb);
	EXPECT(directory[0] & ACCESSED);
}

static void crossing(void)
{
	uint64_t value;

	map(page(0, WRITABLE));
	pages[0][511] = 0x1111111111111111ull;
	pages[2][0] = 0x2222222222222222ull;
	value = *(volatile uint64_t *)(WINDOW + PAGE - 4);
	EXPECT_IS(value, 0x2222222211111111ull);
	table[1] = 0;
	tlb_flush(window + 512);
	EXPECT_IS(TRY("mov (%0), %%rax", ::"r"(WINDOW + PAGE - 4)
		      : "rax"),
		  VECTOR_PF);
	EXPECT_IS(exception_last.cr2, WINDOW + PAGE);
}

/* A mapping of no memory at all is the device's that nobody has. */
static void to_nowhere(void)
{
	map(HOLE | PRESENT | WRITABLE);
	EXPECT_IS(*window, ~0ull);
	*window = 5;
	EXPECT_IS(*window, ~0ull);
}

/* Walks that need memory which is not there, or may not be written, fault in
 * the child; they neither hang nor end it. */
static void table_in_nowhere(void)
{
	map(0);
	directory[0] = HOLE | PRESENT | WRITABLE;
	tlb_flush(window);
	EXPECT(TRY("mov (%0), %%rax", ::"r"(window) : "rax") != NO_EXCEPTION);
}

static void table_in_overlay(void)
{
	EXPECT(calls_enable());
	map(0);
	directory[0] = (uint64_t)call_page | PRESENT | WRITABLE;
	tlb_flush(window);
	EXPECT(TRY("mov (%0), %%rax", ::"r"(window) : "rax") != NO_EXCEPTION);
}

static void string_across(void)
{
	volatile uint8_t *to = (volatile uint8_t *)WINDOW + PAGE - 8;
	uint64_t count = 16;

	map(page(0, WRITABLE));
	table[1] = 0;
	tlb_flush(window + 512);
	EXPECT_IS(TRY("rep stosb",
		      : "+D"(to), "+c"(count)
		      : "a"(7)
		      : "memory"),
		  VECTOR_PF);
	EXPECT_IS(count, 8);
	EXPECT_IS(to - (volatile uint8_t *)WINDOW, PAGE);
}

static volatile uint64_t second_read;

static void read_window(void)
{
	second_read = *window;
}

static void flush_window(void)
{
	tlb_flush(window);
}

static void shoot_down(void)
{
	map(page(0, WRITABLE));
	EXPECT(second_run(flush_window));
	EXPECT(second_run(read_window));
	EXPECT_IS(second_read, 0xaaaa);
	table[0] = page(1, WRITABLE);
	EXPECT(second_run(flush_window));
	EXPECT(second_run(read_window));
	EXPECT_IS(second_read, 0xbbbb);
}

static const struct check checks[] = {
	{"memory-edit", edit, 0},
	{"memory-edit-above", edit_above, 0},
	{"memory-global", global, 0},
	{"memory-unmapped", unmapped, 0},
	{"memory-accessed", accessed, 0},
	{"memory-dirty", dirty, 0},
	{"memory-write-protect", write_protect, 0},
	{"memory-no-execute", no_execute, 0},
	{"memory-no-execute-off", no_execute_off, 0},
	{"memory-reserved-bit", reserved_bit, 0},
	{"memory-large", large, 0},
	{"memory-crossing", crossing, 0},
	{"memory-to-nowhere", to_nowhere, 0},
	{"memory-table-in-nowhere", table_in_nowhere, 0},
	{"memory-table-in-overlay", table_in_overlay, NEEDS_HYPERVISOR},
	{"memory-string-across", string_across, 0},
	{"memory-shoot-down", shoot_down, NEEDS_SECOND},
};
CHAPTER(memory);
