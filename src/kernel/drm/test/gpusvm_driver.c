/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The driver of the tests' card: video memory in blocks, copies, page table. */
#include "gpusvm_rig.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/util_svc.h"

static struct gpu *
gpu_of(struct kdrm_pagemap *pm)
{
   return container_of(pm, struct gpu, pm);
}

/* Aborts if a PTE of a card points at page `vram_off` of g's memory: the page
 * is being moved, freed or given to somebody else, so everybody must have let
 * go before. */
static void
assert_unmapped(struct gpu *g, uint64_t vram_off)
{
   const uint64_t own = vram_off | KMM_PFN_DEVICE | KMM_PFN_VALID;
   const uint64_t seen =
      ((uintptr_t)g->vram + vram_off) | KMM_PFN_PEER | KMM_PFN_VALID;
   for (struct gpu *of = g; of; of = of == g ? g->peer : NULL) {
      pthread_mutex_lock(&of->lock);
      for (unsigned i = 0; i < GPU_PAGES; i++)
         if ((of->pte[i] & ~KMM_PFN_WRITE) == (of == g ? own : seen)) {
            fprintf(stderr, "page %#lx is still mapped by the %s at %#lx\n",
                    vram_off, of == g ? "card" : "peer",
                    (unsigned long)(of->start + i * PG));
            abort();
         }
      pthread_mutex_unlock(&of->lock);
   }
}

static int
block_alloc(struct kdrm_pagemap *pm, uint64_t *vram_off_out)
{
   struct gpu *g = gpu_of(pm);
   int err = -ENOMEM;
   if (g->on_alloc)
      g->on_alloc(g, ++g->alloc_calls);
   pthread_mutex_lock(&g->lock);
   for (unsigned i = 0; i < g->num_blocks && err; i++) {
      if (g->block_used[i])
         continue;
      g->block_used[i] = true;
      g->blocks_in_use++;
      *vram_off_out = i * GRANULE;
      err = 0;
   }
   pthread_mutex_unlock(&g->lock);
   return err;
}

static void
block_free(struct kdrm_pagemap *pm, uint64_t vram_off)
{
   struct gpu *g = gpu_of(pm);
   if (g->peer)
      for (unsigned i = 0; i < KDRM_BLOCK_PG; i += 37)
         assert_unmapped(g, vram_off + i * PG);
   memset(g->vram + vram_off, 0xdd, GRANULE);
   if (g->free_delay_us)
      usleep(g->free_delay_us);
   pthread_mutex_lock(&g->lock);
   assert(g->block_used[vram_off / GRANULE]);
   g->block_used[vram_off / GRANULE] = false;
   g->blocks_in_use--;
   pthread_mutex_unlock(&g->lock);
}

static void
copy_one(struct gpu *g, const struct kdrm_copy *c)
{
   uint8_t *v = g->vram + c->vram_off;
   if (g->peer)
      assert_unmapped(g, c->vram_off);
   switch (c->kind) {
   case KDRM_COPY_TO_VRAM:
      memcpy(v, (void *)c->bus_va, PG);
      break;
   case KDRM_COPY_TO_SYSTEM:
      memcpy((void *)c->bus_va, v, PG);
      break;
   case KDRM_COPY_CLEAR:
      memset(v, 0, PG);
      break;
   }
}

/* The fence is signalled at once, but the copies are made when somebody waits
 * for it: as late as a copy engine may be. */
static int
copy(struct kdrm_pagemap *pm, const struct kdrm_copy *list, unsigned n,
     struct kdrm_fence **fence_out)
{
   if (gpu_of(pm)->fail_copy)
      return -EIO;
   *fence_out = kdrm_fence_create(1, 0);
   for (unsigned i = 0; i < n && !*fence_out; i++)
      copy_one(gpu_of(pm), &list[i]); /* the slower way */
   return 0;
}

static int
copy_wait(struct kdrm_pagemap *pm, struct kdrm_fence *fence,
          const struct kdrm_copy *list, unsigned n)
{
   struct gpu *g = gpu_of(pm);
   pthread_mutex_lock(&g->lock);
   while (g->hold_copies && list[0].kind != KDRM_COPY_TO_SYSTEM)
      pthread_cond_wait(&g->copy_go, &g->lock);
   bool fail = g->fail_copy;
   pthread_mutex_unlock(&g->lock);
   for (unsigned i = 0; i < n && !fail; i++)
      copy_one(g, &list[i]);
   kdrm_fence_signal(fence, fail ? -EIO : 0);
   return fail ? -EIO : 0;
}

void
gpu_copy_go(struct gpu *g)
{
   pthread_mutex_lock(&g->lock);
   g->hold_copies = false;
   pthread_cond_broadcast(&g->copy_go);
   pthread_mutex_unlock(&g->lock);
}

static void
moved(struct kdrm_pagemap *pm, const struct kdrm_moved *m)
{
   if (m->direction == KMM_TO_SYSTEM)
      gpu_of(pm)->moved_back += m->n;
}

const struct kdrm_pagemap_ops gpu_pagemap_ops = {
   .block_alloc = block_alloc,
   .block_free = block_free,
   .copy = copy,
   .copy_wait = copy_wait,
   .moved = moved,
};

uint64_t *
gpu_pte_at(struct gpu *g, uint64_t va)
{
   uint64_t i = (va - g->start) / PG;
   return i < GPU_PAGES ? &g->pte[i] : NULL;
}

static int
map(struct kdrm_gpusvm *svm, uint64_t gpu_va, unsigned n, const uint64_t *pfns)
{
   struct gpu *g = kdrm_gpusvm_driver_data(svm);
   pthread_mutex_lock(&g->lock);
   g->map_calls++;
   unsigned room = g->map_room ? g->map_room : n;
   g->map_room = 0;
   for (unsigned i = 0; i < MIN2(n, room); i++) {
      uint64_t *pte = gpu_pte_at(g, gpu_va + i * PG);
      if (pfns[i] && pte)
         *pte = pfns[i];
   }
   pthread_mutex_unlock(&g->lock);
   return room < n ? -ENOMEM : 0;
}

static void
unmap(struct kdrm_gpusvm *svm, uint64_t gpu_va, unsigned n)
{
   struct gpu *g = kdrm_gpusvm_driver_data(svm);
   pthread_mutex_lock(&g->lock);
   g->unmap_calls++;
   for (unsigned i = 0; i < n; i++) {
      uint64_t *pte = gpu_pte_at(g, gpu_va + i * PG);
      if (pte)
         *pte = 0;
   }
   pthread_mutex_unlock(&g->lock);
}

static void
hold(struct kdrm_gpusvm *svm)
{
   struct gpu *g = kdrm_gpusvm_driver_data(svm);
   __atomic_add_fetch(&g->refs, 1, __ATOMIC_ACQ_REL);
}

static void
release(struct kdrm_gpusvm *svm)
{
   struct gpu *g = kdrm_gpusvm_driver_data(svm);
   if (__atomic_sub_fetch(&g->refs, 1, __ATOMIC_ACQ_REL) == 0)
      kdrm_gpusvm_destroy(svm);
}

const struct kdrm_gpusvm_ops gpu_svm_ops = {
   .map = map,
   .unmap = unmap,
   .hold = hold,
   .release = release,
};
