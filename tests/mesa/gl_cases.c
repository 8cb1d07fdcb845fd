/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What OpenGL's compute shaders and buffers do on the card, each beside the
 * same done here. */
#include "gl_client.h"

#include <math.h>
#include <string.h>

#define N        1024
#define GROUP    64
#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define IN_OUT                                                                 \
   "layout(std430, binding = 0) buffer A { uint a[]; };"                       \
   "layout(std430, binding = 1) buffer B { uint b[]; };"                       \
   "void main() { uint i = gl_GlobalInvocationID.x;"

static uint32_t got[4 * N], want[4 * N];

static const uint32_t *
random_words(uint64_t seed, size_t n)
{
   static uint32_t words[4 * N];
   for (size_t i = 0; i < n; i++)
      words[i] = next_random(&seed);
   return words;
}

/* b[i] from a[i]. */
static void
map(const char *extensions, const char *body, const uint32_t *in, size_t n)
{
   GLuint a = gl_storage(0, in, n * 4), b = gl_storage(1, NULL, n * 4);
   gl_run(gl_program(extensions, GROUP, body), (unsigned)n / GROUP);
   gl_take(b, got, n * 4);
   glDeleteBuffers(1, &a);
}

/* ---- shaders ---- */

static void
storage(void)
{
   const uint32_t *in = random_words(1, N);
   map("", IN_OUT "b[i] = a[i] * 3u + a[(i * 7u) % uint(a.length())] / 5u; }",
       in, N);
   for (unsigned i = 0; i < N; i++)
      want[i] = in[i] * 3 + in[i * 7 % N] / 5;
   same_u32("storage buffers", got, want, N);
}

static void
control(void)
{
   const uint32_t *in = random_words(2, N);
   map("",
       IN_OUT "uint v = a[i] % 1000u, s = 0u;"
              "while (v != 1u && s < 100u) {"
              "   if (v == 0u) break;"
              "   if ((v & 1u) == 0u) { v /= 2u; s++; continue; }"
              "   v = 3u * v + 1u; s += 2u;"
              "}"
              "switch (i % 5u) {"
              "case 0u: s += 10u; break; case 1u: s ^= v;"
              "case 2u: s *= 3u; break; default: s -= i; }"
              "b[i] = s; }",
       in, N);
   for (unsigned i = 0; i < N; i++) {
      uint32_t v = in[i] % 1000, s = 0;
      while (v != 1 && s < 100 && v) {
         s += v % 2 ? 2 : 1;
         v = v % 2 ? 3 * v + 1 : v / 2;
      }
      unsigned k = i % 5;
      if (k == 0)
         s += 10;
      if (k == 1)
         s ^= v;
      if (k == 1 || k == 2)
         s *= 3;
      if (k > 2)
         s -= i;
      want[i] = s;
   }
   same_u32("control flow", got, want, N);
}

static void
shared_memory(void)
{
   const uint32_t *in = random_words(3, N);
   map("",
       "shared uint part[64]; shared uint most;" IN_OUT
       "uint l = gl_LocalInvocationIndex;"
       "part[l] = a[i]; if (l == 0u) most = 0u; barrier();"
       "for (uint s = 32u; s > 0u; s /= 2u) {"
       "   if (l < s) part[l] += part[l + s]; barrier();"
       "}"
       "atomicMax(most, a[i] ^ 0x55u); barrier();"
       "b[i] = l == 0u ? part[0] : l == 1u ? most : part[0] + l; }",
       in, N);
   for (unsigned g = 0; g < N / GROUP; g++) {
      uint32_t sum = 0, most = 0;
      for (unsigned l = 0; l < GROUP; l++) {
         uint32_t v = in[g * GROUP + l];
         sum += v;
         most = (v ^ 0x55) > most ? v ^ 0x55 : most;
      }
      for (unsigned l = 0; l < GROUP; l++)
         want[g * GROUP + l] = l == 0 ? sum : l == 1 ? most : sum + l;
   }
   same_u32("shared memory", got, want, N);
}

static void
atomics(void)
{
   static const uint32_t start[9] = {0, ~0u, 0, 0, ~0u, 0, 0, 7, 0};
   const uint32_t *in = random_words(4, N);
   GLuint a = gl_storage(0, in, N * 4), b = gl_storage(1, start, sizeof(start));
   gl_run(gl_program("", GROUP,
                     IN_OUT "uint v = a[i];"
                            "atomicAdd(b[0], v); atomicMin(b[1], v);"
                            "atomicMax(b[2], v); atomicOr(b[3], v);"
                            "atomicAnd(b[4], v | 0xffu); atomicXor(b[5], v);"
                            "uint old, seen = b[6];"
                            "do { old = seen;"
                            "   seen = atomicCompSwap(b[6], old, old + 3u);"
                            "} while (seen != old);"
                            "if (i == 77u) b[8] = atomicExchange(b[7], v); }"),
          N / GROUP);
   gl_take(b, got, sizeof(start));
   glDeleteBuffers(1, &a);
   memcpy(want, start, sizeof(start));
   for (unsigned i = 0; i < N; i++) {
      want[0] += in[i];
      want[1] = in[i] < want[1] ? in[i] : want[1];
      want[2] = in[i] > want[2] ? in[i] : want[2];
      want[3] |= in[i];
      want[4] &= in[i] | 0xff;
      want[5] ^= in[i];
   }
   want[6] = 3 * N;
   want[8] = want[7];
   want[7] = in[77];
   same_u32("atomics", got, want, COUNT(start));
}

static void
counters(void)
{
   GLuint buffer;
   glGenBuffers(1, &buffer);
   glBindBufferBase(GL_ATOMIC_COUNTER_BUFFER, 0, buffer);
   glBufferData(GL_ATOMIC_COUNTER_BUFFER, 8, (uint32_t[]){0, 5000},
                GL_DYNAMIC_COPY);
   gl_run(gl_program("", GROUP,
                     "layout(binding = 0, offset = 0) uniform atomic_uint up;"
                     "layout(binding = 0, offset = 4) uniform atomic_uint down;"
                     "void main() { if (gl_GlobalInvocationID.x % 3u == 0u)"
                     "   atomicCounterIncrement(up);"
                     "   else atomicCounterDecrement(down); }"),
          N / GROUP);
   gl_take(buffer, got, 8);
   same_u32("counters", got, (uint32_t[]){342, 5000 - 682}, 2);
}

static void
floats(void)
{
   float in[N], ref[N], out[N];
   for (unsigned i = 0; i < N; i++)
      in[i] = (float)i / 37.f + 0.01f;
   memcpy(got, in, sizeof(in));
   map("",
       IN_OUT "float x = uintBitsToFloat(a[i]);"
              "b[i] = floatBitsToUint(sqrt(x) + sin(x) * exp2(-x)"
              "   + log(x) / (1.0 + x) + floor(x) * fract(x)); }",
       (const uint32_t *)in, N);
   memcpy(out, got, sizeof(out));
   for (unsigned i = 0; i < N; i++)
      ref[i] = sqrtf(in[i]) + sinf(in[i]) * exp2f(-in[i]) +
               logf(in[i]) / (1 + in[i]) +
               floorf(in[i]) * (in[i] - floorf(in[i]));
   close_f32("floats", out, ref, N, 1e-4);
}

static void
doubles(void)
{
   double in[256], out[256];
   for (unsigned i = 0; i < 256; i++)
      in[i] = (i + 1) * 1.37e-3 * (i % 2 ? -1 : 1);
   GLuint a = gl_storage(0, in, sizeof(in)),
          b = gl_storage(1, NULL, sizeof(in));
   gl_run(
      gl_program(
         "", GROUP,
         "layout(std430, binding = 0) buffer A { double a[]; };"
         "layout(std430, binding = 1) buffer B { double b[]; };"
         "void main() { uint i = gl_GlobalInvocationID.x;"
         "   double x = a[i], y = abs(x);"
         "   b[i] = fma(x, x, 0.1lf) + min(x, y) * 3.0lf"
         "      + sqrt(x * x + 0.5lf) + 1.0lf / (x + 10.0lf) + double(int(i))"
         "      - floor(x * 100.0lf); }"),
      256 / GROUP);
   gl_take(b, out, sizeof(out));
   glDeleteBuffers(1, &a);
   for (unsigned i = 0; i < 256; i++) {
      double x = in[i], y = fabs(x);
      double ref = fma(x, x, 0.1) + fmin(x, y) * 3 + sqrt(x * x + .5) +
                   1 / (x + 10) + i - floor(x * 100);
      if (!(fabs(out[i] - ref) <= 1e-13 * (fabs(ref) + 1)))
         fail("doubles: [%u] is %.17g, not %.17g", i, out[i], ref);
   }
}

static void
longs(void)
{
   uint64_t in[256], out[256], ref[256];
   memcpy(in, random_words(9, 512), sizeof(in));
   GLuint a = gl_storage(0, in, sizeof(in)),
          b = gl_storage(1, NULL, sizeof(in));
   gl_run(gl_program("#extension GL_ARB_gpu_shader_int64 : require\n", GROUP,
                     "layout(std430, binding = 0) buffer A { uint64_t a[]; };"
                     "layout(std430, binding = 1) buffer B { uint64_t b[]; };"
                     "void main() { uint i = gl_GlobalInvocationID.x;"
                     "   uint64_t x = a[i], y = a[255u - i];"
                     "   b[i] = x * y + (x >> 7u) - (y << 13u) + (x ^ y)"
                     "      + (int64_t(x) < int64_t(y) ? 1ul : 2ul); }"),
          256 / GROUP);
   gl_take(b, out, sizeof(out));
   glDeleteBuffers(1, &a);
   for (unsigned i = 0; i < 256; i++) {
      uint64_t x = in[i], y = in[255 - i];
      ref[i] = x * y + (x >> 7) - (y << 13) + (x ^ y) +
               ((int64_t)x < (int64_t)y ? 1 : 2);
   }
   same_bytes("64-bit integers", out, ref, sizeof(ref));
}

/* Ids of all kinds, in three dimensions. */
static void
ids(void)
{
   enum {
      X = 4,
      Y = 3,
      Z = 2
   };
   GLuint b = gl_storage(1, NULL, sizeof(got));
   GLuint p = gl_program3(
      "", X, Y, Z,
      "layout(std430, binding = 1) buffer B { uint b[]; };"
      "void main() { uvec3 g = gl_GlobalInvocationID,"
      "   n = gl_NumWorkGroups * gl_WorkGroupSize;"
      "   b[(g.z * n.y + g.y) * n.x + g.x] = gl_LocalInvocationIndex"
      "      | gl_WorkGroupID.x << 8 | gl_WorkGroupID.y << 16"
      "      | gl_WorkGroupID.z << 24; }");
   glDispatchCompute(5, 4, 3);
   glDeleteProgram(p);
   unsigned total = 5 * X * 4 * Y * 3 * Z;
   gl_take(b, got, total * 4);
   for (unsigned i = 0; i < total; i++) {
      unsigned x = i % (5 * X), y = i / (5 * X) % (4 * Y),
               z = i / (60 * X * Y) * 3;
      z = i / (5 * X * 4 * Y);
      want[i] = (z % Z * Y + y % Y) * X + x % X;
      want[i] |= x / X << 8 | y / Y << 16 | z / Z << 24;
   }
   same_u32("ids", got, want, total);
}

/* ---- dispatches ---- */

/* The second dispatch's size is what the first one has written. */
static void
indirect(void)
{
   GLuint a = gl_storage(0, NULL, 64), b = gl_storage(1, NULL, 4096);
   gl_run(
      gl_program("", 1, IN_OUT "a[3] = 2u; a[4] = 3u; a[5] = 5u; b[0] = i; }"),
      1);
   GLuint p = gl_program("", 4,
                         "layout(std430, binding = 1) buffer B { uint b[]; };"
                         "void main() { atomicAdd(b[gl_WorkGroupID.x"
                         "   + 2u * gl_WorkGroupID.y + 6u * gl_WorkGroupID.z],"
                         "   gl_NumWorkGroups.z); }");
   glMemoryBarrier(GL_COMMAND_BARRIER_BIT | GL_SHADER_STORAGE_BARRIER_BIT);
   glBindBuffer(GL_DISPATCH_INDIRECT_BUFFER, a);
   glDispatchComputeIndirect(12);
   glDispatchComputeIndirect(24); /* nothing: 0, 0, 0 */
   glDeleteProgram(p);
   gl_take(b, got, 31 * 4);
   glDeleteBuffers(1, &a);
   for (unsigned i = 0; i < 31; i++)
      want[i] = i < 30 ? 20 : 0;
   same_u32("indirect dispatch", got, want, 31);
}

/* Each dispatch reads what the one before has written. */
static void
barriers(void)
{
   GLuint b = gl_storage(1, NULL, N * 4);
   GLuint p = gl_program("", GROUP,
                         "layout(std430, binding = 1) buffer B { uint b[]; };"
                         "layout(location = 0) uniform uint from;"
                         "layout(location = 1) uniform uint to;"
                         "void main() { uint i = gl_GlobalInvocationID.x;"
                         "   b[to + i] = b[from + (i * 5u + 1u) % 512u]"
                         "      + b[from + i] + i; }");
   for (unsigned step = 0; step < 20; step++) {
      glUniform1ui(0, step % 2 ? 512 : 0);
      glUniform1ui(1, step % 2 ? 0 : 512);
      glDispatchCompute(512 / GROUP, 1, 1);
      glMemoryBarrier(GL_SHADER_STORAGE_BARRIER_BIT);
      uint32_t *from = want + (step % 2 ? 512 : 0);
      uint32_t *to = want + (step % 2 ? 0 : 512);
      if (!step)
         memset(want, 0, sizeof(want));
      for (unsigned i = 0; i < 512; i++)
         to[i] = from[(i * 5 + 1) % 512] + from[i] + i;
   }
   glDeleteProgram(p);
   gl_take(b, got, N * 4);
   same_u32("barriers", got, want, N);
}

/* Uniform blocks that change between dispatches, in part. */
static void
uniform_blocks(void)
{
   uint32_t block[64];
   for (unsigned i = 0; i < 64; i++)
      block[i] = i * 17 + 3;
   GLuint u, b = gl_storage(1, NULL, 256);
   glGenBuffers(1, &u);
   glBindBufferBase(GL_UNIFORM_BUFFER, 2, u);
   glBufferData(GL_UNIFORM_BUFFER, sizeof(block), block, GL_DYNAMIC_DRAW);
   GLuint p =
      gl_program("", 16,
                 "layout(std140, binding = 2) uniform U { uvec4 u[16]; };"
                 "layout(std430, binding = 1) buffer B { uint b[]; };"
                 "void main() { uint i = gl_LocalInvocationIndex;"
                 "   b[i] += u[i].x + u[15u - i].w; }");
   memset(want, 0, 64);
   for (unsigned step = 0; step < 5; step++) {
      glBufferSubData(GL_UNIFORM_BUFFER, step * 16, 4, &(uint32_t){step + 1});
      glBufferSubData(GL_UNIFORM_BUFFER, step * 48 + 12, 8,
                      (uint32_t[]){step * 9, step * 7});
      block[step * 4] = step + 1;
      block[step * 12 + 3] = step * 9;
      block[step * 12 + 4] = step * 7;
      glDispatchCompute(1, 1, 1);
      glMemoryBarrier(GL_ALL_BARRIER_BITS);
      for (unsigned i = 0; i < 16; i++)
         want[i] += block[4 * i] + block[4 * (15 - i) + 3];
   }
   glDeleteProgram(p);
   glDeleteBuffers(1, &u);
   gl_take(b, got, 64);
   same_u32("uniform blocks", got, want, 16);
}

const struct gl_case gl_cases[] = {
   {"storage", storage, NULL},
   {"control", control, NULL},
   {"shared_memory", shared_memory, NULL},
   {"atomics", atomics, NULL},
   {"counters", counters, NULL},
   {"floats", floats, NULL},
   {"doubles", doubles, "GL_ARB_gpu_shader_fp64"},
   {"longs", longs, "GL_ARB_gpu_shader_int64"},
   {"ids", ids, NULL},
   {"indirect", indirect, NULL},
   {"barriers", barriers, NULL},
   {"uniform_blocks", uniform_blocks, NULL},
   {"clear_buffers", gl_clear_buffers, "GL_ARB_clear_buffer_object"},
   {"copy_buffers", gl_copy_buffers, NULL},
   {"persistent_map", gl_persistent_map, "GL_ARB_buffer_storage"},
   {"timestamps", gl_timestamps, NULL},
   {"query_buffers", gl_query_buffers, "GL_ARB_query_buffer_object"},
   {"invocations", gl_invocations, "GL_ARB_pipeline_statistics_query"},
   {"samplers", gl_samplers, NULL},
   {"gathers", gl_gathers, NULL},
   {"texture_kinds", gl_texture_kinds, NULL},
   {"quads", gl_quads, NULL},
   {"shadows", gl_shadows, NULL},
   {"images", gl_images, NULL},
   {"image_atomics", gl_image_atomics, NULL},
   {"buffer_textures", gl_buffer_textures, NULL},
   {"texture_copies", gl_texture_copies, "GL_ARB_clear_texture"},
   {"read_pixels", gl_read_pixels, NULL},
   {"blits", gl_blits, NULL},
   {NULL, NULL, NULL},
};
