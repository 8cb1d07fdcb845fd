/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Hints for register assignment: a scalar that ends in a COLLECT wants its word
 * of the vector's place, a phi and its sources want the same place. */
#include "nouveau/compiler/nvir_assign_priv.h"

static void
note_vector_words(struct nvir_hints *h, const struct nvir_instr *i)
{
   struct nvir_value *vector = i->dsts[0].val;
   for (unsigned n = 0; vector && n < i->num_srcs; n++) {
      if (i->srcs[n].kind != NVIR_SRC_VALUE)
         continue;
      h->vector_of[i->srcs[n].val->index] = vector;
      h->vector_word[i->srcs[n].val->index] = n;
   }
}

/* Of several phis the one in the innermost loop counts: its copies would run
 * most often. */
static void
note_phi_source(struct nvir_hints *h, const struct nvir_instr *phi,
                const struct nvir_value *v)
{
   const struct nvir_value *other = h->phi_of[v->index];
   if (!other || phi->block->loop_depth >= other->def->block->loop_depth)
      h->phi_of[v->index] = phi->dsts[0].val;
}

static void
note_instr(struct nvir_hints *h, const struct nvir_instr *i)
{
   /* Used later than its COLLECT: the word cannot stay in the vector. */
   nvir_foreach_src(src, i)
      if (src->kind == NVIR_SRC_VALUE && i->op != NVIR_OP_PHI)
         h->vector_of[src->val->index] = NULL;
   if (i->op == NVIR_OP_COLLECT)
      note_vector_words(h, i);
   if (i->op != NVIR_OP_PHI)
      return;
   nvir_foreach_src(src, i)
      if (src->kind == NVIR_SRC_VALUE)
         note_phi_source(h, i, src->val);
}

void
nvir_hints_init(struct nvir_ra *ra)
{
   struct nvir_hints *h = &ra->hints;
   struct util_arena *a = &ra->live.arena;
   unsigned n = ra->s->num_values;
   h->vector_of = util_arena_array(a, struct nvir_value *, n);
   h->vector_word = util_arena_array(a, uint8_t, n);
   h->vector_base = util_arena_array(a, int16_t, n);
   h->phi_of = util_arena_array(a, struct nvir_value *, n);
   h->phi_reg = util_arena_array(a, int16_t, n);
   for (unsigned i = 0; i < n; i++)
      h->vector_base[i] = h->phi_reg[i] = NVIR_NO_REG;
   nvir_foreach_block(b, ra->s)
      nvir_foreach_instr(i, b)
         note_instr(h, i);
}

#define MAX_PHI_CHAIN 8

/* The place of the phi that takes `v`, of the one that takes that phi and so
 * on, or of the sources of `v` if it is a phi. */
static int
phi_hint(const struct nvir_hints *h, const struct nvir_value *v)
{
   const struct nvir_value *phi = h->phi_of[v->index];
   for (unsigned n = 0; phi && n < MAX_PHI_CHAIN; n++) {
      int reg = phi->reg != NVIR_NO_REG ? phi->reg : h->phi_reg[phi->index];
      if (reg != NVIR_NO_REG)
         return reg;
      phi = h->phi_of[phi->index];
   }
   return h->phi_reg[v->index];
}

/* Every register is free, or its value ends in this block. */
static bool
will_be_free(const struct nvir_ra *ra, const struct nvir_regfile *f, int base,
             unsigned words)
{
   if (base < 0 || base % nvir_reg_align(words) || base + words > f->limit)
      return false;
   for (unsigned w = 0; w < words; w++)
      if (f->owner[base + w] &&
          nvir_is_live_out(&ra->live, ra->block, f->owner[base + w]))
         return false;
   return true;
}

/* The place of the whole vector that `v` will be a word of. */
static int
vector_base(struct nvir_ra *ra, struct nvir_value *vector)
{
   struct nvir_hints *h = &ra->hints;
   struct nvir_regfile *f = nvir_ra_file(ra, vector);
   int base = h->vector_base[vector->index];
   if (base != NVIR_NO_REG && f->reserved[base] == vector)
      return base;
   base = phi_hint(h, vector);
   if (!will_be_free(ra, f, base, vector->words))
      base = nvir_regfile_find_unreserved(f, vector->words);
   if (base == NVIR_NO_REG)
      return NVIR_NO_REG;
   nvir_regfile_reserve(f, base, vector->words, vector);
   h->vector_base[vector->index] = base;
   return base;
}

/* Where a source of the phi was first, if that is free now. */
static int
source_hint(const struct nvir_regfile *f, const struct nvir_value *v)
{
   const struct nvir_instr *phi = v->def;
   if (phi->op != NVIR_OP_PHI)
      return NVIR_NO_REG;
   for (unsigned n = 0; n < phi->num_srcs; n++) {
      const struct nvir_src *src = &phi->srcs[n];
      if (src->kind == NVIR_SRC_VALUE &&
          nvir_regfile_is_free(f, src->val->reg, v->words))
         return src->val->reg;
   }
   return NVIR_NO_REG;
}

int
nvir_hints_find(struct nvir_ra *ra, struct nvir_value *v)
{
   const struct nvir_hints *h = &ra->hints;
   struct nvir_regfile *f = nvir_ra_file(ra, v);
   int reg = phi_hint(h, v);
   if (nvir_regfile_is_free(f, reg, v->words))
      return reg;
   reg = source_hint(f, v);
   if (reg != NVIR_NO_REG)
      return reg;
   struct nvir_value *vector = h->vector_of[v->index];
   if (!vector)
      return NVIR_NO_REG;
   int base = vector_base(ra, vector);
   if (base == NVIR_NO_REG)
      return NVIR_NO_REG;
   reg = base + h->vector_word[v->index];
   return nvir_regfile_is_free(f, reg, 1) ? reg : NVIR_NO_REG;
}

void
nvir_hints_placed(struct nvir_ra *ra, struct nvir_value *v, int reg)
{
   struct nvir_hints *h = &ra->hints;
   const struct nvir_value *phi = h->phi_of[v->index];
   struct nvir_regfile *f = nvir_ra_file(ra, v);
   if (phi && h->phi_reg[phi->index] == NVIR_NO_REG)
      h->phi_reg[phi->index] = reg;
   for (unsigned n = 0; phi && n < MAX_PHI_CHAIN; n++) {
      nvir_regfile_unwant(f, phi);
      phi = h->phi_of[phi->index];
   }
   int base = h->vector_base[v->index];
   if (base != NVIR_NO_REG && f->reserved[base] == v)
      nvir_regfile_unreserve(f, base, v->words);
}
