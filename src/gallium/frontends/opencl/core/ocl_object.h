/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* What every OpenCL handle starts with. Two counts: `api_refs` is the one that
 * clRetain*, clRelease* and the *_REFERENCE_COUNT queries see; `refs` keeps the
 * memory and is also held by commands and other objects. A handle whose
 * api_refs is 0 is no longer valid for the application, even while commands
 * still use the object. */
#ifndef OCL_OBJECT_H
#define OCL_OBJECT_H

#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_0_APIS
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#define CL_USE_DEPRECATED_OPENCL_2_0_APIS
#define CL_USE_DEPRECATED_OPENCL_2_1_APIS
#define CL_USE_DEPRECATED_OPENCL_2_2_APIS
#include <CL/cl.h>
#include <CL/cl_ext.h>
#include <CL/cl_icd.h>

#include "util/util_macros.h"

#define OCL_MODULE "opencl"

enum ocl_magic {
   OCL_MAGIC_DEAD = 0,
   OCL_MAGIC_PLATFORM = 0x0c1c0001,
   OCL_MAGIC_DEVICE,
   OCL_MAGIC_CONTEXT,
   OCL_MAGIC_QUEUE,
   OCL_MAGIC_MEM,
   OCL_MAGIC_SAMPLER,
   OCL_MAGIC_PROGRAM,
   OCL_MAGIC_KERNEL,
   OCL_MAGIC_EVENT,
};

struct ocl_object {
   const cl_icd_dispatch *dispatch; /* first: the ICD loader reads it */
   uint32_t magic;
   int api_refs; /* atomic */
   int refs;     /* atomic */
   void (*destroy)(struct ocl_object *obj);
};

/* The entry-point table that every handle carries (api/cl_icd.c). */
extern const cl_icd_dispatch ocl_dispatch;

/* Both counts start at 1. */
void ocl_object_init(struct ocl_object *obj, enum ocl_magic magic,
                     void (*destroy)(struct ocl_object *obj));
void ocl_object_get(struct ocl_object *obj);
/* NULL is allowed. May destroy the object. */
void ocl_object_put(struct ocl_object *obj);
/* clRetain* and clRelease*. The application's last release ends the handle. */
void ocl_object_api_retain(struct ocl_object *obj);
void ocl_object_api_release(struct ocl_object *obj);

/* Is `handle` a live object of that kind, ours? The handle may be NULL or belong
 * to another OpenCL implementation, but must point to readable memory. */
bool ocl_object_check(const void *handle, enum ocl_magic magic);

/* Declares ocl_<noun>_check (handle → object or NULL), _get and _put. */
#define OCL_OBJECT_TYPE(noun, cl_type, magic)                                  \
   static inline struct ocl_##noun *ocl_##noun##_check(cl_type handle)         \
   {                                                                           \
      return ocl_object_check(handle, magic) ? (struct ocl_##noun *)handle     \
                                             : NULL;                           \
   }                                                                           \
   static inline struct ocl_##noun *ocl_##noun##_get(struct ocl_##noun *obj)   \
   {                                                                           \
      ocl_object_get(&obj->obj);                                               \
      return obj;                                                              \
   }                                                                           \
   static inline void ocl_##noun##_put(struct ocl_##noun *obj)                 \
   {                                                                           \
      if (obj)                                                                 \
         ocl_object_put(&obj->obj);                                            \
   }

#endif
