/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The door of clc.h. */
#include "compiler/clc/clc_ops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/Linker.h>

#include "compiler/clc/clc_options.h"
#include "compiler/clc/clc_printf.h"
#include "compiler/clc/clc_priv.h"
#include "compiler/llvm/llvm_stack.h"

/* Parses the options alone; they need no LLVM. */
static int
check_options(const char *options, bool linking, char **log_out)
{
   struct util_arena arena;
   struct util_buf log;
   util_arena_init(&arena);
   util_buf_init(&log);
   util_buf_puts(&log, "");

   struct clc_options o;
   int ret =
      clc_options_parse(&o, &arena, options,
                        linking ? CLC_OPTIONS_LINK : CLC_OPTIONS_COMPILE, &log);

   *log_out = util_buf_steal(&log);
   util_buf_finish(&log);
   util_arena_finish(&arena);
   return ret;
}

/* All objects in one module, or NULL with *ret_out set. */
static LLVMModuleRef
link_objects(struct clc_job *job, const struct clc_blob *const *objects,
             unsigned num_objects, int *ret_out)
{
   LLVMModuleRef module = NULL;
   *ret_out = -ENOEXEC;
   for (unsigned i = 0; i < num_objects; i++) {
      LLVMModuleRef object =
         clc_job_read(job, objects[i]->data, objects[i]->size_B);
      if (!object)
         goto fail;
      if (!module) {
         module = object;
      } else if (LLVMLinkModules2(module, object)) {
         *ret_out = -EINVAL;
         goto fail;
      }
   }
   *ret_out = 0;
   return module;

fail:
   if (module)
      LLVMDisposeModule(module);
   return NULL;
}

static int
link_job(struct clc_job *job, const struct clc_blob *const *objects,
         unsigned num_objects, bool library, struct clc_blob *program_out)
{
   int ret;
   if (num_objects == 0) {
      clc_job_error(job, "nothing to link");
      return -EINVAL;
   }
   LLVMModuleRef module = link_objects(job, objects, num_objects, &ret);
   if (!module)
      return ret;

   if (!library) {
      clc_lower_printf(job, module);
      ret = clc_builtins_link(job, module);
      clc_exact_sqrt_apply(job, module);
      if (!ret)
         ret = clc_pipeline_run(job, module);
   }
   if (!ret)
      ret = clc_job_write(job, module, program_out);
   LLVMDisposeModule(module);
   return ret;
}

struct link_call {
   const struct clc_blob *const *objects;
   unsigned num_objects;
   const char *options;
   bool library;
   struct clc_blob *program;
   char **log;
};

static int
run_link(void *data)
{
   struct link_call *c = data;
   struct clc_job job;
   struct clc_options o;
   clc_job_init(&job);
   int ret = clc_options_parse(&o, &job.arena, c->options, CLC_OPTIONS_BUILD,
                               &job.log);
   if (!ret)
      ret = link_job(&job, c->objects, c->num_objects,
                     c->library || o.create_library, c->program);
   clc_job_finish(&job, c->log);
   return ret;
}

static int
link_program(const struct clc_blob *const *objects, unsigned num_objects,
             const char *options, bool library, struct clc_blob *program_out,
             char **log_out)
{
   struct link_call c = {objects, num_objects, options,
                         library, program_out, log_out};
   *program_out = (struct clc_blob){0};
   *log_out = NULL;
   return llvm_stack_run(run_link, &c);
}

static void
info_finish(struct clc_program_info *info)
{
   for (uint32_t k = 0; k < info->num_kernels; k++) {
      struct clc_kernel *kernel = &info->kernels[k];
      for (uint32_t a = 0; kernel->args && a < kernel->num_args; a++) {
         free(kernel->args[a].name);
         free(kernel->args[a].type_name);
      }
      free(kernel->args);
      free(kernel->name);
      free(kernel->attributes);
   }
   free(info->kernels);
   for (uint32_t i = 0; i < info->num_printfs; i++) {
      free(info->printfs[i].text);
      free(info->printfs[i].args);
   }
   free(info->printfs);
   *info = (struct clc_program_info){0};
}

static int
info(const struct clc_blob *program, struct clc_program_info *info_out)
{
   struct clc_job job;
   *info_out = (struct clc_program_info){0};
   clc_job_init(&job);
   LLVMModuleRef module = clc_job_read(&job, program->data, program->size_B);
   int ret = -ENOEXEC;
   if (module) {
      ret = clc_program_info(&job, module, info_out);
      LLVMDisposeModule(module);
   }
   if (ret)
      info_finish(info_out);
   clc_job_finish(&job, NULL);
   return ret;
}

static const struct clc_ops ops = {
   .abi = CLC_ABI,
   .compile = clc_compile,
   .from_spirv = clc_from_spirv,
   .link = link_program,
   .info = info,
   .info_finish = info_finish,
   .print = clc_printf_print,
   .check_options = check_options,
};

const struct clc_ops *
clc_get_ops(void)
{
   return &ops;
}
