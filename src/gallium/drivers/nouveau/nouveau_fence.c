/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A fence is the end semaphore of one batch. Its result is read once, by whoever
 * finds it done first, and kept: the batch's memory is used again later. */
#include "nouveau_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

/* Short work is done before a system call would be. */
#define SPIN_NS 20000

struct pipe_fence_handle *
nouveau_fence_create(struct nouveau_channel *chan, struct nouveau_ws_bo *bo,
                     const void *map, uint32_t seq)
{
   struct pipe_fence_handle *f = calloc(1, sizeof(*f));
   if (!f)
      return NULL;
   f->refcount = 1;
   nouveau_channel_ref(chan);
   f->chan = chan;
   nouveau_ws_bo_ref(bo);
   f->bo = bo;
   f->sem = (const void *)((const char *)map + NOUVEAU_BATCH_SEM_E);
   f->seq = seq;
   pthread_mutex_init(&f->lock, NULL);
   return f;
}

static void
destroy(struct pipe_fence_handle *f)
{
   nouveau_ws_bo_unref(f->bo);
   nouveau_channel_unref(f->chan);
   pthread_mutex_destroy(&f->lock);
   free(f);
}

void
nouveau_fence_ref(struct pipe_fence_handle **dst, struct pipe_fence_handle *src)
{
   struct pipe_fence_handle *old = *dst;
   if (src)
      __atomic_add_fetch(&src->refcount, 1, __ATOMIC_RELAXED);
   *dst = src;
   if (old && __atomic_sub_fetch(&old->refcount, 1, __ATOMIC_ACQ_REL) == 0)
      destroy(old);
}

static bool
has_passed(const struct pipe_fence_handle *f)
{
   return __atomic_load_n(f->sem, __ATOMIC_ACQUIRE) == f->seq;
}

/* The work has retired: the semaphore says how. */
static void
settle(struct pipe_fence_handle *f)
{
   bool lost = false;
   pthread_mutex_lock(&f->lock);
   if (!f->done) {
      if (has_passed(f)) {
         const uint64_t *start =
            (const void *)((const char *)f->sem -
                           (NOUVEAU_BATCH_SEM_E - NOUVEAU_BATCH_SEM_B));
         f->start_ns = start[1];
         f->end_ns = ((const uint64_t *)f->sem)[1];
      } else {
         f->error = -ENODEV;
         lost = true;
      }
      f->done = true;
   }
   pthread_mutex_unlock(&f->lock);
   if (lost)
      nouveau_channel_set_lost(f->chan);
}

static bool
is_done(struct pipe_fence_handle *f)
{
   pthread_mutex_lock(&f->lock);
   bool done = f->done;
   pthread_mutex_unlock(&f->lock);
   return done;
}

static bool
wait_until(struct pipe_fence_handle *f, uint64_t deadline_ns)
{
   struct timespec nap = {.tv_nsec = 20000};
   while (nouveau_ws_bo_wait(f->bo, true) == -EBUSY) {
      if (util_time_ns() >= deadline_ns)
         return false;
      nanosleep(&nap, NULL);
      nap.tv_nsec = MIN2(nap.tv_nsec * 2, 1000000);
   }
   return true;
}

bool
nouveau_fence_wait(struct pipe_fence_handle *f, uint64_t timeout_ns)
{
   uint64_t start_ns = util_time_ns();
   while (!is_done(f)) {
      if (has_passed(f)) {
         settle(f);
         return true;
      }
      uint64_t waited_ns = util_time_ns() - start_ns;
      if (waited_ns < MIN2(timeout_ns, SPIN_NS))
         continue;
      if (timeout_ns == PIPE_TIMEOUT_INFINITE)
         nouveau_ws_bo_wait(f->bo, false);
      else if (!wait_until(f, start_ns + timeout_ns))
         return false;
      settle(f);
   }
   return true;
}

static void
fence_reference(struct pipe_screen *screen, struct pipe_fence_handle **dst,
                struct pipe_fence_handle *src)
{
   nouveau_fence_ref(dst, src);
}

static bool
fence_finish(struct pipe_screen *screen, struct pipe_fence_handle *fence,
             uint64_t timeout_ns)
{
   return nouveau_fence_wait(fence, timeout_ns);
}

static bool
fence_get_times(struct pipe_screen *screen, struct pipe_fence_handle *f,
                uint64_t *start_ns_out, uint64_t *end_ns_out)
{
   pthread_mutex_lock(&f->lock);
   bool done = f->done;
   *start_ns_out = f->start_ns;
   *end_ns_out = f->end_ns;
   pthread_mutex_unlock(&f->lock);
   return done;
}

static int
fence_get_error(struct pipe_screen *screen, struct pipe_fence_handle *f,
                struct pipe_device_fault *fault_out)
{
   pthread_mutex_lock(&f->lock);
   int error = f->error;
   pthread_mutex_unlock(&f->lock);
   if (error && fault_out) {
      pthread_mutex_lock(&f->chan->lock);
      *fault_out = f->chan->fault;
      pthread_mutex_unlock(&f->chan->lock);
   }
   return error;
}

void
nouveau_fence_init_screen(struct nouveau_screen *screen)
{
   screen->base.fence_reference = fence_reference;
   screen->base.fence_finish = fence_finish;
   screen->base.fence_get_times = fence_get_times;
   screen->base.fence_get_error = fence_get_error;
}
