/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Shared virtual memory; the errors are those of docs/opencl.md, "SVM errors". */
#include "cl_priv.h"

#include "partage/cl_partage.h"

#define MAX_PATTERN_B 128
#define MAX_ALIGN_B                                                            \
   (64u << 10) /* more than any type needs; refused is legal above 128 */

#define SVM_ACCESS_FLAGS                                                       \
   (CL_MEM_READ_WRITE | CL_MEM_WRITE_ONLY | CL_MEM_READ_ONLY)

static bool
svm_flags_are_good(const struct ocl_context *ctx, cl_svm_mem_flags flags)
{
   const cl_svm_mem_flags known =
      SVM_ACCESS_FLAGS | CL_MEM_SVM_FINE_GRAIN_BUFFER | CL_MEM_SVM_ATOMICS;
   cl_svm_mem_flags access = flags & SVM_ACCESS_FLAGS;
   cl_device_svm_capabilities caps = ctx->svm.caps;

   if ((flags & ~known) || (access & (access - 1)))
      return false;
   if ((flags & CL_MEM_SVM_ATOMICS) && !(flags & CL_MEM_SVM_FINE_GRAIN_BUFFER))
      return false;
   if ((flags & CL_MEM_SVM_FINE_GRAIN_BUFFER) &&
       !(caps & CL_DEVICE_SVM_FINE_GRAIN_BUFFER))
      return false;
   return !(flags & CL_MEM_SVM_ATOMICS) || (caps & CL_DEVICE_SVM_ATOMICS);
}

static bool
svm_size_is_good(const struct ocl_context *ctx, size_t size)
{
   for (unsigned i = 0; i < ctx->num_devices; i++)
      if (size > ocl_device_caps(ctx->devices[i])->max_alloc_B)
         return false;
   return size > 0;
}

CL_API_ENTRY void *CL_API_CALL
clSVMAlloc(cl_context context, cl_svm_mem_flags flags, size_t size,
           cl_uint alignment)
{
   struct ocl_context *ctx = ocl_context_check(context);

   if (!ctx || !ctx->svm.caps || !svm_flags_are_good(ctx, flags) ||
       !svm_size_is_good(ctx, size))
      return NULL;
   if (alignment && (!util_is_pow2(alignment) || alignment > MAX_ALIGN_B))
      return NULL;
   return ocl_svm_alloc(ctx, flags, size, alignment);
}

CL_API_ENTRY void CL_API_CALL
clSVMFree(cl_context context, void *svm_pointer)
{
   struct ocl_context *ctx = ocl_context_check(context);

   if (ctx && svm_pointer)
      ocl_svm_free(ctx, svm_pointer);
}

/* What every enqueue below checks: a queue whose device has SVM, and the wait
 * list. */
static cl_int
check_queue(cl_command_queue queue, cl_uint n, const cl_event *list,
            struct ocl_queue **q_out)
{
   struct ocl_queue *q = ocl_queue_check(queue);

   CL_CHECK(q, CL_INVALID_COMMAND_QUEUE);
   CL_CHECK(q->dev->svm_caps, CL_INVALID_OPERATION);
   *q_out = q;
   return cl_check_wait_list(q->ctx, n, list);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueSVMFree(cl_command_queue command_queue, cl_uint num_svm_pointers,
                 void *svm_pointers[],
                 void(CL_CALLBACK *pfn_free_func)(cl_command_queue, cl_uint,
                                                  void *[], void *),
                 void *user_data, cl_uint num_events_in_wait_list,
                 const cl_event *event_wait_list, cl_event *event)
{
   struct ocl_queue *q;
   cl_int err =
      check_queue(command_queue, num_events_in_wait_list, event_wait_list, &q);

   CL_CHECK(!err, err);
   CL_CHECK((num_svm_pointers == 0) == (svm_pointers == NULL),
            CL_INVALID_VALUE);
   return cl_enqueue(q,
                     ocl_cmd_svm_free(q, svm_pointers, num_svm_pointers,
                                      pfn_free_func, user_data),
                     num_events_in_wait_list, event_wait_list, event,
                     CL_DO_NOT_WAIT);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueSVMMemcpy(cl_command_queue command_queue, cl_bool blocking_copy,
                   void *dst_ptr, const void *src_ptr, size_t size,
                   cl_uint num_events_in_wait_list,
                   const cl_event *event_wait_list, cl_event *event)
{
   struct ocl_queue *q;
   uintptr_t dst = (uintptr_t)dst_ptr, src = (uintptr_t)src_ptr;
   cl_int err =
      check_queue(command_queue, num_events_in_wait_list, event_wait_list, &q);

   CL_CHECK(!err, err);
   CL_CHECK(dst_ptr && src_ptr, CL_INVALID_VALUE);
   CL_CHECK(dst + size <= src || src + size <= dst, CL_MEM_COPY_OVERLAP);
   return cl_enqueue(q, ocl_cmd_svm_memcpy(q, dst_ptr, src_ptr, size),
                     num_events_in_wait_list, event_wait_list, event,
                     blocking_copy ? CL_WAIT_DONE : CL_DO_NOT_WAIT);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueSVMMemFill(cl_command_queue command_queue, void *svm_ptr,
                    const void *pattern, size_t pattern_size, size_t size,
                    cl_uint num_events_in_wait_list,
                    const cl_event *event_wait_list, cl_event *event)
{
   struct ocl_queue *q;
   cl_int err =
      check_queue(command_queue, num_events_in_wait_list, event_wait_list, &q);

   CL_CHECK(!err, err);
   CL_CHECK(svm_ptr && pattern, CL_INVALID_VALUE);
   CL_CHECK(util_is_pow2(pattern_size) && pattern_size <= MAX_PATTERN_B,
            CL_INVALID_VALUE);
   CL_CHECK((uintptr_t)svm_ptr % pattern_size == 0 && size % pattern_size == 0,
            CL_INVALID_VALUE);
   return cl_enqueue(
      q, ocl_cmd_svm_fill(q, svm_ptr, pattern, pattern_size, size),
      num_events_in_wait_list, event_wait_list, event, CL_DO_NOT_WAIT);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueSVMMap(cl_command_queue command_queue, cl_bool blocking_map,
                cl_map_flags flags, void *svm_ptr, size_t size,
                cl_uint num_events_in_wait_list,
                const cl_event *event_wait_list, cl_event *event)
{
   const cl_map_flags rw = CL_MAP_READ | CL_MAP_WRITE;
   struct ocl_queue *q;
   cl_int err =
      check_queue(command_queue, num_events_in_wait_list, event_wait_list, &q);

   CL_CHECK(!err, err);
   CL_CHECK(svm_ptr && size, CL_INVALID_VALUE);
   CL_CHECK(!(flags & ~(rw | CL_MAP_WRITE_INVALIDATE_REGION)),
            CL_INVALID_VALUE);
   CL_CHECK(!(flags & CL_MAP_WRITE_INVALIDATE_REGION) || !(flags & rw),
            CL_INVALID_VALUE);
   return cl_enqueue(q, ocl_cmd_marker(q, CL_COMMAND_SVM_MAP),
                     num_events_in_wait_list, event_wait_list, event,
                     blocking_map ? CL_WAIT_DONE : CL_DO_NOT_WAIT);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueSVMUnmap(cl_command_queue command_queue, void *svm_ptr,
                  cl_uint num_events_in_wait_list,
                  const cl_event *event_wait_list, cl_event *event)
{
   struct ocl_queue *q;
   cl_int err =
      check_queue(command_queue, num_events_in_wait_list, event_wait_list, &q);

   CL_CHECK(!err, err);
   CL_CHECK(svm_ptr, CL_INVALID_VALUE);
   return cl_enqueue(q, ocl_cmd_marker(q, CL_COMMAND_SVM_UNMAP),
                     num_events_in_wait_list, event_wait_list, event,
                     CL_DO_NOT_WAIT);
}

/* Every range must lie inside one allocation; without a size, the pointer must.
 * By our extension other memory will do, with a size. */
static cl_int
check_migrate_range(const struct ocl_queue *q, const void *ptr, size_t size,
                    cl_mem_migration_flags flags)
{
   struct ocl_svm_alloc *a = ptr ? ocl_svm_find(q->ctx, ptr) : NULL;
   bool any = flags & CL_MIGRATE_SVM_SYSTEM_PARTAGE &&
              q->dev->svm_caps & CL_DEVICE_SVM_FINE_GRAIN_SYSTEM;
   bool fine = a ? ocl_svm_contains(a, ptr, size) : any && ptr && size;

   ocl_svm_put(a);
   return fine ? CL_SUCCESS : CL_INVALID_VALUE;
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueSVMMigrateMem(cl_command_queue command_queue, cl_uint num_svm_pointers,
                       const void **svm_pointers, const size_t *sizes,
                       cl_mem_migration_flags flags,
                       cl_uint num_events_in_wait_list,
                       const cl_event *event_wait_list, cl_event *event)
{
   const cl_mem_migration_flags known =
      CL_MIGRATE_MEM_OBJECT_HOST | CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED |
      CL_MIGRATE_SVM_SYSTEM_PARTAGE;
   struct ocl_queue *q;
   cl_int err =
      check_queue(command_queue, num_events_in_wait_list, event_wait_list, &q);

   CL_CHECK(!err, err);
   CL_CHECK(num_svm_pointers && svm_pointers && !(flags & ~known),
            CL_INVALID_VALUE);
   for (cl_uint i = 0; i < num_svm_pointers; i++) {
      err =
         check_migrate_range(q, svm_pointers[i], sizes ? sizes[i] : 0, flags);
      CL_CHECK(!err, err);
   }
   flags &= ~CL_MIGRATE_SVM_SYSTEM_PARTAGE;
   return cl_enqueue(
      q, ocl_cmd_svm_migrate(q, svm_pointers, sizes, num_svm_pointers, flags),
      num_events_in_wait_list, event_wait_list, event, CL_DO_NOT_WAIT);
}
