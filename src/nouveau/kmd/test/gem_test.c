/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Buffers, mappings, submission, fences, death of channels, and that a close
 * gives everything back. */
#include "kmd_test.h"

#include <dirent.h>
#include <pthread.h>

#include "nouveau/headers/nv_class.h"
#include "nouveau/headers/nv_push.h"

struct ctx {
   struct kmd *kmd;
   int file, chan;
   struct test_bo push;
   uint32_t *dw; /* end of the methods so far */
};

static int
setup(void **state)
{
   struct ctx *c = calloc(1, sizeof(*c));
   c->kmd = test_card(KMD_COMPAT_BETTER, 0);
   c->file = test_open(c->kmd);
   c->chan = test_channel(c->kmd, c->file);
   c->push = test_bo(c->kmd, c->file, 65536, GART);
   c->dw = c->push.cpu;
   *state = c;
   return 0;
}

static int
teardown(void **state)
{
   struct ctx *c = *state;
   test_bo_free(c->kmd, c->file, &c->push);
   assert_int_equal(kmd_close(c->kmd, c->file), 0);
   kmd_destroy(c->kmd);
   free(c);
   return 0;
}

static void
method(struct ctx *c, unsigned subch, unsigned mthd, uint32_t data)
{
   *c->dw++ = nv_push_header(NV_PUSH_OP_INC, subch, mthd, 1);
   *c->dw++ = data;
}

static void
semaphore(struct ctx *c, uint64_t gpu_va, uint32_t value, uint32_t op)
{
   method(c, 0, NV_HOST_SEMAPHOREA, gpu_va >> 32);
   method(c, 0, NV_HOST_SEMAPHOREB, (uint32_t)gpu_va);
   method(c, 0, NV_HOST_SEMAPHOREC, value);
   method(c, 0, NV_HOST_SEMAPHORED, op);
}

static void
copy(struct ctx *c, uint64_t dst, uint64_t src, uint32_t size_B)
{
   method(c, NV_SUBCH_COPY, NV_HOST_SET_OBJECT, NV_CLASS_PASCAL_DMA_COPY_B);
   method(c, NV_SUBCH_COPY, NV_COPY_OFFSET_IN_UPPER, src >> 32);
   method(c, NV_SUBCH_COPY, NV_COPY_OFFSET_IN_LOWER, (uint32_t)src);
   method(c, NV_SUBCH_COPY, NV_COPY_OFFSET_OUT_UPPER, dst >> 32);
   method(c, NV_SUBCH_COPY, NV_COPY_OFFSET_OUT_LOWER, (uint32_t)dst);
   method(c, NV_SUBCH_COPY, NV_COPY_LINE_LENGTH_IN, size_B);
   method(c, NV_SUBCH_COPY, NV_COPY_LAUNCH_DMA, NV_COPY_LAUNCH_LINEAR);
}

/* Sends what is in the buffer so far. */
static int
kick(struct ctx *c, const struct test_bo *written, unsigned n, bool sync)
{
   uint64_t size_B = (uint8_t *)c->dw - (uint8_t *)c->push.cpu;
   c->dw = c->push.cpu;
   return test_push(c->kmd, c->file, c->chan, &c->push, size_B, written, n,
                    sync);
}

/* --- Buffers ------------------------------------------------------------- */

static void
mapped_twice_is_one_memory(void **state)
{
   struct ctx *c = *state;
   for (unsigned i = 0; i < 2; i++) {
      /* Not a power of two: more than one extent. */
      struct test_bo bo =
         test_bo(c->kmd, c->file, (3 << 20) + 0x5000, i ? VRAM : GART);
      uint32_t *a = bo.cpu, n = bo.size_B / 4;
      for (uint32_t k = 0; k < n; k++) {
         assert_int_equal(a[k], 0);
         a[k] = k * 7;
      }
      /* At a place of our choice, as a winsys does at the GPU's. */
      void *place =
         mmap(NULL, bo.size_B, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      munmap(place, bo.size_B);
      uint32_t *b =
         kmd_mmap(c->kmd, place, bo.size_B, PROT_READ,
                  MAP_SHARED | MAP_FIXED_NOREPLACE, c->file, bo.map_handle);
      assert_ptr_equal(b, place);
      assert_memory_equal(a, b, bo.size_B);
      assert_ptr_equal(
         kmd_mmap(c->kmd, place, bo.size_B, PROT_READ,
                  MAP_SHARED | MAP_FIXED_NOREPLACE, c->file, bo.map_handle),
         MAP_FAILED);
      assert_int_equal(errno, EEXIST);
      /* A part, from inside. */
      uint32_t *part = kmd_mmap(c->kmd, NULL, 8192, PROT_READ, MAP_SHARED,
                                c->file, bo.map_handle + (2 << 20) - 4096);
      assert_memory_equal(part, a + ((2 << 20) - 4096) / 4, 8192);
      assert_int_equal(kmd_munmap(c->kmd, part, 8192), 0);
      assert_int_equal(kmd_munmap(c->kmd, b, bo.size_B), 0);
      /* Beyond the end; nobody's offset; another file's buffer. */
      assert_ptr_equal(kmd_mmap(c->kmd, NULL, bo.size_B + 4096, PROT_READ,
                                MAP_SHARED, c->file, bo.map_handle),
                       MAP_FAILED);
      assert_int_equal(errno, EINVAL);
      assert_ptr_equal(
         kmd_mmap(c->kmd, NULL, 4096, PROT_READ, MAP_SHARED, c->file, 4096),
         MAP_FAILED);
      int other = test_open(c->kmd);
      assert_ptr_equal(kmd_mmap(c->kmd, NULL, 4096, PROT_READ, MAP_SHARED,
                                other, bo.map_handle),
                       MAP_FAILED);
      assert_int_equal(errno, EACCES);
      kmd_close(c->kmd, other);
      test_bo_free(c->kmd, c->file, &bo);
   }
}

/* A mapping outlives its handle, as a VMA does. */
static void
mapping_holds_the_memory(void **state)
{
   struct ctx *c = *state;
   uint64_t before = get_param(c->kmd, c->file, NOUVEAU_GETPARAM_VRAM_USED);
   struct test_bo bo = test_bo(c->kmd, c->file, 1 << 20, VRAM);
   uint64_t during = get_param(c->kmd, c->file, NOUVEAU_GETPARAM_VRAM_USED);
   assert_true(during >= before + (1 << 20));
   memset(bo.cpu, 0x5a, bo.size_B);
   assert_int_equal(gem_close(c->kmd, c->file, bo.handle), 0);
   struct test_bo next = test_bo(c->kmd, c->file, 1 << 20, VRAM);
   assert_int_equal(*(uint8_t *)next.cpu, 0);
   assert_int_equal(*(uint8_t *)bo.cpu, 0x5a);
   test_bo_free(c->kmd, c->file, &next);
   /* Half of it goes, then the rest. */
   assert_int_equal(kmd_munmap(c->kmd, bo.cpu, 1 << 19), 0);
   assert_int_equal(((uint8_t *)bo.cpu)[1 << 19], 0x5a);
   assert_int_equal(kmd_munmap(c->kmd, (char *)bo.cpu + (1 << 19), 1 << 19), 0);
   assert_int_equal(get_param(c->kmd, c->file, NOUVEAU_GETPARAM_VRAM_USED),
                    before);
}

static void
addresses_do_not_overlap(void **state)
{
   struct ctx *c = *state;
   struct test_bo bo[40];
   srandom(1);
   for (unsigned i = 0; i < 40; i++) {
      uint64_t size_B = 1 + random() % (1 << (random() % 20));
      assert_int_equal(
         try_bo(c->kmd, c->file, size_B, i % 2 ? VRAM : GART, 0, &bo[i]), 0);
      for (unsigned k = 0; k < i; k++)
         assert_true(bo[i].gpu_va + bo[i].size_B <= bo[k].gpu_va ||
                     bo[k].gpu_va + bo[k].size_B <= bo[i].gpu_va);
      assert_true(bo[i].gpu_va + bo[i].size_B <= 0xfe000000 ||
                  bo[i].gpu_va >= 0x100000000);
   }
   for (unsigned i = 0; i < 40; i++)
      assert_int_equal(gem_close(c->kmd, c->file, bo[i].handle), 0);
}

/* --- Submission ---------------------------------------------------------- */

static void
pushes_run_in_order(void **state)
{
   struct ctx *c = *state;
   struct test_bo sem = test_bo(c->kmd, c->file, 4096, GART);
   volatile uint32_t *word = sem.cpu;
   const uint32_t release = NV_HOST_SEM_RELEASE | NV_HOST_SEM_RELEASE_4B;
   /* More than the ring holds. */
   for (unsigned i = 1; i <= 3000; i++) {
      c->dw = (uint32_t *)c->push.cpu + i % 64 * 32;
      uint32_t *start = c->dw;
      semaphore(c, sem.gpu_va, i, release);
      struct drm_nouveau_gem_pushbuf_bo list[2] = {
         {.handle = c->push.handle,
          .read_domains = NOUVEAU_GEM_DOMAIN_GART,
          .valid_domains = NOUVEAU_GEM_DOMAIN_GART},
         {.handle = sem.handle,
          .write_domains = NOUVEAU_GEM_DOMAIN_GART,
          .valid_domains = NOUVEAU_GEM_DOMAIN_GART}};
      struct drm_nouveau_gem_pushbuf_push p = {
         .offset = (uint8_t *)start - (uint8_t *)c->push.cpu,
         .length = (uint8_t *)c->dw - (uint8_t *)start};
      struct drm_nouveau_gem_pushbuf a = {.channel = c->chan,
                                          .nr_buffers = 2,
                                          .buffers = (uintptr_t)list,
                                          .nr_push = 1,
                                          .push = (uintptr_t)&p};
      assert_int_equal(
         kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_GEM_PUSHBUF, &a), 0);
      if (i % 64 == 0) {
         assert_int_equal(cpu_prep(c->kmd, c->file, sem.handle, 0), 0);
         assert_int_equal(*word, i);
      }
   }
   assert_int_equal(cpu_prep(c->kmd, c->file, sem.handle, 0), 0);
   assert_int_equal(*word, 3000);
   c->dw = c->push.cpu;
   test_bo_free(c->kmd, c->file, &sem);
}

static void
most_pushes_in_one_call(void **state)
{
   struct ctx *c = *state;
   struct test_bo sem = test_bo(c->kmd, c->file, 4096, VRAM);
   struct drm_nouveau_gem_pushbuf_push p[512];
   for (unsigned i = 0; i < 512; i++) {
      uint32_t *start = c->dw;
      semaphore(c, sem.gpu_va + 4 * i, i + 1,
                NV_HOST_SEM_RELEASE | NV_HOST_SEM_RELEASE_4B);
      p[i] = (struct drm_nouveau_gem_pushbuf_push){
         .bo_index = 1,
         .offset = (uint8_t *)start - (uint8_t *)c->push.cpu,
         .length = (uint8_t *)c->dw - (uint8_t *)start};
   }
   struct drm_nouveau_gem_pushbuf_bo list[2] = {
      {.handle = sem.handle,
       .write_domains = NOUVEAU_GEM_DOMAIN_VRAM,
       .valid_domains = NOUVEAU_GEM_DOMAIN_VRAM},
      {.handle = c->push.handle,
       .read_domains = NOUVEAU_GEM_DOMAIN_GART,
       .valid_domains = NOUVEAU_GEM_DOMAIN_GART}};
   struct drm_nouveau_gem_pushbuf a = {.channel = c->chan,
                                       .nr_buffers = 2,
                                       .buffers = (uintptr_t)list,
                                       .nr_push = 512,
                                       .push = (uintptr_t)p,
                                       .vram_available = 1};
   assert_int_equal(
      kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_GEM_PUSHBUF, &a), 0);
   for (unsigned i = 0; i < 512; i++)
      assert_int_equal(((uint32_t *)sem.cpu)[i], i + 1);
   c->dw = c->push.cpu;
   test_bo_free(c->kmd, c->file, &sem);
}

static void
copies_between_vram_and_gart(void **state)
{
   struct ctx *c = *state;
   struct test_bo bo[2] = {test_bo(c->kmd, c->file, (2 << 20) + 65536, VRAM),
                           test_bo(c->kmd, c->file, (2 << 20) + 65536, GART)};
   uint32_t n = bo[0].size_B / 4;
   for (uint32_t k = 0; k < n; k++)
      ((uint32_t *)bo[1].cpu)[k] = k * 2654435761u;
   copy(c, bo[0].gpu_va, bo[1].gpu_va, bo[0].size_B);
   assert_int_equal(kick(c, bo, 2, false), 0);
   assert_int_equal(cpu_prep(c->kmd, c->file, bo[0].handle, 0), 0);
   assert_memory_equal(bo[0].cpu, bo[1].cpu, bo[0].size_B);
   test_bo_free(c->kmd, c->file, &bo[0]);
   test_bo_free(c->kmd, c->file, &bo[1]);
}

/* The card waits for a semaphore that we release: until then it is busy. */
static void
cpu_prep_waits_for_the_card(void **state)
{
   struct ctx *c = *state;
   struct test_bo sem = test_bo(c->kmd, c->file, 4096, GART);
   struct test_bo dst = test_bo(c->kmd, c->file, 4096, VRAM);
   struct test_bo unused = test_bo(c->kmd, c->file, 4096, VRAM);
   volatile uint32_t *word = sem.cpu;
   semaphore(c, sem.gpu_va, 1, NV_HOST_SEM_ACQ_GEQ);
   semaphore(c, dst.gpu_va, 42, NV_HOST_SEM_RELEASE | NV_HOST_SEM_RELEASE_4B);
   assert_int_equal(kick(c, &dst, 1, false), 0);
   const uint32_t nowait = NOUVEAU_GEM_CPU_PREP_NOWAIT,
                  write = NOUVEAU_GEM_CPU_PREP_WRITE;
   assert_int_equal(cpu_prep(c->kmd, c->file, dst.handle, nowait), -EBUSY);
   assert_int_equal(cpu_prep(c->kmd, c->file, unused.handle, nowait), 0);
   /* The push buffer is only read: reading it is fine, writing is not. */
   assert_int_equal(cpu_prep(c->kmd, c->file, c->push.handle, nowait), 0);
   assert_int_equal(cpu_prep(c->kmd, c->file, c->push.handle, nowait | write),
                    -EBUSY);
   /* A buffer that is closed while in use stays until the card is done. */
   uint64_t used = get_param(c->kmd, c->file, NOUVEAU_GETPARAM_VRAM_USED);
   assert_int_equal(kmd_munmap(c->kmd, unused.cpu, 4096), 0);
   assert_int_equal(gem_close(c->kmd, c->file, unused.handle), 0);
   assert_true(get_param(c->kmd, c->file, NOUVEAU_GETPARAM_VRAM_USED) < used);
   *word = 1;
   assert_int_equal(cpu_prep(c->kmd, c->file, dst.handle, 0), 0);
   assert_int_equal(*(uint32_t *)dst.cpu, 42);
   assert_int_equal(cpu_prep(c->kmd, c->file, c->push.handle, nowait | write),
                    0);
   test_bo_free(c->kmd, c->file, &sem);
   test_bo_free(c->kmd, c->file, &dst);
}

static void
closed_buffer_stays_while_busy(void **state)
{
   struct ctx *c = *state;
   struct test_bo sem = test_bo(c->kmd, c->file, 4096, GART);
   struct test_bo busy = test_bo(c->kmd, c->file, 1 << 20, VRAM);
   struct test_bo after = test_bo(c->kmd, c->file, 4096, GART);
   uint64_t used = get_param(c->kmd, c->file, NOUVEAU_GETPARAM_VRAM_USED);
   *(uint32_t *)busy.cpu = 77;
   semaphore(c, sem.gpu_va, 1, NV_HOST_SEM_ACQ_GEQ);
   copy(c, after.gpu_va, busy.gpu_va, 4096);
   struct test_bo both[2] = {busy, after};
   assert_int_equal(kick(c, both, 2, false), 0);
   test_bo_free(c->kmd, c->file, &busy);
   assert_int_equal(get_param(c->kmd, c->file, NOUVEAU_GETPARAM_VRAM_USED),
                    used);
   *(volatile uint32_t *)sem.cpu = 1;
   assert_int_equal(cpu_prep(c->kmd, c->file, after.handle, 0), 0);
   assert_int_equal(*(uint32_t *)after.cpu, 77);
   for (unsigned i = 0; i < 2000; i++) {
      if (get_param(c->kmd, c->file, NOUVEAU_GETPARAM_VRAM_USED) + (1 << 20) <=
          used)
         break;
      usleep(1000);
   }
   assert_true(get_param(c->kmd, c->file, NOUVEAU_GETPARAM_VRAM_USED) +
                  (1 << 20) <=
               used);
   test_bo_free(c->kmd, c->file, &sem);
   test_bo_free(c->kmd, c->file, &after);
}

/* Work on one channel waits for another's on the same buffer. */
static void
channels_are_ordered_by_buffers(void **state)
{
   struct ctx *c = *state;
   int second = test_channel(c->kmd, c->file);
   struct test_bo bo = test_bo(c->kmd, c->file, 4096, GART);
   for (unsigned i = 1; i <= 200; i++) {
      c->dw = (uint32_t *)c->push.cpu + i % 64 * 64;
      uint32_t *start = c->dw;
      semaphore(c, bo.gpu_va, i, NV_HOST_SEM_RELEASE | NV_HOST_SEM_RELEASE_4B);
      struct drm_nouveau_gem_pushbuf_bo list[2] = {
         {.handle = c->push.handle,
          .read_domains = NOUVEAU_GEM_DOMAIN_GART,
          .valid_domains = NOUVEAU_GEM_DOMAIN_GART},
         {.handle = bo.handle,
          .write_domains = NOUVEAU_GEM_DOMAIN_GART,
          .valid_domains = NOUVEAU_GEM_DOMAIN_GART}};
      struct drm_nouveau_gem_pushbuf_push p = {
         .offset = (uint8_t *)start - (uint8_t *)c->push.cpu,
         .length = (uint8_t *)c->dw - (uint8_t *)start};
      struct drm_nouveau_gem_pushbuf a = {.channel = i % 2 ? c->chan : second,
                                          .nr_buffers = 2,
                                          .buffers = (uintptr_t)list,
                                          .nr_push = 1,
                                          .push = (uintptr_t)&p};
      assert_int_equal(
         kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_GEM_PUSHBUF, &a), 0);
   }
   assert_int_equal(cpu_prep(c->kmd, c->file, bo.handle, 0), 0);
   assert_int_equal(*(uint32_t *)bo.cpu, 200);
   c->dw = c->push.cpu;
   test_bo_free(c->kmd, c->file, &bo);
}

/* --- Death --------------------------------------------------------------- */

static void
bad_address_kills_one_channel(void **state)
{
   struct ctx *c = *state;
   struct test_bo sem = test_bo(c->kmd, c->file, 4096, GART);
   int good = test_channel(c->kmd, c->file), bad = c->chan;
   const uint64_t wild = 0x7777770000;
   semaphore(c, wild, 1, NV_HOST_SEM_RELEASE | NV_HOST_SEM_RELEASE_4B);
   assert_int_equal(kick(c, &sem, 1, true), -ENODEV);
   /* An errored fence counts as done. */
   assert_int_equal(cpu_prep(c->kmd, c->file, sem.handle, 0), 0);
   assert_int_equal(kick(c, &sem, 1, false), -ENODEV);
   struct drm_nouveau_channel_error e = {.channel = bad};
   assert_int_equal(
      kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_CHANNEL_ERROR, &e), 0);
   assert_int_equal(e.channel, bad);
   assert_int_equal(e.kind, DRM_NOUVEAU_CHANNEL_ERROR_MMU);
   assert_true((e.addr & ~4095ull) == wild);
   assert_int_equal(e.access, 1);
   assert_true(strlen(e.text) > 0);
   /* The other one works. */
   c->chan = good;
   c->dw = c->push.cpu;
   semaphore(c, sem.gpu_va, 5, NV_HOST_SEM_RELEASE | NV_HOST_SEM_RELEASE_4B);
   assert_int_equal(kick(c, &sem, 1, true), 0);
   assert_int_equal(*(uint32_t *)sem.cpu, 5);
   assert_int_equal(channel_free(c->kmd, c->file, bad), 0);
   assert_int_equal(test_channel(c->kmd, c->file), bad);
   test_bo_free(c->kmd, c->file, &sem);
}

static void
bad_methods_kill(void **state)
{
   struct ctx *c = *state;
   static const struct {
      uint32_t dw[2];
      uint32_t kind;
   } rows[] = {
      {{0xc0000000, 0}, DRM_NOUVEAU_CHANNEL_ERROR_PUSH}, /* reserved op */
      {{0x20010000 | 1 << 13, 0x1111}, DRM_NOUVEAU_CHANNEL_ERROR_METHOD},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
      *c->dw++ = rows[i].dw[0];
      *c->dw++ = rows[i].dw[1];
      assert_int_equal(kick(c, NULL, 0, true), -ENODEV);
      struct drm_nouveau_channel_error e = {.channel = c->chan};
      assert_int_equal(
         kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_CHANNEL_ERROR, &e), 0);
      assert_int_equal(e.kind, rows[i].kind);
      assert_int_equal(channel_free(c->kmd, c->file, c->chan), 0);
      c->chan = test_channel(c->kmd, c->file);
   }
}

/* --- Close --------------------------------------------------------------- */

static unsigned
count_fds(void)
{
   unsigned n = 0;
   DIR *d = opendir("/proc/self/fd");
   while (readdir(d))
      n++;
   closedir(d);
   return n;
}

static void
close_gives_everything_back(void **state)
{
   struct ctx *c = *state;
   unsigned fds = count_fds();
   uint64_t used = get_param(c->kmd, c->file, NOUVEAU_GETPARAM_VRAM_USED);
   for (unsigned round = 0; round < 5; round++) {
      int file = test_open(c->kmd);
      int chan[3];
      for (unsigned i = 0; i < 3; i++)
         chan[i] = test_channel(c->kmd, file);
      struct test_bo bo[20];
      for (unsigned i = 0; i < 20; i++)
         assert_int_equal(try_bo(c->kmd, file, 4096 << (i % 10),
                                 i % 2 ? VRAM : GART, 0, &bo[i]),
                          0);
      uint32_t *cpu = kmd_mmap(c->kmd, NULL, 4096, PROT_READ | PROT_WRITE,
                               MAP_SHARED, file, bo[0].map_handle);
      for (unsigned i = 0; i < 3; i++) {
         cpu[0] = cpu[1] = 0;
         assert_int_equal(
            test_push(c->kmd, file, chan[i], &bo[0], 8, &bo[1], 1, false), 0);
      }
      if (round % 2)
         kmd_munmap(c->kmd, cpu, 4096);
      assert_int_equal(kmd_close(c->kmd, file), 0);
      if (round % 2 == 0)
         kmd_munmap(c->kmd, cpu, 4096);
      assert_int_equal(get_param(c->kmd, c->file, NOUVEAU_GETPARAM_VRAM_USED),
                       used);
   }
   assert_int_equal(count_fds(), fds);
}

struct opener {
   struct kmd *kmd;
   int file;
};

static void *
call_until_closed(void *arg)
{
   struct opener *o = arg;
   struct drm_nouveau_getparam a = {.param = NOUVEAU_GETPARAM_CHIPSET_ID};
   while (kmd_ioctl(o->kmd, o->file, DRM_IOCTL_NOUVEAU_GETPARAM, &a) == 0) {
      struct test_bo bo;
      if (try_bo(o->kmd, o->file, 8192, VRAM, 0, &bo))
         break;
      gem_close(o->kmd, o->file, bo.handle);
   }
   return NULL;
}

static void
close_beside_running_calls(void **state)
{
   struct ctx *c = *state;
   uint64_t used = get_param(c->kmd, c->file, NOUVEAU_GETPARAM_VRAM_USED);
   for (unsigned round = 0; round < 20; round++) {
      struct opener o = {.kmd = c->kmd, .file = test_open(c->kmd)};
      pthread_t t[3];
      for (unsigned i = 0; i < 3; i++)
         pthread_create(&t[i], NULL, call_until_closed, &o);
      usleep(2000);
      assert_int_equal(kmd_close(c->kmd, o.file), 0);
      for (unsigned i = 0; i < 3; i++)
         pthread_join(t[i], NULL);
   }
   assert_int_equal(get_param(c->kmd, c->file, NOUVEAU_GETPARAM_VRAM_USED),
                    used);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
   const struct CMUnitTest tests[] = {
      TEST(mapped_twice_is_one_memory),
      TEST(mapping_holds_the_memory),
      TEST(addresses_do_not_overlap),
      TEST(pushes_run_in_order),
      TEST(most_pushes_in_one_call),
      TEST(copies_between_vram_and_gart),
      TEST(cpu_prep_waits_for_the_card),
      TEST(closed_buffer_stays_while_busy),
      TEST(channels_are_ordered_by_buffers),
      TEST(bad_address_kills_one_channel),
      TEST(bad_methods_kill),
      TEST(close_gives_everything_back),
      TEST(close_beside_running_calls),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
