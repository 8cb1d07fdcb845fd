/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Every row of the error tables (kernel.md §1.2–1.9), with KMD_COMPAT=better
 * and =upstream. */
#include "kmd_test.h"

#include "util/test/test_random.h"

struct ctx {
   struct kmd *kmd;
   int file;
   bool better;
};

static int
setup(void **state, enum kmd_compat compat)
{
   struct ctx *c = calloc(1, sizeof(*c));
   c->kmd = test_card(compat, 0);
   c->file = test_open(c->kmd);
   c->better = compat == KMD_COMPAT_BETTER;
   *state = c;
   return 0;
}

static int
setup_better(void **state)
{
   return setup(state, KMD_COMPAT_BETTER);
}

static int
setup_upstream(void **state)
{
   return setup(state, KMD_COMPAT_UPSTREAM);
}

static int
teardown(void **state)
{
   struct ctx *c = *state;
   assert_int_equal(kmd_close(c->kmd, c->file), 0);
   kmd_destroy(c->kmd);
   free(c);
   return 0;
}

#define CALL(c, name, arg)                                                     \
   kmd_ioctl((c)->kmd, (c)->file, DRM_IOCTL_NOUVEAU_##name, arg)

static void
getparam(void **state)
{
   struct ctx *c = *state;
   static const struct {
      uint64_t id, value;
   } fixed[] = {{3, 0x10de}, {4, 0x1b80},       {5, 2},
                {11, 0x134}, {12, 0},           {15, 1},
                {16, 1},     {18, TEST_VRAM_B}, {20, 1}};
   for (unsigned i = 0; i < ARRAY_SIZE(fixed); i++)
      assert_int_equal(get_param(c->kmd, c->file, fixed[i].id), fixed[i].value);
   uint64_t fb = get_param(c->kmd, c->file, NOUVEAU_GETPARAM_FB_SIZE);
   assert_true(fb > TEST_VRAM_B / 2 && fb < TEST_VRAM_B);
   assert_true(get_param(c->kmd, c->file, NOUVEAU_GETPARAM_AGP_SIZE) >=
               256 << 20);
   uint64_t units = get_param(c->kmd, c->file, NOUVEAU_GETPARAM_GRAPH_UNITS);
   assert_int_equal(units >> 8 & 0xffffff, 2); /* SMs of the test card */
   uint64_t t0 = get_param(c->kmd, c->file, NOUVEAU_GETPARAM_PTIMER_TIME);
   usleep(2000);
   uint64_t t1 = get_param(c->kmd, c->file, NOUVEAU_GETPARAM_PTIMER_TIME);
   assert_true(t1 - t0 >= 2000000 && t1 - t0 < 60000000000ull);
   for (uint64_t id = 0; id < 64; id++) {
      struct drm_nouveau_getparam a = {.param = id};
      bool known =
         (id >= 3 && id <= 5) || id == 8 || id == 9 || (id >= 11 && id <= 20);
      assert_int_equal(CALL(c, GETPARAM, &a), known ? 0 : -EINVAL);
   }
}

static void
unknown_calls(void **state)
{
   struct ctx *c = *state;
   char arg[256] = {0};
   static const uint8_t unknown[] = {0x0a, 0x0f, 0x13, 0x20, 0x3f,
                                     0x45, 0x4f, 0x52, 0x5f};
   for (unsigned i = 0; i < ARRAY_SIZE(unknown); i++)
      assert_int_equal(
         kmd_ioctl(c->kmd, c->file, DRM_IOWR(0x40 + unknown[i], uint64_t), arg),
         -EINVAL);
   /* Ours are unknown to Linux. */
   struct drm_nouveau_channel_error e = {.channel = 5};
   assert_int_equal(CALL(c, CHANNEL_ERROR, &e), c->better ? -ENOENT : -EINVAL);
   struct drm_nouveau_svm_events ev = {0};
   assert_int_equal(CALL(c, SVM_EVENTS, &ev), -EINVAL); /* no SVM here */
   uint64_t none = 0;
   assert_int_equal(kmd_ioctl(c->kmd, c->file, DRM_IOWR(0x41, uint64_t), &none),
                    -EINVAL);
   assert_int_equal(kmd_ioctl(c->kmd, 1000, DRM_IOCTL_NOUVEAU_GETPARAM, arg),
                    -EBADF);
   assert_int_equal(kmd_close(c->kmd, 1000), -EBADF);
   assert_int_equal(
      kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_GETPARAM, (void *)16),
      -EFAULT);
}

static void
version(void **state)
{
   struct ctx *c = *state;
   char name[16] = "";
   struct drm_version v = {.name = name, .name_len = sizeof(name)};
   assert_int_equal(kmd_ioctl(c->kmd, c->file, DRM_IOCTL_VERSION, &v), 0);
   assert_string_equal(name, "nouveau");
   assert_int_equal(
      v.version_major << 16 | v.version_minor << 8 | v.version_patchlevel,
      0x010400);
}

/* §1.3 */
static void
channels(void **state)
{
   struct ctx *c = *state;
   static const struct {
      uint32_t fb, tt;
      int ret;
   } rows[] = {
      {~0u, NOUVEAU_FIFO_ENGINE_GR, 0},
      {~0u, NOUVEAU_FIFO_ENGINE_CE, 0},
      {0xbeef0201, 0xbeef0202, 0},
      {0, 0, 0},
      {0, ~0u, -EINVAL},
      {~0u, NOUVEAU_FIFO_ENGINE_VP, -EINVAL},
      {~0u, NOUVEAU_FIFO_ENGINE_BSP, -EINVAL},
      {~0u, NOUVEAU_FIFO_ENGINE_PPP, -EINVAL},
      {~0u, 0, -ENOSYS},
      {~0u, 0x31, -ENOSYS},
      {~0u, ~0u, -ENOSYS},
   };
   int id;
   for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
      assert_int_equal(
         try_channel(c->kmd, c->file, rows[i].fb, rows[i].tt, &id),
         rows[i].ret);
      if (rows[i].ret == 0) {
         assert_int_equal(id, 0); /* the lowest free */
         assert_int_equal(channel_free(c->kmd, c->file, id), 0);
      }
   }
   assert_int_equal(channel_free(c->kmd, c->file, 0), -ENOENT);
   assert_int_equal(channel_free(c->kmd, c->file, -1), -ENOENT);
   int a = test_channel(c->kmd, c->file), b = test_channel(c->kmd, c->file);
   assert_int_equal(a, 0);
   assert_int_equal(b, 1);
   /* The notifier is a buffer of this file. */
   struct drm_nouveau_channel_alloc alloc = {~0u, NOUVEAU_FIFO_ENGINE_GR};
   assert_int_equal(CALL(c, CHANNEL_ALLOC, &alloc), 0);
   assert_int_equal(alloc.pushbuf_domains,
                    NOUVEAU_GEM_DOMAIN_VRAM | NOUVEAU_GEM_DOMAIN_GART);
   struct drm_nouveau_gem_info info = {.handle = alloc.notifier_handle};
   assert_int_equal(CALL(c, GEM_INFO, &info), 0);
   assert_int_equal(info.size, 4096);
   struct drm_nouveau_channel_error e = {.channel = a};
   assert_int_equal(CALL(c, CHANNEL_ERROR, &e), c->better ? -ENODATA : -EINVAL);
}

static void
objects(void **state)
{
   struct ctx *c = *state;
   int id = test_channel(c->kmd, c->file);
   static const struct {
      int channel, handle, oclass, ret;
   } rows[] = {
      {0, 1, 0xc1c0, 0},       {0, 1, 0xc1b5, -EEXIST},
      {0, 2, 0xc1b5, 0},       {0, 3, 0xa140, 0},
      {0, 4, 0x902d, 0},       {0, 5, 0xc197, 0},
      {0, 6, 0x906e, 0},       {0, 7, 0xc0c0, -EINVAL},
      {0, 7, 0x1234, -EINVAL}, {0, -1, 0xc1c0, -EINVAL},
      {9, 8, 0xc1c0, -ENOENT}, {-1, 8, 0xc1c0, -ENOENT},
   };
   for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
      struct drm_nouveau_grobj_alloc a = {rows[i].channel, rows[i].handle,
                                          rows[i].oclass};
      assert_int_equal(CALL(c, GROBJ_ALLOC, &a), rows[i].ret);
   }
   struct drm_nouveau_gpuobj_free f = {id, 2};
   assert_int_equal(CALL(c, GPUOBJ_FREE, &f), 0);
   assert_int_equal(CALL(c, GPUOBJ_FREE, &f), -ENOENT);
   f.channel = 9;
   assert_int_equal(CALL(c, GPUOBJ_FREE, &f), -EINVAL);
   struct drm_nouveau_notifierobj_alloc n = {.channel = id, .size = 32};
   assert_int_equal(CALL(c, NOTIFIEROBJ_ALLOC, &n), -EINVAL);
   struct drm_nouveau_getparam p = {0};
   assert_int_equal(
      kmd_ioctl(c->kmd, c->file,
                DRM_NOUVEAU_IOWR(1, struct drm_nouveau_getparam), &p),
      -EINVAL);
}

/* §1.4 */
struct nvif_buf {
   struct nvif_ioctl_v0 head;
   union {
      struct {
         struct nvif_ioctl_new_v0 new;
         struct nv_device_v0 device;
      };
      struct {
         struct nvif_ioctl_mthd_v0 mthd;
         struct nv_device_info_v0 info;
      };
      struct {
         struct nvif_ioctl_sclass_v0 sclass;
         struct nvif_ioctl_sclass_oclass_v0 oclass[8];
      };
   };
};

static int
nvif(struct ctx *c, struct nvif_buf *b, size_t payload_B)
{
   return kmd_ioctl(c->kmd, c->file,
                    DRM_IOCTL_NOUVEAU_NVIF(sizeof(b->head) + payload_B), b);
}

static void
nvif_device(void **state)
{
   struct ctx *c = *state;
   struct nvif_buf b = {.head = {.type = NVIF_IOCTL_V0_NEW, .owner = 0xff}};
   b.new.oclass = NVIF_CLASS_NV_DEVICE;
   b.device.device = ~0ull;
   assert_int_equal(nvif(c, &b, sizeof(b.new) + sizeof(b.device)), 0);
   b.new.oclass = 0xc1c0;
   assert_int_equal(nvif(c, &b, sizeof(b.new)), -EINVAL);
   b = (struct nvif_buf){.head = {.type = NVIF_IOCTL_V0_MTHD, .owner = 7}};
   assert_int_equal(nvif(c, &b, sizeof(b.mthd) + sizeof(b.info)), 0);
   assert_int_equal(b.info.chipset, 0x134);
   assert_int_equal(b.info.family, NV_DEVICE_INFO_V0_PASCAL);
   assert_int_equal(b.info.ram_size, TEST_VRAM_B);
   assert_string_equal(b.info.chip, "GP104");
   b.mthd.method = 1;
   assert_int_equal(nvif(c, &b, sizeof(b.mthd) + sizeof(b.info)), -EINVAL);
   /* Verbs and versions that are not there. */
   for (unsigned type = 0; type < 32; type++) {
      bool exists = type >= 1 && type <= 4;
      b = (struct nvif_buf){.head = {.type = type}};
      int ret = nvif(c, &b, 0);
      assert_int_equal(ret, exists && type == 3 ? 0 : -EINVAL);
   }
   b = (struct nvif_buf){.head = {.version = 1, .type = 3}};
   assert_int_equal(nvif(c, &b, 0), -EINVAL);
   b = (struct nvif_buf){.head = {.type = 3, .route = 1}};
   assert_int_equal(nvif(c, &b, 0), -EINVAL);
   assert_int_equal(kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_NVIF(23), &b),
                    -EINVAL);
   assert_int_equal(
      kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_NVIF(24), (void *)8),
      -EFAULT);
}

static void
nvif_objects(void **state)
{
   struct ctx *c = *state;
   int id = test_channel(c->kmd, c->file);
   const struct nvif_ioctl_v0 on_channel = {.route = NVIF_IOCTL_V0_ROUTE_CHAN,
                                            .token = id};
   struct nvif_buf b = {.head = on_channel};
   b.head.type = NVIF_IOCTL_V0_NEW;
   b.head.object = 0x1234567; /* garbage of a client: not looked at */
   b.new.object = 77;
   b.new.handle = 0xbeef00c0;
   b.new.oclass = 0xc1c0;
   assert_int_equal(nvif(c, &b, sizeof(b.new)), 0);
   assert_int_equal(nvif(c, &b, sizeof(b.new)), -EEXIST);
   b.new.handle = 1;
   b.new.oclass = -7; /* software methods, as libdrm asks for them */
   assert_int_equal(nvif(c, &b, sizeof(b.new)), 0);
   b.new.oclass = 0x1111;
   assert_int_equal(nvif(c, &b, sizeof(b.new)), -EINVAL);
   b.head.token = 55;
   assert_int_equal(nvif(c, &b, sizeof(b.new)), -EINVAL);
   struct nvif_buf d = {.head = on_channel};
   d.head.type = NVIF_IOCTL_V0_DEL;
   d.head.object = 77;
   assert_int_equal(nvif(c, &d, 0), 0);
   assert_int_equal(nvif(c, &d, 0), 0); /* also what is not there */
   /* Classes: count can exceed the room. */
   struct nvif_buf s = {.head = on_channel};
   s.head.type = NVIF_IOCTL_V0_SCLASS;
   assert_int_equal(nvif(c, &s, sizeof(s.sclass)), 0);
   assert_int_equal(s.sclass.count, 5);
   s.sclass.count = 2;
   assert_int_equal(nvif(c, &s, sizeof(s.sclass) + 16), 0);
   assert_int_equal(s.sclass.count, 5);
   assert_int_equal(s.oclass[0].oclass, 0xc1b5);
   s.sclass.count = 3;
   assert_int_equal(nvif(c, &s, sizeof(s.sclass) + 16), -EINVAL);
   s.head.token = 99;
   s.sclass.count = 0;
   assert_int_equal(nvif(c, &s, sizeof(s.sclass)), -EINVAL);
}

/* §1.5 */
static void
gem(void **state)
{
   struct ctx *c = *state;
   struct test_bo bo;
   assert_int_equal(try_bo(c->kmd, c->file, 0, VRAM, 0, &bo), -EINVAL);
   struct drm_nouveau_gem_new bad_kind = {
      .info = {.size = 4096, .domain = VRAM, .tile_flags = 0xff00}};
   assert_int_equal(CALL(c, GEM_NEW, &bad_kind), -EINVAL);
   assert_int_equal(
      try_bo(c->kmd, c->file, 4096, VRAM | NOUVEAU_GEM_DOMAIN_NO_SHARE, 0, &bo),
      -EINVAL);
   assert_int_equal(try_bo(c->kmd, c->file, 1ull << 60, VRAM, 0, &bo), -ENOMEM);
   assert_int_equal(try_bo(c->kmd, c->file, ~0ull, VRAM, 0, &bo), -ENOMEM);
   assert_int_equal(try_bo(c->kmd, c->file, TEST_VRAM_B, VRAM, 0, &bo),
                    -ENOMEM);
   assert_int_equal(try_bo(c->kmd, c->file, 5000, GART, 1 << 17, &bo), 0);
   assert_int_equal(bo.size_B, 8192);
   assert_int_equal(bo.gpu_va % (1 << 17), 0);
   assert_true(bo.gpu_va != 0 && bo.gpu_va < 1ull << 40);
   struct drm_nouveau_gem_info info = {.handle = bo.handle};
   assert_int_equal(CALL(c, GEM_INFO, &info), 0);
   assert_int_equal(info.offset, bo.gpu_va);
   assert_int_equal(info.map_handle, bo.map_handle);
   assert_int_equal(info.domain, NOUVEAU_GEM_DOMAIN_GART);
   assert_int_equal(cpu_prep(c->kmd, c->file, bo.handle, 0), 0);
   struct drm_nouveau_gem_cpu_fini fini = {bo.handle};
   assert_int_equal(CALL(c, GEM_CPU_FINI, &fini), 0);
   assert_int_equal(gem_close(c->kmd, c->file, bo.handle), 0);
   assert_int_equal(gem_close(c->kmd, c->file, bo.handle), -EINVAL);
   assert_int_equal(CALL(c, GEM_INFO, &info), -ENOENT);
   assert_int_equal(CALL(c, GEM_CPU_FINI, &fini), -ENOENT);
   assert_int_equal(cpu_prep(c->kmd, c->file, bo.handle, 0), -ENOENT);
}

/* §1.6 */
static int
push_with(struct ctx *c, struct drm_nouveau_gem_pushbuf a)
{
   return CALL(c, GEM_PUSHBUF, &a);
}

static void
pushbuf(void **state)
{
   struct ctx *c = *state;
   int id = test_channel(c->kmd, c->file);
   struct test_bo bo = test_bo(c->kmd, c->file, 4096, GART);
   struct drm_nouveau_gem_pushbuf_bo good = {
      .handle = bo.handle,
      .read_domains = NOUVEAU_GEM_DOMAIN_GART,
      .valid_domains = NOUVEAU_GEM_DOMAIN_GART};
   struct drm_nouveau_gem_pushbuf_bo list[2] = {good, good};
   struct drm_nouveau_gem_pushbuf_push p = {.length = 8}; /* two NOPs */
   const struct drm_nouveau_gem_pushbuf base = {.channel = id,
                                                .nr_buffers = 1,
                                                .buffers = (uintptr_t)list,
                                                .nr_push = 1,
                                                .push = (uintptr_t)&p};
   struct drm_nouveau_gem_pushbuf a = base;
   assert_int_equal(push_with(c, a), 0);
   /* nr_push 0 asks for what is available. */
   a.nr_push = 0;
   a.suffix0 = a.suffix1 = 7;
   assert_int_equal(CALL(c, GEM_PUSHBUF, &a), 0);
   assert_int_equal(a.suffix0 | a.suffix1, 0);
   assert_true(a.vram_available > 0 && a.gart_available > 0);
#define EXPECT(ret, change)                                                    \
   do {                                                                        \
      a = base;                                                                \
      list[0] = list[1] = good;                                                \
      p = (struct drm_nouveau_gem_pushbuf_push){.length = 8};                  \
      change;                                                                  \
      assert_int_equal(push_with(c, a), ret);                                  \
   } while (0)
   EXPECT(-ENOENT, a.channel = 42);
   EXPECT(-EINVAL, a.nr_push = 513);
   EXPECT(-EINVAL, a.nr_buffers = 1025);
   EXPECT(-EINVAL, a.nr_relocs = 1025);
   EXPECT(-EINVAL, p.bo_index = 1);
   EXPECT(-EINVAL, a.nr_buffers = 2); /* the same twice */
   EXPECT(-EINVAL, list[0].valid_domains = NOUVEAU_GEM_DOMAIN_VRAM);
   EXPECT(-EINVAL, list[0].read_domains = 0);
   EXPECT(-ENOENT, list[0].handle = 1234);
   EXPECT(-EFAULT, a.push = 16);
   EXPECT(-EFAULT, a.buffers = 16);
   EXPECT(0, p.length = 8 | NOUVEAU_GEM_PUSHBUF_NO_PREFETCH);
   EXPECT(0, a.vram_available = NOUVEAU_GEM_PUSHBUF_SYNC);
   if (c->better) {
      EXPECT(-EINVAL, p.offset = 4096);
      EXPECT(-EINVAL, p.offset = ~0ull - 3);
      EXPECT(-EINVAL, p.length = 4100);
   }
#undef EXPECT
   test_bo_free(c->kmd, c->file, &bo);
}

/* §1.8, §1.9 */
#define HOLE_B (1ull << 30)

static int
svm_bind(struct ctx *c, struct drm_nouveau_svm_bind a)
{
   int ret = CALL(c, SVM_BIND, &a);
   if (!ret && !c->better)
      assert_int_equal(a.result, 0);
   return ret;
}

static void
svm(void **state)
{
   struct ctx *c = *state;
   uint64_t page = 4096;
   char *mem = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   const struct drm_nouveau_svm_bind base = {
      .header = NOUVEAU_SVM_BIND_TARGET__GPU_VRAM
                << NOUVEAU_SVM_BIND_TARGET_SHIFT,
      .va_start = (uintptr_t)mem,
      .va_end = (uintptr_t)mem + 4 * page};
   assert_int_equal(svm_bind(c, base), -EINVAL); /* before SVM_INIT */
   struct test_bo early;
   assert_int_equal(try_bo(c->kmd, c->file, 4096, GART, 0, &early), 0);
   uint64_t hole = test_hole(HOLE_B);
   assert_int_not_equal(hole, 0);
   assert_int_equal(svm_init(c->kmd, c->file, ~0ull - 4095, 8192), -EINVAL);
   assert_int_equal(svm_init(c->kmd, c->file, 1ull << 49, 4096), -EINVAL);
   if (c->better) {
      assert_int_equal(svm_init(c->kmd, c->file, hole + 1, HOLE_B), -EINVAL);
      assert_int_equal(svm_init(c->kmd, c->file, hole, 0), -EINVAL);
      assert_int_equal(svm_init(c->kmd, c->file, (uintptr_t)mem, 4 * page),
                       -EINVAL);
   }
   assert_int_equal(svm_init(c->kmd, c->file, hole, HOLE_B), 0);
   assert_int_equal(svm_init(c->kmd, c->file, hole, HOLE_B), -EBUSY);
   assert_int_equal(svm_init(c->kmd, c->file, ~0ull, HOLE_B), -EBUSY);

   /* Buffers live in the hole; earlier ones are not there any more. */
   struct test_bo bo = test_bo(c->kmd, c->file, 3 << 20, VRAM);
   assert_true(bo.gpu_va >= hole && bo.gpu_va + bo.size_B <= hole + HOLE_B);
   struct drm_nouveau_gem_info info = {.handle = early.handle};
   assert_int_equal(CALL(c, GEM_INFO, &info), -EINVAL);
   assert_int_equal(gem_close(c->kmd, c->file, early.handle), 0);
   test_bo_free(c->kmd, c->file, &bo);

   struct drm_nouveau_svm_bind a;
#define EXPECT(ret, change)                                                    \
   do {                                                                        \
      a = base;                                                                \
      change;                                                                  \
      assert_int_equal(svm_bind(c, a), ret);                                   \
   } while (0)
   EXPECT(0, (void)0);
   EXPECT(-EINVAL, a.reserved0 = 1);
   EXPECT(-EINVAL, a.reserved1 = 1);
   EXPECT(-EINVAL, a.header |= 1ull << 48);
   EXPECT(-EINVAL, a.header |= 1ull << 63);
   EXPECT(-EINVAL, a.va_end = a.va_start);
   EXPECT(-EINVAL, a.va_end = a.va_start - page);
   EXPECT(0, a.va_end = a.va_start + 1);
   EXPECT(-EINVAL, a.header |= 4); /* command */
   EXPECT(c->better ? 0 : -EINVAL, a.header |= 1);
   EXPECT(0, a.header |= 0xff00); /* priority: parsed by nobody */
   EXPECT(-EINVAL, a.header = 1ull << NOUVEAU_SVM_BIND_TARGET_SHIFT);
   EXPECT(c->better ? 0 : -EINVAL, a.header = 0); /* to the CPU */
   EXPECT(-EINVAL, a.stride = 1);
   EXPECT(0, a.npages = 12345);
   EXPECT(0, a.va_end = a.va_start + (1ull << 40)); /* holes are skipped */
   EXPECT(0, (a.va_start = hole, a.va_end = hole + page));
#undef EXPECT
   munmap(mem, 4 * page);
   munmap((void *)(uintptr_t)hole, HOLE_B);
}

static void
events_are_ours(void **state)
{
   struct ctx *c = *state;
   uint64_t hole = test_hole(HOLE_B);
   assert_int_equal(svm_init(c->kmd, c->file, hole, HOLE_B), 0);
   struct drm_nouveau_svm_event list[4];
   struct drm_nouveau_svm_events ev = {.events = (uintptr_t)list, .count = 4};
   assert_int_equal(CALL(c, SVM_EVENTS, &ev), c->better ? 0 : -EINVAL);
   if (c->better) {
      assert_int_equal(ev.count, 0);
      assert_int_equal(ev.lost, 0);
   }
   munmap((void *)(uintptr_t)hole, HOLE_B);
}

static void
svm_absent(void **state)
{
   struct kmd *kmd = test_card(KMD_COMPAT_BETTER, KMD_DEBUG_NOSVM);
   int file = test_open(kmd);
   assert_int_equal(svm_init(kmd, file, 1ull << 33, HOLE_B), -ENOSYS);
   assert_int_equal(svm_init(kmd, file, ~0ull, HOLE_B), -ENOSYS);
   kmd_close(kmd, file);
   kmd_destroy(kmd);
}

/* Arguments of noise: any answer, no crash, and the card still works. */
static void
noise(void **state)
{
   struct ctx *c = *state;
   unsigned seed = test_seed();
   srandom(seed);
   int id = test_channel(c->kmd, c->file);
   struct test_bo bo = test_bo(c->kmd, c->file, 4096, GART);
   for (unsigned i = 0; i < 3000; i++) {
      uint64_t arg[16];
      for (unsigned k = 0; k < 16; k++) {
         static const uint64_t odd[] = {0, 1, ~0ull, 1ull << 63, 4095};
         arg[k] = random() % 2 ? odd[random() % 5]
                               : (uint64_t)random() << 32 | random();
         if (random() % 4 == 0)
            arg[k] = (uintptr_t)bo.cpu;
      }
      unsigned nr = 0x40 + random() % 0x60;
      /* Waits and big allocations are not what we want to see. */
      if (nr == 0x40 + DRM_NOUVEAU_GEM_NEW ||
          nr == 0x40 + DRM_NOUVEAU_SVM_INIT || nr == 0x40 + DRM_NOUVEAU_VM_INIT)
         continue;
      kmd_ioctl(c->kmd, c->file,
                _IOC(_IOC_READ | _IOC_WRITE, 'd', nr, random() % 128), arg);
   }
   /* A push buffer of good shape with broken fields. */
   for (unsigned i = 0; i < 3000; i++) {
      struct drm_nouveau_gem_pushbuf_bo list = {
         .handle = random() % 3 ? bo.handle : (uint32_t)random(),
         .read_domains = random() % 64,
         .write_domains = random() % 64,
         .valid_domains = random() % 64};
      struct drm_nouveau_gem_pushbuf_push p = {
         .bo_index = random() % 8 ? 0 : random(),
         .offset = random() % 2 ? 8192 : ~0ull - random() % 4096,
         .length = random() % 2 ? 8 : (uint64_t)random() << 8};
      struct drm_nouveau_gem_pushbuf a = {
         .channel = random() % 4 ? (uint32_t)id : (uint32_t)random(),
         .nr_buffers = random() % 4 ? 1 : random() % 1100,
         .buffers = random() % 8 ? (uintptr_t)&list : (uintptr_t)random(),
         .nr_push = random() % 4 ? 1 : random() % 600,
         .push = random() % 8 ? (uintptr_t)&p : (uintptr_t)random()};
      if (c->better || a.nr_push == 0)
         CALL(c, GEM_PUSHBUF, &a);
   }
   int other = test_open(c->kmd);
   int chan = test_channel(c->kmd, other);
   struct test_bo fine = test_bo(c->kmd, other, 4096, GART);
   assert_int_equal(test_push(c->kmd, other, chan, &fine, 8, NULL, 0, true), 0);
   assert_int_equal(cpu_prep(c->kmd, other, fine.handle, 0), 0);
   test_bo_free(c->kmd, other, &fine);
   assert_int_equal(kmd_close(c->kmd, other), 0);
   kmd_munmap(c->kmd, bo.cpu, bo.size_B);
}

#define BOTH(fn)                                                               \
   cmocka_unit_test_setup_teardown(fn, setup_better, teardown),                \
      cmocka_unit_test_setup_teardown(fn, setup_upstream, teardown)

int
main(void)
{
   const struct CMUnitTest tests[] = {
      BOTH(getparam),        BOTH(unknown_calls),
      BOTH(version),         BOTH(channels),
      BOTH(objects),         BOTH(nvif_device),
      BOTH(nvif_objects),    BOTH(gem),
      BOTH(pushbuf),         BOTH(svm),
      BOTH(events_are_ours), cmocka_unit_test(svm_absent),
      BOTH(noise),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
