/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Reservations held by the dozen, range locks, jobs that wait for fences; and
 * what a space knows of its objects. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/drm/kdrm_gpuvm.h"
#include "kernel/drm/kdrm_rangelock.h"
#include "kernel/drm/kdrm_sched.h"
#include "util/test/test_random.h"
#include "util/util_svc.h"

static unsigned
next(unsigned *s)
{
   *s = *s * 1664525 + 1013904223;
   return *s >> 8;
}

/* --- Reservations -------------------------------------------------------- */

static void
younger_backs_off(void **state)
{
   struct kdrm_resv x, y;
   struct kdrm_exec old, young;
   kdrm_resv_init(&x);
   kdrm_resv_init(&y);
   kdrm_exec_init(&old);
   kdrm_exec_init(&young);
   young.stamp = old.stamp + 1;
   assert_int_equal(kdrm_exec_lock(&old, &x), 0);
   assert_int_equal(kdrm_exec_lock(&old, &x), 0); /* twice: fine */
   assert_int_equal(kdrm_exec_lock(&young, &y), 0);
   assert_int_equal(kdrm_exec_trylock(&young, &x), -EBUSY);
   assert_int_equal(kdrm_exec_lock(&young, &x), -EDEADLK);
   assert_false(kdrm_exec_retry(&young, 0));
   assert_false(kdrm_exec_retry(&young, -ENOMEM));
   kdrm_exec_finish(&old);
   assert_true(kdrm_exec_retry(&young, -EDEADLK)); /* and has x now */
   assert_true(kdrm_exec_holds(&young, &x));
   assert_false(kdrm_exec_holds(&young, &y));
   kdrm_exec_finish(&young);
   assert_false(kdrm_exec_holds(&young, &x));
   kdrm_resv_finish(&x);
   kdrm_resv_finish(&y);
}

#define RESVS   12
#define THREADS 4
#define ROUNDS  1500

static struct {
   struct kdrm_resv r[RESVS];
   int owner[RESVS]; /* plain: only who holds r[i] touches it */
   unsigned retries;
} many;

/* Locks a random set in random order; who holds one is alone there. */
static void *
many_main(void *arg)
{
   unsigned id = (uintptr_t)arg, seed = test_seed() * 7 + id;
   for (unsigned round = 0; round < ROUNDS; round++) {
      unsigned set[5], n = 2 + next(&seed) % 4;
      for (unsigned i = 0; i < n; i++)
         set[i] = next(&seed) % RESVS;
      struct kdrm_exec e;
      int ret;
      kdrm_exec_init(&e);
      do {
         ret = 0;
         for (unsigned i = 0; i < n && !ret; i++)
            ret = kdrm_exec_lock(&e, &many.r[set[i]]);
      } while (kdrm_exec_retry(&e, ret));
      assert_int_equal(ret, 0);
      for (unsigned i = 0; i < n; i++)
         many.owner[set[i]] = id;
      if (round % 16 == 0)
         usleep(1);
      for (unsigned i = 0; i < n; i++)
         assert_int_equal(many.owner[set[i]], id);
      __atomic_add_fetch(&many.retries, e.retries, __ATOMIC_RELAXED);
      kdrm_exec_finish(&e);
   }
   return NULL;
}

static void
many_never_deadlock(void **state)
{
   pthread_t t[THREADS];
   for (unsigned i = 0; i < RESVS; i++)
      kdrm_resv_init(&many.r[i]);
   for (uintptr_t i = 0; i < THREADS; i++)
      pthread_create(&t[i], NULL, many_main, (void *)i);
   for (unsigned i = 0; i < THREADS; i++)
      pthread_join(t[i], NULL);
   print_message("%u retries in %u rounds\n", many.retries, THREADS * ROUNDS);
   for (unsigned i = 0; i < RESVS; i++)
      kdrm_resv_finish(&many.r[i]);
}

static void
bookkeeping_is_for_movers(void **state)
{
   struct kdrm_resv r;
   kdrm_resv_init(&r);
   struct kdrm_fence *f = kdrm_fence_create(0, 1);
   kdrm_resv_add(&r, f, KDRM_USAGE_BOOKKEEP);
   assert_int_equal(kdrm_resv_wait(&r, KDRM_USAGE_READ, 0, 0), 0);
   assert_int_equal(kdrm_resv_wait(&r, KDRM_USAGE_WRITE, 0, 0), 0);
   assert_int_equal(kdrm_resv_wait(&r, KDRM_USAGE_BOOKKEEP, 0, 0), -ETIME);
   kdrm_fence_signal(f, 0);
   assert_int_equal(kdrm_resv_wait(&r, KDRM_USAGE_BOOKKEEP, 0, 0), 0);
   kdrm_resv_finish(&r);
   kdrm_fence_put(f);
}

/* Two threads submit to one channel; who comes second may be noted first. */
static void
an_earlier_does_not_replace_a_later(void **state)
{
   struct kdrm_resv r;
   kdrm_resv_init(&r);
   struct kdrm_fence *first = kdrm_fence_create(7, 1);
   struct kdrm_fence *second = kdrm_fence_create(7, 2);
   kdrm_resv_add(&r, second, KDRM_USAGE_WRITE);
   kdrm_resv_add(&r, first, KDRM_USAGE_WRITE);
   kdrm_fence_signal(first, 0);
   assert_int_equal(kdrm_resv_wait(&r, KDRM_USAGE_READ, 0, 0), -ETIME);
   kdrm_fence_signal(second, 0);
   assert_int_equal(kdrm_resv_wait(&r, KDRM_USAGE_READ, 0, 0), 0);
   kdrm_resv_finish(&r);
   kdrm_fence_put(first);
   kdrm_fence_put(second);
}

static void *
signal_soon(void *fence)
{
   usleep(10000);
   kdrm_fence_signal(fence, 0);
   return NULL;
}

/* The job of the last one has not been submitted: it must not be waited for. */
static void
without_memory_an_earlier_is_waited_for(void **state)
{
   struct kdrm_resv r;
   struct kdrm_fence *f[ARRAY_SIZE(r.first) + 1];
   kdrm_resv_init(&r);
   for (unsigned i = 0; i < ARRAY_SIZE(f); i++)
      f[i] = kdrm_fence_create(0, 1);
   util_svc_fail_every(1);
   for (unsigned i = 0; i < ARRAY_SIZE(r.first); i++)
      kdrm_resv_add(&r, f[i], KDRM_USAGE_WRITE);
   pthread_t t;
   pthread_create(&t, NULL, signal_soon, f[0]);
   kdrm_resv_add(&r, f[ARRAY_SIZE(r.first)], KDRM_USAGE_WRITE);
   util_svc_fail_every(0);
   assert_true(kdrm_fence_is_signalled(f[0]));
   assert_int_equal(kdrm_resv_wait(&r, KDRM_USAGE_READ, 0, 0), -ETIME);
   for (unsigned i = 1; i < ARRAY_SIZE(f); i++) {
      assert_false(kdrm_fence_is_signalled(f[i]));
      kdrm_fence_signal(f[i], 0);
   }
   assert_int_equal(kdrm_resv_wait(&r, KDRM_USAGE_READ, 0, 0), 0);
   pthread_join(t, NULL);
   kdrm_resv_finish(&r);
   for (unsigned i = 0; i < ARRAY_SIZE(f); i++)
      kdrm_fence_put(f[i]);
}

/* --- Range locks --------------------------------------------------------- */

#define CELLS 64

static struct kdrm_rangelock ranges;
static int cell[CELLS];

static void *
range_main(void *arg)
{
   unsigned id = (uintptr_t)arg + 1, seed = test_seed() * 13 + id;
   for (unsigned round = 0; round < 4000; round++) {
      unsigned first = next(&seed) % CELLS;
      unsigned end = first + next(&seed) % MIN2(8, CELLS - first) + 1;
      struct kdrm_range r;
      kdrm_rangelock_lock(&ranges, &r, first, end);
      for (unsigned i = first; i < end; i++) {
         assert_int_equal(cell[i], 0);
         cell[i] = id;
      }
      for (unsigned i = first; i < end; i++) {
         assert_int_equal(cell[i], id);
         cell[i] = 0;
      }
      kdrm_rangelock_unlock(&ranges, &r);
   }
   return NULL;
}

static void
ranges_exclude_what_overlaps(void **state)
{
   struct kdrm_range a, b, c;
   kdrm_rangelock_init(&ranges);
   kdrm_rangelock_lock(&ranges, &a, 10, 20);
   assert_true(kdrm_rangelock_trylock(&ranges, &b, 20, 30));
   assert_false(kdrm_rangelock_trylock(&ranges, &c, 19, 21));
   assert_true(kdrm_rangelock_trylock(&ranges, &c, 0, 10));
   kdrm_rangelock_unlock(&ranges, &a);
   assert_true(kdrm_rangelock_trylock(&ranges, &a, 10, 20));
   kdrm_rangelock_unlock(&ranges, &a);
   kdrm_rangelock_unlock(&ranges, &b);
   kdrm_rangelock_unlock(&ranges, &c);
   pthread_t t[THREADS];
   for (uintptr_t i = 0; i < THREADS; i++)
      pthread_create(&t[i], NULL, range_main, (void *)i);
   for (unsigned i = 0; i < THREADS; i++)
      pthread_join(t[i], NULL);
   kdrm_rangelock_finish(&ranges);
}

/* --- Jobs ---------------------------------------------------------------- */

struct test_job {
   struct kdrm_job base;
   char name;
   struct kdrm_fence *hw;   /* what run returns; referenced, or NULL */
   struct kdrm_fence *room; /* run is asked again after it */
   int error;
};

static char ran[64];
static unsigned freed;

static int
job_run(struct kdrm_job *job, struct kdrm_fence **hw_out)
{
   struct test_job *j = container_of(job, struct test_job, base);
   if (j->room) {
      *hw_out = j->room;
      j->room = NULL;
      return -EAGAIN;
   }
   ran[strlen(ran)] = j->name;
   *hw_out = j->hw;
   return j->error;
}

static void
job_free(struct kdrm_job *job)
{
   freed++;
   free(container_of(job, struct test_job, base));
}

static const struct kdrm_job_ops test_ops = {job_run, job_free};

static struct test_job *
new_job(struct kdrm_entity *e, char name)
{
   struct test_job *j = calloc(1, sizeof(*j));
   assert_int_equal(kdrm_job_init(&j->base, e, &test_ops), 0);
   j->name = name;
   return j;
}

static struct kdrm_fence *
submit(struct test_job *j, struct kdrm_fence *after)
{
   struct kdrm_fence *done = kdrm_fence_get(j->base.finished);
   if (after)
      assert_int_equal(kdrm_job_depend(&j->base, after), 0);
   kdrm_job_submit(&j->base);
   return done;
}

static void
expect_finished(struct kdrm_fence *f, int error)
{
   assert_int_equal(kdrm_fence_wait(f, UINT64_MAX), 0);
   assert_int_equal(f->error, error);
   kdrm_fence_put(f);
}

static void
jobs_wait_and_keep_order(void **state)
{
   struct kdrm_sched s;
   struct kdrm_entity ordered, loose;
   assert_int_equal(kdrm_sched_init(&s, "test-sched"), 0);
   kdrm_entity_init(&ordered, &s, 77, true);
   kdrm_entity_init(&loose, &s, 0, false);
   memset(ran, 0, sizeof(ran));
   freed = 0;
   struct kdrm_fence *gate = kdrm_fence_create(0, 1);
   struct kdrm_fence *hw = kdrm_fence_create(0, 2);
   struct kdrm_fence *room = kdrm_fence_create(0, 3);
   /* a waits; b has nothing to wait for but a; c, of others, does not care. */
   struct kdrm_fence *a = submit(new_job(&ordered, 'a'), gate);
   struct test_job *jb = new_job(&ordered, 'b');
   jb->hw = kdrm_fence_get(hw);
   jb->room = kdrm_fence_get(room);
   struct kdrm_fence *b = submit(jb, NULL);
   expect_finished(submit(new_job(&loose, 'c'), NULL), 0);
   assert_string_equal(ran, "c");
   assert_int_equal(kdrm_fence_wait(a, 0), -ETIME);
   kdrm_fence_signal(gate, -EIO); /* an error before us is not ours */
   expect_finished(a, 0);
   assert_int_equal(kdrm_fence_wait(b, 20000000), -ETIME);
   assert_string_equal(ran, "ca");
   kdrm_fence_signal(room, 0);
   assert_int_equal(kdrm_fence_wait(b, 20000000), -ETIME);
   kdrm_fence_signal(hw, -ENODEV);
   expect_finished(b, -ENODEV);
   assert_string_equal(ran, "cab");
   struct test_job *jd = new_job(&loose, 'd');
   jd->error = -ENOMEM;
   expect_finished(submit(jd, NULL), -ENOMEM);
   /* Given up. */
   struct test_job *je = new_job(&loose, 'e');
   struct kdrm_fence *e = kdrm_fence_get(je->base.finished);
   kdrm_job_give_up(&je->base, -EINVAL);
   expect_finished(e, -EINVAL);
   kdrm_entity_flush(&ordered, UINT64_MAX);
   kdrm_entity_flush(&loose, UINT64_MAX);
   assert_int_equal(freed, 5);
   kdrm_entity_finish(&ordered);
   kdrm_entity_finish(&loose);
   kdrm_sched_finish(&s);
   kdrm_fence_put(gate);
   kdrm_fence_put(hw);
   kdrm_fence_put(room);
}

/* What waits for ever is cancelled when its entity goes. */
static void
flush_cancels(void **state)
{
   struct kdrm_sched s;
   struct kdrm_entity e;
   assert_int_equal(kdrm_sched_init(&s, "test-sched"), 0);
   kdrm_entity_init(&e, &s, 78, true);
   memset(ran, 0, sizeof(ran));
   struct kdrm_fence *never = kdrm_fence_create(0, 1);
   struct kdrm_fence *a = submit(new_job(&e, 'a'), never);
   struct kdrm_fence *b = submit(new_job(&e, 'b'), never);
   kdrm_entity_flush(&e, 1000000);
   expect_finished(a, -ECANCELED);
   expect_finished(b, -ECANCELED);
   assert_string_equal(ran, "");
   kdrm_entity_finish(&e);
   kdrm_sched_finish(&s);
   kdrm_fence_put(never);
}

/* --- Objects of a space -------------------------------------------------- */

static struct kdrm_device dev;

static void
obj_free(struct kdrm_gem_object *obj)
{
   kdrm_gem_finish(obj);
   free(obj);
}

static const struct kdrm_gem_funcs funcs = {.free = obj_free};

static struct kdrm_gem_object *
new_obj(struct kdrm_gem_object *owner)
{
   struct kdrm_gem_object *obj = calloc(1, sizeof(*obj));
   kdrm_gem_init(&dev, obj, &funcs, 4096);
   if (owner)
      kdrm_gem_share_resv(obj, owner);
   return obj;
}

static unsigned validated;
static int validate_ret;

static int
test_validate(struct kdrm_gpuvm_bo *vm_bo, struct kdrm_exec *exec)
{
   assert_true(kdrm_exec_holds(exec, vm_bo->obj->resv));
   validated++;
   if (!validate_ret)
      kdrm_gpuvm_bo_evict(vm_bo->obj, false);
   return validate_ret;
}

static const struct kdrm_gpuvm_ops vm_ops = {.vm_bo_validate = test_validate};

static void
objects_are_tracked(void **state)
{
   static const struct kdrm_driver driver = {.name = "dummy"};
   struct kdrm_gpuvm vm;
   struct kdrm_gpuvm_exec e;
   kdrm_device_init(&dev, &driver, NULL);
   struct kdrm_gem_object *r_obj = new_obj(NULL);
   struct kdrm_gem_object *mine = new_obj(r_obj), *shared = new_obj(NULL);
   kdrm_gpuvm_init(&vm, 0, 1 << 20, &vm_ops, r_obj);
   struct kdrm_gpuvm_bo *a = kdrm_gpuvm_bo_obtain(&vm, mine);
   struct kdrm_gpuvm_bo *b = kdrm_gpuvm_bo_obtain(&vm, shared);
   /* One for the two; a shared object is listed once. */
   assert_ptr_equal(kdrm_gpuvm_bo_obtain(&vm, shared), b);
   kdrm_gpuvm_bo_put(b);
   assert_int_equal(vm.num_extobjs, 1);
   /* All reservations: the private ones are one. */
   assert_int_equal(kdrm_gpuvm_exec_lock(&e, &vm), 0);
   assert_int_equal(e.exec.count, 2);
   assert_true(kdrm_exec_holds(&e.exec, mine->resv));
   assert_true(kdrm_exec_holds(&e.exec, shared->resv));
   struct kdrm_fence *f = kdrm_fence_create(0, 1);
   kdrm_gpuvm_exec_add_fence(&e, f, KDRM_USAGE_WRITE, KDRM_USAGE_READ);
   assert_int_equal(kdrm_resv_wait(mine->resv, KDRM_USAGE_READ, 0, 0), -ETIME);
   assert_int_equal(kdrm_resv_wait(shared->resv, KDRM_USAGE_READ, 0, 0), 0);
   assert_int_equal(kdrm_resv_wait(shared->resv, KDRM_USAGE_WRITE, 0, 0),
                    -ETIME);
   kdrm_fence_signal(f, 0);
   kdrm_fence_put(f);
   /* Nothing evicted: nothing to do. Then each once, until it is back. */
   validated = 0;
   assert_int_equal(kdrm_gpuvm_validate(&e), 0);
   assert_int_equal(validated, 0);
   kdrm_gpuvm_bo_evict(mine, true);
   kdrm_gpuvm_bo_evict(shared, true);
   kdrm_gpuvm_bo_evict(shared, true);
   validate_ret = -ENOMEM;
   assert_int_equal(kdrm_gpuvm_validate(&e), -ENOMEM);
   assert_int_equal(validated, 1); /* stops at the first error */
   validate_ret = 0;
   assert_int_equal(kdrm_gpuvm_validate(&e), 0);
   assert_int_equal(validated, 3);
   assert_int_equal(kdrm_gpuvm_validate(&e), 0);
   assert_int_equal(validated, 3);
   kdrm_gpuvm_bo_evict(shared, true);
   vm.ops = NULL;
   assert_int_equal(kdrm_gpuvm_validate(&e), -EOPNOTSUPP);
   kdrm_gpuvm_exec_unlock(&e);
   /* The last range of an object takes it off all lists. */
   kdrm_gpuvm_bo_put(a);
   kdrm_gpuvm_bo_put(b);
   assert_int_equal(vm.num_extobjs, 0);
   kdrm_gpuvm_finish(&vm);
   kdrm_gem_put(shared);
   kdrm_gem_put(mine);
   kdrm_gem_put(r_obj);
   kdrm_device_finish(&dev);
}

#define SPACES  3
#define OBJECTS 8

static struct {
   struct kdrm_gpuvm vm[SPACES];
   struct kdrm_gem_object *obj[OBJECTS];
   int owner[OBJECTS];
   unsigned retries;
} world;

/* Spaces that share objects are locked whole, while objects come and go. */
static void *
world_main(void *arg)
{
   unsigned id = (uintptr_t)arg, seed = test_seed() * 31 + id;
   struct kdrm_gpuvm *vm = &world.vm[id];
   struct kdrm_gpuvm_bo *used[OBJECTS] = {0};
   for (unsigned round = 0; round < 600; round++) {
      struct kdrm_gpuvm_exec e;
      assert_int_equal(kdrm_gpuvm_exec_lock(&e, vm), 0);
      for (unsigned i = 0; i < OBJECTS; i++) {
         if (!used[i])
            continue;
         assert_true(kdrm_exec_holds(&e.exec, world.obj[i]->resv));
         world.owner[i] = id;
      }
      for (unsigned i = 0; i < OBJECTS; i++)
         assert_true(!used[i] || world.owner[i] == id);
      __atomic_add_fetch(&world.retries, e.exec.retries, __ATOMIC_RELAXED);
      unsigned i = next(&seed) % OBJECTS;
      if (used[i]) {
         kdrm_gpuvm_bo_put(used[i]);
         used[i] = NULL;
      } else {
         used[i] = kdrm_gpuvm_bo_obtain(vm, world.obj[i]);
      }
      kdrm_gpuvm_exec_unlock(&e);
   }
   for (unsigned i = 0; i < OBJECTS; i++)
      kdrm_gpuvm_bo_put(used[i]);
   return NULL;
}

static void
spaces_share_objects(void **state)
{
   static const struct kdrm_driver driver = {.name = "dummy"};
   pthread_t t[SPACES];
   kdrm_device_init(&dev, &driver, NULL);
   for (unsigned i = 0; i < OBJECTS; i++)
      world.obj[i] = new_obj(NULL);
   for (uintptr_t i = 0; i < SPACES; i++) {
      struct kdrm_gem_object *r_obj = new_obj(NULL);
      kdrm_gpuvm_init(&world.vm[i], 0, 4096, NULL, r_obj);
      kdrm_gem_put(r_obj);
   }
   for (uintptr_t i = 0; i < SPACES; i++)
      pthread_create(&t[i], NULL, world_main, (void *)i);
   for (unsigned i = 0; i < SPACES; i++)
      pthread_join(t[i], NULL);
   print_message("%u retries\n", world.retries);
   for (unsigned i = 0; i < SPACES; i++)
      kdrm_gpuvm_finish(&world.vm[i]);
   for (unsigned i = 0; i < OBJECTS; i++)
      kdrm_gem_put(world.obj[i]);
   kdrm_device_finish(&dev);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      cmocka_unit_test(younger_backs_off),
      cmocka_unit_test(many_never_deadlock),
      cmocka_unit_test(bookkeeping_is_for_movers),
      cmocka_unit_test(an_earlier_does_not_replace_a_later),
      cmocka_unit_test(without_memory_an_earlier_is_waited_for),
      cmocka_unit_test(ranges_exclude_what_overlaps),
      cmocka_unit_test(jobs_wait_and_keep_order),
      cmocka_unit_test(flush_cancels),
      cmocka_unit_test(objects_are_tracked),
      cmocka_unit_test(spaces_share_objects),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
