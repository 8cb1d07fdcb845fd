/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Buffer objects: VRAM or system memory behind a GEM object, and the addresses
 * they have in clients' address spaces (≙ nouveau_bo, nouveau_gem). */
#ifndef KMD_BO_H
#define KMD_BO_H

#include "kmd_heap.h"
#include "kmd_vmm.h"

#include "kernel/drm/kdrm_gpuvm.h"

struct kmd;

struct kmd_bo {
   struct kdrm_gem_object base; /* size_B: whole pages */
   struct kmd *kmd;
   struct kmd_heap *heap; /* imported: another card's */
   struct kmd_extent *extents;
   unsigned num_extents;
   bool vram;
   bool shared;     /* has been, with another card or file */
   uint8_t kind;    /* of PTEs */
   uint32_t domain; /* where it is */
   uint32_t valid_domains;
   uint32_t tile_mode, tile_flags;
   uint32_t align_B;
   pthread_mutex_t lock;  /* of vmas and cpu_mapped; outside vmm->lock */
   struct util_list vmas; /* kmd_vma.link */
   bool cpu_mapped;       /* has been: stays where it is */
   struct util_list lru;  /* kmd.lru: may be moved out of VRAM */
};

/* An object of the kernel's own; one extent where `size_B` is a power of two.
 */
int kmd_bo_create(struct kmd *kmd, uint64_t size_B, bool vram,
                  struct kmd_bo **bo_out);
/* Its first extent, mapped. */
void *kmd_bo_cpu(const struct kmd_bo *bo);

/* ≙ kdrm_driver.prime_import, from another card of the machine. -EINVAL: it is
 * in VRAM, which stays where it is (Linux would move it). */
int kmd_bo_import(struct kdrm_device *dev, struct kdrm_gem_object *from,
                  struct kdrm_gem_object **obj_out);

/* The object's address in `vmm`. False: it has none. */
bool kmd_bo_gpu_va(struct kmd_bo *bo, const struct kmd_vmm *vmm,
                   uint64_t *gpu_va_out);

/* Destroys places that wait for the card and are idle now. */
void kmd_bo_reap(struct kmd *kmd);

/* --- Moving (kmd_bo_move.c) ---
 * Private buffers of a VM_BIND client that the CPU has never mapped move to
 * system memory when VRAM is full and nothing uses their address space, and
 * back when there is room. */

/* The buffer is new in VRAM, or was just used. */
void kmd_bo_lru_touch(struct kmd_bo *bo);
void kmd_bo_lru_remove(struct kmd_bo *bo);
/* Moves buffers out until `size_B` bytes are free, or no more can go. */
void kmd_bo_make_room(struct kmd *kmd, uint64_t size_B);

/* ≙ kdrm_gpuvm_ops.vm_bo_validate: an evicted object goes back to VRAM if there
 * is room and nothing uses it; else it is used where it is. */
int kmd_bo_validate(struct kdrm_gpuvm_bo *vm_bo, struct kdrm_exec *exec);

/* Referenced, or NULL. */
struct kmd_bo *kmd_bo_lookup(struct kdrm_file *file, uint32_t handle);

int kmd_gem_new_ioctl(struct kdrm_file *, void *, size_t);
int kmd_gem_info_ioctl(struct kdrm_file *, void *, size_t);
int kmd_gem_cpu_prep_ioctl(struct kdrm_file *, void *, size_t);
int kmd_gem_cpu_fini_ioctl(struct kdrm_file *, void *, size_t);

#endif
