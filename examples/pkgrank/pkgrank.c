/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Which Debian packages does everything lean on? Reads the package database
 * into an ordinary pointer-linked graph and lets the GPU chase the pointers:
 * PageRank, then a breadth-first search from one package. */
#include "pkg_gpu.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct options {
   const char *input, *root, *migrate;
   enum pkg_memory memory;
   struct pkg_params params;
   unsigned top;
   bool check, progress;
};

static const char usage[] =
   "Usage: pkgrank [OPTION...]\n"
   "Ranks Debian packages by how much others depend on them, on the GPU.\n"
   "\n"
   "  -i, --input FILE       package database (/var/lib/dpkg/status; an archive's\n"
   "                         Packages file works as well)\n"
   "  -r, --root PACKAGE     where the breadth-first search starts (default: the\n"
   "                         package that needs most others)\n"
   "  -m, --memory KIND      malloc (default), coarse, fine: where the graph lives\n"
   "  -p, --migrate POLICY   never, hint, fault (default), prefetch: when pages move\n"
   "                         to the GPU's own memory; hint asks with\n"
   "                         clEnqueueSVMMigrateMem for memory of clSVMAlloc\n"
   "  -n, --iterations N     at most N PageRank iterations (200)\n"
   "  -t, --top N            rows in the table (10)\n"
   "      --no-check         do not compare with the same computation on the CPU\n"
   "      --quiet            no progress line\n"
   "  -h, --help             this text\n";

static double
now_s(void)
{
   struct timespec ts;
   clock_gettime(CLOCK_MONOTONIC, &ts);
   return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static int
choice(const char *option, const char *value, const char *const *words)
{
   for (int i = 0; words[i]; i++)
      if (!strcmp(value, words[i]))
         return i;
   fprintf(stderr, "pkgrank: --%s does not know '%s' (try --help)\n", option,
           value);
   exit(2);
}

static unsigned
number(const char *option, const char *value)
{
   char *end;
   unsigned long v = strtoul(value, &end, 10);
   if (*end || !*value || !v || v > 1000000) {
      fprintf(stderr, "pkgrank: --%s wants a number from 1, not '%s'\n", option,
              value);
      exit(2);
   }
   return v;
}

static void
parse_options(int argc, char **argv, struct options *o)
{
   enum {
      NO_CHECK = 256,
      QUIET,
      CHECK
   };
   static const struct option longs[] = {
      {"input", required_argument, NULL, 'i'},
      {"root", required_argument, NULL, 'r'},
      {"memory", required_argument, NULL, 'm'},
      {"migrate", required_argument, NULL, 'p'},
      {"iterations", required_argument, NULL, 'n'},
      {"top", required_argument, NULL, 't'},
      {"check", no_argument, NULL, CHECK},
      {"no-check", no_argument, NULL, NO_CHECK},
      {"quiet", no_argument, NULL, QUIET},
      {"help", no_argument, NULL, 'h'},
      {0}};
   static const char *const memories[] = {"malloc", "coarse", "fine", NULL};
   static const char *const policies[] = {"never", "hint", "fault", "prefetch",
                                          NULL};
   int c;
   while ((c = getopt_long(argc, argv, "i:r:m:p:n:t:h", longs, NULL)) >= 0) {
      switch (c) {
      case 'i':
         o->input = optarg;
         break;
      case 'r':
         o->root = optarg;
         break;
      case 'm':
         o->memory = choice("memory", optarg, memories);
         break;
      case 'p':
         o->migrate = policies[choice("migrate", optarg, policies)];
         break;
      case 'n':
         o->params.max_iterations = number("iterations", optarg);
         break;
      case 't':
         o->top = number("top", optarg);
         break;
      case CHECK:
         o->check = true;
         break;
      case NO_CHECK:
         o->check = false;
         break;
      case QUIET:
         o->progress = false;
         break;
      case 'h':
         fputs(usage, stdout);
         exit(0);
      default:
         fputs("pkgrank: try --help\n", stderr);
         exit(2);
      }
   }
   if (optind < argc) {
      fprintf(stderr, "pkgrank: unexpected '%s' (try --help)\n", argv[optind]);
      exit(2);
   }
}

static void
show_progress(const char *what, unsigned step, double value)
{
   fprintf(stderr, "\r%s %u (%.3g)\033[K", what, step, value);
}

static void
clear_progress(void)
{
   fprintf(stderr, "\r\033[K");
}

static int
by_rank(const void *a, const void *b)
{
   const struct pkg *x = *(struct pkg *const *)a, *y = *(struct pkg *const *)b;
   if (x->rank != y->rank)
      return x->rank < y->rank ? 1 : -1;
   return strcmp(x->name, y->name);
}

static void
print_table(const struct pkg_graph *graph, unsigned top)
{
   struct pkg **sorted = malloc(graph->num * sizeof(*sorted));
   if (!sorted)
      return;
   memcpy(sorted, graph->all, graph->num * sizeof(*sorted));
   qsort(sorted, graph->num, sizeof(*sorted), by_rank);
   printf("\n  %4s  %-28s %9s  %10s  %5s\n", "", "package", "rank", "needed by",
          "depth");
   for (unsigned i = 0; i < top && i < graph->num; i++) {
      const struct pkg *p = sorted[i];
      printf("  %3u.  %-28s %8.4f%%  %10u  ", i + 1, p->name, p->rank * 100,
             p->num_in);
      if (p->depth >= 0)
         printf("%5d\n", p->depth);
      else
         printf("%5s\n", "-");
   }
   free(sorted);
}

static void
print_search(const struct pkg_graph *graph, const struct pkg *root,
             unsigned levels)
{
   printf("\nFrom %s, packages by depth:", root->name);
   unsigned reached = 0;
   for (unsigned level = 0; level <= levels; level++) {
      unsigned n = 0;
      for (uint32_t i = 0; i < graph->num; i++)
         n += graph->all[i]->depth == (int)level;
      reached += n;
      if (n)
         printf(" %u", n);
   }
   printf(" (%u reached)\n", reached);
}

static struct pkg *
choose_root(const struct pkg_graph *graph, const char *name)
{
   if (name) {
      struct pkg *p = pkg_graph_find(graph, name);
      if (!p)
         fprintf(stderr, "pkgrank: no package '%s' in the database\n", name);
      return p;
   }
   struct pkg *best = graph->all[0];
   for (uint32_t i = 0; i < graph->num; i++)
      if (graph->all[i]->num_out > best->num_out)
         best = graph->all[i];
   return best;
}

/* Both sides add in another order, so ranks agree to rounding, depths exactly. */
static bool
check(const struct pkg_graph *graph, const struct pkg *root,
      const struct options *o, unsigned iterations)
{
   double *rank = malloc(graph->num * sizeof(*rank));
   int *depth = malloc(graph->num * sizeof(*depth));
   unsigned wrong = 0;
   double start = now_s(), worst = 0;
   struct pkg_params params = o->params;
   params.max_iterations = iterations;
   params.epsilon = 0;
   if (!rank || !depth)
      abort();
   pkg_cpu_rank(graph, &params, rank);
   pkg_cpu_search(graph, root, depth);
   double cpu_s = now_s() - start;
   for (uint32_t i = 0; i < graph->num; i++) {
      const struct pkg *p = graph->all[i];
      double error = fabs(p->rank - rank[i]) / rank[i];
      worst = fmax(worst, error);
      if (!(error < 1e-10) || p->depth != depth[i]) {
         if (wrong++ < 5)
            fprintf(stderr,
                    "pkgrank: %s: GPU says %.12g, depth %d; CPU %.12g, %d\n",
                    p->name, p->rank, p->depth, rank[i], depth[i]);
      }
   }
   free(rank);
   free(depth);
   if (wrong)
      printf("check: WRONG for %u of %u packages\n", wrong, graph->num);
   else
      printf("check: the CPU agrees on all %u packages (largest difference "
             "%.1g, %.1f ms)\n",
             graph->num, worst, cpu_s * 1e3);
   return !wrong;
}

static void
print_cost(struct pkg_gpu *gpu, double rank_s, unsigned iterations,
           double search_s, unsigned levels)
{
   struct cl_svm_counters_partage c;
   printf("\ntime: PageRank %.1f ms (%u iterations), search %.1f ms (%u "
          "levels)\n",
          rank_s * 1e3, iterations, search_s * 1e3, levels);
   if (!pkg_gpu_counters(gpu, &c))
      return;
   printf("GPU page faults: %llu read, %llu write, %llu atomic; %llu replays\n",
          (unsigned long long)c.faults_read, (unsigned long long)c.faults_write,
          (unsigned long long)c.faults_atomic, (unsigned long long)c.replays);
   printf("pages moved: %llu to the GPU, %llu back\n",
          (unsigned long long)c.pages_to_device,
          (unsigned long long)c.pages_to_host);
}

static bool
run(struct pkg_gpu *gpu, const struct options *o)
{
   struct pkg_allocator allocator = pkg_gpu_allocator(gpu);
   struct pkg_graph graph;
   unsigned iterations, levels;
   if (pkg_graph_read(o->input, &allocator, &graph))
      return false;
   struct pkg *root = choose_root(&graph, o->root);
   if (!root)
      return false;
   printf("device: %s\n   SVM: %s\n", pkg_gpu_device_name(gpu),
          pkg_gpu_svm_text(gpu));
   printf(" graph: %u packages, %u dependencies from %s\n", graph.num,
          graph.num_deps, o->input);
   fflush(stdout);
   if (!strcmp(o->migrate, "hint") && !pkg_gpu_migrate(gpu))
      return false;

   pkg_progress progress = o->progress ? show_progress : NULL;
   double start = now_s();
   bool ok = pkg_gpu_rank(gpu, &graph, &o->params, progress, &iterations);
   double rank_s = now_s() - start;
   start = now_s();
   ok = ok && pkg_gpu_search(gpu, &graph, root, progress, &levels);
   double search_s = now_s() - start;
   if (progress)
      clear_progress();
   if (!ok)
      return false;
   print_table(&graph, o->top);
   print_search(&graph, root, levels);
   print_cost(gpu, rank_s, iterations, search_s, levels);
   return !o->check || check(&graph, root, o, iterations);
}

int
main(int argc, char **argv)
{
   struct options o = {
      .input = "/var/lib/dpkg/status",
      .migrate = "fault",
      .params = {.damping = 0.85, .epsilon = 1e-9, .max_iterations = 200},
      .top = 10,
      .check = true,
      .progress = isatty(2),
   };
   parse_options(argc, argv, &o);
   /* A policy of the driver; it reads it when it meets its device. */
   setenv("NOUVEAU_SVM_MIGRATE", o.migrate, 1);
   struct pkg_gpu *gpu = pkg_gpu_create(o.memory);
   if (!gpu)
      return 1;
   bool ok = run(gpu, &o);
   pkg_gpu_destroy(gpu);
   return ok ? 0 : 1;
}
