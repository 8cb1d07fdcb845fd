/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau/compiler/nvir_passes.h"

/* Keeps the order that legalisation and assignment gave. */
void
nvir_schedule(struct nvir_shader *s)
{
}
