/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#ifndef NOUVEAU_PRIV_H
#define NOUVEAU_PRIV_H

#include "nouveau.h"

#include <pthread.h>

#include "gallium/winsys/nouveau/nouveau_ws.h"
#include "nouveau/headers/nv_class.h"
#include "nouveau/headers/nv_push.h"
#include "pipe/p_context.h"
#include "util/util_list.h"
#include "util/util_log.h"

struct nouveau_screen {
   struct pipe_screen base;
   struct nouveau_ws_device *ws;
   const struct nouveau_ws_device_info *info;
   struct nouveau_screen_config config;
   /* Held while a program is uploaded, so that it is created once. Taken before
    * programs_lock, which is a leaf: a fence that settles meanwhile looks names
    * up. */
   pthread_mutex_t create_program_lock;
   pthread_mutex_t programs_lock;
   struct util_list programs; /* of gp100_program */
   uint64_t program_serials;  /* given out so far; under programs_lock */
   /* Buffers whose address was taken in the process: kept so that the kernel
    * gives another address (nouveau_resource.c). */
   pthread_mutex_t blockers_lock;
   struct nouveau_ws_bo *blockers[64];
   unsigned num_blockers;
};

static inline struct nouveau_screen *
nouveau_screen(struct pipe_screen *s)
{
   return (struct nouveau_screen *)s;
}

/* --- resources: nouveau_resource.c --- */

struct nouveau_resource {
   struct pipe_resource base;
   struct nouveau_ws_bo *bo; /* NULL: user memory */
};

static inline struct nouveau_resource *
nouveau_resource(struct pipe_resource *r)
{
   return (struct nouveau_resource *)r;
}

void nouveau_resource_init_screen(struct nouveau_screen *screen);
void nouveau_resource_finish_screen(struct nouveau_screen *screen);
uint64_t nouveau_resource_gpu_va(const struct pipe_resource *res);

/* --- channel and batches: nouveau_batch.c --- */

/* The hardware channel, shared by a context and the fences of its work. */
struct nouveau_channel {
   int refcount;
   struct nouveau_screen *screen;
   struct nouveau_ws_context *ws;
   pthread_mutex_t lock; /* of what follows */
   bool lost;
   struct pipe_device_fault fault; /* valid when lost */
};

int nouveau_channel_create(struct nouveau_screen *screen,
                           struct nouveau_channel **chan_out);
void nouveau_channel_ref(struct nouveau_channel *chan);
void nouveau_channel_unref(struct nouveau_channel *chan);
bool nouveau_channel_is_lost(struct nouveau_channel *chan);
/* Asks the kernel why the channel died and remembers it. */
void nouveau_channel_set_lost(struct nouveau_channel *chan);

struct gp100_cso;
struct nouveau_context;

/* One submission: commands, the data they upload and two semaphores in one GART
 * buffer. Layout: semaphores, commands growing up, uploads growing down. */
struct nouveau_batch {
   struct nouveau_ws_bo *bo;
   char *map;
   uint32_t *cur;     /* next command word */
   uint32_t upload_B; /* uploads occupy [upload_B, BATCH_SIZE_B) */
   uint32_t seq;
   struct nouveau_ws_bo **bos; /* referenced; [0] is `bo` */
   unsigned num_bos, cap_bos;
   struct gp100_cso **csos; /* referenced */
   unsigned num_csos, cap_csos;
   struct pipe_fence_handle *fence; /* after submission */
   bool busy;
};

#define NOUVEAU_BATCHES      8
#define NOUVEAU_BATCH_SIZE_B (256u << 10)
#define NOUVEAU_BATCH_SEM_B  0  /* start, four words */
#define NOUVEAU_BATCH_SEM_E  16 /* end, four words */
#define NOUVEAU_BATCH_SEM_CP 32 /* copies, one word */
#define NOUVEAU_BATCH_PUSH_B 64

/* Room for `dw` command words and `upload_B` bytes of data; starts or changes
 * the batch if needed. What is recorded after it, up to that much, cannot fail.
 */
int nouveau_batch_space(struct nouveau_context *ctx, unsigned dw,
                        unsigned upload_B);
/* `size_B` bytes at `align_B`, visible to the GPU at *gpu_va_out. */
void *nouveau_batch_upload(struct nouveau_context *ctx, unsigned size_B,
                           unsigned align_B, uint64_t *gpu_va_out);
int nouveau_batch_use_bo(struct nouveau_context *ctx, struct nouveau_ws_bo *bo);
int nouveau_batch_use_cso(struct nouveau_context *ctx, struct gp100_cso *cso);
int nouveau_batch_submit(struct nouveau_context *ctx,
                         struct pipe_fence_handle **fence_out);
/* Waits for everything submitted. */
void nouveau_batch_finish_all(struct nouveau_context *ctx);

/* --- fences: nouveau_fence.c --- */

struct pipe_fence_handle {
   int refcount;
   struct nouveau_channel *chan;
   struct nouveau_ws_bo *bo;
   const volatile uint32_t *sem; /* end semaphore */
   uint32_t seq;
   pthread_mutex_t lock; /* of what follows */
   bool done;
   int error; /* 0 or -errno */
   uint64_t start_ns, end_ns;
};

void nouveau_fence_init_screen(struct nouveau_screen *screen);
struct pipe_fence_handle *nouveau_fence_create(struct nouveau_channel *chan,
                                               struct nouveau_ws_bo *bo,
                                               const void *map, uint32_t seq);
void nouveau_fence_ref(struct pipe_fence_handle **dst,
                       struct pipe_fence_handle *src);
bool nouveau_fence_wait(struct pipe_fence_handle *fence, uint64_t timeout_ns);

/* --- context: nouveau_context.c --- */

struct nouveau_context {
   struct pipe_context base;
   struct nouveau_screen *screen;
   struct nouveau_channel *chan;
   struct nouveau_batch batches[NOUVEAU_BATCHES];
   struct nouveau_batch *batch; /* being recorded, or NULL */
   unsigned next_batch;
   uint32_t seq;
   uint32_t copy_seq;
   struct pipe_fence_handle *last_fence;
   bool initialised;        /* channel state emitted */
   uint64_t program_serial; /* of the program whose region is set */
   struct nouveau_ws_bo *tls;
   uint64_t tls_per_sm_B;
   struct nouveau_ws_bo *readback; /* staging for buffer_read */
   /* Pages between these addresses are on their way to VRAM for the batch that
    * is being recorded; 0: none. */
   uintptr_t prefetch_start, prefetch_end;
};

static inline struct nouveau_context *
nouveau_context(struct pipe_context *c)
{
   return (struct nouveau_context *)c;
}

struct pipe_context *nouveau_context_create(struct pipe_screen *pscreen);
/* Submits and waits: after it the CPU may touch what the GPU used. 0 or
 * -ENODEV. */
int nouveau_context_sync(struct nouveau_context *ctx);
void nouveau_transfer_init_context(struct nouveau_context *ctx);
void gp100_compute_init_context(struct nouveau_context *ctx);
/* Emits the state of a new channel; space for GP100_INIT_DW must be there. */
#define GP100_INIT_DW 160
void gp100_compute_emit_init(struct nouveau_context *ctx);

void nouveau_svm_init_screen(struct nouveau_screen *screen);

/* --- commands --- */

static inline void
push_data(struct nouveau_context *ctx, uint32_t v)
{
   *ctx->batch->cur++ = v;
}

static inline void
push_begin(struct nouveau_context *ctx, unsigned subc, unsigned method,
           unsigned count)
{
   push_data(ctx, nv_push_header(NV_PUSH_OP_INC, subc, method, count));
}

/* First word to `method`, the rest to the one after it. */
static inline void
push_begin_1inc(struct nouveau_context *ctx, unsigned subc, unsigned method,
                unsigned count)
{
   push_data(ctx, nv_push_header(NV_PUSH_OP_ONEINC, subc, method, count));
}

static inline void
push_1(struct nouveau_context *ctx, unsigned subc, unsigned method, uint32_t v)
{
   push_begin(ctx, subc, method, 1);
   push_data(ctx, v);
}

static inline void
push_addr(struct nouveau_context *ctx, uint64_t va)
{
   push_data(ctx, va >> 32);
   push_data(ctx, (uint32_t)va);
}

#endif
