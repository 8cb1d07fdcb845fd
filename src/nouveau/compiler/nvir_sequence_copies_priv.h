/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A parallel copy as a sequence of moves and swaps. Registers are plain numbers
 * of one file (GPRs or predicates); nothing here knows the IR. */
#ifndef NVIR_SEQUENCE_COPIES_PRIV_H
#define NVIR_SEQUENCE_COPIES_PRIV_H

#include "util/util_macros.h"

#define NVIR_COPY_NO_TEMP 0xff

struct nvir_copy {
   uint8_t dst, src;
};

struct nvir_copy_step {
   bool swap; /* exchange dst and src; else dst = src */
   uint8_t dst, src;
};

/* All `src` are read before any `dst` is written; the dsts are distinct. `temp`
 * is a register that is neither read nor written here and may be overwritten,
 * or NVIR_COPY_NO_TEMP: then cycles become swaps. Needs room for 2 * n steps;
 * returns how many were made. Same input, same output. */
unsigned nvir_sequence_copies(const struct nvir_copy *copies, unsigned n,
                              uint8_t temp, struct nvir_copy_step *steps_out);

#endif
