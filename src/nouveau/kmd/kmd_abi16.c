/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kmd_abi16.h"

#include "kmd_bo.h"
#include "kmd_chan.h"
#include "kmd_dmem.h"
#include "kmd_svm.h"
#include "kmd_vmm.h"

#include <errno.h>

#include "kernel/drm/kdrm_alloc.h"
#include "nouveau/headers/nv_class.h"

/* --- What the card is ---------------------------------------------------- */

static const struct kmd_chip chips[] = {
   {0x130, 0x15f8, 6, 96, 56, "GP100", "Tesla P100"},
   {0x132, 0x1b06, 6, 96, 28, "GP102", "GeForce GTX 1080 Ti"},
   {0x134, 0x1b80, 4, 64, 20, "GP104", "GeForce GTX 1080"},
   {0x136, 0x1c03, 2, 48, 10, "GP106", "GeForce GTX 1060"},
   {0x137, 0x1c82, 2, 32, 6, "GP107", "GeForce GTX 1050 Ti"},
   {0x138, 0x1d01, 1, 16, 3, "GP108", "GeForce GT 1030"},
};

const struct kmd_chip *
kmd_chip(uint32_t chipset)
{
   for (unsigned i = 0; i < ARRAY_SIZE(chips); i++)
      if (chips[i].chipset == chipset)
         return &chips[i];
   return &chips[2];
}

static const int32_t classes_gp100[] = {
   NV_CLASS_PASCAL_DMA_COPY_A, NV_CLASS_FERMI_TWOD_A,     NV_CLASS_KEPLER_I2M_B,
   NV_CLASS_PASCAL_A,          NV_CLASS_PASCAL_COMPUTE_A,
};
static const int32_t classes_gp10x[] = {
   NV_CLASS_PASCAL_DMA_COPY_B, NV_CLASS_FERMI_TWOD_A,     NV_CLASS_KEPLER_I2M_B,
   NV_CLASS_PASCAL_B,          NV_CLASS_PASCAL_COMPUTE_B,
};

const int32_t *
kmd_classes(const struct kmd *kmd, unsigned *count_out)
{
   *count_out = ARRAY_SIZE(classes_gp10x);
   return kmd->config.chipset == 0x130 ? classes_gp100 : classes_gp10x;
}

/* --- GETPARAM ------------------------------------------------------------ */

static uint64_t
graph_units(const struct kmd *kmd)
{
   const struct kmd_chip *chip = kmd_chip(kmd->config.chipset);
   uint32_t gpcs = MIN2(chip->gpcs, kmd->config.sm_count);
   return gpcs | kmd->config.sm_count << 8 | (uint64_t)chip->rops << 32;
}

int
kmd_getparam_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_nouveau_getparam *a = arg;
   struct kmd *kmd = kmd_of(file);
   switch (a->param) {
   case NOUVEAU_GETPARAM_PCI_VENDOR:
      a->value = 0x10de;
      return 0;
   case NOUVEAU_GETPARAM_PCI_DEVICE:
      a->value = kmd_chip(kmd->config.chipset)->pci_device;
      return 0;
   case NOUVEAU_GETPARAM_BUS_TYPE:
      a->value = 2; /* PCI Express */
      return 0;
   case NOUVEAU_GETPARAM_FB_SIZE:
      a->value = kmd->vram.size_B - kmd->vram.reserve_B;
      return 0;
   case NOUVEAU_GETPARAM_AGP_SIZE:
      a->value = kmd->gart.size_B;
      return 0;
   case NOUVEAU_GETPARAM_CHIPSET_ID:
      a->value = kmd->config.chipset;
      return 0;
   case NOUVEAU_GETPARAM_VM_VRAM_BASE:
      a->value = 0;
      return 0;
   case NOUVEAU_GETPARAM_GRAPH_UNITS:
      a->value = graph_units(kmd);
      return 0;
   case NOUVEAU_GETPARAM_PTIMER_TIME:
      a->value = nvsim_ptimer_ns(kmd->sim);
      return 0;
   case NOUVEAU_GETPARAM_HAS_BO_USAGE:
   case NOUVEAU_GETPARAM_HAS_PAGEFLIP:
   case NOUVEAU_GETPARAM_HAS_VMA_TILEMODE:
      a->value = 1;
      return 0;
   case NOUVEAU_GETPARAM_EXEC_PUSH_MAX:
      a->value = KMD_CHAN_MAX_PUSHES;
      return 0;
   case NOUVEAU_GETPARAM_VRAM_BAR_SIZE:
      a->value = kmd->vram.size_B;
      return 0;
   case NOUVEAU_GETPARAM_VRAM_USED:
      a->value = kmd_heap_used_B(&kmd->vram) - kmd_dmem_kept_B(kmd);
      return 0;
   default:
      return -EINVAL;
   }
}

int
kmd_setparam_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   return -EINVAL;
}

/* --- Channels ------------------------------------------------------------ */

static void
abi16_get(void *ptr)
{
   atomic_fetch_add(&((struct kmd_abi16_chan *)ptr)->refs, 1);
}

struct kmd_abi16_chan *
kmd_abi16_chan_get(struct kmd_client *client, uint64_t id)
{
   if (id > INT32_MAX)
      return NULL;
   return kdrm_handles_get(&client->abi16, (unsigned)id, abi16_get);
}

static void
obj_destroy(struct kmd_abi16_obj *o)
{
   util_list_del(&o->link);
   kdrm_free(o);
}

void
kmd_abi16_chan_put(struct kmd_abi16_chan *ac)
{
   if (!ac || atomic_fetch_sub(&ac->refs, 1) != 1)
      return;
   if (ac->chan)
      kmd_chan_destroy(ac->chan);
   util_list_for_each_safe(struct kmd_abi16_obj, o, &ac->objects, link)
      obj_destroy(o);
   pthread_mutex_destroy(&ac->lock);
   kdrm_free(ac);
}

/* Kepler and later (kernel.md §1.3). 0, -ENOSYS: not an engine name; -EINVAL:
 * Pascal has no runlist for it here, or a handle that is no handle. */
static int
check_engine(const struct drm_nouveau_channel_alloc *a)
{
   if (a->fb_ctxdma_handle != ~0u)
      return a->tt_ctxdma_handle == ~0u ? -EINVAL : 0;
   switch (a->tt_ctxdma_handle) {
   case NOUVEAU_FIFO_ENGINE_GR:
   case NOUVEAU_FIFO_ENGINE_CE:
      return 0;
   case NOUVEAU_FIFO_ENGINE_VP:
   case NOUVEAU_FIFO_ENGINE_PPP:
   case NOUVEAU_FIFO_ENGINE_BSP:
      return -EINVAL;
   default:
      return -ENOSYS;
   }
}

static int
make_notifier(struct kdrm_file *file, uint32_t *handle_out)
{
   struct kmd_bo *bo;
   int ret = kmd_bo_create(kmd_of(file), KMD_PAGE_B, false, &bo);
   if (ret)
      return ret;
   ret = kdrm_gem_handle_create(file, &bo->base);
   kdrm_gem_put(&bo->base);
   if (ret < 0)
      return ret;
   *handle_out = ret;
   return 0;
}

/* That of the address space that the channel gets. */
static struct kmd_svm *
svm_for_channel(struct kmd_client *client)
{
   struct kmd_svm *svm = client->svm;
   return svm && svm->uvmm == client->uvmm ? svm : NULL;
}

static int
chan_create(struct kdrm_file *file, struct kmd_abi16_chan **ac_out)
{
   struct kmd_client *client = kmd_client_of(file);
   struct kmd_abi16_chan *ac = kdrm_zalloc(sizeof(*ac));
   if (!ac)
      return -ENOMEM;
   atomic_init(&ac->refs, 1);
   pthread_mutex_init(&ac->lock, NULL);
   util_list_init(&ac->objects);
   int ret = kmd_chan_create(client->kmd, kmd_client_vmm(client),
                             svm_for_channel(client), false, &ac->chan);
   if (!ret)
      ret = make_notifier(file, &ac->notifier_handle);
   if (ret) {
      kmd_abi16_chan_put(ac);
      return ret;
   }
   *ac_out = ac;
   return 0;
}

int
kmd_channel_alloc_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_nouveau_channel_alloc *a = arg;
   struct kmd_client *client = kmd_client_of(file);
   if (!client->uvmm)
      kmd_client_disable_uvmm(client);
   int ret = check_engine(a);
   if (ret)
      return ret;
   struct kmd_abi16_chan *ac;
   ret = chan_create(file, &ac);
   if (ret)
      return ret;
   uint32_t notifier = ac->notifier_handle;
   ret = kdrm_handles_add(&client->abi16, ac);
   if (ret < 0) {
      kmd_abi16_chan_put(ac);
      kdrm_gem_handle_delete(file, notifier);
      return ret;
   }
   a->channel = ret;
   a->pushbuf_domains = NOUVEAU_GEM_DOMAIN_VRAM | NOUVEAU_GEM_DOMAIN_GART;
   a->notifier_handle = notifier;
   a->nr_subchan = 0;
   return 0;
}

int
kmd_channel_free_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   const struct drm_nouveau_channel_free *a = arg;
   struct kmd_client *client = kmd_client_of(file);
   struct kmd_abi16_chan *ac =
      a->channel < 0 ? NULL : kdrm_handles_remove(&client->abi16, a->channel);
   if (!ac)
      return -ENOENT;
   /* The handle of the notifier stays the client's, as in Linux: it may have
    * closed it already, and the number may be another buffer's by now. */
   kmd_abi16_chan_put(ac);
   return 0;
}

void
kmd_abi16_release(struct kmd_client *client)
{
   struct kmd_abi16_chan *ac;
   while ((ac = kdrm_handles_pop(&client->abi16, NULL)))
      kmd_abi16_chan_put(ac); /* the notifier goes with the GEM handles */
}

int
kmd_channel_error_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_nouveau_channel_error *a = arg;
   struct kmd_client *client = kmd_client_of(file);
   if (!kmd_is_better(client->kmd))
      return -EINVAL;
   int32_t id = a->channel;
   struct kmd_abi16_chan *ac =
      id < 0 ? NULL : kmd_abi16_chan_get(client, (unsigned)id);
   if (!ac)
      return -ENOENT;
   int ret = kmd_chan_get_error(ac->chan, a);
   a->channel = id;
   kmd_abi16_chan_put(ac);
   return ret;
}

/* --- Engine objects ------------------------------------------------------ */

static bool
class_exists(const struct kmd *kmd, int32_t oclass)
{
   /* Software methods: by their number, or as NVIF calls them (-1 .. -8). */
   if ((oclass & 0xff) == 0x6e || (oclass < 0 && oclass >= -8))
      return true;
   unsigned count;
   const int32_t *classes = kmd_classes(kmd, &count);
   for (unsigned i = 0; i < count; i++)
      if (classes[i] == oclass)
         return true;
   return false;
}

static bool
handle_in_use(struct kmd_abi16_chan *ac, uint32_t handle)
{
   util_list_for_each(struct kmd_abi16_obj, o, &ac->objects, link)
      if (o->handle == handle)
         return true;
   return false;
}

int
kmd_abi16_obj_create(struct kmd *kmd, struct kmd_abi16_chan *ac,
                     uint64_t object, uint32_t handle, int32_t oclass)
{
   if (!class_exists(kmd, oclass))
      return -EINVAL;
   struct kmd_abi16_obj *o = kdrm_zalloc(sizeof(*o));
   if (!o)
      return -ENOMEM;
   o->object = object;
   o->handle = handle;
   o->oclass = oclass;
   pthread_mutex_lock(&ac->lock);
   int ret = handle_in_use(ac, handle) ? -EEXIST : 0;
   if (!ret)
      util_list_add_tail(&o->link, &ac->objects);
   pthread_mutex_unlock(&ac->lock);
   if (ret)
      kdrm_free(o);
   return ret;
}

int
kmd_grobj_alloc_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   const struct drm_nouveau_grobj_alloc *a = arg;
   struct kmd_client *client = kmd_client_of(file);
   if (a->handle == ~0u)
      return -EINVAL;
   struct kmd_abi16_chan *ac =
      a->channel < 0 ? NULL : kmd_abi16_chan_get(client, a->channel);
   if (!ac)
      return -ENOENT;
   int ret =
      kmd_abi16_obj_create(client->kmd, ac, a->handle, a->handle, a->class_id);
   kmd_abi16_chan_put(ac);
   return ret;
}

int
kmd_notifierobj_alloc_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   return -EINVAL; /* as on Fermi and later */
}

int
kmd_gpuobj_free_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   const struct drm_nouveau_gpuobj_free *a = arg;
   struct kmd_client *client = kmd_client_of(file);
   struct kmd_abi16_chan *ac =
      a->channel < 0 ? NULL : kmd_abi16_chan_get(client, a->channel);
   if (!ac)
      return -EINVAL;
   int ret = -ENOENT;
   pthread_mutex_lock(&ac->lock);
   util_list_for_each_safe(struct kmd_abi16_obj, o, &ac->objects, link) {
      if (o->handle != a->handle)
         continue;
      obj_destroy(o);
      ret = 0;
   }
   pthread_mutex_unlock(&ac->lock);
   kmd_abi16_chan_put(ac);
   return ret;
}
