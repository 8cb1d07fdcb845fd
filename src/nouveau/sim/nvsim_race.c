/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* NVSIM_DEBUG=race: accesses to the same word of which one writes, not both are
 * atomic, and nothing orders one after the other.
 *
 * Shared memory, between warps: a barrier orders what its warps did before it
 * before what those do that it lets go on (vector clocks). Within a warp there
 * is no race.
 * Global memory, between the groups of a launch: one's access is before the
 * other's if it has fenced since (MEMBAR.GL, .SYS) and the other has fenced or
 * invalidated since; that they synchronised in between is taken for granted.
 * Volatile accesses (.CV, .WT) count as atomic. Textures and surfaces are not
 * looked at.
 *
 * Each pair of instructions is told once a launch. */
#include "nvsim_watch_priv.h"

#include <stdlib.h>

#include "util/util_buf.h"
#include "util/util_log.h"

#define MAX_PAIRS     64
#define MAX_WORDS_LOG 22 /* words of global memory that are tracked */

/* One access to a word. */
struct mark {
   uint64_t pc;    /* 0: none */
   uint64_t owner; /* CTA */
   uint32_t stamp; /* clock of the warp; global: fences so far */
   uint8_t warp, bytes;
   bool atomic;
};

struct shared_word {
   struct mark write, read; /* read: the last one, for its pc */
   uint32_t read_clock[32]; /* by warp, clock << 4 | bytes; 0: none */
};

struct nvsim_race_cta {
   uint32_t clock[32][32];               /* [warp][of warp]: what it has seen */
   uint32_t brought[NVSIM_BARRIERS][32]; /* by those that came to it */
   struct shared_word word[];
};

struct global_word {
   uint64_t key; /* address / 4 + 1; 0: free */
   struct mark write, read;
   bool many_readers; /* of different CTAs */
};

struct fences {
   uint32_t released, acquired;
};

struct nvsim_race {
   pthread_mutex_t lock;
   uint32_t now; /* fences so far, plus 1 */
   struct fences *cta;
   struct global_word *words; /* hash table */
   uint64_t num_words;
   struct {
      uint64_t a, b;
   } pair[MAX_PAIRS];
   unsigned num_pairs;
};

struct nvsim_race *
nvsim_race_create(struct nvsim_grid *g)
{
   struct nvsim_race *r = util_svc_calloc(1, sizeof(*r));
   if (!r)
      return NULL;
   pthread_mutex_init(&r->lock, NULL);
   r->now = 1;
   r->cta = util_svc_calloc(g->num_ctas, sizeof(*r->cta));
   r->words = util_svc_calloc(1u << MAX_WORDS_LOG, sizeof(*r->words));
   return r;
}

void
nvsim_race_destroy(struct nvsim_race *r)
{
   if (!r)
      return;
   pthread_mutex_destroy(&r->lock);
   util_svc_free(r->cta);
   util_svc_free(r->words);
   util_svc_free(r);
}

/* ---- reports ---- */

/* Under the lock. True: this pair has not been told. */
static bool
is_new_pair(struct nvsim_race *r, uint64_t a, uint64_t b)
{
   uint64_t low = MIN2(a, b), high = MAX2(a, b);
   for (unsigned n = 0; n < r->num_pairs; n++)
      if (r->pair[n].a == low && r->pair[n].b == high)
         return false;
   if (r->num_pairs == MAX_PAIRS)
      return false;
   r->pair[r->num_pairs].a = low;
   r->pair[r->num_pairs++].b = high;
   return true;
}

static void
append_mark(struct nvsim_warp *w, const struct mark *m, const char *what,
            bool shared, struct util_buf *out)
{
   if (shared)
      util_buf_printf(out, "%s by warp %u at ", what, m->warp);
   else
      util_buf_printf(out, "%s by group %llu at ", what,
                      (unsigned long long)m->owner);
   nvsim_watch_print(w, m->pc, out);
}

static void
report(struct nvsim_warp *w, uint64_t at, bool shared, const struct mark *old,
       bool old_writes, const struct mark *new, bool new_writes)
{
   struct nvsim_race *r = w->grid->race;
   pthread_mutex_lock(&r->lock);
   bool tell = is_new_pair(r, old->pc, new->pc);
   pthread_mutex_unlock(&r->lock);
   if (!tell)
      return;
   w->worker->stats.race_reports++;
   /* The printer allocates: as an ordinary thread. */
   util_svc_leave();
   struct util_buf b;
   util_buf_init(&b);
   util_buf_printf(&b, "%s 0x%llx", shared ? "shared" : "global",
                   (unsigned long long)at);
   if (shared)
      util_buf_printf(&b, " of group %llu", (unsigned long long)w->cta->index);
   util_buf_puts(&b, ": ");
   append_mark(w, old, old_writes ? "written" : "read", shared, &b);
   util_buf_puts(&b, "; and ");
   append_mark(w, new, new_writes ? "written" : "read", shared, &b);
   nvsim_watch_report(w->grid->sim, "race", b.data);
   util_buf_finish(&b);
   util_svc_enter();
}

static bool
may_clash(const struct mark *a, const struct mark *b)
{
   return a->pc && a->bytes & b->bytes && !(a->atomic && b->atomic);
}

/* ---- shared ---- */

static void
shared_access(struct nvsim_warp *w, const struct nvsim_watch_access *a,
              uint64_t at, const struct mark *new)
{
   struct nvsim_race_cta *rc = w->cta->race;
   struct shared_word *word = &rc->word[at / 4];
   const uint32_t *seen = rc->clock[w->index];
   const struct mark *old = &word->write;
   if (may_clash(old, new) && old->warp != w->index &&
       seen[old->warp] < old->stamp)
      report(w, at, true, old, true, new, a->writes);
   for (unsigned v = 0; a->writes && v < w->cta->num_warps; v++) {
      uint32_t read = word->read_clock[v];
      if (v == w->index || !(read & new->bytes) || seen[v] >= read >> 4)
         continue;
      struct mark m = word->read;
      m.warp = v;
      report(w, at, true, &m, false, new, true);
   }
   if (a->writes) {
      word->write = *new;
      memset(word->read_clock, 0, sizeof(word->read_clock));
   }
   if (a->reads && !a->atomic) {
      word->read = *new;
      word->read_clock[w->index] = new->stamp << 4 | new->bytes;
   }
}

static void
join(const struct nvsim_cta *cta, uint32_t *to, const uint32_t *from)
{
   for (unsigned v = 0; v < cta->num_warps; v++)
      to[v] = MAX2(to[v], from[v]);
}

/* What the warp does from here on is not before the barrier. */
void
nvsim_race_arrive(struct nvsim_warp *w, unsigned barrier)
{
   struct nvsim_race_cta *rc = w->cta->race;
   if (!rc)
      return;
   join(w->cta, rc->brought[barrier], rc->clock[w->index]);
   rc->clock[w->index][w->index]++;
}

void
nvsim_race_release(struct nvsim_cta *cta, unsigned barrier)
{
   struct nvsim_race_cta *rc = cta->race;
   const struct nvsim_barrier *b = &cta->bar[barrier];
   if (!rc)
      return;
   /* Who has ended has done all it had to. */
   for (unsigned v = 0; v < cta->num_warps; v++)
      if (!b->expected && cta->warps[v].state == NVSIM_WARP_DONE)
         join(cta, rc->brought[barrier], rc->clock[v]);
   for (unsigned v = 0; v < cta->num_warps; v++)
      if (b->waiting >> v & 1)
         join(cta, rc->clock[v], rc->brought[barrier]);
   memset(rc->brought[barrier], 0, sizeof(rc->brought[barrier]));
}

/* ---- global ---- */

static struct global_word *
find_word(struct nvsim_race *r, uint64_t at)
{
   uint64_t mask = (1u << MAX_WORDS_LOG) - 1, key = at / 4 + 1;
   uint64_t n = key * 0x9e3779b97f4a7c15ull >> (64 - MAX_WORDS_LOG);
   while (r->words[n].key && r->words[n].key != key)
      n = (n + 1) & mask;
   if (!r->words[n].key) {
      if (r->num_words > mask / 2)
         return NULL; /* full: no more words are tracked */
      r->num_words++;
      r->words[n].key = key;
   }
   return &r->words[n];
}

static bool
is_ordered(const struct nvsim_race *r, const struct mark *old, uint64_t cta)
{
   return old->owner == cta || (r->cta[old->owner].released > old->stamp &&
                                r->cta[cta].acquired > old->stamp);
}

/* The mark that the access clashes with, copied. Under the lock. */
static bool
global_clash(struct nvsim_race *r, struct global_word *word,
             const struct nvsim_watch_access *a, const struct mark *new,
             struct mark *old_out, bool *old_writes_out)
{
   *old_writes_out = true;
   *old_out = word->write;
   if (may_clash(old_out, new) && !is_ordered(r, old_out, new->owner))
      return true;
   *old_writes_out = false;
   *old_out = word->read;
   return a->writes && may_clash(old_out, new) &&
          !is_ordered(r, old_out, new->owner);
}

static void
global_access(struct nvsim_warp *w, const struct nvsim_watch_access *a,
              uint64_t at, struct mark *new)
{
   struct nvsim_race *r = w->grid->race;
   struct mark old;
   bool old_writes, clash = false;
   pthread_mutex_lock(&r->lock);
   struct global_word *word = find_word(r, at);
   if (word) {
      new->stamp = r->now;
      clash = global_clash(r, word, a, new, &old, &old_writes);
      if (a->writes)
         word->write = *new;
      /* Of two readers the first stays: the second is likely to write. */
      if (!a->writes && (!word->read.pc || word->read.atomic ||
                         is_ordered(r, &word->read, new->owner)))
         word->read = *new;
   }
   pthread_mutex_unlock(&r->lock);
   if (clash)
      report(w, at, false, &old, old_writes, new, a->writes);
}

void
nvsim_race_fence(struct nvsim_warp *w, const struct nvsim_instr *in)
{
   struct nvsim_race *r = w->grid->race;
   bool fence = in->i.op == SASS_OP_MEMBAR && in->i.membar != SASS_MEMBAR_CTA;
   bool invalidate = in->i.op == SASS_OP_CCTL && in->i.cctl == SASS_CCTL_IVALL;
   if (!fence && !invalidate)
      return;
   pthread_mutex_lock(&r->lock);
   r->now++;
   r->cta[w->cta->index].acquired = r->now;
   if (fence)
      r->cta[w->cta->index].released = r->now;
   pthread_mutex_unlock(&r->lock);
}

/* ---- both ---- */

void
nvsim_race_access(struct nvsim_warp *w, const struct nvsim_watch_access *a)
{
   struct nvsim_race_cta *rc = w->cta->race;
   nvsim_for_each_lane(l, a->global | a->shared) {
      bool shared = a->shared >> l & 1;
      uint64_t end = a->at[l] + a->size_B;
      if (shared && (!rc || end > w->grid->shared_B))
         continue;
      struct mark new = {
         .pc = nvsim_warp_pc(w),
         .owner = w->cta->index,
         .stamp = shared ? rc->clock[w->index][w->index] : 0,
         .warp = w->index,
         .atomic = a->atomic,
      };
      for (uint64_t at = a->at[l]; at < end; at = util_align_down(at, 4) + 4) {
         unsigned n = MIN2(end - at, 4 - at % 4);
         new.bytes = ((1u << n) - 1) << at % 4;
         if (shared)
            shared_access(w, a, util_align_down(at, 4), &new);
         else
            global_access(w, a, util_align_down(at, 4), &new);
      }
   }
}

static size_t
race_cta_size(const struct nvsim_grid *g)
{
   return sizeof(struct nvsim_race_cta) +
          DIV_ROUND_UP(g->shared_B, 4) * sizeof(struct shared_word);
}

void
nvsim_watch_create_cta(struct nvsim_cta *cta)
{
   const struct nvsim_grid *g = cta->grid;
   if (!g->shared_B)
      return;
   if (nvsim_debug(g->sim, NVSIM_DEBUG_STRICT))
      cta->shared_known = nvsim_worker_alloc(cta->worker, g->shared_B);
   if (g->race)
      cta->race = nvsim_worker_alloc(cta->worker, race_cta_size(g));
}

void
nvsim_watch_begin_cta(struct nvsim_cta *cta)
{
   const struct nvsim_grid *g = cta->grid;
   if (cta->shared_known)
      memset(cta->shared_known, 0, g->shared_B);
   if (!cta->race)
      return;
   memset(cta->race, 0, race_cta_size(g));
   for (unsigned v = 0; v < cta->num_warps; v++)
      cta->race->clock[v][v] = 1;
}
