/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau/compiler/nvir_build_priv.h"
#include "nouveau/compiler/nvir_passes.h"

void
nvir_lower_fdiv(struct nvir_shader *s)
{
}
