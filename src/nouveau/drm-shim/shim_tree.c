/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The nodes that the cards add to the file system, and the way to them through
 * links. Built once, before the first path near them is looked at. */
#include "shim_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <sys/sysmacros.h>

#define DRM_MAJOR 226
#define MAX_NODES 400 /* some 40 a card, KMD_MAX_CARDS of them */
#define MAX_LINKS 16

static struct shim_node nodes[MAX_NODES];
static unsigned num_nodes;
static pthread_once_t built = PTHREAD_ONCE_INIT;

/* ---- building ---- */

static const struct shim_node *
node_at(const char *path)
{
   for (unsigned i = 0; i < num_nodes; i++)
      if (!strcmp(nodes[i].path, path))
         return &nodes[i];
   return NULL;
}

static struct shim_node *
add_node(enum shim_kind kind, const char *path, size_t length)
{
   assert(num_nodes < MAX_NODES && length < sizeof(nodes[0].path));
   struct shim_node *n = &nodes[num_nodes++];
   n->kind = kind;
   memcpy(n->path, path, length);
   return n;
}

struct shim_node *
shim_tree_add(enum shim_kind kind, const char *path, const void *text,
              size_t size_B)
{
   for (size_t i = 0; path[i]; i++) {
      char parent[sizeof(nodes[0].path)] = {0};
      memcpy(parent, path, i);
      if (path[i] == '/' && !node_at(parent))
         add_node(SHIM_DIR, parent, i);
   }
   struct shim_node *n = add_node(kind, path, strlen(path));
   assert(size_B < sizeof(n->text));
   memcpy(n->text, text, size_B);
   n->size_B = size_B;
   return n;
}

/* ---- finding ---- */

static void
chop(char *path)
{
   char *slash = strrchr(path, '/');
   if (slash)
      *slash = 0;
}

struct walk {
   char at[PATH_MAX];   /* without links */
   char rest[PATH_MAX]; /* still to go */
   unsigned links;
};

static bool
follow_link(struct walk *w, const char *target)
{
   char rest[PATH_MAX];
   if (w->links++ == MAX_LINKS ||
       snprintf(rest, sizeof(rest), "%s%s", target, w->rest) >= sizeof(rest))
      return false;
   if (target[0] == '/')
      w->at[0] = 0;
   else
      chop(w->at);
   strcpy(w->rest, rest);
   return true;
}

/* Takes the first word off `rest` and steps there. False: it is not ours. */
static bool
step(struct walk *w, bool follow)
{
   char *word = w->rest + strspn(w->rest, "/");
   size_t length = strcspn(word, "/");
   char rest[PATH_MAX];
   strcpy(rest, word + length);
   if (length == 2 && !strncmp(word, "..", 2)) {
      chop(w->at);
   } else if (length && !(length == 1 && *word == '.')) {
      size_t used = strlen(w->at);
      if (used + 1 + length >= sizeof(w->at))
         return false;
      w->at[used] = '/';
      memcpy(w->at + used + 1, word, length);
      w->at[used + 1 + length] = 0;
   }
   strcpy(w->rest, rest);
   const struct shim_node *n = node_at(w->at);
   if (n && n->kind == SHIM_LINK && (follow || w->rest[0]))
      return follow_link(w, n->text);
   return n && (n->kind == SHIM_DIR || !w->rest[0]);
}

static const struct shim_node *
find(const char *path, bool follow)
{
   struct walk w = {.at = ""};
   strcpy(w.rest, path);
   while (w.rest[0])
      if (!step(&w, follow))
         return NULL;
   return node_at(w.at);
}

const struct shim_node *
shim_tree_find_at(int dirfd, const char *path, bool follow)
{
   char buf[PATH_MAX];
   const char *whole = shim_cwd_absolute(dirfd, path, buf);
   if (!whole)
      return NULL;
   int err = errno;
   pthread_once(&built, shim_sysfs_build);
   errno = err;
   return find(whole, follow);
}

const struct shim_node *
shim_tree_find(const char *path, bool follow)
{
   return shim_tree_find_at(AT_FDCWD, path, follow);
}

const struct shim_node *
shim_tree_next(const struct shim_node *dir, unsigned *cursor)
{
   size_t length = strlen(dir->path);
   while (*cursor < num_nodes) {
      const struct shim_node *n = &nodes[(*cursor)++];
      if (!strncmp(n->path, dir->path, length) && n->path[length] == '/' &&
          !strchr(n->path + length + 1, '/'))
         return n;
   }
   return NULL;
}

const struct shim_node *
shim_tree_card(unsigned card)
{
   const struct shim_node *n = nodes;
   while (n->kind != SHIM_CARD || n->card != card)
      n++;
   return n;
}

int
shim_tree_index(const struct shim_node *node)
{
   return node - nodes;
}

const struct shim_node *
shim_tree_at(int index)
{
   return &nodes[index];
}

void
shim_tree_stat(const struct shim_node *node, struct stat *out)
{
   static const mode_t modes[] = {
      [SHIM_DIR] = S_IFDIR | 0755,
      [SHIM_FILE] = S_IFREG | 0444,
      [SHIM_LINK] = S_IFLNK | 0777,
      [SHIM_CARD] = S_IFCHR | 0666,
   };
   *out = (struct stat){
      .st_mode = modes[node->kind],
      .st_nlink = 1,
      .st_ino = 0x10000000 + shim_tree_index(node),
      .st_size = node->size_B,
      .st_blksize = 4096,
   };
   if (node->kind == SHIM_CARD)
      out->st_rdev = makedev(DRM_MAJOR, node->minor);
}
