/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_watch.h"

#include "ocl_report.h"
#include "ocl_trace.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "pipe/p_screen.h"
#include "util/util_flags.h"

#define MAX_SCREENS 8
/* The kernel keeps thousands of events; they come at a million a second at
 * most. */
#define DRAIN_NS 2000000

struct ocl_watch {
   pthread_mutex_t lock; /* of everything below */
   struct ocl_report *report;
   struct ocl_trace *trace;
   struct pipe_screen *screens[MAX_SCREENS];
   unsigned num_screens;

   /* takes events while a trace is written */
   pthread_t thread;
   pthread_cond_t cond;
   bool running, stop;
   pid_t pid;
};

struct ocl_report *
ocl_watch_report(struct ocl_watch *w)
{
   return w ? w->report : NULL;
}

/* ---- events ---- */

static void
drain_screen_locked(struct ocl_watch *w, unsigned i)
{
   struct pipe_screen *screen = w->screens[i];
   struct pipe_svm_event events[64];
   unsigned n;

   if (!screen->svm_events)
      return;
   while ((n = screen->svm_events(screen, events, ARRAY_SIZE(events)))) {
      for (unsigned k = 0; k < n; k++) {
         ocl_report_take_event(w->report, &events[k]);
         ocl_trace_take_event(w->trace, i, &events[k]);
      }
   }
}

static void
drain_locked(struct ocl_watch *w)
{
   for (unsigned i = 0; i < w->num_screens; i++)
      drain_screen_locked(w, i);
}

void
ocl_watch_drain(struct ocl_watch *w)
{
   if (!w)
      return;
   pthread_mutex_lock(&w->lock);
   drain_locked(w);
   pthread_mutex_unlock(&w->lock);
}

static void *
drain_main(void *arg)
{
   struct ocl_watch *w = arg;

   pthread_setname_np(pthread_self(), "ocl-watch");
   pthread_mutex_lock(&w->lock);
   while (!w->stop) {
      struct timespec until;
      clock_gettime(CLOCK_REALTIME, &until);
      until.tv_nsec += DRAIN_NS;
      until.tv_sec += until.tv_nsec / 1000000000;
      until.tv_nsec %= 1000000000;
      pthread_cond_timedwait(&w->cond, &w->lock, &until);
      drain_locked(w);
   }
   pthread_mutex_unlock(&w->lock);
   return NULL;
}

/* ---- memory ---- */

void
ocl_watch_add_range(struct ocl_watch *w, const char *kind, const void *ptr,
                    uint64_t size_B)
{
   if (!w)
      return;
   pthread_mutex_lock(&w->lock);
   ocl_report_add_range(w->report, kind, ptr, size_B);
   ocl_trace_add_range(w->trace, kind, ptr, size_B);
   pthread_mutex_unlock(&w->lock);
}

/* What happened until now still belongs to it. */
void
ocl_watch_remove_range(struct ocl_watch *w, const void *ptr)
{
   if (!w)
      return;
   pthread_mutex_lock(&w->lock);
   drain_locked(w);
   ocl_report_remove_range(w->report, ptr);
   ocl_trace_remove_range(w->trace, ptr);
   pthread_mutex_unlock(&w->lock);
}

void
ocl_watch_migrate_hint(struct ocl_watch *w, const void *ptr, uint64_t size_B)
{
   if (!w)
      return;
   pthread_mutex_lock(&w->lock);
   ocl_report_migrate_hint(w->report, ptr, size_B);
   pthread_mutex_unlock(&w->lock);
}

/* ---- commands ---- */

bool
ocl_watch_wants_times(const struct ocl_watch *w)
{
   return w && w->trace;
}

void
ocl_watch_command_ended(struct ocl_watch *w, const struct ocl_event *cmd,
                        int status)
{
   if (!w || !w->trace)
      return;
   pthread_mutex_lock(&w->lock);
   ocl_trace_command_ended(w->trace, cmd, status);
   pthread_mutex_unlock(&w->lock);
}

/* ---- life ---- */

void
ocl_watch_add_screen(struct ocl_watch *w, struct pipe_screen *screen)
{
   if (!w || w->num_screens == MAX_SCREENS)
      return;
   pthread_mutex_lock(&w->lock);
   ocl_trace_add_screen(w->trace, w->num_screens, screen);
   w->screens[w->num_screens++] = screen;
   pthread_mutex_unlock(&w->lock);
}

static void
stop_thread(struct ocl_watch *w)
{
   if (!w->running)
      return;
   pthread_mutex_lock(&w->lock);
   w->stop = true;
   pthread_cond_signal(&w->cond);
   pthread_mutex_unlock(&w->lock);
   pthread_join(w->thread, NULL);
   w->running = false;
}

/* A forked child has neither the thread nor the devices. */
static void
at_exit(int status, void *arg)
{
   struct ocl_watch *w = arg;

   if (getpid() != w->pid)
      return;
   stop_thread(w);
   pthread_mutex_lock(&w->lock);
   drain_locked(w);
   if (w->report)
      ocl_report_print(w->report, stderr);
   ocl_trace_destroy(w->trace);
   w->trace = NULL;
   pthread_mutex_unlock(&w->lock);
}

struct ocl_watch *
ocl_watch_create_from_env(void)
{
   const char *path = getenv("PARTAGE_TRACE");
   struct ocl_report *report =
      util_env_bool("PARTAGE_REPORT", false) ? ocl_report_create() : NULL;
   struct ocl_trace *trace = path && *path ? ocl_trace_create(path) : NULL;
   struct ocl_watch *w = report || trace ? calloc(1, sizeof(*w)) : NULL;

   if (!w) {
      ocl_report_destroy(report);
      ocl_trace_destroy(trace);
      return NULL;
   }
   pthread_mutex_init(&w->lock, NULL);
   pthread_cond_init(&w->cond, NULL);
   w->report = report;
   w->trace = trace;
   w->pid = getpid();
   w->running = trace && !pthread_create(&w->thread, NULL, drain_main, w);
   on_exit(at_exit, w);
   return w;
}
