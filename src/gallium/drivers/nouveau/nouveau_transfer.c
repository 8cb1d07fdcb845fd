/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Copies and fills. Between buffer objects: the copy engine. Small writes
 * travel inside the command stream, larger ones through staging memory. User
 * memory is never given to an engine, whose faults could not be replayed
 * (mesa.md §3.1 defect 9): the CPU does that part, in its turn. */
#include "nouveau_priv.h"

#include <errno.h>
#include <string.h>

#define INLINE_MAX_B 2048u
#define STAGING_B    (4ull << 20)
#define COPY_CHUNK_B (1ull << 30) /* LINE_LENGTH_IN has 32 bits */

static struct nouveau_ws_bo *
bo_of(struct pipe_resource *res)
{
   return nouveau_resource(res)->bo;
}

/* After copies, later work of the channel waits for the engine's own semaphore.
 */
#define COPY_DW 28

static void
emit_wait_idle(struct nouveau_context *ctx)
{
   push_1(ctx, NV_SUBCH_COMPUTE, NV_MTHD_WAIT_FOR_IDLE, 0);
}

/* LAUNCH_DMA that releases the batch's copy semaphore, and a host acquire of
 * it. */
static void
emit_copy_launch(struct nouveau_context *ctx, uint32_t launch)
{
   uint64_t sem = ctx->batch->bo->gpu_va + NOUVEAU_BATCH_SEM_CP;
   uint32_t value = ++ctx->copy_seq;
   push_begin(ctx, NV_SUBCH_COPY, NV_COPY_SET_SEMAPHORE_A, 3);
   push_addr(ctx, sem);
   push_data(ctx, value);
   push_1(ctx, NV_SUBCH_COPY, NV_COPY_LAUNCH_DMA,
          launch | NV_COPY_LAUNCH_SEM_ONE_WORD);
   push_begin(ctx, NV_SUBCH_COMPUTE, NV_HOST_SEMAPHOREA, 4);
   push_addr(ctx, sem);
   push_data(ctx, value);
   push_data(ctx, NV_HOST_SEM_ACQUIRE);
}

static int
copy_linear(struct nouveau_context *ctx, struct nouveau_ws_bo *dst,
            uint64_t dst_B, struct nouveau_ws_bo *src, uint64_t src_B,
            uint64_t size_B)
{
   while (size_B) {
      uint32_t n = MIN2(size_B, COPY_CHUNK_B);
      int ret = nouveau_batch_space(ctx, COPY_DW, 0);
      if (!ret)
         ret = nouveau_batch_use_bo(ctx, dst);
      if (!ret)
         ret = nouveau_batch_use_bo(ctx, src);
      if (ret)
         return ret;
      emit_wait_idle(ctx);
      push_begin(ctx, NV_SUBCH_COPY, NV_COPY_OFFSET_IN_UPPER, 4);
      push_addr(ctx, src->gpu_va + src_B);
      push_addr(ctx, dst->gpu_va + dst_B);
      push_1(ctx, NV_SUBCH_COPY, NV_COPY_LINE_LENGTH_IN, n);
      emit_copy_launch(ctx, NV_COPY_LAUNCH_LINEAR);
      dst_B += n;
      src_B += n;
      size_B -= n;
   }
   return 0;
}

static int
write_inline(struct nouveau_context *ctx, struct nouveau_ws_bo *dst,
             uint64_t dst_B, uint32_t size_B, const void *data)
{
   unsigned words = DIV_ROUND_UP(size_B, 4);
   int ret = nouveau_batch_space(ctx, words + 12, 0);
   if (!ret)
      ret = nouveau_batch_use_bo(ctx, dst);
   if (ret)
      return ret;
   emit_wait_idle(ctx);
   push_begin(ctx, NV_SUBCH_COMPUTE, NV_I2M_LINE_LENGTH_IN, 2);
   push_data(ctx, size_B);
   push_data(ctx, 1);
   push_begin(ctx, NV_SUBCH_COMPUTE, NV_I2M_OFFSET_OUT_UPPER, 2);
   push_addr(ctx, dst->gpu_va + dst_B);
   push_begin_1inc(ctx, NV_SUBCH_COMPUTE, NV_I2M_LAUNCH_DMA, words + 1);
   push_data(ctx, NV_I2M_LAUNCH_LINEAR_FLUSH);
   ctx->batch->cur[words - 1] = 0;
   memcpy(ctx->batch->cur, data, size_B);
   ctx->batch->cur += words;
   return 0;
}

static int
write_staged(struct nouveau_context *ctx, struct nouveau_ws_bo *dst,
             uint64_t dst_B, uint64_t size_B, const char *data)
{
   while (size_B) {
      uint64_t n = MIN2(size_B, STAGING_B);
      struct nouveau_ws_bo *staging;
      int ret =
         nouveau_ws_bo_create(ctx->screen->ws, n, 4096,
                              NOUVEAU_WS_GART | NOUVEAU_WS_MAPPABLE, &staging);
      if (ret)
         return ret;
      void *map;
      ret = nouveau_ws_bo_map(staging, &map);
      if (!ret) {
         memcpy(map, data, n);
         ret = copy_linear(ctx, dst, dst_B, staging, 0, n);
      }
      nouveau_ws_bo_unref(staging); /* the batch holds it until it has run */
      if (ret)
         return ret;
      data += n;
      dst_B += n;
      size_B -= n;
   }
   return 0;
}

static int
buffer_subdata(struct pipe_context *pctx, struct pipe_resource *res,
               uint64_t offset_B, uint64_t size_B, const void *data)
{
   struct nouveau_context *ctx = nouveau_context(pctx);
   if (!size_B)
      return 0;
   if (res->user_ptr) {
      int ret = nouveau_context_sync(ctx);
      if (!ret)
         memmove((char *)res->user_ptr + offset_B, data, size_B);
      return ret;
   }
   if (size_B <= INLINE_MAX_B)
      return write_inline(ctx, bo_of(res), offset_B, size_B, data);
   return write_staged(ctx, bo_of(res), offset_B, size_B, data);
}

static int
buffer_read(struct pipe_context *pctx, struct pipe_resource *res,
            uint64_t offset_B, uint64_t size_B, void *data_out)
{
   struct nouveau_context *ctx = nouveau_context(pctx);
   char *out = data_out;
   int ret = 0;
   if (res->user_ptr) {
      ret = nouveau_context_sync(ctx);
      if (!ret)
         memmove(out, (char *)res->user_ptr + offset_B, size_B);
      return ret;
   }
   if (!ctx->readback)
      ret = nouveau_ws_bo_create(ctx->screen->ws, STAGING_B, 4096,
                                 NOUVEAU_WS_GART | NOUVEAU_WS_MAPPABLE,
                                 &ctx->readback);
   while (!ret && size_B) {
      uint64_t n = MIN2(size_B, STAGING_B);
      void *map;
      ret = nouveau_ws_bo_map(ctx->readback, &map);
      if (!ret)
         ret = copy_linear(ctx, ctx->readback, 0, bo_of(res), offset_B, n);
      if (!ret)
         ret = nouveau_context_sync(ctx);
      if (ret)
         break;
      memcpy(out, map, n);
      out += n;
      offset_B += n;
      size_B -= n;
   }
   return ret;
}

static int
resource_copy_region(struct pipe_context *pctx, struct pipe_resource *dst,
                     uint64_t dst_offset_B, struct pipe_resource *src,
                     uint64_t src_offset_B, uint64_t size_B)
{
   struct nouveau_context *ctx = nouveau_context(pctx);
   if (src->user_ptr) {
      int ret = nouveau_context_sync(ctx);
      return ret ? ret
                 : buffer_subdata(pctx, dst, dst_offset_B, size_B,
                                  (char *)src->user_ptr + src_offset_B);
   }
   if (dst->user_ptr)
      return buffer_read(pctx, src, src_offset_B, size_B,
                         (char *)dst->user_ptr + dst_offset_B);
   return copy_linear(ctx, bo_of(dst), dst_offset_B, bo_of(src), src_offset_B,
                      size_B);
}

/* Constant fill of the copy engine: elements of one or two components. */
static int
fill_remap(struct nouveau_context *ctx, struct nouveau_ws_bo *dst,
           uint64_t dst_B, uint64_t size_B, const void *pattern,
           unsigned pattern_B)
{
   uint32_t word[2] = {0};
   memcpy(word, pattern, pattern_B);
   unsigned comps = pattern_B == 8 ? 2 : 1;
   while (size_B) {
      uint64_t n = MIN2(size_B, COPY_CHUNK_B);
      int ret = nouveau_batch_space(ctx, COPY_DW, 0);
      if (!ret)
         ret = nouveau_batch_use_bo(ctx, dst);
      if (ret)
         return ret;
      emit_wait_idle(ctx);
      push_begin(ctx, NV_SUBCH_COPY, NV_COPY_SET_REMAP_CONST_A, 3);
      push_data(ctx, word[0]);
      push_data(ctx, word[1]);
      push_data(ctx,
                NV_COPY_REMAP(NV_COPY_REMAP_CONST_A, NV_COPY_REMAP_CONST_B,
                              NV_COPY_REMAP_NO_WRITE, NV_COPY_REMAP_NO_WRITE,
                              pattern_B / comps, 1, comps));
      push_begin(ctx, NV_SUBCH_COPY, NV_COPY_OFFSET_OUT_UPPER, 2);
      push_addr(ctx, dst->gpu_va + dst_B);
      push_1(ctx, NV_SUBCH_COPY, NV_COPY_LINE_LENGTH_IN, n / pattern_B);
      emit_copy_launch(ctx, NV_COPY_LAUNCH_LINEAR | NV_COPY_LAUNCH_REMAP);
      dst_B += n;
      size_B -= n;
   }
   return 0;
}

/* Longer patterns: the first one inline, then ever longer copies of what is
 * there. */
static int
fill_doubling(struct nouveau_context *ctx, struct nouveau_ws_bo *dst,
              uint64_t dst_B, uint64_t size_B, const void *pattern,
              unsigned pattern_B)
{
   int ret = write_inline(ctx, dst, dst_B, pattern_B, pattern);
   for (uint64_t done_B = pattern_B; !ret && done_B < size_B;) {
      uint64_t n = MIN2(done_B, size_B - done_B);
      ret = copy_linear(ctx, dst, dst_B + done_B, dst, dst_B, n);
      done_B += n;
   }
   return ret;
}

static int
clear_buffer(struct pipe_context *pctx, struct pipe_resource *res,
             uint64_t offset_B, uint64_t size_B, const void *pattern,
             unsigned pattern_B)
{
   struct nouveau_context *ctx = nouveau_context(pctx);
   if (!size_B)
      return 0;
   if (res->user_ptr) {
      int ret = nouveau_context_sync(ctx);
      if (ret)
         return ret;
      char *p = (char *)res->user_ptr + offset_B;
      for (uint64_t i = 0; i < size_B; i += pattern_B)
         memcpy(p + i, pattern, pattern_B);
      return 0;
   }
   if (pattern_B <= 8)
      return fill_remap(ctx, bo_of(res), offset_B, size_B, pattern, pattern_B);
   return fill_doubling(ctx, bo_of(res), offset_B, size_B, pattern, pattern_B);
}

void
nouveau_transfer_init_context(struct nouveau_context *ctx)
{
   ctx->base.buffer_subdata = buffer_subdata;
   ctx->base.buffer_read = buffer_read;
   ctx->base.resource_copy_region = resource_copy_region;
   ctx->base.clear_buffer = clear_buffer;
}
