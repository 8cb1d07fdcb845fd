/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A queue's pipe context: made when needed, sent, and lost. */
#include "ocl_platform.h"
#include "ocl_queue.h"

#include <errno.h>

#include "pipe/p_context.h"

struct pipe_context *
ocl_queue_pipe(struct ocl_queue *q)
{
   if (!q->pipe)
      q->pipe = q->dev->screen->context_create(q->dev->screen);
   return q->pipe;
}

void
ocl_queue_note_lost(struct ocl_queue *q, unsigned generation,
                    const struct pipe_device_fault *fault)
{
   pthread_mutex_lock(&q->lock);
   bool first = generation == q->pipe_generation && !q->pipe_lost;
   if (first)
      q->pipe_lost = true;
   pthread_mutex_unlock(&q->lock);
   if (!first)
      return;
   const char *text =
      fault->message[0] ? fault->message : "the device lost the context";
   ocl_context_report(q->ctx, text, fault, sizeof(*fault));
}

cl_int
ocl_queue_result(struct ocl_queue *q, int ret)
{
   struct pipe_device_fault fault = {0};

   if (ret == -ENODEV && q->pipe) {
      q->pipe->get_device_reset_status(q->pipe, &fault);
      ocl_queue_note_lost(q, q->pipe_generation, &fault);
   }
   return ocl_error_from_errno(ret);
}

cl_int
ocl_queue_flush_pipe(struct ocl_queue *q, struct pipe_fence_handle **fence_out)
{
   *fence_out = NULL;
   /* A migration may find everything in place and need no context. */
   if (!q->pipe)
      return CL_SUCCESS;
   return ocl_queue_result(q, q->pipe->flush(q->pipe, fence_out));
}
