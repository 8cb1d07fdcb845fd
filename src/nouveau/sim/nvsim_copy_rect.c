/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The copy engine's rectangles: one side or both are block-linear (clc0b5.h,
 * mesa.md §1.11). Width and origin count elements with remap, else bytes. */
#include "nvsim_copy_priv.h"

#include <string.h>

#include "nouveau/headers/nv_class.h"
#include "nouveau/sim/tex/nvsim_layout.h"

struct side {
   struct nvsim_mem_loc loc;
   bool tiled;
   uint32_t pitch_B;           /* pitch-linear */
   struct nvsim_tiling tiling; /* block-linear */
   uint64_t x_B;
   uint32_t y, z;
};

/* Methods of one side from SET_xxx_BLOCK_SIZE on; the same order in both. */
static struct side
tiled_side(const uint32_t *state, uint32_t first, struct nvsim_mem_loc loc,
           unsigned element_B)
{
   const uint32_t *s = &state[first / 4];
   uint32_t block = s[0], origin = s[5];
   return (struct side){
      .loc = loc,
      .tiled = true,
      .tiling = {.width_B = s[1] * element_B,
                 .height = s[2],
                 .depth = s[3],
                 .bw = NV_COPY_BLOCK_WIDTH(block),
                 .bh = NV_COPY_BLOCK_HEIGHT(block),
                 .bd = NV_COPY_BLOCK_DEPTH(block)},
      .x_B = (uint64_t)(origin & 0xffff) * element_B,
      .y = origin >> 16,
      .z = s[4],
   };
}

static struct side
pitch_side(struct nvsim_mem_loc loc, uint32_t pitch_B)
{
   return (struct side){.loc = loc, .pitch_B = pitch_B};
}

/* What is wrong with a block-linear side, or NULL. Hardware would count on into
 * the next row of blocks [guess]; nobody can want that. */
static const char *
check_side(const struct side *s, uint32_t block, uint64_t length_B,
           uint32_t lines)
{
   const struct nvsim_tiling *t = &s->tiling;
   if (NV_COPY_BLOCK_GOB_HEIGHT(block) != NV_COPY_BLOCK_GOB_HEIGHT_FERMI_8)
      return "block linear copy: GOB height is not 8";
   if (t->bw || t->bh > NVSIM_BLOCK_LOG2 || t->bd > NVSIM_BLOCK_LOG2)
      return "block linear copy: illegal block size";
   if (s->loc.addr % NVSIM_GOB_B)
      return "block linear copy: address is not a multiple of 512";
   if (s->x_B + length_B > t->width_B || (uint64_t)s->y + lines > t->height ||
       s->z >= t->depth)
      return "block linear copy: rectangle lies outside of the surface";
   return NULL;
}

/* Bytes [off_B, off_B + size_B) of a line to or from `buf`. */
static int
move_line(struct nvsim_channel *c, const struct side *s, uint32_t line,
          uint64_t off_B, uint8_t *buf, uint64_t size_B, bool write)
{
   while (size_B) {
      struct nvsim_mem_fault f;
      struct nvsim_mem_loc loc = s->loc;
      uint64_t n = size_B, x_B = s->x_B + off_B;
      if (s->tiled) {
         n = MIN2(n, NVSIM_GOB_RUN_B - x_B % NVSIM_GOB_RUN_B);
         loc.addr += nvsim_tiling_offset(&s->tiling, x_B, s->y + line, s->z);
      } else {
         loc.addr += (uint64_t)line * s->pitch_B + off_B;
      }
      if (write ? nvsim_mem_write_loc(c->worker, loc, buf, n, &f)
                : nvsim_mem_read_loc(c->worker, loc, buf, n, &f))
         return nvsim_copy_mmu_error(c, &f);
      buf += n;
      off_B += n;
      size_B -= n;
   }
   return 0;
}

static int
copy_bytes(struct nvsim_channel *c, const struct side *src,
           const struct side *dst, const struct nvsim_copy *job, uint32_t line)
{
   uint8_t buf[4096];
   for (uint32_t done = 0; done < job->length; done += sizeof(buf)) {
      uint32_t n = MIN2(job->length - done, sizeof(buf));
      if (move_line(c, src, line, done, buf, n, false) ||
          move_line(c, dst, line, done, buf, n, true))
         return -1;
   }
   return 0;
}

static int
copy_elements(struct nvsim_channel *c, const struct side *src,
              const struct side *dst, const struct nvsim_copy *job,
              const struct nvsim_remap *m, uint32_t line)
{
   uint8_t in[NVSIM_REMAP_CHUNK * NVSIM_REMAP_MAX_B] = {0};
   uint8_t out[NVSIM_REMAP_CHUNK * NVSIM_REMAP_MAX_B];
   uint64_t src_B = m->num_src * m->size_B, dst_B = m->num_dst * m->size_B;
   for (uint32_t done = 0; done < job->length; done += NVSIM_REMAP_CHUNK) {
      uint32_t n = MIN2(job->length - done, NVSIM_REMAP_CHUNK);
      if (m->reads_src &&
          move_line(c, src, line, done * src_B, in, n * src_B, false))
         return -1;
      if (m->keeps_dst &&
          move_line(c, dst, line, done * dst_B, out, n * dst_B, false))
         return -1;
      nvsim_remap_elements(m, out, in, n);
      if (move_line(c, dst, line, done * dst_B, out, n * dst_B, true))
         return -1;
   }
   return 0;
}

int
nvsim_copy_rect(struct nvsim_channel *c, const uint32_t *state, uint32_t launch,
                const struct nvsim_copy *job, const struct nvsim_remap *m)
{
   unsigned src_B = m ? m->num_src * m->size_B : 1;
   unsigned dst_B = m ? m->num_dst * m->size_B : 1;
   struct side src = pitch_side(job->src, job->src_pitch_B);
   struct side dst = pitch_side(job->dst, job->dst_pitch_B);
   const char *why = NULL;
   if (!(launch & NV_COPY_LAUNCH_SRC_PITCH)) {
      src = tiled_side(state, NV_COPY_SET_SRC_BLOCK_SIZE, job->src, src_B);
      why = check_side(&src, state[NV_COPY_SET_SRC_BLOCK_SIZE / 4],
                       (uint64_t)job->length * src_B, job->lines);
   }
   if (!why && !(launch & NV_COPY_LAUNCH_DST_PITCH)) {
      dst = tiled_side(state, NV_COPY_SET_DST_BLOCK_SIZE, job->dst, dst_B);
      why = check_side(&dst, state[NV_COPY_SET_DST_BLOCK_SIZE / 4],
                       (uint64_t)job->length * dst_B, job->lines);
   }
   if (why)
      return nvsim_chan_method_error(c, NV_COPY_LAUNCH_DMA, launch, why);
   for (uint32_t l = 0; l < job->lines && !nvsim_chan_stopped(c); l++)
      if (m ? copy_elements(c, &src, &dst, job, m, l)
            : copy_bytes(c, &src, &dst, job, l))
         return -1;
   __atomic_add_fetch(&c->sim->bytes_copied,
                      (uint64_t)job->length * dst_B * job->lines,
                      __ATOMIC_RELAXED);
   return 0;
}
