/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "util/util_trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/util_log.h"

#define MODULE     "trace"
#define WINDOW_B   (1u << 20)
#define MAX_B      (1ull << 30)
#define MAX_LINE_B 1536
#define MAX_TRACKS 256

static const char head[] =
   "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"producer\":\"partage\","
   "\"version\":1},\"traceEvents\":[";
static const char tail[] = "\n]}\n";
#define TAIL_B (sizeof(tail) - 1)

struct track {
   unsigned group;
   uint64_t last_ns; /* nothing begins before */
};

struct util_trace {
   pthread_mutex_t lock;
   char path[4096];
   int fd;
   pid_t pid; /* a child leaves the file alone */
   uint64_t start_ns, max_B;
   char *window; /* of the file, WINDOW_B at window_off */
   uint64_t window_off;
   uint64_t pos; /* end of the last event */
   bool any, broken;
   uint64_t dropped;
   struct track tracks[MAX_TRACKS];
   unsigned num_tracks; /* 0 is nobody's */
};

/* ---- the file ---- */

/* Maps what comes after `pos`. The space is had from the disk first: a full
 * disk must not become a signal. */
static bool
move_window(struct util_trace *t)
{
   uint64_t page = sysconf(_SC_PAGESIZE);
   uint64_t off = util_align_down(t->pos, page);
   int err = posix_fallocate(t->fd, off, WINDOW_B);

   if (t->window)
      munmap(t->window, WINDOW_B);
   t->window = NULL;
   void *p = err ? MAP_FAILED
                 : mmap(NULL, WINDOW_B, PROT_READ | PROT_WRITE, MAP_SHARED,
                        t->fd, off);
   if (p == MAP_FAILED) {
      util_err(MODULE, "%s: %s: no more is written", t->path,
               strerror(err ? err : errno));
      t->broken = true;
      return false;
   }
   t->window = p;
   t->window_off = off;
   uint64_t used = t->pos - off;
   memset(t->window + used, ' ', WINDOW_B - used);
   return true;
}

/* The comma that joins the line to the list comes last, so that a reader finds
 * the list closed at almost any moment. */
static void
append_locked(struct util_trace *t, const char *line, size_t size_B)
{
   uint64_t need = t->pos + size_B + 2 + TAIL_B;

   if (t->broken || need > t->max_B) {
      t->dropped++;
      return;
   }
   if (need > t->window_off + WINDOW_B && !move_window(t))
      return;
   char *at = t->window + (t->pos - t->window_off);
   size_t join = t->any ? 2 : 1; /* comma, new line */
   memcpy(at + join + size_B, tail, TAIL_B);
   memcpy(at + join, line, size_B);
   at[join - 1] = '\n';
   if (t->any)
      at[0] = ',';
   t->any = true;
   t->pos += join + size_B;
}

static int
open_file(struct util_trace *t)
{
   int fd = open(t->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

   if (fd < 0 || !flock(fd, LOCK_EX | LOCK_NB))
      return fd;
   close(fd);
   size_t len = strlen(t->path);
   snprintf(t->path + len, sizeof(t->path) - len, ".%d", (int)t->pid);
   fd = open(t->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
   if (fd >= 0)
      flock(fd, LOCK_EX | LOCK_NB);
   return fd;
}

static bool
start_file(struct util_trace *t)
{
   t->fd = open_file(t);
   if (t->fd < 0 || ftruncate(t->fd, 0)) {
      util_err(MODULE, "%s: %s", t->path, strerror(errno));
      return false;
   }
   if (!move_window(t))
      return false;
   memcpy(t->window, head, sizeof(head) - 1);
   memcpy(t->window + sizeof(head) - 1, tail, TAIL_B);
   t->pos = sizeof(head) - 1;
   return true;
}

static void
set_path(struct util_trace *t, const char *path)
{
   size_t n = 0;

   for (; *path && n + 16 < sizeof(t->path); path++) {
      if (path[0] == '%' && path[1] == 'p') {
         n += sprintf(t->path + n, "%d", (int)t->pid);
         path++;
      } else {
         t->path[n++] = *path;
      }
   }
   t->path[n] = 0;
}

struct util_trace *
util_trace_create(const char *path, uint64_t max_B)
{
   struct util_trace *t = calloc(1, sizeof(*t));

   if (!t)
      return NULL;
   t->pid = getpid();
   t->start_ns = util_time_ns();
   t->max_B = max_B ? max_B : MAX_B;
   t->num_tracks = 1;
   pthread_mutex_init(&t->lock, NULL);
   set_path(t, path);
   if (start_file(t))
      return t;
   if (t->fd >= 0)
      close(t->fd);
   free(t);
   return NULL;
}

const char *
util_trace_path(const struct util_trace *t)
{
   return t->path;
}

void
util_trace_destroy(struct util_trace *t)
{
   if (!t || getpid() != t->pid)
      return;
   if (t->window)
      munmap(t->window, WINDOW_B);
   if (ftruncate(t->fd, t->pos + TAIL_B))
      util_err(MODULE, "%s: %s", t->path, strerror(errno));
   if (t->dropped)
      util_warn(MODULE, "%s is full: %" PRIu64 " events were left out", t->path,
                t->dropped);
   close(t->fd);
   pthread_mutex_destroy(&t->lock);
   free(t);
}

/* ---- values ---- */

/* As JSON wants it, without the quotes. Bytes beyond ASCII pass: UTF-8. */
static void
escape(char *out, size_t room, const char *s)
{
   size_t n = 0;

   for (; *s && n + 7 < room; s++) {
      unsigned char c = *s;
      if (c == '"' || c == '\\') {
         out[n++] = '\\';
         out[n++] = c;
      } else if (c < ' ') {
         n += sprintf(out + n, "\\u%04x", c);
      } else {
         out[n++] = c;
      }
   }
   out[n] = 0;
}

static void PRINTFLIKE(2, 3)
   add_arg(struct util_trace_args *a, const char *fmt, ...)
{
   size_t room = sizeof(a->text) - a->len;
   char *at = a->text + a->len;
   va_list ap;

   va_start(ap, fmt);
   int n = vsnprintf(at, room, fmt, ap);
   va_end(ap);
   if (n < 0 || (size_t)n >= room)
      *at = 0;
   else
      a->len += n;
}

void
util_trace_arg_u64(struct util_trace_args *a, const char *key, uint64_t v)
{
   add_arg(a, "%s\"%s\":%" PRIu64, a->len ? "," : "", key, v);
}

void
util_trace_arg_hex(struct util_trace_args *a, const char *key, uint64_t v)
{
   add_arg(a, "%s\"%s\":\"0x%" PRIx64 "\"", a->len ? "," : "", key, v);
}

void
util_trace_arg_str(struct util_trace_args *a, const char *key, const char *v)
{
   char text[256];

   escape(text, sizeof(text), v);
   add_arg(a, "%s\"%s\":\"%s\"", a->len ? "," : "", key, text);
}

/* ---- events ---- */

/* Microseconds since the beginning, to the nanosecond. */
#define US     "%" PRIu64 ".%03u"
#define US_(n) (n) / 1000, (unsigned)((n) % 1000)

static uint64_t
since_start(const struct util_trace *t, uint64_t ns)
{
   return ns > t->start_ns ? ns - t->start_ns : 0;
}

static void PRINTFLIKE(6, 7)
   put_locked(struct util_trace *t, char phase, unsigned group, const char *cat,
              const char *name, const char *fmt, ...)
{
   char line[MAX_LINE_B], text[256];
   va_list ap;

   escape(text, sizeof(text), name);
   int n = snprintf(line, sizeof(line),
                    "{\"ph\":\"%c\",\"pid\":%u,\"cat\":\"%s\",\"name\":\"%s\"",
                    phase, group, cat, text);
   va_start(ap, fmt);
   n += vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
   va_end(ap);
   line[n++] = '}';
   append_locked(t, line, n);
}

static const char *
args_text(const struct util_trace_args *args)
{
   return args ? args->text : "";
}

static bool
enter(struct util_trace *t)
{
   if (!t || getpid() != t->pid)
      return false;
   pthread_mutex_lock(&t->lock);
   return true;
}

static void
name_locked(struct util_trace *t, unsigned group, unsigned track,
            const char *what, const char *name)
{
   char text[256];

   escape(text, sizeof(text), name);
   put_locked(t, 'M', group, "__metadata", what,
              ",\"tid\":%u,\"ts\":0,\"args\":{\"name\":\"%s\"}", track, text);
}

static unsigned
track_locked(struct util_trace *t, unsigned group, const char *name)
{
   if (t->num_tracks == MAX_TRACKS)
      return 0;
   unsigned id = t->num_tracks++;
   t->tracks[id].group = group;
   name_locked(t, group, id, "thread_name", name);
   put_locked(t, 'M', group, "__metadata", "thread_sort_index",
              ",\"tid\":%u,\"ts\":0,\"args\":{\"sort_index\":%u}", id, id);
   return id;
}

unsigned
util_trace_track(struct util_trace *t, unsigned group, const char *name)
{
   if (!enter(t))
      return 0;
   unsigned id = track_locked(t, group, name);
   pthread_mutex_unlock(&t->lock);
   return id;
}

void
util_trace_group(struct util_trace *t, unsigned group, const char *name)
{
   if (!enter(t))
      return;
   name_locked(t, group, 0, "process_name", name);
   pthread_mutex_unlock(&t->lock);
}

static void
span_locked(struct util_trace *t, unsigned track, const char *cat,
            const char *name, uint64_t start_ns, uint64_t end_ns,
            const struct util_trace_args *args)
{
   struct track *tr = &t->tracks[track];
   uint64_t start = MAX2(since_start(t, start_ns), tr->last_ns);
   uint64_t end = MAX2(since_start(t, end_ns), start);

   tr->last_ns = end;
   put_locked(t, 'X', tr->group, cat, name,
              ",\"tid\":%u,\"ts\":" US ",\"dur\":" US ",\"args\":{%s}", track,
              US_(start), US_(end - start), args_text(args));
}

void
util_trace_span(struct util_trace *t, unsigned track, const char *cat,
                const char *name, uint64_t start_ns, uint64_t end_ns,
                const struct util_trace_args *args)
{
   if (!enter(t))
      return;
   span_locked(t, track, cat, name, start_ns, end_ns, args);
   pthread_mutex_unlock(&t->lock);
}

void
util_trace_span_any(struct util_trace *t, unsigned *tracks, unsigned n,
                    unsigned group, const char *track_name, const char *cat,
                    const char *name, uint64_t start_ns, uint64_t end_ns,
                    const struct util_trace_args *args)
{
   if (!enter(t))
      return;
   unsigned best = 0; /* if none is free: the one that is soonest */
   for (unsigned i = 0; i < n; i++) {
      if (!tracks[i])
         tracks[i] = track_locked(t, group, track_name);
      uint64_t last_ns = t->tracks[tracks[i]].last_ns;
      if (last_ns < t->tracks[tracks[best]].last_ns)
         best = i;
      if (last_ns <= since_start(t, start_ns)) {
         best = i;
         break;
      }
   }
   span_locked(t, tracks[best], cat, name, start_ns, end_ns, args);
   pthread_mutex_unlock(&t->lock);
}

void
util_trace_instant(struct util_trace *t, unsigned track, const char *cat,
                   const char *name, uint64_t at_ns,
                   const struct util_trace_args *args)
{
   if (!enter(t))
      return;
   struct track *tr = &t->tracks[track];
   tr->last_ns = MAX2(since_start(t, at_ns), tr->last_ns);
   put_locked(t, 'i', tr->group, cat, name,
              ",\"tid\":%u,\"ts\":" US ",\"s\":\"t\",\"args\":{%s}", track,
              US_(tr->last_ns), args_text(args));
   pthread_mutex_unlock(&t->lock);
}

static void
life(struct util_trace *t, char phase, unsigned group, const char *cat,
     uint64_t id, const char *name, uint64_t at_ns,
     const struct util_trace_args *args)
{
   if (!enter(t))
      return;
   uint64_t at = since_start(t, at_ns);
   put_locked(t, phase, group, cat, name,
              ",\"tid\":0,\"id\":\"0x%" PRIx64 "\",\"ts\":" US ",\"args\":{%s}",
              id, US_(at), args_text(args));
   pthread_mutex_unlock(&t->lock);
}

void
util_trace_open(struct util_trace *t, unsigned group, const char *cat,
                uint64_t id, const char *name, uint64_t at_ns,
                const struct util_trace_args *args)
{
   life(t, 'b', group, cat, id, name, at_ns, args);
}

void
util_trace_close(struct util_trace *t, unsigned group, const char *cat,
                 uint64_t id, const char *name, uint64_t at_ns,
                 const struct util_trace_args *args)
{
   life(t, 'e', group, cat, id, name, at_ns, args);
}

void
util_trace_counter(struct util_trace *t, unsigned group, const char *name,
                   uint64_t at_ns, uint64_t value)
{
   if (!enter(t))
      return;
   uint64_t at = since_start(t, at_ns);
   put_locked(t, 'C', group, "counter", name,
              ",\"tid\":0,\"ts\":" US ",\"args\":{\"value\":%" PRIu64 "}",
              US_(at), value);
   pthread_mutex_unlock(&t->lock);
}
