/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Statements in which the CPU, the GPU, the kernel and children use memory. */
#include "svm_scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* pipe PAGE to PAGE: through two system calls */
void
do_pipe(struct run *r)
{
   int p[2];
   take_pages(r);
   char *from = page_at(r, 0);
   want(r, "to");
   take_pages(r);
   if (pipe(p) || write(p[1], from, PAGE) != PAGE ||
       read(p[0], page_at(r, 0), PAGE) != PAGE)
      stop(r, "pipe failed: %s", strerror(errno));
   close(p[0]);
   close(p[1]);
}

/* migrate PAGES device|host */
void
do_migrate(struct run *r)
{
   take_pages(r);
   bool home = take_if(r, "host");
   if (!home)
      want(r, "device");
   cl_mem_migration_flags flags =
      CL_MIGRATE_SVM_SYSTEM_PARTAGE | (home ? CL_MIGRATE_MEM_OBJECT_HOST : 0);
   const void *ptr = page_at(r, 0);
   size_t size = (size_t)r->count * PAGE;
   cl_ok(
      r, "migrate",
      clEnqueueSVMMigrateMem(r->queue, 1, &ptr, &size, flags, 0, NULL, NULL));
   cl_ok(r, "finish", clFinish(r->queue));
}

/* ---- accesses ---- */

static void
check_value(struct run *r, const char *who, unsigned page, uint32_t got,
            uint32_t expected)
{
   if (got != expected)
      stop(r, "%s sees %u in page %u, not %u", who, got, r->first + page,
           expected);
}

static void
cpu_access(struct run *r)
{
   const char *op = take(r);
   take_pages(r);
   const char *sign = take(r);
   uint32_t v = take_number(r);
   (void)sign;
   for (unsigned i = 0; i < r->count; i++) {
      volatile uint32_t *w = (uint32_t *)page_at(r, i);
      if (!strcmp(op, "write"))
         *w = v;
      else if (!strcmp(op, "add"))
         *w += v;
      else if (!strcmp(op, "read"))
         check_value(r, "the CPU", i, *w, v);
      else
         stop(r, "cpu what?");
   }
}

cl_command_queue
new_queue(struct run *r)
{
   cl_int err;
   cl_command_queue q =
      clCreateCommandQueueWithProperties(r->context, r->device, NULL, &err);
   cl_ok(r, "queue", err);
   return q;
}

static void
launch(struct run *r, cl_kernel k, uint32_t v, cl_mem out)
{
   cl_uint first = r->first, step = PAGE / 4;
   size_t global = r->count;
   cl_ok(r, "argument", clSetKernelArgSVMPointer(k, 0, r->region->at));
   cl_ok(r, "argument", clSetKernelArg(k, 1, sizeof(first), &first));
   cl_ok(r, "argument", clSetKernelArg(k, 2, sizeof(step), &step));
   cl_ok(r, "argument", clSetKernelArg(k, 3, sizeof(v), &v));
   if (out)
      cl_ok(r, "argument", clSetKernelArg(k, 4, sizeof(out), &out));
   cl_event event;
   cl_ok(r, "launch",
         clEnqueueNDRangeKernel(r->queue, k, 1, NULL, &global, NULL, 0, NULL,
                                &event));
   clFinish(r->queue);
   cl_int status;
   clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status),
                  &status, NULL);
   clReleaseEvent(event);
   r->cancelled = status < 0;
   if (!r->cancelled)
      return;
   /* Its queue is gone with it. */
   clReleaseCommandQueue(r->queue);
   r->queue = new_queue(r);
}

void
do_gpu(struct run *r)
{
   const char *op = take(r);
   take_pages(r);
   const char *sign = take(r);
   uint32_t v = take_number(r);
   (void)sign;
   cl_kernel k = !strcmp(op, "write")    ? r->put
                 : !strcmp(op, "add")    ? r->add
                 : !strcmp(op, "atomic") ? r->inc
                 : !strcmp(op, "read")   ? r->get
                                         : NULL;
   if (!k)
      stop(r, "gpu what?");
   if (k != r->get) {
      launch(r, k, v, NULL);
      return;
   }
   cl_int err;
   uint32_t *got = calloc(r->count, 4);
   cl_mem out =
      clCreateBuffer(r->context, CL_MEM_WRITE_ONLY, r->count * 4ul, NULL, &err);
   cl_ok(r, "buffer", err);
   launch(r, k, 0, out);
   if (!r->cancelled)
      cl_ok(r, "read",
            clEnqueueReadBuffer(r->queue, out, CL_TRUE, 0, r->count * 4ul, got,
                                0, NULL, NULL));
   for (unsigned i = 0; i < r->count && !r->cancelled; i++)
      check_value(r, "the GPU", i, got[i], v);
   clReleaseMemObject(out);
   free(got);
}

/* fork read PAGES == V: a child looks */
void
do_fork(struct run *r)
{
   fflush(NULL);
   pid_t pid = fork();
   if (!pid) {
      cpu_access(r);
      _exit(0);
   }
   int status;
   waitpid(pid, &status, 0);
   if (!WIFEXITED(status) || WEXITSTATUS(status))
      stop(r, "the child saw something else");
   r->next = r->num_words;
}

void
do_cpu(struct run *r)
{
   cpu_access(r);
}

/* ---- a child that stays ---- */

struct child {
   pid_t pid;
   int to, from;
};

/* An access, in words that a pipe takes. */
struct order {
   char op[8];
   unsigned region, first, count;
   uint32_t value;
};

static bool
obey(struct run *r, const struct order *o)
{
   for (unsigned i = 0; i < o->count; i++) {
      volatile uint32_t *w =
         (uint32_t *)(r->regions[o->region].at + (size_t)(o->first + i) * PAGE);
      if (!strcmp(o->op, "write"))
         *w = o->value;
      else if (!strcmp(o->op, "add"))
         *w += o->value;
      else if (*w != o->value)
         return false;
   }
   return true;
}

static void
begin_child(struct run *r)
{
   int to[2], from[2];
   r->child = calloc(1, sizeof(*r->child));
   if (pipe(to) || pipe(from))
      stop(r, "no pipe");
   fflush(NULL);
   r->child->pid = fork();
   if (!r->child->pid) {
      struct order o;
      close(to[1]);
      while (read(to[0], &o, sizeof(o)) == sizeof(o)) {
         char ok = obey(r, &o);
         if (write(from[1], &ok, 1) != 1)
            break;
      }
      _exit(0);
   }
   close(to[0]);
   close(from[1]);
   r->child->to = to[1];
   r->child->from = from[0];
}

static void
end_child(struct run *r)
{
   close(r->child->to);
   close(r->child->from);
   waitpid(r->child->pid, NULL, 0);
   free(r->child);
   r->child = NULL;
}

/* child begin | child read|write|add PAGES op V | child end */
void
do_child(struct run *r)
{
   if (take_if(r, "begin")) {
      begin_child(r);
      return;
   }
   if (!r->child)
      stop(r, "no child");
   if (take_if(r, "end")) {
      end_child(r);
      return;
   }
   struct order o = {0};
   char ok = 0;
   snprintf(o.op, sizeof(o.op), "%s", take(r));
   take_pages(r);
   take(r);
   o.value = take_number(r);
   o.region = r->region - r->regions;
   o.first = r->first;
   o.count = r->count;
   if (write(r->child->to, &o, sizeof(o)) != sizeof(o) ||
       read(r->child->from, &ok, 1) != 1)
      stop(r, "the child is gone");
   if (!ok)
      stop(r, "the child sees something else");
}

/* ---- others ---- */

/* file PAGES == V: what read(2) of the file gives */
void
do_file(struct run *r)
{
   take_pages(r);
   want(r, "==");
   uint32_t v = take_number(r), got = 0;
   for (unsigned i = 0; i < r->count; i++) {
      if (pread(r->region->fd, &got, 4, (off_t)(r->first + i) * PAGE) != 4)
         stop(r, "not a file");
      check_value(r, "the file", i, got, v);
   }
}

/* race munmap|clear|none|ro PAGES: while the GPU adds 0 to all of the region
 * (atomically: else it may load before a clear and store the old value after
 * it), again and again. It may be refused. */
void
do_race(struct run *r)
{
   const char *what = take(r);
   take_pages(r);
   char *at = page_at(r, 0);
   size_t size = (size_t)r->count * PAGE, all = r->region->pages;
   cl_uint first = 0, step = PAGE / 4, zero = 0;
   cl_ok(r, "argument", clSetKernelArgSVMPointer(r->inc, 0, r->region->at));
   cl_ok(r, "argument", clSetKernelArg(r->inc, 1, sizeof(first), &first));
   cl_ok(r, "argument", clSetKernelArg(r->inc, 2, sizeof(step), &step));
   cl_ok(r, "argument", clSetKernelArg(r->inc, 3, sizeof(zero), &zero));
   for (unsigned i = 0; i < 30; i++) {
      clEnqueueNDRangeKernel(r->queue, r->inc, 1, NULL, &all, NULL, 0, NULL,
                             NULL);
      clFlush(r->queue);
      if (i != 5)
         continue;
      if (!strcmp(what, "munmap"))
         unmap_for_good(at, size);
      else if (!strcmp(what, "clear"))
         madvise(at, size, MADV_DONTNEED);
      else
         mprotect(at, size, strcmp(what, "ro") ? PROT_NONE : PROT_READ);
   }
   clFinish(r->queue);
   clReleaseCommandQueue(r->queue);
   r->queue = new_queue(r);
}

/* spin PAGES ro|none: a kernel writes to the page again and again; then it is
 * protected. The kernel ends when it is refused, or else when we give up. */
void
do_spin(struct run *r)
{
   take_pages(r);
   bool none = take_if(r, "none");
   if (!none)
      want(r, "ro");
   cl_int err, status;
   cl_event event;
   size_t one = 1;
   volatile uint32_t *stop_it = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
   cl_kernel k = clCreateKernel(r->program, "spin", &err);
   cl_ok(r, "spin", err);
   cl_ok(r, "argument", clSetKernelArgSVMPointer(k, 0, page_at(r, 0)));
   cl_ok(r, "argument", clSetKernelArgSVMPointer(k, 1, (void *)stop_it));
   cl_ok(r, "launch",
         clEnqueueNDRangeKernel(r->queue, k, 1, NULL, &one, NULL, 0, NULL,
                                &event));
   clFlush(r->queue);
   while (!stop_it[1]) /* it runs */
      usleep(1000);
   mprotect(page_at(r, 0), (size_t)r->count * PAGE,
            none ? PROT_NONE : PROT_READ);
   for (unsigned i = 0; i < 1000; i++) {
      clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status),
                     &status, NULL);
      if (status <= 0)
         break;
      usleep(5000);
   }
   stop_it[0] = 1;
   clFinish(r->queue);
   clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status),
                  &status, NULL);
   r->cancelled = status < 0;
   clReleaseEvent(event);
   clReleaseKernel(k);
   if (r->cancelled) {
      clReleaseCommandQueue(r->queue);
      r->queue = new_queue(r);
   }
}

/* evict: buffers take all of the device's memory for a moment */
void
do_evict(struct run *r)
{
   enum {
      MAX = 64
   };
   cl_ulong total, most;
   cl_mem list[MAX];
   cl_int err = CL_SUCCESS;
   unsigned n = 0;
   clGetDeviceInfo(r->device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof(total), &total,
                   NULL);
   clGetDeviceInfo(r->device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(most), &most,
                   NULL);
   for (cl_ulong sum = 0; sum < total && n < MAX && !err; sum += most) {
      list[n] =
         clCreateBuffer(r->context, CL_MEM_HOST_NO_ACCESS, most, NULL, &err);
      if (err)
         break;
      n++;
      err = clEnqueueMigrateMemObjects(r->queue, 1, &list[n - 1], 0, 0, NULL,
                                       NULL);
      if (!err)
         err = clFinish(r->queue);
   }
   while (n)
      clReleaseMemObject(list[--n]);
   clFinish(r->queue);
}
