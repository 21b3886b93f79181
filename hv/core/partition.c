/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Partitions: made, found, and taken apart piece by piece. */
#include "partition.h"

#include "../../abi/cpuid.h"
#include "../../abi/msr.h"
#include "../lib/print.h"
#include "../lib/string.h"
#include "gpa.h"
#include "lp.h"
#include "port.h"
#include "vp.h"

/* Privileges of leaf 3: EAX in the lower half, EBX in the upper. */
#define CHILD_MSRS                                                             \
	(HV_PRIVILEGE_VP_RUNTIME | HV_PRIVILEGE_TIME_REF_COUNT |               \
	 HV_PRIVILEGE_SYNIC | HV_PRIVILEGE_STIMER | HV_PRIVILEGE_HYPERCALL |   \
	 HV_PRIVILEGE_VP_INDEX | HV_PRIVILEGE_RESET |                          \
	 HV_PRIVILEGE_REFERENCE_TSC | HV_PRIVILEGE_FREQUENCY)
#define CHILD_CALLS                                                            \
	(HV_PRIVILEGE_EBX_POST_MESSAGES | HV_PRIVILEGE_EBX_SIGNAL_EVENTS)
/* Not AccessPartitionId: Linux 6.x then asks for it by an output page that it
 * only has as a root partition, and stops. */
#define PARENT_CALLS                                                           \
	(CHILD_CALLS | HV_PRIVILEGE_EBX_CREATE_PARTITIONS |                    \
	 HV_PRIVILEGE_EBX_CREATE_PORT | HV_PRIVILEGE_EBX_CONNECT_PORT)

/* A child may use this share of the pool before it has to be given more. */
#define QUOTA_DIVISOR	16
#define QUOTA_MIN_PAGES 256

struct hypervisor hypervisor;

/* ---- Finding ---- */

static struct partition *find(uint64_t id)
{
	LIST_EACH(node, &hypervisor.partitions)
	{
		struct partition *partition =
			LIST_ENTRY(node, struct partition, node);

		if (partition->id == id)
			return partition;
	}
	return NULL;
}

struct partition *partition_get(struct partition *caller, uint64_t id)
{
	if (id == HV_PARTITION_ID_SELF || id == caller->id) {
		__atomic_add_fetch(&caller->references, 1, __ATOMIC_ACQUIRE);
		return caller;
	}
	spinlock_take(&hypervisor.table_lock);
	struct partition *partition = find(id);

	if (partition)
		__atomic_add_fetch(&partition->references, 1, __ATOMIC_ACQUIRE);
	spinlock_give(&hypervisor.table_lock);
	return partition;
}

void partition_put(struct partition *partition)
{
	__atomic_sub_fetch(&partition->references, 1, __ATOMIC_RELEASE);
}

/* ---- Making ---- */

/* What parent and children have in common; memory is one page of account. */
static struct partition *partition_make(struct pool_account *first)
{
	struct partition *partition = pool_take(first);

	_Static_assert(sizeof(struct partition) <= PAGE_SIZE, "one page");
	if (!partition)
		return NULL;
	partition->unimplemented_msr = PARTITION_MSR_INTERCEPT;
	partition->hyperv = true;
	partition->weight = 100;
	partition->cpuid_generation = 1;
	partition->time_origin = cpu_now();
	list_init(&partition->node);
	list_init(&partition->ports);
	list_init(&partition->connections);
	apic_eoi_source_init(partition);
	return partition;
}

enum hv_status partition_create(struct partition *parent,
				struct partition **created)
{
	struct partition *partition = partition_make(&parent->account);

	if (!partition)
		return HV_STATUS_INSUFFICIENT_MEMORY;
	uint64_t share =
		(hypervisor.config.pool.size >> PAGE_SHIFT) / QUOTA_DIVISOR;

	pool_account_init(&partition->account, MAX(share, QUOTA_MIN_PAGES));
	partition->parent = parent;
	partition->privileges = (uint64_t)CHILD_CALLS << 32 | CHILD_MSRS;
	partition->space.pages = &partition->account.source;
	spa_t root = partition->space.pages->take(partition->space.pages);

	if (!root.value) {
		pool_give(&parent->account, partition);
		return HV_STATUS_INSUFFICIENT_MEMORY;
	}
	partition->space.root = root;
	spinlock_take(&hypervisor.table_lock);
	partition->id = hypervisor.next_partition_id++;
	list_insert(&hypervisor.partitions, &partition->node);
	spinlock_give(&hypervisor.table_lock);
	*created = partition;
	return HV_STATUS_SUCCESS;
}

enum hv_status partition_initialize(struct partition *partition)
{
	enum hv_status status = HV_STATUS_INVALID_PARTITION_STATE;

	spinlock_take(&hypervisor.table_lock);
	if (partition->state == PARTITION_CREATED) {
		partition->state = PARTITION_ACTIVE;
		status = HV_STATUS_SUCCESS;
	}
	spinlock_give(&hypervisor.table_lock);
	return status;
}

/* ---- The parent, at boot ---- */

static struct pool_account boot_account;

static void start_parent(void)
{
	struct partition *parent = partition_make(&boot_account);

	assert(parent != NULL);
	pool_account_init(&parent->account, UINT64_MAX);
	parent->id = PARTITION_PARENT_ID;
	parent->state = PARTITION_ACTIVE;
	parent->privileges = (uint64_t)PARENT_CALLS << 32 | CHILD_MSRS;
	parent->unimplemented_msr = HV_UNIMPLEMENTED_MSR_ACTION_FAULT;
	parent->space.pages = &parent->account.source;
	parent->space.root = parent->space.pages->take(parent->space.pages);
	assert(parent->space.root.value);
	list_insert(&hypervisor.partitions, &parent->node);
	hypervisor.parent = parent;
}

/* ENDBR64; VMMCALL or VMCALL; RET: digest of TLFS 3.13, by vendor. */
static void start_pages(void)
{
	static const uint8_t call[] = {0xf3, 0x0f, 0x1e, 0xfa,
				       0x0f, 0x01, 0xd9, 0xc3};
	struct pool_account *account = &hypervisor.parent->account;
	uint8_t *code = pool_take(account);
	void *scrap = pool_take(account);

	assert(code && scrap);
	memset(code, 0xcc, PAGE_SIZE);
	memcpy(code, call, sizeof(call));
	if (virt != &svm_backend)
		code[6] = 0xc1; /* VMCALL */
	hypervisor.hypercall_page = pool_spa(code);
	hypervisor.scrap_page = pool_spa(scrap);
}

void hypervisor_start(const struct hypervisor_config *config)
{
	hypervisor.config = *config;
	clock_start(&hypervisor.clock, config->tsc_hz, config->apic_hz);
	hypervisor.next_partition_id = PARTITION_PARENT_ID + 1;
	list_init(&hypervisor.partitions);
	pool_start(config->pool.base, config->pool.size);
	pool_account_init(&boot_account, UINT64_MAX);
	start_parent();
	start_pages();
	for (uint32_t i = 0; i < config->lps; i++)
		hypervisor.lps[i] = lp_create(i);
	for (uint32_t i = 0; i < config->lps; i++) {
		struct vp *vp = vp_create(hypervisor.parent, i,
					  i ? VP_WAIT_STARTUP : 0);

		assert(vp != NULL);
		hypervisor.parent->vps[i] = vp;
		hypervisor.lps[i]->parent_vp = vp;
		hypervisor.parent->vp_limit = i + 1;
	}
	lp_resume(hypervisor.parent->vps[0], 0);
}

struct vp *hypervisor_parent_vp(uint32_t lp)
{
	return hypervisor.parent->vps[lp];
}

struct vp *hypervisor_parent_near(uint32_t lp)
{
	bool on = hypervisor_parent_vp(lp)->synic.control &
		  HV_MSR_SCONTROL_ENABLE;

	return hypervisor_parent_vp(on ? lp : 0);
}

/* ---- Ending ---- */

void partition_forget_guest(struct partition *partition)
{
	gpa_overlay_remove(partition);
	partition->hypercall_msr = 0;
	partition->reference_tsc = 0;
}

#define RELEASE_BUDGET 64   /* pages given back a call */
#define FORGET_BUDGET  8192 /* mappings looked at a call */

/* Nothing of it runs on any processor; asks what does to stop. */
static bool stopped(struct partition *partition)
{
	bool all = true;

	for (uint32_t i = 0; i < partition->vp_limit; i++) {
		if (!partition->vps[i])
			continue;
		lp_suspend(partition->vps[i], VP_STOPPED);
		all &= !lp_running(partition->vps[i]);
	}
	return all;
}

/* Lock T held: only the caller has it, and nobody else can get it. */
static bool alone(const struct partition *partition)
{
	return __atomic_load_n(&partition->references, __ATOMIC_ACQUIRE) == 1;
}

static bool take_apart(struct partition *partition)
{
	for (uint32_t i = 0; i < partition->vp_limit; i++) {
		struct vp *vp = partition->vps[i];

		partition->vps[i] = NULL;
		if (vp)
			vp_destroy(vp);
	}
	apic_eoi_source_withdraw(partition);
	port_forget(partition);
	partition->cpuid_count = 0;
	pool_give(&partition->account, partition->cpuid);
	partition->cpuid = NULL;
	return gpa_forget(partition, FORGET_BUDGET) &&
	       virt->space_release(&partition->space, RELEASE_BUDGET);
}

static bool finalize(struct partition *partition)
{
	if (partition->state == PARTITION_FINALIZED)
		return true;
	partition->state = PARTITION_DELETING;
	if (!alone(partition) || !stopped(partition) || !take_apart(partition))
		return false;
	partition->state = PARTITION_FINALIZED;
	return true;
}

bool partition_finalize(struct partition *partition)
{
	spinlock_take(&hypervisor.table_lock);
	bool done = finalize(partition);

	spinlock_give(&hypervisor.table_lock);
	return done;
}

/* The parent has its frames again; true when there are no more. */
static bool return_deposits(struct partition *partition)
{
	for (unsigned int i = 0; i < RELEASE_BUDGET; i++) {
		spa_t frame = pool_withdraw(&partition->account);

		if (!frame.value)
			return true;
		gpa_unhide(partition->parent, frame);
	}
	return false;
}

bool partition_delete(struct partition *partition)
{
	spinlock_take(&hypervisor.table_lock);
	bool done = finalize(partition) && alone(partition) &&
		    return_deposits(partition);

	if (done)
		list_remove(&partition->node);
	spinlock_give(&hypervisor.table_lock);
	if (done) {
		assert(partition->account.used_pages == 0);
		pool_give(&partition->parent->account, partition);
	}
	return done;
}
