/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* An event, which is also the command: every enqueue makes one, whether the
 * application asks for it or not. What a command needs to run follows the
 * struct (see ocl_cmd.h).
 *
 *   QUEUED → SUBMITTED → RUNNING → COMPLETE or negative
 *
 * status, waiters and callbacks are guarded by ctx->event_lock; status may be
 * read without it. */
#ifndef OCL_EVENT_H
#define OCL_EVENT_H

#include "ocl_context.h"

#include <pthread.h>

struct ocl_event;
struct ocl_queue;
struct util_trace_args;

struct ocl_command_ops {
   /* Records into the queue's pipe context, or does the work on the CPU.
    * CL_SUCCESS or what the event ends with. */
   cl_int (*run)(struct ocl_event *cmd, struct ocl_queue *queue);
   /* Drops what the command holds. Called once, when the event has ended. May
    * be NULL. */
   void (*finish)(struct ocl_event *cmd);
   /* For the trace: its name if the type does not tell enough, and what is
    * worth knowing. May be NULL. */
   const char *(*describe)(const struct ocl_event *cmd,
                           struct util_trace_args *args);
};

enum ocl_command_flags {
   /* The work is done by the CPU, after all earlier commands of the queue are
    * done. */
   OCL_CMD_HOST = 1 << 0,
   /* Takes long or calls the application: not on the enqueuing thread. */
   OCL_CMD_SLOW = 1 << 1,
   /* Nothing is recorded; only the place in the order counts. */
   OCL_CMD_NO_WORK = 1 << 2,
};

/* "waiter cannot run before `on` has ended." */
struct ocl_dep {
   struct ocl_event *on; /* reference */
   struct ocl_event *waiter;
   struct util_list link; /* in on->waiters while it counts in waiter->unmet */
};

struct ocl_event {
   struct ocl_object obj;
   struct ocl_context *ctx;
   struct ocl_queue *queue; /* reference; NULL: user event */
   cl_command_type type;
   int status; /* atomic; cl_int execution status */

   /* as a command; guarded by queue->lock */
   const struct ocl_command_ops *ops;
   unsigned flags;
   uint64_t seq;          /* place in the line, from 1; 0: not in it yet */
   uint64_t number;       /* of the enqueue, from 1 */
   cl_int error;          /* of run() */
   struct util_list link; /* queue->pending, ->recorded or batch->commands */
   struct ocl_dep *deps;
   unsigned num_deps;
   int unmet; /* atomic: deps of other queues that have not ended */

   struct util_list waiters;
   struct util_list callbacks;
   pthread_cond_t cond; /* user events only, with ctx->event_lock */

   /* device time, if somebody wants to know */
   uint64_t queued_ns, submit_ns, start_ns, end_ns;
};

OCL_OBJECT_TYPE(event, cl_event, OCL_MAGIC_EVENT)

/* `size_B` >= sizeof(struct ocl_event), zeroed. With a queue: a command. NULL:
 * out of memory. */
struct ocl_event *ocl_event_create(struct ocl_context *ctx,
                                   struct ocl_queue *queue,
                                   cl_command_type type,
                                   const struct ocl_command_ops *ops,
                                   unsigned flags, size_t size_B);

static inline cl_int
ocl_event_status(const struct ocl_event *ev)
{
   return __atomic_load_n(&ev->status, __ATOMIC_ACQUIRE);
}

/* Ended, well or badly. */
static inline bool
ocl_event_ended(const struct ocl_event *ev)
{
   return ocl_event_status(ev) <= CL_COMPLETE;
}

/* Forward only; fires callbacks of every state passed, wakes waiters at the
 * end. */
void ocl_event_advance(struct ocl_event *ev, cl_int status);

/* Takes references to the events and links to those that have not ended and are
 * not of the same queue. 0 or -ENOMEM. */
int ocl_event_set_deps(struct ocl_event *ev, struct ocl_event *const *on,
                       unsigned n);
/* The first dependency that failed? */
bool ocl_event_dep_failed(const struct ocl_event *ev);

/* Blocks until the event has ended; returns its status. Drives the queue. */
cl_int ocl_event_wait(struct ocl_event *ev);

typedef void(CL_CALLBACK *ocl_event_notify)(cl_event event, cl_int status,
                                            void *data);
/* CL_SUCCESS or CL_OUT_OF_HOST_MEMORY. Called at once if the state is already
 * passed. */
cl_int ocl_event_add_callback(struct ocl_event *ev, cl_int status,
                              ocl_event_notify fn, void *data);

/* User events: CL_INVALID_OPERATION if the status was set before. */
cl_int ocl_event_set_user_status(struct ocl_event *ev, cl_int status);

#endif
