/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "compiler/llvm/llvm_stack.h"

#include <pthread.h>
#include <signal.h>

struct call {
   int (*run)(void *data);
   void *data;
   int ret;
};

static void *
thread_main(void *data)
{
   struct call *call = data;
   call->ret = call->run(call->data);
   return NULL;
}

/* The application's signals are for the application's threads. */
static int
create(pthread_t *thread, const pthread_attr_t *attr, struct call *call)
{
   sigset_t all, old;
   sigfillset(&all);
   sigdelset(&all, SIGSEGV);
   sigdelset(&all, SIGBUS);
   pthread_sigmask(SIG_SETMASK, &all, &old);
   int err = pthread_create(thread, attr, thread_main, call);
   pthread_sigmask(SIG_SETMASK, &old, NULL);
   return -err;
}

int
llvm_stack_run(int (*run)(void *data), void *data)
{
   struct call call = {.run = run, .data = data};
   pthread_attr_t attr;
   pthread_t thread;

   pthread_attr_init(&attr);
   int ret = pthread_attr_setstacksize(&attr, LLVM_STACK_B);
   ret = ret ? -ret : create(&thread, &attr, &call);
   pthread_attr_destroy(&attr);
   if (ret)
      return run(data);
   pthread_join(thread, NULL);
   return call.ret;
}
