/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kmd_svm.h"

#include "kmd_dmem.h"
#include "kmd_machine.h"
#include "kmd_uvmm.h"
#include "kmd_vmm.h"

#include <errno.h>
#include <string.h>

#include "kernel/drm/kdrm_alloc.h"
#include "kernel/drm/kdrm_uaccess.h"
#include "nouveau/headers/nv_mmu.h"

#define FAULT_WINDOW_PG 16

/* --- The mirror's way to the page tables --------------------------------- */

static int
mirror_map(struct kdrm_gpusvm *mirror, uint64_t gpu_va, unsigned n,
           const uint64_t *pfns)
{
   struct kmd_svm *svm = kdrm_gpusvm_driver_data(mirror);
   if (svm->uvmm)
      return kmd_uvmm_mirror_map(svm->uvmm, gpu_va, n, pfns);
   return kmd_vmm_pfnmap(svm->vmm, gpu_va, n, pfns);
}

static void
mirror_unmap(struct kdrm_gpusvm *mirror, uint64_t gpu_va, unsigned n)
{
   struct kmd_svm *svm = kdrm_gpusvm_driver_data(mirror);
   if (svm->uvmm)
      kmd_uvmm_mirror_unmap(svm->uvmm, gpu_va, n);
   else
      kmd_vmm_unmap(svm->vmm, gpu_va, n * KMM_PAGE_SIZE);
}

static bool
mirror_is_taken(struct kdrm_gpusvm *mirror, uint64_t gpu_va)
{
   struct kmd_svm *svm = kdrm_gpusvm_driver_data(mirror);
   uint64_t end;
   return svm->uvmm && kmd_uvmm_is_taken(svm->uvmm, gpu_va, &end);
}

static void
mirror_invalidated(struct kdrm_gpusvm *mirror, uint64_t gpu_va, unsigned n,
                   enum kmm_event event)
{
   static const enum drm_nouveau_svm_cause causes[] = {
      [KMM_EVENT_UNMAP] = DRM_NOUVEAU_SVM_CAUSE_UNMAP,
      [KMM_EVENT_CLEAR] = DRM_NOUVEAU_SVM_CAUSE_CLEAR,
      [KMM_EVENT_PROT] = DRM_NOUVEAU_SVM_CAUSE_PROTECT,
      [KMM_EVENT_EXCLUSIVE] = DRM_NOUVEAU_SVM_CAUSE_EXCLUSIVE,
   };
   struct drm_nouveau_svm_event e = {.kind = DRM_NOUVEAU_SVM_EVENT_INVALIDATE,
                                     .addr = gpu_va,
                                     .npages = n,
                                     .cause = causes[event]};
   kmd_svm_log(kdrm_gpusvm_driver_data(mirror), &e);
}

static void
mirror_hold(struct kdrm_gpusvm *mirror)
{
   kmd_svm_get(kdrm_gpusvm_driver_data(mirror));
}

static void
mirror_release(struct kdrm_gpusvm *mirror)
{
   kmd_svm_put(kdrm_gpusvm_driver_data(mirror));
}

static const struct kdrm_gpusvm_ops mirror_ops = {
   .map = mirror_map,
   .unmap = mirror_unmap,
   .invalidated = mirror_invalidated,
   .is_taken = mirror_is_taken,
   .hold = mirror_hold,
   .release = mirror_release,
};

/* --- Life ---------------------------------------------------------------- */

struct kmd_svm *
kmd_svm_get(struct kmd_svm *svm)
{
   atomic_fetch_add(&svm->refs, 1);
   return svm;
}

void
kmd_svm_put(struct kmd_svm *svm)
{
   if (!svm || atomic_fetch_sub(&svm->refs, 1) != 1)
      return;
   kmd_dmem_leave(svm);
   if (svm->hole_start < svm->hole_end)
      kmm_mm_include(svm->kmd->mm, svm->hole_start, svm->hole_end);
   if (svm->mirror)
      kdrm_gpusvm_destroy(svm->mirror);
   kmd_vmm_put(svm->vmm);
   pthread_mutex_destroy(&svm->events_lock);
   kdrm_free(svm);
}

/* The program may not reach the card's memory through raw pointers. */
static int
exclude_heap(struct kmd *kmd, const struct kmd_heap *h)
{
   uintptr_t start = (uintptr_t)h->cpu;
   return kmm_mm_exclude(kmd->mm, start, start + h->size_B,
                         KMM_EXCLUDE_MIGRATE | KMM_EXCLUDE_ACCESS);
}

static void
include_heap(struct kmd *kmd, const struct kmd_heap *h)
{
   uintptr_t start = (uintptr_t)h->cpu;
   kmm_mm_include(kmd->mm, start, start + h->size_B);
}

static int
bind_mm(struct kmd *kmd)
{
   if (kmd->mm && kmd->heaps_excluded)
      return kmm_mm_check(kmd->mm);
   const struct kmm_config config = {
      .debug = util_flags_from_env("KMM_DEBUG", kmm_debug_flags),
      .no_uffd = kmd->config.no_uffd,
      .one_page = !kmd_is_better(kmd),
   };
   int ret = kmd->mm ? kmm_mm_check(kmd->mm)
                     : kmd_machine_mm(kmd->machine, &config, &kmd->mm);
   if (ret)
      return ret;
   ret = exclude_heap(kmd, &kmd->gart);
   if (ret)
      return ret;
   ret = exclude_heap(kmd, &kmd->vram);
   if (ret)
      include_heap(kmd, &kmd->gart);
   kmd->heaps_excluded = !ret;
   return ret;
}

void
kmd_svm_unbind_process(struct kmd *kmd)
{
   if (kmd->dmem)
      kmd_dmem_destroy(kmd->dmem);
   kmd->dmem = NULL;
   if (!kmd->mm || kmm_mm_check(kmd->mm))
      return;
   if (kmd->heaps_excluded) {
      include_heap(kmd, &kmd->gart);
      include_heap(kmd, &kmd->vram);
   }
}

/* The process, from the first SVM_INIT on. */
static int
bind_process(struct kmd *kmd)
{
   pthread_mutex_lock(&kmd->svm_lock);
   int ret = bind_mm(kmd);
   if (!ret && !kmd->dmem && !(kmd->config.debug & KMD_DEBUG_NOMIGRATE))
      ret = kmd_dmem_create(kmd, &kmd->dmem);
   pthread_mutex_unlock(&kmd->svm_lock);
   return ret;
}

static int
svm_create(struct kmd *kmd, struct kmd_uvmm *uvmm, uint64_t hole_start,
           uint64_t hole_end, struct kmd_svm **svm_out)
{
   struct kmd_svm *svm = kdrm_zalloc(sizeof(*svm));
   if (!svm)
      return -ENOMEM;
   svm->kmd = kmd;
   atomic_init(&svm->refs, 1);
   pthread_mutex_init(&svm->events_lock, NULL);
   util_list_init(&svm->link);
   util_list_init(&svm->faults);
   util_list_init(&svm->fault_link);
   svm->uvmm = uvmm;
   int ret = 0;
   if (uvmm) {
      svm->vmm = kmd_vmm_get(uvmm->vmm);
      svm->vmm->replay = true;
   } else {
      ret = kmd_vmm_create(kmd, KMD_VMM_SVM, hole_start, hole_end, &svm->vmm);
   }
   if (!ret) {
      struct kdrm_gpusvm_config config = {
         .mm = kmd->mm,
         .ops = &mirror_ops,
         .pagemap = kmd->dmem ? kmd_dmem_pagemap(kmd->dmem) : NULL,
         .hole_start = hole_start,
         .hole_end = hole_end,
         .fault_window_pg = kmd_is_better(kmd) ? FAULT_WINDOW_PG : 1,
         .only_faulting = !kmd_is_better(kmd),
         .peers = kmd->config.p2p,
         .migrate_on_fault = kmd->config.migrate_on_fault,
         .learn = kmd->config.migrate_learn,
         .exclusive_atomics = kmd->config.debug & KMD_DEBUG_EXCLUSIVE,
         .driver_data = svm,
      };
      ret = kdrm_gpusvm_create(&config, &svm->mirror);
   }
   if (ret) {
      kmd_svm_put(svm);
      return ret;
   }
   /* Nor may other clients and cards: what is mapped there are buffers, which
    * are no memory of the process's. */
   if (hole_start < hole_end)
      ret = kmm_mm_exclude(kmd->mm, hole_start, hole_end,
                           KMM_EXCLUDE_MIGRATE | KMM_EXCLUDE_ACCESS);
   if (ret) {
      kmd_svm_put(svm);
      return ret;
   }
   svm->hole_start = hole_start;
   svm->hole_end = hole_end;
   kmd_dmem_join(svm);
   *svm_out = svm;
   return 0;
}

/* --- SVM_INIT ------------------------------------------------------------ */

/* Nothing of the program's may be in the hole: a buffer there would hide it. */
static bool
hole_is_free(struct kmd *kmd, uint64_t start, uint64_t end)
{
   struct kmm_vma vma;
   while (start < end && kmm_vma_find(kmd->mm, start, &vma) == 0 &&
          vma.start < end) {
      if (vma.flags & (KMM_VMA_READ | KMM_VMA_WRITE | KMM_VMA_EXEC))
         return false;
      start = vma.end;
   }
   return true;
}

static int
check_hole(struct kmd *kmd, bool needed, uint64_t start, uint64_t size_B,
           uint64_t *end_out)
{
   if (__builtin_add_overflow(start, size_B, end_out) ||
       *end_out > NV_MMU_VA_END)
      return -EINVAL;
   /* Linux takes the rest as it comes. */
   if (!kmd_is_better(kmd))
      return 0;
   bool aligned = util_is_aligned(start | size_B, KMD_PAGE_B);
   return (size_B || !needed) && aligned && hole_is_free(kmd, start, *end_out)
             ? 0
             : -EINVAL;
}

static int
svm_init_locked(struct kmd_client *client, uint64_t start, uint64_t size_B)
{
   struct kmd *kmd = client->kmd;
   if (client->svm)
      return -EBUSY;
   /* Linux makes a second address space, of which no channel knows. */
   struct kmd_uvmm *uvmm = kmd_is_better(kmd) ? client->uvmm : NULL;
   uint64_t end = 0;
   int ret = bind_process(kmd);
   if (!ret)
      ret = check_hole(kmd, !uvmm, start, size_B, &end);
   if (ret)
      return ret;
   /* An odd hole, which only Linux accepts, shrinks to whole pages. */
   return svm_create(kmd, uvmm, util_align(start, KMD_PAGE_B),
                     util_align_down(end, KMD_PAGE_B), &client->svm);
}

int
kmd_svm_init_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   const struct drm_nouveau_svm_init *a = arg;
   struct kmd_client *client = kmd_client_of(file);
   if (client->kmd->config.no_svm)
      return -ENOSYS;
   pthread_mutex_lock(&client->lock);
   int ret = svm_init_locked(client, a->unmanaged_addr, a->unmanaged_size);
   pthread_mutex_unlock(&client->lock);
   return ret;
}

/* --- SVM_BIND ------------------------------------------------------------ */

#define HEADER_BITS 48

static uint64_t
field(uint64_t header, unsigned shift, uint64_t mask)
{
   return header >> shift & mask;
}

/* In the order of kernel.md §1.8. */
static int
check_bind(struct kmd *kmd, const struct drm_nouveau_svm_bind *a,
           uint64_t start, uint64_t end, uint64_t command, uint64_t target)
{
   if (a->reserved0 || a->reserved1)
      return -EINVAL;
   if (a->header >> HEADER_BITS)
      return -EINVAL;
   if (start >= end)
      return -EINVAL;
   if (command != NOUVEAU_SVM_BIND_COMMAND__MIGRATE &&
       (!kmd_is_better(kmd) || command > NOUVEAU_SVM_BIND_COMMAND__WAIT))
      return -EINVAL;
   bool to_cpu = target == NOUVEAU_SVM_BIND_TARGET__CPU &&
                 command == NOUVEAU_SVM_BIND_COMMAND__MIGRATE &&
                 kmd_is_better(kmd);
   if (target != NOUVEAU_SVM_BIND_TARGET__GPU_VRAM && !to_cpu)
      return -EINVAL;
   return a->stride ? -EINVAL : 0;
}

static struct kmd_svm *
client_svm(struct kmd_client *client)
{
   pthread_mutex_lock(&client->lock);
   struct kmd_svm *svm = client->svm ? kmd_svm_get(client->svm) : NULL;
   pthread_mutex_unlock(&client->lock);
   return svm;
}

static int
move_range(struct kmd_svm *svm, uint64_t command, uint64_t target,
           uint64_t start, uint64_t end, uint64_t *moved_out)
{
   if (command == NOUVEAU_SVM_BIND_COMMAND__BEGIN)
      return kdrm_gpusvm_migrate_begin(svm->mirror, start, end, moved_out);
   if (command == NOUVEAU_SVM_BIND_COMMAND__WAIT) {
      kdrm_gpusvm_migrate_wait(svm->mirror, start, end);
      return 0;
   }
   if (target == NOUVEAU_SVM_BIND_TARGET__CPU)
      return kdrm_gpusvm_migrate_to_system(svm->mirror, start, end, moved_out);
   return kdrm_gpusvm_migrate_to_vram(svm->mirror, start, end, KDRM_CAUSE_ASKED,
                                      moved_out);
}

int
kmd_svm_bind_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_nouveau_svm_bind *a = arg;
   struct kmd_client *client = kmd_client_of(file);
   uint64_t start = util_align_down(a->va_start, KMM_PAGE_SIZE);
   uint64_t end = util_align(a->va_end, KMM_PAGE_SIZE);
   uint64_t target = field(a->header, NOUVEAU_SVM_BIND_TARGET_SHIFT,
                           NOUVEAU_SVM_BIND_TARGET_MASK);
   uint64_t command = field(a->header, NOUVEAU_SVM_BIND_COMMAND_SHIFT,
                            NOUVEAU_SVM_BIND_COMMAND_MASK);
   a->result = 0;
   int ret = check_bind(client->kmd, a, start, end, command, target);
   if (ret)
      return ret;
   struct kmd_svm *svm = client_svm(client);
   if (!svm)
      return -EINVAL;
   uint64_t moved = 0;
   if (client->kmd->dmem)
      ret = move_range(svm, command, target, start, end, &moved);
   kmd_svm_put(svm);
   if (!kmd_is_better(client->kmd))
      return 0; /* errors of pages are ignored, so is what moved */
   a->result = moved;
   return ret;
}

/* --- Events -------------------------------------------------------------- */

uint32_t
kmd_svm_since(uint64_t start_ns)
{
   return MIN2(util_time_ns() - start_ns, UINT32_MAX);
}

void
kmd_svm_log(struct kmd_svm *svm, const struct drm_nouveau_svm_event *event)
{
   struct drm_nouveau_svm_event e = *event;
   pthread_mutex_lock(&svm->events_lock);
   e.time_ns = nvsim_ptimer_ns(svm->kmd->sim);
   if (svm->count == KMD_SVM_EVENTS) {
      svm->first = (svm->first + 1) % KMD_SVM_EVENTS;
      svm->lost++;
   } else {
      svm->count++;
   }
   svm->events[(svm->first + svm->count - 1) % KMD_SVM_EVENTS] = e;
   bool moves = e.kind == DRM_NOUVEAU_SVM_EVENT_MIGRATE_DEVICE ||
                e.kind == DRM_NOUVEAU_SVM_EVENT_MIGRATE_HOST;
   svm->totals[e.kind] += moves ? e.npages : 1;
   pthread_mutex_unlock(&svm->events_lock);
}

static void
take_events(struct kmd_svm *svm, struct drm_nouveau_svm_event *out,
            unsigned room, struct drm_nouveau_svm_events *a)
{
   pthread_mutex_lock(&svm->events_lock);
   unsigned n = MIN2(room, svm->count);
   for (unsigned i = 0; i < n; i++)
      out[i] = svm->events[(svm->first + i) % KMD_SVM_EVENTS];
   svm->first = (svm->first + n) % KMD_SVM_EVENTS;
   svm->count -= n;
   a->count = n;
   a->lost = svm->lost;
   memcpy(a->totals, svm->totals, sizeof(a->totals));
   svm->lost = 0;
   pthread_mutex_unlock(&svm->events_lock);
}

int
kmd_svm_events_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_nouveau_svm_events *a = arg;
   struct kmd_client *client = kmd_client_of(file);
   if (!kmd_is_better(client->kmd))
      return -EINVAL;
   struct kmd_svm *svm = client_svm(client);
   if (!svm)
      return -EINVAL;
   unsigned room = MIN2(a->count, KMD_SVM_EVENTS);
   struct drm_nouveau_svm_event *events =
      kdrm_zalloc(MAX2(room, 1) * sizeof(*events));
   int ret = events ? 0 : -ENOMEM;
   if (!ret) {
      take_events(svm, events, room, a);
      ret = kdrm_copy_to_user(a->events, events, a->count * sizeof(*events));
   }
   kdrm_free(events);
   kmd_svm_put(svm);
   return ret;
}
