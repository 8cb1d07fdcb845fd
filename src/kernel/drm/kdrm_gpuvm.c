/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The trees: ranges by address, gaps by size. */
#include <assert.h>
#include <errno.h>

#include "kernel/drm/kdrm_gpuvm_priv.h"

static struct kdrm_gpuva *
va_of(struct util_rb_node *n)
{
   return n ? container_of(n, struct kdrm_gpuva, node) : NULL;
}

/* --- Gaps ---------------------------------------------------------------- */

static void
gap_insert(struct kdrm_gpuvm *vm, struct kdrm_gpuva *va)
{
   struct util_rb_node *parent = NULL, *at = vm->gaps.root;
   bool left = false;
   while (at) {
      const struct kdrm_gpuva *other =
         container_of(at, struct kdrm_gpuva, gap_node);
      parent = at;
      left =
         va->gap != other->gap ? va->gap < other->gap : va->addr < other->addr;
      at = left ? at->left : at->right;
      if (vm->gaps.steps)
         ++*vm->gaps.steps;
   }
   va->gap_node.key = va->gap;
   util_rb_insert_at(&vm->gaps, parent, left, &va->gap_node);
}

/* `gap` bytes are free before `va`. */
static void
gap_set(struct kdrm_gpuvm *vm, struct kdrm_gpuva *va, uint64_t gap)
{
   if (va->gap)
      util_rb_remove(&vm->gaps, &va->gap_node);
   va->gap = gap;
   if (gap)
      gap_insert(vm, va);
}

static struct kdrm_gpuva *
successor(struct kdrm_gpuvm *vm, const struct kdrm_gpuva *va)
{
   struct kdrm_gpuva *next = kdrm_gpuvm_next(va);
   return next ? next : &vm->last;
}

/* `va` is new or has another place: measures the gaps at both sides. */
static void
gaps_update(struct kdrm_gpuvm *vm, struct kdrm_gpuva *va)
{
   struct kdrm_gpuva *prev = kdrm_gpuvm_prev(va);
   struct kdrm_gpuva *next = successor(vm, va);
   gap_set(vm, va, va->addr - (prev ? prev->addr + prev->range : vm->start));
   gap_set(vm, next, next->addr - (va->addr + va->range));
}

int
kdrm_gpuvm_find_hole(const struct kdrm_gpuvm *vm, uint64_t range,
                     uint64_t align, uint64_t *addr_out)
{
   for (struct util_rb_node *n = util_rb_ceil(&vm->gaps, range); n;
        n = util_rb_next(n)) {
      const struct kdrm_gpuva *va =
         container_of(n, struct kdrm_gpuva, gap_node);
      uint64_t start = va->addr - va->gap, addr = util_align(start, align);
      if (vm->gaps.steps)
         ++*vm->gaps.steps;
      if (addr < start || addr >= va->addr || va->addr - addr < range)
         continue;
      *addr_out = addr;
      return 0;
   }
   return -ENOSPC;
}

/* --- Ranges -------------------------------------------------------------- */

void
kdrm_gpuvm_init(struct kdrm_gpuvm *vm, uint64_t start, uint64_t end,
                const struct kdrm_gpuvm_ops *ops, struct kdrm_gem_object *r_obj)
{
   *vm = (struct kdrm_gpuvm){
      .start = start,
      .end = end,
      .last.addr = end,
      .ops = ops,
      .r_obj = r_obj,
   };
   if (r_obj)
      kdrm_gem_get(r_obj);
   pthread_mutex_init(&vm->lists_lock, NULL);
   util_list_init(&vm->extobjs);
   util_list_init(&vm->evicted);
   gap_set(vm, &vm->last, end - start);
}

void
kdrm_gpuvm_finish(struct kdrm_gpuvm *vm)
{
   assert(util_list_is_empty(&vm->extobjs) && util_list_is_empty(&vm->evicted));
   pthread_mutex_destroy(&vm->lists_lock);
   kdrm_gem_put(vm->r_obj);
}

bool
kdrm_gpuvm_range_is_valid(const struct kdrm_gpuvm *vm, uint64_t addr,
                          uint64_t range)
{
   uint64_t end;
   return range && !__builtin_add_overflow(addr, range, &end) &&
          addr >= vm->start && end <= vm->end;
}

struct kdrm_gpuva *
kdrm_gpuvm_find(const struct kdrm_gpuvm *vm, uint64_t addr, uint64_t range)
{
   struct kdrm_gpuva *va = va_of(util_rb_floor(&vm->vas, addr));
   if (va && va->addr + va->range > addr)
      return va;
   va = va ? kdrm_gpuvm_next(va) : va_of(util_rb_first(&vm->vas));
   return va && va->addr - addr < range ? va : NULL;
}

struct kdrm_gpuva *
kdrm_gpuvm_next(const struct kdrm_gpuva *va)
{
   return va_of(util_rb_next(&va->node));
}

struct kdrm_gpuva *
kdrm_gpuvm_prev(const struct kdrm_gpuva *va)
{
   return va_of(util_rb_prev(&va->node));
}

void
kdrm_gpuvm_tree_insert(struct kdrm_gpuvm *vm, struct kdrm_gpuva *va)
{
   va->node.key = va->addr;
   va->gap = 0;
   util_rb_insert(&vm->vas, &va->node);
   gaps_update(vm, va);
   if (!va->vm_bo)
      return;
   pthread_mutex_lock(&va->obj->gpuva_lock);
   util_list_add_tail(&va->bo_link, &va->vm_bo->vas);
   pthread_mutex_unlock(&va->obj->gpuva_lock);
}

int
kdrm_gpuvm_insert(struct kdrm_gpuvm *vm, struct kdrm_gpuva *va)
{
   if (!kdrm_gpuvm_range_is_valid(vm, va->addr, va->range))
      return -EINVAL;
   if (kdrm_gpuvm_find(vm, va->addr, va->range))
      return -EEXIST;
   kdrm_gpuvm_tree_insert(vm, va);
   return 0;
}

void
kdrm_gpuvm_remove(struct kdrm_gpuvm *vm, struct kdrm_gpuva *va)
{
   struct kdrm_gpuva *next = successor(vm, va);
   uint64_t freed = va->gap + va->range + next->gap;
   gap_set(vm, va, 0);
   gap_set(vm, next, freed);
   util_rb_remove(&vm->vas, &va->node);
   if (!va->vm_bo)
      return;
   pthread_mutex_lock(&va->obj->gpuva_lock);
   util_list_del(&va->bo_link);
   pthread_mutex_unlock(&va->obj->gpuva_lock);
}

void
kdrm_gpuvm_move(struct kdrm_gpuvm *vm, struct kdrm_gpuva *va, uint64_t addr,
                uint64_t range, uint64_t offset)
{
   va->node.key = va->addr = addr;
   va->range = range;
   va->offset = offset;
   gaps_update(vm, va);
}
