/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What SASS instructions do to one lane: the definition of meaning, on which
 * the simulator's interpreter loops and against which anything faster is
 * compared.  Source: isa.md 3.
 *
 * Arguments and results are register contents (uint32_t, uint64_t for pairs,
 * low register in the low half) after operand selection; source modifiers have
 * functions of their own (sass_f32_mod, sass_half_src, ...).  A function named
 * like the mnemonic is the common case (round to nearest, no FTZ, no SAT, no
 * CC) as a plain expression that a compiler can vectorise; ..._full takes all
 * modifiers.
 *
 * The host must round to nearest and not flush subnormals, and the code must be
 * compiled with -ffp-contract=off (idep_sass passes it).
 *
 * Choices where hardware is not known are marked [guess]. */
#ifndef SASS_SEM_H
#define SASS_SEM_H

#include "nouveau/isa/sass_sem_conv.h"
#include "nouveau/isa/sass_sem_double.h"
#include "nouveau/isa/sass_sem_float.h"
#include "nouveau/isa/sass_sem_half.h"
#include "nouveau/isa/sass_sem_int.h"
#include "nouveau/isa/sass_sem_mufu.h"
#include "nouveau/isa/sass_sem_video.h"

/* SHFL (isa.md 3.7): the lane to read from; *ok_out goes to pd.  c: clamp in
 * bits 0..4, segment mask in bits 8..12. */
static inline unsigned
sass_shfl_lane(enum sass_shfl mode, unsigned lane, uint32_t b, uint32_t c,
               bool *ok_out)
{
   unsigned mask = c >> 8 & 31, clamp = c & 31;
   unsigned min_lane = lane & mask;
   unsigned max_lane = min_lane | (clamp & ~mask);
   int from = 0;
   b &= 31;
   switch (mode) {
   case SASS_SHFL_IDX:
      from = min_lane | (b & ~mask & 31);
      break;
   case SASS_SHFL_UP:
      from = (int)lane - (int)b;
      *ok_out = from >= (int)max_lane;
      return *ok_out ? (unsigned)from : lane;
   case SASS_SHFL_DOWN:
      from = lane + b;
      break;
   case SASS_SHFL_BFLY:
      from = lane ^ b;
      break;
   }
   *ok_out = from <= (int)max_lane;
   return *ok_out ? (unsigned)from : lane;
}

#endif
