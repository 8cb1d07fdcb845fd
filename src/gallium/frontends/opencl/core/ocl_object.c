/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_object.h"

#include <assert.h>

void
ocl_object_init(struct ocl_object *obj, enum ocl_magic magic,
                void (*destroy)(struct ocl_object *obj))
{
   obj->dispatch = &ocl_dispatch;
   obj->magic = magic;
   obj->api_refs = 1;
   obj->refs = 1;
   obj->destroy = destroy;
}

void
ocl_object_get(struct ocl_object *obj)
{
   int old = __atomic_fetch_add(&obj->refs, 1, __ATOMIC_RELAXED);
   assert(old > 0);
}

void
ocl_object_put(struct ocl_object *obj)
{
   if (!obj)
      return;
   int left = __atomic_sub_fetch(&obj->refs, 1, __ATOMIC_ACQ_REL);
   assert(left >= 0);
   if (left == 0) {
      obj->magic = OCL_MAGIC_DEAD;
      obj->destroy(obj);
   }
}

void
ocl_object_api_retain(struct ocl_object *obj)
{
   __atomic_add_fetch(&obj->api_refs, 1, __ATOMIC_RELAXED);
}

void
ocl_object_api_release(struct ocl_object *obj)
{
   if (__atomic_sub_fetch(&obj->api_refs, 1, __ATOMIC_ACQ_REL) == 0)
      ocl_object_put(obj);
}

bool
ocl_object_check(const void *handle, enum ocl_magic magic)
{
   const struct ocl_object *obj = handle;
   return obj && obj->dispatch == &ocl_dispatch && obj->magic == magic &&
          __atomic_load_n(&obj->api_refs, __ATOMIC_RELAXED) > 0;
}
