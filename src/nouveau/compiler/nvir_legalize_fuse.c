/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Two generic instructions in one machine instruction: a product with an
 * addend, logic of three operands, a bit field. The inner one must have no
 * other use, or it would be computed twice. */
#include "nouveau/compiler/nvir_legalize_priv.h"

static const struct nvir_instr *
only_use_of(struct lz *lz, struct nvir_src src, enum nvir_type type)
{
   if (src.kind != NVIR_SRC_VALUE || src.val->index >= lz->num_values)
      return NULL;
   const struct legal *l = lz_map(lz, src.val);
   const struct nvir_instr *d = l->def;
   /* In another block it may well have been moved out of a loop. */
   bool here = d && d->block == lz->b.block;
   return here && l->num_uses == 1 && d->type == type ? d : NULL;
}

/* a * b + c, or the dot product of a and b, + c */
static bool
fuse_product(struct lz *lz, struct nvir_instr *i)
{
   for (unsigned n = 0; n < 2; n++) {
      const struct nvir_instr *d = only_use_of(lz, i->srcs[n], NVIR_TYPE_I32);
      if (!d || (d->op != NVIR_OP_MUL && d->op != NVIR_OP_DOT4))
         continue;
      struct nvir_src c = lz_word(lz, i->srcs[!n], 0);
      if (lz_is_imm(c))
         continue;
      lz_set_word(
         lz, i, 0,
         d->op == NVIR_OP_MUL ? lz_product(lz, d, c) : lz_dot4(lz, d, c));
      return true;
   }
   return false;
}

/* ---- logic ---- */

static uint8_t
lut(enum nvir_op op, uint8_t a, uint8_t b)
{
   return op == NVIR_OP_AND ? a & b : op == NVIR_OP_OR ? a | b : a ^ b;
}

static bool
is_logic(const struct nvir_instr *i)
{
   return i->op == NVIR_OP_AND || i->op == NVIR_OP_OR || i->op == NVIR_OP_XOR;
}

/* Can stand in slot B of LOP3 beside two registers. */
static bool
fits_slot_b(struct nvir_src x)
{
   return x.kind == NVIR_SRC_CBANK ||
          (x.kind == NVIR_SRC_IMM && lz_fits_short(x.imm));
}

#define SWAP(type, a, b)                                                       \
   do {                                                                        \
      type swap_ = a;                                                          \
      a = b;                                                                   \
      b = swap_;                                                               \
   } while (0)

/* (x op y) op z: three registers, or one of the three in slot B. */
static bool
fuse_logic(struct lz *lz, struct nvir_instr *i)
{
   for (unsigned n = 0; n < 2; n++) {
      const struct nvir_instr *d = only_use_of(lz, i->srcs[n], NVIR_TYPE_I32);
      if (!d || !is_logic(d))
         continue;
      struct nvir_src x[3] = {lz_word(lz, d->srcs[0], 0),
                              lz_word(lz, d->srcs[1], 0),
                              lz_word(lz, i->srcs[!n], 0)};
      unsigned other = 1, num_other = 0;
      for (unsigned k = 0; k < 3; k++)
         if (x[k].kind != NVIR_SRC_VALUE) {
            other = k;
            num_other++;
         }
      if (num_other > 1 || (num_other && !fits_slot_b(x[other])))
         continue;
      /* The operand for slot B changes places with the second. */
      uint8_t in[3] = {0xf0, 0xcc, 0xaa};
      SWAP(uint8_t, in[1], in[other]);
      SWAP(struct nvir_src, x[1], x[other]);
      struct nvir_instr *m =
         lz_alu(lz, SASS_OP_LOP3, x[0], x[1], x[2], LZ_IMM_INT);
      m->mi.lut = lut(i->op, lut(d->op, in[0], in[1]), in[2]);
      lz_set_word(lz, i, 0, lz_rd(lz, m));
      return true;
   }
   return false;
}

/* (x >> n) & mask, the mask being ones from bit 0. */
static bool
fuse_field(struct lz *lz, struct nvir_instr *i)
{
   const struct nvir_instr *d = only_use_of(lz, i->srcs[0], NVIR_TYPE_I32);
   struct nvir_src mask = i->srcs[1];

   if (!d || d->op != NVIR_OP_LSHR || mask.kind != NVIR_SRC_IMM ||
       d->srcs[1].kind != NVIR_SRC_IMM || d->srcs[1].imm > 31 ||
       mask.imm == 0 || (mask.imm & (mask.imm + 1)) || mask.imm > 0x7fffffff)
      return false;
   unsigned len = 64 - __builtin_clzll(mask.imm);
   struct nvir_instr *m =
      lz_alu(lz, SASS_OP_BFE, lz_word(lz, d->srcs[0], 0),
             nvir_imm(d->srcs[1].imm | len << 8), LZ_ZERO, LZ_IMM_INT);
   lz_set_word(lz, i, 0, lz_rd(lz, m));
   return true;
}

/* Bits of `src` moved up by `shift` and cut to `mask`. */
struct field {
   struct nvir_src src;
   uint32_t shift, mask;
};

static bool
is_by_constant(const struct nvir_instr *i, enum nvir_op op)
{
   return i && i->op == op && i->srcs[1].kind == NVIR_SRC_IMM;
}

/* (y << n) & mask, (y & m) << n, or one of the two. */
static bool
find_field(struct lz *lz, struct nvir_src src, struct field *f)
{
   *f = (struct field){.src = src, .mask = ~0u};
   for (unsigned step = 0; step < 2; step++) {
      const struct nvir_instr *d = only_use_of(lz, f->src, NVIR_TYPE_I32);
      if (is_by_constant(d, NVIR_OP_AND) && f->mask == ~0u << f->shift)
         f->mask &= (uint32_t)d->srcs[1].imm << f->shift;
      else if (is_by_constant(d, NVIR_OP_SHL) && !f->shift &&
               d->srcs[1].imm < 32) {
         f->shift = d->srcs[1].imm;
         f->mask &= ~0u << f->shift;
      } else
         break;
      f->src = d->srcs[0];
   }
   return f->src.kind == NVIR_SRC_VALUE && f->src.val != src.val && f->mask &&
          (f->mask >> f->shift & 1) &&
          util_is_pow2((uint64_t)(f->mask >> f->shift) + 1);
}

/* A field in place of those bits of x that are cut out. */
static bool
fuse_insert(struct lz *lz, struct nvir_instr *i)
{
   for (unsigned n = 0; n < 2; n++) {
      const struct nvir_instr *base =
         only_use_of(lz, i->srcs[n], NVIR_TYPE_I32);
      struct field f;
      if (!is_by_constant(base, NVIR_OP_AND) ||
          !find_field(lz, i->srcs[!n], &f) ||
          (uint32_t)base->srcs[1].imm != ~f.mask)
         continue;
      unsigned len = __builtin_popcount(f.mask);
      struct nvir_instr *m =
         lz_alu(lz, SASS_OP_BFI, lz_reg(lz, lz_word(lz, f.src, 0)),
                nvir_imm(f.shift | len << 8),
                lz_reg(lz, lz_word(lz, base->srcs[0], 0)), LZ_IMM_INT);
      lz_set_word(lz, i, 0, lz_rd(lz, m));
      return true;
   }
   return false;
}

bool
lz_fuse(struct lz *lz, struct nvir_instr *i)
{
   if (i->type != NVIR_TYPE_I32)
      return false;
   switch (i->op) {
   case NVIR_OP_ADD:
      return fuse_product(lz, i);
   case NVIR_OP_AND:
      return fuse_field(lz, i) || fuse_logic(lz, i);
   case NVIR_OP_OR:
      return fuse_insert(lz, i) || fuse_logic(lz, i);
   case NVIR_OP_XOR:
      return fuse_logic(lz, i);
   default:
      return false;
   }
}
