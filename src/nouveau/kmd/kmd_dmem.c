/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kmd_dmem.h"

#include "kmd_bo.h"
#include "kmd_chan.h"
#include "kmd_svm.h"
#include "kmd_vmm.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "kernel/drm/kdrm_alloc.h"
#include "kernel/drm/kdrm_pagemap.h"
#include "nouveau/headers/nv_class.h"
#include "nouveau/headers/nv_push.h"

#define COPY_TIMEOUT_NS (15ull * 1000000000)
#define METHODS_B       (64u << 10) /* enough for KDRM_BLOCK_PG runs */
#define NUM_METHODS     8           /* lists that may be under way */
#define BLOCK_ORDER     9           /* 2 MiB */
/* Free blocks that are kept as they are, 64 MiB: to wipe memory for the next
 * user and to have the host make it again costs more than a migration's copy. */
#define NUM_KEPT 32

struct kmd_dmem {
   struct kdrm_pagemap pm;
   struct kmd *kmd;
   struct kmd_vmm *vmm; /* holds the methods only */

   pthread_mutex_t copy_lock; /* submission; held while it waits for room */
   struct kmd_chan *chan;     /* NULL: to be made (again) */
   struct kmd_bo *methods;    /* NUM_METHODS buffers, used in turn */
   struct kmd_vma *methods_vma;
   struct kdrm_fence *fences[NUM_METHODS]; /* of their last use, or NULL */
   unsigned next;
   _Atomic unsigned blocks; /* asked for */

   pthread_mutex_t kept_lock; /* leaf */
   uint64_t kept[NUM_KEPT];   /* of VRAM */
   unsigned num_kept;

   pthread_mutex_t svms_lock; /* leaf */
   struct util_list svms;     /* kmd_svm.link */
};

static inline struct kmd_dmem *
to_dmem(struct kdrm_pagemap *pm)
{
   return container_of(pm, struct kmd_dmem, pm);
}

/* --- Blocks -------------------------------------------------------------- */

static bool
take_kept(struct kmd_dmem *d, uint64_t *vram_off_out)
{
   pthread_mutex_lock(&d->kept_lock);
   bool any = d->num_kept;
   if (any)
      *vram_off_out = d->kept[--d->num_kept];
   pthread_mutex_unlock(&d->kept_lock);
   return any;
}

static void
free_kept(struct kmd_dmem *d)
{
   uint64_t vram_off;
   while (take_kept(d, &vram_off))
      kmd_heap_free_block(&d->kmd->vram, vram_off, BLOCK_ORDER);
}

static int
block_alloc(struct kdrm_pagemap *pm, uint64_t *vram_off_out)
{
   struct kmd_dmem *d = to_dmem(pm);
   uint32_t fail = d->kmd->config.fail_vram;
   if (fail && atomic_fetch_add(&d->blocks, 1) % fail == fail - 1)
      return -ENOMEM;
   if (take_kept(d, vram_off_out))
      return 0;
   return kmd_heap_alloc_block(&d->kmd->vram, BLOCK_ORDER, 0, vram_off_out);
}

static void
block_free(struct kdrm_pagemap *pm, uint64_t vram_off)
{
   struct kmd_dmem *d = to_dmem(pm);
   pthread_mutex_lock(&d->kept_lock);
   bool keep = d->num_kept < NUM_KEPT;
   if (keep)
      d->kept[d->num_kept++] = vram_off;
   pthread_mutex_unlock(&d->kept_lock);
   if (!keep)
      kmd_heap_free_block(&d->kmd->vram, vram_off, BLOCK_ORDER);
}

uint64_t
kmd_dmem_kept_B(struct kmd *kmd)
{
   struct kmd_dmem *d = kmd->dmem;
   if (!d)
      return 0;
   pthread_mutex_lock(&d->kept_lock);
   uint64_t kept_B = d->num_kept * KDRM_BLOCK_SIZE;
   pthread_mutex_unlock(&d->kept_lock);
   return kept_B;
}

/* --- Copies -------------------------------------------------------------- */

struct methods {
   uint32_t *dw;
   unsigned count;
};

static void
method(struct methods *m, unsigned mthd, unsigned n, const uint32_t *data)
{
   m->dw[m->count++] = nv_push_header(NV_PUSH_OP_INC, NV_SUBCH_COPY, mthd, n);
   for (unsigned i = 0; i < n; i++)
      m->dw[m->count++] = data[i];
}

static void
method1(struct methods *m, unsigned mthd, uint32_t data)
{
   method(m, mthd, 1, &data);
}

#define RUN_DW 24 /* at most, for one run */
_Static_assert(METHODS_B >= ((KDRM_BLOCK_PG + 1) * RUN_DW + 2) * 4,
               "a list of copies fits into one buffer");

/* Pages that follow each other on both sides. */
static unsigned
run_length(const struct kdrm_copy *list, unsigned n)
{
   unsigned i = 1;
   while (i < n && list[i].kind == list[0].kind &&
          list[i].vram_off == list[0].vram_off + i * KMD_PAGE_B &&
          (list[0].kind == KDRM_COPY_CLEAR ||
           list[i].bus_va == list[0].bus_va + i * KMD_PAGE_B))
      i++;
   return i;
}

static void
emit_run(struct methods *m, const struct kdrm_copy *c, unsigned pages)
{
   bool clear = c->kind == KDRM_COPY_CLEAR;
   bool out = c->kind == KDRM_COPY_TO_SYSTEM;
   uint64_t src = out ? c->vram_off : c->bus_va;
   uint64_t dst = out ? c->bus_va : c->vram_off;
   uint32_t size_B = pages * KMD_PAGE_B;
   uint32_t launch = NV_COPY_LAUNCH_LINEAR | NV_COPY_LAUNCH_SRC_PHYSICAL |
                     NV_COPY_LAUNCH_DST_PHYSICAL;
   uint32_t modes[2] = {out ? NV_COPY_PHYS_LOCAL_FB : NV_COPY_PHYS_SYS_COH,
                        out ? NV_COPY_PHYS_SYS_COH : NV_COPY_PHYS_LOCAL_FB};
   if (clear) {
      uint32_t remap[3] = {
         0, 0,
         NV_COPY_REMAP(NV_COPY_REMAP_CONST_A, NV_COPY_REMAP_NO_WRITE,
                       NV_COPY_REMAP_NO_WRITE, NV_COPY_REMAP_NO_WRITE, 4, 1,
                       1)};
      method(m, NV_COPY_SET_REMAP_CONST_A, 3, remap);
      launch |= NV_COPY_LAUNCH_REMAP;
      src = dst;
      modes[0] = modes[1];
      size_B /= 4; /* elements */
   }
   uint32_t copy[8] = {src >> 32, (uint32_t)src, dst >> 32, (uint32_t)dst,
                       size_B,    size_B,        size_B,    1};
   method(m, NV_COPY_SET_SRC_PHYS_MODE, 2, modes);
   method(m, NV_COPY_OFFSET_IN_UPPER, 8, copy);
   method1(m, NV_COPY_LAUNCH_DMA, launch);
}

static uint32_t
copy_class(const struct kmd *kmd)
{
   return kmd->config.chipset == 0x130 ? NV_CLASS_PASCAL_DMA_COPY_A
                                       : NV_CLASS_PASCAL_DMA_COPY_B;
}

static void
emit_list(struct kmd_dmem *d, struct methods *m, const struct kdrm_copy *list,
          unsigned n)
{
   method1(m, NV_HOST_SET_OBJECT, copy_class(d->kmd));
   for (unsigned i = 0, run; i < n; i += run) {
      run = run_length(&list[i], n - i);
      emit_run(m, &list[i], run);
   }
   /* KMD_FAIL: past the end of VRAM, which the card will not do. */
   uint32_t fail = d->kmd->config.fail_copy;
   if (fail && d->next % fail == 0)
      emit_run(m, &(struct kdrm_copy){.vram_off = d->kmd->config.vram_B}, 1);
}

/* A channel that died, of whatever, must not end migration for good. */
static int
need_channel_locked(struct kmd_dmem *d)
{
   if (d->chan && kmd_chan_is_killed(d->chan)) {
      kmd_chan_destroy(d->chan);
      d->chan = NULL;
   }
   return d->chan ? 0 : kmd_chan_create(d->kmd, d->vmm, NULL, true, &d->chan);
}

static int
submit_locked(struct kmd_dmem *d, const struct kdrm_copy *list, unsigned n,
              struct kdrm_fence **fence_out)
{
   unsigned i = d->next++ % NUM_METHODS;
   if (d->fences[i]) {
      int ret = kdrm_fence_wait(d->fences[i], COPY_TIMEOUT_NS);
      if (ret)
         return ret;
      kdrm_fence_put(d->fences[i]);
      d->fences[i] = NULL;
   }
   struct methods m = {
      .dw = (uint32_t *)((char *)kmd_bo_cpu(d->methods) + i * METHODS_B)};
   emit_list(d, &m, list, n);
   struct kmd_push push = {.gpu_va = d->methods_vma->va.addr + i * METHODS_B,
                           .size_B = m.count * 4};
   int ret = need_channel_locked(d);
   if (!ret)
      ret = kmd_chan_submit(d->chan, &push, 1, fence_out);
   if (!ret)
      d->fences[i] = kdrm_fence_get(*fence_out);
   return ret;
}

/* The slower way, through the BAR. Linux has none (KMD_COMPAT=upstream). */
static int
copy_by_cpu(struct kmd_dmem *d, const struct kdrm_copy *list, unsigned n,
            int err)
{
   util_warn("kmd", "copy engine: %d", err);
   if (!kmd_is_better(d->kmd))
      return err;
   for (unsigned i = 0; i < n; i++) {
      void *vram = d->kmd->vram.cpu + list[i].vram_off;
      void *bus = (void *)(uintptr_t)list[i].bus_va;
      switch (list[i].kind) {
      case KDRM_COPY_TO_VRAM:
         memcpy(vram, bus, KMD_PAGE_B);
         break;
      case KDRM_COPY_TO_SYSTEM:
         memcpy(bus, vram, KMD_PAGE_B);
         break;
      case KDRM_COPY_CLEAR:
         memset(vram, 0, KMD_PAGE_B);
         break;
      }
   }
   return 0;
}

static int
copy(struct kdrm_pagemap *pm, const struct kdrm_copy *list, unsigned n,
     struct kdrm_fence **fence_out)
{
   struct kmd_dmem *d = to_dmem(pm);
   pthread_mutex_lock(&d->copy_lock);
   int ret = submit_locked(d, list, n, fence_out);
   pthread_mutex_unlock(&d->copy_lock);
   return ret ? copy_by_cpu(d, list, n, ret) : 0;
}

/* The card does not answer: take the channel away from it, so that it cannot
 * write what will be somebody else's. */
static void
end_channel(struct kmd_dmem *d)
{
   pthread_mutex_lock(&d->copy_lock);
   if (d->chan)
      kmd_chan_destroy(d->chan);
   d->chan = NULL;
   pthread_mutex_unlock(&d->copy_lock);
}

static int
copy_wait(struct kdrm_pagemap *pm, struct kdrm_fence *fence,
          const struct kdrm_copy *list, unsigned n)
{
   int ret = kdrm_fence_wait(fence, COPY_TIMEOUT_NS);
   if (ret)
      end_channel(to_dmem(pm));
   else
      ret = fence->error;
   return ret ? copy_by_cpu(to_dmem(pm), list, n, ret) : 0;
}

static void
moved(struct kdrm_pagemap *pm, const struct kdrm_moved *m)
{
   static const enum drm_nouveau_svm_cause causes[] = {
      [KDRM_CAUSE_ASKED] = DRM_NOUVEAU_SVM_CAUSE_ASKED,
      [KDRM_CAUSE_GPU] = DRM_NOUVEAU_SVM_CAUSE_GPU,
      [KDRM_CAUSE_CPU] = DRM_NOUVEAU_SVM_CAUSE_CPU,
      [KDRM_CAUSE_EVICT] = DRM_NOUVEAU_SVM_CAUSE_EVICT,
   };
   struct kmd_dmem *d = to_dmem(pm);
   struct drm_nouveau_svm_event e = {
      .kind = m->direction == KMM_TO_DEVICE
                 ? DRM_NOUVEAU_SVM_EVENT_MIGRATE_DEVICE
                 : DRM_NOUVEAU_SVM_EVENT_MIGRATE_HOST,
      .addr = m->cpu_va,
      .npages = m->n,
      .duration_ns = kmd_svm_since(m->started_ns),
      .cause = causes[m->cause],
   };
   pthread_mutex_lock(&d->svms_lock);
   util_list_for_each(struct kmd_svm, svm, &d->svms, link)
      kmd_svm_log(svm, &e);
   pthread_mutex_unlock(&d->svms_lock);
}

static const struct kdrm_pagemap_ops pagemap_ops = {
   .block_alloc = block_alloc,
   .block_free = block_free,
   .copy = copy,
   .copy_wait = copy_wait,
   .moved = moved,
};

/* --- Life ---------------------------------------------------------------- */

static void
dmem_free(struct kmd_dmem *d)
{
   if (d->chan)
      kmd_chan_destroy(d->chan);
   for (unsigned i = 0; i < NUM_METHODS; i++)
      kdrm_fence_put(d->fences[i]);
   if (d->methods_vma)
      kmd_vma_destroy(d->methods_vma);
   if (d->methods)
      kdrm_gem_put(&d->methods->base);
   kmd_vmm_put(d->vmm);
   free_kept(d);
   pthread_mutex_destroy(&d->kept_lock);
   pthread_mutex_destroy(&d->svms_lock);
   pthread_mutex_destroy(&d->copy_lock);
   kdrm_free(d);
}

int
kmd_dmem_create(struct kmd *kmd, struct kmd_dmem **dmem_out)
{
   struct kmd_dmem *d = kdrm_zalloc(sizeof(*d));
   if (!d)
      return -ENOMEM;
   d->kmd = kmd;
   pthread_mutex_init(&d->copy_lock, NULL);
   pthread_mutex_init(&d->svms_lock, NULL);
   pthread_mutex_init(&d->kept_lock, NULL);
   util_list_init(&d->svms);
   int ret =
      kmd_vmm_create(kmd, KMD_VMM_CLIENT, KMD_PAGE_B, 1ull << 40, &d->vmm);
   if (!ret)
      ret = kmd_bo_create(kmd, NUM_METHODS * METHODS_B, false, &d->methods);
   if (!ret)
      ret = kmd_vma_create(d->vmm, d->methods, 0, &d->methods_vma);
   if (!ret)
      ret = need_channel_locked(d);
   if (!ret)
      ret = kdrm_pagemap_init(&d->pm, kmd->mm, &pagemap_ops, kmd);
   if (ret) {
      dmem_free(d);
      return ret;
   }
   d->pm.driver_data = d;
   d->pm.no_evict = !kmd_is_better(kmd);
   /* Its BAR1 covers all of VRAM, and the bus is the process's addresses. */
   if (kmd->config.p2p)
      d->pm.base.peer_base = (uintptr_t)kmd->vram.cpu;
   *dmem_out = d;
   return 0;
}

void
kmd_dmem_destroy(struct kmd_dmem *d)
{
   kdrm_pagemap_finish(&d->pm);
   dmem_free(d);
}

struct kdrm_pagemap *
kmd_dmem_pagemap(struct kmd_dmem *d)
{
   return &d->pm;
}

void
kmd_dmem_join(struct kmd_svm *svm)
{
   struct kmd_dmem *d = svm->kmd->dmem;
   if (!d)
      return;
   pthread_mutex_lock(&d->svms_lock);
   util_list_add_tail(&svm->link, &d->svms);
   pthread_mutex_unlock(&d->svms_lock);
}

void
kmd_dmem_leave(struct kmd_svm *svm)
{
   struct kmd_dmem *d = svm->kmd->dmem;
   if (!d)
      return;
   pthread_mutex_lock(&d->svms_lock);
   util_list_del(&svm->link);
   pthread_mutex_unlock(&d->svms_lock);
}

void
kmd_dmem_make_room(struct kmd *kmd, uint64_t size_B)
{
   if (!kmd->dmem)
      return;
   free_kept(kmd->dmem);
   uint64_t blocks = DIV_ROUND_UP(size_B, KDRM_BLOCK_SIZE);
   if (kmd_is_better(kmd))
      kdrm_pagemap_evict(&kmd->dmem->pm, MIN2(blocks, UINT32_MAX));
   free_kept(kmd->dmem);
}
