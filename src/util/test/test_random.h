/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* For tests that draw numbers. TEST_SEED repeats a run; without it the seed is
 * 1: what passes here passes there (bin/test --seed random draws another). */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The run's seed, which is printed. */
static inline uint64_t
test_seed(void)
{
   const char *env = getenv("TEST_SEED");
   uint64_t seed = env ? strtoull(env, NULL, 0) : 1;
   printf("TEST_SEED=%" PRIu64 "\n", seed);
   fflush(stdout);
   return seed;
}

/* A state for test_rng: neighbouring seeds give unrelated numbers. */
static inline uint64_t
test_rng_state(uint64_t seed)
{
   return seed * 0x9e3779b97f4a7c15u | 1;
}

static inline uint64_t
test_rng(uint64_t *state)
{
   *state ^= *state << 13;
   *state ^= *state >> 7;
   *state ^= *state << 17;
   return *state * 0x2545f4914f6cdd1du;
}

#endif
