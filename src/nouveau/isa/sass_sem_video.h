/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Video instructions and IMADSP on one lane.  Source: the PTX manual's scalar
 * and SIMD video instructions, which these implement (isa.md 2.11).  The
 * condition code of all of them: Z and S of the result [guess]. */
#ifndef SASS_SEM_VIDEO_H
#define SASS_SEM_VIDEO_H

#include "nouveau/isa/sass_sem_int.h"

/* The chosen part of a register as a number. */
static inline int64_t
sass_video_part(uint32_t v, enum sass_vpart part, bool is_signed)
{
   switch (part) {
   case SASS_VPART_B0:
   case SASS_VPART_B1:
   case SASS_VPART_B2:
   case SASS_VPART_B3:
      v = v >> 8 * (part - SASS_VPART_B0) & 0xff;
      return is_signed ? (int8_t)v : (int64_t)v;
   case SASS_VPART_H0:
   case SASS_VPART_H1:
      v = v >> 16 * (part - SASS_VPART_H0) & 0xffff;
      return is_signed ? (int16_t)v : (int64_t)v;
   default:
      return is_signed ? (int32_t)v : (int64_t)v;
   }
}

static inline int64_t
sass_video_a(const struct sass_instr *i, uint32_t a)
{
   return sass_video_part(a, i->vpart_a, i->signed_a);
}

/* An immediate has 16 bits. */
static inline int64_t
sass_video_b(const struct sass_instr *i, uint32_t b)
{
   return sass_video_part(
      b, i->form == SASS_FORM_I ? SASS_VPART_H0 : i->vpart_b, i->signed_b);
}

/* Bits of the result that .SAT keeps: those that c's word takes in. */
static inline unsigned
sass_video_bits(enum sass_vmode mode)
{
   switch (mode) {
   case SASS_VMODE_MRG_8B0:
   case SASS_VMODE_MRG_8B2:
      return 8;
   case SASS_VMODE_MRG_16H:
   case SASS_VMODE_MRG_16L:
      return 16;
   default:
      return 32;
   }
}

static inline int64_t
sass_video_clamp(__int128 v, unsigned bits, bool is_unsigned)
{
   int64_t max = (1ll << (is_unsigned ? bits : bits - 1)) - 1;
   int64_t min = is_unsigned ? 0 : -max - 1;
   return (int64_t)(v < min ? min : v > max ? max : v);
}

static inline uint32_t
sass_video_with_c(enum sass_vmode mode, bool is_unsigned, uint32_t r,
                  uint32_t c)
{
   uint32_t flip = is_unsigned ? 0 : 0x80000000;
   bool less = (r ^ flip) < (c ^ flip);
   switch (mode) {
   case SASS_VMODE_MRG_16H:
      return r << 16 | (c & 0xffff);
   case SASS_VMODE_MRG_16L:
      return (c & 0xffff0000) | (r & 0xffff);
   case SASS_VMODE_MRG_8B0:
      return (c & ~0xffu) | (r & 0xff);
   case SASS_VMODE_MRG_8B2:
      return (c & ~0xff0000u) | (r & 0xff) << 16;
   case SASS_VMODE_ACC:
      return r + c;
   case SASS_VMODE_MIN:
      return less ? r : c;
   case SASS_VMODE_MAX:
      return less ? c : r;
   default:
      return r;
   }
}

/* A word shifted by 32 does not fit 64 bits with a sign. */
static inline __int128
sass_video_shift(const struct sass_instr *i, int64_t a, uint32_t b)
{
   b = i->w ? b & 31 : b > 32 ? 32 : b;
   return i->op == SASS_OP_VSHL ? (__int128)a * ((__int128)1 << b) : a >> b;
}

static inline __int128
sass_video_op(const struct sass_instr *i, int64_t a, int64_t b)
{
   switch (i->op) {
   case SASS_OP_VADD:
      return i->vadd == SASS_VADD_SUB    ? a - b
             : i->vadd == SASS_VADD_SUBR ? b - a
                                         : a + b + (i->vadd == SASS_VADD_PO);
   case SASS_OP_VMNMX:
      return (a < b) == i->mx ? b : a;
   case SASS_OP_VABSDIFF:
      return a < b ? b - a : a - b;
   default:
      return sass_video_shift(i, a, (uint32_t)b);
   }
}

/* VADD VMNMX VABSDIFF VSHL VSHR. */
static inline uint32_t
sass_video(const struct sass_instr *i, uint32_t a, uint32_t b, uint32_t c)
{
   __int128 t = sass_video_op(i, sass_video_a(i, a), sass_video_b(i, b));
   if (i->sat)
      t = sass_video_clamp(t, sass_video_bits(i->vmode), i->ud);
   return sass_video_with_c(i->vmode, i->ud, (uint32_t)t, c);
}

/* The comparison of VSET and VSETP: of numbers, whatever their signs. */
static inline bool
sass_video_compare(const struct sass_instr *i, uint32_t a, uint32_t b)
{
   int64_t x = sass_video_a(i, a), y = sass_video_b(i, b);
   return sass_cond_holds(i->cond, x<y, x == y, x> y, false);
}

/* 0 or 1. */
static inline uint32_t
sass_vset(const struct sass_instr *i, uint32_t a, uint32_t b, uint32_t c)
{
   return sass_video_with_c(i->vmode, true, sass_video_compare(i, a, b), c);
}

/* The sum is exact, then shifted, then limited; signed if anything in it is. */
static inline uint32_t
sass_vmad(const struct sass_instr *i, uint32_t a, uint32_t b, uint32_t c)
{
   static const uint8_t shifts[] = {0, 7, 15, 0};
   bool is_signed = i->signed_a || i->signed_b || i->vadd == SASS_VADD_SUB ||
                    i->vadd == SASS_VADD_SUBR;
   __int128 product = (__int128)sass_video_a(i, a) * sass_video_b(i, b);
   __int128 addend = is_signed ? (int32_t)c : (int64_t)c;
   __int128 sum = i->vadd == SASS_VADD_SUB    ? product - addend
                  : i->vadd == SASS_VADD_SUBR ? addend - product
                                              : product + addend;
   sum += i->vadd == SASS_VADD_PO;
   sum >>= shifts[i->vshr & 3];
   if (!i->sat)
      return (uint32_t)sum;
   __int128 max = is_signed ? INT32_MAX : UINT32_MAX;
   __int128 min = is_signed ? INT32_MIN : 0;
   return (uint32_t)(sum < min ? min : sum > max ? max : sum);
}

/* Bytes of b:a, 0 the lowest of a, by vsel: the highest first. */
static inline uint32_t
sass_vsel_bytes(const uint16_t *selectors, unsigned sel, uint32_t a, uint32_t b)
{
   uint64_t both = (uint64_t)b << 32 | a;
   uint32_t r = 0;
   for (unsigned k = 0; k < 4; k++)
      r |= (uint32_t)(both >> 8 * (selectors[sel] >> 4 * k & 7) & 0xff)
           << 8 * k;
   return r;
}

/* Four differences of bytes, or c plus their sum. */
static inline uint32_t
sass_vabsdiff4(const struct sass_instr *i, uint32_t a, uint32_t b, uint32_t c)
{
   static const uint16_t sel_a[] = {
      0x3210, 0x0000, 0x1111, 0x2222, 0x3333, 0x4321, 0x5432,
      0x6543, 0x3201, 0x3012, 0x0213, 0x3120, 0x1230, 0x2310,
   };
   static const uint16_t sel_b[] = {
      0x7654, 0x4444, 0x5555, 0x6666, 0x7777, 0x6543,
      0x5432, 0x4321, 0x4567, 0x6745, 0x5467,
   };
   uint32_t x = sass_vsel_bytes(sel_a, i->vsel_a, a, b);
   uint32_t y = sass_vsel_bytes(sel_b, i->vsel_b, a, b), r = c;
   for (unsigned k = 0; k < 4; k++) {
      if (!(i->vmask >> k & 1))
         continue;
      int64_t p = sass_video_part(x, SASS_VPART_B0 + k, i->signed_a);
      int64_t q = sass_video_part(y, SASS_VPART_B0 + k, i->signed_b);
      int64_t t = p < q ? q - p : p - q;
      if (i->sat)
         t = sass_video_clamp(t, 8, i->ud);
      if (i->vacc)
         r += (uint32_t)t;
      else
         r = (r & ~(0xffu << 8 * k)) | ((uint32_t)t & 0xff) << 8 * k;
   }
   return r;
}

/* --- IMADSP: a product of parts of registers, plus c --- */

static inline uint32_t
sass_imadsp_factor(uint32_t v, enum sass_type type)
{
   switch (type) {
   case SASS_U24:
      return v & 0xffffff;
   case SASS_S24:
      return (uint32_t)((int32_t)(v << 8) >> 8);
   case SASS_U16:
      return v & 0xffff;
   case SASS_S16:
      return (uint32_t)(int16_t)v;
   case SASS_U16H1:
      return v >> 16;
   case SASS_S16H1:
      return (uint32_t)((int32_t)v >> 16);
   default:
      return v;
   }
}

/* width_c: 0 all, 1 24 bits, 2 16 bits; they have the sign of the factors
 * [guess].  SD (3) takes the widths from the registers in a way that nobody
 * has described. */
static inline uint32_t
sass_imadsp(const struct sass_instr *i, uint32_t a, uint32_t b, uint32_t c)
{
   static const enum sass_type c_types[2][3] = {{SASS_U32, SASS_U24, SASS_U16},
                                                {SASS_S32, SASS_S24, SASS_S16}};
   bool is_signed = i->stype == SASS_S32 || i->stype == SASS_S24 ||
                    i->stype == SASS_S16 || i->stype == SASS_S16H1 ||
                    i->type == SASS_S24 || i->type == SASS_S16;
   return sass_imadsp_factor(a, i->stype) * sass_imadsp_factor(b, i->type) +
          sass_imadsp_factor(c, c_types[is_signed][i->width_c % 3]);
}

#endif
