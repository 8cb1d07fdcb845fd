/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau_priv.h"

#include <errno.h>

static int
svm_migrate(struct pipe_screen *pscreen, const void *ptr, size_t size_B,
            bool to_device, bool content_undefined, uint64_t *moved_pages_out)
{
   /* content_undefined would allow to skip the copy; the kernel has no such
    * wish. */
   return nouveau_ws_svm_migrate(nouveau_screen(pscreen)->ws, ptr, size_B,
                                 to_device, moved_pages_out);
}

static const enum pipe_svm_event_kind kinds[] = {
   [NOUVEAU_WS_SVM_FAULT_READ] = PIPE_SVM_FAULT_READ,
   [NOUVEAU_WS_SVM_FAULT_WRITE] = PIPE_SVM_FAULT_WRITE,
   [NOUVEAU_WS_SVM_FAULT_ATOMIC] = PIPE_SVM_FAULT_ATOMIC,
   [NOUVEAU_WS_SVM_FAULT_PREFETCH] = PIPE_SVM_FAULT_PREFETCH,
   [NOUVEAU_WS_SVM_REPLAY] = PIPE_SVM_REPLAY,
   [NOUVEAU_WS_SVM_MIGRATE_DEVICE] = PIPE_SVM_MIGRATE_TO_DEVICE,
   [NOUVEAU_WS_SVM_MIGRATE_HOST] = PIPE_SVM_MIGRATE_TO_HOST,
   [NOUVEAU_WS_SVM_CANCEL] = PIPE_SVM_CANCEL,
};

static unsigned
svm_events(struct pipe_screen *pscreen, struct pipe_svm_event *events,
           unsigned max)
{
   struct nouveau_screen *screen = nouveau_screen(pscreen);
   struct nouveau_ws_svm_event raw[128];
   unsigned taken = 0, n;
   uint32_t lost;
   do {
      unsigned want = MIN2(max - taken, ARRAY_SIZE(raw));
      n = nouveau_ws_svm_events(screen->ws, raw, want, &lost);
      if (lost)
         util_warn("nouveau", "%u SVM events were lost: counts are too low",
                   lost);
      for (unsigned i = 0; i < n; i++) {
         if (!raw[i].kind || raw[i].kind >= ARRAY_SIZE(kinds))
            continue;
         events[taken++] = (struct pipe_svm_event){
            .kind = kinds[raw[i].kind],
            .address = raw[i].address,
            .pages = raw[i].pages,
            .time_ns = raw[i].time_ns,
         };
      }
   } while (n && taken < max);
   return taken;
}

static void
svm_counters(struct pipe_screen *pscreen, struct pipe_svm_counters *out)
{
   uint64_t t[NOUVEAU_WS_SVM_KINDS];
   nouveau_ws_svm_totals(nouveau_screen(pscreen)->ws, t);
   *out = (struct pipe_svm_counters){
      .faults_read = t[NOUVEAU_WS_SVM_FAULT_READ],
      .faults_write = t[NOUVEAU_WS_SVM_FAULT_WRITE],
      .faults_atomic = t[NOUVEAU_WS_SVM_FAULT_ATOMIC],
      .replays = t[NOUVEAU_WS_SVM_REPLAY],
      .cancels = t[NOUVEAU_WS_SVM_CANCEL],
      .pages_to_device = t[NOUVEAU_WS_SVM_MIGRATE_DEVICE],
      .pages_to_host = t[NOUVEAU_WS_SVM_MIGRATE_HOST],
   };
}

void
nouveau_svm_init_screen(struct nouveau_screen *screen)
{
   screen->base.svm_migrate = svm_migrate;
   screen->base.svm_counters = svm_counters;
   screen->base.svm_events = svm_events;
}
