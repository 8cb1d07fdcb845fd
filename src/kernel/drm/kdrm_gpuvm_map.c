/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Split and merge. */
#include <assert.h>
#include <errno.h>

#include "kernel/drm/kdrm_gpuvm_priv.h"

/* --- Steps, and their undoing -------------------------------------------- */

static void
change_init(struct kdrm_gpuvm_change *c, struct kdrm_gpuvm *vm)
{
   c->vm = vm;
   c->num_added = c->num_removed = c->num_trimmed = 0;
   c->same = false;
   util_list_init(&c->removed);
}

static void
change_add(struct kdrm_gpuvm_change *c, const struct kdrm_gpuva *like)
{
   unsigned i = 0;
   while (!c->spare[i])
      assert(++i < KDRM_GPUVM_SPARES && "the caller brought too few nodes");
   struct kdrm_gpuva *va = c->spare[i];
   c->spare[i] = NULL;
   va->addr = like->addr;
   va->range = like->range;
   va->obj = like->obj;
   va->offset = like->offset;
   va->flags = like->flags;
   va->vm_bo = like->vm_bo ? kdrm_gpuvm_bo_get(like->vm_bo) : NULL;
   c->added[c->num_added++] = va;
   kdrm_gpuvm_tree_insert(c->vm, va);
}

static void
change_remove(struct kdrm_gpuvm_change *c, struct kdrm_gpuva *va)
{
   kdrm_gpuvm_remove(c->vm, va);
   util_list_add_tail(&va->link, &c->removed);
   c->num_removed++;
}

/* The order of the tree does not change: the new place lies in the old one. */
static void
change_trim(struct kdrm_gpuvm_change *c, struct kdrm_gpuva *va, uint64_t addr,
            uint64_t end)
{
   assert(c->num_trimmed < ARRAY_SIZE(c->trimmed));
   unsigned i = c->num_trimmed++;
   c->trimmed[i].va = va;
   c->trimmed[i].addr = va->addr;
   c->trimmed[i].range = va->range;
   c->trimmed[i].offset = va->offset;
   kdrm_gpuvm_move(c->vm, va, addr, end - addr, va->offset + (addr - va->addr));
}

void
kdrm_gpuvm_undo(struct kdrm_gpuvm_change *c)
{
   for (unsigned i = 0; i < c->num_added; i++) {
      struct kdrm_gpuva *va = c->added[i];
      kdrm_gpuvm_remove(c->vm, va);
      kdrm_gpuvm_bo_put(va->vm_bo);
      c->spare[c->spare[0] ? 1 : 0] = va;
   }
   for (unsigned i = c->num_trimmed; i-- > 0;)
      kdrm_gpuvm_move(c->vm, c->trimmed[i].va, c->trimmed[i].addr,
                      c->trimmed[i].range, c->trimmed[i].offset);
   util_list_for_each_safe(struct kdrm_gpuva, va, &c->removed, link) {
      util_list_del(&va->link);
      kdrm_gpuvm_tree_insert(c->vm, va);
   }
   c->num_added = c->num_trimmed = c->num_removed = 0;
}

/* --- Requests ------------------------------------------------------------ */

/* What `a` shows, at its own addresses or carried on beyond them, is what `b`
 * shows at b's. */
static bool
continues(const struct kdrm_gpuva *a, const struct kdrm_gpuva *b)
{
   return a->obj && a->obj == b->obj && a->flags == b->flags &&
          a->offset - a->addr == b->offset - b->addr;
}

static uint64_t
end_of(const struct kdrm_gpuva *va)
{
   return va->addr + va->range;
}

/* `va` reaches out of [start, end) at one side or at both: that stays. */
static void
keep_outside(struct kdrm_gpuvm_change *c, struct kdrm_gpuva *va, uint64_t start,
             uint64_t end)
{
   uint64_t va_end = end_of(va);
   if (va->addr >= start) {
      change_trim(c, va, end, va_end);
      return;
   }
   struct kdrm_gpuva tail = *va;
   change_trim(c, va, va->addr, start);
   if (va_end <= end)
      return;
   tail.offset += end - tail.addr;
   tail.addr = end;
   tail.range = va_end - end;
   change_add(c, &tail);
}

/* Takes [start, end) from whatever is there. `merged`, if any, grows by what
 * goes on showing the same outside. Bytes that showed the same are returned. */
static uint64_t
make_room(struct kdrm_gpuvm_change *c, uint64_t start, uint64_t end,
          struct kdrm_gpuva *merged)
{
   uint64_t same_B = 0;
   struct kdrm_gpuva *va = kdrm_gpuvm_find(c->vm, start, end - start);
   while (va && va->addr < end) {
      struct kdrm_gpuva *after = kdrm_gpuvm_next(va);
      bool same = merged && continues(merged, va);
      if (same)
         same_B += MIN2(end, end_of(va)) - MAX2(start, va->addr);
      if (same || (va->addr >= start && end_of(va) <= end))
         change_remove(c, va);
      else
         keep_outside(c, va, start, end);
      if (same) {
         uint64_t merged_end = MAX2(end_of(merged), end_of(va));
         uint64_t addr = MIN2(merged->addr, va->addr);
         merged->offset -= merged->addr - addr;
         merged->addr = addr;
         merged->range = merged_end - addr;
      }
      va = after;
   }
   return same_B;
}

static void
merge_neighbours(struct kdrm_gpuvm_change *c, struct kdrm_gpuva *merged)
{
   struct kdrm_gpuva *before = merged->addr > c->vm->start
                                  ? kdrm_gpuvm_find(c->vm, merged->addr - 1, 1)
                                  : NULL;
   if (before && continues(merged, before)) {
      change_remove(c, before);
      merged->addr -= before->range;
      merged->offset -= before->range;
      merged->range += before->range;
   }
   struct kdrm_gpuva *after = kdrm_gpuvm_find(c->vm, end_of(merged), 1);
   if (after && continues(merged, after)) {
      change_remove(c, after);
      merged->range += after->range;
   }
}

int
kdrm_gpuvm_map(struct kdrm_gpuvm *vm, const struct kdrm_gpuva *request,
               struct kdrm_gpuvm_change *c)
{
   change_init(c, vm);
   if (!kdrm_gpuvm_range_is_valid(vm, request->addr, request->range))
      return -EINVAL;
   struct kdrm_gpuva merged = *request;
   uint64_t same_B =
      make_room(c, request->addr, request->addr + request->range, &merged);
   c->same = same_B == request->range;
   merge_neighbours(c, &merged);
   change_add(c, &merged);
   return 0;
}

int
kdrm_gpuvm_unmap(struct kdrm_gpuvm *vm, uint64_t addr, uint64_t range,
                 struct kdrm_gpuvm_change *c)
{
   change_init(c, vm);
   if (!kdrm_gpuvm_range_is_valid(vm, addr, range))
      return -EINVAL;
   make_room(c, addr, addr + range, NULL);
   return 0;
}
