/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Jobs that really wait, sparse regions, private and shared buffers, and random
 * maps against a model, seen with the card's eyes. */
#include "uvmm_rig.h"

#include "util/test/test_random.h"

#define DATA_VA (4 * USER_VA)

/* A word that the card waits for, and one that it writes then. */
struct gate {
   struct test_bo push, data;
   uint32_t opened; /* syncobj of the work behind it */
};

static volatile uint32_t *
word(const struct test_bo *bo, unsigned i)
{
   return (volatile uint32_t *)bo->cpu + i;
}

static struct gate
make_gate(struct ctx *c, int chan)
{
   struct gate g = {.push = mapped_bo(c, 8192, GART, USER_VA),
                    .data = mapped_bo(c, 4096, GART, 2 * USER_VA),
                    .opened = syncobj(c)};
   host_semaphore(g.push.cpu, g.data.gpu_va, 1, NV_HOST_SEM_ACQUIRE);
   assert_int_equal(exec(c, chan, &g.push, 0, 5, 0, g.opened), 0);
   assert_int_equal(poll_syncobj(c, g.opened), -ETIME);
   return g;
}

static void
free_gate(struct ctx *c, struct gate *g)
{
   test_bo_free(c->kmd, c->file, &g->push);
   test_bo_free(c->kmd, c->file, &g->data);
}

/* Commands that write 7 to `gpu_va`, at `offset_B` of the gate's push. */
static void
prepare_write(struct gate *g, uint32_t offset_B, uint64_t gpu_va)
{
   host_semaphore((uint32_t *)g->push.cpu + offset_B / 4, gpu_va, 7,
                  SEM_RELEASE);
}

/* EXEC and VM_BIND return while what they wait for is still under way; each
 * channel keeps its order, others do not wait. */
static void
jobs_wait_behind_the_call(void **state)
{
   struct ctx *c = *state;
   int a = test_channel(c->kmd, c->file), b = test_channel(c->kmd, c->file);
   struct gate g = make_gate(c, a);
   struct test_bo bo = test_bo(c->kmd, c->file, 65536, VRAM);
   uint32_t bound = syncobj(c), written = syncobj(c), last = syncobj(c),
            free_one = syncobj(c);
   struct drm_nouveau_vm_bind_op map = {.handle = bo.handle,
                                        .addr = DATA_VA,
                                        .range = 65536};
   assert_int_equal(bind_async(c, &map, 1, g.opened, bound), 0);
   prepare_write(&g, 1024, DATA_VA);
   assert_int_equal(exec(c, b, &g.push, 1024, 5, bound, written), 0);
   /* Nothing to wait for, but behind the one before on its channel. */
   prepare_write(&g, 2048, DATA_VA + 4);
   assert_int_equal(exec(c, b, &g.push, 2048, 5, 0, last), 0);
   /* A third channel goes on. */
   int d = test_channel(c->kmd, c->file);
   prepare_write(&g, 3072, g.data.gpu_va + 8);
   assert_int_equal(exec(c, d, &g.push, 3072, 5, 0, free_one), 0);
   assert_int_equal(wait_syncobj(c, free_one), 0);
   assert_int_equal(*word(&g.data, 2), 7);
   assert_int_equal(poll_syncobj(c, bound), -ETIME);
   assert_int_equal(poll_syncobj(c, written), -ETIME);
   assert_int_equal(poll_syncobj(c, last), -ETIME);
   assert_int_equal(*word(&bo, 0), 0);
   *word(&g.data, 0) = 1; /* open */
   assert_int_equal(wait_syncobj(c, last), 0);
   assert_int_equal(wait_syncobj(c, written), 0);
   assert_int_equal(*word(&bo, 0), 7);
   assert_int_equal(*word(&bo, 1), 7);
   test_bo_free(c->kmd, c->file, &bo);
   free_gate(c, &g);
}

/* A call without RUN_ASYNC that meets a pending one waits for it: here for an
 * unmap that the card must not see yet. */
static void *
open_soon(void *arg)
{
   usleep(20000);
   *(volatile uint32_t *)arg = 1;
   return NULL;
}

static void
meeting_ranges_keep_order(void **state)
{
   struct ctx *c = *state;
   int chan = test_channel(c->kmd, c->file);
   struct gate g = make_gate(c, chan);
   struct test_bo bo = mapped_bo(c, 65536, VRAM, DATA_VA);
   struct drm_nouveau_vm_bind_op unmap = {.op = DRM_NOUVEAU_VM_BIND_OP_UNMAP,
                                          .addr = DATA_VA,
                                          .range = 65536};
   assert_int_equal(bind_async(c, &unmap, 1, g.opened, 0), 0);
   /* The channel's work behind the gate still uses the old mapping... */
   prepare_write(&g, 1024, DATA_VA + 0x4000);
   uint32_t written = syncobj(c);
   assert_int_equal(poll_syncobj(c, g.opened), -ETIME);
   int other = test_channel(c->kmd, c->file);
   assert_int_equal(exec(c, other, &g.push, 1024, 5, 0, written), 0);
   assert_int_equal(wait_syncobj(c, written), 0);
   assert_int_equal(*word(&bo, 0x1000), 7);
   /* ... and the new one comes after the unmap. */
   pthread_t t;
   pthread_create(&t, NULL, open_soon, g.data.cpu);
   assert_int_equal(bind1(c, DRM_NOUVEAU_VM_BIND_OP_MAP, bo.handle,
                          DATA_VA + 0x1000, 0x8000, 0x1000),
                    0);
   assert_int_equal(poll_syncobj(c, g.opened), 0);
   pthread_join(t, NULL);
   assert_int_equal(write_word(c, other, &g.push, DATA_VA + 0x1000, 8), 0);
   assert_int_equal(*word(&bo, 0x8000 / 4), 8);
   test_bo_free(c->kmd, c->file, &bo);
   free_gate(c, &g);
}

static int
sparse(struct ctx *c, uint32_t op, uint64_t addr, uint64_t range)
{
   struct drm_nouveau_vm_bind_op o = {.op = op,
                                      .flags = DRM_NOUVEAU_VM_BIND_SPARSE,
                                      .addr = addr,
                                      .range = range};
   return bind(c, 0, &o, 1);
}

/* Also where ranges do not meet, as in Linux: the queue of a file is one line. */
static void
binds_keep_their_order(void **state)
{
   struct ctx *c = *state;
   int chan = test_channel(c->kmd, c->file);
   struct gate g = make_gate(c, chan);
   struct test_bo bo = test_bo(c->kmd, c->file, 65536, VRAM);
   uint32_t first = syncobj(c), second = syncobj(c);
   struct drm_nouveau_vm_bind_op map = {.handle = bo.handle,
                                        .addr = DATA_VA,
                                        .range = 65536};
   assert_int_equal(bind_async(c, &map, 1, g.opened, first), 0);
   map.addr = 2 * DATA_VA;
   assert_int_equal(bind_async(c, &map, 1, 0, second), 0);
   usleep(20000);
   assert_int_equal(poll_syncobj(c, first), -ETIME);
   assert_int_equal(poll_syncobj(c, second), -ETIME);
   pthread_t t;
   pthread_create(&t, NULL, open_soon, g.data.cpu);
   /* One that waits in the call, waits for both. */
   assert_int_equal(
      bind1(c, DRM_NOUVEAU_VM_BIND_OP_MAP, bo.handle, 3 * DATA_VA, 0, 65536),
      0);
   assert_int_equal(poll_syncobj(c, first), 0);
   assert_int_equal(poll_syncobj(c, second), 0);
   pthread_join(t, NULL);
   for (unsigned i = 1; i <= 3; i++)
      assert_int_equal(write_word(c, chan, &g.push, i * DATA_VA + 4 * i, i), 0);
   for (unsigned i = 1; i <= 3; i++)
      assert_int_equal(*word(&bo, i), i);
   test_bo_free(c->kmd, c->file, &bo);
   free_gate(c, &g);
}

/* Takes all of VRAM, with buffers and then with page tables: one 4 KiB page in
 * every 2 MiB, until one is refused, whose address is returned. */
static uint64_t
use_up_vram(struct ctx *c, uint32_t page)
{
   struct test_bo bo;
   for (uint32_t size_B = 1 << 20; size_B >= 4096;)
      if (try_bo(c->kmd, c->file, size_B, NOUVEAU_GEM_DOMAIN_VRAM, 0, &bo))
         size_B /= 2;
   uint64_t va = 1ull << 40;
   int ret;
   while (!(ret = bind1(c, DRM_NOUVEAU_VM_BIND_OP_MAP, page, va, 0, 4096)))
      va += 2 << 20;
   assert_int_equal(ret, -ENOMEM);
   return va;
}

/* Memory for page tables is had, or lacking, in the call: what has been
 * accepted is done later, and what is refused leaves nothing. */
static void
tables_are_reserved(void **state)
{
   struct ctx *c = *state;
   struct ctx other = {.kmd = c->kmd, .file = test_open(c->kmd)};
   assert_int_equal(vm_init(other.kmd, other.file, KERNEL_VA, KERNEL_B), 0);
   int chan = test_channel(c->kmd, c->file);
   struct gate g = make_gate(c, chan);
   struct test_bo bo = test_bo(c->kmd, c->file, 5 << 20, GART);
   struct test_bo page = test_bo(other.kmd, other.file, 4096, GART);
   uint32_t bound = syncobj(c);
   struct drm_nouveau_vm_bind_op map = {.handle = bo.handle,
                                        .addr = 3ull << 37,
                                        .range = 5 << 20};
   assert_int_equal(bind_async(c, &map, 1, g.opened, bound), 0);
   uint64_t refused = use_up_vram(&other, page.handle);
   *word(&g.data, 0) = 1;
   assert_int_equal(wait_syncobj(c, bound), 0);
   for (uint64_t at = 0; at < 5 << 20; at += 1 << 20) {
      assert_int_equal(write_word(c, chan, &g.push, map.addr + at, 9), 0);
      assert_int_equal(*word(&bo, at / 4), 9);
   }
   /* The tree has not kept it: a sparse region could lie there. */
   struct drm_nouveau_vm_bind_op again = {.handle = page.handle,
                                          .addr = refused,
                                          .range = 4096};
   assert_int_equal(bind(&other, 0, &again, 1), -ENOMEM);
   bind1(&other, DRM_NOUVEAU_VM_BIND_OP_UNMAP, 0, 1ull << 40, 0, 64 << 20);
   assert_int_equal(sparse(&other, DRM_NOUVEAU_VM_BIND_OP_MAP, refused, 4096),
                    0);
   test_bo_free(c->kmd, c->file, &bo);
   free_gate(c, &g);
   assert_int_equal(kmd_munmap(c->kmd, page.cpu, 4096), 0);
   kmd_close(other.kmd, other.file);
}

/* A job that does not end takes its channel with it, and nothing else. */
static void
endless_job_is_killed(void **state)
{
   struct kmd_config config;
   kmd_config_from_env(&config);
   config.vram_B = TEST_VRAM_B;
   config.sm_count = 1;
   config.host_threads = 1;
   config.job_timeout_ms = 200;
   struct ctx c;
   assert_int_equal(kmd_create(&config, &c.kmd), 0);
   c.file = test_open(c.kmd);
   assert_int_equal(vm_init(c.kmd, c.file, KERNEL_VA, KERNEL_B), 0);
   int chan = test_channel(c.kmd, c.file), other = test_channel(c.kmd, c.file);
   struct gate g = make_gate(&c, chan);
   uint32_t behind = syncobj(&c);
   prepare_write(&g, 1024, g.data.gpu_va + 4);
   assert_int_equal(exec(&c, chan, &g.push, 1024, 5, 0, behind), 0);
   assert_int_equal(wait_syncobj(&c, behind), 0); /* over, but not done */
   assert_int_equal(*word(&g.data, 1), 0);
   assert_int_equal(exec(&c, chan, &g.push, 1024, 5, 0, 0), -ENODEV);
   /* Short ones may take as long in all as they like. */
   struct test_bo push = mapped_bo(&c, 4096, GART, 3 * USER_VA);
   for (unsigned i = 0; i < 8; i++) {
      usleep(50000);
      assert_int_equal(write_word(&c, other, &push, g.data.gpu_va + 8, i), 0);
   }
   test_bo_free(c.kmd, c.file, &push);
   free_gate(&c, &g);
   kmd_close(c.kmd, c.file);
   kmd_destroy(c.kmd);
}

/* Without pushes a job is over when what was before is. */
static void
empty_exec_signals(void **state)
{
   struct ctx *c = *state;
   int chan = test_channel(c->kmd, c->file);
   struct gate g = make_gate(c, chan);
   uint32_t after = syncobj(c);
   assert_int_equal(exec(c, chan, &g.push, 0, 0, 0, after), 0);
   assert_int_equal(poll_syncobj(c, after), -ETIME);
   *word(&g.data, 0) = 1;
   assert_int_equal(wait_syncobj(c, after), 0);
   free_gate(c, &g);
}

/* The last operation is refused: nothing of the others is done. */
static void
all_operations_or_none(void **state)
{
   struct ctx *c = *state;
   int chan = test_channel(c->kmd, c->file);
   struct test_bo push = mapped_bo(c, 4096, GART, USER_VA);
   struct test_bo bo = mapped_bo(c, 65536, VRAM, DATA_VA);
   struct drm_nouveau_vm_bind_op ops[] = {
      {.op = DRM_NOUVEAU_VM_BIND_OP_UNMAP,
       .addr = DATA_VA + 0x4000,
       .range = 0x1000},
      {.handle = bo.handle, .addr = DATA_VA, .bo_offset = 0x8000, .range = 4096},
      {.flags = DRM_NOUVEAU_VM_BIND_SPARSE,
       .addr = DATA_VA + 0x100000,
       .range = 0x10000},
      {.flags = DRM_NOUVEAU_VM_BIND_SPARSE, .addr = DATA_VA, .range = 0x10000},
   };
   assert_int_equal(bind(c, 0, ops, ARRAY_SIZE(ops)), -ENOSPC);
   assert_int_equal(write_word(c, chan, &push, DATA_VA, 1), 0);
   assert_int_equal(write_word(c, chan, &push, DATA_VA + 0x4000, 2), 0);
   assert_int_equal(*word(&bo, 0), 1);
   assert_int_equal(*word(&bo, 0x1000), 2);
   /* The region does not exist either. */
   ops[2].op = DRM_NOUVEAU_VM_BIND_OP_UNMAP;
   assert_int_equal(bind(c, 0, &ops[2], 1), -ENOENT);
   assert_int_equal(bind(c, 0, ops, 2), 0);
   assert_int_equal(write_word(c, chan, &push, DATA_VA, 3), 0);
   assert_int_equal(*word(&bo, 0x8000 / 4), 3);
   test_bo_free(c->kmd, c->file, &bo);
   test_bo_free(c->kmd, c->file, &push);
}

static void
sparse_swallows(void **state)
{
   struct ctx *c = *state;
   const uint64_t size_B = 5 << 20, start = DATA_VA + (1 << 20);
   int chan = test_channel(c->kmd, c->file);
   struct test_bo push = mapped_bo(c, 4096, GART, USER_VA);
   struct test_bo bo = test_bo(c->kmd, c->file, 65536, VRAM);
   assert_int_equal(sparse(c, DRM_NOUVEAU_VM_BIND_OP_MAP, start, size_B), 0);
   /* Whole 2 MiB, and what is left at both ends. */
   for (uint64_t at = start; at < start + size_B; at += 0x80000)
      assert_int_equal(write_word(c, chan, &push, at, 1), 0);
   /* Something in it, over a border of page tables. */
   uint64_t at = DATA_VA + (2 << 20) - 0x8000;
   assert_int_equal(
      bind1(c, DRM_NOUVEAU_VM_BIND_OP_MAP, bo.handle, at, 0, 65536), 0);
   assert_int_equal(write_word(c, chan, &push, at + 0x9000, 2), 0);
   assert_int_equal(*word(&bo, 0x9000 / 4), 2);
   assert_int_equal(write_word(c, chan, &push, at - 0x1000, 3), 0);
   assert_int_equal(write_word(c, chan, &push, at + 0x10000, 3), 0);
   /* Out again: sparse as before. */
   assert_int_equal(bind1(c, DRM_NOUVEAU_VM_BIND_OP_UNMAP, 0, at, 0, 65536), 0);
   assert_int_equal(write_word(c, chan, &push, at + 0x9000, 4), 0);
   assert_int_equal(*word(&bo, 0x9000 / 4), 2);
   /* The region goes with all that is in it. */
   assert_int_equal(
      bind1(c, DRM_NOUVEAU_VM_BIND_OP_MAP, bo.handle, at, 0, 65536), 0);
   assert_int_equal(sparse(c, DRM_NOUVEAU_VM_BIND_OP_UNMAP, start, size_B), 0);
   write_word(c, chan, &push, at, 5);
   assert_int_equal(*word(&bo, 0), 0);
   assert_int_equal(write_word(c, chan, &push, start, 6), -ENODEV);
   test_bo_free(c->kmd, c->file, &bo);
   test_bo_free(c->kmd, c->file, &push);
}

/* Private buffers have one reservation: all are busy when work runs. A shared
 * one is busy when it is mapped. */
static void
reservations_are_shared(void **state)
{
   struct ctx *c = *state;
   int chan = test_channel(c->kmd, c->file);
   struct test_bo mine =
      test_bo(c->kmd, c->file, 4096, GART | NOUVEAU_GEM_DOMAIN_NO_SHARE);
   struct test_bo mapped = mapped_bo(c, 4096, GART, DATA_VA);
   struct test_bo alone = test_bo(c->kmd, c->file, 4096, GART);
   struct gate g = make_gate(c, chan);
   uint32_t nowait = NOUVEAU_GEM_CPU_PREP_NOWAIT;
   assert_int_equal(cpu_prep(c->kmd, c->file, mine.handle, nowait), -EBUSY);
   assert_int_equal(cpu_prep(c->kmd, c->file, mapped.handle, nowait), -EBUSY);
   assert_int_equal(cpu_prep(c->kmd, c->file, alone.handle, nowait), 0);
   *word(&g.data, 0) = 1;
   assert_int_equal(cpu_prep(c->kmd, c->file, mine.handle, 0), 0);
   assert_int_equal(cpu_prep(c->kmd, c->file, mapped.handle, nowait), 0);
   /* Before VM_INIT there is nothing to share it with. */
   int f = test_open(c->kmd);
   struct test_bo none;
   assert_int_equal(
      try_bo(c->kmd, f, 4096, GART | NOUVEAU_GEM_DOMAIN_NO_SHARE, 0, &none),
      -EINVAL);
   kmd_close(c->kmd, f);
   test_bo_free(c->kmd, c->file, &mine);
   test_bo_free(c->kmd, c->file, &mapped);
   test_bo_free(c->kmd, c->file, &alone);
   free_gate(c, &g);
}

/* --- More than VRAM ------------------------------------------------------ */

#define BIG_B     (16ull << 20)
#define BIG_COUNT 8

static uint32_t
domain_of(struct ctx *c, uint32_t handle)
{
   struct drm_nouveau_gem_info a = {.handle = handle};
   assert_int_equal(kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_GEM_INFO, &a),
                    0);
   return a.domain;
}

static unsigned
count_in_vram(struct ctx *c, const struct test_bo *bo)
{
   unsigned n = 0;
   for (unsigned i = 0; i < BIG_COUNT; i++)
      n +=
         bo[i].handle && domain_of(c, bo[i].handle) == NOUVEAU_GEM_DOMAIN_VRAM;
   return n;
}

static void
expect_words(struct ctx *c, struct test_bo *bo, unsigned i, unsigned n)
{
   bo->cpu = kmd_mmap(c->kmd, NULL, BIG_B, PROT_READ | PROT_WRITE, MAP_SHARED,
                      c->file, bo->map_handle);
   assert_ptr_not_equal(bo->cpu, MAP_FAILED);
   for (unsigned k = 0; k < n; k++)
      assert_int_equal(*word(bo, (k * 5 << 20) / 4), 100 * i + k);
   test_bo_free(c->kmd, c->file, bo);
   bo->handle = 0;
}

/* Twice as much as there is: what has not been used lately goes to system
 * memory, with its bytes, and comes back when there is room. */
static void
buffers_make_room(void **state)
{
   struct ctx *c = *state;
   int chan = test_channel(c->kmd, c->file);
   struct test_bo push = mapped_bo(c, 4096, GART, USER_VA), bo[BIG_COUNT];
   for (unsigned i = 0; i < BIG_COUNT; i++) {
      uint64_t va = DATA_VA + i * BIG_B;
      assert_int_equal(
         try_bo(c->kmd, c->file, BIG_B,
                NOUVEAU_GEM_DOMAIN_VRAM | NOUVEAU_GEM_DOMAIN_NO_SHARE, 0,
                &bo[i]),
         0);
      assert_int_equal(
         bind1(c, DRM_NOUVEAU_VM_BIND_OP_MAP, bo[i].handle, va, 0, BIG_B), 0);
      assert_int_equal(write_word(c, chan, &push, va, 100 * i), 0);
   }
   assert_in_range(count_in_vram(c, bo), 1, 3);
   /* The card uses them where they are. */
   for (unsigned i = 0; i < BIG_COUNT; i++)
      assert_int_equal(write_word(c, chan, &push,
                                  DATA_VA + i * BIG_B + (5 << 20), 100 * i + 1),
                       0);
   /* Half of them go; the others move back at the next submission. */
   for (unsigned i = 1; i < BIG_COUNT; i += 2) {
      bind1(c, DRM_NOUVEAU_VM_BIND_OP_UNMAP, 0, DATA_VA + i * BIG_B, 0, BIG_B);
      expect_words(c, &bo[i], i, 2);
   }
   for (unsigned i = 0; i < BIG_COUNT; i += 2)
      assert_int_equal(
         write_word(c, chan, &push, DATA_VA + i * BIG_B + (10 << 20),
                    100 * i + 2),
         0);
   assert_int_equal(count_in_vram(c, bo), 3);
   for (unsigned i = 0; i < BIG_COUNT; i += 2)
      expect_words(c, &bo[i], i, 3);
   test_bo_free(c->kmd, c->file, &push);
}

/* Who is in use, or mapped by the CPU, or shared, stays. */
static void
some_buffers_stay(void **state)
{
   struct ctx *c = *state;
   int chan = test_channel(c->kmd, c->file);
   const uint32_t priv = VRAM | NOUVEAU_GEM_DOMAIN_NO_SHARE;
   struct gate g = make_gate(c, chan);
   struct test_bo mapped = test_bo(c->kmd, c->file, BIG_B, priv), busy, shared,
                  more;
   assert_int_equal(try_bo(c->kmd, c->file, BIG_B, priv, 0, &busy), 0);
   assert_int_equal(try_bo(c->kmd, c->file, BIG_B, VRAM, 0, &shared), 0);
   assert_int_equal(try_bo(c->kmd, c->file, BIG_B, priv, 0, &more), -ENOMEM);
   *word(&g.data, 0) = 1;
   assert_int_equal(wait_syncobj(c, g.opened), 0);
   assert_int_equal(try_bo(c->kmd, c->file, BIG_B, priv, 0, &more), 0);
   assert_int_equal(domain_of(c, mapped.handle), NOUVEAU_GEM_DOMAIN_VRAM);
   assert_int_equal(domain_of(c, shared.handle), NOUVEAU_GEM_DOMAIN_VRAM);
   assert_int_equal(domain_of(c, busy.handle), NOUVEAU_GEM_DOMAIN_GART);
   test_bo_free(c->kmd, c->file, &mapped);
   gem_close(c->kmd, c->file, busy.handle);
   gem_close(c->kmd, c->file, shared.handle);
   gem_close(c->kmd, c->file, more.handle);
   free_gate(c, &g);
}

/* --- Random -------------------------------------------------------------- */

#define PAGE     4096u
#define PAGES    48
#define BUFFERS  3
#define BUF_PG   24
#define NOWHERE  (-1)
#define SWALLOWS (-2)

struct model {
   int page[PAGES]; /* buffer * BUF_PG + page, or one of the above */
   bool sparse[PAGES];
};

static unsigned
next(unsigned *s)
{
   *s = *s * 1664525 + 1013904223;
   return *s >> 8;
}

static struct drm_nouveau_vm_bind_op
random_op(struct model *m, const struct test_bo *bo, unsigned *seed)
{
   unsigned first = next(seed) % PAGES;
   unsigned n = next(seed) % MIN2(PAGES - first, 10) + 1;
   unsigned b = next(seed) % BUFFERS, page = next(seed) % (BUF_PG - n + 1);
   bool map = next(seed) % 3;
   struct drm_nouveau_vm_bind_op op = {
      .op = map ? DRM_NOUVEAU_VM_BIND_OP_MAP : DRM_NOUVEAU_VM_BIND_OP_UNMAP,
      .handle = map ? bo[b].handle : 0,
      .addr = DATA_VA + first * PAGE,
      .bo_offset = map ? page * PAGE : 0,
      .range = n * PAGE,
   };
   bool all = true, any = false;
   for (unsigned i = first; i < first + n; i++) {
      all &= m->sparse[i];
      any |= m->sparse[i];
   }
   if (map && any && !all) /* would straddle the region */
      op.op = DRM_NOUVEAU_VM_BIND_OP_UNMAP, op.bo_offset = 0, map = false;
   for (unsigned i = first; i < first + n; i++)
      m->page[i] = map            ? (int)(b * BUF_PG + page + i - first)
                   : m->sparse[i] ? SWALLOWS
                                  : NOWHERE;
   return op;
}

static void
random_against_model(void **state)
{
   struct ctx *c = *state;
   unsigned seed = test_seed();
   int chan = test_channel(c->kmd, c->file);
   struct test_bo push = mapped_bo(c, 4096, GART, USER_VA), bo[BUFFERS];
   for (unsigned b = 0; b < BUFFERS; b++)
      bo[b] = test_bo(
         c->kmd, c->file, BUF_PG * PAGE,
         (b == 1 ? GART : VRAM) | (b == 2 ? NOUVEAU_GEM_DOMAIN_NO_SHARE : 0));
   struct model m;
   for (unsigned i = 0; i < PAGES; i++) {
      m.sparse[i] = i >= 8 && i < 30;
      m.page[i] = m.sparse[i] ? SWALLOWS : NOWHERE;
   }
   assert_int_equal(
      sparse(c, DRM_NOUVEAU_VM_BIND_OP_MAP, DATA_VA + 8 * PAGE, 22 * PAGE), 0);
   for (unsigned step = 1; step <= 400; step++) {
      struct drm_nouveau_vm_bind_op ops[4];
      unsigned n = next(&seed) % ARRAY_SIZE(ops) + 1;
      for (unsigned i = 0; i < n; i++)
         ops[i] = random_op(&m, bo, &seed);
      assert_int_equal(
         next(&seed) % 2 ? bind(c, 0, ops, n) : bind_async(c, ops, n, 0, 0), 0);
      /* Where would the card's word go? A place that kills it is left out. */
      unsigned i = next(&seed) % PAGES;
      if (m.page[i] == NOWHERE)
         continue;
      assert_int_equal(
         write_word(c, chan, &push, DATA_VA + i * PAGE + 16, step), 0);
      unsigned found = 0;
      for (int p = 0; p < BUFFERS * BUF_PG; p++) {
         uint32_t seen = *word(&bo[p / BUF_PG], (p % BUF_PG * PAGE + 16) / 4);
         if (seen == step) {
            found++;
            assert_int_equal(p, m.page[i]);
         }
      }
      assert_int_equal(found, m.page[i] >= 0);
   }
   for (unsigned b = 0; b < BUFFERS; b++)
      test_bo_free(c->kmd, c->file, &bo[b]);
   test_bo_free(c->kmd, c->file, &push);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      TEST(jobs_wait_behind_the_call),
      TEST(meeting_ranges_keep_order),
      TEST(binds_keep_their_order),
      TEST(empty_exec_signals),
      cmocka_unit_test(endless_job_is_killed),
      TEST(tables_are_reserved),
      TEST(all_operations_or_none),
      TEST(sparse_swallows),
      TEST(reservations_are_shared),
      TEST(buffers_make_room),
      TEST(some_buffers_stay),
      TEST(random_against_model),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
