/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Shared by the parts of nvir_assign_regs: the walk over a block, the hints,
 * the copies on edges, and the lowering of copies to instructions. */
#ifndef NVIR_ASSIGN_PRIV_H
#define NVIR_ASSIGN_PRIV_H

#include "nouveau/compiler/nvir_liveness_priv.h"
#include "nouveau/compiler/nvir_passes.h"
#include "nouveau/compiler/nvir_pressure_priv.h"
#include "nouveau/compiler/nvir_regfile_priv.h"

#define NVIR_NO_TEMP 0xff /* nvir_instr.scratch of a copy: no register free */

/* A live value and the name (nvir_value with `reg`) of where it is. */
struct nvir_place {
   struct nvir_value *orig, *name;
};

struct nvir_block_places {
   struct nvir_place *entry, *exit; /* entry: after the phis */
   unsigned num_entry, num_exit;
   bool done;
};

/* Where values would save a copy. By value index. */
struct nvir_hints {
   struct nvir_value **vector_of; /* the COLLECT that ends the value */
   uint8_t *vector_word;
   int16_t *vector_base; /* of a COLLECT's result: place chosen in this block */
   struct nvir_value **phi_of; /* the phi that takes the value */
   int16_t *phi_reg;           /* of a phi's result: place of a first source */
};

struct nvir_ra {
   struct nvir_shader *s;
   struct nvir_liveness live;
   struct nvir_regfile files[NVIR_NUM_CLASSES];
   struct nvir_value **name; /* by value index: where it is now, NULL: nowhere */
   uint32_t *uses_left;      /* by value index: in this block */
   struct nvir_block_places *blocks;
   struct nvir_hints hints;
   struct nvir_block *block;
};

/* The instruction at hand: sources that end here (already out of the file,
 * names kept) and results that need a place, widest first. */
#define NVIR_MAX_OPERANDS 16
struct nvir_ra_step {
   struct nvir_instr *i;
   struct nvir_value *killed[NVIR_MAX_OPERANDS];
   struct nvir_value *dsts[NVIR_MAX_OPERANDS];
   unsigned num_killed, num_dsts;
};

static inline struct nvir_regfile *
nvir_ra_file(struct nvir_ra *ra, const struct nvir_value *v)
{
   return &ra->files[v->cls];
}

/* Puts `v` at `reg` of its file under a name for that place. */
void nvir_ra_place(struct nvir_ra *ra, struct nvir_value *v, int reg);
/* The name of `v` at `reg`, whether or not it is there. */
struct nvir_value *nvir_ra_name(struct nvir_ra *ra, struct nvir_value *v,
                                int reg);

void nvir_hints_init(struct nvir_ra *ra);
/* A free place for `v` that saves a copy later, or NVIR_NO_REG. */
int nvir_hints_find(struct nvir_ra *ra, struct nvir_value *v);
/* `v` got `reg`. */
void nvir_hints_placed(struct nvir_ra *ra, struct nvir_value *v, int reg);

/* Moves everything so that `step` fits, with a PCOPY before it. 0, or -ENOSPC
 * if the file is too small for that. */
int nvir_ra_relayout(struct nvir_ra *ra, struct nvir_ra_step *step);
/* The same for block entry, where each predecessor copies as needed: places the
 * values in `v` as well as what is there. */
int nvir_ra_relayout_entry(struct nvir_ra *ra, struct nvir_value **v,
                           unsigned n);

/* PCOPYs at the ends of predecessors. */
void nvir_ra_copy_on_edges(struct nvir_ra *ra);

/* COLLECT, SPLIT, COPY, PCOPY, UNDEF, PHI become moves or nothing. `scratch` of
 * a PCOPY names a temporary; the result is the highest GPR used + 1. */
unsigned nvir_lower_copies(struct nvir_shader *s);

#endif
