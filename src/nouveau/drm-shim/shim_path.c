/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The C library's functions that take a path. */
#include "shim_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- open ---- */

/* `fd` from now on stands for the node. */
static int
stands_for(int fd, const struct shim_node *node, bool real)
{
   int ret = fd < 0 ? 0 : shim_files_set(fd, shim_file_of_node(node, real));
   if (!ret)
      return fd;
   shim_real()->close(fd);
   errno = -ret;
   return -1;
}

/* The text in a file without a name, opened once more so that nobody writes. */
static int
open_file(const struct shim_node *node, int flags)
{
   if ((flags & O_ACCMODE) != O_RDONLY) {
      errno = EACCES;
      return -1;
   }
   char path[40];
   int cloexec = flags & O_CLOEXEC;
   int memory = memfd_create(shim_node_name(node), MFD_CLOEXEC), fd = -1;
   snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
   if (memory >= 0 && write(memory, node->text, node->size_B) == node->size_B)
      fd = shim_real()->open(path, O_RDONLY | cloexec);
   if (fd < 0) {
      if (memory >= 0)
         shim_real()->close(memory);
      return -1;
   }
   /* The lower number, as open(2) promises. */
   int both = shim_real()->dup3(fd, memory, cloexec);
   shim_real()->close(fd);
   return stands_for(both, node, false);
}

static int
open_dir(const struct shim_node *node, int flags)
{
   if ((flags & O_ACCMODE) != O_RDONLY) {
      errno = EISDIR;
      return -1;
   }
   int fd = shim_real()->open("/dev/null", O_RDONLY | (flags & O_CLOEXEC));
   return stands_for(fd, node, false);
}

int
shim_node_open(const struct shim_node *node, int flags)
{
   int wrong = 0;
   if ((flags & O_CREAT) && (flags & O_EXCL))
      wrong = EEXIST;
   else if ((flags & O_DIRECTORY) && node->kind != SHIM_DIR)
      wrong = ENOTDIR;
   else if (node->kind == SHIM_LINK)
      wrong = ELOOP;
   if (wrong) {
      errno = wrong;
      return -1;
   }
   switch (node->kind) {
   case SHIM_DIR:
      return open_dir(node, flags);
   case SHIM_FILE:
      return open_file(node, flags);
   default:
      return shim_card_open(node->card, flags);
   }
}

/* A number that the C library closed behind our back may be in use again. */
static int
fresh(int fd)
{
   if (fd >= 0)
      shim_files_set(fd, SHIM_FILE_NONE);
   return fd;
}

static int
open_at(int dirfd, const char *path, int flags, mode_t mode)
{
   const struct shim_node *node =
      shim_tree_find_at(dirfd, path, !(flags & O_NOFOLLOW));
   if (node && node->kind != SHIM_DIR)
      return shim_node_open(node, flags);
   int fd = shim_real()->openat(dirfd, path, flags, mode);
   if (fd < 0 && node)
      return shim_node_open(node, flags);
   return node ? stands_for(fd, node, true) : fresh(fd);
}

#define OPEN_MODE(flags)                                                       \
   ({                                                                          \
      mode_t open_mode = 0;                                                    \
      if ((flags) & (O_CREAT | O_TMPFILE)) {                                   \
         va_list open_args;                                                    \
         va_start(open_args, flags);                                           \
         open_mode = va_arg(open_args, mode_t);                                \
         va_end(open_args);                                                    \
      }                                                                        \
      open_mode;                                                               \
   })

SHIM_EXPORT int
open(const char *path, int flags, ...)
{
   return open_at(AT_FDCWD, path, flags, OPEN_MODE(flags));
}

SHIM_EXPORT int
openat(int dirfd, const char *path, int flags, ...)
{
   return open_at(dirfd, path, flags, OPEN_MODE(flags));
}

SHIM_EXPORT int
creat(const char *path, mode_t mode)
{
   return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int open64(const char *path, int flags, ...) SHIM_ALIAS(open);
int openat64(int dirfd, const char *path, int flags, ...) SHIM_ALIAS(openat);
int creat64(const char *path, mode_t mode) SHIM_ALIAS(creat);

/* What <fcntl.h> makes of open without a mode under _FORTIFY_SOURCE. */
int __open_2(const char *path, int flags);
int __openat_2(int dirfd, const char *path, int flags);

SHIM_EXPORT int
__open_2(const char *path, int flags)
{
   return open_at(AT_FDCWD, path, flags, 0);
}

SHIM_EXPORT int
__openat_2(int dirfd, const char *path, int flags)
{
   return open_at(dirfd, path, flags, 0);
}

int __open64_2(const char *path, int flags) SHIM_ALIAS(__open_2);
int __openat64_2(int dirfd, const char *path, int flags) SHIM_ALIAS(__openat_2);

SHIM_EXPORT FILE *
fopen(const char *path, const char *mode)
{
   const struct shim_node *node = shim_tree_find(path, true);
   if (!node || node->kind == SHIM_DIR)
      return shim_real()->fopen(path, mode);
   int access = strchr(mode, '+')     ? O_RDWR
                : strpbrk(mode, "wa") ? O_WRONLY
                                      : O_RDONLY;
   int fd = shim_node_open(node, access | (strchr(mode, 'e') ? O_CLOEXEC : 0));
   FILE *file = fd < 0 ? NULL : fdopen(fd, mode);
   if (!file && fd >= 0)
      close(fd);
   return file;
}

FILE *fopen64(const char *path, const char *mode) SHIM_ALIAS(fopen);

/* ---- access, links ---- */

static int
access_node(const struct shim_node *node, int mode)
{
   static const int allowed[] = {
      [SHIM_DIR] = R_OK | X_OK,
      [SHIM_FILE] = R_OK,
      [SHIM_LINK] = R_OK,
      [SHIM_CARD] = R_OK | W_OK,
   };
   if (!(mode & ~allowed[node->kind]))
      return 0;
   errno = EACCES;
   return -1;
}

SHIM_EXPORT int
access(const char *path, int mode)
{
   const struct shim_node *node = shim_tree_find(path, true);
   if ((!node || node->kind == SHIM_DIR) && !shim_real()->access(path, mode))
      return 0;
   return node ? access_node(node, mode) : -1;
}

SHIM_EXPORT int
faccessat(int dirfd, const char *path, int mode, int flags)
{
   const struct shim_node *node =
      shim_tree_find_at(dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW));
   if ((!node || node->kind == SHIM_DIR) &&
       !shim_real()->faccessat(dirfd, path, mode, flags))
      return 0;
   return node ? access_node(node, mode) : -1;
}

/* Who runs with other rights than it was started with does not preload us. */
int euidaccess(const char *path, int mode) SHIM_ALIAS(access);
int eaccess(const char *path, int mode) SHIM_ALIAS(access);

static ssize_t
read_link(const struct shim_node *node, char *buf, size_t size_B)
{
   if (node->kind != SHIM_LINK) {
      errno = EINVAL;
      return -1;
   }
   size_t length = MIN2(node->size_B, size_B);
   memcpy(buf, node->text, length);
   return length;
}

/* What the kernel says about a descriptor's file. */
static ssize_t
read_link_of_fd(const char *path, char *buf, size_t size_B)
{
   static const char dir[] = "/proc/self/fd/";
   char *end;
   bool real;
   if (strncmp(path, dir, sizeof(dir) - 1))
      return -1;
   long fd = strtol(path + sizeof(dir) - 1, &end, 10);
   const struct shim_node *node = shim_files_node((int)fd, &real);
   if (end == path + sizeof(dir) - 1 || *end || !node || real)
      return -1;
   size_t length = MIN2(strlen(node->path), size_B);
   memcpy(buf, node->path, length);
   return (ssize_t)length;
}

static ssize_t
read_link_at(int dirfd, const char *path, char *buf, size_t size_B)
{
   const struct shim_node *node = shim_tree_find_at(dirfd, path, false);
   ssize_t length = read_link_of_fd(path, buf, size_B);
   if (length < 0 && node && node->kind != SHIM_DIR)
      length = read_link(node, buf, size_B);
   else if (length < 0)
      length = shim_real()->readlinkat(dirfd, path, buf, size_B);
   if (length < 0 && node && errno == ENOENT)
      errno = EINVAL; /* a directory, and no link */
   return length;
}

SHIM_EXPORT ssize_t
readlink(const char *path, char *buf, size_t size_B)
{
   return read_link_at(AT_FDCWD, path, buf, size_B);
}

SHIM_EXPORT ssize_t
readlinkat(int dirfd, const char *path, char *buf, size_t size_B)
{
   return read_link_at(dirfd, path, buf, size_B);
}

SHIM_EXPORT char *
realpath(const char *path, char *out)
{
   const struct shim_node *node = shim_tree_find(path, true);
   char *real = shim_real()->realpath(path, out);
   if (real || !node)
      return real;
   return out ? strcpy(out, node->path) : strdup(node->path);
}

SHIM_EXPORT char *
canonicalize_file_name(const char *path)
{
   return realpath(path, NULL);
}

/* The checked forms of _FORTIFY_SOURCE. A too small buffer ends the program, as
 * in the C library. */
ssize_t __readlink_chk(const char *path, char *buf, size_t size_B,
                       size_t room_B);
ssize_t __readlinkat_chk(int dirfd, const char *path, char *buf, size_t size_B,
                         size_t room_B);
char *__realpath_chk(const char *path, char *out, size_t room_B);

SHIM_EXPORT ssize_t
__readlink_chk(const char *path, char *buf, size_t size_B, size_t room_B)
{
   return size_B <= room_B ? readlink(path, buf, size_B) : (abort(), -1);
}

SHIM_EXPORT ssize_t
__readlinkat_chk(int dirfd, const char *path, char *buf, size_t size_B,
                 size_t room_B)
{
   return size_B <= room_B ? readlinkat(dirfd, path, buf, size_B)
                           : (abort(), -1);
}

SHIM_EXPORT char *
__realpath_chk(const char *path, char *out, size_t room_B)
{
   return realpath(path, out);
}
