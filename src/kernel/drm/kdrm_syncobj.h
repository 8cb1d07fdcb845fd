/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Synchronisation objects, binary and timeline (≙ drm_syncobj). A point of a
 * timeline is over when its fence and those of all earlier points are. Not
 * here: passing them between processes as file descriptors. */
#ifndef KDRM_SYNCOBJ_H
#define KDRM_SYNCOBJ_H

#include "kernel/drm/kdrm_fence.h"
#include "kernel/drm/kdrm_file.h"

struct kdrm_syncobj;

void kdrm_syncobj_release(struct kdrm_file *file);

/* The fence of `point` (0: the latest) of a handle. -ENOENT: no such handle;
 * -EINVAL: nothing has been submitted for that point. */
int kdrm_syncobj_find_fence(struct kdrm_file *file, uint32_t handle,
                            uint64_t point, struct kdrm_fence **fence_out);
/* Referenced; NULL: no such handle. */
struct kdrm_syncobj *kdrm_syncobj_lookup(struct kdrm_file *file,
                                         uint32_t handle);
void kdrm_syncobj_put(struct kdrm_syncobj *syncobj); /* NULL: nothing */
/* Makes `fence` the payload (point 0), or that of a point. -ENOMEM. */
int kdrm_syncobj_set_fence(struct kdrm_syncobj *syncobj, uint64_t point,
                           struct kdrm_fence *fence);

int kdrm_syncobj_create_ioctl(struct kdrm_file *, void *, size_t);
int kdrm_syncobj_destroy_ioctl(struct kdrm_file *, void *, size_t);
int kdrm_syncobj_wait_ioctl(struct kdrm_file *, void *, size_t);
int kdrm_syncobj_timeline_wait_ioctl(struct kdrm_file *, void *, size_t);
int kdrm_syncobj_reset_ioctl(struct kdrm_file *, void *, size_t);
int kdrm_syncobj_signal_ioctl(struct kdrm_file *, void *, size_t);
int kdrm_syncobj_timeline_signal_ioctl(struct kdrm_file *, void *, size_t);
int kdrm_syncobj_query_ioctl(struct kdrm_file *, void *, size_t);
int kdrm_syncobj_transfer_ioctl(struct kdrm_file *, void *, size_t);

#endif
