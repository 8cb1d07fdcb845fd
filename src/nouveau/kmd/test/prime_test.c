/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Buffers that two cards of one machine share: the answers of the PRIME calls,
 * fences of the one seen by the other, and lives that end in any order. */
#include "uvmm_rig.h"

#include <fcntl.h>

struct cards {
   struct kmd_machine *machine;
   struct ctx c[2];
};

static struct ctx
card_of(struct kmd_machine *machine, unsigned index)
{
   struct kmd_config config;
   kmd_config_from_env(&config);
   config.machine = machine;
   config.index = index;
   config.vram_B = TEST_VRAM_B;
   config.sm_count = 2;
   config.host_threads = 2;
   struct ctx c;
   assert_int_equal(kmd_create(&config, &c.kmd), 0);
   c.file = test_open(c.kmd);
   assert_int_equal(vm_init(c.kmd, c.file, KERNEL_VA, KERNEL_B), 0);
   return c;
}

static int
setup_cards(void **state)
{
   struct cards *s = calloc(1, sizeof(*s));
   assert_int_equal(kmd_machine_create(&s->machine), 0);
   for (unsigned i = 0; i < 2; i++)
      s->c[i] = card_of(s->machine, i);
   *state = s;
   return 0;
}

static void
lose_card(struct ctx *c)
{
   assert_int_equal(kmd_close(c->kmd, c->file), 0);
   kmd_destroy(c->kmd);
   c->kmd = NULL;
}

static int
teardown_cards(void **state)
{
   struct cards *s = *state;
   for (unsigned i = 0; i < 2; i++)
      if (s->c[i].kmd)
         lose_card(&s->c[i]);
   kmd_machine_put(s->machine);
   free(s);
   return 0;
}

static int
export_flags(struct ctx *c, uint32_t handle, uint32_t flags, int *fd_out)
{
   struct drm_prime_handle a = {.handle = handle, .flags = flags};
   int ret = kmd_ioctl(c->kmd, c->file, DRM_IOCTL_PRIME_HANDLE_TO_FD, &a);
   *fd_out = a.fd;
   return ret;
}

static int export(struct ctx *c, uint32_t handle)
{
   int fd;
   assert_int_equal(export_flags(c, handle, O_CLOEXEC | O_RDWR, &fd), 0);
   return fd;
}

static int
import(struct ctx *c, int fd, uint32_t *handle_out)
{
   struct drm_prime_handle a = {.fd = fd};
   int ret = kmd_ioctl(c->kmd, c->file, DRM_IOCTL_PRIME_FD_TO_HANDLE, &a);
   *handle_out = a.handle;
   return ret;
}

/* The buffer of one card, mapped by the other at `gpu_va`. */
static uint32_t
share(struct ctx *from, uint32_t handle, struct ctx *to, uint64_t gpu_va)
{
   uint32_t copy;
   int fd = export(from, handle);
   assert_int_equal(import(to, fd, &copy), 0);
   assert_int_equal(kmd_close(from->kmd, fd), 0);
   assert_int_equal(
      bind1(to, DRM_NOUVEAU_VM_BIND_OP_MAP, copy, gpu_va, 0, 65536), 0);
   return copy;
}

static void
answers(void **state)
{
   struct cards *s = *state;
   struct ctx *a = &s->c[0], *b = &s->c[1];
   struct test_bo bo = test_bo(a->kmd, a->file, 65536, GART), vram, mine;
   uint32_t handle, again;
   int fd;
   struct drm_get_cap cap = {.capability = DRM_CAP_PRIME};
   assert_int_equal(kmd_ioctl(a->kmd, a->file, DRM_IOCTL_GET_CAP, &cap), 0);
   assert_int_equal(cap.value, DRM_PRIME_CAP_IMPORT | DRM_PRIME_CAP_EXPORT);
   assert_int_equal(export_flags(a, 999, 0, &fd), -ENOENT);
   assert_int_equal(export_flags(a, bo.handle, 1, &fd), -EINVAL);
   assert_int_equal(import(b, -1, &handle), -EBADF);
   assert_int_equal(import(b, a->file, &handle), -EBADF);
   assert_int_equal(try_bo(a->kmd, a->file, 4096,
                           GART | NOUVEAU_GEM_DOMAIN_NO_SHARE, 0, &mine),
                    0);
   assert_int_equal(export_flags(a, mine.handle, 0, &fd), -EPERM);
   assert_int_equal(try_bo(a->kmd, a->file, 4096, VRAM, 0, &vram), 0);
   fd = export(a, vram.handle);
   assert_int_equal(import(b, fd, &handle), -EINVAL);
   assert_int_equal(kmd_close(b->kmd, fd), 0); /* whoever closes it */
   assert_int_equal(kmd_close(a->kmd, fd), -EBADF);
   fd = export(a, bo.handle);
   assert_int_equal(import(a, fd, &handle), 0);
   assert_int_equal(handle, bo.handle);
   assert_int_equal(import(b, fd, &handle), 0);
   assert_int_equal(import(b, fd, &again), 0);
   assert_int_equal(handle, again);
   int back = export(b, handle); /* the copy stands for the original */
   assert_int_equal(import(a, back, &again), 0);
   assert_int_equal(again, bo.handle);
   assert_int_equal(kmd_close(a->kmd, back), 0);
   struct drm_nouveau_gem_info info = {.handle = handle};
   assert_int_equal(
      kmd_ioctl(b->kmd, b->file, DRM_IOCTL_NOUVEAU_GEM_INFO, &info), 0);
   assert_int_equal(info.size, 65536);
   assert_int_equal(info.domain, NOUVEAU_GEM_DOMAIN_GART);
   void *cpu = kmd_mmap(b->kmd, NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED,
                        b->file, info.map_handle);
   assert_ptr_not_equal(cpu, MAP_FAILED);
   ((uint32_t *)bo.cpu)[77] = 42;
   assert_int_equal(((uint32_t *)cpu)[77], 42);
   assert_int_equal(kmd_munmap(b->kmd, cpu, 65536), 0);
   assert_int_equal(gem_close(b->kmd, b->file, handle), 0);
   test_bo_free(a->kmd, a->file, &bo);
   /* fd stays open: the card's end closes it */
}

/* Another machine's descriptor means nothing. */
static void
not_of_this_machine(void **state)
{
   struct cards *s = *state;
   struct ctx other = card_of(NULL, 0);
   struct test_bo bo = test_bo(s->c[0].kmd, s->c[0].file, 65536, GART);
   uint32_t handle;
   assert_int_equal(import(&other, export(&s->c[0], bo.handle), &handle),
                    -EBADF);
   lose_card(&other);
   test_bo_free(s->c[0].kmd, s->c[0].file, &bo);
}

/* Both write to it, each at an address of its own; and what the one has under
 * way keeps the other's CPU_PREP waiting. */
static void
both_write(void **state)
{
   struct cards *s = *state;
   struct ctx *a = &s->c[0], *b = &s->c[1];
   struct test_bo bo = mapped_bo(a, 65536, GART, 4 * USER_VA);
   uint32_t copy = share(a, bo.handle, b, 5 * USER_VA);
   struct test_bo push_a = mapped_bo(a, 4096, GART, USER_VA);
   struct test_bo push_b = mapped_bo(b, 4096, GART, USER_VA);
   int chan_a = test_channel(a->kmd, a->file);
   int chan_b = test_channel(b->kmd, b->file);
   uint32_t *words = bo.cpu;
   assert_int_equal(write_word(a, chan_a, &push_a, bo.gpu_va, 1), 0);
   assert_int_equal(write_word(b, chan_b, &push_b, 5 * USER_VA + 4, 2), 0);
   assert_int_equal(words[0], 1);
   assert_int_equal(words[1], 2);
   uint32_t done = syncobj(b);
   host_semaphore(push_b.cpu, 5 * USER_VA + 8, 7, NV_HOST_SEM_ACQUIRE);
   assert_int_equal(exec(b, chan_b, &push_b, 0, 5, 0, done), 0);
   assert_int_equal(
      cpu_prep(a->kmd, a->file, bo.handle,
               NOUVEAU_GEM_CPU_PREP_WRITE | NOUVEAU_GEM_CPU_PREP_NOWAIT),
      -EBUSY);
   __atomic_store_n(&words[2], 7, __ATOMIC_RELEASE);
   assert_int_equal(wait_syncobj(b, done), 0);
   assert_int_equal(
      cpu_prep(a->kmd, a->file, bo.handle, NOUVEAU_GEM_CPU_PREP_WRITE), 0);
   assert_int_equal(gem_close(b->kmd, b->file, copy), 0);
   test_bo_free(b->kmd, b->file, &push_b);
   test_bo_free(a->kmd, a->file, &push_a);
   test_bo_free(a->kmd, a->file, &bo);
}

/* The memory outlives its card while another has it. */
static void
lender_goes_first(void **state)
{
   struct cards *s = *state;
   struct ctx *a = &s->c[0], *b = &s->c[1];
   struct test_bo bo = test_bo(a->kmd, a->file, 65536, GART);
   ((uint32_t *)bo.cpu)[5] = 55;
   uint32_t copy = share(a, bo.handle, b, 5 * USER_VA);
   test_bo_free(a->kmd, a->file, &bo);
   lose_card(a);
   struct test_bo push = mapped_bo(b, 4096, GART, USER_VA);
   int chan = test_channel(b->kmd, b->file);
   assert_int_equal(write_word(b, chan, &push, 5 * USER_VA, 9), 0);
   struct drm_nouveau_gem_info info = {.handle = copy};
   assert_int_equal(
      kmd_ioctl(b->kmd, b->file, DRM_IOCTL_NOUVEAU_GEM_INFO, &info), 0);
   uint32_t *cpu = kmd_mmap(b->kmd, NULL, 65536, PROT_READ | PROT_WRITE,
                            MAP_SHARED, b->file, info.map_handle);
   assert_int_equal(cpu[0], 9);
   assert_int_equal(cpu[5], 55);
   assert_int_equal(kmd_munmap(b->kmd, cpu, 65536), 0);
   test_bo_free(b->kmd, b->file, &push);
}

#define TEST_CARDS(fn)                                                         \
   cmocka_unit_test_setup_teardown(fn, setup_cards, teardown_cards)

int
main(void)
{
   const struct CMUnitTest tests[] = {
      TEST_CARDS(answers),
      TEST_CARDS(not_of_this_machine),
      TEST_CARDS(both_write),
      TEST_CARDS(lender_goes_first),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
