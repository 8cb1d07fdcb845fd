/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* nvsim-run: kernels in SASS text on the bare simulated card. What it does and
 * how files look: nvsim_run_help.c. */
#include "nvsim_run_file.h"

#include <dirent.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/util_flags.h"

#define MAX_PRINTS 8

struct options {
   unsigned times, orders, num_prints;
   bool threads;
   const char *print[MAX_PRINTS];
};

/* One card, and a program's buffers on it. */
struct session {
   struct rig rig;
   const struct run_file *f;
   uint64_t buffer[RUN_MAX_BUFFERS]; /* VRAM offsets */
};

static void
start(struct session *s, const struct run_file *f, uint64_t seed,
      uint32_t threads)
{
   struct rig_config config = {
      .sms = util_env_u64("NVSIM_SMS", 20, 1, 128),
      .host_threads = threads,
      .seed = seed,
      .debug = util_flags_from_env("NVSIM_DEBUG", nvsim_debug_flags) | f->debug,
      .watchdog = util_env_u64("NVSIM_WATCHDOG", f->watchdog, 0, UINT32_MAX),
      .no_replay = true,
      .chipset = f->chipset,
      .keep_reports = f->num_reports > 0,
   };
   s->f = f;
   rig_init(&s->rig, &config);
   for (unsigned n = 0; n < f->num_buffers; n++)
      s->buffer[n] = rig_alloc(&s->rig, f->buffer[n].size_B);
}

static uint32_t *
words_of(struct session *s, unsigned buffer)
{
   return rig_ptr(&s->rig, s->buffer[buffer]);
}

static void
set_words(struct session *s)
{
   for (unsigned n = 0; n < s->f->num_words; n++) {
      const struct run_words *w = &s->f->words[n];
      if (!w->want)
         memcpy(words_of(s, w->buffer) + w->first, w->value,
                (w->last - w->first + 1) * 4);
   }
}

/* Launches; the error's text if it fails. */
static bool
run_once(struct session *s, char *text, size_t size)
{
   struct rig_launch l = s->f->launch;
   struct nvsim_error e;
   for (unsigned n = 0; n < s->f->num_buffers; n++) {
      uint64_t va = rig_va(s->buffer[n]);
      l.args[s->f->buffer[n].arg] = (uint32_t)va;
      l.args[s->f->buffer[n].arg + 1] = va >> 32;
   }
   if (rig_run(&s->rig, &l))
      return true;
   snprintf(text, size, "no end after %u seconds", RIG_TIMEOUT_S);
   if (rig_wait_interrupt(&s->rig, NVSIM_INTR_ERROR) &&
       nvsim_next_error(s->rig.sim, &e))
      snprintf(text, size, "%s", e.text);
   return false;
}

/* ---- what must come out ---- */

static bool
check_words(struct session *s)
{
   bool good = true;
   for (unsigned n = 0; n < s->f->num_words; n++) {
      const struct run_words *w = &s->f->words[n];
      const uint32_t *p = words_of(s, w->buffer);
      for (unsigned k = w->first; w->want && k <= w->last; k++) {
         if (p[k] == w->value[k - w->first])
            continue;
         printf("%s:%u: %s[%u] is 0x%x, not 0x%x\n", s->f->path, w->line,
                s->f->buffer[w->buffer].name, k, p[k], w->value[k - w->first]);
         good = false;
         break;
      }
   }
   return good;
}

static bool
check_count(const struct run_file *f, const char *what, unsigned want,
            uint64_t got)
{
   if (want == got)
      return true;
   printf("%s: %" PRIu64 " %s reports, not %u\n", f->path, got, what, want);
   return false;
}

/* Each line has one of the texts, each text is in some line. */
static bool
check_reports(struct session *s)
{
   const struct run_file *f = s->f;
   bool seen[RUN_MAX_CHECKS] = {false}, good = true;
   char *rest = s->rig.reports.data, *line;
   while (f->num_reports && rest && (line = strsep(&rest, "\n")) && *line) {
      bool expected = false;
      for (unsigned n = 0; n < f->num_reports; n++) {
         if (!strstr(line, f->report[n]))
            continue;
         seen[n] = expected = true;
      }
      if (!expected)
         printf("%s: unexpected: %s\n", f->path, line);
      good &= expected;
   }
   for (unsigned n = 0; n < f->num_reports; n++) {
      if (!seen[n])
         printf("%s: no report \"%s\"\n", f->path, f->report[n]);
      good &= seen[n];
   }
   return good;
}

static bool
check_stats(struct session *s)
{
   const struct run_file *f = s->f;
   struct nvsim_launch_stats stats;
   bool good = true;
   if (f->num_stats && !nvsim_get_launch_stats(s->rig.sim, &stats))
      return false;
   for (unsigned n = 0; n < f->num_stats; n++) {
      uint64_t got;
      memcpy(&got, (const char *)&stats + f->stat[n].offset, sizeof(got));
      if (got == f->stat[n].value)
         continue;
      printf("%s: %s is %" PRIu64 ", not %" PRIu64 "\n", f->path,
             f->stat[n].name, got, f->stat[n].value);
      good = false;
   }
   return good;
}

static bool
check_run(struct session *s, bool ran, const char *text)
{
   const struct run_file *f = s->f;
   struct nvsim_stats stats;
   bool good = true;
   if (ran != !f->error[0] || (!ran && !strstr(text, f->error))) {
      printf("%s: %s%s\n", f->path, ran ? "no error" : text,
             f->error[0] ? ", but it should fail" : "");
      good = false;
   }
   nvsim_get_stats(s->rig.sim, &stats);
   good &= check_count(f, "strict", f->strict, stats.strict_reports);
   good &= check_count(f, "race", f->race, stats.race_reports);
   good &= check_reports(s);
   good &= check_stats(s);
   if (ran)
      return check_words(s) && good;
   if (rig_good_kernel_runs(&s->rig))
      return good;
   printf("%s: nothing runs after the error\n", f->path);
   return false;
}

static void
print_buffer(struct session *s, const char *what)
{
   size_t n = strcspn(what, ":");
   for (unsigned b = 0; b < s->f->num_buffers; b++) {
      const struct run_buffer *buffer = &s->f->buffer[b];
      if (strlen(buffer->name) != n || strncmp(buffer->name, what, n) != 0)
         continue;
      uint64_t words = what[n] ? strtoull(what + n + 1, NULL, 0) : 16;
      for (unsigned w = 0; w < MIN2(words, buffer->size_B / 4); w++)
         printf("%s[%u] 0x%08x\n", buffer->name, w, words_of(s, b)[w]);
   }
}

/* CPU time of this process's threads that have had any, as of now. */
static void
print_threads(void)
{
   DIR *dir = opendir("/proc/self/task");
   for (struct dirent *e; dir && (e = readdir(dir));) {
      char path[64], name[32] = "?";
      uint64_t ns = 0;
      snprintf(path, sizeof(path), "/proc/self/task/%.20s/schedstat",
               e->d_name);
      FILE *f = fopen(path, "r");
      if (!f || fscanf(f, "%" SCNu64, &ns) != 1)
         ns = 0;
      if (f)
         fclose(f);
      snprintf(path, sizeof(path), "/proc/self/task/%.20s/comm", e->d_name);
      f = fopen(path, "r");
      if (f && fscanf(f, "%31s", name) == 1 && ns > 1000000)
         printf("   %-16s %8.1f ms of CPU\n", name, ns / 1e6);
      if (f)
         fclose(f);
   }
   if (dir)
      closedir(dir);
}

static bool
run_file(const struct run_file *f, const struct options *o)
{
   struct session s;
   char text[200] = "";
   bool ran = true;
   start(&s, f, util_env_u64("NVSIM_SEED", 0, 0, UINT64_MAX),
         util_env_u64("NVSIM_THREADS", 0, 0, 1024));
   uint64_t from = util_time_ns();
   for (unsigned n = 0; n < o->times && ran; n++) {
      set_words(&s);
      ran = run_once(&s, text, sizeof(text));
   }
   uint64_t ns = util_time_ns() - from;
   bool good = check_run(&s, ran, text);
   struct nvsim_stats stats;
   nvsim_get_stats(s.rig.sim, &stats);
   for (unsigned n = 0; n < o->num_prints; n++)
      print_buffer(&s, o->print[n]);
   printf("%s: %s, %" PRIu64 " instructions in %.3f ms%s%s\n", f->path,
          good ? "ok" : "FAILED", stats.instructions, ns / 1e6,
          ran ? "" : ", refused: ", text);
   if (o->threads)
      print_threads();
   rig_finish(&s.rig);
   return good;
}

/* ---- orders ---- */

static bool
same_buffers(struct session *a, struct session *b, unsigned seed)
{
   for (unsigned n = 0; n < a->f->num_buffers; n++) {
      if (memcmp(words_of(a, n), words_of(b, n), a->f->buffer[n].size_B) == 0)
         continue;
      printf("%s: %s differs with seed %u on %u threads\n", a->f->path,
             a->f->buffer[n].name, seed, 1 + seed % 3);
      return false;
   }
   return true;
}

/* Launches that go on from what the one before has left. */
static bool
run_times(struct session *s, unsigned times, char *text, size_t size)
{
   bool ran = true;
   set_words(s);
   for (unsigned n = 0; n < times && ran; n++)
      ran = run_once(s, text, size);
   return ran;
}

static bool
run_orders(const struct run_file *f, const struct options *o)
{
   struct session first, s;
   char text[200] = "";
   start(&first, f, 0, 1);
   bool ran = run_times(&first, o->times, text, sizeof(text));
   bool good = ran == !f->error[0];
   for (unsigned seed = 1; good && ran && seed <= o->orders; seed++) {
      start(&s, f, seed, 1 + seed % 3);
      good = run_times(&s, o->times, text, sizeof(text)) &&
             same_buffers(&first, &s, seed);
      rig_finish(&s.rig);
   }
   rig_finish(&first.rig);
   printf("%s: %s in %u orders%s%s\n", f->path, good ? "same" : "FAILED",
          o->orders, *text ? ": " : "", text);
   return good;
}

/* Programs that were not good; `path`: a file, or a folder of *.sass. */
static unsigned
run_path(const char *path, const struct options *o)
{
   struct dirent **entries;
   int count = scandir(path, &entries, NULL, alphasort);
   unsigned bad = 0;
   if (count < 0) {
      struct run_file f;
      bool good = !run_file_read(path, &f) &&
                  (o->orders ? run_orders(&f, o) : run_file(&f, o));
      run_file_finish(&f);
      fflush(stdout);
      return !good;
   }
   for (int n = 0; n < count; n++) {
      char name[PATH_MAX];
      size_t length = strlen(entries[n]->d_name);
      snprintf(name, sizeof(name), "%s/%s", path, entries[n]->d_name);
      if (length > 5 && strcmp(entries[n]->d_name + length - 5, ".sass") == 0)
         bad += run_path(name, o);
      free(entries[n]);
   }
   free(entries);
   return bad;
}

static int
usage(void)
{
   fprintf(stderr, "%.*s", (int)(strstr(run_help, "\n\n") + 1 - run_help),
           run_help);
   return 2;
}

/* A number, all of the word. */
static bool
read_count(const char *text, unsigned *value_out)
{
   char *end;
   *value_out = strtoul(text, &end, 0);
   return end != text && !*end && *value_out;
}

int
main(int argc, char **argv)
{
   struct options o = {.times = 1};
   unsigned bad = 0;
   int c;
   static const struct option long_options[] = {{"help", 0, NULL, 'h'}, {0}};
   while ((c = getopt_long(argc, argv, "n:p:s:th", long_options, NULL)) != -1) {
      bool good = c == 't';
      o.threads |= good;
      if (c == 'h')
         return fputs(run_help, stdout) < 0;
      if (c == 'n')
         good = read_count(optarg, &o.times);
      else if (c == 's')
         good = read_count(optarg, &o.orders);
      else if (c == 'p' && o.num_prints < MAX_PRINTS)
         good = (o.print[o.num_prints++] = optarg) != NULL;
      if (!good)
         return usage();
   }
   if (optind >= argc)
      return usage();
   for (int n = optind; n < argc; n++)
      bad += run_path(argv[n], &o);
   return bad ? 1 : 0;
}
