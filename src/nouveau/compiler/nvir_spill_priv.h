/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Shared by the parts of nvir_spill: choosing values (nvir_spill_choose.c) and
 * rewriting the shader (nvir_spill.c). */
#ifndef NVIR_SPILL_PRIV_H
#define NVIR_SPILL_PRIV_H

#include "nouveau/compiler/nvir_liveness_priv.h"
#include "nouveau/compiler/nvir_pressure_priv.h"

enum nvir_spill_choice {
   NVIR_KEEP,
   NVIR_SPILL,     /* stored after its definition, loaded before uses */
   NVIR_SPILL_PHI, /* a phi that never is in a register: its sources are stored */
};

/* Where a spilled value is, and how to get it back. A fresh one for each value.
 */
struct nvir_home {
   int32_t offset_B;         /* GPR: in local memory; -1: none */
   struct nvir_value *word;  /* predicate: 0 or 1 in a GPR; NULL: none */
   struct nvir_instr *store; /* what put it there */
   bool is_fill;             /* the value itself came from a home */
};

struct nvir_spill {
   struct nvir_shader *s;
   enum nvir_class cls;
   unsigned limit;
   unsigned round;
   struct nvir_home *homes; /* by value index */
   unsigned num_homes;
   /* of this round, by value index */
   struct util_arena arena;
   struct nvir_liveness live;
   uint8_t *choice;
};

/* Fills `choice` so that at most `limit` registers are live at once, if that is
 * possible. Returns how many values were chosen. */
unsigned nvir_spill_choose(struct nvir_spill *sp);

/* The definition can be repeated anywhere: a constant, a launch parameter. */
bool nvir_spill_can_repeat(const struct nvir_value *v);

#endif
