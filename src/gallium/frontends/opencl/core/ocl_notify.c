/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_notify.h"

void
ocl_notifier_init(struct ocl_notifier *n)
{
   pthread_mutex_init(&n->lock, NULL);
   pthread_cond_init(&n->cond, NULL);
   util_list_init(&n->jobs);
   n->started = false;
}

static void *
notifier_main(void *arg)
{
   struct ocl_notifier *n = arg;

   pthread_setname_np(pthread_self(), "ocl-notify");
   pthread_mutex_lock(&n->lock);
   for (;;) {
      while (util_list_is_empty(&n->jobs))
         pthread_cond_wait(&n->cond, &n->lock);
      struct ocl_notify_job *job =
         util_list_first(&n->jobs, struct ocl_notify_job, link);
      util_list_del(&job->link);
      pthread_mutex_unlock(&n->lock);
      job->run(job);
      pthread_mutex_lock(&n->lock);
   }
   return NULL;
}

static bool
start_locked(struct ocl_notifier *n)
{
   pthread_t thread;

   if (n->started)
      return true;
   if (pthread_create(&thread, NULL, notifier_main, n))
      return false;
   pthread_detach(thread);
   n->started = true;
   return true;
}

bool
ocl_notifier_start(struct ocl_notifier *n)
{
   pthread_mutex_lock(&n->lock);
   bool started = start_locked(n);
   pthread_mutex_unlock(&n->lock);
   return started;
}

void
ocl_notifier_submit(struct ocl_notifier *n, struct ocl_notify_job *job)
{
   pthread_mutex_lock(&n->lock);
   util_list_add_tail(&job->link, &n->jobs);
   pthread_cond_signal(&n->cond);
   pthread_mutex_unlock(&n->lock);
}
