/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A command queue: a line of commands, done in order. Those of an out-of-order
 * queue enter it when nothing holds them back any more (ocl_order.c).
 *
 *   (waiting) ──enter──► pending ──run──► recorded ──flush──► batches in flight
 * ──retire──► ended
 *
 * Whoever finds something to do does it: the enqueuing thread if the queue is
 * free and the command is quick, a thread that waits (clFinish,
 * clWaitForEvents, blocking calls), else the queue's worker. One step at a
 * time, all through queue_step() in ocl_queue.c. `running` is the token for the
 * pipe context: its holder alone may touch it.
 *
 * Locks: queue->lock is never held while a pipe function or a callback runs. */
#ifndef OCL_QUEUE_H
#define OCL_QUEUE_H

#include "ocl_event.h"

struct pipe_context;
struct pipe_device_fault;
struct pipe_fence_handle;
struct pipe_resource;

/* Commands that share one fence. */
struct ocl_batch {
   struct util_list link;
   struct util_list commands;
   struct pipe_fence_handle *fence; /* NULL: nothing to wait for */
   cl_int error;                    /* the flush failed */
   uint64_t first_seq, last_seq;
   unsigned pipe_generation;
   bool retiring; /* a thread waits for the fence outside the lock */
};

struct ocl_queue {
   struct ocl_object obj;
   struct ocl_context *ctx;
   struct ocl_device *dev;
   unsigned dev_index; /* in ctx->devices */
   cl_command_queue_properties props;
   cl_queue_properties
      *props_array; /* as given, with the closing 0; may be NULL */
   unsigned num_props;

   pthread_mutex_t lock;
   pthread_cond_t
      cond; /* something happened: waiters and the worker look again */
   struct util_list waiting; /* out of order: not in the line yet */
   struct util_list pending, recorded, batches;
   bool running;
   bool recorded_work; /* `recorded` holds more than markers */
   unsigned num_recorded;
   uint64_t enqueued;    /* how many commands ever were */
   uint64_t next_seq;    /* of the next command */
   uint64_t run_seq;     /* all up to here have been run */
   uint64_t done_seq;    /* all up to here have ended */
   uint64_t goal_seq;    /* the worker drives the queue up to here */
   uint64_t last_end_ns; /* device time; by whoever retires a batch */
   unsigned waiters;     /* threads in pthread_cond_wait, the worker included */
   pthread_t worker;
   bool worker_started, stop, orphan;
   unsigned pipe_generation; /* counts the contexts that were lost */
   bool pipe_lost;           /* `pipe` is; replaced before the next command */

   /* token holder only */
   struct pipe_context *pipe;
   struct pipe_resource *printf_buffer; /* made on first use */
};

OCL_OBJECT_TYPE(queue, cl_command_queue, OCL_MAGIC_QUEUE)

struct ocl_queue *
ocl_queue_create(struct ocl_context *ctx, struct ocl_device *dev,
                 const cl_queue_properties *props_array, unsigned num_props,
                 cl_command_queue_properties props, cl_int *err_out);

static inline bool
ocl_queue_is_profiling(const struct ocl_queue *q)
{
   return q->props & CL_QUEUE_PROFILING_ENABLE;
}

static inline bool
ocl_queue_is_out_of_order(const struct ocl_queue *q)
{
   return q->props & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE;
}

/* ocl_order.c; queue->lock is held. The command goes to the line or waits. */
void ocl_order_submit_locked(struct ocl_queue *q, struct ocl_event *cmd);
/* Lets into the line what may go. */
void ocl_order_admit_locked(struct ocl_queue *q);

/* Takes the reference to `cmd` over (the queue drops it when the command has
 * ended). `caller_waits`: a wait for it follows at once, so that no other
 * thread need wake. */
void ocl_queue_submit(struct ocl_queue *q, struct ocl_event *cmd,
                      bool caller_waits);
/* Everything so far has ended; may have changed on return. */
bool ocl_queue_looks_idle(struct ocl_queue *q);
/* All commands so far go to the device without anyone waiting. */
void ocl_queue_flush(struct ocl_queue *q);
/* Waits until the command has ended. */
void ocl_queue_wait(struct ocl_queue *q, struct ocl_event *cmd);
/* Waits until it has been run: data given to it may be reused. */
void ocl_queue_wait_run(struct ocl_queue *q, struct ocl_event *cmd);
void ocl_queue_finish(struct ocl_queue *q);
/* A dependency of a command has ended. */
void ocl_queue_kick(struct ocl_queue *q);

/* ocl_queue_pipe.c: the token holder's. */

/* For command_ops::run. NULL: no device. */
struct pipe_context *ocl_queue_pipe(struct ocl_queue *q);
/* What a pipe function returned, as the command's end; notes a lost context. */
cl_int ocl_queue_result(struct ocl_queue *q, int ret);
/* Sends what is recorded. *fence_out: NULL if there was nothing. */
cl_int ocl_queue_flush_pipe(struct ocl_queue *q,
                            struct pipe_fence_handle **fence_out);
/* Any thread; `generation` is that of the context which the failure is about. */
void ocl_queue_note_lost(struct ocl_queue *q, unsigned generation,
                         const struct pipe_device_fault *fault);

#endif
