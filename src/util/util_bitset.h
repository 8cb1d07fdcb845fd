/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Bitsets as arrays of 64-bit words owned by the caller. */
#ifndef UTIL_BITSET_H
#define UTIL_BITSET_H

#include <string.h>

#include "util/util_macros.h"

#define UTIL_BITSET_WORDS(bits) (((bits) + 63) / 64)

static inline bool
util_bitset_test(const uint64_t *s, unsigned i)
{
   return s[i / 64] >> (i % 64) & 1;
}

static inline void
util_bitset_set(uint64_t *s, unsigned i)
{
   s[i / 64] |= 1ull << (i % 64);
}

static inline void
util_bitset_clear(uint64_t *s, unsigned i)
{
   s[i / 64] &= ~(1ull << (i % 64));
}

/* Word mask of the bits of [first, first+n) that fall into word w. */
static inline uint64_t
util_bitset_word_mask(unsigned w, unsigned first, unsigned n)
{
   uint64_t lo = (uint64_t)w * 64, hi = lo + 64;
   uint64_t b = MAX2(lo, first), e = MIN2(hi, (uint64_t)first + n);
   if (b >= e)
      return 0;
   return (~0ull >> (64 - (e - b))) << (b - lo);
}

static inline void
util_bitset_set_range(uint64_t *s, unsigned first, unsigned n)
{
   for (unsigned w = first / 64; n && w <= (first + n - 1) / 64; w++)
      s[w] |= util_bitset_word_mask(w, first, n);
}

static inline void
util_bitset_clear_range(uint64_t *s, unsigned first, unsigned n)
{
   for (unsigned w = first / 64; n && w <= (first + n - 1) / 64; w++)
      s[w] &= ~util_bitset_word_mask(w, first, n);
}

static inline unsigned
util_bitset_count_range(const uint64_t *s, unsigned first, unsigned n)
{
   unsigned c = 0;
   for (unsigned w = first / 64; n && w <= (first + n - 1) / 64; w++)
      c += __builtin_popcountll(s[w] & util_bitset_word_mask(w, first, n));
   return c;
}

static inline bool
util_bitset_any_range(const uint64_t *s, unsigned first, unsigned n)
{
   for (unsigned w = first / 64; n && w <= (first + n - 1) / 64; w++)
      if (s[w] & util_bitset_word_mask(w, first, n))
         return true;
   return false;
}

/* Index of the first set bit in [from, bits), or `bits`. */
static inline unsigned
util_bitset_next(const uint64_t *s, unsigned from, unsigned bits)
{
   while (from < bits) {
      uint64_t w = s[from / 64] >> (from % 64);
      if (w) {
         unsigned i = from + __builtin_ctzll(w);
         return MIN2(i, bits);
      }
      from = (from / 64 + 1) * 64;
   }
   return bits;
}

#define util_bitset_for_each(i, s, bits)                                       \
   for (unsigned i = util_bitset_next(s, 0, bits); i < (bits);                 \
        i = util_bitset_next(s, i + 1, bits))

/* For each set bit of a 32- or 64-bit mask value. */
#define util_bits_for_each(i, mask)                                            \
   for (uint64_t i##_m = (mask), i = i##_m ? __builtin_ctzll(i##_m) : 0;       \
        i##_m; i##_m &= i##_m - 1, i = i##_m ? __builtin_ctzll(i##_m) : 0)

#endif
