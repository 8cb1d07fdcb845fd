/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The client's own address space: VM_INIT, VM_BIND, EXEC (≙ nouveau_uvmm,
 * nouveau_exec; kernel.md §1.7).
 *
 * A VM_BIND changes the tree of mappings inside the call, all of its operations
 * or none; page tables change when its job runs. So a later call sees what an
 * earlier one asked for, whether that has happened yet or not. Jobs run in the
 * order of the calls, whatever their ranges, as Linux's do.
 *
 * Locks, outer first: reservations (kdrm_exec), uvmm->lock, obj->gpuva_lock.
 * The range lock keeps page-table work on one range apart, of jobs and of the
 * mirror if SVM_INIT has made one; a granule's lock is outside it. */
#ifndef KMD_UVMM_H
#define KMD_UVMM_H

#include "kmd_priv.h"

#include "kernel/drm/kdrm_gpuvm.h"
#include "kernel/drm/kdrm_rangelock.h"
#include "kernel/drm/kdrm_sched.h"

struct kmd_uvmm {
   struct kmd *kmd;
   struct kmd_vmm *vmm; /* referenced; places the kernel's own buffers */
   uint64_t kernel_start, kernel_end;
   struct kdrm_gem_object r_obj; /* no memory: its reservation is shared */
   pthread_mutex_t lock;         /* of what follows; outside vmm->lock */
   struct kdrm_gpuvm vm;         /* kdrm_gpuva, allocated one by one */
   struct util_rb regions;       /* sparse: struct kmd_region */
   struct kdrm_entity entity;    /* of VM_BIND */
   struct kdrm_rangelock ptes;
};

void kmd_uvmm_destroy(struct kmd_uvmm *uvmm); /* NULL: nothing */

/* A sparse region: accesses where nothing is mapped do not fault. */
struct kmd_region {
   struct util_rb_node node; /* key: address */
   uint64_t end;
};

/* The lowest that touches [start, end), or NULL. uvmm->lock is held. */
struct kmd_region *kmd_region_find(struct kmd_uvmm *u, uint64_t start,
                                   uint64_t end);

/* What the client has put at `gpu_va`, mapping or sparse region, or the kernel:
 * true, and where that ends; else where the next begins (UINT64_MAX: nothing
 * follows). */
bool kmd_uvmm_is_taken(struct kmd_uvmm *u, uint64_t gpu_va, uint64_t *end_out);

/* The process's pages, but for what is taken: as kmd_vmm_pfnmap and
 * kmd_vmm_unmap. */
int kmd_uvmm_mirror_map(struct kmd_uvmm *u, uint64_t gpu_va, unsigned n,
                        const uint64_t *pfns);
void kmd_uvmm_mirror_unmap(struct kmd_uvmm *u, uint64_t gpu_va, unsigned n);

/* NULL: no VM_INIT. */
struct kmd_uvmm *kmd_client_uvmm(struct kmd_client *client);

int kmd_vm_init_ioctl(struct kdrm_file *, void *, size_t);
int kmd_vm_bind_ioctl(struct kdrm_file *, void *, size_t); /* kmd_vm_bind.c */
int kmd_exec_ioctl(struct kdrm_file *, void *, size_t);    /* kmd_exec.c */

#endif
