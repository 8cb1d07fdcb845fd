/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Objects of a space: which are shared, which evicted; all reservations. */
#include <assert.h>
#include <errno.h>

#include "kernel/drm/kdrm_alloc.h"
#include "kernel/drm/kdrm_gpuvm_priv.h"

/* --- One object ---------------------------------------------------------- */

static struct kdrm_gpuvm_bo *
find_locked(const struct kdrm_gpuvm *vm, struct kdrm_gem_object *obj)
{
   util_list_for_each(struct kdrm_gpuvm_bo, vm_bo, &obj->gpuvm_bos, obj_link)
      if (vm_bo->vm == vm)
         return vm_bo;
   return NULL;
}

static struct kdrm_gpuvm_bo *
create_locked(struct kdrm_gpuvm *vm, struct kdrm_gem_object *obj)
{
   struct kdrm_gpuvm_bo *vm_bo = kdrm_zalloc(sizeof(*vm_bo));
   if (!vm_bo)
      return NULL;
   vm_bo->vm = vm;
   vm_bo->obj = obj;
   kdrm_gem_get(obj);
   util_list_init(&vm_bo->vas);
   util_list_init(&vm_bo->ext_link);
   util_list_init(&vm_bo->evict_link);
   util_list_add_tail(&vm_bo->obj_link, &obj->gpuvm_bos);
   if (kdrm_gpuvm_is_extobj(vm, obj)) {
      pthread_mutex_lock(&vm->lists_lock);
      util_list_add_tail(&vm_bo->ext_link, &vm->extobjs);
      vm->num_extobjs++;
      pthread_mutex_unlock(&vm->lists_lock);
   }
   return vm_bo;
}

struct kdrm_gpuvm_bo *
kdrm_gpuvm_bo_obtain(struct kdrm_gpuvm *vm, struct kdrm_gem_object *obj)
{
   pthread_mutex_lock(&obj->gpuva_lock);
   struct kdrm_gpuvm_bo *vm_bo = find_locked(vm, obj);
   if (!vm_bo)
      vm_bo = create_locked(vm, obj);
   if (vm_bo)
      vm_bo->refs++;
   pthread_mutex_unlock(&obj->gpuva_lock);
   return vm_bo;
}

struct kdrm_gpuvm_bo *
kdrm_gpuvm_bo_get(struct kdrm_gpuvm_bo *vm_bo)
{
   pthread_mutex_lock(&vm_bo->obj->gpuva_lock);
   vm_bo->refs++;
   pthread_mutex_unlock(&vm_bo->obj->gpuva_lock);
   return vm_bo;
}

/* Somebody who walks vm->extobjs may be about to take a reference: what is at 0
 * is off the lists before lists_lock is let go. */
static void
unlist(struct kdrm_gpuvm_bo *vm_bo)
{
   struct kdrm_gpuvm *vm = vm_bo->vm;
   pthread_mutex_lock(&vm->lists_lock);
   if (!util_list_is_empty(&vm_bo->ext_link))
      vm->num_extobjs--;
   util_list_del(&vm_bo->ext_link);
   util_list_del(&vm_bo->evict_link);
   pthread_mutex_unlock(&vm->lists_lock);
}

void
kdrm_gpuvm_bo_put(struct kdrm_gpuvm_bo *vm_bo)
{
   if (!vm_bo)
      return;
   struct kdrm_gem_object *obj = vm_bo->obj;
   pthread_mutex_lock(&obj->gpuva_lock);
   bool last = --vm_bo->refs == 0;
   if (last) {
      assert(util_list_is_empty(&vm_bo->vas));
      util_list_del(&vm_bo->obj_link);
      unlist(vm_bo);
   }
   pthread_mutex_unlock(&obj->gpuva_lock);
   if (last) {
      kdrm_free(vm_bo);
      kdrm_gem_put(obj);
   }
}

void
kdrm_gpuvm_bo_evict(struct kdrm_gem_object *obj, bool evicted)
{
   pthread_mutex_lock(&obj->gpuva_lock);
   util_list_for_each(struct kdrm_gpuvm_bo, vm_bo, &obj->gpuvm_bos, obj_link) {
      struct kdrm_gpuvm *vm = vm_bo->vm;
      pthread_mutex_lock(&vm->lists_lock);
      vm_bo->evicted = evicted;
      util_list_del(&vm_bo->evict_link);
      if (evicted)
         util_list_add_tail(&vm_bo->evict_link, &vm->evicted);
      else
         util_list_init(&vm_bo->evict_link);
      pthread_mutex_unlock(&vm->lists_lock);
   }
   pthread_mutex_unlock(&obj->gpuva_lock);
}

/* --- All of them --------------------------------------------------------- */

static void
drop_ext(struct kdrm_gpuvm_exec *e)
{
   for (unsigned i = 0; i < e->num_ext; i++)
      kdrm_gpuvm_bo_put(e->ext[i]);
   kdrm_free(e->ext);
   e->ext = NULL;
   e->num_ext = 0;
}

/* A vm_bo was seen on a list of `vm`, whose lock is inside that of the vm_bo's
 * references, and its object referenced: takes that back, and references the
 * vm_bo unless it has gone meanwhile. */
static struct kdrm_gpuvm_bo *
seen(struct kdrm_gpuvm *vm, struct kdrm_gem_object *obj)
{
   pthread_mutex_lock(&obj->gpuva_lock);
   struct kdrm_gpuvm_bo *vm_bo = find_locked(vm, obj);
   if (vm_bo)
      vm_bo->refs++;
   pthread_mutex_unlock(&obj->gpuva_lock);
   kdrm_gem_put(obj);
   return vm_bo;
}

static int
collect_ext(struct kdrm_gpuvm_exec *e)
{
   struct kdrm_gpuvm *vm = e->vm;
   pthread_mutex_lock(&vm->lists_lock);
   unsigned n = vm->num_extobjs, i = 0;
   struct kdrm_gem_object **objs = kdrm_zalloc(n * sizeof(*objs));
   e->ext = kdrm_zalloc(n * sizeof(*e->ext));
   int ret = objs && e->ext ? 0 : -ENOMEM;
   if (!ret) {
      util_list_for_each(struct kdrm_gpuvm_bo, vm_bo, &vm->extobjs, ext_link) {
         kdrm_gem_get(vm_bo->obj);
         objs[i++] = vm_bo->obj;
      }
   }
   pthread_mutex_unlock(&vm->lists_lock);
   for (unsigned k = 0; k < i; k++) {
      e->ext[e->num_ext] = seen(vm, objs[k]);
      e->num_ext += e->ext[e->num_ext] != NULL;
   }
   kdrm_free(objs);
   return ret;
}

static int
lock_all(struct kdrm_gpuvm_exec *e)
{
   int ret = kdrm_exec_lock(&e->exec, e->vm->r_obj->resv);
   if (!ret)
      ret = collect_ext(e);
   for (unsigned i = 0; i < e->num_ext && !ret; i++)
      ret = kdrm_exec_lock(&e->exec, e->ext[i]->obj->resv);
   return ret;
}

static struct kdrm_gem_object *
owner_of(const struct kdrm_gpuvm_exec *e, const struct kdrm_resv *r)
{
   struct kdrm_gem_object *obj = e->vm->r_obj;
   for (unsigned i = 0; i < e->num_ext; i++)
      if (e->ext[i]->obj->resv == r)
         obj = e->ext[i]->obj;
   kdrm_gem_get(obj);
   return obj;
}

int
kdrm_gpuvm_exec_lock(struct kdrm_gpuvm_exec *e, struct kdrm_gpuvm *vm)
{
   *e = (struct kdrm_gpuvm_exec){.vm = vm};
   kdrm_exec_init(&e->exec);
   int ret;
   bool again;
   do {
      ret = lock_all(e);
      struct kdrm_gem_object *before = e->waited_for;
      if (ret == -EDEADLK)
         e->waited_for = owner_of(e, e->exec.contended);
      if (ret)
         drop_ext(e);
      again = kdrm_exec_retry(&e->exec, ret);
      if (again)
         kdrm_gem_put(before);
   } while (again);
   if (ret)
      kdrm_gpuvm_exec_unlock(e);
   return ret;
}

/* The next of `todo`, referenced and back on the list of evicted ones; NULL
 * after the last. */
static struct kdrm_gpuvm_bo *
next_evicted(struct kdrm_gpuvm *vm, struct util_list *todo)
{
   for (;;) {
      struct kdrm_gem_object *obj = NULL;
      pthread_mutex_lock(&vm->lists_lock);
      if (!util_list_is_empty(todo)) {
         struct kdrm_gpuvm_bo *vm_bo =
            util_list_first(todo, struct kdrm_gpuvm_bo, evict_link);
         util_list_del(&vm_bo->evict_link);
         util_list_add_tail(&vm_bo->evict_link, &vm->evicted);
         obj = vm_bo->obj;
         kdrm_gem_get(obj);
      }
      pthread_mutex_unlock(&vm->lists_lock);
      if (!obj)
         return NULL;
      struct kdrm_gpuvm_bo *vm_bo = seen(vm, obj);
      if (vm_bo)
         return vm_bo;
   }
}

int
kdrm_gpuvm_validate(struct kdrm_gpuvm_exec *e)
{
   struct kdrm_gpuvm *vm = e->vm;
   struct util_list todo;
   util_list_init(&todo);
   pthread_mutex_lock(&vm->lists_lock);
   util_list_splice_tail(&vm->evicted, &todo);
   pthread_mutex_unlock(&vm->lists_lock);
   int ret = 0;
   struct kdrm_gpuvm_bo *vm_bo;
   while ((vm_bo = next_evicted(vm, &todo))) {
      bool can = vm->ops && vm->ops->vm_bo_validate;
      if (!ret)
         ret = can ? vm->ops->vm_bo_validate(vm_bo, &e->exec) : -EOPNOTSUPP;
      kdrm_gpuvm_bo_put(vm_bo);
   }
   return ret;
}

void
kdrm_gpuvm_exec_add_fence(struct kdrm_gpuvm_exec *e, struct kdrm_fence *f,
                          enum kdrm_usage usage_private,
                          enum kdrm_usage usage_shared)
{
   kdrm_resv_add(e->vm->r_obj->resv, f, usage_private);
   for (unsigned i = 0; i < e->num_ext; i++)
      kdrm_resv_add(e->ext[i]->obj->resv, f, usage_shared);
}

void
kdrm_gpuvm_exec_unlock(struct kdrm_gpuvm_exec *e)
{
   kdrm_exec_finish(&e->exec);
   drop_ext(e);
   kdrm_gem_put(e->waited_for);
}
