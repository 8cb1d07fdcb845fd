/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* fork: a child would read zeros where the parent's pages are in device memory,
 * so they come home first. The child has no mirror (kernel.md L12): its copy of
 * the mm is dead. Children made by a bare clone system call are not seen; vfork
 * and posix_spawn share the memory until exec and are harmless.
 *
 * exit: pages come home and stay, so that whatever runs after the program (a
 * leak checker, which stops our threads and reads everything) finds its memory
 * whole. _exit and exec need nothing.
 *
 * The list is static because fork and exit are the process's. */
#include <stdlib.h>

#include "kernel/mm/kmm_priv.h"

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct util_list all = {&all, &all};
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
close_gates(void *arg)
{
   pthread_mutex_lock(&list_lock);
   util_list_for_each(struct kmm_mm, mm, &all, link) {
      if (kmm_mm_check(mm))
         continue;
      kmm_lock(mm);
      mm->forking++;
      mm->stats.forks++;
      while (mm->outbound)
         pthread_cond_wait(&mm->changed, &mm->lock);
      kmm_unlock(mm);
      kmm_bring_home(mm, NULL);
   }
}

static void
open_gates(void *arg)
{
   util_list_for_each(struct kmm_mm, mm, &all, link) {
      if (kmm_mm_check(mm))
         continue;
      kmm_lock(mm);
      mm->forking--;
      pthread_cond_broadcast(&mm->changed);
      kmm_unlock(mm);
   }
   pthread_mutex_unlock(&list_lock);
}

static void
prepare(void)
{
   util_svc_call(close_gates, NULL);
}

static void
parent(void)
{
   util_svc_call(open_gates, NULL);
}

static void
child(void)
{
   /* Touches no lock of an mm: its holders do not exist here. */
   util_list_for_each(struct kmm_mm, mm, &all, link) {
      mm->dead = true;
      if (mm->host->ops->forked_child)
         mm->host->ops->forked_child(mm->host);
   }
   util_list_init(&all);
   pthread_mutex_unlock(&list_lock);
}

static void
come_home(void *arg)
{
   pthread_mutex_lock(&list_lock);
   util_list_for_each(struct kmm_mm, mm, &all, link) {
      if (kmm_mm_check(mm))
         continue;
      kmm_lock(mm);
      mm->leaving = true;
      kmm_unlock(mm);
      kmm_bring_home(mm, NULL);
      kmm_lock(mm);
      kmm_blocks_trim(mm, 0);
      kmm_unlock(mm);
   }
   pthread_mutex_unlock(&list_lock);
}

static void
leave(void)
{
   util_svc_call(come_home, NULL);
}

static void
install(void)
{
   pthread_atfork(prepare, parent, child);
   atexit(leave);
}

void
kmm_fork_register(struct kmm_mm *mm)
{
   pthread_once(&once, install);
   pthread_mutex_lock(&list_lock);
   util_list_add_tail(&mm->link, &all);
   pthread_mutex_unlock(&list_lock);
}

void
kmm_fork_unregister(struct kmm_mm *mm)
{
   pthread_mutex_lock(&list_lock);
   util_list_del(&mm->link);
   pthread_mutex_unlock(&list_lock);
}
