/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A fixed set of service threads that run queued jobs. */
#include "nvsim_priv.h"

struct nvsim_pool {
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
   struct nvsim_pool *p = arg;
   pthread_mutex_lock(&p->lock);
   for (;;) {
      while (util_list_is_empty(&p->queue) && !p->stop)
         pthread_cond_wait(&p->work, &p->lock);
      if (util_list_is_empty(&p->queue))
         break;
      struct nvsim_job *job =
         util_list_first(&p->queue, struct nvsim_job, link);
      util_list_del(&job->link);
      pthread_mutex_unlock(&p->lock);
      job->run(job);
      pthread_mutex_lock(&p->lock);
   }
   pthread_mutex_unlock(&p->lock);
   return NULL;
}

/* NULL without memory; fewer threads if the system gives no more. */
struct nvsim_pool *
nvsim_pool_create(unsigned threads)
{
   struct nvsim_pool *p =
      util_svc_calloc(1, sizeof(*p) + threads * sizeof(p->threads[0]));
   if (!p)
      return NULL;
   pthread_mutex_init(&p->lock, NULL);
   pthread_cond_init(&p->work, NULL);
   util_list_init(&p->queue);
   while (
      p->num_threads < threads &&
      !util_svc_thread_create(&p->threads[p->num_threads], "nvsim-sm", work, p))
      p->num_threads++;
   return p;
}

void
nvsim_pool_destroy(struct nvsim_pool *p)
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
nvsim_pool_submit(struct nvsim_pool *p, struct nvsim_job *job)
{
   pthread_mutex_lock(&p->lock);
   util_list_add_tail(&job->link, &p->queue);
   pthread_cond_signal(&p->work);
   pthread_mutex_unlock(&p->lock);
}
