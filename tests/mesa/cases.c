/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What the peers compute on the card, each beside the same computed here. */
#include "client.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define N        1024
#define GROUP    64
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static uint32_t got[4 * N], want[4 * N];

static uint32_t *
random_words(uint64_t seed, size_t n)
{
   static uint32_t words[4 * N];
   for (size_t i = 0; i < n; i++)
      words[i] = next_random(&seed);
   return words;
}

/* kernel(in, out): one word of `in` makes one of `out`. */
static void
run_map(struct client *c, const char *source, const uint32_t *in, size_t n)
{
   struct call call = call_begin(c, source, "k");
   cl_mem a = buffer_of(c, in, n * 4), b = buffer_of(c, NULL, n * 4);
   call_buffer(&call, a);
   call_buffer(&call, b);
   call_run1(&call, n, GROUP);
   buffer_take(c, b, got, n * 4);
   clReleaseMemObject(a);
}

/* ---- integers ---- */

static void
vector_add(struct client *c)
{
   static const char source[] =
      "kernel void k(global uint *a, global uint *b, global uint *out, uint s) {"
      "   size_t i = get_global_id(0);"
      "   out[i] = a[i] + b[i] * s;"
      "}";
   static uint32_t x[N], y[N];
   memcpy(x, random_words(1, N), sizeof(x));
   memcpy(y, random_words(2, N), sizeof(y));
   uint32_t s = 12345;
   struct call call = call_begin(c, source, "k");
   cl_mem a = buffer_of(c, x, sizeof(x)), b = buffer_of(c, y, sizeof(y));
   cl_mem out = buffer_of(c, NULL, sizeof(x));
   call_buffer(&call, a);
   call_buffer(&call, b);
   call_buffer(&call, out);
   call_value(&call, &s, sizeof(s));
   call_run1(&call, N, GROUP);
   buffer_take(c, out, got, sizeof(x));
   for (unsigned i = 0; i < N; i++)
      want[i] = x[i] + y[i] * s;
   same_u32("vector add", got, want, N);
   clReleaseMemObject(a);
   clReleaseMemObject(b);
}

/* Lengths differ from lane to lane. */
static void
counted_loops(struct client *c)
{
   static const char source[] =
      "kernel void k(global uint *in, global uint *out) {"
      "   size_t i = get_global_id(0);"
      "   uint v = in[i] % 1000, steps = 0;"
      "   while (v > 7) { v -= 7; steps++; }"
      "   for (uint j = 0; j < (i & 7); j++) {"
      "      if (j == 3) continue;"
      "      for (uint k = 0; k < j; k++) steps += k ^ i;"
      "   }"
      "   out[i] = steps * 64 + v;"
      "}";
   const uint32_t *in = random_words(3, N);
   run_map(c, source, in, N);
   for (unsigned i = 0; i < N; i++) {
      uint32_t v = in[i] % 1000, steps = 0;
      for (; v > 7; v -= 7)
         steps++;
      for (uint32_t j = 0; j < (i & 7); j++)
         for (uint32_t k = 0; j != 3 && k < j; k++)
            steps += k ^ i;
      want[i] = steps * 64 + v;
   }
   same_u32("counted loops", got, want, N);
}

/* Some lanes leave in the middle. clover's compiler loses the assignments to v:
 * its code has no shift. */
static void
breaking_loops(struct client *c)
{
   static const char source[] =
      "kernel void k(global uint *in, global uint *out) {"
      "   size_t i = get_global_id(0);"
      "   uint v = in[i] % 1000 + 1, steps = 0, odd = 0;"
      "   while (v != 1) {"
      "      if (v & 1) { v = 3 * v + 1; if (++odd == 30) break; }"
      "      else v >>= 1;"
      "      steps++;"
      "   }"
      "   out[i] = steps * 64 + odd;"
      "}";
   const uint32_t *in = random_words(3, N);
   run_map(c, source, in, N);
   for (unsigned i = 0; i < N; i++) {
      uint32_t v = in[i] % 1000 + 1, steps = 0, odd = 0;
      while (v != 1) {
         if (v & 1) {
            v = 3 * v + 1;
            if (++odd == 30)
               break;
         } else {
            v >>= 1;
         }
         steps++;
      }
      want[i] = steps * 64 + odd;
   }
   same_u32("breaking loops", got, want, N);
}

static void
branches(struct client *c)
{
   static const char source[] =
      "kernel void k(global uint *in, global uint *out) {"
      "   size_t i = get_global_id(0);"
      "   uint v = in[i], r;"
      "   switch (v & 7) {"
      "   case 0: r = v + 1; break;"
      "   case 1: r = v * 3; break;"
      "   case 2: r = v >> 5;"
      "   case 3: r = v ^ 0x1234; if (v & 0x100) { out[i] = 77; return; } break;"
      "   case 4: r = hadd(v, 0x12345u); break;"
      "   case 5: r = clz(v); break;"
      "   case 6: r = rotate(v, 7u); break;"
      "   default: r = mul_hi(v, 0x9e3779b9u);"
      "   }"
      "   if (i % 3 == 0) r = ~r; else if (i % 5 == 0) r = -r;"
      "   out[i] = r;"
      "}";
   const uint32_t *in = random_words(4, N);
   run_map(c, source, in, N);
   for (unsigned i = 0; i < N; i++) {
      uint32_t v = in[i], r;
      switch (v & 7) {
      case 0:
         r = v + 1;
         break;
      case 1:
         r = v * 3;
         break;
      case 2:
      case 3:
         r = v ^ 0x1234;
         break;
      case 4:
         r = ((uint64_t)v + 0x12345u) >> 1;
         break;
      case 5:
         r = v ? __builtin_clz(v) : 32;
         break;
      case 6:
         r = v << 7 | v >> 25;
         break;
      default:
         r = (uint64_t)v * 0x9e3779b9u >> 32;
      }
      want[i] = i % 3 == 0 ? ~r : i % 5 == 0 ? -r : r;
      if (((v & 7) == 2 || (v & 7) == 3) && (v & 0x100))
         want[i] = 77;
   }
   same_u32("branches", got, want, N);
}

static void
division(struct client *c)
{
   static const char source[] =
      "kernel void k(global uint *in, global uint *out) {"
      "   size_t i = get_global_id(0);"
      "   uint a = in[i], b = (in[i ^ 1] >> (i & 31)) | 1;"
      "   int sa = (int)a, sb = (i & 2) ? -(int)(b >> 1) - 1 : (int)(b >> 1) + 1;"
      "   out[i] = (a / b) ^ (a % b) * 3 ^ (uint)(sa / sb) * 5"
      "            ^ (uint)(sa % sb) * 7 ^ a / 10 * 11;"
      "}";
   const uint32_t *in = random_words(5, N);
   run_map(c, source, in, N);
   for (unsigned i = 0; i < N; i++) {
      uint32_t a = in[i], b = (in[i ^ 1] >> (i & 31)) | 1;
      int32_t sa = a, sb = i & 2 ? -(int32_t)(b >> 1) - 1 : (b >> 1) + 1;
      if (sa == INT32_MIN && sb == -1)
         want[i] = got[i]; /* undefined */
      else
         want[i] = (a / b) ^ (a % b) * 3 ^ (uint32_t)(sa / sb) * 5 ^
                   (uint32_t)(sa % sb) * 7 ^ a / 10 * 11;
   }
   same_u32("integer division", got, want, N);
}

static void
long_integers(struct client *c)
{
   static const char source[] =
      "kernel void k(global ulong *in, global ulong *out) {"
      "   size_t i = get_global_id(0);"
      "   ulong a = in[i], b = in[i ^ 1] >> (i & 63) | 1;"
      "   ulong r = a * b + (a << (i & 63)) - (b >> 3);"
      "   r ^= a / b; r += a % b;"
      "   if ((long)a < (long)b) r = ~r;"
      "   r += max((long)a, (long)(b << 32 | a >> 32)) ^ min(a, b | 1ul << 40);"
      "   out[i] = r ^ (ulong)((long)a >> (i & 31));"
      "}";
   const uint64_t *in = (const uint64_t *)random_words(6, N);
   uint64_t *w = (uint64_t *)want;
   struct call call = call_begin(c, source, "k");
   cl_mem a = buffer_of(c, in, N * 4), out = buffer_of(c, NULL, N * 4);
   call_buffer(&call, a);
   call_buffer(&call, out);
   call_run1(&call, N / 2, GROUP);
   buffer_take(c, out, got, N * 4);
   clReleaseMemObject(a);
   for (unsigned i = 0; i < N / 2; i++) {
      uint64_t x = in[i], y = in[i ^ 1] >> (i & 63) | 1;
      uint64_t r = x * y + (x << (i & 63)) - (y >> 3);
      r ^= x / y;
      r += x % y;
      if ((int64_t)x < (int64_t)y)
         r = ~r;
      int64_t crossed = y << 32 | x >> 32;
      uint64_t high = y | 1ull << 40;
      r += ((int64_t)x > crossed ? x : crossed) ^ (x < high ? x : high);
      w[i] = r ^ (uint64_t)((int64_t)x >> (i & 31));
   }
   same_u32("64-bit integers", got, want, N);
}

/* ---- memory ---- */

static void
small_types(struct client *c)
{
   static const char source[] =
      "kernel void k(global char *in, global short *s, global uchar *b,"
      "              global uint4 *v) {"
      "   size_t i = get_global_id(0);"
      "   short w = in[i] * 3;"
      "   s[i] = w;"
      "   b[i] = (uchar)(w >> 2);"
      "   v[i] = (uint4)(w, (uint)i, (uchar)in[i], add_sat((char)in[i],"
      "                  (char)100));"
      "}";
   const int8_t *in = (const int8_t *)random_words(7, N / 4);
   static int16_t s[N];
   static uint8_t b[N];
   struct call call = call_begin(c, source, "k");
   cl_mem a = buffer_of(c, in, N), sb = buffer_of(c, NULL, sizeof(s));
   cl_mem bb = buffer_of(c, NULL, sizeof(b)), vb = buffer_of(c, NULL, 16 * N);
   call_buffer(&call, a);
   call_buffer(&call, sb);
   call_buffer(&call, bb);
   call_buffer(&call, vb);
   call_run1(&call, N, GROUP);
   buffer_take(c, sb, s, sizeof(s));
   buffer_take(c, bb, b, sizeof(b));
   buffer_take(c, vb, got, 16 * N);
   clReleaseMemObject(a);
   for (unsigned i = 0; i < N; i++) {
      int16_t w = in[i] * 3;
      if (s[i] != w || b[i] != (uint8_t)(w >> 2))
         fail("small types: [%u] is %d, %u, not %d, %u", i, s[i], b[i], w,
              (uint8_t)(w >> 2));
      want[4 * i] = w;
      want[4 * i + 1] = i;
      want[4 * i + 2] = (uint8_t)in[i];
      want[4 * i + 3] = in[i] + 100 > 127 ? 127 : in[i] + 100;
   }
   same_u32("vector store", got, want, 4 * N);
}

static void
private_array(struct client *c)
{
   static const char source[] =
      "kernel void k(global uint *in, global uint *out) {"
      "   size_t i = get_global_id(0);"
      "   uint a[16];"
      "   for (uint j = 0; j < 16; j++) a[j] = in[(i + j) % 1024];"
      "   for (uint j = 0; j < 64; j++) {"
      "      uint x = a[j & 15], at = (x >> 7) & 15;"
      "      a[j & 15] = a[at] + j; a[at] = x;"
      "   }"
      "   uint r = 0;"
      "   for (uint j = 0; j < 16; j++) r = r * 31 + a[j];"
      "   out[i] = r;"
      "}";
   const uint32_t *in = random_words(8, N);
   run_map(c, source, in, N);
   for (unsigned i = 0; i < N; i++) {
      uint32_t a[16], r = 0;
      for (unsigned j = 0; j < 16; j++)
         a[j] = in[(i + j) % N];
      for (unsigned j = 0; j < 64; j++) {
         uint32_t x = a[j & 15], at = x >> 7 & 15;
         a[j & 15] = a[at] + j;
         a[at] = x;
      }
      for (unsigned j = 0; j < 16; j++)
         r = r * 31 + a[j];
      want[i] = r;
   }
   same_u32("private array", got, want, N);
}

/* A prefix sum of each group, in local memory that the host gives. */
static void
local_argument(struct client *c)
{
   static const char source[] =
      "kernel void k(global uint *in, global uint *out, local uint *t) {"
      "   uint l = get_local_id(0), n = get_local_size(0);"
      "   size_t i = get_global_id(0);"
      "   t[l] = in[i];"
      "   barrier(CLK_LOCAL_MEM_FENCE);"
      "   for (uint d = 1; d < n; d *= 2) {"
      "      uint v = l >= d ? t[l - d] : 0;"
      "      barrier(CLK_LOCAL_MEM_FENCE);"
      "      t[l] += v;"
      "      barrier(CLK_LOCAL_MEM_FENCE);"
      "   }"
      "   out[i] = t[l];"
      "}";
   enum {
      LOCAL = 128
   };
   const uint32_t *in = random_words(9, N);
   struct call call = call_begin(c, source, "k");
   cl_mem a = buffer_of(c, in, N * 4), out = buffer_of(c, NULL, N * 4);
   call_buffer(&call, a);
   call_buffer(&call, out);
   call_local(&call, LOCAL * 4);
   call_run1(&call, N, LOCAL);
   buffer_take(c, out, got, N * 4);
   clReleaseMemObject(a);
   for (unsigned i = 0; i < N; i++)
      want[i] = in[i] + (i % LOCAL ? want[i - 1] : 0);
   same_u32("local argument", got, want, N);
}

/* Each group turns its words round, in memory of the kernel's own. (Not both
 * kinds in one kernel: clover puts them at the same place.) */
static void
local_variable(struct client *c)
{
   static const char source[] =
      "kernel void k(global uint *in, global uint *out) {"
      "   local uint t[64], total[2];"
      "   uint l = get_local_id(0);"
      "   size_t i = get_global_id(0);"
      "   t[l] = in[i];"
      "   if (l == 40) total[get_group_id(0) & 1] = in[i] ^ 5;"
      "   barrier(CLK_LOCAL_MEM_FENCE);"
      "   out[i] = t[63 - l] + total[get_group_id(0) & 1];"
      "}";
   const uint32_t *in = random_words(16, N);
   run_map(c, source, in, N);
   for (unsigned i = 0; i < N; i++)
      want[i] = in[i - i % 64 + 63 - i % 64] + (in[i - i % 64 + 40] ^ 5);
   same_u32("local variable", got, want, N);
}

static void
constant_tables(struct client *c)
{
   static const char source[] =
      "constant uint table[8] = {3, 1, 4, 1, 5, 9, 2, 6};"
      "kernel void k(constant uint *in, global uint *out) {"
      "   size_t i = get_global_id(0);"
      "   out[i] = table[in[i] & 7] * 1000 + in[(i * 7) & 1023] % 1000;"
      "}";
   static const uint32_t table[] = {3, 1, 4, 1, 5, 9, 2, 6};
   const uint32_t *in = random_words(10, N);
   run_map(c, source, in, N);
   for (unsigned i = 0; i < N; i++)
      want[i] = table[in[i] & 7] * 1000 + in[(i * 7) & 1023] % 1000;
   same_u32("constant tables", got, want, N);
}

static void
three_dimensions(struct client *c)
{
   static const char source[] =
      "kernel void k(global uint *out) {"
      "   uint x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);"
      "   uint w = get_global_size(0), h = get_global_size(1);"
      "   out[(z * h + y) * w + x] = x | y << 8 | z << 16"
      "      | (get_group_id(0) + get_group_id(1) + get_group_id(2)) << 24"
      "      | (get_local_id(2) == z % get_local_size(2)) << 31;"
      "}";
   static const size_t global[] = {24, 10, 6}, local[] = {8, 5, 2};
   struct call call = call_begin(c, source, "k");
   cl_mem out = buffer_of(c, NULL, 24 * 10 * 6 * 4);
   call_buffer(&call, out);
   call_run(&call, 3, global, local);
   buffer_take(c, out, got, 24 * 10 * 6 * 4);
   for (unsigned z = 0; z < 6; z++)
      for (unsigned y = 0; y < 10; y++)
         for (unsigned x = 0; x < 24; x++)
            want[(z * 10 + y) * 24 + x] =
               x | y << 8 | z << 16 | (x / 8 + y / 5 + z / 2) << 24 | 1u << 31;
   same_u32("three dimensions", got, want, 24 * 10 * 6);
}

/* ---- floats ---- */

static void
floats(struct client *c)
{
   static const char source[] =
      "kernel void k(global float *in, global float *out) {"
      "   size_t i = get_global_id(0);"
      "   float x = in[i], y = in[i ^ 1];"
      "   out[4 * i] = fma(x, y, x - y);"
      "   out[4 * i + 1] = x > y ? floor(x) : trunc(y) + ceil(x);"
      "   out[4 * i + 2] = (float)(int)x + convert_float((uint)fabs(y));"
      "   out[4 * i + 3] = fmin(x, y) * 0.5f - fmax(x, 1.0f);"
      "}";
   static float in[N], w[4 * N];
   uint64_t seed = 11;
   for (unsigned i = 0; i < N; i++)
      in[i] = (int32_t)next_random(&seed) * 0x1p-20f;
   struct call call = call_begin(c, source, "k");
   cl_mem a = buffer_of(c, in, sizeof(in)), out = buffer_of(c, NULL, sizeof(w));
   call_buffer(&call, a);
   call_buffer(&call, out);
   call_run1(&call, N, GROUP);
   buffer_take(c, out, got, sizeof(w));
   clReleaseMemObject(a);
   for (unsigned i = 0; i < N; i++) {
      float x = in[i], y = in[i ^ 1];
      w[4 * i] = fmaf(x, y, x - y);
      w[4 * i + 1] = x > y ? floorf(x) : truncf(y) + ceilf(x);
      w[4 * i + 2] = (float)(int)x + (float)(uint32_t)fabsf(y);
      w[4 * i + 3] = fminf(x, y) * 0.5f - fmaxf(x, 1.0f);
   }
   close_f32("floats", (float *)got, w, 4 * N, 1e-6);
}

static void
functions(struct client *c)
{
   static const char source[] =
      "kernel void k(global float *in, global float *out) {"
      "   size_t i = get_global_id(0);"
      "   float x = in[i];"
      "   out[4 * i] = sqrt(x) + x / 3.7f;"
      "   out[4 * i + 1] = native_exp2(x * 0.25f) + rsqrt(x);"
      "   out[4 * i + 2] = native_sin(x) + native_cos(x);"
      "   out[4 * i + 3] = native_log2(x) + 1.0f / x;"
      "}";
   static float in[N], w[4 * N];
   uint64_t seed = 12;
   for (unsigned i = 0; i < N; i++)
      in[i] = 0.1f + (next_random(&seed) >> 8) * 0x1p-22f; /* 0.1 to 4.1 */
   struct call call = call_begin(c, source, "k");
   cl_mem a = buffer_of(c, in, sizeof(in)), out = buffer_of(c, NULL, sizeof(w));
   call_buffer(&call, a);
   call_buffer(&call, out);
   call_run1(&call, N, GROUP);
   buffer_take(c, out, got, sizeof(w));
   clReleaseMemObject(a);
   for (unsigned i = 0; i < N; i++) {
      float x = in[i];
      w[4 * i] = sqrtf(x) + x / 3.7f;
      w[4 * i + 1] = exp2f(x * 0.25f) + 1.0f / sqrtf(x);
      w[4 * i + 2] = sinf(x) + cosf(x);
      w[4 * i + 3] = log2f(x) + 1.0f / x;
   }
   /* Absolute 5e-7 at least (close_f32 counts small values as 1e-3). */
   close_f32("functions", (float *)got, w, 4 * N, 5e-4);
}

/* ---- atomics ---- */

/* clover's nouveau aborts when it compiles one; nouveau's global minimum of int
 * is that of uint, its local one is right. */
static void
atomics(struct client *c)
{
   static const char source[] =
      "kernel void k(global uint *in, global uint *bins, global uint *minmax,"
      "              global uint *lock, global int *least) {"
      "   local uint mine[16];"
      "   local int low;"
      "   uint l = get_local_id(0);"
      "   uint v = in[get_global_id(0)];"
      "   if (l < 16) mine[l] = 0;"
      "   if (l == 0) low = 0;"
      "   barrier(CLK_LOCAL_MEM_FENCE);"
      "   atomic_inc(&mine[v & 15]);"
      "   atomic_min(&low, (int)v);"
      "   barrier(CLK_LOCAL_MEM_FENCE);"
      "   if (l < 16) atomic_add(&bins[l], mine[l]);"
      "   if (l == 0) least[get_group_id(0)] = low;"
      "   atomic_min(&minmax[0], v);"
      "   atomic_max(&minmax[1], v);"
      "   uint old = *lock, seen;"
      "   while ((seen = atomic_cmpxchg(lock, old, old * 5 + 1)) != old)"
      "      old = seen;"
      "}";
   const uint32_t *in = random_words(13, N);
   uint32_t bins[16] = {0}, lock = 1, steps = 1;
   uint32_t minmax[2] = {UINT32_MAX, 0}, range[2] = {UINT32_MAX, 0};
   int32_t least[N / GROUP], lows[N / GROUP] = {0};
   memset(want, 0, sizeof(bins));
   for (unsigned i = 0; i < N; i++) {
      want[in[i] & 15]++;
      range[0] = in[i] < range[0] ? in[i] : range[0];
      range[1] = in[i] > range[1] ? in[i] : range[1];
      int32_t *low = &lows[i / GROUP];
      *low = (int32_t)in[i] < *low ? (int32_t)in[i] : *low;
      steps = steps * 5 + 1;
   }
   struct call call = call_begin(c, source, "k");
   cl_mem a = buffer_of(c, in, N * 4), b = buffer_of(c, bins, sizeof(bins));
   cl_mem m = buffer_of(c, minmax, sizeof(minmax));
   cl_mem w = buffer_of(c, &lock, sizeof(lock));
   cl_mem s = buffer_of(c, NULL, sizeof(least));
   call_buffer(&call, a);
   call_buffer(&call, b);
   call_buffer(&call, m);
   call_buffer(&call, w);
   call_buffer(&call, s);
   call_run1(&call, N, GROUP);
   buffer_take(c, b, bins, sizeof(bins));
   buffer_take(c, m, minmax, sizeof(minmax));
   buffer_take(c, w, &lock, sizeof(lock));
   buffer_take(c, s, least, sizeof(least));
   clReleaseMemObject(a);
   same_u32("atomic counts", bins, want, 16);
   same_u32("atomic minimum and maximum", minmax, range, 2);
   same_u32("compare and exchange", &lock, &steps, 1);
   same_bytes("local minimum", least, lows, sizeof(least));
}

/* ---- copies ---- */

static void
fill_buffer(struct client *c)
{
   static const uint8_t pattern[16] = {1, 2,  3,  4,  5,  6,  7,  8,
                                       9, 10, 11, 12, 13, 14, 15, 16};
   static uint8_t g[4096], w[4096];
   for (unsigned size_B = 1; size_B <= 16; size_B *= 2) {
      memset(w, 0xee, sizeof(w));
      cl_mem b = buffer_of(c, w, sizeof(w));
      size_t start = 5 * size_B, length = 100 * size_B;
      for (size_t i = 0; i < length; i++)
         w[start + i] = pattern[i % size_B];
      check(clEnqueueFillBuffer(c->queue, b, pattern, size_B, start, length, 0,
                                NULL, NULL),
            "clEnqueueFillBuffer");
      buffer_take(c, b, g, sizeof(g));
      same_bytes("fill", g, w, sizeof(g));
   }
   uint32_t word = 0x12345678;
   size_t large_B = 1 << 20;
   uint32_t *large = malloc(large_B);
   cl_mem b = buffer_of(c, NULL, large_B);
   check(clEnqueueFillBuffer(c->queue, b, &word, sizeof(word), 0, large_B, 0,
                             NULL, NULL),
         "clEnqueueFillBuffer");
   buffer_take(c, b, large, large_B);
   for (size_t i = 0; i < large_B / 4; i++)
      if (large[i] != word)
         fail("large fill: [%zu] is 0x%x", i, large[i]);
   free(large);
}

static void
copies(struct client *c)
{
   const uint8_t *in = (const uint8_t *)random_words(14, N);
   static uint8_t g[4 * N], w[4 * N];
   memset(w, 0, sizeof(w));
   cl_mem a = buffer_of(c, in, sizeof(w)), b = buffer_of(c, w, sizeof(w));
   check(clEnqueueCopyBuffer(c->queue, a, b, 3, 1000, 1237, 0, NULL, NULL),
         "clEnqueueCopyBuffer");
   memcpy(w + 1000, in + 3, 1237);
   static const size_t from[] = {5, 2, 0}, to[] = {1, 1, 0}, size[] = {7, 4, 1};
   check(clEnqueueCopyBufferRect(c->queue, a, b, from, to, size, 32, 0, 16, 0,
                                 0, NULL, NULL),
         "clEnqueueCopyBufferRect");
   for (unsigned y = 0; y < 4; y++)
      memcpy(w + (1 + y) * 16 + 1, in + (2 + y) * 32 + 5, 7);
   check(clEnqueueWriteBuffer(c->queue, b, CL_FALSE, 2999, 501, in + 1, 0, NULL,
                              NULL),
         "clEnqueueWriteBuffer");
   memcpy(w + 2999, in + 1, 501);
   cl_int err;
   uint8_t *mapped =
      clEnqueueMapBuffer(c->queue, b, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 600,
                         50, 0, NULL, NULL, &err);
   check(err, "clEnqueueMapBuffer");
   same_bytes("map", mapped, w + 600, 50);
   memset(mapped, 0x5a, 50);
   memset(w + 600, 0x5a, 50);
   check(clEnqueueUnmapMemObject(c->queue, b, mapped, 0, NULL, NULL),
         "clEnqueueUnmapMemObject");
   buffer_take(c, b, g, sizeof(g));
   same_bytes("copies", g, w, sizeof(g));
   clReleaseMemObject(a);
}

/* ---- images ---- */

static void
images(struct client *c)
{
   static const char source[] =
      "constant sampler_t s = CLK_NORMALIZED_COORDS_FALSE | CLK_ADDRESS_CLAMP"
      "                     | CLK_FILTER_NEAREST;"
      "kernel void k(read_only image2d_t in, write_only image2d_t out) {"
      "   int x = get_global_id(0), y = get_global_id(1);"
      "   uint4 v = read_imageui(in, s, (int2)(y, x));"
      "   write_imageui(out, (int2)(x, y), v + (uint4)(x, y, 1, 2));"
      "}";
   enum {
      SIDE = 16
   };
   static const cl_image_format format = {CL_RGBA, CL_UNSIGNED_INT32};
   static const cl_image_desc desc = {.image_type = CL_MEM_OBJECT_IMAGE2D,
                                      .image_width = SIDE,
                                      .image_height = SIDE};
   static const size_t origin[3], region[3] = {SIDE, SIDE, 1};
   static const size_t global[] = {SIDE, SIDE}, local[] = {8, 8};
   const uint32_t *in = random_words(15, SIDE * SIDE * 4);
   cl_int err;
   cl_mem a =
      clCreateImage(c->context, CL_MEM_READ_ONLY, &format, &desc, NULL, &err);
   check(err, "clCreateImage");
   cl_mem b =
      clCreateImage(c->context, CL_MEM_WRITE_ONLY, &format, &desc, NULL, &err);
   check(err, "clCreateImage");
   check(clEnqueueWriteImage(c->queue, a, CL_TRUE, origin, region, 0, 0, in, 0,
                             NULL, NULL),
         "clEnqueueWriteImage");
   check(clEnqueueReadImage(c->queue, a, CL_TRUE, origin, region, 0, 0, got, 0,
                            NULL, NULL),
         "clEnqueueReadImage");
   same_u32("image there and back", got, in, SIDE * SIDE * 4);
   struct call call = call_begin(c, source, "k");
   call_buffer(&call, a);
   call_buffer(&call, b);
   call_run(&call, 2, global, local);
   check(clEnqueueReadImage(c->queue, b, CL_TRUE, origin, region, 0, 0, got, 0,
                            NULL, NULL),
         "clEnqueueReadImage");
   for (unsigned y = 0; y < SIDE; y++)
      for (unsigned x = 0; x < SIDE; x++)
         for (unsigned j = 0; j < 4; j++)
            want[(y * SIDE + x) * 4 + j] =
               in[(x * SIDE + y) * 4 + j] + (uint32_t[]){x, y, 1, 2}[j];
   same_u32("images", got, want, SIDE * SIDE * 4);
   clReleaseMemObject(a);
   clReleaseMemObject(b);
}

/* ---- shared virtual memory ---- */

struct node {
   struct node *next;
   uint32_t value, sum;
};

/* The kernel follows the CPU's own pointers: heap, stack and static storage. */
static void
raw_pointers(struct client *c)
{
   static const char source[] =
      "struct node { global struct node *next; uint value, sum; };"
      "kernel void k(global struct node *head, global uint *total) {"
      "   uint sum = 0;"
      "   for (global struct node *n = head; n; n = n->next) {"
      "      sum += n->value;"
      "      n->sum = sum;"
      "   }"
      "   *total = sum;"
      "}";
   enum {
      LENGTH = 500
   };
   struct node *nodes[LENGTH], on_stack = {NULL, 1000, 0}, *next = &on_stack;
   static uint32_t total;
   for (unsigned i = 0; i < LENGTH; i++) {
      nodes[i] = malloc(sizeof(struct node));
      *nodes[i] = (struct node){next, i * i + 1, 0};
      next = nodes[i];
   }
   struct call call = call_begin(c, source, "k");
   call_pointer(&call, next);
   call_pointer(&call, &total);
   call_run1(&call, 1, 1);
   uint32_t sum = 0;
   for (struct node *n = next; n; n = n->next) {
      sum += n->value;
      if (n->sum != sum)
         fail("raw pointers: sum %u, not %u", n->sum, sum);
   }
   if (total != sum)
      fail("raw pointers: total %u, not %u", total, sum);
   for (unsigned i = 0; i < LENGTH; i++)
      free(nodes[i]);
}

/* Pages go to the card's memory and come back when touched here. */
static void
migration(struct client *c)
{
   static const char source[] = "kernel void k(global uint *p, uint add) {"
                                "   size_t i = get_global_id(0);"
                                "   p[i] = p[i] * 3 + add;"
                                "}";
   size_t words = 64 * 1024, size_B = words * 4;
   uint32_t *p = clSVMAlloc(c->context, CL_MEM_READ_WRITE, size_B, 4096),
            add = 7;
   if (!p)
      fail("clSVMAlloc");
   for (size_t i = 0; i < words; i++)
      p[i] = i;
   const void *ptrs[] = {p};
   size_t sizes[] = {size_B};
   for (unsigned round = 0; round < 3; round++) {
      check(clEnqueueSVMMigrateMem(c->queue, 1, ptrs, sizes, 0, 0, NULL, NULL),
            "clEnqueueSVMMigrateMem");
      struct call call = call_begin(c, source, "k");
      call_pointer(&call, p);
      call_value(&call, &add, sizeof(add));
      call_run1(&call, words, GROUP);
      for (size_t i = round; i < words; i += 3)
         p[i] ^= 0x80;
   }
   for (size_t i = 0; i < words; i++) {
      uint32_t v = i;
      for (unsigned round = 0; round < 3; round++) {
         v = v * 3 + add;
         if (i >= round && (i - round) % 3 == 0)
            v ^= 0x80;
      }
      if (p[i] != v)
         fail("migration: [%zu] is 0x%x, not 0x%x", i, p[i], v);
   }
   clSVMFree(c->context, p);
}

const struct test_case test_cases[] = {
   {"vector_add", vector_add},
   {"counted_loops", counted_loops},
   {"breaking_loops", breaking_loops, .not_for_clover = true},
   {"branches", branches},
   {"division", division},
   {"long_integers", long_integers},
   {"small_types", small_types},
   {"private_array", private_array},
   {"local_argument", local_argument},
   {"local_variable", local_variable},
   {"constant_tables", constant_tables},
   {"three_dimensions", three_dimensions},
   {"floats", floats},
   {"functions", functions},
   {"ops", all_ops},
   {"atomics", atomics, .not_for_clover = true},
   {"fill_buffer", fill_buffer},
   {"copies", copies},
   {"images", images, .needs_images = true},
   {"image_formats", image_formats, .needs_images = true},
   {"image_kinds", image_kinds, .needs_images = true},
   {"image_samplers", image_samplers, .needs_images = true},
   {"raw_pointers", raw_pointers, .needs_raw_pointers = true},
   {"migration", migration, .needs_raw_pointers = true},
   {NULL},
};
