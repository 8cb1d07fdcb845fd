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
#include <clang/Lex/Preprocessor.h>
#include <clang/Lex/PreprocessorOptions.h>
#include <cstring>
#include <llvm/Support/VirtualFileSystem.h>
#include <llvm/Support/raw_ostream.h>

extern "C" {
#include "compiler/clc/clc_blob.h"
#include "compiler/llvm/llvm_stack.h"
}
#include "compiler/clc/clc_embed.h"
#include "compiler/clc/clc_macro_guard.h"

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

/* Tokens of a program. */
constexpr unsigned max_tokens = 2000000;
/* In any process: bytes of stack while it is parsed, for what follows the
 * parser takes less for each level, but time that grows with the square of
 * their number. So does clang's with a statement's length (in tokens; an
 * initialiser counts its elements one by one), for the parser takes chains of
 * operators in a loop and leaves them to others as deep trees; and LLVM's with
 * the depth of loops. */
constexpr size_t max_stack_B = 8 << 20;
constexpr unsigned max_statement_tokens = 30000;
constexpr unsigned max_loops = 256;
/* Of an identifier: clang's messages take the square of it. */
constexpr unsigned max_name_B = 100000;

/* Sees each token on its way to the parser, which gets no more of them once
 * there are too many. */
class Guard {
 public:
   explicit Guard(bool g) : guarded(g)
   {
   }

   const bool guarded;

   /* Too large for this process. */
   bool large = false;
   /* Too much for any; why. */
   const char *error = nullptr;

   void see(const clang::Token &token)
   {
      const char here = 0;
      if (!bottom)
         bottom = &here;
      tokens++;
      in_statement++;
      count(token.getKind());
      large |= guarded && tokens > max_tokens;
      if (size_t(bottom - &here) > max_stack_B)
         error = "the program is nested too deeply";
      if (token.isAnyIdentifier() && token.getLength() > max_name_B)
         error = "a name is too long";
      if (open_loops > max_loops)
         error = "loops are nested too deeply";
      if (in_statement > max_statement_tokens)
         error = "a statement is too long";
      /* The token is the preprocessor's own and no constant. */
      if (large || error)
         const_cast<clang::Token &>(token).setKind(clang::tok::eof);
      last = token.getKind();
   }

 private:
   struct Brace {
      bool initialiser;
      unsigned loops; /* that were open before it */
   };

   const char *bottom = nullptr;
   unsigned tokens = 0, in_statement = 0, parentheses = 0, open_loops = 0;
   clang::tok::TokenKind last = clang::tok::eof;
   std::vector<Brace> braces;

   bool in_initialiser() const
   {
      return !braces.empty() && braces.back().initialiser;
   }

   void end_statement()
   {
      in_statement = 0;
      if (!parentheses)
         open_loops = braces.empty() ? 0 : braces.back().loops;
   }

   void count(clang::tok::TokenKind kind)
   {
      using namespace clang::tok;
      if (kind == l_paren)
         parentheses++;
      if (kind == r_paren && parentheses)
         parentheses--;
      if (kind == kw_for || kind == kw_while || kind == kw_do)
         open_loops++;
      if (kind == l_brace) {
         bool starts = last == equal || (in_initialiser() && last != r_paren);
         braces.push_back({starts, open_loops});
         in_statement = 0;
      }
      if (kind == r_brace && !braces.empty())
         braces.pop_back();
      if (kind == semi || kind == r_brace)
         end_statement();
      if (kind == comma && in_initialiser())
         in_statement = 0;
   }
};

class Action : public clang::EmitBCAction {
 public:
   explicit Action(Guard &g) : guard(g)
   {
   }

 protected:
   bool BeginSourceFileAction(clang::CompilerInstance &ci) override
   {
      clang::Preprocessor &pp = ci.getPreprocessor();
      std::unique_ptr<MacroGuard> owner(new MacroGuard(pp, guard.guarded));
      MacroGuard *macros = owner.get(); /* the preprocessor's from here on */
      pp.addPPCallbacks(std::move(owner));
      pp.setTokenWatcher([this, macros](const clang::Token &token) {
         macros->reset();
         guard.large |= guard.guarded && macros->tripped;
         guard.see(token);
      });
      return clang::EmitBCAction::BeginSourceFileAction(ci);
   }

 private:
   Guard &guard;
};

bool
run(clang::CompilerInstance &ci, clang::TextDiagnosticPrinter &printer,
    llvm::ArrayRef<const char *> args, const char *source,
    llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> fs, Guard &guard,
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

   Action action(guard);
   return ci.ExecuteAction(action);
}

int
compile(const char *const *argv, unsigned argc, const char *source,
        const struct clc_header *headers, unsigned num_headers, bool guarded,
        struct clc_blob *object_out, char **diagnostics_out)
{
   Guard guard(guarded);
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
               make_file_system(headers, num_headers), guard, bitcode);
   }

   if (guard.error)
      log_stream << "error: " << guard.error << "\n";
   log_stream.flush();
   *diagnostics_out = strdup(log.c_str());
   if (!*diagnostics_out)
      return -ENOMEM;
   if (guard.large)
      return -E2BIG;
   if (!ok || guard.error)
      return -EINVAL;

   return clc_blob_wrap(bitcode.data(), bitcode.size(), object_out);
}

} // namespace

int
clc_clang_compile(const char *const *argv, unsigned argc, const char *source,
                  const struct clc_header *headers, unsigned num_headers,
                  bool guarded, struct clc_blob *object_out,
                  char **diagnostics_out)
{
   return compile(argv, argc, source, headers, num_headers, guarded, object_out,
                  diagnostics_out);
}
