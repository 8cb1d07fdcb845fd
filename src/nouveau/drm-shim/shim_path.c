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
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---- open ---- */

static int
open_file(const struct shim_node *node, int flags)
{
   if ((flags & O_ACCMODE) != O_RDONLY) {
      errno = EACCES;
      return -1;
   }
   int fd =
      memfd_create(shim_node_name(node), flags & O_CLOEXEC ? MFD_CLOEXEC : 0);
   if (fd < 0)
      return -1;
   size_t length = strlen(node->text);
   if (write(fd, node->text, length) == length && lseek(fd, 0, SEEK_SET) == 0)
      return fd;
   shim_real()->close(fd);
   errno = EIO;
   return -1;
}

static int
open_dir(const struct shim_node *node, int flags)
{
   int fd = shim_real()->open("/dev/null", O_RDONLY | (flags & O_CLOEXEC));
   int ret = fd < 0 ? 0 : shim_files_set(fd, shim_file_of_dir(node));
   if (!ret)
      return fd;
   shim_real()->close(fd);
   errno = -ret;
   return -1;
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
      return shim_card_open(flags);
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
   return fresh(fd);
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
   int access = strpbrk(mode, "wa+") ? O_RDWR : O_RDONLY;
   int fd = shim_node_open(node, access | (strchr(mode, 'e') ? O_CLOEXEC : 0));
   FILE *file = fd < 0 ? NULL : fdopen(fd, mode);
   if (!file && fd >= 0)
      close(fd);
   return file;
}

FILE *fopen64(const char *path, const char *mode) SHIM_ALIAS(fopen);

/* ---- stat ---- */

static int
stat_at(int dirfd, const char *path, struct stat *out, int flags)
{
   const struct shim_node *node =
      shim_tree_find_at(dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW));
   if (!node && (flags & AT_EMPTY_PATH) && path && !*path)
      return fstat(dirfd, out);
   if (!node || node->kind == SHIM_DIR) {
      int ret = shim_real()->fstatat(dirfd, path, out, flags);
      if (!ret || !node)
         return ret;
   }
   shim_tree_stat(node, out);
   return 0;
}

SHIM_EXPORT int
stat(const char *path, struct stat *out)
{
   return stat_at(AT_FDCWD, path, out, 0);
}

SHIM_EXPORT int
lstat(const char *path, struct stat *out)
{
   return stat_at(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

SHIM_EXPORT int
fstatat(int dirfd, const char *path, struct stat *out, int flags)
{
   return stat_at(dirfd, path, out, flags);
}

/* The same structure by another name. */
static_assert(sizeof(struct stat64) == sizeof(struct stat), "LP64");

SHIM_EXPORT int
stat64(const char *path, struct stat64 *out)
{
   return stat_at(AT_FDCWD, path, (struct stat *)out, 0);
}

SHIM_EXPORT int
lstat64(const char *path, struct stat64 *out)
{
   return stat_at(AT_FDCWD, path, (struct stat *)out, AT_SYMLINK_NOFOLLOW);
}

SHIM_EXPORT int
fstatat64(int dirfd, const char *path, struct stat64 *out, int flags)
{
   return stat_at(dirfd, path, (struct stat *)out, flags);
}

/* What programs built before glibc 2.33 call. */
int __xstat(int version, const char *path, struct stat *out);
int __lxstat(int version, const char *path, struct stat *out);
int __fxstatat(int version, int dirfd, const char *path, struct stat *out,
               int flags);

SHIM_EXPORT int
__xstat(int version, const char *path, struct stat *out)
{
   return stat_at(AT_FDCWD, path, out, 0);
}

SHIM_EXPORT int
__lxstat(int version, const char *path, struct stat *out)
{
   return stat_at(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

SHIM_EXPORT int
__fxstatat(int version, int dirfd, const char *path, struct stat *out,
           int flags)
{
   return stat_at(dirfd, path, out, flags);
}

int __xstat64(int version, const char *path, struct stat *out)
   SHIM_ALIAS(__xstat);
int __lxstat64(int version, const char *path, struct stat *out)
   SHIM_ALIAS(__lxstat);
int __fxstatat64(int version, int dirfd, const char *path, struct stat *out,
                 int flags) SHIM_ALIAS(__fxstatat);

static void
statx_of(const struct stat *st, struct statx *out)
{
   *out = (struct statx){
      .stx_mask = STATX_BASIC_STATS,
      .stx_blksize = st->st_blksize,
      .stx_nlink = st->st_nlink,
      .stx_mode = st->st_mode,
      .stx_ino = st->st_ino,
      .stx_size = st->st_size,
      .stx_rdev_major = major(st->st_rdev),
      .stx_rdev_minor = minor(st->st_rdev),
   };
}

SHIM_EXPORT int
statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *out)
{
   const struct shim_node *node =
      shim_tree_find_at(dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW));
   bool of_fd = (flags & AT_EMPTY_PATH) && !*path &&
                shim_files_get(dirfd) != SHIM_FILE_NONE;
   struct stat st;
   if (of_fd) {
      if (fstat(dirfd, &st))
         return -1;
   } else if (node) {
      if (node->kind == SHIM_DIR &&
          !shim_real()->statx(dirfd, path, flags, mask, out))
         return 0;
      shim_tree_stat(node, &st);
   } else {
      return shim_real()->statx(dirfd, path, flags, mask, out);
   }
   statx_of(&st, out);
   return 0;
}

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

static ssize_t
read_link(const struct shim_node *node, char *buf, size_t size_B)
{
   if (node->kind != SHIM_LINK) {
      errno = EINVAL;
      return -1;
   }
   size_t length = MIN2(strlen(node->text), size_B);
   memcpy(buf, node->text, length);
   return length;
}

SHIM_EXPORT ssize_t
readlink(const char *path, char *buf, size_t size_B)
{
   const struct shim_node *node = shim_tree_find(path, false);
   return node ? read_link(node, buf, size_B)
               : shim_real()->readlink(path, buf, size_B);
}

SHIM_EXPORT ssize_t
readlinkat(int dirfd, const char *path, char *buf, size_t size_B)
{
   const struct shim_node *node = shim_tree_find_at(dirfd, path, false);
   return node ? read_link(node, buf, size_B)
               : shim_real()->readlinkat(dirfd, path, buf, size_B);
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
