/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The map of one GPU address space: which range shows which part of which
 * object (≙ drm_gpuvm; facts: kernel.md §5). Parts that can be used alone:
 *
 *  - a tree of ranges (kdrm_gpuva) and one of the gaps between them: find,
 *    insert, remove, next and the best gap in O(log n);
 *  - map and unmap with splitting and merging (kdrm_gpuvm_change);
 *  - which objects have ranges here (kdrm_gpuvm_bo), which of them are shared
 *    with others, which have been moved out of the way (evicted);
 *  - one reservation for all private objects, and holding that and those of the
 *    shared ones together (kdrm_gpuvm_exec).
 *
 * Locks: the driver's own guards the tree. obj->gpuva_lock (taken here) guards
 * an object's list of spaces, and the lists of ranges there. vm->lists_lock
 * (taken here, leaf) guards the lists of shared and of evicted objects; shared
 * ones are added only while vm->r_obj's reservation is held, so that who holds
 * all of them knows that he does.
 *
 * No page tables here. Nodes belong to the driver. */
#ifndef KDRM_GPUVM_H
#define KDRM_GPUVM_H

#include "kernel/drm/kdrm_gem.h"
#include "util/util_rb.h"

struct kdrm_gpuvm_bo;

struct kdrm_gpuva {
   struct util_rb_node node;     /* key: addr */
   struct util_rb_node gap_node; /* key: gap, if it is not 0 */
   uint64_t gap;                 /* free bytes just before addr */
   uint64_t addr, range;         /* bytes */
   struct kdrm_gem_object *obj;  /* NULL: reserved */
   uint64_t offset;              /* into obj */
   uint32_t flags;               /* the driver's; others do not merge */
   struct kdrm_gpuvm_bo *vm_bo;  /* of obj, or NULL: not kept track of */
   struct util_list bo_link;     /* vm_bo->vas */
   struct util_list link;        /* the driver's, while not in the tree */
};

struct kdrm_gpuvm_ops {
   /* The object has been evicted; all reservations are held. Bring it back, or
    * let its pages be used where they are now. */
   int (*vm_bo_validate)(struct kdrm_gpuvm_bo *vm_bo, struct kdrm_exec *exec);
};

struct kdrm_gpuvm {
   struct util_rb vas;
   struct util_rb gaps; /* by size, then address */
   uint64_t start, end;
   struct kdrm_gpuva last; /* not in vas: the gap before `end` */
   const struct kdrm_gpuvm_ops *ops;
   struct kdrm_gem_object *r_obj; /* referenced; NULL: no objects tracked */
   pthread_mutex_t lists_lock;
   struct util_list extobjs; /* kdrm_gpuvm_bo.ext_link: shared objects */
   unsigned num_extobjs;
   struct util_list evicted; /* kdrm_gpuvm_bo.evict_link */
};

/* `ops` may be NULL. `r_obj`: the object whose reservation private objects
 * share (kdrm_gem_share_resv), NULL if the driver tracks none. */
void kdrm_gpuvm_init(struct kdrm_gpuvm *vm, uint64_t start, uint64_t end,
                     const struct kdrm_gpuvm_ops *ops,
                     struct kdrm_gem_object *r_obj);
/* No range has a vm_bo any more. Nodes left in the tree are forgotten. */
void kdrm_gpuvm_finish(struct kdrm_gpuvm *vm);

/* --- Ranges --- */

/* `va` filled in: addr, range and what it shows. -EINVAL: empty, outside the
 * space or overflow; -EEXIST: overlaps another. */
int kdrm_gpuvm_insert(struct kdrm_gpuvm *vm, struct kdrm_gpuva *va);
void kdrm_gpuvm_remove(struct kdrm_gpuvm *vm, struct kdrm_gpuva *va);
/* The lowest that touches [addr, addr + range), or NULL. */
struct kdrm_gpuva *kdrm_gpuvm_find(const struct kdrm_gpuvm *vm, uint64_t addr,
                                   uint64_t range);
struct kdrm_gpuva *kdrm_gpuvm_next(const struct kdrm_gpuva *va);
struct kdrm_gpuva *kdrm_gpuvm_prev(const struct kdrm_gpuva *va);

/* Best fit: the smallest gap that holds `range` bytes at `align` (a power of
 * two), the lowest of equals. -ENOSPC. Gaps that are large enough but lie badly
 * for `align` are looked at one after the other. */
int kdrm_gpuvm_find_hole(const struct kdrm_gpuvm *vm, uint64_t range,
                         uint64_t align, uint64_t *addr_out);

#define kdrm_gpuvm_for_each_va(va, vm)                                         \
   for (struct kdrm_gpuva *va =                                                \
           kdrm_gpuvm_find(vm, (vm)->start, (vm)->end - (vm)->start);          \
        va; va = kdrm_gpuvm_next(va))

/* --- Map and unmap (kdrm_gpuvm_map.c) --- */

#define KDRM_GPUVM_SPARES 2

/* What one request did to the tree. All of it can be undone, and nothing of it
 * can fail but for a bad range: nodes come from the caller. */
struct kdrm_gpuvm_change {
   struct kdrm_gpuvm *vm;
   /* In: nodes that may be used, map 2, unmap 1. Out: those that were are
    * NULL. */
   struct kdrm_gpuva *spare[KDRM_GPUVM_SPARES];
   /* Out. */
   struct kdrm_gpuva *added[KDRM_GPUVM_SPARES];
   struct util_list removed; /* kdrm_gpuva.link; the caller's from now on */
   struct {
      struct kdrm_gpuva *va; /* still there, but shorter */
      uint64_t addr, range, offset;
   } trimmed[2]; /* as it was before */
   unsigned num_added, num_removed, num_trimmed;
   /* The request showed, everywhere, what was there already: page tables need
    * not change. */
   bool same;
};

/* Makes [request->addr, + range) show the request, and merges it with what it
 * continues: no two neighbours in the tree show consecutive bytes of one object
 * with the same flags. Page tables of merged neighbours stay as they are. The
 * change references vm_bos of what it adds. -EINVAL: bad range. */
int kdrm_gpuvm_map(struct kdrm_gpuvm *vm, const struct kdrm_gpuva *request,
                   struct kdrm_gpuvm_change *change);
int kdrm_gpuvm_unmap(struct kdrm_gpuvm *vm, uint64_t addr, uint64_t range,
                     struct kdrm_gpuvm_change *change);
/* Later changes have been undone already. Nodes are where they came from. */
void kdrm_gpuvm_undo(struct kdrm_gpuvm_change *change);

/* --- Objects (kdrm_gpuvm_bo.c) --- */

/* An object that is used in a space; one for the two. */
struct kdrm_gpuvm_bo {
   struct kdrm_gpuvm *vm;
   struct kdrm_gem_object *obj; /* referenced */
   unsigned refs;               /* under obj->gpuva_lock */
   struct util_list obj_link;   /* obj->gpuvm_bos */
   struct util_list vas;        /* kdrm_gpuva.bo_link: those in the tree */
   struct util_list ext_link, evict_link;
   bool evicted;
};

/* Found or made; one reference. r_obj's reservation is held if the object is
 * shared. NULL: no memory. */
struct kdrm_gpuvm_bo *kdrm_gpuvm_bo_obtain(struct kdrm_gpuvm *vm,
                                           struct kdrm_gem_object *obj);
struct kdrm_gpuvm_bo *kdrm_gpuvm_bo_get(struct kdrm_gpuvm_bo *vm_bo);
void kdrm_gpuvm_bo_put(struct kdrm_gpuvm_bo *vm_bo); /* NULL: nothing */

/* It has a reservation of its own: others may use it too. */
static inline bool
kdrm_gpuvm_is_extobj(const struct kdrm_gpuvm *vm,
                     const struct kdrm_gem_object *obj)
{
   return obj->resv != vm->r_obj->resv;
}

/* The object was moved out of the way, or is where it should be again, in all
 * spaces that use it. Its reservation is held. */
void kdrm_gpuvm_bo_evict(struct kdrm_gem_object *obj, bool evicted);

/* --- All reservations of a space --- */

struct kdrm_gpuvm_exec {
   struct kdrm_exec exec;
   struct kdrm_gpuvm *vm;
   struct kdrm_gpuvm_bo **ext; /* referenced */
   unsigned num_ext;
   struct kdrm_gem_object *waited_for; /* held since; referenced, or NULL */
};

/* Holds r_obj's reservation and those of all shared objects. -ENOMEM. */
int kdrm_gpuvm_exec_lock(struct kdrm_gpuvm_exec *e, struct kdrm_gpuvm *vm);
/* Validates what has been evicted. -EOPNOTSUPP: there is such, and no
 * vm_bo_validate. */
int kdrm_gpuvm_validate(struct kdrm_gpuvm_exec *e);
/* To the private objects' reservation and to each shared one. */
void kdrm_gpuvm_exec_add_fence(struct kdrm_gpuvm_exec *e, struct kdrm_fence *f,
                               enum kdrm_usage usage_private,
                               enum kdrm_usage usage_shared);
void kdrm_gpuvm_exec_unlock(struct kdrm_gpuvm_exec *e);

#endif
