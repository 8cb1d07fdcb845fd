/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A whole program: bitcode in, device binary out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler/llvm/llvm_stack.h"
#include "nouveau/compiler/nvir_binary.h"
#include "nouveau/compiler/nvir_from_llvm.h"
#include "nouveau/compiler/nvir_llvm_module.h"
#include "nouveau/compiler/nvir_pipeline.h"

#define CODE_ALIGN_B 0x80

struct compile {
   struct nvir_pipeline pipeline;
   uint32_t chipset;
   LLVMModuleRef module;
   bool structurized;
   struct nvir_data_segment data;
   struct util_buf code, lines, log;
   struct nvir_kernel *kernels;
   unsigned num_kernels;
   struct util_arena arena; /* names */
};

static void
print_module(LLVMModuleRef module)
{
   char *text = LLVMPrintModuleToString(module);
   fputs(text, stderr);
   LLVMDisposeMessage(text);
}

static int
structurize(struct compile *c)
{
   c->structurized = true;
   int err = nvir_llvm_structurize(c->module, &c->log);
   if (c->pipeline.debug & NVIR_DEBUG_LLVM)
      print_module(c->module);
   return err;
}

/* -EAGAIN: lanes cannot walk the CFG together as it is. */
static int
import(struct compile *c, LLVMValueRef func, struct nvir_shader **s_out)
{
   int err = nvir_from_llvm(func, c->chipset, c->pipeline.debug, &c->data,
                            &c->log, s_out);
   if (err)
      return err;
   nvir_analyze_uniformity(*s_out);
   err = nvir_check_convergence(*s_out);
   if (err)
      nvir_shader_destroy(*s_out);
   return err;
}

static void
add_kernel(struct compile *c, struct nvir_shader *s, uint32_t code_offset_B)
{
   struct nvir_kernel k = {
      .name = util_arena_strdup(&c->arena, s->name),
      .code_offset_B = code_offset_B,
      .code_size_B = c->code.size_B - code_offset_B,
      .num_gprs = s->num_gprs,
      .num_barriers = s->num_barriers,
      .uses_double = s->uses_double,
      .uses_atomics = s->uses_atomics,
      .uses_printf = s->uses_printf,
      .shared_B = s->shared_B,
      .local_B = util_align(s->local_B, 16),
      .crs_B = s->crs_B,
      .args_B = s->args_B,
      .reqd_wg_size = {s->reqd_wg_size[0], s->reqd_wg_size[1],
                       s->reqd_wg_size[2]},
   };
   c->kernels = realloc(c->kernels, (c->num_kernels + 1) * sizeof(k));
   if (!c->kernels)
      abort();
   c->kernels[c->num_kernels++] = k;
}

static int
try_kernel(struct compile *c, LLVMValueRef func)
{
   struct nvir_shader *s;
   int err = import(c, func, &s);
   if (err)
      return err;
   util_buf_extend(&c->code,
                   util_align(c->code.size_B, CODE_ALIGN_B) - c->code.size_B);
   uint32_t start = c->code.size_B;
   s->lines = &c->lines;
   err = nvir_pipeline_run(&c->pipeline, s, &c->code);
   if (!err)
      add_kernel(c, s, start);
   nvir_shader_destroy(s);
   return err;
}

/* A CFG that cannot be walked, at once or after passes worked on it, goes
 * through LLVM's structurizer. */
static int
compile_kernel(struct compile *c, LLVMValueRef func)
{
   size_t log_B = c->log.size_B;
   int err = try_kernel(c, func);
   if (err == -EAGAIN && !c->structurized) {
      c->log.size_B = log_B;
      err = structurize(c);
      if (!err)
         err = try_kernel(c, func);
   }
   if (err == -EAGAIN && c->log.size_B == log_B)
      util_buf_printf(&c->log, "kernel '%s': control flow\n",
                      LLVMGetValueName(func));
   return err == -EAGAIN ? -EINVAL : err;
}

static int
compile_module(struct compile *c)
{
   int err = nvir_llvm_prepare(c->module, &c->log);
   if (!err && !(c->pipeline.debug & NVIR_DEBUG_NOOPT))
      err = nvir_llvm_optimize(c->module, &c->log);
   if (!err && c->pipeline.debug & NVIR_DEBUG_STRUCT)
      err = structurize(c);
   if (c->pipeline.debug & NVIR_DEBUG_LLVM)
      print_module(c->module);
   for (LLVMValueRef f = LLVMGetFirstFunction(c->module); f && !err;
        f = LLVMGetNextFunction(f))
      if (nvir_llvm_is_kernel(f))
         err = compile_kernel(c, f);
   return err;
}

static int
build_binary(struct compile *c, struct nvir_blob *binary_out)
{
   struct nvir_program program = {
      .chipset = c->chipset,
      .kernels = c->kernels,
      .num_kernels = c->num_kernels,
      .code = c->code.data,
      .code_size_B = c->code.size_B,
      .data = c->data.bytes.data,
      .data_size_B = c->data.bytes.size_B,
      .relocs = (const uint32_t *)c->data.relocs.data,
      .num_relocs = c->data.relocs.size_B / sizeof(uint32_t),
      .lines = (const struct nvir_line *)c->lines.data,
      .num_lines = c->lines.size_B / sizeof(struct nvir_line),
   };
   return nvir_binary_build(&program, binary_out);
}

struct compile_call {
   const void *bitcode;
   size_t size_B;
   uint32_t chipset;
   struct nvir_blob *binary;
   char **log;
};

static int
run_compile(void *data)
{
   struct compile_call *call = data;
   struct compile c = {.chipset = call->chipset};
   LLVMContextRef ctx = LLVMContextCreate();

   nvir_pipeline_init(&c.pipeline);
   nvir_data_segment_init(&c.data);
   util_buf_init(&c.code);
   util_buf_init(&c.lines);
   util_buf_init(&c.log);
   util_arena_init(&c.arena);
   int err =
      nvir_llvm_read(ctx, call->bitcode, call->size_B, &c.log, &c.module);
   if (!err) {
      err = compile_module(&c);
      if (!err)
         err = build_binary(&c, call->binary);
      LLVMDisposeModule(c.module);
   }
   LLVMContextDispose(ctx);
   util_arena_finish(&c.arena);
   free(c.kernels);
   util_buf_finish(&c.code);
   util_buf_finish(&c.lines);
   nvir_data_segment_finish(&c.data);
   util_buf_puts(&c.log, ""); /* so that there is a text */
   *call->log = util_buf_steal(&c.log);
   if (!*call->log)
      *call->log = calloc(1, 1);
   return err;
}

static int
nvir_compile(const void *bitcode, size_t size_B, uint32_t chipset,
             struct nvir_blob *binary_out, char **log_out)
{
   struct compile_call call = {bitcode, size_B, chipset, binary_out, log_out};
   *log_out = NULL;
   return llvm_stack_run(run_compile, &call);
}

const struct nvir_ops *
nvir_get_ops(void)
{
   static const struct nvir_ops ops = {.abi = NVIR_ABI,
                                       .compile = nvir_compile};
   return &ops;
}
