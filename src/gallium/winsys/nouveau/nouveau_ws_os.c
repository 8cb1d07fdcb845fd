/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The system call table of a real kernel. */
#include "nouveau_ws.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int
libc_open(void *data, const char *path)
{
   int fd = open(path, O_RDWR | O_CLOEXEC);
   return fd < 0 ? -errno : fd;
}

static void
libc_close(void *data, int fd)
{
   close(fd);
}

static int
libc_ioctl(void *data, int fd, unsigned long request, void *arg)
{
   int ret;
   do {
      ret = ioctl(fd, request, arg);
   } while (ret && (errno == EINTR || errno == EAGAIN));
   return ret ? -errno : 0;
}

static void *
libc_mmap(void *data, void *addr, size_t size_B, int prot, int flags, int fd,
          uint64_t offset, int *err_out)
{
   void *p = mmap(addr, size_B, prot, flags, fd, offset);
   if (p == MAP_FAILED) {
      *err_out = -errno;
      return NULL;
   }
   return p;
}

static int
libc_munmap(void *data, void *addr, size_t size_B)
{
   return munmap(addr, size_B) ? -errno : 0;
}

const struct nouveau_ws_os nouveau_ws_os_libc = {
   .name = "linux",
   .open = libc_open,
   .close = libc_close,
   .ioctl = libc_ioctl,
   .mmap = libc_mmap,
   .munmap = libc_munmap,
};
