/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Registers that a machine instruction touches, as sets of places: what
 * scheduling and dependencies are about. */
#ifndef NVIR_ACCESS_PRIV_H
#define NVIR_ACCESS_PRIV_H

#include "nouveau/compiler/nvir_ir.h"
#include "util/util_bitset.h"

/* GPRs, then predicates, then the condition code. */
enum {
   NVIR_FIRST_PRED_PLACE = 256,
   NVIR_CC_PLACE = NVIR_FIRST_PRED_PLACE + 8,
   NVIR_NUM_PLACES,
   NVIR_PLACE_WORDS = UTIL_BITSET_WORDS(NVIR_NUM_PLACES),
};

struct nvir_places {
   uint64_t w[NVIR_PLACE_WORDS];
};

struct nvir_access {
   struct nvir_places reads, writes;
};

/* `i` is a NVIR_OP_MACH whose values have registers. */
struct nvir_access nvir_access_of(const struct nvir_instr *i);
/* Cycles after issue when a fixed-latency instruction's result is in `place`. */
unsigned nvir_place_latency(const struct nvir_instr *i, unsigned place);

static inline bool
nvir_places_meet(const struct nvir_places *a, const struct nvir_places *b)
{
   uint64_t any = 0;
   for (unsigned n = 0; n < NVIR_PLACE_WORDS; n++)
      any |= a->w[n] & b->w[n];
   return any != 0;
}

static inline bool
nvir_places_are_empty(const struct nvir_places *a)
{
   return !nvir_places_meet(a, a);
}

/* Returns whether `a` grew. */
static inline bool
nvir_places_add(struct nvir_places *a, const struct nvir_places *b)
{
   uint64_t grown = 0;
   for (unsigned n = 0; n < NVIR_PLACE_WORDS; n++) {
      grown |= b->w[n] & ~a->w[n];
      a->w[n] |= b->w[n];
   }
   return grown != 0;
}

#define nvir_foreach_place(place, set)                                         \
   util_bitset_for_each(place, (set)->w, NVIR_NUM_PLACES)

#endif
