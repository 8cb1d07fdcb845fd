/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The card and its clients, as the files of this folder share them.
 *
 * Threads: `irq` signals fences and nothing else, so that whoever waits for the
 * copy engine can be sure of it. `work` kills channels and reaps buffer places
 * whose last use is over. `fault` reads replayable faults, its workers serve
 * them (kmd_fault.h). `sched` runs jobs of VM_BIND and EXEC whose fences have
 * signalled. All are service threads (util/util_svc.h).
 *
 * Locks, outer first: client->lock, chan->lock, bo->lock, vmm->lock,
 * chans_lock, fence and heap locks, mmu_lock. Of VM_BIND: kmd_uvmm.h. Nobody
 * waits for a fence with more than chan->lock held. gpusvm's granule lock is
 * outside vmm->lock. */
#ifndef KMD_PRIV_H
#define KMD_PRIV_H

#include "kmd.h"
#include "kmd_heap.h"

#include "drm-uapi/nouveau_drm.h"
#include "kernel/drm/kdrm_file.h"
#include "kernel/drm/kdrm_sched.h"
#include "nouveau/headers/nv_regs.h"
#include "nouveau/sim/nvsim.h"
#include "util/util_list.h"
#include "util/util_log.h"
#include "util/util_rb.h"

struct kmd_chan;
struct kmd_dmem;
struct kmd_svm;
struct kmd_uvmm;
struct kmd_vmm;

/* A thread and what wakes it. */
struct kmd_thread {
   pthread_t thread;
   pthread_mutex_t lock;
   pthread_cond_t cond;
   bool poked, stop, started;
   uint64_t period_ns; /* run also when nobody poked for so long; 0: never */
   void (*run)(struct kmd *kmd); /* called after each poke */
   struct kmd *kmd;
};

struct kmd {
   _Atomic unsigned refs; /* its owner, and buffers that others imported */
   struct kmd_config config;
   pid_t pid; /* that made it */
   struct kdrm_device drm;
   struct nvsim *sim;

   struct kmd_heap vram, gart;
   uint64_t gart_B;

   pthread_mutex_t mmu_lock; /* invalidate, replay and cancel registers */

   pthread_mutex_t chans_lock; /* leaf: nothing is waited for under it */
   struct kmd_chan *chans[NV_CHANNELS];
   _Atomic uint64_t next_fence_context;

   struct kmd_thread irq, work, fault;
   struct kdrm_sched sched; /* VM_BIND, EXEC */

   pthread_mutex_t reap_lock;  /* held while reaping */
   pthread_mutex_t reaps_lock; /* of the list */
   struct util_list reaps;     /* struct reap of kmd_bo.c */
   _Atomic unsigned num_reaps;

   pthread_mutex_t lru_lock; /* leaf */
   struct util_list lru;     /* kmd_bo.lru, in VRAM, least lately used first */

   pthread_mutex_t maps_lock;
   struct util_rb maps; /* struct mapping of kmd.c */

   struct kmd_machine *machine; /* referenced */
   pthread_mutex_t svm_lock;    /* creation of mm and dmem */
   struct kmm_mm *mm;   /* the process, the machine's; from SVM_INIT on */
   bool heaps_excluded; /* from it; under svm_lock */
   struct kmd_dmem *dmem;

   uint64_t fault_ring_off; /* in VRAM */
   struct kmd_fault_work *fault_work;
};

/* One open file. */
struct kmd_client {
   struct kmd *kmd;
   struct kdrm_file *file;
   pthread_mutex_t lock;      /* of what follows */
   struct kmd_vmm *vmm;       /* made at open */
   struct kmd_svm *svm;       /* after SVM_INIT */
   struct kmd_uvmm *uvmm;     /* after VM_INIT */
   bool uvmm_disabled;        /* a channel or BO was made the old way */
   struct kdrm_handles abi16; /* kmd_abi16_chan */
};

static inline struct kmd *
kmd_of(struct kdrm_file *file)
{
   return file->dev->priv;
}

static inline struct kmd_client *
kmd_client_of(struct kdrm_file *file)
{
   return file->priv;
}

static inline bool
kmd_is_better(const struct kmd *kmd)
{
   return kmd->config.compat == KMD_COMPAT_BETTER;
}

/* The address space that new things of the client go to: that of VM_INIT, of
 * SVM_INIT, or its first. Not referenced; lives as long as the client. */
struct kmd_vmm *kmd_client_vmm(struct kmd_client *client);
/* Who has memory of this card keeps it until put. */
void kmd_get(struct kmd *kmd);
void kmd_put(struct kmd *kmd);
/* A channel or BO is made the old way: VM_INIT is over for this file. */
void kmd_client_disable_uvmm(struct kmd_client *client);

/* What a job of EXEC may take, ns; 0: as long as it likes. */
uint64_t kmd_job_timeout_ns(const struct kmd *kmd);

void kmd_thread_init(struct kmd_thread *t); /* from here on it may be poked */
int kmd_thread_start(struct kmd_thread *t, struct kmd *kmd, const char *name,
                     void (*run)(struct kmd *kmd));
void kmd_thread_poke(struct kmd_thread *t);
void kmd_thread_stop(struct kmd_thread *t); /* poking it stays harmless */

/* Registers (kmd_mmu.c). */
void kmd_mmu_invalidate(struct kmd *kmd, uint64_t root);
/* Of the accesses of one address space; `wait`: until they have been made.
 * (KMD_COMPAT=upstream: of all.) */
void kmd_mmu_replay(struct kmd *kmd, uint64_t root, bool wait);
struct nv_fault;
void kmd_mmu_cancel(struct kmd *kmd, const struct nv_fault *f);

#endif
