/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Dispatch, handles, fences, reservation and sync objects, seen through a
 * driver with one call. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "drm-uapi/nouveau_drm.h"
#include "kernel/drm/kdrm_file.h"
#include "kernel/drm/kdrm_resv.h"
#include "kernel/drm/kdrm_syncobj.h"

struct echo {
   uint64_t in, out, tail;
};

static int
echo_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct echo *e = arg;
   e->out = e->in + e->tail + 1;
   return e->in == 99 ? -EBUSY : 0;
}

static const struct kdrm_ioctl_desc calls[] = {
   [3] = {.name = "ECHO",
          .func = echo_ioctl,
          .size_B = sizeof(struct echo),
          .flags = KDRM_INOUT},
};

static int
dummy_open(struct kdrm_file *file)
{
   return 0;
}

static void
dummy_close(struct kdrm_file *file)
{
}

static const struct kdrm_driver driver = {
   .name = "dummy",
   .desc = "a dummy",
   .date = "2024",
   .major = 1,
   .minor = 2,
   .patch = 3,
   .ioctls = calls,
   .num_ioctls = ARRAY_SIZE(calls),
   .syncobj = true,
   .open = dummy_open,
   .preclose = dummy_close,
   .postclose = dummy_close,
};

static struct kdrm_device dev;
static int file;

static int
setup(void **state)
{
   kdrm_device_init(&dev, &driver, NULL);
   file = kdrm_open(&dev);
   return file < 0;
}

static int
teardown(void **state)
{
   int ret = kdrm_close(&dev, file);
   kdrm_device_finish(&dev);
   return ret;
}

static void
dispatches_on_number(void **state)
{
   struct echo e = {.in = 1, .tail = 5};
   unsigned nr = DRM_COMMAND_BASE + 3;
   assert_int_equal(kdrm_ioctl(&dev, file, DRM_IOWR(nr, struct echo), &e), 0);
   assert_int_equal(e.out, 7);
   /* Short: the tail is zero, and not written back. */
   e = (struct echo){.in = 1, .tail = 5};
   unsigned long two = _IOC(_IOC_READ | _IOC_WRITE, 'd', nr, 16);
   assert_int_equal(kdrm_ioctl(&dev, file, two, &e), 0);
   assert_int_equal(e.out, 2);
   assert_int_equal(e.tail, 5);
   /* Long: what is behind is left alone. */
   struct {
      struct echo e;
      uint64_t more;
   } lng = {.e = {.in = 1}, .more = 42};
   assert_int_equal(
      kdrm_ioctl(&dev, file, _IOC(_IOC_READ | _IOC_WRITE, 'd', nr, 32), &lng),
      0);
   assert_int_equal(lng.e.out, 2);
   assert_int_equal(lng.more, 42);
   /* Write-only: read, not written back. */
   e = (struct echo){.in = 7, .out = 3};
   assert_int_equal(kdrm_ioctl(&dev, file, _IOC(_IOC_WRITE, 'd', nr, 24), &e),
                    0);
   assert_int_equal(e.out, 3);
   /* Errors come with what was written. */
   e = (struct echo){.in = 99};
   assert_int_equal(kdrm_ioctl(&dev, file, DRM_IOWR(nr, struct echo), &e),
                    -EBUSY);
   assert_int_equal(e.out, 100);
}

static void
refuses_what_is_not_there(void **state)
{
   struct echo e = {0};
   for (unsigned nr = 0; nr < 256; nr++) {
      bool known = nr == 0 || nr == 9 || nr == 0x0c || nr == 0x0d ||
                   nr == 0x2d || nr == 0x2e || nr == 0x43 || nr >= 0xbf;
      if (!known)
         assert_int_equal(kdrm_ioctl(&dev, file, DRM_IOWR(nr, struct echo), &e),
                          -EINVAL);
   }
   /* No other device to share with. */
   struct drm_prime_handle prime = {0};
   assert_int_equal(
      kdrm_ioctl(&dev, file, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime),
      -EOPNOTSUPP);
   assert_int_equal(
      kdrm_ioctl(&dev, file, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime),
      -EOPNOTSUPP);
   unsigned long echo = DRM_IOWR(DRM_COMMAND_BASE + 3, struct echo);
   assert_int_equal(kdrm_ioctl(&dev, 7, echo, &e), -EBADF);
   assert_int_equal(kdrm_ioctl(&dev, -1, echo, &e), -EBADF);
   assert_int_equal(kdrm_ioctl(&dev, file, _IOWR('x', 0x43, struct echo), &e),
                    -ENOTTY);
   assert_int_equal(kdrm_ioctl(&dev, file, echo, (void *)8), -EFAULT);
   void *ro = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   assert_int_equal(kdrm_ioctl(&dev, file, echo, ro), -EFAULT);
   munmap(ro, 4096);
}

static void
version_is_asked_twice(void **state)
{
   struct drm_version v = {0};
   assert_int_equal(kdrm_ioctl(&dev, file, DRM_IOCTL_VERSION, &v), 0);
   assert_int_equal(
      v.version_major * 100 + v.version_minor * 10 + v.version_patchlevel, 123);
   assert_int_equal(v.name_len, 5);
   char name[8] = "........";
   v = (struct drm_version){.name = name, .name_len = 3};
   assert_int_equal(kdrm_ioctl(&dev, file, DRM_IOCTL_VERSION, &v), 0);
   assert_int_equal(v.name_len, 5);
   assert_memory_equal(name, "dum.....", 8);
   v = (struct drm_version){.name = (char *)8, .name_len = 3};
   assert_int_equal(kdrm_ioctl(&dev, file, DRM_IOCTL_VERSION, &v), -EFAULT);
   struct drm_get_cap cap = {.capability = DRM_CAP_SYNCOBJ_TIMELINE};
   assert_int_equal(kdrm_ioctl(&dev, file, DRM_IOCTL_GET_CAP, &cap), 0);
   assert_int_equal(cap.value, 1);
   cap.capability = 1000;
   assert_int_equal(kdrm_ioctl(&dev, file, DRM_IOCTL_GET_CAP, &cap), -EINVAL);
}

/* --- Fences -------------------------------------------------------------- */

static void *
signal_soon(void *arg)
{
   usleep(20000);
   kdrm_fence_signal(arg, -ENODEV);
   return NULL;
}

static void
fences_wait_and_fail(void **state)
{
   struct kdrm_fence *f = kdrm_fence_create(1, 1);
   assert_int_equal(kdrm_fence_wait(f, 0), -ETIME);
   assert_int_equal(kdrm_fence_wait(f, 1000000), -ETIME);
   pthread_t t;
   pthread_create(&t, NULL, signal_soon, f);
   assert_int_equal(kdrm_fence_wait(f, UINT64_MAX), 0);
   pthread_join(t, NULL);
   kdrm_fence_signal(f, 0); /* the second does not count */
   assert_int_equal(f->error, -ENODEV);
   kdrm_fence_put(f);
}

static void
resv_orders_reads_and_writes(void **state)
{
   struct kdrm_resv r;
   kdrm_resv_init(&r);
   struct kdrm_fence *w = kdrm_fence_create(1, 1), *a = kdrm_fence_create(2, 1);
   kdrm_resv_add(&r, a, KDRM_USAGE_READ);
   assert_int_equal(kdrm_resv_wait(&r, KDRM_USAGE_READ, 0, 0), 0);
   assert_int_equal(kdrm_resv_wait(&r, KDRM_USAGE_WRITE, 0, 0), -ETIME);
   assert_int_equal(kdrm_resv_wait(&r, KDRM_USAGE_WRITE, 2, 0), 0);
   kdrm_resv_add(&r, w, KDRM_USAGE_WRITE);
   assert_int_equal(kdrm_resv_wait(&r, KDRM_USAGE_READ, 0, 0), -ETIME);
   kdrm_fence_signal(w, 0);
   assert_int_equal(kdrm_resv_wait(&r, KDRM_USAGE_READ, 0, 0), 0);
   kdrm_fence_signal(a, 0);
   assert_int_equal(kdrm_resv_wait(&r, KDRM_USAGE_WRITE, 0, 0), 0);
   kdrm_resv_finish(&r);
   kdrm_fence_put(w);
   kdrm_fence_put(a);
}

/* --- Sync objects -------------------------------------------------------- */

static uint32_t
syncobj(uint32_t flags)
{
   struct drm_syncobj_create c = {.flags = flags};
   assert_int_equal(kdrm_ioctl(&dev, file, DRM_IOCTL_SYNCOBJ_CREATE, &c), 0);
   return c.handle;
}

static int
destroy(uint32_t handle)
{
   struct drm_syncobj_destroy d = {.handle = handle};
   return kdrm_ioctl(&dev, file, DRM_IOCTL_SYNCOBJ_DESTROY, &d);
}

static int64_t
in_ms(int ms)
{
   struct timespec ts;
   clock_gettime(CLOCK_MONOTONIC, &ts);
   return ts.tv_sec * 1000000000ll + ts.tv_nsec + ms * 1000000ll;
}

static int
wait_for(uint32_t *handles, unsigned n, uint32_t flags, int ms,
         uint32_t *first_out)
{
   struct drm_syncobj_wait w = {.handles = (uintptr_t)handles,
                                .count_handles = n,
                                .flags = flags,
                                .timeout_nsec = in_ms(ms)};
   int ret = kdrm_ioctl(&dev, file, DRM_IOCTL_SYNCOBJ_WAIT, &w);
   if (first_out)
      *first_out = w.first_signaled;
   return ret;
}

static int
signal_binary(uint32_t handle)
{
   struct drm_syncobj_array a = {.handles = (uintptr_t)&handle,
                                 .count_handles = 1};
   return kdrm_ioctl(&dev, file, DRM_IOCTL_SYNCOBJ_SIGNAL, &a);
}

static void *
signal_handle_soon(void *arg)
{
   usleep(20000);
   signal_binary(*(uint32_t *)arg);
   return NULL;
}

static void
syncobj_binary(void **state)
{
   uint32_t h[2] = {syncobj(0), syncobj(DRM_SYNCOBJ_CREATE_SIGNALED)}, first;
   const uint32_t all = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL,
                  submit = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT;
   assert_int_equal(wait_for(h, 2, 0, 0, &first), -EINVAL);
   assert_int_equal(wait_for(h + 1, 1, 0, 0, &first), 0);
   assert_int_equal(wait_for(h, 2, submit, 0, &first), 0);
   assert_int_equal(first, 1);
   assert_int_equal(wait_for(h, 2, submit | all, 5, &first), -ETIME);
   pthread_t t;
   pthread_create(&t, NULL, signal_handle_soon, h);
   assert_int_equal(wait_for(h, 2, submit | all, 10000, &first), 0);
   pthread_join(t, NULL);
   assert_int_equal(wait_for(h, 2, 8, 0, NULL), -EINVAL);
   uint32_t bad = 77;
   assert_int_equal(wait_for(&bad, 1, 0, 0, NULL), -ENOENT);
   assert_int_equal(destroy(bad), -EINVAL);
   struct drm_syncobj_array a = {.handles = (uintptr_t)h, .count_handles = 2};
   assert_int_equal(kdrm_ioctl(&dev, file, DRM_IOCTL_SYNCOBJ_RESET, &a), 0);
   assert_int_equal(wait_for(h, 2, 0, 0, NULL), -EINVAL);
   assert_int_equal(destroy(h[0]), 0);
   assert_int_equal(destroy(h[0]), -EINVAL);
   assert_int_equal(destroy(h[1]), 0);
}

static uint64_t
query(uint32_t handle)
{
   uint64_t value = 0;
   struct drm_syncobj_timeline_array a = {.handles = (uintptr_t)&handle,
                                          .points = (uintptr_t)&value,
                                          .count_handles = 1};
   assert_int_equal(kdrm_ioctl(&dev, file, DRM_IOCTL_SYNCOBJ_QUERY, &a), 0);
   return value;
}

static int
wait_point(uint32_t handle, uint64_t point, uint32_t flags)
{
   struct drm_syncobj_timeline_wait w = {.handles = (uintptr_t)&handle,
                                         .points = (uintptr_t)&point,
                                         .count_handles = 1,
                                         .flags = flags,
                                         .timeout_nsec = in_ms(1)};
   return kdrm_ioctl(&dev, file, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &w);
}

static void
syncobj_timeline(void **state)
{
   uint32_t h = syncobj(0);
   struct kdrm_file *f = kdrm_file_get(&dev, file);
   struct kdrm_fence *p1 = kdrm_fence_create(1, 1),
                     *p3 = kdrm_fence_create(2, 1);
   struct kdrm_syncobj *s = kdrm_syncobj_lookup(f, h);
   assert_int_equal(kdrm_syncobj_set_fence(s, 1, p1), 0);
   assert_int_equal(kdrm_syncobj_set_fence(s, 3, p3), 0);
   kdrm_syncobj_put(s);
   assert_null(kdrm_syncobj_lookup(f, 99));
   assert_int_equal(query(h), 0);
   assert_int_equal(wait_point(h, 4, 0), -EINVAL); /* nobody submitted it */
   assert_int_equal(wait_point(h, 2, 0), -ETIME);
   assert_int_equal(wait_point(h, 2, DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE), 0);
   kdrm_fence_signal(p3, 0); /* out of order: point 1 is still to come */
   assert_int_equal(wait_point(h, 3, 0), -ETIME);
   assert_int_equal(query(h), 0);
   kdrm_fence_signal(p1, 0);
   assert_int_equal(wait_point(h, 3, 0), 0);
   assert_int_equal(wait_point(h, 1, 0), 0);
   assert_int_equal(query(h), 3);
   uint32_t to = syncobj(0);
   struct drm_syncobj_transfer t = {.src_handle = h,
                                    .dst_handle = to,
                                    .src_point = 3};
   assert_int_equal(kdrm_ioctl(&dev, file, DRM_IOCTL_SYNCOBJ_TRANSFER, &t), 0);
   assert_int_equal(wait_for(&to, 1, 0, 0, NULL), 0);
   kdrm_fence_put(p1);
   kdrm_fence_put(p3);
   kdrm_file_put(f);
   destroy(h); /* `to` is left to the close of the file */
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(dispatches_on_number),
      cmocka_unit_test(refuses_what_is_not_there),
      cmocka_unit_test(version_is_asked_twice),
      cmocka_unit_test(fences_wait_and_fail),
      cmocka_unit_test(resv_orders_reads_and_writes),
      cmocka_unit_test(syncobj_binary),
      cmocka_unit_test(syncobj_timeline),
   };
   return cmocka_run_group_tests(tests, setup, teardown);
}
