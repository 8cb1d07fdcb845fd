/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* partage-clc: compiles one program for a process that would rather not do it
 * itself (clc_remote.h). Standard input is the socket to it; what clang and
 * LLVM say before they stop goes to standard error. */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "compiler/clc/clc_ops.h"
#include "compiler/clc/clc_remote.h"
#include "compiler/llvm/llvm_stack.h"
#include "util/util_sanitize.h"

/* More than any program that somebody wrote needs; a program that repeats
 * itself without end is stopped by them. */
#define MAX_CPU_S    20
#define MAX_MEMORY_B ((rlim_t)4 << 30)

static int
serve(void *data)
{
   return clc_remote_serve(0, clc_compile_here);
}

static void
limit(int resource, rlim_t value)
{
   struct rlimit r = {value, value};
   if (resource == RLIMIT_CPU)
      r.rlim_max++; /* SIGXCPU first, then SIGKILL */
   if (setrlimit(resource, &r))
      perror("setrlimit");
}

int
main(void)
{
   /* A crash is an answer here. */
   prctl(PR_SET_DUMPABLE, 0);
   prctl(PR_SET_PDEATHSIG, SIGKILL);
   limit(RLIMIT_CORE, 0);
   limit(RLIMIT_CPU, MAX_CPU_S);
   if (!UTIL_HAS_ASAN && !UTIL_HAS_TSAN) /* their shadow is larger */
      limit(RLIMIT_AS, MAX_MEMORY_B);
   return llvm_stack_run(serve, NULL) ? 1 : 0;
}
