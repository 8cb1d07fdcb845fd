/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Recording and submitting commands. A ring of batches: while the GPU runs one,
 * the next is recorded; a batch is used again when its fence has passed. */
#include "gp100_program.h"
#include "nouveau_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Kept free for the end of a batch. */
#define END_DW 16

static void
release_references(struct nouveau_batch *b)
{
   for (unsigned i = 0; i < b->num_bos; i++)
      nouveau_ws_bo_unref(b->bos[i]);
   for (unsigned i = 0; i < b->num_csos; i++)
      gp100_cso_unref(b->csos[i]);
   b->num_bos = b->num_csos = 0;
}

static void
retire(struct nouveau_batch *b)
{
   if (!b->busy)
      return;
   nouveau_fence_wait(b->fence, PIPE_TIMEOUT_INFINITE);
   nouveau_fence_ref(&b->fence, NULL);
   release_references(b);
   b->busy = false;
}

static int
allocate(struct nouveau_context *ctx, struct nouveau_batch *b)
{
   if (b->bo)
      return 0;
   int ret =
      nouveau_ws_bo_create(ctx->screen->ws, NOUVEAU_BATCH_SIZE_B, 4096,
                           NOUVEAU_WS_GART | NOUVEAU_WS_MAPPABLE, &b->bo);
   if (ret)
      return ret;
   void *map;
   ret = nouveau_ws_bo_map(b->bo, &map);
   if (ret) {
      nouveau_ws_bo_unref(b->bo);
      b->bo = NULL;
      return ret;
   }
   b->map = map;
   return 0;
}

/* Semaphore release with a time stamp: payload, 0, ns (mesa.md §1.14). */
static void
emit_semaphore(struct nouveau_context *ctx, uint64_t gpu_va)
{
   push_begin(ctx, NV_SUBCH_COMPUTE, NV_SET_REPORT_SEMAPHORE_A, 4);
   push_addr(ctx, gpu_va);
   push_data(ctx, ctx->batch->seq);
   push_data(ctx, NV_REPORT_OP_RELEASE);
}

static int
begin(struct nouveau_context *ctx)
{
   struct nouveau_batch *b = &ctx->batches[ctx->next_batch];
   retire(b);
   int ret = allocate(ctx, b);
   if (ret)
      return ret;
   ctx->next_batch = (ctx->next_batch + 1) % NOUVEAU_BATCHES;
   ctx->batch = b;
   b->cur = (uint32_t *)(b->map + NOUVEAU_BATCH_PUSH_B);
   b->upload_B = NOUVEAU_BATCH_SIZE_B;
   b->seq = ++ctx->seq ? ctx->seq : ++ctx->seq; /* 0 means: not passed */
   memset(b->map, 0, NOUVEAU_BATCH_PUSH_B);
   ret = nouveau_batch_use_bo(ctx, b->bo);
   if (ret) {
      ctx->batch = NULL;
      return ret;
   }
   if (!ctx->initialised) {
      gp100_compute_emit_init(ctx);
      ctx->initialised = true;
   }
   emit_semaphore(ctx, b->bo->gpu_va + NOUVEAU_BATCH_SEM_B);
   /* The CPU may have written shared memory and this batch's uploads meanwhile.
    */
   push_1(ctx, NV_SUBCH_COMPUTE, NV_INVALIDATE_SHADER_CACHES_NO_WFI,
          NV_INVALIDATE_CONSTANT | NV_INVALIDATE_GLOBAL_DATA);
   return 0;
}

static bool
has_space(const struct nouveau_batch *b, unsigned dw, unsigned upload_B)
{
   uint32_t used_B = (char *)b->cur - b->map;
   return used_B + (dw + END_DW) * 4 + upload_B <= b->upload_B;
}

int
nouveau_batch_space(struct nouveau_context *ctx, unsigned dw, unsigned upload_B)
{
   if (ctx->batch && has_space(ctx->batch, dw, upload_B) &&
       ctx->batch->num_bos < NOUVEAU_WS_MAX_BOS - 64)
      return 0;
   if (ctx->batch) {
      int ret = nouveau_batch_submit(ctx, NULL);
      if (ret)
         return ret;
   }
   if (nouveau_channel_is_lost(ctx->chan))
      return -ENODEV;
   int ret = begin(ctx);
   if (ret)
      return ret;
   return has_space(ctx->batch, dw, upload_B) ? 0 : -E2BIG;
}

void *
nouveau_batch_upload(struct nouveau_context *ctx, unsigned size_B,
                     unsigned align_B, uint64_t *gpu_va_out)
{
   struct nouveau_batch *b = ctx->batch;
   b->upload_B = util_align_down(b->upload_B - size_B, align_B);
   *gpu_va_out = b->bo->gpu_va + b->upload_B;
   return b->map + b->upload_B;
}

int
nouveau_batch_use_bo(struct nouveau_context *ctx, struct nouveau_ws_bo *bo)
{
   struct nouveau_batch *b = ctx->batch;
   for (unsigned i = 0; i < b->num_bos; i++)
      if (b->bos[i] == bo)
         return 0;
   if (b->num_bos == NOUVEAU_WS_MAX_BOS)
      return -E2BIG;
   if (b->num_bos == b->cap_bos) {
      unsigned cap = MAX2(16, b->cap_bos * 2);
      struct nouveau_ws_bo **bos = realloc(b->bos, cap * sizeof(*bos));
      if (!bos)
         return -ENOMEM;
      b->bos = bos;
      b->cap_bos = cap;
   }
   nouveau_ws_bo_ref(bo);
   b->bos[b->num_bos++] = bo;
   return 0;
}

int
nouveau_batch_use_cso(struct nouveau_context *ctx, struct gp100_cso *cso)
{
   struct nouveau_batch *b = ctx->batch;
   if (b->num_csos && b->csos[b->num_csos - 1] == cso)
      return 0;
   if (b->num_csos == b->cap_csos) {
      unsigned cap = MAX2(16, b->cap_csos * 2);
      struct gp100_cso **csos = realloc(b->csos, cap * sizeof(*csos));
      if (!csos)
         return -ENOMEM;
      b->csos = csos;
      b->cap_csos = cap;
   }
   gp100_cso_ref(cso);
   b->csos[b->num_csos++] = cso;
   return 0;
}

int
nouveau_batch_submit(struct nouveau_context *ctx,
                     struct pipe_fence_handle **fence_out)
{
   struct nouveau_batch *b = ctx->batch;
   b->fence = nouveau_fence_create(ctx->chan, b->bo, b->map, b->seq);
   if (!b->fence)
      return -ENOMEM;
   emit_semaphore(ctx, b->bo->gpu_va + NOUVEAU_BATCH_SEM_E);
   const struct nouveau_ws_push push = {
      .bo_index = 0,
      .offset_B = NOUVEAU_BATCH_PUSH_B,
      .size_B = (char *)b->cur - (b->map + NOUVEAU_BATCH_PUSH_B),
   };
   ctx->batch = NULL;
   if (ctx->prefetch_end)
      nouveau_ws_svm_wait(ctx->screen->ws, (void *)ctx->prefetch_start,
                          ctx->prefetch_end - ctx->prefetch_start);
   ctx->prefetch_start = ctx->prefetch_end = 0;
   int ret =
      nouveau_ws_context_submit(ctx->chan->ws, b->bos, b->num_bos, &push, 1);
   if (ret) {
      /* Nothing of it runs; -ENODEV: an earlier batch killed the channel. */
      if (ret != -ENODEV)
         util_err("nouveau", "the kernel rejected a submission: %s",
                  strerror(-ret));
      nouveau_channel_set_lost(ctx->chan);
      nouveau_fence_ref(&b->fence, NULL);
      release_references(b);
      return -ENODEV;
   }
   b->busy = true;
   nouveau_fence_ref(&ctx->last_fence, b->fence);
   if (fence_out)
      nouveau_fence_ref(fence_out, b->fence);
   return 0;
}

void
nouveau_batch_finish_all(struct nouveau_context *ctx)
{
   for (unsigned i = 0; i < NOUVEAU_BATCHES; i++) {
      struct nouveau_batch *b = &ctx->batches[i];
      retire(b);
      release_references(b);
      nouveau_ws_bo_unref(b->bo);
      free(b->bos);
      free(b->csos);
   }
   nouveau_fence_ref(&ctx->last_fence, NULL);
}
