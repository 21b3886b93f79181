/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's free pages, kept as a list threaded through themselves. */
#include "pool.h"

#include "../lib/print.h"
#include "../lib/spinlock.h"
#include "../lib/string.h"
#include "../x86/cpu.h"

/* Children may take all but this share. */
#define RESERVE_DIVISOR 8

struct pool_page {
	struct pool_page *next;
};

static struct pool {
	struct spinlock lock;	/* O */
	struct pool_page *free; /* pages given back */
	uint64_t start;
	uint64_t next; /* frames from here to end were never used */
	uint64_t end;
	uint64_t free_pages;
	uint64_t reserve_pages; /* the last ones are the parent's */
} pool;

void pool_start(spa_t base, uint64_t size)
{
	pool.free = NULL;
	pool.start = base.value;
	pool.next = base.value;
	pool.end = base.value + size;
	pool.free_pages = size >> PAGE_SHIFT;
	pool.reserve_pages = pool.free_pages / RESERVE_DIVISOR;
}

uint64_t pool_free_pages(void)
{
	return __atomic_load_n(&pool.free_pages, __ATOMIC_RELAXED);
}

spa_t pool_spa(const void *page)
{
	const char *zero = cpu_map(SPA(0));

	return SPA((uint64_t)((const char *)page - zero));
}

static void *pool_pop(const struct pool_account *account)
{
	bool limited = account->quota_pages != UINT64_MAX;
	void *page = NULL;

	spinlock_take(&pool.lock);
	/* Children together must not take the parent's means away. */
	bool refused = limited && pool.free_pages <= pool.reserve_pages;

	if (!refused && pool.free) {
		page = pool.free;
		pool.free = pool.free->next;
	} else if (!refused && pool.next < pool.end) {
		page = cpu_map(SPA(pool.next));
		pool.next += PAGE_SIZE;
	}
	if (page)
		pool.free_pages--;
	spinlock_give(&pool.lock);
	return page;
}

static void *pool_pop_deposited(struct pool_account *account)
{
	spinlock_take(&pool.lock);
	struct pool_page *page = account->deposited;

	if (page) {
		account->deposited = page->next;
		account->deposited_pages--;
	}
	spinlock_give(&pool.lock);
	return page;
}

static void *pool_take_own(struct pool_account *account)
{
	uint64_t used =
		__atomic_add_fetch(&account->used_pages, 1, __ATOMIC_RELAXED);
	void *page = used <= account->quota_pages ? pool_pop(account) : NULL;

	if (!page)
		__atomic_sub_fetch(&account->used_pages, 1, __ATOMIC_RELAXED);
	return page;
}

void *pool_take(struct pool_account *account)
{
	void *page = pool_take_own(account);

	if (!page)
		page = pool_pop_deposited(account);
	if (page)
		memset(page, 0, PAGE_SIZE);
	return page;
}

/* Frames outside the pool can only be the account's own deposits. */
void pool_give(struct pool_account *account, void *page)
{
	if (!page)
		return;
	assert(((uintptr_t)page & PAGE_MASK) == 0);
	spa_t frame = pool_spa(page);
	struct pool_page *free = page;

	if (frame.value < pool.start || frame.value >= pool.end) {
		pool_deposit(account, frame);
		return;
	}
	spinlock_take(&pool.lock);
	free->next = pool.free;
	pool.free = free;
	pool.free_pages++;
	spinlock_give(&pool.lock);
	__atomic_sub_fetch(&account->used_pages, 1, __ATOMIC_RELAXED);
}

void pool_deposit(struct pool_account *account, spa_t frame)
{
	struct pool_page *page = cpu_map(frame);

	spinlock_take(&pool.lock);
	page->next = account->deposited;
	account->deposited = page;
	account->deposited_pages++;
	spinlock_give(&pool.lock);
}

spa_t pool_withdraw(struct pool_account *account)
{
	void *page = pool_pop_deposited(account);

	if (!page)
		return SPA(0);
	memset(page, 0, PAGE_SIZE); /* nothing of ours leaks out */
	return pool_spa(page);
}

static spa_t pool_source_take(struct page_source *source)
{
	struct pool_account *account =
		CONTAINER(source, struct pool_account, source);
	void *page = pool_take(account);

	return page ? pool_spa(page) : SPA(0);
}

static void pool_source_give(struct page_source *source, spa_t page)
{
	struct pool_account *account =
		CONTAINER(source, struct pool_account, source);

	pool_give(account, cpu_map(page));
}

void pool_account_init(struct pool_account *account, uint64_t quota_pages)
{
	*account = (struct pool_account){
		.source = {.take = pool_source_take, .give = pool_source_give},
		.quota_pages = quota_pages,
	};
}
