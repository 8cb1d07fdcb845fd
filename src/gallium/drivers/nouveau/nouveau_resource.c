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

/* The kernel may choose the address; if the process has something there already,
 * the buffer is put aside so that the next try gets another address. */
static struct nouveau_ws_bo *
create_bo_at_va(struct nouveau_screen *screen, uint64_t size_B,
                uint64_t align_B, uint32_t flags)
{
   struct nouveau_ws_bo *bo;
   for (;;) {
      if (nouveau_ws_bo_create(screen->ws, size_B, align_B,
                               NOUVEAU_WS_GART | NOUVEAU_WS_MAPPABLE | flags,
                               &bo))
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

/* The others get the first one's buffer. -EEXIST: not at its address. */
static int
share_bo(unsigned num, struct pipe_resource **res, uint64_t *instead_out)
{
   int ret = 0;
   for (unsigned i = 1; i < num && !ret; i++)
      ret = nouveau_ws_bo_share(nouveau_resource(res[0])->bo,
                                nouveau_screen(res[i]->screen)->ws,
                                &nouveau_resource(res[i])->bo, instead_out);
   for (unsigned i = 1; i < num && ret; i++) {
      nouveau_ws_bo_unref(nouveau_resource(res[i])->bo);
      nouveau_resource(res[i])->bo = NULL;
   }
   return ret;
}

/* Of kernels that choose addresses one may have given away what another would
 * give: then the first is led to where that other one has room. */
#define MAX_TRIES 64

static int
place_svm(unsigned num, uint64_t align_B, struct pipe_resource **res)
{
   struct nouveau_resource *first = nouveau_resource(res[0]);
   struct nouveau_screen *screen = nouveau_screen(first->base.screen);
   uint64_t size_B = first->base.width0_B, instead = 0;
   struct nouveau_ws_bo *fillers[MAX_TRIES];
   unsigned n = 0;
   int ret;
   for (;;) {
      first->bo = create_bo_at_va(screen, size_B, align_B,
                                  num > 1 ? NOUVEAU_WS_SHARED : 0);
      ret = first->bo ? share_bo(num, res, &instead) : -ENOMEM;
      if (!ret)
         break;
      uint64_t gpu_va = first->bo ? first->bo->gpu_va : 0;
      nouveau_ws_bo_unref(first->bo);
      first->bo = NULL;
      if (ret != -EEXIST || n == MAX_TRIES ||
          nouveau_ws_bo_take_gap(screen->ws, gpu_va, instead, size_B,
                                 &fillers[n]))
         break;
      n++;
   }
   while (n)
      nouveau_ws_bo_unref(fillers[--n]);
   return ret;
}

static int
resource_create_svm(struct pipe_screen *const *screens, unsigned num,
                    uint64_t size_B, uint64_t align_B,
                    struct pipe_resource **res_out)
{
   int ret = 0;
   unsigned made = 0;
   for (; made < num && !ret; made++) {
      struct nouveau_resource *res = new_resource(screens[made], size_B);
      res_out[made] = &res->base;
      ret = res ? 0 : -ENOMEM;
   }
   if (!ret)
      ret = place_svm(num, align_B, res_out);
   for (unsigned i = 0; i < made; i++) {
      if (ret) {
         pipe_resource_reference(&res_out[i], NULL);
         continue;
      }
      res_out[i]->usage = PIPE_USAGE_STAGING;
      res_out[i]->user_ptr = nouveau_resource(res_out[0])->bo->map;
   }
   return ret;
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
