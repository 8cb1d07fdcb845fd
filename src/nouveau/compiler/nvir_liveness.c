/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include <assert.h>

#include "nouveau/compiler/nvir_liveness_priv.h"

static void
add_bit(struct nvir_liveness *l, struct nvir_value *v)
{
   if (l->bit_of[v->index] != NVIR_LOCAL_VALUE)
      return;
   l->bit_of[v->index] = l->num_bits;
   l->values[l->num_bits++] = v;
}

/* Values that cross a block boundary, in layout order of their first such use. */
static void
number_globals(struct nvir_liveness *l, struct nvir_shader *s)
{
   l->bit_of = util_arena_array(&l->arena, uint32_t, s->num_values);
   l->values = util_arena_array(&l->arena, struct nvir_value *, s->num_values);
   memset(l->bit_of, 0xff, sizeof(uint32_t) * s->num_values);
   nvir_foreach_block(b, s) {
      nvir_foreach_instr(i, b) {
         nvir_foreach_src(src, i) {
            if (src->kind != NVIR_SRC_VALUE)
               continue;
            assert(src->val->def && "use of a removed value");
            if (i->op == NVIR_OP_PHI || src->val->def->block != b)
               add_bit(l, src->val);
         }
      }
   }
   l->num_words = UTIL_BITSET_WORDS(l->num_bits);
}

static uint64_t **
alloc_sets(struct nvir_liveness *l, unsigned num_blocks)
{
   uint64_t **sets = util_arena_array(&l->arena, uint64_t *, num_blocks);
   for (unsigned i = 0; i < num_blocks; i++)
      sets[i] = util_arena_array(&l->arena, uint64_t, l->num_words);
   return sets;
}

/* live_in starts as the upward-exposed uses, live_out as the phi sources. */
static void
init_block(struct nvir_liveness *l, struct nvir_block *b, uint64_t *defs)
{
   nvir_foreach_instr_rev(i, b) {
      nvir_foreach_dst(dst, i) {
         uint32_t bit = l->bit_of[dst->val->index];
         if (bit == NVIR_LOCAL_VALUE)
            continue;
         util_bitset_set(defs, bit);
         util_bitset_clear(l->live_in[b->index], bit);
      }
      for (unsigned n = 0; n < i->num_srcs; n++) {
         if (i->srcs[n].kind != NVIR_SRC_VALUE)
            continue;
         uint32_t bit = l->bit_of[i->srcs[n].val->index];
         if (i->op == NVIR_OP_PHI)
            util_bitset_set(l->live_out[b->preds[n]->index], bit);
         else if (bit != NVIR_LOCAL_VALUE)
            util_bitset_set(l->live_in[b->index], bit);
      }
   }
}

/* Returns whether live_in grew. */
static bool
flow(struct nvir_liveness *l, struct nvir_block *b, const uint64_t *defs)
{
   uint64_t *in = l->live_in[b->index], *out = l->live_out[b->index];
   uint64_t grown = 0;
   for (unsigned n = 0; n < 2 && b->succs[n]; n++) {
      const uint64_t *succ_in = l->live_in[b->succs[n]->index];
      for (unsigned w = 0; w < l->num_words; w++)
         out[w] |= succ_in[w];
   }
   for (unsigned w = 0; w < l->num_words; w++) {
      uint64_t new_in = in[w] | (out[w] & ~defs[w]);
      grown |= new_in ^ in[w];
      in[w] = new_in;
   }
   return grown != 0;
}

void
nvir_liveness_init(struct nvir_liveness *l, struct nvir_shader *s)
{
   memset(l, 0, sizeof(*l));
   util_arena_init(&l->arena);
   nvir_shader_number_blocks(s);
   number_globals(l, s);
   l->live_in = alloc_sets(l, s->num_blocks);
   l->live_out = alloc_sets(l, s->num_blocks);
   uint64_t **defs = alloc_sets(l, s->num_blocks);
   nvir_foreach_block(b, s)
      init_block(l, b, defs[b->index]);
   bool again;
   do {
      again = false;
      nvir_foreach_block_rev(b, s)
         again |= flow(l, b, defs[b->index]);
   } while (again);
}

void
nvir_liveness_finish(struct nvir_liveness *l)
{
   util_arena_finish(&l->arena);
}
