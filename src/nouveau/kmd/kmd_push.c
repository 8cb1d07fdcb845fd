/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* GEM_PUSHBUF (kernel.md §1.6): check the list, order after other channels'
 * work on the same buffers, queue, leave the fence with each buffer. */
#include "kmd_abi16.h"
#include "kmd_bo.h"
#include "kmd_chan.h"
#include "kmd_svm.h"
#include "kmd_vmm.h"

#include <errno.h>

#include "kernel/drm/kdrm_alloc.h"
#include "kernel/drm/kdrm_uaccess.h"

struct validated {
   struct kmd_bo *bo; /* referenced */
   uint64_t gpu_va;
   enum kdrm_usage usage;
};

struct submission {
   struct drm_nouveau_gem_pushbuf *req;
   struct kmd_client *client;
   struct kmd_chan *chan;
   struct drm_nouveau_gem_pushbuf_bo *list;
   struct drm_nouveau_gem_pushbuf_push *push;
   struct validated *bos;
   struct kmd_push *hw;
};

static int
check_limits(const struct drm_nouveau_gem_pushbuf *req)
{
   if (req->nr_push > NOUVEAU_GEM_MAX_PUSH ||
       req->nr_buffers > NOUVEAU_GEM_MAX_BUFFERS ||
       req->nr_relocs > NOUVEAU_GEM_MAX_RELOCS)
      return -EINVAL;
   return 0;
}

static int
copy_lists(struct submission *s)
{
   const struct drm_nouveau_gem_pushbuf *req = s->req;
   int ret = kdrm_dup_from_user(req->push, req->nr_push, sizeof(*s->push),
                                (void **)&s->push);
   if (!ret)
      ret = kdrm_dup_from_user(req->buffers, req->nr_buffers, sizeof(*s->list),
                               (void **)&s->list);
   if (ret)
      return ret;
   s->bos = kdrm_zalloc(req->nr_buffers * sizeof(*s->bos));
   s->hw = kdrm_zalloc(req->nr_push * sizeof(*s->hw));
   return s->bos && s->hw ? 0 : -ENOMEM;
}

static bool
is_listed_before(const struct submission *s, unsigned i)
{
   for (unsigned k = 0; k < i; k++)
      if (s->bos[k].bo == s->bos[i].bo)
         return true;
   return false;
}

static int
validate_bo(struct submission *s, struct kdrm_file *file, unsigned i)
{
   const struct drm_nouveau_gem_pushbuf_bo *b = &s->list[i];
   struct validated *v = &s->bos[i];
   v->bo = kmd_bo_lookup(file, b->handle);
   if (!v->bo)
      return -ENOENT;
   if (is_listed_before(s, i))
      return -EINVAL;
   struct kmd_vmm *vmm = kmd_client_vmm(s->client);
   if (!kmd_bo_gpu_va(v->bo, vmm, &v->gpu_va))
      return -EINVAL;
   uint32_t used = b->write_domains ? b->write_domains : b->read_domains;
   if (!(used & b->valid_domains & v->bo->valid_domains))
      return -EINVAL;
   v->usage = b->write_domains ? KDRM_USAGE_WRITE : KDRM_USAGE_READ;
   return 0;
}

static int
validate(struct submission *s, struct kdrm_file *file)
{
   for (unsigned i = 0; i < s->req->nr_push; i++)
      if (s->push[i].bo_index >= s->req->nr_buffers)
         return -EINVAL;
   for (unsigned i = 0; i < s->req->nr_buffers; i++) {
      int ret = validate_bo(s, file, i);
      if (ret)
         return ret;
   }
   return 0;
}

/* Linux lets a push run out of its buffer; the card finds out. */
static int
translate_pushes(struct submission *s)
{
   for (unsigned i = 0; i < s->req->nr_push; i++) {
      const struct drm_nouveau_gem_pushbuf_push *p = &s->push[i];
      const struct validated *v = &s->bos[p->bo_index];
      uint64_t length = p->length & (NOUVEAU_GEM_PUSHBUF_NO_PREFETCH - 1);
      uint64_t size_B = v->bo->base.size_B;
      bool inside = p->offset <= size_B && length <= size_B - p->offset &&
                    p->length < 2 * NOUVEAU_GEM_PUSHBUF_NO_PREFETCH &&
                    util_is_aligned(p->offset | length, 4);
      if (!inside && kmd_is_better(s->client->kmd))
         return -EINVAL;
      s->hw[i] = (struct kmd_push){
         .gpu_va = v->gpu_va + p->offset,
         .size_B = (uint32_t)length,
         .no_prefetch = p->length & NOUVEAU_GEM_PUSHBUF_NO_PREFETCH,
      };
   }
   return 0;
}

static void
wait_for_others(struct submission *s)
{
   for (unsigned i = 0; i < s->req->nr_buffers; i++)
      kdrm_resv_wait(s->bos[i].bo->base.resv, s->bos[i].usage,
                     s->chan->fence_context, UINT64_MAX);
}

static int
queue(struct submission *s, bool sync)
{
   if (s->chan->svm)
      kmm_mm_sync(s->client->kmd->mm);
   wait_for_others(s);
   struct kdrm_fence *fence;
   int ret = kmd_chan_submit(s->chan, s->hw, s->req->nr_push, &fence);
   if (ret)
      return ret;
   for (unsigned i = 0; i < s->req->nr_buffers; i++)
      kdrm_resv_add(s->bos[i].bo->base.resv, fence, s->bos[i].usage);
   if (sync) {
      kdrm_fence_wait(fence, UINT64_MAX);
      ret = fence->error;
   }
   kdrm_fence_put(fence);
   return ret;
}

static int
submit(struct submission *s, struct kdrm_file *file, bool sync)
{
   int ret = check_limits(s->req);
   if (!ret)
      ret = copy_lists(s);
   if (!ret)
      ret = validate(s, file);
   if (!ret)
      ret = translate_pushes(s);
   if (!ret)
      ret = queue(s, sync);
   for (unsigned i = 0; s->bos && i < s->req->nr_buffers; i++)
      if (s->bos[i].bo)
         kdrm_gem_put(&s->bos[i].bo->base);
   kdrm_free(s->hw);
   kdrm_free(s->bos);
   kdrm_free(s->list);
   kdrm_free(s->push);
   return ret;
}

int
kmd_gem_pushbuf_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_nouveau_gem_pushbuf *req = arg;
   struct kmd_client *client = kmd_client_of(file);
   struct kmd *kmd = client->kmd;
   if (client->uvmm)
      return -ENOSYS;
   struct kmd_abi16_chan *ac = kmd_abi16_chan_get(client, req->channel);
   if (!ac)
      return -ENOENT;
   int ret = kmd_chan_is_killed(ac->chan) ? -ENODEV : 0;
   bool sync = req->vram_available & NOUVEAU_GEM_PUSHBUF_SYNC;
   if (!ret) {
      req->vram_available = kmd->vram.size_B - kmd->vram.reserve_B;
      req->gart_available = kmd->gart.size_B;
      req->suffix0 = req->suffix1 = 0;
   }
   if (!ret && req->nr_push) {
      struct submission s = {.req = req, .client = client, .chan = ac->chan};
      ret = submit(&s, file, sync);
   }
   kmd_abi16_chan_put(ac);
   return ret;
}
