/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* nvsim-run: a kernel in SASS text on the bare simulated card.
 *
 *    nvsim-run [options] FILE
 *       -g X[,Y[,Z]]  grid            -b X[,Y[,Z]]  block
 *       -r N registers  -s BYTES shared  -l BYTES local  -B N barriers
 *       -a VALUE      next argument word (c[0][0x0], c[0][0x4], ...)
 *       -m BYTES      a zeroed buffer; its address is the next two argument
 * words -p N:WORDS    print the first words of buffer N after the run -n N
 * launch N times
 *
 * NVSIM_DEBUG, NVSIM_SMS, NVSIM_THREADS, NVSIM_SEED as always. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/nvsim_rig.h"
#include "util/util_flags.h"

#define MAX_BUFFERS 16

struct options {
   struct rig_launch launch;
   unsigned num_args, num_buffers, times;
   uint64_t buffer_B[MAX_BUFFERS];
   unsigned buffer_arg[MAX_BUFFERS];
   unsigned print_words[MAX_BUFFERS];
};

static void
parse_triple(const char *text, uint32_t v[3])
{
   v[1] = v[2] = 1;
   sscanf(text, "%" SCNu32 ",%" SCNu32 ",%" SCNu32, &v[0], &v[1], &v[2]);
}

static void
parse_option(struct options *o, int c, const char *arg)
{
   struct rig_launch *l = &o->launch;
   unsigned index, words;
   switch (c) {
   case 'g':
      parse_triple(arg, l->grid);
      break;
   case 'b':
      parse_triple(arg, l->block);
      break;
   case 'r':
      l->regs = strtoul(arg, NULL, 0);
      break;
   case 's':
      l->shared_B = strtoul(arg, NULL, 0);
      break;
   case 'l':
      l->local_B = strtoul(arg, NULL, 0);
      break;
   case 'B':
      l->barriers = strtoul(arg, NULL, 0);
      break;
   case 'n':
      o->times = strtoul(arg, NULL, 0);
      break;
   case 'a':
      if (o->num_args < ARRAY_SIZE(l->args))
         l->args[o->num_args++] = strtoul(arg, NULL, 0);
      break;
   case 'm':
      if (o->num_buffers < MAX_BUFFERS) {
         o->num_args += o->num_args & 1;
         o->buffer_arg[o->num_buffers] = o->num_args;
         o->buffer_B[o->num_buffers++] = strtoull(arg, NULL, 0);
         o->num_args += 2;
      }
      break;
   case 'p':
      if (sscanf(arg, "%u:%u", &index, &words) == 2 && index < MAX_BUFFERS)
         o->print_words[index] = words;
      break;
   default:
      fprintf(stderr,
              "usage: nvsim-run [-g grid] [-b block] [-r regs] [-s shared] "
              "[-l local] [-B barriers] [-a word] [-m bytes] [-p n:words] "
              "[-n times] FILE\n");
      exit(2);
   }
}

static char *
read_file(const char *path)
{
   FILE *f = strcmp(path, "-") ? fopen(path, "r") : stdin;
   struct util_buf b;
   char chunk[4096];
   size_t n;
   if (!f) {
      perror(path);
      exit(1);
   }
   util_buf_init(&b);
   while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
      util_buf_append(&b, chunk, n);
   if (f != stdin)
      fclose(f);
   util_buf_puts(&b, "\n");
   return util_buf_steal(&b);
}

static void
print_result(struct rig *r, const struct options *o, const uint64_t *buffers,
             uint64_t ns)
{
   struct nvsim_stats s;
   nvsim_get_stats(r->sim, &s);
   for (unsigned i = 0; i < o->num_buffers; i++) {
      const uint32_t *p = rig_ptr(r, buffers[i]);
      for (unsigned w = 0; w < o->print_words[i]; w++)
         printf("%u[%4u] %08x\n", i, w, p[w]);
   }
   fprintf(stderr,
           "%" PRIu64 " instructions, %" PRIu64 " CTAs, %.3f ms, %.2f ns each, "
           "strict reports %" PRIu64 "\n",
           s.instructions, s.ctas, ns / 1e6,
           s.instructions ? (double)ns / s.instructions : 0, s.strict_reports);
}

int
main(int argc, char **argv)
{
   struct options o = {.times = 1};
   int c;
   while ((c = getopt(argc, argv, "g:b:r:s:l:B:a:m:p:n:")) != -1)
      parse_option(&o, c, optarg);
   if (optind >= argc)
      parse_option(&o, '?', NULL);
   char *code = read_file(argv[optind]);
   struct rig r;
   rig_init(&r,
            &(struct rig_config){
               .sms = util_env_u64("NVSIM_SMS", 20, 1, 128),
               .host_threads = util_env_u64("NVSIM_THREADS", 0, 0, 1024),
               .seed = util_env_u64("NVSIM_SEED", 0, 0, UINT64_MAX),
               .debug = util_flags_from_env("NVSIM_DEBUG", nvsim_debug_flags),
            });
   uint64_t buffers[MAX_BUFFERS];
   for (unsigned i = 0; i < o.num_buffers; i++) {
      buffers[i] = rig_alloc(&r, o.buffer_B[i]);
      o.launch.args[o.buffer_arg[i]] = (uint32_t)rig_va(buffers[i]);
      o.launch.args[o.buffer_arg[i] + 1] = rig_va(buffers[i]) >> 32;
   }
   o.launch.code = code;
   bool ok = true;
   uint64_t start = util_time_ns();
   for (unsigned n = 0; n < o.times && ok; n++)
      ok = rig_run(&r, &o.launch);
   uint64_t ns = util_time_ns() - start;
   struct nvsim_error e;
   while (nvsim_next_error(r.sim, &e))
      fprintf(stderr, "error: %s\n", e.text);
   print_result(&r, &o, buffers, ns);
   rig_finish(&r);
   free(code);
   return ok ? 0 : 1;
}
