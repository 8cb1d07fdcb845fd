/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* User events, wait lists, callbacks. */
#include "ocl_test_kernels.h"

/* ---- user events ---- */

static void
test_user_event(void **state)
{
   struct cl_test t;
   cl_int err;

   cl_test_open(&t, 0);
   assert_null(clCreateUserEvent(NULL, &err));
   assert_int_equal(err, CL_INVALID_CONTEXT);
   cl_event ev = clCreateUserEvent(t.ctx, &err);
   OK(err);
   assert_int_equal(cl_test_status(ev), CL_SUBMITTED);
   assert_int_equal(clSetUserEventStatus(ev, CL_SUBMITTED), CL_INVALID_VALUE);
   OK(clSetUserEventStatus(ev, CL_COMPLETE));
   assert_int_equal(clSetUserEventStatus(ev, -5), CL_INVALID_OPERATION);
   assert_int_equal(cl_test_status(ev), CL_COMPLETE);
   OK(clWaitForEvents(1, &ev));
   cl_command_queue q = (cl_command_queue)1;
   OK(clGetEventInfo(ev, CL_EVENT_COMMAND_QUEUE, sizeof(q), &q, NULL));
   assert_null(q);
   OK(clReleaseEvent(ev));
   cl_test_close(&t);
}

/* The caller goes on; the command waits, and what is behind it too. */
static void
test_user_event_holds_queue(void **state)
{
   struct cl_test t;
   cl_int err;
   cl_event user, done;

   cl_test_open(&t, 0);
   cl_mem buf = make_buffer(&t, 1);
   cl_kernel a = make_kernel(&t, "step", buf, 1),
             b = make_kernel(&t, "step", buf, 2);
   user = clCreateUserEvent(t.ctx, &err);
   OK(clEnqueueNDRangeKernel(t.q, a, 1, NULL, &one, NULL, 1, &user, NULL));
   OK(clEnqueueNDRangeKernel(t.q, b, 1, NULL, &one, NULL, 0, NULL, &done));
   OK(clFlush(t.q));
   usleep(20000);
   assert_int_equal(cl_test_status(done), CL_QUEUED);
   OK(clSetUserEventStatus(user, CL_COMPLETE));
   OK(clWaitForEvents(1, &done));
   assert_int_equal(read_first(&t, buf), (1 * 3 + 1) * 3 + 2);
   OK(clReleaseEvent(user));
   OK(clReleaseEvent(done));
   OK(clReleaseKernel(a));
   OK(clReleaseKernel(b));
   OK(clReleaseMemObject(buf));
   cl_test_close(&t);
}

static void
test_failed_dependency(void **state)
{
   struct cl_test t;
   cl_int err;
   cl_event user, first, second;
   int v = 9;

   cl_test_open(&t, 0);
   cl_mem buf = make_buffer(&t, 5);
   user = clCreateUserEvent(t.ctx, &err);
   cl_kernel k = make_kernel(&t, "step", buf, 1);
   OK(clEnqueueNDRangeKernel(t.q, k, 1, NULL, &one, NULL, 1, &user, &first));
   OK(clEnqueueMarkerWithWaitList(t.q, 1, &first, &second));
   OK(clSetUserEventStatus(user, -77));
   assert_int_equal(clWaitForEvents(1, &second),
                    CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
   assert_int_equal(cl_test_status(first),
                    CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
   assert_int_equal(cl_test_status(second),
                    CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
   assert_int_equal(
      clEnqueueReadBuffer(t.q, buf, CL_TRUE, 0, 4, &v, 1, &user, NULL),
      CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
   assert_int_equal(
      clEnqueueWriteBuffer(t.q, buf, CL_TRUE, 0, 4, &v, 1, &user, NULL),
      CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
   assert_int_equal(v, 9);
   assert_int_equal(read_first(&t, buf), 5); /* nothing ran, the queue lives */
   OK(clReleaseEvent(user));
   OK(clReleaseEvent(first));
   OK(clReleaseEvent(second));
   OK(clReleaseKernel(k));
   OK(clReleaseMemObject(buf));
   cl_test_close(&t);
}

/* Queue B waits for a command of queue A that nobody flushed. */
static void
test_across_queues(void **state)
{
   struct cl_test t;
   cl_int err;
   cl_event a_done;

   cl_test_open(&t, 0);
   cl_command_queue qb = clCreateCommandQueue(t.ctx, t.device, 0, &err);
   cl_mem buf = make_buffer(&t, 1);
   cl_kernel a = make_kernel(&t, "step", buf, 1),
             b = make_kernel(&t, "step", buf, 2);
   for (unsigned i = 0; i < 200; i++) {
      int start = 1, want = (1 * 3 + 1) * 3 + 2;
      OK(clEnqueueWriteBuffer(t.q, buf, CL_FALSE, 0, 4, &start, 0, NULL, NULL));
      OK(clEnqueueNDRangeKernel(t.q, a, 1, NULL, &one, NULL, 0, NULL, &a_done));
      OK(clEnqueueNDRangeKernel(qb, b, 1, NULL, &one, NULL, 1, &a_done, NULL));
      OK(clFinish(qb));
      assert_int_equal(read_first(&t, buf), want);
      OK(clReleaseEvent(a_done));
   }
   OK(clReleaseKernel(a));
   OK(clReleaseKernel(b));
   OK(clReleaseMemObject(buf));
   OK(clReleaseCommandQueue(qb));
   cl_test_close(&t);
}

static void
test_wait_list_errors(void **state)
{
   struct cl_test t, other;
   cl_int err;

   cl_test_open(&t, 0);
   cl_test_open(&other, 0);
   cl_event ev = clCreateUserEvent(t.ctx, &err), bad = (cl_event)t.ctx;
   cl_event theirs = clCreateUserEvent(other.ctx, &err);
   const struct {
      cl_uint n;
      const cl_event *list;
      cl_int err;
   } rows[] = {
      {1, NULL, CL_INVALID_EVENT_WAIT_LIST},
      {0, &ev, CL_INVALID_EVENT_WAIT_LIST},
      {1, &bad, CL_INVALID_EVENT_WAIT_LIST},
      {1, &theirs, CL_INVALID_CONTEXT},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
      assert_int_equal(
         clEnqueueMarkerWithWaitList(t.q, rows[i].n, rows[i].list, NULL),
         rows[i].err);
      assert_int_equal(
         clEnqueueBarrierWithWaitList(t.q, rows[i].n, rows[i].list, NULL),
         rows[i].err);
   }
   cl_event mixed[2] = {ev, theirs};
   assert_int_equal(clWaitForEvents(0, &ev), CL_INVALID_VALUE);
   assert_int_equal(clWaitForEvents(1, NULL), CL_INVALID_VALUE);
   assert_int_equal(clWaitForEvents(1, &bad), CL_INVALID_EVENT);
   assert_int_equal(clWaitForEvents(2, mixed), CL_INVALID_CONTEXT);
   assert_int_equal(clEnqueueMarker(t.q, NULL), CL_INVALID_VALUE);
   OK(clReleaseEvent(ev));
   OK(clReleaseEvent(theirs));
   cl_test_close(&other);
   cl_test_close(&t);
}

/* ---- callbacks ---- */

struct log {
   pthread_mutex_t lock;
   unsigned n;
   cl_int status[64];
};

static void
note_status(cl_event ev, cl_int status, void *data)
{
   struct log *log = data;

   pthread_mutex_lock(&log->lock);
   log->status[log->n++] = status;
   pthread_mutex_unlock(&log->lock);
}

static unsigned
log_count(struct log *log)
{
   pthread_mutex_lock(&log->lock);
   unsigned n = log->n;
   pthread_mutex_unlock(&log->lock);
   return n;
}

static void
add_all_callbacks(cl_event ev, struct log *log)
{
   OK(clSetEventCallback(ev, CL_COMPLETE, note_status, log));
   OK(clSetEventCallback(ev, CL_RUNNING, note_status, log));
   OK(clSetEventCallback(ev, CL_SUBMITTED, note_status, log));
}

static void
test_callbacks(void **state)
{
   struct cl_test t;
   struct log log = {.lock = PTHREAD_MUTEX_INITIALIZER};
   cl_int err;
   cl_event user, done;

   cl_test_open(&t, 0);
   cl_mem buf = make_buffer(&t, 0);
   cl_kernel k = make_kernel(&t, "add", buf, 1);
   user = clCreateUserEvent(t.ctx, &err);
   OK(clEnqueueNDRangeKernel(t.q, k, 1, NULL, &one, NULL, 1, &user, &done));
   assert_int_equal(clSetEventCallback(done, CL_QUEUED, note_status, &log),
                    CL_INVALID_VALUE);
   assert_int_equal(clSetEventCallback(done, CL_COMPLETE, NULL, &log),
                    CL_INVALID_VALUE);
   add_all_callbacks(done, &log);
   usleep(5000);
   assert_int_equal(log_count(&log), 0);
   OK(clSetUserEventStatus(user, CL_COMPLETE));
   EVENTUALLY(log_count(&log) == 3); /* nobody flushed or waited */
   assert_int_equal(log.status[0], CL_SUBMITTED);
   assert_int_equal(log.status[1], CL_RUNNING);
   assert_int_equal(log.status[2], CL_COMPLETE);
   add_all_callbacks(done, &log); /* too late is not too late */
   EVENTUALLY(log_count(&log) == 6);
   OK(clReleaseEvent(user));
   OK(clReleaseEvent(done));
   OK(clReleaseKernel(k));
   OK(clReleaseMemObject(buf));
   cl_test_close(&t);
}

/* CTS callback_on_error: every callback fires, with the error. */
static void
test_callbacks_on_error(void **state)
{
   struct cl_test t;
   struct log log = {.lock = PTHREAD_MUTEX_INITIALIZER};
   cl_int err;
   cl_event user, marker;

   cl_test_open(&t, 0);
   user = clCreateUserEvent(t.ctx, &err);
   OK(clEnqueueMarkerWithWaitList(t.q, 1, &user, &marker));
   add_all_callbacks(marker, &log);
   OK(clSetUserEventStatus(user, -1));
   EVENTUALLY(log_count(&log) == 3);
   for (unsigned i = 0; i < 3; i++)
      assert_true(log.status[i] < 0);
   OK(clReleaseEvent(user));
   OK(clReleaseEvent(marker));
   cl_test_close(&t);
}

struct release_in_callback {
   struct cl_test *t;
   int called; /* atomic */
};

/* A callback may use the API, here: wait-free calls, and drop the last
 * reference. */
static void
release_event(cl_event ev, cl_int status, void *data)
{
   struct release_in_callback *r = data;

   OK(clReleaseEvent(ev));
   __atomic_store_n(&r->called, 1, __ATOMIC_RELEASE);
}

static void
test_callback_releases_event(void **state)
{
   struct cl_test t;
   struct release_in_callback r = {&t, 0};
   cl_event ev;

   cl_test_open(&t, 0);
   OK(clEnqueueMarkerWithWaitList(t.q, 0, NULL, &ev));
   OK(clSetEventCallback(ev, CL_COMPLETE, release_event, &r));
   EVENTUALLY(__atomic_load_n(&r.called, __ATOMIC_ACQUIRE));
   cl_test_close(&t);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_user_event),
      cmocka_unit_test(test_user_event_holds_queue),
      cmocka_unit_test(test_failed_dependency),
      cmocka_unit_test(test_across_queues),
      cmocka_unit_test(test_wait_list_errors),
      cmocka_unit_test(test_callbacks),
      cmocka_unit_test(test_callbacks_on_error),
      cmocka_unit_test(test_callback_releases_event),
      cmocka_unit_test(cl_test_no_leaks),
   };
   register_kernels();
   return cmocka_run_group_tests(tests, NULL, NULL);
}
