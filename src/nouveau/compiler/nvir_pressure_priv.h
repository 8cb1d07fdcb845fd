/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* How many registers a shader needs and how many it may have. */
#ifndef NVIR_PRESSURE_PRIV_H
#define NVIR_PRESSURE_PRIV_H

#include "nouveau/compiler/nvir_liveness_priv.h"
#include "nouveau/compiler/nvir_regfile_priv.h"

#define NVIR_NUM_CLASSES 3

/* The most registers of each class that are live at once: with that many,
 * nvir_assign_regs succeeds, moving values about if need be. */
void nvir_register_demand(struct nvir_shader *s, const struct nvir_liveness *l,
                          unsigned demand_out[NVIR_NUM_CLASSES]);

/* The most that nvir_spill leaves: bounded by the launch (see the .c) and by
 * NVIR_DEBUG=spill. */
unsigned nvir_register_limit(const struct nvir_shader *s, enum nvir_class cls);

#endif
