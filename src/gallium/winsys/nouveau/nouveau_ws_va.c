/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau_ws_va.h"

#include <errno.h>
#include <stdlib.h>

struct range {
   struct util_rb_node node;
   uint64_t size_B;
};

static struct range *
range_of(struct util_rb_node *n)
{
   return n ? container_of(n, struct range, node) : NULL;
}

static int
add(struct nouveau_ws_va *va, uint64_t start, uint64_t size_B)
{
   struct range *r = size_B ? calloc(1, sizeof(*r)) : NULL;
   if (!r)
      return size_B ? -ENOMEM : 0;
   r->node.key = start;
   r->size_B = size_B;
   util_rb_insert(&va->free, &r->node);
   return 0;
}

static void
take(struct nouveau_ws_va *va, struct range *r)
{
   util_rb_remove(&va->free, &r->node);
   free(r);
}

int
nouveau_ws_va_init(struct nouveau_ws_va *va, uint64_t start, uint64_t size_B)
{
   *va = (struct nouveau_ws_va){0};
   return add(va, start, size_B);
}

void
nouveau_ws_va_finish(struct nouveau_ws_va *va)
{
   struct util_rb_node *n;
   while ((n = util_rb_first(&va->free)))
      take(va, range_of(n));
}

int
nouveau_ws_va_alloc(struct nouveau_ws_va *va, uint64_t size_B, uint64_t align_B,
                    uint64_t *start_out)
{
   util_rb_for_each(n, &va->free) {
      struct range *r = range_of(n);
      uint64_t start = util_align(n->key, align_B);
      uint64_t before_B = start - n->key;
      if (before_B > r->size_B || r->size_B - before_B < size_B)
         continue;
      uint64_t after_B = r->size_B - before_B - size_B;
      if (before_B && add(va, start + size_B, after_B))
         return -ENOMEM;
      if (before_B) {
         r->size_B = before_B;
      } else if (after_B) {
         r->node.key += size_B; /* keeps its place among the others */
         r->size_B = after_B;
      } else {
         take(va, r);
      }
      *start_out = start;
      return 0;
   }
   return -ENOSPC;
}

void
nouveau_ws_va_free(struct nouveau_ws_va *va, uint64_t start, uint64_t size_B)
{
   struct range *before = range_of(util_rb_floor(&va->free, start));
   struct range *after = range_of(util_rb_ceil(&va->free, start));
   if (after && after->node.key == start + size_B) {
      size_B += after->size_B;
      take(va, after);
   }
   if (before && before->node.key + before->size_B == start)
      before->size_B += size_B;
   else
      add(va, start, size_B);
}
