/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A client with VM_INIT done, and its calls in short. */
#ifndef UVMM_RIG_H
#define UVMM_RIG_H

#include "kmd_test.h"

#include <pthread.h>

#include "nouveau/headers/nv_class.h"
#include "nouveau/headers/nv_push.h"

#define KERNEL_VA (1ull << 38)
#define KERNEL_B  (1ull << 30)
#define USER_VA   0x10000000ull

struct ctx {
   struct kmd *kmd;
   int file;
};

static inline int
vm_init(struct kmd *kmd, int file, uint64_t addr, uint64_t size_B)
{
   struct drm_nouveau_vm_init a = {addr, size_B};
   return kmd_ioctl(kmd, file, DRM_IOCTL_NOUVEAU_VM_INIT, &a);
}

static inline int
setup(void **state)
{
   struct ctx *c = calloc(1, sizeof(*c));
   c->kmd = test_card(KMD_COMPAT_BETTER, 0);
   c->file = test_open(c->kmd);
   assert_int_equal(vm_init(c->kmd, c->file, KERNEL_VA, KERNEL_B), 0);
   *state = c;
   return 0;
}

static inline int
teardown(void **state)
{
   struct ctx *c = *state;
   assert_int_equal(kmd_close(c->kmd, c->file), 0);
   kmd_destroy(c->kmd);
   free(c);
   return 0;
}

static inline int
bind(struct ctx *c, uint32_t flags, struct drm_nouveau_vm_bind_op *ops,
     unsigned n)
{
   struct drm_nouveau_vm_bind a = {.op_count = n,
                                   .flags = flags,
                                   .op_ptr = (uintptr_t)ops};
   return kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_VM_BIND, &a);
}

static inline int
bind1(struct ctx *c, uint32_t op, uint32_t handle, uint64_t addr,
      uint64_t bo_offset, uint64_t range)
{
   struct drm_nouveau_vm_bind_op o = {.op = op,
                                      .handle = handle,
                                      .addr = addr,
                                      .bo_offset = bo_offset,
                                      .range = range};
   return bind(c, 0, &o, 1);
}

static inline uint32_t
syncobj(struct ctx *c)
{
   struct drm_syncobj_create a = {0};
   assert_int_equal(kmd_ioctl(c->kmd, c->file, DRM_IOCTL_SYNCOBJ_CREATE, &a),
                    0);
   return a.handle;
}

static inline int
wait_syncobj(struct ctx *c, uint32_t handle)
{
   struct drm_syncobj_wait a = {.handles = (uintptr_t)&handle,
                                .count_handles = 1,
                                .timeout_nsec = INT64_MAX};
   return kmd_ioctl(c->kmd, c->file, DRM_IOCTL_SYNCOBJ_WAIT, &a);
}

static inline struct test_bo
mapped_bo(struct ctx *c, uint64_t size_B, uint32_t domain, uint64_t gpu_va)
{
   struct test_bo bo = test_bo(c->kmd, c->file, size_B, domain);
   assert_int_equal(bo.gpu_va, 0); /* it has none of its own */
   assert_int_equal(
      bind1(c, DRM_NOUVEAU_VM_BIND_OP_MAP, bo.handle, gpu_va, 0, bo.size_B), 0);
   bo.gpu_va = gpu_va;
   return bo;
}

/* Five words: a host semaphore. */
static inline void
host_semaphore(uint32_t *m, uint64_t gpu_va, uint32_t value, uint32_t op)
{
   m[0] = nv_push_header(NV_PUSH_OP_INC, 0, NV_HOST_SEMAPHOREA, 4);
   m[1] = gpu_va >> 32;
   m[2] = (uint32_t)gpu_va;
   m[3] = value;
   m[4] = op;
}

#define SEM_RELEASE (NV_HOST_SEM_RELEASE | NV_HOST_SEM_RELEASE_4B)

/* Writes `value` to gpu_va and waits; 0 or the error of EXEC or of the fence. */
static inline int
write_word(struct ctx *c, int chan, struct test_bo *push, uint64_t gpu_va,
           uint32_t value)
{
   uint32_t *m = push->cpu;
   host_semaphore(m, gpu_va, value, SEM_RELEASE);
   struct drm_nouveau_exec_push p = {.va = push->gpu_va, .va_len = 20};
   struct drm_nouveau_sync s = {.handle = syncobj(c)};
   struct drm_nouveau_exec a = {.channel = chan,
                                .push_count = 1,
                                .sig_count = 1,
                                .sig_ptr = (uintptr_t)&s,
                                .push_ptr = (uintptr_t)&p};
   int ret = kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_EXEC, &a);
   if (!ret)
      assert_int_equal(wait_syncobj(c, s.handle), 0);
   return ret;
}

/* Runs `dw` words of `push` from `offset_B` on. Handles of 0: none. */
static inline int
exec(struct ctx *c, int chan, const struct test_bo *push, uint32_t offset_B,
     unsigned dw, uint32_t wait, uint32_t sig)
{
   struct drm_nouveau_exec_push p = {.va = push->gpu_va + offset_B,
                                     .va_len = dw * 4};
   struct drm_nouveau_sync w = {.handle = wait}, s = {.handle = sig};
   struct drm_nouveau_exec a = {.channel = chan,
                                .push_count = dw != 0,
                                .wait_count = wait != 0,
                                .wait_ptr = (uintptr_t)&w,
                                .sig_count = sig != 0,
                                .sig_ptr = (uintptr_t)&s,
                                .push_ptr = (uintptr_t)&p};
   return kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_EXEC, &a);
}

static inline int
bind_async(struct ctx *c, struct drm_nouveau_vm_bind_op *ops, unsigned n,
           uint32_t wait, uint32_t sig)
{
   struct drm_nouveau_sync w = {.handle = wait}, s = {.handle = sig};
   struct drm_nouveau_vm_bind a = {.op_count = n,
                                   .flags = DRM_NOUVEAU_VM_BIND_RUN_ASYNC,
                                   .op_ptr = (uintptr_t)ops,
                                   .wait_count = wait != 0,
                                   .wait_ptr = (uintptr_t)&w,
                                   .sig_count = sig != 0,
                                   .sig_ptr = (uintptr_t)&s};
   return kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_VM_BIND, &a);
}

/* 0 or -ETIME, now. */
static inline int
poll_syncobj(struct ctx *c, uint32_t handle)
{
   struct drm_syncobj_wait a = {.handles = (uintptr_t)&handle,
                                .count_handles = 1};
   return kmd_ioctl(c->kmd, c->file, DRM_IOCTL_SYNCOBJ_WAIT, &a);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
