/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kmd_machine.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "kernel/drm/kdrm_alloc.h"
#include "kernel/drm/kdrm_prime.h"
#include "kernel/mm/kmm.h"
#include "util/util_flags.h"

struct kmd_machine {
   _Atomic unsigned refs;
   pthread_mutex_t lock; /* of the making of mm */
   struct kmm_mm *mm;
   struct kdrm_prime prime;
};

int
kmd_machine_create(struct kmd_machine **machine_out)
{
   struct kmd_machine *m = kdrm_zalloc(sizeof(*m));
   if (!m)
      return -ENOMEM;
   atomic_init(&m->refs, 1);
   pthread_mutex_init(&m->lock, NULL);
   kdrm_prime_init(&m->prime);
   *machine_out = m;
   return 0;
}

struct kmd_machine *
kmd_machine_get(struct kmd_machine *m)
{
   atomic_fetch_add(&m->refs, 1);
   return m;
}

void
kmd_machine_put(struct kmd_machine *m)
{
   if (!m || atomic_fetch_sub(&m->refs, 1) != 1)
      return;
   if (m->mm)
      kmm_mm_destroy(m->mm);
   kdrm_prime_finish(&m->prime);
   pthread_mutex_destroy(&m->lock);
   kdrm_free(m);
}

int
kmd_machine_mm(struct kmd_machine *m, const struct kmm_config *config,
               struct kmm_mm **mm_out)
{
   pthread_mutex_lock(&m->lock);
   int ret = m->mm ? kmm_mm_check(m->mm) : kmm_mm_create(config, &m->mm);
   if (!ret)
      *mm_out = m->mm;
   pthread_mutex_unlock(&m->lock);
   return ret;
}

struct kdrm_prime *
kmd_machine_prime(struct kmd_machine *m)
{
   return &m->prime;
}
