/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Our extensions of OpenCL.
 *
 * cl_partage_svm_migrate_system: clEnqueueSVMMigrateMem with the flag below
 * also takes ranges of other memory than clSVMAlloc's, where the queue's device
 * has fine-grain system SVM; each needs a size. Without the flag such a range
 * is CL_INVALID_VALUE, as OpenCL says.
 *
 * cl_partage_svm_counters: what shared virtual memory has cost so far. A device
 * query, so that programs need no entry point of ours:
 *
 *    struct cl_svm_counters_partage c;
 *    clGetDeviceInfo(device, CL_DEVICE_SVM_COUNTERS_PARTAGE, sizeof(c), &c,
 * NULL);
 *
 * Counts since the device was opened by this process. All zero where the kernel
 * does not tell (Linux). Other implementations answer CL_INVALID_VALUE. */
#ifndef CL_PARTAGE_H
#define CL_PARTAGE_H

#include <CL/cl.h>

#define CL_DEVICE_SVM_COUNTERS_PARTAGE 0x50A0

/* cl_mem_migration_flags */
#define CL_MIGRATE_SVM_SYSTEM_PARTAGE (1ull << 32)

struct cl_svm_counters_partage {
   cl_ulong faults_read; /* GPU faults serviced, by access */
   cl_ulong faults_write;
   cl_ulong faults_atomic;
   cl_ulong replays;         /* times the GPU was told to try again */
   cl_ulong cancels;         /* accesses refused */
   cl_ulong pages_to_device; /* of 4 KiB, migrated */
   cl_ulong pages_to_host;
};

#endif
