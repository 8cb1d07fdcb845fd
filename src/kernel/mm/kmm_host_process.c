/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "kernel/mm/kmm_host_process.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif

/* linux/fs.h of 6.11, which Debian 12's headers lack. */
struct procmap_query {
   uint64_t size, query_flags, query_addr;
   uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
   uint32_t dev_major, dev_minor, vma_name_size, build_id_size;
   uint64_t vma_name_addr, build_id_addr;
};
#define PROCMAP_QUERY          _IOWR('f', 17, struct procmap_query)
#define QUERY_READABLE         0x01
#define QUERY_WRITABLE         0x02
#define QUERY_EXECUTABLE       0x04
#define QUERY_SHARED           0x08
#define QUERY_COVERING_OR_NEXT 0x10

int
kmm_host_process_init(struct kmm_host_process *h)
{
   h->maps_fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
   if (h->maps_fd < 0)
      return -errno;
   h->pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
   if (h->pagemap_fd < 0) {
      int err = -errno;
      close(h->maps_fd);
      return err;
   }
   return 0;
}

void
kmm_host_process_finish(struct kmm_host_process *h)
{
   close(h->maps_fd);
   close(h->pagemap_fd);
}

/* ---- mappings ---- */

static uint32_t
vma_flags(bool r, bool w, bool x, bool shared, bool has_inode)
{
   uint32_t f = 0;
   f |= r ? KMM_VMA_READ : 0;
   f |= w ? KMM_VMA_WRITE : 0;
   f |= x ? KMM_VMA_EXEC : 0;
   f |= shared ? KMM_VMA_SHARED : 0;
   f |= !shared && !has_inode ? KMM_VMA_ANON : 0;
   return f;
}

static int
query(struct kmm_host_process *h, uint64_t cpu_va, struct kmm_vma *vma_out)
{
   struct procmap_query q = {
      .size = sizeof(q),
      .query_flags = QUERY_COVERING_OR_NEXT,
      .query_addr = cpu_va,
   };
   if (ioctl(h->maps_fd, PROCMAP_QUERY, &q))
      return -errno;
   vma_out->start = q.vma_start;
   vma_out->end = q.vma_end;
   uint64_t f = q.vma_flags;
   vma_out->flags = vma_flags(f & QUERY_READABLE, f & QUERY_WRITABLE,
                              f & QUERY_EXECUTABLE, f & QUERY_SHARED, q.inode);
   if (q.vma_page_size > KMM_PAGE_SIZE)
      vma_out->flags |= KMM_VMA_HUGETLB;
   return 0;
}

/* One line of maps: "start-end rwxp offset dev inode name". */
static void
parse_line(const char *line, struct kmm_vma *vma_out)
{
   char *p;
   vma_out->start = strtoull(line, &p, 16);
   vma_out->end = strtoull(p + 1, &p, 16);
   const char *perm = p + 1;
   p += 6;
   strtoull(p, &p, 16);    /* offset */
   p = strchr(p + 1, ' '); /* dev */
   uint64_t inode = p ? strtoull(p, &p, 10) : 0;
   vma_out->flags = vma_flags(perm[0] == 'r', perm[1] == 'w', perm[2] == 'x',
                              perm[3] == 's', inode);
}

static int
parse_maps(struct kmm_host_process *h, uint64_t cpu_va, struct kmm_vma *vma_out)
{
   char buf[8192];
   size_t have = 0;
   off_t at = 0;
   for (;;) {
      ssize_t n = pread(h->maps_fd, buf + have, sizeof(buf) - 1 - have, at);
      if (n <= 0)
         return n < 0 ? -errno : -ENOENT;
      at += n;
      have += n;
      buf[have] = 0;
      char *line = buf, *nl;
      for (; (nl = strchr(line, '\n')); line = nl + 1) {
         *nl = 0;
         parse_line(line, vma_out);
         if (vma_out->end > cpu_va)
            return 0;
      }
      have -= line - buf;
      memmove(buf, line, have);
   }
}

int
kmm_host_process_vma_find(struct kmm_host *host, uint64_t cpu_va,
                          struct kmm_vma *vma_out)
{
   struct kmm_host_process *h =
      container_of(host, struct kmm_host_process, base);
   if (!h->no_query) {
      int err = query(h, cpu_va, vma_out);
      if (err != -ENOTTY && err != -EINVAL)
         return err;
      h->no_query = true;
   }
   return parse_maps(h, cpu_va, vma_out);
}

/* ---- pages ---- */

/* Reads a byte of each page. Enough for writes as well: whether the mapping may
 * be written is known, and the host does copy on write when the device stores. */
static int
touch_pages(uint64_t start, uint64_t end)
{
   for (uint64_t va = start; va < end; va += KMM_PAGE_SIZE) {
      char byte;
      struct iovec to = {&byte, 1}, from = {(void *)va, 1};
      if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != 1)
         return -EFAULT;
   }
   return 0;
}

int
kmm_host_process_populate(struct kmm_host *host, uint64_t start, uint64_t end,
                          bool write)
{
   struct kmm_host_process *h =
      container_of(host, struct kmm_host_process, base);
   while (!h->no_populate) {
      if (!madvise((void *)start, end - start,
                   write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ))
         return 0;
      switch (errno) {
      case EINTR:
         continue;
      case EAGAIN:
         return -EAGAIN;
      case EINVAL: {
         /* Not this mapping, or not this kernel? Ask on a page that is fine. */
         char here;
         void *own = (void *)util_align_down((uintptr_t)&here, KMM_PAGE_SIZE);
         if (!madvise(own, KMM_PAGE_SIZE, MADV_POPULATE_READ))
            return -EFAULT;
         h->no_populate = true;
         break;
      }
      case ENOMEM: {
         struct kmm_vma vma;
         bool hole = kmm_host_process_vma_find(host, start, &vma) ||
                     vma.start > start || vma.end < end ||
                     !(vma.flags & (KMM_VMA_READ | KMM_VMA_WRITE));
         return hole ? -EFAULT : -ENOMEM;
      }
      default:
         return -EFAULT;
      }
   }
   return touch_pages(start, end);
}

void
kmm_host_process_present(struct kmm_host *host, uint64_t start, unsigned n,
                         uint64_t *bits_out)
{
   struct kmm_host_process *h =
      container_of(host, struct kmm_host_process, base);
   uint64_t entry[KMM_MIGRATE_MAX_PG];
   assert(n <= KMM_MIGRATE_MAX_PG);
   memset(bits_out, 0, UTIL_BITSET_WORDS(n) * 8);
   ssize_t got = pread(h->pagemap_fd, entry, n * sizeof(entry[0]),
                       (start >> KMM_PAGE_SHIFT) * sizeof(entry[0]));
   const uint64_t present = 1ull << 63, swapped = 1ull << 62;
   for (unsigned i = 0; i < n && (ssize_t)((i + 1) * 8) <= got; i++)
      if (entry[i] & (present | swapped))
         util_bitset_set(bits_out, i);
}

/* ---- libraries ---- */

struct library_walk {
   struct kmm_mm *mm;
   unsigned index;
   int err;
};

/* Libraries' data (.bss is anonymous memory) is touched by service threads:
 * libc's at least. The program's own .bss may move, unless this code is linked
 * into it. */
static int
exclude_library(struct dl_phdr_info *info, size_t size, void *data)
{
   struct library_walk *w = data;
   bool is_program = w->index++ == 0;
   uint64_t start = UINT64_MAX, end = 0, self = (uintptr_t)&exclude_library;
   for (unsigned i = 0; i < info->dlpi_phnum; i++) {
      const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
      if (ph->p_type != PT_LOAD)
         continue;
      start = MIN2(start, info->dlpi_addr + ph->p_vaddr);
      end = MAX2(end, info->dlpi_addr + ph->p_vaddr + ph->p_memsz);
   }
   if (start < end && (!is_program || (self >= start && self < end)))
      w->err = kmm_mm_exclude(w->mm, start, end, KMM_EXCLUDE_MIGRATE);
   return w->err;
}

int
kmm_host_process_exclude_libraries(struct kmm_mm *mm)
{
   struct library_walk w = {.mm = mm};
   dl_iterate_phdr(exclude_library, &w);
   /* Variables of libc that may lie in the program by copy relocation. */
   const void *copied[] = {&stdin, &stdout, &stderr, &environ};
   for (unsigned i = 0; i < ARRAY_SIZE(copied) && !w.err; i++)
      w.err = kmm_mm_exclude(mm, (uintptr_t)copied[i], (uintptr_t)copied[i] + 8,
                             KMM_EXCLUDE_MIGRATE);
   return w.err;
}
