/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_report.h"

#include "ocl_maps.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "pipe/p_screen.h"
#include "util/util_list.h"
#include "util/util_rb.h"

#define PAGE_B 4096u
/* Faults on one range from which on prefetching is worth a word. [guess] */
#define HINT_FAULTS 4

enum count {
   FAULT_READ,
   FAULT_WRITE,
   FAULT_ATOMIC,
   FAULT_PREFETCH,
   TO_DEVICE_PAGES,
   TO_HOST_PAGES,
   PING_PONG_PAGES,
   CANCELS,
   NUM_COUNTS,
};

/* A range of memory, or a kind of memory: where an event is booked. */
struct account {
   struct util_list link;    /* report->accounts, oldest first */
   struct util_rb_node node; /* report->ranges, while the range lives */
   bool is_range;
   char name[80];
   uint64_t address, size_B; /* ranges only */
   bool hinted;              /* the application asked for migration */
   uint64_t count[NUM_COUNTS];
};

/* A page that has been on the device and came back. */
struct travelled {
   struct util_rb_node node; /* key: page address */
   bool back;                /* it is at home again */
   bool counted;             /* as ping-pong */
};

struct ocl_report {
   struct util_list accounts;
   struct util_rb ranges;
   struct util_rb pages;
   struct account total;
   uint64_t replays, lost;
   struct ocl_maps maps;
};

/* ---- accounts ---- */

static struct account *
add_account(struct ocl_report *r)
{
   struct account *a = calloc(1, sizeof(*a));

   if (a)
      util_list_add_tail(&a->link, &r->accounts);
   return a;
}

static struct account *
find_range(struct ocl_report *r, uint64_t address)
{
   struct util_rb_node *n = util_rb_floor(&r->ranges, address);
   struct account *a = n ? container_of(n, struct account, node) : NULL;

   return a && address - a->address < a->size_B ? a : NULL;
}

/* A page counts for the range that has any byte in it. */
static struct account *
find_range_in_page(struct ocl_report *r, uint64_t page)
{
   struct account *a = find_range(r, page);
   struct util_rb_node *n = util_rb_ceil(&r->ranges, page);

   if (a || !n || n->key >= page + PAGE_B)
      return a;
   return container_of(n, struct account, node);
}

static struct account *
find_other(struct ocl_report *r, uint64_t address)
{
   const struct ocl_mapping *m = ocl_maps_find(&r->maps, address);
   const char *name = m ? m->name : "[not mapped]";

   util_list_for_each(struct account, a, &r->accounts, link) {
      if (!a->is_range && !strcmp(a->name, name))
         return a;
   }
   struct account *a = add_account(r);
   if (a)
      snprintf(a->name, sizeof(a->name), "%s", name);
   return a;
}

void
ocl_report_add_range(struct ocl_report *r, const char *kind, const void *ptr,
                     uint64_t size_B)
{
   if (!r)
      return;
   struct account *a = add_account(r);
   if (a) {
      a->is_range = true;
      a->address = a->node.key = (uintptr_t)ptr;
      a->size_B = size_B;
      snprintf(a->name, sizeof(a->name), "%s", kind);
      util_rb_insert(&r->ranges, &a->node);
   }
}

void
ocl_report_remove_range(struct ocl_report *r, const void *ptr)
{
   if (!r)
      return;
   struct util_rb_node *n = util_rb_find(&r->ranges, (uintptr_t)ptr);
   if (n)
      util_rb_remove(&r->ranges, n);
}

void
ocl_report_migrate_hint(struct ocl_report *r, const void *ptr, uint64_t size_B)
{
   if (!r)
      return;
   struct account *a = find_range(r, (uintptr_t)ptr);
   if (a)
      a->hinted = true;
}

/* ---- events ---- */

/* True if this journey to the device makes the page a ping-pong page. */
static bool
page_to_device(struct ocl_report *r, uint64_t page)
{
   struct util_rb_node *n = util_rb_find(&r->pages, page);

   if (!n) {
      struct travelled *t = calloc(1, sizeof(*t));
      if (t) {
         t->node.key = page;
         util_rb_insert(&r->pages, &t->node);
      }
      return false;
   }
   struct travelled *t = container_of(n, struct travelled, node);
   bool first = t->back && !t->counted;
   t->counted |= t->back;
   t->back = false;
   return first;
}

static void
page_to_host(struct ocl_report *r, uint64_t page)
{
   struct util_rb_node *n = util_rb_find(&r->pages, page);

   if (n)
      container_of(n, struct travelled, node)->back = true;
}

static void
book(struct ocl_report *r, uint64_t page, enum count what)
{
   struct account *a = find_range_in_page(r, page);

   if (!a)
      a = find_other(r, page);
   if (a)
      a->count[what]++;
   r->total.count[what]++;
}

static void
book_page_move(struct ocl_report *r, uint64_t page, bool to_device)
{
   book(r, page, to_device ? TO_DEVICE_PAGES : TO_HOST_PAGES);
   if (!to_device)
      page_to_host(r, page);
   else if (page_to_device(r, page))
      book(r, page, PING_PONG_PAGES);
}

void
ocl_report_take_event(struct ocl_report *r, const struct pipe_svm_event *ev)
{
   if (!r)
      return;
   switch (ev->kind) {
   case PIPE_SVM_FAULT_READ:
      book(r, ev->address, FAULT_READ);
      break;
   case PIPE_SVM_FAULT_WRITE:
      book(r, ev->address, FAULT_WRITE);
      break;
   case PIPE_SVM_FAULT_ATOMIC:
      book(r, ev->address, FAULT_ATOMIC);
      break;
   case PIPE_SVM_FAULT_PREFETCH:
      book(r, ev->address, FAULT_PREFETCH);
      break;
   case PIPE_SVM_CANCEL:
      book(r, ev->address, CANCELS);
      break;
   case PIPE_SVM_REPLAY:
      r->replays++;
      break;
   case PIPE_SVM_LOST:
      r->lost += ev->pages;
      break;
   case PIPE_SVM_INVALIDATE:
      break;
   case PIPE_SVM_MIGRATE_TO_DEVICE:
   case PIPE_SVM_MIGRATE_TO_HOST:
      for (uint64_t i = 0; i < ev->pages; i++)
         book_page_move(r, ev->address + i * PAGE_B,
                        ev->kind == PIPE_SVM_MIGRATE_TO_DEVICE);
      break;
   }
}

/* ---- printing ---- */

static void
print_count(FILE *out, const char *what, uint64_t n)
{
   if (n)
      fprintf(out, ", %" PRIu64 " %s", n, what);
}

static uint64_t
faults(const struct account *a)
{
   return a->count[FAULT_READ] + a->count[FAULT_WRITE] + a->count[FAULT_ATOMIC];
}

static void
print_counts(FILE *out, const struct account *a)
{
   const uint64_t *c = a->count;
   uint64_t moved = c[TO_DEVICE_PAGES] + c[TO_HOST_PAGES];

   fprintf(out,
           "   %" PRIu64 " faults (%" PRIu64 " read, %" PRIu64
           " write, %" PRIu64 " atomic)",
           faults(a), c[FAULT_READ], c[FAULT_WRITE], c[FAULT_ATOMIC]);
   print_count(out, "prefetch faults", c[FAULT_PREFETCH]);
   print_count(out, "cancelled", c[CANCELS]);
   fprintf(out,
           "; pages to the device %" PRIu64 ", to the host %" PRIu64
           ", %" PRIu64 " KiB moved",
           c[TO_DEVICE_PAGES], c[TO_HOST_PAGES], moved * PAGE_B / 1024);
   print_count(out, "ping-pong pages", c[PING_PONG_PAGES]);
   fprintf(out, "\n");
}

static void
print_account(FILE *out, const struct account *a)
{
   if (a->is_range)
      fprintf(out, "%s 0x%" PRIx64 ", %" PRIu64 " bytes\n", a->name, a->address,
              a->size_B);
   else
      fprintf(out, "other memory: %s\n", a->name);
   print_counts(out, a);
   if (a->is_range && !a->hinted && faults(a) >= HINT_FAULTS)
      fprintf(
         out,
         "   hint: clEnqueueSVMMigrateMem before the first kernel that uses it "
         "would have saved up to %" PRIu64 " faults\n",
         faults(a));
}

static bool
is_silent(const struct account *a)
{
   for (unsigned i = 0; i < NUM_COUNTS; i++)
      if (a->count[i])
         return false;
   return true;
}

void
ocl_report_print(struct ocl_report *r, FILE *out)
{
   unsigned silent = 0;

   fprintf(out, "partage: shared virtual memory report\n");
   util_list_for_each(struct account, a, &r->accounts, link) {
      if (is_silent(a))
         silent++;
      else
         print_account(out, a);
   }
   if (silent)
      fprintf(out, "%u more without any event\n", silent);
   fprintf(out, "total, %" PRIu64 " replays\n", r->replays);
   print_counts(out, &r->total);
   if (r->lost)
      fprintf(out, "%" PRIu64 " events were lost: the counts are too low\n",
              r->lost);
}

/* ---- life ---- */

struct ocl_report *
ocl_report_create(void)
{
   struct ocl_report *r = calloc(1, sizeof(*r));

   if (!r)
      return NULL;
   util_list_init(&r->accounts);
   return r;
}

void
ocl_report_destroy(struct ocl_report *r)
{
   struct util_rb_node *n;

   if (!r)
      return;
   util_list_for_each_safe(struct account, a, &r->accounts, link)
      free(a);
   while ((n = util_rb_first(&r->pages))) {
      util_rb_remove(&r->pages, n);
      free(container_of(n, struct travelled, node));
   }
   ocl_maps_finish(&r->maps);
   free(r);
}
