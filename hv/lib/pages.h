/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a caller's 4 KiB pages come from, so that rooms below need no pool. */
#pragma once

#include "types.h"

/*
 * take() hands out one zeroed page, or SPA(0) when the source is exhausted
 * (page 0 is never handed out). give() returns one.
 */
struct page_source {
	spa_t (*take)(struct page_source *source);
	void (*give)(struct page_source *source, spa_t page);
};
