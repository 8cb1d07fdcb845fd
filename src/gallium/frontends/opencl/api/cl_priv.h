/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Helpers of the C interface. Everything the application can do wrong is found
 * in this folder; core/ gets valid objects only. */
#ifndef CL_PRIV_H
#define CL_PRIV_H

#include <string.h>

#include "../core/ocl_cmd.h"
#include "../core/ocl_platform.h"
#include "util/util_log.h"

/* ---- results ---- */

/* PARTAGE_LOG=info says which check a call did not pass. */
#define CL_CHECK(condition, error)                                             \
   do {                                                                        \
      if (!(condition))                                                        \
         return cl_refuse(__func__, #error, error, #condition);                \
   } while (0)

static inline cl_int
cl_refuse(const char *function, const char *name, cl_int error,
          const char *condition)
{
   if (strcmp(name, "err")) /* else that check has told */
      util_info(OCL_MODULE, "%s: %s (%d), as not: %s", function, name, error,
                condition);
   return error;
}

/* For calls that return an object. */
#define cl_fail(errcode_ret, error)                                            \
   cl_fail_in(__func__, #error, errcode_ret, error)

static inline void *
cl_fail_in(const char *function, const char *name, cl_int *errcode_ret,
           cl_int error)
{
   if (strcmp(name, "err"))
      util_info(OCL_MODULE, "%s: %s (%d)", function, name, error);
   if (errcode_ret)
      *errcode_ret = error;
   return NULL;
}

static inline void *
cl_ok(cl_int *errcode_ret, void *object)
{
   if (errcode_ret)
      *errcode_ret = CL_SUCCESS;
   return object;
}

/* ---- queries ---- */

/* Where a query puts its answer. */
struct cl_out {
   size_t size;
   void *value;
   size_t *size_ret;
};

/* CL_INVALID_VALUE if there is a place and it is too small. `data` may be NULL
 * if `size` is 0. */
cl_int cl_return(const struct cl_out *out, const void *data, size_t size);
cl_int cl_return_string(const struct cl_out *out, const char *s);

#define CL_RETURN(out, type, ...)                                              \
   do {                                                                        \
      type cl_value = (type)(__VA_ARGS__);                                     \
      return cl_return(out, &cl_value, sizeof(cl_value));                      \
   } while (0)

/* Words of a properties list, the closing 0 included; 0 for NULL. */
unsigned cl_count_properties(const cl_properties *props);

/* ---- enqueues ---- */

enum cl_blocking {
   CL_DO_NOT_WAIT,
   CL_WAIT_RUN, /* until the data given may be reused */
   CL_WAIT_DONE,
};

/* The wait list of an enqueue to `q`. */
cl_int cl_check_wait_list(struct ocl_context *ctx, cl_uint n,
                          const cl_event *list);

/* Hands the command over; NULL: there was no memory for it. */
cl_int cl_enqueue(struct ocl_queue *q, struct ocl_event *cmd, cl_uint n,
                  const cl_event *list, cl_event *event,
                  enum cl_blocking blocking);

/* ---- checks that several calls share ---- */

/* The memory object, or the error of using it in a command of `q`; a buffer. */
cl_int cl_check_mem(struct ocl_queue *q, cl_mem handle,
                    struct ocl_mem **mem_out);
cl_int cl_check_buffer(struct ocl_queue *q, cl_mem handle,
                       struct ocl_mem **mem_out);
/* CL_INVALID_VALUE unless [offset, offset + size) lies in the buffer. */
cl_int cl_check_range(const struct ocl_mem *mem, size_t offset, size_t size);
cl_int cl_check_devices(const struct ocl_context *ctx, cl_uint n,
                        const cl_device_id *devices);

/* Types without support: samplers have no core part. */
struct cl_sampler_object {
   struct ocl_object obj;
};

void *cl_extension_function(const char *name);

#endif
