/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ASIDs and flushes against a model of a TLB that remembers everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hv/virt/svm/asid.h"

#define LPS	  3
#define VPS	  9
#define ASIDS_MAX 16

/* Whose translations, and how old, an LP's TLB holds under an ASID. */
struct translations {
	int vp; /* -1: none */
	unsigned int version;
};

static struct translations tlb[LPS][ASIDS_MAX];
static struct svm_asid_lp lps[LPS];
static struct svm_asid vps[VPS];
static unsigned int versions[VPS]; /* rises with every flush asked for */
static int current[LPS];	   /* who ran there last, -1 nobody */

static void forget(unsigned int lp, unsigned int asid)
{
	tlb[lp][asid].vp = -1;
}

static void start(uint32_t asids, bool flush_one)
{
	memset(vps, 0, sizeof(vps));
	memset(versions, 0, sizeof(versions));
	for (unsigned int lp = 0; lp < LPS; lp++) {
		current[lp] = -1;
		svm_asid_start(&lps[lp], asids, flush_one);
		/* What firmware left behind: somebody else's under each. */
		for (unsigned int asid = 0; asid < ASIDS_MAX; asid++)
			tlb[lp][asid] = (struct translations){VPS, 0};
	}
}

/* What is done before each run: the value for VMRUN. */
static uint8_t prepare(unsigned int lp, int vp)
{
	if (current[lp] != vp) {
		for (unsigned int i = 0; i < LPS; i++)
			if (current[i] == vp)
				current[i] = -1;
		current[lp] = vp;
		svm_asid_doubt(&vps[vp], SVM_ASID_MOVED);
	}
	return svm_asid_doubtful(&vps[vp]) ? svm_asid_renew(&lps[lp], &vps[vp])
					   : SVM_TLB_KEEP;
}

static void run(unsigned int lp, int vp)
{
	uint8_t control = prepare(lp, vp);
	uint32_t asid = vps[vp].asid;
	const struct translations *found = &tlb[lp][asid];

	assert_in_range(asid, 1, lps[lp].count - 1);
	if (control == SVM_TLB_FLUSH_ALL)
		for (unsigned int i = 0; i < ASIDS_MAX; i++)
			forget(lp, i);
	else if (control == SVM_TLB_FLUSH_ASID)
		forget(lp, asid);
	else
		assert_int_equal(control, SVM_TLB_KEEP);
	if (control == SVM_TLB_FLUSH_ASID)
		assert_true(lps[lp].flush_one);

	if (found->vp != -1) {
		assert_int_equal(found->vp, vp);
		assert_int_equal(found->version, versions[vp]);
	}
	tlb[lp][asid] = (struct translations){vp, versions[vp]};
}

/* The VMRUN does not happen: what it carried is lost. */
static void run_refused(unsigned int lp, int vp)
{
	prepare(lp, vp);
	svm_asid_refused(&lps[lp], &vps[vp]);
}

static void flush(int vp)
{
	versions[vp]++;
	svm_asid_doubt(&vps[vp], SVM_ASID_STALE);
}

static void work(uint32_t asids, bool flush_one)
{
	start(asids, flush_one);
	for (unsigned int i = 0; i < 200000; i++) {
		int vp = rand() % VPS;
		unsigned int lp = (unsigned int)rand() % LPS;
		unsigned int what = (unsigned int)rand() % 100;

		if (what < 70)
			run(lp, vp);
		else if (what < 99)
			flush(vp);
		else
			run_refused(lp, vp);
	}
}

static void test_model(void **state)
{
	static const uint32_t counts[] = {2, 3, 5, ASIDS_MAX};

	(void)state;
	srand(1);
	for (unsigned int i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		work(counts[i], false);
		work(counts[i], true);
	}
}

/* The first run after the start throws away what firmware left. */
static void test_first_run_flushes(void **state)
{
	(void)state;
	start(4, true);
	assert_int_equal(prepare(0, 0), SVM_TLB_FLUSH_ALL);
	assert_int_equal(vps[0].asid, 1);
}

/* Staying on one processor costs nothing. */
static void test_keeps(void **state)
{
	uint32_t asid;

	(void)state;
	start(4, true);
	prepare(0, 0);
	prepare(0, 1);
	asid = vps[0].asid;
	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(prepare(0, 0), SVM_TLB_KEEP);
		assert_int_equal(vps[0].asid, asid);
	}
}

/* A flush where the processor can flush one ASID keeps the others'. */
static void test_flush_one(void **state)
{
	uint32_t asid;

	(void)state;
	start(4, true);
	prepare(0, 0);
	asid = vps[0].asid;
	svm_asid_doubt(&vps[0], SVM_ASID_STALE);
	assert_int_equal(prepare(0, 0), SVM_TLB_FLUSH_ASID);
	assert_int_equal(vps[0].asid, asid);
	assert_int_equal(prepare(0, 0), SVM_TLB_KEEP);
}

/* Where it cannot, a new ASID does the same. */
static void test_flush_by_new_asid(void **state)
{
	uint32_t asid;

	(void)state;
	start(4, false);
	prepare(0, 0);
	asid = vps[0].asid;
	svm_asid_doubt(&vps[0], SVM_ASID_STALE);
	assert_int_equal(prepare(0, 0), SVM_TLB_KEEP);
	assert_int_not_equal(vps[0].asid, asid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_run_flushes),
		cmocka_unit_test(test_keeps),
		cmocka_unit_test(test_flush_one),
		cmocka_unit_test(test_flush_by_new_asid),
		cmocka_unit_test(test_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
