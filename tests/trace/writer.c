/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Writes traces in ways that are hard on the file: writer HOW FILE. What must
 * be in it is checked by trace_test.py. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/util_trace.h"

#define THREADS 4
#define EVENTS  3000 /* of each: together several windows of the file */

struct job {
   struct util_trace *trace;
   unsigned nr;
};

static void
one_event(const struct job *j, unsigned track, unsigned i)
{
   struct util_trace_args args = {0};
   uint64_t now = util_time_ns();

   util_trace_arg_u64(&args, "i", i);
   util_trace_arg_hex(&args, "addr", (uintptr_t)j);
   util_trace_arg_str(&args, "text", "quote \" backslash \\ line\n end");
   switch (i % 4) {
   case 0: /* begins before the one before it has ended */
      util_trace_span(j->trace, track, "kernel", "k", now - 100000, now, &args);
      break;
   case 1:
      util_trace_instant(j->trace, track, "fault", "read", now - 50000, &args);
      break;
   case 2:
      util_trace_open(j->trace, 1, "granule", (uint64_t)j->nr << 32 | i, "g",
                      now, &args);
      break;
   default:
      util_trace_close(j->trace, 1, "granule", (uint64_t)j->nr << 32 | (i - 1),
                       "g", now, NULL);
      break;
   }
}

static void *
run(void *arg)
{
   const struct job *j = arg;
   unsigned track = util_trace_track(j->trace, 10, "a \"track\"");

   for (unsigned i = 0; i < EVENTS; i++)
      one_event(j, track, i);
   return NULL;
}

static void
write_all(struct util_trace *t)
{
   pthread_t threads[THREADS];
   struct job jobs[THREADS];

   util_trace_group(t, 10, "card 0: of paper");
   for (unsigned i = 0; i < THREADS; i++) {
      jobs[i] = (struct job){t, i};
      if (pthread_create(&threads[i], NULL, run, &jobs[i]))
         abort();
   }
   for (unsigned i = 0; i < THREADS; i++)
      pthread_join(threads[i], NULL);
}

int
main(int argc, char **argv)
{
   const char *how = argc == 3 ? argv[1] : "";
   uint64_t max_B = strcmp(how, "full") ? 0 : 300000;
   struct util_trace *t = argc == 3 ? util_trace_create(argv[2], max_B) : NULL;

   if (!t)
      return 1;
   printf("%s\n", util_trace_path(t));
   fflush(stdout);
   if (!strcmp(how, "second")) { /* another process, the same name */
      pid_t pid = fork();
      if (!pid)
         execl(argv[0], argv[0], "plain", argv[2], NULL);
      waitpid(pid, NULL, 0);
   }
   write_all(t);
   if (!strcmp(how, "fork")) { /* the child's words are not the parent's */
      pid_t pid = fork();
      if (!pid) {
         write_all(t);
         util_trace_destroy(t);
         _exit(0);
      }
      waitpid(pid, NULL, 0);
   }
   if (!strcmp(how, "kill"))
      raise(SIGKILL);
   util_trace_destroy(t);
   return 0;
}
