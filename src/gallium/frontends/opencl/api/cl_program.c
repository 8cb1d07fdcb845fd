/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Making programs and asking about them; building is in cl_build.c. */
#include "cl_priv.h"

#include <stdlib.h>
#include <string.h>

#include "../core/ocl_spirv.h"
#include "util/util_buf.h"

/* ---- from source ---- */

static char *
join_source(cl_uint count, const char **strings, const size_t *lengths)
{
   struct util_buf text;

   util_buf_init(&text);
   util_buf_puts(&text, "");
   for (cl_uint i = 0; i < count; i++) {
      size_t n = lengths && lengths[i] ? lengths[i] : strlen(strings[i]);
      util_buf_append(&text, strings[i], n);
   }
   return util_buf_steal(&text);
}

CL_API_ENTRY cl_program CL_API_CALL
clCreateProgramWithSource(cl_context context, cl_uint count,
                          const char **strings, const size_t *lengths,
                          cl_int *errcode_ret)
{
   struct ocl_context *ctx = ocl_context_check(context);

   if (!ctx)
      return cl_fail(errcode_ret, CL_INVALID_CONTEXT);
   if (!count || !strings)
      return cl_fail(errcode_ret, CL_INVALID_VALUE);
   for (cl_uint i = 0; i < count; i++)
      if (!strings[i])
         return cl_fail(errcode_ret, CL_INVALID_VALUE);
   struct ocl_program *prog =
      ocl_program_create(ctx, ctx->devices, ctx->num_devices);
   if (prog)
      prog->source = join_source(count, strings, lengths);
   if (!prog || !prog->source) {
      ocl_program_put(prog);
      return cl_fail(errcode_ret, CL_OUT_OF_HOST_MEMORY);
   }
   return cl_ok(errcode_ret, prog);
}

/* ---- from intermediate language ---- */

static bool
context_has_il(const struct ocl_context *ctx)
{
   for (unsigned i = 0; i < ctx->num_devices; i++)
      if (ocl_device_has_il(ctx->devices[i]))
         return true;
   return false;
}

CL_API_ENTRY cl_program CL_API_CALL
clCreateProgramWithIL(cl_context context, const void *il, size_t length,
                      cl_int *errcode_ret)
{
   static const uint8_t spirv_magic[4] = {0x03, 0x02, 0x23, 0x07};
   struct ocl_context *ctx = ocl_context_check(context);

   if (!ctx)
      return cl_fail(errcode_ret, CL_INVALID_CONTEXT);
   if (!context_has_il(ctx))
      return cl_fail(errcode_ret, CL_INVALID_OPERATION);
   if (!il || length < 20 || length % 4 || memcmp(il, spirv_magic, 4))
      return cl_fail(errcode_ret, CL_INVALID_VALUE);
   struct ocl_program *prog =
      ocl_program_create(ctx, ctx->devices, ctx->num_devices);
   if (prog) {
      prog->il = malloc(length);
      prog->il_special = malloc(length);
   }
   if (!prog || !prog->il || !prog->il_special) {
      ocl_program_put(prog);
      return cl_fail(errcode_ret, CL_OUT_OF_HOST_MEMORY);
   }
   memcpy(prog->il, il, length);
   memcpy(prog->il_special, il, length);
   prog->il_B = length;
   return cl_ok(errcode_ret, prog);
}

CL_API_ENTRY cl_int CL_API_CALL
clSetProgramSpecializationConstant(cl_program program, cl_uint spec_id,
                                   size_t spec_size, const void *spec_value)
{
   struct ocl_program *prog = ocl_program_check(program);

   CL_CHECK(prog, CL_INVALID_PROGRAM);
   CL_CHECK(context_has_il(prog->ctx), CL_INVALID_OPERATION);
   CL_CHECK(prog->il, CL_INVALID_PROGRAM);
   CL_CHECK(spec_size && spec_value, CL_INVALID_VALUE);
   pthread_mutex_lock(&prog->lock);
   cl_int err = ocl_spirv_specialize(prog->il_special, prog->il_B, spec_id,
                                     spec_size, spec_value);
   pthread_mutex_unlock(&prog->lock);
   return err;
}

/* Programs have no destructors of program-scope variables, which this is for. */
CL_API_ENTRY cl_int CL_API_CALL
clSetProgramReleaseCallback(cl_program program,
                            void(CL_CALLBACK *pfn_notify)(cl_program, void *),
                            void *user_data)
{
   CL_CHECK(ocl_program_check(program), CL_INVALID_PROGRAM);
   CL_CHECK(pfn_notify, CL_INVALID_VALUE);
   return CL_INVALID_OPERATION;
}

CL_API_ENTRY cl_program CL_API_CALL
clCreateProgramWithBuiltInKernels(cl_context context, cl_uint num_devices,
                                  const cl_device_id *device_list,
                                  const char *kernel_names, cl_int *errcode_ret)
{
   struct ocl_context *ctx = ocl_context_check(context);

   if (!ctx)
      return cl_fail(errcode_ret, CL_INVALID_CONTEXT);
   if (!num_devices || !device_list || !kernel_names)
      return cl_fail(errcode_ret, CL_INVALID_VALUE);
   cl_int err = cl_check_devices(ctx, num_devices, device_list);
   return cl_fail(errcode_ret,
                  err ? err : CL_INVALID_VALUE); /* there are none */
}

/* ---- from binaries ---- */

static cl_int
check_binary_args(struct ocl_context *ctx, cl_uint n,
                  const cl_device_id *devices, const size_t *lengths,
                  const unsigned char **binaries)
{
   CL_CHECK(n && devices && lengths && binaries, CL_INVALID_VALUE);
   cl_int err = cl_check_devices(ctx, n, devices);
   CL_CHECK(!err, err);
   return CL_SUCCESS;
}

static cl_int
load_binary(struct ocl_program_device *pd, const void *data, size_t size)
{
   CL_CHECK(data && size, CL_INVALID_VALUE);
   return ocl_binary_read(pd->dev, data, size, &pd->build);
}

CL_API_ENTRY cl_program CL_API_CALL
clCreateProgramWithBinary(cl_context context, cl_uint num_devices,
                          const cl_device_id *device_list,
                          const size_t *lengths, const unsigned char **binaries,
                          cl_int *binary_status, cl_int *errcode_ret)
{
   struct ocl_context *ctx = ocl_context_check(context);

   if (!ctx)
      return cl_fail(errcode_ret, CL_INVALID_CONTEXT);
   cl_int err =
      check_binary_args(ctx, num_devices, device_list, lengths, binaries);
   if (err)
      return cl_fail(errcode_ret, err);
   struct ocl_program *prog = ocl_program_create(
      ctx, (struct ocl_device *const *)device_list, num_devices);
   if (!prog)
      return cl_fail(errcode_ret, CL_OUT_OF_HOST_MEMORY);
   for (cl_uint i = 0; i < num_devices; i++) {
      cl_int status = load_binary(&prog->devs[i], binaries[i], lengths[i]);
      if (binary_status)
         binary_status[i] = status;
      err = err ? err : status;
   }
   if (err) {
      ocl_program_put(prog);
      return cl_fail(errcode_ret, err);
   }
   return cl_ok(errcode_ret, prog);
}

/* ---- life and information ---- */

CL_API_ENTRY cl_int CL_API_CALL
clRetainProgram(cl_program program)
{
   struct ocl_program *prog = ocl_program_check(program);

   CL_CHECK(prog, CL_INVALID_PROGRAM);
   ocl_object_api_retain(&prog->obj);
   return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL
clReleaseProgram(cl_program program)
{
   struct ocl_program *prog = ocl_program_check(program);

   CL_CHECK(prog, CL_INVALID_PROGRAM);
   ocl_object_api_release(&prog->obj);
   return CL_SUCCESS;
}

/* The build of the i-th device with a reference, or NULL. */
static struct ocl_build *
get_build(struct ocl_program *prog, unsigned i)
{
   pthread_mutex_lock(&prog->lock);
   struct ocl_build *b = prog->devs[i].build;
   if (b)
      ocl_build_get(b);
   pthread_mutex_unlock(&prog->lock);
   return b;
}

static cl_int
return_devices(struct ocl_program *prog, const struct cl_out *out)
{
   cl_device_id list[OCL_MAX_DEVICES];

   for (unsigned i = 0; i < prog->num_devs; i++)
      list[i] = (cl_device_id)prog->devs[i].dev;
   return cl_return(out, list, prog->num_devs * sizeof(list[0]));
}

static size_t
write_binary(struct ocl_program *prog, unsigned i, struct clc_blob *blob)
{
   struct ocl_build *b = get_build(prog, i);

   *blob = (struct clc_blob){0};
   if (b)
      ocl_binary_write(b, blob);
   ocl_build_put(b);
   return blob->size_B;
}

static cl_int
return_binary_sizes(struct ocl_program *prog, const struct cl_out *out)
{
   size_t sizes[OCL_MAX_DEVICES];
   struct clc_blob blob;

   for (unsigned i = 0; i < prog->num_devs; i++) {
      sizes[i] = write_binary(prog, i, &blob);
      free(blob.data);
   }
   return cl_return(out, sizes, prog->num_devs * sizeof(sizes[0]));
}

/* The value is a list of places of the application's; a NULL place is left out.
 */
static cl_int
return_binaries(struct ocl_program *prog, const struct cl_out *out)
{
   size_t size = prog->num_devs * sizeof(unsigned char *);
   unsigned char **places = out->value;
   struct clc_blob blob;

   CL_CHECK(!places || out->size >= size, CL_INVALID_VALUE);
   for (unsigned i = 0; places && i < prog->num_devs; i++) {
      if (!places[i])
         continue;
      write_binary(prog, i, &blob);
      if (blob.size_B)
         memcpy(places[i], blob.data, blob.size_B);
      free(blob.data);
   }
   if (out->size_ret)
      *out->size_ret = size;
   return CL_SUCCESS;
}

static cl_int
return_kernel_names(const struct ocl_build *b, const struct cl_out *out)
{
   struct util_buf text;

   util_buf_init(&text);
   for (unsigned i = 0; i < b->info.num_kernels; i++)
      util_buf_printf(&text, "%s%s", i ? ";" : "", b->info.kernels[i].name);
   cl_int err = cl_return_string(out, text.data);
   util_buf_finish(&text);
   return err;
}

static cl_int
return_kernel_info(struct ocl_program *prog, cl_program_info param,
                   const struct cl_out *out)
{
   struct ocl_build *b = ocl_program_executable(prog);
   cl_int err;

   CL_CHECK(b, CL_INVALID_PROGRAM_EXECUTABLE);
   if (param == CL_PROGRAM_NUM_KERNELS) {
      size_t n = b->info.num_kernels;
      err = cl_return(out, &n, sizeof(n));
   } else {
      err = return_kernel_names(b, out);
   }
   ocl_build_put(b);
   return err;
}

CL_API_ENTRY cl_int CL_API_CALL
clGetProgramInfo(cl_program program, cl_program_info param_name,
                 size_t param_value_size, void *param_value,
                 size_t *param_value_size_ret)
{
   const struct cl_out out = {param_value_size, param_value,
                              param_value_size_ret};
   struct ocl_program *prog = ocl_program_check(program);

   CL_CHECK(prog, CL_INVALID_PROGRAM);
   switch (param_name) {
   case CL_PROGRAM_REFERENCE_COUNT:
      CL_RETURN(&out, cl_uint, prog->obj.api_refs);
   case CL_PROGRAM_CONTEXT:
      CL_RETURN(&out, cl_context, prog->ctx);
   case CL_PROGRAM_NUM_DEVICES:
      CL_RETURN(&out, cl_uint, prog->num_devs);
   case CL_PROGRAM_DEVICES:
      return return_devices(prog, &out);
   case CL_PROGRAM_SOURCE:
      return cl_return_string(&out, prog->source);
   case CL_PROGRAM_IL:
      return cl_return(&out, prog->il, prog->il_B);
   case CL_PROGRAM_BINARY_SIZES:
      return return_binary_sizes(prog, &out);
   case CL_PROGRAM_BINARIES:
      return return_binaries(prog, &out);
   case CL_PROGRAM_NUM_KERNELS:
   case CL_PROGRAM_KERNEL_NAMES:
      return return_kernel_info(prog, param_name, &out);
   case CL_PROGRAM_SCOPE_GLOBAL_CTORS_PRESENT:
   case CL_PROGRAM_SCOPE_GLOBAL_DTORS_PRESENT:
      CL_RETURN(&out, cl_bool, CL_FALSE);
   default:
      return CL_INVALID_VALUE;
   }
}

/* The driver knows it from any kernel. */
static size_t
global_variables_B(struct ocl_build *b)
{
   if (!b || b->type != CL_PROGRAM_BINARY_TYPE_EXECUTABLE || !b->binary.data ||
       !b->info.num_kernels)
      return 0;
   const struct ocl_kernel_state *state =
      ocl_build_state(b, &b->info.kernels[0]);
   return state ? state->info.program_data_B : 0;
}

static cl_int
return_build_info(const struct ocl_program_device *pd,
                  cl_program_build_info param, const struct cl_out *out)
{
   switch (param) {
   case CL_PROGRAM_BUILD_STATUS:
      CL_RETURN(out, cl_build_status, pd->status);
   case CL_PROGRAM_BUILD_OPTIONS:
      return cl_return_string(out, pd->options);
   case CL_PROGRAM_BUILD_LOG:
      return cl_return_string(out, pd->log);
   case CL_PROGRAM_BINARY_TYPE:
      CL_RETURN(out, cl_program_binary_type,
                pd->build ? pd->build->type : CL_PROGRAM_BINARY_TYPE_NONE);
   case CL_PROGRAM_BUILD_GLOBAL_VARIABLE_TOTAL_SIZE:
      CL_RETURN(out, size_t, global_variables_B(pd->build));
   default:
      return CL_INVALID_VALUE;
   }
}

CL_API_ENTRY cl_int CL_API_CALL
clGetProgramBuildInfo(cl_program program, cl_device_id device,
                      cl_program_build_info param_name, size_t param_value_size,
                      void *param_value, size_t *param_value_size_ret)
{
   const struct cl_out out = {param_value_size, param_value,
                              param_value_size_ret};
   struct ocl_program *prog = ocl_program_check(program);
   struct ocl_device *dev = ocl_device_check(device);

   CL_CHECK(prog, CL_INVALID_PROGRAM);
   struct ocl_program_device *pd =
      dev ? ocl_program_find_device(prog, dev) : NULL;
   CL_CHECK(pd, CL_INVALID_DEVICE);
   pthread_mutex_lock(&prog->lock);
   cl_int err = return_build_info(pd, param_name, &out);
   pthread_mutex_unlock(&prog->lock);
   return err;
}
