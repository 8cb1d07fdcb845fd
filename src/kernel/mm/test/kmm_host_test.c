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

/* ---- the process changes ---- */

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
#ifdef __SANITIZE_ADDRESS__
   skip(); /* its runtime looks at the caller's stack from inside the call */
#endif
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
      BOTH(test_unwatch),
   };
   if (argc > 1)
      cmocka_set_test_filter(argv[1]);
   return cmocka_run_group_tests(tests, NULL, NULL);
}
