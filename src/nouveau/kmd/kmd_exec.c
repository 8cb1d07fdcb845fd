/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* EXEC: a job a call, in the order of the calls for each channel. */
#include "kmd_abi16.h"
#include "kmd_chan.h"
#include "kmd_svm.h"
#include "kmd_syncs.h"
#include "kmd_uvmm.h"

#include <errno.h>

#include "kernel/drm/kdrm_alloc.h"
#include "kernel/drm/kdrm_uaccess.h"

struct exec_job {
   struct kdrm_job base;
   struct kmd_chan *chan;    /* referenced */
   struct kdrm_fence *fence; /* made in the call: a job that has been accepted
                                cannot say any more that there is no memory */
   unsigned n;
   struct kmd_push pushes[];
};

static struct exec_job *
to_exec(struct kdrm_job *job)
{
   return container_of(job, struct exec_job, base);
}

/* Without pushes: finished when all before it is. */
static int
exec_run(struct kdrm_job *job, struct kdrm_fence **hw_out)
{
   struct exec_job *j = to_exec(job);
   if (j->chan->svm)
      kmm_mm_sync(j->chan->kmd->mm);
   if (!j->n) {
      *hw_out = kmd_chan_last_fence(j->chan);
      return 0;
   }
   *hw_out = kmd_chan_no_room(j->chan, j->n);
   if (*hw_out)
      return -EAGAIN;
   int ret = kmd_chan_submit_with(j->chan, j->pushes, j->n, j->fence);
   if (!ret)
      *hw_out = kdrm_fence_get(j->fence);
   return ret;
}

static void
exec_free(struct kdrm_job *job)
{
   kmd_chan_put(to_exec(job)->chan);
   kdrm_fence_put(to_exec(job)->fence);
   kdrm_free(to_exec(job));
}

static const struct kdrm_job_ops exec_ops = {exec_run, exec_free};

static int
exec_create(struct kmd_chan *chan, const struct drm_nouveau_exec_push *pushes,
            unsigned n, struct exec_job **job_out)
{
   for (unsigned i = 0; i < n; i++)
      if (pushes[i].va_len >= NOUVEAU_GEM_PUSHBUF_NO_PREFETCH)
         return -EINVAL;
   struct exec_job *j = kdrm_zalloc(sizeof(*j) + n * sizeof(j->pushes[0]));
   if (!j)
      return -ENOMEM;
   j->n = n;
   for (unsigned i = 0; i < n; i++)
      j->pushes[i] = (struct kmd_push){
         .gpu_va = pushes[i].va,
         .size_B = pushes[i].va_len,
         .no_prefetch = pushes[i].flags & DRM_NOUVEAU_EXEC_PUSH_NO_PREFETCH,
      };
   j->fence = kdrm_fence_create(0, 0);
   if (!j->fence || kdrm_job_init(&j->base, &chan->entity, &exec_ops)) {
      kdrm_fence_put(j->fence);
      kdrm_free(j);
      return -ENOMEM;
   }
   j->chan = kmd_chan_get(chan);
   *job_out = j;
   return 0;
}

/* The work may use whatever is mapped, so its fence goes to all of that. */
static int
exec_submit(struct kmd_uvmm *u, struct exec_job *j, struct kmd_syncs *syncs)
{
   struct kdrm_gpuvm_exec e;
   int ret = kdrm_gpuvm_exec_lock(&e, &u->vm);
   if (!ret) {
      ret = kdrm_gpuvm_validate(&e);
      if (!ret)
         ret = kmd_syncs_attach(syncs, &j->base);
      if (!ret)
         kdrm_gpuvm_exec_add_fence(&e, j->base.finished, KDRM_USAGE_WRITE,
                                   KDRM_USAGE_WRITE);
      kdrm_gpuvm_exec_unlock(&e);
   }
   if (ret)
      kdrm_job_give_up(&j->base, ret);
   else
      kdrm_job_submit(&j->base);
   return ret;
}

static int
exec_checked(struct kmd_uvmm *u, struct kdrm_file *file, struct kmd_chan *chan,
             const struct drm_nouveau_exec *a)
{
   struct drm_nouveau_exec_push *pushes = NULL;
   struct exec_job *j = NULL;
   struct kmd_syncs syncs = {0};
   int ret = a->push_count > KMD_CHAN_MAX_PUSHES ? -EINVAL : 0;
   if (!ret)
      ret = kdrm_dup_from_user(a->push_ptr, a->push_count, sizeof(*pushes),
                               (void **)&pushes);
   if (!ret)
      ret = kmd_syncs_init(&syncs, file, a->wait_ptr, a->wait_count, a->sig_ptr,
                           a->sig_count);
   if (!ret)
      ret = exec_create(chan, pushes, a->push_count, &j);
   if (!ret)
      ret = exec_submit(u, j, &syncs);
   kmd_syncs_finish(&syncs);
   kdrm_free(pushes);
   return ret;
}

int
kmd_exec_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   const struct drm_nouveau_exec *a = arg;
   struct kmd_client *client = kmd_client_of(file);
   struct kmd_uvmm *u = kmd_client_uvmm(client);
   if (!u)
      return -ENOSYS;
   struct kmd_abi16_chan *ac = kmd_abi16_chan_get(client, a->channel);
   if (!ac)
      return -ENOENT;
   int ret = kmd_chan_is_killed(ac->chan) ? -ENODEV
                                          : exec_checked(u, file, ac->chan, a);
   kmd_abi16_chan_put(ac);
   return ret;
}
