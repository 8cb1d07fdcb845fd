/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The simulated kernel: what /dev/dri/renderD128 with nouveau behind it would
 * answer, as functions instead of system calls. All arguments are those of the
 * uAPI (drm-uapi/nouveau_drm.h, facts: docs/uapi.md); errors are returned as
 * -errno.
 *
 * Processes: the one that made the card. In a forked child all calls answer
 * -EPERM and kmd_destroy does nothing.
 *
 * Threads: any. A file may be closed while another thread is inside a call on
 * it; that call finishes first. */
#ifndef KMD_H
#define KMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/util_flags.h"

struct kmd;

/* What the cards of one machine share: the process, whose memory all of them
 * mirror, and the bus. Each card holds its machine. */
struct kmd_machine;
int kmd_machine_create(struct kmd_machine **machine_out);
void kmd_machine_put(struct kmd_machine *machine); /* of create */

enum kmd_compat {
   KMD_COMPAT_BETTER,   /* fills in what upstream left out */
   KMD_COMPAT_UPSTREAM, /* answers exactly as Linux does */
};

struct kmd_config {
   struct kmd_machine *machine; /* NULL: one of its own */
   unsigned index;              /* of the card in the machine */
   uint32_t chipset;            /* see nvsim_config */
   uint32_t sm_count;
   uint64_t vram_B;
   uint64_t seed;
   uint32_t host_threads;
   uint64_t sim_debug; /* NVSIM_DEBUG */
   uint64_t watchdog;  /* NVSIM_WATCHDOG, millions of instructions a warp */
   uint64_t debug;     /* KMD_DEBUG bits of kmd_debug_flags */
   enum kmd_compat compat;
   /* Every n-th list of copies, every n-th 2 MiB of VRAM for pages of the
    * process, every n-th allocation of the kernel after its creation fails;
    * 0: none. For tests (KMD_FAIL). */
   uint32_t fail_copy, fail_vram, fail_alloc;
   /* A channel whose job of EXEC takes longer is killed; 0: upstream 10 s,
    * better never (a simulated card is slow). */
   uint32_t job_timeout_ms;
   bool no_svm;        /* SVM_INIT answers -ENOSYS, as on stock distributions */
   bool no_uffd;       /* behave as if userfaultfd were not permitted */
   bool migrate_learn; /* with the next: only where faults say it pays */
   bool migrate_on_fault; /* first GPU touch moves a page to VRAM; Linux has no
                             such knob */
   bool no_prime;         /* buffers cannot be handed to other cards */
   bool p2p; /* other cards may map its SVM pages, and it theirs, if both may */
};

#define KMD_MAX_CARDS 8
/* NVSIM_CARDS: how many cards the machine has. */
unsigned kmd_cards_from_env(void);

extern const struct util_flag kmd_debug_flags[];
#define KMD_DEBUG_EVICTALL                                                     \
   (1ull << 0) /* migrate back after every fault service */
#define KMD_DEBUG_NOMIGRATE (1ull << 1) /* migration moves nothing */
#define KMD_DEBUG_IOCTL     (1ull << 2) /* print each ioctl and its answer */
#define KMD_DEBUG_FAULT     (1ull << 3) /* print each fault entry and its service */
#define KMD_DEBUG_NOSVM     (1ull << 4) /* SVM_INIT answers -ENOSYS */
#define KMD_DEBUG_NOUFFD    (1ull << 5) /* pretend that userfaultfd is refused */
#define KMD_DEBUG_EXCLUSIVE (1ull << 6) /* the bus carries no atomics */

/* Reads NOUVEAU_CHIPSET, NVSIM_SMS, NVSIM_VRAM_MB, NVSIM_SEED, NVSIM_THREADS,
 * NVSIM_DEBUG, KMD_DEBUG, KMD_FAIL, KMD_COMPAT, NOUVEAU_SVM_P2P,
 * NOUVEAU_SVM_MIGRATE (here `fault` and `auto` count). */
void kmd_config_from_env(struct kmd_config *config_out);
/* PCI device id (vendor 0x10de) of the card that it describes. */
uint16_t kmd_config_pci_device(const struct kmd_config *config);

/* One card. 0 or -errno. */
int kmd_create(const struct kmd_config *config, struct kmd **kmd_out);
/* All files must be closed. Memory that other cards have imported stays until
 * they let go. */
void kmd_destroy(struct kmd *kmd);

/* A new DRM file (one nouveau client). Returns a handle >= 0 or -errno. */
int kmd_open(struct kmd *kmd);
/* Releases everything that the file owns; waits for its work to stop. Also
 * closes what PRIME_HANDLE_TO_FD gave (of any card of the machine). */
int kmd_close(struct kmd *kmd, int file);
/* Dispatches on the ioctl number alone. 0 or -errno. -EBADF: no such file. */
int kmd_ioctl(struct kmd *kmd, int file, unsigned long request, void *arg);
/* `offset` is a map_handle of GEM_NEW/GEM_INFO. `addr` and `flags` as mmap(2)
 * (MAP_FIXED_NOREPLACE included). MAP_FAILED with errno set. */
void *kmd_mmap(struct kmd *kmd, void *addr, size_t length, int prot, int flags,
               int file, off_t offset);
int kmd_munmap(struct kmd *kmd, void *addr, size_t length);
/* The process is about to unmap this range by itself, as munmap of another card
 * of the machine does: what this card's buffers have there is gone. */
void kmd_forget(struct kmd *kmd, void *addr, size_t length);

#endif
