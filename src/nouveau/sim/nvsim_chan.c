/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Channels: instance block, enable and disable, preempt, one host thread each.
 * Life of a channel: nv_regs.h. */
#include "nvsim_code_priv.h"
#include "nvsim_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nouveau/headers/nv_class.h"
#include "util/util_log.h"
#include "util/util_pool.h"

static const uint16_t compute_classes[] = {NV_CLASS_PASCAL_COMPUTE_A,
                                           NV_CLASS_PASCAL_COMPUTE_B};

static int
swallow(struct nvsim_channel *c, unsigned subch, uint32_t method, uint32_t data)
{
   return 0;
}

static const struct nvsim_class classes[] = {
   [NVSIM_ENGINE_3D] = {NVSIM_ENGINE_3D, "3d", nvsim_3d_method},
   [NVSIM_ENGINE_COMPUTE] = {NVSIM_ENGINE_COMPUTE, "compute",
                             nvsim_compute_method},
   [NVSIM_ENGINE_I2M] = {NVSIM_ENGINE_I2M, "i2m", nvsim_i2m_method},
   [NVSIM_ENGINE_2D] = {NVSIM_ENGINE_2D, "2d", nvsim_2d_method},
   [NVSIM_ENGINE_COPY] = {NVSIM_ENGINE_COPY, "copy", nvsim_copy_method},
   [NVSIM_ENGINE_SW] = {NVSIM_ENGINE_SW, "sw", swallow},
};

/* GP100 has the A classes, the others the B classes (mesa.md §1.1). */
static bool
is_gp100(const struct nvsim *sim)
{
   return sim->config.chipset == 0x130;
}

uint16_t
nvsim_class_copy_id(const struct nvsim *sim)
{
   return is_gp100(sim) ? NV_CLASS_PASCAL_DMA_COPY_A
                        : NV_CLASS_PASCAL_DMA_COPY_B;
}

const struct nvsim_class *
nvsim_class_find(const struct nvsim *sim, uint16_t id)
{
   if (id == compute_classes[!is_gp100(sim)])
      return &classes[NVSIM_ENGINE_COMPUTE];
   if (id == nvsim_class_copy_id(sim))
      return &classes[NVSIM_ENGINE_COPY];
   if (id == (is_gp100(sim) ? NV_CLASS_PASCAL_A : NV_CLASS_PASCAL_B))
      return &classes[NVSIM_ENGINE_3D];
   if (id == NV_CLASS_KEPLER_I2M_B)
      return &classes[NVSIM_ENGINE_I2M];
   if (id == NV_CLASS_FERMI_TWOD_A)
      return &classes[NVSIM_ENGINE_2D];
   if (id == NV_CLASS_NOUVEAU_SW || id == 0xfff9)
      return &classes[NVSIM_ENGINE_SW];
   return NULL;
}

static uint32_t
vram32(struct nvsim *sim, uint64_t pa)
{
   uint32_t v = 0;
   const uint8_t *p = nvsim_phys(sim, NV_APERTURE_VID, pa, 4);
   if (p)
      memcpy(&v, p, 4);
   return v;
}

/* Reads the instance block into the channel. False: it makes no sense. */
static bool
load_inst(struct nvsim_channel *c)
{
   struct nvsim *sim = c->sim;
   uint64_t inst = (uint64_t)(c->inst_reg & NV_CHAN_INST_ADDR_MASK) << 12;
   if (!(c->inst_reg & NV_CHAN_INST_BIND) ||
       (c->inst_reg >> NV_CHAN_INST_APERTURE_SHIFT & 3) != NV_APERTURE_VID ||
       !nvsim_phys(sim, NV_APERTURE_VID, inst, NV_INST_SIZE_B))
      return false;
   uint32_t userd_lo = vram32(sim, inst + NV_INST_USERD_LO);
   uint32_t gp_hi = vram32(sim, inst + NV_INST_GP_BASE_HI);
   uint32_t pdb_lo = vram32(sim, inst + NV_INST_PDB_LO);
   unsigned log2_entries = gp_hi >> NV_INST_GP_LOG2_SHIFT & 0x1f;
   if (!(pdb_lo & NV_INST_PDB_VER2) || !log2_entries || log2_entries > 24)
      return false;
   c->userd_pa = (uint64_t)vram32(sim, inst + NV_INST_USERD_HI) << 32 |
                 (userd_lo & 0xfffffe00);
   c->userd_aperture = (enum nv_aperture)(userd_lo & 3);
   if (!nvsim_phys(sim, c->userd_aperture, c->userd_pa, NV_USERD_SIZE_B))
      return false;
   c->gp_base_va =
      (uint64_t)(gp_hi & 0xff) << 32 | vram32(sim, inst + NV_INST_GP_BASE_LO);
   c->gp_mask = (1u << log2_entries) - 1;
   c->privileged =
      vram32(sim, inst + NV_INST_CONFIG) & NV_INST_CONFIG_PRIVILEGED;
   c->vm = (struct nvsim_vm){
      .inst_pa = inst,
      .inst_aperture = NV_APERTURE_VID,
      .pdb_pa = (uint64_t)vram32(sim, inst + NV_INST_PDB_HI) << 32 |
                (pdb_lo & 0xfffff000),
      .pdb_aperture = NV_INST_PDB_APERTURE(pdb_lo),
      .limit = (uint64_t)vram32(sim, inst + NV_INST_LIMIT_HI) << 32 |
               vram32(sim, inst + NV_INST_LIMIT_LO) | 0xfff,
      .replay_tex = pdb_lo & NV_INST_PDB_FAULT_REPLAY_TEX,
      .replay_gcc = pdb_lo & NV_INST_PDB_FAULT_REPLAY_GCC,
   };
   return true;
}

/* As after a context load of a fresh context. */
static void
reset_state(struct nvsim_channel *c)
{
   for (unsigned i = 0; i < ARRAY_SIZE(c->state); i++)
      memset(c->state[i], 0, NVSIM_CLASS_METHODS * 4);
   memset(c->subch, 0, sizeof(c->subch));
   memset(c->host, 0, sizeof(c->host));
   memset(c->i2m, 0, sizeof(c->i2m));
   nvsim_mme_reset(c->mme);
   c->pb = (struct nvsim_pb_state){0};
   c->gp_get = 0;
   uint16_t copy = nvsim_class_copy_id(c->sim);
   c->subch[NV_SUBCH_COPY] =
      (struct nvsim_subch){nvsim_class_find(c->sim, copy), copy};
   nvsim_code_cache_clear(c->code);
}

static void *
chan_thread(void *arg)
{
   struct nvsim_channel *c = arg;
   nvsim_guard_set_thread(&c->worker->guard);
   pthread_mutex_lock(&c->lock);
   while (!c->quit) {
      if (!c->enabled || c->errored || !c->doorbell) {
         c->busy = false;
         pthread_cond_broadcast(&c->idle);
         pthread_cond_wait(&c->wake, &c->lock);
         continue;
      }
      c->busy = true;
      c->doorbell = false;
      pthread_mutex_unlock(&c->lock);
      nvsim_pbdma_run(c);
      pthread_mutex_lock(&c->lock);
   }
   c->busy = false;
   pthread_cond_broadcast(&c->idle);
   pthread_mutex_unlock(&c->lock);
   return NULL;
}

static void
channel_free(struct nvsim_channel *c)
{
   if (!c)
      return;
   for (unsigned i = 0; i < ARRAY_SIZE(c->state); i++)
      util_svc_free(c->state[i]);
   nvsim_mme_destroy(c->mme);
   nvsim_worker_destroy(c->worker);
   nvsim_code_cache_destroy(c->code);
   pthread_mutex_destroy(&c->lock);
   pthread_cond_destroy(&c->wake);
   pthread_cond_destroy(&c->idle);
   util_svc_free(c);
}

static struct nvsim_channel *
channel_create(struct nvsim *sim, uint32_t chid)
{
   struct nvsim_channel *c = util_svc_calloc(1, sizeof(*c));
   if (!c)
      return NULL;
   c->sim = sim;
   c->chid = chid;
   pthread_mutex_init(&c->lock, NULL);
   pthread_cond_init(&c->wake, NULL);
   pthread_cond_init(&c->idle, NULL);
   bool ok = true;
   for (unsigned i = 0; i < ARRAY_SIZE(c->state); i++)
      ok &= (c->state[i] = util_svc_calloc(NVSIM_CLASS_METHODS, 4)) != NULL;
   ok &= (c->mme = nvsim_mme_create()) != NULL;
   ok &= (c->worker = nvsim_worker_create(sim)) != NULL;
   ok &= (c->code = nvsim_code_cache_create(sim)) != NULL;
   if (ok)
      return c;
   channel_free(c);
   return NULL;
}

static struct nvsim_channel *
get_channel(struct nvsim *sim, uint32_t chid, bool create)
{
   if (chid >= NV_CHANNELS)
      return NULL;
   pthread_mutex_lock(&sim->chan_lock);
   struct nvsim_channel *c = sim->chan[chid];
   if (!c && create)
      c = sim->chan[chid] = channel_create(sim, chid);
   pthread_mutex_unlock(&sim->chan_lock);
   return c;
}

static void
start_pool(struct nvsim *sim)
{
   pthread_mutex_lock(&sim->reg_lock);
   if (!sim->pool && sim->config.host_threads > 1)
      sim->pool = util_pool_create("nvsim-sm", sim->config.host_threads - 1);
   pthread_mutex_unlock(&sim->reg_lock);
}

static void
start_thread_locked(struct nvsim_channel *c)
{
   if (c->has_thread)
      return;
   start_pool(c->sim);
   char name[16];
   snprintf(name, sizeof(name), "nvsim-ch%u", c->chid);
   c->has_thread =
      !util_svc_thread_create_nofail(&c->thread, name, chan_thread, c);
}

/* Parked warps wait on the fault unit: let them look at `stop`. */
static void
set_stop(struct nvsim_channel *c, bool stop)
{
   __atomic_store_n(&c->stop, stop, __ATOMIC_RELEASE);
   if (!stop)
      return;
   pthread_mutex_lock(&c->sim->fault.lock);
   pthread_cond_broadcast(&c->sim->fault.changed);
   pthread_mutex_unlock(&c->sim->fault.lock);
}

static void
wait_idle_locked(struct nvsim_channel *c)
{
   while (c->busy)
      pthread_cond_wait(&c->idle, &c->lock);
}

static void
write_inst(struct nvsim_channel *c, uint32_t value)
{
   pthread_mutex_lock(&c->lock);
   c->enabled = false;
   set_stop(c, true);
   wait_idle_locked(c);
   c->inst_reg = value;
   c->errored = false;
   reset_state(c);
   pthread_mutex_unlock(&c->lock);
}

static void
enable(struct nvsim_channel *c)
{
   bool bad = false;
   pthread_mutex_lock(&c->lock);
   if (!c->enabled && !c->errored) {
      wait_idle_locked(c);
      bad = !load_inst(c);
      if (!bad) {
         c->worker->vm = NULL; /* same address, new contents */
         nvsim_worker_set_vm(c->worker, &c->vm);
         c->enabled = true;
         c->doorbell = true; /* entries may have been queued before */
         set_stop(c, false);
         start_thread_locked(c);
         pthread_cond_signal(&c->wake);
      }
   }
   pthread_mutex_unlock(&c->lock);
   if (bad)
      nvsim_chan_pbdma_error(c, 0, 0, "instance block makes no sense");
}

static void
disable(struct nvsim_channel *c)
{
   pthread_mutex_lock(&c->lock);
   c->enabled = false;
   pthread_mutex_unlock(&c->lock);
}

void
nvsim_chan_preempt(struct nvsim *sim, uint32_t chid)
{
   struct nvsim_channel *c = get_channel(sim, chid, false);
   if (!c)
      return;
   pthread_mutex_lock(&c->lock);
   if (!c->enabled || c->errored) {
      set_stop(c, true);
      wait_idle_locked(c);
   }
   pthread_mutex_unlock(&c->lock);
}

uint32_t
nvsim_chan_rd32(struct nvsim *sim, uint32_t reg)
{
   struct nvsim_channel *c =
      get_channel(sim, (reg - NV_CHAN_INST(0)) / 8, false);
   if (!c)
      return 0;
   pthread_mutex_lock(&c->lock);
   uint32_t v = c->inst_reg;
   if (reg & 4)
      v = (c->enabled && !c->errored ? NV_CHAN_CTRL_ENABLED : 0) |
          (c->busy || (c->doorbell && c->enabled && !c->errored)
              ? NV_CHAN_CTRL_BUSY
              : 0);
   pthread_mutex_unlock(&c->lock);
   return v;
}

void
nvsim_chan_wr32(struct nvsim *sim, uint32_t reg, uint32_t value)
{
   struct nvsim_channel *c =
      get_channel(sim, (reg - NV_CHAN_INST(0)) / 8, true);
   if (!c)
      return;
   if (!(reg & 4)) {
      write_inst(c, value);
      return;
   }
   if (value & NV_CHAN_CTRL_ENABLE_CLR)
      disable(c);
   if (value & NV_CHAN_CTRL_ENABLE_SET)
      enable(c);
}

void
nvsim_doorbell(struct nvsim *sim, uint32_t chid)
{
   struct nvsim_channel *c = get_channel(sim, chid, false);
   if (!c)
      return;
   pthread_mutex_lock(&c->lock);
   c->doorbell = true;
   pthread_cond_signal(&c->wake);
   pthread_mutex_unlock(&c->lock);
}

void
nvsim_chan_destroy_all(struct nvsim *sim)
{
   for (unsigned i = 0; i < NV_CHANNELS; i++) {
      struct nvsim_channel *c = get_channel(sim, i, false);
      if (!c)
         continue;
      pthread_mutex_lock(&c->lock);
      c->quit = true;
      c->enabled = false;
      set_stop(c, true);
      pthread_cond_signal(&c->wake);
      pthread_mutex_unlock(&c->lock);
      if (c->has_thread)
         util_svc_thread_join(c->thread);
      channel_free(c);
      sim->chan[i] = NULL;
   }
}

/* Called by the channel's own thread (or by enable, with no lock). */
int
nvsim_chan_error(struct nvsim_channel *c, struct nvsim_error *e)
{
   pthread_mutex_lock(&c->lock);
   c->errored = true;
   set_stop(c, true);
   pthread_mutex_unlock(&c->lock);
   e->chid = c->chid;
   nvsim_post_error(c->sim, e);
   return -1;
}

int
nvsim_chan_method_error(struct nvsim_channel *c, uint32_t method, uint32_t data,
                        const char *why)
{
   struct nvsim_error e = {.kind = NVSIM_ERROR_METHOD,
                           .method = method,
                           .data = data};
   snprintf(e.text, sizeof(e.text), "method 0x%04x, data 0x%08x: %s", method,
            data, why);
   return nvsim_chan_error(c, &e);
}

int
nvsim_chan_pbdma_error(struct nvsim_channel *c, uint32_t method, uint32_t data,
                       const char *why)
{
   struct nvsim_error e = {.kind = NVSIM_ERROR_PBDMA,
                           .method = method,
                           .data = data};
   snprintf(e.text, sizeof(e.text), "PBDMA, method 0x%04x, data 0x%08x: %s",
            method, data, why);
   return nvsim_chan_error(c, &e);
}

static const char *const access_names[] = {"read", "write", "atomic",
                                           "prefetch"};

int
nvsim_chan_mmu_error(struct nvsim_channel *c, const struct nvsim_mem_fault *f,
                     uint8_t hub_client, const char *what)
{
   struct nvsim_error e = {
      .kind = NVSIM_ERROR_MMU,
      .gpu_va = f->gpu_va,
      .fault_type = f->type,
      .access = f->access,
      .client = hub_client,
      .hub = true,
   };
   snprintf(e.text, sizeof(e.text), "MMU fault 0x%x: %s at 0x%012llx by %s",
            f->type, access_names[f->access & 3], (unsigned long long)f->gpu_va,
            what);
   return nvsim_chan_error(c, &e);
}
