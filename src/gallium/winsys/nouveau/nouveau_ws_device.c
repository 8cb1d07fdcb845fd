/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau_ws_priv.h"
#include "nouveau_ws_vm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "util/util_log.h"

/* Push buffers, QMDs and other non-replayable clients see 40 bits (mesa.md
 * §2.2). */
#define HOLE_LIMIT (1ull << 40)
#define HOLE_MIN_B (256ull << 20)
#define HOLE_MAX_B (64ull << 30)
/* Generic windows; they shadow global addresses (isa.md §3.5). */
#define WINDOWS_START 0xfe000000ull
#define WINDOWS_END   0x100000000ull

int
nouveau_ws_device_getparam(struct nouveau_ws_device *dev, uint64_t param,
                           uint64_t *value_out)
{
   struct drm_nouveau_getparam g = {.param = param};
   int ret = ws_ioctl(dev, DRM_IOCTL_NOUVEAU_GETPARAM, &g);
   if (!ret)
      *value_out = g.value;
   return ret;
}

#define SAME(ours, kernels)                                                    \
   _Static_assert((int)(ours) == (int)(kernels), "numbered as the kernel does")
SAME(NOUVEAU_WS_SVM_FAULT_READ, DRM_NOUVEAU_SVM_EVENT_FAULT_READ);
SAME(NOUVEAU_WS_SVM_REPLAY, DRM_NOUVEAU_SVM_EVENT_REPLAY);
SAME(NOUVEAU_WS_SVM_KINDS, DRM_NOUVEAU_SVM_EVENT_KINDS);
SAME(NOUVEAU_WS_SVM_ASKED, DRM_NOUVEAU_SVM_CAUSE_ASKED);
SAME(NOUVEAU_WS_SVM_EVICT, DRM_NOUVEAU_SVM_CAUSE_EVICT);
SAME(NOUVEAU_WS_SVM_UNMAP, DRM_NOUVEAU_SVM_CAUSE_UNMAP);
SAME(NOUVEAU_WS_SVM_EXCLUSIVE, DRM_NOUVEAU_SVM_CAUSE_EXCLUSIVE);
SAME(NOUVEAU_WS_ERROR_PUSH, DRM_NOUVEAU_CHANNEL_ERROR_PUSH);

/* Reserves [start, start+size) in the process. */
static bool
try_hole(uint64_t start, uint64_t size_B)
{
   if (start < WINDOWS_END && start + size_B > WINDOWS_START)
      return false;
   void *p = mmap(
      (void *)(uintptr_t)start, size_B, PROT_NONE,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
   if (p == MAP_FAILED)
      return false;
   if ((uintptr_t)p != start) { /* a kernel before 4.17 takes it as a hint */
      munmap(p, size_B);
      return false;
   }
   return true;
}

/* The largest hole that can be had: as much as VRAM and more, aligned to its
 * size. Sanitizers fill most of the low terabyte with their shadow, hence the
 * small ones. */
static int
reserve_hole(struct nouveau_ws_device *dev)
{
   uint64_t want_B = MIN2(util_next_pow2(dev->info.vram_B * 2), HOLE_MAX_B);
   for (uint64_t size_B = MAX2(want_B, HOLE_MIN_B); size_B >= HOLE_MIN_B;
        size_B /= 2) {
      for (uint64_t start = size_B; start + size_B <= HOLE_LIMIT;
           start += size_B) {
         if (try_hole(start, size_B)) {
            dev->info.hole_start = start;
            dev->info.hole_size_B = size_B;
            return 0;
         }
         if (start / size_B >
             256) /* far more than a process has mappings there */
            break;
      }
   }
   return -ENOMEM;
}

static void
release_hole(struct nouveau_ws_device *dev)
{
   if (dev->info.hole_size_B)
      munmap((void *)(uintptr_t)dev->info.hole_start, dev->info.hole_size_B);
   dev->info.hole_start = dev->info.hole_size_B = 0;
}

static void
svm_note(struct nouveau_ws_device *dev, const char *what, int err)
{
   snprintf(dev->info.svm_note, sizeof(dev->info.svm_note), "%s (%s)", what,
            strerror(-err));
}

/* The kernel has SVM and VM_BIND in one address space. One that does has our
 * calls; another does not know this number. */
static bool
knows_both(struct nouveau_ws_device *dev)
{
   struct drm_nouveau_channel_error none = {.channel = -1};
   return ws_ioctl(dev, DRM_IOCTL_NOUVEAU_CHANNEL_ERROR, &none) == -ENOENT;
}

/* Must come before the first buffer or channel: objects made earlier stay in
 * the old address space and cannot be used any more. */
static void
init_svm(struct nouveau_ws_device *dev, bool want_svm)
{
   if (!want_svm) {
      snprintf(dev->info.svm_note, sizeof(dev->info.svm_note),
               "system SVM is switched off (NOUVEAU_SVM=0)");
      return;
   }
   if (dev->info.chipset <= 0x130) {
      snprintf(dev->info.svm_note, sizeof(dev->info.svm_note),
               "nouveau has SVM from GP102 on");
      return;
   }
   /* Linux would answer 0 and mirror nothing. */
   if (dev->vm && !knows_both(dev)) {
      snprintf(dev->info.svm_note, sizeof(dev->info.svm_note),
               "VM_BIND was asked for, which shuts out SVM_INIT");
      return;
   }
   int ret = dev->vm ? 0 : reserve_hole(dev);
   if (ret) {
      svm_note(dev, "no free address range below 1 TiB for buffer objects",
               ret);
      return;
   }
   struct drm_nouveau_svm_init init = {
      .unmanaged_addr = dev->info.hole_start,
      .unmanaged_size = dev->info.hole_size_B,
   };
   ret = ws_ioctl(dev, DRM_IOCTL_NOUVEAU_SVM_INIT, &init);
   if (ret) {
      svm_note(dev, "the kernel refuses SVM_INIT", ret);
      if (!dev->vm)
         release_hole(dev);
      return;
   }
   dev->info.svm = true;
}

/* Our own place in the process for buffers: each can be mapped where the GPU
 * sees it. Must come before the first buffer or channel, too. */
static void
init_vm_bind(struct nouveau_ws_device *dev)
{
   if (reserve_hole(dev))
      return;
   if (nouveau_ws_vm_create(dev, dev->info.hole_start, dev->info.hole_size_B,
                            &dev->vm))
      release_hole(dev);
   dev->info.vm_bind = dev->vm;
}

/* Is it nouveau, and new enough to have NVIF? */
static int
check_version(struct nouveau_ws_device *dev, const char *path)
{
   char name[16] = {0};
   struct drm_version v = {.name = name, .name_len = sizeof(name) - 1};
   int ret = ws_ioctl(dev, DRM_IOCTL_VERSION, &v);
   if (ret)
      return ret;
   if (strcmp(name, "nouveau")) {
      util_info("winsys", "%s is driven by %s, not nouveau", path, name);
      return -ENODEV;
   }
   dev->info.drm_version[0] = v.version_major;
   dev->info.drm_version[1] = v.version_minor;
   dev->info.drm_version[2] = v.version_patchlevel;
   if (v.version_major < 1 ||
       (v.version_major == 1 &&
        (v.version_minor < 3 ||
         (v.version_minor == 3 && v.version_patchlevel < 1)))) {
      util_warn("winsys", "%s: nouveau %d.%d.%d is too old (1.3.1 needed)",
                path, v.version_major, v.version_minor, v.version_patchlevel);
      return -ENODEV;
   }
   return 0;
}

static int
query_device(struct nouveau_ws_device *dev, const char *path)
{
   uint64_t object, v = 0;
   const struct nv_device_v0 new_args = {.device = ~0ull};
   int ret = nouveau_ws_object_new(dev, -1, 0, NVIF_CLASS_NV_DEVICE, &new_args,
                                   sizeof(new_args), &object);
   if (ret)
      return ret;
   struct nv_device_info_v0 info = {0};
   ret = nouveau_ws_object_mthd(dev, object, NV_DEVICE_V0_INFO, &info,
                                sizeof(info));
   if (ret)
      return ret;
   dev->info.chipset = info.chipset;
   memcpy(dev->info.chip, info.chip, sizeof(dev->info.chip) - 1);
   memcpy(dev->info.name, info.name, sizeof(dev->info.name) - 1);
   if (info.family != NV_DEVICE_INFO_V0_PASCAL) {
      util_warn("winsys", "%s: chipset 0x%x is not a Pascal", path,
                info.chipset);
      return -ENODEV;
   }
   ret = nouveau_ws_device_getparam(dev, NOUVEAU_GETPARAM_FB_SIZE,
                                    &dev->info.vram_B);
   if (!ret)
      ret = nouveau_ws_device_getparam(dev, NOUVEAU_GETPARAM_AGP_SIZE,
                                       &dev->info.gart_B);
   if (!ret)
      ret = nouveau_ws_device_getparam(dev, NOUVEAU_GETPARAM_GRAPH_UNITS, &v);
   if (ret)
      return ret;
   dev->info.sm_count = util_bits(v, 8, 16);
   if (!nouveau_ws_device_getparam(dev, NOUVEAU_GETPARAM_PCI_VENDOR, &v))
      dev->info.pci_vendor = v;
   if (!nouveau_ws_device_getparam(dev, NOUVEAU_GETPARAM_PCI_DEVICE, &v))
      dev->info.pci_device = v;
   /* Not being told is no obstacle. */
   (void)dev->os->bus(dev->os->data, dev->fd, &dev->info.bus);
   return 0;
}

int
nouveau_ws_device_create(const struct nouveau_ws_os *os, const char *path,
                         bool want_svm, enum nouveau_ws_calls calls,
                         struct nouveau_ws_device **device_out)
{
   struct nouveau_ws_device *dev = calloc(1, sizeof(*dev));
   if (!dev)
      return -ENOMEM;
   dev->os = os;
   dev->info.simulated = os->simulated;
   int ret = dev->fd = os->open(os->data, path);
   if (ret < 0)
      goto fail_open;
   ret = check_version(dev, path);
   if (!ret)
      ret = query_device(dev, path);
   if (ret)
      goto fail;
   if (calls == NOUVEAU_WS_CALLS_BIND)
      init_vm_bind(dev);
   init_svm(dev, want_svm);
   if (!dev->info.svm && !dev->vm && calls == NOUVEAU_WS_CALLS_AUTO)
      init_vm_bind(dev);
   *device_out = dev;
   return 0;

fail:
   os->close(os->data, dev->fd);
fail_open:
   free(dev);
   return ret;
}

void
nouveau_ws_device_destroy(struct nouveau_ws_device *dev)
{
   nouveau_ws_vm_destroy(dev->vm);
   dev->os->close(dev->os->data, dev->fd);
   release_hole(dev);
   if (dev->os->release)
      dev->os->release(dev->os->data);
   free(dev);
}

const struct nouveau_ws_device_info *
nouveau_ws_device_info(const struct nouveau_ws_device *dev)
{
   return &dev->info;
}

uint64_t
nouveau_ws_device_time_ns(struct nouveau_ws_device *dev)
{
   uint64_t ns;
   return nouveau_ws_device_getparam(dev, NOUVEAU_GETPARAM_PTIMER_TIME, &ns)
             ? 0
             : ns;
}

static int
svm_bind(struct nouveau_ws_device *dev, uint64_t command, uint64_t target,
         const void *ptr, size_t size_B, uint64_t *result_out)
{
   uint64_t start = util_align_down((uintptr_t)ptr, 4096);
   uint64_t end = util_align((uintptr_t)ptr + size_B, 4096);
   struct drm_nouveau_svm_bind bind = {
      .header = command << NOUVEAU_SVM_BIND_COMMAND_SHIFT |
                target << NOUVEAU_SVM_BIND_TARGET_SHIFT,
      .va_start = start,
      .va_end = end,
      .npages = (end - start) / 4096,
   };
   int ret = ws_ioctl(dev, DRM_IOCTL_NOUVEAU_SVM_BIND, &bind);
   if (!ret)
      *result_out = bind.result;
   return ret;
}

int
nouveau_ws_svm_prefetch(struct nouveau_ws_device *dev, const void *ptr,
                        size_t size_B, uint64_t *moved_pages_out)
{
   *moved_pages_out = 0;
   if (!dev->info.svm)
      return -ENOSYS;
   int ret = -EINVAL;
   if (!dev->svm_waits)
      ret = svm_bind(dev, NOUVEAU_SVM_BIND_COMMAND__BEGIN,
                     NOUVEAU_SVM_BIND_TARGET__GPU_VRAM, ptr, size_B,
                     moved_pages_out);
   if (ret != -EINVAL)
      return ret;
   /* Linux knows only the call that waits. */
   ret =
      svm_bind(dev, NOUVEAU_SVM_BIND_COMMAND__MIGRATE,
               NOUVEAU_SVM_BIND_TARGET__GPU_VRAM, ptr, size_B, moved_pages_out);
   if (!ret)
      dev->svm_waits = true;
   return ret;
}

void
nouveau_ws_svm_wait(struct nouveau_ws_device *dev, const void *ptr,
                    size_t size_B)
{
   uint64_t nothing;
   if (dev->info.svm && !dev->svm_waits)
      svm_bind(dev, NOUVEAU_SVM_BIND_COMMAND__WAIT,
               NOUVEAU_SVM_BIND_TARGET__GPU_VRAM, ptr, size_B, &nothing);
}

int
nouveau_ws_svm_migrate(struct nouveau_ws_device *dev, const void *ptr,
                       size_t size_B, bool to_device, uint64_t *moved_pages_out)
{
   uint64_t moved = 0;
   int ret;
   if (!dev->info.svm)
      ret = -ENOSYS;
   else if (!to_device)
      ret = svm_bind(dev, NOUVEAU_SVM_BIND_COMMAND__MIGRATE,
                     NOUVEAU_SVM_BIND_TARGET__CPU, ptr, size_B, &moved);
   else
      ret = nouveau_ws_svm_prefetch(dev, ptr, size_B, &moved);
   if (!ret && to_device)
      nouveau_ws_svm_wait(dev, ptr, size_B);
   if (moved_pages_out)
      *moved_pages_out = moved;
   return ret;
}

bool
nouveau_ws_svm_totals(struct nouveau_ws_device *dev,
                      uint64_t totals_out[NOUVEAU_WS_SVM_KINDS])
{
   struct drm_nouveau_svm_events args = {.count = 0};
   bool told = !ws_ioctl(dev, DRM_IOCTL_NOUVEAU_SVM_EVENTS, &args);
   for (unsigned i = 0; i < NOUVEAU_WS_SVM_KINDS; i++)
      totals_out[i] = told ? args.totals[i] : 0;
   return told;
}

unsigned
nouveau_ws_svm_events(struct nouveau_ws_device *dev,
                      struct nouveau_ws_svm_event *events, unsigned max,
                      uint32_t *lost_out)
{
   struct drm_nouveau_svm_event raw[256];
   unsigned taken = 0;
   *lost_out = 0;
   while (taken < max) {
      struct drm_nouveau_svm_events args = {
         .events = (uintptr_t)raw,
         .count = MIN2(max - taken, ARRAY_SIZE(raw)),
      };
      if (ws_ioctl(dev, DRM_IOCTL_NOUVEAU_SVM_EVENTS, &args) || !args.count)
         break;
      *lost_out += args.lost;
      for (unsigned i = 0; i < args.count; i++) {
         events[taken++] = (struct nouveau_ws_svm_event){
            .time_ns = raw[i].time_ns,
            .address = raw[i].addr,
            .kind = (enum nouveau_ws_svm_event_kind)raw[i].kind,
            .pages = raw[i].npages,
            .duration_ns = raw[i].duration_ns,
            .cause = raw[i].cause,
            .error = raw[i].error,
         };
      }
   }
   return taken;
}
