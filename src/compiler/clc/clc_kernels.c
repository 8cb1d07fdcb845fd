/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Kernels and their arguments, from the metadata clang writes with
 * -cl-kernel-arg-info (toolchain.md §1). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CL/cl.h>
#include <llvm-c/Target.h>

#include "compiler/clc/clc_printf.h"
#include "compiler/clc/clc_priv.h"
#include "compiler/clc/clc_target.h"
#include "nouveau/compiler/nvir.h"

#define CC_SPIR_KERNEL 76

bool
clc_is_kernel(LLVMValueRef fn)
{
   return !LLVMIsDeclaration(fn) &&
          LLVMGetFunctionCallConv(fn) == CC_SPIR_KERNEL;
}

static unsigned
byval_kind(void)
{
   return LLVMGetEnumAttributeKindForName("byval", 5);
}

void
clc_kernel_arg_layout(LLVMValueRef fn, unsigned index, uint64_t *size_B_out,
                      uint64_t *align_B_out)
{
   LLVMTargetDataRef layout = LLVMGetModuleDataLayout(LLVMGetGlobalParent(fn));
   LLVMAttributeRef byval =
      LLVMGetEnumAttributeAtIndex(fn, index + 1, byval_kind());
   LLVMTypeRef type = byval ? LLVMGetTypeAttributeValue(byval)
                            : LLVMTypeOf(LLVMGetParam(fn, index));

   *size_B_out = LLVMABISizeOfType(layout, type);
   *align_B_out = LLVMABIAlignmentOfType(layout, type);
   if (byval) {
      LLVMAttributeRef align = LLVMGetEnumAttributeAtIndex(
         fn, index + 1, LLVMGetEnumAttributeKindForName("align", 5));
      if (align)
         *align_B_out = LLVMGetEnumAttributeValue(align);
   }
}

/* ---- metadata ---- */

/* The node `name` of a function, or NULL. */
static LLVMValueRef
find_node(LLVMContextRef context, LLVMValueRef fn, const char *name)
{
   unsigned kind = LLVMGetMDKindIDInContext(context, name, strlen(name));
   size_t num = 0;
   LLVMValueMetadataEntry *entries = LLVMGlobalCopyAllMetadata(fn, &num);
   LLVMValueRef node = NULL;
   for (size_t i = 0; i < num && !node; i++) {
      if (LLVMValueMetadataEntriesGetKind(entries, i) == kind)
         node = LLVMMetadataAsValue(
            context, LLVMValueMetadataEntriesGetMetadata(entries, i));
   }
   LLVMDisposeValueMetadataEntries(entries);
   return node;
}

/* Operand `index` of a node, or NULL if there is none. */
static LLVMValueRef
node_operand(struct clc_job *job, LLVMValueRef node, unsigned index)
{
   unsigned num = node ? LLVMGetMDNodeNumOperands(node) : 0;
   if (index >= num)
      return NULL;
   LLVMValueRef *operands = util_arena_array(&job->arena, LLVMValueRef, num);
   LLVMGetMDNodeOperands(node, operands);
   return operands[index];
}

static uint64_t
node_int(struct clc_job *job, LLVMValueRef node, unsigned index)
{
   LLVMValueRef v = node_operand(job, node, index);
   return v && LLVMIsAConstantInt(v) ? LLVMConstIntGetZExtValue(v) : 0;
}

/* In the arena; "" if there is none. */
static const char *
node_string(struct clc_job *job, LLVMValueRef node, unsigned index)
{
   LLVMValueRef v = node_operand(job, node, index);
   unsigned length = 0;
   const char *s = v ? LLVMGetMDString(v, &length) : NULL;
   return s ? util_arena_printf(&job->arena, "%.*s", (int)length, s) : "";
}

/* ---- arguments ---- */

/* What clang wrote about the arguments of one kernel. */
struct arg_nodes {
   LLVMValueRef addr_space, access, type, base_type, type_qual, name;
};

static struct arg_nodes
find_arg_nodes(LLVMContextRef context, LLVMValueRef fn)
{
   return (struct arg_nodes){
      .addr_space = find_node(context, fn, "kernel_arg_addr_space"),
      .access = find_node(context, fn, "kernel_arg_access_qual"),
      .type = find_node(context, fn, "kernel_arg_type"),
      .base_type = find_node(context, fn, "kernel_arg_base_type"),
      .type_qual = find_node(context, fn, "kernel_arg_type_qual"),
      .name = find_node(context, fn, "kernel_arg_name"),
   };
}

static uint32_t
parse_access(const char *s)
{
   return strcmp(s, "read_only") == 0    ? CL_KERNEL_ARG_ACCESS_READ_ONLY
          : strcmp(s, "write_only") == 0 ? CL_KERNEL_ARG_ACCESS_WRITE_ONLY
          : strcmp(s, "read_write") == 0 ? CL_KERNEL_ARG_ACCESS_READ_WRITE
                                         : CL_KERNEL_ARG_ACCESS_NONE;
}

static uint64_t
parse_type_qual(const char *s)
{
   return (strstr(s, "const") ? CL_KERNEL_ARG_TYPE_CONST : 0) |
          (strstr(s, "restrict") ? CL_KERNEL_ARG_TYPE_RESTRICT : 0) |
          (strstr(s, "volatile") ? CL_KERNEL_ARG_TYPE_VOLATILE : 0) |
          (strstr(s, "pipe") ? CL_KERNEL_ARG_TYPE_PIPE : 0);
}

/* clang numbers them as SPIR does, whatever the target. */
static uint32_t
parse_addr_space(uint64_t spir)
{
   return spir == 1   ? CL_KERNEL_ARG_ADDRESS_GLOBAL
          : spir == 2 ? CL_KERNEL_ARG_ADDRESS_CONSTANT
          : spir == 3 ? CL_KERNEL_ARG_ADDRESS_LOCAL
                      : CL_KERNEL_ARG_ADDRESS_PRIVATE;
}

static enum clc_arg_kind
arg_kind(LLVMValueRef param, bool byval, const char *base_type,
         uint64_t type_qual)
{
   if (strncmp(base_type, "image", 5) == 0)
      return CLC_ARG_IMAGE;
   if (strcmp(base_type, "sampler_t") == 0)
      return CLC_ARG_SAMPLER;
   if (type_qual & CL_KERNEL_ARG_TYPE_PIPE)
      return CLC_ARG_PIPE;
   LLVMTypeRef type = LLVMTypeOf(param);
   if (byval || LLVMGetTypeKind(type) != LLVMPointerTypeKind)
      return CLC_ARG_VALUE;
   switch (LLVMGetPointerAddressSpace(type)) {
   case CLC_AS_LOCAL:
      return CLC_ARG_LOCAL;
   case CLC_AS_CONSTANT:
      return CLC_ARG_CONSTANT;
   default:
      return CLC_ARG_GLOBAL;
   }
}

/* The offset is left to the caller. */
static void
fill_arg(struct clc_job *job, LLVMValueRef fn, unsigned i,
         const struct arg_nodes *nodes, struct clc_arg *arg)
{
   uint64_t size_B, align_B;
   clc_kernel_arg_layout(fn, i, &size_B, &align_B);
   bool byval = LLVMGetEnumAttributeAtIndex(fn, i + 1, byval_kind());

   arg->size_B = size_B;
   arg->align_B = align_B;
   arg->addr_space = parse_addr_space(node_int(job, nodes->addr_space, i));
   arg->access = parse_access(node_string(job, nodes->access, i));
   arg->type_qual = parse_type_qual(node_string(job, nodes->type_qual, i));
   arg->name = strdup(node_string(job, nodes->name, i));
   arg->type_name = strdup(node_string(job, nodes->type, i));
   arg->kind = arg_kind(LLVMGetParam(fn, i), byval,
                        node_string(job, nodes->base_type, i), arg->type_qual);
}

static int
fill_args(struct clc_job *job, LLVMValueRef fn, struct clc_kernel *kernel)
{
   struct arg_nodes nodes = find_arg_nodes(job->context, fn);
   uint64_t end_B = 0;
   kernel->num_args = LLVMCountParams(fn);
   kernel->args = calloc(MAX2(kernel->num_args, 1), sizeof(struct clc_arg));
   if (!kernel->args)
      return -ENOMEM;

   for (unsigned i = 0; i < kernel->num_args; i++) {
      struct clc_arg *arg = &kernel->args[i];
      fill_arg(job, fn, i, &nodes, arg);
      if (!arg->name || !arg->type_name)
         return -ENOMEM;
      arg->offset_B = util_align(end_B, arg->align_B);
      end_B = arg->offset_B + arg->size_B;
   }
   kernel->args_size_B = end_B;
   return 0;
}

/* ---- attributes ---- */

/* "float4", "uint": what vec_type_hint() was given. */
static void
print_type(LLVMTypeRef type, bool is_signed, char *out, size_t out_B)
{
   unsigned width = 1;
   if (LLVMGetTypeKind(type) == LLVMVectorTypeKind) {
      width = LLVMGetVectorSize(type);
      type = LLVMGetElementType(type);
   }
   const char *name = "?";
   switch (LLVMGetTypeKind(type)) {
   case LLVMHalfTypeKind:
      name = "half";
      break;
   case LLVMFloatTypeKind:
      name = "float";
      break;
   case LLVMDoubleTypeKind:
      name = "double";
      break;
   case LLVMIntegerTypeKind: {
      unsigned bits = LLVMGetIntTypeWidth(type);
      name = bits == 8    ? "char"
             : bits == 16 ? "short"
             : bits == 32 ? "int"
                          : "long";
      break;
   }
   default:
      break;
   }
   bool is_unsigned =
      LLVMGetTypeKind(type) == LLVMIntegerTypeKind && !is_signed;
   int n = snprintf(out, out_B, "%s%s", is_unsigned ? "u" : "", name);
   if (width > 1)
      snprintf(out + n, out_B - n, "%u", width);
}

static void
fill_size_attribute(struct clc_job *job, LLVMValueRef fn, const char *name,
                    uint32_t size[3], struct util_buf *text)
{
   LLVMValueRef node = find_node(job->context, fn, name);
   if (!node)
      return;
   for (unsigned i = 0; i < 3; i++)
      size[i] = node_int(job, node, i);
   util_buf_printf(text, "%s%s(%u,%u,%u)", text->size_B ? " " : "", name,
                   size[0], size[1], size[2]);
}

static void
fill_vec_type_hint(struct clc_job *job, LLVMValueRef fn,
                   struct clc_kernel *kernel, struct util_buf *text)
{
   LLVMValueRef node = find_node(job->context, fn, "vec_type_hint");
   LLVMValueRef sample = node_operand(job, node, 0);
   if (!sample)
      return;
   print_type(LLVMTypeOf(sample), node_int(job, node, 1), kernel->vec_type_hint,
              sizeof(kernel->vec_type_hint));
   util_buf_printf(text, "%svec_type_hint(%s)", text->size_B ? " " : "",
                   kernel->vec_type_hint);
}

static void
fill_attributes(struct clc_job *job, LLVMValueRef fn, struct clc_kernel *kernel)
{
   struct util_buf text;
   util_buf_init(&text);
   util_buf_puts(&text, "");
   fill_vec_type_hint(job, fn, kernel, &text);
   fill_size_attribute(job, fn, "work_group_size_hint", kernel->wg_size_hint,
                       &text);
   fill_size_attribute(job, fn, "reqd_work_group_size", kernel->reqd_wg_size,
                       &text);
   kernel->attributes = util_buf_steal(&text);
}

bool
clc_kernel_reqd_size(struct clc_job *job, LLVMValueRef fn, uint32_t size_out[3])
{
   LLVMValueRef node = find_node(job->context, fn, "reqd_work_group_size");
   for (unsigned i = 0; i < 3; i++)
      size_out[i] = node_int(job, node, i);
   return node;
}

/* ---- printf ---- */

/* Reads of the buffer's address: all that clc_lower_printf.c leaves to see. */
static bool
reads_printf_buffer(LLVMValueRef fn)
{
   LLVMValueRef c0 =
      LLVMGetNamedFunction(LLVMGetGlobalParent(fn), "__nvir_c0_u64");
   for (LLVMUseRef use = c0 ? LLVMGetFirstUse(c0) : NULL; use;
        use = LLVMGetNextUse(use)) {
      LLVMValueRef call = LLVMGetUser(use);
      if (!LLVMIsACallInst(call) ||
          LLVMGetBasicBlockParent(LLVMGetInstructionParent(call)) != fn)
         continue;
      /* An offset that is not known may be this one. */
      LLVMValueRef offset = LLVMGetOperand(call, 0);
      if (!LLVMIsAConstantInt(offset) ||
          LLVMConstIntGetZExtValue(offset) == NVIR_C0_PRINTF)
         return true;
   }
   return false;
}

static int
fill_printf(struct clc_job *job, LLVMValueRef node, struct clc_printf *out)
{
   LLVMValueRef text = node_operand(job, node, 0);
   unsigned length = 0;
   const char *s = text ? LLVMGetMDString(text, &length) : NULL;
   unsigned num_args = LLVMGetMDNodeNumOperands(node) - 1;
   out->text = malloc(length + 1);
   out->args = calloc(num_args + 1, sizeof(uint32_t));
   if (!out->text || !out->args)
      return -ENOMEM;
   memcpy(out->text, s ? s : "", length);
   out->text[length] = 0;
   out->length = length;
   out->num_args = num_args;
   for (unsigned i = 0; i < num_args; i++)
      out->args[i] = node_int(job, node, i + 1);
   return 0;
}

static int
fill_printfs(struct clc_job *job, LLVMModuleRef module,
             struct clc_program_info *info)
{
   unsigned num = LLVMGetNamedMetadataNumOperands(module, CLC_MD_PRINTFS);
   info->printfs = calloc(MAX2(num, 1), sizeof(struct clc_printf));
   if (!info->printfs)
      return -ENOMEM;
   LLVMValueRef *nodes = util_arena_array(&job->arena, LLVMValueRef, num + 1);
   LLVMGetNamedMetadataOperands(module, CLC_MD_PRINTFS, nodes);
   for (unsigned i = 0; i < num; i++) {
      info->num_printfs++;
      int ret = fill_printf(job, nodes[i], &info->printfs[i]);
      if (ret)
         return ret;
   }
   return 0;
}

static int
fill_kernel(struct clc_job *job, LLVMValueRef fn, struct clc_kernel *kernel)
{
   kernel->name = strdup(LLVMGetValueName(fn));
   if (!kernel->name)
      return -ENOMEM;
   kernel->uses_printf = reads_printf_buffer(fn);
   fill_attributes(job, fn, kernel);
   return fill_args(job, fn, kernel);
}

int
clc_program_info(struct clc_job *job, LLVMModuleRef module,
                 struct clc_program_info *info_out)
{
   unsigned num = 0;
   clc_for_each_function(fn, module) num += clc_is_kernel(fn);
   info_out->kernels = calloc(MAX2(num, 1), sizeof(struct clc_kernel));
   if (!info_out->kernels)
      return -ENOMEM;

   clc_for_each_function(fn, module)
   {
      if (!clc_is_kernel(fn))
         continue;
      int ret =
         fill_kernel(job, fn, &info_out->kernels[info_out->num_kernels++]);
      if (ret)
         return ret;
   }
   return fill_printfs(job, module, info_out);
}
