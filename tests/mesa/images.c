/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Images of all formats, kinds and samplers, against what OpenCL says of them
 * (chapters 8.2 and 8.3 of the C specification). */
#include "client.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE 16
#define N    (SIDE * SIDE)

static const size_t origin[3];

struct shape {
   cl_mem_object_type type;
   size_t width, height, depth, layers;
};

static size_t
texels(const struct shape *s)
{
   size_t n = s->width;
   n *= s->height ? s->height : 1;
   n *= s->depth ? s->depth : 1;
   return n * (s->layers ? s->layers : 1);
}

static void
region_of(const struct shape *s, size_t region[3])
{
   region[0] = s->width;
   region[1] = s->height ? s->height : s->layers ? s->layers : 1;
   region[2] = s->depth ? s->depth : s->height && s->layers ? s->layers : 1;
}

static cl_mem
image_of(struct client *c, cl_image_format format, const struct shape *s,
         const void *data)
{
   cl_image_desc desc = {.image_type = s->type,
                         .image_width = s->width,
                         .image_height = s->height,
                         .image_depth = s->depth,
                         .image_array_size = s->layers};
   size_t region[3];
   cl_int err;
   region_of(s, region);
   cl_mem image =
      clCreateImage(c->context, CL_MEM_READ_WRITE, &format, &desc, NULL, &err);
   check(err, "clCreateImage");
   if (data)
      check(clEnqueueWriteImage(c->queue, image, CL_TRUE, origin, region, 0, 0,
                                data, 0, NULL, NULL),
            "clEnqueueWriteImage");
   return image;
}

static void
image_take(struct client *c, cl_mem image, const struct shape *s, void *data)
{
   size_t region[3];
   region_of(s, region);
   check(clEnqueueReadImage(c->queue, image, CL_TRUE, origin, region, 0, 0,
                            data, 0, NULL, NULL),
         "clEnqueueReadImage");
   clReleaseMemObject(image);
}

/* ---- formats ---- */

static unsigned
channel_B(cl_channel_type type)
{
   switch (type) {
   case CL_UNORM_INT8:
   case CL_SNORM_INT8:
   case CL_SIGNED_INT8:
   case CL_UNSIGNED_INT8:
      return 1;
   case CL_UNORM_INT16:
   case CL_SNORM_INT16:
   case CL_SIGNED_INT16:
   case CL_UNSIGNED_INT16:
   case CL_HALF_FLOAT:
      return 2;
   case CL_SIGNED_INT32:
   case CL_UNSIGNED_INT32:
   case CL_FLOAT:
      return 4;
   default:
      return 0; /* packed: not here */
   }
}

/* Which of x y z w each channel in memory is. */
static const char *
channels(cl_channel_order order)
{
   switch (order) {
   case CL_R:
      return "0";
   case CL_RG:
      return "01";
   case CL_RGBA:
      return "0123";
   case CL_BGRA:
      return "2103";
   default:
      return NULL;
   }
}

static const char *
family(cl_channel_type type)
{
   if (type == CL_SIGNED_INT8 || type == CL_SIGNED_INT16 ||
       type == CL_SIGNED_INT32)
      return "i";
   if (type == CL_UNSIGNED_INT8 || type == CL_UNSIGNED_INT16 ||
       type == CL_UNSIGNED_INT32)
      return "ui";
   return "f";
}

static float
half_value(uint16_t h)
{
   int e = h >> 10 & 31, m = h & 1023;
   float v = e == 0    ? ldexpf((float)m, -24)
             : e == 31 ? (m ? NAN : INFINITY)
                       : ldexpf((float)(m + 1024), e - 25);
   return h >> 15 ? -v : v;
}

static uint32_t
float_bits(float v)
{
   uint32_t u;
   memcpy(&u, &v, 4);
   return u;
}

static uint32_t
channel_value(cl_channel_type type, const void *p)
{
   uint8_t u8;
   uint16_t u16;
   uint32_t u32 = 0;
   memcpy(&u8, p, 1);
   memcpy(&u16, p, channel_B(type) > 1 ? 2 : 1);
   memcpy(&u32, p, channel_B(type));
   switch (type) {
   case CL_UNORM_INT8:
      return float_bits(u8 / 255.0f);
   case CL_UNORM_INT16:
      return float_bits(u16 / 65535.0f);
   case CL_SNORM_INT8:
      return float_bits(fmaxf((int8_t)u8 / 127.0f, -1));
   case CL_SNORM_INT16:
      return float_bits(fmaxf((int16_t)u16 / 32767.0f, -1));
   case CL_HALF_FLOAT:
      return float_bits(half_value(u16));
   case CL_SIGNED_INT8:
      return (uint32_t)(int8_t)u8;
   case CL_SIGNED_INT16:
      return (uint32_t)(int16_t)u16;
   default:
      return u32;
   }
}

static bool
is_float(cl_channel_type type)
{
   return !strcmp(family(type), "f");
}

/* Within a unit of the last place, and NaN is NaN. */
static bool
same_value(cl_channel_type type, uint32_t got, uint32_t want)
{
   float g, w;
   memcpy(&g, &got, 4);
   memcpy(&w, &want, 4);
   if (got == want || !is_float(type))
      return got == want;
   return (isnan(g) && isnan(w)) || fabsf(g - w) <= fabsf(w) * 1.2e-7f;
}

/* Random bytes, but half and float are finite: a store may change NaNs. */
static void
random_texels(uint64_t seed, cl_channel_type type, uint8_t *p, size_t size_B)
{
   for (size_t i = 0; i < size_B; i++)
      p[i] = (uint8_t)next_random(&seed);
   for (size_t i = 0; i < size_B && type == CL_HALF_FLOAT; i += 2)
      if ((p[i + 1] & 0x7c) == 0x7c)
         p[i + 1] &= 0xbf;
   for (size_t i = 0; i < size_B && type == CL_FLOAT; i += 4)
      p[i + 3] = (p[i + 3] & 0x80) | 0x3f;
   /* The lowest is another spelling of -1. */
   for (size_t i = 0; i < size_B && type == CL_SNORM_INT8; i++)
      p[i] = p[i] == 0x80 ? 0x81 : p[i];
   for (size_t i = 0; i < size_B && type == CL_SNORM_INT16; i += 2)
      p[i] |= 1;
}

/* The kernel reads each texel through a sampler, and copies it. */
static void
check_format(struct client *c, cl_image_format f)
{
   static const struct shape shape = {CL_MEM_OBJECT_IMAGE2D, SIDE, SIDE};
   static uint8_t in[N * 16], back[N * 16];
   static uint32_t got[N][4];
   static const size_t global[] = {SIDE, SIDE}, local[] = {8, 4};
   const char *order = channels(f.image_channel_order);
   unsigned size_B = channel_B(f.image_channel_data_type);
   if (!order || !size_B)
      return;
   const char *t = family(f.image_channel_data_type);
   const char *v = *t == 'f' ? "float4" : *t == 'i' ? "int4" : "uint4";
   char source[1024], what[64];
   snprintf(source, sizeof(source),
            "constant sampler_t s = CLK_NORMALIZED_COORDS_FALSE | "
            "CLK_ADDRESS_CLAMP_TO_EDGE | CLK_FILTER_NEAREST;"
            "kernel void k(read_only image2d_t in, write_only image2d_t out,"
            "              global %s *values) {"
            "   int2 at = (int2)(get_global_id(0), get_global_id(1));"
            "   %s v = read_image%s(in, s, at);"
            "   values[at.y * %d + at.x] = v;"
            "   write_image%s(out, at.yx, v);"
            "}",
            v, v, t, SIDE, t);
   size_t texel_B = size_B * strlen(order);
   snprintf(what, sizeof(what), "format %#x %#x", f.image_channel_order,
            f.image_channel_data_type);
   random_texels(f.image_channel_data_type * 31 + f.image_channel_order,
                 f.image_channel_data_type, in, N * texel_B);
   struct call call = call_begin(c, source, "k");
   cl_mem a = image_of(c, f, &shape, in), b = image_of(c, f, &shape, NULL);
   cl_mem values = buffer_of(c, NULL, sizeof(got));
   call_buffer(&call, a);
   call_buffer(&call, b);
   call_buffer(&call, values);
   call_run(&call, 2, global, local);
   buffer_take(c, values, got, sizeof(got));
   image_take(c, b, &shape, back);
   clReleaseMemObject(a);
   for (unsigned i = 0; i < N; i++) {
      uint32_t want[4] = {0, 0, 0, *t == 'f' ? float_bits(1) : 1};
      for (unsigned k = 0; order[k]; k++)
         want[order[k] - '0'] = channel_value(f.image_channel_data_type,
                                              in + i * texel_B + k * size_B);
      for (unsigned k = 0; k < 4; k++)
         if (!same_value(f.image_channel_data_type, got[i][k], want[k]))
            fail("%s: texel %u component %u: %#x, want %#x", what, i, k,
                 got[i][k], want[k]);
      unsigned j = i % SIDE * SIDE + i / SIDE;
      same_bytes(what, back + j * texel_B, in + i * texel_B, texel_B);
   }
}

void
image_formats(struct client *c)
{
   static cl_image_format formats[256];
   cl_uint n = 0;
   check(clGetSupportedImageFormats(c->context, CL_MEM_READ_WRITE,
                                    CL_MEM_OBJECT_IMAGE2D, 256, formats, &n),
         "clGetSupportedImageFormats");
   if (n < 8)
      fail("image formats: only %u", n);
   for (cl_uint i = 0; i < n; i++)
      check_format(c, formats[i]);
}

/* ---- kinds ---- */

/* `at`: coordinates of texel i of the kind's image. */
static void
check_kind(struct client *c, const struct shape *s, const char *image,
           const char *at)
{
   static const cl_image_format format = {CL_RGBA, CL_UNSIGNED_INT32};
   size_t n = texels(s);
   uint32_t *in = malloc(n * 16), *got = malloc(n * 16);
   uint64_t seed = n;
   char source[1024];
   for (size_t i = 0; i < n * 4; i++)
      in[i] = next_random(&seed);
   snprintf(source, sizeof(source),
            "constant sampler_t s = CLK_NORMALIZED_COORDS_FALSE | "
            "CLK_ADDRESS_CLAMP | CLK_FILTER_NEAREST;"
            "kernel void k(read_only %s in, global uint4 *out) {"
            "   int i = get_global_id(0), w = %zu, h = %zu;"
            "   out[i] = read_imageui(in, s, %s) + (uint4)(i, 1, 2, 3);"
            "}",
            image, s->width, s->height ? s->height : 1, at);
   struct call call = call_begin(c, source, "k");
   cl_mem a = image_of(c, format, s, in), b = buffer_of(c, NULL, n * 16);
   call_buffer(&call, a);
   call_buffer(&call, b);
   call_run1(&call, n, 16);
   buffer_take(c, b, got, n * 16);
   for (size_t i = 0; i < n; i++) {
      in[i * 4] += (uint32_t)i;
      in[i * 4 + 1] += 1;
      in[i * 4 + 2] += 2;
      in[i * 4 + 3] += 3;
   }
   same_u32(image, got, in, n * 4);
   clReleaseMemObject(a);
   free(in);
   free(got);
}

void
image_kinds(struct client *c)
{
   static const struct shape line = {CL_MEM_OBJECT_IMAGE1D, 256},
                             plane = {CL_MEM_OBJECT_IMAGE2D, 48, 100},
                             layers = {CL_MEM_OBJECT_IMAGE2D_ARRAY, 32, 20, 0,
                                       5},
                             lines = {CL_MEM_OBJECT_IMAGE1D_ARRAY, 64, 0, 0, 7},
                             space = {CL_MEM_OBJECT_IMAGE3D, 20, 36, 8};
   check_kind(c, &line, "image1d_t", "i");
   check_kind(c, &plane, "image2d_t", "(int2)(i % w, i / w)");
   check_kind(c, &layers, "image2d_array_t",
              "(int4)(i % w, i / w % h, i / (w * h), 0)");
   check_kind(c, &lines, "image1d_array_t", "(int2)(i % w, i / w)");
   check_kind(c, &space, "image3d_t",
              "(int4)(i % w, i / w % h, i / (w * h), 0)");
}

/* ---- samplers ---- */

static float
texel_at(const float *p, int x, int y, bool repeat)
{
   if (repeat) {
      x = (x % SIDE + SIDE) % SIDE;
      y = (y % SIDE + SIDE) % SIDE;
   } else if (x < 0 || x >= SIDE || y < 0 || y >= SIDE) {
      return 0; /* the border of an image without alpha: 0 */
   }
   return p[y * SIDE + x];
}

static float
sampled(const float *p, double s, double t, bool linear, bool repeat)
{
   double u = s * SIDE, v = t * SIDE;
   if (!linear)
      return texel_at(p, (int)floor(u), (int)floor(v), repeat);
   int x = (int)floor(u - 0.5), y = (int)floor(v - 0.5);
   double a = u - 0.5 - x, b = v - 0.5 - y;
   return (float)((1 - a) * (1 - b) * texel_at(p, x, y, repeat) +
                  a * (1 - b) * texel_at(p, x + 1, y, repeat) +
                  (1 - a) * b * texel_at(p, x, y + 1, repeat) +
                  a * b * texel_at(p, x + 1, y + 1, repeat));
}

static void
check_sampler(struct client *c, bool linear, bool repeat)
{
   static const struct shape shape = {CL_MEM_OBJECT_IMAGE2D, SIDE, SIDE};
   static const cl_image_format format = {CL_R, CL_FLOAT};
   static float in[N], at[N][2], got[N];
   uint64_t seed = 7 + linear + 2 * repeat;
   char source[1024];
   for (unsigned i = 0; i < N; i++) {
      in[i] = (float)(next_random(&seed) % 1000);
      for (unsigned k = 0; k < 2; k++)
         at[i][k] = (float)(next_random(&seed) % 30000) / 10000 - 1;
   }
   snprintf(source, sizeof(source),
            "constant sampler_t s = CLK_NORMALIZED_COORDS_TRUE | %s | %s;"
            "kernel void k(read_only image2d_t in, global float2 *at,"
            "              global float *out) {"
            "   int i = get_global_id(0);"
            "   out[i] = read_imagef(in, s, at[i]).x;"
            "}",
            repeat ? "CLK_ADDRESS_REPEAT" : "CLK_ADDRESS_CLAMP",
            linear ? "CLK_FILTER_LINEAR" : "CLK_FILTER_NEAREST");
   struct call call = call_begin(c, source, "k");
   cl_mem a = image_of(c, format, &shape, in);
   cl_mem b = buffer_of(c, at, sizeof(at)), d = buffer_of(c, NULL, sizeof(got));
   call_buffer(&call, a);
   call_buffer(&call, b);
   call_buffer(&call, d);
   call_run1(&call, N, 32);
   buffer_take(c, d, got, sizeof(got));
   clReleaseMemObject(a);
   clReleaseMemObject(b);
   for (unsigned i = 0; i < N; i++) {
      float want = sampled(in, at[i][0], at[i][1], linear, repeat);
      /* Weights have eight bits: two of them, on values up to 1000. */
      if (fabsf(got[i] - want) > (linear ? 1000 * 2 / 512.0f : 0))
         fail("sampler linear %d repeat %d at %g %g: %g, want %g", linear,
              repeat, at[i][0], at[i][1], got[i], want);
   }
}

void
image_samplers(struct client *c)
{
   for (unsigned k = 0; k < 4; k++)
      check_sampler(c, k & 1, k >> 1);
}
