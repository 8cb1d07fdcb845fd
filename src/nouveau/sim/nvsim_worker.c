/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Workers: host threads that access memory for the card, and the memory in
 * which they keep the CTAs of a launch. */
#include "nvsim_priv.h"

#include <linux/membarrier.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nouveau/sim/tex/nvsim_tex.h"

bool nvsim_have_membarrier;

/* ---- CTA memory ---- */

#define CHUNK_B (1u << 20)
#define KEEP_B  (32u << 20)

struct nvsim_chunk {
   struct nvsim_chunk *next;
   char *data; /* of nvsim_alloc64 */
   size_t size_B, used_B;
};

static struct nvsim_chunk *
add_chunk(struct nvsim_worker *w, size_t size_B)
{
   struct nvsim_chunk *c = util_svc_calloc(1, sizeof(*c));
   if (!c)
      abort();
   c->size_B = MAX2(size_B, CHUNK_B);
   c->data = nvsim_alloc64(c->size_B);
   if (!c->data)
      abort();
   c->next = w->chunks;
   w->chunks = c;
   return c;
}

void *
nvsim_worker_alloc(struct nvsim_worker *w, size_t size_B)
{
   size_B = util_align(size_B, 64);
   struct nvsim_chunk *c = w->chunks;
   while (c && c->size_B - c->used_B < size_B)
      c = c->next;
   if (!c)
      c = add_chunk(w, size_B);
   void *p = c->data + c->used_B;
   c->used_B += size_B;
   return p;
}

static void
trim(struct nvsim_worker *w, size_t keep_B)
{
   struct nvsim_chunk **link = &w->chunks;
   size_t kept_B = 0;
   while (*link) {
      struct nvsim_chunk *c = *link;
      c->used_B = 0;
      if (kept_B + c->size_B <= keep_B) {
         kept_B += c->size_B;
         link = &c->next;
         continue;
      }
      *link = c->next;
      nvsim_free64(c->data);
      util_svc_free(c);
   }
}

void
nvsim_worker_alloc_reset(struct nvsim_worker *w)
{
   trim(w, KEEP_B);
}

/* ---- workers ---- */

static void
detect_membarrier(void)
{
   nvsim_have_membarrier =
      !syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
}

struct nvsim_worker *
nvsim_worker_create(struct nvsim *sim)
{
   static pthread_once_t once = PTHREAD_ONCE_INIT;
   pthread_once(&once, detect_membarrier);
   struct nvsim_worker *w = nvsim_alloc64(sizeof(*w));
   if (!w)
      return NULL;
   memset(w, 0, sizeof(*w));
   w->sim = sim;
   w->epoch = 1;
   w->mmu_gen = nvsim_mmu_gen(sim);
   w->no_forced_fault = true; /* but while a warp runs: nvsim_warp_run */
   pthread_mutex_lock(&sim->workers_lock);
   util_list_add_tail(&w->link, &sim->workers);
   pthread_mutex_unlock(&sim->workers_lock);
   return w;
}

static void
add_stats(struct nvsim_worker_stats *sum, const struct nvsim_worker_stats *s)
{
   sum->instructions += s->instructions;
   sum->ctas += s->ctas;
   sum->tlb_fills += s->tlb_fills;
   sum->strict_reports += s->strict_reports;
   sum->race_reports += s->race_reports;
}

void
nvsim_worker_destroy(struct nvsim_worker *w)
{
   if (!w)
      return;
   struct nvsim *sim = w->sim;
   pthread_mutex_lock(&sim->workers_lock);
   util_list_del(&w->link);
   add_stats(&sim->retired, &w->stats);
   pthread_mutex_unlock(&sim->workers_lock);
   for (unsigned b = 0; b < ARRAY_SIZE(w->cb_data); b++)
      util_svc_free(w->cb_data[b]);
   nvsim_tex_cache_destroy(w->tex);
   trim(w, 0);
   nvsim_free64(w);
}

void
nvsim_worker_sum_stats(struct nvsim *sim, struct nvsim_worker_stats *sum)
{
   pthread_mutex_lock(&sim->workers_lock);
   *sum = sim->retired;
   util_list_for_each(struct nvsim_worker, w, &sim->workers, link)
      add_stats(sum, &w->stats);
   pthread_mutex_unlock(&sim->workers_lock);
}
