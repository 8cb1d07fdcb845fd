/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "compiler/partage_compiler.h"

#include "compiler/clc/clc_ops.h"
#include "nouveau/compiler/nvir_pipeline.h"
#include "util/util_macros.h"

PARTAGE_EXPORT struct partage_compiler_module partage_compiler_module = {
   .abi = PARTAGE_COMPILER_ABI,
};

/* Before dlopen returns; read-only from then on. */
__attribute__((constructor)) static void
fill_module(void)
{
   partage_compiler_module.clc = clc_get_ops();
   partage_compiler_module.nvir = nvir_get_ops();
}
