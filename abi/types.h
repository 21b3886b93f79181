/* SPDX-License-Identifier: MIT */
/* What every contract header stands on: fixed-width types, packing, layout
 * assertions. */
#pragma once

#ifdef __KERNEL__
#include <linux/types.h>
#include <linux/stddef.h>
#else
#include <stddef.h>
#include <stdint.h>
#endif

/* For the few wire structures whose fields are not naturally aligned. */
#define ABI_PACKED __attribute__((packed))

/* Layouts are contracts: their sizes and the offsets that a manual gives are
 * checked. */
#define ABI_SIZE(type, bytes)                                                  \
	_Static_assert(sizeof(type) == (bytes), "size of " #type)
#define ABI_OFFSET(type, field, bytes)                                         \
	_Static_assert(__builtin_offsetof(type, field) == (bytes),             \
		       "offset of " #type "." #field)

#define HV_PAGE_SHIFT		12
#define HV_PAGE_SIZE		4096u
#define HV_LARGE_PAGE_SHIFT	21
#define HV_LARGE_PAGE_SIZE	0x200000u
#define HV_PAGES_PER_LARGE_PAGE 512u
