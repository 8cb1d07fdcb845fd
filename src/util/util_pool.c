/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "util/util_pool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

struct util_pool {
   pthread_mutex_t lock;
   pthread_cond_t work, idle;
   struct util_list queue;
   unsigned running;
   bool stop;
   unsigned num_threads;
   pthread_t threads[];
};

static void *
worker(void *arg)
{
   struct util_pool *p = arg;
   pthread_mutex_lock(&p->lock);
   for (;;) {
      while (util_list_is_empty(&p->queue) && !p->stop)
         pthread_cond_wait(&p->work, &p->lock);
      if (util_list_is_empty(&p->queue))
         break;
      struct util_job *job = util_list_first(&p->queue, struct util_job, link);
      util_list_del(&job->link);
      p->running++;
      pthread_mutex_unlock(&p->lock);
      job->run(job);
      pthread_mutex_lock(&p->lock);
      p->running--;
      if (!p->running && util_list_is_empty(&p->queue))
         pthread_cond_broadcast(&p->idle);
   }
   pthread_mutex_unlock(&p->lock);
   return NULL;
}

int
util_pool_create(const char *name, unsigned threads,
                 struct util_pool **pool_out)
{
   struct util_pool *p = calloc(1, sizeof(*p) + threads * sizeof(pthread_t));
   if (!p)
      return -ENOMEM;
   pthread_mutex_init(&p->lock, NULL);
   pthread_cond_init(&p->work, NULL);
   pthread_cond_init(&p->idle, NULL);
   util_list_init(&p->queue);

   /* The application's signals stay with the application's threads. */
   sigset_t all, old;
   sigfillset(&all);
   sigdelset(&all, SIGSEGV);
   sigdelset(&all, SIGBUS);
   pthread_sigmask(SIG_SETMASK, &all, &old);
   int err = 0;
   for (unsigned i = 0; i < threads; i++) {
      err = pthread_create(&p->threads[i], NULL, worker, p);
      if (err)
         break;
      char short_name[16] = {0};
      for (unsigned c = 0; c < 15 && name[c]; c++)
         short_name[c] = name[c];
      pthread_setname_np(p->threads[i], short_name);
      p->num_threads++;
   }
   pthread_sigmask(SIG_SETMASK, &old, NULL);
   if (err) {
      util_pool_destroy(p);
      return -err;
   }
   *pool_out = p;
   return 0;
}

void
util_pool_destroy(struct util_pool *p)
{
   pthread_mutex_lock(&p->lock);
   p->stop = true;
   pthread_cond_broadcast(&p->work);
   pthread_mutex_unlock(&p->lock);
   for (unsigned i = 0; i < p->num_threads; i++)
      pthread_join(p->threads[i], NULL);
   pthread_cond_destroy(&p->work);
   pthread_cond_destroy(&p->idle);
   pthread_mutex_destroy(&p->lock);
   free(p);
}

void
util_pool_submit(struct util_pool *p, struct util_job *job)
{
   pthread_mutex_lock(&p->lock);
   util_list_add_tail(&job->link, &p->queue);
   pthread_cond_signal(&p->work);
   pthread_mutex_unlock(&p->lock);
}

void
util_pool_wait_idle(struct util_pool *p)
{
   pthread_mutex_lock(&p->lock);
   while (p->running || !util_list_is_empty(&p->queue))
      pthread_cond_wait(&p->idle, &p->lock);
   pthread_mutex_unlock(&p->lock);
}

unsigned
util_pool_threads(const struct util_pool *p)
{
   return p->num_threads;
}

unsigned
util_cpu_count(void)
{
   cpu_set_t set;
   if (sched_getaffinity(0, sizeof(set), &set))
      return 1;
   return MAX2(CPU_COUNT(&set), 1);
}
