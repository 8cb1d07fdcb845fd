/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kmd_syncs.h"

#include <errno.h>

#include "kernel/drm/kdrm_alloc.h"
#include "kernel/drm/kdrm_syncobj.h"
#include "kernel/drm/kdrm_uaccess.h"

struct kmd_sync_out {
   struct kdrm_syncobj *syncobj; /* referenced */
   uint64_t point;
};

static uint32_t
type_of(const struct drm_nouveau_sync *s)
{
   return s->flags & DRM_NOUVEAU_SYNC_TYPE_MASK;
}

static uint64_t
point_of(const struct drm_nouveau_sync *s)
{
   return type_of(s) == DRM_NOUVEAU_SYNC_TIMELINE_SYNCOBJ ? s->timeline_value
                                                          : 0;
}

static int
look_up(struct kmd_syncs *s, struct kdrm_file *file,
        const struct drm_nouveau_sync *wait, const struct drm_nouveau_sync *sig)
{
   for (unsigned i = 0; i < s->wait_count; i++)
      if (type_of(&wait[i]) > DRM_NOUVEAU_SYNC_TIMELINE_SYNCOBJ)
         return -EOPNOTSUPP;
   for (unsigned i = 0; i < s->sig_count; i++)
      if (type_of(&sig[i]) > DRM_NOUVEAU_SYNC_TIMELINE_SYNCOBJ)
         return -EINVAL;
   s->wait = kdrm_zalloc(s->wait_count * sizeof(*s->wait));
   s->sig = kdrm_zalloc(s->sig_count * sizeof(*s->sig));
   int ret = s->wait && s->sig ? 0 : -ENOMEM;
   for (unsigned i = 0; i < s->wait_count && !ret; i++)
      ret = kdrm_syncobj_find_fence(file, wait[i].handle, point_of(&wait[i]),
                                    &s->wait[i]);
   for (unsigned i = 0; i < s->sig_count && !ret; i++) {
      s->sig[i].syncobj = kdrm_syncobj_lookup(file, sig[i].handle);
      s->sig[i].point = point_of(&sig[i]);
      ret = s->sig[i].syncobj ? 0 : -ENOENT;
   }
   return ret;
}

int
kmd_syncs_init(struct kmd_syncs *s, struct kdrm_file *file, uint64_t wait_ptr,
               uint32_t wait_count, uint64_t sig_ptr, uint32_t sig_count)
{
   struct drm_nouveau_sync *wait = NULL, *sig = NULL;
   *s = (struct kmd_syncs){.wait_count = wait_count, .sig_count = sig_count};
   int ret =
      kdrm_dup_from_user(wait_ptr, wait_count, sizeof(*wait), (void **)&wait);
   if (!ret)
      ret = kdrm_dup_from_user(sig_ptr, sig_count, sizeof(*sig), (void **)&sig);
   if (!ret)
      ret = look_up(s, file, wait, sig);
   kdrm_free(wait);
   kdrm_free(sig);
   if (ret)
      kmd_syncs_finish(s);
   return ret;
}

void
kmd_syncs_finish(struct kmd_syncs *s)
{
   for (unsigned i = 0; s->wait && i < s->wait_count; i++)
      kdrm_fence_put(s->wait[i]);
   for (unsigned i = 0; s->sig && i < s->sig_count; i++)
      kdrm_syncobj_put(s->sig[i].syncobj);
   kdrm_free(s->wait);
   kdrm_free(s->sig);
   *s = (struct kmd_syncs){0};
}

int
kmd_syncs_attach(struct kmd_syncs *s, struct kdrm_job *job)
{
   int ret = 0;
   for (unsigned i = 0; i < s->wait_count && !ret; i++)
      ret = kdrm_job_depend(job, s->wait[i]);
   for (unsigned i = 0; i < s->sig_count && !ret; i++)
      ret = kdrm_syncobj_set_fence(s->sig[i].syncobj, s->sig[i].point,
                                   job->finished);
   return ret;
}
