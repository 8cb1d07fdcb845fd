/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Arithmetic on values. */
#include "fuzz.h"

#include <math.h>
#include <string.h>

uint64_t
fuzz_wrap(enum fuzz_type t, uint64_t v)
{
   unsigned n = fuzz_bits(t);
   if (fuzz_is_signed(t))
      return util_sign_extend(v, n);
   return v & (~0ull >> (64 - n));
}

static float
to_f32(uint64_t v)
{
   uint32_t w = v;
   float f;
   memcpy(&f, &w, sizeof(f));
   return f;
}

static double
to_f64(uint64_t v)
{
   double d;
   memcpy(&d, &v, sizeof(d));
   return d;
}

static uint64_t
of_f32(float f)
{
   uint32_t w;
   memcpy(&w, &f, sizeof(w));
   return w;
}

static uint64_t
of_f64(double d)
{
   uint64_t v;
   memcpy(&v, &d, sizeof(v));
   return v;
}

uint64_t
fuzz_constant(const struct fuzz_expr *e)
{
   static const double floats[] = {0.0, 1.0,   -1.0,  0.5,  3.0,
                                   1e9, 1e-30, -7.25, 1e-40};
   if (e->type == FUZZ_F32)
      return of_f32((float)floats[e->imm]);
   return e->type == FUZZ_F64 ? of_f64(floats[e->imm])
                              : fuzz_wrap(e->type, e->imm);
}

uint64_t
fuzz_cast(enum fuzz_type to, enum fuzz_type from, uint64_t v)
{
   bool s = fuzz_is_signed(from);
   if (to == FUZZ_F32)
      return of_f32(from == FUZZ_F32   ? to_f32(v)
                    : from == FUZZ_F64 ? (float)to_f64(v)
                    : s                ? (float)(int64_t)v
                                       : (float)v);
   if (to == FUZZ_F64)
      return of_f64(from == FUZZ_F32   ? (double)to_f32(v)
                    : from == FUZZ_F64 ? to_f64(v)
                    : s                ? (double)(int64_t)v
                                       : (double)v);
   return fuzz_wrap(to, v);
}

bool
fuzz_is_nan(enum fuzz_type t, uint64_t v)
{
   return t == FUZZ_F32 ? isnan(to_f32(v)) : isnan(to_f64(v));
}

uint64_t
fuzz_float_bits(enum fuzz_type from, uint64_t v)
{
   if (from == FUZZ_F32)
      return isnan(to_f32(v)) ? 0x7fc00000 : v;
   return isnan(to_f64(v)) ? 0x7ff8000000000000 : v;
}

static double
round_f64(enum fuzz_op op, double x)
{
   switch (op) {
   case FUZZ_FLOOR:
      return floor(x);
   case FUZZ_CEIL:
      return ceil(x);
   case FUZZ_TRUNC:
      return trunc(x);
   case FUZZ_RINT:
      return rint(x);
   default:
      return round(x);
   }
}

static uint64_t
f32_op(enum fuzz_op op, float a, float b, float c, int n)
{
   switch (op) {
   case FUZZ_FADD:
      return of_f32(a + b);
   case FUZZ_FSUB:
      return of_f32(a - b);
   case FUZZ_FMUL:
      return of_f32(a * b);
   case FUZZ_FDIV:
      return of_f32(a / b);
   case FUZZ_FMA:
      return of_f32(fmaf(a, b, c));
   case FUZZ_FNEG:
      return of_f32(a) ^ 0x80000000;
   case FUZZ_FABS:
      return of_f32(a) & 0x7fffffff;
   case FUZZ_FMIN:
      return of_f32(fminf(a, b) + 0.0f);
   case FUZZ_FMAX:
      return of_f32(fmaxf(a, b) + 0.0f);
   case FUZZ_SQRT:
      return of_f32(sqrtf(a));
   case FUZZ_COPYSIGN:
      return of_f32(copysignf(a, isnan(b) ? 0 : b));
   case FUZZ_FMOD:
      return of_f32(fmodf(a, b));
   case FUZZ_REMAINDER:
      return of_f32(remainderf(a, b));
   case FUZZ_FDIM:
      return of_f32(fdimf(a, b));
   case FUZZ_NEXTAFTER:
      return of_f32(nextafterf(a, b));
   case FUZZ_LDEXP:
      return of_f32(ldexpf(a, n));
   default:
      return of_f32((float)round_f64(op, a)); /* exact */
   }
}

static uint64_t
f64_op(enum fuzz_op op, double a, double b, double c, int n)
{
   switch (op) {
   case FUZZ_FADD:
      return of_f64(a + b);
   case FUZZ_FSUB:
      return of_f64(a - b);
   case FUZZ_FMUL:
      return of_f64(a * b);
   case FUZZ_FDIV:
      return of_f64(a / b);
   case FUZZ_FMA:
      return of_f64(fma(a, b, c));
   case FUZZ_FNEG:
      return of_f64(a) ^ 1ull << 63;
   case FUZZ_FABS:
      return of_f64(a) & ~0ull >> 1;
   case FUZZ_FMIN:
      return of_f64(fmin(a, b) + 0.0);
   case FUZZ_FMAX:
      return of_f64(fmax(a, b) + 0.0);
   case FUZZ_SQRT:
      return of_f64(sqrt(a));
   case FUZZ_COPYSIGN:
      return of_f64(copysign(a, isnan(b) ? 0 : b));
   case FUZZ_FMOD:
      return of_f64(fmod(a, b));
   case FUZZ_REMAINDER:
      return of_f64(remainder(a, b));
   case FUZZ_FDIM:
      return of_f64(fdim(a, b));
   case FUZZ_NEXTAFTER:
      return of_f64(nextafter(a, b));
   case FUZZ_LDEXP:
      return of_f64(ldexp(a, n));
   default:
      return of_f64(round_f64(op, a));
   }
}

uint64_t
fuzz_float_op(enum fuzz_op op, enum fuzz_type t, uint64_t a, uint64_t b,
              uint64_t c)
{
   int n = op == FUZZ_LDEXP ? (int32_t)b % 300 : 0;
   if (t == FUZZ_F32)
      return f32_op(op, to_f32(a), to_f32(b), to_f32(c), n);
   return f64_op(op, to_f64(a), to_f64(b), to_f64(c), n);
}

bool
fuzz_less(enum fuzz_type t, uint64_t a, uint64_t b)
{
   if (t == FUZZ_F32)
      return to_f32(a) < to_f32(b);
   if (t == FUZZ_F64)
      return to_f64(a) < to_f64(b);
   return fuzz_is_signed(t) ? (int64_t)a < (int64_t)b : a < b;
}

bool
fuzz_equal(enum fuzz_type t, uint64_t a, uint64_t b)
{
   if (t == FUZZ_F32)
      return to_f32(a) == to_f32(b);
   if (t == FUZZ_F64)
      return to_f64(a) == to_f64(b);
   return a == b;
}

static uint64_t
saturate(enum fuzz_type t, __int128 v)
{
   unsigned n = fuzz_bits(t);
   bool s = fuzz_is_signed(t);
   __int128 max = ((__int128)1 << (n - s)) - 1, min = s ? -max - 1 : 0;
   return (uint64_t)(v > max ? max : v < min ? min : v);
}

/* convert_T_sat: floats towards zero. */
uint64_t
fuzz_convert(enum fuzz_type to, enum fuzz_type from, uint64_t v)
{
   if (!fuzz_is_float(from))
      return saturate(
         to, fuzz_is_signed(from) ? (__int128)(int64_t)v : (__int128)v);
   double d = from == FUZZ_F32 ? to_f32(v) : to_f64(v);
   if (isnan(d))
      return 0;
   return saturate(to, (__int128)fmin(fmax(d, -1e30), 1e30));
}

static uint64_t
divide(enum fuzz_op op, enum fuzz_type t, uint64_t a, uint64_t b)
{
   uint64_t d = (b & (~0ull >> (64 - fuzz_bits(t) + 1))) | 1;
   if (fuzz_is_signed(t))
      return op == FUZZ_DIV ? (int64_t)a / (int64_t)d : (int64_t)a % (int64_t)d;
   return op == FUZZ_DIV ? a / d : a % d;
}

static uint64_t
rotate(enum fuzz_type t, uint64_t a, uint64_t b)
{
   unsigned n = fuzz_bits(t), k = b & (n - 1);
   uint64_t u = a & (~0ull >> (64 - n));
   return k ? u << k | u >> (n - k) : u;
}

static uint64_t
count_zeros(enum fuzz_type t, uint64_t a)
{
   unsigned n = fuzz_bits(t);
   uint64_t u = a & (~0ull >> (64 - n));
   return u ? __builtin_clzll(u) - (64 - n) : n;
}

static uint64_t
mul_hi(enum fuzz_type t, uint64_t a, uint64_t b)
{
   if (fuzz_is_signed(t))
      return (uint64_t)((__int128)(int64_t)a * (int64_t)b >> fuzz_bits(t));
   return (uint64_t)((unsigned __int128)a * b >> fuzz_bits(t));
}

/* The product of unsigned longs does not fit; then it is past the limit. */
static uint64_t
mad_sat(enum fuzz_type t, uint64_t a, uint64_t b, uint64_t c)
{
   if (fuzz_is_signed(t))
      return saturate(t, (__int128)(int64_t)a * (int64_t)b + (int64_t)c);
   unsigned __int128 p = (unsigned __int128)a * b;
   return p >> 100 ? ~0ull : saturate(t, (__int128)p + c);
}

uint64_t
fuzz_int_op(enum fuzz_op op, enum fuzz_type t, uint64_t a, uint64_t b,
            uint64_t c)
{
   bool s = fuzz_is_signed(t);
   unsigned shift = b & (fuzz_bits(t) - 1);
   __int128 x = s ? (__int128)(int64_t)a : (__int128)a;
   __int128 y = s ? (__int128)(int64_t)b : (__int128)b;
   __int128 z = s ? (__int128)(int64_t)c : (__int128)c;
   switch (op) {
   case FUZZ_RHADD:
      return (uint64_t)((x + y + 1) >> 1);
   case FUZZ_CTZ: {
      uint64_t u = a & (~0ull >> (64 - fuzz_bits(t)));
      return u ? __builtin_ctzll(u) : fuzz_bits(t);
   }
   case FUZZ_MAD_HI:
      return mul_hi(t, a, b) + c;
   case FUZZ_MAD_SAT:
      return mad_sat(t, a, b, c);
   case FUZZ_BITSELECT:
      return (a & ~c) | (b & c);
   case FUZZ_CLAMP:
      return x < MIN2(y, z) ? (uint64_t)MIN2(y, z)
                            : (uint64_t)MIN2(x, MAX2(y, z));

   case FUZZ_ADD:
      return a + b;
   case FUZZ_SUB:
      return a - b;
   case FUZZ_MUL:
      return a * b;
   case FUZZ_AND:
      return a & b;
   case FUZZ_OR:
      return a | b;
   case FUZZ_XOR:
      return a ^ b;
   case FUZZ_NOT:
      return ~a;
   case FUZZ_SHL:
      return a << shift;
   case FUZZ_SHR:
      return s ? (uint64_t)((int64_t)a >> shift) : a >> shift;
   case FUZZ_MIN:
      return x < y ? a : b;
   case FUZZ_MAX:
      return x > y ? a : b;
   case FUZZ_MUL_HI:
      return mul_hi(t, a, b);
   case FUZZ_ROTATE:
      return rotate(t, a, b);
   case FUZZ_CLZ:
      return count_zeros(t, a);
   case FUZZ_POPCOUNT:
      return __builtin_popcountll(a & (~0ull >> (64 - fuzz_bits(t))));
   case FUZZ_ADD_SAT:
      return saturate(t, x + y);
   case FUZZ_SUB_SAT:
      return saturate(t, x - y);
   case FUZZ_ABS_DIFF:
      return (uint64_t)(x > y ? x - y : y - x);
   case FUZZ_HADD:
      return (uint64_t)((x + y) >> 1);
   default:
      return divide(op, t, a, b);
   }
}
