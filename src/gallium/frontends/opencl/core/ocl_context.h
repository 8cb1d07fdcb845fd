/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Locks: event_lock guards the status, waiters and callbacks of all events of
 * the context; it is a leaf. svm.lock is a leaf too. */
#ifndef OCL_CONTEXT_H
#define OCL_CONTEXT_H

#include "ocl_device.h"

#include "util/util_list.h"
#include "util/util_rb.h"

typedef void(CL_CALLBACK *ocl_context_notify)(const char *errinfo,
                                              const void *info, size_t cb,
                                              void *user_data);

struct ocl_svm_space {
   pthread_mutex_t lock;
   struct util_rb allocs; /* ocl_svm_alloc by address */
   /* All devices take any pointer. Else allocations are made for those that
    * have `svm_buffer`. */
   bool system;
   cl_device_svm_capabilities caps; /* what at least one device offers */
};

struct ocl_context {
   struct ocl_object obj;
   cl_context_properties *props; /* as given, with the closing 0; may be NULL */
   unsigned num_props;           /* words, the closing 0 included */
   struct ocl_device **devices;
   unsigned num_devices;
   ocl_context_notify notify;
   void *notify_data;
   pthread_mutex_t event_lock;
   struct util_list destructors;
   struct ocl_svm_space svm;
};

OCL_OBJECT_TYPE(context, cl_context, OCL_MAGIC_CONTEXT)

/* Copies the lists. NULL: out of memory. */
struct ocl_context *ocl_context_create(const cl_context_properties *props,
                                       struct ocl_device *const *devices,
                                       unsigned num_devices,
                                       ocl_context_notify notify, void *data);
/* Index of the device, or -1. */
int ocl_context_device_index(const struct ocl_context *ctx,
                             const struct ocl_device *dev);
/* Tells the application and the log. */
void ocl_context_report(struct ocl_context *ctx, const char *message,
                        const void *info, size_t info_B);
cl_int ocl_context_add_destructor(struct ocl_context *ctx,
                                  void(CL_CALLBACK *fn)(cl_context, void *),
                                  void *data);

#endif
