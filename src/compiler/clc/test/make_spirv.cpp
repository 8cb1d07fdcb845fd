/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "make_spirv.h"

#include <LLVMSPIRVLib/LLVMSPIRVLib.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <memory>
#include <sstream>

#include "compiler/clc/clc_clang.h"

static const char *const args[] = {
   "-triple",
   "spir64",
   "-x",
   "cl",
   "-cl-std=CL3.0",
   "-O1",
   "-disable-llvm-passes",
   "-emit-llvm-bc",
   "-no-opaque-pointers", /* what version 15.0 of the translator takes */
   "-fdeclare-opencl-builtins",
   "-cl-kernel-arg-info",
   "-nobuiltininc",
   "-nostdsysteminc",
   "-include",
   CLC_CLANG_BASE_HEADER,
};

static bool
translate(const struct clc_blob &bitcode, std::string &spirv)
{
   llvm::LLVMContext context;
   context.setOpaquePointers(false);
   llvm::StringRef bytes(static_cast<const char *>(bitcode.data),
                         bitcode.size_B);
   auto module =
      llvm::parseBitcodeFile(llvm::MemoryBufferRef(bytes, "m"), context);
   if (!module) {
      fprintf(stderr, "%s\n", llvm::toString(module.takeError()).c_str());
      return false;
   }
   SPIRV::TranslatorOpts options(SPIRV::VersionNumber::SPIRV_1_2);
   options.enableAllExtensions();
   options.setDesiredBIsRepresentation(SPIRV::BIsRepresentation::OpenCL20);
   std::ostringstream out;
   std::string why;
   if (!llvm::writeSpirv(module->get(), options, out, why)) {
      fprintf(stderr, "%s\n", why.c_str());
      return false;
   }
   spirv = out.str();
   return true;
}

bool
make_spirv(const char *source, struct clc_blob *spirv_out)
{
   struct clc_blob bitcode = {};
   char *log = nullptr;
   int ret = clc_clang_compile(args, sizeof(args) / sizeof(args[0]), source,
                               nullptr, 0, false, &bitcode, &log);
   fputs(log, stderr);
   free(log);
   if (ret)
      return false;

   std::string spirv;
   bool ok = translate(bitcode, spirv);
   free(bitcode.data);
   spirv_out->size_B = spirv.size();
   spirv_out->data = malloc(spirv.size() + 1);
   memcpy(spirv_out->data, spirv.data(), spirv.size());
   return ok;
}
