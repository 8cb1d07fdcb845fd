/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The system call table of a real kernel. */
#include "nouveau_ws.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
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

/* The node's device in sysfs is named by its place on the bus. */
static int
libc_bus(void *data, int fd, struct nouveau_ws_bus *bus)
{
   struct stat st;
   char path[64], target[256];
   if (fstat(fd, &st))
      return -errno;
   snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/device", major(st.st_rdev),
            minor(st.st_rdev));
   ssize_t n = readlink(path, target, sizeof(target) - 1);
   if (n < 0)
      return -errno;
   target[n] = 0;
   const char *slot = strrchr(target, '/');
   slot = slot ? slot + 1 : target;
   return sscanf(slot, "%x:%x:%x.%x", &bus->domain, &bus->bus, &bus->device,
                 &bus->function) == 4
             ? 0
             : -ENODEV;
}

const struct nouveau_ws_os nouveau_ws_os_libc = {
   .name = "linux",
   .open = libc_open,
   .close = libc_close,
   .ioctl = libc_ioctl,
   .mmap = libc_mmap,
   .munmap = libc_munmap,
   .bus = libc_bus,
};
