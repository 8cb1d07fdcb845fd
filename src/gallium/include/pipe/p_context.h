/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* One in-order command stream. A context is used by one thread at a time (its
 * owner locks); what it records runs after flush, in order. */
#ifndef P_CONTEXT_H
#define P_CONTEXT_H

#include "pipe/p_state.h"

struct pipe_fence_handle;

struct pipe_context {
   struct pipe_screen *screen;

   void (*destroy)(struct pipe_context *ctx);

   /* Compute states belong to the screen: any context of it may launch or
    * delete them. NULL: the binary has no such kernel, or out of memory. */
   void *(*create_compute_state)(struct pipe_context *ctx,
                                 const struct pipe_compute_state *state);
   /* May be called while launches of it are in flight: code is kept until then.
    */
   void (*delete_compute_state)(struct pipe_context *ctx, void *cso);
   void (*get_compute_state_info)(
      struct pipe_context *ctx, void *cso,
      struct pipe_compute_state_object_info *info_out);

   /* 0 or -errno: -ENODEV the context is lost, -ENOMEM, -E2BIG shared memory,
    * arguments or local memory do not fit. */
   int (*launch_grid)(struct pipe_context *ctx, void *cso,
                      const struct pipe_grid_info *info);

   /* Either resource may be user memory. 0 or -errno. Ranges must be inside. */
   int (*resource_copy_region)(struct pipe_context *ctx,
                               struct pipe_resource *dst, uint64_t dst_offset_B,
                               struct pipe_resource *src, uint64_t src_offset_B,
                               uint64_t size_B);
   /* Fills with a pattern of 1, 2, 4, 8, 16, 32, 64 or 128 bytes. */
   int (*clear_buffer)(struct pipe_context *ctx, struct pipe_resource *res,
                       uint64_t offset_B, uint64_t size_B, const void *pattern,
                       unsigned pattern_B);
   /* Small or large write from CPU memory; `data` may be reused on return. */
   int (*buffer_subdata)(struct pipe_context *ctx, struct pipe_resource *res,
                         uint64_t offset_B, uint64_t size_B, const void *data);
   /* Waits for the work before it, then copies out. */
   int (*buffer_read)(struct pipe_context *ctx, struct pipe_resource *res,
                      uint64_t offset_B, uint64_t size_B, void *data_out);

   void (*memory_barrier)(struct pipe_context *ctx, unsigned flags);

   /* Submits what is recorded. *fence_out (may be NULL) gets a reference. 0 or
    * -errno; -ENODEV: lost. */
   int (*flush)(struct pipe_context *ctx, struct pipe_fence_handle **fence_out);

   /* After a fault the context stays lost: destroy it and make a new one. */
   enum pipe_reset_status (*get_device_reset_status)(
      struct pipe_context *ctx, struct pipe_device_fault *fault_out);
};

#endif
