/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Several clients of one card: one whose pages take long delays nobody else,
 * and what is replayed for one is not replayed for another. */
#include "svm_rig.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

/* A page that the program itself fills, when it likes. */
struct slow {
   struct ctx *client;
   uint32_t *page;
   int uffd, ret;
};

static bool
make_slow(struct slow *s)
{
   struct uffdio_api api = {.api = UFFD_API};
   s->page = pages(1);
   s->uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
   struct uffdio_register reg = {.range = {(uintptr_t)s->page, PAGE},
                                 .mode = UFFDIO_REGISTER_MODE_MISSING};
   return s->uffd >= 0 && !ioctl(s->uffd, UFFDIO_API, &api) &&
          !ioctl(s->uffd, UFFDIO_REGISTER, &reg);
}

static void *
use_slow(void *arg)
{
   struct slow *s = arg;
   s->ret = run(s->client, increment, 64, 4, s->page);
   return NULL;
}

static void
await_touch(struct slow *s)
{
   struct uffd_msg msg;
   assert_int_equal(read(s->uffd, &msg, sizeof(msg)), sizeof(msg));
   assert_int_equal(msg.event, UFFD_EVENT_PAGEFAULT);
}

static void
fill_slow(struct slow *s)
{
   struct uffdio_zeropage z = {.range = {(uintptr_t)s->page, PAGE}};
   assert_int_equal(ioctl(s->uffd, UFFDIO_ZEROPAGE, &z), 0);
}

static void
slow_client_delays_itself_only(struct ctx *c)
{
   struct ctx other = *c;
   other.file = test_open(c->kmd);
   other.hole = c->hole;
   assert_int_equal(svm_init(c->kmd, other.file, c->hole, HOLE_B), 0);
   other.chan = test_channel(c->kmd, other.file);
   other.push = test_bo(c->kmd, other.file, 65536, GART);
   other.data = test_bo(c->kmd, other.file, DATA_B, VRAM);
   struct slow s = {.client = &other};
   if (!make_slow(&s)) {
      print_message("userfaultfd is not granted\n");
      goto end;
   }
   pthread_t thread;
   pthread_create(&thread, NULL, use_slow, &s);
   await_touch(&s);
   take_events(&other);
   /* Faults, replays, migrations of the first client meanwhile. */
   uint32_t *p = aligned_pages(256);
   uint64_t moved;
   for (unsigned round = 1; round <= 5; round++) {
      assert_int_equal(run(c, increment, 256, PAGE, p), 0);
      assert_int_equal(bind(c, p, 256, round % 2, &moved), 0);
      assert_int_equal(p[255 * 1024], round);
      munmap(p + 1024, PAGE);
      assert_ptr_equal(mmap(p + 1024, PAGE, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
                       p + 1024);
   }
   assert_true(take_events(c).replays >= 1);
   /* Nothing of it was a reason to ask again here. */
   struct counts n = take_events(&other);
   assert_int_equal(n.faults, 0);
   assert_int_equal(n.replays, 0);
   fill_slow(&s);
   pthread_join(thread, NULL);
   assert_int_equal(s.ret, 0);
   assert_int_equal(s.page[63], 1);
   munmap(p, 256 * PAGE);
end:
   close(s.uffd);
   munmap(s.page, PAGE);
   test_bo_free(c->kmd, other.file, &other.push);
   test_bo_free(c->kmd, other.file, &other.data);
   assert_int_equal(kmd_close(c->kmd, other.file), 0);
}

/* Many launches with faults of two clients at once: none starves. */
struct loop {
   struct ctx *client;
   uint32_t *p;
   unsigned rounds;
};

static void *
fault_on(void *arg)
{
   struct loop *l = arg;
   for (unsigned i = 0; i < 20; i++) {
      if (run(l->client, increment, 512, PAGE, l->p))
         break;
      l->rounds++;
      madvise(l->p, 512 * PAGE, MADV_DONTNEED);
   }
   return NULL;
}

static void
both_come_to_their_turn(struct ctx *c)
{
   struct ctx other = *c;
   other.file = test_open(c->kmd);
   assert_int_equal(svm_init(c->kmd, other.file, c->hole, HOLE_B), 0);
   other.chan = test_channel(c->kmd, other.file);
   other.push = test_bo(c->kmd, other.file, 65536, GART);
   other.data = test_bo(c->kmd, other.file, DATA_B, VRAM);
   struct loop l[2] = {{c, aligned_pages(512)}, {&other, aligned_pages(512)}};
   pthread_t t[2];
   for (unsigned i = 0; i < 2; i++)
      pthread_create(&t[i], NULL, fault_on, &l[i]);
   for (unsigned i = 0; i < 2; i++) {
      pthread_join(t[i], NULL);
      assert_int_equal(l[i].rounds, 20);
      munmap(l[i].p, 512 * PAGE);
   }
   test_bo_free(c->kmd, other.file, &other.push);
   test_bo_free(c->kmd, other.file, &other.data);
   assert_int_equal(kmd_close(c->kmd, other.file), 0);
}

int
main(void)
{
   const struct CMUnitTest tests[] = {
      SCENE(slow_client_delays_itself_only, BETTER),
      SCENE(slow_client_delays_itself_only, BETTER, NOUFFD),
      SCENE(both_come_to_their_turn, BETTER),
      SCENE(both_come_to_their_turn, BETTER, 0, MIGRATE),
      SCENE(both_come_to_their_turn, UPSTREAM),
   };
   return cmocka_run_group_tests(tests, NULL, NULL);
}
