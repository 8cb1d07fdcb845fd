/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Operations on pages of one's own, among everybody else's. */
#include "stress.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the model ---- */

uint32_t
stress_word(const struct model *m, unsigned i)
{
   uint32_t v = m->seed ? m->seed * 2654435761u + i * 40503u : 0;
   for (uint32_t k = 0; k < m->steps; k++)
      v = v * 3 + i + 1;
   return v;
}

static uint32_t *
at(const struct stress *s, unsigned page)
{
   return (uint32_t *)(s->arena + (size_t)page * PAGE);
}

void
stress_check_page(const struct stress *s, unsigned page)
{
   const struct model *m = &s->models[page];
   const volatile uint32_t *p = at(s, page);
   for (unsigned i = 0; i < PAGE_WORDS; i++) {
      uint32_t is = p[i], want = stress_word(m, i);
      if (is != want)
         stress_fail("page %u (%p) word %u is %#x, must be %#x (seed %#x, "
                     "%u steps; now it reads %#x)",
                     page, (void *)p, i, is, want, m->seed, m->steps, p[i]);
   }
}

void
stress_fill_page(struct stress *s, unsigned page, uint32_t seed)
{
   struct model *m = &s->models[page];
   m->seed = seed | 1;
   m->steps = 0;
   for (unsigned i = 0; i < PAGE_WORDS; i++)
      at(s, page)[i] = stress_word(m, i);
}

/* ---- operations; each leaves page and model in step ---- */

static void
make_usable(struct stress *s, unsigned page)
{
   struct model *m = &s->models[page];
   if (!m->mapped) {
      void *p = mmap(at(s, page), PAGE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
      if (p != at(s, page))
         stress_fail("mmap: %s", strerror(errno));
      *m = (struct model){.mapped = true, .writable = true};
   }
   if (!m->writable && mprotect(at(s, page), PAGE, PROT_READ | PROT_WRITE))
      stress_fail("mprotect: %s", strerror(errno));
   m->writable = true;
}

static void
op_touch(struct worker *w, unsigned page)
{
   if (w->s->models[page].mapped)
      stress_check_page(w->s, page);
   make_usable(w->s, page);
   stress_fill_page(w->s, page, stress_random(w, UINT32_MAX));
}

static void
op_verify(struct worker *w, unsigned page)
{
   if (w->s->models[page].mapped)
      stress_check_page(w->s, page);
}

static void
op_unmap(struct worker *w, unsigned page)
{
   if (munmap(at(w->s, page), PAGE))
      stress_fail("munmap: %s", strerror(errno));
   w->s->models[page] = (struct model){0};
}

static void
op_renew(struct worker *w, unsigned page)
{
   void *p = mmap(at(w->s, page), PAGE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
   if (p == MAP_FAILED)
      stress_fail("mmap: %s", strerror(errno));
   w->s->models[page] = (struct model){.mapped = true, .writable = true};
}

static void
op_clear(struct worker *w, unsigned page)
{
   make_usable(w->s, page);
   if (madvise(at(w->s, page), PAGE, MADV_DONTNEED))
      stress_fail("madvise: %s", strerror(errno));
   w->s->models[page].seed = w->s->models[page].steps = 0;
   stress_check_page(w->s, page);
}

static void
op_protect(struct worker *w, unsigned page)
{
   make_usable(w->s, page);
   if (mprotect(at(w->s, page), PAGE, PROT_READ))
      stress_fail("mprotect: %s", strerror(errno));
   w->s->models[page].writable = false;
   stress_check_page(w->s, page);
}

/* Away and back: the content goes along, from VRAM too. */
static void
op_move(struct worker *w, unsigned page)
{
   make_usable(w->s, page);
   void *away = at(w->s, w->s->num_pages + w->nr);
   void *p =
      mremap(at(w->s, page), PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, away);
   if (p == MAP_FAILED)
      stress_fail("mremap: %s", strerror(errno));
   const uint32_t *there = p;
   unsigned i = stress_random(w, PAGE_WORDS);
   uint32_t is = there[i], want = stress_word(&w->s->models[page], i);
   if (is != want)
      stress_fail("page %u moved to %p: word %u is %#x, must be %#x", page, p,
                  i, is, want);
   p = mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at(w->s, page));
   if (p == MAP_FAILED)
      stress_fail("mremap back: %s", strerror(errno));
   stress_check_page(w->s, page);
}

static cl_int
run_step(struct worker *w, unsigned page, unsigned times)
{
   size_t n = PAGE_WORDS, local = 64;
   stress_cl(clSetKernelArgSVMPointer(w->step, 0, at(w->s, page)), "argument");
   for (unsigned i = 0; i < times; i++)
      stress_cl(clEnqueueNDRangeKernel(w->queue, w->step, 1, NULL, &n, &local,
                                       0, NULL, NULL),
                "launch");
   return clFinish(w->queue);
}

static void
op_kernel(struct worker *w, unsigned page)
{
   unsigned times = 1 + stress_random(w, 4);
   make_usable(w->s, page);
   stress_cl(run_step(w, page, times), "step");
   w->s->models[page].steps += times;
   stress_check_page(w->s, page);
   if (w->s->models[page].steps > 64) /* the check gets slow */
      stress_fill_page(w->s, page, stress_random(w, UINT32_MAX));
}

/* The GPU must not get what the program has not, and the queue goes on. */
static void
op_wild(struct worker *w, unsigned page)
{
   cl_event ev;
   cl_int status = 0;
   size_t n = PAGE_WORDS;
   if (stress_random(w, 8))
      return;
   op_unmap(w, page);
   stress_cl(clSetKernelArgSVMPointer(w->step, 0, at(w->s, page)), "argument");
   stress_cl(clEnqueueNDRangeKernel(w->queue, w->step, 1, NULL, &n, NULL, 0,
                                    NULL, &ev),
             "wild launch");
   clWaitForEvents(1, &ev);
   stress_cl(clGetEventInfo(ev, CL_EVENT_COMMAND_EXECUTION_STATUS,
                            sizeof(status), &status, NULL),
             "status");
   clReleaseEvent(ev);
   if (status >= 0)
      stress_fail("a kernel used page %u, which is not mapped", page);
}

/* A child has what its parent had, and keeps it. */
static void
op_fork(struct worker *w, unsigned page)
{
   struct stress *s = w->s;
   if (stress_random(w, 16) || atomic_flag_test_and_set(&s->forking))
      return;
   make_usable(s, page);
   pid_t pid = fork();
   if (pid < 0)
      stress_fail("fork: %s", strerror(errno));
   if (!pid) {
      for (unsigned p = w->nr; p < s->num_pages; p += s->num_workers)
         if (s->models[p].mapped)
            stress_check_page(s, p);
      stress_fill_page(s, page, 77);
      _exit(0);
   }
   if (s->models[page].mapped)
      stress_check_page(s, page);
   int status;
   if (waitpid(pid, &status, 0) != pid || status)
      stress_fail("the child of worker %u ended with %#x", w->nr, status);
   atomic_flag_clear(&s->forking);
}

static void
op_system_call(struct worker *w, unsigned page)
{
   int ends[2];
   char back[PAGE];
   make_usable(w->s, page);
   if (pipe(ends))
      stress_fail("pipe: %s", strerror(errno));
   if (write(ends[1], at(w->s, page), PAGE) != PAGE ||
       read(ends[0], back, PAGE) != PAGE)
      stress_fail("page %u through a pipe: %s", page, strerror(errno));
   for (unsigned i = 0; i < PAGE_WORDS; i++)
      if (((uint32_t *)back)[i] != stress_word(&w->s->models[page], i))
         stress_fail("page %u word %u came wrong through a pipe", page, i);
   close(ends[0]);
   close(ends[1]);
}

static const struct {
   const char *name;
   void (*fn)(struct worker *w, unsigned page);
} operations[] = {
   {"touch", op_touch}, {"verify", op_verify}, {"unmap", op_unmap},
   {"renew", op_renew}, {"clear", op_clear},   {"protect", op_protect},
   {"move", op_move},   {"kernel", op_kernel}, {"kernel", op_kernel},
   {"wild", op_wild},   {"fork", op_fork},     {"pipe", op_system_call},
};
#define NUM_OPERATIONS (sizeof(operations) / sizeof(*operations))

/* STRESS_ONLY=touch,move,...: to find out which it takes. */
static bool
is_wanted(unsigned op)
{
   const char *only = getenv("STRESS_ONLY");
   return !only || strstr(only, operations[op].name);
}

void *
stress_pages(void *arg)
{
   struct worker *w = arg;
   struct stress *s = w->s;
   worker_open(w);
   while (!s->stop) {
      unsigned own =
         (s->num_pages - w->nr + s->num_workers - 1) / s->num_workers;
      unsigned page = w->nr + stress_random(w, own) * s->num_workers;
      unsigned op = stress_random(w, NUM_OPERATIONS);
      if (!is_wanted(op))
         continue;
      operations[op].fn(w, page);
      w->done[op]++;
      s->operations++;
   }
   for (unsigned p = w->nr; p < s->num_pages; p += s->num_workers)
      if (s->models[p].mapped)
         stress_check_page(s, p);
   worker_close(w);
   return NULL;
}
