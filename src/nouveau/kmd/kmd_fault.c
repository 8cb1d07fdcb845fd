/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* From the ring to the workers (≙ nouveau_svm's fault worker; kernel.md §3.3,
 * and what its "weak point" column asks for: VALID is waited for, addresses
 * compare in 64 bits, a whole batch goes to the mirror, the ring is looked at
 * again before sleeping). */
#include "kmd_fault.h"

#include "kmd_chan.h"
#include "kmd_vmm.h"

#include <errno.h>
#include <sched.h>

#include "kernel/drm/kdrm_alloc.h"
#include "util/util_svc.h"

#define RING_ORDER   5 /* 128 KiB */
#define RING_ENTRIES ((uint32_t)((KMD_PAGE_B << RING_ORDER) / NV_FAULT_ENTRY_B))
#define NUM_WORKERS  3
/* Of one client: more are dropped. Its accesses stay parked in the card, and
 * the replay that follows makes them ask again. */
#define MAX_QUEUED (RING_ENTRIES / 2)

struct worker {
   struct kmd *kmd;
   pthread_t thread;
   struct kmd_fault_batch batch;
};

struct kmd_fault_work {
   pthread_mutex_t lock;
   pthread_cond_t work;    /* ready, or stop */
   pthread_cond_t changed; /* done, served, or free entries */
   uint64_t begun, done;   /* passes over the ring */
   uint32_t get;
   bool stop;
   unsigned num_workers;
   struct util_list ready; /* kmd_svm.fault_link: whose turn is next */
   struct util_list fresh; /* the same, until the ring has been read */
   struct util_list idle;  /* entries */
   struct kmd_fault_entry entries[RING_ENTRIES];
   struct worker workers[NUM_WORKERS];
};

/* --- Queues -------------------------------------------------------------- */

/* A client's turn. */
static void
take_batch_locked(struct kmd_fault_work *w, struct kmd_fault_batch *b)
{
   struct kmd_svm *svm = util_list_first(&w->ready, struct kmd_svm, fault_link);
   util_list_del(&svm->fault_link);
   svm->fault_serving = true;
   b->svm = svm;
   b->count = 0;
   b->replay = svm->fault_dropped;
   svm->fault_dropped = false;
   while (b->count < KMD_FAULT_BATCH && !util_list_is_empty(&svm->faults)) {
      struct kmd_fault_entry *e =
         util_list_first(&svm->faults, struct kmd_fault_entry, link);
      util_list_del(&e->link);
      b->entries[b->count++] = e;
   }
}

static void
end_batch_locked(struct kmd_fault_work *w, struct kmd_fault_batch *b)
{
   struct kmd_svm *svm = b->svm;
   for (unsigned i = 0; i < b->count; i++)
      util_list_add_tail(&b->entries[i]->link, &w->idle);
   svm->faults_served += b->count;
   svm->fault_serving = false;
   if (!util_list_is_empty(&svm->faults)) {
      util_list_add_tail(&svm->fault_link, &w->ready);
      pthread_cond_signal(&w->work);
   }
   pthread_cond_broadcast(&w->changed);
}

static void *
worker_main(void *arg)
{
   struct worker *self = arg;
   struct kmd_fault_work *w = self->kmd->fault_work;
   pthread_mutex_lock(&w->lock);
   for (;;) {
      while (util_list_is_empty(&w->ready) && !w->stop)
         pthread_cond_wait(&w->work, &w->lock);
      if (util_list_is_empty(&w->ready))
         break;
      take_batch_locked(w, &self->batch);
      pthread_mutex_unlock(&w->lock);
      kmd_fault_serve(self->kmd, &self->batch);
      pthread_mutex_lock(&w->lock);
      end_batch_locked(w, &self->batch);
      pthread_mutex_unlock(&w->lock);
      for (unsigned i = 0; i < self->batch.count; i++)
         kmd_svm_put(self->batch.svm); /* one for each entry */
      pthread_mutex_lock(&w->lock);
   }
   pthread_mutex_unlock(&w->lock);
   return NULL;
}

/* What has been read of the ring gets its turn: all of it at once, because a
 * replay for the first of a warp's entries makes the others stale. */
static void
publish_locked(struct kmd_fault_work *w)
{
   while (!util_list_is_empty(&w->fresh)) {
      struct kmd_svm *svm =
         util_list_first(&w->fresh, struct kmd_svm, fault_link);
      util_list_del(&svm->fault_link);
      util_list_add_tail(&svm->fault_link, &w->ready);
      pthread_cond_signal(&w->work);
   }
}

/* Takes over the caller's reference. */
static void
queue_entry(struct kmd *kmd, struct kmd_svm *svm, const struct nv_fault *hw)
{
   struct kmd_fault_work *w = kmd->fault_work;
   pthread_mutex_lock(&w->lock);
   if (svm->faults_queued - svm->faults_served >= MAX_QUEUED) {
      svm->fault_dropped = true;
      pthread_mutex_unlock(&w->lock);
      kmd_svm_put(svm);
      return;
   }
   while (util_list_is_empty(&w->idle)) {
      publish_locked(w);
      pthread_cond_wait(&w->changed, &w->lock);
   }
   struct kmd_fault_entry *e =
      util_list_first(&w->idle, struct kmd_fault_entry, link);
   util_list_del(&e->link);
   e->hw = *hw;
   bool waiting = svm->fault_serving || !util_list_is_empty(&svm->faults);
   util_list_add_tail(&e->link, &svm->faults);
   svm->faults_queued++;
   if (!waiting)
      util_list_add_tail(&svm->fault_link, &w->fresh);
   pthread_mutex_unlock(&w->lock);
}

/* --- Reading the ring ---------------------------------------------------- */

static void
read_entry(struct kmd *kmd, uint32_t index, struct nv_fault *f)
{
   uint32_t *dw = (uint32_t *)(kmd->vram.cpu + kmd->fault_ring_off) +
                  index * NV_FAULT_ENTRY_DW;
   /* PUT moves before the entry is complete; VALID is written last. */
   while (!(__atomic_load_n(&dw[7], __ATOMIC_ACQUIRE) & NV_FAULT_DW7_VALID))
      sched_yield();
   nv_fault_unpack(dw, f);
   __atomic_store_n(&dw[7], 0, __ATOMIC_RELEASE);
}

static struct kmd_svm *
svm_of_inst(struct kmd *kmd, uint64_t inst_pa)
{
   struct kmd_chan *c = kmd_chan_of_inst(kmd, inst_pa);
   struct kmd_svm *svm = c && c->svm ? kmd_svm_get(c->svm) : NULL;
   kmd_chan_put(c);
   return svm;
}

static bool
read_ring(struct kmd *kmd)
{
   struct kmd_fault_work *w = kmd->fault_work;
   uint32_t put = nvsim_rd32(kmd->sim, NV_FAULT_BUFFER_PUT);
   if (w->get == put)
      return false;
   for (; w->get != put; w->get = (w->get + 1) % RING_ENTRIES) {
      struct nv_fault hw;
      read_entry(kmd, w->get, &hw);
      struct kmd_svm *svm = svm_of_inst(kmd, hw.inst_pa);
      if (svm)
         queue_entry(kmd, svm, &hw);
      else
         kmd_mmu_cancel(kmd, &hw);
   }
   nvsim_wr32(kmd->sim, NV_FAULT_BUFFER_GET, w->get);
   pthread_mutex_lock(&w->lock);
   publish_locked(w);
   pthread_mutex_unlock(&w->lock);
   return true;
}

void
kmd_fault_work(struct kmd *kmd)
{
   struct kmd_fault_work *w = kmd->fault_work;
   if (!w)
      return;
   pthread_mutex_lock(&w->lock);
   uint64_t pass = ++w->begun;
   pthread_mutex_unlock(&w->lock);
   while (read_ring(kmd))
      ;
   pthread_mutex_lock(&w->lock);
   w->done = pass;
   pthread_cond_broadcast(&w->changed);
   pthread_mutex_unlock(&w->lock);
}

void
kmd_fault_flush(struct kmd_svm *svm)
{
   struct kmd *kmd = svm->kmd;
   struct kmd_fault_work *w = kmd->fault_work;
   pthread_mutex_lock(&w->lock);
   uint64_t next = w->begun + 1; /* the one under way may have read already */
   kmd_thread_poke(&kmd->fault);
   while (w->done < next)
      pthread_cond_wait(&w->changed, &w->lock);
   uint64_t queued = svm->faults_queued;
   while (svm->faults_served < queued)
      pthread_cond_wait(&w->changed, &w->lock);
   pthread_mutex_unlock(&w->lock);
}

/* --- Life ---------------------------------------------------------------- */

static int
start_workers(struct kmd *kmd)
{
   struct kmd_fault_work *w = kmd->fault_work;
   int ret = 0;
   for (unsigned i = 0; i < NUM_WORKERS && !ret; i++) {
      w->workers[i].kmd = kmd;
      ret = util_svc_thread_create(&w->workers[i].thread, "kmd-fault-work",
                                   worker_main, &w->workers[i]);
      w->num_workers += !ret;
   }
   return ret;
}

void
kmd_fault_stop(struct kmd *kmd)
{
   struct kmd_fault_work *w = kmd->fault_work;
   kmd_thread_stop(&kmd->fault);
   if (!w)
      return;
   pthread_mutex_lock(&w->lock);
   w->stop = true;
   pthread_cond_broadcast(&w->work);
   pthread_mutex_unlock(&w->lock);
   while (w->num_workers)
      util_svc_thread_join(w->workers[--w->num_workers].thread);
}

static void
free_work(struct kmd *kmd)
{
   kmd_fault_stop(kmd);
   kdrm_free(kmd->fault_work);
   kmd->fault_work = NULL;
}

int
kmd_fault_init(struct kmd *kmd)
{
   struct kmd_fault_work *w = kdrm_zalloc(sizeof(*w));
   if (!w)
      return -ENOMEM;
   pthread_mutex_init(&w->lock, NULL);
   pthread_cond_init(&w->work, NULL);
   pthread_cond_init(&w->changed, NULL);
   util_list_init(&w->ready);
   util_list_init(&w->fresh);
   util_list_init(&w->idle);
   for (unsigned i = 0; i < RING_ENTRIES; i++)
      util_list_add_tail(&w->entries[i].link, &w->idle);
   kmd->fault_work = w;
   int ret = start_workers(kmd);
   if (!ret)
      ret = kmd_heap_alloc_block(&kmd->vram, RING_ORDER, KMD_HEAP_KERNEL,
                                 &kmd->fault_ring_off);
   if (ret) {
      free_work(kmd);
      return ret;
   }
   nvsim_wr32(kmd->sim, NV_FAULT_BUFFER_SIZE, RING_ENTRIES);
   nvsim_wr32(kmd->sim, NV_FAULT_BUFFER_HI, kmd->fault_ring_off >> 32);
   nvsim_wr32(kmd->sim, NV_FAULT_BUFFER_LO,
              (uint32_t)kmd->fault_ring_off | NV_FAULT_BUFFER_ENABLE);
   return 0;
}

void
kmd_fault_finish(struct kmd *kmd)
{
   if (!kmd->fault_work)
      return;
   nvsim_wr32(kmd->sim, NV_FAULT_BUFFER_LO, 0);
   kmd_heap_free_block(&kmd->vram, kmd->fault_ring_off, RING_ORDER);
   free_work(kmd);
}
