/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kmd_pgtable_priv.h"

#include <assert.h>
#include <errno.h>

/* Root first. */
static const struct {
   unsigned shift, entries;
} levels[] = {
   {NV_MMU_PD3_SHIFT, NV_MMU_PD3_ENTRIES},
   {NV_MMU_PD2_SHIFT, NV_MMU_PD2_ENTRIES},
   {NV_MMU_PD1_SHIFT, NV_MMU_PD1_ENTRIES},
   {NV_MMU_PD0_SHIFT, NV_MMU_PD0_ENTRIES},
};
#define LEVEL_PD0 3

/* --- Words in VRAM ------------------------------------------------------- */

static uint64_t *
word(const struct kmd_pgtable *pt, const struct pt_page *page, unsigned index)
{
   return (uint64_t *)(pt->vram->cpu + page->vram_off) + index;
}

static uint64_t
read_word(const struct kmd_pgtable *pt, const struct pt_page *page, unsigned i)
{
   return __atomic_load_n(word(pt, page, i), __ATOMIC_RELAXED);
}

static void
write_word(struct kmd_pgtable *pt, const struct pt_page *page, unsigned i,
           uint64_t value)
{
   __atomic_store_n(word(pt, page, i), value, __ATOMIC_RELEASE);
}

static bool
is_valid(uint64_t pte)
{
   return pte & NV_PTE_VALID;
}

/* Returns by how much the number of entries in use changed. */
static int
set_pte(struct kmd_pgtable *pt, const struct pt_page *page, unsigned i,
        uint64_t pte)
{
   uint64_t old = read_word(pt, page, i);
   if (old == pte)
      return 0;
   if (old)
      pt->stale = true;
   write_word(pt, page, i, pte);
   return (pte != 0) - (old != 0);
}

/* --- Tables -------------------------------------------------------------- */

int
kmd_pgtable_init(struct kmd_pgtable *pt, struct kmd_heap *vram)
{
   *pt = (struct kmd_pgtable){.vram = vram};
   pt->root = kmd_pt_dir_create(pt);
   return pt->root ? 0 : -ENOMEM;
}

void
kmd_pgtable_finish(struct kmd_pgtable *pt)
{
   kmd_pgtable_unmap(pt, 0, NV_MMU_VA_END);
   kmd_pt_dir_destroy(pt, pt->root);
   kmd_pgtable_reap(pt);
   kmd_pgtable_drop_spares(pt);
   assert(pt->tables == 0);
}

uint64_t
kmd_pgtable_root(const struct kmd_pgtable *pt)
{
   return pt->root->page->vram_off;
}

/* The directory PD0 of `gpu_va`, made if need be. */
static struct pt_dir *
pd0_get(struct kmd_pgtable *pt, uint64_t gpu_va)
{
   struct pt_dir *d = pt->root;
   for (unsigned level = 0; level < LEVEL_PD0; level++) {
      unsigned i =
         nv_mmu_index(gpu_va, levels[level].shift, levels[level].entries);
      if (!d->child[i]) {
         d->child[i] = kmd_pt_dir_create(pt);
         if (!d->child[i])
            return NULL;
         d->used++;
         uint64_t pa = d->child[i]->page->vram_off;
         write_word(pt, d->page, i, nv_pde(NV_APERTURE_VID, pa));
      }
      d = d->child[i];
   }
   return d;
}

/* --- One slot of PD0 ----------------------------------------------------- */

static bool
slot_is_used(const struct pt_slot *s)
{
   return s->large || s->sparse || s->small || s->big;
}

/* The half that gains a table is written before the half that loses a page, so
 * that the card never sees neither. */
static void
slot_write_tables(struct kmd_pgtable *pt, struct pt_dir *pd0, unsigned i)
{
   const struct pt_slot *s = &pd0->slot[i];
   uint64_t small = s->small ? nv_pde(NV_APERTURE_VID, s->small->vram_off) : 0;
   uint64_t big = s->big ? nv_pde0_big(NV_APERTURE_VID, s->big->vram_off) : 0;
   write_word(pt, pd0->page, 2 * i + 1, small);
   write_word(pt, pd0->page, 2 * i, big);
}

static bool
slot_need(struct kmd_pgtable *pt, struct pt_dir *pd0, unsigned i,
          struct pt_page **table)
{
   if (*table)
      return true;
   bool was_used = slot_is_used(&pd0->slot[i]);
   *table = kmd_pt_page_create(pt);
   if (!*table)
      return false;
   pd0->used += !was_used;
   if (!pd0->slot[i].large && !pd0->slot[i].sparse)
      slot_write_tables(pt, pd0, i);
   return true;
}

/* Unlinks tables without valid entries. */
static void
slot_trim(struct kmd_pgtable *pt, struct pt_dir *pd0, unsigned i)
{
   struct pt_slot *s = &pd0->slot[i];
   struct pt_page *small = s->small_used ? NULL : s->small;
   struct pt_page *big = s->big_used ? NULL : s->big;
   if (!small && !big)
      return;
   if (small)
      s->small = NULL;
   if (big)
      s->big = NULL;
   if (!s->large)
      slot_write_tables(pt, pd0, i);
   if (small)
      kmd_pt_page_kill(pt, small);
   if (big)
      kmd_pt_page_kill(pt, big);
   pd0->used -= !slot_is_used(s);
}

/* Drops the 2 MiB page, or ends that all of the slot is sparse. */
static void
slot_clear_large(struct kmd_pgtable *pt, struct pt_dir *pd0, unsigned i)
{
   struct pt_slot *s = &pd0->slot[i];
   s->large = s->sparse = false;
   pt->stale = true;
   slot_write_tables(pt, pd0, i);
   pd0->used -= !slot_is_used(s);
}

static int
slot_set_large(struct kmd_pgtable *pt, struct pt_dir *pd0, unsigned i,
               uint64_t pte)
{
   struct pt_slot *s = &pd0->slot[i];
   pd0->used += !slot_is_used(s);
   s->large = true;
   s->sparse = false;
   set_pte(pt, pd0->page, 2 * i, pte);
   write_word(pt, pd0->page, 2 * i + 1, 0);
   s->small_used = s->big_used = 0;
   slot_trim(pt, pd0, i);
   return 0;
}

/* The PTE of the piece `offset` bytes into a larger page. */
static uint64_t
pte_advance(uint64_t pte, uint64_t offset)
{
   return pte + (offset >> 4);
}

/* All of the slot sparse → sparse 4 KiB pages. */
static int
slot_split_sparse(struct kmd_pgtable *pt, struct pt_dir *pd0, unsigned i)
{
   struct pt_slot *s = &pd0->slot[i];
   if (!slot_need(pt, pd0, i, &s->small))
      return -ENOMEM;
   for (unsigned k = 0; k < NV_MMU_PT4K_ENTRIES; k++)
      write_word(pt, s->small, k, NV_PTE_SPARSE);
   s->small_used = NV_MMU_PT4K_ENTRIES;
   s->sparse = false;
   pt->stale = true;
   slot_write_tables(pt, pd0, i);
   return 0;
}

/* 2 MiB page → 4 KiB pages. */
static int
slot_split_large(struct kmd_pgtable *pt, struct pt_dir *pd0, unsigned i)
{
   struct pt_slot *s = &pd0->slot[i];
   if (!slot_need(pt, pd0, i, &s->small))
      return -ENOMEM;
   uint64_t pte = read_word(pt, pd0->page, 2 * i);
   for (unsigned k = 0; k < NV_MMU_PT4K_ENTRIES; k++)
      write_word(pt, s->small, k, pte_advance(pte, k * KMD_PAGE_B));
   s->small_used = NV_MMU_PT4K_ENTRIES;
   s->large = false;
   pt->stale = true;
   slot_write_tables(pt, pd0, i);
   return 0;
}

/* Whatever covers the slot as one → 4 KiB pages. */
static int
slot_split(struct kmd_pgtable *pt, struct pt_dir *pd0, unsigned i)
{
   if (pd0->slot[i].large)
      return slot_split_large(pt, pd0, i);
   return pd0->slot[i].sparse ? slot_split_sparse(pt, pd0, i) : 0;
}

/* 64 KiB page `k` → 4 KiB pages. */
static int
slot_split_64k(struct kmd_pgtable *pt, struct pt_dir *pd0, unsigned i,
               unsigned k)
{
   struct pt_slot *s = &pd0->slot[i];
   if (!slot_need(pt, pd0, i, &s->small))
      return -ENOMEM;
   uint64_t pte = read_word(pt, s->big, k);
   for (unsigned j = 0; j < 16; j++)
      s->small_used +=
         set_pte(pt, s->small, 16 * k + j, pte_advance(pte, j * KMD_PAGE_B));
   s->big_used += set_pte(pt, s->big, k, 0);
   return 0;
}

static bool
has_64k(const struct kmd_pgtable *pt, const struct pt_slot *s, unsigned k)
{
   return s->big && is_valid(read_word(pt, s->big, k));
}

static int
slot_map_64k(struct kmd_pgtable *pt, struct pt_dir *pd0, unsigned i, unsigned k,
             uint64_t pte)
{
   struct pt_slot *s = &pd0->slot[i];
   if (!slot_need(pt, pd0, i, &s->big))
      return -ENOMEM;
   s->big_used += set_pte(pt, s->big, k, pte);
   for (unsigned j = 0; j < 16 && s->small; j++)
      s->small_used += set_pte(pt, s->small, 16 * k + j, 0);
   return 0;
}

static int
slot_map_4k(struct kmd_pgtable *pt, struct pt_dir *pd0, unsigned i, unsigned k,
            uint64_t pte)
{
   struct pt_slot *s = &pd0->slot[i];
   if (!slot_need(pt, pd0, i, &s->small))
      return -ENOMEM;
   if (has_64k(pt, s, k / 16)) {
      int ret = slot_split_64k(pt, pd0, i, k / 16);
      if (ret)
         return ret;
   }
   s->small_used += set_pte(pt, s->small, k, pte);
   return 0;
}

/* --- Map ----------------------------------------------------------------- */

/* A run to map: `pte` is that of its first byte. */
struct run {
   uint64_t va, end, pa, pte, page_sizes;
};

static void
run_advance(struct run *r, uint64_t size_B)
{
   r->va += size_B;
   r->pa += size_B;
   r->pte = pte_advance(r->pte, size_B);
}

static bool
run_fits(const struct run *r, uint64_t page_B)
{
   return (r->page_sizes & page_B) && r->end - r->va >= page_B &&
          util_is_aligned(r->va | r->pa, page_B);
}

/* Maps as much of the run as lies in the slot. */
static int
slot_map(struct kmd_pgtable *pt, struct pt_dir *pd0, unsigned i, struct run *r)
{
   uint64_t stop =
      MIN2(r->end, util_align_down(r->va, KMD_PAGE_2M_B) + KMD_PAGE_2M_B);
   if (run_fits(r, KMD_PAGE_2M_B)) {
      uint64_t pte = r->pte;
      run_advance(r, KMD_PAGE_2M_B);
      return slot_set_large(pt, pd0, i, pte);
   }
   int ret = slot_split(pt, pd0, i);
   while (!ret && r->va < stop) {
      if (run_fits(r, KMD_PAGE_64K_B)) {
         unsigned k =
            nv_mmu_index(r->va, NV_MMU_PT64K_SHIFT, NV_MMU_PT64K_ENTRIES);
         ret = slot_map_64k(pt, pd0, i, k, r->pte);
         run_advance(r, KMD_PAGE_64K_B);
      } else {
         unsigned k =
            nv_mmu_index(r->va, NV_MMU_PT4K_SHIFT, NV_MMU_PT4K_ENTRIES);
         ret = slot_map_4k(pt, pd0, i, k, r->pte);
         run_advance(r, KMD_PAGE_B);
      }
   }
   slot_trim(pt, pd0, i);
   return ret;
}

int
kmd_pgtable_map(struct kmd_pgtable *pt, uint64_t gpu_va, uint64_t size_B,
                uint64_t pa, enum nv_aperture aperture, uint64_t flags,
                uint64_t page_sizes)
{
   assert(util_is_aligned(gpu_va | size_B | pa, KMD_PAGE_B));
   assert(gpu_va + size_B <= NV_MMU_VA_END);
   struct run r = {.va = gpu_va,
                   .end = gpu_va + size_B,
                   .pa = pa,
                   .pte = nv_pte(aperture, pa, flags),
                   .page_sizes = page_sizes};
   while (r.va < r.end) {
      struct pt_dir *pd0 = pd0_get(pt, r.va);
      if (!pd0)
         return -ENOMEM;
      unsigned i = nv_mmu_index(r.va, NV_MMU_PD0_SHIFT, NV_MMU_PD0_ENTRIES);
      int ret = slot_map(pt, pd0, i, &r);
      if (ret)
         return ret;
   }
   return 0;
}

/* --- Unmap --------------------------------------------------------------- */

static void
slot_unmap_pages(struct kmd_pgtable *pt, struct pt_dir *pd0, unsigned i,
                 unsigned first, unsigned end)
{
   struct pt_slot *s = &pd0->slot[i];
   for (unsigned k = first; k < end;) {
      unsigned next64 = (k / 16 + 1) * 16;
      bool whole = k % 16 == 0 && next64 <= end;
      if (has_64k(pt, s, k / 16) &&
          (whole || slot_split_64k(pt, pd0, i, k / 16)))
         s->big_used += set_pte(pt, s->big, k / 16, 0);
      for (; k < MIN2(next64, end); k++)
         if (s->small)
            s->small_used += set_pte(pt, s->small, k, 0);
   }
}

static void
slot_unmap(struct kmd_pgtable *pt, struct pt_dir *pd0, unsigned i,
           uint64_t offset, uint64_t size_B)
{
   struct pt_slot *s = &pd0->slot[i];
   if (s->large || s->sparse) {
      if (size_B < KMD_PAGE_2M_B && slot_split(pt, pd0, i) == 0)
         slot_unmap_pages(pt, pd0, i, offset / KMD_PAGE_B,
                          (offset + size_B) / KMD_PAGE_B);
      else
         slot_clear_large(pt, pd0, i);
   } else if (slot_is_used(s)) {
      slot_unmap_pages(pt, pd0, i, offset / KMD_PAGE_B,
                       (offset + size_B) / KMD_PAGE_B);
   }
   slot_trim(pt, pd0, i);
}

/* [va, end) lies below directory `d`. */
static void
dir_unmap(struct kmd_pgtable *pt, struct pt_dir *d, unsigned level, uint64_t va,
          uint64_t end)
{
   uint64_t span = 1ull << levels[level].shift;
   while (va < end) {
      uint64_t stop = MIN2(end, util_align_down(va, span) + span);
      unsigned i = nv_mmu_index(va, levels[level].shift, levels[level].entries);
      if (level == LEVEL_PD0) {
         slot_unmap(pt, d, i, va & (span - 1), stop - va);
      } else if (d->child[i]) {
         dir_unmap(pt, d->child[i], level + 1, va, stop);
         if (d->child[i]->used == 0) {
            write_word(pt, d->page, i, 0);
            kmd_pt_dir_destroy(pt, d->child[i]);
            d->child[i] = NULL;
            d->used--;
         }
      }
      va = stop;
   }
}

void
kmd_pgtable_unmap(struct kmd_pgtable *pt, uint64_t gpu_va, uint64_t size_B)
{
   assert(util_is_aligned(gpu_va | size_B, KMD_PAGE_B));
   assert(gpu_va + size_B <= NV_MMU_VA_END);
   dir_unmap(pt, pt->root, 0, gpu_va, gpu_va + size_B);
}

/* --- Sparse -------------------------------------------------------------- */

static int
slot_sparse(struct kmd_pgtable *pt, struct pt_dir *pd0, unsigned i,
            uint64_t offset, uint64_t size_B)
{
   struct pt_slot *s = &pd0->slot[i];
   slot_unmap(pt, pd0, i, offset, size_B);
   if (size_B == KMD_PAGE_2M_B) {
      pd0->used++;
      s->sparse = true;
      write_word(pt, pd0->page, 2 * i, NV_PDE_SPARSE);
      return 0;
   }
   if (!slot_need(pt, pd0, i, &s->small))
      return -ENOMEM;
   for (uint64_t k = offset; k < offset + size_B; k += KMD_PAGE_B)
      s->small_used += set_pte(pt, s->small, k / KMD_PAGE_B, NV_PTE_SPARSE);
   return 0;
}

int
kmd_pgtable_sparse(struct kmd_pgtable *pt, uint64_t gpu_va, uint64_t size_B)
{
   assert(util_is_aligned(gpu_va | size_B, KMD_PAGE_B));
   assert(gpu_va + size_B <= NV_MMU_VA_END);
   for (uint64_t end = gpu_va + size_B, stop; gpu_va < end; gpu_va = stop) {
      uint64_t slot = util_align_down(gpu_va, KMD_PAGE_2M_B);
      stop = MIN2(end, slot + KMD_PAGE_2M_B);
      struct pt_dir *pd0 = pd0_get(pt, gpu_va);
      if (!pd0)
         return -ENOMEM;
      unsigned i = nv_mmu_index(gpu_va, NV_MMU_PD0_SHIFT, NV_MMU_PD0_ENTRIES);
      int ret = slot_sparse(pt, pd0, i, gpu_va - slot, stop - gpu_va);
      if (ret)
         return ret;
   }
   return 0;
}
