/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* From coordinates to values: level of detail, wrap modes, filters, compare
 * (OpenGL 4.6, chapter 8.14; the choices that it leaves: docs/textures.md). */
#include "nvsim_tex_priv.h"

#include <string.h>

#include "nouveau/isa/sass_sem_float.h"
#include "nouveau/sim/tex/nvsim_cube.h"

/* Weights have eight bits of fraction (CUDA C Programming Guide, texture
 * fetching). */
#define WEIGHT_STEPS 256.0

#define BORDER -1

/* A sample's place in the texture: cubes on their face. */
struct place {
   double uv[3];        /* normalized, or texels */
   double dx[3], dy[3]; /* differences, likewise */
   unsigned axes, face;
   bool normalized;
};

static bool
is_linear(const struct nvsim_sample *s, unsigned filter)
{
   return filter != NV_TSC_POINT && !nvsim_tic_is_int(s->tic);
}

static unsigned
last_lod(const struct nvsim_sample *s)
{
   return s->tic->view_last - s->tic->view_first;
}

static void
find_place(const struct nvsim_sample *s, struct place *p)
{
   double d[3][3];
   memset(p, 0, sizeof(*p));
   p->axes = s->cube ? 2 : s->dims;
   p->normalized = s->cube || (s->tic->normalized && !s->tsc->unnormalized);
   for (unsigned a = 0; a < s->dims; a++) {
      p->uv[a] = d[0][a] = isfinite(s->coord[a]) ? s->coord[a] : 0;
      p->dx[a] = isfinite(s->ddx[a]) ? s->ddx[a] : 0;
      p->dy[a] = isfinite(s->ddy[a]) ? s->ddy[a] : 0;
      d[1][a] = d[0][a] + p->dx[a];
      d[2][a] = d[0][a] + p->dy[a];
   }
   if (!s->cube)
      return;
   double st[2];
   p->face = nvsim_cube_face(d[0]);
   nvsim_cube_project(d[0], p->face, p->uv);
   nvsim_cube_project(d[1], p->face, st);
   p->dx[0] = st[0] - p->uv[0];
   p->dx[1] = st[1] - p->uv[1];
   nvsim_cube_project(d[2], p->face, st);
   p->dy[0] = st[0] - p->uv[0];
   p->dy[1] = st[1] - p->uv[1];
   p->uv[2] = p->dx[2] = p->dy[2] = 0;
}

/* ---- level of detail ---- */

static double
texels(const struct nvsim_sample *s, const struct place *p, const double *d)
{
   double sum = 0;
   for (unsigned a = 0; a < p->axes; a++) {
      double size =
         p->normalized ? nvsim_tic_extent(s->tic, s->tic->view_first, a) : 1;
      sum += d[a] * size * d[a] * size;
   }
   return sqrt(sum);
}

/* Samples along the longer axis of the footprint; 1: isotropic. */
static unsigned
aniso_samples(const struct nvsim_sample *s, const struct place *p)
{
   double x = texels(s, p, p->dx), y = texels(s, p, p->dy);
   double longer = MAX2(x, y), shorter = MIN2(x, y);
   if (!s->implicit || s->tsc->max_aniso <= 1 || s->tsc->min == NV_TSC_POINT ||
       longer == 0)
      return 1;
   return (unsigned)MIN2(ceil(longer / MAX2(shorter, 1e-30)),
                         (double)s->tsc->max_aniso);
}

static float
lod_at(const struct nvsim_sample *s, const struct place *p, float *raw_out)
{
   double lod = s->lod;
   if (s->implicit) {
      double rho = MAX2(texels(s, p, p->dx), texels(s, p, p->dy));
      rho /= aniso_samples(s, p);
      lod += rho > 0 ? log2(rho) : -128;
   }
   lod += s->tsc->lod_bias;
   if (!(lod > -128))
      lod = -128; /* NaN too */
   if (raw_out)
      *raw_out = (float)MIN2(lod, 127.0);
   return (float)CLAMP(lod, (double)s->tsc->min_lod,
                       (double)MAX2(s->tsc->max_lod, s->tsc->min_lod));
}

/* The level that would be read, as textureQueryLod tells it. */
float
nvsim_sample_lod(const struct nvsim_sample *s, float *raw_out)
{
   struct place p;
   find_place(s, &p);
   float lod = lod_at(s, &p, raw_out), last = last_lod(s);
   if (s->tsc->mip == NV_TSC_MIP_NONE)
      return 0;
   if (s->tsc->mip == NV_TSC_MIP_POINT)
      lod = ceilf(lod + 0.5f) - 1;
   return CLAMP(lod, 0.0f, last);
}

/* ---- one axis ---- */

struct axis {
   int64_t index[2]; /* before wrapping */
   double weight[2];
   unsigned taps;
   int64_t size;
   unsigned mode;
};

/* Texel index, or BORDER. */
static int64_t
wrap(const struct axis *a, int64_t i)
{
   int64_t n = a->size, m;
   switch (a->mode) {
   case NV_TSC_WRAP:
      m = i % n;
      return m < 0 ? m + n : m;
   case NV_TSC_MIRROR:
      m = i % (2 * n);
      m = m < 0 ? m + 2 * n : m;
      return m < n ? m : 2 * n - 1 - m;
   case NV_TSC_MIRROR_ONCE_EDGE:
      i = i < 0 ? -1 - i : i;
      return MIN2(i, n - 1);
   case NV_TSC_MIRROR_ONCE_BORDER:
   case NV_TSC_MIRROR_ONCE_OGL:
      i = i < 0 ? -1 - i : i;
      return i < n ? i : BORDER;
   case NV_TSC_CLAMP_TO_EDGE:
      return CLAMP(i, 0, n - 1);
   default:
      return i >= 0 && i < n ? i : BORDER;
   }
}

/* Into a range that integers hold, without changing what is read. */
static double
tame(double u, const struct axis *a)
{
   double n = (double)a->size;
   switch (a->mode) {
   case NV_TSC_WRAP:
      return fabs(u) < 1e9 ? u : fmod(u, n);
   case NV_TSC_MIRROR:
      return fabs(u) < 1e9 ? u : fmod(u, 2 * n);
   case NV_TSC_CLAMP_OGL:
      return CLAMP(u, 0, n);
   case NV_TSC_MIRROR_ONCE_OGL:
      return CLAMP(u, -n, n);
   default:
      return CLAMP(u, -1e9, 1e9);
   }
}

static struct axis
make_axis(double u, int64_t size, unsigned mode, bool linear)
{
   struct axis a = {.weight = {1, 0}, .taps = 1, .size = size, .mode = mode};
   u = tame(u, &a);
   if (!linear) {
      a.index[0] = (int64_t)floor(u);
      /* GL_CLAMP has no border without a filter. */
      if (mode == NV_TSC_CLAMP_OGL || mode == NV_TSC_MIRROR_ONCE_OGL)
         a.index[0] = CLAMP(a.index[0], -size, size - 1);
      return a;
   }
   double v = u - 0.5, i = floor(v);
   double f = rint((v - i) * WEIGHT_STEPS) / WEIGHT_STEPS;
   a.taps = 2;
   a.index[0] = (int64_t)i;
   a.index[1] = (int64_t)i + 1;
   a.weight[0] = 1 - f;
   a.weight[1] = f;
   return a;
}

/* ---- values ---- */

static bool
passes(unsigned func, float ref, float v)
{
   bool is_less = ref<v, is_equal = ref == v, is_more = ref> v;
   switch (func) {
   case NV_TSC_NEVER:
      return false;
   case NV_TSC_LESS:
      return is_less;
   case NV_TSC_EQUAL:
      return is_equal;
   case NV_TSC_LEQUAL:
      return is_less || is_equal;
   case NV_TSC_GREATER:
      return is_more;
   case NV_TSC_NOTEQUAL:
      return !is_equal;
   case NV_TSC_GEQUAL:
      return is_more || is_equal;
   default:
      return true;
   }
}

/* The comparison takes the place of all components; constants stay. */
static struct nvsim_texel
compare(const struct nvsim_sample *s, const struct nvsim_texel *t)
{
   unsigned source = s->tic->source[0];
   bool unorm = source >= NV_TIC_IN_R && source <= NV_TIC_IN_A &&
                s->tic->type[source - NV_TIC_IN_R] == NV_TIC_UNORM;
   float ref = unorm ? CLAMP(s->ref, 0.0f, 1.0f) : s->ref;
   float v = passes(s->tsc->compare_func, ref, sass_f32(t->v[0])) ? 1.0f : 0.0f;
   struct nvsim_texel all;
   for (unsigned c = 0; c < 4; c++)
      all.v[c] = sass_f32_bits(v);
   return nvsim_texel_swizzle(s->tic, &all);
}

/* Behind the swizzle, but for its constants: Mesa permutes the colour itself
 * (PIPE_QUIRK_TEXTURE_BORDER_COLOR_SWIZZLE_NV50). */
static struct nvsim_texel
border(const struct nvsim_sample *s)
{
   bool srgb = s->tic->srgb && s->tsc->srgb;
   struct nvsim_texel constants = {{0}};
   struct nvsim_texel t = nvsim_texel_swizzle(s->tic, &constants);
   for (unsigned c = 0; c < 4; c++) {
      unsigned source = s->tic->source[c];
      if (source >= NV_TIC_IN_R && source <= NV_TIC_IN_A)
         t.v[c] = srgb ? s->tsc->srgb_border[c] : s->tsc->border[c];
   }
   return t;
}

static struct nvsim_texel
fetch(struct nvsim_tex_io *io, const struct nvsim_sample *s,
      const struct nvsim_texel_at *at)
{
   struct nvsim_texel t =
      nvsim_texel_fetch(io, s->tic, s->tsc && s->tsc->srgb, at);
   return s->compare ? compare(s, &t) : t;
}

/* A sum of weighted texels, or their least or greatest. */
struct mix {
   unsigned reduction;
   bool is_int, any;
   double v[4];
   struct nvsim_texel exact; /* integers: the one texel */
};

static void
mix_add(struct mix *m, const double v[4], double weight)
{
   if (weight == 0)
      return;
   for (unsigned c = 0; c < 4; c++) {
      if (m->reduction == NV_TSC_REDUCE_NONE)
         m->v[c] += weight * v[c];
      else if (!m->any)
         m->v[c] = v[c];
      else
         m->v[c] = m->reduction == NV_TSC_REDUCE_MIN ? MIN2(m->v[c], v[c])
                                                     : MAX2(m->v[c], v[c]);
   }
   m->any = true;
}

static void
mix_texel(struct mix *m, const struct nvsim_texel *t, double weight)
{
   double v[4];
   if (m->is_int) {
      m->exact = *t;
      return;
   }
   for (unsigned c = 0; c < 4; c++)
      v[c] = sass_f32(t->v[c]);
   mix_add(m, v, weight);
}

static struct nvsim_texel
mix_result(const struct mix *m)
{
   struct nvsim_texel t;
   if (m->is_int)
      return m->exact;
   for (unsigned c = 0; c < 4; c++)
      t.v[c] = sass_f32_bits((float)m->v[c]);
   return t;
}

/* ---- texels of one level ---- */

static uint32_t
layer_of(const struct nvsim_sample *s, unsigned face)
{
   uint32_t layers = nvsim_tic_is_array(s->tic) ? s->tic->depth : 1;
   uint32_t layer = MIN2(s->layer, layers - 1);
   return s->cube ? layer * 6 + face : layer;
}

static bool
is_seamless(const struct nvsim_sample *s)
{
   return s->cube && s->tsc->cube >= NV_TSC_CUBE_SPAN_SEAM;
}

/* Index (i, j) of a face, one of them past its edge: the neighbour's texel. */
static struct nvsim_texel
across_seam(struct nvsim_tex_io *io, const struct nvsim_sample *s,
            unsigned face, unsigned level, int64_t i, int64_t j, int64_t n)
{
   double d[3], st[2] = {(i + 0.5) / n, (j + 0.5) / n};
   nvsim_cube_direction(face, st, d);
   face = nvsim_cube_face(d);
   nvsim_cube_project(d, face, st);
   struct nvsim_texel_at at = {
      .x = (uint32_t)CLAMP((int64_t)floor(st[0] * n), 0, n - 1),
      .y = (uint32_t)CLAMP((int64_t)floor(st[1] * n), 0, n - 1),
      .layer = layer_of(s, face),
      .level = level,
   };
   return fetch(io, s, &at);
}

/* Three faces meet at a corner: what lies past it is their mean. */
static struct nvsim_texel
at_corner(struct nvsim_tex_io *io, const struct nvsim_sample *s, unsigned face,
          unsigned level, int64_t i, int64_t j, int64_t n)
{
   int64_t x = CLAMP(i, 0, n - 1), y = CLAMP(j, 0, n - 1);
   struct mix m = {.is_int = nvsim_tic_is_int(s->tic)};
   struct nvsim_texel t[] = {across_seam(io, s, face, level, x, y, n),
                             across_seam(io, s, face, level, i, y, n),
                             across_seam(io, s, face, level, x, j, n)};
   for (unsigned k = 0; k < 3; k++)
      mix_texel(&m, &t[k], 1 / 3.0);
   return mix_result(&m);
}

static struct nvsim_texel
tap(struct nvsim_tex_io *io, const struct nvsim_sample *s, unsigned face,
    unsigned level, const struct axis axis[3], const int64_t index[3])
{
   int64_t n = axis[0].size;
   if (is_seamless(s)) {
      bool x_out = index[0] < 0 || index[0] >= n;
      bool y_out = index[1] < 0 || index[1] >= n;
      if (x_out && y_out)
         return at_corner(io, s, face, level, index[0], index[1], n);
      if (x_out || y_out)
         return across_seam(io, s, face, level, index[0], index[1], n);
   }
   int64_t at[3];
   for (unsigned a = 0; a < 3; a++) {
      at[a] = wrap(&axis[a], index[a]);
      if (at[a] == BORDER) {
         struct nvsim_texel t = border(s);
         return s->compare ? compare(s, &t) : t;
      }
   }
   struct nvsim_texel_at where = {
      .x = (uint32_t)at[0],
      .y = (uint32_t)at[1],
      .z = (uint32_t)at[2],
      .layer = layer_of(s, face),
      .level = level,
   };
   return fetch(io, s, &where);
}

/* `offset`: in texels. */
static void
make_axes(const struct nvsim_sample *s, const struct place *p, unsigned level,
          const int32_t *offset, bool linear, struct axis axis[3])
{
   for (unsigned a = 0; a < 3; a++) {
      int64_t size = nvsim_tic_extent(s->tic, level, a);
      if (a >= p->axes) {
         axis[a] = make_axis(0, 1, NV_TSC_CLAMP_TO_EDGE, false);
         continue;
      }
      unsigned mode = s->tsc->address[a];
      if (s->cube && s->tsc->cube != NV_TSC_CUBE_USE_WRAP)
         mode = NV_TSC_CLAMP_TO_EDGE;
      double u = p->uv[a] * (p->normalized ? (double)size : 1);
      axis[a] = make_axis(u + offset[a], size, mode, linear);
   }
}

static void
sample_level(struct nvsim_tex_io *io, const struct nvsim_sample *s,
             const struct place *p, unsigned lod, bool linear, double weight,
             struct mix *m)
{
   struct axis axis[3];
   unsigned level = s->tic->view_first + lod;
   make_axes(s, p, level, s->offset[0], linear, axis);
   for (unsigned k = 0; k < axis[2].taps; k++)
      for (unsigned j = 0; j < axis[1].taps; j++)
         for (unsigned i = 0; i < axis[0].taps; i++) {
            double part = axis[0].weight[i] * axis[1].weight[j] *
                          axis[2].weight[k] * weight;
            const int64_t index[] = {axis[0].index[i], axis[1].index[j],
                                     axis[2].index[k]};
            if (part == 0)
               continue;
            struct nvsim_texel t = tap(io, s, p->face, level, axis, index);
            mix_texel(m, &t, part);
         }
}

/* ---- the three ways to read ---- */

/* Between levels, if the sampler has it so. */
static void
sample_mips(struct nvsim_tex_io *io, const struct nvsim_sample *s,
            const struct place *p, float lod, double weight, struct mix *m)
{
   bool magnify = lod <= 0;
   bool linear = is_linear(s, magnify ? s->tsc->mag : s->tsc->min);
   double last = last_lod(s);
   if (magnify || s->tsc->mip == NV_TSC_MIP_NONE) {
      sample_level(io, s, p, 0, linear, weight, m);
      return;
   }
   if (s->tsc->mip == NV_TSC_MIP_POINT || nvsim_tic_is_int(s->tic)) {
      double level = CLAMP(ceil(lod + 0.5) - 1, 0, last);
      sample_level(io, s, p, (unsigned)level, linear, weight, m);
      return;
   }
   double level = MIN2((double)lod, last), base = floor(level);
   double f = rint((level - base) * WEIGHT_STEPS) / WEIGHT_STEPS;
   sample_level(io, s, p, (unsigned)base, linear, weight * (1 - f), m);
   if (f > 0)
      sample_level(io, s, p, (unsigned)base + 1, linear, weight * f, m);
}

struct nvsim_texel
nvsim_sample_filter(struct nvsim_tex_io *io, const struct nvsim_sample *s)
{
   struct place p;
   find_place(s, &p);
   struct mix m = {.reduction = s->tsc->reduction,
                   .is_int = nvsim_tic_is_int(s->tic)};
   float lod = lod_at(s, &p, NULL);
   unsigned n = aniso_samples(s, &p);
   bool along_x = texels(s, &p, p.dx) >= texels(s, &p, p.dy);
   struct place at = p;
   for (unsigned i = 1; i <= n; i++) {
      for (unsigned a = 0; a < 3 && n > 1; a++)
         at.uv[a] =
            p.uv[a] + (along_x ? p.dx : p.dy)[a] * (i / (n + 1.0) - 0.5);
      sample_mips(io, s, &at, lod, 1.0 / n, &m);
   }
   return mix_result(&m);
}

/* The four texels that a linear filter of level 0 would mix: lower left, lower
 * right, upper right, upper left. */
struct nvsim_texel
nvsim_sample_gather(struct nvsim_tex_io *io, const struct nvsim_sample *s)
{
   static const uint8_t corner[4][2] = {{0, 1}, {1, 1}, {1, 0}, {0, 0}};
   struct place p;
   struct nvsim_texel out;
   find_place(s, &p);
   for (unsigned i = 0; i < 4; i++) {
      struct axis axis[3];
      bool each = s->num_offsets == 4; /* all from their upper left */
      const uint8_t *c = corner[each ? 3 : i];
      make_axes(s, &p, s->tic->view_first, s->offset[each ? i : 0], true, axis);
      const int64_t index[] = {
         axis[0].index[c[0]],
         axis[1].taps > 1 ? axis[1].index[c[1]] : axis[1].index[0],
         axis[2].index[0]};
      struct nvsim_texel t =
         tap(io, s, p.face, s->tic->view_first, axis, index);
      out.v[i] = t.v[s->component];
   }
   return out;
}

/* Integer coordinates; outside of the level all components are 0 before the
 * swizzle [guess: the swizzle's constants stay]. */
struct nvsim_texel
nvsim_sample_load(struct nvsim_tex_io *io, const struct nvsim_sample *s)
{
   const struct nvsim_tic *t = s->tic;
   const struct nvsim_texel zero = {{0}};
   struct nvsim_texel_at at = {.layer = s->layer, .sample = s->sample};
   uint32_t *to[] = {&at.x, &at.y, &at.z};
   uint32_t layers = nvsim_tic_is_array(t) ? t->depth : 1;
   bool inside = s->lod >= 0 && s->lod <= last_lod(s) && s->layer < layers &&
                 s->sample < t->samples;
   at.level = inside ? t->view_first + (unsigned)s->lod : 0;
   for (unsigned a = 0; a < s->dims; a++) {
      int64_t i = (int64_t)s->texel[a] + s->offset[0][a];
      int64_t n = nvsim_tic_extent(t, at.level, a);
      if (s->clamp)
         i = CLAMP(i, 0, n - 1);
      inside &= i >= 0 && i < n;
      *to[a] = (uint32_t)i;
   }
   return inside ? fetch(io, s, &at) : nvsim_texel_swizzle(t, &zero);
}
