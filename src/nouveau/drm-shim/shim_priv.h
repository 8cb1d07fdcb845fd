/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* libpartage-drm-shim.so: a preloaded library that shows simulated cards as
 * DRM render nodes to programs that know nothing of it (docs/drm-shim.md). It
 * defines the C library's functions that such programs reach a card through;
 * what does not concern the cards goes on to the C library.
 *
 *    shim_path.c   functions that take a path     -> shim_tree.c: what is there
 *    shim_dir.c    directory streams              -> shim_tree.c
 *    shim_fd.c     functions that take a file     -> shim_files.c: whose it is
 *                                                 -> shim_card.c: the cards
 *    shim_cwd.c    relative paths                 shim_sysfs.c: what is in it
 *
 * All of it runs in the program's threads and in those of the simulated kernel,
 * which opens and maps files too. So nothing here takes a lock on the way to
 * the C library, and nothing on that way is malloc'ed (rule 1 of
 * util/util_svc.h). The state is the process's, as file descriptors are, and
 * therefore static. */
#ifndef SHIM_PRIV_H
#define SHIM_PRIV_H

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "util/util_macros.h"

#define SHIM_EXPORT __attribute__((visibility("default")))
/* On LP64 the 64-bit variants are the same functions. */
#define SHIM_ALIAS(target) __attribute__((alias(#target))) SHIM_EXPORT
static_assert(sizeof(off_t) == 8 && sizeof(long) == 8,
              "64-bit file offsets everywhere");

/* ---- shim_real.c: the C library's functions ---- */

/* X(result, name, arguments) */
#define SHIM_REAL_FUNCTIONS(X)                                                 \
   X(int, open, (const char *, int, ...))                                      \
   X(int, openat, (int, const char *, int, ...))                               \
   X(FILE *, fopen, (const char *, const char *))                              \
   X(int, fclose, (FILE *))                                                    \
   X(int, stat, (const char *, struct stat *))                                 \
   X(int, lstat, (const char *, struct stat *))                                \
   X(int, fstat, (int, struct stat *))                                         \
   X(int, fstatat, (int, const char *, struct stat *, int))                    \
   X(int, statx, (int, const char *, int, unsigned, struct statx *))           \
   X(int, access, (const char *, int))                                         \
   X(int, faccessat, (int, const char *, int, int))                            \
   X(ssize_t, readlink, (const char *, char *, size_t))                        \
   X(ssize_t, readlinkat, (int, const char *, char *, size_t))                 \
   X(char *, realpath, (const char *, char *))                                 \
   X(int, chdir, (const char *))                                               \
   X(int, fchdir, (int))                                                       \
   X(DIR *, opendir, (const char *))                                           \
   X(DIR *, fdopendir, (int))                                                  \
   X(struct dirent *, readdir, (DIR *))                                        \
   X(void, rewinddir, (DIR *))                                                 \
   X(long, telldir, (DIR *))                                                   \
   X(void, seekdir, (DIR *, long))                                             \
   X(int, dirfd, (DIR *))                                                      \
   X(int, closedir, (DIR *))                                                   \
   X(int, close, (int))                                                        \
   X(int, close_range, (unsigned, unsigned, int))                              \
   X(int, dup, (int))                                                          \
   X(int, dup2, (int, int))                                                    \
   X(int, dup3, (int, int, int))                                               \
   X(int, fcntl, (int, int, ...))                                              \
   X(int, ioctl, (int, unsigned long, ...))                                    \
   X(void *, mmap, (void *, size_t, int, int, int, off_t))                     \
   X(int, munmap, (void *, size_t))

struct shim_real {
#define X(result, name, args) result(*name) args;
   SHIM_REAL_FUNCTIONS(X)
#undef X
};
const struct shim_real *shim_real(void);

/* ---- shim_tree.c: what the cards add to the file system ---- */

enum shim_kind {
   SHIM_DIR,  /* lies over a real directory, where there is one */
   SHIM_FILE, /* text: its contents */
   SHIM_LINK, /* text: its target */
   SHIM_CARD, /* a render node */
};

struct shim_node {
   enum shim_kind kind;
   unsigned card; /* index, of a render node */
   unsigned minor;
   unsigned size_B; /* of text, which has a zero after it */
   char path[128];  /* absolute, no links in it; "" is the root */
   char text[768];
};

/* NULL: the path is none of ours. As openat(2) takes it. errno stays. */
const struct shim_node *shim_tree_find_at(int dirfd, const char *path,
                                          bool follow);
const struct shim_node *shim_tree_find(const char *path, bool follow);
/* The next child of `dir` at or after *cursor, which moves on; NULL: no more. */
const struct shim_node *shim_tree_next(const struct shim_node *dir,
                                       unsigned *cursor);
const struct shim_node *shim_tree_card(unsigned card);
int shim_tree_index(const struct shim_node *node);
const struct shim_node *shim_tree_at(int index);
void shim_tree_stat(const struct shim_node *node, struct stat *out);
static inline const char *
shim_node_name(const struct shim_node *node)
{
   const char *slash = __builtin_strrchr(node->path, '/');
   return slash ? slash + 1 : node->path;
}

/* With the directories above it, which may be there already. */
struct shim_node *shim_tree_add(enum shim_kind kind, const char *path,
                                const void *text, size_t size_B);

/* ---- shim_sysfs.c ---- */

/* Fills the tree: of each card the node, the PCI device, the links to them. */
void shim_sysfs_build(void);

/* ---- shim_cwd.c: relative paths ---- */

/* The absolute form of a path that may lead to /dev or /sys, in `buf` of
 * PATH_MAX bytes or the path itself; NULL: it leads elsewhere. */
const char *shim_cwd_absolute(int dirfd, const char *path, char *buf);

/* ---- shim_files.c: which file descriptors are ours ---- */

/* What a descriptor stands for: > 0 an open card, < 0 a node of the tree. */
enum shim_file {
   SHIM_FILE_NONE = 0, /* not ours */
   SHIM_FILE_GONE =
      0x7fffffff, /* of a card that stayed in the parent process */
};
#define SHIM_FILE_CARD(card, handle) ((int)((card) << 24 | ((handle) + 1)))
static inline unsigned
shim_file_card(int file)
{
   return (unsigned)file >> 24;
}
static inline int
shim_file_handle(int file)
{
   return (file & 0xffffff) - 1;
}
/* `real`: the descriptor is of the real directory that the node lies over. */
static inline int
shim_file_of_node(const struct shim_node *node, bool real)
{
   return -1 - (2 * shim_tree_index(node) + real);
}

int shim_files_get(int fd);
/* No descriptor from here on is ours. */
unsigned shim_files_top(void);
/* 0, or -EMFILE. */
int shim_files_set(int fd, int file);
/* Takes fd out. True: no other descriptor stands for the same file. */
bool shim_files_take(int fd, int *file_out);
/* The node that fd stands for, be it open here or, `real`, beneath ours. */
const struct shim_node *shim_files_node(int fd, bool *real_out);
/* fork: the files of the parent's cards are of no use here. */
void shim_files_orphan(void);

/* ---- shim_card.c: the cards, each made when it is first opened ---- */

/* A new descriptor; -1 and errno. */
int shim_card_open(unsigned card, int flags);
/* The last descriptor of `file`, a card's, is gone. */
void shim_card_close(int file);
/* -1 and errno, as the system calls. */
int shim_card_ioctl(int file, unsigned long request, void *arg);
void *shim_card_mmap(int file, void *addr, size_t length, int prot, int flags,
                     off_t offset);
/* Any range of the process, a card's or not. */
int shim_card_munmap(void *addr, size_t length);

/* Descriptors of nodes; -1 and errno. */
int shim_node_open(const struct shim_node *node, int flags);

#endif
