/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A process with pages on the device that forks, unmaps, remaps, calls the
 * kernel; its own stack and heap; threads of the service. */
#include "test_host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/util_svc.h"

/* ---- it changes ---- */

static void
test_fork(void **state)
{
   struct fixture *f = *state;
   host_fill(f->app, 300);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 300 * PG),
                    300);
   assert_int_equal(test_dev_add(f->dev, f->app + 299 * PG, 0), 0);
   pid_t pid = fork();
   if (!pid) {
      alarm(20);
      bool ok = true;
      for (unsigned i = 0; i < 300; i++)
         ok &= (unsigned char)f->app[i * PG] == 1 + i % 250;
      ok &= kmm_mm_check(f->mm) == -EPERM;
      ok &= test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, PG) == -EPERM;
      kmm_mm_destroy(f->mm); /* must not hang */
      _exit(ok ? 0 : 1);
   }
   int status;
   assert_int_equal(waitpid(pid, &status, 0), pid);
   assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
   assert_int_equal(host_stats(f).device_pages, 0);
   assert_int_equal(host_stats(f).forks, 1);
   host_check(f->app, 300);
   /* And it goes on: the pages are exclusive again once the child is gone. */
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 300 * PG),
                    300);
   host_check(f->app, 300);
}

static void
test_munmap(void **state)
{
   struct fixture *f = *state;
   host_fill(f->app, 64);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 64 * PG),
                    64);
   for (unsigned i = 0; i < 64; i++)
      assert_int_equal(test_dev_add(f->dev, f->app + i * PG, 0), 0);
   munmap(f->app + 16 * PG, 16 * PG);
   test_dev_sync(f->dev);
   assert_int_equal(test_dev_used(f->dev), 48);
   uint32_t v;
   assert_int_equal(test_dev_read(f->dev, f->app + 15 * PG, &v), 0);
   if (f->uffd)
      assert_int_equal(test_dev_read(f->dev, f->app + 16 * PG, &v), -EFAULT);
   assert_int_equal(
      test_dev_hmm(f->dev, f->app + 31 * PG, 1, KMM_PFN_REQ_FAULT, NULL),
      -EFAULT);
   /* Something new at the same place is new. */
   char *p = mmap(f->app + 16 * PG, 16 * PG, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
   for (unsigned i = 0; i < 16; i++)
      assert_int_equal(p[i * PG], 0);
   host_check(f->app, 16);
}

/* What cannot be refused waits for memory, or is told as one. */
static void
test_munmap_without_memory(void **state)
{
   struct fixture *f = *state;
   host_need_uffd(f);
   host_fill(f->app, 64);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 64 * PG),
                    64);
   for (unsigned i = 0; i < 64; i++)
      assert_int_equal(test_dev_add(f->dev, f->app + i * PG, 0), 0);
   util_svc_fail_every(1);
   munmap(f->app + 16 * PG, 8 * PG);
   munmap(f->app + 32 * PG, 8 * PG);
   while (host_stats(f).pages_dropped < 16)
      usleep(1000);
   util_svc_fail_every(0);
   test_dev_sync(f->dev);
   assert_int_equal(test_dev_used(f->dev), 48);
   uint32_t v;
   assert_int_equal(test_dev_read(f->dev, f->app + 15 * PG, &v), 0);
   for (unsigned i = 0; i < 8; i++) {
      assert_int_equal(test_dev_read(f->dev, f->app + (16 + i) * PG, &v),
                       -EFAULT);
      assert_int_equal(test_dev_read(f->dev, f->app + (32 + i) * PG, &v),
                       -EFAULT);
   }
   host_check(f->app, 16);
}

static void
test_dontneed(void **state)
{
   struct fixture *f = *state;
   host_need_uffd(f);
   host_fill(f->app, 32);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 32 * PG),
                    32);
   assert_int_equal(madvise(f->app + 8 * PG, 8 * PG, MADV_DONTNEED), 0);
   for (unsigned i = 8; i < 16; i++)
      assert_int_equal(f->app[i * PG], 0);
   test_dev_sync(f->dev);
   assert_int_equal(host_stats(f).pages_dropped, 8);
   uint32_t v;
   assert_int_equal(test_dev_read(f->dev, f->app + 9 * PG, &v), 0);
   assert_int_equal(v, 0);
   host_check(f->app, 8);
}

static void
test_mremap(void **state)
{
   struct fixture *f = *state;
   host_need_uffd(f);
   host_fill(f->app, 48);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 48 * PG),
                    48);
   char *to =
      mmap(NULL, 64 * PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   char *p = mremap(f->app, 48 * PG, 48 * PG, MREMAP_MAYMOVE | MREMAP_FIXED,
                    to + 8 * PG);
   assert_ptr_equal(p, to + 8 * PG);
   uint32_t v;
   assert_int_equal(test_dev_read(f->dev, f->app, &v), -EFAULT);
   assert_int_equal(
      kmm_count_device_pages(f->mm, (uintptr_t)p, (uintptr_t)p + 48 * PG), 48);
   host_check(p, 48);
   munmap(to, 64 * PG);
}

static void
test_mprotect(void **state)
{
   struct fixture *f = *state;
   host_fill(f->app, 8);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 8 * PG), 8);
   assert_int_equal(test_dev_add(f->dev, f->app, 0), 0);
   mprotect(f->app, 4 * PG, PROT_READ);
   test_dev_sync(f->dev);
   assert_int_equal(f->dev->events[KMM_EVENT_PROT], 1);
   assert_int_equal(test_dev_add(f->dev, f->app, 1), -EPERM);
   uint32_t v;
   assert_int_equal(test_dev_read(f->dev, f->app, &v), 0);
   host_check(f->app, 8); /* back into a read-only mapping */
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 8 * PG),
                    f->uffd ? 4 : 0);
   mprotect(f->app + 4 * PG, 4 * PG, PROT_NONE);
   test_dev_sync(f->dev);
   assert_int_equal(test_dev_read(f->dev, f->app + 4 * PG, &v), -EFAULT);
   mprotect(f->app, 8 * PG, PROT_READ | PROT_WRITE);
   assert_int_equal(test_dev_add(f->dev, f->app + 4 * PG, 0), 0);
   host_check(f->app, 8);
}

static void
test_system_calls(void **state)
{
   struct fixture *f = *state;
   int p[2];
   assert_int_equal(pipe(p), 0);
   host_fill(f->app, 8);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 8 * PG), 8);
   assert_int_equal(write(p[1], f->app + PG, PG), PG);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 8 * PG),
                    f->uffd ? 8 : 0);
   assert_int_equal(read(p[0], f->app + 2 * PG, PG), PG);
   assert_int_equal(f->app[2 * PG + 17], 2);
   f->app[2 * PG] = 3;
   memset(f->app + 2 * PG, 3, PG);
   host_check(f->app, 8);
   close(p[0]);
   close(p[1]);
}

/* ---- own memory ---- */

static void
touch_deep_stack(struct test_dev *dev, int *moved)
{
   volatile char here[8 * PG];
   memset((char *)here, 5, sizeof(here));
   uintptr_t from = (uintptr_t)here - 16 * PG;
   *moved = test_dev_migrate(dev, KMM_TO_DEVICE, (void *)from, 48 * PG);
   for (unsigned i = 0; i < sizeof(here); i += PG / 2)
      assert_int_equal(here[i], 5);
}

/* The caller's own stack, with the frames of the call in it. */
static void
test_own_stack(void **state)
{
   struct fixture *f = *state;
   int moved = 0;
   touch_deep_stack(f->dev, &moved);
   assert_true(moved > 8);
}

/* The heap, with whatever the driver's users keep in it. */
static void
test_heap(void **state)
{
   struct fixture *f = *state;
   void *small[64];
   for (unsigned i = 0; i < 64; i++) {
      small[i] = malloc(1000);
      memset(small[i], i, 1000);
   }
   uint64_t lo = UINT64_MAX, hi = 0;
   for (unsigned i = 0; i < 64; i++) {
      lo = MIN2(lo, (uintptr_t)small[i]);
      hi = MAX2(hi, (uintptr_t)small[i] + 1000);
   }
   for (unsigned round = 0; round < 20; round++) {
      int moved = test_dev_migrate(f->dev, KMM_TO_DEVICE, (void *)lo, hi - lo);
      assert_true(moved > 0 || (round && !f->uffd));
      free(malloc(5000));
      for (unsigned i = 0; i < 64; i++)
         assert_int_equal(*((char *)small[i] + 999), i);
   }
   for (unsigned i = 0; i < 64; i++)
      free(small[i]);
}

static void *
bad_service(void *arg)
{
   *(volatile char *)arg = 1;
   return NULL;
}

/* A service thread that breaks the rule must be named, not hang. */
static void
test_bad_service_thread(void **state)
{
   int err[2];
   assert_int_equal(pipe(err), 0);
   pid_t pid = fork();
   if (!pid) {
      alarm(20);
      dup2(err[1], STDERR_FILENO);
      signal(SIGABRT, SIG_DFL);
      struct kmm_config config = {0};
      struct kmm_mm *mm;
      if (kmm_mm_create(&config, &mm) || kmm_mm_host_kind(mm) != KMM_HOST_UFFD)
         _exit(77);
      struct test_dev *dev = test_dev_create(mm);
      char *p = mmap(NULL, PG, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      *p = 1;
      test_dev_migrate(dev, KMM_TO_DEVICE, p, PG);
      pthread_t t;
      util_svc_thread_create(&t, "the-bad-one", bad_service, p);
      pause();
      _exit(1);
   }
   close(err[1]);
   char text[1000] = {0};
   int status;
   assert_true(read(err[0], text, sizeof(text) - 1) >= 0);
   waitpid(pid, &status, 0);
   close(err[0]);
   if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
      skip();
   assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
   assert_non_null(strstr(text, "the-bad-one"));
}

static sigjmp_buf guard_jump;
static void *volatile guard_addr;

static void
on_guard(int sig, siginfo_t *info, void *context)
{
   guard_addr = info->si_addr;
   siglongjmp(guard_jump, 1);
}

static void *
guarded_service(void *arg)
{
   util_svc_set_guarded(true);
   if (!sigsetjmp(guard_jump, 1))
      *(volatile char *)arg = 1;
   util_svc_set_guarded(false);
   return NULL;
}

/* ... but one that says it may is refused, as by the host. */
static void
test_guarded_service_thread(void **state)
{
   struct fixture *f = *state;
   host_need_uffd(f);
   struct sigaction old,
      sa = {.sa_sigaction = on_guard, .sa_flags = SA_SIGINFO};
   sigaction(SIGBUS, &sa, &old);
   host_fill(f->app, 2);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 2 * PG), 2);
   pthread_t t;
   assert_int_equal(
      util_svc_thread_create(&t, "guarded", guarded_service, f->app + PG), 0);
   util_svc_thread_join(t);
   sigaction(SIGBUS, &old, NULL);
   assert_ptr_equal(guard_addr, f->app + PG);
   host_check(f->app, 2);
}

/* An argument selects tests by pattern. */
int
main(int argc, char **argv)
{
   const struct CMUnitTest tests[] = {
      BOTH(test_fork),
      BOTH(test_munmap),
      BOTH(test_munmap_without_memory),
      BOTH(test_dontneed),
      BOTH(test_mremap),
      BOTH(test_mprotect),
      BOTH(test_system_calls),
      BOTH(test_own_stack),
      BOTH(test_heap),
      cmocka_unit_test(test_bad_service_thread),
      BOTH(test_guarded_service_thread),
   };
   if (argc > 1)
      cmocka_set_test_filter(argv[1]);
   return cmocka_run_group_tests(tests, NULL, NULL);
}
