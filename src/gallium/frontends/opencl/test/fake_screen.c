/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Memory, capabilities and the composition root of the tests. */
#include "fake_clc.h"
#include "fake_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../opencl.h"

struct fake_config fake_config = {.num_devices = 1};

static struct fake_screen *screens[4];

/* The memory's address lies behind the struct; user_ptr is for what the CPU may
 * use. */
static struct pipe_resource *
new_resource(struct pipe_screen *screen, uint64_t size, void *memory,
             void *user_ptr)
{
   struct pipe_resource *res = calloc(1, sizeof(*res) + 2 * sizeof(void *));

   res->screen = screen;
   res->refcount = 1;
   res->width0_B = size;
   res->user_ptr = user_ptr;
   ((char **)(res + 1))[0] = memory ? memory : user_ptr;
   ((char **)(res + 1))[1] = memory;
   __atomic_add_fetch(&fake_cast(screen)->resources_alive, 1, __ATOMIC_RELAXED);
   return res;
}

static struct pipe_resource *
resource_create(struct pipe_screen *screen, uint64_t size,
                enum pipe_resource_usage usage, uint32_t flags)
{
   return new_resource(screen, size, malloc(size), NULL);
}

static struct pipe_resource *
resource_from_user(struct pipe_screen *screen, void *ptr, uint64_t size)
{
   return screen->caps.svm_system ? new_resource(screen, size, NULL, ptr)
                                  : NULL;
}

/* The first has the memory. */
static int
resource_create_svm(struct pipe_screen *const *screens, unsigned n,
                    uint64_t size, uint64_t align, struct pipe_resource **res)
{
   if (n > 1 && fake_config.svm_apart)
      return -EXDEV;
   void *p = aligned_alloc(align, util_align(size, align));
   res[0] = new_resource(screens[0], size, p, p);
   for (unsigned i = 1; i < n; i++)
      res[i] = new_resource(screens[i], size, NULL, p);
   return 0;
}

static void
resource_destroy(struct pipe_screen *screen, struct pipe_resource *res)
{
   __atomic_sub_fetch(&fake_cast(screen)->resources_alive, 1, __ATOMIC_RELAXED);
   free(((char **)(res + 1))[1]);
   free(res);
}

static uint64_t
get_address(struct pipe_screen *screen, struct pipe_resource *res)
{
   return (uintptr_t)fake_place(res, 0, 0);
}

static uint64_t
timestamp(struct pipe_screen *screen)
{
   return util_time_ns();
}

static int
migrate(struct pipe_screen *screen, const void *ptr, size_t size,
        bool to_device, bool undefined, uint64_t *moved)
{
   struct fake_screen *s = fake_cast(screen);

   pthread_mutex_lock(&s->lock);
   s->migrations++;
   pthread_mutex_unlock(&s->lock);
   return 0;
}

void
fake_add_event(struct fake_screen *s, enum pipe_svm_event_kind kind,
               const void *address, uint64_t pages)
{
   pthread_mutex_lock(&s->lock);
   s->events[s->num_events++] = (struct pipe_svm_event){
      .kind = kind,
      .address = util_align_down((uintptr_t)address, 4096),
      .pages = pages,
      .cause = ""};
   pthread_mutex_unlock(&s->lock);
}

static unsigned
take_events(struct pipe_screen *screen, struct pipe_svm_event *events,
            unsigned max)
{
   struct fake_screen *s = fake_cast(screen);

   pthread_mutex_lock(&s->lock);
   unsigned n = MIN2(max, s->num_events);
   memcpy(events, s->events, n * sizeof(*events));
   memmove(s->events, s->events + n, (s->num_events - n) * sizeof(*events));
   s->num_events -= n;
   pthread_mutex_unlock(&s->lock);
   return n;
}

static void
screen_destroy(struct pipe_screen *screen)
{
   struct fake_screen *s = fake_cast(screen);

   pthread_mutex_lock(&s->lock);
   s->stop = true;
   pthread_cond_broadcast(&s->cond);
   pthread_mutex_unlock(&s->lock);
   pthread_join(s->thread, NULL);
   free(s);
}

static const struct pipe_caps caps = {
   .name = "Fake device",
   .vendor = "Test",
   .vendor_id = 0x10de,
   .chipset = 0x134,
   .max_compute_units = 20,
   .max_clock_mhz = 1733,
   .global_mem_B = 1ull << 33,
   .max_alloc_B = 1ull << 32,
   .max_threads_per_block = 1024,
   .max_block = {1024, 1024, 64},
   .max_grid = {0x7fffffff, 65535, 65535},
   .shared_mem_B = 48 << 10,
   .max_private_B = 512 << 10,
   .max_args_B = 4096,
   .max_const_B = 64 << 10,
   .subgroup_size = 32,
   .cache_line_B = 128,
   .cache_B = 2 << 20,
   .address_bits = 64,
   .fp64 = true,
   .int64_atomics = true,
   .svm_note = "",
   .timer_resolution_ns = 1,
   .driver_version = "1",
};

static struct pipe_screen *
make_screen(unsigned number)
{
   struct fake_screen *s = calloc(1, sizeof(*s));

   s->base = (struct pipe_screen){
      .caps = caps,
      .destroy = screen_destroy,
      .context_create = fake_context_create,
      .resource_create = resource_create,
      .resource_from_user_memory = resource_from_user,
      .resource_create_svm = resource_create_svm,
      .resource_destroy = resource_destroy,
      .resource_get_address = get_address,
      .compile = fake_compile,
      .check_binary = fake_check_binary,
      .fence_reference = fake_fence_reference,
      .fence_finish = fake_fence_finish,
      .fence_get_times = fake_fence_times,
      .fence_get_error = fake_fence_error,
      .get_timestamp = timestamp,
      .svm_migrate = migrate,
      .svm_events = take_events,
   };
   s->base.caps.svm_system = fake_config.svm_system;
   bool has_svm = !fake_config.svm_first_only || number == 0;
   s->base.caps.svm_buffer = fake_config.svm_buffer && has_svm;
   s->base.caps.svm_atomics = fake_config.svm_atomics;
   pthread_mutex_init(&s->lock, NULL);
   pthread_cond_init(&s->cond, NULL);
   util_list_init(&s->jobs);
   s->open = true;
   pthread_create(&s->thread, NULL, fake_screen_main, s);
   return &s->base;
}

struct fake_screen *
fake_screen(unsigned i)
{
   return screens[i];
}

/* ---- the composition root of the tests ---- */

static unsigned
create_screens(struct pipe_screen **out, unsigned max)
{
   for (unsigned i = 0; i < fake_config.num_devices; i++) {
      out[i] = make_screen(i);
      screens[i] = fake_cast(out[i]);
   }
   return fake_config.num_devices;
}

static const struct clc_ops *
get_clc(const char **why_out)
{
   *why_out = "told not to";
   return fake_config.no_compiler ? NULL : &fake_clc;
}

static bool
has_clc(void)
{
   return !fake_config.no_compiler;
}

const struct opencl_env opencl_env = {create_screens, get_clc, has_clc};
