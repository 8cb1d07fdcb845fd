/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kmd_chan.h"

#include "kmd_bo.h"
#include "kmd_svm.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kernel/drm/kdrm_alloc.h"
#include "nouveau/headers/nv_push.h"

#define IDLE_TIMEOUT_NS (15ull * 1000000000)
#define NOWHERE         UINT64_MAX

/* Parts of the channel's own buffer. */
#define RING_OFF     0
#define METHODS_OFF  0x2000 /* fence methods, a slot a submission */
#define METHODS_B    32
#define METHOD_SLOTS 2048    /* more than the ring has entries */
#define FENCE_OFF    0x12000 /* the word that the card writes */
#define CHAN_BO_B    0x20000
_Static_assert(KMD_CHAN_RING_ENTRIES *NV_GPFIFO_ENTRY_B <= METHODS_OFF, "");
_Static_assert(METHODS_OFF + METHOD_SLOTS * METHODS_B <= FENCE_OFF, "");

static uint32_t *
vram32(struct kmd *kmd, uint64_t off)
{
   return (uint32_t *)(kmd->vram.cpu + off);
}

static _Atomic uint32_t *
userd(struct kmd_chan *c, unsigned reg)
{
   return (_Atomic uint32_t *)(c->kmd->vram.cpu + c->userd_off + reg);
}

static void *
chan_cpu(struct kmd_chan *c, uint64_t off)
{
   return (uint8_t *)kmd_bo_cpu(c->bo) + off;
}

/* --- Fences -------------------------------------------------------------- */

static uint32_t
fence_value(struct kmd_chan *c)
{
   return atomic_load_explicit((_Atomic uint32_t *)chan_cpu(c, FENCE_OFF),
                               memory_order_acquire);
}

/* Moves fences up to `value` from pending to `done`. */
static void
take_done_locked(struct kmd_chan *c, uint32_t value, struct util_list *done)
{
   util_list_for_each_safe(struct kdrm_fence, f, &c->pending, link) {
      if ((int32_t)(value - (uint32_t)f->seqno) < 0)
         break;
      util_list_del(&f->link);
      util_list_add_tail(&f->link, done);
   }
}

static void
signal_all(struct util_list *fences, int error)
{
   util_list_for_each_safe(struct kdrm_fence, f, fences, link) {
      util_list_del(&f->link);
      kdrm_fence_signal(f, error);
      kdrm_fence_put(f);
   }
}

static void
fences_update(struct kmd_chan *c)
{
   struct util_list done;
   util_list_init(&done);
   pthread_mutex_lock(&c->fence_lock);
   take_done_locked(c, fence_value(c), &done);
   if (!util_list_is_empty(&done))
      c->head_since_ns = util_time_ns();
   pthread_mutex_unlock(&c->fence_lock);
   signal_all(&done, 0);
}

/* Every pending fence fails, and every later submission. */
static void
fences_kill(struct kmd_chan *c)
{
   struct util_list lost;
   util_list_init(&lost);
   fences_update(c);
   pthread_mutex_lock(&c->fence_lock);
   c->killed = true;
   util_list_splice_tail(&c->pending, &lost);
   pthread_mutex_unlock(&c->fence_lock);
   signal_all(&lost, -ENODEV);
}

/* The first channel from `*chid` on; referenced, or NULL. */
static struct kmd_chan *
next_chan(struct kmd *kmd, unsigned *chid)
{
   struct kmd_chan *c = NULL;
   pthread_mutex_lock(&kmd->chans_lock);
   while (*chid < NV_CHANNELS && !kmd->chans[*chid])
      (*chid)++;
   if (*chid < NV_CHANNELS)
      c = kmd_chan_get(kmd->chans[*chid]);
   pthread_mutex_unlock(&kmd->chans_lock);
   return c;
}

void
kmd_fences_update(struct kmd *kmd)
{
   struct kmd_chan *c;
   for (unsigned chid = 0; (c = next_chan(kmd, &chid)); chid++) {
      fences_update(c);
      kmd_chan_put(c);
   }
   if (atomic_load(&kmd->num_reaps))
      kmd_thread_poke(&kmd->work); /* a closed buffer may have become idle */
}

/* --- Life ---------------------------------------------------------------- */

struct kmd_chan *
kmd_chan_get(struct kmd_chan *c)
{
   atomic_fetch_add(&c->refs, 1);
   return c;
}

void
kmd_chan_put(struct kmd_chan *c)
{
   if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
      return;
   assert(util_list_is_empty(&c->pending));
   kdrm_entity_finish(&c->entity);
   kdrm_fence_put(c->last);
   if (c->vma)
      kmd_vma_destroy(c->vma);
   if (c->bo)
      kdrm_gem_put(&c->bo->base);
   if (c->userd_off != NOWHERE)
      kmd_heap_free_block(&c->kmd->vram, c->userd_off, 0);
   if (c->inst_off != NOWHERE)
      kmd_heap_free_block(&c->kmd->vram, c->inst_off, 0);
   kmd_svm_put(c->svm);
   kmd_vmm_put(c->vmm);
   pthread_mutex_destroy(&c->fence_lock);
   pthread_mutex_destroy(&c->lock);
   kdrm_free(c);
}

struct kmd_chan *
kmd_chan_of_chid(struct kmd *kmd, unsigned chid)
{
   struct kmd_chan *c = NULL;
   pthread_mutex_lock(&kmd->chans_lock);
   if (chid < NV_CHANNELS && kmd->chans[chid])
      c = kmd_chan_get(kmd->chans[chid]);
   pthread_mutex_unlock(&kmd->chans_lock);
   return c;
}

struct kmd_chan *
kmd_chan_of_inst(struct kmd *kmd, uint64_t inst_off)
{
   struct kmd_chan *c = NULL;
   pthread_mutex_lock(&kmd->chans_lock);
   for (unsigned i = 0; i < NV_CHANNELS && !c; i++)
      if (kmd->chans[i] && kmd->chans[i]->inst_off == inst_off)
         c = kmd_chan_get(kmd->chans[i]);
   pthread_mutex_unlock(&kmd->chans_lock);
   return c;
}

static int
alloc_memory(struct kmd_chan *c)
{
   struct kmd *kmd = c->kmd;
   int ret = kmd_heap_alloc_block(&kmd->vram, 0, KMD_HEAP_KERNEL, &c->inst_off);
   if (!ret)
      ret = kmd_heap_alloc_block(&kmd->vram, 0, KMD_HEAP_KERNEL, &c->userd_off);
   if (!ret)
      ret = kmd_bo_create(kmd, CHAN_BO_B, false, &c->bo);
   if (!ret)
      ret = kmd_vma_create(c->vmm, c->bo, CHAN_BO_B, &c->vma);
   return ret;
}

static int
take_chid(struct kmd_chan *c)
{
   struct kmd *kmd = c->kmd;
   int ret = -ENOSPC;
   pthread_mutex_lock(&kmd->chans_lock);
   for (unsigned i = 0; i < NV_CHANNELS && ret; i++) {
      if (kmd->chans[i])
         continue;
      kmd->chans[i] = c;
      c->chid = i;
      ret = 0;
   }
   pthread_mutex_unlock(&kmd->chans_lock);
   return ret;
}

static void
write_inst(struct kmd_chan *c, bool privileged)
{
   uint32_t *inst = vram32(c->kmd, c->inst_off);
   uint64_t ring = c->vma->va.addr + RING_OFF;
   inst[NV_INST_USERD_LO / 4] = (uint32_t)c->userd_off | NV_APERTURE_VID;
   inst[NV_INST_USERD_HI / 4] = c->userd_off >> 32;
   inst[NV_INST_GP_BASE_LO / 4] = (uint32_t)ring;
   inst[NV_INST_GP_BASE_HI / 4] =
      (uint32_t)(ring >> 32) | __builtin_ctz(KMD_CHAN_RING_ENTRIES)
                                  << NV_INST_GP_LOG2_SHIFT;
   inst[NV_INST_CONFIG / 4] = privileged ? NV_INST_CONFIG_PRIVILEGED : 0;
   kmd_vmm_join(c->vmm, inst);
}

static void
hw_start(struct kmd_chan *c)
{
   nvsim_wr32(c->kmd->sim, NV_CHAN_INST(c->chid),
              NV_CHAN_INST_BIND |
                 NV_APERTURE_VID << NV_CHAN_INST_APERTURE_SHIFT |
                 (uint32_t)(c->inst_off >> 12));
   nvsim_wr32(c->kmd->sim, NV_CHAN_CTRL(c->chid), NV_CHAN_CTRL_ENABLE_SET);
}

/* After it no access of the channel runs or will run. */
static void
hw_stop(struct kmd_chan *c)
{
   struct nvsim *sim = c->kmd->sim;
   nvsim_wr32(sim, NV_CHAN_CTRL(c->chid), NV_CHAN_CTRL_ENABLE_CLR);
   nvsim_wr32(sim, NV_PFIFO_PREEMPT, c->chid);
   while (nvsim_rd32(sim, NV_PFIFO_PREEMPT) & NV_PFIFO_PREEMPT_PENDING)
      usleep(10);
}

int
kmd_chan_create(struct kmd *kmd, struct kmd_vmm *vmm, struct kmd_svm *svm,
                bool privileged, struct kmd_chan **chan_out)
{
   struct kmd_chan *c = kdrm_zalloc(sizeof(*c));
   if (!c)
      return -ENOMEM;
   c->kmd = kmd;
   c->vmm = kmd_vmm_get(vmm);
   c->svm = svm ? kmd_svm_get(svm) : NULL;
   c->fence_context = atomic_fetch_add(&kmd->next_fence_context, 1);
   c->inst_off = c->userd_off = NOWHERE;
   atomic_init(&c->refs, 1);
   pthread_mutex_init(&c->lock, NULL);
   pthread_mutex_init(&c->fence_lock, NULL);
   util_list_init(&c->pending);
   kdrm_entity_init(&c->entity, &kmd->sched,
                    atomic_fetch_add(&kmd->next_fence_context, 1), true);
   int ret = alloc_memory(c);
   if (ret)
      goto fail;
   write_inst(c, privileged);
   ret = take_chid(c);
   if (ret)
      goto fail;
   hw_start(c);
   *chan_out = c;
   return 0;

fail:
   kmd_chan_put(c);
   return ret;
}

void
kmd_chan_destroy(struct kmd_chan *c)
{
   struct kmd *kmd = c->kmd;
   kdrm_entity_flush(&c->entity, IDLE_TIMEOUT_NS);
   struct kdrm_fence *last = kmd_chan_last_fence(c);
   if (last && kdrm_fence_wait(last, IDLE_TIMEOUT_NS))
      util_warn("kmd", "channel %u does not become idle, ended", c->chid);
   kdrm_fence_put(last);
   hw_stop(c);
   nvsim_wr32(kmd->sim, NV_CHAN_INST(c->chid), 0);
   fences_kill(c);
   /* An entry of ours, met after the instance block belongs to another channel,
    * would cancel that one's access to the same address. */
   if (c->svm)
      kmd_fault_flush(c->svm);
   pthread_mutex_lock(&kmd->chans_lock);
   kmd->chans[c->chid] = NULL;
   pthread_mutex_unlock(&kmd->chans_lock);
   /* Our threads looked it up and let go in a moment. What follows waits for
    * the card, which the irq thread must never do. */
   while (atomic_load(&c->refs) > 1)
      usleep(20);
   kmd_chan_put(c);
}

/* --- Submission ---------------------------------------------------------- */

static unsigned
ring_room(struct kmd_chan *c)
{
   uint32_t get =
      atomic_load_explicit(userd(c, NV_USERD_GP_GET), memory_order_acquire);
   return (get - c->put - 1) & (KMD_CHAN_RING_ENTRIES - 1);
}

static struct kdrm_fence *
oldest_pending(struct kmd_chan *c)
{
   struct kdrm_fence *f = NULL;
   pthread_mutex_lock(&c->fence_lock);
   if (!util_list_is_empty(&c->pending))
      f = kdrm_fence_get(util_list_first(&c->pending, struct kdrm_fence, link));
   pthread_mutex_unlock(&c->fence_lock);
   return f;
}

struct kdrm_fence *
kmd_chan_no_room(struct kmd_chan *c, unsigned n)
{
   pthread_mutex_lock(&c->lock);
   bool room = ring_room(c) > n;
   pthread_mutex_unlock(&c->lock);
   return room ? NULL : oldest_pending(c);
}

struct kdrm_fence *
kmd_chan_last_fence(struct kmd_chan *c)
{
   pthread_mutex_lock(&c->fence_lock);
   struct kdrm_fence *last = kdrm_fence_get(c->last);
   pthread_mutex_unlock(&c->fence_lock);
   return last;
}

static int
wait_room(struct kmd_chan *c, unsigned entries)
{
   while (!kmd_chan_is_killed(c)) {
      if (ring_room(c) >= entries)
         return 0;
      struct kdrm_fence *f = oldest_pending(c);
      if (f)
         kdrm_fence_wait(f, 1000000); /* GET moves before the fence does */
      else
         usleep(10);
      kdrm_fence_put(f);
   }
   return -ENODEV;
}

static void
ring_write(struct kmd_chan *c, uint64_t gpu_va, uint32_t size_B,
           bool no_prefetch)
{
   uint64_t *ring = chan_cpu(c, RING_OFF);
   ring[c->put] = nv_gpfifo_entry(gpu_va, size_B / 4, no_prefetch);
   c->put = (c->put + 1) & (KMD_CHAN_RING_ENTRIES - 1);
}

static void
write_fence_methods(struct kmd_chan *c, uint32_t seq)
{
   uint64_t slot_off = METHODS_OFF + (seq % METHOD_SLOTS) * METHODS_B;
   uint64_t word_va = c->vma->va.addr + FENCE_OFF;
   uint32_t *m = chan_cpu(c, slot_off);
   m[0] = nv_push_header(NV_PUSH_OP_INC, 0, NV_HOST_SEMAPHOREA, 4);
   m[1] = word_va >> 32;
   m[2] = (uint32_t)word_va;
   m[3] = seq;
   m[4] = NV_HOST_SEM_RELEASE | NV_HOST_SEM_RELEASE_4B;
   m[5] = nv_push_header(NV_PUSH_OP_INC, 0, NV_HOST_NON_STALL_INTERRUPT, 1);
   m[6] = 0;
   ring_write(c, c->vma->va.addr + slot_off, 7 * 4, false);
}

/* Takes a number and puts the fence on the list, unless the channel is dead. */
static int
fence_emit(struct kmd_chan *c, struct kdrm_fence *f)
{
   int ret = -ENODEV;
   pthread_mutex_lock(&c->fence_lock);
   if (!c->killed) {
      f->context = c->fence_context;
      f->seqno = ++c->fence_seq;
      if (util_list_is_empty(&c->pending))
         c->head_since_ns = util_time_ns();
      util_list_add_tail(&kdrm_fence_get(f)->link, &c->pending);
      kdrm_fence_put(c->last);
      c->last = kdrm_fence_get(f);
      ret = 0;
   }
   pthread_mutex_unlock(&c->fence_lock);
   return ret;
}

int
kmd_chan_submit_with(struct kmd_chan *c, const struct kmd_push *pushes,
                     unsigned n, struct kdrm_fence *f)
{
   assert(n > 0 && n + 2 < KMD_CHAN_RING_ENTRIES);
   pthread_mutex_lock(&c->lock);
   int ret = wait_room(c, n + 1);
   if (!ret)
      ret = fence_emit(c, f);
   if (!ret) {
      for (unsigned i = 0; i < n; i++)
         ring_write(c, pushes[i].gpu_va, pushes[i].size_B,
                    pushes[i].no_prefetch);
      write_fence_methods(c, (uint32_t)f->seqno);
      atomic_store_explicit(userd(c, NV_USERD_GP_PUT), c->put,
                            memory_order_release);
      nvsim_doorbell(c->kmd->sim, c->chid);
   }
   pthread_mutex_unlock(&c->lock);
   return ret;
}

int
kmd_chan_submit(struct kmd_chan *c, const struct kmd_push *pushes, unsigned n,
                struct kdrm_fence **fence_out)
{
   struct kdrm_fence *f = kdrm_fence_create(0, 0);
   if (!f)
      return -ENOMEM;
   int ret = kmd_chan_submit_with(c, pushes, n, f);
   if (ret)
      kdrm_fence_put(f);
   else
      *fence_out = f;
   return ret;
}

/* --- Death --------------------------------------------------------------- */

bool
kmd_chan_is_killed(struct kmd_chan *c)
{
   pthread_mutex_lock(&c->fence_lock);
   bool killed = c->killed;
   pthread_mutex_unlock(&c->fence_lock);
   return killed;
}

int
kmd_chan_get_error(struct kmd_chan *c,
                   struct drm_nouveau_channel_error *error_out)
{
   pthread_mutex_lock(&c->fence_lock);
   bool known = c->has_error;
   if (known)
      *error_out = c->error;
   pthread_mutex_unlock(&c->fence_lock);
   return known ? 0 : -ENODATA;
}

static const uint32_t error_kinds[] = {
   [NVSIM_ERROR_MMU] = DRM_NOUVEAU_CHANNEL_ERROR_MMU,
   [NVSIM_ERROR_WARP] = DRM_NOUVEAU_CHANNEL_ERROR_WARP,
   [NVSIM_ERROR_METHOD] = DRM_NOUVEAU_CHANNEL_ERROR_METHOD,
   [NVSIM_ERROR_PBDMA] = DRM_NOUVEAU_CHANNEL_ERROR_PUSH,
};

/* The first error of a channel is the one that counts. */
static void
remember_error(struct kmd_chan *c, const struct nvsim_error *e)
{
   pthread_mutex_lock(&c->fence_lock);
   if (!c->has_error) {
      c->has_error = true;
      c->error = (struct drm_nouveau_channel_error){
         .kind = error_kinds[e->kind],
         .addr = e->gpu_va,
         .access = e->access,
         .reason = e->fault_type,
         .program_va = e->program_va,
         .pc = e->pc,
         .warp_error = e->warp_error,
         .method = e->method,
         .data = e->data,
      };
      memcpy(c->error.cta, e->cta, sizeof(e->cta));
      memcpy(c->error.tid, e->tid, sizeof(e->tid));
      memcpy(c->error.text, e->text, sizeof(c->error.text));
      c->error.text[sizeof(c->error.text) - 1] = 0;
   }
   pthread_mutex_unlock(&c->fence_lock);
}

/* ≙ the scheduler's timeout of nouveau_exec: who waits for a job that does not
 * end gets an error. */
static void
kill_overdue(struct kmd *kmd)
{
   uint64_t timeout_ns = kmd_job_timeout_ns(kmd);
   struct kmd_chan *c;
   for (unsigned chid = 0; timeout_ns && (c = next_chan(kmd, &chid)); chid++) {
      fences_update(c);
      pthread_mutex_lock(&c->fence_lock);
      bool overdue = c->vmm->kind == KMD_VMM_RAW &&
                     !util_list_is_empty(&c->pending) &&
                     util_time_ns() - c->head_since_ns > timeout_ns;
      pthread_mutex_unlock(&c->fence_lock);
      if (overdue) {
         util_info("kmd", "job timeout, channel %u killed", chid);
         hw_stop(c);
         fences_kill(c);
      }
      kmd_chan_put(c);
   }
}

void
kmd_chan_handle_errors(struct kmd *kmd)
{
   struct nvsim_error e;
   while (nvsim_next_error(kmd->sim, &e)) {
      struct kmd_chan *c = kmd_chan_of_chid(kmd, e.chid);
      util_info("kmd", "channel %u killed: %s", e.chid, e.text);
      if (!c)
         continue;
      remember_error(c, &e);
      hw_stop(c);
      fences_kill(c);
      kmd_chan_put(c);
   }
   kill_overdue(kmd);
   kmd_bo_reap(kmd);
}
