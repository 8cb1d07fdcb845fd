/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Passes over one kernel, in the order nvir_pipeline.c runs them. lower_ must
 * run, opt_ may be skipped. Each leaves a valid shader. A pass that returns int
 * can fail: 0 or -errno with a line in shader->log. */
#ifndef NVIR_PASSES_H
#define NVIR_PASSES_H

#include "nouveau/compiler/nvir_ir.h"

/* NVIR_DEBUG words; the table with help is in nvir_pipeline.c. */
#define NVIR_DEBUG_PRINT    (1u << 0) /* IR after each pass, to stderr */
#define NVIR_DEBUG_VALIDATE (1u << 1) /* also in the middle of long passes */
#define NVIR_DEBUG_SPILL    (1u << 2) /* as if there were very few registers */
#define NVIR_DEBUG_SERIAL                                                      \
   (1u << 3) /* stall 15 and wait for everything at each step */
#define NVIR_DEBUG_NOOPT  (1u << 4) /* skip opt_ passes */
#define NVIR_DEBUG_STATS  (1u << 5) /* one line a kernel */
#define NVIR_DEBUG_ASM    (1u << 6) /* disassembly of the result */
#define NVIR_DEBUG_LLVM   (1u << 7) /* the LLVM IR that comes in */
#define NVIR_DEBUG_STRUCT (1u << 8) /* always run LLVM's CFG structurizer */

/* Front half. */
void nvir_opt_dce(struct nvir_shader *s);
void nvir_opt_cse(struct nvir_shader *s);
void nvir_opt_fold(struct nvir_shader *s);
void nvir_opt_schedule(struct nvir_shader *s); /* before registers */
/* Bits that an I32 or I64 operand may have set; all others are 0. */
uint64_t nvir_possible_bits(struct nvir_src src, enum nvir_type type);
void nvir_lower_div(struct nvir_shader *s);  /* integer division */
void nvir_lower_fdiv(struct nvir_shader *s); /* float division, square root */
void nvir_lower_atomics(struct nvir_shader *s);
void
nvir_lower_int(struct nvir_shader *s); /* what takes several 64-bit steps */
void
nvir_analyze_uniformity(struct nvir_shader *s); /* sets CBR's is_divergent */
int
nvir_check_convergence(struct nvir_shader *s); /* -EAGAIN: structurize first */
int nvir_legalize(struct nvir_shader *s);
void nvir_split_critical_edges(struct nvir_shader *s);
void nvir_opt_predicate(struct nvir_shader *s); /* short sides of branches */
void nvir_opt_jumps(struct nvir_shader *s); /* empty blocks, after allocation */

/* Back half. */
void nvir_analyze_loops(struct nvir_shader *s); /* block->loop_depth */
int nvir_spill(struct nvir_shader *s);
int nvir_assign_regs(struct nvir_shader *s);
void nvir_validate_ra(struct nvir_shader *s);
int
nvir_insert_convergence(struct nvir_shader *s); /* front half's, runs here */
void nvir_schedule(struct nvir_shader *s);
void nvir_insert_deps(struct nvir_shader *s);
/* Appends the machine code, padded; the caller aligns the start. */
int nvir_pack(struct nvir_shader *s, struct util_buf *code);
void nvir_stats(const struct nvir_shader *s, struct util_buf *out);

#endif
