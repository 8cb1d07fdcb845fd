/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_queue.h"

#include "ocl_platform.h"
#include "ocl_watch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pipe/p_context.h"

/* Commands recorded before they are sent without being asked for. A launch
 * costs about a microsecond to record and ten to send, so this keeps sending
 * under a tenth. */
#define BATCH_COMMANDS 64

static void
queue_free(struct ocl_queue *q)
{

   if (q->pipe)
      q->pipe->destroy(q->pipe);
   pipe_resource_reference(&q->printf_buffer, NULL);
   pthread_mutex_destroy(&q->lock);
   pthread_cond_destroy(&q->cond);
   ocl_context_put(q->ctx);
   free(q->props_array);
   free(q);
}

/* The last reference may fall in the worker itself: then it frees the queue as
 * its last act. */
static void
queue_destroy(struct ocl_object *obj)
{
   struct ocl_queue *q = container_of(obj, struct ocl_queue, obj);
   bool join = false;

   pthread_mutex_lock(&q->lock);
   assert(util_list_is_empty(&q->waiting) && util_list_is_empty(&q->pending) &&
          util_list_is_empty(&q->recorded) && util_list_is_empty(&q->batches));
   q->stop = true;
   if (q->worker_started) {
      join = !pthread_equal(pthread_self(), q->worker);
      q->orphan = !join;
   }
   pthread_cond_broadcast(&q->cond);
   bool orphan = q->orphan;
   pthread_mutex_unlock(&q->lock);
   if (join)
      pthread_join(q->worker, NULL);
   if (!orphan)
      queue_free(q);
}

struct ocl_queue *
ocl_queue_create(struct ocl_context *ctx, struct ocl_device *dev,
                 const cl_queue_properties *props_array, unsigned num_props,
                 cl_command_queue_properties props, cl_int *err_out)
{
   struct ocl_queue *q = calloc(1, sizeof(*q));

   *err_out = CL_OUT_OF_HOST_MEMORY;
   if (!q)
      return NULL;
   ocl_object_init(&q->obj, OCL_MAGIC_QUEUE, queue_destroy);
   if (num_props) {
      q->props_array = malloc(num_props * sizeof(*props_array));
      if (!q->props_array) {
         free(q);
         return NULL;
      }
      memcpy(q->props_array, props_array, num_props * sizeof(*props_array));
      q->num_props = num_props;
   }
   pthread_mutex_init(&q->lock, NULL);
   pthread_cond_init(&q->cond, NULL);
   util_list_init(&q->waiting);
   util_list_init(&q->pending);
   util_list_init(&q->recorded);
   util_list_init(&q->batches);

   q->next_seq = 1;
   q->ctx = ocl_context_get(ctx);
   q->dev = dev;
   q->dev_index = ocl_context_device_index(ctx, dev);
   q->props = props;
   *err_out = CL_SUCCESS;
   return q;
}

/* Somebody wants to know when its commands ran. */
static bool
wants_times(const struct ocl_queue *q)
{
   return ocl_queue_is_profiling(q) ||
          ocl_watch_wants_times(q->dev->platform->watch);
}

/* ---- the pipe context; token holder only ---- */

static void flush_locked(struct ocl_queue *q);

/* What was recorded in a lost context has to fail there; the next command gets
 * a new one. */
static void
replace_lost_pipe_locked(struct ocl_queue *q)
{
   if (!q->pipe_lost)
      return;
   flush_locked(q);
   pthread_mutex_unlock(&q->lock);

   q->pipe->destroy(q->pipe);
   q->pipe = NULL;
   pthread_mutex_lock(&q->lock);
   q->pipe_generation++;
   q->pipe_lost = false;
}

static void
wait_locked(struct ocl_queue *q)
{
   q->waiters++;
   pthread_cond_wait(&q->cond, &q->lock);
   q->waiters--;
}

/* ---- running: pending → recorded ---- */

static bool
token_take_locked(struct ocl_queue *q)
{
   if (q->running)
      return false;
   q->running = true;
   return true;
}

static void
token_drop_locked(struct ocl_queue *q)
{
   q->running = false;
   if (q->waiters)
      pthread_cond_broadcast(&q->cond);
}

static struct ocl_event *
pending_head(const struct ocl_queue *q)
{
   if (util_list_is_empty(&q->pending))
      return NULL;
   return util_list_first(&q->pending, struct ocl_event, link);
}

static bool
head_is_ready(const struct ocl_queue *q)
{
   struct ocl_event *cmd = pending_head(q);

   return cmd && __atomic_load_n(&cmd->unmet, __ATOMIC_ACQUIRE) == 0;
}

static bool
queue_is_idle(const struct ocl_queue *q)
{
   return util_list_is_empty(&q->recorded) && util_list_is_empty(&q->batches);
}

static uint64_t
device_time(const struct ocl_queue *q)
{
   return q->dev->screen->get_timestamp(q->dev->screen);
}

/* One of this queue that has failed, but not ended yet? */
static bool
dep_failed_here(const struct ocl_queue *q, const struct ocl_event *cmd)
{
   for (unsigned i = 0; i < cmd->num_deps; i++)
      if (cmd->deps[i].on->queue == q && cmd->deps[i].on->error)
         return true;
   return false;
}

static void
run_command(struct ocl_queue *q, struct ocl_event *cmd)
{
   if (ocl_event_dep_failed(cmd) || dep_failed_here(q, cmd)) {
      cmd->error = CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
      return;
   }
   if (cmd->flags & OCL_CMD_HOST)
      ocl_event_advance(cmd, CL_RUNNING);
   /* Nothing of it is left to do after run(): it has its times here. */
   bool whole = cmd->flags & (OCL_CMD_HOST | OCL_CMD_NO_WORK) &&
                cmd->ops->run && wants_times(q);
   if (whole)
      cmd->submit_ns = cmd->start_ns = device_time(q);
   if (cmd->ops->run)
      cmd->error = cmd->ops->run(cmd, q);
   if (whole)
      cmd->end_ns = device_time(q);
}

/* Ended commands leave the queue here, in order. */
static void
end_command(struct ocl_event *cmd, cl_int batch_error)
{
   cl_int status = cmd->error ? cmd->error : batch_error;

   /* A command before it in this queue may have failed on the device. */
   if (!status && ocl_event_dep_failed(cmd))
      status = CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
   ocl_watch_command_ended(cmd->queue->dev->platform->watch, cmd, status);
   if (cmd->ops->finish)
      cmd->ops->finish(cmd);
   cmd->ops = NULL;
   for (unsigned i = 0; i < cmd->num_deps; i++)
      ocl_event_put(cmd->deps[i].on);
   cmd->num_deps = 0;
   ocl_event_advance(cmd, status);
}

static bool retire_locked(struct ocl_queue *q);

/* The host command at the head: with the token, everything before it is ended,
 * then it runs and ends at once. */
static void
run_host_locked(struct ocl_queue *q, struct ocl_event *cmd)
{
   flush_locked(q);
   while (!util_list_is_empty(&q->batches))
      if (!retire_locked(q))
         wait_locked(q);
   pthread_mutex_unlock(&q->lock);
   run_command(q, cmd);
   uint64_t seq = cmd->seq;
   end_command(cmd, CL_SUCCESS);
   ocl_event_put(cmd);
   pthread_mutex_lock(&q->lock);
   q->run_seq = q->done_seq = seq;
}

static void
run_recorded_locked(struct ocl_queue *q, struct ocl_event *cmd)
{
   pthread_mutex_unlock(&q->lock);
   run_command(q, cmd);
   pthread_mutex_lock(&q->lock);
   q->run_seq = cmd->seq;
   util_list_add_tail(&cmd->link, &q->recorded);
   q->num_recorded++;
   if (!(cmd->flags & OCL_CMD_NO_WORK) && !cmd->error)
      q->recorded_work = true;
   /* An idle device starts with the first command; then batches build up while
    * it is busy. Profiling wants a fence a command. */
   if (wants_times(q) || q->num_recorded >= BATCH_COMMANDS ||
       (util_list_is_empty(&q->batches) && q->recorded_work))
      flush_locked(q);
}

/* Runs the head, which must be ready, holding the token. */
static void
run_head_locked(struct ocl_queue *q)
{
   struct ocl_event *cmd = pending_head(q);

   util_list_del(&cmd->link);
   replace_lost_pipe_locked(q);
   if (cmd->flags & OCL_CMD_HOST)
      run_host_locked(q, cmd);
   else
      run_recorded_locked(q, cmd);
}

/* ---- flushing: recorded → batch ---- */

/* With the token. Markers alone need no fence: they end with what is before
 * them. */
static void
flush_locked(struct ocl_queue *q)
{
   if (util_list_is_empty(&q->recorded))
      return;

   struct ocl_batch *b = calloc(1, sizeof(*b));
   assert(b && "no memory for a batch");
   util_list_init(&b->commands);
   util_list_splice_tail(&q->recorded, &b->commands);
   bool work = q->recorded_work;
   q->recorded_work = false;
   q->num_recorded = 0;
   b->first_seq = util_list_first(&b->commands, struct ocl_event, link)->seq;
   b->last_seq = util_list_last(&b->commands, struct ocl_event, link)->seq;
   b->pipe_generation = q->pipe_generation;
   b->retiring = true; /* not to be touched before it has its fence */
   util_list_add_tail(&b->link, &q->batches);
   pthread_mutex_unlock(&q->lock);

   uint64_t now = wants_times(q) ? device_time(q) : 0;
   if (work)
      b->error = ocl_queue_flush_pipe(q, &b->fence);
   util_list_for_each(struct ocl_event, cmd, &b->commands, link) {
      if (!cmd->end_ns)
         cmd->submit_ns = now;
      if (!cmd->error) /* what has failed already goes to its end in one step */
         ocl_event_advance(cmd, CL_SUBMITTED);
   }
   pthread_mutex_lock(&q->lock);
   b->retiring = false;
   if (q->waiters)
      pthread_cond_broadcast(&q->cond);
}

/* ---- retiring: batch → ended ---- */

static void
batch_times(struct ocl_queue *q, struct ocl_batch *b)
{
   struct pipe_screen *screen = q->dev->screen;
   uint64_t start = 0, end = 0;

   /* What died has no times: it ran from its submission until now, at most. */
   if (!b->fence)
      start = end = q->last_end_ns; /* markers end with what is before them */
   else if (!screen->fence_get_times(screen, b->fence, &start, &end))
      end = device_time(q);
   util_list_for_each(struct ocl_event, cmd, &b->commands, link) {
      if (cmd->end_ns)
         continue;
      cmd->start_ns = MAX2(start, cmd->submit_ns);
      cmd->end_ns = MAX2(end, cmd->start_ns);
      q->last_end_ns = cmd->end_ns;
   }
}

static cl_int
batch_wait(struct ocl_queue *q, struct ocl_batch *b)
{
   struct pipe_screen *screen = q->dev->screen;
   struct pipe_device_fault fault = {0};

   if (!b->fence)
      return b->error;
   screen->fence_finish(screen, b->fence, PIPE_TIMEOUT_INFINITE);
   int ret = screen->fence_get_error(screen, b->fence, &fault);
   ocl_watch_drain(q->dev->platform->watch);
   if (!ret)
      return b->error;
   ocl_queue_note_lost(q, b->pipe_generation, &fault);
   return CL_OUT_OF_RESOURCES;
}

static void
batch_end(struct ocl_queue *q, struct ocl_batch *b)
{
   struct pipe_screen *screen = q->dev->screen;

   util_list_for_each(struct ocl_event, cmd, &b->commands, link) {
      if (!cmd->error)
         ocl_event_advance(cmd, CL_RUNNING);
   }
   cl_int error = batch_wait(q, b);
   if (wants_times(q))
      batch_times(q, b);
   util_list_for_each(struct ocl_event, cmd, &b->commands, link)
      end_command(cmd, error);
   screen->fence_reference(screen, &b->fence, NULL);
}

/* Waits for the oldest batch and ends its commands. False: another thread is at
 * it. The caller's reference keeps the queue. */
static bool
retire_locked(struct ocl_queue *q)
{
   struct ocl_batch *b = util_list_first(&q->batches, struct ocl_batch, link);

   if (b->retiring)
      return false;
   b->retiring = true;
   pthread_mutex_unlock(&q->lock);
   batch_end(q, b);
   pthread_mutex_lock(&q->lock);
   util_list_del(&b->link);
   q->done_seq = b->last_seq;
   if (q->waiters)
      pthread_cond_broadcast(&q->cond);
   pthread_mutex_unlock(&q->lock);
   util_list_for_each_safe(struct ocl_event, cmd, &b->commands, link)
      ocl_event_put(cmd);
   free(b);
   pthread_mutex_lock(&q->lock);
   return true;
}

/* ---- steps ---- */

/* Does one thing: runs a ready command up to `run_goal`, or sends or ends
 * commands up to `done_goal`. False: nothing to do, or others are at it. */
static bool
queue_step_locked(struct ocl_queue *q, uint64_t run_goal, uint64_t done_goal)
{
   bool can_run = head_is_ready(q) && pending_head(q)->seq <= run_goal;
   bool can_flush =
      !util_list_is_empty(&q->recorded) &&
      util_list_first(&q->recorded, struct ocl_event, link)->seq <= done_goal;

   if ((can_run || can_flush) && token_take_locked(q)) {
      if (can_run)
         run_head_locked(q);
      else
         flush_locked(q);
      token_drop_locked(q);
      return true;
   }
   if (util_list_is_empty(&q->batches))
      return false;
   struct ocl_batch *b = util_list_first(&q->batches, struct ocl_batch, link);
   return b->first_seq <= done_goal && retire_locked(q);
}

static void *
worker_main(void *arg)
{
   struct ocl_queue *q = arg;

   pthread_setname_np(pthread_self(), "ocl-queue");
   pthread_mutex_lock(&q->lock);
   while (!q->stop)
      if (!queue_step_locked(q, UINT64_MAX, q->goal_seq))
         wait_locked(q);
   bool orphan = q->orphan;
   pthread_mutex_unlock(&q->lock);
   if (orphan) {
      pthread_detach(pthread_self());
      queue_free(q);
   }
   return NULL;
}

/* Without a thread to be had, the work is done by whoever waits. */
static void
wake_worker_locked(struct ocl_queue *q)
{
   if (!q->worker_started &&
       pthread_create(&q->worker, NULL, worker_main, q) == 0)
      q->worker_started = true;
   if (q->waiters)
      pthread_cond_broadcast(&q->cond);
}

/* The enqueuing thread runs the command itself if that is quick and nothing is
 * in the way; a host command counts as quick only where it need not wait. */
static bool
may_run_here(const struct ocl_queue *q, const struct ocl_event *cmd)
{
   if (q->running || pending_head(q) != cmd || !head_is_ready(q))
      return false;
   if (cmd->flags & OCL_CMD_SLOW)
      return false;
   return !(cmd->flags & OCL_CMD_HOST) || queue_is_idle(q);
}

void
ocl_queue_submit(struct ocl_queue *q, struct ocl_event *cmd, bool caller_waits)
{
   if (wants_times(q))
      cmd->queued_ns = device_time(q);
   pthread_mutex_lock(&q->lock);
   ocl_order_submit_locked(q, cmd);
   if (may_run_here(q, cmd)) {
      token_take_locked(q);
      run_head_locked(q);
      token_drop_locked(q);
   } else if (!caller_waits) {
      wake_worker_locked(q);
   }
   pthread_mutex_unlock(&q->lock);
}

bool
ocl_queue_looks_idle(struct ocl_queue *q)
{
   pthread_mutex_lock(&q->lock);
   bool idle =
      q->done_seq == q->next_seq - 1 && util_list_is_empty(&q->waiting);
   pthread_mutex_unlock(&q->lock);
   return idle;
}

void
ocl_queue_flush(struct ocl_queue *q)
{
   pthread_mutex_lock(&q->lock);
   q->goal_seq = q->next_seq - 1;
   if (q->done_seq < q->goal_seq) {
      if (!util_list_is_empty(&q->recorded) && token_take_locked(q)) {
         flush_locked(q);
         token_drop_locked(q);
      }
      wake_worker_locked(q);
   }
   pthread_mutex_unlock(&q->lock);
}

void
ocl_queue_kick(struct ocl_queue *q)
{
   pthread_mutex_lock(&q->lock);
   if (!util_list_is_empty(&q->waiting)) {
      ocl_order_admit_locked(q);
      q->goal_seq = q->next_seq - 1; /* flushes may have come before */
   }
   wake_worker_locked(q);
   pthread_mutex_unlock(&q->lock);
}

static void
wait_seq_locked(struct ocl_queue *q, uint64_t seq)
{
   while (q->done_seq < seq)
      if (!queue_step_locked(q, seq, seq))
         wait_locked(q);
}

/* Nothing of this queue's line holds back what is not in it: whoever does will
 * kick. */
static void
wait_entered_locked(struct ocl_queue *q, const struct ocl_event *cmd)
{
   while (!cmd->seq)
      wait_locked(q);
}

void
ocl_queue_wait(struct ocl_queue *q, struct ocl_event *cmd)
{
   pthread_mutex_lock(&q->lock);
   wait_entered_locked(q, cmd);
   wait_seq_locked(q, cmd->seq);
   pthread_mutex_unlock(&q->lock);
}

void
ocl_queue_wait_run(struct ocl_queue *q, struct ocl_event *cmd)
{
   pthread_mutex_lock(&q->lock);
   wait_entered_locked(q, cmd);
   while (q->run_seq < cmd->seq)
      if (!queue_step_locked(q, cmd->seq, 0))
         wait_locked(q);
   pthread_mutex_unlock(&q->lock);
}

void
ocl_queue_finish(struct ocl_queue *q)
{
   pthread_mutex_lock(&q->lock);
   uint64_t last = q->enqueued;
   while (!util_list_is_empty(&q->waiting) &&
          util_list_first(&q->waiting, struct ocl_event, link)->number <= last)
      wait_locked(q);
   wait_seq_locked(q, q->next_seq - 1);
   pthread_mutex_unlock(&q->lock);
}
