/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "compiler/clc/clc_shard_strip.h"

#include <llvm/IR/Module.h>

void
clc_shard_strip(LLVMModuleRef module)
{
   llvm::Module *m = llvm::unwrap(module);
   while (!m->named_metadata_empty())
      m->eraseNamedMetadata(&*m->named_metadata_begin());
}
