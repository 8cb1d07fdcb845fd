/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Statements that make, change and take away memory. */
#include "svm_scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "util/util_sanitize.h"

static int
take_protection(struct run *r)
{
   if (take_if(r, "none"))
      return PROT_NONE;
   if (take_if(r, "ro"))
      return PROT_READ;
   take_if(r, "rw");
   return PROT_READ | PROT_WRITE;
}

static struct region *
new_region(struct run *r)
{
   struct region *g = &r->regions[r->num_regions++];
   if (r->num_regions > MAX_REGIONS)
      stop(r, "too many regions");
   snprintf(g->name, sizeof(g->name), "%s", take(r));
   g->pages = take_number(r);
   g->fd = -1;
   want(r, "pages");
   return g;
}

static int
new_file(struct run *r, const struct region *g)
{
   FILE *f = tmpfile();
   int fd = f ? fileno(f) : -1;
   if (fd < 0 || ftruncate(fd, g->pages * PAGE))
      stop(r, "no file");
   return fd;
}

static void *
map_at(void *at, const struct region *g, int prot, int flags)
{
   return mmap(at, g->pages * PAGE, prot, flags | (at ? MAP_FIXED : 0), g->fd,
               0);
}

/* At 2 MiB; whole huge pages, if wished and the host grants them. */
static void *
map_aligned(const struct region *g, int prot, bool advise)
{
   size_t huge = 512 * PAGE, size = g->pages * PAGE;
   char *p =
      mmap(NULL, size + huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
   if (p == MAP_FAILED)
      return p;
   char *at = (char *)(((uintptr_t)p + huge - 1) & ~(huge - 1));
   mprotect(at, size, prot);
   if (advise)
      madvise(at, size, MADV_HUGEPAGE);
   return at;
}

/* The program's own userfaultfd: who touches a missing page gets `fill`. */
struct filler {
   int uffd;
   uint32_t fill;
};

static void *
filler_main(void *arg)
{
   struct filler *f = arg;
   uint32_t *page = calloc(1, PAGE);
   *page = f->fill;
   struct uffd_msg msg;
   while (read(f->uffd, &msg, sizeof(msg)) == sizeof(msg)) {
      struct uffdio_copy c = {
         .dst = msg.arg.pagefault.address & ~(PAGE - 1ull),
         .src = (uintptr_t)page,
         .len = PAGE,
      };
      ioctl(f->uffd, UFFDIO_COPY, &c);
   }
   return NULL;
}

static void
watch(struct run *r, const struct region *g, uint32_t fill)
{
   struct filler *f = calloc(1, sizeof(*f));
   struct uffdio_api api = {.api = UFFD_API};
   struct uffdio_register reg = {.range = {(uintptr_t)g->at, g->pages * PAGE},
                                 .mode = UFFDIO_REGISTER_MODE_MISSING};
   pthread_t thread;
   f->fill = fill;
   f->uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
   if (f->uffd < 0)
      skip_scenario(r, "userfaultfd is not granted");
   if (ioctl(f->uffd, UFFDIO_API, &api) ||
       ioctl(f->uffd, UFFDIO_REGISTER, &reg) ||
       pthread_create(&thread, NULL, filler_main, f))
      stop(r, "userfaultfd: %s", strerror(errno));
}

/* map NAME N pages [aligned|huge|hugetlb|uffd V|shared|memfd|file|private]
 * [rw|ro|none] (private: of a file) */
void
do_map(struct run *r)
{
   struct region *g = new_region(r);
   int flags = MAP_PRIVATE | MAP_ANONYMOUS;
   bool huge = take_if(r, "huge"), aligned = take_if(r, "aligned");
   bool hugetlb = take_if(r, "hugetlb");
   bool uffd = take_if(r, "uffd");
   uint32_t fill = uffd ? take_number(r) : 0;
   if (take_if(r, "shared")) {
      flags = MAP_SHARED | MAP_ANONYMOUS;
   } else if (take_if(r, "memfd")) {
      flags = MAP_SHARED;
      g->fd = memfd_create("scenario", 0);
      if (g->fd < 0 || ftruncate(g->fd, g->pages * PAGE))
         stop(r, "no memfd");
   } else if (take_if(r, "file")) {
      flags = MAP_SHARED;
      g->fd = new_file(r, g);
   } else if (take_if(r, "private")) {
      flags = MAP_PRIVATE;
      g->fd = new_file(r, g);
   } else if (hugetlb) {
      flags |= MAP_HUGETLB;
   }
   int prot = take_protection(r);
   g->at = huge || aligned ? map_aligned(g, prot, huge)
                           : map_at(NULL, g, prot, flags);
   if (g->at == MAP_FAILED && hugetlb)
      skip_scenario(r, "no huge pages are set aside (vm.nr_hugepages)");
   if (g->at == MAP_FAILED)
      stop(r, "mmap failed");
   if (uffd)
      watch(r, g, fill);
}

/* alias NAME N pages REGION: the same file at another address */
void
do_alias(struct run *r)
{
   struct region *g = new_region(r);
   take_pages(r);
   g->fd = r->region->fd;
   g->at = map_at(NULL, g, PROT_READ | PROT_WRITE, MAP_SHARED);
   if (g->fd < 0 || g->at == MAP_FAILED)
      stop(r, "not of a file");
}

/* svm NAME N pages: with clSVMAlloc, the only memory that may be migrated by
 * hint */
void
do_svm(struct run *r)
{
   struct region *g = new_region(r);
   g->at = clSVMAlloc(
      r->context, CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER,
      g->pages * PAGE, 2 * PAGE); /* more than a page: a mapping of its own */
   if (!g->at)
      stop(r, "clSVMAlloc failed");
}

/* heap NAME N pages: with malloc, at an odd address, neighbours around it */
void
do_heap(struct run *r)
{
   struct region *g = new_region(r);
   if (g->pages * PAGE >= 100000)
      stop(r, "that much would not come from the heap");
   g->heap = true;
   g->at = malloc(g->pages * PAGE);
   memset(g->at, 0, g->pages * PAGE);
}

/* munmap; where another mapping would appear there at once, that is kept out. */
void
unmap_for_good(void *at, size_t size)
{
#if UTIL_HAS_ASAN || UTIL_HAS_TSAN
   /* A sanitizer maps memory all the time, and takes what has become free. */
   mmap(at, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
#else
   munmap(at, size);
#endif
}

void
do_munmap(struct run *r)
{
   take_pages(r);
   unmap_for_good(page_at(r, 0), (size_t)r->count * PAGE);
}

/* remap PAGES: unmapped and mapped anew */
void
do_renew(struct run *r)
{
   take_pages(r);
   mmap(page_at(r, 0), (size_t)r->count * PAGE, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

void
do_protect(struct run *r)
{
   take_pages(r);
   mprotect(page_at(r, 0), (size_t)r->count * PAGE, take_protection(r));
}

void
do_clear(struct run *r)
{
   take_pages(r);
   madvise(page_at(r, 0), (size_t)r->count * PAGE, MADV_DONTNEED);
}

/* move PAGES to REGION PAGE [keep]; keep: MREMAP_DONTUNMAP */
void
do_move(struct run *r)
{
   take_pages(r);
   char *from = page_at(r, 0);
   size_t size = (size_t)r->count * PAGE;
   want(r, "to");
   take_pages(r);
   int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
   if (take_if(r, "keep"))
      flags |= MREMAP_DONTUNMAP;
   if (mremap(from, size, size, flags, page_at(r, 0)) == MAP_FAILED)
      stop(r, "mremap failed: %s", strerror(errno));
}

void
do_lock(struct run *r)
{
   take_pages(r);
   if (mlock(page_at(r, 0), (size_t)r->count * PAGE))
      stop(r, "mlock failed");
}

/* pin PAGES: for long, as RDMA and io_uring do; unpin */
void
do_pin(struct run *r)
{
   uint32_t params[30] = {0};
   take_pages(r);
   struct iovec iov = {page_at(r, 0), (size_t)r->count * PAGE};
   r->pin_ring = syscall(425 /* io_uring_setup */, 4, params);
   if (r->pin_ring < 0 || syscall(427 /* io_uring_register */, r->pin_ring,
                                  0 /* BUFFERS */, &iov, 1))
      skip_scenario(r, "io_uring is not granted");
}

void
do_unpin(struct run *r)
{
   close(r->pin_ring);
   usleep(100000); /* the kernel lets go behind our back */
}

/* forget REGION: unmapped, and the name is free again */
void
do_forget(struct run *r)
{
   take_pages(r);
   munmap(r->region->at, r->region->pages * PAGE);
   *r->region = r->regions[--r->num_regions];
}

/* free PAGES: MADV_FREE */
void
do_free(struct run *r)
{
   take_pages(r);
   madvise(page_at(r, 0), (size_t)r->count * PAGE, MADV_FREE);
}

/* wp PAGES: write-protected by a userfaultfd of the program, and let go of
 * again */
void
do_wp(struct run *r)
{
   take_pages(r);
   int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
   if (fd < 0)
      return; /* not granted: nothing happens to the pages */
   struct uffdio_api api = {.api = UFFD_API};
   struct uffdio_range at = {(uintptr_t)page_at(r, 0),
                             (uint64_t)r->count * PAGE};
   struct uffdio_register reg = {.range = at, .mode = UFFDIO_REGISTER_MODE_WP};
   struct uffdio_writeprotect wp = {.range = at,
                                    .mode = UFFDIO_WRITEPROTECT_MODE_WP};
   ioctl(fd, UFFDIO_API, &api);
   /* -EBUSY: the driver's userfaultfd is there before us. */
   if (!ioctl(fd, UFFDIO_REGISTER, &reg)) {
      ioctl(fd, UFFDIO_WRITEPROTECT, &wp);
      wp.mode = 0;
      ioctl(fd, UFFDIO_WRITEPROTECT, &wp);
      ioctl(fd, UFFDIO_UNREGISTER, &at);
   }
   close(fd);
}

/* vdso NAME: the kernel's page in this process */
void
do_vdso(struct run *r)
{
   struct region *g = &r->regions[r->num_regions++];
   *g = (struct region){.pages = 1, .fd = -1};
   snprintf(g->name, sizeof(g->name), "%s", take(r));
   g->at = (char *)getauxval(AT_SYSINFO_EHDR);
   if (!g->at)
      skip_scenario(r, "no vdso");
}
