/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The GMMU: page walk in the hardware's format, the workers' TLBs, invalidate. */
#include "nvsim_mem_priv.h"
#include "nvsim_priv.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const uint8_t zero_page[NVSIM_PAGE_B] __attribute__((aligned(4096)));

uint8_t *
nvsim_phys(struct nvsim *sim, enum nv_aperture aperture, uint64_t pa,
           uint64_t size_B)
{
   if (aperture == NV_APERTURE_PEER)
      return NULL;
   if (aperture != NV_APERTURE_VID)
      return (uint8_t *)(uintptr_t)pa;
   if (pa >= sim->config.vram_B || size_B > sim->config.vram_B - pa)
      return NULL;
   return sim->vram + pa;
}

/* False: the table does not lie in VRAM. (Hardware takes tables in system
 * memory too; nobody here makes them, and reading them would need a guard.) */
static bool
read_entry(struct nvsim *sim, enum nv_aperture aperture, uint64_t table_pa,
           unsigned offset_B, uint64_t *entry_out)
{
   uint8_t *p = nvsim_phys(sim, aperture, table_pa + offset_B, 8);
   if (!p || aperture != NV_APERTURE_VID)
      return false;
   *entry_out = __atomic_load_n((uint64_t *)p, __ATOMIC_ACQUIRE);
   return true;
}

/* kernel.md §7.7 steps 4 to 6. -1: good. */
static int
check_pte(struct nvsim *sim, uint64_t pte, uint64_t offset,
          enum nv_fault_access access, struct nvsim_translation *t)
{
   if (!(pte & NV_PTE_VALID)) {
      *t = (struct nvsim_translation){0};
      return pte & NV_PTE_VOL ? -1 : NV_FAULT_TYPE_PTE;
   }
   if (pte & NV_PTE_PRIV)
      return NV_FAULT_TYPE_PRIV;
   t->read_only = pte & NV_PTE_RO;
   t->no_atomic = pte & NV_PTE_ATOMIC_DISABLE;
   if (t->read_only && access != NV_FAULT_ACCESS_READ &&
       access != NV_FAULT_ACCESS_PREFETCH)
      return NV_FAULT_TYPE_RO;
   if (t->no_atomic && access == NV_FAULT_ACCESS_ATOMIC)
      return NV_FAULT_TYPE_ATOMIC;
   enum nv_aperture aperture = nv_pte_aperture(pte);
   t->system = aperture >= NV_APERTURE_SYS_COH;
   if (aperture == NV_APERTURE_PEER)
      return NV_FAULT_TYPE_APERTURE;
   t->page = nvsim_phys(sim, aperture, nv_pte_pa(pte) + offset, NVSIM_PAGE_B);
   return t->page ? -1 : NV_FAULT_TYPE_REGION;
}

/* PD0's entry: a 2 MiB page, or a table of 64 KiB pages before one of 4 KiB
 * pages. */
static int
walk_pd0(struct nvsim *sim, const struct nvsim_walk *pd0, uint64_t gpu_va,
         enum nv_fault_access access, struct nvsim_translation *t)
{
   uint64_t big = pd0->big, small = pd0->small, pte;
   if (big & NV_PDE_IS_PTE)
      return check_pte(
         sim, big, util_align_down(gpu_va & 0x1fffff, NVSIM_PAGE_B), access, t);
   bool has_big = nv_pde_is_present(big), has_small = nv_pde_is_present(small);
   if (!has_big && !has_small) {
      *t = (struct nvsim_translation){0};
      return (big | small) & NV_PDE_SPARSE ? -1 : NV_FAULT_TYPE_PDE;
   }
   if (has_big) {
      unsigned idx =
         nv_mmu_index(gpu_va, NV_MMU_PT64K_SHIFT, NV_MMU_PT64K_ENTRIES);
      if (!read_entry(sim, nv_pde_aperture(big), nv_pde0_big_pa(big), idx * 8,
                      &pte))
         return NV_FAULT_TYPE_PDE;
      if ((pte & NV_PTE_VALID) || !has_small || (pte & NV_PTE_VOL))
         return check_pte(sim, pte,
                          util_align_down(gpu_va & 0xffff, NVSIM_PAGE_B),
                          access, t);
   }
   unsigned idx = nv_mmu_index(gpu_va, NV_MMU_PT4K_SHIFT, NV_MMU_PT4K_ENTRIES);
   if (!read_entry(sim, nv_pde_aperture(small), nv_pde_pa(small), idx * 8,
                   &pte))
      return NV_FAULT_TYPE_PDE;
   return check_pte(sim, pte, 0, access, t);
}

/* From the root to PD0's entry. -1: found; -2: sparse above it; else the fault.
 */
static int
walk_directories(struct nvsim *sim, const struct nvsim_vm *vm, uint64_t gpu_va,
                 struct nvsim_walk *pd0)
{
   static const struct {
      uint8_t shift;
      uint16_t entries;
   } levels[] = {
      {NV_MMU_PD3_SHIFT, NV_MMU_PD3_ENTRIES},
      {NV_MMU_PD2_SHIFT, NV_MMU_PD2_ENTRIES},
      {NV_MMU_PD1_SHIFT, NV_MMU_PD1_ENTRIES},
   };
   enum nv_aperture aperture = vm->pdb_aperture;
   uint64_t table = vm->pdb_pa;
   for (unsigned l = 0; l < ARRAY_SIZE(levels); l++) {
      unsigned idx = nv_mmu_index(gpu_va, levels[l].shift, levels[l].entries);
      uint64_t pde;
      if (!read_entry(sim, aperture, table, idx * 8, &pde))
         return NV_FAULT_TYPE_PDE;
      if (!nv_pde_is_present(pde))
         return pde & NV_PDE_SPARSE ? -2 : NV_FAULT_TYPE_PDE;
      aperture = nv_pde_aperture(pde);
      table = nv_pde_pa(pde);
   }
   unsigned idx = nv_mmu_index(gpu_va, NV_MMU_PD0_SHIFT, NV_MMU_PD0_ENTRIES);
   if (!read_entry(sim, aperture, table, idx * 16, &pd0->big) ||
       !read_entry(sim, aperture, table, idx * 16 + 8, &pd0->small))
      return NV_FAULT_TYPE_PDE;
   return -1;
}

static bool
leads_to_tables(const struct nvsim_walk *pd0)
{
   return !(pd0->big & NV_PDE_IS_PTE) &&
          (nv_pde_is_present(pd0->big) || nv_pde_is_present(pd0->small));
}

/* -1, or the enum nv_fault_type. PD0's entry is kept as translations are, until
 * the next invalidate; but what becomes valid needs none (kernel.md §7.6), so a
 * fault is believed only if it comes from the tables of now. */
static int
walk(struct nvsim_worker *w, uint64_t gpu_va, enum nv_fault_access access,
     struct nvsim_translation *t_out)
{
   if (gpu_va > w->vm->limit || gpu_va >= NV_MMU_VA_END)
      return NV_FAULT_TYPE_VA_LIMIT;
   uint64_t region = gpu_va >> NV_MMU_PD0_SHIFT;
   uint64_t tag = w->epoch << 28 | region;
   struct nvsim_walk *pd0 = &w->walks[region % ARRAY_SIZE(w->walks)];
   if (pd0->tag == tag) {
      int type = walk_pd0(w->sim, pd0, gpu_va, access, t_out);
      if (type < 0)
         return type;
   }
   pd0->tag = 0;
   int r = walk_directories(w->sim, w->vm, gpu_va, pd0);
   *t_out = (struct nvsim_translation){0};
   if (r != -1)
      return r == -2 ? -1 : r;
   if (leads_to_tables(pd0))
      pd0->tag = tag;
   return walk_pd0(w->sim, pd0, gpu_va, access, t_out);
}

uint64_t
nvsim_mmu_gen(const struct nvsim *sim)
{
   return __atomic_load_n(&sim->mmu_gen, __ATOMIC_ACQUIRE);
}

static void
next_epoch(struct nvsim_worker *w)
{
   if (++w->epoch < 1ull << 27)
      return;
   memset(w->tlb, 0, sizeof(w->tlb));
   memset(w->walks, 0, sizeof(w->walks));
   w->epoch = 1;
}

void
nvsim_tlb_renew(struct nvsim_worker *w)
{
   w->mmu_gen = nvsim_mmu_gen(w->sim);
   next_epoch(w);
}

void
nvsim_worker_set_vm(struct nvsim_worker *w, const struct nvsim_vm *vm)
{
   if (w->vm == vm)
      return;
   w->vm = vm;
   next_epoch(w);
}

/* FAULTALL: the first touch of a system page by this worker in a launch. */
static bool
must_fault(struct nvsim_worker *w, uint64_t gpu_va,
           const struct nvsim_translation *t)
{
   if (likely(!(w->sim->config.debug & NVSIM_DEBUG_FAULTALL)) || !t->system ||
       w->no_forced_fault || !w->vm->replay_tex)
      return false;
   uint64_t page = gpu_va / NVSIM_PAGE_B;
   uint64_t *seen = &w->forced[page % ARRAY_SIZE(w->forced)];
   bool first = *seen != page;
   *seen = page;
   return first;
}

uint8_t *
nvsim_tlb_fill(struct nvsim_worker *w, uint64_t gpu_va,
               enum nv_fault_access access, struct nvsim_mem_fault *f_out)
{
   struct nvsim_translation t;
   int type = walk(w, gpu_va, access, &t);
   if (type < 0 && must_fault(w, gpu_va, &t))
      type = NV_FAULT_TYPE_PTE;
   if (type >= 0) {
      *f_out = (struct nvsim_mem_fault){gpu_va, (uint8_t)type, (uint8_t)access};
      return NULL;
   }
   uint64_t page = gpu_va / NVSIM_PAGE_B;
   struct nvsim_tlb_entry *e = &w->tlb[nvsim_tlb_index(page)];
   e->tag = w->epoch << 37 | page;
   w->stats.tlb_fills++;
   if (t.page) {
      e->rd = t.page;
      e->wr = t.read_only ? NULL : t.page;
      e->at = t.read_only || t.no_atomic ? NULL : t.page;
   } else {
      e->rd = (uint8_t *)zero_page;
      e->wr = e->at = w->sink;
   }
   return (access == NV_FAULT_ACCESS_READ ? e->rd : e->wr) +
          gpu_va % NVSIM_PAGE_B;
}

/* Waits for the end of the section that `w` is in, if any. A section that
 * begins later sees the new generation. */
static void
wait_section(struct nvsim_worker *w)
{
   uint32_t s = __atomic_load_n(&w->section, __ATOMIC_ACQUIRE);
   for (unsigned spins = 0;
        (s & 1) && __atomic_load_n(&w->section, __ATOMIC_ACQUIRE) == s;
        spins++) {
      if (spins < 1000)
         sched_yield();
      else
         usleep(50);
   }
}

void
nvsim_mmu_invalidate(struct nvsim *sim)
{
   __atomic_add_fetch(&sim->mmu_gen, 1, __ATOMIC_SEQ_CST);
   if (nvsim_have_membarrier)
      syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
   else
      __atomic_thread_fence(__ATOMIC_SEQ_CST);
   pthread_mutex_lock(&sim->workers_lock);
   util_list_for_each(struct nvsim_worker, w, &sim->workers, link)
      wait_section(w);
   pthread_mutex_unlock(&sim->workers_lock);
}
