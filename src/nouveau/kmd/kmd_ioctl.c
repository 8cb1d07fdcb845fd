/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* nouveau's calls by number (kernel.md §1.1) and what a client is. */
#include "kmd_ioctl.h"

#include "kmd_abi16.h"
#include "kmd_bo.h"
#include "kmd_svm.h"
#include "kmd_uvmm.h"
#include "kmd_vmm.h"

#include <errno.h>
#include <unistd.h>

#include "kernel/drm/kdrm_alloc.h"

/* Where the kernel places buffers of a client without SVM: all of what GPFIFO
 * entries and legacy units can address, but for page 0. */
#define CLIENT_VA_START KMD_PAGE_B
#define CLIENT_VA_END   (1ull << 40)

#define CALL(nm, fn, type, fl)                                                 \
   [DRM_NOUVEAU_##nm] = {.name = #nm,                                          \
                         .func = kmd_##fn##_ioctl,                             \
                         .size_B = sizeof(struct drm_nouveau_##type),          \
                         .flags = fl}

static const struct kdrm_ioctl_desc ioctls[] = {
   CALL(GETPARAM, getparam, getparam, KDRM_INOUT),
   CALL(SETPARAM, setparam, getparam, KDRM_INOUT),
   CALL(CHANNEL_ALLOC, channel_alloc, channel_alloc, KDRM_INOUT),
   CALL(CHANNEL_FREE, channel_free, channel_free, KDRM_IN),
   CALL(GROBJ_ALLOC, grobj_alloc, grobj_alloc, KDRM_IN),
   CALL(NOTIFIEROBJ_ALLOC, notifierobj_alloc, notifierobj_alloc, KDRM_INOUT),
   CALL(GPUOBJ_FREE, gpuobj_free, gpuobj_free, KDRM_IN),
   [DRM_NOUVEAU_NVIF] = {.name = "NVIF",
                         .func = kmd_nvif_ioctl,
                         .flags = KDRM_RAW},
   CALL(SVM_INIT, svm_init, svm_init, KDRM_INOUT),
   CALL(SVM_BIND, svm_bind, svm_bind, KDRM_INOUT),
   CALL(VM_INIT, vm_init, vm_init, KDRM_INOUT),
   CALL(VM_BIND, vm_bind, vm_bind, KDRM_INOUT),
   CALL(EXEC, exec, exec, KDRM_INOUT),
   CALL(GEM_NEW, gem_new, gem_new, KDRM_INOUT),
   CALL(GEM_PUSHBUF, gem_pushbuf, gem_pushbuf, KDRM_INOUT),
   CALL(GEM_CPU_PREP, gem_cpu_prep, gem_cpu_prep, KDRM_IN),
   CALL(GEM_CPU_FINI, gem_cpu_fini, gem_cpu_fini, KDRM_IN),
   CALL(GEM_INFO, gem_info, gem_info, KDRM_INOUT),
   CALL(SVM_EVENTS, svm_events, svm_events, KDRM_INOUT),
   CALL(CHANNEL_ERROR, channel_error, channel_error, KDRM_INOUT),
};

/* --- Clients ------------------------------------------------------------- */

static int
client_open(struct kdrm_file *file)
{
   struct kmd_client *client = kdrm_zalloc(sizeof(*client));
   if (!client)
      return -ENOMEM;
   client->kmd = kmd_of(file);
   client->file = file;
   int ret = kmd_vmm_create(client->kmd, KMD_VMM_CLIENT, CLIENT_VA_START,
                            CLIENT_VA_END, &client->vmm);
   if (ret) {
      kdrm_free(client);
      return ret;
   }
   pthread_mutex_init(&client->lock, NULL);
   kdrm_handles_init(&client->abi16, 0);
   file->priv = client;
   return 0;
}

static void
client_preclose(struct kdrm_file *file)
{
   kmd_abi16_release(kmd_client_of(file));
}

static void
client_postclose(struct kdrm_file *file)
{
   struct kmd_client *client = kmd_client_of(file);
   struct kmd *kmd = client->kmd;
   /* The fault thread may be at work for a channel that is gone: it lets go
    * when its batch is done. After a close nothing of the file is left. */
   while (client->svm && atomic_load(&client->svm->refs) > 1)
      usleep(20);
   kmd_svm_put(client->svm);
   kmd_uvmm_destroy(client->uvmm);
   kmd_bo_reap(kmd); /* all its work is over, so all its places are idle */
   kmd_vmm_put(client->vmm);
   kdrm_handles_finish(&client->abi16);
   pthread_mutex_destroy(&client->lock);
   kdrm_free(client);
}

struct kmd_vmm *
kmd_client_vmm(struct kmd_client *client)
{
   pthread_mutex_lock(&client->lock);
   struct kmd_vmm *vmm = client->vmm;
   if (client->uvmm)
      vmm = client->uvmm->vmm;
   else if (client->svm)
      vmm = client->svm->vmm;
   pthread_mutex_unlock(&client->lock);
   return vmm;
}

void
kmd_client_disable_uvmm(struct kmd_client *client)
{
   pthread_mutex_lock(&client->lock);
   client->uvmm_disabled = true;
   pthread_mutex_unlock(&client->lock);
}

static const struct kdrm_driver driver_1_4_0 = {
   .name = "nouveau",
   .desc = "nVidia Riva/TNT/GeForce/Quadro/Tesla/Tegra K1+",
   .date = "20120801",
   .major = 1,
   .minor = 4,
   .patch = 0,
   .ioctls = ioctls,
   .num_ioctls = ARRAY_SIZE(ioctls),
   .syncobj = true,
   .open = client_open,
   .preclose = client_preclose,
   .postclose = client_postclose,
   .prime_import = kmd_bo_import,
};

const struct kdrm_driver *
kmd_driver(void)
{
   return &driver_1_4_0;
}
