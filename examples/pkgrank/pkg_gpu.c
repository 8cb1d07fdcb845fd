/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "pkg_gpu.h"

#include "pkgrank_cl.h" /* pkg_types_text, pkgrank_cl_text */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUP   128
#define CHUNK_B (256u << 10)

/* Memory that clSVMAlloc gave, carved up from the start. */
struct chunk {
   struct chunk *next;
   char *start;
   size_t size_B, used_B;
   bool mapped;
};

struct pkg_gpu {
   enum pkg_memory memory;
   cl_device_id device;
   cl_context context;
   cl_command_queue queue;
   cl_program program;
   cl_kernel pull, commit, search;
   char name[128], svm[128];
   struct chunk *chunks;
   void **blocks; /* what malloc gave */
   size_t num_blocks, cap_blocks;
};

#define TRY(call)                                                              \
   do {                                                                        \
      cl_int err_ = (call);                                                    \
      if (err_ != CL_SUCCESS) {                                                \
         fprintf(stderr, "pkgrank: %s: OpenCL error %d\n", #call, err_);       \
         return false;                                                         \
      }                                                                        \
   } while (0)

/* --- memory --- */

static void *
alloc_malloc(struct pkg_gpu *gpu, size_t size_B)
{
   if (gpu->num_blocks == gpu->cap_blocks) {
      gpu->cap_blocks = gpu->cap_blocks ? gpu->cap_blocks * 2 : 1024;
      gpu->blocks = realloc(gpu->blocks, gpu->cap_blocks * sizeof(void *));
      if (!gpu->blocks)
         return NULL;
   }
   void *p = malloc(size_B);
   if (p)
      gpu->blocks[gpu->num_blocks++] = p;
   return p;
}

static struct chunk *
new_chunk(struct pkg_gpu *gpu, size_t size_B)
{
   cl_svm_mem_flags flags =
      CL_MEM_READ_WRITE |
      (gpu->memory == PKG_MEMORY_COARSE ? 0 : CL_MEM_SVM_FINE_GRAIN_BUFFER);
   struct chunk *c = calloc(1, sizeof(*c));
   if (!c)
      return NULL;
   c->size_B = size_B > CHUNK_B ? size_B : CHUNK_B;
   c->start = clSVMAlloc(gpu->context, flags, c->size_B, 0);
   if (!c->start) {
      free(c);
      return NULL;
   }
   /* The host builds in it at once. */
   if (gpu->memory == PKG_MEMORY_COARSE) {
      c->mapped = clEnqueueSVMMap(gpu->queue, CL_TRUE, CL_MAP_WRITE, c->start,
                                  c->size_B, 0, NULL, NULL) == CL_SUCCESS;
   }
   c->next = gpu->chunks;
   gpu->chunks = c;
   return c;
}

static void *
alloc_svm(struct pkg_gpu *gpu, size_t size_B)
{
   struct chunk *c = gpu->chunks;
   size_B = (size_B + 15) & ~(size_t)15;
   if (!c || c->size_B - c->used_B < size_B)
      c = new_chunk(gpu, size_B);
   if (!c)
      return NULL;
   void *p = c->start + c->used_B;
   c->used_B += size_B;
   return p;
}

static void *
alloc(void *data, size_t size_B)
{
   struct pkg_gpu *gpu = data;
   return gpu->memory == PKG_MEMORY_MALLOC ? alloc_malloc(gpu, size_B)
                                           : alloc_svm(gpu, size_B);
}

struct pkg_allocator
pkg_gpu_allocator(struct pkg_gpu *gpu)
{
   return (struct pkg_allocator){alloc, gpu};
}

bool
pkg_gpu_give_to_host(struct pkg_gpu *gpu)
{
   for (struct chunk *c = gpu->chunks; c; c = c->next) {
      if (gpu->memory != PKG_MEMORY_COARSE || c->mapped)
         continue;
      TRY(clEnqueueSVMMap(gpu->queue, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE,
                          c->start, c->size_B, 0, NULL, NULL));
      c->mapped = true;
   }
   return true;
}

/* The kernels reach everything through pointers, so they must be told of all of
 * it. */
static bool
tell_kernels(struct pkg_gpu *gpu)
{
   void *ptrs[1024];
   size_t n = 0;
   for (struct chunk *c = gpu->chunks; c && n < 1024; c = c->next)
      ptrs[n++] = c->start;
   cl_kernel kernels[] = {gpu->pull, gpu->commit, gpu->search};
   for (unsigned i = 0; n && i < 3; i++)
      TRY(clSetKernelExecInfo(kernels[i], CL_KERNEL_EXEC_INFO_SVM_PTRS,
                              n * sizeof(void *), ptrs));
   return true;
}

bool
pkg_gpu_give_to_device(struct pkg_gpu *gpu)
{
   for (struct chunk *c = gpu->chunks; c; c = c->next) {
      if (!c->mapped)
         continue;
      TRY(clEnqueueSVMUnmap(gpu->queue, c->start, 0, NULL, NULL));
      c->mapped = false;
   }
   return tell_kernels(gpu);
}

bool
pkg_gpu_migrate(struct pkg_gpu *gpu)
{
   for (struct chunk *c = gpu->chunks; c; c = c->next) {
      const void *p = c->start;
      TRY(clEnqueueSVMMigrateMem(gpu->queue, 1, &p, &c->size_B, 0, 0, NULL,
                                 NULL));
   }
   return true;
}

/* --- device --- */

static void CL_CALLBACK
notify(const char *text, const void *info, size_t info_B, void *data)
{
   fprintf(stderr, "pkgrank: %s\n", text);
}

static bool
find_device(struct pkg_gpu *gpu)
{
   static const cl_device_svm_capabilities needed[] = {
      [PKG_MEMORY_MALLOC] = CL_DEVICE_SVM_FINE_GRAIN_SYSTEM,
      [PKG_MEMORY_COARSE] = CL_DEVICE_SVM_COARSE_GRAIN_BUFFER,
      [PKG_MEMORY_FINE] = CL_DEVICE_SVM_FINE_GRAIN_BUFFER,
   };
   cl_platform_id platforms[16];
   cl_uint num = 0;
   clGetPlatformIDs(16, platforms, &num);
   for (cl_uint i = 0; i < num && i < 16; i++) {
      cl_device_svm_capabilities caps = 0;
      if (clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, &gpu->device,
                         NULL))
         continue;
      clGetDeviceInfo(gpu->device, CL_DEVICE_SVM_CAPABILITIES, sizeof(caps),
                      &caps, NULL);
      if (!(caps & needed[gpu->memory]))
         continue;
      clGetDeviceInfo(gpu->device, CL_DEVICE_NAME, sizeof(gpu->name), gpu->name,
                      NULL);
      snprintf(
         gpu->svm, sizeof(gpu->svm), "%s%s%s%s",
         caps & CL_DEVICE_SVM_COARSE_GRAIN_BUFFER ? "coarse" : "",
         caps & CL_DEVICE_SVM_FINE_GRAIN_BUFFER ? ", fine" : "",
         caps & CL_DEVICE_SVM_FINE_GRAIN_SYSTEM ? ", any CPU pointer" : "",
         caps & CL_DEVICE_SVM_ATOMICS ? ", atomics" : "");
      return true;
   }
   fprintf(stderr,
           "pkgrank: no OpenCL device has the SVM that --memory asks for "
           "(%u platforms seen)\n",
           num);
   return false;
}

static bool
build(struct pkg_gpu *gpu)
{
   const char *text[] = {pkg_types_text, pkgrank_cl_text};
   cl_int err;
   gpu->program = clCreateProgramWithSource(gpu->context, 2, text, NULL, &err);
   TRY(err);
   err = clBuildProgram(gpu->program, 1, &gpu->device, "-cl-std=CL3.0", NULL,
                        NULL);
   if (err) {
      static char log[16384];
      clGetProgramBuildInfo(gpu->program, gpu->device, CL_PROGRAM_BUILD_LOG,
                            sizeof(log), log, NULL);
      fprintf(stderr, "pkgrank: the kernels do not build:\n%s\n", log);
      return false;
   }
   gpu->pull = clCreateKernel(gpu->program, "rank_pull", &err);
   TRY(err);
   gpu->commit = clCreateKernel(gpu->program, "rank_commit", &err);
   TRY(err);
   gpu->search = clCreateKernel(gpu->program, "search_level", &err);
   TRY(err);
   return true;
}

static bool
setup(struct pkg_gpu *gpu)
{
   cl_int err;
   if (!find_device(gpu))
      return false;
   gpu->context = clCreateContext(NULL, 1, &gpu->device, notify, NULL, &err);
   TRY(err);
   gpu->queue =
      clCreateCommandQueueWithProperties(gpu->context, gpu->device, NULL, &err);
   TRY(err);
   return build(gpu);
}

struct pkg_gpu *
pkg_gpu_create(enum pkg_memory memory)
{
   struct pkg_gpu *gpu = calloc(1, sizeof(*gpu));
   if (!gpu)
      return NULL;
   gpu->memory = memory;
   if (!setup(gpu)) {
      pkg_gpu_destroy(gpu);
      return NULL;
   }
   return gpu;
}

void
pkg_gpu_destroy(struct pkg_gpu *gpu)
{
   if (gpu->queue)
      clFinish(gpu->queue);
   for (struct chunk *c = gpu->chunks, *next; c; c = next) {
      next = c->next;
      clSVMFree(gpu->context, c->start);
      free(c);
   }
   for (size_t i = 0; i < gpu->num_blocks; i++)
      free(gpu->blocks[i]);
   free(gpu->blocks);
   if (gpu->pull)
      clReleaseKernel(gpu->pull);
   if (gpu->commit)
      clReleaseKernel(gpu->commit);
   if (gpu->search)
      clReleaseKernel(gpu->search);
   if (gpu->program)
      clReleaseProgram(gpu->program);
   if (gpu->queue)
      clReleaseCommandQueue(gpu->queue);
   if (gpu->context)
      clReleaseContext(gpu->context);
   free(gpu);
}

const char *
pkg_gpu_device_name(const struct pkg_gpu *gpu)
{
   return gpu->name;
}

const char *
pkg_gpu_svm_text(const struct pkg_gpu *gpu)
{
   return gpu->svm;
}

bool
pkg_gpu_counters(struct pkg_gpu *gpu, struct cl_svm_counters_partage *out)
{
   return clGetDeviceInfo(gpu->device, CL_DEVICE_SVM_COUNTERS_PARTAGE,
                          sizeof(*out), out, NULL) == CL_SUCCESS;
}

/* --- kernels --- */

static bool
launch(struct pkg_gpu *gpu, cl_kernel kernel, size_t items)
{
   size_t local = GROUP, global = (items + GROUP - 1) / GROUP * GROUP;
   TRY(clEnqueueNDRangeKernel(gpu->queue, kernel, 1, NULL, &global, &local, 0,
                              NULL, NULL));
   return true;
}

/* What the two halves of an iteration hand over. */
struct sums {
   double *change, *loose; /* one of each a group */
   unsigned groups;
};

static bool
iterate(struct pkg_gpu *gpu, const struct pkg_graph *graph, double damping,
        double loose, const struct sums *sums)
{
   cl_uint n = graph->num;
   double base = (1 - damping + damping * loose) / n;
   TRY(clSetKernelArgSVMPointer(gpu->pull, 0, graph->all));
   TRY(clSetKernelArg(gpu->pull, 1, sizeof(n), &n));
   TRY(clSetKernelArg(gpu->pull, 2, sizeof(base), &base));
   TRY(clSetKernelArg(gpu->pull, 3, sizeof(damping), &damping));
   TRY(clSetKernelArgSVMPointer(gpu->commit, 0, graph->all));
   TRY(clSetKernelArg(gpu->commit, 1, sizeof(n), &n));
   TRY(clSetKernelArgSVMPointer(gpu->commit, 2, sums->change));
   TRY(clSetKernelArgSVMPointer(gpu->commit, 3, sums->loose));
   TRY(clSetKernelArg(gpu->commit, 4, 2 * GROUP * sizeof(double), NULL));
   if (!pkg_gpu_give_to_device(gpu) || !launch(gpu, gpu->pull, n) ||
       !launch(gpu, gpu->commit, n))
      return false;
   TRY(clFinish(gpu->queue));
   return pkg_gpu_give_to_host(gpu);
}

static double
add_up(const double *v, unsigned n)
{
   double sum = 0;
   for (unsigned i = 0; i < n; i++)
      sum += v[i];
   return sum;
}

bool
pkg_gpu_rank(struct pkg_gpu *gpu, const struct pkg_graph *graph,
             const struct pkg_params *params, pkg_progress progress,
             unsigned *iterations_out)
{
   struct sums sums = {.groups = (graph->num + GROUP - 1) / GROUP};
   double loose = 0, change = INFINITY;
   unsigned iteration = 0;
   sums.change = alloc(gpu, sums.groups * sizeof(double));
   sums.loose = alloc(gpu, sums.groups * sizeof(double));
   if (!sums.change || !sums.loose)
      return false;
   for (uint32_t i = 0; i < graph->num; i++) {
      graph->all[i]->rank = 1.0 / graph->num;
      loose += graph->all[i]->num_out ? 0 : graph->all[i]->rank;
   }
   while (iteration < params->max_iterations && change > params->epsilon) {
      if (!iterate(gpu, graph, params->damping, loose, &sums))
         return false;
      change = add_up(sums.change, sums.groups);
      loose = add_up(sums.loose, sums.groups);
      iteration++;
      if (progress)
         progress("PageRank iteration", iteration, change);
   }
   *iterations_out = iteration;
   return true;
}

bool
pkg_gpu_search(struct pkg_gpu *gpu, const struct pkg_graph *graph,
               struct pkg *root, pkg_progress progress, unsigned *levels_out)
{
   struct pkg_queue *q =
      alloc(gpu, sizeof(*q) + graph->num * sizeof(q->items[0]));
   cl_uint first = 0;
   cl_int depth = 0;
   if (!q)
      return false;
   for (uint32_t i = 0; i < graph->num; i++)
      graph->all[i]->depth = -1;
   root->depth = 0;
   q->items[0] = root;
   q->tail = 1;
   while (first < q->tail) {
      cl_uint last = q->tail;
      depth++;
      TRY(clSetKernelArgSVMPointer(gpu->search, 0, q));
      TRY(clSetKernelArg(gpu->search, 1, sizeof(first), &first));
      TRY(clSetKernelArg(gpu->search, 2, sizeof(last), &last));
      TRY(clSetKernelArg(gpu->search, 3, sizeof(depth), &depth));
      if (!pkg_gpu_give_to_device(gpu) ||
          !launch(gpu, gpu->search, last - first))
         return false;
      TRY(clFinish(gpu->queue));
      if (!pkg_gpu_give_to_host(gpu))
         return false;
      first = last;
      if (progress)
         progress("search level", depth, q->tail - last);
   }
   *levels_out = depth - 1;
   return true;
}
