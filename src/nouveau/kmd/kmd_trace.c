/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* KMD_DEBUG=ioctl: one line a call, with the arguments that matter. */
#include "kmd_trace.h"

#include <stdio.h>
#include <string.h>

#define ULL(x) ((unsigned long long)(x))

/* Each writes what it has to say about `arg` into 128 bytes. */
typedef void (*describe_func)(const void *arg, char *out);

#define OUT_B 128

static void
describe_getparam(const void *arg, char *out)
{
   const struct drm_nouveau_getparam *a = arg;
   snprintf(out, OUT_B, "param %llu value %#llx", ULL(a->param), ULL(a->value));
}

static void
describe_channel_alloc(const void *arg, char *out)
{
   const struct drm_nouveau_channel_alloc *a = arg;
   snprintf(out, OUT_B, "fb %#x tt %#x channel %d", a->fb_ctxdma_handle,
            a->tt_ctxdma_handle, a->channel);
}

static void
describe_grobj(const void *arg, char *out)
{
   const struct drm_nouveau_grobj_alloc *a = arg;
   snprintf(out, OUT_B, "channel %d handle %#x class %#x", a->channel,
            a->handle, (unsigned)a->class_id);
}

/* GEM_NEW begins with the same struct. */
static void
describe_gem(const void *arg, char *out)
{
   const struct drm_nouveau_gem_info *a = arg;
   snprintf(out, OUT_B, "handle %u size %#llx domain %#x kind %#x at %#llx",
            a->handle, ULL(a->size), a->domain, a->tile_flags >> 8 & 0xff,
            ULL(a->offset));
}

static void
describe_pushbuf(const void *arg, char *out)
{
   const struct drm_nouveau_gem_pushbuf *a = arg;
   snprintf(out, OUT_B, "channel %u, %u buffers, %u pushes", a->channel,
            a->nr_buffers, a->nr_push);
}

static void
describe_cpu_prep(const void *arg, char *out)
{
   const struct drm_nouveau_gem_cpu_prep *a = arg;
   snprintf(out, OUT_B, "handle %u flags %#x", a->handle, a->flags);
}

static void
describe_range(const void *arg, char *out)
{
   const struct drm_nouveau_svm_init *a = arg; /* VM_INIT alike */
   snprintf(out, OUT_B, "%#llx + %#llx", ULL(a->unmanaged_addr),
            ULL(a->unmanaged_size));
}

static void
describe_svm_bind(const void *arg, char *out)
{
   const struct drm_nouveau_svm_bind *a = arg;
   snprintf(out, OUT_B, "header %#llx %#llx..%#llx moved %llu", ULL(a->header),
            ULL(a->va_start), ULL(a->va_end), ULL(a->result));
}

static void
describe_exec(const void *arg, char *out)
{
   const struct drm_nouveau_exec *a = arg;
   snprintf(out, OUT_B, "channel %u, %u pushes, %u waits, %u signals",
            a->channel, a->push_count, a->wait_count, a->sig_count);
}

static const describe_func describe[] = {
   [DRM_NOUVEAU_GETPARAM] = describe_getparam,
   [DRM_NOUVEAU_CHANNEL_ALLOC] = describe_channel_alloc,
   [DRM_NOUVEAU_GROBJ_ALLOC] = describe_grobj,
   [DRM_NOUVEAU_SVM_INIT] = describe_range,
   [DRM_NOUVEAU_SVM_BIND] = describe_svm_bind,
   [DRM_NOUVEAU_VM_INIT] = describe_range,
   [DRM_NOUVEAU_EXEC] = describe_exec,
   [DRM_NOUVEAU_GEM_NEW] = describe_gem,
   [DRM_NOUVEAU_GEM_PUSHBUF] = describe_pushbuf,
   [DRM_NOUVEAU_GEM_CPU_PREP] = describe_cpu_prep,
   [DRM_NOUVEAU_GEM_INFO] = describe_gem,
};

void
kmd_trace_ioctl(struct kdrm_file *file, const char *name, unsigned nr,
                const void *arg, int ret)
{
   char text[OUT_B] = "";
   unsigned cmd = nr - DRM_COMMAND_BASE;
   if (arg && nr >= DRM_COMMAND_BASE && cmd < ARRAY_SIZE(describe) &&
       describe[cmd])
      describe[cmd](arg, text);
   util_warn("kmd", "file %d: %s (%#x) %s = %d%s%s", file->handle, name, nr,
             text, ret, ret < 0 ? " " : "",
             ret < 0 ? strerrorname_np(-ret) : "");
}
