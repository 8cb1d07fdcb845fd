/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "pkg_graph.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one stanza says, as text; lives until the graph is linked. */
struct stanza {
   char *name, *depends, *pre_depends, *provides;
   bool installed;
};

/* A package's name, or a virtual one that it provides. */
struct name {
   const char *text; /* not zero-terminated */
   size_t len;
   struct pkg *pkg;
};

struct reader {
   const struct pkg_allocator *allocator;
   struct stanza *stanzas;
   uint32_t num, cap;
   struct name *names;
   uint32_t names_mask, num_names;
   struct pkg_graph *graph;
};

static void *
allocate(struct reader *r, size_t size_B)
{
   return r->allocator->alloc(r->allocator->data, size_B);
}

/* --- stanzas --- */

static bool
field(const char *line, const char *name, char **value_out)
{
   size_t n = strlen(name);
   if (strncmp(line, name, n) || line[n] != ':')
      return false;
   const char *v = line + n + 1;
   while (*v == ' ')
      v++;
   free(*value_out);
   *value_out = strdup(v);
   return true;
}

static void
parse_line(struct stanza *s, const char *line)
{
   char *status = NULL;
   if (field(line, "Package", &s->name) ||
       field(line, "Depends", &s->depends) ||
       field(line, "Pre-Depends", &s->pre_depends) ||
       field(line, "Provides", &s->provides))
      return;
   if (field(line, "Status", &status))
      s->installed = strstr(status, " installed") != NULL;
   free(status);
}

static void
free_stanza(struct stanza *s)
{
   free(s->name);
   free(s->depends);
   free(s->pre_depends);
   free(s->provides);
}

static int
add_stanza(struct reader *r, struct stanza *s)
{
   if (!s->name || !s->installed) {
      free_stanza(s);
   } else {
      if (r->num == r->cap) {
         r->cap = r->cap ? r->cap * 2 : 1024;
         r->stanzas = realloc(r->stanzas, r->cap * sizeof(*r->stanzas));
         if (!r->stanzas)
            return -ENOMEM;
      }
      r->stanzas[r->num++] = *s;
   }
   /* An archive's Packages file has no Status: everything counts. */
   *s = (struct stanza){.installed = true};
   return 0;
}

static int
read_stanzas(struct reader *r, FILE *f)
{
   struct stanza s = {.installed = true};
   char *line = NULL;
   size_t cap = 0;
   ssize_t n;
   int ret = 0;
   while (!ret && (n = getline(&line, &cap, f)) >= 0) {
      if (n && line[n - 1] == '\n')
         line[--n] = 0;
      if (n)
         parse_line(&s, line);
      else
         ret = add_stanza(r, &s);
   }
   if (!ret)
      ret = add_stanza(r, &s);
   free_stanza(&s);
   free(line);
   return ret;
}

/* --- names: open addressing, sized once --- */

static uint32_t
hash(const char *name, size_t len)
{
   uint32_t h = 2166136261u; /* FNV-1a */
   for (size_t i = 0; i < len; i++)
      h = (h ^ (unsigned char)name[i]) * 16777619u;
   return h;
}

/* The slot that holds the name, or the free one where it belongs. */
static struct name *
slot(struct reader *r, const char *name, size_t len)
{
   for (uint32_t i = hash(name, len);; i++) {
      struct name *n = &r->names[i & r->names_mask];
      if (!n->text || (n->len == len && !memcmp(n->text, name, len)))
         return n;
   }
}

static struct pkg *
lookup(struct reader *r, const char *name, size_t len)
{
   return slot(r, name, len)->pkg;
}

/* The first one to claim a name has it. `name` stays alive in its stanza. */
static void
enter(struct reader *r, const char *name, size_t len, struct pkg *p)
{
   struct name *n = slot(r, name, len);
   if (n->text || r->num_names > r->names_mask / 4 * 3)
      return;
   *n = (struct name){name, len, p};
   r->num_names++;
}

/* Length of a package name: up to a version, an architecture or white space. */
static size_t
name_length(const char *s)
{
   return strcspn(s, " (:,|\t");
}

static const char *
skip_blanks(const char *s)
{
   return s + strspn(s, " \t");
}

static void
enter_provided(struct reader *r, const char *list, struct pkg *p)
{
   while (list && *list) {
      list = skip_blanks(list);
      enter(r, list, name_length(list), p);
      list += strcspn(list, ",");
      list += *list == ',';
   }
}

/* --- graph --- */

static int
create_packages(struct reader *r)
{
   struct pkg_graph *g = r->graph;
   g->all = allocate(r, r->num * sizeof(*g->all));
   if (!g->all)
      return -ENOMEM;
   for (uint32_t i = 0; i < r->num; i++) {
      const char *name = r->stanzas[i].name;
      struct pkg *p = allocate(r, sizeof(*p));
      char *copy = allocate(r, strlen(name) + 1);
      if (!p || !copy)
         return -ENOMEM;
      strcpy(copy, name);
      *p = (struct pkg){.name = copy, .depth = -1, .index = i};
      g->all[g->num++] = p;
      enter(r, name, strlen(name), p);
   }
   for (uint32_t i = 0; i < r->num; i++)
      enter_provided(r, r->stanzas[i].provides, g->all[i]);
   return 0;
}

static int
link_packages(struct reader *r, struct pkg *from, struct pkg *to)
{
   if (from == to)
      return 0;
   for (struct pkg_dep *d = from->out; d; d = d->next_out)
      if (d->to == to)
         return 0;
   struct pkg_dep *d = allocate(r, sizeof(*d));
   if (!d)
      return -ENOMEM;
   *d = (struct pkg_dep){.from = from,
                         .to = to,
                         .next_out = from->out,
                         .next_in = to->in};
   from->out = d;
   to->in = d;
   from->num_out++;
   to->num_in++;
   r->graph->num_deps++;
   return 0;
}

/* "a (>= 1) | b, c": of alternatives the first that exists. */
static int
link_list(struct reader *r, struct pkg *from, const char *list)
{
   int ret = 0;
   while (!ret && list && *list) {
      struct pkg *to = NULL;
      const char *end = list + strcspn(list, ",");
      for (const char *s = list; !to && s < end;) {
         s = skip_blanks(s);
         to = lookup(r, s, name_length(s));
         s += strcspn(s, "|,");
         s += *s == '|';
      }
      if (to)
         ret = link_packages(r, from, to);
      list = end + (*end == ',');
   }
   return ret;
}

static int
build(struct reader *r)
{
   int ret = create_packages(r);
   for (uint32_t i = 0; !ret && i < r->num; i++) {
      ret = link_list(r, r->graph->all[i], r->stanzas[i].depends);
      if (!ret)
         ret = link_list(r, r->graph->all[i], r->stanzas[i].pre_depends);
   }
   return ret;
}

int
pkg_graph_read(const char *path, const struct pkg_allocator *allocator,
               struct pkg_graph *graph_out)
{
   struct reader r = {.allocator = allocator, .graph = graph_out};
   *graph_out = (struct pkg_graph){0};
   FILE *f = fopen(path, "r");
   if (!f) {
      int ret = -errno;
      fprintf(stderr, "pkgrank: %s: %s\n", path, strerror(errno));
      return ret;
   }
   int ret = read_stanzas(&r, f);
   fclose(f);
   if (!ret && !r.num) {
      fprintf(stderr, "pkgrank: %s: no package found in it\n", path);
      ret = -ENODATA;
   }
   if (!ret) {
      r.names_mask = 1;
      while (r.names_mask < r.num * 16) /* room for virtual names */
         r.names_mask = r.names_mask * 2 + 1;
      r.names = calloc(r.names_mask + 1, sizeof(*r.names));
      ret = r.names ? build(&r) : -ENOMEM;
   }
   free(r.names);
   for (uint32_t i = 0; i < r.num; i++)
      free_stanza(&r.stanzas[i]);
   free(r.stanzas);
   return ret;
}

struct pkg *
pkg_graph_find(const struct pkg_graph *graph, const char *name)
{
   for (uint32_t i = 0; i < graph->num; i++)
      if (!strcmp(graph->all[i]->name, name))
         return graph->all[i];
   return NULL;
}
