/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modes, segments, paging, faults, ports and repeated instructions. */
#include "world.h"
#include "worker/insn/x86.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct world world;

#define RUN(...)                                                               \
	world_run(&world, (const uint8_t[]){__VA_ARGS__},                      \
		  sizeof((const uint8_t[]){__VA_ARGS__}))

static uint32_t device32(unsigned int offset)
{
	uint32_t value;

	memcpy(&value, world.device + offset, sizeof(value));
	return value;
}

/* ---- Modes ---- */

static void test_real_mode(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_REAL);
	world.cpu.segments[INSN_ES].base = WORLD_DEVICE;
	world.cpu.gprs[HV_GPR_RAX] = 0xdead1234;
	world.cpu.gprs[HV_GPR_RDI] = 0xffff0010;	    /* only DI counts */
	assert_int_equal(RUN(0x26, 0x89, 0x05), INSN_DONE); /* es:[di],ax */
	assert_int_equal(device32(0x10), 0x1234);
	assert_int_equal(world.accesses[0].size, 2);
	assert_int_equal(world.cpu.rip, WORLD_CODE + 3);
}

static void test_real_mode_limit(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_REAL);
	world.cpu.gprs[HV_GPR_RDI] = 0xffff;
	assert_int_equal(RUN(0x89, 0x05), INSN_FAULT); /* mov [di],ax */
	assert_int_equal(world.fault.vector, VECTOR_GP);
	assert_true(world.fault.has_error_code);
	assert_int_equal(world.cpu.rip, WORLD_CODE);
	assert_int_equal(world.access_count, 0);
}

static void test_stack_segment_fault(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_PROTECTED);
	world.cpu.segments[INSN_SS].limit = 0xfff;
	world.cpu.gprs[HV_GPR_RBP] = 0xffe;
	assert_int_equal(RUN(0x89, 0x45, 0x00), INSN_FAULT); /* [ebp],eax */
	assert_int_equal(world.fault.vector, VECTOR_SS);
}

static void test_expand_down(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_PROTECTED);
	world.cpu.segments[INSN_DS].limit = 0xfffff;
	world.cpu.segments[INSN_DS].attributes |= SEGMENT_TYPE_EXPAND_DOWN;
	world.cpu.gprs[HV_GPR_RBX] = WORLD_DEVICE;
	assert_int_equal(RUN(0x89, 0x03), INSN_DONE);
	world.cpu.gprs[HV_GPR_RBX] = 0x8000;
	world.cpu.rip = WORLD_CODE;
	assert_int_equal(RUN(0x89, 0x03), INSN_FAULT);
	assert_int_equal(world.fault.vector, VECTOR_GP);
}

static void test_sixteen_bit_prefixes(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_REAL);
	world.cpu.segments[INSN_DS].base = WORLD_DEVICE;
	world.cpu.gprs[HV_GPR_RAX] = 0x89abcdef;
	world.cpu.gprs[HV_GPR_RBX] = 0x20;
	/* operand and address size: mov [ebx],eax */
	assert_int_equal(RUN(0x66, 0x67, 0x89, 0x03), INSN_DONE);
	assert_int_equal(device32(0x20), 0x89abcdef);
}

static void test_long_mode_segments(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_LONG);
	world.cpu.segments[INSN_DS].base = 0x5000; /* does not count */
	world.cpu.segments[INSN_GS].base = WORLD_DEVICE;
	world.cpu.gprs[HV_GPR_RAX] = 7;
	/* mov gs:[0x30],eax (absolute by SIB) */
	assert_int_equal(RUN(0x65, 0x89, 0x04, 0x25, 0x30, 0, 0, 0), INSN_DONE);
	assert_int_equal(device32(0x30), 7);
	world.cpu.rip = WORLD_CODE;
	world.cpu.gprs[HV_GPR_RBX] = WORLD_DEVICE + 0x40;
	assert_int_equal(RUN(0x3e, 0x89, 0x03), INSN_DONE); /* ds: */
	assert_int_equal(device32(0x40), 7);
}

static void test_not_canonical(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_LONG);
	world.cpu.gprs[HV_GPR_RBX] = 0x0000800000000000;
	assert_int_equal(RUN(0x89, 0x03), INSN_FAULT);
	assert_int_equal(world.fault.vector, VECTOR_GP);
	world.cpu.segments[INSN_SS].base = 0;
	world.cpu.gprs[HV_GPR_RBP] = 0xffff7fffffffffff;
	assert_int_equal(RUN(0x89, 0x45, 0x00), INSN_FAULT);
	assert_int_equal(world.fault.vector, VECTOR_SS);
}

static void test_rip_relative(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_LONG);
	world.cpu.gprs[HV_GPR_RCX] = 0x55;
	/* mov [rip + WORLD_DEVICE - WORLD_CODE - 6],ecx */
	assert_int_equal(RUN(0x89, 0x0d, 0xfa, 0xef, 0x0f, 0x00), INSN_DONE);
	assert_int_equal(device32(0), 0x55);
}

static void test_bit_string(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_LONG);
	world.cpu.gprs[HV_GPR_RBX] = WORLD_DEVICE + 0x80;
	world.cpu.gprs[HV_GPR_RCX] = (uint64_t)-33; /* 4 or 8 bytes before */
	assert_int_equal(RUN(0x0f, 0xab, 0x0b), INSN_DONE); /* bts ecx */
	assert_int_equal(device32(0x78), 1u << 31);
	assert_false(world.cpu.rflags & RFLAGS_CF);
	world.cpu.rip = WORLD_CODE;
	assert_int_equal(RUN(0x48, 0x0f, 0xb3, 0x0b), INSN_DONE); /* btr rcx */
	assert_int_equal(device32(0x78), 0);
	assert_true(world.cpu.rflags & RFLAGS_CF);
}

/* ---- Paging ---- */

#define TABLES 0x8000u

static void entry_put(unsigned int table, unsigned int index, uint64_t entry)
{
	memcpy(world.ram + TABLES + table * 0x1000 + index * 8, &entry, 8);
}

static uint64_t entry_get(unsigned int table, unsigned int index)
{
	uint64_t entry;

	memcpy(&entry, world.ram + TABLES + table * 0x1000 + index * 8, 8);
	return entry;
}

/* Four levels: linear 0 is the code's 4 KiB pages, 1 GiB is the device. */
static void long_tables(uint64_t leaf_rights)
{
	world_init(&world, WORLD_LONG);
	world.cpu.cr0 |= CR0_PG | CR0_WP;
	world.cpu.cr4 = CR4_PAE;
	world.cpu.efer |= EFER_NXE;
	world.cpu.cr3 = TABLES;
	entry_put(0, 0, (TABLES + 0x1000) | 7);
	entry_put(1, 0, (TABLES + 0x2000) | 7);
	entry_put(1, 1, (TABLES + 0x3000) | 7);
	entry_put(2, 0, 0 | 0x87); /* 2 MiB at 0 */
	entry_put(3, 0, (TABLES + 0x4000) | 7);
	entry_put(4, 0, WORLD_DEVICE | leaf_rights);
	entry_put(4, 1, 0x6000 | leaf_rights);
	world.cpu.gprs[HV_GPR_RBX] = 1u << 30;
	world.cpu.gprs[HV_GPR_RCX] = 0x1122334455667788;
}

static void test_page_write(void **unused)
{
	(void)unused;
	long_tables(3);
	assert_int_equal(RUN(0x48, 0x89, 0x0b), INSN_DONE);
	assert_int_equal(device32(0), 0x55667788);
	assert_int_equal(entry_get(4, 0) & 0x60, 0x60); /* A and D */
	assert_int_equal(entry_get(3, 0) & 0x60, 0x20);
}

static void test_page_read_only(void **unused)
{
	(void)unused;
	long_tables(1);
	assert_int_equal(RUN(0x48, 0x89, 0x0b), INSN_FAULT);
	assert_int_equal(world.fault.vector, VECTOR_PF);
	assert_int_equal(world.fault.error_code, 3); /* present, write */
	assert_int_equal(world.fault.address, 1u << 30);
	world.cpu.cr0 &= ~CR0_WP; /* a kernel may, then */
	assert_int_equal(RUN(0x48, 0x89, 0x0b), INSN_DONE);
}

static void test_page_user(void **unused)
{
	(void)unused;
	long_tables(3);
	world.cpu.cpl = 3;
	assert_int_equal(RUN(0x48, 0x89, 0x0b), INSN_FAULT);
	assert_int_equal(world.fault.error_code, 7);
	long_tables(7);
	world.cpu.cr4 |= CR4_SMAP;
	assert_int_equal(RUN(0x48, 0x89, 0x0b), INSN_FAULT);
	assert_int_equal(world.fault.error_code, 3);
	world.cpu.rflags |= RFLAGS_AC;
	assert_int_equal(RUN(0x48, 0x89, 0x0b), INSN_DONE);
}

static void test_page_missing(void **unused)
{
	(void)unused;
	long_tables(3);
	world.cpu.gprs[HV_GPR_RBX] = (1u << 30) + 0x2000;
	assert_int_equal(RUN(0x8b, 0x0b), INSN_FAULT);
	assert_int_equal(world.fault.error_code, 0);
	assert_int_equal(world.fault.address, (1u << 30) + 0x2000);
}

static void test_fetch_no_execute(void **unused)
{
	(void)unused;
	long_tables(3);
	entry_put(2, 0, 0x87 | 1ULL << 63);
	assert_int_equal(RUN(0x89, 0x0b), INSN_FAULT);
	assert_int_equal(world.fault.error_code, 0x11);
	assert_int_equal(world.fault.address, WORLD_CODE);
}

/* Half in a device's registers, half in RAM behind it. */
static void test_across_pages(void **unused)
{
	(void)unused;
	long_tables(3);
	world.cpu.gprs[HV_GPR_RBX] = (1u << 30) + 0xffd;
	assert_int_equal(RUN(0x48, 0x89, 0x0b), INSN_DONE);
	assert_memory_equal(world.device + 0xffd, "\x88\x77\x66", 3);
	assert_memory_equal(world.ram + 0x6000, "\x55\x44\x33\x22\x11", 5);
	assert_int_equal(world.access_count, 2); /* of 2 and of 1 byte */
	world.cpu.rip = WORLD_CODE;
	assert_int_equal(RUN(0x48, 0x8b, 0x13), INSN_DONE); /* mov rdx,[rbx] */
	assert_int_equal(world.cpu.gprs[HV_GPR_RDX], 0x1122334455667788);
}

/* Nothing is written when the second page is not there. */
static void test_across_to_nowhere(void **unused)
{
	(void)unused;
	long_tables(3);
	entry_put(4, 1, 0);
	world.cpu.gprs[HV_GPR_RBX] = (1u << 30) + 0xffd;
	assert_int_equal(RUN(0x48, 0x01, 0x0b), INSN_FAULT);
	assert_int_equal(world.fault.error_code, 2);
	assert_int_equal(world.fault.address, (1u << 30) + 0x1000);
	assert_int_equal(world.access_count, 0);
}

static void test_legacy_paging(void **unused)
{
	uint32_t directory = 0x83; /* 4 MiB at 0 */
	uint32_t table = 0x9000 | 3, leaf = WORLD_DEVICE | 3;

	(void)unused;
	world_init(&world, WORLD_PROTECTED);
	world.cpu.cr0 |= CR0_PG;
	world.cpu.cr4 = CR4_PSE;
	world.cpu.cr3 = TABLES;
	memcpy(world.ram + TABLES, &directory, 4);
	memcpy(world.ram + TABLES + 4, &table, 4);
	memcpy(world.ram + 0x9000 + 4 * 5, &leaf, 4);
	world.cpu.gprs[HV_GPR_RBX] = 0x400000 + 0x5000 + 0x24;
	world.cpu.gprs[HV_GPR_RAX] = 0x99;
	assert_int_equal(RUN(0x89, 0x03), INSN_DONE);
	assert_int_equal(device32(0x24), 0x99);
}

static void test_pae_paging(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_PROTECTED);
	world.cpu.cr0 |= CR0_PG;
	world.cpu.cr4 = CR4_PAE;
	world.cpu.cr3 = TABLES;
	entry_put(0, 0, (TABLES + 0x1000) | 1);
	entry_put(0, 3, (TABLES + 0x2000) | 1);
	entry_put(1, 0, 0x83);
	entry_put(2, 0, (TABLES + 0x3000) | 3);
	entry_put(3, 7, WORLD_DEVICE | 3);
	world.cpu.gprs[HV_GPR_RBX] = 0xc0007010;
	world.cpu.gprs[HV_GPR_RAX] = 0x77;
	assert_int_equal(RUN(0x89, 0x03), INSN_DONE);
	assert_int_equal(device32(0x10), 0x77);
}

/* ---- Repeated instructions ---- */

static void test_rep_movs_to_device(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_LONG);
	memcpy(world.ram + 0x3000, "abcdefghijkl", 12);
	world.cpu.gprs[HV_GPR_RSI] = 0x3000;
	world.cpu.gprs[HV_GPR_RDI] = WORLD_DEVICE;
	world.cpu.gprs[HV_GPR_RCX] = 3;
	assert_int_equal(RUN(0xf3, 0xa5), INSN_DONE); /* rep movsd */
	assert_memory_equal(world.device, "abcdefghijkl", 12);
	assert_int_equal(world.cpu.gprs[HV_GPR_RCX], 0);
	assert_int_equal(world.cpu.gprs[HV_GPR_RSI], 0x300c);
	assert_int_equal(world.cpu.gprs[HV_GPR_RDI], WORLD_DEVICE + 12);
	assert_int_equal(world.access_count, 3);
}

static void test_rep_backwards(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_LONG);
	world.cpu.rflags |= RFLAGS_DF;
	world.cpu.gprs[HV_GPR_RAX] = 0x5a;
	world.cpu.gprs[HV_GPR_RDI] = WORLD_DEVICE + 3;
	world.cpu.gprs[HV_GPR_RCX] = 4;
	assert_int_equal(RUN(0xf3, 0xaa), INSN_DONE); /* rep stosb */
	assert_int_equal(device32(0), 0x5a5a5a5a);
	assert_int_equal(world.cpu.gprs[HV_GPR_RDI], WORLD_DEVICE - 1);
}

static void test_rep_none(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_LONG);
	world.cpu.gprs[HV_GPR_RDI] = 0x0000800000000000; /* never touched */
	assert_int_equal(RUN(0xf3, 0xaa), INSN_DONE);
	assert_int_equal(world.cpu.rip, WORLD_CODE + 2);
	assert_int_equal(world.access_count, 0);
}

static void test_rep_in_pieces(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_LONG);
	world.cpu.gprs[HV_GPR_RDI] = WORLD_DEVICE;
	world.cpu.gprs[HV_GPR_RCX] = INSN_REPEAT_MAX + 5;
	assert_int_equal(RUN(0xf3, 0xaa), INSN_AGAIN);
	assert_int_equal(world.cpu.gprs[HV_GPR_RCX], 5);
	assert_int_equal(world.cpu.rip, WORLD_CODE);
	assert_int_equal(RUN(0xf3, 0xaa), INSN_DONE);
	assert_int_equal(world.cpu.gprs[HV_GPR_RDI],
			 WORLD_DEVICE + INSN_REPEAT_MAX + 5);
	assert_int_equal(world.cpu.rip, WORLD_CODE + 2);
}

static void test_rep_fault_in_the_middle(void **unused)
{
	(void)unused;
	long_tables(3);
	entry_put(4, 1, 0);
	world.cpu.gprs[HV_GPR_RDI] = (1u << 30) + 0xffe;
	world.cpu.gprs[HV_GPR_RCX] = 5;
	assert_int_equal(RUN(0xf3, 0xaa), INSN_FAULT);
	assert_int_equal(world.fault.address, (1u << 30) + 0x1000);
	assert_int_equal(world.cpu.gprs[HV_GPR_RCX], 3);
	assert_int_equal(world.cpu.gprs[HV_GPR_RDI], (1u << 30) + 0x1000);
	assert_int_equal(world.cpu.rip, WORLD_CODE);
}

static void test_repne_scas(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_LONG);
	memcpy(world.device, "hello", 5);
	world.cpu.gprs[HV_GPR_RAX] = 'l';
	world.cpu.gprs[HV_GPR_RDI] = WORLD_DEVICE;
	world.cpu.gprs[HV_GPR_RCX] = 100;
	assert_int_equal(RUN(0xf2, 0xae), INSN_DONE);
	assert_int_equal(world.cpu.gprs[HV_GPR_RCX], 97);
	assert_true(world.cpu.rflags & RFLAGS_ZF);
}

static void test_repe_cmps(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_LONG);
	memcpy(world.device, "abcX", 4);
	memcpy(world.ram + 0x3000, "abcd", 4);
	world.cpu.gprs[HV_GPR_RSI] = 0x3000;
	world.cpu.gprs[HV_GPR_RDI] = WORLD_DEVICE;
	world.cpu.gprs[HV_GPR_RCX] = 100;
	assert_int_equal(RUN(0xf3, 0xa6), INSN_DONE);
	assert_int_equal(world.cpu.gprs[HV_GPR_RCX], 96);
	assert_false(world.cpu.rflags & RFLAGS_ZF);
	assert_false(world.cpu.rflags & RFLAGS_CF); /* 'd' > 'X' */
}

static void test_source_override(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_PROTECTED);
	world.cpu.segments[INSN_FS].base = WORLD_DEVICE;
	world.device[4] = 0x42;
	world.cpu.gprs[HV_GPR_RSI] = 4;
	assert_int_equal(RUN(0x64, 0xac), INSN_DONE); /* lodsb fs: */
	assert_int_equal(world.cpu.gprs[HV_GPR_RAX], 0x42);
}

static void test_count_of_sixteen_bits(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_REAL);
	world.cpu.segments[INSN_ES].base = WORLD_DEVICE;
	world.cpu.gprs[HV_GPR_RCX] = 0x70002;
	assert_int_equal(RUN(0xf3, 0xaa), INSN_DONE);
	assert_int_equal(world.cpu.gprs[HV_GPR_RCX], 0x70000);
	assert_int_equal(world.access_count, 2);
}

/* ---- Ports ---- */

static void test_ports(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_LONG);
	world.cpu.gprs[HV_GPR_RAX] = 0xffffffffffffffff;
	world.cpu.gprs[HV_GPR_RDX] = 0x123f8;
	assert_int_equal(RUN(0xec), INSN_DONE); /* in al,dx */
	assert_int_equal(world.cpu.gprs[HV_GPR_RAX], 0xffffffffffffff11);
	assert_int_equal(world.accesses[0].address, 0x23f8);
	world.cpu.rip = WORLD_CODE;
	assert_int_equal(RUN(0xe5, 0x40), INSN_DONE); /* in eax,0x40 */
	assert_int_equal(world.cpu.gprs[HV_GPR_RAX], 0x11223344);
	world.cpu.rip = WORLD_CODE;
	assert_int_equal(RUN(0x66, 0xe7, 0x80), INSN_DONE); /* out 0x80,ax */
	assert_int_equal(world.accesses[2].value, 0x3344);
	assert_int_equal(world.accesses[2].size, 2);
}

static void test_rep_ins_outs(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_LONG);
	world.cpu.gprs[HV_GPR_RDX] = 0x1f0;
	world.cpu.gprs[HV_GPR_RDI] = 0x4000;
	world.cpu.gprs[HV_GPR_RCX] = 2;
	assert_int_equal(RUN(0xf3, 0x66, 0x6d), INSN_DONE); /* rep insw */
	assert_memory_equal(world.ram + 0x4000, "\x22\x11\x22\x11", 4);
	world.cpu.rip = WORLD_CODE;
	world.cpu.gprs[HV_GPR_RSI] = 0x4001;
	world.cpu.gprs[HV_GPR_RCX] = 2;
	assert_int_equal(RUN(0xf3, 0x6e), INSN_DONE); /* rep outsb */
	assert_int_equal(world.accesses[2].value, 0x11);
	assert_int_equal(world.accesses[3].value, 0x22);
	assert_int_equal(world.cpu.gprs[HV_GPR_RSI], 0x4003);
}

/* ---- What is refused ---- */

static void test_unsupported(void **unused)
{
	static struct world before;

	(void)unused;
	world_init(&world, WORLD_LONG);
	world.cpu.gprs[HV_GPR_RBX] = WORLD_DEVICE;
	before = world;
	assert_int_equal(RUN(0x0f, 0x11, 0x03), INSN_UNSUPPORTED); /* movups */
	assert_int_equal(RUN(0x8e, 0x1b), INSN_UNSUPPORTED); /* mov ds,[rbx] */
	assert_int_equal(RUN(0xf2, 0x0f, 0x10, 0x03), INSN_UNSUPPORTED);
	assert_memory_equal(&world.cpu, &before.cpu, sizeof(before.cpu));
	assert_int_equal(world.access_count, 0);
}

static void test_no_instruction(void **unused)
{
	(void)unused;
	world_init(&world, WORLD_LONG);
	assert_int_equal(RUN(0x06), INSN_FAULT);
	assert_int_equal(world.fault.vector, VECTOR_UD);
}

/* Bytes that come with the message count; the page may have changed. */
static void test_given_bytes(void **unused)
{
	static const uint8_t bytes[] = {0x89, 0x03, 0x90};

	(void)unused;
	world_init(&world, WORLD_LONG);
	world.cpu.gprs[HV_GPR_RBX] = WORLD_DEVICE;
	world.cpu.gprs[HV_GPR_RAX] = 5;
	assert_int_equal(insn_emulate(&world.cpu, &world.bus, bytes,
				      sizeof(bytes), &world.fault),
			 INSN_DONE);
	assert_int_equal(device32(0), 5);
	assert_int_equal(world.cpu.rip, WORLD_CODE + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_mode),
		cmocka_unit_test(test_real_mode_limit),
		cmocka_unit_test(test_stack_segment_fault),
		cmocka_unit_test(test_expand_down),
		cmocka_unit_test(test_sixteen_bit_prefixes),
		cmocka_unit_test(test_long_mode_segments),
		cmocka_unit_test(test_not_canonical),
		cmocka_unit_test(test_rip_relative),
		cmocka_unit_test(test_bit_string),
		cmocka_unit_test(test_page_write),
		cmocka_unit_test(test_page_read_only),
		cmocka_unit_test(test_page_user),
		cmocka_unit_test(test_page_missing),
		cmocka_unit_test(test_fetch_no_execute),
		cmocka_unit_test(test_across_pages),
		cmocka_unit_test(test_across_to_nowhere),
		cmocka_unit_test(test_legacy_paging),
		cmocka_unit_test(test_pae_paging),
		cmocka_unit_test(test_rep_movs_to_device),
		cmocka_unit_test(test_rep_backwards),
		cmocka_unit_test(test_rep_none),
		cmocka_unit_test(test_rep_in_pieces),
		cmocka_unit_test(test_rep_fault_in_the_middle),
		cmocka_unit_test(test_repne_scas),
		cmocka_unit_test(test_repe_cmps),
		cmocka_unit_test(test_source_override),
		cmocka_unit_test(test_count_of_sixteen_bits),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_rep_ins_outs),
		cmocka_unit_test(test_unsupported),
		cmocka_unit_test(test_no_instruction),
		cmocka_unit_test(test_given_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
