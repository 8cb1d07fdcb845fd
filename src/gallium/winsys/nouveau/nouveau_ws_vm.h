/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The same buffers and submissions through VM_INIT, VM_BIND and EXEC (Linux 6.6
 * on; kernel.md §1.7). We place buffers ourselves, so each gets an address at
 * which the process has nothing, and we order work ourselves: a timeline a
 * context, and in each buffer the point at which its last use is over. */
#ifndef NOUVEAU_WS_VM_H
#define NOUVEAU_WS_VM_H

#include "nouveau_ws.h"

struct nouveau_ws_vm;
struct nouveau_ws_timeline;

/* VM_INIT; buffers will lie in [start, start + size). */
int nouveau_ws_vm_create(struct nouveau_ws_device *dev, uint64_t start,
                         uint64_t size_B, struct nouveau_ws_vm **vm_out);
/* All buffers were released, and all contexts are gone. NULL: nothing. */
void nouveau_ws_vm_destroy(struct nouveau_ws_vm *vm);

/* Gives the buffer, which has a handle already, an address. */
int nouveau_ws_vm_bind(struct nouveau_ws_vm *vm, struct nouveau_ws_bo *bo,
                       uint64_t align_B);
/* The same, at `bo->gpu_va`, which is none of ours. */
int nouveau_ws_vm_bind_foreign(struct nouveau_ws_vm *vm,
                               struct nouveau_ws_bo *bo);
/* The last reference is gone, and the CPU mapping. Frees the buffer now or when
 * the GPU has finished with it. */
void nouveau_ws_vm_release(struct nouveau_ws_vm *vm, struct nouveau_ws_bo *bo);
/* As nouveau_ws_bo_wait. */
int nouveau_ws_vm_wait(struct nouveau_ws_vm *vm, struct nouveau_ws_bo *bo,
                       bool nowait);

int nouveau_ws_timeline_create(struct nouveau_ws_vm *vm,
                               struct nouveau_ws_timeline **timeline_out);
/* NULL: nothing. */
void nouveau_ws_timeline_unref(struct nouveau_ws_timeline *t);
/* As nouveau_ws_context_submit; from one thread at a time for a timeline. */
int nouveau_ws_vm_exec(struct nouveau_ws_vm *vm, int32_t channel,
                       struct nouveau_ws_timeline *timeline,
                       struct nouveau_ws_bo *const *bos, unsigned num_bos,
                       const struct nouveau_ws_push *pushes,
                       unsigned num_pushes);

#endif
