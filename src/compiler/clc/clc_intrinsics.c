/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include <string.h>

#include "compiler/clc/clc_intrinsics_llvm.h"
#include "util/util_macros.h"

enum intrinsic_class {
   PURE,
   CROSS,
   EFFECT
};

static const struct intrinsic {
   const char *name;
   enum intrinsic_class cls;
} intrinsic_table[] = {
#define ROW(result, name, params, cls) {#name, cls},
   CLC_INTRINSICS(ROW)
#undef ROW
};

/* CROSS is not readnone and not to be merged: LLVM would take two ballots for
 * one, or hoist those of both ways of a branch, although other lanes are active
 * at the second. */
static const char *const class_attributes[][6] = {
   [PURE] = {"nounwind", "willreturn", "readnone", "speculatable", "nosync"},
   [CROSS] = {"nounwind", "willreturn", "convergent", "inaccessiblememonly",
              "nomerge"},
   [EFFECT] = {"nounwind", "willreturn", "convergent"},
};

static const struct intrinsic *
find_intrinsic(const char *name)
{
   for (unsigned i = 0; i < ARRAY_SIZE(intrinsic_table); i++)
      if (strcmp(name, intrinsic_table[i].name) == 0)
         return &intrinsic_table[i];
   return NULL;
}

bool
clc_intrinsic_exists(const char *name)
{
   return find_intrinsic(name);
}

static unsigned
attribute_kind(const char *name)
{
   return LLVMGetEnumAttributeKindForName(name, strlen(name));
}

/* clang marks every call of OpenCL C convergent. */
static void
strip_calls(LLVMValueRef fn)
{
   for (LLVMUseRef use = LLVMGetFirstUse(fn); use; use = LLVMGetNextUse(use)) {
      LLVMValueRef call = LLVMGetUser(use);
      if (LLVMIsACallInst(call))
         LLVMRemoveCallSiteEnumAttribute(call, LLVMAttributeFunctionIndex,
                                         attribute_kind("convergent"));
   }
}

void
clc_intrinsic_annotate(LLVMValueRef fn)
{
   const struct intrinsic *intrinsic = find_intrinsic(LLVMGetValueName(fn));
   if (!intrinsic)
      return;

   LLVMContextRef context = LLVMGetModuleContext(LLVMGetGlobalParent(fn));
   LLVMRemoveEnumAttributeAtIndex(fn, LLVMAttributeFunctionIndex,
                                  attribute_kind("convergent"));
   for (unsigned i = 0; class_attributes[intrinsic->cls][i]; i++) {
      LLVMAttributeRef attribute = LLVMCreateEnumAttribute(
         context, attribute_kind(class_attributes[intrinsic->cls][i]), 0);
      LLVMAddAttributeAtIndex(fn, LLVMAttributeFunctionIndex, attribute);
   }
   if (intrinsic->cls == PURE)
      strip_calls(fn);
}

LLVMValueRef
clc_intrinsic_declare(LLVMModuleRef module, const char *name,
                      LLVMTypeRef result, LLVMTypeRef *params,
                      unsigned num_params)
{
   LLVMValueRef fn = LLVMGetNamedFunction(module, name);
   if (!fn) {
      fn = LLVMAddFunction(module, name,
                           LLVMFunctionType(result, params, num_params, false));
      clc_intrinsic_annotate(fn);
   }
   return fn;
}
