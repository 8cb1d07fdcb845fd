/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kmd_uvmm.h"

#include "kmd_bo.h"

#include <assert.h>
#include <errno.h>

#include "kernel/drm/kdrm_alloc.h"

#define VA_END           (1ull << 47)
#define FLUSH_TIMEOUT_NS (15ull * 1000000000)

/* --- Life ---------------------------------------------------------------- */

static void
r_obj_free(struct kdrm_gem_object *obj)
{
   struct kmd_uvmm *u = container_of(obj, struct kmd_uvmm, r_obj);
   kdrm_gem_finish(obj);
   kdrm_free(u);
}

/* The rest of it lives until the last private object is gone. */
static const struct kdrm_gem_funcs r_obj_funcs = {.free = r_obj_free};

void
kmd_uvmm_destroy(struct kmd_uvmm *u)
{
   if (!u)
      return;
   kdrm_entity_flush(&u->entity, FLUSH_TIMEOUT_NS);
   kdrm_entity_finish(&u->entity);
   kmd_vmm_unmap(u->vmm, 0, VA_END);
   struct kdrm_gpuva *va;
   while ((va = kdrm_gpuvm_find(&u->vm, 0, VA_END))) {
      kdrm_gpuvm_remove(&u->vm, va);
      kdrm_gpuvm_bo_put(va->vm_bo);
      kdrm_free(va);
   }
   struct util_rb_node *n;
   while ((n = util_rb_first(&u->regions))) {
      util_rb_remove(&u->regions, n);
      kdrm_free(container_of(n, struct kmd_region, node));
   }
   kdrm_gpuvm_finish(&u->vm);
   kmd_vmm_put(u->vmm);
   kdrm_rangelock_finish(&u->ptes);
   pthread_mutex_destroy(&u->lock);
   kdrm_gem_put(&u->r_obj);
}

static const struct kdrm_gpuvm_ops vm_ops = {
   .vm_bo_validate = kmd_bo_validate,
};

static int
uvmm_create(struct kmd *kmd, uint64_t kernel_start, uint64_t kernel_end,
            struct kmd_uvmm **uvmm_out)
{
   struct kmd_uvmm *u = kdrm_zalloc(sizeof(*u));
   if (!u)
      return -ENOMEM;
   /* The kernel hands out no address 0. */
   uint64_t start = MAX2(util_align(kernel_start, KMD_PAGE_B), KMD_PAGE_B);
   uint64_t end = util_align_down(kernel_end, KMD_PAGE_B);
   int ret = kmd_vmm_create(kmd, KMD_VMM_RAW, start, MAX2(start, end), &u->vmm);
   if (ret) {
      kdrm_free(u);
      return ret;
   }
   u->kmd = kmd;
   u->kernel_start = kernel_start;
   u->kernel_end = kernel_end;
   pthread_mutex_init(&u->lock, NULL);
   kdrm_gem_init(&kmd->drm, &u->r_obj, &r_obj_funcs, 0);
   kdrm_gpuvm_init(&u->vm, 0, VA_END, &vm_ops, &u->r_obj);
   kdrm_rangelock_init(&u->ptes);
   kdrm_entity_init(&u->entity, &kmd->sched, 0, true);
   *uvmm_out = u;
   return 0;
}

static int
vm_init_locked(struct kmd_client *client, uint64_t start, uint64_t end)
{
   if (client->uvmm_disabled)
      return -ENOSYS;
   /* Linux makes another and forgets the first; after SVM_INIT it makes one in
    * which SVM is dead. */
   bool better = kmd_is_better(client->kmd);
   if (client->uvmm || (client->svm && better))
      return better ? -EBUSY : 0;
   return uvmm_create(client->kmd, start, end, &client->uvmm);
}

int
kmd_vm_init_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   const struct drm_nouveau_vm_init *a = arg;
   struct kmd_client *client = kmd_client_of(file);
   uint64_t end;
   if (__builtin_add_overflow(a->kernel_managed_addr, a->kernel_managed_size,
                              &end) ||
       end > VA_END)
      return -EINVAL;
   pthread_mutex_lock(&client->lock);
   int ret = vm_init_locked(client, a->kernel_managed_addr, end);
   pthread_mutex_unlock(&client->lock);
   return ret;
}

struct kmd_uvmm *
kmd_client_uvmm(struct kmd_client *client)
{
   pthread_mutex_lock(&client->lock);
   struct kmd_uvmm *u = client->uvmm;
   pthread_mutex_unlock(&client->lock);
   return u;
}

/* --- What is where ------------------------------------------------------- */

static struct kmd_region *
region_of(struct util_rb_node *n)
{
   return n ? container_of(n, struct kmd_region, node) : NULL;
}

struct kmd_region *
kmd_region_find(struct kmd_uvmm *u, uint64_t start, uint64_t end)
{
   struct kmd_region *r = region_of(util_rb_floor(&u->regions, start));
   if (r && r->end > start)
      return r;
   r = region_of(util_rb_ceil(&u->regions, start));
   return r && r->node.key < end ? r : NULL;
}

/* [start, end) is taken: tells about `at`. */
static void
look(uint64_t at, uint64_t start, uint64_t end, uint64_t *taken_end,
     uint64_t *next)
{
   if (start <= at && at < end)
      *taken_end = MAX2(*taken_end, end);
   else if (start > at)
      *next = MIN2(*next, start);
}

bool
kmd_uvmm_is_taken(struct kmd_uvmm *u, uint64_t gpu_va, uint64_t *end_out)
{
   uint64_t taken_end = 0, next = UINT64_MAX;
   look(gpu_va, u->kernel_start, u->kernel_end, &taken_end, &next);
   pthread_mutex_lock(&u->lock);
   struct kdrm_gpuva *va = kdrm_gpuvm_find(&u->vm, gpu_va, VA_END - gpu_va);
   if (va)
      look(gpu_va, va->addr, va->addr + va->range, &taken_end, &next);
   struct kmd_region *r = kmd_region_find(u, gpu_va, VA_END);
   if (r)
      look(gpu_va, r->node.key, r->end, &taken_end, &next);
   pthread_mutex_unlock(&u->lock);
   *end_out = taken_end ? taken_end : next;
   return taken_end;
}

/* --- Mirrored pages between ---------------------------------------------- */

typedef int (*span_func)(struct kmd_uvmm *u, uint64_t gpu_va, unsigned n,
                         const uint64_t *pfns);

/* What is taken when we look stays so, or is about to be unmapped by a job that
 * waits for our range: what it clears then faults again. */
static int
for_free_spans(struct kmd_uvmm *u, uint64_t gpu_va, unsigned n,
               const uint64_t *pfns, span_func func)
{
   struct kdrm_range range;
   uint64_t end = gpu_va + n * KMD_PAGE_B, stop;
   int ret = 0;
   kdrm_rangelock_lock(&u->ptes, &range, gpu_va, end);
   for (uint64_t at = gpu_va; at < end && !ret; at = stop) {
      bool taken = kmd_uvmm_is_taken(u, at, &stop);
      stop = MIN2(stop, end);
      unsigned skip = (at - gpu_va) / KMD_PAGE_B;
      if (!taken)
         ret = func(u, at, (stop - at) / KMD_PAGE_B, pfns ? pfns + skip : NULL);
   }
   kdrm_rangelock_unlock(&u->ptes, &range);
   return ret;
}

static int
span_map(struct kmd_uvmm *u, uint64_t gpu_va, unsigned n, const uint64_t *pfns)
{
   return kmd_vmm_pfnmap(u->vmm, gpu_va, n, pfns);
}

static int
span_unmap(struct kmd_uvmm *u, uint64_t gpu_va, unsigned n,
           const uint64_t *pfns)
{
   kmd_vmm_unmap(u->vmm, gpu_va, n * KMD_PAGE_B);
   return 0;
}

int
kmd_uvmm_mirror_map(struct kmd_uvmm *u, uint64_t gpu_va, unsigned n,
                    const uint64_t *pfns)
{
   return for_free_spans(u, gpu_va, n, pfns, span_map);
}

void
kmd_uvmm_mirror_unmap(struct kmd_uvmm *u, uint64_t gpu_va, unsigned n)
{
   for_free_spans(u, gpu_va, n, NULL, span_unmap);
}
