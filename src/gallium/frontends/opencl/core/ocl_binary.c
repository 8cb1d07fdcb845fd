/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The container that clGetProgramInfo(CL_PROGRAM_BINARIES) hands out:
 *
 *   header | kernel descriptions | bitcode | device binary
 *
 * Little endian as the host. The checksum covers all behind the header. The
 * bitcode makes the container good for linking and for other chips; the device
 * binary saves the compilation where it fits. */
#include "ocl_program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/util_buf.h"

#define BINARY_MAGIC   "PARTAGE\n"
#define BINARY_VERSION 2

struct header {
   char magic[8];
   uint32_t version, type, chipset, reserved;
   uint64_t info_B, bitcode_B, binary_B;
   uint64_t checksum;
};

/* FNV-1a, 64 bits. */
static uint64_t
checksum(const void *data, size_t size_B)
{
   const uint8_t *p = data;
   uint64_t h = 0xcbf29ce484222325ull;

   for (size_t i = 0; i < size_B; i++)
      h = (h ^ p[i]) * 0x100000001b3ull;
   return h;
}

/* ---- writing ---- */

static void
put_u32(struct util_buf *b, uint32_t v)
{
   util_buf_append(b, &v, sizeof(v));
}

/* Length + 1, then the bytes; 0 is a NULL string. */
static void
put_string(struct util_buf *b, const char *s)
{
   put_u32(b, s ? strlen(s) + 1 : 0);
   if (s)
      util_buf_append(b, s, strlen(s));
}

static void
put_arg(struct util_buf *b, const struct clc_arg *a)
{
   put_u32(b, a->kind);
   put_u32(b, a->size_B);
   put_u32(b, a->align_B);
   put_u32(b, a->offset_B);
   put_u32(b, a->addr_space);
   put_u32(b, a->access);
   put_u32(b, a->type_qual);
   put_string(b, a->name);
   put_string(b, a->type_name);
}

static void
put_kernel(struct util_buf *b, const struct clc_kernel *k)
{
   put_string(b, k->name);
   put_string(b, k->attributes);
   put_string(b, k->vec_type_hint);
   put_u32(b, k->args_size_B);
   for (unsigned i = 0; i < 3; i++)
      put_u32(b, k->reqd_wg_size[i]);
   for (unsigned i = 0; i < 3; i++)
      put_u32(b, k->wg_size_hint[i]);
   put_u32(b, k->uses_printf);
   put_u32(b, k->num_args);
   for (unsigned i = 0; i < k->num_args; i++)
      put_arg(b, &k->args[i]);
}

static void
put_printf(struct util_buf *b, const struct clc_printf *p)
{
   put_u32(b, p->length);
   util_buf_append(b, p->text, p->length);
   put_u32(b, p->num_args);
   util_buf_append(b, p->args, p->num_args * sizeof(*p->args));
}

static void
put_info(struct util_buf *b, const struct clc_program_info *info)
{
   put_u32(b, info->num_kernels);
   for (unsigned i = 0; i < info->num_kernels; i++)
      put_kernel(b, &info->kernels[i]);
   put_u32(b, info->num_printfs);
   for (unsigned i = 0; i < info->num_printfs; i++)
      put_printf(b, &info->printfs[i]);
}

void
ocl_binary_write(const struct ocl_build *build, struct clc_blob *out)
{
   struct util_buf b;
   struct header h = {
      .version = BINARY_VERSION,
      .type = build->type,
      .chipset = ocl_device_caps(build->dev)->chipset,
      .bitcode_B = build->bitcode.size_B,
      .binary_B = build->binary.size_B,
   };

   memcpy(h.magic, BINARY_MAGIC, sizeof(h.magic));
   util_buf_init(&b);
   util_buf_append(&b, &h, sizeof(h));
   put_info(&b, &build->info);
   h.info_B = b.size_B - sizeof(h);
   if (h.bitcode_B)
      util_buf_append(&b, build->bitcode.data, h.bitcode_B);
   if (h.binary_B)
      util_buf_append(&b, build->binary.data, h.binary_B);
   h.checksum = checksum(b.data + sizeof(h), b.size_B - sizeof(h));
   memcpy(b.data, &h, sizeof(h));
   out->size_B = b.size_B;
   out->data = util_buf_steal(&b);
}

/* ---- reading: anything may be in there; `bad` sticks ---- */

struct reader {
   const uint8_t *p, *end;
   struct util_arena *arena;
   bool bad;
};

static const void *
get_bytes(struct reader *r, size_t n)
{
   const void *p = r->p;

   if (r->bad || n > (size_t)(r->end - r->p)) {
      r->bad = true;
      return NULL;
   }
   r->p += n;
   return p;
}

static uint32_t
get_u32(struct reader *r)
{
   const void *p = get_bytes(r, sizeof(uint32_t));
   uint32_t v = 0;

   if (p)
      memcpy(&v, p, sizeof(v));
   return v;
}

static char *
get_string(struct reader *r)
{
   uint32_t n = get_u32(r);
   const char *p = n ? get_bytes(r, n - 1) : NULL;

   if (!p)
      return NULL;
   char *s = util_arena_alloc(r->arena, n);
   memcpy(s, p, n - 1);
   return s;
}

static void
get_arg(struct reader *r, struct clc_arg *a)
{
   a->kind = get_u32(r);
   a->size_B = get_u32(r);
   a->align_B = get_u32(r);
   a->offset_B = get_u32(r);
   a->addr_space = get_u32(r);
   a->access = get_u32(r);
   a->type_qual = get_u32(r);
   a->name = get_string(r);
   a->type_name = get_string(r);
   r->bad |= a->kind > CLC_ARG_PIPE;
}

/* A count of things that take at least `each_B` bytes. */
static uint32_t
get_count(struct reader *r, size_t each_B)
{
   uint32_t n = get_u32(r);

   r->bad |= n > (size_t)(r->end - r->p) / each_B;
   return r->bad ? 0 : n;
}

static bool
args_fit(const struct clc_kernel *k)
{
   for (unsigned i = 0; i < k->num_args; i++) {
      const struct clc_arg *a = &k->args[i];
      uint64_t size = a->kind == CLC_ARG_VALUE ? a->size_B : 8;
      if (a->offset_B + size > k->args_size_B ||
          !util_is_pow2(MAX2(a->align_B, 1)))
         return false;
   }
   return true;
}

static void
get_kernel(struct reader *r, struct clc_kernel *k)
{
   k->name = get_string(r);
   k->attributes = get_string(r);
   const char *hint = get_string(r);
   if (hint)
      strncpy(k->vec_type_hint, hint, sizeof(k->vec_type_hint) - 1);
   k->args_size_B = get_u32(r);
   for (unsigned i = 0; i < 3; i++)
      k->reqd_wg_size[i] = get_u32(r);
   for (unsigned i = 0; i < 3; i++)
      k->wg_size_hint[i] = get_u32(r);
   k->uses_printf = get_u32(r);
   k->num_args = get_count(r, 9 * sizeof(uint32_t));
   k->args = util_arena_array(r->arena, struct clc_arg, k->num_args);
   for (unsigned i = 0; i < k->num_args; i++)
      get_arg(r, &k->args[i]);
   r->bad |= !k->name || !args_fit(k);
}

/* Text and arguments stay where they are: the caller copies them. */
static void
get_printf(struct reader *r, struct clc_printf *p)
{
   p->length = get_count(r, 1);
   p->text = (char *)get_bytes(r, p->length);
   p->num_args = get_count(r, sizeof(*p->args));
   const void *args = get_bytes(r, p->num_args * sizeof(*p->args));
   p->args = util_arena_array(r->arena, uint32_t, p->num_args);
   if (args && p->num_args)
      memcpy(p->args, args, p->num_args * sizeof(*p->args));
}

static void
get_info(struct reader *r, struct clc_program_info *info)
{
   info->num_kernels = get_count(r, 12 * sizeof(uint32_t));
   info->kernels =
      util_arena_array(r->arena, struct clc_kernel, info->num_kernels);
   for (unsigned i = 0; !r->bad && i < info->num_kernels; i++)
      get_kernel(r, &info->kernels[i]);
   info->num_printfs = get_count(r, 2 * sizeof(uint32_t));
   info->printfs =
      util_arena_array(r->arena, struct clc_printf, info->num_printfs);
   for (unsigned i = 0; !r->bad && i < info->num_printfs; i++)
      get_printf(r, &info->printfs[i]);
}

static bool
header_is_good(const struct header *h, const void *data, size_t size_B)
{
   size_t rest = size_B - sizeof(*h);

   if (memcmp(h->magic, BINARY_MAGIC, sizeof(h->magic)) ||
       h->version != BINARY_VERSION)
      return false;
   if (h->type != CL_PROGRAM_BINARY_TYPE_COMPILED_OBJECT &&
       h->type != CL_PROGRAM_BINARY_TYPE_LIBRARY &&
       h->type != CL_PROGRAM_BINARY_TYPE_EXECUTABLE)
      return false;
   if (h->info_B > rest || h->bitcode_B > rest - h->info_B ||
       h->binary_B != rest - h->info_B - h->bitcode_B)
      return false;
   return h->checksum == checksum((const char *)data + sizeof(*h), rest);
}

static void *
dup_bytes(const void *p, size_t n)
{
   void *d = n ? malloc(n) : NULL;

   if (d)
      memcpy(d, p, n);
   return d;
}

/* The device binary if it fits; -ENODEV: it belongs to another device. */
static int
take_binary(struct ocl_device *dev, const struct header *h, const char *data,
            struct pipe_binary *out)
{
   *out = (struct pipe_binary){0};
   if (!h->binary_B)
      return 0;
   if (h->chipset != ocl_device_caps(dev)->chipset)
      return -ENODEV;
   int ret = dev->screen->check_binary(dev->screen, data, h->binary_B);
   if (ret)
      return ret;
   out->data = dup_bytes(data, h->binary_B);
   out->size_B = h->binary_B;
   return out->data ? 0 : -ENOMEM;
}

static cl_int
read_parts(struct ocl_device *dev, const struct header *h, const char *payload,
           struct util_arena *arena, struct ocl_build **build_out)
{
   struct reader r = {(const uint8_t *)payload,
                      (const uint8_t *)payload + h->info_B, arena};
   struct clc_program_info info = {0};
   struct clc_blob bitcode = {.size_B = h->bitcode_B};
   struct pipe_binary binary;

   get_info(&r, &info);
   if (r.bad)
      return CL_INVALID_BINARY;
   int ret = take_binary(dev, h, payload + h->info_B + h->bitcode_B, &binary);
   if (ret == -ENOMEM)
      return CL_OUT_OF_HOST_MEMORY;
   if (ret && (ret != -ENODEV || !h->bitcode_B))
      return CL_INVALID_BINARY;
   bitcode.data = dup_bytes(payload + h->info_B, h->bitcode_B);
   *build_out = ocl_build_create(dev, h->type, bitcode, binary, &info);
   return *build_out ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY;
}

cl_int
ocl_binary_read(struct ocl_device *dev, const void *data, size_t size_B,
                struct ocl_build **build_out)
{
   struct header h;
   struct util_arena arena;

   *build_out = NULL;
   if (size_B < sizeof(h))
      return CL_INVALID_BINARY;
   memcpy(&h, data, sizeof(h));
   if (!header_is_good(&h, data, size_B))
      return CL_INVALID_BINARY;
   util_arena_init(&arena);
   cl_int err =
      read_parts(dev, &h, (const char *)data + sizeof(h), &arena, build_out);
   util_arena_finish(&arena);
   return err;
}
