/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* cl_partage_svm_counters: what shared virtual memory has cost so far. A device
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
