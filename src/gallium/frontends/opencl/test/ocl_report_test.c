/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The SVM report: events end up in the right account, and the text says so. */
#include "ocl_test.h"

#include <stdio.h>
#include <sys/mman.h>

#include "../core/ocl_platform.h"
#include "../core/ocl_report.h"
#include "../core/ocl_watch.h"

static char *
print(struct ocl_report *r)
{
   static char *text; /* the stream writes it until it is closed */
   static size_t size;
   FILE *f = open_memstream(&text, &size);

   ocl_watch_drain(ocl_platform_instance()->watch);
   ocl_report_print(r, f);
   fclose(f);
   return text;
}

static void
test_accounts(void **state)
{
   struct cl_test t;
   char expect[128];

   cl_test_open(&t, 0);
   struct fake_screen *s = fake_screen(0);
   struct ocl_report *r = ocl_watch_report(ocl_platform_instance()->watch);
   assert_non_null(r);
   char *p = clSVMAlloc(t.ctx, 0, 64 * 4096, 4096);
   char *quiet = clSVMAlloc(t.ctx, 0, 64 * 4096, 4096);
   int on_stack;

   fake_add_event(s, PIPE_SVM_FAULT_READ, p, 1);
   fake_add_event(s, PIPE_SVM_FAULT_READ, p + 4096, 1);
   fake_add_event(s, PIPE_SVM_FAULT_WRITE, p + 63 * 4096, 1);
   fake_add_event(s, PIPE_SVM_FAULT_ATOMIC, p, 1);
   fake_add_event(s, PIPE_SVM_REPLAY, NULL, 0);
   /* 8 pages go, 3 come back, 2 of them go again and again: two ping-pong
    * pages. */
   fake_add_event(s, PIPE_SVM_MIGRATE_TO_DEVICE, p, 8);
   fake_add_event(s, PIPE_SVM_MIGRATE_TO_HOST, p, 3);
   fake_add_event(s, PIPE_SVM_MIGRATE_TO_DEVICE, p, 2);
   fake_add_event(s, PIPE_SVM_MIGRATE_TO_HOST, p, 2);
   fake_add_event(s, PIPE_SVM_MIGRATE_TO_DEVICE, p, 2);
   fake_add_event(s, PIPE_SVM_FAULT_WRITE, &on_stack, 1);
   clSVMFree(t.ctx, p); /* the account stays */
   fake_add_event(s, PIPE_SVM_FAULT_READ, quiet, 1);
   const void *list[1] = {quiet};
   OK(clEnqueueSVMMigrateMem(t.q, 1, list, NULL, 0, 0, NULL, NULL));
   OK(clFinish(t.q));

   char *text = print(r);
   snprintf(expect, sizeof(expect), "clSVMAlloc %p, 262144 bytes\n", (void *)p);
   assert_non_null(strstr(text, expect));
   assert_non_null(
      strstr(text, "   4 faults (2 read, 1 write, 1 atomic); pages to the "
                   "device 12, to the host 5, 68 KiB moved, "
                   "2 ping-pong pages\n   hint: clEnqueueSVMMigrateMem"));
   assert_non_null(
      strstr(text, "other memory: [stack]\n   1 faults (0 read, 1 write"));
   assert_non_null(
      strstr(text, "total, 1 replays\n   6 faults (3 read, 2 write, 1 atom"));
   /* One hint only: the other allocation was asked to migrate, and had one
    * fault. */
   assert_null(strstr(strstr(text, "hint:") + 5, "hint:"));
   free(text);
   clSVMFree(t.ctx, quiet);
   cl_test_close(&t);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {cmocka_unit_test(test_accounts)};

   setenv("PARTAGE_REPORT", "1", 1);
   fake_config.svm_system = true;
   return cmocka_run_group_tests(tests, NULL, NULL);
}
