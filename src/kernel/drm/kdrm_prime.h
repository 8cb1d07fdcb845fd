/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Buffers that go from one device to another (≙ drm_prime, dma-buf). One table
 * serves all devices of a machine; what it hands out are numbers that stand for
 * file descriptors, far above those of files. */
#ifndef KDRM_PRIME_H
#define KDRM_PRIME_H

#include "kernel/drm/kdrm_gem.h"

#define KDRM_PRIME_FIRST_FD (1 << 20)

struct kdrm_prime {
   struct kdrm_handles fds; /* kdrm_gem_object, referenced */
};

void kdrm_prime_init(struct kdrm_prime *prime);
void kdrm_prime_finish(struct kdrm_prime *prime);
/* The device goes away: closes what its objects are known by. */
void kdrm_prime_forget(struct kdrm_prime *prime, struct kdrm_device *dev);
/* close(2). -EBADF */
int kdrm_prime_close(struct kdrm_prime *prime, int fd);

/* -EOPNOTSUPP without kdrm_device.prime; -EINVAL flags; -ENOENT handle, -EBADF
 * descriptor; else the driver's. Importing what the file has already answers
 * with the handle that it has. */
int kdrm_prime_handle_to_fd_ioctl(struct kdrm_file *, void *, size_t);
int kdrm_prime_fd_to_handle_ioctl(struct kdrm_file *, void *, size_t);

#endif
