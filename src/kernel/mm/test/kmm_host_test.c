/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* kernel/mm on the real memory of this process, with userfaultfd and coherent. */
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

#include "kernel/mm/kmm_host_process.h"
#include "util/util_svc.h"

/* ---- mappings ---- */

/* The two ways to look mappings up, and /proc/self/maps, agree. */
static void
test_vma_lookup(void **state)
{
   struct kmm_host_process a = {0}, b = {.no_query = true};
   assert_int_equal(kmm_host_process_init(&a), 0);
   assert_int_equal(kmm_host_process_init(&b), 0);
   char *p = host_map_app(64 * PG);
   mprotect(p + 8 * PG, PG, PROT_NONE);
   mprotect(p + 9 * PG, PG, PROT_READ);
   char *s =
      mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
   struct {
      void *at;
      uint32_t flags;
   } want[] = {
      {p, KMM_VMA_READ | KMM_VMA_WRITE | KMM_VMA_ANON},
      {p + 8 * PG, KMM_VMA_ANON},
      {p + 9 * PG, KMM_VMA_READ | KMM_VMA_ANON},
      {s, KMM_VMA_READ | KMM_VMA_WRITE | KMM_VMA_SHARED},
      {(void *)&test_vma_lookup, KMM_VMA_READ | KMM_VMA_EXEC},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
      struct kmm_vma x, y;
      uint64_t va = (uintptr_t)want[i].at;
      assert_int_equal(kmm_host_process_vma_find(&a.base, va, &x), 0);
      assert_int_equal(kmm_host_process_vma_find(&b.base, va, &y), 0);
      assert_true(x.start <= va && x.end > va);
      assert_int_equal(x.flags, want[i].flags);
      assert_true(x.start == y.start && x.end == y.end && x.flags == y.flags);
   }
   struct kmm_vma x, y;
   assert_int_equal(kmm_host_process_vma_find(&a.base, 4096, &x), 0);
   assert_int_equal(kmm_host_process_vma_find(&b.base, 4096, &y), 0);
   assert_true(x.start > 4096 && x.start == y.start);
   assert_int_equal(kmm_host_process_vma_find(&b.base, ~0ull << 12, &y),
                    -ENOENT);
   kmm_host_process_finish(&a);
   kmm_host_process_finish(&b);
   munmap(p, 64 * PG);
   munmap(s, PG);
}

static void
test_exclusions(void **state)
{
   struct fixture *f = *state;
   uint64_t at = (uintptr_t)f->app;
   assert_int_equal(kmm_mm_exclude(f->mm, at + 4 * PG, at + 6 * PG,
                                   KMM_EXCLUDE_MIGRATE | KMM_EXCLUDE_ACCESS),
                    0);
   struct kmm_vma v;
   assert_int_equal(kmm_vma_find(f->mm, at, &v), 0);
   assert_int_equal(v.end, at + 4 * PG);
   assert_false(v.flags & KMM_VMA_NOMIGRATE);
   assert_int_equal(kmm_vma_find(f->mm, at + 4 * PG, &v), 0);
   assert_int_equal(v.start, at + 4 * PG);
   assert_int_equal(v.end, at + 6 * PG);
   assert_true(v.flags & KMM_VMA_NOMIGRATE && v.flags & KMM_VMA_NOACCESS);
   host_fill(f->app, 10);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 10 * PG),
                    8);
   assert_int_equal(
      test_dev_hmm(f->dev, f->app + 4 * PG, 1, KMM_PFN_REQ_FAULT, NULL),
      -EFAULT);
   kmm_mm_include(f->mm, at + 4 * PG, at + 6 * PG);
   assert_int_equal(
      test_dev_hmm(f->dev, f->app + 4 * PG, 1, KMM_PFN_REQ_FAULT, NULL), 0);
   host_check(f->app, 10);

   /* Service memory. */
   void *own = util_svc_alloc(64);
   assert_int_equal(kmm_vma_find(f->mm, (uintptr_t)own, &v), 0);
   assert_true(v.flags & KMM_VMA_NOACCESS);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, own, 64), 0);
   util_svc_free(own);
}

/* ---- hmm_range_fault ---- */

static void
test_hmm_errors(void **state)
{
   struct fixture *f = *state;
   const uint64_t rd = KMM_PFN_REQ_FAULT, wr = rd | KMM_PFN_REQ_WRITE;
   uint64_t pfn[4];
   struct test_dev *d = f->dev;

   /* Snapshot: nothing there yet; then a fault; then there. */
   assert_int_equal(test_dev_hmm(d, f->app, 2, 0, pfn), 0);
   assert_int_equal(pfn[0], 0);
   assert_int_equal(test_dev_hmm(d, f->app, 1, rd, pfn), 0);
   assert_int_equal(pfn[0], (uintptr_t)f->app | KMM_PFN_VALID | KMM_PFN_WRITE);
   assert_int_equal(test_dev_hmm(d, f->app, 2, 0, pfn), 0);
   assert_true(pfn[0] && !pfn[1]);
   assert_int_equal(host_count_present(f->app, 2), 1);

   mprotect(f->app + PG, PG, PROT_NONE);
   assert_int_equal(test_dev_hmm(d, f->app + PG, 1, rd, NULL), -EFAULT);
   assert_int_equal(test_dev_hmm(d, f->app, 4, rd, NULL), -EFAULT);
   mprotect(f->app + PG, PG, PROT_READ);
   assert_int_equal(test_dev_hmm(d, f->app + PG, 1, rd, pfn), 0);
   assert_int_equal(pfn[0], (uintptr_t)(f->app + PG) | KMM_PFN_VALID);
   assert_int_equal(test_dev_hmm(d, f->app + PG, 1, wr, NULL), -EPERM);
   mprotect(f->app + PG, PG, PROT_READ | PROT_WRITE);
   assert_int_equal(test_dev_hmm(d, f->app + PG, 1, wr, NULL), 0);
   munmap(f->app + 2 * PG, PG);
   assert_int_equal(test_dev_hmm(d, f->app + 2 * PG, 1, rd, NULL), -EFAULT);
   assert_int_equal(test_dev_hmm(d, f->app + 2 * PG, 1, 0, pfn), 0);
   assert_int_equal(pfn[0], 0);
}

static void
test_hmm_files(void **state)
{
   struct fixture *f = *state;
   const uint64_t rd = KMM_PFN_REQ_FAULT, wr = rd | KMM_PFN_REQ_WRITE;
   char name[] = "/tmp/kmm-test-XXXXXX";
   int fd = mkstemp(name);
   unlink(name);
   assert_int_equal(ftruncate(fd, PG), 0);
   char *m = mmap(f->app, 2 * PG, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_FIXED, fd, 0);
   assert_ptr_equal(m, f->app);
   /* The second page is past the end: SIGBUS for a CPU. */
   assert_int_equal(test_dev_hmm(f->dev, m, 1, wr, NULL), 0);
   assert_int_equal(test_dev_hmm(f->dev, m + PG, 1, rd, NULL), -EFAULT);
   assert_int_equal(test_dev_add(f->dev, m, 41), 0);
   uint32_t word = 0;
   assert_int_equal(pread(fd, &word, 4, 0), 4);
   assert_int_equal(word, 41);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, m, PG), 0);
   m = mmap(f->app, PG, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
   assert_int_equal(test_dev_hmm(f->dev, m, 1, rd, NULL), 0);
   assert_int_equal(test_dev_hmm(f->dev, m, 1, wr, NULL), -EPERM);
   close(fd);
}

/* ---- migration ---- */

static void
test_out_and_back(void **state)
{
   struct fixture *f = *state;
   enum {
      N = 700
   }; /* crosses a block */
   host_fill(f->app, N);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, N * PG), N);
   assert_int_equal(test_dev_used(f->dev), N);
   assert_int_equal(host_stats(f).device_pages, N);
   assert_int_equal(kmm_count_device_pages(f->mm, (uintptr_t)f->app,
                                           (uintptr_t)f->app + f->app_B),
                    N);
   assert_int_equal(host_count_present(f->app, N), f->uffd ? 0 : N);
   /* Again: they are there already. */
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, N * PG), 0);
   uint64_t pfn;
   assert_int_equal(
      test_dev_hmm(f->dev, f->app + 5 * PG, 1, KMM_PFN_REQ_FAULT, &pfn), 0);
   assert_true(pfn & (f->uffd ? KMM_PFN_DEVICE : KMM_PFN_COHERENT));

   assert_int_equal(test_dev_add(f->dev, f->app + 5 * PG, 1), 0);
   assert_int_equal(*(uint32_t *)(f->app + 5 * PG), 0x06060607);
   *(uint32_t *)(f->app + 5 * PG) -= 1;
   host_check(f->app, N);
   host_settle(f, f->uffd ? 0 : N);
   struct kmm_stats s = host_stats(f);
   if (f->uffd) {
      assert_int_equal(s.pages_back, N);
      /* One touch brings back more than its page. */
      assert_true(s.cpu_faults >= 2 && s.cpu_faults <= 8);
   } else {
      assert_int_equal(s.cpu_faults, 0);
      assert_int_equal(test_dev_migrate(f->dev, KMM_TO_SYSTEM, f->app, N * PG),
                       N);
   }
}

static void
test_asked_back(void **state)
{
   struct fixture *f = *state;
   host_fill(f->app, 100);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 100 * PG),
                    100);
   assert_int_equal(
      test_dev_migrate(f->dev, KMM_TO_SYSTEM, f->app + 10 * PG, 20 * PG), 20);
   assert_int_equal(host_stats(f).device_pages, 80);
   host_check(f->app, 100);
}

static void
test_holes(void **state)
{
   struct fixture *f = *state;
   f->app[3 * PG] = 7;
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 8 * PG), 8);
   assert_int_equal(test_dev_add(f->dev, f->app + 4 * PG, 5), 0);
   uint32_t v;
   assert_int_equal(test_dev_read(f->dev, f->app + 7 * PG, &v), 0);
   assert_int_equal(v, 0);
   assert_int_equal(f->app[3 * PG], 7);
   assert_int_equal(f->app[4 * PG], 5);
   assert_int_equal(f->app[5 * PG], 0);
}

static void
test_driver_skips(void **state)
{
   struct fixture *f = *state;
   host_fill(f->app, 64);
   f->dev->skip_odd = true;
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 64 * PG),
                    32);
   f->dev->skip_odd = false;
   assert_int_equal(host_stats(f).pages_skipped, 32);
   assert_int_equal(host_count_present(f->app, 64), f->uffd ? 32 : 64);
   host_check(f->app, 64);
   f->dev->fail_copy = true;
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app + PG, PG),
                    0);
   f->dev->fail_copy = false;
   host_check(f->app, 64);
}

/* Huge pages move whole and in part, and come back. */
static void
test_huge_pages(void **state)
{
   struct fixture *f = *state;
   enum {
      HUGE = 2 << 20,
      N = HUGE / PG
   };
   char *p = (char *)util_align((uintptr_t)f->app, HUGE);
   if (madvise(p, HUGE, MADV_HUGEPAGE))
      skip();
   host_fill(p, N);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, p, HUGE), N);
   assert_int_equal(test_dev_add(f->dev, p + 9 * PG, 0), 0);
   host_check(p, N);
   host_settle(f, f->uffd ? 0 : N);
   test_dev_migrate(f->dev, KMM_TO_SYSTEM, p, HUGE);

   /* A new one, of which a part moves, and of which a part is cleared. */
   munmap(p, HUGE);
   p = mmap(p, HUGE, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
   madvise(p, HUGE, MADV_HUGEPAGE);
   host_fill(p, N);
   assert_int_equal(
      test_dev_migrate(f->dev, KMM_TO_DEVICE, p + 16 * PG, 16 * PG), 16);
   assert_int_equal(test_dev_add(f->dev, p + 17 * PG, 0), 0);
   madvise(p + 8 * PG, PG, MADV_DONTNEED);
   assert_int_equal(p[8 * PG], 0);
   uint32_t v;
   assert_int_equal(test_dev_read(f->dev, p + 8 * PG, &v), 0);
   assert_int_equal(v, 0);
   host_check(p, 8);
   p[8 * PG] = p[8 * PG + PG - 1] = 9;
   host_check(p, N);
}

static sigjmp_buf bus_jump;

static void
on_bus(int sig)
{
   siglongjmp(bus_jump, 1);
}

/* The device cannot give the page back: SIGBUS, not a hang and not zeros. */
static void
test_lost_page(void **state)
{
   struct fixture *f = *state;
   host_need_uffd(f);
   host_fill(f->app, 40);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 40 * PG),
                    40);
   f->dev->fail_copy = true;
   struct sigaction old, sa = {.sa_handler = on_bus};
   sigaction(SIGBUS, &sa, &old);
   bool got = sigsetjmp(bus_jump, 1);
   if (!got)
      *(volatile char *)f->app = 1;
   sigaction(SIGBUS, &old, NULL);
   assert_true(got);
   f->dev->fail_copy = false;
   assert_int_equal((unsigned char)f->app[39 * PG], 40);
}

static void
test_not_movable(void **state)
{
   struct fixture *f = *state;
   struct test_dev *d = f->dev;
   char *s = mmap(NULL, 4 * PG, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
   memset(s, 1, 4 * PG);
   assert_int_equal(test_dev_migrate(d, KMM_TO_DEVICE, s, 4 * PG), 0);
   munmap(s, 4 * PG);
   /* Code, and a gap. */
   assert_int_equal(
      test_dev_migrate(d, KMM_TO_DEVICE, (void *)&test_not_movable, PG), 0);
   assert_int_equal(test_dev_migrate(d, KMM_TO_DEVICE, (void *)65536, PG), 0);
   /* Partly unmapped and partly read-only: the rest moves. */
   host_fill(f->app, 32);
   munmap(f->app + 4 * PG, 2 * PG);
   mprotect(f->app + 8 * PG, PG, PROT_READ);
   mprotect(f->app + 9 * PG, PG, PROT_NONE);
   assert_int_equal(test_dev_migrate(d, KMM_TO_DEVICE, f->app, 32 * PG), 28);
   assert_int_equal((unsigned char)f->app[8 * PG], 9);
   host_check(f->app, 4);
}

static void
test_pinned(void **state)
{
   struct fixture *f = *state;
   host_need_uffd(f);
   host_fill(f->app, 4);
   /* Not by libc: a sanitizer would swallow it. */
   assert_int_equal(syscall(SYS_mlock, f->app, PG), 0);
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 4 * PG), 3);
   host_check(f->app, 4);
   /* Pages shared with a child become this process's own; the child keeps its. */
   int to_child[2];
   assert_int_equal(pipe(to_child), 0);
   pid_t pid = fork();
   if (!pid) {
      char byte;
      close(to_child[1]);
      bool ok = read(to_child[0], &byte, 1) == 0;
      for (unsigned i = 0; i < 4; i++)
         ok &= f->app[i * PG] == (char)(1 + i);
      _exit(ok ? 0 : 1);
   }
   assert_int_equal(
      test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app + PG, 3 * PG), 3);
   for (unsigned i = 1; i < 4; i++)
      assert_int_equal(test_dev_add(f->dev, f->app + i * PG, 100), 0);
   close(to_child[1]);
   int status;
   waitpid(pid, &status, 0);
   close(to_child[0]);
   assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
   for (unsigned i = 1; i < 4; i++)
      assert_int_equal(f->app[i * PG], 101 + i);
}

/* Long-term pins as RDMA and io_uring take them. */
static void
test_long_term_pin(void **state)
{
   struct fixture *f = *state;
   host_need_uffd(f);
   char params[256] = {0};
   int ring = syscall(425 /* io_uring_setup */, 4, params);
   if (ring < 0)
      skip();
   struct iovec iov = {f->app, PG};
   host_fill(f->app, 2);
   if (syscall(427 /* io_uring_register */, ring, 0 /* BUFFERS */, &iov, 1)) {
      close(ring);
      skip();
   }
   assert_int_equal(test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 2 * PG), 1);
   host_check(f->app, 2);
   close(ring);
}

/* ---- housekeeping ---- */

static void
test_unwatch(void **state)
{
   struct fixture *f = *state;
   host_need_uffd(f);
   host_fill(f->app, 600);
   test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app, 600 * PG);
   assert_true(host_stats(f).watched_blocks >= 2);
   host_check(f->app, 600);
   for (unsigned i = 0; i < 100 && host_stats(f).watched_blocks; i++)
      usleep(20000);
   assert_int_equal(host_stats(f).watched_blocks, 0);
   /* And a touch of an unpopulated page in a watched range gives zeros. */
   test_dev_migrate(f->dev, KMM_TO_DEVICE, f->app + 700 * PG, PG);
   f->dev->skip_odd = false;
   assert_int_equal(f->app[700 * PG], 0);
}

/* An argument selects tests by pattern. */
int
main(int argc, char **argv)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_vma_lookup),
      BOTH(test_exclusions),
      BOTH(test_hmm_errors),
      BOTH(test_hmm_files),
      BOTH(test_out_and_back),
      BOTH(test_asked_back),
      BOTH(test_holes),
      BOTH(test_driver_skips),
      BOTH(test_huge_pages),
      BOTH(test_lost_page),
      BOTH(test_not_movable),
      BOTH(test_pinned),
      BOTH(test_long_term_pin),
      BOTH(test_unwatch),
   };
   if (argc > 1)
      cmocka_set_test_filter(argv[1]);
   return cmocka_run_group_tests(tests, NULL, NULL);
}
