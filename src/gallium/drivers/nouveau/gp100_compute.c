/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Compute launches on PASCAL_COMPUTE_A/B: channel state, constant bank 0, QMD.
 * The sequence and values are those of Mesa's driver (mesa.md §1.7–1.9) except
 * that each launch has its own constant buffer, so nothing is overwritten while
 * in use. */
#include "gp100_program.h"
#include "nouveau_priv.h"

#include <errno.h>
#include <string.h>

#include "nouveau/headers/nv_qmd.h"

#define WARPS_PER_SM 64
#define REGS_PER_CTA 65536
#define GRID_MAX_X   0x7fffffffu
#define GRID_MAX_YZ  65535u
#define LAUNCH_DW    48

/* --- channel state --- */

void
gp100_compute_emit_init(struct nouveau_context *ctx)
{
   const struct nouveau_ws_context_info *classes =
      nouveau_ws_context_info(ctx->chan->ws);
   push_1(ctx, NV_SUBCH_COMPUTE, NV_HOST_SET_OBJECT, classes->compute_class);
   push_1(ctx, NV_SUBCH_COPY, NV_HOST_SET_OBJECT, classes->copy_class);
   push_1(ctx, NV_SUBCH_COMPUTE, NV_COMPUTE_SET_LOCAL_MEMORY_WINDOW,
          NVIR_LOCAL_WINDOW);
   push_1(ctx, NV_SUBCH_COMPUTE, NV_COMPUTE_SET_SHADER_SHARED_MEMORY_WINDOW,
          NVIR_SHARED_WINDOW);
   push_1(ctx, NV_SUBCH_COMPUTE, NV_COMPUTE_SET_SPA_VERSION,
          NV_COMPUTE_SPA_VERSION_PASCAL);
   push_data(ctx, nv_push_header(NV_PUSH_OP_NINC, NV_SUBCH_COMPUTE,
                                 NV_COMPUTE_SET_CWD_REF_COUNTER, 64));
   for (int i = 63; i >= 0; i--)
      push_data(ctx, 0x38000 | i);
   push_1(ctx, NV_SUBCH_COMPUTE, NV_MTHD_WAIT_FOR_IDLE, 0);
}

/* Local memory and call stacks of all warps that can be resident; grows when a
 * kernel needs more than any before. The old area stays until its last launch
 * has run. */
static int
ensure_tls(struct nouveau_context *ctx, const struct nvir_kernel *k)
{
   uint64_t per_warp_B =
      util_align(32ull * util_align(k->local_B, 16) + k->crs_B, 0x200);
   uint64_t per_sm_B = util_align(per_warp_B * WARPS_PER_SM, 0x8000);
   if (per_sm_B > ctx->tls_per_sm_B) {
      struct nouveau_ws_bo *bo;
      uint64_t total_B =
         util_align(per_sm_B * ctx->screen->info->sm_count, 0x20000);
      int ret = nouveau_ws_bo_create(ctx->screen->ws, total_B, 0x20000,
                                     NOUVEAU_WS_VRAM, &bo);
      if (ret)
         return ret;
      nouveau_ws_bo_unref(ctx->tls); /* batches that use it hold it */
      ctx->tls = bo;
      ctx->tls_per_sm_B = per_sm_B;
      ret = nouveau_batch_space(ctx, 16, 0);
      if (ret)
         return ret;
      push_begin(ctx, NV_SUBCH_COMPUTE, NV_COMPUTE_SET_LOCAL_MEMORY_A, 2);
      push_addr(ctx, bo->gpu_va);
      push_begin(ctx, NV_SUBCH_COMPUTE,
                 NV_COMPUTE_SET_LOCAL_MEMORY_NON_THROTTLED_A, 3);
      push_addr(ctx, per_sm_B);
      push_data(ctx, 0xff);
      push_begin(ctx, NV_SUBCH_COMPUTE, NV_COMPUTE_SET_LOCAL_MEMORY_THROTTLED_A,
                 3);
      push_addr(ctx, per_sm_B);
      push_data(ctx, 0xff);
   }
   return 0;
}

/* --- one grid --- */

/* A part of the NDRange that one QMD can express. */
struct part {
   uint32_t base[3], grid[3], block[3];
};

static void
fill_c0(const struct pipe_grid_info *info, const struct part *part,
        uint64_t data_va, char *c0)
{
   uint32_t *u32 = (uint32_t *)c0;
   uint64_t *u64 = (uint64_t *)c0;
   memcpy(&u32[NVIR_C0_LOCAL_SIZE / 4], part->block, 12);
   u32[NVIR_C0_WORK_DIM / 4] = info->work_dim;
   memcpy(&u32[NVIR_C0_NUM_GROUPS / 4], info->grid, 12);
   memcpy(&u32[NVIR_C0_GROUP_BASE / 4], part->base, 12);
   memcpy(&u64[NVIR_C0_GLOBAL_OFFSET / 8], info->global_offset, 24);
   for (unsigned d = 0; d < 3; d++)
      u64[NVIR_C0_ID_ORIGIN / 8 + d] =
         info->global_offset[d] + (uint64_t)part->base[d] * info->block[d];
   memcpy(&u64[NVIR_C0_GLOBAL_SIZE / 8], info->global_size, 24);
   u64[NVIR_C0_DATA / 8] = data_va;
   u64[NVIR_C0_PRINTF / 8] = info->printf_buffer;
   memcpy(&u32[NVIR_C0_LOCAL_SIZE_ENQUEUED / 4], info->block, 12);
   if (info->input_size_B)
      memcpy(c0 + NVIR_C0_ARGS, info->input, info->input_size_B);
}

static void
fill_qmd(const struct gp100_cso *cso, const struct pipe_grid_info *info,
         const struct part *part, uint32_t *qmd)
{
   const struct nvir_kernel *k = cso->kernel;
   nv_qmd_init(qmd);
   nv_qmd_set(qmd, NV_QMD_QMD_VERSION, 0, 1);
   nv_qmd_set(qmd, NV_QMD_QMD_MAJOR_VERSION, 0, 2);
   nv_qmd_set(qmd, NV_QMD_SM_GLOBAL_CACHING_ENABLE, 0, 1);
   nv_qmd_set(qmd, NV_QMD_PROGRAM_OFFSET, 0, k->code_offset_B);
   nv_qmd_set(qmd, NV_QMD_RELEASE_MEMBAR_TYPE, 0,
              NV_QMD_RELEASE_MEMBAR_FE_SYSMEMBAR);
   nv_qmd_set(qmd, NV_QMD_CWD_MEMBAR_TYPE, 0, NV_QMD_CWD_MEMBAR_L1_SYSMEMBAR);
   nv_qmd_set(qmd, NV_QMD_API_VISIBLE_CALL_LIMIT, 0,
              NV_QMD_CALL_LIMIT_NO_CHECK);
   nv_qmd_set(qmd, NV_QMD_CTA_RASTER_WIDTH, 0, part->grid[0]);
   nv_qmd_set(qmd, NV_QMD_CTA_RASTER_HEIGHT, 0, part->grid[1]);
   nv_qmd_set(qmd, NV_QMD_CTA_RASTER_DEPTH, 0, part->grid[2]);
   nv_qmd_set(qmd, NV_QMD_SHARED_MEMORY_SIZE, 0,
              util_align(k->shared_B + info->variable_shared_mem_B, 0x100));
   for (unsigned d = 0; d < 3; d++)
      nv_qmd_set(qmd, NV_QMD_CTA_THREAD_DIMENSION, d, part->block[d]);
   nv_qmd_set(qmd, NV_QMD_SHADER_LOCAL_MEMORY_LOW_SIZE, 0,
              util_align(k->local_B, 16));
   nv_qmd_set(qmd, NV_QMD_BARRIER_COUNT, 0, k->num_barriers);
   /* 0 is no legal count, but an empty kernel needs none. */
   nv_qmd_set(qmd, NV_QMD_REGISTER_COUNT, 0, MAX2(k->num_gprs, 1));
   nv_qmd_set(qmd, NV_QMD_SHADER_LOCAL_MEMORY_CRS_SIZE, 0, k->crs_B);
}

static int
launch_part(struct nouveau_context *ctx, struct gp100_cso *cso,
            const struct pipe_grid_info *info, const struct part *part)
{
   struct gp100_program *p = cso->program;
   uint32_t c0_B = util_align(NVIR_C0_ARGS + info->input_size_B, 256);
   int ret = nouveau_batch_space(ctx, LAUNCH_DW, c0_B + 256 + NV_QMD_SIZE_B);
   if (!ret)
      ret = nouveau_batch_use_bo(ctx, p->bo);
   if (!ret && ctx->tls)
      ret = nouveau_batch_use_bo(ctx, ctx->tls);
   for (unsigned i = 0; !ret && i < info->num_resources; i++) {
      struct nouveau_ws_bo *bo = nouveau_resource(info->resources[i])->bo;
      if (bo)
         ret = nouveau_batch_use_bo(ctx, bo);
   }
   if (!ret)
      ret = nouveau_batch_use_cso(ctx, cso);
   if (ret)
      return ret;

   uint64_t c0_va, qmd_va;
   char *c0 = nouveau_batch_upload(ctx, c0_B, 256, &c0_va);
   memset(c0, 0, c0_B);
   fill_c0(info, part, p->data_va, c0);
   uint32_t *qmd = nouveau_batch_upload(ctx, NV_QMD_SIZE_B, 256, &qmd_va);
   fill_qmd(cso, info, part, qmd);
   nv_qmd_set_cb(qmd, 0, c0_va, c0_B);

   if (ctx->program_serial != p->serial) {
      ctx->program_serial = p->serial;
      push_begin(ctx, NV_SUBCH_COMPUTE, NV_COMPUTE_SET_PROGRAM_REGION_A, 2);
      push_addr(ctx, p->code_va);
      push_1(ctx, NV_SUBCH_COMPUTE, NV_INVALIDATE_SHADER_CACHES_NO_WFI,
             NV_INVALIDATE_INSTRUCTION);
   }
   push_1(ctx, NV_SUBCH_COMPUTE, NV_COMPUTE_SEND_PCAS_A, qmd_va >> 8);
   push_1(ctx, NV_SUBCH_COMPUTE, NV_COMPUTE_SEND_SIGNALING_PCAS_B,
          NV_COMPUTE_PCAS_INVALIDATE | NV_COMPUTE_PCAS_SCHEDULE);
   /* The queue is in order: the next command sees this grid's writes. */
   push_1(ctx, NV_SUBCH_COMPUTE, NV_MTHD_WAIT_FOR_IDLE, 0);
   return 0;
}

/* --- splitting an NDRange --- */

/* Each dimension is walked in pieces that the hardware's field holds and whose
 * work-items 32 bits can number (NVIR_C0_ID_ORIGIN); a last, smaller group is a
 * piece of its own. Almost always there is one piece. */
static int
launch_spans(struct nouveau_context *ctx, struct gp100_cso *cso,
             const struct pipe_grid_info *info, unsigned d, struct part *part)
{
   if (d == 3)
      return launch_part(ctx, cso, info, part);
   uint32_t limit =
      MIN2(d ? GRID_MAX_YZ : GRID_MAX_X, UINT32_MAX / info->block[d]);
   uint32_t full = info->grid[d] - (info->last_block[d] != 0);
   for (uint32_t base = 0; base < info->grid[d]; base += part->grid[d]) {
      bool last = base == full;
      part->base[d] = base;
      part->grid[d] = last ? 1 : MIN2(full - base, limit);
      part->block[d] = last ? info->last_block[d] : info->block[d];
      int ret = launch_spans(ctx, cso, info, d + 1, part);
      if (ret)
         return ret;
   }
   return 0;
}

static uint32_t
max_threads(const struct nvir_kernel *k)
{
   uint32_t per_warp = util_align(MAX2(k->num_gprs, 1), 8) * 32;
   return MIN2(1024, REGS_PER_CTA / per_warp * 32);
}

/* In the background, while the batch is recorded; nouveau_batch_submit waits
 * for the rest, which is cheaper than to let the launch fault on each page that
 * has not arrived. */
static void
prefetch(struct nouveau_context *ctx, const struct pipe_grid_info *info)
{
   for (unsigned i = 0; i < info->num_svm_ranges; i++) {
      const struct pipe_svm_range *r = &info->svm_ranges[i];
      uintptr_t start = (uintptr_t)r->ptr, end = start + r->size_B;
      uint64_t moved;
      if (nouveau_ws_svm_prefetch(ctx->screen->ws, r->ptr, r->size_B, &moved) ||
          !moved)
         continue;
      bool first = !ctx->prefetch_end;
      ctx->prefetch_start = first ? start : MIN2(ctx->prefetch_start, start);
      ctx->prefetch_end = MAX2(ctx->prefetch_end, end);
   }
}

static int
launch_grid(struct pipe_context *pctx, void *pcso,
            const struct pipe_grid_info *info)
{
   struct nouveau_context *ctx = nouveau_context(pctx);
   struct gp100_cso *cso = pcso;
   const struct nvir_kernel *k = cso->kernel;
   const struct pipe_caps *caps = &ctx->screen->base.caps;
   if (info->input_size_B > caps->max_args_B ||
       k->shared_B + info->variable_shared_mem_B > caps->shared_mem_B ||
       (uint64_t)info->block[0] * info->block[1] * info->block[2] >
          max_threads(k))
      return -E2BIG;
   int ret = ensure_tls(ctx, k);
   if (ret)
      return ret;
   if (ctx->screen->config.migrate_prefetch)
      prefetch(ctx, info);
   struct part part;
   return launch_spans(ctx, cso, info, 0, &part);
}

/* --- compute state objects --- */

static void *
create_compute_state(struct pipe_context *pctx,
                     const struct pipe_compute_state *state)
{
   return gp100_cso_create(nouveau_context(pctx), state);
}

static void
delete_compute_state(struct pipe_context *pctx, void *cso)
{
   gp100_cso_delete(cso);
}

static void
get_compute_state_info(struct pipe_context *pctx, void *pcso,
                       struct pipe_compute_state_object_info *info_out)
{
   const struct nvir_kernel *k = ((struct gp100_cso *)pcso)->kernel;
   *info_out = (struct pipe_compute_state_object_info){
      .max_threads = max_threads(k),
      .preferred_simd_size = 32,
      .private_memory_B = k->local_B,
      .static_local_memory_B = k->shared_B,
      .args_B = k->args_B,
      .num_gprs = k->num_gprs,
      .program_data_B = ((struct gp100_cso *)pcso)->program->nvir.data_size_B,
   };
}

void
gp100_compute_init_context(struct nouveau_context *ctx)
{
   ctx->base.create_compute_state = create_compute_state;
   ctx->base.delete_compute_state = delete_compute_state;
   ctx->base.get_compute_state_info = get_compute_state_info;
   ctx->base.launch_grid = launch_grid;
}
