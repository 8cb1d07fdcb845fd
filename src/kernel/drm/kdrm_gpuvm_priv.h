/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#ifndef KDRM_GPUVM_PRIV_H
#define KDRM_GPUVM_PRIV_H

#include "kernel/drm/kdrm_gpuvm.h"

bool kdrm_gpuvm_range_is_valid(const struct kdrm_gpuvm *vm, uint64_t addr,
                               uint64_t range);
/* Nothing is there. */
void kdrm_gpuvm_tree_insert(struct kdrm_gpuvm *vm, struct kdrm_gpuva *va);
/* To a place that meets no other, between the same neighbours. */
void kdrm_gpuvm_move(struct kdrm_gpuvm *vm, struct kdrm_gpuva *va,
                     uint64_t addr, uint64_t range, uint64_t offset);

#endif
