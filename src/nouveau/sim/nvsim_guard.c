/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Accesses that the host may refuse. One handler for SIGSEGV and SIGBUS,
 * installed once a process; a signal that does not come from an armed guard of
 * the same thread goes to whoever was there before us. */
#include "nvsim_mem_priv.h"
#include "nvsim_priv.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

/* initial-exec: a handler must not allocate thread storage on first touch. */
static __thread struct nvsim_guard *thread_guard
   __attribute__((tls_model("initial-exec")));

static pthread_mutex_t install_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction prev_segv, prev_bus;

static void
chain(int sig, siginfo_t *info, void *context)
{
   const struct sigaction *prev = sig == SIGSEGV ? &prev_segv : &prev_bus;
   if (prev->sa_flags & SA_SIGINFO) {
      prev->sa_sigaction(sig, info, context);
   } else if (prev->sa_handler != SIG_DFL && prev->sa_handler != SIG_IGN) {
      prev->sa_handler(sig);
   } else {
      /* The access runs again and ends the process as it would have. */
      struct sigaction dfl = {.sa_handler = SIG_DFL};
      sigaction(sig, &dfl, NULL);
   }
}

static void
handler(int sig, siginfo_t *info, void *context)
{
   struct nvsim_guard *g = thread_guard;
   if (!g || !g->armed) {
      /* An access that waits is refused by a queued signal; its page may have
       * come first, and then there is nothing to refuse any more. */
      if (!g || info->si_code != SI_QUEUE)
         chain(sig, info, context);
      return;
   }
   g->armed = 0;
   g->host_addr = info->si_addr;
   siglongjmp(g->env, NVSIM_TRAP_HOST);
}

static int
install_one(int sig, struct sigaction *prev)
{
   struct sigaction cur;
   if (sigaction(sig, NULL, &cur))
      return -errno;
   if ((cur.sa_flags & SA_SIGINFO) && cur.sa_sigaction == handler)
      return 0;
   struct sigaction sa = {.sa_sigaction = handler,
                          .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
   sigemptyset(&sa.sa_mask);
   *prev = cur;
   return sigaction(sig, &sa, NULL) ? -errno : 0;
}

/* Called again before each launch: the application may have put its own handler
 * in front of ours since. */
int
nvsim_guard_install(void)
{
   pthread_mutex_lock(&install_lock);
   int err = install_one(SIGSEGV, &prev_segv);
   if (!err)
      err = install_one(SIGBUS, &prev_bus);
   pthread_mutex_unlock(&install_lock);
   return err;
}

void
nvsim_guard_set_thread(struct nvsim_guard *guard)
{
   thread_guard = guard;
   util_svc_set_guarded(guard);
}

bool
nvsim_guard_copy(struct nvsim_guard *g, void *dst, const void *src,
                 size_t size_B)
{
   if (sigsetjmp(g->env, 0))
      return false;
   g->armed = 1;
   __atomic_signal_fence(__ATOMIC_SEQ_CST);
   memcpy(dst, src, size_B);
   __atomic_signal_fence(__ATOMIC_SEQ_CST);
   g->armed = 0;
   return true;
}

bool
nvsim_guard_probe_read(struct nvsim_guard *g, const void *p)
{
   if (sigsetjmp(g->env, 0))
      return false;
   g->armed = 1;
   __atomic_signal_fence(__ATOMIC_SEQ_CST);
   (void)*(const volatile uint8_t *)p;
   __atomic_signal_fence(__ATOMIC_SEQ_CST);
   g->armed = 0;
   return true;
}
