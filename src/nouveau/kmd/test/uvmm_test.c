/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* VM_INIT, VM_BIND, EXEC: error rows (kernel.md §1.7, §1.9) and work. */
#include "uvmm_rig.h"

static void
init_errors(void **state)
{
   struct ctx *c = *state;
   assert_int_equal(vm_init(c->kmd, c->file, KERNEL_VA, KERNEL_B), -EBUSY);
   int f = test_open(c->kmd);
   assert_int_equal(vm_init(c->kmd, f, ~0ull, 2), -EINVAL);
   assert_int_equal(vm_init(c->kmd, f, 1ull << 47, 4096), -EINVAL);
   struct drm_nouveau_vm_bind b = {0};
   assert_int_equal(kmd_ioctl(c->kmd, f, DRM_IOCTL_NOUVEAU_VM_BIND, &b),
                    -ENOSYS);
   struct drm_nouveau_exec e = {0};
   assert_int_equal(kmd_ioctl(c->kmd, f, DRM_IOCTL_NOUVEAU_EXEC, &e), -ENOSYS);
   /* A channel or a buffer the old way ends the chance. */
   int chan = test_channel(c->kmd, f);
   assert_int_equal(vm_init(c->kmd, f, KERNEL_VA, KERNEL_B), -ENOSYS);
   assert_int_equal(channel_free(c->kmd, f, chan), 0);
   kmd_close(c->kmd, f);
   f = test_open(c->kmd);
   struct test_bo bo;
   assert_int_equal(try_bo(c->kmd, f, 0, VRAM, 0, &bo), -EINVAL);
   assert_int_equal(vm_init(c->kmd, f, KERNEL_VA, KERNEL_B), -ENOSYS);
   kmd_close(c->kmd, f);
   /* SVM_INIT comes second, or not at all; on Linux both answer 0 (§1.9). */
   f = test_open(c->kmd);
   uint64_t hole = test_hole(1 << 30);
   assert_int_equal(svm_init(c->kmd, f, hole, 1 << 30), 0);
   assert_int_equal(vm_init(c->kmd, f, KERNEL_VA, KERNEL_B), -EBUSY);
   munmap((void *)(uintptr_t)hole, 1 << 30);
   kmd_close(c->kmd, f);
   /* PUSHBUF is not for this file. */
   struct drm_nouveau_gem_pushbuf p = {0};
   assert_int_equal(
      kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_GEM_PUSHBUF, &p), -ENOSYS);
}

static void
bind_errors(void **state)
{
   struct ctx *c = *state;
   struct test_bo bo = test_bo(c->kmd, c->file, 65536, VRAM);
   const struct drm_nouveau_vm_bind_op good = {.handle = bo.handle,
                                               .addr = USER_VA,
                                               .range = 65536};
   struct drm_nouveau_vm_bind_op op;
#define EXPECT(ret, change)                                                    \
   do {                                                                        \
      op = good;                                                               \
      change;                                                                  \
      assert_int_equal(bind(c, 0, &op, 1), ret);                               \
   } while (0)
   EXPECT(0, (void)0);
   EXPECT(-EINVAL, op.op = 2);
   EXPECT(-EINVAL, op.addr += 1);
   EXPECT(-EINVAL, op.range += 1);
   EXPECT(-EINVAL, op.range = 0);
   EXPECT(-EINVAL, op.bo_offset = 1);
   EXPECT(-EINVAL, op.bo_offset = 4096);
   EXPECT(-EINVAL, op.addr = 1ull << 47);
   EXPECT(-EINVAL, op.addr = ~0xfffull);
   EXPECT(-EINVAL, op.addr = KERNEL_VA);
   EXPECT(-EINVAL, op.addr = KERNEL_VA - 4096);
   EXPECT(-ENOENT, op.handle = 77);
   /* Sparse: over something, partly over, not what was made. */
   EXPECT(-ENOSPC, op.flags = DRM_NOUVEAU_VM_BIND_SPARSE);
   EXPECT(-ENOENT, (op.op = DRM_NOUVEAU_VM_BIND_OP_UNMAP,
                    op.flags = DRM_NOUVEAU_VM_BIND_SPARSE));
   EXPECT(0, (op.addr += 1 << 20, op.flags = DRM_NOUVEAU_VM_BIND_SPARSE));
   EXPECT(-ENOSPC, (op.addr += 1 << 20, op.flags = DRM_NOUVEAU_VM_BIND_SPARSE));
   EXPECT(-ENOSPC, op.addr += (1 << 20) - 4096);
   EXPECT(-ENOSPC, op.addr += (1 << 20) + 4096);
   EXPECT(-ENOENT, (op.op = DRM_NOUVEAU_VM_BIND_OP_UNMAP, op.addr += 1 << 20,
                    op.range -= 4096, op.flags = DRM_NOUVEAU_VM_BIND_SPARSE));
   EXPECT(0, (op.op = DRM_NOUVEAU_VM_BIND_OP_UNMAP, op.addr += 1 << 20,
              op.flags = DRM_NOUVEAU_VM_BIND_SPARSE));
   EXPECT(0, op.op = DRM_NOUVEAU_VM_BIND_OP_UNMAP);
   EXPECT(0, op.op = DRM_NOUVEAU_VM_BIND_OP_UNMAP); /* nothing there: fine */
#undef EXPECT
   struct drm_nouveau_sync s = {.handle = syncobj(c)};
   struct drm_nouveau_vm_bind a = {.sig_count = 1, .sig_ptr = (uintptr_t)&s};
   assert_int_equal(kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_VM_BIND, &a),
                    -EINVAL); /* syncobjs only with RUN_ASYNC */
   a.flags = DRM_NOUVEAU_VM_BIND_RUN_ASYNC;
   assert_int_equal(kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_VM_BIND, &a),
                    0);
   assert_int_equal(wait_syncobj(c, s.handle), 0);
   s.flags = 5;
   assert_int_equal(kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_VM_BIND, &a),
                    -EINVAL);
   a = (struct drm_nouveau_vm_bind){.flags = DRM_NOUVEAU_VM_BIND_RUN_ASYNC,
                                    .wait_count = 1,
                                    .wait_ptr = (uintptr_t)&s};
   assert_int_equal(kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_VM_BIND, &a),
                    -EOPNOTSUPP);
   s = (struct drm_nouveau_sync){.handle = 99};
   assert_int_equal(kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_VM_BIND, &a),
                    -ENOENT);
   test_bo_free(c->kmd, c->file, &bo);
}

static void
maps_splits_and_runs(void **state)
{
   struct ctx *c = *state;
   int chan = test_channel(c->kmd, c->file);
   struct test_bo push = mapped_bo(c, 4096, GART, USER_VA);
   struct test_bo a = mapped_bo(c, 4 << 20, VRAM, 2 * USER_VA);
   struct test_bo b = test_bo(c->kmd, c->file, 65536, GART);
   uint32_t *wa = a.cpu, *wb = b.cpu;
   uint64_t va = 2 * USER_VA;
   assert_int_equal(write_word(c, chan, &push, va + 0x12340, 1), 0);
   assert_int_equal(wa[0x12340 / 4], 1);
   /* B over the middle of A: A stays at both sides. */
   assert_int_equal(bind1(c, DRM_NOUVEAU_VM_BIND_OP_MAP, b.handle, va + 0x10000,
                          0x1000, 0x3000),
                    0);
   assert_int_equal(write_word(c, chan, &push, va + 0x11000, 2), 0);
   assert_int_equal(wb[0x2000 / 4], 2);
   assert_int_equal(write_word(c, chan, &push, va + 0xf000, 3), 0);
   assert_int_equal(wa[0xf000 / 4], 3);
   assert_int_equal(write_word(c, chan, &push, va + 0x13000, 4), 0);
   assert_int_equal(wa[0x13000 / 4], 4);
   /* Closed handles: the address space still holds the memory. */
   assert_int_equal(gem_close(c->kmd, c->file, b.handle), 0);
   assert_int_equal(write_word(c, chan, &push, va + 0x11000, 5), 0);
   assert_int_equal(wb[0x2000 / 4], 5);
   /* EXEC's errors. */
   struct drm_nouveau_exec_push p = {.va = push.gpu_va, .va_len = 1 << 23};
   struct drm_nouveau_exec e = {.channel = chan,
                                .push_count = 1,
                                .push_ptr = (uintptr_t)&p};
   assert_int_equal(kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_EXEC, &e),
                    -EINVAL);
   e.push_count =
      get_param(c->kmd, c->file, NOUVEAU_GETPARAM_EXEC_PUSH_MAX) + 1;
   assert_int_equal(kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_EXEC, &e),
                    -EINVAL);
   e.channel = 9;
   assert_int_equal(kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_EXEC, &e),
                    -ENOENT);
   /* An unmapped address kills. */
   assert_int_equal(
      bind1(c, DRM_NOUVEAU_VM_BIND_OP_UNMAP, 0, va + 0x10000, 0, 0x1000), 0);
   write_word(c, chan, &push, va + 0x10000, 6);
   assert_int_equal(wb[0x1000 / 4], 0);
   assert_int_equal(write_word(c, chan, &push, va, 7), -ENODEV);
   test_bo_free(c->kmd, c->file, &a);
   kmd_munmap(c->kmd, b.cpu, b.size_B);
   test_bo_free(c->kmd, c->file, &push);
}

/* A fence of one EXEC lets the next begin. */
static void
waits_for_fences(void **state)
{
   struct ctx *c = *state;
   int chan[2] = {test_channel(c->kmd, c->file), test_channel(c->kmd, c->file)};
   struct test_bo push = mapped_bo(c, 8192, GART, USER_VA);
   struct test_bo data = mapped_bo(c, 4096, VRAM, 2 * USER_VA);
   struct drm_nouveau_sync s = {.flags = DRM_NOUVEAU_SYNC_TIMELINE_SYNCOBJ,
                                .handle = syncobj(c)};
   for (unsigned i = 1; i <= 20; i++) {
      uint32_t *m = (uint32_t *)push.cpu + i * 8;
      host_semaphore(m, data.gpu_va, i, SEM_RELEASE);
      struct drm_nouveau_sync before = s, after = s;
      before.timeline_value = i - 1;
      after.timeline_value = i;
      struct drm_nouveau_exec_push p = {.va = push.gpu_va + i * 32,
                                        .va_len = 20};
      struct drm_nouveau_exec a = {.channel = chan[i % 2],
                                   .push_count = 1,
                                   .wait_count = i > 1,
                                   .wait_ptr = (uintptr_t)&before,
                                   .sig_count = 1,
                                   .sig_ptr = (uintptr_t)&after,
                                   .push_ptr = (uintptr_t)&p};
      assert_int_equal(kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_EXEC, &a),
                       0);
   }
   assert_int_equal(cpu_prep(c->kmd, c->file, data.handle, 0), 0);
   assert_int_equal(*(uint32_t *)data.cpu, 20);
   assert_int_equal(wait_syncobj(c, s.handle), 0);
   test_bo_free(c->kmd, c->file, &push);
   test_bo_free(c->kmd, c->file, &data);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      TEST(init_errors),
      TEST(bind_errors),
      TEST(maps_splits_and_runs),
      TEST(waits_for_fences),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
