/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Float division and square root: isa.md §4.4. MUFU gives a seed, fused steps
 * make it exact within a safe range of exponents. Operands outside of it take a
 * second way: single precision through doubles, double precision with the
 * exponents taken off and the result rounded from its exact remainder. Square
 * roots are scaled without a branch. */
#include "nouveau/compiler/nvir_build_priv.h"
#include "nouveau/compiler/nvir_passes.h"

static struct nvir_src
fneg(struct nvir_builder *b, enum nvir_type t, struct nvir_src x)
{
   return op1(b, NVIR_OP_FNEG, t, x);
}

static struct nvir_src
fma3(struct nvir_builder *b, enum nvir_type t, struct nvir_src x,
     struct nvir_src y, struct nvir_src z)
{
   return op3(b, NVIR_OP_FMA, t, x, y, z);
}

static struct nvir_src
fmul(struct nvir_builder *b, enum nvir_type t, struct nvir_src x,
     struct nvir_src y)
{
   return op2(b, NVIR_OP_FMUL, t, x, y);
}

/* Powers of two as immediates. */
static struct nvir_src
pow2_of(enum nvir_type t, int e)
{
   return nvir_imm(t == F64 ? (uint64_t)(1023 + e) << 52
                            : (uint64_t)(127 + e) << 23);
}

static struct nvir_src
one(enum nvir_type t)
{
   return pow2_of(t, 0);
}

/* The word with sign and exponent. */
static struct nvir_src
top_word(struct nvir_builder *b, enum nvir_type t, struct nvir_src x)
{
   return t == F64 ? high_word(b, x) : x;
}

static struct nvir_src
magnitude_word(struct nvir_builder *b, enum nvir_type t, struct nvir_src x)
{
   return op2(b, NVIR_OP_AND, I32, top_word(b, t, x), nvir_imm(0x7fffffff));
}

static struct nvir_src
both(struct nvir_builder *b, struct nvir_src p, struct nvir_src q)
{
   return op2(b, NVIR_OP_AND, I1, p, q);
}

static struct nvir_src
either(struct nvir_builder *b, struct nvir_src p, struct nvir_src q)
{
   return op2(b, NVIR_OP_OR, I1, p, q);
}

/* ---- division within the safe range ---- */

static struct nvir_src
quotient32(struct nvir_builder *b, struct nvir_src x, struct nvir_src y)
{
   struct nvir_src ny = fneg(b, F32, y), r = mufu(b, SASS_MUFU_RCP, y);
   r = fma3(b, F32, r, fma3(b, F32, ny, r, one(F32)), r);
   struct nvir_src q = fmul(b, F32, x, r);
   return fma3(b, F32, r, fma3(b, F32, ny, q, x), q);
}

static struct nvir_src
quotient64(struct nvir_builder *b, struct nvir_src x, struct nvir_src y)
{
   struct nvir_src ny = fneg(b, F64, y);
   struct nvir_src seed = mufu(b, SASS_MUFU_RCP64H, high_word(b, y));
   struct nvir_src r = from_words(b, nvir_imm(1), seed);
   struct nvir_src e = fma3(b, F64, ny, r, one(F64));
   r = fma3(b, F64, r, fma3(b, F64, e, e, e), r);
   r = fma3(b, F64, r, fma3(b, F64, ny, r, one(F64)), r);
   struct nvir_src q = fmul(b, F64, x, r);
   return fma3(b, F64, r, fma3(b, F64, ny, q, x), q);
}

/* Exponents near enough to 0 that neither quotient nor remainder leaves the
 * range. */
static struct nvir_src
is_safe(struct nvir_builder *b, enum nvir_type t, struct nvir_src x)
{
   uint32_t first = t == F64 ? (1023 - 500) << 20 : (127 - 61) << 23;
   uint32_t range = t == F64 ? 1000u << 20 : 122u << 23;
   struct nvir_src w =
      op2(b, NVIR_OP_SUB, I32, magnitude_word(b, t, x), nvir_imm(first));
   return compare(b, NVIR_COND_LT, false, I32, w, nvir_imm(range));
}

/* The reciprocal of a divisor just below a power of two is the one case that
 * the single-precision steps can round wrongly. */
static struct nvir_src
is_not_all_ones(struct nvir_builder *b, struct nvir_src y)
{
   struct nvir_src m = op2(b, NVIR_OP_AND, I32, y, nvir_imm(0x7fffff));
   return compare(b, NVIR_COND_NE, false, I32, m, nvir_imm(0x7fffff));
}

/* ---- 0, infinity, NaN ---- */

static struct nvir_src
is_special(struct nvir_builder *b, enum nvir_type t, struct nvir_src x)
{
   struct nvir_src a = op1(b, NVIR_OP_FABS, t, x);
   struct nvir_src zero = compare(b, NVIR_COND_EQ, false, t, a, nvir_imm(0));
   struct nvir_src inf = nvir_imm(t == F64 ? 0x7ffull << 52 : 0x7f800000);
   return either(b, zero, compare(b, NVIR_COND_GEU, false, t, a, inf));
}

/* x times what stands for 1/y: infinity, 0, NaN or 1, with y's sign. Right
 * whenever x or y is special. */
static struct nvir_src
special_quotient(struct nvir_builder *b, enum nvir_type t, struct nvir_src x,
                 struct nvir_src y)
{
   struct nvir_src inf = nvir_imm(t == F64 ? 0x7ffull << 52 : 0x7f800000);
   struct nvir_src a = op1(b, NVIR_OP_FABS, t, y);
   struct nvir_src r = select_value(
      b, t, compare(b, NVIR_COND_EQ, false, t, a, nvir_imm(0)), inf, one(t));
   r = select_value(b, t, compare(b, NVIR_COND_EQ, false, t, a, inf),
                    nvir_imm(0), r);
   r = select_value(b, t, compare(b, NVIR_COND_NAN, false, t, a, a), y, r);
   return fmul(b, t, x, op2(b, NVIR_OP_FCOPYSIGN, t, r, y));
}

static struct nvir_src
unless_special(struct nvir_builder *b, enum nvir_type t, struct nvir_src x,
               struct nvir_src y, struct nvir_src q)
{
   struct nvir_src x_is = is_special(b, t, x), y_is = is_special(b, t, y);
   struct nvir_src p = either(b, x_is, y_is);
   return select_value(b, t, p, special_quotient(b, t, x, y), q);
}

/* ---- the second way ---- */

/* 53 bits are more than twice 24 and two: rounding twice is harmless. */
static struct nvir_src
slow_quotient32(struct nvir_builder *b, struct nvir_src x, struct nvir_src y)
{
   struct nvir_src x64 = convert(b, NVIR_OP_FTOF, F64, F32, 0, x);
   struct nvir_src y64 = convert(b, NVIR_OP_FTOF, F64, F32, 0, y);
   struct nvir_src q = quotient64(b, x64, y64);
   q = convert(b, NVIR_OP_FTOF, F32, F64, NVIR_ROUND_RN, q);
   return unless_special(b, F32, x, y, q);
}

struct parts {
   struct nvir_src mantissa; /* in [1, 2) */
   struct nvir_src exponent; /* I32 */
};

static struct parts
take_apart(struct nvir_builder *b, struct nvir_src x)
{
   struct parts p;
   x = op1(b, NVIR_OP_FABS, F64, x);
   struct nvir_src small =
      compare(b, NVIR_COND_LT, false, F64, x, pow2_of(F64, -1000));
   x =
      fmul(b, F64, x, select_value(b, F64, small, pow2_of(F64, 100), one(F64)));
   struct nvir_src hi = high_word(b, x);
   struct nvir_src bias =
      select_value(b, I32, small, nvir_imm(1123), nvir_imm(1023));
   p.exponent = op2(b, NVIR_OP_SUB, I32,
                    op2(b, NVIR_OP_LSHR, I32, hi, nvir_imm(20)), bias);
   hi = op2(b, NVIR_OP_AND, I32, hi, nvir_imm(0xfffff));
   hi = op2(b, NVIR_OP_OR, I32, hi, nvir_imm(0x3ff00000));
   p.mantissa = from_words(b, low_word(b, x), hi);
   return p;
}

/* 2^e for an I32 within the range of exponents. */
static struct nvir_src
power(struct nvir_builder *b, struct nvir_src e)
{
   struct nvir_src hi =
      op2(b, NVIR_OP_SHL, I32, op2(b, NVIR_OP_ADD, I32, e, nvir_imm(1023)),
          nvir_imm(20));
   return from_words(b, nvir_imm(0), hi);
}

static struct nvir_src
clamp(struct nvir_builder *b, struct nvir_src x, int lo, int hi)
{
   x = op2(b, NVIR_OP_SMAX, I32, x, nvir_imm((uint32_t)lo));
   return op2(b, NVIR_OP_SMIN, I32, x, nvir_imm((uint32_t)hi));
}

/* q 2^k in two exact steps (or to infinity). */
static struct nvir_src
scale_up(struct nvir_builder *b, struct nvir_src q, struct nvir_src k)
{
   k = clamp(b, k, -1022, 2046);
   struct nvir_src half = op2(b, NVIR_OP_ASHR, I32, k, nvir_imm(1));
   struct nvir_src rest = op2(b, NVIR_OP_SUB, I32, k, half);
   q = fmul(b, F64, q, power(b, half));
   return fmul(b, F64, q, power(b, rest));
}

/* A subnormal result is a multiple n of 2^-1074, and its bits are n: the
 * quotient cut off, and one more if the exact remainder says so. */
static struct nvir_src
round_subnormal(struct nvir_builder *b, struct nvir_src q, struct nvir_src mx,
                struct nvir_src my, struct nvir_src k)
{
   struct nvir_src s =
      power(b, clamp(b, op2(b, NVIR_OP_ADD, I32, k, nvir_imm(1074)), -60, 60));
   struct nvir_src n =
      convert(b, NVIR_OP_FTOU, I64, F64, NVIR_ROUND_RZ, fmul(b, F64, q, s));
   struct nvir_src f = convert(b, NVIR_OP_UTOF, F64, I64, NVIR_ROUND_RN, n);
   struct nvir_src scaled = fmul(b, F64, mx, s);
   struct nvir_src rest = fma3(b, F64, fneg(b, F64, my), f, scaled);
   struct nvir_src twice = op2(b, NVIR_OP_FADD, F64, rest, rest);
   struct nvir_src more = compare(b, NVIR_COND_GT, false, F64, twice, my);
   struct nvir_src tie = compare(b, NVIR_COND_EQ, false, F64, twice, my);
   struct nvir_src bit = op2(b, NVIR_OP_AND, I32, low_word(b, n), nvir_imm(1));
   struct nvir_src odd = compare(b, NVIR_COND_NE, false, I32, bit, nvir_imm(0));
   struct nvir_src up = either(b, more, both(b, tie, odd));
   return op2(b, NVIR_OP_ADD, I64, n,
              select_value(b, I64, up, nvir_imm(1), nvir_imm(0)));
}

static struct nvir_src
slow_quotient64(struct nvir_builder *b, struct nvir_src x, struct nvir_src y)
{
   struct parts px = take_apart(b, x), py = take_apart(b, y);
   struct nvir_src k = op2(b, NVIR_OP_SUB, I32, px.exponent, py.exponent);
   struct nvir_src q = quotient64(b, px.mantissa, py.mantissa);
   struct nvir_src normal =
      compare(b, NVIR_COND_GE, true, I32, k, nvir_imm((uint32_t)-1021));
   struct nvir_src large = scale_up(b, q, k);
   struct nvir_src small = round_subnormal(b, q, px.mantissa, py.mantissa, k);
   struct nvir_src r = select_value(b, F64, normal, large, small);
   struct nvir_src signs = op2(b, NVIR_OP_XOR, I64, x, y);
   r = op2(b, NVIR_OP_FCOPYSIGN, F64, r, signs);
   return unless_special(b, F64, x, y, r);
}

/* ---- putting a division together ---- */

/* 2 ulp, which OpenCL allows. MUFU flushes, so a large divisor is kept from
 * vanishing in its reciprocal and a subnormal one from vanishing before it. */
static struct nvir_src
fast_quotient32(struct nvir_builder *b, struct nvir_src x, struct nvir_src y)
{
   struct nvir_src a = op1(b, NVIR_OP_FABS, F32, y);
   struct nvir_src large =
      compare(b, NVIR_COND_GT, false, F32, a, pow2_of(F32, 125));
   struct nvir_src small =
      compare(b, NVIR_COND_LT, false, F32, a, pow2_of(F32, -126));
   struct nvir_src s = select_value(b, F32, large, pow2_of(F32, -2), one(F32));
   s = select_value(b, F32, small, pow2_of(F32, 24), s);
   struct nvir_src r = mufu(b, SASS_MUFU_RCP, fmul(b, F32, y, s));
   return fmul(b, F32, fmul(b, F32, x, r), s);
}

static void
two_ways(struct nvir_instr *i)
{
   enum nvir_type t = i->type;
   struct nvir_src x = i->srcs[0], y = i->srcs[1];
   struct nvir_block *head = i->block;
   struct nvir_block *done = nvir_block_split_before(i);
   struct nvir_block *slow = nvir_block_create_after(head);
   struct nvir_block *quick = nvir_block_create_after(head);
   struct nvir_builder b = nvir_builder_at_end(head);
   struct nvir_instr *phi = nvir_instr_create(head->shader, NVIR_OP_PHI, 1, 2);

   b.line = i->line;
   struct nvir_src x_is_safe = is_safe(&b, t, x);
   struct nvir_src safe = both(&b, x_is_safe, is_safe(&b, t, y));
   if (t == F32)
      safe = both(&b, safe, is_not_all_ones(&b, y));
   nvir_build_cbr(&b, safe, quick, slow);
   b.block = quick;
   phi->srcs[0] = t == F64 ? quotient64(&b, x, y) : quotient32(&b, x, y);
   nvir_build_br(&b, done);
   b.block = slow;
   phi->srcs[1] =
      t == F64 ? slow_quotient64(&b, x, y) : slow_quotient32(&b, x, y);
   nvir_build_br(&b, done);
   phi->type = t;
   phi->line = i->line;
   nvir_instr_set_dst(phi, 0, nvir_value_for_type(head->shader, t));
   nvir_instr_insert_before(phi, i);
   become(i, nvir_val(phi->dsts[0].val));
}

/* ---- square root ---- */

static struct nvir_src
root32(struct nvir_builder *b, struct nvir_src x)
{
   struct nvir_src half = pow2_of(F32, -1), y = mufu(b, SASS_MUFU_RSQ, x);
   struct nvir_src g = fmul(b, F32, x, y), h = fmul(b, F32, y, half);
   struct nvir_src e = fma3(b, F32, fneg(b, F32, h), g, half);
   g = fma3(b, F32, g, e, g);
   h = fma3(b, F32, h, e, h);
   return fma3(b, F32, fma3(b, F32, fneg(b, F32, g), g, x), h, g);
}

static struct nvir_src
root64(struct nvir_builder *b, struct nvir_src x)
{
   struct nvir_src seed = mufu(b, SASS_MUFU_RSQ64H, high_word(b, x));
   struct nvir_src y = from_words(b, nvir_imm(0), seed);
   struct nvir_src e =
      fma3(b, F64, x, fneg(b, F64, fmul(b, F64, y, y)), one(F64));
   struct nvir_src c =
      fma3(b, F64, e, nvir_imm(0x3fd8000000000000ull), pow2_of(F64, -1));
   y = fma3(b, F64, c, fmul(b, F64, y, e), y);
   struct nvir_src g = fmul(b, F64, x, y),
                   h = fmul(b, F64, y, pow2_of(F64, -1));
   struct nvir_src d = fma3(b, F64, fneg(b, F64, g), g, x);
   return fma3(b, F64, d, h, g);
}

/* Scaled by an even power of two where squares of the root or its inverse would
 * leave the range; 0 and infinity are their own roots. */
static struct nvir_src
square_root(struct nvir_builder *b, enum nvir_type t, struct nvir_src x)
{
   int limit = t == F64 ? 500 : 60, up = t == F64 ? 600 : 64;
   struct nvir_src small =
      compare(b, NVIR_COND_LT, false, t, x, pow2_of(t, -limit));
   struct nvir_src large =
      compare(b, NVIR_COND_GT, false, t, x, pow2_of(t, limit));
   struct nvir_src s = select_value(b, t, large, pow2_of(t, -up), one(t));
   struct nvir_src back = select_value(b, t, large, pow2_of(t, up / 2), one(t));
   s = select_value(b, t, small, pow2_of(t, up), s);
   back = select_value(b, t, small, pow2_of(t, -up / 2), back);
   struct nvir_src scaled = fmul(b, t, x, s);
   struct nvir_src r = t == F64 ? root64(b, scaled) : root32(b, scaled);
   r = fmul(b, t, r, back);
   struct nvir_src inf = nvir_imm(t == F64 ? 0x7ffull << 52 : 0x7f800000);
   struct nvir_src is_zero = compare(b, NVIR_COND_EQ, false, t, x, nvir_imm(0));
   struct nvir_src own =
      either(b, is_zero, compare(b, NVIR_COND_EQ, false, t, x, inf));
   return select_value(b, t, own, x, r);
}

void
nvir_lower_fdiv(struct nvir_shader *s)
{
   nvir_foreach_block(blk, s)
      nvir_foreach_instr_safe(i, blk) {
         struct nvir_builder b = nvir_builder_before(i);
         if (i->op == NVIR_OP_FSQRT) {
            become(i, i->fast && i->type == F32
                         ? mufu(&b, SASS_MUFU_SQRT, i->srcs[0])
                         : square_root(&b, i->type, i->srcs[0]));
         } else if (i->op == NVIR_OP_FDIV && i->fast && i->type == F32) {
            become(i, fast_quotient32(&b, i->srcs[0], i->srcs[1]));
         } else if (i->op == NVIR_OP_FDIV) {
            two_ways(i);
            break; /* the rest is in a new block, to which the walk comes */
         }
      }
   nvir_shader_number_blocks(s);
}
