/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#ifndef KMD_MAP_H
#define KMD_MAP_H

#include "kmd_priv.h"

#include <sys/types.h>

/* As mmap(2) on the device file; MAP_FAILED and errno. */
void *kmd_map_create(struct kmd *kmd, struct kdrm_file *file, void *addr,
                     size_t length, int prot, int flags, off_t offset);
/* 0 or -errno. */
int kmd_map_destroy(struct kmd *kmd, void *addr, size_t length);
/* Forgets all mappings; those left stay in the process until it ends. */
void kmd_map_forget(struct kmd *kmd, void *addr, size_t length);
void kmd_map_release(struct kmd *kmd);

#endif
