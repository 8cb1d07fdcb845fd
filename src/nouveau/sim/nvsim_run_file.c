/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nvsim_run_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/isa/sass_text.h"
#include "util/util_flags.h"

struct reader {
   struct run_file *f;
   const char *start, *at; /* of the line */
   unsigned line;
};

static int
complain(const struct reader *r, const char *fmt, ...)
{
   va_list args;
   va_start(args, fmt);
   fprintf(stderr, "%s:%u:%u: ", r->f->path, r->line,
           (unsigned)(r->at - r->start) + 1);
   vfprintf(stderr, fmt, args);
   fprintf(stderr, "\n");
   va_end(args);
   return -EINVAL;
}

static void
skip_blanks(struct reader *r)
{
   while (*r->at == ' ' || *r->at == '\t')
      r->at++;
}

static bool
take(struct reader *r, const char *word)
{
   skip_blanks(r);
   size_t n = strlen(word);
   if (strncmp(r->at, word, n) != 0)
      return false;
   r->at += n;
   return true;
}

static int
take_number(struct reader *r, uint64_t *v)
{
   char *end;
   skip_blanks(r);
   errno = 0;
   *v = *r->at == '-' ? (uint64_t)strtoll(r->at, &end, 0)
                      : strtoull(r->at, &end, 0);
   if (end == r->at || errno)
      return complain(r, "expected a number");
   r->at = end;
   return 0;
}

static int
take_name(struct reader *r, char *name, size_t size)
{
   size_t n = 0;
   skip_blanks(r);
   while (isalnum((unsigned char)r->at[n]) || r->at[n] == '_')
      n++;
   if (!n || n >= size)
      return complain(r, "expected a name");
   memcpy(name, r->at, n);
   name[n] = 0;
   r->at += n;
   return 0;
}

static int
take_triple(struct reader *r, uint32_t v[3])
{
   uint64_t n;
   v[1] = v[2] = 1;
   for (unsigned i = 0; i < 3; i++) {
      if (take_number(r, &n))
         return -EINVAL;
      v[i] = (uint32_t)n;
      if (!take(r, ","))
         break;
   }
   return 0;
}

/* ---- arguments and buffers ---- */

static int
read_arg(struct reader *r)
{
   struct run_file *f = r->f;
   uint64_t v;
   if (f->num_args == ARRAY_SIZE(f->launch.args))
      return complain(r, "too many arguments");
   if (take_number(r, &v))
      return -EINVAL;
   f->launch.args[f->num_args++] = (uint32_t)v;
   return 0;
}

static int
read_buffer(struct reader *r)
{
   struct run_file *f = r->f;
   struct run_buffer *b = &f->buffer[f->num_buffers];
   f->num_args += f->num_args & 1;
   if (f->num_buffers == RUN_MAX_BUFFERS ||
       f->num_args + 2 > ARRAY_SIZE(f->launch.args))
      return complain(r, "too many buffers");
   if (take_name(r, b->name, sizeof(b->name)) || take_number(r, &b->size_B))
      return -EINVAL;
   if (b->size_B % 4 || b->size_B > RIG_VRAM_B / 2)
      return complain(r, "not a size in whole words, or too large");
   b->arg = f->num_args;
   f->num_args += 2;
   f->num_buffers++;
   return 0;
}

static int
find_buffer(struct reader *r, unsigned *out)
{
   char name[32];
   if (take_name(r, name, sizeof(name)))
      return -EINVAL;
   for (*out = 0; *out < r->f->num_buffers; (*out)++)
      if (strcmp(r->f->buffer[*out].name, name) == 0)
         return 0;
   return complain(r, "no buffer %s so far", name);
}

/* "[I..J]" or "[I]" */
static int
take_range(struct reader *r, struct run_words *w)
{
   uint64_t first, last;
   if (!take(r, "[") || take_number(r, &first))
      return complain(r, "expected [FIRST..LAST]");
   last = first;
   if (take(r, "..") && take_number(r, &last))
      return -EINVAL;
   if (!take(r, "]") || last < first ||
       last >= r->f->buffer[w->buffer].size_B / 4)
      return complain(r, "not a range of the buffer's words");
   w->first = (unsigned)first;
   w->last = (unsigned)last;
   return 0;
}

static int
take_word(struct reader *r, bool is_float, uint32_t *v)
{
   char *end;
   uint64_t n;
   if (!is_float) {
      int ret = take_number(r, &n);
      *v = (uint32_t)n;
      return ret;
   }
   skip_blanks(r);
   float f = strtof(r->at, &end);
   if (end == r->at)
      return complain(r, "expected a number");
   r->at = end;
   memcpy(v, &f, 4);
   return 0;
}

static uint32_t
plus(uint32_t v, uint32_t step, bool is_float)
{
   float a, b;
   if (!is_float)
      return v + step;
   memcpy(&a, &v, 4);
   memcpy(&b, &step, 4);
   a += b;
   memcpy(&v, &a, 4);
   return v;
}

static int
read_values(struct reader *r, struct run_words *w, bool is_float)
{
   unsigned count = w->last - w->first + 1;
   uint32_t step;
   if (take_word(r, is_float, &w->value[0]))
      return -EINVAL;
   if (take(r, "step")) {
      if (take_word(r, is_float, &step))
         return -EINVAL;
      for (unsigned n = 1; n < count; n++)
         w->value[n] = plus(w->value[n - 1], step, is_float);
      return 0;
   }
   for (unsigned n = 1; n < count; n++)
      if (take_word(r, is_float, &w->value[n]))
         return -EINVAL;
   return 0;
}

static int
read_words(struct reader *r, bool want, bool is_float)
{
   struct run_file *f = r->f;
   struct run_words w = {.want = want, .line = r->line};
   if (find_buffer(r, &w.buffer) || take_range(r, &w))
      return -EINVAL;
   if (!take(r, "="))
      return complain(r, "expected =");
   f->words = realloc(f->words, (f->num_words + 1) * sizeof(*f->words));
   w.value = calloc(w.last - w.first + 1, 4);
   if (!f->words || !w.value)
      abort();
   f->words[f->num_words++] = w;
   return read_values(r, &w, is_float);
}

/* ---- the other keys ---- */

/* What the launch descriptor has fields for; whether the card takes it is the
 * card's to say. */
static int
read_limit(struct reader *r, const char *key)
{
   struct rig_launch *l = &r->f->launch;
   const struct {
      const char *key;
      uint32_t *value;
      unsigned bits;
   } keys[] = {{"regs", &l->regs, 8},
               {"shared", &l->shared_B, 18},
               {"local", &l->local_B, 24},
               {"barriers", &l->barriers, 5},
               {"crs", &l->crs_B, 24}};
   uint64_t v;
   for (unsigned n = 0; n < ARRAY_SIZE(keys); n++) {
      if (strcmp(keys[n].key, key) != 0)
         continue;
      if (take_number(r, &v))
         return -EINVAL;
      if (v >> keys[n].bits)
         return complain(r, "%s has %u bits", key, keys[n].bits);
      *keys[n].value = (uint32_t)v;
      return 0;
   }
   return complain(r, "unknown key %s", key);
}

static int
read_chipset(struct reader *r)
{
   static const uint16_t known[] = {0x130, 0x132, 0x134, 0x136, 0x137, 0x138};
   if (take_number(r, &r->f->chipset))
      return -EINVAL;
   for (unsigned n = 0; n < ARRAY_SIZE(known); n++)
      if (known[n] == r->f->chipset)
         return 0;
   return complain(r, "no such chipset");
}

static int
read_debug(struct reader *r)
{
   char word[32];
   do {
      const struct util_flag *flag = nvsim_debug_flags;
      if (take_name(r, word, sizeof(word)))
         return -EINVAL;
      while (flag->word && strcmp(flag->word, word) != 0)
         flag++;
      if (!flag->word)
         return complain(r, "no such word of NVSIM_DEBUG");
      r->f->debug |= flag->bit;
      skip_blanks(r);
   } while (*r->at && *r->at != '\n');
   return 0;
}

static int
read_reports(struct reader *r, unsigned *count, uint64_t flag)
{
   uint64_t v;
   if (take_number(r, &v))
      return -EINVAL;
   *count = (unsigned)v;
   r->f->debug |= flag;
   return 0;
}

/* The rest of the line. */
static int
read_text(struct reader *r, char *text, size_t size)
{
   skip_blanks(r);
   if (!*r->at)
      return complain(r, "expected a text");
   snprintf(text, size, "%s", r->at);
   r->at += strlen(r->at);
   return 0;
}

static int
read_report(struct reader *r)
{
   struct run_file *f = r->f;
   if (f->num_reports == RUN_MAX_CHECKS)
      return complain(r, "too many reports");
   return read_text(r, f->report[f->num_reports++], sizeof(f->report[0]));
}

/* NAME = NUMBER, ... */
static int
read_stats(struct reader *r)
{
#define STAT(name)                                                             \
   {                                                                           \
#name, offsetof(struct nvsim_launch_stats, name), 0                      \
   }
   static const struct run_stat stats[] = {
      STAT(instructions),     STAT(issue_cycles),    STAT(stall_cycles),
      STAT(wait_cycles),      STAT(active),          STAT(lanes),
      STAT(divergent),        STAT(barriers),        STAT(global_accesses),
      STAT(global_sectors),   STAT(global_atomics),  STAT(local_accesses),
      STAT(local_sectors),    STAT(shared_accesses), STAT(shared_rounds),
      STAT(texture_accesses), STAT(warps),           STAT(warp_cycles),
      STAT(longest_warp),     STAT(occupancy),       STAT(resident),
      STAT(cycles),
   };
#undef STAT
   struct run_file *f = r->f;
   char name[24];
   f->debug |= NVSIM_DEBUG_STATS;
   do {
      unsigned n = 0;
      if (f->num_stats == RUN_MAX_CHECKS)
         return complain(r, "too many counts");
      if (take_name(r, name, sizeof(name)))
         return -EINVAL;
      while (n < ARRAY_SIZE(stats) && strcmp(stats[n].name, name) != 0)
         n++;
      if (n == ARRAY_SIZE(stats))
         return complain(r, "no count %s", name);
      struct run_stat *s = &f->stat[f->num_stats++];
      *s = stats[n];
      if (!take(r, "=") || take_number(r, &s->value))
         return complain(r, "expected NAME = NUMBER");
   } while (take(r, ","));
   return 0;
}

static int
read_key(struct reader *r, const char *key)
{
   struct run_file *f = r->f;
   if (strcmp(key, "grid") == 0)
      return take_triple(r, f->launch.grid);
   if (strcmp(key, "block") == 0)
      return take_triple(r, f->launch.block);
   if (strcmp(key, "arg") == 0)
      return read_arg(r);
   if (strcmp(key, "buffer") == 0)
      return read_buffer(r);
   if (strcmp(key, "set") == 0 || strcmp(key, "want") == 0)
      return read_words(r, key[0] == 'w', false);
   if (strcmp(key, "float") == 0)
      return read_words(r, false, true);
   if (strcmp(key, "strict") == 0)
      return read_reports(r, &f->strict, NVSIM_DEBUG_STRICT);
   if (strcmp(key, "race") == 0)
      return read_reports(r, &f->race, NVSIM_DEBUG_RACE);
   if (strcmp(key, "debug") == 0)
      return read_debug(r);
   if (strcmp(key, "watchdog") == 0)
      return take_number(r, &f->watchdog);
   if (strcmp(key, "chipset") == 0)
      return read_chipset(r);
   if (strcmp(key, "error") == 0)
      return read_text(r, f->error, sizeof(f->error));
   if (strcmp(key, "report") == 0)
      return read_report(r);
   if (strcmp(key, "stats") == 0)
      return read_stats(r);
   return read_limit(r, key);
}

static int
read_header(struct run_file *f, const char *line, unsigned number)
{
   char key[32];
   struct reader r = {.f = f, .start = line, .at = line + 2, .line = number};
   int ret = take_name(&r, key, sizeof(key));
   if (!ret)
      ret = read_key(&r, key);
   skip_blanks(&r);
   if (!ret && *r.at)
      ret = complain(&r, "more than the key takes");
   return ret;
}

/* ---- the file ---- */

static char *
read_all(const char *path)
{
   FILE *file = strcmp(path, "-") ? fopen(path, "r") : stdin;
   struct util_buf b;
   char chunk[4096];
   size_t n;
   if (!file) {
      fprintf(stderr, "%s: %s\n", path, strerror(errno));
      return NULL;
   }
   util_buf_init(&b);
   while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
      util_buf_append(&b, chunk, n);
   if (file != stdin)
      fclose(file);
   util_buf_puts(&b, "\n");
   return util_buf_steal(&b);
}

static int
read_headers(struct run_file *f)
{
   unsigned number = 1;
   int ret = 0;
   for (const char *at = f->text; *at && !ret; number++) {
      size_t n = strcspn(at, "\n");
      char *line = strndup(at, n);
      if (!line)
         abort();
      at += n + (at[n] == '\n');
      if (strncmp(line, "#!", 2) == 0)
         ret = read_header(f, line, number);
      free(line);
   }
   return ret;
}

/* The rig assembles again; here an error gets its place. */
static int
check_code(const struct run_file *f)
{
   struct util_buf code;
   struct sass_error err;
   unsigned line;
   util_buf_init(&code);
   int ret = sass_text_parse(f->text, &code, &line, &err);
   if (ret)
      fprintf(stderr, "%s:%u:%u: %s\n", f->path, line, err.column, err.msg);
   else if (code.size_B > RIG_MAX_CODE_B)
      ret = -EINVAL;
   util_buf_finish(&code);
   return ret;
}

int
run_file_read(const char *path, struct run_file *f)
{
   *f = (struct run_file){.path = path};
   f->text = read_all(path);
   f->launch.code = f->text;
   if (f->text && !read_headers(f) && !check_code(f))
      return 0;
   run_file_finish(f);
   return -EINVAL;
}

void
run_file_finish(struct run_file *f)
{
   for (unsigned n = 0; n < f->num_words; n++)
      free(f->words[n].value);
   free(f->words);
   free(f->text);
   *f = (struct run_file){0};
}
