/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The map of one GPU address space: which range shows which part of which
 * object (≙ drm_gpuvm), split and unmapped as the documentation's cases say
 * (kernel.md §5.3), and where a range is free (≙ nvkm's vmm).
 *
 * No locking, no page tables, no allocation: nodes belong to the driver. */
#ifndef KDRM_GPUVM_H
#define KDRM_GPUVM_H

#include "util/util_macros.h"
#include "util/util_rb.h"

struct kdrm_gem_object;

struct kdrm_gpuva {
   struct util_rb_node node;    /* key: addr */
   uint64_t addr, range;        /* bytes */
   struct kdrm_gem_object *obj; /* NULL: reserved or sparse */
   uint64_t offset;             /* into obj */
   uint32_t flags;              /* the driver's */
};

struct kdrm_gpuvm {
   struct util_rb vas;
   uint64_t start, end;
};

void kdrm_gpuvm_init(struct kdrm_gpuvm *vm, uint64_t start, uint64_t end);

/* `va` filled in but for node. -EINVAL: empty, outside the space or overflow;
 * -EEXIST: overlaps another. */
int kdrm_gpuvm_insert(struct kdrm_gpuvm *vm, struct kdrm_gpuva *va);
void kdrm_gpuvm_remove(struct kdrm_gpuvm *vm, struct kdrm_gpuva *va);
/* The lowest that touches [addr, addr + range), or NULL. */
struct kdrm_gpuva *kdrm_gpuvm_find(const struct kdrm_gpuvm *vm, uint64_t addr,
                                   uint64_t range);
struct kdrm_gpuva *kdrm_gpuvm_next(const struct kdrm_gpuva *va);

/* Best fit: the smallest gap that holds `range` bytes at `align` (a power of
 * two), the lowest of equals. -ENOSPC. */
int kdrm_gpuvm_find_hole(const struct kdrm_gpuvm *vm, uint64_t range,
                         uint64_t align, uint64_t *addr_out);

#define kdrm_gpuvm_for_each_va(va, vm)                                         \
   for (struct kdrm_gpuva *va =                                                \
           kdrm_gpuvm_find(vm, (vm)->start, (vm)->end - (vm)->start);          \
        va; va = kdrm_gpuvm_next(va))

/* One step of making room for, and mapping, a request. Steps come in address
 * order; `map` last. In `remap`, prev and next (either may have range 0) are
 * what stays of `va` before and behind; offsets are right already. The callee
 * removes and inserts nodes. `keep`: the page tables need not change, the
 * request shows the same bytes of the same object. */
struct kdrm_gpuvm_ops {
   int (*map)(void *data, const struct kdrm_gpuva *request);
   int (*unmap)(void *data, struct kdrm_gpuva *va, bool keep);
   int (*remap)(void *data, struct kdrm_gpuva *va,
                const struct kdrm_gpuva *prev, const struct kdrm_gpuva *next,
                bool keep);
};

/* Stops at the first error of a step. -EINVAL: bad range. */
int kdrm_gpuvm_sm_map(struct kdrm_gpuvm *vm, const struct kdrm_gpuva *request,
                      const struct kdrm_gpuvm_ops *ops, void *data);
int kdrm_gpuvm_sm_unmap(struct kdrm_gpuvm *vm, uint64_t addr, uint64_t range,
                        const struct kdrm_gpuvm_ops *ops, void *data);

#endif
