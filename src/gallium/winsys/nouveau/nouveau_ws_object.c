/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* NVIF messages: header, verb, payload in one ioctl argument (kernel.md §1.4). */
#include "nouveau_ws_priv.h"

#include <errno.h>
#include <string.h>

#define NVIF_MAX_B 256

struct nvif_message {
   struct nvif_ioctl_v0 header;
   uint8_t payload[NVIF_MAX_B];
};

static int
send(struct nouveau_ws_device *dev, struct nvif_message *m, size_t payload_B)
{
   return ws_ioctl(dev, DRM_IOCTL_NOUVEAU_NVIF(sizeof(m->header) + payload_B),
                   m);
}

static void
init_header(struct nvif_message *m, uint8_t type, int32_t channel,
            uint64_t object)
{
   memset(m, 0, sizeof(*m));
   m->header.type = type;
   m->header.owner = NVIF_IOCTL_V0_OWNER_ANY;
   m->header.object = object;
   if (channel >= 0) {
      m->header.route = NVIF_IOCTL_V0_ROUTE_CHAN;
      m->header.token = channel;
   }
}

int
nouveau_ws_object_new(struct nouveau_ws_device *dev, int32_t channel,
                      uint32_t handle, int32_t oclass, const void *data,
                      size_t data_B, uint64_t *object_out)
{
   struct nvif_message m;
   struct nvif_ioctl_new_v0 *args = (void *)m.payload;
   uint64_t name = __atomic_add_fetch(&dev->next_object, 1, __ATOMIC_RELAXED);
   if (sizeof(*args) + data_B > NVIF_MAX_B)
      return -E2BIG;
   init_header(&m, NVIF_IOCTL_V0_NEW, channel, 0);
   args->route = m.header.route;
   args->token = name;
   args->object = name;
   args->handle = handle;
   args->oclass = oclass;
   if (data_B)
      memcpy(args + 1, data, data_B);
   int ret = send(dev, &m, sizeof(*args) + data_B);
   if (!ret)
      *object_out = name;
   return ret;
}

void
nouveau_ws_object_del(struct nouveau_ws_device *dev, int32_t channel,
                      uint64_t object)
{
   struct nvif_message m;
   init_header(&m, NVIF_IOCTL_V0_DEL, channel, object);
   send(dev, &m, 0);
}

int
nouveau_ws_object_mthd(struct nouveau_ws_device *dev, uint64_t object,
                       uint8_t method, void *data, size_t data_B)
{
   struct nvif_message m;
   struct nvif_ioctl_mthd_v0 *args = (void *)m.payload;
   if (sizeof(*args) + data_B > NVIF_MAX_B)
      return -E2BIG;
   init_header(&m, NVIF_IOCTL_V0_MTHD, -1, object);
   args->method = method;
   memcpy(args + 1, data, data_B);
   int ret = send(dev, &m, sizeof(*args) + data_B);
   if (!ret)
      memcpy(data, args + 1, data_B);
   return ret;
}
