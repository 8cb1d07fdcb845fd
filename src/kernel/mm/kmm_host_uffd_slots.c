/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Room for migrations: where pages are while the copy engine works on them.
 * What has gone out leaves its pages behind in limbo; they serve as stage
 * later, since the host's making of new pages costs more than the copy. */
#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/mm/kmm_host_uffd_priv.h"

static int
choose_slot_locked(struct host_uffd *u, bool with_left)
{
   int other = -1;
   for (int i = 0; i < NUM_SLOTS; i++) {
      if (u->slots[i].active)
         continue;
      if (u->slots[i].has_left == with_left)
         return i;
      other = i;
   }
   /* On the way out one without is always there. */
   assert(with_left && other >= 0);
   return other;
}

int
kmm_uffd_slot_get(struct kmm_host *h, enum kmm_direction direction)
{
   struct host_uffd *u = uffd_of(h);
   pthread_mutex_lock(&u->slot_lock);
   while (u->num_active == NUM_ACTIVE)
      pthread_cond_wait(&u->slot_free, &u->slot_lock);
   int slot = choose_slot_locked(u, direction == KMM_TO_SYSTEM);
   u->num_active++;
   u->num_left -= u->slots[slot].has_left;
   u->slots[slot].active = true;
   pthread_mutex_unlock(&u->slot_lock);
   return slot;
}

/* Unregistered meanwhile: dropping pages would send us an event each time. */
static void
empty_limbo(struct host_uffd *u, int slot)
{
   uint64_t limbo = (uintptr_t)u->limbo + slot * SLOT_SIZE;
   kmm_uffd_unwatch(&u->proc.base, limbo, limbo + SLOT_SIZE);
   madvise((void *)limbo, SLOT_SIZE, MADV_DONTNEED);
   int err = kmm_uffd_register(u, limbo, limbo + SLOT_SIZE);
   assert(!err && "limbo can be registered again");
}

/* The rest of the slot is as it was. */
static void
note_left(struct host_uffd *u, int slot, uint64_t start, uint64_t end)
{
   uint64_t bits[UTIL_BITSET_WORDS(KMM_MIGRATE_MAX_PG)];
   struct slot *s = &u->slots[slot];
   unsigned n = (end - start) >> KMM_PAGE_SHIFT;
   unsigned first = start >> KMM_PAGE_SHIFT & (KMM_MIGRATE_MAX_PG - 1);
   kmm_host_process_present(
      &u->proc.base, (uintptr_t)kmm_uffd_slot_page(u->limbo, slot, start), n,
      bits);
   for (unsigned i = 0; i < n; i++) {
      util_bitset_clear(s->left, first + i);
      if (util_bitset_test(bits, i))
         util_bitset_set(s->left, first + i);
   }
}

void
kmm_uffd_slot_put(struct kmm_host *h, int slot, uint64_t start, uint64_t end)
{
   struct host_uffd *u = uffd_of(h);
   struct slot *s = &u->slots[slot];
   if (s->staged)
      madvise(u->stage + slot * SLOT_SIZE, SLOT_SIZE, MADV_DONTNEED);
   s->staged = false;
   note_left(u, slot, start, end);
   bool has_left = util_bitset_any_range(s->left, 0, KMM_MIGRATE_MAX_PG), keep;
   pthread_mutex_lock(&u->slot_lock);
   keep = has_left && u->num_left < NUM_LEFT;
   u->num_left += keep;
   pthread_mutex_unlock(&u->slot_lock);
   if (has_left && !keep) {
      empty_limbo(u, slot);
      memset(s->left, 0, sizeof(s->left));
   }
   pthread_mutex_lock(&u->slot_lock);
   s->has_left = keep;
   s->active = false;
   u->num_active--;
   pthread_cond_signal(&u->slot_free);
   pthread_mutex_unlock(&u->slot_lock);
}

void
kmm_uffd_stage(struct kmm_host *h, int slot, uint64_t cpu_va,
               struct kmm_migrate_page *mig)
{
   struct host_uffd *u = uffd_of(h);
   struct slot *s = &u->slots[slot];
   unsigned page = cpu_va >> KMM_PAGE_SHIFT & (KMM_MIGRATE_MAX_PG - 1);
   bool left = s->has_left && util_bitset_test(s->left, page);
   s->staged |= !left;
   mig->bus_va =
      (uintptr_t)kmm_uffd_slot_page(left ? u->limbo : u->stage, slot, cpu_va);
}
