/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Which values are live where a block begins and ends. Lanes of a warp have
 * registers of their own, so ordinary control flow edges are all that counts:
 * divergence needs no extra interference.
 *
 * A phi's result is not live-in to its block; its sources are live-out of the
 * predecessors they come from. Valid until the shader changes. */
#ifndef NVIR_LIVENESS_PRIV_H
#define NVIR_LIVENESS_PRIV_H

#include "nouveau/compiler/nvir_ir.h"
#include "util/util_bitset.h"

struct nvir_liveness {
   struct util_arena arena;
   /* Only values used outside the block that defines them have a bit. */
   uint32_t *bit_of;           /* by value index; NVIR_LOCAL_VALUE: none */
   struct nvir_value **values; /* by bit */
   unsigned num_bits, num_words;
   uint64_t **live_in, **live_out; /* by block index */
};

#define NVIR_LOCAL_VALUE UINT32_MAX

/* Renumbers the blocks. */
void nvir_liveness_init(struct nvir_liveness *l, struct nvir_shader *s);
void nvir_liveness_finish(struct nvir_liveness *l);

static inline bool
nvir_liveness_test(const struct nvir_liveness *l, const uint64_t *set,
                   const struct nvir_value *v)
{
   uint32_t bit = l->bit_of[v->index];
   return bit != NVIR_LOCAL_VALUE && util_bitset_test(set, bit);
}

static inline bool
nvir_is_live_out(const struct nvir_liveness *l, const struct nvir_block *b,
                 const struct nvir_value *v)
{
   return nvir_liveness_test(l, l->live_out[b->index], v);
}

static inline bool
nvir_is_live_in(const struct nvir_liveness *l, const struct nvir_block *b,
                const struct nvir_value *v)
{
   return nvir_liveness_test(l, l->live_in[b->index], v);
}

#endif
