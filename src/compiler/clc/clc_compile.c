/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* One source or SPIR-V module → one object: here, or in a process of its own
 * (clc_remote.h). Sources are nearly always compiled here. The SPIR-V translator
 * aborts where it is surprised, and valid modules can surprise it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/clc/clc_clang.h"
#include "compiler/clc/clc_ops.h"
#include "compiler/clc/clc_options.h"
#include "compiler/clc/clc_priv.h"
#include "compiler/clc/clc_remote.h"
#include "compiler/clc/clc_spirv.h"
#include "compiler/llvm/llvm_stack.h"

/* Of source; what is larger was hardly written by hand. */
#define MAX_SOURCE_HERE_B (1 << 20)

static int
mark_object(struct clc_blob *object)
{
   struct clc_job job;
   clc_job_init(&job);
   int ret = clc_exact_sqrt_mark(&job, object);
   clc_job_finish(&job, NULL);
   return ret;
}

static int
compile_source(const struct clc_compile_args *args, bool guarded,
               struct clc_blob *object_out, char **log_out)
{
   struct util_arena arena;
   struct util_buf log;
   struct clc_options o;
   util_arena_init(&arena);
   util_buf_init(&log);

   int ret =
      clc_options_parse(&o, &arena, args->options, CLC_OPTIONS_BUILD, &log);
   if (ret) {
      *log_out = util_buf_steal(&log);
   } else {
      unsigned argc;
      const char **argv = clc_options_cc1_args(&o, args->chipset, &argc);
      ret = clc_clang_compile(argv, argc, args->source, args->headers,
                              args->num_headers, guarded, object_out, log_out);
      if (!ret && o.exact_sqrt)
         ret = mark_object(object_out);
   }

   util_buf_finish(&log);
   util_arena_finish(&arena);
   return ret;
}

static int
translate_spirv(const struct clc_remote_request *request,
                struct clc_blob *object_out, char **log_out)
{
   struct clc_job job;
   struct clc_options o;
   clc_job_init(&job);
   int ret = clc_options_parse(&o, &job.arena, request->compile.options,
                               CLC_OPTIONS_BUILD, &job.log);
   if (!ret)
      ret = clc_spirv_import(&job, request->spirv, request->spirv_size_B,
                             o.exact_sqrt, object_out);
   clc_job_finish(&job, log_out);
   if (!ret && o.exact_sqrt)
      ret = mark_object(object_out);
   return ret;
}

int
clc_compile_here(const struct clc_remote_request *request,
                 struct clc_blob *object_out, char **log_out)
{
   if (request->spirv)
      return translate_spirv(request, object_out, log_out);
   return compile_source(&request->compile, false, object_out, log_out);
}

/* ---- the door's functions ---- */

struct call {
   const struct clc_remote_request *request;
   struct clc_blob *object;
   char **log;
};

static int
run_here(void *data)
{
   struct call *c = data;
   if (c->request->spirv)
      return translate_spirv(c->request, c->object, c->log);
   return compile_source(&c->request->compile, true, c->object, c->log);
}

static int
call_here(const struct clc_remote_request *request, struct clc_blob *object_out,
          char **log_out)
{
   struct call c = {request, object_out, log_out};
   return llvm_stack_run(run_here, &c);
}

static int
call_remote(const struct clc_remote_request *request,
            struct clc_blob *object_out, char **log_out)
{
   int ret = clc_remote_call(request, object_out, log_out);
   if (ret != -ENOENT || request->spirv)
      return ret;
   *log_out = strdup("error: the program is too large or nested too deeply\n");
   return *log_out ? -EINVAL : -ENOMEM;
}

int
clc_compile(const struct clc_compile_args *args, struct clc_blob *object_out,
            char **log_out)
{
   const struct clc_remote_request request = {.compile = *args};
   *object_out = (struct clc_blob){0};
   *log_out = NULL;
   if (strlen(args->source) > MAX_SOURCE_HERE_B)
      return call_remote(&request, object_out, log_out);
   int ret = call_here(&request, object_out, log_out);
   if (ret != -E2BIG)
      return ret;
   free(*log_out);
   *log_out = NULL;
   return call_remote(&request, object_out, log_out);
}

int
clc_from_spirv(const void *spirv, size_t size_B, const char *options,
               struct clc_blob *object_out, char **log_out)
{
   const struct clc_remote_request request = {
      .compile = {.options = options},
      .spirv = spirv,
      .spirv_size_B = size_B,
   };
   *object_out = (struct clc_blob){0};
   *log_out = NULL;
   int ret = call_remote(&request, object_out, log_out);
   return ret == -ENOENT ? call_here(&request, object_out, log_out) : ret;
}
