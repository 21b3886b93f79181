/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address types that cannot be mixed up, and the few units everything uses. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* System physical: what the memory bus sees. */
typedef struct spa {
	uint64_t value;
} spa_t;

/* Guest physical: what a partition takes for physical. */
typedef struct gpa {
	uint64_t value;
} gpa_t;

/* Guest virtual: what a partition's own page tables translate. */
typedef struct gva {
	uint64_t value;
} gva_t;

#define SPA(v) ((spa_t){(uint64_t)(v)})
#define GPA(v) ((gpa_t){(uint64_t)(v)})
#define GVA(v) ((gva_t){(uint64_t)(v)})

#define PAGE_SHIFT	 12
#define PAGE_SIZE	 4096u
#define PAGE_MASK	 4095u
#define LARGE_PAGE_SHIFT 21
#define LARGE_PAGE_SIZE	 (1ul << LARGE_PAGE_SHIFT)
#define LARGE_PAGE_MASK	 (LARGE_PAGE_SIZE - 1)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)     ((a) < (b) ? (a) : (b))
#define MAX(a, b)     ((a) > (b) ? (a) : (b))
#define BIT(n)	      (1ull << (n))
#define CONTAINER(pointer, type, member)                                       \
	((type *)((char *)(pointer)-offsetof(type, member)))

/* An interrupt, exception or processor vector that means "none". */
#define VECTOR_NONE (-1)
