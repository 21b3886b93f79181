/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The run queue of each logical processor, and the loop that serves it. */
#include "lp.h"

#include "../lib/print.h"
#include "apic.h"
#include "handler.h"
#include "vp.h"

#define MILLISECOND	     (hypervisor.config.tsc_hz / 1000)
#define SLICE		     (5 * MILLISECOND)
#define WINDOW		     (20 * MILLISECOND)
#define PARENT_SHARE_PERCENT 50
#define WEIGHT_DEFAULT	     100

/* Who signals the parent goes on for so long: what it has to say meanwhile is
 * taken together with the first. Who went to sleep instead lost by it: that
 * many signals of its are answered at once. */
#define PATIENCE      (MILLISECOND / 10)
#define HASTY_SIGNALS 31

struct lp *lp_this(void)
{
	return hypervisor.lps[cpu_lp()];
}

struct lp *lp_create(uint32_t index)
{
	struct pool_account *account = &hypervisor.parent->account;
	struct lp *lp = pool_take(account);

	_Static_assert(sizeof(struct lp) <= PAGE_SIZE, "one page each");
	assert(lp != NULL);
	lp->index = index;
	lp->input = pool_take(account);
	lp->output = pool_take(account);
	assert(lp->input && lp->output);
	list_init(&lp->ready);
	list_init(&lp->timed);
	lp->next_deadline = CPU_TIMER_OFF;
	return lp;
}

/* Makes it leave a guest, or the wait; this one is in neither. */
static void lp_kick(uint32_t index)
{
	if (index != cpu_lp())
		cpu_kick(index);
}

static void lp_attend(uint32_t index)
{
	__atomic_store_n(&hypervisor.lps[index]->attention, true,
			 __ATOMIC_RELEASE);
	lp_kick(index);
}

/* The processor vp belongs to, locked; vps of children may move until then. */
static struct lp *lp_lock(struct vp *vp)
{
	for (;;) {
		uint32_t index = __atomic_load_n(&vp->lp, __ATOMIC_ACQUIRE);
		struct lp *lp = hypervisor.lps[index];

		spinlock_take(&lp->lock);
		if (vp->lp == index)
			return lp;
		spinlock_give(&lp->lock);
	}
}

/* ---- Accounting ---- */

static void lp_account(struct vp *vp, enum vp_run_state next)
{
	uint64_t now = cpu_now();

	vp->time[vp->state] += now - vp->since;
	vp->since = now;
	vp->state = next;
}

/* ---- Queue, lock R held ---- */

static void lp_insert(struct lp *lp, struct vp *vp)
{
	struct list *position = &lp->ready;

	LIST_EACH(node, &lp->ready)
	{
		if (LIST_ENTRY(node, struct vp, run_node)->virtual_time >
		    vp->virtual_time) {
			position = node;
			break;
		}
	}
	list_insert(position, &vp->run_node);
}

/* Who wakes has used little, but may not save up more than one slice. */
static void lp_enqueue(struct lp *lp, struct vp *vp)
{
	uint64_t floor = lp->clock > SLICE ? lp->clock - SLICE : 0;

	if (vp->virtual_time < floor)
		vp->virtual_time = floor;
	lp_account(vp, VP_READY);
	lp_insert(lp, vp);
}

static bool lp_parent_may(struct lp *lp, uint64_t now)
{
	if (now - lp->window_start >= WINDOW) {
		lp->window_start = now;
		lp->window_used = 0;
	}
	return lp->window_used < WINDOW * PARENT_SHARE_PERCENT / 100;
}

static void lp_arm(struct lp *lp, bool competing)
{
	uint64_t deadline = lp->next_deadline;

	if (competing)
		deadline = MIN(deadline, lp->slice_end);
	cpu_timer_arm(deadline);
}

/* Whether the parent, woken by its own processor's vp, lets that go on. */
static bool lp_is_patient(struct lp *lp)
{
	struct vp *signaller = lp->index == cpu_lp() ? lp->signaller : NULL;

	if (!signaller)
		return false;
	if (signaller->hasty) {
		signaller->hasty--;
		return false;
	}
	lp->patient = true;
	lp->slice_end = MIN(lp->slice_end, cpu_now() + PATIENCE);
	lp_arm(lp, true);
	return true;
}

/* Should vp, just made ready, take the processor from whoever has it? */
static bool lp_preempts(struct lp *lp, struct vp *vp)
{
	struct vp *current = lp->current;

	if (!current || current->state != VP_RUNNING)
		return true;
	if (vp == lp->parent_vp && vp->boosted)
		return !lp_is_patient(lp);
	if (current == lp->parent_vp && current->boosted)
		return false;
	return vp->virtual_time + SLICE / 4 < current->virtual_time;
}

static void lp_refresh_deadline(struct lp *lp)
{
	uint64_t next = CPU_TIMER_OFF;

	LIST_EACH(node, &lp->timed)
	{
		struct vp *vp = LIST_ENTRY(node, struct vp, timer_node);

		next = MIN(next, vp->timers.deadline);
	}
	lp->next_deadline = next;
}

/* ---- Moving vps of children to idle processors ---- */

static bool lp_idle(const struct lp *lp)
{
	return lp->current == NULL && list_empty(&lp->ready);
}

/* One processor with nothing to do may fetch what just became ready here. */
static void lp_offer(const struct lp *busy)
{
	for (uint32_t i = 0; i < hypervisor.config.lps; i++) {
		if (i != busy->index && lp_idle(hypervisor.lps[i])) {
			lp_attend(i);
			return;
		}
	}
}

static struct vp *lp_take_from(struct lp *victim)
{
	struct vp *found = NULL;

	spinlock_take(&victim->lock);
	LIST_EACH(node, &victim->ready)
	{
		struct vp *vp = LIST_ENTRY(node, struct vp, run_node);

		/* The current one's state may still be in silicon. */
		if (vp != victim->parent_vp && vp != victim->current) {
			found = vp;
			break;
		}
	}
	if (found) {
		list_remove(&found->run_node);
		list_remove(&found->timer_node);
		lp_refresh_deadline(victim);
		lp_account(found, VP_BLOCKED);
		found->suspended |= VP_MOVING;
		__atomic_sub_fetch(&victim->assigned, 1, __ATOMIC_RELAXED);
	}
	spinlock_give(&victim->lock);
	return found;
}

/* VP_MOVING keeps everybody off found while no queue has it. Only here are two
 * queue locks taken, the one with the lower index first. */
static void lp_adopt(struct lp *lp, struct lp *victim, struct vp *found)
{
	struct lp *first = lp->index < victim->index ? lp : victim;
	struct lp *second = first == lp ? victim : lp;

	spinlock_take(&first->lock);
	spinlock_take(&second->lock);
	found->virtual_time = lp->clock;
	found->counters[VP_COUNT_MIGRATIONS]++;
	__atomic_store_n(&found->lp, lp->index, __ATOMIC_RELEASE);
	__atomic_add_fetch(&lp->assigned, 1, __ATOMIC_RELAXED);
	found->suspended &= ~VP_MOVING;
	if (found->timers.deadline != CPU_TIMER_OFF) {
		list_insert(&lp->timed, &found->timer_node);
		lp_refresh_deadline(lp);
	}
	if (!found->suspended)
		lp_enqueue(lp, found);
	spinlock_give(&second->lock);
	spinlock_give(&first->lock);
}

/* How many vps of children want this processor, the running one included. */
static unsigned int lp_load(struct lp *lp)
{
	unsigned int load = 0;

	spinlock_take(&lp->lock);
	LIST_EACH(node, &lp->ready)
	{
		if (LIST_ENTRY(node, struct vp, run_node) != lp->parent_vp)
			load++;
	}
	if (lp->current && lp->current != lp->parent_vp)
		load++;
	spinlock_give(&lp->lock);
	return load;
}

/* Fetches one vp from where so many more than here want to run: one when this
 * has nothing to do, two after a turn, so that each vp gets its share wherever
 * its home is. */
static bool lp_fetch(struct lp *lp, unsigned int more)
{
	unsigned int least = lp_load(lp) + more;

	for (uint32_t i = 1; i < hypervisor.config.lps; i++) {
		struct lp *victim =
			hypervisor.lps[(lp->index + i) % hypervisor.config.lps];
		struct vp *found = NULL;

		if (victim->current && !list_empty(&victim->ready) &&
		    lp_load(victim) >= least)
			found = lp_take_from(victim);
		if (found) {
			lp_adopt(lp, victim, found);
			return true;
		}
	}
	return false;
}

/* ---- What others ask for ---- */

uint32_t lp_choose(void)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < hypervisor.config.lps; i++) {
		if (hypervisor.lps[i]->assigned <
		    hypervisor.lps[best]->assigned)
			best = i;
	}
	__atomic_add_fetch(&hypervisor.lps[best]->assigned, 1,
			   __ATOMIC_RELAXED);
	return best;
}

/* Lock R held: vp has no reason left not to run. */
static void lp_ready(struct lp *lp, struct vp *vp)
{
	if (vp->state != VP_BLOCKED)
		return;
	bool alone = list_empty(&lp->ready);

	lp_enqueue(lp, vp);
	if (lp_preempts(lp, vp)) {
		lp_attend(lp->index);
		return;
	}
	/* Who runs there had the processor alone, and no end to its slice. */
	if (alone && lp->index == cpu_lp())
		lp_arm(lp, true);
	else if (alone)
		cpu_kick(lp->index);
	if (vp != lp->parent_vp)
		lp_offer(lp);
}

/* Lock R held: something has come for vp. It may halt at this very moment and
 * still be the one that runs. */
static void lp_wake(struct lp *lp, struct vp *vp)
{
	if (vp == lp->parent_vp)
		vp->boosted = true;
	if (vp->suspended == VP_HALTED && vp_has_work(vp)) {
		vp->suspended = 0;
		lp_ready(lp, vp);
	} else if (vp->state == VP_RUNNING) {
		lp_kick(lp->index);
	} else if (vp->state == VP_READY && lp_preempts(lp, vp)) {
		lp_attend(lp->index);
	}
}

void lp_suspend(struct vp *vp, uint32_t reasons)
{
	struct lp *lp = lp_lock(vp);

	vp->suspended |= reasons;
	if (vp->state == VP_READY) {
		list_remove(&vp->run_node);
		lp_account(vp, VP_BLOCKED);
	} else if (vp->state == VP_RUNNING) {
		lp_attend(lp->index);
	}
	spinlock_give(&lp->lock);
}

void lp_resume(struct vp *vp, uint32_t reasons)
{
	struct lp *lp = lp_lock(vp);

	vp->suspended &= ~reasons;
	if (vp->suspended == VP_HALTED && vp_has_work(vp))
		vp->suspended = 0;
	if (!vp->suspended)
		lp_ready(lp, vp);
	spinlock_give(&lp->lock);
}

/* Lock R held: whether parts of vp may be in silicon, or soon be. */
static bool lp_has(const struct lp *lp, const struct vp *vp)
{
	return vp->state == VP_RUNNING || (vp->suspended & VP_MOVING) ||
	       lp->current == vp;
}

bool lp_running(struct vp *vp)
{
	struct lp *lp = lp_lock(vp);
	bool running = lp_has(lp, vp);

	spinlock_give(&lp->lock);
	return running;
}

bool lp_hold(struct vp *vp)
{
	struct lp *lp = lp_lock(vp);
	bool idle =
		vp->suspended && !(vp->suspended & VP_HELD) && !lp_has(lp, vp);

	if (idle)
		vp->suspended |= VP_HELD;
	spinlock_give(&lp->lock);
	return idle;
}

void lp_halt(struct vp *vp)
{
	struct lp *lp = lp_lock(vp);

	if (!vp_has_work(vp)) {
		vp->boosted = false;
		vp->hasty = lp->patient ? HASTY_SIGNALS : vp->hasty;
		vp->suspended |= VP_HALTED;
		lp_attend(lp->index);
	}
	spinlock_give(&lp->lock);
}

void lp_forget(struct vp *vp)
{
	struct lp *lp = lp_lock(vp);

	assert(vp->state == VP_BLOCKED && lp->current != vp);
	list_remove(&vp->timer_node);
	lp_refresh_deadline(lp);
	__atomic_sub_fetch(&lp->assigned, 1, __ATOMIC_RELAXED);
	spinlock_give(&lp->lock);
}

void vp_wake(struct vp *vp)
{
	struct lp *lp = lp_lock(vp);

	lp_wake(lp, vp);
	spinlock_give(&lp->lock);
}

void vp_deadline_changed(struct vp *vp)
{
	struct lp *lp = lp_lock(vp);
	uint64_t old = lp->next_deadline;

	list_remove(&vp->timer_node);
	if (vp->timers.deadline != CPU_TIMER_OFF)
		list_insert(&lp->timed, &vp->timer_node);
	lp_refresh_deadline(lp);
	if (lp->next_deadline < old)
		lp_attend(lp->index);
	spinlock_give(&lp->lock);
}

/* ---- The loop ---- */

static void lp_take_interrupts(struct lp *lp)
{
	struct cpu_interrupts taken;

	if (!cpu_interrupts_take(&taken))
		return;
	for (unsigned int vector = 0; vector < 256; vector++) {
		uint64_t bit = BIT(vector % 64);
		unsigned int word = vector / 64;

		if (taken.pic[word] & bit)
			vp_external(lp->parent_vp, (uint8_t)vector);
		else if (taken.edge[word] & bit)
			apic_post(lp->parent_vp, (uint8_t)vector, false);
		if (taken.level[word] & bit)
			apic_post(lp->parent_vp, (uint8_t)vector, true);
	}
}

/* Timers are the business of whoever runs the vp: here it is only told. */
static void lp_expire(struct lp *lp)
{
	uint64_t now = cpu_now();

	if (now < lp->next_deadline)
		return;
	spinlock_take(&lp->lock);
	struct list *node = lp->timed.next;

	while (node != &lp->timed) {
		struct vp *vp = LIST_ENTRY(node, struct vp, timer_node);

		node = node->next;
		if (vp->timers.deadline > now)
			continue;
		list_remove(&vp->timer_node);
		__atomic_or_fetch(&vp->requests, VP_REQUEST_TIMER,
				  __ATOMIC_RELEASE);
		lp_wake(lp, vp);
	}
	lp_refresh_deadline(lp);
	spinlock_give(&lp->lock);
}

/* Lock R held. The vp to run next, out of the queue; NULL: none. */
static struct vp *lp_pick(struct lp *lp, uint64_t now)
{
	struct vp *parent = lp->parent_vp;
	struct vp *vp;

	if (list_empty(&lp->ready))
		return NULL;
	/* The clock is that of who has had least; the parent's runs ahead. */
	vp = LIST_FIRST(&lp->ready, struct vp, run_node);
	lp->clock = MAX(lp->clock, vp->virtual_time);
	if (parent->state == VP_READY && parent->boosted &&
	    lp_parent_may(lp, now))
		vp = parent;
	list_remove(&vp->run_node);
	lp_account(vp, VP_RUNNING);
	lp->slice_end = now + SLICE;
	return vp;
}

/* Lock R held. The current vp's turn ends: back into the queue, or blocked. */
static void lp_put(struct lp *lp, struct vp *vp)
{
	uint64_t ticks = cpu_now() - vp->since;

	vp->virtual_time += ticks * WEIGHT_DEFAULT / vp->partition->weight;
	if (vp == lp->parent_vp && vp->boosted)
		lp->window_used += ticks;
	if (vp->suspended) {
		lp_account(vp, VP_BLOCKED);
	} else {
		lp_account(vp, VP_READY);
		lp_insert(lp, vp);
	}
}

/* Chooses, and loads the choice into silicon. Returns it, or NULL. */
static struct vp *lp_schedule(struct lp *lp)
{
	struct vp *old = lp->current;
	uint64_t now = cpu_now();

	spinlock_take(&lp->lock);
	__atomic_store_n(&lp->attention, false, __ATOMIC_RELEASE);
	lp->patient = false;
	if (old)
		lp_put(lp, old);
	struct vp *next = lp_pick(lp, now);

	if (next != old && old) {
		/* Nobody touches old before its state is in memory:
		 * lp->current still names it. */
		old->counters[VP_COUNT_PREEMPTIONS] += old->state == VP_READY;
		spinlock_give(&lp->lock);
		virt->vp_switch(old->virt, next ? next->virt : NULL);
		cpu_state_save(&old->cpu);
		spinlock_take(&lp->lock);
	} else if (next != old) {
		virt->vp_switch(NULL, next->virt);
	}
	lp->current = next;
	spinlock_give(&lp->lock);
	if (next && next != old)
		cpu_state_load(&next->cpu);
	return next;
}

/*
 * Here this processor holds no pointer into any partition's memory, and what
 * it runs next looks at flush_generation first: gpa_quiet() waits for that.
 */
static void lp_pass(struct lp *lp)
{
	__atomic_store_n(&lp->seen,
			 __atomic_load_n(&hypervisor.epoch, __ATOMIC_ACQUIRE),
			 __ATOMIC_RELEASE);
}

bool lp_passed(uint32_t index, uint64_t epoch)
{
	const struct lp *lp = hypervisor.lps[index];

	if (index == cpu_lp() ||
	    __atomic_load_n(&lp->seen, __ATOMIC_ACQUIRE) >= epoch)
		return true;
	cpu_kick(index);
	return false;
}

/* Runs vp until the queue, a device or the clock wants to be looked at. */
static void lp_run(struct lp *lp, struct vp *vp)
{
	struct virt_intercept intercept;

	do {
		lp_pass(lp);
		if (!vp_is_quiet(vp) && !vp_enter(vp))
			return;
		virt->vp_run(vp->virt, &intercept);
		vp->counters[VP_COUNT_EXITS + (unsigned int)intercept.kind]++;
		if (intercept.interrupted.valid)
			vp->reinject = intercept.interrupted;
		handler_run(vp, &intercept);
	} while (intercept.kind != VIRT_HOST &&
		 !__atomic_load_n(&lp->attention, __ATOMIC_ACQUIRE));
}

void hypervisor_run(void)
{
	struct lp *lp = lp_this();
	void *page = pool_take(&hypervisor.parent->account);

	assert(page && virt->lp_start(pool_spa(page)) == HV_STATUS_SUCCESS);
	for (;;) {
		lp_pass(lp);
		lp_take_interrupts(lp);
		lp_expire(lp);
		struct vp *vp = lp->current;
		uint64_t now = cpu_now();

		if (vp && now >= lp->slice_end)
			lp_fetch(lp, 2);
		if (!vp || vp->suspended || now >= lp->slice_end ||
		    __atomic_load_n(&lp->attention, __ATOMIC_ACQUIRE))
			vp = lp_schedule(lp);
		if (!vp && lp_fetch(lp, 1))
			continue;
		lp_arm(lp, !list_empty(&lp->ready));
		if (vp)
			lp_run(lp, vp);
		else
			cpu_wait();
	}
}
