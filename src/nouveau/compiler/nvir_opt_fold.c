/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Constant folding, identities, sums of constants gathered, and constant parts
 * of addresses moved into memory instructions. One pass in layout order, in
 * place: an instruction that becomes known turns into a COPY, which later uses
 * look through. */
#include "nouveau/compiler/nvir_passes.h"
#include "nouveau/isa/sass_sem_int.h"

static struct nvir_instr *
def_of(struct nvir_src src)
{
   return src.kind == NVIR_SRC_VALUE ? src.val->def : NULL;
}

static struct nvir_src
through_copies(struct nvir_src src)
{
   for (struct nvir_instr *d = def_of(src);
        d && (d->op == NVIR_OP_COPY || d->op == NVIR_OP_CONST);
        d = def_of(src)) {
      if (d->srcs[0].kind == NVIR_SRC_CBANK)
         break;
      src = d->srcs[0];
   }
   return src;
}

static bool
is_imm(struct nvir_src src)
{
   return src.kind == NVIR_SRC_IMM;
}

static bool
is_imm_of(struct nvir_src src, uint64_t v)
{
   return is_imm(src) && src.imm == v;
}

static uint64_t
truncate_to(enum nvir_type t, uint64_t v)
{
   unsigned bits = nvir_type_bits(t);
   return bits >= 64 ? v : util_bits(v, 0, bits);
}

static void
become_copy(struct nvir_instr *i, struct nvir_src src)
{
   i->op = NVIR_OP_COPY;
   i->srcs[0] = src;
   i->num_srcs = 1;
   i->src_type = NVIR_TYPE_NONE;
   i->cond = 0;
   i->imm = 0;
}

static void
become_imm(struct nvir_instr *i, uint64_t v)
{
   become_copy(i, nvir_imm(truncate_to(i->type, v)));
}

/* ---- constants ---- */

static bool
is_integer(enum nvir_type t)
{
   return t == NVIR_TYPE_I32 || t == NVIR_TYPE_I64;
}

static bool
evaluate_binary(const struct nvir_instr *i, uint64_t a, uint64_t b,
                uint64_t *out)
{
   unsigned bits = nvir_type_bits(i->type);
   int64_t sa = util_sign_extend(a, bits), sb = util_sign_extend(b, bits);

   switch (i->op) {
   case NVIR_OP_ADD:
      *out = a + b;
      return true;
   case NVIR_OP_SUB:
      *out = a - b;
      return true;
   case NVIR_OP_MUL:
      *out = a * b;
      return true;
   case NVIR_OP_AND:
      *out = a & b;
      return true;
   case NVIR_OP_OR:
      *out = a | b;
      return true;
   case NVIR_OP_XOR:
      *out = a ^ b;
      return true;
   case NVIR_OP_UMIN:
      *out = MIN2(a, b);
      return true;
   case NVIR_OP_UMAX:
      *out = MAX2(a, b);
      return true;
   case NVIR_OP_SMIN:
      *out = MIN2(sa, sb);
      return true;
   case NVIR_OP_SMAX:
      *out = MAX2(sa, sb);
      return true;
   case NVIR_OP_SHL:
      *out = b < bits ? a << b : 0;
      return true;
   case NVIR_OP_LSHR:
      *out = b < bits ? a >> b : 0;
      return true;
   case NVIR_OP_ASHR:
      *out = sa >> (b < bits ? b : bits - 1);
      return true;
   case NVIR_OP_DOT4:
      *out = sass_idp(a, b, 0, false, false, i->imm & NVIR_DOT4_SIGNED_A,
                      i->imm & NVIR_DOT4_SIGNED_B);
      return true;
   default:
      return false;
   }
}

static bool
compare(const struct nvir_instr *i, uint64_t a, uint64_t b, bool *out)
{
   unsigned bits = nvir_type_bits(i->src_type);
   int64_t sa = util_sign_extend(a, bits), sb = util_sign_extend(b, bits);
   bool lt = i->is_signed ? sa < sb : a < b;

   switch (i->cond) {
   case NVIR_COND_LT:
      *out = lt;
      return true;
   case NVIR_COND_EQ:
      *out = a == b;
      return true;
   case NVIR_COND_LE:
      *out = lt || a == b;
      return true;
   case NVIR_COND_GT:
      *out = !lt && a != b;
      return true;
   case NVIR_COND_NE:
      *out = a != b;
      return true;
   case NVIR_COND_GE:
      *out = !lt;
      return true;
   default:
      return false;
   }
}

static bool
fold_constants(struct nvir_instr *i)
{
   uint64_t v;
   bool truth;

   if (i->op == NVIR_OP_SELECT && is_imm(i->srcs[0])) {
      become_copy(i, i->srcs[i->srcs[0].imm & 1 ? 1 : 2]);
      return true;
   }
   if (i->op == NVIR_OP_ICMP && is_integer(i->src_type) && is_imm(i->srcs[0]) &&
       is_imm(i->srcs[1]) &&
       compare(i, i->srcs[0].imm, i->srcs[1].imm, &truth)) {
      become_imm(i, truth);
      return true;
   }
   if (!is_integer(i->type) || i->num_srcs == 0 || !is_imm(i->srcs[0]))
      return false;
   if (i->op == NVIR_OP_TRUNC || i->op == NVIR_OP_ZEXT) {
      become_imm(i, truncate_to(i->src_type ? i->src_type : NVIR_TYPE_I64,
                                i->srcs[0].imm));
      return true;
   }
   if (i->op == NVIR_OP_SEXT) {
      become_imm(i,
                 util_sign_extend(i->srcs[0].imm, nvir_type_bits(i->src_type)));
      return true;
   }
   if (i->num_srcs == 2 && is_imm(i->srcs[1]) &&
       evaluate_binary(i, i->srcs[0].imm, i->srcs[1].imm, &v)) {
      become_imm(i, v);
      return true;
   }
   return false;
}

/* ---- identities ---- */

static bool
fold_identity(struct nvir_instr *i)
{
   struct nvir_src a = i->srcs[0], b = i->srcs[1];

   switch (i->op) {
   case NVIR_OP_ADD:
   case NVIR_OP_SUB:
   case NVIR_OP_OR:
   case NVIR_OP_XOR:
   case NVIR_OP_SHL:
   case NVIR_OP_LSHR:
   case NVIR_OP_ASHR:
      if (is_imm_of(b, 0)) {
         become_copy(i, a);
         return true;
      }
      return false;
   case NVIR_OP_AND:
      if (is_imm(b) && !(nvir_possible_bits(a, i->type) & ~b.imm))
         become_copy(i, a);
      else if (is_imm_of(b, 0))
         become_imm(i, 0);
      else
         return false;
      return true;
   case NVIR_OP_MUL:
      if (is_imm_of(b, 1)) {
         become_copy(i, a);
         return true;
      }
      if (is_imm(b) && util_is_pow2(b.imm)) {
         i->op = NVIR_OP_SHL;
         i->srcs[1] = nvir_imm(__builtin_ctzll(b.imm));
      }
      return false;
   default:
      return false;
   }
}

/* A sign extension by two shifts of what has no sign. */
static bool
drop_extension(struct nvir_instr *i)
{
   struct nvir_instr *d = def_of(i->srcs[0]);
   if (i->op != NVIR_OP_ASHR || !is_imm(i->srcs[1]) || !d ||
       d->op != NVIR_OP_SHL || d->type != i->type ||
       !is_imm_of(d->srcs[1], i->srcs[1].imm) ||
       i->srcs[1].imm >= nvir_type_bits(i->type))
      return false;
   unsigned width = nvir_type_bits(i->type) - i->srcs[1].imm;
   if (width < 2 || nvir_possible_bits(d->srcs[0], i->type) >> (width - 1))
      return false;
   become_copy(i, d->srcs[0]);
   return true;
}

/* a - c is a + -c; (x + c) + d is x + (c + d); a constant shared by both words
 * of an address sum stays outermost. */
static void
gather_sums(struct nvir_instr *i)
{
   if (i->op == NVIR_OP_SUB && is_imm(i->srcs[1])) {
      i->op = NVIR_OP_ADD;
      i->srcs[1].imm = truncate_to(i->type, -i->srcs[1].imm);
   }
   if (i->op != NVIR_OP_ADD)
      return;
   struct nvir_instr *d = def_of(i->srcs[0]);
   if (is_imm(i->srcs[1]) && d && d->op == NVIR_OP_ADD && is_imm(d->srcs[1])) {
      i->srcs[1].imm = truncate_to(i->type, i->srcs[1].imm + d->srcs[1].imm);
      i->srcs[0] = d->srcs[0];
   }
}

/* A sum that becomes its own first operand in the next turn. */
static bool
is_step(const struct nvir_instr *sum)
{
   const struct nvir_instr *phi = def_of(sum->srcs[0]);
   if (!phi || phi->op != NVIR_OP_PHI)
      return false;
   nvir_foreach_src(src, phi)
      if (def_of(*src) == sum)
         return true;
   return false;
}

static void
simplify_trunc(struct nvir_instr *i)
{
   if (i->op != NVIR_OP_TRUNC || i->type != NVIR_TYPE_I32)
      return;
   struct nvir_instr *d = def_of(i->srcs[0]);
   if (!d)
      return;
   if (d->op == NVIR_OP_ZEXT || d->op == NVIR_OP_SEXT) {
      become_copy(i, d->srcs[0]);
      return;
   }
   /* The low word of a sum with a constant; one that goes round a loop is there
    * anyway. */
   if (d->op == NVIR_OP_ADD && d->type == NVIR_TYPE_I64 && is_imm(d->srcs[1]) &&
       !is_step(d)) {
      struct nvir_builder b = nvir_builder_before(i);
      struct nvir_value *low =
         nvir_build1(&b, NVIR_OP_TRUNC, NVIR_TYPE_I32, d->srcs[0]);
      uint64_t c = (uint32_t)d->srcs[1].imm;
      simplify_trunc(low->def);
      i->op = NVIR_OP_ADD;
      i->srcs = util_arena_array(&b.shader->arena, struct nvir_src, 2);
      i->num_srcs = 2;
      i->srcs[0] = through_copies(nvir_val(low));
      i->srcs[1] = nvir_imm(c);
      i->src_type = NVIR_TYPE_NONE;
      gather_sums(i);
   }
}

/* ---- addresses ---- */

static bool
fold_offset(struct nvir_instr *i)
{
   bool is_memory =
      i->op == NVIR_OP_LOAD || i->op == NVIR_OP_STORE || i->op == NVIR_OP_ATOM;
   struct nvir_instr *d = is_memory ? def_of(i->srcs[0]) : NULL;
   /* 20 bits hold for every memory instruction; one less, for accesses split
    * later. */
   const unsigned bits = i->op == NVIR_OP_ATOM          ? 19
                         : i->space == NVIR_SPACE_CONST ? 15
                                                        : 23;

   if (!d || d->op != NVIR_OP_ADD || !is_imm(d->srcs[1]) ||
       i->srcs[0].val->cls != NVIR_CLASS_GPR)
      return false;
   int64_t c =
      util_sign_extend(d->srcs[1].imm, nvir_type_bits(d->type)) + i->offset_B;
   if (util_sign_extend(c, bits) != c)
      return false;
   i->offset_B = c;
   i->srcs[0] = d->srcs[0];
   return true;
}

static bool
fold_float_identity(struct nvir_instr *i)
{
   uint64_t unit =
      i->type == NVIR_TYPE_F64 ? 0x3ff0000000000000ull : 0x3f800000;
   if (i->op != NVIR_OP_FMUL || i->ftz)
      return false;
   for (unsigned n = 0; n < 2; n++)
      if (is_imm_of(i->srcs[n], unit)) {
         become_copy(i, i->srcs[!n]);
         return true;
      }
   return false;
}

/* A sum and a product become one operation where the source allows it. */
static void
contract(struct nvir_instr *i)
{
   if ((i->op != NVIR_OP_FADD && i->op != NVIR_OP_FSUB) || !i->fast)
      return;
   for (unsigned n = 0; n < 2; n++) {
      struct nvir_instr *d = def_of(i->srcs[n]);
      if (!d || d->op != NVIR_OP_FMUL || !d->fast || d->ftz != i->ftz)
         continue;
      struct nvir_builder b = nvir_builder_before(i);
      struct nvir_src other = i->srcs[!n], x = d->srcs[0];
      if (i->op == NVIR_OP_FSUB && n == 0)
         other = nvir_val(nvir_build1(&b, NVIR_OP_FNEG, i->type, other));
      else if (i->op == NVIR_OP_FSUB)
         x = nvir_val(nvir_build1(&b, NVIR_OP_FNEG, i->type, x));
      i->op = NVIR_OP_FMA;
      i->srcs = util_arena_array(&b.shader->arena, struct nvir_src, 3);
      i->num_srcs = 3;
      i->srcs[0] = x;
      i->srcs[1] = d->srcs[1];
      i->srcs[2] = other;
      return;
   }
}

/* The words of a constant are constants. */
static bool
split_constant(struct nvir_instr *i)
{
   struct nvir_shader *s = i->block->shader;

   if (i->op != NVIR_OP_SPLIT || !is_imm(i->srcs[0]))
      return false;
   for (unsigned n = 0; n < i->num_dsts; n++) {
      struct nvir_instr *word = nvir_instr_create(s, NVIR_OP_COPY, 1, 1);
      word->type = NVIR_TYPE_I32;
      word->line = i->line;
      word->srcs[0] = nvir_imm((uint32_t)(i->srcs[0].imm >> 32 * n));
      if (i->dsts[n].val) {
         nvir_instr_set_dst(word, 0, i->dsts[n].val);
         nvir_instr_insert_before(word, i);
      }
   }
   nvir_instr_remove(i);
   return true;
}

static void
fold(struct nvir_instr *i)
{
   nvir_foreach_src(src, i) {
      uint8_t slot = src->slot;
      *src = through_copies(*src);
      src->slot = slot;
   }
   if (split_constant(i))
      return;
   if (nvir_op_infos[i->op].flags & NVIR_OP_COMMUTES && is_imm(i->srcs[0]) &&
       !is_imm(i->srcs[1])) {
      struct nvir_src t = i->srcs[0];
      i->srcs[0] = i->srcs[1];
      i->srcs[1] = t;
   }
   if (fold_constants(i))
      return;
   if (is_integer(i->type) && i->num_srcs == 2 &&
       (fold_identity(i) || drop_extension(i)))
      return;
   if (fold_float_identity(i))
      return;
   if (is_integer(i->type)) {
      gather_sums(i);
      simplify_trunc(i);
   }
   while (fold_offset(i))
      ;
   contract(i);
}

void
nvir_opt_fold(struct nvir_shader *s)
{
   nvir_foreach_block(b, s)
      nvir_foreach_instr_safe(i, b)
         fold(i);
}
