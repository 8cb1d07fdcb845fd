/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The device binary: header, kernel records, names, code, data, relocations,
 * lines. Everything is little endian and found by offsets from the start.
 * Linked into the driver, without LLVM.
 *
 * A binary may come from a file that anybody wrote: nothing is believed that
 * was not checked, but machine code itself is not verified (the GPU runs it in
 * the process's own address space). */
#include "nouveau/compiler/nvir_binary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/util_buf.h"

#define MAGIC        0x5249564e /* "NVIR" */
#define VERSION      4
#define CODE_ALIGN_B 0x80
#define DATA_ALIGN_B 16

struct binary_header {
   uint32_t magic, version, chipset, num_kernels;
   uint32_t size_B;
   uint32_t names_offset_B, names_size_B;
   uint32_t code_offset_B, code_size_B;
   uint32_t data_offset_B, data_size_B;
   uint32_t relocs_offset_B, num_relocs;
   uint32_t lines_offset_B, num_lines;
   uint64_t
      checksum; /* of all that follows the header, seeded with the header */
};

struct binary_kernel {
   uint32_t name_offset_B; /* in the names */
   uint32_t code_offset_B, code_size_B;
   uint32_t num_gprs, num_barriers, flags;
   uint32_t shared_B, local_B, crs_B, args_B;
   uint32_t reqd_wg_size[3];
   uint32_t reserved;
};

enum {
   FLAG_DOUBLE = 1,
   FLAG_ATOMICS = 2,
   FLAG_PRINTF = 4
};

/* FNV-1a: against accidents, not against forgery. */
static uint64_t
hash(uint64_t h, const void *data, size_t size_B)
{
   const unsigned char *p = data;
   for (size_t i = 0; i < size_B; i++)
      h = (h ^ p[i]) * 0x100000001b3ull;
   return h;
}

static uint64_t
checksum(const struct binary_header *header, const void *rest, size_t rest_B)
{
   struct binary_header h = *header;
   h.checksum = 0;
   return hash(hash(0xcbf29ce484222325ull, &h, sizeof(h)), rest, rest_B);
}

/* ---- writing ---- */

static struct binary_kernel
kernel_record(const struct nvir_kernel *k, uint32_t name_offset_B)
{
   struct binary_kernel r = {
      .name_offset_B = name_offset_B,
      .code_offset_B = k->code_offset_B,
      .code_size_B = k->code_size_B,
      .num_gprs = k->num_gprs,
      .num_barriers = k->num_barriers,
      .shared_B = k->shared_B,
      .local_B = k->local_B,
      .crs_B = k->crs_B,
      .args_B = k->args_B,
   };
   r.flags = (k->uses_double ? FLAG_DOUBLE : 0) |
             (k->uses_atomics ? FLAG_ATOMICS : 0) |
             (k->uses_printf ? FLAG_PRINTF : 0);
   memcpy(r.reqd_wg_size, k->reqd_wg_size, sizeof(r.reqd_wg_size));
   return r;
}

/* Returns the offset of what was appended. */
static uint32_t
append(struct util_buf *b, const void *src, size_t size_B, unsigned align_B)
{
   util_buf_extend(b, util_align(b->size_B, align_B) - b->size_B);
   uint32_t at = b->size_B;
   util_buf_append(b, src, size_B);
   return at;
}

int
nvir_binary_build(const struct nvir_program *program,
                  struct nvir_blob *binary_out)
{
   struct binary_header h = {.magic = MAGIC,
                             .version = VERSION,
                             .chipset = program->chipset,
                             .num_kernels = program->num_kernels,
                             .code_size_B = program->code_size_B,
                             .data_size_B = program->data_size_B,
                             .num_relocs = program->num_relocs,
                             .num_lines = program->num_lines};
   struct util_buf b, names;

   util_buf_init(&b);
   util_buf_init(&names);
   util_buf_append(&b, &h, sizeof(h));
   for (uint32_t i = 0; i < program->num_kernels; i++) {
      struct binary_kernel r =
         kernel_record(&program->kernels[i], names.size_B);
      util_buf_append(&b, &r, sizeof(r));
      util_buf_append(&names, program->kernels[i].name,
                      strlen(program->kernels[i].name) + 1);
   }
   h.names_size_B = names.size_B;
   h.names_offset_B = append(&b, names.data, names.size_B, 1);
   h.code_offset_B =
      append(&b, program->code, program->code_size_B, CODE_ALIGN_B);
   h.data_offset_B =
      append(&b, program->data, program->data_size_B, DATA_ALIGN_B);
   h.relocs_offset_B =
      append(&b, program->relocs, program->num_relocs * sizeof(uint32_t), 4);
   h.lines_offset_B = append(&b, program->lines,
                             program->num_lines * sizeof(struct nvir_line), 4);
   h.size_B = b.size_B;
   h.checksum = checksum(&h, b.data + sizeof(h), b.size_B - sizeof(h));
   memcpy(b.data, &h, sizeof(h));
   util_buf_finish(&names);
   binary_out->size_B = b.size_B;
   binary_out->data = util_buf_steal(&b);
   return 0;
}

/* ---- reading ---- */

static bool
in_range(uint32_t offset_B, uint32_t size_B, uint32_t total_B)
{
   return offset_B <= total_B && size_B <= total_B - offset_B;
}

static bool
header_is_sound(const struct binary_header *h, const void *binary,
                size_t size_B)
{
   uint64_t records_B = (uint64_t)h->num_kernels * sizeof(struct binary_kernel);

   if (h->magic != MAGIC || h->version != VERSION || h->size_B != size_B)
      return false;
   if (records_B > size_B - sizeof(*h) ||
       !in_range(h->names_offset_B, h->names_size_B, size_B) ||
       !in_range(h->code_offset_B, h->code_size_B, size_B) ||
       !in_range(h->data_offset_B, h->data_size_B, size_B) ||
       h->num_relocs > size_B / sizeof(uint32_t) ||
       !in_range(h->relocs_offset_B, h->num_relocs * sizeof(uint32_t),
                 size_B) ||
       h->num_lines > size_B / sizeof(struct nvir_line) ||
       !in_range(h->lines_offset_B, h->num_lines * sizeof(struct nvir_line),
                 size_B))
      return false;
   return h->checksum ==
          checksum(h, (const char *)binary + sizeof(*h), size_B - sizeof(*h));
}

static bool
kernel_is_sound(const struct binary_header *h, const struct binary_kernel *r,
                const char *names)
{
   return r->name_offset_B < h->names_size_B &&
          memchr(names + r->name_offset_B, 0,
                 h->names_size_B - r->name_offset_B) &&
          in_range(r->code_offset_B, r->code_size_B, h->code_size_B) &&
          util_is_aligned(r->code_offset_B, CODE_ALIGN_B) &&
          r->num_gprs <= 255 && r->num_barriers <= 16;
}

static void
open_kernel(const struct binary_kernel *r, const char *names,
            struct nvir_kernel *k)
{
   *k = (struct nvir_kernel){
      .name = names + r->name_offset_B,
      .code_offset_B = r->code_offset_B,
      .code_size_B = r->code_size_B,
      .num_gprs = r->num_gprs,
      .num_barriers = r->num_barriers,
      .uses_double = r->flags & FLAG_DOUBLE,
      .uses_atomics = r->flags & FLAG_ATOMICS,
      .uses_printf = r->flags & FLAG_PRINTF,
      .shared_B = r->shared_B,
      .local_B = r->local_B,
      .crs_B = r->crs_B,
      .args_B = r->args_B,
   };
   memcpy(k->reqd_wg_size, r->reqd_wg_size, sizeof(k->reqd_wg_size));
}

static bool
relocs_are_sound(const struct binary_header *h, const uint32_t *relocs)
{
   for (uint32_t i = 0; i < h->num_relocs; i++)
      if (!in_range(relocs[i], sizeof(uint64_t), h->data_size_B))
         return false;
   return true;
}

/* What a view needs beside the binary, in one piece. */
struct view {
   struct nvir_kernel *kernels;
   uint32_t *relocs;
   struct nvir_line *lines;
};

static struct view *
view_create(const struct binary_header *h)
{
   size_t kernels_B = h->num_kernels * sizeof(struct nvir_kernel);
   size_t relocs_B = h->num_relocs * sizeof(uint32_t);
   size_t lines_B = h->num_lines * sizeof(struct nvir_line);
   struct view *v = calloc(1, sizeof(*v) + kernels_B + relocs_B + lines_B);
   if (v) {
      v->kernels = (struct nvir_kernel *)(v + 1);
      v->relocs = (uint32_t *)(v->kernels + h->num_kernels);
      v->lines = (struct nvir_line *)(v->relocs + h->num_relocs);
   }
   return v;
}

static int
view_fill(struct view *v, const struct binary_header *h, const char *base)
{
   const char *names = base + h->names_offset_B;
   for (uint32_t i = 0; i < h->num_kernels; i++) {
      struct binary_kernel r;
      memcpy(&r, base + sizeof(*h) + i * sizeof(r), sizeof(r));
      if (!kernel_is_sound(h, &r, names))
         return -EINVAL;
      open_kernel(&r, names, &v->kernels[i]);
   }
   memcpy(v->relocs, base + h->relocs_offset_B,
          h->num_relocs * sizeof(uint32_t));
   memcpy(v->lines, base + h->lines_offset_B,
          h->num_lines * sizeof(struct nvir_line));
   return relocs_are_sound(h, v->relocs) ? 0 : -EINVAL;
}

int
nvir_program_open(const void *binary, size_t size_B, uint32_t chipset,
                  struct nvir_program *program_out)
{
   const char *base = binary;
   struct binary_header h;

   if (!binary || size_B < sizeof(h) || size_B > UINT32_MAX)
      return -EINVAL;
   memcpy(&h, binary, sizeof(h));
   if (!header_is_sound(&h, binary, size_B))
      return -EINVAL;
   if (h.chipset != chipset)
      return -ENODEV;
   struct view *v = view_create(&h);
   if (!v)
      return -ENOMEM;
   int err = view_fill(v, &h, base);
   if (err) {
      free(v);
      return err;
   }
   *program_out = (struct nvir_program){
      .chipset = h.chipset,
      .kernels = v->kernels,
      .num_kernels = h.num_kernels,
      .code = base + h.code_offset_B,
      .code_size_B = h.code_size_B,
      .data = base + h.data_offset_B,
      .data_size_B = h.data_size_B,
      .relocs = v->relocs,
      .num_relocs = h.num_relocs,
      .lines = v->lines,
      .num_lines = h.num_lines,
      .priv = v,
   };
   return 0;
}

void
nvir_program_close(struct nvir_program *program)
{
   free(program->priv);
   *program = (struct nvir_program){0};
}

void
nvir_program_data(const struct nvir_program *program, uint64_t gpu_va,
                  void *out)
{
   memcpy(out, program->data, program->data_size_B);
   for (uint32_t i = 0; i < program->num_relocs; i++) {
      char *place = (char *)out + program->relocs[i];
      uint64_t v;
      memcpy(&v, place, sizeof(v));
      v += gpu_va;
      memcpy(place, &v, sizeof(v));
   }
}

uint32_t
nvir_program_line(const struct nvir_program *program, uint32_t code_offset_B)
{
   uint32_t first = 0, end = program->num_lines;
   while (first < end) {
      uint32_t middle = first + (end - first) / 2;
      if (program->lines[middle].code_offset_B <= code_offset_B)
         first = middle + 1;
      else
         end = middle;
   }
   return first ? program->lines[first - 1].line : 0;
}
