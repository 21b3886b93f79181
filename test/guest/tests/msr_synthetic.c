/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves each synthetic MSR: what it reads, what it refuses, what its missing
 * privilege makes of it. */
#include "check.h"

#include "abi/hypercall.h"
#include "abi/msr.h"
#include "abi/synic.h"

static struct hv_reference_tsc_page tsc_page __attribute__((aligned(PAGE)));

static void expect_keeps(uint32_t msr, uint64_t value)
{
	const uint64_t old = msr_get(msr);

	EXPECT(msr_set(msr, value));
	EXPECT_IS(msr_get(msr), value);
	EXPECT(msr_set(msr, old));
}

static void os_id(void)
{
	expect_keeps(HV_MSR_GUEST_OS_ID, 0x8100000000060100ull);
}

/* Without an OS id there is no page, and an instruction that calls is #UD. */
static void page_needs_id(void)
{
	EXPECT(msr_set(HV_MSR_GUEST_OS_ID, 0));
	EXPECT(msr_set(HV_MSR_HYPERCALL, (uint64_t)call_page | 1));
	EXPECT_IS(msr_get(HV_MSR_HYPERCALL) & 1, 0);
	EXPECT_IS(TRY("vmmcall", ::"c"(0ull), "d"(0ull)
		      : "rax", "memory"),
		  VECTOR_UD);
	EXPECT(calls_enable());
}

static void page_contents(void)
{
	EXPECT(calls_enable());
	EXPECT_IS(msr_get(HV_MSR_HYPERCALL), (uint64_t)call_page | 1);
	EXPECT_IS(*(volatile uint32_t *)call_page, 0xfa1e0ff3); /* ENDBR64 */
	EXPECT_IS(*(volatile uint32_t *)(call_page + 4), 0xc3d9010f);
}

static void page_is_read_only(void)
{
	const uint8_t first = *(volatile uint8_t *)call_page;

	EXPECT_IS(TRY("movb $0, (%0)", ::"r"(call_page) : "memory"), VECTOR_GP);
	EXPECT_IS(*(volatile uint8_t *)call_page, first);
}

/* What lies below the page is there again when the page goes. */
static void page_hides(void)
{
	EXPECT(msr_set(HV_MSR_HYPERCALL, 0));
	*(volatile uint64_t *)call_page = 0x1122334455667788ull;
	EXPECT(msr_set(HV_MSR_HYPERCALL, (uint64_t)call_page | 1));
	EXPECT(*(volatile uint64_t *)call_page != 0x1122334455667788ull);
	EXPECT(msr_set(HV_MSR_HYPERCALL, 0));
	EXPECT_IS(*(volatile uint64_t *)call_page, 0x1122334455667788ull);
	EXPECT(calls_enable());
}

static void page_moves(void)
{
	static uint8_t other[PAGE] __attribute__((aligned(PAGE)));

	other[0] = 0x77;
	EXPECT(msr_set(HV_MSR_HYPERCALL, (uint64_t)other | 1));
	EXPECT_IS(*(volatile uint32_t *)other, 0xfa1e0ff3);
	EXPECT(*(volatile uint32_t *)call_page != 0xfa1e0ff3);
	EXPECT(calls_enable());
	EXPECT_IS(*(volatile uint8_t *)other, 0x77);
}

static void id_zero_ends_all(void)
{
	EXPECT(calls_enable());
	msr_set(HV_MSR_SCONTROL, 1);
	msr_set(HV_MSR_SINT0 + 3, 0x50);
	msr_set(HV_MSR_REFERENCE_TSC, (uint64_t)&tsc_page | 1);
	EXPECT(msr_set(HV_MSR_GUEST_OS_ID, 0));
	EXPECT_IS(msr_get(HV_MSR_HYPERCALL), 0);
	EXPECT_IS(msr_get(HV_MSR_SCONTROL), 0);
	EXPECT_IS(msr_get(HV_MSR_SINT0 + 3), HV_SINT_RESET_VALUE);
	EXPECT_IS(msr_get(HV_MSR_REFERENCE_TSC), 0);
	EXPECT(calls_enable());
}

static uint64_t second_value[2];

static void read_index(void)
{
	second_value[0] = msr_get(HV_MSR_VP_INDEX);
}

static void vp_index(void)
{
	EXPECT_IS(msr_get(HV_MSR_VP_INDEX), 0);
	EXPECT(msr_set_refused(HV_MSR_VP_INDEX, 0));
}

static void vp_index_second(void)
{
	EXPECT(second_run(read_index));
	EXPECT_IS(second_value[0], 1);
}

static void reset(void)
{
	EXPECT_IS(msr_get(HV_MSR_RESET), 0);
	EXPECT(msr_set(HV_MSR_RESET, 0)); /* no request, no reset */
}

static void runtime(void)
{
	const uint64_t first = msr_get(HV_MSR_VP_RUNTIME);
	volatile uint32_t i;

	for (i = 0; i < 200000; i++)
		;
	EXPECT(msr_get(HV_MSR_VP_RUNTIME) > first);
	EXPECT(msr_set_refused(HV_MSR_VP_RUNTIME, 0));
}

static void read_times(void)
{
	second_value[0] = time_now();
	second_value[1] = time_now();
}

static void reference_counter(void)
{
	uint64_t last = time_now();
	uint32_t i;

	for (i = 0; i < 100; i++) {
		const uint64_t now = time_now();

		EXPECT(now >= last);
		last = now;
	}
	EXPECT(msr_set_refused(HV_MSR_TIME_REF_COUNT, 0));
}

static void reference_counter_both(void)
{
	uint32_t i;

	for (i = 0; i < 10; i++) {
		const uint64_t before = time_now();

		EXPECT(second_run(read_times));
		EXPECT(second_value[0] >= before);
		EXPECT(time_now() >= second_value[1]);
	}
}

/* What the page's formula gives lies between two reads of the counter. */
static void reference_page(void)
{
	uint64_t before, after, now;

	EXPECT(msr_set(HV_MSR_REFERENCE_TSC, (uint64_t)&tsc_page | 1));
	if (*(volatile uint32_t *)&tsc_page.sequence) {
		before = time_now();
		now = (uint64_t)((unsigned __int128)tsc_read() *
					 tsc_page.scale >>
				 64) +
		      (uint64_t)tsc_page.offset;
		after = time_now();
		EXPECT(now + 1 >= before && now <= after + 1);
	}
	EXPECT(msr_set(HV_MSR_REFERENCE_TSC, 0));
}

static void frequencies(void)
{
	const uint64_t tsc = msr_get(HV_MSR_TSC_FREQUENCY);

	EXPECT(tsc > 100000000 && tsc < 10000000000ull);
	EXPECT(msr_get(HV_MSR_APIC_FREQUENCY) > 1000000);
	EXPECT(msr_set_refused(HV_MSR_TSC_FREQUENCY, tsc));
	EXPECT(msr_set_refused(HV_MSR_APIC_FREQUENCY, 1));
}

static void frequency_is_true(void)
{
	const uint64_t hz = msr_get(HV_MSR_TSC_FREQUENCY);
	const uint64_t time = time_now(), start = tsc_read();
	uint64_t ticks, passed;

	while (time_now() - time < 20000)
		;
	ticks = tsc_read() - start;
	passed = time_now() - time;
	ticks = ticks * 10000000 / hz;
	EXPECT(ticks <= passed + passed / 100);
	EXPECT(ticks >= passed - passed / 2);
}

static void without_privilege(void)
{
	static const uint32_t numbers[] = {HV_MSR_EOI, HV_MSR_ICR, HV_MSR_TPR,
					   HV_MSR_SIRBP,
					   HV_MSR_TSC_INVARIANT_CONTROL};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		EXPECT(msr_get_refused(numbers[i]));
		EXPECT(msr_set_refused(numbers[i], 0));
	}
}

static void not_there(void)
{
	static const uint32_t numbers[] = {0x40000004,
					   HV_MSR_NPIEP_CONFIG,
					   HV_MSR_POWER_STATE_TRIGGER_C1,
					   HV_MSR_STATS_PARTITION_RETAIL,
					   HV_MSR_STATS_VP_RETAIL,
					   HV_MSR_GUEST_IDLE,
					   HV_MSR_DEBUG_CONTROL,
					   HV_MSR_REENLIGHTENMENT_CONTROL,
					   HV_MSR_TSC_EMULATION_CONTROL,
					   HV_MSR_TSC_EMULATION_STATUS,
					   0x400000a0,
					   HV_MSR_LAST};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		EXPECT(msr_get_refused(numbers[i]));
		EXPECT(msr_set_refused(numbers[i], 0));
	}
}

static void hidden(void)
{
	uint32_t msr;

	for (msr = HV_MSR_FIRST; msr < HV_MSR_FIRST + 0x120; msr++) {
		EXPECT(msr_get_refused(msr));
		if (msr != HV_MSR_RESET)
			EXPECT(msr_set_refused(msr, 0));
	}
}

static void assist_page(void)
{
	expect_keeps(HV_MSR_VP_ASSIST_PAGE, 0x300001);
}

static void synic_registers(void)
{
	EXPECT_IS(msr_get(HV_MSR_SVERSION), HV_SYNIC_VERSION);
	EXPECT(msr_set_refused(HV_MSR_SVERSION, 1));
	EXPECT_IS(msr_get(HV_MSR_EOM), 0);
	expect_keeps(HV_MSR_SCONTROL, 1);
	expect_keeps(HV_MSR_SIMP, 0x400000);
	expect_keeps(HV_MSR_SIEFP, 0x401000);
}

static void sints(void)
{
	uint32_t i;

	for (i = 0; i < HV_SYNIC_SINT_COUNT; i++) {
		EXPECT_IS(msr_get(HV_MSR_SINT0 + i), HV_SINT_RESET_VALUE);
		expect_keeps(HV_MSR_SINT0 + i, 0x40 + i);
		EXPECT(msr_set_refused(HV_MSR_SINT0 + i, 15));
		EXPECT(msr_set(HV_MSR_SINT0 + i, 15 | HV_SINT_MASKED));
		EXPECT(msr_set(HV_MSR_SINT0 + i, HV_SINT_RESET_VALUE));
	}
}

static void stimers(void)
{
	uint32_t i;

	for (i = 0; i < HV_SYNIC_STIMER_COUNT; i++) {
		const uint32_t config = HV_MSR_STIMER0_CONFIG + 2 * i;

		EXPECT_IS(msr_get(config), 0);
		EXPECT_IS(msr_get(config + 1), 0);
		expect_keeps(config,
			     3ull << HV_STIMER_SINT_SHIFT | HV_STIMER_PERIODIC);
		expect_keeps(config + 1, 12345);
		EXPECT(msr_set_refused(config, 1ull << 13));
		EXPECT(msr_set_refused(config, 1ull << 20));
		EXPECT(msr_set_refused(config, 1ull << 63));
		EXPECT(msr_set_refused(config, HV_STIMER_DIRECT | 15 << 4));
	}
}

/* Without notify: nothing but kept. */
static void crash(void)
{
	uint32_t i;

	for (i = 0; i < 5; i++)
		expect_keeps(HV_MSR_CRASH_P0 + i, 0x1111 * (i + 1));
	EXPECT_IS(msr_get(HV_MSR_CRASH_CTL),
		  HV_MSR_CRASH_NOTIFY | HV_MSR_CRASH_MESSAGE);
	EXPECT(msr_set(HV_MSR_CRASH_CTL, 0));
}

#define H NEEDS_HYPERVISOR

static const struct check checks[] = {
	{"msr-guest-os-id", os_id, H},
	{"msr-hypercall-needs-os-id", page_needs_id, H},
	{"msr-hypercall-page", page_contents, H},
	{"msr-hypercall-page-read-only", page_is_read_only, H},
	{"msr-hypercall-page-hides", page_hides, H},
	{"msr-hypercall-page-moves", page_moves, H},
	{"msr-os-id-0-ends-all", id_zero_ends_all, H},
	{"msr-vp-index", vp_index, H},
	{"msr-vp-index-second", vp_index_second, H | NEEDS_SECOND},
	{"msr-reset", reset, H},
	{"msr-vp-runtime", runtime, H},
	{"msr-reference-counter", reference_counter, H},
	{"msr-reference-counter-both", reference_counter_both,
	 H | NEEDS_SECOND},
	{"msr-reference-tsc-page", reference_page, H},
	{"msr-frequencies", frequencies, H},
	{"msr-tsc-frequency-is-true", frequency_is_true, H},
	{"msr-without-privilege", without_privilege, H},
	{"msr-synthetic-not-there", not_there, H},
	{"msr-synthetic-hidden", hidden, NEEDS_HIDDEN},
	{"msr-vp-assist-page", assist_page, H},
	{"msr-synic", synic_registers, H},
	{"msr-sints", sints, H},
	{"msr-stimers", stimers, H},
	{"msr-crash", crash, H},
};
CHAPTER(msr_synthetic);
