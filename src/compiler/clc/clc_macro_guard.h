/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* C++, for clc_clang.cpp: does a source blow up while its macros are expanded?
 *
 * The preprocessor expands the arguments of a macro before anyone sees a token
 * of them, and there some lines make 2^30 tokens. What can be seen is every
 * expansion that begins. Until the next token comes out, the tokens that wait
 * inside are at most those of the largest argument, times how often each of the
 * macros since then repeats a parameter. */
#ifndef CLC_MACRO_GUARD_H
#define CLC_MACRO_GUARD_H

#include <algorithm>
#include <clang/Lex/MacroArgs.h>
#include <clang/Lex/MacroInfo.h>
#include <clang/Lex/PPCallbacks.h>
#include <clang/Lex/Preprocessor.h>
#include <llvm/ADT/DenseMap.h>
#include <sys/resource.h>
#include <vector>

class MacroGuard : public clang::PPCallbacks {
 public:
   /* With `stop` nothing is expanded once there are too many. */
   MacroGuard(clang::Preprocessor &p, bool s) : pp(p), stop(s)
   {
   }

   /* There may have been too many. */
   bool tripped = false;

   /* A token came out. */
   void reset()
   {
      growth = 1;
      argument = 0;
      bodies = 0;
   }

   void MacroExpands(const clang::Token &name,
                     const clang::MacroDefinition &macro, clang::SourceRange,
                     const clang::MacroArgs *args) override
   {
      const clang::MacroInfo *info = macro.getMacroInfo();
      if (tripped || !info)
         return;
      growth *= repeats(info);
      bodies += info->getNumTokens();
      for (unsigned i = 0; args && i < args->getNumMacroArguments(); i++)
         argument =
            std::max(argument,
                     clang::MacroArgs::getArgLength(args->getUnexpArgument(i)));
      if (growth * (argument + bodies) > max_waiting)
         trip(name.getLocation());
   }

 private:
   /* Of 24 bytes each. */
   static constexpr double max_waiting = 4 << 20;
   static constexpr rlim_t max_hurry_s = 4;
   static constexpr rlim_t max_hurry_B = 1 << 30;

   clang::Preprocessor &pp;
   const bool stop;
   double growth = 1;
   unsigned argument = 0;
   double bodies = 0;
   llvm::DenseMap<const clang::MacroInfo *, unsigned> known;

   /* How often the most frequent parameter occurs, at least 1. */
   unsigned repeats(const clang::MacroInfo *info)
   {
      unsigned &most = known[info];
      if (most)
         return most;
      std::vector<unsigned> uses(info->getNumParams() + 1, 0);
      most = 1;
      for (const clang::Token &token : info->tokens()) {
         const clang::IdentifierInfo *name = token.getIdentifierInfo();
         int i = name ? info->getParameterNum(name) : -1;
         if (i >= 0)
            most = std::max(most, ++uses[i]);
      }
      return most;
   }

   /* A process of its own need not go on as long as it may when all speaks
    * against the source. What was counted is a bound, so it gets a chance. */
   static void hurry()
   {
      struct rlimit cpu = {max_hurry_s, max_hurry_s + 1};
      struct rlimit memory = {max_hurry_B, max_hurry_B};
      setrlimit(RLIMIT_CPU, &cpu);
      struct rlimit old;
      if (!getrlimit(RLIMIT_AS, &old) && old.rlim_cur != RLIM_INFINITY)
         setrlimit(RLIMIT_AS, &memory);
   }

   /* Without macros the preprocessor comes to its end soon, whatever it is in
    * the middle of. */
   void trip(clang::SourceLocation where)
   {
      tripped = true;
      if (!stop) {
         hurry();
         return;
      }
      std::vector<clang::IdentifierInfo *> names;
      for (const auto &macro : pp.macros())
         names.push_back(const_cast<clang::IdentifierInfo *>(macro.first));
      for (clang::IdentifierInfo *name : names)
         if (name->hasMacroDefinition())
            pp.appendMacroDirective(name, new (pp.getPreprocessorAllocator())
                                             clang::UndefMacroDirective(where));
   }
};

#endif
