/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Source → object → program → device binary, with the log of each step. The
 * first error of a device ends its job; other devices still get theirs. */
#include "ocl_platform.h"
#include "ocl_program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/util_buf.h"

/* The work on one device. */
struct job {
   const struct clc_ops *clc;
   struct ocl_device *dev;
   const char *options;
   struct util_buf log;
   cl_int failure; /* what the API call says if the input is wrong */
   cl_int bad_options;
};

static void
add_log(struct job *job, char *text)
{
   if (text && text[0]) {
      util_buf_puts(&job->log, text);
      if (job->log.data[job->log.size_B - 1] != '\n')
         util_buf_puts(&job->log, "\n");
   }
   free(text);
}

static cl_int
result(const struct job *job, int ret)
{
   switch (-ret) {
   case 0:
      return CL_SUCCESS;
   case EPROTO:
      return job->bad_options;
   case ENOMEM:
      return CL_OUT_OF_HOST_MEMORY;
   default:
      return job->failure;
   }
}

static bool
has_option(const char *options, const char *word)
{
   size_t n = strlen(word);

   for (const char *p = options; p && (p = strstr(p, word)); p += n)
      if ((p == options || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
         return true;
   return false;
}

cl_int
ocl_check_options(const char *options, bool linking, cl_int bad)
{
   const char *why;
   char *log = NULL;
   const struct clc_ops *clc = ocl_platform_clc(&why);

   if (!clc)
      return linking ? CL_LINKER_NOT_AVAILABLE : CL_COMPILER_NOT_AVAILABLE;
   int ret = clc->check_options(options ? options : "", linking, &log);
   free(log);
   return ret ? bad : CL_SUCCESS;
}

/* ---- the steps ---- */

static cl_int
compile_source(struct job *job, const struct ocl_program *prog,
               const struct clc_header *headers, unsigned num_headers,
               struct clc_blob *object_out)
{
   struct clc_compile_args args = {
      .source = prog->source,
      .options = job->options,
      .headers = headers,
      .num_headers = num_headers,
      .chipset = ocl_device_caps(job->dev)->chipset,
   };
   char *log = NULL;
   int ret;

   if (prog->il)
      ret = job->clc->from_spirv(prog->il_special, prog->il_B, job->options,
                                 object_out, &log);
   else
      ret = job->clc->compile(&args, object_out, &log);
   add_log(job, log);
   return result(job, ret);
}

static cl_int
link_objects(struct job *job, const struct clc_blob *const *objects, unsigned n,
             bool library, struct clc_blob *program_out)
{
   char *log = NULL;
   int ret =
      job->clc->link(objects, n, job->options, library, program_out, &log);

   add_log(job, log);
   return result(job, ret);
}

static cl_int
compile_for_device(struct job *job, const struct clc_blob *program,
                   struct pipe_binary *binary_out)
{
   struct pipe_screen *screen = job->dev->screen;
   char *log = NULL;
   int ret =
      screen->compile(screen, program->data, program->size_B, binary_out, &log);

   add_log(job, log);
   return result(job, ret);
}

/* Takes bitcode and binary over. */
static cl_int
make_build(struct job *job, cl_program_binary_type type,
           struct clc_blob bitcode, struct pipe_binary binary,
           struct ocl_build **build_out)
{
   struct clc_program_info info = {0};

   if (job->clc->info(&bitcode, &info)) {
      free(bitcode.data);
      free(binary.data);
      return CL_OUT_OF_RESOURCES;
   }
   *build_out = ocl_build_create(job->dev, type, bitcode, binary, &info);
   job->clc->info_finish(&info);
   return *build_out ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY;
}

/* Objects → executable or library. */
static cl_int
make_linked(struct job *job, const struct clc_blob *const *objects, unsigned n,
            bool library, struct ocl_build **build_out)
{
   struct clc_blob program = {0};
   struct pipe_binary binary = {0};
   cl_int err = link_objects(job, objects, n, library, &program);

   if (err)
      return err;
   if (!library)
      err = compile_for_device(job, &program, &binary);
   if (err) {
      free(program.data);
      return err;
   }
   return make_build(job,
                     library ? CL_PROGRAM_BINARY_TYPE_LIBRARY
                             : CL_PROGRAM_BINARY_TYPE_EXECUTABLE,
                     program, binary, build_out);
}

/* ---- from a binary ---- */

static void *
dup_bytes(const struct clc_blob *b)
{
   void *d = malloc(b->size_B);

   if (d)
      memcpy(d, b->data, b->size_B);
   return d;
}

/* A linked program of another chip: only the last step is left. */
static cl_int
rebuild_for_device(struct job *job, const struct ocl_build *old,
                   struct ocl_build **build_out)
{
   struct pipe_binary binary = {0};
   struct clc_blob bitcode = {.size_B = old->bitcode.size_B};
   cl_int err = compile_for_device(job, &old->bitcode, &binary);

   if (err)
      return err;
   bitcode.data = dup_bytes(&old->bitcode);
   *build_out = ocl_build_create(job->dev, CL_PROGRAM_BINARY_TYPE_EXECUTABLE,
                                 bitcode, binary, &old->info);
   return *build_out ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY;
}

static cl_int
build_from_binary(struct job *job, struct ocl_build *old,
                  struct ocl_build **build_out)
{
   const struct clc_blob *object = &old->bitcode;
   const char *why;

   if (old->type == CL_PROGRAM_BINARY_TYPE_EXECUTABLE) {
      if (!old->binary.data)
         return rebuild_for_device(job, old, build_out);
      *build_out = ocl_build_get(old);
      return CL_SUCCESS;
   }
   job->clc = ocl_platform_clc(&why);
   if (!job->clc)
      return CL_COMPILER_NOT_AVAILABLE;
   return make_linked(job, &object, 1, false, build_out);
}

/* ---- the three calls ---- */

static void
job_init(struct job *job, struct ocl_device *dev, const char *options,
         cl_int failure, cl_int bad_options)
{
   memset(job, 0, sizeof(*job));
   job->dev = dev;
   job->options = options ? options : "";
   job->failure = failure;
   job->bad_options = bad_options;
   util_buf_init(&job->log);
}

/* `build` NULL: the step failed. Takes it over. */
static void
publish(struct ocl_program *prog, struct job *job, cl_int err,
        struct ocl_build *build)
{
   struct ocl_program_device *pd = ocl_program_find_device(prog, job->dev);

   pthread_mutex_lock(&prog->lock);
   struct ocl_build *old = pd->build;
   pd->build = build;
   pd->status = err ? CL_BUILD_ERROR : CL_BUILD_SUCCESS;
   free(pd->options);
   pd->options = strdup(job->options);
   free(pd->log);
   pd->log = util_buf_steal(&job->log);
   pthread_mutex_unlock(&prog->lock);
   ocl_build_put(old);
}

static void
set_in_progress(struct ocl_program *prog, struct ocl_device *dev)
{
   pthread_mutex_lock(&prog->lock);
   ocl_program_find_device(prog, dev)->status = CL_BUILD_IN_PROGRESS;
   pthread_mutex_unlock(&prog->lock);
}

static cl_int
compile_one(struct job *job, const struct ocl_program *prog,
            const struct clc_header *headers, unsigned num_headers,
            struct ocl_build **build_out)
{
   struct clc_blob object = {0};
   struct pipe_binary none = {0};
   const char *why;

   job->clc = ocl_platform_clc(&why);
   if (!job->clc)
      return CL_COMPILER_NOT_AVAILABLE;
   cl_int err = compile_source(job, prog, headers, num_headers, &object);
   if (err)
      return err;
   return make_build(job, CL_PROGRAM_BINARY_TYPE_COMPILED_OBJECT, object, none,
                     build_out);
}

static cl_int
build_from_source(struct job *job, const struct ocl_program *prog,
                  struct ocl_build **build_out)
{
   struct clc_blob object = {0};
   const struct clc_blob *objects = &object;
   const char *why;

   job->clc = ocl_platform_clc(&why);
   if (!job->clc)
      return CL_COMPILER_NOT_AVAILABLE;
   cl_int err = compile_source(job, prog, NULL, 0, &object);
   if (err)
      return err;
   err = make_linked(job, &objects, 1, false, build_out);
   free(object.data);
   return err;
}

cl_int
ocl_program_build(struct ocl_program *prog, struct ocl_device *const *devs,
                  unsigned num_devs, const char *options)
{
   cl_int first = CL_SUCCESS;

   for (unsigned i = 0; i < num_devs; i++) {
      struct ocl_build *build = NULL;
      struct ocl_build *old = ocl_program_find_device(prog, devs[i])->build;
      struct job job;
      cl_int err;

      job_init(&job, devs[i], options, CL_BUILD_PROGRAM_FAILURE,
               CL_INVALID_BUILD_OPTIONS);
      set_in_progress(prog, devs[i]);
      if (prog->source || prog->il)
         err = build_from_source(&job, prog, &build);
      else
         err = build_from_binary(&job, old, &build);
      if (err && old && !prog->source && !prog->il)
         build = ocl_build_get(old); /* all there is to try again from */
      publish(prog, &job, err, build);
      first = first ? first : err;
   }
   return first;
}

static struct clc_header *
header_sources(const struct ocl_header *headers, unsigned n)
{
   struct clc_header *out = calloc(n + 1, sizeof(*out));

   for (unsigned i = 0; out && i < n; i++) {
      out[i].name = headers[i].name;
      out[i].source = headers[i].program->source;
   }
   return out;
}

cl_int
ocl_program_compile(struct ocl_program *prog, struct ocl_device *const *devs,
                    unsigned num_devs, const char *options,
                    const struct ocl_header *headers, unsigned num_headers)
{
   struct clc_header *sources = header_sources(headers, num_headers);
   cl_int first = CL_SUCCESS;

   if (!sources)
      return CL_OUT_OF_HOST_MEMORY;
   for (unsigned i = 0; i < num_devs; i++) {
      struct ocl_build *build = NULL;
      struct job job;

      job_init(&job, devs[i], options, CL_COMPILE_PROGRAM_FAILURE,
               CL_INVALID_COMPILER_OPTIONS);
      set_in_progress(prog, devs[i]);
      cl_int err = compile_one(&job, prog, sources, num_headers, &build);
      publish(prog, &job, err, build);
      first = first ? first : err;
   }
   free(sources);
   return first;
}

static cl_int
link_one(struct job *job, struct ocl_program *const *inputs, unsigned n,
         struct ocl_build **build_out)
{
   const struct clc_blob **objects = calloc(n, sizeof(*objects));
   const char *why;

   job->clc = ocl_platform_clc(&why);
   if (!objects || !job->clc) {
      free(objects);
      return job->clc ? CL_OUT_OF_HOST_MEMORY : CL_LINKER_NOT_AVAILABLE;
   }
   for (unsigned i = 0; i < n; i++)
      objects[i] =
         &ocl_program_find_device(inputs[i], job->dev)->build->bitcode;
   cl_int err = make_linked(
      job, objects, n, has_option(job->options, "-create-library"), build_out);
   free(objects);
   return err;
}

cl_int
ocl_program_link(struct ocl_program *prog, struct ocl_device *const *devs,
                 unsigned num_devs, const char *options,
                 struct ocl_program *const *inputs, unsigned num_inputs)
{
   cl_int first = CL_SUCCESS;

   for (unsigned i = 0; i < num_devs; i++) {
      struct ocl_build *build = NULL;
      struct job job;

      job_init(&job, devs[i], options, CL_LINK_PROGRAM_FAILURE,
               CL_INVALID_LINKER_OPTIONS);
      set_in_progress(prog, devs[i]);
      cl_int err = link_one(&job, inputs, num_inputs, &build);
      publish(prog, &job, err, build);
      first = first ? first : err;
   }
   return first;
}
