/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Removes instructions that compute what a dominating one did: generic ones,
 * and after nvir_legalize machine instructions that were needed for parts of
 * several. */
#include <string.h>

#include "nouveau/compiler/nvir_graph_priv.h"
#include "nouveau/compiler/nvir_passes.h"

struct cse {
   struct nvir_graph g;
   struct nvir_instr **table; /* by hash, chained by number in `next` */
   uint32_t table_mask;
   struct nvir_value **replacement; /* by value index */
   struct nvir_instr **next;        /* by instruction number (scratch) */
};

/* Fixed function of its sources; carries are left alone. */
static bool
is_pure_machine(const struct nvir_instr *i)
{
   switch (sass_op_info(i->mi.op)->class_) {
   case SASS_CLASS_FULL:
   case SASS_CLASS_HALF:
   case SASS_CLASS_COMPARE:
   case SASS_CLASS_DOUBLE:
   case SASS_CLASS_QUARTER:
      break;
   default:
      return i->mi.op == SASS_OP_S2R;
   }
   nvir_foreach_src(src, i) {
      if (src->slot == NVIR_SLOT_CC || src->slot == NVIR_SLOT_GUARD)
         return false;
   }
   return i->dsts[0].slot != NVIR_SLOT_CC && i->mi.op != SASS_OP_VOTE;
}

static bool
is_candidate(const struct nvir_instr *i)
{
   const uint8_t barred = NVIR_OP_EFFECT | NVIR_OP_TERMINATOR;
   if (nvir_op_infos[i->op].flags & barred || i->num_dsts != 1)
      return false;
   if (i->op == NVIR_OP_MACH)
      return is_pure_machine(i);
   if (i->op == NVIR_OP_PHI || i->op == NVIR_OP_UNDEF)
      return false;
   return i->op != NVIR_OP_LOAD || i->is_invariant;
}

/* Cheap to make again and costly to keep: constants, and predicates, of which
 * there are seven. */
static bool
is_local(const struct nvir_instr *i)
{
   return i->op == NVIR_OP_MACH &&
          (i->dsts[0].val->cls == NVIR_CLASS_PRED || i->mi.op == SASS_OP_MOV ||
           i->mi.op == SASS_OP_MOV32I);
}

static uint32_t
hash_instr(const struct nvir_instr *i)
{
   uint64_t h = i->op * 31 + i->type + i->imm * 7;
   if (i->op == NVIR_OP_MACH)
      h += i->mi.op * 131 + (uint32_t)i->mi.imm * 13 + i->mi.cb_off * 17;
   for (unsigned n = 0; n < i->num_srcs; n++)
      h = h * 0x9e3779b97f4a7c15ull + i->srcs[n].kind +
          (i->srcs[n].kind == NVIR_SRC_VALUE ? i->srcs[n].val->index
                                             : i->srcs[n].imm);
   h *= 0x9e3779b97f4a7c15ull;
   return h >> 32;
}

static bool
same_src(const struct nvir_src *a, const struct nvir_src *b)
{
   return a->kind == b->kind && a->slot == b->slot && a->val == b->val &&
          a->imm == b->imm;
}

static bool
same(const struct nvir_instr *a, const struct nvir_instr *b)
{
   if (a->op != b->op || a->type != b->type || a->src_type != b->src_type ||
       a->cond != b->cond || a->rnd != b->rnd || a->space != b->space ||
       a->is_signed != b->is_signed || a->ftz != b->ftz || a->fast != b->fast ||
       a->sat != b->sat || a->offset_B != b->offset_B || a->imm != b->imm ||
       a->num_srcs != b->num_srcs)
      return false;
   if (a->op == NVIR_OP_MACH && (memcmp(&a->mi, &b->mi, sizeof(a->mi)) ||
                                 (is_local(a) && a->block != b->block)))
      return false;
   for (unsigned n = 0; n < a->num_srcs; n++)
      if (!same_src(&a->srcs[n], &b->srcs[n]))
         return false;
   return true;
}

static void
visit(struct cse *c, struct nvir_instr *i)
{
   nvir_foreach_src(src, i)
      if (src->kind == NVIR_SRC_VALUE && c->replacement[src->val->index])
         src->val = c->replacement[src->val->index];
   if (!is_candidate(i))
      return;
   uint32_t h = hash_instr(i) & c->table_mask;
   for (struct nvir_instr *other = c->table[h]; other;
        other = c->next[other->scratch])
      if (same(i, other) &&
          nvir_graph_dominates(&c->g, other->block->index, i->block->index)) {
         c->replacement[i->dsts[0].val->index] = other->dsts[0].val;
         nvir_instr_remove(i);
         return;
      }
   c->next[i->scratch] = c->table[h];
   c->table[h] = i;
}

void
nvir_opt_cse(struct nvir_shader *s)
{
   struct util_arena arena;
   util_arena_init(&arena);
   struct cse *c = util_arena_new(&arena, struct cse);
   uint32_t count = 0;

   nvir_graph_from_shader(&c->g, s, &arena);
   nvir_graph_analyze(&c->g);
   nvir_foreach_block(b, s)
      nvir_foreach_instr(i, b)
         i->scratch = count++;
   uint32_t size = util_next_pow2(MAX2(count, 64));
   c->table = util_arena_array(&arena, struct nvir_instr *, size);
   c->table_mask = size - 1;
   c->replacement =
      util_arena_array(&arena, struct nvir_value *, s->num_values + 1);
   c->next = util_arena_array(&arena, struct nvir_instr *, count + 1);
   /* Layout order is a reverse post-order: definitions come first. */
   nvir_foreach_block(b, s)
      nvir_foreach_instr_safe(i, b)
         visit(c, i);
   /* Phis of loops were visited before what their sources became. */
   nvir_foreach_block(b, s)
      nvir_foreach_instr(i, b)
         nvir_foreach_src(src, i)
            while (src->kind == NVIR_SRC_VALUE &&
                   c->replacement[src->val->index])
               src->val = c->replacement[src->val->index];
   util_arena_finish(&arena);
}
