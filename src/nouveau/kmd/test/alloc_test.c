/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The n-th request of the kernel for memory fails, for each n until none is
 * left to fail: the call says so and can be made again, or the work takes a
 * slower way. No byte is lost, nothing is leaked. */
#include "svm_rig.h"

#include "util/util_svc.h"

#define KERNEL_B (256ull << 20)
#define N        24 /* pages */

/* word[i] of thread i = i + 7. c[0]: as for `increment`. */
static const char storing[] = "S2R R0, SR_TID.X;\n"
                              "XMAD R2, R0, c[0x0][0x0], RZ;\n"
                              "IADD R4.CC, R2, c[0x0][0x8];\n"
                              "IADD.X R5, RZ, c[0x0][0xc];\n"
                              "IADD R6, R0, 0x7;\n"
                              "STG.E [R4], R6;\n"
                              "EXIT;\n";

/* Only one request fails: the second time there is memory. */
#define AGAIN(call)                                                            \
   ({                                                                          \
      int again_ret = (call);                                                  \
      if (again_ret == -ENOMEM)                                                \
         again_ret = (call);                                                   \
      again_ret;                                                               \
   })
#define GOOD(call) assert_true(AGAIN(call) >= 0)

static int
ctl(struct ctx *c, unsigned long request, void *arg)
{
   return kmd_ioctl(c->kmd, c->file, request, arg);
}

static int
vm_bind(struct ctx *c, uint32_t op, uint32_t handle, uint64_t addr,
        uint64_t range)
{
   struct drm_nouveau_vm_bind_op o = {.op = op,
                                      .handle = handle,
                                      .addr = addr,
                                      .range = range};
   struct drm_nouveau_vm_bind a = {.op_count = 1, .op_ptr = (uintptr_t)&o};
   return ctl(c, DRM_IOCTL_NOUVEAU_VM_BIND, &a);
}

static struct test_bo
make_bo(struct ctx *c, uint64_t size_B, uint32_t domain, uint64_t gpu_va)
{
   struct test_bo bo;
   GOOD(try_bo(c->kmd, c->file, size_B, domain, 0, &bo));
   for (unsigned i = 0; i < 2 && (!i || bo.cpu == MAP_FAILED); i++)
      bo.cpu = kmd_mmap(c->kmd, NULL, bo.size_B, PROT_READ | PROT_WRITE,
                        MAP_SHARED, c->file, bo.map_handle);
   assert_ptr_not_equal(bo.cpu, MAP_FAILED);
   if (c->vm) {
      GOOD(
         vm_bind(c, DRM_NOUVEAU_VM_BIND_OP_MAP, bo.handle, gpu_va, bo.size_B));
      bo.gpu_va = gpu_va;
   }
   return bo;
}

static void
make_client(struct ctx *c)
{
   if (c->vm) {
      struct drm_nouveau_vm_init a = {c->hole + HOLE_B - KERNEL_B, KERNEL_B};
      GOOD(ctl(c, DRM_IOCTL_NOUVEAU_VM_INIT, &a));
      GOOD(svm_init(c->kmd, c->file, 0, 0));
   } else {
      GOOD(svm_init(c->kmd, c->file, c->hole, HOLE_B));
   }
   GOOD(try_channel(c->kmd, c->file, ~0u, NOUVEAU_FIFO_ENGINE_GR, &c->chan));
   c->push = make_bo(c, 65536, GART, c->hole);
   c->data = make_bo(c, DATA_B, VRAM, c->hole + (16 << 20));
}

/* A launch of which the submission is refused can be made again; so can one
 * that was killed because its fault found no memory, on a new channel. */
static void
store(struct ctx *c, const volatile void *p)
{
   int ret = run(c, storing, N, PAGE, p);
   if (ret == -ENODEV) {
      assert_int_equal(channel_free(c->kmd, c->file, c->chan), 0);
      GOOD(try_channel(c->kmd, c->file, ~0u, NOUVEAU_FIFO_ENGINE_GR, &c->chan));
   }
   if (ret)
      ret = run(c, storing, N, PAGE, p);
   assert_int_equal(ret, 0);
}

static void
expect(volatile uint32_t *mem, uint32_t plus)
{
   for (unsigned i = 0; i < N * 1024; i++)
      assert_int_equal(mem[i], i % 1024 ? i : i / 1024 + 7 + plus);
}

/* Memory that goes there and back, with the GPU and the CPU in turn. */
static void
use_memory(struct ctx *c)
{
   volatile uint32_t *mem = aligned_pages(512);
   for (unsigned i = 0; i < N * 1024; i++)
      mem[i] = i;
   store(c, mem);
   expect(mem, 0);
   for (unsigned round = 1; round <= 2; round++) {
      uint64_t moved;
      GOOD(bind(c, (void *)mem, N, true, &moved));
      store(c, mem);
      for (unsigned i = 0; i < N; i += round)
         mem[i * 1024] += round; /* brings it home */
      GOOD(bind(c, (void *)mem, N, false, &moved));
      for (unsigned i = 0; i < N; i++)
         assert_int_equal(mem[i * 1024], i + 7 + (i % round ? 0 : round));
   }
   munmap((void *)mem, 512 * PAGE);
}

static void
use_pages_of(struct ctx *c, struct test_bo *bo, unsigned first)
{
   uint32_t *word = (uint32_t *)((char *)bo->cpu + first * PAGE);
   memset(word, 0, N * PAGE);
   store(c, (void *)(uintptr_t)(bo->gpu_va + first * PAGE));
   for (unsigned i = 0; i < N; i++)
      assert_int_equal(word[i * 1024], i + 7);
}

static void
use_buffer(struct ctx *c)
{
   struct test_bo bo =
      make_bo(c, 1024 * PAGE, VRAM, c->hole + (64 << 20)); /* two large pages */
   use_pages_of(c, &bo, 0);
   if (c->vm) {
      /* What stays of large pages that are cut keeps its place. */
      GOOD(vm_bind(c, DRM_NOUVEAU_VM_BIND_OP_UNMAP, 0, bo.gpu_va + 500 * PAGE,
                   24 * PAGE));
      use_pages_of(c, &bo, 500 - N);
      use_pages_of(c, &bo, 524);
   }
   test_bo_free(c->kmd, c->file, &bo);
}

static void
life(struct ctx *c, const struct kmd_config *config)
{
   GOOD(kmd_create(config, &c->kmd));
   GOOD(c->file = kmd_open(c->kmd));
   make_client(c);
   use_memory(c);
   use_buffer(c);
   test_bo_free(c->kmd, c->file, &c->push);
   test_bo_free(c->kmd, c->file, &c->data);
   assert_int_equal(kmd_close(c->kmd, c->file), 0);
   kmd_destroy(c->kmd);
}

static void
sweep(bool vm, bool migrate)
{
   struct kmd_config config;
   kmd_config_from_env(&config);
   config.vram_B = TEST_VRAM_B;
   config.sm_count = config.host_threads = 1;
   config.compat = KMD_COMPAT_BETTER;
   config.migrate_on_fault = migrate;
   uint64_t hole = test_hole(HOLE_B);
   unsigned failed = 1, n = 0, blocks = 0;
   while (failed) {
      struct ctx c = {.better = true, .vm = vm, .hole = hole};
      unsigned before = util_svc_num_failed();
      util_svc_fail_once(n);
      life(&c, &config);
      failed = n ? util_svc_num_failed() - before : 1;
      util_svc_fail_once(0);
      if (!n) /* the first made what stays */
         blocks = util_svc_num_blocks();
      assert_int_equal(util_svc_num_blocks(), blocks);
      n++;
   }
   print_message("%u requests\n", n - 2);
   assert_true(n > 100);
   munmap((void *)(uintptr_t)hole, HOLE_B);
}

static void
with_buffers(void **state)
{
   sweep(false, false);
}

static void
with_vm_bind(void **state)
{
   sweep(true, false);
}

static void
on_fault(void **state)
{
   sweep(false, true);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(with_buffers),
      cmocka_unit_test(with_vm_bind),
      cmocka_unit_test(on_fault),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
