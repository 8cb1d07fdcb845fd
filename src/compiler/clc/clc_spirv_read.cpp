/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The translator has a C++ API only. Version 15.0 yields typed pointers, so it
 * gets a context of its own, and bitcode carries the module over. */
#include <LLVMSPIRVLib/LLVMSPIRVLib.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/raw_ostream.h>
#include <memory>
#include <sstream>

#include "compiler/clc/clc_spirv.h"

int
clc_spirv_read(const void *spirv, size_t size_B, struct clc_blob *bitcode_out,
               char **why_out)
{
   *why_out = nullptr;
   llvm::LLVMContext context;
   context.setOpaquePointers(false);
   SPIRV::TranslatorOpts options(SPIRV::VersionNumber::MaximumVersion);
   options.enableAllExtensions();
   options.setGenKernelArgNameMDEnabled(true);
   options.setDesiredBIsRepresentation(SPIRV::BIsRepresentation::OpenCL20);

   std::istringstream stream(
      std::string(static_cast<const char *>(spirv), size_B));
   llvm::Module *module = nullptr;
   std::string why;
   if (!llvm::readSpirv(context, options, stream, module, why)) {
      *why_out = strdup(why.c_str());
      return -EINVAL;
   }
   std::unique_ptr<llvm::Module> owner(module);

   llvm::SmallVector<char, 0> bitcode;
   llvm::raw_svector_ostream out(bitcode);
   llvm::WriteBitcodeToFile(*module, out);
   bitcode_out->size_B = bitcode.size();
   bitcode_out->data = malloc(bitcode.size());
   if (!bitcode_out->data)
      return -ENOMEM;
   memcpy(bitcode_out->data, bitcode.data(), bitcode.size());
   return 0;
}
