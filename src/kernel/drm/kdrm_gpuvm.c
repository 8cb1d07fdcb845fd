/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kernel/drm/kdrm_gpuvm.h"

#include <errno.h>

void
kdrm_gpuvm_init(struct kdrm_gpuvm *vm, uint64_t start, uint64_t end)
{
   *vm = (struct kdrm_gpuvm){.start = start, .end = end};
}

static struct kdrm_gpuva *
va_of(struct util_rb_node *n)
{
   return n ? container_of(n, struct kdrm_gpuva, node) : NULL;
}

static bool
range_is_valid(const struct kdrm_gpuvm *vm, uint64_t addr, uint64_t range)
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

int
kdrm_gpuvm_insert(struct kdrm_gpuvm *vm, struct kdrm_gpuva *va)
{
   if (!range_is_valid(vm, va->addr, va->range))
      return -EINVAL;
   if (kdrm_gpuvm_find(vm, va->addr, va->range))
      return -EEXIST;
   va->node.key = va->addr;
   util_rb_insert(&vm->vas, &va->node);
   return 0;
}

void
kdrm_gpuvm_remove(struct kdrm_gpuvm *vm, struct kdrm_gpuva *va)
{
   util_rb_remove(&vm->vas, &va->node);
}

struct best {
   uint64_t addr, gap;
};

static void
consider_gap(struct best *best, uint64_t start, uint64_t end, uint64_t range,
             uint64_t align)
{
   uint64_t addr = util_align(start, align);
   if (addr < start || addr >= end || end - addr < range)
      return;
   if (end - start < best->gap)
      *best = (struct best){addr, end - start};
}

int
kdrm_gpuvm_find_hole(const struct kdrm_gpuvm *vm, uint64_t range,
                     uint64_t align, uint64_t *addr_out)
{
   struct best best = {0, UINT64_MAX};
   uint64_t at = vm->start;
   util_rb_for_each(n, &vm->vas) {
      const struct kdrm_gpuva *va = va_of(n);
      consider_gap(&best, at, va->addr, range, align);
      at = va->addr + va->range;
   }
   consider_gap(&best, at, vm->end, range, align);
   if (best.gap == UINT64_MAX)
      return -ENOSPC;
   *addr_out = best.addr;
   return 0;
}

/* --- Split and merge ----------------------------------------------------- */

static struct kdrm_gpuva
part(const struct kdrm_gpuva *va, uint64_t start, uint64_t end)
{
   struct kdrm_gpuva p = {.addr = start,
                          .range = end > start ? end - start : 0,
                          .obj = va->obj,
                          .offset = va->offset + (start - va->addr),
                          .flags = va->flags};
   return p;
}

/* The request shows, where they overlap, just what `va` shows. */
static bool
shows_same(const struct kdrm_gpuva *request, const struct kdrm_gpuva *va)
{
   return request && request->obj && request->obj == va->obj &&
          request->flags == va->flags &&
          request->offset + (va->addr - request->addr) == va->offset;
}

static int
make_room(struct kdrm_gpuvm *vm, uint64_t start, uint64_t end,
          const struct kdrm_gpuva *request, const struct kdrm_gpuvm_ops *ops,
          void *data)
{
   struct kdrm_gpuva *va = kdrm_gpuvm_find(vm, start, end - start);
   while (va && va->addr < end) {
      /* The step may free the node. */
      struct kdrm_gpuva *after = kdrm_gpuvm_next(va);
      uint64_t va_end = va->addr + va->range;
      bool keep = shows_same(request, va);
      int ret;
      if (va->addr >= start && va_end <= end) {
         ret = ops->unmap(data, va, keep);
      } else {
         struct kdrm_gpuva prev = part(va, va->addr, start);
         struct kdrm_gpuva next = part(va, end, va_end);
         ret = ops->remap(data, va, &prev, &next, keep);
      }
      if (ret)
         return ret;
      va = after;
   }
   return 0;
}

int
kdrm_gpuvm_sm_map(struct kdrm_gpuvm *vm, const struct kdrm_gpuva *request,
                  const struct kdrm_gpuvm_ops *ops, void *data)
{
   if (!range_is_valid(vm, request->addr, request->range))
      return -EINVAL;
   int ret = make_room(vm, request->addr, request->addr + request->range,
                       request, ops, data);
   return ret ? ret : ops->map(data, request);
}

int
kdrm_gpuvm_sm_unmap(struct kdrm_gpuvm *vm, uint64_t addr, uint64_t range,
                    const struct kdrm_gpuvm_ops *ops, void *data)
{
   if (!range_is_valid(vm, addr, range))
      return -EINVAL;
   return make_room(vm, addr, addr + range, NULL, ops, data);
}
