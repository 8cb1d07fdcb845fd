/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What OpenGL does to buffers, queries and images without drawing. */
#include "gl_client.h"

#include <math.h>
#include <string.h>

#define GROUP    64
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static uint32_t got[16], want[16];

/* ---- buffers ---- */

void
gl_clear_buffers(void)
{
   static const struct {
      GLenum internal, format, type;
      unsigned size_B;
   } cases[] = {
      {GL_R8UI, GL_RED_INTEGER, GL_UNSIGNED_BYTE, 1},
      {GL_R16UI, GL_RED_INTEGER, GL_UNSIGNED_SHORT, 2},
      {GL_R32UI, GL_RED_INTEGER, GL_UNSIGNED_INT, 4},
      {GL_RG32UI, GL_RG_INTEGER, GL_UNSIGNED_INT, 8},
      {GL_RGB32UI, GL_RGB_INTEGER, GL_UNSIGNED_INT, 12},
      {GL_RGBA32UI, GL_RGBA_INTEGER, GL_UNSIGNED_INT, 16},
      {GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE, 4},
   };
   static uint8_t ref[96 * 1024], out[sizeof(ref)];
   GLuint b = gl_storage(0, NULL, sizeof(ref));
   uint8_t pattern[16];
   memset(ref, 0, sizeof(ref));
   for (unsigned i = 0; i < COUNT(cases); i++) {
      unsigned n = cases[i].size_B, from = n * 7,
               size = n * (i % 2 ? 5000 : 61);
      for (unsigned k = 0; k < 16; k++)
         pattern[k] = (uint8_t)(i * 16 + k + 1);
      glClearBufferSubData(GL_SHADER_STORAGE_BUFFER, cases[i].internal, from,
                           size, cases[i].format, cases[i].type, pattern);
      for (unsigned k = 0; k < size; k++)
         ref[from + k] = pattern[k % n];
      gl_read(b, 0, out, sizeof(out));
      same_bytes("buffer clear", out, ref, sizeof(ref));
   }
   glDeleteBuffers(1, &b);
}

void
gl_copy_buffers(void)
{
   static uint8_t a[40000], ref[40000], out[40000];
   uint64_t seed = 5;
   for (unsigned i = 0; i < sizeof(a); i++)
      a[i] = (uint8_t)next_random(&seed);
   memset(ref, 0, sizeof(ref));
   GLuint x = gl_storage(0, a, sizeof(a)), y = gl_storage(1, NULL, sizeof(a));
   glBindBuffer(GL_COPY_READ_BUFFER, x);
   glBindBuffer(GL_COPY_WRITE_BUFFER, y);
   for (unsigned i = 0; i < 20; i++) {
      unsigned from = next_random(&seed) % 20000,
               to = next_random(&seed) % 20000,
               n = next_random(&seed) % (i % 2 ? 20000 : 50);
      glCopyBufferSubData(GL_COPY_READ_BUFFER, GL_COPY_WRITE_BUFFER, from, to,
                          n);
      memcpy(ref + to, a + from, n);
   }
   glBufferSubData(GL_COPY_WRITE_BUFFER, 1001, 3, a);
   memcpy(ref + 1001, a, 3);
   glBufferSubData(GL_COPY_WRITE_BUFFER, 2001, 5000, a);
   memcpy(ref + 2001, a, 5000);
   gl_take(y, out, sizeof(out));
   same_bytes("buffer copies", out, ref, sizeof(ref));
   glDeleteBuffers(1, &x);
}

/* A buffer that stays mapped while shaders work on it. */
void
gl_persistent_map(void)
{
   GLuint b;
   GLbitfield how = GL_MAP_READ_BIT | GL_MAP_WRITE_BIT | GL_MAP_PERSISTENT_BIT |
                    GL_MAP_COHERENT_BIT;
   glGenBuffers(1, &b);
   glBindBufferBase(GL_SHADER_STORAGE_BUFFER, 1, b);
   glBufferStorage(GL_SHADER_STORAGE_BUFFER, 4096, NULL, how);
   volatile uint32_t *p =
      glMapBufferRange(GL_SHADER_STORAGE_BUFFER, 0, 4096, how);
   if (!p)
      fail("glMapBufferRange");
   GLuint program =
      gl_program("", GROUP,
                 "layout(std430, binding = 1) buffer B { uint b[]; };"
                 "void main() { uint i = gl_GlobalInvocationID.x;"
                 "   b[i] = b[i] * 2u + 1u; }");
   for (unsigned i = 0; i < 1024; i++)
      p[i] = i;
   for (unsigned step = 0; step < 3; step++) {
      glDispatchCompute(1024 / GROUP, 1, 1);
      glMemoryBarrier(GL_CLIENT_MAPPED_BUFFER_BARRIER_BIT |
                      GL_SHADER_STORAGE_BARRIER_BIT);
      GLsync sync = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
      GLenum r =
         glClientWaitSync(sync, GL_SYNC_FLUSH_COMMANDS_BIT, 10000000000ull);
      if (r != GL_CONDITION_SATISFIED && r != GL_ALREADY_SIGNALED)
         fail("glClientWaitSync: 0x%x", r);
      glDeleteSync(sync);
      for (unsigned i = 0; i < 1024; i++)
         if (p[i] != ((i + 1) << (step + 1)) - 1)
            fail("persistent map: [%u] is %u", i, p[i]);
   }
   glDeleteProgram(program);
   glDeleteBuffers(1, &b);
}

/* ---- queries ---- */

static uint64_t
query_result(GLuint q)
{
   GLuint64 v = 0;
   glGetQueryObjectui64v(q, GL_QUERY_RESULT, &v);
   gl_check("glGetQueryObjectui64v");
   return v;
}

void
gl_timestamps(void)
{
   GLuint q[4];
   GLint64 now = 0;
   glGenQueries(4, q);
   GLuint b = gl_storage(1, NULL, 4);
   GLuint p = gl_program("", 1,
                         "layout(std430, binding = 1) buffer B { uint b[]; };"
                         "void main() { for (uint i = 0u; i < 20000u; i++)"
                         "   b[0] = b[0] * 3u + i; }");
   glQueryCounter(q[0], GL_TIMESTAMP);
   glBeginQuery(GL_TIME_ELAPSED, q[2]);
   glDispatchCompute(1, 1, 1);
   glEndQuery(GL_TIME_ELAPSED);
   glQueryCounter(q[1], GL_TIMESTAMP);
   glBeginQuery(GL_SAMPLES_PASSED, q[3]);
   glEndQuery(GL_SAMPLES_PASSED);
   glDeleteProgram(p);
   uint64_t t0 = query_result(q[0]), t1 = query_result(q[1]);
   uint64_t took = query_result(q[2]);
   glGetInteger64v(GL_TIMESTAMP, &now);
   if (!t0 || t1 <= t0 || !took || took > t1 - t0 || (uint64_t)now < t1)
      fail("timestamps: %llu to %llu, %llu took %llu, now %lld",
           (unsigned long long)t0, (unsigned long long)t1,
           (unsigned long long)(t1 - t0), (unsigned long long)took,
           (long long)now);
   if (query_result(q[3]))
      fail("samples passed, and nothing was drawn");
   GLuint available = 0;
   glGetQueryObjectuiv(q[0], GL_QUERY_RESULT_AVAILABLE, &available);
   if (!available)
      fail("a result is not available");
   glDeleteQueries(4, q);
   glDeleteBuffers(1, &b);
}

/* The card itself writes results into a buffer, by a macro. */
void
gl_query_buffers(void)
{
   GLuint q[2], b = gl_storage(0, NULL, 64);
   glGenQueries(2, q);
   glQueryCounter(q[0], GL_TIMESTAMP);
   glBeginQuery(GL_SAMPLES_PASSED, q[1]);
   glEndQuery(GL_SAMPLES_PASSED);
   uint32_t ones[16];
   memset(ones, 0xff, sizeof(ones));
   glBufferSubData(GL_SHADER_STORAGE_BUFFER, 0, 64, ones);
   glBindBuffer(GL_QUERY_BUFFER, b);
   glGetQueryObjectui64v(q[0], GL_QUERY_RESULT, (GLuint64 *)8);
   glGetQueryObjectuiv(q[1], GL_QUERY_RESULT, (GLuint *)16);
   glGetQueryObjectui64v(q[1], GL_QUERY_RESULT, (GLuint64 *)32);
   glBindBuffer(GL_QUERY_BUFFER, 0);
   uint64_t time = query_result(q[0]);
   /* Mesa looks at once and writes what it sees. */
   glBindBuffer(GL_QUERY_BUFFER, b);
   glGetQueryObjectuiv(q[0], GL_QUERY_RESULT_AVAILABLE, (GLuint *)24);
   glBindBuffer(GL_QUERY_BUFFER, 0);
   memcpy(want, ones, sizeof(ones));
   memcpy(want + 2, &time, 8);
   want[4] = 0;
   want[6] = 1;
   want[8] = want[9] = 0;
   gl_take(b, got, 64);
   same_u32("query buffers", got, want, 16);
   glDeleteQueries(2, q);
}

/* Mesa counts these with macros that multiply. */
void
gl_invocations(void)
{
   GLuint q, b = gl_storage(0, (uint32_t[]){3, 2, 2}, 12);
   glGenQueries(1, &q);
   GLuint p = gl_program("", 48, "void main() {}");
   glBeginQuery(GL_COMPUTE_SHADER_INVOCATIONS, q);
   glDispatchCompute(7, 5, 3);
   glDispatchCompute(2, 1, 1);
   glBindBuffer(GL_DISPATCH_INDIRECT_BUFFER, b);
   glDispatchComputeIndirect(0);
   glEndQuery(GL_COMPUTE_SHADER_INVOCATIONS);
   glDispatchCompute(100, 1, 1);
   uint64_t n = query_result(q);
   if (n != 48 * (7 * 5 * 3 + 2 + 12))
      fail("invocations: %llu", (unsigned long long)n);
   glDeleteProgram(p);
   glDeleteQueries(1, &q);
   glDeleteBuffers(1, &b);
}

/* ---- images: upload, clear, copy, read back ---- */

static GLuint
texture(GLenum internal, unsigned w, unsigned h)
{
   GLuint t;
   glGenTextures(1, &t);
   glBindTexture(GL_TEXTURE_2D, t);
   glTexStorage2D(GL_TEXTURE_2D, 1, internal, (GLsizei)w, (GLsizei)h);
   gl_check("glTexStorage2D");
   return t;
}

void
gl_texture_copies(void)
{
   enum {
      W = 61,
      H = 35
   };
   static uint8_t in[W * H * 4], out[W * H * 4];
   uint64_t seed = 8;
   for (unsigned i = 0; i < sizeof(in); i++)
      in[i] = (uint8_t)next_random(&seed);
   GLuint a = texture(GL_RGBA8, W, H);
   glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, W, H, GL_RGBA, GL_UNSIGNED_BYTE, in);
   GLuint b = texture(GL_RGBA8, W, H);
   static const float half[] = {0, 1, .5f, 1};
   glClearTexImage(b, 0, GL_RGBA, GL_FLOAT, half);
   for (unsigned i = 0; i < W * H; i++)
      memcpy((uint8_t *)want + 0, (uint8_t[]){0, 255, 128, 255}, 4);
   glCopyImageSubData(a, GL_TEXTURE_2D, 0, 3, 5, 0, b, GL_TEXTURE_2D, 0, 7, 11,
                      0, 40, 20, 1);
   glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, out);
   gl_check("glGetTexImage");
   for (unsigned y = 0; y < H; y++)
      for (unsigned x = 0; x < W; x++) {
         bool copied = x >= 7 && x < 47 && y >= 11 && y < 31;
         same_bytes("texture copies", out + 4 * (y * W + x),
                    copied ? (const void *)(in + 4 * ((y - 6) * W + x - 4))
                           : (const void *)want,
                    4);
      }
   glDeleteTextures(1, &a);
   glDeleteTextures(1, &b);
}

/* Through a framebuffer, and with conversions. */
void
gl_read_pixels(void)
{
   enum {
      W = 20,
      H = 10
   };
   static float in[W * H][4], out[W * H][4];
   static uint8_t bytes[W * H][4];
   for (unsigned i = 0; i < W * H; i++)
      for (unsigned c = 0; c < 4; c++)
         in[i][c] = (float)((i * (c + 5)) % 256) / 255.f;
   GLuint t = texture(GL_RGBA8, W, H), fb;
   glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, W, H, GL_RGBA, GL_FLOAT, in);
   glGenFramebuffers(1, &fb);
   glBindFramebuffer(GL_FRAMEBUFFER, fb);
   glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D,
                          t, 0);
   glEnable(GL_SCISSOR_TEST);
   glScissor(4, 2, 7, 3);
   glClearColor(1, 0, 1, .25f);
   glClear(GL_COLOR_BUFFER_BIT);
   glDisable(GL_SCISSOR_TEST);
   glReadPixels(0, 0, W, H, GL_BGRA, GL_UNSIGNED_BYTE, bytes);
   glReadPixels(0, 0, W, H, GL_RGBA, GL_FLOAT, out);
   gl_check("glReadPixels");
   for (unsigned i = 0; i < W * H; i++) {
      unsigned x = i % W, y = i / W;
      bool cleared = x >= 4 && x < 11 && y >= 2 && y < 5;
      static const float color[] = {1, 0, 1, 64 / 255.f};
      const float *ref = cleared ? color : in[i];
      close_f32("glReadPixels", out[i], ref, 4, 1e-6);
      for (unsigned c = 0; c < 4; c++)
         if (bytes[i][c == 3 ? 3 : 2 - c] != (uint8_t)lrintf(ref[c] * 255))
            fail("glReadPixels: bytes at %u, %u", x, y);
   }
   glDeleteFramebuffers(1, &fb);
   glDeleteTextures(1, &t);
}

/* ---- blits; Mesa draws those that scale ---- */

static GLuint
framebuffer(GLenum target, GLenum kind, GLuint t)
{
   GLuint fb;
   glGenFramebuffers(1, &fb);
   glBindFramebuffer(target, fb);
   glFramebufferTexture2D(target, GL_COLOR_ATTACHMENT0, kind, t, 0);
   gl_check("glFramebufferTexture2D");
   return fb;
}

/* A part of one texture to a part of another, between formats. Then samples:
 * their mean is what each of them was cleared to. */
void
gl_blits(void)
{
   enum {
      W = 20,
      H = 10
   };
   static float in[W * H][4], out[W * H][4];
   static const float zero[4] = {0}, left[] = {1, .5f, .25f, 8},
                      right[] = {-3, 64, 0, 2};
   uint64_t seed = 9;
   GLuint t[3] = {texture(GL_RGBA32F, W, H), texture(GL_RGBA16F, W, H)}, fb[3];
   for (unsigned i = 0; i < W * H * 4; i++)
      in[i / 4][i % 4] = (float)(next_random(&seed) % 1024) / 64.f;
   glBindTexture(GL_TEXTURE_2D, t[0]);
   glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, W, H, GL_RGBA, GL_FLOAT, in);
   glBindTexture(GL_TEXTURE_2D, t[1]);
   glClearTexImage(t[1], 0, GL_RGBA, GL_FLOAT, zero);
   fb[0] = framebuffer(GL_READ_FRAMEBUFFER, GL_TEXTURE_2D, t[0]);
   fb[1] = framebuffer(GL_DRAW_FRAMEBUFFER, GL_TEXTURE_2D, t[1]);
   glBlitFramebuffer(2, 1, 9, 6, 5, 4, 12, 9, GL_COLOR_BUFFER_BIT, GL_LINEAR);
   glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_FLOAT, out);
   gl_check("glBlitFramebuffer");
   for (unsigned i = 0; i < W * H; i++) {
      unsigned x = i % W, y = i / W;
      bool copied = x >= 5 && x < 12 && y >= 4 && y < 9;
      close_f32("glBlitFramebuffer", out[i], copied ? in[i - 3 * W - 3] : zero,
                4, 1e-6);
   }

   glGenTextures(1, &t[2]);
   glBindTexture(GL_TEXTURE_2D_MULTISAMPLE, t[2]);
   glTexStorage2DMultisample(GL_TEXTURE_2D_MULTISAMPLE, 4, GL_RGBA16F, W, H,
                             GL_TRUE);
   fb[2] = framebuffer(GL_FRAMEBUFFER, GL_TEXTURE_2D_MULTISAMPLE, t[2]);
   glClearBufferfv(GL_COLOR, 0, right);
   glEnable(GL_SCISSOR_TEST);
   glScissor(0, 0, 7, H);
   glClearBufferfv(GL_COLOR, 0, left);
   glDisable(GL_SCISSOR_TEST);
   glBindFramebuffer(GL_DRAW_FRAMEBUFFER, fb[1]);
   glBlitFramebuffer(0, 0, W, H, 0, 0, W, H, GL_COLOR_BUFFER_BIT, GL_NEAREST);
   glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_FLOAT, out);
   gl_check("resolve");
   for (unsigned i = 0; i < W * H; i++)
      close_f32("resolve", out[i], i % W < 7 ? left : right, 4, 1e-6);
   glDeleteFramebuffers(3, fb);
   glDeleteTextures(3, t);
}
