/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* For the tests of the back half: random kernels in the form nvir_legalize
 * leaves, one thread each, and two ways to run them. All output is the thread's
 * local memory, so that a program does the same whichever registers it got. */
#ifndef RANDOM_PROGRAM_H
#define RANDOM_PROGRAM_H

#include "nouveau/compiler/nvir_passes.h"

#define PROGRAM_LOCAL_B 512 /* the program's own memory; spills come after */
#define MACHINE_LOCAL_B 0x40000

struct random_options {
   unsigned seed;
   unsigned num_vars[5]; /* live variables: 1, 2, 3, 4 words, predicates */
   unsigned num_statements;
   unsigned max_depth; /* of nested ifs and loops */
};

struct nvir_shader *random_program(const struct random_options *o);

/* Runs the SSA form; `local` has PROGRAM_LOCAL_B bytes. */
void run_ssa(struct nvir_shader *s, uint8_t *local);

/* BR, CBR, EXIT as jumps for a single thread, instead of
 * nvir_insert_convergence. */
void lower_jumps(struct nvir_shader *s);

/* Runs packed code on a machine that delays results and late reads as the
 * hardware may, with random delays from `seed`. Returns the cycles, or 0: it
 * never ended. */
uint64_t run_machine(const uint8_t *code, size_t size_B, unsigned seed,
                     uint8_t *local);

/* What an instruction computes from its operands; shared by both. */
struct lane_io {
   uint32_t a[4], b[4], c[4], d_in[4];
   bool pa, pb, pc, x;
   uint32_t d[4];
   bool pd, pd2, cc;
};
void exec_alu(const struct sass_instr *mi, struct lane_io *io);

#endif
