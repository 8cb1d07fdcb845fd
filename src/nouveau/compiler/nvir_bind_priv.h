/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#ifndef NVIR_BIND_PRIV_H
#define NVIR_BIND_PRIV_H

#include "nouveau/compiler/nvir_ir.h"

/* The machine instruction of a NVIR_OP_MACH whose values have registers: the
 * template with register numbers in its slots. `target` is not filled in. */
void nvir_bind(const struct nvir_instr *i, struct sass_instr *out);

#endif
