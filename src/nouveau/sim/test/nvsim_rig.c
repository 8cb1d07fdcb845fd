/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#include "nvsim_rig.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "nouveau/isa/sass_text.h"

static uint64_t
get64(struct rig *r, uint64_t off)
{
   uint64_t v;
   memcpy(&v, r->vram + off, 8);
   return v;
}

static void
put32(struct rig *r, uint64_t off, uint32_t v)
{
   memcpy(r->vram + off, &v, 4);
}

static void
put64(struct rig *r, uint64_t off, uint64_t v)
{
   __atomic_store_n((uint64_t *)(r->vram + off), v, __ATOMIC_RELEASE);
}

uint64_t
rig_alloc(struct rig *r, uint64_t size_B)
{
   uint64_t off = r->next;
   r->next += util_align(size_B, 4096);
   assert(r->next <= RIG_VRAM_B);
   memset(r->vram + off, 0, size_B);
   return off;
}

/* ---- page tables ---- */

static uint64_t
next_table(struct rig *r, uint64_t entry_off)
{
   uint64_t pde = get64(r, entry_off);
   if (!nv_pde_is_present(pde)) {
      pde = nv_pde(NV_APERTURE_VID, rig_alloc(r, NV_MMU_TABLE_B));
      put64(r, entry_off, pde);
   }
   return nv_pde_pa(pde);
}

static uint64_t
pd0_entry(struct rig *r, uint64_t gpu_va)
{
   uint64_t t = r->pdb;
   t = next_table(
      r, t + nv_mmu_index(gpu_va, NV_MMU_PD3_SHIFT, NV_MMU_PD3_ENTRIES) * 8);
   t = next_table(
      r, t + nv_mmu_index(gpu_va, NV_MMU_PD2_SHIFT, NV_MMU_PD2_ENTRIES) * 8);
   t = next_table(
      r, t + nv_mmu_index(gpu_va, NV_MMU_PD1_SHIFT, NV_MMU_PD1_ENTRIES) * 8);
   return t + nv_mmu_index(gpu_va, NV_MMU_PD0_SHIFT, NV_MMU_PD0_ENTRIES) * 16;
}

void
rig_set_pte(struct rig *r, uint64_t gpu_va, uint64_t pte)
{
   uint64_t pt = next_table(r, pd0_entry(r, gpu_va) + 8);
   put64(r,
         pt + nv_mmu_index(gpu_va, NV_MMU_PT4K_SHIFT, NV_MMU_PT4K_ENTRIES) * 8,
         pte);
}

void
rig_invalidate(struct rig *r)
{
   nvsim_wr32(
      r->sim, NV_MMU_INVALIDATE,
      NV_MMU_INVAL_TRIGGER | NV_MMU_INVAL_ALL_VA | NV_MMU_INVAL_ALL_PDB);
}

void
rig_map_sys(struct rig *r, const void *p, uint64_t size_B, uint64_t flags)
{
   uint64_t start = util_align_down((uintptr_t)p, 4096);
   for (uint64_t va = start; va < (uintptr_t)p + size_B; va += 4096)
      rig_set_pte(r, va, nv_pte(NV_APERTURE_SYS_COH, va, NV_PTE_VOL | flags));
}

/* ---- channel ---- */

static void
interrupt(void *data, uint32_t pending)
{
   struct rig *r = data;
   pthread_mutex_lock(&r->lock);
   r->pending |= pending;
   pthread_cond_broadcast(&r->cond);
   pthread_mutex_unlock(&r->lock);
}

static void
keep_report(void *data, const char *text)
{
   struct rig *r = data;
   pthread_mutex_lock(&r->lock);
   util_buf_printf(&r->reports, "%s\n", text);
   pthread_mutex_unlock(&r->lock);
}

static void
init_compute(struct rig *r)
{
   unsigned s = NV_SUBCH_COMPUTE;
   rig_method(
      r, s, NV_HOST_SET_OBJECT,
      r->is_gp100 ? NV_CLASS_PASCAL_COMPUTE_A : NV_CLASS_PASCAL_COMPUTE_B);
   rig_method(r, s, NV_COMPUTE_SET_LOCAL_MEMORY_A, rig_va(r->tls) >> 32);
   rig_method(r, s, NV_COMPUTE_SET_LOCAL_MEMORY_B, (uint32_t)rig_va(r->tls));
   rig_method(r, s, NV_COMPUTE_SET_LOCAL_MEMORY_NON_THROTTLED_A, 0);
   rig_method(r, s, NV_COMPUTE_SET_LOCAL_MEMORY_NON_THROTTLED_B, 0x100000);
   rig_method(r, s, NV_COMPUTE_SET_LOCAL_MEMORY_NON_THROTTLED_C, 0xff);
   rig_method(r, s, NV_COMPUTE_SET_LOCAL_MEMORY_WINDOW, RIG_LOCAL_WIN);
   rig_method(r, s, NV_COMPUTE_SET_SHADER_SHARED_MEMORY_WINDOW, RIG_SHARED_WIN);
   rig_method(r, s, NV_COMPUTE_SET_PROGRAM_REGION_A, rig_va(r->code) >> 32);
   rig_method(r, s, NV_COMPUTE_SET_PROGRAM_REGION_B, (uint32_t)rig_va(r->code));
   rig_method(r, s, NV_COMPUTE_SET_SPA_VERSION, NV_COMPUTE_SPA_VERSION_PASCAL);
}

void
rig_bind(struct rig *r)
{
   nvsim_wr32(r->sim, NV_CHAN_CTRL(RIG_CHID), NV_CHAN_CTRL_ENABLE_CLR);
   nvsim_wr32(r->sim, NV_PFIFO_PREEMPT, RIG_CHID);
   nvsim_wr32(r->sim, NV_CHAN_INST(RIG_CHID), 0);
   put32(r, r->userd + NV_USERD_GP_GET, 0);
   put32(r, r->userd + NV_USERD_GP_PUT, 0);
   r->put = 0;
   r->words.size_B = 0;
   nvsim_wr32(r->sim, NV_CHAN_INST(RIG_CHID),
              NV_CHAN_INST_BIND | (uint32_t)(r->inst >> 12));
   nvsim_wr32(r->sim, NV_CHAN_CTRL(RIG_CHID), NV_CHAN_CTRL_ENABLE_SET);
   init_compute(r);
}

static void
write_inst(struct rig *r, const struct rig_config *config)
{
   uint64_t i = r->inst;
   put32(r, i + NV_INST_USERD_LO, (uint32_t)r->userd);
   put32(r, i + NV_INST_GP_BASE_LO, (uint32_t)rig_va(r->gpfifo));
   put32(r, i + NV_INST_GP_BASE_HI,
         (uint32_t)(rig_va(r->gpfifo) >> 32) | RIG_GP_LOG2
                                                  << NV_INST_GP_LOG2_SHIFT);
   put32(r, i + NV_INST_PDB_LO,
         (uint32_t)r->pdb | NV_INST_PDB_VER2 | NV_INST_PDB_64K_BIG_PAGES |
            (config->no_replay ? 0 : NV_INST_PDB_FAULT_REPLAY_TEX) |
            config->inst_flags);
   put32(r, i + NV_INST_CONFIG,
         config->privileged ? NV_INST_CONFIG_PRIVILEGED : 0);
   put64(r, i + NV_INST_LIMIT_LO, NV_MMU_VA_END - 1);
}

void
rig_init(struct rig *r, const struct rig_config *config)
{
   memset(r, 0, sizeof(*r));
   pthread_mutex_init(&r->lock, NULL);
   pthread_cond_init(&r->cond, NULL);
   util_buf_init(&r->words);
   util_buf_init(&r->reports);
   struct nvsim_config c = {
      .chipset = config->chipset ? config->chipset : 0x134,
      .sm_count = config->sms ? config->sms : 4,
      .vram_B = RIG_VRAM_B,
      .seed = config->seed,
      .host_threads = config->host_threads,
      .debug = config->debug,
      .watchdog = config->watchdog,
      .interrupt = interrupt,
      .report = config->keep_reports ? keep_report : NULL,
      .data = r,
   };
   int err = nvsim_create(&c, &r->sim);
   assert(!err);
   (void)err;
   r->is_gp100 = c.chipset == 0x130;
   r->vram = nvsim_vram(r->sim);
   r->next = 0x1000;
   r->inst = rig_alloc(r, NV_INST_SIZE_B);
   r->pdb = rig_alloc(r, NV_MMU_TABLE_B);
   r->userd = rig_alloc(r, 4096);
   r->gpfifo = rig_alloc(r, 8 << RIG_GP_LOG2);
   r->sem = rig_alloc(r, 4096);
   r->faults = rig_alloc(r, RIG_FAULTS * NV_FAULT_ENTRY_B);
   r->qmd = rig_alloc(r, 4096);
   r->cb0 = rig_alloc(r, 4096);
   r->code = rig_alloc(r, RIG_MAX_CODE_B);
   r->push = rig_alloc(r, 1 << 20);
   r->tls = rig_alloc(r, 4 << 20);
   for (uint64_t off = 0; off < RIG_VRAM_B; off += 2 << 20)
      put64(r, pd0_entry(r, rig_va(off)), nv_pte(NV_APERTURE_VID, off, 0));
   write_inst(r, config);
   nvsim_wr32(r->sim, NV_FAULT_BUFFER_HI, 0);
   nvsim_wr32(r->sim, NV_FAULT_BUFFER_SIZE, RIG_FAULTS);
   nvsim_wr32(r->sim, NV_FAULT_BUFFER_LO,
              (uint32_t)r->faults | NV_FAULT_BUFFER_ENABLE);
   rig_bind(r);
}

void
rig_finish(struct rig *r)
{
   nvsim_destroy(r->sim);
   util_buf_finish(&r->words);
   util_buf_finish(&r->reports);
   pthread_mutex_destroy(&r->lock);
   pthread_cond_destroy(&r->cond);
}

/* ---- submission ---- */

void
rig_word(struct rig *r, uint32_t word)
{
   util_buf_append(&r->words, &word, 4);
}

void
rig_method(struct rig *r, unsigned subch, uint32_t method, uint32_t data)
{
   rig_word(r, nv_push_header(NV_PUSH_OP_INC, subch, method, 1));
   rig_word(r, data);
}

/* The push area is used round and round; a test never has as much in flight. */
void
rig_submit(struct rig *r)
{
   static const uint64_t size = 1 << 20;
   uint64_t slot = r->push + (r->put & 15) * (size / 16);
   uint32_t dw = r->words.size_B / 4;
   assert(r->words.size_B <= size / 16);
   memcpy(r->vram + slot, r->words.data, r->words.size_B);
   r->words.size_B = 0;
   rig_submit_at(r, rig_va(slot), dw);
}

void
rig_submit_at(struct rig *r, uint64_t gpu_va, uint32_t length_dw)
{
   put64(r, r->gpfifo + r->put * 8, nv_gpfifo_entry(gpu_va, length_dw, true));
   r->put = (r->put + 1) & ((1 << RIG_GP_LOG2) - 1);
   __atomic_store_n((uint32_t *)(r->vram + r->userd + NV_USERD_GP_PUT), r->put,
                    __ATOMIC_RELEASE);
   nvsim_doorbell(r->sim, RIG_CHID);
}

void
rig_kick(struct rig *r)
{
   unsigned s = NV_SUBCH_COMPUTE;
   r->seq++;
   rig_word(r, nv_push_header(NV_PUSH_OP_INC, s, NV_SET_REPORT_SEMAPHORE_A, 4));
   rig_word(r, rig_va(r->sem) >> 32);
   rig_word(r, (uint32_t)rig_va(r->sem));
   rig_word(r, r->seq);
   rig_word(r, NV_REPORT_ONE_WORD | NV_REPORT_OP_RELEASE);
   rig_submit(r);
}

static void
deadline(struct timespec *t)
{
   clock_gettime(CLOCK_REALTIME, t);
   t->tv_sec += RIG_TIMEOUT_S;
}

static uint32_t
sem_value(struct rig *r)
{
   return __atomic_load_n((uint32_t *)(r->vram + r->sem), __ATOMIC_ACQUIRE);
}

bool
rig_is_done(struct rig *r)
{
   return sem_value(r) == r->seq;
}

bool
rig_wait(struct rig *r)
{
   struct timespec t;
   deadline(&t);
   bool late = false;
   pthread_mutex_lock(&r->lock);
   while (sem_value(r) != r->seq && !(r->pending & NVSIM_INTR_ERROR) && !late)
      late = pthread_cond_timedwait(&r->cond, &r->lock, &t) != 0;
   pthread_mutex_unlock(&r->lock);
   return sem_value(r) == r->seq;
}

bool
rig_wait_interrupt(struct rig *r, uint32_t mask)
{
   struct timespec t;
   deadline(&t);
   bool late = false;
   pthread_mutex_lock(&r->lock);
   while (!(r->pending & mask) && !late)
      late = pthread_cond_timedwait(&r->cond, &r->lock, &t) != 0;
   bool seen = r->pending & mask;
   r->pending &= ~mask;
   pthread_mutex_unlock(&r->lock);
   return seen;
}

bool
rig_next_fault(struct rig *r, struct nv_fault *f_out)
{
   uint32_t get = r->fault_get;
   uint32_t *dw = (uint32_t *)(r->vram + r->faults + get * NV_FAULT_ENTRY_B);
   if (get == nvsim_rd32(r->sim, NV_FAULT_BUFFER_PUT))
      return false;
   while (!(__atomic_load_n(&dw[7], __ATOMIC_ACQUIRE) & NV_FAULT_DW7_VALID))
      ;
   nv_fault_unpack(dw, f_out);
   dw[7] = 0;
   r->fault_get = (get + 1) % RIG_FAULTS;
   nvsim_wr32(r->sim, NV_FAULT_BUFFER_GET, r->fault_get);
   return true;
}

/* ---- launches ---- */

static void
put_code(struct rig *r, const char *text)
{
   struct util_buf code;
   struct sass_error err;
   unsigned line;
   util_buf_init(&code);
   if (sass_text_parse(text, &code, &line, &err)) {
      fprintf(stderr, "line %u, column %u: %s\n", line, err.column, err.msg);
      abort();
   }
   assert(code.size_B <= RIG_MAX_CODE_B);
   memcpy(r->vram + r->code, code.data, code.size_B);
   util_buf_finish(&code);
}

void
rig_launch(struct rig *r, const struct rig_launch *l)
{
   uint32_t q[NV_QMD_DW];
   if (l->code)
      put_code(r, l->code);
   memcpy(r->vram + r->cb0, l->args, sizeof(l->args));
   nv_qmd_init(q);
   nv_qmd_set(q, NV_QMD_CTA_RASTER_WIDTH, 0, MAX2(l->grid[0], 1));
   nv_qmd_set(q, NV_QMD_CTA_RASTER_HEIGHT, 0, MAX2(l->grid[1], 1));
   nv_qmd_set(q, NV_QMD_CTA_RASTER_DEPTH, 0, MAX2(l->grid[2], 1));
   for (unsigned i = 0; i < 3; i++)
      nv_qmd_set(q, NV_QMD_CTA_THREAD_DIMENSION, i, MAX2(l->block[i], 1));
   nv_qmd_set(q, NV_QMD_REGISTER_COUNT, 0, l->regs ? l->regs : 32);
   nv_qmd_set(q, NV_QMD_BARRIER_COUNT, 0, l->barriers);
   nv_qmd_set(q, NV_QMD_SHARED_MEMORY_SIZE, 0, util_align(l->shared_B, 256));
   nv_qmd_set(q, NV_QMD_SHADER_LOCAL_MEMORY_LOW_SIZE, 0, l->local_B);
   nv_qmd_set(q, NV_QMD_SHADER_LOCAL_MEMORY_CRS_SIZE, 0,
              l->crs_B ? l->crs_B : 0x800);
   nv_qmd_set(q, NV_QMD_API_VISIBLE_CALL_LIMIT, 0, NV_QMD_CALL_LIMIT_NO_CHECK);
   nv_qmd_set_cb(q, 0, rig_va(r->cb0), sizeof(l->args));
   memcpy(r->vram + r->qmd, q, sizeof(q));
   unsigned s = NV_SUBCH_COMPUTE;
   rig_method(r, s, NV_INVALIDATE_SHADER_CACHES_NO_WFI,
              NV_INVALIDATE_INSTRUCTION | NV_INVALIDATE_CONSTANT);
   rig_method(r, s, NV_COMPUTE_SEND_PCAS_A, (uint32_t)(rig_va(r->qmd) >> 8));
   rig_method(r, s, NV_COMPUTE_SEND_SIGNALING_PCAS_B,
              NV_COMPUTE_PCAS_INVALIDATE | NV_COMPUTE_PCAS_SCHEDULE);
}

bool
rig_run(struct rig *r, const struct rig_launch *l)
{
   rig_launch(r, l);
   rig_kick(r);
   return rig_wait(r);
}

bool
rig_good_kernel_runs(struct rig *r)
{
   uint64_t out = rig_alloc(r, 4096);
   struct rig_launch l = {
      .code = "S2R R0, SR_TID.X;\nSHL R2, R0, 0x2;\nMOV R3, RZ;\n"
              "IADD R4.CC, R2, c[0x0][0x0];\nIADD.X R5, R3, c[0x0][0x4];\n"
              "STG.E [R4], R0;\nEXIT;\n",
      .block = {64},
      .args = {LO(rig_va(out)), HI(rig_va(out))}};
   rig_bind(r);
   if (!rig_run(r, &l))
      return false;
   const uint32_t *p = rig_ptr(r, out);
   for (uint32_t n = 0; n < 64; n++)
      if (p[n] != n)
         return false;
   return true;
}
