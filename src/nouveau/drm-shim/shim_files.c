/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "shim_priv.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#define MAX_FILES 65536

/* Read without a lock on every call that has a descriptor. */
static atomic_int files[MAX_FILES];
static atomic_int top; /* none of ours at or above */
/* Of take: two last descriptors closed at once. */
static pthread_mutex_t take_lock = PTHREAD_MUTEX_INITIALIZER;

int
shim_files_get(int fd)
{
   return fd >= 0 && fd < MAX_FILES
             ? atomic_load_explicit(&files[fd], memory_order_acquire)
             : SHIM_FILE_NONE;
}

unsigned
shim_files_top(void)
{
   return top;
}

int
shim_files_set(int fd, int file)
{
   if (fd < 0 || fd >= MAX_FILES)
      return file == SHIM_FILE_NONE ? 0 : -EMFILE;
   if (atomic_load_explicit(&files[fd], memory_order_relaxed) == file)
      return 0;
   int seen = top;
   while (seen <= fd && !atomic_compare_exchange_weak(&top, &seen, fd + 1)) {
   }
   atomic_store_explicit(&files[fd], file, memory_order_release);
   return 0;
}

bool
shim_files_take(int fd, int *file_out)
{
   *file_out = SHIM_FILE_NONE;
   if (shim_files_get(fd) == SHIM_FILE_NONE)
      return false;
   pthread_mutex_lock(&take_lock);
   int file = atomic_exchange(&files[fd], SHIM_FILE_NONE);
   bool last = file != SHIM_FILE_NONE;
   for (int i = 0; last && i < top; i++)
      last = atomic_load(&files[i]) != file;
   pthread_mutex_unlock(&take_lock);
   *file_out = file;
   return last;
}

const struct shim_node *
shim_files_node(int fd, bool *real_out)
{
   int file = shim_files_get(fd);
   *real_out = file < 0 && (-1 - file) & 1;
   return file < 0                 ? shim_tree_at((-1 - file) / 2)
          : file == SHIM_FILE_NONE ? NULL
          : file == SHIM_FILE_GONE ? shim_tree_card(0)
                                   : shim_tree_card(shim_file_card(file));
}

void
shim_files_orphan(void)
{
   for (int i = 0; i < top; i++)
      if (files[i] > 0)
         files[i] = SHIM_FILE_GONE;
}
