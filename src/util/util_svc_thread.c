/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Threads of the service, and calls of the program into it. The list is static
 * because the threads are the process's; its lock is a leaf. */
#include <assert.h>
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/util_list.h"
#include "util/util_rank.h"
#include "util/util_svc.h"
#include "util/util_svc_asan.h"
#include "util/util_svc_stack.h"

#define PAGE         4096ull
#define THREAD_STACK (8ull << 20)
#define CALL_STACK   (256ull << 10)

struct thread {
   struct util_list link;
   pthread_t pthread;
   int tid;
   char name[16];
   bool service; /* false: a program's thread with a call stack */
   /* Set by the thread itself, read by whoever looks for one. */
   _Atomic bool away; /* between leave and enter */
   _Atomic bool guarded;
   void *stack;
   uint64_t stack_B;
   void *(*run)(void *);
   void *arg;
   sem_t listed;
   uint64_t tcb;
   struct util_svc_range pinned[1 + UTIL_SVC_ASAN_MAX];
   unsigned num_pinned;
};

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct util_list threads = {&threads, &threads};
static pthread_key_t exit_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#define SVC_TLS static __thread __attribute__((tls_model("initial-exec")))
SVC_TLS struct thread *self;
SVC_TLS unsigned call_depth;
__thread uint32_t util_rank_held __attribute__((tls_model("initial-exec")));

static void
lock_for_fork(void)
{
   pthread_mutex_lock(&list_lock);
}

static void
unlock_after_fork(void)
{
   pthread_mutex_unlock(&list_lock);
}

static void thread_exits(void *arg);

static void
init_once(void)
{
   pthread_key_create(&exit_key, thread_exits);
   pthread_atfork(lock_for_fork, unlock_after_fork, unlock_after_fork);
}

static void
add_thread(struct thread *t)
{
   t->tid = gettid();
   t->tcb = (uint64_t)pthread_self();
   t->pinned[0] = (struct util_svc_range){t->tcb - PAGE, t->tcb + PAGE};
   t->num_pinned = 1 + util_svc_asan_ranges(&t->pinned[1]);
   pthread_mutex_lock(&list_lock);
   util_list_add_tail(&t->link, &threads);
   pthread_mutex_unlock(&list_lock);
   self = t;
}

static void *
thread_entry(void *arg)
{
   struct thread *t = arg;
   pthread_setname_np(pthread_self(), t->name);
   add_thread(t);
   sem_post(&t->listed);
   void *ret = t->run(t->arg);
   util_svc_leave(); /* what a sanitizer does at its end is the program's */
   return ret;
}

int
util_svc_thread_create_nofail(pthread_t *thread_out, const char *name,
                              void *(*run)(void *), void *arg)
{
   /* Here and not in the new thread: fork handlers run last come first, so the
    * caller's, which may use the service, must be registered after ours. */
   pthread_once(&once, init_once);
   struct thread *t = util_svc_calloc(1, sizeof(*t));
   if (!t)
      return -ENOMEM;
   snprintf(t->name, sizeof(t->name), "%s", name);
   t->service = true;
   t->run = run;
   t->arg = arg;
   sem_init(&t->listed, 0, 0);
   t->stack_B = THREAD_STACK;
   t->stack = util_svc_map(t->stack_B);
   int err = -ENOMEM;
   if (!t->stack)
      goto free_thread;
   mprotect(t->stack, PAGE, PROT_NONE); /* guard */

   pthread_attr_t attr;
   pthread_attr_init(&attr);
   pthread_attr_setstack(&attr, (char *)t->stack + PAGE, t->stack_B - PAGE);
   /* The application's signals stay with the application's threads. */
   sigset_t all, old;
   sigfillset(&all);
   static const int synchronous[] = {SIGSEGV, SIGBUS,  SIGFPE,
                                     SIGILL,  SIGTRAP, SIGABRT};
   for (unsigned i = 0; i < ARRAY_SIZE(synchronous); i++)
      sigdelset(&all, synchronous[i]);
   pthread_sigmask(SIG_SETMASK, &all, &old);
   err = -pthread_create(&t->pthread, &attr, thread_entry, t);
   pthread_sigmask(SIG_SETMASK, &old, NULL);
   pthread_attr_destroy(&attr);
   if (err)
      goto unmap;
   /* What its start has touched (a sanitizer's data of the thread) is pinned
    * before anybody looks for memory that may move: the thread may be the one
    * that would have to bring it back. */
   while (sem_wait(&t->listed))
      ;
   *thread_out = t->pthread;
   return 0;
unmap:
   util_svc_unmap(t->stack, t->stack_B);
free_thread:
   util_svc_free(t);
   return err;
}

static struct thread *
find_pthread(pthread_t p)
{
   struct thread *found = NULL;
   pthread_mutex_lock(&list_lock);
   util_list_for_each(struct thread, t, &threads, link)
      if (t->service && pthread_equal(t->tcb, p))
         found = t;
   if (found)
      util_list_del(&found->link);
   pthread_mutex_unlock(&list_lock);
   return found;
}

int
util_svc_thread_create(pthread_t *thread_out, const char *name,
                       void *(*run)(void *), void *arg)
{
   if (util_svc_must_fail())
      return -ENOMEM;
   return util_svc_thread_create_nofail(thread_out, name, run, arg);
}

int
util_svc_thread_join(pthread_t thread)
{
   int err = -pthread_join(thread, NULL);
   if (err)
      return err;
   struct thread *t = find_pthread(thread);
   assert(t && "joined a thread that util_svc_thread_create did not make");
   util_svc_unmap(t->stack, t->stack_B);
   util_svc_free(t);
   return 0;
}

bool
util_svc_is_service_thread(void)
{
   return self && self->service && !self->away;
}

bool
util_svc_is_inside(void)
{
   return call_depth || util_svc_is_service_thread();
}

bool
util_svc_find_thread(int tid, char *name_out)
{
   bool found = false;
   pthread_mutex_lock(&list_lock);
   util_list_for_each(struct thread, t, &threads, link) {
      if (t->tid == tid && t->service && !t->away) {
         memcpy(name_out, t->name, sizeof(t->name));
         found = true;
      }
   }
   pthread_mutex_unlock(&list_lock);
   return found;
}

void
util_svc_set_guarded(bool guarded)
{
   if (self)
      atomic_store_explicit(&self->guarded, guarded, memory_order_relaxed);
}

bool
util_svc_is_guarded(int tid)
{
   bool guarded = false;
   pthread_mutex_lock(&list_lock);
   util_list_for_each(struct thread, t, &threads, link)
      if (t->tid == tid)
         guarded = t->guarded;
   pthread_mutex_unlock(&list_lock);
   return guarded;
}

bool
util_svc_pins(uint64_t start, uint64_t end)
{
   bool pins = false;
   pthread_mutex_lock(&list_lock);
   util_list_for_each(struct thread, t, &threads, link)
      for (unsigned i = 0; i < t->num_pinned; i++)
         pins |= t->pinned[i].start < end && t->pinned[i].end > start;
   pthread_mutex_unlock(&list_lock);
   return pins;
}

void
util_svc_leave(void)
{
   if (self)
      atomic_store_explicit(&self->away, true, memory_order_relaxed);
}

void
util_svc_enter(void)
{
   if (self)
      atomic_store_explicit(&self->away, false, memory_order_relaxed);
}

/* ---- calls on the service stack ---- */

static void
thread_exits(void *arg)
{
   struct thread *t = arg;
   pthread_mutex_lock(&list_lock);
   util_list_del(&t->link);
   pthread_mutex_unlock(&list_lock);
   util_svc_unmap(t->stack, t->stack_B);
   util_svc_free(t);
   self = NULL;
}

static struct thread *
own_call_stack(void)
{
   if (self)
      return self;
   pthread_once(&once, init_once);
   /* A thread has its kernel stack before it makes its first call: this does
    * not fail on purpose. */
   struct thread *t = util_svc_calloc(1, sizeof(*t));
   if (!t)
      return NULL;
   t->stack_B = CALL_STACK;
   t->stack = util_svc_map(CALL_STACK);
   if (!t->stack) {
      util_svc_free(t);
      return NULL;
   }
   mprotect(t->stack, PAGE, PROT_NONE);
   add_thread(t);
   pthread_setspecific(exit_key, t);
   return t;
}

void
util_svc_call(void (*fn)(void *arg), void *arg)
{
   if (util_svc_is_inside()) {
      fn(arg);
      return;
   }
   struct thread *t = own_call_stack();
   call_depth++;
   if (t && !t->service)
      util_svc_stack_call((char *)t->stack + PAGE, t->stack_B - PAGE, fn, arg);
   else /* on a stack of the service already; or no memory for one: only the
           protection is lost */
      fn(arg);
   call_depth--;
}
