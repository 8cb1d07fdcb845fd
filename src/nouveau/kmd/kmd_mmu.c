/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The registers that invalidate translations, replay and cancel faults
 * (kernel.md §3.6). One set for the card, so one lock. */
#include "kmd_priv.h"

#include "nouveau/headers/nv_fault.h"
#include "nouveau/headers/nv_mmu.h"

static void
trigger_of_root(struct kmd *kmd, uint64_t root, uint32_t op)
{
   uint32_t pdb = (uint32_t)(root >> 12) << 4 | NV_APERTURE_VID;
   pthread_mutex_lock(&kmd->mmu_lock);
   nvsim_wr32(kmd->sim, NV_MMU_INVALIDATE_PDB, pdb);
   nvsim_wr32(kmd->sim, NV_MMU_INVALIDATE_PDB_HI, root >> 40);
   nvsim_wr32(kmd->sim, NV_MMU_INVALIDATE,
              NV_MMU_INVAL_TRIGGER | NV_MMU_INVAL_ALL_VA | op);
   pthread_mutex_unlock(&kmd->mmu_lock);
}

void
kmd_mmu_invalidate(struct kmd *kmd, uint64_t root)
{
   trigger_of_root(kmd, root, 0);
}

void
kmd_mmu_replay(struct kmd *kmd, uint64_t root, bool wait)
{
   uint32_t op = wait ? NV_MMU_REPLAY_START_ACK_ALL : NV_MMU_REPLAY_START;
   op <<= NV_MMU_INVAL_REPLAY_SHIFT;
   if (!kmd_is_better(kmd))
      op |= NV_MMU_INVAL_ALL_PDB;
   trigger_of_root(kmd, root, op);
}

void
kmd_mmu_cancel(struct kmd *kmd, const struct nv_fault *f)
{
   uint32_t op =
      NV_MMU_INVAL_TRIGGER | NV_MMU_INVAL_ALL_VA | NV_MMU_INVAL_ALL_PDB |
      NV_MMU_REPLAY_CANCEL_TARGETED << NV_MMU_INVAL_REPLAY_SHIFT |
      f->client << NV_MMU_INVAL_CLIENT_SHIFT | f->gpc << NV_MMU_INVAL_GPC_SHIFT;
   if (f->hub)
      op |= NV_MMU_INVAL_CLIENT_HUB;
   pthread_mutex_lock(&kmd->mmu_lock);
   nvsim_wr32(kmd->sim, NV_MMU_CANCEL_INST,
              (uint32_t)(f->inst_pa >> 12) |
                 (uint32_t)f->inst_aperture << NV_CHAN_INST_APERTURE_SHIFT |
                 NV_CHAN_INST_BIND);
   nvsim_wr32(kmd->sim, NV_MMU_CANCEL_VA_LO, (uint32_t)f->gpu_va | 1);
   nvsim_wr32(kmd->sim, NV_MMU_CANCEL_VA_HI, f->gpu_va >> 32);
   nvsim_wr32(kmd->sim, NV_MMU_INVALIDATE, op);
   pthread_mutex_unlock(&kmd->mmu_lock);
}
