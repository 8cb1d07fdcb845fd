/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "gp100_program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Instruction prefetch runs past the end (isa.md §1.1). */
#define CODE_TAIL_B 256

static int
upload_data(struct pipe_context *pctx, struct gp100_program *p,
            struct pipe_resource *res)
{
   void *data = malloc(p->nvir.data_size_B);
   if (!data)
      return -ENOMEM;
   nvir_program_data(&p->nvir, p->data_va, data);
   int ret = pctx->buffer_subdata(pctx, res, p->data_va - p->bo->gpu_va,
                                  p->nvir.data_size_B, data);
   free(data);
   return ret;
}

/* Through the context's own command stream, and waited for: another context may
 * launch the program next. */
static int
upload(struct nouveau_context *ctx, struct gp100_program *p)
{
   struct nouveau_resource res = {
      .base = {.screen = &p->screen->base,
               .refcount = 1,
               .width0_B = p->bo->size_B},
      .bo = p->bo,
   };
   struct pipe_context *pctx = &ctx->base;
   int ret = pctx->buffer_subdata(pctx, &res.base, p->code_va - p->bo->gpu_va,
                                  p->nvir.code_size_B, p->nvir.code);
   if (!ret && p->nvir.data_size_B)
      ret = upload_data(pctx, p, &res.base);
   return ret ? ret : nouveau_context_sync(ctx);
}

static void
program_free(struct gp100_program *p)
{
   nouveau_ws_bo_unref(p->bo);
   nvir_program_close(&p->nvir);
   free(p);
}

static struct gp100_program *
program_create(struct nouveau_context *ctx,
               const struct pipe_compute_state *state)
{
   struct nouveau_screen *screen = ctx->screen;
   struct gp100_program *p = calloc(1, sizeof(*p));
   if (!p)
      return NULL;
   p->screen = screen;
   p->binary = state->binary;
   if (nvir_program_open(state->binary, state->binary_size_B,
                         screen->info->chipset, &p->nvir)) {
      free(p);
      return NULL;
   }
   uint64_t data_offset_B = util_align(p->nvir.code_size_B + CODE_TAIL_B, 256);
   uint64_t size_B = data_offset_B + p->nvir.data_size_B;
   if (nouveau_ws_bo_create(screen->ws, size_B, 128 << 10, NOUVEAU_WS_VRAM,
                            &p->bo)) {
      program_free(p);
      return NULL;
   }
   p->serial = ++screen->program_serials;
   p->code_va = p->bo->gpu_va;
   p->data_va = p->bo->gpu_va + data_offset_B;
   if (upload(ctx, p)) {
      program_free(p);
      return NULL;
   }
   return p;
}

static struct gp100_program *
find_program(struct nouveau_screen *screen, const void *binary)
{
   struct gp100_program *found = NULL;
   pthread_mutex_lock(&screen->programs_lock);
   util_list_for_each(struct gp100_program, p, &screen->programs, link) {
      if (p->binary == binary) {
         p->refcount++;
         p->users++;
         found = p;
         break;
      }
   }
   pthread_mutex_unlock(&screen->programs_lock);
   return found;
}

static struct gp100_program *
program_get(struct nouveau_context *ctx, const struct pipe_compute_state *state)
{
   struct nouveau_screen *screen = ctx->screen;
   pthread_mutex_lock(&screen->create_program_lock);
   struct gp100_program *p = find_program(screen, state->binary);
   if (!p && (p = program_create(ctx, state))) {
      p->refcount = p->users = 1;
      pthread_mutex_lock(&screen->programs_lock);
      util_list_add_tail(&p->link, &screen->programs);
      pthread_mutex_unlock(&screen->programs_lock);
   }
   pthread_mutex_unlock(&screen->create_program_lock);
   return p;
}

static void
program_put(struct gp100_program *p)
{
   struct nouveau_screen *screen = p->screen;
   pthread_mutex_lock(&screen->programs_lock);
   bool last = --p->refcount == 0;
   if (last)
      util_list_del(&p->link);
   pthread_mutex_unlock(&screen->programs_lock);
   if (last)
      program_free(p);
}

static const struct nvir_kernel *
find_kernel(const struct gp100_program *p, const char *name)
{
   for (unsigned i = 0; i < p->nvir.num_kernels; i++)
      if (!strcmp(p->nvir.kernels[i].name, name))
         return &p->nvir.kernels[i];
   return NULL;
}

static void
program_leave(struct gp100_program *p)
{
   pthread_mutex_lock(&p->screen->programs_lock);
   if (--p->users == 0)
      util_list_del(&p->link);
   pthread_mutex_unlock(&p->screen->programs_lock);
}

struct gp100_cso *
gp100_cso_create(struct nouveau_context *ctx,
                 const struct pipe_compute_state *state)
{
   struct gp100_cso *cso = calloc(1, sizeof(*cso));
   if (!cso)
      return NULL;
   cso->refcount = 1;
   cso->program = program_get(ctx, state);
   if (!cso->program) {
      free(cso);
      return NULL;
   }
   cso->kernel = find_kernel(cso->program, state->kernel);
   if (!cso->kernel) {
      gp100_cso_delete(cso);
      return NULL;
   }
   return cso;
}

void
gp100_cso_ref(struct gp100_cso *cso)
{
   __atomic_add_fetch(&cso->refcount, 1, __ATOMIC_RELAXED);
}

void
gp100_cso_unref(struct gp100_cso *cso)
{
   if (__atomic_sub_fetch(&cso->refcount, 1, __ATOMIC_ACQ_REL))
      return;
   program_put(cso->program);
   free(cso);
}

void
gp100_cso_delete(struct gp100_cso *cso)
{
   program_leave(cso->program);
   gp100_cso_unref(cso);
}

/* The kernel whose code is at `gpu_va` and its program, or NULL. Under the
 * lock. */
static const struct nvir_kernel *
find_kernel_locked(struct nouveau_screen *screen, uint64_t gpu_va,
                   const struct gp100_program **program_out)
{
   util_list_for_each(struct gp100_program, p, &screen->programs, link) {
      for (unsigned i = 0; i < p->nvir.num_kernels; i++) {
         const struct nvir_kernel *k = &p->nvir.kernels[i];
         uint64_t start = p->code_va + k->code_offset_B;
         *program_out = p;
         if (gpu_va >= start && gpu_va < start + k->code_size_B)
            return k;
      }
   }
   return NULL;
}

void
gp100_program_name_at(struct nouveau_screen *screen, uint64_t gpu_va,
                      char *name_out, size_t size_B)
{
   const struct gp100_program *p;
   pthread_mutex_lock(&screen->programs_lock);
   const struct nvir_kernel *k = find_kernel_locked(screen, gpu_va, &p);
   snprintf(name_out, size_B, "%s", k ? k->name : "");
   pthread_mutex_unlock(&screen->programs_lock);
}

uint32_t
gp100_program_line_at(struct nouveau_screen *screen, uint64_t gpu_va)
{
   const struct gp100_program *p;
   pthread_mutex_lock(&screen->programs_lock);
   uint32_t line = find_kernel_locked(screen, gpu_va, &p)
                      ? nvir_program_line(&p->nvir, gpu_va - p->code_va)
                      : 0;
   pthread_mutex_unlock(&screen->programs_lock);
   return line;
}
