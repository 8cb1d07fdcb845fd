/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Intrusive doubly linked list with a head node, as in Linux. No locking. */
#ifndef UTIL_LIST_H
#define UTIL_LIST_H

#include "util/util_macros.h"

struct util_list {
   struct util_list *prev, *next;
};

static inline void
util_list_init(struct util_list *l)
{
   l->prev = l->next = l;
}

static inline bool
util_list_is_empty(const struct util_list *l)
{
   return l->next == l;
}

/* Insert `item` before `pos`; before the head means at the tail. */
static inline void
util_list_add_before(struct util_list *item, struct util_list *pos)
{
   item->prev = pos->prev;
   item->next = pos;
   pos->prev->next = item;
   pos->prev = item;
}

static inline void
util_list_add_tail(struct util_list *item, struct util_list *head)
{
   util_list_add_before(item, head);
}

static inline void
util_list_add(struct util_list *item, struct util_list *head)
{
   util_list_add_before(item, head->next);
}

/* Unlinks and re-initialises, so that deleting twice is harmless. */
static inline void
util_list_del(struct util_list *item)
{
   item->prev->next = item->next;
   item->next->prev = item->prev;
   util_list_init(item);
}

/* Moves all of `from` to the tail of `to`; `from` ends empty. */
static inline void
util_list_splice_tail(struct util_list *from, struct util_list *to)
{
   if (util_list_is_empty(from))
      return;
   from->next->prev = to->prev;
   to->prev->next = from->next;
   from->prev->next = to;
   to->prev = from->prev;
   util_list_init(from);
}

#define util_list_first(head, type, member)                                    \
   container_of((head)->next, type, member)
#define util_list_last(head, type, member)                                     \
   container_of((head)->prev, type, member)

#define util_list_for_each(type, it, head, member)                             \
   for (type *it = container_of((head)->next, type, member);                   \
        &it->member != (head);                                                 \
        it = container_of(it->member.next, type, member))

/* The current item may be unlinked or freed in the body. */
#define util_list_for_each_safe(type, it, head, member)                        \
   for (type *it = container_of((head)->next, type, member),                   \
             *it##_next = container_of(it->member.next, type, member);         \
        &it->member != (head); it = it##_next,                                 \
             it##_next = container_of(it##_next->member.next, type, member))

#endif
