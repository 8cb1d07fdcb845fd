/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A card and a file for tests, and the calls in short. */
#ifndef KMD_TEST_H
#define KMD_TEST_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "drm-uapi/nouveau_drm.h"
#include "nouveau/kmd/kmd.h"
#include "util/util_macros.h"

#define TEST_VRAM_B (64ull << 20)

static inline struct kmd *
test_card_of(struct kmd_machine *machine, enum kmd_compat compat,
             uint64_t debug)
{
   struct kmd_config config;
   kmd_config_from_env(&config);
   config.machine = machine;
   config.vram_B = TEST_VRAM_B;
   config.sm_count = 2;
   config.host_threads = 2;
   config.compat = compat;
   config.debug |= debug;
   config.no_svm |= debug & KMD_DEBUG_NOSVM;
   config.no_uffd |= debug & KMD_DEBUG_NOUFFD;
   struct kmd *kmd;
   assert_int_equal(kmd_create(&config, &kmd), 0);
   return kmd;
}

static inline struct kmd *
test_card(enum kmd_compat compat, uint64_t debug)
{
   return test_card_of(NULL, compat, debug);
}

static inline int
test_open(struct kmd *kmd)
{
   int file = kmd_open(kmd);
   assert_true(file >= 0);
   return file;
}

static inline uint64_t
get_param(struct kmd *kmd, int file, uint64_t param)
{
   struct drm_nouveau_getparam a = {.param = param, .value = 0xdead};
   assert_int_equal(kmd_ioctl(kmd, file, DRM_IOCTL_NOUVEAU_GETPARAM, &a), 0);
   return a.value;
}

struct test_bo {
   uint32_t handle;
   uint64_t size_B, gpu_va, map_handle;
   void *cpu;
};

static inline int
try_bo(struct kmd *kmd, int file, uint64_t size_B, uint32_t domain,
       uint32_t align, struct test_bo *bo_out)
{
   struct drm_nouveau_gem_new a = {
      .info = {.size = size_B, .domain = domain, .tile_flags = 8},
      .align = align};
   int ret = kmd_ioctl(kmd, file, DRM_IOCTL_NOUVEAU_GEM_NEW, &a);
   *bo_out = (struct test_bo){.handle = a.info.handle,
                              .size_B = a.info.size,
                              .gpu_va = a.info.offset,
                              .map_handle = a.info.map_handle};
   return ret;
}

#define VRAM (NOUVEAU_GEM_DOMAIN_VRAM | NOUVEAU_GEM_DOMAIN_MAPPABLE)
#define GART (NOUVEAU_GEM_DOMAIN_GART | NOUVEAU_GEM_DOMAIN_MAPPABLE)

/* Mapped. */
static inline struct test_bo
test_bo(struct kmd *kmd, int file, uint64_t size_B, uint32_t domain)
{
   struct test_bo bo;
   assert_int_equal(try_bo(kmd, file, size_B, domain, 0, &bo), 0);
   bo.cpu = kmd_mmap(kmd, NULL, bo.size_B, PROT_READ | PROT_WRITE, MAP_SHARED,
                     file, bo.map_handle);
   assert_ptr_not_equal(bo.cpu, MAP_FAILED);
   return bo;
}

static inline int
gem_close(struct kmd *kmd, int file, uint32_t handle)
{
   struct drm_gem_close a = {.handle = handle};
   return kmd_ioctl(kmd, file, DRM_IOCTL_GEM_CLOSE, &a);
}

static inline void
test_bo_free(struct kmd *kmd, int file, struct test_bo *bo)
{
   if (bo->cpu)
      assert_int_equal(kmd_munmap(kmd, bo->cpu, bo->size_B), 0);
   assert_int_equal(gem_close(kmd, file, bo->handle), 0);
}

static inline int
cpu_prep(struct kmd *kmd, int file, uint32_t handle, uint32_t flags)
{
   struct drm_nouveau_gem_cpu_prep a = {.handle = handle, .flags = flags};
   return kmd_ioctl(kmd, file, DRM_IOCTL_NOUVEAU_GEM_CPU_PREP, &a);
}

static inline int
try_channel(struct kmd *kmd, int file, uint32_t fb, uint32_t tt, int *id_out)
{
   struct drm_nouveau_channel_alloc a = {.fb_ctxdma_handle = fb,
                                         .tt_ctxdma_handle = tt,
                                         .channel = -1};
   int ret = kmd_ioctl(kmd, file, DRM_IOCTL_NOUVEAU_CHANNEL_ALLOC, &a);
   *id_out = a.channel;
   return ret;
}

static inline int
test_channel(struct kmd *kmd, int file)
{
   int id;
   assert_int_equal(try_channel(kmd, file, ~0u, NOUVEAU_FIFO_ENGINE_GR, &id),
                    0);
   return id;
}

static inline int
channel_free(struct kmd *kmd, int file, int id)
{
   struct drm_nouveau_channel_free a = {.channel = id};
   return kmd_ioctl(kmd, file, DRM_IOCTL_NOUVEAU_CHANNEL_FREE, &a);
}

static inline int
svm_init(struct kmd *kmd, int file, uint64_t addr, uint64_t size_B)
{
   struct drm_nouveau_svm_init a = {addr, size_B};
   return kmd_ioctl(kmd, file, DRM_IOCTL_NOUVEAU_SVM_INIT, &a);
}

/* Reserves a hole of `size_B` as a driver does: at most 1 GiB, because
 * AddressSanitizer's shadow leaves nothing between 2 GiB and 1 << 40. */
static inline uint64_t
test_hole(uint64_t size_B)
{
   uint64_t low = 1ull << 28, step = 1ull << 33;
   for (uint64_t at = low; at < 1ull << 39; at += step) {
      void *p =
         mmap((void *)(uintptr_t)at, size_B, PROT_NONE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
              -1, 0);
      if (p != MAP_FAILED)
         return at;
   }
   fail_msg("no room for a hole of %#llx", (unsigned long long)size_B);
   return 0;
}

/* One push over one buffer at most 1023 others. */
static inline int
test_push(struct kmd *kmd, int file, int channel, const struct test_bo *push,
          uint64_t size_B, const struct test_bo *written, unsigned n_written,
          bool sync)
{
   struct drm_nouveau_gem_pushbuf_bo list[8] = {
      {.handle = push->handle,
       .read_domains = NOUVEAU_GEM_DOMAIN_GART,
       .valid_domains = NOUVEAU_GEM_DOMAIN_GART}};
   for (unsigned i = 0; i < n_written; i++)
      list[i + 1] = (struct drm_nouveau_gem_pushbuf_bo){
         .handle = written[i].handle,
         .write_domains = NOUVEAU_GEM_DOMAIN_GART | NOUVEAU_GEM_DOMAIN_VRAM,
         .valid_domains = NOUVEAU_GEM_DOMAIN_GART | NOUVEAU_GEM_DOMAIN_VRAM};
   struct drm_nouveau_gem_pushbuf_push p = {.length = size_B};
   struct drm_nouveau_gem_pushbuf a = {
      .channel = channel,
      .nr_buffers = 1 + n_written,
      .buffers = (uintptr_t)list,
      .nr_push = 1,
      .push = (uintptr_t)&p,
      .vram_available = sync ? NOUVEAU_GEM_PUSHBUF_SYNC : 0};
   return kmd_ioctl(kmd, file, DRM_IOCTL_NOUVEAU_GEM_PUSHBUF, &a);
}

#endif
