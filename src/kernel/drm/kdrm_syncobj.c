/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kernel/drm/kdrm_syncobj.h"

#include <errno.h>
#include <time.h>

#include <drm-uapi/nouveau_drm.h>

#include "kernel/drm/kdrm_alloc.h"
#include "kernel/drm/kdrm_uaccess.h"

struct kdrm_syncobj {
   _Atomic unsigned refs;
   pthread_mutex_t lock;
   struct util_list points;  /* struct point, ascending; binary: at most one */
   struct util_list waiters; /* struct waiter */
   uint64_t reached;         /* value of the last point that was dropped */
};

struct point {
   struct util_list link;
   uint64_t value; /* 0: binary */
   struct kdrm_fence *fence;
};

/* Somebody who waits for a submission. */
struct waiter {
   struct util_list link;
   struct wait_set *set;
};

static void wait_set_poke(struct wait_set *set);

static void
syncobj_get(void *ptr)
{
   atomic_fetch_add(&((struct kdrm_syncobj *)ptr)->refs, 1);
}

static void
drop_points_locked(struct kdrm_syncobj *s)
{
   util_list_for_each_safe(struct point, p, &s->points, link) {
      util_list_del(&p->link);
      kdrm_fence_put(p->fence);
      kdrm_free(p);
   }
}

void
kdrm_syncobj_put(struct kdrm_syncobj *s)
{
   if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
      return;
   drop_points_locked(s);
   pthread_mutex_destroy(&s->lock);
   kdrm_free(s);
}

struct kdrm_syncobj *
kdrm_syncobj_lookup(struct kdrm_file *file, uint32_t handle)
{
   return kdrm_handles_get(&file->syncobj, handle, syncobj_get);
}

void
kdrm_syncobj_release(struct kdrm_file *file)
{
   struct kdrm_syncobj *s;
   while ((s = kdrm_handles_pop(&file->syncobj, NULL)))
      kdrm_syncobj_put(s);
}

/* --- A fence that waits for two others ----------------------------------- */

struct chain {
   struct kdrm_fence *out;
   struct kdrm_fence_cb cb[2];
   struct kdrm_fence *in[2];
   _Atomic int pending;
};

static void
chain_arrived(struct chain *c)
{
   if (atomic_fetch_sub(&c->pending, 1) != 1)
      return;
   int error = c->in[0]->error ? c->in[0]->error : c->in[1]->error;
   kdrm_fence_signal(c->out, error);
   kdrm_fence_put(c->in[0]);
   kdrm_fence_put(c->in[1]);
   kdrm_fence_put(c->out);
   kdrm_free(c);
}

static void
chain_cb0(struct kdrm_fence *f, struct kdrm_fence_cb *cb)
{
   chain_arrived(container_of(cb, struct chain, cb[0]));
}

static void
chain_cb1(struct kdrm_fence *f, struct kdrm_fence_cb *cb)
{
   chain_arrived(container_of(cb, struct chain, cb[1]));
}

static struct kdrm_fence *
fence_after_both(struct kdrm_fence *a, struct kdrm_fence *b)
{
   struct chain *c = kdrm_zalloc(sizeof(*c));
   struct kdrm_fence *out = kdrm_fence_create(0, 0);
   if (!c || !out) {
      kdrm_free(c);
      kdrm_fence_put(out);
      return NULL;
   }
   c->out = kdrm_fence_get(out);
   c->in[0] = kdrm_fence_get(a);
   c->in[1] = kdrm_fence_get(b);
   c->cb[0].func = chain_cb0;
   c->cb[1].func = chain_cb1;
   atomic_init(&c->pending, 3); /* the third is ours, until both are added */
   for (unsigned i = 0; i < 2; i++)
      if (!kdrm_fence_add_cb(c->in[i], &c->cb[i]))
         chain_arrived(c);
   chain_arrived(c);
   return out;
}

/* --- Payloads ------------------------------------------------------------ */

/* Forgets points that are over, but the last: it answers late waiters. */
static void
advance_locked(struct kdrm_syncobj *s)
{
   util_list_for_each_safe(struct point, p, &s->points, link) {
      if (!kdrm_fence_is_signalled(p->fence))
         break;
      s->reached = MAX2(s->reached, p->value);
      if (p->link.next == &s->points)
         break;
      util_list_del(&p->link);
      kdrm_fence_put(p->fence);
      kdrm_free(p);
   }
}

static void
poke_waiters_locked(struct kdrm_syncobj *s)
{
   util_list_for_each(struct waiter, w, &s->waiters, link)
      wait_set_poke(w->set);
}

static int
set_point_locked(struct kdrm_syncobj *s, uint64_t value,
                 struct kdrm_fence *fence)
{
   struct point *p = kdrm_zalloc(sizeof(*p));
   if (!p)
      return -ENOMEM;
   if (value == 0 || util_list_is_empty(&s->points)) {
      p->fence = kdrm_fence_get(fence);
   } else {
      struct point *last = util_list_last(&s->points, struct point, link);
      p->fence = fence_after_both(last->fence, fence);
      value = MAX2(value, last->value); /* going back is a user's bug */
   }
   if (!p->fence) {
      kdrm_free(p);
      return -ENOMEM;
   }
   if (value == 0) {
      drop_points_locked(s);
      s->reached = 0;
   }
   p->value = value;
   util_list_add_tail(&p->link, &s->points);
   advance_locked(s);
   poke_waiters_locked(s);
   return 0;
}

int
kdrm_syncobj_set_fence(struct kdrm_syncobj *s, uint64_t value,
                       struct kdrm_fence *fence)
{
   pthread_mutex_lock(&s->lock);
   int ret = set_point_locked(s, value, fence);
   pthread_mutex_unlock(&s->lock);
   return ret;
}

/* Referenced; NULL: not submitted. */
static struct kdrm_fence *
find_fence(struct kdrm_syncobj *s, uint64_t value)
{
   struct kdrm_fence *found = NULL;
   pthread_mutex_lock(&s->lock);
   advance_locked(s);
   if (value == 0 && !util_list_is_empty(&s->points)) {
      struct point *last = util_list_last(&s->points, struct point, link);
      found = kdrm_fence_get(last->fence);
   } else {
      util_list_for_each(struct point, p, &s->points, link) {
         if (p->value < value)
            continue;
         found = kdrm_fence_get(p->fence);
         break;
      }
   }
   pthread_mutex_unlock(&s->lock);
   return found;
}

int
kdrm_syncobj_find_fence(struct kdrm_file *file, uint32_t handle, uint64_t point,
                        struct kdrm_fence **fence_out)
{
   struct kdrm_syncobj *s = kdrm_syncobj_lookup(file, handle);
   if (!s)
      return -ENOENT;
   *fence_out = find_fence(s, point);
   kdrm_syncobj_put(s);
   return *fence_out ? 0 : -EINVAL;
}

static int
signal_now(struct kdrm_syncobj *s, uint64_t value)
{
   struct kdrm_fence *f = kdrm_fence_create(0, 0);
   if (!f)
      return -ENOMEM;
   kdrm_fence_signal(f, 0);
   int ret = kdrm_syncobj_set_fence(s, value, f);
   kdrm_fence_put(f);
   return ret;
}

/* --- Waiting for several ------------------------------------------------- */

struct wait_set {
   pthread_mutex_t lock;
   pthread_cond_t cond;
   bool poked;
};

struct wait_entry {
   struct waiter waiter;
   struct kdrm_fence_cb cb;
   struct wait_set *set;
   struct kdrm_syncobj *syncobj;
   struct kdrm_fence *fence; /* once submitted */
   uint64_t value;
   bool has_cb;
};

static void
wait_set_poke(struct wait_set *set)
{
   pthread_mutex_lock(&set->lock);
   set->poked = true;
   pthread_cond_signal(&set->cond);
   pthread_mutex_unlock(&set->lock);
}

static void
entry_signalled(struct kdrm_fence *f, struct kdrm_fence_cb *cb)
{
   wait_set_poke(container_of(cb, struct wait_entry, cb)->set);
}

static void
wait_set_init(struct wait_set *set)
{
   pthread_condattr_t attr;
   pthread_condattr_init(&attr);
   pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
   pthread_cond_init(&set->cond, &attr);
   pthread_condattr_destroy(&attr);
   pthread_mutex_init(&set->lock, NULL);
   set->poked = false;
}

/* 1: over; 0: not yet; -EINVAL: nothing submitted and nobody waits for that. */
static int
entry_check(struct wait_entry *e, uint32_t flags)
{
   if (!e->fence)
      e->fence = find_fence(e->syncobj, e->value);
   if (!e->fence)
      return flags & DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT ? 0 : -EINVAL;
   if (flags & DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE)
      return 1;
   if (!e->has_cb) {
      e->cb.func = entry_signalled;
      e->has_cb = kdrm_fence_add_cb(e->fence, &e->cb);
   }
   return kdrm_fence_is_signalled(e->fence);
}

/* 1: what the flags ask is fulfilled. */
static int
entries_check(struct wait_entry *entries, unsigned count, uint32_t flags,
              uint32_t *first_out)
{
   unsigned over = 0;
   for (unsigned i = 0; i < count; i++) {
      int ret = entry_check(&entries[i], flags);
      if (ret < 0)
         return ret;
      if (ret && over++ == 0)
         *first_out = i;
   }
   return flags & DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL ? over == count : over > 0;
}

static int
wait_poked(struct wait_set *set, int64_t until_ns)
{
   struct timespec ts = {until_ns / 1000000000, until_ns % 1000000000};
   int ret = 0;
   pthread_mutex_lock(&set->lock);
   while (!set->poked && ret == 0)
      ret = pthread_cond_timedwait(&set->cond, &set->lock, &ts);
   bool poked = set->poked;
   set->poked = false;
   pthread_mutex_unlock(&set->lock);
   return poked ? 0 : -ETIME;
}

static void
entry_start(struct wait_entry *e, struct wait_set *set)
{
   e->set = e->waiter.set = set;
   pthread_mutex_lock(&e->syncobj->lock);
   util_list_add_tail(&e->waiter.link, &e->syncobj->waiters);
   pthread_mutex_unlock(&e->syncobj->lock);
}

static void
entry_finish(struct wait_entry *e)
{
   if (!e->syncobj)
      return;
   if (e->set) {
      pthread_mutex_lock(&e->syncobj->lock);
      util_list_del(&e->waiter.link);
      pthread_mutex_unlock(&e->syncobj->lock);
   }
   kdrm_fence_put(e->fence);
   kdrm_syncobj_put(e->syncobj);
}

static int
wait_entries(struct wait_entry *entries, unsigned count, uint32_t flags,
             int64_t until_ns, uint32_t *first_out)
{
   struct wait_set set;
   wait_set_init(&set);
   for (unsigned i = 0; i < count; i++)
      entry_start(&entries[i], &set);
   int ret;
   while ((ret = entries_check(entries, count, flags, first_out)) == 0) {
      ret = wait_poked(&set, until_ns);
      if (ret)
         break;
   }
   for (unsigned i = 0; i < count; i++)
      if (entries[i].has_cb)
         kdrm_fence_remove_cb(entries[i].fence, &entries[i].cb);
   for (unsigned i = 0; i < count; i++)
      entry_finish(&entries[i]);
   pthread_cond_destroy(&set.cond);
   pthread_mutex_destroy(&set.lock);
   return MIN2(ret, 0);
}

static int
wait_handles(struct kdrm_file *file, uint64_t handles_ptr, uint64_t points_ptr,
             uint32_t count, uint32_t flags, int64_t until_ns,
             uint32_t *first_out)
{
   uint32_t *handles = NULL;
   uint64_t *points = NULL;
   struct wait_entry *entries = NULL;
   /* As kcalloc, which gives no more at once. */
   int ret = count > (4u << 20) / sizeof(*entries) ? -ENOMEM : 0;
   if (!ret)
      ret = kdrm_dup_from_user(handles_ptr, count, 4, (void **)&handles);
   if (!ret && points_ptr)
      ret = kdrm_dup_from_user(points_ptr, count, 8, (void **)&points);
   if (!ret && !(entries = kdrm_zalloc(count * sizeof(*entries))))
      ret = -ENOMEM;
   for (unsigned i = 0; i < count && !ret; i++) {
      entries[i].value = points ? points[i] : 0;
      entries[i].syncobj = kdrm_syncobj_lookup(file, handles[i]);
      if (!entries[i].syncobj)
         ret = -ENOENT;
   }
   if (!ret)
      ret = wait_entries(entries, count, flags, until_ns, first_out);
   else if (entries)
      for (unsigned i = 0; i < count; i++)
         entry_finish(&entries[i]);
   kdrm_free(points);
   kdrm_free(handles);
   kdrm_free(entries);
   return ret;
}

/* --- Calls --------------------------------------------------------------- */

int
kdrm_syncobj_create_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_syncobj_create *a = arg;
   if (a->flags & ~DRM_SYNCOBJ_CREATE_SIGNALED)
      return -EINVAL;
   struct kdrm_syncobj *s = kdrm_zalloc(sizeof(*s));
   if (!s)
      return -ENOMEM;
   atomic_init(&s->refs, 1);
   pthread_mutex_init(&s->lock, NULL);
   util_list_init(&s->points);
   util_list_init(&s->waiters);
   int ret = a->flags & DRM_SYNCOBJ_CREATE_SIGNALED ? signal_now(s, 0) : 0;
   if (!ret)
      ret = kdrm_handles_add(&file->syncobj, s);
   if (ret < 0) {
      kdrm_syncobj_put(s);
      return ret;
   }
   a->handle = ret;
   return 0;
}

int
kdrm_syncobj_destroy_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_syncobj_destroy *a = arg;
   if (a->pad)
      return -EINVAL;
   struct kdrm_syncobj *s = kdrm_handles_remove(&file->syncobj, a->handle);
   kdrm_syncobj_put(s);
   return s ? 0 : -EINVAL;
}

#define WAIT_BINARY_FLAGS                                                      \
   (DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL | DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT)

int
kdrm_syncobj_wait_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_syncobj_wait *a = arg;
   if (a->flags & ~WAIT_BINARY_FLAGS)
      return -EINVAL;
   if (a->count_handles == 0)
      return 0;
   return wait_handles(file, a->handles, 0, a->count_handles, a->flags,
                       a->timeout_nsec, &a->first_signaled);
}

int
kdrm_syncobj_timeline_wait_ioctl(struct kdrm_file *file, void *arg,
                                 size_t size_B)
{
   struct drm_syncobj_timeline_wait *a = arg;
   if (a->flags & ~(WAIT_BINARY_FLAGS | DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE))
      return -EINVAL;
   if (a->count_handles == 0)
      return 0;
   return wait_handles(file, a->handles, a->points, a->count_handles, a->flags,
                       a->timeout_nsec, &a->first_signaled);
}

/* `value`: out for a query, else in. */
typedef int (*each_func)(struct kdrm_syncobj *s, uint64_t *value);

static int
for_each_handle(struct kdrm_file *file, uint64_t handles_ptr,
                uint64_t values_ptr, uint32_t count, bool write_back,
                each_func func)
{
   if (count == 0)
      return -EINVAL;
   uint32_t *handles = NULL;
   uint64_t *values = NULL;
   int ret = kdrm_dup_from_user(handles_ptr, count, 4, (void **)&handles);
   if (!ret && values_ptr)
      ret = kdrm_dup_from_user(values_ptr, count, 8, (void **)&values);
   for (unsigned i = 0; i < count && !ret; i++) {
      uint64_t none = 0;
      struct kdrm_syncobj *s = kdrm_syncobj_lookup(file, handles[i]);
      ret = s ? func(s, values ? &values[i] : &none) : -ENOENT;
      kdrm_syncobj_put(s);
   }
   if (!ret && write_back)
      ret = kdrm_copy_to_user(values_ptr, values, count * 8ull);
   kdrm_free(values);
   kdrm_free(handles);
   return ret;
}

static int
each_reset(struct kdrm_syncobj *s, uint64_t *value)
{
   pthread_mutex_lock(&s->lock);
   drop_points_locked(s);
   s->reached = 0;
   pthread_mutex_unlock(&s->lock);
   return 0;
}

static int
each_signal(struct kdrm_syncobj *s, uint64_t *value)
{
   return signal_now(s, *value);
}

static int
each_query(struct kdrm_syncobj *s, uint64_t *value)
{
   pthread_mutex_lock(&s->lock);
   advance_locked(s);
   *value = s->reached;
   pthread_mutex_unlock(&s->lock);
   return 0;
}

int
kdrm_syncobj_reset_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_syncobj_array *a = arg;
   return for_each_handle(file, a->handles, 0, a->count_handles, false,
                          each_reset);
}

int
kdrm_syncobj_signal_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_syncobj_array *a = arg;
   return for_each_handle(file, a->handles, 0, a->count_handles, false,
                          each_signal);
}

int
kdrm_syncobj_timeline_signal_ioctl(struct kdrm_file *file, void *arg,
                                   size_t size_B)
{
   struct drm_syncobj_timeline_array *a = arg;
   if (a->flags)
      return -EINVAL;
   return for_each_handle(file, a->handles, a->points, a->count_handles, false,
                          each_signal);
}

int
kdrm_syncobj_query_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_syncobj_timeline_array *a = arg;
   if (a->flags || !a->points)
      return -EINVAL;
   return for_each_handle(file, a->handles, a->points, a->count_handles, true,
                          each_query);
}

int
kdrm_syncobj_transfer_ioctl(struct kdrm_file *file, void *arg, size_t size_B)
{
   struct drm_syncobj_transfer *a = arg;
   if (a->pad || a->flags)
      return -EINVAL;
   struct kdrm_fence *f = NULL;
   int ret = kdrm_syncobj_find_fence(file, a->src_handle, a->src_point, &f);
   if (!ret) {
      struct kdrm_syncobj *dst = kdrm_syncobj_lookup(file, a->dst_handle);
      ret = dst ? kdrm_syncobj_set_fence(dst, a->dst_point, f) : -ENOENT;
      kdrm_syncobj_put(dst);
   }
   kdrm_fence_put(f);
   return ret;
}
