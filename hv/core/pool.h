/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's free pages, and who was given how many of them. */
#pragma once

#include "../lib/pages.h"
#include "../lib/types.h"

/* Charges pages to one partition, up to its quota. */
struct pool_account {
	struct page_source source;   /* first: what virt takes from */
	uint64_t used_pages;	     /* atomic: of the pool's own */
	uint64_t quota_pages;	     /* constant */
	struct pool_page *deposited; /* O: free pages that the parent gave */
	uint64_t deposited_pages;    /* O: how many */
};

void pool_start(spa_t base, uint64_t size);
uint64_t pool_free_pages(void);

/* An account with that quota; UINT64_MAX for the parent's. */
void pool_account_init(struct pool_account *account, uint64_t quota_pages);

/* One zeroed page as pointer; NULL beyond the quota or the pool. */
void *pool_take(struct pool_account *account);
void pool_give(struct pool_account *account, void *page);
spa_t pool_spa(const void *page);

/*
 * A frame that the parent gave for this account; used once the quota is.
 * Withdrawing returns one that is not in use, SPA(0) when there is none.
 */
void pool_deposit(struct pool_account *account, spa_t frame);
spa_t pool_withdraw(struct pool_account *account);
