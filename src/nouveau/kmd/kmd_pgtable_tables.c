/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Memory of page tables. Who must not fail later reserves tables now: they lie
 * spare until the heap has no other. */
#include "kmd_pgtable_priv.h"

#include <assert.h>
#include <errno.h>

#include "kernel/drm/kdrm_alloc.h"
#include "util/util_macros.h"

/* Kept when nothing is reserved, so that an ordinary reservation costs nothing.
 */
#define KEEP_PAGES 4
#define KEEP_DIRS  3

static struct pt_page *
page_alloc(struct kmd_pgtable *pt)
{
   struct pt_page *p = kdrm_zalloc(sizeof(*p));
   if (!p)
      return NULL;
   if (kmd_heap_alloc_block(pt->vram, 0, KMD_HEAP_KERNEL, &p->vram_off)) {
      kdrm_free(p);
      return NULL;
   }
   pt->tables++;
   return p;
}

static void
page_free(struct kmd_pgtable *pt, struct pt_page *p)
{
   kmd_heap_free_block(pt->vram, p->vram_off, 0);
   kdrm_free(p);
   pt->tables--;
}

static struct pt_dir *
dir_alloc(struct kmd_pgtable *pt)
{
   struct pt_dir *d = kdrm_zalloc(sizeof(*d));
   if (!d)
      return NULL;
   d->page = page_alloc(pt);
   if (!d->page) {
      kdrm_free(d);
      return NULL;
   }
   return d;
}

/* --- Spares -------------------------------------------------------------- */

static struct pt_page *
spare_page_take(struct kmd_pgtable *pt)
{
   struct pt_page *p = pt->spare_pages;
   if (p) {
      pt->spare_pages = p->next;
      pt->num_spare.pages--;
      p->next = NULL;
   }
   return p;
}

static struct pt_dir *
spare_dir_take(struct kmd_pgtable *pt)
{
   struct pt_dir *d = pt->spare_dirs;
   if (d) {
      pt->spare_dirs = d->next;
      pt->num_spare.dirs--;
      d->next = NULL;
   }
   return d;
}

static void
trim_spares(struct kmd_pgtable *pt, struct kmd_pgtable_need keep)
{
   while (pt->num_spare.pages > keep.pages)
      page_free(pt, spare_page_take(pt));
   while (pt->num_spare.dirs > keep.dirs) {
      struct pt_dir *d = spare_dir_take(pt);
      page_free(pt, d->page);
      kdrm_free(d);
   }
}

void
kmd_pgtable_drop_spares(struct kmd_pgtable *pt)
{
   assert(!pt->reserved.pages && !pt->reserved.dirs);
   trim_spares(pt, (struct kmd_pgtable_need){0});
}

int
kmd_pgtable_reserve(struct kmd_pgtable *pt, struct kmd_pgtable_need need)
{
   pt->reserved.pages += need.pages;
   pt->reserved.dirs += need.dirs;
   while (pt->num_spare.pages < pt->reserved.pages) {
      struct pt_page *p = page_alloc(pt);
      if (!p)
         goto fail;
      p->next = pt->spare_pages;
      pt->spare_pages = p;
      pt->num_spare.pages++;
   }
   while (pt->num_spare.dirs < pt->reserved.dirs) {
      struct pt_dir *d = dir_alloc(pt);
      if (!d)
         goto fail;
      d->next = pt->spare_dirs;
      pt->spare_dirs = d;
      pt->num_spare.dirs++;
   }
   return 0;

fail:
   kmd_pgtable_unreserve(pt, need);
   return -ENOMEM;
}

void
kmd_pgtable_unreserve(struct kmd_pgtable *pt, struct kmd_pgtable_need need)
{
   assert(pt->reserved.pages >= need.pages && pt->reserved.dirs >= need.dirs);
   pt->reserved.pages -= need.pages;
   pt->reserved.dirs -= need.dirs;
   struct kmd_pgtable_need keep = {MAX2(pt->reserved.pages, KEEP_PAGES),
                                   MAX2(pt->reserved.dirs, KEEP_DIRS)};
   trim_spares(pt, keep);
}

static unsigned
spans(uint64_t gpu_va, uint64_t size_B, unsigned shift)
{
   return ((gpu_va + size_B - 1) >> shift) - (gpu_va >> shift) + 1;
}

/* A slot of PD0 that is not all one large page may need both its tables, what
 * is split included. */
unsigned
kmd_pgtable_count_pages(uint64_t gpu_va, uint64_t size_B, uint64_t pa,
                        uint64_t page_sizes)
{
   unsigned slots = spans(gpu_va, size_B, NV_MMU_PD0_SHIFT);
   bool large =
      page_sizes & KMD_PAGE_2M_B && util_is_aligned(gpu_va ^ pa, KMD_PAGE_2M_B);
   return 2 * (large ? MIN2(slots, 2) : slots);
}

unsigned
kmd_pgtable_count_dirs(uint64_t gpu_va, uint64_t size_B)
{
   return spans(gpu_va, size_B, NV_MMU_PD1_SHIFT) +
          spans(gpu_va, size_B, NV_MMU_PD2_SHIFT) +
          spans(gpu_va, size_B, NV_MMU_PD3_SHIFT);
}

/* --- Tables -------------------------------------------------------------- */

struct pt_page *
kmd_pt_page_create(struct kmd_pgtable *pt)
{
   struct pt_page *p = page_alloc(pt);
   return p || !pt->may_use_spares ? p : spare_page_take(pt);
}

struct pt_dir *
kmd_pt_dir_create(struct kmd_pgtable *pt)
{
   struct pt_dir *d = dir_alloc(pt);
   return d || !pt->may_use_spares ? d : spare_dir_take(pt);
}

void
kmd_pt_page_kill(struct kmd_pgtable *pt, struct pt_page *p)
{
   p->next = pt->dead;
   pt->dead = p;
   pt->stale = true;
}

void
kmd_pt_dir_destroy(struct kmd_pgtable *pt, struct pt_dir *d)
{
   assert(d->used == 0);
   kmd_pt_page_kill(pt, d->page);
   kdrm_free(d);
}

void
kmd_pgtable_reap(struct kmd_pgtable *pt)
{
   while (pt->dead) {
      struct pt_page *p = pt->dead;
      pt->dead = p->next;
      page_free(pt, p);
   }
   pt->stale = false;
}
