/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* The kernel interface of nouveau as a compute driver needs it: one client with
 * one GPU address space, buffer objects with fixed addresses, command channels,
 * and the two SVM calls. Everything goes through a table of system calls, so
 * that the same code talks to Linux or to the simulated kernel.
 *
 * Order matters to the kernel (kernel.md §1.9): the address-space hole is
 * reserved and SVM_INIT done in nouveau_ws_device_create, before any buffer or
 * channel exists.
 *
 * Threads: devices, and reference and wait calls on buffers, from any thread; a
 * context from one thread at a time. Errors are -errno. */
#ifndef NOUVEAU_WS_H
#define NOUVEAU_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nouveau_ws_device;
struct nouveau_ws_context;
struct nouveau_ws_timeline;

/* Where a card sits. */
struct nouveau_ws_bus {
   uint32_t domain, bus, device, function;
};

/* System calls, or what stands in for them. Results are -errno, never errno. */
struct nouveau_ws_os {
   const char *name;
   bool simulated;
   void *data;
   int (*open)(void *data, const char *path);
   void (*close)(void *data, int fd);
   int (*ioctl)(void *data, int fd, unsigned long request, void *arg);
   /* As mmap(2) on the DRM file; NULL and *err_out on failure. */
   void *(*mmap)(void *data, void *addr, size_t size_B, int prot, int flags,
                 int fd, uint64_t offset, int *err_out);
   int (*munmap)(void *data, void *addr, size_t size_B);
   /* 0, or -errno: not told. */
   int (*bus)(void *data, int fd, struct nouveau_ws_bus *bus_out);
   /* The device goes away for good (may be NULL). */
   void (*release)(void *data);
};

/* libc: a real kernel. */
extern const struct nouveau_ws_os nouveau_ws_os_libc;

struct nouveau_ws_device_info {
   uint32_t chipset; /* 0x134: GP104 */
   uint32_t pci_vendor, pci_device;
   struct nouveau_ws_bus bus;
   uint64_t vram_B, gart_B;
   uint32_t sm_count;
   uint32_t drm_version[3];
   char chip[16];
   char name[64];
   bool simulated;
   bool svm;           /* SVM_INIT accepted: any CPU pointer works */
   char svm_note[160]; /* why not, or "" */
   bool vm_bind;       /* buffers are placed by VM_BIND, work goes by EXEC */
   /* Where buffers lie, reserved in the process: with svm or vm_bind. */
   uint64_t hole_start, hole_size_B;
};

/* Which calls the kernel is spoken to with. */
enum nouveau_ws_calls {
   /* SVM_INIT and PUSHBUF; where there is no SVM, VM_BIND and EXEC; on kernels
    * without them PUSHBUF. */
   NOUVEAU_WS_CALLS_AUTO,
   NOUVEAU_WS_CALLS_PUSHBUF,
   /* VM_BIND and EXEC, if the kernel has them; SVM_INIT if both go together. */
   NOUVEAU_WS_CALLS_BIND,
};

/* Opens `path` through `os` (which must outlive the device). `want_svm`: try
 * SVM_INIT. -ENODEV: not a nouveau device that we can drive (a message says
 * why); errors of open. */
int nouveau_ws_device_create(const struct nouveau_ws_os *os, const char *path,
                             bool want_svm, enum nouveau_ws_calls calls,
                             struct nouveau_ws_device **device_out);
/* All buffers and contexts must be gone. */
void nouveau_ws_device_destroy(struct nouveau_ws_device *dev);
const struct nouveau_ws_device_info *
nouveau_ws_device_info(const struct nouveau_ws_device *dev);
/* PTIMER, ns; 0 if the kernel does not answer. */
uint64_t nouveau_ws_device_time_ns(struct nouveau_ws_device *dev);
/* GETPARAM as it is (kernel.md §1.2). */
int nouveau_ws_device_getparam(struct nouveau_ws_device *dev, uint64_t param,
                               uint64_t *value_out);

/* --- buffer objects --- */

#define NOUVEAU_WS_VRAM     (1u << 0)
#define NOUVEAU_WS_GART     (1u << 1)
#define NOUVEAU_WS_MAPPABLE (1u << 2)
#define NOUVEAU_WS_SHARED   (1u << 3) /* for nouveau_ws_bo_share; GART only */

struct nouveau_ws_bo {
   struct nouveau_ws_device *dev;
   int refcount;
   uint32_t handle;
   uint32_t flags;
   uint64_t size_B;
   uint64_t gpu_va;
   uint64_t map_handle;
   void *map;                    /* NULL until nouveau_ws_bo_map */
   bool at_va;                   /* map == gpu_va */
   struct nouveau_ws_bo *origin; /* another device's, referenced; or NULL */
   /* With vm_bind, under the address space's lock: */
   struct nouveau_ws_timeline *timeline; /* of the last use; NULL: none */
   uint64_t point;
   struct nouveau_ws_bo *next_zombie;
};

/* -EINVAL size 0; -ENOMEM. */
int nouveau_ws_bo_create(struct nouveau_ws_device *dev, uint64_t size_B,
                         uint64_t align_B, uint32_t flags,
                         struct nouveau_ws_bo **bo_out);
void nouveau_ws_bo_ref(struct nouveau_ws_bo *bo);
void nouveau_ws_bo_unref(struct nouveau_ws_bo *bo); /* NULL is fine */
/* CPU mapping for the life of the buffer. Does not wait. */
int nouveau_ws_bo_map(struct nouveau_ws_bo *bo, void **map_out);
/* Maps it where the GPU sees it: one pointer for both sides, without HMM.
 * -EEXIST: something of the process is there. */
int nouveau_ws_bo_map_at_va(struct nouveau_ws_bo *bo);
/* The same memory for another device of the same kernel, at the same GPU
 * address. `bo` was made with NOUVEAU_WS_SHARED and stays as long as the copy.
 * To release the last reference of a copy waits for the work that uses it.
 * -EXDEV: another kernel; -EEXIST: `dev` has something at the address. Without
 * VM_BIND *instead_out is then where its kernel would put it. */
int nouveau_ws_bo_share(struct nouveau_ws_bo *bo, struct nouveau_ws_device *dev,
                        struct nouveau_ws_bo **bo_out, uint64_t *instead_out);
/* For kernels that choose addresses: a buffer that takes `start`, which the
 * next one of `size_B` bytes would get, and as much as it can up to `end`. */
int nouveau_ws_bo_take_gap(struct nouveau_ws_device *dev, uint64_t start,
                           uint64_t end, uint64_t size_B,
                           struct nouveau_ws_bo **filler_out);
/* Waits until the GPU work submitted with this buffer is done or has died.
 * `nowait`: -EBUSY if it is not. */
int nouveau_ws_bo_wait(struct nouveau_ws_bo *bo, bool nowait);

/* --- command channels --- */

#define NOUVEAU_WS_SUBC_COMPUTE 1
#define NOUVEAU_WS_SUBC_COPY    4

struct nouveau_ws_context_info {
   uint32_t compute_class, i2m_class, copy_class;
};

/* A channel of the GR engine with compute, inline-to-memory and copy objects.
 * It joins the device's address space. */
int nouveau_ws_context_create(struct nouveau_ws_device *dev,
                              struct nouveau_ws_context **ctx_out);
/* Waits for submitted work. */
void nouveau_ws_context_destroy(struct nouveau_ws_context *ctx);
const struct nouveau_ws_context_info *
nouveau_ws_context_info(const struct nouveau_ws_context *ctx);

struct nouveau_ws_push {
   unsigned bo_index; /* into the array given to submit */
   uint64_t offset_B, size_B;
};

/* Runs the commands after everything submitted before. The buffers stay
 * referenced by the kernel until done. At most NOUVEAU_WS_MAX_BOS buffers, no
 * one twice. -ENODEV: the channel was killed (nouveau_ws_context_error tells
 * why). */
#define NOUVEAU_WS_MAX_BOS 1000
int nouveau_ws_context_submit(struct nouveau_ws_context *ctx,
                              struct nouveau_ws_bo *const *bos,
                              unsigned num_bos,
                              const struct nouveau_ws_push *pushes,
                              unsigned num_pushes);

enum nouveau_ws_error_kind {
   NOUVEAU_WS_ERROR_UNKNOWN, /* killed, and the kernel does not tell why */
   NOUVEAU_WS_ERROR_MMU,
   NOUVEAU_WS_ERROR_WARP,
   NOUVEAU_WS_ERROR_METHOD,
   NOUVEAU_WS_ERROR_PUSH,
};

struct nouveau_ws_error {
   enum nouveau_ws_error_kind kind;
   uint64_t gpu_va;
   uint32_t access; /* 0 read, 1 write, 2 atomic, 3 prefetch */
   uint32_t reason; /* MMU fault type */
   uint32_t warp_error;
   uint64_t program_va;
   uint32_t pc;
   uint32_t cta[3], tid[3];
   char text[160];
};

/* True if the channel was killed. */
bool nouveau_ws_context_error(struct nouveau_ws_context *ctx,
                              struct nouveau_ws_error *error_out);

/* --- shared virtual memory --- */

/* Moves the pages of [ptr, ptr+size) best effort. *moved_pages_out: as far as
 * the kernel tells (Linux: 0). -ENOSYS: no SVM; -EINVAL: refused. */
int nouveau_ws_svm_migrate(struct nouveau_ws_device *dev, const void *ptr,
                           size_t size_B, bool to_device,
                           uint64_t *moved_pages_out);

/* To the device, but returns when the copies have begun, where the kernel can
 * do that: the pages are mapped as they arrive, and who touches one before
 * waits for it. *moved_pages_out: on their way. */
int nouveau_ws_svm_prefetch(struct nouveau_ws_device *dev, const void *ptr,
                            size_t size_B, uint64_t *moved_pages_out);

/* Until what has been begun there is done. */
void nouveau_ws_svm_wait(struct nouveau_ws_device *dev, const void *ptr,
                         size_t size_B);

/* Numbered as the kernel does. */
enum nouveau_ws_svm_event_kind {
   NOUVEAU_WS_SVM_FAULT_READ = 1,
   NOUVEAU_WS_SVM_FAULT_WRITE,
   NOUVEAU_WS_SVM_FAULT_ATOMIC,
   NOUVEAU_WS_SVM_FAULT_PREFETCH,
   NOUVEAU_WS_SVM_REPLAY,
   NOUVEAU_WS_SVM_MIGRATE_DEVICE,
   NOUVEAU_WS_SVM_MIGRATE_HOST,
   NOUVEAU_WS_SVM_CANCEL,
   NOUVEAU_WS_SVM_INVALIDATE,
};

/* Numbered as the kernel does. */
enum nouveau_ws_svm_cause {
   NOUVEAU_WS_SVM_ASKED = 1,
   NOUVEAU_WS_SVM_GPU,
   NOUVEAU_WS_SVM_CPU,
   NOUVEAU_WS_SVM_EVICT,
   NOUVEAU_WS_SVM_UNMAP = 16,
   NOUVEAU_WS_SVM_CLEAR,
   NOUVEAU_WS_SVM_PROTECT,
   NOUVEAU_WS_SVM_EXCLUSIVE,
};

struct nouveau_ws_svm_event {
   uint64_t time_ns, address;
   enum nouveau_ws_svm_event_kind kind;
   uint32_t pages;
   uint32_t duration_ns;
   unsigned cause; /* enum nouveau_ws_svm_cause; faults: enum nv_fault_type */
   int error;      /* of faults */
};

#define NOUVEAU_WS_SVM_KINDS (NOUVEAU_WS_SVM_INVALIDATE + 1)

/* Totals since the device was opened, by kind: pages for the MIGRATE kinds,
 * events for the others. False, and all 0, if the kernel does not tell. */
bool nouveau_ws_svm_totals(struct nouveau_ws_device *dev,
                           uint64_t totals_out[NOUVEAU_WS_SVM_KINDS]);

/* How many were taken, 0 if the kernel does not tell. */
unsigned nouveau_ws_svm_events(struct nouveau_ws_device *dev,
                               struct nouveau_ws_svm_event *events,
                               unsigned max, uint32_t *lost_out);

#endif
