/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Replayable faults (kernel.md §3.1, §3.6). State of a park:
 *   NONE -> WAITING (raise) -> REPLAY | CANCEL -> NONE (its warp runs again or
 * ends) A full buffer loses nothing: what could not be reported is tried again,
 * and so reported, when software moves GET. */
#include "nvsim_priv.h"

#include <string.h>

#include "util/util_log.h"

void
nvsim_fault_init(struct nvsim *sim)
{
   pthread_mutex_init(&sim->fault.lock, NULL);
   pthread_cond_init(&sim->fault.changed, NULL);
   util_list_init(&sim->fault.parked);
}

void
nvsim_fault_finish(struct nvsim *sim)
{
   pthread_mutex_destroy(&sim->fault.lock);
   pthread_cond_destroy(&sim->fault.changed);
}

static bool
is_enabled(const struct nvsim *sim)
{
   const struct nvsim_fault_unit *u = &sim->fault;
   return (u->lo & NV_FAULT_BUFFER_ENABLE) && u->entries >= 2 &&
          u->base_pa < sim->config.vram_B &&
          (uint64_t)u->entries * NV_FAULT_ENTRY_B <=
             sim->config.vram_B - u->base_pa;
}

bool
nvsim_fault_is_replayable(struct nvsim *sim, const struct nvsim_channel *c,
                          uint8_t client)
{
   if (client == NV_FAULT_CLIENT_GPC_GCC ? !c->vm.replay_gcc
                                         : !c->vm.replay_tex)
      return false;
   pthread_mutex_lock(&sim->fault.lock);
   bool on = is_enabled(sim);
   pthread_mutex_unlock(&sim->fault.lock);
   return on;
}

static bool
is_full(const struct nvsim_fault_unit *u)
{
   return (u->put + 1) % u->entries == u->get % u->entries;
}

/* VALID goes last: software may look at any moment. */
static void
write_entry(struct nvsim *sim, const struct nvsim_park *p,
            const struct nvsim_mem_fault *f)
{
   struct nvsim_fault_unit *u = &sim->fault;
   struct nv_fault entry = {
      .inst_pa = p->chan->vm.inst_pa,
      .inst_aperture = p->chan->vm.inst_aperture,
      .gpu_va = util_align_down(f->gpu_va, NVSIM_PAGE_B),
      .timestamp_ns = nvsim_ptimer_ns(sim),
      .type = f->type,
      .access = f->access,
      .client = p->client,
      .gpc = p->gpc,
      .valid = true,
   };
   uint32_t dw[NV_FAULT_ENTRY_DW];
   nv_fault_pack(dw, &entry);
   uint32_t *dst = (uint32_t *)(sim->vram + u->base_pa +
                                (uint64_t)u->put * NV_FAULT_ENTRY_B);
   memcpy(dst, dw, sizeof(dw) - 4);
   __atomic_store_n(&dst[7], dw[7], __ATOMIC_RELEASE);
   u->put = (u->put + 1) % u->entries;
   u->num_faults++;
}

/* kernel.md §3.3 step 3: atomic over write over read for one page. */
static void
dedupe(struct nvsim_park *p)
{
   unsigned n = 0;
   for (unsigned i = 0; i < p->num; i++) {
      unsigned k = 0;
      while (k < n &&
             (p->faults[k].gpu_va ^ p->faults[i].gpu_va) / NVSIM_PAGE_B)
         k++;
      if (k == n)
         p->faults[n++] = p->faults[i];
      else if (p->faults[i].access > p->faults[k].access)
         p->faults[k] = p->faults[i];
   }
   p->num = n;
}

void
nvsim_fault_raise(struct nvsim *sim, struct nvsim_park *park)
{
   struct nvsim_fault_unit *u = &sim->fault;
   dedupe(park);
   pthread_mutex_lock(&u->lock);
   park->unreported = false;
   for (unsigned i = 0; i < park->num; i++) {
      if (is_full(u)) {
         park->unreported = u->overflow = true;
         break;
      }
      write_entry(sim, park, &park->faults[i]);
   }
   nvsim_park_set(park, NVSIM_PARK_WAITING);
   util_list_add_tail(&park->link, &u->parked);
   pthread_mutex_unlock(&u->lock);
   nvsim_interrupt(sim, NVSIM_INTR_REPLAYABLE_FAULT);
}

void
nvsim_fault_drop(struct nvsim *sim, struct nvsim_park *park)
{
   pthread_mutex_lock(&sim->fault.lock);
   if (park->state == NVSIM_PARK_WAITING)
      util_list_del(&park->link);
   nvsim_park_set(park, NVSIM_PARK_NONE);
   pthread_mutex_unlock(&sim->fault.lock);
}

static void
release_locked(struct nvsim_fault_unit *u, bool only_unreported,
               uint64_t pdb_pa)
{
   util_list_for_each_safe(struct nvsim_park, p, &u->parked, link) {
      if ((only_unreported && !p->unreported) ||
          (pdb_pa != ~0ull && p->chan->vm.pdb_pa != pdb_pa))
         continue;
      util_list_del(&p->link);
      nvsim_park_set(p, NVSIM_PARK_REPLAY);
   }
   pthread_cond_broadcast(&u->changed);
}

void
nvsim_fault_replay(struct nvsim *sim, uint64_t pdb_pa)
{
   pthread_mutex_lock(&sim->fault.lock);
   release_locked(&sim->fault, false, pdb_pa);
   sim->fault.num_replays++;
   pthread_mutex_unlock(&sim->fault.lock);
}

/* Index of the fault that the cancel names, or -1. */
static int
match(const struct nvsim_park *p, bool targeted, uint8_t gpc, uint8_t client,
      uint64_t inst_pa, uint64_t gpu_va)
{
   if (inst_pa != ~0ull && p->chan->vm.inst_pa != inst_pa)
      return -1;
   if (!targeted)
      return 0;
   if (p->gpc != gpc || p->client != client)
      return -1;
   for (unsigned i = 0; i < p->num; i++)
      if (gpu_va == ~0ull || !((p->faults[i].gpu_va ^ gpu_va) / NVSIM_PAGE_B))
         return (int)i;
   return -1;
}

void
nvsim_fault_cancel(struct nvsim *sim, bool targeted, uint8_t gpc,
                   uint8_t client, uint64_t inst_pa, uint64_t gpu_va)
{
   struct nvsim_fault_unit *u = &sim->fault;
   pthread_mutex_lock(&u->lock);
   util_list_for_each_safe(struct nvsim_park, p, &u->parked, link) {
      int i = match(p, targeted, gpc, client, inst_pa, gpu_va);
      if (i < 0)
         continue;
      util_list_del(&p->link);
      p->cancelled = i;
      nvsim_park_set(p, NVSIM_PARK_CANCEL);
      u->num_cancels++;
   }
   pthread_cond_broadcast(&u->changed);
   pthread_mutex_unlock(&u->lock);
}

uint32_t
nvsim_fault_rd32(struct nvsim *sim, uint32_t reg)
{
   struct nvsim_fault_unit *u = &sim->fault;
   pthread_mutex_lock(&u->lock);
   uint32_t v = reg == NV_FAULT_BUFFER_LO     ? u->lo
                : reg == NV_FAULT_BUFFER_HI   ? u->hi
                : reg == NV_FAULT_BUFFER_SIZE ? u->entries
                : reg == NV_FAULT_BUFFER_GET  ? u->get
                                              : u->put;
   pthread_mutex_unlock(&u->lock);
   return v;
}

void
nvsim_fault_wr32(struct nvsim *sim, uint32_t reg, uint32_t value)
{
   struct nvsim_fault_unit *u = &sim->fault;
   pthread_mutex_lock(&u->lock);
   switch (reg) {
   case NV_FAULT_BUFFER_LO:
      u->lo = value;
      u->base_pa = (uint64_t)u->hi << 32 | (value & 0xfffff000);
      if (value & NV_FAULT_BUFFER_ENABLE)
         u->get = u->put = 0;
      break;
   case NV_FAULT_BUFFER_HI:
      u->hi = value;
      break;
   case NV_FAULT_BUFFER_SIZE:
      u->entries = value;
      break;
   case NV_FAULT_BUFFER_GET:
      u->get = value;
      if (u->overflow) {
         u->overflow = false;
         release_locked(u, true, ~0ull);
      }
      break;
   default:
      break;
   }
   pthread_mutex_unlock(&u->lock);
}
