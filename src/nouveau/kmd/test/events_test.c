/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* SVM_EVENTS: what the log tells of each event, and what it drops. */
#include "svm_rig.h"

#include <string.h>
#include <sys/mman.h>

#include "kernel/drm/kdrm_file.h"
#include "nouveau/headers/nv_fault.h"

/* Each event with its reason, its time and what it took. */
static void
the_log_says_why(struct ctx *c)
{
   uint32_t *p = aligned_pages(512);
   uint64_t moved;
   memset(p, 0, 512 * PAGE);
   assert_int_equal(run(c, increment, 8, PAGE, p), 0);
   assert_int_equal(bind(c, p, 512, true, &moved), 0);
   assert_int_equal(bind(c, p + 256 * 1024, 256, false, &moved), 0);
   munmap(p, 64 * PAGE);
   assert_int_equal(run(c, increment, 8, PAGE, p + 64 * 1024), 0);
   assert_int_equal(p[64 * 1024], 1); /* a touch: home, if it has left */
   usleep(50000);

   struct drm_nouveau_svm_event list[256];
   struct drm_nouveau_svm_events ev = {.events = (uintptr_t)list, .count = 256};
   assert_int_equal(
      kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_SVM_EVENTS, &ev), 0);
   unsigned seen[32] = {0};
   for (unsigned i = 0; i < ev.count; i++) {
      const struct drm_nouveau_svm_event *e = &list[i];
      if (e->kind == DRM_NOUVEAU_SVM_EVENT_FAULT_READ) {
         assert_true(e->cause <= NV_FAULT_TYPE_PTE);
         assert_int_equal(e->error, 0);
         assert_true(e->duration_ns > 0);
         continue;
      }
      if (e->kind == DRM_NOUVEAU_SVM_EVENT_REPLAY)
         continue;
      assert_true(e->cause > 0 && e->cause < ARRAY_SIZE(seen));
      seen[e->cause] += e->npages;
      if (e->kind != DRM_NOUVEAU_SVM_EVENT_INVALIDATE)
         assert_true(e->duration_ns > 0);
      else
         assert_true(e->addr == (uintptr_t)p && e->npages == 64);
   }
   assert_int_equal(seen[DRM_NOUVEAU_SVM_CAUSE_ASKED], 512 + 256);
   assert_int_equal(seen[DRM_NOUVEAU_SVM_CAUSE_GPU], 0);
   if (seen[DRM_NOUVEAU_SVM_CAUSE_CPU]) /* else the pages stay (coherent) */
      assert_int_equal(seen[DRM_NOUVEAU_SVM_CAUSE_UNMAP], 64);
   munmap(p, 512 * PAGE);
}

/* Who does not read for long is told how much he missed. */
static void
a_full_ring_counts(struct ctx *c)
{
   uint32_t *p = aligned_pages(2);
   uint64_t moved;
   uint32_t total = 0;
   for (unsigned i = 0; i < 9000; i++) {
      assert_int_equal(bind(c, p, 1, true, &moved), 0);
      total += moved;
      assert_int_equal(bind(c, p, 1, false, &moved), 0);
      total += moved;
   }
   struct drm_nouveau_svm_event e;
   struct drm_nouveau_svm_events ev = {.events = (uintptr_t)&e, .count = 1};
   assert_int_equal(
      kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_SVM_EVENTS, &ev), 0);
   unsigned kept = 1;
   uint32_t lost = ev.lost;
   do {
      struct drm_nouveau_svm_event list[256];
      ev.events = (uintptr_t)list;
      ev.count = 256;
      assert_int_equal(
         kmd_ioctl(c->kmd, c->file, DRM_IOCTL_NOUVEAU_SVM_EVENTS, &ev), 0);
      assert_int_equal(ev.lost, 0);
      kept += ev.count;
   } while (ev.count);
   assert_true(lost > 0);
   assert_int_equal(lost + kept, total);
   munmap(p, 2 * PAGE);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      SCENE(the_log_says_why, BETTER),
      SCENE(the_log_says_why, BETTER, NOUFFD),
      SCENE(a_full_ring_counts, BETTER, NOUFFD),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
