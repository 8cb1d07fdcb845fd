/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* How a process ends or becomes another one while its memory is on the card, or
 * on its way, and a kernel uses it. Without an argument this starts itself with
 * each of the ways, which prints what only a whole memory can. */
#include "e2e.h"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char source[] =
   "kernel void add(global char *p) { p[get_global_id(0) * 4096 + 64]++; }\n";

enum {
   PAGE = 4096,
   PAGES = 1500,
   ENDED = 42
};

/* ---- the one that ends ---- */

/* A page's first bytes are the words of a command, and all of them are on the
 * card or about to be; a kernel adds to byte 64 of each. */
static char *
memory_on_the_card(struct e2e *e, bool under_way)
{
   char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   const void *ptr = p;
   const size_t size = PAGES * PAGE;
   const cl_mem_migration_flags any = CL_MIGRATE_SVM_SYSTEM_PARTAGE;
   strcpy(p, "/bin/sh");
   strcpy(p + PAGE, "-c");
   snprintf(p + 2 * PAGE, 64, "exit %d", ENDED);
   cl_program program = e2e_program(e, source, "-cl-std=CL3.0");
   cl_int err;
   cl_kernel k = clCreateKernel(program, "add", &err);
   OK(err);
   OK(clEnqueueSVMMigrateMem(e->queue, 1, &ptr, &size, any, 0, NULL, NULL));
   e2e_arg_svm(k, 0, p);
   OK(e2e_launch(e->queue, k, PAGES, 0, NULL));
   OK(under_way ? clFlush(e->queue) : clFinish(e->queue));
   return p;
}

static int
end(const char *how)
{
   void *state;
   e2e_setup(&state);
   struct e2e *e = state;
   if (!(e2e_svm_caps(e) & CL_DEVICE_SVM_FINE_GRAIN_SYSTEM))
      return 77;
   bool under_way = strstr(how, "-running");
   char *p = memory_on_the_card(e, under_way);
   char *argv[] = {p, p + PAGE, p + 2 * PAGE, NULL};
   if (!strncmp(how, "exec", 4))
      execv(p, argv); /* all its words are on the card */
   if (!strncmp(how, "spawn", 5)) {
      pid_t child;
      int status;
      if (posix_spawn(&child, p, NULL, NULL, argv, environ) ||
          waitpid(child, &status, 0) != child)
         return 1;
      OK(clFinish(e->queue));
      for (int i = 0; i < PAGES; i++)
         if (p[i * PAGE + 64] != 1)
            return 2;
      return WEXITSTATUS(status);
   }
   if (!strncmp(how, "_exit", 5))
      _exit(ENDED);
   if (!strncmp(how, "kill", 4))
      raise(SIGKILL);
   exit(ENDED); /* with all objects alive */
}

/* ---- who looks on ---- */

static int
status_of(const char *how)
{
   char self[] = "/proc/self/exe", *argv[] = {self, (char *)how, NULL};
   pid_t child;
   int status;
   assert_int_equal(posix_spawn(&child, self, NULL, NULL, argv, environ), 0);
   assert_int_equal(waitpid(child, &status, 0), child);
   return status;
}

/* What the child ends with alive, or in the middle of, is no leak. */
static void
tell_leak_checker(void)
{
   char options[1024];
   const char *old = getenv("ASAN_OPTIONS");
   snprintf(options, sizeof(options), "%s:detect_leaks=0", old ? old : "");
   setenv("ASAN_OPTIONS", options, 1);
}

static void
test_ends(void **state)
{
   tell_leak_checker();
   static const char *const ways[] = {
      "exec",          "exec-running", "spawn",        "spawn-running", "_exit",
      "_exit-running", "exit",         "exit-running", "kill-running",
   };
   for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
      int status = status_of(ways[i]);
      if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
         skip();
      bool killed = !strncmp(ways[i], "kill", 4);
      if (killed ? !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL
                 : !WIFEXITED(status) || WEXITSTATUS(status) != ENDED)
         fail_msg("%s: status %#x", ways[i], status);
   }
}

int
main(int argc, char **argv)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ends),
   };
   if (argc > 1)
      return end(argv[1]);
   return cmocka_run_group_tests(tests, NULL, NULL);
}
