/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "cl_priv.h"

#include <string.h>

/* What is known of a launch while it is checked. */
struct launch {
   struct ocl_queue *q;
   struct ocl_kernel *kernel;
   struct ocl_build *build; /* reference; of the queue's device */
   const struct ocl_kernel_state *state;
   struct ocl_ndrange range;
   bool empty; /* no work-items: only a marker */
};

/* Does the language of the build let the last group be smaller? OpenCL C 2.0
 * and 3.0 do unless told otherwise. */
static bool
build_is_non_uniform(struct ocl_program *prog, const struct ocl_device *dev)
{
   struct ocl_program_device *pd = ocl_program_find_device(prog, dev);

   pthread_mutex_lock(&prog->lock);
   const char *o = pd->options ? pd->options : "";
   bool std = strstr(o, "-cl-std=CL2.0") || strstr(o, "-cl-std=CL3.0");
   bool uniform = strstr(o, "-cl-uniform-work-group-size");
   pthread_mutex_unlock(&prog->lock);
   return std && !uniform && OCL_NON_UNIFORM_GROUPS;
}

static cl_int
read_sizes(struct launch *l, cl_uint dim, const size_t *offset,
           const size_t *global, const size_t *local)
{
   struct ocl_ndrange *r = &l->range;

   CL_CHECK(dim >= 1 && dim <= 3, CL_INVALID_WORK_DIMENSION);
   *r = (struct ocl_ndrange){dim, {0, 0, 0}, {1, 1, 1}, {1, 1, 1}};
   l->empty = !global;
   for (cl_uint i = 0; i < dim; i++) {
      r->offset[i] = offset ? offset[i] : 0;
      r->global[i] = global ? global[i] : 0;
      r->local[i] = local ? local[i] : 1;
      l->empty |= r->global[i] == 0;
      CL_CHECK(r->offset[i] + r->global[i] >= r->global[i],
               CL_INVALID_GLOBAL_OFFSET);
   }
   return CL_SUCCESS;
}

static cl_int
check_required_size(const struct launch *l, bool given, bool non_uniform)
{
   const uint32_t *reqd = l->kernel->info->reqd_wg_size;

   if (!reqd[0])
      return CL_SUCCESS;
   for (unsigned i = 0; i < 3; i++) {
      CL_CHECK(!given || l->range.local[i] == reqd[i],
               CL_INVALID_WORK_GROUP_SIZE);
      CL_CHECK(non_uniform || l->range.global[i] % reqd[i] == 0,
               CL_INVALID_WORK_GROUP_SIZE);
   }
   return CL_SUCCESS;
}

static cl_int
check_given_size(const struct launch *l, bool non_uniform)
{
   const struct pipe_caps *caps = ocl_device_caps(l->q->dev);
   uint64_t threads = 1;

   for (unsigned i = 0; i < 3; i++) {
      size_t n = l->range.local[i];
      CL_CHECK(n, CL_INVALID_WORK_GROUP_SIZE);
      CL_CHECK(n <= caps->max_block[i], CL_INVALID_WORK_ITEM_SIZE);
      CL_CHECK(non_uniform || l->range.global[i] % n == 0,
               CL_INVALID_WORK_GROUP_SIZE);
      threads *= n;
   }
   CL_CHECK(threads <= l->state->info.max_threads, CL_INVALID_WORK_GROUP_SIZE);
   return CL_SUCCESS;
}

/* Ends with range.local filled in. */
static cl_int
settle_local_size(struct launch *l, bool given)
{
   const struct pipe_caps *caps = ocl_device_caps(l->q->dev);
   bool non_uniform = build_is_non_uniform(l->kernel->program, l->q->dev);
   const uint32_t *reqd = l->kernel->info->reqd_wg_size;
   cl_int err = check_required_size(l, given, non_uniform);

   CL_CHECK(!err, err);
   if (!given && reqd[0])
      for (unsigned i = 0; i < 3; i++)
         l->range.local[i] = reqd[i];
   else if (!given)
      ocl_choose_local_size(caps, l->state->info.max_threads, non_uniform,
                            &l->range);
   err = check_given_size(l, non_uniform);
   CL_CHECK(!err, err);
   for (unsigned i = 0; i < 3; i++)
      CL_CHECK(DIV_ROUND_UP(l->range.global[i], l->range.local[i]) <=
                  caps->max_grid[i],
               CL_INVALID_GLOBAL_WORK_SIZE);
   return CL_SUCCESS;
}

/* A pointer that is in no allocation is legal with fine-grain system SVM only;
 * without that, one in an allocation is for the devices that have it. The end
 * of an allocation counts as in it. */
static bool
device_reaches(const struct ocl_queue *q, const char *ptr)
{
   if (!ptr || q->dev->svm_caps & CL_DEVICE_SVM_FINE_GRAIN_SYSTEM)
      return true;
   struct ocl_svm_alloc *a = ocl_svm_find(q->ctx, ptr);
   if (!a)
      a = ocl_svm_find(q->ctx, ptr - 1);
   bool reaches = a && ocl_svm_resource(a, q->dev_index);
   ocl_svm_put(a);
   return reaches;
}

static cl_int
check_svm_args(const struct launch *l)
{
   const struct ocl_args *args = &l->kernel->args;
   cl_device_svm_capabilities caps = l->q->dev->svm_caps;

   for (unsigned i = 0; i < args->num; i++)
      CL_CHECK(!args->arg[i].is_svm ||
                  (caps && device_reaches(l->q, args->arg[i].svm)),
               CL_INVALID_OPERATION);
   CL_CHECK(caps || !args->num_svm_ptrs, CL_INVALID_OPERATION);
   return CL_SUCCESS;
}

static cl_int
check_resources(const struct launch *l)
{
   uint64_t local = ocl_args_local_end(&l->kernel->args, l->kernel->info,
                                       l->state->info.static_local_memory_B);

   CL_CHECK(local <= ocl_device_caps(l->q->dev)->shared_mem_B,
            CL_OUT_OF_RESOURCES);
   return CL_SUCCESS;
}

/* A sub-buffer's address must suit the device; ours all do (clCreateSubBuffer).
 */
static cl_int
find_build(struct launch *l)
{
   struct ocl_kernel *k = l->kernel;

   if (k->build->dev == l->q->dev)
      l->build = ocl_build_get(k->build);
   else
      l->build = ocl_program_device_executable(k->program, l->q->dev);
   CL_CHECK(l->build, CL_INVALID_PROGRAM_EXECUTABLE);
   const struct clc_kernel *info = ocl_build_find(l->build, k->info->name);
   CL_CHECK(info, CL_INVALID_PROGRAM_EXECUTABLE);
   l->state = ocl_build_state(l->build, info);
   CL_CHECK(l->state, CL_OUT_OF_RESOURCES);
   return CL_SUCCESS;
}

static cl_int
check_launch(struct launch *l, cl_uint dim, const size_t *offset,
             const size_t *global, const size_t *local)
{
   cl_int err = find_build(l);

   CL_CHECK(!err, err);
   CL_CHECK(ocl_kernel_args_complete(l->kernel), CL_INVALID_KERNEL_ARGS);
   err = read_sizes(l, dim, offset, global, local);
   CL_CHECK(!err, err);
   err = check_svm_args(l);
   CL_CHECK(!err, err);
   err = check_resources(l);
   CL_CHECK(!err, err);
   return l->empty ? CL_SUCCESS : settle_local_size(l, local != NULL);
}

static cl_int
submit(struct launch *l, cl_command_type type, cl_uint n, const cl_event *list,
       cl_event *event)
{
   struct ocl_event *cmd;
   cl_int err;

   if (l->empty)
      cmd = ocl_cmd_marker(l->q, type);
   else
      cmd = ocl_cmd_ndrange(l->q, l->kernel, l->build, type, &l->range, &err);
   if (!cmd && !l->empty)
      return err;
   return cl_enqueue(l->q, cmd, n, list, event, CL_DO_NOT_WAIT);
}

static cl_int
enqueue_kernel(cl_command_queue queue, cl_kernel kernel, cl_command_type type,
               cl_uint dim, const size_t *offset, const size_t *global,
               const size_t *local, cl_uint n, const cl_event *list,
               cl_event *event)
{
   struct launch l = {.q = ocl_queue_check(queue),
                      .kernel = ocl_kernel_check(kernel)};

   CL_CHECK(l.q, CL_INVALID_COMMAND_QUEUE);
   CL_CHECK(l.kernel, CL_INVALID_KERNEL);
   CL_CHECK(l.kernel->program->ctx == l.q->ctx, CL_INVALID_CONTEXT);
   cl_int err = cl_check_wait_list(l.q->ctx, n, list);
   CL_CHECK(!err, err);
   err = check_launch(&l, dim, offset, global, local);
   if (!err)
      err = submit(&l, type, n, list, event);
   ocl_build_put(l.build);
   return err;
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueNDRangeKernel(cl_command_queue command_queue, cl_kernel kernel,
                       cl_uint work_dim, const size_t *global_work_offset,
                       const size_t *global_work_size,
                       const size_t *local_work_size,
                       cl_uint num_events_in_wait_list,
                       const cl_event *event_wait_list, cl_event *event)
{
   return enqueue_kernel(command_queue, kernel, CL_COMMAND_NDRANGE_KERNEL,
                         work_dim, global_work_offset, global_work_size,
                         local_work_size, num_events_in_wait_list,
                         event_wait_list, event);
}

CL_API_ENTRY cl_int CL_API_CALL
clEnqueueTask(cl_command_queue command_queue, cl_kernel kernel,
              cl_uint num_events_in_wait_list, const cl_event *event_wait_list,
              cl_event *event)
{
   const size_t one = 1;

   return enqueue_kernel(command_queue, kernel, CL_COMMAND_TASK, 1, NULL, &one,
                         &one, num_events_in_wait_list, event_wait_list, event);
}

/* CL_DEVICE_EXECUTION_CAPABILITIES has no CL_EXEC_NATIVE_KERNEL. */
CL_API_ENTRY cl_int CL_API_CALL
clEnqueueNativeKernel(cl_command_queue command_queue,
                      void(CL_CALLBACK *user_func)(void *), void *args,
                      size_t cb_args, cl_uint num_mem_objects,
                      const cl_mem *mem_list, const void **args_mem_loc,
                      cl_uint num_events_in_wait_list,
                      const cl_event *event_wait_list, cl_event *event)
{
   CL_CHECK(ocl_queue_check(command_queue), CL_INVALID_COMMAND_QUEUE);
   return CL_INVALID_OPERATION;
}
