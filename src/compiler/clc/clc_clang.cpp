/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* clang has no C API that yields bitcode, hence this file; it is kept to that. */
#include "compiler/clc/clc_clang.h"

#include <cerrno>
#include <clang/Basic/Diagnostic.h>
#include <clang/Basic/DiagnosticOptions.h>
#include <clang/Basic/FileManager.h>
#include <clang/CodeGen/CodeGenAction.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Frontend/CompilerInvocation.h>
#include <clang/Frontend/TextDiagnosticPrinter.h>
#include <clang/Lex/PreprocessorOptions.h>
#include <cstring>
#include <llvm/Support/VirtualFileSystem.h>
#include <llvm/Support/raw_ostream.h>

extern "C" {
#include "compiler/clc/clc_blob.h"
}
#include "compiler/clc/clc_embed.h"

namespace {

/* The real file system under one in memory that holds the headers. */
llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem>
make_file_system(const struct clc_header *headers, unsigned num_headers)
{
   llvm::IntrusiveRefCntPtr<llvm::vfs::InMemoryFileSystem> memory(
      new llvm::vfs::InMemoryFileSystem);
   /* OpenCL C 3.0 asks for no pragma to use what the device has; clang 15 does.
    */
   std::string base(clc_embed_base_header,
                    clc_embed_base_header_end - clc_embed_base_header);
   base += "\n#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n";
   memory->addFile(CLC_CLANG_BASE_HEADER, 0,
                   llvm::MemoryBuffer::getMemBufferCopy(base));
   for (unsigned i = 0; i < num_headers; i++) {
      std::string path =
         std::string(CLC_CLANG_HEADER_DIR) + "/" + headers[i].name;
      memory->addFile(path, 0,
                      llvm::MemoryBuffer::getMemBufferCopy(headers[i].source));
   }
   llvm::IntrusiveRefCntPtr<llvm::vfs::OverlayFileSystem> overlay(
      new llvm::vfs::OverlayFileSystem(llvm::vfs::createPhysicalFileSystem()));
   overlay->pushOverlay(memory);
   return overlay;
}

bool
run(clang::CompilerInstance &ci, clang::TextDiagnosticPrinter &printer,
    llvm::ArrayRef<const char *> args, const char *source,
    llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> fs,
    llvm::SmallVectorImpl<char> &bitcode)
{
   ci.createDiagnostics(&printer, false);
   if (!clang::CompilerInvocation::CreateFromArgs(ci.getInvocation(), args,
                                                  ci.getDiagnostics()))
      return false;
   /* Again, now that the invocation knows of -w and -Werror. */
   ci.createDiagnostics(&printer, false);

   ci.getDiagnosticOpts().ShowCarets = true;
   ci.getFrontendOpts().DisableFree = false;
   ci.getPreprocessorOpts().addRemappedFile(
      CLC_CLANG_SOURCE_NAME,
      llvm::MemoryBuffer::getMemBufferCopy(source, CLC_CLANG_SOURCE_NAME)
         .release());
   ci.createFileManager(fs);
   ci.setOutputStream(std::make_unique<llvm::raw_svector_ostream>(bitcode));

   clang::EmitBCAction action;
   return ci.ExecuteAction(action);
}

int
compile(const char *const *argv, unsigned argc, const char *source,
        const struct clc_header *headers, unsigned num_headers,
        struct clc_blob *object_out, char **diagnostics_out)
{
   std::string log;
   llvm::raw_string_ostream log_stream(log);
   llvm::SmallVector<char, 0> bitcode;
   llvm::SmallVector<const char *, 64> args(argv, argv + argc);
   args.push_back(CLC_CLANG_SOURCE_NAME);

   bool ok;
   {
      llvm::IntrusiveRefCntPtr<clang::DiagnosticOptions> options(
         new clang::DiagnosticOptions);
      clang::TextDiagnosticPrinter printer(log_stream, options.get());
      clang::CompilerInstance ci;
      /* "1 error generated." belongs to the log as well. */
      ci.setVerboseOutputStream(log_stream);
      ok = run(ci, printer, args, source,
               make_file_system(headers, num_headers), bitcode);
   }

   log_stream.flush();
   *diagnostics_out = strdup(log.c_str());
   if (!*diagnostics_out)
      return -ENOMEM;
   if (!ok)
      return -EINVAL;

   return clc_blob_wrap(bitcode.data(), bitcode.size(), object_out);
}

} // namespace

int
clc_clang_compile(const char *const *argv, unsigned argc, const char *source,
                  const struct clc_header *headers, unsigned num_headers,
                  struct clc_blob *object_out, char **diagnostics_out)
{
   return compile(argv, argc, source, headers, num_headers, object_out,
                  diagnostics_out);
}
