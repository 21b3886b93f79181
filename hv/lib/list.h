/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A circular doubly linked list; a head is a node that is linked to itself. */
#pragma once

#include "types.h"

struct list {
	struct list *next;
	struct list *previous;
};

static inline void list_init(struct list *node)
{
	node->next = node;
	node->previous = node;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

/* Links node in front of position; position may be the head (append). */
static inline void list_insert(struct list *position, struct list *node)
{
	node->next = position;
	node->previous = position->previous;
	position->previous->next = node;
	position->previous = node;
}

/* Unlinks node and leaves it linked to itself, so removing twice is safe. */
static inline void list_remove(struct list *node)
{
	node->previous->next = node->next;
	node->next->previous = node->previous;
	list_init(node);
}

#define LIST_ENTRY(node, type, member) CONTAINER(node, type, member)
#define LIST_FIRST(head, type, member) LIST_ENTRY((head)->next, type, member)
#define LIST_EACH(node, head)                                                  \
	for (struct list *node = (head)->next; node != (head);                 \
	     node = node->next)
