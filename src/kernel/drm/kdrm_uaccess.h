/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Reading and writing the caller's memory (≙ copy_from_user): a bad pointer is
 * -EFAULT, not a crash. `user` is an address of this process as it comes in
 * uAPI structs. */
#ifndef KDRM_UACCESS_H
#define KDRM_UACCESS_H

#include <stddef.h>
#include <stdint.h>

/* 0 or -EFAULT. */
int kdrm_copy_from_user(void *dst, uint64_t user, size_t size_B);
int kdrm_copy_to_user(uint64_t user, const void *src, size_t size_B);

/* An array of `count` elements into new memory (kdrm_free); NULL for count 0.
 * -EFAULT, -ENOMEM, -EOVERFLOW. */
int kdrm_dup_from_user(uint64_t user, uint64_t count, size_t element_B,
                       void **array_out);

#endif
