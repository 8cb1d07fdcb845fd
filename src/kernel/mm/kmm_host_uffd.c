/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Device-private pages by userfaultfd (kernel.md §10, hmm-real.md §6).
 *
 * Out: UFFDIO_MOVE takes a page from the program into a slot of the limbo area.
 * It refuses what migration must refuse: pinned, shared with a child, mlocked.
 * The copy engine reads it there; a touch meanwhile is a MISSING fault. Back:
 * the copy engine fills a page of the stage area, UFFDIO_MOVE puts it into
 * place (UFFDIO_COPY where the mapping is not writable any more).
 *
 * Both directions use the one userfaultfd with which the program's ranges are
 * registered, because the kernel refuses (EAGAIN) while an event of that one
 * has not been read: together with mm->lock, under which the reader reads, no
 * page can be taken from or put into a mapping that has replaced the one we
 * knew.
 *
 * The reader never blocks on anything but mm->lock, and whoever holds that
 * waits for nothing. There is no write-protect variant for kernels without MOVE
 * (before 6.8): it could not refuse pinned pages, and its MADV_DONTNEED could
 * hit a new mapping. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/mm/kmm_host_uffd_priv.h"

/* linux/userfaultfd.h of 6.8, which Debian 12's headers lack. */
struct uffd_move {
   uint64_t dst, src, len, mode;
   int64_t move;
};
struct uffd_poison {
   struct uffdio_range range;
   uint64_t mode;
   int64_t updated;
};
#define IOC_MOVE      _IOWR(UFFDIO, 0x05, struct uffd_move)
#define IOC_POISON    _IOWR(UFFDIO, 0x08, struct uffd_poison)
#define FEATURE_MOVE  (1ull << 16)
#define MODE_DONTWAKE 1ull /* the same bit in MOVE and COPY */

/* ---- registration ---- */

int
kmm_uffd_register(struct host_uffd *u, uint64_t start, uint64_t end)
{
   struct uffdio_register r = {
      .range = {start, end - start},
      .mode = UFFDIO_REGISTER_MODE_MISSING,
   };
   return ioctl(u->uffd, UFFDIO_REGISTER, &r) ? -errno : 0;
}

/* Is the mapping at cpu_va registered? REGISTER does not tell: it passes over
 * holes, and what is mapped there a moment later is not registered. A MOVE that
 * has nothing to move does: mappings are checked before pages. Once this says
 * yes, an event tells of each change of the mapping, and until it is read
 * (under mm->lock, which is held) no MOVE succeeds. */
static bool
is_registered(struct host_uffd *u, uint64_t cpu_va)
{
   struct uffd_move m = {
      .dst = cpu_va,
      .src = (uintptr_t)u->nothing,
      .len = KMM_PAGE_SIZE,
      .mode = MODE_DONTWAKE,
   };
   return ioctl(u->uffd, IOC_MOVE, &m) && (errno == ENOENT || errno == EEXIST);
}

static int
watch(struct kmm_host *h, uint64_t start, uint64_t end, uint64_t *end_out)
{
   struct host_uffd *u = uffd_of(h);
   struct kmm_vma vma;
   *end_out = end;
   int err = kmm_uffd_register(u, start, end);
   if (!err)
      err = kmm_host_process_vma_find(h, start, &vma);
   if (err)
      return err;
   if (vma.start > start) {
      *end_out = MIN2(vma.start, end);
      return -ENOENT;
   }
   *end_out = MIN2(vma.end, end);
   return is_registered(u, start) ? 0 : -EAGAIN;
}

void
kmm_uffd_unwatch(struct kmm_host *h, uint64_t start, uint64_t end)
{
   struct uffdio_range r = {start, end - start};
   ioctl(uffd_of(h)->uffd, UFFDIO_UNREGISTER, &r); /* may be unmapped by now */
}

static void
wake(struct kmm_host *h, uint64_t start, uint64_t end)
{
   struct uffdio_range r = {start, end - start};
   ioctl(uffd_of(h)->uffd, UFFDIO_WAKE, &r);
}

static void
fill(struct kmm_host *h, uint64_t cpu_va)
{
   struct uffdio_zeropage z = {.range = {cpu_va, KMM_PAGE_SIZE}};
   /* EEXIST: somebody was faster; EAGAIN: an event is under way; the touch will
    * be repeated and asked again. ENOENT: unmapped, the touch will find that
    * out. */
   if (ioctl(uffd_of(h)->uffd, UFFDIO_ZEROPAGE, &z))
      wake(h, cpu_va, cpu_va + KMM_PAGE_SIZE);
}

static void
poison(struct kmm_host *h, uint64_t cpu_va)
{
   struct uffd_poison p = {.range = {cpu_va, KMM_PAGE_SIZE}};
   if (ioctl(uffd_of(h)->uffd, IOC_POISON, &p))
      wake(h, cpu_va, cpu_va + KMM_PAGE_SIZE);
}

/* ---- moving ---- */

/* Leading pages of the run that are present. */
static unsigned
count_present(struct host_uffd *u, uint64_t va, unsigned n)
{
   uint64_t bits[UTIL_BITSET_WORDS(KMM_MIGRATE_MAX_PG)];
   kmm_host_process_present(&u->proc.base, va, n, bits);
   unsigned i = 0;
   while (i < n && util_bitset_test(bits, i))
      i++;
   return i;
}

/* Moves up to n pages to where nothing is. Pages moved, or -errno of the first
 * page. A range of several mappings is refused as a whole: then fewer are tried.
 * What the call says after a partial move is not to be trusted: Linux 6.18 was
 * seen to move one page more than it told. What is there now has been moved. */
static int
move(struct host_uffd *u, uint64_t dst, uint64_t src, unsigned n)
{
   for (;; n /= 2) {
      struct uffd_move m = {
         .dst = dst,
         .src = src,
         .len = n * KMM_PAGE_SIZE,
         .mode = MODE_DONTWAKE,
      };
      if (!ioctl(u->uffd, IOC_MOVE, &m))
         return n;
      int err = -errno;
      unsigned moved = count_present(u, dst, n);
      if (moved)
         return moved;
      if (err != -EINVAL || n == 1)
         return err;
   }
}

static int
isolate(struct kmm_host *h, int slot, uint64_t cpu_va, unsigned n,
        struct kmm_migrate_page *mig)
{
   struct host_uffd *u = uffd_of(h);
   char *to = kmm_uffd_slot_page(u->limbo, slot, cpu_va);
   int moved = move(u, (uintptr_t)to, cpu_va, n);
   if (moved == -EAGAIN)
      return -EAGAIN;
   if (moved == -ENOENT) {
      /* Never touched, and it cannot be any more without us. */
      mig->isolated = true;
      mig->flags |= KMM_MIGRATE_HOLE;
      return 1;
   }
   mig->busy = moved == -EBUSY; /* pinned or shared; others: mlocked, gone */
   if (moved < 0)
      return 1;
   for (int i = 0; i < moved; i++) {
      mig[i].isolated = true;
      mig[i].bus_va = (uintptr_t)to + i * KMM_PAGE_SIZE;
   }
   return moved;
}

/* Copies a page in; for mappings that are not writable any more. */
static int
copy_in(struct host_uffd *u, uint64_t cpu_va, const char *from)
{
   struct uffdio_copy c = {
      .dst = cpu_va,
      .src = (uintptr_t)from,
      .len = KMM_PAGE_SIZE,
      .mode = MODE_DONTWAKE,
   };
   return ioctl(u->uffd, UFFDIO_COPY, &c) ? -errno : 0;
}

/* n neighbours from `from` to mig->cpu_va. Pages placed or -errno. */
static int
put_pages(struct host_uffd *u, unsigned n, struct kmm_migrate_page *mig)
{
   int moved = move(u, mig->cpu_va, mig->bus_va, n);
   if (moved > 0 || moved == -EAGAIN)
      return moved;
   int err = copy_in(u, mig->cpu_va, (const char *)mig->bus_va);
   return err ? err : 1;
}

static int
restore(struct kmm_host *h, int slot, struct kmm_migrate_page *mig)
{
   if (mig->flags & KMM_MIGRATE_HOLE || !mig->bus_va)
      return 0;
   int n = put_pages(uffd_of(h), 1, mig);
   return n < 0 ? n : 0;
}

static int
place(struct kmm_host *h, int slot, unsigned n, struct kmm_migrate_page *mig)
{
   unsigned run = 1; /* of one area */
   while (run < n && mig[run].bus_va == mig->bus_va + run * KMM_PAGE_SIZE)
      run++;
   return put_pages(uffd_of(h), run, mig);
}

/* ---- the reader ---- */

/* A device's access through a translation that is about to be invalidated,
 * because mremap brought pages here that are away. The invalidate waits for the
 * access, so the access must not wait for the page: it is refused, and asks
 * again. */
static void
send_sigbus(int tid, uint64_t cpu_va)
{
   siginfo_t info = {.si_signo = SIGBUS, .si_code = SI_QUEUE};
   info.si_addr = (void *)cpu_va;
   syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, SIGBUS, &info);
}

/* A service thread that waits for a page which it is to bring back. */
static void
refuse_own_touch(const struct uffd_msg *msg)
{
   char name[16];
   int tid = msg->arg.pagefault.feat.ptid;
   if (!util_svc_find_thread(tid, name))
      return;
   if (util_svc_is_guarded(tid)) {
      send_sigbus(tid, msg->arg.pagefault.address);
      return;
   }
   util_err("kmm",
            "service thread %s touched %#llx, which is away: what it uses must "
            "be service memory (util_svc.h)",
            name, (unsigned long long)msg->arg.pagefault.address);
   abort();
}

static void
take_page_fault(struct host_uffd *u, const struct uffd_msg *msg)
{
   struct kmm_mm *mm = u->proc.base.mm;
   uint64_t va = msg->arg.pagefault.address & KMM_PAGE_MASK;
   assert(!util_svc_contains((void *)va, 1) &&
          "an empty limbo page was touched");
   switch (kmm_touch_missing(mm, va)) {
   case KMM_TOUCH_FILL:
      fill(&u->proc.base, va);
      break;
   case KMM_TOUCH_WAIT:
      refuse_own_touch(msg);
      break;
   }
}

static void
take_message(struct host_uffd *u, const struct uffd_msg *msg)
{
   struct kmm_host *h = &u->proc.base;
   struct kmm_mm *mm = h->mm;
   uint64_t start, end;
   switch (msg->event) {
   case UFFD_EVENT_PAGEFAULT:
      take_page_fault(u, msg);
      return;
   case UFFD_EVENT_REMOVE:
   case UFFD_EVENT_UNMAP:
      start = msg->arg.remove.start;
      end = msg->arg.remove.end;
      kmm_trace(mm, KMM_DEBUG_EVENTS, "%s %#lx..%#lx",
                msg->event == UFFD_EVENT_UNMAP ? "unmap" : "remove", start,
                end);
      kmm_pages_discard(
         mm, start, end,
         msg->event == UFFD_EVENT_UNMAP ? KMM_EVENT_UNMAP : KMM_EVENT_CLEAR);
      break;
   case UFFD_EVENT_REMAP:
      start = msg->arg.remap.from;
      end = start + msg->arg.remap.len;
      kmm_trace(mm, KMM_DEBUG_EVENTS, "remap %#lx..%#lx to %#llx", start, end,
                (unsigned long long)msg->arg.remap.to);
      kmm_pages_remap(mm, start, msg->arg.remap.to, end - start);
      break;
   default:
      return;
   }
   /* Who waited for a page of it finds out what is there now. */
   wake(h, start, end);
}

static void *
reader_main(void *arg)
{
   struct host_uffd *u = arg;
   struct kmm_mm *mm = u->proc.base.mm;
   struct pollfd fds[2] = {{.fd = u->uffd, .events = POLLIN},
                           {.fd = u->stop_fd, .events = POLLIN}};
   for (;;) {
      if (poll(fds, 2, -1) < 0)
         continue;
      if (fds[1].revents)
         return NULL;
      struct uffd_msg msg[16];
      kmm_lock(mm);
      ssize_t n = read(u->uffd, msg, sizeof(msg));
      for (ssize_t i = 0; i < n / (ssize_t)sizeof(msg[0]); i++)
         take_message(u, &msg[i]);
      kmm_unlock(mm);
   }
}

/* ---- life ---- */

static int
open_uffd(void)
{
   int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
   if (fd < 0)
      return -errno;
   const uint64_t want = UFFD_FEATURE_EVENT_REMOVE | UFFD_FEATURE_EVENT_UNMAP |
                         UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_THREAD_ID |
                         FEATURE_MOVE;
   struct uffdio_api api = {.api = UFFD_API, .features = want};
   if (ioctl(fd, UFFDIO_API, &api)) { /* EINVAL: no MOVE */
      int err = -errno;
      close(fd);
      return err;
   }
   return fd;
}

static int
start(struct kmm_host *h, struct kmm_mm *mm)
{
   struct host_uffd *u = uffd_of(h);
   int err = kmm_host_process_exclude_libraries(mm);
   if (err)
      return err;
   err = util_svc_thread_create(&u->reader, "kmm-reader", reader_main, u);
   u->running = !err;
   return err;
}

static void
stop(struct kmm_host *h)
{
   struct host_uffd *u = uffd_of(h);
   if (!u->running)
      return;
   uint64_t one = 1;
   if (write(u->stop_fd, &one, sizeof(one)) != sizeof(one))
      return;
   util_svc_thread_join(u->reader);
   u->running = false;
}

static void
free_areas(struct host_uffd *u)
{
   util_svc_unmap(u->limbo, NUM_SLOTS * SLOT_SIZE);
   util_svc_unmap(u->stage, NUM_SLOTS * SLOT_SIZE);
   util_svc_unmap(u->nothing, KMM_PAGE_SIZE);
}

static void
destroy(struct kmm_host *h)
{
   struct host_uffd *u = uffd_of(h);
   close(u->uffd); /* first: unmapping limbo must not wait for a reader */
   close(u->stop_fd);
   free_areas(u);
   kmm_host_process_finish(&u->proc);
   util_svc_free(u);
}

static void
forked_child(struct kmm_host *h)
{
   close(uffd_of(h)->uffd);
}

static const struct kmm_host_ops ops = {
   .kind = KMM_HOST_UFFD,
   .start = start,
   .stop = stop,
   .destroy = destroy,
   .forked_child = forked_child,
   .vma_find = kmm_host_process_vma_find,
   .populate = kmm_host_process_populate,
   .present = kmm_host_process_present,
   .watch = watch,
   .unwatch = kmm_uffd_unwatch,
   .wake = wake,
   .fill = fill,
   .poison = poison,
   .slot_get = kmm_uffd_slot_get,
   .slot_put = kmm_uffd_slot_put,
   .isolate = isolate,
   .restore = restore,
   .stage = kmm_uffd_stage,
   .place = place,
};

int
kmm_host_uffd_create(uint64_t debug, struct kmm_host **host_out)
{
   struct host_uffd *u = util_svc_alloc(sizeof(*u));
   if (!u)
      return -ENOMEM;
   u->proc.base.ops = &ops;
   u->debug = debug;
   pthread_mutex_init(&u->slot_lock, NULL);
   pthread_cond_init(&u->slot_free, NULL);
   int err = kmm_host_process_init(&u->proc);
   if (err)
      goto free_u;
   err = u->uffd = open_uffd();
   if (err < 0)
      goto finish_process;
   u->stop_fd = eventfd(0, EFD_CLOEXEC);
   err = -errno;
   if (u->stop_fd < 0)
      goto close_uffd;
   u->limbo = util_svc_map(NUM_SLOTS * SLOT_SIZE);
   u->stage = util_svc_map(NUM_SLOTS * SLOT_SIZE);
   u->nothing = util_svc_map(KMM_PAGE_SIZE);
   err = -ENOMEM;
   if (!u->limbo || !u->stage || !u->nothing)
      goto unmap;
   /* A child would share what is left there. */
   madvise(u->limbo, NUM_SLOTS * SLOT_SIZE, MADV_DONTFORK);
   err = kmm_uffd_register(u, (uintptr_t)u->limbo,
                           (uintptr_t)u->limbo + NUM_SLOTS * SLOT_SIZE);
   if (err)
      goto unmap;
   *host_out = &u->proc.base;
   return 0;
unmap:
   free_areas(u);
   close(u->stop_fd);
close_uffd:
   close(u->uffd);
finish_process:
   kmm_host_process_finish(&u->proc);
free_u:
   util_svc_free(u);
   return err;
}
