/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kernel/drm/kdrm_uaccess.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/drm/kdrm_alloc.h"

typedef ssize_t (*vm_io)(pid_t, const struct iovec *, unsigned long,
                         const struct iovec *, unsigned long, unsigned long);

/* The system call checks both sides, so it stands for the exception tables of a
 * kernel. A sandbox may forbid it; then we believe the pointer. */
static int
transfer(vm_io io, void *kernel, uint64_t user, size_t size_B)
{
   if (size_B == 0)
      return 0;
   struct iovec k = {kernel, size_B};
   struct iovec u = {(void *)(uintptr_t)user, size_B};
   ssize_t done = io(getpid(), &k, 1, &u, 1, 0);
   if (done == (ssize_t)size_B)
      return 0;
   if (done >= 0 || (errno != EPERM && errno != ENOSYS))
      return -EFAULT;
   if (io == process_vm_readv)
      memcpy(kernel, u.iov_base, size_B);
   else
      memcpy(u.iov_base, kernel, size_B);
   return 0;
}

int
kdrm_copy_from_user(void *dst, uint64_t user, size_t size_B)
{
   return transfer(process_vm_readv, dst, user, size_B);
}

int
kdrm_copy_to_user(uint64_t user, const void *src, size_t size_B)
{
   return transfer(process_vm_writev, (void *)(uintptr_t)src, user, size_B);
}

int
kdrm_dup_from_user(uint64_t user, uint64_t count, size_t element_B,
                   void **array_out)
{
   *array_out = NULL;
   if (count == 0)
      return 0;
   size_t size_B;
   if (__builtin_mul_overflow(count, element_B, &size_B))
      return -EOVERFLOW;
   void *array = kdrm_zalloc(size_B);
   if (!array)
      return -ENOMEM;
   int ret = kdrm_copy_from_user(array, user, size_B);
   if (ret) {
      kdrm_free(array);
      return ret;
   }
   *array_out = array;
   return 0;
}
