/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Buffer objects: reference counts, handles, mmap offsets and fences (≙
 * drm_gem). What the bytes are is the driver's business. */
#ifndef KDRM_GEM_H
#define KDRM_GEM_H

#include <sys/types.h>

#include "kernel/drm/kdrm_file.h"
#include "kernel/drm/kdrm_resv.h"

#define KDRM_GEM_FIRST_OFFSET (1ull << 32)

struct kdrm_gem_object;

struct kdrm_gem_funcs {
   /* The last reference is gone. kdrm_gem_finish has not been called. */
   void (*free)(struct kdrm_gem_object *obj);
   /* A handle in `file` appears / disappears. */
   int (*open)(struct kdrm_gem_object *obj, struct kdrm_file *file);
   void (*close)(struct kdrm_gem_object *obj, struct kdrm_file *file);
   /* Maps [start, start + length) of the object; arguments as mmap(2).
    * MAP_FAILED and errno. */
   void *(*mmap)(struct kdrm_gem_object *obj, void *addr, size_t length,
                 int prot, int flags, uint64_t start);
   /* May other devices have it? 0 or -errno. */
   int (*may_export)(struct kdrm_gem_object *obj);
};

struct kdrm_gem_object {
   struct kdrm_device *dev;
   const struct kdrm_gem_funcs *funcs;
   _Atomic unsigned refs;
   uint64_t size_B;
   struct util_rb_node offset_node; /* key: first page of the mmap offset */
   struct kdrm_resv *resv;          /* its own, or that of resv_owner */
   struct kdrm_resv own_resv;
   struct kdrm_gem_object *resv_owner;    /* referenced, or NULL */
   struct kdrm_gem_object *imported_from; /* also resv_owner; or NULL */
   pthread_mutex_t gpuva_lock; /* of gpuvm_bos and what hangs there */
   struct util_list gpuvm_bos; /* kdrm_gpuvm_bo.obj_link */
};

void kdrm_gem_init(struct kdrm_device *dev, struct kdrm_gem_object *obj,
                   const struct kdrm_gem_funcs *funcs, uint64_t size_B);
void kdrm_gem_finish(struct kdrm_gem_object *obj);
/* Before anybody else knows the object: it shares the owner's reservation, for
 * good. */
void kdrm_gem_share_resv(struct kdrm_gem_object *obj,
                         struct kdrm_gem_object *owner);
void kdrm_gem_get(struct kdrm_gem_object *obj);
void kdrm_gem_put(struct kdrm_gem_object *obj); /* NULL: nothing */

/* What mmap takes as offset. */
uint64_t kdrm_gem_map_handle(const struct kdrm_gem_object *obj);

/* Takes its own reference. The handle (> 0) or -errno. */
int kdrm_gem_handle_create(struct kdrm_file *file, struct kdrm_gem_object *obj);
/* -EINVAL: no such handle. */
int kdrm_gem_handle_delete(struct kdrm_file *file, unsigned handle);
/* Referenced, or NULL. */
struct kdrm_gem_object *kdrm_gem_lookup(struct kdrm_file *file,
                                        unsigned handle);
void kdrm_gem_release(struct kdrm_file *file);

/* mmap of the device file. The object is referenced for the caller, who drops
 * it with the mapping. MAP_FAILED with errno EINVAL (no such offset, beyond the
 * end), EACCES (no handle in this file) or the driver's. */
void *kdrm_gem_mmap(struct kdrm_file *file, void *addr, size_t length, int prot,
                    int flags, off_t offset, struct kdrm_gem_object **obj_out);

#endif
