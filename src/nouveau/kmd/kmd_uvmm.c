/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kmd_uvmm.h"

#include <errno.h>

void
kmd_uvmm_destroy(struct kmd_uvmm *uvmm)
{
}

struct kmd_vmm *
kmd_uvmm_vmm(struct kmd_uvmm *uvmm)
{
   return NULL;
}

int
kmd_vm_init_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   return -ENOSYS;
}

int
kmd_vm_bind_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   return -ENOSYS;
}

int
kmd_exec_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   return -ENOSYS;
}
