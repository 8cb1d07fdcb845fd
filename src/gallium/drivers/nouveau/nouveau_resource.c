/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Buffers. Three kinds: a buffer object of the kernel's choice of address; one
 * that is mapped in the process at its own GPU address (SVM without HMM); and
 * user memory, which has no buffer object at all and is reached by replayable
 * accesses only. */
#include "nouveau_priv.h"

#include <errno.h>
#include <stdlib.h>

static struct nouveau_resource *
new_resource(struct pipe_screen *pscreen, uint64_t size_B)
{
   struct nouveau_resource *res = calloc(1, sizeof(*res));
   if (res) {
      res->base.screen = pscreen;
      res->base.refcount = 1;
      res->base.width0_B = size_B;
   }
   return res;
}

static struct pipe_resource *
resource_create(struct pipe_screen *pscreen, uint64_t size_B,
                enum pipe_resource_usage usage, uint32_t flags)
{
   struct nouveau_screen *screen = nouveau_screen(pscreen);
   struct nouveau_resource *res = new_resource(pscreen, size_B);
   if (!res)
      return NULL;
   res->base.usage = usage;
   res->base.flags = flags;
   int ret = -ENOMEM;
   if (usage == PIPE_USAGE_DEFAULT)
      ret = nouveau_ws_bo_create(screen->ws, size_B, 4096, NOUVEAU_WS_VRAM,
                                 &res->bo);
   /* Full VRAM is no reason to fail: slower, but right. */
   if (ret)
      ret =
         nouveau_ws_bo_create(screen->ws, size_B, 4096,
                              NOUVEAU_WS_GART | NOUVEAU_WS_MAPPABLE, &res->bo);
   if (ret) {
      free(res);
      return NULL;
   }
   return &res->base;
}

static struct pipe_resource *
resource_from_user_memory(struct pipe_screen *pscreen, void *ptr,
                          uint64_t size_B)
{
   if (!pscreen->caps.svm_system)
      return NULL;
   struct nouveau_resource *res = new_resource(pscreen, size_B);
   if (!res)
      return NULL;
   res->base.user_ptr = ptr;
   return &res->base;
}

/* The kernel chooses the address; if the process has something there already,
 * the buffer is put aside so that the next try gets another address. */
static struct nouveau_ws_bo *
create_bo_at_va(struct nouveau_screen *screen, uint64_t size_B,
                uint64_t align_B)
{
   struct nouveau_ws_bo *bo;
   for (;;) {
      if (nouveau_ws_bo_create(screen->ws, size_B, align_B,
                               NOUVEAU_WS_GART | NOUVEAU_WS_MAPPABLE, &bo))
         return NULL;
      int ret = nouveau_ws_bo_map_at_va(bo);
      if (!ret)
         return bo;
      pthread_mutex_lock(&screen->blockers_lock);
      bool kept = screen->num_blockers < ARRAY_SIZE(screen->blockers);
      if (kept)
         screen->blockers[screen->num_blockers++] = bo;
      pthread_mutex_unlock(&screen->blockers_lock);
      if (!kept) {
         nouveau_ws_bo_unref(bo);
         return NULL;
      }
   }
}

static struct pipe_resource *
resource_create_svm(struct pipe_screen *pscreen, uint64_t size_B,
                    uint64_t align_B)
{
   struct nouveau_resource *res = new_resource(pscreen, size_B);
   if (!res)
      return NULL;
   res->bo = create_bo_at_va(nouveau_screen(pscreen), size_B, align_B);
   if (!res->bo) {
      free(res);
      return NULL;
   }
   res->base.usage = PIPE_USAGE_STAGING;
   res->base.user_ptr = res->bo->map;
   return &res->base;
}

static void
resource_destroy(struct pipe_screen *pscreen, struct pipe_resource *pres)
{
   struct nouveau_resource *res = nouveau_resource(pres);
   nouveau_ws_bo_unref(res->bo);
   free(res);
}

uint64_t
nouveau_resource_gpu_va(const struct pipe_resource *pres)
{
   const struct nouveau_resource *res = (const struct nouveau_resource *)pres;
   return res->bo ? res->bo->gpu_va : (uintptr_t)pres->user_ptr;
}

static uint64_t
resource_get_address(struct pipe_screen *pscreen, struct pipe_resource *res)
{
   return nouveau_resource_gpu_va(res);
}

void
nouveau_resource_init_screen(struct nouveau_screen *screen)
{
   pthread_mutex_init(&screen->blockers_lock, NULL);
   screen->base.resource_create = resource_create;
   screen->base.resource_from_user_memory = resource_from_user_memory;
   screen->base.resource_create_svm = resource_create_svm;
   screen->base.resource_destroy = resource_destroy;
   screen->base.resource_get_address = resource_get_address;
}

void
nouveau_resource_finish_screen(struct nouveau_screen *screen)
{
   for (unsigned i = 0; i < screen->num_blockers; i++)
      nouveau_ws_bo_unref(screen->blockers[i]);
   pthread_mutex_destroy(&screen->blockers_lock);
}
