/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What the two ways of the copy engine share: lines of pitch-linear memory
 * (nvsim_copy.c) and rectangles with a block-linear side (nvsim_copy_rect.c).
 */
#ifndef NVSIM_COPY_PRIV_H
#define NVSIM_COPY_PRIV_H

#include "nvsim_priv.h"

struct nvsim_copy {
   struct nvsim_mem_loc src, dst;
   uint32_t src_pitch_B, dst_pitch_B;
   uint32_t length, lines; /* bytes, or elements with remap */
};

/* SET_REMAP_COMPONENTS, decoded. */
struct nvsim_remap {
   unsigned size_B, num_src, num_dst;
   uint8_t sel[4]; /* NV_COPY_REMAP_* of each destination component */
   uint32_t consts[2];
   bool reads_src, keeps_dst;
};

/* `n` elements; those components that are not written keep what `dst` has. */
void nvsim_remap_elements(const struct nvsim_remap *m, uint8_t *dst,
                          const uint8_t *src, uint32_t n);
#define NVSIM_REMAP_CHUNK 1024 /* most elements at once */
#define NVSIM_REMAP_MAX_B 16   /* of an element */

/* `m` NULL: bytes. 0, or -1: an error of the channel has been raised. */
int nvsim_copy_rect(struct nvsim_channel *c, const uint32_t *state,
                    uint32_t launch, const struct nvsim_copy *job,
                    const struct nvsim_remap *m);

int nvsim_copy_mmu_error(struct nvsim_channel *c,
                         const struct nvsim_mem_fault *f);

#endif
