/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* clBuildProgram, clCompileProgram, clLinkProgram. Each is done when it
 * returns; a callback is called before that. */
#include "cl_priv.h"

#include <stdlib.h>
#include <string.h>

typedef void(CL_CALLBACK *program_notify)(cl_program, void *);

/* The devices meant: those given, or all of `all`. */
struct device_list {
   struct ocl_device *dev[OCL_MAX_DEVICES];
   unsigned num;
};

static cl_int
list_devices(struct ocl_program *prog, cl_uint n, const cl_device_id *given,
             struct device_list *out)
{
   CL_CHECK((n == 0) == (given == NULL), CL_INVALID_VALUE);
   out->num = 0;
   for (cl_uint i = 0; i < n; i++) {
      struct ocl_device *dev = ocl_device_check(given[i]);
      CL_CHECK(dev && ocl_program_find_device(prog, dev), CL_INVALID_DEVICE);
      if (out->num < OCL_MAX_DEVICES)
         out->dev[out->num++] = dev;
   }
   for (unsigned i = 0; !given && i < prog->num_devs; i++)
      out->dev[out->num++] = prog->devs[i].dev;
   return CL_SUCCESS;
}

static void
notify(program_notify fn, struct ocl_program *prog, void *data)
{
   if (fn)
      fn((cl_program)prog, data);
}

/* Is there something to build from? */
static cl_int
check_buildable(struct ocl_program *prog, const struct device_list *devs)
{
   if (prog->source || prog->il)
      return devs->dev[0]->compiler ? CL_SUCCESS : CL_COMPILER_NOT_AVAILABLE;
   for (unsigned i = 0; i < devs->num; i++) {
      struct ocl_program_device *pd =
         ocl_program_find_device(prog, devs->dev[i]);
      CL_CHECK(pd->build, CL_INVALID_BINARY);
      CL_CHECK(pd->build->type != CL_PROGRAM_BINARY_TYPE_LIBRARY,
               CL_INVALID_OPERATION);
   }
   return CL_SUCCESS;
}

/* A loaded executable needs no compiler, so its options are not looked at. */
static cl_int
check_build_options(struct ocl_program *prog, const char *options)
{
   if (!options || !options[0] || (!prog->source && !prog->il))
      return CL_SUCCESS;
   return ocl_check_options(options, false, CL_INVALID_BUILD_OPTIONS);
}

CL_API_ENTRY cl_int CL_API_CALL
clBuildProgram(cl_program program, cl_uint num_devices,
               const cl_device_id *device_list, const char *options,
               void(CL_CALLBACK *pfn_notify)(cl_program, void *),
               void *user_data)
{
   struct ocl_program *prog = ocl_program_check(program);
   struct device_list devs;

   CL_CHECK(prog, CL_INVALID_PROGRAM);
   CL_CHECK(pfn_notify || !user_data, CL_INVALID_VALUE);
   cl_int err = list_devices(prog, num_devices, device_list, &devs);
   CL_CHECK(!err, err);
   err = check_buildable(prog, &devs);
   CL_CHECK(!err, err);
   err = check_build_options(prog, options);
   CL_CHECK(!err, err);
   err = ocl_program_begin(prog);
   CL_CHECK(!err, err);
   err = ocl_program_build(prog, devs.dev, devs.num, options);
   ocl_program_end(prog);
   notify(pfn_notify, prog, user_data);
   return err;
}

/* ---- compile ---- */

static cl_int
read_headers(struct ocl_context *ctx, cl_uint n, const cl_program *programs,
             const char **names, struct ocl_header *out)
{
   for (cl_uint i = 0; i < n; i++) {
      struct ocl_program *header = ocl_program_check(programs[i]);
      CL_CHECK(header && header->ctx == ctx && header->source,
               CL_INVALID_PROGRAM);
      CL_CHECK(names[i], CL_INVALID_VALUE);
      out[i] = (struct ocl_header){names[i], header};
   }
   return CL_SUCCESS;
}

static cl_int
compile(struct ocl_program *prog, const struct device_list *devs,
        const char *options, const struct ocl_header *headers,
        cl_uint num_headers)
{
   cl_int err = ocl_program_begin(prog);

   CL_CHECK(!err, err);
   err = ocl_program_compile(prog, devs->dev, devs->num, options, headers,
                             num_headers);
   ocl_program_end(prog);
   return err;
}

CL_API_ENTRY cl_int CL_API_CALL
clCompileProgram(cl_program program, cl_uint num_devices,
                 const cl_device_id *device_list, const char *options,
                 cl_uint num_input_headers, const cl_program *input_headers,
                 const char **header_include_names,
                 void(CL_CALLBACK *pfn_notify)(cl_program, void *),
                 void *user_data)
{
   struct ocl_program *prog = ocl_program_check(program);
   struct device_list devs;

   CL_CHECK(prog, CL_INVALID_PROGRAM);
   CL_CHECK(pfn_notify || !user_data, CL_INVALID_VALUE);
   CL_CHECK((num_input_headers == 0) == (input_headers == NULL) &&
               (num_input_headers == 0) == (header_include_names == NULL),
            CL_INVALID_VALUE);
   cl_int err = list_devices(prog, num_devices, device_list, &devs);
   CL_CHECK(!err, err);
   CL_CHECK(prog->source || prog->il, CL_INVALID_OPERATION);
   CL_CHECK(devs.dev[0]->compiler, CL_COMPILER_NOT_AVAILABLE);
   if (options && options[0])
      err = ocl_check_options(options, false, CL_INVALID_COMPILER_OPTIONS);
   CL_CHECK(!err, err);
   struct ocl_header *headers = calloc(num_input_headers + 1, sizeof(*headers));
   CL_CHECK(headers, CL_OUT_OF_HOST_MEMORY);
   err = read_headers(prog->ctx, num_input_headers, input_headers,
                      header_include_names, headers);
   if (!err)
      err = compile(prog, &devs, options, headers, num_input_headers);
   free(headers);
   if (err != CL_INVALID_OPERATION && err != CL_INVALID_PROGRAM)
      notify(pfn_notify, prog, user_data);
   return err;
}

/* ---- link ---- */

static bool
is_linkable(struct ocl_program *prog, const struct ocl_device *dev)
{
   struct ocl_program_device *pd = ocl_program_find_device(prog, dev);

   if (!pd || !pd->build)
      return false;
   return pd->build->type == CL_PROGRAM_BINARY_TYPE_COMPILED_OBJECT ||
          pd->build->type == CL_PROGRAM_BINARY_TYPE_LIBRARY;
}

/* The devices on which every input has an object. Some inputs but not all on
 * one device is an error; devices without any are left out. */
static cl_int
linkable_devices(struct device_list *devs, cl_uint n, const cl_program *inputs)
{
   unsigned kept = 0;

   for (unsigned d = 0; d < devs->num; d++) {
      unsigned have = 0;
      for (cl_uint i = 0; i < n; i++)
         have += is_linkable((struct ocl_program *)inputs[i], devs->dev[d]);
      CL_CHECK(have == 0 || have == n, CL_INVALID_OPERATION);
      if (have)
         devs->dev[kept++] = devs->dev[d];
   }
   devs->num = kept;
   return kept ? CL_SUCCESS : CL_INVALID_OPERATION;
}

static cl_int
check_link(struct ocl_context *ctx, cl_uint n_dev,
           const cl_device_id *device_list, const char *options, cl_uint n_in,
           const cl_program *inputs, struct device_list *devs)
{
   cl_int err = cl_check_devices(ctx, n_dev, device_list);

   CL_CHECK(!err, err);
   CL_CHECK(n_in && inputs, CL_INVALID_VALUE);
   for (cl_uint i = 0; i < n_in; i++) {
      struct ocl_program *in = ocl_program_check(inputs[i]);
      CL_CHECK(in && in->ctx == ctx, CL_INVALID_PROGRAM);
   }
   devs->num = 0;
   for (unsigned i = 0; i < (n_dev ? n_dev : ctx->num_devices); i++)
      if (devs->num < OCL_MAX_DEVICES)
         devs->dev[devs->num++] =
            n_dev ? (struct ocl_device *)device_list[i] : ctx->devices[i];
   CL_CHECK(devs->dev[0]->compiler, CL_LINKER_NOT_AVAILABLE);
   if (options && options[0])
      err = ocl_check_options(options, true, CL_INVALID_LINKER_OPTIONS);
   CL_CHECK(!err, err);
   return linkable_devices(devs, n_in, inputs);
}

/* A failed link still gives the program, which has the log. */
CL_API_ENTRY cl_program CL_API_CALL
clLinkProgram(cl_context context, cl_uint num_devices,
              const cl_device_id *device_list, const char *options,
              cl_uint num_input_programs, const cl_program *input_programs,
              void(CL_CALLBACK *pfn_notify)(cl_program, void *),
              void *user_data, cl_int *errcode_ret)
{
   struct ocl_context *ctx = ocl_context_check(context);
   struct device_list devs;

   if (!ctx)
      return cl_fail(errcode_ret, CL_INVALID_CONTEXT);
   if (!pfn_notify && user_data)
      return cl_fail(errcode_ret, CL_INVALID_VALUE);
   cl_int err = check_link(ctx, num_devices, device_list, options,
                           num_input_programs, input_programs, &devs);
   if (err)
      return cl_fail(errcode_ret, err);
   struct ocl_program *prog = ocl_program_create(ctx, devs.dev, devs.num);
   if (!prog)
      return cl_fail(errcode_ret, CL_OUT_OF_HOST_MEMORY);
   err = ocl_program_begin(prog);
   if (!err)
      err = ocl_program_link(prog, devs.dev, devs.num, options,
                             (struct ocl_program *const *)input_programs,
                             num_input_programs);
   ocl_program_end(prog);
   notify(pfn_notify, prog, user_data);
   if (errcode_ret)
      *errcode_ret = err;
   return (cl_program)prog;
}
