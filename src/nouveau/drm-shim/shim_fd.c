/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The C library's functions that take a file descriptor, and munmap. */
#include "shim_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- the card ---- */

SHIM_EXPORT int
ioctl(int fd, unsigned long request, ...)
{
   va_list args;
   va_start(args, request);
   void *arg = va_arg(args, void *);
   va_end(args);
   int file = shim_files_get(fd);
   return file > 0 ? shim_card_ioctl(file, request, arg)
                   : shim_real()->ioctl(fd, request, arg);
}

SHIM_EXPORT void *
mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
   int file = flags & MAP_ANONYMOUS ? SHIM_FILE_NONE : shim_files_get(fd);
   return file > 0 ? shim_card_mmap(file, addr, length, prot, flags, offset)
                   : shim_real()->mmap(addr, length, prot, flags, fd, offset);
}

void *mmap64(void *addr, size_t length, int prot, int flags, int fd,
             off_t offset) SHIM_ALIAS(mmap);

SHIM_EXPORT int
munmap(void *addr, size_t length)
{
   return shim_card_munmap(addr, length);
}

/* ---- descriptors coming and going ---- */

/* Out of the table before the number is free for others. */
static void
forget(int fd)
{
   int file;
   if (shim_files_take(fd, &file) && file > 0)
      shim_card_close(file);
}

SHIM_EXPORT int
close(int fd)
{
   forget(fd);
   return shim_real()->close(fd);
}

SHIM_EXPORT int
close_range(unsigned first, unsigned last, int flags)
{
   if (!(flags & CLOSE_RANGE_CLOEXEC))
      for (unsigned fd = first; fd <= last && fd < shim_files_top(); fd++)
         forget(fd);
   return shim_real()->close_range(first, last, flags);
}

SHIM_EXPORT void
closefrom(int first)
{
   close_range((unsigned)MAX2(first, 0), ~0u, 0);
}

SHIM_EXPORT int
fclose(FILE *stream)
{
   forget(fileno(stream));
   return shim_real()->fclose(stream);
}

/* `fd` is a new copy of `old`, or -1. */
static int
copied(int old, int fd)
{
   int file = shim_files_get(old);
   int ret = fd < 0 ? 0 : shim_files_set(fd, file);
   if (!ret)
      return fd;
   shim_real()->close(fd);
   errno = -ret;
   return -1;
}

SHIM_EXPORT int
dup(int old)
{
   return copied(old, shim_real()->dup(old));
}

SHIM_EXPORT int
dup2(int old, int fd)
{
   if (old != fd)
      forget(fd);
   return copied(old, shim_real()->dup2(old, fd));
}

SHIM_EXPORT int
dup3(int old, int fd, int flags)
{
   if (old != fd)
      forget(fd);
   return copied(old, shim_real()->dup3(old, fd, flags));
}

SHIM_EXPORT int
fcntl(int fd, int command, ...)
{
   va_list args;
   va_start(args, command);
   void *arg = va_arg(args, void *);
   va_end(args);
   int ret = shim_real()->fcntl(fd, command, arg);
   return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? copied(fd, ret)
                                                           : ret;
}

int fcntl64(int fd, int command, ...) SHIM_ALIAS(fcntl);
