/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The working directory matters where it is near /dev and /sys, and that is
 * rare: so it is looked up when it has changed, not for each path. */
#include "shim_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum {
   UNKNOWN,
   FAR,
   NEAR /* at the root or in /dev or /sys */
};
static atomic_int where;

static bool
leads_there(const char *path)
{
   return !strncmp(path, "/dev", 4) || !strncmp(path, "/sys", 4) ||
          !path[strspn(path, "/")];
}

static bool
join(char *buf, const char *path)
{
   size_t length = strlen(buf);
   if (length + 1 + strlen(path) >= PATH_MAX)
      return false;
   buf[length] = '/';
   strcpy(buf + length + 1, path);
   return true;
}

/* Names after leading dots are followed by the tree, the directory itself has
 * no links in its name. */
static const char *
relative_to_cwd(const char *path, char *buf)
{
   bool up = !strncmp(path, "..", 2);
   if ((where == FAR && !up) || !getcwd(buf, PATH_MAX))
      return NULL;
   where = leads_there(buf) ? NEAR : FAR;
   if (where == FAR && !up)
      return NULL;
   if (!buf[1]) /* the root: one slash is enough */
      buf[0] = 0;
   while (!strncmp(path, "../", 3) || !strcmp(path, "..")) {
      char *slash = strrchr(buf, '/');
      if (slash)
         *slash = 0;
      path += 2 + strspn(path + 2, "/");
   }
   return join(buf, path) && leads_there(buf) ? buf : NULL;
}

static const char *
relative_to_fd(int dirfd, const char *path, char *buf)
{
   bool real;
   const struct shim_node *dir = shim_files_node(dirfd, &real);
   if (!dir || dir->kind != SHIM_DIR)
      return NULL;
   strcpy(buf, dir->path);
   return join(buf, path) ? buf : NULL;
}

const char *
shim_cwd_absolute(int dirfd, const char *path, char *buf)
{
   if (!path || !*path || strnlen(path, PATH_MAX) == PATH_MAX)
      return NULL;
   if (*path == '/')
      return leads_there(path + strspn(path, "/") - 1) ? path : NULL;
   int err = errno;
   const char *whole = dirfd == AT_FDCWD ? relative_to_cwd(path, buf)
                                         : relative_to_fd(dirfd, path, buf);
   errno = err;
   return whole;
}

SHIM_EXPORT int
chdir(const char *path)
{
   int ret = shim_real()->chdir(path);
   where = UNKNOWN;
   return ret;
}

SHIM_EXPORT int
fchdir(int fd)
{
   int ret = shim_real()->fchdir(fd);
   where = UNKNOWN;
   return ret;
}
