/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Channels and engine objects as a client names them (≙ nouveau_abi16;
 * kernel.md §1.2–1.4). */
#ifndef KMD_ABI16_H
#define KMD_ABI16_H

#include "kmd_priv.h"

struct kmd_bo;

/* An engine object, a child of a channel. The card takes the class from the
 * push buffer, so it is a name only. */
struct kmd_abi16_obj {
   struct util_list link;
   uint64_t object; /* the client's name of it (NVIF) */
   uint32_t handle; /* ... (GROBJ_ALLOC) */
   int32_t oclass;
};

struct kmd_abi16_chan {
   _Atomic unsigned refs;
   struct kmd_chan *chan; /* owned: destroyed with the last reference */
   uint32_t notifier_handle;
   pthread_mutex_t lock; /* of objects */
   struct util_list objects;
};

/* Referenced, or NULL. */
struct kmd_abi16_chan *kmd_abi16_chan_get(struct kmd_client *client,
                                          uint64_t id);
void kmd_abi16_chan_put(struct kmd_abi16_chan *ac); /* NULL: nothing */
/* Ends all channels of the client. */
void kmd_abi16_release(struct kmd_client *client);

/* -EINVAL: not a class of this card; -EEXIST: handle in use; -ENOMEM. */
int kmd_abi16_obj_create(struct kmd *kmd, struct kmd_abi16_chan *ac,
                         uint64_t object, uint32_t handle, int32_t oclass);

/* Classes that a channel of this card offers, newest first. */
const int32_t *kmd_classes(const struct kmd *kmd, unsigned *count_out);

struct kmd_chip {
   uint32_t chipset;
   uint16_t pci_device;
   uint8_t gpcs, rops, sms;
   const char *chip, *name;
};
/* Of an unknown chipset: GP104. */
const struct kmd_chip *kmd_chip(uint32_t chipset);

int kmd_getparam_ioctl(struct kdrm_file *, void *, size_t);
int kmd_setparam_ioctl(struct kdrm_file *, void *, size_t);
int kmd_channel_alloc_ioctl(struct kdrm_file *, void *, size_t);
int kmd_channel_free_ioctl(struct kdrm_file *, void *, size_t);
int kmd_channel_error_ioctl(struct kdrm_file *, void *, size_t);
int kmd_grobj_alloc_ioctl(struct kdrm_file *, void *, size_t);
int kmd_notifierobj_alloc_ioctl(struct kdrm_file *, void *, size_t);
int kmd_gpuobj_free_ioctl(struct kdrm_file *, void *, size_t);
int kmd_nvif_ioctl(struct kdrm_file *, void *user, size_t);    /* kmd_nvif.c */
int kmd_gem_pushbuf_ioctl(struct kdrm_file *, void *, size_t); /* kmd_push.c */

#endif
