/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "test_host.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

char *
host_map_app(size_t size_B)
{
   char *p = mmap(NULL, size_B, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   assert_true(p != MAP_FAILED);
   return p;
}

static int
setup(void **state, bool no_uffd)
{
   struct fixture *f = calloc(1, sizeof(*f));
   struct kmm_config config = {.no_uffd = no_uffd};
   config.debug = util_flags_from_env("KMM_DEBUG", kmm_debug_flags);
   assert_int_equal(kmm_mm_create(&config, &f->mm), 0);
   f->uffd = kmm_mm_host_kind(f->mm) == KMM_HOST_UFFD;
   f->dev = test_dev_create(f->mm);
   f->app_B = 4 << 20;
   f->app = host_map_app(f->app_B);
   test_dev_mirror(f->dev, f->app, f->app_B);
   *state = f;
   alarm(60);
   return 0;
}

int
host_setup_uffd(void **state)
{
   return setup(state, false);
}

int
host_setup_coherent(void **state)
{
   return setup(state, true);
}

int
host_teardown(void **state)
{
   struct fixture *f = *state;
   munmap(f->app, f->app_B);
   unsigned used = test_dev_destroy(f->dev);
   kmm_mm_destroy(f->mm);
   free(f);
   alarm(0);
   if (used)
      print_error("%u device pages leaked\n", used);
   return used ? -1 : 0;
}

void
host_need_uffd(struct fixture *f)
{
   if (!f->uffd)
      skip();
}

unsigned
host_count_present(const void *p, unsigned n)
{
   uint64_t entry;
   unsigned present = 0;
   int fd = open("/proc/self/pagemap", O_RDONLY);
   for (unsigned i = 0; i < n; i++) {
      assert_int_equal(pread(fd, &entry, 8, ((uintptr_t)p / PG + i) * 8), 8);
      present += entry >> 63;
   }
   close(fd);
   return present;
}

void
host_fill(char *p, unsigned n)
{
   for (unsigned i = 0; i < n; i++)
      memset(p + i * PG, 1 + i % 250, PG);
}

void
host_check(const char *p, unsigned n)
{
   for (unsigned i = 0; i < n; i++) {
      assert_int_equal((unsigned char)p[i * PG], 1 + i % 250);
      assert_int_equal((unsigned char)p[i * PG + PG - 1], 1 + i % 250);
   }
}

struct kmm_stats
host_stats(struct fixture *f)
{
   struct kmm_stats s;
   kmm_mm_get_stats(f->mm, &s);
   return s;
}

void
host_settle(struct fixture *f, unsigned device_pages)
{
   for (unsigned i = 0; i < 500 && host_stats(f).device_pages != device_pages;
        i++)
      usleep(2000);
   for (unsigned i = 0; i < 500 && test_dev_used(f->dev) != device_pages; i++)
      usleep(2000);
   assert_int_equal(host_stats(f).device_pages, device_pages);
   assert_int_equal(test_dev_used(f->dev), device_pages);
}
