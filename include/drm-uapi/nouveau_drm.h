/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* nouveau's user interface: ioctl numbers and argument layouts (docs/uapi.md
 * says what each answers). Ours in wording; numbers and layouts are those of
 * Linux, so that the same client talks to a real kernel and to the simulated
 * one.
 *
 * Generic DRM ioctls (VERSION, GEM_CLOSE, GET_CAP, SYNCOBJ_*) come from the
 * system's <drm/drm.h>. All integers are little endian; all pointers travel as
 * 64-bit integers. Sources: kernel.md §1, mesa.md §2.3,
 * include/uapi/drm/nouveau_drm.h and drivers/gpu/drm/nouveau/include/nvif/ of
 * Linux 6.17. */
#ifndef PARTAGE_NOUVEAU_DRM_H
#define PARTAGE_NOUVEAU_DRM_H

#include <stdint.h>

/* Debian ships <drm/drm.h> only as part of libdrm-dev. */
#if __has_include(<libdrm/drm.h>)
#include <libdrm/drm.h>
#else
#include <drm/drm.h>
#endif

/* Command numbers; the ioctl number is DRM_COMMAND_BASE (0x40) + command. The
 * kernel looks at the number only: direction and size bits of the request may
 * differ. */
#define DRM_NOUVEAU_GETPARAM          0x00
#define DRM_NOUVEAU_SETPARAM          0x01
#define DRM_NOUVEAU_CHANNEL_ALLOC     0x02
#define DRM_NOUVEAU_CHANNEL_FREE      0x03
#define DRM_NOUVEAU_GROBJ_ALLOC       0x04
#define DRM_NOUVEAU_NOTIFIEROBJ_ALLOC 0x05
#define DRM_NOUVEAU_GPUOBJ_FREE       0x06
#define DRM_NOUVEAU_NVIF              0x07
#define DRM_NOUVEAU_SVM_INIT          0x08
#define DRM_NOUVEAU_SVM_BIND          0x09
#define DRM_NOUVEAU_VM_INIT           0x10
#define DRM_NOUVEAU_VM_BIND           0x11
#define DRM_NOUVEAU_EXEC              0x12
#define DRM_NOUVEAU_GEM_NEW           0x40
#define DRM_NOUVEAU_GEM_PUSHBUF       0x41
#define DRM_NOUVEAU_GEM_CPU_PREP      0x42
#define DRM_NOUVEAU_GEM_CPU_FINI      0x43
#define DRM_NOUVEAU_GEM_INFO          0x44
/* Ours (KMD_COMPAT=better only; Linux answers -EINVAL as to any unknown
 * number). */
#define DRM_NOUVEAU_SVM_EVENTS    0x50
#define DRM_NOUVEAU_CHANNEL_ERROR 0x51

/* --- GETPARAM
 * ------------------------------------------------------------------ */

#define NOUVEAU_GETPARAM_PCI_VENDOR   3 /* 0x10de */
#define NOUVEAU_GETPARAM_PCI_DEVICE   4
#define NOUVEAU_GETPARAM_BUS_TYPE     5 /* 0 AGP, 1 PCI, 2 PCIe, 3 SoC */
#define NOUVEAU_GETPARAM_FB_SIZE      8 /* bytes of VRAM that clients can use */
#define NOUVEAU_GETPARAM_AGP_SIZE     9 /* bytes of system memory (GART) they can */
#define NOUVEAU_GETPARAM_CHIPSET_ID   11 /* 0x134: GP104 */
#define NOUVEAU_GETPARAM_VM_VRAM_BASE 12 /* 0 */
#define NOUVEAU_GETPARAM_GRAPH_UNITS                                           \
   13 /* GPCs 7:0, TPCs (SMs) 31:8, ROPs 63:32 */
#define NOUVEAU_GETPARAM_PTIMER_TIME      14 /* ns */
#define NOUVEAU_GETPARAM_HAS_BO_USAGE     15 /* 1 */
#define NOUVEAU_GETPARAM_HAS_PAGEFLIP     16 /* 1 */
#define NOUVEAU_GETPARAM_EXEC_PUSH_MAX    17 /* pushes in one EXEC */
#define NOUVEAU_GETPARAM_VRAM_BAR_SIZE    18 /* bytes of VRAM behind BAR1 */
#define NOUVEAU_GETPARAM_VRAM_USED        19 /* bytes of VRAM in use */
#define NOUVEAU_GETPARAM_HAS_VMA_TILEMODE 20

struct drm_nouveau_getparam {
   uint64_t param;
   uint64_t value;
};

/* --- Legacy channels
 * ----------------------------------------------------------- */

/* Kepler and later choose the engine with fb_ctxdma_handle = ~0 and a mask in
 * tt_ctxdma_handle; anything else in fb_ctxdma_handle asks for graphics. */
#define NOUVEAU_FIFO_ENGINE_GR  0x01
#define NOUVEAU_FIFO_ENGINE_VP  0x02
#define NOUVEAU_FIFO_ENGINE_PPP 0x04
#define NOUVEAU_FIFO_ENGINE_BSP 0x08
#define NOUVEAU_FIFO_ENGINE_CE  0x30

struct drm_nouveau_channel_alloc {
   uint32_t fb_ctxdma_handle;
   uint32_t tt_ctxdma_handle;
   int32_t channel;          /* out: small integer, per file */
   uint32_t pushbuf_domains; /* out: NOUVEAU_GEM_DOMAIN_* that a push BO may
                                live in */
   uint32_t notifier_handle; /* out: GEM handle of one page of GART memory */
   struct {
      uint32_t handle;
      uint32_t grclass;
   } subchan[8];        /* out: objects already bound by the kernel */
   uint32_t nr_subchan; /* out */
};

struct drm_nouveau_channel_free {
   int32_t channel;
};

struct drm_nouveau_grobj_alloc {
   int32_t channel;
   uint32_t handle;
   int32_t class_id; /* `class` upstream, which C++ refuses */
};

struct drm_nouveau_notifierobj_alloc {
   uint32_t channel;
   uint32_t handle;
   uint32_t size;
   uint32_t offset; /* out */
};

struct drm_nouveau_gpuobj_free {
   int32_t channel;
   uint32_t handle;
};

/* --- GEM buffer objects
 * --------------------------------------------------------- */

#define NOUVEAU_GEM_DOMAIN_CPU      (1u << 0)
#define NOUVEAU_GEM_DOMAIN_VRAM     (1u << 1)
#define NOUVEAU_GEM_DOMAIN_GART     (1u << 2)
#define NOUVEAU_GEM_DOMAIN_MAPPABLE (1u << 3)
#define NOUVEAU_GEM_DOMAIN_COHERENT (1u << 4)
#define NOUVEAU_GEM_DOMAIN_NO_SHARE                                            \
   (1u << 5) /* private to a VM_BIND address space */

#define NOUVEAU_GEM_TILE_NONCONTIG   0x00000008u
#define NOUVEAU_GEM_TILE_LAYOUT_MASK 0x0000ff00u /* PTE kind << 8; 0: pitch */

struct drm_nouveau_gem_info {
   uint32_t handle;
   uint32_t domain;
   uint64_t size;   /* bytes; out: rounded up to pages */
   uint64_t offset; /* out: GPU virtual address; 0 in a VM_BIND address space */
   uint64_t map_handle; /* out: offset for mmap on the DRM file */
   uint32_t tile_mode;
   uint32_t tile_flags;
};

struct drm_nouveau_gem_new {
   struct drm_nouveau_gem_info info;
   uint32_t channel_hint; /* ignored */
   uint32_t align;        /* bytes */
};

#define NOUVEAU_GEM_MAX_BUFFERS 1024
#define NOUVEAU_GEM_MAX_RELOCS  1024
#define NOUVEAU_GEM_MAX_PUSH    512

struct drm_nouveau_gem_pushbuf_bo_presumed {
   uint32_t valid;
   uint32_t domain;
   uint64_t offset;
};

struct drm_nouveau_gem_pushbuf_bo {
   uint64_t user_priv; /* the client's; not looked at */
   uint32_t handle;
   uint32_t read_domains;
   uint32_t write_domains;
   uint32_t valid_domains;
   struct drm_nouveau_gem_pushbuf_bo_presumed presumed;
};

/* Applied before Tesla only; here because nr_relocs is range-checked. */
struct drm_nouveau_gem_pushbuf_reloc {
   uint32_t reloc_bo_index;
   uint32_t reloc_bo_offset;
   uint32_t bo_index;
   uint32_t flags;
   uint32_t data;
   uint32_t vor;
   uint32_t tor;
};

#define NOUVEAU_GEM_PUSHBUF_NO_PREFETCH (1u << 23) /* in `length` */

struct drm_nouveau_gem_pushbuf_push {
   uint32_t bo_index; /* in `buffers` */
   uint32_t pad;
   uint64_t offset; /* bytes from the start of the BO */
   uint64_t length; /* bytes, below 1 << 23 | NO_PREFETCH */
};

#define NOUVEAU_GEM_PUSHBUF_SYNC (1ull << 0) /* in `vram_available` on input */

struct drm_nouveau_gem_pushbuf {
   uint32_t channel;
   uint32_t nr_buffers;
   uint64_t buffers; /* of drm_nouveau_gem_pushbuf_bo */
   uint32_t nr_relocs;
   uint32_t nr_push; /* 0: only the out fields are wanted */
   uint64_t relocs;
   uint64_t push;           /* of drm_nouveau_gem_pushbuf_push */
   uint32_t suffix0;        /* out: 0 since Tesla */
   uint32_t suffix1;        /* out: 0 since Tesla */
   uint64_t vram_available; /* in: NOUVEAU_GEM_PUSHBUF_SYNC; out: bytes */
   uint64_t gart_available; /* out: bytes */
};

#define NOUVEAU_GEM_CPU_PREP_NOWAIT 0x1u
#define NOUVEAU_GEM_CPU_PREP_WRITE  0x4u

struct drm_nouveau_gem_cpu_prep {
   uint32_t handle;
   uint32_t flags;
};

struct drm_nouveau_gem_cpu_fini {
   uint32_t handle;
};

/* --- VM_BIND and EXEC
 * ------------------------------------------------------------ */

struct drm_nouveau_vm_init {
   uint64_t kernel_managed_addr;
   uint64_t kernel_managed_size;
};

#define DRM_NOUVEAU_SYNC_SYNCOBJ          0x0u
#define DRM_NOUVEAU_SYNC_TIMELINE_SYNCOBJ 0x1u
#define DRM_NOUVEAU_SYNC_TYPE_MASK        0xfu

struct drm_nouveau_sync {
   uint32_t flags;
   uint32_t handle;
   uint64_t timeline_value;
};

#define DRM_NOUVEAU_VM_BIND_OP_MAP   0x0u
#define DRM_NOUVEAU_VM_BIND_OP_UNMAP 0x1u
#define DRM_NOUVEAU_VM_BIND_SPARSE   (1u << 8) /* low byte of flags: PTE kind */

struct drm_nouveau_vm_bind_op {
   uint32_t op;
   uint32_t flags;
   uint32_t handle;
   uint32_t pad;
   uint64_t addr;
   uint64_t bo_offset;
   uint64_t range;
};

#define DRM_NOUVEAU_VM_BIND_RUN_ASYNC 0x1u

struct drm_nouveau_vm_bind {
   uint32_t op_count;
   uint32_t flags;
   uint32_t wait_count;
   uint32_t sig_count;
   uint64_t wait_ptr;
   uint64_t sig_ptr;
   uint64_t op_ptr;
};

#define DRM_NOUVEAU_EXEC_PUSH_NO_PREFETCH 0x1u

struct drm_nouveau_exec_push {
   uint64_t va;
   uint32_t va_len; /* bytes, below 1 << 23 */
   uint32_t flags;
};

struct drm_nouveau_exec {
   uint32_t channel;
   uint32_t push_count;
   uint32_t wait_count;
   uint32_t sig_count;
   uint64_t wait_ptr;
   uint64_t sig_ptr;
   uint64_t push_ptr;
};

/* --- Shared virtual memory
 * --------------------------------------------------------- */

/* The client's GPU addresses outside [addr, addr + size) become those of the
 * calling process; the kernel places buffer objects inside. */
struct drm_nouveau_svm_init {
   uint64_t unmanaged_addr;
   uint64_t unmanaged_size;
};

#define NOUVEAU_SVM_BIND_COMMAND_SHIFT    0
#define NOUVEAU_SVM_BIND_COMMAND_MASK     0xffull
#define NOUVEAU_SVM_BIND_PRIORITY_SHIFT   8
#define NOUVEAU_SVM_BIND_PRIORITY_MASK    0xffull
#define NOUVEAU_SVM_BIND_TARGET_SHIFT     16
#define NOUVEAU_SVM_BIND_TARGET_MASK      0xffffffffull
#define NOUVEAU_SVM_BIND_COMMAND__MIGRATE 0
/* Ours. BEGIN: as MIGRATE to video memory, but returns when the copies are
 * queued; `result` counts the pages on their way. WAIT: until nothing of the
 * range is on its way. */
#define NOUVEAU_SVM_BIND_COMMAND__BEGIN   1
#define NOUVEAU_SVM_BIND_COMMAND__WAIT    2
#define NOUVEAU_SVM_BIND_TARGET__GPU_VRAM (1ull << 31)
#define NOUVEAU_SVM_BIND_TARGET__CPU      0ull /* ours: move back to system memory */

struct drm_nouveau_svm_bind {
   uint64_t header;
   uint64_t va_start;
   uint64_t va_end;
   uint64_t npages;    /* ignored */
   uint64_t stride;    /* 0 */
   uint64_t result;    /* out: pages moved by this call; Linux: always 0 */
   uint64_t reserved0; /* 0 */
   uint64_t reserved1; /* 0 */
};

/* Ours. What happened to this file's shared memory, oldest first. The kernel
 * keeps a bounded ring per file and drops the oldest when nobody reads. */
enum drm_nouveau_svm_event_kind {
   DRM_NOUVEAU_SVM_EVENT_FAULT_READ = 1,
   DRM_NOUVEAU_SVM_EVENT_FAULT_WRITE = 2,
   DRM_NOUVEAU_SVM_EVENT_FAULT_ATOMIC = 3,
   DRM_NOUVEAU_SVM_EVENT_FAULT_PREFETCH = 4,
   DRM_NOUVEAU_SVM_EVENT_REPLAY =
      5, /* npages: faults serviced since the last */
   DRM_NOUVEAU_SVM_EVENT_MIGRATE_DEVICE = 6, /* npages went to video memory */
   DRM_NOUVEAU_SVM_EVENT_MIGRATE_HOST = 7,   /* npages came back */
   DRM_NOUVEAU_SVM_EVENT_CANCEL = 8, /* the access at addr was refused */
   /* the process changed npages that had PTEs */
   DRM_NOUVEAU_SVM_EVENT_INVALIDATE = 9,
   DRM_NOUVEAU_SVM_EVENT_KINDS = 10,
};

enum drm_nouveau_svm_cause {
   /* of MIGRATE */
   DRM_NOUVEAU_SVM_CAUSE_ASKED = 1, /* SVM_BIND */
   DRM_NOUVEAU_SVM_CAUSE_GPU = 2,   /* the GPU touched the pages */
   DRM_NOUVEAU_SVM_CAUSE_CPU = 3,   /* the CPU touched them, forked or ended */
   DRM_NOUVEAU_SVM_CAUSE_EVICT = 4, /* video memory was wanted */
   /* of INVALIDATE */
   DRM_NOUVEAU_SVM_CAUSE_UNMAP = 16,   /* munmap, mremap */
   DRM_NOUVEAU_SVM_CAUSE_CLEAR = 17,   /* madvise */
   DRM_NOUVEAU_SVM_CAUSE_PROTECT = 18, /* mprotect */
   DRM_NOUVEAU_SVM_CAUSE_EXCLUSIVE = 19,
};

struct drm_nouveau_svm_event {
   uint64_t time_ns;     /* PTIMER, when it was over */
   uint64_t addr;        /* of the first page; 0 for REPLAY */
   uint32_t kind;        /* enum drm_nouveau_svm_event_kind */
   uint32_t npages;      /* mapped, moved or serviced */
   uint32_t duration_ns; /* of MIGRATE, of the service of a FAULT, and of the
                            batch that a REPLAY ends; saturates */
   uint16_t cause;       /* enum drm_nouveau_svm_cause; FAULT, CANCEL: the MMU
                            fault type of nv_fault.h */
   int16_t error;        /* FAULT, CANCEL: 0 or -errno */
};

struct drm_nouveau_svm_events {
   uint64_t events; /* of drm_nouveau_svm_event, room for `count` */
   uint32_t count;  /* in: room; out: events written */
   uint32_t lost;   /* out: events dropped since the last call */
   /* out: since SVM_INIT, by kind, whether read or dropped: pages for the
    * MIGRATE kinds, events for the others. */
   uint64_t totals[DRM_NOUVEAU_SVM_EVENT_KINDS];
};

/* Ours. Why a channel was killed. -ENOENT: no such channel; -ENODATA: it is
 * alive. */
enum drm_nouveau_channel_error_kind {
   DRM_NOUVEAU_CHANNEL_ERROR_MMU = 1,  /* bad address */
   DRM_NOUVEAU_CHANNEL_ERROR_WARP = 2, /* exception in a program */
   DRM_NOUVEAU_CHANNEL_ERROR_METHOD =
      3, /* bad method, class or launch descriptor */
   DRM_NOUVEAU_CHANNEL_ERROR_PUSH = 4, /* malformed push buffer */
};

struct drm_nouveau_channel_error {
   int32_t channel; /* in */
   uint32_t kind;   /* out from here: enum drm_nouveau_channel_error_kind */
   uint64_t addr; /* GPU address of the access, with byte offset where known */
   uint32_t access;     /* 0 read, 1 write, 2 atomic, 3 prefetch */
   uint32_t reason;     /* MMU fault type of nv_fault.h */
   uint64_t program_va; /* GPU address of the kernel's code; 0: not a program */
   uint32_t pc;         /* bytes from program_va */
   uint32_t warp_error; /* WARP: WARPERRORSTATUS id */
   uint32_t cta[3];     /* first offending thread */
   uint32_t tid[3];
   uint32_t method; /* METHOD, PUSH */
   uint32_t data;
   char text[160]; /* one line for people, zero-terminated */
};

/* --- NVIF: what is left of the kernel's object interface
 * ----------------------------- */

#define NVIF_IOCTL_V0_NOP    0x00
#define NVIF_IOCTL_V0_SCLASS 0x01
#define NVIF_IOCTL_V0_NEW    0x02
#define NVIF_IOCTL_V0_DEL    0x03
#define NVIF_IOCTL_V0_MTHD   0x04

#define NVIF_IOCTL_V0_OWNER_NVIF 0x00
#define NVIF_IOCTL_V0_OWNER_ANY  0xff
#define NVIF_IOCTL_V0_ROUTE_NVIF 0x00 /* the device */
#define NVIF_IOCTL_V0_ROUTE_CHAN 0xff /* children of channel `token` */

/* Payload follows at once; its size comes from the request's size bits. */
struct nvif_ioctl_v0 {
   uint8_t version; /* 0 */
   uint8_t type;    /* NVIF_IOCTL_V0_* */
   uint8_t pad02[4];
   uint8_t owner; /* not looked at */
   uint8_t route;
   uint64_t token;  /* route CHAN: channel */
   uint64_t object; /* client's name of the object acted on */
};

struct nvif_ioctl_new_v0 {
   uint8_t version;
   uint8_t pad01[6];
   uint8_t route;
   uint64_t token;
   uint64_t object; /* client's name of the new object */
   uint32_t handle;
   int32_t oclass; /* constructor data follows */
};

struct nvif_ioctl_sclass_oclass_v0 {
   int32_t oclass;
   int16_t minver;
   int16_t maxver;
};

struct nvif_ioctl_sclass_v0 {
   uint8_t version;
   uint8_t count; /* in: room; out: classes that exist, maybe more than room */
   uint8_t pad02[6]; /* nvif_ioctl_sclass_oclass_v0[] follows */
};

struct nvif_ioctl_mthd_v0 {
   uint8_t version;
   uint8_t method; /* arguments follow */
   uint8_t pad02[6];
};

#define NVIF_CLASS_NV_DEVICE 0x00000080

struct nv_device_v0 {
   uint8_t version;
   uint8_t priv; /* `debug` in older kernels */
   uint8_t pad02[6];
   uint64_t device; /* ~0: the one behind this file */
};

#define NV_DEVICE_V0_INFO 0x00

#define NV_DEVICE_INFO_V0_PCIE    0x03 /* platform */
#define NV_DEVICE_INFO_V0_PASCAL  0x0a /* family */
#define NV_DEVICE_INFO_V0_VOLTA   0x0b
#define NV_DEVICE_INFO_V0_MAXWELL 0x09

struct nv_device_info_v0 {
   uint8_t version;
   uint8_t platform;
   uint16_t chipset;
   uint8_t revision;
   uint8_t family;
   uint8_t pad06[2];
   uint64_t ram_size;
   uint64_t ram_user;
   char chip[16];
   char name[64];
};

/* --- Request codes
 * -------------------------------------------------------------------- */

#define DRM_NOUVEAU_IOWR(cmd, type) DRM_IOWR(DRM_COMMAND_BASE + (cmd), type)
#define DRM_NOUVEAU_IOW(cmd, type)  DRM_IOW(DRM_COMMAND_BASE + (cmd), type)

#define DRM_IOCTL_NOUVEAU_GETPARAM                                             \
   DRM_NOUVEAU_IOWR(DRM_NOUVEAU_GETPARAM, struct drm_nouveau_getparam)
#define DRM_IOCTL_NOUVEAU_CHANNEL_ALLOC                                        \
   DRM_NOUVEAU_IOWR(DRM_NOUVEAU_CHANNEL_ALLOC, struct drm_nouveau_channel_alloc)
#define DRM_IOCTL_NOUVEAU_CHANNEL_FREE                                         \
   DRM_NOUVEAU_IOW(DRM_NOUVEAU_CHANNEL_FREE, struct drm_nouveau_channel_free)
#define DRM_IOCTL_NOUVEAU_GROBJ_ALLOC                                          \
   DRM_NOUVEAU_IOW(DRM_NOUVEAU_GROBJ_ALLOC, struct drm_nouveau_grobj_alloc)
#define DRM_IOCTL_NOUVEAU_NOTIFIEROBJ_ALLOC                                    \
   DRM_NOUVEAU_IOWR(DRM_NOUVEAU_NOTIFIEROBJ_ALLOC,                             \
                    struct drm_nouveau_notifierobj_alloc)
#define DRM_IOCTL_NOUVEAU_GPUOBJ_FREE                                          \
   DRM_NOUVEAU_IOW(DRM_NOUVEAU_GPUOBJ_FREE, struct drm_nouveau_gpuobj_free)
/* size: header, payload and data together */
#define DRM_IOCTL_NOUVEAU_NVIF(size)                                           \
   _IOC(_IOC_READ | _IOC_WRITE, DRM_IOCTL_BASE,                                \
        DRM_COMMAND_BASE + DRM_NOUVEAU_NVIF, size)
#define DRM_IOCTL_NOUVEAU_SVM_INIT                                             \
   DRM_NOUVEAU_IOWR(DRM_NOUVEAU_SVM_INIT, struct drm_nouveau_svm_init)
#define DRM_IOCTL_NOUVEAU_SVM_BIND                                             \
   DRM_NOUVEAU_IOWR(DRM_NOUVEAU_SVM_BIND, struct drm_nouveau_svm_bind)
#define DRM_IOCTL_NOUVEAU_VM_INIT                                              \
   DRM_NOUVEAU_IOWR(DRM_NOUVEAU_VM_INIT, struct drm_nouveau_vm_init)
#define DRM_IOCTL_NOUVEAU_VM_BIND                                              \
   DRM_NOUVEAU_IOWR(DRM_NOUVEAU_VM_BIND, struct drm_nouveau_vm_bind)
#define DRM_IOCTL_NOUVEAU_EXEC                                                 \
   DRM_NOUVEAU_IOWR(DRM_NOUVEAU_EXEC, struct drm_nouveau_exec)
#define DRM_IOCTL_NOUVEAU_GEM_NEW                                              \
   DRM_NOUVEAU_IOWR(DRM_NOUVEAU_GEM_NEW, struct drm_nouveau_gem_new)
#define DRM_IOCTL_NOUVEAU_GEM_PUSHBUF                                          \
   DRM_NOUVEAU_IOWR(DRM_NOUVEAU_GEM_PUSHBUF, struct drm_nouveau_gem_pushbuf)
#define DRM_IOCTL_NOUVEAU_GEM_CPU_PREP                                         \
   DRM_NOUVEAU_IOW(DRM_NOUVEAU_GEM_CPU_PREP, struct drm_nouveau_gem_cpu_prep)
#define DRM_IOCTL_NOUVEAU_GEM_CPU_FINI                                         \
   DRM_NOUVEAU_IOW(DRM_NOUVEAU_GEM_CPU_FINI, struct drm_nouveau_gem_cpu_fini)
#define DRM_IOCTL_NOUVEAU_GEM_INFO                                             \
   DRM_NOUVEAU_IOWR(DRM_NOUVEAU_GEM_INFO, struct drm_nouveau_gem_info)
#define DRM_IOCTL_NOUVEAU_SVM_EVENTS                                           \
   DRM_NOUVEAU_IOWR(DRM_NOUVEAU_SVM_EVENTS, struct drm_nouveau_svm_events)
#define DRM_IOCTL_NOUVEAU_CHANNEL_ERROR                                        \
   DRM_NOUVEAU_IOWR(DRM_NOUVEAU_CHANNEL_ERROR, struct drm_nouveau_channel_error)

#ifndef __cplusplus
_Static_assert(sizeof(struct drm_nouveau_channel_alloc) == 88, "uAPI");
_Static_assert(sizeof(struct drm_nouveau_grobj_alloc) == 12, "uAPI");
_Static_assert(sizeof(struct drm_nouveau_gem_info) == 40, "uAPI");
_Static_assert(sizeof(struct drm_nouveau_gem_new) == 48, "uAPI");
_Static_assert(sizeof(struct drm_nouveau_gem_pushbuf_bo) == 40, "uAPI");
_Static_assert(sizeof(struct drm_nouveau_gem_pushbuf_push) == 24, "uAPI");
_Static_assert(sizeof(struct drm_nouveau_gem_pushbuf) == 64, "uAPI");
_Static_assert(sizeof(struct drm_nouveau_vm_bind_op) == 40, "uAPI");
_Static_assert(sizeof(struct drm_nouveau_svm_bind) == 64, "uAPI");
_Static_assert(sizeof(struct nvif_ioctl_v0) == 24, "uAPI");
_Static_assert(sizeof(struct nvif_ioctl_new_v0) == 32, "uAPI");
_Static_assert(sizeof(struct nv_device_info_v0) == 104, "uAPI");
#endif

#endif
