/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_event.h"

#include "ocl_platform.h"
#include "ocl_queue.h"

#include <errno.h>
#include <stdlib.h>

/* One clSetEventCallback; becomes a job of the notifier when its state is
 * passed. */
struct callback {
   struct ocl_notify_job job;
   struct util_list link; /* in ev->callbacks */
   struct ocl_event *ev;  /* reference, taken when it fires */
   cl_int wanted, status;
   ocl_event_notify fn;
   void *data;
};

static void
event_destroy(struct ocl_object *obj)
{
   struct ocl_event *ev = container_of(obj, struct ocl_event, obj);

   if (ev->ops && ev->ops->finish)
      ev->ops->finish(ev);
   for (unsigned i = 0; i < ev->num_deps; i++)
      ocl_event_put(ev->deps[i].on);
   free(ev->deps);
   util_list_for_each_safe(struct callback, cb, &ev->callbacks, link) {
      free(cb);
   }
   pthread_cond_destroy(&ev->cond);
   ocl_queue_put(ev->queue);
   ocl_context_put(ev->ctx);
   free(ev);
}

struct ocl_event *
ocl_event_create(struct ocl_context *ctx, struct ocl_queue *queue,
                 cl_command_type type, const struct ocl_command_ops *ops,
                 unsigned flags, size_t size_B)
{
   struct ocl_event *ev = calloc(1, size_B);

   if (!ev)
      return NULL;
   ocl_object_init(&ev->obj, OCL_MAGIC_EVENT, event_destroy);
   ev->ctx = ocl_context_get(ctx);
   ev->queue = queue ? ocl_queue_get(queue) : NULL;
   ev->type = type;
   ev->status = queue ? CL_QUEUED : CL_SUBMITTED;
   ev->ops = ops;
   ev->flags = flags;
   util_list_init(&ev->link);
   util_list_init(&ev->waiters);
   util_list_init(&ev->callbacks);
   pthread_cond_init(&ev->cond, NULL);
   return ev;
}

static void
run_callback(struct ocl_notify_job *job)
{
   struct callback *cb = container_of(job, struct callback, job);

   cb->fn((cl_event)cb->ev, cb->status, cb->data);
   ocl_event_put(cb->ev);
   free(cb);
}

/* "Equal to or past" the state asked for; an error is past every state. */
static void
fire_locked(struct ocl_event *ev, struct callback *cb)
{
   util_list_del(&cb->link);
   cb->ev = ocl_event_get(ev);
   cb->status = ev->status < 0 ? ev->status : cb->wanted;
   ocl_notifier_submit(&ocl_platform_instance()->notifier, &cb->job);
}

static void
fire_all_locked(struct ocl_event *ev)
{
   for (cl_int state = CL_SUBMITTED; state >= CL_COMPLETE; state--) {
      if (state < ev->status)
         break;
      util_list_for_each_safe(struct callback, cb, &ev->callbacks, link) {
         if (cb->wanted == state)
            fire_locked(ev, cb);
      }
   }
}

/* One waiter less; its queue if that made it ready, with a reference: the
 * waiter itself may be gone as soon as it is ready. */
static struct ocl_queue *
pop_waiter_locked(struct ocl_event *ev)
{
   struct ocl_dep *dep = util_list_first(&ev->waiters, struct ocl_dep, link);
   struct ocl_queue *q = ocl_queue_get(dep->waiter->queue);

   util_list_del(&dep->link);
   __atomic_sub_fetch(&dep->waiter->unmet, 1, __ATOMIC_ACQ_REL);
   return q;
}

static void
wake_waiters(struct ocl_event *ev)
{
   struct ocl_context *ctx = ev->ctx;

   for (;;) {
      struct ocl_queue *q = NULL;
      pthread_mutex_lock(&ctx->event_lock);
      if (!util_list_is_empty(&ev->waiters))
         q = pop_waiter_locked(ev);
      pthread_mutex_unlock(&ctx->event_lock);
      if (!q)
         return;
      ocl_queue_kick(q);
      ocl_queue_put(q);
   }
}

static bool
advance_locked(struct ocl_event *ev, cl_int status)
{
   if (ev->status <= CL_COMPLETE || status >= ev->status)
      return false;
   __atomic_store_n(&ev->status, status, __ATOMIC_RELEASE);
   if (!util_list_is_empty(&ev->callbacks))
      fire_all_locked(ev);
   if (status <= CL_COMPLETE)
      pthread_cond_broadcast(&ev->cond);
   return true;
}

void
ocl_event_advance(struct ocl_event *ev, cl_int status)
{
   pthread_mutex_lock(&ev->ctx->event_lock);
   bool moved = advance_locked(ev, status);
   bool wake =
      moved && status <= CL_COMPLETE && !util_list_is_empty(&ev->waiters);
   pthread_mutex_unlock(&ev->ctx->event_lock);
   if (wake)
      wake_waiters(ev);
}

int
ocl_event_set_deps(struct ocl_event *ev, struct ocl_event *const *on,
                   unsigned n)
{
   if (!n)
      return 0;
   ev->deps = calloc(n, sizeof(*ev->deps));
   if (!ev->deps)
      return -ENOMEM;
   ev->num_deps = n;
   for (unsigned i = 0; i < n; i++) {
      ev->deps[i] = (struct ocl_dep){.on = ocl_event_get(on[i]), .waiter = ev};
      util_list_init(&ev->deps[i].link);
   }
   /* What another queue still holds back would never end. */
   for (unsigned i = 0; i < n; i++)
      if (on[i]->queue && on[i]->queue != ev->queue && !ocl_event_ended(on[i]))
         ocl_queue_flush(on[i]->queue);

   pthread_mutex_lock(&ev->ctx->event_lock);
   for (unsigned i = 0; i < n; i++) {
      if (on[i]->queue == ev->queue || ocl_event_ended(on[i]))
         continue; /* the order of the queue is enough */
      ev->unmet++;
      util_list_add_tail(&ev->deps[i].link, &on[i]->waiters);
   }
   pthread_mutex_unlock(&ev->ctx->event_lock);
   return 0;
}

bool
ocl_event_dep_failed(const struct ocl_event *ev)
{
   for (unsigned i = 0; i < ev->num_deps; i++)
      if (ocl_event_status(ev->deps[i].on) < 0)
         return true;
   return false;
}

cl_int
ocl_event_wait(struct ocl_event *ev)
{
   if (ev->queue) {
      if (!ocl_event_ended(ev))
         ocl_queue_wait(ev->queue, ev);
      return ocl_event_status(ev);
   }
   pthread_mutex_lock(&ev->ctx->event_lock);
   while (!ocl_event_ended(ev))
      pthread_cond_wait(&ev->cond, &ev->ctx->event_lock);
   pthread_mutex_unlock(&ev->ctx->event_lock);
   return ocl_event_status(ev);
}

cl_int
ocl_event_add_callback(struct ocl_event *ev, cl_int status, ocl_event_notify fn,
                       void *data)
{
   struct callback *cb = calloc(1, sizeof(*cb));

   if (!cb || !ocl_notifier_start(&ocl_platform_instance()->notifier)) {
      free(cb);
      return CL_OUT_OF_HOST_MEMORY;
   }
   cb->job.run = run_callback;
   cb->wanted = status;
   cb->fn = fn;
   cb->data = data;
   pthread_mutex_lock(&ev->ctx->event_lock);
   util_list_add_tail(&cb->link, &ev->callbacks);
   if (ev->status <= status)
      fire_locked(ev, cb);
   pthread_mutex_unlock(&ev->ctx->event_lock);
   if (ev->queue && !ocl_event_ended(ev))
      ocl_queue_flush(ev->queue);
   return CL_SUCCESS;
}

cl_int
ocl_event_set_user_status(struct ocl_event *ev, cl_int status)
{
   pthread_mutex_lock(&ev->ctx->event_lock);
   bool moved = advance_locked(ev, status);
   pthread_mutex_unlock(&ev->ctx->event_lock);
   if (!moved)
      return CL_INVALID_OPERATION;
   wake_waiters(ev);
   return CL_SUCCESS;
}
