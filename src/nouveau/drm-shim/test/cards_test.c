/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Two cards, as programs find them: through libdrm. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

#include <cmocka.h>
#include <drm-uapi/nouveau_drm.h>

#define IOCTL_GEM_NEW                                                          \
   _IOC(_IOC_READ | _IOC_WRITE, 'd', 0x40 + DRM_NOUVEAU_GEM_NEW,               \
        sizeof(struct drm_nouveau_gem_new))
#define CARDS 2

static drmDevicePtr devices[8];
static int fds[CARDS];

static void
find_cards(void **state)
{
   int n = drmGetDevices2(0, devices, 8), found = 0;
   for (int i = 0; i < n; i++)
      if (devices[i]->bustype == DRM_BUS_PCI &&
          devices[i]->deviceinfo.pci->vendor_id == 0x10de && found < CARDS)
         devices[found++] = devices[i];
   assert_int_equal(found, CARDS);
   for (unsigned i = 0; i < CARDS; i++) {
      drmDevicePtr d = devices[i], again;
      assert_true(d->available_nodes & 1 << DRM_NODE_RENDER);
      assert_int_equal(d->deviceinfo.pci->device_id, 0x1b80);
      assert_int_equal(d->deviceinfo.pci->revision_id, 0xff); /* not asked */
      fds[i] = open(d->nodes[DRM_NODE_RENDER], O_RDWR | O_CLOEXEC);
      assert_true(fds[i] >= 0);
      char *name = drmGetRenderDeviceNameFromFd(fds[i]);
      assert_string_equal(name, d->nodes[DRM_NODE_RENDER]);
      free(name);
      assert_int_equal(drmGetNodeTypeFromFd(fds[i]), DRM_NODE_RENDER);
      drmVersionPtr v = drmGetVersion(fds[i]);
      assert_string_equal(v->name, "nouveau");
      drmFreeVersion(v);
      assert_int_equal(
         drmGetDevice2(fds[i], DRM_DEVICE_GET_PCI_REVISION, &again), 0);
      assert_true(drmDevicesEqual(d, again));
      assert_int_equal(again->deviceinfo.pci->revision_id, 0xa1);
      drmFreeDevice(&again);
   }
   assert_false(drmDevicesEqual(devices[0], devices[1]));
   assert_int_not_equal(devices[0]->businfo.pci->bus,
                        devices[1]->businfo.pci->bus);
}

static uint32_t
new_buffer(int fd, uint64_t size_B, uint64_t *map_out)
{
   struct drm_nouveau_gem_new a = {
      .info = {.domain = NOUVEAU_GEM_DOMAIN_GART | NOUVEAU_GEM_DOMAIN_MAPPABLE,
               .size = size_B}};
   assert_int_equal(ioctl(fd, IOCTL_GEM_NEW, &a), 0);
   *map_out = a.info.map_handle;
   return a.info.handle;
}

/* Each has its own handles and memory; one munmap may end mappings of both. */
static void
apart(void **state)
{
   enum {
      SIZE = 8192
   };
   uint64_t offset[CARDS];
   uint32_t handle[CARDS], extra = new_buffer(fds[0], SIZE, &offset[0]);
   for (unsigned i = 0; i < CARDS; i++)
      handle[i] = new_buffer(fds[i], SIZE, &offset[i]);
   assert_int_equal(drmCloseBufferHandle(fds[0], extra), 0);
   char *p =
      mmap(NULL, CARDS * SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   for (unsigned i = 0; i < CARDS; i++) {
      char *at = mmap(p + i * SIZE, SIZE, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_FIXED, fds[i], (off_t)offset[i]);
      assert_ptr_equal(at, p + i * SIZE);
      memset(at, 'a' + (int)i, SIZE);
   }
   assert_int_equal(p[0], 'a');
   assert_int_equal(p[SIZE], 'b');
   for (unsigned i = 0; i < CARDS; i++)
      assert_int_equal(drmCloseBufferHandle(fds[i], handle[i]), 0);
   assert_int_equal(munmap(p, CARDS * SIZE), 0);
   assert_int_equal(drmCloseBufferHandle(fds[0], handle[0]), -1);
}

static void
close_one(void **state)
{
   uint64_t offset;
   assert_int_equal(close(fds[0]), 0);
   assert_null(drmGetVersion(fds[0]));
   assert_true(new_buffer(fds[1], 4096, &offset) != 0);
   assert_int_equal(close(fds[1]), 0);
}

int
main(void)
{
   if (!getenv("LD_PRELOAD")) {
      printf("skipped: the library is not preloaded\n");
      return 77;
   }
   static const struct CMUnitTest tests[] = {
      cmocka_unit_test(find_cards),
      cmocka_unit_test(apart),
      cmocka_unit_test(close_one),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
