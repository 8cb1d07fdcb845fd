/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Out-of-order queues: nothing waits for what it does not depend on, everything
 * for what it does. */
#include "ocl_test.h"

#include <pthread.h>
#include <stdio.h>

#include "util/test/test_random.h"

#define OUT_OF_ORDER CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE

enum {
   MAX_LOG = 4096
};

static int ran[MAX_LOG];
static unsigned num_ran;

/* Runs on the device's thread: notes which launch it was. */
static void
note_kernel(struct fake_launch *l)
{
   int id;

   memcpy(&id, l->input, sizeof(id));
   ran[__atomic_fetch_add(&num_ran, 1, __ATOMIC_RELAXED)] = id;
}

/* When launch `id` ran, or -1. */
static int
place_of(int id)
{
   for (unsigned i = 0; i < num_ran; i++)
      if (ran[i] == id)
         return i;
   return -1;
}

struct order {
   struct cl_test t;
   cl_kernel kernel;
   cl_event gate;
};

static struct order
open_order(void)
{
   struct order o;
   cl_int err;

   cl_test_open(&o.t, OUT_OF_ORDER);
   o.kernel = cl_test_kernel(&o.t, "kernel note 4\n", "note");
   o.gate = clCreateUserEvent(o.t.ctx, &err);
   OK(err);
   num_ran = 0;
   return o;
}

static void
close_order(struct order *o)
{
   OK(clReleaseEvent(o->gate));
   OK(clReleaseKernel(o->kernel));
   cl_test_close(&o->t);
}

static cl_event
launch_on(struct order *o, cl_command_queue q, int id, cl_uint n,
          const cl_event *deps)
{
   const size_t one = 1;
   cl_event ev;

   OK(clSetKernelArg(o->kernel, 0, sizeof(id), &id));
   OK(clEnqueueNDRangeKernel(q, o->kernel, 1, NULL, &one, NULL, n,
                             n ? deps : NULL, &ev));
   return ev;
}

static cl_event
launch(struct order *o, int id, cl_uint n, const cl_event *deps)
{
   return launch_on(o, o->t.q, id, n, deps);
}

static void
release(cl_event *ev, unsigned n)
{
   for (unsigned i = 0; i < n; i++)
      OK(clReleaseEvent(ev[i]));
}

/* One waits for the application; the next does not wait for it. */
static void
test_passing(void **state)
{
   struct order o = open_order();
   cl_event ev[3];

   ev[0] = launch(&o, 0, 1, &o.gate);
   ev[1] = launch(&o, 1, 0, NULL);
   ev[2] = launch(&o, 2, 1, &ev[0]); /* of the same queue, which waits */
   OK(clWaitForEvents(1, &ev[1]));
   assert_int_equal(num_ran, 1);
   assert_int_equal(cl_test_status(ev[0]), CL_QUEUED);
   assert_int_equal(cl_test_status(ev[2]), CL_QUEUED);
   OK(clSetUserEventStatus(o.gate, CL_COMPLETE));
   OK(clWaitForEvents(1, &ev[2]));
   assert_int_equal(place_of(0), 1);
   assert_int_equal(place_of(2), 2);
   release(ev, 3);
   close_order(&o);
}

/* Without a list they wait for all before; a barrier holds up all after. */
static void
test_markers_and_barriers(void **state)
{
   struct order o = open_order();
   cl_event ev[4], marker, barrier;
   cl_int err;

   ev[0] = launch(&o, 0, 1, &o.gate);
   OK(clEnqueueMarkerWithWaitList(o.t.q, 0, NULL, &marker));
   ev[1] = launch(&o, 1, 0, NULL);
   OK(clWaitForEvents(1, &ev[1])); /* passes the marker */
   OK(clEnqueueBarrierWithWaitList(o.t.q, 0, NULL, &barrier));
   ev[2] = launch(&o, 2, 0, NULL);
   OK(clFlush(o.t.q));
   usleep(5000);
   assert_int_equal(num_ran, 1);
   assert_int_equal(cl_test_status(marker), CL_QUEUED);
   assert_int_equal(cl_test_status(barrier), CL_QUEUED);
   assert_int_equal(cl_test_status(ev[2]), CL_QUEUED);
   OK(clSetUserEventStatus(o.gate, CL_COMPLETE));
   OK(clWaitForEvents(1, &ev[2]));
   assert_int_equal(cl_test_status(marker), CL_COMPLETE);
   assert_int_equal(cl_test_status(barrier), CL_COMPLETE);
   assert_true(place_of(2) > place_of(0));
   OK(clReleaseEvent(marker));
   OK(clReleaseEvent(barrier));

   /* With a list, a barrier waits for that and holds up all the same. */
   cl_event other = clCreateUserEvent(o.t.ctx, &err);
   OK(clEnqueueBarrierWithWaitList(o.t.q, 1, &other, NULL));
   ev[3] = launch(&o, 3, 0, NULL);
   OK(clFlush(o.t.q));
   usleep(5000);
   assert_int_equal(place_of(3), -1);
   OK(clSetUserEventStatus(other, CL_COMPLETE));
   OK(clWaitForEvents(1, &ev[3]));
   OK(clReleaseEvent(other));
   release(ev, 4);
   close_order(&o);
}

static void *
open_gate(void *arg)
{
   usleep(10000);
   OK(clSetUserEventStatus(*(cl_event *)arg, CL_COMPLETE));
   return NULL;
}

/* clFinish and blocking calls wait for what is not in the line yet. */
static void
test_waits(void **state)
{
   struct order o = open_order();
   pthread_t thread;
   cl_int err, v = 5, got = 0;
   cl_event ev[2];
   cl_mem b = clCreateBuffer(o.t.ctx, 0, 64, NULL, &err);

   ev[0] = launch(&o, 0, 1, &o.gate);
   ev[1] = launch(&o, 1, 1, &ev[0]);
   pthread_create(&thread, NULL, open_gate, &o.gate);
   OK(clFinish(o.t.q));
   assert_int_equal(num_ran, 2);
   pthread_join(thread, NULL);
   release(ev, 2);

   OK(clReleaseEvent(o.gate));
   o.gate = clCreateUserEvent(o.t.ctx, &err);
   pthread_create(&thread, NULL, open_gate, &o.gate);
   OK(clEnqueueWriteBuffer(o.t.q, b, CL_TRUE, 0, 4, &v, 1, &o.gate, NULL));
   OK(clEnqueueReadBuffer(o.t.q, b, CL_TRUE, 0, 4, &got, 0, NULL, NULL));
   assert_int_equal(got, 5);
   pthread_join(thread, NULL);
   OK(clReleaseMemObject(b));
   close_order(&o);
}

/* A failed dependency fails what depends on it, and nothing else. */
static void
test_failure(void **state)
{
   struct order o = open_order();
   cl_event ev[3];

   ev[0] = launch(&o, 0, 1, &o.gate);
   ev[1] = launch(&o, 1, 1, &ev[0]);
   ev[2] = launch(&o, 2, 0, NULL);
   OK(clSetUserEventStatus(o.gate, -5));
   OK(clFinish(o.t.q));
   assert_int_equal(cl_test_status(ev[0]),
                    CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
   assert_int_equal(cl_test_status(ev[1]),
                    CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
   assert_int_equal(cl_test_status(ev[2]), CL_COMPLETE);
   assert_int_equal(num_ran, 1);
   release(ev, 3);
   close_order(&o);
}

/* Random graphs over two queues and gates that open in any order: everything
 * runs once, after what it depends on. */
static void
test_random_graphs(void **state)
{
   enum {
      N = 60,
      GATES = 5,
      ROUNDS = 40
   };
   struct order o = open_order();
   unsigned seed = test_seed();
   const cl_queue_properties props[] = {CL_QUEUE_PROPERTIES, OUT_OF_ORDER, 0};
   cl_int err;
   cl_command_queue q[2] = {o.t.q, clCreateCommandQueueWithProperties(
                                      o.t.ctx, o.t.device, props, &err)};

   for (unsigned round = 0; round < ROUNDS; round++) {
      cl_event ev[N], gates[GATES];
      int deps[N][3];
      num_ran = 0;
      for (unsigned g = 0; g < GATES; g++)
         gates[g] = clCreateUserEvent(o.t.ctx, &err);
      for (int i = 0; i < N; i++) {
         cl_event list[4];
         cl_uint n = 0;
         for (unsigned d = 0; d < 3; d++) {
            deps[i][d] = i && rand_r(&seed) % 2 ? rand_r(&seed) % i : -1;
            if (deps[i][d] >= 0)
               list[n++] = ev[deps[i][d]];
         }
         if (rand_r(&seed) % 4 == 0)
            list[n++] = gates[rand_r(&seed) % GATES];
         ev[i] = launch_on(&o, q[rand_r(&seed) % 2], i, n, list);
      }
      for (unsigned g = 0; g < GATES; g++) {
         unsigned k = g + rand_r(&seed) % (GATES - g);
         cl_event gate = gates[k];
         gates[k] = gates[g];
         OK(clSetUserEventStatus(gate, CL_COMPLETE));
         OK(clReleaseEvent(gate));
      }
      if (round % 2)
         OK(clWaitForEvents(N, ev));
      else
         for (unsigned i = 0; i < 2; i++)
            OK(clFinish(q[i]));
      assert_int_equal(num_ran, N);
      for (int i = 0; i < N; i++)
         for (unsigned d = 0; d < 3; d++)
            assert_true(deps[i][d] < 0 || place_of(deps[i][d]) < place_of(i));
      release(ev, N);
   }
   OK(clReleaseCommandQueue(q[1]));
   close_order(&o);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_passing),
      cmocka_unit_test(test_markers_and_barriers),
      cmocka_unit_test(test_waits),
      cmocka_unit_test(test_failure),
      cmocka_unit_test(test_random_graphs),
   };
   fake_register_kernel("note", note_kernel);
   return cmocka_run_group_tests(tests, NULL, NULL);
}
