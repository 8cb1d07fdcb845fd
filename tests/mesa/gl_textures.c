/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Samplers and images in OpenGL's compute shaders: every way a texture is read
 * or stored to, each beside the same done here. */
#include "gl_client.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define N        1024
#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define OUT                                                                    \
   "layout(std430, binding = 1) buffer B { vec4 b[]; };"                       \
   "void main() { int i = int(gl_GlobalInvocationID.x);"

static float got[N][4], want[N][4];

static GLuint
texture_new(GLenum target, GLenum min, GLenum mag)
{
   GLuint t;
   glGenTextures(1, &t);
   glBindTexture(target, t);
   glTexParameteri(target, GL_TEXTURE_MIN_FILTER, (GLint)min);
   glTexParameteri(target, GL_TEXTURE_MAG_FILTER, (GLint)mag);
   return t;
}

/* `n` results of four floats; `body` follows OUT. */
static void
run(const char *extensions, const char *uniforms, const char *body, unsigned n)
{
   char text[4096];
   snprintf(text, sizeof(text), "%s%s%s }", uniforms, OUT, body);
   GLuint b = gl_storage(1, NULL, n * 16);
   gl_run(gl_program(extensions, 32, text), n / 32);
   gl_take(b, got, n * 16);
}

static void
close_to(const char *what, unsigned n, float eps)
{
   for (unsigned i = 0; i < n; i++)
      for (unsigned c = 0; c < 4; c++)
         if (!(fabsf(got[i][c] - want[i][c]) <= eps))
            fail("%s: result %u component %u: %.9g, want %.9g", what, i, c,
                 got[i][c], want[i][c]);
}

/* ---- 2D with levels ---- */

#define SIDE 32

static uint8_t level0[SIDE][SIDE][4];

static float
texel(int x, int y, unsigned c)
{
   x = ((x % SIDE) + SIDE) % SIDE;
   y = ((y % SIDE) + SIDE) % SIDE;
   return level0[y][x][c] / 255.0f;
}

static void
linear(float u, float v, float out[4])
{
   int x = (int)floorf(u - 0.5f), y = (int)floorf(v - 0.5f);
   float a = u - 0.5f - x, b = v - 0.5f - y;
   for (unsigned c = 0; c < 4; c++)
      out[c] =
         (1 - a) * (1 - b) * texel(x, y, c) + a * (1 - b) * texel(x + 1, y, c) +
         (1 - a) * b * texel(x, y + 1, c) + a * b * texel(x + 1, y + 1, c);
}

/* Level l > 0 holds 10 l everywhere. */
static GLuint
make_2d(GLenum internal)
{
   static uint8_t flat[SIDE * SIDE * 4];
   uint64_t seed = 3;
   GLuint t = texture_new(GL_TEXTURE_2D, GL_LINEAR_MIPMAP_LINEAR, GL_LINEAR);
   for (unsigned i = 0; i < sizeof(level0); i++)
      ((uint8_t *)level0)[i] = (uint8_t)next_random(&seed);
   for (int l = 0; l <= 5; l++) {
      memset(flat, 10 * l, sizeof(flat));
      glTexImage2D(GL_TEXTURE_2D, l, (GLint)internal, SIDE >> l, SIDE >> l, 0,
                   GL_RGBA, GL_UNSIGNED_BYTE, l ? flat : (uint8_t *)level0);
   }
   gl_check("glTexImage2D");
   return t;
}

void
gl_samplers(void)
{
   static const char tex[] = "layout(binding = 0) uniform sampler2D t;";
   GLuint t = make_2d(GL_RGBA8);
   run("", tex, "b[i] = texelFetch(t, ivec2(i % 32, i / 32), 0);", N);
   for (int i = 0; i < N; i++)
      for (unsigned c = 0; c < 4; c++)
         want[i][c] = texel(i % SIDE, i / SIDE, c);
   close_to("texelFetch", N, 1e-7f);
   run("", tex,
       "vec2 p = vec2(i % 37, i / 29) * 0.0731 - 0.5; b[i] = texture(t, p);",
       N);
   for (int i = 0; i < N; i++)
      linear(((float)(i % 37) * 0.0731f - 0.5f) * SIDE,
             ((float)(i / 29) * 0.0731f - 0.5f) * SIDE, want[i]);
   close_to("texture", N, 3 / 256.0f);
   run("", tex, "b[i] = textureLod(t, vec2(i) / 64.0, 1.0 + i / 8.0);", 64);
   for (int i = 0; i < 64; i++)
      for (unsigned c = 0; c < 4; c++)
         want[i][c] = fminf(1 + (float)i / 8, 5) * 10 / 255;
   close_to("textureLod", 64, 1e-5f);
   run("", tex,
       "b[i] = textureGrad(t, vec2(i) / 64.0, vec2(4.0 / 32.0, 0.0),"
       "                   vec2(0.0, 2.0 / 32.0));",
       64);
   for (int i = 0; i < 64; i++)
      for (unsigned c = 0; c < 4; c++)
         want[i][c] = 20 / 255.0f;
   close_to("textureGrad", 64, 1e-5f);
   run("", tex, "b[i] = vec4(textureSize(t, i % 6), textureQueryLevels(t), i);",
       64);
   for (int i = 0; i < 64; i++)
      memcpy(
         want[i],
         (float[]){(float)(SIDE >> i % 6), (float)(SIDE >> i % 6), 6, (float)i},
         16);
   close_to("textureSize", 64, 0);
   glDeleteTextures(1, &t);
}

void
gl_gathers(void)
{
   static const char tex[] =
      "layout(binding = 0) uniform sampler2D t;"
      "const ivec2 o[4] = { ivec2(1, 2), ivec2(-3, 4),"
      "                     ivec2(0, -7), ivec2(5, 5) };";
   static const int corner[4][2] = {{0, 1}, {1, 1}, {1, 0}, {0, 0}};
   static const int each[4][2] = {{1, 2}, {-3, 4}, {0, -7}, {5, 5}};
   GLuint t = make_2d(GL_RGBA8);
   static const char at[] = "vec2 p = (vec2(i % 32, i / 32) + 0.25) / 32.0;";
   static const char *const calls[] = {
      "b[i] = textureGather(t, p, 1);",
      "b[i] = textureGatherOffset(t, p, ivec2(-8, 7), 2);",
      "b[i] = textureGatherOffsets(t, p, o, 3);"};
   for (unsigned k = 0; k < 3; k++) {
      char body[512];
      snprintf(body, sizeof(body), "%s%s", at, calls[k]);
      run("", tex, body, N);
      for (int i = 0; i < N; i++)
         for (unsigned c = 0; c < 4; c++) {
            int x = i % SIDE - 1, y = i / SIDE - 1;
            x += k == 2 ? each[c][0] : corner[c][0] - 8 * (k == 1);
            y += k == 2 ? each[c][1] : corner[c][1] + 7 * (k == 1);
            want[i][c] = texel(x, y, k + 1);
         }
      close_to(calls[k], N, 1e-7f);
   }
   glDeleteTextures(1, &t);
   t = make_2d(GL_SRGB8_ALPHA8);
   run("", "layout(binding = 0) uniform sampler2D t;",
       "b[i] = texelFetch(t, ivec2(i % 32, i / 32), 0);", N);
   for (int i = 0; i < N; i++)
      for (unsigned c = 0; c < 4; c++) {
         float v = texel(i % SIDE, i / SIDE, c);
         want[i][c] = c == 3         ? v
                      : v <= 0.04045 ? v / 12.92f
                                     : powf((v + 0.055f) / 1.055f, 2.4f);
      }
   close_to("sRGB", N, 1e-5f);
   glDeleteTextures(1, &t);
}

/* ---- the other kinds ---- */

static float
number(int x, int y, int z)
{
   return (float)(x + 17 * y + 301 * z);
}

static void
fill(float *p, int w, int h, int d)
{
   for (int i = 0; i < w * h * d; i++)
      p[i] = number(i % w, i / w % h, i / (w * h));
}

void
gl_texture_kinds(void)
{
   static float data[16 * 12 * 8];
   GLuint t = texture_new(GL_TEXTURE_3D, GL_NEAREST, GL_NEAREST);
   fill(data, 16, 12, 8);
   glTexImage3D(GL_TEXTURE_3D, 0, GL_R32F, 16, 12, 8, 0, GL_RED, GL_FLOAT,
                data);
   run("", "layout(binding = 0) uniform sampler3D t;",
       "ivec3 p = ivec3(i % 16, i / 16 % 12, i / 192);"
       "b[i] = vec4(texelFetch(t, p, 0).r,"
       "            texture(t, (vec3(p) + 0.5) / vec3(16, 12, 8)).r,"
       "            textureSize(t, 0).xz);",
       N);
   for (int i = 0; i < N; i++) {
      float v = number(i % 16, i / 16 % 12, i / 192);
      memcpy(want[i], (float[]){v, v, 16, 8}, 16);
   }
   close_to("3D", N, 0);
   glDeleteTextures(1, &t);

   t = texture_new(GL_TEXTURE_2D_ARRAY, GL_NEAREST, GL_NEAREST);
   glTexImage3D(GL_TEXTURE_2D_ARRAY, 0, GL_R32F, 16, 12, 8, 0, GL_RED, GL_FLOAT,
                data);
   run("", "layout(binding = 0) uniform sampler2DArray t;",
       "ivec3 p = ivec3(i % 16, i / 16 % 12, i / 192);"
       "b[i] = vec4(texelFetch(t, p, 0).r,"
       "            texture(t, vec3((vec2(p.xy) + 0.5) / vec2(16, 12),"
       "                            p.z)).r, textureSize(t, 0).xz);",
       N);
   close_to("2D array", N, 0);
   glDeleteTextures(1, &t);

   static const float dirs[6][3] = {{1, 0, 0},  {-1, 0, 0}, {0, 1, 0},
                                    {0, -1, 0}, {0, 0, 1},  {0, 0, -1}};
   t = texture_new(GL_TEXTURE_CUBE_MAP, GL_NEAREST, GL_NEAREST);
   for (unsigned f = 0; f < 6; f++) {
      for (unsigned k = 0; k < 64; k++)
         data[k] = (float)(100 * f + k);
      glTexImage2D(GL_TEXTURE_CUBE_MAP_POSITIVE_X + f, 0, GL_R32F, 8, 8, 0,
                   GL_RED, GL_FLOAT, data);
   }
   run("", "layout(binding = 0) uniform samplerCube t;",
       "int f = i % 6; vec3 d = vec3(0.0); d[f / 2] = (f & 1) == 1 ? -2.0 : "
       "2.0;"
       "d += vec3(0.3, 0.2, 0.1); b[i] = vec4(texture(t, d).r, f, 0, 0);",
       96);
   for (int i = 0; i < 96; i++) {
      /* The face's axes: OpenGL 4.6, table 8.19. */
      static const int axes[6][4] = {{2, -1, 1, -1}, {2, 1, 1, -1},
                                     {0, 1, 2, 1},   {0, 1, 2, -1},
                                     {0, 1, 1, -1},  {0, -1, 1, -1}};
      int f = i % 6;
      float d[3] = {2 * dirs[f][0] + 0.3f, 2 * dirs[f][1] + 0.2f,
                    2 * dirs[f][2] + 0.1f};
      float m = fabsf(d[f / 2]);
      float s = ((float)axes[f][1] * d[axes[f][0]] / m + 1) / 2,
            q = ((float)axes[f][3] * d[axes[f][2]] / m + 1) / 2;
      want[i][0] = (float)(100 * f + (int)(q * 8) * 8 + (int)(s * 8));
      want[i][1] = (float)f;
      want[i][2] = want[i][3] = 0;
   }
   close_to("cube", 96, 0);
   glDeleteTextures(1, &t);
}

/* Mesa makes derivatives of a cube by whole quads (SAM, RAM), whichever of
 * their lanes are active. Level l holds l. */
void
gl_quads(void)
{
   static float flat[16 * 16];
   GLuint t =
      texture_new(GL_TEXTURE_CUBE_MAP, GL_NEAREST_MIPMAP_LINEAR, GL_NEAREST);
   for (int l = 0; l <= 4; l++) {
      for (unsigned k = 0; k < COUNT(flat); k++)
         flat[k] = (float)l;
      for (unsigned f = 0; f < 6; f++)
         glTexImage2D(GL_TEXTURE_CUBE_MAP_POSITIVE_X + f, l, GL_R32F, 16 >> l,
                      16 >> l, 0, GL_RED, GL_FLOAT, flat);
   }
   run("", "layout(binding = 0) uniform samplerCube t;",
       "float v = -1.0;"
       "if (i % 3 != 1)"
       "   v = textureGrad(t, vec3(1.0, 0.1, 0.2),"
       "                   vec3(0.0, 0.125 * float(1 << (i & 3)), 0.0),"
       "                   vec3(0.0, 0.0, 0.125)).r;"
       "b[i] = vec4(v, i, 0, 0);",
       64);
   for (int i = 0; i < 64; i++)
      memcpy(want[i],
             (float[]){i % 3 != 1 ? (float)(i & 3) : -1, (float)i, 0, 0}, 16);
   close_to("textureGrad of a cube", 64, 1e-5f);
   glDeleteTextures(1, &t);
}

void
gl_shadows(void)
{
   static float depth[64];
   GLuint t = texture_new(GL_TEXTURE_2D, GL_NEAREST, GL_NEAREST);
   for (unsigned i = 0; i < 64; i++)
      depth[i] = (float)i / 64;
   glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_COMPARE_MODE,
                   GL_COMPARE_REF_TO_TEXTURE);
   glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_COMPARE_FUNC, GL_LEQUAL);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_DEPTH_COMPONENT32F, 8, 8, 0,
                GL_DEPTH_COMPONENT, GL_FLOAT, depth);
   run("", "layout(binding = 0) uniform sampler2DShadow t;",
       "vec2 p = (vec2(i % 8, i / 8 % 8) + 0.5) / 8.0;"
       "b[i] = vec4(texture(t, vec3(p, 0.3)), texture(t, vec3(p, 0.703125)),"
       "            textureLod(t, vec3(p, 2.0), 0.0), 0);",
       64);
   for (unsigned i = 0; i < 64; i++)
      memcpy(
         want[i],
         (float[]){0.3f <= depth[i], 0.703125f <= depth[i], 2 <= depth[i], 0},
         16);
   close_to("shadow", 64, 0);
   glDeleteTextures(1, &t);
}

/* ---- images ---- */

static void
store_and_load(GLenum internal, const char *format, GLenum data_format,
               const char *value, float eps)
{
   char text[1024];
   GLuint t = texture_new(GL_TEXTURE_2D, GL_NEAREST, GL_NEAREST);
   glTexStorage2D(GL_TEXTURE_2D, 1, internal, 32, 32);
   glBindImageTexture(0, t, 0, GL_FALSE, 0, GL_READ_WRITE, internal);
   snprintf(text, sizeof(text),
            "layout(binding = 0, %s) uniform image2D im;"
            "void main() { ivec2 p = ivec2(gl_GlobalInvocationID.x %% 32u,"
            "                              gl_GlobalInvocationID.x / 32u);"
            "float i = float(p.x + 32 * p.y); imageStore(im, p, %s); }",
            format, value);
   gl_run(gl_program("", 32, text), N / 32);
   glMemoryBarrier(GL_ALL_BARRIER_BITS);
   snprintf(text, sizeof(text), "layout(binding = 0, %s) uniform image2D im;",
            format);
   run("", text, "b[i] = imageLoad(im, ivec2(i % 32, i / 32));", N);
   float loaded[N][4];
   memcpy(loaded, got, sizeof(loaded));
   /* With the texture's own components: others would be drawn. */
   static float raw[N * 4];
   unsigned comps = data_format == GL_RED ? 1 : data_format == GL_RG ? 2 : 4;
   glGetTexImage(GL_TEXTURE_2D, 0, data_format, GL_FLOAT, raw);
   gl_check(format);
   for (unsigned i = 0; i < N; i++)
      for (unsigned c = 0; c < 4; c++)
         got[i][c] = c < comps ? raw[i * comps + c] : c == 3;
   memcpy(want, loaded, sizeof(want));
   close_to(format, N, eps);
   for (int i = 0; i < N; i++)
      want[i][0] = (float)i / 1024;
   for (int i = 0; i < N; i++)
      for (unsigned c = 1; c < 4; c++)
         want[i][c] = got[i][c];
   close_to(format, N, eps + 0.002f); /* of 8 bits: half a step */
   glDeleteTextures(1, &t);
}

void
gl_images(void)
{
   static const char value[] = "vec4(i / 1024.0, 0.25, 0.5, 0.75)";
   store_and_load(GL_RGBA32F, "rgba32f", GL_RGBA, value, 0);
   store_and_load(GL_RGBA16F, "rgba16f", GL_RGBA, value, 0);
   store_and_load(GL_RGBA8, "rgba8", GL_RGBA, value, 1e-6f);
   store_and_load(GL_RGBA16, "rgba16", GL_RGBA, value, 1e-6f);
   store_and_load(GL_R32F, "r32f", GL_RED, value, 0);
   store_and_load(GL_RG16F, "rg16f", GL_RG, value, 0);
}

void
gl_image_atomics(void)
{
   static uint32_t data[64], zero[64];
   GLuint t = texture_new(GL_TEXTURE_2D, GL_NEAREST, GL_NEAREST);
   glTexImage2D(GL_TEXTURE_2D, 0, GL_R32UI, 8, 8, 0, GL_RED_INTEGER,
                GL_UNSIGNED_INT, zero);
   glBindImageTexture(0, t, 0, GL_FALSE, 0, GL_READ_WRITE, GL_R32UI);
   run("", "layout(binding = 0, r32ui) uniform uimage2D im;",
       "ivec2 p = ivec2(i % 8, i / 8 % 8);"
       "uint old = imageAtomicAdd(im, p, uint(i));"
       "b[i] = vec4(imageSize(im), imageAtomicAdd(im, ivec2(9, 0), 1u), 0);",
       N);
   for (int i = 0; i < N; i++)
      memcpy(want[i], (float[]){8, 8, 0, 0}, 16);
   close_to("imageSize, atomics out of range", N, 0);
   glMemoryBarrier(GL_ALL_BARRIER_BITS);
   glGetTexImage(GL_TEXTURE_2D, 0, GL_RED_INTEGER, GL_UNSIGNED_INT, data);
   gl_check("imageAtomicAdd");
   for (unsigned i = 0; i < 64; i++) {
      uint32_t sum = 0;
      for (unsigned k = i; k < N; k += 64)
         sum += k;
      if (data[i] != sum)
         fail("imageAtomicAdd: texel %u: %u, want %u", i, data[i], sum);
   }
   glDeleteTextures(1, &t);
}

void
gl_buffer_textures(void)
{
   static uint32_t in[N];
   uint64_t seed = 5;
   for (unsigned i = 0; i < N; i++)
      in[i] = next_random(&seed);
   GLuint buffer, t;
   glGenBuffers(1, &buffer);
   glBindBuffer(GL_TEXTURE_BUFFER, buffer);
   glBufferData(GL_TEXTURE_BUFFER, sizeof(in), in, GL_STATIC_DRAW);
   glGenTextures(1, &t);
   glBindTexture(GL_TEXTURE_BUFFER, t);
   glTexBuffer(GL_TEXTURE_BUFFER, GL_RGBA8, buffer);
   glBindImageTexture(0, t, 0, GL_FALSE, 0, GL_READ_WRITE, GL_RGBA8);
   run("",
       "layout(binding = 0) uniform samplerBuffer t;"
       "layout(binding = 0, rgba8) uniform imageBuffer im;",
       "vec4 v = texelFetch(t, i); imageStore(im, i, v.wzyx); b[i] = v;", N);
   for (unsigned i = 0; i < N; i++)
      for (unsigned c = 0; c < 4; c++)
         want[i][c] = (in[i] >> (8 * c) & 255) / 255.0f;
   close_to("buffer texture", N, 1e-7f);
   static uint32_t out[N];
   glMemoryBarrier(GL_ALL_BARRIER_BITS);
   gl_take(buffer, out, sizeof(out));
   for (unsigned i = 0; i < N; i++)
      if (out[i] != __builtin_bswap32(in[i]))
         fail("buffer image: %u: %#x, want %#x", i, out[i],
              __builtin_bswap32(in[i]));
   glDeleteTextures(1, &t);
}
