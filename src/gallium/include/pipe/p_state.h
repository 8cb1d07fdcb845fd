/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#ifndef P_STATE_H
#define P_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pipe/p_defines.h"

struct pipe_screen;

struct pipe_resource {
   struct pipe_screen *screen;
   int refcount; /* atomic; use pipe_resource_reference */
   uint64_t width0_B;
   enum pipe_resource_usage usage;
   uint32_t flags;
   void *user_ptr; /* resource_from_user_memory: the memory itself, else NULL */
};

/* A device binary made by pipe_screen::compile or loaded by the application. */
struct pipe_binary {
   void *data; /* malloc'ed, owned by whoever holds the struct */
   size_t size_B;
};

struct pipe_compute_state {
   const void *binary; /* must stay alive until delete_compute_state */
   size_t binary_size_B;
   const char *kernel;
};

/* Of one kernel on this device: CL_KERNEL_WORK_GROUP_INFO. */
struct pipe_compute_state_object_info {
   uint32_t max_threads;         /* a work group may have at most */
   uint32_t preferred_simd_size; /* 32 */
   uint32_t private_memory_B;
   uint32_t static_local_memory_B;
   uint32_t args_B;
   uint32_t num_gprs;
   uint32_t program_data_B; /* of the whole program: constants and variables */
};

struct pipe_grid_info {
   uint32_t work_dim;
   uint32_t block[3];      /* local size */
   uint32_t last_block[3]; /* not 0: size of the last group in that dimension */
   uint64_t global_size[3];
   uint64_t global_offset[3];
   uint32_t grid[3]; /* groups in each dimension, the smaller last included */
   uint32_t variable_shared_mem_B; /* __local arguments, after the static part */
   const void *input;              /* argument block in clc.h's layout */
   uint32_t input_size_B;
   uint64_t printf_buffer; /* GPU address, or 0 */
   /* Buffers that the kernel may touch through its arguments: kept alive and
    * resident until the launch has retired. SVM pointers need no entry. */
   struct pipe_resource *const *resources;
   uint32_t num_resources;
   /* For NOUVEAU_SVM_MIGRATE=prefetch: SVM ranges that the launch is known to
    * use. */
   const struct pipe_svm_range *svm_ranges;
   uint32_t num_svm_ranges;
   const char *kernel_name; /* for messages and the SVM report */
};

struct pipe_svm_range {
   const void *ptr;
   size_t size_B;
};

/* Why a context was lost; strings are for people. */
struct pipe_device_fault {
   enum pipe_reset_status status;
   bool has_address;
   uint64_t address;
   const char *access; /* "read", "write", "atomic", "execute" or "" */
   char kernel[64];
   char message[256]; /* complete sentence: kernel, address, access, reason */
};

/* One thing that happened to shared virtual memory, for the report and the
 * trace. */
enum pipe_svm_event_kind {
   PIPE_SVM_FAULT_READ,
   PIPE_SVM_FAULT_WRITE,
   PIPE_SVM_FAULT_ATOMIC,
   PIPE_SVM_FAULT_PREFETCH,
   PIPE_SVM_REPLAY, /* no address */
   PIPE_SVM_MIGRATE_TO_DEVICE,
   PIPE_SVM_MIGRATE_TO_HOST,
   PIPE_SVM_CANCEL,
   PIPE_SVM_INVALIDATE, /* the program changed memory that was mapped */
   PIPE_SVM_LOST,       /* no address; `pages` events before this were lost */
};

struct pipe_svm_event {
   enum pipe_svm_event_kind kind;
   uint64_t address;     /* page aligned */
   uint64_t pages;       /* of 4 KiB */
   uint64_t time_ns;     /* of its end; as get_timestamp */
   uint64_t duration_ns; /* 0: not known */
   /* One word, static: what made pages move ("asked", "gpu", "cpu", "evict"),
    * what changed ("unmap", "clear", "protect", "exclusive"), or what the MMU
    * said of a fault. "": not known. */
   const char *cause;
   int error; /* of a fault: 0 or -errno */
};

/* Totals since the device was opened. */
struct pipe_svm_counters {
   uint64_t faults_read, faults_write, faults_atomic;
   uint64_t replays, cancels;
   uint64_t pages_to_device, pages_to_host;
};

/* Fixed properties of the device. Sizes in bytes. */
struct pipe_caps {
   char name[64];   /* "NVIDIA GeForce GTX 1080 (GP104, simulated)" */
   char vendor[32]; /* "NVIDIA" */
   uint32_t vendor_id, device_id, chipset;
   uint32_t pci_domain, pci_bus, pci_device, pci_function;
   uint8_t uuid[16]; /* of the card, in every process */
   bool simulated;
   uint32_t max_compute_units;
   uint32_t max_clock_mhz;
   uint64_t global_mem_B, max_alloc_B;
   uint32_t max_threads_per_block;
   uint32_t max_block[3];
   uint64_t max_grid[3];
   uint32_t shared_mem_B;  /* per work group */
   uint32_t max_private_B; /* per work item */
   uint32_t max_args_B;
   uint64_t max_const_B;
   uint32_t subgroup_size;
   uint32_t cache_line_B;
   uint64_t cache_B;
   uint32_t address_bits;
   bool fp64, fp16, int64_atomics, int_dot_product;
   /* Shared virtual memory as it works in this process, now. */
   bool svm_system;  /* any CPU pointer (SVM_INIT accepted) */
   bool svm_buffer;  /* resource_create_svm works: same address on both sides */
   bool svm_atomics; /* CPU and GPU atomics on one word are atomic to each other
                      */
   const char *svm_note; /* one sentence why not more, or "" */
   uint64_t timer_resolution_ns;
   char driver_version[32];
};

#endif
