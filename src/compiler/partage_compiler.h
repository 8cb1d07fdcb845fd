/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What libpartage-compiler.so exports, and all it exports. The composition root
 * (targets/opencl) loads the module on first need with RTLD_LOCAL, looks the
 * symbol up, checks `abi` and never unloads it (LLVM does not stand that). */
#ifndef PARTAGE_COMPILER_H
#define PARTAGE_COMPILER_H

#include <stdint.h>

#include "compiler/clc/clc.h"
#include "nouveau/compiler/nvir.h"

#define PARTAGE_COMPILER_ABI    1
#define PARTAGE_COMPILER_SYMBOL "partage_compiler_module"

struct partage_compiler_module {
   uint32_t abi;              /* PARTAGE_COMPILER_ABI */
   const struct clc_ops *clc; /* check its abi too */
   const struct nvir_ops *nvir;
};

#endif
