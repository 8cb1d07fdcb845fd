/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What SVM tests stand on: a card with a client, launches of programs given as
 * text, memory, migration and the event log. */
#ifndef KMD_SVM_RIG_H
#define KMD_SVM_RIG_H

#include "kmd_test.h"

#include "nouveau/headers/nv_class.h"
#include "nouveau/headers/nv_push.h"
#include "nouveau/headers/nv_qmd.h"
#include "nouveau/isa/sass_text.h"
#include "util/util_buf.h"

#define PAGE   4096ull
#define HOLE_B (1ull << 30) /* the most that a sanitizer leaves */

/* Parts of the VRAM buffer that holds what a launch needs. */
#define CODE_OFF 0
#define QMD_OFF  0x10000
#define CB0_OFF  0x11000
#define TLS_OFF  0x20000
#define DATA_B   (TLS_OFF + (2 << 20))

struct ctx {
   struct kmd *kmd;
   int file, chan;
   uint64_t hole;
   struct test_bo push, data;
   bool better;
   bool vm;        /* buffers by VM_BIND, work by EXEC */
   uint32_t *keep; /* checked when the card is gone: all bytes 5 */
};

/* How the card is made, and what runs on it. The card is made inside the test:
 * cmocka takes SIGSEGV for itself after a setup function, and the card must
 * have it last. */
struct scene {
   void (*fn)(struct ctx *c);
   enum kmd_compat compat;
   uint64_t debug;
   bool migrate_on_fault;
   uint32_t fail_copy, fail_vram;
};

static inline void
start(struct ctx *c, const struct scene *s)
{
   struct kmd_config config;
   kmd_config_from_env(&config);
   config.vram_B = TEST_VRAM_B;
   config.sm_count = 2;
   config.host_threads = 2;
   config.compat = s->compat;
   config.debug |= s->debug;
   config.no_uffd |= (config.debug & KMD_DEBUG_NOUFFD) != 0;
   config.migrate_on_fault = s->migrate_on_fault;
   config.fail_copy = s->fail_copy;
   config.fail_vram = s->fail_vram;
   *c = (struct ctx){.better = config.compat == KMD_COMPAT_BETTER,
                     .hole = test_hole(HOLE_B)};
   assert_int_equal(kmd_create(&config, &c->kmd), 0);
   c->file = test_open(c->kmd);
   assert_int_equal(svm_init(c->kmd, c->file, c->hole, HOLE_B), 0);
   c->chan = test_channel(c->kmd, c->file);
   c->push = test_bo(c->kmd, c->file, 65536, GART);
   c->data = test_bo(c->kmd, c->file, DATA_B, VRAM);
}

static inline void
finish(struct ctx *c)
{
   test_bo_free(c->kmd, c->file, &c->push);
   test_bo_free(c->kmd, c->file, &c->data);
   assert_int_equal(kmd_close(c->kmd, c->file), 0);
   kmd_destroy(c->kmd);
   munmap((void *)(uintptr_t)c->hole, HOLE_B);
   for (unsigned i = 0; c->keep && i < 2048 * 1024; i += 512)
      assert_int_equal(c->keep[i], 0x05050505);
}

static inline void
play(void **state)
{
   const struct scene *s = *state;
   struct ctx c;
   start(&c, s);
   s->fn(&c);
   finish(&c);
}

/* --- Programs ------------------------------------------------------------ */

/* word[i] of thread i: += 1. c[0]: stride in bytes, 0, address. */
__attribute__((unused)) static const char increment[] =
   "S2R R0, SR_TID.X;\n"
   "S2R R1, SR_CTAID.X;\n"
   "XMAD R0, R1, 0x40, R0;\n"
   "XMAD R2, R0, c[0x0][0x0], RZ;\n"
   "XMAD.PSL R2, R0.H1, c[0x0][0x0], R2;\n"
   "IADD R4.CC, R2, c[0x0][0x8];\n"
   "IADD.X R5, RZ, c[0x0][0xc];\n"
   "LDG.E R6, [R4];\n"
   "IADD R6, R6, 0x1;\n"
   "STG.E [R4], R6;\n"
   "EXIT;\n";

__attribute__((unused)) static const char reading[] = "MOV R4, c[0x0][0x8];\n"
                                                      "MOV R5, c[0x0][0xc];\n"
                                                      "LDG.E R6, [R4];\n"
                                                      "EXIT;\n";

/* --- Launches ------------------------------------------------------------ */

struct methods {
   uint32_t *dw;
   unsigned n;
};

static inline void
method(struct methods *m, unsigned mthd, uint32_t data)
{
   m->dw[m->n++] = nv_push_header(NV_PUSH_OP_INC, NV_SUBCH_COMPUTE, mthd, 1);
   m->dw[m->n++] = data;
}

static inline void
put_code(struct ctx *c, const char *text)
{
   struct util_buf code;
   struct sass_error err;
   unsigned line;
   util_buf_init(&code);
   if (sass_text_parse(text, &code, &line, &err))
      fail_msg("line %u: %s", line, err.msg);
   memcpy((char *)c->data.cpu + CODE_OFF, code.data, code.size_B);
   util_buf_finish(&code);
}

static inline void
put_qmd(struct ctx *c, unsigned blocks, unsigned threads)
{
   uint32_t q[NV_QMD_DW];
   nv_qmd_init(q);
   nv_qmd_set(q, NV_QMD_CTA_RASTER_WIDTH, 0, blocks);
   nv_qmd_set(q, NV_QMD_CTA_RASTER_HEIGHT, 0, 1);
   nv_qmd_set(q, NV_QMD_CTA_RASTER_DEPTH, 0, 1);
   nv_qmd_set(q, NV_QMD_CTA_THREAD_DIMENSION, 0, threads);
   nv_qmd_set(q, NV_QMD_CTA_THREAD_DIMENSION, 1, 1);
   nv_qmd_set(q, NV_QMD_CTA_THREAD_DIMENSION, 2, 1);
   nv_qmd_set(q, NV_QMD_REGISTER_COUNT, 0, 32);
   nv_qmd_set(q, NV_QMD_SHADER_LOCAL_MEMORY_CRS_SIZE, 0, 0x800);
   nv_qmd_set(q, NV_QMD_API_VISIBLE_CALL_LIMIT, 0, NV_QMD_CALL_LIMIT_NO_CHECK);
   nv_qmd_set_cb(q, 0, c->data.gpu_va + CB0_OFF, 256);
   memcpy((char *)c->data.cpu + QMD_OFF, q, sizeof(q));
}

/* As test_push with `sync`. */
static inline int
exec_push(struct ctx *c, unsigned size_B)
{
   struct drm_syncobj_create s = {0};
   int ret = kmd_ioctl(c->kmd, c->file, DRM_IOCTL_SYNCOBJ_CREATE, &s);
   if (ret)
      return ret;
   struct drm_nouveau_sync sig = {.handle = s.handle};
   struct drm_nouveau_exec_push p = {.va = c->push.gpu_va, .va_len = size_B};
   struct drm_nouveau_exec a = {.channel = c->chan,
                                .push_count = 1,
                                .push_ptr = (uintptr_t)&p,
                                .sig_count = 1,
                                .sig_ptr = (uintptr_t)&sig};
   ret = kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_EXEC, &a);
   struct drm_syncobj_wait w = {.handles = (uintptr_t)&s.handle,
                                .count_handles = 1,
                                .timeout_nsec = INT64_MAX};
   if (!ret)
      ret = kmd_ioctl(c->kmd, c->file, DRM_IOCTL_SYNCOBJ_WAIT, &w);
   struct drm_syncobj_destroy d = {.handle = s.handle};
   kmd_ioctl(c->kmd, c->file, DRM_IOCTL_SYNCOBJ_DESTROY, &d);
   a = (struct drm_nouveau_exec){.channel = c->chan}; /* is it alive? */
   return ret ? ret : kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_EXEC, &a);
}

/* Threads in blocks of 64. Waits; the fence's error. */
static inline int
run(struct ctx *c, const char *text, unsigned threads, uint32_t stride_B,
    const volatile void *p)
{
   uint64_t code = c->data.gpu_va + CODE_OFF, tls = c->data.gpu_va + TLS_OFF;
   uint64_t va = (uintptr_t)p;
   uint32_t args[4] = {stride_B, 0, (uint32_t)va, va >> 32};
   put_code(c, text);
   put_qmd(c, DIV_ROUND_UP(threads, 64), MIN2(threads, 64));
   memcpy((char *)c->data.cpu + CB0_OFF, args, sizeof(args));
   struct methods m = {.dw = c->push.cpu};
   method(&m, NV_HOST_SET_OBJECT, NV_CLASS_PASCAL_COMPUTE_B);
   method(&m, NV_COMPUTE_SET_LOCAL_MEMORY_A, tls >> 32);
   method(&m, NV_COMPUTE_SET_LOCAL_MEMORY_B, (uint32_t)tls);
   method(&m, NV_COMPUTE_SET_LOCAL_MEMORY_NON_THROTTLED_A, 0);
   method(&m, NV_COMPUTE_SET_LOCAL_MEMORY_NON_THROTTLED_B, 0x80000);
   method(&m, NV_COMPUTE_SET_LOCAL_MEMORY_NON_THROTTLED_C, 0xff);
   method(&m, NV_COMPUTE_SET_LOCAL_MEMORY_WINDOW, 0xff000000);
   method(&m, NV_COMPUTE_SET_SHADER_SHARED_MEMORY_WINDOW, 0xfe000000);
   method(&m, NV_COMPUTE_SET_PROGRAM_REGION_A, code >> 32);
   method(&m, NV_COMPUTE_SET_PROGRAM_REGION_B, (uint32_t)code);
   method(&m, NV_COMPUTE_SET_SPA_VERSION, NV_COMPUTE_SPA_VERSION_PASCAL);
   method(&m, NV_INVALIDATE_SHADER_CACHES_NO_WFI,
          NV_INVALIDATE_INSTRUCTION | NV_INVALIDATE_CONSTANT);
   method(&m, NV_COMPUTE_SEND_PCAS_A,
          (uint32_t)((c->data.gpu_va + QMD_OFF) >> 8));
   method(&m, NV_COMPUTE_SEND_SIGNALING_PCAS_B,
          NV_COMPUTE_PCAS_INVALIDATE | NV_COMPUTE_PCAS_SCHEDULE);
   return c->vm ? exec_push(c, m.n * 4)
                : test_push(c->kmd, c->file, c->chan, &c->push, m.n * 4,
                            &c->data, 1, true);
}

/* --- Memory and migration ------------------------------------------------ */

static inline void *
pages(unsigned n)
{
   void *p = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   assert_ptr_not_equal(p, MAP_FAILED);
   return p;
}

/* Starts at a 2 MiB boundary, so that counts do not depend on luck. */
static inline void *
aligned_pages(unsigned n)
{
   uint64_t size_B = n * PAGE, slack = 2 << 20;
   uint8_t *p = pages(n + slack / PAGE);
   uint8_t *at = (uint8_t *)util_align((uintptr_t)p, slack);
   munmap(p, at - p);
   munmap(at + size_B, p + slack - at);
   return at;
}

static inline int
bind_command(struct ctx *c, uint64_t command, uint64_t target, const void *p,
             unsigned n, uint64_t *moved_out)
{
   struct drm_nouveau_svm_bind a = {
      .header = command << NOUVEAU_SVM_BIND_COMMAND_SHIFT |
                target << NOUVEAU_SVM_BIND_TARGET_SHIFT,
      .va_start = (uintptr_t)p,
      .va_end = (uintptr_t)p + n * PAGE,
      .npages = n,
      .result = 0xdead};
   int ret = kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_SVM_BIND, &a);
   *moved_out = a.result;
   return ret;
}

static inline int
bind(struct ctx *c, const void *p, unsigned n, bool to_vram,
     uint64_t *moved_out)
{
   return bind_command(c, NOUVEAU_SVM_BIND_COMMAND__MIGRATE,
                       to_vram ? NOUVEAU_SVM_BIND_TARGET__GPU_VRAM : 0, p, n,
                       moved_out);
}

struct counts {
   unsigned faults, replays, to_device, to_host, cancels; /* pages for moves */
   uint64_t last_fault, last_cancel;
};

static inline struct counts
take_events(struct ctx *c)
{
   static struct drm_nouveau_svm_event list[4096];
   struct drm_nouveau_svm_events ev = {.events = (uintptr_t)list,
                                       .count = 4096};
   assert_int_equal(
      kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_SVM_EVENTS, &ev), 0);
   assert_int_equal(ev.lost, 0);
   struct counts n = {0};
   uint64_t time = 0;
   for (unsigned i = 0; i < ev.count; i++) {
      assert_true(list[i].time_ns >= time);
      time = list[i].time_ns;
      switch (list[i].kind) {
      case DRM_NOUVEAU_SVM_EVENT_REPLAY:
         n.replays++;
         break;
      case DRM_NOUVEAU_SVM_EVENT_MIGRATE_DEVICE:
         n.to_device += list[i].npages;
         break;
      case DRM_NOUVEAU_SVM_EVENT_MIGRATE_HOST:
         n.to_host += list[i].npages;
         break;
      case DRM_NOUVEAU_SVM_EVENT_CANCEL:
         n.cancels++;
         n.last_cancel = list[i].addr;
         break;
      default:
         n.faults++;
         n.last_fault = list[i].addr;
         break;
      }
   }
   return n;
}

#define SCENE(fn, ...)                                                         \
   {                                                                           \
#fn " " #__VA_ARGS__, play, NULL, NULL, &(struct scene)                  \
      {                                                                        \
         fn, __VA_ARGS__                                                       \
      }                                                                        \
   }
#define BETTER   KMD_COMPAT_BETTER
#define UPSTREAM KMD_COMPAT_UPSTREAM
#define NOUFFD   KMD_DEBUG_NOUFFD
#define MIGRATE  true

#endif
