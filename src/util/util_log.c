/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "util/util_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static enum util_log_level threshold = UTIL_LOG_WARN;

/* Read when the library is loaded: a service thread must not look at the
 * environment, whose memory may be away (util_svc.h). */
__attribute__((constructor)) static void
read_threshold(void)
{
   static const char *const names[] = {"error", "warn", "info", "debug"};
   const char *env = getenv("PARTAGE_LOG");
   if (!env)
      return;
   for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
      if (!strcmp(env, names[i])) {
         threshold = i;
         return;
      }
   }
   fprintf(stderr,
           "partage: PARTAGE_LOG=%s: expected error, warn, info or debug\n",
           env);
}

void
util_log(enum util_log_level level, const char *module, const char *fmt, ...)
{
   if (level > threshold)
      return;
   /* One write for a line, so that threads do not mix inside it. */
   char line[1024];
   int n = snprintf(line, sizeof(line), "partage: %s: ", module);
   va_list ap;
   va_start(ap, fmt);
   n += vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
   va_end(ap);
   n = MIN2(n, (int)sizeof(line) - 2);
   line[n++] = '\n';
   /* Not stdio: its lock may be held by a thread that waits for a page which
    * only the caller can bring back (util_svc.h). */
   if (write(STDERR_FILENO, line, n) < 0)
      return; /* nowhere to complain */
}

uint64_t
util_time_ns(void)
{
   struct timespec ts;
   clock_gettime(CLOCK_MONOTONIC, &ts);
   return (uint64_t)ts.tv_sec * 1000000000ull + ts.tv_nsec;
}
