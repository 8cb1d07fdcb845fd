/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Surface loads, stores and the addresses of surface atomics (isa.md §2.9).
 * Coordinates are integers: x, y, then slice or layer; the level is the view's
 * first. Raw accesses (.D) move bytes, x counts texels or (.BA) bytes;
 * formatted ones (.P) convert. */
#include "nvsim_tex_priv.h"

#include <string.h>

#include "nouveau/isa/sass_sem_float.h"
#include "nouveau/sim/nvsim_exec_priv.h"

static void __attribute__((noreturn))
refuse(struct nvsim_warp *w, uint32_t lanes, const char *why)
{
   nvsim_warp_error(w, NVSIM_WARP_ILLEGAL_PARAM, lanes, 0, why);
}

/* An access of one instruction: bytes for each lane that is inside. */
struct access {
   unsigned size_B; /* 0: an element */
   bool bytes;      /* x counts bytes */
   uint32_t inside; /* lanes */
   const struct nvsim_tic *tic[NVSIM_LANES];
   uint64_t va[NVSIM_LANES];
};

/* ---- addresses ---- */

static const struct nvsim_tic *
header_of(struct nvsim_warp *w, const struct nvsim_instr *in, unsigned lane)
{
   uint32_t handle = in->i.form == SASS_FORM_I
                        ? nvsim_tex_bound_handle(w, in->i.tex_idx)
                        : w->r[in->rc][lane];
   uint32_t bit = 1u << lane;
   const struct nvsim_tic *t =
      nvsim_tic_get(w, bit, NV_TEX_HANDLE_TIC(handle), true);
   if (t->format->kind != NVSIM_FORMAT_PLAIN)
      refuse(w, bit, "surface of a format that has no single texels");
   return t;
}

/* Does the header fit the instruction? Layers of cubes count as layers. */
static bool
dims_agree(enum sass_surf_dim dim, const struct nvsim_tic *t)
{
   switch (t->dim) {
   case NV_TIC_1D_BUFFER:
      return dim == SASS_SURF_1D_BUFFER || dim == SASS_SURF_1D;
   case NV_TIC_1D:
   case NV_TIC_1D_ARRAY:
      return dim == SASS_SURF_1D || dim == SASS_SURF_1D_ARRAY;
   case NV_TIC_3D:
      return dim == SASS_SURF_3D;
   default:
      return dim == SASS_SURF_2D || dim == SASS_SURF_2D_ARRAY;
   }
}

/* Texel of the lane; false: outside of the surface. */
static bool
locate(struct nvsim_warp *w, const struct nvsim_instr *in, unsigned lane,
       const struct access *a, struct nvsim_texel_at *at, uint32_t *byte)
{
   const struct nvsim_tic *t = a->tic[lane];
   const nvsim_rows r = (nvsim_rows)&w->r[in->ra];
   enum sass_surf_dim dim = in->i.surf_dim;
   bool has_y = dim >= SASS_SURF_2D;
   unsigned element_B = t->format->block_B;
   uint32_t last = has_y ? r[2][lane] : r[1][lane];
   int64_t c[3] = {(int32_t)r[0][lane], has_y ? (int32_t)r[1][lane] : 0, 0};
   int64_t layer = 0, layers = 1;
   *at = (struct nvsim_texel_at){.level = t->view_first};
   *byte = 0;
   if (a->bytes) {
      *byte = (uint32_t)c[0] % element_B;
      c[0] = c[0] < 0 ? -1 : c[0] / element_B;
   }
   if (dim == SASS_SURF_3D)
      c[2] = (int32_t)last;
   if (dim == SASS_SURF_1D_ARRAY || dim == SASS_SURF_2D_ARRAY)
      layer = (int32_t)last;
   if (nvsim_tic_is_array(t) || nvsim_tic_is_cube(t))
      layers = (int64_t)t->depth * (nvsim_tic_is_cube(t) ? 6 : 1);
   bool inside = layer >= 0 && layer < layers;
   if (a->bytes && c[0] >= 0)
      inside &= c[0] + (*byte + a->size_B - 1) / element_B <
                nvsim_tic_extent(t, t->view_first, 0);
   for (unsigned i = 0; i < 3; i++) {
      int64_t n = nvsim_tic_extent(t, t->view_first, i);
      inside &= c[i] >= 0 && c[i] < n;
      /* The nearest, for the clamp that asks for it. */
      c[i] = CLAMP(c[i], 0, n - 1);
   }
   at->x = (uint32_t)c[0];
   at->y = (uint32_t)c[1];
   at->z = (uint32_t)c[2];
   at->layer = (uint32_t)CLAMP(layer, 0, layers - 1);
   return inside;
}

/* .IGN leaves lanes out, .TRAP is an error, and without either the nearest
 * texel is meant (PTX: .zero, .trap, .clamp) [guess: which is which]. */
static void
find_lanes(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask,
           struct access *a)
{
   uint32_t bad = 0;
   nvsim_tex_cache_begin(w);
   a->inside = 0;
   nvsim_for_each_lane(l, mask) {
      struct nvsim_texel_at at;
      uint32_t byte;
      a->tic[l] = header_of(w, in, l);
      if (!dims_agree(in->i.surf_dim, a->tic[l]))
         refuse(w, 1u << l, "dimensions of instruction and surface differ");
      if (a->size_B > a->tic[l]->format->block_B && !a->bytes)
         refuse(w, 1u << l, "surface access is larger than a texel");
      bool inside = locate(w, in, l, a, &at, &byte);
      if (!inside && in->i.clamp == SASS_CLAMP_TRAP)
         bad |= 1u << l;
      if (!inside && in->i.clamp != SASS_CLAMP_DEFAULT)
         continue;
      a->inside |= 1u << l;
      a->va[l] = nvsim_texel_va(a->tic[l], &at) + byte;
   }
   if (bad)
      nvsim_warp_error(w, NVSIM_WARP_OOR_ADDR, bad, 0,
                       "surface coordinates out of range");
   bad = 0;
   nvsim_for_each_lane(l, a->inside)
      bad |= (uint32_t)(a->size_B && a->va[l] % a->size_B) << l;
   if (bad)
      nvsim_warp_error(w, NVSIM_WARP_MISALIGNED_ADDR, bad,
                       a->va[__builtin_ctz(bad)], "misaligned surface access");
}

/* ---- bytes ---- */

static unsigned
bytes_of(const struct access *a, unsigned lane)
{
   return a->size_B ? a->size_B : a->tic[lane]->format->block_B;
}

/* Host addresses of all lanes; in a section. Leaves the instruction if a page
 * is missing. Formats are powers of two, or buffers: an element of 12 bytes may
 * lie over a page's end, which is refused. */
static void
translate(struct nvsim_warp *w, const struct access *a, uint32_t mask,
          enum nv_fault_access kind, uint8_t *p[NVSIM_LANES])
{
   unsigned faults = 0;
   nvsim_for_each_lane(l, mask) {
      struct nvsim_mem_fault *f = &w->park.faults[faults];
      p[l] = nvsim_tlb_lookup(w->worker, a->va[l], kind, f);
      faults += p[l] == NULL;
   }
   if (faults)
      nvsim_warp_fault(w, faults, NV_FAULT_CLIENT_GPC_T1_0);
}

static void
check_pages(struct nvsim_warp *w, const struct access *a)
{
   nvsim_for_each_lane(l, a->inside)
      if (a->va[l] % NVSIM_PAGE_B + bytes_of(a, l) > NVSIM_PAGE_B)
         refuse(w, 1u << l, "surface access over the end of a page");
}

/* All lanes to or from `data`, 16 bytes each. */
static void
move(struct nvsim_warp *w, const struct access *a, bool write,
     uint8_t data[NVSIM_LANES][NVSIM_ELEMENT_MAX_B])
{
   struct nvsim_worker *wk = w->worker;
   uint8_t *p[NVSIM_LANES];
   uint32_t mask = write ? a->inside & ~w->done : a->inside;
   check_pages(w, a);
   w->mem_access = write ? NV_FAULT_ACCESS_WRITE : NV_FAULT_ACCESS_READ;
   w->mem_client = NV_FAULT_CLIENT_GPC_T1_0;
   w->mem_mask = write ? mask : 0;
   nvsim_section_begin(wk);
   translate(w, a, mask, w->mem_access, p);
   wk->guard.armed = 1;
   nvsim_for_each_lane(l, mask) {
      w->mem_va = a->va[l];
      w->mem_lane = l;
      __atomic_signal_fence(__ATOMIC_SEQ_CST);
      memcpy(write ? p[l] : data[l], write ? data[l] : p[l], bytes_of(a, l));
   }
   __atomic_signal_fence(__ATOMIC_SEQ_CST);
   wk->guard.armed = 0;
   nvsim_section_end(wk);
   w->done = 0;
}

/* ---- loads ---- */

static struct access
begin(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   struct access a = {.size_B = in->i.raw ? sass_size_B(in->i.size) : 0,
                      .bytes = in->i.raw && in->i.ba};
   find_lanes(w, in, mask, &a);
   return a;
}

static uint32_t
extend(enum sass_size size, uint32_t v)
{
   switch (size) {
   case SASS_SIZE_U8:
      return v & 0xff;
   case SASS_SIZE_S8:
      return (uint32_t)(int8_t)v;
   case SASS_SIZE_U16:
      return v & 0xffff;
   case SASS_SIZE_S16:
      return (uint32_t)(int16_t)v;
   default:
      return v;
   }
}

/* What lies outside reads as zero. */
void
nvsim_exec_suld(struct nvsim_warp *w, const struct nvsim_instr *in,
                uint32_t mask)
{
   uint8_t data[NVSIM_LANES][NVSIM_ELEMENT_MAX_B];
   nvsim_row t[4];
   unsigned n = 0;
   if (!mask)
      return;
   struct access a = begin(w, in, mask);
   memset(data, 0, sizeof(data));
   memset(t, 0, sizeof(t));
   move(w, &a, false, data);
   nvsim_for_each_lane(l, a.inside) {
      struct nvsim_texel v;
      memcpy(&v, data[l], sizeof(v));
      if (in->i.raw) {
         v.v[0] = extend(in->i.size, v.v[0]);
      } else {
         const struct nvsim_tic *tic = a.tic[l];
         v = nvsim_format_read(tic->format, tic->type, data[l], 0, 0);
         v = nvsim_texel_swizzle(tic, &v);
      }
      for (unsigned c = 0; c < 4; c++)
         t[c][l] = v.v[c];
   }
   unsigned comps =
      in->i.raw ? (1u << DIV_ROUND_UP(a.size_B, 4)) - 1 : in->i.tmask;
   for (unsigned c = 0; c < 4; c++)
      if (comps >> c & 1)
         nvsim_write_row(w->r[in->rd + n++], t[c], mask);
}

/* ---- stores ---- */

/* Each component of memory takes the first value whose source it is. */
static struct nvsim_texel
unswizzle(const struct nvsim_tic *t, const struct nvsim_texel *v)
{
   struct nvsim_texel rgba = {{0}};
   for (unsigned c = 4; c-- > 0;) {
      unsigned s = t->source[c];
      if (s >= NV_TIC_IN_R && s <= NV_TIC_IN_A)
         rgba.v[s - NV_TIC_IN_R] = v->v[c];
   }
   for (unsigned c = 0; c < 3 && t->srgb; c++)
      rgba.v[c] = sass_f32_bits(nvsim_linear_to_srgb(sass_f32(rgba.v[c])));
   return rgba;
}

static void
check_store(struct nvsim_warp *w, const struct nvsim_instr *in,
            const struct access *a)
{
   if (in->i.raw)
      return;
   nvsim_for_each_lane(l, a->inside) {
      uint32_t comps = 0;
      for (unsigned c = 0; c < 4; c++)
         if (a->tic[l]->source[c] >= NV_TIC_IN_R &&
             a->tic[l]->source[c] <= NV_TIC_IN_A)
            comps |= 1u << c;
      if (comps & ~in->i.tmask)
         refuse(w, 1u << l, "formatted store of a part of the components");
   }
}

void
nvsim_exec_sust(struct nvsim_warp *w, const struct nvsim_instr *in,
                uint32_t mask)
{
   uint8_t data[NVSIM_LANES][NVSIM_ELEMENT_MAX_B];
   nvsim_rows r = (nvsim_rows)&w->r[in->rd];
   if (!mask)
      return;
   struct access a = begin(w, in, mask);
   check_store(w, in, &a);
   nvsim_for_each_lane(l, a.inside) {
      struct nvsim_texel v = {{0}};
      unsigned n = 0, words = DIV_ROUND_UP(a.size_B, 4);
      uint32_t comps = in->i.raw ? (1u << words) - 1 : in->i.tmask;
      for (unsigned c = 0; c < 4; c++)
         if (comps >> c & 1)
            v.v[c] = r[n++][l];
      if (in->i.raw) {
         memcpy(data[l], &v, sizeof(v));
      } else {
         v = unswizzle(a.tic[l], &v);
         nvsim_format_write(a.tic[l]->format, a.tic[l]->type, &v, data[l]);
      }
   }
   move(w, &a, true, data);
}

/* ---- atomics ---- */

uint32_t
nvsim_surface_atom_va(struct nvsim_warp *w, const struct nvsim_instr *in,
                      uint32_t mask, uint64_t *va)
{
   struct access a = {.size_B = sass_type_B(in->i.type)};
   find_lanes(w, in, mask, &a);
   nvsim_for_each_lane(l, a.inside) {
      if (a.tic[l]->format->block_B != a.size_B)
         refuse(w, 1u << l, "surface atomic of another size than the texel");
      va[l] = a.va[l];
   }
   return a.inside;
}
