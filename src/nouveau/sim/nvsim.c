/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The card as its bus sees it: creation, registers, errors, interrupts. */
#include "nouveau/sim/nvsim.h"

#include "nvsim_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/util_flags.h"
#include "util/util_log.h"
#include "util/util_pool.h"

const struct util_flag nvsim_debug_flags[] = {
   {"strict", NVSIM_DEBUG_STRICT,
    "report reads before scoreboard or stall allow"},
   {"faultall", NVSIM_DEBUG_FAULTALL,
    "the first touch of a system page in a launch faults, for each worker"},
   {"trace", NVSIM_DEBUG_TRACE, "print each instruction executed"},
   {"methods", NVSIM_DEBUG_METHODS, "print each method"},
   {"stats", NVSIM_DEBUG_STATS, "print instruction counts per launch"},
   {"mufu", NVSIM_DEBUG_MUFU,
    "MUFU results at the edge of their documented error"},
   {"race", NVSIM_DEBUG_RACE,
    "report data races between warps and between groups"},
   {NULL},
};

static const uint32_t chipsets[] = {0x130, 0x132, 0x134, 0x136, 0x137, 0x138};

static bool
config_ok(const struct nvsim_config *config)
{
   bool known = false;
   for (unsigned i = 0; i < ARRAY_SIZE(chipsets); i++)
      known |= chipsets[i] == config->chipset;
   return known && config->sm_count >= 1 && config->sm_count <= 128 &&
          config->vram_B && config->vram_B % (2u << 20) == 0 &&
          config->vram_B <= 1ull << 37;
}

/* The block's own address stands before the aligned one. */
void *
nvsim_alloc64(size_t size_B)
{
   char *p = util_svc_calloc(1, size_B + 64 + sizeof(void *));
   if (!p)
      return NULL;
   char *q = (char *)util_align((uintptr_t)p + sizeof(void *), 64);
   memcpy(q - sizeof(void *), &p, sizeof(void *));
   return q;
}

void
nvsim_free64(void *q)
{
   if (!q)
      return;
   void *p;
   memcpy(&p, (char *)q - sizeof(void *), sizeof(void *));
   util_svc_free(p);
}

/* A memory file, so that parts can be mapped a second time (nvsim_vram_fd).
 * Pages come into being when touched. */
static int
create_vram(struct nvsim *sim)
{
   sim->vram_fd = memfd_create("nvsim-vram", MFD_CLOEXEC);
   if (sim->vram_fd < 0)
      return -errno;
   if (ftruncate(sim->vram_fd, (off_t)sim->config.vram_B))
      return -errno;
   void *place = util_svc_reserve(sim->config.vram_B);
   if (!place)
      return -ENOMEM;
   void *p = mmap(place, sim->config.vram_B, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_NORESERVE | MAP_FIXED, sim->vram_fd, 0);
   if (p == MAP_FAILED) {
      util_svc_unmap(place, sim->config.vram_B);
      return -errno;
   }
   /* A forked child must not become a second owner of the card. */
   madvise(p, sim->config.vram_B, MADV_DONTFORK);
   sim->vram = p;
   return 0;
}

int
nvsim_create(const struct nvsim_config *config, struct nvsim **sim_out)
{
   if (!config_ok(config))
      return -EINVAL;
   struct nvsim *sim = util_svc_calloc(1, sizeof(*sim));
   if (!sim)
      return -ENOMEM;
   sim->config = *config;
   if (!sim->config.host_threads)
      sim->config.host_threads = util_cpu_count();
   sim->vram_fd = -1;
   sim->time_base_ns = util_time_ns();
   pthread_mutex_init(&sim->workers_lock, NULL);
   pthread_mutex_init(&sim->reg_lock, NULL);
   pthread_mutex_init(&sim->error_lock, NULL);
   pthread_mutex_init(&sim->chan_lock, NULL);
   util_list_init(&sim->workers);
   util_list_init(&sim->errors);
   nvsim_fault_init(sim);
   int err = create_vram(sim);
   if (!err)
      err = nvsim_guard_install();
   if (err) {
      nvsim_destroy(sim);
      return err;
   }
   *sim_out = sim;
   return 0;
}

void
nvsim_destroy(struct nvsim *sim)
{
   if (!sim)
      return;
   nvsim_chan_destroy_all(sim);
   if (sim->pool)
      util_pool_destroy(sim->pool);
   while (sim->idle_workers) {
      struct nvsim_worker *w = sim->idle_workers;
      sim->idle_workers = w->next_idle;
      nvsim_worker_destroy(w);
   }
   struct nvsim_error e;
   while (nvsim_next_error(sim, &e))
      ;
   nvsim_fault_finish(sim);
   if (sim->vram)
      util_svc_unmap(sim->vram, sim->config.vram_B);
   if (sim->vram_fd >= 0)
      close(sim->vram_fd);
   pthread_mutex_destroy(&sim->workers_lock);
   pthread_mutex_destroy(&sim->reg_lock);
   pthread_mutex_destroy(&sim->error_lock);
   pthread_mutex_destroy(&sim->chan_lock);
   util_svc_free(sim);
}

void *
nvsim_vram(struct nvsim *sim)
{
   return sim->vram;
}

int
nvsim_vram_fd(struct nvsim *sim)
{
   return sim->vram_fd;
}

uint64_t
nvsim_ptimer_ns(struct nvsim *sim)
{
   return util_time_ns() - sim->time_base_ns;
}

static void
mmu_trigger(struct nvsim *sim, uint32_t value)
{
   pthread_mutex_lock(&sim->reg_lock);
   uint32_t inst = sim->cancel_inst, va_lo = sim->cancel_va_lo;
   uint64_t va = (uint64_t)sim->cancel_va_hi << 32 | (va_lo & 0xfffff000);
   uint64_t pdb = value & NV_MMU_INVAL_ALL_PDB
                     ? ~0ull
                     : (uint64_t)sim->inval_pdb_hi << 40 |
                          (uint64_t)(sim->inval_pdb >> 4) << 12;
   unsigned replay = value >> NV_MMU_INVAL_REPLAY_SHIFT & 7;
   if (replay >= NV_MMU_REPLAY_CANCEL_TARGETED)
      sim->cancel_inst = sim->cancel_va_lo = sim->cancel_va_hi = 0;
   pthread_mutex_unlock(&sim->reg_lock);

   /* One TLB for all: a narrower invalidate may always do more. */
   nvsim_mmu_invalidate(sim);
   switch (replay) {
   case NV_MMU_REPLAY_START:
   case NV_MMU_REPLAY_START_ACK_ALL:
      nvsim_fault_replay(sim, pdb);
      break;
   case NV_MMU_REPLAY_CANCEL_TARGETED:
   case NV_MMU_REPLAY_CANCEL_GLOBAL:
      nvsim_fault_cancel(
         sim, replay == NV_MMU_REPLAY_CANCEL_TARGETED,
         value >> NV_MMU_INVAL_GPC_SHIFT & 0x1f,
         value >> NV_MMU_INVAL_CLIENT_SHIFT & 0x3f,
         inst ? (uint64_t)(inst & NV_CHAN_INST_ADDR_MASK) << 12 : ~0ull,
         va_lo & 1 ? va : ~0ull);
      break;
   default:
      break;
   }
}

static uint32_t *
mmu_reg(struct nvsim *sim, uint32_t reg)
{
   switch (reg) {
   case NV_MMU_INVALIDATE_PDB:
      return &sim->inval_pdb;
   case NV_MMU_INVALIDATE_PDB_HI:
      return &sim->inval_pdb_hi;
   case NV_MMU_CANCEL_INST:
      return &sim->cancel_inst;
   case NV_MMU_CANCEL_VA_LO:
      return &sim->cancel_va_lo;
   case NV_MMU_CANCEL_VA_HI:
      return &sim->cancel_va_hi;
   default:
      return NULL;
   }
}

static bool
is_chan_reg(uint32_t reg)
{
   return reg >= NV_CHAN_INST(0) && reg < NV_CHAN_INST(NV_CHANNELS);
}

uint32_t
nvsim_rd32(struct nvsim *sim, uint32_t reg)
{
   if (is_chan_reg(reg))
      return nvsim_chan_rd32(sim, reg);
   if (reg >= NV_FAULT_BUFFER_LO && reg <= NV_FAULT_BUFFER_PUT)
      return nvsim_fault_rd32(sim, reg);
   switch (reg) {
   case NV_PMC_BOOT_0:
      return sim->config.chipset << 20 | 0xa1;
   case NV_PTIMER_TIME_0:
      return (uint32_t)nvsim_ptimer_ns(sim);
   case NV_PTIMER_TIME_1:
      return nvsim_ptimer_ns(sim) >> 32;
   case NV_MMU_FREE_SLOTS:
      return 16u << 16; /* a trigger write has finished when it returns */
   default:
      break;
   }
   uint32_t value = 0;
   pthread_mutex_lock(&sim->reg_lock);
   const uint32_t *r = mmu_reg(sim, reg);
   if (r)
      value = *r;
   pthread_mutex_unlock(&sim->reg_lock);
   return value;
}

void
nvsim_wr32(struct nvsim *sim, uint32_t reg, uint32_t value)
{
   if (is_chan_reg(reg)) {
      nvsim_chan_wr32(sim, reg, value);
   } else if (reg >= NV_FAULT_BUFFER_LO && reg <= NV_FAULT_BUFFER_PUT) {
      nvsim_fault_wr32(sim, reg, value);
   } else if (reg == NV_PFIFO_PREEMPT) {
      nvsim_chan_preempt(sim, value & (NV_PFIFO_PREEMPT_PENDING - 1));
   } else if (reg == NV_MMU_INVALIDATE) {
      if (value & NV_MMU_INVAL_TRIGGER)
         mmu_trigger(sim, value);
   } else {
      pthread_mutex_lock(&sim->reg_lock);
      uint32_t *r = mmu_reg(sim, reg);
      if (r)
         *r = value;
      pthread_mutex_unlock(&sim->reg_lock);
   }
}

void
nvsim_interrupt(struct nvsim *sim, uint32_t pending)
{
   if (sim->config.interrupt)
      sim->config.interrupt(sim->config.data, pending);
}

void
nvsim_post_error(struct nvsim *sim, const struct nvsim_error *e)
{
   util_dbg("nvsim", "channel %u: %s", e->chid, e->text);
   struct nvsim_error_item *item = util_svc_calloc(1, sizeof(*item));
   if (!item)
      abort();
   item->e = *e;
   pthread_mutex_lock(&sim->error_lock);
   util_list_add_tail(&item->link, &sim->errors);
   pthread_mutex_unlock(&sim->error_lock);
   nvsim_interrupt(sim, NVSIM_INTR_ERROR);
}

bool
nvsim_next_error(struct nvsim *sim, struct nvsim_error *error_out)
{
   struct nvsim_error_item *item = NULL;
   pthread_mutex_lock(&sim->error_lock);
   if (!util_list_is_empty(&sim->errors)) {
      item = util_list_first(&sim->errors, struct nvsim_error_item, link);
      util_list_del(&item->link);
   }
   pthread_mutex_unlock(&sim->error_lock);
   if (!item)
      return false;
   *error_out = item->e;
   util_svc_free(item);
   return true;
}

void
nvsim_get_stats(struct nvsim *sim, struct nvsim_stats *stats_out)
{
   struct nvsim_worker_stats sum;
   nvsim_worker_sum_stats(sim, &sum);
   pthread_mutex_lock(&sim->fault.lock);
   *stats_out = (struct nvsim_stats){
      .instructions = sum.instructions,
      .launches = __atomic_load_n(&sim->num_launches, __ATOMIC_RELAXED),
      .ctas = sum.ctas,
      .tlb_fills = sum.tlb_fills,
      .replayable_faults = sim->fault.num_faults,
      .replays = sim->fault.num_replays,
      .cancels = sim->fault.num_cancels,
      .bytes_copied = __atomic_load_n(&sim->bytes_copied, __ATOMIC_RELAXED),
      .strict_reports = sum.strict_reports,
      .race_reports = sum.race_reports,
   };
   pthread_mutex_unlock(&sim->fault.lock);
}

bool
nvsim_get_launch_stats(struct nvsim *sim, struct nvsim_launch_stats *stats_out)
{
   pthread_mutex_lock(&sim->error_lock);
   *stats_out = sim->last_launch;
   bool counted = sim->has_last_launch;
   pthread_mutex_unlock(&sim->error_lock);
   return counted;
}
