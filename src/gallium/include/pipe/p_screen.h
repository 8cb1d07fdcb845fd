/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* One device. All functions may be called from any thread. Errors are -errno;
 * functions that return a pointer return NULL on failure (out of memory). */
#ifndef P_SCREEN_H
#define P_SCREEN_H

#include "pipe/p_state.h"

struct pipe_context;
struct pipe_fence_handle;

struct pipe_screen {
   struct pipe_caps caps;

   void (*destroy)(struct pipe_screen *screen);

   /* A command stream of its own. NULL: the device is lost or out of memory. */
   struct pipe_context *(*context_create)(struct pipe_screen *screen);

   struct pipe_resource *(*resource_create)(struct pipe_screen *screen,
                                            uint64_t size_B,
                                            enum pipe_resource_usage usage,
                                            uint32_t flags);
   /* Zero copy: the GPU uses `ptr` itself (needs caps.svm_system, else NULL). */
   struct pipe_resource *(*resource_from_user_memory)(
      struct pipe_screen *screen, void *ptr, uint64_t size_B);
   /* Same address on the CPU and on all of `screens` (of which this is the
    * first, of one driver), coherent; works without SVM_INIT. One resource a
    * screen; the CPU address is res_out[0]->user_ptr. -ENOMEM: no space;
    * -EXDEV: the devices cannot share memory. */
   int (*resource_create_svm)(struct pipe_screen *const *screens,
                              unsigned num_screens, uint64_t size_B,
                              uint64_t align_B, struct pipe_resource **res_out);
   void (*resource_destroy)(struct pipe_screen *screen,
                            struct pipe_resource *res);
   /* The address that goes into kernel arguments. */
   uint64_t (*resource_get_address)(struct pipe_screen *screen,
                                    struct pipe_resource *res);

   /* Optimised bitcode (clc.h) to a device binary. As nvir_ops::compile. */
   int (*compile)(struct pipe_screen *screen, const void *bitcode,
                  size_t size_B, struct pipe_binary *binary_out,
                  char **log_out);
   /* Is this binary for this device and undamaged? 0, -EINVAL, -ENODEV. */
   int (*check_binary)(struct pipe_screen *screen, const void *binary,
                       size_t size_B);

   void (*fence_reference)(struct pipe_screen *screen,
                           struct pipe_fence_handle **dst,
                           struct pipe_fence_handle *src);
   /* True: the work is done (also when it died: ask get_device_fault). False:
    * timeout. The context that made the fence may be used by other threads
    * meanwhile. */
   bool (*fence_finish)(struct pipe_screen *screen,
                        struct pipe_fence_handle *fence, uint64_t timeout_ns);
   /* GPU times of the work of this fence: from its first to its last command;
    * ns in the domain of get_timestamp. False while not done. */
   bool (*fence_get_times)(struct pipe_screen *screen,
                           struct pipe_fence_handle *fence,
                           uint64_t *start_ns_out, uint64_t *end_ns_out);
   /* 0 if the work of this (done) fence succeeded, else -errno and *fault_out
    * is filled (may be NULL). */
   int (*fence_get_error)(struct pipe_screen *screen,
                          struct pipe_fence_handle *fence,
                          struct pipe_device_fault *fault_out);
   uint64_t (*get_timestamp)(struct pipe_screen *screen);

   /* Moves whole pages best effort; 0, or -errno (-EINVAL bad range, -ENOSYS no
    * migration). *moved_pages_out (may be NULL): pages moved if the kernel
    * tells. */
   int (*svm_migrate)(struct pipe_screen *screen, const void *ptr,
                      size_t size_B, bool to_device, bool content_undefined,
                      uint64_t *moved_pages_out);
   /* All 0 if the kernel does not tell. Independent of svm_events. */
   void (*svm_counters)(struct pipe_screen *screen,
                        struct pipe_svm_counters *counters_out);
   /* Takes up to `max` (at least 2) pending SVM events, oldest first; returns
    * how many. 0 also if the kernel does not tell. */
   unsigned (*svm_events)(struct pipe_screen *screen,
                          struct pipe_svm_event *events, unsigned max);
};

static inline void
pipe_resource_reference(struct pipe_resource **dst, struct pipe_resource *src)
{
   struct pipe_resource *old = *dst;
   if (src)
      __atomic_add_fetch(&src->refcount, 1, __ATOMIC_RELAXED);
   *dst = src;
   if (old && __atomic_sub_fetch(&old->refcount, 1, __ATOMIC_ACQ_REL) == 0)
      old->screen->resource_destroy(old->screen, old);
}

#endif
