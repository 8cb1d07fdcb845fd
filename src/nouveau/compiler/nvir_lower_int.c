/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* 64-bit integer operations that are best said in smaller generic ones: high
 * products, minimum and maximum, funnel shifts; rounding with halves away from
 * zero; and the dot product of bytes where the chip has no IDP. */
#include "nouveau/compiler/nvir_build_priv.h"
#include "nouveau/compiler/nvir_passes.h"

/* 32 x 32 → 64, unsigned. */
static struct nvir_src
wide_product(struct nvir_builder *b, struct nvir_src x, struct nvir_src y)
{
   struct nvir_src low = op2(b, NVIR_OP_MUL, I32, x, y);
   struct nvir_src high = op2(b, NVIR_OP_UMULHI, I32, x, y);
   return from_words(b, low, high);
}

static struct nvir_src
zero_extend(struct nvir_builder *b, struct nvir_src x)
{
   return convert(b, NVIR_OP_ZEXT, I64, I32, 0, x);
}

/* x * y + addend, which cannot overflow where the addend is a word. */
static struct nvir_src
multiply_add(struct nvir_builder *b, struct nvir_src x, struct nvir_src y,
             struct nvir_src addend)
{
   struct nvir_src product = wide_product(b, x, y);
   return op2(b, NVIR_OP_ADD, I64, product, zero_extend(b, addend));
}

/* School method; no partial sum can overflow 64 bits. */
static struct nvir_src
umulhi64(struct nvir_builder *b, struct nvir_src x, struct nvir_src y)
{
   struct nvir_src xl = low_word(b, x), xh = high_word(b, x),
                   yl = low_word(b, y), yh = high_word(b, y);
   struct nvir_src carry = op2(b, NVIR_OP_UMULHI, I32, xl, yl);
   struct nvir_src t = multiply_add(b, xl, yh, carry);
   struct nvir_src u = multiply_add(b, xh, yl, low_word(b, t));
   struct nvir_src r = multiply_add(b, xh, yh, high_word(b, t));
   return op2(b, NVIR_OP_ADD, I64, r, zero_extend(b, high_word(b, u)));
}

/* Taken as unsigned, a negative factor counts 2^64 too much of the other. */
static struct nvir_src
smulhi64(struct nvir_builder *b, struct nvir_src x, struct nvir_src y)
{
   struct nvir_src r = umulhi64(b, x, y);
   struct nvir_src sx = op2(b, NVIR_OP_ASHR, I64, x, nvir_imm(63));
   struct nvir_src sy = op2(b, NVIR_OP_ASHR, I64, y, nvir_imm(63));
   r = op2(b, NVIR_OP_SUB, I64, r, op2(b, NVIR_OP_AND, I64, sx, y));
   return op2(b, NVIR_OP_SUB, I64, r, op2(b, NVIR_OP_AND, I64, sy, x));
}

static struct nvir_src
min_max64(struct nvir_builder *b, enum nvir_op op, struct nvir_src x,
          struct nvir_src y)
{
   bool is_min = op == NVIR_OP_SMIN || op == NVIR_OP_UMIN;
   bool is_signed = op == NVIR_OP_SMIN || op == NVIR_OP_SMAX;
   struct nvir_src c =
      compare(b, is_min ? NVIR_COND_LT : NVIR_COND_GT, is_signed, I64, x, y);
   return select_value(b, I64, c, x, y);
}

/* fshl: x << c | y >> 1 >> (63 - c), so that no count is 64. */
static struct nvir_src
funnel64(struct nvir_builder *b, bool left, struct nvir_src x,
         struct nvir_src y, struct nvir_src c)
{
   c = op2(b, NVIR_OP_AND, I64, c, nvir_imm(63));
   struct nvir_src rest = op2(b, NVIR_OP_XOR, I64, c, nvir_imm(63));
   struct nvir_src up, down;
   if (left) {
      up = op2(b, NVIR_OP_SHL, I64, x, c);
      down = op2(b, NVIR_OP_LSHR, I64,
                 op2(b, NVIR_OP_LSHR, I64, y, nvir_imm(1)), rest);
   } else {
      up = op2(b, NVIR_OP_SHL, I64, op2(b, NVIR_OP_SHL, I64, x, nvir_imm(1)),
               rest);
      down = op2(b, NVIR_OP_LSHR, I64, y, c);
   }
   return op2(b, NVIR_OP_OR, I64, up, down);
}

/* trunc(x + copysign(the number before one half, x)): isa.md §4.4, "round". */
static struct nvir_src
round_away(struct nvir_builder *b, enum nvir_type t, struct nvir_src x)
{
   uint64_t half = t == NVIR_TYPE_F64 ? 0x3fdfffffffffffffull : 0x3effffffu;
   struct nvir_src h = op2(b, NVIR_OP_FCOPYSIGN, t, nvir_imm(half), x);
   struct nvir_src r = convert(b, NVIR_OP_FROUND, t, t, NVIR_ROUND_RZ,
                               op2(b, NVIR_OP_FADD, t, x, h));
   /* Keeps the sign of a zero result. */
   return op2(b, NVIR_OP_FCOPYSIGN, t, r, x);
}

/* IDP came with sm_61. */
static bool
has_idp(const struct nvir_shader *s)
{
   return s->chipset != 0x130;
}

static struct nvir_src
byte_of(struct nvir_builder *b, struct nvir_src x, unsigned n, bool is_signed)
{
   if (!is_signed)
      return op2(b, NVIR_OP_AND, I32,
                 op2(b, NVIR_OP_LSHR, I32, x, nvir_imm(8 * n)), nvir_imm(0xff));
   struct nvir_src top = op2(b, NVIR_OP_SHL, I32, x, nvir_imm(24 - 8 * n));
   return op2(b, NVIR_OP_ASHR, I32, top, nvir_imm(24));
}

static struct nvir_src
dot4(struct nvir_builder *b, const struct nvir_instr *i)
{
   struct nvir_src sum = nvir_imm(0);
   for (unsigned n = 0; n < 4; n++) {
      struct nvir_src x =
         byte_of(b, i->srcs[0], n, i->imm & NVIR_DOT4_SIGNED_A);
      struct nvir_src y =
         byte_of(b, i->srcs[1], n, i->imm & NVIR_DOT4_SIGNED_B);
      struct nvir_src product = op2(b, NVIR_OP_MUL, I32, x, y);
      sum = n ? op2(b, NVIR_OP_ADD, I32, sum, product) : product;
   }
   return sum;
}

static bool
lower(struct nvir_builder *b, struct nvir_instr *i, struct nvir_src *out)
{
   const struct nvir_src *s = i->srcs;

   if (i->op == NVIR_OP_FROUNDA) {
      *out = round_away(b, i->type, s[0]);
      return true;
   }
   if (i->op == NVIR_OP_DOT4 && !has_idp(b->shader)) {
      *out = dot4(b, i);
      return true;
   }
   if (i->type != I64)
      return false;
   switch (i->op) {
   case NVIR_OP_UMULHI:
      *out = umulhi64(b, s[0], s[1]);
      return true;
   case NVIR_OP_SMULHI:
      *out = smulhi64(b, s[0], s[1]);
      return true;
   case NVIR_OP_SMIN:
   case NVIR_OP_SMAX:
   case NVIR_OP_UMIN:
   case NVIR_OP_UMAX:
      *out = min_max64(b, i->op, s[0], s[1]);
      return true;
   case NVIR_OP_FSHL:
      *out = funnel64(b, true, s[0], s[1], s[2]);
      return true;
   case NVIR_OP_FSHR:
      *out = funnel64(b, false, s[0], s[1], s[2]);
      return true;
   default:
      return false;
   }
}

void
nvir_lower_int(struct nvir_shader *s)
{
   nvir_foreach_block(blk, s)
      nvir_foreach_instr_safe(i, blk) {
         struct nvir_builder b = nvir_builder_before(i);
         struct nvir_src r;
         if (!lower(&b, i, &r))
            continue;
         become(i, r);
      }
}
