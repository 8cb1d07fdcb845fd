/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "compiler/partage_compiler.h"

#include "compiler/clc/clc_ops.h"
#include "util/util_macros.h"

/* Weak, so that the front end can be built and tried alone. */
extern const struct nvir_ops *nvir_get_ops(void) __attribute__((weak));

PARTAGE_EXPORT struct partage_compiler_module partage_compiler_module = {
   .abi = PARTAGE_COMPILER_ABI,
};

/* Before dlopen returns; read-only from then on. */
__attribute__((constructor)) static void
fill_module(void)
{
   partage_compiler_module.clc = clc_get_ops();
   if (nvir_get_ops)
      partage_compiler_module.nvir = nvir_get_ops();
}
