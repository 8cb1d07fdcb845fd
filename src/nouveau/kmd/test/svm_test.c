/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Shared virtual memory end to end below the ioctl table: programs that touch
 * the process's memory, faults, migration both ways, eviction, refusal. */
#include "svm_rig.h"

#include <pthread.h>
#include <sys/wait.h>

/* The same atomically, all threads on one word. */
static const char atomics[] = "MOV R4, c[0x0][0x8];\n"
                              "MOV R5, c[0x0][0xc];\n"
                              "MOV32I R6, 0x1;\n"
                              "RED.E.ADD [R4], R6;\n"
                              "EXIT;\n";

/* --- Tests --------------------------------------------------------------- */

static void
gpu_uses_process_memory(struct ctx *c)
{
   uint32_t *p = pages(4);
   for (unsigned i = 0; i < 1024; i++)
      p[i] = i;
   assert_int_equal(run(c, increment, 1024, 4, p), 0);
   for (unsigned i = 0; i < 1024; i++)
      assert_int_equal(p[i], i + 1);
   struct counts n = take_events(c);
   assert_true(n.faults >= 1 && n.replays >= 1);
   assert_int_equal(n.cancels, 0);
   assert_int_equal(n.last_fault, (uintptr_t)p);
   /* The mapping stays: no faults the second time. (An entry of a warp that was
    * replayed for another's fault may still be on its way.) */
   usleep(50000);
   take_events(c);
   assert_int_equal(run(c, increment, 1024, 4, p), 0);
   assert_int_equal(p[1023], 1025);
   assert_int_equal(take_events(c).faults, 0);
   munmap(p, 4 * PAGE);
}

/* malloc, the stack, .data: no registration of anything. */
static uint32_t in_data[64] = {5};

static void
any_memory_will_do(struct ctx *c)
{
   uint32_t on_stack[64] = {7}, *heap = calloc(64, 4);
   assert_int_equal(run(c, increment, 64, 4, on_stack), 0);
   assert_int_equal(run(c, increment, 64, 4, heap), 0);
   assert_int_equal(run(c, increment, 64, 4, in_data), 0);
   assert_int_equal(on_stack[0], 8);
   assert_int_equal(on_stack[63], 1);
   assert_int_equal(heap[63], 1);
   assert_int_equal(in_data[0], 6);
   in_data[0] = 5;
   free(heap);
}

static void
atomics_meet_the_cpu(struct ctx *c)
{
   uint32_t *p = pages(1);
   assert_int_equal(run(c, atomics, 4096, 0, p), 0);
   assert_int_equal(*p, 4096);
   munmap(p, PAGE);
}

static void
bind_moves_and_the_cpu_takes_back(struct ctx *c)
{
   const unsigned n = 1024; /* 4 MiB */
   uint32_t *p = aligned_pages(n);
   for (unsigned i = 0; i < n * 1024; i += 256)
      p[i] = i;
   uint64_t moved;
   assert_int_equal(bind(c, p, n, true, &moved), 0);
   assert_int_equal(moved, c->better ? n : 0);
   /* One word in each 1 KiB: the GPU works in VRAM, without a fault. */
   assert_int_equal(run(c, increment, n * 4, 1024, p), 0);
   if (c->better) {
      struct counts e = take_events(c);
      assert_int_equal(e.to_device, n);
      assert_int_equal(e.to_host, 0);
      if (!getenv("NVSIM_DEBUG")) /* faultall makes some */
         assert_int_equal(e.faults, 0);
   }
   for (unsigned i = 0; i < n * 1024; i += 256)
      assert_int_equal(p[i], i + 1);
   if (c->better)
      assert_int_equal(bind(c, p, n, false, &moved), 0);
   assert_int_equal(run(c, increment, n * 4, 1024, p), 0);
   for (unsigned i = 0; i < n * 1024; i += 256)
      assert_int_equal(p[i], i + 2);
   munmap(p, n * PAGE);
}

static void
bind_back_is_counted(struct ctx *c)
{
   uint8_t *p = aligned_pages(512);
   memset(p, 0x33, 512 * PAGE);
   uint64_t moved;
   assert_int_equal(bind(c, p, 512, true, &moved), 0);
   assert_int_equal(moved, 512);
   assert_int_equal(bind(c, p, 512, true, &moved), 0);
   assert_int_equal(moved, 0); /* there already */
   assert_int_equal(bind(c, p + 100 * PAGE, 50, false, &moved), 0);
   assert_int_equal(moved, 50);
   assert_int_equal(bind(c, p, 512, false, &moved), 0);
   assert_int_equal(moved, 512 - 50);
   assert_int_equal(bind(c, p, 512, false, &moved), 0);
   assert_int_equal(moved, 0);
   for (unsigned i = 0; i < 512 * PAGE; i++)
      assert_int_equal(p[i], 0x33);
   munmap(p, 512 * PAGE);
}

/* Holes, shared and read-only mappings between movable ones. */
static void
bind_is_best_effort(struct ctx *c)
{
   uint8_t *p = aligned_pages(512);
   memset(p, 1, 512 * PAGE);
   munmap(p + 10 * PAGE, 10 * PAGE);
   uint8_t *shared = mmap(p + 30 * PAGE, 10 * PAGE, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
   memset(shared, 2, 10 * PAGE);
   mprotect(p + 50 * PAGE, 10 * PAGE, PROT_NONE);
   uint64_t moved;
   assert_int_equal(bind(c, p, 512, true, &moved), 0);
   if (c->better)
      assert_true(moved <= 512 - 20 && moved >= 512 - 30);
   else
      assert_int_equal(moved, 0);
   mprotect(p + 50 * PAGE, 10 * PAGE, PROT_READ | PROT_WRITE);
   for (unsigned i = 0; i < 512; i++)
      if (i < 10 || i >= 20)
         assert_int_equal(p[i * PAGE], i >= 30 && i < 40 ? 2 : 1);
   munmap(p, 512 * PAGE);
}

static void
first_touch_moves(struct ctx *c)
{
   uint32_t *p = aligned_pages(16);
   p[0] = 41;
   assert_int_equal(run(c, increment, 64, 4, p), 0);
   struct counts n = take_events(c);
   assert_true(n.faults >= 1);
   assert_true(n.to_device >= 1);
   assert_int_equal(p[0], 42);
   usleep(50000); /* logged behind the CPU's back */
   /* Where pages stay (coherent), the touch has not brought it home. */
   uint64_t moved;
   assert_int_equal(bind(c, p, 16, false, &moved), 0);
   assert_true(n.to_host + take_events(c).to_host >= 1);
   munmap(p, 16 * PAGE);
}

static void
evicted_all_the_time(struct ctx *c)
{
   uint32_t *p = aligned_pages(64);
   for (unsigned round = 1; round <= 5; round++) {
      assert_int_equal(run(c, increment, 1024, 256, p), 0);
      assert_int_equal(p[0], round);
      assert_int_equal(p[1023 * 64], round);
   }
   struct counts n = take_events(c);
   assert_true(n.to_device > 0 && n.to_host > 0);
   munmap(p, 64 * PAGE);
}

static void
nothing_moves_if_told_so(struct ctx *c)
{
   uint32_t *p = pages(16);
   uint64_t moved;
   assert_int_equal(bind(c, p, 16, true, &moved), 0);
   assert_int_equal(moved, 0);
   assert_int_equal(run(c, increment, 64, 4, p), 0);
   assert_int_equal(p[0], 1);
   assert_int_equal(take_events(c).to_device, 0);
   munmap(p, 16 * PAGE);
}

/* Three times as much as there is VRAM (L8). Linux leaves the rest in RAM. */
static void
more_than_vram(struct ctx *c)
{
   const unsigned n = 4 * TEST_VRAM_B / PAGE;
   uint32_t *p = aligned_pages(n);
   for (unsigned i = 0; i < n; i++)
      p[i * 1024] = i;
   uint64_t moved;
   for (unsigned i = 0; i < n; i += 2048) {
      assert_int_equal(bind(c, p + i * 1024, 2048, true, &moved), 0);
      if (c->better)
         assert_int_equal(moved, 2048);
      assert_int_equal(run(c, increment, 2048, PAGE, p + i * 1024), 0);
   }
   for (unsigned i = 0; i < n; i++)
      assert_int_equal(p[i * 1024], i + 1);
   /* SVM memory makes room for buffers. */
   if (c->better) {
      struct test_bo bo;
      assert_int_equal(bind(c, p, n, true, &moved), 0);
      assert_int_equal(try_bo(c->kmd, c->file, TEST_VRAM_B / 2, VRAM, 0, &bo),
                       0);
      gem_close(c->kmd, c->file, bo.handle);
   }
   munmap(p, n * PAGE);
}

/* --- Refusal ------------------------------------------------------------- */

static void
expect_killed(struct ctx *c, const volatile void *p, unsigned access)
{
   /* Fences are over, the channel is gone, another one works. */
   assert_int_equal(cpu_prep(c->kmd, c->file, c->data.handle, 0), 0);
   assert_int_equal(run(c, increment, 1, 4, p), -ENODEV);
   struct drm_nouveau_channel_error e = {.channel = c->chan};
   int ret = kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_CHANNEL_ERROR, &e);
   assert_int_equal(ret, c->better ? 0 : -EINVAL);
   if (c->better) {
      assert_int_equal(e.kind, DRM_NOUVEAU_CHANNEL_ERROR_MMU);
      assert_true((e.addr & ~(PAGE - 1)) == ((uintptr_t)p & ~(PAGE - 1)));
      assert_int_equal(e.access, access);
      assert_true(e.program_va == c->data.gpu_va + CODE_OFF);
      assert_true(e.pc > 0 && e.pc < 256);
      assert_true(strlen(e.text) > 0);
      struct counts n = take_events(c);
      assert_true(n.cancels >= 1);
      assert_true(n.last_cancel == ((uintptr_t)p & ~(PAGE - 1)));
   }
   assert_int_equal(channel_free(c->kmd, c->file, c->chan), 0);
   c->chan = test_channel(c->kmd, c->file);
   uint32_t *fine = pages(1);
   assert_int_equal(run(c, increment, 64, 4, fine), 0);
   assert_int_equal(fine[63], 1);
   munmap(fine, PAGE);
   if (c->better)
      take_events(c);
}

static void
wild_address_kills(struct ctx *c)
{
   uint8_t *p = pages(2);
   munmap(p, 2 * PAGE);
   assert_int_equal(run(c, increment, 64, 4, p), -ENODEV);
   expect_killed(c, p, 0);
   /* In the hole, where nothing of ours is. */
   const void *in_hole = (void *)(uintptr_t)(c->hole + HOLE_B / 2);
   assert_int_equal(run(c, reading, 1, 4, in_hole), -ENODEV);
   expect_killed(c, in_hole, 0);
   assert_int_equal(run(c, reading, 1, 4, NULL), -ENODEV);
   expect_killed(c, NULL, 0);
}

static void
protection_counts(struct ctx *c)
{
   uint32_t *p = pages(2);
   p[0] = 1;
   mprotect(p, 2 * PAGE, PROT_READ);
   assert_int_equal(run(c, reading, 64, 0, p), 0);
   assert_int_equal(run(c, increment, 64, 4, p), -ENODEV);
   expect_killed(c, p, 1);
   mprotect(p, 2 * PAGE, PROT_READ | PROT_WRITE);
   assert_int_equal(run(c, increment, 64, 4, p), 0);
   assert_int_equal(p[0], 2);
   mprotect(p, 2 * PAGE, PROT_NONE);
   assert_int_equal(run(c, reading, 1, 4, p), -ENODEV);
   expect_killed(c, p, 0);
   munmap(p, 2 * PAGE);
}

static void
unmapped_memory_is_gone(struct ctx *c)
{
   for (unsigned in_vram = 0; in_vram < 2; in_vram++) {
      uint32_t *p = aligned_pages(512);
      memset(p, 0, 512 * PAGE);
      uint64_t moved;
      if (in_vram)
         assert_int_equal(bind(c, p, 512, true, &moved), 0);
      assert_int_equal(run(c, increment, 512, PAGE, p), 0);
      munmap((char *)p + 100 * PAGE, PAGE);
      /* 511 stay, one is gone. */
      assert_int_equal(run(c, increment, 64, PAGE, p), 0);
      assert_int_equal(run(c, increment, 384, PAGE, p + 101 * 1024), 0);
      uint32_t *hit = p + 100 * 1024;
      assert_int_equal(run(c, increment, 1, 4, hit), -ENODEV);
      expect_killed(c, hit, 0);
      assert_int_equal(p[63 * 1024], 2);
      assert_int_equal(p[101 * 1024], 2);
      /* Something new at the same place. */
      uint32_t *again =
         mmap(hit, PAGE, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
      assert_ptr_equal(again, hit);
      assert_int_equal(run(c, increment, 1, 4, again), 0);
      assert_int_equal(again[0], 1);
      munmap(p, 512 * PAGE);
   }
}

/* What madvise threw away is zero for the GPU too, page for page (K8). */
static void
discarded_memory_is_zero(struct ctx *c)
{
   for (unsigned in_vram = 0; in_vram < 2; in_vram++) {
      uint32_t *p = aligned_pages(512);
      madvise(p, 512 * PAGE, MADV_HUGEPAGE);
      for (unsigned i = 0; i < 512; i++)
         p[i * 1024] = 10;
      uint64_t moved;
      if (in_vram)
         assert_int_equal(bind(c, p, 512, true, &moved), 0);
      assert_int_equal(run(c, increment, 512, PAGE, p), 0);
      assert_int_equal(madvise(p + 7 * 1024, PAGE, MADV_DONTNEED), 0);
      assert_int_equal(madvise(p + 100 * 1024, 20 * PAGE, MADV_DONTNEED), 0);
      assert_int_equal(run(c, increment, 512, PAGE, p), 0);
      for (unsigned i = 0; i < 512; i++) {
         bool gone = i == 7 || (i >= 100 && i < 120);
         assert_int_equal(p[i * 1024], gone ? 1 : 12);
      }
      munmap(p, 512 * PAGE);
   }
}

static void
moved_mapping_takes_its_pages_along(struct ctx *c)
{
   for (unsigned in_vram = 0; in_vram < 2; in_vram++) {
      uint32_t *p = aligned_pages(512), *to = aligned_pages(512);
      for (unsigned i = 0; i < 512; i++)
         p[i * 1024] = i;
      uint64_t moved;
      if (in_vram)
         assert_int_equal(bind(c, p, 512, true, &moved), 0);
      assert_int_equal(run(c, increment, 512, PAGE, p), 0);
      assert_ptr_equal(
         mremap(p, 512 * PAGE, 512 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to),
         to);
      assert_int_equal(run(c, increment, 512, PAGE, to), 0);
      for (unsigned i = 0; i < 512; i++)
         assert_int_equal(to[i * 1024], i + 2);
      assert_int_equal(run(c, reading, 1, 4, p), -ENODEV);
      expect_killed(c, p, 0);
      munmap(to, 512 * PAGE);
   }
}

/* Made before SVM_INIT: no replay, no mirror (K3). */
static void
early_channel_has_no_svm(struct ctx *c)
{
   int file = test_open(c->kmd);
   struct ctx early = *c;
   early.file = file;
   early.chan = test_channel(c->kmd, file);
   early.push = test_bo(c->kmd, file, 65536, GART);
   early.data = test_bo(c->kmd, file, DATA_B, VRAM);
   uint32_t *p = pages(1);
   p[0] = 1;
   assert_int_equal(run(&early, increment, 64, 4, p), -ENODEV);
   assert_int_equal(p[0], 1);
   test_bo_free(c->kmd, file, &early.push);
   test_bo_free(c->kmd, file, &early.data);
   assert_int_equal(kmd_close(c->kmd, file), 0);
   munmap(p, PAGE);
}

/* A forked child has its memory and no card (kernel.md §1.8, L12). */
static void
child_is_refused(struct ctx *c)
{
   uint32_t *p = aligned_pages(512);
   for (unsigned i = 0; i < 512; i++)
      p[i * 1024] = i;
   uint64_t moved;
   assert_int_equal(bind(c, p, 512, true, &moved), 0);
   assert_int_equal(run(c, increment, 512, PAGE, p), 0);
   pid_t pid = fork();
   if (pid == 0) {
      bool good = bind(c, p, 512, true, &moved) == -EPERM &&
                  kmd_open(c->kmd) == -EPERM &&
                  kmd_close(c->kmd, c->file) == -EPERM;
      kmd_destroy(c->kmd);
      for (unsigned i = 0; i < 512; i++)
         good &= p[i * 1024] == i + 1;
      _exit(good ? 0 : 1);
   }
   int status;
   assert_int_equal(waitpid(pid, &status, 0), pid);
   assert_int_equal(status, 0);
   assert_int_equal(run(c, increment, 512, PAGE, p), 0);
   for (unsigned i = 0; i < 512; i++)
      assert_int_equal(p[i * 1024], i + 2);
   munmap(p, 512 * PAGE);
}

/* --- At the same time ---------------------------------------------------- */

struct mover {
   struct ctx *c;
   uint32_t *p;
   _Atomic bool stop;
};

static void *
move_to_and_fro(void *arg)
{
   struct mover *m = arg;
   for (unsigned i = 0; !m->stop; i++) {
      uint64_t moved;
      bind(m->c, m->p + (i % 4) * 16 * 1024, 32, i % 2, &moved);
   }
   return NULL;
}

static void *
count_on_the_cpu(void *arg)
{
   struct mover *m = arg;
   while (!m->stop)
      for (unsigned i = 0; i < 64; i++)
         __atomic_fetch_add(&m->p[i * 1024 + 8], 1, __ATOMIC_RELAXED);
   return NULL;
}

/* GPU and CPU write neighbouring words of pages that move all the time. */
static void
nothing_is_lost_under_load(struct ctx *c)
{
   uint32_t *p = aligned_pages(64);
   struct mover m = {.c = c, .p = p};
   pthread_t t[2];
   pthread_create(&t[0], NULL, move_to_and_fro, &m);
   pthread_create(&t[1], NULL, count_on_the_cpu, &m);
   for (unsigned round = 1; round <= 60; round++)
      assert_int_equal(run(c, increment, 64, PAGE, p), 0);
   m.stop = true;
   for (unsigned i = 0; i < 2; i++)
      pthread_join(t[i], NULL);
   for (unsigned i = 0; i < 64; i++)
      assert_int_equal(p[i * 1024], 60);
   munmap(p, 64 * PAGE);
}

static void
two_clients_share_one_process(struct ctx *c)
{
   struct ctx other = *c;
   other.file = test_open(c->kmd);
   assert_int_equal(svm_init(c->kmd, other.file, c->hole, HOLE_B), 0);
   other.chan = test_channel(c->kmd, other.file);
   other.push = test_bo(c->kmd, other.file, 65536, GART);
   other.data = test_bo(c->kmd, other.file, DATA_B, VRAM);
   uint32_t *p = aligned_pages(16);
   uint64_t moved;
   for (unsigned round = 1; round <= 10; round++) {
      assert_int_equal(run(round % 2 ? c : &other, increment, 64, 256, p), 0);
      if (round % 3 == 0)
         assert_int_equal(bind(round % 2 ? &other : c, p, 16, true, &moved), 0);
      assert_int_equal(p[0], round);
   }
   test_bo_free(c->kmd, other.file, &other.push);
   test_bo_free(c->kmd, other.file, &other.data);
   assert_int_equal(kmd_close(c->kmd, other.file), 0);
   assert_int_equal(run(c, increment, 64, 256, p), 0);
   assert_int_equal(p[0], 11);
   munmap(p, 16 * PAGE);
}

static void
close_brings_vram_back(struct ctx *c)
{
   /* The page tables of what is touched again at the end. */
   assert_int_equal(run(c, increment, 64, 4, in_data), 0);
   uint64_t used = get_param(c->kmd, c->file, NOUVEAU_GETPARAM_VRAM_USED);
   uint32_t *p = aligned_pages(1024);
   memset(p, 0, 1024 * PAGE);
   for (unsigned round = 0; round < 3; round++) {
      struct ctx other = *c;
      other.file = test_open(c->kmd);
      assert_int_equal(svm_init(c->kmd, other.file, c->hole, HOLE_B), 0);
      other.chan = test_channel(c->kmd, other.file);
      other.push = test_bo(c->kmd, other.file, 65536, GART);
      other.data = test_bo(c->kmd, other.file, DATA_B, VRAM);
      uint64_t moved;
      assert_int_equal(bind(&other, p, 1024, true, &moved), 0);
      assert_int_equal(run(&other, increment, 1024, PAGE, p), 0);
      kmd_munmap(c->kmd, other.push.cpu, other.push.size_B);
      kmd_munmap(c->kmd, other.data.cpu, other.data.size_B);
      assert_int_equal(kmd_close(c->kmd, other.file), 0);
      for (unsigned i = 0; i < 1024; i++)
         assert_int_equal(p[i * 1024], round + 1);
   }
   munmap(p, 1024 * PAGE);
   /* Blocks go a moment later; without userfaultfd a munmap is seen with the
    * next submission. */
   assert_int_equal(run(c, increment, 64, 4, in_data), 0);
   in_data[0] = 5;
   for (unsigned i = 0; i < 3000; i++) {
      if (get_param(c->kmd, c->file, NOUVEAU_GETPARAM_VRAM_USED) <= used)
         break;
      usleep(1000);
   }
   assert_int_equal(get_param(c->kmd, c->file, NOUVEAU_GETPARAM_VRAM_USED),
                    used);
}

#define ALWAYS(fn)                                                             \
   SCENE(fn, BETTER), SCENE(fn, BETTER, NOUFFD), SCENE(fn, BETTER, 0, MIGRATE)
#define EVERYWHERE(fn) ALWAYS(fn), SCENE(fn, UPSTREAM)

int
main(void)
{
   const struct CMUnitTest tests[] = {
      SCENE(gpu_uses_process_memory, BETTER),
      SCENE(gpu_uses_process_memory, BETTER, NOUFFD),
      ALWAYS(any_memory_will_do),
      ALWAYS(atomics_meet_the_cpu),
      SCENE(bind_moves_and_the_cpu_takes_back, BETTER),
      SCENE(bind_moves_and_the_cpu_takes_back, BETTER, NOUFFD),
      SCENE(bind_moves_and_the_cpu_takes_back, UPSTREAM),
      SCENE(bind_back_is_counted, BETTER),
      SCENE(bind_back_is_counted, BETTER, NOUFFD),
      EVERYWHERE(bind_is_best_effort),
      SCENE(first_touch_moves, BETTER, 0, MIGRATE),
      SCENE(evicted_all_the_time, BETTER, KMD_DEBUG_EVICTALL, MIGRATE),
      SCENE(any_memory_will_do, BETTER, KMD_DEBUG_EVICTALL, MIGRATE),
      SCENE(atomics_meet_the_cpu, BETTER, KMD_DEBUG_EVICTALL, MIGRATE),
      SCENE(nothing_moves_if_told_so, BETTER, KMD_DEBUG_NOMIGRATE, MIGRATE),
      SCENE(more_than_vram, BETTER),
      SCENE(more_than_vram, UPSTREAM),
      EVERYWHERE(wild_address_kills),
      ALWAYS(protection_counts),
      ALWAYS(unmapped_memory_is_gone),
      ALWAYS(discarded_memory_is_zero),
      ALWAYS(moved_mapping_takes_its_pages_along),
      SCENE(early_channel_has_no_svm, BETTER),
      SCENE(child_is_refused, BETTER),
      SCENE(child_is_refused, BETTER, NOUFFD),
      EVERYWHERE(nothing_is_lost_under_load),
      ALWAYS(two_clients_share_one_process),
      SCENE(close_brings_vram_back, BETTER),
   };
   if (getenv("TEST_FILTER"))
      cmocka_set_test_filter(getenv("TEST_FILTER"));
   return cmocka_run_group_tests(tests, NULL, NULL);
}
