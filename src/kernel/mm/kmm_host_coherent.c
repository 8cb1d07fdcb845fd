/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Where userfaultfd is not granted (or has no MOVE) a page that migrates gets a
 * label and stays: device and CPU reach it at its bus address, as with
 * DEVICE_COHERENT memory. System calls and children see ordinary memory. */
#include <errno.h>

#include "kernel/mm/kmm_host_process.h"

static int
start(struct kmm_host *h, struct kmm_mm *mm)
{
   return kmm_host_process_exclude_libraries(mm);
}

static void
nothing(struct kmm_host *h)
{
}

static void
destroy(struct kmm_host *h)
{
   struct kmm_host_process *p = container_of(h, struct kmm_host_process, base);
   kmm_host_process_finish(p);
   util_svc_free(p);
}

static int
watch(struct kmm_host *h, uint64_t start_va, uint64_t end_va, uint64_t *end_out)
{
   *end_out = end_va;
   return 0;
}

static void
no_range(struct kmm_host *h, uint64_t start_va, uint64_t end_va)
{
}

static void
no_page(struct kmm_host *h, uint64_t cpu_va)
{
}

static int
slot_get(struct kmm_host *h, enum kmm_direction direction)
{
   return 0;
}

static void
slot_put(struct kmm_host *h, int slot, uint64_t start, uint64_t end)
{
}

static int
isolate(struct kmm_host *h, int slot, uint64_t cpu_va, unsigned n,
        struct kmm_migrate_page *mig)
{
   for (unsigned i = 0; i < n; i++) {
      mig[i].isolated = true;
      mig[i].flags |= KMM_MIGRATE_STAYS;
   }
   return n;
}

static int
restore(struct kmm_host *h, int slot, struct kmm_migrate_page *mig)
{
   return 0;
}

static void
stage(struct kmm_host *h, int slot, uint64_t cpu_va,
      struct kmm_migrate_page *mig)
{
   mig->flags |= KMM_MIGRATE_STAYS;
}

static int
place(struct kmm_host *h, int slot, unsigned n, struct kmm_migrate_page *mig)
{
   return n;
}

static const struct kmm_host_ops ops = {
   .kind = KMM_HOST_COHERENT,
   .start = start,
   .stop = nothing,
   .destroy = destroy,
   .vma_find = kmm_host_process_vma_find,
   .populate = kmm_host_process_populate,
   .present = kmm_host_process_present,
   .watch = watch,
   .unwatch = no_range,
   .wake = no_range,
   .fill = no_page,
   .poison = no_page,
   .slot_get = slot_get,
   .slot_put = slot_put,
   .isolate = isolate,
   .restore = restore,
   .stage = stage,
   .place = place,
};

int
kmm_host_coherent_create(struct kmm_host **host_out)
{
   struct kmm_host_process *p = util_svc_alloc(sizeof(*p));
   if (!p)
      return -ENOMEM;
   p->base.ops = &ops;
   int err = kmm_host_process_init(p);
   if (err) {
      util_svc_free(p);
      return err;
   }
   *host_out = &p->base;
   return 0;
}
