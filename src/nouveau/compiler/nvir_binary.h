/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Writing a device binary; reading one is in nvir.h. */
#ifndef NVIR_BINARY_H
#define NVIR_BINARY_H

#include "nouveau/compiler/nvir.h"

/* `program` as a view of what to store; the kernels' names and all bytes are
 * copied. 0 or -ENOMEM. */
int nvir_binary_build(const struct nvir_program *program,
                      struct nvir_blob *binary_out);

#endif
