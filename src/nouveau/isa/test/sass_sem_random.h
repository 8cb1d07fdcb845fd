/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Random operands for the tests of sass_sem.h; TEST_SEED repeats a run. */
#ifndef SASS_SEM_RANDOM_H
#define SASS_SEM_RANDOM_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "nouveau/isa/sass_sem.h"
#include "util/test/test_random.h"

static uint64_t rng_state;

static inline uint64_t
rng(void)
{
   return test_rng(&rng_state);
}

static inline int
seed(void **state)
{
   rng_state = test_rng_state(test_seed());
   return 0;
}

/* Bits of interest: sparse, dense, small, all but one. */
static inline uint32_t
rng32(void)
{
   uint32_t v = (uint32_t)(rng() >> 16);
   switch (rng() % 8) {
   case 0:
      return v & (uint32_t)rng();
   case 1:
      return v >> (rng() % 32);
   case 2:
      return 1u << (rng() % 32);
   case 3:
      return ~(1u << (rng() % 32));
   case 4:
      return (uint32_t) - (int32_t)(v % 5);
   default:
      return v;
   }
}

static inline uint64_t
rng64(void)
{
   return (uint64_t)rng32() << 32 | rng32();
}

/* Floats near each other, subnormal, special. */
static inline uint32_t
rng_f32(void)
{
   uint32_t v = (uint32_t)(rng() >> 16);
   switch (rng() % 8) {
   case 0:
      return (v & 0x807fffff) | 0x3f800000; /* near 1 */
   case 1:
      return v & 0x807fffff; /* subnormal */
   case 2:
      return (v & 0x800007ff) | (uint32_t)(rng() % 256) << 23;
   case 3: {
      static const uint32_t special[] = {0, 0x7f800000, 0x7fc00000, 0x7f7fffff,
                                         1, 0x00800000, 0x3f800000, 0x34000000};
      return special[v % 8] | (v & 0x80000000);
   }
   case 4:
      return (v & 0x80ffffff) | 0x7e000000; /* large */
   default:
      return v;
   }
}

static inline uint64_t
rng_f64(void)
{
   uint64_t v = rng() ^ rng() << 32;
   switch (rng() % 8) {
   case 0:
      return (v & 0x800fffffffffffff) | 0x3ff0000000000000;
   case 1:
      return v & 0x800fffffffffffff;
   case 2:
      return (v & 0x8000000000000fff) | (rng() % 2048) << 52;
   case 3: {
      static const uint64_t special[] = {
         0, 0x7ff0000000000000, 0x7ff8000000000000, 0x7fefffffffffffff,
         1, 0x0010000000000000, 0x3ff0000000000000, 0x3ca0000000000000};
      return special[v % 8] | (v & 1ull << 63);
   }
   case 4:
      return (v & 0x801fffffffffffff) | 0x7fc0000000000000;
   default:
      return v;
   }
}

#define CHECK(got, want, fmt, ...)                                             \
   do {                                                                        \
      unsigned long long g_ = (got), w_ = (want);                              \
      if (g_ != w_)                                                            \
         fail_msg(fmt ": got %#llx, expected %#llx", __VA_ARGS__, g_, w_);     \
   } while (0)

#endif
