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
   unsigned dots, cursor;
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
   bool is_real;
   const struct shim_node *node = shim_files_node(fd, &is_real);
   if (!node)
      return shim_real()->fdopendir(fd);
   if (node->kind != SHIM_DIR) {
      errno = ENOTDIR;
      return NULL;
   }
   DIR *real = is_real ? shim_real()->fdopendir(fd) : NULL;
   if (is_real && !real)
      return NULL;
   DIR *dir = stream_create(node, real, fd);
   if (!dir && real)
      shim_real()->closedir(real); /* and fd */
   return dir;
}

static struct dirent *
next_real(struct stream *s)
{
   struct dirent *entry =
      s->real && !s->real_done ? shim_real()->readdir(s->real) : NULL;
   s->real_done = !entry;
   return entry;
}

/* Only a directory that has no real one beneath it says so itself. */
static struct dirent *
next_dots(struct stream *s)
{
   if (s->real || s->dots == 2)
      return NULL;
   s->entry = (struct dirent){
      .d_ino = 0x10000000 + shim_tree_index(s->node),
      .d_off = ++s->dots,
      .d_reclen = sizeof(s->entry),
      .d_type = DT_DIR,
   };
   memcpy(s->entry.d_name, "..", s->dots);
   return &s->entry;
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
   if (entry)
      return entry;
   entry = next_dots(s);
   if (!entry)
      entry = next_node(s);
   errno = err;
   return entry;
}

static_assert(sizeof(struct dirent64) == sizeof(struct dirent), "LP64");

SHIM_EXPORT struct dirent64 *
readdir64(DIR *dir)
{
   return (struct dirent64 *)readdir(dir);
}

/* Deprecated, and yet older programs call them. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
SHIM_EXPORT int
readdir_r(DIR *dir, struct dirent *entry, struct dirent **result)
{
   int err = errno;
   errno = 0;
   struct dirent *next = readdir(dir);
   int ret = next ? 0 : errno;
   errno = err;
   *result = next ? memcpy(entry, next, next->d_reclen) : NULL;
   return ret;
}

int readdir64_r(DIR *dir, struct dirent64 *entry, struct dirent64 **result)
   SHIM_ALIAS(readdir_r);

SHIM_EXPORT void
rewinddir(DIR *dir)
{
   struct stream *s = stream_of(dir);
   if (!s) {
      shim_real()->rewinddir(dir);
      return;
   }
   s->dots = s->cursor = 0;
   s->real_done = false;
   if (s->real)
      shim_real()->rewinddir(s->real);
}

/* Places of the real directory are what it says, and not negative. */
#define PLACE(s) (-1l - (long)((s)->cursor * 4 + (s)->dots))

SHIM_EXPORT long
telldir(DIR *dir)
{
   struct stream *s = stream_of(dir);
   if (!s)
      return shim_real()->telldir(dir);
   return s->real && !s->real_done ? shim_real()->telldir(s->real) : PLACE(s);
}

SHIM_EXPORT void
seekdir(DIR *dir, long place)
{
   struct stream *s = stream_of(dir);
   if (s && place < 0) {
      s->real_done = true;
      s->cursor = (unsigned)(-1l - place) / 4;
      s->dots = (unsigned)(-1l - place) % 4;
      return;
   }
   if (s) {
      s->real_done = false;
      s->cursor = s->dots = 0;
   }
   if (!s || s->real)
      shim_real()->seekdir(s ? s->real : dir, place);
}

SHIM_EXPORT int
dirfd(DIR *dir)
{
   struct stream *s = stream_of(dir);
   if (!s)
      return shim_real()->dirfd(dir);
   if (s->fd < 0 && s->real) { /* what is opened relative to it is ours, too */
      s->fd = shim_real()->dirfd(s->real);
      shim_files_set(s->fd, shim_file_of_node(s->node, true));
   }
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
   int file, ret = 0;
   if (s->real) {
      shim_files_take(s->fd, &file);
      ret = shim_real()->closedir(s->real);
   } else if (s->fd >= 0) {
      ret = close(s->fd);
   }
   free(s);
   return ret;
}

/* ---- whole directories at once ---- */

typedef int (*filter_fn)(const struct dirent *);
typedef int (*compare_fn)(const struct dirent **, const struct dirent **);

static bool
append(struct dirent ***list, size_t *n, const struct dirent *entry)
{
   struct dirent **longer = realloc(*list, (*n + 1) * sizeof(**list));
   if (!longer)
      return false;
   *list = longer;
   longer[*n] = malloc(sizeof(struct dirent));
   if (!longer[*n])
      return false;
   memcpy(longer[(*n)++], entry, entry->d_reclen);
   return true;
}

/* As scandir(3); takes `dir`. */
static int
scan(DIR *dir, struct dirent ***list_out, filter_fn filter, compare_fn compare)
{
   struct dirent **list = NULL, *entry;
   size_t n = 0;
   int err = errno;
   bool ok = true;
   errno = 0;
   while (ok && (entry = readdir(dir)))
      if (!filter || filter(entry))
         ok = append(&list, &n, entry);
   int failed = ok ? errno : ENOMEM;
   closedir(dir);
   if (failed) {
      while (n)
         free(list[--n]);
      free(list);
      errno = failed;
      return -1;
   }
   if (compare && n)
      qsort(list, n, sizeof(*list),
            (int (*)(const void *, const void *))compare);
   *list_out = list;
   errno = err;
   return (int)n;
}

SHIM_EXPORT int
scandir(const char *path, struct dirent ***list_out, filter_fn filter,
        compare_fn compare)
{
   DIR *dir = opendir(path);
   return dir ? scan(dir, list_out, filter, compare) : -1;
}

SHIM_EXPORT int
scandirat(int dirfd, const char *path, struct dirent ***list_out,
          filter_fn filter, compare_fn compare)
{
   int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
   DIR *dir = fd < 0 ? NULL : fdopendir(fd);
   if (!dir && fd >= 0)
      close(fd);
   return dir ? scan(dir, list_out, filter, compare) : -1;
}

/* The same structure by another name. */
int scandir64(const char *path, struct dirent64 ***list_out,
              int (*filter)(const struct dirent64 *),
              int (*compare)(const struct dirent64 **,
                             const struct dirent64 **)) SHIM_ALIAS(scandir);
int scandirat64(int dirfd, const char *path, struct dirent64 ***list_out,
                int (*filter)(const struct dirent64 *),
                int (*compare)(const struct dirent64 **,
                               const struct dirent64 **)) SHIM_ALIAS(scandirat);
