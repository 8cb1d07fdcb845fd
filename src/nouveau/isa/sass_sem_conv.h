/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* F2F, F2I, I2F, I2I: isa.md 2.6, 3.4.  Sources and results are registers;
 * 64-bit ones are pairs, 8 and 16-bit ones the low bits, extended to 32. */
#ifndef SASS_SEM_CONV_H
#define SASS_SEM_CONV_H

#include "nouveau/isa/sass_sem_double.h"
#include "nouveau/isa/sass_sem_half.h"

/* --- Floats of any width through double, which holds them all --- */

static inline double
sass_float_src(uint64_t v, enum sass_type type, bool h1, bool neg, bool abs,
               bool ftz)
{
   double d;
   if (type == SASS_F64) {
      d = sass_f64(v);
   } else if (type == SASS_F16) {
      d = sass_f16(h1 ? v >> 16 : v);
   } else {
      d = sass_f32(ftz ? sass_f32_flush((uint32_t)v) : (uint32_t)v);
   }
   return sass_f64(sass_f64_mod(sass_f64_bits(d), neg, abs));
}

static inline uint64_t
sass_float_dst(double v, enum sass_type type, enum sass_rnd rnd)
{
   if (type == SASS_F64)
      return sass_f64_result(v);
   if (type == SASS_F16)
      return sass_round_f16(v, rnd);
   return sass_f32_result(sass_round_f32(v, rnd));
}

/* Nearest even, down, up, towards zero, by sass_rnd. */
static inline double
sass_round_integral(double v, enum sass_rnd rnd)
{
   switch (rnd) {
   case SASS_RN:
      return rint(v);
   case SASS_RM:
      return floor(v);
   case SASS_RP:
      return ceil(v);
   case SASS_RTZ:
      return trunc(v);
   }
   return v;
}

static inline uint64_t
sass_float_sat(uint64_t v, enum sass_type type)
{
   if (type == SASS_F64)
      return sass_f64(v) > 0 ? (sass_f64(v) < 1 ? v : 0x3ff0000000000000) : 0;
   if (type == SASS_F16)
      return sass_f16(v) > 0 ? (sass_f16(v) < 1 ? v : 0x3c00) : 0;
   return sass_f32_sat((uint32_t)v);
}

/* F2F.  A plain same-type F2F moves the value, canonical NaNs apart.  .FTZ does
 * not flush before Volta. */
static inline uint64_t
sass_f2f(double src, enum sass_type dtype, enum sass_rnd rnd, bool to_int,
         bool sat)
{
   if (to_int) {
      src = sass_round_integral(src, rnd);
      rnd = SASS_RN;
   }
   uint64_t r = sass_float_dst(src, dtype, rnd);
   return sat ? sass_float_sat(r, dtype) : r;
}

/* --- Integers --- */

static inline bool
sass_type_is_signed(enum sass_type type)
{
   return type & 1;
}

/* Extends the low bits of v to 64 by an integer type. */
static inline uint64_t
sass_int_extend(uint64_t v, enum sass_type type)
{
   switch (type) {
   case SASS_U8:
      return (uint8_t)v;
   case SASS_S8:
      return (uint64_t)(int8_t)v;
   case SASS_U16:
      return (uint16_t)v;
   case SASS_S16:
      return (uint64_t)(int16_t)v;
   case SASS_U32:
      return (uint32_t)v;
   case SASS_S32:
      return (uint64_t)(int32_t)v;
   default:
      return v;
   }
}

/* Sign and magnitude of an I2F or I2I source. */
struct sass_int {
   bool negative;
   uint64_t mag;
};

static inline struct sass_int
sass_int_src(uint64_t v, enum sass_type type, unsigned byte_sel, bool neg,
             bool abs)
{
   if (type <= SASS_S16)
      v = (uint32_t)v >> (8 * byte_sel);
   v = sass_int_extend(v, type);
   bool negative = sass_type_is_signed(type) && v >> 63;
   uint64_t mag = negative ? -v : v;
   negative = (negative && !abs) != neg;
   return (struct sass_int){negative && mag, mag};
}

/* The least and greatest values of an integer type as magnitudes. */
static inline uint64_t
sass_int_limit(enum sass_type type, bool negative)
{
   unsigned bits = 8u << (type >> 1);
   if (sass_type_is_signed(type))
      return (1ull << (bits - 1)) - !negative;
   return negative ? 0 : ~0ull >> (64 - bits);
}

/* The value in a register: clamped, or its low bits. */
static inline uint64_t
sass_int_dst(struct sass_int v, enum sass_type type, bool sat)
{
   uint64_t limit = sass_int_limit(type, v.negative);
   if (sat && v.mag > limit)
      v.mag = limit;
   uint64_t r = sass_int_extend(v.negative ? -v.mag : v.mag, type);
   return type >= SASS_U64 ? r : (uint32_t)r;
}

static inline uint32_t
sass_i2i(uint32_t v, enum sass_type dtype, enum sass_type stype,
         unsigned byte_sel, bool neg, bool abs, bool sat)
{
   return (uint32_t)sass_int_dst(sass_int_src(v, stype, byte_sel, neg, abs),
                                 dtype, sat);
}

/* A 64-bit magnitude as a double: cut to 53 bits, the last one set if anything
 * was lost. */
static inline double
sass_int_odd(struct sass_int v)
{
   unsigned shift = v.mag >> 53 ? 11 - __builtin_clzll(v.mag) : 0;
   uint64_t cut = v.mag >> shift;
   double d = ldexp((double)(cut | (cut << shift != v.mag)), (int)shift);
   return v.negative ? -d : d;
}

static inline double
sass_int_to_f64(struct sass_int v, enum sass_rnd rnd)
{
   sass_quad exact = v.negative ? -(sass_quad)v.mag : (sass_quad)v.mag;
   return sass_round_f64(exact, 0, rnd);
}

static inline uint64_t
sass_i2f(struct sass_int v, enum sass_type dtype, enum sass_rnd rnd)
{
   if (dtype == SASS_F64)
      return sass_f64_bits(sass_int_to_f64(v, rnd));
   return sass_float_dst(sass_int_odd(v), dtype, rnd);
}

/* NaN: 0 for up to 32 bits from f16 and f32, else only the highest bit of the
 * type is set (PTX: cvt). */
static inline uint64_t
sass_f2i_nan(enum sass_type dtype, enum sass_type stype)
{
   if (dtype < SASS_U64 && stype != SASS_F64)
      return 0;
   uint64_t top = sass_int_extend(1ull << ((8u << (dtype >> 1)) - 1), dtype);
   return dtype >= SASS_U64 ? top : (uint32_t)top;
}

static inline uint64_t
sass_f2i(double src, enum sass_type dtype, enum sass_type stype,
         enum sass_rnd rnd)
{
   if (src != src)
      return sass_f2i_nan(dtype, stype);
   double v = fabs(sass_round_integral(src, rnd));
   struct sass_int i = {src < 0, v >= 0x1p64 ? UINT64_MAX : (uint64_t)v};
   return sass_int_dst(i, dtype, true);
}

#endif
