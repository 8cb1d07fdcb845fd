/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* A warp: the interpreter's loop, what ends it, and the divergence stack (isa.md
 * §3.1, §3.2). State of a warp:
 *   READY -> AT_BARRIER -> READY     BAR.SYNC, BAR.RED
 *   READY -> PARKED -> READY         replayable fault, replay
 *   READY -> DONE                    no lanes left
 * An error ends the grid, not the warp. */
#include "nvsim_exec_priv.h"
#include "nvsim_sm_priv.h"
#include "nvsim_watch_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/util_buf.h"

/* ---- code fetch ---- */

/* Runs when the next instruction's page is not known: w->pending_pc. */
static void
exec_fetch(struct nvsim_warp *w, const struct nvsim_instr *in, uint32_t mask)
{
   struct nvsim_worker *wk = w->worker;
   struct nvsim_code_cache *cc = w->grid->chan->code;
   uint64_t page_va = util_align_down(w->pending_pc, NVSIM_PAGE_B);
   struct nvsim_code_page *page = nvsim_code_cache_find(cc, page_va);
   if (!page) {
      nvsim_warp_read(w, page_va, wk->code_raw, NVSIM_PAGE_B);
      page = nvsim_code_cache_add(cc, page_va, wk->code_raw);
   }
   w->page = page;
   w->ip = &page->in[nvsim_code_index(w->pending_pc)];
   w->cur = NULL;
   w->budget++; /* was no instruction */
}

static const struct nvsim_instr fetch_instr = {.fn = exec_fetch,
                                               .guard = SASS_PT};

void
nvsim_warp_jump(struct nvsim_warp *w, uint64_t pc_va)
{
   if (pc_va % SASS_WORD_B)
      nvsim_warp_error(w, NVSIM_WARP_MISALIGNED_PC, w->active, pc_va,
                       "jump to a misaligned address");
   if (likely(w->page && pc_va - w->page->va < NVSIM_PAGE_B)) {
      w->ip = &w->page->in[nvsim_code_index(pc_va)];
      return;
   }
   w->pending_pc = pc_va;
   w->ip = &fetch_instr;
}

void
nvsim_exec_next_page(struct nvsim_warp *w, const struct nvsim_instr *in,
                     uint32_t mask)
{
   w->pending_pc = w->page->va + NVSIM_PAGE_B;
   w->cur = &fetch_instr;
   exec_fetch(w, &fetch_instr, mask);
}

void
nvsim_exec_illegal(struct nvsim_warp *w, const struct nvsim_instr *in,
                   uint32_t mask)
{
   nvsim_warp_error(w, NVSIM_WARP_ILLEGAL_ENCODING, w->active, 0,
                    "illegal instruction");
}

void
nvsim_exec_misaligned_reg(struct nvsim_warp *w, const struct nvsim_instr *in,
                          uint32_t mask)
{
   nvsim_warp_error(w, NVSIM_WARP_MISALIGNED_REG, w->active, 0,
                    "misaligned register");
}

/* ---- the loop ---- */

static void __attribute__((noreturn, cold)) bad_register(struct nvsim_warp *w)
{
   nvsim_warp_error(w, NVSIM_WARP_OOR_REG, w->active, 0,
                    "register beyond the launch's register count");
}

void
nvsim_exec_decode(struct nvsim_warp *w, const struct nvsim_instr *in,
                  uint32_t mask)
{
   nvsim_code_decode(w->grid->chan->code, w->page, (struct nvsim_instr *)in);
   if (in->max_reg >= w->num_regs)
      bad_register(w);
   in->fn(w, in, w->active & (w->pred[in->guard] ^ in->guard_not));
}

#define relaxed(word) __atomic_load_n(&(word), __ATOMIC_RELAXED)

static void __attribute__((noinline)) loop(struct nvsim_warp *w)
{
   while (w->budget > 0 && w->state == NVSIM_WARP_READY) {
      const struct nvsim_instr *in = w->ip;
      w->budget--;
      w->cur = in;
      w->ip = in + 1;
      /* First of all members: decode writes it last. */
      nvsim_exec_fn fn = __atomic_load_n(&in->fn, __ATOMIC_ACQUIRE);
      if (unlikely(relaxed(in->max_reg) >= w->num_regs))
         bad_register(w);
      fn(w, in,
         w->active & (w->pred[relaxed(in->guard)] ^ relaxed(in->guard_not)));
   }
}

/* With trace, strict, stats or race. */
static void __attribute__((noinline)) loop_debug(struct nvsim_warp *w)
{
   struct nvsim *sim = w->grid->sim;
   while (w->budget > 0 && w->state == NVSIM_WARP_READY) {
      const struct nvsim_instr *in = w->ip;
      w->budget--;
      w->cur = in;
      w->ip = in + 1;
      if (__atomic_load_n(&in->fn, __ATOMIC_ACQUIRE) == nvsim_exec_decode)
         nvsim_code_decode(w->grid->chan->code, w->page,
                           (struct nvsim_instr *)in);
      if (in->max_reg >= w->num_regs)
         bad_register(w);
      uint32_t mask = w->active & (w->pred[in->guard] ^ in->guard_not);
      bool real = in != &fetch_instr && in->fn != nvsim_exec_next_page;
      if (real && nvsim_debug(sim, NVSIM_DEBUG_WATCH) && !w->retry)
         nvsim_watch_issue(w, in, mask);
      if (real && nvsim_debug(sim, NVSIM_DEBUG_TRACE))
         nvsim_warp_trace(w, in, mask);
      in->fn(w, in, mask);
   }
}

static void
run_loop(struct nvsim_warp *w)
{
   if (unlikely(w->grid->sim->config.debug &
                (NVSIM_DEBUG_TRACE | NVSIM_DEBUG_WATCH)))
      loop_debug(w);
   else
      loop(w);
}

/* ---- what leaves the loop by a jump ---- */

void
nvsim_warp_error(struct nvsim_warp *w, enum nvsim_warp_error_id id,
                 uint32_t lanes, uint64_t gpu_va, const char *text)
{
   w->error_id = id;
   w->error_lanes = lanes;
   w->error_va = gpu_va;
   w->error_text = text;
   siglongjmp(w->worker->guard.env, NVSIM_TRAP_ERROR);
}

void
nvsim_warp_fault(struct nvsim_warp *w, unsigned num, uint8_t client)
{
   w->park.num = num;
   w->park.client = client;
   siglongjmp(w->worker->guard.env, NVSIM_TRAP_FAULT);
}

static void
tid_of(const struct nvsim_warp *w, unsigned lane, uint32_t tid[3])
{
   uint32_t t = w->index * NVSIM_LANES + lane;
   const uint32_t *b = w->grid->block;
   tid[0] = t % b[0];
   tid[1] = t / b[0] % b[1];
   tid[2] = t / (b[0] * b[1]);
}

static void
fill_error(const struct nvsim_warp *w, uint32_t lanes, struct nvsim_error *e)
{
   e->program_va = w->grid->entry_va;
   uint64_t pc = w->cur == &fetch_instr ? w->pending_pc : nvsim_warp_pc(w);
   e->pc = (uint32_t)(pc - w->grid->entry_va);
   memcpy(e->cta, w->cta->id, sizeof(e->cta));
   tid_of(w, lanes ? __builtin_ctz(lanes) : 0, e->tid);
}

static void
append_place(struct nvsim_error *e, const char *what)
{
   snprintf(e->text, sizeof(e->text),
            "%s, pc 0x%x, group (%u, %u, %u), item (%u, %u, %u)", what, e->pc,
            e->cta[0], e->cta[1], e->cta[2], e->tid[0], e->tid[1], e->tid[2]);
}

static void
post_warp_error(struct nvsim_warp *w)
{
   struct nvsim_error e = {.kind = NVSIM_ERROR_WARP,
                           .gpu_va = w->error_va,
                           .warp_error = w->error_id};
   fill_error(w, w->error_lanes, &e);
   char what[96];
   snprintf(what, sizeof(what), "%s (0x%x)", w->error_text, w->error_id);
   append_place(&e, what);
   nvsim_grid_fail(w->grid, &e);
}

void
nvsim_warp_post_error(struct nvsim_warp *w, enum nvsim_warp_error_id id,
                      const char *text)
{
   w->error_id = id;
   w->error_lanes = w->active;
   w->error_va = 0;
   w->error_text = text;
   post_warp_error(w);
}

void
nvsim_warp_post_mmu_error(struct nvsim_warp *w, const struct nvsim_mem_fault *f)
{
   static const char *const access[] = {"read", "write", "atomic", "prefetch"};
   struct nvsim_error e = {
      .kind = NVSIM_ERROR_MMU,
      .gpu_va = f->gpu_va,
      .fault_type = f->type,
      .access = f->access,
      .client = w->park.client,
      .gpc = w->park.gpc,
   };
   fill_error(w, w->active, &e);
   char what[80];
   snprintf(what, sizeof(what), "MMU fault 0x%x: %s at 0x%llx", f->type,
            access[f->access & 3], (unsigned long long)f->gpu_va);
   append_place(&e, what);
   nvsim_grid_fail(w->grid, &e);
}

/* park.faults is set. The instruction runs again after the replay. */
static void
take_fault(struct nvsim_warp *w)
{
   struct nvsim_grid *grid = w->grid;
   w->ip = w->cur;
   w->park.chan = grid->chan;
   w->park.gpc = w->cta->sm / 5;
   if (!nvsim_fault_is_replayable(grid->sim, grid->chan, w->park.client)) {
      nvsim_warp_post_mmu_error(w, &w->park.faults[0]);
      return;
   }
   w->state = NVSIM_WARP_PARKED;
   nvsim_fault_raise(grid->sim, &w->park);
}

/* The host refused the access of w->mem_lane to w->mem_va. Still in the
 * section. */
static void
host_refused(struct nvsim_warp *w)
{
   struct nvsim_worker *wk = w->worker;
   uint8_t type = NV_FAULT_TYPE_PTE;
   if (w->mem_access != NV_FAULT_ACCESS_READ &&
       nvsim_guard_probe_read(&wk->guard, wk->guard.host_addr))
      type = NV_FAULT_TYPE_RO;
   w->done |= w->mem_mask & ((1u << w->mem_lane) - 1);
   w->park.faults[0] = (struct nvsim_mem_fault){w->mem_va, type, w->mem_access};
   w->park.num = 1;
   w->park.client = w->mem_client;
}

static void
leave_section(struct nvsim_worker *wk)
{
   wk->guard.armed = 0;
   if (wk->section & 1)
      nvsim_section_end(wk);
}

static void
run_until_trap(struct nvsim_warp *w)
{
   struct nvsim_worker *wk = w->worker;
   switch ((enum nvsim_trap)sigsetjmp(wk->guard.env, 0)) {
   case NVSIM_TRAP_NONE:
      run_loop(w);
      break;
   case NVSIM_TRAP_HOST:
      host_refused(w);
      leave_section(wk);
      take_fault(w);
      break;
   case NVSIM_TRAP_FAULT:
      leave_section(wk);
      take_fault(w);
      break;
   case NVSIM_TRAP_ERROR:
      leave_section(wk);
      post_warp_error(w);
      w->state = NVSIM_WARP_DONE;
      break;
   }
}

void
nvsim_warp_run(struct nvsim_warp *w, int budget)
{
   struct nvsim_worker *wk = w->worker;
   if (w->retry) {
      wk->no_forced_fault = true;
      w->budget = 1;
      run_until_trap(w);
      wk->stats.instructions += 1 - w->budget;
      w->retry = w->state == NVSIM_WARP_PARKED;
   }
   wk->no_forced_fault = false;
   w->budget = budget;
   run_until_trap(w);
   wk->stats.instructions += budget - w->budget;
   wk->no_forced_fault = true;
   w->ran += budget - w->budget;
   uint64_t limit = w->grid->sim->config.watchdog * 1000000;
   if (unlikely(limit && w->ran > limit && w->state == NVSIM_WARP_READY))
      nvsim_warp_post_error(w, NVSIM_WARP_TIMEOUT,
                            "watchdog: a warp runs without end");
}

/* ---- stack ---- */

void
nvsim_warp_push(struct nvsim_warp *w, enum nvsim_token_kind kind, uint32_t mask,
                uint64_t pc)
{
   if (w->depth >= w->grid->stack_limit)
      nvsim_warp_error(w, NVSIM_WARP_STACK_ERROR, w->active, 0,
                       "divergence stack overflow");
   if (w->depth == w->capacity) {
      w->capacity = MAX2(16, w->capacity * 2);
      w->stack = util_svc_realloc(w->stack, w->capacity * sizeof(*w->stack));
      if (!w->stack)
         abort();
   }
   w->worker->kstats.sum.divergent += kind == NVSIM_TOKEN_DIV;
   w->stack[w->depth++] = (struct nvsim_token){kind, mask, pc};
}

static void
end_warp(struct nvsim_warp *w)
{
   w->state = NVSIM_WARP_DONE;
   w->cta->live--;
   nvsim_kstats_end_warp(w);
   nvsim_cta_check_barriers(w->cta);
}

void
nvsim_warp_pop(struct nvsim_warp *w)
{
   while (w->depth) {
      struct nvsim_token t = w->stack[--w->depth];
      if (t.kind == NVSIM_TOKEN_RET)
         w->call_depth--;
      uint32_t mask = t.mask & ~w->exited;
      if (!mask)
         continue;
      w->active = mask;
      nvsim_warp_jump(w, t.pc);
      return;
   }
   if (w->exited != NVSIM_ALL)
      nvsim_warp_error(w, NVSIM_WARP_STACK_ERROR, ~w->exited, 0,
                       "divergence stack underflow");
   end_warp(w);
}

void
nvsim_warp_exit_lanes(struct nvsim_warp *w, uint32_t lanes)
{
   w->exited |= lanes;
   w->active &= ~lanes;
   if (w->active)
      return;
   if (w->exited == NVSIM_ALL)
      end_warp(w);
   else
      nvsim_warp_pop(w);
}

void
nvsim_warp_init(struct nvsim_warp *w, struct nvsim_cta *cta, unsigned index)
{
   struct nvsim_grid *grid = cta->grid;
   uint32_t first = index * NVSIM_LANES;
   uint32_t n = MIN2(NVSIM_LANES, grid->threads - first);
   w->worker = cta->worker;
   w->cta = cta;
   w->grid = grid;
   w->index = index;
   w->num_regs = grid->num_regs;
   w->lanes = w->active = n == NVSIM_LANES ? NVSIM_ALL : (1u << n) - 1;
   w->exited = ~w->lanes;
   w->sam_active = 0;
   memset(w->pred, 0, sizeof(w->pred));
   w->pred[SASS_PT] = NVSIM_ALL;
   memset(w->cc, 0, sizeof(w->cc));
   w->state = NVSIM_WARP_READY;
   w->depth = w->call_depth = 0;
   w->done = 0;
   w->ran = 0;
   w->clock = (struct nvsim_clock){0};
   w->retry = false;
   nvsim_park_set(&w->park, NVSIM_PARK_NONE);
   w->local_va =
      grid->local_base + cta->sm * grid->local_sm_B +
      (uint64_t)(cta->slot * grid->warps_per_cta + index) * grid->local_warp_B;
   w->cur = NULL;
   w->page = NULL;
   w->pending_pc = grid->entry_va;
   w->ip = &fetch_instr;
   if (w->strict)
      nvsim_strict_begin(w);
}

void
nvsim_warp_trace(struct nvsim_warp *w, const struct nvsim_instr *in,
                 uint32_t mask)
{
   uint64_t pc = nvsim_warp_pc(w) - w->grid->entry_va;
   /* The printer allocates: as an ordinary thread. */
   util_svc_leave();
   struct util_buf b;
   util_buf_init(&b);
   sass_print(&in->i, pc, &b);
   fprintf(stderr, "nvsim: cta %llu warp %u %05llx %08x/%08x %s\n",
           (unsigned long long)w->cta->index, w->index, (unsigned long long)pc,
           mask, w->active, b.data ? b.data : "?");
   util_buf_finish(&b);
   util_svc_enter();
}
