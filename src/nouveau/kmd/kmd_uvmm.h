/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* VM_INIT, VM_BIND, EXEC (≙ nouveau_uvmm, nouveau_exec; kernel.md §1.7). */
#ifndef KMD_UVMM_H
#define KMD_UVMM_H

#include "kmd_priv.h"

struct kmd_uvmm;

void kmd_uvmm_destroy(struct kmd_uvmm *uvmm); /* NULL: nothing */
struct kmd_vmm *kmd_uvmm_vmm(struct kmd_uvmm *uvmm);

int kmd_vm_init_ioctl(struct kdrm_file *, void *, size_t);
int kmd_vm_bind_ioctl(struct kdrm_file *, void *, size_t);
int kmd_exec_ioctl(struct kdrm_file *, void *, size_t);

#endif
