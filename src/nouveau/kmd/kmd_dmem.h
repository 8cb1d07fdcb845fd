/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* VRAM for the pages of processes: blocks for the pagemap and copies by the
 * copy engine, on a channel of the kernel's own, with physical addresses (≙
 * nouveau_dmem; kernel.md §4.2). */
#ifndef KMD_DMEM_H
#define KMD_DMEM_H

#include <stdint.h>

struct kdrm_pagemap;
struct kmd;
struct kmd_dmem;
struct kmd_svm;

/* kmd->mm exists. */
int kmd_dmem_create(struct kmd *kmd, struct kmd_dmem **dmem_out);
/* Brings everything home. */
void kmd_dmem_destroy(struct kmd_dmem *dmem);
struct kdrm_pagemap *kmd_dmem_pagemap(struct kmd_dmem *dmem);

/* A client whose log shall show migrations. Nothing without dmem. */
void kmd_dmem_join(struct kmd_svm *svm);
void kmd_dmem_leave(struct kmd_svm *svm);

/* VRAM that is free but kept for the next pages of processes. */
uint64_t kmd_dmem_kept_B(struct kmd *kmd);
/* Gives VRAM back for others, at least `size_B` if that much can be. With
 * KMD_COMPAT=upstream only what is free: there SVM memory is never evicted. */
void kmd_dmem_make_room(struct kmd *kmd, uint64_t size_B);

#endif
