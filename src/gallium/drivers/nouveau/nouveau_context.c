/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau_priv.h"

#include <errno.h>
#include <stdlib.h>

static void
context_destroy(struct pipe_context *pctx)
{
   struct nouveau_context *ctx = nouveau_context(pctx);
   nouveau_batch_finish_all(ctx);
   nouveau_ws_bo_unref(ctx->tls);
   nouveau_ws_bo_unref(ctx->readback);
   nouveau_channel_unref(ctx->chan);
   free(ctx);
}

static int
context_flush(struct pipe_context *pctx, struct pipe_fence_handle **fence_out)
{
   struct nouveau_context *ctx = nouveau_context(pctx);
   if (ctx->batch)
      return nouveau_batch_submit(ctx, fence_out);
   if (nouveau_channel_is_lost(ctx->chan))
      return -ENODEV;
   if (!fence_out)
      return 0;
   /* Nothing recorded: the fence of the last submission stands for it. */
   if (!ctx->last_fence) {
      int ret = nouveau_batch_space(ctx, 0, 0);
      return ret ? ret : nouveau_batch_submit(ctx, fence_out);
   }
   nouveau_fence_ref(fence_out, ctx->last_fence);
   return 0;
}

int
nouveau_context_sync(struct nouveau_context *ctx)
{
   struct pipe_fence_handle *fence = NULL;
   if (!ctx->batch && !ctx->last_fence)
      return nouveau_channel_is_lost(ctx->chan) ? -ENODEV : 0;
   int ret = context_flush(&ctx->base, &fence);
   if (ret)
      return ret;
   nouveau_fence_wait(fence, PIPE_TIMEOUT_INFINITE);
   ret = ctx->screen->base.fence_get_error(&ctx->screen->base, fence, NULL);
   nouveau_fence_ref(&fence, NULL);
   return ret;
}

/* Launches wait for each other anyway (gp100_compute.c); what is left is to
 * drop cached data that the CPU has changed. */
static void
context_memory_barrier(struct pipe_context *pctx, unsigned flags)
{
   struct nouveau_context *ctx = nouveau_context(pctx);
   if (!nouveau_batch_space(ctx, 2, 0))
      push_1(ctx, NV_SUBCH_COMPUTE, NV_INVALIDATE_SHADER_CACHES_NO_WFI,
             NV_INVALIDATE_GLOBAL_DATA);
}

static enum pipe_reset_status
context_reset_status(struct pipe_context *pctx,
                     struct pipe_device_fault *fault_out)
{
   struct nouveau_channel *chan = nouveau_context(pctx)->chan;
   enum pipe_reset_status status = PIPE_NO_RESET;
   pthread_mutex_lock(&chan->lock);
   if (chan->lost) {
      status = chan->fault.status;
      if (fault_out)
         *fault_out = chan->fault;
   }
   pthread_mutex_unlock(&chan->lock);
   return status;
}

struct pipe_context *
nouveau_context_create(struct pipe_screen *pscreen)
{
   struct nouveau_screen *screen = nouveau_screen(pscreen);
   struct nouveau_context *ctx = calloc(1, sizeof(*ctx));
   if (!ctx)
      return NULL;
   if (nouveau_channel_create(screen, &ctx->chan)) {
      free(ctx);
      return NULL;
   }
   ctx->screen = screen;
   ctx->base.screen = pscreen;
   ctx->base.destroy = context_destroy;
   ctx->base.flush = context_flush;
   ctx->base.memory_barrier = context_memory_barrier;
   ctx->base.get_device_reset_status = context_reset_status;
   nouveau_transfer_init_context(ctx);
   gp100_compute_init_context(ctx);
   return &ctx->base;
}
