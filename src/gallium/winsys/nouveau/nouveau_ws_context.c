/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau_ws_priv.h"
#include "nouveau_ws_vm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/headers/nv_class.h"

/* GP100 has the _A classes, GP102 and later the _B ones (mesa.md §1.1). */
static struct nouveau_ws_context_info
classes(uint32_t chipset)
{
   bool a = chipset == 0x130 || chipset == 0x13b;
   return (struct nouveau_ws_context_info){
      .compute_class =
         a ? NV_CLASS_PASCAL_COMPUTE_A : NV_CLASS_PASCAL_COMPUTE_B,
      .i2m_class = NV_CLASS_KEPLER_I2M_B,
      .copy_class = a ? NV_CLASS_PASCAL_DMA_COPY_A : NV_CLASS_PASCAL_DMA_COPY_B,
   };
}

static int
create_objects(struct nouveau_ws_context *ctx)
{
   const uint32_t want[] = {ctx->info.i2m_class, ctx->info.compute_class,
                            ctx->info.copy_class};
   for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
      int ret = nouveau_ws_object_new(ctx->dev, ctx->channel,
                                      0xbeef0000 | want[i], want[i], NULL, 0,
                                      &ctx->objects[ctx->num_objects]);
      if (ret)
         return ret;
      ctx->num_objects++;
   }
   return 0;
}

int
nouveau_ws_context_create(struct nouveau_ws_device *dev,
                          struct nouveau_ws_context **ctx_out)
{
   struct nouveau_ws_context *ctx = calloc(1, sizeof(*ctx));
   if (!ctx)
      return -ENOMEM;
   ctx->dev = dev;
   ctx->info = classes(dev->info.chipset);
   struct drm_nouveau_channel_alloc alloc = {
      .fb_ctxdma_handle = ~0u,
      .tt_ctxdma_handle = NOUVEAU_FIFO_ENGINE_GR,
   };
   int ret = ws_ioctl(dev, DRM_IOCTL_NOUVEAU_CHANNEL_ALLOC, &alloc);
   if (ret) {
      free(ctx);
      return ret;
   }
   ctx->channel = alloc.channel;
   ctx->notifier_handle = alloc.notifier_handle;
   ret = create_objects(ctx);
   if (!ret && dev->vm)
      ret = nouveau_ws_timeline_create(dev->vm, &ctx->timeline);
   if (ret) {
      nouveau_ws_context_destroy(ctx);
      return ret;
   }
   *ctx_out = ctx;
   return 0;
}

void
nouveau_ws_context_destroy(struct nouveau_ws_context *ctx)
{
   for (unsigned i = 0; i < ctx->num_objects; i++)
      nouveau_ws_object_del(ctx->dev, ctx->channel, ctx->objects[i]);
   struct drm_nouveau_channel_free args = {.channel = ctx->channel};
   ws_ioctl(ctx->dev, DRM_IOCTL_NOUVEAU_CHANNEL_FREE, &args);
   struct drm_gem_close close_args = {.handle = ctx->notifier_handle};
   ws_ioctl(ctx->dev, DRM_IOCTL_GEM_CLOSE, &close_args);
   nouveau_ws_timeline_unref(ctx->timeline);
   free(ctx);
}

const struct nouveau_ws_context_info *
nouveau_ws_context_info(const struct nouveau_ws_context *ctx)
{
   return &ctx->info;
}

static int
pushbuf(struct nouveau_ws_context *ctx, struct nouveau_ws_bo *const *bos,
        unsigned num_bos, const struct nouveau_ws_push *pushes,
        unsigned num_pushes)
{
   struct drm_nouveau_gem_pushbuf_bo list[NOUVEAU_WS_MAX_BOS];
   struct drm_nouveau_gem_pushbuf_push push[64];
   if (num_bos > ARRAY_SIZE(list) || num_pushes > ARRAY_SIZE(push))
      return -EINVAL;
   for (unsigned i = 0; i < num_bos; i++) {
      uint32_t domain = bos[i]->flags & NOUVEAU_WS_VRAM
                           ? NOUVEAU_GEM_DOMAIN_VRAM
                           : NOUVEAU_GEM_DOMAIN_GART;
      list[i] = (struct drm_nouveau_gem_pushbuf_bo){
         .handle = bos[i]->handle,
         .read_domains = domain,
         .write_domains = domain,
         .valid_domains = domain,
         .presumed = {.valid = 1, .domain = domain, .offset = bos[i]->gpu_va},
      };
   }
   for (unsigned i = 0; i < num_pushes; i++) {
      push[i] = (struct drm_nouveau_gem_pushbuf_push){
         .bo_index = pushes[i].bo_index,
         .offset = pushes[i].offset_B,
         .length = pushes[i].size_B,
      };
   }
   struct drm_nouveau_gem_pushbuf args = {
      .channel = ctx->channel,
      .nr_buffers = num_bos,
      .buffers = (uintptr_t)list,
      .nr_push = num_pushes,
      .push = (uintptr_t)push,
   };
   return ws_ioctl(ctx->dev, DRM_IOCTL_NOUVEAU_GEM_PUSHBUF, &args);
}

int
nouveau_ws_context_submit(struct nouveau_ws_context *ctx,
                          struct nouveau_ws_bo *const *bos, unsigned num_bos,
                          const struct nouveau_ws_push *pushes,
                          unsigned num_pushes)
{
   struct nouveau_ws_vm *vm = ctx->dev->vm;
   return vm ? nouveau_ws_vm_exec(vm, ctx->channel, ctx->timeline, bos, num_bos,
                                  pushes, num_pushes)
             : pushbuf(ctx, bos, num_bos, pushes, num_pushes);
}

/* An empty submission is refused by a killed channel and costs nothing
 * otherwise. */
static bool
is_killed(struct nouveau_ws_context *ctx)
{
   if (ctx->dev->vm) {
      struct drm_nouveau_exec args = {.channel = ctx->channel};
      return ws_ioctl(ctx->dev, DRM_IOCTL_NOUVEAU_EXEC, &args) == -ENODEV;
   }
   struct drm_nouveau_gem_pushbuf args = {.channel = ctx->channel};
   return ws_ioctl(ctx->dev, DRM_IOCTL_NOUVEAU_GEM_PUSHBUF, &args) == -ENODEV;
}

bool
nouveau_ws_context_error(struct nouveau_ws_context *ctx,
                         struct nouveau_ws_error *error_out)
{
   struct drm_nouveau_channel_error args = {.channel = ctx->channel};
   *error_out = (struct nouveau_ws_error){.kind = NOUVEAU_WS_ERROR_UNKNOWN};
   int ret = ws_ioctl(ctx->dev, DRM_IOCTL_NOUVEAU_CHANNEL_ERROR, &args);
   if (ret == -ENODATA)
      return false;
   if (ret) /* Linux does not know this call and keeps the reason to itself */
      return is_killed(ctx);
   error_out->kind = args.kind <= DRM_NOUVEAU_CHANNEL_ERROR_PUSH
                        ? (enum nouveau_ws_error_kind)args.kind
                        : NOUVEAU_WS_ERROR_UNKNOWN;
   error_out->gpu_va = args.addr;
   error_out->access = args.access;
   error_out->reason = args.reason;
   error_out->warp_error = args.warp_error;
   error_out->program_va = args.program_va;
   error_out->pc = args.pc;
   memcpy(error_out->cta, args.cta, sizeof(args.cta));
   memcpy(error_out->tid, args.tid, sizeof(args.tid));
   memcpy(error_out->text, args.text, sizeof(error_out->text) - 1);
   return true;
}
