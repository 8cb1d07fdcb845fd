/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* VM_BIND: operations change the tree in the call, which also reserves the
 * memory for page tables, and page tables in a job. */
#include "kmd_bo.h"
#include "kmd_syncs.h"
#include "kmd_uvmm.h"

#include <assert.h>
#include <errno.h>

#include "kernel/drm/kdrm_alloc.h"
#include "kernel/drm/kdrm_uaccess.h"

#define VA_END (1ull << 47)

struct span {
   uint64_t start, end;
};

struct bind_op {
   uint64_t addr, end, bo_offset;
   uint32_t flags;
   bool map, sparse;
   struct kmd_bo *bo; /* MAP of memory: referenced */
   struct kdrm_gpuvm_change change;
   struct kmd_region *region; /* SPARSE: made by a map, ended by an unmap */
   struct span *holes;        /* UNMAP: parts that lie in sparse regions */
   unsigned num_holes;
   struct kmd_pgtable_need reserved;
};

struct bind_job {
   struct kdrm_job base;
   struct kmd_uvmm *u;
   unsigned n;
   struct bind_op ops[];
};

static struct bind_job *
to_bind(struct kdrm_job *job)
{
   return container_of(job, struct bind_job, base);
}

/* --- Page tables: the job ------------------------------------------------ */

static int
op_write_ptes_locked(struct kmd_vmm *vmm, const struct bind_op *op)
{
   uint64_t size_B = op->end - op->addr;
   if (op->map && op->sparse)
      return kmd_pgtable_sparse(&vmm->pt, op->addr, size_B);
   if (op->map)
      return kmd_vmm_map_bo_locked(vmm, op->addr, size_B, op->bo, op->bo_offset,
                                   op->flags & 0xff);
   uint64_t at = op->addr;
   int ret = 0;
   for (unsigned i = 0; i < op->num_holes && !ret; i++) {
      const struct span *hole = &op->holes[i];
      kmd_pgtable_unmap(&vmm->pt, at, hole->start - at);
      ret = kmd_pgtable_sparse(&vmm->pt, hole->start, hole->end - hole->start);
      at = hole->end;
   }
   kmd_pgtable_unmap(&vmm->pt, at, op->end - at);
   return ret;
}

static int
bind_run(struct kdrm_job *job, struct kdrm_fence **hw_out)
{
   struct bind_job *j = to_bind(job);
   int ret = 0;
   for (unsigned i = 0; i < j->n && !ret; i++) {
      struct bind_op *op = &j->ops[i];
      struct kdrm_range range;
      if (op->map && !op->sparse && op->change.same)
         continue;
      kdrm_rangelock_lock(&j->u->ptes, &range, op->addr, op->end);
      kmd_vmm_begin_reserved(j->u->vmm);
      ret = op_write_ptes_locked(j->u->vmm, op);
      kmd_vmm_end_reserved(j->u->vmm, op->reserved);
      op->reserved = (struct kmd_pgtable_need){0};
      kdrm_rangelock_unlock(&j->u->ptes, &range);
   }
   return ret;
}

/* Enough for each operation by itself, from nothing. To take whole mappings
 * away needs nothing: it gives. */
static int
op_reserve(struct kmd_uvmm *u, struct bind_op *op)
{
   struct kmd_pgtable_need need = {0};
   bool splits = op->change.num_trimmed || op->change.num_added;
   if (op->map && !op->sparse)
      kmd_vmm_need_map(op->addr, op->end - op->addr, op->bo, op->bo_offset,
                       &need);
   else if (op->map || splits)
      kmd_vmm_need_sparse(op->addr, op->end - op->addr, &need);
   for (unsigned i = 0; i < op->num_holes; i++)
      kmd_vmm_need_sparse(op->holes[i].start,
                          op->holes[i].end - op->holes[i].start, &need);
   int ret = kmd_vmm_reserve(u->vmm, need);
   if (!ret)
      op->reserved = need;
   return ret;
}

static void
op_finish(struct kmd_uvmm *u, struct bind_op *op)
{
   kmd_vmm_unreserve(u->vmm, op->reserved);
   util_list_for_each_safe(struct kdrm_gpuva, va, &op->change.removed, link) {
      util_list_del(&va->link);
      kdrm_gpuvm_bo_put(va->vm_bo);
      kdrm_free(va);
   }
   for (unsigned i = 0; i < KDRM_GPUVM_SPARES; i++)
      kdrm_free(op->change.spare[i]);
   /* A map's region is in the tree, unless the map did not come to be. */
   if (!op->map)
      kdrm_free(op->region);
   kdrm_free(op->holes);
   if (op->bo)
      kdrm_gem_put(&op->bo->base);
}

static void
bind_free(struct kdrm_job *job)
{
   struct bind_job *j = to_bind(job);
   for (unsigned i = 0; i < j->n; i++)
      op_finish(j->u, &j->ops[i]);
   kdrm_free(j);
}

static const struct kdrm_job_ops bind_ops = {bind_run, bind_free};

/* --- The tree: in the call ----------------------------------------------- */

/* A mapping lies in one sparse region or outside of all. */
static int
apply_map(struct kmd_uvmm *u, struct bind_op *op)
{
   struct kmd_region *r = kmd_region_find(u, op->addr, op->end);
   if (r && (op->addr < r->node.key || op->end > r->end))
      return -ENOSPC;
   struct kdrm_gpuvm_bo *vm_bo = kdrm_gpuvm_bo_obtain(&u->vm, &op->bo->base);
   if (!vm_bo)
      return -ENOMEM;
   struct kdrm_gpuva request = {.addr = op->addr,
                                .range = op->end - op->addr,
                                .obj = &op->bo->base,
                                .offset = op->bo_offset,
                                .flags = op->flags & 0xff,
                                .vm_bo = vm_bo};
   int ret = kdrm_gpuvm_map(&u->vm, &request, &op->change);
   kdrm_gpuvm_bo_put(vm_bo);
   kmd_bo_lru_touch(op->bo);
   return ret;
}

static int
apply_sparse_map(struct kmd_uvmm *u, struct bind_op *op)
{
   if (kmd_region_find(u, op->addr, op->end) ||
       kdrm_gpuvm_find(&u->vm, op->addr, op->end - op->addr))
      return -ENOSPC;
   struct kmd_region *r = kdrm_zalloc(sizeof(*r));
   if (!r)
      return -ENOMEM;
   r->node.key = op->addr;
   r->end = op->end;
   util_rb_insert(&u->regions, &r->node);
   op->region = r;
   return 0;
}

static int
note_holes(struct kmd_uvmm *u, struct bind_op *op)
{
   unsigned n = 0;
   for (int pass = 0; pass < 2; pass++) {
      uint64_t at = op->addr;
      struct kmd_region *r;
      for (n = 0; at < op->end && (r = kmd_region_find(u, at, op->end)); n++) {
         if (pass)
            op->holes[n] =
               (struct span){MAX2(at, r->node.key), MIN2(op->end, r->end)};
         at = r->end;
      }
      if (!n)
         return 0;
      if (!pass && !(op->holes = kdrm_zalloc(n * sizeof(*op->holes))))
         return -ENOMEM;
   }
   op->num_holes = n;
   return 0;
}

static int
apply_unmap(struct kmd_uvmm *u, struct bind_op *op)
{
   if (op->sparse) {
      struct kmd_region *r = kmd_region_find(u, op->addr, op->end);
      if (!r || r->node.key != op->addr || r->end != op->end)
         return -ENOENT;
      util_rb_remove(&u->regions, &r->node);
      op->region = r;
   } else {
      int ret = note_holes(u, op);
      if (ret)
         return ret;
   }
   return kdrm_gpuvm_unmap(&u->vm, op->addr, op->end - op->addr, &op->change);
}

static int
apply_op(struct kmd_uvmm *u, struct bind_op *op)
{
   if (!op->map)
      return apply_unmap(u, op);
   return op->sparse ? apply_sparse_map(u, op) : apply_map(u, op);
}

static void
undo_op(struct kmd_uvmm *u, struct bind_op *op)
{
   if (op->change.vm)
      kdrm_gpuvm_undo(&op->change);
   if (!op->region)
      return;
   if (op->map) {
      util_rb_remove(&u->regions, &op->region->node);
      kdrm_free(op->region);
   } else {
      util_rb_insert(&u->regions, &op->region->node);
   }
   op->region = NULL;
}

/* All operations, or none. */
static int
apply_locked(struct kmd_uvmm *u, struct bind_job *j, struct kmd_syncs *syncs)
{
   unsigned done = 0;
   int ret = 0;
   while (done < j->n && !ret)
      ret = apply_op(u, &j->ops[done++]);
   for (unsigned i = 0; i < j->n && !ret; i++)
      ret = op_reserve(u, &j->ops[i]);
   if (!ret)
      ret = kmd_syncs_attach(syncs, &j->base);
   while (ret && done)
      undo_op(u, &j->ops[--done]);
   return ret;
}

/* --- The call ------------------------------------------------------------ */

static int
check_op(const struct kmd_uvmm *u, const struct drm_nouveau_vm_bind_op *op,
         const struct kmd_bo *bo)
{
   uint64_t end, bo_end;
   if (!util_is_aligned(op->addr | op->range, KMD_PAGE_B) || !op->range ||
       __builtin_add_overflow(op->addr, op->range, &end) || end > VA_END)
      return -EINVAL;
   if (op->addr < u->kernel_end && end > u->kernel_start)
      return -EINVAL;
   if (!bo)
      return 0;
   if (!util_is_aligned(op->bo_offset, KMD_PAGE_B) ||
       __builtin_add_overflow(op->bo_offset, op->range, &bo_end) ||
       bo_end > bo->base.size_B)
      return -EINVAL;
   return 0;
}

static int
op_init(struct bind_op *op, const struct kmd_uvmm *u, struct kdrm_file *file,
        const struct drm_nouveau_vm_bind_op *from)
{
   if (from->op > DRM_NOUVEAU_VM_BIND_OP_UNMAP)
      return -EINVAL;
   op->map = from->op == DRM_NOUVEAU_VM_BIND_OP_MAP;
   op->sparse = from->flags & DRM_NOUVEAU_VM_BIND_SPARSE;
   if (op->map && !op->sparse) {
      op->bo = kmd_bo_lookup(file, from->handle);
      if (!op->bo)
         return -ENOENT;
   }
   int ret = check_op(u, from, op->bo);
   if (ret)
      return ret;
   op->addr = from->addr;
   op->end = from->addr + from->range;
   op->bo_offset = from->bo_offset;
   op->flags = from->flags;
   unsigned spares = op->map ? 2 : 1;
   for (unsigned i = 0; i < spares && !ret; i++) {
      op->change.spare[i] = kdrm_zalloc(sizeof(struct kdrm_gpuva));
      ret = op->change.spare[i] ? 0 : -ENOMEM;
   }
   return ret;
}

/* All are checked before the first is done. */
static int
bind_create(struct kmd_uvmm *u, struct kdrm_file *file,
            const struct drm_nouveau_vm_bind *a, struct bind_job **job_out)
{
   struct drm_nouveau_vm_bind_op *ops;
   int ret =
      kdrm_dup_from_user(a->op_ptr, a->op_count, sizeof(*ops), (void **)&ops);
   if (ret)
      return ret;
   struct bind_job *j =
      kdrm_zalloc(sizeof(*j) + a->op_count * sizeof(j->ops[0]));
   if (!j || kdrm_job_init(&j->base, &u->entity, &bind_ops)) {
      kdrm_free(j);
      kdrm_free(ops);
      return -ENOMEM;
   }
   j->u = u;
   for (; j->n < a->op_count && !ret; j->n++) {
      struct bind_op *op = &j->ops[j->n];
      util_list_init(&op->change.removed);
      ret = op_init(op, u, file, &ops[j->n]);
   }
   kdrm_free(ops);
   if (ret)
      kdrm_job_give_up(&j->base, ret);
   else
      *job_out = j;
   return ret;
}

/* While all reservations are held nobody submits work, and buffers do not
 * move. */
static int
bind_submit(struct kmd_uvmm *u, struct bind_job *j, struct kmd_syncs *syncs)
{
   struct kdrm_gpuvm_exec e;
   int ret = kdrm_gpuvm_exec_lock(&e, &u->vm);
   if (!ret) {
      pthread_mutex_lock(&u->lock);
      ret = apply_locked(u, j, syncs);
      pthread_mutex_unlock(&u->lock);
      if (!ret) {
         kdrm_gpuvm_exec_add_fence(&e, j->base.finished, KDRM_USAGE_BOOKKEEP,
                                   KDRM_USAGE_BOOKKEEP);
         for (unsigned i = 0; i < j->n; i++)
            if (j->ops[i].bo) /* it may be new here */
               kdrm_resv_add(j->ops[i].bo->base.resv, j->base.finished,
                             KDRM_USAGE_BOOKKEEP);
      }
      kdrm_gpuvm_exec_unlock(&e);
   }
   if (ret)
      kdrm_job_give_up(&j->base, ret);
   else
      kdrm_job_submit(&j->base);
   return ret;
}

int
kmd_vm_bind_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   const struct drm_nouveau_vm_bind *a = arg;
   struct kmd_uvmm *u = kmd_client_uvmm(kmd_client_of(file));
   if (!u)
      return -ENOSYS;
   bool async = a->flags & DRM_NOUVEAU_VM_BIND_RUN_ASYNC;
   if ((a->flags & ~DRM_NOUVEAU_VM_BIND_RUN_ASYNC) ||
       (!async && (a->wait_count || a->sig_count)))
      return -EINVAL;
   struct bind_job *j;
   int ret = bind_create(u, file, a, &j);
   if (ret)
      return ret;
   struct kmd_syncs syncs;
   ret = kmd_syncs_init(&syncs, file, a->wait_ptr, a->wait_count, a->sig_ptr,
                        a->sig_count);
   if (ret) {
      kdrm_job_give_up(&j->base, ret);
      return ret;
   }
   struct kdrm_fence *finished = kdrm_fence_get(j->base.finished);
   ret = bind_submit(u, j, &syncs);
   if (!ret && !async) {
      kdrm_fence_wait(finished, UINT64_MAX);
      ret = finished->error;
   }
   kdrm_fence_put(finished);
   kmd_syncs_finish(&syncs);
   return ret;
}
