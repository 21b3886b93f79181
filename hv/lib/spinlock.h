/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ticket lock. The hypervisor always runs with interrupts off, so holding
 * one never has to save the interrupt flag. Order of locks: core/partition.h.
 */
#pragma once

#include <stdint.h>

struct spinlock {
	uint16_t next;	/* the ticket the next taker draws */
	uint16_t owner; /* the ticket being served */
};

static inline void spinlock_take(struct spinlock *lock)
{
	uint16_t mine = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != mine)
		__builtin_ia32_pause();
}

static inline void spinlock_give(struct spinlock *lock)
{
	uint16_t owner = __atomic_load_n(&lock->owner, __ATOMIC_RELAXED);

	__atomic_store_n(&lock->owner, (uint16_t)(owner + 1), __ATOMIC_RELEASE);
}
