/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What both schedulers know of machine instructions. */
#ifndef NVIR_ORDER_PRIV_H
#define NVIR_ORDER_PRIV_H

#include "nouveau/compiler/nvir_ir.h"

/* Nothing moves across it: jumps, barriers, fences, clocks. */
bool nvir_is_fixed(const struct nvir_instr *i);
/* Memory: `b` may not go before `a`. */
bool nvir_must_keep_order(const struct nvir_instr *a,
                          const struct nvir_instr *b);
/* Cycles from issue to use where a scoreboard tells; 0: a fixed latency. */
unsigned nvir_variable_latency(const struct nvir_instr *i);

#endif
