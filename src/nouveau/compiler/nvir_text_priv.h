/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Names shared by nvir_print and nvir_parse, so that text round-trips.
 *
 *    kernel "vadd" chipset=0x134 shared_B=0
 *    block 0 preds [] succs [1 2]:
 *      %0.g1 = s2r i32 {imm=0x21}
 *      %1.p = icmp i1 %0, #0x10 {src_type=i32 cond=1}
 *      %2.g1@rd = mach "IADD RZ, RZ, 0x4" %0@ra
 *      cbr %1
 *
 * A value is written %index.class at its definition: g1..g4, p, c; "=R4" or
 * "=P0" follows once it has a register. #n is an immediate, c[n] the constant
 * bank. */
#ifndef NVIR_TEXT_PRIV_H
#define NVIR_TEXT_PRIV_H

#include "nouveau/compiler/nvir_ir.h"

/* Members of struct nvir_instr and struct nvir_shader printed if not 0. */
struct nvir_text_field {
   const char *name;
   uint16_t offset;
   uint8_t size_B;
   uint8_t kind; /* enum nvir_text_kind */
};

enum nvir_text_kind {
   NVIR_TEXT_NUMBER,
   NVIR_TEXT_TYPE
};

extern const struct nvir_text_field
   nvir_text_instr_fields[]; /* ends with NULL name */
extern const struct nvir_text_field nvir_text_shader_fields[];
extern const char *const nvir_text_slots[NVIR_NUM_SLOTS];

int64_t nvir_text_get(const void *object, const struct nvir_text_field *f);
void nvir_text_set(void *object, const struct nvir_text_field *f, int64_t v);

#endif
