/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau/compiler/nvir_legalize_priv.h"

static struct nvir_value *
create_phi(struct lz *lz, struct nvir_instr *i, unsigned words)
{
   struct nvir_instr *phi =
      nvir_instr_create(lz->s, NVIR_OP_PHI, 1, i->num_srcs);
   struct nvir_value *v = nvir_value_create(lz->s, NVIR_CLASS_GPR, words);
   phi->line = i->line;
   nvir_instr_set_dst(phi, 0, v);
   nvir_instr_insert_before(phi, i);
   return v;
}

/* Doubles and addresses stay together, integers are worked on by words. */
static bool
stays_wide(struct lz *lz, const struct nvir_instr *phi)
{
   return phi->type == NVIR_TYPE_F64 ||
          (phi->type == NVIR_TYPE_I64 &&
           lz_map(lz, phi->dsts[0].val)->is_address);
}

/* Predicates cross blocks as numbers, since there are only seven of them.
 * Sources come later. */
void
lz_start_phi(struct lz *lz, struct nvir_instr *i)
{
   struct legal *l = lz_map(lz, i->dsts[0].val);

   if (i->type == NVIR_TYPE_I1) {
      l->pred_in_gpr = true;
      l->w[0] = nvir_val(create_phi(lz, i, 1));
   } else if (stays_wide(lz, i)) {
      l->wide = create_phi(lz, i, 2);
   } else {
      for (unsigned n = 0; n < i->dsts[0].val->words; n++)
         l->w[n] = nvir_val(create_phi(lz, i, 1));
   }
}

static struct nvir_src
phi_word(struct lz *lz, struct nvir_src src, unsigned n)
{
   if (src.kind == NVIR_SRC_UNDEF)
      return src;
   struct nvir_src w = lz_word(lz, src, n);
   return w.kind == NVIR_SRC_CBANK ? lz_reg(lz, w) : w;
}

static struct nvir_src
phi_pred(struct lz *lz, struct nvir_src src)
{
   if (src.kind != NVIR_SRC_VALUE)
      return src.kind == NVIR_SRC_IMM ? nvir_imm(src.imm & 1) : src;
   struct legal *l = lz_map(lz, src.val);
   if (l->pred_in_gpr)
      return l->w[0];
   struct lz_pred p = lz_pred(lz, src);
   return p.val ? lz_select(lz, p, nvir_imm(1), LZ_ZERO) : nvir_imm(!p.not );
}

void
lz_finish_phi(struct lz *lz, struct nvir_instr *i)
{
   struct legal *l = lz_map(lz, i->dsts[0].val);

   for (unsigned k = 0; k < i->num_srcs; k++) {
      struct nvir_block *pred = i->block->preds[k];
      lz->b = nvir_builder_at_end(pred);
      lz->b.before = nvir_block_terminator(pred);
      lz->num_consts = 0;
      struct nvir_src src = i->srcs[k];
      if (l->pred_in_gpr) {
         l->w[0].val->def->srcs[k] = phi_pred(lz, src);
      } else if (stays_wide(lz, i)) {
         l->wide->def->srcs[k] =
            src.kind == NVIR_SRC_UNDEF ? src : nvir_val(lz_wide(lz, src, 2));
      } else {
         for (unsigned n = 0; n < i->dsts[0].val->words; n++)
            l->w[n].val->def->srcs[k] = phi_word(lz, src, n);
      }
   }
   nvir_instr_remove(i);
}
