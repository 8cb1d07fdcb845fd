/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nouveau_priv.h"

#include <errno.h>

#include "nouveau/headers/nv_fault.h"

static int
svm_migrate(struct pipe_screen *pscreen, const void *ptr, size_t size_B,
            bool to_device, bool content_undefined, uint64_t *moved_pages_out)
{
   if (moved_pages_out)
      *moved_pages_out = 0;
   if (nouveau_screen(pscreen)->config.migrate_never)
      return 0;
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
   [NOUVEAU_WS_SVM_INVALIDATE] = PIPE_SVM_INVALIDATE,
};

static const char *
fault_text(unsigned type)
{
   static const char *const names[] = {
      [NV_FAULT_TYPE_PTE] = "not-mapped",
      [NV_FAULT_TYPE_VA_LIMIT] = "beyond-limit",
      [NV_FAULT_TYPE_PRIV] = "privileged",
      [NV_FAULT_TYPE_RO] = "read-only",
      [NV_FAULT_TYPE_WO] = "write-only",
      [NV_FAULT_TYPE_ATOMIC] = "no-atomics",
   };
   const char *text = type < ARRAY_SIZE(names) ? names[type] : NULL;
   return text ? text : type < 2 ? "no-table" : "other";
}

static const char *
cause_text(const struct nouveau_ws_svm_event *ev)
{
   static const char *const causes[] = {
      [NOUVEAU_WS_SVM_ASKED] = "asked",
      [NOUVEAU_WS_SVM_GPU] = "gpu",
      [NOUVEAU_WS_SVM_CPU] = "cpu",
      [NOUVEAU_WS_SVM_EVICT] = "evict",
      [NOUVEAU_WS_SVM_UNMAP] = "unmap",
      [NOUVEAU_WS_SVM_CLEAR] = "clear",
      [NOUVEAU_WS_SVM_PROTECT] = "protect",
      [NOUVEAU_WS_SVM_EXCLUSIVE] = "exclusive",
   };
   const char *text = NULL;
   if (ev->kind <= NOUVEAU_WS_SVM_FAULT_PREFETCH ||
       ev->kind == NOUVEAU_WS_SVM_CANCEL)
      return fault_text(ev->cause);
   if (ev->cause < ARRAY_SIZE(causes))
      text = causes[ev->cause];
   return text ? text : "";
}

static unsigned
svm_events(struct pipe_screen *pscreen, struct pipe_svm_event *events,
           unsigned max)
{
   struct nouveau_screen *screen = nouveau_screen(pscreen);
   struct nouveau_ws_svm_event raw[128];
   unsigned taken = 0, n;
   uint32_t lost;
   do {
      unsigned want = MIN2(max - taken - 1, ARRAY_SIZE(raw));
      n = nouveau_ws_svm_events(screen->ws, raw, want, &lost);
      if (lost)
         events[taken++] = (struct pipe_svm_event){.kind = PIPE_SVM_LOST,
                                                   .pages = lost,
                                                   .cause = ""};
      for (unsigned i = 0; i < n; i++) {
         if (!raw[i].kind || raw[i].kind >= ARRAY_SIZE(kinds))
            continue;
         events[taken++] = (struct pipe_svm_event){
            .kind = kinds[raw[i].kind],
            .address = raw[i].address,
            .pages = raw[i].pages,
            .time_ns = raw[i].time_ns,
            .duration_ns = raw[i].duration_ns,
            .cause = cause_text(&raw[i]),
            .error = raw[i].error,
         };
      }
   } while (n && taken + 1 < max);
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
