/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Out-of-order queues. A command waits beside the line until everything that it
 * depends on is in the line or, if of another queue, has ended. Then it enters
 * at the end. The line is in order, which is one of the orders that the
 * application allows; but no command waits in it for one that cannot run yet.
 */
#include "ocl_queue.h"

static bool
is_sync(const struct ocl_event *cmd)
{
   return cmd->type == CL_COMMAND_MARKER || cmd->type == CL_COMMAND_BARRIER;
}

/* `first`: nothing waits that was enqueued before. */
static bool
may_enter(const struct ocl_queue *q, const struct ocl_event *cmd, bool first)
{
   /* Markers and barriers without a list wait for all before them. */
   if (is_sync(cmd) && !cmd->num_deps && !first)
      return false;
   if (__atomic_load_n(&cmd->unmet, __ATOMIC_ACQUIRE))
      return false;
   for (unsigned i = 0; i < cmd->num_deps; i++)
      if (cmd->deps[i].on->queue == q && !cmd->deps[i].on->seq)
         return false;
   return true;
}

static void
enter(struct ocl_queue *q, struct ocl_event *cmd)
{
   cmd->seq = q->next_seq++;
   util_list_add_tail(&cmd->link, &q->pending);
}

/* A command depends on earlier ones only, so one pass does. */
void
ocl_order_admit_locked(struct ocl_queue *q)
{
   bool first = true;

   util_list_for_each_safe(struct ocl_event, cmd, &q->waiting, link) {
      if (may_enter(q, cmd, first)) {
         util_list_del(&cmd->link);
         enter(q, cmd);
         continue;
      }
      if (cmd->type == CL_COMMAND_BARRIER)
         break;
      first = false;
   }
}

void
ocl_order_submit_locked(struct ocl_queue *q, struct ocl_event *cmd)
{
   cmd->number = ++q->enqueued;
   if (!ocl_queue_is_out_of_order(q)) {
      enter(q, cmd);
      return;
   }
   util_list_add_tail(&cmd->link, &q->waiting);
   ocl_order_admit_locked(q);
}
