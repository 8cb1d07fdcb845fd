/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Devices, open files, handle tables and the ioctl dispatch of the DRM core
 * (≙ drm_drv, drm_file, drm_ioctl). Knows no driver.
 *
 * A file stays alive while a call on it runs: kdrm_file_get/put bracket each
 * call, kdrm_close waits for the last put. */
#ifndef KDRM_FILE_H
#define KDRM_FILE_H

#include <pthread.h>
#include <stdatomic.h>

#include "util/util_macros.h"
#include "util/util_rb.h"

struct kdrm_device;
struct kdrm_file;
struct kdrm_gem_object;
struct kdrm_prime;

/* Small integers to pointers, lowest free first. Locks itself. */
struct kdrm_handles {
   pthread_mutex_t lock;
   void **slots;
   unsigned capacity;
   unsigned first; /* smallest handle */
};

void kdrm_handles_init(struct kdrm_handles *h, unsigned first);
void kdrm_handles_finish(struct kdrm_handles *h); /* must be empty */
/* The handle, >= first, or -ENOMEM. */
int kdrm_handles_add(struct kdrm_handles *h, void *ptr);
/* Removes; NULL: there was none. */
void *kdrm_handles_remove(struct kdrm_handles *h, unsigned handle);
/* The pointer after `get` was called on it under the lock; NULL: none. */
void *kdrm_handles_get(struct kdrm_handles *h, unsigned handle,
                       void (*get)(void *ptr));
/* Removes and returns any entry, or NULL when empty: for tear-down. */
void *kdrm_handles_pop(struct kdrm_handles *h, unsigned *handle_out);
unsigned kdrm_handles_count(struct kdrm_handles *h);

/* `arg` is kernel memory of at least the declared size; its first bytes came
 * from the user and go back where `dir` says so. `size_B`: what the user's
 * request code declares. */
typedef int (*kdrm_ioctl_func)(struct kdrm_file *file, void *arg,
                               size_t size_B);

#define KDRM_IN    1u /* the user's struct is read */
#define KDRM_OUT   2u /* ... and written back, on error as well */
#define KDRM_RAW   4u /* `arg` is the user's pointer itself */
#define KDRM_INOUT (KDRM_IN | KDRM_OUT)

struct kdrm_ioctl_desc {
   const char *name;
   kdrm_ioctl_func func; /* NULL: -EINVAL, as any unknown number */
   uint16_t size_B;
   uint8_t flags; /* KDRM_IN, KDRM_OUT, KDRM_RAW */
};

struct kdrm_driver {
   const char *name, *desc, *date;
   int major, minor, patch;
   const struct kdrm_ioctl_desc *ioctls; /* by command number */
   unsigned num_ioctls;
   bool syncobj; /* DRIVER_SYNCOBJ and _TIMELINE */
   int (*open)(struct kdrm_file *file);
   /* Before handles are dropped: stop all work of the file. */
   void (*preclose)(struct kdrm_file *file);
   void (*postclose)(struct kdrm_file *file);
   /* An object for the memory of another device's, with a reference to that. */
   int (*prime_import)(struct kdrm_device *dev, struct kdrm_gem_object *from,
                       struct kdrm_gem_object **obj_out);
};

struct kdrm_device {
   const struct kdrm_driver *driver;
   void *priv;
   /* Called after each ioctl, or NULL. */
   void (*trace)(struct kdrm_file *file, const char *name, unsigned nr,
                 const void *arg, int ret);
   struct kdrm_prime *prime; /* the machine's; NULL: nothing can be shared */
   struct kdrm_handles files;
   pthread_mutex_t offset_lock;
   struct util_rb offsets; /* kdrm_gem_object.offset_node by page */
   uint64_t next_offset;
};

struct kdrm_file {
   struct kdrm_device *dev;
   void *priv;
   int handle;
   _Atomic unsigned refs;
   pthread_mutex_t idle_lock;
   pthread_cond_t idle;
   struct kdrm_handles gem;     /* kdrm_gem_object */
   struct kdrm_handles syncobj; /* kdrm_syncobj */
};

void kdrm_device_init(struct kdrm_device *dev, const struct kdrm_driver *driver,
                      void *priv);
/* All files are closed. */
void kdrm_device_finish(struct kdrm_device *dev);

/* A handle >= 0 or -errno. */
int kdrm_open(struct kdrm_device *dev);
int kdrm_close(struct kdrm_device *dev, int file);
struct kdrm_file *kdrm_file_get(struct kdrm_device *dev, int file);
void kdrm_file_put(struct kdrm_file *file);

/* kernel.md §1.1: dispatches on the number alone; a short argument is extended
 * with zeros, a long one is accepted. */
int kdrm_ioctl(struct kdrm_device *dev, int file, unsigned long request,
               void *arg);

#endif
