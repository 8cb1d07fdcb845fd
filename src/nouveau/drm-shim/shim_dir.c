/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Directory streams: what the real directory has, then our nodes that it lacks.
 * A stream of ours goes through the program as a DIR pointer and is known by
 * being in the list. */
#include "shim_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/util_list.h"

struct stream {
   struct util_list link;
   DIR *real; /* NULL: there is no such directory but ours */
   int fd;    /* that the stream was made of, or -1 */
   const struct shim_node *node;
   unsigned cursor;
   bool real_done;
   struct dirent entry;
};

static pthread_mutex_t streams_lock = PTHREAD_MUTEX_INITIALIZER;
static struct util_list streams = {&streams, &streams};

/* NULL: the C library's. */
static struct stream *
stream_of(DIR *dir)
{
   struct stream *found = NULL;
   pthread_mutex_lock(&streams_lock);
   util_list_for_each(struct stream, s, &streams, link) {
      if ((DIR *)s == dir)
         found = s;
   }
   pthread_mutex_unlock(&streams_lock);
   return found;
}

static DIR *
stream_create(const struct shim_node *node, DIR *real, int fd)
{
   struct stream *s = calloc(1, sizeof(*s));
   if (!s)
      return NULL;
   s->node = node;
   s->real = real;
   s->fd = fd;
   pthread_mutex_lock(&streams_lock);
   util_list_add_tail(&s->link, &streams);
   pthread_mutex_unlock(&streams_lock);
   return (DIR *)s;
}

SHIM_EXPORT DIR *
opendir(const char *path)
{
   const struct shim_node *node = shim_tree_find(path, true);
   if (node && node->kind != SHIM_DIR) {
      errno = ENOTDIR;
      return NULL;
   }
   DIR *real = shim_real()->opendir(path);
   if (!node)
      return real;
   DIR *dir = stream_create(node, real, -1);
   if (!dir && real)
      shim_real()->closedir(real);
   return dir;
}

SHIM_EXPORT DIR *
fdopendir(int fd)
{
   const struct shim_node *node = shim_files_dir(fd);
   return node ? stream_create(node, NULL, fd) : shim_real()->fdopendir(fd);
}

static struct dirent *
next_real(struct stream *s)
{
   struct dirent *entry =
      s->real && !s->real_done ? shim_real()->readdir(s->real) : NULL;
   s->real_done = !entry;
   return entry;
}

static struct dirent *
next_node(struct stream *s)
{
   static const unsigned char types[] = {
      [SHIM_DIR] = DT_DIR,
      [SHIM_FILE] = DT_REG,
      [SHIM_LINK] = DT_LNK,
      [SHIM_CARD] = DT_CHR,
   };
   const struct shim_node *n;
   struct stat st;
   do {
      n = shim_tree_next(s->node, &s->cursor);
   } while (n && s->real && !shim_real()->lstat(n->path, &st));
   if (!n)
      return NULL;
   shim_tree_stat(n, &st);
   s->entry = (struct dirent){
      .d_ino = st.st_ino,
      .d_off = s->cursor,
      .d_reclen = sizeof(s->entry),
      .d_type = types[n->kind],
   };
   snprintf(s->entry.d_name, sizeof(s->entry.d_name), "%s", shim_node_name(n));
   return &s->entry;
}

SHIM_EXPORT struct dirent *
readdir(DIR *dir)
{
   struct stream *s = stream_of(dir);
   if (!s)
      return shim_real()->readdir(dir);
   int err = errno; /* the end of a directory is no error */
   struct dirent *entry = next_real(s);
   if (!entry) {
      entry = next_node(s);
      errno = err;
   }
   return entry;
}

static_assert(sizeof(struct dirent64) == sizeof(struct dirent), "LP64");

SHIM_EXPORT struct dirent64 *
readdir64(DIR *dir)
{
   return (struct dirent64 *)readdir(dir);
}

SHIM_EXPORT void
rewinddir(DIR *dir)
{
   struct stream *s = stream_of(dir);
   if (!s) {
      shim_real()->rewinddir(dir);
      return;
   }
   s->cursor = 0;
   s->real_done = false;
   if (s->real)
      shim_real()->rewinddir(s->real);
}

SHIM_EXPORT int
dirfd(DIR *dir)
{
   struct stream *s = stream_of(dir);
   if (!s || s->real)
      return shim_real()->dirfd(s ? s->real : dir);
   if (s->fd < 0)
      s->fd = shim_node_open(s->node, O_RDONLY | O_CLOEXEC);
   return s->fd;
}

SHIM_EXPORT int
closedir(DIR *dir)
{
   struct stream *s = stream_of(dir);
   if (!s)
      return shim_real()->closedir(dir);
   pthread_mutex_lock(&streams_lock);
   util_list_del(&s->link);
   pthread_mutex_unlock(&streams_lock);
   if (s->real)
      shim_real()->closedir(s->real);
   if (s->fd >= 0)
      close(s->fd);
   free(s);
   return 0;
}
