/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#ifndef NOUVEAU_WS_PRIV_H
#define NOUVEAU_WS_PRIV_H

#include "nouveau_ws.h"

#include "drm-uapi/nouveau_drm.h"
#include "util/util_macros.h"

struct nouveau_ws_vm;

struct nouveau_ws_device {
   const struct nouveau_ws_os *os;
   int fd;
   struct nouveau_ws_device_info info;
   struct nouveau_ws_vm *vm; /* NULL: the kernel places, PUSHBUF submits */
   bool svm_waits;           /* SVM_BIND knows only MIGRATE (Linux) */
   uint64_t next_object;     /* atomic: client-side names of NVIF objects */
   bool told_of_long_work;   /* atomic */
};

struct nouveau_ws_context {
   struct nouveau_ws_device *dev;
   struct nouveau_ws_context_info info;
   int32_t channel;
   struct nouveau_ws_timeline *timeline; /* with dev->vm */
   uint32_t notifier_handle;
   uint64_t objects[4];
   unsigned num_objects;
};

static inline int
ws_ioctl(struct nouveau_ws_device *dev, unsigned long request, void *arg)
{
   return dev->os->ioctl(dev->os->data, dev->fd, request, arg);
}

/* NVIF NEW below the device (channel < 0) or a channel. */
int nouveau_ws_object_new(struct nouveau_ws_device *dev, int32_t channel,
                          uint32_t handle, int32_t oclass, const void *data,
                          size_t data_B, uint64_t *object_out);
void nouveau_ws_object_del(struct nouveau_ws_device *dev, int32_t channel,
                           uint64_t object);
/* NVIF MTHD on the object; `data` in and out. */
int nouveau_ws_object_mthd(struct nouveau_ws_device *dev, uint64_t object,
                           uint8_t method, void *data, size_t data_B);

#endif
