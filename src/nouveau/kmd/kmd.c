/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The door: settings, the card's life, and the calls, each on the caller's
 * service stack. */
#include "kmd.h"

#include "kmd_abi16.h"
#include "kmd_chan.h"
#include "kmd_ioctl.h"
#include "kmd_machine.h"
#include "kmd_map.h"
#include "kmd_svm.h"
#include "kmd_trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/drm/kdrm_alloc.h"
#include "kernel/drm/kdrm_prime.h"
#include "util/util_flags.h"

/* --- Settings ------------------------------------------------------------ */

const struct util_flag kmd_debug_flags[] = {
   {"evictall", KMD_DEBUG_EVICTALL, "migrate back after every fault service"},
   {"nomigrate", KMD_DEBUG_NOMIGRATE, "migration moves nothing"},
   {"ioctl", KMD_DEBUG_IOCTL, "print each ioctl and its answer"},
   {"fault", KMD_DEBUG_FAULT, "print each fault entry and its service"},
   {"nosvm", KMD_DEBUG_NOSVM, "SVM_INIT answers -ENOSYS"},
   {"nouffd", KMD_DEBUG_NOUFFD, "pretend that userfaultfd is refused"},
   {"exclusive", KMD_DEBUG_EXCLUSIVE,
    "the bus carries no atomics: pages move to VRAM for them"},
   {NULL, 0, NULL},
};

#define DEFAULT_VRAM_MB 8192

/* "copy:3,vram:2" */
static void
read_failures(struct kmd_config *c)
{
   const char *text = getenv("KMD_FAIL");
   const char *copy = text ? strstr(text, "copy:") : NULL;
   const char *vram = text ? strstr(text, "vram:") : NULL;
   c->fail_copy = copy ? strtoul(copy + 5, NULL, 0) : 0;
   c->fail_vram = vram ? strtoul(vram + 5, NULL, 0) : 0;
   const char *alloc = text ? strstr(text, "alloc:") : NULL;
   c->fail_alloc = alloc ? strtoul(alloc + 6, NULL, 0) : 0;
   if (text && !c->fail_copy && !c->fail_vram && !c->fail_alloc)
      util_warn("kmd", "KMD_FAIL=%s: copy:N, vram:N or alloc:N expected", text);
}

void
kmd_config_from_env(struct kmd_config *c)
{
   static const char *const compat[] = {"better", "upstream", NULL};
   const char *migrate = getenv("NOUVEAU_SVM_MIGRATE");
   memset(c, 0, sizeof(*c));
   c->chipset = util_env_u64("NOUVEAU_CHIPSET", 0x134, 0, UINT32_MAX);
   c->sm_count =
      util_env_u64("NVSIM_SMS", kmd_chip(c->chipset)->sms, 1, UINT32_MAX);
   c->vram_B = util_env_u64("NVSIM_VRAM_MB", DEFAULT_VRAM_MB, 16, 1u << 17)
               << 20;
   c->vram_B = util_align_down(c->vram_B, KMD_PAGE_2M_B);
   c->seed = util_env_u64("NVSIM_SEED", 0, 0, UINT64_MAX);
   c->host_threads = util_env_u64("NVSIM_THREADS", 0, 0, 1024);
   c->watchdog = util_env_u64("NVSIM_WATCHDOG", 0, 0, UINT32_MAX);
   c->sim_debug = util_flags_from_env("NVSIM_DEBUG", nvsim_debug_flags);
   c->debug = util_flags_from_env("KMD_DEBUG", kmd_debug_flags);
   c->compat = util_env_choice("KMD_COMPAT", compat, 0) ? KMD_COMPAT_UPSTREAM
                                                        : KMD_COMPAT_BETTER;
   read_failures(c);
   c->no_svm = c->debug & KMD_DEBUG_NOSVM;
   c->no_uffd = c->debug & KMD_DEBUG_NOUFFD;
   c->p2p = util_env_bool("NOUVEAU_SVM_P2P", false);
   c->migrate_learn = migrate && strcmp(migrate, "auto") == 0;
   c->migrate_on_fault =
      c->migrate_learn || (migrate && strncmp(migrate, "fault", 5) == 0);
}

unsigned
kmd_cards_from_env(void)
{
   return util_env_u64("NVSIM_CARDS", 1, 1, KMD_MAX_CARDS);
}

uint16_t
kmd_config_pci_device(const struct kmd_config *c)
{
   return kmd_chip(c->chipset)->pci_device;
}

/* --- The card's life ----------------------------------------------------- */

/* Called from the card's threads: only wakes ours. */
static void
interrupt(void *data, uint32_t pending)
{
   struct kmd *kmd = data;
   if (pending & NVSIM_INTR_NONSTALL)
      kmd_thread_poke(&kmd->irq);
   if (pending & NVSIM_INTR_REPLAYABLE_FAULT)
      kmd_thread_poke(&kmd->fault);
   if (pending & NVSIM_INTR_ERROR)
      kmd_thread_poke(&kmd->work);
}

static int
create_sim(struct kmd *kmd)
{
   const struct kmd_config *c = &kmd->config;
   struct nvsim_config config = {
      .chipset = c->chipset,
      .sm_count = c->sm_count,
      .vram_B = c->vram_B,
      .seed = c->seed,
      .host_threads = c->host_threads,
      .debug = c->sim_debug,
      .watchdog = c->watchdog,
      .interrupt = interrupt,
      .data = kmd,
   };
   return nvsim_create(&config, &kmd->sim);
}

/* Kept back for page tables, instance blocks and the like. */
static uint64_t
vram_reserve(uint64_t vram_B)
{
   return CLAMP(vram_B / 64, 4ull << 20, 64ull << 20);
}

static uint64_t
gart_size(void)
{
   uint64_t ram_B = (uint64_t)sysconf(_SC_PHYS_PAGES) * KMD_PAGE_B;
   return util_align(CLAMP(ram_B / 2, 256ull << 20, 64ull << 30),
                     KMD_PAGE_2M_B);
}

static int
create_gart(struct kmd *kmd)
{
   uint64_t size_B = gart_size();
   int fd = memfd_create("kmd-gart", MFD_CLOEXEC);
   if (fd < 0)
      return -errno;
   void *cpu = MAP_FAILED;
   if (ftruncate(fd, size_B) == 0)
      cpu = mmap(NULL, size_B, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_NORESERVE, fd, 0);
   int ret = cpu == MAP_FAILED ? -errno
                               : kmd_heap_init(&kmd->gart, fd, cpu, size_B, 0);
   if (ret) {
      if (cpu != MAP_FAILED)
         munmap(cpu, size_B);
      close(fd);
   }
   return ret;
}

static void
destroy_gart(struct kmd *kmd)
{
   int fd = kmd->gart.fd;
   void *cpu = kmd->gart.cpu;
   uint64_t size_B = kmd->gart.size_B;
   kmd_heap_finish(&kmd->gart);
   munmap(cpu, size_B);
   close(fd);
}

static void
init_locks(struct kmd *kmd)
{
   pthread_mutex_init(&kmd->mmu_lock, NULL);
   pthread_mutex_init(&kmd->chans_lock, NULL);
   pthread_mutex_init(&kmd->reap_lock, NULL);
   pthread_mutex_init(&kmd->reaps_lock, NULL);
   pthread_mutex_init(&kmd->maps_lock, NULL);
   pthread_mutex_init(&kmd->svm_lock, NULL);
   util_list_init(&kmd->reaps);
   pthread_mutex_init(&kmd->lru_lock, NULL);
   util_list_init(&kmd->lru);
   atomic_init(&kmd->next_fence_context, 1);
   kmd_thread_init(&kmd->irq);
   kmd_thread_init(&kmd->work);
   kmd_thread_init(&kmd->fault);
}

static void
finish_locks(struct kmd *kmd)
{
   pthread_mutex_destroy(&kmd->mmu_lock);
   pthread_mutex_destroy(&kmd->chans_lock);
   pthread_mutex_destroy(&kmd->reap_lock);
   pthread_mutex_destroy(&kmd->reaps_lock);
   pthread_mutex_destroy(&kmd->lru_lock);
   pthread_mutex_destroy(&kmd->maps_lock);
   pthread_mutex_destroy(&kmd->svm_lock);
}

static int
join_machine(struct kmd *kmd)
{
   if (!kmd->config.machine)
      return kmd_machine_create(&kmd->machine);
   kmd->machine = kmd_machine_get(kmd->config.machine);
   return 0;
}

/* When everything they look at is there. The card may interrupt from its first
 * moment on: that poke is remembered. */
static int
start_threads(struct kmd *kmd)
{
   kmd->work.period_ns = kmd_job_timeout_ns(kmd) / 8;
   int ret = kmd_thread_start(&kmd->irq, kmd, "kmd-irq", kmd_fences_update);
   if (!ret)
      ret =
         kmd_thread_start(&kmd->work, kmd, "kmd-work", kmd_chan_handle_errors);
   if (!ret)
      ret = kmd_thread_start(&kmd->fault, kmd, "kmd-fault", kmd_fault_work);
   return ret;
}

/* Also those that have not been started. */
static void
stop_threads(struct kmd *kmd)
{
   kmd_thread_stop(&kmd->fault);
   kmd_thread_stop(&kmd->work);
   kmd_thread_stop(&kmd->irq);
}

static int
card_create(const struct kmd_config *config, struct kmd **kmd_out)
{
   struct kmd *kmd = kdrm_zalloc(sizeof(*kmd));
   if (!kmd)
      return -ENOMEM;
   kmd->config = *config;
   atomic_init(&kmd->refs, 1);
   kmd->pid = getpid();
   int ret = join_machine(kmd);
   if (ret)
      goto fail_machine;
   init_locks(kmd);
   kdrm_device_init(&kmd->drm, kmd_driver(), kmd);
   if (!config->no_prime)
      kmd->drm.prime = kmd_machine_prime(kmd->machine);
   if (config->debug & KMD_DEBUG_IOCTL)
      kmd->drm.trace = kmd_trace_ioctl;
   ret = kdrm_sched_init(&kmd->sched, "kmd-sched");
   if (ret)
      goto fail_locks;
   ret = create_sim(kmd);
   if (ret)
      goto fail_sched;
   ret =
      kmd_heap_init(&kmd->vram, nvsim_vram_fd(kmd->sim), nvsim_vram(kmd->sim),
                    config->vram_B, vram_reserve(config->vram_B));
   if (ret)
      goto fail_sim;
   ret = create_gart(kmd);
   if (ret)
      goto fail_vram;
   ret = kmd_fault_init(kmd);
   if (ret)
      goto fail_gart;
   ret = start_threads(kmd);
   if (ret)
      goto fail_threads;
   *kmd_out = kmd;
   return 0;

fail_threads:
   stop_threads(kmd);
   kmd_fault_finish(kmd);
fail_gart:
   destroy_gart(kmd);
fail_vram:
   kmd_heap_finish(&kmd->vram);
fail_sim:
   nvsim_destroy(kmd->sim);
fail_sched:
   kdrm_sched_finish(&kmd->sched);
fail_locks:
   kdrm_device_finish(&kmd->drm);
   finish_locks(kmd);
   kmd_machine_put(kmd->machine);
fail_machine:
   kdrm_free(kmd);
   return ret;
}

static void
card_destroy(struct kmd *kmd)
{
   kmd_fault_stop(kmd);
   kmd_map_release(kmd);
   kmd_svm_unbind_process(kmd);
   kdrm_sched_finish(&kmd->sched);
   kmd_thread_stop(&kmd->work);
   kmd_thread_stop(&kmd->irq);
   kmd_fault_finish(kmd);
   destroy_gart(kmd);
   kmd_heap_finish(&kmd->vram);
   nvsim_destroy(kmd->sim);
   kdrm_device_finish(&kmd->drm);
   finish_locks(kmd);
   kmd_machine_put(kmd->machine);
   kdrm_free(kmd);
}

#define LINUX_JOB_TIMEOUT_MS 10000 /* kernel.md §1.7 */

uint64_t
kmd_job_timeout_ns(const struct kmd *kmd)
{
   uint64_t ms = kmd->config.job_timeout_ms;
   if (!ms && !kmd_is_better(kmd))
      ms = LINUX_JOB_TIMEOUT_MS;
   return ms * 1000000;
}

void
kmd_get(struct kmd *kmd)
{
   atomic_fetch_add(&kmd->refs, 1);
}

void
kmd_put(struct kmd *kmd)
{
   if (kmd && atomic_fetch_sub(&kmd->refs, 1) == 1)
      card_destroy(kmd);
}

/* --- Calls --------------------------------------------------------------- */

struct call {
   struct kmd *kmd;
   const struct kmd_config *config;
   int file, ret;
   unsigned long request;
   void *arg;
   /* mmap */
   void *addr;
   size_t length;
   int prot, flags, err;
   off_t offset;
};

static void
call_create(void *data)
{
   struct call *c = data;
   c->ret = card_create(c->config, &c->kmd);
}

int
kmd_create(const struct kmd_config *config, struct kmd **kmd_out)
{
   struct call c = {.config = config};
   util_svc_call(call_create, &c);
   if (c.ret)
      return c.ret;
   *kmd_out = c.kmd;
   util_svc_fail_every(config->fail_alloc);
   return 0;
}

/* A forked child has neither our threads nor the card's: every call would wait
 * for ever, and its exit handlers do call. */
static bool
is_elsewhere(const struct kmd *kmd)
{
   return getpid() != kmd->pid;
}

static void
call_destroy(void *data)
{
   struct call *c = data;
   kdrm_prime_forget(kmd_machine_prime(c->kmd->machine), &c->kmd->drm);
   kmd_put(c->kmd);
}

void
kmd_destroy(struct kmd *kmd)
{
   struct call c = {.kmd = kmd};
   if (!is_elsewhere(kmd))
      util_svc_call(call_destroy, &c);
}

static void
call_open(void *data)
{
   struct call *c = data;
   c->ret = kdrm_open(&c->kmd->drm);
}

int
kmd_open(struct kmd *kmd)
{
   struct call c = {.kmd = kmd, .ret = -EPERM};
   if (!is_elsewhere(kmd))
      util_svc_call(call_open, &c);
   return c.ret;
}

static void
call_close(void *data)
{
   struct call *c = data;
   c->ret = c->file >= KDRM_PRIME_FIRST_FD
               ? kdrm_prime_close(kmd_machine_prime(c->kmd->machine), c->file)
               : kdrm_close(&c->kmd->drm, c->file);
}

int
kmd_close(struct kmd *kmd, int file)
{
   struct call c = {.kmd = kmd, .file = file, .ret = -EPERM};
   if (!is_elsewhere(kmd))
      util_svc_call(call_close, &c);
   return c.ret;
}

static void
call_ioctl(void *data)
{
   struct call *c = data;
   c->ret = kdrm_ioctl(&c->kmd->drm, c->file, c->request, c->arg);
}

int
kmd_ioctl(struct kmd *kmd, int file, unsigned long request, void *arg)
{
   struct call c = {.kmd = kmd,
                    .file = file,
                    .request = request,
                    .arg = arg,
                    .ret = -EPERM};
   if (!is_elsewhere(kmd))
      util_svc_call(call_ioctl, &c);
   return c.ret;
}

static void
call_mmap(void *data)
{
   struct call *c = data;
   struct kdrm_file *file = kdrm_file_get(&c->kmd->drm, c->file);
   if (!file) {
      c->addr = MAP_FAILED;
      c->err = EBADF;
      return;
   }
   c->addr = kmd_map_create(c->kmd, file, c->addr, c->length, c->prot, c->flags,
                            c->offset);
   c->err = c->addr == MAP_FAILED ? errno : 0;
   kdrm_file_put(file);
}

void *
kmd_mmap(struct kmd *kmd, void *addr, size_t length, int prot, int flags,
         int file, off_t offset)
{
   struct call c = {.kmd = kmd,
                    .file = file,
                    .addr = addr,
                    .length = length,
                    .prot = prot,
                    .flags = flags,
                    .offset = offset};
   if (is_elsewhere(kmd)) {
      errno = EPERM;
      return MAP_FAILED;
   }
   util_svc_call(call_mmap, &c);
   if (c.addr == MAP_FAILED)
      errno = c.err;
   return c.addr;
}

static void
call_munmap(void *data)
{
   struct call *c = data;
   c->ret = kmd_map_destroy(c->kmd, c->addr, c->length);
}

static void
call_forget(void *data)
{
   struct call *c = data;
   kmd_map_forget(c->kmd, c->addr, c->length);
}

void
kmd_forget(struct kmd *kmd, void *addr, size_t length)
{
   struct call c = {.kmd = kmd, .addr = addr, .length = length};
   if (!is_elsewhere(kmd))
      util_svc_call(call_forget, &c);
}

int
kmd_munmap(struct kmd *kmd, void *addr, size_t length)
{
   struct call c = {.kmd = kmd, .addr = addr, .length = length, .ret = -EPERM};
   if (!is_elsewhere(kmd))
      util_svc_call(call_munmap, &c);
   return c.ret;
}
