/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kmd_priv.h"

#include <errno.h>
#include <time.h>

#include "util/util_svc.h"

/* True: the period is over. */
static bool
wait_poke_locked(struct kmd_thread *t)
{
   if (!t->period_ns) {
      pthread_cond_wait(&t->cond, &t->lock);
      return false;
   }
   struct timespec at;
   clock_gettime(CLOCK_REALTIME, &at);
   uint64_t ns = at.tv_nsec + t->period_ns;
   at.tv_sec += ns / 1000000000;
   at.tv_nsec = ns % 1000000000;
   return pthread_cond_timedwait(&t->cond, &t->lock, &at) == ETIMEDOUT;
}

static void *
thread_main(void *arg)
{
   struct kmd_thread *t = arg;
   for (;;) {
      pthread_mutex_lock(&t->lock);
      while (!t->poked && !t->stop && !wait_poke_locked(t))
         ;
      t->poked = false;
      bool stop = t->stop;
      pthread_mutex_unlock(&t->lock);
      if (stop)
         return NULL;
      t->run(t->kmd);
   }
}

void
kmd_thread_init(struct kmd_thread *t)
{
   pthread_mutex_init(&t->lock, NULL);
   pthread_cond_init(&t->cond, NULL);
}

int
kmd_thread_start(struct kmd_thread *t, struct kmd *kmd, const char *name,
                 void (*run)(struct kmd *kmd))
{
   t->kmd = kmd;
   t->run = run;
   int ret = util_svc_thread_create(&t->thread, name, thread_main, t);
   t->started = ret == 0;
   return ret;
}

void
kmd_thread_poke(struct kmd_thread *t)
{
   pthread_mutex_lock(&t->lock);
   t->poked = true;
   pthread_cond_signal(&t->cond);
   pthread_mutex_unlock(&t->lock);
}

void
kmd_thread_stop(struct kmd_thread *t)
{
   if (!t->started)
      return;
   pthread_mutex_lock(&t->lock);
   t->stop = true;
   pthread_cond_signal(&t->cond);
   pthread_mutex_unlock(&t->lock);
   util_svc_thread_join(t->thread);
   t->started = false; /* the card may still poke: lock and cond stay */
}
