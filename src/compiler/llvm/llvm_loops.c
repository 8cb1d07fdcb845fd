/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include <stdlib.h>

#include "compiler/llvm/llvm_passes.h"

struct place {
   LLVMBasicBlockRef block;
   unsigned index; /* in layout order */
};

static int
compare_blocks(const void *a, const void *b)
{
   const struct place *x = a, *y = b;
   return x->block < y->block ? -1 : x->block > y->block;
}

static struct place *
sort_blocks(LLVMValueRef func, unsigned n)
{
   struct place *places = calloc(n, sizeof(*places));
   unsigned i = 0;
   if (!places)
      abort();
   for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(func); b;
        b = LLVMGetNextBasicBlock(b), i++)
      places[i] = (struct place){b, i};
   qsort(places, n, sizeof(*places), compare_blocks);
   return places;
}

static unsigned
count_back_edges(LLVMValueRef func)
{
   unsigned n = LLVMCountBasicBlocks(func), count = 0, at = 0;
   struct place *places = sort_blocks(func, n);
   for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(func); b;
        b = LLVMGetNextBasicBlock(b), at++) {
      LLVMValueRef term = LLVMGetBasicBlockTerminator(b);
      for (unsigned e = 0; e < LLVMGetNumSuccessors(term); e++) {
         struct place key = {LLVMGetSuccessor(term, e), 0};
         const struct place *to =
            bsearch(&key, places, n, sizeof(*places), compare_blocks);
         count += to->index <= at;
      }
   }
   free(places);
   return count;
}

bool
llvm_has_many_loops(LLVMModuleRef module)
{
   for (LLVMValueRef f = LLVMGetFirstFunction(module); f;
        f = LLVMGetNextFunction(f))
      if (!LLVMIsDeclaration(f) && count_back_edges(f) > LLVM_MANY_LOOPS)
         return true;
   return false;
}
