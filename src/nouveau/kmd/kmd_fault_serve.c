/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Service of one client's faults: mirror, log, cancel, replay. */
#include "kmd_fault.h"
#include "kmd_vmm.h"

#include <errno.h>

#include "nouveau/headers/nv_fault.h"

static const enum kdrm_access access_of[] = {
   [NV_FAULT_ACCESS_READ] = KDRM_ACCESS_READ,
   [NV_FAULT_ACCESS_WRITE] = KDRM_ACCESS_WRITE,
   [NV_FAULT_ACCESS_ATOMIC] = KDRM_ACCESS_ATOMIC,
   [NV_FAULT_ACCESS_PREFETCH] = KDRM_ACCESS_PREFETCH,
};

static enum kdrm_access
entry_access(const struct kmd_fault_entry *e)
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
log_faults(const struct kmd_fault_batch *b, uint64_t start_ns)
{
   uint32_t duration_ns = kmd_svm_since(start_ns);
   const struct kdrm_gpusvm_fault *f = b->faults;
   unsigned n = b->count;
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
         .cause = b->entries[f[i].driver_index]->hw.type,
         .error = f[i].result,
      };
      kmd_svm_log(b->svm, &e);
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

/* The entries that made this request become errors of their channel. */
static void
cancel(struct kmd *kmd, const struct kmd_fault_batch *b,
       const struct kdrm_gpusvm_fault *f)
{
   struct drm_nouveau_svm_event event = {
      .kind = DRM_NOUVEAU_SVM_EVENT_CANCEL,
      .addr = f->gpu_va,
      .npages = 1,
      .cause = b->entries[f->driver_index]->hw.type,
      .error = f->result,
   };
   kmd_svm_log(b->svm, &event);
   for (unsigned i = 0; i < b->count; i++) {
      const struct kmd_fault_entry *e = b->entries[i];
      if (e->hw.gpu_va == (f->gpu_va & KMM_PAGE_MASK) &&
          entry_access(e) == f->access)
         kmd_mmu_cancel(kmd, &e->hw);
   }
}

/* Returns how many entries may be replayed. */
static unsigned
ask_mirror(struct kmd *kmd, struct kmd_fault_batch *b)
{
   for (unsigned i = 0; i < b->count; i++)
      b->faults[i] = (struct kdrm_gpusvm_fault){
         .gpu_va = b->entries[i]->hw.gpu_va,
         .access = entry_access(b->entries[i]),
         .driver_index = i,
      };
   uint64_t start_ns = util_time_ns();
   kdrm_gpusvm_sort(b->faults, b->count);
   kdrm_gpusvm_fault_batch(b->svm->mirror, b->faults, b->count);
   log_faults(b, start_ns);
   if (kmd->config.debug & KMD_DEBUG_FAULT)
      print_faults(b->faults, b->count);
   unsigned good = 0;
   for (unsigned i = 0; i < b->count; i++) {
      int result = b->faults[i].result;
      /* A prefetch is a wish: it goes away with the replay or asks again. */
      if (result == 0 || result == -EBUSY)
         good++;
      else
         cancel(kmd, b, &b->faults[i]);
   }
   return good;
}

void
kmd_fault_serve(struct kmd *kmd, struct kmd_fault_batch *b)
{
   bool evict = kmd->config.debug & KMD_DEBUG_EVICTALL;
   uint64_t start_ns = util_time_ns();
   unsigned good = ask_mirror(kmd, b);
   struct drm_nouveau_svm_event e = {
      .kind = DRM_NOUVEAU_SVM_EVENT_REPLAY,
      .npages = good,
      .duration_ns = kmd_svm_since(start_ns),
   };
   /* Logged before: who sees the result of the program sees the log of it. */
   if (good)
      kmd_svm_log(b->svm, &e);
   if (good || b->replay)
      kmd_mmu_replay(kmd, kmd_vmm_root(b->svm->vmm), evict);
   if (evict)
      kdrm_gpusvm_evict_all(b->svm->mirror);
}
