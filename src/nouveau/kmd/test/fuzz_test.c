/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Whatever a program asks the kernel for: every call with wild, stale and
 * nearly right arguments, from two files. Afterwards the process lives and a
 * new file works. Long runs: FUZZ_ROUNDS=100000 TEST_SEED=… */
#include "kmd_test.h"

#include "nouveau/headers/nv_class.h"
#include "nouveau/headers/nv_push.h"

struct fuzz {
   struct kmd *kmd;
   int files[2];
   uint64_t random;
   uint8_t *arena;    /* memory of the program that may be given away */
   struct kmd *other; /* another card of the machine */
   int other_file;
};

#define ARENA_B (64u << 10)

static uint32_t
draw(struct fuzz *z)
{
   z->random = z->random * 6364136223846793005ull + 1442695040888963407ull;
   return z->random >> 33;
}

static uint32_t
below(struct fuzz *z, uint32_t n)
{
   return draw(z) % n;
}

/* A value as arguments have them: handles, ids, sizes, flags, pointers. */
static uint64_t
value(struct fuzz *z)
{
   switch (below(z, 12)) {
   case 0:
      return (uint64_t)draw(z) << 33 ^ draw(z);
   case 1:
      return 1ull << below(z, 64);
   case 2:
      return ~0ull << below(z, 64);
   case 3:
   case 4:
      return (uintptr_t)z->arena + below(z, ARENA_B);
   case 5:
      return (uintptr_t)z->arena + below(z, 16) * 4096;
   case 6:
      return 4096ull << below(z, 12);
   case 7:
      return (uint64_t)below(z, 5) << 32 | below(z, 5);
   default:
      return below(z, 12);
   }
}

/* Words of 32 and 64 bits, as they come. */
static void
fill(struct fuzz *z, void *arg, size_t size_B)
{
   uint8_t *p = arg;
   for (size_t i = 0; i < size_B;) {
      uint64_t v = value(z);
      size_t n = below(z, 2) ? 4 : 8;
      memcpy(p + i, &v, MIN2(n, size_B - i));
      i += n;
   }
}

/* ---- calls that mostly work, so that there is something to break ---- */

static void
new_buffer(struct fuzz *z, int file)
{
   struct drm_nouveau_gem_new a = {.info = {.size = 4096u << below(z, 6),
                                            .domain = below(z, 2) ? VRAM : GART,
                                            .tile_flags = 8},
                                   .align = below(z, 2) ? 4096 : 0};
   if (!kmd_ioctl(z->kmd, file, DRM_IOCTL_NOUVEAU_GEM_NEW, &a) && below(z, 2)) {
      void *p = kmd_mmap(z->kmd, NULL, a.info.size, PROT_READ | PROT_WRITE,
                         MAP_SHARED, file, (off_t)a.info.map_handle);
      if (p != MAP_FAILED) {
         memset(p, (int)below(z, 256), 4096);
         kmd_munmap(z->kmd, p, a.info.size);
      }
   }
}

static void
new_channel(struct fuzz *z, int file)
{
   int id;
   try_channel(z->kmd, file, ~0u, NOUVEAU_FIFO_ENGINE_GR, &id);
}

/* Words of copies and uploads at random places, and headers that are none; no
 * waits, which would last as long as the channel. */
static void
push(struct fuzz *z, int file)
{
   struct drm_nouveau_gem_new a = {
      .info = {.size = 4096, .domain = GART, .tile_flags = 8}};
   if (kmd_ioctl(z->kmd, file, DRM_IOCTL_NOUVEAU_GEM_NEW, &a))
      return;
   struct test_bo bo = {.handle = a.info.handle, .size_B = 4096};
   uint32_t *p = kmd_mmap(z->kmd, NULL, 4096, PROT_READ | PROT_WRITE,
                          MAP_SHARED, file, (off_t)a.info.map_handle);
   if (p != MAP_FAILED) {
      unsigned n = 0;
      while (n < 64) {
         uint32_t method = below(z, 4)
                              ? NV_COPY_OFFSET_IN_UPPER + 4 * below(z, 8)
                              : NV_COPY_LAUNCH_DMA;
         p[n++] = nv_push_header(NV_PUSH_OP_INC, NV_SUBCH_COPY, method, 1);
         p[n++] = below(z, 8) ? (uint32_t)value(z) : 0x186 + below(z, 8);
      }
      test_push(z->kmd, file, (int)below(z, 4), &bo, n * 4, NULL, 0,
                below(z, 4) == 0);
      kmd_munmap(z->kmd, p, 4096);
   }
   if (below(z, 2))
      gem_close(z->kmd, file, bo.handle);
}

/* A buffer of one file for another, of this card or of the other. Some
 * descriptors stay open. */
static void
share(struct fuzz *z, int file)
{
   struct drm_prime_handle a = {.handle = (uint32_t)below(z, 8) + 1};
   bool far = below(z, 2);
   if (kmd_ioctl(z->kmd, file, DRM_IOCTL_PRIME_HANDLE_TO_FD, &a))
      return;
   kmd_ioctl(far ? z->other : z->kmd, far ? z->other_file : z->files[0],
             DRM_IOCTL_PRIME_FD_TO_HANDLE, &a);
   if (below(z, 8))
      assert_int_equal(kmd_close(z->other, a.fd), 0);
   if (below(z, 2))
      gem_close(z->other, z->other_file, (uint32_t)below(z, 8) + 1);
}

static void
help(struct fuzz *z, int file)
{
   switch (below(z, 5)) {
   case 0:
      new_channel(z, file);
      break;
   case 1:
      push(z, file);
      break;
   case 2:
      share(z, file);
      break;
   default:
      new_buffer(z, file);
   }
}

/* ---- calls that mostly do not ---- */

static const struct {
   uint32_t nr;
   size_t size_B;
} calls[] = {
#define CALL(nm, type)                                                         \
   {                                                                           \
      0x40 + DRM_NOUVEAU_##nm, sizeof(struct drm_nouveau_##type)               \
   }
   CALL(GETPARAM, getparam),
   CALL(SETPARAM, getparam),
   CALL(CHANNEL_ALLOC, channel_alloc),
   CALL(CHANNEL_FREE, channel_free),
   CALL(GROBJ_ALLOC, grobj_alloc),
   CALL(NOTIFIEROBJ_ALLOC, notifierobj_alloc),
   CALL(GPUOBJ_FREE, gpuobj_free),
   CALL(SVM_INIT, svm_init),
   CALL(SVM_BIND, svm_bind),
   CALL(VM_INIT, vm_init),
   CALL(VM_BIND, vm_bind),
   CALL(EXEC, exec),
   CALL(GEM_NEW, gem_new),
   CALL(GEM_PUSHBUF, gem_pushbuf),
   CALL(GEM_CPU_PREP, gem_cpu_prep),
   CALL(GEM_CPU_FINI, gem_cpu_fini),
   CALL(GEM_INFO, gem_info),
   CALL(SVM_EVENTS, svm_events),
   CALL(CHANNEL_ERROR, channel_error),
#undef CALL
   {0x40 + DRM_NOUVEAU_NVIF, 128},
   {0x00, sizeof(struct drm_version)},
   {0x09, sizeof(struct drm_gem_close)},
   {0x0c, sizeof(struct drm_get_cap)},
   {0x2d, sizeof(struct drm_prime_handle)},
   {0x2e, sizeof(struct drm_prime_handle)},
   {0xbf, sizeof(struct drm_syncobj_create)},
   {0xc0, sizeof(struct drm_syncobj_destroy)},
   {0xc3, sizeof(struct drm_syncobj_wait)},
   {0xc4, sizeof(struct drm_syncobj_array)},
   {0xc5, sizeof(struct drm_syncobj_array)},
};

/* Buffers may be asked for by the gigabyte, but not waited for for ever. */
static void
tame(struct fuzz *z, uint32_t nr, void *arg)
{
   if (nr == 0xc3) {
      struct drm_syncobj_wait *a = arg;
      a->timeout_nsec = 0;
   } else if (nr == 0x40 + DRM_NOUVEAU_SVM_BIND) {
      /* What moves is the program's own; the arena is for that. */
      struct drm_nouveau_svm_bind *a = arg;
      a->va_start = (uintptr_t)z->arena + below(z, 2 * ARENA_B) - ARENA_B / 2;
      a->va_end =
         a->va_start + (below(z, 8) ? below(z, ARENA_B / 2) : value(z));
      a->va_end = MIN2(a->va_end, (uintptr_t)z->arena + ARENA_B);
      a->va_start = MAX2(a->va_start, (uintptr_t)z->arena);
   }
}

static void
one_call(struct fuzz *z)
{
   int file = below(z, 32) ? z->files[below(z, 2)] : (int)value(z);
   if (!below(z, 4)) {
      help(z, file);
      return;
   }
   unsigned i = below(z, ARRAY_SIZE(calls));
   uint64_t arg[32];
   fill(z, arg, sizeof(arg));
   tame(z, calls[i].nr, arg);
   /* Arrays that they point to are words of the same sort. */
   fill(z, z->arena + below(z, ARENA_B / 4096) * 4096, 512);
   size_t size_B = below(z, 16) ? calls[i].size_B : below(z, 256);
   unsigned long request =
      _IOC(below(z, 8) ? _IOC_READ | _IOC_WRITE : below(z, 4), DRM_IOCTL_BASE,
           below(z, 64) ? calls[i].nr : below(z, 256), MIN2(size_B, 256));
   void *p = below(z, 64) ? (void *)arg : (void *)(uintptr_t)value(z);
   kmd_ioctl(z->kmd, file, request, p);
}

/* Files that come and go take everything with them. */
static void
renew(struct fuzz *z, unsigned i)
{
   assert_int_equal(kmd_close(z->kmd, z->files[i]), 0);
   z->files[i] = test_open(z->kmd);
}

static void
still_works(struct kmd *kmd)
{
   int file = test_open(kmd), id = test_channel(kmd, file);
   struct test_bo push = test_bo(kmd, file, 4096, GART);
   struct test_bo out = test_bo(kmd, file, 4096, VRAM);
   uint32_t *w = push.cpu;
   const uint32_t words[][2] = {
      {NV_COPY_SET_REMAP_CONST_A, 0x600d},
      {NV_COPY_SET_REMAP_COMPONENTS,
       NV_COPY_REMAP(NV_COPY_REMAP_CONST_A, 0, 0, 0, 4, 1, 1)},
      {NV_COPY_OFFSET_OUT_UPPER, (uint32_t)(out.gpu_va >> 32)},
      {NV_COPY_OFFSET_OUT_LOWER, (uint32_t)out.gpu_va},
      {NV_COPY_LINE_LENGTH_IN, 1},
      {NV_COPY_LAUNCH_DMA, NV_COPY_LAUNCH_LINEAR | NV_COPY_LAUNCH_REMAP},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
      w[2 * i] = nv_push_header(NV_PUSH_OP_INC, NV_SUBCH_COPY, words[i][0], 1);
      w[2 * i + 1] = words[i][1];
   }
   assert_int_equal(
      test_push(kmd, file, id, &push, sizeof(words), &out, 1, true), 0);
   assert_int_equal(*(uint32_t *)out.cpu, 0x600d);
   test_bo_free(kmd, file, &push);
   test_bo_free(kmd, file, &out);
   assert_int_equal(kmd_close(kmd, file), 0);
}

static void
run(enum kmd_compat compat, unsigned rounds)
{
   const char *seed = getenv("TEST_SEED"), *n = getenv("FUZZ_ROUNDS");
   struct fuzz z = {.random = seed ? strtoull(seed, NULL, 0) : 1};
   print_message("seed %llu\n", (unsigned long long)z.random);
   rounds = n ? (unsigned)atoi(n) : rounds;
   struct kmd_machine *machine;
   assert_int_equal(kmd_machine_create(&machine), 0);
   z.kmd = test_card_of(machine, compat, 0);
   z.other = test_card_of(machine, compat, 0);
   z.other_file = test_open(z.other);
   kmd_machine_put(machine);
   z.arena = mmap(NULL, ARENA_B, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   for (unsigned i = 0; i < 2; i++)
      z.files[i] = test_open(z.kmd);
   for (unsigned i = 0; i < rounds; i++) {
      one_call(&z);
      if (i % 200 == 199)
         renew(&z, below(&z, 2));
      if (i % 1000 == 999)
         still_works(z.kmd);
   }
   for (unsigned i = 0; i < 2; i++)
      assert_int_equal(kmd_close(z.kmd, z.files[i]), 0);
   still_works(z.kmd);
   kmd_destroy(z.kmd); /* which the other may have buffers of */
   assert_int_equal(kmd_close(z.other, z.other_file), 0);
   still_works(z.other);
   kmd_destroy(z.other);
   munmap(z.arena, ARENA_B);
}

static void
better(void **state)
{
   run(KMD_COMPAT_BETTER, 10000);
}

static void
upstream(void **state)
{
   run(KMD_COMPAT_UPSTREAM, 10000);
}

/* What earlier runs have found. */
static void
found(void **state)
{
   struct kmd *kmd = test_card(KMD_COMPAT_BETTER, 0);
   int file = test_open(kmd);
   /* Took a minute to set up and tear down waits for no handles at all. */
   struct drm_syncobj_wait wait = {.handles = 65536, .count_handles = 1u << 31};
   assert_int_equal(kmd_ioctl(kmd, file, DRM_IOCTL_SYNCOBJ_WAIT, &wait),
                    -ENOMEM);
   wait.count_handles = 1000;
   assert_int_equal(kmd_ioctl(kmd, file, DRM_IOCTL_SYNCOBJ_WAIT, &wait),
                    -EFAULT);
   assert_int_equal(kmd_close(kmd, file), 0);
   kmd_destroy(kmd);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(found),
      cmocka_unit_test(better),
      cmocka_unit_test(upstream),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
