/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "ocl_maps.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
grow(struct ocl_maps *maps)
{
   unsigned cap = maps->cap ? maps->cap * 2 : 64;
   void *p = realloc(maps->entries, cap * sizeof(*maps->entries));

   if (!p)
      return false;
   maps->entries = p;
   maps->cap = cap;
   return true;
}

/* "start-end perms offset dev inode   name" */
static bool
parse_line(const char *line, struct ocl_mapping *e)
{
   char path[256] = "";

   if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %*s %255[^\n]",
              &e->start, &e->end, path) < 2)
      return false;
   const char *slash = path[0] == '/' ? strrchr(path, '/') : NULL;
   const char *name = slash ? slash + 1 : path;
   snprintf(e->name, sizeof(e->name), "%.63s", name[0] ? name : "[anonymous]");
   return true;
}

static void
read_maps(struct ocl_maps *maps)
{
   char line[512];
   FILE *f = fopen("/proc/self/maps", "re");

   maps->num = 0;
   while (f && fgets(line, sizeof(line), f)) {
      if (maps->num == maps->cap && !grow(maps))
         break;
      if (parse_line(line, &maps->entries[maps->num]))
         maps->num++;
   }
   if (f)
      fclose(f);
}

/* The list is sorted. */
static const struct ocl_mapping *
find(const struct ocl_maps *maps, uint64_t address)
{
   unsigned lo = 0, hi = maps->num;

   while (lo < hi) {
      unsigned mid = (lo + hi) / 2;
      const struct ocl_mapping *e = &maps->entries[mid];
      if (address < e->start)
         hi = mid;
      else if (address >= e->end)
         lo = mid + 1;
      else
         return e;
   }
   return NULL;
}

const struct ocl_mapping *
ocl_maps_find(struct ocl_maps *maps, uint64_t address)
{
   const struct ocl_mapping *e = find(maps, address);

   if (e)
      return e;
   read_maps(maps);
   return find(maps, address);
}

void
ocl_maps_finish(struct ocl_maps *maps)
{
   free(maps->entries);
   *maps = (struct ocl_maps){0};
}
