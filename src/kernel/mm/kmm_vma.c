/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Mappings as the host tells them, cut at the ranges that are excluded. */
#include <errno.h>

#include "kernel/mm/kmm_priv.h"

/* Narrows vma to the piece around cpu_va over which one answer holds. */
static void
cut(struct kmm_vma *vma, uint64_t cpu_va, uint64_t start, uint64_t end,
    unsigned what)
{
   if (end <= cpu_va) {
      vma->start = MAX2(vma->start, end);
   } else if (start > cpu_va) {
      vma->end = MIN2(vma->end, start);
   } else {
      vma->start = MAX2(vma->start, start);
      vma->end = MIN2(vma->end, end);
      vma->flags |= KMM_VMA_NOMIGRATE;
      if (what & KMM_EXCLUDE_ACCESS)
         vma->flags |= KMM_VMA_NOACCESS;
   }
}

int
kmm_vma_find(struct kmm_mm *mm, uint64_t cpu_va, struct kmm_vma *vma_out)
{
   int err = mm->host->ops->vma_find(mm->host, cpu_va, vma_out);
   if (err)
      return err;
   uint64_t at = MAX2(cpu_va, vma_out->start);
   uint64_t svc_start, svc_end;
   util_svc_region(&svc_start, &svc_end);
   if (svc_start && mm->host->ops->kind != KMM_HOST_MODEL)
      cut(vma_out, at, svc_start, svc_end, KMM_EXCLUDE_ACCESS);
   kmm_lock(mm);
   for (unsigned i = 0; i < mm->num_exclusions; i++)
      cut(vma_out, at, mm->exclusions[i].start, mm->exclusions[i].end,
          mm->exclusions[i].what);
   kmm_unlock(mm);
   return 0;
}

int
kmm_mm_exclude(struct kmm_mm *mm, uint64_t start, uint64_t end, unsigned what)
{
   if (start >= end)
      return -EINVAL;
   int err = -ENOMEM;
   kmm_lock(mm);
   struct kmm_exclusion *e = NULL;
   if (!util_svc_must_fail())
      e = util_svc_realloc(mm->exclusions,
                           (mm->num_exclusions + 1) * sizeof(*e));
   if (e) {
      mm->exclusions = e;
      e[mm->num_exclusions++] = (struct kmm_exclusion){
         .start = util_align_down(start, KMM_PAGE_SIZE),
         .end = util_align(end, KMM_PAGE_SIZE),
         .what = what,
      };
      err = 0;
   }
   kmm_unlock(mm);
   return err;
}

void
kmm_mm_include(struct kmm_mm *mm, uint64_t start, uint64_t end)
{
   kmm_lock(mm);
   for (unsigned i = 0; i < mm->num_exclusions; i++) {
      struct kmm_exclusion *e = &mm->exclusions[i];
      if (e->start == util_align_down(start, KMM_PAGE_SIZE) &&
          e->end == util_align(end, KMM_PAGE_SIZE)) {
         *e = mm->exclusions[--mm->num_exclusions];
         break;
      }
   }
   kmm_unlock(mm);
}

void
kmm_block_permissions(struct kmm_mm *mm, const struct kmm_block *b,
                      struct kmm_vma *cache, uint64_t *readable_out,
                      uint64_t *writable_out)
{
   uint64_t base = b->node.key << KMM_BLOCK_SHIFT, end = base + KMM_BLOCK_SIZE;
   memset(readable_out, 0, sizeof(b->readable));
   memset(writable_out, 0, sizeof(b->writable));
   for (uint64_t at = base; at < end;) {
      if (at < cache->start || at >= cache->end) {
         if (mm->host->ops->vma_find(mm->host, at, cache))
            *cache = (struct kmm_vma){.start = UINT64_MAX, .end = UINT64_MAX};
      }
      bool gap = cache->start > at;
      uint64_t to = MIN2(gap ? cache->start : cache->end, end);
      unsigned first = (at - base) >> KMM_PAGE_SHIFT;
      unsigned n = (to - at) >> KMM_PAGE_SHIFT;
      if (!gap && cache->flags & (KMM_VMA_READ | KMM_VMA_WRITE))
         util_bitset_set_range(readable_out, first, n);
      if (!gap && cache->flags & KMM_VMA_WRITE)
         util_bitset_set_range(writable_out, first, n);
      at = to;
   }
}
