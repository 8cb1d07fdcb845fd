/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Threads of the service, and calls of the program into it. The list is static
 * because the threads are the process's; its lock is a leaf. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "util/util_list.h"
#include "util/util_rank.h"
#include "util/util_svc.h"

#define PAGE         4096ull
#define THREAD_STACK (8ull << 20)
#define CALL_STACK   (256ull << 10)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

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
   uint64_t tcb;
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
   return t->run(t->arg);
}

int
util_svc_thread_create(pthread_t *thread_out, const char *name,
                       void *(*run)(void *), void *arg)
{
   /* Here and not in the new thread: fork handlers run last come first, so the
    * caller's, which may use the service, must be registered after ours. */
   pthread_once(&once, init_once);
   struct thread *t = util_svc_alloc(sizeof(*t));
   if (!t)
      return -ENOMEM;
   snprintf(t->name, sizeof(t->name), "%s", name);
   t->service = true;
   t->run = run;
   t->arg = arg;
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
      pins |= t->tcb - PAGE < end && t->tcb + PAGE > start;
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
   struct thread *t = util_svc_alloc(sizeof(*t));
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

#if defined(__x86_64__)
static void
call_on_stack(struct thread *t, void (*fn)(void *), void *arg)
{
   void *top = (char *)t->stack + t->stack_B;
   __asm__ volatile("movq %%rsp, %%rbx\n\t"
                    "movq %0, %%rsp\n\t"
                    "callq *%1\n\t"
                    "movq %%rbx, %%rsp"
                    : "+r"(top), "+r"(fn), "+D"(arg)
                    :
                    : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10",
                      "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
                      "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
                      "xmm13", "xmm14", "xmm15", "memory", "cc");
}
#else
struct context_call {
   void (*fn)(void *);
   void *arg;
   ucontext_t back;
};
SVC_TLS struct context_call *context_call;

static void
context_entry(void)
{
   context_call->fn(context_call->arg);
}

static void
call_on_stack(struct thread *t, void (*fn)(void *), void *arg)
{
   struct context_call *c = util_svc_alloc(sizeof(*c));
   assert(c);
   c->fn = fn;
   c->arg = arg;
   context_call = c;
   ucontext_t ctx;
   getcontext(&ctx);
   ctx.uc_stack.ss_sp = (char *)t->stack + PAGE;
   ctx.uc_stack.ss_size = t->stack_B - PAGE;
   ctx.uc_link = &c->back;
   makecontext(&ctx, context_entry, 0);
   swapcontext(&c->back, &ctx);
   util_svc_free(c);
}
#endif

void
util_svc_call(void (*fn)(void *arg), void *arg)
{
   if (util_svc_is_inside()) {
      fn(arg);
      return;
   }
   struct thread *t = own_call_stack();
   call_depth++;
   /* A sanitizer would take the foreign stack for an overflow; without memory
    * for one we go on as well: only the protection is lost. */
   if (SANITIZED || !t)
      fn(arg);
   else
      call_on_stack(t, fn, arg);
   call_depth--;
}
