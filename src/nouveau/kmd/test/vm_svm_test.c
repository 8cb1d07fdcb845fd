/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* One address space with the process's memory and the client's own mappings
 * (kernel.md L11): no hole is needed, and neither disturbs the other. */
#include "svm_rig.h"

#define KERNEL_B (256ull << 20)

static void
vm_bind(struct ctx *c, uint32_t op, uint32_t flags, uint32_t handle,
        uint64_t addr, uint64_t range)
{
   struct drm_nouveau_vm_bind_op o = {.op = op,
                                      .flags = flags,
                                      .handle = handle,
                                      .addr = addr,
                                      .range = range};
   struct drm_nouveau_vm_bind a = {.op_count = 1, .op_ptr = (uintptr_t)&o};
   assert_int_equal(kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_VM_BIND, &a),
                    0);
}

static struct test_bo
bound_bo(struct ctx *c, uint64_t size_B, uint32_t domain, uint64_t gpu_va)
{
   struct test_bo bo = test_bo(c->kmd, c->file, size_B, domain);
   vm_bind(c, DRM_NOUVEAU_VM_BIND_OP_MAP, 0, bo.handle, gpu_va, bo.size_B);
   bo.gpu_va = gpu_va;
   return bo;
}

static void
start_vm(struct ctx *c)
{
   *c = (struct ctx){.better = true, .vm = true, .hole = test_hole(HOLE_B)};
   c->kmd = test_card(KMD_COMPAT_BETTER, 0);
   c->file = test_open(c->kmd);
   struct drm_nouveau_vm_init a = {c->hole + HOLE_B - KERNEL_B, KERNEL_B};
   assert_int_equal(kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_VM_INIT, &a),
                    0);
   assert_int_equal(svm_init(c->kmd, c->file, 0, 0), 0); /* no hole */
   assert_int_equal(svm_init(c->kmd, c->file, 0, 0), -EBUSY);
   c->chan = test_channel(c->kmd, c->file);
   c->push = bound_bo(c, 65536, GART, c->hole);
   c->data = bound_bo(c, DATA_B, VRAM, c->hole + (16 << 20));
}

static uint32_t
word_of(const void *p, unsigned page)
{
   return *(volatile const uint32_t *)((const char *)p + page * PAGE);
}

#define N 16

static void
expect(const void *mem, const void *bo, unsigned taken, uint32_t others,
       uint32_t in_mem, uint32_t in_bo)
{
   for (unsigned i = 0; i < N; i++)
      assert_int_equal(word_of(mem, i), i == taken ? in_mem : others);
   assert_int_equal(word_of(bo, 0), in_bo);
}

static void
mappings_lie_in_memory(void **state)
{
   struct ctx c;
   uint64_t moved;
   start_vm(&c);
   uint8_t *mem = aligned_pages(512);
   uint64_t at = (uintptr_t)mem + 5 * PAGE;
   assert_int_equal(run(&c, increment, N, PAGE, mem), 0);
   /* A buffer over one page of it, which has been mirrored already. */
   struct test_bo bo = bound_bo(&c, PAGE, VRAM, at);
   expect(mem, bo.cpu, 5, 1, 1, 0);
   assert_int_equal(run(&c, increment, N, PAGE, mem), 0);
   expect(mem, bo.cpu, 5, 2, 1, 1);
   /* Memory around it moves, there and back, and is discarded. */
   assert_int_equal(bind(&c, mem, N, true, &moved), 0);
   assert_int_equal(run(&c, increment, N, PAGE, mem), 0);
   expect(mem, bo.cpu, 5, 3, 1, 2);
   assert_int_equal(bind(&c, mem, N, false, &moved), 0);
   assert_int_equal(madvise(mem, N * PAGE, MADV_DONTNEED), 0);
   assert_int_equal(run(&c, increment, N, PAGE, mem), 0);
   expect(mem, bo.cpu, 5, 1, 0, 3);
   /* Without it the card sees the process again. */
   vm_bind(&c, DRM_NOUVEAU_VM_BIND_OP_UNMAP, 0, 0, at, PAGE);
   assert_int_equal(run(&c, increment, N, PAGE, mem), 0);
   expect(mem, bo.cpu, 5, 2, 1, 3);
   /* Sparse: swallowed, whatever the process has there. */
   vm_bind(&c, DRM_NOUVEAU_VM_BIND_OP_MAP, DRM_NOUVEAU_VM_BIND_SPARSE, 0, at,
           PAGE);
   assert_int_equal(run(&c, increment, N, PAGE, mem), 0);
   expect(mem, bo.cpu, 5, 3, 1, 3);
   vm_bind(&c, DRM_NOUVEAU_VM_BIND_OP_UNMAP, DRM_NOUVEAU_VM_BIND_SPARSE, 0, at,
           PAGE);
   assert_int_equal(run(&c, increment, N, PAGE, mem), 0);
   expect(mem, bo.cpu, 5, 4, 2, 3);
   munmap(mem, 512 * PAGE);
   test_bo_free(c.kmd, c.file, &bo);
   finish(&c);
}

/* What neither has is an error that tells the address. */
static void
nothing_there(void **state)
{
   struct ctx c;
   start_vm(&c);
   uint8_t *mem = aligned_pages(512);
   munmap(mem, 512 * PAGE);
   assert_int_equal(run(&c, increment, 1, PAGE, mem), -ENODEV);
   struct drm_nouveau_channel_error e = {.channel = c.chan};
   assert_int_equal(
      kmd_ioctl(c.kmd, c.file, DRM_IOCTL_NOUVEAU_CHANNEL_ERROR, &e), 0);
   assert_int_equal(e.addr, (uintptr_t)mem);
   finish(&c);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(mappings_lie_in_memory),
      cmocka_unit_test(nothing_there),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
