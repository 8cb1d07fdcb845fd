/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Migration that goes on when the ioctl has returned, and what may happen
 * meanwhile; migration when the card or its memory fail. */
#include "svm_rig.h"

#include <pthread.h>
#include <sys/wait.h>

#define BEGIN   NOUVEAU_SVM_BIND_COMMAND__BEGIN
#define WAIT    NOUVEAU_SVM_BIND_COMMAND__WAIT
#define TO_VRAM NOUVEAU_SVM_BIND_TARGET__GPU_VRAM

/* --- In the background --------------------------------------------------- */

static void
errors(struct ctx *c)
{
   uint64_t moved;
   uint32_t *p = aligned_pages(4);
   int ours = c->better ? 0 : -EINVAL;
   assert_int_equal(bind_command(c, BEGIN, TO_VRAM, p, 4, &moved), ours);
   assert_int_equal(bind_command(c, WAIT, TO_VRAM, p, 4, &moved), ours);
   assert_int_equal(bind_command(c, WAIT + 1, TO_VRAM, p, 4, &moved), -EINVAL);
   assert_int_equal(bind_command(c, BEGIN, 0, p, 4, &moved), -EINVAL);
   assert_int_equal(bind_command(c, WAIT, 0, p, 4, &moved), -EINVAL);
   assert_int_equal(bind_command(c, WAIT, TO_VRAM, p, 0, &moved), -EINVAL);
   munmap(p, 4 * PAGE);
}

static void
begun_and_awaited(struct ctx *c)
{
   const unsigned n = 2048;
   uint32_t *p = aligned_pages(n);
   for (unsigned i = 0; i < n; i++)
      p[i * 1024] = i;
   munmap(p + 7 * 1024, PAGE);
   uint64_t moved;
   assert_int_equal(bind_command(c, BEGIN, TO_VRAM, p, n, &moved), 0);
   assert_int_equal(moved, n - 1);
   assert_int_equal(bind_command(c, WAIT, TO_VRAM, p, n, &moved), 0);
   assert_int_equal(moved, 0);
   assert_int_equal(take_events(c).to_device, n - 1);
   /* Mapped: no faults. */
   assert_int_equal(run(c, increment, n - 64, PAGE, p + 64 * 1024), 0);
   if (!getenv("NVSIM_DEBUG"))
      assert_int_equal(take_events(c).faults, 0);
   for (unsigned i = 0; i < n; i++)
      if (i != 7)
         assert_int_equal(p[i * 1024], i + (i >= 64));
   munmap(p, n * PAGE);
}

/* The program and the card go on at once; each waits for what it touches. */
static void
begun_and_used(struct ctx *c)
{
   const unsigned n = 1024;
   uint32_t *p = aligned_pages(n);
   uint64_t moved;
   for (unsigned round = 1; round <= 10; round++) {
      assert_int_equal(bind_command(c, BEGIN, TO_VRAM, p, n, &moved), 0);
      if (round % 3 == 0)
         p[n / 2 * 1024]++;
      assert_int_equal(run(c, increment, n, PAGE, p), 0);
      if (round % 2)
         for (unsigned i = 0; i < n; i++)
            assert_int_equal(p[i * 1024], round + (i == n / 2 ? round / 3 : 0));
   }
   munmap(p, n * PAGE);
}

/* fork, munmap, exec, close while copies are under way. */
static void
begun_and_torn_down(struct ctx *c)
{
   const unsigned n = 2048;
   uint64_t moved;
   for (unsigned round = 0; round < 12; round++) {
      uint32_t *p = aligned_pages(n);
      memset(p, 1 + round, n * PAGE);
      struct ctx other = *c;
      other.file = test_open(c->kmd);
      assert_int_equal(svm_init(c->kmd, other.file, c->hole, HOLE_B), 0);
      assert_int_equal(bind_command(&other, BEGIN, TO_VRAM, p, n, &moved), 0);
      /* Later: an address that has been used before may need a while. */
      assert_true(moved <= n && (round || moved == n));
      if (round % 4 == 1)
         munmap(p + 512 * 1024, 512 * PAGE);
      if (round % 4 == 2) {
         pid_t pid = fork();
         if (!pid) {
            alarm(20);
            if (*(uint8_t *)(p + 100 * 1024) != 1 + round)
               _exit(1);
            execl("/bin/true", "true", NULL);
            _exit(2);
         }
         int status;
         waitpid(pid, &status, 0);
         assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
      }
      if (round % 4 == 3)
         madvise(p, PAGE, MADV_DONTNEED);
      assert_int_equal(kmd_close(c->kmd, other.file), 0);
      for (unsigned i = 0; i < n; i++) {
         if (round % 4 == 1 && i >= 512 && i < 1024)
            continue;
         uint8_t want = round % 4 == 3 && i == 0 ? 0 : 1 + round;
         assert_int_equal(*(uint8_t *)(p + i * 1024 + i % 1024), want);
      }
      munmap(p, n * PAGE);
   }
}

/* A process that ends in the middle of it. */
static void
begun_and_left(struct ctx *c)
{
   const unsigned n = 2048;
   uint32_t *p = aligned_pages(n);
   uint64_t moved;
   memset(p, 5, n * PAGE);
   assert_int_equal(bind_command(c, BEGIN, TO_VRAM, p, n, &moved), 0);
   /* The card is destroyed right behind. */
   c->keep = p;
}

/* --- When things fail ---------------------------------------------------- */

static void
failures_lose_nothing(struct ctx *c)
{
   const unsigned n = 2048;
   uint32_t *p = aligned_pages(n);
   uint64_t moved;
   for (unsigned round = 1; round <= 6; round++) {
      unsigned command = round % 2 ? BEGIN : 0;
      assert_int_equal(bind_command(c, command, TO_VRAM, p, n, &moved), 0);
      assert_int_equal(run(c, increment, n, PAGE, p), 0);
      if (round % 3 == 0)
         assert_int_equal(bind(c, p, n, false, &moved), 0);
      for (unsigned i = 0; i < n; i += 1 + round)
         assert_int_equal(p[i * 1024], round);
   }
   munmap(p, n * PAGE);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      SCENE(errors, BETTER),
      SCENE(errors, UPSTREAM),
      SCENE(begun_and_awaited, BETTER),
      SCENE(begun_and_awaited, BETTER, NOUFFD),
      SCENE(begun_and_used, BETTER),
      SCENE(begun_and_used, BETTER, NOUFFD),
      SCENE(begun_and_used, BETTER, KMD_DEBUG_EVICTALL, MIGRATE),
      SCENE(begun_and_torn_down, BETTER),
      SCENE(begun_and_torn_down, BETTER, NOUFFD),
      SCENE(begun_and_left, BETTER),
      SCENE(failures_lose_nothing, BETTER, .fail_copy = 1),
      SCENE(failures_lose_nothing, BETTER, .fail_copy = 3),
      SCENE(failures_lose_nothing, BETTER, .fail_vram = 1),
      SCENE(failures_lose_nothing, BETTER, .fail_vram = 2),
      SCENE(failures_lose_nothing, BETTER, .migrate_on_fault = true,
            .fail_copy = 3, .fail_vram = 5),
   };
   if (getenv("TEST_FILTER"))
      cmocka_set_test_filter(getenv("TEST_FILTER"));
   return cmocka_run_group_tests(tests, NULL, NULL);
}
