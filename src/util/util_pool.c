/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "util/util_pool.h"

#include <sched.h>

#include "util/util_svc.h"

struct util_pool {
   pthread_mutex_t lock;
   pthread_cond_t work;
   struct util_list queue;
   bool stop;
   unsigned num_threads;
   pthread_t threads[];
};

static void *
work(void *arg)
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
      pthread_mutex_unlock(&p->lock);
      job->run(job);
      pthread_mutex_lock(&p->lock);
   }
   pthread_mutex_unlock(&p->lock);
   return NULL;
}

struct util_pool *
util_pool_create(const char *name, unsigned threads)
{
   struct util_pool *p =
      util_svc_calloc(1, sizeof(*p) + threads * sizeof(p->threads[0]));
   if (!p)
      return NULL;
   pthread_mutex_init(&p->lock, NULL);
   pthread_cond_init(&p->work, NULL);
   util_list_init(&p->queue);
   while (p->num_threads < threads &&
          !util_svc_thread_create_nofail(&p->threads[p->num_threads], name,
                                         work, p))
      p->num_threads++;
   return p;
}

void
util_pool_destroy(struct util_pool *p)
{
   pthread_mutex_lock(&p->lock);
   p->stop = true;
   pthread_cond_broadcast(&p->work);
   pthread_mutex_unlock(&p->lock);
   for (unsigned i = 0; i < p->num_threads; i++)
      util_svc_thread_join(p->threads[i]);
   pthread_cond_destroy(&p->work);
   pthread_mutex_destroy(&p->lock);
   util_svc_free(p);
}

void
util_pool_submit(struct util_pool *p, struct util_job *job)
{
   pthread_mutex_lock(&p->lock);
   util_list_add_tail(&job->link, &p->queue);
   pthread_cond_signal(&p->work);
   pthread_mutex_unlock(&p->lock);
}

unsigned
util_cpu_count(void)
{
   cpu_set_t set;
   if (sched_getaffinity(0, sizeof(set), &set))
      return 1;
   return MAX2(CPU_COUNT(&set), 1);
}
