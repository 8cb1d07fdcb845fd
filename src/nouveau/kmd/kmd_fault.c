/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Replayable faults, from the ring to the replay (≙ nouveau_svm's fault worker;
 * kernel.md §3.3, and what its "weak point" column asks for: VALID is waited
 * for, addresses compare in 64 bits, the whole batch goes to the mirror, the
 * ring is looked at again before sleeping). */
#include "kmd_chan.h"
#include "kmd_svm.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>

#include "kernel/drm/kdrm_alloc.h"
#include "nouveau/headers/nv_fault.h"

#define RING_ORDER   5 /* 128 KiB */
#define RING_ENTRIES ((uint32_t)((KMD_PAGE_B << RING_ORDER) / NV_FAULT_ENTRY_B))

/* A fault entry and where it belongs. */
struct entry {
   struct nv_fault hw;
   struct kmd_svm *svm; /* referenced; NULL: nobody's */
   bool taken;          /* in a group already */
};

struct kmd_fault_work {
   pthread_mutex_t lock; /* of the two counts */
   pthread_cond_t cond;
   uint64_t begun, done; /* passes over the ring */
   uint32_t get;
   struct entry entries[RING_ENTRIES];
   struct kdrm_gpusvm_fault faults[RING_ENTRIES];
};

int
kmd_fault_init(struct kmd *kmd)
{
   kmd->fault_work = kdrm_zalloc(sizeof(*kmd->fault_work));
   if (!kmd->fault_work)
      return -ENOMEM;
   pthread_mutex_init(&kmd->fault_work->lock, NULL);
   pthread_cond_init(&kmd->fault_work->cond, NULL);
   int ret = kmd_heap_alloc_block(&kmd->vram, RING_ORDER, KMD_HEAP_KERNEL,
                                  &kmd->fault_ring_off);
   if (ret) {
      kdrm_free(kmd->fault_work);
      kmd->fault_work = NULL;
      return ret;
   }
   nvsim_wr32(kmd->sim, NV_FAULT_BUFFER_SIZE, RING_ENTRIES);
   nvsim_wr32(kmd->sim, NV_FAULT_BUFFER_HI, kmd->fault_ring_off >> 32);
   nvsim_wr32(kmd->sim, NV_FAULT_BUFFER_LO,
              (uint32_t)kmd->fault_ring_off | NV_FAULT_BUFFER_ENABLE);
   return 0;
}

void
kmd_fault_finish(struct kmd *kmd)
{
   if (!kmd->fault_work)
      return;
   nvsim_wr32(kmd->sim, NV_FAULT_BUFFER_LO, 0);
   kmd_heap_free_block(&kmd->vram, kmd->fault_ring_off, RING_ORDER);
   kdrm_free(kmd->fault_work);
   kmd->fault_work = NULL;
}

/* --- Reading the ring ---------------------------------------------------- */

static void
read_entry(struct kmd *kmd, uint32_t index, struct nv_fault *f)
{
   uint32_t *dw = (uint32_t *)(kmd->vram.cpu + kmd->fault_ring_off) +
                  index * NV_FAULT_ENTRY_DW;
   /* PUT moves before the entry is complete; VALID is written last. */
   while (!(__atomic_load_n(&dw[7], __ATOMIC_ACQUIRE) & NV_FAULT_DW7_VALID))
      sched_yield();
   nv_fault_unpack(dw, f);
   __atomic_store_n(&dw[7], 0, __ATOMIC_RELEASE);
}

static struct kmd_svm *
svm_of_inst(struct kmd *kmd, uint64_t inst_pa)
{
   struct kmd_chan *c = kmd_chan_of_inst(kmd, inst_pa);
   struct kmd_svm *svm = c && c->svm ? kmd_svm_get(c->svm) : NULL;
   kmd_chan_put(c);
   return svm;
}

static unsigned
read_ring(struct kmd *kmd)
{
   struct kmd_fault_work *w = kmd->fault_work;
   uint32_t put = nvsim_rd32(kmd->sim, NV_FAULT_BUFFER_PUT);
   unsigned n = 0;
   while (w->get != put) {
      struct entry *e = &w->entries[n];
      *e = (struct entry){0};
      read_entry(kmd, w->get, &e->hw);
      /* Faults of one warp come in runs. */
      bool same = n && e[-1].hw.inst_pa == e->hw.inst_pa;
      if (!same)
         e->svm = svm_of_inst(kmd, e->hw.inst_pa);
      else
         e->svm = e[-1].svm ? kmd_svm_get(e[-1].svm) : NULL;
      w->get = (w->get + 1) % RING_ENTRIES;
      n++;
   }
   if (n)
      nvsim_wr32(kmd->sim, NV_FAULT_BUFFER_GET, w->get);
   return n;
}

/* --- Serving ------------------------------------------------------------- */

static const enum kdrm_access access_of[] = {
   [NV_FAULT_ACCESS_READ] = KDRM_ACCESS_READ,
   [NV_FAULT_ACCESS_WRITE] = KDRM_ACCESS_WRITE,
   [NV_FAULT_ACCESS_ATOMIC] = KDRM_ACCESS_ATOMIC,
   [NV_FAULT_ACCESS_PREFETCH] = KDRM_ACCESS_PREFETCH,
};

static enum kdrm_access
entry_access(const struct entry *e)
{
   return e->hw.access < ARRAY_SIZE(access_of) ? access_of[e->hw.access]
                                               : KDRM_ACCESS_ATOMIC;
}

static const enum drm_nouveau_svm_event_kind event_of[] = {
   [KDRM_ACCESS_PREFETCH] = DRM_NOUVEAU_SVM_EVENT_FAULT_PREFETCH,
   [KDRM_ACCESS_READ] = DRM_NOUVEAU_SVM_EVENT_FAULT_READ,
   [KDRM_ACCESS_WRITE] = DRM_NOUVEAU_SVM_EVENT_FAULT_WRITE,
   [KDRM_ACCESS_ATOMIC] = DRM_NOUVEAU_SVM_EVENT_FAULT_ATOMIC,
};

/* One event a page, with the strongest access; the list is sorted. */
static void
log_faults(struct kmd *kmd, struct kmd_svm *svm,
           const struct kdrm_gpusvm_fault *f, unsigned n, uint64_t start_ns)
{
   uint32_t duration_ns = kmd_svm_since(start_ns);
   for (unsigned i = 0; i < n;) {
      uint64_t page = f[i].gpu_va & KMM_PAGE_MASK;
      enum kdrm_access strongest = f[i].access;
      unsigned j = i;
      for (; j < n && (f[j].gpu_va & KMM_PAGE_MASK) == page; j++)
         strongest = MAX2(strongest, f[j].access);
      struct drm_nouveau_svm_event e = {
         .kind = event_of[strongest],
         .addr = page,
         .npages = 1,
         .duration_ns = duration_ns,
         .cause = kmd->fault_work->entries[f[i].driver_index].hw.type,
         .error = f[i].result,
      };
      kmd_svm_log(svm, &e);
      i = j;
   }
}

static void
print_faults(const struct kdrm_gpusvm_fault *f, unsigned n)
{
   static const char *const names[] = {"prefetch", "read", "write", "atomic"};
   for (unsigned i = 0; i < n; i++)
      util_warn("kmd", "fault %s %#llx: %d%s", names[f[i].access],
                (unsigned long long)f[i].gpu_va, f[i].result,
                f[i].device ? " in VRAM" : "");
}

/* The group's entries that made this request become errors of their channel. */
static void
cancel(struct kmd *kmd, const struct kmd_svm *svm,
       const struct kdrm_gpusvm_fault *f, unsigned n_entries)
{
   struct kmd_fault_work *w = kmd->fault_work;
   for (unsigned i = 0; i < n_entries; i++) {
      const struct entry *e = &w->entries[i];
      if (e->svm == svm && e->hw.gpu_va == (f->gpu_va & KMM_PAGE_MASK) &&
          entry_access(e) == f->access)
         kmd_mmu_cancel(kmd, &e->hw);
   }
}

/* Serves all entries of one mirror; returns how many may be replayed. */
static unsigned
serve_group(struct kmd *kmd, struct kmd_svm *svm, unsigned n_entries)
{
   struct kmd_fault_work *w = kmd->fault_work;
   unsigned n = 0, good = 0;
   for (unsigned i = 0; i < n_entries; i++) {
      struct entry *e = &w->entries[i];
      if (e->svm != svm)
         continue;
      e->taken = true;
      w->faults[n++] = (struct kdrm_gpusvm_fault){.gpu_va = e->hw.gpu_va,
                                                  .access = entry_access(e),
                                                  .driver_index = i};
   }
   uint64_t start_ns = util_time_ns();
   kdrm_gpusvm_sort(w->faults, n);
   kdrm_gpusvm_fault_batch(svm->mirror, w->faults, n);
   log_faults(kmd, svm, w->faults, n, start_ns);
   if (kmd->config.debug & KMD_DEBUG_FAULT)
      print_faults(w->faults, n);
   for (unsigned i = 0; i < n; i++) {
      struct kdrm_gpusvm_fault *f = &w->faults[i];
      /* A prefetch is a wish: it goes away with the replay or asks again. */
      if (f->result == 0 || f->result == -EBUSY) {
         good++;
         continue;
      }
      struct drm_nouveau_svm_event e = {
         .kind = DRM_NOUVEAU_SVM_EVENT_CANCEL,
         .addr = f->gpu_va,
         .npages = 1,
         .cause = w->entries[f->driver_index].hw.type,
         .error = f->result,
      };
      kmd_svm_log(svm, &e);
      cancel(kmd, svm, f, n_entries);
   }
   return good;
}

/* The last entry of its group among n. */
static bool
is_last_of_group(const struct entry *entries, unsigned i, unsigned n)
{
   for (unsigned j = i + 1; j < n; j++)
      if (entries[j].svm == entries[i].svm)
         return false;
   return entries[i].svm;
}

/* The replay, and what goes with it for each mirror. Logged before: who sees
 * the result of the program sees the log of it. */
static void
release_groups(struct kmd *kmd, unsigned n, unsigned good, uint64_t start_ns)
{
   struct entry *entries = kmd->fault_work->entries;
   bool evict = kmd->config.debug & KMD_DEBUG_EVICTALL;
   struct drm_nouveau_svm_event e = {
      .kind = DRM_NOUVEAU_SVM_EVENT_REPLAY,
      .npages = good,
      .duration_ns = kmd_svm_since(start_ns),
   };
   for (unsigned i = 0; i < n && good; i++)
      if (is_last_of_group(entries, i, n))
         kmd_svm_log(entries[i].svm, &e);
   if (good)
      kmd_mmu_replay(kmd, evict);
   for (unsigned i = 0; i < n; i++) {
      if (evict && is_last_of_group(entries, i, n))
         kdrm_gpusvm_evict_all(entries[i].svm->mirror);
      kmd_svm_put(entries[i].svm);
   }
}

static void
serve(struct kmd *kmd, unsigned n)
{
   struct kmd_fault_work *w = kmd->fault_work;
   uint64_t start_ns = util_time_ns();
   unsigned good = 0;
   for (unsigned i = 0; i < n; i++) {
      struct entry *e = &w->entries[i];
      if (!e->svm)
         kmd_mmu_cancel(kmd, &e->hw);
      else if (!e->taken)
         good += serve_group(kmd, e->svm, n);
   }
   release_groups(kmd, n, good, start_ns);
}

void
kmd_fault_work(struct kmd *kmd)
{
   struct kmd_fault_work *w = kmd->fault_work;
   if (!w)
      return;
   pthread_mutex_lock(&w->lock);
   uint64_t pass = ++w->begun;
   pthread_mutex_unlock(&w->lock);
   unsigned n;
   while ((n = read_ring(kmd)))
      serve(kmd, n);
   pthread_mutex_lock(&w->lock);
   w->done = pass;
   pthread_cond_broadcast(&w->cond);
   pthread_mutex_unlock(&w->lock);
}

void
kmd_fault_flush(struct kmd *kmd)
{
   struct kmd_fault_work *w = kmd->fault_work;
   pthread_mutex_lock(&w->lock);
   uint64_t next = w->begun + 1; /* the one under way may have read already */
   kmd_thread_poke(&kmd->fault);
   while (w->done < next)
      pthread_cond_wait(&w->cond, &w->lock);
   pthread_mutex_unlock(&w->lock);
}
