/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include <assert.h>

#include "nouveau/compiler/nvir_regfile_priv.h"

void
nvir_regfile_place(struct nvir_regfile *f, struct nvir_value *v, int reg)
{
   assert(nvir_regfile_is_free(f, reg, v->words));
   for (unsigned w = 0; w < v->words; w++)
      f->owner[reg + w] = v;
   f->used = MAX2(f->used, reg + v->words);
   f->next =
      reg + v->words < MIN2(f->limit, f->free_height) ? reg + v->words : 0;
}

void
nvir_regfile_remove(struct nvir_regfile *f, struct nvir_value *v, int reg)
{
   for (unsigned w = 0; w < v->words; w++) {
      assert(f->owner[reg + w] == v);
      f->owner[reg + w] = NULL;
   }
}

bool
nvir_regfile_is_free(const struct nvir_regfile *f, int reg, unsigned words)
{
   if (reg < 0 || reg % nvir_reg_align(words) || reg + words > f->limit)
      return false;
   for (unsigned w = 0; w < words; w++)
      if (f->owner[reg + w])
         return false;
   return true;
}

static bool
is_empty(const struct nvir_regfile *f, unsigned first, unsigned n)
{
   for (unsigned r = first; r < first + n; r++)
      if (r < f->limit && (f->owner[r] || f->reserved[r]))
         return false;
   return true;
}

/* Cost of breaking up: whole quads and pairs are kept for vectors, and the top
 * stays as low as it is. Reservations outweigh both. */
static unsigned
place_cost(const struct nvir_regfile *f, int reg, unsigned words,
           const struct nvir_value *self)
{
   unsigned cost = 0;
   for (unsigned w = 0; w < words; w++)
      if (f->reserved[reg + w] && f->reserved[reg + w] != self)
         cost = 16;
   for (unsigned w = 0; w < words && cost < 16; w++)
      if (f->wanted[reg + w])
         cost = 5;
   if (reg + words > f->used && reg + words > f->free_height)
      cost += 4;
   if (words == 1 && is_empty(f, reg & ~1, 2))
      cost += 1;
   if (words <= 2 && is_empty(f, reg & ~3, 4))
      cost += 2;
   return cost;
}

int
nvir_regfile_find(const struct nvir_regfile *f, unsigned words,
                  const struct nvir_value *self)
{
   int best = NVIR_NO_REG;
   unsigned best_cost = UINT32_MAX, align = nvir_reg_align(words);
   unsigned num = f->limit / align, first = f->next / align;
   for (unsigned n = 0; n < num && best_cost; n++) {
      int reg = (first + n) % num * align;
      if (!nvir_regfile_is_free(f, reg, words))
         continue;
      unsigned cost = place_cost(f, reg, words, self);
      if (cost < best_cost) {
         best = reg;
         best_cost = cost;
      }
   }
   return best;
}

int
nvir_regfile_find_unreserved(const struct nvir_regfile *f, unsigned words)
{
   int reg = nvir_regfile_find(f, words, NULL);
   return reg != NVIR_NO_REG && place_cost(f, reg, words, NULL) < 16
             ? reg
             : NVIR_NO_REG;
}

void
nvir_regfile_reserve(struct nvir_regfile *f, int reg, unsigned words,
                     struct nvir_value *vector)
{
   for (unsigned w = 0; w < words; w++)
      f->reserved[reg + w] = vector;
}

void
nvir_regfile_unreserve(struct nvir_regfile *f, int reg, unsigned words)
{
   nvir_regfile_reserve(f, reg, words, NULL);
}

void
nvir_regfile_want(struct nvir_regfile *f, struct nvir_value *phi)
{
   for (unsigned w = 0; w < phi->words; w++)
      f->wanted[phi->reg + w] = phi;
}

void
nvir_regfile_unwant(struct nvir_regfile *f, const struct nvir_value *phi)
{
   if (phi->reg < 0 || phi->reg + phi->words > NVIR_MAX_GPR)
      return;
   for (unsigned w = 0; w < phi->words; w++)
      if (f->wanted[phi->reg + w] == phi)
         f->wanted[phi->reg + w] = NULL;
}
