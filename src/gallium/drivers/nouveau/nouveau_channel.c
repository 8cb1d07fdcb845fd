/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The hardware channel and what is said when it dies. */
#include "gp100_program.h"
#include "nouveau_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/headers/nv_fault.h"

int
nouveau_channel_create(struct nouveau_screen *screen,
                       struct nouveau_channel **chan_out)
{
   struct nouveau_channel *chan = calloc(1, sizeof(*chan));
   if (!chan)
      return -ENOMEM;
   int ret = nouveau_ws_context_create(screen->ws, &chan->ws);
   if (ret) {
      free(chan);
      return ret;
   }
   chan->refcount = 1;
   chan->screen = screen;
   pthread_mutex_init(&chan->lock, NULL);
   *chan_out = chan;
   return 0;
}

void
nouveau_channel_ref(struct nouveau_channel *chan)
{
   __atomic_add_fetch(&chan->refcount, 1, __ATOMIC_RELAXED);
}

void
nouveau_channel_unref(struct nouveau_channel *chan)
{
   if (!chan || __atomic_sub_fetch(&chan->refcount, 1, __ATOMIC_ACQ_REL))
      return;
   nouveau_ws_context_destroy(chan->ws);
   pthread_mutex_destroy(&chan->lock);
   free(chan);
}

bool
nouveau_channel_is_lost(struct nouveau_channel *chan)
{
   pthread_mutex_lock(&chan->lock);
   bool lost = chan->lost;
   pthread_mutex_unlock(&chan->lock);
   return lost;
}

/* What is reached through a null pointer and a small index. */
#define NULL_PAGE_B 4096

static const char *
access_name(uint32_t access)
{
   static const char *const names[] = {"read", "write", "atomic", "prefetch"};
   return access < ARRAY_SIZE(names) ? names[access] : "access";
}

/* WARPERRORSTATUS ids, isa.md §3.5. */
static const char *
warp_error_name(uint32_t id)
{
   static const char *const names[] = {
      [0x01] = "stack error",
      [0x02] = "call stack error",
      [0x03] = "return with an empty stack",
      [0x04] = "program counter wrapped",
      [0x05] = "misaligned program counter",
      [0x06] = "program counter out of range",
      [0x07] = "misaligned constant address",
      [0x08] = "misaligned register",
      [0x09] = "illegal instruction encoding",
      [0x0a] = "illegal instruction for the header",
      [0x0b] = "illegal instruction parameter",
      [0x0c] = "invalid constant address",
      [0x0d] = "register out of range",
      [0x0e] = "address out of range",
      [0x0f] = "misaligned address",
      [0x10] = "invalid address space",
      [0x11] = "illegal instruction parameter",
      [0x12] = "invalid constant address",
      [0x1f] = "endless loop (watchdog)",
   };
   const char *name = id < ARRAY_SIZE(names) ? names[id] : NULL;
   return name ? name : "exception";
}

/* "line 7, pc +0x68, work-item 3,0,0 of group 0,0,0" */
static void
describe_place(struct nouveau_screen *screen, const struct nouveau_ws_error *e,
               char *out, size_t size_B)
{
   uint32_t line = gp100_program_line_at(screen, e->program_va + e->pc);
   char at[32] = "";
   if (line)
      snprintf(at, sizeof(at), "line %u, ", line);
   snprintf(out, size_B, "%spc +0x%x, work-item %u,%u,%u of group %u,%u,%u", at,
            e->pc, e->tid[0], e->tid[1], e->tid[2], e->cta[0], e->cta[1],
            e->cta[2]);
}

static void
describe(struct nouveau_screen *screen, const struct nouveau_ws_error *e,
         struct pipe_device_fault *fault)
{
   const char *kernel = fault->kernel[0] ? fault->kernel : "(unknown)";
   char place[128];
   describe_place(screen, e, place, sizeof(place));
   switch (e->kind) {
   case NOUVEAU_WS_ERROR_MMU:
      fault->has_address = true;
      fault->address = e->gpu_va;
      fault->access = access_name(e->access);
      snprintf(fault->message, sizeof(fault->message),
               "kernel '%s': invalid %s at address 0x%llx%s (%s)", kernel,
               fault->access, (unsigned long long)e->gpu_va,
               e->gpu_va < NULL_PAGE_B ? ", a null pointer" : "", place);
      break;
   case NOUVEAU_WS_ERROR_WARP:
      fault->has_address = e->gpu_va != 0;
      fault->address = e->gpu_va;
      snprintf(
         fault->message, sizeof(fault->message),
         "kernel '%s': %s%s at address 0x%llx (%s)", kernel,
         warp_error_name(e->warp_error), e->gpu_va ? ", data" : ", code",
         (unsigned long long)(e->gpu_va ? e->gpu_va : e->program_va + e->pc),
         place);
      break;
   default:
      snprintf(fault->message, sizeof(fault->message),
               "the GPU channel was killed: %s",
               e->text[0] ? e->text : "the kernel does not tell why");
      break;
   }
}

void
nouveau_channel_set_lost(struct nouveau_channel *chan)
{
   pthread_mutex_lock(&chan->lock);
   if (!chan->lost) {
      struct nouveau_ws_error e;
      struct pipe_device_fault *fault = &chan->fault;
      nouveau_ws_context_error(chan->ws, &e);
      *fault = (struct pipe_device_fault){.status = PIPE_GUILTY_CONTEXT_RESET,
                                          .access = ""};
      gp100_program_name_at(chan->screen, e.program_va, fault->kernel,
                            sizeof(fault->kernel));
      describe(chan->screen, &e, fault);
      util_info("nouveau", "%s", fault->message);
      chan->lost = true;
   }
   pthread_mutex_unlock(&chan->lock);
}
