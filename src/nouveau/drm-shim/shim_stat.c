/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The C library's stat family. */
#include "shim_priv.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

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

SHIM_EXPORT int
fstat(int fd, struct stat *out)
{
   bool real;
   const struct shim_node *node = shim_files_node(fd, &real);
   if (!node || real)
      return shim_real()->fstat(fd, out);
   shim_tree_stat(node, out);
   return 0;
}

SHIM_EXPORT int
fstat64(int fd, struct stat64 *out)
{
   return fstat(fd, (struct stat *)out);
}

int __fxstat(int version, int fd, struct stat *out);
SHIM_EXPORT int
__fxstat(int version, int fd, struct stat *out)
{
   return fstat(fd, out);
}
int __fxstat64(int version, int fd, struct stat *out) SHIM_ALIAS(__fxstat);

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
   bool real, of_fd = (flags & AT_EMPTY_PATH) && !*path &&
                      shim_files_node(dirfd, &real) && !real;
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
