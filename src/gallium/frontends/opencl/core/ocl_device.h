/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
#ifndef OCL_DEVICE_H
#define OCL_DEVICE_H

#include "ocl_object.h"

#include <pthread.h>

#include "pipe/p_screen.h"

/* cl_ext_float_atomics, where the system's headers are older (OpenCL registry).
 */
#ifndef CL_DEVICE_SINGLE_FP_ATOMIC_CAPABILITIES_EXT
typedef cl_bitfield cl_device_fp_atomic_capabilities_ext;
#define CL_DEVICE_GLOBAL_FP_ATOMIC_LOAD_STORE_EXT   (1 << 0)
#define CL_DEVICE_GLOBAL_FP_ATOMIC_ADD_EXT          (1 << 1)
#define CL_DEVICE_GLOBAL_FP_ATOMIC_MIN_MAX_EXT      (1 << 2)
#define CL_DEVICE_LOCAL_FP_ATOMIC_LOAD_STORE_EXT    (1 << 16)
#define CL_DEVICE_LOCAL_FP_ATOMIC_ADD_EXT           (1 << 17)
#define CL_DEVICE_LOCAL_FP_ATOMIC_MIN_MAX_EXT       (1 << 18)
#define CL_DEVICE_SINGLE_FP_ATOMIC_CAPABILITIES_EXT 0x4231
#define CL_DEVICE_DOUBLE_FP_ATOMIC_CAPABILITIES_EXT 0x4232
#define CL_DEVICE_HALF_FP_ATOMIC_CAPABILITIES_EXT   0x4233
#endif

struct ocl_platform;
struct pipe_context;

/* What follows from the device's capabilities alone. */
#define OCL_DEVICE_MEM_ALIGN_B 128 /* sizeof(long16) */
/* The start of local memory is left free: there is the null pointer. */
#define OCL_LOCAL_NULL_B 128
/* Of pipes. Any number of reservations would do; the language has them counted.
 */
#define OCL_PIPE_MAX_PACKET_B     4096
#define OCL_PIPE_MAX_PACKETS      (1u << 30)
#define OCL_PIPE_MAX_RESERVATIONS 1024
#define OCL_PIPE_MAX_ARGS         16
/* pipe_grid_info::last_block is part of the driver's contract. */
#define OCL_NON_UNIFORM_GROUPS true

struct ocl_device {
   struct ocl_object obj;
   struct ocl_platform *platform;
   struct pipe_screen *screen;
   cl_device_svm_capabilities svm_caps;
   bool compiler; /* the compiler is installed */

   /* For work that belongs to no queue: first contents of buffers, information
    * about kernels. Made on first use, replaced when lost. */
   pthread_mutex_t helper_lock;
   struct pipe_context *helper;
};

OCL_OBJECT_TYPE(device, cl_device_id, OCL_MAGIC_DEVICE)

/* For the life of the process; takes the screen over. NULL: out of memory. */
struct ocl_device *ocl_device_create(struct ocl_platform *platform,
                                     struct pipe_screen *screen);

static inline const struct pipe_caps *
ocl_device_caps(const struct ocl_device *dev)
{
   return &dev->screen->caps;
}

/* Returns the helper context with helper_lock held, or NULL without the lock. */
struct pipe_context *ocl_device_lock_helper(struct ocl_device *dev);
void ocl_device_unlock_helper(struct ocl_device *dev);

/* CL_OUT_OF_RESOURCES for a lost device, else CL_OUT_OF_HOST_MEMORY and the
 * like. */
cl_int ocl_error_from_errno(int err);

/* Lists for the version queries; `max` entries are written at most, the whole
 * count is returned. */
unsigned ocl_device_extensions(const struct ocl_device *dev,
                               cl_name_version *out, unsigned max);
unsigned ocl_device_c_features(const struct ocl_device *dev,
                               cl_name_version *out, unsigned max);
bool ocl_device_has_c_feature(const struct ocl_device *dev, const char *name);
cl_device_atomic_capabilities
ocl_device_atomic_memory(const struct ocl_device *dev);
cl_device_atomic_capabilities
ocl_device_atomic_fence(const struct ocl_device *dev);
/* Of floats of 16, 32 or 64 bits. */
cl_device_fp_atomic_capabilities_ext
ocl_device_fp_atomics(const struct ocl_device *dev, unsigned bits);
/* SPIR-V is accepted. */
bool ocl_device_has_il(const struct ocl_device *dev);

#endif
