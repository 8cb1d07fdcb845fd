/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Linked module → optimised kernels without calls. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/clc/clc_priv.h"
#include "compiler/llvm/llvm_passes.h"
#include "nouveau/compiler/nvir.h"
#include "util/util_macros.h"

/* From the itanium ABI's library; for messages. */
char *__cxa_demangle(const char *name, char *buffer, size_t *length,
                     int *status);

/* Instructions of one kernel with all calls inlined; beyond it, inlining would
 * take minutes and gigabytes. [guess: 10 times the largest real kernel seen] */
#define MAX_INLINED_INSTRUCTIONS 2000000

static int
run_passes(struct clc_job *job, LLVMModuleRef module, const char *passes)
{
   char *why = llvm_passes_run(module, passes);
   if (why) {
      clc_job_error(job, "%s", why);
      LLVMDisposeMessage(why);
   }
   return job->failed ? -EINVAL : 0;
}

/* ---- before inlining ---- */

static void
set_attribute(LLVMContextRef context, LLVMValueRef fn, const char *name,
              bool on)
{
   unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
   LLVMRemoveEnumAttributeAtIndex(fn, LLVMAttributeFunctionIndex, kind);
   if (on)
      LLVMAddAttributeAtIndex(fn, LLVMAttributeFunctionIndex,
                              LLVMCreateEnumAttribute(context, kind, 0));
}

/* clang names a machine that is not ours. */
static void
strip_target(LLVMValueRef fn)
{
   static const char *const names[] = {"target-cpu", "target-features"};
   for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
      LLVMRemoveStringAttributeAtIndex(fn, LLVMAttributeFunctionIndex, names[i],
                                       strlen(names[i]));
}

static void
allow_inlining(LLVMValueRef fn)
{
   unsigned noinline = LLVMGetEnumAttributeKindForName("noinline", 8);
   for (LLVMUseRef use = LLVMGetFirstUse(fn); use; use = LLVMGetNextUse(use)) {
      LLVMValueRef call = LLVMGetUser(use);
      if (LLVMIsACallInst(call))
         LLVMRemoveCallSiteEnumAttribute(call, LLVMAttributeFunctionIndex,
                                         noinline);
   }
}

/* Only kernels stay visible; everything is inlined, kernels that are called as
 * functions too. */
static void
prepare(struct clc_job *job, LLVMModuleRef module)
{
   clc_for_each_function(fn, module)
   {
      if (LLVMIsDeclaration(fn))
         continue;
      strip_target(fn);
      allow_inlining(fn);
      set_attribute(job->context, fn, "noinline", false);
      set_attribute(job->context, fn, "optnone", false);
      set_attribute(job->context, fn, "alwaysinline", true);
      if (!clc_is_kernel(fn))
         LLVMSetLinkage(fn, LLVMInternalLinkage);
   }
   for (LLVMValueRef g = LLVMGetFirstGlobal(module); g;
        g = LLVMGetNextGlobal(g)) {
      if (!LLVMIsDeclaration(g) && LLVMGetLinkage(g) != LLVMAppendingLinkage)
         LLVMSetLinkage(g, LLVMInternalLinkage);
   }
}

/* ---- checks ---- */

static const char *
readable_name(struct clc_job *job, const char *symbol)
{
   int status;
   char *demangled = NULL;
   if (strncmp(symbol, "_Z", 2) == 0)
      demangled = __cxa_demangle(symbol, NULL, NULL, &status);
   const char *name =
      util_arena_strdup(&job->arena, demangled ? demangled : symbol);
   free(demangled);
   return name;
}

static LLVMValueRef
first_call(LLVMValueRef fn)
{
   for (LLVMUseRef use = LLVMGetFirstUse(fn); use; use = LLVMGetNextUse(use))
      if (LLVMIsACallInst(LLVMGetUser(use)))
         return LLVMGetUser(use);
   return NULL;
}

static int
check_unresolved(struct clc_job *job, LLVMModuleRef module)
{
   clc_for_each_function(fn, module)
   {
      const char *symbol = LLVMGetValueName(fn);
      if (!LLVMIsDeclaration(fn) || !LLVMGetFirstUse(fn) ||
          clc_is_intrinsic(symbol))
         continue;
      LLVMValueRef call = first_call(fn);
      const char *name = readable_name(job, symbol);
      if (call)
         clc_job_error_at(job, call, "undefined function '%s'", name);
      else
         clc_job_error(job, "undefined function '%s'", name);
   }
   for (LLVMValueRef g = LLVMGetFirstGlobal(module); g;
        g = LLVMGetNextGlobal(g)) {
      if (LLVMIsDeclaration(g) && LLVMGetFirstUse(g))
         clc_job_error(job, "undefined variable '%s'", LLVMGetValueName(g));
   }
   return job->failed ? -EINVAL : 0;
}

/* Before anything takes a huge argument apart. */
static int
check_arguments(struct clc_job *job, LLVMModuleRef module)
{
   clc_for_each_function(fn, module)
   {
      uint64_t end_B = 0;
      for (unsigned i = 0; clc_is_kernel(fn) && i < LLVMCountParams(fn); i++) {
         uint64_t size_B, align_B;
         clc_kernel_arg_layout(fn, i, &size_B, &align_B);
         end_B = util_align(end_B, align_B) + size_B;
      }
      if (end_B > NVIR_MAX_ARGS_B)
         clc_job_error(
            job, "kernel '%s' has %llu bytes of arguments, %u at most",
            LLVMGetValueName(fn), (unsigned long long)end_B, NVIR_MAX_ARGS_B);
   }
   return job->failed ? -EINVAL : 0;
}

/* One function of the call graph. */
struct call_node {
   LLVMValueRef fn;
   enum {
      NODE_NEW,
      NODE_OPEN,
      NODE_DONE
   } state;
   uint64_t inlined; /* instructions, calls included */
};

struct call_graph {
   struct clc_job *job;
   struct call_node *nodes; /* sorted by fn */
   unsigned num_nodes;
};

static int
by_function(const void *a, const void *b)
{
   const struct call_node *x = a, *y = b;
   return ((uintptr_t)x->fn > (uintptr_t)y->fn) -
          ((uintptr_t)x->fn < (uintptr_t)y->fn);
}

static struct call_node *
find_call_node(struct call_graph *g, LLVMValueRef fn)
{
   struct call_node key = {.fn = fn};
   return bsearch(&key, g->nodes, g->num_nodes, sizeof(key), by_function);
}

static bool visit_function(struct call_graph *g, struct call_node *node);

static bool
visit_call(struct call_graph *g, struct call_node *caller, LLVMValueRef call)
{
   struct call_node *callee = find_call_node(g, LLVMGetCalledValue(call));
   if (!callee)
      return true;
   if (callee->state == NODE_OPEN) {
      clc_job_error_at(g->job, call, "recursive call of '%s' is not supported",
                       readable_name(g->job, LLVMGetValueName(callee->fn)));
      return false;
   }
   if (!visit_function(g, callee))
      return false;
   caller->inlined += callee->inlined;
   if (caller->inlined > MAX_INLINED_INSTRUCTIONS) {
      clc_job_error_at(g->job, call, "'%s' is too large with all calls inlined",
                       readable_name(g->job, LLVMGetValueName(caller->fn)));
      return false;
   }
   return true;
}

/* Depth first; the depth is that of the program's calls. */
static bool
visit_function(struct call_graph *g, struct call_node *node)
{
   if (node->state == NODE_DONE)
      return true;
   node->state = NODE_OPEN;
   clc_for_each_block(block, node->fn)
   {
      clc_for_each_instruction(inst, block)
      {
         node->inlined++;
         if (LLVMIsACallInst(inst) && !visit_call(g, node, inst))
            return false;
      }
   }
   node->state = NODE_DONE;
   return true;
}

static int
check_calls(struct clc_job *job, LLVMModuleRef module)
{
   struct call_graph g = {.job = job};
   clc_for_each_function(fn, module) g.num_nodes += !LLVMIsDeclaration(fn);
   g.nodes = util_arena_array(&job->arena, struct call_node, g.num_nodes + 1);
   unsigned n = 0;
   clc_for_each_function(fn, module)
   {
      if (!LLVMIsDeclaration(fn))
         g.nodes[n++].fn = fn;
   }
   qsort(g.nodes, g.num_nodes, sizeof(*g.nodes), by_function);

   for (unsigned i = 0; i < g.num_nodes; i++)
      if (!visit_function(&g, &g.nodes[i]))
         return -EINVAL;
   return 0;
}

/* After inlining a call goes to an intrinsic or is something we cannot do. */
static void
check_call_left(struct clc_job *job, LLVMValueRef call)
{
   LLVMValueRef callee = LLVMGetCalledValue(call);
   if (!LLVMIsAFunction(callee))
      clc_job_error_at(job, call, "call through a pointer is not supported");
   else if (!LLVMIsDeclaration(callee))
      clc_job_error_at(job, call, "call of '%s' cannot be inlined",
                       readable_name(job, LLVMGetValueName(callee)));
}

static bool
is_wide_integer(LLVMTypeRef type)
{
   if (LLVMGetTypeKind(type) == LLVMVectorTypeKind)
      type = LLVMGetElementType(type);
   return LLVMGetTypeKind(type) == LLVMIntegerTypeKind &&
          LLVMGetIntTypeWidth(type) > 64;
}

static int
check_result(struct clc_job *job, LLVMModuleRef module)
{
   clc_for_each_function(fn, module)
   {
      clc_for_each_block(block, fn)
      {
         clc_for_each_instruction(inst, block)
         {
            if (LLVMIsACallInst(inst))
               check_call_left(job, inst);
            if (is_wide_integer(LLVMTypeOf(inst)))
               clc_job_error_at(job, inst,
                                "integers of more than 64 bits are not "
                                "supported");
         }
      }
   }
   return job->failed ? -EINVAL : 0;
}

/* ---- the passes ---- */

#define PASSES_INLINE "always-inline,globaldce"

/* Loops of known length once more, twice as generously as O2: each that goes
 * may take a private array out of local memory into registers. */
#define PASSES_UNROLL                                                          \
   "loop-unroll<O3;no-runtime;no-partial;no-peeling>,"                         \
   "sroa,instcombine,simplifycfg"

/* Addresses are made specific before O2, which then knows what does not alias,
 * and again for what O2 uncovered. */
#define PASSES_OPTIMISE                                                        \
   "function(sroa,early-cse,infer-address-spaces),default<O2>,"                \
   "function(" PASSES_UNROLL                                                   \
   ",infer-address-spaces,scalarizer,early-cse,instsimplify,adce)"

/* The same for a function with very many loops (llvm_passes.h): what O2 would
 * do within blocks and to the graph. */
#define PASSES_OPTIMISE_MANY_LOOPS                                             \
   "function(sroa,early-cse,infer-address-spaces,simplifycfg,instcombine,"     \
   "reassociate,gvn,sccp,bdce,instcombine,dse,adce,simplifycfg,instcombine,"   \
   "infer-address-spaces,scalarizer,early-cse,instsimplify,adce)"

/* What the loops of the library need once they are in; nothing here knows the
 * idioms that would turn them back into memcpy. */
#define PASSES_AFTER_MEMORY                                                    \
   "always-inline,globaldce,"                                                  \
   "function(sroa,early-cse,instsimplify,simplifycfg,adce)"

/* The words of one vector that became another's. */
#define PASSES_AFTER_WIDE "function(instcombine,scalarizer,adce)"

/* lowerswitch last: simplifycfg would make the switch again. */
#define PASSES_FINISH                                                          \
   "function(load-store-vectorizer,early-cse,adce,lowerswitch),globaldce,verify"

static int
lower_memory(struct clc_job *job, LLVMModuleRef module)
{
   if (!clc_lower_memory(job, module))
      return 0;
   int ret = clc_builtins_link(job, module);
   if (ret)
      return ret;
   prepare(job, module);
   return run_passes(job, module, PASSES_AFTER_MEMORY);
}

static int
optimise(struct clc_job *job, LLVMModuleRef module)
{
   int ret = run_passes(job, module, PASSES_INLINE);
   if (ret)
      return ret;
   clc_lower_kernel_args(job, module);
   clc_opt_known_size(job, module);
   ret = run_passes(job, module,
                    llvm_has_many_loops(module) ? PASSES_OPTIMISE_MANY_LOOPS
                                                : PASSES_OPTIMISE);
   if (ret)
      return ret;
   ret = lower_memory(job, module);
   if (ret)
      return ret;
   if (clc_lower_wide(module))
      ret = run_passes(job, module, PASSES_AFTER_WIDE);
   if (!ret)
      ret = run_passes(job, module, PASSES_FINISH);
   return ret ? ret : check_result(job, module);
}

int
clc_pipeline_run(struct clc_job *job, LLVMModuleRef module)
{
   if (job->failed)
      return -EINVAL;
   int ret = check_unresolved(job, module);
   if (ret)
      return ret;
   ret = check_arguments(job, module);
   if (ret)
      return ret;
   ret = check_calls(job, module);
   if (ret)
      return ret;

   prepare(job, module);
   return optimise(job, module);
}
