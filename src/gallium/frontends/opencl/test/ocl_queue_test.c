/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Queues: order, batches, times, faults, threads. */
#include "ocl_test_kernels.h"

#include <stdio.h>

#include "util/test/test_random.h"

/* ---- order and batches ---- */

static void
test_batching(void **state)
{
   struct cl_test t;

   cl_test_open(&t, 0);
   struct fake_screen *s = fake_screen(0);
   cl_mem buf = make_buffer(&t, 0);
   cl_kernel k = make_kernel(&t, "add", buf, 1);
   OK(clFinish(t.q));
   unsigned before = fake_flushes(s);
   fake_gate(s, false);
   for (unsigned i = 0; i < 50; i++)
      OK(clEnqueueNDRangeKernel(t.q, k, 1, NULL, &one, NULL, 0, NULL, NULL));
   fake_gate(s, true);
   OK(clFinish(t.q));
   assert_int_equal(fake_flushes(s) - before, 2); /* the first, then the rest */
   assert_int_equal(read_first(&t, buf), 50);
   OK(clReleaseKernel(k));
   OK(clReleaseMemObject(buf));
   cl_test_close(&t);
}

/* clFinish on an idle queue and a launch with a wait wake no other thread. */
static void
test_no_thread_needed(void **state)
{
   struct cl_test t;
   char before[64], after[64];

   cl_test_open(&t, 0);
   cl_mem buf = make_buffer(&t, 0);
   cl_kernel k = make_kernel(&t, "add", buf, 1);
   for (unsigned i = 0; i < 2; i++) {
      FILE *f = popen("ls /proc/$PPID/task | wc -l", "r");
      assert_non_null(fgets(i ? after : before, sizeof(before), f));
      pclose(f);
      OK(clEnqueueNDRangeKernel(t.q, k, 1, NULL, &one, NULL, 0, NULL, NULL));
      OK(clFinish(t.q));
      read_first(&t, buf);
   }
   assert_string_equal(before, after);
   OK(clReleaseKernel(k));
   OK(clReleaseMemObject(buf));
   cl_test_close(&t);
}

static void
test_async_read_order(void **state)
{
   struct cl_test t;
   cl_event read_done;
   int seen[2];

   cl_test_open(&t, 0);
   cl_mem buf = make_buffer(&t, 1);
   cl_kernel a = make_kernel(&t, "step", buf, 1);
   fake_gate(fake_screen(0), false);
   OK(clEnqueueNDRangeKernel(t.q, a, 1, NULL, &one, NULL, 0, NULL, NULL));
   OK(clEnqueueReadBuffer(t.q, buf, CL_FALSE, 0, 4, &seen[0], 0, NULL, NULL));
   OK(clEnqueueNDRangeKernel(t.q, a, 1, NULL, &one, NULL, 0, NULL, NULL));
   OK(clEnqueueReadBuffer(t.q, buf, CL_FALSE, 0, 4, &seen[1], 0, NULL,
                          &read_done));
   assert_true(cl_test_status(read_done) > CL_COMPLETE);
   fake_gate(fake_screen(0), true);
   OK(clWaitForEvents(1, &read_done));
   assert_int_equal(seen[0], 4);
   assert_int_equal(seen[1], 13);
   OK(clReleaseEvent(read_done));
   OK(clReleaseKernel(a));
   OK(clReleaseMemObject(buf));
   cl_test_close(&t);
}

/* The queue is released with work in it; the work gets done. */
static void
test_release_busy_queue(void **state)
{
   struct cl_test t;
   cl_event done;

   cl_test_open(&t, 0);
   cl_mem buf = make_buffer(&t, 1);
   cl_kernel k = make_kernel(&t, "step", buf, 1);
   fake_gate(fake_screen(0), false);
   OK(clEnqueueNDRangeKernel(t.q, k, 1, NULL, &one, NULL, 0, NULL, NULL));
   OK(clEnqueueMarkerWithWaitList(t.q, 0, NULL, &done));
   OK(clReleaseCommandQueue(t.q));
   OK(clReleaseKernel(k));
   fake_gate(fake_screen(0), true);
   OK(clWaitForEvents(1, &done));
   OK(clReleaseEvent(done));
   cl_int err;
   t.q = clCreateCommandQueue(t.ctx, t.device, 0, &err);
   assert_int_equal(read_first(&t, buf), 4);
   OK(clReleaseMemObject(buf));
   cl_test_close(&t);
}

static void
test_profiling(void **state)
{
   struct cl_test t;
   cl_event done;
   cl_ulong at[5];

   cl_test_open(&t, CL_QUEUE_PROFILING_ENABLE);
   cl_mem buf = make_buffer(&t, 1);
   cl_kernel k = make_kernel(&t, "step", buf, 1);
   for (unsigned round = 0; round < 2; round++) {
      if (round)
         OK(clEnqueueReadBuffer(t.q, buf, CL_TRUE, 0, 4, &(int){0}, 0, NULL,
                                &done));
      else
         OK(clEnqueueNDRangeKernel(t.q, k, 1, NULL, &one, NULL, 0, NULL,
                                   &done));
      OK(clWaitForEvents(1, &done));
      for (unsigned i = 0; i < 5; i++)
         OK(clGetEventProfilingInfo(done, CL_PROFILING_COMMAND_QUEUED + i, 8,
                                    &at[i], NULL));
      for (unsigned i = 0; i < 4; i++)
         assert_true(at[i] && at[i] <= at[i + 1]);
      OK(clReleaseEvent(done));
   }
   cl_test_close(&t);

   cl_test_open(&t, 0);
   OK(clEnqueueMarkerWithWaitList(t.q, 0, NULL, &done));
   OK(clFinish(t.q));
   assert_int_equal(
      clGetEventProfilingInfo(done, CL_PROFILING_COMMAND_END, 8, &at[0], NULL),
      CL_PROFILING_INFO_NOT_AVAILABLE);
   OK(clReleaseEvent(done));
   OK(clReleaseKernel(k));
   OK(clReleaseMemObject(buf));
   cl_test_close(&t);
}

/* ---- faults ---- */

static char notified[256];
static int num_notified;

static void
note_fault(const char *text, const void *info, size_t cb, void *data)
{
   snprintf(notified, sizeof(notified), "%s", text);
   num_notified++;
}

static void
test_fault(void **state)
{
   struct cl_test t;
   cl_int err;
   cl_event bad, after;

   cl_test_open(&t, 0);
   OK(clReleaseCommandQueue(t.q));
   OK(clReleaseContext(t.ctx));
   t.ctx = clCreateContext(NULL, 1, &t.device, note_fault, NULL, &err);
   t.q = clCreateCommandQueue(t.ctx, t.device, 0, &err);
   cl_mem buf = make_buffer(&t, 7);
   cl_kernel k = make_kernel(&t, "fault", buf, 0),
             add = make_kernel(&t, "add", buf, 1);

   num_notified = 0;
   fake_gate(fake_screen(0), false);
   OK(clEnqueueNDRangeKernel(t.q, k, 1, NULL, &one, NULL, 0, NULL, &bad));
   OK(clEnqueueNDRangeKernel(t.q, add, 1, NULL, &one, NULL, 1, &bad, &after));
   OK(clFlush(t.q));
   fake_gate(fake_screen(0), true);
   assert_int_equal(clWaitForEvents(1, &after),
                    CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
   assert_int_equal(cl_test_status(bad), CL_OUT_OF_RESOURCES);
   assert_true(cl_test_status(after) < 0);
   assert_int_equal(num_notified, 1);
   assert_string_equal(notified, "kernel fault: write to 0xdead000");

   /* The same queue and a new one work again. */
   OK(clEnqueueNDRangeKernel(t.q, add, 1, NULL, &one, NULL, 0, NULL, NULL));
   assert_int_equal(read_first(&t, buf), 8);
   cl_command_queue q2 = clCreateCommandQueue(t.ctx, t.device, 0, &err);
   OK(clEnqueueNDRangeKernel(q2, add, 1, NULL, &one, NULL, 0, NULL, NULL));
   OK(clFinish(q2));
   assert_int_equal(read_first(&t, buf), 9);
   OK(clReleaseCommandQueue(q2));
   OK(clReleaseEvent(bad));
   OK(clReleaseEvent(after));
   OK(clReleaseKernel(k));
   OK(clReleaseKernel(add));
   OK(clReleaseMemObject(buf));
   cl_test_close(&t);
}

/* What was recorded behind the fault, but not sent, fails too and is never
 * lost. */
static void
test_fault_with_recorded(void **state)
{
   struct cl_test t;
   cl_event bad, ev[40];

   cl_test_open(&t, 0);
   cl_mem buf = make_buffer(&t, 0);
   cl_kernel k = make_kernel(&t, "fault", buf, 0),
             add = make_kernel(&t, "add", buf, 1);
   unsigned failed = 0;

   OK(clEnqueueNDRangeKernel(t.q, k, 1, NULL, &one, NULL, 0, NULL, &bad));
   for (unsigned i = 0; i < 40; i++) {
      OK(clEnqueueNDRangeKernel(t.q, add, 1, NULL, &one, NULL, 0, NULL,
                                &ev[i]));
      if (i % 8 == 7)
         usleep(500);
   }
   OK(clFinish(t.q));
   assert_int_equal(cl_test_status(bad), CL_OUT_OF_RESOURCES);
   for (unsigned i = 0; i < 40; i++) {
      cl_int status = cl_test_status(ev[i]);
      assert_true(status <= CL_COMPLETE);
      failed += status < 0;
      OK(clReleaseEvent(ev[i]));
   }
   assert_int_equal(read_first(&t, buf), 40 - failed);
   OK(clReleaseEvent(bad));
   OK(clReleaseKernel(k));
   OK(clReleaseKernel(add));
   OK(clReleaseMemObject(buf));
   cl_test_close(&t);
}

/* ---- threads ---- */

#define THREADS 4
#define ROUNDS  300

struct worker {
   struct cl_test *t;
   cl_mem buf;
   unsigned seed;
};

static void *
hammer(void *arg)
{
   struct worker *w = arg;
   cl_kernel k = make_kernel(w->t, "add", w->buf, 1);
   cl_event prev = NULL, ev;

   for (unsigned i = 0; i < ROUNDS; i++) {
      OK(clEnqueueNDRangeKernel(w->t->q, k, 1, NULL, &one, NULL, prev ? 1 : 0,
                                prev ? &prev : NULL, &ev));
      if (prev)
         OK(clReleaseEvent(prev));
      prev = ev;
      unsigned dice = rand_r(&w->seed) % 16;
      if (dice == 0)
         OK(clFinish(w->t->q));
      else if (dice == 1)
         OK(clWaitForEvents(1, &ev));
      else if (dice == 2)
         OK(clFlush(w->t->q));
      else if (dice == 3)
         OK(clEnqueueReadBuffer(w->t->q, w->buf, CL_TRUE, 0, 4, &(int){0}, 0,
                                NULL, NULL));
   }
   OK(clReleaseEvent(prev));
   OK(clReleaseKernel(k));
   return NULL;
}

static void
test_threads_one_queue(void **state)
{
   struct cl_test t;
   pthread_t thread[THREADS];
   struct worker w[THREADS];
   unsigned seed = test_seed();

   cl_test_open(&t, 0);
   cl_mem buf = make_buffer(&t, 0);
   for (unsigned i = 0; i < THREADS; i++) {
      w[i] = (struct worker){&t, buf, seed + i};
      pthread_create(&thread[i], NULL, hammer, &w[i]);
   }
   for (unsigned i = 0; i < THREADS; i++)
      pthread_join(thread[i], NULL);
   assert_int_equal(read_first(&t, buf), THREADS * ROUNDS);
   OK(clReleaseMemObject(buf));
   cl_test_close(&t);
}

/* Each thread has a queue; every command waits for the one before it, on the
 * next queue: a ring of dependencies. */
static void
test_ring_of_queues(void **state)
{
   struct cl_test t;
   cl_command_queue q[3];
   cl_event prev = NULL, ev;
   cl_int err;
   int want = 1;

   cl_test_open(&t, 0);
   for (unsigned i = 0; i < 3; i++)
      q[i] = clCreateCommandQueue(t.ctx, t.device, 0, &err);
   cl_mem buf = make_buffer(&t, 1);
   for (unsigned i = 0; i < 300; i++) {
      cl_kernel k = make_kernel(&t, "step", buf, i);
      OK(clEnqueueNDRangeKernel(q[i % 3], k, 1, NULL, &one, NULL, prev ? 1 : 0,
                                prev ? &prev : NULL, &ev));
      OK(clReleaseKernel(k));
      if (prev)
         OK(clReleaseEvent(prev));
      prev = ev;
      want = (int)((unsigned)want * 3 + i);
   }
   OK(clWaitForEvents(1, &prev));
   OK(clReleaseEvent(prev));
   assert_int_equal(read_first(&t, buf), want);
   for (unsigned i = 0; i < 3; i++)
      OK(clReleaseCommandQueue(q[i]));
   OK(clReleaseMemObject(buf));
   cl_test_close(&t);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_thread_needed),
      cmocka_unit_test(test_batching),
      cmocka_unit_test(test_async_read_order),
      cmocka_unit_test(test_release_busy_queue),
      cmocka_unit_test(test_profiling),
      cmocka_unit_test(test_fault),
      cmocka_unit_test(test_fault_with_recorded),
      cmocka_unit_test(test_threads_one_queue),
      cmocka_unit_test(test_ring_of_queues),
      cmocka_unit_test(cl_test_no_leaks),
   };
   register_kernels();
   return cmocka_run_group_tests(tests, NULL, NULL);
}
