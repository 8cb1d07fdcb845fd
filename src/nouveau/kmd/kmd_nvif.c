/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* NVIF, the kernel's object interface, as far as it is still open to programs
 * (kernel.md §1.4): the device and its info, children of channels. */
#include "kmd_abi16.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/drm/kdrm_alloc.h"
#include "kernel/drm/kdrm_uaccess.h"

/* More than any call that exists. */
#define NVIF_MAX_B 4096

static int
device_info(struct kmd *kmd, void *data, size_t size_B)
{
   struct nv_device_info_v0 *info = data;
   if (size_B < sizeof(*info) || info->version != 0)
      return -ENOSYS;
   const struct kmd_chip *chip = kmd_chip(kmd->config.chipset);
   *info = (struct nv_device_info_v0){
      .platform = NV_DEVICE_INFO_V0_PCIE,
      .chipset = kmd->config.chipset,
      .revision = 0xa1,
      .family = NV_DEVICE_INFO_V0_PASCAL,
      .ram_size = kmd->vram.size_B,
      .ram_user = kmd->vram.size_B - kmd->vram.reserve_B,
   };
   snprintf(info->chip, sizeof(info->chip), "%s", chip->chip);
   snprintf(info->name, sizeof(info->name), "%s", chip->name);
   return 0;
}

static int
nvif_mthd(struct kmd_client *client, const struct nvif_ioctl_v0 *head,
          uint8_t *payload, size_t size_B)
{
   const struct nvif_ioctl_mthd_v0 *m = (void *)payload;
   if (head->route != NVIF_IOCTL_V0_ROUTE_NVIF || size_B < sizeof(*m) ||
       m->version != 0 || m->method != NV_DEVICE_V0_INFO)
      return -EINVAL;
   return device_info(client->kmd, payload + sizeof(*m), size_B - sizeof(*m));
}

static int
nvif_new(struct kmd_client *client, const struct nvif_ioctl_v0 *head,
         uint8_t *payload, size_t size_B)
{
   const struct nvif_ioctl_new_v0 *n = (void *)payload;
   if (size_B < sizeof(*n) || n->version != 0)
      return -EINVAL;
   if (head->route == NVIF_IOCTL_V0_ROUTE_NVIF)
      return n->oclass == NVIF_CLASS_NV_DEVICE && head->object == 0 ? 0
                                                                    : -EINVAL;
   struct kmd_abi16_chan *ac = kmd_abi16_chan_get(client, head->token);
   if (!ac)
      return -EINVAL;
   int ret =
      kmd_abi16_obj_create(client->kmd, ac, n->object, n->handle, n->oclass);
   kmd_abi16_chan_put(ac);
   return ret;
}

static int
nvif_del(struct kmd_client *client, const struct nvif_ioctl_v0 *head)
{
   struct kmd_abi16_chan *ac = kmd_abi16_chan_get(client, head->token);
   if (!ac)
      return 0;
   pthread_mutex_lock(&ac->lock);
   util_list_for_each_safe(struct kmd_abi16_obj, o, &ac->objects, link) {
      if (o->object != head->object)
         continue;
      util_list_del(&o->link);
      kdrm_free(o);
   }
   pthread_mutex_unlock(&ac->lock);
   kmd_abi16_chan_put(ac);
   return 0;
}

static int
nvif_sclass(struct kmd_client *client, const struct nvif_ioctl_v0 *head,
            uint8_t *payload, size_t size_B)
{
   struct nvif_ioctl_sclass_v0 *s = (void *)payload;
   struct nvif_ioctl_sclass_oclass_v0 *out = (void *)(payload + sizeof(*s));
   if (head->route == NVIF_IOCTL_V0_ROUTE_NVIF || size_B < sizeof(*s) ||
       s->version != 0 || size_B - sizeof(*s) != s->count * sizeof(*out))
      return -EINVAL;
   struct kmd_abi16_chan *ac = kmd_abi16_chan_get(client, head->token);
   if (!ac)
      return -EINVAL;
   unsigned count;
   const int32_t *classes = kmd_classes(client->kmd, &count);
   for (unsigned i = 0; i < MIN2(count, s->count); i++)
      out[i] = (struct nvif_ioctl_sclass_oclass_v0){.oclass = classes[i],
                                                    .minver = -1,
                                                    .maxver = -1};
   s->count = count;
   kmd_abi16_chan_put(ac);
   return 0;
}

static int
dispatch(struct kmd_client *client, uint8_t *data, size_t size_B)
{
   struct nvif_ioctl_v0 *head = (void *)data;
   uint8_t *payload = data + sizeof(*head);
   size_B -= sizeof(*head);
   if (head->version != 0)
      return -EINVAL;
   if (head->route != NVIF_IOCTL_V0_ROUTE_NVIF &&
       head->route != NVIF_IOCTL_V0_ROUTE_CHAN)
      return -EINVAL;
   switch (head->type) {
   case NVIF_IOCTL_V0_SCLASS:
      return nvif_sclass(client, head, payload, size_B);
   case NVIF_IOCTL_V0_NEW:
      return nvif_new(client, head, payload, size_B);
   case NVIF_IOCTL_V0_DEL:
      return nvif_del(client, head);
   case NVIF_IOCTL_V0_MTHD:
      return nvif_mthd(client, head, payload, size_B);
   default:
      return -EINVAL;
   }
}

int
kmd_nvif_ioctl(struct kdrm_file *file, void *user, size_t size_B)
{
   if (size_B < sizeof(struct nvif_ioctl_v0))
      return -EINVAL;
   if (size_B > NVIF_MAX_B)
      return -EINVAL;
   uint8_t *data = kdrm_zalloc(size_B);
   if (!data)
      return -ENOMEM;
   int ret = kdrm_copy_from_user(data, (uintptr_t)user, size_B);
   if (!ret)
      ret = dispatch(kmd_client_of(file), data, size_B);
   if (!ret)
      ret = kdrm_copy_to_user((uintptr_t)user, data, size_B);
   kdrm_free(data);
   return ret;
}
