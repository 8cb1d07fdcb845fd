/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What a process has after using and releasing contexts is what it had before:
 * file descriptors, mappings, threads. And no LLVM before something is
 * compiled. */
#include "e2e.h"

#include <dirent.h>

static unsigned
count_entries(const char *path)
{
   unsigned n = 0;
   DIR *d = opendir(path);
   assert_non_null(d);
   while (readdir(d))
      n++;
   closedir(d);
   return n;
}

/* Mappings that do not belong to the C heap, whose shape varies. */
static unsigned
count_maps(const char *with)
{
   unsigned n = 0;
   char line[512];
   FILE *f = fopen("/proc/self/maps", "r");
   assert_non_null(f);
   while (fgets(line, sizeof(line), f))
      n += strstr(line, with) != NULL;
   fclose(f);
   return n;
}

static void
print_maps(const char *with)
{
   char line[512];
   FILE *f = fopen("/proc/self/maps", "r");
   while (f && fgets(line, sizeof(line), f))
      if (strstr(line, with))
         print_error("%s", line);
   if (f)
      fclose(f);
}

static void
test_no_llvm_before_build(void **state)
{
   void *e;
   e2e_setup(&e);
   assert_int_equal(count_maps("libLLVM"), 0);
   cl_program p =
      e2e_program(e, "kernel void k(global int *p) { *p = 1; }", NULL);
   assert_true(count_maps("libLLVM") > 0);
   clReleaseProgram(p);
   e2e_teardown(&e);
}

static void
use_everything(void)
{
   static const char source[] =
      "kernel void k(global int *p, global int *q)\n"
      "{ p[get_global_id(0)] = q[get_global_id(0)] + 1; }\n";
   void *state;
   e2e_setup(&state);
   struct e2e *e = state;
   cl_int err;
   cl_kernel k = e2e_kernel(e, source, "k");
   cl_mem b = clCreateBuffer(e->context, 0, 1 << 20, NULL, &err);
   OK(err);
   int *svm = clSVMAlloc(e->context, CL_MEM_READ_WRITE, 1 << 20, 0);
   assert_non_null(svm);
   int zero = 0;
   OK(clEnqueueSVMMemFill(e->queue, svm, &zero, 4, 1 << 20, 0, NULL, NULL));
   e2e_arg(k, 0, sizeof(b), &b);
   e2e_arg_svm(k, 1, svm);
   OK(e2e_run(e, k, 1 << 18, 0));
   clSVMFree(e->context, svm);
   clReleaseMemObject(b);
   clReleaseKernel(k);
   e2e_teardown(&state);
}

static void
test_steady_state(void **state)
{
   /* A released queue's channel and its ring of 8 batches are kept for the
    * next. */
   for (unsigned i = 0; i < 12; i++)
      use_everything();
   unsigned fds = count_entries("/proc/self/fd");
   unsigned threads = count_entries("/proc/self/task");
   unsigned shared = count_maps(" rw-s ");
   for (unsigned i = 0; i < 10; i++)
      use_everything();
   assert_int_equal(count_entries("/proc/self/fd"), fds);
   assert_int_equal(count_entries("/proc/self/task"), threads);
   if (count_maps(" rw-s ") != shared)
      print_maps(" rw-s ");
   assert_int_equal(count_maps(" rw-s "), shared);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_llvm_before_build),
      cmocka_unit_test(test_steady_state),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
