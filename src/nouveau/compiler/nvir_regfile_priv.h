/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* One register file while nvir_assign_regs walks a block: who is where, and
 * where a value would go best. */
#ifndef NVIR_REGFILE_PRIV_H
#define NVIR_REGFILE_PRIV_H

#include "nouveau/compiler/nvir_ir.h"

#define NVIR_NO_REG  (-1)
#define NVIR_MAX_GPR 255 /* R0..R254 */

struct nvir_regfile {
   unsigned limit;       /* registers that may be used */
   unsigned used;        /* highest used so far + 1 */
   unsigned free_height; /* up to here height costs nothing */
   unsigned next;        /* where the search for a place begins */
   struct nvir_value *owner[NVIR_MAX_GPR + 1]; /* NULL: free */
   struct nvir_value
      *reserved[NVIR_MAX_GPR + 1]; /* kept for this vector, softly */
   /* Home of this phi of an open loop, whose next value is not placed yet; more
    * softly. */
   struct nvir_value *wanted[NVIR_MAX_GPR + 1];
};

/* Registers that a value of `words` takes from others: 3 words sit in a quad
 * whose last register anyone may use, but only a scalar can. */
static inline unsigned
nvir_reg_align(unsigned words)
{
   return words == 3 ? 4 : words;
}

void nvir_regfile_place(struct nvir_regfile *f, struct nvir_value *v, int reg);
void nvir_regfile_remove(struct nvir_regfile *f, struct nvir_value *v, int reg);
bool nvir_regfile_is_free(const struct nvir_regfile *f, int reg,
                          unsigned words);
/* A free place, low and where it breaks up least, or NVIR_NO_REG. Avoids what
 * is reserved for others than `self` as long as there is something else. */
int nvir_regfile_find(const struct nvir_regfile *f, unsigned words,
                      const struct nvir_value *self);
/* As above, but only places that nobody has reserved. */
int nvir_regfile_find_unreserved(const struct nvir_regfile *f, unsigned words);
void nvir_regfile_reserve(struct nvir_regfile *f, int reg, unsigned words,
                          struct nvir_value *vector);
void nvir_regfile_want(struct nvir_regfile *f, struct nvir_value *phi);
void nvir_regfile_unwant(struct nvir_regfile *f, const struct nvir_value *phi);
void nvir_regfile_unreserve(struct nvir_regfile *f, int reg, unsigned words);

#endif
